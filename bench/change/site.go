package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"weir/internal/change"
)

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// timed is how many seconds lie between samples of latency, whatever it is of counts: weir has the
// percentile of all requests of a minute.
const timed = 60

// A trace is a made-up series of samples with the faults that were put into it.
type trace struct {
	name    string
	kind    change.Kind
	begin   int64 // Unix seconds, a whole minute
	step    int64 // seconds
	samples []change.Sample
	faults  []fault
	from    int // the first minute that counts
	zone    *time.Location
}

// A fault is what is to be found, or what is not to be: from the minute from up
// to the minute to.
type fault struct {
	kind     string
	from, to int
}

// source makes the numbers of one run; the same seed gives the same ones.
type source struct {
	*rand.Rand
	step int64
}

func newSource(seed uint64, step int64) source {
	return source{rand.New(rand.NewPCG(seed, 0xc4a6e)), step}
}

// slots is how many samples a minute has.
func (r source) slots() int { return int(60 / r.step) }

// poisson draws a count.
func (r source) poisson(mean float64) float64 {
	switch {
	case mean <= 0:
		return 0
	case mean > 60:
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	least, product := math.Exp(-mean), 1.0
	for k := 0.0; ; k++ {
		if product *= r.Float64(); product <= least {
			return k
		}
	}
}

// visits draws the requests of so many visits, each of a page and some of what is on it: more on average.
func (r source) visits(mean, more float64) float64 {
	requests := 0.0
	for range int(r.poisson(mean)) {
		requests += 1 + math.Floor(r.ExpFloat64()*more)
	}
	return requests
}

// rates is a site without faults: requests a minute over some weeks, beginning
// on a Monday. A daily curve with two humps, weekends of 60 %, days that differ
// by 5 %, slow wander of some 7 %, jitter of 3 %.
func (r source) rates(weeks int, mean float64) []float64 {
	rates := make([]float64, weeks*minutesOfWeek)
	wander, phase, day := 0.0, r.Float64()*2, 0.0
	for i := range rates {
		minute := i % minutesOfDay
		if minute == 0 {
			day = 0.05 * r.NormFloat64()
		}
		hour := float64(minute)/60 + phase
		shape := 0.25 + 0.75*(1+math.Cos((hour-15)/24*2*math.Pi))/2*(1+0.25*math.Cos((hour-20)/12*2*math.Pi))
		if i/minutesOfDay%7 >= 5 {
			shape = 0.6*shape + 0.08
		}
		wander = 0.97*wander + 0.03*2.2*0.25*r.NormFloat64()
		rates[i] = mean * shape * math.Exp(wander+day+0.03*r.NormFloat64())
	}
	return rates
}

// factor is what a fault makes of traffic, some minutes after it began.
func (f fault) factor(minute int) float64 {
	ramp := math.Min(1, 1.33*float64(minute-f.from)/float64(f.to-f.from))
	switch f.kind {
	case "drop to 0":
		return 0
	case "-50 %":
		return 0.5
	case "-30 %":
		return 0.7
	case "+100 %":
		return 2
	case "+50 %":
		return 1.5
	case "ramp down":
		return 1 - 0.6*ramp
	case "ramp up":
		return 1 + 1.5*ramp
	}
	return 1
}

// trafficFaults are the kinds of faults of traffic, in the order of the table.
func trafficFaults() []string {
	return []string{"drop to 0", "-50 %", "-30 %", "+100 %", "+50 %", "ramp down", "ramp up"}
}

// length is how many minutes a fault lasts.
func length(kind string) int {
	switch kind {
	case "-50 %", "-30 %", "+50 %":
		return 60
	case "ramp down", "ramp up":
		return 160 // two hours until it is there
	case "10 % fail":
		return 10
	}
	return 30
}

// place puts a fault into three of four stretches of 12 hours: far more than
// there are, which makes learning hard.
func (r source) place(from, to int, kinds []string) []fault {
	var faults []fault
	for at := from; at+720 < to; at += 720 {
		if r.IntN(4) == 0 {
			continue
		}
		kind := kinds[len(faults)%len(kinds)]
		begin := at + 60 + r.IntN(300)
		faults = append(faults, fault{kind, begin, begin + length(kind)})
	}
	return faults
}

// monday is when series begin.
func monday() int64 { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Unix() }

const (
	history = 3 * minutesOfWeek // without faults
	weeks   = 6
)

// traffic is a site whose requests have faults.
func (r source) traffic(name string, mean float64) *trace {
	t := &trace{name: name, kind: change.Traffic, begin: monday(), step: r.step, from: history}
	t.faults = r.place(history, weeks*minutesOfWeek, trafficFaults())
	r.count(t, r.rates(weeks, mean))
	return t
}

// count makes the samples of traffic of its rates, t's faults being in them.
func (r source) count(t *trace, rates []float64) {
	for _, f := range t.faults {
		for i := f.from; i < min(f.to, len(rates)); i++ {
			rates[i] *= f.factor(i)
		}
	}
	t.samples = make([]change.Sample, 0, len(rates)*r.slots())
	for _, rate := range rates {
		for range r.slots() {
			t.samples = append(t.samples, change.Sample{Requests: int64(r.poisson(rate / float64(r.slots())))})
		}
	}
}

// errors is a site of whose requests one in a thousand fails, give or take.
func (r source) errors(name string, mean float64) *trace {
	t := &trace{name: name, kind: change.Errors, begin: monday(), step: r.step, from: history}
	t.faults = r.place(history, weeks*minutesOfWeek, []string{"2 % fail", "10 % fail", "2 % fail"})
	rates := r.rates(weeks, mean)
	shares, wander := make([]float64, len(rates)), 0.0
	for i := range shares {
		wander = 0.98*wander + 0.2*0.3*r.NormFloat64()
		shares[i] = 0.001 * math.Exp(0.5*wander)
	}
	for _, f := range t.faults {
		for i := f.from; i < min(f.to, len(shares)); i++ {
			shares[i] = 0.02
			if f.kind == "10 % fail" {
				shares[i] = 0.1
			}
		}
	}
	t.samples = make([]change.Sample, 0, len(rates)*r.slots())
	for i, rate := range rates {
		for range r.slots() {
			n := r.poisson(rate / float64(r.slots()))
			t.samples = append(t.samples, change.Sample{Requests: int64(n), Failed: int64(math.Min(n, r.poisson(n*shares[i])))})
		}
	}
	return t
}

// latency is a site whose latency is lognormal (the logarithm of one request has
// the deviation 0.8), rises by a third with the load, wanders by some 7 %.
func (r source) latency(name string, mean float64, kind change.Kind) *trace {
	r.step = timed
	t := &trace{name: name, kind: kind, begin: monday(), step: r.step, from: history}
	t.faults = r.place(history, weeks*minutesOfWeek, []string{"x2", "x1.5"})
	rates := r.rates(weeks, mean)
	top := 0.0
	for _, rate := range rates {
		top = math.Max(top, rate)
	}
	faulty := make([]float64, len(rates))
	for _, f := range t.faults {
		for i := f.from; i < min(f.to, len(rates)); i++ {
			faulty[i] = math.Log(1.5)
			if f.kind == "x2" {
				faulty[i] = math.Ln2
			}
		}
	}
	of := r.quantile
	if kind == change.MeanLatency {
		of = r.mean
	}
	wander := 0.0
	t.samples = make([]change.Sample, 0, len(rates)*r.slots())
	for i, rate := range rates {
		wander = 0.97*wander + 0.03*2.2*0.2*r.NormFloat64()
		for range r.slots() {
			n := r.poisson(rate / float64(r.slots()))
			if n == 0 {
				t.samples = append(t.samples, change.Sample{})
				continue
			}
			l := math.Log(0.2) + 0.3*rate/top + wander + faulty[i] + of(n)
			d := time.Duration(math.Exp(l) * float64(time.Second))
			t.samples = append(t.samples, change.Sample{Requests: int64(n), Timed: int64(n), Mean: d, P90: d})
		}
	}
	return t
}

// drawn is how many requests are drawn one by one: the 90th percentile of two is the slower one,
// and further down than that of a hundred.
const drawn = 100

// quantile is how far the 90th percentile of n requests lies from 1, in logarithms.
func (r source) quantile(n float64) float64 {
	if n > drawn {
		return 0.8*1.2816 + 0.8*1.7/math.Sqrt(n)*r.NormFloat64()
	}
	all := make([]float64, int(n))
	for i := range all {
		all[i] = 0.8 * r.NormFloat64()
	}
	slices.Sort(all)
	return all[int(math.Ceil(0.9*n))-1]
}

// mean is how far the mean of n requests lies from 1, in logarithms.
func (r source) mean(n float64) float64 {
	if n > drawn {
		return 0.32 + 0.95/math.Sqrt(n)*r.NormFloat64()
	}
	sum := 0.0
	for range int(n) {
		sum += math.Exp(0.8 * r.NormFloat64())
	}
	return math.Log(sum / n)
}

// cold is a site of which nothing is known, that has one fault in its first day.
func (r source) cold(k int) *trace {
	begin := r.IntN(minutesOfDay)
	rates := r.rates(1, []float64{60, 600, 6000}[k%3])[begin : begin+3*minutesOfDay]
	at := []int{30, 120, 360, 900}[k%4]
	kind := []string{"drop to 0", "+100 %"}[k/4%2]
	t := &trace{name: "cold", kind: change.Traffic, begin: monday() + 60*int64(begin), step: r.step}
	f := fault{kind, at, at + 30}
	for i := f.from; i < f.to; i++ {
		rates[i] *= f.factor(i)
	}
	r.count(t, rates)
	t.faults = []fault{{kind + " at " + (time.Duration(at) * time.Minute).String(), f.from, f.to}}
	return t
}

// benign is a site with deploys of two minutes, a holiday, and a change of the
// clock that its visitors live by.
func (r source) benign(name string, mean float64, spring bool) *trace {
	const week = 5
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err) // time/tzdata has it
	}
	// Sunday the 28th day is that of the change: at 2:00 it is 3:00, at 3:00 it is 2:00.
	first, when, by := time.Date(2026, 3, 2, 0, 0, 0, 0, zone), 27*minutesOfDay+120, 60
	if !spring {
		first, when, by = time.Date(2026, 9, 28, 0, 0, 0, 0, zone), 27*minutesOfDay+180, -60
	}
	t := &trace{name: name, kind: change.Traffic, begin: first.Unix(), step: r.step, from: history, zone: zone}
	local := r.rates(week, mean)
	for day := 21; day < 27; day++ {
		if day == 24 {
			for i := day * minutesOfDay; i < (day+1)*minutesOfDay; i++ {
				local[i] *= 0.62
			}
			t.faults = append(t.faults, fault{"holiday", day * minutesOfDay, (day + 1) * minutesOfDay})
			continue
		}
		at := day*minutesOfDay + 400 + r.IntN(700)
		local[at] *= 0.3
		local[at+1] *= 0.3
		t.faults = append(t.faults, fault{"blip", at, at + 10})
	}
	rates := make([]float64, len(local)-60)
	for i := range rates {
		rates[i] = local[i]
		if i >= when {
			rates[i] = local[i+by]
		}
	}
	t.faults = append(t.faults, fault{"clock change", when, when + 2*minutesOfDay})
	r.count(t, rates)
	return t
}

// tiny is a site of some requests an hour, from its first minute on, without faults. Its
// visitors come one by one, or with a page and all that is on it. One request in
// fifty fails.
func (r source) tiny(name string, mean float64, kind change.Kind, together bool) *trace {
	if kind == change.P90Latency {
		r.step = timed
	}
	t := &trace{name: name, kind: kind, begin: monday(), step: r.step}
	for _, rate := range r.rates(3, mean) {
		for range r.slots() {
			requests, off := 0.0, 0.0
			if together {
				requests = r.visits(rate/10/float64(r.slots()), 9.5)
			} else {
				requests = r.poisson(rate / float64(r.slots()))
			}
			if requests > 0 {
				off = r.quantile(requests)
			}
			n, d := int64(requests), time.Duration(math.Exp(math.Log(0.2)+off)*float64(time.Second))
			t.samples = append(t.samples, change.Sample{
				Requests: n, Failed: int64(math.Min(requests, r.poisson(requests/50))), Timed: n, P90: d, Mean: d,
			})
		}
	}
	return t
}

// sampled is a site whose log has the requests of each hour in one minute of it, as logs have
// that were thinned out, and sites that a program visits once an hour.
func (r source) sampled(name string, mean float64) *trace {
	t := &trace{name: name, kind: change.Traffic, begin: monday(), step: r.step}
	for i, rate := range r.rates(3, mean) {
		for range r.slots() {
			requests := 0.0
			if i%60 == 5 {
				requests = r.poisson(60 * rate / float64(r.slots()))
			}
			t.samples = append(t.samples, change.Sample{Requests: int64(requests)})
		}
	}
	return t
}

// bunched is a site whose visitors come with a page and all that is on it: about
// ten requests in a few seconds. It has no faults.
func (r source) bunched(name string, mean float64) *trace {
	t := &trace{name: name, kind: change.Traffic, begin: monday(), step: r.step, from: history}
	for _, rate := range r.rates(weeks, mean) {
		for range r.slots() {
			requests := r.visits(rate/10/float64(r.slots()), 9.5)
			t.samples = append(t.samples, change.Sample{Requests: int64(requests)})
		}
	}
	return t
}

// Opening hours: none at night; an office that begins at six and rests on weekends; a day that
// begins and ends at a step, at once for all.
const (
	shop   = "shop"
	office = "office"
	steps  = "steps"
)

// hours is a site without faults whose day has edges. Its visitors come with a page and some of what is on it.
func (r source) hours(shape string, mean float64) *trace {
	t := &trace{name: shape, kind: change.Traffic, begin: monday(), step: r.step, from: minutesOfWeek}
	rates := r.rates(4, mean)
	for i := range rates {
		hour, free := float64(i%minutesOfDay)/60, i/minutesOfDay%7 >= 5
		switch {
		case shape == shop && (hour < 8 || hour >= 22):
			rates[i] = 0
		case shape == office && (free || hour < 6):
			rates[i] *= 0.15
		case shape == office && hour >= 19:
			rates[i] *= 0.3
		case shape == steps && hour < 9:
			rates[i] = 0.2 * mean
		}
	}
	for _, rate := range rates {
		for range r.slots() {
			requests := r.visits(rate/3/float64(r.slots()), 2.5)
			t.samples = append(t.samples, change.Sample{Requests: int64(requests)})
		}
	}
	return t
}

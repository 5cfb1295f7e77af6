package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"weir/internal/change"
)

// after is how many minutes behind a fault an alert is neither right nor wrong.
const after = 90

// A tally is what a detector made of the traces of a set.
type tally struct {
	kinds  []string // of faults, in the order of their coming
	faults map[string]int
	found  map[string]int
	delays map[string][]float64 // minutes from the beginning of a fault to its alert
	alerts int                  // within faults, or up to 90 minutes behind
	wrong  int                  // alerts elsewhere
	weeks  float64              // outside of faults
	points int
	took   time.Duration
}

func newTally() *tally {
	return &tally{faults: map[string]int{}, found: map[string]int{}, delays: map[string][]float64{}}
}

// play steps a Series through a trace and counts what it says.
func (y *tally) play(t *trace, threshold float64) {
	s := change.New(change.Options{
		Kind: t.kind, Step: time.Duration(t.step) * time.Second, Threshold: threshold,
		Calendar: change.NewCalendar(t.zone, nil, nil),
	})
	per := int(60 / t.step)
	minutes := len(t.samples) / per
	near := make([]bool, minutes)
	for _, f := range t.faults {
		for i := f.from; i < min(f.to+after, minutes); i++ {
			near[i] = true
		}
		if y.faults[f.kind]++; y.faults[f.kind] == 1 {
			y.kinds = append(y.kinds, f.kind)
		}
	}
	start, next, found := time.Now(), 0, false
	for i, sample := range t.samples {
		at := t.begin + int64(i+1)*t.step
		d, told := s.Step(at, sample)
		minute := i / per
		if minute < t.from {
			continue
		}
		for next < len(t.faults) && minute >= t.faults[next].to {
			next, found = next+1, false
		}
		alert := told && d.Event == change.Alert
		if _, firing := s.Firing(); firing && !found && next < len(t.faults) && minute >= t.faults[next].from {
			f := t.faults[next]
			found = true
			y.found[f.kind]++
			y.delays[f.kind] = append(y.delays[f.kind], float64(i+1-f.from*per)/float64(per))
		}
		switch {
		case alert && near[minute]:
			y.alerts++
		case alert:
			y.wrong++
		}
		if !near[minute] {
			y.weeks += 1 / float64(per*minutesOfWeek)
		}
	}
	y.took += time.Since(start)
	y.points += len(t.samples)
}

// merge adds what another tally counted.
func (y *tally) merge(z *tally) {
	for _, k := range z.kinds {
		if y.faults[k] == 0 {
			y.kinds = append(y.kinds, k)
		}
		y.faults[k] += z.faults[k]
		y.found[k] += z.found[k]
		y.delays[k] = append(y.delays[k], z.delays[k]...)
	}
	y.alerts += z.alerts
	y.wrong += z.wrong
	y.weeks += z.weeks
	y.points += z.points
	y.took += z.took
}

// all is the number of faults, hits that of those that were found.
func (y *tally) all() (n int) {
	for _, faults := range y.faults {
		n += faults
	}
	return n
}

func (y *tally) hits() (n int) {
	for _, found := range y.found {
		n += found
	}
	return n
}

// share is how many faults of the kinds were found, in per cent; of all without
// a kind.
func (y *tally) share(kinds ...string) float64 {
	if len(kinds) == 0 {
		kinds = y.kinds
	}
	found, all := 0, 0
	for _, k := range kinds {
		found += y.found[k]
		all += y.faults[k]
	}
	if all == 0 {
		return math.NaN()
	}
	return 100 * float64(found) / float64(all)
}

// rate is how many alerts a series has in a week without faults.
func (y *tally) rate() float64 { return float64(y.wrong) / y.weeks }

// delay is a quantile of the minutes until faults of a kind were told.
func (y *tally) delay(kind string, q float64) float64 {
	d := slices.Sorted(slices.Values(y.delays[kind]))
	if len(d) == 0 {
		return math.NaN()
	}
	return d[int(q*float64(len(d)-1))]
}

// within is the share of the faults of a kind told in so many minutes, in per cent.
func (y *tally) within(kind string, minutes float64) float64 {
	n := 0
	for _, d := range y.delays[kind] {
		if d <= minutes {
			n++
		}
	}
	return 100 * float64(n) / float64(y.faults[kind])
}

// A set is a part of the benchmark.
type set struct {
	name  string
	about string
	goals []goal
	make  func(r source, yield func(*trace))
}

func sets() []set {
	return []set{
		{"traffic", "requests of 8 sites, 6 to 6000 a minute", []goal{atLeast(88), falseAlarms(0.15), atLeast(100, "drop to 0")}, func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.traffic(name, mean)) })
		}},
		{"errors", "failed requests of 6 sites, 60 to 6000 a minute", []goal{atLeast(93), falseAlarms(0.05)}, func(r source, yield func(*trace)) {
			r.sites([]float64{60, 600, 6000}, 2, func(name string, mean float64) { yield(r.errors(name, mean)) })
		}},
		{"p90", "90th percentile of latency of 8 sites, 6 to 6000 a minute", []goal{atLeast(85, "x2"), falseAlarms(0.15)}, func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.latency(name, mean, change.P90Latency)) })
		}},
		{"mean", "mean latency of the same", []goal{atLeast(85, "x2"), falseAlarms(0.15)}, func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.latency(name, mean, change.MeanLatency)) })
		}},
		{"cold", "the first three days of 30 sites, 60 to 6000 a minute", []goal{atLeast(100, "drop to 0 at 30m0s"), falseAlarms(0.7)}, func(r source, yield func(*trace)) {
			for k := range 30 {
				yield(r.cold(k))
			}
		}},
		{"benign", "deploys, a holiday, a change of the clock, 12 sites", []goal{atMost(5, "blip"), atMost(5, "clock change")}, func(r source, yield func(*trace)) {
			r.sites([]float64{60, 600, 6000}, 4, func(name string, mean float64) { yield(r.benign(name, mean, r.IntN(2) == 0)) })
		}},
		{"hours", "9 sites that open and close, no faults from the second week on", []goal{falseAlarms(0.3)}, func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600}, 1, func(_ string, mean float64) {
				for _, shape := range []string{shop, office, steps} {
					yield(r.hours(shape, mean))
				}
			})
		}},
		{"bunched", "4 sites whose requests come ten at a time, no faults", []goal{falseAlarms(0.15)}, func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60}, 2, func(name string, mean float64) { yield(r.bunched(name, mean)) })
		}},
		{"tiny", "30 sites of 6 to 360 requests an hour from their first minute on, no faults", []goal{falseAlarms(0.15)}, func(r source, yield func(*trace)) {
			for _, kind := range []change.Kind{change.Traffic, change.Errors, change.P90Latency} {
				for _, together := range []bool{false, true} {
					r.sites([]float64{0.1, 0.3, 1, 3, 6}, 1, func(name string, mean float64) { yield(r.tiny(name, mean, kind, together)) })
				}
			}
		}},
		{"sampled", "4 sites whose log has an hour's requests in one minute of it, no faults", []goal{falseAlarms(0.7)}, func(r source, yield func(*trace)) {
			r.sites([]float64{0.5, 5}, 2, func(name string, mean float64) { yield(r.sampled(name, mean)) })
		}},
	}
}

// sites calls yield so often for each size of a site.
func (r source) sites(means []float64, times int, yield func(name string, mean float64)) {
	for _, mean := range means {
		for range times {
			yield(fmt.Sprintf("%g/min", mean), mean)
		}
	}
}

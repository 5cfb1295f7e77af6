package change

import "math"

// The baselines: what was lately, what is usual at this time of the day, what
// is usual at this time of the week.
const (
	recent = iota
	daily
	weekly
	baselines
)

// A baseline is all that a Series has learned about what to expect. Three ways
// to expect compete, by their errors of late: so a series that began an hour
// ago is judged by the last minutes, one of some days by its daily course, one
// of weeks by its weekly course, without a switch between them.
type baseline struct {
	law     *law
	level   mean
	minutes int // that the level has seen since it began anew, youth at most
	day     profile
	week    profile
	ratio   [2]mean            // what today has of the daily, the weekly course
	miss    [baselines]float64 // discounted errors; 0 is none seen
	last    [5]minute          // for means of five minutes, the newest at turn-1
	turn    int
}

// A minute is what was counted, its weight, and what each baseline expected.
type minute struct {
	x, n float32
	e    [baselines]float32
}

const (
	youth    = 30  // minutes without which a level stands behind profiles
	settled  = 4   // days after which the level moves more slowly
	missHalf = 720 // half-life of errors, in minutes

	// mostToday bounds what a new normal makes of a course: where next to nothing was expected it is a
	// hundred times as much, and no other hour of the day would be a hundred times as busy.
	mostToday = 1.6 // e^1.6 is 5
)

func newBaseline(l *law) baseline {
	b := baseline{
		law: l,
		// 15 minutes of a day, with a memory of six days; 30 minutes of a week, with one of three weeks.
		day:  newProfile(minutesOfDay, 15, 0.85, l.coverage),
		week: newProfile(minutesOfWeek, 30, 0.66, l.coverage),
	}
	b.week.wary = true // a day that is unsure would never be learned: it is the first one that is told
	return b
}

// A forecast is what is expected of a minute.
type forecast struct {
	place place
	rate  float64 // per weight
	known bool    // false where nothing was ever seen
	sure  bool    // the forecast is good enough to judge by
	each  [baselines]float64
	share [baselines]float64 // of each in rate; 0 does not play
	days  uint8              // that the daily profile has of this time
	usual [2]float64         // what the profiles have, without the ratio
}

// forecast returns what is expected at p.
func (b *baseline) forecast(p place) forecast {
	f := forecast{place: p}
	var seasonal bool
	for i, pr := range [2]*profile{&b.day, &b.week} {
		at := p.day
		if i == 1 {
			at = p.week
		}
		usual, visits := pr.at(at)
		if visits == 0 {
			continue
		}
		seasonal = true
		if i == 0 {
			f.days = visits
		}
		f.usual[i] = usual
		f.each[daily+i] = b.today(i, usual)
		f.share[daily+i] = b.weight(daily + i)
	}
	if b.level.n > 0 && (b.minutes >= youth || !seasonal) {
		f.each[recent] = b.levelNow()
		f.share[recent] = b.weight(recent)
	}
	sum := f.share[recent] + f.share[daily] + f.share[weekly]
	if sum == 0 {
		return f
	}
	for i := range f.share {
		f.share[i] /= sum
		f.rate += f.share[i] * f.each[i]
	}
	if b.law.rare {
		f.rate = min(1, f.rate) // more than all cannot fail
	}
	f.known = true
	f.sure = seasonal || b.minutes >= silent
	return f
}

func (b *baseline) levelNow() float64 {
	v := (b.level.x + b.law.prior) / b.level.n
	if b.law.latency {
		return v
	}
	return max(0, v)
}

// today is the usual value as today makes it.
func (b *baseline) today(i int, usual float64) float64 {
	r := &b.ratio[i]
	switch {
	case r.n == 0:
		return usual
	case b.law.latency:
		return usual + r.x/r.n
	}
	return usual * r.x / r.n
}

// weight is the vote of a baseline: errors to the power of -4. With -3 there were
// a quarter more false alarms, with -2 a third, and less was found with both.
func (b *baseline) weight(i int) float64 {
	if b.miss[i] == 0 {
		if i == recent {
			return 1e-9 // it begins alone
		}
		return 1e-12
	}
	square := b.miss[i] * b.miss[i]
	return 1 / (square * square)
}

// learn takes what was seen of a minute that f was the forecast of.
func (b *baseline) learn(f *forecast, x, n float64) {
	if f.known {
		b.score(f, x, n)
	}
	half := b.law.level
	if f.days >= settled {
		half = b.law.slow
	}
	b.level.add(keep(half), x, n)
	b.minutes = min(b.minutes+1, youth)
	for i := range b.ratio {
		if f.share[daily+i] == 0 {
			continue
		}
		r, u := &b.ratio[i], f.usual[i]
		switch {
		case b.law.latency:
			if r.n == 0 {
				*r = mean{x: 0, n: hour * n}
			}
			r.add(keep(b.law.ratio), x-u*n, n)
		case u > 0:
			// Minutes of traffic count alike: by their requests, the afternoon would say
			// how the night is. But less than one a minute counts by itself: a night of next to
			// no traffic said that there was none today. Of errors they count by how many are expected.
			w := u * n
			if b.law.alike {
				w = n * min(1, u)
			}
			if r.n == 0 {
				*r = mean{x: hour * w, n: hour * w}
			}
			r.add(keep(b.law.ratio), min(x/(u*n), 20)*w, w)
		}
	}
	b.remember(f.place, x, n)
}

// remember takes a minute into the profiles.
func (b *baseline) remember(p place, x, n float64) {
	if p.exception {
		return
	}
	b.day.add(p.day, x, n)
	b.week.add(p.week, x, n)
}

// pass takes a minute of an alert into the profiles: what was seen where nothing is known yet, or the
// first Saturday would be told again each week, and where they knew better than what was expected.
func (b *baseline) pass(p place, w sums, open bool) {
	if p.exception {
		return
	}
	b.day.pass(p.day, w, open)
	b.week.pass(p.week, w, open)
}

// trust makes sure what the course of the week has learned in an alert: it is what the site does at that time.
func (b *baseline) trust(c *Calendar, from, to int64) {
	for t := from; t < to+int64(60*b.week.width); t += int64(60 * b.week.width) {
		b.week.trust(c.place(min(t, to)).week)
	}
}

// score notes how far off each baseline was, over the last five minutes: in one
// minute all are off by what chance does.
func (b *baseline) score(f *forecast, x, n float64) {
	m := minute{x: float32(x), n: float32(n)}
	for i := range m.e {
		m.e[i] = float32(f.each[i] * n)
	}
	b.last[b.turn] = m
	b.turn = (b.turn + 1) % len(b.last)
	var sx, sn float64
	var se [baselines]float64
	for i := range b.last {
		sx += float64(b.last[i].x)
		sn += float64(b.last[i].n)
		for k := range se {
			se[k] += float64(b.last[i].e[k])
		}
	}
	first := b.miss[recent]
	pace := (1 - keep(missHalf)) * b.dispute(f)
	for i := range se {
		if f.share[i] == 0 {
			continue
		}
		off := math.Abs(sx-se[i])/sn + 1e-9
		if b.miss[i] == 0 {
			// Who comes later begins no better than who is there.
			b.miss[i] = max(off, first)
		}
		b.miss[i] += pace * (min(off, 6*b.miss[i]) - b.miss[i])
	}
}

// dispute is how much a minute tells about who is right, up to 1: where all expect
// the same, being right is no merit. Without it a site that opens at eight was
// expected to go on as in the last hour, every morning.
func (b *baseline) dispute(f *forecast) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for i, e := range f.each {
		if f.share[i] > 0 {
			low, high = min(low, e), max(high, e)
		}
	}
	apart := high - low
	if !b.law.latency {
		apart /= max(f.rate, 1e-9)
	}
	return max(0.25, min(1, 4*apart))
}

// stale drops the level where profiles can do without it: it was not fed for long.
func (b *baseline) stale(f *forecast) {
	if f.share[daily] > 0 || f.share[weekly] > 0 {
		b.level, b.minutes = mean{}, 0
	}
}

// A course is what the usual course of the week, or of the day before there is one, has of a minute,
// on average over some minutes: from low to high.
type course struct{ low, high float64 }

// course returns that of the last minutes up to f's, as today makes it. Anything from low to high is
// usual: see profile.around.
func (b *baseline) course(f *forecast, minutes int) (c course, known bool) {
	i, at, p := weekly, f.place.week, &b.week
	if _, visits := p.at(at); visits < 1 {
		i, at, p = daily, f.place.day, &b.day
		if f.days < 2 {
			return course{}, false
		}
	}
	n := 0.0
	for k := range minutes {
		if low, high, known := p.around(at-k, !b.law.latency); known {
			c.low, c.high, n = c.low+low, c.high+high, n+1
		}
	}
	if n == 0 {
		return course{}, false
	}
	return course{b.today(i-daily, c.low/n), b.today(i-daily, c.high/n)}, true
}

// gap forgets what is only good for minutes that follow one another.
func (b *baseline) gap() {
	b.level, b.minutes = mean{}, 0
	b.last, b.turn = [5]minute{}, 0
}

// settle makes all that play expect what f did, and by more: e^by times as much, of latency by more
// in logarithms. It is the new normal, seen over a weight of n.
func (b *baseline) settle(f *forecast, by, n float64) {
	want := max(f.rate, least) * math.Exp(by)
	if b.law.latency {
		want = f.rate + by
	}
	b.level.x = want * b.level.n
	missed := 0.0
	for i := range b.ratio {
		r, usual := &b.ratio[i], f.usual[i]
		switch plays := f.share[daily+i] > 0 && r.n > 0; {
		case plays && b.law.latency:
			r.x = max(-mostToday, min(mostToday, want-usual)) * r.n
		case plays && usual > 0:
			r.x = min(math.Exp(mostToday), want/usual) * r.n
		case b.law.alike && by < math.Log(loss):
			*r = mean{x: hour * math.Exp(by), n: hour} // what is gone is gone at all times
			continue
		default:
			continue
		}
		// What the bound leaves out is missed by this course until the ratio has learned it.
		if off := math.Abs(want - b.today(i, usual)); off > 1e-6*math.Abs(want) {
			b.miss[daily+i], missed = max(b.miss[daily+i], off), off
		}
	}
	if missed > 0 && b.level.n == 0 {
		// The level was dropped during the alert. Without it the courses, bounded, told of a site that had
		// grown tenfold every two hours, for days.
		b.level, b.minutes = mean{x: want * n, n: n}, youth
	}
	b.last, b.turn = [5]minute{}, 0
}

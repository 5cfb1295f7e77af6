// Package change finds sudden, unexpected changes in what a web server does.
//
// A Series watches one figure: requests, errors, or latency. It learns what is
// usual lately, at this time of the day, at this time of the week, and takes
// the mixture that was right most of late. Counts are judged as counts, so that
// a site of six requests a minute is judged as fairly as one of six thousand.
// While something is wrong nothing is learned; what stays for two hours is the
// new normal, which is said. Each Decision tells what it was made of.
//
// Step is a pure function of the state, the time and the sample. Old samples,
// fed at full speed, teach a Series all it knows before the first live one.
package change

import (
	"math"
	"time"
)

// Options say how a Series works. The zero value watches traffic in steps of
// ten seconds, in UTC.
type Options struct {
	Kind Kind
	// Step is the time between two samples: 10, 12, 15, 20, 30 or 60 seconds. 0 is
	// ten seconds; what is none of these is taken for the next smaller one, and
	// for ten seconds where there is none.
	Step time.Duration
	// Threshold is the surprise from which on a change is told, as of the function
	// Threshold; 0 is that of a normal sensitivity.
	Threshold float64
	Calendar  *Calendar // nil is UTC
}

// MaxSteps is how many steps a minute has at most.
const MaxSteps = 6

// step returns the seconds between samples.
func (o Options) step() int64 {
	s := int64(o.Step / time.Second)
	if o.Step == 0 {
		s = 10
	}
	for s = min(60, max(s, 60/MaxSteps)); 60%s != 0; s-- {
	}
	return s
}

const (
	silent = 10  // minutes that have to be seen before anything is judged
	young  = 360 // minutes in which little is known of how requests come
	hold   = 3   // minutes in a row that a change lasts before it is told
	calm   = 5   // minutes in a row that are as usual before its end is told

	freeze   = 120       // minutes after which what stays is the new normal
	outage   = 24 * 60   // the same, where what stays is nothing
	closing  = 12 * 60   // minutes after which what ends was no incident, but a day on which a site is closed
	memory   = 7 * 86400 // seconds in which the former normal is known again
	hour     = 60        // minutes that are kept one by one
	loss     = 0.1       // of what was expected: less is an outage, told without hold
	chance   = 2         // deviations from the usual course that are none
	certain  = 2         // thresholds that the surprise of an outage has to reach
	lastStep = 3600      // seconds without a sample after which the last ones say nothing
)

// A Series watches one figure of one source. Make one with New or Restore. It
// belongs to one goroutine, and takes less than 4 KiB.
type Series struct {
	o        Options
	law      law
	step     int64
	critical float64 // the z that the threshold is
	below    float64 // the same, of what falls
	fade     float64 // what a minute leaves of the weight of those before it, in the bunches

	begun bool
	at    int64 // the end of the last step
	late  int64 // samples that came too late
	open  int64 // the number of the minute being filled, counted from 1970
	part  sums  // what is in it
	heard bool  // whether any of its steps was seen
	f     forecast
	slots [MaxSteps]sums // the steps of the last minute
	none  void

	past  past
	noise noise
	base  baseline
	state state
}

// sums are a count, what was expected, and the weight of both.
type sums struct{ x, m, n float64 }

func (s *sums) add(x, m, n float64) { s.x, s.m, s.n = s.x+x, s.m+m, s.n+n }

// A void is a stretch without a request.
type void struct {
	expected float64
	since    int64
}

func (v *void) add(x, m float64, from int64) {
	if x > 0 {
		*v = void{}
		return
	}
	if v.expected == 0 {
		v.since = from
	}
	v.expected += m
}

// A state is what is thought of the series.
type state struct {
	firing bool
	since  int64   // when it began to fire
	span   int64   // of the window that told it, in seconds
	change float64 // that it saw, as in a reading
	above  int     // minutes in a row
	below  int
	frozen int     // minutes of this alert
	moved  float64 // ln of the last new normal to the one before, 0 for none
	when   int64   // of the last new normal
}

// New returns a Series that has seen nothing.
func New(o Options) *Series {
	s := &Series{o: o, law: o.Kind.law(), step: o.step()}
	t := o.Threshold
	if !(t > 0) {
		t = s.law.threshold
	}
	s.o.Threshold = min(t, 12)
	s.fade = keep(minutesOfWeek)
	s.critical = critical(s.o.Threshold)
	s.below = critical(s.o.Threshold + s.law.fewer)
	s.base = newBaseline(&s.law)
	s.noise = newNoise()
	return s
}

// Step takes what was measured in the step that ends at t, in Unix seconds, and
// returns what there is to announce, if anything. Times are taken down to whole
// steps. Steps may be missing: of what is left out nothing is known, nothing is
// learned, and no time is spent on it. A sample that is not later than the last
// one is counted (Late), and has no other effect.
func (s *Series) Step(t int64, sample Sample) (Decision, bool) {
	t -= mod(t, s.step)
	if s.begun && t <= s.at {
		s.late++
		return Decision{}, false
	}
	from := t - s.step
	s.reach(from)
	s.at = t
	if s.f.place.paused {
		s.slots[s.slot(t)], s.none = sums{}, void{}
		s.noise.deafen()
		if t%60 == 0 {
			s.close(false)
		}
		return Decision{}, false
	}
	x, n := sample.figures(s.o.Kind, float64(s.step)/60)
	m := s.f.rate * n
	if !s.f.known {
		m = x
	}
	s.heard = true
	s.part.add(x, m, n)
	s.slots[s.slot(t)] = sums{x, m, n}
	s.none.add(x, m, from)
	if !s.law.latency && n > 0 && !s.state.firing && s.f.known {
		said := s.noise.steps.next(x, m, m, s.noise.seen < young)
		s.noise.fresh.add(1, said.x, said.n)
	} else {
		s.noise.steps.heard = false
	}
	if d, ok := s.lost(); ok {
		if t%60 == 0 {
			s.close(false)
		} else {
			// The return of a former normal moves what is expected, within the minute, too.
			s.f = s.base.forecast(s.f.place)
		}
		return d, true
	}
	if t%60 == 0 {
		return s.close(true)
	}
	return Decision{}, false
}

func (s *Series) slot(t int64) int64 { return mod(t/s.step, 60/s.step) }

// reach opens the minute that the step beginning at from belongs to.
func (s *Series) reach(from int64) {
	minute := div(from, 60)
	if !s.begun {
		s.begun, s.at, s.open = true, from, minute
		s.f = s.base.forecast(s.o.Calendar.place(60 * minute))
	}
	gap := from - s.at
	if gap > 0 {
		s.slots, s.none = [MaxSteps]sums{}, void{}
		s.noise.deafen()
	}
	if minute == s.open {
		return
	}
	if s.heard {
		s.close(false)
	}
	if gap > lastStep {
		s.base.gap()
		s.past.clear(0)
		s.state.above, s.state.below = 0, 0
	}
	s.past.skip(minute - s.open)
	s.open = minute
	s.f = s.base.forecast(s.o.Calendar.place(60 * minute))
}

// lost tells of an outage: nothing, or next to it, for a minute or more, where
// that could not be chance. All other changes wait for three minutes, since most
// of what ends within two is a deploy.
func (s *Series) lost() (Decision, bool) {
	if s.o.Kind != Traffic || s.state.firing || s.noise.seen < silent || !s.f.sure {
		return Decision{}, false
	}
	enough := certain * s.o.Threshold
	r := reading{span: s.at - s.none.since, sums: sums{m: s.none.expected, n: float64(s.at-s.none.since) / 60}}
	s.noise.describe(&r, 0, &s.law)
	// All of it here, the spread as well: between visits there is nothing, however the rate wanders.
	r.bunch = max(r.bunch, s.noise.fives.x/s.noise.fives.n)
	if r.m > 0 && r.span >= 60 && emptySurprise(r.m/r.bunch, r.spread) >= enough && !s.closed(&r) {
		r.judge(&s.law)
		r.surprise = emptySurprise(r.m/r.bunch, r.spread)
		return s.fire(r), true
	}
	var w sums
	for _, slot := range s.slots[:60/s.step] {
		w.add(slot.x, slot.m, slot.n)
	}
	if w.n < 0.99 || w.x > loss*w.m {
		return Decision{}, false
	}
	r.span, r.sums = 60, w
	r.judge(&s.law)
	if r.surprise < enough || s.closed(&r) {
		return Decision{}, false
	}
	return s.fire(r), true
}

// closed tells whether next to nothing is usual at this time of the day: a site whose people go
// home at ten has no outage at ten.
func (s *Series) closed(r *reading) bool {
	c, known := s.base.course(&s.f, int(min(r.span/60, hour)))
	return known && emptySurprise(c.low*r.n/r.bunch, r.spread) < certain*s.o.Threshold
}

// Rests tells whether next to nothing is usual at the time of the last step: less than half a
// request in so many seconds. It is false as long as nothing is known of the days before.
func (s *Series) Rests(seconds int64) bool {
	c, known := s.base.course(&s.f, int(max(1, min(seconds/60, hour))))
	return known && s.o.Kind == Traffic && c.low*float64(seconds)/60 < 0.5
}

// close ends the open minute: it is judged, unless judged is false, and learned.
func (s *Series) close(judged bool) (d Decision, told bool) {
	s.past.add(s.part, s.heard)
	x, n := s.part.x, s.part.n
	frozen := s.state.firing
	minute := s.bunched(x, n)
	if s.open%5 == 4 {
		s.fives()
	}
	if n > 0 {
		s.noise.seen = min(s.noise.seen+1, math.MaxInt32)
		readings := s.readings()
		if judged && s.noise.seen >= silent && s.f.sure {
			d, told = s.judge(&readings)
		}
		frozen = frozen || s.state.firing
		if !frozen {
			s.noise.learn(&readings, &s.law)
			if !s.usual(&readings[0], 0) {
				x = s.plausible(&readings[0])
			}
			s.noise.settle(s.fade, minute, x == s.part.x || !s.law.rare)
		}
	}
	switch {
	case n > 0 && !frozen:
		s.base.learn(&s.f, x, n)
	case n > 0 && s.f.known:
		s.base.pass(s.f.place, sums{x, s.part.m, n}, s.state.firing)
	}
	s.noise.settle(s.fade, minute, frozen && s.noise.seen < young)
	s.part, s.heard = sums{}, false
	s.open++ // the next step begins a minute of its own
	s.f = s.base.forecast(s.o.Calendar.place(60 * s.open))
	return d, told
}

// bunched returns what the minute that ends says of bunches, beside the one before it.
func (s *Series) bunched(x, n float64) (said mean) {
	fresh, m := s.noise.seen < young, s.part.m
	weight := m
	if s.state.firing {
		// The first alert may be one of bunches that nobody knows of yet. A surge has a mean of its own.
		weight = max(x, m)
	}
	if !s.heard || s.law.latency || n == 0 || !s.f.known || s.state.firing && (!fresh || s.law.rare) {
		s.noise.minutes.heard = false
		return said
	}
	return s.noise.minutes.next(x, m, weight, fresh)
}

// fives learns what five minutes say of bunches, beside the five before them.
func (s *Series) fives() {
	w := s.past.sum(5)
	if !s.law.alike || s.state.firing || !s.f.known || s.past.known&31 != 31 || w.n == 0 {
		s.noise.fives.heard = false
		return
	}
	said := s.noise.fives.next(w.x, w.m, w.m, s.noise.seen < young)
	s.noise.fives.add(math.Pow(s.fade, 5), said.x, said.n)
}

// Shift moves the time line by delta seconds: the clock was set. What was seen
// of the open minute is kept; whole minutes and steps stay what they are.
func (s *Series) Shift(delta int64) {
	delta -= mod(delta, 60)
	s.at += delta
	s.open += delta / 60
	for _, t := range []*int64{&s.none.since, &s.state.since, &s.state.when} {
		if *t != 0 {
			*t += delta
		}
	}
	if s.begun {
		s.f = s.base.forecast(s.o.Calendar.place(60 * s.open))
	}
}

// Idle steps through samples without requests, up to the step that ends at to,
// and returns what there is to announce. It is for logs that have been silent:
// of traffic the first day is walked, the rest skipped, since nothing more can
// happen then; of errors and latency silence says nothing, and all is skipped.
func (s *Series) Idle(to int64) []Decision {
	var told []Decision
	to -= mod(to, s.step)
	if !s.begun {
		return nil
	}
	if s.o.Kind == Traffic {
		for end := s.at + (outage+2*hour)*60; s.at < min(to, end); {
			if d, ok := s.Step(s.at+s.step, Sample{}); ok {
				told = append(told, d)
			}
		}
	}
	return told
}

// At returns the end of the last step, in Unix seconds; 0 before the first.
func (s *Series) At() int64 { return s.at }

// Late returns how many samples were not later than the one before them.
func (s *Series) Late() int64 { return s.late }

// Firing tells whether something is wrong, and since when.
func (s *Series) Firing() (since int64, firing bool) { return s.state.since, s.state.firing }

func mod(a, b int64) int64 { return (a%b + b) % b }

func div(a, b int64) int64 { return (a - mod(a, b)) / b }

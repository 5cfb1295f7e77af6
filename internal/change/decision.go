package change

import (
	"math"
	"time"
)

// An Event is what a Decision announces.
type Event uint8

const (
	// Nothing is announced.
	Nothing Event = iota
	// Alert begins: something is wrong.
	Alert
	// Recovered ends an alert: all is as expected.
	Recovered
	// NewNormal ends an alert: what has stayed so long is what is expected now.
	NewNormal
	// Returned says that what was normal before the last new normal is back.
	Returned
)

// String returns the name of an event, such as "new normal".
func (e Event) String() string {
	switch e {
	case Alert:
		return "alert"
	case Recovered:
		return "recovered"
	case NewNormal:
		return "new normal"
	case Returned:
		return "returned"
	}
	return "nothing"
}

// A Pattern is the baseline with the largest share in what was expected.
type Pattern uint8

const (
	// Unknown: nothing was seen yet.
	Unknown Pattern = iota
	// Lately is the level of the last minutes.
	Lately
	// OfTheDay is what is usual at this time of the day.
	OfTheDay
	// OfTheWeek is what is usual at this time of the week.
	OfTheWeek
)

// A Basis is what a value was compared with.
type Basis struct {
	Pattern Pattern
	Share   float64 // of Pattern in what was expected, 0 to 1
	Visits  int     // of this time of the day or week, so far; 0 with Lately
	Minutes int     // that were seen in all
	Today   float64 // what today has of the usual: 0.97 is 97 %; 1 with Lately
	Like    bool    // the calendar makes the day like another
}

// Learning tells whether no day was seen yet.
func (b Basis) Learning() bool { return b.Pattern <= Lately && b.Minutes < minutesOfDay }

// A Decision is what a Series thinks of a window, with all it was made of. It
// is a plain value. Value, Expected, Low, High, Was are requests a second, a
// share of requests (0 to 1) or seconds, by Kind.
type Decision struct {
	Kind  Kind
	Event Event
	At    int64 // the end of the window, in Unix seconds
	Span  int64 // its length in seconds

	Value    float64
	Count    float64 // requests, or those that failed; 0 of latency
	Of       float64 // requests that were looked at; 0 of traffic
	Expected float64
	Low      float64 // within Low and High nothing would be told
	High     float64
	Was      float64 // with NewNormal: what was expected until now

	Change    float64 // Value/Expected - 1; +Inf where nothing was expected
	Surprise  float64 // -log10 of the probability of so much, were all well
	Threshold float64 // the Surprise from which on a change is told
	Rarity    time.Duration
	Basis     Basis

	Firing bool
	Since  int64 // when the alert began, 0 without one
}

// Look returns what the Series thinks at the end of the last whole minute: of
// the window that is furthest off, of five minutes where none matters. Before
// anything can be judged its Basis is Unknown.
func (s *Series) Look() Decision {
	rs := s.readings()
	best := 1
	for i := range rs {
		if rs[i].whole && rs[i].matters && math.Abs(rs[i].z) > math.Abs(rs[best].z) {
			best = i
		}
	}
	r := rs[best]
	r.judge(&s.law)
	d := s.decision(Nothing, r)
	d.At = 60 * s.open
	if r.n == 0 {
		d.Basis.Pattern = Unknown
	}
	return d
}

// decision writes down a reading. It is called before the state changes, but
// for an alert, whose state it shows.
func (s *Series) decision(e Event, r reading) Decision {
	d := Decision{
		Kind: s.o.Kind, Event: e, At: s.at, Span: r.span, Basis: s.basis(),
		Surprise: r.surprise, Threshold: s.o.Threshold,
		Firing: s.state.firing && e != Recovered && e != NewNormal, Since: s.state.since,
	}
	if e == Returned {
		d.Since = 0
	}
	d.Rarity = rarity(s.o.Kind, r.surprise)
	window := 0
	for i, length := range lengths() {
		if r.span >= int64(60*length) {
			window = i
		}
	}
	effect := s.law.effect[window]
	if s.law.latency {
		mid := r.m / max(r.n, 1)
		off := max(effect, s.critical*r.spread)
		d.Value, d.Expected, d.Of = seconds(r.x/max(r.n, 1)), seconds(mid), r.n
		d.Low, d.High = seconds(mid-off), seconds(mid+off)
	} else {
		per := r.n
		d.Count = r.x
		if s.o.Kind == Errors {
			d.Of = r.n
		} else {
			per *= 60
		}
		per = max(per, 1e-9)
		low := min(r.at(&s.law, -s.below), (r.m+0.5)*math.Exp(-effect)-0.5)
		high := max(r.at(&s.law, s.critical), (r.m+0.5)*math.Exp(effect)-0.5)
		d.Value, d.Expected = r.x/per, r.m/per
		d.Low, d.High = max(0, low)/per, high/per
		if s.o.Kind == Errors {
			d.High = min(1, max(d.High, s.law.up/per))
		}
	}
	d.Change = d.Value/d.Expected - 1
	if d.Expected == 0 {
		d.Change = 0
		if d.Value > 0 {
			d.Change = math.Inf(1)
		}
	}
	if e == NewNormal {
		d.Was, d.Expected, d.Low, d.High, d.Change = d.Expected, d.Value, d.Value, d.Value, 0
	}
	return d
}

// basis tells what the open minute is compared with.
func (s *Series) basis() Basis {
	f := &s.f
	b := Basis{Minutes: s.noise.seen, Today: 1, Like: f.place.exception}
	if !f.known {
		return b
	}
	best := recent
	for i, share := range f.share {
		if share > f.share[best] {
			best = i
		}
	}
	b.Pattern, b.Share = Lately+Pattern(best), f.share[best]
	if best == recent {
		return b
	}
	at, p := f.place.day, &s.base.day
	if best == weekly {
		at, p = f.place.week, &s.base.week
	}
	_, visits := p.at(at)
	b.Visits = int(visits)
	usual := f.usual[best-daily]
	switch {
	case s.law.latency:
		b.Today = math.Exp(f.each[best] - usual)
	case usual > 0:
		b.Today = f.each[best] / usual
	}
	return b
}

package drive

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"weir/internal/pace"
)

// A Plan says which request is sent when: Next returns, one after the other, when a
// request is due, from the start on, and which it is; false at the end. Times never
// decrease. Where nothing is due for now the request is Nobody. A Plan belongs to one
// goroutine.
type Plan interface {
	Next() (due time.Duration, request int, ok bool)
}

// A Paced is the Plan of a schedule, with requests drawn from a mix.
type Paced struct {
	Pacer pace.Pacer
	Mix   *Mix
	For   time.Duration // what is due from then on is not sent; 0 for no end
	Count int64         // how many are sent; 0 for any number

	// Patterns are the rates that a Setting chooses from, without jitter, as asked for; the
	// Pacer follows the first of them, with Jitter, whose Shape does not count. Without any
	// there is nothing to change, nor where the Pacer is no pace.Turning.
	Patterns []pace.Shape
	Jitter   pace.Jitter

	ending
	drawn   int  // which was the last request
	held    bool // it is to be returned again
	pattern int  // of Patterns
	since   time.Duration
	turns   pace.Turns // that were followed
	paused  bool
}

// A bounded Plan knows how long it was, once it has ended, if it ended at a given time.
type bounded interface{ span() (time.Duration, bool) }

func (p *Paced) span() (time.Duration, bool) { return p.For, p.cut }

// Next implements Plan.
func (p *Paced) Next() (time.Duration, int, bool) {
	if p.Count > 0 && p.sent >= p.Count {
		return 0, 0, false
	}
	due, ok := p.Pacer.Due(p.sent)
	switch {
	case !ok && p.paused:
		return p.ending.reach(pace.Forever, Nobody, p.For)
	case !ok:
		return 0, 0, false
	}
	if due, _, ok = p.ending.reach(due, 0, p.For); !ok {
		return 0, 0, false
	}
	if !p.held {
		p.drawn = p.Mix.draw()
	}
	p.held = false
	return due, p.drawn, true
}

// An ending is how far a Plan with an end has come.
type ending struct {
	sent   int64 // requests that were returned
	cut    bool  // it ended before the schedule did
	waited bool  // for its end, while nothing was due
}

// reach lets through what lies before the end, which is 0 for none. While nothing is due the end
// is waited for.
func (e *ending) reach(due time.Duration, request int, end time.Duration) (time.Duration, int, bool) {
	if end > 0 && due >= end {
		if request == Nobody && !e.waited {
			e.waited = true
			return end, Nobody, true
		}
		e.cut = true
		return 0, 0, false
	}
	if request != Nobody {
		e.sent++
	}
	return due, request, true
}

// turn is for a Plan that has turned.
func (e *ending) turn(back bool) {
	e.waited = false
	if back {
		e.sent--
	}
}

// A Mix draws requests, each as often as its weight says. It belongs to one
// goroutine.
type Mix struct {
	up   []float64 // weights, added up
	rand *rand.Rand
}

// NewMix returns a mix of requests with these weights, which are above 0. The same
// seed draws the same.
func NewMix(weights []float64, seed uint64) *Mix {
	m := &Mix{rand: rand.New(rand.NewPCG(seed, 0x6d6978))}
	sum := 0.0
	for _, w := range weights {
		sum += w
		m.up = append(m.up, sum)
	}
	return m
}

func (m *Mix) draw() int {
	if len(m.up) < 2 {
		return 0
	}
	x := m.rand.Float64() * m.up[len(m.up)-1]
	return min(sort.Search(len(m.up), func(i int) bool { return m.up[i] > x }), len(m.up)-1)
}

// An Entry is a request of a log: when it was there, and which it is.
type Entry struct {
	Sec     int64
	Nanos   int32 // 0 where the log has whole seconds only
	Request int32
}

// A Replay is the Plan of what a log has.
type Replay struct {
	entries []timed
	next    int
	// Length is how long it goes on.
	Length time.Duration
	// Pauses is how many were cut short.
	Pauses int

	// Since it was turned: when that was, how far the log was then, how much faster it goes.
	turned, logged time.Duration
	times          float64 // 0 where it never was
	paused         bool
}

// A timed is an entry with its time from the start on.
type timed struct {
	due     time.Duration
	request int32
}

// NewReplay plans the entries of a log at their own times, speed times as fast; speed is
// above 0. Times count from the first of all, so neighbours that are out of order make no
// pause. Those of a log with whole seconds are spread evenly over each second. A pause
// longer than longest, where that is above 0, is cut to it, before speed is applied.
func NewReplay(entries []Entry, speed float64, longest time.Duration) *Replay {
	entries = slices.Clone(entries)
	// Stable: the order of lines is all that a whole second has.
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Sec, b.Sec), cmp.Compare(a.Nanos, b.Nanos))
	})
	whole := !slices.ContainsFunc(entries, func(e Entry) bool { return e.Nanos != 0 })
	r := &Replay{entries: make([]timed, len(entries))}
	cut, last := time.Duration(0), time.Duration(0)
	for i := 0; i < len(entries); {
		n := 1
		for whole && i+n < len(entries) && entries[i+n].Sec == entries[i].Sec {
			n++
		}
		for k := range n {
			e := entries[i+k]
			at := since(entries[0], e) + time.Duration(k)*time.Second/time.Duration(n)
			if longest > 0 && at-cut-last > longest {
				cut = at - last - longest
				r.Pauses++
			}
			last = at - cut
			r.entries[i+k] = timed{time.Duration(float64(last) / speed), e.Request}
		}
		i += n
	}
	if len(entries) > 0 {
		r.Length = r.entries[len(entries)-1].due
	}
	return r
}

// Twin returns a replay of the same from its beginning on; they share the memory of the log.
func (r *Replay) Twin() *Replay {
	return &Replay{entries: r.entries, Length: r.Length, Pauses: r.Pauses}
}

// since returns how long b is after a, 292 years at most.
func since(a, b Entry) time.Duration {
	sec := min(b.Sec-a.Sec, int64(pace.Forever/time.Second)-2)
	return time.Duration(sec)*time.Second + time.Duration(b.Nanos-a.Nanos)
}

// Busiest returns the most requests that are due within any one second.
func (r *Replay) Busiest() int {
	most, first := 0, 0
	for i, e := range r.entries {
		for e.due-r.entries[first].due >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// Next implements Plan.
func (r *Replay) Next() (time.Duration, int, bool) {
	if r.next == len(r.entries) {
		return 0, 0, false
	}
	if r.paused {
		return pace.Forever, Nobody, true
	}
	e := r.entries[r.next]
	r.next++
	return r.inRun(e.due), int(e.request), true
}

// A Limited ends another Plan before its own end.
type Limited struct {
	Plan  Plan
	For   time.Duration // what is due from then on is not sent; 0 for no end
	Count int64         // how many are sent; 0 for any number

	ending
}

func (l *Limited) span() (time.Duration, bool) { return l.For, l.cut }

// Next implements Plan.
func (l *Limited) Next() (time.Duration, int, bool) {
	if l.Count > 0 && l.sent >= l.Count {
		return 0, 0, false
	}
	due, request, ok := l.Plan.Next()
	if !ok {
		return 0, 0, false
	}
	return l.reach(due, request, l.For)
}

package pace

import (
	"slices"
	"time"

	"weir/internal/unit"
)

// A Turning Pacer follows another shape from some time on.
type Turning interface {
	Pacer
	// Turn makes to the shape from the offset at on; to is asked for offsets from the start,
	// too. All that was due before at stays as it was. Behind it the integral goes on where it
	// was, in the middle of a gap: with twice the rate what is left of the gap is half as
	// long. So there is neither a burst nor a hole. Of several turns those behind at are
	// forgotten.
	Turn(at time.Duration, to Shape)
}

// Turns is a shape that goes on as another one from given times on.
type Turns []TurnTo

// A TurnTo is a shape from an offset on. The first of Turns is from 0 on, and From rises.
type TurnTo struct {
	From  time.Duration
	Shape Shape
}

// At implements Shape.
func (s Turns) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	i := len(s) - 1
	for i > 0 && s[i].From > t {
		i--
	}
	if i < 0 {
		return 0, t, false
	}
	rate, until, ok := s[i].Shape.At(t)
	if i == len(s)-1 {
		return rate, until, ok
	}
	if !ok { // it has ended before another one begins
		return 0, s[i+1].From, true
	}
	return rate, min(until, s[i+1].From), true
}

// A Later is the shape within, which begins at From; before it is silence.
type Later struct {
	Shape Shape
	From  time.Duration
}

// At implements Shape.
func (l Later) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	if t < l.From {
		return 0, l.From, true
	}
	rate, until, ok := l.Shape.At(t - l.From)
	return rate, later(l.From, until), ok
}

// Turn implements Turning.
func (s *Schedule) Turn(at time.Duration, to Shape) {
	at = max(at, 0)
	turns, ok := s.shape.(Turns)
	if !ok {
		turns = Turns{{0, s.shape}}
	}
	n := slices.IndexFunc(turns, func(t TurnTo) bool { return t.From >= at })
	if n >= 0 {
		turns = turns[:n]
	}
	s.shape = append(slices.Clip(turns), TurnTo{at, to})
	if at < s.from {
		s.cursor = s.before
	}
	if at < s.from {
		s.rewind()
		return
	}
	s.enter(s.from)
}

// Turn implements Turning.
func (d *drawn) Turn(at time.Duration, to Shape) { d.schedule.Turn(at, to) }

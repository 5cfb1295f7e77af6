package alert

import (
	"math"
	"slices"

	"weir/internal/traffic"
)

// MaxHistory is the number of events the Board remembers, the newest ones.
const MaxHistory = 10_000

// A Board owns a Watch for every rule and the events they caused. Make one
// with NewBoard. It belongs to one goroutine.
type Board struct {
	watches []Watch
	at      int64 // the last second stepped to
	started bool
	history []Event
	dropped int
}

// NewBoard returns a Board on which every rule is quiet.
func NewBoard(rules ...Rule) *Board {
	b := &Board{}
	for _, r := range rules {
		b.watches = append(b.watches, Watch{Rule: r})
	}
	return b
}

// Advance steps every rule through the closed seconds up to and including to,
// in the order of time, and returns the events they caused. The figures come
// from s, which must have all records of closed seconds that came in time.
//
// A stretch without hits is not walked: without hits windows only lose, so
// nothing can change before the next hit once every rule is quiet, and the walk
// goes on there. A year of silence costs as much as a window at most.
func (b *Board) Advance(to int64, s *traffic.Seconds) []Event {
	if !b.started {
		first, ok := s.Next(math.MinInt64)
		if !ok || first >= to {
			return nil
		}
		b.started, b.at = true, first
	}
	old := len(b.history)
	for b.at < to {
		b.at++
		if b.step(s) {
			continue
		}
		next, ok := s.Next(b.at)
		if !ok || next >= to {
			b.at = to
			break
		}
		b.at = max(b.at, next)
	}
	events := b.history[old:]
	b.trim()
	return events
}

// step steps all watches to b.at. busy reports whether the next second may
// cause an event even without a hit: a recovery.
func (b *Board) step(s *traffic.Seconds) (busy bool) {
	for i := range b.watches {
		w := &b.watches[i]
		hits := s.Sum(b.at-w.Rule.Window, b.at).Hits
		e, ok := w.Step(b.at, hits)
		if ok {
			b.history = append(b.history, e)
		}
		busy = busy || w.State == Firing && hits > 0
	}
	return busy
}

func (b *Board) trim() {
	if n := len(b.history) - MaxHistory; n > MaxHistory/10 {
		// A new array: the caller still holds a view into the old one. In
		// bunches, or each event would copy all others.
		b.history = append([]Event(nil), b.history[n:]...)
		b.dropped += n
	}
}

// Shift moves the Board by delta seconds: the time line was set. Events of the
// past keep the time they were announced with.
func (b *Board) Shift(delta int64) {
	b.at += delta
	for i := range b.watches {
		if b.watches[i].Since != 0 {
			b.watches[i].Since += delta
		}
	}
}

// Watches returns the rules with their states. The slice is valid until the
// next Advance.
func (b *Board) Watches() []Watch { return b.watches }

// History returns the events of the past, oldest first, and how many older
// ones are no longer remembered. The slice is not changed by what comes.
func (b *Board) History() (events []Event, dropped int) {
	beyond := max(0, len(b.history)-MaxHistory)
	return slices.Clip(b.history[beyond:]), b.dropped + beyond
}

package gauge

import (
	"weir/internal/alert"
	"weir/internal/view"
)

// An Output is one thing to show, in the order in which they come: exactly one
// field is set. It owns its memory.
type Output struct {
	Interval *view.Interval
	Quiet    *view.Quiet // a gap of empty intervals
	Event    *alert.Event
	Notice   *view.Notice
	Sealed   *Sealed // for a store; only where Options has a Sealer
}

// Take returns what has come up since the last Take, oldest first, and leaves
// nothing behind.
func (g *Gauge) Take() []Output {
	out := g.out
	g.out = nil
	return out
}

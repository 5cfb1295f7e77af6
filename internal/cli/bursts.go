package cli

import (
	"time"

	"weir/internal/unit"
)

// bursts is a shape for pace: one second with a burst every 130 s, two requests
// a second between. 130 s is a little more than the window of 2 minutes, so
// that each alert has recovered before the next.
type bursts struct{}

// At implements pace.Shape.
func (bursts) At(t time.Duration) (rate unit.PerSecond, until time.Duration, ok bool) {
	const first, period = 2 * time.Second, 130 * time.Second
	begin := t.Truncate(period) + first
	switch {
	case t < begin:
		return 2 * unit.One, begin, true
	case t < begin+time.Second:
		return burstHits * unit.One, begin + time.Second, true
	}
	return 2 * unit.One, t.Truncate(period) + period, true
}

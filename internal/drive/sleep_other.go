//go:build !linux

package drive

import (
	"context"
	"time"
)

// A sleeper waits for times as well as the system can.
type sleeper struct{ timer *time.Timer }

func newSleeper() sleeper { return sleeper{time.NewTimer(0)} }

func (s sleeper) close() { s.timer.Stop() }

// until returns at an offset from begun; false as soon as ctx has ended.
func (s sleeper) until(ctx context.Context, begun time.Time, at time.Duration) bool {
	for ctx.Err() == nil {
		left := at - time.Since(begun)
		if left <= 0 {
			return true
		}
		s.timer.Reset(left)
		select {
		case <-ctx.Done():
		case <-s.timer.C:
		}
	}
	return false
}

package drive

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// A sleeper waits for times on a thread of its own, to some microseconds: time.Sleep wakes up
// 0.3 ms late.
type sleeper struct{}

func newSleeper() sleeper {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return sleeper{}
}

// close gives the thread back as it was.
func (sleeper) close() {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) // the usual one
	runtime.UnlockOSThread()
}

// until returns at an offset from begun; false as soon as ctx has ended.
func (sleeper) until(ctx context.Context, begun time.Time, at time.Duration) bool {
	const slice = 50 * time.Millisecond // ctx is looked at so often
	for ctx.Err() == nil {
		left := at - time.Since(begun)
		if left <= 0 {
			return true
		}
		ts := unix.NsecToTimespec(int64(min(left, slice)))
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil)
	}
	return false
}

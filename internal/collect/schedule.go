package collect

import "time"

// A schedule says when to look. Ticks lie a whole number of intervals after the
// first one by the clock on the wall, so they do not drift, whatever a scrape
// takes. All times are given, without a monotonic clock.
type schedule struct{ interval time.Duration }

// first returns the first tick at or after now: the next place on the grid of the
// series where that has a last record that is not in the future, else the next begin.
func (s schedule) first(now, last time.Time) time.Time {
	if last.IsZero() || last.After(now) {
		return s.begin(now)
	}
	ahead := now.Sub(last)
	return last.Add(max(ceilDiv(ahead, s.interval), 1) * s.interval)
}

// begin returns where a grid begins: at a whole second, or at a whole interval that is
// shorter.
func (s schedule) begin(now time.Time) time.Time {
	step := min(s.interval, time.Second)
	down := now.Truncate(step)
	if down.Before(now) {
		return down.Add(step)
	}
	return down
}

// next returns the tick after prev as of now, and how many were missed before it. One
// that is overdue by half the interval or less is not missed yet.
func (s schedule) next(prev, now time.Time) (tick time.Time, missed int64) {
	n := max(ceilDiv(now.Sub(prev)-s.interval/2, s.interval), 1)
	return prev.Add(n * s.interval), int64(n - 1)
}

// soonest returns when to look where that is done once: now, but not in the second
// of the last record.
func soonest(now, last time.Time) time.Time {
	if after := last.Truncate(time.Second).Add(time.Second); now.Before(after) && after.Sub(now) <= time.Second {
		return after
	}
	return now
}

// ceilDiv returns a/b rounded up, as a number that durations are multiplied with.
func ceilDiv(a, b time.Duration) time.Duration {
	if a <= 0 {
		return 0
	}
	return (a + b - 1) / b
}

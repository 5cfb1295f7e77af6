package collect

import "time"

// A schedule says when to look. Ticks lie a whole number of intervals after the
// first one by the clock on the wall, so they do not drift, whatever a scrape
// takes. All times are given, without a monotonic clock.
type schedule struct{ interval time.Duration }

// first returns the first tick at or after now: the next whole second or, where the
// series has a last record that is not in the future, the next place on its grid.
func (s schedule) first(now, last time.Time) time.Time {
	if last.IsZero() || last.After(now) {
		return ceil(now, time.Second)
	}
	ahead := now.Sub(last)
	return last.Add(max(ceilDiv(ahead, s.interval), 1) * s.interval)
}

// next returns the tick after prev as of now, and how many were missed before it. One
// that is overdue by less than a quarter of the interval is not missed yet.
func (s schedule) next(prev, now time.Time) (tick time.Time, missed int64) {
	n := max(ceilDiv(now.Sub(prev)-s.interval/4, s.interval), 1)
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

// ceil returns the first whole multiple of step in Unix time at or after t.
func ceil(t time.Time, step time.Duration) time.Time {
	down := t.Truncate(step) // since the year 1, which is whole in seconds
	if down.Before(t) {
		return down.Add(step)
	}
	return down
}

// ceilDiv returns a/b rounded up, as a number that durations are multiplied with.
func ceilDiv(a, b time.Duration) time.Duration {
	if a <= 0 {
		return 0
	}
	return (a + b - 1) / b
}

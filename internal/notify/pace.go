package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"time"
)

const (
	firstBackoff = time.Second
	mostBackoff  = 5 * time.Minute
	// mostRetryAfter bounds what a server may ask for: it must not silence a channel.
	mostRetryAfter = time.Hour
)

// backoff is how long to wait after so many failures in a row: twice as long each time,
// with the upper half left to chance, so that those who failed together do not come
// back together.
func backoff(failures int, random *rand.Rand) time.Duration {
	d := mostBackoff
	if failures < 10 {
		d = min(d, firstBackoff<<max(failures-1, 0))
	}
	return d/2 + time.Duration(random.Int64N(int64(d/2)+1))
}

// deferral is for how long a message is left out that is refused whatever is around it,
// by its age: it doubles without anybody having counted.
func deferral(age time.Duration) time.Duration {
	return min(max(age, time.Minute), time.Hour)
}

// mostAhead bounds how far ahead a row can be due: what a server asks for, how long messages
// wait to be grouped, and the rarest tries of what is refused are an hour at most. What is due
// later was written under a clock that was set back since.
const mostAhead = mostRetryAfter + time.Minute

// left is how long it is until a time, both as time.Now tells them. A clock that is set back
// makes it no longer, since the system's own counter decides; that stands still while a machine
// sleeps, so the clock on the wall may make it shorter.
func left(at, now time.Time) time.Duration {
	return min(at.Sub(now), at.Round(0).Sub(now.Round(0)))
}

// An allowance is a token bucket: so many deliveries an hour, a sixth of them at once,
// one at least. The zero value allows all.
type allowance struct {
	perHour int
	paid    time.Time // until then something that was delivered counts
}

func (a *allowance) each() time.Duration { return time.Hour / time.Duration(a.perHour) }

func (a *allowance) burst() time.Duration { return time.Duration(max(a.perHour/6, 1)) * a.each() }

// owed is what is not paid back yet, as time. It is never more than what may go at once: beyond
// lies what was delivered under a clock that was set back since, or under a smaller limit.
func (a *allowance) owed(now time.Time) time.Duration {
	if left(a.paid, now) > a.burst() {
		a.paid = now.Add(a.burst())
	}
	return max(left(a.paid, now), 0)
}

// wait is how long to wait for the next delivery.
func (a *allowance) wait(now time.Time) time.Duration {
	if a.perHour <= 0 {
		return 0
	}
	return max(a.owed(now)+a.each()-a.burst(), 0)
}

// take spends a delivery.
func (a *allowance) take(now time.Time) {
	if a.perHour > 0 {
		a.paid = now.Add(a.owed(now) + a.each())
	}
}

// digest is a short name for texts: the same for the same.
func digest(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(sum[:12])
}

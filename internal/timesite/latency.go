package timesite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"weir/internal/unit"
)

// MaxLatency is the longest that an answer may be held back.
const MaxLatency = 10 * time.Minute

// A Latency is how long an answer takes: Mean, give or take Spread, each time
// in between as likely as any other. Spread is at most Mean. The zero value is none.
type Latency struct{ Mean, Spread time.Duration }

// ParseLatency reads 20ms, 20ms±5ms or 20ms+-5ms.
func ParseLatency(s string) (Latency, error) {
	mean, spread, given := strings.Cut(strings.Replace(s, "+-", "±", 1), "±")
	var l Latency
	var err error
	if l.Mean, err = unit.ParseSpan(mean); err != nil {
		return Latency{}, fmt.Errorf("%w; or with a spread, such as 20ms+-5ms", err)
	}
	if given {
		if l.Spread, err = unit.ParseSpan(spread); err != nil {
			return Latency{}, fmt.Errorf("%w; the whole is such as 20ms+-5ms", err)
		}
	}
	switch {
	case l.Spread > l.Mean:
		return Latency{}, errors.New("the spread is greater than the latency: no answer takes less than no time")
	case l.Mean > MaxLatency || l.Spread > MaxLatency:
		return Latency{}, fmt.Errorf("must be at most %s", unit.Span(MaxLatency))
	}
	return l, nil
}

// draw returns the latency of one answer.
func (l Latency) draw(from func() float64) time.Duration {
	if l.Spread == 0 {
		return l.Mean
	}
	return l.Mean - l.Spread + time.Duration(from()*float64(2*l.Spread))
}

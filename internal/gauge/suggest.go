package gauge

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"weir/internal/alert"
	"weir/internal/unit"
)

// Busiest returns the most requests that a window of so many seconds had, of those that lie in
// the last span seconds which are closed. ok is false while less than that is known, and where there
// was no request.
func (g *Gauge) Busiest(window, span int64) (hits int64, ok bool) {
	closed, ok := g.clock.Closed()
	from := closed - span
	if !ok || !g.first.seen || g.first.first > from || window > span {
		return 0, false
	}
	sum := g.seconds.Sum(from, from+window)
	most, now := sum.Hits, sum.Hits
	for end := from + window; end < closed; end++ {
		now += g.seconds.At(end).Hits - g.seconds.At(end-window).Hits
		most = max(most, now)
	}
	return most, most > 0
}

// Suggest says which threshold of high traffic suits what the busiest window had, hits
// of it, of the last hour.
func Suggest(r *alert.Rule, hits int64) string {
	peak := float64(hits) / float64(r.Window)
	better := upTo2(1.5 * peak)
	text := fmt.Sprintf("high traffic: the busiest %s of the last hour had %s/s; ", seconds(r.Window), unit.Rate(hits, r.Window))
	if peak < 0.1 {
		text = fmt.Sprintf("high traffic: the busiest %s of the last hour had %d %s; ", seconds(r.Window), hits, unit.Plural(hits, "hit"))
	}
	return text + fmt.Sprintf("-t %s would alert at half as much again, where the default is %s (docs/alerts.md)", better, r.Threshold)
}

// upTo2 rounds up to two digits.
func upTo2(v float64) string {
	step := math.Pow(10, math.Floor(math.Log10(v))-1)
	// A hair less, so that 6 is not 6.1 for a rounding error.
	text := strconv.FormatFloat(math.Ceil(v/step-1e-9)*step, 'g', 3, 64)
	f, _ := strconv.ParseFloat(text, 64)
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func seconds(n int64) string { return unit.Span(time.Duration(n) * time.Second) }

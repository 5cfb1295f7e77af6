package change

import (
	"math"
	"testing"
	"time"

	"weir/internal/pack"
)

func appendSum(b []byte) []byte { return pack.AppendSum(b, 0) }

func TestADecisionIsASentence(t *testing.T) {
	const at = monday + 86400 + 14*3600 + 5*60 // a Tuesday
	weekly := Basis{Pattern: OfTheWeek, Share: 0.8, Visits: 3, Today: 0.97, Minutes: 40_000}
	const week = 7 * 24 * time.Hour
	for want, d := range map[string]Decision{
		"Traffic drop: 31 req/s, expected 120 ±15 (Tue 14:05, last 5m). -74 %, seen less than once in 10 weeks. Basis: same time on the last 3 Tuesdays at today's level (97 %).": {Event: Alert, At: at, Span: 300, Value: 31, Count: 9300, Expected: 120, Low: 105, High: 134, Change: -0.74, Rarity: 10*week + time.Hour, Basis: weekly},
		"No traffic: 0 req/min, expected 30 (12 to 60) (Tue 14:05, last 1m40s). -100 %, seen less than once in a year. Basis: last 40m only (learning).":                          {Event: Alert, At: at, Span: 100, Expected: 0.5, Low: 0.2, High: 1, Change: -1, Rarity: 52 * week, Basis: Basis{Pattern: Lately, Share: 1, Minutes: 40, Today: 1}},
		"Errors up: 2.1 % of 5,940 requests failed (125), expected 0.1 % (5.9), at most 0.3 % (Tue 14:05, last 5m). 21 times as much, seen less than once in 2 weeks. Basis: daily pattern, 4 days.": {
			Kind: Errors, Event: Alert, At: at, Span: 300, Value: 125.0 / 5940, Count: 125, Of: 5940, Expected: 0.001, High: 0.003, Change: 20.04, Rarity: 2 * week, Basis: Basis{Pattern: OfTheDay, Visits: 4, Today: 1},
		},
		"Errors down: 0 % of 480 requests failed (0), expected 3.7 % (18), at least 0.8 % (Tue 14:05, last 1m). -100 %, seen less than once in a year. Basis: the last hour.": {
			Kind: Errors, Event: Alert, At: at, Span: 60, Of: 480, Expected: 0.0367, Low: 0.008, High: 0.09, Change: -1, Rarity: 60 * week, Basis: Basis{Pattern: Lately, Minutes: 9000, Today: 1},
		},
		"p90 latency up: 412 ms, expected 215 ms, at most 260 ms (Tue 14:05, last 15m, 1,130 requests). +92 %, seen once in some days. Basis: the last hour.": {
			Kind: P90Latency, Event: Alert, At: at, Span: 900, Value: 0.412, Of: 1130, Expected: 0.215, High: 0.26, Change: 0.916, Rarity: week / 2, Basis: Basis{Pattern: Lately, Minutes: 9000, Today: 1},
		},
		"New normal accepted after 2h: traffic about 60 req/s (was 120 req/s).":                     {Event: NewNormal, At: at, Since: at - 7200, Span: 900, Value: 60, Was: 120},
		"Recovered: 118 req/s, expected 121 ±15, lasted 38m.":                                       {Event: Recovered, At: at, Since: at - 38*60, Span: 300, Value: 118, Expected: 121, Low: 106, High: 135.5},
		"Back to the former normal: traffic 118 req/s, expected 121 ±15.":                           {Event: Returned, At: at, Span: 180, Value: 118, Expected: 121, Low: 106, High: 135.5},
		"Nothing is known of mean latency yet. Basis: nothing yet (learning).":                      {Kind: MeanLatency, At: at},
		"Traffic: 118 req/s, expected 121 ±15 (Tue 14:05, last 5m). Basis: same time last Tuesday.": {At: at, Span: 300, Value: 118, Expected: 121, Low: 106, High: 135.5, Basis: Basis{Pattern: OfTheWeek, Visits: 1, Today: 1}},
		"Traffic surge: 50 req/min, expected 0 (0 to 3.0) (Tue 14:05, last 1h). where nothing was expected, seen less than once in a week. Basis: weekly pattern, 3 weeks, of the day that the calendar names.": {
			Event: Alert, At: at, Span: 3600, Value: 50.0 / 60, High: 0.05, Change: math.Inf(1), Rarity: week, Basis: Basis{Pattern: OfTheWeek, Visits: 3, Today: 1, Like: true},
		},
	} {
		if got := d.Text(time.UTC); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestTheBandIsWhereItWouldBeTold takes the ends of the band for values.
func TestTheBandIsWhereItWouldBeTold(t *testing.T) {
	z := critical(3.5)
	if math.Abs(surprise(z)-3.5) > 1e-9 {
		t.Errorf("the critical score %v has a surprise of %v", z, surprise(z))
	}
	for _, m := range []float64{0.01, 0.8, 4, 7, 60, 6000, 1e6} {
		for _, spread := range []float64{0.0004, 0.01, 0.1, 0.25} {
			if got := countScore(countAt(z, m, spread), m, spread); math.Abs(got-z) > 1e-6 {
				t.Errorf("%v, %v: the upper end has the score %v, want %v", m, spread, got, z)
			}
			if got := rareScore(rareAt(z, m, spread), m, spread); math.Abs(got-z) > 1e-6 {
				t.Errorf("%v, %v: the upper end of what is rare has the score %v, want %v", m, spread, got, z)
			}
			low := countAt(-z, m, spread)
			if got := countScore(low, m, spread); low > 0 && math.Abs(got+z) > 1e-6 || low == 0 && got < -z-1e-6 {
				t.Errorf("%v, %v: the lower end %v has the score %v, want %v", m, spread, low, got, -z)
			}
		}
	}
}

// TestRareScoresAreThoseOfThePoissonDistribution compares tails with sums: never
// more surprise than there is, and less than a power of ten below it.
func TestRareScoresAreThoseOfThePoissonDistribution(t *testing.T) {
	for _, m := range []float64{0.05, 0.5, 1, 3} {
		for k := int(m) + 4; k < int(m)+14; k++ {
			tail, term := 0.0, math.Exp(-m)
			for i := range 200 {
				if i >= k {
					tail += term
				}
				term *= m / float64(i+1)
			}
			z := rareScore(float64(k), m, 1e-6)
			got, want := -math.Log10(math.Erfc(z/math.Sqrt2)/2), -math.Log10(tail)
			if got > want+0.05 || got < want-0.75 {
				t.Errorf("%d where %v are expected: 10^-%.2f, want 10^-%.2f", k, m, got, want)
			}
		}
	}
}

package gauge

import (
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/unit"
)

func came(g *Gauge, source int, sec int64) {
	g.Record(source, &accesslog.Record{Sec: sec, Status: 200, Latency: accesslog.NoLatency})
}

// TestTheBusiestWindowIsFoundWhereverItLies, and not before so much time is known.
func TestTheBusiestWindowIsFoundWhereverItLies(t *testing.T) {
	for _, peak := range []int64{0, 300, 1799, 3599} {
		g := New(Options{Interval: 10, Rules: []alert.Rule{alert.HighTrafficRule(10*unit.One, 2*time.Minute)}})
		g.AddSource("log", false)
		for s := range int64(3600) {
			if _, ok := g.Busiest(120, 3600); ok {
				t.Fatalf("after %d s an hour is known", s)
			}
			came(g, 0, 1_700_000_000+s)
			if s == peak {
				for range 239 {
					came(g, 0, 1_700_000_000+s)
				}
			}
		}
		came(g, 0, 1_700_000_000+3600)
		hits, ok := g.Busiest(120, 3600)
		if want := int64(120 + 239); !ok || hits != want {
			t.Errorf("a peak in second %d: got %d, %v, want %d", peak, hits, ok, want)
		}
	}
}

func TestTheSuggestedThresholdIsHalfAsMuchAgain(t *testing.T) {
	r := alert.HighTrafficRule(10*unit.One, 2*time.Minute)
	for hits, want := range map[int64]string{
		4956:   "the busiest 2m of the last hour had 41.3/s; -t 62 would alert at half as much again, where the default is 10",
		480:    "had 4.0/s; -t 6 would",
		1:      "had 1 hit; -t 0.013 would",
		100000: "had 833.3/s; -t 1300 would",
	} {
		if got := Suggest(&r, hits); !strings.Contains(got, want) {
			t.Errorf("%d hits: got %q, want %q in it", hits, got, want)
		}
	}
}

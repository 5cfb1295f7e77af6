package gauge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/unit"
)

// happening is one thing in a trace: a record of a source, or, with source -1,
// the passing of time without one. now is the wall's clock in seconds.
type happening struct {
	source   int
	sec, now int64
}

// reference says in the plainest way which alerts a trace must cause: keep all
// that has arrived, see what is closed, count every window anew. It knows
// nothing of pages, skips, rings or runs.
func reference(trace []happening, sources int, lateness, window, threshold int64) (events []string) {
	newest, wrote := make([]int64, sources), make([]int64, sources)
	var arrived []int64
	var closed, at int64
	firing := false
	closeTo := func(to int64) {
		closed = max(closed, to)
		for ; len(arrived) > 0 && at < closed; at++ {
			hits := int64(0)
			for _, sec := range arrived {
				if sec >= at+1-window && sec < at+1 {
					hits++
				}
			}
			if above, below := hits > threshold*window, hits < threshold*window; !firing && above || firing && below {
				firing = !firing
				events = append(events, fmt.Sprint(firing, at+1, hits))
			}
		}
	}
	for _, h := range trace {
		if h.source >= 0 {
			newest[h.source], wrote[h.source] = max(newest[h.source], h.sec), h.now
		}
		slowest, furthest := int64(1<<62), int64(0)
		for i, n := range newest {
			furthest = max(furthest, min(n, 1)*(n+h.now-wrote[i]))
		}
		for i, n := range newest {
			if at := n + h.now - wrote[i]; n > 0 && h.now-wrote[i] < 10 && at >= furthest-300 {
				slowest = min(slowest, at)
			}
		}
		closeTo(min(slowest, furthest) - lateness)
		if h.source >= 0 {
			arrived = append(arrived, h.sec)
			if len(arrived) == 1 {
				at = max(closed, h.sec-300)
			}
		}
	}
	closeTo(slices.Max(arrived) + 1)
	return events
}

// play gives the same trace to a Gauge.
func play(trace []happening, sources int, lateness, window, threshold int64) (events []string, g *Gauge, out []Output) {
	rate := unit.PerSecond(threshold * 1_000_000)
	g = New(Options{
		Interval: 10, Lateness: time.Duration(lateness) * time.Second,
		Rules: []alert.Rule{alert.HighTrafficRule(rate, time.Duration(window)*time.Second)},
	})
	for range sources {
		g.AddSource("log", false)
	}
	for _, h := range trace {
		now := time.Unix(h.now, 0)
		if h.source < 0 {
			g.Tick(now)
			continue
		}
		g.Wrote(h.source, now, now)
		g.Record(h.source, &accesslog.Record{Sec: h.sec, Status: 200, Bytes: 1, Latency: accesslog.NoLatency})
		g.Caught(h.source, true, now)
	}
	g.End()
	out = g.Take()
	for _, o := range out {
		if e := o.Event; e != nil {
			events = append(events, fmt.Sprint(e.State == alert.Firing, e.At, e.Hits))
		}
	}
	return events, g, out
}

// randomTrace is a few minutes of bursts, lulls and silences. Records are
// stamped up to late seconds before they are written.
func randomTrace(r *rand.Rand, sources int, late int64) []happening {
	now := int64(1_700_000_000) + r.Int64N(100)
	var trace []happening
	for range 3 + r.IntN(12) {
		source := r.IntN(sources)
		for range 1 + r.IntN(1+r.IntN(60)) {
			trace = append(trace, happening{source, now - r.Int64N(late+1), now})
			if r.IntN(4) == 0 {
				now++
			}
		}
		pause := []int64{0, 1, 1, 2, 3, 9, 10, 11, 30, 150}[r.IntN(10)]
		for range pause {
			now++
			if r.IntN(3) > 0 {
				trace = append(trace, happening{-1, 0, now})
			}
		}
	}
	return trace
}

// TestRandomTracesGiveTheAlertsOfTheReference plays 40,000 random traces: one
// to three sources, in order and out of order within and beyond the lateness,
// with idle ticks. The Gauge must tell exactly what the reference tells.
func TestRandomTracesGiveTheAlertsOfTheReference(t *testing.T) {
	const traces = 40_000
	fired, disorderly := 0, 0
	for seed := range uint64(traces) {
		r := rand.New(rand.NewPCG(seed, 5))
		sources, lateness := 1+r.IntN(3), r.Int64N(4)
		late := r.Int64N(lateness + 1)
		if r.IntN(3) == 0 {
			late = lateness + r.Int64N(20)
		}
		window, threshold := 1+r.Int64N(30), 1+r.Int64N(3)
		trace := randomTrace(r, sources, late)
		if late > lateness {
			// The idle clock would learn to wait: with late lines the reference
			// goes without it.
			trace = slices.DeleteFunc(trace, func(h happening) bool { return h.source < 0 })
			for i := range trace {
				trace[i].now = trace[len(trace)-1].now
			}
			disorderly++
		}
		want := reference(trace, sources, lateness, window, threshold)
		got, g, out := play(trace, sources, lateness, window, threshold)
		if slices.ContainsFunc(out, func(o Output) bool { return o.Notice != nil }) {
			t.Fatalf("seed %d: an epoch began: %s", seed, out[0].Notice.Text)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d sources, lateness %d, late %d, window %d, threshold %d:\ngot  %v\nwant %v\ntrace %v",
				seed, sources, lateness, late, window, threshold, got, want, trace)
		}
		checkAccount(t, seed, trace, g, out)
		fired += len(want)
	}
	if fired < traces/2 || disorderly < traces/10 {
		t.Fatalf("the traces are too tame: %d events, %d disorderly traces", fired, disorderly)
	}
	t.Logf("%d traces, %d events, %d traces with lines later than the lateness", traces, fired, disorderly)
}

// checkAccount holds the figures against the number of lines: none lost, none
// twice.
func checkAccount(t *testing.T, seed uint64, trace []happening, g *Gauge, out []Output) {
	t.Helper()
	lines, shown, late := int64(0), int64(0), int64(0)
	for _, h := range trace {
		if h.source >= 0 {
			lines++
		}
	}
	before := int64(0)
	for _, o := range out {
		if o.Interval == nil {
			continue
		}
		shown += o.Interval.Hits
		late += o.Interval.Late
		if o.Interval.From < before {
			t.Fatalf("seed %d: interval %d begins before the end of the last, %d", seed, o.Interval.From, before)
		}
		before = o.Interval.To
	}
	c := g.Closing()
	if c.Hits != lines || shown > lines || shown+c.Late < lines || late > c.Late {
		t.Fatalf("seed %d: %d lines, %d in the closing summary, %d in intervals, %d late (%d in intervals)", seed, lines, c.Hits, shown, c.Late, late)
	}
}

// TestFollowingAndReportingAgreeWithinTheLateness plays the same records as
// they arrive and sorted by their time.
func TestFollowingAndReportingAgreeWithinTheLateness(t *testing.T) {
	for seed := range uint64(5_000) {
		r := rand.New(rand.NewPCG(seed, 6))
		lateness := r.Int64N(6)
		trace := slices.DeleteFunc(randomTrace(r, 1, lateness), func(h happening) bool { return h.source < 0 })
		for i := range trace {
			trace[i].now = trace[len(trace)-1].now
		}
		sorted := slices.Clone(trace)
		slices.SortStableFunc(sorted, func(a, b happening) int { return int(a.sec - b.sec) })
		followed, _, _ := play(trace, 1, lateness, 10, 2)
		reported, _, _ := play(sorted, 1, 0, 10, 2)
		if !slices.Equal(followed, reported) {
			t.Fatalf("seed %d, lateness %d: followed %v, reported %v", seed, lateness, followed, reported)
		}
	}
}

package bench

import (
	"bytes"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/pace"
	"weir/internal/simulate"
	"weir/internal/unit"
	"weir/internal/view"
)

const logSize = 16 << 20

// combinedLog is about 16 MiB of Combined log, 1,000 lines a second, of a site
// as the simulator has it.
func combinedLog(tb testing.TB, start time.Time) (log []byte, lines int64) {
	tb.Helper()
	site, err := simulate.NewSite(simulate.SiteOptions{Seed: 1})
	if err != nil {
		tb.Fatal(err)
	}
	format, err := simulate.NewFormat("combined", time.UTC)
	if err != nil {
		tb.Fatal(err)
	}
	l := simulate.Log{
		Site: site, Format: format, Seed: 1, Count: logSize / 205,
		Pacer: pace.New(pace.Constant{Rate: 1000 * unit.One}),
	}
	var buf bytes.Buffer
	lines, err = l.Fill(tb.Context(), start, &buf)
	if err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes(), lines
}

// newGauge has the settings of the command line.
func newGauge() *gauge.Gauge {
	return gauge.New(gauge.Options{
		Interval: 10, Lateness: 2 * time.Second, SectionExpiration: 120,
		Tops:  view.Tops{Sections: 10, Clients: 5, Paths: 5},
		Rules: []alert.Rule{alert.HighTrafficRule(10*unit.One, 2*time.Minute)},
	})
}

// fold parses log and, with g, counts it; it returns the hits.
func fold(log []byte, p accesslog.Parser, g *gauge.Gauge) (hits int64) {
	var r accesslog.Record
	for len(log) > 0 {
		end := bytes.IndexByte(log, '\n') + 1
		if p.Parse(accesslog.TrimEnd(log[:end]), &r).Kind == accesslog.Hit {
			hits++
			if g != nil {
				g.Record(0, &r)
			}
		}
		log = log[end:]
	}
	return hits
}

// BenchmarkLogToGauge is the way from bytes to the summary of a run: cut,
// parse, count, make intervals, decide on alerts. The gate is 450 ns a line.
func BenchmarkLogToGauge(b *testing.B) {
	benchmarkLog(b, func(log []byte, p accesslog.Parser, read time.Time) int64 {
		g := newGauge()
		g.AddSource("log", false)
		g.Wrote(0, read, read)
		fold(log, p, g)
		g.End()
		g.Take()
		return g.Closing().Hits
	})
}

// BenchmarkLogToRecords is the first half of it: what is not counting.
func BenchmarkLogToRecords(b *testing.B) {
	benchmarkLog(b, func(log []byte, p accesslog.Parser, _ time.Time) int64 { return fold(log, p, nil) })
}

func benchmarkLog(b *testing.B, run func(log []byte, p accesslog.Parser, read time.Time) int64) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	log, lines := combinedLog(b, start)
	format, ok := accesslog.Lookup("combined")
	if !ok {
		b.Fatal("there is no format named combined")
	}
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		if hits := run(log, format.New(), start.Add(time.Hour)); hits != lines {
			b.Fatalf("got %d hits of %d lines", hits, lines)
		}
	}
	perLine := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(lines)
	b.ReportMetric(perLine, "ns/line")
	b.ReportMetric(float64(len(log))/float64(lines), "B/line")
}

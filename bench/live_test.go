package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/gauge"
	"weir/internal/monitor"
	"weir/internal/view"
)

// probe is a Parser that notes how long after its writing a line is read: the
// target of a line carries the time of writing.
type probe struct {
	accesslog.Parser
	started time.Time
	lags    []time.Duration
	seen    atomic.Int64
}

func (p *probe) Parse(line []byte, r *accesslog.Record) accesslog.Outcome {
	out := p.Parser.Parse(line, r)
	if at, err := strconv.ParseInt(string(bytes.TrimPrefix(r.Target, []byte("/live/"))), 10, 64); err == nil {
		p.lags = append(p.lags, time.Since(p.started)-time.Duration(at))
		p.seen.Add(1)
	}
	return out
}

// nowhere is a screen nobody looks at.
type nowhere struct{}

func (nowhere) Show(gauge.Output) error   { return nil }
func (nowhere) Close(*view.Closing) error { return nil }

// BenchmarkWrittenToCounted follows a log to which 10,000 lines a second are
// written, each with a write of its own, and tells how long after its writing
// a line is counted. The gate is a p99 of 30 ms; a run in which a sleep of 5 ms
// takes more than 10 says nothing about weir.
//
//	go test -run '^$' -bench WrittenToCounted -benchtime 100000x ./bench
func BenchmarkWrittenToCounted(b *testing.B) {
	const rate = 10_000
	path := filepath.Join(b.TempDir(), "access.log")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	p := &probe{Parser: combined(b), started: time.Now()}
	m, err := monitor.New(monitor.Options{
		Paths: []string{path}, Format: &accesslog.Format{Name: "probe", New: func() accesslog.Parser { return p }},
		Zone: time.UTC, Screen: nowhere{}, Gauge: gauge.Options{Interval: 10, Lateness: 2 * time.Second},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error)
	go func() { done <- m.Run(ctx) }()

	pause := time.NewTicker(5 * time.Millisecond)
	defer pause.Stop()
	var line []byte
	slept := time.Duration(0)
	written := 0
	for written < b.N {
		start := time.Now()
		<-pause.C
		slept = max(slept, time.Since(start))
		for due := int(time.Since(p.started).Seconds() * rate); written < min(due, b.N); written++ {
			line = fmt.Appendf(line[:0], `192.0.2.%d - - [%s] "GET /live/%d HTTP/1.1" 200 512 "-" "probe"`+"\n",
				written%200, time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"), time.Since(p.started))
			if _, err := f.Write(line); err != nil {
				b.Fatal(err)
			}
		}
	}
	for p.seen.Load() < int64(b.N) {
		<-pause.C
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	slices.Sort(p.lags)
	at := func(q float64) float64 { return float64(p.lags[int(q*float64(len(p.lags)-1))]) / 1e6 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(float64(slept)/1e6, "sleep-of-5ms-max-ms")
}

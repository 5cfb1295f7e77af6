package meter

import (
	"fmt"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
)

const start = int64(1_700_000_000)

// standing are the rules that stand by default.
func standing() []alert.Rule {
	rules := []alert.Rule{
		alert.HighTrafficRule(10*unit.One, 2*time.Minute),
		{Name: "errors", Metric: alert.Share, Of: "5xx", Threshold: 50_000, Window: 120, Min: 50},
		{Name: "latency", Metric: alert.P90, Threshold: 2_000_000, Window: 300, Min: 100},
		{Name: "no-traffic", Test: alert.Absent, Window: 120, Min: 480},
		{Name: "traffic-change", Metric: alert.Hits},
		{Name: "error-change", Metric: alert.Share, Of: "5xx"},
		{Name: "latency-change", Metric: alert.P90},
		{Name: "mean-latency-change", Metric: alert.Mean},
	}
	for i := range rules[4:] {
		rules[4+i].Test, rules[4+i].By = alert.Changes, alert.Section
	}
	return rules
}

// requests are those of a site with so many sections, as often as each other.
func requests(sections int) (all []accesslog.Record) {
	for i := range 997 {
		all = append(all, accesslog.Record{
			Status: 200, Bytes: int64(100 * i), Latency: time.Duration(i*i) * time.Microsecond,
			Client: []byte("10.0.0.1"), Method: []byte("GET"), Target: fmt.Appendf(nil, "/section%d/page?q=%d", i%sections, i),
		})
	}
	return all
}

// A feeder gives records to a Bank, so many a second, and asks each second what a
// Board asks.
type feeder struct {
	bank    *Bank
	board   *alert.Board
	seconds *traffic.Seconds
	all     []accesslog.Record
	n       int
	sec     int64
	rate    int
}

func newFeeder(rules []alert.Rule, sections, rate int) *feeder {
	f := &feeder{seconds: new(traffic.Seconds), all: requests(sections), sec: start, rate: rate}
	f.bank = New(Options{Rules: rules, Lateness: 2}, f.seconds)
	f.board = alert.NewBoard(rules...)
	return f
}

func (f *feeder) record() {
	f.n++
	f.bank.Record("log", f.sec, &f.all[f.n%len(f.all)])
	if f.n%f.rate == 0 {
		f.seconds.Add(f.sec, traffic.Second{Hits: int64(f.rate)})
		f.sec++
	}
}

// hours runs until the sections are chosen.
func (f *feeder) hours(n int) {
	for end := f.sec + int64(n)*3600; f.sec < end; {
		f.record()
	}
}

func BenchmarkRecord(b *testing.B) {
	for _, sections := range []int{9, 300} {
		b.Run(fmt.Sprint(sections, "-sections"), func(b *testing.B) {
			f := newFeeder(standing(), sections, 10)
			f.hours(2)
			f.rate = 1 << 40
			b.ReportAllocs()
			for b.Loop() {
				f.record()
			}
		})
	}
}

// BenchmarkAdvance is what deciding costs: the rules by default for 25 sites of 40
// series each, as if each were a Board of its own. A second of a core is a billion of
// the nanoseconds it tells of a second of traffic; they may be one per cent of that.
func BenchmarkAdvance(b *testing.B) {
	f := newFeeder(standing(), 9, 10)
	f.hours(2)
	for f.board.Advance(f.sec, f.bank); len(f.board.Watches()) < 44; f.record() {
		f.board.Advance(f.sec, f.bank)
	}
	spent := time.Duration(0)
	first := f.sec
	for b.Loop() {
		for s := f.sec; f.sec == s; {
			f.record()
		}
		before := time.Now()
		f.board.Advance(f.sec, f.bank)
		spent += time.Since(before)
	}
	b.ReportMetric(25*float64(spent.Nanoseconds())/float64(f.sec-first), "ns/s-of-1000-series")
}

func TestARecordIsCountedWithoutAnAllocation(t *testing.T) {
	f := newFeeder(standing(), 9, 10)
	f.hours(2)
	f.rate = 1 << 40
	for range 2000 {
		f.record()
	}
	if n := testing.AllocsPerRun(5000, f.record); n != 0 {
		t.Errorf("a record took %v allocations", n)
	}
}

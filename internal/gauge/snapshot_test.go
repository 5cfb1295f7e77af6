package gauge

import (
	"fmt"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
)

func TestASnapshotTellsWhatThereIsToKnowNow(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{alert.HighTrafficRule(unit.One, 10*time.Second)}
	g := single(o, base+1000)
	if s := g.Snapshot(); s.Seen || s.Closed != 0 || s.Interval != nil || len(s.Windows) != 1 || s.Firing() != nil {
		t.Errorf("before the first record got %+v", s)
	}
	give := func(from, to int64) {
		for i := from; i < to; i++ {
			g.Record(0, record(base+i/2, "/"))
		}
	}
	give(0, 50) // 2 a second up to second 24, so that 23 is closed
	g.Record(0, record(base+3, "/"))
	g.Record(0, record(base+9000, "/"))
	g.Reject(0, accesslog.ReasonQuote, 2)
	s := g.Snapshot()
	if s.Closed != base+22 || s.Interval == nil || s.Interval.From != base+10 || s.Interval.Hits != 20 {
		t.Errorf("closed to %d, the last interval is %+v; want 22, and that from 10", s.Closed-base, s.Interval)
	}
	f := s.Firing()
	if len(f) != 1 || f[0].Since != base+6 || f[0].Hits != 20 || len(s.Alerts) != 1 || s.Alerts[0].At != base+6 {
		t.Errorf("got %+v, and the alerts %+v; want the rule that fires since 6 with 20 hits", f, s.Alerts)
	}
	if !s.Seen || s.From != base || s.To != base+24 || s.Late != 1 || s.Future != 1 || s.LateBy != 21 || s.Rejected.Total != 2 {
		t.Errorf("got %+v", s)
	}
	was := fmt.Sprintf("%+v", s)
	interval := *s.Interval
	for i := range int64(3000) { // alerts that fire and recover, far more than there is room for at once
		g.Record(0, record(base+30+i/20*40, "/"))
	}
	if now := fmt.Sprintf("%+v", s); now != was || fmt.Sprintf("%+v", interval) != fmt.Sprintf("%+v", *s.Interval) {
		t.Errorf("a snapshot has changed: it was\n%s\nand is\n%s", was, now)
	}
	if now := g.Snapshot(); len(now.Alerts) < 100 || now.Interval == s.Interval {
		t.Errorf("the next one has %d alerts and the interval %+v", len(now.Alerts), now.Interval)
	}
	c := g.Closing()
	if a, b := fmt.Sprintf("%+v", c.Snapshot), fmt.Sprintf("%+v", g.Snapshot()); a != b {
		t.Errorf("the summary has\n%s\nthe snapshot\n%s", a, b)
	}
}

// TestASnapshotOfARestoredGaugeTellsOfTheRunAndOfNow: what fires goes on firing,
// with its time; alerts of before are those of another run.
func TestASnapshotOfARestoredGaugeTellsOfTheRunAndOfNow(t *testing.T) {
	o := options()
	o.Sealer = traffic.NewSealer()
	o.Rules = []alert.Rule{alert.HighTrafficRule(unit.One, 10*time.Second)}
	st := store{sealer: o.Sealer}
	g := single(o, base+1000)
	for i := range int64(70) {
		g.Record(0, record(base+i/2, "/"))
	}
	st.take(g.Take())
	was := g.Snapshot()
	back := reborn(t, g, o, st.past())
	s := back.Snapshot()
	if fmt.Sprint(s.Windows, s.Closed) != fmt.Sprint(was.Windows, was.Closed) || len(s.Firing()) != 1 {
		t.Errorf("got %+v, want the windows %+v", s, was.Windows)
	}
	if s.Seen || len(s.Alerts) != 0 || s.Interval != nil {
		t.Errorf("the run has just begun, and tells %+v", s)
	}
	back.Record(0, record(base+36, "/"))
	if s = back.Snapshot(); !s.Seen || s.From != base+36 || s.To != base+36 {
		t.Errorf("got %+v, want a run from 36 to 36", s)
	}
}

// BenchmarkSnapshot: with as many alerts as are remembered.
func BenchmarkSnapshot(b *testing.B) {
	o := options()
	o.Rules = []alert.Rule{alert.HighTrafficRule(unit.One, time.Second), long(unit.One, time.Hour)}
	g := single(o, base+1<<33)
	for i := range int64(2 * alert.MaxHistory) {
		g.Record(0, record(base+3*(i/2), "/"))
	}
	b.ReportAllocs()
	for b.Loop() {
		g.Snapshot()
	}
}

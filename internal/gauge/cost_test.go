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

// standing are the rules that stand by default.
func standing() []alert.Rule {
	return append([]alert.Rule{
		alert.HighTrafficRule(10*unit.One, 2*time.Minute),
		{Name: "errors", Metric: alert.Share, Of: "5xx", Threshold: 50_000, Window: 120, Min: 50},
		{Name: "latency", Metric: alert.P90, Threshold: 2_000_000, Window: 300, Min: 100},
		{Name: "no-traffic", Test: alert.Absent, Window: 120, Min: 480, Severity: alert.Critical},
	}, changeRules()...)
}

// busy gives hours of ten requests a second to nine sections.
func busy(g *Gauge, from, seconds int64, each func(sec int64)) {
	rec := accesslog.Record{Status: 200, Bytes: 100, Client: []byte("10.0.0.1"), Method: []byte("GET")}
	var targets [][]byte
	for i := range 9 {
		targets = append(targets, fmt.Appendf(nil, "/section%d/page", i))
	}
	n := int64(0)
	for sec := from; sec < from+seconds; sec++ {
		for range 10 {
			n++
			rec.Sec, rec.Target, rec.Latency = sec, targets[n%9], time.Duration(1000+n*7919%90_000)*time.Microsecond
			g.Record(0, &rec)
		}
		each(sec)
	}
}

// TestTheStateOfFortySeriesIsSmall: what the rules by default add to a commit of each ten
// seconds, with the site and nine sections: 11 KB of meters, most of it the latencies of
// five minutes, 4.6 KB of rules with their steps, and as its part of a checkpoint of
// 140 KB every five minutes 4.7 KB.
func TestTheStateOfFortySeriesIsSmall(t *testing.T) {
	o := options()
	o.Sealer, o.Rules = traffic.NewSealer(), standing()
	g := single(o, base+5*3600)
	var commits, meters, rules, learned, checkpoints int
	busy(g, base, 4*3600, func(sec int64) {
		if sec%10 != 0 || sec < base+2*3600 {
			return
		}
		g.Take()
		if data, fresh := g.Checkpoint(nil); fresh {
			learned, checkpoints = learned+len(data), checkpoints+1
		}
		commits, meters, rules = commits+1, meters+len(g.bank.AppendBinary(nil)), rules+len(g.board.AppendBinary(nil))
	})
	series := 0
	for _, w := range g.board.Watches() {
		if _, ok := w.Look(); ok {
			series++
		}
	}
	t.Logf("%d series; of %d commits each has %d bytes of meters and %d of rules; %d checkpoints of %d bytes",
		series, commits, meters/commits, rules/commits, checkpoints, learned/checkpoints)
	if series != 40 {
		t.Errorf("%d series, want 40", series)
	}
	if meters/commits > 40_000 || rules/commits > 10_000 || learned/checkpoints > 40*4096 {
		t.Error("the state is larger than it may be")
	}
}

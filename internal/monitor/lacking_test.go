package monitor

import (
	"testing"

	"weir/internal/alert"
	"weir/internal/view"
)

// TestARuleThatTheLogHasNothingForIsToldOnce: of somebody's own rules, and only once enough
// requests were without a time.
func TestARuleThatTheLogHasNothingForIsToldOnce(t *testing.T) {
	rules := []alert.Rule{{Name: "latency", Metric: alert.P90}, {Name: "slow", Metric: alert.P99}, {Name: "busy"}, {Name: "by host", By: alert.Host}}
	own := func(name string) bool { return name != "latency" }
	without := &view.Interval{Stats: view.Stats{Hits: 600}}
	with := &view.Interval{Stats: view.Stats{Hits: 600, Latency: &view.Latency{Count: 1}, Hosts: view.Table{Keys: 1}}}
	var l lacking
	for i, want := range []int{0, 2, 0, 0} {
		if got := l.take(without, rules, own); len(got) != want {
			t.Errorf("interval %d: told %q, want %d", i, got, want)
		}
	}
	l = lacking{}
	for _, iv := range []*view.Interval{without, with, without, without} {
		if got := l.take(iv, rules, own); got != nil {
			t.Errorf("one request has a time and a host, and told is %q", got)
		}
	}
	l = lacking{}
	if l.take(without, rules, nil); l.take(without, rules, nil) != nil {
		t.Error("told of rules that are nobody's own")
	}
}

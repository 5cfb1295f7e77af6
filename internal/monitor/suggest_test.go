package monitor

import (
	"strings"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/unit"
)

// TestAThresholdIsSuggestedOnceAfterTheFirstHour, of the busiest two minutes in it, and not
// again after a restart.
func TestAThresholdIsSuggestedOnceAfterTheFirstHour(t *testing.T) {
	inBubble(t, func(p *play) {
		const want = "high traffic: the busiest 2m of the last hour had 7.0/s; -t 11 would"
		o := p.remembering("first", "access.log")
		o.Suggest = true
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 2, 20*time.Minute)
		p.traffic("access.log", 7, 5*time.Minute)
		p.traffic("access.log", 2, 34*time.Minute)
		if got := p.screen.notices(); strings.Contains(got, "busiest") {
			p.Fatalf("before the hour is over: %s", got)
		}
		p.traffic("access.log", 2, 70*time.Minute)
		if got := p.screen.notices(); strings.Count(got, want) != 1 {
			p.Fatalf("after it: %s", got)
		}
		p.killed(&o, "first", "second")
		p.screen = newRecorder()
		o = p.remembering("second", "access.log")
		o.Suggest = true
		p.start(o)
		p.traffic("access.log", 2, 65*time.Minute)
		p.stop()
		p.must(o.History.Close())
		if got := p.screen.notices(); strings.Contains(got, "busiest") {
			p.Errorf("it was told again: %s", got)
		}
	})
}

func TestNoThresholdIsSuggestedToWhoHasChosenOne(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.options("access.log")
		o.Suggest = true
		chosen := alert.HighTrafficRule(10*unit.One, 3*time.Minute) // by a reload
		o.Reload = func(time.Time) *Reload { return &Reload{Rules: []alert.Rule{chosen}} }
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 1, 65*time.Minute)
		p.stop()
		if got := p.screen.notices(); strings.Contains(got, "busiest") {
			p.Errorf("got %s", got)
		}
	})
}

package backtest

import (
	"math/rand/v2"
	"testing"

	"weir/internal/alert"
)

// TestEachLevelOfALadderIsAWatchOfItsOwn: whatever is measured, a level has the alerts, and
// the time of firing, of an alert.Watch with that threshold.
func TestEachLevelOfALadderIsAWatchOfItsOwn(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		rule := alert.Rule{
			Name: "x", Window: 60, Threshold: alert.Level(1 + r.Int64N(40_000_000)), Test: alert.Test(r.IntN(2)),
			For: r.Int64N(3) * r.Int64N(30), KeepFiring: r.Int64N(3) * r.Int64N(30), Min: r.Int64N(2) * r.Int64N(400),
		}
		switch r.IntN(3) {
		case 0:
			rule.Recovery = rule.Threshold * 9 / 10
			if rule.Test == alert.Below {
				rule.Recovery = rule.Threshold * 11 / 10
			}
		case 1:
			rule.Metric = alert.P90
		}
		l := newLadder(&rule)
		watches := make([]alert.Watch, len(l.levels))
		alerts, firing, since := make([]int64, len(watches)), make([]int64, len(watches)), make([]int64, len(watches))
		for i := range watches {
			watches[i].Rule = rule
			watches[i].Rule.Threshold = l.levels[i]
			watches[i].Rule.Recovery = l.ends[i]
		}
		at, value := int64(1000), int64(600)
		for range 400 {
			at += rule.Cadence()
			switch r.IntN(6) {
			case 0:
				value = r.Int64N(4000)
			case 1:
				value = 0
			case 2:
				value = 60 * r.Int64N(60) // exactly at many of the levels
			default:
				value = max(0, value+r.Int64N(41)-20)
			}
			s := alert.Sample{Num: value, Den: 60, Hits: value, Whole: r.IntN(10) > 0}
			if r.IntN(20) == 0 {
				s = alert.Sample{}
			}
			l.step("", at, s)
			for i := range watches {
				e, ok := watches[i].Step(at, s)
				switch {
				case ok && e.Begins():
					alerts[i]++
					since[i] = at
				case ok && e.Was == alert.Firing:
					firing[i] += at - since[i]
				}
			}
		}
		l.end(at)
		for i := range watches {
			if watches[i].State == alert.Firing {
				firing[i] += at - since[i]
			}
			if l.alerts[i] != alerts[i] || l.firing[i] != firing[i] {
				t.Fatalf("%+v\nat the level %s: %d alerts, %d s firing, want %d, %d", rule, l.levels[i], l.alerts[i], l.firing[i], alerts[i], firing[i])
			}
		}
	}
}

func TestALadderTellsWhatAPersonCanChooseFrom(t *testing.T) {
	rule := alert.Rule{Name: "x", Window: 1, Threshold: 10_000_000}
	l := newLadder(&rule)
	for i := range int64(1000) {
		v := int64(3)
		if i%100 == 50 {
			v = 40 + i/100
		}
		l.step("", 1000+i, alert.Sample{Num: v, Den: 1, Hits: v})
	}
	steps, v := l.end(2000)
	if v.Seconds < 999 || v.Max != 49_000_000 || v.P50 != 4_000_000 || v.Min != 3_000_000 {
		t.Errorf("measured %+v", v)
	}
	own, last := false, steps[len(steps)-1]
	for i, s := range steps {
		own = own || s.Own && s.Threshold == 10_000_000 && s.Alerts == 10 && s.Firing == 10
		if i > 0 && (steps[i-1].Threshold >= s.Threshold || steps[i-1].Alerts < s.Alerts) {
			t.Errorf("steps %+v are in no order", steps)
		}
	}
	if !own || last.Alerts != 0 || last.Threshold != 50_000_000 || len(steps) > mostSteps+1 {
		t.Errorf("steps %+v", steps)
	}
}

package cli

import (
	"testing"
	"time"

	"weir/internal/alert"
)

func TestAThresholdOfTheFlagsTakesTheRecoveryWithIt(t *testing.T) {
	rule := alert.HighTrafficRule(20_000_000, 2*time.Minute)
	rule.Recovery = 15_000_000
	for flag, want := range map[alert.Level]alert.Level{5_000_000: 3_750_000, 20_000_000: 15_000_000, 50_000_000: 37_500_000} {
		flags := alert.Rule{Threshold: flag, Window: 60}
		if got := withHighTraffic([]alert.Rule{rule}, flags)[0]; got.Threshold != flag || got.Recovery != want || got.Window != 60 {
			t.Errorf("with -t %s: got %+v, want a recovery of %s", flag, got, want)
		}
	}
}

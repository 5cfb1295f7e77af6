package view

import (
	"testing"

	"weir/internal/alert"
)

func TestTheRulesThatFireAreTold(t *testing.T) {
	s := Snapshot{Windows: []Window{
		{Rule: alert.Rule{Name: "calm"}},
		{Rule: alert.Rule{Name: "high"}, State: alert.Firing, Since: 7},
		{Rule: alert.Rule{Name: "higher"}, State: alert.Firing, Since: 9},
	}}
	if f := s.Firing(); len(f) != 2 || f[0].Rule.Name != "high" || f[1].Since != 9 {
		t.Errorf("got %+v, want high and higher", f)
	}
	if f := new(Snapshot).Firing(); f != nil {
		t.Errorf("got %+v where there is no rule", f)
	}
}

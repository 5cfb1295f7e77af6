package view

import (
	"fmt"
	"strings"
	"testing"

	"weir/internal/alert"
)

func TestOfARuleThatFlapsTheEndsAreListed(t *testing.T) {
	var events []alert.Event
	add := func(rule string, pairs int) {
		for range pairs {
			r := alert.Rule{Name: rule, Window: 60}
			events = append(events, alert.Event{Rule: r, State: alert.Firing}, alert.Event{Rule: r, Was: alert.Firing})
		}
	}
	add("steady", 3)
	add("flapping", 10)
	add(alert.HighTraffic, 10)
	events = append(events, alert.Event{Rule: alert.Rule{Name: "muted"}, State: alert.Firing, Muted: "by its schedule"})
	got := map[string][]string{}
	for _, f := range Fold(events) {
		text := f.Event.State.String()
		if f.Left > 0 {
			text = fmt.Sprint(f.Left)
		}
		got[f.Event.Rule.Name] = append(got[f.Event.Rule.Name], text)
	}
	for rule, want := range map[string]string{
		"steady": strings.TrimSpace(strings.Repeat("firing quiet ", 3)), "flapping": "firing quiet 16 firing quiet",
		alert.HighTraffic: strings.TrimSpace(strings.Repeat("firing quiet ", 10)), "muted": "",
	} {
		if text := strings.Join(got[rule], " "); text != want {
			t.Errorf("%s is listed as %q, want %q", rule, text, want)
		}
	}
}

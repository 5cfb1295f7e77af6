package gauge

import (
	"testing"

	"weir/internal/alert"
	"weir/internal/change"
)

// TestOfAFallItIsNotToldWhatIsLeft: "mostly section /b" would be read as what is missing. Of a rise
// it is told, and so it is at the end of both.
func TestOfAFallItIsNotToldWhatIsLeft(t *testing.T) {
	g := New(options())
	for i := range int64(12) {
		was := gist{from: base + 10*i, to: base + 10*i + 10, hits: 1, tables: [4][]alert.Part{{{Key: "/b", Hits: 1}}}}
		if i > 5 {
			was.hits, was.tables[0][0].Hits = 2, 2
		}
		g.recent = append(g.recent, was)
	}
	rule := alert.Rule{Name: "traffic-change", Test: alert.Changes}
	for _, c := range []struct {
		name     string
		state    alert.State
		expected float64
		want     string
	}{
		{"a fall", alert.Firing, 5, ""},
		{"a rise", alert.Firing, 0.01, "mostly section /b (100%)"},
		{"the end", alert.Quiet, 0.5, "mostly section /b (100%)"},
	} {
		e := alert.Event{Rule: rule, State: c.state, At: base + 120, Change: &change.Decision{Span: 60, Value: 0.2, Expected: c.expected}}
		if got := g.cause(&e).Text(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

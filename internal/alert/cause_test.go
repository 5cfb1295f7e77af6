package alert

import "testing"

func TestACauseIsWhatChanceHasNotAdded(t *testing.T) {
	for name, c := range map[string]struct {
		cause Cause
		want  string
	}{
		"three equal sections that creep over a threshold": {Cause{
			Hits: 316, Before: 1500, Span: 60, Since: 300,
			Sections: []Part{{"/api", 112, 500}, {"/shop", 104, 500}, {"/cart", 100, 500}},
		}, ""},
		"one of three doubles": {Cause{
			Hits: 400, Before: 1500, Span: 60, Since: 300,
			Sections: []Part{{"/api", 196, 500}, {"/shop", 104, 500}, {"/cart", 100, 500}},
		}, "mostly section /api (49.0%)"},
		"one is most of the site": {Cause{
			Hits: 316, Before: 1500, Span: 60, Since: 300,
			Sections: []Part{{"/api", 216, 1000}, {"/cart", 100, 500}},
		}, "mostly section /api (68.4%)"},
		"a log without clients": {Cause{
			Hits: 40, Span: 60,
			Clients: []Part{{"", 40, 0}},
		}, ""},
		"nothing was before": {Cause{
			Hits: 40, Span: 60,
			Sections: []Part{{"/api", 30, 0}, {"/cart", 10, 0}},
		}, "mostly section /api (75.0%)"},
	} {
		if got := c.cause.Text(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

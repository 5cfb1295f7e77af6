package monitor

import (
	"weir/internal/alert"
	"weir/internal/view"
)

// lackingAfter is how many requests have to be without something for it to be said that the log
// does not have it.
const lackingAfter = 1000

// A lacking is what the requests so far do not have that rules ask for.
type lacking struct {
	requests, timed int64
	said            bool
}

// take counts the requests of an interval, and returns what there is to say, once: which rules of
// somebody's own can never fire, since the lines do not say how long requests take. Of those that stand
// by default nobody is told: most logs have no times.
func (l *lacking) take(iv *view.Interval, rules []alert.Rule, own func(rule string) bool) (notices []string) {
	if l.said || own == nil {
		return nil
	}
	l.requests += iv.Hits
	if iv.Latency != nil {
		l.timed += iv.Latency.Count
	}
	if l.requests < lackingAfter && l.timed == 0 {
		return nil
	}
	l.said = true
	if l.timed > 0 {
		return nil
	}
	for i := range rules {
		if r := &rules[i]; r.Metric.Timed() && own(r.Name) {
			notices = append(notices, "the rule "+r.Name+" cannot fire: no line says how long its request took; docs/formats.md tells how to log that")
		}
	}
	return notices
}

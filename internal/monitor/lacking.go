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
	requests int64
	untimed  want
	unnamed  want
}

// A want is one thing that requests may not have.
type want struct {
	had  bool // by one of them
	said bool
}

// take counts the requests of an interval, and returns what there is to say, once: which rules of
// somebody's own can never fire, since the lines do not say how long requests take, or what host they
// are for. Of those that stand by default nobody is told: most logs have no times.
func (l *lacking) take(iv *view.Interval, rules []alert.Rule, own func(rule string) bool) (notices []string) {
	if own == nil {
		return nil
	}
	l.requests += iv.Hits
	l.untimed.had = l.untimed.had || iv.Latency != nil && iv.Latency.Count > 0
	l.unnamed.had = l.unnamed.had || iv.Hosts.Keys > 0
	untimed, unnamed := l.untimed.due(l.requests), l.unnamed.due(l.requests)
	for i := range rules {
		switch r := &rules[i]; {
		case !own(r.Name):
		case untimed && r.Metric.Timed():
			notices = append(notices, "the rule "+r.Name+" cannot fire: no line says how long its request took; docs/formats.md tells how to log that")
		case unnamed && r.By == alert.Host:
			notices = append(notices, "the rule "+r.Name+" cannot fire: no line names the host that its request is for, so there is none to have an alert of its own; docs/formats.md tells how to log that")
		}
	}
	return notices
}

// due tells, once, that none of so many requests has it.
func (w *want) due(requests int64) bool {
	if w.said || w.had || requests < lackingAfter {
		return false
	}
	w.said = true
	return true
}

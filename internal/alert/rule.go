// Package alert decides when something is wrong: rules, their states, the events they cause.
//
// A Rule says what is unusual. A Watch holds the state of one Rule and steps
// through the closed seconds of event time; its Step is a pure function of the
// state, the second and the sample. The Board owns all Watches, walks them
// through time without stepping through every second of a long silence, and
// keeps the history of Events. The message a person reads is Event.String.
package alert

import (
	"time"

	"weir/internal/unit"
)

// HighTraffic is the name of the rule that stands by default.
const HighTraffic = "high-traffic"

// A Rule is a condition on the traffic of a window.
type Rule struct {
	Name      string
	Threshold unit.PerSecond // hits per second, on average over the window
	Window    int64          // seconds, > 0
	// Total makes messages carry the number of hits in the window instead of
	// their average per second.
	Total bool
}

// HighTrafficRule returns the rule that fires when the hits of the past window
// exceed threshold on average. Windows are whole seconds, at least one.
func HighTrafficRule(threshold unit.PerSecond, window time.Duration) Rule {
	return Rule{Name: HighTraffic, Threshold: threshold, Window: max(1, int64(window/time.Second))}
}

// A State is what a Watch thinks of its rule.
type State uint8

const (
	// Quiet is the state at the start and after a recovery.
	Quiet State = iota
	// Firing is the state from an alert to its recovery.
	Firing
)

// String returns "quiet" or "firing".
func (s State) String() string {
	if s == Firing {
		return "firing"
	}
	return "quiet"
}

// A Watch is one rule and its state. It belongs to its Board.
type Watch struct {
	Rule  Rule
	State State
	Since int64 // second at which State began; 0 at the start
}

// Step takes the hits of the window [t-Window, t) and returns the event that
// they cause, if any. The average is always taken over the whole window, so
// the first seconds of a log cannot fire it by themselves. Above the threshold
// it fires, below it recovers, and exactly at it the state stays.
func (w *Watch) Step(t, hits int64) (Event, bool) {
	side := w.Rule.Threshold.Compare(hits, w.Rule.Window)
	switch {
	case w.State == Quiet && side > 0:
		w.State = Firing
	case w.State == Firing && side < 0:
		w.State = Quiet
	default:
		return Event{}, false
	}
	e := Event{Rule: w.Rule, State: w.State, At: t, Hits: hits}
	if w.State == Quiet {
		e.After = t - w.Since
	}
	w.Since = t
	return e, true
}

package view

import (
	"time"

	"weir/internal/alert"
	"weir/internal/change"
)

// Window is a rule, for one key, and where the traffic stands against it.
type Window struct {
	Rule  alert.Rule
	Key   string // section, host or log; "" is the site
	State alert.State
	Since int64 // second, when State is not Quiet
	// Sample is what was measured last; of hits on the whole site, in the window
	// that ends at the Interval's To.
	alert.Sample
	// Of is how many seconds of the window had passed since the first record;
	// less than the window only at the start.
	Of           int64
	Muted        bool             // nobody is told of the alert
	Acknowledged bool             // somebody knows of the alert
	Change       *change.Decision // what a rule that Changes expects now; nil of others
}

// Name is what a person calls it: the rule, with the key where there is one.
func (w *Window) Name() string {
	if w.Key == "" {
		return w.Rule.Name
	}
	return w.Rule.Name + " of " + w.Key
}

// Now is where it stands in words: the value against what it is held against, or
// what was expected.
func (w *Window) Now() string {
	if w.Change != nil {
		return w.Change.Text(time.UTC)
	}
	e := alert.Event{Rule: w.Rule, Sample: w.Sample}
	return e.Standing()
}

package alert

import "weir/internal/change"

// A State is what a Watch thinks of its rule.
type State uint8

const (
	// Quiet is the state at the start and after a recovery.
	Quiet State = iota
	// Firing is the state from an alert to its recovery.
	Firing
	// Pending: the condition holds, but not yet for as long as the rule asks.
	Pending
)

// String returns "quiet", "firing" or "pending".
func (s State) String() string { return [...]string{"quiet", "firing", "pending"}[min(s, Pending)] }

// A Watch is one rule for one key, and its state. It belongs to its Board.
type Watch struct {
	Rule  Rule
	Key   string // "" where the rule has no By, and for the site where it Changes
	State State
	Since int64 // second at which State began; 0 at the start
	// Acknowledged is since when somebody knows of the alert; 0 for nobody.
	Acknowledged int64
	Last         Sample // the newest one; none after a restart

	known bool // Last is one
	// the Observer has to see what comes, even if it is nothing
	observed bool
	held     int64  // since when the condition of an alert holds
	over     int64  // since when what ends the alert holds, 0 while it does not
	muted    string // of the alert, when it began
	series   *change.Series
	heard    int64  // the end of the last step of series with a request
	steps    []step // of series since the last checkpoint
}

// Muted is why nobody was told of the alert that is open, "" where they were.
func (w *Watch) Muted() string { return w.muted }

// Step takes what was measured in the window that ends at t, and returns the
// event that it causes, if any. Above the threshold it fires, below it recovers,
// and exactly at it the state stays; so it does where nothing was measured.
func (w *Watch) Step(t int64, s Sample) (Event, bool) {
	w.Last, w.known = s, true
	over, under := w.Rule.judge(s)
	switch w.State {
	case Quiet:
		if !over {
			return Event{}, false
		}
		if w.Rule.For == 0 {
			return w.become(Firing, t), true
		}
		return w.become(Pending, t), true
	case Pending:
		switch {
		case !over:
			return w.become(Quiet, t), true
		case t-w.Since >= w.Rule.For:
			return w.become(Firing, t), true
		}
	case Firing:
		if !under {
			w.over = 0
			return Event{}, false
		}
		if w.over == 0 {
			w.over = t
		}
		if t-w.over >= w.Rule.KeepFiring {
			return w.become(Quiet, t), true
		}
	}
	return Event{}, false
}

// become changes the state, and says so.
func (w *Watch) become(s State, t int64) Event {
	e := Event{Rule: w.Rule, Key: w.Key, State: s, Was: w.State, At: t, Sample: w.Last, Began: t}
	if s != Firing && w.State == Firing {
		// Who was told of the alert is told of its end.
		e.After, e.Began, e.Muted = t-w.Since, w.Since, w.muted
	} else if w.Rule.Muted(t) {
		e.Muted = bySchedule
	}
	if w.State == Quiet {
		w.held = t
	}
	w.State, w.Since, w.over, w.Acknowledged, w.muted = s, t, 0, 0, e.Muted
	return e
}

// end ends what is open, for a reason that is not in the figures. ok is false
// where nothing is.
func (w *Watch) end(t int64, why string) (e Event, ok bool) {
	if w.State == Quiet {
		return Event{}, false
	}
	e = w.become(Quiet, t)
	e.Ended = why
	return e, true
}

// bySchedule is why an alert is muted that a Mute of its rule holds back. Another
// rule that tells the same does so until the alert is over.
const bySchedule = "by its schedule"

// unmute tells of an alert that was muted, and no longer is.
func (w *Watch) unmute(t int64) (e Event, ok bool) {
	if w.State != Firing || w.muted != bySchedule || w.Rule.Muted(t) {
		return Event{}, false
	}
	w.muted = ""
	e = Event{Rule: w.Rule, Key: w.Key, State: Firing, Was: Firing, At: t, Sample: w.Last, Began: w.Since, After: t - w.Since}
	if d, ok := w.Look(); ok { // what it looks like by now
		e.Change = &d
	}
	return e, true
}

// adopt gives the watch a changed rule. An alert goes on where it is still one:
// if the rule now asks for longer than it has held, it waits for that.
func (w *Watch) adopt(r Rule, t int64) (e Event, ok bool) {
	w.Rule = r
	if w.State == Firing && r.Test != Changes && r.For > 0 && t-w.held < r.For {
		held := w.held
		e = w.become(Pending, t)
		e.Ended = "the rule now asks for " + seconds(r.For)
		w.Since, w.held = held, held
		return e, true
	}
	return Event{}, false
}

// calm reports whether nothing can change as long as no request comes; see
// Board.Advance.
func (w *Watch) calm() bool {
	r, s := &w.Rule, &w.Last
	shrinks := r.Metric <= Visitors && r.Earlier == 0 // without requests the value only falls
	switch {
	case !w.known && r.Test != Changes || w.State == Pending || w.over != 0 || w.muted == bySchedule:
		return false
	case r.Test == Changes:
		return true // what happens in silence is asked of the series
	case r.Test == Above && w.State == Quiet:
		return s.Num <= 0 || shrinks
	case r.Test == Above:
		return s.Den <= 0
	case r.Test == Burns:
		return s.Hits == 0
	case r.Test == Below && w.State == Quiet:
		return s.Num <= 0 && s.Whole && s.Hits < r.Min
	case r.Test == Absent && w.State == Quiet:
		return s.Num <= 0 && s.Hits < r.Min
	case w.State == Quiet:
		return false
	}
	return s.Num <= 0 // Below, Absent and the like, firing
}

// change takes a decision of the series.
func (w *Watch) change(d change.Decision) (Event, bool) {
	s := Quiet
	switch d.Event {
	case change.Alert:
		s = Firing
	case change.Recovered, change.NewNormal:
	default: // that a former normal is back ends no alert
		return Event{}, false
	}
	if s == w.State {
		return Event{}, false
	}
	w.Last = Sample{Num: int64(d.Value * 1e6), Den: 1e6, Hits: int64(max(d.Count, d.Of))}
	e := w.become(s, d.At)
	e.Change = &d
	return e, true
}

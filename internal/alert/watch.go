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
	Last         Sample // the newest one

	known bool // Last is one
	// observed: the Observer has to see what comes, even if it is nothing
	observed bool
	held     int64  // since when the condition of an alert holds
	over     int64  // since when what ends the alert holds, 0 while it does not
	muted    string // of the alert: why nobody was told
	none     bool   // of a rule that Changes: the alert says that there is next to nothing
	bare     int64  // since when no other alert says what this one would, of one that was muted for that; 0 while one does
	up       bool   // of such a rule: it says that there is more than expected
	series   *change.Series
	hushed   int64  // until when somebody wants to hear nothing; of Board.hushes
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
	} else {
		e.Muted = w.silent(t)
	}
	if w.State == Quiet {
		w.held = t
	}
	w.State, w.Since, w.over, w.Acknowledged, w.muted, w.bare = s, t, 0, 0, e.Muted, 0
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

// bySchedule is why an alert is muted that a Mute of its rule holds back.
const bySchedule = "by its schedule"

// unmute tells of an alert that was told to nobody, and now is; the reason is over.
func (w *Watch) unmute(t int64) Event {
	w.muted, w.bare = "", 0
	e := Event{Rule: w.Rule, Key: w.Key, State: Firing, Was: Firing, At: t, Sample: w.Last, Began: w.Since, After: t - w.Since}
	if w.series != nil {
		d := w.series.Look()
		d.Event = change.Alert
		e.Change = &d
	}
	return e
}

// alone reports whether w, muted since another alert said the same, has stood alone for so
// long that it is to be told. What a site and its sections have in common ends for
// them at different times, within some minutes.
func (w *Watch) alone(t int64, told bool) bool {
	switch {
	case told:
		w.bare = 0
		return false
	case w.bare == 0:
		w.bare = t
	}
	return w.Rule.Test != Changes || t-w.bare >= aloneSeconds
}

const aloneSeconds = 15 * 60

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
// Board.Advance. empty says that there was none in all that the rule looks at.
func (w *Watch) calm(empty bool) bool {
	r, s := &w.Rule, &w.Last
	switch {
	case w.State == Pending || w.over != 0:
		return false
	case r.Test == Changes, r.Test == Gone:
		return true // what happens in silence is asked of the series; the rest is no request
	case !w.known:
		return false
	case empty:
		return true // also where the window is not known: from when on it is, Figures.Next tells
	case r.Test == Burns:
		return s.Hits == 0 // its windows end at other seconds: that may still become more
	case w.State == Firing && r.Test == Above:
		// Without requests a rate falls, and an alert ends; of shares and latencies
		// there is nothing to say any more.
		return s.Den <= 0 && s.Hits == 0 && r.Earlier == 0
	case w.State == Firing:
		return r.recent(s) == 0
	case r.Test == Absent:
		return s.Num <= 0 && s.Hits < r.Min
	case r.Earlier > 0:
		return r.Test == Above && s.now == 0
	case s.Hits < r.Min && (r.Test == Above || r.Test == Below):
		return true // they only become fewer
	case r.Test == Above && r.Metric <= Visitors:
		return true // the value only falls
	case r.Test == Above && (r.Metric == Share || r.Metric == Rejected):
		return s.Num <= 0 || s.Num < r.MinOf
	case r.Test == Above:
		return s.Hits == 0 // quantiles rise where fast requests leave the window first
	}
	return r.Test == Below && r.Metric > Visitors && s.Hits == 0
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
	w.Last, w.known = Sample{Num: int64(d.Value * 1e6), Den: 1e6, Hits: int64(max(d.Count, d.Of))}, true
	w.none, w.up = s == Firing && d.Value < d.Expected/10, s == Firing && d.Value > d.Expected
	e := w.become(s, d.At)
	e.Change = &d
	return e, true
}

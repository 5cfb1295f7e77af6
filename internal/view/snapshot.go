package view

import "weir/internal/alert"

// A Snapshot is what there is to know of a measurement at one moment: what a
// screen or a page shows, and what the summary of the run ends with. As all of a
// view it is not changed once made, so one pointer hands it to any number of readers.
type Snapshot struct {
	Closed   int64     // all seconds of event time before it are closed; 0 where none is
	Interval *Interval // the last one shown; nil before the first
	Windows  []Window  // a rule each, as of Closed

	// What follows is of the run: since the start of this process, not of the history.

	Seen     bool  // there was a request; else From and To are 0
	From, To int64 // first and last second with one
	// Late and Future are requests for seconds already closed, and ahead of the
	// time of reading.
	Late, Future int64
	// LateBy is the lateness, in seconds, with which no record would have been
	// late.
	LateBy   int64
	Rejected Rejected
	Alerts   []alert.Event // oldest first
	Dropped  int           // older alerts no longer remembered
	Sources  []Source
	Channels []Channel
}

// Firing returns the rules that are firing.
func (s *Snapshot) Firing() []Window {
	var firing []Window
	for _, w := range s.Windows {
		if w.State == alert.Firing {
			firing = append(firing, w)
		}
	}
	return firing
}

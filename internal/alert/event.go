package alert

import (
	"fmt"
	"strconv"
	"time"

	"weir/internal/unit"
)

// An Event is a change of state of a rule: an alert or its recovery. It owns
// all it holds.
type Event struct {
	Rule  Rule
	State State // Firing: an alert; Quiet: its recovery
	At    int64 // the closed second T that caused it; the window is [T-Window, T)
	Hits  int64 // in the window
	After int64 // seconds since the alert, in a recovery
}

// Value is what messages print: the average per second with two decimals, or
// the total of the window where the rule says so.
func (e Event) Value() string {
	if e.Rule.Total {
		return strconv.FormatInt(e.Hits, 10)
	}
	return unit.Average(e.Hits, e.Rule.Window)
}

// Message is the sentence a person reads, its time in loc.
func (e Event) Message(loc *time.Location) string {
	at := time.Unix(e.At, 0).In(loc).Format(time.RFC3339)
	if e.State == Firing {
		return fmt.Sprintf("High traffic generated an alert - hits = %s, triggered at %s", e.Value(), at)
	}
	return fmt.Sprintf("High traffic alert recovered - hits = %s, recovered at %s", e.Value(), at)
}

// String is Message in UTC.
func (e Event) String() string { return e.Message(time.UTC) }

// Package view holds what a person is shown: plain values, read off the tallies, that screens write down each in its way.
//
// Everything in a view owns its memory and is not changed once made, so it may
// be handed to any number of readers. Strings are as the log has them: whoever
// shows them passes them through package escape.
package view

import (
	"time"

	"weir/internal/alert"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// An Interval is the summary of one stretch of event time [From, To).
type Interval struct {
	From, To int64 // Unix seconds
	Partial  bool  // cut short by the end of input, Ctrl-C or a clock that was set

	Stats
	Late   int64 // records for seconds already closed
	Future int64 // records ahead of the time of reading, counted by arrival

	Rejected Rejected
	Window   []Window // a rule each, as of To
	Before   *Stats   // the interval before; nil where there is none, or it was not whole
	Notes    []string // what stands out, in words
}

// Seconds is the length of the interval.
func (iv *Interval) Seconds() int64 { return iv.To - iv.From }

// Stats are the figures of a stretch of time.
type Stats struct {
	Hits, Bytes, Malformed int64
	Classes                [6]int64 // by first digit of the status; 0 = none
	Statuses               []Status // by code
	Visitors               int64
	VisitorsAtLeast        bool // the figure is a lower bound
	Latency                *Latency
	Sections               []Row
	Clients, Paths         []Row
	Methods                []Row
	// The hits of keys beyond those that are counted one by one.
	OtherSections, OtherClients, OtherPaths int64
	SectionCount                            int // distinct sections
	SectionsAtLeast                         bool
}

// Status is the number of answers with one status code; 0 is none.
type Status struct {
	Code int
	Hits int64
}

// Row is one line of a table.
type Row struct {
	Key     string
	Hits    int64
	Bytes   int64
	Errors  int64    // 5xx
	Latency *Latency // nil where none is known
}

// Latency sums up how long requests took; quantiles are at most 0.8 % off.
type Latency struct {
	Count                    int64
	Mean, P50, P90, P99, Max time.Duration
}

// Window is a rule and where the traffic stands against it.
type Window struct {
	Rule  alert.Rule
	State alert.State
	Since int64 // second, when State is Firing
	Hits  int64 // in the window that ends at the Interval's To
	// Of is how many seconds of the window had passed since the first record;
	// less than the window only at the start.
	Of int64
}

// Rejected counts lines that were no requests.
type Rejected struct {
	Total   int64
	Reasons []Reason // the most frequent first
}

// Reason is why lines were rejected.
type Reason struct {
	Text  string
	Lines int64
}

// Tops says how many rows of each table are kept.
type Tops struct{ Sections, Clients, Paths int }

// maxMethods is how many methods are told one by one.
const maxMethods = 20

// methodsLeft is the number of hits by methods that are not told.
func methodsLeft(t *traffic.Tally, told []Row) int64 {
	left := t.Hits - t.Malformed
	for _, r := range told {
		left -= r.Hits
	}
	return left
}

// Read reads the figures off a tally.
func Read(t *traffic.Tally, tops Tops) Stats {
	s := Stats{
		Hits: t.Hits, Bytes: t.Bytes, Malformed: t.Malformed, Classes: t.Classes,
		Latency:  ReadLatency(&t.Latency),
		Sections: rows(t.Top(traffic.BySection, tops.Sections)),
		Clients:  rows(t.Top(traffic.ByClient, tops.Clients)),
		Paths:    rows(t.Top(traffic.ByPath, tops.Paths)),
		Methods:  rows(t.Top(traffic.ByMethod, maxMethods)),

		OtherSections: t.Others(traffic.BySection).Hits,
		OtherClients:  t.Others(traffic.ByClient).Hits,
		OtherPaths:    t.Others(traffic.ByPath).Hits,
	}
	if rest := methodsLeft(t, s.Methods); rest > 0 {
		s.Methods = append(s.Methods, Row{Key: "(others)", Hits: rest})
	}
	for code, n := range t.Statuses {
		if n > 0 {
			s.Statuses = append(s.Statuses, Status{code, n})
		}
	}
	n, exact := t.Visitors()
	s.Visitors, s.VisitorsAtLeast = n, !exact
	keys, exact := t.Keys(traffic.BySection)
	s.SectionCount, s.SectionsAtLeast = keys, !exact
	return s
}

func rows(in []traffic.Row) []Row {
	out := make([]Row, 0, len(in))
	for _, r := range in {
		row := Row{Key: r.Key, Hits: r.Hits, Bytes: r.Bytes, Errors: r.Errors}
		if r.Latency != nil {
			row.Latency = ReadLatency(r.Latency)
		}
		out = append(out, row)
	}
	return out
}

// ReadLatency reads a histogram of microseconds; nil when it is empty.
func ReadLatency(h *sketch.Histogram) *Latency {
	if h.Count() == 0 {
		return nil
	}
	us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
	return &Latency{
		Count: h.Count(), Mean: us(h.Mean()), Max: us(h.Max()),
		P50: us(h.Quantile(0.5)), P90: us(h.Quantile(0.9)), P99: us(h.Quantile(0.99)),
	}
}

// Count of one status code.
func (s *Stats) Count(code int) int64 {
	for _, st := range s.Statuses {
		if st.Code == code {
			return st.Hits
		}
	}
	return 0
}

// Package view holds what a person is shown: plain values, read off the tallies, that screens write down each in its way.
//
// Everything in a view owns its memory and is not changed once made, so it may
// be handed to any number of readers. Strings are as the log has them: whoever
// shows them passes them through package escape.
package view

import (
	"strconv"
	"time"

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
	Window   []Window  // a rule each, as of To; of keys those where the rule is not quiet
	Before   *Stats    // the interval before, without tables, statuses, latency; nil where there is none, or it was not whole
	Notes    []string  // what stands out, in words
	Failing  []Channel // ways to people that do not work at the moment
}

// Seconds is the length of the interval.
func (iv *Interval) Seconds() int64 { return iv.To - iv.From }

// Stats are the figures of a stretch of time. They are one struct because a
// report shows all of them.
type Stats struct {
	Hits, Bytes, Malformed int64
	Classes                [6]int64 // by first digit of the status; 0 = none
	Statuses               []Status // by code
	Visitors               int64
	VisitorsEstimated      bool     // to about 0.8 %
	Latency                *Latency // nil where none is known
	Sections, Paths        Table
	Clients                Table
	Methods                Table
	BotHits                int64 // by agents that are programs
	Bots, BotKinds         Table

	// Tables of reports, empty elsewhere; but of Hosts the Keys are always known.
	NotFound, ServerErrors  Table // paths
	Agents, Referrers       Table
	Browsers, Systems       Table // of people
	Hosts, Users, Protocols Table
	// Of clients, where PlacesOf was asked for them.
	Countries, Cities, Networks Table
}

// Name is the code in words: 0 is none.
func (s Status) Name() string {
	if s.Code == 0 {
		return "none"
	}
	return strconv.Itoa(s.Code)
}

// A Table is the rows with the most hits of one dimension.
type Table struct {
	Rows []Row
	Keys int   // rows there are; all of them where Bound is 0
	Rest int64 // hits of keys that are not among Rows
	// Bound is how many hits a key can have that is not among the Keys, which
	// are those with the most; 0 where all are.
	Bound int64
}

// Status is the number of answers with one status code; 0 is none.
type Status struct {
	Code int
	Hits int64
}

// Row is one line of a table.
type Row struct {
	Key      string
	Hits     int64
	Missed   int64 // hits it may have beyond these; 0 where the row is exact
	Bytes    int64
	Errors   int64    // 5xx
	Latency  *Latency // nil where none is known
	Visitors int64    // of sections; -1 where not known
	// VisitorsEstimated: to about 1.6 %.
	VisitorsEstimated bool
}

// Latency sums up how long requests took. Quantiles are at most 0.8 % off.
type Latency struct {
	Count                    int64
	Mean, P50, P90, P99, Max time.Duration
	// Coarse: quantiles are right within a factor of two, and Max is 0.
	Coarse bool
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
type Tops struct {
	Sections, Clients, Paths int
	Bots                     int // where Others is 0
	Places                   int // each of countries, cities, networks; for PlacesOf
	Others                   int // of the tables of reports
}

// maxMethods is how many methods and protocols are told one by one.
const maxMethods = 20

// Read reads the figures off a tally.
func Read(t *traffic.Tally, tops Tops) Stats {
	s := Stats{
		Hits: t.Hits, Bytes: t.Bytes, Malformed: t.Malformed, Classes: t.Classes,
		Latency:  ReadLatency(&t.Latency),
		Sections: table(t, traffic.BySection, tops.Sections, t.Hits),
		Clients:  table(t, traffic.ByClient, tops.Clients, t.Hits),
		Paths:    table(t, traffic.ByPath, tops.Paths, t.Hits-t.Malformed),
		Methods:  table(t, traffic.ByMethod, maxMethods, t.Hits-t.Malformed),
	}
	if s.Methods.Rest > 0 {
		s.Methods.Rows = append(s.Methods.Rows, Row{Key: "(others)", Hits: s.Methods.Rest, Visitors: -1})
	}
	if n := tops.Others; n > 0 {
		s.NotFound = table(t, traffic.ByNotFound, n, t.Statuses[404])
		s.ServerErrors = table(t, traffic.ByServerError, n, t.Classes[5])
		s.Agents = table(t, traffic.ByAgent, n, t.Hits)
		s.visitorsOf(t, n)
		s.Referrers = table(t, traffic.ByReferrer, n, t.Hits)
		s.Hosts = table(t, traffic.ByHost, n, t.Hits)
		s.Users = table(t, traffic.ByUser, n, t.Hits)
		s.Protocols = table(t, traffic.ByProtocol, maxMethods, t.Hits-t.Malformed)
	} else {
		s.Hosts.Keys, _ = t.Keys(traffic.ByHost)
		if tops.Bots > 0 {
			s.botsOf(t, tops.Bots)
		}
	}
	for code, n := range t.Statuses {
		if n > 0 {
			s.Statuses = append(s.Statuses, Status{code, n})
		}
	}
	n, exact := t.Visitors()
	s.Visitors, s.VisitorsEstimated = n, !exact
	return s
}

// table reads the n best rows of a dimension that has so many hits in all.
func table(t *traffic.Tally, d traffic.Dimension, n int, hits int64) Table {
	keys, _ := t.Keys(d)
	tb := Table{Rows: rows(t.Top(d, n)), Keys: keys, Rest: hits, Bound: t.Bound(d)}
	for _, r := range tb.Rows {
		tb.Rest -= r.Hits
	}
	return tb
}

func rows(in []traffic.Row) []Row {
	out := make([]Row, 0, len(in))
	for _, r := range in {
		row := Row{Key: r.Key, Hits: r.Hits, Missed: r.Missed, Bytes: r.Bytes, Errors: r.Errors, Visitors: -1}
		switch {
		case r.Latency != nil:
			row.Latency = ReadLatency(r.Latency)
		case r.Coarse != nil:
			row.Latency = readCoarse(r.Coarse)
		}
		if r.Visitors != nil {
			n, exact := r.Visitors.Count()
			row.Visitors, row.VisitorsEstimated = n, !exact
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

func readCoarse(c *sketch.Coarse) *Latency {
	us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
	return &Latency{
		Count: c.Count(), Mean: us(c.Mean()), Coarse: true,
		P50: us(c.Quantile(0.5)), P90: us(c.Quantile(0.9)), P99: us(c.Quantile(0.99)),
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

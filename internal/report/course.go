package report

import (
	"cmp"
	"slices"

	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/view"
)

// A Course is what a history tells of a stretch of time, step by step. It owns its
// memory and is not changed once made.
type Course struct {
	Of       string // what the history is of, as a person names it
	From, To int64  // Unix seconds, half open
	Step     int64  // seconds; steps are aligned to 1970
	// KnownFrom and KnownTo are the ends of what the history tells of at all. A step
	// between them that is not in Stretches is one in which nothing was counted.
	KnownFrom, KnownTo int64
	Unread             []Gap     // of that time, in the order of time; they do not overlap
	Stretches          []Stretch // in the order of time
	view.Stats                   // of all of it
	Rejected, Late     int64
	Alerts             []Alert // in the order of time
	Marks              []Mark  // in the order of time

	// Fine are finer steps, of FineStep seconds, that graphs are drawn of; where
	// there are none Stretches are.
	Fine     []Stretch
	FineStep int64

	Shift   int64   // how many seconds before it Earlier lies
	Earlier *Course // what it is compared with; nil where that is nothing
}

// A Stretch is one step of a Course, or as much more as history keeps together.
type Stretch struct {
	From, To int64 // Unix seconds, half open
	traffic.Second
	Malformed, Rejected, Late int64
	Visitors                  int64
	Latency                   *view.Latency // nil where none is known
	// Bounds: Visitors are not above the true number, quantiles not below the
	// true ones.
	Bounds bool
}

// An Alert is a change of state of a rule, as a history keeps it.
type Alert struct {
	alert.Event
	ID       int64 // rising
	Replayed bool  // found in the past of a log
}

// A Mark is a note on the time line.
type Mark struct {
	At   int64 // Unix seconds
	Text string
}

// A Gap is a stretch of time in which no log was read.
type Gap struct {
	From, To int64 // Unix seconds, half open
	Unknown  bool  // whether it was read is not known
}

// A gap is a stretch of time without a step.
type gap struct {
	from, to int64
	why      string
}

// Why there is no figure.
const (
	beforeAll = "before the history begins"
	noRequest = "nothing was counted: no request"
	notRead   = "nothing was counted: weir did not run"
	noCount   = "nothing was counted: no request, or weir did not run" // not known which
	notYet    = "not counted yet"
)

// gaps returns the stretches of c of which there is no step, in the order of time.
func (c *Course) gaps() []gap {
	var all []gap
	add := func(from, to int64) {
		put := func(from, to int64, why string) {
			if from < to {
				all = append(all, gap{from, to, why})
			}
		}
		put(from, min(to, c.KnownFrom), beforeAll)
		at, end := max(from, c.KnownFrom), min(to, c.KnownTo)
		for _, g := range c.Unread {
			if at >= end || g.To <= at || g.From >= end {
				continue
			}
			why := notRead
			if g.Unknown {
				why = noCount
			}
			put(at, g.From, noRequest)
			put(max(at, g.From), min(end, g.To), why)
			at = min(end, g.To)
		}
		put(at, end, noRequest)
		put(max(from, c.KnownFrom, c.KnownTo), to, notYet)
	}
	at := c.From
	for i := range c.Stretches {
		s := &c.Stretches[i]
		add(at, s.From)
		at = max(at, s.To)
	}
	add(at, c.To)
	return all
}

// before returns the step of Earlier that s is compared with; nil where there is none.
func (c *Course) before(s *Stretch) *Stretch {
	if c.Earlier == nil {
		return nil
	}
	all := c.Earlier.Stretches
	i, _ := slices.BinarySearchFunc(all, s.From-c.Shift, func(e Stretch, at int64) int { return cmp.Compare(e.From, at) })
	if i < len(all) && all[i].From == s.From-c.Shift && all[i].To == s.To-c.Shift {
		return &all[i]
	}
	return nil
}

// A Ranking is a table of one dimension of a stretch of a history. It owns its memory.
type Ranking struct {
	Of       string // what the history is of, as a person names it
	By       string // the dimension
	From, To int64  // Unix seconds, half open: what the rows cover
	Hits     int64  // of all that have the dimension
	Table    view.Table
	Earlier  *Ranking // what it is compared with; nil where that is nothing
}

// Dimensions are the names of what a Ranking can be by.
func Dimensions() []string {
	return []string{
		"section", "path", "client", "status", "method", "protocol", "host", "user", "agent", "browser", "system", "bot", "referrer",
		"not-found", "server-error", "country", "city", "network",
	}
}

// Rank reads the table by one of the Dimensions off the figures of [from, to), with so
// many rows at most; an empty one for any other name.
func Rank(s *view.Stats, by string, top int) *Ranking {
	methods := s.Methods
	if methods.Rest > 0 {
		methods.Rows = methods.Rows[:len(methods.Rows)-1] // the sum of all others
	}
	t := map[string]view.Table{
		"section": s.Sections, "path": s.Paths, "client": s.Clients, "method": methods, "protocol": s.Protocols, "host": s.Hosts, "user": s.Users,
		"agent": s.Agents, "browser": s.Browsers, "system": s.Systems, "bot": s.Bots, "referrer": s.Referrers, "not-found": s.NotFound,
		"server-error": s.ServerErrors, "country": s.Countries, "city": s.Cities, "network": s.Networks,
		"status": ofStatus(s),
	}[by]
	for len(t.Rows) > top {
		last := len(t.Rows) - 1
		t.Rest += t.Rows[last].Hits
		t.Rows = t.Rows[:last:last]
	}
	r := &Ranking{By: by, Hits: s.Hits, Table: t}
	switch by {
	case "not-found":
		r.Hits = s.Count(404)
	case "server-error":
		r.Hits = s.Classes[5]
	}
	return r
}

// kindOf says what the rows of a table by a dimension are.
func kindOf(by string) kind {
	switch by {
	case "section":
		return ofSections
	case "agent":
		return ofAgents
	case "referrer", "user", "host":
		return ofSome
	case "country", "city", "network":
		return ofPlaces
	case "not-found", "server-error":
		return ofAnswers
	case "status":
		return ofCounts
	}
	return ofRequests
}

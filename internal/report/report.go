// Package report writes down what whole logs, or stretches of the past, hold: a page of text, JSON, CSV.
package report

import (
	"slices"

	"weir/internal/alert"
	"weir/internal/scan"
	"weir/internal/traffic"
	"weir/internal/view"
)

// A Report is what is told of whole logs. It owns its memory and is not changed
// once made. It is one struct because it is read as one page.
type Report struct {
	Seen     bool  // there was a request; else what follows is empty
	From, To int64 // first and last second with one, Unix seconds
	view.Stats
	Lines    int64 // lines read, headers apart
	Outside  int64 // requests that were not asked for: of another time, or filtered out
	Late     int64 // requests more than 2 s behind the newest of their log
	Rejected view.Rejected

	Peak1, Peak10 Peak           // the busiest second, the busiest 10 seconds
	Hours         []traffic.Hour // those with hits, oldest first
	// GoneHits lie in hours so long ago that they are not in Hours.
	GoneHits int64

	Rules   []alert.Rule  // those that Alerts and Open are of
	Alerts  []alert.Event // oldest first
	Dropped int           // older alerts no longer remembered
	Open    []view.Window // rules that are firing at the end
	// AlertsFrom is the second from which on alerts are known, 0 where that is
	// all the time: the log spans more seconds than memory may hold.
	AlertsFrom int64

	Notes    []string // what stands out, in words
	Sources  []view.Source
	Notices  []string // about the logs
	Failures []string // logs that could not be read, or not to their end
}

// A Peak is the stretch of time with the most hits, the first of equals.
type Peak struct {
	At   int64 // its first second
	Hits int64
}

// Options says what a Report tells.
type Options struct {
	Rules []alert.Rule // played over the whole log
	Tops  view.Tops
	// Place returns where a client is, "" for what is not known; nil where nobody
	// can tell, and there are no tables of places.
	Place func(client []byte) (country, city, network string)
}

// Read reads a Report off what was found in logs.
func Read(found *scan.Result, o Options) *Report {
	r := &Report{
		Stats: view.Read(found.Tally, o.Tops), Late: found.Timeline.Late,
		Sources: found.Sources, Notices: found.Notices, Rejected: view.ReadRejected(found.Rejected),
		Rules: slices.Clone(o.Rules),
	}
	if o.Place != nil {
		r.PlacesOf(found.Tally, o.Tops.Others, o.Place)
	}
	for _, s := range found.Sources {
		r.Lines += s.Lines
		r.Outside += s.Older
	}
	for _, f := range found.Failures {
		r.Failures = append(r.Failures, f.Error())
	}
	r.From, r.To, r.Seen = found.Timeline.Span()
	r.AlertsFrom, r.GoneHits = found.Timeline.Exact()
	if r.Seen {
		r.play(found.Timeline, o.Rules)
	}
	// A report has no stretch of time before it to compare with.
	r.Notes = view.StandOut(&view.Interval{From: r.From, To: r.To + 1, Partial: true, Stats: r.Stats}, found.Tally)
	return r
}

// play steps the rules through the whole log, second by second.
func (r *Report) play(t *traffic.Timeline, rules []alert.Rule) {
	board := alert.NewBoard(rules...)
	var seconds traffic.Seconds // the last day
	var last [10]int64          // hits of the 10 seconds before
	ten, before := int64(0), int64(-1)
	t.Hours(func(h traffic.Hour, counts []uint32) bool {
		r.Hours = append(r.Hours, h)
		if h.From != before || counts == nil {
			last, ten = [10]int64{}, 0
		}
		before = h.From + traffic.HourSeconds
		// Over a gap first, while the day in which it began is still known.
		board.Advance(h.From, alert.Only{Seconds: &seconds})
		for i, n := range counts {
			hits, sec := int64(n), h.From+int64(i)
			if hits > 0 {
				seconds.Add(sec, traffic.Second{Hits: hits})
			}
			slot := &last[sec%10]
			ten += hits - *slot
			*slot = hits
			r.Peak1.raise(sec, hits)
			r.Peak10.raise(sec-9, ten)
		}
		if counts != nil {
			board.Advance(min(h.From+traffic.HourSeconds, r.To+1), alert.Only{Seconds: &seconds})
		}
		return true
	})
	r.Peak10.At = max(r.Peak10.At, r.From)
	events, dropped := board.History()
	r.Alerts, r.Dropped = slices.Clone(events), dropped
	for _, w := range board.Watches() {
		if w.State == alert.Firing {
			r.Open = append(r.Open, view.Window{
				Rule: w.Rule, State: w.State, Since: w.Since, Of: w.Rule.Window,
				Sample: alert.Only{Seconds: &seconds}.Measure(0, "", alert.Look{At: r.To + 1, Span: w.Rule.Window}),
			})
		}
	}
}

func (p *Peak) raise(at, hits int64) {
	if hits > p.Hits {
		p.At, p.Hits = at, hits
	}
}

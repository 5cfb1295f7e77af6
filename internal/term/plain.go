package term

import (
	"io"
	"strconv"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/change"
	"weir/internal/escape"
	"weir/internal/gauge"
	"weir/internal/unit"
	"weir/internal/view"
)

// Plain writes blocks of text that a person reads at a glance. It belongs to
// one goroutine.
type Plain struct {
	W     io.Writer
	Zone  *time.Location // of all times shown
	Color bool           // terminal sequences may be written

	buf []byte
}

// The colours are those of the 16 of the terminal, so that its theme rules.
const (
	red   = "\x1b[1;31m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

const (
	width    = 80
	keyCells = 34
)

// Show writes one output. The error is that of the writer.
func (p *Plain) Show(o gauge.Output) error {
	p.buf = p.buf[:0]
	switch {
	case o.Event != nil:
		p.event(o.Event)
	case o.Interval != nil:
		p.interval(o.Interval)
	case o.Quiet != nil:
		p.line(dim, "no requests from ", p.time(o.Quiet.From), " to ", p.time(o.Quiet.To), " (",
			unit.Span(time.Duration(o.Quiet.To-o.Quiet.From)*time.Second), ")")
		p.line("")
	case o.Notice != nil:
		p.line(dim, "weir: ", escape.Terminal([]byte(o.Notice.Text)))
	}
	return p.flush()
}

func (p *Plain) flush() error {
	_, err := p.W.Write(p.buf)
	return err
}

// event writes the message of an alert, in one piece and at the margin, with what
// most of it is made of below. Changes of state that nobody is to be told of are in
// the history alone.
func (p *Plain) event(e *alert.Event) {
	color := green
	switch {
	case !e.Told() && !e.Acknowledged && e.Hushed == 0 || strings.HasPrefix(e.Muted, alert.Instead):
		return // another message has said it, or nobody is to be told
	case e.Acknowledged || e.Hushed != 0 || e.Muted != "":
		color = dim
	case e.State == alert.Firing:
		color = red
	}
	text := e.Message(p.Zone)
	if e.Muted != "" {
		text += " (muted: " + e.Muted + ")"
	}
	p.line(color, escape.Terminal([]byte(text)))
	if cause := e.Cause.Text(); cause != "" && e.State == alert.Firing && !e.Acknowledged && e.Hushed == 0 {
		p.line(dim, "  ", escape.Terminal([]byte(cause)))
	}
}

// interval writes a block such as
//
//	2026-11-21 12:41:20  10 s  4,468 hits  446.8/s  52 MB  1,904 visitors
//	  2xx 4,291 96.0%  3xx 90 2.0%  4xx 67 1.5%  5xx 20 0.4% (500: 12)
//	  latency p50 13 ms  p90 52 ms  p99 388 ms  max 2.1 s
//	  people 4,100 91.8%  bots 368 8.2%  okhttp 240  curl 100  Googlebot 28
//	  2m average 512.40/s, threshold 10/s, alert for 2m20s
//	  section                hits  per s   5xx   bytes       p90
//	  /api                  1,842  184.2  0.9%   12 MB     61 ms
//	  ! client 10.0.0.1 makes 41.2% of the hits
func (p *Plain) interval(iv *view.Interval) {
	seconds := iv.Seconds()
	p.begin(bold)
	p.add(p.time(iv.From), "  ", unit.Count(seconds), " s  ", unit.Count(iv.Hits), " ", unit.Plural(iv.Hits, "hit"), "  ",
		unit.Rate(iv.Hits, seconds), "/s  ", unit.Bytes(iv.Bytes), "  ", unit.About(iv.VisitorsEstimated), unit.Count(iv.Visitors), " ", unit.Plural(iv.Visitors, "visitor"))
	if iv.Partial {
		p.add("  (partial)")
	}
	p.end(bold)
	if iv.Hits > 0 {
		p.classes(&iv.Stats)
	}
	p.latency(iv.Latency)
	p.visits(&iv.Stats)
	p.places(&iv.Stats)
	open := 0
	for i := range iv.Window {
		if w := &iv.Window[i]; w.Rule.Name != alert.HighTraffic && w.State == alert.Firing {
			if w.Muted {
				continue
			}
			if open++; open > maxOpen {
				continue
			}
		}
		p.window(&iv.Window[i], iv.To)
	}
	if more := open - maxOpen; more > 0 {
		p.line(red, "  and ", strconv.Itoa(more), " more ", unit.Plural(int64(more), "alert"), " that are open: weir alerts --firing lists them")
	}
	if iv.Hits > 0 {
		p.table("section", iv.Sections, seconds)
	}
	for _, n := range iv.Notes {
		p.note("", n)
	}
	for i := range iv.Failing {
		p.note(red, p.failing(&iv.Failing[i]))
	}
	if iv.Late > 0 {
		p.line("", "  ! ", unit.Count(iv.Late), " late ", unit.Plural(iv.Late, "line"), ", after their second was closed")
	}
	if iv.Future > 0 {
		p.line("", "  ! ", unit.Count(iv.Future), " ", unit.Plural(iv.Future, "line"), " from the future: counted by arrival")
	}
	p.rejected(iv.Rejected, "  ! ")
	p.line("")
}

// note writes a sentence that may be as long as a section or a client likes.
func (p *Plain) note(color, text string) {
	first := "  ! "
	for _, line := range wrap(escape.Terminal([]byte(text)), guideCells-len(first)) {
		p.line(color, first, line)
		first = "    "
	}
}

// failing says why a way to people does not work.
func (p *Plain) failing(c *view.Channel) string {
	waiting := int64(c.Waiting)
	return "notify " + c.Name + " fails since " + c.FailingSince.In(p.Zone).Format(time.DateTime) + ", " +
		unit.Count(waiting) + " " + unit.Plural(waiting, "message") + " waiting: " + c.LastError
}

func (p *Plain) classes(s *view.Stats) {
	p.begin("")
	for class := 1; class <= 5; class++ {
		n := s.Classes[class]
		if class == 1 && n == 0 {
			continue
		}
		p.add("  ", string(rune('0'+class)), "xx ", unit.Count(n))
		if n > 0 {
			p.add(" ", unit.Percent(n, s.Hits))
		}
	}
	p.add(" (500: ", unit.Count(s.Count(500)), ")")
	if n := s.Classes[0]; n > 0 {
		p.add("  other ", unit.Count(n))
	}
	p.end("")
}

func (p *Plain) latency(l *view.Latency) {
	if l == nil {
		return
	}
	p.line("", "  latency  mean ", unit.Duration(l.Mean), "  p50 ", unit.Duration(l.P50), "  p90 ", unit.Duration(l.P90),
		"  p99 ", unit.Duration(l.P99), "  max ", unit.Duration(l.Max))
}

// visits sets people against bots; nothing where no agent is known for one.
func (p *Plain) visits(s *view.Stats) {
	if s.BotHits == 0 {
		return
	}
	people := s.Hits - s.BotHits
	p.list("  people "+unit.Count(people)+" "+unit.Percent(people, s.Hits)+"  bots "+unit.Count(s.BotHits)+" "+unit.Percent(s.BotHits, s.Hits), s.Bots)
}

// places tells where most hits come from: by country, or where the databases
// know none by city or network.
func (p *Plain) places(s *view.Stats) {
	switch {
	case s.Hits == 0:
	case len(s.Countries.Rows) > 0:
		p.list("  countries", s.Countries)
	case len(s.Cities.Rows) > 0:
		p.list("  cities", s.Cities)
	case len(s.Networks.Rows) > 0:
		p.list("  networks", s.Networks)
	}
}

// list writes a line of as many rows with their hits as it has room for.
func (p *Plain) list(head string, t view.Table) {
	const longest = 24 // cells of a name
	p.begin("")
	p.add(head)
	used := len(head)
	for _, r := range t.Rows {
		hits := unit.About(r.Missed > 0) + unit.Count(r.Hits)
		name := view.Name(r.Key)
		cells := min(longest, escape.Width([]byte(name)))
		if used += 2 + cells + 1 + len(hits); used > width {
			break
		}
		p.add("  ")
		p.left(name, cells)
		p.add(" ", hits)
	}
	p.end("")
}

// maxOpen is how many open alerts a block lists beside high traffic.
const maxOpen = 8

// window writes where the traffic stands against a rule: high traffic always,
// others while they fire, and of sudden change what is usual, once that is known.
func (p *Plain) window(w *view.Window, now int64) {
	switch {
	case w.Rule.Name == alert.HighTraffic:
		p.high(w, now)
	case w.State == alert.Firing:
		p.open(w, now)
	case w.Change != nil && w.Key == "" && w.Rule.Metric == alert.Hits && w.Change.Basis.Pattern != change.Unknown:
		p.line(dim, "  usual: ", w.Change.Usual())
	}
}

func (p *Plain) high(w *view.Window, now int64) {
	color := ""
	if w.State == alert.Firing {
		color = red
	}
	p.begin(color)
	p.add("  ", unit.Span(time.Duration(w.Rule.Window)*time.Second), " average ", unit.Average(w.Hits, w.Rule.Window),
		"/s, threshold ", w.Rule.Threshold.String(), "/s")
	if w.Of < w.Rule.Window {
		p.add(" (", unit.Span(time.Duration(w.Of)*time.Second), " seen)")
	}
	if w.State == alert.Firing {
		p.add(", alert for ", unit.Span(time.Duration(max(0, now-w.Since))*time.Second))
	}
	p.end(color)
}

// open writes an alert that is open.
func (p *Plain) open(w *view.Window, now int64) {
	known := ""
	if w.Acknowledged {
		known = ", acknowledged"
	}
	p.line(red, "  alert ", escape.Terminal([]byte(w.Name())), ": ", escape.Terminal([]byte(w.Now())), " (for ",
		unit.Span(time.Duration(max(0, now-w.Since))*time.Second), known, ")")
}

// table writes rows under a header; nothing when there are none.
func (p *Plain) table(title string, t view.Table, seconds int64) {
	if len(t.Rows) == 0 {
		return
	}
	timed := false
	for _, r := range t.Rows {
		timed = timed || r.Latency != nil
	}
	p.begin(dim)
	p.add("  ")
	p.left(title, keyCells)
	p.right("hits", 10)
	p.right("per s", 9)
	p.right("5xx", 7)
	p.right("bytes", 8)
	if timed {
		p.right("p90", 10)
	}
	p.end(dim)
	for _, r := range t.Rows {
		p.add("  ")
		p.left(view.Name(r.Key), keyCells)
		p.number(unit.About(r.Missed > 0)+unit.Count(r.Hits), r.Hits, 10)
		p.number(unit.Rate(r.Hits, seconds), r.Hits/max(1, seconds), 9)
		p.right(unit.Percent(r.Errors, r.Hits), 7)
		p.right(unit.Bytes(r.Bytes), 8)
		switch {
		case r.Latency != nil:
			p.right(unit.About(r.Latency.Coarse)+unit.Duration(r.Latency.P90), 10)
		case timed:
			p.right(unit.None, 10)
		}
		p.end("")
	}
	if t.Bound > 0 {
		p.line("", "  (too many to count each: one not listed has had ", unit.Count(t.Bound), " ", unit.Plural(t.Bound, "hit"), " at most)")
	}
}

func (p *Plain) rejected(r view.Rejected, mark string) {
	if r.Total == 0 {
		return
	}
	p.begin("")
	p.add(mark, unit.Count(r.Total), " rejected ", unit.Plural(r.Total, "line"))
	for i, why := range r.Reasons {
		p.add([]string{": ", ", "}[min(i, 1)], unit.Count(why.Lines), " ", why.Text)
	}
	p.end("")
}

// The pieces of a line.

func (p *Plain) begin(color string) {
	if p.Color {
		p.buf = append(p.buf, color...)
	}
}

func (p *Plain) end(color string) {
	if p.Color && color != "" {
		p.buf = append(p.buf, plain...)
	}
	p.buf = append(p.buf, '\n')
}

func (p *Plain) add(parts ...string) {
	for _, s := range parts {
		p.buf = append(p.buf, s...)
	}
}

func (p *Plain) line(color string, parts ...string) {
	p.begin(color)
	p.add(parts...)
	p.end(color)
}

// left appends s, which may come from a log, in exactly so many cells.
func (p *Plain) left(s string, cells int) {
	var used int
	p.buf, used = escape.AppendCut(p.buf, []byte(s), cells)
	for ; used < cells; used++ {
		p.buf = append(p.buf, ' ')
	}
}

// right appends one of our own numbers, aligned to the right.
func (p *Plain) right(s string, cells int) {
	for n := len(s); n < cells; n++ {
		p.buf = append(p.buf, ' ')
	}
	p.buf = append(p.buf, s...)
}

// number appends text, or where that would fill or burst its column n in short.
func (p *Plain) number(text string, n int64, cells int) {
	if len(text) >= cells {
		text = unit.Short(n)
	}
	p.right(text, cells)
}

func (p *Plain) time(sec int64) string {
	return time.Unix(sec, 0).In(p.Zone).Format(time.DateTime)
}

// more marks a number of rows beyond which keys were dropped.
func more(bound int64) string {
	if bound > 0 {
		return "+"
	}
	return ""
}

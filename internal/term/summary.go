package term

import (
	"strconv"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/unit"
	"weir/internal/view"
)

// Close writes the summary of the run. The error is that of the writer.
func (p *Plain) Close(c *view.Closing) error {
	p.buf = p.buf[:0]
	p.line(bold, "summary ", strings.Repeat("-", width-len("summary ")))
	if !c.Seen {
		p.line("", "  no request was read")
	} else {
		p.figures(c)
	}
	p.rejected(c.Rejected, "  ")
	for _, s := range c.Sources {
		p.source(s)
	}
	for _, ch := range c.Channels {
		p.channel(ch)
	}
	p.line("")
	p.alerts(c)
	return p.flush()
}

func (p *Plain) figures(c *view.Closing) {
	seconds := c.To + 1 - c.From
	p.line("", "  ", p.time(c.From), " to ", p.time(c.To), " (", unit.Span(time.Duration(seconds)*time.Second), ")")
	p.line("", "  ", unit.Count(c.Hits), " ", unit.Plural(c.Hits, "hit"), "  ", unit.Rate(c.Hits, seconds), "/s  ", unit.Bytes(c.Bytes), "  ",
		unit.About(c.VisitorsEstimated), unit.Count(c.Visitors), " ", unit.Plural(c.Visitors, "visitor"), "  ",
		unit.Count(int64(c.Sections.Keys)), more(c.Sections.Bound), " ", unit.Plural(int64(c.Sections.Keys), "section"))
	p.classes(&c.Stats)
	p.begin("")
	p.add("  methods")
	for _, m := range c.Methods.Rows[:min(5, len(c.Methods.Rows))] {
		p.add("  ")
		p.left(view.Name(m.Key), min(20, escape.Width([]byte(view.Name(m.Key)))))
		p.add(" ", unit.Count(m.Hits))
	}
	if c.Malformed > 0 {
		p.add("  no HTTP ", unit.Count(c.Malformed))
	}
	p.end("")
	p.latency(c.Latency)
	p.visits(&c.Stats)
	for _, t := range []struct {
		title string
		table view.Table
	}{
		{"section", c.Sections},
		{"client", c.Clients},
		{"path", c.Paths},
		{"bot", c.Bots},
		{"country", c.Countries},
		{"city", c.Cities},
		{"network", c.Networks},
	} {
		if len(t.table.Rows) == 0 {
			continue
		}
		p.line("")
		p.table(t.title, t.table, seconds)
	}
	p.line("")
	if c.Late > 0 {
		by := unit.Span(time.Duration(c.LateBy) * time.Second)
		p.begin("")
		p.add("  ", unit.Count(c.Late), " late ", unit.Plural(c.Late, "line"), ", up to ", by)
		if c.LateBy <= maxLateness {
			p.add(": --lateness ", by, " would count them in time")
		}
		p.end("")
	}
	if c.Future > 0 {
		p.line("", "  ", unit.Count(c.Future), " ", unit.Plural(c.Future, "line"), " from the future, counted by arrival: compare the clocks of the servers")
	}
}

// channel tells how a way to people is doing.
func (p *Plain) channel(c view.Channel) {
	color := ""
	if !c.FailingSince.IsZero() {
		color = red
	}
	p.begin(color)
	p.add("  notify ", escape.Terminal([]byte(c.Name)), " (", c.Kind, "): ", unit.Count(c.Delivered), " delivered")
	if c.Waiting > 0 {
		p.add(", ", unit.Count(int64(c.Waiting)), " waiting")
	}
	if c.GivenUp > 0 {
		p.add(", ", unit.Count(c.GivenUp), " given up")
	}
	if !c.FailingSince.IsZero() {
		p.add(", failing since ", c.FailingSince.In(p.Zone).Format(time.RFC3339), ": ", escape.Terminal([]byte(c.LastError)))
	}
	p.end(color)
}

func (p *Plain) source(s view.Source) {
	p.begin("")
	p.add("  ", escape.Terminal([]byte(s.Name)), ": ")
	switch {
	case s.Lines == 0:
		p.add("no line")
	case s.Format == "":
		p.add("unknown format, ")
	default:
		p.add(s.Format, ", ")
	}
	if s.Lines > 0 {
		p.add(unit.Count(s.Lines), " ", unit.Plural(s.Lines, "line"), ", ", unit.Count(s.Rejected), " rejected")
	}
	if s.Older > 0 {
		p.add(", ", unit.Count(s.Older), " before the start of reading")
	}
	if s.Filtered > 0 {
		p.add(", ", unit.Count(s.Filtered), " filtered out")
	}
	if s.Rotations > 0 {
		p.add(", ", strconv.Itoa(s.Rotations), " ", unit.Plural(int64(s.Rotations), "rotation"))
	}
	if s.Truncations > 0 {
		p.add(", ", strconv.Itoa(s.Truncations), " ", unit.Plural(int64(s.Truncations), "truncation"))
	}
	if s.Recovered > 0 {
		p.add(", ", unit.Bytes(s.Recovered), " recovered")
	}
	if s.PossibleLoss > 0 {
		p.add(", ", unit.Bytes(s.PossibleLoss), " possibly lost")
	}
	if s.Zeros > 0 {
		p.add(", ", unit.Bytes(s.Zeros), " of zeros")
	}
	if s.TooLong > 0 {
		p.add(", ", unit.Count(int64(s.TooLong)), " too long")
	}
	if s.Undecodable > 0 {
		p.add(", ", unit.Count(s.Undecodable), " ", unit.Plural(s.Undecodable, "character"), " undecodable")
	}
	if s.Lag > 0 {
		p.add(", ", unit.Bytes(s.Lag), " not read yet")
		if s.LagTime >= time.Second {
			p.add(" (", unit.Span(s.LagTime.Truncate(time.Second)), ")")
		}
	}
	if s.Dropped > 0 {
		p.add(", ", unit.Count(s.Dropped), " ", unit.Plural(s.Dropped, "message"), " lost on the way")
	}
	p.end("")
	if r := s.LastReject; r != nil {
		p.line("", "    last at ", escape.Terminal([]byte(r.Position(s.Name))), ": ", r.Reason)
	}
}

// maxLateness, in seconds, is the longest lateness worth suggesting: beyond it
// every alert would come too late to be of use.
const maxLateness = 600

// maxListed is how many alerts the summary lists again, the newest ones; all of
// them stand above it, each at its time.
const maxListed = 100

func (p *Plain) alerts(c *view.Closing) {
	fired := 0
	for i := range c.Alerts {
		if e := &c.Alerts[i]; e.Begins() && e.Muted == "" {
			fired++
		}
	}
	told := view.Fold(c.Alerts)
	if len(told) == 0 && c.Dropped == 0 {
		p.line("", "  no alert")
		return
	}
	if fired == 0 {
		p.line("", "  no new alert:") // the end of one, or a flap of long ago
	} else {
		p.line("", "  ", strconv.Itoa(fired), " ", unit.Plural(int64(fired), "alert"), ":")
	}
	if hidden := c.Dropped + max(0, len(told)-maxListed); hidden > 0 {
		p.line("", "  (", strconv.Itoa(hidden), " older messages are not listed again)")
	}
	for _, f := range told[max(0, len(told)-maxListed):] {
		if f.Left > 0 {
			p.line(dim, "  (", unit.Count(int64(f.Left)), " more messages of ", escape.Terminal([]byte(f.Event.Of())), ", which went on and off)")
			continue
		}
		p.add("  ")
		p.event(f.Event)
	}
	for _, w := range c.Firing() {
		if w.Muted {
			continue
		}
		p.line(red, "  still open: ", escape.Terminal([]byte(w.Name())), " since ", time.Unix(w.Since, 0).In(p.Zone).Format(time.RFC3339))
	}
}

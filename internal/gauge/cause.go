package gauge

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"weir/internal/alert"
	"weir/internal/pack"
	"weir/internal/view"
)

const (
	// gists are how many intervals are remembered to tell what an alert is made of:
	// at 10 s, the two minutes of high traffic and the four before them.
	gists = 36
	// gistRows are how many rows of each table.
	gistRows = 5
)

// A gist is what an interval was like.
type gist struct {
	from, to int64
	hits     int64
	failed   int64           // 5xx
	tables   [4][]alert.Part // sections, clients, statuses, 5xx of sections; Before is not used
}

// The tables of a gist.
const (
	ofSections = iota
	ofClients
	ofStatuses
	ofFailures
)

func gistOf(from, to int64, s *view.Stats) gist {
	g := gist{from: from, to: to, hits: s.Hits, failed: s.Classes[5]}
	for i, t := range []view.Table{s.Sections, s.Clients} {
		for _, r := range t.Rows[:min(gistRows, len(t.Rows))] {
			if r.Hits > 0 {
				g.tables[i] = append(g.tables[i], alert.Part{Key: r.Key, Hits: r.Hits})
			}
		}
	}
	for _, r := range s.Sections.Rows[:min(gistRows, len(s.Sections.Rows))] {
		if r.Errors > 0 {
			g.tables[ofFailures] = append(g.tables[ofFailures], alert.Part{Key: r.Key, Hits: r.Errors})
		}
	}
	statuses := slices.SortedStableFunc(slices.Values(s.Statuses), func(a, b view.Status) int { return cmp.Compare(b.Hits, a.Hits) })
	for _, st := range statuses[:min(gistRows, len(statuses))] {
		g.tables[ofStatuses] = append(g.tables[ofStatuses], alert.Part{Key: st.Name(), Hits: st.Hits})
	}
	return g
}

// remind keeps the gist of an interval that was shown.
func (g *Gauge) remind(iv *view.Interval) {
	g.recent = append(g.recent, gistOf(iv.From, iv.To, &iv.Stats))
	if n := len(g.recent) - gists; n > 0 {
		g.recent = slices.Delete(g.recent, 0, n)
	}
}

// cause tells what the window of an event was made of, as far as is remembered,
// beside the time before it: of requests that failed where the rule is about those.
// Of an alert of one section, host or log nothing is remembered, and of a fall there is nothing to tell.
func (g *Gauge) cause(e *alert.Event) *alert.Cause {
	if e.Key != "" || e.Rule.Where != "" {
		return nil
	}
	if d := e.Change; d != nil && e.State == alert.Firing && d.Value < d.Expected {
		return nil // what is left is not what is missing: "mostly section /b" would be read as that
	}
	failed := e.Rule.Metric == alert.Share && e.Rule.Class() == 5
	from := e.At - max(e.Rule.Window, g.o.Interval)
	if e.Change != nil {
		from = e.At - e.Change.Span
	}
	c := &alert.Cause{}
	var tables [4]map[string]*alert.Part
	// What was read of an interval that is still open depends on when somebody
	// looked: the same log read twice is to tell the same.
	for i := range g.recent {
		p := &g.recent[i]
		if p.from >= e.At {
			continue
		}
		hits, now := p.hits, p.to > from
		if failed {
			hits = p.failed
		}
		if now {
			c.Hits, c.Span = c.Hits+hits, c.Span+p.to-p.from
		} else {
			c.Before, c.Since = c.Before+hits, c.Since+p.to-p.from
		}
		for k := range p.tables {
			if tables[k] == nil {
				tables[k] = map[string]*alert.Part{}
			}
			for _, row := range p.tables[k] {
				sumUp(tables[k], row, now)
			}
		}
	}
	if c.Span == 0 {
		return nil
	}
	if failed {
		c.Sections = ranked(tables[ofFailures])
		maps.DeleteFunc(tables[ofStatuses], func(code string, _ *alert.Part) bool { return code[0] != '5' })
	} else if e.Rule.Metric != alert.Share && e.Rule.Metric != alert.Rejected {
		// Of another share it is not known who had the part that counts there: those who have
		// most requests were named for what others did.
		c.Sections, c.Clients = ranked(tables[ofSections]), ranked(tables[ofClients])
	}
	c.Statuses = ranked(tables[ofStatuses])
	return c
}

func sumUp(table map[string]*alert.Part, row alert.Part, now bool) {
	of := table[row.Key]
	if of == nil {
		of = &alert.Part{Key: row.Key}
		table[row.Key] = of
	}
	if now {
		of.Hits += row.Hits
	} else {
		of.Before += row.Hits
	}
}

// ranked returns the rows of a table that have most.
func ranked(table map[string]*alert.Part) []alert.Part {
	var all []alert.Part
	for _, p := range table {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b alert.Part) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Before, a.Before), cmp.Compare(a.Key, b.Key))
	})
	return all[:min(len(all), gistRows)]
}

func (g *Gauge) appendGists(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(g.recent)))
	for i := range g.recent {
		p := &g.recent[i]
		b = appendInts(b, p.from, p.to, p.hits, p.failed)
		for _, t := range p.tables {
			b = binary.AppendUvarint(b, uint64(len(t)))
			for _, row := range t {
				b = appendInts(pack.AppendBytes(b, row.Key), row.Hits)
			}
		}
	}
	return b
}

func (g *Gauge) readGists(r *pack.Reader) {
	const part = "recent intervals"
	for n := r.Count(part, 6); n > 0 && r.Err() == nil; n-- {
		p := gist{from: r.Second(part), to: r.Second(part), hits: r.Int(part), failed: r.Int(part)}
		for k := range p.tables {
			for m := r.Count(part, 2); m > 0 && r.Err() == nil; m-- {
				p.tables[k] = append(p.tables[k], alert.Part{Key: string(r.Bytes(part)), Hits: r.Int(part)})
			}
		}
		g.recent = append(g.recent, p)
	}
}

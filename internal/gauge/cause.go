package gauge

import (
	"cmp"
	"encoding/binary"
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
	tables   [3][]alert.Part // sections, clients, statuses; Before is not used
}

func gistOf(from, to int64, s *view.Stats) gist {
	g := gist{from: from, to: to, hits: s.Hits}
	for i, t := range []view.Table{s.Sections, s.Clients} {
		for _, r := range t.Rows[:min(gistRows, len(t.Rows))] {
			if r.Hits > 0 {
				g.tables[i] = append(g.tables[i], alert.Part{Key: r.Key, Hits: r.Hits})
			}
		}
	}
	statuses := slices.SortedStableFunc(slices.Values(s.Statuses), func(a, b view.Status) int { return cmp.Compare(b.Hits, a.Hits) })
	for _, st := range statuses[:min(gistRows, len(statuses))] {
		g.tables[2] = append(g.tables[2], alert.Part{Key: st.Name(), Hits: st.Hits})
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
// beside the time before it.
func (g *Gauge) cause(e *alert.Event) *alert.Cause {
	// What was read of an interval that is still open depends on when somebody
	// looked: the same log read twice is to tell the same.
	all := g.recent
	c := &alert.Cause{}
	from := e.At - max(e.Rule.Window, g.o.Interval)
	if e.Change != nil {
		from = e.At - e.Change.Span
	}
	var tables [3]map[string]*alert.Part
	for i := range all {
		p := &all[i]
		if p.from >= e.At {
			continue
		}
		now := p.to > from
		if now {
			c.Hits, c.Span = c.Hits+p.hits, c.Span+p.to-p.from
		} else {
			c.Before, c.Since = c.Before+p.hits, c.Since+p.to-p.from
		}
		for k := range p.tables {
			if tables[k] == nil {
				tables[k] = map[string]*alert.Part{}
			}
			for _, row := range p.tables[k] {
				of := tables[k][row.Key]
				if of == nil {
					of = &alert.Part{Key: row.Key}
					tables[k][row.Key] = of
				}
				if now {
					of.Hits += row.Hits
				} else {
					of.Before += row.Hits
				}
			}
		}
	}
	for k, into := range []*[]alert.Part{&c.Sections, &c.Clients, &c.Statuses} {
		for _, p := range tables[k] {
			*into = append(*into, *p)
		}
		slices.SortFunc(*into, func(a, b alert.Part) int {
			return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Before, a.Before), cmp.Compare(a.Key, b.Key))
		})
		*into = (*into)[:min(len(*into), gistRows)]
	}
	if c.Span == 0 {
		return nil
	}
	return c
}

func (g *Gauge) appendGists(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(g.recent)))
	for i := range g.recent {
		p := &g.recent[i]
		b = appendInts(b, p.from, p.to, p.hits)
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
		p := gist{from: r.Second(part), to: r.Second(part), hits: r.Int(part)}
		for k := range p.tables {
			for m := r.Count(part, 2); m > 0 && r.Err() == nil; m-- {
				p.tables[k] = append(p.tables[k], alert.Part{Key: string(r.Bytes(part)), Hits: r.Int(part)})
			}
		}
		g.recent = append(g.recent, p)
	}
}

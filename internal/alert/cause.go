package alert

import (
	"strings"

	"weir/internal/unit"
)

// A Cause is what the requests around an event were like, beside those of the
// time before: what a person looks at first. It is not changed once made.
type Cause struct {
	Hits, Before int64 // requests in the time of the alert, and in the time before it
	Span, Since  int64 // seconds that these are
	Sections     []Part
	Clients      []Part
	Statuses     []Part
}

// A Part is one key of a table: with most requests first.
type Part struct {
	Key          string
	Hits, Before int64 // as in Cause
}

// Grown returns the part of a table that has most of what has been added since
// the time before, and its share of all requests now; ok is false where nothing
// of it has a tenth of them.
func (c *Cause) Grown(parts []Part) (p Part, share float64, ok bool) {
	most := int64(0)
	for _, q := range parts {
		if added := q.Hits*c.Since - q.Before*c.Span; added > most && 10*q.Hits >= c.Hits {
			most, p, ok = added, q, true
		}
	}
	if ok && c.Hits > 0 {
		share = float64(p.Hits) / float64(c.Hits)
	}
	return p, share, ok
}

// String is Text.
func (c *Cause) String() string { return c.Text() }

// Text is one line, such as "mostly section /api (61.2 %), client 10.0.0.1
// (40.8 %)", "" where nothing stands out. Keys are as they stand in the log: they
// pass a gate of package escape before a person sees them.
func (c *Cause) Text() string {
	if c == nil || c.Hits == 0 {
		return ""
	}
	var all []string
	for _, t := range []struct {
		name  string
		parts []Part
	}{{"section", c.Sections}, {"client", c.Clients}, {"status", c.Statuses}} {
		if p, _, ok := c.Grown(t.parts); ok {
			all = append(all, t.name+" "+p.Key+" ("+unit.Percent(p.Hits, c.Hits)+")")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "mostly " + strings.Join(all, ", ")
}

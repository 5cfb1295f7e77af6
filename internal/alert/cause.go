package alert

import (
	"strings"

	"weir/internal/unit"
)

// A Cause is what the requests around an event were like, beside those of the
// time before: what a person looks at first. It is not changed once made.
type Cause struct {
	// Hits are the requests in the time of the alert, Before those in the time before
	// it; of a rule about a class of status, those of that class alone.
	Hits, Before int64
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

// Grown returns the part of a table that makes half or more of what there is now, or a
// quarter and half of what has been added since the time before, which chance has not, and its share of
// all now. ok is false where none does, and where there is not more than before.
func (c *Cause) Grown(parts []Part) (p Part, share float64, ok bool) {
	// Both as if the time before had been as long.
	added := c.Hits*max(1, c.Since) - c.Before*c.Span
	if added <= 0 || c.Hits == 0 {
		return p, 0, false
	}
	most := int64(0)
	for _, q := range parts {
		own := q.Hits*max(1, c.Since) - q.Before*c.Span
		if q.Key != "" && own > most && 4*q.Hits >= c.Hits && (2*own >= added && c.beyondChance(q) || 2*q.Hits >= c.Hits) {
			most, p, ok = own, q, true
		}
	}
	return p, float64(p.Hits) / float64(c.Hits), ok
}

// beyondChance reports whether a part has grown by three standard deviations of what chance
// does to counts. Without it a site of three equal sections whose traffic crept over its threshold was
// said to be mostly one of them, since that had half of the few requests that were added.
func (c *Cause) beyondChance(q Part) bool {
	times := float64(c.Span) / float64(max(1, c.Since))
	grown := float64(q.Hits) - float64(q.Before)*times
	return grown > 0 && grown*grown >= 9*(float64(q.Hits)+float64(q.Before)*times*times)
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
		if p, _, ok := c.Grown(t.parts); ok && !(t.name == "status" && p.Key[0] == '2') {
			all = append(all, t.name+" "+p.Key+" ("+unit.Percent(p.Hits, c.Hits)+")")
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "mostly " + strings.Join(all, ", ")
}

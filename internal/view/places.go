package view

import (
	"cmp"
	"slices"

	"weir/internal/traffic"
)

// PlacesOf fills in where clients are: each row of the table of clients is
// asked for once with place, which returns "" for what it does not know. The
// hits of clients without a row are in the rest of a table, and its Bound is
// that of the clients. A table in which nothing is known stays empty, but
// Countries where all three would.
func (s *Stats) PlacesOf(t *traffic.Tally, n int, place func(client []byte) (country, city, network string)) {
	type where struct{ country, city, network string }
	var places []where // in the order of the rows
	var known where
	t.Rows(traffic.ByClient, func(r *traffic.Row) bool {
		var p where
		p.country, p.city, p.network = place([]byte(r.Key))
		known = where{cmp.Or(known.country, p.country), cmp.Or(known.city, p.city), cmp.Or(known.network, p.network)}
		if p.city != "" && p.country != "" {
			p.city += ", " + p.country // there is a Paris in Texas
		}
		places = append(places, p)
		return true
	})
	// One table after the other, so that the groups of one are in memory.
	grouped := func(name func(*where) string) Table {
		var g groups
		i := 0
		t.Rows(traffic.ByClient, func(r *traffic.Row) bool {
			g.add(cmp.Or(name(&places[i]), Unknown), r)
			i++
			return true
		})
		tb := g.table(n, t.Hits, t.Bound(traffic.ByClient))
		tb.Rows = slices.Clone(tb.Rows) // the other groups are not to be kept
		return tb
	}
	if known.country != "" || known == (where{}) {
		s.Countries = grouped(func(p *where) string { return p.country })
	}
	if known.city != "" {
		s.Cities = grouped(func(p *where) string { return p.city })
	}
	if known.network != "" {
		s.Networks = grouped(func(p *where) string { return p.network })
	}
}

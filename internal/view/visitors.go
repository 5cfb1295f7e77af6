package view

import (
	"cmp"
	"slices"

	"weir/internal/agent"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// Unknown is the key of the row of agents that say nothing of what is asked.
const Unknown = "(unknown)"

// visitorsOf fills in who visited, from the agents of a tally: what their names
// say, classified here, once for each agent, and not once for each hit. Where
// the table of agents has dropped some these are missing, and Bound of the
// tables is that of the agents.
func (s *Stats) visitorsOf(t *traffic.Tally, n int) {
	var bots, kinds, browsers, systems groups
	bound, hits, botHits := t.Bound(traffic.ByAgent), int64(0), int64(0)
	t.Rows(traffic.ByAgent, func(r *traffic.Row) bool {
		a := agent.Classify([]byte(r.Key))
		hits += r.Hits
		if a.Kind != agent.None {
			botHits += r.Hits
			bots.add(a.Bot, r)
			kinds.add(a.Kind.String(), r)
			return true
		}
		browsers.add(cmp.Or(a.Browser, Unknown), r)
		systems.add(cmp.Or(a.System, Unknown), r)
		return true
	})
	s.BotHits = botHits
	s.Bots, s.BotKinds = bots.table(n, botHits, bound), kinds.table(n, botHits, bound)
	s.Browsers, s.Systems = browsers.table(n, hits-botHits, bound), systems.table(n, hits-botHits, bound)
}

// groups are rows put together by a name.
type groups struct {
	index map[string]int
	rows  []Row
	times []sketch.Coarse
}

func (g *groups) add(name string, r *traffic.Row) {
	i, ok := g.index[name]
	if !ok {
		if g.index == nil {
			g.index = map[string]int{}
		}
		i = len(g.rows)
		g.index[name] = i
		g.rows = append(g.rows, Row{Key: name, Visitors: -1})
		g.times = append(g.times, sketch.Coarse{})
	}
	row := &g.rows[i]
	row.Hits += r.Hits
	row.Missed += r.Missed
	row.Bytes += r.Bytes
	row.Errors += r.Errors
	if r.Coarse != nil {
		g.times[i].Merge(r.Coarse)
	}
}

// table returns the n rows with the most of the hits.
func (g *groups) table(n int, hits, bound int64) Table {
	for i := range g.rows {
		if g.times[i].Count() > 0 {
			g.rows[i].Latency = readCoarse(&g.times[i])
		}
	}
	slices.SortFunc(g.rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(a.Key, b.Key))
	})
	t := Table{Keys: len(g.rows), Rest: hits, Bound: bound, Rows: g.rows[:min(n, len(g.rows))]}
	for _, r := range t.Rows {
		t.Rest -= r.Hits
	}
	return t
}

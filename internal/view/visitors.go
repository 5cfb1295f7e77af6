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
	var browsers, systems groups
	people := int64(0)
	s.botsAnd(t, n, func(a agent.Agent, r *traffic.Row) {
		people += r.Hits
		browsers.add(cmp.Or(a.Browser, Unknown), r)
		systems.add(cmp.Or(a.System, Unknown), r)
	})
	bound := t.Bound(traffic.ByAgent)
	s.Browsers, s.Systems = browsers.table(n, people, bound), systems.table(n, people, bound)
}

// botsOf fills in the bots alone, as visitorsOf does.
func (s *Stats) botsOf(t *traffic.Tally, n int) {
	s.botsAnd(t, n, func(agent.Agent, *traffic.Row) {})
}

// botsAnd fills in the bots, and hands on the rows of agents that are none.
func (s *Stats) botsAnd(t *traffic.Tally, n int, person func(agent.Agent, *traffic.Row)) {
	var bots, kinds groups
	t.Rows(traffic.ByAgent, func(r *traffic.Row) bool {
		a := agent.Classify([]byte(r.Key))
		if a.Kind == agent.None {
			person(a, r)
			return true
		}
		s.BotHits += r.Hits
		bots.add(a.Bot, r)
		kinds.add(a.Kind.String(), r)
		return true
	})
	bound := t.Bound(traffic.ByAgent)
	s.Bots, s.BotKinds = bots.table(n, s.BotHits, bound), kinds.table(n, s.BotHits, bound)
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

package gauge

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/view"
)

// keptSeconds of the newest are kept whatever the rules look at: for Busiest. They take
// a quarter of a MiB.
const keptSeconds = 4200

// settle steps the rules through all closed seconds and shows the intervals
// whose last second is closed, events and intervals in the order of time.
func (g *Gauge) settle() {
	closed, ok := g.clock.Closed()
	if !ok {
		return
	}
	anew := closed != g.frames.closed
	g.frames.closed = closed
	g.bank.Close(closed)
	if anew { // and not with each record
		for _, name := range g.bank.Crowded() {
			g.Notice(fmt.Sprintf("rule %s: more than %d of what it watches one by one have requests at the same time; the others are not watched by it until some of these are silent for a minute", name, alert.MaxKeys))
		}
	}
	g.seal(closed)
	for g.next != math.MaxInt64 && g.next+g.o.Interval <= closed {
		if to := g.skip(closed); to > g.next+maxEmpty*g.o.Interval {
			g.advance(to)
			g.out = append(g.out, Output{Quiet: &view.Quiet{From: g.next, To: to}})
			g.next, g.before = to, nil
			continue
		}
		g.advance(g.next + g.o.Interval)
		g.show(g.next+g.o.Interval, false)
	}
	g.advance(closed)
	g.seconds.Forget(min(g.reach(), closed-keptSeconds) - g.o.Interval)
}

// skip returns the start of the first interval at or after next that is open
// or not yet closed.
func (g *Gauge) skip(closed int64) int64 {
	to := traffic.FloorDiv(closed, g.o.Interval) * g.o.Interval
	for k := range g.open {
		to = min(to, k*g.o.Interval)
	}
	return to
}

// advance steps the rules to second to.
func (g *Gauge) advance(to int64) {
	g.tell(g.board.Advance(to, g.bank))
}

// tell makes events outputs, with what caused them.
func (g *Gauge) tell(events []alert.Event) {
	for i := range events {
		if e := &events[i]; e.Told() {
			e.Cause = g.cause(e)
		}
		e := events[i]
		g.out = append(g.out, Output{Event: &e})
	}
}

// flush shows every open interval; one that is not over by second to is shown
// as far as it goes.
func (g *Gauge) flush(to int64) {
	g.seal(math.MaxInt64)
	for _, k := range slices.Sorted(maps.Keys(g.open)) {
		g.next = k * g.o.Interval
		end := g.next + g.o.Interval
		g.show(min(end, max(to, g.next+1)), end > to)
	}
}

// show makes the interval [next, to) an output and seals its tally.
func (g *Gauge) show(to int64, partial bool) {
	g.fold()
	k := traffic.FloorDiv(g.next, g.o.Interval)
	t := g.open[k]
	if t == nil {
		t = new(traffic.Tally)
	}
	iv := &view.Interval{
		From: g.next, To: to, Partial: partial,
		Stats: g.read(t),
		Late:  g.since.late, Future: g.since.future, Rejected: view.ReadRejected(g.since.rejected),
		Before: g.before,
	}
	if !g.o.Unseen {
		g.keepSections(iv, t)
		iv.Window = g.windows(to, false)
		iv.Notes = view.StandOut(iv, t)
	}
	g.before = nil
	if g.first.first <= iv.From && !partial {
		g.before = &view.Stats{
			Hits: iv.Hits, Bytes: iv.Bytes, Malformed: iv.Malformed, Classes: iv.Classes,
			Visitors: iv.Visitors, VisitorsEstimated: iv.VisitorsEstimated,
		}
	}
	g.out = append(g.out, Output{Interval: iv})
	g.run.last = iv
	g.remind(iv)
	g.since = figures{}
	g.next += g.o.Interval
	if g.open[k] != nil {
		g.drop(k)
	}
}

// read reads the figures off a tally, and where its clients are.
func (g *Gauge) read(t *traffic.Tally) view.Stats {
	s := view.Read(t, g.o.Tops)
	if g.o.Place != nil {
		s.PlacesOf(t, g.o.Tops.Places, g.o.Place)
	}
	return s
}

// windows shows where the traffic stands against the rules: high traffic as of
// second to, whatever else may be wrong as it was last decided. Of sections, hosts and logs
// only those are shown where something is wrong, unless every one is asked for.
func (g *Gauge) windows(to int64, every bool) []view.Window {
	shown := func(w *alert.Watch) bool { return every || w.Key == "" || w.State != alert.Quiet }
	n := 0
	for _, w := range g.board.Watches() {
		if shown(w) {
			n++
		}
	}
	// With every section it was 19 KB an interval, and a block that is read back has hundreds.
	all := make([]view.Window, 0, n)
	for _, w := range g.board.Watches() {
		if !shown(w) {
			continue
		}
		v := view.Window{
			Rule: w.Rule, Key: w.Key, State: w.State, Since: w.Since, Sample: w.Last, Acknowledged: w.Acknowledged > 0, Muted: w.Muted() != "" || w.Hushed() > to,
			Of: min(w.Rule.Window, max(1, to-g.first.first)),
		}
		if w.Rule.Exact() && w.Rule.Metric == alert.Hits && w.Rule.Test <= alert.Below && w.Rule.Earlier == 0 {
			hits := g.seconds.Sum(to-w.Rule.Window, to).Hits
			v.Sample = alert.Sample{Num: hits, Den: w.Rule.Window, Hits: hits}
		}
		if look, ok := w.Look(); ok {
			v.Change = &look
		}
		all = append(all, v)
	}
	return all
}

// keepSections fills the list with sections that had no hit in the interval
// but had one not long ago, so that a slow section does not come and go.
func (g *Gauge) keepSections(iv *view.Interval, t *traffic.Tally) {
	t.Rows(traffic.BySection, func(r *traffic.Row) bool {
		if _, known := g.seen[r.Key]; known || len(g.seen) < traffic.BySection.MaxRows() {
			g.seen[r.Key] = iv.To
		}
		return true
	})
	var quiet []string
	for key, last := range g.seen {
		switch {
		case last <= iv.To-g.o.SectionExpiration:
			delete(g.seen, key)
		case last < iv.To:
			quiet = append(quiet, key)
		}
	}
	slices.SortFunc(quiet, func(a, b string) int {
		return cmp.Or(cmp.Compare(g.seen[b], g.seen[a]), cmp.Compare(a, b))
	})
	for _, key := range quiet[:min(len(quiet), max(0, g.o.Tops.Sections-len(iv.Sections.Rows)))] {
		iv.Sections.Rows = append(iv.Sections.Rows, view.Row{Key: key})
	}
}

// Snapshot returns what there is to know now. It takes some microseconds, and
// belongs to whoever asked: nothing that comes changes it. Sources is left to
// who knows how far they were read.
func (g *Gauge) Snapshot() view.Snapshot {
	s := view.Snapshot{
		Interval: g.run.last,
		Seen:     g.run.seen, From: g.run.first, To: g.run.newest,
		Late: g.run.late, Future: g.run.future, LateBy: g.run.lateBy, Rejected: view.ReadRejected(g.run.rejected),
	}
	s.Alerts, s.Dropped = g.board.History()
	if closed, ok := g.clock.Closed(); ok {
		s.Closed = closed
	}
	s.Windows = g.windows(s.Closed, true)
	return s
}

// Closing returns the summary of the run so far: since New, or since Restore.
// Intervals still open belong to it.
func (g *Gauge) Closing() view.Closing {
	g.fold()
	var t traffic.Tally
	t.Merge(&g.run.total)
	for _, k := range slices.Sorted(maps.Keys(g.open)) {
		if !g.frames.elder[k] {
			t.Merge(g.open[k])
		}
	}
	g.unmerged(func(st *stretch) { t.Merge(st.tally) })
	return view.Closing{Snapshot: g.Snapshot(), Stats: g.read(&t)}
}

// Close is Closing, and the end of g, which is not to be used any more. It makes no
// copy of the total, which is most of what a process has in memory.
func (g *Gauge) Close() view.Closing {
	g.fold()
	g.close()
	t := &g.run.total
	g.unmerged(func(st *stretch) { t.Merge(st.tally) })
	return view.Closing{Snapshot: g.Snapshot(), Stats: g.read(t)}
}

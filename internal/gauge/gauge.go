// Package gauge turns records, in the order they arrive, into what there is to tell: intervals, alerts, the summary of the run.
//
// It is the pure middle of weir, the same for a live log, a replayed one and a
// script in a test:
//
//	record -> clock     which second, late or not, what is closed now
//	       -> seconds   exact counts per second -> alert.Board -> events
//	       -> tally     of the open interval    -> view.Interval
//	       -> tally     of the open 10 s        -> Sealed, for a store
//
// Time comes in with the records and with Tick; nothing here reads a clock, so
// the same lines and the same ticks give the same outputs. Closing is decided
// record by record, not block by block, so the borders of blocks do not show.
//
// So a Gauge with a Sealer survives whatever ends the process: who stores in
// one transaction what it has Sealed, its state, and up to where each source was read,
// gives the lines behind that to a restored Gauge, and all that comes is what
// would have come.
package gauge

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/clock"
	"weir/internal/meter"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// Options says what a Gauge measures.
type Options struct {
	Interval int64         // seconds, > 0
	Lateness time.Duration // how long a second waits for its records
	Hold     time.Duration // how long the event clock stands at least when records cease, before it goes on without
	Rules    []alert.Rule
	// Filter is that of meter.Options, for the filters of Rules.
	Filter            func(text string) func(*accesslog.Record) bool
	SectionDepth      int   // path segments of a section; 0 is 1
	SectionExpiration int64 // seconds a section without hits stays in the list
	Tops              view.Tops
	// Place, when not nil, knows where clients are; see view.Stats.PlacesOf.
	Place func(client []byte) (country, city, network string)
	Zone  *time.Location // of times in notices; nil is UTC
	// Wall: event time is the time passed in, not the newest record's.
	Wall bool
	// Sealer, when not nil, makes a Gauge one with a memory: it hands out
	// Sealed stretches, and its state can be stored. It is used by this Gauge
	// alone as long as that counts.
	Sealer *traffic.Sealer
	// Widths, in the order of time and each a part of the one before it, make
	// the stretches of a past wider; from the last border on, or without any,
	// they are SealSeconds wide. One that no stretches could be of is passed over.
	Widths []Width
	// Observer, when not nil, is told of what rules are decided on; see alert.Board.
	Observer alert.Observer
	// Unseen: nobody looks at intervals. They are what causes are made of, and have no Window
	// and no Notes, which is a third of the time of a slow site.
	Unseen bool
}

// maxEmpty is how many empty intervals in a row are shown one by one when they
// close at once; more become one Quiet stretch.
const maxEmpty = 6

// batchRecords is how many records are counted together: enough that the time
// to reach the memory of their rows overlaps.
const batchRecords = 64

// openPart is the part of the rows of the total that an open interval has, 1/4
// where it is alone: of intervals open at the same time the n-th has 1/n of
// that, so the memory of any number of them grows like a harmonic sum.
const openPart = 4

// totalPart is the part of the rows that the total of a Gauge with a Sealer has: a
// database and what waits for it stand beside it in memory, and the whole of what
// was counted is in there.
const totalPart = 2

// Gauge is the whole state of a measurement. Make one with New. It belongs to
// one goroutine. It is one struct
// because a record touches nearly all of it.
type Gauge struct {
	o       Options
	clock   *clock.Clock
	seconds traffic.Seconds
	bank    *meter.Bank
	board   *alert.Board
	recent  []gist // of the newest intervals, oldest first

	open    map[int64]*traffic.Tally // by interval: start / Interval
	current *traffic.Tally           // open[at], the one used last
	at      int64
	spare   []*traffic.Tally
	batch   traffic.Batch  // records not yet folded, all of them go to into
	into    *traffic.Tally // nil while batch is empty
	next    int64          // start of the next interval to show

	since  figures // of the interval in the making
	run    run     // what this process has counted
	first  span    // of the time line, whatever the run
	before *view.Stats
	seen   map[string]int64 // section -> second after its last hit
	aside  [][]counted      // by source
	out    []Output
	names  []string
	frames frames
}

// figures are counted in the order of arrival.
type figures struct {
	late, future int64
	rejected     map[accesslog.Reason]int64
}

// span is from where to where records were placed, in event seconds.
type span struct {
	seen          bool
	first, newest int64
}

// run is what was counted since New or Restore.
type run struct {
	figures
	span
	lateBy int64          // seconds of lateness that would have been enough
	total  traffic.Tally  // all sealed intervals, and what fell in none
	last   *view.Interval // the one shown last
}

// counted is where a record of a run of late or future ones was counted, and
// where it belongs if the run turns out to show a clock that was set.
type counted struct {
	as, own int64
	n       traffic.Second
}

// New returns a Gauge without sources.
func New(o Options) *Gauge {
	o.Interval = max(1, o.Interval)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	g := &Gauge{
		o: o, frames: newFrames(&o), clock: clock.New(o.Lateness, o.Wall), board: alert.NewBoard(o.Rules...),
		open: map[int64]*traffic.Tally{}, seen: map[string]int64{},
		batch: traffic.Batch{Sections: traffic.Sections{Depth: o.SectionDepth}},
		next:  math.MaxInt64,
	}
	g.clock.Hold(o.Hold)
	if o.Sealer != nil {
		g.run.total.Limit(totalPart)
	}
	g.board.Observe(o.Observer)
	g.bank = g.newBank()
	return g
}

// newBank returns one that has counted nothing for the rules.
func (g *Gauge) newBank() *meter.Bank {
	b := meter.New(meter.Options{Rules: g.board.Rules(), Filter: g.o.Filter, SectionDepth: g.o.SectionDepth, Lateness: int64(g.o.Lateness / time.Second)}, &g.seconds)
	if closed, ok := g.clock.Closed(); ok {
		b.Close(closed)
	}
	return b
}

// AddSource makes a source known and returns its number, from 0. pending says
// that it has lines waiting to be read: until they were, nothing is closed.
//
// In a Gauge that was restored a source of a stored name goes on as it was.
func (g *Gauge) AddSource(name string, pending bool) int {
	g.names = append(g.names, name)
	if same := g.frames.saved[name]; len(same) > 0 {
		g.frames.saved[name] = same[1:]
		g.aside = append(g.aside, same[0].aside)
		return g.clock.AddSaved(same[0].clock)
	}
	g.aside = append(g.aside, nil)
	return g.clock.Add(pending)
}

// Wrote precedes the records of a block of source i: it was read at now, and
// last written at written.
func (g *Gauge) Wrote(i int, written, now time.Time) { g.clock.Wrote(i, written, now) }

// Caught tells whether source i has been read to its end.
func (g *Gauge) Caught(i int, atEnd bool, written time.Time) { g.clock.Caught(i, atEnd, written) }

// SourceTime returns the newest event second seen of source i.
func (g *Gauge) SourceTime(i int) (second int64, ok bool) { return g.clock.Source(i) }

// Record counts a record of source i. It keeps no view into r. It returns false
// when the time of the record is one that no clock can have: the line is then
// counted as rejected.
func (g *Gauge) Record(i int, r *accesslog.Record) bool {
	if !r.Dated() {
		g.Reject(i, accesslog.ReasonTime, 1)
		return false
	}
	n := traffic.Second{Hits: 1, Bytes: r.Bytes}
	n.Classes[traffic.Class(r.Status)] = 1
	sec := g.see(i, r, &n)
	g.seconds.Add(sec, n)
	g.bank.Record(g.names[i], sec, r)
	t, also, counted := g.tally(sec), (*traffic.Tally)(nil), false
	if g.frames.sealer != nil {
		t, also, counted = g.place(sec, &n, t)
	}
	if t != g.into || also != g.frames.also {
		g.fold()
		g.into, g.frames.also, g.frames.counted = t, also, counted
	}
	g.batch.Add(r)
	if g.batch.Len() >= batchRecords {
		g.fold()
	}
	return true
}

// fold counts the records that were put aside to be counted together.
func (g *Gauge) fold() {
	if g.into != nil {
		g.into.Fold(&g.batch)
		if g.frames.also != nil {
			g.frames.also.Fold(&g.batch)
		}
		if g.frames.counted {
			g.run.total.Fold(&g.batch)
		}
		g.batch.Reset(nil)
		g.into, g.frames.also, g.frames.counted = nil, nil, false
	}
}

// Pass lets the time of a record count that is itself passed over, by a filter:
// the log goes on, even where nothing in it is asked for.
func (g *Gauge) Pass(i int, r *accesslog.Record) {
	if r.Dated() {
		g.tally(g.see(i, r, nil)) // opens its interval, which may have no hit
	}
}

// see shows the clock a record and settles what it closes. It returns the second
// in which the record counts. n is what it counts for, nil if it is passed over.
func (g *Gauge) see(i int, r *accesslog.Record, n *traffic.Second) int64 {
	rd := g.clock.See(i, r.Sec)
	if rd.Restart {
		g.restart(rd.Second)
	}
	if rd.Verdict != clock.OnTime || len(g.aside[i]) > 0 {
		g.setAside(i, r, rd, n)
	}
	if rd.Epoch != nil {
		g.begin(rd.Epoch)
		if rd.Epoch.Shift != 0 {
			rd.Second = r.Sec
		}
	}
	g.settle()
	g.first.note(rd.Second)
	g.run.note(rd.Second)
	return rd.Second
}

// setAside keeps account of a late or future record: in the figures, and in
// the run that may show that the clock was set.
func (g *Gauge) setAside(i int, r *accesslog.Record, rd clock.Reading, n *traffic.Second) {
	switch {
	case n == nil: // a filter passed over it, so it is in no figure
	case rd.Verdict == clock.Late:
		g.since.late++
		g.run.late++
		g.frames.since.late++
		if closed, ok := g.clock.Closed(); ok && rd.Epoch == nil {
			g.run.lateBy = max(g.run.lateBy, closed-r.Sec+int64(g.o.Lateness/time.Second))
		}
	case rd.Verdict == clock.Future:
		g.since.future++
		g.run.future++
		g.frames.since.future++
	}
	run := g.aside[i]
	if rd.Run <= 1 {
		run = run[:0]
		g.bank.Note(g.names[i], 0, 0)
	}
	if n != nil && rd.Run > 0 && rd.Epoch == nil {
		g.bank.Note(g.names[i], r.Sec, rd.Run)
		if k := len(run) - 1; k >= 0 && run[k].as == rd.Second && run[k].own == r.Sec {
			run[k].n.Add(*n)
		} else if k < 4096 {
			run = append(run, counted{as: rd.Second, own: r.Sec, n: *n})
		}
	}
	g.aside[i] = run
}

// begin carries the time line over to a new epoch: a clock was set, traffic
// was not. What was counted keeps its distance to now, so that windows see no
// hole and nothing twice, and alerts neither fire nor recover by the step.
func (g *Gauge) begin(e *clock.Epoch) {
	name := g.names[e.Source]
	run := g.aside[e.Source]
	g.aside[e.Source] = run[:0]
	if e.Alone || e.Shift == 0 {
		g.bank.Note(name, 0, 0)
	}
	if e.Alone {
		g.notice(e.To, fmt.Sprintf("the clock of %s was set: it says %s where the others say %s; its records are counted late or by arrival",
			name, g.stamp(e.To), g.stamp(e.From)))
		return
	}
	if e.Shift == 0 {
		return
	}
	way := "forward"
	if e.Shift < 0 {
		way = "back"
	}
	g.frames.sealed = g.frames.sealedTo(g.frames.closed)
	g.flush(e.From)
	g.notice(e.To, fmt.Sprintf("the clock of %s was set %s by %s at %s; a new epoch begins at %s",
		name, way, unit.Span(time.Duration(max(e.Shift, -e.Shift))*time.Second), g.stamp(e.From), g.stamp(e.To)))
	for _, c := range run {
		g.seconds.Sub(c.as, c.n)
	}
	g.seconds.Shift(e.Shift)
	g.board.Shift(e.Shift)
	g.bank.Shift(e.Shift, name)
	for _, c := range run {
		g.seconds.Add(c.own, c.n)
	}
	g.carry()
	g.next = math.MaxInt64
	for k := range g.seen {
		g.seen[k] += e.Shift
	}
	g.first.first, g.run.first = min(g.first.first, e.To), min(g.run.first, e.To)
}

// restart drops a time line that only unbelievable records had made; sec is the
// first second that is believed.
func (g *Gauge) restart(sec int64) {
	g.fold()
	g.forsake(sec)
	g.close()
	g.seconds = traffic.Seconds{}
	g.bank.Forget()
	g.next, g.first.seen, g.run.seen = math.MaxInt64, false, false
	clear(g.aside)
}

// Reject counts lines of source i that are no requests.
func (g *Gauge) Reject(i int, why accesslog.Reason, lines int64) {
	g.clock.Undated(i)
	if now, ok := g.clock.Source(i); ok {
		// They have no time of their own: what the log has come to, in records or idly.
		if closed, ok := g.clock.Closed(); ok {
			now = max(now, closed)
		}
		g.bank.Reject(g.names[i], now, lines)
	}
	for _, f := range []*figures{&g.since, &g.run.figures, &g.frames.since} {
		if f.rejected == nil {
			f.rejected = map[accesslog.Reason]int64{}
		}
		f.rejected[why] += lines
	}
}

// Gone tells whether the file of source i is not there. It is false as long as there
// is no event time to note that at.
func (g *Gauge) Gone(i int, gone bool) bool {
	now, ok := g.clock.Now()
	if ok {
		g.bank.Gone(g.names[i], now, gone)
	}
	return ok
}

// Acknowledge notes that somebody knows of the open alerts of a rule: of that of key
// alone, unless all is set. It reports whether there was one.
func (g *Gauge) Acknowledge(rule, key string, all bool) bool {
	now, ok := g.clock.Closed()
	if !ok {
		return false
	}
	events := g.board.Acknowledge(rule, key, all, now)
	g.tell(events)
	return len(events) > 0
}

// Mute tells nobody of the alerts of a rule that begin in the next seconds, so many of
// event time; with none, everybody again. See alert.Board.Mute; h.Until is set here. now is what
// to reckon from where nothing is closed yet, in Unix seconds. It reports whether there is such a
// rule, or something to take back.
func (g *Gauge) Mute(h alert.Hush, seconds, now int64) bool {
	if closed, ok := g.clock.Closed(); ok {
		now = closed
	}
	h.Until = now + seconds
	events := g.board.Mute(h, now)
	g.tell(events)
	return len(events) > 0
}

// Reload makes the rules others. Alerts of rules of the same name go on.
func (g *Gauge) Reload(rules []alert.Rule, filter func(text string) func(*accesslog.Record) bool) error {
	g.tell(g.board.Reload(rules...))
	state := g.bank.AppendBinary(nil)
	g.o.Rules, g.o.Filter = rules, filter
	g.bank = g.newBank()
	return g.bank.Restore(state)
}

// Notice shows a sentence in the order of the other outputs.
func (g *Gauge) Notice(text string) { g.notice(0, text) }

func (g *Gauge) notice(at int64, text string) {
	g.out = append(g.out, Output{Notice: &view.Notice{At: at, Text: text}})
}

// Closed returns the second before which everything is closed; ok is false as long
// as nothing is.
func (g *Gauge) Closed() (second int64, ok bool) { return g.clock.Closed() }

// Tick lets time pass without records.
func (g *Gauge) Tick(now time.Time) {
	g.clock.Tick(now)
	g.settle()
}

// End closes all seconds: no record will come. The last interval is shown as
// far as it goes.
func (g *Gauge) End() {
	g.clock.End()
	g.settle()
	if closed, ok := g.clock.Closed(); ok {
		g.flush(closed)
	}
}

// Stop shows what there is, while records could still come: seconds that are
// not closed cause no alert. The state of a Gauge with a Sealer stays as it
// is: when it goes on, the intervals shown in part are shown whole.
func (g *Gauge) Stop() {
	now, ok := g.clock.Now()
	switch {
	case !ok:
	case g.frames.sealer != nil:
		g.preview(now + 1)
	default:
		g.flush(now + 1)
	}
}

// tally returns the one that counts second sec: of its interval while that is
// not closed, else of the run. Where nothing was shown yet an interval of long
// ago could still come first, but a single line dated 1970 would then bring
// half a century of silence with it.
func (g *Gauge) tally(sec int64) *traffic.Tally {
	k := traffic.FloorDiv(sec, g.o.Interval)
	if g.current != nil && k == g.at {
		return g.current
	}
	start := k * g.o.Interval
	if closed, ok := g.clock.Closed(); ok && start+g.o.Interval <= closed {
		return &g.run.total
	}
	g.next = min(g.next, start)
	t := g.open[k]
	if t == nil {
		t = g.empty(openPart * (1 + len(g.open)))
		g.open[k] = t
	}
	g.at, g.current = k, t
	return t
}

// empty returns an empty tally with 1/part of the rows.
func (g *Gauge) empty(part int) *traffic.Tally {
	var t *traffic.Tally
	if n := len(g.spare); n > 0 {
		t, g.spare = g.spare[n-1], g.spare[:n-1]
	} else {
		t = new(traffic.Tally)
	}
	t.Limit(part)
	return t
}

// close is the end of all open intervals, without showing them.
func (g *Gauge) close() {
	for _, k := range slices.Sorted(maps.Keys(g.open)) {
		g.drop(k)
	}
}

// drop is the end of interval k: what it holds of this run goes to the total.
func (g *Gauge) drop(k int64) {
	t := g.open[k]
	if !g.frames.elder[k] {
		g.run.total.Merge(t)
	}
	delete(g.open, k)
	delete(g.frames.elder, k)
	if g.at == k {
		g.current = nil
	}
	g.giveBack(t)
}

// A tally is kept to be used again up to that size: those of an hour, or of a site
// where each path is a section, hold some MiB.
const (
	spareHits    = 16 << 10
	spareDetails = 64
)

// giveBack takes a tally that is no longer needed.
func (g *Gauge) giveBack(t *traffic.Tally) {
	if t.Hits > spareHits || t.Details() > spareDetails {
		return
	}
	t.Reset()
	if len(g.spare) < 2 {
		g.spare = append(g.spare, t)
	}
}

func (s *span) note(sec int64) {
	if !s.seen {
		*s = span{true, sec, sec}
	}
	s.first, s.newest = min(s.first, sec), max(s.newest, sec)
}

func (g *Gauge) stamp(sec int64) string {
	return time.Unix(sec, 0).In(g.o.Zone).Format(time.RFC3339)
}

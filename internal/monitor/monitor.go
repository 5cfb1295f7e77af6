// Package monitor wires sources, measurement, screens into one running weir.
//
// One goroutine does it all, in the order of the data:
//
//	tail.Source -> Batch -> accesslog.Auto -> Record -> gauge.Gauge -> Output -> Sink
//
// It pulls: a slow reader of the output slows the reading of the log down, and
// the log is the buffer.
package monitor

import (
	"context"
	"fmt"
	"io"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/history"
	"weir/internal/notify"
	"weir/internal/tail"
	"weir/internal/view"
)

// A Sink shows what comes up, in its way. Its errors are those of writing.
type Sink interface {
	Show(gauge.Output) error
	Close(*view.Closing) error
}

// Options says what to follow and where to show it. It is one struct because each
// field is a choice of its own that somebody makes on the command line.
type Options struct {
	Paths []string // "-" is standard input
	// Patterns are patterns and directories, for files that come later.
	Patterns []string
	Choice   tail.Choice // which of the files that match are taken
	Stdin    io.Reader   // what "-" reads
	// Inputs are streams that are no files. They are closed when Run returns.
	Inputs []tail.Input
	// Rejects, when not nil, gets the lines that are no requests, as
	// scan.AppendReject writes them.
	Rejects io.Writer
	// Where, when not nil, passes over records for which it is false.
	Where func(*accesslog.Record) bool
	// TimeOnly, when not nil, tells of a record that it is no request, but says how far its
	// source has come. Nothing is counted of it.
	TimeOnly func(*accesslog.Record) bool
	// Hops, when not nil, finds the clients behind proxies, before Where sees a
	// record.
	Hops   *accesslog.Hops
	Format *accesslog.Format
	// FormatOf, when not nil, returns the format of a single log by its path, nil
	// for the rest, which have Format.
	FormatOf func(path string) *accesslog.Format
	Gauge    gauge.Options
	// Look, when not nil, is called with the time again and again, and returns
	// what is to be told as notices: it looks after what Gauge.Place asks.
	Look func(now time.Time) []string

	Zone   *time.Location // of times in notices
	Screen Sink
	// Brief is how much of what the logs held at the start the Screen shows
	// interval by interval, up to their newest record; 0 is all. Alerts are
	// always shown.
	Brief time.Duration
	Copy  Sink // gets everything; may be nil

	Since   time.Time // records before it are passed over; zero: see Backlog
	FromEnd bool      // what the logs held at the start is passed over
	// Clock, when not zero, is the event time to start at; it goes on with the
	// wall's, and what is in the log is seen as of then.
	Clock time.Time
	Poll  bool // look at the files at intervals, without asking the system for events

	// History, when not nil, is where all that is counted is kept, and gone on from.
	// It is open for writing, and is its owner's to close, after Run. It is not
	// used with Clock.
	History *history.DB
	Subject history.Subject // what the History is of

	Notices []string // to be told first

	// Channels are told of alerts. One that cannot be used is an error of New.
	Channels []notify.Channel
	Bell     io.Writer // the terminal that bells ring on; nil is none
	// Suggest: the threshold of high traffic is the one by default, and once, after the first
	// hour of following, a better one is told.
	Suggest bool
	// Own tells whether somebody has written or adjusted the rule of a name; nil: none of them.
	Own func(rule string) bool
	// Reload, when not nil, is asked about once a second, and returns what is to be
	// taken over from now on, nil where nothing is.
	Reload func(now time.Time) *Reload
}

// Backlog is how much log time is read back, without Since, before live
// following begins.
const Backlog = 48 * time.Hour

// Monitor is one running weir. Make one with New, call Run once.
type Monitor struct {
	o        Options
	follower *tail.Follower
	lanes    []*lane
	rests    []time.Time          // until when a lane need not be asked, by index
	touched  []*tail.Source       // that something happened to
	laneOf   map[*tail.Source]int // index
	queue    queue                // of a round
	gauge    *gauge.Gauge
	known    map[string]laneState // where an earlier process stopped, by the name in the history
	reading  reading              // of what was logged before
	memory   *memory              // nil without a history
	teller   *teller
	reloaded time.Time // when Reload was asked last
	obeyed   time.Time // when marks were looked for last
	live     bool      // all that was there at the start is counted
	advise   time.Time // when Options.Suggest is due
	advised  bool      // it was done
	lacking  lacking   // what rules ask for and logs do not have
	streamed bool      // lines of streams were counted since the last commit
	failed   error     // of writing rejected lines
	started  time.Time
	ticked   time.Time // when the gauge was last told the time
	newest   int64     // event time at the ends of the logs when they were opened, 0 where there was none
	showFrom int64     // the Screen shows intervals that end after it
	held     struct {  // what the Screen was not shown
		view.Quiet
		hits int64
	}
}

// New opens the sources and puts the parts together. Nothing is read yet but
// the heads and ends of files, for their format and their newest time.
//
// A History that cannot be gone on from is a *HistoryError.
func New(o Options) (*Monitor, error) {
	o.Gauge.Wall, o.Gauge.Zone = !o.Clock.IsZero(), o.Zone
	m := &Monitor{o: o, started: time.Now(), laneOf: map[*tail.Source]int{}}
	var state []byte
	var known map[string]laneState
	var err error
	if o.History != nil {
		m.o.Gauge.Sealer = history.NewSealer()
		if m.memory, state, known, err = recall(o.History, o.Subject); err != nil {
			return nil, &HistoryError{err}
		}
	}
	// What is wrong with a History shows before a source is opened: without it they
	// are opened again, and what comes through streams comes once.
	m.gauge = gauge.New(m.o.Gauge)
	if state != nil {
		if m.gauge, err = m.memory.restore(m.o.Gauge, state); err != nil {
			return nil, &HistoryError{err}
		}
	}
	var told []byte
	if m.memory != nil {
		if told, _, err = o.History.State(stateTold); err != nil {
			return nil, &HistoryError{err}
		}
		if _, m.advised, err = o.History.State(stateAdvised); err != nil {
			return nil, &HistoryError{err}
		}
	}
	if m.teller, err = newTeller(&m.o, o.History, told); err != nil {
		return nil, err
	}
	m.follower, err = tail.Open(tail.Options{
		Paths: o.Paths, Patterns: o.Patterns, Choice: o.Choice, Stdin: o.Stdin, Inputs: o.Inputs, FromEnd: o.FromEnd, Poll: o.Poll,
		MaxLine: maxLine, Block: blockFor(len(o.Paths)), Resume: positionsOf(known, o.Paths),
		Past: m.past(),
	})
	if err != nil {
		return nil, &InputError{err.Error()}
	}
	if err := m.begin(known); err != nil {
		m.follower.Close()
		return nil, err
	}
	return m, nil
}

// begin makes a lane for each source.
func (m *Monitor) begin(known map[string]laneState) error {
	for _, text := range m.o.Notices {
		m.gauge.Notice(text)
	}
	if k := m.memory; k != nil && (!k.resumed || m.o.Brief == 0) { // else recap begins with it
		m.gauge.Notice(m.memory.greeting(m.o.Zone))
	}
	m.known = known
	for _, src := range m.follower.Sources() {
		if err := m.add(src); err != nil {
			return err
		}
	}
	m.findStart(m.lanes)
	if m.memory != nil {
		m.joins()
		m.memory.tend()
	}
	return nil
}

// add makes a lane for a source. The error is for what can never be read.
func (m *Monitor) add(src *tail.Source) error {
	l := &lane{index: len(m.lanes), source: src, where: m.o.Where, timeOnly: m.o.TimeOnly, account: view.Source{Name: name(src)}}
	l.kept.wanted = m.o.Rejects != nil
	l.place.kept = m.memory != nil
	l.spans.kept = m.memory != nil && !m.memory.outage.over
	if s, ok := m.known[absolute(l.account.Name)]; ok {
		if err := l.resume(&s, &m.o); err != nil {
			m.gauge.Notice(err.Error())
		}
	} else {
		l.parser = m.o.parserOf(src)
		l.parser.Behind(m.o.Hops)
	}
	if l.primed {
		l.describe(m.gauge)
	} else if err := l.prime(src.Head(headBytes), m.gauge); err != nil {
		return err
	}
	if st := src.State(); st.Kind == tail.File && st.Size == 0 && !st.Written.IsZero() {
		m.gauge.Notice(l.account.Name + ": empty so far; waiting for lines")
	}
	m.gauge.AddSource(l.account.Name, l.mayHold())
	m.lanes, m.rests = append(m.lanes, l), append(m.rests, time.Time{})
	m.laneOf[src] = l.index
	return nil
}

// Run reads, measures and shows until every source has ended or ctx is done,
// then shows the summary. It returns nil in both cases; else what a Sink said,
// or an InputError when nothing of all that was read could be understood.
func (m *Monitor) Run(ctx context.Context) error {
	defer m.follower.Close()
	if m.memory != nil {
		defer m.memory.close()
	}
	if err := m.recap(); err != nil {
		return err
	}
	m.teller.start(nil)
	defer func() { m.teller.stop() }() // which may be another by then
	sweep := time.NewTimer(0)
	defer sweep.Stop()
	for {
		worked := m.round()
		if m.failed != nil {
			return m.failed
		}
		m.tick(worked)
		m.reload(time.Now())
		m.obey(time.Now())
		m.suggest(time.Now())
		if err := m.show(!worked); err != nil {
			return err
		}
		if !m.live && !worked {
			m.live, m.advise = true, time.Now().Add(suggestAfter)
			m.tellMissed()
		}
		if m.live {
			m.teller.tidy(time.Now())
		}
		if err := m.progress(); err != nil {
			return err
		}
		switch {
		case ctx.Err() != nil:
			return m.stop()
		case worked:
			continue
		case m.ended():
			for _, l := range m.lanes {
				l.text = nil
				l.unfinished(l.parser.End(), m.gauge)
			}
			m.gauge.End()
			return m.close()
		}
		sweep.Reset(m.follower.Sweep())
		select {
		case <-ctx.Done():
		case <-m.follower.Wake():
		case <-sweep.C:
		}
	}
}

// tick lets time pass. With many logs it is not told after each block: each time
// all of them are asked how far they are.
func (m *Monitor) tick(worked bool) {
	const often = 10 * time.Millisecond
	if worked && len(m.lanes) > fewLanes && time.Since(m.ticked) < often {
		return
	}
	m.ticked = time.Now()
	m.gauge.Tick(m.now())
}

// blockFor is how much is read of each log at once, so that the blocks in hand
// stay within 32 MiB: a log that is ahead of others waits with one.
func blockFor(logs int) int {
	const usual, all, least = 256 << 10, 32 << 20, 4 << 10
	return max(least, min(usual, all/max(1, logs)))
}

// round takes one block of the source that is furthest behind and folds it as
// far as no other source has older lines waiting; with many sources so some blocks
// one after the other. It reports whether there was one.
func (m *Monitor) round() bool {
	now := m.now()
	m.join(m.follower.Look(now))
	due := forever
	if m.wall() {
		due = now.Unix()
	}
	m.queue = m.queue[:0]
	m.touched = m.follower.Touched(m.touched[:0])
	for _, src := range m.touched {
		if i, ok := m.laneOf[src]; ok {
			m.rests[i] = time.Time{}
		}
	}
	for i, l := range m.lanes {
		if now.Before(m.rests[i]) {
			continue // nothing of l is looked at: ten thousand lanes are 5 ms of waiting for memory
		}
		if m.ready(l, now, due) {
			m.queue.push(l, l.time(m.gauge))
		}
	}
	for _, n := range m.follower.Notices() {
		m.gauge.Notice(n.Text)
	}
	if m.o.Look != nil {
		for _, text := range m.o.Look(now) {
			m.gauge.Notice(text)
		}
	}
	if len(m.queue) == 0 {
		return false
	}
	// Thousands of logs are not all asked again after each fold.
	for folds := max(1, len(m.lanes)/fewLanes); folds > 0 && len(m.queue) > 0 && m.failed == nil; folds-- {
		behind := m.queue.pop()
		m.fold(behind, m.queue.first(), due)
		if folds > 1 && m.ready(behind, now, due) {
			m.queue.push(behind, behind.time(m.gauge))
		}
	}
	return true
}

// join makes lanes for logs that came later. They begin where they would have, had
// they been there at the start, or at their first line if only what is new counts.
func (m *Monitor) join(came []*tail.Source) {
	if len(came) == 0 {
		return
	}
	before := len(m.lanes)
	for _, src := range came {
		if err := m.add(src); err != nil {
			m.gauge.Notice(err.Error() + "; it is not followed")
		}
	}
	m.findStart(m.lanes[before:])
}

// fewLanes are asked after each fold.
const fewLanes = 128

// ready reports whether l has a line in hand that may be counted by now.
func (m *Monitor) ready(l *lane, now time.Time, due int64) bool {
	if !l.fetch(now, m.wall(), m.gauge) {
		m.rests[l.index] = l.source.Due()
		return false
	}
	if l.wait.sec > due { // with --clock: the rest is yet to happen
		m.gauge.Caught(l.index, true, now)
		return false
	}
	return true
}

// fold counts what l has in hand, up to limit.
func (m *Monitor) fold(l *lane, limit, due int64) {
	l.fold(m.gauge, limit, due)
	m.streamed = m.streamed || l.source.State().Kind != tail.File
	l.miss(m.o.Hops, m.gauge)
	m.failed = l.writeRejects(m.o.Rejects)
	if l.wait.sec > due && !l.wait.told {
		l.wait.told = true
		m.gauge.Notice(fmt.Sprintf("%s: what is logged from %s on waits for the clock to get there", l.account.Name, m.stamp(l.wait.sec)))
	}
}

// lastLook is how long, at the end, what was logged before it is read.
const lastLook = 200 * time.Millisecond

// stop ends while there could be more. What was logged up to now is counted, if that
// takes but a moment. What came through streams is counted in any case, as nothing
// brings it back; files are read on by the next process, from here.
func (m *Monitor) stop() error {
	m.follower.Hurry()
	clear(m.rests)
	for until := time.Now().Add(lastLook); m.round() && time.Now().Before(until); {
		if m.failed != nil {
			return m.failed
		}
		if err := m.show(false); err != nil {
			return err
		}
	}
	if m.memory != nil {
		m.drain()
		if err := m.show(true); err != nil {
			return err
		}
	}
	m.gauge.Stop()
	return m.close()
}

// drain counts what streams have given so far.
func (m *Monitor) drain() {
	until := time.Now().Add(time.Second)
	for _, l := range m.lanes {
		if l.source.State().Kind == tail.File {
			continue
		}
		for l.fetch(m.now(), false, m.gauge) && time.Now().Before(until) {
			m.fold(l, forever, forever)
		}
	}
}

// show hands what has come up to the sinks, when it is committed. idle says that
// there is nothing to read at the moment.
func (m *Monitor) show(idle bool) error {
	for _, text := range m.teller.hear() {
		m.gauge.Notice(text)
	}
	outs := m.gauge.Take()
	var events []*alert.Event
	for i := range outs {
		if e := outs[i].Event; e != nil {
			events = append(events, e)
		}
	}
	m.tell(events)
	if m.memory != nil {
		outs = m.keep(outs, idle)
	}
	for _, o := range outs {
		if o.Sealed != nil {
			continue
		}
		if o.Interval != nil {
			for _, text := range m.lacking.take(o.Interval, m.o.Gauge.Rules, m.o.Own) {
				m.gauge.Notice(text)
			}
		}
		if o.Interval != nil && m.live {
			o.Interval = m.teller.noted(o.Interval)
		}
		if m.o.Copy != nil {
			if err := m.o.Copy.Show(o); err != nil {
				return err
			}
		}
		if m.holdBack(o) {
			continue
		}
		if m.held.From != 0 && (o.Interval != nil || o.Quiet != nil) {
			if err := m.replayed(); err != nil {
				return err
			}
		}
		if err := m.o.Screen.Show(o); err != nil {
			return err
		}
		if o.Interval != nil || o.Quiet != nil {
			m.showFrom = 0 // what comes now is shown, even if a clock is set back
		}
	}
	return nil
}

// holdBack keeps the intervals of long ago from the Screen, and account of what
// stretch they are.
func (m *Monitor) holdBack(o gauge.Output) bool {
	from, to := int64(0), int64(0)
	switch {
	case o.Interval != nil:
		from, to = o.Interval.From, o.Interval.To
	case o.Quiet != nil:
		from, to = o.Quiet.From, o.Quiet.To
	}
	if to == 0 || to > m.showFrom {
		return false
	}
	if m.held.From == 0 {
		m.held.From = from
	}
	m.held.To = to
	if o.Interval != nil {
		m.held.hits += o.Interval.Hits
	}
	return true
}

// last shows what is left, and commits it.
func (m *Monitor) last() error {
	if m.memory != nil {
		m.memory.tried = time.Time{} // a failed commit is tried once more
	}
	return m.show(true)
}

func (m *Monitor) close() error {
	for _, l := range m.lanes {
		c := l.parser.HopCounts()
		if told := c.Told(l.account.Name, m.o.Hops); told != "" && (!l.alone || !c.Vain()) {
			m.gauge.Notice(told)
		}
	}
	if err := m.last(); err != nil {
		return err
	}
	if m.held.From != 0 {
		if err := m.replayed(); err != nil {
			return err
		}
	}
	c := m.gauge.Close()
	for _, l := range m.lanes {
		st := l.source.State()
		l.account.Reach, l.account.Dropped = l.reach(time.Now()), st.Dropped
		c.Sources = append(c.Sources, l.account)
	}
	m.teller.stop()
	m.paid()
	c.Channels = m.teller.doing()
	for _, s := range []Sink{m.o.Copy, m.o.Screen} {
		if s != nil {
			if err := s.Close(&c); err != nil {
				return err
			}
		}
	}
	return m.understood()
}

// understood is an error when all input has ended and one could not be read, or
// no line was a request: then what was given is no log that weir knows.
func (m *Monitor) understood() error {
	if !m.ended() {
		return nil
	}
	for _, l := range m.lanes {
		if st := l.source.State(); st.Kind == tail.Stream && st.Failed != nil {
			return &InputError{fmt.Sprintf("%s: %v", st.Name, st.Failed)}
		}
	}
	rejected := int64(0)
	for _, l := range m.lanes {
		if l.account.Hits > 0 {
			return nil
		}
		rejected += l.account.Rejected
	}
	if rejected == 0 {
		return nil
	}
	return &InputError{m.lanes[0].complaint()}
}

func (m *Monitor) ended() bool {
	if len(m.o.Patterns) > 0 {
		return false
	}
	for _, l := range m.lanes {
		if l.batch != nil || !l.source.State().Ended {
			return false
		}
	}
	return true
}

// now is the event time that the wall's clock stands for.
func (m *Monitor) now() time.Time {
	if !m.wall() {
		return time.Now()
	}
	return m.o.Clock.Add(time.Since(m.started))
}

func (m *Monitor) wall() bool { return !m.o.Clock.IsZero() }

// An InputError says that an input could not be read or recognised.
type InputError struct{ Text string }

// Error returns the sentence.
func (e *InputError) Error() string { return e.Text }

// name is what a person calls a source.
func name(s *tail.Source) string {
	if n := s.State().Name; n != "-" {
		return n
	}
	return "standard input"
}

func (o *Options) parserOf(s *tail.Source) *accesslog.Auto {
	if f := o.formatOf(s); f != nil {
		return accesslog.NewForced(*f)
	}
	return new(accesslog.Auto)
}

// formatOf returns the format that is asked for, nil for the one that is found.
func (o *Options) formatOf(s *tail.Source) *accesslog.Format {
	if o.FormatOf != nil {
		if f := o.FormatOf(s.State().Name); f != nil {
			return f
		}
	}
	return o.Format
}

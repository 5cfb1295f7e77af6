// Package clock keeps event time: how far each source of records has come, which seconds are closed.
//
// Every source (a file, a stream) has its own clock, the newest event time
// seen in the order of the source. From all of them follows the one mark that
// windows, alerts and intervals obey:
//
//	records of one second arrive until every source has passed it
//	by the lateness
//
//	   closed                      newest
//	     |<------- lateness ------->|
//	-----+--+--+--+--+--+--+--+--+--+-----------> event time, seconds
//	late |      still open             ahead
//
// Second s is closed when s < Closed(). Nothing here reads a clock: the time
// of reading is passed in, so the same lines and ticks give the same answers.
// All event times are whole Unix seconds; fractions are cut by the caller.
package clock

import (
	"math"
	"time"
)

const (
	// FutureAfter is how far, in seconds, a record may be ahead of the time it
	// was read (or its file last written) before it is no longer believed.
	FutureAfter = 60
	// SilentAfter is how long a source may be silent and still hold the others
	// back.
	SilentAfter = 10 * time.Second
	// MaxHold bounds how long the idle clock waits for a server that buffers
	// its log.
	MaxHold = 60 * time.Second
	// RunRecords records in a row, all late or all ahead, spanning RunSpan
	// seconds, mean that a clock was set: a new epoch begins.
	RunRecords = 100
	// RunSpan is the span of event time, in seconds, that such a run has at
	// least.
	RunSpan = 10
	// MaxSpread is how far, in seconds, a source may be behind the furthest
	// one and still hold it back. What is counted ahead of the mark is held in
	// memory: 32 MiB with keys of 600 bytes at this spread and intervals of 10 s.
	MaxSpread = 300
)

// none is the mark before anything was closed.
const none = math.MinInt64

// A Verdict says how a record stands to the clock.
type Verdict uint8

const (
	// OnTime is a record in a second that is still open.
	OnTime Verdict = iota
	// Late is a record older than the closed second.
	Late
	// Future is a record too far ahead to be believed.
	Future
)

// A Reading is what See found out about one record.
type Reading struct {
	Verdict Verdict
	// Second is where the record counts: its own second, or, for a Future
	// record, the second that time has come to (it counts by arrival).
	Second int64
	// Restart: until now all records were Future ones and, for want of a
	// better clock, were given their own seconds. This one is believed: what
	// was placed so far belongs to the totals alone.
	Restart bool
	// Run is the length of the run of equal Late or Future verdicts that the
	// record belongs to: 0 outside a run, 1 at its first record.
	Run int
	// Epoch is set when this record ends a run that shows the clock was set.
	Epoch *Epoch
}

// An Epoch tells that the clock of a source was set.
type Epoch struct {
	Source int
	From   int64 // where the source's clock stood
	To     int64 // first second of the run: where it goes on
	// Shift is added to all earlier event times so that the new time line
	// continues the old one without a hole: To - From. It is 0 when Alone.
	Shift int64
	// Alone: other sources are active and stay where they are; only this one
	// was set.
	Alone bool
}

// Clock is the event clock of all sources. The zero value is not ready; use
// New. It belongs to one goroutine.
type Clock struct {
	lateness int64         // seconds
	hold     time.Duration // see Hold
	wall     bool
	now      time.Time
	sources  []source
	closed   int64
	holder   int  // a source that kept the mark back when it was last looked at
	unsure   bool // records were placed by a tentative clock
}

type source struct {
	set       bool          // newest holds
	tentative bool          // newest was only ever ahead of the time of reading
	apart     bool          // its clock was set while others went on
	pending   bool          // unread lines are known to wait
	live      bool          // has been at its end: gaps between writes are gaps in time
	measure   bool          // the next record tells how far the idle clock overran
	newest    int64         // event second
	wrote     time.Time     // last write
	dated     time.Time     // the last one that had a record
	undated   bool          // what was written since was none
	looked    time.Time     // when it was last seen to have nothing new
	skew      int64         // seconds its clock is known to run ahead of ours
	gap       time.Duration // between the last two writes
	hold      time.Duration // how long the idle clock waits after a write
	run       run
}

// run is a row of records with the same unwelcome verdict.
type run struct {
	verdict     Verdict
	n           int
	first       int64 // second of the first record
	low, high   int64
	clockBefore int64 // where the clock stood when the run began
}

// New returns a Clock that waits lateness for records out of order; fractions
// of a second are rounded up. With wall, the event clock is not only carried
// on while a source is silent: it is the time passed in (a still file looked
// at as of a given moment).
func New(lateness time.Duration, wall bool) *Clock {
	s := int64((lateness + time.Second - 1) / time.Second)
	return &Clock{lateness: max(0, s), wall: wall, closed: none}
}

// Hold makes the idle clock wait at least so long after each write: for sources that are
// known to write in lumps, and need not be found out to. It is no part of the state.
func (c *Clock) Hold(least time.Duration) { c.hold = least }

// Add makes a new source known and returns its number, from 0. While pending
// is true and nothing was seen of it, no second is closed.
func (c *Clock) Add(pending bool) int {
	c.sources = append(c.sources, source{pending: pending})
	return len(c.sources) - 1
}

// Closed returns the mark: all seconds before it are closed. ok is false as
// long as none is.
func (c *Clock) Closed() (second int64, ok bool) { return c.closed, c.closed != none }

// Now returns the newest event time of all sources, idle time included.
func (c *Clock) Now() (second int64, ok bool) {
	second = none
	settled := c.settled()
	for i := range c.sources {
		if s := &c.sources[i]; s.set && !(s.tentative && settled) {
			second = max(second, c.value(s))
		}
	}
	return second, second != none
}

// Source returns the newest event second seen of source i.
func (c *Clock) Source(i int) (second int64, ok bool) {
	return c.sources[i].newest, c.sources[i].set
}

// Wrote tells that lines of source i were read at now, and that the source was
// last written at written. It precedes the records of those lines.
func (c *Clock) Wrote(i int, written, now time.Time) {
	s := &c.sources[i]
	c.now = now
	s.gap, s.measure = 0, false
	if s.live && written.Before(s.looked) {
		// What is new was written after the last look that found nothing; the
		// time of the file is that of another machine's clock.
		written = s.looked
	}
	if written.After(now) {
		written = now
	}
	if s.live && !s.wrote.IsZero() {
		s.gap = written.Sub(c.written(s))
		s.measure = s.gap > 0
	}
	s.wrote = written
}

// Caught tells whether unread lines of source i are known to wait. A source
// that waits to be read holds the others back however old its last write is.
func (c *Clock) Caught(i int, atEnd bool, written time.Time) {
	s := &c.sources[i]
	s.pending = !atEnd
	if atEnd {
		s.live, s.looked = true, c.now
		if s.wrote.IsZero() {
			s.wrote = written
		}
	}
}

// Undated tells that source i had a line that is no record, and so has no time. As
// long as there are only such, time goes on by the clock as where nothing is written:
// else a log that is not understood any more would stop the time of all.
func (c *Clock) Undated(i int) { c.sources[i].undated = true }

// See takes the next record of source i, with event time sec.
func (c *Clock) See(i int, sec int64) Reading {
	s := &c.sources[i]
	s.dated, s.undated = s.wrote, false
	if s.measure {
		c.measureOverrun(s, sec)
	}
	rd := Reading{Second: sec, Verdict: c.judge(s, sec)}
	switch {
	case rd.Verdict == OnTime:
		s.run.n = 0
		if !s.set || s.tentative || sec > s.newest {
			rd.Restart, c.unsure = c.unsure, false
			s.set, s.tentative, s.newest = true, false, sec
			if !c.held(i) {
				c.close()
			}
		}
		if s.apart && s.newest >= c.closed+c.lateness {
			s.apart = false
		}
		return rd
	case rd.Verdict == Future:
		rd.Second = c.arrival(s, sec)
		if !s.set || s.tentative {
			s.newest = max(sec, s.newest)
			s.set, s.tentative = true, true
		}
	case !s.set || sec > s.newest:
		// Late to the others, but its own clock goes on.
		s.set, s.newest = true, sec
	}
	rd.Epoch = c.extendRun(i, sec, rd.Verdict)
	rd.Run = s.run.n
	if rd.Epoch != nil {
		s.run.n = 0
	}
	return rd
}

// arrival is the second at which a record of s that is not believed counts:
// the one that s, or else the time line, has come to. Where nothing else is
// known it is its own.
func (c *Clock) arrival(s *source, sec int64) int64 {
	if s.set && !s.tentative && !s.apart {
		return c.value(s)
	}
	// The clock of a source that was set apart stands where it was: what it
	// says arrives now, not then.
	second := int64(none)
	for i := range c.sources {
		if o := &c.sources[i]; o.set && !o.tentative && !o.apart {
			second = max(second, c.value(o))
		}
	}
	if second == none {
		c.unsure = true
		return sec
	}
	return second
}

func (c *Clock) judge(s *source, sec int64) Verdict {
	settled := s.set && !s.tentative
	switch {
	case settled && sec <= s.newest:
		// The usual case by far; what is not ahead of its own clock cannot be
		// ahead of ours.
	case sec-s.skew > c.believed(s):
		return Future
	}
	if c.closed != none && sec < c.closed {
		return Late
	}
	return OnTime
}

// believed is the last second a record of s can carry and be believed.
func (c *Clock) believed(s *source) int64 {
	if c.wall {
		return Believed(c.now, c.now)
	}
	return Believed(s.wrote, c.now)
}

// Believed is the last second a record can carry and be believed, that is read
// at now from what was last written at written: FutureAfter beyond the one or
// the other. The time of a file that is being written may be that of another
// machine, so now counts; that of a file an hour old says when its last line
// came. Without any time everything is believed.
func Believed(written, now time.Time) int64 {
	if written.IsZero() || now.Sub(written) < time.Hour {
		written = now
	}
	if written.IsZero() {
		return math.MaxInt64
	}
	return written.Unix() + FutureAfter
}

// extendRun counts the record to the run of its verdict. It returns the epoch
// when the run is long enough to be believed.
func (c *Clock) extendRun(i int, sec int64, v Verdict) *Epoch {
	s := &c.sources[i]
	if s.apart && c.othersLead(i) {
		// Known to go its own way, and the others carry the time on.
		s.run.n = 0
		return nil
	}
	r := &s.run
	if r.n == 0 || r.verdict != v {
		*r = run{verdict: v, first: sec, low: sec, high: sec}
		if v == Late {
			r.clockBefore = c.closed + c.lateness
		} else {
			r.clockBefore = c.arrival(s, sec) + int64(max(0, s.gap)/time.Second)
		}
	}
	r.n++
	r.low, r.high = min(r.low, sec), max(r.high, sec)
	if r.n < RunRecords || r.high-r.low < RunSpan {
		return nil
	}
	return c.startEpoch(i)
}

// startEpoch sets the clock of source i to the run it has just ended, and the
// time line with it when no other source leads.
func (c *Clock) startEpoch(i int) *Epoch {
	s := &c.sources[i]
	e := &Epoch{Source: i, From: s.run.clockBefore, To: s.run.first}
	if c.othersLead(i) {
		// One of several is set: following it would make the records of all
		// others late or future ones, waiting for it would stop every window
		// for as long as the difference. It goes on apart, its records late
		// or counted by arrival.
		s.apart, e.Alone = true, true
		c.close()
		return e
	}
	s.newest, s.tentative, s.apart = s.run.high, false, false
	s.skew = max(0, s.newest-(c.believed(s)-FutureAfter))
	if c.unsure {
		// There is no older time line: the records stand at their own seconds.
		c.unsure = false
		e.From = e.To
		c.close()
		return e
	}
	e.Shift = e.To - e.From
	if c.closed != none {
		c.closed += e.Shift
	}
	for j := range c.sources {
		switch o := &c.sources[j]; {
		case j == i || !o.set:
		case o.apart:
			o.apart = false
		default:
			o.newest += e.Shift
		}
	}
	c.close()
	return e
}

// othersLead reports whether a source other than i is active and carries the
// time line.
func (c *Clock) othersLead(i int) bool {
	for j := range c.sources {
		s := &c.sources[j]
		if j != i && s.set && !s.tentative && !s.apart && c.active(s) {
			return true
		}
	}
	return false
}

// measureOverrun learns from the first record after a gap how far the idle
// clock would have gone beyond it, and so how long it has to wait after a
// write. One slow request after a lull looks like a buffer, too: so the wait
// shrinks by a quarter with every gap longer than it that was none.
//
// Servers that buffer their log (nginx buffer= flush=) write in lumps whose
// first record is as old as the gap; servers that do not write a record when
// it happens, whatever the gap. Waiting for the longest gap between writes, as
// first designed, froze the display of a quiet site for up to a minute;
// the overrun is the quantity that the wait is for.
func (c *Clock) measureOverrun(s *source, sec int64) {
	s.measure = false
	if !s.set || s.tentative || sec < s.newest {
		return
	}
	// A duration holds 292 years; the hole in a log may be longer.
	const century = 100 * 365 * 24 * 3600
	over := s.gap + time.Duration(max(s.newest-sec-c.lateness, -century))*time.Second
	switch {
	case over > s.hold:
		s.hold = min(over, MaxHold)
	case s.gap > s.hold+time.Duration(c.lateness)*time.Second:
		s.hold -= (s.hold - max(0, over)) / 4
	}
}

// Tick lets time pass without records: the clocks of silent sources go on.
func (c *Clock) Tick(now time.Time) {
	c.now = now
	settled := c.settled()
	for i := range c.sources {
		if s := &c.sources[i]; s.tentative && !settled && !s.pending && !c.active(s) {
			// All it ever said lies ahead, and it has nothing more to say: its
			// time is the only one there is.
			s.tentative, c.unsure = false, false
			s.skew = s.newest - (c.believed(s) - FutureAfter)
		}
	}
	c.close()
}

// End closes everything that was seen: no record will come any more.
func (c *Clock) End() {
	last := int64(none)
	settled := c.settled()
	for i := range c.sources {
		s := &c.sources[i]
		if s.set && !(s.tentative && settled) {
			s.tentative = false
			last = max(last, s.newest)
		}
	}
	if last != none {
		c.closed = max(c.closed, last+1)
	}
}

// settled reports whether any source has told a time that is believed. As long
// as one has, a single line dated years ahead in another log is not.
func (c *Clock) settled() bool {
	for i := range c.sources {
		if s := &c.sources[i]; s.set && !s.tentative {
			return true
		}
	}
	return false
}

// held reports whether a source other than i, in which unread lines wait, keeps the
// mark where it is, so that nobody else has to be asked. While thousands of logs
// are read back close would take most of the time.
func (c *Clock) held(i int) bool {
	if c.holder == i || c.holder >= len(c.sources) {
		return false
	}
	s := &c.sources[c.holder]
	if !s.pending || s.apart {
		return false
	}
	return !s.set || s.tentative || c.closed >= s.newest-c.lateness
}

// close moves the mark as far as the sources allow. It never moves it back.
func (c *Clock) close() {
	high := int64(none)
	unheard := false
	for i := range c.sources {
		s := &c.sources[i]
		switch {
		case s.set && !s.tentative && !s.apart:
			high = max(high, c.value(s))
		case s.pending && !s.apart:
			unheard, c.holder = true, i // what it has to say may be older than all the rest
		}
	}
	if unheard || high == none {
		return
	}
	// All silent: the one that has come furthest leads.
	low := high
	for i := range c.sources {
		s := &c.sources[i]
		if !s.set || s.tentative || s.apart || !c.active(s) {
			continue
		}
		if v := c.value(s); s.pending || v >= high-MaxSpread {
			if v <= low {
				low, c.holder = v, i // the last of equals: they are read from the first on
			}
		}
	}
	c.closed = max(c.closed, low-c.lateness)
}

// active reports whether s holds the others back.
func (c *Clock) active(s *source) bool {
	return s.pending || c.now.Sub(c.written(s)) < SilentAfter
}

// value is the event time s has come to, idle time included.
func (c *Clock) value(s *source) int64 {
	if s.pending || !s.live || s.wrote.IsZero() {
		return s.newest
	}
	if c.wall {
		return max(s.newest, c.now.Unix())
	}
	written := c.written(s)
	if s.undated && !s.dated.IsZero() {
		written = c.ours(s, s.dated)
	}
	idle := c.now.Sub(written) - max(s.hold, c.hold)
	if idle <= 0 {
		return s.newest
	}
	return s.newest + int64(idle/time.Second)
}

// written is when s was last written, by our clock. The time of a file may be
// that of a server whose clock is behind: but what carries an event time was
// not written before it. A clock ahead tells nothing.
func (c *Clock) written(s *source) time.Time { return c.ours(s, s.wrote) }

func (c *Clock) ours(s *source, w time.Time) time.Time {
	if n := time.Unix(s.newest, 0); s.set && n.After(w) && !n.After(c.now) {
		w = n
	}
	if w.After(c.now) {
		w = c.now
	}
	return w
}

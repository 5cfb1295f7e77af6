package gauge

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/clock"
	"weir/internal/pack"
	"weir/internal/traffic"
	"weir/internal/view"
)

// stateVersion is that of the binary form of a Gauge:
//
//	version  interval  depth of sections
//	clock  board  meters  their own forms, each with its length
//	recent intervals: how many, then of each  from  to  hits  failed, and of each of
//	  sections, clients, statuses, failures of sections: how many rows, then of each  key  hits
//	epoch  start of the next interval
//	end of what was handed out  from where on widths hold
//	widths: how many, then of each  border  seconds
//	figures: of the interval, of the stretch
//	first second: 0, or 1 and the second
//	before: 0, or 1 and its figures
//	sections seen: how many, then of each  key  second
//	newest second: 0, or 1 and the second
//	seconds that are in no Sealed: how many, then of each  the step from the one before  figures
//	open intervals: how many, then of each  number  tally
//	open stretches, late ones: how many, then of each
//	  start  flags  [seconds]  tally
//	sources: how many, then of each  name  records set aside
//	checksum
//
// Numbers are varints. Maps are in the order of their keys, so equal states
// have equal bytes.
//
// Version 1 was before there were rules beside high traffic.
const stateVersion = 2

// The flags of a stretch.
const (
	flagShown = 1 << iota
	flagExact
	knownFlags = 1<<iota - 1
)

// maxDetails bounds the sections with details of all open tallies together:
// each can take 30 KiB for a few bytes of a state.
const maxDetails = 1 << 15

// savedSource is a source of a stored state.
type savedSource struct {
	clock clock.Saved
	aside []counted
}

// Past is what a store gives back to a Gauge that is restored. It is asked
// during Restore alone.
type Past struct {
	// Seconds calls yield with the Seconds of all Sealed of that epoch, in any
	// order, those before second from left out. Where it is nil windows begin anew.
	Seconds func(epoch, from int64, yield func(sec int64, n traffic.Second)) error
	// Learned is what Checkpoint returned last; nil where it never did.
	Learned []byte
}

// Checkpoint appends to b what was learned of the traffic, when it is time for
// that: before each AppendBinary whose outcome is stored, and to be stored with
// it in place of the one before. fresh is false where the one before is still good.
func (g *Gauge) Checkpoint(b []byte) (learned []byte, fresh bool) { return g.board.Checkpoint(b) }

// AppendBinary appends the state of g to b: all that decides what it will make
// of the lines and ticks to come, but for what the Sealed have that Take has
// handed out. Take comes before it: both, and the positions up to which the
// sources were read, are of the same moment, and are to be stored together. What
// Closing tells of the run is no part of it. Equal states have equal bytes. After an
// error b is as it was. Stored sources that were not added again are forgotten.
func (g *Gauge) AppendBinary(b []byte) ([]byte, error) {
	switch {
	case g.frames.sealer == nil:
		return b, errors.New("a measurement without a sealer has no state to store")
	case len(g.out) > 0:
		return b, fmt.Errorf("%d outputs were not taken before the state was asked for: they would be lost", len(g.out))
	}
	if len(g.frames.saved) > 0 {
		g.bank.Keep(g.names)
	}
	g.frames.saved = nil
	return g.appendState(b), nil
}

func (g *Gauge) appendState(to []byte) []byte {
	g.fold()
	f := &g.frames
	from := len(to)
	b := append(to, stateVersion)
	b = appendInts(b, g.o.Interval, int64(max(1, g.o.SectionDepth)))
	b = appendPart(b, g.clock.AppendBinary)
	b = appendPart(b, g.board.AppendBinary)
	b = appendPart(b, g.bank.AppendBinary)
	b = g.appendGists(b)
	b = appendInts(b, f.epoch, g.next, f.sealed, f.begin)
	b = binary.AppendUvarint(b, uint64(len(f.widths)))
	for _, w := range f.widths {
		b = appendInts(b, w.Before, w.Seconds)
	}
	for _, of := range []*figures{&g.since, &f.since} {
		b = of.appendBinary(b)
	}
	b = appendMaybe(b, g.first.first, g.first.seen)
	b = appendBefore(b, g.before)
	b = binary.AppendUvarint(b, uint64(len(g.seen)))
	for _, key := range slices.Sorted(maps.Keys(g.seen)) {
		b = appendInts(pack.AppendBytes(b, key), g.seen[key])
	}
	newest, ok := g.seconds.Newest()
	b = appendMaybe(b, newest, ok)
	b = g.appendLost(b)
	b = binary.AppendUvarint(b, uint64(len(g.open)))
	for _, k := range slices.Sorted(maps.Keys(g.open)) {
		b = appendPart(appendInts(b, k), g.open[k].AppendOpen)
	}
	for _, in := range []map[int64]*stretch{f.open, f.late} {
		b = binary.AppendUvarint(b, uint64(len(in)))
		for _, start := range slices.Sorted(maps.Keys(in)) {
			b = in[start].appendBinary(b)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(g.names)))
	for i, name := range g.names {
		b = pack.AppendBytes(b, name)
		b = binary.AppendUvarint(b, uint64(len(g.aside[i])))
		for k := range g.aside[i] {
			c := &g.aside[i][k]
			b = appendSecond(appendInts(b, c.as, c.own), &c.n)
		}
	}
	return pack.AppendSum(b, from)
}

func (st *stretch) appendBinary(b []byte) []byte {
	b = append(appendInts(b, st.from), oneIf(st.shown)*flagShown|oneIf(st.exact)*flagExact)
	if st.exact {
		for i := range st.seconds {
			b = appendSecond(b, &st.seconds[i])
		}
	}
	return appendPart(b, st.tally.AppendOpen)
}

// lengthBytes is how many bytes the length of a part takes: room is left for it,
// and nothing copied.
const lengthBytes = 4

// appendPart appends a form with its length in front.
func appendPart(b []byte, form func([]byte) []byte) []byte {
	b = append(b, 0, 0, 0, 0)
	from := len(b)
	b = form(b)
	binary.LittleEndian.PutUint32(b[from-lengthBytes:], uint32(len(b)-from))
	return b
}

func appendInts(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.AppendVarint(b, n)
	}
	return b
}

func oneIf(is bool) byte {
	if is {
		return 1
	}
	return 0
}

// appendMaybe appends a second that there may be.
func appendMaybe(b []byte, second int64, ok bool) []byte {
	if !ok {
		return append(b, 0)
	}
	return appendInts(append(b, 1), second)
}

// appendSecond appends one byte for an empty second.
func appendSecond(b []byte, n *traffic.Second) []byte {
	if *n == (traffic.Second{}) {
		return append(b, 0)
	}
	b = appendInts(append(b, 1), n.Hits, n.Bytes)
	return appendInts(b, n.Classes[:]...)
}

func readSecond(r *pack.Reader) (n traffic.Second) {
	if r.Bool("seconds") {
		n.Hits, n.Bytes = r.Int("seconds"), r.Int("seconds")
		for i := range n.Classes {
			n.Classes[i] = r.Int("seconds")
		}
	}
	return n
}

func (f *figures) appendBinary(b []byte) []byte {
	b = appendInts(b, f.late, f.future)
	b = binary.AppendUvarint(b, uint64(len(f.rejected)))
	for _, why := range slices.Sorted(maps.Keys(f.rejected)) {
		b = appendInts(pack.AppendBytes(b, string(why)), f.rejected[why])
	}
	return b
}

func (f *figures) read(r *pack.Reader) {
	const part = "figures"
	f.late, f.future = r.Int(part), r.Int(part)
	for n := r.Count(part, 2); n > 0 && r.Err() == nil; n-- {
		if f.rejected == nil {
			f.rejected = map[accesslog.Reason]int64{}
		}
		why := accesslog.Reason(r.Bytes(part))
		f.rejected[why] = r.Int(part)
	}
}

func appendBefore(b []byte, s *view.Stats) []byte {
	if s == nil {
		return append(b, 0)
	}
	b = appendInts(append(b, 1), s.Hits, s.Bytes, s.Malformed, s.Visitors)
	b = append(b, oneIf(s.VisitorsEstimated))
	return appendInts(b, s.Classes[:]...)
}

func readBefore(r *pack.Reader) *view.Stats {
	const part = "interval before"
	if !r.Bool(part) {
		return nil
	}
	s := &view.Stats{Hits: r.Int(part), Bytes: r.Int(part), Malformed: r.Int(part), Visitors: r.Int(part)}
	s.VisitorsEstimated = r.Bool(part)
	for i := range s.Classes {
		s.Classes[i] = r.Int(part)
	}
	return s
}

// appendLost appends the seconds that no store gives back.
func (g *Gauge) appendLost(b []byte) []byte {
	var list []byte
	n, last := 0, int64(0)
	for sec, of := range g.lost() {
		list = appendSecond(appendInts(list, sec-last), &of)
		last = sec
		n++
	}
	return append(binary.AppendUvarint(b, uint64(n)), list...)
}

// Restore returns the Gauge whose state AppendBinary wrote to b. It goes on as
// that one would have, given the same lines, ticks and options. Only what Closing
// and Snapshot tell of the run begins anew: it is that of this Gauge. Then
//
//   - AddSource follows for each source. One of a stored name goes on as it
//     was, in the order of equal names; others are new. Stored ones that are
//     not added until the state is stored again are forgotten. Of those behind
//     whose position lines wait, say so with Caught before the next Tick.
//   - Rules are matched as alert.RestoreBoard says.
//   - Of another Interval or SectionDepth than was stored, all that is open is
//     handed out as Sealed at once, to be taken: nothing
//     is lost or mixed, but the interval in the making is not shown.
//   - Of other Widths than was stored, those that were stored hold until their
//     last border has passed. Then, or where none were stored, those that are
//     asked for hold from here on.
//   - Another Lateness holds from here on. The other options only say how
//     things are shown.
//
// A state that is damaged, or of another version, is an error.
func Restore(o Options, b []byte, p Past) (*Gauge, error) {
	if o.Sealer == nil {
		return nil, errors.New("a measurement without a sealer cannot go on from a stored state")
	}
	body, ok := pack.CutSum(b)
	if !ok {
		if len(b) > 0 && b[0] > stateVersion {
			body = b[:1] // to be told of its version
		} else {
			return nil, errors.New("the stored state is damaged: its checksum is another")
		}
	}
	r := pack.NewReader("the stored state", body)
	version := r.Version(stateVersion, 1)
	g := New(o)
	asked := g.o
	g.o.Interval, g.o.SectionDepth = r.Second("interval"), int(r.Second("depth of sections"))
	if g.o.Interval < 1 || g.o.SectionDepth < 1 {
		r.Damaged("interval")
	}
	saved, err := g.readParts(r, version, &p)
	if err != nil {
		return nil, err
	}
	g.readFigures(r)
	g.readOpen(r)
	g.readSources(r, saved)
	if err := r.End(); err != nil {
		return nil, err
	}
	if err := g.recall(p); err != nil {
		return nil, err
	}
	g.change(asked)
	g.adopt(asked.Widths)
	return g, nil
}

// readParts reads what has a form of its own.
func (g *Gauge) readParts(r *pack.Reader, version byte, p *Past) (saved []clock.Saved, err error) {
	time, alerts, meters := readPart(r, "clock"), readPart(r, "alerts"), []byte(nil)
	if version > 1 {
		meters = readPart(r, "meters")
		g.readGists(r)
	}
	if r.Err() != nil {
		return nil, r.Err()
	}
	if g.clock, saved, err = clock.Restore(g.o.Lateness, g.o.Wall, time); err != nil {
		return nil, err
	}
	g.clock.Hold(g.o.Hold)
	if closed, ok := g.clock.Closed(); ok {
		g.frames.closed = closed
	}
	var forgot error
	if g.board, forgot, err = alert.RestoreBoard(alerts, p.Learned, g.o.Rules...); err != nil {
		return nil, err
	}
	if forgot != nil && p.Seconds != nil {
		g.Notice(forgot.Error() + "; what is usual is learned anew")
	}
	g.tell(g.board.Owed())
	g.bank = g.newBank()
	if version > 1 {
		err = g.bank.Restore(meters)
	}
	return saved, err
}

// readPart reads what appendPart wrote: a view into the form.
func readPart(r *pack.Reader, part string) []byte {
	n := int64(0)
	for i := range lengthBytes {
		n |= int64(r.Byte(part)) << (8 * i)
	}
	return r.Take(part, n)
}

func (g *Gauge) readFigures(r *pack.Reader) {
	g.frames.epoch = r.Int("epoch")
	if g.next = r.Int("next interval"); g.next != math.MaxInt64 && (g.next < -pack.Horizon || g.next > pack.Horizon) {
		r.Damaged("next interval")
	}
	g.readWidths(r)
	for _, f := range []*figures{&g.since, &g.frames.since} {
		f.read(r)
	}
	if r.Bool("first second") {
		g.first.note(r.Second("first second"))
	}
	g.before = readBefore(r)
	for n := r.Count("sections", 2); n > 0 && r.Err() == nil; n-- {
		key := string(r.Bytes("sections"))
		g.seen[key] = r.Second("sections")
	}
	if r.Bool("newest second") {
		g.seconds.Add(r.Second("newest second"), traffic.Second{})
	}
	last := int64(0)
	for n := r.Count("seconds", 2); n > 0 && r.Err() == nil; n-- {
		step := r.Int("seconds")
		if last += step; last < -pack.Horizon || last > pack.Horizon {
			r.Damaged("seconds")
			break
		}
		of := readSecond(r)
		if !g.frames.wide(last) {
			g.frames.carried.Add(last, of)
		}
		g.seconds.Add(last, of)
	}
}

// readWidths reads how wide stretches are, and up to where they were handed out.
func (g *Gauge) readWidths(r *pack.Reader) {
	f := &g.frames
	for _, sec := range []*int64{&f.sealed, &f.begin} {
		if *sec = r.Int("end of what was sealed"); *sec != math.MinInt64 && (abs(*sec) > pack.Horizon || *sec%SealSeconds != 0) {
			r.Damaged("end of what was sealed")
		}
	}
	var widths []Width
	for n := r.Count("widths", 2); n > 0 && r.Err() == nil; n-- {
		widths = append(widths, Width{Before: r.Second("widths"), Seconds: r.Int("widths")})
	}
	if f.widths = borders(widths); !slices.Equal(f.widths, widths) {
		r.Damaged("widths")
	}
}

// readOpen reads the open tallies.
func (g *Gauge) readOpen(r *pack.Reader) {
	details := 0
	tally := func() *traffic.Tally {
		t, err := traffic.DecodeOpen(readPart(r, "open stretch"))
		if err != nil {
			r.Damaged("open stretch")
			return new(traffic.Tally)
		}
		if details += t.Details(); details > maxDetails {
			r.Damaged("number of sections")
		}
		return t
	}
	for n := r.Count("open intervals", minTally); n > 0 && r.Err() == nil; n-- {
		k := r.Second("open interval")
		// One before the next to be shown would never be, and no gap be passed over.
		if r.Err() == nil && (abs(k) > pack.Horizon/g.o.Interval+1 || k*g.o.Interval < g.next) || g.open[k] != nil {
			r.Damaged("open interval")
			return
		}
		g.open[k] = tally()
		if g.frames.elder == nil {
			g.frames.elder = map[int64]bool{}
		}
		g.frames.elder[k] = true
	}
	f := &g.frames
	stretches := func(in map[int64]*stretch, slot func(int64) (from, to int64)) {
		for n := r.Count("open stretches", minTally); n > 0 && r.Err() == nil; n-- {
			st := g.readStretch(r, slot)
			st.tally = tally()
			if in[st.from] != nil {
				r.Damaged("open stretch")
			}
			in[st.from] = st
		}
	}
	stretches(f.open, f.slot)
	stretches(f.late, func(sec int64) (from, to int64) {
		from = floor(sec, SealSeconds)
		return from, from + SealSeconds
	})
	for _, st := range f.open {
		f.due = min(f.due, st.to)
	}
	if closed, ok := g.clock.Closed(); ok && len(f.late) > 0 {
		f.due = min(f.due, floor(closed, SealSeconds)+SealSeconds)
	}
}

// readStretch reads all of a stretch but its tally.
func (g *Gauge) readStretch(r *pack.Reader, slot func(int64) (from, to int64)) *stretch {
	const part = "open stretch"
	sec := r.Second(part)
	st := &stretch{counted: true}
	st.from, st.to = slot(sec)
	st.twice = g.o.Interval%(st.to-st.from) != 0
	flags := r.Byte(part)
	st.shown, st.exact = flags&flagShown != 0, flags&flagExact != 0
	if st.from != sec || flags > knownFlags || st.exact && st.to-st.from != SealSeconds {
		r.Damaged(part)
		return st
	}
	if st.exact {
		for i := range st.seconds {
			st.seconds[i] = readSecond(r)
			g.remember(st.from+int64(i), st.seconds[i])
		}
	}
	return st
}

// minTally is how many bytes the form of an open tally has at least, with its
// number and length: one of an interval whose records are still in stretches.
const minTally = 7

func abs(n int64) int64 { return max(n, -n) }

func (g *Gauge) readSources(r *pack.Reader, saved []clock.Saved) {
	if r.Count("sources", 2) != len(saved) {
		r.Damaged("number of sources")
		return
	}
	g.frames.saved = make(map[string][]savedSource, len(saved))
	for i := range saved {
		name, s := string(r.Bytes("source")), savedSource{clock: saved[i]}
		for n := r.Count("source", 3); n > 0 && r.Err() == nil; n-- {
			c := counted{as: r.Second("source"), own: r.Second("source")}
			c.n = readSecond(r)
			s.aside = append(s.aside, c)
		}
		g.frames.saved[name] = append(g.frames.saved[name], s)
	}
}

// remember counts what was counted before. An empty second would, as the newest
// one, be taken for one that has something.
func (g *Gauge) remember(sec int64, n traffic.Second) {
	if n != (traffic.Second{}) {
		g.seconds.Add(sec, n)
	}
}

// recall takes what the store has.
func (g *Gauge) recall(p Past) error {
	newest, ok := g.seconds.Newest()
	if p.Seconds == nil || !ok {
		return nil
	}
	if err := p.Seconds(g.frames.epoch, newest-traffic.Day+1, g.remember); err != nil {
		return fmt.Errorf("the seconds before the stored state: %w", err)
	}
	return nil
}

// change goes over to the options that are asked for. What was counted by
// others is done with.
func (g *Gauge) change(to Options) {
	deeper := g.o.SectionDepth != max(1, to.SectionDepth)
	if g.o.Interval != to.Interval || deeper {
		g.seal(math.MaxInt64)
		g.close()
		g.next, g.before = math.MaxInt64, nil
	}
	if deeper {
		clear(g.seen)
		g.recent = nil
		g.bank.Regroup(to.SectionDepth)
	}
	g.o = to
}

// preview shows what flush would, and leaves g as it is.
func (g *Gauge) preview(to int64) {
	c, err := Restore(g.o, g.appendState(nil), Past{})
	if err != nil {
		g.Notice("what is open cannot be shown: " + err.Error())
		return
	}
	c.seconds, c.board = g.seconds, g.board
	c.flush(to)
	for _, o := range c.out {
		if o.Sealed == nil && o.Event == nil {
			g.out = append(g.out, o)
		}
	}
	if c.run.last != nil {
		g.run.last = c.run.last
	}
}

package gauge

import (
	"maps"
	"math"
	"slices"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// SealSeconds is the length of the stretches that are sealed, aligned to it,
// whatever the interval of the display is.
const SealSeconds = 10

const (
	// maxLate is how many stretches that were sealed already may have late
	// records waiting to be handed out.
	maxLate = 8
	// latePart is the part of the rows that the first of those has; the n-th has
	// 1/n of that.
	latePart = 16
	// reachBeyond is how far, in seconds, before the longest window seconds are
	// kept that no store has: more than the mark moves between two looks at them.
	reachBeyond = 600
)

// A Sealed is what was counted in one stretch of SealSeconds, exactly: what a
// store keeps. It adds to the stretch: there may be any number of them for one,
// the first of which comes when its last second is closed, and those with late
// records later. All of them together, with what the state of the Gauge holds, are all
// that was counted. It owns its memory, is immutable, and may be used by many goroutines.
type Sealed struct {
	// Epoch is how many times the time line was set anew before. Stretches of
	// two epochs may have the same time and are counted apart: to restore a
	// Gauge takes the seconds of its own epoch alone.
	Epoch   int64
	Amends  bool          // of late records, or of such that came before their time was known
	Frame   traffic.Frame // From is a multiple of SealSeconds, To lies that much behind it
	Figures traffic.Figures
	// Seconds are the exact figures of each second; their sum is that of Frame.
	Seconds [SealSeconds]traffic.Second
	// What was told since the Sealed before, in the order of arrival.
	Late, Future int64
	Rejected     map[accesslog.Reason]int64 // lines; nil where there are none
}

// frames is what a Gauge knows of the stretches to seal. Where there is no
// sealer nothing of it is used but due.
type frames struct {
	sealer *traffic.Sealer
	// twice: intervals of the display are no multiple of a stretch, so records
	// are folded into both. Else they are folded into stretches, and intervals
	// merged of these.
	twice   bool
	also    *traffic.Tally // where the batch goes besides Gauge.into, nil for nowhere
	epoch   int64
	open    map[int64]*stretch // by start / SealSeconds
	late    map[int64]*stretch // of those sealed already
	current *stretch           // the one used last, of number at
	at      int64
	due     int64           // when the mark gets there something is to be sealed
	since   figures         // since the last Sealed
	carried traffic.Seconds // counted in this epoch and in no Sealed of it
	saved   []savedSource   // of a restored Gauge, not added yet
	buf     []byte          // a part of the state in the making
}

// stretch is what is open of a stretch: all of it, or its late records.
type stretch struct {
	tally   *traffic.Tally
	seconds [SealSeconds]traffic.Second
	shown   bool // its interval has been shown: it belongs to the total alone
}

func newFrames(o *Options) frames {
	f := frames{sealer: o.Sealer, due: math.MaxInt64}
	if o.Sealer != nil {
		f.twice = o.Interval%SealSeconds != 0
		f.open, f.late = map[int64]*stretch{}, map[int64]*stretch{}
	}
	return f
}

// place counts n in the stretch of second sec, and returns the tallies that its
// record is to be folded into. t is the one of its interval, or the total.
func (g *Gauge) place(sec int64, n *traffic.Second, t *traffic.Tally) (into, also *traffic.Tally) {
	st := g.stretch(sec, t == &g.total)
	st.seconds[sec-g.frames.at*SealSeconds].Add(*n)
	if g.frames.twice {
		return t, st.tally
	}
	return st.tally, nil
}

// stretch returns what is open of the stretch of second sec.
func (g *Gauge) stretch(sec int64, shown bool) *stretch {
	f := &g.frames
	k := traffic.FloorDiv(sec, SealSeconds)
	if f.current != nil && f.at == k {
		return f.current
	}
	in, due, part := f.open, (k+1)*SealSeconds, openPart*(1+len(f.open))
	if closed, ok := g.clock.Closed(); ok && due <= closed {
		if f.late[k] == nil && len(f.late) >= maxLate {
			g.amend()
		}
		in, part = f.late, latePart*(1+len(f.late))
		due = (traffic.FloorDiv(closed, SealSeconds) + 1) * SealSeconds
	}
	st := in[k]
	if st == nil {
		st = &stretch{tally: g.empty(part), shown: shown}
		in[k] = st
		f.due = min(f.due, due)
	}
	f.at, f.current = k, st
	return st
}

// seal hands out all stretches that are over when the mark is at closed, and
// what was late for others.
func (g *Gauge) seal(closed int64) {
	f := &g.frames
	if closed < f.due {
		return
	}
	g.fold()
	g.amend()
	f.due, f.current = math.MaxInt64, nil
	for _, k := range slices.Sorted(maps.Keys(f.open)) {
		if end := (k + 1) * SealSeconds; end > closed {
			f.due = end
			break
		}
		st := f.open[k]
		g.emit(k, st, false)
		g.hand(k, st, false)
		delete(f.open, k)
	}
}

// amend hands out what was late for stretches sealed before.
func (g *Gauge) amend() {
	f := &g.frames
	if len(f.late) == 0 {
		return
	}
	g.fold()
	f.current = nil
	for _, k := range slices.Sorted(maps.Keys(f.late)) {
		st := f.late[k]
		g.emit(k, st, true)
		g.hand(k, st, true)
		delete(f.late, k)
	}
}

// emit makes stretch k an output.
func (g *Gauge) emit(k int64, st *stretch, amends bool) {
	f := &g.frames
	from := k * SealSeconds
	g.out = append(g.out, Output{Sealed: &Sealed{
		Epoch: f.epoch, Amends: amends,
		Frame:   f.sealer.Seal(st.tally, from, from+SealSeconds),
		Figures: st.tally.Figures(), Seconds: st.seconds,
		Late: f.since.late, Future: f.since.future, Rejected: f.since.rejected,
	}})
	f.since = figures{}
}

// hand gives what stretch k has counted to its interval, where that is not
// counted by itself, and takes the tally back.
func (g *Gauge) hand(k int64, st *stretch, late bool) {
	t := st.tally
	if !g.frames.twice {
		i := traffic.FloorDiv(k*SealSeconds, g.o.Interval)
		switch o := g.open[i]; {
		case st.shown || o == nil:
			g.total.Merge(t)
		case o.Hits == 0 && !late:
			// The first, and often the only one: no need to merge. Of late
			// records the tally is a small one.
			g.open[i], t = t, o
			g.current = nil
		default:
			o.Merge(t)
		}
	}
	g.giveBack(t)
}

// unmerged yields the stretches whose records are in no interval yet.
func (g *Gauge) unmerged(yield func(*stretch)) {
	if g.frames.twice {
		return
	}
	for _, in := range []map[int64]*stretch{g.frames.open, g.frames.late} {
		for _, k := range slices.Sorted(maps.Keys(in)) {
			yield(in[k])
		}
	}
}

// carry begins a new epoch: what the stretches of the old one have counted is
// no longer found at the seconds where windows now look for it.
func (g *Gauge) carry() {
	f := &g.frames
	if f.sealer == nil {
		return
	}
	f.epoch++
	f.carried = traffic.Seconds{}
	for sec, n := range g.seconds.From(g.reach()) {
		f.carried.Add(sec, n)
	}
}

// reach returns how far back seconds are looked at.
func (g *Gauge) reach() int64 {
	longest := int64(0)
	for i := range g.o.Rules {
		longest = max(longest, g.o.Rules[i].Window)
	}
	closed, ok := g.clock.Closed()
	if !ok {
		return math.MinInt64
	}
	return closed - longest - reachBeyond
}

// forsake hands out all that is open, which lies on a time line that nobody
// believes any more: at second sec, as records that count by arrival.
func (g *Gauge) forsake(sec int64) {
	f := &g.frames
	if f.sealer == nil {
		return
	}
	k := traffic.FloorDiv(sec, SealSeconds)
	all := stretch{tally: new(traffic.Tally), shown: true}
	at := &all.seconds[sec-k*SealSeconds]
	for _, in := range []map[int64]*stretch{f.open, f.late} {
		for _, o := range slices.Sorted(maps.Keys(in)) {
			for _, n := range in[o].seconds {
				at.Add(n)
			}
			all.tally.Merge(in[o].tally)
		}
		clear(in)
	}
	if all.tally.Hits > 0 {
		g.emit(k, &all, true)
		if !f.twice {
			g.total.Merge(all.tally)
		}
	}
	f.current, f.due = nil, math.MaxInt64
	f.epoch++
	f.carried = traffic.Seconds{}
}

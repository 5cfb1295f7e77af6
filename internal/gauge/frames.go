package gauge

import (
	"maps"
	"math"
	"slices"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// SealSeconds is the length of the stretches that are sealed, aligned to it,
// whatever the interval of the display is; of a past that Options.Widths makes
// wider it is that of the amendments.
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

// A Sealed is what was counted in one stretch, exactly: what a
// store keeps. It adds to the stretch: there may be any number of them for one,
// the first of which comes when its last second is closed, and those with late
// records later. All of them together, with what the state of the Gauge holds, are all
// that was counted. It owns its memory, is immutable, and may be used by many goroutines.
type Sealed struct {
	// Epoch is how many times the time line was set anew before. Stretches of
	// two epochs may have the same time and are counted apart: to restore a
	// Gauge takes the seconds of its own epoch alone.
	Epoch int64
	// Amends: it lies before what SealedTo has told, or before the end of one
	// that came. It is of late records, or of a clock that was set back, and is
	// SealSeconds wide. Others come in the order of time, whatever the epoch.
	Amends bool
	// From is a multiple of the width, which is SealSeconds or one of
	// Options.Widths.
	Frame   traffic.Frame
	Figures traffic.Figures
	// Seconds are the exact figures of each of SealSeconds seconds; their sum is
	// that of Frame. It is nil before the last border of Options.Widths: the
	// state has those that windows may still look at.
	Seconds []traffic.Second
	// What was told since the Sealed before, in the order of arrival.
	Late, Future int64
	Rejected     map[accesslog.Reason]int64 // lines; nil where there are none
}

// frames is what a Gauge knows of the stretches to seal. Where there is no
// sealer nothing of it is used but due.
type frames struct {
	sealer  *traffic.Sealer
	widths  []Width        // those in force, as borders has them
	begin   int64          // the second from which on they hold
	also    *traffic.Tally // where the batch goes besides Gauge.into, nil for nowhere
	counted bool           // the batch goes to the total, too
	epoch   int64
	open    map[int64]*stretch       // by start
	late    map[int64]*stretch       // of those sealed already
	current *stretch                 // the one used last
	due     int64                    // when the mark gets there something is to be sealed
	closed  int64                    // the mark when it was last looked at
	sealed  int64                    // the end of what was handed out, of all epochs; the smallest number where nothing was
	since   figures                  // since the last Sealed
	carried traffic.Seconds          // counted in this epoch and in no Sealed of it
	saved   map[string][]savedSource // of a restored Gauge, not added yet, by name
	// elder are open intervals that a run before this began: what they hold is
	// not all of this run, whose records go to the total by themselves.
	elder map[int64]bool
}

// stretch is what is open of a stretch: all of it, or its late records.
type stretch struct {
	from, to int64
	tally    *traffic.Tally
	seconds  [SealSeconds]traffic.Second // where exact
	exact    bool                        // it is SealSeconds wide, and its seconds are handed out with it
	shown    bool                        // its interval has been shown: it belongs to the total alone
	// twice: intervals of the display are no multiple of its width, so records
	// are folded into both. Else they are folded into stretches, and intervals
	// merged of these.
	twice bool
	// counted: what belongs to the total is folded into it record by record,
	// since the tally, or that of the interval, also has what a run before this
	// has counted.
	counted bool
}

func newFrames(o *Options) frames {
	f := frames{sealer: o.Sealer, due: math.MaxInt64, closed: math.MinInt64, sealed: math.MinInt64, begin: math.MinInt64}
	if o.Sealer != nil {
		f.open, f.late = map[int64]*stretch{}, map[int64]*stretch{}
		f.widths = borders(o.Widths)
	}
	return f
}

// place counts n in the stretch of second sec. It returns the tallies that its
// record is to be folded into, and whether it goes to the total, too. t is the one of its interval, or the total.
func (g *Gauge) place(sec int64, n *traffic.Second, t *traffic.Tally) (into, also *traffic.Tally, counted bool) {
	st := g.stretch(sec, t == &g.run.total)
	if st.exact {
		st.seconds[sec-st.from].Add(*n)
	}
	if st.twice {
		return t, st.tally, len(g.frames.elder) > 0 && t == g.current && g.frames.elder[g.at]
	}
	return st.tally, nil, st.counted
}

// stretch returns what is open of the stretch of second sec.
func (g *Gauge) stretch(sec int64, shown bool) *stretch {
	f := &g.frames
	if st := f.current; st != nil && sec >= st.from && sec < st.to {
		return st
	}
	from, to := f.slot(sec)
	in, due, part := f.open, to, openPart*(1+len(f.open))
	if closed, ok := g.clock.Closed(); ok && to <= closed {
		from = floor(sec, SealSeconds)
		to = from + SealSeconds
		if f.late[from] == nil && len(f.late) >= maxLate {
			g.amend()
		}
		in, part = f.late, latePart*(1+len(f.late))
		due = floor(closed, SealSeconds) + SealSeconds
	}
	st := in[from]
	if st == nil {
		st = &stretch{from: from, to: to, tally: g.empty(part), shown: shown}
		g.describe(st)
		st.counted = !st.twice && !shown && g.frames.elder[traffic.FloorDiv(from, g.o.Interval)]
		in[from] = st
		f.due = min(f.due, due)
	}
	f.current = st
	return st
}

// describe fills in what follows from where a stretch lies.
func (g *Gauge) describe(st *stretch) {
	st.exact = !g.frames.wide(st.from)
	st.twice = g.o.Interval%(st.to-st.from) != 0
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
	for _, from := range slices.Sorted(maps.Keys(f.open)) {
		st := f.open[from]
		if st.to > closed {
			f.due = st.to
			break
		}
		g.emit(st, false)
		g.hand(st, false)
		delete(f.open, from)
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
	for _, from := range slices.Sorted(maps.Keys(f.late)) {
		st := f.late[from]
		g.emit(st, true)
		g.hand(st, true)
		delete(f.late, from)
	}
}

// emit makes a stretch an output.
func (g *Gauge) emit(st *stretch, late bool) {
	f := &g.frames
	s := &Sealed{
		Epoch: f.epoch, Amends: late || st.from < f.sealed,
		Frame:   f.sealer.Seal(st.tally, st.from, st.to),
		Figures: st.tally.Figures(),
		Late:    f.since.late, Future: f.since.future, Rejected: f.since.rejected,
	}
	if st.exact {
		s.Seconds = slices.Clone(st.seconds[:])
	}
	if !late {
		f.sealed = max(f.sealed, st.to)
	}
	g.out = append(g.out, Output{Sealed: s})
	f.since = figures{}
}

// hand gives what a stretch has counted to its interval, where that is not
// counted by itself, and takes the tally back.
func (g *Gauge) hand(st *stretch, late bool) {
	t := st.tally
	if !st.twice {
		i := traffic.FloorDiv(st.from, g.o.Interval)
		switch o := g.open[i]; {
		case st.shown || o == nil:
			if !st.counted {
				g.run.total.Merge(t)
			}
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

// unmerged yields the stretches whose records are in no interval yet, and in
// no total.
func (g *Gauge) unmerged(yield func(*stretch)) {
	for _, in := range []map[int64]*stretch{g.frames.open, g.frames.late} {
		for _, from := range slices.Sorted(maps.Keys(in)) {
			if st := in[from]; !st.twice && !st.counted {
				yield(st)
			}
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
		if r := &g.o.Rules[i]; r.Exact() {
			longest = max(longest, r.Reach())
		}
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
	f.sealed = f.sealedTo(f.closed)
	from := floor(sec, SealSeconds)
	all := &stretch{from: from, to: from + SealSeconds, tally: new(traffic.Tally)}
	g.describe(all)
	for _, in := range []map[int64]*stretch{f.open, f.late} {
		for _, o := range slices.Sorted(maps.Keys(in)) {
			st := in[o]
			all.seconds[sec-from].Add(st.tally.Second)
			all.tally.Merge(st.tally)
			if !st.twice && !st.counted {
				g.run.total.Merge(st.tally)
			}
		}
		clear(in)
	}
	if all.tally.Hits > 0 {
		g.emit(all, false)
	}
	f.current, f.due = nil, math.MaxInt64
	f.epoch++
	f.carried = traffic.Seconds{}
}

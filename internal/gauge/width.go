package gauge

import (
	"iter"
	"math"

	"weir/internal/traffic"
)

// A Width says how wide the stretches of a past are sealed whose seconds nobody
// keeps: to seal each ten seconds of months, and drop them at once, is what
// takes most of the time to read them back.
type Width struct {
	Before  int64 // Unix seconds: of what is older than that
	Seconds int64 // of a stretch: a multiple of SealSeconds, a day at most
}

const (
	maxWidth  = 24 * 60 * 60
	maxWidths = 8
)

// Widen makes g seal by widths, instead of those of its Options. It is for an owner
// who learns only from its sources how old the past is, and does nothing once a
// record was counted, or where the state that g was restored from has widths. Of one
// that had none they hold behind all that it has counted.
func (g *Gauge) Widen(widths []Width) {
	if f := &g.frames; f.sealer != nil && !g.run.seen && len(f.widths) == 0 {
		g.adopt(widths)
	}
}

// borders returns the widths that can be used, their borders moved back to
// where no stretch crosses them. Each divides the one before it.
func borders(asked []Width) []Width {
	var list []Width
	for _, w := range asked {
		if w.Seconds <= SealSeconds || w.Seconds%SealSeconds != 0 || w.Seconds > maxWidth || len(list) == maxWidths {
			continue
		}
		w.Before = floor(w.Before, w.Seconds)
		if n := len(list); n > 0 && (w.Before <= list[n-1].Before || list[n-1].Seconds%w.Seconds != 0) {
			continue
		}
		list = append(list, w)
	}
	return list
}

func floor(sec, step int64) int64 { return traffic.FloorDiv(sec, step) * step }

// slot returns the stretch that second sec belongs to. One that begins before
// the end of what was handed out, of whatever epoch, or of what other widths
// held for, is none: narrower ones are taken there, so that no two overlap.
func (f *frames) slot(sec int64) (from, to int64) {
	for i := range f.widths {
		if w := &f.widths[i]; sec < w.Before {
			if from = floor(sec, w.Seconds); from >= max(f.begin, f.sealed) {
				return from, from + w.Seconds
			}
		}
	}
	from = floor(sec, SealSeconds)
	return from, from + SealSeconds
}

// wide reports whether second sec lies where stretches may be wide: no Sealed
// has its figures.
func (f *frames) wide(sec int64) bool {
	n := len(f.widths)
	return n > 0 && sec >= f.begin && sec < f.widths[n-1].Before
}

// SealedTo returns the second before which all is Sealed, with hits or without:
// what comes for it amends it. It never goes back. ok is false as long as
// there is none.
func (g *Gauge) SealedTo() (second int64, ok bool) {
	closed, ok := g.clock.Closed()
	if !ok {
		closed = math.MinInt64
	}
	second = g.frames.sealedTo(closed)
	return second, second != math.MinInt64
}

func (f *frames) sealedTo(closed int64) int64 {
	if closed == math.MinInt64 {
		return f.sealed
	}
	from, _ := f.slot(closed)
	return max(f.sealed, from)
}

// adopt goes over to the widths that are asked for, unless those in force have
// a border ahead: what they began would be cut by others. They hold behind all
// that is open or closed.
func (g *Gauge) adopt(asked []Width) {
	f := &g.frames
	closed, ok := g.clock.Closed()
	if n := len(f.widths); n > 0 && (!ok || f.widths[n-1].Before > closed) {
		return
	}
	widths := borders(asked)
	if n := len(widths); n == 0 || ok && widths[n-1].Before <= closed {
		return
	}
	var carried traffic.Seconds
	for sec, n := range g.lost() {
		carried.Add(sec, n)
	}
	f.carried = carried
	f.begin = f.sealed
	if ok {
		f.begin = max(f.begin, floor(closed, SealSeconds))
	}
	for _, st := range f.open {
		f.begin = max(f.begin, st.to)
	}
	f.widths = widths
}

// lost yields, in the order of time, the seconds that may still be looked at
// and are in no Sealed and in no open stretch of this epoch. Where stretches are wide these are all.
func (g *Gauge) lost() iter.Seq2[int64, traffic.Second] {
	f := &g.frames
	reach := g.reach()
	return func(yield func(int64, traffic.Second) bool) {
		from, to := int64(math.MinInt64), int64(math.MinInt64)
		if n := len(f.widths); n > 0 {
			from, to = f.begin, f.widths[n-1].Before
		}
		for sec, n := range f.carried.From(reach) {
			if sec >= from {
				break
			}
			if !yield(sec, n) {
				return
			}
		}
		for sec, n := range g.seconds.From(max(reach, from)) {
			if sec >= to {
				break
			}
			if !yield(sec, n) {
				return
			}
		}
		for sec, n := range f.carried.From(max(reach, to)) {
			if !yield(sec, n) {
				return
			}
		}
	}
}

package meter

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"weir/internal/pack"
	"weir/internal/traffic"
)

// A note is what was counted of a record that is late, or ahead of all that is
// believed: should it turn out that a clock was set, it is counted where it belongs.
type note struct {
	meter, group int // by their numbers
	key          string
	as, own      int64 // the second it was counted in, and its own
	counted      bool  // it was, in as
	n            cell
	micros       int64
	visitor      uint64
}

// A set is what clocks that may have been set are about.
type set struct {
	runs   map[string][]note // by log
	due    []note            // of one, to be counted before anything else
	noting bool              // the next record belongs to a run
	own    int64             // its own second
}

// mostNotes are kept for a log: a clock is known to be set after a hundred records that
// span ten seconds.
const mostNotes = 1 << 13

// Note precedes the Record of one that is late or ahead: the run-th in a row of the log, from
// 1, whose own second is own. With 0 the row is over, and no Record follows.
func (b *Bank) Note(source string, own int64, run int) {
	if run <= 1 && len(b.set.runs[source]) > 0 {
		delete(b.set.runs, source)
	}
	b.set.noting, b.set.own = run > 0 && b.active, own
}

// noted notes what Record has counted.
func (b *Bank) noted(source string, o note, h *hit) {
	if list := b.set.runs[source]; len(list) < mostNotes {
		o.as, o.own, o.n, o.micros, o.visitor = h.sec, b.set.own, h.n, h.micros, h.visitor
		b.set.runs[source] = append(list, o)
	}
}

// Shift moves all by delta seconds: the clock of a log was set, and the time line
// with it. The records of that log that showed it are counted in their own seconds.
func (b *Bank) Shift(delta int64, source string) {
	b.feed(math.MaxInt64)
	run := b.set.runs[source]
	clear(b.set.runs)
	for i := range run {
		if s := b.series(&run[i]); s != nil && run[i].counted {
			for k := range s.rings {
				s.rings[k].sub(run[i].as, run[i].n)
			}
		}
	}
	b.shift(delta)
	slices.SortStableFunc(run, func(a, b note) int { return cmp.Compare(a.own, b.own) })
	b.set.due = run
}

// feed counts the records of a run before second to in their own seconds. A hundred
// requests of a quiet site may span an hour, which is more than a ring holds beside its
// windows: so they are counted as the seconds are decided.
func (b *Bank) feed(to int64) {
	for len(b.set.due) > 0 && b.set.due[0].own < to {
		o := &b.set.due[0]
		b.set.due = b.set.due[1:]
		s := b.series(o)
		if s == nil {
			continue
		}
		for k := range s.rings {
			s.rings[k].add(o.own, o.n)
		}
		s.last = max(s.last, o.own)
		// Out of a summary nothing can be taken. What was ahead lies in that of its
		// arrival, which is next to its own second now; what was late lies where nobody
		// looks but windows of hours.
		if o.as == o.own {
			for _, k := range s.kept {
				k.add(&hit{sec: o.own, n: o.n, micros: o.micros, visitor: o.visitor})
			}
		}
	}
}

func (b *Bank) series(o *note) *series { return b.meters[o.meter].groups[o.group].keys[o.key] }

// sub takes back what add counted.
func (r *ring) sub(sec int64, c cell) {
	slot := traffic.FloorDiv(sec, r.width)
	if !r.holds(slot) {
		return
	}
	of := r.at(slot)
	of.hits, of.part, of.bytes = of.hits-min(of.hits, c.hits), of.part-min(of.part, c.part), of.bytes-min(of.bytes, max(0, c.bytes))
}

func (b *Bank) appendRuns(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(b.set.runs)))
	for _, source := range slices.Sorted(maps.Keys(b.set.runs)) {
		to = binary.AppendUvarint(pack.AppendBytes(to, source), uint64(len(b.set.runs[source])))
		for _, o := range b.set.runs[source] {
			to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(o.meter)), uint64(o.group))
			to = append(pack.AppendBytes(to, o.key), oneIf(o.counted))
			for _, n := range []int64{o.as, o.own, int64(o.n.hits), int64(o.n.part), o.n.bytes, o.micros} {
				to = binary.AppendVarint(to, n)
			}
			to = binary.LittleEndian.AppendUint64(to, o.visitor)
		}
	}
	return to
}

// readRuns reads them. keep is whether the meters are those that they were written of.
func (b *Bank) readRuns(p *pack.Reader, keep bool) {
	const part = "late records"
	for n := p.Count(part, 2); n > 0 && p.Err() == nil; n-- {
		source := string(p.Bytes(part))
		var list []note
		for k := p.Count(part, 18); k > 0 && p.Err() == nil; k-- {
			o := note{meter: int(p.Uint(part, 1<<16)), group: int(p.Uint(part, 1<<16)), key: string(p.Bytes(part)), counted: p.Bool(part)}
			o.as, o.own = p.Second(part), p.Second(part)
			o.n = cell{hits: uint32(p.Int(part)), part: uint32(p.Int(part)), bytes: p.Int(part)}
			o.micros = p.Int(part)
			if text := p.Take(part, 8); text != nil {
				o.visitor = binary.LittleEndian.Uint64(text)
			}
			if keep && (o.meter >= len(b.meters) || o.group >= len(b.meters[o.meter].groups)) {
				p.Damaged(part)
			}
			list = append(list, o)
		}
		if keep && p.Err() == nil {
			b.set.runs[source] = list
		}
	}
}

package meter

import (
	"encoding/binary"

	"weir/internal/alert"
	"weir/internal/pack"
	"weir/internal/traffic"
)

// aheadSeconds is how far, beside the lateness, the newest record may be ahead of
// what is closed: the spread of several logs (clock.MaxSpread), a clock that is
// ahead (clock.FutureAfter). What is further ahead pushes out what is oldest.
const aheadSeconds = 400

// A spec says what is counted for each key of a group.
type spec struct {
	ahead   int64
	widths  []int64    // of rings
	slots   []int64    // of each of them
	windows [][]window // of each of them
	kept    []kept     // of sketches
}

// kept says which summaries there are of latencies, or visitors.
type kept struct {
	timed        bool
	width, reach int64
}

// A spot is where the figures of a look are: windows are whole slots.
type spot struct {
	look         alert.Look // as it is asked for
	span, lag    int64      // seconds
	width        int64
	ring, window int
	kept         int // -1 for none
}

// want makes room for a window of a rule.
func (s *spec) want(r *alert.Rule, l alert.Look) spot {
	w := r.Slot(l.Span)
	at := spot{look: l, width: w, span: ceil(l.Span, w), lag: ceil(l.Lag, w), kept: -1}
	// Requests are always counted: a rule may ask for enough of them.
	at.ring = s.ring(w, at.span+at.lag)
	want := window{span: at.span / w, lag: at.lag / w}
	for i, have := range s.windows[at.ring] {
		if have == want {
			at.window = i
			want.span = 0
		}
	}
	if want.span > 0 {
		at.window = len(s.windows[at.ring])
		s.windows[at.ring] = append(s.windows[at.ring], want)
	}
	if r.Metric.Timed() || r.Metric == alert.Visitors {
		at.kept = s.keep(r.Metric.Timed(), w, at.span+at.lag)
	}
	return at
}

// ceil is a, or what it has to be to be a multiple of b.
func ceil(a, b int64) int64 { return (a + b - 1) / b * b }

// ring makes room for so many seconds in slots of a width, and returns its number.
func (s *spec) ring(width, reach int64) int {
	slots := ceil(reach, width)/width + ceil(s.ahead, width)/width + 1
	for i, w := range s.widths {
		if w == width {
			s.slots[i] = max(s.slots[i], slots)
			return i
		}
	}
	s.widths, s.slots, s.windows = append(s.widths, width), append(s.slots, slots), append(s.windows, nil)
	return len(s.widths) - 1
}

// keep makes room for summaries, and returns their number.
func (s *spec) keep(timed bool, width, reach int64) int {
	for i := range s.kept {
		if k := &s.kept[i]; k.timed == timed && k.width == width {
			k.reach = max(k.reach, reach)
			return i
		}
	}
	s.kept = append(s.kept, kept{timed, width, reach})
	return len(s.kept) - 1
}

// A series is what is counted for one key.
type series struct {
	key   string
	first int64 // from when on it was counted
	last  int64 // the second of its newest request
	rings []ring
	kept  []*sketches

	// Of a group of top sections: the newest hour that it is a member for, and when
	// it no longer was; 0 is never.
	members, until int64

	seen int64 // of group.order: last, when it was looked at
}

func (s *spec) make(key string, sec int64) *series {
	r := &series{rings: make([]ring, 0, len(s.widths))}
	for i, w := range s.widths {
		r.rings = append(r.rings, newRing(w, s.slots[i], s.windows[i]))
	}
	for _, k := range s.kept {
		r.kept = append(r.kept, newSketches(k, s.ahead))
	}
	r.reset(key, sec)
	return r
}

// reset makes s the empty series of another key.
func (s *series) reset(key string, sec int64) {
	s.key, s.first, s.last, s.members, s.until = key, sec, sec, 0, 0
	for i := range s.rings {
		s.rings[i].reset()
	}
	for _, k := range s.kept {
		k.reset()
	}
}

// A hit is what a record counts for.
type hit struct {
	sec     int64
	n       cell
	micros  int64  // negative: no latency
	visitor uint64 // where somebody asks
	late    bool   // the second was closed
}

func (s *series) add(h *hit) {
	s.last = max(s.last, h.sec)
	if h.sec < s.first && !h.late {
		s.first = h.sec
	}
	for i := range s.rings {
		s.rings[i].add(h.sec, h.n)
	}
	for _, k := range s.kept {
		k.add(h)
	}
}

func (s *series) shift(delta int64) {
	s.first, s.last = s.first+delta, s.last+delta
	if s.until != 0 {
		s.until += delta
	}
	for i := range s.rings {
		s.rings[i].shift(delta)
	}
	for _, k := range s.kept {
		k.shift(delta)
	}
}

// appendBinary appends all but the windows, which are made of the rest, and what no
// window of a second at or after at looks at.
func (s *series) appendBinary(b []byte, spec *spec, at int64) []byte {
	b = pack.AppendBytes(b, s.key)
	for _, n := range []int64{s.first, s.last, s.members, s.until} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(s.rings)))
	for i := range s.rings {
		r := &s.rings[i]
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.width)), uint64(len(r.cells)))
		b = r.appendBinary(b, traffic.FloorDiv(at-spec.ahead, r.width)-r.longest())
	}
	b = binary.AppendUvarint(b, uint64(len(s.kept)))
	for _, k := range s.kept {
		b = binary.AppendUvarint(append(b, oneIf(k.timed)), uint64(k.width))
		b = k.appendBinary(b, traffic.FloorDiv(at-k.reach, k.width)-1)
	}
	return b
}

// read reads a series. What the spec no longer asks for is passed over, and what
// it asks for anew is empty.
func (s *spec) read(p *pack.Reader) *series {
	const part = "series"
	r := s.make(string(p.Bytes(part)), 0)
	r.first, r.last, r.members, r.until = p.Second(part), p.Second(part), p.Second(part), p.Second(part)
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		width, slots := p.Number(part), p.Number(part)
		if width < 1 || width > mostWidth || slots < 1 || slots > mostSlots {
			p.Damaged(part)
			return r
		}
		into := &ring{width: width, cells: make([]cell, 1)}
		for i := range r.rings {
			if r.rings[i].width == width {
				into = &r.rings[i]
			}
		}
		into.read(p, slots)
	}
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		k := kept{timed: p.Bool(part), width: p.Number(part)}
		if k.width < 1 || k.width > mostWidth {
			p.Damaged(part)
			return r
		}
		into := newSketches(k, 0)
		for _, have := range r.kept {
			if have.timed == k.timed && have.width == k.width {
				into = have
			}
		}
		into.read(p)
	}
	return r
}

const (
	// mostSlots is more than any ring has.
	mostSlots = 1 << 17
	// mostWidth is the widest slot that alert.Width makes.
	mostWidth = 600
)

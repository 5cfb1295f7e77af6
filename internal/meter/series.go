package meter

import (
	"encoding/binary"

	"weir/internal/alert"
	"weir/internal/pack"
)

// aheadSeconds is how far the newest record may be ahead of what is closed: the
// spread of several logs, some lateness. What is further ahead pushes out what
// is oldest.
const aheadSeconds = 400

// A spec says what is counted for each key of a group.
type spec struct {
	widths  []int64       // of rings, ascending
	slots   []int64       // of each of them
	windows [][]window    // of each of them
	where   map[look]spot // of looks
	times   int64         // reach of latencies in seconds, 0 for none
	people  int64         // that of visitors
}

// A look is an alert.Look without a time.
type look struct{ span, lag int64 }

// A spot is where the sum of a look is.
type spot struct{ ring, window int }

// want makes room for a window.
func (s *spec) want(l alert.Look, width int64) {
	if s.where == nil {
		s.where = map[look]spot{}
	}
	if _, ok := s.where[look{l.Span, l.Lag}]; ok {
		return
	}
	ring := s.ring(width, l.Span+l.Lag)
	s.where[look{l.Span, l.Lag}] = spot{ring, len(s.windows[ring])}
	s.windows[ring] = append(s.windows[ring], window{span: (l.Span + width - 1) / width, lag: l.Lag / width})
}

// ring makes room for so many seconds in slots of a width, and returns its number.
func (s *spec) ring(width, reach int64) int {
	slots := reach/width + aheadSeconds/width + 2
	for i, w := range s.widths {
		if w == width {
			s.slots[i] = max(s.slots[i], slots)
			return i
		}
	}
	s.widths, s.slots, s.windows = append(s.widths, width), append(s.slots, slots), append(s.windows, nil)
	return len(s.widths) - 1
}

// A series is what is counted for one key.
type series struct {
	key     string
	first   int64 // its first second
	last    int64 // that of its newest request
	rings   []ring
	times   *sketches
	people  *sketches
	members int64 // of a group of top sections: the newest period in which it was one
}

func (s *spec) make(key string, sec int64) *series {
	r := &series{key: key, first: sec, last: sec}
	for i, w := range s.widths {
		r.rings = append(r.rings, newRing(w, s.slots[i], s.windows[i]))
	}
	if s.times > 0 {
		r.times = newSketches(true, s.times)
	}
	if s.people > 0 {
		r.people = newSketches(false, s.people)
	}
	return r
}

// A hit is what a record counts for.
type hit struct {
	sec     int64
	n       cell
	micros  int64  // negative: no latency
	visitor uint64 // where somebody asks
}

func (s *series) add(h *hit) {
	s.last, s.first = max(s.last, h.sec), min(s.first, h.sec)
	for i := range s.rings {
		s.rings[i].add(h.sec, h.n)
	}
	if s.times != nil && h.micros >= 0 {
		if m := s.times.open(h.sec); m != nil {
			m.times.Add(h.micros)
		}
	}
	if s.people != nil && h.n.hits > 0 {
		if m := s.people.open(h.sec); m != nil {
			m.visitors.Add(h.visitor)
		}
	}
}

func (s *series) shift(delta int64) {
	s.first, s.last = s.first+delta, s.last+delta
	for i := range s.rings {
		s.rings[i].shift(delta)
	}
	if s.times != nil {
		s.times.shift(delta)
	}
	if s.people != nil {
		s.people.shift(delta)
	}
}

// appendBinary appends all but the windows, which are made of the rest.
func (s *series) appendBinary(b []byte) []byte {
	b = pack.AppendBytes(b, s.key)
	for _, n := range []int64{s.first, s.last, s.members} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(s.rings)))
	for i := range s.rings {
		r := &s.rings[i]
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.width)), uint64(len(r.cells)))
		b = r.appendBinary(b)
	}
	for _, k := range []*sketches{s.times, s.people} {
		if k == nil {
			b = append(b, 0)
			continue
		}
		b = k.appendBinary(append(b, 1))
	}
	return b
}

// read reads a series. What the spec no longer asks for is passed over, and what
// it asks for anew is empty.
func (s *spec) read(p *pack.Reader) *series {
	const part = "series"
	r := s.make(string(p.Bytes(part)), 0)
	r.first, r.last, r.members = p.Second(part), p.Second(part), p.Second(part)
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		width, slots := p.Number(part), p.Number(part)
		if width < 1 || slots < 1 || slots > mostSlots {
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
	for _, k := range []**sketches{&r.times, &r.people} {
		if !p.Bool(part) {
			continue
		}
		into := *k
		if into == nil {
			into = newSketches(k == &r.times, 0)
		}
		into.read(p)
	}
	return r
}

// mostSlots is more than any ring has.
const mostSlots = 1 << 16

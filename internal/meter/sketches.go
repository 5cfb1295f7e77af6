package meter

import (
	"cmp"
	"encoding/binary"
	"slices"

	"weir/internal/pack"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// visitorPrecision makes the visitors of a step 4 KiB at most, and 1.6 % off.
const visitorPrecision = 12

// A summary is what was counted of latencies or visitors in one slot: open while
// records come, packed once rules have looked at it, as that takes a tenth of the
// room.
type summary struct {
	slot     int64
	used     bool
	times    *sketch.Histogram // microseconds
	visitors *sketch.Distinct
	packed   []byte // both: which is told by the sketches that holds it
}

// sketches are the newest summaries, by slot.
type sketches struct {
	kept
	slots []summary
	times []*sketch.Histogram // to be used again
	// The summary that was added to last, while it is that of its slot.
	last     *summary
	lastSlot int64
	from     int64 // its first second
}

func newSketches(k kept, ahead int64) *sketches {
	return &sketches{kept: k, slots: make([]summary, ceil(k.reach, k.width)/k.width+ceil(ahead, k.width)/k.width+2)}
}

func (s *sketches) reset() {
	for i := range s.slots {
		s.drop(&s.slots[i])
	}
}

// drop empties a summary.
func (s *sketches) drop(m *summary) {
	if m.times != nil && len(s.times) < 4 {
		m.times.Reset()
		s.times = append(s.times, m.times)
	}
	*m = summary{}
}

func (s *sketches) add(h *hit) {
	if s.timed {
		if h.micros >= 0 {
			if m := s.open(h.sec); m != nil {
				m.times.Add(h.micros)
			}
		}
	} else if h.n.hits > 0 {
		if m := s.open(h.sec); m != nil {
			m.visitors.Add(h.visitor)
		}
	}
}

func (s *sketches) at(slot int64) *summary {
	n := int64(len(s.slots))
	return &s.slots[((slot%n)+n)%n]
}

// open returns the summary of a second, to be added to; nil where it is too old.
func (s *sketches) open(sec int64) *summary {
	if m, in := s.last, sec-s.from; m != nil && in >= 0 && in < s.width && m.used && m.slot == s.lastSlot && m.packed == nil {
		return m
	}
	slot := traffic.FloorDiv(sec, s.width)
	m := s.at(slot)
	switch {
	case m.used && m.slot == slot:
		s.unpack(m)
	case m.used && m.slot > slot:
		return nil
	default:
		s.drop(m)
		m.slot, m.used = slot, true
		switch n := len(s.times); {
		case !s.timed:
			m.visitors = &sketch.Distinct{Precision: visitorPrecision}
		case n > 0:
			m.times, s.times = s.times[n-1], s.times[:n-1]
		default:
			m.times = new(sketch.Histogram)
		}
	}
	s.last, s.lastSlot, s.from = m, slot, slot*s.width
	return m
}

// unpack makes an open summary of a packed one: a late record has come.
func (s *sketches) unpack(m *summary) {
	if m.packed == nil {
		return
	}
	if s.timed {
		h, _, _ := sketch.DecodeHistogram(m.packed) // it was written by pack
		m.times = &h
	} else {
		d, _, _ := sketch.DecodeDistinct(m.packed)
		m.visitors = &d
	}
	m.packed = nil
}

// pack closes the summaries before slot.
func (s *sketches) pack(slot int64) {
	for i := range s.slots {
		m := &s.slots[i]
		of := m.slot
		if !m.used || of >= slot || m.packed != nil {
			continue
		}
		if s.timed {
			packed := m.times.AppendBinary(nil)
			s.drop(m)
			*m = summary{slot: of, used: true, packed: packed}
		} else {
			m.packed, m.visitors = m.visitors.AppendBinary(nil), nil
		}
	}
}

// merge adds the summaries of [from, to) to h or d, the one that is kept.
func (s *sketches) merge(from, to int64, h *sketch.Histogram, d *sketch.Distinct) {
	first, last := traffic.FloorDiv(from, s.width), traffic.FloorDiv(to, s.width)
	s.pack(last - 1)
	for slot := first; slot < last; slot++ {
		m := s.at(slot)
		switch {
		case !m.used || m.slot != slot:
		case s.timed && m.packed != nil:
			_, _ = h.MergeBinary(m.packed) // it was written by pack
		case s.timed:
			h.Merge(m.times)
		case m.packed != nil:
			_, _ = d.MergeBinary(m.packed)
		default:
			d.Merge(m.visitors)
		}
	}
}

// visitors counts those of [from, to).
func (s *sketches) visitors(from, to int64) int64 {
	var d sketch.Distinct
	d.Precision = visitorPrecision
	s.merge(from, to, nil, &d)
	n, _ := d.Count()
	return n
}

// shift moves all by as many slots as fit into delta seconds.
func (s *sketches) shift(delta int64) {
	old := s.slots
	s.last = nil
	s.slots = make([]summary, len(old))
	for _, m := range old {
		if m.used {
			m.slot += traffic.FloorDiv(delta, s.width)
			*s.at(m.slot) = m
		}
	}
}

// appendBinary appends the summaries from slot least on.
func (s *sketches) appendBinary(b []byte, least int64) []byte {
	var list []*summary
	for i := range s.slots {
		if m := &s.slots[i]; m.used && m.slot >= least {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *summary) int { return cmp.Compare(a.slot, b.slot) })
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, m := range list {
		b = binary.AppendVarint(b, m.slot)
		packed := m.packed
		switch {
		case packed != nil:
		case s.timed:
			packed = m.times.AppendBinary(nil)
		default:
			packed = m.visitors.AppendBinary(nil)
		}
		b = pack.AppendBytes(b, packed)
	}
	return b
}

func (s *sketches) read(p *pack.Reader) {
	const part = "sketches"
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		slot := p.Second(part)
		packed := append([]byte(nil), p.Bytes(part)...)
		var rest []byte
		var err error
		if s.timed {
			_, rest, err = sketch.DecodeHistogram(packed)
		} else {
			_, rest, err = sketch.DecodeDistinct(packed)
		}
		if err != nil || len(rest) > 0 {
			p.Damaged(part)
			return
		}
		if m := s.at(slot); !m.used || m.slot < slot {
			*m = summary{slot: slot, used: true, packed: packed}
		}
	}
}

package meter

import (
	"encoding/binary"

	"weir/internal/alert"
	"weir/internal/pack"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// visitorPrecision makes the visitors of a step 4 KiB at most, and 1.6 % off.
const visitorPrecision = 12

// A summary is what was counted of latencies or visitors in one step of
// alert.StepSeconds: open while records come, packed once rules have looked at it, as
// that takes a tenth of the room.
type summary struct {
	slot     int64
	used     bool
	times    *sketch.Histogram // microseconds
	visitors *sketch.Distinct
	packed   []byte // both: which is told by the sketches that holds it
}

// sketches are the newest summaries, by slot.
type sketches struct {
	timed bool // latencies, else visitors
	slots []summary
}

func newSketches(timed bool, reach int64) *sketches {
	return &sketches{timed: timed, slots: make([]summary, reach/alert.StepSeconds+2+aheadSeconds/alert.StepSeconds)}
}

func (s *sketches) at(slot int64) *summary {
	n := int64(len(s.slots))
	return &s.slots[((slot%n)+n)%n]
}

// open returns the summary of a second, to be added to; nil where it is too old.
func (s *sketches) open(sec int64) *summary {
	slot := traffic.FloorDiv(sec, alert.StepSeconds)
	m := s.at(slot)
	switch {
	case m.used && m.slot == slot:
		s.unpack(m)
	case m.used && m.slot > slot:
		return nil
	default:
		*m = summary{slot: slot, used: true, times: m.times, visitors: m.visitors}
		if m.times != nil {
			m.times.Reset()
		}
		if m.visitors != nil {
			m.visitors.Reset()
		}
	}
	if s.timed && m.times == nil {
		m.times = new(sketch.Histogram)
	}
	if !s.timed && m.visitors == nil {
		m.visitors = &sketch.Distinct{Precision: visitorPrecision}
	}
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
		if !m.used || m.slot >= slot || m.packed != nil {
			continue
		}
		if s.timed {
			m.packed, m.times = m.times.AppendBinary(nil), nil
		} else {
			m.packed, m.visitors = m.visitors.AppendBinary(nil), nil
		}
	}
}

// merge adds the summaries of [from, to) to h or d, the one that is kept.
func (s *sketches) merge(from, to int64, h *sketch.Histogram, d *sketch.Distinct) {
	first, last := traffic.FloorDiv(from, alert.StepSeconds), traffic.FloorDiv(to, alert.StepSeconds)
	s.pack(last - 1)
	var o sketch.Histogram // one memory for all of them: half the time of a window of 5 minutes
	for slot := first; slot < last; slot++ {
		m := s.at(slot)
		switch {
		case !m.used || m.slot != slot:
		case s.timed && m.packed != nil:
			if _, err := o.Decode(m.packed); err == nil { // it was written by pack
				h.Merge(&o)
			}
		case s.timed:
			h.Merge(m.times)
		case m.packed != nil:
			o, _, _ := sketch.DecodeDistinct(m.packed)
			d.Merge(&o)
		default:
			d.Merge(m.visitors)
		}
	}
}

// shift moves all by as many steps as fit into delta seconds.
func (s *sketches) shift(delta int64) {
	old := s.slots
	s.slots = make([]summary, len(old))
	for _, m := range old {
		if m.used {
			m.slot += traffic.FloorDiv(delta, alert.StepSeconds)
			*s.at(m.slot) = m
		}
	}
}

func (s *sketches) appendBinary(b []byte) []byte {
	used := 0
	low, high := int64(0), int64(0)
	for i := range s.slots {
		if m := &s.slots[i]; m.used {
			if used == 0 {
				low, high = m.slot, m.slot
			}
			low, high = min(low, m.slot), max(high, m.slot)
			used++
		}
	}
	b = binary.AppendUvarint(b, uint64(used))
	for slot := low; used > 0 && slot <= high; slot++ {
		m := s.at(slot)
		if !m.used || m.slot != slot {
			continue
		}
		b = binary.AppendVarint(b, slot)
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

package change

import (
	"encoding/binary"
	"fmt"
	"math"

	"weir/internal/pack"
)

// stateVersion is that of the binary form of a Series: the version, the kind,
// the step, then what code lists, then a checksum. Floats are their bits, so
// that a Series that was restored goes on to the last one.
//
// Version 1 knew bunches of steps, version 2 those of minutes besides, and no visit that was unsure.
const stateVersion = 3

// AppendBinary appends the state of s to to: all it has learned, what it
// thinks, what is in the open minute. Options are no part of it, but for the
// kind and the step. Equal states have equal bytes, at most 4 KiB.
func (s *Series) AppendBinary(to []byte) []byte {
	from := len(to)
	w := coder{version: stateVersion, to: append(to, stateVersion, byte(s.o.Kind), byte(s.step))}
	s.code(&w)
	return pack.AppendSum(w.to, from)
}

// Restore returns a Series that goes on where the one stood whose state
// AppendBinary wrote to b. Its kind and its step must be those of o; the
// threshold and the calendar may be others.
func Restore(b []byte, o Options) (*Series, error) {
	what := "the state of a watched series"
	body, ok := pack.CutSum(b)
	if !ok {
		return nil, fmt.Errorf("%s is damaged: its checksum is wrong; without it, learn from the past anew", what)
	}
	s := New(o)
	r := pack.NewReader(what, body)
	version := r.Version(stateVersion, 2, 1)
	if kind, step := Kind(r.Byte("kind")), int64(r.Byte("step")); r.Err() == nil && (kind != s.o.Kind || step != s.step) {
		return nil, fmt.Errorf("%s is one of %s in steps of %d s, wanted is %s in steps of %d s: learn from the past anew", what, kind, step, s.o.Kind, s.step)
	}
	s.code(&coder{r: r, version: version})
	if err := r.End(); err != nil {
		return nil, err
	}
	if s.begun {
		s.f = s.base.forecast(s.o.Calendar.place(60 * s.open))
	}
	return s, nil
}

// code lists the state once, to be written and to be read alike. s.f is made
// anew: it is what the rest expects of the open minute.
func (s *Series) code(c *coder) {
	c.flag(&s.begun)
	c.second(&s.at)
	c.number(&s.late, math.MaxInt64)
	c.number(&s.open, pack.Horizon) // checked below, times may be negative
	c.sums(&s.part)
	c.flag(&s.heard)
	for i := range s.slots[:60/s.step] {
		c.sums(&s.slots[i])
	}
	c.float(&s.none.expected)
	c.second(&s.none.since)
	s.past.code(c)
	s.noise.code(c)
	s.base.code(c)
	s.state.code(c)
	if c.r != nil && s.begun && (s.open != div(s.at, 60) || s.at%s.step != 0) {
		c.r.Damaged("open minute")
	}
}

func (p *past) code(c *coder) {
	for i := range hour {
		c.single(&p.x[i])
		c.single(&p.m[i])
		c.single(&p.n[i])
	}
	c.count(&p.head, hour-1)
	known := int64(p.known)
	c.number(&known, 1<<hour-1)
	if c.r != nil && known < 0 {
		c.r.Damaged("known minutes")
		known = 0
	}
	p.known = uint64(known)
}

func (n *noise) code(c *coder) {
	for i := range windows {
		c.float(&n.excess[i])
		c.float(&n.square[i])
		own := float64(n.own[i])
		c.float(&own)
		n.own[i] = float32(own)
	}
	c.float(&n.each)
	c.count(&n.seen, math.MaxInt32)
	n.steps.code(c, &n.fresh)
	if c.version > 1 {
		n.minutes.code(c, nil)
	}
	if c.version > 2 {
		n.fives.code(c, nil)
	}
	if c.r != nil && n.each < 0 {
		c.r.Damaged("noise")
	}
	for _, own := range n.own {
		if c.r != nil && own <= 0 {
			c.r.Damaged("noise")
		}
	}
}

func (b *bunch) code(c *coder, fresh *mean) {
	c.mean(&b.mean)
	if fresh != nil {
		c.mean(fresh)
	}
	off := float64(b.off)
	c.float(&off)
	b.off = float32(off)
	c.flag(&b.heard)
	if c.r != nil && !(b.n > 0 && b.x >= 0) {
		c.r.Damaged("noise")
	}
}

func (b *baseline) code(c *coder) {
	c.mean(&b.level)
	c.count(&b.minutes, youth)
	b.day.code(c)
	b.week.code(c)
	c.mean(&b.ratio[0])
	c.mean(&b.ratio[1])
	for i := range b.miss {
		c.float(&b.miss[i])
		if c.r != nil && b.miss[i] < 0 {
			c.r.Damaged("errors of the baselines")
		}
	}
	for i := range b.last {
		m := &b.last[i]
		c.single(&m.x)
		c.single(&m.n)
		for k := range m.e {
			c.single(&m.e[k])
		}
	}
	c.count(&b.turn, len(b.last)-1)
}

func (p *profile) code(c *coder) {
	for i := range p.values {
		c.single(&p.values[i])
		c.small(&p.visits[i])
		if c.version < 3 {
			p.visits[i] = min(often, p.visits[i]) // nothing was unsure
		}
	}
	open, bins := int(p.bin)+1, len(p.values)+1
	if p.doubt {
		open += bins
	}
	c.count(&open, 2*bins-1)
	p.bin, p.doubt = int32(open%bins-1), open >= bins
	c.mean(&p.sum)
}

func (st *state) code(c *coder) {
	c.flag(&st.firing)
	c.second(&st.since)
	c.number(&st.span, pack.Horizon)
	c.float(&st.change)
	c.count(&st.above, math.MaxInt32)
	c.count(&st.below, math.MaxInt32)
	c.count(&st.frozen, math.MaxInt32)
	c.float(&st.moved)
	c.second(&st.when)
}

// A coder writes what it is shown, or reads into it where it has a reader.
type coder struct {
	to      []byte
	r       *pack.Reader
	version byte // of what is read, or of an older one to be written by a test
}

// largest bounds all figures: what is beyond it no Series has, and the square of
// it is a number still.
const largest = 1e60

func (c *coder) float(v *float64) {
	if c.r == nil {
		c.to = binary.LittleEndian.AppendUint64(c.to, math.Float64bits(*v))
		return
	}
	*v = 0
	if b := c.r.Take("figures", 8); len(b) == 8 {
		*v = math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	if !(math.Abs(*v) <= largest) {
		c.r.Damaged("figures")
		*v = 0
	}
}

func (c *coder) single(v *float32) {
	if c.r == nil {
		c.to = binary.LittleEndian.AppendUint32(c.to, math.Float32bits(*v))
		return
	}
	*v = 0
	if b := c.r.Take("figures", 4); len(b) == 4 {
		*v = math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	if !(math.Abs(float64(*v)) <= math.MaxFloat32) {
		c.r.Damaged("figures")
		*v = 0
	}
}

func (c *coder) sums(s *sums) {
	c.float(&s.x)
	c.float(&s.m)
	c.float(&s.n)
	if s.n < 0 && c.r != nil {
		c.r.Damaged("weights")
	}
}

func (c *coder) mean(m *mean) {
	c.float(&m.x)
	c.float(&m.n)
	if m.n < 0 && c.r != nil {
		c.r.Damaged("weights")
	}
}

func (c *coder) flag(v *bool) {
	if c.r != nil {
		*v = c.r.Bool("flags")
		return
	}
	b := byte(0)
	if *v {
		b = 1
	}
	c.to = append(c.to, b)
}

func (c *coder) small(v *uint8) {
	if c.r != nil {
		*v = c.r.Byte("visits")
		return
	}
	c.to = append(c.to, *v)
}

func (c *coder) second(v *int64) {
	if c.r != nil {
		*v = c.r.Second("times")
		return
	}
	c.to = binary.AppendVarint(c.to, *v)
}

// number is one that may be negative, and is no further from 0 than limit.
func (c *coder) number(v *int64, limit int64) {
	if c.r == nil {
		c.to = binary.AppendVarint(c.to, *v)
		return
	}
	if *v = c.r.Int("numbers"); *v > limit || *v < -limit {
		c.r.Damaged("numbers")
		*v = 0
	}
}

// count is a number from 0 to limit.
func (c *coder) count(v *int, limit int) {
	if c.r != nil {
		*v = int(c.r.Uint("counts", uint64(limit)))
		return
	}
	c.to = binary.AppendUvarint(c.to, uint64(*v))
}

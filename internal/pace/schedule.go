package pace

import (
	"math/bits"
	"time"

	"weir/internal/unit"
)

// request is one request in the unit of the integral: a millionth of a request
// per second, for a nanosecond.
const request = uint64(unit.One) * uint64(time.Second)

// A Schedule integrates a shape; it is the Pacer of every shape that is
// constant in pieces. Rates above unit.MaxPerSecond count as that.
//
// It keeps a cursor at the piece of the last answer. Ascending questions walk
// on from there, a question before it starts again at the beginning. Make one
// with New; a Schedule belongs to one goroutine.
type Schedule struct {
	shape Shape
	cursor
	// before is where the cursor was at the question before the last: a Turn between the two
	// answers goes on from there.
	before    cursor
	asked     int64
	askedPart uint64
}

// A cursor is at a piece of a shape, and knows the integral up to its head: whole
// requests and the part of one that is left.
type cursor struct {
	from, until time.Duration
	rate        unit.PerSecond
	ok          bool
	whole       int64
	part        uint64 // less than request
}

// New returns the schedule of a shape.
func New(shape Shape) *Schedule {
	s := &Schedule{shape: shape}
	s.rewind()
	s.before = s.cursor
	return s
}

// Due implements Pacer.
func (s *Schedule) Due(n int64) (time.Duration, bool) {
	return s.due(max(n, 0), 0)
}

// due returns when the integral passes n requests and a part of one.
func (s *Schedule) due(n int64, part uint64) (time.Duration, bool) {
	if n != s.asked || part != s.askedPart {
		s.before, s.asked, s.askedPart = s.cursor, n, part
	}
	if n < s.whole || n == s.whole && part < s.part {
		s.rewind()
	}
	for s.ok {
		// How much of the integral is still to come before the request is due.
		hi, lo := bits.Mul64(uint64(n-s.whole), request)
		lo, carry := bits.Add64(lo, part, 0)
		lo, borrow := bits.Sub64(lo, s.part, 0)
		hi += carry - borrow

		// A request due exactly at the end of a piece belongs to the next one,
		// which may be silent: pieces are half open, as seconds are.
		massHi, massLo := bits.Mul64(uint64(s.rate), uint64(s.until-s.from))
		if hi < massHi || hi == massHi && lo < massLo {
			q, _ := bits.Div64(hi, lo, uint64(s.rate))
			return s.from + time.Duration(q), true
		}
		s.advance(massHi, massLo)
	}
	return 0, false
}

// rewind moves the cursor to the first piece.
func (s *Schedule) rewind() {
	s.whole, s.part = 0, 0
	s.enter(0)
}

// advance adds the mass of the piece to the integral and enters the next one.
func (s *Schedule) advance(massHi, massLo uint64) {
	lo, carry := bits.Add64(massLo, s.part, 0)
	// The largest rate over the longest time makes fewer requests than fit an
	// int64 (1e9/s for 292 years: 9.2e18), so the quotient fits.
	q, r := bits.Div64(massHi+carry, lo, request)
	s.whole += int64(q)
	s.part = r
	s.enter(s.until)
}

// enter makes the piece at offset t the one under the cursor.
func (s *Schedule) enter(t time.Duration) {
	s.from = t
	s.rate, s.until, s.ok = s.shape.At(t)
	// A shape that breaks its promise must neither hang nor overflow us.
	s.ok = s.ok && s.until > t
	s.rate = min(max(s.rate, 0), unit.MaxPerSecond)
}

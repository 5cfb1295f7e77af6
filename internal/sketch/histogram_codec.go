package sketch

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// highest is the bucket of the largest value that Add takes.
const highest = (63-subBits-1)<<subBits + 2*subBuckets - 1

// AppendBinary appends the canonical binary form of h to b: Histograms that
// are Equal give equal bytes. It is the version, the number of buckets that
// are not empty, and unless that is 0 the sum, the smallest value, the largest
// value, and for each of the buckets how many empty ones lie before it, and
// its count. All but the version are unsigned varints.
func (h *Histogram) AppendBinary(b []byte) []byte {
	b = append(b, version)
	if h.count == 0 {
		return append(b, 0)
	}
	first, last := h.used()
	n := uint64(0)
	for _, c := range h.counts[first : last+1] {
		if c > 0 {
			n++
		}
	}
	b = binary.AppendUvarint(b, n)
	b = binary.AppendUvarint(b, h.sum)
	b = binary.AppendUvarint(b, ^h.notMin)
	b = binary.AppendUvarint(b, h.max)
	next := 0
	for i := first; i <= last; i++ {
		if c := h.counts[i]; c > 0 {
			b = binary.AppendUvarint(b, uint64(i-next))
			b = binary.AppendUvarint(b, c)
			next = i + 1
		}
	}
	return b
}

// DecodeHistogram reads a Histogram from the start of b, and returns what
// comes behind it. It keeps no reference to b. Input that AppendBinary would
// not have written is refused with an error that says why. Whatever b holds,
// less than 64 KiB are kept for the result.
func DecodeHistogram(b []byte) (h Histogram, rest []byte, err error) {
	if rest, err = h.MergeBinary(b); err != nil {
		return Histogram{}, nil, err
	}
	return h, rest, nil
}

// Decode is DecodeHistogram into the memory that h has; what h counted is forgotten. After an
// error h is empty.
func (h *Histogram) Decode(b []byte) (rest []byte, err error) {
	h.Reset()
	if rest, err = h.MergeBinary(b); err != nil {
		*h = Histogram{}
		return nil, err
	}
	return rest, nil
}

// MergeBinary adds what AppendBinary wrote to the start of b, and returns what comes
// behind it: DecodeHistogram and Merge in one. After an error h holds a part, and is
// of use after Reset.
func (h *Histogram) MergeBinary(b []byte) (rest []byte, err error) {
	r := newReader("histogram", b)
	if n := r.uvarint("number of buckets", highest+1); n > 0 {
		h.read(&r, n)
	}
	return r.rest, r.err
}

// read adds the n buckets of another one.
func (h *Histogram) read(r *reader, n uint64) {
	o := Histogram{sum: r.uvarint("sum", math.MaxUint64)} // without its counts
	least := r.uvarint("smallest value", math.MaxInt64)
	o.max = r.uvarint("largest value", math.MaxInt64)
	if least > o.max {
		r.damaged("its smallest value %d is larger than its largest %d", least, o.max)
	}
	if r.err != nil {
		return
	}
	o.notMin = ^least
	first, last := o.used()
	if last >= len(h.counts) {
		h.grow(last)
	}
	// First, so that after an error Reset knows what is to be emptied.
	h.notMin, h.max = max(h.notMin, o.notMin), max(h.max, o.max)
	next := uint64(0)
	var low, high uint64 // sums that those of the buckets can have
	usual := o.max < 1<<32
	for k := range n {
		var i, c uint64
		if len(r.rest) >= 2 && r.rest[0]|r.rest[1] < 0x80 {
			i, c, r.rest = next+uint64(r.rest[0]), uint64(r.rest[1]), r.rest[2:] // as most are
		} else {
			i = next + r.uvarint("gap between buckets", highest)
			c = r.uvarint("count of a bucket", math.MaxUint64)
		}
		switch {
		case r.err != nil:
			return
		case c == 0:
			r.damaged("it has a bucket that is empty")
			return
		case k == 0 && i != uint64(first):
			r.damaged("its first bucket is %d, which its smallest value %d is not in", i, least)
			return
		case i > uint64(last) || k == n-1 && i != uint64(last):
			r.damaged("its last bucket is %d, which its largest value %d is not in", i, o.max)
			return
		}
		h.counts[i], h.count = sum(h.counts[i], c), sum(h.count, c)
		o.count = sum(o.count, c)
		from, to := bounds(int(i))
		from, to = max(from, least), min(to, o.max)
		if usual = usual && c < 1<<16; usual {
			low, high = low+c*from, high+c*to // of 2^12 buckets: below 2^60
		} else {
			low, high = sum(low, product(c, from)), sum(high, product(c, to))
		}
		next = i + 1
	}
	o.checkSum(r, low, high)
	h.sum = sum(h.sum, o.sum)
}

// checkSum refuses a sum that no values in the buckets, with these extremes,
// could have, and two extremes of one value. Where any value of a bucket may be
// any of those in it, their sum is lowest to most.
func (h *Histogram) checkSum(r *reader, lowest, most uint64) {
	least := ^h.notMin
	first, last := h.used()
	if h.count == 1 && least != h.max {
		r.damaged("it has one value, and its smallest is %d, its largest %d", least, h.max)
		return
	}
	// One value is the smallest and one the largest, however low or high the
	// others are.
	low, _ := bounds(last)
	lowest = sum(lowest, h.max-max(low, least))
	if most < math.MaxUint64 {
		_, high := bounds(first)
		most -= min(high, h.max) - least
	}
	if h.sum < lowest || h.sum > most {
		r.damaged("its sum is %d, its values have one of %d to %d", h.sum, lowest, most)
	}
}

// product multiplies, and stops at the largest number.
func product(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high != 0 {
		return math.MaxUint64
	}
	return low
}

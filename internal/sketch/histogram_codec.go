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
	rest, err = h.Decode(b)
	return h, rest, err
}

// Decode is DecodeHistogram into the memory that h has; what h counted is forgotten. After an
// error h is empty.
func (h *Histogram) Decode(b []byte) (rest []byte, err error) {
	h.Reset()
	r := newReader("histogram", b)
	if n := r.uvarint("number of buckets", highest+1); n > 0 {
		h.read(&r, n)
	}
	if r.err != nil {
		*h = Histogram{}
		return nil, r.err
	}
	return r.rest, nil
}

func (h *Histogram) read(r *reader, n uint64) {
	h.sum = r.uvarint("sum", math.MaxUint64)
	least := r.uvarint("smallest value", math.MaxInt64)
	h.max = r.uvarint("largest value", math.MaxInt64)
	if least > h.max {
		r.damaged("its smallest value %d is larger than its largest %d", least, h.max)
	}
	if r.err != nil {
		return
	}
	h.notMin = ^least
	first, last := h.used()
	if last >= len(h.counts) {
		h.grow(last)
	}
	next := uint64(0)
	for k := range n {
		i := next + r.uvarint("gap between buckets", highest)
		c := r.uvarint("count of a bucket", math.MaxUint64)
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
			r.damaged("its last bucket is %d, which its largest value %d is not in", i, h.max)
			return
		}
		h.counts[i] = c
		h.count = sum(h.count, c)
		next = i + 1
	}
	h.checkSum(r)
}

// checkSum refuses a sum that no values in the buckets, with these extremes,
// could have, and two extremes of one value.
func (h *Histogram) checkSum(r *reader) {
	least := ^h.notMin
	first, last := h.used()
	if h.count == 1 && least != h.max {
		r.damaged("it has one value, and its smallest is %d, its largest %d", least, h.max)
		return
	}
	lowest, most := uint64(0), uint64(0)
	for i := first; i <= last; i++ {
		low, high := bounds(i)
		lowest = sum(lowest, product(h.counts[i], max(low, least)))
		most = sum(most, product(h.counts[i], min(high, h.max)))
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

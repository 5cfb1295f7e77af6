package sketch

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// coarseBuckets is the number of buckets of a Coarse.
const coarseBuckets = 20

// A Coarse summarises latencies in 88 bytes, for tables with a summary in each
// row: a count for each octave of microseconds.
//
//	latency  0-511 us | 512-1023 us | 1024-2047 us | ... | 67-134 s | 134 s and more
//	bucket   0        | 1           | 2            | ... | 18       | 19
//
// It holds no float and no pointer, and all counts stop at their largest
// number, so any split, grouping and order of merging gives the same value:
// two of them are compared with ==. The zero value is ready and empty. A
// Coarse belongs to one goroutine; a copy is another Coarse.
type Coarse struct {
	sum    uint64 // microseconds
	counts [coarseBuckets]uint32
}

// Add counts a latency in microseconds; a negative one counts as 0.
func (c *Coarse) Add(micros int64) {
	v := uint64(max(0, micros))
	n := &c.counts[min(max(bits.Len64(v)-9, 0), coarseBuckets-1)]
	*n = sum32(*n, 1)
	c.sum = sum(c.sum, v)
}

// Merge adds all that o counted; o is not changed.
func (c *Coarse) Merge(o *Coarse) {
	for i, n := range o.counts {
		c.counts[i] = sum32(c.counts[i], n)
	}
	c.sum = sum(c.sum, o.sum)
}

// sum32 adds, and stops at the largest number.
func sum32(a, b uint32) uint32 {
	s, carry := bits.Add32(a, b, 0)
	return s | -carry
}

// Count is the number of latencies. It is exact up to 4,294,967,295 in each
// octave, where counting stops.
func (c *Coarse) Count() int64 {
	n := int64(0)
	for _, count := range c.counts {
		n += int64(count)
	}
	return n
}

// Sum is the sum of the latencies in microseconds. any is false where there is none.
func (c *Coarse) Sum() (micros uint64, any bool) { return c.sum, c.sum > 0 || c.counts[0] > 0 }

// Mean is the mean in microseconds, rounded down, exact as long as Count is;
// 0 when empty.
func (c *Coarse) Mean() int64 {
	n := c.Count()
	if n == 0 {
		return 0
	}
	return int64(c.sum / uint64(n))
}

// Quantile returns the latency in microseconds below which the share q (0 to
// 1) of the latencies lies: in the octave that holds the one of rank
// ceil(q*count), as far up as that rank is among those of the octave. From 512
// us to 134 s the exact one is less than a factor of two away. Below, it is
// less than 512 us away. From 134 s on, the result is less than 268 s. Nine of
// ten quantiles (0.25 to 0.99) of log-normal latencies are within 20 %. It is 0
// when empty.
func (c *Coarse) Quantile(q float64) int64 {
	count := c.Count()
	if count == 0 {
		return 0
	}
	wanted := rank(q, uint64(count))
	for i, n := range c.counts {
		if wanted > uint64(n) {
			wanted -= uint64(n)
			continue
		}
		low, width := octave(i)
		// The n values are taken to lie in the middle of n equal parts.
		return int64(low + width*(2*wanted-1)/(2*uint64(n)))
	}
	return 0
}

// octave returns the smallest value of bucket i and how many values it spans.
// The last bucket has no end; it is taken for an octave.
func octave(i int) (low, width uint64) {
	if i == 0 {
		return 0, 512
	}
	return 256 << i, 256 << i
}

// AppendBinary appends the canonical binary form of c to b: equal ones give
// equal bytes. It is the version, a number whose bits say which buckets are
// not empty, and unless that is 0 the sum and the counts of those buckets. All
// but the version are unsigned varints.
func (c *Coarse) AppendBinary(b []byte) []byte {
	used := uint64(0)
	for i, n := range c.counts {
		// Without a branch: which buckets are used follows no pattern.
		used |= (uint64(n) + math.MaxUint32) >> 32 << i
	}
	b = binary.AppendUvarint(append(b, version), used)
	if used == 0 {
		return b
	}
	b = binary.AppendUvarint(b, c.sum)
	for ; used != 0; used &= used - 1 {
		b = binary.AppendUvarint(b, uint64(c.counts[bits.TrailingZeros64(used)]))
	}
	return b
}

// DecodeCoarse reads a Coarse from the start of b, and returns what comes
// behind it. Input that AppendBinary would not have written is refused with an
// error that says why.
func DecodeCoarse(b []byte) (c Coarse, rest []byte, err error) {
	if rest, err = c.MergeBinary(b); err != nil {
		return Coarse{}, nil, err
	}
	return c, rest, nil
}

// MergeBinary adds what AppendBinary wrote to the start of b, and returns what comes
// behind it: DecodeCoarse and Merge in one. After an error c holds a part.
func (c *Coarse) MergeBinary(b []byte) (rest []byte, err error) {
	r := newReader("latency of a row", b)
	used := r.uvarint("set of buckets", 1<<coarseBuckets-1)
	if used == 0 {
		return r.rest, r.err
	}
	total := r.uvarint("sum", math.MaxUint64)
	lowest, most := uint64(0), uint64(0) // what the buckets can sum up to
	for left := used; left != 0; left &= left - 1 {
		n := r.uvarint("count of a bucket", math.MaxUint32)
		if n == 0 {
			r.damaged("it has a bucket that is empty")
			return nil, r.err
		}
		i := bits.TrailingZeros64(left)
		c.counts[i] = sum32(c.counts[i], uint32(n))
		low, width := octave(i)
		high := low + width - 1
		if i == coarseBuckets-1 {
			high = math.MaxInt64
		}
		// Where a count has stopped, the sum has gone on and may be any larger number.
		if n == math.MaxUint32 {
			most = math.MaxUint64
		}
		lowest = sum(lowest, n*low) // below 2^61
		most = sum(most, product(n, high))
	}
	if r.err == nil && (total < lowest || total > most) {
		r.damaged("its sum is %d, its latencies have one of %d to %d", total, lowest, most)
	}
	c.sum = sum(c.sum, total)
	return r.rest, r.err
}

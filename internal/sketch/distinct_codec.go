package sketch

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// The forms of a Distinct, the third byte of its encoding. Of the two dense
// ones the shorter is written, on a tie plain.
const (
	formExact  = iota // number of hashes, then for each in rising order how many lie between it and the one before
	formPlain         // 2^p registers of one byte
	formSparse        // number of registers above 0, then for each how many of 0 lie before it, and its byte
)

// AppendBinary appends the canonical binary form of d to b: equal sets of
// hashes at the same precision give equal bytes. It is at most 3 bytes larger
// than 2^p, where p is the precision.
func (d *Distinct) AppendBinary(b []byte) []byte {
	b = append(b, version, d.precision())
	if !d.dense {
		return d.appendExact(append(b, formExact))
	}
	if n, bytes := sparseSize(d.words); bytes < 8*len(d.words) {
		return appendSparse(append(b, formSparse), d.words, n)
	}
	b = append(b, formPlain)
	for _, w := range d.words {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}

func (d *Distinct) appendExact(b []byte) []byte {
	n := d.exactCount()
	b = binary.AppendUvarint(b, uint64(n))
	hashes := make([]uint64, 0, n)
	if d.zero {
		hashes = append(hashes, 0)
	}
	for _, hash := range d.words {
		if hash != 0 {
			hashes = append(hashes, hash)
		}
	}
	slices.Sort(hashes)
	next := uint64(0)
	for _, hash := range hashes {
		b = binary.AppendUvarint(b, hash-next)
		next = hash + 1
	}
	return b
}

func appendSparse(b []byte, words []uint64, n int) []byte {
	b = binary.AppendUvarint(b, uint64(n))
	nonZero(words, func(zeros uint64, rank uint8) {
		b = append(binary.AppendUvarint(b, zeros), rank)
	})
	return b
}

// sparseSize returns the number of registers above 0, and how many bytes
// appendSparse writes for them.
func sparseSize(words []uint64) (n, bytes int) {
	nonZero(words, func(zeros uint64, _ uint8) {
		n++
		bytes += size(zeros) + 1
	})
	return n, bytes + size(uint64(n))
}

// nonZero calls yield for every register above 0, with how many of 0 lie
// between it and the one before. It passes over those eight at a time.
func nonZero(words []uint64, yield func(zeros uint64, rank uint8)) {
	zeros := uint64(0)
	for _, w := range words {
		left := uint64(8)
		for w != 0 {
			skip := uint64(bits.TrailingZeros64(w)) / 8
			w >>= 8 * skip
			yield(zeros+skip, uint8(w))
			zeros = 0
			w >>= 8
			left -= skip + 1
		}
		zeros += left
	}
}

// DecodeDistinct reads a Distinct from the start of b, and returns what comes
// behind it. It keeps no reference to b. The precision of the result is that
// which was in force. Input that AppendBinary would not have written is
// refused with an error that says why. Whatever b holds, at most 64 KiB are
// kept for the result.
func DecodeDistinct(b []byte) (d Distinct, rest []byte, err error) {
	r := newReader("distinct count", b)
	p := r.byte("precision")
	form := r.byte("form")
	switch {
	case r.err != nil:
	case p < minPrecision || p > maxPrecision:
		r.damaged("its precision is %d, which is not %d to %d", p, minPrecision, maxPrecision)
	default:
		d.Precision, d.p = p, p
		switch form {
		case formExact:
			d.start(p)
			d.readExact(&r)
		case formPlain:
			d.readPlain(&r)
		case formSparse:
			d.readSparse(&r)
		default:
			r.damaged("its form is %d, which is none", form)
		}
	}
	if r.err != nil {
		return Distinct{}, nil, r.err
	}
	return d, r.rest, nil
}

func (d *Distinct) readExact(r *reader) {
	n := r.uvarint("number of hashes", uint64(small(d.p)))
	next, over := uint64(0), false
	for range n {
		gap := r.uvarint("hash", math.MaxUint64)
		if r.err != nil {
			return
		}
		hash := next + gap
		if over || hash < next {
			r.damaged("its hashes go beyond 64 bits")
			return
		}
		d.addExact(hash)
		next = hash + 1
		over = next == 0
	}
}

func (d *Distinct) readPlain(r *reader) {
	registers := r.bytes("registers", 1<<d.p)
	if r.err != nil {
		return
	}
	d.dense = true
	d.resize(len(registers) / 8)
	for i, rank := range registers {
		if rank > maxRank(d.p) {
			r.damaged("register %d is %d, at most %d is possible", i, rank, maxRank(d.p))
			return
		}
		set(d.words, uint64(i), rank)
	}
	if _, bytes := sparseSize(d.words); bytes < len(registers) {
		r.damaged("its registers are written longer than needed")
	}
}

func (d *Distinct) readSparse(r *reader) {
	n := r.uvarint("number of registers", 1<<d.p)
	if n == 0 {
		r.damaged("it has registers and all are 0")
		return
	}
	d.dense = true
	d.resize(1 << d.p / 8)
	next := uint64(0)
	for range n {
		i := next + r.uvarint("gap between registers", 1<<d.p)
		rank := r.byte("register")
		switch {
		case r.err != nil:
			return
		case i >= 1<<d.p:
			r.damaged("it has a register beyond the last")
			return
		case rank == 0 || rank > maxRank(d.p):
			r.damaged("register %d is %d, which is not 1 to %d", i, rank, maxRank(d.p))
			return
		}
		set(d.words, i, rank)
		next = i + 1
	}
	if _, bytes := sparseSize(d.words); bytes >= 8*len(d.words) {
		r.damaged("its registers are written longer than needed")
	}
}

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
		return appendSparse(append(b, formSparse), d.words, n, bytes)
	}
	b = slices.Grow(append(b, formPlain), 8*len(d.words))
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

// appendSparse appends the n registers above 0, which take so many bytes.
func appendSparse(b []byte, words []uint64, n, bytes int) []byte {
	b = binary.AppendUvarint(slices.Grow(b, bytes), uint64(n))
	zeros := uint64(0) // since the register before
	for _, w := range words {
		left := uint64(8)
		for w != 0 {
			skip := uint64(bits.TrailingZeros64(w)) / 8
			w >>= 8 * skip
			if zeros += skip; zeros < 0x80 {
				b = append(b, byte(zeros), byte(w)) // as nearly all are
			} else {
				b = append(binary.AppendUvarint(b, zeros), byte(w))
			}
			zeros = 0
			w >>= 8
			left -= skip + 1
		}
		zeros += left
	}
	return b
}

// sparseSize returns the number of registers above 0, and how many bytes
// appendSparse writes for them.
func sparseSize(words []uint64) (n, bytes int) {
	var f sparseForm
	for _, w := range words {
		f.add(w)
	}
	return f.n, f.bytes()
}

// A sparseForm measures what appendSparse writes.
type sparseForm struct {
	n     int // registers above 0
	long  int // bytes of their numbers of zeros beyond the first
	zeros int // since the last of them
}

// add adds the eight registers of a word.
func (f *sparseForm) add(w uint64) {
	if w == 0 {
		f.zeros += 8
		return
	}
	f.n += registersAbove(w)
	// Between two of a word there are less than eight, so that is one byte.
	f.long += size(uint64(f.zeros+bits.TrailingZeros64(w)/8)) - 1
	f.zeros = bits.LeadingZeros64(w) / 8
}

func (f *sparseForm) bytes() int { return 2*f.n + f.long + size(uint64(f.n)) }

// DecodeDistinct reads a Distinct from the start of b, and returns what comes
// behind it. It keeps no reference to b. The precision of the result is that
// which was in force. Input that AppendBinary would not have written is
// refused with an error that says why. Whatever b holds, at most 64 KiB are
// kept for the result.
func DecodeDistinct(b []byte) (d Distinct, rest []byte, err error) {
	r, form, p := readDistinct(b)
	d.Precision, d.p = p, p
	if r.err == nil && form == formExact {
		d.start(p)
	}
	d.read(&r, form)
	if r.err != nil {
		return Distinct{}, nil, r.err
	}
	return d, r.rest, nil
}

// MergeBinary adds what AppendBinary wrote to the start of b, as Merge adds the
// Distinct that DecodeDistinct returns, and returns what comes behind it. It takes a
// third of the time of the two. After an error d holds a part, and is of use after Reset.
func (d *Distinct) MergeBinary(b []byte) (rest []byte, err error) {
	r, form, p := readDistinct(b)
	if r.err == nil && d.precision() != p {
		o, rest, err := DecodeDistinct(b)
		if err == nil {
			d.Merge(&o)
		}
		return rest, err
	}
	if r.err == nil && d.p == 0 {
		d.start(p)
	}
	d.read(&r, form)
	return r.rest, r.err
}

// readDistinct reads what all forms begin with.
func readDistinct(b []byte) (r reader, form, p byte) {
	r = newReader("distinct count", b)
	p = r.byte("precision")
	form = r.byte("form")
	switch {
	case r.err != nil:
	case p < minPrecision || p > maxPrecision:
		r.damaged("its precision is %d, which is not %d to %d", p, minPrecision, maxPrecision)
	case form > formSparse:
		r.damaged("its form is %d, which is none", form)
	}
	return r, form, p
}

// read adds what r holds in that form, of the precision in force.
func (d *Distinct) read(r *reader, form byte) {
	switch {
	case r.err != nil:
	case form == formExact:
		d.readExact(r)
	case form == formPlain:
		d.readPlain(r)
	default:
		d.readSparse(r)
	}
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
		d.Add(hash)
		next = hash + 1
		over = next == 0
	}
}

// registers makes d one of registers.
func (d *Distinct) registers() {
	switch {
	case d.dense:
	case d.exactCount() > 0:
		d.densify()
	default:
		d.resize(1 << d.p / 8)
		clear(d.words)
		d.dense = true
	}
}

func (d *Distinct) readPlain(r *reader) {
	registers := r.bytes("registers", 1<<d.p)
	if r.err != nil {
		return
	}
	d.registers()
	size := sparseForm{}
	for i := range d.words {
		w := binary.LittleEndian.Uint64(registers[8*i:])
		if anyAbove(w, maxRank(d.p)) {
			for k, rank := range registers[8*i : 8*i+8] {
				if rank > maxRank(d.p) {
					r.damaged("register %d is %d, at most %d is possible", 8*i+k, rank, maxRank(d.p))
					return
				}
			}
		}
		size.add(w)
		d.words[i] = raised(d.words[i], w)
	}
	if size.bytes() < len(registers) {
		r.damaged("its registers are written longer than needed")
	}
}

func (d *Distinct) readSparse(r *reader) {
	before := len(r.rest)
	n := r.uvarint("number of registers", 1<<d.p)
	if n == 0 {
		r.damaged("it has registers and all are 0")
		return
	}
	d.registers()
	next := uint64(0)
	for range n {
		var gap uint64
		var rank uint8
		if len(r.rest) >= 2 && r.rest[0] < 0x80 {
			gap, rank, r.rest = uint64(r.rest[0]), r.rest[1], r.rest[2:] // as nearly all are
		} else {
			gap, rank = r.uvarint("gap between registers", 1<<d.p), r.byte("register")
		}
		i := next + gap
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
		raise(d.words, i, rank)
		next = i + 1
	}
	if before-len(r.rest) >= 1<<d.p {
		r.damaged("its registers are written longer than needed")
	}
}

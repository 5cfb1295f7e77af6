package sketch

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// The forms of a Distinct as it stands, the second byte.
const (
	openEmpty     = iota
	openTable     // log2 of the length of the table, then its words
	openTableZero // the same, and the hash 0 is in the set
	openDense     // the registers
)

// AppendOpen appends d to b as it stands in memory, for a state that is written
// often: nothing is sorted, and what is 0 takes a bit. Equal sets may have other
// bytes; one that DecodeOpenDistinct has read, and what is then added to it, has
// the same as if it had never been stored.
//
//	precision  form  [log2]
//	of each eight words, or registers: which are not 0, a bit each; then those;
//	  of registers also 255, then all eight
func (d *Distinct) AppendOpen(b []byte) []byte {
	b = append(b, d.precision())
	switch {
	case d.dense:
		return appendRegisters(append(b, openDense), d.words)
	case d.exactCount() == 0:
		return append(b, openEmpty)
	case d.zero:
		b = append(b, openTableZero)
	default:
		b = append(b, openTable)
	}
	b = append(b, byte(bits.TrailingZeros(uint(len(d.words)))))
	words := d.words
	for len(words) > 0 {
		n := min(8, len(words))
		at := len(b)
		b = append(b, 0)
		which := byte(0)
		for i, w := range words[:n] {
			if w != 0 {
				which |= 1 << i
				b = binary.LittleEndian.AppendUint64(b, w)
			}
		}
		b[at] = which
		words = words[n:]
	}
	return b
}

func appendRegisters(b []byte, words []uint64) []byte {
	b = slices.Grow(b, 9*len(words))
	for _, w := range words {
		switch {
		case w == 0:
			b = append(b, 0)
		case registersAbove(w) > fewRegisters:
			b = binary.LittleEndian.AppendUint64(append(b, allRegisters), w)
		default:
			at := len(b)
			b = append(b, 0)
			which := byte(0)
			for w != 0 {
				i := bits.TrailingZeros64(w) / 8
				which |= 1 << i
				b = append(b, byte(w>>(8*i)))
				w &^= 0xff << (8 * i)
			}
			b[at] = which
		}
	}
	return b
}

// Of eight registers all are written where more than fewRegisters are above 0:
// one by one they take longer than they save.
const (
	fewRegisters = 4
	allRegisters = 0xff
)

// registersAbove is how many of the eight registers of a word are above 0. None
// comes near the top bit of its byte.
func registersAbove(w uint64) int {
	return bits.OnesCount64((w + 0x7f7f7f7f7f7f7f7f) & 0x8080808080808080)
}

// DecodeOpenDistinct reads what AppendOpen wrote from the start of b, and returns
// what comes behind it. It keeps no reference to b. Input that AppendOpen would
// not have written is refused with an error that says why. Whatever b holds, at
// most 64 KiB are kept for the result.
func DecodeOpenDistinct(b []byte) (d Distinct, rest []byte, err error) {
	r := reader{what: "distinct count", rest: b}
	p := r.byte("precision")
	form := r.byte("form")
	if r.err == nil && (p < minPrecision || p > maxPrecision) {
		r.damaged("its precision is %d, which is not %d to %d", p, minPrecision, maxPrecision)
	}
	d.Precision, d.p = p, p
	switch {
	case r.err != nil:
	case form == openEmpty:
		d.start(p)
	case form == openTable || form == openTableZero:
		d.zero = form == openTableZero
		d.readTable(&r)
	case form == openDense:
		d.readRegisters(&r)
	default:
		r.damaged("its form is %d, which is none", form)
	}
	if r.err != nil {
		return Distinct{}, nil, r.err
	}
	return d, r.rest, nil
}

func (d *Distinct) readTable(r *reader) {
	log := r.byte("length")
	if r.err != nil || log >= maxPrecision || 1<<log > 1<<d.p/8 || 1<<log < min(16, 1<<d.p/8) {
		r.damaged("its table has 2^%d places", log)
		return
	}
	d.resize(1 << log)
	clear(d.words)
	for at := 0; at < len(d.words) && r.err == nil; at += 8 {
		which := r.byte("hashes")
		for which != 0 && r.err == nil {
			i := at + bits.TrailingZeros8(which)
			which &= which - 1
			word := r.bytes("hash", 8)
			if r.err != nil {
				return
			}
			hash := binary.LittleEndian.Uint64(word)
			if i >= len(d.words) || hash == 0 {
				r.damaged("it has a hash where none can be")
				return
			}
			d.words[i] = hash
			d.used++
		}
	}
	if d.exactCount() > small(d.p) || 2*d.used > len(d.words) || d.exactCount() == 0 {
		r.damaged("it has %d hashes in %d places", d.used, len(d.words))
		return
	}
	for i, hash := range d.words {
		if hash != 0 && d.find(hash) != i {
			r.damaged("it has a hash where it is not looked for")
			return
		}
	}
}

// find returns where hash, which is not 0, is looked for in the table.
func (d *Distinct) find(hash uint64) int {
	mask := uint64(len(d.words) - 1)
	i := hash & mask
	for d.words[i] != 0 && d.words[i] != hash {
		i = (i + 1) & mask
	}
	return int(i)
}

func (d *Distinct) readRegisters(r *reader) {
	d.dense = true
	d.resize(1 << d.p / 8)
	for k := range d.words {
		d.words[k] = d.readEight(r)
	}
	if r.err == nil && !slices.ContainsFunc(d.words, func(w uint64) bool { return w != 0 }) {
		r.damaged("it has registers and all are 0")
	}
}

func (d *Distinct) readEight(r *reader) (w uint64) {
	which := r.byte("registers")
	if which == allRegisters {
		eight := r.bytes("registers", 8)
		if r.err != nil {
			return 0
		}
		for i, rank := range eight {
			if rank > maxRank(d.p) {
				r.damaged("a register is %d, at most %d is possible", rank, maxRank(d.p))
			}
			w |= uint64(rank) << (8 * i)
		}
	} else {
		for left := which; left != 0 && r.err == nil; left &= left - 1 {
			rank := r.byte("register")
			if r.err == nil && (rank == 0 || rank > maxRank(d.p)) {
				r.damaged("a register is %d, which is not 1 to %d", rank, maxRank(d.p))
			}
			w |= uint64(rank) << (8 * bits.TrailingZeros8(left))
		}
	}
	if r.err == nil && (registersAbove(w) > fewRegisters) != (which == allRegisters) {
		r.damaged("its registers are not written in the shortest way")
	}
	return w
}

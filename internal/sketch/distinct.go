package sketch

import "slices"

const (
	minPrecision     = 4
	maxPrecision     = 16
	defaultPrecision = 14
	// maxSmall is the number of hashes kept one by one at maxPrecision.
	maxSmall = 1 << maxPrecision / 16
)

// A Distinct counts how many different hashes it was given: exactly while
// there are few of them, then within about 1.04/sqrt(m) (standard error), where
// m = 2^Precision is its number of registers.
//
//	Precision   exact up to   memory at most   standard error
//	       10            64            1 KiB            3.3 %
//	       12           256            4 KiB            1.6 %
//	       14         1,024           16 KiB            0.8 %
//	       16         4,096           64 KiB            0.4 %
//
// What it holds depends on the set of hashes alone: any split, grouping and
// order of merging gives the same bytes. Beyond the exact part it is a
// HyperLogLog (Philippe Flajolet, Éric Fusy, Olivier Gandouet, Frédéric
// Meunier, 2007). Hashes are those of Hash and Combine: sketches merge only if
// one function made all of them.
//
// The zero value is ready, empty and of precision 14. A Distinct belongs to
// one goroutine. A copy shares its memory: of the two, use only one.
type Distinct struct {
	// Precision is asked for from 4 to 16; 0 means 14, and beyond the ends the
	// end is taken. A change counts from the next Reset on.
	Precision uint8

	p     uint8 // precision in force; 0 while nothing was added or merged
	dense bool  // words are registers, not a table
	zero  bool  // the hash 0 is in the set: in the table it means a free slot
	used  int   // hashes in the table
	// words is an open-addressing table of hashes with linear probing, at most
	// half full, its length a power of two. When dense it is 2^p registers of
	// one byte, eight a word, the first in the lowest byte. Both forms have
	// the same memory, so neither is cleared before it is needed.
	words []uint64
}

// Add counts a hash; one that was counted before changes nothing.
func (d *Distinct) Add(hash uint64) {
	if d.dense {
		i, rank := place(hash, d.p)
		raise(d.words, i, rank)
		return
	}
	d.addExact(hash)
}

// Count returns how many different hashes there are, and whether that is
// exact or an estimate.
func (d *Distinct) Count() (n int64, exact bool) {
	if !d.dense {
		return int64(d.exactCount()), true
	}
	// An estimate below what the exact form holds is known to be too low.
	return max(estimate(d.words, d.p), int64(small(d.p))+1), false
}

// Merge adds all that o counted; o is not changed. If one of the two is
// coarser, the result is as coarse until Reset, as if all had been counted
// with the lower precision. That holds for an empty one as well.
func (d *Distinct) Merge(o *Distinct) {
	d.coarsen(min(d.precision(), o.precision()))
	if !o.dense {
		for _, hash := range o.words {
			if hash != 0 {
				d.Add(hash)
			}
		}
		if o.zero {
			d.Add(0)
		}
		return
	}
	if !d.dense {
		d.densify()
	}
	if d.p == o.p {
		raiseAll(d.words, o.words)
		return
	}
	k := o.p - d.p
	for i := range uint64(1) << d.p {
		raise(d.words, i, folded(o.words, i, k))
	}
}

// Reset empties d and keeps its memory. It costs the same for any count.
func (d *Distinct) Reset() {
	*d = Distinct{Precision: d.Precision, words: d.words[:0]}
}

// precision is the one in force, or the one that will be.
func (d *Distinct) precision() uint8 {
	switch {
	case d.p != 0:
		return d.p
	case d.Precision == 0:
		return defaultPrecision
	}
	return min(max(d.Precision, minPrecision), maxPrecision)
}

// small is how many hashes are kept one by one at precision p.
func small(p uint8) int { return 1 << p / 16 }

func (d *Distinct) exactCount() int {
	if d.zero {
		return d.used + 1
	}
	return d.used
}

// start makes an empty d ready to count at precision p.
func (d *Distinct) start(p uint8) {
	d.p = p
	d.resize(min(16, 1<<p/8))
	clear(d.words)
}

// resize makes words n long and keeps what is in it; what comes behind that
// may be anything.
func (d *Distinct) resize(n int) {
	if n > cap(d.words) {
		words := make([]uint64, n)
		copy(words, d.words)
		d.words = words
	}
	d.words = d.words[:n]
}

func (d *Distinct) addExact(hash uint64) {
	if d.p == 0 {
		d.start(d.precision())
	}
	mask := uint64(len(d.words) - 1)
	i := hash & mask
	for d.words[i&mask] != 0 {
		if d.words[i&mask] == hash {
			return
		}
		i++
	}
	switch {
	case hash == 0 && d.zero:
	case d.exactCount() == small(d.p):
		d.densify()
		d.Add(hash)
	case hash == 0:
		d.zero = true
	case 2*(d.used+1) > len(d.words):
		d.grow()
		d.insert(hash)
		d.used++
	default:
		d.words[i&mask] = hash
		d.used++
	}
}

// insert puts a hash that is not in the table into its first free slot.
func (d *Distinct) insert(hash uint64) {
	mask := uint64(len(d.words) - 1)
	i := hash & mask
	for d.words[i] != 0 {
		i = (i + 1) & mask
	}
	d.words[i] = hash
}

// grow doubles the table in place. A hash at slot i of n goes to a slot that
// is, modulo n, at or before i, and not before its own first slot. So, going
// round from behind a free slot, no hash is put where one still waits, and
// none is later taken away from the slots that another was moved past.
func (d *Distinct) grow() {
	n := len(d.words)
	d.resize(2 * n)
	clear(d.words[n:])
	free := 0
	for d.words[free] != 0 {
		free++
	}
	for k := 1; k < n; k++ {
		i := (free + k) & (n - 1)
		if hash := d.words[i]; hash != 0 {
			d.words[i] = 0
			d.insert(hash)
		}
	}
}

// densify turns the table into registers.
func (d *Distinct) densify() {
	// The registers take the memory of the table, so what is to be written
	// waits here: 16 bits of index, 8 of rank.
	var waiting [maxSmall]uint32
	n := 0
	for _, hash := range d.words {
		if hash != 0 {
			i, rank := place(hash, d.p)
			waiting[n] = uint32(i)<<8 | uint32(rank)
			n++
		}
	}
	d.resize(1 << d.p / 8)
	clear(d.words)
	for _, w := range waiting[:n] {
		raise(d.words, uint64(w>>8), uint8(w))
	}
	if d.zero {
		i, rank := place(0, d.p)
		raise(d.words, i, rank)
	}
	d.dense, d.zero, d.used = true, false, 0
}

// coarsen lowers the precision in force to p.
func (d *Distinct) coarsen(p uint8) {
	switch {
	case d.p == 0:
		d.start(p)
	case d.p == p:
	case d.dense:
		k := d.p - p
		// Register i is made of those from i<<k on, which are not written
		// before they were read.
		for i := range uint64(1) << p {
			set(d.words, i, folded(d.words, i, k))
		}
		d.words = d.words[:1<<p/8]
		d.p = p
	default:
		d.p = p
		if d.exactCount() > small(p) {
			d.densify()
		} else if n := 1 << p / 8; len(d.words) > n {
			hashes := slices.Clone(d.words)
			d.resize(n)
			clear(d.words)
			for _, hash := range hashes {
				if hash != 0 {
					d.insert(hash)
				}
			}
		}
	}
}

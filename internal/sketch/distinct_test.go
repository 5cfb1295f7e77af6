package sketch

import (
	"bytes"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// mergedAnyhow merges parts two by two, in a random order and grouping.
func mergedAnyhow[T any](r *rand.Rand, parts []*T, merge func(into, from *T)) *T {
	for len(parts) > 1 {
		i, last := r.IntN(len(parts)-1), len(parts)-1
		if r.IntN(2) == 0 {
			parts[i], parts[last] = parts[last], parts[i]
		}
		merge(parts[i], parts[last])
		parts = parts[:last]
	}
	return parts[0]
}

// modelOf is the encoding of a set of hashes, made from the definition.
func modelOf(set map[uint64]bool, p uint8) []byte {
	d := Distinct{Precision: p}
	if len(set) <= 1<<p/16 {
		for hash := range set {
			d.Add(hash)
		}
		return d.AppendBinary(nil)
	}
	d = Distinct{Precision: p, p: p, dense: true, words: make([]uint64, 1<<p/8)}
	for hash := range set {
		i := hash >> (64 - p)
		rank := min(bits.LeadingZeros64(hash<<p)+1, 64-int(p)+1)
		set := max(register(d.words, i), uint8(rank))
		d.words[i/8] = d.words[i/8]&^(0xff<<(i%8*8)) | uint64(set)<<(i%8*8)
	}
	return d.AppendBinary(nil)
}

// anyHash returns hashes of all kinds: few different ones, many zeros in
// front, crowded at the ends of a table.
func anyHash(r *rand.Rand) uint64 {
	switch r.IntN(8) {
	case 0:
		return uint64(r.IntN(40))
	case 1:
		return math.MaxUint64 - uint64(r.IntN(40))
	case 2:
		return r.Uint64() >> r.IntN(64)
	case 3:
		return r.Uint64()<<12 | uint64(r.IntN(12)-6)&0xfff
	}
	return r.Uint64()
}

func TestAnySplitGroupingAndOrderOfASetGivesTheSameBytes(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 7))
		lowest := uint8(4 + r.IntN(13))
		parts := make([]*Distinct, 1+r.IntN(9))
		for i := range parts {
			parts[i] = &Distinct{Precision: lowest}
			if i > 0 && seed%2 == 1 {
				parts[i].Precision = min(16, lowest+uint8(r.IntN(5)))
			}
		}
		// About as many as are counted exactly, where the form changes.
		set := map[uint64]bool{}
		for range r.IntN(4*small(lowest) + 20) {
			hash := anyHash(r)
			set[hash] = true
			for range 1 + r.IntN(2) {
				parts[r.IntN(len(parts))].Add(hash)
			}
		}
		want := modelOf(set, lowest)
		got := mergedAnyhow(r, parts, (*Distinct).Merge).AppendBinary(nil)
		if !bytes.Equal(got, want) {
			t.Fatalf("seed %d: %d hashes at precision %d: got % .40x, want % .40x", seed, len(set), lowest, got, want)
		}
	}
}

func TestAFinerOneFoldsToTheFormOfTheCoarser(t *testing.T) {
	for _, n := range []int{0, 1, small(10) - 1, small(10), small(10) + 1, small(13), small(13) + 1, 100_000} {
		want := distinctOf(10, n).AppendBinary(nil)
		finer, coarser := distinctOf(13, n), Distinct{Precision: 10}
		coarser.Merge(finer)
		finer.Merge(&Distinct{Precision: 10})
		if got := coarser.AppendBinary(nil); !bytes.Equal(got, want) {
			t.Errorf("%d hashes merged into a coarser one: got % .20x, want % .20x", n, got, want)
		}
		if got := finer.AppendBinary(nil); !bytes.Equal(got, want) {
			t.Errorf("%d hashes with a coarser one merged in: got % .20x, want % .20x", n, got, want)
		}
	}
}

func TestAFewAreCountedExactly(t *testing.T) {
	for p := uint8(4); p <= 16; p++ {
		r := rand.New(rand.NewPCG(uint64(p), 8))
		d := Distinct{Precision: p}
		set := map[uint64]bool{}
		for len(set) < small(p) {
			hash := anyHash(r)
			set[hash] = true
			d.Add(hash)
			if n, exact := d.Count(); !exact || n != int64(len(set)) {
				t.Fatalf("precision %d: got %d, exact %v; want %d exactly", p, n, exact, len(set))
			}
			if got := 8 * cap(d.words); got > 1<<p {
				t.Fatalf("precision %d: %d hashes take %d bytes, the registers would take %d", p, len(set), got, 1<<p)
			}
		}
		if 2*d.used > len(d.words) {
			t.Errorf("precision %d: %d of %d slots are taken, want half at most", p, d.used, len(d.words))
		}
		for hash := range set {
			d.Add(hash)
		}
		if n, exact := d.Count(); !exact || n != int64(len(set)) {
			t.Errorf("precision %d: added again: got %d, exact %v; want %d exactly", p, n, exact, len(set))
		}
		d.Add(r.Uint64())
		if n, exact := d.Count(); exact || n <= int64(len(set)) {
			t.Errorf("precision %d: one more than %d: got %d, exact %v; want an estimate above", p, len(set), n, exact)
		}
	}
}

func TestManyAreCountedWithinFourStandardErrors(t *testing.T) {
	for _, p := range []uint8{12, 14} {
		limit := 1.04 / math.Sqrt(float64(uint64(1)<<p))
		squares, checks, worst := 0.0, 0, 0.0
		for seed := range uint64(4) {
			d := Distinct{Precision: p}
			next := 1000.0
			for i := range uint64(2_000_000) {
				d.Add(numbered(seed, i))
				if n := float64(i + 1); n >= next || i+1 == 2_000_000 {
					next *= 1.3
					got, _ := d.Count()
					off := math.Abs(float64(got)-n) / n / limit
					squares, checks, worst = squares+off*off, checks+1, max(worst, off)
					if off > 4 {
						t.Errorf("precision %d, seed %d: got %d of %v, %.1f standard errors off", p, seed, got, n, off)
					}
				}
			}
		}
		t.Logf("precision %d: root mean square %.2f standard errors, worst %.2f, of %d", p, math.Sqrt(squares/float64(checks)), worst, checks)
	}
}

func TestTheCorrectionsAreTheSumsOfThePaper(t *testing.T) {
	for x := 0.0; x < 1; x += 0.01 {
		low, full := x, 1-x
		for k := 1; k < 60; k++ {
			part := math.Exp2(float64(-k))
			low += math.Pow(x, math.Exp2(float64(k))) * math.Exp2(float64(k-1))
			full -= math.Pow(1-math.Pow(x, part), 2) * part
		}
		if got := sigma(x); math.Abs(got-low) > 1e-12*low {
			t.Errorf("sigma(%v): got %v, want %v", x, got, low)
		}
		if got := tau(x); x > 0 && math.Abs(got-full/3) > 1e-12 {
			t.Errorf("tau(%v): got %v, want %v", x, got, full/3)
		}
	}
}

// TestEstimatesHoldFromEmptyRegistersToFullOnes draws registers as n hashes
// would leave them, for more hashes than can be added: the chance that one is
// k at most is exp(-n/(m*2^k)).
func TestEstimatesHoldFromEmptyRegistersToFullOnes(t *testing.T) {
	const p, m, draws = 8, 256, 300
	r := rand.New(rand.NewPCG(1, 22))
	for bit := 2.0; bit <= 62.5; bit += 0.5 {
		n := math.Exp2(bit)
		mean := 0.0
		for range draws {
			var words [m / 8]uint64
			for i := range uint64(m) {
				k := math.Ceil(math.Log2(n / m / r.ExpFloat64()))
				set(words[:], i, uint8(min(max(k, 0), 65-p)))
			}
			mean += float64(estimate(words[:], p)) / n / draws
		}
		// The mean of so many draws is itself off by 6.5 %/sqrt(300), or for
		// few hashes by what their Poisson number varies.
		if limit := 4 * (0.065 + 1/math.Sqrt(n)) / math.Sqrt(draws); math.Abs(mean-1) > limit+0.01 {
			t.Errorf("2^%v: the mean estimate is %.3f of it, want 1 within %.3f", bit, mean, limit+0.01)
		}
	}
}

func TestWhatWasCountedBeforeChangesNothing(t *testing.T) {
	for _, n := range []uint64{1, 500, 1024, 1025, 50_000} {
		var d Distinct
		for i := range n {
			d.Add(numbered(1, i))
		}
		before := d.AppendBinary(nil)
		for i := range n {
			d.Add(numbered(1, i))
		}
		d.Merge(&d)
		if !bytes.Equal(d.AppendBinary(nil), before) {
			t.Errorf("%d hashes added twice differ from once", n)
		}
	}
}

func TestResetKeepsOnlyTheMemory(t *testing.T) {
	var used Distinct
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		used.Precision = uint8(r.IntN(18)) // beyond the ends too
		used.Reset()
		fresh := Distinct{Precision: used.Precision}
		other := Distinct{Precision: uint8(r.IntN(18))}
		for range r.IntN(3000) {
			hash := anyHash(r)
			used.Add(hash)
			fresh.Add(hash)
			other.Add(anyHash(r))
		}
		if r.IntN(3) == 0 {
			used.Merge(&other)
			fresh.Merge(&other)
		}
		if !bytes.Equal(used.AppendBinary(nil), fresh.AppendBinary(nil)) {
			t.Fatalf("seed %d: after Reset, precision %d: got % .40x, want % .40x", seed, used.Precision, used.AppendBinary(nil), fresh.AppendBinary(nil))
		}
	}
}

func TestAPrecisionBeyondTheEndsIsTheEnd(t *testing.T) {
	for asked, want := range map[uint8]uint8{0: 14, 1: 4, 4: 4, 16: 16, 17: 16, 255: 16} {
		d := Distinct{Precision: asked}
		if got := d.AppendBinary(nil)[1]; got != want {
			t.Errorf("precision %d: got %d in force, want %d", asked, got, want)
		}
	}
}

func TestAPrecisionChangedWhileCountingWaitsForReset(t *testing.T) {
	var d Distinct
	for i := range uint64(5000) {
		d.Add(numbered(1, i))
		d.Precision = uint8(i % 17)
	}
	d.Precision = 12
	var want Distinct
	for i := range uint64(5000) {
		want.Add(numbered(1, i))
	}
	if !bytes.Equal(d.AppendBinary(nil), want.AppendBinary(nil)) {
		t.Error("the precision changed while counting changed what was counted")
	}
	if d.Reset(); d.AppendBinary(nil)[1] != 12 {
		t.Errorf("after Reset: got precision %d, want 12", d.AppendBinary(nil)[1])
	}
}

func TestCountingAgainAllocatesNothing(t *testing.T) {
	var d, o Distinct
	for i := range uint64(3000) {
		o.Add(numbered(2, i))
	}
	if n := testing.AllocsPerRun(20, func() {
		d.Reset()
		for i := range uint64(2000) {
			d.Add(numbered(1, i))
		}
		d.Merge(&o)
	}); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func TestFullRegistersAreCountedAsTheLargestNumber(t *testing.T) {
	d := Distinct{Precision: 4}
	for i := range uint64(16) {
		d.Add(i << 60)
	}
	if n, exact := d.Count(); exact || n != math.MaxInt64 {
		t.Errorf("got %d, exact %v; want the largest number", n, exact)
	}
}

package sketch

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestADistinctThatWasStoredOpenGoesOnAsItWould: between any two steps it is
// stored and read, and has the bytes of the one that never was.
func TestADistinctThatWasStoredOpenGoesOnAsItWould(t *testing.T) {
	forms := map[byte]int{}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 11))
		p := uint8(4 + r.IntN(13))
		one, two := Distinct{Precision: p}, Distinct{Precision: p}
		for range 30 {
			var o Distinct
			o.Precision = p
			if r.IntN(5) == 0 && seed%7 == 0 {
				o.Precision = max(minPrecision, p-1) // from here on both are coarser
			}
			for range r.IntN(1 + small(p)/8) {
				hash := anyHash(r)
				if r.IntN(2) == 0 {
					o.Add(hash)
					continue
				}
				one.Add(hash)
				two.Add(hash)
			}
			one.Merge(&o)
			two.Merge(&o)
			b := one.AppendOpen([]byte("before"))[len("before"):]
			forms[b[1]]++
			back, rest, err := DecodeOpenDistinct(append(b, "rest"...))
			if err != nil || string(rest) != "rest" {
				t.Fatalf("seed %d: rest %q, error %v", seed, rest, err)
			}
			if two = back; !bytes.Equal(two.AppendOpen(nil), b[:len(b):len(b)]) {
				t.Fatalf("seed %d: stored again it has other bytes", seed)
			}
			if !bytes.Equal(one.AppendBinary(nil), two.AppendBinary(nil)) {
				t.Fatalf("seed %d: it counts other hashes", seed)
			}
		}
	}
	for form := range byte(openDense + 1) {
		if forms[form] < 10 {
			t.Errorf("form %d was written %d times", form, forms[form])
		}
	}
}

// FuzzDecodeOpenDistinct reads any bytes: what is accepted is written as it was.
func FuzzDecodeOpenDistinct(f *testing.F) {
	for _, n := range []int{0, 1, 7, 40, 200, 3000} {
		f.Add(distinctOf(8, n).AppendOpen(nil))
		f.Add(distinctOf(14, n).AppendOpen(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, rest, err := DecodeOpenDistinct(b)
		if err != nil {
			return
		}
		if got := d.AppendOpen(nil); !bytes.Equal(got, b[:len(b)-len(rest)]) {
			t.Fatalf("got % x\nof  % x", got, b)
		}
		for i := range uint64(100) {
			d.Add(numbered(2, i))
		}
		d.Count()
	})
}

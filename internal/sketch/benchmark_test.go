package sketch

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkHash(b *testing.B) {
	for _, n := range []int{4, 16, 64, 256} {
		b.Run(fmt.Sprintf("%d bytes", n), func(b *testing.B) {
			in := make([]byte, n)
			b.SetBytes(int64(n))
			h := uint64(0)
			for b.Loop() {
				in[0] = byte(h)
				h = Hash(in)
			}
		})
	}
}

func BenchmarkCombine(b *testing.B) {
	h := uint64(1)
	for b.Loop() {
		h = Combine(h, 7)
	}
	if h == 0 {
		b.Log("h is used")
	}
}

// next is a cheap stream of hashes.
func next(v uint64) uint64 { return v*6364136223846793005 + 1442695040888963407 }

func BenchmarkDistinctAddDense(b *testing.B) {
	d := distinctOf(14, 100_000)
	v := uint64(1)
	for b.Loop() {
		d.Add(v)
		v = next(v)
	}
}

// BenchmarkDistinctAddSmallAgain adds what was seen before.
func BenchmarkDistinctAddSmallAgain(b *testing.B) {
	var hashes [1024]uint64
	var d Distinct
	for i := range hashes {
		hashes[i] = numbered(1, uint64(i))
		d.Add(hashes[i])
	}
	i := uint64(0)
	for b.Loop() {
		d.Add(hashes[i%1024])
		i += 389
	}
}

// BenchmarkDistinctAddSmallNew fills one from empty to its limit again and
// again, growing included.
func BenchmarkDistinctAddSmallNew(b *testing.B) {
	var hashes [1024]uint64
	for i := range hashes {
		hashes[i] = numbered(1, uint64(i))
	}
	var d Distinct
	i := uint64(0)
	for b.Loop() {
		if i%1024 == 0 {
			d.Reset()
		}
		d.Add(hashes[i%1024])
		i++
	}
}

func BenchmarkDistinctMerge(b *testing.B) {
	for _, c := range []struct {
		name    string
		into, o *Distinct
	}{
		{"dense into dense", distinctOf(14, 100_000), distinctOf(14, 90_000)},
		{"1000 into dense", distinctOf(14, 100_000), distinctOf(14, 1000)},
		{"1000 into 1000", distinctOf(14, 1000), distinctOf(14, 1000)},
		{"dense 16 into dense 14", distinctOf(14, 100_000), distinctOf(16, 100_000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.into.Merge(c.o)
			}
		})
	}
}

func BenchmarkDistinctCount(b *testing.B) {
	d := distinctOf(14, 100_000)
	for b.Loop() {
		d.Count()
	}
}

func BenchmarkDistinctCodec(b *testing.B) {
	for _, n := range []int{1000, 5000, 100_000} {
		d := distinctOf(14, n)
		form := d.AppendBinary(nil)
		b.Run(fmt.Sprintf("encode %d", n), func(b *testing.B) {
			b.SetBytes(int64(len(form)))
			for b.Loop() {
				form = d.AppendBinary(form[:0])
			}
		})
		b.Run(fmt.Sprintf("decode %d", n), func(b *testing.B) {
			b.SetBytes(int64(len(form)))
			for b.Loop() {
				if _, _, err := DecodeDistinct(form); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCoarseAdd(b *testing.B) {
	var c Coarse
	v := uint64(1)
	for b.Loop() {
		c.Add(int64(v & 0xfffff))
		v = next(v)
	}
}

func BenchmarkCoarseMerge(b *testing.B) {
	var c, o Coarse
	for i := range int64(1000) {
		o.Add(i * 1000)
	}
	for b.Loop() {
		c.Merge(&o)
	}
}

func BenchmarkCoarseQuantile(b *testing.B) {
	var c Coarse
	for i := range int64(1000) {
		c.Add(i * 1000)
	}
	for b.Loop() {
		c.Quantile(0.99)
	}
}

// latencies returns a Histogram of n latencies with a long tail.
func latencies(n int) *Histogram {
	r := rand.New(rand.NewPCG(1, 21))
	var h Histogram
	for range n {
		h.Add(int64(1000 * r.ExpFloat64() * (1 + 10*r.ExpFloat64())))
	}
	return &h
}

func BenchmarkHistogramMerge(b *testing.B) {
	h, o := latencies(10_000), latencies(1000)
	for b.Loop() {
		h.Merge(o)
	}
}

// BenchmarkHistogramBurst counts 100 values from empty, Reset included.
func BenchmarkHistogramBurst(b *testing.B) {
	var h Histogram
	v := uint64(1)
	for b.Loop() {
		h.Reset()
		for range 100 {
			h.Add(int64(1000 + v&0xffff))
			v = next(v)
		}
	}
}

func BenchmarkHistogramCodec(b *testing.B) {
	h := latencies(10_000)
	form := h.AppendBinary(nil)
	b.Run("encode", func(b *testing.B) {
		b.SetBytes(int64(len(form)))
		for b.Loop() {
			form = h.AppendBinary(form[:0])
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(form)))
		for b.Loop() {
			if _, _, err := DecodeHistogram(form); err != nil {
				b.Fatal(err)
			}
		}
	})
}

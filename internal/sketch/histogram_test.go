package sketch

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestEveryValueLiesInTheBoundsOfItsBucket(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []uint64{0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 1 << 20, 1<<62 - 1, math.MaxInt64}
	for range 100_000 {
		values = append(values, r.Uint64()>>(1+r.IntN(63)))
	}
	for _, v := range values {
		low, high := bounds(bucket(v))
		if v < low || v > high {
			t.Fatalf("value %d: bucket %d holds %d to %d", v, bucket(v), low, high)
		}
		if mid := (low + high) / 2; math.Abs(float64(mid)-float64(v)) > 0.008*float64(v) {
			t.Fatalf("value %d: the middle %d of its bucket is more than 0.8 %% off", v, mid)
		}
	}
}

func TestQuantilesAreWithin08PercentOfTheSortedValues(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		var h Histogram
		var all []int64
		for range 1 + r.IntN(5000) {
			v := int64(math.Exp(6 + 2*r.NormFloat64()))
			h.Add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 1} {
			rank := max(1, int(math.Ceil(q*float64(len(all)))))
			want, got := all[rank-1], h.Quantile(q)
			if math.Abs(float64(got-want)) > 0.008*float64(want) {
				t.Errorf("seed %d: quantile %v of %d values: got %d, want %d within 0.8 %%", seed, q, len(all), got, want)
			}
		}
		if h.Max() != all[len(all)-1] {
			t.Errorf("seed %d: max: got %d, want %d", seed, h.Max(), all[len(all)-1])
		}
	}
}

func TestAnySplitMergedInAnyOrderIsTheWhole(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 4))
		var whole Histogram
		parts := make([]Histogram, 1+r.IntN(8))
		for range r.IntN(500) {
			v := r.Int64N(1 << (1 + r.IntN(40)))
			whole.Add(v)
			parts[r.IntN(len(parts))].Add(v)
		}
		var merged Histogram
		for _, i := range r.Perm(len(parts)) {
			merged.Merge(&parts[i])
		}
		if !merged.Equal(&whole) {
			t.Fatalf("seed %d: %d parts merged differ from the whole: %+v and %+v", seed, len(parts), merged, whole)
		}
	}
}

func TestResetLeavesNothingBehind(t *testing.T) {
	var h, empty Histogram
	for v := range int64(10_000) {
		h.Add(v)
	}
	h.Reset()
	if !h.Equal(&empty) || h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Sum() != 0 {
		t.Fatalf("after Reset: %+v", h)
	}
	h.Add(-5)
	if h.Count() != 1 || h.Quantile(1) != 0 {
		t.Fatalf("a negative value counts as 0: got count %d, quantile %d", h.Count(), h.Quantile(1))
	}
}

func BenchmarkHistogramAdd(b *testing.B) {
	var h Histogram
	v := int64(1)
	for b.Loop() {
		h.Add(v & 0xfffff)
		v = v*6364136223846793005 + 1442695040888963407
	}
}

func TestWhatLiesUpToAValueAndHowFarValuesSpread(t *testing.T) {
	var h Histogram
	if h.UpTo(5) != 0 || h.Deviation() != 0 {
		t.Errorf("of an empty one got %d, %v", h.UpTo(5), h.Deviation())
	}
	sum, squares := 0.0, 0.0
	for v := range int64(10_000) {
		h.Add(v)
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	for _, c := range []struct{ v, want int64 }{{-1, 1}, {0, 1}, {63, 64}, {100, 101}, {9_999, 10_000}, {1 << 40, 10_000}} {
		// Beyond 128 a bucket holds more than one value; the last one is full here.
		if got := h.UpTo(c.v); got != c.want {
			t.Errorf("up to %d got %d, want %d", c.v, got, c.want)
		}
	}
	mean := sum / 10_000
	if want, got := math.Sqrt(squares/10_000-mean*mean), h.Deviation(); math.Abs(got-want) > want*0.01 {
		t.Errorf("got a deviation of %v, want %v", got, want)
	}
	for q := range 100 {
		v := h.Quantile(float64(q+1) / 100)
		if n := h.UpTo(v); n < int64(q+1)*100 {
			t.Errorf("up to the quantile %d %% lie %d of 10000", q+1, n)
		}
	}
}

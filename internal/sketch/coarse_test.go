package sketch

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// anyMicros returns latencies of all sizes, the ends of octaves among them.
func anyMicros(r *rand.Rand) int64 {
	switch r.IntN(4) {
	case 0:
		return 1<<r.IntN(40) - int64(r.IntN(2))
	case 1:
		return r.Int64() - int64(r.IntN(2))<<62
	}
	return r.Int64N(1 << (1 + r.IntN(40)))
}

func TestEveryLatencyLiesInItsOctave(t *testing.T) {
	for _, c := range []struct {
		micros int64
		want   int
	}{
		{-1, 0}, {0, 0}, {511, 0}, {512, 1}, {1023, 1}, {1024, 2}, {1<<27 - 1, 18}, {1 << 27, 19}, {1 << 28, 19}, {math.MaxInt64, 19},
	} {
		var s Coarse
		s.Add(c.micros)
		for i, n := range s.counts {
			if (n == 1) != (i == c.want) {
				t.Errorf("%d us: bucket %d has %d, want it in %d", c.micros, i, n, c.want)
			}
		}
		if low, width := octave(c.want); c.micros >= 0 && c.micros < 1<<28 && (uint64(c.micros) < low || uint64(c.micros) >= low+width) {
			t.Errorf("%d us is not in the %d us from %d us on", c.micros, width, low)
		}
	}
}

func TestACoarseFitsIn96Bytes(t *testing.T) {
	if n := unsafe.Sizeof(Coarse{}); n > 96 {
		t.Errorf("got %d bytes, want 96 at most", n)
	}
}

func TestCoarseQuantilesAreWithinAFactorOfTwo(t *testing.T) {
	checks, close20 := 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 11))
		var c Coarse
		var all []int64
		middle, spread := math.Log(3000)+3*r.Float64(), 0.5+r.Float64()
		for range 20 + r.IntN(5000) {
			v := int64(math.Exp(middle + spread*r.NormFloat64()))
			c.Add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		sum := int64(0)
		for _, v := range all {
			sum += v
		}
		if c.Count() != int64(len(all)) || c.Mean() != sum/int64(len(all)) {
			t.Fatalf("seed %d: got count %d, mean %d; want %d, %d", seed, c.Count(), c.Mean(), len(all), sum/int64(len(all)))
		}
		for _, q := range []float64{math.NaN(), -1, 0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1, 2} {
			at := max(1, int(math.Ceil(min(1, max(0, q))*float64(len(all)))))
			if math.IsNaN(q) {
				at = 1
			}
			want, got := all[at-1], c.Quantile(q)
			switch {
			case want < 512 && got >= 512:
				t.Errorf("seed %d: quantile %v: got %d, want %d, less than 512", seed, q, got, want)
			case want >= 512 && (got >= 2*want || want >= 2*got):
				t.Errorf("seed %d: quantile %v: got %d, want %d within a factor of two", seed, q, got, want)
			}
			if q >= 0.25 && q <= 0.99 && want >= 512 {
				checks++
				if math.Abs(float64(got-want)) <= 0.2*float64(want) {
					close20++
				}
			}
		}
	}
	share := float64(close20) / float64(checks)
	t.Logf("quantiles 0.25 to 0.99 of log-normal latencies: %.1f %% of %d are within 20 %%", 100*share, checks)
	if share < 0.9 {
		t.Errorf("%.1f %% of %d quantiles are within 20 %%, want 90 %%", 100*share, checks)
	}
}

func TestCoarseQuantilesRise(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 12))
	var c Coarse
	for range 500 {
		c.Add(anyMicros(r))
	}
	last := int64(0)
	for i := range 1001 {
		got := c.Quantile(float64(i) / 1000)
		if got < last || got >= 1<<28 {
			t.Fatalf("quantile %d/1000 is %d, the one before %d", i, got, last)
		}
		last = got
	}
}

func TestAnEmptyCoarseIsZero(t *testing.T) {
	var c Coarse
	if c.Count() != 0 || c.Mean() != 0 || c.Quantile(0.5) != 0 {
		t.Errorf("got count %d, mean %d, median %d", c.Count(), c.Mean(), c.Quantile(0.5))
	}
}

// nearlyFull is a Coarse some of whose counts will stop.
func nearlyFull(r *rand.Rand) Coarse {
	var c Coarse
	for i := range c.counts {
		if r.IntN(2) == 0 {
			c.counts[i] = math.MaxUint32 - uint32(r.IntN(30))
		}
	}
	for i, n := range c.counts {
		low, _ := octave(i)
		c.sum = sum(c.sum, product(uint64(n), low))
	}
	return c
}

func TestAnySplitGroupingAndOrderOfLatenciesGivesTheSameBytes(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 13))
		var whole Coarse
		parts := make([]*Coarse, 1+r.IntN(9))
		for i := range parts {
			parts[i] = new(Coarse)
			if seed%2 == 1 {
				*parts[i] = nearlyFull(r)
				whole.Merge(parts[i])
			}
		}
		for range r.IntN(500) {
			v := anyMicros(r)
			whole.Add(v)
			parts[r.IntN(len(parts))].Add(v)
		}
		got := mergedAnyhow(r, parts, (*Coarse).Merge)
		if *got != whole || !bytes.Equal(got.AppendBinary(nil), whole.AppendBinary(nil)) {
			t.Fatalf("seed %d: got %+v, want %+v", seed, got, whole)
		}
	}
}

func TestCountsAndSumOfACoarseStopAtTheirLargestNumber(t *testing.T) {
	c := Coarse{counts: [coarseBuckets]uint32{1: math.MaxUint32 - 1}, sum: math.MaxUint64 - 600}
	for range 3 {
		c.Add(512)
	}
	if want := (Coarse{counts: [coarseBuckets]uint32{1: math.MaxUint32}, sum: math.MaxUint64}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	// Where a count has stopped, the sum may be larger than it could explain.
	c.sum = math.MaxUint64 - 1
	if got, _, err := DecodeCoarse(c.AppendBinary(nil)); err != nil || got != c {
		t.Errorf("got %+v, error %v; want %+v", got, err, c)
	}
	var full Coarse
	for i := range full.counts {
		full.counts[i] = math.MaxUint32
	}
	full.sum = math.MaxUint64
	if full.Count() != coarseBuckets*math.MaxUint32 || full.Mean() <= 0 || full.Quantile(1) >= 1<<28 {
		t.Errorf("got count %d, mean %d, quantile 1 %d", full.Count(), full.Mean(), full.Quantile(1))
	}
}

func TestADecodedCoarseIsTheOneThatWasEncoded(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 14))
		var c Coarse
		if r.IntN(3) == 0 {
			c = nearlyFull(r)
		}
		for range r.IntN(50) {
			c.Add(anyMicros(r))
		}
		got, rest, err := DecodeCoarse(append(c.AppendBinary(nil), "rest"...))
		if err != nil || got != c || string(rest) != "rest" {
			t.Fatalf("seed %d: got %+v, rest %q, error %v; want %+v", seed, got, rest, err, c)
		}
	}
}

func TestTheFormOfACoarseNeverChanges(t *testing.T) {
	var c Coarse
	for _, step := range []struct {
		add  int64
		want string
	}{
		{700, "01 02 bc05 01"},
		{1, "01 03 bd05 01 01"},
		{1 << 27, "01 838020 bd858040 01 01 01"},
	} {
		c.Add(step.add)
		if got := c.AppendBinary(nil); fmt.Sprintf("%x", got) != strings.ReplaceAll(step.want, " ", "") {
			t.Errorf("with %d: got %x, want %s", step.add, got, step.want)
		}
	}
}

func TestADamagedCoarseIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, "sketch: latency of a row damaged: it ends where its version should be"},
		{[]byte{7}, "sketch: latency of a row of version 7, this weir reads 1"},
		{[]byte{1}, "it ends where its set of buckets should be"},
		{[]byte{1, 0x80, 0x80, 0x40}, "its set of buckets is 1048576, at most 1048575 is possible"},
		{[]byte{1, 1}, "it ends where its sum should be"},
		{[]byte{1, 1, 5}, "it ends where its count of a bucket should be"},
		{[]byte{1, 1, 5, 0}, "it has a bucket that is empty"},
		{[]byte{1, 1, 5, 0xff, 0xff, 0xff, 0xff, 0x1f}, "its count of a bucket is 8589934591"},
		{[]byte{1, 2, 5, 1}, "its sum is 5, its latencies have one of 512 to 1023"},
		{[]byte{1, 1, 0x80, 4, 1}, "its sum is 512, its latencies have one of 0 to 511"},
	} {
		if _, _, err := DecodeCoarse(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: got error %v, want %q", c.in, err, c.want)
		}
	}
}

func FuzzDecodeCoarse(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 15))
	full := nearlyFull(r)
	f.Add(full.AppendBinary(nil))
	for range 10 {
		var c Coarse
		for range r.IntN(50) {
			c.Add(anyMicros(r))
		}
		f.Add(c.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, rest, err := DecodeCoarse(in)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "sketch: latency of a row ") {
				t.Errorf("the error does not say what is wrong: %v", err)
			}
			return
		}
		if read := in[:len(in)-len(rest)]; !bytes.Equal(c.AppendBinary(nil), read) {
			t.Fatalf("% x is accepted and encoded as % x", read, c.AppendBinary(nil))
		}
		c.Merge(&c)
		if c.Count() < 0 || c.Mean() < 0 || c.Quantile(0.5) < 0 || c.Quantile(0.5) > c.Quantile(1) {
			t.Errorf("%+v: got count %d, mean %d, quantiles %d, %d", c, c.Count(), c.Mean(), c.Quantile(0.5), c.Quantile(1))
		}
		if _, _, err := DecodeCoarse(c.AppendBinary(nil)); err != nil {
			t.Errorf("%+v is encoded and refused: %v", c, err)
		}
	})
}

package sketch

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAnySplitGroupingAndOrderOfValuesGivesTheSameBytes(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 16))
		var whole Histogram
		parts := make([]*Histogram, 1+r.IntN(9))
		for i := range parts {
			parts[i] = new(Histogram)
			if seed%4 == 1 {
				parts[i] = full(int64(r.IntN(3)))
				whole.Merge(parts[i])
			}
		}
		for range r.IntN(500) {
			v := anyMicros(r)
			whole.Add(v)
			parts[r.IntN(len(parts))].Add(v)
		}
		got := mergedAnyhow(r, parts, (*Histogram).Merge)
		if !got.Equal(&whole) || !bytes.Equal(got.AppendBinary(nil), whole.AppendBinary(nil)) {
			t.Fatalf("seed %d: got % x, want % x", seed, got.AppendBinary(nil), whole.AppendBinary(nil))
		}
	}
}

// full is a Histogram that has counted v as often as it can, within a few.
func full(v int64) *Histogram {
	var h Histogram
	h.Add(v)
	for range 63 {
		h.Merge(&h)
		h.Add(v)
	}
	return &h
}

func TestCountsOfAHistogramStopAtTheirLargestNumber(t *testing.T) {
	h := full(1)
	h.Add(1)
	h.Add(1)
	h.Merge(h)
	if h.Count() != math.MaxInt64 || h.counts[1] != math.MaxUint64 || h.Mean() != 1 {
		t.Errorf("got count %d, %d in the bucket, mean %d", h.Count(), h.counts[1], h.Mean())
	}
	h.Merge(full(3))
	h.Add(5)
	for q, want := range map[float64]int64{-1: 1, 0: 1, 0.5: 1, 0.9999999: 1, 2: 1, math.NaN(): 1} {
		if got := h.Quantile(q); got != want {
			t.Errorf("quantile %v: got %d, want %d", q, got, want)
		}
	}
}

func TestTheQuantilesOfOneValueAreThatValue(t *testing.T) {
	for _, v := range []int64{0, 127, 128, 259, 1<<20 + 1<<14 - 1, 1 << 40, math.MaxInt64} {
		var h Histogram
		h.Add(v)
		if h.Quantile(0) != v || h.Quantile(0.5) != v || h.Quantile(1) != v {
			t.Errorf("%d: got quantiles %d, %d, %d", v, h.Quantile(0), h.Quantile(0.5), h.Quantile(1))
		}
	}
}

func TestHistogramsWithDifferentSmallestValuesAreNotEqual(t *testing.T) {
	var a, b Histogram
	for _, v := range [][2]int64{{257, 256}, {258, 259}, {259, 259}} {
		a.Add(v[0])
		b.Add(v[1])
	}
	if a.Equal(&b) || bytes.Equal(a.AppendBinary(nil), b.AppendBinary(nil)) {
		t.Errorf("%x and %x have the same count, sum and largest value, and are taken for equal", a.AppendBinary(nil), b.AppendBinary(nil))
	}
}

func TestResetAndCountAgainIsAsNew(t *testing.T) {
	var used Histogram
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 17))
		used.Reset()
		var fresh Histogram
		for range r.IntN(20) {
			v := anyMicros(r)
			used.Add(v)
			fresh.Add(v)
		}
		if !bytes.Equal(used.AppendBinary(nil), fresh.AppendBinary(nil)) || used.Quantile(0.5) != fresh.Quantile(0.5) {
			t.Fatalf("seed %d: after Reset: got % x, want % x", seed, used.AppendBinary(nil), fresh.AppendBinary(nil))
		}
	}
}

func TestAUsedHistogramAllocatesNothing(t *testing.T) {
	var h, o Histogram
	o.Add(1 << 30)
	if n := testing.AllocsPerRun(20, func() {
		h.Reset()
		for v := range int64(1000) {
			h.Add(v << 10)
		}
		h.Merge(&o)
	}); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func TestADecodedHistogramIsTheOneThatWasEncoded(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 18))
		var h Histogram
		if r.IntN(4) == 0 {
			h = *full(int64(r.IntN(100)))
		}
		for range r.IntN(300) {
			h.Add(anyMicros(r))
		}
		b := h.AppendBinary([]byte("before"))[len("before"):]
		got, rest, err := DecodeHistogram(append(b, "rest"...))
		if err != nil || !got.Equal(&h) || string(rest) != "rest" || got.Count() != h.Count() {
			t.Fatalf("seed %d: got %x, rest %q, error %v; want %x", seed, got.AppendBinary(nil), rest, err, b)
		}
	}
}

func TestTheFormOfAHistogramNeverChanges(t *testing.T) {
	var h Histogram
	for _, step := range []struct {
		add  int64
		want string
	}{
		{3, "01 01 03 03 03 03 01"},
		{3, "01 01 06 03 03 03 02"},
		{129, "01 02 8701 03 8101 03 02 7c 01"},
		{math.MaxInt64, "01 03 868180808080808080 01 03 ffffffffffffffff7f 03 02 7c 01 fe1b 01"},
	} {
		h.Add(step.add)
		if got := h.AppendBinary(nil); fmt.Sprintf("%x", got) != strings.ReplaceAll(step.want, " ", "") {
			t.Errorf("with %d: got %x, want %s", step.add, got, step.want)
		}
	}
}

func TestADamagedHistogramIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, "sketch: histogram damaged: it ends where its version should be"},
		{[]byte{7, 1}, "sketch: histogram of version 7, this weir reads 1"},
		{[]byte{1}, "it ends where its number of buckets should be"},
		{[]byte{1, 0x81, 0}, "its number of buckets is written longer than needed"},
		{[]byte{1, 0x81, 0x1d}, "its number of buckets is 3713, at most 3712 is possible"},
		{[]byte{1, 1, 3}, "it ends where its smallest value should be"},
		{[]byte{1, 1, 3, 3, 3}, "it ends where its gap between buckets should be"},
		{[]byte{1, 1, 3, 4, 3, 3, 1}, "its smallest value 4 is larger than its largest 3"},
		{append([]byte{1, 1, 3, 3}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1), "its largest value is 18446744073709551615"},
		{[]byte{1, 1, 3, 3, 3, 3, 0}, "it has a bucket that is empty"},
		{[]byte{1, 1, 3, 3, 3, 2, 1}, "its first bucket is 2, which its smallest value 3 is not in"},
		{[]byte{1, 2, 8, 3, 5, 3, 1, 2, 1}, "its last bucket is 6, which its largest value 5 is not in"},
		{[]byte{1, 2, 8, 3, 5, 3, 1, 0, 1}, "its last bucket is 4, which its largest value 5 is not in"},
		{[]byte{1, 3, 8, 3, 5, 3, 1, 100, 1, 0, 1}, "its last bucket is 104, which its largest value 5 is not in"},
		{[]byte{1, 1, 4, 3, 3, 3, 1}, "its sum is 4, its values have one of 3 to 3"},
		{[]byte{1, 1, 0x80, 2, 0x80, 1, 0x81, 1, 0x80, 1, 2}, "its sum is 256, its values have one of 257 to 257"},
		{[]byte{1, 1, 0x80, 1, 0x80, 1, 0x81, 1, 0x80, 1, 1}, "it has one value, and its smallest is 128, its largest 129"},
	} {
		if _, _, err := DecodeHistogram(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: got error %v, want %q", c.in, err, c.want)
		}
	}
}

func TestAHistogramCutShortIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 19))
	var h Histogram
	for range 200 {
		h.Add(anyMicros(r))
	}
	b := h.AppendBinary(nil)
	for end := range len(b) {
		if _, _, err := DecodeHistogram(b[:end]); err == nil {
			t.Fatalf("%d of %d bytes are accepted", end, len(b))
		}
	}
}

func FuzzDecodeHistogram(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 20))
	f.Add(full(7).AppendBinary(nil))
	for range 10 {
		var h Histogram
		for range r.IntN(10) {
			h.Add(anyMicros(r))
		}
		f.Add(h.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		h, rest, err := DecodeHistogram(in)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "sketch: histogram ") {
				t.Errorf("the error does not say what is wrong: %v", err)
			}
			return
		}
		if read := in[:len(in)-len(rest)]; !bytes.Equal(h.AppendBinary(nil), read) {
			t.Fatalf("% x is accepted and encoded as % x", read, h.AppendBinary(nil))
		}
		if size := 8 * cap(h.counts); size > 64<<10 {
			t.Errorf("it takes %d bytes", size)
		}
		for range 2 {
			if h.Count() < 0 || h.Mean() < int64(^h.notMin)*min(1, h.Count()) && h.sum < math.MaxUint64 || h.Mean() > h.Max() || h.Max() < 0 || h.Quantile(0.5) > h.Quantile(1) || h.Quantile(1) > h.Max() {
				t.Errorf("% x: got count %d, mean %d, max %d, quantiles %d, %d", in, h.Count(), h.Mean(), h.Max(), h.Quantile(0.5), h.Quantile(1))
			}
			h.Merge(&h)
			if _, _, err := DecodeHistogram(h.AppendBinary(nil)); err != nil {
				t.Errorf("% x: merged, encoded, refused: %v", in, err)
			}
		}
	})
}

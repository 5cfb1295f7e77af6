package sketch

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// mergeCase is a pair of sketches: what one of them, empty or not, holds after the other was
// merged, and after its bytes were.
type mergeCase struct {
	form         []byte
	merged, read func() []byte
	into         func(b []byte) ([]byte, error)
	reset        func() []byte // empties it, merges form and returns what it holds
}

func anyDistinct(r *rand.Rand) *Distinct {
	d := Distinct{Precision: uint8(4 + r.IntN(13))}
	if r.IntN(2) == 0 {
		d.Precision = 12
	}
	for range r.IntN([]int{1, 8, 40, 400}[r.IntN(4)] * small(d.Precision)) {
		d.Add(anyHash(r))
	}
	return &d
}

func anyHistogram(r *rand.Rand) *Histogram {
	h := new(Histogram)
	if r.IntN(5) == 0 {
		h = full(int64(r.IntN(100)))
	}
	for range r.IntN(400) {
		h.Add(anyMicros(r))
	}
	return h
}

func anyCoarse(r *rand.Rand) *Coarse {
	var c Coarse
	for range r.IntN(100) {
		c.Add(anyMicros(r))
	}
	return &c
}

// cases are a pair of each sketch.
func cases(r *rand.Rand) map[string]mergeCase {
	d, e := anyDistinct(r), anyDistinct(r)
	d2, _, _ := DecodeDistinct(d.AppendBinary(nil))
	h, i := anyHistogram(r), anyHistogram(r)
	h2, _, _ := DecodeHistogram(h.AppendBinary(nil))
	c, k := *anyCoarse(r), anyCoarse(r)
	c2 := c
	return map[string]mergeCase{
		"distinct": {
			e.AppendBinary(nil), func() []byte { d.Merge(e); return d.AppendBinary(nil) }, func() []byte { return d2.AppendBinary(nil) }, d2.MergeBinary,
			func() []byte { d2.Reset(); d2.Precision = e.precision(); d2.Merge(e); return d2.AppendBinary(nil) },
		},
		"histogram": {
			i.AppendBinary(nil), func() []byte { h.Merge(i); return h.AppendBinary(nil) }, func() []byte { return h2.AppendBinary(nil) }, h2.MergeBinary,
			func() []byte { h2.Reset(); h2.Merge(i); return h2.AppendBinary(nil) },
		},
		"coarse": {
			k.AppendBinary(nil), func() []byte { c.Merge(k); return c.AppendBinary(nil) }, func() []byte { return c2.AppendBinary(nil) }, c2.MergeBinary,
			func() []byte { c2 = Coarse{}; c2.Merge(k); return c2.AppendBinary(nil) },
		},
	}
}

func TestBytesMergeAsTheSketchTheyWereWrittenOf(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 71))
		for name, c := range cases(r) {
			rest, err := c.into(append(bytes.Clone(c.form), "rest"...))
			if err != nil || string(rest) != "rest" {
				t.Fatalf("seed %d: %s: rest %q, error %v", seed, name, rest, err)
			}
			if got, want := c.read(), c.merged(); !bytes.Equal(got, want) {
				t.Fatalf("seed %d: %s: got % .60x, want % .60x", seed, name, got, want)
			}
		}
	}
}

// TestASketchIsOfUseAgainAfterDamagedBytes: Reset leaves nothing of what was merged before
// the damage was met.
func TestASketchIsOfUseAgainAfterDamagedBytes(t *testing.T) {
	refused := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 72))
		for name, c := range cases(r) {
			bad := bytes.Clone(c.form)
			if r.IntN(2) == 0 {
				bad = bad[:r.IntN(len(bad))]
			} else {
				bad[r.IntN(len(bad))] ^= byte(1 + r.IntN(255))
			}
			if _, err := c.into(bad); err != nil {
				refused++
			}
			if got := c.reset(); !bytes.Equal(got, c.form) {
				t.Fatalf("seed %d: %s: after Reset got % .60x, want % .60x", seed, name, got, c.form)
			}
		}
	}
	if refused < 1000 {
		t.Errorf("%d of 6000 damaged forms were refused", refused)
	}
}

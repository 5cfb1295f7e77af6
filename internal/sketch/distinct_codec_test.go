package sketch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// distinctOf counts n hashes at precision p.
func distinctOf(p uint8, n int) *Distinct {
	d := Distinct{Precision: p}
	for i := range uint64(n) {
		d.Add(numbered(1, i))
	}
	return &d
}

func TestADecodedDistinctIsTheOneThatWasEncoded(t *testing.T) {
	forms := map[byte]int{}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 10))
		d := Distinct{Precision: uint8(4 + r.IntN(13))}
		for range r.IntN([]int{1, 8, 40}[seed%3] * small(d.Precision)) {
			d.Add(anyHash(r))
		}
		b := d.AppendBinary([]byte("before"))[len("before"):]
		forms[b[2]]++
		got, rest, err := DecodeDistinct(append(b, "rest"...))
		if err != nil || string(rest) != "rest" {
			t.Fatalf("seed %d: rest %q, error %v", seed, rest, err)
		}
		if !bytes.Equal(got.AppendBinary(nil), b) {
			t.Fatalf("seed %d: encoded again: got % .40x, want % .40x", seed, got.AppendBinary(nil), b)
		}
		if len(b) > 3+1<<d.Precision {
			t.Errorf("seed %d: precision %d takes %d bytes", seed, d.Precision, len(b))
		}
		// It counts on as the other does.
		hash := r.Uint64()
		got.Add(hash)
		d.Add(hash)
		if !bytes.Equal(got.AppendBinary(nil), d.AppendBinary(nil)) {
			t.Fatalf("seed %d: one more hash makes the decoded one differ", seed)
		}
	}
	for form := range byte(3) {
		if forms[form] < 10 {
			t.Errorf("form %d was met %d times, want 10 at least", form, forms[form])
		}
	}
}

func TestTheFormOfADistinctNeverChanges(t *testing.T) {
	d := Distinct{Precision: 5}
	for _, step := range []struct {
		add  uint64
		want string
	}{
		{0xffffffffffffffff, "01 05 00 01 ffffffffffffffffff01"},
		{0, "01 05 00 02 00 feffffffffffffffff01"},
		{0x0800000000000001, "01 05 02 03 00 3c 00 3b 1d 01"},
	} {
		d.Add(step.add)
		if got := d.AppendBinary(nil); fmt.Sprintf("%x", got) != strings.ReplaceAll(step.want, " ", "") {
			t.Errorf("with %#x: got %x, want %s", step.add, got, step.want)
		}
	}
}

func TestPlainRegistersAreWrittenWhereBothFormsAreAsLong(t *testing.T) {
	d := Distinct{Precision: 9}
	for i := range uint64(255) {
		d.Add(i << 55)
	}
	if _, bytes := sparseSize(d.words); bytes != 512 {
		t.Fatalf("255 registers take %d bytes one by one, the test wants 512", bytes)
	}
	if b := d.AppendBinary(nil); b[2] != formPlain || len(b) != 515 {
		t.Errorf("got form %d in %d bytes, want %d in 515", b[2], len(b), formPlain)
	}
}

func TestSizeIsThatOfAVarint(t *testing.T) {
	for bit := range 64 {
		for _, v := range []uint64{1 << bit, 1<<bit - 1, 1<<bit + 1} {
			if got, want := size(v), len(binary.AppendUvarint(nil, v)); got != want {
				t.Errorf("%d: got %d, want %d", v, got, want)
			}
		}
	}
}

func TestADamagedDistinctIsRefusedWithTheReason(t *testing.T) {
	plain := append([]byte{1, 4, 1}, bytes.Repeat([]byte{1}, 16)...)
	high := bytes.Clone(plain)
	high[18] = 62
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{nil, "distinct count damaged: it ends where its version should be"},
		{[]byte{7}, "distinct count of version 7, this weir reads 1"},
		{[]byte{1}, "it ends where its precision should be"},
		{[]byte{1, 3, 0, 0}, "its precision is 3, which is not 4 to 16"},
		{[]byte{1, 17, 0, 0}, "its precision is 17"},
		{[]byte{1, 5}, "it ends where its form should be"},
		{[]byte{1, 5, 3}, "its form is 3, which is none"},
		{[]byte{1, 5, 0, 3, 0, 0, 0}, "its number of hashes is 3, at most 2 is possible"},
		{[]byte{1, 5, 0, 2, 0}, "it ends where its hash should be"},
		{[]byte{1, 5, 0, 1, 0x80, 0}, "its hash is written longer than needed"},
		{append([]byte{1, 5, 0, 1}, bytes.Repeat([]byte{0xff}, 10)...), "its hash does not fit in 64 bits"},
		{append(append([]byte{1, 5, 0, 2}, bytes.Repeat([]byte{0xff}, 9)...), 1, 0), "its hashes go beyond 64 bits"},
		{append(append([]byte{1, 5, 0, 2, 1}, bytes.Repeat([]byte{0xff}, 9)...), 1), "its hashes go beyond 64 bits"},
		{plain[:18], "it ends within its registers"},
		{high, "register 15 is 62, at most 61 is possible"},
		{append([]byte{1, 4, 1}, make([]byte, 16)...), "its registers are written longer than needed"},
		{[]byte{1, 5, 2, 0}, "it has registers and all are 0"},
		{[]byte{1, 5, 2, 33}, "its number of registers is 33"},
		{[]byte{1, 5, 2, 1, 32, 1}, "it has a register beyond the last"},
		{[]byte{1, 5, 2, 1, 31, 0}, "register 31 is 0, which is not 1 to 60"},
		{[]byte{1, 5, 2, 1, 31, 61}, "register 31 is 61, which is not 1 to 60"},
		{append([]byte{1, 4, 2, 16}, bytes.Repeat([]byte{0, 1}, 16)...), "its registers are written longer than needed"},
	} {
		if _, _, err := DecodeDistinct(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%x: got error %v, want %q", c.in, err, c.want)
		}
	}
	if _, _, err := DecodeDistinct(plain); err != nil {
		t.Errorf("%x: got error %v, want none", plain, err)
	}
}

func TestADistinctCutShortIsRefused(t *testing.T) {
	for _, n := range []int{0, 1, 100, 300, 5000} {
		b := distinctOf(12, n).AppendBinary(nil)
		for end := range len(b) {
			if _, _, err := DecodeDistinct(b[:end]); err == nil {
				t.Fatalf("%d hashes: %d of %d bytes are accepted", n, end, len(b))
			}
		}
	}
}

func FuzzDecodeDistinct(f *testing.F) {
	for _, n := range []int{0, 1, 2, 20, 1000} {
		for _, p := range []uint8{4, 5, 8, 14} {
			f.Add(distinctOf(p, n).AppendBinary(nil))
		}
	}
	f.Add([]byte{1, 16, 2, 1, 0, 1})
	f.Add([]byte{7})
	f.Fuzz(func(t *testing.T, in []byte) {
		d, rest, err := DecodeDistinct(in)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "sketch: distinct count ") {
				t.Errorf("the error does not say what is wrong: %v", err)
			}
			return
		}
		read := in[:len(in)-len(rest)]
		if got := d.AppendBinary(nil); !bytes.Equal(got, read) {
			t.Fatalf("% x is accepted and encoded as % x", read, got)
		}
		if size := 8 * cap(d.words); size > 64<<10 || size > 1<<d.Precision {
			t.Errorf("precision %d takes %d bytes", d.Precision, size)
		}
		n, exact := d.Count()
		if n < 0 || exact != (n <= int64(small(d.Precision))) {
			t.Errorf("got %d, exact %v at precision %d", n, exact, d.Precision)
		}
		var sum Distinct
		sum.Merge(&d)
		sum.Merge(&d)
		d.Merge(&sum)
		if !bytes.Equal(sum.AppendBinary(nil), d.AppendBinary(nil)) {
			t.Errorf("% x: merging differs by its direction", read)
		}
	})
}

package sketch

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"testing"
)

// siphash is SipHash-c-d as the paper has it, one byte at a time, to hold Hash
// against.
func siphash(c, d int, k0, k1 uint64, b []byte) uint64 {
	v := [4]uint64{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	rounds := func(n int) {
		for range n {
			v[0] += v[1]
			v[2] += v[3]
			v[1] = bits.RotateLeft64(v[1], 13) ^ v[0]
			v[3] = bits.RotateLeft64(v[3], 16) ^ v[2]
			v[0] = bits.RotateLeft64(v[0], 32)
			v[2] += v[1]
			v[0] += v[3]
			v[1] = bits.RotateLeft64(v[1], 17) ^ v[2]
			v[3] = bits.RotateLeft64(v[3], 21) ^ v[0]
			v[2] = bits.RotateLeft64(v[2], 32)
		}
	}
	word := func(m uint64) {
		v[3] ^= m
		rounds(c)
		v[0] ^= m
	}
	m := uint64(0)
	for i, x := range b {
		m |= uint64(x) << (i % 8 * 8)
		if i%8 == 7 {
			word(m)
			m = 0
		}
	}
	word(m | uint64(len(b))<<56)
	v[2] ^= 0xff
	rounds(d)
	return v[0] ^ v[1] ^ v[2] ^ v[3]
}

func TestTheReferenceGivesTheVectorOfThePaper(t *testing.T) {
	var in [15]byte
	for i := range in {
		in[i] = byte(i)
	}
	if got := siphash(2, 4, 0x0706050403020100, 0x0f0e0d0c0b0a0908, in[:]); got != 0xa129ca6149be45e5 {
		t.Errorf("SipHash-2-4 of 00 to 0e: got %#x, want 0xa129ca6149be45e5", got)
	}
}

// TestSipHash13GivesTheHashesOfCPython holds it against another
// implementation: hash of bytes in CPython 3.11 under PYTHONHASHSEED=0, which
// is a key of zeros.
func TestSipHash13GivesTheHashesOfCPython(t *testing.T) {
	for in, want := range map[string]uint64{
		"a": 0x407448d2b89b1813, "weir": 0xafd841259e24ac48, "0123456": 0x810aaf7acf670379,
		"01234567": 0xda3dcedf84ea6cc6, "0123456789abcdef0": 0xf738bb4f30801228,
	} {
		if got := siphash13(0, 0, []byte(in)); got != want {
			t.Errorf("%q: got %#x, want %#x", in, got, want)
		}
	}
}

func TestHashIsSipHash13OfEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	for n := range 300 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if got, want := Hash(b), siphash(1, 3, key0, key1, b); got != want {
			t.Fatalf("%d bytes: got %#x, want %#x", n, got, want)
		}
	}
}

func TestHashAndCombineNeverChange(t *testing.T) {
	if got := Hash([]byte("192.0.2.7")); got != 0xf5b679b07d3f58bc {
		t.Errorf("Hash: got %#x, and what is stored was made with another", got)
	}
	if got := Combine(1, 2); got != 0x81a5c1377856b73 {
		t.Errorf("Combine: got %#x, and what is stored was made with another", got)
	}
}

func TestHashAllocatesNothing(t *testing.T) {
	b := []byte("GET /some/path HTTP/1.1")
	h := uint64(0)
	if n := testing.AllocsPerRun(100, func() { h = Combine(h, Combine(Hash(b), Hash(b[4:]))) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

// TestOneBitOfAPairChangesHalfOfItsHash covers the order of the pair too: it
// fails where a and b cancel out.
func TestOneBitOfAPairChangesHalfOfItsHash(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	const tries = 4000
	for bit := range 128 {
		changed := 0
		for range tries {
			a, b := r.Uint64(), r.Uint64()
			a2, b2 := a, b
			if bit < 64 {
				a2 ^= 1 << bit
			} else {
				b2 ^= 1 << (bit - 64)
			}
			changed += bits.OnesCount64(Combine(a, b) ^ Combine(a2, b2))
		}
		if mean := float64(changed) / tries; mean < 31 || mean > 33 {
			t.Errorf("bit %d: %v of 64 bits change, want 32", bit, mean)
		}
	}
}

func TestPairsOfSmallNumbersHaveDifferentHashes(t *testing.T) {
	seen := map[uint64][2]uint64{}
	for a := range uint64(300) {
		for b := range uint64(300) {
			h := Combine(a, b)
			if other, ok := seen[h]; ok {
				t.Fatalf("(%d, %d) and %v have the hash %#x", a, b, other, h)
			}
			seen[h] = [2]uint64{a, b}
		}
	}
}

// numbered is the hash of the number i, as if it were a key.
func numbered(seed, i uint64) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], seed)
	binary.LittleEndian.PutUint64(b[8:], i)
	return Hash(b[:])
}

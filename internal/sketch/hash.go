package sketch

import (
	"encoding/binary"
	"math/bits"
)

// The key of Hash. Sketches that are stored or sent hold hashes, or registers
// made of hashes, and merge only where both sides hash alike: the key is part
// of the binary forms and is never changed.
const (
	key0 = 0x5d0c8a3fb2e94671
	key1 = 0xe3a61b7f90d4c82d
)

// Hash returns 64 bits that stand for b in a Distinct: the same for the same
// bytes in every process, on every machine and in every version.
//
// It is SipHash-1-3 (Jean-Philippe Aumasson, Daniel J. Bernstein, "SipHash: a
// fast short-input PRF", 2012) under a fixed key. The key is public, so whoever
// knows it can search for inputs that collide: tables keyed by what clients
// send use the seeded hash of the process instead. Hash keeps no reference to
// b, allocates nothing, and may be called from any goroutine.
func Hash(b []byte) uint64 { return siphash13(key0, key1, b) }

// siphash13 is SipHash with one round for each 8 bytes and three at the end.
func siphash13(k0, k1 uint64, b []byte) uint64 {
	v0 := k0 ^ 0x736f6d6570736575
	v1 := k1 ^ 0x646f72616e646f6d
	v2 := k0 ^ 0x6c7967656e657261
	v3 := k1 ^ 0x7465646279746573
	last := uint64(len(b)) << 56
	if len(b) < 8 {
		last |= short(b)
	} else if n := len(b) & 7; n > 0 {
		// The last 8 bytes, without those that the whole words below hold.
		last |= binary.LittleEndian.Uint64(b[len(b)-8:]) >> (64 - 8*n)
	}
	for ; len(b) >= 8; b = b[8:] {
		m := binary.LittleEndian.Uint64(b)
		v0, v1, v2, v3 = round(v0, v1, v2, v3^m)
		v0 ^= m
	}
	v0, v1, v2, v3 = round(v0, v1, v2, v3^last)
	v0, v1, v2, v3 = round(v0^last, v1, v2^0xff, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	v0, v1, v2, v3 = round(v0, v1, v2, v3)
	return v0 ^ v1 ^ v2 ^ v3
}

// short is the little-endian number in the fewer than 8 bytes of b.
func short(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		// Both halves may hold the same middle byte: or-ing it twice is no harm.
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<(8*n-32)
	case n > 0:
		return uint64(b[0]) | uint64(b[n/2])<<(n/2*8) | uint64(b[n-1])<<(8*n-8)
	}
	return 0
}

// round is SipRound of the paper. It is small enough to be inlined.
func round(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v0 = bits.RotateLeft64(v0, 32) + v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	return v0, v1, bits.RotateLeft64(v2, 32), v3
}

// Combine makes one hash of two: that of the pair (a, b), which differs from
// that of (b, a). With one of them fixed, different values of the other never
// give the same result. It keeps what Hash promises about processes, machines
// and versions.
func Combine(a, b uint64) uint64 {
	return mix(mix(a+0x9e3779b97f4a7c15) ^ b)
}

// mix is the finaliser of SplitMix64 (Guy Steele, Doug Lea, Christine Flood,
// "Fast splittable pseudorandom number generators", 2014): a bijection in
// which each bit of x changes about half of the result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

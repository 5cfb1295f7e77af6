// Package pack reads binary states back, number by number.
//
// It is for the binary forms of states: varints, texts with their length in
// front, a checksum at the end. A Reader takes such a form apart without ever
// going beyond it: what is wrong first is kept as an error, and whatever is
// read from then on is 0, so that the code that reads looks like the code that
// wrote.
package pack

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

// Horizon bounds event times, in seconds: no state has one further from 1970.
// It leaves room for the years 1970 to 9999, moved as far either way.
const Horizon = 1 << 40

// AppendBytes appends text with its length in front.
func AppendBytes[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// AppendSum appends to b the checksum (CRC-32C) of what stands in it from from
// on.
func AppendSum(b []byte, from int) []byte {
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[from:], crc32.MakeTable(crc32.Castagnoli)))
}

// CutSum returns what stands in b before its checksum. ok is false where the
// checksum is another.
func CutSum(b []byte) (before []byte, ok bool) {
	n := len(b) - 4
	if n < 0 {
		return nil, false
	}
	return b[:n], crc32.Checksum(b[:n], crc32.MakeTable(crc32.Castagnoli)) == binary.LittleEndian.Uint32(b[n:])
}

// A Reader takes numbers and texts off the front of a binary form. It belongs
// to one goroutine.
type Reader struct {
	what string
	rest []byte
	err  error
}

// NewReader returns a Reader of b, which it does not change. what names the
// form in errors, such as "the state of the clock".
func NewReader(what string, b []byte) *Reader { return &Reader{what: what, rest: b} }

// Version reads the first byte, which is one of known in all that can be read,
// the newest first, and returns it.
func (r *Reader) Version(known ...byte) byte {
	v := r.Byte("version")
	if r.err == nil && !slices.Contains(known, v) {
		r.err = fmt.Errorf("%s has version %d, this weir reads version %d: it was written by another weir", r.what, v, known[0])
		r.rest = nil
	}
	return v
}

// Damaged ends the reading: part cannot be what was written.
func (r *Reader) Damaged(part string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is damaged: its %s cannot be read", r.what, part)
	}
	r.rest = nil
}

// Err returns what went wrong first, nil as long as nothing did.
func (r *Reader) Err() error { return r.err }

// End returns Err; that something follows the end is an error, too.
func (r *Reader) End() error {
	if len(r.rest) > 0 {
		r.Damaged("end")
	}
	return r.err
}

// Byte reads one byte. part names it in errors, here and below.
func (r *Reader) Byte(part string) byte {
	if len(r.rest) == 0 {
		r.Damaged(part)
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	return c
}

// Bool reads a byte that is 0 or 1.
func (r *Reader) Bool(part string) bool {
	c := r.Byte(part)
	if c > 1 {
		r.Damaged(part)
	}
	return c == 1
}

// Uint reads a number of binary.AppendUvarint that is limit at most.
func (r *Reader) Uint(part string, limit uint64) uint64 {
	v, n := binary.Uvarint(r.rest)
	// A form has one encoding: no number has zeros in front.
	if n <= 0 || v > limit || n > 1 && r.rest[n-1] == 0 {
		r.Damaged(part)
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Number reads what Uint does, from 0 to the largest int64.
func (r *Reader) Number(part string) int64 { return int64(r.Uint(part, math.MaxInt64)) }

// Int reads a number of binary.AppendVarint.
func (r *Reader) Int(part string) int64 {
	v := r.Uint(part, math.MaxUint64)
	return int64(v>>1) ^ -int64(v&1)
}

// Second reads an event time, which lies within Horizon.
func (r *Reader) Second(part string) int64 {
	v := r.Int(part)
	if v < -Horizon || v > Horizon {
		r.Damaged(part)
		return 0
	}
	return v
}

// Count reads how many things follow. Each takes size bytes at least, so that
// no more are believed than there can be.
func (r *Reader) Count(part string, size int) int {
	return int(r.Uint(part, uint64(len(r.rest)/size)))
}

// Bytes reads a text of AppendBytes: a view into the form.
func (r *Reader) Bytes(part string) []byte {
	return r.Take(part, int64(r.Count(part, 1)))
}

// Take reads n bytes: a view into the form.
func (r *Reader) Take(part string, n int64) []byte {
	if n < 0 || n > int64(len(r.rest)) {
		r.Damaged(part)
		return nil
	}
	text := r.rest[:n:n]
	r.rest = r.rest[n:]
	return text
}

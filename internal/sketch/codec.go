package sketch

import (
	"fmt"
	"math/bits"
)

// version is the first byte of every binary form.
const version = 1

// A reader takes a binary form apart. The first thing wrong ends it: err is
// set, and whatever is read from then on is 0.
type reader struct {
	what string // the sketch, as errors call it
	rest []byte
	err  error
}

// newReader reads the version byte.
func newReader(what string, b []byte) reader {
	r := reader{what: what, rest: b}
	if v := r.byte("version"); r.err == nil && v != version {
		r.fail(fmt.Errorf("sketch: %s of version %d, this weir reads %d", what, v, version))
	}
	return r
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// damaged ends the reading because of something in the data.
func (r *reader) damaged(format string, args ...any) {
	r.fail(fmt.Errorf("sketch: "+r.what+" damaged: "+format, args...))
}

// byte reads one byte; part names it in an error.
func (r *reader) byte(part string) byte {
	if len(r.rest) == 0 {
		r.damaged("it ends where its %s should be", part)
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// bytes reads n bytes, a view into the input.
func (r *reader) bytes(part string, n int) []byte {
	if len(r.rest) < n {
		r.damaged("it ends within its %s", part)
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// uvarint reads a number of binary.AppendUvarint, of at most limit, and
// refuses a longer spelling of it: a form has one encoding.
func (r *reader) uvarint(part string, limit uint64) uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 && uint64(r.rest[0]) <= limit {
		v := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return v // as most are
	}
	v := uint64(0)
	for i, b := range r.rest {
		if i == 9 && b > 1 {
			r.damaged("its %s does not fit in 64 bits", part)
			return 0
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if b == 0 && i > 0 {
			r.damaged("its %s is written longer than needed", part)
			return 0
		}
		if v > limit {
			r.damaged("its %s is %d, at most %d is possible", part, v, limit)
			return 0
		}
		r.rest = r.rest[i+1:]
		return v
	}
	r.damaged("it ends where its %s should be", part)
	return 0
}

// size is how many bytes binary.AppendUvarint writes for v.
func size(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

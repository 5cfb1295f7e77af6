package tail

import (
	"bytes"
	"io"
)

// Zeros stand in a log where nobody has written: a server that was not told of
// a truncation goes on at its old position, and leaves a hole before it; another
// reserves the space of a file before it fills it.
//
//	0              pos                    q
//	├─ delivered ───┤ 0 0 0 0 0 0 0 0 0 0 ├ lines ...    a hole: go on at q
//	├─ delivered ───┤ 0 0 0 0 0 0 0 0 0 0 ┤              reserved: wait at pos

// wholeLines is the length of the whole lines at the start of data, up to one
// that begins with a zero.
func wholeLines(data []byte) int {
	end := bytes.LastIndexByte(data, '\n') + 1
	if bytes.IndexByte(data[:end], 0) < 0 {
		return end // as nearly always
	}
	if i := bytes.Index(data[:end], []byte("\n\x00")); i >= 0 {
		return i + 1
	}
	return end
}

// zerosAtOnce bounds how far ahead one look reads, so that a large file of zeros
// does not hold up the rest. Holes that the file system knows cost nothing.
const zerosAtOnce = 16 << 20

// passZeros goes on behind the zeros that stand at pos, if there is something
// behind them; false where there is nothing yet.
//
// final says that nothing more will come to tell where the text behind them begins.
func (f *file) passZeros(final bool) (bool, error) {
	from := max(f.pos, f.barren)
	q, err := f.nonZero(from, from+zerosAtOnce)
	if err != nil || q < 0 {
		f.barren = -q
		return false, err
	}
	// A file that is filled from its start may have been filled up to q just
	// now. So look again, at what is between: it was filled before q was.
	first, err := f.nonZero(f.pos, q+1)
	if err != nil || first < 0 {
		return false, err
	}
	if first == f.pos {
		return true, nil
	}
	at := f.unitAt(first, final)
	if at < 0 {
		f.barren = first
		return false, nil
	}
	if first = at; f.wide() {
		f.odd = first&1 == 1
	}
	anchor := make([]byte, min(first, anchorSize))
	if n, err := readAt(f.f, anchor, first-int64(len(anchor))); n < len(anchor) {
		return false, err
	}
	f.zeros += first - f.pos
	if f.pos == 0 {
		f.base = first
	}
	f.anchors = copy(f.anchor[:], anchor)
	f.offset, f.pos, f.barren = first, first, 0
	return true, nil
}

// nonZero finds the first byte in [from, to) that is not zero. Where there is
// none it returns how far it looked, less than zero.
func (f *file) nonZero(from, to int64) (int64, error) {
	buf := make([]byte, 128<<10)
	at := from
	for at < to {
		at = dataFrom(f.f, at)
		n, err := readAt(f.f, buf, at)
		if n == 0 && err != nil && err != io.EOF {
			return -at, err
		}
		if rest := bytes.TrimLeft(buf[:n], "\x00"); len(rest) > 0 {
			return at + int64(n-len(rest)), nil
		}
		at += int64(n)
		if n < len(buf) {
			break
		}
	}
	return -at, nil
}

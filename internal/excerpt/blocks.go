package excerpt

import (
	"bytes"
	"io"
	"slices"
)

const (
	blockSize = 256 << 10
	// maxLine is the longest line; a longer one is left out, and counted.
	maxLine = 1 << 20
	// noProgress is how many empty reads in a row mean that a stream is stuck.
	noProgress = 100
)

// blocks cuts a text into blocks of whole lines.
type blocks struct {
	r       io.Reader
	buf     []byte
	used    int   // of buf, given before
	err     error // of r, io.EOF at its end
	endless bool  // inside a line that is too long
	tooLong int64 // lines left out
}

// start begins with another text, in the room of the one before.
func (b *blocks) start(r io.Reader) { *b = blocks{r: r, buf: b.buf[:0]} }

// next returns the next lines, each with its line feed, valid until the call after;
// nil behind the last. Then b.err says why.
func (b *blocks) next() []byte {
	b.buf = slices.Delete(b.buf, 0, b.used)
	b.used = 0
	for empty := 0; b.err == nil; {
		if i := bytes.LastIndexByte(b.buf, '\n'); i >= 0 && (len(b.buf) >= blockSize || b.endless) {
			break
		}
		b.buf = slices.Grow(b.buf, blockSize)
		n, err := b.r.Read(b.buf[len(b.buf) : len(b.buf)+blockSize])
		b.buf, b.err = b.buf[:len(b.buf)+n], err
		if empty++; n > 0 {
			empty = 0
		}
		if empty == noProgress {
			b.err = io.ErrNoProgress
		}
		b.shorten()
	}
	if b.err != nil && len(b.buf) > 0 && !b.endless && b.buf[len(b.buf)-1] != '\n' {
		if b.err != io.EOF { // half a line in front of a break
			b.buf = b.buf[:bytes.LastIndexByte(b.buf, '\n')+1]
		} else {
			b.buf = append(b.buf, '\n')
		}
	}
	if b.used = bytes.LastIndexByte(b.buf, '\n') + 1; b.used == 0 {
		return nil
	}
	return b.buf[:b.used]
}

// shorten drops what there is of a line that is too long.
func (b *blocks) shorten() {
	if b.endless {
		i := bytes.IndexByte(b.buf, '\n')
		if i < 0 {
			b.buf = b.buf[:0]
			return
		}
		b.buf, b.endless = slices.Delete(b.buf, 0, i+1), false
	}
	if i := bytes.LastIndexByte(b.buf, '\n'); len(b.buf)-i-1 > maxLine {
		b.buf, b.endless = b.buf[:i+1], true
		b.tooLong++
	}
}

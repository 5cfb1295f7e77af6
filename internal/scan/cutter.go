package scan

import (
	"bytes"
	"io"
	"slices"
)

const (
	// blockSize is how many bytes a block has. With 128 KiB a pass was as fast
	// and took more memory.
	blockSize = 64 << 10
	// shortLine is the length of lines of which more than maxRecords may be in a
	// block.
	shortLine  = 32
	maxRecords = 2048
	// maxLine is the longest line, in bytes; a longer one is rejected.
	maxLine = 1 << 20
	// noProgress is how many empty reads in a row mean that a stream is stuck.
	noProgress = 100
)

// lines are the bytes of a block.
//
//	buf   [ line \n line \n ... line \n ][ half a line ]
//	       └─ data ──────────────────┘    └─ is carried to the next block
type lines struct {
	buf     []byte
	data    []byte // whole lines; the last of a log may lack its line feed
	offset  int64  // of data in the plain text of the log
	tooLong int    // lines passed over in front of data
	longAt  int64  // offset of the first of them
	// broken is how much there is of the last line of a log that could not be
	// read further. It is behind data.
	broken int
	last   bool // the log has ended, and there is nothing here
}

// A cutter cuts a stream into blocks of whole lines. Where it cuts depends on
// the bytes of the stream alone, not on how many of them a Read returns.
type cutter struct {
	r      io.Reader
	size   int // of a block, in bytes
	carry  []byte
	offset int64 // of carry
	err    error // of r, io.EOF at its end
}

// next fills b with the next lines. It returns false when there are none: then
// c.err says why.
func (c *cutter) next(b *lines) bool {
	if cap(b.buf) > 4*c.size {
		b.buf = nil // a very long line has gone by
	}
	b.buf = append(b.buf[:0], c.carry...)
	b.offset, b.tooLong, b.broken, b.last = c.offset, 0, 0, false
	end, searched := 0, 0
	for {
		// After a line that was passed over there may be lines, and an error.
		b.buf = c.fill(b.buf, searched/c.size*c.size+c.size)
		if i := bytes.LastIndexByte(b.buf[searched:], '\n'); i >= 0 {
			end = searched + c.short(b.buf[searched:searched+i+1])
			break
		}
		if c.err != nil {
			break
		}
		searched = len(b.buf)
		if searched > maxLine {
			if b.tooLong++; b.tooLong == 1 {
				b.longAt = b.offset
			}
			c.skip(b)
			searched = 0
		}
	}
	switch {
	case bytes.IndexByte(b.buf[end:], '\n') >= 0: // there are more lines, for the next block
	case c.err == io.EOF:
		end = len(b.buf) // the last line may lack its line feed
	case c.err != nil:
		b.broken = len(b.buf) - end
		b.buf = b.buf[:end]
	}
	b.data = b.buf[:end]
	c.carry = append(c.carry[:0], b.buf[end:]...)
	c.offset = b.offset + int64(end)
	return end > 0 || b.tooLong > 0 || b.broken > 0
}

// end makes b the block behind the last lines.
func (c *cutter) end(b *lines) {
	*b = lines{buf: b.buf[:0], offset: c.offset, last: true}
}

// short returns how much of lines is one block: all, but where lines are very
// short no more than maxRecords of them, since a record in memory takes many
// times the space of such a line.
func (c *cutter) short(lines []byte) int {
	if head := lines[:min(len(lines), 4096)]; bytes.Count(head, []byte("\n")) <= len(head)/shortLine {
		return len(lines)
	}
	end := 0
	for range maxRecords {
		i := bytes.IndexByte(lines[end:], '\n')
		if i < 0 {
			return len(lines)
		}
		end += i + 1
	}
	return end
}

// fill appends to buf what c.r has, up to size bytes in all.
func (c *cutter) fill(buf []byte, size int) []byte {
	buf = slices.Grow(buf, max(0, size-len(buf)))
	for empty := 0; len(buf) < size && c.err == nil; {
		n, err := c.r.Read(buf[len(buf):size])
		buf = buf[:len(buf)+n]
		c.err = err
		if empty++; n > 0 {
			empty = 0
		}
		if empty == noProgress {
			c.err = io.ErrNoProgress
		}
	}
	return buf
}

// skip passes over a line that fills all of b.buf, and more. What follows it is
// in b.buf then.
func (c *cutter) skip(b *lines) {
	for {
		b.offset += int64(len(b.buf))
		b.buf = c.fill(b.buf[:0], c.size)
		if i := bytes.IndexByte(b.buf, '\n'); i >= 0 {
			b.offset += int64(i + 1)
			b.buf = slices.Delete(b.buf, 0, i+1)
			return
		}
		if c.err != nil {
			b.offset += int64(len(b.buf))
			b.buf = b.buf[:0]
			return
		}
	}
}

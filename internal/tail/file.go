package tail

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"time"
)

// anchorSize is how many bytes before the read position are compared with
// every read. 64 were tried and are too few: the last 64 bytes of a Combined
// line are the end of a browser's name, which many lines share; 256 reach back
// over the time of the request.
const anchorSize = 256

// A file is one open regular file with the position reached in it.
//
//	0            offset              pos        size
//	├─ delivered ─┤─ line too long ───┤─ unread ─┤
//	                         [anchor ]┘
//
// pos is offset except within a line that is being skipped.
type file struct {
	f     *os.File
	info  os.FileInfo // identity, as of opening
	pool  *blocks
	blind bool // stands inside a line whose start is not known

	offset  int64 // start of the first line not yet delivered
	pos     int64 // next byte to look at
	line    int64 // number of the line at offset, from 1; 0 unknown
	anchor  [anchorSize]byte
	anchors int // bytes of anchor in use: min(pos, anchorSize)

	size    int64     // at the last look
	written time.Time // modification time at the last look
	grew    time.Time // when it was last seen longer than before
}

// A cut tells that bytes a file had are gone.
type cut struct {
	happened bool
	restart  bool  // reading starts again at 0
	at       int64 // offset reached before
	lost     int64 // bytes seen by size but never delivered
}

// openFile opens path for following, from its start. The caller has seen a
// regular file there; should that have changed meanwhile, it is an error and
// not a blocked open.
func openFile(path string, pool *blocks) (*file, error) {
	f, err := openShared(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{f: f, info: info, pool: pool, line: 1, size: info.Size(), written: info.ModTime()}, nil
}

// skipping reports whether pos stands inside a line beyond the limit.
func (f *file) skipping() bool { return f.pos != f.offset || f.blind }

// next reads the next block of whole lines; nil when there is none.
func (f *file) next(now time.Time) (*block, cut, error) {
	for _, large := range [...]bool{false, true} {
		blk, data, c, err := f.fetch(large, now)
		if err != nil || c.happened || len(data) == 0 {
			f.pool.put(blk)
			return nil, c, err
		}
		if f.skipping() {
			return f.skip(blk, data), c, nil
		}
		if end := bytes.LastIndexByte(data, '\n') + 1; end > 0 {
			return f.deliver(blk, data[:end]), c, nil
		}
		if len(data) < f.pool.room(large) {
			f.pool.put(blk)
			return nil, c, nil // half a line waits in the file
		}
		if len(data) > f.pool.line {
			return f.skip(blk, data), c, nil
		}
		f.pool.put(blk)
	}
	return nil, cut{}, nil
}

// fetch reads anchor and data in one call, so that both are of one moment, and
// compares the anchor. The block is the caller's in every case.
func (f *file) fetch(large bool, now time.Time) (*block, []byte, cut, error) {
	blk := f.pool.get(large)
	n, err := readAt(f.f, blk.buf[:f.anchors+f.pool.room(large)], f.pos-int64(f.anchors))
	if err != nil && err != io.EOF {
		return blk, nil, cut{}, err
	}
	// After the read: the modification time then is not older than the data.
	info, err := f.f.Stat()
	if err != nil {
		return blk, nil, cut{}, err
	}
	was := f.size
	f.size, f.written = info.Size(), info.ModTime()
	if n > 0 {
		f.size = max(f.size, f.pos-int64(f.anchors)+int64(n))
	}
	if f.size > was {
		f.grew = now
	}
	if n < f.anchors || !bytes.Equal(blk.buf[:f.anchors], f.anchor[:f.anchors]) {
		return blk, nil, f.restart(was), nil
	}
	if f.size < was {
		// Cut behind what was delivered: all of that still stands, so go on here.
		return blk, nil, cut{happened: true, at: f.offset, lost: was - f.size}, nil
	}
	return blk, blk.buf[f.anchors:n], cut{}, nil
}

// restart goes back to the start of a file whose old content is gone; was is
// the size it had.
func (f *file) restart(was int64) cut {
	c := cut{happened: true, restart: true, at: f.offset, lost: max(0, was-f.offset)}
	f.offset, f.pos, f.anchors, f.line, f.blind = 0, 0, 0, 1, false
	return c
}

// deliver makes lines, which lie in blk behind the anchor, the batch of blk.
func (f *file) deliver(blk *block, lines []byte) *block {
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	blk.batch.Data = lines
	f.advance(blk, len(lines))
	f.offset = f.pos
	if f.line > 0 {
		f.line += int64(bytes.Count(lines, newline))
	}
	return blk
}

var newline = []byte{'\n'}

// skip passes over data up to the newline that ends a line beyond the limit.
func (f *file) skip(blk *block, data []byte) *block {
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	blk.batch.Data = blk.buf[:0]
	end := bytes.IndexByte(data, '\n') + 1
	if end == 0 {
		f.advance(blk, len(data))
		return blk
	}
	blk.batch.TooLong = 1
	f.advance(blk, end)
	f.endLong()
	return blk
}

func (f *file) endLong() {
	f.offset, f.blind = f.pos, false
	if f.line > 0 {
		f.line++
	}
}

// advance moves pos over n bytes of data in blk; the new anchor is what stands
// before it.
func (f *file) advance(blk *block, n int) {
	end := f.anchors + n
	start := max(0, end-anchorSize)
	f.pos += int64(n)
	f.anchors = copy(f.anchor[:], blk.buf[start:end])
}

// finish returns what is left of a file that will not grow any more: its last
// line gets the newline it lacks. done is false when there turned out to be
// whole lines again.
func (f *file) finish(now time.Time) (blk *block, done bool) {
	blk, data, c, err := f.fetch(true, now)
	switch {
	case err == nil && !c.happened &&
		(bytes.IndexByte(data, '\n') >= 0 || f.skipping() && len(data) == f.pool.room(true)):
		f.pool.put(blk)
		return nil, false
	case err != nil || c.happened || len(data) == 0 && !f.skipping():
		f.pool.put(blk)
		return nil, true
	case f.skipping() || len(data) > f.pool.line:
		f.advance(blk, len(data))
		f.size = max(f.size, f.pos)
		blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
		blk.batch.Data, blk.batch.TooLong = blk.buf[:0], 1
		f.endLong()
		return blk, true
	}
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	f.advance(blk, len(data))
	blk.batch.Data = append(data, '\n') // the block has a byte to spare
	f.offset = f.pos
	if f.line > 0 {
		f.line++
	}
	return blk, true
}

// moveTo sets the position to offset, the start of a line or, with blind, a
// place inside one that is too long.
func (f *file) moveTo(offset int64, blind bool) error {
	n := min(offset, anchorSize)
	var anchor [anchorSize]byte
	if got, err := readAt(f.f, anchor[:n], offset-n); int64(got) < n {
		return fmt.Errorf("read %s before byte %d: %w", f.f.Name(), offset, err)
	}
	f.anchor, f.anchors = anchor, int(n)
	f.offset, f.pos, f.blind, f.line = offset, offset, blind, f.lineAt(offset)
	return nil
}

// countMost is the longest part of a file that is read only to number the
// lines behind it. It takes less than 100 ms from the page cache.
const countMost = 256 << 20

// lineAt returns the number of the line that starts at offset; 0, unknown,
// where counting would take too long or fails.
func (f *file) lineAt(offset int64) int64 {
	if offset > countMost {
		return 0
	}
	buf := make([]byte, 128<<10)
	line := int64(1)
	for p := int64(0); p < offset; {
		n, _ := readAt(f.f, buf[:min(int64(len(buf)), offset-p)], p)
		if n <= 0 {
			return 0
		}
		line += int64(bytes.Count(buf[:n], newline))
		p += int64(n)
	}
	return line
}

// A mark is where reading stopped in a file that is no longer open.
type mark struct {
	info    os.FileInfo
	offset  int64
	line    int64
	anchor  [anchorSize]byte
	anchors int
}

func (f *file) mark() mark {
	return mark{info: f.info, offset: f.offset, line: f.line, anchor: f.anchor, anchors: f.anchors}
}

// resume goes on at m if the bytes before it are still those. They are not
// when the number of the inode was given to a new file.
func (f *file) resume(m mark) bool {
	if err := f.moveTo(m.offset, false); err != nil ||
		!bytes.Equal(f.anchor[:f.anchors], m.anchor[:m.anchors]) {
		f.restart(0)
		return false
	}
	f.line = m.line
	return true
}

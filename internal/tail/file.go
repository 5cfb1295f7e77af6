package tail

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"weir/internal/charset"
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
//
// It has many fields because all of them are about the one descriptor: what is
// known of the content there, and when it was last looked at.
type file struct {
	f      *os.File
	info   os.FileInfo // identity, as of opening
	born   time.Time   // when it was made, zero if that is not known
	path   string      // where it was found, links followed
	pool   *blocks
	coding      // of the text at offset
	blind  bool // stands inside a line whose start is not known
	copied bool // a copy of it took its path, be it still there or not, and is read on instead
	past   bool // of the past that was asked for
	quiet  bool // nobody writes to it any more

	offset  int64 // start of the first line not yet delivered
	pos     int64 // next byte to look at
	line    int64 // number of the line at offset, from 1; 0 unknown
	anchor  [wideAnchor]byte
	anchors int    // bytes of anchor in use: min(pos, reach)
	base    int64  // size of the hole that the file begins with
	prefix  []byte // the first bytes behind it, as far as they were delivered
	sums    sums   // of them, and of what stands behind them
	half    []byte // what was seen behind offset without a newline
	steady  bool   // half has stood for a while: its writer has paused in the line
	carry   []byte // the part of the line at offset that stood in a file that is no more
	dropped int    // bytes carried for a line that did not go on, not yet accounted for
	zeros   int64  // zero bytes passed over, not yet accounted for
	barren  int64  // no byte but zero was seen from pos up to here

	size    int64     // at the last look
	written time.Time // modification time at the last look
	stood   time.Time // modification time at the last look that found it at its path
	grew    time.Time // when it was last seen longer than before
	left    time.Time // when another file was first seen at its path
	reached int64     // where the last read ended
	rest    *rest     // when it was last parked, nil if never; f is nil while it is
}

// A cut tells that bytes a file had are gone.
type cut struct {
	happened bool
	kept     int64 // bytes that were delivered and still stand there: reading goes on behind them
	size     int64 // that the file had been seen to have
	half     int   // bytes of it that were seen without a newline, and are kept
	lost     int64 // bytes seen by size but never delivered, half not among them
	mark     Mark  // where reading was; not set if what was delivered still stands
}

// restart reports whether reading begins again at the start of the file.
func (c *cut) restart() bool { return c.kept == 0 }

// pause is how long half a line must have stood unchanged to be what its writer
// has left it at.
const pause = 100 * time.Millisecond

// openFile opens path for following, from its start. The caller has seen a
// regular file there; should that have changed meanwhile, it is an error and
// not a blocked open.
func openFile(path string, pool *blocks) (*file, error) {
	f, err := pool.open(path)
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
	return newFile(f, info, path, pool), nil
}

// newFile is f, found at path, to be read from its start.
func newFile(f *os.File, info os.FileInfo, path string, pool *blocks) *file {
	place, err := filepath.EvalSymlinks(path)
	if err != nil {
		place = path // it is gone again already; then nothing is found by it
	}
	t := info.ModTime()
	return &file{f: f, info: info, born: born(f), path: place, pool: pool, line: 1, size: info.Size(), written: t, stood: t}
}

// skipping reports whether pos stands inside a line beyond the limit.
func (f *file) skipping() bool { return f.pos != f.offset || f.blind }

// next reads the next block of whole lines; nil when there are none.
func (f *file) next(now time.Time) (*block, cut, error) {
	for _, large := range [...]bool{false, true} {
		blk, data, c, err := f.fetch(large, now)
		if err == nil && f.hole(data) && !f.skipping() {
			f.pool.put(blk)
			if passed, err := f.passZeros(false); !passed || err != nil {
				return nil, c, err
			}
			blk, data, c, err = f.fetch(large, now)
		}
		if err != nil || c.happened || len(data) == 0 {
			f.pool.put(blk)
			return nil, c, err
		}
		if f.skipping() {
			return f.skip(blk, data), c, nil
		}
		if !f.known {
			from := f.pool
			if _, again := f.recognise(blk, data, large && len(data) == from.room(true)); again {
				from.put(blk)
				return f.next(now)
			}
		}
		if f.known && len(f.carry) > 0 {
			switch end, on := f.joint(f.carry, data); {
			case !on:
				f.drop()
			case end > 0:
				return f.deliverJoined(blk, data[:end]), c, nil
			}
		}
		if f.known && len(f.carry) == 0 {
			if end := f.whole(data, f.pool.text.room(true)); end > 0 {
				return f.deliver(blk, data[:end]), c, nil
			}
		}
		if len(data) < f.pool.room(large) {
			f.half = append(f.half[:0], f.trim(data)...)
			f.steady = now.Sub(f.grew) >= pause
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
	f.reached = f.pos - int64(f.anchors) + int64(n)
	f.size, f.written = info.Size(), info.ModTime()
	if n > 0 {
		f.size = max(f.size, f.pos-int64(f.anchors)+int64(n))
	}
	if f.size > was || f.grew.IsZero() {
		f.grew = now
	}
	if n < f.anchors || !bytes.Equal(blk.buf[:f.anchors], f.anchor[:f.anchors]) {
		return blk, nil, f.restart(was), nil
	}
	data := blk.buf[f.anchors:n]
	intact := bytes.HasPrefix(data, f.half[:min(len(f.half), f.pool.room(large))])
	switch {
	case intact && (f.size >= was || f.offset == 0):
		return blk, data, cut{}, nil
	case f.offset == 0:
		return blk, nil, f.restart(was), nil
	}
	// Cut behind what was delivered: all of that still stands, so go on here.
	c := cut{happened: true, kept: f.offset, size: was, lost: max(was-max(f.size, f.barren), int64(len(f.half)))}
	f.half, f.barren = f.half[:0], 0
	return blk, nil, c, nil
}

// restart goes back to the start of a file whose old content is gone, or to the
// end of what is left of it; was is the size it had.
func (f *file) restart(was int64) cut {
	f.size, was = was, f.size // the mark is of the file as it was
	c := cut{happened: true, size: f.size}
	f.place(&c.mark)
	f.size = was
	half := f.half
	if !f.known && f.e == charset.UTF8 {
		f.e = charset.Recognise(half)
	}
	if !f.steady {
		// It was seen while it was being written. By now it has been finished,
		// and to go on with what comes next would break that too.
		half = nil
	}
	c.half = len(half)
	c.lost = max(0, c.size-max(c.mark.Offset+int64(c.half), f.barren))
	carry, dropped := f.glue(f.carry, half)
	dropped += f.dropped
	if kept := f.kept(); kept > 0 && f.moveTo(kept, false) == nil {
		c.kept = kept
	} else {
		f.rewind()
	}
	if !c.mark.Blind {
		f.carry = carry
	}
	f.dropped = dropped
	f.grew = time.Time{} // what is there now is new
	return c
}

// rewind goes back to the start.
func (f *file) rewind() {
	f.offset, f.pos, f.anchors, f.line, f.blind = 0, 0, 0, 1, false
	f.base, f.prefix, f.half, f.carry, f.dropped, f.barren = 0, nil, nil, nil, 0, 0
	f.known, f.torn = false, true
}

// kept is the size of the file if all of it are lines that were delivered: it
// was cut short then, and not written anew. One whole line at least must tell
// so: half of one may be the beginning of many.
func (f *file) kept() int64 {
	size, err := f.length()
	if err != nil || size >= f.offset {
		return 0
	}
	head, _ := f.head()
	n := min(len(head), len(f.prefix))
	if n < len(head) || !bytes.Equal(head, f.prefix[:n]) || bytes.IndexByte(head, '\n') < 0 {
		return 0
	}
	return size
}

// deliver makes lines, which lie in blk behind the anchor, the batch of blk.
func (f *file) deliver(blk *block, lines []byte) *block {
	if f.wide() {
		return f.deliverWide(blk, lines)
	}
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	blk.batch.Data = lines
	f.advance(blk, len(lines))
	f.offset = f.pos
	if f.line > 0 {
		f.line += int64(bytes.Count(lines, newline))
	}
	return blk
}

// deliverJoined delivers the line whose first part is carried.
func (f *file) deliverJoined(blk *block, end []byte) *block {
	joined := f.join(f.pool, f.carry, end)
	f.carry = nil
	joined.batch.Offset, joined.batch.Line, joined.batch.Written = f.offset, f.line, f.written
	f.advance(blk, len(end))
	f.endLong()
	f.pool.put(blk)
	return joined
}

var newline = []byte{'\n'}

// skip passes over data up to the newline that ends a line beyond the limit.
func (f *file) skip(blk *block, data []byte) *block {
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	blk.batch.Data = blk.buf[:0]
	end := f.longEnd(data)
	if end == 0 {
		n := f.stretch(data)
		if n == 0 {
			f.pool.put(blk)
			return nil
		}
		f.advance(blk, n)
		return blk
	}
	blk.batch.TooLong = 1
	f.advance(blk, end)
	f.endLong()
	f.carry = nil
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
	start := max(0, end-f.reach())
	if have := len(f.prefix); have < prefixSize && f.pos <= f.base+int64(have) {
		b := blk.buf[min(end, f.anchors+int(f.base-f.pos)+have):end]
		if have == 0 { // the first character may begin with a zero
			text := bytes.TrimLeft(b, "\x00")
			f.base += int64(len(b) - len(text))
			b = text
		}
		f.prefix = append(f.prefix, b[:min(len(b), prefixSize-have)]...)
	}
	f.pos += int64(n)
	f.anchors = copy(f.anchor[:], blk.buf[start:end])
	f.half = f.half[:0]
}

// finish returns what is left of a file that will not grow any more: its last
// line gets the newline it lacks. done is false when there turned out to be
// whole lines again.
func (f *file) finish(now time.Time) (blk *block, done bool) {
	blk, data, c, err := f.fetch(true, now)
	if err == nil && f.hole(data) && !f.skipping() {
		f.pool.put(blk)
		if passed, err := f.passZeros(true); passed && err == nil {
			return nil, false
		}
		blk, data = f.pool.get(false), nil // what nobody filled
	}
	if err == nil && !c.happened && !f.known && len(data)+len(f.carry) > 0 && !f.skipping() {
		from := f.pool
		if _, again := f.recognise(blk, data, true); again {
			from.put(blk)
			return f.finish(now)
		}
	}
	switch {
	case err == nil && !c.happened && (f.ends(data) || f.skipping() && len(data) == f.pool.room(true)):
		f.pool.put(blk)
		return nil, false
	case err != nil || c.happened || len(data)+len(f.carry) == 0 && !f.skipping():
		f.pool.put(blk)
		return nil, true
	case f.skipping() || len(data) > f.pool.line:
		f.advance(blk, len(data))
		f.size = max(f.size, f.pos)
		blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
		blk.batch.Data, blk.batch.TooLong = blk.buf[:0], 1
		f.endLong()
		return blk, true
	case f.wide():
		return f.finishWide(blk, data), true
	}
	data = bytes.TrimRight(data, "\x00")
	whole := append(data, '\n') // the block has a byte to spare
	if len(f.carry) > 0 && !goesOn(f.carry, whole) {
		f.drop()
	}
	if len(f.carry) > 0 {
		joined := join(f.pool, f.carry, whole)
		f.carry = nil
		joined.batch.Offset, joined.batch.Line, joined.batch.Written = f.offset, f.line, f.written
		f.advance(blk, len(data))
		f.endLong()
		f.pool.put(blk)
		return joined, true
	}
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = f.offset, f.line, f.written
	f.advance(blk, len(data))
	blk.batch.Data = whole
	f.endLong()
	return blk, true
}

// moveTo sets the position to offset, the start of a line or, with blind, a
// place inside one that is too long.
func (f *file) moveTo(offset int64, blind bool) error {
	f.sniff()
	n := min(offset, int64(f.reach()))
	var anchor [wideAnchor]byte
	if got, err := readAt(f.f, anchor[:n], offset-n); int64(got) < n {
		return fmt.Errorf("read %s before byte %d: %w", f.f.Name(), offset, err)
	}
	f.anchor, f.anchors = anchor, int(n)
	f.offset, f.pos, f.blind, f.line = offset, offset, blind, f.lineAt(offset)
	f.half, f.carry, f.barren = nil, nil, 0
	f.prefix, f.base = f.head()
	f.prefix = f.prefix[:max(0, min(int64(len(f.prefix)), offset-f.base))]
	return nil
}

// head returns the first bytes behind the hole that the file may begin with.
func (f *file) head() (b []byte, base int64) {
	b = f.slice(0, prefixSize)
	if len(b) == 0 || b[0] != 0 {
		return b, 0
	}
	if base, _ = f.nonZero(0, zerosAtOnce); base < 0 {
		return nil, 0
	}
	return f.slice(base, prefixSize), base
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
	for p := offset & int64(f.unit()-1); p < offset; {
		n, _ := readAt(f.f, buf[:min(int64(len(buf)), offset-p)], p)
		if n <= 0 {
			return 0
		}
		line += f.countLines(buf[:n])
		p += int64(n)
	}
	return line
}

// accounted hands over what was dropped since it was last asked.
func (f *file) accounted() int64 {
	n := int64(f.dropped)
	f.dropped = 0
	return n
}

// ripe reports whether a replaced file has not grown for so long that no writer
// can have it open still.
func (f *file) ripe(now time.Time, hold time.Duration) bool {
	if f.quiet {
		return true
	}
	if f.grew.IsZero() {
		f.grew = now // it was found among rotated files: wait from here on
	}
	return now.Sub(f.grew) >= hold && now.Sub(f.left) >= hold
}

func (f *file) where() string { return f.path }

func (f *file) is(info os.FileInfo) bool { return os.SameFile(f.info, info) }

func (f *file) close() { f.f.Close() }

package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"weir/internal/archive"
)

// A remnant is what is left to read of a copy of a log: of the copy that was
// made before a truncation, or of a rotated file that was compressed before it
// was read. Nobody writes to it any more, so it is read once, in sequence, and
// is then done with.
//
// It belongs to one source, is made by openRemnant and let go of by close. It has
// many fields because all of them are about the one place in its text.
type remnant struct {
	file *os.File
	kind archive.Kind
	text *archive.Reader
	pool *blocks
	coding
	info os.FileInfo
	born time.Time // see file
	path string

	base    int64  // size of the hole that the text begins with
	offset  int64  // in the text, of the first byte not yet delivered
	line    int64  // the number of the line there, 0 unknown
	half    []byte // text read beyond it
	carry   []byte // the part of its first line that stood in another file
	prefix  []byte // the first bytes of the text
	anchor  []byte // the last bytes before offset
	blind   bool   // inside a line beyond the limit
	ended   bool   // half is all there is
	seen    int64  // how long the text had been seen to be, where it was compressed since
	dropped int    // bytes that are not to be had, not yet accounted for
	joins   bool   // what follows goes on with half
	past    bool   // of the past, asked for or found; what follows may go on with half
	sums    sums   // of prefix
}

// openRemnant opens a copy and looks at its first bytes.
func openRemnant(path string, pool *blocks) (*remnant, error) {
	f, err := pool.open(path)
	if err != nil {
		return nil, err
	}
	return newRemnant(f, path, pool)
}

// newRemnant takes f, which is closed if that fails.
func newRemnant(f *os.File, path string, pool *blocks) (*remnant, error) {
	c := &remnant{file: f, pool: pool, path: path, line: 1, born: born(f)}
	var err error
	if c.info, err = f.Stat(); err == nil && !c.info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", path)
	}
	magic := make([]byte, archive.HeadSize)
	n := 0
	if err == nil {
		n, err = readAt(f, magic, 0)
	}
	if err == nil || errors.Is(err, io.EOF) {
		c.kind = archive.Sniff(magic[:n])
		c.text, err = archive.Open(f, c.kind)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	c.begin()
	return c, nil
}

// log is c as a file that may still grow, to be read from its start. c is not to
// be used any more.
func (c *remnant) log() *file {
	c.text.Close()
	return newFile(c.file, c.info, c.path, c.pool)
}

// begin passes over the hole that the text may begin with and takes the prefix
// behind it. What goes wrong will do so again when the text is read on.
func (c *remnant) begin() {
	buf := make([]byte, 64<<10)
	for {
		n, err := io.ReadAtLeast(c.text, buf, prefixSize)
		c.half = bytes.TrimLeft(buf[:n], "\x00")
		c.offset += int64(n - len(c.half))
		if len(c.half) > 0 || err != nil {
			break
		}
	}
	c.half = slices.Clone(c.half)
	hole := c.offset > 0
	if missing := prefixSize - len(c.half); missing > 0 {
		n, _ := io.ReadFull(c.text, buf[:missing])
		c.half = append(c.half, buf[:n]...)
	}
	c.prefix = slices.Clone(c.half[:min(len(c.half), prefixSize)])
	c.base = c.offset
	if whole := append([]byte{0}, c.half...); hole && zeroFirst(whole, c.offset) {
		c.base, c.offset, c.half = c.base-1, c.offset-1, whole
	}
	c.odd = c.offset&1 == 1
}

// seek goes on to the place m, if the text is that of m. With short it is that,
// but ends before.
func (c *remnant) seek(m *Mark) (ok, short bool, err error) {
	if !m.begins(c.prefix) {
		return false, false, nil
	}
	if m.Offset < c.base {
		return false, false, nil
	}
	before := make([]byte, m.Anchored)
	gap := m.Offset - int64(m.Anchored) - c.base
	hole := max(0, -gap) // the part of the anchor that reaches into it
	for _, err = range [...]error{c.discard(max(0, gap)), c.fill(before[hole:])} {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, true, nil
		}
		if err != nil {
			return false, false, err
		}
	}
	if sumOf(before) != m.Anchor {
		return false, false, nil
	}
	c.offset, c.line, c.anchor = m.Offset, m.Line, before
	c.carry, c.blind = slices.Clone(m.Carry), m.Blind
	c.resumed(m)
	if c.packed() {
		c.seen = m.Size
	}
	return true, false, nil
}

// alive reports whether c is a copy, finished or not, of what f holds now, and so
// is nothing that is missing. Where copies are to be expected a few bytes tell;
// else a header could be all that the two have in common.
func (c *remnant) alive(f *file, copies bool) bool {
	head, _ := f.head()
	n := min(len(head), len(c.prefix))
	if copies && len(c.prefix) == 0 {
		return true // just begun
	}
	head = head[:n]
	if !bytes.Equal(head, c.prefix[:n]) {
		return false
	}
	entries := 0
	for l := range bytes.Lines(judged(head)) {
		if l[0] != '#' {
			entries++
		}
	}
	if n == prefixSize {
		return c.sharesStart(f)
	}
	return entries > 2 || copies && n >= firstPrefix
}

// sharesStart compares far more than a header with f, as far as both go. Of a copy
// that is read on in its middle that start is passed: it is known by more already.
func (c *remnant) sharesStart(f *file) bool {
	if c.offset > c.base {
		return true
	}
	if missing := compared - len(c.half); missing > 0 && !c.ended {
		more := make([]byte, missing)
		// What goes wrong will do so again when the text is read on.
		n, _ := io.ReadFull(c.text, more)
		c.half = append(c.half, more[:n]...)
	}
	_, base := f.head()
	half := bytes.TrimLeft(c.half, "\x00")
	start := f.slice(base, int64(len(half)))
	return bytes.HasPrefix(half, start)
}

// toEnd reads the whole text and delivers none of it.
func (c *remnant) toEnd() error {
	buf := make([]byte, 64<<10)
	for !c.ended {
		n, err := c.read(buf)
		if err != nil {
			return err
		}
		c.pass(buf[:n])
	}
	return nil
}

// atEnd reports whether nothing is left of the text, or nothing but half a line in
// front of a damage.
func (c *remnant) atEnd() bool {
	more := make([]byte, 4<<10)
	for len(c.half) < compared {
		if bytes.IndexByte(c.half, '\n') >= 0 {
			return false
		}
		n, err := c.text.Read(more)
		c.half = append(c.half, more[:n]...)
		var damage *archive.Error
		switch {
		case errors.Is(err, io.EOF):
			return len(c.half) == 0
		case errors.As(err, &damage):
			return bytes.IndexByte(c.half, '\n') < 0
		case err != nil:
			return false // it will be told when the text is read on
		}
	}
	return false
}

// discard passes over n bytes of the text.
func (c *remnant) discard(n int64) error {
	k := min(n, int64(len(c.half)))
	c.half = c.half[k:]
	if n == k {
		return nil
	}
	_, err := io.CopyN(io.Discard, c.text, n-k)
	return err
}

// fill reads the next bytes of the text.
func (c *remnant) fill(b []byte) error {
	k := copy(b, c.half)
	c.half = c.half[k:]
	if k == len(b) {
		return nil
	}
	_, err := io.ReadFull(c.text, b[k:])
	return err
}

// next returns the next whole lines; nil at the end, where half may be left.
func (c *remnant) next(time.Time) (*block, cut, error) {
	if c.text == nil {
		if err := c.unshelve(); err != nil {
			return nil, cut{}, err
		}
	}
	c.recognise()
	for large := false; !c.ended || c.hasLine(); {
		blk := c.pool.get(large || len(c.half) >= c.pool.room(false))
		room := c.pool.room(blk.large)
		n, err := c.read(blk.buf[:room])
		if err != nil {
			c.pool.put(blk)
			return nil, cut{}, c.broken(err)
		}
		data := blk.buf[:n]
		if c.blind {
			return c.skip(blk, data), cut{}, nil
		}
		end, on := 0, true
		if len(c.carry) > 0 {
			end, on = c.joint(c.carry, data)
		} else {
			end = c.whole(data, c.pool.text.room(true))
		}
		switch {
		case c.hole(data): // see Zeros
			zeros := c.zeros(data)
			c.keep(data[zeros:])
			c.pass(data[:zeros])
			c.pool.put(blk)
		case !on:
			c.drop()
			c.keep(data)
			c.pool.put(blk)
		case end > 0 && len(c.carry) > 0:
			joined := c.join(c.pool, c.carry, data[:end])
			c.carry = nil
			c.keep(data[end:])
			c.deliver(joined, data[:end])
			c.pool.put(blk)
			return joined, cut{}, nil
		case end > 0 && c.wide():
			c.keep(data[end:])
			return c.deliverWide(blk, data[:end]), cut{}, nil
		case end > 0:
			c.keep(data[end:])
			blk.batch.Data = data[:end]
			c.deliver(blk, blk.batch.Data)
			return blk, cut{}, nil
		case c.ended && len(c.half) == 0:
			c.keep(data)
			c.pool.put(blk)
		case n > c.pool.line:
			c.blind = true
			return c.skip(blk, data), cut{}, nil
		default:
			c.keep(data)
			c.pool.put(blk)
			large = true
		}
	}
	return nil, cut{}, nil
}

// read fills b with half and what follows. At the end of the text ended is set.
func (c *remnant) read(b []byte) (int, error) {
	n := copy(b, c.half)
	c.half = c.half[n:]
	for n < len(b) && !c.ended {
		k, err := c.text.Read(b[n:])
		n += k
		if errors.Is(err, io.EOF) {
			c.ended = true
			c.endsAt(c.offset + int64(n))
			return n, nil
		}
		if err != nil {
			c.half = append(c.half, b[:n]...)
			return 0, err
		}
	}
	return n, nil
}

// endsAt accounts for what had been seen and is not in the text, which ends there:
// it was truncated before all was copied, or is damaged.
func (c *remnant) endsAt(offset int64) {
	c.dropped += int(max(0, c.seen-offset))
	c.seen = 0
}

// keep puts back what was read and not delivered.
func (c *remnant) keep(b []byte) { c.half = slices.Concat(b, c.half) }

// deliver makes blk, which has its lines, the next batch; text is what it takes
// of the copy.
func (c *remnant) deliver(blk *block, text []byte) {
	c.position(blk)
	c.pass(text)
	if c.line > 0 {
		c.line += int64(bytes.Count(blk.batch.Data, newline) + blk.batch.TooLong)
	}
}

// pass goes on behind text.
func (c *remnant) pass(text []byte) {
	c.offset += int64(len(text))
	c.anchor = append(c.anchor, text[max(0, len(text)-c.reach()):]...)
	c.anchor = slices.Delete(c.anchor, 0, max(0, len(c.anchor)-c.reach()))
}

func (c *remnant) position(blk *block) {
	blk.batch.Offset, blk.batch.Line, blk.batch.Written = c.offset, c.line, c.info.ModTime()
}

// skip passes over data up to the newline that ends a line beyond the limit.
func (c *remnant) skip(blk *block, data []byte) *block {
	c.position(blk)
	blk.batch.Data = blk.buf[:0]
	end := c.lineEnd(data)
	if end == 0 {
		n := len(data) / c.unit() * c.unit()
		c.half = append(bytes.Clone(data[n:]), c.half...)
		c.pass(data[:n])
		return blk
	}
	c.keep(data[end:])
	c.pass(data[:end])
	c.blind, c.carry = false, nil
	blk.batch.TooLong = 1
	if c.line > 0 {
		c.line++
	}
	return blk
}

// broken ends a compressed text that is damaged behind the last whole line before
// that place; an error of the disk is for another try.
func (c *remnant) broken(err error) error {
	var damage *archive.Error
	var disk *fs.PathError
	if !errors.As(err, &damage) || errors.As(err, &disk) {
		return err
	}
	c.ended = true
	c.endsAt(c.offset + int64(len(c.half)))
	if !errors.Is(err, archive.ErrTrailing) { // else the text is whole
		c.recognise()
		end := c.lastEnd(c.half, c.carry)
		c.dropped += len(c.half) - end
		c.half, c.joins, c.past = c.half[:end], false, false
	}
	return fmt.Errorf("%s: %w", c.path, damage)
}

// ripe reports whether nothing more will come.
func (c *remnant) ripe(time.Time, time.Duration) bool {
	return c.ended && !c.hasLine()
}

// finish returns the last line, with the newline it lacks.
func (c *remnant) finish(time.Time) (*block, bool) {
	if c.blind {
		blk := c.pool.get(false)
		c.position(blk)
		blk.batch.Data, blk.batch.TooLong = blk.buf[:0], 1
		return blk, true
	}
	if len(c.carry)+len(c.half) == 0 {
		return nil, true
	}
	if c.recognise(); c.wide() {
		return c.finishWide(), true
	}
	whole, dropped := glue(c.carry, append(c.half, '\n'))
	c.dropped += dropped
	blk := join(c.pool, whole, nil)
	c.deliver(blk, c.half)
	c.half, c.carry = nil, nil
	return blk, true
}

// rest takes the part of a line at the end, for the file that goes on with it.
func (c *remnant) rest() []byte {
	c.recognise()
	rest, dropped := c.glue(c.carry, c.half)
	c.dropped += dropped
	c.pass(c.half)
	c.half, c.carry = nil, nil
	return rest
}

func (c *remnant) mark(m *Mark) {
	*m = Mark{
		Path: c.path, Offset: c.offset, Line: c.line, Size: max(c.seen, c.offset+int64(len(c.half))), Written: c.info.ModTime(),
		Prefix: c.sums.of(c.prefix), Anchor: sumOf(c.anchor), Anchored: len(c.anchor),
		Carry: slices.Clone(c.carry), Blind: c.blind, Joins: c.joins, Past: c.past, Encoding: c.e,
	}
	m.Device, m.Inode = identify(c.info)
	m.Born = c.born
}

// packed reports whether the copy is compressed.
func (c *remnant) packed() bool { return c.kind != archive.Plain }

// accounted hands over what was dropped since it was last asked.
func (c *remnant) accounted() int64 {
	n := int64(c.dropped)
	c.dropped = 0
	return n
}

func (c *remnant) where() string { return c.path }

func (c *remnant) is(info os.FileInfo) bool { return os.SameFile(c.info, info) }

func (c *remnant) close() {
	if c.text != nil {
		c.text.Close()
	}
	c.file.Close()
}

// join puts a line together whose parts stood in two files. It is cut out if it
// is beyond the limit.
func join(pool *blocks, first, second []byte) *block {
	n := len(first) + len(second)
	blk := pool.get(n > pool.room(false))
	if n > pool.room(true) {
		blk.batch.Data, blk.batch.TooLong = blk.buf[:0], 1
		return blk
	}
	blk.batch.Data = append(append(blk.buf[:0], first...), second...)
	return blk
}

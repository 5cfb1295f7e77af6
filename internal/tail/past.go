package tail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"weir/internal/archive"
	"weir/internal/charset"
)

// The past of a log is what its rotated files hold. It is read like what was
// rotated while nobody read, see Source.resume, only that no place is known where
// reading stopped:
//
//	access.log.3.gz  ┐              written before Options.Past: left out
//	access.log.2.gz  │ held, oldest first, each open from the start on,
//	access.log.1     ┘ so that no rotation takes it away; decoded in its turn
//	access.log         cur
//
// What could be wrong about a sibling is decided before its first line is read:
// that it is a copy of the current file or of another sibling, and whether half a
// line at its end goes on in the file behind it, as after a copy and truncation,
// or was never finished.

// openPast opens the file at the path and, to be read before it, the rotated ones
// that were written since a time.
func (s *Source) openPast(from time.Time) {
	strangers, changed := s.beside()
	s.look(time.Time{})
	if s.stream != nil {
		return
	}
	s.f.search()
	const most = 8 // a directory in which that much happens is read as it was last
	var b backlog
	for range most {
		b.close()
		if b = s.rotatedSince(from); !b.gone {
			break
		}
	}
	for _, text := range b.leftOut {
		s.notify(text)
	}
	s.held, s.early = b.files, true
	s.joinPast()
	s.strangers, s.dirTime = strangers, changed
	if len(b.copies) > 0 {
		// A copy of the current file may be all there is of that in the next moment.
		s.strangers = slices.DeleteFunc(strangers, func(o stranger) bool {
			return slices.ContainsFunc(b.copies, func(info os.FileInfo) bool { return os.SameFile(info, o.info) })
		})
		s.dirTime = time.Time{}
	}
}

// A backlog is what there is of the past of a log.
type backlog struct {
	files   []past        // oldest first
	copies  []os.FileInfo // of the current file
	leftOut []string      // why others are not read
	gone    bool          // one was renamed or compressed in the moment between: all is to be looked at again
}

func (b *backlog) close() {
	for _, p := range b.files {
		p.close()
	}
}

// leftOutText tells why a sibling is not read.
func leftOutText(path string, err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return deniedText(path, whoMayRead(path)) + "; it is left out of the past"
	}
	return fmt.Sprintf("%s: %v; it is left out of the past", path, err)
}

// rotatedSince opens the rotated files that were written since from.
func (s *Source) rotatedSince(from time.Time) (b backlog) {
	list := s.pastSiblings(from)
	newest := time.Time{}
	if s.cur != nil {
		newest = s.cur.written
	}
	for _, r := range list {
		if t := r.info.ModTime(); t.After(newest) {
			newest = t
		}
	}
	was := slices.Clone(list)
	for i := range list {
		c, err := list[i].open(s.f.pool)
		if err != nil {
			b.gone = b.gone || errors.Is(err, fs.ErrNotExist)
			b.leftOut = append(b.leftOut, leftOutText(list[i].path, err))
			continue
		}
		// The hold of a file is over if others were written so much later.
		quiet := newest.Sub(c.info.ModTime()) >= s.f.opt.Hold
		switch {
		case s.f.owner(c.info) != nil || slices.ContainsFunc(b.files, func(p past) bool { return p.is(c.info) }):
			c.close() // compressed since it was listed, and listed as that as well
		case c.packed() && len(c.prefix) < firstPrefix || len(c.prefix) == 0 && (quiet || plainName(c.path) != c.path):
			if err := c.damage(); err != nil {
				b.leftOut = append(b.leftOut, leftOutText(c.path, err))
			}
			c.close() // too short for any line of a log, and to be known again
		case s.cur != nil && sameLog(c, s.cur):
			b.copies = append(b.copies, c.info)
			c.close()
		default:
			b.add(c, quiet)
		}
	}
	// What was listed may have been opened under a number that another file had been
	// given by then.
	b.gone = b.gone || !sameFiles(was, s.pastSiblings(from))
	return b
}

// add puts c behind the files of b, unless it is a copy of one of them: of two
// copies the shorter was made while the log was still being written.
func (b *backlog) add(c *remnant, quiet bool) {
	if i := slices.IndexFunc(b.files, func(p past) bool { return sameLog(c, p) }); i >= 0 {
		if weight(b.files[i]) >= weight(c) {
			c.close()
			return
		}
		b.files[i].close()
		b.files = slices.Delete(b.files, i, i+1)
	}
	if c.packed() {
		c.past = true
		c.shelve()
		b.files = append(b.files, c)
		return
	}
	f := c.log()
	f.past, f.quiet = true, quiet
	b.files = append(b.files, f)
}

// pastSiblings lists what beside the path, and beside what that leads to, was
// written since a time, oldest first. What is a source of its own is left out, and
// what belongs to one that goes on where an earlier process stopped.
func (s *Source) pastSiblings(from time.Time) []sibling {
	dir, base := filepath.Split(filepath.Clean(s.name))
	where := []place{{orDot(dir), base}}
	if target, err := filepath.EvalSymlinks(s.name); err == nil && target != filepath.Clean(s.name) {
		dir, base := filepath.Split(target)
		where = append(where, place{orDot(dir), base})
	}
	var all []sibling
	for _, w := range where {
		list := siblings(w.dir, w.base)
		if s.cur != nil {
			now := slices.IndexFunc(list, func(b sibling) bool { return s.cur.is(b.info) })
			list = list[now+1:]
		}
		list = slices.DeleteFunc(list, func(b sibling) bool {
			return s.f.owner(b.info) != nil || s.f.others.has(s.f, b.path) ||
				slices.ContainsFunc(all, func(o sibling) bool { return os.SameFile(o.info, b.info) })
		})
		all = merge(all, since(list, from))
	}
	return all
}

// others are the paths that have a past of their own.
type others struct {
	paths   map[string]bool     // that are followed
	resumed map[string][]string // names of those with a Resume, by directory
}

// has reports whether the file at path is, or was rotated from, one of them.
func (o *others) has(f *Follower, path string) bool {
	if o.paths == nil {
		o.paths, o.resumed = map[string]bool{}, map[string][]string{}
		for _, p := range f.opt.Paths {
			o.paths[f.place(p)] = true
		}
		for p, at := range f.opt.Resume {
			if !at.begun() && !f.since(p).IsZero() {
				continue
			}
			dir, base := filepath.Split(f.place(p))
			o.resumed[dir] = append(o.resumed[dir], base)
		}
	}
	at := f.place(path)
	dir, name := filepath.Split(at)
	return o.paths[at] || slices.ContainsFunc(o.resumed[dir], func(base string) bool {
		_, ok := parseTag(base, name)
		return ok || base == name
	})
}

// damage is why nothing can be read of c, nil if there is nothing.
func (c *remnant) damage() error {
	_, err := c.text.Read(make([]byte, 1))
	var damage *archive.Error
	if errors.As(err, &damage) {
		return damage
	}
	return nil
}

// sameLog reports whether two files begin with the same lines, as a log and its
// copy do, as far as both go; compared are many more than a header.
func sameLog(a *remnant, b past) bool {
	n := 0
	switch b := b.(type) {
	case *remnant:
		if n = min(len(a.prefix), len(b.prefix)); !bytes.Equal(a.prefix[:n], b.prefix[:n]) {
			return false
		}
	case *file:
		head, _ := b.head()
		if n = min(len(a.prefix), len(head)); !bytes.Equal(a.prefix[:n], head[:n]) {
			return false
		}
	}
	if n == 0 {
		return false
	}
	one, other := bytes.TrimLeft(beginning(a, compared), "\x00"), bytes.TrimLeft(beginning(b, compared), "\x00")
	if n = min(len(one), len(other)); !bytes.Equal(one[:n], other[:n]) {
		return false
	}
	for l := range bytes.Lines(judged(one[:n])) {
		if l[0] != '#' && l[len(l)-1] == '\n' {
			return true
		}
	}
	return false
}

// beginning returns the first bytes of the text of p behind the hole it may begin
// with, at most n. Nothing of p was read yet.
func beginning(p past, n int) []byte {
	switch p := p.(type) {
	case *file:
		_, base := p.head()
		return p.slice(max(0, p.unitAt(base, true)), int64(n))
	case *remnant:
		shelved := p.text == nil
		if shelved && p.unshelve() != nil {
			return nil
		}
		if missing := n - len(p.half); missing > 0 && !p.ended {
			more := make([]byte, missing)
			// What goes wrong will do so again when the text is read on.
			got, _ := io.ReadFull(p.text, more)
			p.half = append(p.half, more[:got]...)
		}
		head := bytes.Clone(p.half[:min(n, len(p.half))])
		if shelved {
			p.shelve()
		}
		return head
	}
	return nil
}

// weight is what two copies of one log are compared by.
func weight(p past) int64 {
	switch p := p.(type) {
	case *remnant:
		return p.info.Size()
	case *file:
		return p.size
	}
	return 0
}

// joinPast makes copies of those plain files of the past whose last line goes on in
// the file behind them. Of a compressed one that is seen when it was read.
func (s *Source) joinPast() {
	for i, p := range s.held {
		f, ok := p.(*file)
		if !ok {
			continue
		}
		half, e := f.lastHalf()
		if len(half) == 0 || !s.goesOnBehind(i, half, e) {
			continue
		}
		if _, err := f.f.Seek(0, io.SeekStart); err != nil {
			continue // then what is left of the line comes by itself
		}
		c, err := newRemnant(f.f, f.path, s.f.pool)
		if err != nil {
			s.notify(leftOutText(f.path, err))
			s.held[i] = nil
			continue
		}
		c.past, c.joins = true, true
		s.held[i] = c
	}
	s.held = slices.DeleteFunc(s.held, func(p past) bool { return p == nil })
}

// lastHalf is what stands behind the last newline of f, of which nothing was read.
func (f *file) lastHalf() ([]byte, charset.Encoding) {
	n := min(f.size, int64(f.pool.line))
	f.sniff()
	from := f.aligned(f.size - n)
	b := f.slice(from, n)
	if len(b) > 0 && b[len(b)-1] == '\n' && !f.wide() {
		return nil, f.e
	}
	if _, end := f.lastLineEnd(b, from); end > 0 {
		return f.trim(b[end:]), f.e
	}
	return nil, f.e
}

// goesOnBehind reports whether half, the end of s.held[i] in e, goes on in what is
// read behind that. Without a whole line there it cannot be told, and does not.
func (s *Source) goesOnBehind(i int, half []byte, e charset.Encoding) bool {
	var next past
	switch {
	case i+1 < len(s.held):
		next = s.held[i+1]
	case s.cur != nil:
		next = s.cur
	}
	if next == nil || !fresh(next) {
		return false
	}
	head := beginning(next, compared)
	c := coding{e: e}
	if phase, ok := c.recognise(head, half, false); !ok || c.e != e || c.wide() && phase != len(half)&1 {
		return false
	}
	end, on := c.joint(half, head)
	return end > 0 && on
}

// fresh reports whether nothing was read of p.
func fresh(p past) bool {
	switch p := p.(type) {
	case *file:
		return p.f != nil && p.offset == 0 && p.pos == 0
	case *remnant:
		return p.offset == p.base && !p.ended
	}
	return false
}

// shelve lets go of the decoder of c, of which nothing was read: it may take as
// much memory as all else.
func (c *remnant) shelve() {
	if c.text == nil || c.offset != c.base || c.ended {
		return
	}
	c.seen = max(c.seen, c.offset+int64(len(c.half)))
	c.text.Close()
	c.text, c.half = nil, nil
}

// unshelve begins to decode c.
func (c *remnant) unshelve() error {
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text, err := archive.Open(c.file, c.kind)
	if err != nil {
		return err
	}
	c.text, c.offset = text, 0
	c.begin()
	return nil
}

// foremost is the file that is read first, as long as nothing of the past was
// given; nil if there is none.
func (s *Source) foremost() past {
	if s.early && s.seq == 0 {
		for _, p := range s.held {
			if weight(p) > 0 {
				return p
			}
		}
	}
	if s.cur == nil {
		return nil
	}
	return s.cur
}

// unread is how many bytes of f are not read yet.
func (f *file) unread() int64 {
	if f.f == nil {
		return max(0, f.rest.mark.Size-f.rest.mark.Offset)
	}
	return max(0, f.size-f.pos)
}

// unread is how many bytes of c are not read yet, as they are compressed.
func (c *remnant) unread() int64 {
	switch {
	case c.text == nil:
		return c.info.Size()
	case c.packed():
		return max(0, c.info.Size()-c.text.Consumed())
	}
	return max(0, c.info.Size()-c.offset)
}

func (c *parkedCopy) unread() int64 { return max(0, c.m.Size-c.m.Offset) }

// since is when the past of a path begins, zero if that is not to be read. A path
// that comes later has none: what was rotated beside it may have been read as that
// of another, whose name differs in its date.
func (f *Follower) since(path string) time.Time {
	if f.opt.Past == nil || f.opened || f.opt.FromEnd {
		return time.Time{}
	}
	return f.opt.Past(path)
}

// joinsNext reports whether the last line of s.held[i], which is c and was read to
// its end, goes on behind it.
func (s *Source) joinsNext(i int, c *remnant) bool {
	if !c.past || c.blind || len(c.half) == 0 && len(c.carry) == 0 {
		return false
	}
	half, _ := c.glue(c.carry, c.half)
	return s.goesOnBehind(i, half, c.e)
}

func (f *file) number() (device, inode uint64) { return identify(f.info) }

func (c *remnant) number() (device, inode uint64) {
	if c.packed() {
		return 0, 0
	}
	return identify(c.info)
}

func (c *parkedCopy) number() (device, inode uint64) { return 0, 0 }

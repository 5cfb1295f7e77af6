package tail

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"weir/internal/archive"
)

// A quarry is a file of the past that was found again, ready to be read on: one
// that may still grow, or a copy that will not.
type quarry struct {
	file  *file // the very file, under another name
	copy  *remnant
	at    sibling
	short bool // it is a copy that ends before the place; then there is nothing to read
}

// close lets go of what was found.
func (q *quarry) close() {
	if q.file != nil {
		q.file.close()
	}
	if q.copy != nil {
		q.copy.close()
	}
}

// place is where a source looks for what its files have become.
type place struct {
	dir  string
	base string
}

// places lists the directories to search for rotated files of path, and the
// names that they are made of there: those of the path, of what it leads to and
// of where a file was last; then those that an olddir may be.
func (s *Source) places(last string) []place {
	var all []place
	add := func(dir, base string) {
		if p := (place{filepath.Clean(dir), base}); !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	add(filepath.Split(filepath.Clean(s.name)))
	if target, err := filepath.EvalSymlinks(s.name); err == nil {
		add(filepath.Split(target))
	}
	if last != "" {
		add(filepath.Split(last))
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(s.name)); err == nil {
		add(dir, filepath.Base(s.name))
	}
	near := len(all)
	const mostDirs = 64
	for _, p := range all[:near] {
		for _, e := range s.f.entries(orDot(p.dir)) {
			if e.IsDir() && len(all) < mostDirs {
				add(filepath.Join(p.dir, e.Name()), p.base)
			}
		}
	}
	return all
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// hunt looks for the file of m, which is not at the path of the source any more,
// and for what was written since beside it, oldest first.
//
//	access.log      the file there now (present, if there is one)
//	access.log.1    ┐
//	access.log.2.gz ┘ newer
//	access.log.3.gz   the file of m, now a copy: its unread rest
//
// Where present has a rotated name itself, only what is behind it is looked at.
// What is newer stands beside the path, where the file of m was found, and where
// files of the source were found before; other directories may hold anything.
func (s *Source) hunt(m *Mark, present os.FileInfo) (q quarry, newer []sibling) {
	s.f.search()
	at := -1
	places := s.places(m.Path)
	for i, p := range places {
		known := i == 0 || s.known(p.dir)
		if at >= 0 && !known {
			continue
		}
		list := s.f.siblingsIn(orDot(p.dir), p.base)
		// What is newer than the file that is read now comes after it.
		now := slices.IndexFunc(list, func(b sibling) bool { return present != nil && os.SameFile(b.info, present) })
		list = list[now+1:]
		ahead := 0 // by their names newer than what was found
		if at < 0 {
			if found := s.seek(m, list, &q); found >= 0 {
				at, q.at = i, list[found]
				list = slices.Delete(list, found, found+1)
				ahead = found
			}
		}
		if known || i == at {
			// The clock was set back if present is older than what stood there before
			// it: then times say nothing, and the names decide. They do not always,
			// because some count upwards.
			if present == nil || !present.ModTime().Before(m.Written) {
				ahead = 0
			}
			some := append(since(list[ahead:], m.Written), since(list[:ahead], time.Time{})...)
			newer = merge(newer, some)
		}
	}
	if at >= 0 {
		return q, newer
	}
	// A name that says nothing about its order.
	for _, p := range places {
		if f := s.anyName(m, orDot(p.dir), present); f != nil {
			q.file = f
			break
		}
	}
	return q, newer
}

// known reports whether files of the source were found in dir.
func (s *Source) known(dir string) bool {
	dir = filepath.Clean(dir)
	return slices.ContainsFunc(s.f.marks, func(d done) bool { return d.source == s.index && filepath.Dir(d.Path) == dir }) ||
		slices.ContainsFunc(s.held, func(p past) bool { return filepath.Dir(p.where()) == dir })
}

// merge puts two lists, oldest first, into one, by the times where they meet.
func merge(a, b []sibling) []sibling {
	var all []sibling
	for len(a) > 0 && len(b) > 0 {
		if b[0].info.ModTime().Before(a[0].info.ModTime()) {
			all, b = append(all, b[0]), b[1:]
		} else {
			all, a = append(all, a[0]), a[1:]
		}
	}
	return append(append(all, a...), b...)
}

// since picks from a list, newest first, the files that were written since a
// time, oldest first. The time of a file is that of the kernel's last tick, some
// milliseconds ago, so equality is since.
func since(list []sibling, t time.Time) []sibling {
	var some []sibling
	for _, b := range slices.Backward(list) {
		if !b.info.ModTime().Before(t) {
			some = append(some, b)
		}
	}
	return some
}

// seek finds the file of m in list, and opens it at m; -1 if it is not there.
func (s *Source) seek(m *Mark, list []sibling, q *quarry) int {
	// A file with its number comes first, compressed or not: the others would all
	// have to be looked into.
	var order, others []int
	for i, b := range list {
		if !m.same(b.info) {
			others = append(others, i)
			continue
		}
		order = append(order, i)
		if f := s.openAt(b.path, m); f != nil {
			q.file = f
			return i
		}
	}
	short := -1
	for _, i := range append(order, others...) {
		c, err := list[i].open(s.f.pool)
		if err != nil {
			continue // what it holds is told as lost if it is not found elsewhere
		}
		ok, ends, _ := c.seek(m)
		if ok {
			q.copy = c
			return i
		}
		c.close()
		if ends && short < 0 {
			short = i
		}
	}
	if q.short = short >= 0; q.short {
		if c, err := list[short].open(s.f.pool); err == nil {
			s.allRead(c)
			c.close()
		}
	}
	return short
}

// allRead notes that all c holds was read, so that it is not taken for news later.
func (s *Source) allRead(c *remnant) {
	if c.toEnd() == nil {
		var m Mark
		c.mark(&m)
		s.f.remember(s.index, m)
	}
}

// anyName finds the file of m under whatever name it has in dir.
func (s *Source) anyName(m *Mark, dir string, present os.FileInfo) *file {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !m.same(info) || present != nil && os.SameFile(info, present) {
			continue
		}
		if f := s.openAt(filepath.Join(dir, e.Name()), m); f != nil {
			return f
		}
	}
	return nil
}

// openAt opens the file at path if it is that of m, at its place. A compressed
// copy is not, nor what is held already: it may have been given the number of the
// very file it was made of, and where little was read of that nothing else would
// tell.
func (s *Source) openAt(path string, m *Mark) *file {
	f, err := openFile(path, s.f.pool)
	if err != nil {
		return nil
	}
	// The number of a log that was compressed and deleted may be that of a
	// compressed one by now.
	if !f.isOf(m) || s.heldIndex(f.info) >= 0 || archive.Sniff(f.slice(0, archive.HeadSize)) != archive.Plain || !f.resume(m) {
		f.f.Close()
		return nil
	}
	return f
}

// A stranger is a rotated file that was there at the first look: of no concern.
type stranger struct {
	info os.FileInfo
	born time.Time // see file
	head Sum       // of its first bytes as they stand there, compressed or not
	n    int
}

// is reports whether b is still that file: its number may have been given to
// another since. Of what was empty all there is now is new.
func (o *stranger) is(b *sibling, pool *blocks) bool {
	if !os.SameFile(o.info, b.info) {
		return false
	}
	head, born := headOf(b.path, pool)
	if !o.born.IsZero() && !born.IsZero() && !born.Equal(o.born) {
		return false
	}
	return len(head) >= o.n && sumOf(head[:o.n]) == o.head && (o.n > 0 || len(head) == 0)
}

// packedAs reports whether c is what that file was compressed to: with its time, as
// compressors keep it, and the same first bytes. One that began with a hole as long
// as those is not known again.
func (o *stranger) packedAs(c *remnant) bool {
	if !c.packed() || !c.info.ModTime().Equal(o.info.ModTime()) {
		return false
	}
	// The prefix begins behind all zeros, the last of which may be of the text.
	for _, zeros := range [...]int64{c.base, c.base + 1} {
		if zeros >= int64(o.n) {
			return false
		}
		head := append(make([]byte, zeros), c.prefix...)
		if len(head) >= o.n && sumOf(head[:o.n]) == o.head {
			return true
		}
	}
	return false
}

// headOf returns the first bytes of the file at path, none if it cannot be read,
// and when it was made.
func headOf(path string, pool *blocks) ([]byte, time.Time) {
	f, err := pool.open(path)
	if err != nil {
		return nil, time.Time{}
	}
	defer f.Close()
	head := make([]byte, prefixSize)
	n, _ := readAt(f, head, 0)
	return head[:n], born(f)
}

// beside lists the rotated files in the directory of the path.
func (s *Source) beside() (all []stranger, changed time.Time) {
	dir, base := filepath.Split(filepath.Clean(s.name))
	info, err := os.Stat(orDot(dir))
	if err != nil {
		return nil, changed // the first look tells why
	}
	changed = info.ModTime()
	for _, b := range among(s.f.list(orDot(dir), info), orDot(dir), base) {
		head, born := headOf(b.path, s.f.pool)
		all = append(all, stranger{b.info, born, sumOf(head), len(head)})
	}
	return all, changed
}

// missed finds what was logged into the current file and copied away before any
// of it was read; of that the file itself shows no trace. It is asked as long as
// nothing of the file was read. Only copies made since the last look can be of it.
func (s *Source) missed() bool {
	dir, base := filepath.Split(filepath.Clean(s.name))
	info, err := os.Stat(orDot(dir))
	if err != nil || info.ModTime().Equal(s.dirTime) && settled(info.ModTime()) {
		return false
	}
	s.dirTime = info.ModTime()
	s.f.search()
	list := s.f.siblings(orDot(dir), base, info)
	at, ok := s.stands(list)
	if !ok {
		return false
	}
	found := s.fetchNewer(since(list[at+1:], s.cur.stood), s.cur, true)
	s.cur.passOn(found)
	s.held = append(s.held, found...)
	return len(found) > 0
}

// stands tells where in list, newest first, the current file is: -1 if at the
// path; false if it was deleted or moved elsewhere, so that what is in the list
// may have come after it.
func (s *Source) stands(list []sibling) (int, bool) {
	if info, err := os.Stat(s.name); err == nil && s.cur.is(info) {
		return -1, true
	}
	at := slices.IndexFunc(list, func(b sibling) bool { return s.cur.is(b.info) })
	return at, at >= 0
}

// rotatedAway reports whether the current file has a rotated name: then what took
// its place is no copy of it, however alike the two are.
func (s *Source) rotatedAway() bool {
	dir, base := filepath.Split(filepath.Clean(s.name))
	at, ok := s.stands(siblings(orDot(dir), base))
	return ok && at >= 0
}

// unanchored reports whether nothing of f was seen, so that whatever is done to it
// leaves no trace.
func (f *file) unanchored() bool { return f.offset == 0 && f.pos == 0 && len(f.half) == 0 }

// fetchNewer opens the files that came between, for reading from their start, or
// from where they were read to. present is the file that is read after them, nil
// if there is none. joins says that each goes on with the last line of the one
// before.
func (s *Source) fetchNewer(newer []sibling, present *file, joins bool) []past {
	var all []past
	for _, b := range newer {
		taken := func(p past) bool { return p.is(b.info) }
		if s.f.owner(b.info) != nil || slices.ContainsFunc(s.strangers, func(o stranger) bool { return o.is(&b, s.f.pool) }) {
			continue
		}
		c, err := s.openKnown(&b)
		if err != nil {
			s.notify(b.path + ": " + err.Error() + "; what was logged there since is not read")
			continue
		}
		if c == nil {
			continue
		}
		if s.f.owner(c.info) != nil || slices.ContainsFunc(all, taken) {
			c.close() // compressed since it was listed, and listed as that as well
			continue
		}
		if slices.ContainsFunc(s.strangers, func(o stranger) bool { return o.packedAs(c) }) {
			c.close() // its time may be that of the last look, which is no sign of news then
			continue
		}
		if present != nil && c.alive(present, joins) {
			c.close()
			s.dirTime = time.Time{} // look again: it may be truncated in the next moment
			continue
		}
		if !joins && c.packed() && len(c.prefix) < firstPrefix {
			c.close() // too short to tell whether it was read, and for any line of a log
			continue
		}
		if joins || c.packed() {
			c.joins = joins
			c.shelve()
			all = append(all, c)
			continue
		}
		// It was written under the path; its writer may not have let go yet.
		var m Mark
		c.mark(&m)
		f := c.log()
		if !f.known {
			f.e = s.expect
		}
		switch {
		case m.Anchored == 0 || f.resume(&m):
			all = append(all, f)
		default:
			f.close()
		}
	}
	return all
}

// openKnown opens a copy behind what was read of it; nil if that was all, or if it
// is one of a file that is still open, and read there. A copy that ends before the
// place where that file is read may not be finished: then what it begins with
// tells.
func (s *Source) openKnown(b *sibling) (*remnant, error) {
	c, err := b.open(s.f.pool)
	if err != nil {
		return nil, err
	}
	if s.readShort(c) {
		c.close()
		return nil, nil
	}
	open := slices.Clone(s.held)
	if s.cur != nil {
		open = append(open, s.cur)
	}
	start := c.sums.of(c.prefix)
	for _, p := range open {
		var m Mark
		p.mark(&m)
		if !m.beginsAs(start) {
			continue
		}
		ok, short, _ := c.seek(&m)
		c.close()
		if ok {
			return nil, nil
		}
		if c, err = b.open(s.f.pool); err != nil {
			return nil, err
		}
		if f, isFile := p.(*file); short && isFile && c.sharesStart(f) {
			c.close()
			return nil, nil
		}
	}
	for _, m := range s.f.readAs(start) {
		ok, _, _ := c.seek(m)
		if ok && !c.atEnd() {
			return c, nil
		}
		c.close()
		if ok {
			return nil, nil
		}
		if c, err = b.open(s.f.pool); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readAs returns the marks of files that were closed and begin as start does, those
// that were read furthest first: what is a copy of two of them was read up to there.
func (f *Follower) readAs(start []Sum) (known []*Mark) {
	for i := range f.marks {
		if m := &f.marks[i].Mark; m.beginsAs(start) {
			known = append(known, m)
		}
	}
	slices.SortStableFunc(known, func(a, b *Mark) int { return cmp.Compare(b.Offset, a.Offset) })
	return known
}

// readShort reports whether c was read, and has too little in it to know it again by
// that: then its size and its time tell.
func (s *Source) readShort(c *remnant) bool {
	n := len(c.prefix)
	return 0 < n && n < firstPrefix && slices.ContainsFunc(s.f.marks, func(d done) bool {
		return d.source == s.index && len(d.Prefix) == 0 && d.Size == c.offset+int64(len(c.half)) && d.Written.Equal(c.info.ModTime())
	})
}

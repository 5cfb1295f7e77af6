package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// A process may have only so many files open (RLIMIT_NOFILE, ulimit -n). Where
// more are followed some are parked: closed, but nothing that is known of them
// forgotten.
//
//	open ──least recently changed, when another has to be opened──► parked
//	  ▲                                                              │
//	  └──────── its name tells of a change, or there is more ────────┘
//
// Opened again it is the same file, by its number and birth, under whatever name
// it has by then. Where it is not to be found it is what it would be after a
// restart, see Source.trace: a copy has the rest, or it is gone.

// descriptors is how many files a Follower has open and may have open.
type descriptors struct {
	limit   int // of the process; 0 where there is none, or it is not known
	allowed int // files to keep open, by the limit; 0 is any number
	most    int // the same, less where others took what the limit leaves
	open    int // as of the last look at each source
	using   []*Source
	scarce  time.Time // when there last were none left
	letting bool      // scarce is under way
	spare   *os.File  // a descriptor to look into a directory with when there are none left
	parked  bool      // some source was, ever
	told    bool
}

const (
	// leavesFree is for all else: connections, the output, directories and copies
	// that are searched. It is half of a limit below 1024.
	leavesFree = 512
	// leastOpen files are kept open whatever the limit is: a source may need some
	// at once, of which the last were rotated.
	leastOpen = 8
	// headroom is how much is let go of when there are no descriptors left, and
	// how much a search may need.
	headroom = 4
	// scarceFor is how long less is open after there were none left.
	scarceFor = time.Minute
	// parkAgain is how long a source is left alone that could not be parked.
	parkAgain = time.Second
)

func newDescriptors(limit, allowed int) descriptors {
	if allowed == 0 && limit > 0 {
		allowed = max(leastOpen, limit/2, limit-leavesFree)
	}
	return descriptors{limit: limit, allowed: allowed, most: allowed}
}

// parking is what a source knows of its descriptors.
type parking struct {
	parked   bool
	open     int       // files, when they were last counted
	inUse    int       // looks under way, one within the other: not now
	restless bool      // the last look left something for the next
	refused  time.Time // when it could not be parked

	path  os.FileInfo // what stood at its path at the last look, nil if nothing did
	err   error       // why nothing did
	again bool        // parked with something to read: open it at the next look
	lost  bool        // the file was not found when it was looked for
	dir   time.Time   // modification time of the directory then
}

// rest is what is known of a file that was let go of.
type rest struct {
	at   string      // where it was
	info os.FileInfo // as it was there
	mark Mark        // with the size it was seen to have
}

// A parkedCopy stands for a copy that was not read to its end when it was closed.
type parkedCopy struct{ m Mark }

func (c *parkedCopy) next(time.Time) (*block, cut, error) { return nil, cut{}, nil }
func (c *parkedCopy) ripe(time.Time, time.Duration) bool  { return false }
func (c *parkedCopy) finish(time.Time) (*block, bool)     { return nil, false }
func (c *parkedCopy) accounted() int64                    { return 0 }
func (c *parkedCopy) mark(m *Mark)                        { *m = c.m }
func (c *parkedCopy) where() string                       { return c.m.Path }
func (c *parkedCopy) is(info os.FileInfo) bool            { return c.m.same(info) }
func (c *parkedCopy) close()                              {}

// open opens path for reading. Where there is no descriptor left for it, idle
// sources are parked.
func (p *blocks) open(path string) (*os.File, error) {
	for {
		f, err := openShared(path)
		if err == nil || p.scarce == nil || !p.scarce(err) {
			return f, err
		}
	}
}

// scarce parks sources after an open that failed with err for want of
// descriptors, and reports whether it is worth another try.
func (f *Follower) scarce(err error) bool {
	if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
		return false
	}
	r := &f.room
	if r.letting {
		return false // to park a source a directory may have to be searched
	}
	r.letting = true
	defer func() { r.letting = false }()
	r.scarce = f.now
	r.most = max(leastOpen, r.open-headroom)
	r.keepSpare(false)
	n := 0
	for n < headroom && f.parkOne() {
		n++
	}
	r.keepSpare(true)
	return n > 0 || f.abandon()
}

// keepSpare takes the spare descriptor, or gives it back.
func (r *descriptors) keepSpare(keep bool) {
	switch {
	case !keep && r.spare != nil:
		r.spare.Close()
		r.spare = nil
	case keep && r.spare == nil:
		if spare, other, err := os.Pipe(); err == nil {
			other.Close()
			r.spare = spare
		}
	}
}

// search sees to it that there are descriptors for directories, which are read as
// if they were empty where there are none.
func (f *Follower) search() {
	var free []*os.File
	for len(free) < headroom {
		r, w, err := os.Pipe()
		if err == nil {
			free = append(free, r, w)
		} else if !f.scarce(err) {
			break
		}
	}
	for _, file := range free {
		file.Close()
	}
}

// makeRoom parks sources until n more files may be open, as far as any can be
// parked. What cannot be parked may be more than is allowed: that leaves room.
func (f *Follower) makeRoom(n int) {
	r := &f.room
	if r.most < r.allowed && f.now.Sub(r.scarce) > scarceFor {
		r.most = r.allowed
	}
	for r.most > 0 && r.open+n > r.most && f.parkOne() {
	}
}

// parkOne parks the source that has changed least recently; one of which nothing
// is left to read, if there is one.
func (f *Follower) parkOne() bool {
	r, now := &f.room, f.now
	for {
		var best *Source
		for _, s := range r.using {
			p := &s.parking
			if p.inUse > 0 || s.stream != nil || !p.refused.IsZero() && now.Sub(p.refused) < parkAgain {
				continue
			}
			if best == nil || s.busier() == best.busier() && s.changed.Before(best.changed) || best.busier() && !s.busier() {
				best = s
			}
		}
		if best == nil {
			return false
		}
		if best.park() {
			r.parked = true
			f.tellParked()
			return true
		}
		best.parking.refused = now
	}
}

func (s *Source) busier() bool { return !s.atEnd || s.parking.restless }

// tellParked tells once that not all files can be open.
func (f *Follower) tellParked() {
	r := &f.room
	if r.told || !r.parked || !f.opened {
		return
	}
	r.told = true
	need := 2*len(f.sources) + leavesFree
	limit := "few"
	if r.limit > 0 {
		limit = fmt.Sprintf("%d", r.limit)
	}
	f.notify(-1, fmt.Sprintf("%d logs are followed, and only %s files may be open at once (ulimit -n): those that are quiet are closed, "+
		"and opened again when they change; allow more, by \"ulimit -n %d\" or LimitNOFILE=%d in a systemd unit", len(f.sources), limit, need, need))
}

// abandon lets go of a deleted file that has been read to its end, which has no
// name to be opened by again; of the one that was quiet for longest.
func (f *Follower) abandon() bool {
	var of *Source
	at := 0
	var oldest *file
	for _, s := range f.room.using {
		for i, p := range s.held {
			h, ok := p.(*file)
			if s.parking.inUse > 0 || !ok || h.f == nil || s.busier() || len(h.half)+len(h.carry) > 0 ||
				oldest != nil && !h.grew.Before(oldest.grew) {
				continue
			}
			of, at, oldest = s, i, h
		}
	}
	if of == nil {
		return false
	}
	of.notify(fmt.Sprintf("%s: no descriptors are left, closing a file that was replaced; what is written to it from now on is not read", of.name))
	of.held = slices.Delete(of.held, at, at+1)
	of.forget(oldest)
	of.count()
	return true
}

// pin keeps s from being parked until unpin.
func (s *Source) pin() { s.parking.inUse++ }

// unpin counts what s has open by now, and parks others if that is too much.
func (s *Source) unpin() {
	s.parking.inUse--
	s.count()
	s.f.makeRoom(0)
}

func (s *Source) count() {
	n := 0
	for _, p := range s.held {
		switch p := p.(type) {
		case *file:
			if p.f != nil {
				n++
			}
		case *remnant:
			n++
		}
	}
	if s.cur != nil && s.cur.f != nil {
		n++
	}
	r, was := &s.f.room, s.parking.open
	switch {
	case n == was:
		return
	case was == 0:
		r.using = append(r.using, s)
	case n == 0:
		r.using = slices.DeleteFunc(r.using, func(o *Source) bool { return o == s })
	}
	r.open += n - was
	s.parking.open = n
}

// park closes the files of s. It is false, and nothing is closed, if one of them
// has no name to be found by again.
func (s *Source) park() bool {
	p := &s.parking
	p.inUse++
	defer func() { p.inUse-- }()
	again := p.restless || s.sick != nil
	rests := make([]*rest, len(s.held)+1)
	for i, h := range s.held {
		switch h := h.(type) {
		case *file:
			r, more := s.whereabouts(h)
			if r == nil {
				return false
			}
			rests[i], again = r, again || more
		case *remnant:
			if s.named(h.info, h.path) == "" {
				return false
			}
			again = true
		}
	}
	if s.cur != nil {
		r, more := s.whereabouts(s.cur)
		if r == nil {
			return false
		}
		rests[len(s.held)], again = r, again || more
	}
	for i, h := range s.held {
		switch h := h.(type) {
		case *file:
			h.letGo(rests[i])
		case *remnant:
			s.state.PossibleLoss += h.accounted()
			c := &parkedCopy{}
			h.mark(&c.m)
			s.held[i] = c
			h.close()
		}
	}
	if s.cur != nil {
		s.cur.letGo(rests[len(s.held)])
	}
	p.parked, p.again, p.lost = true, again, false
	if s.cur != nil && p.err == nil && os.SameFile(p.path, s.cur.info) {
		p.path = s.cur.rest.info
	}
	s.count()
	return true
}

// whereabouts returns what f is to be found by, nil if there is nothing; and
// whether there is something in it that was not read.
func (s *Source) whereabouts(f *file) (r *rest, more bool) {
	info, err := f.f.Stat()
	if err != nil {
		return nil, false
	}
	last := ""
	if f.rest != nil {
		last = f.rest.at
	}
	at := s.named(info, last, s.name, f.path)
	if at == "" {
		return nil, false
	}
	var m Mark
	f.mark(&m)
	m.Size = max(m.Size, info.Size())
	// A change within the last tick of the kernel's clock may be followed by
	// another with the same time.
	// Space that was reserved may be filled with neither size nor time changing.
	more = info.Size() != f.reached || f.barren > f.pos || !info.ModTime().Equal(f.written) || !settled(info.ModTime())
	return &rest{at: at, info: info, mark: m}, more
}

// named returns a name of the file info describes: one of the likely ones, or one
// in the directories that rotations use.
func (s *Source) named(info os.FileInfo, likely ...string) string {
	if links(info) == 0 {
		return ""
	}
	for _, path := range likely {
		if path == "" {
			continue
		}
		if now, err := os.Stat(path); err == nil && os.SameFile(now, info) {
			return path
		}
	}
	s.f.search()
	all := s.places(likely[len(likely)-1])
	for _, p := range all {
		for _, b := range siblings(orDot(p.dir), p.base) {
			if os.SameFile(b.info, info) {
				return b.path
			}
		}
	}
	for _, p := range all {
		entries, _ := os.ReadDir(orDot(p.dir))
		for _, e := range entries {
			if now, err := e.Info(); err == nil && os.SameFile(now, info) {
				return filepath.Join(p.dir, e.Name())
			}
		}
	}
	return ""
}

// letGo closes f.
func (f *file) letGo(r *rest) {
	f.f.Close()
	f.f, f.rest = nil, r
}

// awake opens the files of s, if it is parked.
func (s *Source) awake() {
	if s.parking.parked && !s.f.closed {
		s.pin()
		s.reopen(s.f.now)
		s.unpin()
	}
}

// back reports whether a parked source can be read: its files are open again,
// because something has changed. It is false where nothing has.
func (s *Source) back(now time.Time) bool {
	if s.unchanged(now) {
		return false
	}
	return s.reopen(now)
}

// unchanged reports whether all names lead to what they led to when s was parked.
func (s *Source) unchanged(now time.Time) bool {
	p := &s.parking
	info, err := os.Stat(s.name)
	if err == nil && s.cur != nil && os.SameFile(info, s.cur.info) {
		s.cur.grownTo(info, s.name)
	}
	switch {
	case p.lost:
		return errors.Is(err, fs.ErrNotExist) && !s.dirChanged(p.dir)
	case p.again || !sameState(p.path, p.err, info, err):
		return false
	}
	for _, h := range s.held {
		f, ok := h.(*file)
		if !ok || f.ripe(now, s.f.opt.Hold) || !f.untouched(now) {
			return false
		}
	}
	if s.cur == nil {
		return true
	}
	if p.path == s.cur.rest.info {
		s.cur.settle(now)
	} else if !s.cur.untouched(now) {
		return false
	}
	return !s.cur.unanchored() || !s.dirChanged(s.dirTime)
}

func sameState(was os.FileInfo, wasErr error, now os.FileInfo, err error) bool {
	if wasErr != nil || err != nil {
		return errors.Is(wasErr, fs.ErrNotExist) && errors.Is(err, fs.ErrNotExist)
	}
	return os.SameFile(was, now) && was.Size() == now.Size() && was.ModTime().Equal(now.ModTime())
}

// grownTo keeps the size that f, which was let go of, is seen to have at path; not
// that of another file that has been given its number since.
func (f *file) grownTo(info os.FileInfo, path string) {
	if info.Size() <= f.rest.mark.Size {
		return
	}
	if b := bornAt(path); b.IsZero() || f.born.IsZero() || b.Equal(f.born) {
		f.rest.mark.Size = info.Size()
	}
}

// untouched reports whether f, which was let go of, is where it was, and as it was.
func (f *file) untouched(now time.Time) bool {
	info, err := os.Stat(f.rest.at)
	if err == nil && os.SameFile(info, f.rest.info) {
		f.grownTo(info, f.rest.at)
	}
	if !sameState(f.rest.info, nil, info, err) {
		return false
	}
	f.settle(now)
	return true
}

// settle is what a look at an unchanged file sees: its half line stands.
func (f *file) settle(now time.Time) {
	if len(f.half) > 0 {
		f.steady = now.Sub(f.grew) >= pause
	}
}

// dirChanged reports whether something has come or gone beside the path since the
// directory was of the time was.
func (s *Source) dirChanged(was time.Time) bool {
	info, err := os.Stat(filepath.Dir(filepath.Clean(s.name)))
	if err != nil {
		return !was.IsZero()
	}
	return !info.ModTime().Equal(was) || !settled(info.ModTime())
}

// reopen opens the files of a parked source and goes on where it was. It is false
// if that is not possible now; then s stays parked, and is tried again.
func (s *Source) reopen(now time.Time) bool {
	p := &s.parking
	s.f.makeRoom(len(s.held) + 1)
	p.again = true // until it is known what has changed
	missing := map[*file]bool{}
	files := make([]*file, 0, len(s.held)+1)
	for _, h := range s.held {
		if f, ok := h.(*file); ok {
			files = append(files, f)
		}
	}
	if s.cur != nil {
		files = append(files, s.cur)
	}
	for _, f := range files {
		err := s.attach(f)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			for _, f := range files {
				if f.f != nil {
					f.letGo(f.rest)
				}
			}
			s.unreachable(err)
			return false
		}
		missing[f] = err != nil
	}
	if missing[s.cur] && len(s.held) == 0 {
		if _, err := os.Stat(s.name); errors.Is(err, fs.ErrNotExist) {
			s.wait()
			return false
		}
	}
	s.rejoin(missing, now)
	return true
}

// wait is for a file that is not to be found while nothing has its name: what
// comes next tells whether it is gone. It may have been moved, or a disk be
// missing.
func (s *Source) wait() {
	p := &s.parking
	p.lost, p.dir = true, time.Time{}
	if info, err := os.Stat(filepath.Dir(filepath.Clean(s.name))); err == nil {
		p.dir = info.ModTime()
	}
	s.state.Missing = true
	s.trouble(s.name + ": has been moved or deleted; waiting for a new one")
}

// rejoin puts the files of a parked source back in order, with what there is of
// those that are missing.
func (s *Source) rejoin(missing map[*file]bool, now time.Time) {
	held, cur := s.held, s.cur
	s.held, s.cur = nil, nil
	s.parking.parked, s.parking.again, s.parking.lost = false, false, false
	trace := func(m Mark, last, live bool) {
		if !s.trace(&m, last, live) {
			s.f.remember(s.index, m) // should it come back
		}
	}
	for i, h := range held {
		f, ok := h.(*file)
		if ok && !missing[f] {
			s.held = append(s.held, f)
			continue
		}
		if ok && f.copied {
			continue // by its content the copy would be found, which is read on
		}
		var m Mark
		h.mark(&m)
		trace(m, cur == nil && i == len(held)-1, false)
	}
	if cur == nil {
		return
	}
	if !missing[cur] {
		s.cur = cur
		return
	}
	s.goOn(func() { trace(cur.rest.mark, true, true) }, now)
}

// attach opens f again, under whatever name it has. fs.ErrNotExist is that it was
// not found; another error that it cannot be said now.
func (s *Source) attach(f *file) error {
	for _, path := range []string{f.rest.at, ""} {
		if path == "" {
			if path = s.named(f.rest.info, f.path); path == "" {
				break
			}
		}
		err := f.openAgain(path)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}

// openAgain opens what is at path, if it is f; else the error is fs.ErrNotExist.
func (f *file) openAgain(path string) error {
	if info, err := os.Stat(path); err != nil || !os.SameFile(info, f.rest.info) {
		if err == nil {
			err = fs.ErrNotExist
		}
		return err
	}
	opened, err := f.pool.open(path)
	if err != nil {
		return err
	}
	info, err := opened.Stat()
	if err != nil || !os.SameFile(info, f.rest.info) {
		opened.Close()
		return fs.ErrNotExist
	}
	b := born(opened)
	if known := !b.IsZero() && !f.born.IsZero(); known && b.Equal(f.born) {
		f.f, f.rest.at = opened, path
		return nil
	} else if known {
		opened.Close()
		return fs.ErrNotExist // its number was given to another
	}
	// Without a birth the content has to tell.
	f.f = opened
	head, _ := f.head()
	anchor := make([]byte, f.anchors)
	if n, _ := readAt(opened, anchor, f.pos-int64(f.anchors)); n < f.anchors ||
		string(anchor) != string(f.anchor[:f.anchors]) || !f.rest.mark.begins(head) && len(f.rest.mark.Prefix) > 0 {
		f.f = nil
		opened.Close()
		return fs.ErrNotExist
	}
	f.rest.at = path
	return nil
}

// still reports whether a parked source has the file info describes, whose number
// may have been given to another since.
func (s *Source) still(info os.FileInfo) bool {
	all := s.held
	if s.cur != nil {
		all = append(slices.Clip(all), s.cur)
	}
	for _, h := range all {
		f, ok := h.(*file)
		if !ok || !f.is(info) {
			continue
		}
		if now, err := os.Stat(f.rest.at); err == nil && os.SameFile(now, info) {
			return true
		}
	}
	if s.parking.inUse > 0 {
		return true // it is being opened: what it is will be known then
	}
	s.awake()
	return s.cur != nil && s.cur.is(info) || s.heldIndex(info) >= 0
}

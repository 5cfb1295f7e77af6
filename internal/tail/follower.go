package tail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Options says what to follow and how. Only Paths or Inputs are needed.
type Options struct {
	Paths  []string  // files to follow; "-" is standard input
	Stdin  io.Reader // what "-" reads; nil means os.Stdin
	Inputs []Input   // streams that are no files
	// Patterns are for files that may come later, see Look: patterns as of
	// filepath.Match, and directories, of which the files named like logs. What
	// matches them at first is among Paths, see Choice.Match.
	Patterns []string
	Choice   Choice // which of the files that match are taken
	FromEnd  bool   // skip the whole lines that are there at Open, but for paths with a Resume
	// Resume has where reading of a path, by its name in Paths, stopped in an
	// earlier process. What was written since is read first, through whatever
	// rotations there were. A file that comes later is looked up by its path from
	// the root, too.
	Resume map[string]Position
	// Past, when not nil, makes each of Paths that has no Resume begin in its past: in
	// the rotated files beside it, compressed or not, that were written since the
	// time it returns, oldest first; then comes the path itself. Files that were not
	// written since then have nothing newer, and are left out. The zero time is no
	// past. With FromEnd it is not asked. A Resume with the Position of a source that
	// never had a file is none here: what was rotated meanwhile is of its past.
	Past    func(path string) time.Time
	Hold    time.Duration // how long a replaced file is read on after it last grew; 0 means 10 minutes
	Poll    bool          // do not ask the system for events
	Block   int           // bytes read at once; 0 means 256 KiB, never more than MaxLine+1
	MaxLine int           // longest line delivered, in bytes of UTF-8 without its newline; 0 means 1 MiB

	open int // files to have open at most; 0 is what the system allows, see descriptors
}

const (
	defaultHold    = 10 * time.Minute
	defaultBlock   = 256 << 10
	defaultMaxLine = 1 << 20

	sweepBesideEvents = time.Second
	sweepAlone        = 250 * time.Millisecond

	mostMarks   = 512 // files remembered after they were closed
	mostNotices = 256 // notices kept for an owner who does not ask
)

// A Follower reads several sources as one owner sees them. It and its Sources
// belong to one goroutine; it holds descriptors, one goroutine for each pipe
// and one for events until Close.
type Follower struct {
	opt     Options
	pool    *blocks
	sources []*Source
	feeds   []*Source // those that are inputs
	wakes   chan struct{}
	waker   *waker // nil when polling
	marks   []done // files read to their end and closed, newest last
	notices []Notice
	opened  bool // Open is over
	closed  bool
	now     time.Time // as the owner told it last, zero during Open
	room    descriptors

	listings map[string]listing // of directories, during Open; then of the last one
	others   others             // during Open

	patterns []*pattern
	dir      string            // that relative paths are of
	names    map[string]bool   // of sources, as places
	passed   map[string]string // why a file that matches a pattern is left out, as told
	searched time.Time
}

// Open starts to follow the paths of o. A path given twice counts once.
//
// A file that is missing or may not be read is no error: Notices tells of it,
// and it is followed as soon as it can be. The errors are for paths that can
// never be followed: a directory, a socket, a device, no path at all.
func Open(o Options) (*Follower, error) {
	if len(o.Paths)+len(o.Inputs)+len(o.Patterns) == 0 {
		return nil, errors.New("no log file is named: give at least one path, or - for standard input")
	}
	if o.Stdin == nil {
		o.Stdin = os.Stdin
	}
	o.Hold = orDefault(o.Hold, defaultHold)
	o.MaxLine = orDefault(o.MaxLine, defaultMaxLine)
	o.Block = min(orDefault(o.Block, defaultBlock), o.MaxLine+1)

	paths := unique(o.Paths)
	for _, path := range paths {
		if err := followable(path); err != nil {
			return nil, err
		}
	}
	f := &Follower{
		opt: o, pool: newBlocks(o.Block, o.MaxLine), wakes: make(chan struct{}, 1),
		passed: map[string]string{}, listings: map[string]listing{},
	}
	f.dir, _ = os.Getwd() // without it relative paths are compared as they are
	f.room, f.pool.scarce = newDescriptors(mayOpen(), o.open), f.scarce
	f.pool.wide.scarce = f.scarce
	f.room.keepSpare(f.room.limit > 0)
	if !o.Poll {
		f.listen()
	}
	for i, path := range paths {
		s := &Source{f: f, index: i, name: path, fromEnd: o.FromEnd}
		f.sources = append(f.sources, s)
		p, ok := o.Resume[path]
		s.open(&p, ok)
	}
	for _, text := range o.Patterns {
		p := newPattern(text)
		f.patterns = append(f.patterns, p)
		if p.dir != "" {
			f.watch(filepath.Join(p.dir, "*"), nil)
		}
	}
	for _, in := range o.Inputs {
		s := &Source{f: f, index: len(f.sources), name: in.Name}
		f.sources = append(f.sources, s)
		s.feed(in.Feed)
	}
	f.opened, f.others = true, others{}
	clear(f.listings)
	f.tellParked()
	return f, nil
}

func orDefault[T int | time.Duration](v, usual T) T {
	if v <= 0 {
		return usual
	}
	return v
}

// unique drops the paths that name the same place as an earlier one. Two names
// of one file (a link) are a matter of the moment and left to Source.look.
func unique(paths []string) []string {
	var seen, out []string
	for _, path := range paths {
		place := path
		if abs, err := filepath.Abs(path); err == nil && path != "-" {
			place = abs
		}
		if !slices.Contains(seen, place) {
			seen = append(seen, place)
			out = append(out, path)
		}
	}
	return out
}

// Sources returns one Source for each path, then one for each input, in the
// order given.
func (f *Follower) Sources() []*Source { return f.sources }

// Wake returns a channel that holds a value when something may have happened
// since it was last received from. It is never closed.
func (f *Follower) Wake() <-chan struct{} { return f.wakes }

// Touched appends to list the sources to which something has happened since it was
// last called. An owner of thousands of sources asks those, and the ones that are
// due; it calls this before each round from the first one on.
func (f *Follower) Touched(list []*Source) []*Source {
	if f.waker == nil {
		return list
	}
	return f.waker.take(list)
}

// Sweep is how often the owner must call Next even without a wake.
func (f *Follower) Sweep() time.Duration {
	if f.waker == nil {
		return sweepAlone
	}
	return sweepBesideEvents
}

// Hurry makes Next look at every source, also at those that have been idle for
// long, and Look search at once, as before an end.
func (f *Follower) Hurry() {
	f.searched = time.Time{}
	for _, s := range f.sources {
		s.touched.Store(true)
	}
}

// Close lets go of all files and ends the goroutines. Batches not yet released
// stay valid; Next gives no more. Closing again does nothing.
//
// A read of standard input can be broken off only where the descriptor takes
// deadlines (see os.File.SetReadDeadline; a terminal and most inherited pipes
// do not). Where it does not, Close does not wait: the goroutine ends when its
// read returns, at the latest with the process.
func (f *Follower) Close() {
	if f.closed {
		return
	}
	f.closed = true
	f.room.keepSpare(false)
	if f.waker != nil {
		f.waker.close()
		f.waker = nil
	}
	f.closeFeeds()
	for _, s := range f.sources {
		s.close()
	}
}

// wake leaves a note for the owner; one is enough. It may be called from any
// goroutine.
func (f *Follower) wake() {
	select {
	case f.wakes <- struct{}{}:
	default:
	}
}

// listen starts to ask the system for events.
func (f *Follower) listen() {
	w, err := newWaker(f.wake)
	if err != nil {
		f.deaf(err)
		return
	}
	f.waker = w
}

// watch asks for events about path from now on; without them the sweep finds
// everything, only later.
func (f *Follower) watch(path string, s *Source) {
	if f.waker == nil {
		return
	}
	if err := f.waker.watch(path, s); err != nil {
		f.waker.close()
		f.deaf(err)
	}
}

// deaf goes on without events.
func (f *Follower) deaf(err error) {
	f.waker = nil
	f.notify(-1, fmt.Sprintf("the system gives no events about files (%v); looking every %v instead", err, sweepAlone))
}

// owner returns the source that reads the file info describes, if any does.
func (f *Follower) owner(info os.FileInfo) *Source {
	for _, s := range f.sources {
		if s.cur != nil && os.SameFile(s.cur.info, info) || s.heldIndex(info) >= 0 {
			if !s.parking.parked || s.still(info) {
				return s
			}
		}
	}
	return nil
}

// A listing is what was in a directory.
type listing struct {
	changed time.Time
	entries []os.DirEntry
}

// mostListed bounds what is remembered of a directory after Open.
const mostListed = 1 << 16

// list returns what is in dir, which info describes. Of ten thousand logs many lie
// in one directory, which took half a second each thousand to be listed for each
// of them; so it is remembered until dir changes, and after Open until another is
// listed.
func (f *Follower) list(dir string, info os.FileInfo) []os.DirEntry {
	if l, ok := f.listings[dir]; ok && l.changed.Equal(info.ModTime()) {
		return l.entries
	}
	f.search()
	entries, err := os.ReadDir(dir)
	// A change within the last tick of the kernel's clock may be followed by
	// another with the same time.
	if err == nil && settled(info.ModTime()) {
		if f.opened {
			clear(f.listings)
		}
		if !f.opened || len(entries) <= mostListed {
			f.listings[dir] = listing{info.ModTime(), entries}
		}
	}
	return entries
}

// siblings is the same as siblings, of dir, which info describes. It is asked for
// each log of which nothing was read yet when its directory has changed: of 4,000
// empty logs a rotation took 40 s.
func (f *Follower) siblings(dir, base string, info os.FileInfo) []sibling {
	all := among(f.list(dir, info), dir, base)
	// Only if nothing has changed since is it of one moment.
	if now, err := os.Stat(dir); err == nil && now.ModTime().Equal(info.ModTime()) && settled(info.ModTime()) {
		return all
	}
	return siblings(dir, base)
}

// siblingsIn is siblings for a directory of which nothing is known yet. Of two
// thousand logs a third was rotated while nobody read: to list their directory
// some six times for each took 6 s.
func (f *Follower) siblingsIn(dir, base string) []sibling {
	info, err := os.Stat(dir)
	if err != nil {
		return siblings(dir, base)
	}
	return f.siblings(dir, base, info)
}

// entries is list likewise.
func (f *Follower) entries(dir string) []os.DirEntry {
	info, err := os.Stat(dir)
	if err != nil {
		return nil // it may be made anew
	}
	return f.list(dir, info)
}

// done is where reading stopped in a file of a source that is closed.
type done struct {
	Mark
	source int
}

// remember keeps where reading stopped in a file that is being closed, so that
// it is not read again when a path leads to it once more.
func (f *Follower) remember(source int, m Mark) {
	f.marks = slices.DeleteFunc(f.marks, func(d done) bool { return d.source == source && d.of(&m) })
	if i := slices.IndexFunc(f.marks, func(d done) bool { return d.Path == m.Path }); i >= 0 {
		m.Path = f.marks[i].Path // one string, which was half of what all marks took
	}
	f.marks = append(f.marks, done{Mark: m, source: source})
	if len(f.marks) > mostMarks {
		f.marks = slices.Delete(f.marks, 0, 1)
	}
}

// recall resumes file where an earlier descriptor of it stopped.
func (f *Follower) recall(file *file) bool {
	for i := range f.marks {
		// The number may be of a new file by now, and a copy of the old one be
		// somewhere: only a mark that fits is used up.
		if m := f.marks[i]; file.isOf(&m.Mark) && file.resume(&m.Mark) {
			f.marks = slices.Delete(f.marks, i, i+1)
			return true
		}
	}
	return false
}

package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// A Kind is what a source is read from.
type Kind uint8

// The kinds of sources.
const (
	File   Kind = iota // a path, followed through rotation; also while nothing is there yet
	Stdin              // standard input
	FIFO               // a named pipe
	Stream             // an Input
)

// String returns file, stdin, fifo or stream.
func (k Kind) String() string {
	switch k {
	case Stdin:
		return "stdin"
	case FIFO:
		return "fifo"
	case Stream:
		return "stream"
	}
	return "file"
}

// mostHeld bounds the descriptors one source keeps of replaced files.
const mostHeld = 32

// A Source is one path, standard input or an Input, as one endless stream. It belongs to
// the owner of its Follower.
type Source struct {
	f       *Follower
	index   int
	name    string
	fromEnd bool // still to be applied to the first file

	cur    *file   // nil until there is one
	held   []*file // replaced files that may still grow, oldest first
	stream *stream // instead of files, for pipes and inputs
	from   Feed    // what the stream of an input reads

	seq   uint64
	atEnd bool
	told  string // the last notice about what is wrong with the path
	state State  // counters and what is wrong; the rest is filled in by State
}

// A State is how far a source is. It is a copy.
type State struct {
	Name    string
	Kind    Kind
	Offset  int64     // start of the first byte not delivered, in the current file or in the stream
	Size    int64     // of the current file at the last look; 0 for pipes
	Written time.Time // when the current file was last written; zero for pipes or without a file

	AtEnd   bool // the last Next found no whole line unread
	Ended   bool // standard input or an input is at its end and all of it delivered
	Missing bool // nothing has the name of the source
	Denied  bool // what has the name may not be read

	Rotations    int   // times another file took the path
	Truncations  int   // times the current or a held file lost content
	TooLong      int   // lines beyond Options.MaxLine
	PossibleLoss int64 // bytes that had been seen but were destroyed before they were read
	Dropped      int64 // messages that an input knows to be lost on their way

	Failed error // why an input or pipe that Ended can be read no further, nil where it was at its end
}

// State returns how far s is.
func (s *Source) State() State {
	st := s.state
	st.Name, st.AtEnd = s.name, s.atEnd
	if s.stream != nil {
		st.Offset, st.Ended = s.stream.offset, s.stream.ended
		if st.Ended {
			st.Failed = s.stream.err
		}
	}
	if s.from != nil {
		st.Dropped = s.from.Lost()
	}
	if s.cur != nil {
		st.Offset, st.Size, st.Written = s.cur.offset, s.cur.size, s.cur.written
	}
	return st
}

// Next returns the next whole lines of s, nil when there are none right now. It
// never waits. now becomes Batch.Read, and tells how long a replaced file has
// been quiet.
//
// Replaced files come first, oldest first; so the lines of a path keep the
// order of its files as far as its writers kept it.
func (s *Source) Next(now time.Time) *Batch {
	blk := s.block(now)
	s.atEnd = blk == nil
	if blk == nil {
		return nil
	}
	b := &blk.batch
	s.seq++
	b.Source, b.Seq, b.Read = s.index, s.seq, now
	if s.stream != nil {
		b.Written = now
	}
	s.state.TooLong += b.TooLong
	return b
}

func (s *Source) block(now time.Time) *block {
	if s.f.closed {
		return nil
	}
	// Two looks are enough: the second is for a file found by the first.
	for range 2 {
		if s.stream != nil {
			return s.pumped()
		}
		if blk := s.nextHeld(now); blk != nil {
			return blk
		}
		if s.cur != nil {
			if blk := s.read(s.cur, now); blk != nil {
				return blk
			}
		}
		if !s.look(now) {
			break
		}
	}
	return nil
}

// read reads f, whether it is the current file or a held one, and accounts for
// what was cut from it.
func (s *Source) read(f *file, now time.Time) *block {
	// After a cut there may be new content at once; cut again and again, it can
	// wait for the next look.
	for range 3 {
		blk, c, err := f.next(now)
		if err != nil {
			s.trouble(fmt.Sprintf("%v; what was read is kept, trying again", err))
			return nil
		}
		if !c.happened {
			return blk
		}
		s.state.Truncations++
		s.state.PossibleLoss += c.lost
		s.notify(cutText(s.name, c))
	}
	return nil
}

// nextHeld reads the replaced files and closes those that have been quiet.
func (s *Source) nextHeld(now time.Time) *block {
	for i := 0; i < len(s.held); {
		f := s.held[i]
		if blk := s.read(f, now); blk != nil {
			return blk
		}
		crowded := len(s.held) > mostHeld
		if !crowded && now.Sub(f.grew) < s.f.opt.Hold {
			i++
			continue
		}
		blk, done := f.finish(now)
		if !done {
			continue
		}
		if crowded {
			s.notify(fmt.Sprintf("%s: more than %d rotated files are still open, closing the oldest; "+
				"what is written to it from now on is not read", s.name, mostHeld))
		}
		s.held = slices.Delete(s.held, i, i+1)
		s.f.remember(f.mark())
		f.f.Close()
		if blk != nil {
			return blk
		}
	}
	return nil
}

// heldIndex finds the replaced file info describes, -1 if it is none.
func (s *Source) heldIndex(info os.FileInfo) int {
	return slices.IndexFunc(s.held, func(f *file) bool { return os.SameFile(f.info, info) })
}

// open is the first look.
func (s *Source) open() {
	if s.name == "-" {
		s.state.Kind = Stdin
		s.stream = newStream(s.f, s.f.opt.Stdin)
		return
	}
	s.f.watch(s.name)
	s.look(time.Time{})
	if s.state.Missing {
		s.fromEnd = false // what is created after Open is new from its first byte
	}
}

// look asks what stands at the path now; true if that is something else to read
// than before.
func (s *Source) look(now time.Time) bool {
	info, err := os.Stat(s.name)
	if err != nil {
		s.unreachable(err)
		return false
	}
	s.state.Missing = false
	switch {
	case s.cur != nil && os.SameFile(s.cur.info, info):
		s.state.Denied, s.told = false, ""
		return false
	case info.Mode().Type() == fs.ModeNamedPipe && s.cur == nil:
		return s.openPipe()
	case !info.Mode().IsRegular():
		s.trouble(fmt.Sprintf("%s: is no regular file any more; waiting for one", s.name))
		return false
	}
	if i := s.heldIndex(info); i >= 0 {
		back := s.held[i]
		s.held = slices.Delete(s.held, i, i+1)
		s.turnTo(back, now)
		return true
	}
	if other := s.f.owner(info); other != nil {
		s.trouble(fmt.Sprintf("%s: is the same file as %s; counted once", s.name, other.name))
		return false
	}
	f, err := openFile(s.name, s.f.pool)
	if err != nil {
		s.unreachable(err)
		return false
	}
	// Between stat and open the path may have come to lead to a known file; the
	// next look will sort it out.
	if s.f.owner(f.info) != nil {
		f.f.Close()
		return false
	}
	if !s.f.recall(f) && s.fromEnd {
		f.toEnd()
	}
	s.fromEnd = false
	s.turnTo(f, now)
	s.f.watch(s.name) // the path may be a link that leads elsewhere now
	return true
}

// turnTo makes f the current file; the one before is held.
func (s *Source) turnTo(f *file, now time.Time) {
	switch {
	case s.cur != nil:
		s.cur.grew = now
		s.held = append(s.held, s.cur)
		s.state.Rotations++
		s.notify(s.name + ": rotated, following the new file")
	case s.told != "":
		s.notify(s.name + ": can be read now, following it")
	}
	s.cur, s.told, s.state.Denied = f, "", false
}

// openPipe begins to read a named pipe.
func (s *Source) openPipe() bool {
	s.state.Kind = FIFO
	f, err := openFIFO(s.name)
	if err != nil {
		s.unreachable(err)
		return false
	}
	s.told, s.state.Denied = "", false
	s.stream = newStream(s.f, f)
	return true
}

// pumped takes what the pump of a pipe has ready.
func (s *Source) pumped() *block {
	blk := s.stream.next()
	if blk == nil && s.stream.ended && s.stream.err != nil {
		s.f.hearFeeds() // what led to it comes first
		s.trouble(fmt.Sprintf("%s: %v; it is read no further", s.name, s.stream.err))
	}
	return blk
}

// unreachable notes why the path leads to nothing that can be read.
func (s *Source) unreachable(err error) {
	s.state.Missing = errors.Is(err, fs.ErrNotExist)
	s.state.Denied = errors.Is(err, fs.ErrPermission)
	switch {
	case s.state.Missing && s.cur != nil:
		s.trouble(s.name + ": has been moved or deleted; reading on from the open file until there is a new one")
	case s.state.Missing:
		s.trouble(missingText(s.name))
	case s.state.Denied:
		s.trouble(deniedText(s.name, whoMayRead(s.name)))
	default:
		s.trouble(fmt.Sprintf("%s: %v; trying again", s.name, err))
	}
}

// trouble tells what is wrong, once until it is over or something else is.
func (s *Source) trouble(text string) {
	if text != s.told {
		s.told = text
		s.notify(text)
	}
}

func (s *Source) notify(text string) { s.f.notify(s.index, text) }

func (s *Source) close() {
	for _, f := range s.held {
		f.f.Close()
	}
	if s.cur != nil {
		s.cur.f.Close()
	}
	s.held, s.cur = nil, nil
	if s.stream != nil {
		s.stream.close()
	}
}

package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"weir/internal/charset"
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
	held   []past  // what is still to be read before it, or may grow, oldest first
	stream *stream // instead of files, for pipes and inputs
	from   Feed    // what the stream of an input reads

	opened    bool // the first look is over
	early     bool // held begins with the past of Options.Past
	strangers []stranger
	dirTime   time.Time // modification time of the directory when it was last searched

	touched atomic.Bool // the system has told of an event since the last look
	due     time.Time   // of the next look without an event
	changed time.Time   // when a look last found something new
	parking parking

	seq    uint64
	atEnd  bool
	told   string           // the last notice about what is wrong with the path
	sick   past             // the file whose last read failed
	wide   charset.Encoding // the last of its encodings that was told of
	expect charset.Encoding // of its last lines, and so perhaps of a file without a mark
	state  State            // counters and what is wrong; the rest is filled in by State
}

// past is a file that is not at the path any more, with something to read yet
// or a writer that may not have let go of it.
type past interface {
	next(now time.Time) (*block, cut, error)
	ripe(now time.Time, hold time.Duration) bool // nothing more is expected
	finish(now time.Time) (blk *block, done bool)
	accounted() int64
	unread() int64 // bytes not read yet, as they stand on the disk
	mark(m *Mark)
	number() (device, inode uint64) // where the bytes of its batches stand, 0 if that is not known
	where() string                  // it was found
	is(info os.FileInfo) bool
	close()
}

// A State is how far a source is. It is a copy, and one because owners ask for all
// of it at once.
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
	Unfound bool // the place where Options.Resume says that reading stopped is gone

	Rotations    int   // times another file took the path
	Truncations  int   // times the current or a held file lost content
	TooLong      int   // lines beyond Options.MaxLine
	Undecodable  int64 // what was no character in UTF-16; each is U+FFFD
	Recovered    int64 // bytes of lines read from copies and from files that had left the path before they were seen
	Zeros        int64 // zero bytes passed over, where nobody had written
	PossibleLoss int64 // bytes that had been seen but were destroyed before they were read
	Held         int   // replaced files that are still read, when they grow
	Behind       int64 // bytes still to be read in files before the current one; of a compressed one as it is compressed
	CaughtUp     int64 // bytes of such files that were read, counted as for Behind
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
		if s.parking.parked {
			st.Size = s.cur.rest.mark.Size
		}
	}
	st.Held = len(s.held)
	for _, p := range s.held {
		st.Behind += p.unread()
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
	s.f.now = now
	if s.Waits(now) || !s.touched.Swap(false) && s.idle(now) {
		return nil
	}
	s.pin()
	blk := s.block(now)
	s.atEnd = blk == nil
	if blk == nil {
		s.pause(now)
		s.unpin()
		return nil
	}
	s.changed, s.due = now, time.Time{}
	s.unpin()
	return s.handOut(blk, now)
}

// handOut makes blk the next batch of s.
func (s *Source) handOut(blk *block, now time.Time) *Batch {
	b := &blk.batch
	s.seq++
	b.Source, b.Seq, b.Read = s.index, s.seq, now
	if b.Encoding != charset.UTF8 {
		s.decoded(b)
	}
	if len(b.Data) > 0 {
		s.expect = b.Encoding
	}
	if s.stream != nil {
		b.Written = now
	}
	s.state.TooLong += b.TooLong
	return b
}

// decoded accounts for lines that were not in UTF-8, and tells of the first.
func (s *Source) decoded(b *Batch) {
	s.state.Undecodable += int64(b.Undecodable)
	if s.wide != b.Encoding {
		s.wide = b.Encoding
		s.notify(fmt.Sprintf("%s: text in %s, read as UTF-8", s.name, b.Encoding))
	}
}

func (s *Source) block(now time.Time) *block {
	if s.f.closed || s.parking.parked && !s.back(now) {
		return nil
	}
	s.parking.restless = false
	// Two looks are enough: the second is for a file found by the first.
	for range 2 {
		if s.stream != nil {
			return s.pumped()
		}
		if blk := s.nextHeld(now); blk != nil {
			return blk
		}
		if s.cur != nil {
			if s.cur.unanchored() && s.missed() {
				if blk := s.nextHeld(now); blk != nil {
					return blk
				}
			}
			if blk := s.readOn(now); blk != nil {
				return blk
			}
		}
		if !s.look(now) {
			return nil
		}
	}
	s.parking.restless = true
	return nil
}

// readOn reads the current file. What was copied away before the first of its
// lines were read comes before them: as long as nothing of it was read, the file
// itself does not show that it had others.
func (s *Source) readOn(now time.Time) *block {
	for range 4 {
		cur, before, counted := s.cur, *s.cur, s.state
		blk, restarted := s.read(cur, now)
		if restarted {
			// To find its copy takes time, in which it may be copied and cut again.
			if blk := s.nextHeld(now); blk != nil {
				return blk
			}
			continue
		}
		// Half a line is no block, but from then on the file is known by it.
		if !before.unanchored() || blk == nil && cur.unanchored() {
			return blk
		}
		after, counts := *cur, s.state
		*cur, s.state = before, counted
		if !s.missed() {
			*cur, s.state = after, counts
			return blk
		}
		if blk != nil {
			blk.batch.Release()
		}
		if blk := s.nextHeld(now); blk != nil {
			return blk
		}
	}
	s.parking.restless = true
	return nil
}

// read reads f, whether it is the current file or a past one, and accounts for
// what was cut from it. restarted says that it is the current one, which is to be
// read from its start now.
func (s *Source) read(f past, now time.Time) (blk *block, restarted bool) {
	// After a cut there may be new content at once; cut again and again, it can
	// wait for the next look.
	for range 3 {
		blk, c, err := f.next(now)
		s.state.PossibleLoss += f.accounted()
		if open, ok := f.(*file); ok {
			s.state.Zeros, open.zeros = s.state.Zeros+open.zeros, 0
		}
		if err != nil {
			s.sick = f
			s.trouble(fmt.Sprintf("%v; %s", err, afterError(err)))
			return nil, false
		}
		if s.sick == f {
			s.sick, s.told = nil, ""
		}
		if !c.happened {
			return blk.from(f), false
		}
		s.state.Truncations++
		from := ""
		cur, ok := f.(*file)
		if restarted = ok && cur == s.cur && c.restart(); restarted {
			from = s.recover(&c)
		}
		s.state.PossibleLoss += c.lost
		s.notify(cutText(s.name, c, from))
		if restarted {
			return nil, true
		}
	}
	s.parking.restless = true
	return nil, false
}

// recover finds what the current file held before it was cut, in the copy that
// was made of it. It returns where, "" if nowhere.
func (s *Source) recover(c *cut) string {
	q, newer := s.hunt(&c.mark, s.cur.info)
	if dir, base := filepath.Split(filepath.Clean(s.name)); len(newer) > 0 {
		if _, ok := s.stands(siblings(orDot(dir), base)); !ok {
			newer = nil // they may be of other files; see turnTo
		}
	}
	switch {
	case q.copy != nil:
		q.copy.joins = true
		s.held = append(s.held, q.copy)
		// The copy has the half line as well.
		s.cur.carry = nil
		c.half, c.lost = 0, max(0, c.size-q.copy.info.Size())
		if q.copy.packed() {
			c.lost = 0 // how long the text is will be seen at its end
		}
	case q.file != nil: // it was renamed in the moment between
		q.file.close()
		return ""
	case !q.short && len(newer) == 0:
		return ""
	}
	between := s.fetchNewer(newer, s.cur, true)
	if q.copy == nil {
		s.cur.passOn(between)
	}
	s.held = append(s.held, between...)
	if q.at.path == "" && len(between) > 0 {
		return newer[0].path
	}
	return q.at.path
}

// nextHeld reads what was at the path before and lets go of what is done.
func (s *Source) nextHeld(now time.Time) *block {
	for i := 0; i < len(s.held); {
		p := s.held[i]
		copied, isCopy := p.(*remnant)
		was := p.unread()
		blk, _ := s.read(p, now)
		s.state.CaughtUp += max(0, was-p.unread())
		if blk != nil {
			if isCopy && !copied.past {
				s.state.Recovered += int64(len(blk.batch.Data))
			}
			return blk
		}
		ripe := p.ripe(now, s.f.opt.Hold)
		crowded := !ripe && len(s.held) > mostHeld && !isCopy
		if !crowded && !ripe {
			i++
			continue
		}
		if isCopy && (copied.joins || s.joinsNext(i, copied)) {
			s.handOn(i, copied.rest(), copied.e)
		}
		blk, done := p.finish(now)
		s.state.PossibleLoss += p.accounted()
		if !done {
			continue
		}
		if crowded {
			s.notify(fmt.Sprintf("%s: more than %d rotated files are still open, closing the oldest; "+
				"what is written to it from now on is not read", s.name, mostHeld))
		}
		s.held = slices.Delete(s.held, i, i+1)
		s.forget(p)
		if blk != nil {
			return blk.from(p)
		}
	}
	return nil
}

// forget closes p, and keeps where it was read to.
func (s *Source) forget(p past) {
	var m Mark
	p.mark(&m)
	s.f.remember(s.index, m)
	p.close()
}

// handOn gives the part of a line at the end of s.held[i] to what follows it.
func (s *Source) handOn(i int, rest []byte, e charset.Encoding) {
	if len(rest) == 0 {
		return
	}
	if i+1 < len(s.held) {
		switch next := s.held[i+1].(type) {
		case *remnant:
			next.inherit(rest, e)
			return
		case *file:
			if next.offset == 0 && next.pos == 0 {
				next.inherit(rest, e)
				return
			}
		}
	}
	if s.cur != nil && s.cur.offset == 0 {
		s.cur.inherit(rest, e)
	}
}

// heldIndex finds the replaced file info describes, -1 if it is none.
func (s *Source) heldIndex(info os.FileInfo) int {
	return slices.IndexFunc(s.held, func(p past) bool { return p.is(info) })
}

// open is the first look; p is where an earlier process stopped, if it did.
func (s *Source) open(p *Position, resume bool) {
	if s.name == "-" {
		s.state.Kind = Stdin
		s.stream = newStream(s.f, s.f.opt.Stdin)
		return
	}
	s.pin()
	defer s.unpin()
	s.f.watch(s.name, s)
	switch from := s.f.since(s.name); {
	case resume && (p.begun() || from.IsZero()):
		s.fromEnd = false
		s.goOn(func() { s.resume(p) }, time.Time{})
	case !from.IsZero():
		s.openPast(from)
	default:
		s.strangers, s.dirTime = s.beside()
		s.look(time.Time{})
	}
	s.opened = true
	if s.state.Missing {
		s.fromEnd = false // what is created after Open is new from its first byte
	}
}

// goOn finds what there is of files that were read before, which find does, what
// stands at the path now, and what has left it meanwhile.
func (s *Source) goOn(find func(), now time.Time) {
	strangers, changed := s.beside()
	find()
	if s.cur != nil && s.cur.unanchored() {
		s.missed()
	}
	// What is there and was not taken is of old. Only now, or what find is to find
	// would be, too.
	s.strangers, s.dirTime = strangers, changed
	found := s.cur != nil
	s.opened = false
	s.look(now)
	s.opened = true
	if !found && s.cur != nil {
		s.arrived(s.cur)
	}
}

// openPipe begins to read a named pipe.
func (s *Source) openPipe() bool {
	s.state.Kind = FIFO
	f, err := openFIFO(s.name)
	for err != nil && s.f.scarce(err) {
		f, err = openFIFO(s.name)
	}
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
	for _, p := range s.held {
		p.close()
	}
	if s.cur != nil {
		s.cur.close()
	}
	s.held, s.cur = nil, nil
	if s.stream != nil {
		s.stream.close()
	}
}

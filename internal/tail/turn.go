package tail

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// look asks what stands at the path now; true if that is something else to read
// than before.
func (s *Source) look(now time.Time) bool {
	info, err := os.Stat(s.name)
	s.parking.path, s.parking.err = info, err
	if err != nil {
		s.unreachable(err)
		return false
	}
	s.state.Missing = false
	switch {
	case s.cur != nil && os.SameFile(s.cur.info, info):
		s.state.Denied = false
		if s.sick == nil {
			s.told = ""
		}
		if !s.cur.unanchored() { // else a copy of the same time may have all of it
			s.cur.stood = info.ModTime()
		}
		return false
	case info.Mode().Type() == fs.ModeNamedPipe && s.cur == nil:
		return s.openPipe()
	case !info.Mode().IsRegular():
		s.trouble(fmt.Sprintf("%s: is no regular file any more; waiting for one", s.name))
		return false
	}
	if i := s.heldIndex(info); i >= 0 {
		if back, ok := s.held[i].(*file); ok {
			s.held = slices.Delete(s.held, i, i+1)
			s.turnTo(back, now)
			return true
		}
	}
	if other := s.f.owner(info); other != nil {
		s.trouble(fmt.Sprintf("%s: is the same file as %s; counted once", s.name, other.name))
		return false
	}
	s.count()
	s.f.makeRoom(1)
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
	if !f.known {
		f.e = s.expect
	}
	s.fromEnd = false
	s.turnTo(f, now)
	s.f.watch(s.name, s) // the path may be a link that leads elsewhere now
	return true
}

// turnTo makes f the current file; the one before is held, and what came between
// the two is read before f.
func (s *Source) turnTo(f *file, now time.Time) {
	switch {
	case s.cur != nil && !s.rotatedAway() && f.continues(s.cur):
		s.notify(s.name + ": replaced by a copy of itself, reading on in it")
		s.cur.left, s.cur.copied = now, true
		// It may have been truncated, and copied before, while older files were read.
		dir, base := filepath.Split(filepath.Clean(s.name))
		s.held = append(s.held, s.fetchNewer(since(siblings(orDot(dir), base), s.cur.stood), f, false)...)
		s.hold(s.cur)
	case s.cur != nil:
		s.rotated(f, now)
	default:
		if s.told != "" {
			s.notify(s.name + ": can be read now, following it")
		}
		if s.opened {
			s.arrived(f)
		}
	}
	f.copied = false
	s.cur, s.sick, s.told, s.state.Denied = f, nil, "", false
}

// rotated holds the current file, whose path f has now, and what came between the two.
func (s *Source) rotated(f *file, now time.Time) {
	s.cur.left = now
	var m Mark
	s.cur.mark(&m)
	s.state.Rotations++
	s.notify(s.name + ": rotated, following the new file")
	q, newer := s.hunt(&m, f.info)
	defer q.close()
	next := s.grown(&q, &m, f)
	if next == nil {
		s.held = append(s.held, s.cur)
	} else {
		s.passBy(s.cur)
		s.held = append(s.held, next)
		s.state.Rotations++
	}
	at := len(s.held) - 1
	between := s.fetchNewer(newer, f, false)
	s.state.Rotations += len(between)
	s.held = append(s.held, between...)
	s.cur = f
	if next, ok := next.(*file); ok {
		// It was copied, and then truncated, if its last line goes on behind it.
		if half, e := next.lastHalf(); len(half) > 0 && s.goesOnBehind(at, half, e) {
			next.close()
			q.copy.past, s.held[at], q.copy = true, q.copy, nil
		}
	}
}

// hold keeps old, of which there is a copy with more in it. Half a line at its end
// is whole in the copy.
func (s *Source) hold(old *file) {
	if len(old.half) > 0 {
		s.forget(old)
		return
	}
	s.held = append(s.held, old)
}

// passBy is hold for a file that is read on in its copy: all it has by now comes from
// there.
func (s *Source) passBy(old *file) {
	old.copied = true
	if len(old.half) == 0 {
		old.toEnd()
		old.half = append(old.half, old.trim(old.slice(old.offset, compared))...)
	}
	s.hold(old)
}

// grown is the copy q of the current file, which m is the place in, if it has more
// than that or its writer may still be there: then it took the path after it, and has
// left it again, for present. It is read on from m, as a file that may still grow if
// it is not compressed.
func (s *Source) grown(q *quarry, m *Mark, present *file) past {
	if q.copy == nil {
		return nil
	}
	whole, more := s.compare(q, m)
	c := q.copy
	if !whole || s.isOld(q, m, present) {
		return nil
	}
	if !more && (c.packed() || len(s.cur.half) > 0) {
		s.allRead(c)
		return nil
	}
	if c.packed() {
		c.past, q.copy = true, nil // half a line at its end may go on, if it had been copied and truncated
		return c
	}
	again, err := q.at.open(s.f.pool)
	if err != nil {
		return nil
	}
	f := again.log()
	if !f.resume(m) {
		f.close()
		return nil
	}
	return f
}

// compare reports whether the copy q holds all that the current file does, which m is
// the place in, and whether it has more.
func (s *Source) compare(q *quarry, m *Mark) (whole, more bool) {
	size, err := s.cur.length()
	if err != nil {
		return false, false
	}
	end := *m
	if size > m.Offset {
		n := min(size, int64(s.cur.reach()))
		tail := s.cur.slice(size-n, n)
		end.Offset, end.Anchor, end.Anchored = size, sumOf(tail), len(tail)
	}
	c, err := q.at.open(s.f.pool)
	if err != nil {
		return false, false
	}
	defer c.close()
	whole, _, _ = c.seek(&end)
	return whole, whole && !c.atEnd()
}

// isOld reports whether the copy q was there before the current file, or was read
// already: a header, all there is of the current file, may be in any of them.
func (s *Source) isOld(q *quarry, m *Mark, present *file) bool {
	if s.f.owner(q.copy.info) != nil || slices.ContainsFunc(s.strangers, func(o stranger) bool { return o.is(&q.at, s.f.pool) || o.packedAs(q.copy) }) {
		return true
	}
	// As in hunt, times say nothing where the clock was set back.
	if q.copy.info.ModTime().Before(m.Written) && !present.info.ModTime().Before(m.Written) {
		return true
	}
	for _, known := range s.f.readAs(q.copy.sums.of(q.copy.prefix)) {
		if known.Offset <= m.Offset {
			break
		}
		c, err := q.at.open(s.f.pool)
		if err != nil {
			return true
		}
		ok, _, _ := c.seek(known)
		c.close()
		if ok {
			return true
		}
	}
	return false
}

// arrived reads what came and went before the first file was seen at the path.
func (s *Source) arrived(f *file) {
	s.f.search()
	dir, base := filepath.Split(filepath.Clean(s.name))
	// A stranger may have been compressed meanwhile: then its time tells.
	var start time.Time
	for _, old := range s.strangers {
		if t := old.info.ModTime().Add(1); t.After(start) {
			start = t
		}
	}
	between := s.fetchNewer(since(siblings(orDot(dir), base), start), f, false)
	s.state.Rotations += len(between)
	s.held = append(s.held, between...)
}

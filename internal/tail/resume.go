package tail

import (
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	mostRead = 16 // files of Position.Read, the last ones
	mostNews = 48 // beside them, of those with times that mislead
)

// Position tells where s is: behind the last batch that Next gave. It is empty
// for pipes, which cannot be read again. Lines handed out count as read, whether
// they were dealt with is the owner's to know.
func (s *Source) Position() Position {
	var p Position
	s.PositionInto(&p)
	return p
}

// PositionInto is Position for an owner who asks with each batch: it overwrites p
// and uses its memory again. What p held before must not be in use any more, but
// what its Marks refer to (Prefix, Carry) is never changed.
func (s *Source) PositionInto(p *Position) {
	*p = Position{Files: p.Files[:0], Read: p.Read[:0]}
	for _, h := range s.held {
		if f, ok := h.(*file); ok && f.copied {
			continue // by its content the copy would be found for both
		}
		h.mark(p.next())
	}
	if s.cur != nil {
		s.cur.mark(p.next())
		p.Live = true
	}
	s.readBefore(p)
	if n := len(p.Read); len(p.Files) == 0 && n > 0 {
		// Nothing has the path, and all there was has been read: what takes the path
		// next comes behind that.
		p.Files, p.Read = append(p.Files, p.Read[n-1]), p.Read[:n-1]
	}
	if len(p.Files) == 0 {
		p.Files = nil
	}
	if len(p.Read) == 0 {
		p.Read = nil
	}
}

// next is room for another of p.Files.
func (p *Position) next() *Mark {
	if n := len(p.Files); n < cap(p.Files) {
		p.Files = p.Files[:n+1]
	} else {
		p.Files = append(p.Files, Mark{})
	}
	return &p.Files[len(p.Files)-1]
}

// readBefore adds the files that were read to their end: the last ones, and those
// that by their times could be taken for newer than what is read now.
func (s *Source) readBefore(p *Position) {
	var since time.Time
	if n := len(p.Files); n > 0 {
		since = p.Files[n-1].Written
	}
	mine, news := 0, 0
	for i := range s.f.marks {
		if s.f.marks[i].source == s.index {
			mine++
		}
	}
	for i := range s.f.marks {
		d := &s.f.marks[i]
		if d.source != s.index {
			continue
		}
		mine--
		if mine < mostRead || news < mostNews && !d.Written.Before(since) {
			p.Read = append(p.Read, d.Mark)
			if mine >= mostRead {
				news++
			}
		}
	}
}

// resume finds the files of p again and puts what they still have to give in
// order: what was rotated since, and what came and went meanwhile. The file that
// is at the path now is left to look, unless it is the one that was.
func (s *Source) resume(p *Position) {
	for _, m := range p.Read {
		if m.sound() {
			s.f.remember(s.index, m)
		}
	}
	for i := range p.Files {
		m := &p.Files[i]
		s.expect = m.Encoding
		if !m.sound() {
			s.notify(fmt.Sprintf("%s: the place where reading stopped (byte %d) is damaged; reading its file from the start", s.name, m.Offset))
			m = &Mark{Path: m.Path, Device: m.Device, Inode: m.Inode, Born: m.Born}
		}
		s.trace(m, i == len(p.Files)-1, p.Live)
	}
}

// trace finds the file of m again, under whatever name, or a copy of it, and puts
// what is left to read of it in order; false where it is gone. After the last
// file come those that took the path since, except the one that has it now. live
// says that the last was at the path.
func (s *Source) trace(m *Mark, last, live bool) bool {
	if last && live {
		if f := s.openAt(s.name, m); f != nil {
			s.cur = f
			return true
		}
	}
	present, err := os.Stat(s.name)
	if err != nil {
		present = nil
	}
	q, newer := s.hunt(m, present)
	found := q.file != nil || q.copy != nil
	if !found && last && s.replaced(m) {
		return true
	}
	// The same file with other content was truncated, and perhaps copied.
	joins := m.Joins || s.standsYet(m)
	s.held = append(s.held, s.rest(&q, m, joins)...)
	if !found && !q.short {
		s.gone(m, last)
	}
	if last {
		between := s.newerThan(newer, joins)
		if c, ok := first(between).(*remnant); ok && joins && !found {
			c.inherit(slices.Clone(m.Carry), m.Encoding)
		}
		s.state.Rotations += len(between)
		s.held = append(s.held, between...)
		if joins && m.Offset == 0 && q.copy != nil {
			s.before(q.copy, between)
		}
		if !joins {
			s.state.Rotations++
		}
	}
	return found || q.short
}

// before puts those of between that were made before c in front of it. Of the file
// at the path nothing had been read: then c is of what it held when its mark was
// made, and it may have been copied and cut some times between the last look and
// that. What it carried goes on in the first of those copies.
func (s *Source) before(c *remnant, between []past) {
	var older []past
	for _, p := range between {
		if b, ok := p.(*remnant); ok && b.offset == b.base && b.info.ModTime().Before(c.info.ModTime()) {
			older = append(older, p)
		}
	}
	if len(older) == 0 {
		return
	}
	s.held = slices.DeleteFunc(s.held, func(p past) bool { return slices.Contains(older, p) })
	s.held = slices.Insert(s.held, slices.Index(s.held, past(c)), older...)
	if carry := c.carry; len(carry) > 0 {
		c.carry = nil
		c.shelve()
		older[0].(*remnant).inherit(carry, c.e)
	}
}

// standsYet reports whether the file of m is at the path, whatever it holds now.
func (s *Source) standsYet(m *Mark) bool {
	f, err := openFile(s.name, s.f.pool)
	if err != nil {
		return false
	}
	defer f.close()
	return f.isOf(m)
}

// newerThan is fetchNewer with whatever is at the path.
func (s *Source) newerThan(newer []sibling, joins bool) []past {
	present, err := openFile(s.name, s.f.pool)
	if err != nil {
		return s.fetchNewer(newer, nil, joins)
	}
	defer present.close()
	return s.fetchNewer(newer, present, joins)
}

func first(all []past) past {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// rest is the unread rest of what was found.
func (s *Source) rest(q *quarry, m *Mark, joins bool) []past {
	if q.file != nil && joins {
		// A copy that was being read: nobody writes to it.
		c, err := newRemnant(q.file.f, q.file.path, s.f.pool)
		q.file = nil
		if err != nil {
			return nil
		}
		if ok, _, _ := c.seek(m); !ok {
			c.close()
			return nil
		}
		q.copy = c
	}
	switch {
	case q.copy != nil:
		// What it is known by is more than a number that was given again.
		if i := s.heldIndex(q.copy.info); i >= 0 {
			s.held[i].close()
			s.held = slices.Delete(s.held, i, i+1)
		}
		q.copy.joins, q.copy.past = joins, m.Past
		if q.copy.offset == q.copy.base && len(q.copy.carry) == 0 && !q.copy.blind {
			q.copy.shelve()
		}
		return []past{q.copy}
	case q.file != nil:
		q.file.past, q.file.quiet = m.Past, m.Quiet
		return []past{q.file}
	}
	return nil
}

// replaced goes on in the file at the path if it has the content of m, though it
// is another: that of a disk mounted anew, or a copy; or if it was cut short.
func (s *Source) replaced(m *Mark) bool {
	f, err := openFile(s.name, s.f.pool)
	if err != nil {
		return false
	}
	if len(m.Prefix) > 0 && s.f.owner(f.info) == nil && (f.resume(m) || f.shortened(m)) {
		s.cur = f
		return true
	}
	f.close()
	return false
}

// shortened moves f behind all it holds, if it is the file of m with less in it.
func (f *file) shortened(m *Mark) bool {
	head, _ := f.head()
	return f.size < m.Offset && len(head) == prefixSize && m.begins(head) && f.moveTo(f.size, false) == nil
}

// gone accounts for a file that is not to be found any more. It is told if bytes
// went with it, or if it was the last one: then it is the place to go on that is
// gone. One that was only held, in case its writer came back, is not missed.
func (s *Source) gone(m *Mark, last bool) {
	lost := max(0, m.Size-m.Offset-int64(len(m.Carry)))
	s.state.PossibleLoss += lost
	if lost == 0 && !last {
		return
	}
	s.state.Unfound = true
	text := fmt.Sprintf("%s: the file that was read up to byte %d is gone", s.name, m.Offset)
	if lost > 0 {
		text += fmt.Sprintf(", and %d bytes with it", lost)
	}
	s.notify(text + "; reading on with what came after it")
}

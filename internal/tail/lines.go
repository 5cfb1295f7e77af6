package tail

import "time"

// SeekLast makes reading of the current file start n whole lines before its
// end, or at its start if it has fewer; with 0 behind the last whole line. A line
// at the end that has no newline yet is not counted: it comes when it is whole.
// For pipes, and without a file, nothing happens.
func (s *Source) SeekLast(n int64) {
	s.awake()
	if s.cur == nil {
		return
	}
	size, err := s.cur.length()
	if err != nil {
		return
	}
	s.cur.sniff()
	size = s.cur.aligned(size)
	const step = 64 << 10
	whole := false // a newline was seen
	for to := size; to > 0; {
		if !whole && size-to > int64(s.cur.pool.line) {
			break
		}
		from := max(0, to-step)
		b := s.cur.slice(from, to-from)
		if int64(len(b)) < to-from {
			return // it shrank just now; the next read will see
		}
		for len(b) > 0 {
			i, end := s.cur.lastLineEnd(b, from)
			if i < 0 {
				break
			}
			if whole = true; n == 0 {
				_ = s.cur.moveTo(from+int64(end), false)
				return
			}
			n--
			b = b[:i]
		}
		to = from
	}
	if whole {
		_ = s.cur.moveTo(0, false)
		return
	}
	s.cur.toEnd()
}

// SeekLine makes reading of the current file start at line n, from 1, or behind
// the last whole line if there are fewer. For pipes, and without a file, nothing
// happens.
func (s *Source) SeekLine(n int64) {
	s.awake()
	if s.cur == nil {
		return
	}
	size, err := s.cur.length()
	if err != nil {
		return
	}
	s.cur.sniff()
	at := int64(0)
	if n > 1 {
		at = int64(s.cur.parity())
	}
	for buf := make([]byte, 64<<10); n > 1; {
		got, _ := readAt(s.cur.f, buf[:min(int64(len(buf)), size-at)], at)
		if got <= 0 {
			s.cur.toEnd()
			return
		}
		b := buf[:got]
		for n > 1 && len(b) > 0 {
			end := s.cur.lineEnd(b)
			if end == 0 {
				b = nil
				break
			}
			b, n = b[end:], n-1
		}
		at += int64(got - len(b))
	}
	_ = s.cur.moveTo(at, false) // a failure leaves it at the start: more is read
}

// Finish is Next for an owner who will read no more: when there are no whole
// lines left it gives the one that has no newline, with one. It is nil when that
// was given, too.
func (s *Source) Finish(now time.Time) *Batch {
	look := func() *Batch {
		s.touched.Store(true) // however long it has been idle
		return s.Next(now)
	}
	if b := look(); b != nil {
		return b
	}
	s.awake()
	for !s.f.closed && len(s.held) > 0 {
		p := s.held[0]
		blk, done := p.finish(now)
		s.state.PossibleLoss += p.accounted()
		if !done {
			return look()
		}
		s.held = s.held[1:]
		s.forget(p)
		if blk != nil {
			return s.handOut(blk.from(p), now)
		}
	}
	if s.f.closed || s.cur == nil {
		return nil
	}
	blk, done := s.cur.finish(now)
	s.state.PossibleLoss += s.cur.accounted()
	switch {
	case !done:
		return look()
	case blk == nil:
		return nil
	}
	return s.handOut(blk.from(s.cur), now)
}

// Unread is how many bytes of the files of p, as far as they were seen, are
// still to be read. A line that is not finished counts.
func (p *Position) Unread() int64 {
	n := int64(0)
	for i := range p.Files {
		n += max(0, p.Files[i].Size-p.Files[i].Offset)
	}
	return n
}

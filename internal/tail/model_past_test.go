package tail

import (
	"slices"
	"time"
)

// startInPast starts the reader beside a log that has been rotated some times, in
// its past, of which a part may be left out. The rotations go on while that is
// read, and the reader may be ended and started again. How the log is rotated does
// not change: a file that was renamed, copied and truncated before anyone has looked
// into it cannot be told from others.
func (m *model) startInPast() {
	rename := m.rnd.IntN(2) == 0
	for range 1 + m.rnd.IntN(4) {
		m.meanwhile(rename, m.rnd.IntN(2) == 0)
	}
	m.since = noon().Add(-time.Hour)
	if m.rnd.IntN(3) == 0 {
		m.since = noon().Add(time.Duration(m.rnd.IntN(20)) * time.Second)
	}
	m.o.Past = func(string) time.Time { return m.since }
	m.beginInPast(m.o)
	for range m.rnd.IntN(3) {
		m.nibble(m.rnd.IntN(6))
		m.meanwhile(rename, false)
		if m.rnd.IntN(3) == 0 {
			m.startAgain(func() { m.meanwhile(rename, false) })
		}
	}
	m.look()
}

// beginInPast starts the reader in the past.
func (m *model) beginInPast(o Options) {
	if n := m.live; n != nil && n.written.Before(m.since) {
		m.since = n.written // a file that was written after the log is news at the next start
	}
	m.s.start(o)
	m.pasts++
	m.begin(m.since)
}

// nibble lets the reader take n blocks of the past, which changes nothing for the
// model; and all there is, once that has brought it to the current file.
func (m *model) nibble(n int) {
	src := m.s.src
	before := slices.Clone(src.held)
	for range n {
		if len(src.held) == 0 {
			m.look()
			return
		}
		cur := src.cur
		src.touched.Store(true)
		b := src.Next(m.s.now)
		beyond := b == nil || src.cur != cur || slices.ContainsFunc(src.held, func(p past) bool { return !slices.Contains(before, p) })
		if b != nil {
			if cur != nil {
				_, inode := cur.number()
				beyond = beyond || b.Inode == inode
			}
			m.s.take(b)
		}
		if beyond {
			m.look()
			return
		}
	}
}

// begin takes the past: all of what will not change any more, and of what may the
// lines that are there.
func (m *model) begin(since time.Time) {
	for _, n := range slices.Backward(m.rotated) {
		if n.open = true; n.written.Before(since) {
			n.w = nil // nobody comes back to what has been left for so long
			continue
		}
		n.when = n.written
		if !n.packed {
			m.behind = n
			m.held = append(m.held, n)
			m.lines(n)
			continue
		}
		if len(n.bytes) < firstPrefix {
			continue
		}
		m.behind = n
		if half := m.leave(n.bytes); len(half) > 0 {
			m.take(append(half, '\n'))
		}
		n.taken = len(n.bytes)
	}
	m.old()
	if m.cur = m.live; m.cur != nil {
		m.cur.open, m.cur.when = true, m.cur.written
	}
}

package tail

import (
	"bytes"
	"os"
	"slices"
)

// replace puts another file in the place of the log, with the same content and more,
// as an editor does that a writer goes on behind. Before anyone looks it may have been
// rotated in its turn, and compressed.
func (m *model) replace() {
	m.look()
	old := m.live
	if m.parked || old == nil || old != m.cur || old.w == nil || len(old.carry) > 0 || bytes.Count(old.bytes[:old.taken], newline) < 3 {
		return
	}
	m.replaced++
	if m.rnd.IntN(2) == 0 {
		m.put(old, m.s.line())
	}
	if m.rnd.IntN(3) == 0 {
		m.put(old, m.half())
	}
	n := &node{path: m.s.path, bytes: bytes.Clone(old.bytes), marked: old.marked, like: old}
	m.s.must(os.WriteFile(m.s.path+".tmp", m.disk(n), 0o644))
	m.s.must(os.Rename(m.s.path+".tmp", m.s.path))
	n.w = m.s.writer()
	m.live, old.path = n, ""
	if !old.whole() || m.rnd.IntN(2) == 0 {
		old.w = nil // what it would write to the rest of a line is not expected
	}
	m.nodes = append(m.nodes, n)
	m.touch(n)
	m.endLine(n)
	for range m.rnd.IntN(4) {
		m.put(n, m.s.line())
	}
	switch m.rnd.IntN(4) {
	case 0:
		if m.rnd.IntN(2) == 0 {
			m.put(n, m.half())
		}
	case 1:
		m.copyTruncate(false)
	default:
		if m.rnd.IntN(3) == 0 {
			m.put(n, m.half())
		}
		m.rename()
		m.create()
	}
	if len(m.rotated) > 0 && (m.rotated[0] == n || m.rotated[0].of == n) && m.rnd.IntN(3) > 0 {
		m.pack(m.rotated[0])
	}
	for range m.rnd.IntN(3) {
		m.put(m.live, m.s.line())
	}
	m.look()
}

// whole reports whether n ends in a newline.
func (n *node) whole() bool { return bytes.HasSuffix(n.bytes, newline) }

// endLine writes on where n ends in half a line.
func (m *model) endLine(n *node) {
	if !n.whole() {
		m.put(n, m.s.line())
	}
}

// regrown takes what was written to the file that replaced old with the same content,
// be it still at the path or not: what old has was taken.
func (m *model) regrown(old *node) {
	if m.live != nil && m.live.like == old && m.live.life == 0 {
		m.live.taken = old.taken
		m.pass(old)
		return
	}
	at := slices.IndexFunc(m.rotated, func(n *node) bool {
		return n.like == old && n.life == 0 || n.of != nil && n.of.like == old && n.ofLife == 0
	})
	if at < 0 {
		return
	}
	n := m.rotated[at]
	n.open = true
	more := len(n.bytes) > len(old.bytes)
	switch {
	case n.packed && more:
		if half := m.leave(n.bytes[old.taken:]); len(half) > 0 {
			m.take(append(half, '\n'))
		}
		n.taken = len(n.bytes)
		m.pass(old)
	case !n.packed:
		n.taken, n.when = old.taken, n.written
		m.held = append(m.held, n)
		m.lines(n)
		m.pass(old)
	}
}

// pass drops old from what is held if it ends in half a line, which is whole in what
// is read instead.
func (m *model) pass(old *node) {
	if !old.whole() {
		m.held = slices.DeleteFunc(m.held, func(n *node) bool { return n == old })
	}
}

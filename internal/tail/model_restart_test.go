package tail

import (
	"slices"
	"time"
)

// restart ends the reader and starts another where it stopped, after some things
// have happened to the log, which is rotated in one of the two ways.
func (m *model) restart() {
	m.look() // what happened before is over: the two together are not expected to be exact
	rename := m.rnd.IntN(2) == 0
	m.startAgain(func() { m.meanwhile(rename, true) })
}

// startAgain is restart without a look before; meanwhile happens while there is no
// reader.
func (m *model) startAgain(meanwhile func()) {
	p := m.s.src.Position()
	m.s.f.Close()
	meanwhile()
	o := m.o
	o.Resume = map[string]Position{m.s.path: p}
	m.resumes++
	if len(p.Files) == 0 && o.Past != nil {
		m.beginInPast(o) // there is no place to go on from
	} else {
		m.s.start(o)
		m.resume()
	}
	m.look()
}

// meanwhile is what happens to the log while nobody reads.
func (m *model) meanwhile(rename, deletes bool) {
	for range m.rnd.IntN(12) {
		m.s.pass(time.Second)
		switch op := m.rnd.IntN(8); {
		case m.live == nil:
			m.create()
		case op < 2:
			m.put(m.live, m.s.line())
		case op < 4:
			m.put(m.live, m.half())
		case op < 6 && rename:
			m.rename()
		case op < 6:
			m.copyTruncate(false)
		case op == 6:
			m.packOne()
		case rename && deletes:
			m.remove()
		}
	}
}

// resume is what the reader finds again when it starts.
func (m *model) resume() {
	m.start = time.Time{}
	last := m.behind
	if len(m.held) > 0 {
		last = m.held[len(m.held)-1]
	}
	m.held = slices.DeleteFunc(m.held, func(n *node) bool { return m.leftover(n) })
	if n := m.cur; n != nil && n != m.live {
		if !m.leftover(n) {
			m.held = append(m.held, n)
		}
		m.between(n, n.when)
		m.cur = m.live
		if m.cur != nil {
			m.cur.open, m.cur.when = true, m.cur.written
		}
	}
	if m.cur == nil && last != nil {
		m.between(last, last.when)
	}
	for _, n := range append(m.held, m.cur) {
		if n != nil {
			n.grew = m.s.now
		}
	}
	if n := m.cur; n != nil {
		m.missed(n)
		if n.read != n.life {
			m.recover(n)
		}
	}
	m.old()
}

// old is that of what lies there nothing will be taken as new.
func (m *model) old() {
	for _, n := range m.rotated {
		n.open = true // what was not taken now is of old
		if t := n.written.Add(1); t.After(m.start) {
			m.start = t
		}
	}
}

package accesslog

import "bytes"

// A keyMemory remembers the keys of earlier lines in their order, with what
// they are for. A server writes the same keys into each line, so comparing with
// what stood there last time replaces finding the end of a key and looking it
// up. The zero value is ready.
//
// Keys that come and go, as the headers of a request do, are looked up, and do
// not spoil the memory; when more keys of a line were unknown than known it is
// made anew from the next line.
type keyMemory struct {
	keys     []key
	next     int // expected
	learning bool
	known    int // of this line
	unknown  int
}

// A key is one as it stands in the line, with all up to its value.
type key struct {
	text []byte
	node int16 // of the tree of keys that it was found in
	to   target
}

const (
	maxKeys = 128 // that are remembered
	maxKey  = 64  // bytes of one
	ahead   = 4   // keys that may be missing in a row
)

// begin is called at the beginning of each line.
func (m *keyMemory) begin() {
	if m.learning = !m.learning && m.unknown > m.known; m.learning {
		m.keys = m.keys[:0]
	}
	m.next, m.known, m.unknown = 0, 0, 0
}

// match returns what the key that rest begins with is for, and its length; 0 if
// it is none of those expected.
func (m *keyMemory) match(rest []byte, node int16) (target, int) {
	for i := m.next; i < len(m.keys) && i < m.next+ahead; i++ {
		if k := &m.keys[i]; k.node == node && bytes.HasPrefix(rest, k.text) {
			m.next = i + 1
			m.known++
			return k.to, len(k.text)
		}
	}
	return target{}, 0
}

// keep notes a key that match did not know.
func (m *keyMemory) keep(text []byte, node int16, to target) {
	m.unknown++
	if !m.learning || len(text) > maxKey || len(m.keys) == maxKeys {
		return
	}
	if n := len(m.keys); n < cap(m.keys) {
		m.keys = m.keys[:n+1]
	} else {
		m.keys = append(m.keys, key{})
	}
	k := &m.keys[len(m.keys)-1]
	k.text = append(k.text[:0], text...)
	k.node, k.to = node, to
	m.next = len(m.keys)
}

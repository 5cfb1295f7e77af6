package query

import (
	"bytes"
	"strings"
)

// A test looks at the bytes of a field, which are never empty.
type test interface{ holds(b []byte) bool }

type (
	equal  string
	prefix string
	suffix string
	within []byte // the field contains it
	oneOf  []string
	among  map[string]struct{}
)

func (t equal) holds(b []byte) bool { return string(b) == string(t) }

func (t prefix) holds(b []byte) bool { return len(b) >= len(t) && string(b[:len(t)]) == string(t) }

func (t suffix) holds(b []byte) bool {
	return len(b) >= len(t) && string(b[len(b)-len(t):]) == string(t)
}

func (t within) holds(b []byte) bool { return bytes.Contains(b, t) }

func (t oneOf) holds(b []byte) bool {
	for _, s := range t {
		if string(b) == s {
			return true
		}
	}
	return false
}

func (t among) holds(b []byte) bool {
	_, ok := t[string(b)]
	return ok
}

func contains(s string) test { return within(s) }

// membership is the test for one of several texts. Up to eight a look at each
// is faster than a hash.
func membership(texts []string) test {
	switch {
	case len(texts) == 1:
		return equal(texts[0])
	case len(texts) <= 8:
		return oneOf(texts)
	}
	set := among{}
	for _, s := range texts {
		set[s] = struct{}{}
	}
	return set
}

// A wildcard is a text in which each * stands for any bytes, also none.
type wildcard struct {
	head, tail string
	middle     [][]byte // in this order between head and tail
}

func newWildcard(s string) test {
	pieces := strings.Split(s, "*")
	if len(pieces) == 1 {
		return equal(s)
	}
	w := &wildcard{head: pieces[0], tail: pieces[len(pieces)-1]}
	for _, p := range pieces[1 : len(pieces)-1] {
		if p != "" {
			w.middle = append(w.middle, []byte(p))
		}
	}
	return w
}

// holds takes the first place of each piece: if any placing fits, that one does.
func (w *wildcard) holds(b []byte) bool {
	if len(b) < len(w.head)+len(w.tail) || !prefix(w.head).holds(b) || !suffix(w.tail).holds(b) {
		return false
	}
	b = b[len(w.head) : len(b)-len(w.tail)]
	for _, p := range w.middle {
		i := bytes.Index(b, p)
		if i < 0 {
			return false
		}
		b = b[i+len(p):]
	}
	return true
}

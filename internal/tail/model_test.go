package tail

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"
)

// A life is what a file held since it was created or last truncated, and how
// much of it a perfect reader has taken.
type life struct {
	w     *os.File
	bytes []byte
	taken int
	seen  bool // stood at the path during a look
	gone  bool // its inode is not at the path any more
}

// A model is a perfect reader: it knows the bytes of every file and takes the
// whole lines at each look.
type model struct {
	s     *scenario
	rnd   *rand.Rand
	files []*life // newest last
	log   []string
}

func (m *model) current() *life {
	if n := len(m.files); n > 0 && !m.files[n-1].gone {
		return m.files[n-1]
	}
	return nil
}

func (m *model) put(l *life, text string) {
	m.s.put(l.w, text)
	l.bytes = append(l.bytes, text...)
}

func (m *model) look() {
	if l := m.current(); l != nil {
		l.seen = true
	}
	for _, l := range m.files {
		if !l.seen {
			continue
		}
		if end := bytes.LastIndexByte(l.bytes, '\n') + 1; end > l.taken {
			m.take(l.bytes[l.taken:end])
			l.taken = end
		}
	}
	m.s.look()
}

func (m *model) take(b []byte) {
	for l := range bytes.Lines(b) {
		m.s.want = append(m.s.want, string(l))
	}
}

// step does one thing at random.
func (m *model) step() {
	l := m.current()
	if len(m.files) > 0 && m.rnd.IntN(4) == 0 {
		l = m.files[max(0, len(m.files)-1-m.rnd.IntN(3))] // a writer that stayed
	}
	op := m.rnd.IntN(12)
	m.log = append(m.log, fmt.Sprint(op))
	switch {
	case l == nil:
		m.files = append(m.files, &life{w: m.s.writer()})
	case op < 4:
		for range 1 + m.rnd.IntN(20) {
			m.put(l, m.s.line())
		}
	case op < 6:
		line := m.s.line()
		m.put(l, line[:m.rnd.IntN(len(line))])
	case op < 9:
		m.look()
	case op == 9:
		if m.current() != nil {
			m.s.rename(fmt.Sprint(".", len(m.files)))
			m.current().gone = true
		}
	case op == 10:
		if m.current() != nil {
			m.s.must(os.Remove(m.s.path))
			m.current().gone = true
		}
	case op == 11:
		m.s.must(l.w.Truncate(0))
		l.bytes, l.taken = nil, 0
	}
}

// end looks once more, then lets the hold pass for all but the current file.
func (m *model) end() {
	m.look()
	m.s.pass(2 * defaultHold)
	for _, l := range m.files {
		// The last one that was seen is still the current file of the source.
		if half := l.bytes[l.taken:]; l.seen && len(half) > 0 && m.replaced(l) {
			m.take(append(bytes.Clone(half), '\n'))
		}
	}
	m.s.look()
}

func (m *model) replaced(l *life) bool {
	after := false
	for _, other := range m.files {
		if after && other.seen {
			return true
		}
		after = after || other == l
	}
	return false
}

// Each sequence is some forty things that happen to a log, in any order: lines,
// parts of lines, renames with writers that stay, deletions, truncations, looks.
func TestAnySequenceOfEventsReadsWhatAPerfectReaderWould(t *testing.T) {
	sequences := 2000
	if testing.Short() {
		sequences = 200
	}
	lines, truncations, rotations := 0, 0, 0
	for seed := range sequences {
		m := &model{rnd: rand.New(rand.NewPCG(uint64(seed), 7))}
		sub := fmt.Sprint("seed", seed)
		t.Run(sub, func(t *testing.T) {
			m.s = follow(t, Options{Block: 1 + m.rnd.IntN(200)}, nil)
			for range 40 {
				m.step()
				m.s.pass(time.Second)
			}
			m.end()
			m.s.check()
			if t.Failed() {
				t.Logf("steps: %v", m.log)
			}
			lines += len(m.s.want)
			truncations += m.s.src.State().Truncations
			rotations += m.s.src.State().Rotations
		})
		if t.Failed() {
			return // one is enough to look at
		}
	}
	t.Logf("%d sequences, %d lines, %d rotations, %d truncations: lost 0, doubled 0, broken 0",
		sequences, lines, rotations, truncations)
	if rotations < sequences || truncations < sequences/4 {
		t.Errorf("the sequences are too tame: %d rotations, %d truncations", rotations, truncations)
	}
}

package tail

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A node is a file of the model: what it holds, and how much of it a perfect
// reader has taken.
type node struct {
	w       *os.File // of the server; nil when it has let go, and for copies
	path    string   // "" when it has no name any more
	bytes   []byte
	life    int       // grows with each truncation
	written time.Time // when it was last written
	packed  bool

	of     *node // what it is a copy of
	ofLife int

	// What the reader knows.
	open   bool // it has a descriptor, or will read it from its start to its end
	taken  int
	seen   int    // length at the last look
	read   int    // life at the last look
	before []byte // bytes of the life at the last look
	carry  []byte // part of a line that goes on in it
	grew   time.Time
	steady bool // the end of what was seen had been seen before
	when   time.Time
}

// A model is a perfect reader beside a disk: it knows the bytes of every file,
// copy and compressed copy, and takes the whole lines at each look. What it
// expects is exact, since nothing happens at the same time.
//
//	live         the file at the path, nil while there is none
//	rotated      what has a rotated name, newest first
//	cur, held    what the reader reads: the file it last saw at the path, and those before
type model struct {
	s       *scenario
	o       Options
	rnd     *rand.Rand
	dated   bool // names of rotated files
	live    *node
	rotated []*node
	nodes   []*node // all that have or had a writer
	cur     *node
	held    []*node
	day     int
	start   time.Time // what was rotated then was written before it
	log     []string
	doomed  int // bytes destroyed before they could be read
}

func (m *model) put(n *node, text string) {
	m.s.put(n.w, text)
	n.bytes = append(n.bytes, text...)
	m.touch(n)
}

// touch gives a file the time of the scenario.
func (m *model) touch(n *node) {
	n.written = m.s.now
	if n.path != "" {
		m.s.must(os.Chtimes(n.path, m.s.now, m.s.now))
	} else if n.w != nil {
		m.s.must(os.Chtimes(fmt.Sprintf("/proc/self/fd/%d", n.w.Fd()), m.s.now, m.s.now))
	}
}

func (m *model) create() {
	n := &node{w: m.s.writer(), path: m.s.path}
	m.live = n
	m.nodes = append(m.nodes, n)
	m.touch(n)
}

// shift makes room for the newest rotated file and returns its name.
func (m *model) shift() string {
	if m.dated {
		m.day++
		return fmt.Sprintf("%s-%d", m.s.path, 20261100+m.day)
	}
	for i, n := range slices.Backward(m.rotated) {
		to := fmt.Sprintf("%s.%d", m.s.path, i+2)
		if n.packed {
			to += ".gz"
		}
		m.s.must(os.Rename(n.path, to))
		n.path = to
	}
	return m.s.path + ".1"
}

func (m *model) rename() {
	to := m.shift()
	m.s.must(os.Rename(m.s.path, to))
	m.live.path = to
	m.rotated = slices.Insert(m.rotated, 0, m.live)
	m.live = nil
}

func (m *model) remove() {
	m.s.must(os.Remove(m.s.path))
	m.live.path = ""
	m.live = nil
}

// copyTruncate copies the live file, lets some lines be written meanwhile, and
// truncates it.
func (m *model) copyTruncate(looks bool) {
	n := m.live
	to := m.shift()
	m.s.must(os.WriteFile(to, n.bytes, 0o644))
	c := &node{path: to, bytes: bytes.Clone(n.bytes), of: n, ofLife: n.life}
	m.rotated = slices.Insert(m.rotated, 0, c)
	m.touch(c)
	if m.rnd.IntN(3) == 0 {
		m.put(n, m.s.line())
		if looks && m.rnd.IntN(2) == 0 && bytes.Count(c.bytes, newline) > 2 {
			m.look()
		}
	}
	m.truncate(n)
}

func (m *model) truncate(n *node) {
	m.s.must(n.w.Truncate(0))
	if n.read == n.life {
		n.before = n.bytes
	}
	n.bytes = nil
	n.life++
	m.touch(n)
}

// pack compresses a rotated file, whose writer has let go.
func (m *model) pack(n *node) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(n.bytes)
	z.Close()
	m.s.must(os.WriteFile(n.path+".gz", b.Bytes(), 0o644))
	m.s.must(os.Chtimes(n.path+".gz", n.written, n.written))
	m.s.must(os.Remove(n.path))
	n.path += ".gz"
	n.packed, n.w = true, nil
}

func (m *model) take(b []byte) {
	for l := range bytes.Lines(b) {
		m.s.want = append(m.s.want, string(l))
	}
}

// lines takes the whole lines of n behind what was taken.
func (m *model) lines(n *node) {
	if end := bytes.LastIndexByte(n.bytes, '\n') + 1; end > n.taken {
		m.take(m.glue(n.carry, n.bytes[n.taken:end]))
		n.taken, n.carry = end, nil
	}
	if len(n.bytes) > n.seen || n.read != n.life {
		n.grew = m.s.now
	}
	n.seen, n.read, n.steady = len(n.bytes), n.life, m.s.now.After(n.grew)
}

// known reports whether so much of the life n is in was seen that a copy of it
// can be told.
func (n *node) known() bool {
	return n.taken >= firstPrefix || n.taken == 0 && n.seen >= firstPrefix
}

// standing is the half line that stood at the end of the life that is over, if it
// was seen to stand.
func (n *node) standing() []byte {
	if !n.steady {
		return nil
	}
	return n.before[n.taken:n.seen]
}

// look is what the reader does on a wake.
func (m *model) look() {
	for range 2 {
		for _, n := range m.held {
			if n.read != n.life {
				n.carry, n.taken = m.glue(n.carry, n.standing()), 0
			}
			m.lines(n)
		}
		if n := m.cur; n != nil {
			m.missed(n)
			if n.read != n.life {
				m.recover(n)
			}
			m.lines(n)
		}
		if m.live != nil && m.live == m.cur {
			m.cur.when = m.cur.written
		}
		if m.live == nil || m.live == m.cur {
			continue
		}
		if m.cur != nil {
			m.held = append(m.held, m.cur)
			m.between(m.cur, m.cur.when)
		} else {
			m.between(nil, m.start)
		}
		m.cur = m.live
		m.cur.open, m.cur.when = true, m.cur.written
		m.lines(m.cur)
	}
	m.s.look()
	if os.Getenv("WEIR_MODEL_LOUD") != "" {
		w, g := len(m.s.want), len(m.s.got)
		m.s.t.Log("look at step", len(m.log), "want", w, "got", g, m.s.told())
	}
}

// missed takes the copies made of n before anything of it was seen.
func (m *model) missed(n *node) {
	if n.taken == 0 && n.seen == 0 && n.path != "" && !n.packed {
		n.carry = m.copies(n.carry, m.rotated[slices.Index(m.rotated, n)+1:], n.when.Add(1))
		n.read = n.life
	}
}

// recover takes what n held before it was truncated, from the copy of that life
// and the copies of those that followed.
func (m *model) recover(n *node) {
	list := m.rotated[slices.Index(m.rotated, n)+1:]
	at := -1
	if n.known() {
		at = slices.IndexFunc(list, func(c *node) bool { return c.of == n && c.ofLife == n.read })
	}
	half := m.glue(n.carry, n.standing())
	if at >= 0 && len(list[at].bytes) >= n.taken {
		half = m.leave(m.glue(n.carry, list[at].bytes[n.taken:]))
	}
	newer := list
	if at >= 0 {
		newer = slices.Delete(slices.Clone(list), at, at+1)
		list[at].open = true
	}
	if n.path == "" || n.packed {
		newer = nil // it may be of other files: see between
	}
	n.taken, n.carry = 0, m.copies(half, newer, n.when)
	n.read, n.seen = n.life, 0
}

// copies takes the copies in a list, newest first, that were made since a time;
// half is what goes on in the first of them, or in what follows if there is none.
func (m *model) copies(half []byte, list []*node, since time.Time) []byte {
	for _, c := range slices.Backward(list) {
		if !c.open && !c.written.Before(since) && !c.alive(m.live) {
			half = m.leave(m.glue(half, c.bytes))
			c.open = true
		}
	}
	return half
}

// alive reports whether c is a copy of what the live file holds now.
func (c *node) alive(live *node) bool {
	return live != nil && c.of == live && c.ofLife == live.life && len(c.bytes) > 0
}

// glue joins the parts of a line, unless the second is a line of its own: its
// number tells.
func (m *model) glue(first, second []byte) []byte {
	if len(second) >= 7 && second[6] == ' ' && !bytes.ContainsFunc(second[:6], func(r rune) bool { return !isDigit(r) }) {
		m.doomed += len(first)
		return slices.Clone(second)
	}
	return append(slices.Clip(first), second...)
}

// leave takes the whole lines of b and returns the rest.
func (m *model) leave(b []byte) []byte {
	end := bytes.LastIndexByte(b, '\n') + 1
	m.take(b[:end])
	return slices.Clone(b[end:])
}

// between takes what came and went since old was last at the path.
func (m *model) between(old *node, since time.Time) {
	list := m.rotated
	for _, n := range slices.Backward(list) {
		if n.open || n.written.Before(since) || n.alive(m.live) {
			continue
		}
		n.open = true
		if n.packed && len(n.bytes) < firstPrefix {
			m.doomed += len(n.bytes)
			continue
		}
		if n.packed {
			half := m.leave(n.bytes)
			if len(half) > 0 {
				m.take(append(half, '\n'))
			}
			n.taken = len(n.bytes)
			continue
		}
		n.when = n.written
		m.held = append(m.held, n)
		m.lines(n)
	}
}

// restart ends the reader and starts another where it stopped, after some things
// have happened to the log, which is rotated in one of the two ways.
func (m *model) restart() {
	m.look() // what happened before is over: the two together are not expected to be exact
	p := m.s.src.Position()
	m.s.f.Close()
	rename := m.rnd.IntN(2) == 0
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
		case rename:
			m.remove()
		}
	}
	o := m.o
	o.Resume = map[string]Position{m.s.path: p}
	m.s.start(o)
	m.resume()
	m.look()
}

// resume is what the reader finds again when it starts.
func (m *model) resume() {
	m.start = time.Time{}
	var last *node
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
	for _, n := range m.rotated {
		n.open = true // what was not taken now is of old
		if t := n.written.Add(1); t.After(m.start) {
			m.start = t
		}
	}
}

// leftover reports whether n is no file that can be read on: it is gone, or only a
// compressed copy is left, of which the rest is taken.
func (m *model) leftover(n *node) bool {
	if n.path != "" && !n.packed {
		return false
	}
	if n.packed && n.known() {
		if half := m.leave(m.glue(n.carry, n.bytes[n.taken:])); len(half) > 0 {
			m.take(append(half, '\n'))
		}
	} else if n.packed && n.taken == 0 {
		n.open = false // nothing of it was seen, so it is like any file that came and went
	}
	return true
}

// step does one thing at random.
func (m *model) step() {
	m.s.pass(time.Second)
	n := m.live
	if len(m.nodes) > 0 && m.rnd.IntN(4) == 0 {
		n = m.nodes[max(0, len(m.nodes)-1-m.rnd.IntN(3))] // a writer that stayed
	}
	if n != nil && n.w == nil {
		n = m.live
	}
	op := m.rnd.IntN(18)
	m.log = append(m.log, strconv.Itoa(op))
	if os.Getenv("WEIR_MODEL_LOUD") != "" {
		for i, n := range m.nodes {
			m.s.t.Logf("before step %d (%d) node %d %s: %d bytes, life %d, taken %d, seen %d, carry %q", len(m.log), op, i, filepath.Base(n.path), len(n.bytes), n.life, n.taken, n.seen, n.carry)
		}
	}
	switch {
	case m.live == nil && (n == nil || op%2 == 0):
		m.create()
	case n == nil:
	case op < 4:
		for range 1 + m.rnd.IntN(20) {
			m.put(n, m.s.line())
		}
	case op < 6:
		m.put(n, m.half())
	case op < 9:
		m.look()
	case m.live == nil:
	case op == 9 || op == 10:
		m.rename()
	case op == 11:
		m.remove()
	case op == 12:
		m.truncate(n)
	case op == 13 || op == 14:
		m.copyTruncate(true)
	case op == 15:
		m.packOne()
	case op == 16 && m.rnd.IntN(2) == 0:
		m.restart()
	}
}

// half is the beginning of a line, enough to tell a file by.
func (m *model) half() string {
	line := m.s.line()
	return line[:firstPrefix+m.rnd.IntN(len(line)-firstPrefix)]
}

func (m *model) packOne() {
	for _, n := range m.rotated {
		if !n.packed && (n.of != nil || n.w != nil) {
			m.pack(n)
			break
		}
	}
}

// end looks once more, then lets the hold pass for all but the current file.
func (m *model) end() {
	m.look()
	m.s.pass(2 * defaultHold)
	for _, n := range m.held {
		if half := m.glue(n.carry, n.bytes[n.taken:]); len(half) > 0 {
			m.take(append(half, '\n'))
		}
	}
	m.s.look()
}

// Each sequence is some forty things that happen to a log, in any order: lines,
// parts of lines, renames with writers that stay, copies and truncations,
// compression, deletions, looks.
func TestAnySequenceOfEventsReadsWhatAPerfectReaderWould(t *testing.T) {
	sequences := 2000
	if n, err := strconv.Atoi(os.Getenv("WEIR_MODEL_SEQUENCES")); err == nil {
		sequences = n
	}
	if testing.Short() {
		sequences = 200
	}
	lines, truncations, rotations, recovered := 0, 0, 0, int64(0)
	first := 0
	if n, err := strconv.Atoi(os.Getenv("WEIR_MODEL_FIRST")); err == nil {
		first = n
	}
	for seed := first; seed < first+sequences; seed++ {
		m := &model{rnd: rand.New(rand.NewPCG(uint64(seed), 7))}
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			m.o = Options{Block: 1 + m.rnd.IntN(200)}
			m.dated = m.rnd.IntN(2) == 0
			m.s = follow(t, m.o, nil)
			for range 40 {
				m.step()
			}
			m.end()
			m.s.check()
			if t.Failed() {
				t.Logf("steps: %s", strings.Join(m.log, " "))
				m.ls(t)
			}
			lines += len(m.s.want)
			st := m.s.src.State()
			truncations += st.Truncations
			rotations += st.Rotations
			recovered += st.Recovered
			m.s.f.Close()
			for _, f := range m.s.open {
				f.Close()
			}
		})
		if t.Failed() {
			return // one is enough to look at
		}
	}
	t.Logf("%d sequences, %d lines, %d rotations, %d truncations, %d bytes recovered: lost 0, doubled 0, broken 0",
		sequences, lines, rotations, truncations, recovered)
	if rotations < sequences || truncations < sequences/4 {
		t.Errorf("the sequences are too tame: %d rotations, %d truncations", rotations, truncations)
	}
}

func (m *model) ls(t *testing.T) {
	entries, err := os.ReadDir(filepath.Dir(m.s.path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, _ := e.Info()
		t.Log(e.Name(), info.Size(), info.ModTime())
	}
	t.Log(m.s.told())
	for _, n := range m.nodes {
		t.Logf("node %s: %d bytes, life %d, taken %d, seen %d, open %v, held %v, of %v", filepath.Base(n.path), len(n.bytes), n.life, n.taken, n.seen, n.open, slices.Contains(m.held, n), n.of != nil)
	}
}

package tail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"weir/internal/charset"
)

// A node is a file of the model: what it holds, and how much of it a perfect
// reader has taken.
type node struct {
	w       *os.File  // of the server; nil when it has let go, and for copies
	path    string    // "" when it has no name any more
	bytes   []byte    // in UTF-8, whatever is on the disk
	marked  bool      // on the disk a mark stands before them
	life    int       // grows with each truncation
	written time.Time // when it was last written
	packed  bool

	of     *node // what it is a copy of
	ofLife int
	like   *node // what it replaced, with the same content and more

	// What the reader knows.
	open   bool // it has a descriptor, or will read it from its start to its end
	taken  int
	seen   int    // length at the last look
	read   int    // life at the last look
	before []byte // bytes of the life at the last look
	carry  []byte // part of a line that goes on in it
	grew   time.Time
	steady bool // the end of what was seen had been seen before
	known  bool // it was parked, and enough was in it then to know a copy by
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
	behind  *node // the newest file of the past: what came since comes behind it, if nothing was at the path
	day     int
	since   time.Time // when the past begins that is asked for, zero without one
	start   time.Time // what was rotated then was written before it
	log     []string
	resumes int  // times the reader was restarted
	pasts   int  // times it was started in the past
	parked  bool // the reader has let go of its descriptors
	cuts    bool // while it has, files are truncated; else they may go
	parks   int

	replaces bool // the log is replaced by files with the same content, too
	replaced int

	coding charset.Encoding // of all that is on the disk
	marks  bool             // the writers of UTF-16 begin with its mark
}

// disk is what n holds on the disk.
func (m *model) disk(n *node) []byte {
	var raw []byte
	if n.marked {
		raw = spell("\ufeff", m.coding)
	}
	return append(raw, spell(string(n.bytes), m.coding)...)
}

func (m *model) put(n *node, text string) {
	if m.marks && n.life == 0 && len(n.bytes) == 0 {
		n.marked = true
		m.s.put(n.w, string(spell("\ufeff", m.coding)))
	}
	m.s.put(n.w, string(spell(text, m.coding)))
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
	m.s.must(os.WriteFile(to, m.disk(n), 0o644))
	c := &node{path: to, bytes: bytes.Clone(n.bytes), marked: n.marked, of: n, ofLife: n.life}
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
	n.bytes, n.marked = nil, false
	n.life++
	m.touch(n)
}

// pack compresses a rotated file, whose writer has let go.
func (m *model) pack(n *node) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(m.disk(n))
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
		m.take(glued(n.carry, n.bytes[n.taken:end]))
		n.taken, n.carry = end, nil
	}
	if len(n.bytes) > n.seen || n.read != n.life {
		n.grew = m.s.now
	}
	n.seen, n.read, n.steady = len(n.bytes), n.life, m.s.now.After(n.grew)
}

// told reports whether so much of the life n is in was seen that a copy of it
// can be told.
func (n *node) told() bool {
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
	if m.parked && !m.reopen() {
		m.s.look()
		return
	}
	for range 2 {
		for _, n := range m.held {
			if n.read != n.life {
				n.carry, n.taken = glued(n.carry, n.standing()), 0
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
			m.regrown(m.cur)
			m.between(m.cur, m.cur.when)
		} else {
			m.between(nil, m.start)
		}
		m.cur = m.live
		m.cur.open, m.cur.when = true, m.cur.written
		m.lines(m.cur)
	}
	m.s.look()
	m.parked = m.s.src.parking.parked // as long as nothing has changed
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
	if n.told() {
		at = slices.IndexFunc(list, func(c *node) bool { return c.of == n && c.ofLife == n.read })
	}
	half := glued(n.carry, n.standing())
	if at >= 0 && len(list[at].bytes) >= n.taken {
		half = m.leave(glued(n.carry, list[at].bytes[n.taken:]))
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
			half = m.leave(glued(half, c.bytes))
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
func glued(first, second []byte) []byte {
	if len(second) >= 7 && second[6] == ' ' && !bytes.ContainsFunc(second[:6], func(r rune) bool { return !isDigit(r) }) {
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

// park lets the reader close its files, as when others need the descriptors. It
// may not if one of the files has no name to be opened by again; it may also hold
// one open that was read to its end before.
//
// What is truncated, written anew and then deleted before anyone looks is lost, as
// it is for a restart; so while it is parked only one of the two happens.
func (m *model) park() {
	if m.parked || m.cur == nil && len(m.held) == 0 {
		return
	}
	named, cut := true, false
	for _, n := range append(slices.Clone(m.held), m.cur) {
		named = named && (n == nil || n.path != "" && !n.packed)
		cut = cut || n != nil && n.read != n.life
	}
	m.parked = m.s.src.park()
	if m.parked && !named {
		m.s.t.Fatal("parked, though one of the files has no name")
	}
	if m.parked {
		for _, n := range append(slices.Clone(m.held), m.cur) {
			if n != nil {
				n.known = n.taken == 0 && len(n.bytes) >= firstPrefix
			}
		}
		m.parks++
		m.cuts = cut || m.rnd.IntN(2) == 0
	}
}

// reopen is what a parked reader finds of its files. What was deleted meanwhile is
// gone, with what was written to it since; false where it waits for what takes the
// place of a file that has gone.
func (m *model) reopen() bool {
	gone := func(n *node) bool { return n.path == "" || n.packed }
	if m.cur != nil && gone(m.cur) && m.live == nil && len(m.s.src.held) == 0 { // see park
		return false
	}
	if k := len(m.held) - 1; m.cur == nil && k >= 0 && gone(m.held[k]) {
		defer m.between(m.held[k], m.held[k].when)
	}
	m.held = slices.DeleteFunc(m.held, func(n *node) bool { return m.leftover(n) })
	if n := m.cur; n != nil && m.leftover(n) {
		m.between(n, n.when)
		m.old()
		if m.cur = m.live; m.live != nil {
			m.live.open, m.live.when = true, m.live.written
		}
	}
	for _, n := range append(slices.Clone(m.held), m.cur) {
		if n != nil {
			n.known = false
		}
	}
	return true
}

// leftover reports whether n is no file that can be read on: it is gone, or only a
// compressed copy is left, of which the rest is taken.
func (m *model) leftover(n *node) bool {
	if n.path != "" && !n.packed {
		return false
	}
	if n.packed && (n.told() || n.known) {
		if half := m.leave(glued(n.carry, n.bytes[n.taken:])); len(half) > 0 {
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
	if m.parked && (op == 11 || op == 15) == m.cuts && op >= 11 && op <= 15 {
		op = m.rnd.IntN(11)
	}
	if m.replaces && m.rnd.IntN(8) == 0 {
		op = 18
	}
	m.log = append(m.log, strconv.Itoa(op))
	switch {
	case op == 18:
		m.replace()
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
	case op == 17:
		m.park()
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
		if half := glued(n.carry, n.bytes[n.taken:]); len(half) > 0 {
			m.take(append(half, '\n'))
		}
	}
	m.s.look()
}

// A tally sums up what the sequences did, so that tame ones show.
type tally struct {
	mu                                         sync.Mutex
	sequences, lines, rotations, cuts, resumes int
	parks, pasts, replaced                     int
	recovered                                  int64
}

func (c *tally) add(m *model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := m.s.src.State()
	c.sequences++
	c.lines += len(m.s.want)
	c.rotations += st.Rotations
	c.cuts += st.Truncations
	c.resumes += m.resumes
	c.parks += m.parks
	c.pasts += m.pasts
	c.replaced += m.replaced
	c.recovered += st.Recovered
}

// Each sequence is some forty things that happen to a log, in any order: lines,
// parts of lines, renames with writers that stay, copies and truncations,
// compression, replacements, deletions, looks, restarts of the reader. Some begin with rotated files
// that are there already, and are read in their past.
//
// WEIR_MODEL_SEQUENCES is how many are played, WEIR_MODEL_FIRST the seed of the
// first. A failure tells its seed: WEIR_MODEL_FIRST=seed WEIR_MODEL_SEQUENCES=1
// plays that one alone.
func TestAnySequenceOfEventsReadsWhatAPerfectReaderWould(t *testing.T) {
	sequences, first := fromEnv("WEIR_MODEL_SEQUENCES", 800), fromEnv("WEIR_MODEL_FIRST", 0)
	if testing.Short() {
		sequences = min(sequences, 100) // its goroutines are the decoders of what was compressed
	}
	// A subtest for each of a million sequences would be gigabytes of bookkeeping.
	const chunk = 200
	var all tally
	var failed atomic.Bool
	t.Run("seeds", func(t *testing.T) {
		for from := first; from < first+sequences; from += chunk {
			to := min(from+chunk, first+sequences)
			t.Run(fmt.Sprintf("%d-%d", from, to-1), func(t *testing.T) {
				t.Parallel()
				defer func() {
					if t.Failed() {
						failed.Store(true)
					}
				}()
				dir := t.TempDir()
				for seed := from; seed < to && !t.Failed() && !failed.Load(); seed++ {
					sequence(t, dir, seed, &all)
				}
			})
		}
	})
	if failed.Load() {
		return // one is enough to look at
	}
	t.Logf("%d sequences, %d lines, %d rotations, %d truncations, %d restarts, %d times parked, %d replaced, %d begun in the past, %d bytes recovered: lost 0, doubled 0, broken 0",
		all.sequences, all.lines, all.rotations, all.cuts, all.resumes, all.parks, all.replaced, all.pasts, all.recovered)
	if sequences > chunk && (all.pasts < sequences/8 || all.replaced < sequences/16 || all.rotations < sequences || all.cuts < sequences/4 || all.resumes < sequences/4 || all.parks < sequences/4) {
		t.Errorf("the sequences are too tame: %d rotations, %d truncations, %d restarts, %d times parked, %d replaced", all.rotations, all.cuts, all.resumes, all.parks, all.replaced)
	}
}

func fromEnv(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

// sequence plays the sequence of a seed in a directory of its own below dir.
func sequence(t *testing.T, dir string, seed int, all *tally) {
	m := &model{rnd: rand.New(rand.NewPCG(uint64(seed), 7))}
	m.o = Options{Block: 1 + m.rnd.IntN(200), MaxLine: 16 << 10} // closed, it is kept until its chunk is over
	m.dated = m.rnd.IntN(2) == 0
	if seed%3 == 0 { // a generator of its own: the sequences stay what they are in UTF-8
		wide := rand.New(rand.NewPCG(uint64(seed), 16))
		m.coding = [...]charset.Encoding{charset.UTF16LE, charset.UTF16BE}[wide.IntN(2)]
		m.marks = wide.IntN(2) == 0
	}
	m.replaces = seed%5 == 2
	dir = filepath.Join(dir, strconv.Itoa(seed))
	m.s = &scenario{t: t, path: filepath.Join(dir, "access.log"), now: noon()}
	m.s.must(os.Mkdir(dir, 0o700))
	defer os.RemoveAll(dir)
	defer func() {
		if t.Failed() {
			m.tell(seed)
		}
		if m.s.f != nil {
			m.s.f.Close()
		}
		// The test that is over keeps what it was to clean up: 140 KB a sequence.
		*m.s = scenario{t: t}
	}()
	if seed%4 == 1 {
		m.startInPast()
	} else {
		m.s.start(m.o)
	}
	for range 40 {
		m.step()
	}
	m.end()
	m.s.check()
	all.add(m)
	for _, f := range m.s.open {
		f.Close()
	}
}

// tell says how to see a failure again, what led to it and what the two know.
func (m *model) tell(seed int) {
	t := m.s.t
	t.Logf("WEIR_MODEL_FIRST=%d WEIR_MODEL_SEQUENCES=1 plays this again, in %v, marks %v; steps: %s", seed, m.coding, m.marks, strings.Join(m.log, " "))
	entries, err := os.ReadDir(filepath.Dir(m.s.path))
	if err != nil {
		t.Log(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			t.Log(e.Name(), info.Size(), info.ModTime())
		}
	}
	if m.s.f != nil {
		t.Log(m.s.told())
	}
	for _, n := range m.nodes {
		t.Logf("node %s: %d bytes, life %d, taken %d, seen %d, open %v, held %v",
			filepath.Base(n.path), len(n.bytes), n.life, n.taken, n.seen, n.open, slices.Contains(m.held, n))
	}
}

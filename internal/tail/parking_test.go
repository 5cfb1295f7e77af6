package tail

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A crowd is many logs under one Follower that may have few files open.
type crowd struct {
	*scenario
	paths   []string
	writers []*os.File
	days    []int
	most    int // files ever seen to be open between two looks
}

// crowded follows n logs with at most so many files open.
func crowded(t *testing.T, n, open int, o Options, events bool) *crowd {
	t.Helper()
	c := &crowd{scenario: &scenario{t: t, now: noon(), events: events}, days: make([]int, n)}
	dir := t.TempDir()
	for i := range n {
		c.path = filepath.Join(dir, fmt.Sprintf("host-%03d.log", i))
		c.paths = append(c.paths, c.path)
		c.writers = append(c.writers, nil)
		c.begin(i)
	}
	t.Cleanup(func() {
		for _, w := range c.writers {
			w.Close()
		}
	})
	o.Paths, o.open = c.paths, open
	c.start(o)
	return c
}

// begin makes a log anew.
func (c *crowd) begin(i int) {
	c.t.Helper()
	w, err := os.OpenFile(c.paths[i], os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	c.must(err)
	if c.writers[i] != nil {
		c.writers[i].Close()
	}
	c.writers[i] = w
}

// rename rotates a log, whose old writer may still write a line.
func (c *crowd) rename(i int) {
	c.t.Helper()
	for d := c.days[i]; d > 0; d-- {
		c.must(os.Rename(fmt.Sprintf("%s.%d", c.paths[i], d), fmt.Sprintf("%s.%d", c.paths[i], d+1)))
	}
	c.days[i]++
	c.must(os.Rename(c.paths[i], c.paths[i]+".1"))
	c.write(c.writers[i], 1)
	c.begin(i)
}

// copyTruncate rotates a log in the other way.
func (c *crowd) copyTruncate(i int) {
	c.t.Helper()
	for d := c.days[i]; d > 0; d-- {
		c.must(os.Rename(fmt.Sprintf("%s.%d", c.paths[i], d), fmt.Sprintf("%s.%d", c.paths[i], d+1)))
	}
	c.days[i]++
	text, err := os.ReadFile(c.paths[i])
	c.must(err)
	c.must(os.WriteFile(c.paths[i]+".1", text, 0o644))
	c.must(os.Truncate(c.paths[i], 0))
}

// round asks each source once, as an owner does, and looks at what is open.
func (c *crowd) round() (worked bool) {
	c.t.Helper()
	for _, s := range c.f.Sources() {
		if b := s.Next(c.now); b != nil {
			c.take(b)
			worked = true
		}
		c.most = max(c.most, c.opened())
	}
	return worked
}

// opened counts the files that are open, one by one.
func (c *crowd) opened() int {
	n := 0
	for _, s := range c.f.sources {
		for _, p := range s.held {
			if f, ok := p.(*file); ok && f.f != nil {
				n++
			} else if _, ok := p.(*remnant); ok {
				n++
			}
		}
		if s.cur != nil && s.cur.f != nil {
			n++
		}
	}
	if n != c.f.room.open {
		c.t.Fatalf("files open: %d, and %d are counted", n, c.f.room.open)
	}
	return n
}

// all reads what there is.
func (c *crowd) all() {
	c.t.Helper()
	for {
		c.f.Hurry()
		if !c.round() {
			return
		}
	}
}

// S9
func TestMoreFilesThanMayBeOpenAreAllRead(t *testing.T) {
	inBothWays := map[string]bool{"polling": false, "events": true}
	for name, events := range inBothWays {
		if !events && testing.Short() {
			continue // one goroutine
		}
		t.Run(name, func(t *testing.T) {
			const files, open = 200, 20
			rounds := 250
			if testing.Short() {
				rounds = 80
			}
			c := crowded(t, files, open, Options{Block: 100}, events)
			rnd := rand.New(rand.NewPCG(9, 9))
			for range rounds {
				c.now = c.now.Add(time.Second)
				i := rnd.IntN(files)
				switch op := rnd.IntN(20); {
				case op < 12:
					c.write(c.writers[i], 1+rnd.IntN(4))
				case op < 13:
					c.rename(i)
				case op < 14:
					c.copyTruncate(i)
				case op < 15:
					// An old log may be deleted: what it held is read or known.
					c.all()
					c.now = c.now.Add(2 * defaultHold)
					c.all()
					c.remove(fmt.Sprintf("%s.%d", c.paths[i], c.days[i]))
					c.days[i] = max(0, c.days[i]-1)
				default:
					c.round()
				}
			}
			c.all()
			c.now = c.now.Add(2 * defaultHold)
			c.all()
			compare(t, c.got, c.want)
			if c.most > open || c.most < open-2 {
				t.Errorf("files open: up to %d, want %d at most, and no fewer than may be", c.most, open)
			}
			lost, size := int64(0), int64(0)
			for i, s := range c.f.Sources() {
				info, err := os.Stat(c.paths[i])
				c.must(err)
				st := s.State()
				if st.Size != info.Size() || st.Offset != info.Size() || !st.Written.Equal(info.ModTime()) {
					t.Errorf("%s: state %d of %d bytes, written %v; it has %d of %v", st.Name, st.Offset, st.Size, st.Written, info.Size(), info.ModTime())
				}
				lost, size = lost+st.PossibleLoss, size+st.Size
				if p := s.Position(); p.Unread() != 0 || !p.Live {
					t.Errorf("%s: %d bytes unread, want none", st.Name, p.Unread())
				}
			}
			if lost != 0 || size == 0 {
				t.Errorf("possible loss: got %d, want 0; %d bytes in all", lost, size)
			}
			told := c.told()
			if strings.Count(told, "200 logs are followed, and only ") > 1 {
				t.Errorf("told more than once:\n%s", told)
			}
		})
	}
}

// S9
func TestThatNotAllFilesCanBeOpenIsToldOnce(t *testing.T) {
	c := crowded(t, 30, 10, Options{}, false)
	var texts []string
	for range 50 {
		for _, w := range c.writers {
			c.write(w, 1)
		}
		c.all()
		for _, n := range c.f.Notices() {
			texts = append(texts, n.Text)
		}
	}
	compare(t, c.got, c.want)
	if len(texts) != 1 || !strings.Contains(texts[0], "30 logs are followed, and only ") || !strings.Contains(texts[0], "LimitNOFILE=") {
		t.Errorf("notices: got %q, want one that says how many, and what to do", texts)
	}
}

// S9
func TestAllThatAreWrittenToAtOnceTakeTurns(t *testing.T) {
	c := crowded(t, 40, leastOpen, Options{Block: 64}, false)
	for _, w := range c.writers {
		c.write(w, 50)
	}
	// Each block is a line or two: a source that had to wait for others to be
	// read to their ends would have none after so many rounds.
	for range 4 {
		c.round()
	}
	first := map[string]bool{}
	for _, s := range c.f.Sources() {
		if s.State().Offset > 0 {
			first[s.name] = true
		}
	}
	if len(first) != len(c.paths) {
		t.Errorf("after four rounds %d of %d logs were begun", len(first), len(c.paths))
	}
	c.all()
	compare(t, c.got, c.want)
}

// parked is a scenario whose source was read to the end and let go of.
func parked(t *testing.T) (*scenario, *os.File) {
	t.Helper()
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 30)
	s.look()
	s.told()
	s.letGo()
	return s, w
}

// letGo parks the source.
func (s *scenario) letGo() {
	s.t.Helper()
	// What was written a while ago cannot change again within the same tick.
	old := time.Now().Add(-time.Hour)
	s.must(os.Chtimes(s.path, old, old))
	s.look()
	if !s.src.park() || !s.src.parking.parked {
		s.t.Fatal("it was not parked")
	}
}

// S9
func TestAParkedFileIsOpenedOnlyWhenItChanges(t *testing.T) {
	s, w := parked(t)
	before := s.src.State()
	for range 5 {
		s.pass(time.Hour)
		s.look()
		if !s.src.parking.parked {
			t.Fatal("it was opened, and nothing has changed")
		}
	}
	if after := s.src.State(); after != before {
		t.Errorf("state: got %+v, want that from before, %+v", after, before)
	}
	s.write(w, 1)
	s.look()
	if s.src.parking.parked {
		t.Error("it is still parked, and was read")
	}
	s.ordered()
}

// S9
func TestAParkedFileIsFoundWhateverWasDoneToIt(t *testing.T) {
	for name, do := range map[string]func(s *scenario, w *os.File){
		"written":   func(s *scenario, w *os.File) { s.write(w, 3) },
		"truncated": func(s *scenario, w *os.File) { s.must(w.Truncate(0)); s.write(w, 2) },
		"renamed": func(s *scenario, w *os.File) {
			s.write(w, 3)
			s.rename(".1")
			s.write(w, 3)
			s.write(s.writer(), 3)
		},
		"renamed twice": func(s *scenario, w *os.File) {
			s.write(w, 3)
			s.rename(".2")
			mid := s.writer()
			s.write(mid, 3)
			s.rename(".1")
			s.write(w, 1)
			s.write(s.writer(), 3)
		},
		"renamed, nothing new yet": func(s *scenario, w *os.File) { s.rename(".1"); s.write(w, 3) },
		"renamed to a name without order": func(s *scenario, w *os.File) {
			s.must(os.Rename(s.path, filepath.Join(filepath.Dir(s.path), "before")))
			s.write(w, 3)
			s.write(s.writer(), 3)
		},
		"deleted, a new one": func(s *scenario, w *os.File) {
			s.remove(s.path)
			w.Close()
			s.write(s.writer(), 3)
		},
		"copied and truncated": func(s *scenario, w *os.File) {
			s.write(w, 3)
			text, err := os.ReadFile(s.path)
			s.must(err)
			s.must(os.WriteFile(s.path+".1", text, 0o644))
			s.must(w.Truncate(0))
			s.write(w, 3)
		},
		"compressed": func(s *scenario, w *os.File) {
			s.write(w, 3)
			s.rename(".1")
			s.gzipped(s.path + ".1")
			w.Close()
			s.write(s.writer(), 3)
		},
		"moved away and back": func(s *scenario, w *os.File) {
			s.must(os.Rename(s.path, s.path+".away"))
			s.look()
			s.must(os.Rename(s.path+".away", s.path))
			s.write(w, 3)
		},
		"a disk that went and came": func(s *scenario, w *os.File) {
			dir := filepath.Dir(s.path)
			s.must(os.Rename(dir, dir+"-away"))
			s.look()
			s.look()
			if got := s.told(); !strings.Contains(got, "waiting for a new one") {
				s.t.Errorf("notices: got %q", got)
			}
			s.must(os.Rename(dir+"-away", dir))
			s.write(w, 3)
		},
		"replaced by a copy of itself": func(s *scenario, w *os.File) {
			text, err := os.ReadFile(s.path)
			s.must(err)
			w.Close()
			s.remove(s.path)
			s.must(os.WriteFile(s.path, text, 0o644))
			s.write(s.writer(), 3)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := parked(t)
			do(s, w)
			s.check()
			s.write(s.writer(), 2)
			s.check()
			if st := s.src.State(); st.PossibleLoss != 0 {
				t.Errorf("possible loss: got %d, want 0", st.PossibleLoss)
			}
		})
	}
}

// S9
func TestWhatAParkedFileWasSeenToHaveAndIsGoneIsPossibleLoss(t *testing.T) {
	s, w := parked(t)
	l := s.line()
	s.put(w, l)
	// It is seen to have grown by one who may not open it at this moment.
	if s.src.unchanged(s.now) {
		t.Fatal("a change was not seen")
	}
	s.remove(s.path)
	w.Close()
	s.write(s.writer(), 3)
	s.check()
	if got := s.src.State().PossibleLoss; got != int64(len(l)) {
		t.Errorf("possible loss: got %d, want %d", got, len(l))
	}
	if got := s.told(); !strings.Contains(got, "is gone, and 32 bytes with it") {
		t.Errorf("notices: got %q, want the bytes that are gone", got)
	}
}

// S9
func TestTheSizeOfAnotherFileIsNotWhatAParkedOneHad(t *testing.T) {
	s, w := parked(t)
	was, err := os.Stat(s.path)
	s.must(err)
	age := bornAt(s.path)
	w.Close()
	s.remove(s.path)
	w = s.writer()
	s.write(w, 100)
	now, err := os.Stat(s.path)
	s.must(err)
	if !os.SameFile(was, now) || bornAt(s.path).Equal(age) {
		t.Skip("the file system does not give the number again, or keeps no time of birth")
	}
	s.check()
	if got := s.src.State().PossibleLoss; got != 0 {
		t.Errorf("possible loss: got %d, want none, all was read before it was deleted", got)
	}
	if got := s.told(); strings.Contains(got, "bytes with it") {
		t.Errorf("notices: got %q, want no loss", got)
	}
}

// S9
func TestAReplacedFileThatIsParkedIsReadOnAndLetGoOf(t *testing.T) {
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 3)
	s.look()
	s.rename(".1")
	s.write(s.writer(), 3)
	s.look()
	s.letGo()
	s.must(os.Rename(s.path+".1", s.path+".2"))
	s.write(w, 2)
	s.look()
	s.put(w, "half a line")
	s.look()
	s.letGo()
	s.pass(2 * defaultHold)
	s.want = append(s.want, "half a line\n")
	s.check()
	if got := s.src.State().Held; got != 0 {
		t.Errorf("held: got %d, want 0", got)
	}
}

// S9
func TestADeletedFileIsNotParked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be deleted there")
	}
	s := follow(t, Options{}, nil)
	w := s.writer()
	s.write(w, 3)
	s.look()
	s.remove(s.path)
	s.look()
	if s.src.park() {
		t.Error("a file without a name was closed")
	}
	s.write(w, 3)
	s.write(s.writer(), 3)
	s.ordered()
}

// S9
func TestANumberThatWasGivenToAnotherLogIsNotTakenForTheParkedOne(t *testing.T) {
	c := crowded(t, 2, 0, Options{}, false)
	a, b := c.f.sources[0], c.f.sources[1]
	c.write(c.writers[0], 5)
	c.write(c.writers[1], 5)
	c.all()
	if !a.park() {
		t.Fatal("it was not parked")
	}
	// The new file of b may get the number of that of a, which is deleted.
	c.writers[0].Close()
	c.writers[0] = nil
	c.remove(c.paths[0])
	c.rename(1)
	c.write(c.writers[1], 5)
	b.touched.Store(true)
	for x := b.Next(c.now); x != nil; x = b.Next(c.now) {
		c.take(x)
	}
	c.begin(0)
	c.write(c.writers[0], 5)
	c.all()
	compare(t, c.got, c.want)
}

// S9
func TestAHeadIsThereOfAParkedSource(t *testing.T) {
	s, _ := parked(t)
	if got := s.src.Head(6); string(got) != "000001" {
		t.Errorf("head: got %q, want 000001", got)
	}
	s.letGo()
	if got := s.src.Last(40); string(got) != s.want[len(s.want)-1] {
		t.Errorf("last: got %q, want %q", got, s.want[len(s.want)-1])
	}
	s.letGo()
	s.src.SeekLast(2)
	s.want = append(s.want, s.want[28:]...)
	s.check()
}

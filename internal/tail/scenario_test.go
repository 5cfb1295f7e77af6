package tail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/internal/charset"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A scenario writes numbered lines into real files and compares the numbers
// that come out of a Follower with those that went in. Its time is its own.
type scenario struct {
	t    *testing.T
	path string // the file followed
	now  time.Time
	f    *Follower
	src  *Source

	events bool // looks are made on wakes alone, with no sweep beside them

	coding charset.Encoding // that put writes in
	marks  bool             // who creates a file begins with the mark
	begun  map[*os.File]bool

	wrote int      // numbers used
	want  []string // lines that must be read, in any order
	got   []string // lines read, in order
	open  []*os.File
}

// noon is when a scenario begins: before the clock of any machine that plays it,
// so that no directory, whose time is the machine's, seems to have rested.
func noon() time.Time { return time.Date(2020, 11, 21, 12, 0, 0, 0, time.UTC) }

// follow starts a scenario in an empty directory; before runs ahead of Open.
func follow(t *testing.T, o Options, before func(s *scenario)) *scenario {
	t.Helper()
	s := &scenario{
		t: t, path: filepath.Join(t.TempDir(), "access.log"),
		now: noon(),
	}
	t.Cleanup(func() {
		for _, f := range s.open {
			f.Close()
		}
	})
	if before != nil {
		before(s)
	}
	s.start(o)
	return s
}

// An opener is follow in one of the two modes.
type opener func(t *testing.T, o Options, before func(s *scenario)) *scenario

// inBothModes plays a fault once with a Follower that asks for no events and is
// looked at by the scenario, and once with one that is looked at when it wakes;
// then with writers of UTF-16, with a mark and without. Only the one that wakes has
// goroutines beside that of the test, so under -short, as with the race detector, it
// is played alone.
func inBothModes(t *testing.T, play func(t *testing.T, follow opener)) {
	inUTF8(t, play)
	if testing.Short() {
		return
	}
	t.Run("UTF-16LE", func(t *testing.T) { play(t, followWide(charset.UTF16LE, true)) })
	t.Run("UTF-16BE", func(t *testing.T) { play(t, followWide(charset.UTF16BE, false)) })
}

// followWide is follow with writers of UTF-16.
func followWide(e charset.Encoding, marks bool) opener {
	return func(t *testing.T, o Options, before func(s *scenario)) *scenario {
		t.Helper()
		return follow(t, o, func(s *scenario) {
			s.coding, s.marks = e, marks
			if before != nil {
				before(s)
			}
		})
	}
}

// inUTF8 is inBothModes for what counts bytes.
func inUTF8(t *testing.T, play func(t *testing.T, follow opener)) {
	if !testing.Short() {
		t.Run("polling", func(t *testing.T) { play(t, follow) })
	}
	t.Run("events", func(t *testing.T) {
		play(t, func(t *testing.T, o Options, before func(s *scenario)) *scenario {
			t.Helper()
			return follow(t, o, func(s *scenario) {
				s.events = true
				if before != nil {
					before(s)
				}
			})
		})
	})
}

// start opens the Follower on the scenario's path.
func (s *scenario) start(o Options) {
	s.t.Helper()
	o.Poll = !s.events // without events the scenario looks by itself
	if o.Paths == nil {
		o.Paths = []string{s.path}
	}
	f, err := Open(o)
	s.must(err)
	if s.f == nil {
		s.t.Cleanup(func() {
			if s.f != nil {
				s.f.Close()
			}
		})
	}
	s.f, s.src = f, f.Sources()[0]
	if s.events && f.Sweep() != sweepBesideEvents {
		if os.Getenv("CI") != "" {
			s.t.Fatal("the machine that checks must give events: ", f.Notices())
		}
		s.t.Skip("this system gives no events: ", f.Notices())
	}
}

// restart ends the Follower and starts another where it stopped, as a later
// process would. meanwhile happens while there is none.
func (s *scenario) restart(o Options, meanwhile func()) {
	s.t.Helper()
	text, err := json.Marshal(s.src.Position())
	s.must(err)
	s.f.Close()
	meanwhile()
	var p Position
	s.must(json.Unmarshal(text, &p))
	o.Resume = map[string]Position{s.path: p}
	s.start(o)
}

func (s *scenario) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// writer opens the path as a server does, creating it.
func (s *scenario) writer() *os.File {
	s.t.Helper()
	w, err := os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	s.must(err)
	s.open = append(s.open, w)
	return w
}

// line makes the next numbered line. Both ends carry the number.
func (s *scenario) line() string {
	s.wrote++
	return fmt.Sprintf("%06d GET /pages/create %06d\n", s.wrote, s.wrote)
}

// write appends n lines that must be read.
func (s *scenario) write(w *os.File, n int) {
	s.t.Helper()
	for range n {
		l := s.line()
		s.put(w, l)
		s.want = append(s.want, l)
	}
}

// put appends text that the caller accounts for.
func (s *scenario) put(w *os.File, text string) {
	s.t.Helper()
	if info, err := w.Stat(); s.marks && !s.begun[w] && err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		text = "\ufeff" + text
	}
	if s.begun == nil {
		s.begun = map[*os.File]bool{}
	}
	s.begun[w] = true
	_, err := w.Write(spell(text, s.coding))
	s.must(err)
}

// rename moves the file at the path away, as logrotate does.
func (s *scenario) rename(suffix string) {
	s.t.Helper()
	s.must(os.Rename(s.path, s.path+suffix))
}

// look reads everything there is, as the owner does on a wake. With events it
// waits for a wake as long as lines that can be read are missing.
func (s *scenario) look() {
	s.t.Helper()
	s.glance()
	if !s.events || len(s.got) >= len(s.want) {
		return
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for len(s.got) < len(s.want) {
		select {
		case <-s.f.Wake():
			s.glance()
		case <-ctx.Done():
			s.t.Fatalf("no wake: read %d of %d lines; notices: %s", len(s.got), len(s.want), s.told())
		}
	}
}

// glance reads what there is just now.
func (s *scenario) glance() {
	s.t.Helper()
	s.src.touched.Store(true)
	for {
		b := s.src.Next(s.now)
		if b == nil {
			return
		}
		s.take(b)
	}
}

// take keeps the lines of b and gives it back.
func (s *scenario) take(b *Batch) {
	s.t.Helper()
	if len(b.Data) > 0 && b.Data[len(b.Data)-1] != '\n' {
		s.t.Errorf("batch at %d ends in half a line: %q", b.Offset, b.Data)
	}
	for l := range bytes.Lines(b.Data) {
		s.got = append(s.got, string(l))
	}
	b.Release()
}

// pass lets time go by.
func (s *scenario) pass(d time.Duration) { s.now = s.now.Add(d) }

// check compares what was read with what was written: lost, doubled, broken.
func (s *scenario) check() {
	s.t.Helper()
	s.look()
	compare(s.t, s.got, s.want)
}

// ordered is check, and the lines must have come as they were written.
func (s *scenario) ordered() {
	s.t.Helper()
	s.check()
	if !slices.Equal(s.got, s.want) {
		s.t.Errorf("order of lines: got %q, want %q", s.got, s.want)
	}
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	lost, doubled, broken := 0, 0, 0
	known := map[string]bool{}
	for l := range count {
		known[l] = true
	}
	for _, l := range got {
		switch {
		case !known[l]:
			if broken++; broken == 1 {
				t.Errorf("a line nobody wrote: %q", l)
			}
		case count[l] == 0:
			if doubled++; doubled == 1 {
				t.Errorf("read twice: %q", l)
			}
		default:
			count[l]--
		}
	}
	for l, n := range count {
		if lost += n; n > 0 && lost == n {
			t.Errorf("never read: %q", l)
		}
	}
	if lost+doubled+broken > 0 {
		t.Errorf("of %d lines lost %d, doubled %d, broken %d; want 0, 0, 0", len(want), lost, doubled, broken)
	}
}

// told returns the texts of the notices since the last call, with the
// directory of the scenario cut off. That a log is in UTF-16 is left out.
func (s *scenario) told() string {
	var texts []string
	for _, n := range s.f.Notices() {
		if s.coding != charset.UTF8 && strings.HasSuffix(n.Text, ", read as UTF-8") {
			continue
		}
		texts = append(texts, strings.ReplaceAll(n.Text, filepath.Dir(s.path)+string(filepath.Separator), ""))
	}
	return strings.Join(texts, "\n")
}

// wantTold checks that exactly the given text was told.
func (s *scenario) wantTold(want string) {
	s.t.Helper()
	if got := s.told(); got != want {
		s.t.Errorf("notices: got %q, want %q", got, want)
	}
}

// remove unlinks a file that may be there.
func (s *scenario) remove(path string) {
	s.t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
}

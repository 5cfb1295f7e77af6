package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// A perfect follower gets every byte from the writer, so that what it prints is
// what was written. mangle makes a bad one of it.
type perfect struct {
	mangle func(line string) string // nil leaves lines as they are

	mu     sync.Mutex
	queue  []byte
	more   chan struct{} // one deep
	stop   chan struct{} // closed to end
	done   chan struct{}
	halted chan struct{} // one deep: full while paused
}

func newPerfect(s *scene, mangle func(string) string) *perfect {
	p := &perfect{mangle: mangle, more: make(chan struct{}, 1), halted: make(chan struct{}, 1)}
	s.writer.tee = func(b []byte) {
		p.mu.Lock()
		p.queue = append(p.queue, b...)
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
	}
	return p
}

func (p *perfect) start(c *checker) error {
	p.stop, p.done = make(chan struct{}), make(chan struct{})
	r, w := io.Pipe()
	go func() {
		defer w.Close()
		for {
			select {
			case <-p.more:
			case <-p.stop:
				p.print(w)
				return
			}
			p.print(w)
		}
	}()
	go func() {
		defer close(p.done)
		c.read(r, alive)
	}()
	return nil
}

// print forwards the whole lines that have come.
func (p *perfect) print(w io.Writer) {
	p.halted <- struct{}{}
	defer func() { <-p.halted }()
	p.mu.Lock()
	end := bytes.LastIndexByte(p.queue, '\n') + 1
	lines := string(p.queue[:end])
	p.queue = append([]byte(nil), p.queue[end:]...)
	p.mu.Unlock()
	if p.mangle != nil {
		var b strings.Builder
		for line := range strings.Lines(lines) {
			b.WriteString(p.mangle(line))
		}
		lines = b.String()
	}
	io.WriteString(w, lines)
}

func (p *perfect) pause() error              { p.halted <- struct{}{}; return nil }
func (p *perfect) resume() error             { <-p.halted; return nil }
func (p *perfect) end(context.Context) error { return p.kill() }
func (p *perfect) kill() error               { close(p.stop); <-p.done; return nil }
func (p *perfect) gone() <-chan struct{}     { return p.done }
func (p *perfect) pid() int                  { return 0 }
func (p *perfect) said() string              { return "" }

// of are the scripts of a list of names.
func of(t *testing.T, names ...string) []script {
	t.Helper()
	list, err := named(names)
	must(t, err)
	return list
}

// stage makes a scene with a perfect follower, or one made bad.
func stage(t *testing.T, o options, mangle func(string) string) *scene {
	t.Helper()
	s, err := newScene(t.TempDir(), o)
	must(t, err)
	s.prune = false
	s.follower = newPerfect(s, mangle)
	return s
}

func someOptions(t *testing.T, names ...string) options {
	t.Helper()
	return options{
		lines: 4000, rotations: 8, rate: 10_000, seed: 1, halves: 0.1, quiet: 2 * time.Second, resume: true,
		graces: []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond}, scripts: of(t, names...),
	}
}

// ownScripts are those that need no other program.
func ownScripts() []script {
	return slices.DeleteFunc(scripts(), func(s script) bool { return s.tool != "" })
}

func TestAPerfectFollowerLosesNothingInAnyMix(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			o := someOptions(t)
			o.scripts, o.seed, o.lines, o.rotations = ownScripts(), seed, 20_000, 100
			s := stage(t, o, nil)
			r, err := s.torture(t.Context(), o, io.Discard)
			must(t, err)
			if !r.clean() || r.unread != 0 || r.repeated != 0 || r.cut != 0 {
				t.Errorf("got %s", r)
			}
			if r.rotations < 100 || r.written < 20_000 || r.kinds < 15 {
				t.Errorf("got %d rotations by %d scripts, %d lines; want 100, 15, 20,000 at least", r.rotations, r.kinds, r.written)
			}
			if got := float64(r.written) / r.took.Seconds(); got < 9_500 || got > 10_500 {
				t.Errorf("got %.0f lines a second, want 10,000", got)
			}
		})
	}
}

// TestWhatAFollowerDoesWrongIsCounted makes one kind of mistake at every
// hundredth line.
func TestWhatAFollowerDoesWrongIsCounted(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(line string) string
		cell  string
	}{
		"drops":            {func(string) string { return "" }, "lost 40"},
		"doubles":          {func(l string) string { return l + l }, "doubled 40"},
		"cuts in two":      {func(l string) string { return l[:50] + "\n" + l[50:] }, "lost 40, broken 80"},
		"loses the end":    {func(l string) string { return l[:50] + "\n" }, "lost 40, broken 40"},
		"joins":            {func(l string) string { return strings.TrimSuffix(l, "\n") }, "lost 80, broken 40"},
		"changes a byte":   {func(l string) string { return strings.Replace(l, "GET", "PUT", 1) }, "lost 40, broken 40"},
		"adds a line":      {func(l string) string { return l + "file truncated\n" }, "broken 40"},
		"shows zero bytes": {func(l string) string { return "\x00\x00" + l }, "0"},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := someOptions(t, "ordinary")
				var n int
				s := stage(t, o, func(line string) string {
					if n++; n%100 != 50 || n > 4000 {
						return line
					}
					return c.wrong(line)
				})
				r, err := s.torture(t.Context(), o, io.Discard)
				must(t, err)
				if r.cell() != c.cell || r.clean() != (c.cell == "0") {
					t.Errorf("got %q, clean %t; want %q\n%s", r.cell(), r.clean(), c.cell, r)
				}
			})
		})
	}
}

// TestALineLeftOutBeforeItsFileIsTruncatedIsLost keeps truncations without a copy
// from excusing what a follower has passed over. One line a truncation may be
// excused: the left out one that would have been printed last before it, which
// nothing tells from one that was not read in time.
func TestALineLeftOutBeforeItsFileIsTruncatedIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := someOptions(t, "truncate", "regrow")
		n := 0
		s := stage(t, o, func(line string) string {
			if n++; n%100 == 50 && n < 4000 {
				return ""
			}
			return line
		})
		r, err := s.torture(t.Context(), o, io.Discard)
		must(t, err)
		if r.lost+r.unread != 40 || r.unread > int64(r.rotations) || r.destroyed < 2000 {
			t.Errorf("want 40 lines lost or excused, one of them a rotation at most excused, 2000 destroyed at least; got %s", r)
		}
	})
}

func TestAFollowerThatStopsPrintingEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := someOptions(t, "rename")
		n := 0
		s := stage(t, o, func(line string) string {
			if n++; n > 1000 {
				return ""
			}
			return line
		})
		r, err := s.torture(t.Context(), o, io.Discard)
		must(t, err)
		if r.lost != r.written-1000 || r.clean() || r.how != "no line came for 2s" {
			t.Errorf("got %s", r)
		}
		if !strings.Contains(r.String(), "lines from 1001, rename") {
			t.Errorf("the report does not tell what is lost:\n%s", r)
		}
	})
}

func TestAFollowerWithoutAFirstLineIsToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := someOptions(t, "rename")
		s := stage(t, o, func(string) string { return "" })
		r, err := s.torture(t.Context(), o, io.Discard)
		if r != nil || err == nil || !strings.Contains(err.Error(), "has not printed the first line") {
			t.Errorf("got %v, %v", r, err)
		}
	})
}

// TestTheRealLogrotateRotatesAsItsRulesSay runs each rule set under a perfect
// follower, in real time: logrotate has no other.
func TestTheRealLogrotateRotatesAsItsRulesSay(t *testing.T) {
	if logrotatePath() == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("logrotate is missing (Debian: logrotate)")
		}
		t.Skip("logrotate is missing: its scripts are not run")
	}
	for _, r := range ruleSets() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			o := someOptions(t, r.name)
			o.lines, o.rotations, o.rate = 1500, r.times(), 5000
			o.graces = []time.Duration{5 * time.Millisecond}
			s := stage(t, o, nil)
			rep, err := s.torture(t.Context(), o, io.Discard)
			must(t, err)
			if !rep.clean() || rep.rotations != r.times() {
				t.Errorf("got %s", rep)
			}
			if !r.copies && rep.destroyed > 0 {
				t.Errorf("got %d lines destroyed by %s, want 0", rep.destroyed, r.name)
			}
			checkDisk(t, s)
			var want []string
			switch r.name {
			case "logrotate-create", "logrotate-nocreate":
				want = []string{"access.log.1", "access.log.2.gz"}
			case "logrotate-copytruncate", "logrotate-maxsize":
				want = []string{"access.log.1", "access.log.2"}
			case "logrotate-compress", "logrotate-copycompress":
				want = []string{"access.log.1.gz", "access.log.2.gz"}
			case "logrotate-olddir":
				want = []string{"old/access.log.1", "old/access.log.2"}
			}
			got := rotatedNames(t, s)
			if r.name == "logrotate-dateext" {
				if len(got) != 1 || !strings.HasPrefix(got[0], "access.log-2") {
					t.Errorf("got %q, want one name with the time", got)
				}
				return
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// rotatedNames returns what the rotations have left, sorted.
func rotatedNames(t *testing.T, s *scene) []string {
	t.Helper()
	names, err := s.rotated()
	must(t, err)
	var out []string
	for _, name := range names {
		rel, err := filepath.Rel(s.dir, name)
		must(t, err)
		out = append(out, filepath.ToSlash(rel))
	}
	slices.Sort(out)
	return out
}

// checkDisk sees that every line stands in a file, but for those that the ledger
// calls destroyed; and that those stand in none.
func checkDisk(t *testing.T, s *scene) {
	t.Helper()
	names, err := s.rotated()
	must(t, err)
	var onDisk bitmap
	for _, name := range append(names, s.path) {
		list, _ := numbers(t, name)
		for _, n := range list {
			onDisk.add(n)
		}
	}
	gone := s.ledger.destroyed()
	for n := int64(1); n < s.writer.position(); n++ {
		destroyed := slices.ContainsFunc(gone, func(g stretch) bool { return n >= g.from && n < g.to })
		if onDisk.has(n) == destroyed {
			t.Fatalf("line %d: on the disk %t, destroyed by the ledger %t: %v", n, onDisk.has(n), destroyed, gone)
		}
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(asFollower) != "" {
		followForTests(os.Args[1])
		return
	}
	goleak.VerifyTestMain(m)
}

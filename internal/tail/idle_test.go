package tail

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// idle is a Follower of many files that have rested for more than a minute, each
// looked at a moment ago.
func idle(t *testing.T, o Options, files int) (s *shelf, srcs []*Source) {
	t.Helper()
	s = newShelf(t)
	for i := range files {
		name := fmt.Sprintf("%04d.log", i)
		s.put(name, "before\n")
		o.Paths = append(o.Paths, s.path(name))
	}
	f, err := Open(o)
	s.must(err)
	t.Cleanup(f.Close)
	s.f, srcs = f, f.Sources()
	s.round()
	s.now = s.now.Add(busy)
	s.f.Hurry() // also what the system has told of
	s.round()
	s.now = s.now.Add(-time.Second) // the moment of that look
	clear(s.got)
	return s, srcs
}

// read gives each source one look after another, and tells what came of the one
// that was written to.
func (s *shelf) read(src *Source) string {
	s.t.Helper()
	b := src.Next(s.now)
	if b == nil {
		return ""
	}
	defer b.Release()
	return string(b.Data)
}

// TestAnIdleFileAmongManyIsLookedAtLessOften, and no less often than promised: a
// millisecond for each file beyond 128, 5 s at most.
func TestAnIdleFileAmongManyIsLookedAtLessOften(t *testing.T) {
	for _, c := range []struct {
		files int
		wait  time.Duration
	}{
		{1, 0}, {fewSources, 0}, {fewSources + 1, time.Millisecond}, {fewSources + 72, 72 * time.Millisecond},
	} {
		s, srcs := idle(t, Options{Poll: true}, c.files)
		one := srcs[c.files/2]
		s.put(s.short(one.name), "after\n")
		if c.wait > 0 {
			s.now = s.now.Add(c.wait - 1)
			if got := s.read(one); got != "" {
				t.Errorf("%d files: read %q before %v", c.files, got, c.wait)
			}
			s.now = s.now.Add(1)
		}
		if got := s.read(one); got != "after\n" {
			t.Errorf("%d files: got %q after %v, want the line", c.files, got, c.wait)
		}
		// From now on it is in use, and looked at with every sweep, for a minute.
		for range 3 {
			s.now = s.now.Add(busy / 4)
			if got := s.read(one); got != "" {
				t.Errorf("got %q, want nothing", got)
			}
			s.put(s.short(one.name), "more\n")
			s.now = s.now.Add(s.f.Sweep())
			if got := s.read(one); got != "more\n" {
				t.Errorf("%d files: got %q with the next sweep, want the line", c.files, got)
			}
		}
	}
}

func TestTheWaitOfIdleFilesIsBounded(t *testing.T) {
	for _, c := range []struct {
		waker *waker
		most  time.Duration
	}{{nil, mostPauseAlone}, {new(waker), mostPauseBesideEvents}} {
		f := &Follower{waker: c.waker, sources: make([]*Source, mostSources)}
		s := &Source{f: f, changed: noon()}
		now := noon().Add(busy + 1)
		if s.pause(now); s.due.Sub(now) != c.most {
			t.Errorf("%d files: waits %v, want %v", mostSources, s.due.Sub(now), c.most)
		}
	}
}

// TestHurryLooksAtAll, as before an end: nothing that was logged may be left.
func TestHurryLooksAtAll(t *testing.T) {
	s, srcs := idle(t, Options{Poll: true}, fewSources+200)
	for _, src := range srcs {
		s.put(s.short(src.name), "after\n")
	}
	s.f.Hurry()
	for _, src := range srcs {
		if got := s.read(src); got != "after\n" {
			t.Fatalf("%s: got %q, want the line", s.short(src.name), got)
		}
	}
	s = newShelf(t)
	s.follow(Options{}, "")
	s.f.Look(s.now)
	s.put("a.log", "one\n")
	if n := len(s.f.Look(s.now)); n != 0 {
		t.Errorf("%d logs were found a moment after the last search, want none before a second", n)
	}
	s.f.Hurry()
	if n := len(s.f.Look(s.now)); n != 1 {
		t.Errorf("%d logs were found in a hurry, want 1", n)
	}
}

// TestFinishLooksAtAll: the last lines are given, however long a log was idle.
func TestFinishLooksAtAll(t *testing.T) {
	s, srcs := idle(t, Options{Poll: true}, fewSources+200)
	for i, src := range srcs {
		s.put(s.short(src.name), []string{"one\n", "one\ntwo", "two"}[i%3])
	}
	for i, src := range srcs {
		got := ""
		for b := src.Finish(s.now); b != nil; b = src.Finish(s.now) {
			got += string(b.Data)
			b.Release()
		}
		if want := []string{"one\n", "one\ntwo\n", "two\n"}[i%3]; got != want {
			t.Fatalf("%s: got %q, want %q", s.short(src.name), got, want)
		}
	}
}

// TestAnEventWakesAnIdleFile, written, renamed, or made anew, before it is due.
func TestAnEventWakesAnIdleFile(t *testing.T) {
	s, srcs := idle(t, Options{}, fewSources+200)
	if s.f.Sweep() != sweepBesideEvents {
		if os.Getenv("CI") != "" {
			t.Fatal("the machine that checks must give events: ", s.told())
		}
		t.Skip("this system gives no events: ", s.told())
	}
	// The events of the beginning come late, so some sources are looked at again.
	one, name := srcs[150], s.short(srcs[150].name)
	await := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for {
			if got := s.read(one); got != "" {
				if got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				one.changed = noon().Add(-busy) // idle again
				s.read(one)
				return
			}
			select {
			case <-s.f.Wake():
			case <-ctx.Done():
				t.Fatalf("%q was not read: no event", want)
			}
		}
	}
	s.put(name, "written\n")
	await("written\n")
	w, err := os.OpenFile(s.path(name), os.O_APPEND|os.O_WRONLY, 0)
	s.must(err)
	defer w.Close()
	s.must(os.Rename(s.path(name), s.path(name+".1")))
	s.put(name, "new\n")
	await("new\n")
	_, err = w.WriteString("to the renamed file\n")
	s.must(err)
	await("to the renamed file\n")
}

// TestALogThatComesLateIsInTheSchedule: it is looked at, like all others.
func TestALogThatComesLateIsInTheSchedule(t *testing.T) {
	s := newShelf(t)
	for i := range fewSources + 100 {
		s.put(fmt.Sprintf("%04d.log", i), "")
	}
	s.follow(Options{}, "")
	s.round()
	s.now = s.now.Add(2 * busy)
	s.round()
	s.put("late.log", "one\n")
	s.round()
	if i := slices.IndexFunc(s.f.Sources(), func(src *Source) bool { return s.short(src.name) == "late.log" }); i < 0 {
		t.Fatal("late.log is not followed")
	}
	s.now = s.now.Add(2 * busy)
	s.round()
	s.put("late.log", "two\n")
	s.round() // a second later: more than the wait of 228 files
	s.wantRead(map[string]string{"late.log": "one\ntwo\n"})
}

// A directory of a thousand empty logs is not listed anew for each of them when
// something in it has changed.
func TestADirectoryIsListedOnceForItsEmptyLogs(t *testing.T) {
	const logs = 1000
	dir := t.TempDir()
	var paths []string
	for i := range logs {
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("host%04d.log", i)))
		if err := os.WriteFile(paths[i], nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(Options{Paths: paths, Poll: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ago := time.Now().Add(-time.Minute) // it has been quiet since the change
	if err := os.Chtimes(dir, ago, ago); err != nil {
		t.Fatal(err)
	}
	f.sources[0].missed()
	each := testing.AllocsPerRun(10, func() {
		f.sources[1].dirTime = time.Time{} // as if it had not seen the change
		if f.sources[1].missed() {
			t.Error("something was found")
		}
	})
	if each > logs/2 {
		t.Errorf("allocations for one of %d logs: got %v, want far less than one for each", logs, each)
	}
}

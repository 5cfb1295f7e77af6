package tail

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// awaitLines reads on wakes alone, with no sweep beside them.
func awaitLines(t *testing.T, s *scenario) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for s.look(); len(s.got) < len(s.want); s.look() {
		select {
		case <-s.f.Wake():
		case <-ctx.Done():
			t.Fatalf("no wake: read %d of %d lines", len(s.got), len(s.want))
		}
	}
}

func listening(t *testing.T) *scenario {
	t.Helper()
	s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log"), now: time.Unix(1e9, 0)}
	t.Cleanup(func() {
		for _, f := range s.open {
			f.Close()
		}
	})
	f, err := Open(Options{Paths: []string{s.path}})
	s.must(err)
	t.Cleanup(f.Close)
	if f.Sweep() != sweepBesideEvents {
		if os.Getenv("CI") != "" {
			t.Fatal("the machine that checks must give events: ", f.Notices())
		}
		t.Skip("this system gives no events: ", f.Notices())
	}
	s.f, s.src = f, f.Sources()[0]
	return s
}

func TestAWriteWakesTheOwner(t *testing.T) {
	s := listening(t)
	w := s.writer() // the creation, too
	for range 200 {
		s.write(w, 1)
		awaitLines(t, s)
	}
	s.rename(".1")
	fresh := s.writer()
	s.write(fresh, 1)
	awaitLines(t, s)
	s.write(w, 1) // under its rotated name
	awaitLines(t, s)
	s.ordered()
}

func TestAWriteBehindALinkWakesTheOwner(t *testing.T) {
	s := listening(t)
	link := s.path
	s.path = filepath.Join(t.TempDir(), "elsewhere.log")
	w := s.writer()
	s.must(os.Symlink(s.path, link))
	for range 5 {
		s.write(w, 1)
		awaitLines(t, s)
	}
	s.ordered()
}

func TestOtherFilesOfTheDirectoryAreNoConcern(t *testing.T) {
	of := []*Source{{}}
	w := &waker{names: map[string]names{"/var/log/nginx": {"access.log": of}, ".": {"a.log": of}, "/any": {"*": {nil}}}}
	for path, want := range map[string]bool{
		"/var/log/nginx/access.log":   true,
		"/var/log/nginx/access.log.1": true,
		"/var/log/nginx/error.log":    false,
		"/var/log/access.log":         false,
		"./a.log":                     true,
		"a.log":                       true,
		"/any/name":                   true,
	} {
		if got := w.concerns(path); got != want {
			t.Errorf("concerns(%q): got %v, want %v", path, got, want)
		}
	}
}

func TestWithoutEventsTheOwnerLooksMoreOften(t *testing.T) {
	s := follow(t, Options{}, nil) // scenarios poll
	if got := s.f.Sweep(); got != sweepAlone {
		t.Errorf("sweep when polling: got %v, want %v", got, sweepAlone)
	}
	l := listening(t)
	l.f.waker.close()
	l.f.deaf(os.ErrInvalid)
	if got := l.f.Sweep(); got != sweepAlone {
		t.Errorf("sweep after events failed: got %v, want %v", got, sweepAlone)
	}
	l.f.watch(l.path, l.src) // must not mind
}

func TestTheGapGrowsInARushAndIsGoneAfterIt(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		gap    gap
		waited time.Duration
		want   time.Duration
	}{
		{0, time.Hour, 0},
		{0, 10 * ms, 0},
		{0, 9 * ms, ms},
		{gap(ms), 0, 2 * ms},
		{gap(8 * ms), 0, 10 * ms},
		{gap(10 * ms), 0, 10 * ms},
		{gap(8 * ms), 5 * ms, 8 * ms},
		{gap(10 * ms), 9 * ms, 10 * ms},
		{gap(10 * ms), 11 * ms, 0},
	} {
		if got := time.Duration(c.gap.next(c.waited)); got != c.want {
			t.Errorf("gap %v after a wait of %v: got %v, want %v", time.Duration(c.gap), c.waited, got, c.want)
		}
	}
}

func TestWhoIsTouchedIsToldOnce(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		if got := s.f.Touched(nil); len(got) != 0 {
			t.Errorf("before anything has happened: got %d sources", len(got))
		}
		s.write(s.writer(), 1)
		if s.events {
			select {
			case <-s.f.Wake():
			case <-time.After(20 * time.Second):
				t.Fatal("no wake")
			}
			if got := s.f.Touched(nil); len(got) != 1 || got[0] != s.src {
				t.Errorf("got %v, want the source that was written to", got)
			}
		}
		if got := s.f.Touched(nil); len(got) != 0 {
			t.Errorf("got %d sources, and nobody knows of any, or it was named", len(got))
		}
		s.check()
	})
}

package tail

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs do with the file system rights of user and group 65534, which
// on Linux belong to a thread. Without root it just runs it.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread() // unlocked only when the rights are back
	if err := syscall.Setfsgid(65534); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	defer func() {
		syscall.Setfsuid(0)
		syscall.Setfsgid(0)
		runtime.UnlockOSThread()
	}()
	do()
}

// openDirs lets others than root reach the file of a scenario.
func (s *scenario) openDirs() {
	s.t.Helper()
	s.must(os.Chmod(filepath.Dir(s.path), 0o755))
	s.must(os.Chmod(filepath.Dir(filepath.Dir(s.path)), 0o755))
}

// asRoot gives the rights back for a moment inside of asNobody.
func asRoot(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	for _, id := range []int{0, 65534} {
		if err := errors.Join(syscall.Setfsgid(id), syscall.Setfsuid(id)); err != nil {
			t.Fatal(err)
		}
		if id == 0 {
			do()
		}
	}
}

// P2
func TestAFileThatMayNotBeReadIsReadOnceItMay(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var s *scenario
		asNobody(t, func() {
			s = follow(t, Options{}, func(s *scenario) {
				asRoot(t, func() {
					s.openDirs()
					s.write(s.writer(), 5)
					s.must(os.Chmod(s.path, 0))
				})
			})
			s.glance()
			s.glance()
		})
		if st := s.src.State(); !st.Denied || st.Missing {
			t.Errorf("state: got %+v, want denied, not missing", st)
		}
		if got := s.told(); strings.Count(got, "permission denied; only its owner") != 1 {
			t.Errorf("notices: got %q, want one that permission is denied", got)
		}
		s.must(os.Chmod(s.path, 0o644)) // which gives an event
		asNobody(t, s.ordered)
		if s.src.State().Denied {
			t.Error("state after it was granted: got denied")
		}
		s.wantTold("access.log: can be read now, following it")
	})
}

// P2
func TestARotatedFileThatMayNotBeReadYetKeepsTheOldOneGoing(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var s *scenario
		var old *os.File
		asNobody(t, func() {
			s = follow(t, Options{}, func(s *scenario) {
				asRoot(t, func() {
					s.openDirs()
					old = s.writer()
					s.write(old, 5)
				})
			})
			s.look()
		})
		s.rename(".1")
		fresh := s.writer()
		s.must(os.Chmod(s.path, 0o600)) // created, the group comes a moment later
		if os.Geteuid() != 0 {
			s.must(os.Chmod(s.path, 0))
		}
		s.write(old, 3)
		asNobody(t, s.look)
		s.write(fresh, 3)
		asNobody(t, s.glance)
		if !s.src.State().Denied {
			t.Error("state: got not denied, want denied")
		}
		s.grantToGroup()
		asNobody(t, s.ordered)
	})
}

// grantToGroup does what the servers do a moment after they have made a log: the
// group gets it. Only root may give a file away.
func (s *scenario) grantToGroup() {
	s.t.Helper()
	if os.Geteuid() == 0 {
		s.must(os.Chown(s.path, -1, 65534))
	}
	s.must(os.Chmod(s.path, 0o640))
}

// P3
func TestTheDirectoryThatKeepsUsOutIsNamed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var s *scenario
		var dir string
		asNobody(t, func() {
			s = follow(t, Options{}, func(s *scenario) {
				asRoot(t, func() {
					s.openDirs()
					dir = below(s, "nginx")
					s.must(os.Mkdir(dir, 0o755))
					s.write(s.writer(), 2)
					s.must(os.Chmod(dir, 0o600))
				})
			})
		})
		defer os.Chmod(dir, 0o755)
		want := "permission denied by the directory " + dir + "; only its owner"
		if got := s.f.Notices(); len(got) != 1 || !strings.Contains(got[0].Text, want) {
			t.Errorf("notices: got %+v, want %q in one", got, want)
		}
		s.must(os.Chmod(dir, 0o755))
		asNobody(t, s.swept) // nothing in a directory that could not be watched gives an event
	})
}

// P3
func TestADirectoryThatLosesItsRightAndGetsItBackLosesNothing(t *testing.T) {
	for _, park := range []bool{false, true} {
		inBothModes(t, func(t *testing.T, follow opener) {
			var s *scenario
			var dir string
			var w *os.File
			asNobody(t, func() {
				s = follow(t, Options{}, func(s *scenario) {
					asRoot(t, func() {
						s.openDirs()
						dir = below(s, "nginx")
						s.must(os.Mkdir(dir, 0o755))
						w = s.writer()
						s.write(w, 30)
					})
				})
				s.look()
			})
			defer os.Chmod(dir, 0o755)
			if park && !s.src.park() {
				t.Fatal("it was not parked")
			}
			s.must(os.Chmod(dir, 0o600))
			s.write(w, 3)
			asNobody(t, s.glance)
			if st := s.src.State(); !st.Denied || st.Missing {
				t.Errorf("state: got %+v, want denied, not missing", st)
			}
			if got := len(s.got); park == (got == 33) {
				t.Errorf("read %d lines; what is open is read on, what is not cannot be", got)
			}
			if os.Geteuid() == 0 { // rotated meanwhile, by one who may
				s.rename(".1")
				s.write(w, 2)
				s.write(s.writer(), 3)
				asNobody(t, s.glance)
			}
			s.must(os.Chmod(dir, 0o755))
			asNobody(t, s.swept)
			if st := s.src.State(); st.Denied || st.PossibleLoss != 0 {
				t.Errorf("state: got %+v, want neither denied nor loss", st)
			}
			s.write(s.writer(), 2)
			asNobody(t, s.check)
		})
	}
}

func TestOfADirectoryThatMayNotBeReadThatIsTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "a.log"), nil, 0o644), os.Chmod(dir, 0),
		os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755)); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		f, err := Open(Options{Patterns: []string{dir}, Poll: true})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		f.Look(noon())
		var told strings.Builder
		for _, n := range f.Notices() {
			told.WriteString(n.Text)
		}
		if got := told.String(); !strings.HasPrefix(got, dir+": permission denied; only its owner") {
			t.Errorf("notices: got %q, want that the directory may not be read", got)
		}
	})
}

func TestAFileOfThePastThatMayNotBeReadIsToldAndTheRestGoesOn(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var s *scenario
		asNobody(t, func() {
			s = follow(t, Options{Past: ever}, func(s *scenario) {
				asRoot(t, func() {
					s.openDirs()
					s.file(".3.gz", 5, 72)
					want := s.want
					s.file(".2.gz", 5, 48)
					s.want = want
					s.must(os.Chmod(s.path+".2.gz", 0))
					s.file(".1", 5, 24)
					s.current(5)
				})
			})
			s.glance()
		})
		s.ordered()
		if got := s.told(); !strings.HasPrefix(got, "access.log.2.gz: permission denied; ") || !strings.HasSuffix(got, "; it is left out of the past") {
			t.Errorf("notices: got %q, want that access.log.2.gz is left out, and why", got)
		}
		if got := s.src.State().PossibleLoss; got != 0 {
			t.Errorf("possible loss: got %d, want 0: it was never followed", got)
		}
	})
}

package tail

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// below puts the log of a scenario into a directory of its own.
func below(s *scenario, name string) string {
	dir := filepath.Join(filepath.Dir(s.path), name)
	s.path = filepath.Join(dir, "access.log")
	return dir
}

// swept looks for all lines, once: for what gives no event, which the
// sweep of the owner finds.
func (s *scenario) swept() {
	s.t.Helper()
	s.glance()
	s.events = false
	s.ordered()
}

// R16
func TestALinkThatIsTurnedToTheNextFileIsFollowed(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		dir, link := filepath.Dir(s.path), s.path
		var old *os.File
		for day := range 6 {
			s.path = filepath.Join(dir, "access-2026112"+string(rune('1'+day))+".log")
			w := s.writer()
			s.write(w, 3)
			s.must(os.Symlink(filepath.Base(s.path), link+".new"))
			s.must(os.Rename(link+".new", link))
			s.look()
			s.write(w, 2)
			if old != nil {
				l := s.line()
				s.put(old, l) // its writer is late
				s.want = append(s.want, l)
			}
			s.look()
			old = w
		}
		s.check()
	})
}

// R16
func TestAChainOfLinksLeadsToTheFile(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		dir, first := filepath.Dir(s.path), s.path
		s.must(os.Mkdir(filepath.Join(dir, "deep"), 0o755))
		s.must(os.Symlink("second", first))
		s.must(os.Symlink("deep/third", filepath.Join(dir, "second")))
		s.look() // leads to nothing yet
		s.path = filepath.Join(dir, "deep", "file")
		w := s.writer()
		s.must(os.Symlink("file", filepath.Join(dir, "deep", "third")))
		s.write(w, 3)
		s.swept() // the directory of the last link is not watched before it is found
		s.events = s.f.Sweep() == sweepBesideEvents
		s.write(w, 3)
		s.look()
		s.rename(".1")
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// R16
func TestALoopOfLinksIsToldAndWaitedOut(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) {
			s.must(os.Symlink("access.log", s.path))
		})
		s.look()
		s.look()
		if got := s.told(); strings.Contains(got, "\n") || !strings.Contains(got, "too many") {
			t.Errorf("notices: got %q, want one about too many links", got)
		}
		s.must(os.Remove(s.path))
		s.write(s.writer(), 3)
		s.look()
		s.rename(".1")
		s.must(os.Symlink("access.log", s.path))
		s.look()
		if got := s.told(); !strings.Contains(got, "too many") {
			t.Errorf("notices: got %q, want one about too many links", got)
		}
		s.must(os.Remove(s.path))
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// R16
func TestALinkThatLeadsNowhereIsWaitedFor(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) {
			s.must(os.Symlink("not yet", s.path))
		})
		s.look()
		s.wantTold("access.log: no such file yet; waiting for it")
		s.path = filepath.Join(filepath.Dir(s.path), "not yet")
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// R16, R17
func TestAFileUnderSeveralNamesIsReadOnce(t *testing.T) {
	for name, link := range map[string]func(old, name string) error{"symlink": os.Symlink, "hard link": os.Link} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				var second, third string
				s := follow(t, Options{}, func(s *scenario) {
					s.write(s.writer(), 3)
					dir := filepath.Dir(s.path)
					second, third = filepath.Join(dir, "second.log"), filepath.Join(dir, "other")
					s.must(link(s.path, second))
					s.must(os.Symlink(dir, third))
				})
				s.f.Close()
				s.start(Options{Paths: []string{s.path, second, third + "/access.log", filepath.Dir(s.path) + "/../" + filepath.Base(filepath.Dir(s.path)) + "/access.log"}})
				w := s.writer()
				for range 5 {
					s.write(w, 2)
					for _, src := range s.f.Sources() {
						s.src = src
						s.glance()
					}
				}
				compare(t, s.got, s.want)
			})
		})
	}
}

// R20, P1, P3
func TestADirectoryThatComesLaterGoesAndComesAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var dir string
		s := follow(t, Options{}, func(s *scenario) { dir = below(s, "nginx") })
		s.look()
		s.must(os.Mkdir(dir, 0o755))
		w := s.writer()
		s.write(w, 3)
		s.swept()
		s.must(os.Rename(dir, dir+".old"))
		s.write(w, 2) // the server still writes there
		s.glance()
		s.must(os.Mkdir(dir, 0o755))
		fresh := s.writer()
		s.write(w, 1)
		s.write(fresh, 3)
		s.swept()
		s.must(os.RemoveAll(dir))
		s.write(fresh, 1)
		s.swept()
		s.must(os.Mkdir(dir, 0o755))
		s.write(s.writer(), 4)
		s.swept()
	})
}

// R20
func TestADirectoryThatWasRenamedAndComesBackIsReadOn(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var dir string
		s := follow(t, Options{}, func(s *scenario) {
			dir = below(s, "nginx")
			s.must(os.Mkdir(dir, 0o755))
		})
		w := s.writer()
		s.write(w, 3)
		s.look()
		s.must(os.Rename(dir, dir+".away"))
		s.write(w, 3)
		s.swept()
		s.must(os.Rename(dir+".away", dir))
		s.write(w, 3)
		s.swept()
		if got := s.src.State(); got.Rotations != 0 || got.Truncations != 0 {
			t.Errorf("rotations, truncations: got %d, %d, want 0, 0", got.Rotations, got.Truncations)
		}
	})
}

// R21
func TestWhatTakesThePathAndIsNoFileIsToldAndWaitedOut(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"device":    func(path string) error { return os.Symlink("/dev/zero", path) },
		"terminal":  func(path string) error { return os.Symlink("/dev/tty", path) },
		"null":      func(path string) error { return os.Symlink("/dev/null", path) },
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				old := s.writer()
				s.write(old, 3)
				s.look()
				s.told()
				s.rename(".1")
				s.must(put(s.path))
				s.look()
				s.look()
				s.wantTold("access.log: is no regular file any more; waiting for one")
				s.write(old, 2) // the rest goes on
				s.look()
				s.must(os.Remove(s.path))
				s.write(s.writer(), 3)
				s.ordered()
			})
		})
	}
}

func TestANameMayHaveAnyBytesInIt(t *testing.T) {
	for _, name := range []string{"a\nb.log", "a b.log", "\x1b[2J.log", "\xff\xfe.log", "*?[a].log", "-f", "a.log\n", "täglich.log"} {
		inBothModes(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{}, func(s *scenario) { s.path = filepath.Join(filepath.Dir(s.path), name) })
			w := s.writer()
			s.write(w, 30)
			s.look()
			s.write(w, 2)
			s.rename(".1")
			s.write(s.writer(), 2)
			s.rename(".2")
			s.write(s.writer(), 2)
			s.look()
			s.restart(Options{}, func() {
				s.remove(s.path + ".2")
				s.rename(".2")
				s.write(s.writer(), 2)
			})
			s.check()
		})
	}
}

// S6
func TestAClockThatIsSetLosesAndDoublesNothing(t *testing.T) {
	for _, by := range []time.Duration{-24 * time.Hour, -time.Hour, time.Hour, 24 * time.Hour, 366 * 24 * time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				dated := func() { s.must(os.Chtimes(s.path, s.now, s.now)) }
				for i := range 6 {
					s.write(w, 3)
					dated()
					s.look()
					s.write(w, 1)
					dated()
					if i == 2 {
						s.pass(by)
					}
					s.shifted(9)
					s.rename(".1")
					w = s.writer()
					s.write(w, 1)
					dated()
					s.pass(time.Second)
					if i == 4 {
						s.restart(Options{}, func() { s.write(w, 1) })
					}
				}
				s.ordered()
			})
		})
	}
}

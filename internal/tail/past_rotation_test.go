package tail

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The log is rotated while each batch of the past is the last that was read.
func TestARotationWhileThePastIsReadLosesNothing(t *testing.T) {
	build := func(s *scenario) {
		s.file(".4.gz", 20, 96)
		s.file(".3.gz", 20, 72)
		s.file(".2", 20, 48)
		s.file(".1", 20, 24)
		s.current(20)
	}
	for name, happens := range map[string]func(s *scenario){
		"rename":          func(s *scenario) { s.shift(9); s.writerOf(5) },
		"twice":           func(s *scenario) { s.shift(9); s.writerOf(5); s.shift(9); s.writerOf(5) },
		"the oldest goes": func(s *scenario) { s.shift(3); s.writerOf(5); s.shift(3); s.writerOf(5) },
		"compression":     func(s *scenario) { s.pack(".2"); s.pack(".1") },
		"copytruncate": func(s *scenario) {
			for i := 4; i > 0; i-- {
				for _, e := range []string{"", ".gz"} {
					_ = os.Rename(fmt.Sprintf("%s.%d%s", s.path, i, e), fmt.Sprintf("%s.%d%s", s.path, i+1, e))
				}
			}
			text, err := os.ReadFile(s.path)
			s.must(err)
			s.must(os.WriteFile(s.path+".1", text, 0o644))
			s.must(os.Truncate(s.path, 0))
			s.writerOf(5)
		},
		"gone at once": func(s *scenario) {
			for _, e := range []string{".4.gz", ".3.gz", ".2", ".1"} {
				s.must(os.Remove(s.path + e))
			}
		},
	} {
		for _, restart := range []bool{false, true} {
			if restart && (name == "gone at once" || name == "the oldest goes") {
				continue // what has gone while nobody had it open is gone
			}
			t.Run(fmt.Sprintf("%s, restart %v", name, restart), func(t *testing.T) {
				inBothModes(t, func(t *testing.T, follow opener) {
					for taken := 0; taken < 14; taken++ {
						o := Options{Past: ever, Block: 300}
						s := follow(t, o, build)
						s.some(taken)
						if restart {
							s.restart(o, func() { happens(s) })
						} else {
							happens(s)
						}
						s.ordered()
						if st := s.src.State(); st.PossibleLoss != 0 {
							t.Errorf("possible loss: got %d, want 0", st.PossibleLoss)
						}
						s.pass(time.Hour)
						s.ordered()
					}
				})
			})
		}
	}
}

// A line that was cut by a copy and truncation goes on in the file behind it; the
// last line of a server that died does not.
func TestALineAcrossRotatedFilesIsJoined(t *testing.T) {
	for _, endings := range [][]string{{"", ""}, {".gz", ""}, {".gz", ".gz"}, {"", ".gz"}} {
		for _, joined := range []bool{true, false} {
			t.Run(fmt.Sprintf("%q %v", endings, joined), func(t *testing.T) {
				inBothModes(t, func(t *testing.T, follow opener) {
					s := follow(t, Options{Past: ever}, func(s *scenario) {
						part := func(n int) string {
							var b strings.Builder
							for range n {
								l := s.line()
								b.WriteString(l)
								s.want = append(s.want, l)
							}
							return b.String()
						}
						half := func() (string, string) {
							l := s.line()
							if joined {
								s.want = append(s.want, l)
								return l[:12], l[12:]
							}
							s.want = append(s.want, l[:12]+"\n")
							return l[:12], ""
						}
						marks := s.marks
						one := part(5)
						a, b := half()
						s.store(".2"+endings[0], one+a, 48)
						s.marks = marks && !joined
						two := b + part(5)
						a, b = half()
						s.store(".1"+endings[1], two+a, 24)
						three := b + part(5)
						w := s.writer()
						s.put(w, three)
						s.aged("", 0)
					})
					s.look()
					s.pass(time.Hour)
					s.ordered()
					if got := s.src.State().PossibleLoss; got != 0 {
						t.Errorf("possible loss: got %d, want 0", got)
					}
				})
			})
		}
	}
}

func TestACopyIsNotReadTwice(t *testing.T) {
	for name, build := range map[string]func(s *scenario){
		"plain and packed": func(s *scenario) {
			s.file(".1", 200, 24)
			text, err := os.ReadFile(s.path + ".1")
			s.must(err)
			s.must(os.WriteFile(s.path+".1.gz", packers(s.t)[".gz"](text)[:100], 0o644))
			s.current(20)
		},
		"under two names": func(s *scenario) {
			s.file(".1", 200, 24)
			text, err := os.ReadFile(s.path + ".1")
			s.must(err)
			s.must(os.WriteFile(s.path+"-20201121", text[:100*len("000001 GET /pages/create 000001\n")], 0o644))
			s.aged("-20201121", 30)
			s.current(20)
		},
		"packed under two names": func(s *scenario) {
			s.file(".2.gz", 200, 24)
			text, err := os.ReadFile(s.path + ".2.gz")
			s.must(err)
			s.must(os.WriteFile(s.path+".1.gz", text, 0o644))
			s.aged(".1.gz", 24)
			s.current(20)
		},
		"of a long log": func(s *scenario) {
			s.current(9000)
			text, err := os.ReadFile(s.path)
			s.must(err)
			s.must(os.WriteFile(s.path+"-20201121", text, 0o644))
			s.aged("-20201121", 0)
		},
		"of two lines": func(s *scenario) {
			s.current(2)
			text, err := os.ReadFile(s.path)
			s.must(err)
			s.must(os.WriteFile(s.path+".1", text, 0o644))
			s.aged(".1", 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{Past: ever}, build)
				s.ordered()
				s.restart(Options{Past: ever}, func() { s.shift(9); s.writerOf(3) })
				s.ordered()
			})
		})
	}
}

// The copy is made before the start, the truncation while the past is read.
func TestACopyInTheMakingIsReadOnceAfterTheTruncation(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		var w *os.File
		s := follow(t, Options{Past: ever, Block: 300}, func(s *scenario) {
			s.file(".2.gz", 30, 24)
			w = s.current(30)
			text, err := os.ReadFile(s.path)
			s.must(err)
			s.must(os.WriteFile(s.path+".1", text, 0o644))
			s.aged(".1", 0)
		})
		s.some(2)
		s.must(w.Truncate(0))
		s.write(w, 3)
		s.ordered()
		s.write(w, 3)
		s.ordered()
	})
}

// Nothing stands still while the files are looked for.
func TestRotationsWhileThePastIsOpenedLoseNothing(t *testing.T) {
	for round := range 12 {
		s := &scenario{t: t, path: filepath.Join(t.TempDir(), "access.log"), now: noon()}
		for i := 12; i > 1; i-- {
			s.file(fmt.Sprintf(".%d.gz", i), 20, 24*i)
		}
		s.file(".1", 20, 1)
		s.current(20)
		var wg sync.WaitGroup
		begin := make(chan struct{})
		wg.Go(func() {
			close(begin)
			for range 1 + round%4 {
				s.shift(99)
				s.writerOf(7)
			}
		})
		<-begin
		f, err := Open(Options{Paths: []string{s.path}, Past: ever, Poll: true, Block: 300})
		if err != nil {
			t.Fatal(err)
		}
		s.f, s.src = f, f.Sources()[0]
		wg.Wait()
		for range 3 {
			s.glance()
			s.pass(time.Second)
		}
		compare(t, s.got, s.want)
		f.Close()
		for _, w := range s.open {
			w.Close()
		}
		if t.Failed() {
			t.Log(s.told())
			return
		}
	}
}

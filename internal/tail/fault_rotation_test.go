package tail

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The faults that rotation brings about. Numbered lines go in, and exactly those
// must come out: lost 0, doubled 0, broken 0. The labels are those of the list the
// follower was built against: R for rotation, P for paths, L for lines, I for
// identity and events, S for the system.

// shifted makes room for access.log.1 as logrotate does, with at most keep files.
func (s *scenario) shifted(keep int) {
	s.t.Helper()
	s.remove(fmt.Sprint(s.path, ".", keep))
	for i := keep - 1; i >= 1; i-- {
		for _, c := range append(compressions(), "") {
			from := fmt.Sprint(s.path, ".", i, c)
			if _, err := os.Stat(from); err == nil {
				s.must(os.Rename(from, fmt.Sprint(s.path, ".", i+1, c)))
			}
		}
	}
}

// copyAside copies the log to access.log.1 as copytruncate does.
func (s *scenario) copyAside() {
	s.t.Helper()
	b, err := os.ReadFile(s.path)
	s.must(err)
	s.must(os.WriteFile(s.path+".1", b, 0o644))
}

// gzipped replaces a file by its compressed copy, with its time, as gzip does.
func (s *scenario) gzipped(path string) {
	s.t.Helper()
	s.gzippedBeside(path)
	s.must(os.Remove(path))
}

func (s *scenario) gzippedBeside(path string) {
	s.t.Helper()
	b, err := os.ReadFile(path)
	s.must(err)
	info, err := os.Stat(path)
	s.must(err)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(b)
	s.must(z.Close())
	s.must(os.WriteFile(path+".gz", packed.Bytes(), 0o644))
	s.must(os.Chtimes(path+".gz", info.ModTime(), info.ModTime()))
}

// R1
func TestAThousandRotationsOfAWriterThatMovesAtOnce(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Hold: time.Minute}, nil)
		rnd := rand.New(rand.NewPCG(1, 2))
		for range 1000 {
			w := s.writer()
			s.write(w, 1+rnd.IntN(4))
			for range rnd.IntN(3) {
				s.look()
				s.pass(time.Second)
			}
			s.look()
			s.shifted(5)
			s.rename(".1")
			w.Close()
			s.pass(time.Duration(rnd.IntN(30)) * time.Second)
		}
		s.ordered()
		if got := s.src.State().Rotations; got != 999 {
			t.Errorf("rotations: got %d, want 999", got)
		}
	})
}

// R2
func TestAWriterMayStayOnTheRenamedFileForMinutes(t *testing.T) {
	for _, grace := range []time.Duration{time.Millisecond, 50 * time.Millisecond, 5 * time.Second, 5 * time.Minute} {
		t.Run(grace.String(), func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				old := s.writer()
				for range 5 {
					s.write(old, 3)
					s.look()
					s.shifted(9)
					s.rename(".1")
					fresh := s.writer()
					s.write(old, 2)
					s.pass(grace / 2)
					s.look()
					s.write(old, 1)
					s.pass(grace / 2)
					s.look()
					s.write(old, 1)
					s.write(fresh, 3)
					s.look()
					old = fresh
				}
				s.ordered()
			})
		})
	}
}

// R2
func TestOldLinesComeBeforeNewOnesWhateverWasWrittenFirst(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 1)
		s.look()
		s.rename(".1")
		fresh := s.writer()
		first, second := s.line(), s.line()
		s.put(fresh, second)
		s.put(old, first)
		s.want = append(s.want, first, second)
		s.ordered()
	})
}

// R3
func TestAFileThatIsMissingForAWhileIsToldOnce(t *testing.T) {
	for seconds := range 11 {
		inBothModes(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{}, nil)
			s.write(s.writer(), 3)
			s.look()
			s.told()
			s.rename(".1")
			for range seconds {
				s.look()
				s.pass(time.Second)
			}
			s.write(s.writer(), 2)
			s.ordered()
			want := "access.log: rotated, following the new file"
			if seconds > 0 {
				want = "access.log: has been moved or deleted; reading on from the open file until there is a new one\n" + want
			}
			s.wantTold(want)
		})
	}
}

// R4
func TestTheRealLogrotateLosesNothing(t *testing.T) {
	program, err := exec.LookPath("logrotate")
	if err != nil {
		if program = "/usr/sbin/logrotate"; !regular(program) {
			if os.Getenv("CI") != "" {
				t.Fatal("logrotate is missing (Debian: logrotate), and this is the machine that checks")
			}
			t.Skip("logrotate is missing (Debian: logrotate): this test is left out")
		}
	}
	for name, rules := range map[string]string{
		"create":        "create 0644\nrotate 14\ncompress\ndelaycompress\nnotifempty",
		"compress":      "create 0644\nrotate 14\ncompress",
		"nocreate":      "nocreate\nrotate 3",
		"dateext":       "create 0644\nrotate 14\ndateext\ndateformat -%Y%m%d-%s",
		"extension":     "create 0644\nrotate 14\nextension .log\ncompress",
		"olddir":        "create 0644\nrotate 14\nolddir old\ncreateolddir 0755\ncompress\ndelaycompress",
		"maxsize":       "create 0644\nrotate 5\nmaxsize 1",
		"copytruncate":  "copytruncate\nrotate 5",
		"copy compress": "copytruncate\nrotate 5\ncompress",
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				dir := filepath.Dir(s.path)
				s.must(os.Chmod(dir, 0o755)) // logrotate wants nobody else to write there
				rule := filepath.Join(t.TempDir(), "rule")
				s.must(os.WriteFile(rule, []byte(s.path+" {\n"+rules+"\n}\n"), 0o644))
				w := s.writer()
				for i := range 6 {
					s.write(w, 20)
					if i%3 > 0 || i == 0 {
						s.look() // else it must be found behind the rotation
					}
					out, err := exec.Command(program, "-f", "-s", rule+".state", rule).CombinedOutput()
					if err != nil {
						t.Fatalf("logrotate: %v: %s", err, out)
					}
					if !strings.Contains(rules, "copytruncate") {
						if i%3 > 0 {
							s.write(w, 2) // it has not been told yet; of what is unlinked unopened nobody has it
						}
						w.Close()
						w = s.writer()
					}
					s.write(w, 5)
					s.look()
					if name == "dateext" {
						s.shiftDates()
					}
				}
				s.check()
				if loss := s.src.State().PossibleLoss; loss != 0 {
					t.Errorf("possible loss: got %d, want 0", loss)
				}
			})
		})
	}
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// shiftDates makes the files named by the second older, so that the next
// rotation finds its name free.
func (s *scenario) shiftDates() {
	s.t.Helper()
	dir := filepath.Dir(s.path)
	for _, b := range siblings(dir, filepath.Base(s.path)) {
		n := b.tag.numbers
		s.must(os.Rename(b.path, fmt.Sprintf("%s-%d-%d", s.path, n[0], n[1]-10)))
	}
}

// R5
func TestSeveralRotationsBetweenTwoLooksAreFoundAgain(t *testing.T) {
	for rotations := 2; rotations <= 6; rotations++ {
		for _, packed := range []bool{false, true} {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 4)
				s.look()
				for range rotations {
					s.write(w, 3)
					s.shifted(9)
					s.rename(".1")
					w = s.writer()
				}
				s.write(w, 2)
				if packed {
					for i := 2; i <= rotations; i++ {
						s.gzipped(fmt.Sprint(s.path, ".", i))
					}
				}
				s.ordered()
				if st := s.src.State(); st.Rotations != rotations || st.PossibleLoss != 0 {
					t.Errorf("rotations, possible loss: got %d, %d, want %d, 0", st.Rotations, st.PossibleLoss, rotations)
				}
			})
		}
	}
}

// R6
func TestRotationsWhileThereWasNoReaderAreCaughtUpWith(t *testing.T) {
	for rotations := range 4 {
		for _, packed := range []string{"", "the oldest", "all but the newest", "all"} {
			t.Run(fmt.Sprint(rotations, packed), func(t *testing.T) {
				inBothModes(t, func(t *testing.T, follow opener) {
					s := follow(t, Options{}, func(s *scenario) {
						s.write(s.writer(), 1)
						s.rename(".1") // older than all: of no concern
						s.want = nil
					})
					w := s.writer()
					s.write(w, 40)
					s.look()
					s.restart(Options{}, func() {
						s.write(w, 2)
						for range rotations {
							s.shifted(9)
							s.rename(".1")
							w = s.writer()
							s.write(w, 3)
						}
						for i := rotations; i >= 1; i-- {
							if packed == "all" || packed == "the oldest" && i == rotations || packed == "all but the newest" && i > 1 {
								s.gzipped(fmt.Sprint(s.path, ".", i))
							}
						}
					})
					s.write(w, 2)
					s.ordered()
				})
			})
		}
	}
}

// R7
func TestAFileCompressedOrUnlinkedWhileItIsReadIsReadToItsEnd(t *testing.T) {
	for _, packed := range []bool{false, true} {
		inUTF8(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{Block: 64}, nil)
			old := s.writer()
			s.write(old, 100)
			s.take(s.src.Next(s.now))
			s.rename(".1")
			fresh := s.writer()
			s.write(fresh, 10)
			s.take(s.src.Next(s.now))
			if packed {
				s.gzipped(s.path + ".1")
			} else {
				s.remove(s.path + ".1")
			}
			s.take(s.src.Next(s.now))
			old.Close()
			s.ordered()
			s.pass(2 * defaultHold)
			s.ordered()
		})
	}
}

// R8
func TestACompressedCopyOfWhatWasReadIsNotReadAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		old := s.writer()
		s.write(old, 30)
		s.look()
		s.rename(".1")
		w := s.writer()
		s.write(w, 3)
		s.look()
		s.gzippedBeside(s.path + ".1") // both are there for a moment
		s.write(w, 3)
		s.look()
		s.remove(s.path + ".1")
		s.restart(Options{}, func() { s.write(w, 3) })
		s.look()
		s.shifted(5)
		s.rename(".1")
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// R9
func TestACopyAndTruncateLosesOnlyWhatItDestroyedItself(t *testing.T) {
	for _, late := range []int{0, 1, 5} { // lines between the copy and the truncation
		for _, seen := range []bool{false, true} {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				ledger := 0
				for range 4 {
					s.write(w, 6)
					s.look()
					s.write(w, 3) // not read yet when it is copied
					s.shifted(5)
					s.copyAside()
					if seen {
						s.write(w, late)
						s.look()
					} else {
						for range late {
							l := s.line() // nobody can have this
							s.put(w, l)
							ledger += len(l)
						}
					}
					s.must(w.Truncate(0))
					s.write(w, 2)
					s.look()
				}
				s.ordered()
				// What grew and was destroyed unseen cannot be known: at most the ledger.
				if got := s.src.State().PossibleLoss; got > int64(ledger) {
					t.Errorf("possible loss: got %d, want at most the %d of the ledger", got, ledger)
				}
			})
		}
	}
}

// R9
func TestWhatACopyAndTruncateDestroyedIsCountedAsFarAsItWasSeen(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 6)
		s.look()
		s.copyAside()
		l := s.line()
		s.put(w, l[:20])
		s.look() // seen, but no line yet
		s.put(w, l[20:])
		s.must(w.Truncate(0))
		s.write(w, 2)
		s.check()
		if got := s.src.State().PossibleLoss; got != 20 {
			t.Errorf("possible loss: got %d, want the 20 bytes that were seen", got)
		}
	})
}

// R10
func TestAWriterThatWasNotToldOfATruncationLeavesAHole(t *testing.T) {
	for _, lines := range []int{1, 100, 10_000} {
		inBothModes(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{}, nil)
			w, err := os.OpenFile(s.path, os.O_CREATE|os.O_WRONLY, 0o644)
			s.must(err)
			s.open = append(s.open, w)
			s.write(w, lines)
			s.look()
			for range 3 {
				s.copyAside()
				s.must(os.Truncate(s.path, 0))
				s.write(w, lines)
				s.look()
			}
			s.ordered()
			st := s.src.State()
			if st.Truncations != 3 || st.Zeros == 0 || st.TooLong != 0 || st.PossibleLoss != 0 {
				t.Errorf("got %d truncations, %d zeros, %d lines too long, %d bytes lost; want 3, some, 0, 0",
					st.Truncations, st.Zeros, st.TooLong, st.PossibleLoss)
			}
		})
	}
}

// R11
func TestCopiesAndTruncationsWhileThereWasNoReaderAreCaughtUpWith(t *testing.T) {
	for copies := 1; copies <= 3; copies++ {
		for _, packed := range []bool{false, true} {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 20)
				s.look()
				s.restart(Options{}, func() {
					for range copies {
						s.write(w, 4)
						s.shifted(9)
						s.copyAside()
						s.must(w.Truncate(0))
						if packed {
							s.gzipped(s.path + ".1")
						}
					}
					s.write(w, 3)
				})
				s.ordered()
				if got := s.src.State().PossibleLoss; got != 0 {
					t.Errorf("possible loss: got %d, want 0", got)
				}
			})
		}
	}
}

// R13
func TestAFileShortenedToAPartOfWhatWasReadIsNotReadAgain(t *testing.T) {
	for _, to := range []int64{1, 31, 32, 33, 64, 80, 9 * 32, 10*32 - 1} {
		t.Run(fmt.Sprint(to), func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 10)
				s.look()
				s.must(w.Truncate(to))
				s.look()
				if got := len(s.got); to > 32 && got != 10 {
					t.Errorf("lines after it was shortened: got %d, want the 10 of before", got)
				}
				if part := to % 32; part > 0 {
					// What stands there ends a line that was read whole.
					s.put(w, "\n")
					s.glance()
					s.got = s.got[:10]
				}
				s.told()
				s.write(w, 3)
				s.ordered()
			})
		})
	}
}

// R14
func TestTheSameNumberAndTheSameFirstLineAreNotTheSameFile(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		reused := 0
		for range 10 {
			s := follow(t, Options{}, nil)
			w := s.writer()
			header := "#Fields: date time cs-method cs-uri-stem sc-status\n"
			s.put(w, header)
			s.want = append(s.want, header)
			s.write(w, 4)
			s.look()
			before, err := os.Stat(s.path)
			s.must(err)
			s.restart(Options{}, func() {
				w.Close()
				s.must(os.Remove(s.path))
				w = s.writer()
				s.put(w, header)
				s.want = append(s.want, header)
				s.write(w, 9)
			})
			after, err := os.Stat(s.path)
			s.must(err)
			if os.SameFile(before, after) {
				reused++
			}
			s.ordered()
		}
		t.Logf("%d of 10 files had the number of the one before", reused)
	})
}

// R15
func TestAReplacementByACopyWithMoreLinesIsReadOnWhereItWas(t *testing.T) {
	for _, more := range []int{0, 1, 50} {
		inUTF8(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{}, nil)
			s.write(s.writer(), 10)
			s.look()
			s.told()
			b, err := os.ReadFile(s.path)
			s.must(err)
			for range more {
				l := s.line()
				b = append(b, l...)
				s.want = append(s.want, l)
			}
			s.must(os.WriteFile(s.path+".tmp", b, 0o644))
			s.must(os.Rename(s.path+".tmp", s.path))
			s.look()
			s.wantTold("access.log: replaced by a copy of itself, reading on in it")
			s.write(s.writer(), 3)
			s.ordered()
		})
	}
}

// R15
func TestAReplacementByAShorterCopyIsNotReadAgain(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		s.write(s.writer(), 40)
		s.look()
		b, err := os.ReadFile(s.path)
		s.must(err)
		s.must(os.WriteFile(s.path+".tmp", b[:25*32], 0o644))
		s.must(os.Rename(s.path+".tmp", s.path))
		s.look()
		s.write(s.writer(), 3)
		s.ordered()
	})
}

// R18
func TestFilesWithTheSameLongHeaderAreAllReadWhole(t *testing.T) {
	header := strings.Repeat("#Fields: date time cs-method cs-uri-stem sc-status\n", 40)
	lines := strings.SplitAfter(strings.TrimSuffix(header, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		for i := range 6 {
			w := s.writer()
			s.put(w, header)
			s.want = append(s.want, lines...)
			s.write(w, 5)
			if i%2 == 0 {
				s.look() // else it must be found again
			}
			s.shifted(9)
			s.rename(".1")
			w.Close()
		}
		s.write(s.writer(), 1)
		s.check()
	})
}

// R19
func TestAFileMovedElsewhereIsReadOnAndFoundAgain(t *testing.T) {
	for _, down := range []bool{false, true} {
		for _, to := range []string{"below/access.log", "below/access.log.1", "another name", "below/access.log-20261121.gz"} {
			t.Run(fmt.Sprint(to, down), func(t *testing.T) {
				inBothModes(t, func(t *testing.T, follow opener) {
					s := follow(t, Options{}, func(s *scenario) {
						s.must(os.Mkdir(filepath.Join(filepath.Dir(s.path), "below"), 0o755))
					})
					w := s.writer()
					s.write(w, 40)
					s.look()
					move := func() {
						s.write(w, 3)
						at := filepath.Join(filepath.Dir(s.path), to)
						if plain := plainName(at); plain != at {
							s.must(os.Rename(s.path, plain))
							s.gzipped(plain)
						} else {
							s.must(os.Rename(s.path, at))
							s.write(w, 1)
						}
						s.write(s.writer(), 4)
					}
					if down {
						s.restart(Options{}, move)
					} else {
						move()
					}
					s.ordered()
				})
			})
		}
	}
}

// R19
func TestAFileMovedAcrossFileSystemsIsReadToItsEnd(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 10)
		s.look()
		s.write(w, 3)
		b, err := os.ReadFile(s.path) // mv copies, then unlinks
		s.must(err)
		s.must(os.WriteFile(filepath.Join(t.TempDir(), "access.log"), b, 0o644))
		s.must(os.Remove(s.path))
		s.look()
		s.write(w, 2)
		s.write(s.writer(), 2)
		s.ordered()
	})
}

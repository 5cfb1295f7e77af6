package tail

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// L1
func TestALineSplitAtAnyByteIsOneWholeLine(t *testing.T) {
	length := len((&scenario{}).line())
	for name, between := range map[string]func(s *scenario, w *os.File, at int) *os.File{
		"pause": func(s *scenario, w *os.File, _ int) *os.File {
			s.pass(defaultHold)
			return w
		},
		"rotate": func(s *scenario, w *os.File, _ int) *os.File {
			s.shifted(3)
			s.rename(".1")
			s.write(s.writer(), 1)
			s.look()
			return w // which finishes its line in the old file
		},
		"restart": func(s *scenario, w *os.File, _ int) *os.File {
			s.restart(Options{}, func() {})
			return w
		},
		"rotate without a reader": func(s *scenario, w *os.File, _ int) *os.File {
			s.restart(Options{}, func() {
				s.shifted(3)
				s.rename(".1")
				s.write(s.writer(), 1)
			})
			return w
		},
		"copy and truncate": func(s *scenario, w *os.File, _ int) *os.File {
			s.copyAside()
			s.must(w.Truncate(0))
			return w
		},
		"copy and truncate without a reader": func(s *scenario, w *os.File, _ int) *os.File {
			s.restart(Options{}, func() {
				s.copyAside()
				s.must(w.Truncate(0))
			})
			return w
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				for at := range length + 1 {
					s := follow(t, Options{}, nil)
					w := s.writer()
					s.write(w, 10)
					l := s.line()
					s.put(w, l[:at])
					s.look()
					s.pass(pause)
					s.glance() // the writer has paused, and this was seen
					w = between(s, w, at)
					s.glance()
					s.put(w, l[at:])
					s.want = append(s.want, l)
					s.look()
					s.write(s.writer(), 2)
					s.check()
					if t.Failed() {
						t.Fatalf("split at byte %d", at)
					}
				}
			})
		})
	}
}

// L2
func TestALastLineWithoutNewlineInARotatedFileCountsOnce(t *testing.T) {
	for _, packed := range []bool{false, true} {
		inBothModes(t, func(t *testing.T, follow opener) {
			s := follow(t, Options{}, nil)
			w := s.writer()
			s.write(w, 10)
			s.look()
			s.restart(Options{}, func() {
				s.put(w, "the last words")
				w.Close()
				s.rename(".1")
				if packed {
					s.gzipped(s.path + ".1")
				}
				s.write(s.writer(), 2)
			})
			s.glance()
			s.pass(2 * defaultHold)
			s.want = append(s.want, "the last words\n")
			s.check()
			s.restart(Options{}, func() { s.write(s.writer(), 2) })
			s.check()
		})
	}
}

// L3
func TestALineOfAnyLengthIsWholeOrCutOutAndCounted(t *testing.T) {
	const mib = 1 << 20
	for _, n := range []int{
		0, 1, 4095, 4096, 4097, 32 << 10, 64<<10 - 1, 64 << 10, 64<<10 + 1,
		256<<10 - 1, 256 << 10, 256<<10 + 1, mib - 1, mib, mib + 1, 3 * mib,
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBothModes(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 2)
				s.look()
				l := strings.Repeat("x", n) + "\n"
				s.put(w, l[:n/2])
				s.glance()
				s.put(w, l[n/2:])
				tooLong := 0
				if n <= mib {
					s.want = append(s.want, l)
				} else {
					tooLong = 1
				}
				s.write(w, 2)
				s.look()
				if len(s.got) != len(s.want) || strings.Join(s.got, "") != strings.Join(s.want, "") {
					t.Errorf("got %d lines, want %d, the same", len(s.got), len(s.want))
				}
				if got := s.src.State().TooLong; got != tooLong {
					t.Errorf("too long: got %d, want %d", got, tooLong)
				}
				if got := s.f.pool.made; got > 2 {
					t.Errorf("blocks made: got %d, want at most 2", got)
				}
			})
		})
	}
}

// L4, L5, L6: the bytes of a line are for the parser to judge.
func TestTheBytesOfALineAreLeftAlone(t *testing.T) {
	for name, l := range map[string]string{
		"a zero within":        "GET /\x00/a\n",
		"zeros at its end":     "GET /\x00\x00\n",
		"end of text":          "GET /\x1a\n",
		"CRLF":                 "GET /\r\n",
		"lone CR":              "GET /\ra\n",
		"VT and FF":            "GET /\v\f\n",
		"line separator":       "GET /\u2028a\u2029b\u0085\n",
		"invalid UTF-8":        "GET /\xff\xfe\xc0\x80\xed\xa0\x80\n",
		"byte order mark":      "\ufeffGET /\n",
		"only a CR":            "\r\n",
		"nothing":              "\n",
		"all bytes but LF, 0":  allBytes() + "\n",
		"an escape":            "GET /\x1b[2J\n",
		"half a character cut": "GET /\xe2\x82\n",
	} {
		t.Run(name, func(t *testing.T) {
			inUTF8(t, func(t *testing.T, follow opener) {
				s := follow(t, Options{Block: 7}, nil)
				w := s.writer()
				s.put(w, l) // as the first line of all
				s.want = append(s.want, l)
				s.look()
				s.write(w, 2)
				for at := range len(l) { // and in two writes, split anywhere
					s.put(w, l[:at])
					s.glance()
					s.put(w, l[at:])
					s.want = append(s.want, l)
					s.look()
				}
				s.write(w, 1)
				s.ordered()
				if st := s.src.State(); st.Offset != st.Size || st.Zeros != 0 {
					t.Errorf("offset, zeros: got %d, %d, want %d, 0", st.Offset, st.Zeros, st.Size)
				}
			})
		})
	}
}

func allBytes() string {
	var b strings.Builder
	for c := 255; c > 0; c-- {
		if c != '\n' {
			b.WriteByte(byte(c))
		}
	}
	return b.String()
}

// L4
func TestAFileOfZerosAloneWaits(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) {
			w := s.writer()
			s.put(w, strings.Repeat("\x00", 100_000))
		})
		s.look()
		s.look()
		w := s.writer()
		s.write(w, 3) // behind them
		s.ordered()
		st := s.src.State()
		if st.Zeros != 100_000 || st.Offset != st.Size || st.TooLong != 0 {
			t.Errorf("zeros, offset, too long: got %d, %d, %d, want 100000, %d, 0", st.Zeros, st.Offset, st.TooLong, st.Size)
		}
	})
}

// L7
func TestAFileWithReservedSpaceIsReadAsItIsFilled(t *testing.T) {
	for _, size := range []int64{4096, 1 << 20, 64 << 20} {
		inUTF8(t, func(t *testing.T, follow opener) {
			var w *os.File
			s := follow(t, Options{}, func(s *scenario) {
				w = s.preallocated(size)
			})
			s.look()
			at := int64(0)
			for range 20 {
				l := s.line()
				_, err := w.WriteAt([]byte(l), at)
				s.must(err)
				at += int64(len(l))
				s.want = append(s.want, l)
				s.look()
			}
			s.must(w.Truncate(at)) // the server ends, and gives back what it did not need
			s.glance()
			s.write(s.writer(), 2)
			s.ordered()
			if st := s.src.State(); st.PossibleLoss != 0 || st.Zeros != 0 {
				t.Errorf("possible loss, zeros: got %d, %d, want 0, 0: nothing was ever written there", st.PossibleLoss, st.Zeros)
			}
		})
	}
}

// preallocated makes a log of zeros, as a server that reserves space.
func (s *scenario) preallocated(size int64) *os.File {
	s.t.Helper()
	w, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o644)
	s.must(err)
	s.open = append(s.open, w)
	s.must(w.Truncate(size))
	return w
}

// L8
func TestIdenticalLinesCountEach(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Block: 100}, nil)
		w := s.writer()
		const l = "192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n"
		for range 5 {
			for range 50 {
				s.put(w, l)
				s.want = append(s.want, l)
			}
			s.look()
			s.shifted(3)
			s.rename(".1")
			w = s.writer()
		}
		s.ordered()
	})
}

package tail

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"weir/internal/charset"
)

// spell writes text down in e.
func spell(text string, e charset.Encoding) (raw []byte) {
	var order binary.AppendByteOrder = binary.LittleEndian
	switch e {
	case charset.UTF8:
		return []byte(text)
	case charset.UTF16BE:
		order = binary.BigEndian
	}
	for _, u := range utf16.Encode([]rune(text)) {
		raw = order.AppendUint16(raw, u)
	}
	return raw
}

// inUTF16 plays a test in both byte orders, with a mark and without, in both modes.
func inUTF16(t *testing.T, play func(t *testing.T, follow opener)) {
	for _, e := range [...]charset.Encoding{charset.UTF16LE, charset.UTF16BE} {
		for _, marks := range [...]bool{true, false} {
			for _, events := range [...]bool{false, true} {
				if events && e == charset.UTF16BE {
					continue // what wakes does not know of encodings
				}
				if !events && testing.Short() {
					continue // one goroutine, as inBothModes says
				}
				t.Run(fmt.Sprintf("%v marks %v events %v", e, marks, events), func(t *testing.T) {
					play(t, func(t *testing.T, o Options, before func(s *scenario)) *scenario {
						t.Helper()
						return follow(t, o, func(s *scenario) {
							s.coding, s.marks, s.events = e, marks, events
							if before != nil {
								before(s)
							}
						})
					})
				})
			}
		}
	}
}

// raw appends bytes that the caller accounts for.
func (s *scenario) raw(w *os.File, b []byte) {
	s.t.Helper()
	_, err := w.Write(b)
	s.must(err)
}

// The twin of TestALineSplitAtAnyByteIsOneWholeLine, where bytes are halves of
// characters.
func TestALineOfUTF16SplitAtAnyByteIsOneWholeLine(t *testing.T) {
	aside := func(s *scenario, w *os.File) {
		s.copyAside()
		s.must(w.Truncate(0))
	}
	for name, between := range map[string]func(s *scenario, w *os.File){
		"pause": func(s *scenario, _ *os.File) { s.pass(defaultHold) },
		"rotate": func(s *scenario, _ *os.File) {
			s.shifted(3)
			s.rename(".1")
			s.write(s.writer(), 1)
			s.look()
		},
		"restart": func(s *scenario, _ *os.File) { s.restart(Options{}, func() {}) },
		"rotate without a reader": func(s *scenario, _ *os.File) {
			s.restart(Options{}, func() {
				s.shifted(3)
				s.rename(".1")
				s.write(s.writer(), 1)
			})
		},
		"copy and truncate":                  aside,
		"copy and truncate without a reader": func(s *scenario, w *os.File) { s.restart(Options{}, func() { aside(s, w) }) },
		"copy, compress and truncate": func(s *scenario, w *os.File) {
			s.copyAside()
			s.gzipped(s.path + ".1")
			s.must(w.Truncate(0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inUTF16(t, func(t *testing.T, follow opener) {
				const l = "000011 /\u00e9\U0001f600\u4e2d\r\n"
				for at := range len(spell(l, charset.UTF16LE)) + 1 {
					s := follow(t, Options{}, nil)
					raw := spell(l, s.coding)
					w := s.writer()
					s.write(w, 10)
					s.wrote++
					s.raw(w, raw[:at])
					s.look()
					s.pass(pause)
					s.glance() // the writer has paused, and this was seen
					between(s, w)
					s.glance()
					s.raw(w, raw[at:])
					s.want = append(s.want, l)
					s.look()
					s.write(s.writer(), 2)
					s.check()
					if st := s.src.State(); st.Undecodable != 0 || st.PossibleLoss != 0 {
						t.Errorf("undecodable, possible loss: got %d, %d, want 0, 0", st.Undecodable, st.PossibleLoss)
					}
					if t.Failed() {
						t.Fatalf("split at byte %d", at)
					}
				}
			})
		})
	}
}

func TestTextOfAnyKindIsDecodedHoweverItIsSplit(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		for _, block := range []int{1, 2, 3, 5, 64, 0} {
			s := follow(t, Options{Block: block, MaxLine: 300}, nil)
			w := s.writer()
			for i, l := range []string{
				"the first line\n", "\n", "\r\n", "a\r\n", "\u0a01\u0a0a\u000d\n", "\u00e9\u4e2d\U0001f600\n",
				strings.Repeat("\u4e2d", 90) + "\n", strings.Repeat("x", 299) + "\n", "zero \x00 within\n", "\ufeffmark within\n",
			} {
				raw := spell(l, s.coding)
				if i == 0 && s.marks {
					raw = append(spell("\ufeff", s.coding), raw...)
				}
				cut := (i * 7) % len(raw)
				s.raw(w, raw[:cut])
				s.glance()
				s.raw(w, raw[cut:])
				s.want = append(s.want, l)
				s.look()
			}
			s.ordered()
			st := s.src.State()
			if st.Offset != st.Size || st.Undecodable != 0 || st.Zeros != 0 || st.TooLong != 0 {
				t.Errorf("block %d: offset, size, undecodable, zeros, too long: got %d, %d, %d, %d, %d", block, st.Offset, st.Size, st.Undecodable, st.Zeros, st.TooLong)
			}
		}
	})
}

func TestHalvesOfCharactersAreReplacedAndCounted(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 2)
		units := func(us ...uint16) (raw []byte) {
			for _, u := range us {
				raw = append(raw, spell(string(rune(u>>8)), s.coding)...)
				first, second := byte(u), byte(u>>8)
				if s.coding == charset.UTF16BE {
					first, second = second, first
				}
				raw[len(raw)-2], raw[len(raw)-1] = first, second
			}
			return raw
		}
		s.raw(w, units('a', 0xd83d, 'b', 0xde00, 0xd83d, '\n'))
		s.want = append(s.want, "a\ufffdb\ufffd\ufffd\n")
		s.write(w, 2)
		s.ordered()
		if st := s.src.State(); st.Undecodable != 3 {
			t.Errorf("undecodable: got %d, want 3", st.Undecodable)
		}
		s.raw(w, []byte("12345")) // the writer dies within a character
		s.rename(".1")
		s.glance()
		s.pass(2 * defaultHold)
		s.write(s.writer(), 1)
		s.look()
		s.pass(2 * defaultHold)
		s.glance()
		if st := s.src.State(); st.Undecodable != 4 {
			t.Errorf("undecodable with the last line: got %d, want 4", st.Undecodable)
		}
	})
}

func TestHalfAUnitThatIsMissingCostsOneLine(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		for at := 3; at < 40; at += 2 { // one zero byte would be a hole
			s := follow(t, Options{}, nil)
			w := s.writer()
			s.write(w, 3)
			s.raw(w, spell(s.line(), s.coding)[:at]) // the disk is full
			s.look()
			s.put(w, s.line()) // lost with it
			s.write(w, 10)
			s.glance()
			broken := 0
			s.got = slices.DeleteFunc(s.got, func(l string) bool {
				lost := strings.Contains(l, "\ufffd")
				if lost {
					broken++
				}
				return lost
			})
			s.ordered()
			if broken != 1 {
				t.Fatalf("cut at byte %d: broken lines: got %d, want 1", at, broken)
			}
		}
	})
}

func TestTheLimitOfALineIsThatOfItsText(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		for _, c := range []struct {
			char string
			n    int
			long bool
		}{
			{"x", 99, false},
			{"x", 100, false},
			{"x", 101, true},
			{"x", 400, true},
			{"\u4e2d", 33, false},
			{"\u4e2d", 34, true},
			{"\u4e2d", 65, true},
			{"\U0001f600", 25, false},
			{"\U0001f600", 26, true},
		} {
			for _, block := range []int{1, 50, 0} {
				s := follow(t, Options{Block: block, MaxLine: 100}, nil)
				w := s.writer()
				s.write(w, 1)
				l := strings.Repeat(c.char, c.n) + "\n"
				for i := 0; i < 3; i++ {
					s.put(w, l)
					if !c.long {
						s.want = append(s.want, l)
					}
				}
				s.write(w, 2)
				s.glance()
				s.ordered()
				wantLong := 0
				if c.long {
					wantLong = 3
				}
				if st := s.src.State(); st.TooLong != wantLong || st.Offset != st.Size {
					t.Fatalf("%d of %q, block %d: too long, offset: got %d, %d, want %d, %d", c.n, c.char, block, st.TooLong, st.Offset, wantLong, st.Size)
				}
			}
		}
	})
}

// A server that was not told of a truncation goes on at its old place, even or odd.
func TestHolesInUTF16ArePassedOver(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		for _, size := range []int64{2, 3, 4, 1000, 1001, 300_000, 300_001} {
			for _, whole := range []bool{false, true} {
				s := follow(t, Options{}, nil)
				w := s.writer()
				s.write(w, 3)
				s.look()
				end, err := w.Seek(0, io.SeekEnd)
				s.must(err)
				if whole { // of the file, else behind what was read
					s.must(w.Truncate(0))
				}
				s.must(w.Truncate(end + size))
				s.glance()
				l := s.line()
				raw := spell(l, s.coding)
				s.raw(w, raw[:3]) // too little to tell where it begins
				s.glance()
				s.raw(w, raw[3:])
				s.want = append(s.want, l)
				s.look()
				s.write(w, 3)
				s.look()
				s.restart(Options{}, func() { s.write(w, 2) })
				s.ordered()
				if st := s.src.State(); st.Offset != st.Size || st.Undecodable != 0 {
					t.Errorf("offset, undecodable: got %d, %d, want %d, 0", st.Offset, st.Undecodable, st.Size)
				}
				if t.Failed() {
					t.Fatalf("hole of %d bytes, whole %v", size, whole)
				}
			}
		}
	})
}

func TestAFileThatIsEmptyAtFirstGetsItsMarkLater(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{FromEnd: true}, func(s *scenario) { s.writer() })
		w := s.writer()
		l := s.line()
		raw := spell("\ufeff"+l, s.coding)
		for _, b := range raw {
			s.glance()
			s.raw(w, []byte{b})
		}
		s.want = append(s.want, l)
		s.look()
		s.begun = map[*os.File]bool{w: true}
		s.write(w, 2)
		s.ordered()
	})
}

func TestAFileThatBeginsAnewMayBeInAnotherEncoding(t *testing.T) {
	all := [...]charset.Encoding{charset.UTF8, charset.UTF16LE, charset.UTF16BE}
	for _, from := range all {
		for _, to := range all {
			for _, rename := range []bool{false, true} {
				for _, half := range []string{"", "half a line"} {
					t.Run(fmt.Sprintf("%v to %v, rename %v, %q", from, to, rename, half), func(t *testing.T) {
						s := followWide(from, from != charset.UTF8)(t, Options{}, nil)
						w := s.writer()
						s.write(w, 5)
						s.put(w, half)
						s.look()
						s.pass(pause)
						s.glance()
						s.coding, s.begun = to, nil
						switch {
						case rename:
							w.Close()
							s.rename(".1")
							w = s.writer()
							if half != "" {
								defer func() {
									s.pass(2 * defaultHold)
									s.want = append(s.want, half+"\n")
									s.check()
								}()
							}
						default:
							s.must(w.Truncate(0))
							if from == to && half != "" {
								return // it goes on with the line, for all that can be known
							}
						}
						s.marks = to != charset.UTF8
						s.write(w, 5)
						s.check()
					})
				}
			}
		}
	}
}

func TestPositionsInUTF16AreFoundAsInUTF8(t *testing.T) {
	type seek struct {
		name string
		do   func(s *scenario)
	}
	var seeks []seek
	for _, n := range []int64{0, 1, 2, 7, 199, 200, 201, 1000} {
		seeks = append(seeks,
			seek{fmt.Sprint("last ", n), func(s *scenario) { s.src.SeekLast(n) }},
			seek{fmt.Sprint("line ", n), func(s *scenario) { s.src.SeekLine(n) }},
			seek{fmt.Sprint("first ", n), func(s *scenario) {
				s.src.SeekFirst(func(line []byte) (ok, told bool) { return string(line[:6]) >= fmt.Sprintf("%06d", n), true })
			}})
	}
	for _, sk := range seeks {
		for _, half := range []string{"", "half"} {
			play := func(follow opener) (string, int64) {
				s := follow(t, Options{}, func(s *scenario) {
					w := s.writer()
					for range 200 {
						s.put(w, strings.TrimSuffix(s.line(), "\n")+strings.Repeat("\u4e2d\u0a0a", s.wrote%9)+"\n")
					}
					s.put(w, half)
				})
				sk.do(s)
				b := s.src.Next(s.now)
				line := int64(-1)
				if b != nil {
					line = b.Line
					s.take(b)
				}
				s.glance()
				return strings.Join(s.got, ""), line
			}
			want, wantLine := play(follow)
			for _, e := range [...]charset.Encoding{charset.UTF16LE, charset.UTF16BE} {
				for _, marks := range [...]bool{true, false} {
					got, line := play(followWide(e, marks))
					if got != want || line != wantLine {
						t.Errorf("%s, %v, marks %v, %q: got %d bytes from line %d, want the %d from line %d of UTF-8", sk.name, e, marks, half, len(got), line, len(want), wantLine)
					}
				}
			}
		}
	}
}

func TestHeadAndLastOfUTF16AreText(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, func(s *scenario) { s.write(s.writer(), 100) })
		if got, want := string(s.src.Head(64)), s.want[0]; !strings.HasPrefix(got, want[:20]) || len(got) > 64 {
			t.Errorf("head: got %q, want the beginning of %q", got, want)
		}
		got := string(s.src.Last(300))
		if want := strings.Join(s.want, ""); !strings.HasSuffix(want, got) || len(got) < 32*3 || !strings.HasPrefix(got, "0000") {
			t.Errorf("last: got %q, want some whole lines of the end", got)
		}
		s.ordered()
	})
}

func TestTheOffsetOfEachLineFollowsFromThatOfItsBatch(t *testing.T) {
	inUTF16(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Block: 200}, nil)
		w := s.writer()
		var at []int64
		for i := range 50 {
			info, err := w.Stat()
			s.must(err)
			at = append(at, info.Size())
			if i == 0 && s.marks {
				at[0] = 2
			}
			s.put(w, strings.Repeat("\u00e9\u4e2d\U0001f600", i%5)+s.line())
		}
		var got []int64
		for b := s.src.Next(s.now); b != nil; b = s.src.Next(s.now) {
			offset := b.Offset
			for l := range bytes.Lines(b.Data) {
				got = append(got, offset)
				offset += b.Taken(l)
			}
			if b.Encoding != s.coding {
				t.Fatalf("encoding: got %v, want %v", b.Encoding, s.coding)
			}
			b.Release()
			if end := s.src.State().Offset; offset != end {
				t.Fatalf("end of the batch: got %d, want %d", offset, end)
			}
		}
		if !slices.Equal(got, at) {
			t.Errorf("offsets: got %v, want %v", got, at)
		}
	})
}

func TestThatALogIsInUTF16IsToldOnce(t *testing.T) {
	s := follow(t, Options{}, nil)
	w := s.writer()
	for range 3 {
		s.raw(w, spell("a line of a log\n", charset.UTF16LE))
		s.glance()
	}
	s.rename(".1")
	s.raw(s.writer(), spell("a line of a log\n", charset.UTF16LE))
	s.glance()
	if got := strings.Count(s.told(), "text in UTF-16, little-endian, read as UTF-8"); got != 1 {
		t.Errorf("told: got %d times, want once", got)
	}
}

func TestAPipeOfUTF16IsReadAsItComes(t *testing.T) {
	const l = "000001 GET /\u00e9\U0001f600\u4e2d 000001\r\n"
	for _, e := range [...]charset.Encoding{charset.UTF16LE, charset.UTF16BE} {
		for _, mark := range [...]string{"\ufeff", ""} {
			length := len(spell(mark+l, e))
			for at := range length + 1 {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				s := &scenario{t: t, coding: e}
				s.start(Options{Paths: []string{"-"}, Stdin: r, Block: 1 + at})
				raw := append(spell(mark+l, e), spell(l, e)...)
				s.raw(w, raw[:at])
				s.glance()
				s.raw(w, raw[at:])
				s.want = []string{l, l}
				s.drain(func() bool { return len(s.got) == 2 })
				s.raw(w, append(spell("last", e), 'x')) // half a character
				w.Close()
				s.want = append(s.want, "last\ufffd\n")
				s.drain(s.ended)
				s.ordered()
				if st := s.src.State(); st.Offset != int64(len(raw)+9) || st.Undecodable != 1 {
					t.Errorf("offset, undecodable: got %d, %d, want %d, 1", st.Offset, st.Undecodable, len(raw)+9)
				}
				s.f.Close()
				r.Close()
				if t.Failed() {
					t.Fatalf("%v, mark %q, split at byte %d", e, mark, at)
				}
			}
		}
	}
}

func TestLinesBeyondTheLimitInAPipeOfUTF16AreCutOut(t *testing.T) {
	for _, e := range [...]charset.Encoding{charset.UTF16LE, charset.UTF16BE} {
		for _, n := range []int{99, 100, 101, 102, 150, 151, 1000} {
			for _, block := range []int{1, 40, 101} {
				s := &scenario{t: t, coding: e}
				text := ""
				for range 4 {
					s.want = append(s.want, s.line())
					long := strings.Repeat("x", n) + "\n"
					text += s.want[len(s.want)-1] + long
					if n <= 100 {
						s.want = append(s.want, long)
					}
				}
				s.start(Options{Paths: []string{"-"}, Stdin: bytes.NewReader(spell(text, e)), Block: block, MaxLine: 100})
				s.drain(s.ended)
				s.ordered()
				tooLong := 0
				if n > 100 {
					tooLong = 4
				}
				if st := s.src.State(); st.TooLong != tooLong || st.Offset != int64(2*len(text)) {
					t.Fatalf("line of %d, block %d: too long, offset: got %d, %d, want %d, %d", n, block, st.TooLong, st.Offset, tooLong, 2*len(text))
				}
			}
		}
	}
}

func TestReadingUTF16AllocatesNothingPerBatch(t *testing.T) {
	s := followWide(charset.UTF16LE, true)(t, Options{Block: 4096}, nil)
	w := s.writer()
	s.put(w, strings.Repeat(s.line(), 1<<17))
	s.src.Next(s.now).Release()
	got := testing.AllocsPerRun(500, func() {
		b := s.src.Next(s.now)
		if len(b.Data) == 0 {
			t.Fatal("no data: the file is too small for this test")
		}
		b.Release()
	})
	// One is the FileInfo of the stat that tells when the file was written.
	if got > 1 {
		t.Errorf("allocations for a batch: got %v, want at most 1", got)
	}
}

// FuzzUTF16 writes units in three pieces, split anywhere, and compares the lines
// with those of the decoder over the whole.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte("a line of text\nanother"), uint8(5), uint8(20), uint8(9), false)
	f.Add([]byte("a\n\x00\xd8b\n\n\u00e9\n"), uint8(3), uint8(4), uint8(1), true)
	f.Fuzz(func(t *testing.T, data []byte, i, j, block uint8, big bool) {
		const limit = 60
		e := charset.UTF16LE
		if big {
			e = charset.UTF16BE
		}
		raw := spell("\ufeffthe first line\n", e)
		start := len(raw)
		for k := 0; k+1 < len(data); k += 2 { // mostly ASCII
			u := uint16(data[k])
			if data[k+1] > 0xe0 {
				u |= uint16(data[k+1]) << 8
			}
			if big {
				raw = append(raw, byte(u>>8), byte(u))
			} else {
				raw = append(raw, byte(u), byte(u>>8))
			}
		}
		s := followWide(e, false)(t, Options{Block: int(block), MaxLine: limit}, nil)
		w := s.writer()
		a := min(start+int(i), len(raw))
		b := max(a, min(start+int(j), len(raw)))
		for _, part := range [][]byte{raw[:a], raw[a:b], raw[b:]} {
			s.raw(w, part)
			s.glance()
		}
		d := charset.Decoder{Encoding: e}
		text := d.Finish(d.Append(nil, raw[2:]))
		tooLong := 0
		for l := range bytes.Lines(text) {
			l = bytes.TrimLeft(l, "\x00")
			switch {
			case len(l) == 0:
			case l[len(l)-1] != '\n': // waits
			case len(l)-1 > limit:
				tooLong++
			default:
				s.want = append(s.want, string(l))
			}
		}
		if !slices.Equal(s.got, s.want) || s.src.State().TooLong != tooLong {
			t.Errorf("got %q and %d too long, want %q and %d", s.got, s.src.State().TooLong, s.want, tooLong)
		}
	})
}

func BenchmarkReadingUTF16ThroughNext(b *testing.B) {
	path := b.TempDir() + "/access.log"
	line := fmt.Sprintf("192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" %q\n", strings.Repeat("x", 160))
	data := spell(strings.Repeat(line, 32<<20/len(line)), charset.UTF16LE)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Open(Options{Paths: []string{path}, Poll: true})
		if err != nil {
			b.Fatal(err)
		}
		read := 0
		for batch := f.Sources()[0].Next(noon()); batch != nil; batch = f.Sources()[0].Next(noon()) {
			read += len(batch.Data)
			batch.Release()
		}
		f.Close()
		if 2*read != len(data) {
			b.Fatalf("read %d bytes, want half of %d", read, len(data))
		}
	}
}

// The bytes of ASCII in one order are those of the other, moved by one.
func TestAFreshFileInTheOtherOrderOfBytesIsReadInIt(t *testing.T) {
	for _, marks := range []bool{false, true} {
		s := followWide(charset.UTF16LE, marks)(t, Options{}, nil)
		s.write(s.writer(), 5)
		s.look()
		s.rename(".1")
		s.coding, s.marks = charset.UTF16BE, false
		w := s.writer()
		for range 3 {
			s.put(w, "\u4e2d\u00e9 ")
			s.write(w, 1)
			s.want[len(s.want)-1] = "\u4e2d\u00e9 " + s.want[len(s.want)-1]
			s.look()
			if len(s.got) != len(s.want) {
				t.Fatal("the last line waits for another")
			}
		}
		s.restart(Options{}, func() {
			s.rename(".2")
			s.coding = charset.UTF16LE
			s.write(s.writer(), 3)
		})
		s.ordered()
	}
}

package tail

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/charset"
)

func TestAHalfLineWaitsForItsNewline(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 2)
		for i := range len(s.line()) {
			l := s.line()
			s.put(w, l[:i])
			s.look()
			s.pass(time.Hour) // time does not finish a line
			s.look()
			if !slices.Equal(s.got, s.want) {
				t.Fatalf("split at byte %d: got %q before the newline, want %q", i, s.got, s.want)
			}
			s.put(w, l[i:])
			s.want = append(s.want, l)
			s.look()
		}
		s.ordered()
	})
}

// L7
func TestALineMayBeWrittenByteByByte(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		for range 5 {
			l := s.line()
			for i := range len(l) {
				s.look()
				s.put(w, l[i:i+1])
			}
			s.want = append(s.want, l)
		}
		s.ordered()
	})
}

func TestLinesLongerThanABlockAreWhole(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		for _, block := range []int{1, 2, 7, 31, 32, 33, 64, 100} {
			s := follow(t, Options{Block: block, MaxLine: 300}, nil)
			w := s.writer()
			s.write(w, 20)
			s.look()
			s.write(w, 20)
			s.ordered()
			if got := s.src.State().TooLong; got != 0 {
				t.Errorf("block %d: lines too long: got %d, want 0", block, got)
			}
		}
	})
}

func TestALineBeyondTheLimitIsCutOutAndCounted(t *testing.T) {
	const limit = 100
	for _, block := range []int{10, 99, 100, 101, 1 << 20} {
		for n := limit - 2; n < 4*limit; n++ {
			s := follow(t, Options{Block: block, MaxLine: limit}, nil)
			w := s.writer()
			s.write(w, 2)
			long := strings.Repeat("x", n) + "\n"
			s.put(w, long)
			tooLong := 1
			if n <= limit {
				tooLong = 0
				s.want = append(s.want, long)
			}
			s.write(w, 2)
			s.ordered()
			st := s.src.State()
			if st.TooLong != tooLong || st.Offset != st.Size {
				t.Fatalf("block %d, line of %d: too long, offset: got %d, %d, want %d, %d",
					block, n, st.TooLong, st.Offset, tooLong, st.Size)
			}
			if got := s.src.cur.line; got != 6 {
				t.Fatalf("block %d, line of %d: next line number: got %d, want 6", block, n, got)
			}
		}
	}
}

// L3
func TestAnEndlessLineTakesBoundedMemory(t *testing.T) {
	inUTF8(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{}, nil)
		w := s.writer()
		s.write(w, 1)
		const size = 256 << 20 // mostly a hole: the file takes no room on the disk
		s.put(w, "x")
		s.must(w.Truncate(size))
		for b := s.src.Next(s.now); b != nil; b = s.src.Next(s.now) {
			s.take(b)
		}
		if got := s.src.State().Offset; got != int64(len(s.want[0])) {
			t.Errorf("offset within the line: got %d, want its start %d", got, len(s.want[0]))
		}
		s.put(w, "\n")
		s.write(w, 3)
		s.ordered()
		st := s.src.State()
		if st.TooLong != 1 || st.Offset <= size {
			t.Errorf("too long, offset: got %d, %d, want 1, more than %d", st.TooLong, st.Offset, size)
		}
		// One block and one for the longest line, whatever the line was.
		if got := s.f.pool.made; got > 2 {
			t.Errorf("blocks made: got %d, want at most 2", got)
		}
	})
}

func TestAnEndlessLineInATruncatedFileIsForgotten(t *testing.T) {
	inBothModes(t, func(t *testing.T, follow opener) {
		s := follow(t, Options{Block: 16, MaxLine: 64}, nil)
		w := s.writer()
		s.write(w, 1)
		s.put(w, strings.Repeat("x", 1000))
		s.look()
		s.must(w.Truncate(0))
		s.write(w, 60)
		s.ordered()
		if got := s.src.State().TooLong; got != 0 {
			t.Errorf("too long: got %d, want 0: the line never ended", got)
		}
	})
}

func TestABatchIsBoundedByTheBlock(t *testing.T) {
	s := follow(t, Options{Block: 1000}, nil)
	s.write(s.writer(), 1000)
	for b := s.src.Next(s.now); b != nil; b = s.src.Next(s.now) {
		if len(b.Data) > 1000 {
			t.Errorf("batch: got %d bytes, want at most 1000", len(b.Data))
		}
		if line := s.wrote - len(s.want) + len(s.got) + 1; b.Line != int64(line) {
			t.Errorf("line of the batch: got %d, want %d", b.Line, line)
		}
		s.take(b)
	}
	s.ordered()
}

func TestBatchesStayValidUntilTheyAreReleased(t *testing.T) {
	s := follow(t, Options{Block: 100}, nil)
	s.write(s.writer(), 100)
	var kept []*Batch
	for b := s.src.Next(s.now); b != nil; b = s.src.Next(s.now) {
		kept = append(kept, b)
	}
	for _, b := range kept {
		s.take(b)
	}
	s.ordered()
}

func TestReadingAllocatesNothingPerBatch(t *testing.T) {
	s := follow(t, Options{Block: 4096}, nil)
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
		t.Errorf("allocations for a batch of %d lines: got %v, want at most 1", 4096/32, got)
	}
}

// FuzzAnyBytesComeOutAsTheyWentIn writes data in three pieces with looks
// between them and compares the bytes; only lines beyond the limit may miss.
func FuzzAnyBytesComeOutAsTheyWentIn(f *testing.F) {
	f.Add([]byte("a\nbc\n\n\ndef"), uint8(2), uint8(5), uint8(4))
	f.Add(bytes.Repeat([]byte("x"), 200), uint8(50), uint8(100), uint8(8))
	f.Add([]byte("\x00\x00\r\n\xff\n"), uint8(1), uint8(3), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, i, j, block uint8) {
		if recognised(data) {
			t.Skip("bytes of UTF-16: FuzzUTF16 plays those")
		}
		const limit = 40
		s := follow(t, Options{Block: int(block), MaxLine: limit}, nil)
		w := s.writer()
		a := min(int(i), len(data))
		b := max(a, min(int(j), len(data)))
		for _, part := range [][]byte{data[:a], data[a:b], data[b:]} {
			s.put(w, string(part))
			s.look()
		}
		tooLong := 0
		for l := range bytes.Lines(data) {
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

// recognised reports whether data may be taken for UTF-16, behind the zeros that it
// begins with and at any length.
func recognised(data []byte) bool {
	for from := 0; from == 0 || from <= len(data) && data[from-1] == 0; from++ {
		for to := from; to <= len(data); to++ {
			if charset.Recognise(data[from:to]) != charset.UTF8 {
				return true
			}
		}
	}
	return false
}

func BenchmarkReadingAFileThroughNext(b *testing.B) {
	path := b.TempDir() + "/access.log"
	line := []byte(fmt.Sprintf("192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5 \"-\" %q\n", strings.Repeat("x", 160)))
	data := bytes.Repeat(line, 64<<20/len(line))
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
		for batch := f.Sources()[0].Next(time.Time{}); batch != nil; batch = f.Sources()[0].Next(time.Time{}) {
			read += len(batch.Data)
			batch.Release()
		}
		f.Close()
		if read != len(data) {
			b.Fatalf("read %d bytes, want %d", read, len(data))
		}
	}
}

func BenchmarkALookAtAQuietFile(b *testing.B) {
	path := b.TempDir() + "/access.log"
	if err := os.WriteFile(path, []byte("a line\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	f, err := Open(Options{Paths: []string{path}, Poll: true})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	f.Sources()[0].Next(time.Time{}).Release()
	b.ReportAllocs()
	for b.Loop() {
		if batch := f.Sources()[0].Next(time.Time{}); batch != nil {
			b.Fatal("a batch from a quiet file")
		}
	}
}

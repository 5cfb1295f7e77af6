package tail

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFromEndSkipsTheWholeLinesThatAreThere(t *testing.T) {
	var w *os.File
	s := follow(t, Options{FromEnd: true}, func(s *scenario) {
		w = s.writer()
		s.write(w, 5000) // more than one step backwards
		s.want = nil
	})
	s.look()
	s.write(w, 3)
	b := s.src.Next(s.now)
	if b == nil || b.Line != 5001 || b.Offset != 5000*32 {
		t.Fatalf("batch: got %+v, want line 5001 at offset %d", b, 5000*32)
	}
	s.take(b)
	s.ordered()
	s.rename(".1")
	s.write(s.writer(), 3) // a later file is read whole
	s.ordered()
}

func TestFromEndDeliversTheHalfLineThereWhole(t *testing.T) {
	for _, before := range []int{0, 1, 5} {
		var w *os.File
		var l string
		s := follow(t, Options{FromEnd: true}, func(s *scenario) {
			w = s.writer()
			s.write(w, before)
			l = s.line()
			s.want = nil
			s.put(w, l[:10])
		})
		s.look()
		s.put(w, l[10:])
		s.want = append(s.want, l)
		s.write(w, 2)
		s.ordered()
	}
}

func TestFromEndInsideAnEndlessLineSkipsIt(t *testing.T) {
	var w *os.File
	s := follow(t, Options{FromEnd: true, MaxLine: 100}, func(s *scenario) {
		w = s.writer()
		s.put(w, strings.Repeat("x", 1<<20))
	})
	s.look()
	s.put(w, "xx\n")
	s.write(w, 2)
	s.ordered()
	if got := s.src.State().TooLong; got != 1 {
		t.Errorf("too long: got %d, want 1", got)
	}
}

func TestSeekFirstFindsTheExactLine(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine searches for 10,000 lines")
	}
	const lines = 10_000
	path := filepath.Join(t.TempDir(), "access.log")
	var b bytes.Buffer
	for i := range lines {
		fmt.Fprintf(&b, "%05d %s\n", i, strings.Repeat("x", i%97)) // lines of all lengths
	}
	b.WriteString("10000 half")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(Options{Paths: []string{path}, Poll: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src := f.Sources()[0]
	size := int64(b.Len())
	for want := range lines + 1 {
		key := fmt.Appendf(nil, "%05d", want)
		calls := 0
		src.SeekFirst(func(line []byte) (ok, told bool) {
			calls++
			return bytes.Compare(line[:5], key) >= 0, true
		})
		if calls > 21 { // log2 of the size, 543 KB, and one
			t.Fatalf("line %d: looked at %d lines, want at most 21", want, calls)
		}
		if want == lines {
			if got := src.State().Offset; got != size-int64(len("10000 half")) {
				t.Fatalf("true for no line: offset %d, want the half line at %d", got, size-10)
			}
			break
		}
		if got := src.Head(0); len(got) != 0 {
			t.Fatalf("Head(0): got %q, want nothing", got)
		}
		batch := src.Next(src.State().Written)
		if !bytes.HasPrefix(batch.Data, key) {
			t.Fatalf("first line: got %q, want the one that begins with %s", batch.Data[:20], key)
		}
		if batch.Line != int64(want)+1 {
			t.Fatalf("line number: got %d, want %d", batch.Line, want+1)
		}
		batch.Release()
	}
}

// TestLinesThatTellNothingDoNotMisleadSeeking has lines without a number among
// the others, at some places for long.
func TestLinesThatTellNothingDoNotMisleadSeeking(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	path := filepath.Join(t.TempDir(), "access.log")
	var b bytes.Buffer
	var at []int64 // where each numbered line begins
	for i := range 4000 {
		for r.IntN(3) == 0 {
			b.WriteString("nothing\n")
		}
		if r.IntN(800) == 0 {
			b.WriteString(strings.Repeat("nothing\n", r.IntN(2*lookOn)))
		}
		at = append(at, int64(b.Len()))
		fmt.Fprintf(&b, "%05d %s\n", i, strings.Repeat("x", i%97))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(Options{Paths: []string{path}, Poll: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	src := f.Sources()[0]
	far := 0
	for want := 0; want < len(at); want += 7 {
		key := fmt.Appendf(nil, "%05d", want)
		src.SeekFirst(func(line []byte) (ok, told bool) {
			return bytes.Compare(line[:5], key) >= 0, line[0] != 'n'
		})
		batch := src.Next(src.State().Written)
		if batch.Offset > at[want] {
			t.Fatalf("line %d at %d: reading begins at %d, behind it", want, at[want], batch.Offset)
		}
		if want > 0 && batch.Offset <= at[want-1] {
			far++
		}
		batch.Release()
	}
	if far > len(at)/7/10 {
		t.Errorf("%d times of %d reading began too early", far, len(at)/7)
	}
}

func TestHeadAndLastShowTheFileWithoutReadingOn(t *testing.T) {
	s := follow(t, Options{}, nil)
	if got := s.src.Head(10); got != nil {
		t.Errorf("head of a missing file: got %q, want nil", got)
	}
	w := s.writer()
	s.write(w, 4)
	s.look() // opens it
	s.put(w, "half")
	all := strings.Join(s.want, "")
	if got := string(s.src.Head(10)); got != all[:10] {
		t.Errorf("Head(10): got %q, want %q", got, all[:10])
	}
	if got := string(s.src.Head(1000)); got != all+"half" {
		t.Errorf("Head(1000): got %q, want %q", got, all+"half")
	}
	for n, want := range map[int]string{
		-1: "", 0: "", 4: "", 35: "", 36: all[96:], 37: all[96:], 67: all[96:], 68: all[64:],
		131: all[32:], 132: all, 133: all, 1000: all,
	} {
		if got := string(s.src.Last(n)); got != want {
			t.Errorf("Last(%d): got %q, want %q", n, got, want)
		}
	}
	s.put(w, "\n")
	s.want = append(s.want, "half\n")
	s.ordered()
}

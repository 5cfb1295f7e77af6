package tail

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestReadingBeginsAtTheLineThatIsCounted holds SeekLast and SeekLine against
// slices of lines, with lines longer than a step of the search among them.
func TestReadingBeginsAtTheLineThatIsCounted(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for name, text := range map[string]string{
		"empty": "", "one": "a\n", "half": "half", "three": "a\n\nb\n", "three and a half": "a\nb\nc\nhalf",
		"long": "a\n" + long + "\nb\n" + long + long + "\n", "many": strings.Repeat("0123456789\n", 20000),
		"one long half": long + long,
	} {
		whole := strings.SplitAfter(text, "\n")
		whole = whole[:len(whole)-1]
		for _, n := range []int{0, 1, 2, 3, 4, 10, 6000, 30000} {
			t.Run(name+"/"+strconv.Itoa(n), func(t *testing.T) {
				seek := func(at func(*Source)) string {
					s := follow(t, Options{FromEnd: true}, func(s *scenario) { s.put(s.writer(), text) })
					at(s.src)
					s.look()
					return strings.Join(s.got, "")
				}
				last := strings.Join(whole[max(0, len(whole)-n):], "")
				if got := seek(func(s *Source) { s.SeekLast(int64(n)) }); got != last {
					t.Errorf("last %d: got %d bytes, want %d", n, len(got), len(last))
				}
				from := strings.Join(whole[min(len(whole), max(0, n-1)):], "")
				if got := seek(func(s *Source) { s.SeekLine(int64(n)) }); got != from {
					t.Errorf("from line %d: got %d bytes, want %d", n, len(got), len(from))
				}
			})
		}
	}
}

// TestFinishGivesTheLineWithoutANewlineToo reads a log and one rotated before it
// to their very ends.
func TestFinishGivesTheLineWithoutANewlineToo(t *testing.T) {
	s := follow(t, Options{}, func(s *scenario) { s.put(s.writer(), "one\n") })
	s.look()
	s.put(s.open[0], "two")
	s.rename(".1")
	s.put(s.writer(), "three\nfour")
	var got bytes.Buffer
	for b := s.src.Finish(s.now); b != nil; b = s.src.Finish(s.now) {
		got.Write(b.Data)
		b.Release()
	}
	if want := "three\ntwo\nfour\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	if b := s.src.Finish(s.now); b != nil {
		t.Errorf("got %q once more", b.Data)
	}
}

// TestACopyOfALogWithAHoleIsReadOnce is of a server that keeps its place when
// its log is copied and truncated: the copy begins with zeros then.
func TestACopyOfALogWithAHoleIsReadOnce(t *testing.T) {
	s := follow(t, Options{}, nil)
	w, err := os.Create(s.path)
	s.must(err)
	s.open = append(s.open, w)
	for i := range 4 {
		s.write(w, 30)
		s.look()
		s.write(w, 5)
		text, err := os.ReadFile(s.path)
		s.must(err)
		s.must(os.WriteFile(s.path+"."+strconv.Itoa(4-i), text, 0o644))
		s.must(os.Truncate(s.path, 0))
	}
	s.write(w, 30)
	s.look()
	s.check()
}

// TestALogThatWasReplacedByItselfIsResumedOnce is of an editor that writes the
// log anew; later it is rotated while nobody reads.
func TestALogThatWasReplacedByItselfIsResumedOnce(t *testing.T) {
	s := follow(t, Options{}, nil)
	s.write(s.writer(), 30)
	s.look()
	text, err := os.ReadFile(s.path)
	s.must(err)
	s.must(os.WriteFile(s.path+".new", text, 0o644))
	s.must(os.Rename(s.path+".new", s.path))
	w := s.writer()
	s.write(w, 5)
	s.look()
	at := s.src.Position()
	s.f.Close()
	s.write(w, 5)
	s.rename(".1")
	s.write(s.writer(), 5)
	s.start(Options{Resume: map[string]Position{s.path: at}})
	s.check()
}

package tail

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// drain waits on Wake and reads until done says so.
func (s *scenario) drain(done func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	for s.look(); !done(); s.look() {
		select {
		case <-s.f.Wake():
		case <-ctx.Done():
			s.t.Fatalf("no wake; read %d lines of %d so far", len(s.got), len(s.want))
		}
	}
}

func (s *scenario) ended() bool { return s.src.State().Ended }

func TestStandardInputIsReadToItsEnd(t *testing.T) {
	s := &scenario{t: t}
	for range 20_000 {
		s.want = append(s.want, s.line())
	}
	for _, end := range []string{"", "the last line has no newline"} {
		s.got = nil
		s.start(Options{Paths: []string{"-"}, Stdin: strings.NewReader(strings.Join(s.want, "") + end), Block: 1000})
		s.drain(s.ended)
		if end != "" {
			s.want = append(s.want, end+"\n")
		}
		s.ordered()
		if st := s.src.State(); st.Kind != Stdin || !st.AtEnd || st.Name != "-" {
			t.Errorf("state: got %+v, want stdin at its end", st)
		}
		s.wantNoTrouble()
	}
}

func (s *scenario) wantNoTrouble() {
	s.t.Helper()
	if got := s.f.Notices(); len(got) != 0 {
		s.t.Errorf("notices: got %+v, want none", got)
	}
}

func TestALineOfStandardInputIsReadWhileThePipeStaysOpen(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s := &scenario{t: t, now: time.Unix(1e9, 0)}
	s.start(Options{Paths: []string{"-"}, Stdin: r})
	for i := range 20 {
		s.write(w, 1)
		l := s.line()
		s.put(w, l[:i])
		s.drain(func() bool { return len(s.got) == len(s.want) })
		s.put(w, l[i:])
		s.want = append(s.want, l)
	}
	s.drain(func() bool { return len(s.got) == len(s.want) })
	s.ordered()
	if s.ended() {
		t.Error("ended: got true while the pipe is open")
	}
}

func TestCloseEndsAReadThatWaits(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	f, err := Open(Options{Paths: []string{"-"}, Stdin: r, Poll: true})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	<-f.sources[0].stream.gone // and TestMain looks for goroutines left over
}

func TestLongLinesOfAPipeAreWholeOrCounted(t *testing.T) {
	const limit = 100
	for _, block := range []int{1, 10, 99, 100, 101, 1 << 20} {
		for _, n := range []int{1, 9, 10, 11, 99, 100, 101, 102, 199, 200, 201, 1000} {
			for _, end := range []string{"\n", ""} {
				long := strings.Repeat("x", n)
				s := &scenario{t: t}
				s.want = []string{s.line(), s.line()}
				in := s.want[0] + long + "\n" + s.want[1] + long + end
				tooLong := 2
				if n <= limit {
					tooLong = 0
					s.want = []string{s.want[0], long + "\n", s.want[1], long + "\n"}
				}
				s.start(Options{Paths: []string{"-"}, Stdin: strings.NewReader(in), Block: block, MaxLine: limit})
				s.drain(s.ended)
				s.ordered()
				st := s.src.State()
				wantOffset := int64(len(in))
				if n <= limit && end == "" {
					wantOffset++ // the newline that was added
				}
				if st.TooLong != tooLong || st.Offset != wantOffset || s.src.stream.line != 5 {
					t.Fatalf("block %d, line of %d: too long, offset, next line: got %d, %d, %d, want %d, %d, 5",
						block, n, st.TooLong, st.Offset, s.src.stream.line, tooLong, wantOffset)
				}
			}
		}
	}
}

func TestThePipeIsTheBuffer(t *testing.T) {
	s := &scenario{t: t}
	line := s.line()
	r := &endless{line: line}
	s.start(Options{Paths: []string{"-"}, Stdin: r, Block: 1 << 10})
	for range 10_000 { // 10 MB and more
		s.drain(func() bool { return true })
	}
	s.f.Close()
	// In flight: one being filled, one ready, one waiting to be, one with the owner.
	s.f.pool.mu.Lock()
	defer s.f.pool.mu.Unlock()
	if got := s.f.pool.made; got > 5 {
		t.Errorf("blocks made: got %d, want at most 5", got)
	}
}

// endless gives the same line as often as there is room.
type endless struct{ line string }

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e.line) <= len(p) {
		n += copy(p[n:], e.line)
	}
	if n == 0 {
		n = copy(p, "\n")
	}
	return n, nil
}

// SetReadDeadline makes Close wait; the pump ends when it cannot hand over.
func (e *endless) SetReadDeadline(time.Time) error { return nil }

func TestABrokenPipeIsToldOnce(t *testing.T) {
	s := &scenario{t: t}
	s.want = []string{"a\n", "b\n"}
	s.start(Options{Paths: []string{"-"}, Stdin: io.MultiReader(strings.NewReader("a\nb"), broken{})})
	s.drain(s.ended)
	s.ordered()
	s.look()
	if got := s.f.Notices(); len(got) != 1 || !strings.Contains(got[0].Text, "-: unexpected EOF; it is read no further") {
		t.Errorf("notices: got %+v, want one about the broken read", got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestTheHeadOfAPipeIsWhatHasArrived(t *testing.T) {
	s := &scenario{t: t}
	s.want = []string{"first\n", "second\n"}
	s.start(Options{Paths: []string{"-"}, Stdin: strings.NewReader("first\nsecond\n")})
	<-s.f.Wake()
	if got := string(s.src.Head(8)); got != "first\nse" {
		t.Errorf("head: got %q, want %q", got, "first\nse")
	}
	s.drain(s.ended)
	s.ordered()
}

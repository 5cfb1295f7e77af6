package tail

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// script is a Feed that says what it was given, then fails or waits for Close.
type script struct {
	io.Reader
	err     error // nil: wait
	closed  chan struct{}
	notices []string
	lost    int64
}

func (s *script) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	switch {
	case err == nil:
		return n, nil
	case s.err != nil:
		return n, s.err
	}
	<-s.closed
	return n, io.EOF
}

func (s *script) Notices() []string {
	out := s.notices
	s.notices = nil
	return out
}

func (s *script) Lost() int64 { return s.lost }

func (s *script) Close() error {
	close(s.closed)
	return nil
}

func said(text string) *script {
	return &script{Reader: strings.NewReader(text), closed: make(chan struct{})}
}

func TestAnInputIsASourceBehindThePaths(t *testing.T) {
	in := said("one\ntwo\nhalf")
	in.notices, in.lost = []string{"is far away"}, 7
	s := &scenario{t: t, want: []string{"one\n", "two\n"}}
	s.start(Options{Paths: []string{t.TempDir() + "/none"}, Inputs: []Input{{Name: "in", Feed: in}}})
	if got := len(s.f.Sources()); got != 2 {
		t.Fatalf("sources: got %d, want the path and the input", got)
	}
	s.src = s.f.Sources()[1]
	s.drain(func() bool { return len(s.got) == len(s.want) })
	s.ordered()
	st := s.src.State()
	if st.Name != "in" || st.Kind != Stream || st.Kind.String() != "stream" || st.Dropped != 7 || st.Ended || st.Failed != nil {
		t.Errorf("state: got %+v, want a stream that goes on, 7 messages dropped", st)
	}
	if got := s.f.Notices(); !slices.ContainsFunc(got, func(n Notice) bool { return n == Notice{1, "in: is far away"} }) {
		t.Errorf("notices: got %+v, want what the feed says, with its name", got)
	}
	s.f.Close() // waits for the feed's Read
	<-in.closed
}

func TestAnInputThatFailsSaysWhyAfterWhatLedToIt(t *testing.T) {
	in := said("one\nhalf")
	in.err, in.notices = errors.New("it is gone"), []string{"it coughs"}
	s := &scenario{t: t, want: []string{"one\n", "half\n"}}
	s.start(Options{Paths: []string{}, Inputs: []Input{{Name: "in", Feed: in}}})
	s.drain(s.ended)
	s.ordered()
	if st := s.src.State(); st.Failed == nil || st.Failed.Error() != "it is gone" {
		t.Errorf("state: got %+v, want it failed", st)
	}
	want := []Notice{{0, "in: it coughs"}, {0, "in: it is gone; it is read no further"}}
	if got := s.f.Notices(); !slices.Equal(got, want) {
		t.Errorf("notices: got %+v, want %+v", got, want)
	}
}

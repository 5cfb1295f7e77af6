//go:build unix

package tail

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestANamedPipeOutlivesItsWriters(t *testing.T) {
	s := follow(t, Options{}, func(s *scenario) { s.must(syscall.Mkfifo(s.path, 0o600)) })
	for range 5 {
		w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
		s.must(err)
		s.write(w, 10)
		s.drain(func() bool { return len(s.got) == len(s.want) })
		s.must(w.Close())
		s.look()
		if st := s.src.State(); st.Ended || st.Kind != FIFO {
			t.Fatalf("state after a writer left: got %+v, want a fifo that has not ended", st)
		}
	}
	s.ordered()
}

func TestANamedPipeMadeLaterIsRead(t *testing.T) {
	s := follow(t, Options{}, nil)
	s.look()
	s.must(syscall.Mkfifo(s.path, 0o600))
	s.look()
	w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	s.must(err)
	defer w.Close()
	s.write(w, 10)
	s.drain(func() bool { return len(s.got) == len(s.want) })
	s.ordered()
}

func TestASlowWriterDoesNotCauseABatchForEachLine(t *testing.T) {
	s := follow(t, Options{}, func(s *scenario) { s.must(syscall.Mkfifo(s.path, 0o600)) })
	w, err := os.OpenFile(s.path, os.O_WRONLY, 0)
	s.must(err)
	defer w.Close()
	go func() {
		for range 20_000 {
			w.WriteString("a line\n")
		}
	}()
	s.drain(func() bool { return len(s.got) == 20_000 })
	if got := s.src.seq; got > 5_000 {
		t.Errorf("batches for 20,000 lines: got %d, want at most 5,000", got)
	}
}

func TestOpenRefusesWhatCanNeverBeFollowed(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]string{
		dir:         dir + " is a directory",
		socket:      socket + " is a socket",
		"/dev/null": "/dev/null is a device",
		"":          "the path of a log file is empty",
	} {
		f, err := Open(Options{Paths: []string{path}, Poll: true})
		if err == nil {
			f.Close()
			t.Errorf("Open(%q): got no error, want %q", path, want)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q): got %q, want %q in it", path, err, want)
		}
	}
	if _, err := Open(Options{}); err == nil || !strings.Contains(err.Error(), "no log file is named") {
		t.Errorf("Open without paths: got %v, want an error that says so", err)
	}
}

func TestAPathThatBecomesADirectoryIsWaitedFor(t *testing.T) {
	s := follow(t, Options{}, nil)
	s.write(s.writer(), 2)
	s.look()
	s.told()
	s.rename(".1")
	s.must(os.Mkdir(s.path, 0o755))
	s.look()
	s.look()
	s.wantTold("access.log: is no regular file any more; waiting for one")
	s.must(os.Remove(s.path))
	s.pass(time.Second)
	s.write(s.writer(), 2)
	s.ordered()
}

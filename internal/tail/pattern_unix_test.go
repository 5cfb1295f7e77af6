//go:build unix

package tail

import (
	"net"
	"os"
	"syscall"
	"testing"
)

func TestOnlyFilesAreTakenForAPattern(t *testing.T) {
	s := newShelf(t, "a.log")
	s.must(syscall.Mkfifo(s.path("fifo.log"), 0o600))
	s.must(os.Mkdir(s.path("dir.log"), 0o755))
	l, err := net.Listen("unix", s.path("s.log"))
	s.must(err)
	defer l.Close()
	s.follow(Options{}, "", "*.log")
	s.wantSources("a.log")
	s.round()
	s.round()
	s.wantTold("fifo.log: left out, only files are followed\ns.log: left out, only files are followed")
	s.must(os.Remove(s.path("fifo.log")))
	s.put("fifo.log", "one\n")
	s.must(os.Remove(s.path("dir.log")))
	s.put("dir.log", "two\n")
	s.round()
	s.wantSources("a.log dir.log fifo.log")
	s.wantRead(map[string]string{"dir.log": "two\n", "fifo.log": "one\n"})
}

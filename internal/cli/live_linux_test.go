package cli

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pair: what is typed, and seen, on a terminal, and the terminal.
func terminal(t *testing.T) (keys, tty *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { keys.Close() })
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 120})
	}
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { tty.Close() })
	return keys, tty
}

// A seen is what a terminal has shown.
type seen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *seen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

// awaits waits until a text is shown, and forgets what was shown up to there.
func (s *seen) awaits(t *testing.T, text string) {
	t.Helper()
	for until := time.Now().Add(patience); ; {
		s.mu.Lock()
		_, rest, ok := strings.Cut(s.text.String(), text)
		shown := s.text.String()
		if ok {
			s.text.Reset()
			s.text.WriteString(rest)
		}
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the terminal does not show %q:\n%q", text, shown)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// TestKeysChangeARunThatGoesOn types what a person would, on a terminal of the system.
func TestKeysChangeARunThatGoesOn(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	keys, tty := terminal(t)
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "report.txt")
	cmd := exec.CommandContext(t.Context(), "weir", "trafficgen", "--url", server.URL, "--rps", "100", "--pattern", "constant", "--pattern", "sine:period=2m", "--kept", "0", "-o", report)
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, &out, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	cmd.Env = append(os.Environ(), "TERM=xterm")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var s seen
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := keys.Read(b)
			if err != nil {
				return
			}
			_, _ = s.Write(b[:n])
		}
	}()
	s.awaits(t, "q stop")
	s.awaits(t, "100 a second") // the first second is over: it listens
	for _, c := range []struct{ key, shows string }{
		{"+", "110 a second (100 x 1.1)"},
		{"+", "121 a second (100 x 1.21)"},
		{"-", "110 a second (100 x 1.1)"},
		{"k", "jitter 0.1"},
		{"j", "jitter 0,"},
		{" ", "PAUSED"},
		{" ", "110 a second"},
		{"p", "sine:period=2m (2 of 2)"},
		{"x", "+ - rate"},
	} {
		if _, err := keys.WriteString(c.key); err != nil {
			t.Fatal(err)
		}
		s.awaits(t, c.shows)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	s.awaits(t, "100 a second, jitter 0, sine:period=2m")
	if _, err := keys.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	text, err := os.ReadFile(report)
	if err != nil || string(text) != out.String() {
		t.Errorf("%v: the report is\n%s\nand the file has\n%s", err, out.String(), text)
	}
	for _, want := range []string{", stopped", "by hand   changed 7 times, paused for "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report has no %q:\n%s", want, out.String())
		}
	}
	after, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was %+v and is %+v, %v", before, after, err)
	}
}

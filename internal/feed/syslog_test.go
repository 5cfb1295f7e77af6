package feed

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// at listens on an address, and returns where it is bound.
func at(t *testing.T, text string) (*listener, string) {
	t.Helper()
	a, err := ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Syslog(a)
	l := hear(t, f, err)
	return l, strings.TrimPrefix(l.notice("listening on "), "listening on ")
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func dial(t *testing.T, network, at string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestADatagramIsALine(t *testing.T) {
	path := "unix://" + filepath.Join(t.TempDir(), "s")
	for _, text := range []string{"udp://127.0.0.1:0", "udp://[::1]:0", path} {
		network := map[bool]string{true: "udp", false: "unixgram"}[strings.HasPrefix(text, "udp")]
		if runtime.GOOS == "windows" && network != "udp" {
			continue
		}
		l, bound := at(t, text)
		conn := dial(t, network, bound)
		for _, m := range []string{"<190>one", "<190>two\n", "<1>a\nb\n", "", "\n", "last\x00"} {
			send(t, conn, m)
		}
		l.lines("<190>one", "<190>two", "<1>a#012b", "last")
		if got := l.feed.Lost(); got != 0 {
			t.Errorf("%s: lost: got %d, want none", text, got)
		}
	}
}

func TestConnectionsBringWholeLinesSideBySide(t *testing.T) {
	for _, text := range []string{"tcp://127.0.0.1:0", "unix-stream://" + filepath.Join(t.TempDir(), "s")} {
		network := map[bool]string{true: "tcp", false: "unix"}[strings.HasPrefix(text, "tcp")]
		l, bound := at(t, text)
		idle := dial(t, network, bound)
		const senders, each = 8, 500
		done := make(chan error, senders)
		for s := range senders {
			conn := dial(t, network, bound)
			go func() {
				for i := range each {
					m := fmt.Sprintf("<1>%d %d", s, i)
					switch s % 3 {
					case 0:
						m = counted(m)
					case 1:
						m += "\n"
					default: // each as it likes
						if i%2 == 0 {
							m = counted(m)
						} else {
							m += "\n"
						}
					}
					for len(m) > 0 { // in pieces, so that lines could be mixed
						n := min(5, len(m))
						if _, err := io.WriteString(conn, m[:n]); err != nil {
							done <- err
							return
						}
						m = m[n:]
					}
				}
				done <- conn.Close()
			}()
		}
		for range senders {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		var next [senders]int
		l.until("all lines", func(text string, _ []string) bool { return strings.Count(text, "\n") == senders*each })
		for line := range strings.Lines(l.got()) {
			var s, i int
			if _, err := fmt.Sscanf(line, "<1>%d %d\n", &s, &i); err != nil || next[s] != i {
				t.Fatalf("%s: got %q, want line %d of a sender whole and in its order", text, line, next[s])
			}
			next[s]++
		}
		send(t, idle, "<1>I was idle\n")
		l.until("the line of the idle one", func(text string, _ []string) bool { return strings.HasSuffix(text, "<1>I was idle\n") })
	}
}

func TestHalfAMessageAtTheEndOfAConnectionIsALine(t *testing.T) {
	l, bound := at(t, "tcp://127.0.0.1:0")
	conn := dial(t, "tcp", bound)
	send(t, conn, "<1>whole\n<1>ha")
	conn.Close()
	l.lines("<1>whole", "<1>ha")
}

func TestMoreConnectionsThanMemoryAllowsAreRefusedAndTold(t *testing.T) {
	l, bound := at(t, "tcp://127.0.0.1:0")
	var all []net.Conn
	var want []string
	for range maxConnections {
		conn := dial(t, "tcp", bound)
		send(t, conn, "<1>x\n") // it is counted once its line is there
		all, want = append(all, conn), append(want, "<1>x")
	}
	l.lines(want...)
	for range 3 {
		extra := dial(t, "tcp", bound)
		_ = extra.SetReadDeadline(time.Now().Add(patience))
		if _, err := extra.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("connection %d: got %v, want it closed", maxConnections+1, err)
		}
	}
	if got := l.notice("connections are open"); got != "256 connections are open; further ones are closed at once until one of these ends" {
		t.Errorf("got %q", got)
	}
	all[0].Close()
	l.until("a place for one more", func(text string, _ []string) bool {
		conn, err := net.Dial("tcp", bound)
		if err != nil {
			return false
		}
		defer conn.Close()
		_, err = io.WriteString(conn, "<1>more\n")
		return err == nil && strings.Contains(text, "more")
	})
}

func TestNobodyReadsFromAConnectionWhileTheQueueIsFull(t *testing.T) {
	a, err := ParseAddress("tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Syslog(a)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	conn := dial(t, "tcp", strings.TrimPrefix(f.Notices()[0], "listening on "))
	const lines = 2000
	line := strings.Repeat("x", 30_000) + "\n" // 60 MB, more than queue and system take
	sent := make(chan error, 1)
	go func() {
		for range lines {
			if _, err := io.WriteString(conn, line); err != nil {
				sent <- err
				return
			}
		}
		sent <- conn.Close()
	}()
	got, b := 0, make([]byte, 100_000)
	for got < lines*len(line) {
		n, err := f.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got += n
		f.lines.mu.Lock()
		held := cap(f.lines.buf)
		f.lines.mu.Unlock()
		if held > 2*queueBytes {
			t.Fatalf("the queue holds %d bytes, want at most %d", held, 2*queueBytes)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

func TestASocketFileOfTheDeadIsReplacedAndOneOfTheLivingIsNot(t *testing.T) {
	needUnix(t)
	for _, scheme := range []string{"unix", "unix-stream"} {
		path := filepath.Join(t.TempDir(), "s")
		network := map[string]string{"unix": "unixgram", "unix-stream": "unix"}[scheme]
		left(t, network, path)
		l, _ := at(t, scheme+"://"+path)
		send(t, dial(t, network, path), "<1>a\n")
		l.lines("<1>a")

		a, _ := ParseAddress(scheme + "://" + path)
		if _, err := Syslog(a); err == nil || !strings.Contains(err.Error(), "another process does already") {
			t.Errorf("%s, with another listening: got %v, want an error that says so", scheme, err)
		}
		other, _ := ParseAddress(map[string]string{"unix": "unix-stream", "unix-stream": "unix"}[scheme] + "://" + path)
		if _, err := Syslog(other); err == nil || !strings.Contains(err.Error(), "may be listening on") {
			t.Errorf("%s, with another listening as %s: got %v, want an error that says so", other, scheme, err)
		}
		send(t, dial(t, network, path), "<1>b\n")
		l.lines("<1>a", "<1>b")
		l.feed.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s, after Close: got %v, want the file gone", scheme, err)
		}
	}
}

// left leaves a socket file behind that nobody listens on.
func left(t *testing.T, network, path string) {
	t.Helper()
	if network == "unixgram" {
		conn, err := net.ListenUnixgram(network, &net.UnixAddr{Name: path, Net: network})
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		return
	}
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func needUnix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("socket files here have no datagrams, no modes")
	}
}

func TestASocketFileThatAnotherPutThereIsNotRemoved(t *testing.T) {
	needUnix(t)
	path := filepath.Join(t.TempDir(), "s")
	l, _ := at(t, "unix://"+path)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	other, _ := at(t, "unix://"+path)
	l.feed.Close()
	send(t, dial(t, "unixgram", path), "<1>a")
	other.lines("<1>a")
}

func TestEveryUserMayWriteUnlessAModeIsGiven(t *testing.T) {
	needUnix(t)
	for query, want := range map[string]os.FileMode{"": 0o666, "?mode=0660": 0o660, "?mode=600": 0o600} {
		for _, scheme := range []string{"unix", "unix-stream"} {
			path := filepath.Join(t.TempDir(), "s")
			_, _ = at(t, scheme+"://"+path+query)
			info, err := os.Stat(path)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s%s: got mode %v (%v), want %v", scheme, query, info.Mode().Perm(), err, want)
			}
		}
	}
}

func TestWhatCannotBeListenedOnSaysWhy(t *testing.T) {
	needUnix(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, udp := at(t, "udp://127.0.0.1:0")
	_, tcp := at(t, "tcp://127.0.0.1:0")
	for text, want := range map[string]string{
		"udp://" + udp:                                   "another process does already (\"ss -lnp\" tells which)",
		"tcp://" + tcp:                                   "another process does already",
		"udp://203.0.113.1:5514":                         "this machine does not have that address: 127.0.0.1 takes",
		"unix://" + dir + "/file":                        "a file of that name which is no socket",
		"unix://" + dir:                                  "a file of that name which is no socket",
		"unix://" + dir + "/no/s":                        "its directory does not exist",
		"unix-stream://" + dir + "/no/s":                 "its directory does not exist",
		"unix://" + dir + "/" + strings.Repeat("x", 120): "bytes, and sockets may have 103",
	} {
		a, err := ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Syslog(a)
		if err == nil {
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cannot listen on "+text) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestListeningToTheWorldIsTold(t *testing.T) {
	l, _ := at(t, "udp://0.0.0.0:0")
	l.notice("any machine that reaches this one may send lines; udp://127.0.0.1 takes those of this machine only")
	for _, text := range []string{"udp://127.0.0.1:0", "tcp://localhost:0"} {
		l, _ := at(t, text)
		if got := l.feed.Notices(); len(got)+len(l.notices) != 1 {
			t.Errorf("%s: got %q %q, want only where it listens", text, l.notices, got)
		}
	}
}

func TestAddressesThatAreNoneSayWhatToWrite(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "begin with udp://",
		"127.0.0.1:5514":          "write it as udp://127.0.0.1:5514",
		"http://127.0.0.1:80":     "begin with udp://",
		"udp://127.0.0.1":         "has no port",
		"udp://127.0.0.1:x":       "has no port",
		"udp://127.0.0.1:65536":   "has no port",
		"tcp://a/b:1":             "is no host",
		"unix://run/s":            "no absolute path",
		"unix://":                 "no absolute path",
		"unix:///run/":            "no absolute path",
		"unix:///run/s?mode=rw":   `write it as in unix:///run/s?mode=0660`,
		"unix:///run/s?mode=1777": "no mode",
		"unix:///run/s?mode=0":    "no mode",
	} {
		if _, err := ParseAddress(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestADatagramBeyondTheLimitIsCutAndTold(t *testing.T) {
	needUnix(t)
	l, bound := at(t, "unix://"+filepath.Join(t.TempDir(), "s"))
	conn := dial(t, "unixgram", bound)
	send(t, conn, strings.Repeat("x", maxMessage+1))
	send(t, conn, strings.Repeat("y", maxMessage))
	l.lines(strings.Repeat("x", maxMessage), strings.Repeat("y", maxMessage))
	l.notice("a message was longer than 65536 bytes; such ones are cut there")
}

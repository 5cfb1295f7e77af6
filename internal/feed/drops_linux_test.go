package feed

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestEveryDatagramIsReadOrCountedAsLost sends more than queue and system hold
// while nobody reads.
func TestEveryDatagramIsReadOrCountedAsLost(t *testing.T) {
	a, err := ParseAddress("udp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := Syslog(a)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	conn := dial(t, "udp", strings.TrimPrefix(f.Notices()[0], "listening on "))
	const flood = 1000
	message := strings.Repeat("x", 30_000) // 30 MB
	for range flood {
		send(t, conn, message)
	}
	lines, b := make(chan int, 1000), make([]byte, 256<<10)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			n, err := f.Read(b)
			if err != nil {
				return
			}
			lines <- bytes.Count(b[:n], []byte("\n"))
		}
	}()
	// What was dropped is told with the next datagram that comes through.
	sent, got := flood, 0
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for f.Lost() == 0 || got+int(f.Lost()) != sent {
		select {
		case n := <-lines:
			got += n
		case <-again.C:
			send(t, conn, "<1>more\n")
			sent++
		case <-deadline:
			t.Fatalf("%d sent, %d read, %d counted as lost: want all of them one or the other", sent, got, f.Lost())
		}
	}
	if got == 0 || f.Lost() < 100 {
		t.Errorf("got %d lines and %d lost, want some of both", got, f.Lost())
	}
	if text := strings.Join(f.Notices(), "\n"); !strings.Contains(text, "messages were lost: the system dropped them, its buffer of ") ||
		!strings.Contains(text, "raise net.core.rmem_max (sysctl), or send over tcp://") {
		t.Errorf("notices: got %q", text)
	}
	f.Close()
	<-over
}

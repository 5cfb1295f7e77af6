package feed

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestARealJournalIsReadThroughARestart runs a journald of its own, in a mount
// namespace where /run is empty. That takes root.
func TestARealJournalIsReadThroughARestart(t *testing.T) {
	const journald = "/lib/systemd/systemd-journald"
	real, err := exec.LookPath("journalctl")
	if _, e := os.Stat(journald); err != nil || e != nil || os.Getuid() != 0 {
		t.Skip("no root, or no systemd-journald: this test is left out")
	}
	dir := t.TempDir()
	script := `set -e
mount -t tmpfs tmpfs /run
mkdir -p "$1/log" "$1/socket" /run/log/journal /run/systemd/journal
mount --bind "$1/log" /run/log/journal
mount --bind "$1/socket" /run/systemd/journal
exec ` + journald
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", script, "sh", dir)
	gone := make(chan error, 1)
	if err := cmd.Start(); err != nil {
		t.Skipf("unshare cannot be run (%v): this test is left out", err)
	}
	go func() { gone <- cmd.Wait() }()
	var conn net.Conn
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for conn == nil {
		select {
		case err := <-gone:
			t.Skipf("systemd-journald cannot be run here (%v): this test is left out", err)
		case <-deadline:
			t.Fatalf("systemd-journald has made no socket within %v", patience)
		case <-again.C:
			conn, _ = net.Dial("unixgram", filepath.Join(dir, "socket", "socket"))
		}
	}
	defer func() {
		conn.Close()
		_ = cmd.Process.Kill()
		<-gone
	}()
	say := func(message string) {
		// Root may speak of a unit it does not belong to.
		send(t, conn, fmt.Sprintf("OBJECT_SYSTEMD_UNIT=shop.service\nMESSAGE\n%s%s\n", sizeOf(message), message))
	}
	pid := filepath.Join(dir, "pid")
	notes := journalctl(t, fmt.Sprintf("echo $$ > %s\nexec %s --directory=%s \"$@\"", pid, real, filepath.Join(dir, "log")))
	for _, m := range []string{"one", "two\n\xff", "three"} {
		say(m)
	}
	// Of a directory without an entry journalctl would say that it has no boot.
	for out := []byte(nil); !bytes.Contains(out, []byte("three")); {
		select {
		case <-again.C:
			out, _ = exec.CommandContext(t.Context(), real, "--directory="+filepath.Join(dir, "log"), "--output=cat").Output()
		case <-deadline:
			t.Fatalf("the journal has no entry within %v", patience)
		}
	}
	f, err := Journal("shop", Start{Since: time.Now().Add(-time.Hour)})
	l := hear(t, f, err)
	l.lines("one", "two#012\xff", "three")
	say("four")
	l.lines("one", "two#012\xff", "three", "four")
	id, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "kill", strings.TrimSpace(string(id))).Run(); err != nil {
		t.Fatal(err)
	}
	l.notice("ended (signal: terminated)")
	say("five")
	l.lines("one", "two#012\xff", "three", "four", "five")
	if got := calls(t, notes); len(got) != 2 || !strings.Contains(got[1], "--after-cursor=s=") {
		t.Errorf("journalctl was called: %q", got)
	}
}

func sizeOf(message string) string {
	b := [8]byte{byte(len(message))}
	return string(b[:])
}

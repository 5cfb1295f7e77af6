package notify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestALineThatAFullDiskCutsIsNotJoinedByTheNext.
func TestALineThatAFullDiskCutsIsNotJoinedByTheNext(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("A FULL DISK IS NOT TESTED: a small file system cannot be mounted here (%v); root can", err)
	}
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	}()
	m := firing("/a")
	m.Text = strings.Repeat("much ", 4000) // 20 kB
	path := filepath.Join(dir, "alerts.log")
	l := &logFile{path: path}
	failed := 0
	for range 5 {
		if err := l.send(context.Background(), &group{"ops", []Message{m}}); err != nil {
			failed++
			if err := os.Truncate(path, 30<<10); err != nil { // somebody makes room
				t.Fatal(err)
			}
		}
	}
	if failed == 0 {
		t.Fatal("the disk was never full")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n := strings.Count(line, "firing [critical]"); n != 1 {
			t.Errorf("%d messages are in one line", n)
		}
	}
}

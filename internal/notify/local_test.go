package notify

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestTheBellRingsForAnAlertAndNotForItsEnd(t *testing.T) {
	c, _ := Default(Bell)
	c.Name = "bell"
	var out bytes.Buffer
	for _, g := range [][]Message{{firing("/a"), firing("/b")}, {recovered("/a")}, {recovered("/b"), firing("/c")}} {
		if err := sendTo(t, c, Options{Bell: &out}, g...); err != nil {
			t.Fatal(err)
		}
	}
	if out.String() != "\a\a" {
		t.Errorf("got %q, want it to ring for the two groups with an alert", out.String())
	}
	if err := sendTo(t, c, Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), "there is no terminal") {
		t.Errorf("without a terminal: got %v", err)
	}
}

func TestTheLogHasALineForEachMessageWhateverALogHolds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.log")
	c, _ := Default(Log)
	c.Name, c.File = "log", path
	hostile := firing("/a\n2000-01-01T00:00:00Z firing forged\x1b[2J\u202e")
	late := recovered("/b")
	late.Late = true
	if err := sendTo(t, c, Options{}, hostile, late); err != nil {
		t.Fatal(err)
	}
	const want = `2000-01-01T00:00:00Z firing [critical] high-traffic /a\x0A2000-01-01T00:00:00Z firing forged\x1B[2J\u{202E}: traffic of /a\x0A2000-01-01T00:00:00Z firing forged\x1B[2J\u{202E} is high; top client 192.0.2.1` + "\n" +
		"2000-01-01T00:00:00Z recovered [critical] high-traffic /b: traffic of /b is as it was (told late); top client 192.0.2.1\n"
	if got := read(t, path); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	c.JSON = true
	if err := sendTo(t, c, Options{}, hostile, late); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimPrefix(read(t, path), want), "\n")
	var m Message
	if len(lines) != 3 || json.Unmarshal([]byte(lines[0]), &m) != nil || m.Key != hostile.Key || strings.ContainsAny(lines[0], "\x1b\u202e") {
		t.Errorf("got %q, want two objects, of which none steers a terminal", lines)
	}
}

func TestALogThatWasRotatedIsBegunAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.log")
	c, _ := Default(Log)
	c.Name, c.File = "log", path
	for _, then := range []func() error{
		func() error { return os.Rename(path, path+".1") },
		func() error { return os.Remove(path) },
		func() error { return os.Truncate(path, 0) },
		func() error { return nil },
	} {
		if err := sendTo(t, c, Options{}, firing("/a")); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(read(t, path), "\n"); n != 1 {
			t.Errorf("%d lines, want one in the new file", n)
		}
		if err := then(); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		t.Errorf("%v: the log can be read by everybody: %v", err, info.Mode())
	}
	c.File = filepath.Join(t.TempDir(), "no", "folder", "log")
	if err := sendTo(t, c, Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), "the log cannot be opened") {
		t.Errorf("without its folder: got %v", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

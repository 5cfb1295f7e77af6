package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/history"
	"weir/internal/tail"
)

// TestALineFarFromItsTimeIsFoundThroughTheHistory has a request that took an hour
// in a log that is bisected: only a history knows where its line is.
func TestALineFarFromItsTimeIsFoundThroughTheHistory(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "access.log")
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix()
	line := func(sec int64, path string) string {
		at := time.Unix(sec, 0).UTC().Format("02/Jan/2006:15:04:05 -0700")
		return fmt.Sprintf("10.0.0.1 - - [%s] \"GET %s HTTP/1.1\" 200 12 \"-\" \"%s\"\n", at, path, strings.Repeat("agent ", 300))
	}
	var text strings.Builder
	var slow int64
	for i := range int64(7200) {
		if i == 5000 {
			slow = int64(text.Len())
			text.WriteString(line(start+60, "/slow"))
		}
		text.WriteString(line(start+i, "/"))
	}
	if err := os.WriteFile(log, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(log)
	if err != nil {
		t.Fatal(err)
	}
	device, inode := tail.Identity(info)
	if inode == 0 {
		t.Skip("files have no number here, so none is remembered")
	}
	file := fmt.Sprintf("%d:%d", device, inode)
	home := history.Home(filepath.Join(dir, "state"))
	remember(t, home, log, history.Span{Source: log, File: file, FromTime: start + 60, ToTime: start + 5001, FromOffset: slow - 500, ToOffset: slow + 3000})

	find := func(args ...string) (out, messages string, code int) {
		args = append([]string{"log", "--timezone", "UTC", "--from", fmt.Sprint(start + 30), "--to", fmt.Sprint(start + 90)}, args...)
		return runLog(t, append(args, log)...)
	}
	if out, messages, code := find("--state", string(home)); !strings.HasSuffix(out, line(start+60, "/slow")) || strings.Count(out, "\n") != 61 || messages != "" || code != 0 {
		t.Errorf("with the history: %d lines, exit code %d, %q; the last is not that of the slow request", strings.Count(out, "\n"), code, messages)
	}
	if out, _, _ := find("--no-state"); strings.Count(out, "\n") != 60 {
		t.Errorf("without: got %d lines, want 60", strings.Count(out, "\n"))
	}
	if _, messages, code := find("--state", filepath.Join(dir, "nowhere")); code != exitInput || !strings.Contains(messages, "cannot read the histories of --state") {
		t.Errorf("no folder: exit code %d, %q", code, messages)
	}
	// Of one that cannot be read the rest is none the worse.
	if err := os.WriteFile(home.Path(history.Of([]string{log}, "")), []byte("not a database, and long enough to tell that"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, messages, code := find("--state", string(home)); strings.Count(out, "\n") != 60 || !strings.Contains(messages, "it is not asked") || code != 0 {
		t.Errorf("damaged: %d lines, exit code %d, %q", strings.Count(out, "\n"), code, messages)
	}
}

// remember makes a history of a log with a span.
func remember(t *testing.T, home history.Home, log string, s history.Span) {
	t.Helper()
	subject := history.Of([]string{log}, "")
	db, err := history.Open(home.Path(subject), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	name, state := subject.State()
	if err := db.Commit(&history.Commit{States: map[string][]byte{name: state}, Spans: []history.Span{s}}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// runLog runs weir in this process.
func runLog(t *testing.T, args ...string) (out, messages string, code int) {
	t.Helper()
	files := [2]*os.File{}
	for i := range files {
		f, err := os.Create(filepath.Join(t.TempDir(), "stream"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	code = run(t.Context(), args, streams{in: os.Stdin, out: files[0], err: files[1]})
	var texts [2]string
	for i, f := range files {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(b)
	}
	return texts[0], texts[1], code
}

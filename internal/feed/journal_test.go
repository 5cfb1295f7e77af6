//go:build unix

package feed

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// entry is one of the journal, as journalctl exports it.
func entry(cursor, message string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "__CURSOR=%s\n__REALTIME_TIMESTAMP=1795255789798548\n_TRANSPORT=journal\n_PID=7\n", cursor)
	if strings.ContainsFunc(message, func(r rune) bool { return r < ' ' }) {
		b.WriteString("MESSAGE\n")
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(message))))
		b.WriteString(message + "\n")
	} else {
		b.WriteString("MESSAGE=" + message + "\n")
	}
	b.WriteString("_SYSTEMD_UNIT=nginx.service\n\n")
	return b.String()
}

// exported reads what journalctl gives, and returns messages as lines and the
// cursor to go on behind.
func exported(text string) (lines, cursor string) {
	var e entries
	var out []byte
	e.reset(strings.NewReader(text))
	for e.next() {
		out = appendLine(out, e.message)
		e.keep()
	}
	return string(out), string(e.cursor)
}

func TestEntriesOfTheJournalAreReadAsTheyAreExported(t *testing.T) {
	long := strings.Repeat("x", maxMessage)
	for name, c := range map[string]struct{ text, lines, cursor string }{
		"nothing":           {"", "", ""},
		"two":               {entry("a", "one") + entry("b", "two"), "one\ntwo\n", "b"},
		"lines and bytes":   {entry("a", "one\ntwo\n\xff") + entry("b", "x=\ty"), "one#012two#012\xff\nx=\ty\n", "b"},
		"an empty message":  {entry("a", "") + entry("b", "x"), "x\n", "b"},
		"without a message": {"__CURSOR=a\n_PID=7\n\n" + entry("b", "x"), "x\n", "b"},
		"equals signs":      {entry("a", "MESSAGE=x=__CURSOR=y"), "MESSAGE=x=__CURSOR=y\n", "a"},
		"the longest":       {entry("a", long) + entry("b", "x"), long + "\nx\n", "b"},
		"longer":            {entry("a", long+"yz") + entry("b", "x"), long + "\nx\n", "b"},
		"longer, with lines": {
			entry("a", long[1:]+"\nyz") + entry("b", "x"),
			long[1:] + "\nx\n", "b",
		},
		"half a field":        {entry("a", "x") + "__CURSOR=b\nMESSA", "x\n", "a"},
		"half an entry":       {entry("a", "x") + "__CURSOR=b\nMESSAGE=y\n", "x\n", "a"},
		"half a binary field": {entry("a", "x") + entry("b", "y\nz")[:100], "x\n", "a"},
		"a size that is a lie": {
			entry("a", "x") + "__CURSOR=b\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffabc\n\n",
			"x\n", "a",
		},
		"other binary fields": {"__CURSOR=a\nX\n\x03\x00\x00\x00\x00\x00\x00\x00\n\n\n\nMESSAGE=x\n\n", "x\n", "a"},
		"remarks":             {"-- No entries --\n\n" + entry("a", "x") + "-- Boot --\n", "x\n", "a"},
		"systemd's own words": {
			"__CURSOR=a\n_PID=1\nUNIT=nginx.service\nMESSAGE=Started nginx.\n\n" + entry("b", "x") +
				"__CURSOR=c\n_PID=1\nMESSAGE=of a unit called init\n\n__CURSOR=d\n_PID=12\nUNIT=u\nMESSAGE=y\n\n",
			"x\nof a unit called init\ny\n", "d",
		},
	} {
		if lines, cursor := exported(c.text); lines != c.lines || cursor != c.cursor {
			t.Errorf("%s: got %.200q behind %q, want %.200q behind %q", name, lines, cursor, c.lines, c.cursor)
		}
		if len(c.text) > maxMessage {
			continue
		}
		var e entries
		var out []byte
		for e.reset(iotest.OneByteReader(strings.NewReader(c.text))); e.next(); e.keep() {
			out = appendLine(out, e.message)
		}
		if string(out) != c.lines {
			t.Errorf("%s, a byte at a time: got %q, want %q", name, out, c.lines)
		}
	}
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte(entry("a", "one") + entry("b", "two\nthree") + "X\n\x02\x00\x00\x00\x00\x00\x00\x00ab\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e entries
		for e.reset(bytes.NewReader(text)); e.next(); e.keep() {
			if len(e.message) > maxMessage+len("MESSAGE=") || len(e.cursor) > len(text) {
				t.Fatalf("a message of %d bytes, a cursor of %d", len(e.message), len(e.cursor))
			}
		}
	})
}

func TestReadingEntriesAllocatesNothing(t *testing.T) {
	var e entries
	text := []byte(strings.Repeat(entry("s=1;i=2", "one")+entry("s=1;i=3", "two\nthree"), 50))
	r := bytes.NewReader(text)
	read := func() {
		r.Reset(text)
		for e.reset(r); e.next(); e.keep() {
		}
	}
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("got %v allocations for 100 entries, want none", n)
	}
}

// journalctl puts a program of that name first in PATH, which notes how it is
// called and then runs script, and returns the file of notes.
func journalctl(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	text := "#!/bin/sh\ncd " + dir + "\necho \"$@\" >> calls\n" + script + "\n"
	if err := os.WriteFile(filepath.Join(dir, "journalctl"), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"first":  entry("s=1;i=1", "one") + entry("s=1;i=2", "two\nhalves") + entry("s=1;i=3", "lost")[:30],
		"second": entry("s=1;i=3", "three"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "calls")
}

func calls(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func TestTheJournalGoesOnBehindTheEntryReadLast(t *testing.T) {
	notes := journalctl(t, `case "$*" in *after-cursor*) cat second; exec sleep 1000;; esac; cat first; echo "is rotated" >&2; exit 1`)
	f, err := Journal("nginx.service", Start{Since: time.Unix(1795255789, 5)})
	l := hear(t, f, err)
	l.lines("one", "two#012halves", "three")
	l.notice("is rotated")
	l.notice("ended (exit status 1) after 0s; starting it again in 1s")
	want := []string{
		"--follow --output=export --unit=nginx.service --no-tail --since=@1795255789",
		"--follow --output=export --unit=nginx.service --no-tail --after-cursor=s=1;i=2",
	}
	if got := calls(t, notes); !slices.Equal(got, want) {
		t.Errorf("journalctl was called\n got  %q\n want %q", got, want)
	}
	if f.Name() != "journal:nginx.service" {
		t.Errorf("name: got %s", f.Name())
	}
}

func TestWhereTheJournalBeginsIsAskedFor(t *testing.T) {
	for want, start := range map[string]Start{
		"--follow --output=export --unit=-x --no-tail": {},
		"--follow --output=export --unit=-x --lines=0": {FromEnd: true},
	} {
		notes := journalctl(t, `cat second; exec sleep 1000`)
		f, err := Journal("-x", start)
		hear(t, f, err).lines("three")
		if got := calls(t, notes); got[0] != want {
			t.Errorf("%+v: got %q, want %q", start, got[0], want)
		}
	}
}

func TestAJournalThatCannotBeReadEndsTheFeed(t *testing.T) {
	journalctl(t, `echo "Failed to open: denied" >&2; exit 1`)
	f, err := Journal("x", Start{})
	l := hear(t, f, err)
	if err := l.end(); err == nil || !strings.Contains(err.Error(), "it could not run (exit status 1)") {
		t.Errorf("got %v, want that it could not run", err)
	}
	l.notice("Failed to open: denied")
}

func TestWithoutJournalctlTheErrorSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Journal("nginx", Start{}); err == nil || !strings.Contains(err.Error(), "cannot read the journal of nginx: journalctl is not in PATH: it comes with systemd") {
		t.Errorf("got %v, want an error that says so", err)
	}
}

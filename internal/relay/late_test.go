package relay

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// later appends to a log of a directory that is followed. The time of the directory
// is that of the bubble, in which two changes can be far apart while they are
// within one tick of the machine's clock.
func later(t *testing.T, name, text string) {
	t.Helper()
	appendTo(t, name, text)
	if err := os.Chtimes(filepath.Dir(name), time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// TestLogsThatComeLaterAreWrittenWholeAndRemembered: each line once, over three
// runs, with what is logged in the second before an end and while nobody reads.
func TestLogsThatComeLaterAreWrittenWholeAndRemembered(t *testing.T) {
	for name, pattern := range map[string]string{"directory": "", "pattern": "*.log"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m := &memory{}
			var out bytes.Buffer
			path := func(name string) string { return filepath.Join(dir, name) }
			run := func(events func()) {
				t.Helper()
				synctest.Test(t, func(t *testing.T) {
					r, err := New(Options{
						Patterns: []string{filepath.Join(dir, pattern)}, Store: m, Poll: true,
						Tell: func(string) {}, Out: &out, Form: Form{Prefix: Auto},
					})
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithCancel(t.Context())
					done := make(chan error)
					go func() { done <- r.Run(ctx) }()
					<-time.After(10 * time.Second)
					events()
					cancel()
					if err := <-done; err != nil {
						t.Error(err)
					}
				})
			}
			run(func() {
				later(t, path("a.log"), "1 of several lines, long enough to tell\n")
				<-time.After(10 * time.Second)
				later(t, path("b.log"), "2 in the last moment, long enough to tell\n")
			})
			later(t, path("a.log"), "3 while nobody reads\n")
			if err := os.Rename(path("a.log"), path("a.log.1")); err != nil {
				t.Fatal(err)
			}
			later(t, path("b.log"), "4 while nobody reads\n")
			run(func() {
				later(t, path("a.log"), "5 in a new file\n")
				<-time.After(10 * time.Second)
			})
			run(func() { later(t, path("b.log"), "6 at last\n") })
			got := strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "")
			want := "a.log: 1 of several lines, long enough to tell\nb.log: 2 in the last moment, long enough to tell\n" +
				"b.log: 4 while nobody reads\na.log: 3 while nobody reads\na.log: 5 in a new file\nb.log: 6 at last\n"
			if got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
		})
	}
}

// TestWithoutFollowingNothingIsWaitedFor: a pattern is what it stands for now.
func TestWithoutFollowingNothingIsWaitedFor(t *testing.T) {
	log := newLog(t, "1\n")
	appendTo(t, filepath.Join(filepath.Dir(log), "b.log"), "2\n")
	got, notices := once(t, Options{Paths: []string{log}, Patterns: []string{filepath.Dir(log)}, Start: Start{From: 1}})
	if want := log + ": 1\n"; got != want || len(notices) != 0 {
		t.Errorf("got %q and the notices %q, want %q", got, notices, want)
	}
}

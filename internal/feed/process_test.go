//go:build unix

package feed

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func command(t *testing.T, line string, start Start) *listener {
	t.Helper()
	f, err := Command(line, start)
	return hear(t, f, err)
}

func TestWhatACommandPrintsAreItsLinesAndWhatItComplainsOfIsTold(t *testing.T) {
	l := command(t, `echo one; echo "is wrong" >&2; printf 'two\nthree'; exec sleep 1000`, Start{})
	l.notice("is wrong")
	l.until("half a line", func(text string, _ []string) bool { return text == "one\ntwo\nthree" })
}

func TestACommandThatEndsIsRunAgainAndItsLastLineCounts(t *testing.T) {
	l := command(t, `printf 'one\ntwo'; exit 3`, Start{})
	l.until("the second run", func(text string, _ []string) bool { return text == "one\ntwo\none\ntwo\n" })
	l.notice("ended (exit status 3) after 0s; starting it again in 1s")
	l.notice("ended (exit status 3) after 0s; starting it again in 2s")
}

func TestACommandKilledByASignalIsRunAgain(t *testing.T) {
	l := command(t, `echo x; kill -9 $$`, Start{})
	l.notice("ended (signal: killed) after 0s; starting it again in 1s")
}

func TestThePauseBeforeTheNextRunGrowsUntilOneRanLong(t *testing.T) {
	pause := time.Duration(0)
	for i, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		if pause = pauseAfter(pause, settled); pause != time.Duration(want)*time.Second {
			t.Errorf("after %d short runs: got %v, want %d s", i+1, pause, want)
		}
	}
	if pause = pauseAfter(pause, settled+1); pause != 0 {
		t.Errorf("after a long run: got %v, want none", pause)
	}
	if pause = pauseAfter(pause, 0); pause != time.Second {
		t.Errorf("after a short run behind a long one: got %v, want 1 s", pause)
	}
}

func TestEachRunIsToldFromWhenOnItsLinesAreWanted(t *testing.T) {
	since := time.Date(2026, 11, 20, 1, 2, 3, 0, time.FixedZone("", 3600))
	began := time.Now()
	l := command(t, `echo "$WEIR_SINCE"`, Start{Since: since})
	l.until("two runs", func(text string, _ []string) bool { return strings.Count(text, "\n") >= 2 })
	lines := strings.Split(l.got(), "\n")
	if lines[0] != "2026-11-20T00:02:03Z" {
		t.Errorf("first run: got %s, want that of start", lines[0])
	}
	if again, err := time.Parse(time.RFC3339, lines[1]); err != nil || again.Before(began.Add(-time.Second)) || again.After(time.Now()) {
		t.Errorf("second run: got %s (%v), want when the line of the first came", lines[1], err)
	}
	l = command(t, `echo "$WEIR_SINCE"; exec sleep 1000`, Start{})
	l.lines("1970-01-01T00:00:00Z")
	l = command(t, `echo "$WEIR_SINCE"; exec sleep 1000`, Start{Since: since, FromEnd: true})
	l.until("a line", func(text string, _ []string) bool {
		at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
		return err == nil && !at.Before(began.Add(-time.Second))
	})
}

func TestACommandThatIsNoneEndsTheFeed(t *testing.T) {
	for line, status := range map[string]string{"nosuchcommand": "127", "/etc/passwd": "126"} {
		l := command(t, line, Start{})
		if err := l.end(); err == nil || err.Error() != "it could not run (exit status "+status+")" {
			t.Errorf("%s: got %v, want that it could not run, exit status %s", line, err, status)
		}
		l.notice(line) // what the shell said
	}
	l := command(t, `echo a line; exit 127`, Start{})
	l.notice("starting it again in 1s") // it did run
}

// held makes a named pipe. The channel is closed when every process that opened
// it for writing is gone.
func held(t *testing.T) (path string, gone chan struct{}) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	gone = make(chan struct{})
	go func() {
		defer close(gone)
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		_, _ = io.Copy(io.Discard, f)
	}()
	return path, gone
}

func wait(t *testing.T, gone chan struct{}, what string) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatalf("%s is still there", what)
	}
}

func TestCloseEndsAllThatACommandHasStarted(t *testing.T) {
	for name, script := range map[string]string{
		"children":           `exec 3>%s; (sleep 1000; echo never) & sleep 1000 | sleep 1000 & echo up; sleep 1000`,
		"deaf to SIGTERM":    `exec 3>%s; trap '' TERM; echo up; while :; do sleep 1; done`,
		"its shell has gone": `exec 3>%s; (trap '' TERM; echo up; while :; do sleep 1; done) & exit 0`,
		"without its output": `exec 3>%s; (trap '' TERM; exec >/dev/null 2>&1; while :; do sleep 1; done) & echo up; wait`,
		"printing for ever":  `exec 3>%s; echo up; yes`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe, gone := held(t)
			l := command(t, fmt.Sprintf(script, pipe), Start{})
			l.until("its first line", func(text string, _ []string) bool { return strings.HasPrefix(text, "up\n") })
			l.feed.Close()
			wait(t, gone, "a process of it")
		})
	}
}

func TestACommandIsAskedToEndBeforeItIsKilled(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said")
	l := command(t, fmt.Sprintf(`trap 'echo goodbye > %s; exit' TERM; echo up; while :; do sleep 1; done`, file), Start{})
	l.lines("up")
	l.feed.Close()
	if got, err := os.ReadFile(file); string(got) != "goodbye\n" {
		t.Errorf("got %q (%v), want what it does at SIGTERM done", got, err)
	}
}

func TestWhatACommandLeavesBehindDoesNotPileUp(t *testing.T) {
	pipe, gone := held(t)
	l := command(t, fmt.Sprintf(`if [ -p %[1]s ]; then exec 3>%[1]s; rm %[1]s; sleep 1000 >/dev/null 2>&1 & fi; echo x`, pipe), Start{})
	l.notice("starting it again")
	wait(t, gone, "the process left behind")
}

func TestASignalOfTheTerminalDoesNotReachTheCommand(t *testing.T) {
	l := command(t, `ps -o pgid= -p $$; echo $$; exec sleep 1000`, Start{})
	l.until("two numbers", func(text string, _ []string) bool { return strings.Count(text, "\n") == 2 })
	if n := strings.Fields(l.got()); n[0] != n[1] {
		t.Errorf("process group: got %s, want its own, %s", n[0], n[1])
	}
}

func TestComplaintsWithoutEndAreLimited(t *testing.T) {
	l := command(t, `i=0; while [ $i -lt 1000 ]; do echo "oops $i" >&2; i=$((i+1)); done; exec nosuchcommand`, Start{})
	if err := l.end(); err == nil {
		t.Error("got no error, want one")
	}
	l.notice("more messages of this kind were left out")
	told := 0
	for _, n := range l.notices {
		if strings.HasPrefix(n, "oops ") {
			told++
		}
	}
	if told == 0 || told > 20 {
		t.Errorf("got %d of 1000 complaints, want some and at most 20", told)
	}
}

func TestAFullQueueHoldsTheCommandUp(t *testing.T) {
	f, err := Command(`yes 0123456789`, Start{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1<<20)
	for got := 0; got < 50<<20; {
		n, err := f.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	f.lines.mu.Lock()
	defer f.lines.mu.Unlock()
	if got := cap(f.lines.buf); got > 2*queueBytes {
		t.Errorf("held: got %d bytes, want at most %d", got, 2*queueBytes)
	}
}

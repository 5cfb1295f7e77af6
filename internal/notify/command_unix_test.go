//go:build unix

package notify

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// running is a channel of kind command.
func running(change func(*Channel), args ...string) Channel {
	c, _ := Default(Command)
	c.Name, c.Command, c.Timeout = "cmd", args, 20*time.Second
	if change != nil {
		change(&c)
	}
	return c
}

func TestACommandFindsTheMessagesOnItsStandardInput(t *testing.T) {
	out := filepath.Join(t.TempDir(), "got")
	hostile := firing("/$(touch x);`id`'\"")
	if err := sendTo(t, running(nil, "/bin/sh", "-c", `cat > "$0"`, out), Options{}, hostile, recovered("/b")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Firing, Recovered int
		Messages          []Message
	}
	if err := json.Unmarshal(text, &d); err != nil || d.Firing != 1 || d.Recovered != 1 || d.Messages[0].Key != hostile.Key {
		t.Errorf("%v: got %s", err, text)
	}
}

func TestThereIsNoShell(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := sendTo(t, running(nil, "/bin/echo", "a; touch made", "$(touch made)", "> made"), Options{}, firing("/a")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("made"); err == nil {
		t.Error("a shell has read the arguments")
	}
}

func TestACommandThatFailsSaysWhy(t *testing.T) {
	for want, args := range map[string][]string{
		"the command failed (exit status 3): it said: no pager\\x1B[2J; at all": {"/bin/sh", "-c", `printf 'no pager\033[2J\nat all\n' >&2; exit 3`},
		"the command could not be started":                                      {"/no/such/program"},
		"the command failed (signal: terminated)":                               {"/bin/sh", "-c", "kill $$"},
	} {
		if err := sendTo(t, running(nil, args...), Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	// Input that nobody reads, and output that nobody wants, are no failures.
	big := firing("/a")
	big.Summary = []string{strings.Repeat("x", 1<<20)}
	if err := sendTo(t, running(nil, "/bin/sh", "-c", "exit 0"), Options{}, big); err != nil {
		t.Errorf("a command that reads nothing: %v", err)
	}
	if err := sendTo(t, running(nil, "/bin/sh", "-c", "head -c 3000000 /dev/zero"), Options{}, firing("/a")); err != nil {
		t.Errorf("a command that says much: %v", err)
	}
}

func TestACommandThatHangsIsKilledWithAllItHasStarted(t *testing.T) {
	pid := filepath.Join(t.TempDir(), "pid")
	c := running(func(c *Channel) { c.Timeout = 500 * time.Millisecond }, "/bin/sh", "-c", `sleep 1000 & echo $! > "$0.new"; mv "$0.new" "$0"; wait`, pid)
	err := sendTo(t, c, Options{}, firing("/a"))
	if err == nil || !strings.Contains(err.Error(), "the command did not end in time and was killed") {
		t.Fatalf("got %v", err)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Skip("the machine was too busy to start it in half a second")
	}
	child, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	end := time.After(20 * time.Second)
	for {
		state, err := os.ReadFile("/proc/" + strconv.Itoa(child) + "/stat")
		if syscall.Kill(child, 0) != nil || err == nil && strings.Contains(string(state), ") Z ") {
			return
		}
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("process %d, which the command has started, lives on", child)
		}
	}
}

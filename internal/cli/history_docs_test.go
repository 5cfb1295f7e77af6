package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"weir/internal/history"
)

// TestTheExamplesOfTheHistoryPrintWhatTheySay runs the commands of the documents that
// look back, in their order, where a history is kept of which they tell.
func TestTheExamplesOfTheHistoryPrintWhatTheySay(t *testing.T) {
	if testing.Short() {
		t.Skip("commands that run once and end")
	}
	for name, least := range map[string]int{"../../docs/history.md": 8, "../../README.md": 2} {
		t.Run(filepath.Base(name), func(t *testing.T) { showsWhatItPrints(t, name, least) })
	}
}

// showsWhatItPrints runs the commands that a document shows, which are so many at least.
func showsWhatItPrints(t *testing.T, name string, least int) {
	const told = "/home/me/.local/state"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	t.Setenv("STATE_DIRECTORY", "")
	t.Setenv("WEIR_STATE", "")
	t.Setenv("NO_COLOR", "1")
	if _, err := keep(history.Home(filepath.Join(state, "weir")), history.Of([]string{"/var/log/nginx/access.log"}, "")); err != nil {
		t.Fatal(err)
	}
	ran := 0
	got := regexp.MustCompile("(?s)```shell\n(.*?)```").ReplaceAllStringFunc(string(text), func(block string) string {
		var out strings.Builder
		out.WriteString("```shell\n")
		for line := range strings.Lines(strings.TrimPrefix(block, "```shell\n")) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ weir ")
			if !ok {
				continue
			}
			ran++
			fmt.Fprintf(&out, "$ weir %s\n%s", command, strings.ReplaceAll(shown(t, strings.Fields(command)), state, told))
		}
		return out.String() + "```"
	})
	if ran < least {
		t.Errorf("%d commands were run, want %d at least", ran, least)
	}
	switch {
	case got == string(text):
	case *update:
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s shows other output than its commands give; go test ./internal/cli -update rewrites it:\n%s", name, got)
	}
}

// shown runs a command, and returns what it writes.
func shown(t *testing.T, args []string) string {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if code := run(t.Context(), args, streams{in: os.Stdin, out: out, err: out}); code != exitFine {
		t.Errorf("weir %s: got exit code %d, want 0", strings.Join(args, " "), code)
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

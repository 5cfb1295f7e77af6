package term

import (
	"os"
	"path/filepath"
	"testing"
)

// TestColorOfWhatIsNoTerminal: a file has no colour by itself, whatever the
// environment says, and has it when it is asked for.
func TestColorOfWhatIsNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		when string
		env  map[string]string
		want bool
	}{
		{when: "auto", want: false},
		{when: "auto", env: map[string]string{"TERM": "xterm-256color"}, want: false},
		{when: "auto", env: map[string]string{"NO_COLOR": "1"}, want: false},
		{when: "never", want: false},
		{when: "always", want: true},
		{when: "always", env: map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, want: true},
	} {
		color, terminal := Color(c.when, f, func(name string) string { return c.env[name] })
		if color != c.want || terminal {
			t.Errorf("%s with %v: got color %v, terminal %v; want %v, false", c.when, c.env, color, terminal, c.want)
		}
	}
}

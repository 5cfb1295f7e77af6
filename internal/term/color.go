package term

import (
	"os"

	"golang.org/x/term"
)

// Color decides whether terminal sequences may be written to f, and tells
// whether f is a terminal. when is auto, always or never; auto is a terminal
// that understands sequences, unless NO_COLOR (no-color.org) is set or TERM is
// dumb. On Windows it switches the sequences of the console on.
func Color(when string, f *os.File, getenv func(string) string) (color, terminal bool) {
	terminal = term.IsTerminal(int(f.Fd()))
	switch when {
	case "never":
		return false, terminal
	case "always":
		enableSequences(f)
		return true, terminal
	}
	if !terminal || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false, terminal
	}
	return enableSequences(f), true
}

// Size returns how many cells and lines f has; 0 where it is no terminal.
func Size(f *os.File) (cells, lines int) {
	cells, lines, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return cells, lines
}

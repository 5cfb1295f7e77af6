package term

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableSequences switches the interpretation of terminal sequences on, which
// the console of Windows 10 and later can do, and reports whether it is on.
func enableSequences(f *os.File) bool {
	h := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

package plot

import (
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// unnamed makes a file in a directory that has no name yet: where its process is killed the
// system lets go of it. It is nil where the file system has no such files.
func unnamed(dir string, mode fs.FileMode) *os.File {
	f, err := os.OpenFile(dir, os.O_WRONLY|unix.O_TMPFILE, mode)
	if err != nil {
		return nil // what is really in the way, the way with a name will tell
	}
	return f
}

// christen gives an unnamed file a name that nothing has yet.
func christen(f *os.File, name string) error {
	// The plain way, by the number of the file alone, is for root.
	return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}

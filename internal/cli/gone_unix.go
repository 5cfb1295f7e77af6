//go:build !windows

package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// readerGone reports whether f is a pipe that nobody reads any more. Without it
// that would be known only at the next line, which may never come.
func readerGone(f *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd())}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
}

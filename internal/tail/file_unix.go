//go:build unix

package tail

import (
	"io"
	"os"
	"syscall"
)

// openShared opens path for reading. O_NONBLOCK means nothing for a regular
// file; it keeps a pipe that took the file's place from blocking the open.
func openShared(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// readAt is one pread(2). File.ReadAt calls it again until the buffer is full
// or the end is met; if the file is truncated and written anew between two such
// calls, bytes of two lives of the file are joined.
func readAt(f *os.File, p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := syscall.Pread(int(f.Fd()), p, off)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, &os.PathError{Op: "read", Path: f.Name(), Err: err}
		case n < len(p):
			return n, io.EOF
		default:
			return n, nil
		}
	}
}

// openFIFO opens a named pipe for reading. For writing too, because then the
// open does not wait for a writer and the last writer that leaves does not end
// the stream; Linux, the BSDs and macOS all allow it, POSIX leaves it undefined.
func openFIFO(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
}

// owners returns the numbers of the user and the group a file belongs to.
func owners(info os.FileInfo) (uid, gid uint32, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return st.Uid, st.Gid, true
}

// identify returns the device of a file and its number there.
func identify(info os.FileInfo) (device, inode uint64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return uint64(st.Dev), uint64(st.Ino)
}

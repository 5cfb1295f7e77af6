package tail

import (
	"os"
	"syscall"
)

// dataFrom is the first place from off on that is no hole, as far as the file
// system tells; off itself where it does not. See lseek(2), SEEK_DATA.
func dataFrom(f *os.File, off int64) int64 {
	const seekData = 3
	if at, err := syscall.Seek(int(f.Fd()), off, seekData); err == nil && at > off {
		return at
	}
	return off
}

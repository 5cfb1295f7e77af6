//go:build unix

package tail

import (
	"math"
	"os"
	"syscall"
)

// mayOpen is how many files this process may have open, 0 if there is no limit.
// At its start Go has raised it as far as it may.
func mayOpen() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil || uint64(r.Cur) > math.MaxInt32 {
		return 0
	}
	return int(r.Cur)
}

// links is how many names a file has.
func links(info os.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}

package tail

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// born is when f was made, zero where the file system does not keep that. See
// statx(2), STATX_BTIME.
func born(f *os.File) time.Time { return birth(int(f.Fd()), "", unix.AT_EMPTY_PATH) }

// bornAt is when the file at path was made, links followed.
func bornAt(path string) time.Time { return birth(unix.AT_FDCWD, path, 0) }

func birth(dir int, path string, flags int) time.Time {
	var st unix.Statx_t
	err := unix.Statx(dir, path, flags, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
}

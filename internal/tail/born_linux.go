package tail

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// born is when f was made, zero where the file system does not keep that. See
// statx(2), STATX_BTIME.
func born(f *os.File) time.Time {
	var st unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)).UTC()
}

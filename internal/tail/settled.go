package tail

import "time"

// settled reports whether a file or directory that was changed at t would have
// another time, had it been changed again since. A change within the last tick of
// the kernel's clock, some milliseconds, may be followed by another with the same
// time. This is the one question for the clock of the system, which has stamped
// the file, and not for that of the owner.
func settled(t time.Time) bool { return time.Since(t).Abs() > time.Second }

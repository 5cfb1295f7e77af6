//go:build !linux

package tail

import "os"

// dataFrom is the first place from off on that may be no hole.
func dataFrom(_ *os.File, off int64) int64 { return off }

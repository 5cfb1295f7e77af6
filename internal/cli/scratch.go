package cli

import (
	"os"
	"path/filepath"

	"weir/internal/lock"
)

// scratch makes a folder of its own for files that nobody wants to keep, and remove removes it.
// One that a killed process has left is removed by the next one of the same kind, such as
// "weir-demo-": a folder is locked for as long as its process lives.
func scratch(kind string) (dir string, remove func(), err error) {
	sweepScratch(kind)
	if dir, err = os.MkdirTemp("", kind); err != nil {
		return "", nil, err
	}
	held, err := os.Open(dir)
	if err == nil {
		// Where folders cannot be locked one that is left stays: nobody can know of it.
		_, _ = lock.Hold(held)
	}
	return dir, func() {
		_ = held.Close() // nil where it could not be opened
		os.RemoveAll(dir)
	}, nil
}

// sweepScratch removes the folders of a kind that no process holds. A folder between
// MkdirTemp and its lock is empty, and spared.
func sweepScratch(kind string) {
	all, _ := filepath.Glob(filepath.Join(os.TempDir(), kind+"[0-9]*")) // the pattern is right
	for _, dir := range all {
		// A link, or what another user has put there, is none of ours.
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 {
			continue
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
			continue
		}
		f, err := os.Open(dir)
		if err != nil {
			continue
		}
		if free, err := lock.Hold(f); err == nil && free {
			os.RemoveAll(dir)
		}
		f.Close()
	}
}

//go:build !linux

package plot

import (
	"errors"
	"io/fs"
	"os"
)

// unnamed is nil: files have names here from the first.
func unnamed(string, fs.FileMode) *os.File { return nil }

func christen(*os.File, string) error { return errors.ErrUnsupported }

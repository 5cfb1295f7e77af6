package plot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stale is the age from which on a temporary file belongs to nobody: it is there for as
// long as one write takes.
const stale = time.Minute

// mark is in the names of temporary files.
const mark = ".weir-plot-"

// Replace writes data to the file of that name, as a whole or not at all: to a temporary
// file beside it, which then takes its name. A reader sees the old picture or the new one.
// On Linux the temporary file has no name until it is whole, so that a kill leaves nothing
// behind; elsewhere those of the same name that a kill has left, more than a minute before
// now, are removed. What is no regular file, such as a pipe, is written to directly.
func Replace(name string, data []byte, now time.Time) error {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // a link is to stay one
	}
	mode, kept := fs.FileMode(0o666), false
	switch info, err := os.Stat(name); {
	case err == nil && info.IsDir():
		return fmt.Errorf("cannot write %s: it is a directory: name a file in it", name)
	case err == nil && !info.Mode().IsRegular():
		return direct(name, data)
	case err == nil:
		mode, kept = info.Mode().Perm(), true
		// A rename would replace what may not be written.
		probe, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return unwritable(name, err)
		}
		probe.Close()
	case !errors.Is(err, fs.ErrNotExist):
		return unwritable(name, err)
	}
	dir, base := filepath.Split(name)
	sweep(dir, base, now)
	temporary := filepath.Join(dir, fmt.Sprintf(".%s%s%d", base, mark, os.Getpid()))
	err := writeNew(temporary, data, mode)
	if err == nil && kept {
		err = os.Chmod(temporary, mode) // whatever the umask is
	}
	if err == nil {
		err = os.Rename(temporary, name)
	}
	if err != nil {
		os.Remove(temporary)
		return unwritable(name, err)
	}
	return nil
}

func sweep(dir, base string, now time.Time) {
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // then nothing can be written there, which is told soon
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+base+mark) {
			continue
		}
		if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > stale {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// writeNew writes a new file, which has its name as late as can be.
func writeNew(name string, data []byte, mode fs.FileMode) error {
	f := unnamed(filepath.Dir(name), mode)
	if f == nil {
		return write(name, data, os.O_CREATE|os.O_TRUNC, mode)
	}
	_, err := f.Write(data)
	os.Remove(name)                             // what a killed process of our number left
	if err == nil && christen(f, name) != nil { // /proc is not there, as in a bare jail
		err = write(name, data, os.O_CREATE|os.O_TRUNC, mode)
	}
	return errors.Join(err, f.Close())
}

func direct(name string, data []byte) error {
	if err := write(name, data, 0, 0); err != nil {
		return unwritable(name, err)
	}
	return nil
}

func write(name string, data []byte, how int, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|how, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// unwritable says why name could not be written. The error of the system names the
// temporary file, of which nobody else knows.
func unwritable(name string, err error) error {
	var at *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("cannot write %s: %w", name, err)
}

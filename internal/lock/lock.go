// Package lock keeps other processes off a file.
package lock

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// A Lock holds a file for this process until Release or until the process ends,
// however it ends. It may be released by any goroutine, once.
type Lock struct{ file *os.File }

// A HeldError says that another process holds the lock.
type HeldError struct {
	PID int // of that process, 0 where it is not known
}

// Error returns the sentence.
func (e *HeldError) Error() string {
	if e.PID > 0 {
		return "another process holds it (process " + strconv.Itoa(e.PID) + ")"
	}
	return "another process holds it"
}

// Take locks NAME.lock, which it makes where it is missing, and writes the number
// of this process into it. When another process has it, the error is a
// *HeldError. The file of the lock stays when it is let go of: to remove it would
// let two processes hold two files of that name.
func Take(name string) (*Lock, error) {
	name += ".lock"
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		// A disk that became read-only can be locked all the same.
		var again error
		if file, again = os.Open(name); again != nil {
			return nil, err
		}
	}
	taken, err := tryLock(file)
	if err != nil || !taken {
		defer file.Close()
		if err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", name, err)
		}
		return nil, &HeldError{PID: writer(file)}
	}
	// For people only, so a full disk is no reason to stop.
	if file.Truncate(0) == nil {
		_, _ = file.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0)
	}
	return &Lock{file: file}, nil
}

// Hold locks an open file itself for as long as it is open, where no file beside it
// is wanted; false if another process, or another opening of the file, has it. Others
// may read and write the file all the same, unless they ask, too.
func Hold(f *os.File) (bool, error) { return tryLock(f) }

// Release lets go of the lock. A nil Lock has nothing to let go of.
func (l *Lock) Release() {
	if l != nil {
		l.file.Close()
	}
}

// Writer returns the number of the process that last took NAME.lock, which may have
// ended since; 0 where none is known.
func Writer(name string) int {
	file, err := os.Open(name + ".lock")
	if err != nil {
		return 0
	}
	defer file.Close()
	return writer(file)
}

func writer(file *os.File) int {
	text, _ := io.ReadAll(io.LimitReader(file, 20))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // 0 when it was taken just now
	return pid
}

// Held reports whether a process has NAME.lock. It takes the lock for a moment where
// nobody has it, in which another one cannot take it.
func Held(name string) bool {
	file, err := os.Open(name + ".lock")
	if err != nil {
		return false
	}
	defer file.Close()
	taken, err := tryLock(file)
	return err == nil && !taken
}

package history

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrFull says that the disk is full. Nothing of the Commit was written.
var ErrFull = errors.New("the disk is full")

// ErrReadOnly says that the DB was opened for reading.
var ErrReadOnly = errors.New("the history was opened for reading only")

// ErrOrder says that another Commit failed and was not given again.
var ErrOrder = errors.New("a commit that failed must be given again before another one")

// errRow marks what is wrong with a row, which no weir has written so.
var errRow = errors.New("a row cannot be read")

// scanned marks what came of reading a row as it should be.
func scanned(err error) error {
	if err == nil || errors.As(err, new(*sqlite.Error)) {
		return err
	}
	return fmt.Errorf("%w: %w", errRow, err)
}

// errCommit marks a Commit that cannot be, whatever the file is like.
type errCommit struct{ error }

func (e errCommit) Unwrap() error { return e.error }

// Permanent reports whether a Commit that failed with err is likely to fail whenever
// it is given again: the file is damaged, or holds what the Commit brings, or the
// Commit cannot be. What a disk that is full, gone or read-only said is not.
func Permanent(err error) bool {
	return errors.As(err, new(*DamageError)) || errors.As(err, new(errCommit))
}

func clockTime(t int64) string { return time.Unix(t, 0).UTC().Format(time.RFC3339) }

// A HeldError says that another process writes the history. It can be read all
// the same, with OpenReadOnly.
type HeldError struct {
	Path string
	PID  int // of that process, 0 where it is not known
}

// Error returns the sentence.
func (e *HeldError) Error() string {
	who := ""
	if e.PID > 0 {
		who = fmt.Sprintf(" (process %d)", e.PID)
	}
	return fmt.Sprintf("the history %s is in use by another weir%s: end that one, or give this one a history of its own", e.Path, who)
}

// A ForeignError says that the file is no history, or one of a later weir. It
// was not touched.
type ForeignError struct {
	Path   string
	Reason string // "is ..."
	Newer  bool   // written by a later weir
}

// Error returns the sentence.
func (e *ForeignError) Error() string {
	return fmt.Sprintf("the history %s %s; it is left as it is: name another file, or move it away to start without it", e.Path, e.Reason)
}

// A DamageError says that something stored cannot be read.
type DamageError struct {
	Path   string
	Reason error
}

// Error returns the sentence.
func (e *DamageError) Error() string {
	return fmt.Sprintf("the history %s is damaged (%v): restore it, or move it away, with %[1]s-wal and %[1]s-shm if they are there, to start without it", e.Path, e.Reason)
}

// Unwrap returns the reason.
func (e *DamageError) Unwrap() error { return e.Reason }

// told makes a sentence of what SQLite says. What it was about to do reads "write
// to" or "read".
func told(path, doing string, err error) error {
	if err == nil || errors.As(err, new(*DamageError)) || errors.As(err, new(*ForeignError)) {
		return err
	}
	if errors.Is(err, errRow) {
		return &DamageError{Path: path, Reason: err}
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("cannot %s the history %s: %w", doing, path, err)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("cannot %s the history %s: %w; it goes on when there is room", doing, path, ErrFull)
	case sqlite3.SQLITE_IOERR:
		if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE {
			return fmt.Errorf("cannot %s the history %s: %w; it goes on when there is room", doing, path, ErrFull)
		}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG:
		// All statements are ours, so one that does not fit the tables, or a row
		// that is there already, tells of the file.
		return &DamageError{Path: path, Reason: e}
	case sqlite3.SQLITE_READONLY:
		return fmt.Errorf("cannot %s the history %s: %w: the file or its folder may not be written to, or the disk is read-only", doing, path, fs.ErrPermission)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return fmt.Errorf("cannot %s the history %s: %w: look at the rights of the file and of its folder", doing, path, fs.ErrPermission)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("cannot %s the history %s: another program keeps it locked (%w)", doing, path, err)
	}
	return fmt.Errorf("cannot %s the history %s: %w", doing, path, err)
}

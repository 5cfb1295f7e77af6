package history

import (
	"database/sql"
	"errors"
	"math"
	"os"
	"syscall"

	"weir/internal/lock"
)

// A StoredRow is a row of a Level as it lies in the database.
type StoredRow struct {
	Level  Level
	From   int64 // Unix seconds; it is as wide as its Level says
	Amends bool  // figures that came late, to be added to the row of the same beginning
	Figures
	// Frame is the stored form of its traffic.Frame, valid during the call.
	Frame []byte
}

// Rows calls yield for every row that is kept, the finest level first, each in the
// order of time, until it returns an error, which comes back. All of them are of one
// moment. Commits go on meanwhile, but their -wal grows until the last row.
func (db *DB) Rows(yield func(*StoredRow) error) error {
	var stopped error
	err := db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		for l := range levels {
			var r row
			var data sql.RawBytes
			text := "SELECT " + figureColumns + ", data FROM point JOIN frame ON frame.id = point.frame WHERE level = ? AND start >= ? ORDER BY start, part"
			err := query(tx, text, []any{int64(l), h.gone[l]}, r.into(&data), func() error {
				stopped = yield(&StoredRow{Level: l, From: r.start, Amends: r.part > 0, Figures: r.Figures, Frame: data})
				return stopped
			})
			if err != nil || stopped != nil {
				return err
			}
		}
		return nil
	})
	if stopped != nil {
		return stopped // told would take it for an error of the database
	}
	return err
}

// Bounds returns the time from which on, Unix seconds, something is kept, and the time
// before which everything is sealed. Between them a stretch without a row is one in
// which nothing was counted; outside of them nothing is known. ok is false where nothing
// was sealed yet.
func (db *DB) Bounds() (from, to int64, ok bool, err error) {
	err = db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		from, to = math.MaxInt64, h.sealed // the first row of all is before it
		for l := range levels {
			var first sql.NullInt64
			text := "SELECT min(start) FROM point WHERE level = ? AND start >= ?"
			if err := query(tx, text, []any{int64(l), h.gone[l]}, []any{&first}, func() error { return nil }); err != nil {
				return err
			}
			// What a row of a day, or an hour, shares with finer ones begins
			// where those do: finer rows are dropped by whole rows above them.
			if first.Valid && first.Int64+l.Step() <= from {
				from = first.Int64
			}
		}
		ok = to > never && from < to
		return nil
	})
	return from, to, ok, err
}

// Holder tells whether a process writes the history at path, and which; 0 where that is
// not known. It does not disturb one that is about to begin: the lock is looked at only
// where there are signs that somebody has it.
func Holder(path string) (pid int, held bool) {
	path = placeOf(path)
	pid = lock.Writer(path)
	journal, err := os.Stat(path + "-wal") // gone, or empty, after a clean end
	if (err != nil || journal.Size() == 0) && (pid == 0 || !alive(pid)) {
		return 0, false
	}
	return pid, lock.Held(path)
}

// alive reports whether there may be a process of that number.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

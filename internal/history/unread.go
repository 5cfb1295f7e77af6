package history

import (
	"context"
	"database/sql"
)

// A Gap is a stretch of time in which no log was read: what was logged then is in no
// figure, nor was anything read later. Time that another weir than the one before it
// has read from where that stopped is no Gap.
type Gap struct {
	From, To int64 // Unix seconds, half open
	// Unknown: whether it was read is not known. That is so of what was kept by a
	// version that did not say.
	Unknown bool
}

// The reasons of table unread.
const (
	notRead  = iota // no weir ran, or none found the place where reading had stopped
	notKnown        // written before version 2
)

// Unread returns the Gaps that reach into [from, to), Unix seconds, in the order of
// time, whole. Outside of them, and within the Bounds, a stretch without a row is one
// without a request.
func (db *DB) Unread(from, to int64) ([]Gap, error) {
	var all []Gap
	err := db.read(func(tx *sql.Tx) error {
		var v int
		if err := tx.QueryRowContext(context.Background(), "PRAGMA user_version").Scan(&v); err != nil {
			return err
		}
		if v < 2 {
			h, err := readHead(tx)
			if err == nil && h.sealed > from && never < to {
				all = append(all, Gap{never, h.sealed, true})
			}
			return err
		}
		var g Gap
		var why int64
		text := "SELECT start, stop, why FROM unread WHERE start < ? AND stop > ? ORDER BY start"
		return query(tx, text, []any{to, from}, []any{&g.From, &g.To, &why}, func() error {
			g.Unknown = why == notKnown
			all = append(all, g)
			return nil
		})
	})
	return all, err
}

func (w *writer) putUnread(gaps []Gap) error {
	for _, g := range gaps {
		why := notRead
		if g.Unknown {
			why = notKnown
		}
		if _, err := w.putGap.ExecContext(context.Background(), g.From, g.To, why); err != nil {
			return err
		}
	}
	return nil
}

package history

import (
	"context"
	"database/sql"
	"fmt"
)

// OutboxOf returns what is in the outbox for a target, due or not, the oldest first, at most so many.
func (db *DB) OutboxOf(target string, limit int) ([]Message, error) {
	var all []Message
	err := db.read(func(tx *sql.Tx) error {
		var m Message
		text := "SELECT id, target, key, body, due FROM outbox WHERE target = ? ORDER BY id LIMIT ?"
		return query(tx, text, []any{target, limit}, []any{&m.ID, &m.Target, &m.Key, &m.Body, &m.Due}, func() error {
			all = append(all, m)
			m.Body = nil
			return nil
		})
	})
	return all, err
}

// Waiting is how many messages there are in the outbox for a target.
type Waiting struct {
	Target   string
	Messages int64
}

// Targets returns for whom there is something in the outbox, due or not, by name.
func (db *DB) Targets() ([]Waiting, error) {
	var all []Waiting
	err := db.read(func(tx *sql.Tx) error {
		var w Waiting
		text := "SELECT target, count(*) FROM outbox GROUP BY target ORDER BY target"
		return query(tx, text, nil, []any{&w.Target, &w.Messages}, func() error {
			all = append(all, w)
			return nil
		})
	})
	return all, err
}

// Deliver takes Messages out of the outbox. Those that are gone are no error. It may
// be called beside Commit.
func (db *DB) Deliver(ids []int64) error { return db.outbox("DELETE FROM outbox WHERE id = ?", ids) }

// Defer sets when Messages are due again, in Unix seconds.
func (db *DB) Defer(ids []int64, until int64) error {
	return db.outbox("UPDATE outbox SET due = ? WHERE id = ?", ids, until)
}

// outbox does something to each row of the outbox that is named, in one transaction.
func (db *DB) outbox(text string, ids []int64, before ...any) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	switch {
	case db.w == nil:
		return ErrReadOnly
	case db.failed != nil:
		return fmt.Errorf("the history %s waits for room: %w", db.path, ErrFull) // the Commit comes first
	}
	err := db.w.transact(func() error {
		for _, id := range ids {
			if _, err := db.w.conn.ExecContext(context.Background(), text, append(before[:len(before):len(before)], id)...); err != nil {
				return err
			}
		}
		return nil
	})
	return told(db.path, "write", err)
}

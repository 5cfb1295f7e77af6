package history

import (
	"database/sql"
	"errors"
	"fmt"
	"math"

	"weir/internal/alert"
)

// A Filter picks Events. The zero value picks all.
type Filter struct {
	From, To int64        // Unix seconds, half open; To 0 is without end
	Rule     string       // "" is any
	State    *alert.State // nil is any
	After    int64        // only those of a larger ID
	Limit    int          // the newest of these; 0 is all
}

// Events returns what a Filter picks, in the order in which they were committed.
func (db *DB) Events(f Filter) ([]Event, error) {
	to, limit, firing := f.To, f.Limit, int64(-1)
	if to == 0 {
		to = math.MaxInt64
	}
	if limit <= 0 {
		limit = -1
	}
	if f.State != nil {
		firing = 0
		if *f.State == alert.Firing {
			firing = 1
		}
	}
	var events []Event
	err := db.read(func(tx *sql.Tx) error {
		var e Event
		var firingNow bool
		var threshold int64
		var detail []byte
		text := `SELECT id, at, rule, firing, hits, after, threshold, window, total, replayed, cause FROM (
			SELECT * FROM event WHERE id > ? AND at >= ? AND at < ? AND (? = '' OR rule = ?) AND (? < 0 OR firing = ?)
			ORDER BY id DESC LIMIT ?) ORDER BY id`
		args := []any{f.After, f.From, to, f.Rule, f.Rule, firing, firing, limit}
		into := []any{&e.ID, &e.At, &e.Rule.Name, &firingNow, &e.Hits, &e.Event.After, &threshold, &e.Rule.Window, &e.Rule.Total, &e.Replayed, &detail}
		return query(tx, text, args, into, func() error {
			if e.Rule.Window <= 0 {
				return fmt.Errorf("%w: event %d has no window", errRow, e.ID)
			}
			e.State, e.Rule.Threshold = alert.Quiet, alert.Level(threshold)
			if firingNow {
				e.State = alert.Firing
			}
			if err := detailed(&e.Event, detail); err != nil {
				return fmt.Errorf("%w: event %d: %w", errRow, e.ID, err)
			}
			events = append(events, e)
			e.Event, detail = alert.Event{}, nil // the next one has its own
			return nil
		})
	})
	return events, err
}

// Spans returns where the records of [from, to), Unix seconds, stand: all Spans
// that touch it, of one source or, where its name is "", of all, in the order of
// their writing.
func (db *DB) Spans(source string, from, to int64) ([]Span, error) {
	var spans []Span
	err := db.read(func(tx *sql.Tx) error {
		var s Span
		text := "SELECT source, file, from_time, to_time, from_offset, to_offset FROM span " +
			"WHERE minute >= ? AND to_time > ? AND from_time < ? AND (? = '' OR source = ?) ORDER BY id"
		return query(tx, text, []any{Minute.align(from), from, to, source, source}, []any{&s.Source, &s.File, &s.FromTime, &s.ToTime, &s.FromOffset, &s.ToOffset}, func() error {
			spans = append(spans, s)
			return nil
		})
	})
	return spans, err
}

// Positions returns the positions of all sources by their names.
func (db *DB) Positions() (map[string][]byte, error) {
	return db.named(kindPosition, "SELECT name, data, sum FROM state WHERE kind = ?")
}

// States returns all states by their names.
func (db *DB) States() (map[string][]byte, error) {
	return db.named(kindState, "SELECT name, data, sum FROM state WHERE kind = ?")
}

// State returns the state of a name; ok is false where there is none.
func (db *DB) State(name string) (data []byte, ok bool, err error) {
	found, err := db.named(kindState, "SELECT name, data, sum FROM state WHERE kind = ? AND name = ?", name)
	data, ok = found[name]
	return data, ok, err
}

// named returns what is stored by a kind and names.
func (db *DB) named(kind, text string, args ...any) (map[string][]byte, error) {
	found := map[string][]byte{}
	err := db.read(func(tx *sql.Tx) error {
		var name string
		var data []byte
		var check int64
		return query(tx, text, append([]any{kind}, args...), []any{&name, &data, &check}, func() error {
			if sumOf(kind, name, data) != check {
				return fmt.Errorf("%w: the %s of %q is not what was written", errRow, kind, name)
			}
			found[name], data = data, nil
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Outbox returns the Messages that are due at now, Unix seconds, the oldest first,
// at most so many.
func (db *DB) Outbox(now int64, limit int) ([]Message, error) {
	var all []Message
	err := db.read(func(tx *sql.Tx) error {
		var m Message
		text := "SELECT id, target, key, body, due FROM outbox WHERE due <= ? ORDER BY id LIMIT ?"
		return query(tx, text, []any{now, limit}, []any{&m.ID, &m.Target, &m.Key, &m.Body, &m.Due}, func() error {
			all = append(all, m)
			m.Body = nil
			return nil
		})
	})
	return all, err
}

// Stats are figures about the store itself.
type Stats struct {
	Levels  [levels]LevelStats
	Commits int64
	Sealed  int64 // all before it is, Unix seconds
	Events  int64
	Spans   int64
	Marks   int64
	Waiting int64 // Messages in the outbox
	Refused int64 // hits too late for any level that is kept
	Shed    int64 // frames, and rows, dropped because the database was too large
	File    int64 // bytes of the database file
	Free    int64 // bytes of it that are used again
	Journal int64 // bytes of its -wal
}

// LevelStats are those of the rows of one level.
type LevelStats struct {
	Rows           int64
	Amendments     int64 // rows of figures that came late, not merged into the others yet
	Oldest, Newest int64 // their beginnings, Unix seconds
	Frames         int64 // how many rows have one, and not figures alone
	Bytes          int64 // of their frames
}

// Stats counts. It reads all of the database but the frames themselves.
func (db *DB) Stats() (Stats, error) {
	var s Stats
	err := db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		s.Commits, s.Sealed, s.Refused, s.Shed = h.commits, h.sealed, h.refused, h.shed
		var l, rows, amended, oldest, newest, frames, bytes int64
		text := "SELECT level, count(*), coalesce(sum(part > 0), 0), min(start), max(start), count(data), coalesce(sum(length(data)), 0) " +
			"FROM point LEFT JOIN frame ON frame.id = point.frame GROUP BY level"
		err = query(tx, text, nil, []any{&l, &rows, &amended, &oldest, &newest, &frames, &bytes}, func() error {
			if l < 0 || l >= int64(levels) {
				return fmt.Errorf("%w: it is of no level", errRow)
			}
			s.Levels[l] = LevelStats{rows, amended, oldest, newest, frames, bytes}
			return nil
		})
		var pages, free, size int64
		for text, into := range map[string]*int64{
			"SELECT count(*) FROM event": &s.Events, "SELECT count(*) FROM span": &s.Spans, "SELECT count(*) FROM mark": &s.Marks,
			"SELECT count(*) FROM outbox": &s.Waiting, "PRAGMA page_count": &pages, "PRAGMA freelist_count": &free, "PRAGMA page_size": &size,
		} {
			err = errors.Join(err, query(tx, text, nil, []any{into}, func() error { return nil }))
		}
		s.File, s.Free = pages*size, free*size
		s.Journal = db.journal()
		return err
	})
	return s, err
}

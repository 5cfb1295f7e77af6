package history

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"weir/internal/traffic"
)

// checkSeconds finds seconds that are not those of the stretch.
func (s *Stretch) checkSeconds() error {
	f := &s.Frame
	if n := int64(len(s.Seconds)); n > 0 && (n != TenSeconds.Step() || f.To-f.From != n) {
		return fmt.Errorf("history: the stretch [%d, %d) is given with %d seconds: it has ten, or none where it is wider", f.From, f.To, n)
	}
	return nil
}

// putSeconds writes the seconds of a stretch into the row of its epoch. Where they
// are late there may be one.
func (w *writer) putSeconds(s *Stretch, late bool) error {
	if len(s.Seconds) == 0 {
		return nil
	}
	ctx := context.Background()
	seconds := s.Seconds
	if late {
		var all [10]traffic.Second
		var old []byte
		switch err := scanned(w.oldSeconds.QueryRowContext(ctx, s.Epoch, s.Frame.From).Scan(&old)); {
		case errors.Is(err, sql.ErrNoRows):
		case err != nil:
			return err
		default:
			if err := parseSeconds(old, &all); err != nil {
				return secondsError(s.Frame.From, err)
			}
		}
		for i := range all {
			all[i].Add(s.Seconds[i])
		}
		seconds = all[:]
	}
	w.buf = appendSeconds(w.buf[:0], seconds)
	_, err := w.newSeconds.ExecContext(ctx, s.Epoch, s.Frame.From, w.buf)
	return err
}

func secondsError(start int64, err error) error {
	return fmt.Errorf("%w: that of the seconds from %s: %w", errRow, clockTime(start), err)
}

// dropSeconds deletes some of the seconds that nobody asks for: those a day before
// the newest, and those of epochs before its. What a new epoch takes over of the one
// before is in the state of the Gauge, which is written with its first stretch.
func (w *writer) dropSeconds(p *Pruned) (again bool, err error) {
	ctx := context.Background()
	var epoch, newest, n int64
	row := w.conn.QueryRowContext(ctx, "SELECT epoch, start FROM second ORDER BY epoch DESC, start DESC LIMIT 1")
	switch err := scanned(row.Scan(&epoch, &newest)); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	}
	err = w.transact(func() error {
		r, err := w.conn.ExecContext(ctx, "DELETE FROM second WHERE (epoch, start) IN (SELECT epoch, start FROM second WHERE (epoch, start) < (?, ?) LIMIT 1000)",
			epoch, newest-traffic.Day)
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	p.Seconds += n
	return err == nil && n > 0, err
}

// Seconds calls yield for every second of an epoch from from until before to that
// has hits, in the order of time. They are kept for a day before the newest one of
// the newest epoch; those of epochs before it until the next Prune.
func (db *DB) Seconds(epoch, from, to int64, yield func(sec int64, n traffic.Second)) error {
	return db.read(func(tx *sql.Tx) error {
		var start int64
		var data sql.RawBytes
		text := "SELECT start, data FROM second WHERE epoch = ? AND start > ? AND start < ? ORDER BY start"
		return query(tx, text, []any{epoch, max(from, never) - TenSeconds.Step(), to}, []any{&start, &data}, func() error {
			var ten [10]traffic.Second
			if err := parseSeconds(data, &ten); err != nil {
				return secondsError(start, err)
			}
			for i, n := range ten {
				if sec := start + int64(i); n.Hits > 0 && sec >= from && sec < to {
					yield(sec, n)
				}
			}
			return nil
		})
	})
}

// appendSeconds appends the stored form of seconds to b: of each its hits, and
// where it has any, bytes and classes, as varints.
func appendSeconds(b []byte, seconds []traffic.Second) []byte {
	for i := range seconds {
		s := &seconds[i]
		b = binary.AppendUvarint(b, uint64(s.Hits))
		if s.Hits == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(s.Bytes))
		for _, n := range s.Classes {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// parseSeconds reads what appendSeconds wrote, and adds it to the seconds.
func parseSeconds(b []byte, into *[10]traffic.Second) error {
	ok := true
	number := func() int64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt64 {
			ok, b = false, nil
			return 0
		}
		b = b[n:]
		return int64(v)
	}
	var read [10]traffic.Second
	for i := range read {
		s := &read[i]
		if s.Hits = number(); s.Hits == 0 {
			continue
		}
		s.Bytes = number()
		for c := range s.Classes {
			s.Classes[c] = number()
		}
	}
	if !ok || len(b) > 0 {
		return errors.New("its seconds cannot be read")
	}
	for i := range read {
		into[i].Add(read[i])
	}
	return nil
}

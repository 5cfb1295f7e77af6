package history

import (
	"context"
	"database/sql"
	"fmt"

	"weir/internal/traffic"
)

// putSealed writes a newly sealed stretch.
func (w *writer) putSealed(s *Stretch) error {
	l, _ := levelOf(s.Frame.To - s.Frame.From)
	if l > TenSeconds {
		// What is before it is complete, and nothing finer comes any more.
		w.head.sealed = max(w.head.sealed, s.Frame.From)
		if err := w.build(); err != nil {
			return err
		}
		for k := range levels {
			if k < l {
				w.head.gone[k] = max(w.head.gone[k], s.Frame.To)
				w.head.bare[k] = max(w.head.bare[k], s.Frame.To)
			}
			if k > 0 && k <= l {
				w.head.built[k] = s.Frame.To
			}
		}
	}
	w.head.sealed = s.Frame.To
	if err := w.putSeconds(s, false); err != nil {
		return err
	}
	return w.insert(l, s.Frame.From, false, s)
}

// build makes the rows of all levels whose last second is sealed, in the order of
// time, each of what is stored of the level below it.
func (w *writer) build() error {
	below := w.head.sealed
	for l := Minute; l < levels; l++ {
		to := l.align(below)
		for from := w.head.built[l]; from < to; {
			start, err := w.first(l-1, from, to)
			if err != nil {
				return err
			}
			if !start.Valid {
				break
			}
			at := l.align(start.Int64)
			if err := w.buildRow(l, at); err != nil {
				return err
			}
			from = at + l.Step()
		}
		w.head.built[l] = max(w.head.built[l], to)
		below = w.head.built[l]
	}
	return nil
}

func (w *writer) first(l Level, from, to int64) (start sql.NullInt64, err error) {
	err = w.firstPoint.QueryRowContext(context.Background(), int64(l), from, to).Scan(&start)
	return start, err
}

// buildRow makes a row of level l of those below it.
func (w *writer) buildRow(l Level, at int64) error {
	s, err := w.merge(l-1, at, at+l.Step())
	if err != nil {
		return err
	}
	return w.insert(l, at, false, s)
}

// merge makes one Stretch of all rows of a level from from until before to.
func (w *writer) merge(l Level, from, to int64) (*Stretch, error) {
	rows, err := w.points.QueryContext(context.Background(), int64(l), from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	w.tally.Reset()
	var rejected, late int64
	for rows.Next() {
		var r row
		var id int64
		var data sql.RawBytes
		if err := scanned(rows.Scan(r.into(&id, &data)...)); err != nil {
			return nil, err
		}
		rejected, late = sum(rejected, r.Rejected), sum(late, r.Late)
		if err := openFrame(w.sealer, data, &w.tally); err != nil {
			return nil, frameError(l, r.start, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	s := Seal(w.sealer, &w.tally, from, to)
	s.Rejected, s.Late = rejected, late
	return &s, nil
}

// figures adds up those of all parts of a row.
func (w *writer) figures(l Level, at int64) (*Stretch, error) {
	s := &Stretch{Frame: traffic.Frame{From: at, To: at + l.Step()}}
	var r row
	text := "SELECT " + figureColumns + " FROM point WHERE level = ? AND start = ? ORDER BY part"
	err := query(w.conn, text, []any{int64(l), at}, r.into(), func() error {
		s.join(&r.Figures)
		return nil
	})
	return s, err
}

func openFrame(s *traffic.Sealer, data []byte, into *traffic.Tally) error {
	f, err := traffic.ParseFrame(data)
	if err != nil {
		return err
	}
	return s.Open(f, into)
}

func frameError(l Level, start int64, err error) error {
	return fmt.Errorf("%w: that of %v from %s: %w", errRow, l, clockTime(start), err)
}

// amend writes what came late for a stretch: to its own level as far as it has
// rows of that time, and to each above it that is built.
func (w *writer) amend(s *Stretch) error {
	if err := w.putSeconds(s, true); err != nil {
		return err
	}
	kept := false
	for l := range levels {
		at := l.align(s.Frame.From)
		if at < w.head.gone[l] {
			continue
		}
		if kept && at >= w.head.built[l] {
			break // it will be built of what is below
		}
		if err := w.insert(l, at, true, s); err != nil {
			return err
		}
		kept = true
	}
	if !kept {
		w.head.refused = sum(w.head.refused, s.Hits)
	}
	return nil
}

package history

import (
	"context"
	"fmt"
)

// Pruned says what Prune did.
type Pruned struct {
	Compacted int64 // stretches whose amendments were merged into their rows
	Stripped  int64 // frames older than those of their level are kept
	Expired   int64 // rows older than their level is kept
	Shed      int64 // frames, and rows, dropped because the database was too large
	Spans     int64
	Seconds   int64 // rows of seconds older than a day, or of an epoch that is over
}

// bunch is how many rows one transaction of Prune deals with: a Commit waits for
// no more than one.
const bunch = 64

// Prune does what need not be done with each Commit, in small transactions between
// which others can commit: figures that came late are merged into their rows, frames and
// rows older than those of their level are kept are dropped, and while the database
// is larger than it may be the oldest frames of the finest level, then those of the
// next, then rows in the same way, though never those of the newest day. Call it every few minutes; now is in Unix seconds.
//
// Rows are dropped only where those of the next level are built. After an error
// what was done is done, and the next Prune goes on.
func (db *DB) Prune(now int64) (Pruned, error) {
	var p Pruned
	db.sweep(now)
	for _, step := range []func(*writer) (bool, error){
		func(w *writer) (bool, error) { return w.compact(&p) },
		func(w *writer) (bool, error) { return w.strip(&p, &db.options, now) },
		func(w *writer) (bool, error) { return w.expire(&p, &db.options, now) },
		func(w *writer) (bool, error) { return w.drop(&p.Expired) },
		func(w *writer) (bool, error) { return w.dropSpans(&p, &db.options, now) },
		func(w *writer) (bool, error) { return w.dropSeconds(&p) },
		func(w *writer) (bool, error) { return w.shed(&p, &db.options) },
		func(w *writer) (bool, error) { return w.vacuum(&db.options) },
	} {
		for again := true; again; {
			var err error
			if again, err = db.step(step); err != nil {
				return p, told(db.path, "prune", err)
			}
		}
	}
	return p, nil
}

// step takes one turn of the writer.
func (db *DB) step(do func(*writer) (bool, error)) (bool, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.w == nil {
		return false, ErrReadOnly
	}
	if db.failed != nil {
		return false, nil // the disk is full, or worse: the Commit comes first
	}
	return do(db.w)
}

// compact merges the amendments of some stretches into their rows.
func (w *writer) compact(p *Pruned) (again bool, err error) {
	type place struct{ level, start int64 }
	var places []place
	var at place
	text := "SELECT DISTINCT level, start FROM point WHERE part > 0 LIMIT 16"
	if err := query(w.conn, text, nil, []any{&at.level, &at.start}, func() error {
		if at.level < 0 || at.level >= int64(levels) {
			return fmt.Errorf("%w: that from %s is of no level", errRow, clockTime(at.start))
		}
		places = append(places, at)
		return nil
	}); err != nil || len(places) == 0 {
		return false, err
	}
	err = w.transact(func() error {
		for _, at := range places {
			l := Level(at.level)
			s, err := (*Stretch)(nil), error(nil)
			if at.start < w.head.bare[l] {
				s, err = w.figures(l, at.start)
			} else {
				s, err = w.merge(l, at.start, at.start+l.Step())
			}
			if err != nil {
				return err
			}
			if _, err := w.remove(l, at.start, at.start+1); err != nil {
				return err
			}
			if err := w.insert(l, at.start, false, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		p.Compacted += int64(len(places))
	}
	return err == nil, err
}

// remove deletes the rows of a level that begin from from until before to, with
// their frames.
func (w *writer) remove(l Level, from, to int64) (int64, error) {
	const which = "level = ? AND start >= ? AND start < ?"
	if _, err := w.conn.ExecContext(context.Background(), "DELETE FROM frame WHERE id IN (SELECT frame FROM point WHERE "+which+")", int64(l), from, to); err != nil {
		return 0, err
	}
	r, err := w.conn.ExecContext(context.Background(), "DELETE FROM point WHERE "+which, int64(l), from, to)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// expire notes from when on each level is kept. That comes first, so that nobody
// reads a stretch of which a part is deleted.
func (w *writer) expire(p *Pruned, o *Options, now int64) (again bool, err error) {
	h := w.head
	for l := range levels {
		if keep := o.keep(l); keep > 0 {
			h.advance(&h.gone, l, now-keep)
			h.bare[l] = max(h.bare[l], h.gone[l])
		}
	}
	if h == w.head {
		return false, nil
	}
	return false, w.transact(func() error {
		w.head = h
		return w.writeHead()
	})
}

// advance drops the rows of l before to from what is there, or their frames, as far
// as the next level has them. ends are gone or bare.
func (h *head) advance(ends *[levels]int64, l Level, to int64) {
	if l < Day {
		to = min(to, h.built[l+1])
	}
	if l > TenSeconds {
		to = min(to, ends[l-1])
	}
	ends[l] = max(ends[l], floor(to, l.border()))
}

// aBunch is where some rows of l end that begin at first: a border at least.
func (l Level) aBunch(first int64) int64 {
	return floor(first, l.border()) + max(l.border(), floor(bunch*l.Step(), l.border()))
}

// strip drops the frames of some rows of which figures are enough by now.
func (w *writer) strip(p *Pruned, o *Options, now int64) (again bool, err error) {
	for l := range levels {
		keep := o.tables(l)
		if keep == 0 {
			break
		}
		h := w.head
		h.advance(&h.bare, l, now-keep)
		if h.bare[l] == w.head.bare[l] {
			continue
		}
		first, err := w.first(l, w.head.bare[l], h.bare[l])
		if err != nil {
			return false, err
		}
		if first.Valid {
			h.bare[l] = min(h.bare[l], l.aBunch(first.Int64))
		}
		return true, w.bareUntil(l, &h, &p.Stripped, false)
	}
	return false, nil
}

// bareUntil drops the frames of the rows of l before h.bare, and takes h.
func (w *writer) bareUntil(l Level, h *head, count *int64, shed bool) error {
	const which = "level = ? AND start >= ? AND start < ?"
	ctx, from, to := context.Background(), w.head.bare[l], h.bare[l]
	return w.transact(func() error {
		r, err := w.conn.ExecContext(ctx, "DELETE FROM frame WHERE id IN (SELECT frame FROM point WHERE "+which+")", int64(l), from, to)
		if err != nil {
			return err
		}
		n, err := r.RowsAffected()
		if err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, "UPDATE point SET frame = 0 WHERE "+which, int64(l), from, to); err != nil {
			return err
		}
		if *count += n; shed {
			h.shed += n
		}
		w.head = *h
		return w.writeHead()
	})
}

// drop deletes some of the rows that are no longer kept.
func (w *writer) drop(count *int64) (again bool, err error) {
	for l := range levels {
		first, err := w.first(l, never, w.head.gone[l])
		if err != nil {
			return false, err
		}
		if !first.Valid {
			continue
		}
		to := min(first.Int64+bunch*l.Step(), w.head.gone[l])
		return true, w.transact(func() error {
			n, err := w.remove(l, first.Int64, to)
			*count += n
			return err
		})
	}
	return false, nil
}

// dropSpans deletes some of the Spans older than minutes are kept.
func (w *writer) dropSpans(p *Pruned, o *Options, now int64) (again bool, err error) {
	keep := o.keep(Minute)
	if keep == 0 {
		return false, nil
	}
	var n int64
	err = w.transact(func() error {
		r, err := w.conn.ExecContext(context.Background(),
			"DELETE FROM span WHERE (minute, id) IN (SELECT minute, id FROM span WHERE minute < ? LIMIT 1000)", Minute.align(now-keep))
		if err != nil {
			return err
		}
		n, err = r.RowsAffected()
		return err
	})
	clear(w.spans)
	p.Spans += n
	return err == nil && n > 0, err
}

// size returns the bytes of the database, and those of them that are free.
func (w *writer) size() (file, free int64, err error) {
	var page int64
	for text, into := range map[string]*int64{"PRAGMA page_count": &file, "PRAGMA freelist_count": &free, "PRAGMA page_size": &page} {
		if err := w.conn.QueryRowContext(context.Background(), text).Scan(into); err != nil {
			return 0, 0, err
		}
	}
	return file * page, free * page, nil
}

func (o *Options) max() int64 {
	if o.Max == 0 {
		return DefaultMax
	}
	return o.Max
}

// shed drops the oldest frames of the finest level that has some besides those of
// its newest day, while the database is too large; where no level has, rows.
func (w *writer) shed(p *Pruned, o *Options) (again bool, err error) {
	file, free, err := w.size()
	if err != nil || o.max() < 0 || file-free <= o.max() {
		return false, err
	}
	for _, frames := range []bool{true, false} {
		for l := range levels {
			h := w.head
			ends := &h.gone
			if frames {
				ends = &h.bare
			}
			first, err := w.first(l, ends[l], h.sealed)
			if err != nil {
				return false, err
			}
			if !first.Valid {
				continue
			}
			h.advance(ends, l, min(l.aBunch(first.Int64), h.sealed-Day.Step()))
			if ends[l] <= first.Int64 {
				continue
			}
			if frames {
				err = w.bareUntil(l, &h, &p.Shed, true)
			} else {
				err = w.goneUntil(l, &h, &p.Shed)
			}
			return err == nil, err
		}
	}
	return false, nil
}

// goneUntil drops the rows of l before h.gone, and takes h.
func (w *writer) goneUntil(l Level, h *head, count *int64) error {
	return w.transact(func() error {
		n, err := w.remove(l, w.head.gone[l], h.gone[l])
		if err != nil {
			return err
		}
		*count += n
		h.shed += n
		h.bare[l] = max(h.bare[l], h.gone[l])
		w.head = *h
		return w.writeHead()
	})
}

// vacuum gives some pages back that are not used, where they are a tenth of the
// file, or where the file is too large.
func (w *writer) vacuum(o *Options) (again bool, err error) {
	file, free, err := w.size()
	if err != nil || free <= 64*pageSize || free <= file/10 && (o.max() < 0 || file <= o.max()) {
		return false, err
	}
	if _, err = w.conn.ExecContext(context.Background(), "PRAGMA incremental_vacuum(256)"); err != nil {
		return false, err
	}
	_, left, err := w.size()
	return err == nil && left < free, err
}

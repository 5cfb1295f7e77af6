package history

import (
	"context"
)

// Pruned says what Prune did.
type Pruned struct {
	Compacted int64 // stretches whose amendments were merged into their rows
	Expired   int64 // rows older than their level is kept
	Shed      int64 // rows dropped because the database was too large
	Spans     int64
	Seconds   int64 // rows of seconds older than a day, or of an epoch that is over
}

// bunch is how many rows one transaction of Prune deals with: a Commit waits for
// no more than one.
const bunch = 64

// Prune does what need not be done with each Commit, in small transactions between
// which others can commit: figures that came late are merged into their rows, rows
// older than their level is kept are dropped, and while the database is larger than
// it may be the oldest rows of the finest level, then those of the next, though
// never those of the newest day. Call it every few minutes; now is in Unix seconds.
//
// Rows are dropped only where those of the next level are built. After an error
// what was done is done, and the next Prune goes on.
func (db *DB) Prune(now int64) (Pruned, error) {
	var p Pruned
	db.sweep(now)
	for _, step := range []func(*writer) (bool, error){
		func(w *writer) (bool, error) { return w.compact(&p) },
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
		places = append(places, at)
		return nil
	}); err != nil || len(places) == 0 {
		return false, err
	}
	err = w.transact(func() error {
		for _, at := range places {
			l := Level(at.level)
			s, err := w.merge(l, at.start, at.start+l.Step())
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
			h.advance(l, now-keep)
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

// advance drops the rows of l before to from what is there, as far as the next
// level has them.
func (h *head) advance(l Level, to int64) {
	if l < Day {
		to = min(to, h.built[l+1])
	}
	if l > TenSeconds {
		to = min(to, h.gone[l-1])
	}
	h.gone[l] = max(h.gone[l], floor(to, l.border()))
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

// shed drops the oldest rows of the finest level that has some besides those of
// its newest day, while the database is too large.
func (w *writer) shed(p *Pruned, o *Options) (again bool, err error) {
	file, free, err := w.size()
	if err != nil || o.max() < 0 || file-free <= o.max() {
		return false, err
	}
	for l := range levels {
		first, err := w.first(l, w.head.gone[l], w.head.sealed)
		if err != nil {
			return false, err
		}
		if !first.Valid {
			continue
		}
		// A border at least, or a bunch of rows where that is more.
		h := w.head
		h.advance(l, min(floor(first.Int64, l.border())+max(l.border(), floor(bunch*l.Step(), l.border())), h.sealed-Day.Step()))
		if h.gone[l] <= first.Int64 {
			continue
		}
		return true, w.transact(func() error {
			n, err := w.remove(l, first.Int64, h.gone[l])
			if err != nil {
				return err
			}
			h.shed += n
			p.Shed += n
			w.head = h
			return w.writeHead()
		})
	}
	return false, nil
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

package history

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"weir/internal/traffic"
)

// mostProblems bounds what Check tells.
const mostProblems = 100

// Check reads all that is stored and returns what is wrong with it, a sentence
// each, at most a hundred: pages, frames, figures that are not those of their
// frame, rows that are not the sum of those below them. It returns an error only
// where it cannot go on. It takes a second for some thousand rows.
func (db *DB) Check() (problems []string, err error) {
	say := func(format string, args ...any) {
		if len(problems) < mostProblems {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	err = db.read(func(tx *sql.Tx) error {
		var line string
		if err := query(tx, "PRAGMA quick_check(100)", nil, []any{&line}, func() error {
			if line != "ok" {
				say("%s", line)
			}
			return nil
		}); err != nil {
			return err
		}
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		c := checker{tx: tx, head: h, sealer: NewSealer(), say: say}
		for l := range levels {
			if err := c.level(l); err != nil {
				return err
			}
		}
		if err := c.seconds(); err != nil {
			return err
		}
		return c.frames()
	})
	if _, err := db.Waiting(); err != nil {
		say("%v", err)
	}
	if err == nil {
		for _, read := range []func() error{
			func() error { _, err := db.Positions(); return err },
			func() error { _, err := db.States(); return err },
			func() error { _, err := db.Events(Filter{}); return err },
		} {
			if err := read(); err != nil {
				say("%v", err)
			}
		}
	}
	return problems, err
}

// A checker holds the rows of one level against those below them.
type checker struct {
	tx     *sql.Tx
	head   head
	sealer *traffic.Sealer
	say    func(format string, args ...any)
}

// total is what must be equal on all levels: the exact part.
type total struct {
	tally          traffic.Tally
	rejected, late int64
	rows           int
	broken         bool // a frame could not be read
}

// level goes through the rows of l, in the order of time, together with those of
// the level below.
func (c *checker) level(l Level) error {
	var starts []int64
	var start int64
	text := "SELECT DISTINCT start FROM point WHERE level = ? AND start >= ? ORDER BY start"
	if err := query(c.tx, text, []any{int64(l), c.head.bare[l]}, []any{&start}, func() error {
		starts = append(starts, start)
		return nil
	}); err != nil {
		return err
	}
	var own, below total
	for _, at := range starts {
		if l.align(at) != at {
			c.say("the row of %v at %d begins where none can", l, at)
			continue
		}
		if err := c.sum(l, at, at+l.Step(), &own); err != nil {
			return err
		}
		if l == TenSeconds || at < c.head.bare[l-1] {
			continue
		}
		if at >= c.head.built[l] {
			c.say("the row of %v from %s is there before its time", l, clockTime(at))
		}
		if err := c.sum(l-1, at, at+l.Step(), &below); err != nil {
			return err
		}
		if what := own.difference(&below); what != "" && !own.broken && !below.broken {
			c.say("the row of %v from %s has other %s than those of %v it is made of", l, clockTime(at), what, l-1)
		}
	}
	return nil
}

// sum merges the rows of a stretch, and compares the columns of each with its
// frame.
func (c *checker) sum(l Level, from, to int64, into *total) error {
	into.tally.Reset()
	into.rejected, into.late, into.rows, into.broken = 0, 0, 0, false
	rows, err := c.tx.QueryContext(context.Background(), "SELECT "+figureColumns+", data FROM point JOIN frame ON frame.id = point.frame "+
		"WHERE level = ? AND start >= ? AND start < ? ORDER BY start, part", int64(l), from, to)
	if err != nil {
		return err
	}
	defer rows.Close()
	var one traffic.Tally
	for rows.Next() {
		var r row
		var data sql.RawBytes
		if err := scanned(rows.Scan(r.into(&data)...)); err != nil {
			return err
		}
		into.rows++
		into.rejected, into.late = sum(into.rejected, r.Rejected), sum(into.late, r.Late)
		one.Reset()
		if err := openFrame(c.sealer, data, &one); err != nil {
			into.broken = true
			c.say("the frame of %v from %s: %v", l, clockTime(r.start), err)
			continue
		}
		want := FiguresOf(&one)
		want.Rejected, want.Late = r.Rejected, r.Late
		if want != r.Figures {
			c.say("the row of %v from %s has other figures than its frame", l, clockTime(r.start))
		}
		into.tally.Merge(&one)
	}
	return rows.Err()
}

// seconds holds those of all epochs of a stretch against its row: they are all of
// it, or a part where those of an epoch are dropped.
func (c *checker) seconds() error {
	var ten [10]traffic.Second
	var start, kept, hits int64
	var data sql.RawBytes
	text := "SELECT start, data, (SELECT coalesce(sum(hits), 0) FROM point WHERE level = 0 AND point.start = second.start) FROM second ORDER BY start"
	last := int64(never)
	return query(c.tx, text, nil, []any{&start, &data, &kept}, func() error {
		if start != last {
			last, hits = start, 0
		}
		clear(ten[:])
		if err := parseSeconds(data, &ten); err != nil {
			c.say("the seconds from %s: %v", clockTime(start), err)
		}
		for _, s := range ten {
			hits = sum(hits, s.Hits)
		}
		if hits > kept && start >= c.head.gone[TenSeconds] {
			c.say("the seconds from %s have %d hits, more than the %d of their row", clockTime(start), hits, kept)
		}
		return nil
	})
}

// difference says in what two totals differ; "" where nothing does.
func (t *total) difference(o *total) string {
	a, b := FiguresOf(&t.tally), FiguresOf(&o.tally)
	switch {
	case a.Second != b.Second || t.tally.Statuses != o.tally.Statuses || a.Malformed != b.Malformed:
		return "hits"
	case t.rejected != o.rejected || t.late != o.late:
		return "rejected or late lines"
	case !t.tally.Latency.Equal(&o.tally.Latency):
		return "latencies"
	case a.Visitors != b.Visitors:
		return "visitors"
	}
	return ""
}

// frames finds frames without a row, and rows without a frame.
func (c *checker) frames() error {
	b := &c.head.bare
	ends := []any{b[0], b[1], b[2], b[3], b[4]}
	for text, say := range map[string]string{
		"SELECT count(*) FROM frame WHERE id NOT IN (SELECT frame FROM point)": "%d frames are those of no row",
		"SELECT count(*) FROM point WHERE frame NOT IN (SELECT id FROM frame) " +
			"AND start >= CASE level WHEN 0 THEN ?1 WHEN 1 THEN ?2 WHEN 2 THEN ?3 WHEN 3 THEN ?4 ELSE ?5 END": "%d rows have no frame",
	} {
		var n int64
		args := ends[:min(len(ends), strings.Count(text, "?"))]
		if err := scanned(c.tx.QueryRowContext(context.Background(), text, args...).Scan(&n)); err != nil {
			return err
		}
		if n > 0 {
			c.say(say, n)
		}
	}
	return nil
}

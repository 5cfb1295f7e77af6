package history

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"weir/internal/traffic"
)

// A Point is one value of a graph.
type Point struct {
	Start int64 // Unix seconds
	Step  int64 // how many it covers
	Parts int   // how many rows it was made of
	Figures
}

// Whole reports whether all figures of p are those of one row. Where it is made of
// several, its quantiles are not below the true ones, its visitors not above
// them, and all else is exact; Tally gives the true ones.
func (p *Point) Whole() bool { return p.Parts == 1 }

// A piece is a stretch of time read from the rows of one level.
type piece struct {
	level    Level
	from, to int64
}

// A zone is a stretch of time of which level is the finest that is kept.
type zone struct {
	level    Level
	from, to int64
}

// zones cuts [from, to) where finer levels are kept no more, the oldest first.
func (h *head) zones(from, to int64) []zone {
	var zs []zone
	end := min(to, h.sealed)
	for l := TenSeconds; l < levels && end > from; l++ {
		if begin := max(from, h.gone[l]); begin < end {
			zs = append(zs, zone{l, begin, end})
			end = begin
		}
	}
	slices.Reverse(zs)
	return zs
}

// pieces covers [from, to), of which most is kept, with rows no coarser than that:
// the coarsest that fit, so that the fewest are read. At its ends rows of the finest
// level that is kept there are taken whole. No time is in two pieces, because levels
// are dropped, and built, up to where rows of the next one end.
func (h *head) pieces(from, to int64, most Level) []piece {
	var ps []piece
	add := func(l Level, from, to int64) {
		if from < to {
			ps = append(ps, piece{l, from, to})
		}
	}
	var cover func(from, to int64, l Level)
	cover = func(from, to int64, l Level) {
		switch {
		case from >= to:
			return
		case l == TenSeconds:
			add(l, l.align(from), ceil(to, l.Step()))
			return
		}
		finer := h.gone[l-1] // from there on they are kept
		if a, b := ceil(from, l.Step()), min(l.align(to), h.built[l]); a < b {
			if from < finer {
				add(l, l.align(from), a)
			} else {
				cover(from, a, l-1)
			}
			add(l, a, b)
			from = b
		}
		if from < finer {
			add(l, l.align(from), ceil(min(to, finer), l.Step()))
			from = finer
		}
		cover(from, to, l-1)
	}
	cover(max(from, h.gone[most]), min(to, h.sealed), most)
	return ps
}

// read runs do in a transaction, so that all it reads is of one moment.
func (db *DB) read(do func(*sql.Tx) error) error {
	tx, err := db.readers.BeginTx(context.Background(), nil)
	if err != nil {
		return told(db.path, "read", err)
	}
	defer tx.Rollback()
	return told(db.path, "read", do(tx))
}

// query calls each for every row, whose values it reads into the places.
func query(q queryer, text string, args, into []any, each func() error) error {
	rows, err := q.QueryContext(context.Background(), text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scanned(rows.Scan(into...)); err != nil {
			return err
		}
		if err := each(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Series returns the points of a graph from from until before to, Unix seconds,
// one for each step that has hits, or late or rejected lines. Steps are multiples
// of ten seconds, 0 is ten; they are aligned to 1970, and from and to are rounded
// outwards to them. Where rows that fine are no longer kept a Point covers as much
// more as it must, and says so.
//
// Steps of 10 s, 1 min, 10 min, 1 h and 1 day are read as they are, so their points are
// Whole, but for the newest, whose row is not built yet, and those with figures
// that came late. Quantiles and visitors of a row to which such were added when its
// frame was dropped are bounds all the same.
func (db *DB) Series(from, to, step int64) ([]Point, error) {
	step = max(step, 1)
	step = ceil(step, TenSeconds.Step())
	from, to = floor(from, step), ceil(to, step)
	var points []Point
	err := db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		zs := h.zones(from, to)
		for len(zs) > 0 {
			// Zones with the same step make points together.
			wide := ceil(step, zs[0].level.Step())
			n := 1
			for n < len(zs) && ceil(step, zs[n].level.Step()) == wide {
				n++
			}
			g := graph{step: wide, from: zs[0].level.align(zs[0].from), to: zs[n-1].to}
			if n == len(zs) {
				g.to = ceil(to, zs[n-1].level.Step()) // and not where all is sealed
			}
			if err := g.read(tx, &h, zs[n-1].to); err != nil {
				return err
			}
			points = append(points, g.points...)
			zs = zs[n:]
		}
		return nil
	})
	return points, err
}

// A graph collects points of one step. Its ends cut them.
type graph struct {
	step, from, to int64
	points         []Point
}

// read adds the rows up to to.
func (g *graph) read(tx *sql.Tx, h *head, to int64) error {
	most := Day
	for g.step%most.Step() != 0 {
		most--
	}
	var r row
	into := r.into()
	for _, p := range h.pieces(g.from, to, most) {
		text := "SELECT " + figureColumns + " FROM point WHERE level = ? AND start >= ? AND start < ? ORDER BY start, part"
		err := query(tx, text, []any{int64(p.level), p.from, p.to}, into, func() error {
			if r.least() < 0 {
				return frameError(p.level, r.start, errors.New("it has less than no hits"))
			}
			if n := len(g.points); n > 0 && r.start < g.points[n-1].Start+g.points[n-1].Step {
				g.points[n-1].join(&r.Figures)
				g.points[n-1].Parts++
				return nil
			}
			start := floor(r.start, g.step)
			end := min(start+g.step, g.to)
			start = max(start, g.from)
			g.points = append(g.points, Point{Start: start, Step: end - start, Parts: 1, Figures: r.Figures})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// A Cover says what a Tally of the past covers.
type Cover struct {
	From, To int64         // Unix seconds; what was asked for, rounded outwards to the rows there are
	Rows     [levels]int64 // how many rows of each level were merged
}

// Tally merges the frames of all stretches from from until before to, Unix
// seconds, into t, by s, both those of the caller, and adds up what a Tally does
// not hold. It takes the coarsest rows that fit, so that months cost days and hours.
// Where a row is wider than what was asked for, all of it counts; Cover tells.
// After an error t holds a part.
func (db *DB) Tally(t *traffic.Tally, s *traffic.Sealer, from, to int64) (Figures, Cover, error) {
	from, to = TenSeconds.align(from), ceil(to, TenSeconds.Step())
	cover := Cover{From: to, To: to}
	var f Figures
	err := db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		if err != nil {
			return err
		}
		h.gone = h.bare // rows without a frame are none here
		for _, p := range h.pieces(from, to, Day) {
			if cover.From == cover.To {
				cover.From = p.from
			}
			cover.To = p.to
			if cover.Rows[p.level], err = addFrames(tx, p, &f, t, s, cover.Rows[p.level]); err != nil {
				return err
			}
		}
		return nil
	})
	rejected, late := f.Rejected, f.Late
	f = FiguresOf(t)
	f.Rejected, f.Late = rejected, late
	return f, cover, err
}

// addFrames merges the rows of a piece, and returns n and how many there were. It
// has six parameters because Tally has as many things to fill.
func addFrames(tx *sql.Tx, p piece, f *Figures, t *traffic.Tally, s *traffic.Sealer, n int64) (int64, error) {
	var start, rejected, late int64
	var data sql.RawBytes
	text := "SELECT start, rejected, late, data FROM point JOIN frame ON frame.id = point.frame WHERE level = ? AND start >= ? AND start < ? ORDER BY start, part"
	err := query(tx, text, []any{int64(p.level), p.from, p.to}, []any{&start, &rejected, &late, &data}, func() error {
		n++
		f.Rejected, f.Late = sum(f.Rejected, rejected), sum(f.Late, late)
		if err := openFrame(s, data, t); err != nil {
			return frameError(p.level, start, err)
		}
		return nil
	})
	return n, err
}

// Sealed returns the time, Unix seconds, before which everything is sealed, and how
// many Commits there were; ok is false where nothing was sealed yet.
func (db *DB) Sealed() (until, commits int64, ok bool, err error) {
	err = db.read(func(tx *sql.Tx) error {
		h, err := readHead(tx)
		until, commits, ok = h.sealed, h.commits, h.sealed > never
		return err
	})
	return until, commits, ok, err
}

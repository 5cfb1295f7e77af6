package history

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/simulate"
	"weir/internal/traffic"
)

// TestOldRowsKeepTheirFiguresWithoutTables drops the frames of all but the newest
// rows: graphs tell what they did, tables come of the next level.
func TestOldRowsKeepTheirFiguresWithoutTables(t *testing.T) {
	o := Options{Keep: forever(), Tables: [levels]time.Duration{time.Hour, 2 * time.Hour, 6 * time.Hour, Forever, Forever}, Max: -1}
	db := fresh(t, o)
	s := NewSealer()
	var c Commit
	for at := int64(noon - 86400); at < noon; at += 120 {
		c.Sealed = append(c.Sealed, tenSeconds(s, at, 20), tenSeconds(s, at+30, 20))
	}
	commit(t, db, &c)
	commit(t, db, &Commit{Until: noon})
	before, err := db.Series(noon-86400, noon, 10)
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Prune(noon)
	if err != nil || p.Stripped == 0 || p.Expired > 0 {
		t.Fatalf("pruned %+v (%v)", p, err)
	}
	if again, err := db.Prune(noon); again != (Pruned{}) || err != nil {
		t.Errorf("pruned twice: %+v (%v)", again, err)
	}
	after, err := db.Series(noon-86400, noon, 10)
	if err != nil || len(after) != len(before) {
		t.Fatalf("the graph has %d points, before %d (%v)", len(after), len(before), err)
	}
	for i := range after {
		if after[i] != before[i] {
			t.Fatalf("point %d was %+v and is %+v", i, before[i], after[i])
		}
	}
	for _, c := range []struct{ from, to, begin, end, level int64 }{
		{noon - 1800, noon - 1790, noon - 1800, noon - 1790, int64(TenSeconds)},
		{noon - 5400, noon - 5390, noon - 5400, noon - 5340, int64(Minute)},
		{noon - 3*3600 + 130, noon - 3*3600 + 140, noon - 3*3600, noon - 3*3600 + 600, int64(TenMinutes)},
		{noon - 20*3600 + 130, noon - 20*3600 + 140, noon - 20*3600, noon - 19*3600, int64(Hour)},
	} {
		var got traffic.Tally
		figures, cover, err := db.Tally(&got, s, c.from, c.to)
		if err != nil || cover.From != c.begin || cover.To != c.end || cover.Rows[c.level] != 1 {
			t.Errorf("[%d, %d): got %+v (%v), want [%d, %d) of one row", c.from-noon, c.to-noon, cover, err, c.begin-noon, c.end-noon)
		}
		points, err := db.Series(cover.From, cover.To, cover.To-cover.From)
		if err != nil || len(points) != 1 || points[0].Second != figures.Second {
			t.Errorf("[%d, %d): tables of %+v, a graph of %+v (%v)", c.from-noon, c.to-noon, figures, points, err)
		}
	}
	stats, err := db.Stats()
	if err != nil || stats.Levels[TenSeconds].Rows != 2*720 || stats.Levels[TenSeconds].Frames != 2*30 || stats.Levels[Minute].Frames != 60 || stats.Levels[TenMinutes].Frames != 36 {
		t.Errorf("got %+v (%v)", stats.Levels, err)
	}
	holdsLate(t, db, s)
}

// holdsLate gives figures late for rows with and without a frame, and looks for them
// everywhere.
func holdsLate(t *testing.T, db *DB, s *traffic.Sealer) {
	t.Helper()
	at := int64(noon - 20*3600)
	for range 2 { // the numbers of parts go on where they were
		commit(t, db, &Commit{Amended: []Stretch{tenSeconds(s, at, 5), tenSeconds(s, at, 6), tenSeconds(s, noon-120, 7)}})
	}
	want := map[Level]int64{TenSeconds: 20 + 22, Minute: 40 + 22, TenMinutes: 200 + 22, Hour: 1200 + 22, Day: 12*1200 + 22}
	var tables [2]traffic.Tally
	for i, when := range []string{"before", "after"} {
		if _, _, err := db.Tally(&tables[i], s, noon-86400, noon); err != nil || tables[i].Hits != 720*40+36 {
			t.Errorf("%s pruning: the tables are of %d hits (%v)", when, tables[i].Hits, err)
		}
		for l, hits := range want {
			points, err := db.Series(l.align(at), l.align(at)+1, l.Step())
			if err != nil || len(points) != 1 || points[0].Hits != hits {
				t.Errorf("%v, %s pruning: got %+v (%v), want %d hits", l, when, points, err, hits)
			}
		}
		if _, err := db.Prune(noon); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(tables[0].AppendBinary(nil), tables[1].AppendBinary(nil)) {
		t.Error("pruning changed the tables")
	}
	stats, err := db.Stats()
	if err != nil || stats.Levels[TenSeconds].Amendments > 0 || stats.Refused > 0 {
		t.Errorf("got %+v (%v), want no amendment left", stats, err)
	}
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
}

func TestAnAmendmentOfNoLevelIsDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	filled(t, path)
	raw(t, path, "UPDATE point SET level = 256 WHERE part > 0")
	db := open(t, path, Options{})
	if _, err := db.Prune(noon); !errors.As(err, new(*DamageError)) || !strings.Contains(err.Error(), "is of no level") {
		t.Errorf("got %v", err)
	}
}

// TestTheBestRowsOfAnHourAreNearlyRight holds tables built of tens of seconds, one
// after the other, against exact ones, at ten requests a second, where frames of ten
// seconds leave out most for their size.
func TestTheBestRowsOfAnHourAreNearlyRight(t *testing.T) {
	site, err := simulate.NewSite(simulate.SiteOptions{Seed: 1, Clients: 200_000})
	if err != nil {
		t.Fatal(err)
	}
	db := fresh(t, Options{})
	s := NewSealer()
	var truth, part, got traffic.Tally
	var sections traffic.Sections
	var line simulate.Line
	var c Commit
	for at := int64(noon); at < noon+3600; at += 10 {
		part.Reset()
		for range 100 {
			site.Next(&line)
			r := accesslog.Record{
				Client: []byte(line.Client), Method: []byte(line.Method), Target: []byte(line.Target), Protocol: []byte(line.Protocol),
				Status: line.Status, Bytes: max(0, line.Bytes), Agent: []byte(line.Agent), Referrer: []byte(line.Referrer), Latency: line.Latency,
			}
			part.Add(&r, sections.Of(r.Method, r.Target, false))
		}
		truth.Merge(&part)
		c.Sealed = append(c.Sealed, Seal(s, &part, at, at+10))
	}
	commit(t, db, &c)
	if _, cover, err := db.Tally(&got, s, noon, noon+3600); err != nil || cover.Rows[Hour] != 1 {
		t.Fatalf("got %+v (%v), want the row of the hour", cover, err)
	}
	for _, d := range []traffic.Dimension{traffic.BySection, traffic.ByPath, traffic.ByNotFound, traffic.ByServerError, traffic.ByClient, traffic.ByAgent, traffic.ByReferrer} {
		hits := map[string]int64{}
		for _, r := range got.Top(d, traffic.FrameRows) {
			hits[r.Key] = r.Hits
		}
		for _, r := range truth.Top(d, 10) {
			if h := hits[r.Key]; 100*(r.Hits-h) > 5*r.Hits {
				t.Errorf("dimension %d: %s has %d hits, in the table %d", d, r.Key, r.Hits, h)
			}
		}
	}
}

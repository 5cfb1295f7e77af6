package history

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"weir/internal/traffic"
)

// TestRowsAreAllThatIsKeptOnce: the rows of each level sum up to what was counted, as far
// as that level is kept, and their frames hold the same.
func TestRowsAreAllThatIsKeptOnce(t *testing.T) {
	for seed := range uint64(4) {
		log := randomLog(rand.New(rand.NewPCG(seed, 9)), 600)
		db := fresh(t, Options{Max: -1, Keep: [levels]time.Duration{Forever, Forever, Forever, Forever}})
		k := start(t, db, log)
		for k.at < len(log) {
			k.read(log)
			if k.at%50 == 0 {
				k.commit(t)
			}
		}
		k.finish(t)
		s := traffic.NewSealer()
		var hits, framed [levels]int64
		before := StoredRow{From: never}
		err := db.Rows(func(r *StoredRow) error {
			if r.Level < before.Level || r.Level == before.Level && (r.From < before.From || r.From == before.From && !r.Amends) {
				t.Errorf("the row of %v at %d comes behind that of %v at %d", r.Level, r.From, before.Level, before.From)
			}
			before.Level, before.From = r.Level, r.From
			f, err := traffic.ParseFrame(slices.Clone(r.Frame))
			if err != nil {
				return err
			}
			var tally traffic.Tally
			if err := s.Open(f, &tally); err != nil {
				return err
			}
			hits[r.Level] += r.Hits
			framed[r.Level] += tally.Hits
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		st, err := db.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(len(log)) - st.Refused; hits[TenSeconds] != want || framed[TenSeconds] != want {
			t.Errorf("seed %d: got %d hits, %d in frames, want %d", seed, hits[TenSeconds], framed[TenSeconds], want)
		}
		if hits != framed || hits[Minute] > hits[TenSeconds] || hits[Minute] == 0 {
			t.Errorf("seed %d: got hits by level %v, in frames %v", seed, hits, framed)
		}
	}
}

func TestRowsStopAtAnErrorOfTheirReader(t *testing.T) {
	db := fresh(t, Options{})
	log := randomLog(rand.New(rand.NewPCG(1, 9)), 100)
	k := start(t, db, log)
	for k.at < len(log) {
		k.read(log)
	}
	k.finish(t)
	enough, n := errors.New("enough"), 0
	if err := db.Rows(func(*StoredRow) error { n++; return enough }); err != enough || n != 1 {
		t.Errorf("got %v after %d rows, want that error after 1", err, n)
	}
}

// TestBoundsAreTheFirstRowAndTheSeal: also when finer levels are dropped, the first ones
// of which need not begin where a day does.
func TestBoundsAreTheFirstRowAndTheSeal(t *testing.T) {
	db := fresh(t, Options{})
	if from, to, ok, err := db.Bounds(); ok || err != nil {
		t.Errorf("got [%d, %d), %v of nothing", from, to, err)
	}
	var c Commit
	s := traffic.NewSealer()
	first := int64(noon + 1230)
	for at := first; at < noon+5*86400; at += 600 {
		var tally traffic.Tally
		h := hit{sec: at, status: 200}
		h.addTo(&tally)
		c.Sealed = append(c.Sealed, Seal(s, &tally, at, at+10))
	}
	c.Until = noon + 5*86400
	if err := db.Commit(&c); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if from, to, ok, err := db.Bounds(); from != first || to != noon+5*86400 || !ok || err != nil {
			t.Errorf("got [%d, %d), %t, %v; want [%d, %d)", from, to, ok, err, first, noon+5*86400)
		}
		first = Day.align(first) // all but days go next
		db.options.Keep = [levels]time.Duration{time.Second, time.Second, time.Second, time.Second, Forever}
		if _, err := db.Prune(noon + 5*86400); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoHoldsAHistoryIsKnownWithoutDisturbing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	if pid, held := Holder(path); held || pid != 0 {
		t.Errorf("got process %d of a history that is not there", pid)
	}
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if pid, held := Holder(path); !held || pid != os.Getpid() {
		t.Errorf("got %d, %t; want this process", pid, held)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, held := Holder(path); held {
		t.Error("it is held by somebody after it was closed")
	}
	again, err := Open(path, Options{})
	if err != nil {
		t.Fatalf("got %v after a look who holds it", err)
	}
	again.Close()
}

// TestReadingDoesNotMakeAHistoryTheNewest: a reader leaves an empty -wal.
func TestReadingDoesNotMakeAHistoryTheNewest(t *testing.T) {
	h := Home(t.TempDir())
	var paths []string
	for i, log := range []string{"/a.log", "/b.log"} {
		path := h.Path(Of([]string{log}, ""))
		db, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Commit(&Commit{Marks: []Mark{{At: 1, Text: "x"}}}), db.Close()); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(noon+int64(i), 0)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	db, err := OpenReadOnly(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Marks(0, 2); err != nil {
		t.Fatal(err)
	}
	list, err := h.List()
	if err != nil || len(list) != 2 || list[0].Path != paths[1] || !list[1].Changed.Equal(time.Unix(noon, 0)) {
		t.Errorf("got %v, %v; want %s first", list, err, paths[1])
	}
}

package history

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/traffic"
)

var update = flag.Bool("update", false, "make the saved history of this version anew")

// content returns what stands in the files of a history, the lock apart.
func content(t testing.TB, path string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range Names(path) {
		text, err := os.ReadFile(name)
		if err == nil && !strings.HasSuffix(name, ".lock") {
			all[filepath.Base(name)] = string(text)
		}
	}
	return all
}

// raw runs SQL on a file that no DB has open, as others may.
func raw(t *testing.T, path string, text ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range text {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// filled makes a history with something of everything, in a few commits.
func filled(t testing.TB, path string) {
	t.Helper()
	db := open(t, path, Options{})
	fill(t, db, 0, 40)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func fill(t testing.TB, db *DB, from, to int) {
	t.Helper()
	s := traffic.NewSealer()
	for i := from; i < to; i++ {
		at := noon + int64(i)*10
		c := Commit{
			Sealed:    []Stretch{tenSeconds(s, at, 3+i)},
			Positions: map[string][]byte{"/var/log/access.log": fmt.Appendf(nil, "%d", i)},
			States:    map[string][]byte{"board": bytes.Repeat([]byte{byte(i)}, 300)},
			Spans:     []Span{{Source: "/var/log/access.log", File: "7", FromTime: at, ToTime: at + 10, FromOffset: int64(i) * 100, ToOffset: int64(i)*100 + 100}},
		}
		if i%9 == 5 {
			c.Amended = []Stretch{tenSeconds(s, at-30, 1)}
			c.Events = []Event{{Event: alert.Event{Rule: alert.HighTrafficRule(1e7, 120e9), State: alert.Firing, At: at, Sample: alert.Sample{Num: 1201, Den: 120, Hits: 1201}}}}
			c.Marks = []Mark{{At: at, Text: "deploy"}}
			c.Outbox = []Message{{Target: "mail", Key: fmt.Sprint(at), Body: []byte("text")}}
		}
		commit(t, db, &c)
	}
}

// everything is all that a history tells, as text.
func everything(db *DB) (string, error) {
	var out strings.Builder
	var t traffic.Tally
	var errs []error
	say := func(what any, err error) {
		fmt.Fprintf(&out, "%+v\n", what)
		errs = append(errs, err)
	}
	figures, cover, err := db.Tally(&t, traffic.NewSealer(), noon-86400, noon+86400)
	say(figures, err)
	say(cover, nil)
	for _, r := range t.Top(traffic.BySection, 5) {
		visitors, _ := r.Visitors.Count()
		say(fmt.Sprint(r.Key, " ", r.Hits, r.Missed, r.Bytes, r.Latency.Quantile(0.9), visitors), nil)
	}
	for _, step := range []int64{10, 60, 3600} {
		say(db.Series(noon-86400, noon+86400, step))
	}
	say(db.Events(Filter{}))
	say(db.Marks(0, 2*noon))
	say(db.Spans("", 0, 2*noon))
	positions, err := db.Positions()
	say(slices.Sorted(maps.Keys(positions)), err)
	say(db.States())
	say(db.Outbox(2*noon, 100))
	errs = append(errs, db.Seconds(0, 0, 2*noon, func(sec int64, n traffic.Second) { fmt.Fprintln(&out, sec, n) }))
	return out.String(), errors.Join(errs...)
}

func TestASecondWriterIsToldWhoWritesAndCanRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	first := open(t, path, Options{})
	fill(t, first, 0, 3)
	_, err := Open(path, Options{})
	var held *HeldError
	if !errors.As(err, &held) || held.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprintf("(process %d)", os.Getpid())) {
		t.Fatalf("got %v, want that process %d has it", err, os.Getpid())
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for i := range 3 { // it sees what is committed meanwhile
		if _, commits, ok, err := reader.Sealed(); commits != int64(3+i) || !ok || err != nil {
			t.Errorf("got %d commits (%v), want %d", commits, err, 3+i)
		}
		fill(t, first, 3+i, 4+i)
	}
	first.Close()
	open(t, path, Options{})
}

// TestReadersSeeWholeCommits reads from other goroutines while one commits and
// prunes.
func TestReadersSeeWholeCommits(t *testing.T) {
	db := fresh(t, Options{Keep: [levels]time.Duration{5 * time.Minute, time.Hour, Forever, Forever, Forever}})
	const n = 150
	prefix := map[int64]bool{0: true} // how many hits there may be
	for i, all := int64(0), int64(0); i < n; i++ {
		if all += i%50 + 1; i%7 == 3 {
			all++
		}
		prefix[all] = true
	}
	done := make(chan bool)
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for last := int64(0); ; {
				var got int64
				points, err := db.Series(noon-60, noon+10*n, 60)
				for _, p := range points {
					got += p.Hits
				}
				if err != nil || !prefix[got] || got < last {
					t.Errorf("got %d hits after %d: not those of so many commits (%v)", got, last, err)
					return
				}
				last = got
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	s := traffic.NewSealer()
	for i := range int64(n) {
		commit(t, db, numbered(s, i))
		if i%10 == 9 {
			if _, err := db.Prune(noon + 10*i); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	readers.Wait()
}

func TestAHistoryIsForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "history.db")
	db := open(t, path, Options{})
	fill(t, db, 0, 1)
	for name, want := range map[string]fs.FileMode{filepath.Dir(path): 0o700 | fs.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(name)
		if strings.HasSuffix(name, "-wal") || strings.HasSuffix(name, "-shm") {
			if errors.Is(err, fs.ErrNotExist) {
				continue // where the journal is another
			}
		}
		if err != nil || info.Mode() != want && filepath.Separator == '/' {
			t.Errorf("%s: got %v (%v), want %v", name, info.Mode(), err, want)
		}
	}
	db.Close()
	if left := content(t, path); len(left) != 1 {
		t.Errorf("closed, it leaves %v", slices.Sorted(maps.Keys(left)))
	}
}

// TestWhatIsNoHistoryIsLeftAsItIs holds every file of it byte for byte, and that
// nothing is locked afterwards.
func TestWhatIsNoHistoryIsLeftAsItIs(t *testing.T) {
	good := filepath.Join(t.TempDir(), "history.db")
	filled(t, good)
	text := content(t, good)["history.db"]
	newer := filepath.Join(t.TempDir(), "history.db")
	filled(t, newer)
	raw(t, newer, "PRAGMA journal_mode = DELETE", fmt.Sprintf("PRAGMA user_version = %d", version+1))
	other := filepath.Join(t.TempDir(), "history.db")
	raw(t, other, "CREATE TABLE a (b)")
	strange := filepath.Join(t.TempDir(), "history.db")
	filled(t, strange)
	raw(t, strange, "CREATE TABLE a (b)")
	headless := filepath.Join(t.TempDir(), "history.db")
	filled(t, headless)
	raw(t, headless, "DELETE FROM head")
	contrary := filepath.Join(t.TempDir(), "history.db")
	filled(t, contrary)
	raw(t, contrary, "UPDATE head SET built1 = sealed + 60")
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"text":     {map[string]string{"history.db": "127.0.0.1 - - [...]\n"}, "is no database, or its beginning is damaged"},
		"other":    {map[string]string{"history.db": content(t, other)["history.db"], "history.db-wal": "anything"}, "is a database of another program"},
		"newer":    {map[string]string{"history.db": content(t, newer)["history.db"], "history.db-wal": "anything"}, fmt.Sprintf("is of version %d, written by a newer weir than this, which reads version %d", version+1, version)},
		"zeros":    {map[string]string{"history.db": string(make([]byte, len(text)))}, "is no database"},
		"strange":  {content(t, strange), "its tables are a,event"},
		"headless": {content(t, headless), "a row cannot be read"},
		"contrary": {content(t, contrary), "contradicts itself at the level of 1 min"},
		"cut":      {map[string]string{"history.db": text[:3*pageSize]}, "is damaged"},
		"short":    {map[string]string{"history.db": text[:90]}, "is damaged"},
		"lost":     {map[string]string{"history.db-wal": "what was committed"}, "it is gone or empty, and history.db-wal is there"},
		"emptied":  {map[string]string{"history.db": "", "history.db-wal": "what was committed"}, "it is gone or empty"},
	} {
		path := filepath.Join(t.TempDir(), "history.db")
		for name, text := range c.files {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			db, err := Open(path, Options{})
			if err == nil {
				db.Close()
				t.Errorf("%s: taken as a history", name)
				continue
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it away") {
				t.Errorf("%s: got %q, want %q in it", name, err, c.want)
			}
			if !errors.As(err, new(*DamageError)) && !errors.As(err, new(*ForeignError)) {
				t.Errorf("%s: got %T", name, err)
			}
		}
		now := content(t, path)
		delete(now, "history.db-shm") // holds nothing
		if !maps.Equal(now, c.files) {
			t.Errorf("%s: there is %v now, or other bytes", name, slices.Sorted(maps.Keys(now)))
		}
	}
}

func TestAnEmptyFileIsAFreshStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	for _, name := range []string{path, path + ".new"} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fill(t, open(t, path, Options{}), 0, 2)
}

func TestAHistoryThatIsNotThereIsNotReadNorMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if left := content(t, path); len(left) > 0 {
		t.Errorf("made %v", left)
	}
}

func TestAFileOrAFolderInTheWayIsToldOf(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"file/history.db": "cannot make the folder of the history", "folder": "is no file"} {
		if _, err := Open(filepath.Join(dir, name), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

// TestAKilledProcessLeavesAHistoryThatOpens takes the files as they are between two
// commits: a -wal that nobody has put into the database.
func TestAKilledProcessLeavesAHistoryThatOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	db := open(t, path, Options{})
	fill(t, db, 0, 40)
	want, err := everything(db)
	if err != nil {
		t.Fatal(err)
	}
	files := content(t, path)
	if len(files["history.db-wal"]) == 0 {
		t.Skip("this system has no -wal")
	}
	for _, readOnly := range []bool{true, false} {
		again := filepath.Join(t.TempDir(), "history.db")
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(filepath.Dir(again), name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		opened, err := OpenReadOnly(again)
		if !readOnly {
			opened.Close()
			opened, err = Open(again, Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := everything(opened); got != want || err != nil {
			t.Errorf("it tells other than before: %v", err)
		}
		opened.Close()
	}
}

// saved is the history that a version has left.
func saved(v int) string { return fmt.Sprintf("testdata/v%d.db", v) }

// TestSavedHistoriesAreRead opens what was written by each version, which -update
// saves for the one of now. It says in words what is to be in it: that is the same for
// who only reads it, for who brings it to the version of now, and after that.
func TestSavedHistoriesAreRead(t *testing.T) {
	if *update {
		path := filepath.Join(t.TempDir(), "history.db")
		filled(t, path)
		if err := os.WriteFile(saved(version), []byte(content(t, path)["history.db"]), 0o644); err != nil {
			t.Fatal(err)
		}
		db := open(t, path, Options{})
		text, err := everything(db)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(saved(version)+".txt", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for v := 1; v <= version; v++ {
		want, err := os.ReadFile(saved(v) + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(saved(v))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "history.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		var unread []Gap
		tells := func(db *DB, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			got, err := everything(db)
			if err != nil || got != string(want) {
				t.Errorf("version %d: the saved history tells other than it did (%v):\n%.2000s", v, err, got)
			}
			if problems, err := db.Check(); err != nil || len(problems) > 0 {
				t.Errorf("version %d: %v %s", v, err, problems)
			}
			gaps, err := db.Unread(0, 2*noon)
			if err != nil || (len(gaps) == 1 && gaps[0].Unknown) != (v == 1) || unread != nil && !slices.Equal(gaps, unread) {
				t.Errorf("version %d: got the gaps %+v (%v), before that %+v", v, gaps, err, unread)
			}
			unread = gaps
		}
		db, err := OpenReadOnly(path)
		tells(db, err)
		db.Close()
		if now := content(t, path)["history.db"]; now != string(file) {
			t.Errorf("version %d: reading has changed it", v)
		}
		db = open(t, path, Options{})
		tells(db, nil)
		db.Close()
		if now := binary.BigEndian.Uint32([]byte(content(t, path)["history.db"])[60:]); now != version {
			t.Errorf("version %d: the file itself says that it is of version %d", v, now)
		}
		db = open(t, path, Options{})
		tells(db, nil)
		until, _, _, err := db.Sealed()
		if err != nil {
			t.Fatal(err)
		}
		fill(t, db, 40, 50)
		if gaps, err := db.Unread(until, 2*noon); err != nil || len(gaps) > 0 {
			t.Errorf("version %d: of what was written since it says %+v (%v)", v, gaps, err)
		}
	}
}

// TestWhatNobodyReadIsKept, and told whole to who asks for a part of it.
func TestWhatNobodyReadIsKept(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "history.db"), Options{})
	want := []Gap{{From: noon + 100, To: noon + 400}, {From: noon + 1000, To: noon + 1010}}
	commit(t, db, &Commit{Until: noon + 2000, Unread: want})
	for _, c := range []struct {
		from, to int64
		want     []Gap
	}{
		{noon, noon + 2000, want}, {noon + 390, noon + 500, want[:1]}, {noon + 400, noon + 1000, nil}, {noon + 300, noon + 301, want[:1]}, {noon + 1009, noon + 5000, want[1:]},
	} {
		if got, err := db.Unread(c.from, c.to); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("from %d to %d: got %+v (%v), want %+v", c.from-noon, c.to-noon, got, err, c.want)
		}
	}
	if err := db.Commit(&Commit{Unread: []Gap{{From: noon, To: noon}}}); err == nil || !Permanent(err) {
		t.Errorf("got %v, want a complaint about a gap without length, which stays", err)
	}
}

// TestCheckFindsWhatIsWrong changes one thing in turn.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	for change, want := range map[string]string{
		"UPDATE point SET hits = hits + 1, s2xx = s2xx + 1 WHERE level = 0 AND start = 1795262410": "has other figures than its frame",
		"INSERT INTO second VALUES (0, 1795262410, x'01')":                                         "the seconds from 2026-11-21T12:00:10Z: its seconds cannot be read",
		"INSERT INTO second VALUES (0, 1795262400, x'4001000000000000000000000000000000')":         "the seconds from 2026-11-21T12:00:00Z have 64 hits, more than the 3 of their row",
		"UPDATE point SET rejected = 1 WHERE level = 1 AND start = 1795262400":                     "has other rejected or late lines than those of 10 s it is made of",
		"DELETE FROM point WHERE level = 0 AND start = 1795262410 AND part = 0":                    "has other hits than those of 10 s",
		"DELETE FROM point WHERE level = 1":                                                        "frames are those of no row",
		"DELETE FROM frame WHERE id = 3":                                                           "1 rows have no frame",
		"UPDATE frame SET data = substr(data, 1, 60) WHERE id = 3":                                 "the frame of 10 s from 2026-11-21T12:00:20Z: the frame is damaged",
		"UPDATE state SET data = x'00' WHERE kind = 'state'":                                       `the state of "board" is not what was written`,
		"UPDATE state SET name = 'other' WHERE kind = 'position'":                                  `the position of "other" is not what was written`,
		"UPDATE event SET window = 0":                                                              "has no window",
		"DROP INDEX amended; CREATE INDEX amended ON point (level, start) WHERE part > 0":          "",
	} {
		path := filepath.Join(t.TempDir(), "history.db")
		filled(t, path)
		raw(t, path, change)
		db, err := OpenReadOnly(path)
		if err != nil {
			t.Errorf("%s: %v", change, err)
			continue
		}
		problems, err := db.Check()
		if all := strings.Join(problems, "\n"); err != nil || (all == "") != (want == "") || !strings.Contains(all, want) {
			t.Errorf("%s: got %q (%v), want %q", change, all, err, want)
		}
		db.Close()
	}
}

// FuzzDamage changes bytes of a history, or cuts it, anywhere: what is left is
// opened and read, or refused with a sentence, and a file that is not opened stays
// as it is.
func FuzzDamage(f *testing.F) {
	path := filepath.Join(f.TempDir(), "history.db")
	db := open(f, path, Options{})
	fill(f, db, 0, 20)
	db.Close()
	db = open(f, path, Options{})
	fill(f, db, 20, 26)
	files := content(f, path)
	delete(files, "history.db-shm")
	db.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		f.Add(r.Uint32(), r.Uint32(), r.Uint64(), uint8(r.IntN(7)))
	}
	for at := uint32(0); at < 100; at += 3 { // the header
		f.Add(uint32(0), at, uint64(0xff5a), uint8(0))
	}
	f.Fuzz(func(t *testing.T, which, at uint32, value uint64, how uint8) {
		path := filepath.Join(t.TempDir(), "history.db")
		given := maps.Clone(files)
		name := "history.db"
		if which%3 == 1 {
			name = "history.db-wal"
		}
		text := []byte(given[name])
		if len(text) == 0 {
			t.Skip("this system has no -wal")
		}
		place := int(at) % len(text)
		switch how % 7 {
		case 0, 1, 2, 3: // up to four bytes
			for i := range int(how%7) + 1 {
				text[(place+i*int(value>>32&0xffff))%len(text)] ^= byte(value >> (8 * i))
			}
		case 4:
			text = text[:place]
		case 5:
			clear(text[place:min(len(text), place+int(value%20000))])
		case 6:
			if len(text) > pageSize { // one page where another was
				copy(text[place/pageSize*pageSize:], text[int(value%uint64(len(text)))/pageSize*pageSize:])
			}
		}
		given[name] = string(text)
		for name, text := range given {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fine := func(err error) {
			if err != nil && !errors.As(err, new(*DamageError)) && !errors.As(err, new(*ForeignError)) && err != ErrOrder {
				t.Errorf("%T: %v", err, err)
			}
		}
		reader, err := OpenReadOnly(path)
		fine(err)
		if err == nil {
			_, err := everything(reader)
			for e := range parts(err) {
				fine(e)
			}
			_, err = reader.Check()
			fine(err)
			_, err = reader.Stats()
			fine(err)
			reader.Close()
		}
		db, err := Open(path, Options{})
		if fine(err); err != nil {
			now := content(t, path)
			delete(now, "history.db-shm")
			if !maps.Equal(now, given) {
				t.Errorf("not opened (%v), and other than before", err)
			}
			return
		}
		defer db.Close()
		until, _, _, err := db.Sealed()
		fine(err)
		if until > 0 && until < 1e11 {
			fine(db.Commit(&Commit{Sealed: []Stretch{tenSeconds(traffic.NewSealer(), until, 2)}, Until: until + 60, States: map[string][]byte{"board": nil}}))
		}
		_, err = db.Prune(noon + 86400*3)
		fine(err)
	})
}

// parts are the errors that errors.Join made one of.
func parts(err error) func(func(error) bool) {
	return func(yield func(error) bool) {
		if all, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range all.Unwrap() {
				if !yield(e) {
					return
				}
			}
		}
	}
}

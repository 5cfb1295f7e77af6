package history

import (
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"modernc.org/sqlite"

	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// steps has the SQL function of that name called before and after every change of a row that
// is written over the connection of db.
func steps(t *testing.T, db *DB, function string) {
	t.Helper()
	for _, table := range strings.Split(tables, ",") {
		if strings.HasPrefix(table, "sqlite_") {
			continue
		}
		for _, change := range []string{"INSERT", "UPDATE", "DELETE"} {
			for _, when := range []string{"BEFORE", "AFTER"} {
				text := fmt.Sprintf("CREATE TEMP TRIGGER step_%s_%s_%s %s %s ON main.%s BEGIN SELECT %s(); END", table, change, when, when, change, table, function)
				if _, err := db.w.conn.ExecContext(t.Context(), text); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// copyTo copies the files of a history as they are, which is what kill -9 leaves.
func copyTo(t *testing.T, path, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(path + end)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "history.db"+end), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "history.db")
}

// allThereIs is a commit of all there is, which completes a row of each level.
func allThereIs(s *traffic.Sealer) *Commit {
	const day = int64(noon - noon%(24*60*60))
	return &Commit{
		Sealed: []Stretch{tenSeconds(s, day+24*60*60-10, 5), tenSeconds(s, day+24*60*60, 7)},
		Until:  day + 24*60*60 + 20, Amended: []Stretch{tenSeconds(s, day+60, 3), tenSeconds(s, day+24*60*60, 2)},
		Events: []Event{
			{Event: alert.Event{At: day, Rule: alert.HighTrafficRule(10*unit.One, 120e9), State: alert.Firing, Sample: alert.Sample{Num: 2000, Den: 120, Hits: 2000}}},
			{Event: alert.Event{At: day + 60, Rule: alert.HighTrafficRule(10*unit.One, 120e9), Sample: alert.Sample{Num: 20, Den: 120, Hits: 20}}, Replayed: true},
		},
		States: map[string][]byte{"gauge": []byte("after"), "other": []byte("new")}, Positions: map[string][]byte{"log": []byte("after")},
		Spans: []Span{{Source: "log", File: "1:2", FromTime: day, ToTime: day + 9, ToOffset: 99}},
		Marks: []Mark{{At: day, Text: "deploy"}}, Outbox: []Message{{Target: "mail", Key: "k", Body: []byte("b"), Due: day}},
		Delivered: []int64{1}, Unread: []Gap{{From: day - 600, To: day}},
	}
}

// TestAKillBetweenAnyTwoStepsOfACommitLeavesWhatWasBefore: the state that kill -9
// leaves at each change of a row is that of the commit before, byte for byte, and
// goes on as if nothing had been.
func TestAKillBetweenAnyTwoStepsOfACommitLeavesWhatWasBefore(t *testing.T) {
	each := func() {}
	// Another one for each run: it stays, and is known to connections made later.
	function := fmt.Sprint("step", time.Now().UnixNano())
	sqlite.MustRegisterScalarFunction(function, 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) {
		each()
		return int64(0), nil
	})
	s := NewSealer()
	dir := t.TempDir()
	path := filepath.Join(dir, "history.db")
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const day = int64(noon - noon%(24*60*60))
	first := &Commit{
		States: map[string][]byte{"gauge": []byte("before")}, Positions: map[string][]byte{"log": []byte("before")},
		Outbox: []Message{{Target: "mail", Key: "first", Due: day}},
	}
	for n := range int64(8) {
		first.Sealed = append(first.Sealed, tenSeconds(s, day+n*60, int(n)+1))
	}
	commit(t, db, first)
	before := contents(t, copyTo(t, path, filepath.Join(dir, "before")))
	n := 0
	steps(t, db, function)
	each = func() {
		n++
		got := contents(t, copyTo(t, path, filepath.Join(dir, fmt.Sprint("step", n))))
		if got != before {
			t.Fatalf("after %d steps there is a part of a commit:\n%s\nbefore it was\n%s", n, got, before)
		}
	}
	commit(t, db, allThereIs(s))
	each = func() {}
	if n < 60 {
		t.Errorf("there were %d steps: not all of a commit was seen", n)
	}
	want := contents(t, copyTo(t, path, filepath.Join(dir, "after")))
	if want == before {
		t.Error("the commit changed nothing")
	}
	for _, i := range []int{1, n / 2, n} {
		again, err := Open(filepath.Join(dir, fmt.Sprint("step", i), "history.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		commit(t, again, allThereIs(s))
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		if got := contents(t, again.Path()); got != want {
			t.Errorf("committed again after step %d of %d:\n%s\nwant\n%s", i, n, got, want)
		}
	}
}

// contents are all rows of all tables.
func contents(t *testing.T, path string) string {
	t.Helper()
	db, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	for _, table := range strings.Split(tables, ",") {
		rows, err := db.readers.QueryContext(t.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			values := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, v := range values {
				if blob, ok := v.([]byte); ok {
					values[i] = fmt.Sprintf("%x", sumOf("", "", blob))
				}
				if columns[i] == "key" && table == "mark" {
					values[i] = "" // random
				}
			}
			fmt.Fprintln(&b, table, values)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	return b.String()
}

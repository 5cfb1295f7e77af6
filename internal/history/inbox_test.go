package history

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// texts are those of marks, in their order.
func texts(t *testing.T, db *DB) string {
	t.Helper()
	marks, err := db.Marks(0, 2*noon)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(marks))
	for i, m := range marks {
		all[i] = m.Text
	}
	return strings.Join(all, ", ")
}

func add(t *testing.T, path string, at int64, text string) {
	t.Helper()
	if err := AddMark(path, Mark{At: at, Text: text}); err != nil {
		t.Fatal(err)
	}
}

func TestAMarkIsCommittedWhereNobodyWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	open(t, path, Options{}).Close()
	add(t, path, noon+5, "deploy <2> \"&\" ü")
	add(t, path, noon, "before")
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "inbox")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it waits all the same (%v)", err)
	}
	db, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := texts(t, db); got != "before, deploy <2> \"&\" ü" {
		t.Errorf("got %s", got)
	}
}

// TestMarksOfOneSecondStandAsTheyWereMade leaves some whose names are in any order.
func TestMarksOfOneSecondStandAsTheyWereMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	db := open(t, path, Options{})
	dir, known, want := filepath.Join(filepath.Dir(path), "inbox"), map[string]bool{}, ""
	for i := range 12 {
		text := fmt.Sprintf("step %d", i)
		add(t, path, noon, text)
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if when := time.Unix(noon, int64(i)*1_000_000); !known[f.Name()] {
				known[f.Name()] = true
				if err := os.Chtimes(filepath.Join(dir, f.Name()), when, when); err != nil {
					t.Fatal(err)
				}
			}
		}
		want = strings.TrimPrefix(want+", "+text, ", ")
	}
	if got := texts(t, db); got != want {
		t.Errorf("waiting: got %s, want %s", got, want)
	}
	waiting, err := db.Waiting()
	if err != nil {
		t.Fatal(err)
	}
	commit(t, db, &Commit{Marks: waiting})
	if err := db.Taken(waiting); err != nil {
		t.Fatal(err)
	}
	if got := texts(t, db); got != want {
		t.Errorf("committed: got %s, want %s", got, want)
	}
}

// TestAMarkBesideAWriterIsTakenOnce leaves marks while the history is written, and
// kills the writer between its commit and the removal.
func TestAMarkBesideAWriterIsTakenOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	db := open(t, path, Options{})
	if marks, err := db.Waiting(); len(marks) > 0 || err != nil {
		t.Errorf("before any: %v (%v)", marks, err)
	}
	commit(t, db, &Commit{Marks: []Mark{{At: noon + 1, Text: "own"}, {At: noon + 1, Text: "own"}}})
	add(t, path, noon+2, strings.Repeat("ü", 500))
	add(t, path, noon, "<script>")
	dir := filepath.Join(filepath.Dir(path), "inbox")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Fatalf("there are %v (%v), want two letters", files, err)
	}
	for name, want := range map[string]fs.FileMode{dir: fs.ModeDir | 0o700, filepath.Join(dir, files[0].Name()): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want && filepath.Separator == '/' {
			t.Errorf("%s: got %v (%v), want %v", name, info.Mode(), err, want)
		}
	}
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	want := "<script>, own, own, " + strings.Repeat("ü", 500)
	for what, db := range map[string]*DB{"the writer": db, "a reader": reader} {
		if got := texts(t, db); got != want {
			t.Errorf("%s tells of %s, want those that wait too", what, got)
		}
	}
	waiting, err := db.Waiting()
	if len(waiting) != 2 || err != nil {
		t.Fatalf("got %v (%v), want two", waiting, err)
	}
	commit(t, db, &Commit{Marks: waiting})
	if got := texts(t, db); got != want {
		t.Errorf("committed, not yet removed: %s", got)
	}
	db.Close() // killed
	db = open(t, path, Options{})
	again, err := db.Waiting()
	if !slices.Equal(again, waiting) || err != nil {
		t.Fatalf("got %v (%v), want the same two", again, err)
	}
	commit(t, db, &Commit{Marks: again})
	for range 2 {
		if err := db.Taken(again); err != nil {
			t.Fatal(err)
		}
	}
	if got := texts(t, db); got != want {
		t.Errorf("removed: %s", got)
	}
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if marks, err := reader.Marks(noon+1, noon+2); len(marks) != 2 || err != nil {
		t.Errorf("got %v (%v), want the two of that second", marks, err)
	}
}

// TestManyMarksAtOnceAreKeptOnceEach adds marks while the history is opened,
// committed to and closed all the time.
func TestManyMarksAtOnceAreKeptOnceEach(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	open(t, path, Options{}).Close()
	var adders sync.WaitGroup
	for a := range 4 {
		adders.Go(func() {
			for i := range 12 {
				if err := AddMark(path, Mark{At: noon, Text: fmt.Sprintf("%d/%02d", a, i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan bool)
	go func() { adders.Wait(); close(done) }()
	for over := false; !over; {
		select {
		case <-done:
			over = true // once more, for the last ones
		default:
		}
		db, err := Open(path, Options{})
		for errors.As(err, new(*HeldError)) { // on a busy machine an adder holds it for long
			db, err = Open(path, Options{})
		}
		if err != nil {
			t.Fatal(err)
		}
		waiting, err := db.Waiting()
		if err != nil {
			t.Error(err)
		}
		commit(t, db, &Commit{Marks: waiting})
		if err := db.Taken(waiting); err != nil {
			t.Error(err)
		}
		if over {
			marks, err := db.Marks(noon, noon+1)
			seen := map[string]bool{}
			for _, m := range marks {
				if seen[m.Text] || m.ID == 0 {
					t.Errorf("%+v is there twice, or waits still", m)
				}
				seen[m.Text] = true
			}
			if len(marks) != 48 || err != nil {
				t.Errorf("got %d marks (%v), want 48", len(marks), err)
			}
		}
		db.Close()
	}
}

func TestAMarkThatCannotBeIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	if err := AddMark(path, Mark{At: noon, Text: "x"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no history: %v", err)
	}
	if left := content(t, path); len(left) > 0 {
		t.Errorf("made %v", left)
	}
	db := open(t, path, Options{})
	for text, want := range map[string]string{
		"":                                "a mark has no text",
		" \u00a0":                         "a mark has no text",
		strings.Repeat("x", 1001):         "has 1001 bytes, 1000 at most",
		"two\nlines":                      "the control character U+000A at byte 4: one line",
		"bell\x07":                        "the control character U+0007",
		"\x1b[31mred":                     "the control character U+001B at byte 1",
		"next\u0085line":                  "the control character U+0085",
		"two" + string(rune(0x2028)) + "": "the control character U+2028",
		"\xff":                            "is not UTF-8",
	} {
		for _, err := range []error{AddMark(path, Mark{At: noon, Text: text}), db.Commit(&Commit{Marks: []Mark{{At: noon, Text: text}}})} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v, want %s", text, err, want)
			}
		}
	}
	if err := AddMark(path, Mark{At: 1 << 60, Text: "x"}); err == nil {
		t.Error("a time that cannot be shown was taken")
	}
	if got := texts(t, db); got != "" {
		t.Errorf("kept %s", got)
	}
}

// TestWhatIsNoMarkInTheInboxIsToldAndLeftAlone puts files into the inbox that others
// may have put there.
func TestWhatIsNoMarkInTheInboxIsToldAndLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	db := open(t, path, Options{})
	add(t, path, noon, "good")
	dir := filepath.Join(filepath.Dir(path), "inbox")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, files[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	key := func(c string) string { return strings.Repeat(c, 26) }
	l := letter{Version: letterVersion, Of: "history.db", Key: key("F"), At: noon, Text: "a\nb"}
	l.Sum = l.sum()
	for name, c := range map[string]struct{ text, want string }{
		"README":                 {"about", "README is no mark; it is left as it is: move it away"},
		"x.mark":                 {string(text), "x.mark is no mark;"},
		key("A") + ".mark":       {string(text), key("A") + ".mark is a damaged mark;"},
		key("B") + ".mark":       {"", key("B") + ".mark is a damaged mark;"},
		key("C") + ".mark":       {string(text[:len(text)/2]), key("C") + ".mark is a damaged mark;"},
		key("D") + ".mark":       {`{"version":2}`, key("D") + ".mark is a mark of version 2, written by a newer weir than this;"},
		key("E") + ".mark":       {strings.Repeat("[", 1<<20), key("E") + ".mark is a damaged mark;"},
		key("F") + ".mark":       {fmt.Sprintf(`{"version":1,"of":"history.db","key":%q,"at":%d,"text":"a\nb","sum":%d}`, l.Key, l.At, l.Sum), "is no mark that is kept: the text of a mark has the control character U+000A"},
		files[0].Name():          {strings.Replace(string(text), "good", "evil", 1), files[0].Name() + " is a damaged mark;"},
		"." + key("G") + ".new":  {"half", ""},
		"../" + key("H") + ".md": {"beside it", ""},
	} {
		before, err := os.ReadFile(filepath.Join(dir, name))
		missing := errors.Is(err, fs.ErrNotExist)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		waiting, err := db.Waiting()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if good := len(waiting) == 1 && waiting[0].Text == "good"; good != missing {
			t.Errorf("%s: there waits %v", name, waiting)
		}
		if problems, err := db.Check(); (len(problems) == 0) != (c.want == "") || err != nil {
			t.Errorf("%s: check tells %q (%v)", name, problems, err)
		}
		if got := texts(t, db); (got == "good") != missing {
			t.Errorf("%s: marks are %s", name, got)
		}
		if now, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(now) != c.text {
			t.Errorf("%s: it is another now (%v)", name, err)
		}
		if missing {
			err = os.Remove(filepath.Join(dir, name))
		} else {
			err = os.WriteFile(filepath.Join(dir, name), before, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// What was being written when its process was killed is swept away later.
	half := filepath.Join(dir, "."+key("G")+".new")
	for _, age := range []time.Duration{0, 2 * time.Hour} {
		if err := os.WriteFile(half, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		made := time.Unix(noon, 0).Add(-age)
		if err := os.Chtimes(half, made, made); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Prune(noon); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(half); errors.Is(err, fs.ErrNotExist) != (age > 0) {
			t.Errorf("%v old, and pruned: %v", age, err)
		}
	}
}

// TestTheMarksOfAnotherHistoryInTheFolderAreNotTaken has two histories side by side.
func TestTheMarksOfAnotherHistoryInTheFolderAreNotTaken(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one.db"), filepath.Join(dir, "two.db")
	first, second := open(t, one, Options{}), open(t, two, Options{})
	add(t, one, noon, "of one")
	add(t, two, noon, "of two")
	for want, db := range map[string]*DB{"of one": first, "of two": second} {
		waiting, err := db.Waiting()
		if len(waiting) != 1 || waiting[0].Text != want || err != nil || texts(t, db) != want {
			t.Errorf("got %v (%v), want %s", waiting, err, want)
		}
	}
}

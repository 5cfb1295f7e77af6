package history

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheHomeIsWhereUsersExpectIt(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"HOME": "/home/u"}, "/home/u/.local/state/weir"},
		{map[string]string{"HOME": "/home/u", "XDG_STATE_HOME": "/s"}, "/s/weir"},
		{map[string]string{"HOME": "/home/u", "XDG_STATE_HOME": "not/from/root"}, "/home/u/.local/state/weir"},
		{map[string]string{"STATE_DIRECTORY": "/var/lib/weir:/var/lib/b", "HOME": "/root"}, "/var/lib/weir"},
	} {
		got, err := FindHome(func(name string) string { return c.env[name] })
		if err != nil || filepath.ToSlash(string(got)) != c.want {
			t.Errorf("%v: got %q, %v; want %q", c.env, got, err, c.want)
		}
	}
	if got, err := FindHome(func(string) string { return "" }); err == nil {
		t.Errorf("without an environment: got %q, want an error", got)
	}
}

func TestEachSetOfLogsHasAHistoryOfItsOwn(t *testing.T) {
	seen := map[string]Subject{}
	for _, s := range []Subject{
		Of([]string{"/a/access.log"}, ""), Of([]string{"/b/access.log"}, ""),
		Of([]string{"/a/access.log", "/b/access.log"}, ""), Of([]string{"/a/access.log"}, "status >= 500"),
		Of([]string{"udp://127.0.0.1:514"}, ""), Of([]string{"-"}, ""), Of([]string{"/a/.hidden log"}, ""),
	} {
		name := s.folder()
		if other, ok := seen[name]; ok || strings.HasPrefix(name, ".") || strings.ContainsAny(name, `/\: `) {
			t.Errorf("%v: the folder %q is no name or that of %v", s, name, other)
		}
		seen[name] = s
	}
	if a, b := Of([]string{"/b", "/a", "/b"}, ""), Of([]string{"/a", "/b"}, ""); !reflect.DeepEqual(a, b) || a.folder() != b.folder() {
		t.Errorf("the order of the logs, or one given twice, makes another history: %v, %v", a, b)
	}
}

func TestAHomeListsItsHistoriesWithWhatTheyAreOf(t *testing.T) {
	h := Home(t.TempDir())
	if list, err := h.List(); len(list) != 0 || err != nil {
		t.Errorf("got %v, %v; want none", list, err)
	}
	want := Of([]string{"/a/access.log"}, "status >= 500")
	db, err := Open(h.Path(want), Options{})
	if err != nil {
		t.Fatal(err)
	}
	name, data := want.State()
	if err := db.Commit(&Commit{States: map[string][]byte{name: data}}); err != nil {
		t.Fatal(err)
	}
	if got, err := db.Subject(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got the subject %v, %v; want %v", got, err, want)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := h.List()
	if err != nil || len(list) != 1 || list[0].Path != h.Path(want) || time.Since(list[0].Changed) > time.Hour {
		t.Errorf("got %v, %v; want the history", list, err)
	}
	if list, err := Home(filepath.Join(string(h), "none")).List(); len(list) != 0 || err != nil {
		t.Errorf("no folder: got %v, %v", list, err)
	}
}

func TestAHistoryWasLastWrittenWhenItsJournalWas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	if k, ok := KeptAt(path); ok || k.Path != path {
		t.Errorf("of none: got %v, %v", k, ok)
	}
	old, late := time.Unix(1_700_000_000, 0), time.Unix(1_700_000_600, 0)
	for _, c := range []struct {
		journal string
		want    time.Time
	}{{"written", late}, {"", old}} { // an empty one is made by whoever reads
		for name, at := range map[string]time.Time{path: old, path + "-wal": late} {
			if err := errors.Join(os.WriteFile(name, []byte(c.journal), 0o600), os.Chtimes(name, at, at)); err != nil {
				t.Fatal(err)
			}
		}
		if k, ok := KeptAt(path); !ok || !k.Changed.Equal(c.want) {
			t.Errorf("with a journal of %d bytes: got %v, %v, want %v", len(c.journal), k, ok, c.want)
		}
	}
}

func TestAHistoryThatNothingWasWrittenToIsTakenAwayAnotherStays(t *testing.T) {
	h := Home(t.TempDir())
	s := Of([]string{"/a/access.log"}, "")
	for _, used := range []bool{false, true} {
		db, err := Open(h.Path(s), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if used {
			commit(t, db, &Commit{Marks: []Mark{{At: noon, Text: "deploy"}}})
		}
		if err := db.Discard(); err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(string(h), "*"))
		if err != nil || len(left) > 0 != used {
			t.Errorf("used %t: got %q (%v)", used, left, err)
		}
	}
}

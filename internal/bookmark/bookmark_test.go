package bookmark

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"weir/internal/tail"
)

func position(offset int64) tail.Position {
	return tail.Position{
		Files: []tail.Mark{{
			Path: "/logs/a.log", Device: 1, Inode: 2, Offset: offset, Line: 3, Size: offset + 5,
			Written: time.Date(2026, 11, 21, 12, 0, 0, 1, time.UTC), Prefix: []tail.Sum{1, 1 << 63}, Anchor: 7, Anchored: 256,
			Carry: []byte("half\x00\xff"), Joins: true,
		}},
		Live: true,
		Read: []tail.Mark{{Path: "/logs/a.log.1", Offset: 9, Anchored: 9}},
	}
}

func open(t *testing.T, name string) *File {
	t.Helper()
	f, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func TestWhatIsSavedIsThereForTheNextProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	f := open(t, name)
	if got := f.Positions(); len(got) != 0 {
		t.Errorf("a fresh start knows %v", got)
	}
	for _, now := range []map[string]tail.Position{
		{"/logs/a.log": position(300), "/logs/b.log": {}},
		{"/logs/a.log": position(400)}, // b.log stays: it was read in another run
	} {
		if err := f.Save(now); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	want := map[string]tail.Position{"/logs/a.log": position(400), "/logs/b.log": {}}
	if got := open(t, name).Positions(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 2 {
		t.Errorf("got files %v (%v), want state and state.lock", entries, err)
	}
}

func TestASecondProcessIsToldWhoHasTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	first := open(t, name)
	_, err := Open(name)
	var held *InUseError
	if !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Fatalf("got %v, want that process %d has it", err, os.Getpid())
	}
	first.Close()
	open(t, name)
}

func TestWhatIsNoStateIsLeftAsItIs(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "is empty",
		"{":                              "is damaged (unexpected end of JSON input)",
		`{"version":1,"sources":{}}x`:    "is damaged (invalid character 'x'",
		`[]`:                             "is damaged",
		`{}`:                             "it has no version",
		`{"version":1}`:                  "it has no sources",
		`{"version":0,"sources":{}}`:     "version 0",
		`{"version":2,"sources":"else"}`: "is of version 2, written by a newer weir than this, which reads version 1",
		`{"version":1,"sources":{"/a":{"files":[{"anchor":"xy"}]}}}`:              "is damaged",
		`{"version":1,"sources":{"/a":{"files":[{"offset":-1}]}}}`:                `a position of "/a" is none`,
		`{"version":1,"sources":{"/a":{"read":[{"offset":9,"anchored":10}]}}}`:    `a position of "/a" is none`,
		`{"version":1,"sources":{"/a":{"read":[{"offset":999,"anchored":513}]}}}`: `a position of "/a" is none`,
	} {
		name := filepath.Join(t.TempDir(), "state")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(name)
		if err == nil {
			f.Close()
			t.Errorf("%s: taken as a state", text)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "left as it is") {
			t.Errorf("%s: got %q, want %q in it", text, err, want)
		}
		if now, _ := os.ReadFile(name); string(now) != text {
			t.Errorf("%s: became %s", text, now)
		}
		// It is not locked either: who repairs it can start again.
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		open(t, name)
	}
}

func TestAFailedSaveLeavesWhatWasThere(t *testing.T) {
	name := filepath.Join(t.TempDir(), "state")
	f := open(t, name)
	if err := f.Save(map[string]tail.Position{"/a": position(300)}); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(name)
	// A folder with something in it, at the name of the temporary file, fails
	// for root, too.
	if err := os.MkdirAll(name+".tmp/x", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(map[string]tail.Position{"/a": position(400)}); err == nil {
		t.Error("saved into a folder that stands in the way")
	}
	if now, _ := os.ReadFile(name); string(now) != string(before) {
		t.Errorf("became %s", now)
	}
	if err := os.RemoveAll(name + ".tmp"); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(map[string]tail.Position{"/a": position(400)}); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestALinkStaysALink(t *testing.T) {
	dir := t.TempDir()
	at, name := filepath.Join(dir, "at"), filepath.Join(dir, "state")
	if err := os.WriteFile(at, []byte(`{"version":1,"sources":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(at, name); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := open(t, name).Save(map[string]tail.Position{"/a": position(300)}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(name); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	if text, _ := os.ReadFile(at); !strings.Contains(string(text), "/a") {
		t.Errorf("what the link leads to: %s", text)
	}
}

func TestAFolderThatIsMissingIsToldOf(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "no", "state"))
	if err == nil || !strings.Contains(err.Error(), "does not exist: make it") {
		t.Errorf("got %v", err)
	}
}

// FuzzAStateNobodyWroteDoesNoHarm reads any text, and follows a log by what it
// says.
func FuzzAStateNobodyWroteDoesNoHarm(f *testing.F) {
	for _, text := range []string{
		`{"version":1,"sources":{"log":{"files":[{"path":"log","offset":4,"anchored":4,"anchor":"0000000000000000","written":"2026-11-21T12:00:00Z"}],"live":true}}}`,
		`{"version":1,"sources":{"log":{"files":[{"path":"","offset":900,"size":9223372036854775807,"carry":"aGFsZg=="}],"read":[{}]}}}`,
		`{"version":1,"sources":{"log":{"files":[{"prefix":["0000000000000000"],"blind":true,"joins":true}]}}}`,
	} {
		f.Add([]byte(text))
	}
	log := filepath.Join(f.TempDir(), "log")
	f.Fuzz(func(t *testing.T, text []byte) {
		sources, err := parse(text)
		if err != nil {
			return
		}
		if err := os.WriteFile(log, []byte("one\ntwo\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		follower, err := tail.Open(tail.Options{Paths: []string{log}, Poll: true, Resume: map[string]tail.Position{log: sources["log"]}})
		if err != nil {
			t.Fatal(err)
		}
		defer follower.Close()
		src := follower.Sources()[0]
		for range 100 {
			b := src.Next(time.Now())
			if b == nil {
				break
			}
			b.Release()
		}
		if at := fmt.Sprint(src.Position()); at == "" {
			t.Error("no position")
		}
	})
}

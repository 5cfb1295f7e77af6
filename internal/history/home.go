package history

import (
	"cmp"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A Home is the folder that histories lie in, each in one of its own:
//
//	HOME/access.log-gq3tqmbx/history.db
//
// so that two sites that were looked at one after the other are not counted
// together.
type Home string

// fileName is that of the database in its folder.
const fileName = "history.db"

// FindHome returns the folder that is meant where none is named: weir in
// $XDG_STATE_HOME, which is .local/state of the user if it is not set, or in
// %LocalAppData% on Windows; of a service $STATE_DIRECTORY, which systemd sets.
// It need not be there.
func FindHome(getenv func(string) string) (Home, error) {
	if dirs := getenv("STATE_DIRECTORY"); dirs != "" {
		first, _, _ := strings.Cut(dirs, ":")
		return Home(first), nil
	}
	if dir := getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return Home(filepath.Join(dir, "weir")), nil
	}
	if dir := getenv("LocalAppData"); runtime.GOOS == "windows" && dir != "" {
		return Home(filepath.Join(dir, "weir")), nil
	}
	if dir := getenv("HOME"); dir != "" {
		return Home(filepath.Join(dir, ".local", "state", "weir")), nil
	}
	return "", errors.New("there is no folder for the history: neither $XDG_STATE_HOME nor $HOME is set; name one with --state DIR, or do without by --no-state")
}

// A Subject is what a history is of: the same logs, and the same requests of
// them, give the same history.
type Subject struct {
	// Logs are paths and patterns from the root, names of streams, "-" for
	// standard input; sorted, each once.
	Logs []string `json:"logs"`
	// Where tells which requests are counted, as it was given; "" is all.
	Where string `json:"where,omitempty"`
}

// stateSubject is the name of the state that says what a history is of.
const stateSubject = "subject"

// Of returns the Subject of words of a command line.
func Of(words []string, where string) Subject {
	s := Subject{Where: where}
	for _, w := range words {
		if w != "-" && !strings.Contains(w, "://") {
			if abs, err := filepath.Abs(w); err == nil {
				w = abs
			}
		}
		s.Logs = append(s.Logs, w)
	}
	slices.Sort(s.Logs)
	s.Logs = slices.Compact(s.Logs)
	return s
}

// String tells what a person would call s.
func (s Subject) String() string {
	text := strings.Join(s.Logs, ", ")
	if s.Where != "" {
		text += " where " + s.Where
	}
	return text
}

// folder is the name of the folder of s: what the first log is called, then what
// tells it from others of that name.
func (s *Subject) folder() string {
	sum := fnv.New64a()
	for _, l := range s.Logs {
		sum.Write([]byte(l + "\x00"))
	}
	sum.Write([]byte("\x00" + s.Where))
	first := "weir"
	if len(s.Logs) > 0 {
		first = filepath.Base(s.Logs[0])
	}
	if first == "-" {
		first = "stdin"
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, first)
	name = strings.TrimLeft(name[:min(len(name), 40)], ".")
	return name + "-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum.Sum(nil)))[:8]
}

// Path returns where the history of s is, or would be.
func (h Home) Path(s Subject) string { return filepath.Join(string(h), s.folder(), fileName) }

// State returns s as the state of a Commit that says what a history is of, and
// the name for it.
func (s Subject) State() (name string, data []byte) {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // of strings: cannot be
	}
	return stateSubject, data
}

// Subject returns what the history is of; the zero value where that was not told.
func (db *DB) Subject() (Subject, error) {
	data, ok, err := db.State(stateSubject)
	if err != nil || !ok {
		return Subject{}, err
	}
	var s Subject
	if err := json.Unmarshal(data, &s); err != nil {
		return Subject{}, &DamageError{db.path, fmt.Errorf("what it is of: %w", err)}
	}
	return s, nil
}

// A Kept is a history that lies in a Home.
type Kept struct {
	Path    string
	Changed time.Time // when it was last written
}

// KeptAt tells of the history at path, false where no file is there.
func KeptAt(path string) (Kept, bool) {
	info, err := os.Stat(path)
	if err != nil {
		return Kept{Path: path}, false
	}
	k := Kept{Path: path, Changed: info.ModTime()}
	if !info.Mode().IsRegular() {
		return k, false
	}
	// An empty journal is made by whoever reads.
	if journal, err := os.Stat(path + "-wal"); err == nil && journal.Size() > 0 && journal.ModTime().After(k.Changed) {
		k.Changed = journal.ModTime()
	}
	return k, true
}

// List returns the histories in h, the one last written first. That there is no
// such folder is none.
func (h Home) List() ([]Kept, error) {
	folders, err := os.ReadDir(string(h))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the folder of the histories: %w", err)
	}
	var list []Kept
	for _, f := range folders {
		if k, ok := KeptAt(filepath.Join(string(h), f.Name(), fileName)); ok {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b Kept) int {
		return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(a.Path, b.Path))
	})
	return list, nil
}

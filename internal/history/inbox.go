package history

import (
	"cmp"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	// inboxName is that of the folder beside a history in which marks wait that
	// were made while another process wrote it:
	//
	//	inbox/KEY.mark   one letter in JSON
	//	inbox/.KEY.new   one that is being written
	inboxName = "inbox"
	// maxText is how many bytes the text of a Mark may have.
	maxText = 1000
	// maxLetter bounds what is read of a file of the inbox: JSON may take six
	// bytes for one.
	maxLetter = 16 << 10
	// mostWaiting is how many marks Waiting returns at a time.
	mostWaiting   = 1000
	letterVersion = 1
	letterSuffix  = ".mark"
)

// A letter is a Mark that waits, as it stands in its file.
type letter struct {
	Version int    `json:"version"`
	Of      string `json:"of"` // name of the file of the history
	Key     string `json:"key"`
	At      int64  `json:"at"` // Unix seconds
	Text    string `json:"text"`
	Sum     int64  `json:"sum"` // CRC-32C of what it tells
}

func (l *letter) sum() int64 {
	return sumOf("mark", l.Of+" "+l.Key, append(strconv.AppendInt(nil, l.At, 10), l.Text...))
}

// Check finds what must not be on the time line: no text, one of several lines or of more
// than 1,000 bytes, control characters, a time that is none.
func (m *Mark) Check() error {
	switch {
	case strings.TrimSpace(m.Text) == "":
		return errors.New("a mark has no text: say in a few words what happened")
	case len(m.Text) > maxText:
		return fmt.Errorf("the text of a mark has %d bytes, %d at most are kept: make it shorter", len(m.Text), maxText)
	case !utf8.ValidString(m.Text):
		return errors.New("the text of a mark is not UTF-8")
	case m.At < -maxTime || m.At > maxTime:
		return fmt.Errorf("the time %d of a mark is none", m.At)
	}
	for i, r := range m.Text {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("the text of a mark has the control character %U at byte %d: one line of plain text is kept", r, i+1)
		}
	}
	return nil
}

// maxTime is the last second of the year 9999: what can be shown as a time.
const maxTime = 253402300799

// AddMark puts m on the time line of the history at path, whoever writes that: it
// is committed where no other process writes the history, and else left beside it
// for the one that does, see Waiting. Either way Marks tells of it at once. That
// there is no history is fs.ErrNotExist; a text of several lines, of more than 1,000
// bytes, or with control characters, is an error that says so. The ID of m is
// ignored, and its Key.
func AddMark(path string, m Mark) error {
	db, err := addressed(path, &m)
	if err != nil {
		return err
	}
	writer, err := take(db.path, Options{}, 0)
	if errors.As(err, new(*HeldError)) {
		return db.leave(&m)
	}
	if err != nil {
		return err
	}
	err = writer.Commit(&Commit{Marks: []Mark{m}})
	// What is committed stays so if the history cannot be closed well.
	_ = writer.Close()
	return err
}

// LeaveMark leaves m beside the history at path for the weir that writes it, or the next
// one that does: as AddMark, for a mark that a running weir is to act on.
func LeaveMark(path string, m Mark) error {
	db, err := addressed(path, &m)
	if err != nil {
		return err
	}
	return db.leave(&m)
}

// addressed checks m, gives it a key of its own, and returns the history at path, which is
// there, not opened.
func addressed(path string, m *Mark) (*DB, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	db := &DB{path: placeOf(path)}
	if found, err := db.inspect(); err != nil {
		return nil, err
	} else if !found {
		return nil, fmt.Errorf("there is no history %s: %w", db.path, fs.ErrNotExist)
	}
	m.Key = rand.Text()
	return db, nil
}

func (db *DB) inbox() string { return filepath.Join(filepath.Dir(db.path), inboxName) }

// leave writes m into the inbox: whole, under another name, so that nobody reads
// a part.
func (db *DB) leave(m *Mark) error {
	fail := func(err error) error { return fmt.Errorf("cannot leave a mark for the history %s: %w", db.path, err) }
	l := letter{Version: letterVersion, Of: filepath.Base(db.path), Key: m.Key, At: m.At, Text: m.Text}
	l.Sum = l.sum()
	text, err := json.Marshal(&l)
	if err != nil {
		return fail(err)
	}
	dir := db.inbox()
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fail(err)
	}
	owner, _ := os.Stat(db.path)
	giveTo(dir, owner)
	name := filepath.Join(dir, "."+m.Key+".new")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		giveTo(name, owner)
		err = os.Rename(name, filepath.Join(dir, m.Key+letterSuffix))
	}
	if err != nil {
		_ = os.Remove(name) // the first failure is the one to tell
		return fail(err)
	}
	if folder, err := os.Open(dir); err == nil {
		_ = folder.Sync() // some systems cannot; then it is theirs to keep the name
		folder.Close()
	}
	return nil
}

// Waiting returns the marks that others left for the process that writes the
// history, at most a thousand, in the order of time, and of one second in that in which they were
// left. Give them to the next Commit,
// and when that is written to Taken. Marks committed twice, because the process was
// killed between the two, are there once.
//
// The error tells of files in the inbox that are no marks, and stay where they are;
// the marks returned are good all the same. It comes again as long as they are there.
func (db *DB) Waiting() ([]Mark, error) {
	files, err := os.ReadDir(db.inbox())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the marks that wait for the history %s: %w", db.path, err)
	}
	type left struct {
		Mark
		when time.Time
	}
	var found []left
	var odd []error
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || len(found) == mostWaiting {
			continue
		}
		l, err := db.readLetter(f)
		switch {
		case errors.Is(err, fs.ErrNotExist): // taken just now
		case err != nil && len(odd) < mostProblems:
			odd = append(odd, fmt.Errorf("%s %w; it is left as it is: move it away", filepath.Join(db.inbox(), f.Name()), err))
		case err == nil && l.Of == filepath.Base(db.path):
			w := left{Mark: Mark{At: l.At, Text: l.Text, Key: l.Key}}
			if info, err := f.Info(); err == nil {
				w.when = info.ModTime()
			}
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b left) int {
		return cmp.Or(cmp.Compare(a.At, b.At), a.when.Compare(b.when), cmp.Compare(a.Key, b.Key))
	})
	var marks []Mark
	for _, w := range found {
		marks = append(marks, w.Mark)
	}
	return marks, errors.Join(odd...)
}

// readLetter reads one file of the inbox. Its errors go on from the name.
func (db *DB) readLetter(f os.DirEntry) (*letter, error) {
	key, ok := strings.CutSuffix(f.Name(), letterSuffix)
	if !ok || !f.Type().IsRegular() || !isKey(key) {
		return nil, errors.New("is no mark")
	}
	file, err := os.Open(filepath.Join(db.inbox(), f.Name()))
	if err != nil {
		return nil, fmt.Errorf("cannot be read as a mark: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxLetter))
	if err != nil {
		return nil, fmt.Errorf("cannot be read as a mark: %w", err)
	}
	var l letter
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, errors.New("is a damaged mark")
	}
	if l.Version > letterVersion {
		return nil, fmt.Errorf("is a mark of version %d, written by a newer weir than this", l.Version)
	}
	if l.Version != letterVersion || l.Key != key || l.Sum != l.sum() {
		return nil, errors.New("is a damaged mark")
	}
	if err := (&Mark{At: l.At, Text: l.Text}).Check(); err != nil {
		return nil, fmt.Errorf("is no mark that is kept: %w", err)
	}
	return &l, nil
}

// isKey reports whether a key is one that rand.Text makes: letters and digits, so
// that it is a name in the inbox and nowhere else.
func isKey(key string) bool {
	return len(key) >= 26 && len(key) <= 64 && strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// Taken removes marks that Waiting returned from the inbox. They must have been
// committed.
func (db *DB) Taken(marks []Mark) error {
	var errs []error
	for i := range marks {
		if !isKey(marks[i].Key) {
			continue // it never waited
		}
		err := os.Remove(filepath.Join(db.inbox(), marks[i].Key+letterSuffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("a mark that is kept cannot be removed from those that wait: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Marks returns the marks from from until before to, Unix seconds, in the order of
// time, with those that still wait for the process that writes the history: they have
// no ID. What Waiting says of files that are no marks is not told here.
func (db *DB) Marks(from, to int64) ([]Mark, error) {
	// The inbox first: a mark that is taken out of it meanwhile is in the table.
	waiting, _ := db.Waiting()
	var marks []Mark
	err := db.read(func(tx *sql.Tx) error {
		var m Mark
		text := "SELECT id, at, text, coalesce(key, '') FROM mark WHERE at >= ? AND at < ?"
		if err := query(tx, text, []any{from, to}, []any{&m.ID, &m.At, &m.Text, &m.Key}, func() error {
			marks = append(marks, m)
			return nil
		}); err != nil {
			return err
		}
		for _, w := range waiting {
			taken := w.At < from || w.At >= to
			if err := query(tx, "SELECT 1 FROM mark WHERE key = ?", []any{w.Key}, []any{new(int)}, func() error {
				taken = true
				return nil
			}); err != nil {
				return err
			}
			if !taken {
				marks = append(marks, w)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Those without an ID are the newest.
	slices.SortStableFunc(marks, func(a, b Mark) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(uint64(a.ID)-1, uint64(b.ID)-1))
	})
	return marks, nil
}

// sweep removes what AddMark has begun to write an hour ago and never finished,
// since its process was killed.
func (db *DB) sweep(now int64) {
	files, _ := os.ReadDir(db.inbox()) // what cannot be read now is swept later
	for _, f := range files {
		key, ok := strings.CutSuffix(strings.TrimPrefix(f.Name(), "."), ".new")
		if info, err := f.Info(); ok && isKey(key) && f.Type().IsRegular() && err == nil && info.ModTime().Unix() < now-3600 {
			_ = os.Remove(filepath.Join(db.inbox(), f.Name()))
		}
	}
}

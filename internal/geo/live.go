package geo

import (
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	// lookEvery is how often, at most, the file of a Live is looked at.
	lookEvery = 5 * time.Second
	// maxLive is how large it may be, since all of it is in memory.
	maxLive = 1 << 30
)

// A Live is a database whose file may be replaced or written anew while it is
// used. It belongs to one goroutine, and is made by OpenLive.
//
// The file is read into memory, not mapped: a mapped one that is written in
// place, as cp and curl -o do it, changes under a lookup, and where it is cut
// short the system ends the process.
type Live struct {
	path    string
	db      *DB
	read    fs.FileInfo // the file that db was read from
	changed fs.FileInfo // another one, seen in its place by the last look; else nil
	looked  time.Time
	told    string // what was said last of a file that cannot be read
	damage  bool   // was told
}

// OpenLive opens the database at path. The errors are those of Open.
func OpenLive(path string, now time.Time) (*Live, error) {
	db, info, err := load(path)
	if err != nil {
		return nil, err
	}
	return &Live{path: path, db: db, read: info, looked: now}, nil
}

// load reads a whole database. info is that of the file before it was read, so
// that a change meanwhile is seen by the next look.
func load(path string) (db *DB, info fs.FileInfo, err error) {
	if err := check(path); err != nil {
		return nil, nil, err
	}
	if info, err = os.Stat(path); err != nil {
		return nil, nil, unreadable(path, err)
	}
	if info.Size() > maxLive {
		return nil, nil, fmt.Errorf("the database %s is larger than 1 GiB, which is too much to hold in memory: take one of countries or networks, or use it with weir report", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	r, err := maxminddb.OpenBytes(b)
	if err != nil {
		return nil, nil, broken(path, err)
	}
	return &DB{path: path, reader: r, places: map[uintptr]Place{}, err: new(firstError)}, info, nil
}

// Place returns where the client is, as that of a DB does.
func (l *Live) Place(client []byte) Place { return l.db.Place(client) }

// Look reads the database again if its file is another one than it was; now is
// the time, and the file is looked at every five seconds at most. One that is
// still being written, is broken or gone changes nothing: what was read before
// stays in use, and the file is tried again with the next look. It returns what
// a person should read of it, each sentence once.
func (l *Live) Look(now time.Time) (notices []string) {
	if err := l.db.Err(); err != nil && !l.damage {
		l.damage = true
		notices = append(notices, err.Error())
	}
	if since := now.Sub(l.looked); since >= 0 && since < lookEvery {
		return notices
	}
	l.looked = now
	info, err := os.Stat(l.path)
	switch {
	case err != nil:
		l.changed = nil
		return l.keep(notices, unreadable(l.path, err))
	case same(info, l.read):
		l.changed, l.told = nil, ""
		return notices
	case l.changed == nil || !same(info, l.changed):
		l.changed = info // it may still be being written: it is to keep still for one look
		return notices
	}
	db, info, err := load(l.path)
	if err != nil {
		return l.keep(notices, err)
	}
	_ = l.db.Close() // nothing is left of it but memory
	l.db, l.read, l.changed, l.told, l.damage = db, info, nil, "", false
	return append(notices, fmt.Sprintf("the database %s has changed: clients are looked up in the new one from here on", l.path))
}

// keep tells why the database is not the newest one.
func (l *Live) keep(notices []string, why error) []string {
	text := why.Error()
	if text == l.told {
		return notices
	}
	l.told = text
	return append(notices, text+" (what was read of it before stays in use)")
}

// same tells whether two looks saw the same file with the same content, as far
// as that shows.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// Close gives the memory back. The Live is not used afterwards.
func (l *Live) Close() error { return l.db.Close() }

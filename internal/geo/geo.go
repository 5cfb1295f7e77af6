// Package geo finds the place of a client in a MaxMind database that the user gives.
//
// Databases of countries, cities or networks are read: GeoLite2, GeoIP2, DB-IP,
// IPinfo or any other file of the format that has fields of those names.
package geo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"
)

// maxPlaces is how many records of a database are remembered once decoded. Many
// networks share one.
const maxPlaces = 4096

// A Place is where a client is. What is not known is empty.
type Place struct {
	Country string // the name in English, the ISO code if there is none
	City    string // the name in English
	Network string // AS3320 Deutsche Telekom AG
	Code    string // of the country: DE
}

// A DB is an open database. It belongs to one goroutine, and is made by Open.
// The file is mapped into memory: it may be replaced by another one meanwhile,
// which the DB does not notice, but not be written in place. A Live bears both.
type DB struct {
	path   string
	reader *maxminddb.Reader
	places map[uintptr]Place // by where in the file the record is
	err    *firstError
}

// A firstError is shared by the twins of a DB.
type firstError struct{ atomic.Pointer[error] }

// Twin returns a DB on the same open file for another goroutine. Twins have one
// Err, and end when one of them is closed.
func (db *DB) Twin() *DB {
	return &DB{path: db.path, reader: db.reader, places: map[uintptr]Place{}, err: db.err}
}

// Open opens the database at path. The error is a sentence that names the file:
// it is missing, is no file, is no MaxMind database, is packed or damaged.
func Open(path string) (*DB, error) {
	if err := check(path); err != nil {
		return nil, err
	}
	r, err := maxminddb.Open(path)
	if err != nil {
		return nil, broken(path, err)
	}
	return &DB{path: path, reader: r, places: map[uintptr]Place{}, err: new(firstError)}, nil
}

const (
	// marker stands before the description of a database, near its end.
	marker = "\xab\xcd\xefMaxMind.com"
	// maxDescription is how long a description may be.
	maxDescription = 128 << 10
)

// check looks at the file before it is read as a database, because what the
// library says of another file names offsets only.
func check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file: give the MaxMind database (.mmdb) itself", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	defer f.Close()
	from := max(0, info.Size()-maxDescription-int64(len(marker)))
	tail, err := io.ReadAll(io.NewSectionReader(f, from, maxDescription+int64(len(marker))))
	if err != nil {
		return unreadable(path, err)
	}
	if bytes.Contains(tail, []byte(marker)) {
		return nil
	}
	head := make([]byte, 2)
	if _, err := f.ReadAt(head, 0); err == nil && string(head) == "\x1f\x8b" {
		return fmt.Errorf("%s is packed with gzip: unpack it, and give the MaxMind database (.mmdb) that is in it", path)
	}
	return fmt.Errorf("%s is not a MaxMind database, or is cut short: the description at its end is missing", path)
}

// broken is the sentence for what the library cannot open.
func broken(path string, err error) error {
	var wrong maxminddb.InvalidDatabaseError
	if errors.As(err, &wrong) {
		return fmt.Errorf("the database %s is damaged or cut short, fetch it again: %w", path, err)
	}
	return unreadable(path, err)
}

func unreadable(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("cannot read the database %s: %w", path, err)
}

// Close gives the file back. The DB is not used afterwards.
func (db *DB) Close() error { return db.reader.Close() }

// Err returns the first damage that Place of db or one of its twins met with, as
// a sentence; nil where there was none.
func (db *DB) Err() error {
	if err := db.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Place returns where the client is. It is empty for names of hosts, for
// addresses that only mean something inside a network, and for those that the
// database does not have. The strings are as the database has them, cut at 200
// bytes: whoever shows them passes them through package escape.
func (db *DB) Place(client []byte) Place {
	addr, ok := public(client)
	if !ok || addr.Is6() && db.reader.Metadata.IPVersion == 4 {
		return Place{}
	}
	found := db.reader.Lookup(addr)
	if err := found.Err(); err != nil {
		db.damaged(err)
		return Place{}
	}
	if !found.Found() {
		return Place{}
	}
	at := found.Offset()
	p, ok := db.places[at]
	if ok {
		return p
	}
	var fields record
	if err := found.Decode(&fields); err != nil {
		db.damaged(err)
		return Place{}
	}
	if len(db.places) >= maxPlaces {
		clear(db.places)
	}
	p = fields.place()
	db.places[at] = p
	return p
}

func (db *DB) damaged(err error) {
	err = fmt.Errorf("the database %s is damaged, some clients have no place: %w", db.path, err)
	db.err.CompareAndSwap(nil, &err)
}

// public reads an address that anybody on the Internet may have.
func public(client []byte) (netip.Addr, bool) {
	if len(client) == 0 || len(client) > 64 {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(string(client))
	if err != nil {
		return netip.Addr{}, false
	}
	addr = addr.Unmap().WithZone("")
	return addr, addr.IsGlobalUnicast() && !addr.IsPrivate()
}

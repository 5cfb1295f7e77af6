// Package export writes records down in the notations that other programs read.
//
//	Record ──> Writer.Append ──> NDJSON, CSV, TSV, Combined
//
// A record is one line. Every notation has its own gate for strings of a log:
// JSON is valid UTF-8 that steers no terminal, CSV and TSV hold no formula,
// Combined is escaped as Apache does. The escapes that the log itself holds
// (\x22) are left as they are.
//
// Nothing here reads a file or looks at a clock. A Writer belongs to one
// goroutine.
package export

import (
	"time"

	"weir/internal/accesslog"
)

// A Writer appends records to dst, one line each. It allocates only to grow
// dst, and keeps neither the record nor dst.
type Writer interface {
	Append(dst []byte, r *accesslog.Record, source string) []byte
}

// A Notation is a way of writing records.
type Notation struct {
	Name   string
	Header string // the line before the first record, with its line feed; "" for none
	// New returns a new Writer, whose times are in zone.
	New func(zone *time.Location) Writer
}

// Notations returns all there are. The slice is the caller's own.
func Notations() []Notation {
	return []Notation{
		{Name: "json", New: newJSON},
		{Name: "csv", Header: header(','), New: newTable(',')},
		{Name: "tsv", Header: header('\t'), New: newTable('\t')},
		{Name: "combined", New: newCombined(false)},
		{Name: "combined-time", New: newCombined(true)},
	}
}

// Lookup returns the notation of that name.
func Lookup(name string) (Notation, bool) {
	for _, n := range Notations() {
		if n.Name == name {
			return n, true
		}
	}
	return Notation{}, false
}

// Names returns the names of all notations in the order of Notations.
func Names() []string {
	var names []string
	for _, n := range Notations() {
		names = append(names, n.Name)
	}
	return names
}

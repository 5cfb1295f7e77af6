package accesslog

import (
	"bytes"
	"time"
)

// NoLatency is the Latency of a record whose line carries none.
const NoLatency time.Duration = -1

// A Record is one request as the access log tells it.
//
// The byte slices are views into the line that was parsed: they are valid as
// long as that line is, and until the next Parse of the Parser that filled the
// Record (which may hold unquoted text). Clone keeps one. A field that the line
// does not carry, or carries empty or as "-", is nil. The
// slices hold the log's bytes as they are, escapes included; only package
// escape may show them to a person. A Record is owned by one goroutine.
type Record struct {
	Sec     int64         // Unix seconds, UTC
	Nanos   int32         // fraction of the second, 0 where the log has none
	Status  int           // 0 = the line has none
	Bytes   int64         // sent to the client; "-" is 0
	Latency time.Duration // NoLatency = the line has none

	Client   []byte // address or host name, without brackets or port
	User     []byte
	Host     []byte // virtual host, with its port where the log has it
	Request  []byte // the whole request field, nil where the log splits it
	Method   []byte // nil when Malformed, or the log has no column for it
	Target   []byte // nil when Malformed
	Protocol []byte // nil in HTTP/0.9 style requests
	Referrer []byte
	Agent    []byte
	// Forwarded is what proxies have logged about whom a request is from: the
	// list of addresses of X-Forwarded-For, of Forwarded (RFC 7239), or of a
	// header like them. The client may have made up all of it but the right end.
	Forwarded []byte

	// Malformed says that the request field is not an HTTP request (a TLS
	// hello, binary, one word, nothing). Such a line is still a hit.
	Malformed bool
}

// MaxSec is the last second that can be that of a record, the end of the year
// 9999: RFC 3339 can write no later one, and sums of such times do not overflow.
const MaxSec = 253402300799

// Dated reports whether the time of r is one that a clock can have, from 1970 to
// the year 9999. An Auto gives no others.
func (r *Record) Dated() bool { return r.Sec >= 0 && r.Sec <= MaxSec }

// Clear makes r ready for the next line.
func (r *Record) Clear() { *r = Record{Latency: NoLatency} }

// Clone returns a copy of r that owns its bytes.
func (r *Record) Clone() Record {
	c := *r
	for _, f := range []*[]byte{
		&c.Client, &c.User, &c.Host, &c.Request, &c.Method, &c.Target,
		&c.Protocol, &c.Referrer, &c.Agent, &c.Forwarded,
	} {
		*f = bytes.Clone(*f)
	}
	return c
}

// Path is the target without its query and fragment.
func (r *Record) Path() []byte {
	// Two looks with IndexByte; IndexAny goes byte by byte and took 35 ns.
	path := r.Target
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if i := bytes.IndexByte(path, '#'); i >= 0 {
		path = path[:i]
	}
	return path
}

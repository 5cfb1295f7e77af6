// Package stamp finds the time of a line of any log.
//
// Access logs have formats; all other logs have a time somewhere near the head
// of a line, in one of not so many notations. Which program wrote it does not
// matter:
//
//	2026-11-21T10:00:00.123Z  2026-11-21 10:00:00,123 +0100     RFC 3339 and like it
//	2026/11/21 10:00:00                                         nginx, Go
//	20261121T100000Z  261121 10:00:00                           ISO 8601 basic; MySQL 5
//	[Sat Nov 21 10:00:00.123456 2026]  Sat Nov 21 10:00:00 UTC 2026   Apache, date(1)
//	Sat, 21 Nov 2026 10:00:00 GMT                               RFC 1123
//	Nov 21 10:00:00  Nov 21, 2026 10:00:00 AM                   syslog (RFC 3164); Java
//	21/Nov/2026:10:00:00 +0100  21-Nov-2026 10:00:00 UTC        access logs; PHP
//	21 Nov 2026 10:00:00.123                                    Redis
//	I1121 10:00:00.123456                                       klog, glog
//	1795255200  1795255200.123  1795255200123                   Unix seconds, milli, micro, nano
//	{"level":"info","ts":1795255200.1}  time="2026-11-21T10..." JSON, logfmt
//
// A line without one, as those of a stack trace, goes with the line before it.
package stamp

import (
	"bytes"
	"time"
)

const (
	// reach is how far from the head of a line a time may begin.
	reach = 128
	// most is the last second that is taken: the end of the year 9999.
	most = 253402300799
)

// A Moment is the time of a line.
type Moment struct {
	Sec   int64 // Unix seconds, from 0 to the end of the year 9999
	Nanos int32
	// Again is how many seconds later it was, if it was not at Sec: a time
	// without a zone, in the hour that clocks go back over. Else 0.
	Again int64
}

// A Reader finds the times of the lines of one log. Make one with New. It
// belongs to one goroutine.
type Reader struct {
	zone   *time.Location
	newest time.Time
	deep   bool // times stand behind other words

	// Of the last time without a zone that was looked up.
	quarter wall
	base    int64
	again   int64
}

// wall is a quarter of an hour as clocks on the wall show it: within one no zone
// has changed its offset.
type wall struct {
	year, month, day, hour, quarter int
	set                             bool
}

// New returns a Reader. Times that have no zone are of zone, nil is UTC. Those
// without a year are of the last year in which they were not later than a day
// behind newest: that is when the log was written last.
func New(zone *time.Location, newest time.Time) *Reader {
	if zone == nil {
		zone = time.UTC
	}
	return &Reader{zone: zone, newest: newest.In(zone)}
}

// Learn looks at lines, without their ends, from the head of the log or all over
// it, and returns how many of them have a time. It decides where times stand: a
// log whose lines begin with them has none further on, only dates that are
// spoken of.
func (r *Reader) Learn(lines [][]byte) int {
	first, deep := 0, 0
	for _, line := range lines {
		r.deep = false
		if _, ok := r.Time(line); ok {
			first++
			continue
		}
		r.deep = true
		if _, ok := r.Time(line); ok {
			deep++
		}
	}
	// Traces may be most of the lines, and each speak of a date.
	if r.deep = deep > 8*first; r.deep {
		return deep
	}
	return first
}

// Time returns the time of line, which is without its end; ok is false where it
// has none of its own.
func (r *Reader) Time(line []byte) (m Moment, ok bool) {
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	if len(line) == 0 || line[0] == ' ' || line[0] == '\t' {
		return m, false
	}
	if line[0] == '{' {
		return r.inObject(line)
	}
	c := cursor{b: line}
	c.opening()
	if m, ok := r.at(line, c.i, true); ok || !r.deep {
		return m, ok
	}
	for i := 1; i < min(len(line), reach); i++ {
		if !isWord(line[i]) || isWord(line[i-1]) || line[i-1] == '-' || line[i-1] == '.' || line[i-1] == '/' {
			continue
		}
		if m, ok := r.at(line, i, line[i-1] == '=' && isKey(lastWord(line[:i-1]))); ok {
			return m, true
		}
	}
	return m, false
}

// isKey reports whether the time of a line is called so, where things have names.
func isKey(word []byte) bool {
	switch string(word) {
	case "time", "ts", "timestamp", "@timestamp", "asctime", "datetime", "date", "t", "@t", "eventTime", "event_time",
		"time_iso8601", "time_local", "msec", "start_time", "__REALTIME_TIMESTAMP":
		return true
	}
	return false
}

// lastWord is the word that b ends with.
func lastWord(b []byte) []byte {
	i := len(b)
	for i > 0 && isWord(b[i-1]) {
		i--
	}
	return b[i:]
}

// inObject finds the time of a line of JSON by its key, wherever it stands: the
// runtime of Docker writes it last.
func (r *Reader) inObject(line []byte) (m Moment, ok bool) {
	for rest := line; ; {
		colon := bytes.Index(rest, []byte(`":`))
		if colon < 0 {
			return m, false
		}
		key := rest[:colon]
		key = key[bytes.LastIndexByte(key, '"')+1:]
		rest = rest[colon+2:]
		if !isKey(key) {
			continue
		}
		at := len(line) - len(rest)
		for at < len(line) && (line[at] == ' ' || line[at] == '"') {
			at++
		}
		if m, ok := r.at(line, at, true); ok {
			return m, true
		}
	}
}

// at reads the time that begins at i. Only where it is sure to be one, bare
// numbers are taken for times, too.
func (r *Reader) at(line []byte, i int, sure bool) (m Moment, ok bool) {
	c := cursor{b: line, i: i}
	if i >= len(line) {
		return m, false
	}
	if isDigit(line[i]) {
		return r.number(c, sure)
	}
	if sure {
		if m, ok := r.klog(c); ok {
			return m, true
		}
	}
	return r.named(c)
}

// number reads what begins with a digit.
func (r *Reader) number(c cursor, sure bool) (m Moment, ok bool) {
	start := c.i
	n, digits := c.digits()
	var p parts
	switch next := c.peek(); {
	case digits == 4 && (next == '-' || next == '/' || next == '.'):
		p.year = int(n)
		c.i++
		if p.month, ok = c.two(); !ok || !c.take(next) {
			return m, false
		}
		if p.day, ok = c.two(); !ok || !c.oneOf("T _:-t") {
			return m, false
		}
		return r.rest(c, &p)
	case digits <= 2 && (next == '/' || next == '-' || next == ' '):
		p.day = int(n)
		c.i++
		if p.month, ok = c.month(); !ok || !c.take(next) {
			return m, false
		}
		year, digits := c.digits()
		if p.year = int(year); digits != 4 || !c.oneOf(": T") {
			return m, false
		}
		return r.rest(c, &p)
	case digits == 8 && (next == 'T' || next == ' ') || digits == 6 && next == ' ' && sure:
		p.year, p.month, p.day = int(n/10_000), int(n/100%100), int(n%100)
		if digits == 6 {
			p.year += 2000
		}
		c.i++
		if digits == 8 && next == 'T' && c.basic(&p) {
			return r.zoned(c, &p)
		}
		return r.rest(c, &p)
	}
	if !sure {
		return m, false
	}
	c.i = start
	return c.unix()
}

// named reads what begins with the name of a day or a month.
func (r *Reader) named(c cursor) (m Moment, ok bool) {
	var p parts
	if c.weekday() {
		if c.take(',') {
			if !c.take(' ') || c.i >= len(c.b) || !isDigit(c.b[c.i]) {
				return m, false
			}
			return r.number(c, false)
		}
		if !c.take(' ') {
			return m, false
		}
	}
	if p.month, ok = c.month(); !ok || !c.take(' ') {
		return m, false
	}
	c.take(' ') // Nov  1
	day, digits := c.digits()
	if p.day = int(day); digits == 0 || digits > 2 {
		return m, false
	}
	comma := c.take(',')
	if !c.take(' ') {
		return m, false
	}
	if back := c; true {
		year, digits := c.digits()
		if digits == 4 && c.oneOf(" ,") {
			p.year = int(year)
			c.take(' ')
			return r.rest(c, &p)
		}
		if comma {
			return m, false
		}
		c = back
	}
	return r.rest(c, &p)
}

// klog reads I1121 10:00:00.123456.
func (r *Reader) klog(c cursor) (m Moment, ok bool) {
	if bytes.IndexByte([]byte("IWEFDV"), c.b[c.i]) < 0 {
		return m, false
	}
	c.i++
	n, digits := c.digits()
	if digits != 4 || !c.take(' ') {
		return m, false
	}
	p := parts{month: int(n / 100), day: int(n % 100)}
	return r.rest(c, &p)
}

// rest reads what follows a date: the time of day, its fraction, its zone, and
// the year where that comes last.
func (r *Reader) rest(c cursor, p *parts) (m Moment, ok bool) {
	if !c.clock(p) {
		return m, false
	}
	return r.zoned(c, p)
}

func (r *Reader) zoned(c cursor, p *parts) (m Moment, ok bool) {
	c.fraction(p)
	c.half(p)
	c.zone(p)
	if p.year == 0 {
		c.lastYear(p)
	}
	if c.i < len(c.b) && isWord(c.b[c.i]) {
		return m, false // it goes on, so it was something else
	}
	return r.moment(p)
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isWord reports whether b may be a part of a word or a number.
func isWord(b byte) bool {
	return isDigit(b) || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' || b >= 0x80
}

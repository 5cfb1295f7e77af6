package accesslog

import (
	"bytes"
	"time"
)

// A walk goes over the fields of a line, each after one space. The first thing
// that is wrong stops it: all steps after it do nothing and return nothing, so
// a Parser looks once, at the end.
type walk struct {
	line []byte
	from int    // where the last field begins, behind its quote if it has one
	at   int    // the position behind the last field; where the line is wrong, when it is
	why  Reason // what is wrong
}

// outcome is that of a line whose every field was read.
func (w *walk) outcome() Outcome {
	if w.why != "" {
		return rejected(w.line, w.why, w.at)
	}
	return Outcome{Kind: Hit}
}

// fail stops the walk at the last field.
func (w *walk) fail(why Reason) {
	if w.why == "" {
		w.why, w.at = why, w.from
	}
}

// first reads the word at the very beginning of what is left of the line.
func (w *walk) first() []byte {
	if w.why != "" {
		return nil
	}
	i := bytes.IndexByte(w.line[w.at:], ' ')
	if i < 0 {
		w.at, w.why = len(w.line), ReasonCut
		return nil
	}
	w.from, w.at = w.at, w.at+i
	if i == 0 || w.line[w.from] == 0 { // zeros that a truncation left are no word
		w.fail(ReasonField)
		return nil
	}
	return w.line[w.from:w.at]
}

// word reads a word.
func (w *walk) word() []byte {
	if w.why != "" {
		return nil
	}
	word, start, why := wordAfterSpace(w.line, w.at)
	w.from, w.at, w.why = start, start+len(word), why
	return word
}

// quoted reads a field in double quotes and returns what is between them.
func (w *walk) quoted() []byte {
	if w.why != "" {
		return nil
	}
	body, next, why := quotedAfterSpace(w.line, w.at)
	w.from, w.at, w.why = next-1-len(body), next, why
	return body
}

// quotedOrDash reads a field in double quotes, or a "-" without them.
func (w *walk) quotedOrDash() []byte {
	if w.why == "" && w.at+1 < len(w.line) && w.line[w.at+1] == '-' {
		if word := w.word(); len(word) != 1 {
			w.fail(ReasonField)
		}
		return nil
	}
	return w.quoted()
}

// bracketed reads a field in square brackets, without spaces in it, and returns
// what is between them.
func (w *walk) bracketed() []byte {
	word := w.word()
	if w.why != "" {
		return nil
	}
	if len(word) < 2 || word[0] != '[' || word[len(word)-1] != ']' {
		w.fail(ReasonField)
		return nil
	}
	return word[1 : len(word)-1]
}

// count reads a word of digits, or "-".
func (w *walk) count() {
	if word := w.word(); w.why == "" && orNil(word) != nil && !allDigits(word) {
		w.fail(ReasonField)
	}
}

// status reads a status; 0 alone, for requests that never got an answer, is
// none, as "-" is.
func (w *walk) status(r *Record) {
	word := w.word()
	if w.why != "" || len(word) == 1 && word[0] == '0' {
		return
	}
	var ok bool
	if r.Status, ok = parseStatus(word); !ok {
		w.fail(ReasonStatus)
	}
}

// size reads a count of bytes sent.
func (w *walk) size(r *Record) {
	word := w.word()
	if w.why != "" {
		return
	}
	var ok bool
	if r.Bytes, ok = parseSize(word); !ok {
		w.fail(ReasonBytes)
	}
}

// millis reads a latency in whole milliseconds; "-" and -1 are none.
func (w *walk) millis(r *Record) {
	word := w.word()
	if w.why == "" && !latencyOf(word, time.Millisecond, r) {
		w.fail(ReasonLatency)
	}
}

// latencyOf reads a whole number of unit; "-" and -1 are no latency.
func latencyOf(word []byte, unit time.Duration, r *Record) bool {
	if orNil(word) == nil || string(word) == "-1" {
		return true
	}
	d, fraction, ok := parseDecimal(word, unit)
	if ok && !fraction {
		r.Latency = d
	}
	return ok && !fraction
}

// rest is the position of the line's end, after fields that a Parser has no use
// for were looked at: their quotes must balance.
func (w *walk) rest() {
	if w.why != "" {
		return
	}
	if from, _, why := lastField(w.line, w.at); why != "" {
		w.at, w.why = from, why
		return
	}
	w.at = len(w.line)
}

// withPort is the client in an address that always has a port behind it, as
// HAProxy and Amazon's balancers write it: even that of version 6 may have no
// brackets, so the last colon is the port's.
func withPort(token []byte) (client []byte, ok bool) {
	colon := bytes.LastIndexByte(token, ':')
	if colon < 0 || !allDigits(token[colon+1:]) {
		return clientOf(token)
	}
	host := token[:colon]
	if len(host) == 0 {
		return nil, false
	}
	if n := len(host); host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	if len(host) == 0 || bytes.ContainsAny(host, "[]") {
		return nil, false
	}
	for _, c := range host {
		if byteClass[c]&clientByte == 0 {
			return nil, false
		}
	}
	return orNil(host), true
}

// dashless makes a request malformed whose parts are dashes: what a proxy
// writes of a connection on which no request came.
func dashless(r *Record) {
	if len(r.Method) == 1 && r.Method[0] == '-' || len(r.Target) == 1 && r.Target[0] == '-' {
		r.Malformed = true
		r.Method, r.Target, r.Protocol = nil, nil, nil
	}
}

// splitAuthority moves the host of an absolute target to Host, for servers that
// write every target with it. A target without a path stays as it is.
func splitAuthority(r *Record) {
	host, path := authority(r.Target)
	if host != nil && path != nil {
		r.Host, r.Target = host, path
	}
}

// authority is the host, with its port where it has one, of an absolute
// target, and the path and query behind it; nil where there is none.
func authority(target []byte) (host, path []byte) {
	i := bytes.Index(target[:min(len(target), len("https://"))], []byte("://"))
	if i <= 0 {
		return nil, nil
	}
	host = target[i+len("://"):]
	if slash := bytes.IndexByte(host, '/'); slash >= 0 {
		host, path = host[:slash], host[slash:]
	} else if query := bytes.IndexByte(host, '?'); query >= 0 {
		host = host[:query]
	}
	return orNil(host), path
}

// isoLen is the length of the seconds of an ISO 8601 time: 2000-10-10T20:55:36.
const isoLen = len("2000-10-10T20:55:36")

// An isoCache reads ISO 8601 times and remembers the last second, as a
// stampCache does. The zero value is ready.
type isoCache struct {
	raw [isoLen]byte // all zero bytes as long as nothing is remembered
	sec int64        // of raw, as if it were UTC
}

// parse reads what parseDateTime does.
func (c *isoCache) parse(b []byte) (sec int64, nanos int32, ok bool) {
	if len(b) < isoLen {
		return 0, 0, false
	}
	raw := [isoLen]byte(b)
	if raw != c.raw || raw[0] == 0 {
		sec, _, ok := parseDateTime(b[:isoLen])
		if !ok {
			return 0, 0, false
		}
		c.raw, c.sec = raw, sec
	}
	rest := b[isoLen:]
	if len(rest) > 0 && rest[0] == '.' {
		end := 1
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		if nanos, ok = parseFraction(rest[1:end]); !ok {
			return 0, 0, false
		}
		rest = rest[end:]
	}
	offset, ok := parseOffset(rest)
	return c.sec - offset, nanos, ok
}

// time reads a field that is an ISO 8601 time.
func (c *isoCache) time(w *walk, field []byte, r *Record) {
	if w.why != "" {
		return
	}
	var ok bool
	if r.Sec, r.Nanos, ok = c.parse(field); !ok {
		w.fail(ReasonTime)
	}
}

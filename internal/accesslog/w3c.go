package accesslog

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"weir/internal/pack"
)

// A w3cParser reads the Extended Log File Format of the W3C (working draft
// WD-logfile), as IIS, CloudFront, Tomcat and many proxies write it. A line
// that begins with # is a directive; #Fields names the fields of the rows below
// it and may come again, changed:
//
//	#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken
//	2000-10-10 20:55:36 203.0.113.7 GET /pages/create 200 42
type w3cParser struct {
	fields   []w3cField // of the #Fields in force; empty before the first
	defaults []w3cField // of rows before any #Fields; never changed
	asked    string     // see asker; "" where nobody has asked
	edge     bool       // reads only the lists of CloudFront

	lacks   lack    // what the fields in force do not tell
	bare    bool    // the server never quotes, so a quote is part of a value
	taken   takenIn // the unit of time-taken
	offset  int64   // seconds that local times are ahead of UTC
	started int64   // Unix seconds of the last #Date
	dated   bool    // there was one that could be read

	iso     isoCache
	scratch []byte // values of this line that are not as they stand in it
}

// takenIn is the unit of time-taken. The draft says seconds, IIS means
// milliseconds.
type takenIn uint8

const (
	takenByPoint takenIn = iota // seconds if the value has a decimal point, else milliseconds
	takenSeconds
	takenUnknown
)

func newW3C() Parser { return &w3cParser{defaults: w3cDefaults()} }

func newCloudFront() Parser {
	return &w3cParser{defaults: cloudFrontDefaults(), edge: true, taken: takenSeconds}
}

func (p *w3cParser) fork() Parser {
	c := *p
	c.fields, c.scratch = slices.Clone(p.fields), nil
	return &c
}

// keeps implements keeper.
func (p *w3cParser) keeps() bool {
	return len(p.fields) > 0 || p.bare || p.dated || p.offset != 0 || p.taken != p.usually()
}

// appendHeader implements keeper.
func (p *w3cParser) appendHeader(b []byte) []byte {
	b = append(b, flagsOf(p.bare, p.dated), byte(p.taken))
	b = appendCounts(b, len(p.fields))
	for _, f := range p.fields {
		b = append(b, byte(f))
	}
	b = binary.AppendVarint(b, p.offset)
	if p.dated {
		b = binary.AppendVarint(b, p.started)
	}
	return b
}

// readHeader implements keeper.
func (p *w3cParser) readHeader(r *pack.Reader) {
	const part = "fields"
	flags := r.Byte(part)
	p.bare, p.dated = flags&1 != 0, flags&2 != 0
	if p.taken = takenIn(r.Byte(part)); flags > 3 || p.taken > takenUnknown {
		r.Damaged(part)
	}
	for n := r.Uint(part, maxColumns); n > 0 && r.Err() == nil; n-- {
		f := w3cField(r.Byte(part))
		if f > w3cHostAsked {
			r.Damaged(part)
		}
		p.fields = append(p.fields, f)
	}
	if p.offset = r.Int(part); p.offset < -maxOffset || p.offset > maxOffset {
		r.Damaged(part)
	}
	if p.dated {
		if p.started = r.Second(part); p.started < -maxStart || p.started > maxStart {
			r.Damaged(part)
		}
	}
	p.lacks = p.lacking()
}

// usually is the unit of time-taken before a directive tells it.
func (p *w3cParser) usually() takenIn {
	if p.edge {
		return takenSeconds
	}
	return takenByPoint
}

// ask implements asker.
func (p *w3cParser) ask(header string) {
	p.asked = header
	if header == forwardedFor {
		return
	}
	p.defaults = slices.Clone(p.defaults)
	for i, f := range p.defaults {
		if f == w3cForwarded {
			p.defaults[i] = w3cIgnored
		}
	}
}

// undecided says that the directives so far do not tell what the rows are.
func (p *w3cParser) undecided() bool { return len(p.fields) == 0 }

// Parse implements Parser.
func (p *w3cParser) Parse(line []byte, r *Record) Outcome {
	mark := markLen(line)
	if len(line) == mark {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	if line[mark] == '#' {
		if p.LearnHeader(line) || isDirective(line[mark:]) && !isFields(line[mark:]) {
			return Outcome{Kind: Directive}
		}
		return rejected(line, ReasonField, mark)
	}
	fields := p.fields
	if len(fields) == 0 {
		if !isDated(line[mark:]) {
			return rejected(line, ReasonNoHeader, mark)
		}
		fields = p.defaults
	}
	if p.lacks != 0 {
		return rejected(line, ReasonColumns, mark)
	}
	if at, why := p.row(fields, line, r); why != "" {
		return rejected(line, why, at)
	}
	return Outcome{Kind: Hit}
}

// isDated says whether line begins as the rows of the default lists do.
func isDated(line []byte) bool {
	return len(line) > 4 && allDigits(line[:4]) && line[4] == '-'
}

// pieces are the parts of a row that only together make a value.
type pieces struct {
	date, clock, uri, stem, query []byte
	dateAt, clockAt               int
	local                         bool
}

// row reads line by fields. With a Reason, the int is where it is wrong.
func (p *w3cParser) row(fields []w3cField, line []byte, r *Record) (int, Reason) {
	r.Clear()
	p.reserve(2 * len(line))
	separator := byte(' ')
	if tab := bytes.IndexByte(line, '\t'); tab >= 0 && bytes.IndexByte(line[:tab], ' ') < 0 {
		separator = '\t'
	}
	var parts pieces
	n := 0
	for at := markLen(line); ; n++ {
		for separator == ' ' && at < len(line) && line[at] == ' ' {
			at++
		}
		if at >= len(line) {
			break
		}
		value, next, quoted, why := p.value(line, at, separator)
		if why != "" {
			return next, why
		}
		if n == len(fields) {
			return at, ReasonExtra
		}
		if f := fields[n]; f != w3cIgnored {
			if f == w3cAgent && !quoted {
				value = p.plainAgent(value, separator)
			}
			if why := p.store(f, value, at, &parts, r); why != "" {
				return at, why
			}
		}
		at = next + 1
	}
	if n < len(fields) && (len(p.fields) > 0 || !isOlderCloudFront(p.edge, n)) {
		return len(line), ReasonCut
	}
	if at, why := p.time(&parts, r); why != "" {
		return at, why
	}
	if p.asked == "" {
		r.claim()
	}
	p.target(&parts, r)
	checkParts(r)
	return len(line), ""
}

// isOlderCloudFront says whether rows of n fields were CloudFront's before it
// had those of today.
func isOlderCloudFront(edge bool, n int) bool { return edge && (n == 24 || n == 26) }

// value reads the value that begins at line[at]; next is the position of the
// separator behind it or the end of the line.
func (p *w3cParser) value(line []byte, at int, separator byte) (value []byte, next int, quoted bool, why Reason) {
	if line[at] == '"' && separator == ' ' && !p.bare && len(p.fields) > 0 {
		value, next, why = p.quotedValue(line, at)
		return value, next, true, why
	}
	next = len(line)
	if i := bytes.IndexByte(line[at:], separator); i >= 0 {
		next = at + i
	}
	return line[at:next], next, false, ""
}

// quotedValue reads a value whose opening quote is at line[at], in which two
// quotes stand for one.
func (p *w3cParser) quotedValue(line []byte, at int) (value []byte, next int, why Reason) {
	from, kept := at+1, -1 // kept: where the value begins in scratch
	for {
		i := bytes.IndexByte(line[from:], '"')
		if i < 0 {
			return nil, at, ReasonQuote
		}
		i += from
		if i+1 < len(line) && line[i+1] == '"' {
			if kept < 0 {
				kept = len(p.scratch)
			}
			p.scratch = append(p.scratch, line[from:i+1]...)
			from = i + 2
			continue
		}
		if i+1 < len(line) && line[i+1] != ' ' {
			return nil, i + 1, ReasonQuote
		}
		if kept < 0 {
			return line[from:i], i + 1, ""
		}
		p.scratch = append(p.scratch, line[from:i]...)
		return p.scratch[kept:], i + 1, ""
	}
}

// reserve empties scratch and makes room for n bytes, so that it never moves
// while values of the line that is being read are in it.
func (p *w3cParser) reserve(n int) {
	p.scratch = p.scratch[:0]
	if cap(p.scratch) < n {
		p.scratch = make([]byte, 0, max(n, 2*cap(p.scratch)))
	}
}

// store puts a value, which begins at line[at], into its place in r or parts.
func (p *w3cParser) store(f w3cField, value []byte, at int, parts *pieces, r *Record) Reason {
	switch f {
	case w3cDate, w3cDateLocal:
		parts.date, parts.dateAt = value, at
		parts.local = f == w3cDateLocal
	case w3cTime, w3cTimeLocal:
		parts.clock, parts.clockAt = value, at
		parts.local = f == w3cTimeLocal
	case w3cTimestamp:
		return columnEpoch.store(value, r)
	case w3cClient:
		return columnClient.store(value, r)
	case w3cForwarded:
		r.Forwarded = orNil(value)
	case w3cUser:
		r.User = orNil(value)
	case w3cMethod:
		r.Method = orNil(value)
	case w3cURI:
		parts.uri = orNil(value)
	case w3cStem:
		parts.stem = orNil(value)
	case w3cQuery:
		parts.query = orNil(value)
	case w3cVersion:
		r.Protocol = orNil(value)
	case w3cStatus:
		return columnStatus.store(value, r)
	case w3cBytes:
		return columnBytes.store(value, r)
	case w3cTaken:
		return p.storeTaken(value, r)
	case w3cTakenMillis:
		return columnMillis.store(value, r)
	case w3cReferrer:
		r.Referrer = orNil(value)
	case w3cAgent:
		r.Agent = orNil(value)
	case w3cHost:
		if r.Host == nil {
			r.Host = orNil(value)
		}
	case w3cHostAsked:
		if host := orNil(value); host != nil {
			r.Host = host
		}
	}
	return ""
}

func (p *w3cParser) storeTaken(value []byte, r *Record) Reason {
	switch p.taken {
	case takenUnknown:
		return ""
	case takenByPoint:
		if bytes.IndexByte(value, '.') < 0 {
			return columnMillis.store(value, r)
		}
	}
	return columnSeconds.store(value, r)
}

// time puts date and time of day together.
func (p *w3cParser) time(parts *pieces, r *Record) (int, Reason) {
	if parts.clock == nil {
		return 0, "" // a timestamp; see lacking
	}
	// Long enough for nine decimals and a zone.
	var text [len("2000-10-10T20:55:36.123456789+00:00")]byte
	if len(parts.clock) > len(text)-11 {
		return parts.clockAt, ReasonTime
	}
	copy(text[:], "0000-00-00T")
	if parts.date == nil {
		// The day is that of the directive, or the one after it.
		return p.clockOnly(parts, text[:], r)
	}
	if len(parts.date) != 10 {
		return parts.dateAt, ReasonTime
	}
	copy(text[:], parts.date)
	n := copy(text[11:], parts.clock)
	var ok bool
	if r.Sec, r.Nanos, ok = p.iso.parse(text[:11+n]); !ok {
		copy(text[11:], "00:00:00")
		if _, _, ok := parseDateTime(text[:isoLen]); !ok {
			return parts.dateAt, ReasonTime
		}
		return parts.clockAt, ReasonTime
	}
	if parts.local {
		r.Sec -= p.offset
	}
	return 0, ""
}

// clockOnly reads a time of day without a date.
func (p *w3cParser) clockOnly(parts *pieces, text []byte, r *Record) (int, Reason) {
	const day = 24 * 60 * 60
	copy(text, "1970-01-01T")
	n := copy(text[11:], parts.clock)
	sec, nanos, ok := p.iso.parse(text[:11+n])
	if !ok || sec < 0 || sec > day {
		return parts.clockAt, ReasonTime
	}
	begun := p.started % day
	if begun < 0 {
		begun += day
	}
	r.Sec, r.Nanos = p.started-begun+sec, nanos
	if sec < begun-60 {
		r.Sec += day
	}
	if parts.local {
		r.Sec -= p.offset
	}
	return 0, ""
}

// target puts path and query together.
func (p *w3cParser) target(parts *pieces, r *Record) {
	target := parts.stem
	if target == nil {
		target = parts.uri
		if target != nil && target[0] != '/' {
			// A host and a path, without a scheme.
			slash := bytes.IndexByte(target, '/')
			if slash > 0 && target[slash-1] != ':' {
				if r.Host == nil {
					r.Host = target[:slash]
				}
				target = target[slash:]
			}
		}
	}
	if target != nil && parts.query != nil && bytes.IndexByte(target, '?') < 0 {
		from := len(p.scratch)
		p.scratch = append(p.scratch, target...)
		if parts.query[0] != '?' {
			p.scratch = append(p.scratch, '?')
		}
		p.scratch = append(p.scratch, parts.query...)
		target = p.scratch[from:]
	}
	r.Target = target
}

// plainAgent undoes what stands for spaces in a user agent: a plus where spaces
// separate the fields (IIS), percent signs where tabs do (CloudFront, which
// wrote them twice for years). Control bytes stay as they are written.
func (p *w3cParser) plainAgent(value []byte, separator byte) []byte {
	from := len(p.scratch)
	if separator == ' ' {
		if bytes.IndexByte(value, '+') < 0 {
			return value
		}
		p.scratch = append(p.scratch, value...)
		for i, c := range p.scratch[from:] {
			if c == '+' {
				p.scratch[from+i] = ' '
			}
		}
		return p.scratch[from:]
	}
	percent := bytes.IndexByte(value, '%')
	if percent < 0 {
		return value
	}
	for percent >= 0 {
		p.scratch = append(p.scratch, value[:percent]...)
		value = value[percent:]
		c, n := byte('%'), 1
		if d, ok := hexByte(value, "%25"); ok && isPrintable(d) {
			c, n = d, 5
		} else if d, ok := hexByte(value, "%"); ok && isPrintable(d) {
			c, n = d, 3
		}
		p.scratch = append(p.scratch, c)
		value = value[n:]
		percent = bytes.IndexByte(value, '%')
	}
	p.scratch = append(p.scratch, value...)
	return p.scratch[from:]
}

func isPrintable(c byte) bool { return ' ' <= c && c < 0x7f }

// hexByte reads two hexadecimal digits behind prefix, with which b begins.
func hexByte(b []byte, prefix string) (c byte, ok bool) {
	if len(b) < len(prefix)+2 || string(b[:len(prefix)]) != prefix {
		return 0, false
	}
	for _, d := range b[len(prefix) : len(prefix)+2] {
		switch {
		case isDigit(d):
			d -= '0'
		case 'a' <= d|0x20 && d|0x20 <= 'f':
			d = d | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		c = c<<4 | d
	}
	return c, true
}

// unitOf is the unit in which a server writes time-taken.
func unitOf(software []byte) takenIn {
	switch {
	case bytes.Contains(software, []byte("Tomcat")):
		return takenSeconds
	case bytes.Contains(software, []byte("Oracle")):
		return takenUnknown
	}
	return takenByPoint
}

// gmtOffset reads the value of #GMT-Offset: -0800.
func gmtOffset(value []byte) (seconds int64, ok bool) {
	if len(value) < 5 {
		return 0, false
	}
	return zoneSeconds(value[0], value[1:5])
}

// maxOffset is more than any zone is ahead of UTC or behind it, in seconds.
const maxOffset = int64(15 * time.Hour / time.Second)

// maxStart bounds what a #Date can do to a time.
const maxStart = 253402300800 - int64(48*time.Hour/time.Second)

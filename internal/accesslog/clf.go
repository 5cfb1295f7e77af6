package accesslog

import (
	"bytes"
	"time"
)

// A layout says which fields a format of the Common Log Format family has.
// The full line, where [] marks what only some rows have:
//
//	[vhost] client ident user [time] "request" status size [us] ["referrer" "agent" [extras] [latency]]
//
// The format is the one of NCSA httpd; Apache's mod_log_config and nginx's
// ngx_http_log_module describe what they write.
type layout struct {
	host     bool // a virtual host stands in front
	combined bool // referrer and agent follow the size; extras are tolerated
	latency  latencyField
}

// latencyField says where a line carries its request time, in which unit.
type latencyField uint8

const (
	latencyNone       latencyField = iota
	latencySeconds                 // last field, seconds with decimals (nginx $request_time)
	latencyMicros                  // last field, whole microseconds (Apache %D)
	latencyMicrosSize              // after the size, whole microseconds (Apache %D)
)

// A clfParser is the Parser of one layout.
type clfParser struct {
	layout
	stamp stampCache
	lists bool // the extras are searched for a list of addresses
	sure  bool // the last field of the line before can hardly be anything but a request time
}

// newCLF returns the maker of Parsers for l.
func newCLF(l layout) func() Parser {
	return func() Parser { return &clfParser{layout: l} }
}

func (p *clfParser) fork() Parser {
	c := *p
	return &c
}

// readLists makes p search the fields behind the user agent for Forwarded.
func (p *clfParser) readLists() { p.lists = true }

// Parse implements Parser.
func (p *clfParser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	at, why := p.front(line, r)
	if why == "" {
		at, why = p.stamp.parse(line, at, r)
	}
	if why == "" {
		at, why = requestField(line, at, r)
	}
	if why == "" {
		at, why = p.numbers(line, at, r)
	}
	if why == "" {
		at, why = p.tail(line, at, r)
	}
	if why != "" {
		return rejected(line, why, at)
	}
	return Outcome{Kind: Hit}
}

// front reads what stands before the time and returns the position of its
// bracket. From here on every step returns the 0-based position after what it
// read, or, with a Reason, the position at which the line is wrong.
func (p *clfParser) front(line []byte, r *Record) (int, Reason) {
	mark := markLen(line)
	if !p.host {
		// Nearly every line has neither ident nor user.
		space := mark + bytes.IndexByte(line[mark:], ' ')
		if space > mark && len(line) >= space+6 && string(line[space:space+6]) == " - - [" {
			client, ok := clientOf(line[mark:space])
			if !ok {
				return mark, ReasonField
			}
			r.Client = client
			return space + 5, ""
		}
	}
	f, at, why := splitFront(line[mark:])
	at += mark
	if why != "" {
		return at, why
	}
	second := mark + len(f.first) + 1
	if f.hasHost() != p.host {
		return second, ReasonField
	}
	token, where, words := f.first, mark, f.rest
	if p.host {
		if !isHost(f.first) {
			return mark, ReasonField
		}
		r.Host = orNil(f.first)
		token, where = f.second, second
		_, words, _ = bytes.Cut(f.rest, []byte(" "))
	}
	client, ok := clientOf(token)
	if !ok {
		return where, ReasonField
	}
	if len(words) > 0 && words[0] == '[' {
		// ingress-nginx of old: client - [X-Forwarded-For] - user
		if list, user, ok := bytes.Cut(words[1:], []byte("] - ")); ok {
			r.Forwarded, words = orNil(list), user
		}
	}
	r.Client, r.User = client, userOf(words)
	return at, ""
}

// requestField reads the quoted request after the time.
func requestField(line []byte, at int, r *Record) (int, Reason) {
	body, at, why := quotedAfterSpace(line, at)
	if why != "" {
		return at, why
	}
	splitRequest(body, r)
	return at, ""
}

// numbers reads the status, the size, and the request time where it follows.
func (p *clfParser) numbers(line []byte, at int, r *Record) (int, Reason) {
	word, start, why := wordAfterSpace(line, at)
	if why != "" {
		return start, why
	}
	var ok bool
	if r.Status, ok = parseStatus(word); !ok {
		return start, ReasonStatus
	}
	word, start, why = wordAfterSpace(line, start+len(word))
	if why != "" {
		return start, why
	}
	if r.Bytes, ok = parseSize(word); !ok {
		return start, ReasonBytes
	}
	if p.latency != latencyMicrosSize {
		return start + len(word), ""
	}
	word, start, why = wordAfterSpace(line, start+len(word))
	if why != "" {
		return start, why
	}
	if r.Latency, ok = parseMicros(word); !ok {
		return start, ReasonLatency
	}
	return start + len(word), ""
}

// tail reads all after the size.
func (p *clfParser) tail(line []byte, at int, r *Record) (int, Reason) {
	if !p.combined {
		if at < len(line) {
			return at, ReasonExtra
		}
		return at, ""
	}
	body, at, why := quotedAfterSpace(line, at)
	if why != "" {
		return at, why
	}
	r.Referrer = orNil(body)
	body, at, why = quotedAfterSpace(line, at)
	if why != "" {
		return at, why
	}
	r.Agent = orNil(body)
	if at == len(line) && !p.lastIsLatency() {
		return at, ""
	}
	from, to, why := lastField(line, at)
	if why != "" {
		return from, why
	}
	if p.lists {
		if list := forwardedExtra(line[at:to]); list != nil {
			r.Forwarded = list
		}
	}
	if !p.lastIsLatency() {
		return from, ""
	}
	if from == to {
		return len(line), ReasonCut
	}
	var ok bool
	if r.Latency, ok = p.lastLatency(line[from:to]); ok {
		p.sure = p.surely(line[at:from], line[from:to], r.Latency)
	}
	if from > at+1 && p.latency == latencySeconds {
		ok = p.severalTimes(line[at:to], ok, r)
	}
	if !ok {
		return from, ReasonLatency
	}
	return to, ""
}

// forwardedExtra returns the list of addresses among the fields behind the user
// agent, whose quotes balance; nil where there is none. nginx is installed with
// "$http_x_forwarded_for" there. Nothing names these fields: addresses with
// ports may be those of upstream servers, so they are taken only where they stand
// first and no other list is there.
func forwardedExtra(extras []byte) (list []byte) {
	for first := true; len(extras) > 1; first = false {
		if extras[0] != ' ' || extras[1] != '"' {
			space := bytes.IndexByte(extras[1:], ' ')
			if space < 0 {
				return list
			}
			extras = extras[1+space:]
			continue
		}
		end := closingQuote(extras, 2)
		if end < 0 {
			return list
		}
		if body := extras[2:end]; isForwarded(body) {
			if !hasPort(trimList(body[bytes.LastIndexByte(body, ',')+1:])) {
				return body
			}
			if first {
				list = body
			}
		}
		extras = extras[end+1:]
	}
	return list
}

func (p *clfParser) lastIsLatency() bool {
	return p.latency == latencySeconds || p.latency == latencyMicros
}

// lastLatency reads the last field. A number may be quoted, as people often
// write their log_format; a quoted "-" is no request time, because that is how
// a missing X-Forwarded-For ends the lines of so many servers.
func (p *clfParser) lastLatency(field []byte) (time.Duration, bool) {
	if n := len(field); n > 2 && field[0] == '"' && field[n-1] == '"' {
		field = field[1 : n-1]
		if orNil(field) == nil {
			return NoLatency, false
		}
	}
	if p.latency == latencyMicros {
		return parseMicros(field)
	}
	if orNil(field) == nil {
		return NoLatency, true
	}
	// nginx always writes three decimals. A number without a point is another
	// thing: a size, a port, or Apache's microseconds.
	d, fraction, ok := parseDecimal(field, time.Second)
	return d, ok && fraction
}

// surely says whether a last field, behind extras, is a request time and not
// another number: nginx's $gzip_ratio has two decimals, a request time three at
// least; Apache's combinedio ends in two counts of bytes, and its %T in seconds
// that would be read as microseconds.
func (p *clfParser) surely(extras, field []byte, latency time.Duration) bool {
	if p.latency == latencyMicros {
		last := bytes.TrimRight(extras, " ")
		last = last[bytes.LastIndexByte(last, ' ')+1:]
		return latency >= time.Millisecond && !allDigits(last)
	}
	field = bytes.Trim(field, `"`)
	return len(field)-bytes.IndexByte(field, '.') > 3 && latency != NoLatency
}

// parseMicros reads whole microseconds, or NoLatency from a "-".
func parseMicros(b []byte) (time.Duration, bool) {
	if orNil(b) == nil {
		return NoLatency, true
	}
	d, fraction, ok := parseDecimal(b, time.Microsecond)
	return d, ok && !fraction
}

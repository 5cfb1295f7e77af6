package accesslog

import "bytes"

// A program is a format string as a table of steps, each of which reads a field
// and the literal text behind it. It is immutable.
type program struct {
	before string // literal text before the first field
	steps  []step
	times  []timeReader
	parts  bool // the request comes in fields of its own
	tail   bool // what follows the last field is passed over
	hash   bool // lines that begin with # are directives
	listed bool // there is a list of addresses
	// overrule: the first address of that list is the client, whatever else
	// tells it, as GoAccess has it.
	overrule bool
	set      string // that sets the addresses apart; "" for commas
	plan     *plan  // that it was made of
}

// A step is one field and the literal text behind it.
type step struct {
	column column
	extent extent
	stop   byte   // the byte behind the field, where one is enough to find its end
	loose  bool   // the field may be empty
	free   bool   // it may hold spaces
	port   bool   // a port at its end is cut off
	right  int    // it ends so many spaces from the right end of the line; 0: see extent
	time   int    // index of the time that is the field, or comes next
	set    string // of extentForwarded
	after  string // literal text; "" at the end of the line
}

// extent says how the end of a field is found.
type extent uint8

const (
	extentToken      extent = iota // at the first stop, or the end of the line
	extentByte                     // at the first stop, which must be there
	extentText                     // at the first after
	extentQuoted                   // at the first quote that is not escaped
	extentTime                     // the time knows
	extentBeforeTime               // at the first after that a time follows
	extentRequest                  // at the first after that stands behind a protocol
	extentList                     // at the first after that is not part of ", " or " : "
	extentForwarded                // addresses, and what sets them apart
	extentSpaces                   // behind all spaces
	extentRest                     // at the end of the line
)

// A specParser is the Parser of a program.
type specParser struct {
	*program
	stamps  []stamp // one for each of times
	query   []byte  // of the line at hand, where it has a field of its own
	scratch []byte  // a target put together from path and query
	asked   string  // see asker; "" where nobody has asked
}

func newSpecParser(c *program) *specParser {
	return &specParser{program: c, stamps: make([]stamp, len(c.times))}
}

func (p *specParser) fork() Parser {
	f := newSpecParser(p.program)
	f.asked = p.asked
	copy(f.stamps, p.stamps)
	return f
}

// Parse implements Parser.
func (p *specParser) Parse(line []byte, r *Record) Outcome {
	at := markLen(line)
	switch {
	case len(line) == at:
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	case line[at] == 0:
		// Zeros that a truncation left would otherwise become a client.
		return rejected(line, ReasonBinary, at)
	case p.hash && line[at] == '#':
		return Outcome{Kind: Directive}
	}
	r.Clear()
	p.query = nil
	if !hasAt(line, at, p.before) {
		at, why := differs(line, at, p.before)
		return rejected(line, why, at)
	}
	at += len(p.before)
	for i := range p.steps {
		s := &p.steps[i]
		next, why := p.field(s, line, at, r)
		if why != "" {
			return rejected(line, why, next)
		}
		if !hasAt(line, next, s.after) {
			next, why = s.mismatch(line, next)
			return rejected(line, why, next)
		}
		at = next + len(s.after)
	}
	if at < len(line) {
		switch last := p.steps[len(p.steps)-1].extent; {
		case !p.tail:
			return rejected(line, ReasonExtra, at)
		case last == extentQuoted && line[at] != ' ' && line[at] != '\t' && line[at] != ',':
			return rejected(line, ReasonQuote, at)
		}
	}
	if p.listed {
		p.pickClient(r)
	}
	if p.parts {
		p.join(r)
		checkParts(r)
	}
	return Outcome{Kind: Hit}
}

func hasAt(line []byte, at int, text string) bool {
	return len(line)-at >= len(text) && string(line[at:at+len(text)]) == text
}

// differs finds where the line is not text.
func differs(line []byte, at int, text string) (int, Reason) {
	for i := range len(text) {
		switch {
		case at+i >= len(line):
			return len(line), ReasonCut
		case line[at+i] == text[i]:
		case text[i] == '"' || i > 0 && text[i-1] == '"':
			return at + i, ReasonQuote
		default:
			return at + i, ReasonField
		}
	}
	return at, ReasonField
}

// mismatch says what is wrong behind the field.
func (s *step) mismatch(line []byte, at int) (int, Reason) {
	at, why := differs(line, at, s.after)
	if why == ReasonField && s.extent == extentTime && at < len(line) && line[at] != s.after[0] {
		why = ReasonTime
	}
	return at, why
}

// field reads the field of s at line[at] into r. It returns the position behind
// it, or, with a Reason, where the line is wrong.
func (p *specParser) field(s *step, line []byte, at int, r *Record) (end int, why Reason) {
	switch s.extent {
	case extentToken:
		end = at
		for end < len(line) && line[end] != s.stop {
			end++
		}
		if end == at && !s.loose {
			if at >= len(line) {
				return at, ReasonCut
			}
			return at, ReasonField
		}
	case extentQuoted:
		if end = closingQuote(line, at); end < 0 {
			return max(at-1, 0), ReasonQuote
		}
	case extentTime:
		return p.timeField(s, line, at, r)
	default:
		if end = p.reach(s, line, at); end < 0 {
			return len(line), ReasonCut
		}
	}
	if s.column == columnIgnored {
		return end, ""
	}
	if why = p.store(s, line[at:end], r); why != "" {
		return at, why
	}
	return end, ""
}

func (p *specParser) timeField(s *step, line []byte, at int, r *Record) (int, Reason) {
	t := &p.times[s.time]
	sec, nanos, next, ok := t.read(line, at, &p.stamps[s.time])
	switch {
	case !ok && next >= len(line):
		return len(line), ReasonCut
	case !ok:
		return next, ReasonTime
	case !t.idle:
		r.Sec += sec
		r.Nanos += nanos
	}
	return next, ""
}

// closingQuote is the position of the first quote from line[at] on that is not
// escaped, or -1. Apache and escape=json write \" for a quote, nginx \x22.
func closingQuote(line []byte, at int) int {
	for from := at; ; {
		i := bytes.IndexByte(line[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		if i > at && line[i-1] == '\\' && isEscaped(line[at:i]) {
			from = i + 1
			continue
		}
		return i
	}
}

// reach is the end of a field that is neither a token, quoted nor a time, or
// -1 where there is none.
func (p *specParser) reach(s *step, line []byte, at int) int {
	if s.right > 0 {
		if end := fromRight(line, at, s.right); end >= 0 && hasAt(line, end, s.after) {
			return end
		}
	}
	switch s.extent {
	case extentByte:
		if i := bytes.IndexByte(line[at:], s.stop); i >= 0 {
			return at + i
		}
		return -1
	case extentSpaces:
		for at < len(line) && line[at] == ' ' {
			at++
		}
		return at
	case extentRest:
		return len(line)
	case extentForwarded:
		return forwardedEnd(line, at, s.set)
	}
	first := -1
	for from := at; ; from++ {
		i := bytes.Index(line[from:], []byte(s.after))
		if i < 0 {
			return first
		}
		from += i
		if s.extent == extentText || p.ends(s, line, at, from) {
			return from
		}
		if first < 0 {
			first = from
		}
	}
}

// ends says whether the field of s that begins at line[at] ends at line[end],
// where its after stands.
func (p *specParser) ends(s *step, line []byte, at, end int) bool {
	switch s.extent {
	case extentBeforeTime:
		return p.times[s.time].begins(line, end+len(s.after))
	case extentRequest:
		return isProtocol(line[at:end][bytes.LastIndexByte(line[at:end], ' ')+1:])
	}
	// A list: 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80
	if end > at && line[end-1] == ',' || end+1 < len(line) && line[end+1] == ':' {
		return false
	}
	return end-at < 2 || line[end-1] != ':' || line[end-2] != ' '
}

// fromRight is the position of the nth space from the end of the line, or -1.
func fromRight(line []byte, at, n int) int {
	end := len(line)
	for range n {
		if end = at + bytes.LastIndexByte(line[at:end], ' '); end < at {
			return -1
		}
	}
	return end
}

// forwardedEnd is the end of a list of addresses. An element that stands behind
// fewer bytes of set than set has is no part of it.
func forwardedEnd(line []byte, at int, set string) int {
	end := at
	for {
		for end < len(line) && bytes.IndexByte([]byte(set), line[end]) < 0 {
			end++
		}
		next := end
		for next < len(line) && bytes.IndexByte([]byte(set), line[next]) >= 0 {
			next++
		}
		if next-end < len(set) || next == len(line) {
			return end
		}
		end = next
	}
}

// store puts a field into the place in r that it is for.
func (p *specParser) store(s *step, b []byte, r *Record) Reason {
	switch s.column {
	case columnClient:
		if s.port {
			b = cutPort(b)
		}
		var ok bool
		if r.Client, ok = clientOf(b); !ok && len(b) > 0 {
			return ReasonField
		}
		return ""
	case columnForwarded:
		r.Forwarded = orNil(b)
		return ""
	case columnUser:
		r.User = userOf(b)
		return ""
	case columnHost:
		if s.extent == extentToken && !isHost(b) && len(b) > 0 {
			return ReasonField
		}
		r.Host = orNil(b)
		return ""
	case columnQuery:
		p.query = orNil(b)
		return ""
	case columnUpstream:
		return storeUpstream(b, r)
	case columnZone:
		if offset, ok := parseOffset(b); ok {
			r.Sec -= offset
		}
		return ""
	case columnFraction:
		return storeFraction(b, r)
	case columnSeconds, columnMillis, columnMicros, columnNanos:
		if string(b) == "-1" {
			return "" // what some servers write for none
		}
	}
	return s.column.store(b, r)
}

// pickClient takes the client from the list, where nobody will look for it with
// Hops.
func (p *specParser) pickClient(r *Record) {
	if p.asked != "" || r.Client != nil && !p.overrule {
		return
	}
	if client := forwardedClient(r.Forwarded, p.set); client != nil {
		r.Client = client
	}
}

// ask implements asker. Another field may be the list now, so the format is
// compiled again; that it can be is known.
func (p *specParser) ask(header string) {
	again := *p.plan
	again.asked = header
	if c, _, err := again.compile(); err == nil {
		*p = *newSpecParser(c)
	}
	p.asked = header
}

// cutPort is b without the port at its end.
func cutPort(b []byte) []byte {
	if i := bytes.LastIndexByte(b, ':'); i > 0 && allDigits(b[i+1:]) {
		return b[:i]
	}
	return b
}

// forwardedClient is the first address of a list, nil where there is none. A
// client may send what it likes there, so nothing is wrong with any other text.
func forwardedClient(b []byte, set string) []byte {
	if set == "" {
		set = ", "
	}
	for len(b) > 0 {
		n := bytes.IndexAny(b, set)
		if n < 0 {
			n = len(b)
		}
		if isAddress(b[:n]) {
			client, _ := clientOf(b[:n])
			return client
		}
		if host := hostOf(b[:n]); isAddress(host) {
			return host // RFC 7239, or in quotes
		}
		b = b[min(n+1, len(b)):]
	}
	return nil
}

// storeUpstream adds up the seconds of all servers that were asked.
func storeUpstream(b []byte, r *Record) Reason {
	for len(b) > 0 {
		n := 0
		for n < len(b) && b[n] != ',' && b[n] != ' ' && b[n] != ':' {
			n++
		}
		if word := orNil(b[:n]); word != nil {
			var one Record
			if why := columnSeconds.storeLatency(word, &one); why != "" {
				return why
			}
			r.Latency = max(r.Latency, 0) + one.Latency
			if r.Latency < 0 {
				return ReasonLatency
			}
		}
		b = b[min(n+1, len(b)):]
	}
	return ""
}

// storeFraction reads 123456, or 123456Z.
func storeFraction(b []byte, r *Record) Reason {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	if n == 0 {
		return ReasonTime
	}
	r.Nanos, _ = parseFraction(b[:n])
	if offset, ok := parseOffset(b[n:]); ok {
		r.Sec -= offset
	}
	return ""
}

// join puts the query back behind the target.
func (p *specParser) join(r *Record) {
	if p.query == nil || r.Target == nil || bytes.IndexByte(r.Target, '?') >= 0 || string(p.query) == "?" {
		return
	}
	if need := len(r.Target) + len(p.query) + 1; cap(p.scratch) < need {
		p.scratch = make([]byte, 0, 2*need)
	}
	p.scratch = append(p.scratch[:0], r.Target...)
	if p.query[0] != '?' {
		p.scratch = append(p.scratch, '?')
	}
	p.scratch = append(p.scratch, p.query...)
	r.Target = p.scratch
}

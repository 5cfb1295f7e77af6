package accesslog

import (
	"bytes"
	"slices"
	"time"

	"weir/internal/pack"
)

// A csvParser reads comma-separated values (RFC 4180, but one record is one
// line) under a header that names the columns. A header may come again, the
// same or changed, where logs were joined.
//
//	"remotehost","rfc931","authuser","date","request","status","bytes"
//	"10.0.0.2","-","apache",1549573860,"GET /api/user HTTP/1.0",200,1234
type csvParser struct {
	columns []column // of the header in force; empty before the first
	lacks   lack     // what that header has no column for
	scratch []byte   // fields of this line whose doubled quotes were undone
	asked   string   // see asker; "" where nobody has asked
}

func newCSV() Parser { return new(csvParser) }

// sevenColumns is the table that is so common without its header (the columns
// of the W3C's httpd) that rows which fit it exactly are read before one.
var sevenColumns = []column{
	columnClient, columnIgnored, columnUser, columnEpoch, columnRequest, columnStatus, columnBytes,
}

func (p *csvParser) fork() Parser {
	return &csvParser{columns: slices.Clone(p.columns), lacks: p.lacks, asked: p.asked}
}

// keeps implements keeper.
func (p *csvParser) keeps() bool { return len(p.columns) > 0 }

// appendHeader implements keeper.
func (p *csvParser) appendHeader(b []byte) []byte {
	b = appendCounts(b, len(p.columns))
	for _, c := range p.columns {
		b = append(b, byte(c))
	}
	return b
}

// readHeader implements keeper.
func (p *csvParser) readHeader(r *pack.Reader) {
	for n := r.Uint("columns", maxColumns); n > 0 && r.Err() == nil; n-- {
		c := column(r.Byte("columns"))
		if c >= columnIdent {
			r.Damaged("columns")
		}
		p.columns = append(p.columns, c)
	}
	p.lacks = p.lacking()
}

// ask implements asker.
func (p *csvParser) ask(header string) { p.asked = header }

// Parse implements Parser.
func (p *csvParser) Parse(line []byte, r *Record) Outcome {
	mark := markLen(line)
	if len(line) == mark {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	if line[mark] == 0 {
		// Zeros that a truncation left would otherwise become a client.
		return rejected(line, ReasonBinary, mark)
	}
	columns := p.columns
	if len(columns) == 0 {
		columns = sevenColumns
	}
	at, why := mark, ReasonColumns
	if p.lacks == 0 {
		if at, why = p.row(columns, line, r); why == "" {
			return Outcome{Kind: Hit}
		}
	}
	// A header is looked for in lines that are no row: the names in it are no
	// time, so it cannot pass for one, and good rows do not pay for the look.
	if p.LearnHeader(line) {
		return Outcome{Kind: Directive}
	}
	if len(p.columns) == 0 && !p.fitsSeven(line) {
		at, why = mark, ReasonNoHeader
	}
	return rejected(line, why, at)
}

// row reads line by columns. With a Reason, the int is where it is wrong.
func (p *csvParser) row(columns []column, line []byte, r *Record) (int, Reason) {
	r.Clear()
	p.scratch = p.scratch[:0]
	start := markLen(line)
	for n := 0; ; n++ {
		field, next, why := p.field(line, start)
		if why != "" {
			return next, why
		}
		if n == len(columns) {
			return start, ReasonExtra
		}
		if why := columns[n].store(field, r); why != "" {
			return start, why
		}
		if next == len(line) {
			if n+1 < len(columns) {
				return next, ReasonCut
			}
			break
		}
		start = next + 1
	}
	if len(p.columns) == 0 && bytes.ContainsAny(r.Client, ` "`) {
		// No header vouches for it: the client is all that a prefix and the
		// first value make together.
		return markLen(line), ReasonField
	}
	if p.asked == "" {
		r.claim()
	}
	if r.Request == nil && !r.Malformed {
		checkParts(r)
	}
	return len(line), ""
}

// field reads the field that begins at line[at]; next is the position of the
// comma behind it or the end of the line. Spaces around it are not part of it,
// against RFC 4180: people line up columns, and no field of a log needs them.
func (p *csvParser) field(line []byte, at int) (field []byte, next int, why Reason) {
	for at < len(line) && line[at] == ' ' {
		at++
	}
	if at < len(line) && line[at] == '"' {
		return p.quotedField(line, at)
	}
	next = len(line)
	if i := bytes.IndexByte(line[at:], ','); i >= 0 {
		next = at + i
	}
	return bytes.TrimRight(line[at:next], " "), next, ""
}

// quotedField reads a field whose opening quote is at line[at], in which two
// quotes stand for one. Text without such a pair is a view of line; other text
// is put together in scratch.
func (p *csvParser) quotedField(line []byte, at int) (field []byte, next int, why Reason) {
	from, kept := at+1, -1 // kept: where the field begins in scratch
	for {
		i := bytes.IndexByte(line[from:], '"')
		if i < 0 {
			return nil, at, ReasonQuote
		}
		i += from
		if i+1 < len(line) && line[i+1] == '"' {
			if kept < 0 {
				p.reserve(len(line))
				kept = len(p.scratch)
			}
			p.scratch = append(p.scratch, line[from:i+1]...)
			from = i + 2
			continue
		}
		field = line[from:i]
		if kept >= 0 {
			p.scratch = append(p.scratch, field...)
			field = p.scratch[kept:]
		}
		next = i + 1
		for next < len(line) && line[next] == ' ' {
			next++
		}
		if next < len(line) && line[next] != ',' {
			return nil, next, ReasonQuote
		}
		return field, next, ""
	}
}

// reserve makes room for n bytes in scratch, so that it never moves while
// fields of the line that is being read are in it. It allocates only when a
// line is longer than all before it.
func (p *csvParser) reserve(n int) {
	if len(p.scratch) == 0 && cap(p.scratch) < n {
		p.scratch = make([]byte, 0, max(n, 2*cap(p.scratch)))
	}
}

// fitsSeven says whether line has exactly seven fields with a number in the
// fourth, and so was meant for sevenColumns even if one of its fields is bad.
func (p *csvParser) fitsSeven(line []byte) bool {
	p.scratch = p.scratch[:0]
	at, epoch := markLen(line), false
	for n := 1; ; n++ {
		field, next, why := p.field(line, at)
		if why != "" || n > 7 {
			return false
		}
		if n == 4 {
			_, _, epoch = parseEpoch(field)
		}
		if next == len(line) {
			return n == 7 && epoch
		}
		at = next + 1
	}
}

// store puts a field into the place in r that its column is for.
func (c column) store(field []byte, r *Record) Reason {
	var ok bool
	switch c {
	case columnClient:
		r.Client = orNil(field)
		if client, ok := clientOf(field); ok {
			r.Client = client
		}
	case columnForwarded:
		r.Forwarded = orNil(field)
	case columnUser:
		r.User = orNil(field)
	case columnTime:
		if r.Sec, r.Nanos, ok = parseTimeText(field); !ok {
			return ReasonTime
		}
	case columnEpoch:
		if r.Sec, r.Nanos, ok = parseEpoch(field); !ok {
			return ReasonTime
		}
	case columnRequest:
		splitRequest(field, r)
	case columnMethod:
		r.Method = orNil(field)
	case columnTarget:
		r.Target = orNil(field)
	case columnProtocol:
		r.Protocol = orNil(field)
	case columnStatus:
		if r.Status, ok = parseStatus(field); !ok {
			return ReasonStatus
		}
	case columnBytes:
		if r.Bytes, ok = parseSize(field); !ok {
			return ReasonBytes
		}
	case columnReferrer:
		r.Referrer = orNil(field)
	case columnAgent:
		r.Agent = orNil(field)
	case columnHost:
		r.Host = orNil(field)
	case columnSeconds, columnMillis, columnMicros, columnNanos:
		return c.storeLatency(field, r)
	}
	return ""
}

func (c column) storeLatency(field []byte, r *Record) Reason {
	if orNil(field) == nil {
		return ""
	}
	unit := time.Second
	switch c {
	case columnMillis:
		unit = time.Millisecond
	case columnMicros:
		unit = time.Microsecond
	case columnNanos:
		unit = time.Nanosecond
	}
	d, _, ok := parseDecimal(field, unit)
	if !ok {
		return ReasonLatency
	}
	r.Latency = d
	return ""
}

// checkParts judges a request that came in columns of its own.
func checkParts(r *Record) {
	if r.Target == nil || r.Method != nil && !isToken(r.Method) {
		r.Malformed = true
		r.Method, r.Target, r.Protocol = nil, nil, nil
	}
}

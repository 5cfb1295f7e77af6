package accesslog

import (
	"bytes"
	"math/bits"
	"strconv"
	"time"
)

// More of what a labelled value may be for, beyond the columns of a CSV log.
const (
	columnQuery    column = 64 + iota // joined to the target
	columnVersion                     // of HTTP, without its name: 1.1
	columnDuration                    // in a unit that the value or the writer tells
	columnLogger                      // name of the logger that wrote the line
)

// A part is one thing that a line of labelled values may say. A value is
// stored only when the line was read to its end, so that the best of several
// labels for one part counts, wherever it stands.
type part uint8

const (
	partTime part = iota
	partClient
	partUser
	partHost
	partMethod
	partTarget
	partQuery
	partProtocol
	partRequest // after its pieces, which it overrules
	partStatus
	partBytes
	partReferrer
	partAgent
	partLatency
	partForwarded // after the client, which may be a list, too
	partLogger
	partCount
)

// partOf is the part that a column is about.
func partOf(c column) part {
	switch c {
	case columnTime, columnEpoch:
		return partTime
	case columnClient:
		return partClient
	case columnForwarded:
		return partForwarded
	case columnUser:
		return partUser
	case columnHost:
		return partHost
	case columnMethod:
		return partMethod
	case columnTarget:
		return partTarget
	case columnQuery:
		return partQuery
	case columnProtocol, columnVersion:
		return partProtocol
	case columnRequest:
		return partRequest
	case columnStatus:
		return partStatus
	case columnBytes:
		return partBytes
	case columnReferrer:
		return partReferrer
	case columnAgent:
		return partAgent
	case columnSeconds, columnMillis, columnMicros, columnNanos, columnDuration:
		return partLatency
	}
	return partLogger
}

// writer is a set of programs whose keys were seen in a line. It tells the unit
// of a duration that has none.
type writer uint8

const (
	writerCaddy   writer = 1 << iota // seconds
	writerTraefik                    // nanoseconds
	writerEnvoy                      // milliseconds
	writerPino                       // milliseconds
)

// A target says what the value behind a key is for. The zero value is a key
// that is passed over.
type target struct {
	below  int16 // node of the keys within the value, 0 for none
	column column
	part   part
	rank   uint8 // of two values for one part the higher counts, of equals the last; 0 = no value
	writer writer
}

// A found value lies between two positions of the line.
type found struct {
	from, to int
	column   column
	rank     uint8
	escaped  bool // it holds escapes of JSON
}

// gathering collects what a line of labelled values says.
type gathering struct {
	present uint32 // parts that the line has a label for
	valued  uint32 // parts that it says something about
	writer  writer
	values  [partCount]found
	asked   bool   // for the list of a header; see asker
	scratch []byte // values of this line that are no view of it
}

func (g *gathering) reset() {
	g.present, g.valued, g.writer, g.scratch = 0, 0, 0, g.scratch[:0]
}

// put notes that line[from:to] is a value for t. A value that says nothing
// only makes the part present.
func (g *gathering) put(t target, line []byte, from, to int, escaped bool) {
	bit := uint32(1) << t.part
	g.present |= bit
	if from == to || to-from == 1 && line[from] == '-' {
		return
	}
	v := &g.values[t.part]
	if g.valued&bit != 0 && v.rank > t.rank {
		return
	}
	g.valued |= bit
	*v = found{from: from, to: to, column: t.column, rank: t.rank, escaped: escaped}
}

func (g *gathering) has(p part) bool { return g.valued&(1<<p) != 0 }

// names says whether the line has a label for p, with a value or without.
func (g *gathering) names(p part) bool { return g.present&(1<<p) != 0 }

// need is what a line must have, beside the time and a request, to be one.
type need uint8

const (
	needNothing need = iota
	needStatus
)

// store fills r from what was gathered. With a Reason, the int is the position
// at which the line is wrong; what is missing is missing at its end.
func (g *gathering) store(line []byte, r *Record, n need) (int, Reason) {
	r.Clear()
	if at, why := g.complete(line, n); why != "" {
		return at, why
	}
	left := g.valued &^ (1 << partLogger)
	if g.has(partRequest) {
		left &^= 1<<partMethod | 1<<partTarget | 1<<partQuery | 1<<partProtocol
	}
	for ; left != 0; left &= left - 1 {
		v := &g.values[bits.TrailingZeros32(left)]
		text := line[v.from:v.to]
		if v.escaped {
			text = g.unescape(text, len(line))
		}
		if why := g.storeValue(v.column, text, len(line), r); why != "" {
			return v.from, why
		}
	}
	if !g.asked && r.Forwarded != nil {
		g.pickClient(r)
	}
	if !g.has(partRequest) {
		checkParts(r)
	}
	return len(line), ""
}

// pickClient takes the client from the list of addresses where nothing else
// tells it, and in lines of Envoy, whose address of the connection is mostly
// that of a proxy: its text formats have no other.
func (g *gathering) pickClient(r *Record) {
	if g.writer&writerEnvoy == 0 {
		r.claim()
		return
	}
	if client := envoyClient(r.Forwarded); client != nil {
		r.Client = client
	}
}

// complete says what the line lacks without which it is no request.
func (g *gathering) complete(line []byte, n need) (int, Reason) {
	if g.has(partLogger) {
		v := &g.values[partLogger]
		if name := line[v.from:v.to]; bytes.HasPrefix(name, []byte("http.")) && !bytes.HasPrefix(name, []byte("http.log.access")) {
			// Caddy repeats a failed request in the lines of its other loggers.
			return v.from, ReasonLogger
		}
	}
	switch {
	case !g.names(partRequest) && !g.names(partTarget):
		return len(line), ReasonNoRequest
	case !g.has(partTime):
		return len(line), ReasonNoTime
	case n == needStatus && !g.names(partStatus):
		return len(line), ReasonNoStatus
	}
	return 0, ""
}

// storeValue stores one value that says something. size is the length of the
// line.
func (g *gathering) storeValue(c column, text []byte, size int, r *Record) Reason {
	switch c {
	case columnClient:
		if bytes.IndexByte(text, ',') >= 0 {
			// A list of X-Forwarded-For: its first address.
			r.Forwarded = text
			if text = nil; !g.asked {
				text = forwardedClient(r.Forwarded, "")
			}
		}
	case columnStatus:
		if string(text) == "0" {
			return "" // no answer was sent
		}
		text = bytes.TrimSuffix(text, []byte(".0")) // of a language in which all numbers are floats
	case columnTime, columnEpoch:
		// Milliseconds with a fraction; a float's exponent.
		if len(text) > 14 && text[13] == '.' && allDigits(text[:13]) && allDigits(text[14:]) {
			text = text[:13]
		}
		text = g.plain(text, size)
	case columnBytes:
		if string(text) == "-1" {
			return "" // the length was not known, as Go and Java have it
		}
		text = bytes.TrimSuffix(g.plain(text, size), []byte(".0"))
	case columnVersion:
		if len(text) > 5 && string(text[:5]) == "HTTP/" {
			break
		}
		r.Protocol = g.join("HTTP/", "", text, size)
		return ""
	case columnProtocol:
		r.Protocol = text
		return ""
	case columnQuery:
		if text[0] == '?' {
			text = text[1:]
		}
		if r.Target != nil && len(text) > 0 && bytes.IndexByte(r.Target, '?') < 0 {
			r.Target = g.join(string(r.Target), "?", text, size)
		}
		return ""
	case columnSeconds, columnMillis, columnMicros, columnNanos, columnDuration:
		return g.storeLatency(c, text, size, r)
	}
	if c == columnVersion {
		c = columnProtocol
	}
	return c.store(text, r)
}

// storeLatency reads a request time: a number in the unit of c, or a number
// with its unit, as 0.005192s or 1m2.5s, or a list of seconds, one for each server
// that was asked, which are added up. A -1 is what some write for none. Keys
// that say no unit may be about anything, so what cannot be read there is none.
func (g *gathering) storeLatency(c column, text []byte, size int, r *Record) Reason {
	if string(text) == "-1" {
		return ""
	}
	guessed := c == columnDuration
	if last := text[len(text)-1]; last == 's' || last == 'm' || last == 'h' {
		if d, ok := parseSpan(text); ok {
			r.Latency = d
			return ""
		}
	}
	if guessed {
		switch g.writer {
		case writerCaddy:
			c = columnSeconds
		case writerTraefik:
			c = columnNanos
		case writerEnvoy, writerPino:
			c = columnMillis
		default:
			return "" // a unit that is guessed would be wrong by a thousand
		}
	}
	if c == columnSeconds && bytes.ContainsAny(text, ",:") {
		return storeUpstream(text, r) // of nginx's $upstream_response_time, as apptime has it
	}
	why := c.storeLatency(g.plain(text, size), r)
	if guessed {
		return ""
	}
	return why
}

// parseSpan reads numbers with their units, as package time writes them.
func parseSpan(b []byte) (time.Duration, bool) {
	var sum time.Duration
	for len(b) > 0 {
		n := 0
		for n < len(b) && (isDigit(b[n]) || b[n] == '.') {
			n++
		}
		unit, length := spanUnit(b[n:])
		d, _, ok := parseDecimal(b[:n], max(unit, 1))
		if !ok || unit == 0 || sum+d < sum {
			return 0, false
		}
		sum += d
		b = b[n+length:]
	}
	return sum, true
}

// spanUnit is the unit that b begins with, and its length; 0 where it is none.
func spanUnit(b []byte) (unit time.Duration, length int) {
	n := 0
	for n < len(b) && !isDigit(b[n]) {
		n++
	}
	switch string(b[:n]) {
	case "ns":
		unit = time.Nanosecond
	case "us", "\u00b5s", "\u03bcs":
		unit = time.Microsecond
	case "ms":
		unit = time.Millisecond
	case "s":
		unit = time.Second
	case "m":
		unit = time.Minute
	case "h":
		unit = time.Hour
	}
	return unit, n
}

// longestNumber is the length of a number with an exponent that is read, and of
// what it is written out to.
const longestNumber = 40

// plain returns text as a number without an exponent, as some libraries write
// small and large ones; text itself where it has none.
func (g *gathering) plain(text []byte, size int) []byte {
	if len(text) > longestNumber || !isDigit(text[0]) || bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 {
		return text
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f != 0 && (f < 1e-15 || f > 1e20) {
		return text
	}
	g.reserve(size)
	from := len(g.scratch)
	g.scratch = strconv.AppendFloat(g.scratch, f, 'f', -1, 64)
	return g.scratch[from:]
}

// join puts two pieces and a text together in scratch.
func (g *gathering) join(first, second string, text []byte, size int) []byte {
	g.reserve(size)
	from := len(g.scratch)
	g.scratch = append(g.scratch, first...)
	g.scratch = append(g.scratch, second...)
	g.scratch = append(g.scratch, text...)
	return g.scratch[from:]
}

// reserve makes room for all that a line of size bytes can put into scratch, so
// that it does not move while values are in it: each value once without its
// escapes, the target once more with its query, a few numbers and names. It
// allocates only when a line is longer than all before it.
func (g *gathering) reserve(size int) {
	if n := 2*size + 8*longestNumber; len(g.scratch) == 0 && cap(g.scratch) < n {
		g.scratch = make([]byte, 0, max(n, 2*cap(g.scratch)))
	}
}

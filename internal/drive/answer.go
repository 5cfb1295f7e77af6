package drive

import "bytes"

const (
	// maxHead bounds the lines of an answer: status, header, trailer, and of all
	// the interim answers before it.
	maxHead = 256 << 10
	// maxSizeLine bounds the line before a chunk, extensions and all.
	maxSizeLine = 4 << 10
)

// part is where in an answer its reader stands.
type part uint8

const (
	statusLine part = iota
	headerLine
	sizedBody   // so many bytes as Content-Length said
	chunkSize   // the line before a chunk
	chunkBody   // its bytes
	chunkEnd    // the line behind them, which is empty
	trailerLine // behind the last chunk
	endlessBody // up to the end of the connection
	whole
)

// An answer reads one HTTP/1 response (RFC 9112) piece by piece as it comes in, in
// whatever pieces that is. The body is counted and forgotten. Interim answers
// (1xx) are passed over. The zero value, with its limits, is ready; reset makes
// it ready for the next.
type answer struct {
	noBody bool  // it is that to HEAD
	limit  int64 // bytes of a body; 0 for any number

	at      part
	pending []byte // the beginning of a line whose end has not come yet
	head    int    // bytes of lines so far
	status  int
	minor   byte  // of the version: HTTP/1.minor
	keep    bool  // the connection may be used again
	length  int64 // Content-Length, -1 without
	chunked bool
	coded   bool  // there is a Transfer-Encoding
	left    int64 // of the body, or of the chunk
	body    int64 // bytes so far
}

// reset makes a ready for the answer to the next request.
func (a *answer) reset(noBody bool) {
	*a = answer{noBody: noBody, limit: a.limit, pending: a.pending[:0], length: -1}
}

// begun tells whether anything of the answer has come.
func (a *answer) begun() bool { return a.head > 0 || len(a.pending) > 0 }

// feed reads on. It returns how many bytes of b belong to the answer; all of them
// unless it is whole, which is then the case.
func (a *answer) feed(b []byte) (used int, f fault) {
	for used < len(b) && a.at != whole {
		n, f := a.step(b[used:])
		used += n
		if f != noFault {
			return used, f
		}
	}
	return used, noFault
}

// end says what the end of the connection means: the end of an answer that has no
// other, or a fault.
func (a *answer) end() fault {
	switch {
	case a.at == endlessBody, a.at == whole:
		a.at, a.keep = whole, false
		return noFault
	case a.begun():
		return broken
	}
	return closed
}

// step reads a line or a stretch of a body from the head of b.
func (a *answer) step(b []byte) (used int, f fault) {
	switch a.at {
	case sizedBody, chunkBody:
		n := min(int64(len(b)), a.left)
		a.left -= n
		if a.left == 0 && a.at == sizedBody {
			a.at = whole
		} else if a.left == 0 {
			a.at = chunkEnd
		}
		return int(n), a.count(n)
	case endlessBody:
		return len(b), a.count(int64(len(b)))
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		a.pending = append(a.pending, b...)
		return len(b), a.tooLong(len(a.pending))
	}
	line := b[:end]
	if len(a.pending) > 0 {
		a.pending = append(a.pending, line...)
		line = a.pending
	}
	a.head += len(line) + 1
	if a.at == chunkSize || a.at == chunkEnd {
		a.head -= len(line) + 1 // a long body has many of them
	}
	f = a.tooLong(len(line))
	if f == noFault {
		f = a.line(bytes.TrimSuffix(line, []byte{'\r'}))
	}
	a.pending = a.pending[:0]
	return end + 1, f
}

// count adds to the body.
func (a *answer) count(n int64) fault {
	a.body += n
	if a.limit > 0 && a.body > a.limit {
		return longBody
	}
	return noFault
}

// tooLong finds lines without an end, and those that can be no answer, before their
// end has come.
func (a *answer) tooLong(line int) fault {
	switch {
	case a.at == statusLine && !promising(a.pending):
		return malformed
	case (a.at == chunkSize || a.at == chunkEnd) && line > maxSizeLine:
		return malformed
	case a.head+line > maxHead:
		return longHead
	}
	return noFault
}

// promising tells whether an answer may begin so.
func promising(b []byte) bool {
	const version = "HTTP/1."
	n := min(len(b), len(version))
	return string(b[:n]) == version[:n]
}

// line reads a whole line, without its end.
func (a *answer) line(line []byte) fault {
	switch a.at {
	case statusLine:
		return a.readStatus(line)
	case headerLine:
		if len(line) == 0 {
			return a.endHeader()
		}
		return a.readField(line)
	case chunkSize:
		return a.readSize(line)
	case chunkEnd:
		if len(line) > 0 {
			return malformed
		}
		a.at = chunkSize
	case trailerLine:
		if len(line) == 0 {
			a.at = whole
		}
	}
	return noFault
}

// readStatus reads HTTP/1.1 200 OK.
func (a *answer) readStatus(line []byte) fault {
	const shortest = len("HTTP/1.1 200")
	if len(line) < shortest || !promising(line) || line[7] < '0' || line[7] > '9' || line[8] != ' ' || len(line) > shortest && line[shortest] != ' ' {
		return malformed
	}
	a.status = 0
	for _, c := range line[9:shortest] {
		if c < '0' || c > '9' {
			return malformed
		}
		a.status = 10*a.status + int(c-'0')
	}
	// 101 is the end of HTTP on this connection, which nobody has asked for.
	if a.status < 100 || a.status == 101 {
		return malformed
	}
	a.minor = line[7] - '0'
	a.keep = a.minor > 0
	a.at = headerLine
	return noFault
}

// readField reads a line of the header, of which four kinds matter.
func (a *answer) readField(line []byte) fault {
	colon := bytes.IndexByte(line, ':')
	// A line that goes on with the one before (obs-fold) begins with a blank.
	if colon <= 0 || line[0] == ' ' || line[0] == '\t' || line[colon-1] == ' ' || line[colon-1] == '\t' {
		return malformed
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	switch {
	case is(name, "content-length"):
		n, ok := digits(value)
		if !ok || a.length >= 0 && a.length != n {
			return malformed
		}
		a.length = n
	case is(name, "transfer-encoding"):
		if a.minor == 0 {
			a.keep = false // HTTP/1.0 has none: whoever wrote it, its end is in doubt
			break
		}
		a.coded = true
		last := value
		if i := bytes.LastIndexByte(value, ','); i >= 0 {
			last = bytes.Trim(value[i+1:], " \t")
		}
		a.chunked = is(last, "chunked")
	case is(name, "connection"):
		for len(value) > 0 {
			var one []byte
			one, value, _ = bytes.Cut(value, []byte{','})
			switch one = bytes.Trim(one, " \t"); {
			case is(one, "close"):
				a.keep = false
			case is(one, "keep-alive") && a.minor == 0:
				a.keep = true
			}
		}
	}
	return noFault
}

// endHeader decides how the body ends (RFC 9112, 6.3).
func (a *answer) endHeader() fault {
	switch {
	case a.status < 200:
		// The limit of the lines holds for all answers together, so that interim
		// ones without an end come to one.
		head, keep := a.head, a.keep
		a.reset(a.noBody)
		a.head, a.keep = head, keep
		return noFault
	case a.noBody, a.status == 204, a.status == 304:
		a.at = whole
	case a.coded && a.chunked:
		a.at = chunkSize
		if a.length >= 0 {
			a.keep = false // one of the two is a lie
		}
	case a.coded, a.length < 0:
		a.at, a.keep = endlessBody, false
	case a.length == 0:
		a.at = whole
	default:
		a.at, a.left = sizedBody, a.length
		if a.limit > 0 && a.length > a.limit {
			return longBody
		}
	}
	return noFault
}

// readSize reads the line before a chunk: a hexadecimal number, extensions.
func (a *answer) readSize(line []byte) fault {
	line, _, _ = bytes.Cut(line, []byte{';'})
	line = bytes.TrimRight(line, " \t")
	if len(line) == 0 || len(line) > 15 {
		return malformed
	}
	a.left = 0
	for _, c := range line {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return malformed
		}
		a.left = a.left<<4 | int64(c)
	}
	a.at = chunkBody
	if a.left == 0 {
		a.at = trailerLine
	}
	return noFault
}

// is compares a word with one in small letters, without regard to case.
func is(word []byte, small string) bool {
	if len(word) != len(small) {
		return false
	}
	for i, c := range word {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != small[i] {
			return false
		}
	}
	return true
}

// digits reads a decimal number of at most 18 digits.
func digits(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

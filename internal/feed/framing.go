package feed

import "bytes"

// appendLine appends one message to dst as one line: trailing line ends and
// zero bytes are taken off, a line feed inside is written #012 as rsyslog does,
// so that nobody makes two requests of one. Other control characters stay: a
// tab separates the fields of some formats, and every output has a gate for
// them. What is beyond maxMessage is cut off. An empty message is no line.
func appendLine(dst, msg []byte) []byte {
	msg = bytes.TrimRight(msg[:min(len(msg), maxMessage)], "\r\n\x00")
	if len(msg) == 0 {
		return dst
	}
	for {
		i := bytes.IndexByte(msg, '\n')
		if i < 0 {
			break
		}
		dst = append(append(dst, msg[:i]...), "#012"...)
		msg = msg[i+1:]
	}
	return append(append(dst, msg...), '\n')
}

// A framing cuts the bytes of one connection into messages, as RFC 6587 has
// them: by counted octets (section 3.4.1), or by a line feed behind each
// (3.4.2). Which it is, is decided for each message: a count is digits, a space
// and "<", with which every syslog message begins. So raw lines, of which some
// begin with a number, are taken by their line feeds.
//
// The zero value is ready.
type framing struct {
	rest []byte // of a message whose end has not come
	skip int    // bytes of a message beyond the limit that are yet to come
	long bool   // the rest of a line beyond the limit is yet to come
	cuts int    // messages that were cut at maxMessage
}

// maxCount is the longest count of octets, in digits.
const maxCount = 9

// cut appends the messages that data completes to out, a line each.
func (f *framing) cut(out, data []byte) []byte {
	b := data
	if len(f.rest) > 0 {
		f.rest = append(f.rest, data...)
		b = f.rest
	}
	for len(b) > 0 {
		var used int
		if out, used = f.next(out, b); used == 0 {
			break
		}
		b = b[used:]
	}
	if len(f.rest) == 0 {
		f.rest = append(f.rest, b...)
	} else {
		f.rest = f.rest[:copy(f.rest, b)]
	}
	return out
}

// next takes what it can off the beginning of b; used is 0 when the end of the
// message that b begins with has not come.
func (f *framing) next(out, b []byte) (lines []byte, used int) {
	switch {
	case f.skip > 0:
		n := min(f.skip, len(b))
		f.skip -= n
		return out, n
	case f.long:
		i := bytes.IndexByte(b, '\n') + 1
		f.long = i == 0
		if i == 0 {
			i = len(b)
		}
		return out, i
	case b[0] == '\n' || b[0] == '\r' || b[0] == 0:
		return out, 1 // some senders end a counted message by a line feed too
	}
	head, count, open := octetCount(b)
	switch {
	case open:
		return out, 0
	case head > 0 && len(b) >= head+count:
		if count > maxMessage {
			f.cuts++
		}
		return appendLine(out, b[head:head+count]), head + count
	case head > 0 && len(b) >= head+maxMessage:
		f.cuts++
		f.skip = head + count - len(b)
		return appendLine(out, b[head:]), len(b)
	case head > 0:
		return out, 0
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		if i > maxMessage {
			f.cuts++
		}
		return appendLine(out, b[:i]), i + 1
	}
	if len(b) <= maxMessage {
		return out, 0
	}
	f.cuts++
	f.long = true
	return appendLine(out, b), len(b)
}

// last appends the message whose end has not come: the connection is at its
// end, and half a message is all there is.
func (f *framing) last(out []byte) []byte {
	b := f.rest
	if len(b) == 0 {
		return out
	}
	if head, _, _ := octetCount(b); head > 0 {
		b = b[head:]
	}
	return appendLine(out, b)
}

// octetCount reads the count that b begins with: head is its length with the
// space behind it, 0 for none. open tells that b is too short to say.
func octetCount(b []byte) (head, count int, open bool) {
	if b[0] < '1' || b[0] > '9' {
		return 0, 0, false
	}
	for i, c := range b {
		switch {
		case c == ' ' && i+1 == len(b):
			return 0, 0, true
		case c == ' ' && b[i+1] == '<':
			return i + 1, count, false
		case c < '0' || c > '9' || i == maxCount:
			return 0, 0, false
		}
		count = 10*count + int(c-'0')
	}
	return 0, 0, true
}

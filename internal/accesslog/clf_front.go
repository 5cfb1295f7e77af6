package accesslog

import "bytes"

// A front is what stands before the time of a line in the Common Log Format:
//
//	       client ident user [10/Oct/2000:...
//	vhost  client ident user [10/Oct/2000:...
//
// The ident is not kept: no server has had anything to write there since
// RFC 1413 fell out of use.
type front struct {
	first, second []byte // tokens
	rest          []byte // all after the second token; may be empty, may hold spaces
}

// splitFront finds the time of line, and what stands before it. Anything may
// be in a user name, " [" included, so the bracket must be followed by a day
// of the month; at is the position of the bracket.
func splitFront(line []byte) (f front, at int, why Reason) {
	at = timeAt(line)
	if at < 0 {
		return front{}, len(line), ReasonCut
	}
	all := line[:at-1]
	one := bytes.IndexByte(all, ' ')
	if one < 0 {
		return front{}, at, ReasonField
	}
	f.first, all = all[:one], all[one+1:]
	two := bytes.IndexByte(all, ' ')
	if two < 0 {
		// nginx writes "client - user", and nothing for an empty user where
		// the log_format leaves it out.
		f.second = all
		return f, at, ""
	}
	f.second, f.rest = all[:two], all[two+1:]
	return f, at, ""
}

// timeAt is the position of the bracket that opens the time, of the first
// bracket after a space if none is followed by a day, or -1.
func timeAt(line []byte) int {
	first := -1
	for from := 0; ; {
		i := bytes.Index(line[from:], []byte(" ["))
		if i < 0 {
			return first
		}
		i += from + 1
		if first < 0 {
			first = i
		}
		if i+3 < len(line) && isDigit(line[i+1]) && isDigit(line[i+2]) && line[i+3] == '/' {
			return i
		}
		from = i
	}
}

// hasHost says whether the front begins with a virtual host. A user with
// spaces in its name makes four words as a virtual host does, so the words
// themselves decide, and the reading without a host wins where both would do:
//
//	www.example.org 192.0.2.7 - -       host: no ident looks like an address
//	www.example.org:80 gateway - -      host: a port, or a user starting "- "
//	www.example.org - - -               host: the client is unknown
//	192.0.2.7 - mary ann                no host
//	192.0.2.7 bob mary ann              no host
//
// One function answers for both families, so no line is a hit in both, and
// neither the order of a table nor the lines before it change the answer.
func (f *front) hasHost() bool {
	if len(f.second) == 1 && f.second[0] == '-' {
		return bytes.HasPrefix(f.rest, []byte("- ")) && !isAddress(f.first)
	}
	if isAddress(f.second) {
		return true
	}
	if bytes.IndexByte(f.rest, ' ') < 0 {
		return false
	}
	return hasPort(f.first) || bytes.IndexByte(f.second, '.') >= 0 || bytes.HasPrefix(f.rest, []byte("- "))
}

// userOf is the user in the words after the ident. Apache writes "" for a user
// whose name is empty.
func userOf(words []byte) []byte {
	if string(words) == `""` {
		return nil
	}
	return orNil(words)
}

// clientOf is the address or the host name in a token, without the brackets of
// an IPv6 address and without a port; nil for "-". It is not ok if the token
// cannot be one. "unix:", which nginx writes for a local socket, can.
func clientOf(token []byte) (client []byte, ok bool) {
	if len(token) == 0 {
		return nil, false
	}
	colons, brackets := 0, 0
	for _, c := range token {
		if byteClass[c]&clientByte == 0 {
			return nil, false
		}
		switch c {
		case ':':
			colons++
		case '[', ']':
			brackets++
		}
	}
	if brackets > 0 {
		end := bytes.IndexByte(token, ']')
		if brackets != 2 || token[0] != '[' || end < 2 {
			return nil, false
		}
		tail := token[end+1:]
		return token[1:end], len(tail) == 0 || len(tail) > 1 && tail[0] == ':' && allDigits(tail[1:])
	}
	if colons == 1 && hasPort(token) {
		return token[:bytes.IndexByte(token, ':')], true
	}
	return orNil(token), true
}

// hasPort says whether token is a host and a port. An IPv6 address without
// brackets has none: its last group is no port.
func hasPort(token []byte) bool {
	colon := bytes.LastIndexByte(token, ':')
	if colon <= 0 || !allDigits(token[colon+1:]) {
		return false
	}
	return token[colon-1] == ']' || bytes.IndexByte(token, ':') == colon
}

// isAddress says whether token looks like an IPv4 or IPv6 address, with or
// without brackets and port. It looks at the shape only: a client is taken as
// the server wrote it.
func isAddress(token []byte) bool {
	token, ok := clientOf(token)
	if !ok {
		return false
	}
	dots, colons := 0, 0
	for i, c := range token {
		switch {
		case c == '.':
			dots++
		case c == ':':
			colons++
		case c == '%' && colons >= 2: // the zone of a link-local address
			return i > 0
		case isDigit(c):
		case 'a' <= c|0x20 && c|0x20 <= 'f' && dots == 0:
			// Hexadecimal digits make an address only with colons; checked below.
			if bytes.IndexByte(token, ':') < 0 {
				return false
			}
		default:
			return false
		}
	}
	return colons >= 2 || colons == 0 && dots == 3
}

// isHost says whether token may name a virtual host: nginx has names such as _
// and regular expressions, so all but quotes and control bytes will do.
func isHost(token []byte) bool {
	for _, c := range token {
		if c <= ' ' || c == '"' || c == ',' || c == 0x7f {
			return false
		}
	}
	return len(token) > 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}

package accesslog

import "bytes"

// splitRequest takes a request field apart into r:
//
//	GET /a b?c=d HTTP/1.1
//	│   │        └ protocol: after the last space, if it begins with HTTP/
//	│   └ target: whatever stands between, spaces included
//	└ method: up to the first space, a token of RFC 9110, section 5.6.2
//
// Methods are an open set. Without a protocol it is a request of HTTP/0.9 only
// if the target looks like one, because scanners send two words of anything.
// All else, a TLS hello and a single word included, is Malformed.
func splitRequest(req []byte, r *Record) {
	req = orNil(req)
	r.Request = req
	space := bytes.IndexByte(req, ' ')
	if space <= 0 || !isToken(req[:space]) {
		r.Malformed = true
		return
	}
	rest := req[space+1:]
	var protocol []byte
	if last := lastSpace(req); isProtocol(req[last+1:]) {
		protocol = req[last+1:]
		rest = req[space+1 : max(last, space+1)]
	}
	// RFC 9112, section 3, lets a server read several spaces as one.
	target := bytes.Trim(rest, " ")
	if len(target) == 0 || protocol == nil && !isBareTarget(target) {
		r.Malformed = true
		return
	}
	r.Method, r.Target, r.Protocol = req[:space], target, protocol
}

// lastSpace is the position of the last space of req, which has one. Nearly
// every request ends in nine bytes like " HTTP/1.1"; looking there first saves
// a backward loop.
func lastSpace(req []byte) int {
	if n := len(req); n >= 9 && req[n-9] == ' ' && req[n-4] == '/' {
		return n - 9 + bytes.LastIndexByte(req[n-9:], ' ')
	}
	return bytes.LastIndexByte(req, ' ')
}

func isProtocol(b []byte) bool { return len(b) > 5 && string(b[:5]) == "HTTP/" }

func isBareTarget(b []byte) bool {
	return b[0] == '/' || bytes.HasPrefix(b, []byte("http://")) || bytes.HasPrefix(b, []byte("https://"))
}

// isToken says whether b, which is not empty, is a token of RFC 9110.
func isToken(b []byte) bool {
	for _, c := range b {
		if byteClass[c]&tokenByte == 0 {
			return false
		}
	}
	return true
}

// orNil is b, or nil where the log says that there is nothing.
func orNil(b []byte) []byte {
	if len(b) == 0 || len(b) == 1 && b[0] == '-' {
		return nil
	}
	return b
}

// What a byte may be part of.
const (
	tokenByte  = 1 << iota // a token of RFC 9110
	clientByte             // an address or a host name
)

// byteClass is never changed.
var byteClass = func() (class [256]uint8) {
	for c := range 256 {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		digit := '0' <= c && c <= '9'
		if c < 128 && (letter || digit) {
			class[c] = tokenByte | clientByte
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		class[c] |= tokenByte
	}
	for _, c := range []byte(".-_:[]%") {
		class[c] |= clientByte
	}
	return class
}()

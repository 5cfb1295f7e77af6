package accesslog

import (
	"bytes"
	"time"
)

// A haproxyParser reads the HTTP log of HAProxy (option httplog, or httpslog),
// also behind the prefix that a syslog daemon puts before it:
//
//	client:port [time] frontend backend/server TR/Tw/Tc/Tr/Ta status bytes
//	  request_cookie response_cookie state a/f/b/s/retries server/backend_queue
//	  {request headers} {response headers} "request" [errors sni/version/cipher]
//
// The fields are described in HAProxy's Configuration Manual, section 8.2.3.
// The time has no zone and is read as UTC. Latency is the last timer, Ta, or Tt
// of older versions; both are milliseconds.
type haproxyParser struct {
	raw [len("10/Oct/2000:13:55:36")]byte // of the time read last
	sec int64
}

// haproxyCut is the length from which a request without its closing quote is
// taken as one that HAProxy has cut: a message has 1,024 bytes unless the log
// directive says otherwise, and the request stands last for this reason.
const haproxyCut = 900

func newHAProxy() Parser { return new(haproxyParser) }

func (p *haproxyParser) fork() Parser {
	c := *p
	return &c
}

// Parse implements Parser.
func (p *haproxyParser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line, at: markLen(line)}
	p.front(&w, r)
	w.word() // frontend
	if server := w.word(); w.why == "" && bytes.IndexByte(server, '/') < 0 {
		w.fail(ReasonField) // "SSL handshake failure" and other messages
	}
	haproxyTimers(&w, r)
	if i := w.at + 1; i+1 < len(line) && line[i] == '-' && line[i+1] == '1' {
		w.word() // no answer
	} else {
		w.status(r)
	}
	if w.at+1 < len(line) && line[w.at+1] == '+' {
		haproxyPartial(&w, r)
	} else {
		w.size(r)
	}
	for range 3 { // cookies and state
		w.word()
	}
	slashes(&w, 4)
	slashes(&w, 1)
	r.Forwarded = haproxyForwarded(haproxyCaptures(&w))
	haproxyCaptures(&w)
	haproxyRequest(&w, r)
	return w.outcome()
}

// front reads the prefix, the client and the time.
func (p *haproxyParser) front(w *walk, r *Record) {
	at := timeAt(w.line)
	if at < 0 {
		w.at, w.why = len(w.line), ReasonCut
		return
	}
	start := w.at
	if at <= start {
		w.at, w.why = at, ReasonField
		return
	}
	before := w.line[start : at-1]
	space := bytes.LastIndexByte(before, ' ')
	if !isPrefix(before[:space+1]) {
		w.at, w.why = start, ReasonField
		return
	}
	w.from, w.at = start+space+1, at-1
	var ok bool
	if r.Client, ok = withPort(before[space+1:]); !ok {
		w.fail(ReasonField)
		return
	}
	w.at, w.why = p.time(w.line, at, r)
}

// isPrefix says whether b, up to the client, is nothing or what a syslog daemon
// writes: "Oct 10 20:55:36 lb haproxy[123]: ".
func isPrefix(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	return b[0] != 0 && (bytes.HasSuffix(b, []byte("]: ")) || bytes.Contains(b, []byte("haproxy")))
}

// time reads the time whose opening bracket is at line[at], in the forms of
// %tr, %trg and %trl, and returns the position behind it:
//
//	[10/Oct/2000:13:55:36.042]
//	[10/Oct/2000:13:55:36 -0700]
func (p *haproxyParser) time(line []byte, at int, r *Record) (int, Reason) {
	at++
	body := line[at:]
	end := bytes.IndexByte(body, ']')
	if end < 0 {
		return len(line), ReasonCut
	}
	body = body[:end]
	if len(body) < len(p.raw) {
		return at, ReasonTime
	}
	raw := [len(p.raw)]byte(body)
	if raw != p.raw || raw[0] == 0 {
		stamp := [stampLen]byte([]byte("00/Xxx/0000:00:00:00 +0000"))
		copy(stamp[:], raw[:])
		sec, bad := parseStamp(&stamp)
		if bad >= 0 {
			return at + bad, ReasonTime
		}
		p.raw, p.sec = raw, sec
	}
	r.Sec = p.sec
	var ok bool
	switch rest := body[len(raw):]; {
	case len(rest) == 0:
	case rest[0] == '.':
		if r.Nanos, ok = parseFraction(rest[1:]); !ok {
			return at + len(raw), ReasonTime
		}
	default:
		offset, ok := parseOffset(rest)
		if !ok {
			return at + len(raw), ReasonTime
		}
		r.Sec -= offset
	}
	return at + end + 1, ""
}

// haproxyTimers reads five timers, of which the last is the latency. A "+" in
// front of it says that the answer was still being sent.
func haproxyTimers(w *walk, r *Record) {
	word := w.word()
	if w.why != "" {
		return
	}
	last := bytes.LastIndexByte(word, '/') + 1
	total := bytes.TrimPrefix(word[last:], []byte("+"))
	if bytes.Count(word, []byte("/")) != 4 || !timers(word[:last]) {
		w.fail(ReasonField)
		return
	}
	if w.from += last; !latencyOf(total, time.Millisecond, r) || len(total) == 0 {
		w.fail(ReasonLatency)
	}
}

// timers says whether b is made of digits, minus signs and slashes.
func timers(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && c != '-' && c != '/' {
			return false
		}
	}
	return true
}

// haproxyPartial reads a size with a "+", of an answer that was still being
// sent.
func haproxyPartial(w *walk, r *Record) {
	word := w.word()
	if w.why != "" {
		return
	}
	var ok bool
	if r.Bytes, ok = parseSize(word[1:]); !ok || len(word) == 1 {
		w.fail(ReasonBytes)
	}
}

// slashes reads numbers with n slashes between them.
func slashes(w *walk, n int) {
	word := w.word()
	if w.why != "" {
		return
	}
	for _, c := range word {
		if c == '/' {
			n--
		} else if !isDigit(c) && c != '+' && c != '-' {
			w.fail(ReasonField)
			return
		}
	}
	if n != 0 {
		w.fail(ReasonField)
	}
}

// haproxyCaptures passes over a block of captured headers, if there is one.
// HAProxy writes braces and quotes in them as #7B, #7D and #22.
func haproxyCaptures(w *walk) []byte {
	if w.why != "" || w.at+1 >= len(w.line) || w.line[w.at] != ' ' || w.line[w.at+1] != '{' {
		return nil
	}
	end := bytes.IndexByte(w.line[w.at:], '}')
	if end < 0 {
		w.at, w.why = len(w.line), ReasonCut
		return nil
	}
	body := w.line[w.at+2 : w.at+end]
	w.at += end + 1
	return body
}

// haproxyForwarded returns the list of addresses among captured headers, whose
// names are in the configuration alone. Of two nobody knows which a client has
// made up, as a user agent: then there is none.
func haproxyForwarded(captures []byte) (list []byte) {
	for len(captures) > 0 {
		var one []byte
		if one, captures, _ = bytes.Cut(captures, []byte("|")); isForwarded(one) {
			if list != nil {
				return nil
			}
			list = one
		}
	}
	return list
}

// haproxyRequest reads the request, and what httpslog has behind it: the name
// the client asked for in TLS becomes the host.
func haproxyRequest(w *walk, r *Record) {
	start := w.at + 2
	request := w.quoted()
	switch {
	case w.why == ReasonQuote && len(w.line) >= haproxyCut && start < len(w.line) && w.line[start-1] == '"' && w.at == start-1:
		request = w.line[start:]
		w.at, w.why = len(w.line), ""
	case w.why != "":
		return
	}
	splitRequest(request, r)
	if bytes.HasPrefix(r.Protocol, []byte("HTTP/2")) || bytes.HasPrefix(r.Protocol, []byte("HTTP/3")) {
		// HAProxy makes the target of these from the authority, the path.
		splitAuthority(r)
	}
	if w.at == len(w.line) {
		return
	}
	w.word() // errors
	tls := w.word()
	if w.why != "" {
		return
	}
	sni, _, ok := bytes.Cut(tls, []byte("/"))
	switch {
	case !ok:
		w.fail(ReasonExtra)
	case w.at < len(w.line):
		w.why = ReasonExtra
	case r.Host == nil:
		r.Host = orNil(sni)
	}
}

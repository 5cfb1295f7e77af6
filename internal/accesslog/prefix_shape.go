package accesslog

import (
	"bytes"
	"time"
)

// The shapes of prefixes. Each function returns the length of the prefix that
// b begins with, 0 for none.

// syslogLength is that of RFC 3164, section 4.1, with or without the priority,
// and as syslog daemons and journald write it into files:
//
//	<190>Mar 10 12:00:00 host nginx: 203.0.113.7 - - ...
//	Mar 10 12:00:00.123456 host nginx[123]: ...
//	2026-03-10T12:00:00+01:00 host nginx[123]: ...
//	<190>Mar 10 12:00:00 nginx: ...
//
// There are many programs, so the shape of the tag tells, not its name.
func syslogLength(b []byte) int {
	at := priorityLength(b)
	n := monthTimeLength(b[at:])
	if n == 0 {
		n = isoTimeLength(b[at:])
	}
	if n == 0 {
		return 0
	}
	at += n
	for range 2 { // host and tag, or the tag alone
		n = bytes.IndexByte(b[at:], ' ')
		if n <= 0 {
			return 0
		}
		word := b[at : at+n]
		at += n + 1
		if word[n-1] == ':' {
			if n > 1 && isTag(word[:n-1]) {
				return at
			}
			return 0
		}
	}
	return 0
}

// isTag says whether b names a program, with its process or without.
func isTag(b []byte) bool {
	if len(b) > 0 && b[0] == '#' {
		return false // a directive behind a time stamp: #Fields: date time
	}
	if n := bytes.IndexByte(b, '['); n > 0 {
		if b[len(b)-1] != ']' || !allDigits(b[n+1:len(b)-1]) {
			return false
		}
		b = b[:n]
	}
	for _, c := range b {
		if byteClass[c]&tokenByte == 0 && c != '/' && c != '(' && c != ')' && c != '@' {
			return false
		}
	}
	return true
}

// priorityLength is that of "<190>".
func priorityLength(b []byte) int {
	if len(b) < 3 || b[0] != '<' {
		return 0
	}
	end := bytes.IndexByte(b[:min(len(b), 5)], '>')
	if end < 2 || !allDigits(b[1:end]) {
		return 0
	}
	return end + 1
}

// monthTimeLength is that of "Mar  9 12:00:00 ", with a fraction or without.
func monthTimeLength(b []byte) int {
	if len(b) < 16 || monthNumber(b[0], b[1], b[2]) == 0 || b[3] != ' ' || b[6] != ' ' || b[9] != ':' || b[12] != ':' ||
		!isDigit(b[5]) || b[4] != ' ' && !isDigit(b[4]) {
		return 0
	}
	if _, bad := clockSeconds(b[7:15]); bad >= 0 {
		return 0
	}
	at := 15
	if b[at] == '.' {
		for at++; at < len(b) && isDigit(b[at]); at++ {
		}
	}
	if at >= len(b) || b[at] != ' ' {
		return 0
	}
	return at + 1
}

// isoTimeLength is that of "2026-03-10T12:00:00.5+01:00 ".
func isoTimeLength(b []byte) int {
	if len(b) < 20 || b[4] != '-' || b[10] != 'T' {
		return 0
	}
	n := bytes.IndexByte(b[:min(len(b), 40)], ' ')
	if n < 19 {
		return 0
	}
	if _, _, ok := parseDateTime(b[:n]); !ok {
		return 0
	}
	return n + 1
}

// stampLength is that of "2026-03-10T12:00:00.000000000Z ". Without a fraction
// the time may as well be the first field of a format.
func stampLength(b []byte) int {
	if len(b) < 20 || b[19] != '.' {
		return 0
	}
	return isoTimeLength(b)
}

// addedStampLength is that of a time which may stand there and need not. That of
// a load balancer's line, which begins with one, is its own:
//
//	2026-03-10T12:00:00.000000Z app/web/0123 203.0.113.7:51000 192.0.2.80:80 0.001 ...
func addedStampLength(b []byte) int {
	n := stampLength(b)
	_, rest, _ := bytes.Cut(b[n:], []byte(" "))
	client, rest, _ := bytes.Cut(rest, []byte(" "))
	if n == 0 || !allDigits(client[bytes.LastIndexByte(client, ':')+1:]) {
		return n
	}
	_, rest, _ = bytes.Cut(rest, []byte(" "))
	if took, _, _ := bytes.Cut(rest, []byte(" ")); string(took) == "-1" || isSeconds(took) {
		return 0
	}
	return n
}

// isSeconds says whether b is a number with decimals.
func isSeconds(b []byte) bool {
	_, fraction, ok := parseDecimal(b, time.Second)
	return ok && fraction
}

// syslog5424Length is that of RFC 5424, section 6, as far as the message:
//
//	<190>1 2026-03-10T12:00:00.000Z host nginx 123 - [a@1 b="c"] 203.0.113.7 ...
func syslog5424Length(b []byte) int {
	at := priorityLength(b)
	if at == 0 || !bytes.HasPrefix(b[at:], []byte("1 ")) {
		return 0
	}
	at += len("1 ")
	if n := isoTimeLength(b[at:]); n > 0 {
		at += n
	} else if bytes.HasPrefix(b[at:], []byte("- ")) {
		at += len("- ")
	} else {
		return 0
	}
	for range 4 { // host, program, process, kind of message
		n := bytes.IndexByte(b[at:], ' ')
		if n <= 0 {
			return 0
		}
		at += n + 1
	}
	n := structuredLength(b[at:])
	if n == 0 {
		return 0
	}
	at += n
	if at == len(b) || b[at] != ' ' {
		return 0
	}
	at++
	if bytes.HasPrefix(b[at:], []byte(byteOrderMark)) {
		at += len(byteOrderMark)
	}
	return at
}

// structuredLength is that of structured data: "-", or elements in brackets,
// whose values may hold \" and \].
func structuredLength(b []byte) int {
	if len(b) > 0 && b[0] == '-' {
		return 1
	}
	at := 0
	for at < len(b) && b[at] == '[' {
		quoted := false
		for at++; at < len(b) && (quoted || b[at] != ']'); at++ {
			switch {
			case quoted && b[at] == '\\':
				at++
			case b[at] == '"':
				quoted = !quoted
			}
		}
		at++
	}
	if at > len(b) {
		return 0
	}
	return at
}

// criLength is that of a Kubernetes container runtime; partial tells that the
// line was cut there:
//
//	2026-03-10T12:00:00.000000000Z stdout F 203.0.113.7 - - ...
func criLength(b []byte) (length int, partial bool) {
	at := isoTimeLength(b)
	if at == 0 || !bytes.HasPrefix(b[at:], []byte("stdout ")) && !bytes.HasPrefix(b[at:], []byte("stderr ")) {
		return 0, false
	}
	at += len("stdout ")
	if len(b) < at+2 || b[at+1] != ' ' || b[at] != 'F' && b[at] != 'P' {
		return 0, false
	}
	return at + 2, b[at] == 'P'
}

// dockerText is the text of the first string of {"log":"...","stream":"stdout",
// "time":"..."}, escapes in it, and where it begins; 0 where there is none.
func dockerText(b []byte) (text []byte, at int) {
	const begin = `{"log":"`
	if !bytes.HasPrefix(b, []byte(begin)) || b[len(b)-1] != '}' {
		return nil, 0
	}
	end, _, why := stringEnd(b, len(begin))
	if why != "" || !bytes.Contains(b[end:], []byte(`"time":"`)) {
		return nil, 0
	}
	return b[len(begin):end], len(begin)
}

// composeLength is that of docker compose, with a time or without:
//
//	web_1  | 203.0.113.7 - - ...
//	web-1 | 2026-03-10T12:00:00.000000000Z 203.0.113.7 - - ...
func composeLength(b []byte) int {
	at := 0
	for at < len(b) && byteClass[b[at]]&tokenByte != 0 {
		at++
	}
	name := at
	for at < len(b) && b[at] == ' ' {
		at++
	}
	if name == 0 || at == name || at+1 >= len(b) || b[at] != '|' || b[at+1] != ' ' {
		return 0
	}
	at += len("| ")
	return at + addedStampLength(b[at:])
}

// kubectlLength is that of kubectl, with a time or without:
//
//	[pod/web-5d4/nginx] 203.0.113.7 - - ...
func kubectlLength(b []byte) int {
	if !bytes.HasPrefix(b, []byte("[pod/")) {
		return 0
	}
	end := bytes.Index(b, []byte("] "))
	if end < 0 || bytes.IndexByte(b[:end], ' ') >= 0 || bytes.Count(b[:end], []byte("/")) != 2 {
		return 0
	}
	at := end + len("] ")
	return at + addedStampLength(b[at:])
}

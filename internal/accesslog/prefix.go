package accesslog

import "bytes"

// A prefix is what some carrier of logs puts in front of each line, whatever
// the format of the line behind it is.
type prefix uint8

const (
	prefixNone       prefix = iota
	prefixSyslog            // RFC 3164, also as files and journald's short output have it
	prefixSyslog5424        // RFC 5424
	prefixCRI               // Kubernetes container runtimes
	prefixDocker            // Docker's json-file driver
	prefixCompose           // docker compose logs
	prefixKubectl           // kubectl logs --prefix
	prefixStamp             // docker logs --timestamps, kubectl logs --timestamps
	prefixCount
)

// String returns the name that people are told.
func (p prefix) String() string {
	return [prefixCount]string{
		"", "syslog", "RFC 5424 syslog", "container runtime", "Docker json-file", "docker compose", "kubectl", "time stamp",
	}[p]
}

// prefixOf names the prefix that line has. Its first byte decides nearly
// always, so lines without one pay little.
func prefixOf(line []byte) prefix {
	line = line[markLen(line):]
	if len(line) < 5 {
		return prefixNone
	}
	is := func(p prefix, length int) prefix {
		if length > 0 {
			return p
		}
		return prefixNone
	}
	switch c := line[0]; {
	case c == '<':
		if n := syslog5424Length(line); n > 0 {
			return prefixSyslog5424
		}
		return is(prefixSyslog, syslogLength(line))
	case c == '[':
		return is(prefixKubectl, kubectlLength(line))
	case c == '{':
		_, text := dockerText(line)
		return is(prefixDocker, text)
	case isDigit(c) && line[4] == '-':
		if n, _ := criLength(line); n > 0 {
			return prefixCRI
		}
		if syslogLength(line) > 0 {
			return prefixSyslog
		}
		if n := stampLength(line); n > 0 {
			return prefixStamp
		}
	case 'A' <= c && c <= 'S' && syslogLength(line) > 0:
		return prefixSyslog
	}
	return is(prefixCompose, composeLength(line))
}

// A peeler takes the prefix of a log off its lines. The zero value takes
// nothing off.
type peeler struct {
	kind    prefix
	scratch []byte // the line that Docker wrapped
	bare    bare   // the line that was taken last
	streams        // of a log that has lines in pieces
}

// fresh is a peeler of the same prefix that has seen no line.
func (l *peeler) fresh() peeler { return peeler{kind: l.kind} }

// parse gives what is behind the prefix of line to p; see read.
func (l *peeler) parse(p Parser, line []byte, r *Record) Outcome {
	if l.kind == prefixNone {
		return dated(line, r, p.Parse(line, r))
	}
	body, at, why := l.peel(line)
	if why == "" && l.open == 0 {
		if l.bare.last != nil {
			l.bare.last = nil // of a line before this one
		}
		out := dated(body, r, p.Parse(body, r))
		if out.Kind == Rejected {
			out.Column = l.column(line, at, out.Column)
			l.bare = bare{text: body, at: at} // again may come; noting it of each line took 10 ns
		}
		return out
	}
	l.keep(line, body, at, why)
	out := l.read(p, line, r)
	if out.Kind == Rejected {
		out.Column = l.place(line, out.Column)
	}
	return out
}

// again gives the line that parse has rejected, or take has had, last to another
// Parser. The column of a rejected one is that of read.
func (l *peeler) again(p Parser, line []byte, r *Record) Outcome {
	if l.kind == prefixNone {
		return dated(line, r, p.Parse(line, r))
	}
	return l.read(p, line, r)
}

// dated rejects a record of a time that no clock can have.
func dated(line []byte, r *Record, out Outcome) Outcome {
	if out.Kind == Hit && !r.Dated() {
		return rejected(line, ReasonTime, 0)
	}
	return out
}

// peel returns what stands behind the prefix, and where in line it begins. With
// ReasonPartial that is a piece of a line.
func (l *peeler) peel(line []byte) (body []byte, at int, why Reason) {
	mark := markLen(line)
	rest := line[mark:]
	switch l.kind {
	case prefixSyslog, prefixSyslog5424:
		// Several programs may send to one socket, each in the RFC it knows.
		if at = syslogLength(rest); at == 0 {
			at = syslog5424Length(rest)
		}
	case prefixCRI:
		var partial bool
		if at, partial = criLength(rest); partial {
			return rest[at:], mark + at, ReasonPartial
		}
	case prefixDocker:
		return l.unwrap(line, mark)
	case prefixCompose:
		at = composeLength(rest)
	case prefixKubectl:
		at = kubectlLength(rest)
	case prefixStamp:
		at = stampLength(rest)
	}
	if at == 0 {
		return nil, mark, ReasonPrefix
	}
	return rest[at:], mark + at, ""
}

// unwrap returns the line that Docker put into an object of JSON.
func (l *peeler) unwrap(line []byte, mark int) (body []byte, at int, why Reason) {
	text, from := dockerText(line[mark:])
	if from == 0 {
		return nil, mark, ReasonPrefix
	}
	at = mark + from
	if !bytes.HasSuffix(text, []byte(`\n`)) || isEscaped(text[:len(text)-2]) {
		return l.unescape(line, text), at, ReasonPartial // lines are cut at 16 KiB
	}
	text = text[:len(text)-len(`\n`)]
	if bytes.HasSuffix(text, []byte(`\r`)) && !isEscaped(text[:len(text)-2]) {
		text = text[:len(text)-len(`\r`)]
	}
	return l.unescape(line, text), at, ""
}

// unescape is text, a part of line, without the escapes of JSON.
func (l *peeler) unescape(line, text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	if cap(l.scratch) < len(line) {
		l.scratch = make([]byte, 0, 2*len(line))
	}
	l.scratch = appendUnescaped(l.scratch[:0], text)
	return l.scratch
}

// column is where in line the given column of what was peeled off stands. at is
// where that begins.
func (l *peeler) column(line []byte, at, column int) int {
	if l.kind != prefixDocker {
		return at + column
	}
	for n := 1; n < column && at < len(line); {
		if line[at] != '\\' {
			at++
			n++
			continue
		}
		length := max(escapeLength(line[at:]), 1)
		var one [12]byte
		if bytes.HasPrefix(line[at:], []byte(`\u`)) && escapeLength(line[at+length:]) == 6 {
			if both := appendUnescaped(one[:0], line[at:at+12]); len(both) == 4 {
				n += 4 // a pair
				at += 12
				continue
			}
		}
		n += len(appendUnescaped(one[:0], line[at:at+length]))
		at += length
	}
	return min(at, len(line)) + 1
}

// prefixIn is the prefix that at least half of the lines have, empty ones apart.
func prefixIn(lines [][]byte) prefix {
	var counts [prefixCount]int
	empty, best := 0, prefixNone
	for _, line := range lines {
		if len(line) == 0 {
			empty++
			continue
		}
		counts[prefixOf(line)]++
	}
	for p := prefixNone + 1; p < prefixCount; p++ {
		if n := counts[p]; n > 0 && 2*n >= len(lines)-empty && (best == prefixNone || n > counts[best]) {
			best = p
		}
	}
	return best
}

package accesslog

import (
	"bytes"
	"strings"
)

// Peel returns what stands behind the prefix of line, the name of the prefix, as
// Auto.Prefix has it, and a function that makes a column of that one of the
// whole line. A line without a prefix is returned as it is. The views may lie in
// line.
func Peel(line []byte) (body []byte, prefix string, column func(int) int) {
	l := peeler{kind: prefixOf(line)}
	if l.kind == prefixNone {
		return line, "", func(n int) int { return n }
	}
	body, at, why := l.peel(line)
	if why != "" && why != ReasonPartial {
		return line, "", func(n int) int { return n }
	}
	return body, l.kind.String(), func(n int) int { return l.column(line, at, n) }
}

// NotationOf returns the name of the format whose notation line, without its
// prefix, is plainly in, whatever it lacks to be a request: "json" for an
// object, "ltsv" for labels between tabs, "w3c" and "csv" for rows of values;
// "" where nothing tells. The other formats may come further in it by chance, as
// a client that holds any bytes but a space does, and what they fail at says
// nothing.
func NotationOf(line []byte) string {
	line = line[markLen(line):]
	text := bytes.TrimLeft(line, " \t")
	switch {
	case len(text) > 1 && text[0] == '{' && (text[1] == '"' || text[len(text)-1] == '}'):
		return "json"
	case isLabelled(line):
		return "ltsv"
	case bytes.IndexByte(line, '[') >= 0:
		return "" // a time in brackets
	case isW3CRow(line):
		return "w3c"
	case isCSVRow(line):
		return "csv"
	}
	return ""
}

// isLabelled says whether line has several values between tabs, each with a
// label.
func isLabelled(line []byte) bool {
	n := 0
	for field := range bytes.SplitSeq(line, []byte{'\t'}) {
		if i := bytes.IndexByte(field, ':'); i < 1 || !isLabel(field[:i]) {
			return false
		}
		n++
	}
	return n > 1
}

// isW3CRow says whether line begins with a date and a time and has an address.
func isW3CRow(line []byte) bool {
	const start = len("2026-03-10 14:05:00 ")
	if len(line) < start || line[10] != ' ' && line[10] != '\t' || line[start-1] != line[10] {
		return false
	}
	var text [start - 1]byte
	copy(text[:], line)
	text[10] = ' '
	if _, _, ok := parseTimeText(text[:]); !ok {
		return false
	}
	for field := range bytes.FieldsSeq(line[start:]) {
		if _, ok := ParseAddr(field); ok {
			return true
		}
	}
	return false
}

// isCSVRow says whether line has values between commas, and a time among them.
func isCSVRow(line []byte) bool {
	const least = 4
	fields, times := 0, 0
	for field := range bytes.SplitSeq(line, []byte{','}) {
		fields++
		field = bytes.Trim(field, ` "`)
		if len(field) < len("971211336") || !isDigit(field[0]) {
			continue
		}
		_, _, ok := parseTimeText(field)
		if !ok {
			_, _, ok = parseEpoch(field)
		}
		if ok {
			times++
		}
	}
	return fields >= least && times > 0
}

// notationIn is the notation that at least half of the lines have behind the
// prefix before, empty ones apart.
func notationIn(lines [][]byte, before prefix) string {
	counts := map[string]int{}
	empty, lead := 0, peeler{kind: before}
	for _, line := range lines {
		if before != prefixNone {
			line, _, _ = lead.peel(line)
		}
		if len(line) == 0 {
			empty++
			continue
		}
		counts[NotationOf(line)]++
	}
	for _, name := range strings.Fields("json ltsv w3c csv") {
		if n := counts[name]; n > 0 && 2*n >= len(lines)-empty {
			return name
		}
	}
	return ""
}

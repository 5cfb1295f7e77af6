package export

import (
	"bytes"
	"strconv"
	"time"

	"weir/internal/accesslog"
)

// A moment writes times and remembers the last one, because a busy log repeats
// the same second for hundreds of lines.
type moment struct {
	zone   *time.Location
	layout string
	sec    int64
	text   []byte // of sec; nil as long as nothing is remembered
}

// at returns the text of sec. It is valid until the next call.
func (m *moment) at(sec int64) []byte {
	if m.text == nil || sec != m.sec {
		m.sec = sec
		m.text = time.Unix(sec, 0).In(m.zone).AppendFormat(m.text[:0], m.layout)
	}
	return m.text
}

// dateTime is as long as the date and the time of day in RFC 3339.
const dateTime = len("2006-01-02T15:04:05")

// rfc3339 appends a time with as much of a fraction as there is, in steps of
// three digits.
func (m *moment) rfc3339(dst []byte, sec int64, nanos int32) []byte {
	text := m.at(sec)
	if nanos == 0 {
		return append(dst, text...)
	}
	dst = append(dst, text[:dateTime]...)
	dst = appendFraction(dst, int64(nanos))
	return append(dst, text[dateTime:]...)
}

// appendFraction appends nanoseconds as a point with three, six or nine digits.
func appendFraction(dst []byte, nanos int64) []byte {
	dst = append(dst, '.')
	digits := 9
	for digits > 3 && nanos%1000 == 0 {
		nanos, digits = nanos/1000, digits-3
	}
	return appendDigits(dst, nanos, digits)
}

// appendDigits appends n with leading zeros.
func appendDigits(dst []byte, n int64, digits int) []byte {
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0; i, n = i-1, n/10 {
		dst[i] = byte('0' + n%10)
	}
	return dst
}

// appendMillis appends d in milliseconds, with the fraction it has.
func appendMillis(dst []byte, d time.Duration) []byte {
	whole, rest := int64(d)/1e6, int64(d)%1e6
	dst = strconv.AppendInt(dst, whole, 10)
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendDigits(dst, rest, 6)
	return bytes.TrimRight(dst, "0")
}

// pathAndQuery parts a target. The path is that of all reports; the query is
// what follows its question mark. A fragment, which no browser sends, is only
// left where it is part of the query.
func pathAndQuery(r *accesslog.Record) (path, query []byte) {
	path = r.Path()
	if rest := r.Target[len(path):]; len(rest) > 1 && rest[0] == '?' {
		query = rest[1:]
	}
	return path, query
}

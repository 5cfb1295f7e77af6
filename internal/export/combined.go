package export

import (
	"slices"
	"strconv"
	"time"

	"weir/internal/accesslog"
)

// combinedWriter writes the Combined Log Format, timed with the request time
// behind it as nginx's $request_time. What it has no field for (the virtual
// host, the fraction of the second) is left out.
type combinedWriter struct {
	moment moment
	timed  bool
}

func newCombined(timed bool) func(*time.Location) Writer {
	return func(zone *time.Location) Writer {
		return &combinedWriter{moment{zone: zone, layout: "[02/Jan/2006:15:04:05 -0700]"}, timed}
	}
}

// Append implements Writer.
func (w *combinedWriter) Append(dst []byte, r *accesslog.Record, _ string) []byte {
	dst = bare(dst, r.Client, ' ')
	dst = bare(append(dst, " - "...), r.User, '[')
	dst = append(dst, ' ')
	dst = append(dst, w.moment.at(r.Sec)...)
	dst = append(dst, ` "`...)
	switch {
	case r.Request != nil || r.Malformed:
		dst = orDash(dst, r.Request)
	default: // the log splits the request
		dst = orDash(dst, r.Method)
		dst = orDash(append(dst, ' '), r.Target)
		if r.Protocol != nil {
			dst = appendApache(append(dst, ' '), r.Protocol)
		}
	}
	dst = append(dst, `" `...)
	if r.Status == 0 {
		dst = append(dst, '-')
	} else {
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
	}
	dst = append(dst, ' ')
	if r.Bytes == 0 { // as %b of Apache
		dst = append(dst, '-')
	} else {
		dst = strconv.AppendInt(dst, r.Bytes, 10)
	}
	dst = orDash(append(dst, ` "`...), r.Referrer)
	dst = orDash(append(dst, `" "`...), r.Agent)
	dst = append(dst, '"')
	if w.timed {
		dst = appendSeconds(append(dst, ' '), r.Latency)
	}
	return append(dst, '\n')
}

// appendSeconds appends d in seconds with three decimals, and as many more in
// steps of three as there are: readers tell a request time by its decimals.
func appendSeconds(dst []byte, d time.Duration) []byte {
	if d < 0 {
		return append(dst, '-')
	}
	dst = strconv.AppendInt(dst, int64(d/time.Second), 10)
	return appendFraction(dst, int64(d%time.Second))
}

// bare appends a field that has no quotes. A space in a client, which only other
// formats can hold, and a bracket after a space in a user would be read as the
// end of the field, so they are escaped, too.
func bare(dst, s []byte, end byte) []byte {
	from := len(dst)
	dst = orDash(dst, s)
	for i := from; i < len(dst); i++ {
		if c := dst[i]; c == end && (c == ' ' || i == from || dst[i-1] == ' ') {
			dst = slices.Replace(dst, i, i+1, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return dst
}

func orDash(dst, s []byte) []byte {
	if len(s) == 0 {
		return append(dst, '-')
	}
	return appendApache(dst, s)
}

// appendApache appends s as ap_escape_logitem of Apache httpd writes it: quotes
// and backslashes with a backslash, what is no printable ASCII as \xhh. A
// backslash that begins an escape of Apache or nginx was written by the server
// and stays as it is, so that lines which are Combined already do not change.
func appendApache(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	for len(s) > 0 {
		n := 0
		for n < len(s) && s[n] >= ' ' && s[n] <= '~' && s[n] != '"' && s[n] != '\\' {
			n++
		}
		dst = append(dst, s[:n]...)
		if s = s[n:]; len(s) == 0 {
			break
		}
		switch c := s[0]; c {
		case '\\':
			if n := escapeLen(s); n > 0 {
				dst = append(dst, s[:n]...)
				s = s[n:]
				continue
			}
			dst = append(dst, `\\`...)
		case '"':
			dst = append(dst, `\"`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		}
		s = s[1:]
	}
	return dst
}

// escapeLen is the length of the escape that s, which begins with a backslash,
// begins with; 0 if it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', 'n', 'r', 't', 'b', 'v', 'f':
		return 2
	case 'x':
		if len(s) >= 4 && isHex(s[2]) && isHex(s[3]) {
			return 4
		}
	}
	return 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

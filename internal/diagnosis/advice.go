package diagnosis

import (
	"bytes"
	"fmt"
	"strings"

	"weir/internal/accesslog"
)

// Advice says what is wrong at the place where a format rejected a line, and
// what to do; "" where nothing more is known than the reason.
func Advice(line []byte, out accesslog.Outcome, format string) string {
	at := min(max(0, out.Column-1), len(line))
	if n, ok := namings()[format]; ok {
		if h := n.advice(line, at, out.Reason); h != "" {
			return h
		}
	}
	switch out.Reason {
	case accesslog.ReasonCut:
		return cutAdvice(line, isCommon(format))
	case accesslog.ReasonTime:
		return timeAdvice(line, at)
	case accesslog.ReasonQuote:
		return quoteAdvice(line, at)
	case accesslog.ReasonStatus:
		return statusAdvice(line, at)
	case accesslog.ReasonBytes:
		return sizeAdvice(line, at)
	case accesslog.ReasonLatency:
		return latencyAdvice(string(word(line, at)), format)
	case accesslog.ReasonField:
		return frontAdvice(line, at)
	case accesslog.ReasonExtra:
		if at+1 < len(line) && line[at] == ' ' && line[at+1] != '"' {
			return "what follows the size must stand in quotes: \"referrer\" \"agent\""
		}
		return "more fields than this format has: see which one fits with weir formats"
	case accesslog.ReasonNoHeader:
		return "a row of values needs a first line with their names: see weir formats --long"
	case accesslog.ReasonColumns:
		return "the first line names no column for the time or for the request: see docs/formats.md"
	case accesslog.ReasonPartial:
		return "a container runtime cut the line and did not write the rest: the container was stopped, or its log rotated away"
	case accesslog.ReasonTooLong:
		return "no server logs such lines: zero bytes, or a file without line ends?"
	}
	return ""
}

// isCommon reports whether a format is of the family of the Common Log Format.
func isCommon(format string) bool {
	return strings.Contains(format, "common") || strings.Contains(format, "combined") || format == "traefik" || format == "ingress-nginx"
}

// cutAdvice is for lines that end too early; common says that the format has its
// time in brackets.
func cutAdvice(line []byte, common bool) string {
	bracket := bytes.IndexByte(line, '[')
	switch {
	case !common:
		return "the line is cut off, or has fewer fields than the format"
	case bracket < 0 && hasTime(line):
		return "the time must stand in brackets: [10/Mar/2026:14:05:00 +0000]"
	case bracket < 0 && bytes.Count(line, []byte(" ")) > 4:
		return "there is no time in brackets: no line of an access log as nginx or Apache write it"
	case bracket < 0:
		return "no access log, or only a piece of a line"
	case bytes.Count(line, []byte(`"`))%2 == 1:
		return "the line is cut off: the disk was full, or it is still being written"
	}
	return "the line is cut off, or its format has fewer fields: the disk was full, it is still being written, or the log_format lacks them"
}

// hasTime looks for a time of the Common Log Format without brackets.
func hasTime(line []byte) bool {
	for i := range line {
		if shape(string(line[i:min(len(line), i+21)]), "dd/aaa/dddd:dd:dd:dd ") {
			return true
		}
	}
	return false
}

// timeAdvice is for times in brackets; at is somewhere in one.
func timeAdvice(line []byte, at int) string {
	const fix = "; write it as nginx's $time_local, or Apache's %t, does"
	open := bytes.LastIndexByte(line[:min(len(line), at+1)], '[')
	if open < 0 {
		return ""
	}
	text := string(line[open+1:])
	if end := strings.IndexByte(text, ']'); end >= 0 {
		text = text[:end]
	}
	months := "JanFebMarAprMayJunJulAugSepOctNovDec"
	switch {
	case shape(text, "dddd-dd-dd"):
		return "an ISO 8601 time" + fix
	case text != "" && strings.Trim(text, "0123456789.") == "":
		return "Unix time (nginx $msec, Apache %{sec}t)" + fix
	case shape(text, "dd/dd/dddd"):
		return "the month is a number: it must be its English abbreviation, 10/Mar/2026" + fix
	case shape(text, "aaa aaa "):
		return "a time as error logs have it" + fix
	case shape(text, "dd/aaa/dddd:dd:dd:dd") && len(text) == 20:
		return "the offset from UTC is missing, such as +0000" + fix
	case shape(text, "dd/aaa/dddd:dd:dd:dd.d"), shape(text, "dd/aaa/dddd:dd:dd:dd,d"):
		return "a fraction of the second has no place in this format" + fix
	case len(text) > 6 && text[2] == '/' && (text[6] != '/' || !strings.Contains(months, text[3:6])):
		return "the month is not an English abbreviation: start the server with LC_ALL=C"
	case shape(text, "dd/aaa/dddd:dd:dd:dd ") && !strings.HasPrefix(text[21:], "+") && !strings.HasPrefix(text[21:], "-"):
		return "the zone must be an offset such as +0000, not a name"
	case shape(text, "dd/aaa/dddd:dd:dd:dd "):
		return "no such day, time or offset"
	}
	return ""
}

// quoteAdvice is for quotes that are missing, or too many.
func quoteAdvice(line []byte, at int) string {
	if at < len(line) && line[at] != '"' && (at == 0 || line[at-1] == ' ') {
		w := word(line, at)
		if isNumber3(w) || allDigits(w) {
			return fmt.Sprintf("the number %s stands where a quoted field is expected: the fields are in another order, or one is missing", w)
		}
		if bytes.HasPrefix(w, []byte("\u201c")) || bytes.HasPrefix(w, []byte("\u201d")) || bytes.HasPrefix(w, []byte("\u201e")) {
			return "these are quotes as in print, which a word processor, a chat or a web page has put in the place of \"; servers write the plain ones"
		}
		return "this field must stand in quotes"
	}
	// The quote at which the field began, as far as one can tell.
	open := at
	if at < len(line) && line[at] != '"' {
		open = bytes.LastIndexByte(line[:max(0, at-1)], '"')
	}
	if open < 0 || open >= len(line) {
		return ""
	}
	if missing := afterProtocol(line, open); missing > 0 {
		return fmt.Sprintf("the request has no closing quote, which belongs at column %d", missing+1)
	}
	if at < len(line) && line[at] == '"' {
		return "this quote is never closed: the line is cut off, or a quote is missing"
	}
	return `a quote within a field is not escaped: let the server write it as \" or \x22 (nginx: no escape=none)`
}

// afterProtocol finds " HTTP/1.1 200 " behind line[open] before the next quote,
// and returns where the protocol ends, 0 if it is not there.
func afterProtocol(line []byte, open int) int {
	rest := line[open+1:]
	if end := bytes.IndexByte(rest, '"'); end >= 0 {
		rest = rest[:end]
	}
	i := bytes.Index(rest, []byte(" HTTP/"))
	if i < 0 {
		return 0
	}
	w := word(rest, i+1)
	end := i + 1 + len(w)
	if !isNumber3(word(rest, end+1)) {
		return 0
	}
	return open + 1 + end
}

func statusAdvice(line []byte, at int) string {
	w := word(line, at)
	next := word(line, at+len(w)+1)
	switch {
	case allDigits(w) && isNumber3(next):
		return fmt.Sprintf("size and status have changed places: %s stands where the status is expected, %s after it", w, next)
	case bytes.HasPrefix(w, []byte(`"`)):
		return "the status must not stand in quotes"
	case allDigits(w):
		return "a status has three digits: here stands another number, so the fields are in another order, or one is missing"
	case bytes.ContainsAny(w, ".,"):
		return "a number with a fraction, perhaps the request time: the fields are in another order"
	case len(w) == 3 && isDigit(w[0]):
		return "a status has three digits: a letter or another sign stands among these"
	}
	return ""
}

func sizeAdvice(line []byte, at int) string {
	w := string(word(line, at))
	switch {
	case strings.HasPrefix(w, "-") || strings.HasPrefix(w, "+"):
		return "a size has no sign"
	case w != "" && strings.ContainsAny(w[len(w)-1:], "kKMGB"):
		return "a size must be in bytes, without a unit"
	case strings.HasPrefix(w, `"`):
		return "the size is missing, or stands in quotes"
	case allDigits([]byte(w)):
		return "a size above 4 PiB is not believed"
	}
	return ""
}

func latencyAdvice(w, format string) string {
	bare := strings.Trim(w, `"`)
	if bare == "" || bare[0] < '0' || bare[0] > '9' {
		return ""
	}
	digits := strings.Trim(bare, "0123456789") == ""
	switch {
	case strings.Contains(bare, ",") && strings.Trim(bare, "0123456789,") == "":
		return "a decimal comma: let the server write a point (LC_ALL=C)"
	case strings.HasSuffix(bare, "ms") || strings.HasSuffix(bare, "s"):
		return "a request time has no unit: seconds with decimals (nginx $request_time) or whole microseconds (Apache %D)"
	case digits && strings.HasSuffix(format, "-time"):
		return "a whole number: Apache's %D, in microseconds, is read with --format combined-us; nginx's $request_time has three " +
			"decimals; milliseconds, as %{ms}T writes them, cannot be told from microseconds: write %D"
	case strings.Contains(bare, ".") && strings.Contains(format, "-us"):
		return "a number with decimals: nginx's $request_time, in seconds, is read with --format combined-time"
	}
	return ""
}

// frontAdvice is for what stands before the time, and for words between fields.
func frontAdvice(line []byte, at int) string {
	head, _, _ := bytes.Cut(line, []byte("["))
	switch {
	case len(line) > 0 && (line[0] == ' ' || line[0] == '\t'):
		return "the line begins with a space: remove it, sed 's/^ *//'"
	case bytes.Contains(head, []byte(", ")):
		return "several addresses in front (X-Forwarded-For): log $remote_addr with the realip module of nginx, or %a with mod_remoteip of Apache"
	case len(head) > 0 && head[0] == '"':
		return "the address must not stand in quotes"
	case at > 0 && at < len(line) && line[at-1] == ' ' && line[at] == ' ':
		return "two spaces where one is expected: an empty field, which nginx and Apache write as -"
	}
	return ""
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func allDigits(b []byte) bool {
	return len(b) > 0 && len(bytes.Trim(b, "0123456789")) == 0
}

// isNumber3 reports whether b looks like a status.
func isNumber3(b []byte) bool { return len(b) == 3 && allDigits(b) }

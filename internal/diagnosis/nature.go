package diagnosis

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// nature says what a line is that is no line of an access log at all, and what
// to do; nothing where it may be one. It may stand behind a prefix: column makes
// a column in it one of the whole line.
func nature(line []byte, column func(int) int) Hint {
	for _, of := range []func([]byte) string{
		emptyLine, utf16Text, binary, colored, template, errorLog, otherLine, header, oldLineEnds,
	} {
		if h := of(line); h != "" {
			return Hint{Text: h}
		}
	}
	if h := brokenJSON(line, column); h.Text != "" {
		return h
	}
	return joined(line, column)
}

func emptyLine(line []byte) string {
	if len(bytes.TrimSpace(line)) == 0 {
		return "an empty line: harmless; an editor or a script may have left it"
	}
	return ""
}

// utf16Text finds text of two bytes a character, nearly all of which have a
// zero in one of them.
func utf16Text(line []byte) string {
	zeros := bytes.Count(line, []byte{0})
	mark := bytes.HasPrefix(line, []byte("\xff\xfe")) || bytes.HasPrefix(line, []byte("\xfe\xff"))
	pairs := len(line) >= 8 && zeros*5 > len(line)*2 && zeros*5 < len(line)*3
	if mark || pairs {
		return "UTF-16 text, as some Windows tools write it: convert it, iconv -f UTF-16 -t UTF-8 FILE | weir explain -"
	}
	return ""
}

func binary(line []byte) string {
	run := 0
	for run < len(line) && line[run] == 0 {
		run++
	}
	switch {
	case run == len(line), run > 1:
		return fmt.Sprintf("%d zero bytes at the start: the machine went down while it was written, or the log was "+
			"truncated while a server wrote on at its old place (rotate with create instead of copytruncate)", run)
	case bytes.HasPrefix(line, []byte("\x16\x03")):
		return "a TLS hello: this is not a log but what a client sent to a port that speaks HTTP"
	case bytes.HasPrefix(line, []byte("\x1f\x8b")):
		return "compressed with gzip: give the whole file, weir unpacks it"
	case bytes.IndexByte(line, 0) >= 0:
		return "zero bytes within the line: no text file, or a block of it was lost in a crash"
	}
	return ""
}

func colored(line []byte) string {
	if bytes.Contains(line, []byte("\x1b[")) {
		return "colours of a terminal are in it: let the program write without them (NO_COLOR=1), or remove them, sed 's/\\x1b\\[[0-9;]*m//g'"
	}
	return ""
}

// template finds the definition of a format instead of what it makes.
func template(line []byte) string {
	switch {
	case bytes.Contains(line, []byte("$remote_addr")), bytes.Contains(line, []byte("$status")):
		return "the text of nginx's log_format, not a line made by it: a variable was not expanded"
	case bytes.Contains(line, []byte("%>s")), bytes.Contains(line, []byte(`\"%r\"`)), bytes.Contains(line, []byte(`"%r"`)):
		return "the text of Apache's LogFormat, not a line made by it"
	}
	return ""
}

// errorLog finds lines of error logs.
func errorLog(line []byte) string {
	text := string(line[:min(len(line), 200)])
	levels := []string{"[emerg]", "[alert]", "[crit]", "[error]", "[warn]", "[notice]", "[info]", "[debug]"}
	if shape(text, "dddd/dd/dd dd:dd:dd ") {
		for _, level := range levels {
			if strings.HasPrefix(text[20:], level) {
				return "a line of nginx's error log: the access log is another file (access_log in nginx.conf)"
			}
		}
	}
	if shape(text, "[aaa aaa dd dd:dd:dd") && (strings.Contains(text, ":error]") || strings.Contains(text, "[pid ") || strings.Contains(text, "[error]") || strings.Contains(text, ":notice]")) {
		return "a line of Apache's error log: the access log is another file (CustomLog in its configuration)"
	}
	for _, begin := range []string{"Traceback (most recent call last)", "Exception in thread", "\tat ", "    at ", "goroutine ", "panic: ", "PHP Fatal error", "PHP Warning"} {
		if strings.HasPrefix(text, begin) {
			return "a message of a program that failed: send its errors to another file (2>errors.log)"
		}
	}
	return ""
}

// shape reports whether text begins like a pattern in which d is a digit, a is
// a letter, and all else itself.
func shape(text, pattern string) bool {
	if len(text) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		c := text[i]
		switch p := pattern[i]; {
		case p == 'd' && (c < '0' || c > '9'),
			p == 'a' && (c|0x20 < 'a' || c|0x20 > 'z'),
			p != 'd' && p != 'a' && c != p:
			return false
		}
	}
	return true
}

func brokenJSON(line []byte, column func(int) int) Hint {
	if text := bytes.TrimSpace(line); len(text) < 2 || text[0] != '{' {
		return Hint{}
	}
	at, wrong := checkJSON(line)
	if wrong == "" {
		return Hint{}
	}
	at = column(at + 1)
	return Hint{Text: fmt.Sprintf("JSON, broken at column %d: %s", at, wrong), Column: at}
}

// otherLine finds lines of other logs by how they begin.
func otherLine(line []byte) string {
	text := string(line[:min(len(line), 100)])
	switch {
	case strings.HasPrefix(text, "#Fields:"):
		return "a directive of the W3C format, which names the fields of the lines below it"
	case strings.HasPrefix(text, "#"):
		return "a comment: harmless"
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(text, "<!DOCTYPE"), strings.HasPrefix(text, "<html"):
		return "a web page or XML, not a log: perhaps an error page was saved in its place"
	case strings.HasPrefix(text, "-- Logs begin"), strings.HasPrefix(text, "-- Boot "):
		return "a remark of journalctl: leave it out with journalctl -q -o cat"
	case strings.HasPrefix(text, "==> ") && strings.HasSuffix(text, " <=="):
		return "a heading of tail, which was given several files: use tail -q, or give the files to weir"
	}
	return ""
}

// header finds names of columns that lack what is needed; a good header is read.
func header(line []byte) string {
	if len(line) > 1000 || bytes.ContainsAny(line, `[]{}=/:`) || !utf8.Valid(line) {
		return ""
	}
	known := map[string]bool{"status": true, "time": true, "date": true, "ip": true, "method": true, "path": true, "url": true, "bytes": true, "user_agent": true, "referer": true, "client": true, "timestamp": true, "request": true}
	n := 0
	for _, name := range strings.FieldsFunc(strings.ToLower(string(line)), func(r rune) bool { return strings.ContainsRune(",;|\t \"", r) }) {
		if name[0] >= '0' && name[0] <= '9' {
			return ""
		}
		if known[name] {
			n++
		}
	}
	if n < 2 {
		return ""
	}
	if !bytes.Contains(line, []byte(",")) {
		return "names of columns, and no commas between them: weir reads columns that are separated by commas"
	}
	return "names of columns"
}

func oldLineEnds(line []byte) string {
	trimmed := bytes.TrimRight(line, "\r")
	if len(trimmed) < len(line) {
		return "more than one carriage return at its end: a Windows tool has converted it twice; remove them, tr -d '\\r'"
	}
	if n := bytes.Count(line, []byte("\r")); n > 1 {
		return fmt.Sprintf("%d carriage returns and no line feeds: the lines end as on an old Mac; convert them, tr '\\r' '\\n'", n)
	}
	return ""
}

// joined finds a second beginning within a line.
func joined(line []byte, column func(int) int) Hint {
	first, second := -1, -1
	for at := 0; ; {
		i := bytes.Index(line[at:], []byte(" ["))
		if i < 0 {
			break
		}
		at += i + 2
		if !shape(string(line[at:min(len(line), at+12)]), "dd/aaa/dddd:") {
			continue
		}
		if first < 0 {
			first = at
		} else if second = at; second > 0 {
			break
		}
	}
	if second < 0 {
		return Hint{}
	}
	second = column(second)
	return Hint{
		Text:   fmt.Sprintf("two lines in one, the second with its time at column %d: a write was cut short, or two processes write one file without appending", second),
		Column: second,
	}
}

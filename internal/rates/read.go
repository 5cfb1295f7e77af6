package rates

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A LineError says what is wrong with a line of a table.
type LineError struct {
	Name         string // of the file
	Line, Column int    // from 1; Column counts bytes
	Reason       string
}

// Error returns the place and the reason.
func (e *LineError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Reason)
}

// A Reader makes a Table of lines: a time and counters in each, parted by tabs.
//
//	1773151500	4512	31	2
//
// The time is in seconds since 1970 or, beyond 100,000,000,000, in milliseconds; it may
// have a fraction, or be of RFC 3339. Lines that begin with # are remarks, and empty
// ones are passed over. A line whose first cell is no time, but a word, is a header that
// names the columns from there on; those called elapsed_ms, ok, iso_local and the like are
// no counters. An empty cell, or a dash, is a counter that was not read then.
//
// Without tabs, commas part the cells, else spaces do. Without a header three
// counters are 200s, 404s and 500s. Set Name and Lenient before the first line.
type Reader struct {
	Name    string // of the file, for messages
	Lenient bool   // leave out lines that cannot be read

	line    int
	cells   []cell
	columns []column // the first is the time
	split   byte     // 0 until the first line
	table   Table
	at      []int64
	values  [][]float64

	back, bad int // lines left out: the time goes back; not readable
	firstBack *LineError
	firstBad  *LineError
}

// A cell is a piece of a line.
type cell struct {
	text []byte
	from int // where it begins in the line
}

// A column says what the cells of a column are.
type column struct {
	name   string
	series int // -1: no counter
}

// Line reads the next line, without its line feed. The text is not kept. The error is
// a *LineError; a Lenient Reader gives none but for a header that cannot be.
func (r *Reader) Line(text []byte) error { return r.take(text, false) }

// Torn reads the last line of a file where it does not end in a line feed, so that it may
// be half a line: then it is left out.
func (r *Reader) Torn(text []byte) error { return r.take(text, true) }

func (r *Reader) take(text []byte, torn bool) error {
	if r.line++; r.line == 1 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(bytes.TrimSpace(text)) == 0 || text[0] == '#' {
		return nil
	}
	if r.split == 0 {
		r.split = splitter(text)
	}
	r.cut(text)
	at, isTime := parseTime(r.cells[0].text)
	if !isTime && word(r.cells[0].text) {
		return r.header()
	}
	var wrong *LineError
	if !isTime {
		wrong = r.wrong(0, fmt.Sprintf("%s is no time: want seconds since 1970", quote(r.cells[0].text)))
	} else {
		wrong = r.row(at, torn)
	}
	switch {
	case wrong == nil:
		return nil
	case torn:
		r.notice("%s:%d: the last line is not whole, and left out", r.Name, r.line)
		return nil
	case !r.Lenient:
		return wrong
	}
	if r.bad++; r.firstBad == nil {
		r.firstBad = wrong
	}
	return nil
}

// row reads the counters of a line whose time is known.
func (r *Reader) row(at int64, torn bool) *LineError {
	if r.columns == nil {
		r.begin(defaultNames(len(r.cells)))
	}
	switch n := len(r.cells); {
	case n < len(r.columns):
		return r.wrong(n-1, fmt.Sprintf("the line has %d columns, and %d are wanted (%s)", n, len(r.columns), r.names()))
	case n > len(r.columns):
		return r.wrong(len(r.columns), fmt.Sprintf("the line has %d columns, and only %d are wanted (%s)", n, len(r.columns), r.names()))
	}
	n := len(r.at)
	for i, c := range r.columns {
		if c.series < 0 {
			continue
		}
		value, reason := parseCount(r.cells[i].text)
		if reason == "" && torn && n > 0 && value < r.values[c.series][n-1] {
			reason = "a number that is cut"
		}
		if reason != "" {
			for k := range r.values {
				r.values[k] = r.values[k][:n]
			}
			return r.wrong(i, fmt.Sprintf("%s is %s (%s)", quote(r.cells[i].text), reason, c.name))
		}
		r.values[c.series] = append(r.values[c.series], value)
	}
	if n > 0 && at <= r.at[n-1] {
		for k := range r.values {
			r.values[k] = r.values[k][:n]
		}
		if r.back++; r.firstBack == nil {
			back := time.Duration(r.at[n-1]-at) * time.Millisecond
			r.firstBack = r.wrong(0, fmt.Sprintf("the time goes back by %v", back))
			if back == 0 {
				r.firstBack.Reason = "the time is that of the line before"
			}
		}
		return nil
	}
	r.at = append(r.at, at)
	for k := range r.values {
		if len(r.values[k]) <= n { // a counter that the header in force does not have
			r.values[k] = append(r.values[k], math.NaN())
		}
	}
	return nil
}

// Table returns what was read. With fewer than two lines, of which no rate can be made, the
// error says so. The Reader is not used any more.
func (r *Reader) Table() (*Table, error) {
	if r.firstBack != nil {
		r.notice("%v; %s", r.firstBack, leftOut(r.back))
	}
	if r.firstBad != nil {
		r.notice("%v; %s", r.firstBad, leftOut(r.bad))
	}
	switch {
	case len(r.at) == 0 && r.line == 0:
		return nil, fmt.Errorf("%s is empty: a rate is made of two lines at least", r.Name)
	case len(r.at) == 0:
		return nil, fmt.Errorf("%s has no line with a time and counters, such as %q", r.Name, "1773151500\t4512\t31\t2")
	case len(r.at) == 1:
		return nil, fmt.Errorf("%s has one line with counters: a rate is made of two lines at least", r.Name)
	}
	gap := UsualGap(r.at)
	for i := range r.table.Series {
		s := &r.table.Series[i]
		s.At, s.Values, s.Gap = r.at, r.values[i], gap
	}
	return &r.table, nil
}

func leftOut(n int) string {
	if n == 1 {
		return "the line is left out"
	}
	return fmt.Sprintf("%d such lines are left out", n)
}

func (r *Reader) notice(format string, args ...any) {
	r.table.Notices = append(r.table.Notices, fmt.Sprintf(format, args...))
}

func (r *Reader) wrong(cell int, reason string) *LineError {
	return &LineError{Name: r.Name, Line: r.line, Column: r.cells[cell].from + 1, Reason: reason}
}

// header takes the names of the columns from the cells.
func (r *Reader) header() error {
	names := make([]string, len(r.cells))
	for i, c := range r.cells {
		names[i] = strings.Trim(string(c.text), `"`)
		if names[i] == "" {
			return r.wrong(i, "the header has a column without a name")
		}
		if slices.Contains(names[:i], names[i]) {
			return r.wrong(i, fmt.Sprintf("the header has two columns called %s", quote(c.text)))
		}
	}
	if len(names) < 2 {
		return r.wrong(0, fmt.Sprintf("%s is no time: want seconds since 1970, a tab, counters", quote(r.cells[0].text)))
	}
	return r.begin(names)
}

// begin makes the columns of names; counters of a name known before go on.
func (r *Reader) begin(names []string) error {
	r.columns = make([]column, len(names))
	counters := 0
	for i, name := range names {
		r.columns[i] = column{name: name, series: -1}
		if i == 0 || aside(name) {
			continue
		}
		counters++
		at := slices.IndexFunc(r.table.Series, func(s Series) bool { return s.Name == name })
		if at < 0 {
			at = len(r.values)
			r.table.Series = append(r.table.Series, Series{Name: name})
			unread := make([]float64, len(r.at))
			for k := range unread {
				unread[k] = math.NaN()
			}
			r.values = append(r.values, unread)
		}
		r.columns[i].series = at
	}
	if counters == 0 {
		return r.wrong(0, "no column is a counter")
	}
	return nil
}

func (r *Reader) names() string {
	var all []string
	for _, c := range r.columns {
		all = append(all, c.name)
	}
	return strings.Join(all, ", ")
}

// aside tells of a column that it says how it was read, not what.
func aside(name string) bool {
	switch strings.ToLower(name) {
	case "unix", "unix_ms", "unix_s", "time", "timestamp", "iso", "iso_local", "local", "date", "ms", "milliseconds",
		"elapsed", "elapsed_ms", "duration_ms", "ok", "status", "error", "reason", "note", "message":
		return true
	}
	return false
}

func defaultNames(cells int) []string {
	if cells == 4 {
		return []string{"unix", "200s", "404s", "500s"}
	}
	names := []string{"unix"}
	for i := 1; i < cells; i++ {
		names = append(names, "column "+strconv.Itoa(i+1))
	}
	return names
}

// splitter finds what parts the cells of a line.
func splitter(text []byte) byte {
	for _, b := range []byte("\t,;") {
		if bytes.IndexByte(text, b) >= 0 {
			return b
		}
	}
	return ' '
}

// cut parts a line into cells. Spaces around them are not theirs.
func (r *Reader) cut(text []byte) {
	r.cells = r.cells[:0]
	for at := 0; ; {
		for at < len(text) && text[at] == ' ' {
			at++
		}
		end := bytes.IndexByte(text[at:], r.split)
		if end < 0 {
			r.cells = append(r.cells, cell{bytes.TrimRight(text[at:], " "), at})
			return
		}
		r.cells = append(r.cells, cell{bytes.TrimRight(text[at:at+end], " "), at})
		at += end + 1
		if r.split == ' ' && len(bytes.TrimSpace(text[at:])) == 0 {
			return
		}
	}
}

// word tells whether text may be the name of a column.
func word(text []byte) bool {
	text = bytes.Trim(text, `"`)
	if len(text) == 0 {
		return false
	}
	c := text[0] | 0x20
	return c >= 'a' && c <= 'z' && !bytes.EqualFold(text, []byte("nan")) && !bytes.EqualFold(text, []byte("inf"))
}

// Bounds of times: from what on a number is in milliseconds, and what is too far off.
const (
	milliseconds = 100_000_000_000
	endOfTime    = 100_000_000_000_000
)

// parseTime reads a time as milliseconds since 1970.
func parseTime(text []byte) (int64, bool) {
	n, digits := int64(0), 0
	for digits < len(text) && digits < 15 && text[digits] >= '0' && text[digits] <= '9' {
		n = n*10 + int64(text[digits]-'0')
		digits++
	}
	switch {
	case digits == 0:
		return 0, false
	case digits == len(text):
		if n < milliseconds {
			n *= 1000
		}
		return n, n < endOfTime
	case text[digits] == '-':
		t, err := time.Parse(time.RFC3339, string(text))
		return t.UnixMilli(), err == nil && t.UnixMilli() >= 0 && t.UnixMilli() < endOfTime
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(f >= 0) {
		return 0, false
	}
	if f < milliseconds {
		f *= 1000
	}
	return int64(math.Round(f)), f < endOfTime
}

// parseCount reads a counter; the reason says why it is none.
func parseCount(text []byte) (value float64, reason string) {
	if len(text) == 0 || len(text) == 1 && text[0] == '-' {
		return math.NaN(), ""
	}
	if len(text) <= 15 { // exact as a float64
		n := int64(0)
		for _, c := range text {
			if c < '0' || c > '9' {
				n = -1
				break
			}
			n = n*10 + int64(c-'0')
		}
		if n >= 0 {
			return float64(n), ""
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil, math.IsNaN(f), math.IsInf(f, 0):
		return 0, "no count"
	case f < 0:
		return 0, "below 0, which no counter can be"
	}
	return f, ""
}

// quote shows a cell in a message, cut where it is long.
func quote(text []byte) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "..."
	}
	return strconv.Quote(string(text))
}

// Looks tells whether the beginning of a file is that of a table, and not of a log: its
// first line, but for remarks and a header, begins with a time and a tab, or has nothing
// but numbers.
func Looks(head []byte) bool {
	r := Reader{}
	for line := range bytes.Lines(head) {
		text := bytes.TrimRight(bytes.TrimPrefix(line, []byte("\ufeff")), "\r\n")
		if len(bytes.TrimSpace(text)) == 0 || text[0] == '#' {
			continue
		}
		r.split = splitter(text)
		r.cut(text)
		if len(r.cells) < 2 {
			return false
		}
		_, isTime := parseTime(r.cells[0].text)
		if !isTime && timeColumn(r.cells[0].text) {
			continue
		}
		if !isTime || r.split == '\t' {
			return isTime
		}
		for _, c := range r.cells[1:] {
			if _, reason := parseCount(c.text); reason != "" {
				return false
			}
		}
		return true
	}
	return false
}

func timeColumn(name []byte) bool {
	switch strings.ToLower(strings.Trim(string(name), `"`)) {
	case "unix", "unix_ms", "unix_s", "unix_time", "time", "timestamp", "ts":
		return true
	}
	return false
}

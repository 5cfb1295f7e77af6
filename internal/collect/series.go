package collect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/internal/lock"
	"weir/internal/unit"
)

// A layout is what the lines of a series hold.
type layout struct {
	metrics  []Metric
	named    bool // the first line has the names of the columns
	extended bool
}

// header is the first line of a series, with its line feed; "" for none.
func (l layout) header() string {
	if !l.named && !l.extended {
		return ""
	}
	var b strings.Builder
	b.WriteString("unix")
	if l.extended {
		b.WriteString("_ms")
	}
	for _, m := range l.metrics {
		b.WriteString("\t" + m.text)
	}
	if l.extended {
		b.WriteString("\telapsed_ms\tok")
	}
	return b.String() + "\n"
}

// row writes a record of a scrape that was sent at a time; values is nil where it failed.
func (l layout) row(at time.Time, values []string, took time.Duration) string {
	var b strings.Builder
	if l.extended {
		b.WriteString(strconv.FormatInt(at.UnixMilli(), 10))
	} else {
		b.WriteString(strconv.FormatInt(at.Unix(), 10))
	}
	for i := range l.metrics {
		b.WriteByte('\t')
		if values != nil {
			b.WriteString(values[i])
		}
	}
	if l.extended {
		fmt.Fprintf(&b, "\t%s\t%d", milliseconds(took), min(len(values), 1))
	}
	return b.String() + "\n"
}

// milliseconds writes a span with three decimals.
func milliseconds(d time.Duration) string {
	us := max(d, 0).Microseconds()
	return fmt.Sprintf("%d.%03d", us/1000, us%1000)
}

// read returns the time of a row, false if it is none of this layout.
func (l layout) read(line string) (time.Time, bool) {
	cells := strings.Split(line, "\t")
	columns := 1 + len(l.metrics)
	if l.extended {
		columns += 2
	}
	at, err := strconv.ParseInt(cells[0], 10, 62)
	if err != nil || at <= 0 || len(cells) != columns {
		return time.Time{}, false
	}
	for _, cell := range cells[1:] {
		if _, err := strconv.ParseFloat(cell, 64); err != nil && (cell != "" || !l.extended) {
			return time.Time{}, false
		}
	}
	if l.extended {
		return time.UnixMilli(at), true
	}
	return time.Unix(at, 0), true
}

// A RefusedError says why a file is not appended to: it holds something else, or
// another process writes it.
type RefusedError struct{ text string }

// Error returns the sentence.
func (e *RefusedError) Error() string { return e.text }

// A series is the file of the records, or a stream, to which whole lines are
// appended. It belongs to one goroutine.
type series struct {
	path string // "" for a stream
	layout
	tell func(string)

	out     io.Writer
	file    *os.File // nil for a stream
	regular bool     // the file can be checked, and be put right
	begun   bool     // the stream has its header
	last    time.Time
}

// openSeries opens the file at path for appending, and checks what it holds. A
// last line without its end is taken away, which is told.
func openSeries(path string, l layout, tell func(string)) (*series, error) {
	s := &series{path: path, layout: l, tell: tell}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *series) open() error {
	file, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if errors.Is(err, fs.ErrPermission) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		// A pipe, or a device, may only be written.
		if info, e := os.Stat(s.path); e == nil && !info.Mode().IsRegular() {
			file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0)
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write the series: %w", err)
	}
	if err := s.take(file); err != nil {
		file.Close()
		return err
	}
	if s.file != nil {
		s.file.Close()
	}
	s.file, s.out = file, file
	return nil
}

// take checks a file that was opened.
func (s *series) take(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("cannot write the series: %w", err)
	}
	s.regular = info.Mode().IsRegular()
	if !s.regular {
		return nil
	}
	if held, err := lock.Hold(file); err == nil && !held { // some file systems have no locks
		return &RefusedError{fmt.Sprintf("%s is written by another process already: end that one, or name another file", s.path)}
	}
	return s.check(file, info.Size())
}

// look is how much of the head and of the end of a file is read, in bytes. No line
// is as long.
const look = 64 << 10

// check compares the first line and the last one with the layout.
func (s *series) check(file *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	head, err := piece(file, 0, min(size, look))
	if err != nil {
		return err
	}
	from := max(size-look, 0)
	end, err := piece(file, from, size-from)
	if err != nil {
		return err
	}
	first, _, complete := strings.Cut(string(head), "\n")
	if complete {
		if err := s.checkFirst(first); err != nil {
			return err
		}
	}
	lines := end[:bytes.LastIndexByte(end, '\n')+1]
	torn := end[len(lines):]
	if len(torn) > 0 && !s.canBeTorn(torn, complete) {
		return &RefusedError{fmt.Sprintf("%s is no series of this collector: it ends in %s: name another file", s.path, cut(strconv.Quote(string(torn))))}
	}
	if err := s.checkLast(lines, from == 0); err != nil {
		return err
	}
	if len(torn) > 0 {
		if err := file.Truncate(size - int64(len(torn))); err != nil {
			return fmt.Errorf("%s: its last line was cut off while it was written, and cannot be taken away: %w", s.path, err)
		}
		s.tell(fmt.Sprintf("%s: its last line was cut off while it was written, and is taken away: %s", s.path, cut(strconv.Quote(string(torn)))))
	}
	return nil
}

func piece(file *os.File, at, n int64) ([]byte, error) {
	b := make([]byte, n)
	if _, err := file.ReadAt(b, at); err != nil {
		return nil, fmt.Errorf("cannot read what the series holds already: %w", err)
	}
	return b, nil
}

func (s *series) checkFirst(first string) error {
	want := strings.TrimSuffix(s.header(), "\n")
	if want != "" && want == first {
		return nil
	}
	if _, row := s.read(first); row && want == "" {
		return nil
	}
	if want == "" {
		return &RefusedError{fmt.Sprintf("%s begins with %s, not with a row of 4 numbers (Unix time, 200s, 404s, 500s): name another file, or ask for the columns that it has", s.path, cut(strconv.Quote(first)))}
	}
	return &RefusedError{fmt.Sprintf("%s begins with %s, not with the columns asked for, %s: name another file, or ask for the columns that it has", s.path, cut(strconv.Quote(first)), cut(strconv.Quote(want)))}
}

// checkLast reads the last whole line; all says that lines begin with the first.
func (s *series) checkLast(lines []byte, all bool) error {
	text := strings.TrimSuffix(string(lines), "\n")
	at := strings.LastIndexByte(text, '\n')
	if text == "" || at < 0 && all && s.header() != "" { // nothing, or the header
		return nil
	}
	last := text[at+1:]
	when, ok := s.read(last)
	if !ok {
		return &RefusedError{fmt.Sprintf("%s is no series of this collector: its last line is %s: name another file", s.path, cut(strconv.Quote(last)))}
	}
	s.last = when
	return nil
}

// canBeTorn reports whether b can be the beginning of a line of this layout. A
// machine that lost its power may have left zero bytes.
func (s *series) canBeTorn(b []byte, after bool) bool {
	b = bytes.TrimRight(b, "\x00")
	if !after && s.header() != "" {
		return strings.HasPrefix(s.header(), string(b))
	}
	return len(b) < look && len(bytes.Trim(b, "0123456789+-.e\t")) == 0
}

// append writes a row, in one piece, or nothing of it. A file that was moved or
// deleted is begun anew.
func (s *series) append(row string) error {
	if s.file == nil || !s.regular {
		if !s.begun {
			s.begun, row = true, s.header()+row
		}
		if _, err := io.WriteString(s.out, row); err != nil {
			return fmt.Errorf("cannot write the series: %w", err)
		}
		return nil
	}
	now, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("cannot write the series: %w", err)
	}
	if there, err := os.Stat(s.path); err != nil || !os.SameFile(now, there) {
		if err := s.open(); err != nil {
			return err
		}
		s.tell(fmt.Sprintf("%s: was moved or deleted: going on in a new file", s.path))
		if now, err = s.file.Stat(); err != nil {
			return fmt.Errorf("cannot write the series: %w", err)
		}
	}
	if now.Size() == 0 {
		row = s.header() + row
	}
	if n, err := io.WriteString(s.file, row); err != nil {
		if n > 0 {
			if undo := s.file.Truncate(now.Size()); undo != nil {
				err = errors.Join(err, fmt.Errorf("%s more that was written cannot be taken away: %w", unit.Bytes(int64(n)), undo))
			}
		}
		return fmt.Errorf("cannot write the series: %w", err)
	}
	return nil
}

// close closes the file. A stream is the caller's.
func (s *series) close() error {
	if s.file == nil {
		return nil
	}
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("cannot write the series: %w", err)
	}
	return nil
}

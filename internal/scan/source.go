package scan

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"

	"weir/internal/accesslog"
	"weir/internal/archive"
	"weir/internal/charset"
	"weir/internal/unit"
	"weir/internal/view"
)

const (
	headBytes = 256 << 10 // of a log, for its format
	// worthSampling is the size of a file of which more than the head is looked
	// at, should that be in no format.
	worthSampling = 1 << 20
)

// A Log is one log to read.
type Log struct {
	Name   string            // its path; "-" is standard input
	Format *accesslog.Format // nil: it is recognised
}

// source is a Log that is being read. It has many fields because it is the one
// thing between the bytes of a log and what is told of it.
type source struct {
	Log
	index int

	// Of the goroutine that reads; between blocks, so without a lock.
	opened  bool
	ended   bool // the block behind the last lines was given
	primed  bool
	file    *os.File // nil for standard input
	unpack  *archive.Reader
	text    *archive.Text // of a stream, or of UTF-16; else nil
	stream  counter       // of the bytes of the file
	cut     cutter
	expect  int64 // bytes that stream should give; -1 where nobody knows
	whole   bool  // read from its first byte
	notices []string
	err     error

	// Guarded by the lock of the pass from the first block on.
	parser  *accesslog.Auto // in the order of the log
	forks   []*accesslog.Auto
	alone   bool // the parser is in use
	lines   int64
	changes int
	told    int // changes of the format
	total   view.Source
}

// counter counts what is read of a file.
type counter struct {
	r    io.Reader
	n    int64
	done *atomic.Int64 // of all files; may be nil
	halt *atomic.Bool  // true: nobody wants to know any more; may be nil
}

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	if c.halt != nil && c.halt.Load() {
		return 0, context.Canceled
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if c.done != nil {
		c.done.Add(int64(n))
	}
	return n, err
}

func newSource(index int, l Log) *source {
	s := &source{Log: l, index: index, parser: new(accesslog.Auto), whole: true}
	s.total.Name = l.Name
	if l.Name == "-" {
		s.total.Name = "standard input"
	}
	if l.Format != nil {
		s.parser = accesslog.NewForced(*l.Format)
	}
	return s
}

// read fills b with the next lines; the last block of a log has none, and tells
// that it is the last. It returns false behind that, or where the log cannot be
// opened. Where it could not be read to its end, s.err says why.
func (s *source) read(b *lines, o *Options) bool {
	if !s.opened {
		s.opened = true
		if err := s.open(o); err != nil {
			s.err = err
			s.close()
			return false
		}
	}
	if s.cut.r != nil && s.cut.next(b) {
		if !s.primed && len(b.data) > 0 {
			s.prime(b.data)
		}
		return true
	}
	if s.ended {
		return false
	}
	s.ended = true
	s.finish()
	s.cut.end(b)
	return true
}

func (s *source) open(o *Options) error {
	s.stream.done, s.expect, s.cut.size = o.Done, -1, o.blockSize
	if s.Name == "-" {
		if o.Stdin == nil {
			return errors.New("standard input is closed")
		}
		return s.openStream(o.Stdin)
	}
	f, err := os.Open(s.Name)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", s.Name, cause(err))
	}
	s.file = f
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("cannot read %s: %w", s.Name, cause(err))
	case info.IsDir():
		return fmt.Errorf("%s is a directory", s.Name)
	case !info.Mode().IsRegular(), info.Size() == 0: // of /proc, for one, the size is not known
		return s.openStream(f)
	}
	head := make([]byte, archive.HeadSize)
	n, _ := f.ReadAt(head, 0)
	s.expect = info.Size()
	if kind := archive.Sniff(head[:n]); kind != archive.Plain {
		s.stream.r = f
		return s.openArchive(&s.stream, kind)
	}
	if e, _ := charset.Sniff(head[:n]); e != charset.UTF8 {
		s.stream.r = io.NewSectionReader(f, 0, s.expect)
		return s.openArchive(&s.stream, archive.Plain)
	}
	// What is written from now on belongs to the next report.
	from, to := s.stretch(f, info.Size(), o)
	if done := s.stream.done; done != nil {
		done.Add(info.Size() - (to - from))
	}
	s.whole, s.expect = from == 0, to-from
	if to-from < info.Size() {
		s.notices = append(s.notices, fmt.Sprintf("%s: %s of its %s are read, where the time asked for lies", s.total.Name, unit.Bytes(to-from), unit.Bytes(info.Size())))
	}
	s.stream.r = io.NewSectionReader(f, from, to-from)
	s.cut.r, s.cut.offset = &s.stream, from
	return nil
}

// openStream opens what can be read only once.
func (s *source) openStream(r io.Reader) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	s.stream.r = buffered
	head, _ := buffered.Peek(archive.HeadSize)
	return s.openArchive(&s.stream, archive.Sniff(head))
}

func (s *source) openArchive(r io.Reader, kind archive.Kind) error {
	if kind == archive.Plain {
		s.text = archive.NewText(r)
		s.cut.r = s.text
		return nil
	}
	unpack, err := archive.Open(r, kind)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", s.total.Name, err)
	}
	s.unpack = unpack
	s.text = archive.NewText(unpack)
	s.cut.r = s.text
	return nil
}

// encoded reports whether the text is not as it lies in the log.
func (s *source) encoded() bool { return s.text != nil && s.text.Encoding() != charset.UTF8 }

// encoding tells of text that is not as it lies in the log, after it was read.
func (s *source) encoding() []string {
	if !s.encoded() {
		return nil
	}
	notices := []string{fmt.Sprintf("%s: text in %s, read as UTF-8; lines and columns count in that", s.total.Name, s.text.Encoding())}
	if n := s.text.Invalid(); n > 0 {
		notices = append(notices, fmt.Sprintf("%s: %s invalid %s in its UTF-16 %s read as U+FFFD", s.total.Name, unit.Count(n),
			unit.Plural(n, "character"), map[bool]string{true: "is", false: "are"}[n == 1]))
	}
	return notices
}

// cause is what is wrong with a file, without its name.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// prime looks at the head of the log for its format.
func (s *source) prime(head []byte) {
	s.primed = true
	if !s.whole {
		head = make([]byte, headBytes)
		n, _ := s.file.ReadAt(head, 0)
		head = head[:n]
	}
	lines := accesslog.HeadLines(head, true)
	if len(lines) == 0 {
		return
	}
	found := s.parser.Prime(lines, s.elsewhere()...)
	if f, ok := s.parser.Format(); ok {
		s.total.Format = f.Name
		s.changes = s.parser.Changes()
		if also := s.parser.Also(); len(also) > 0 {
			s.notices = append(s.notices, fmt.Sprintf("%s: lines in several formats are mixed, %s with %s", s.total.Name, f.Name, strings.Join(also, " and ")))
		}
		return
	}
	if found.Compressed != "" {
		s.notices = append(s.notices, fmt.Sprintf("%s: compressed with %s, which weir cannot unpack: unpack it into a pipe", s.total.Name, found.Compressed))
		return
	}
	s.notices = append(s.notices, s.total.Name+": "+found.Complaint())
}

// elsewhere returns lines from places all over a file that is not compressed.
func (s *source) elsewhere() [][]byte {
	if s.file == nil || s.unpack != nil || s.encoded() {
		return nil
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil
	}
	return Elsewhere(s.file, info.Size())
}

// Elsewhere returns lines, without their ends, from places all over a log, with
// which accesslog.Auto is primed besides its head. It is nil for a small log.
func Elsewhere(log io.ReaderAt, size int64) [][]byte {
	const places, each = 8, 100
	if size < worthSampling {
		return nil
	}
	var lines [][]byte
	for i := range int64(places) {
		at := size / places * i
		buf := make([]byte, 32<<10)
		n, _ := log.ReadAt(buf, at)
		buf = buf[:n]
		if at > 0 {
			buf = buf[bytes.IndexByte(buf, '\n')+1:]
		}
		some := accesslog.HeadLines(buf, true)
		lines = append(lines, some[:min(each, len(some))]...)
	}
	return lines
}

// finish closes the log and tells whether all of it was read.
func (s *source) finish() {
	defer s.close()
	switch err := s.cut.err; {
	case err != nil && err != io.EOF:
		s.err = fmt.Errorf("%s: %w; what came before was counted", s.total.Name, cause(err))
	case s.unpack == nil && s.expect >= 0 && s.stream.n < s.expect:
		s.err = fmt.Errorf("%s: became shorter while it was read: %s bytes are missing", s.total.Name, unit.Count(s.expect-s.stream.n))
	}
}

func (s *source) close() {
	if s.unpack != nil {
		s.unpack.Close()
	}
	if s.file != nil {
		s.file.Close()
	}
	s.unpack, s.file = nil, nil
}

// fork returns a parser for a block of the log.
func (s *source) fork() *accesslog.Auto {
	for len(s.forks) > 0 {
		f := s.forks[len(s.forks)-1]
		s.forks = s.forks[:len(s.forks)-1]
		if s.parser.Forked(f) {
			return f
		}
	}
	return s.parser.Fork()
}

// account adds what became of the lines of b, the next of this log.
func (s *source) account(b *block, rejected map[accesslog.Reason]int64) {
	f := &b.found
	s.total.Lines += f.lines - f.directives - f.pieces
	s.total.Hits += f.hits
	s.total.Older += f.outside
	for why, n := range f.rejected {
		rejected[why] += n
		s.total.Rejected += n
	}
	if len(f.rejected) > 0 {
		last := f.last
		last.Line += s.lines
		if !s.whole {
			last.Line = 0
		}
		s.total.LastReject = &last
	}
	s.lines += f.lines
	if n := s.parser.Changes(); n != s.changes || s.total.Format == "" && f.hits > 0 {
		s.changes = n
		if format, ok := s.parser.Format(); ok && format.Name != s.total.Format {
			s.total.Format = format.Name
			s.changed(fmt.Sprintf("the format is %s", format.Name), max(1, s.lines-f.lines))
		} else if also := s.parser.Also(); len(also) > 0 {
			s.changed(fmt.Sprintf("lines in the format %s, mixed in, are read", also[len(also)-1]), max(1, s.lines-f.lines))
		}
	}
}

// maxTold is how many changes of its format are told of one log.
const maxTold = 5

func (s *source) changed(what string, line int64) {
	s.told++
	switch {
	case s.told <= maxTold:
		s.notices = append(s.notices, fmt.Sprintf("%s: %s from about line %s on", s.total.Name, what, unit.Count(line)))
	case s.told == maxTold+1:
		s.notices = append(s.notices, s.total.Name+": the format goes on changing; name it with --format to read one only")
	}
}

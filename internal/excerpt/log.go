package excerpt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"weir/internal/accesslog"
	"weir/internal/scan"
	"weir/internal/stamp"
	"weir/internal/tail"
)

// A log is a Log that is being read. It has many fields because it is all there is
// between the files and the lines.
type log struct {
	Log
	index  int
	o      *Options
	family []*file // all there are, oldest first
	files  []*file // those that may have what is asked for, not begun yet
	access *accesslog.Auto
	result Result

	cur    *file
	parts  []io.Reader // of cur, not begun yet
	stream bool        // cur cannot be bisected
	probe  *accesslog.Auto
	blocks blocks
	rest   []byte // of a block
	record accesslog.Record
	texts  int   // blocks that were read
	newest int64 // the latest time seen in the log so far, Unix seconds
	in     bool  // the last line with a time was chosen
	held   []byte
	queue  []byte // lines that are given as they are
	queued bool   // one of them was given

	line Line
	at   int64 // time of line, or of one before it that is later, in nanoseconds
	more bool  // there is a line
}

// openLog finds the files of a log that may have something. What is wrong stands
// in its result.
func openLog(index int, wanted Log, o *Options) *log {
	l := &log{Log: wanted, index: index, o: o, at: math.MinInt64}
	l.result.Name = wanted.Name
	l.in = o.From == 0 // what comes before the first time
	if err := l.find(); err != nil {
		l.result.Err = err
		l.close()
	}
	return l
}

func (l *log) find() error {
	if l.Name == "-" {
		if l.o.Stdin == nil {
			return errors.New("standard input is closed")
		}
		f := &file{path: "standard input"}
		f.use(l.o.Stdin)
		l.result.Name, l.family = f.path, []*file{f}
	} else {
		family, missing := family(l.Name)
		if len(family) == 0 {
			return fmt.Errorf("cannot read %s: %w", l.Name, cause(missing))
		}
		if missing != nil {
			l.notice("%s: %v; what it was rotated to is read", l.Name, cause(missing))
		}
		l.family = family
	}
	if err := l.identify(); err != nil {
		return err
	}
	l.choose()
	return nil
}

// notice adds something that a person should know.
func (l *log) notice(format string, args ...any) {
	l.result.Notices = append(l.result.Notices, fmt.Sprintf(format, args...))
}

// identify finds out what lines the log has: it asks the newest file first, and
// older ones where that has too few lines to tell.
func (l *log) identify() error {
	const few, enough = 4, 50 // files that say little, lines that say it
	var failed error
	seen, looked := false, 0
	for _, f := range slices.Backward(l.family) {
		if err := f.open(); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		lines := accesslog.HeadLines(f.look(headBytes), true)
		if len(lines) == 0 {
			continue
		}
		seen = true
		parser := l.parser()
		var elsewhere [][]byte
		if f.seekable() {
			elsewhere = scan.Elsewhere(f.f, f.info.Size())
		}
		if found := parser.Prime(lines, elsewhere...); found.Found || l.Format != nil {
			l.access = parser
			return nil
		}
		times := stamp.New(l.o.Zone, f.written(l.o.Now))
		if times.Learn(lines)+times.Learn(elsewhere) > 0 && len(lines) >= enough {
			break
		}
		if looked++; looked == few {
			break
		}
	}
	switch {
	case !seen && failed != nil:
		return failed
	case !seen:
		return nil // empty: there is nothing to give
	case l.o.Where != nil && !l.Context:
		return fmt.Errorf("%s: it is no access log that weir knows, so no filter can be asked: leave --where and --ignore out, or name its --format (weir explain %s)", l.result.Name, l.Name)
	}
	return nil
}

// parser returns a new one for the log.
func (l *log) parser() *accesslog.Auto {
	p := new(accesslog.Auto)
	if l.Format != nil {
		p = accesslog.NewForced(*l.Format)
	}
	p.Behind(l.o.Hops)
	return p
}

// choose picks the files that may have lines of the time asked for. The first time
// in a file tells that all older files are before it: how they are named, and when
// they were written last, is not asked, since copying files changes that.
func (l *log) choose() {
	const open = 64 // as many files at once; others are opened again
	var newer *file
	for _, f := range slices.Backward(l.family) {
		if err := f.open(); err != nil {
			l.fail(err)
			continue
		}
		if f.head = f.look(firstLook); len(f.head) == 0 {
			continue
		}
		if newer != nil && newer.copyOf(f) {
			l.notice("%s: has the same lines as %s, and is left out", f.path, newer.path)
			continue
		}
		if newer != nil {
			if newer.head = nil; len(l.files) > open {
				newer.close()
			}
		}
		newer = f
		l.date(f)
		slack := disorder + l.shift()
		if l.o.To == 0 || !f.timed || f.first < l.o.To+slack {
			l.files = append(l.files, f)
		}
		if l.o.From != 0 && f.timed && f.first < l.o.From-slack-l.shift() {
			break // and in the hour that comes twice the file before tells which it is
		}
	}
	if newer != nil {
		newer.head = nil
	}
	slices.Reverse(l.files)
	for i, f := range l.family {
		if !f.once && (!slices.Contains(l.files, f) || i < len(l.family)-open) {
			f.close()
		}
	}
}

// date finds the first time in the head of a file.
func (l *log) date(f *file) {
	lines := accesslog.HeadLines(f.head, true)
	if l.access == nil {
		f.stamps = stamp.New(l.o.Zone, f.written(l.o.Now))
		f.stamps.Learn(lines)
		for _, line := range lines {
			if m, ok := f.stamps.Time(line); ok {
				f.first, f.timed = m.Sec, true
				return
			}
		}
		return
	}
	p := l.access.Fork()
	var r accesslog.Record
	for _, line := range lines {
		if p.Parse(line, &r).Kind == accesslog.Hit {
			f.first, f.timed = r.Sec, true
			return
		}
	}
}

// shift is by how much clocks were set around the time asked for: times without a
// zone are out of order by that.
func (l *log) shift() int64 {
	if l.access != nil || l.o.Zone == nil {
		return 0
	}
	most := int64(0)
	for _, at := range []int64{l.o.From, l.o.To} {
		if at != 0 {
			before, after := offset(at-3*3600, l.o.Zone), offset(at+3*3600, l.o.Zone)
			most = max(most, before-after, after-before)
		}
	}
	return most
}

func (l *log) fail(err error) { l.result.Err = errors.Join(l.result.Err, err) }

// begin makes the next file the one that is read; false where there is none.
func (l *log) begin() bool {
	if l.cur != nil {
		l.cur.close()
		l.cur = nil
	}
	if len(l.files) == 0 {
		return false
	}
	f := l.files[0]
	l.cur, l.files = f, l.files[1:]
	if err := f.open(); err != nil {
		l.fail(err)
		return l.begin()
	}
	if l.access != nil {
		var elsewhere [][]byte
		if f.seekable() {
			elsewhere = scan.Elsewhere(f.f, f.info.Size())
		}
		l.access.Prime(accesslog.HeadLines(f.look(headBytes), true), elsewhere...)
		l.probe = nil
	}
	ranges, whole := l.ranges(f)
	l.stream = !f.seekable()
	if !whole {
		l.parts = nil
		for _, r := range ranges {
			l.parts = append(l.parts, io.NewSectionReader(f.f, r.From, r.To-r.From))
		}
		return l.part(len(ranges) > 0 && ranges[0].From == 0) || l.begin()
	}
	text, err := f.text()
	if err != nil {
		l.fail(fmt.Errorf("cannot read %s: %w", f.path, err))
		return l.begin()
	}
	l.parts = []io.Reader{text}
	return l.part(true)
}

// part begins with the next part of the file; follows says that it is what comes
// after the lines before.
func (l *log) part(follows bool) bool {
	if len(l.parts) == 0 {
		return false
	}
	l.blocks.start(l.parts[0])
	l.parts = l.parts[1:]
	if !follows {
		l.in, l.held = false, l.held[:0]
	}
	return true
}

// ranges returns where in a file the lines of the time may be; whole says that all
// has to be read.
func (l *log) ranges(f *file) (ranges []Range, whole bool) {
	const worthSeeking = 512 << 10
	if !f.seekable() || f.info.Size() < worthSeeking || l.o.From == 0 && l.o.To == 0 {
		return nil, true
	}
	size, look := f.info.Size(), l.lookAt(f)
	bounds := scan.Bounds{From: l.o.From, To: l.o.To}
	if bounds.From != 0 {
		bounds.From -= l.shift()
	}
	if bounds.To != 0 {
		bounds.To += l.shift()
	}
	from, to := scan.Part(f.f, size, bounds, look)
	if from == 0 && to == size {
		return nil, true
	}
	ranges = []Range{{from, to}}
	if l.o.Spans != nil {
		if device, inode := tail.Identity(f.info); inode != 0 {
			for _, r := range l.o.Spans(l.Name, device, inode) {
				ranges = append(ranges, Range{min(max(r.From, 0), size), min(max(r.To, 0), size)})
			}
		}
	}
	return f.joined(ranges), false
}

// lookAt returns what tells the times of lines anywhere in a file.
func (l *log) lookAt(f *file) func([]byte, bool) scan.Place {
	if l.access != nil {
		return scan.Look(l.access)
	}
	return func(lines []byte, _ bool) scan.Place {
		place := scan.Place{Silent: true}
		for line := range bytes.Lines(lines) {
			m, ok := f.stamps.Time(accesslog.TrimEnd(line))
			if !ok {
				continue
			}
			if place.Silent || m.Sec > place.Newest {
				place.Newest, place.Silent = m.Sec, false
			}
			place.Lag = max(place.Lag, place.Newest-m.Sec)
		}
		return place
	}
}

// close closes all files.
func (l *log) close() {
	for _, f := range l.family {
		f.close()
	}
}

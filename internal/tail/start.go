package tail

import (
	"slices"

	"weir/internal/charset"
)

// Head returns the first bytes of the source, at most n, for a look at its
// format: of the current file, or, as long as nothing was given of what
// Options.Past asks for, of the oldest one. They are the caller's. For a pipe they
// are what has arrived but was not yet taken by Next, nil if that is nothing.
func (s *Source) Head(n int) []byte {
	if s.stream != nil {
		return s.stream.peek(n)
	}
	s.awake()
	switch f := s.foremost().(type) {
	case *file:
		f.sniff()
		head := f.spelled(f.slice(0, int64(n)), 0)
		return head[:min(len(head), n)]
	case *remnant:
		head := beginning(f, n)
		if e := charset.Recognise(head); e != charset.UTF8 {
			d := charset.Decoder{Encoding: e}
			head = d.Append(nil, unmarked(e, head))
		}
		return head[:min(len(head), n)]
	}
	return nil
}

// Last returns the whole lines that fit into the last n bytes of the current
// file. They are the caller's. It is nil for pipes.
func (s *Source) Last(n int) []byte {
	s.awake()
	if s.cur == nil || n <= 0 {
		return nil
	}
	size, err := s.cur.length()
	if err != nil {
		return nil
	}
	// One byte more: if it is a newline, the first line is whole.
	s.cur.sniff()
	from := s.cur.aligned(max(0, size-int64(n)-1))
	b := s.cur.slice(from, size-from)
	if size > int64(n) {
		first := s.cur.lineEnd(b)
		b = b[first:]
		from += int64(first)
		if len(b) > n {
			return nil // no newline at all
		}
	}
	return s.cur.spelled(b[:s.cur.lastEnd(b, nil)], from)
}

// lookOn is the number of lines that tell nothing, in a row, behind which it is
// not known what stands in a place; then reading begins earlier.
const lookOn = 200

// SeekFirst makes reading of the current file start at the first line for which
// ok is true, or after the last whole line if it is true for none. Where
// Options.Past asks for older files, of which nothing was given yet, it is the first
// such line of all that makes the start; a compressed file can only be read from its
// beginning, and is if it stands before that. The line is found
// by bisection: with ok false for a first part of the lines and true for all
// others the line is exact; where neighbours are out of order, as the times of
// an access log are by the seconds a request takes, it is one of the lines
// where ok changes. A line may tell nothing, neither that it is of the first
// part nor that it is of the other: then told is false, and the next line that
// tells stands for it.
//
// A line is passed to look without its newline and cut at Options.MaxLine. It is
// valid during the call. For pipes, and without a file, nothing happens.
func (s *Source) SeekFirst(look func(line []byte) (ok, told bool)) {
	s.awake()
	found := false
	if s.early && s.seq == 0 {
		for _, p := range s.held {
			f, ok := p.(*file)
			switch {
			case !ok:
				found = true // what stands behind it is read whole
			case found:
				_ = f.moveTo(0, false)
			default:
				found = f.seekFirst(look)
			}
		}
	}
	switch {
	case s.cur == nil:
	case found:
		_ = s.cur.moveTo(0, false)
	default:
		s.cur.seekFirst(look)
	}
}

// seekFirst is SeekFirst in f; false if there is no such line.
func (f *file) seekFirst(look func(line []byte) (ok, told bool)) bool {
	size, err := f.length()
	if err != nil {
		return true
	}
	f.sniff()
	// The answer is the first line that starts at or behind the smallest place p
	// for which that line is ok or there is none.
	lo, hi := int64(0), size
	for lo < hi {
		mid := lo + (hi-lo)/2
		if ok, at := f.told(mid, hi, look); ok {
			hi = mid
		} else {
			lo = at + 1
		}
	}
	_, start, found := f.lineFrom(lo, size)
	if !found && start < 0 {
		f.toEnd()
		return false
	}
	// A failure leaves the position where it was: more is read, nothing lost.
	_ = f.moveTo(start, false)
	return found
}

// told asks look about the first whole line that starts at p or behind it, and
// tells something; at is its start, or p where it is the first of all. ok is true
// where there is none before limit.
func (f *file) told(p, limit int64, look func(line []byte) (ok, told bool)) (ok bool, at int64) {
	at = p
	for range lookOn {
		line, start, found := f.lineFrom(at, limit)
		if !found {
			return true, at
		}
		if ok, told := look(line); told {
			return ok, max(p, at)
		}
		at = start + 1
	}
	return true, at
}

// lineFrom returns the first whole line that starts at p or behind it, and its
// start. A line that starts at limit or later is not looked for, if only
// because an endless line would have to be passed each time. start is -1 when
// not even a start was found.
func (f *file) lineFrom(p, limit int64) (line []byte, start int64, found bool) {
	start = 0
	if p > 0 {
		if start = f.newlineFrom(p-1, limit); start < 0 {
			return nil, -1, false
		}
		start++
	}
	const usual = 4 << 10
	for _, n := range [...]int{usual, f.pool.line} {
		line = f.slice(start, int64(n))
		if end := f.lineEnd(line); end > 0 {
			return f.spelled(line[:end-f.unit()], start), start, true
		}
		if len(line) < n {
			return nil, start, false
		}
	}
	return f.spelled(line, start), start, true
}

// newlineFrom finds the first newline in [p, limit), -1 without one; of one of two
// bytes the second.
func (f *file) newlineFrom(p, limit int64) int64 {
	p = f.aligned(p)
	buf := make([]byte, 4<<10)
	for p < limit {
		n, _ := readAt(f.f, buf[:min(int64(len(buf)), limit-p)], p)
		if n <= 0 {
			return -1
		}
		if end := f.lineEnd(buf[:n]); end > 0 {
			return p + int64(end) - 1
		}
		p += int64(n)
	}
	return -1
}

// toEnd moves behind the last newline. What stands there without one will be
// delivered whole when it is finished. If there is no newline within the
// longest line allowed, the line at the end is too long, and is skipped.
func (f *file) toEnd() {
	size, err := f.length()
	if err != nil {
		return
	}
	f.sniff()
	size = f.aligned(size)
	const step = 64 << 10
	for to := size; to > 0 && size-to <= int64(f.pool.line); {
		from := max(0, to-step)
		b := f.slice(from, to-from)
		if int64(len(b)) < to-from {
			return // it shrank just now; the next read will see
		}
		if _, end := f.lastLineEnd(b, from); end > 0 {
			_ = f.moveTo(from+int64(end), false)
			return
		}
		to = from
		if to == 0 {
			return // the first line is not finished: it is new
		}
	}
	if size > 0 {
		_ = f.moveTo(size, true)
	}
}

// length asks for the size of the file now.
func (f *file) length() (int64, error) {
	info, err := f.f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// slice returns a copy of up to n bytes at off, as many as there are.
func (f *file) slice(off, n int64) []byte {
	size, err := f.length()
	if err != nil {
		return nil
	}
	b := make([]byte, max(0, min(n, size-off)))
	got, _ := readAt(f.f, b, off)
	return slices.Clip(b[:got])
}

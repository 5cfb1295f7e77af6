package scan

import (
	"bytes"
	"os"

	"weir/internal/accesslog"
	"weir/internal/tail"
)

const (
	// margin, in seconds, is how much out of order a log may be at the place
	// where reading starts or ends.
	margin = 120
	// probes is how many places of a file are looked at before it is believed
	// to be in the order of time.
	probes = 32
	// probeBytes are enough for some lines.
	probeBytes = 8 << 10
	// worthSeeking is the size of a file from which on it is worth to look for
	// a part of it.
	worthSeeking = 4 << 20
)

// stretch returns the part of a file in which all records from o.From until
// before o.To lie. A file that is not in the order of time is one part.
func (s *source) stretch(f *os.File, size int64, o *Options) (from, to int64) {
	if o.From == 0 && o.To == 0 || size < worthSeeking || o.Rejects != nil {
		return 0, size
	}
	parser, ok := s.twin(f)
	if !ok || !ordered(f, size, parser) {
		return 0, size
	}
	starts := func(sec int64) int64 {
		return tail.FirstLine(f, size, maxLine, func(line []byte) bool {
			var r accesslog.Record
			return parser.Parse(accesslog.TrimEnd(line), &r).Kind == accesslog.Hit && r.Sec >= sec
		})
	}
	to = size
	if o.From != 0 {
		if from = starts(o.From - margin); from < 0 {
			from = size
		}
	}
	if o.To != 0 {
		// The line at which it stops may be the last one, which FirstLine also
		// tells when no line is late enough.
		if at := starts(o.To + margin); at >= from && s.at(f, at, parser) >= o.To+margin {
			to = at
		}
	}
	return min(from, to), to
}

// twin is a parser of the format of the file, which the head of it shows.
func (s *source) twin(f *os.File) (*accesslog.Auto, bool) {
	head := make([]byte, headBytes)
	n, _ := f.ReadAt(head, 0)
	lines := split(head[:n])
	p := s.parser.Fork()
	p.Prime(lines)
	format, ok := p.Format()
	if !ok {
		return nil, false
	}
	p = accesslog.NewForced(format)
	p.Prime(lines)
	return p, true
}

// ordered looks at places all over the file and reports whether their times
// rise, but for a little disorder.
func ordered(f *os.File, size int64, parser *accesslog.Auto) bool {
	buf := make([]byte, probeBytes)
	newest := int64(0)
	for i := range int64(probes) {
		n, _ := f.ReadAt(buf, (size-probeBytes)*i/(probes-1))
		sec, ok := firstTime(buf[:n], i > 0, parser)
		if !ok {
			continue
		}
		if sec < newest-margin/2 {
			return false
		}
		newest = max(newest, sec)
	}
	return true
}

// firstTime is the time of the first record in b. With cut, b may begin within
// a line.
func firstTime(b []byte, cut bool, parser *accesslog.Auto) (int64, bool) {
	if cut {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			break
		}
		var r accesslog.Record
		if parser.Parse(accesslog.TrimEnd(b[:end]), &r).Kind == accesslog.Hit {
			return r.Sec, true
		}
		b = b[end:]
	}
	return 0, false
}

// at is the time of the record at an offset, -1 where there is none.
func (s *source) at(f *os.File, offset int64, parser *accesslog.Auto) int64 {
	buf := make([]byte, probeBytes)
	n, _ := f.ReadAt(buf, offset)
	if sec, ok := firstTime(buf[:n], false, parser); ok {
		return sec
	}
	return -1
}

package scan

import (
	"bytes"
	"io"
	"os"

	"weir/internal/accesslog"
)

const (
	// margin, in seconds, is how much out of order a log may be at least.
	margin = 120
	// probes is how many places of a file are looked at before it is believed
	// to be in the order of time.
	probes = 32
	// lookBytes is how much is looked at in one place.
	lookBytes = 64 << 10
	// worthSeeking is the size of a file from which on it is worth to look for
	// a part of it.
	worthSeeking = 4 << 20
)

// stretch returns the part of a file in which all records from o.From until
// before o.To lie. A file of which a place that is looked at cannot be read well
// is one part: what the records there say of the time is then not known.
func (s *source) stretch(f *os.File, size int64, o *Options) (from, to int64) {
	if o.From == 0 && o.To == 0 || size < worthSeeking || o.Rejects != nil {
		return 0, size
	}
	return Part(f, size, Bounds{o.From, o.To}, Look(s.twin(f)))
}

// Bounds are Unix seconds, half open; one that is 0 is none.
type Bounds struct{ From, To int64 }

// A Place is what lines somewhere in a log tell of the time.
type Place struct {
	Newest int64 // Unix seconds
	Lag    int64 // how far a line is behind one before it, in seconds
	Silent bool  // none of them has a time
	Lost   bool  // the time is not to be had by looking at places
}

// Part returns the part of a log in which all lines of a time lie, found by
// bisection: it begins and ends where lines do. A log that is not in the order of
// time is one part, and so is one in which a place is lost. look is given whole
// lines from one place; last says that they are those of the last place there is,
// which may be few.
//
// A line that is dated ahead of its neighbours by more than the log is out of
// order in all places looked at is not found.
func Part(log io.ReaderAt, size int64, b Bounds, look func(lines []byte, last bool) Place) (from, to int64) {
	k := seeker{log: log, size: size, lines: look}
	slack := k.ordered()
	if k.lost {
		return 0, size
	}
	from, to = 0, size
	if b.From != 0 {
		// One place earlier: a line may begin there and end here.
		from = k.lineFrom(max(0, k.first(b.From-slack)-1) * lookBytes)
	}
	if b.To != 0 {
		// Behind a line that is later, since what is silent goes with the line before.
		at := k.first(b.To+slack) * lookBytes
		for at < size && !k.lost && k.look(at, at+lookBytes >= size).Silent {
			at += lookBytes
		}
		if at += lookBytes; at < size {
			to = k.lineFrom(at)
		}
	}
	if k.lost {
		return 0, size
	}
	return min(from, to), to
}

// Look returns the look of Part for an access log: parser has seen its head, and
// is not changed.
func Look(parser *accesslog.Auto) func(lines []byte, last bool) Place {
	l := looker{parser: parser}
	return l.look
}

// twin is a parser like that of the log, which knows its head.
func (s *source) twin(f *os.File) *accesslog.Auto {
	head := make([]byte, headBytes)
	n, _ := f.ReadAt(head, 0)
	p := s.parser.Fork()
	p.Prime(accesslog.HeadLines(head[:n], true))
	return p
}

// A looker looks at the times of the records in some places of a file.
type looker struct{ parser *accesslog.Auto }

// look tells of the records in lines. Of the last place few lines are asked for,
// it may be no more than half a one.
func (l *looker) look(b []byte, last bool) Place {
	var place Place
	p := l.parser.Fork()
	hits, lines, mixed := 0, 0, false
	for {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			break
		}
		var r accesslog.Record
		line := accesslog.TrimEnd(b[:end])
		out := p.Parse(line, &r)
		b = b[end:]
		if out.Kind == accesslog.Directive || out.Kind == accesslog.Piece {
			continue
		}
		lines++
		if out.Kind != accesslog.Hit {
			var other accesslog.Record
			if new(accesslog.Auto).Parse(line, &other).Kind == accesslog.Hit {
				mixed = true // lines of several formats: when the others are known depends on all that was read
			}
			continue
		}
		hits++
		if hits == 1 || r.Sec > place.Newest {
			place.Newest = r.Sec
		}
		place.Lag = max(place.Lag, place.Newest-r.Sec)
	}
	format, known := l.parser.Format()
	now, _ := p.Format()
	place.Lost = mixed || !last && (hits == 0 || 2*hits < lines || !known || now.Name != format.Name)
	place.Silent = hits == 0
	return place
}

// A seeker bisects a log.
type seeker struct {
	log   io.ReaderAt
	size  int64
	lines func(lines []byte, last bool) Place
	buf   []byte
	lost  bool
}

// look returns what the lines tell that begin in the place of lookBytes at an
// offset.
func (k *seeker) look(at int64, last bool) Place {
	if k.buf == nil {
		k.buf = make([]byte, lookBytes)
	}
	n, _ := k.log.ReadAt(k.buf, at)
	b := k.buf[:n]
	if at > 0 {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	p := k.lines(b, last)
	k.lost = k.lost || p.Lost
	return p
}

// ordered looks at places all over the log, and returns how much out of order
// it may be.
func (k *seeker) ordered() (slack int64) {
	newest, worst := int64(0), int64(0)
	last := max(0, k.size-lookBytes)
	for i := range int64(probes) {
		p := k.look(last*i/(probes-1), false)
		if k.lost {
			return 0
		}
		if p.Silent {
			continue
		}
		if newest > 0 && p.Newest < newest-margin/2 {
			k.lost = true
			return 0
		}
		newest, worst = max(newest, p.Newest), max(worst, p.Lag)
	}
	return max(margin, 2*worst)
}

// first returns the number of the first place whose newest line is not before
// sec, the number of places if there is none. For a place that is silent the next
// one stands that is not.
func (k *seeker) first(sec int64) int64 {
	places := (k.size + lookBytes - 1) / lookBytes
	lo, hi := int64(0), places
	for lo < hi && !k.lost {
		mid := lo + (hi-lo)/2
		at := mid
		p := k.look(at*lookBytes, at == places-1)
		for p.Silent && at+1 < hi && !k.lost {
			at++
			p = k.look(at*lookBytes, at == places-1)
		}
		if p.Silent || p.Newest >= sec {
			hi = mid
		} else {
			lo = at + 1
		}
	}
	return lo
}

// lineFrom returns where the first line begins at or behind an offset.
func (k *seeker) lineFrom(at int64) int64 {
	buf := make([]byte, lookBytes)
	if at == 0 {
		return 0
	}
	for at--; at < k.size; at += lookBytes {
		n, _ := k.log.ReadAt(buf, at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1
		}
		if n == 0 {
			break
		}
	}
	return k.size
}

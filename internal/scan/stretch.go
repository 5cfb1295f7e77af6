package scan

import (
	"bytes"
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
// before o.To lie, found by bisection. A file that is not in the order of time
// is one part, and so is one of which a place that is looked at cannot be read
// well: what the records there say of the time is then not known.
//
// A line that is dated ahead of its neighbours by more than the file is out of
// order in all places looked at is not found.
func (s *source) stretch(f *os.File, size int64, o *Options) (from, to int64) {
	if o.From == 0 && o.To == 0 || size < worthSeeking || o.Rejects != nil {
		return 0, size
	}
	k := looker{file: f, size: size, parser: s.twin(f)}
	slack := k.ordered()
	if k.lost {
		return 0, size
	}
	from, to = 0, size
	if o.From != 0 {
		// One place earlier: a line may begin there and end here.
		from = k.lineFrom(max(0, k.first(o.From-slack)-1) * lookBytes)
	}
	if o.To != 0 {
		if at := (k.first(o.To+slack) + 1) * lookBytes; at < size {
			to = k.lineFrom(at)
		}
	}
	if k.lost {
		return 0, size
	}
	return min(from, to), to
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
type looker struct {
	file   *os.File
	size   int64
	parser *accesslog.Auto
	buf    []byte
	lost   bool // a place could not be read well
	mixed  bool // for it has lines of other formats
}

// look returns the newest time of the records that begin in the place of
// lookBytes at an offset, and how far a record there is behind one before it.
func (k *looker) look(at int64) (newest, lag int64) {
	if k.buf == nil {
		k.buf = make([]byte, lookBytes)
	}
	n, _ := k.file.ReadAt(k.buf, at)
	b := k.buf[:n]
	if at > 0 {
		b = b[bytes.IndexByte(b, '\n')+1:]
	}
	p := k.parser.Fork()
	hits, lines := 0, 0
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
				k.lost, k.mixed = true, true // lines of several formats: when the others are known depends on all that was read
			}
			continue
		}
		hits++
		if hits == 1 || r.Sec > newest {
			newest = r.Sec
		}
		lag = max(lag, newest-r.Sec)
	}
	format, known := k.parser.Format()
	if now, _ := p.Format(); hits == 0 || 2*hits < lines || !known || now.Name != format.Name {
		k.lost = true
	}
	return newest, lag
}

// ordered looks at places all over the file, and returns how much out of order
// it may be.
func (k *looker) ordered() (slack int64) {
	newest, worst := int64(0), int64(0)
	last := max(0, k.size-lookBytes)
	for i := range int64(probes) {
		sec, lag := k.look(last * i / (probes - 1))
		if k.lost {
			return 0
		}
		if i > 0 && sec < newest-margin/2 {
			k.lost = true
			return 0
		}
		newest, worst = max(newest, sec), max(worst, lag)
	}
	return max(margin, 2*worst)
}

// first returns the number of the first place whose newest record is not
// before sec, the number of places if there is none.
func (k *looker) first(sec int64) int64 {
	lo, hi := int64(0), (k.size+lookBytes-1)/lookBytes
	for lo < hi && !k.lost {
		mid := lo + (hi-lo)/2
		newest, _ := k.look(mid * lookBytes)
		if mid == (k.size-1)/lookBytes {
			k.lost = k.mixed // the last place may be no more than half a line
		}
		if newest >= sec {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// lineFrom returns where the first line begins at or behind an offset.
func (k *looker) lineFrom(at int64) int64 {
	buf := make([]byte, lookBytes)
	if at == 0 {
		return 0
	}
	for at--; at < k.size; at += lookBytes {
		n, _ := k.file.ReadAt(buf, at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1
		}
		if n == 0 {
			break
		}
	}
	return k.size
}

package excerpt

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"time"

	"weir/internal/accesslog"
	"weir/internal/stamp"
)

// next finds the next line that is to be given.
func (l *log) next() {
	for {
		if len(l.queue) > 0 {
			end := bytes.IndexByte(l.queue, '\n') + 1
			l.line = Line{Log: l.index, Text: l.queue[:end], More: l.queued}
			l.queue, l.queued, l.more = l.queue[end:], true, true
			return
		}
		for len(l.rest) > 0 {
			end := bytes.IndexByte(l.rest, '\n') + 1
			raw := l.rest[:end]
			l.rest = l.rest[end:]
			if len(raw) > maxLine {
				l.result.TooLong++
				continue
			}
			own, chosen := l.take(raw)
			if len(l.queue) > 0 {
				break
			}
			if chosen {
				l.line, l.more = Line{Log: l.index, Text: raw, More: !own}, true
				return
			}
		}
		if len(l.queue) > 0 {
			continue
		}
		if !l.fill() {
			l.more = false
			return
		}
	}
}

// take looks at a line; own says that it has a time of its own.
func (l *log) take(raw []byte) (own, chosen bool) {
	line := accesslog.TrimEnd(raw)
	if l.access == nil {
		m, ok := l.cur.stamps.Time(line)
		if !ok {
			return false, l.in
		}
		l.in = l.dated(l.settled(m), m.Nanos)
		return true, l.in
	}
	out := l.access.Parse(line, &l.record)
	if out.Kind == accesslog.Piece {
		if l.held = append(l.held, raw...); len(l.held) > maxLine {
			l.release(l.in && l.o.Where == nil)
		}
		return false, false
	}
	_, last := l.access.Joined()
	if out.Kind == accesslog.Hit {
		in := l.dated(l.record.Sec, l.record.Nanos)
		l.in, chosen = in, in && (l.o.Where == nil || l.Context || l.o.Where(&l.record))
	} else {
		chosen = l.in && (l.o.Where == nil || l.Context)
	}
	if last && len(l.held) > 0 {
		l.held = append(l.held, raw...)
		l.release(chosen)
		return true, false
	}
	return out.Kind == accesslog.Hit, chosen
}

// release gives the pieces of a line, or drops them.
func (l *log) release(chosen bool) {
	if chosen {
		l.queue, l.queued = append(l.queue[:0:0], l.held...), false
	}
	l.held = l.held[:0]
}

// settled returns when a line was written whose time may be one of two: in the
// hour that comes twice it was the later one if the log had been there before.
func (l *log) settled(m stamp.Moment) int64 {
	if m.Again > 0 && l.newest-m.Sec > m.Again/2 {
		return m.Sec + m.Again
	}
	return m.Sec
}

// dated notes the time of a line, and reports whether it was asked for.
func (l *log) dated(sec int64, nanos int32) bool {
	r := &l.result
	if r.First == 0 || sec < r.First {
		r.First = sec
	}
	r.Last = max(r.Last, sec)
	l.newest = max(l.newest, sec)
	if at := sec*int64(time.Second) + int64(nanos); sec < 1<<33 {
		l.at = max(l.at, at)
	}
	in := (l.o.From == 0 || sec >= l.o.From) && (l.o.To == 0 || sec < l.o.To)
	if in {
		r.Requests++
	}
	return in
}

// fill gets the next block that may have lines of the time; false behind the last.
func (l *log) fill() bool {
	for {
		if l.cur == nil {
			if !l.begin() {
				l.finish()
				return len(l.queue) > 0
			}
		}
		b := l.blocks.next()
		if b == nil {
			l.end()
			if !l.part(false) {
				l.cur.close()
				l.cur = nil
			}
			continue
		}
		l.texts++
		early, late := l.beyond(b)
		switch {
		case late:
			l.cur.close()
			l.cur = nil
			continue
		case early:
			l.in = false
			continue
		}
		l.rest = b
		return true
	}
}

// end tells why a part of a file has ended.
func (l *log) end() {
	l.result.TooLong += l.blocks.tooLong
	if err := l.blocks.err; err != nil && err != io.EOF {
		l.fail(fmt.Errorf("%s: %w; what comes before is given", l.cur.path, cause(err)))
	}
}

// finish gives the pieces of a line that had no end.
func (l *log) finish() {
	if len(l.held) > 0 {
		l.release(l.in && l.o.Where == nil)
	}
}

// samples is how many places of a block are looked at.
const samples = 8

// beyond reports whether all of a block is before what was asked for, or behind
// it: then its lines need not be looked at. It is for files that cannot be
// bisected. A block with directives has to be read.
func (l *log) beyond(b []byte) (early, late bool) {
	if !l.stream || l.o.From == 0 && l.o.To == 0 || len(l.held) > 0 {
		return false, false
	}
	if l.access != nil {
		if b[0] == '#' || bytes.Contains(b, []byte("\n#")) {
			return false, false
		}
		if l.probe == nil || !l.access.Forked(l.probe) {
			l.probe = l.access.Fork()
		}
	}
	slack, first, last := disorder+l.shift(), int64(math.MaxInt64), int64(0)
	early, late = l.o.From != 0, l.o.To != 0
	for i := range samples + 1 {
		sec, ok := l.timeNear(b, len(b)/samples*i)
		if !ok {
			return false, false
		}
		early = early && sec < l.o.From-slack
		late = late && sec >= l.o.To+slack
		if !early && !late {
			return false, false
		}
		first, last = min(first, sec), max(last, sec)
	}
	l.newest, l.result.Last = max(l.newest, last), max(l.result.Last, last)
	if l.result.First == 0 || first < l.result.First {
		l.result.First = first
	}
	return early, late
}

// timeNear returns the time of one of the first lines that begin behind at; where
// that is the end, of one of the last.
func (l *log) timeNear(b []byte, at int) (sec int64, ok bool) {
	const lines = 20
	back, rest := at >= len(b)/samples*samples, b
	switch {
	case back:
	case at > 0:
		rest = b[at:]
		rest = rest[bytes.IndexByte(rest, '\n')+1:]
	}
	for range lines {
		var line []byte
		if len(rest) == 0 {
			return 0, false
		}
		if back {
			begin := bytes.LastIndexByte(rest[:len(rest)-1], '\n') + 1
			line, rest = rest[begin:], rest[:begin]
		} else {
			end := bytes.IndexByte(rest, '\n') + 1
			line, rest = rest[:end], rest[end:]
		}
		if sec, ok := l.timeOf(accesslog.TrimEnd(line)); ok {
			return sec, true
		}
	}
	return 0, false
}

// timeOf is for looks at single lines, in any order.
func (l *log) timeOf(line []byte) (sec int64, ok bool) {
	if l.access == nil {
		m, ok := l.cur.stamps.Time(line)
		return m.Sec, ok
	}
	var r accesslog.Record
	out := l.probe.Parse(line, &r)
	return r.Sec, out.Kind == accesslog.Hit
}

func offset(at int64, zone *time.Location) int64 {
	_, o := time.Unix(at, 0).In(zone).Zone()
	return int64(o)
}

package excerpt

import (
	"bytes"
	"fmt"
	"io"
	"slices"

	"weir/internal/accesslog"
)

// cover finds out which time the log covers, for somebody who asked for another.
func (l *log) cover() {
	l.close()
	if len(l.family) == 0 || l.result.Err != nil {
		return
	}
	if l.family[0].once {
		l.silent()
		return // what was seen has to do
	}
	all := Options{Zone: l.o.Zone, Now: l.o.Now, Hops: l.o.Hops}
	first, last := int64(0), int64(0)
	for _, f := range l.family {
		if f.open() != nil {
			continue
		}
		f.head = f.look(firstLook)
		l.date(f)
		f.close()
		if f.timed {
			first = f.first
			break
		}
	}
	for _, f := range slices.Backward(l.family) {
		if f.open() != nil {
			continue
		}
		sec, ok := l.lastOf(f, &all)
		f.close()
		if ok {
			last = sec
			break
		}
	}
	l.result.First, l.result.Last = first, max(first, last)
	l.silent()
}

// silent makes it an error that a log with lines has no time in them.
func (l *log) silent() {
	if r := &l.result; r.First == 0 && l.texts > 0 {
		r.Err = fmt.Errorf("%s: no line has a time that weir knows (weir explain %s)", r.Name, l.Name)
	}
}

// lastOf returns the newest time at the end of a file.
func (l *log) lastOf(f *file, o *Options) (newest int64, ok bool) {
	one := &log{Log: l.Log, o: o, cur: f}
	if l.access != nil {
		one.access = l.parser()
		one.access.Prime(accesslog.HeadLines(f.look(headBytes), true))
	} else if f.stamps == nil {
		f.head = f.look(firstLook)
		l.date(f)
	}
	if !f.seekable() {
		r, err := f.text()
		if err != nil {
			return 0, false
		}
		one.blocks.start(r)
	}
	for n, size := int64(64<<10), f.info.Size(); f.seekable(); n *= 8 {
		from := f.lineFrom(max(0, size-n))
		one.blocks.start(io.NewSectionReader(f.f, from, size-from))
		for b := one.blocks.next(); b != nil; b = one.blocks.next() {
			for line := range bytes.Lines(b) {
				one.take(line)
			}
		}
		if one.result.Last != 0 || n >= size {
			return one.result.Last, one.result.Last != 0
		}
	}
	if one.access != nil {
		one.probe = one.access.Fork()
	}
	for b := one.blocks.next(); b != nil; b = one.blocks.next() {
		if sec, found := one.timeNear(b, len(b)); found {
			newest, ok = max(newest, sec), true
		}
	}
	return newest, ok
}

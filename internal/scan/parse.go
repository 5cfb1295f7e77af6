package scan

import (
	"bytes"

	"weir/internal/accesslog"
)

// parse turns the lines of b into its batch and its findings.
func (b *block) parse(parser *accesslog.Auto, o *Options) {
	b.batch.Reset(b.data)
	b.found.reset()
	b.text, b.rejects, b.joined = shrunk(b.text), shrunk(b.rejects), shrunk(b.joined)
	f := &b.found
	for range b.tooLong {
		f.lines++
		b.reject(accesslog.Outcome{Reason: accesslog.ReasonTooLong, Column: maxLine + 1}, 0, 0, o)
		f.last.Offset = b.longAt
	}
	var r accesslog.Record
	for rest := b.data; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 {
			end = len(rest)
		}
		line := accesslog.TrimEnd(rest[:end])
		from := len(b.data) - len(rest)
		at := b.offset + int64(from)
		rest = rest[end:]
		if len(line) > maxLine {
			f.lines++
			b.reject(accesslog.Outcome{Reason: accesslog.ReasonTooLong, Column: maxLine + 1}, 0, 0, o)
			f.last.Offset = at
			continue
		}
		out := parser.Parse(line, &r)
		f.lines++
		if out.Unfinished > 0 {
			b.unfinished(int(out.Unfinished), at, o)
		}
		switch {
		case out.Kind == accesslog.Piece:
			f.pieces++
		case out.Kind == accesslog.Directive:
			f.directives++
		case out.Kind == accesslog.Rejected:
			if whole, ok := parser.Joined(); ok && o.Rejects != nil {
				b.joined = append(b.joined, whole...)
				b.reject(out, len(whole)-len(b.joined)-1, len(b.joined), o)
			} else {
				b.reject(out, from, from+len(line), o)
			}
			f.last.Offset = at
		case !o.spans(&r):
			f.outside++
		case b.where != nil && !b.where(&r):
			f.outside++
			if !f.passed {
				f.passed, f.first, f.newest = true, r.Sec, r.Sec
			}
			f.first, f.newest = min(f.first, r.Sec), max(f.newest, r.Sec)
		case b.writer != nil:
			f.hits++
			b.text = b.writer.Append(b.text, &r, b.source.total.Name)
		default:
			f.hits++
			b.batch.Add(&r)
		}
	}
	if b.last {
		f.lines++ // the place behind the last line
		b.unfinished(parser.End(), b.offset+int64(len(b.data)), o)
		f.lines--
	}
	if b.broken > 0 {
		f.lines++
		b.reject(accesslog.Outcome{Reason: accesslog.ReasonCut, Column: b.broken + 1}, len(b.data), len(b.data)+b.broken, o)
		f.last.Offset = b.offset + int64(len(b.data))
	}
}

// unfinished rejects lines whose last pieces never came. What is told of them is
// the place at which they were given up.
func (b *block) unfinished(n int, at int64, o *Options) {
	for range n {
		b.found.pieces-- // one of theirs is a line
		b.reject(accesslog.Outcome{Reason: accesslog.ReasonPartial, Column: 1}, 0, 0, o)
		b.found.last.Offset = at
	}
}

// spans reports whether r is of the time that is asked for.
func (o *Options) spans(r *accesslog.Record) bool {
	return (o.From == 0 || r.Sec >= o.From) && (o.To == 0 || r.Sec < o.To)
}

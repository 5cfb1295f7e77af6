package scan

import (
	"strconv"

	"weir/internal/accesslog"
	"weir/internal/escape"
	"weir/internal/view"
)

// A reject is a line that is no request. It is small, since a block of empty
// lines has tens of thousands.
type reject struct {
	line   int32 // within its block, from 1
	column int32
	// Where it is in the block: buf[from:to], nowhere if it is too long; below 0,
	// joined[-1-from:to].
	from, to int32
	reason   accesslog.Reason
}

// textOf returns the bytes of a line that is no request.
func (b *block) textOf(r reject) []byte {
	if r.from < 0 {
		return b.joined[-1-r.from : r.to]
	}
	return b.buf[r.from:r.to]
}

// AppendReject appends a line that is no request, as Options.Rejects describes
// it: the place, a tab, the text as it is, and a line feed.
func AppendReject(dst []byte, name string, at view.Reject, text []byte) []byte {
	dst = escape.AppendTerminal(dst, []byte(name))
	if at.Line > 0 {
		dst = strconv.AppendInt(append(dst, ':'), at.Line, 10)
	} else {
		dst = strconv.AppendInt(append(dst, '@'), at.Offset, 10)
	}
	dst = strconv.AppendInt(append(dst, ':'), int64(at.Column), 10)
	dst = append(append(dst, ": "...), at.Reason...)
	dst = append(append(dst, '\t'), text...)
	return append(dst, '\n')
}

// writeRecords writes the records of a block, already in memory as text.
func (o *Options) writeRecords(b *block) error {
	if len(b.text) == 0 {
		return nil
	}
	_, err := o.Records.Write(b.text)
	return err
}

// writeRejects writes the lines of a block that are no requests.
func (o *Options) writeRejects(b *block) error {
	if len(b.rejects) == 0 {
		return nil
	}
	const enough = 64 << 10
	text := make([]byte, 0, 2*enough)
	for i, r := range b.rejects {
		at := view.Reject{Line: b.before + int64(r.line), Column: int(r.column), Reason: string(r.reason)}
		text = AppendReject(text, b.source.total.Name, at, b.textOf(r))
		if len(text) < enough && i+1 < len(b.rejects) {
			continue
		}
		if _, err := o.Rejects.Write(text); err != nil {
			return err
		}
		text = text[:0]
	}
	return nil
}

// most is how many bytes, or lines, a block keeps room for after a flood.
const most = 1 << 20

// shrunk is s without its elements, and without its memory where that is much.
func shrunk[T any](s []T) []T {
	if cap(s) > most {
		return nil
	}
	return s[:0]
}

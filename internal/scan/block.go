package scan

import (
	"weir/internal/accesslog"
	"weir/internal/export"
	"weir/internal/traffic"
	"weir/internal/view"
)

// A block is a stretch of whole lines of one log, with all that becomes of it.
type block struct {
	source *source
	stage  stage
	folded int // shards that have folded it

	lines
	fork  *accesslog.Auto // that parsed it
	where func(*accesslog.Record) bool
	batch traffic.Batch
	found findings

	// Of a pass that writes something down:
	before  int64 // lines of the log in front of it
	writer  export.Writer
	text    []byte   // its records
	rejects []reject // its lines that are no requests
	joined  []byte   // those of them that were in pieces
}

// stage is how far a block has come.
type stage uint8

const (
	isRead stage = iota
	isTaken
	isParsed
)

// findings are what became of the lines of a block.
type findings struct {
	lines                     int64 // all there are
	pieces                    int64 // of them that are no lines of their own
	hits, outside, directives int64
	rejected                  map[accesslog.Reason]int64
	passed                    bool // a filter passed over records, of these seconds
	first, newest             int64
	last                      view.Reject // Line counts within the block, from 1
}

func (f *findings) reset() {
	clear(f.rejected)
	*f = findings{rejected: f.rejected}
}

// reject counts a line that is no request, the one counted last; see reject for
// from and to. The caller fills in the Offset of last.
func (b *block) reject(out accesslog.Outcome, from, to int, o *Options) {
	f := &b.found
	if f.rejected == nil {
		f.rejected = map[accesslog.Reason]int64{}
	}
	f.rejected[out.Reason]++
	f.last = view.Reject{Line: f.lines, Column: out.Column, Reason: string(out.Reason)}
	if w, ok := b.writer.(Rejecter); ok {
		b.text = w.AppendReject(b.text)
	}
	if o.Rejects != nil {
		b.rejects = append(b.rejects, reject{int32(f.lines), int32(out.Column), int32(from), int32(to), out.Reason})
	}
}

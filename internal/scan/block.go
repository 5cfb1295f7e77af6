package scan

import (
	"weir/internal/accesslog"
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
	hits, outside, directives int64
	rejected                  map[accesslog.Reason]int64
	last                      view.Reject // Line counts within the block, from 1
}

func (f *findings) reset() {
	clear(f.rejected)
	*f = findings{rejected: f.rejected}
}

// reject counts a line that is no request: the one counted last.
func (f *findings) reject(out accesslog.Outcome, offset int64) {
	if f.rejected == nil {
		f.rejected = map[accesslog.Reason]int64{}
	}
	f.rejected[out.Reason]++
	f.last = view.Reject{Line: f.lines, Offset: offset, Column: out.Column, Reason: string(out.Reason)}
}

// Package scan reads whole logs once, on all processors, into one result that does not depend on their number.
//
//	Log -> block -> parse -> where -> Batch -> Tally, Timeline
//	                                  Writer -> text, in the order of the logs
//
// The work is cut twice. A log is read in blocks of whole lines, whose borders
// depend on its bytes alone; blocks are parsed by any worker in any order. What
// is counted is cut into shards by what it is (paths, clients, seconds ...),
// and each shard takes the blocks one after the other in the order of the log.
// So every table sees every record in the same order whoever does the work,
// and the result has the same bytes on one worker and on many.
//
// Memory: one Tally, one Timeline, and a few blocks for each worker.
package scan

import (
	"context"
	"io"
	"runtime"
	"sync/atomic"

	"weir/internal/accesslog"
	"weir/internal/export"
	"weir/internal/traffic"
	"weir/internal/view"
)

// Options says how to read logs.
type Options struct {
	Workers      int // goroutines that do the work; 0 is one for each processor
	SectionDepth int // path segments of a section; 0 is 1
	// From and To, when not 0, pass over records outside [From, To), Unix
	// seconds.
	From, To int64
	// Where, when not nil, makes filters: records for which one is false are
	// passed over. A filter is used by one goroutine at a time and must not
	// keep the record; all of them must say the same.
	Where func() func(*accesslog.Record) bool
	// Hops, when not nil, finds the clients behind proxies, before Where sees a
	// record.
	Hops *accesslog.Hops
	// Stdin is what the Log "-" reads.
	Stdin io.Reader
	// Done, when not nil, is kept at the number of bytes read so far, as they
	// lie in the files.
	Done *atomic.Int64

	// Records, when not nil, gets what the Writer makes of the records, in the
	// order of the logs, in one Write for each block. Then nothing is counted
	// but what the Sources of the Result tell; Tally and Timeline stay empty.
	Records io.Writer
	// Writer makes what writes records down; each is used by one goroutine at a
	// time. See Rejecter, too.
	Writer func() export.Writer
	// Rejects, when not nil, gets the lines that are no requests:
	//
	//	file:line:column: reason TAB the line as it is
	//
	// Of a line that is too long there is only its place. No part of a log is
	// passed over unread then, whatever From and To say. Neither Writer is
	// called by two goroutines at once, but the two may be at the same time.
	Rejects io.Writer

	blockSize int // 0 is blockSize; tests have smaller ones
}

// A Rejecter is a Writer that wants to know of lines that are no requests, too, among the
// records.
type Rejecter interface {
	// AppendReject appends what stands for such a line.
	AppendReject(dst []byte) []byte
}

// A Result is what was found in the logs.
type Result struct {
	Tally    *traffic.Tally
	Timeline *traffic.Timeline
	Rejected map[accesslog.Reason]int64
	Sources  []view.Source // one for each log, in their order
	Failures []Failure     // logs that could not be read, or not to their end
	Notices  []string      // what else a person should know
}

// A Failure is a log that could not be read, or not to its end. What could be
// read of it was counted.
type Failure struct {
	Name string
	Err  error
}

// Error returns the sentence.
func (f Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f Failure) Unwrap() error { return f.Err }

// Run reads all logs, one after the other. The error is that of ctx, or of a
// writer of o, which ends the pass; a log that cannot be read is a Failure of
// the Result.
func Run(ctx context.Context, logs []Log, o Options) (*Result, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.blockSize == 0 {
		o.blockSize = blockSize
	}
	p := newPass(logs, o)
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return p.result(), nil
}

// Package excerpt takes the lines of a stretch of time out of logs, raw, with
// those of the files they were rotated to.
//
//	access.log.3.gz  access.log.2.gz  access.log.1   access.log
//	                 └ read through ┘ └ bisected ────────────┘
//	                         │               │
//	                         └───── one log ─┘  other logs, any
//	                                   └── by time ──┘
//
// A line is chosen by its own time alone; all else, the order of the files,
// bisection, what a history remembers, only says what need not be read. A line
// without a time, as those of a stack trace, goes with the line before it.
//
// What stands in a log out of order by more than two minutes, or twice as much as
// in the places of a file that are looked at, may be missed there.
package excerpt

import (
	"context"
	"io"
	"time"

	"weir/internal/accesslog"
)

// disorder, in seconds, is how much out of order the lines of a log may be where
// nothing else is known: a server writes a line when the request has ended.
const disorder = 120

// A Log is a log to take lines of.
type Log struct {
	Name    string            // its path; "-" is standard input, which has no other files
	Format  *accesslog.Format // nil: it is recognised
	Context bool              // shown beside the others, whatever it is; no filter is for it
}

// Options say which lines.
type Options struct {
	// From and To are Unix seconds, half open; one that is 0 is none.
	From, To int64
	// Where, when not nil, picks requests of the Logs that are no Context. Then
	// lines that are no requests are left out.
	Where func(*accesslog.Record) bool
	// Hops, when not nil, finds the clients behind proxies, for Where.
	Hops *accesslog.Hops
	// Zone is of times that are logged without one; nil is UTC.
	Zone  *time.Location
	Now   time.Time // for the years of times without one, in standard input
	Stdin io.Reader
	// Spans, when not nil, tells where else lines of the time are in a file, as
	// far as somebody remembers. What it says is read too, and cannot be wrong.
	Spans func(name string, device, inode uint64) []Range
}

// A Range is a part of a file in bytes, half open.
type Range struct{ From, To int64 }

// A Line is one that was asked for.
type Line struct {
	Log  int    // index of its log
	Text []byte // with its line feed, also where the log lacks it; valid during the call
	More bool   // it has no time of its own, and goes with the line before it
}

// A Result tells about one log.
type Result struct {
	Name     string
	Lines    int64 // given
	Requests int64 // of the time asked for, before Where; of other logs lines with a time
	// First and Last are the times, Unix seconds, that the log covers, as far as
	// was seen; both 0 if it has none.
	First, Last int64
	TooLong     int64 // lines of more than 1 MiB, left out
	Notices     []string
	Err         error // it could not be read, or not to its end
}

// Run gives the lines of all logs to yield, those of one log in its order, those
// of several by time. There is a Result for each log. The error is that of yield
// or of ctx; a log that cannot be read is an Err of its Result.
func Run(ctx context.Context, logs []Log, o Options, yield func(Line) error) ([]Result, error) {
	var all []*log
	for i, l := range logs {
		all = append(all, openLog(i, l, &o))
	}
	defer func() {
		for _, l := range all {
			l.close()
		}
	}()
	err := merge(ctx, all, yield)
	var results []Result
	for _, l := range all {
		if err == nil && l.result.Lines == 0 {
			l.cover()
		}
		results = append(results, l.result)
	}
	return results, err
}

// merge gives the lines of all logs in the order of time. Of lines of one moment
// those of the log that was given last come first, so that a stack trace stays
// with its line.
func merge(ctx context.Context, all []*log, yield func(Line) error) error {
	for _, l := range all {
		l.next()
	}
	last := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		best := last
		for i, l := range all {
			if l.more && (!all[best].more || l.at < all[best].at) {
				best = i
			}
		}
		l := all[best]
		if !l.more {
			return nil
		}
		last = best
		l.result.Lines++
		if err := yield(l.line); err != nil {
			return err
		}
		l.next()
	}
}

// Newest returns the latest time, Unix seconds, in any of the logs; ok is false
// where none was found. Of a compressed file that is the last of its log, all is
// read.
func Newest(logs []Log, o Options) (newest int64, ok bool) {
	for i, l := range logs {
		if l.Context || l.Name == "-" {
			continue
		}
		log := openLog(i, l, &o)
		if len(log.family) > 0 && !log.family[0].once { // what is read once is not to be spent on this
			log.cover()
		}
		if r := &log.result; r.Last != 0 && (!ok || r.Last > newest) {
			newest, ok = r.Last, true
		}
		log.close()
	}
	return newest, ok
}

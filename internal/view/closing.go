package view

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"weir/internal/accesslog"
)

// A Quiet stretch stands for the empty intervals of a gap in the log.
type Quiet struct{ From, To int64 }

// A Notice is a sentence about a source or its clock that a person should
// read.
type Notice struct {
	At   int64 // event time, 0 where none is known
	Text string
}

// A Closing is the summary of a whole run: what there is to know at its end, and
// the figures of all its requests.
type Closing struct {
	Snapshot
	Stats
}

// A Source is what became of one input.
type Source struct {
	Name     string
	Format   string // "" where none was recognised
	Lines    int64
	Hits     int64
	Rejected int64
	Older    int64 // requests before the start of reading, passed over
	Filtered int64 // requests that were not asked for, passed over

	Reach
	Dropped    int64 // messages known to be lost on their way here
	LastReject *Reject
}

// A Channel is a way to tell people of alerts, and how it is doing.
type Channel struct {
	Name, Kind   string
	Delivered    int64 // messages, since the start of this process
	Waiting      int
	GivenUp      int64
	FailingSince time.Time // zero while it works
	LastError    string
}

// A Reach is how far a log that is followed was read, and what became of its
// files, all in bytes and as of the last look. Of a pipe only Offset is known, of
// a log that is read once nothing.
type Reach struct {
	Offset int64 // what was dealt with, of the file that has the name, or of the stream
	Size   int64 // of that file
	Lag    int64 // not dealt with yet, in rotated files too; half a line counts
	// LagTime is how long ago the file was last written, if there is a Lag: its
	// oldest byte may be older.
	LagTime time.Duration

	Rotations    int   // times another file took the path
	Truncations  int   // times content was cut off
	Recovered    int64 // read from copies, and from files that had come and gone
	PossibleLoss int64 // destroyed before it could be read
	Zeros        int64 // passed over, where nobody had written
	TooLong      int   // lines that were too long to be read
	Undecodable  int64 // what was no character in UTF-16, read as U+FFFD
}

// ReadRejected lists reasons, the most frequent first.
func ReadRejected(m map[accesslog.Reason]int64) Rejected {
	var r Rejected
	for why, n := range m {
		r.Total += n
		r.Reasons = append(r.Reasons, Reason{Text: string(why), Lines: n})
	}
	slices.SortFunc(r.Reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Text, b.Text))
	})
	return r
}

// A Reject tells where a line was rejected and why.
type Reject struct {
	Line   int64 // 0 where unknown: then Offset tells
	Offset int64
	Column int
	Reason string
}

// Position is where in the source of that name it was, as file:line:column;
// where the number of the line is not known its offset stands for it, as
// file@offset:column.
func (r *Reject) Position(name string) string {
	if r.Line > 0 {
		name += ":" + strconv.FormatInt(r.Line, 10)
	} else {
		name += "@" + strconv.FormatInt(r.Offset, 10)
	}
	return name + ":" + strconv.Itoa(r.Column)
}

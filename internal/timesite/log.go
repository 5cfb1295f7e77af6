package timesite

import (
	"fmt"
	"io"
	"sync"

	"weir/internal/accesslog"
	"weir/internal/export"
	"weir/internal/unit"
)

// A Log is the access log of a Site: whole lines, one Write each. Its methods may
// be called by several goroutines. Make one with NewLog.
type Log struct {
	tell func(string)

	mu     sync.Mutex
	out    io.Writer     // guarded by mu, as all below
	writer export.Writer // one goroutine at a time
	line   []byte
	torn   bool  // the last Write ended within a line
	failed bool  // the last Write did; it was told
	lost   int64 // lines since the site began
}

// NewLog returns a log that writes to out, which stays the caller's own, in the
// notation of writer, which it takes over. What is in the way of writing is told
// once, when it begins, with tell; so is its end. The site goes on meanwhile.
func NewLog(out io.Writer, writer export.Writer, tell func(string)) *Log {
	return &Log{out: out, writer: writer, tell: tell}
}

// Lost returns how many lines could not be written.
func (l *Log) Lost() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *Log) append(r *accesslog.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = l.line[:0]
	if l.torn {
		// A full disk took a part of a line. It is left to stand by itself, as a line
		// that is no request, so that it spoils no other.
		l.line = append(l.line, '\n')
	}
	l.line = l.writer.Append(l.line, r, "timeserver")
	n, err := l.out.Write(l.line)
	if n > 0 {
		l.torn = l.line[n-1] != '\n'
	}
	if err == nil {
		if l.failed {
			l.failed = false
			l.tell(fmt.Sprintf("the access log can be written again; %s %s lost so far", unit.Count(l.lost), unit.Plural(l.lost, "line")))
		}
		return
	}
	l.lost++
	if !l.failed {
		l.failed = true
		l.tell(fmt.Sprintf("%v; requests are answered all the same, their lines are lost", err))
	}
}

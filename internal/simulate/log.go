package simulate

import (
	"context"
	"fmt"
	"io"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

const (
	// maxWrite bounds the bytes of one Write of Run. After a long stall all
	// that has fallen due meanwhile would otherwise be held in memory.
	maxWrite = 1 << 20
	// fillWrite is the size of the Writes of Fill.
	fillWrite = 64 << 10
	// minWait is the least time between two wake-ups of Run. At high rates it
	// gathers what falls due within a millisecond; a Write per line would cost
	// more than the line.
	minWait = time.Millisecond
)

// A Log writes the requests of a site as lines of a format, at the times a
// pacer says. It owns its Site, Format and Pacer while one of its methods runs;
// it belongs to one goroutine and is used once, since the Site goes on.
type Log struct {
	Site   *Site
	Format *Format
	Pacer  pace.Pacer

	// Disorder is how long after it is due a line may be written, as servers
	// do that stamp the start of a request and write at its end:
	//
	//	stamp    0s  1s  2s  3s        each line is written at a random time
	//	          \___\__/   /         between its stamp and stamp+Disorder
	//	written    1s  0s   2s ...
	//
	// So when a line stamped t is written, no line written before is stamped
	// later than t+Disorder. 0 writes all lines in order.
	Disorder time.Duration
	// Seed draws the disorder; the Site has its own.
	Seed uint64
	// Count ends the log after so many lines; with 0 only the schedule ends it.
	Count int64
	// NoHeader leaves the header of the format out: what is written is
	// appended to a log that has one.
	NoHeader bool

	// Incidents are what happens. Their traffic is that of the Pacer: see Shape.
	Incidents []Incident
	// Capacity is how many requests a second the site can answer; 0 = any number.
	// The nearer the past second came to it, the longer answers take (as in a queue
	// with one server: 1/(1-load), twenty times at most), and what is beyond it is
	// answered with 503.
	Capacity unit.PerSecond
	// Malformed is the share of lines, 0 to 1, that are no requests: each stands in
	// place of one that came.
	Malformed float64
	// Late is the share of lines, 0 to 1, that are written from LateBy/2 to LateBy
	// after they are due.
	Late   float64
	LateBy time.Duration
	// Every is how often outputs that are a File are rotated, in the time of the
	// log; 0 = never.
	Every time.Duration
	// Truth counts what is written, if there is one.
	Truth *Truth
}

// Run writes the log live: request n is stamped with the time of the call plus
// what the Pacer says, and written when that has come. The loop is open: a
// slow writer makes lines late, and never fewer. On each wake-up all lines that
// are due go out in one Write of whole lines (in several of about 1 MiB when
// there are more).
//
// With several writers each line goes to one of them, drawn at random, as
// requests go to servers behind a balancer.
//
// Run returns the number of lines written; nil once the schedule has ended and
// its last line is out, the cause of ctx when that ended first, or the error
// of the writer. When ctx ends, lines held back by Disorder are written at
// once, in the order they would have had. A header of the format comes first
// and is not counted.
func (l *Log) Run(ctx context.Context, to ...io.Writer) (int64, error) {
	start := time.Now()
	q := l.newQueue(start, maxWrite, to)
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		woke := time.Since(start)
		more := q.fill(min(woke, q.turn-1))
		if err := q.flush(); err != nil {
			return q.written, err
		}
		if !more && woke >= q.turn {
			if err := q.rotate(woke); err != nil {
				return q.written, err
			}
			continue
		}
		wake, ok := q.wake()
		if !ok {
			return q.written, nil
		}
		// Counted from the wake-up, not from here: after a stall of the writer
		// what is overdue goes out without another wait.
		if pause := max(min(wake, q.turn), woke+minWait) - time.Since(start); !more && pause > 0 {
			timer.Reset(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			if err := q.drain(); err != nil {
				return q.written, err
			}
			return q.written, context.Cause(ctx)
		}
	}
}

// Fill writes the log without the clock, as fast as it can: the same lines as
// Run would, stamped from start on, until the schedule ends. The result is as
// that of Run; when ctx ends, held lines are written too.
func (l *Log) Fill(ctx context.Context, start time.Time, to ...io.Writer) (int64, error) {
	q := l.newQueue(start, fillWrite, to)
	for {
		more := q.fill(q.turn - 1)
		if err := q.flush(); err != nil {
			return q.written, err
		}
		next, ok := q.wake()
		switch {
		case !ok:
			return q.written, nil
		case !more:
			if err := q.rotate(next); err != nil {
				return q.written, err
			}
		}
		if ctx.Err() != nil {
			if err := q.drain(); err != nil {
				return q.written, err
			}
			return q.written, context.Cause(ctx)
		}
	}
}

// flush writes what has been filled in.
func (q *queue) flush() error {
	for i := range q.outs {
		o := &q.outs[i]
		if len(o.text) == 0 {
			continue
		}
		if _, err := o.to.Write(o.text); err != nil {
			return fmt.Errorf("writing the simulated log after line %d: %w", q.written, err)
		}
		q.written += o.lines
		o.text, o.lines = o.text[:0], 0
	}
	q.ready = 0
	return nil
}

// rotate rotates the outputs that can be, and sets the time of the next turn,
// after now.
func (q *queue) rotate(now time.Duration) error {
	for i := range q.outs {
		if f, ok := q.outs[i].to.(*File); ok {
			if err := f.Rotate(); err != nil {
				return err
			}
		}
	}
	q.turn = now - now%q.log.Every + q.log.Every
	return nil
}

// drain writes the lines held back, and draws no new ones.
func (q *queue) drain() error {
	q.ok = false
	for more := true; more; {
		more = q.fill(pace.Forever)
		if err := q.flush(); err != nil {
			return err
		}
	}
	return nil
}

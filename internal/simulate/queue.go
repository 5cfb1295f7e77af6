package simulate

import (
	"math/rand/v2"
	"time"
)

// A queue puts the lines of a log into the order of their writing. Times are
// offsets from the start of the log.
//
// A line is drawn only when it is the next to be stamped, and taken out before
// any line is drawn that is stamped later than its own writing. So the queue
// holds no more lines than fall due within Disorder, however late the loop
// around it runs.
type queue struct {
	log   *Log
	start time.Time
	rand  *rand.Rand
	limit int // bytes of out at which fill pauses

	next int64         // number of the next request to draw
	left int64         // requests still to draw; negative = no bound
	due  time.Duration // when the next request is due
	ok   bool          // whether there is a next request
	line Line          // drawn into, again and again

	held  []held   // a heap, the first to be written on top
	spare [][]byte // buffers of lines that have left the heap

	out     []byte // whole lines ready to be written
	filled  int64  // lines in out
	written int64  // lines that the writer has taken
}

// A held is a line that waits for its writing.
type held struct {
	at   time.Duration
	seq  int64 // breaks ties, so that a seed gives one order
	text []byte
}

func (a held) before(b held) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// newQueue returns the queue of l; its header is already in out.
func (l *Log) newQueue(start time.Time, limit int) *queue {
	q := &queue{log: l, start: start, rand: rand.New(rand.NewPCG(l.Seed, 0x64656c6179)), limit: limit, left: l.Count}
	if l.Count <= 0 {
		q.left = -1
	}
	q.out = make([]byte, 0, min(limit, fillWrite)+1024)
	if !l.NoHeader {
		q.out = l.Format.AppendHeader(q.out)
	}
	q.due, q.ok = l.Pacer.Due(0)
	return q
}

// fill moves the lines to be written by the time now into out. It reports
// whether it paused because out is full.
func (q *queue) fill(now time.Duration) (more bool) {
	for len(q.out) < q.limit {
		switch {
		case len(q.held) > 0 && q.held[0].at <= now && (!q.ok || q.held[0].at <= q.due):
			q.release()
		case q.ok && q.due <= now:
			q.draw()
		default:
			return false
		}
	}
	return true
}

// wake returns when fill next has something to do; false when all is written.
func (q *queue) wake() (time.Duration, bool) {
	switch {
	case len(q.held) == 0:
		return q.due, q.ok
	case q.ok:
		return min(q.due, q.held[0].at), true
	}
	return q.held[0].at, true
}

// draw draws the next request and puts it into out or among the held.
func (q *queue) draw() {
	q.log.Site.Next(&q.line)
	q.line.At = q.start.Add(q.due)
	if q.log.Disorder <= 0 {
		q.out = q.log.Format.AppendLine(q.out, &q.line)
		q.filled++
	} else {
		var buf []byte
		if n := len(q.spare); n > 0 {
			buf, q.spare = q.spare[n-1][:0], q.spare[:n-1]
		}
		delay := time.Duration(q.rand.Int64N(int64(q.log.Disorder) + 1))
		q.push(held{at: q.due + delay, seq: q.next, text: q.log.Format.AppendLine(buf, &q.line)})
	}
	q.next++
	q.left--
	if q.ok = q.left != 0; q.ok {
		q.due, q.ok = q.log.Pacer.Due(q.next)
	}
}

// release moves the top of the held into out.
func (q *queue) release() {
	top := q.held[0]
	q.out = append(q.out, top.text...)
	q.filled++
	q.spare = append(q.spare, top.text)
	last := len(q.held) - 1
	q.held[0] = q.held[last]
	q.held[last] = held{}
	q.held = q.held[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return
		}
		if child+1 < last && q.held[child+1].before(q.held[child]) {
			child++
		}
		if !q.held[child].before(q.held[i]) {
			return
		}
		q.held[i], q.held[child] = q.held[child], q.held[i]
		i = child
	}
}

// push adds h to the heap. Package container/heap would put every line into
// an interface, an allocation each.
func (q *queue) push(h held) {
	q.held = append(q.held, h)
	for i := len(q.held) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.held[i].before(q.held[parent]) {
			return
		}
		q.held[i], q.held[parent] = q.held[parent], q.held[i]
		i = parent
	}
}

package simulate

import (
	"io"
	"math/rand/v2"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
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

	held  calendar
	spare [][]byte // buffers of lines that were held

	outs    []output
	which   *rand.Rand // draws the output
	ready   int        // bytes in all outputs
	written int64      // lines that the writers have taken
	turn    time.Duration

	harm  *rand.Rand // draws what is malformed or late
	scene *scene     // nil = no incidents
	load  load
}

// An output is one of the writers, with whole lines ready for it.
type output struct {
	to     io.Writer
	format *Format
	text   []byte
	lines  int64
}

// load is how busy the site is.
type load struct {
	second int64 // the one that is counted
	hits   int64 // in it
	before float64
	rand   *rand.Rand
}

// newQueue returns the queue of l; its header is already in the outputs.
func (l *Log) newQueue(start time.Time, limit int, to []io.Writer) *queue {
	draws := func(what uint64) *rand.Rand { return rand.New(rand.NewPCG(l.Seed, what)) }
	q := &queue{
		log: l, start: start, rand: draws(0x64656c6179), limit: limit, left: l.Count,
		held: newCalendar(max(l.Disorder, l.LateBy)), which: draws(0x7768696368), harm: draws(0x6861726d), load: load{rand: draws(0x6c6f6164)}, turn: pace.Forever,
	}
	if l.Count <= 0 {
		q.left = -1
	}
	if l.Every > 0 {
		q.turn = l.Every
	}
	for i, w := range to {
		o := output{to: w, format: l.Format, text: make([]byte, 0, min(limit, fillWrite)+1024)}
		if i > 0 {
			o.format = l.Format.Fork()
		}
		if !l.NoHeader {
			o.text = o.format.AppendHeader(o.text)
		}
		q.outs = append(q.outs, o)
	}
	if len(l.Incidents) > 0 {
		q.scene = newScene(l.Site, l.Incidents, l.Seed)
	}
	if l.Truth != nil {
		l.Truth.begin(start, len(to), q.scene)
	}
	q.due, q.ok = l.Pacer.Due(0)
	return q
}

// fill moves the lines to be written by the time now into the outputs. It
// reports whether it paused because they are full.
func (q *queue) fill(now time.Duration) (more bool) {
	for q.ready < q.limit {
		switch {
		case q.held.n > 0 && q.releases(now):
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
	first := q.held.first()
	switch {
	case first == nil:
		return q.due, q.ok
	case q.ok:
		return min(q.due, first.at), true
	}
	return first.at, true
}

// releases reports whether a line that is held is to be written by now, and before another
// is drawn.
func (q *queue) releases(now time.Duration) bool {
	at := q.held.first().at
	return at <= now && (!q.ok || at <= q.due)
}

// draw draws the next request and puts it into an output or among the held.
func (q *queue) draw() {
	l := q.log
	q.line.At = q.start.Add(q.due)
	l.Site.Next(&q.line)
	if l.Capacity > 0 {
		q.burden()
	}
	if q.scene != nil {
		q.scene.happen(&q.line, q.due)
	}
	i := 0
	if len(q.outs) > 1 {
		i = q.which.IntN(len(q.outs))
	}
	o := &q.outs[i]
	malformed := l.Malformed > 0 && q.harm.Float64() < l.Malformed
	delay := time.Duration(0)
	if l.Disorder > 0 {
		delay = time.Duration(q.rand.Int64N(int64(l.Disorder) + 1))
	}
	if l.Late > 0 && q.harm.Float64() < l.Late {
		delay = l.LateBy/2 + time.Duration(q.harm.Int64N(int64(l.LateBy/2)+1))
		if l.Truth != nil && !malformed {
			l.Truth.delay(delay)
		}
	}
	if l.Truth != nil {
		if malformed {
			l.Truth.reject(i)
		} else {
			l.Truth.hit(&q.line, q.due, i)
		}
	}
	if delay == 0 && l.Disorder <= 0 {
		from := len(o.text)
		o.text = o.format.AppendLine(o.text, &q.line)
		if malformed {
			o.text = damage(o.text, from, q.harm)
		}
		o.lines++
		q.ready += len(o.text) - from
	} else {
		var buf []byte
		if n := len(q.spare); n > 0 {
			buf, q.spare = q.spare[n-1][:0], q.spare[:n-1]
		}
		buf = o.format.AppendLine(buf, &q.line)
		if malformed {
			buf = damage(buf, 0, q.harm)
		}
		q.held.push(held{at: q.due + delay, seq: q.next, text: buf, out: i})
	}
	q.next++
	q.left--
	if q.ok = q.left != 0; q.ok {
		q.due, q.ok = l.Pacer.Due(q.next)
	}
}

// burden makes the answer what the load allows.
func (q *queue) burden() {
	b, l := &q.load, &q.line
	if sec := l.At.Unix(); sec != b.second {
		b.before = 0
		if sec == b.second+1 {
			b.before = float64(b.hits) * float64(unit.One) / float64(q.log.Capacity)
		}
		b.second, b.hits = sec, 0
	}
	b.hits++
	l.Latency = time.Duration(min(float64(l.Latency)/(1-min(b.before, 0.95)), float64(time.Hour)))
	if b.before > 1 && b.rand.Float64() < 1-1/b.before && l.Garbage == "" {
		if l.Status, l.Bytes = 503, 197; l.Method == "HEAD" {
			l.Bytes = NoBytes
		}
	}
}

// release moves the first of the held into its output.
func (q *queue) release() {
	first := q.held.pop()
	o := &q.outs[first.out]
	o.text = append(o.text, first.text...)
	o.lines++
	q.ready += len(first.text)
	q.spare = append(q.spare, first.text)
}

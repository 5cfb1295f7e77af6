package drive

import (
	"strconv"
	"time"

	"weir/internal/sketch"
)

const (
	// punctual is how late a request may be sent and still be on time.
	punctual = 10 * time.Millisecond
	// longestCourse is of how many seconds the rates are kept one by one.
	longestCourse = 24 * 60 * 60
	// statuses is how many there may be: three digits.
	statuses = 1000
)

// Times are how long things took, in nanoseconds.
type Times struct {
	// Latency is from when a request was due to the end of its answer: what whoever
	// came at that moment would have waited. A request that timed out, or was never sent,
	// counts with the time until it was given up; others without an answer do not count.
	Latency sketch.Histogram
	// Service is from when it was sent.
	Service sketch.Histogram
	// Lag is from when it was due to when it was sent.
	Lag sketch.Histogram
}

func (t *Times) merge(o *Times) {
	t.Latency.Merge(&o.Latency)
	t.Service.Merge(&o.Service)
	t.Lag.Merge(&o.Lag)
}

func (t *Times) reset() {
	t.Latency.Reset()
	t.Service.Reset()
	t.Lag.Reset()
}

// A count is what was counted of a run, or of a part of one.
type count struct {
	due      int64 // requests, as far as they were sent or given up
	sent     int64 // requests, each once
	answered int64
	late     int64 // sent more than punctual after they were due
	waited   int64 // for a connection, since all were taken
	retried  int64 // sent again, since an old connection turned out to be closed
	in, out  int64 // bytes
	surplus  int64 // answers with bytes behind them that were not asked for
	opened   int64 // connections
	most     int   // connections at once
	status   [statuses]int64
	faults   [faults]int64
}

// A second is how many requests were due, and were sent, in one second.
type second struct{ due, sent int32 }

// A tally is all that is known of a run. It belongs to one goroutine.
type tally struct {
	count
	times  Times // up to the last tick
	recent Times // since then
	course []second
	last   time.Duration // when the last request was due
	hand   hand
	raw    *rawLog // nil for none
}

// A hand is what was changed by hand.
type hand struct {
	setting Setting
	changed int           // times
	since   time.Duration // when the pause began, where there is one
	paused  time.Duration // pauses before that
}

// turn counts a change.
func (h *hand) turn(at time.Duration, to Setting) {
	from := h.setting
	h.setting = to
	switch {
	case to.Paused && !from.Paused:
		h.since = at
	case from.Paused && !to.Paused:
		h.paused += at - h.since
	}
	from.Paused, to.Paused = false, false
	if from != to {
		h.changed++
	}
}

// pauses is how long nothing was due, up to now.
func (h *hand) pauses(now time.Duration) time.Duration {
	if h.setting.Paused && now > h.since {
		return h.paused + now - h.since
	}
	return h.paused
}

// second returns that at an offset, nil beyond those that are kept.
func (t *tally) second(at time.Duration) *second {
	k := int(at / time.Second)
	if k < 0 || k >= longestCourse {
		return nil
	}
	for len(t.course) <= k {
		t.course = append(t.course, second{})
	}
	return &t.course[k]
}

// plan counts a request that is due.
func (t *tally) plan(due time.Duration) {
	t.due++
	t.last = max(t.last, due)
	if s := t.second(due); s != nil {
		s.due++
	}
}

// send counts a request that is sent at now.
func (t *tally) send(due, now time.Duration) {
	t.sent++
	// To the microsecond, as a raw file has it: one that was 10.0000004 ms late was late here, and not there.
	if now.Round(time.Microsecond)-due.Round(time.Microsecond) > punctual {
		t.late++
	}
	t.recent.Lag.Add(int64(now - due))
	if s := t.second(now); s != nil {
		s.sent++
	}
}

// answer counts an answer that is whole at now, with a body of so many bytes.
func (t *tally) answer(due, sent, now time.Duration, status int, body int64) {
	t.raw.add(exchange{due: due, sent: sent, done: now, status: int16(status), bytes: body})
	t.answered++
	t.status[status%statuses]++
	t.recent.Latency.Add(int64(now - due))
	t.recent.Service.Add(int64(now - sent))
}

// fail counts a request that has no answer.
func (t *tally) fail(due, sent, now time.Duration, f fault) {
	t.faults[f]++
	if t.raw != nil {
		e := exchange{due: due, sent: sent, done: now, fault: f}
		if f == unsent || f == dropped {
			e.sent = -1
		}
		t.raw.add(e)
	}
	if f == timeout || f == unopened || f == unsent {
		t.recent.Latency.Add(int64(now - due))
	}
	if f == timeout || f == unopened {
		t.recent.Service.Add(int64(now - sent))
	}
}

// failed is how many requests have no answer.
func (t *count) failed() int64 {
	n := int64(0)
	for _, f := range t.faults {
		n += f
	}
	return n
}

// byStatus are the answers by status.
func (t *count) byStatus() map[string]int64 {
	all := map[string]int64{}
	for status, n := range t.status {
		if n > 0 {
			all[strconv.Itoa(status)] = n
		}
	}
	return all
}

// byReason are the requests without an answer by their reason.
func (t *count) byReason() map[string]int64 {
	all := map[string]int64{}
	for f, n := range t.faults {
		if n > 0 {
			all[fault(f).told().key] = n
		}
	}
	return all
}

// A Progress is what a run is doing, once a second.
//
// It is one struct because it is one message.
type Progress struct {
	Elapsed time.Duration // since the start
	Sent    int64         // requests sent in the last second
	Asked   int64         // that were due in it by the Plan; -1 where it does not tell
	Total   int64         // sent in all
	Failed  int64         // in all, without an answer
	Bad     int64         // in all, with an answer of 500 and more
	Late    int64         // in all, sent more than 10 ms late
	Due     int64         // in all, as far as they were sent or given up
	// In all, too: answers, those by status, and requests without one by their reason.
	Answered       int64
	Status, Errors map[string]int64
	BytesIn        int64
	BytesOut       int64
	Classes        [6]int64 // answers in all by the first digit of their status
	// Behind is how long the oldest request that waits for a connection has been due.
	Behind      time.Duration
	UnderWay    int // requests
	Connections int
	// P50 and P99 are latencies of the last second, Lag is the 99th percentile of how
	// late its requests were sent; -1 where there are none.
	P50, P99, Lag time.Duration
}

// An asking Plan tells how many requests it has between two offsets; false where it cannot.
type asking interface {
	asked(from, to time.Duration) (int64, bool)
}

// tick closes the figures of the last second.
func (t *tally) tick(now time.Duration, p Plan) Progress {
	g := Progress{
		Elapsed: now, Total: t.sent, Failed: t.failed(), Late: t.late, Asked: -1,
	}
	g.Due, g.Answered, g.BytesIn, g.BytesOut = t.due, t.answered, t.in, t.out
	g.Status, g.Errors = t.byStatus(), t.byReason()
	for status, n := range t.status {
		g.Classes[min(status/100, 5)] += n // a status has three digits, and above 599 none is known
		if status >= 500 {
			g.Bad += n
		}
	}
	if k := int(now/time.Second) - 1; k >= 0 && k < len(t.course) {
		g.Sent = int64(t.course[k].sent)
	}
	g.quantiles(&t.recent)
	if a, ok := p.(asking); ok {
		if n, ok := a.asked(max(now.Truncate(time.Second)-time.Second, 0), now.Truncate(time.Second)); ok {
			g.Asked = n
		}
	}
	t.settle()
	t.raw.flush()
	return g
}

// quantiles reads those of a second off its times.
func (g *Progress) quantiles(of *Times) {
	g.P50, g.P99, g.Lag = -1, -1, -1
	if h := &of.Latency; h.Count() > 0 {
		g.P50, g.P99 = time.Duration(h.Quantile(0.5)), time.Duration(h.Quantile(0.99))
	}
	if h := &of.Lag; h.Count() > 0 {
		g.Lag = time.Duration(h.Quantile(0.99))
	}
}

// add puts what another loop has counted to it; both have settled.
func (t *tally) add(o *tally) {
	c := &o.count
	for _, to := range []struct {
		sum *int64
		n   int64
	}{
		{&t.due, c.due},
		{&t.sent, c.sent},
		{&t.answered, c.answered},
		{&t.late, c.late},
		{&t.waited, c.waited},
		{&t.retried, c.retried},
		{&t.in, c.in},
		{&t.out, c.out},
		{&t.surplus, c.surplus},
		{&t.opened, c.opened},
	} {
		*to.sum += to.n
	}
	t.most += c.most
	for i, n := range c.status {
		t.status[i] += n
	}
	for i, n := range c.faults {
		t.faults[i] += n
	}
	t.times.merge(&o.times)
	for len(t.course) < len(o.course) {
		t.course = append(t.course, second{})
	}
	for k, s := range o.course {
		t.course[k].due += s.due
		t.course[k].sent += s.sent
	}
	t.last = max(t.last, o.last)
}

// settle moves what is recent to the rest.
func (t *tally) settle() {
	t.times.merge(&t.recent)
	t.recent.reset()
}

// seconds returns what was due in each whole second of a schedule of that length, and what was
// sent.
func (t *tally) seconds(length time.Duration) (due, sent []int32) {
	n := min(int(length/time.Second), longestCourse)
	if n == 0 {
		return nil, nil
	}
	t.second(time.Duration(n-1) * time.Second) // those at the end may have had nothing
	due, sent = make([]int32, n), make([]int32, n)
	for k, s := range t.course[:n] {
		due[k], sent[k] = s.due, s.sent
	}
	return due, sent
}

package collect

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/internal/accesslog"
	"weir/internal/rates"
	"weir/internal/unit"
)

// StreamFormat is that of the lines of a Stream, as a log_format of nginx. Counters tell
// neither who asked nor what for: the path of all requests is "/". A line with the status
// 000 is no request: see TimeOnly.
const StreamFormat = "$msec $request_uri $status"

// TimeOnly reports whether a line of a Stream says only how far it has come: up to the
// second of r, and without it, all requests that there were have been told. So a page on
// which nothing grows lets time pass as soon as it was asked.
func TimeOnly(r *accesslog.Record) bool { return r.Status == 0 }

const (
	// MaxGrowth is by how much the counters may grow from one record to the next. More is
	// told and passed over: a counter that is none would keep the reader busy for ever.
	MaxGrowth = 10_000_000
	// leastPatience is how long a record may be late at least, whatever the interval: a
	// machine that is busy for some seconds is no gap.
	leastPatience = 10 * time.Second
	// mostWaiting are the stretches that wait for a slow reader, and mostTold the sentences.
	mostWaiting = 64
	mostTold    = 64
)

// A Stream makes requests of what counters of statuses grow by: a line for each, in
// StreamFormat, evenly spread over the seconds between two records, in the order of time.
// It is a tail.Feed.
//
//	Record ──growth──► waiting (64 stretches) ──Read──► lines
//
// Each record ends in a line that is TimeOnly. What lies between two records further apart
// than Patience, or what cannot be read in time, is counted as lost, and told. Record and End belong to one goroutine, Read to
// another; the other methods may be called from any.
type Stream struct {
	name     string
	statuses []int
	patience int64 // seconds
	zone     *time.Location
	last     reading

	mu      sync.Mutex
	filled  sync.Cond
	waiting []stretch // guarded by mu
	told    []string  // guarded by mu
	untold  int       // sentences left out, guarded by mu
	lost    int64     // guarded by mu
	ended   bool      // nothing more is put, guarded by mu

	reader struct {
		stretch
		second int64  // of the stretch, from 0
		status int    // index
		open   bool   // that the stretch is over is yet to be told
		line   []byte // with its line feed
		more   int64  // times that line is to be given
		rest   []byte // of line
	}
}

// reading is what the counters were.
type reading struct {
	at     int64 // second
	values []float64
}

// stretch is what the counters grew by within seconds. Behind it stands that it is over.
type stretch struct {
	from, seconds int64
	grown         []int64 // by index of the status; nil where that is nothing, or not known
}

// Stream makes o hand its records to the Stream that is returned, and count what its
// metrics are whole. They must be of statuses, as 200s and hits{code="405"}, and Interval whole seconds.
func (o *Options) Stream() (*Stream, error) {
	s := &Stream{name: StreamName(o.URL), zone: o.zone(), patience: int64(max(o.Interval*5/2, leastPatience) / time.Second)}
	s.filled.L = &s.mu
	o.Metrics = slices.Clone(o.Metrics)
	for i := range o.Metrics {
		m := &o.Metrics[i]
		status, err := m.status()
		if err != nil {
			return nil, err
		}
		m.whole = true
		s.statuses = append(s.statuses, status)
	}
	o.Record = s.Record
	return s, nil
}

// StreamName is what the Stream of a page is called: its address without a password.
func StreamName(page *url.URL) string {
	bare := *page
	bare.User = nil
	return bare.String()
}

// status returns the status that m counts: by its name, 200s, or by a label of Prometheus,
// hits{code="200"}.
func (m *Metric) status() (int, error) {
	digits, ok := strings.CutSuffix(m.text, "s")
	for _, l := range m.labels {
		switch l.name {
		case "code", "status", "status_code", "response_code", "http_status":
			digits, ok = l.value, true
		}
	}
	status, err := strconv.Atoi(digits)
	if !ok || err != nil || len(digits) != 3 || status < 100 || status > 599 {
		return 0, fmt.Errorf("%q is no counter of a status, such as 200s, 405s or hits{code=\"200\"}: what it grows by is no number of requests", m.text)
	}
	return status, nil
}

// Record takes what the counters were at a time, as Options.Record tells it.
func (s *Stream) Record(sent time.Time, values []string) {
	now := reading{at: sent.Unix()}
	for _, text := range values {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(err) // they are numbers: cannot be
		}
		now.values = append(now.values, v)
	}
	before := s.last
	s.last = now
	s.mu.Lock()
	defer s.mu.Unlock()
	if before.values == nil {
		s.tell("requests are counted from %s on; what the counters held then had come before", s.stamp(sent))
		s.put(stretch{from: now.at})
		return
	}
	next := stretch{from: before.at, seconds: now.at - before.at}
	all := 0.0
	for i, v := range now.values {
		if v < before.values[i] {
			s.tell("the %ds began anew at 0: counted are the %s since then", s.statuses[i], unit.Count(int64(v)))
		}
		n := rates.Growth(before.values[i], v)
		all += n
		next.grown = append(next.grown, int64(min(n, MaxGrowth+1)))
	}
	if why := s.refuse(&next, all); why != "" {
		if lost := int64(min(all, 1<<53)); lost > 0 {
			s.lost += lost
			s.tell("%s: the %s %s by which the counters grew are not counted", why, unit.Count(lost), unit.Plural(lost, "request"))
		}
		next = stretch{from: now.at}
	}
	s.put(next)
}

// put lets a stretch wait for the reader. It is called with mu held.
func (s *Stream) put(next stretch) {
	if len(s.waiting) < mostWaiting {
		s.waiting = append(s.waiting, next)
		s.filled.Signal()
	}
}

// Patience is how much later than the one before it a record may come for what grew in
// between to be counted, evenly spread over that time. So nothing of it may be decided
// before: an event clock must stand for so long where records cease.
func (s *Stream) Patience() time.Duration { return time.Duration(s.patience) * time.Second }

// stamp writes a time for people.
func (s *Stream) stamp(t time.Time) string { return t.In(s.zone).Format(time.RFC3339) }

// refuse says why what grew by so much in all cannot be counted; "" where it can.
func (s *Stream) refuse(next *stretch, all float64) string {
	switch {
	case next.seconds <= 0:
		return "the clock was set back"
	case next.seconds > s.patience:
		return fmt.Sprintf("nothing is known of the %s before %s but that", unit.Span(time.Duration(next.seconds)*time.Second), s.stamp(time.Unix(next.from+next.seconds, 0)))
	case all > MaxGrowth:
		return fmt.Sprintf("more than %s requests in %s are not believed", unit.Count(MaxGrowth), unit.Span(time.Duration(next.seconds)*time.Second))
	case len(s.waiting) >= mostWaiting:
		return fmt.Sprintf("%d records wait to be counted, as nobody reads the output", len(s.waiting))
	}
	return ""
}

// tell keeps a sentence until somebody asks. It is called with mu held.
func (s *Stream) tell(format string, args ...any) {
	if len(s.told) == mostTold {
		s.untold++
		return
	}
	s.told = append(s.told, fmt.Sprintf(format, args...))
}

// Name is the address of the page, without a password.
func (s *Stream) Name() string { return s.name }

// Read gives lines, waiting for the first of them. The error is io.EOF after End, once
// all were given, or after Close.
func (s *Stream) Read(p []byte) (int, error) {
	r, n := &s.reader, 0
	for n < len(p) {
		if len(r.rest) == 0 {
			if r.more == 0 && !s.next(n == 0) {
				break
			}
			r.more--
			r.rest = r.line
		}
		m := copy(p[n:], r.rest)
		r.rest, n = r.rest[m:], n+m
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// next goes on to the next second and status with requests, or to the end of a stretch;
// false where there is none, for now if wait is false.
func (s *Stream) next(wait bool) bool {
	r := &s.reader
	for r.second < r.seconds {
		for r.status < len(r.grown) {
			status := s.statuses[r.status]
			r.more = rates.Share(r.grown[r.status], r.second, r.seconds)
			r.status++
			if r.more > 0 {
				r.line = fmt.Appendf(r.line[:0], "%d / %d\n", r.from+r.second, status)
				return true
			}
		}
		r.second, r.status = r.second+1, 0
	}
	if r.open {
		r.open, r.more = false, 1
		r.line = fmt.Appendf(r.line[:0], "%d * 000\n", r.from+r.seconds)
		return true
	}
	var ok bool
	if r.stretch, ok = s.take(wait); !ok {
		return false
	}
	r.second, r.status, r.open = 0, 0, true
	return s.next(wait)
}

// take returns the stretch that has waited longest.
func (s *Stream) take(wait bool) (stretch, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for wait && !s.ended && len(s.waiting) == 0 {
		s.filled.Wait()
	}
	if len(s.waiting) == 0 {
		return stretch{}, false
	}
	first := s.waiting[0]
	s.waiting = slices.Delete(s.waiting, 0, 1)
	return first, true
}

// Notices implements tail.Feed.
func (s *Stream) Notices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.told
	if s.untold > 0 {
		out = append(out, fmt.Sprintf("%d more messages of this kind were left out", s.untold))
	}
	s.told, s.untold = nil, 0
	return out
}

// Lost is how many requests are known of, and were not counted.
func (s *Stream) Lost() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// End tells that there are no more records. What waits is still read.
func (s *Stream) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.filled.Broadcast()
}

// Close makes Read return; what waits is dropped, as its reader has gone.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.waiting = true, nil
	s.filled.Broadcast()
	return nil
}

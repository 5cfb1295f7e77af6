// Package timesite is a small web site to try load, alerts, collectors on.
//
//	GET /            the time of day
//	GET /stats       how many answers were 200, 404, 500: text, or JSON by Accept
//	GET /stats.json  the same as JSON
//	GET /metrics     the same for Prometheus
//	GET /fail        a 500
//	anything else    a 404
//
// An answer is counted, then logged, then sent: who has received one finds it in
// the next /stats and in the access log. Statistics count themselves.
package timesite

import (
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"weir/internal/accesslog"
)

// gone is the status of a request whose client left before the answer, as nginx
// logs it.
const gone = 499

// Options says what a Site is like. The zero value answers at once, always as
// it should, in UTC, without a log.
type Options struct {
	// Zone is that of the time of day; nil means UTC.
	Zone *time.Location
	// Log takes a line for each request; nil for none. It is the caller's to close.
	Log *Log
	// Latency is added to every answer but statistics.
	Latency Latency
	// FailRate is the share, 0 to 1, of answers that are a 500 instead; those with
	// statistics never are.
	FailRate float64
	// SlowRate is the share, 0 to 1, of answers that take SlowBy longer; those with
	// statistics never do.
	SlowRate float64
	SlowBy   time.Duration
	// Draw draws from [0, 1) and is called by several goroutines at once; nil
	// means a random generator.
	Draw func() float64
}

// A Site answers requests, any number at once. Make one with New.
type Site struct {
	options Options
	counts  counters
	begun   time.Time
}

// New returns a site that has answered nothing yet.
func New(o Options) *Site {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Draw == nil {
		o.Draw = rand.Float64
	}
	return &Site{options: o, begun: time.Now()}
}

// Counts returns how many answers there were so far.
func (s *Site) Counts() Counts { return s.counts.read() }

// An answer is what becomes of a request.
type answer struct {
	status int
	kind   string // of the content
	text   string
	page   func(Counts) []byte // of statistics, which hold themselves; else nil
}

const plain = "text/plain; charset=utf-8"

// answer says what a request gets, before anything fails.
func (s *Site) answer(r *http.Request, now time.Time) answer {
	var a answer
	switch r.URL.Path {
	case "/":
		a = answer{http.StatusOK, plain, now.In(s.options.Zone).Format(time.RFC3339) + "\n", nil}
	case "/stats":
		a = answer{http.StatusOK, plain, "", Counts.text}
		if prefersJSON(r.Header.Values("Accept")) {
			a.kind, a.page = "application/json", Counts.json
		}
	case "/stats.json":
		a = answer{http.StatusOK, "application/json", "", Counts.json}
	case "/metrics":
		a = answer{http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", "", func(c Counts) []byte { return c.prometheus(s.begun) }}
	case "/fail":
		a = answer{http.StatusInternalServerError, plain, "failed, as asked\n", nil}
	default:
		return answer{http.StatusNotFound, plain, "not found\n", nil}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return answer{http.StatusMethodNotAllowed, plain, "only GET and HEAD are answered here\n", nil}
	}
	return a
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	a := s.answer(r, begun)
	if a.page == nil {
		a = s.spoil(a, r)
	}
	body := []byte(a.text)
	if counts := s.counts.add(a.status); a.page != nil {
		body = a.page(counts)
	}
	sent := len(body)
	if r.Method == http.MethodHead || a.status == gone {
		sent = 0
	}
	s.log(r, begun, a.status, sent)
	if a.status == gone {
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Path == "/stats" {
		h.Set("Vary", "Accept")
	}
	if a.status == http.StatusMethodNotAllowed {
		h.Set("Allow", "GET, HEAD")
	}
	w.WriteHeader(a.status)
	// Of HEAD the server sends no body. That a client has left shows nowhere
	// else: the answer was counted when it was decided.
	_, _ = w.Write(body)
}

// spoil makes an answer late, or a failure, as the options want it.
func (s *Site) spoil(a answer, r *http.Request) answer {
	o := &s.options
	wait := o.Latency.draw(o.Draw)
	if o.SlowRate > 0 && o.Draw() < o.SlowRate {
		wait += o.SlowBy
	}
	if o.FailRate > 0 && o.Draw() < o.FailRate {
		a = answer{http.StatusInternalServerError, plain, "failed, as one in so many does\n", nil}
	}
	if wait <= 0 {
		return a
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return a
	case <-r.Context().Done():
		return answer{status: gone}
	}
}

// log writes the line of a request.
func (s *Site) log(r *http.Request, begun time.Time, status, sent int) {
	if s.options.Log == nil {
		return
	}
	client := r.RemoteAddr
	if at, err := netip.ParseAddrPort(client); err == nil {
		client = at.Addr().Unmap().String()
	}
	// In whole microseconds: what stands behind them is noise, and 3 bytes a line.
	s.options.Log.append(&accesslog.Record{
		Sec: begun.Unix(), Nanos: int32(begun.Nanosecond() / 1000 * 1000), Status: status, Bytes: int64(sent),
		Latency: time.Since(begun).Truncate(time.Microsecond),
		Client:  []byte(client), Host: []byte(r.Host), Method: []byte(r.Method), Target: []byte(r.RequestURI), Protocol: []byte(r.Proto),
		Referrer: []byte(r.Referer()), Agent: []byte(r.UserAgent()),
	})
}

package drive

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"weir/internal/pace"
)

// A pool is the engine over net/http: a goroutine that meets the schedule, and one for each
// connection, which are started as they are needed.
type pool struct {
	o         *Options
	at        map[string]string
	client    http.RoundTripper
	links     links
	jobs      chan job
	begun     time.Time
	mu        sync.Mutex // guards tally
	tally     tally
	underWay  atomic.Int64
	finished  atomic.Int64
	retried   atomic.Int64
	behind    atomic.Int64 // nanoseconds, of the request that waits
	templates []*http.Request
	changes   <-chan Setting
}

// A job is a request that is due.
type job struct {
	due     time.Duration
	request int
	number  int64 // in the Plan
}

// links counts connections.
type links struct {
	open, most, opened atomic.Int64
	in, out            atomic.Int64
}

// A link is a connection that is counted.
type link struct {
	net.Conn
	of   *links
	once sync.Once
}

// Read implements net.Conn.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	l.of.in.Add(int64(n))
	return n, err
}

// Write implements net.Conn.
func (l *link) Write(b []byte) (int, error) {
	n, err := l.Conn.Write(b)
	l.of.out.Add(int64(n))
	return n, err
}

// Close implements net.Conn.
func (l *link) Close() error {
	l.once.Do(func() { l.of.open.Add(-1) })
	return l.Conn.Close()
}

func (p *pool) name() string {
	if p.o.HTTP2 {
		return "net/http, HTTP/2"
	}
	return "net/http"
}

func (p *pool) now() time.Duration { return time.Since(p.begun) }

// prepare makes the client, and a request for each there is.
func (p *pool) prepare() error {
	dialer := &net.Dialer{}
	// Each site has its part of the connections, so that those which wait for one site and those
	// in use for another are never more together.
	part := p.o.Connections / max(len(p.at), 1)
	fresh := p.o.Fresh || part == 0
	part = max(part, 1)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!p.o.HTTP2)
	protocols.SetHTTP2(p.o.HTTP2)
	protocols.SetUnencryptedHTTP2(p.o.HTTP2)
	transport := &http.Transport{
		// No proxy of the environment: what would be measured is that proxy.
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, p.address(addr))
			if err != nil {
				return nil, &openError{err}
			}
			p.links.opened.Add(1)
			now := p.links.open.Add(1)
			for most := p.links.most.Load(); now > most && !p.links.most.CompareAndSwap(most, now); {
				most = p.links.most.Load()
			}
			return &link{Conn: conn, of: &p.links}, nil
		},
		TLSClientConfig: p.o.TLS, DisableCompression: true, DisableKeepAlives: fresh, Protocols: protocols,
		MaxConnsPerHost: part, MaxIdleConnsPerHost: part, MaxResponseHeaderBytes: maxHead,
	}
	p.client = transport
	for i := range p.o.Requests {
		r, err := newHTTPRequest(&p.o.Requests[i], p.o)
		if err != nil {
			return err
		}
		if p.o.Requests[i].Templated() {
			r = nil
		}
		p.templates = append(p.templates, r)
	}
	return nil
}

// address is where a host was found at the start; names are not looked up again.
func (p *pool) address(addr string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if at, ok := p.at[scheme+addr]; ok {
			return at
		}
		host, _, _ := net.SplitHostPort(addr)
		if at, ok := p.at[scheme+host]; ok {
			return at
		}
	}
	return addr
}

// newHTTPRequest makes the form that net/http takes.
func newHTTPRequest(r *Request, o *Options) (*http.Request, error) {
	u, err := url.ParseRequestURI(r.Target)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host, u.User = r.Site.Scheme, r.Site.Host, nil
	req, err := http.NewRequestWithContext(context.Background(), r.Method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", o.Agent)
	if user := r.Site.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	for _, f := range r.Header {
		if strings.EqualFold(f.Name, "host") {
			req.Host = f.Value
			continue
		}
		if strings.EqualFold(f.Name, "user-agent") || strings.EqualFold(f.Name, "authorization") {
			req.Header.Set(f.Name, f.Value)
			continue
		}
		req.Header.Add(f.Name, f.Value)
	}
	req.ContentLength = int64(len(r.Body))
	return req, nil
}

func (p *pool) run(ctx context.Context, ticks chan<- Progress) (out outcome) {
	if err := p.prepare(); err != nil {
		return outcome{err: err}
	}
	// What is under way goes on for a while when the run is stopped.
	work, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	p.jobs, p.changes = make(chan job), p.o.Changes
	p.tally.hand.setting = p.o.Setting
	p.begun = time.Now()
	if p.o.Raw != nil {
		file := newRawFile(p.o.Raw, p.begun)
		p.tally.raw = &rawLog{to: file}
		defer func() { out.raw = closeRaw(file, p.tally.raw) }()
	}
	ticking := make(chan struct{})
	stopTicks := make(chan struct{})
	go func() {
		defer close(ticking)
		p.tick(ticks, stopTicks)
	}()
	var workers sync.WaitGroup
	out = p.pace(ctx, work, &workers)
	close(p.jobs)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		workers.Wait()
	}()
	p.wait(ctx, answered, end)
	close(stopTicks)
	<-ticking
	p.client.(*http.Transport).CloseIdleConnections()
	p.tally.settle()
	p.tally.most, p.tally.opened = int(p.links.most.Load()), p.links.opened.Load()
	p.tally.in, p.tally.out, p.tally.retried = p.links.in.Load(), p.links.out.Load(), p.retried.Load()
	out.tally, out.begun = &p.tally, p.begun
	return out
}

// wait returns when all requests have ended; it gives them up some time after ctx has.
func (p *pool) wait(ctx context.Context, answered <-chan struct{}, end context.CancelCauseFunc) {
	select {
	case <-answered:
		return
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-answered:
	case <-timer.C:
		end(errAbandoned)
		<-answered
	}
}

var (
	errAbandoned = errors.New("the run was stopped")
	errTimeout   = errors.New("it took too long")
)

// pace meets the schedule.
func (p *pool) pace(ctx, work context.Context, workers *sync.WaitGroup) outcome {
	var out outcome
	sleep := newSleeper()
	defer sleep.close()
	started, waited, handed, number := 0, int64(0), int64(0), int64(0)
	freed := time.Duration(-1) // up to when all connections were taken, the last time
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.tally.waited = waited
	}()
	for {
		due, request, more := p.o.Plan.Next()
		if more {
			due, request, more = p.await(ctx, &sleep, due, request)
		}
		if !more {
			return out
		}
		if ctx.Err() != nil {
			out.stopped, out.length = true, p.now()
			if due <= out.length && request != Nobody { // it was due when the run was stopped
				p.skip(due, unsent)
			}
			p.skipRest(out.length)
			return out
		}
		if request == Nobody {
			continue
		}
		out.length = due
		j := job{due, request, number}
		number++
		if due < freed {
			waited++
		}
		select {
		case p.jobs <- j:
			handed++
			out.ended = p.now()
			continue
		default:
		}
		taken := started == p.o.Connections
		switch {
		case !taken:
			started++
			workers.Go(func() { p.work(work) })
		case handed-p.finished.Load() < int64(started) || p.o.Overload == Queue:
			// One of the workers is free, or will be.
		case p.o.Overload == Drop:
			p.skip(due, dropped)
			continue
		default:
			out.stopped, out.full, out.length = true, true, p.now()
			p.skip(due, unsent)
			p.skipRest(out.length)
			return out
		}
		if p.hand(ctx, j) {
			handed++
			out.ended = p.now()
		}
		if taken {
			freed = p.now()
		}
	}
}

// await waits until a request is due, or ctx has ended. Whatever is changed meanwhile moves it.
func (p *pool) await(ctx context.Context, sleep *sleeper, due time.Duration, request int) (time.Duration, int, bool) {
	const slice = 20 * time.Millisecond // changes are looked for so often
	more := true
	for ctx.Err() == nil {
		due, request, more = p.turn(due, request)
		at := due
		if b := p.o.Batch; b > 0 && at < pace.Forever-b {
			at = (at + b - 1) / b * b
		}
		now := p.now()
		if !more || at <= now {
			break
		}
		sleep.until(ctx, p.begun, min(at, now+slice))
	}
	return due, request, more
}

// turn makes a change, where there is one, and returns the request that is due then.
func (p *pool) turn(due time.Duration, request int) (time.Duration, int, bool) {
	plan, ok := p.o.Plan.(Turning)
	select {
	case to, open := <-p.changes:
		if !open {
			p.changes = nil
		}
		if !open || !ok {
			break
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		now := p.now()
		p.tally.hand.turn(now, to)
		back := due > now && request != Nobody
		plan.Turn(now, to, back)
		if back || request == Nobody {
			return plan.Next()
		}
	default:
	}
	return due, request, true
}

// hand gives a request to the first worker that is free; false where none is in time.
func (p *pool) hand(ctx context.Context, j job) bool {
	p.behind.Store(int64(j.due))
	defer p.behind.Store(-1)
	left := p.o.Timeout - (p.now() - j.due)
	if left > 0 {
		timer := time.NewTimer(left)
		defer timer.Stop()
		select {
		case p.jobs <- j:
			return true
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	p.skip(j.due, unsent)
	return false
}

// skip counts a request that was never sent.
func (p *pool) skip(due time.Duration, f fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.plan(due)
	p.tally.fail(due, due, p.now(), f)
}

// skipRest counts what else was due when the run was stopped.
func (p *pool) skipRest(until time.Duration) {
	for {
		due, request, more := p.o.Plan.Next()
		if !more || due > until || request == Nobody {
			return
		}
		p.skip(due, unsent)
	}
}

// work sends requests, one after the other.
func (p *pool) work(ctx context.Context) {
	for j := range p.jobs {
		sent := p.now()
		p.mu.Lock()
		p.tally.plan(j.due)
		p.tally.send(j.due, sent)
		p.mu.Unlock()
		p.underWay.Add(1)
		status, body, f := p.send(ctx, j)
		p.underWay.Add(-1)
		now := p.now()
		p.mu.Lock()
		if f == noFault {
			p.tally.answer(j.due, sent, now, status, body)
		} else {
			p.tally.fail(j.due, sent, now, f)
		}
		p.mu.Unlock()
		p.finished.Add(1)
	}
}

// send sends a request and reads its answer to the end.
func (p *pool) send(ctx context.Context, j job) (status int, body int64, f fault) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.o.Timeout, errTimeout)
	defer cancel()
	connections := int64(0) // that the request was sent on
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections++ }})
	defer func() { p.retried.Add(max(connections-1, 0)) }()
	r, template := &p.o.Requests[j.request], p.templates[j.request]
	if template == nil { // it has marks
		var err error
		r = stamp{j.number, p.o.Seed}.filled(r)
		if template, err = newHTTPRequest(r, p.o); err != nil {
			return 0, 0, other
		}
	}
	req := template.WithContext(ctx)
	if b := r.Body; len(b) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(b))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	}
	resp, err := p.client.RoundTrip(req)
	if err != nil {
		return 0, 0, cause(ctx, err, false, connections > 0)
	}
	defer resp.Body.Close()
	from := io.Reader(resp.Body)
	if p.o.MaxBody > 0 {
		from = io.LimitReader(from, p.o.MaxBody+1)
	}
	n, err := io.Copy(io.Discard, from)
	switch {
	case p.o.MaxBody > 0 && n > p.o.MaxBody:
		return 0, 0, longBody
	case err != nil:
		return 0, 0, cause(ctx, err, true, true)
	}
	return resp.StatusCode, n, noFault
}

// An openError is one of opening a connection.
type openError struct{ error }

// Unwrap returns the cause.
func (e *openError) Unwrap() error { return e.error }

// cause is the fault of an error of net/http.
func cause(ctx context.Context, err error, begun, connected bool) fault {
	var open *openError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(context.Cause(ctx), errAbandoned):
		return abandoned
	case errors.Is(context.Cause(ctx), errTimeout):
		if connected {
			return timeout
		}
		return unopened
	case errors.As(err, &open):
		return opening(err)
	case errors.As(err, &record), strings.Contains(err.Error(), "x509: "):
		return insecure
	case strings.Contains(err.Error(), "server response headers exceeded"):
		return longHead
	case strings.Contains(err.Error(), "malformed"), strings.Contains(err.Error(), "invalid byte in chunk"):
		return malformed
	case strings.Contains(err.Error(), "server closed idle connection"):
		return closed
	}
	return during(err, begun)
}

// tick sends the figures of each second.
func (p *pool) tick(ticks chan<- Progress, stop <-chan struct{}) {
	timer := time.NewTicker(time.Second)
	defer timer.Stop()
	for {
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		p.mu.Lock()
		g := p.tally.tick(p.now(), p.o.Plan)
		p.mu.Unlock()
		g.BytesIn, g.BytesOut = p.links.in.Load(), p.links.out.Load()
		g.UnderWay, g.Connections = int(p.underWay.Load()), int(p.links.open.Load())
		if due := p.behind.Load(); due > 0 {
			g.Behind = g.Elapsed - time.Duration(due)
		}
		select {
		case ticks <- g:
		default:
		}
	}
}

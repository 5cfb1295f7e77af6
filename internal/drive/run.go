package drive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Options says what a run is. Plan, Requests and Connections must be there.
type Options struct {
	Plan     Plan
	Requests []Request // which the Plan numbers
	// Twins are Plans equal to Plan, one for each thread beyond the first of the event loop of
	// Linux: each thread sends every so manieth request, on its share of the connections.
	Twins []Plan
	// Connections is how many there may be at once, whatever happens.
	Connections int
	Overload    Overload
	Timeout     time.Duration // from the sending of a request to the end of its answer; 0 is 10 s
	MaxBody     int64         // bytes of an answer; 0 for any number
	// Batch sends what is due within each such span together, at its end: less work, and
	// less exact. 0 sends each request by itself.
	Batch      time.Duration
	Fresh      bool        // a connection for each request
	HTTP2      bool        // speak HTTP/2
	TLS        *tls.Config // of https; nil for the usual
	Agent      string      // what servers are told asks, where no header of a request says
	Portable   bool        // net/http in any case
	Wait       time.Duration
	OnProgress func(Progress) // takes the figures of each second; nil for nobody
	// Changes are what is wanted otherwise while the run goes on, where the Plan is Turning;
	// Setting is what holds at the start. nil for none.
	Changes <-chan Setting
	Setting Setting
	// Seed is that of {rand} in requests.
	Seed uint64
	// Raw takes a line for each request (ParseRaw), off the goroutine that sends; nil for none.
	Raw io.Writer
}

// Overload is what becomes of a request that is due while all connections are taken. The zero
// value is Queue.
type Overload uint8

// What becomes of it: it waits for a connection, it is dropped, or it ends the run.
const (
	Queue Overload = iota
	Drop
	Stop
)

// ParseOverload reads queue, drop or stop.
func ParseOverload(s string) (Overload, error) {
	switch s {
	case "queue":
		return Queue, nil
	case "drop":
		return Drop, nil
	case "stop":
		return Stop, nil
	}
	return Queue, errors.New("must be queue, drop or stop")
}

const (
	usualTimeout = 10 * time.Second
	// grace is how long answers are waited for after a run was stopped.
	grace = 2 * time.Second
	// spin is how long before a request is due the clock is asked again and again, since a
	// sleep ends some 10 microseconds late, and a processor that slept is slow at first. With
	// 30 it is as exact and costs 5 ms of processor time more for 1,000 requests at 10,000 a
	// second; with 10 the gaps at 2,000 vary twice as much.
	spin = 20 * time.Microsecond
)

// UnreachableError says that a target cannot be reached, or never answered.
type UnreachableError struct{ Text string }

// Error returns the sentence.
func (e *UnreachableError) Error() string { return e.Text }

// A RawError tells that the raw file is not whole.
type RawError struct{ Err error }

// Error returns the sentence.
func (e *RawError) Error() string { return "the raw file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RawError) Unwrap() error { return e.Err }

// Run sends what the Plan says, until its end, or until ctx ends, which is no error:
// then what is under way is waited for some 2 s. The Report is nil only where nothing was
// sent, since a target was out of reach before: a *UnreachableError, as where no request
// had an answer. A *RawError is one of the raw file alone.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Timeout <= 0 {
		o.Timeout = usualTimeout
	}
	o.Connections = max(o.Connections, 1)
	at, err := reach(ctx, &o)
	if err != nil {
		return nil, err
	}
	ticks := make(chan Progress, 1)
	told := make(chan struct{})
	go func() {
		defer close(told)
		for p := range ticks {
			if o.OnProgress != nil {
				o.OnProgress(p)
			}
		}
	}()
	e := engineOf(&o, at)
	r := newReport(&o, e.name())
	done := make(chan outcome, 1)
	go func() { done <- e.run(ctx, ticks) }()
	out := <-done
	close(ticks)
	<-told
	if out.err != nil {
		return nil, out.err
	}
	r.fill(&o, &out)
	if err := r.unanswered(); err != nil || out.raw == nil {
		return r, err
	}
	return r, &RawError{out.raw}
}

// An engine carries out a Plan. run is called once, on a goroutine of its own, and sends
// on ticks without waiting.
type engine interface {
	name() string
	run(ctx context.Context, ticks chan<- Progress) outcome
}

// An outcome is what an engine has to tell.
type outcome struct {
	tally *tally
	begun time.Time
	// length is that of the schedule: until the last request was due, or until it was
	// stopped.
	length  time.Duration
	ended   time.Duration // when the last request was sent
	stopped bool          // before the end of the Plan
	full    bool          // since all connections were taken
	raw     error         // of the raw file
	err     error
}

// plain tells whether all requests are HTTP/1.1 without TLS.
func plain(o *Options) bool {
	for i := range o.Requests {
		if o.Requests[i].Site.Scheme != "http" {
			return false
		}
	}
	return !o.HTTP2 && !o.Portable
}

// port returns host and port of a site.
func port(r *Request) (host, number string) {
	number = r.Site.Port()
	if number == "" {
		number = "80"
		if r.Site.Scheme == "https" {
			number = "443"
		}
	}
	return r.Site.Hostname(), number
}

// reach finds the address of every site, by opening a connection to it: so a name that is
// mistyped, or a server that is not there, is told at once and not after an hour. Where
// o.Wait is above 0 it is tried again for so long.
func reach(ctx context.Context, o *Options) (map[string]string, error) {
	at := map[string]string{}
	until := time.Now().Add(o.Wait)
	for i := range o.Requests {
		r := &o.Requests[i]
		key := r.Site.Scheme + "://" + r.Site.Host
		if _, ok := at[key]; ok {
			continue
		}
		for {
			addr, err := dial(ctx, o, r)
			if err == nil {
				at[key] = addr
				break
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if time.Now().After(until) {
				return nil, &UnreachableError{fmt.Sprintf("%s cannot be reached: %s", key, reason(err))}
			}
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	return at, nil
}

// dial opens a connection to the site of a request, with TLS where it has that, closes it, and
// returns the address at the other end.
func dial(ctx context.Context, o *Options, r *Request) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	host, number := port(r)
	addr := net.JoinHostPort(host, number)
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	at := conn.RemoteAddr().String()
	if r.Site.Scheme != "https" {
		return at, nil
	}
	config := &tls.Config{}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	secure := tls.Client(conn, config)
	return at, secure.HandshakeContext(ctx)
}

// reason says in few words why there is no connection.
func reason(err error) string {
	var dns *net.DNSError
	var record tls.RecordHeaderError
	switch f := opening(err); {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host called " + dns.Name
	case errors.As(err, &dns):
		return "the name " + dns.Name + " could not be looked up: " + dns.Err
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS: try http:// instead of https://"
	case f == refused:
		return "connection refused: no server listens there"
	case errors.Is(err, context.DeadlineExceeded), f == unopened:
		return "no connection in time"
	case f == reset:
		return "the server reset the connection"
	case f == unreachable:
		return "there is no way to that host"
	case strings.Contains(err.Error(), "x509: "):
		return "its certificate is not trusted: " + err.Error() + ": name its authority with --cacert, or give --insecure to send all the same"
	}
	return err.Error()
}

// Loopback tells whether every site of the requests is this machine, by its addresses: a name
// that cannot be looked up is not.
func Loopback(ctx context.Context, requests []Request) bool {
	seen := map[string]bool{}
	for i := range requests {
		host := requests[i].Site.Hostname()
		if seen[host] {
			continue
		}
		seen[host] = true
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil || len(addrs) == 0 {
			return false
		}
		for _, a := range addrs {
			if !a.Unmap().IsLoopback() {
				return false
			}
		}
	}
	return true
}

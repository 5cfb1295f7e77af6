package timesite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// patience is how long a client may take for its header, and how long answers
	// may take at the end.
	patience = 10 * time.Second
	// slowest is how long a client may take to send a request or to take an answer.
	slowest = time.Minute
	// idle is how long a connection may be kept for another request.
	idle = 2 * time.Minute
	// header is the longest header, in bytes.
	header = 64 << 10
)

// Listen opens a port of this machine; 0 is any that is free. host is an address or
// a name; "" means all addresses. The error is a sentence.
func Listen(host string, port uint16) (net.Listener, error) {
	at := net.JoinHostPort(host, strconv.Itoa(int(port)))
	l, err := net.Listen("tcp", at)
	if err == nil {
		return l, nil
	}
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return nil, fmt.Errorf("cannot listen on %s: %s is no address of this machine: 127.0.0.1 answers this machine, 0.0.0.0 all others, too", at, host)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("cannot listen on %s: another process does already (\"ss -lntp\" tells which): stop it, or choose another port", at)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("cannot listen on %s: this machine does not have that address: 127.0.0.1 answers this machine, 0.0.0.0 all others, too", at)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("cannot listen on %s: permission denied: ports below 1024 are for root: choose another, such as 8080", at)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w", at, err)
}

// Serve answers requests on l until ctx ends, then those that are under way, and
// closes l. A client that takes its answer too slowly is cut off, which is an error.
// tell is told what goes wrong with connections; it may be called by several
// goroutines at once.
func (s *Site) Serve(ctx context.Context, l net.Listener, tell func(string)) error {
	longest := s.options.Latency.Mean + s.options.Latency.Spread + s.options.SlowBy
	server := &http.Server{
		Handler:                      s,
		DisableGeneralOptionsHandler: true, // OPTIONS * is counted as all else is
		ReadHeaderTimeout:            patience,
		ReadTimeout:                  slowest,
		WriteTimeout:                 slowest + longest,
		IdleTimeout:                  idle,
		MaxHeaderBytes:               header,
		ErrorLog:                     slog.NewLogLogger(complaints{tell}, slog.LevelError),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("cannot answer any more: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience+longest)
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests that were under way had not ended after %s, and were cut off", patience+longest), server.Close())
	}
	<-done
	return err
}

// complaints takes what net/http says of connections, and tells it.
type complaints struct{ tell func(string) }

// Enabled implements slog.Handler.
func (complaints) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c complaints) Handle(_ context.Context, r slog.Record) error {
	c.tell(strings.TrimPrefix(r.Message, "http: "))
	return nil
}

// WithAttrs implements slog.Handler: there are none.
func (c complaints) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup implements slog.Handler: there is none.
func (c complaints) WithGroup(string) slog.Handler { return c }

package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/outage"
	"weir/internal/unit"
)

const (
	// maxAnswer is how much of the body of an answer is read, in bytes.
	maxAnswer = 64 << 10
	// maxAnswerHeader bounds its header.
	maxAnswerHeader = 64 << 10
	maxRedirects    = 3
	// quotedAnswer is how much of an answer that is a refusal is told.
	quotedAnswer = 200
)

// A wire is how a channel reaches a server: made anew for each delivery, which are rare,
// so that changed secrets and certificates hold at once and nothing is left open.
type wire struct {
	channel *Channel
	options *Options
}

// A request is one POST.
type request struct {
	url      string
	kind     string // Content-Type
	body     []byte
	header   map[string]string
	username string
	password string
}

// An answer is what a server said that has taken a request.
type answer struct {
	status int
	body   []byte // at most maxAnswer
}

// post sends a request. The error is why nobody has taken it: a *failure with what the
// server asked for, where one answered.
func (w *wire) post(ctx context.Context, r *request) (answer, error) {
	client, j, err := w.client(ctx)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, errors.New("its url is no URL")
	}
	req.Header.Set("Content-Type", r.kind)
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if w.options.Agent != "" {
		req.Header.Set("User-Agent", w.options.Agent)
	}
	if r.username != "" {
		req.SetBasicAuth(r.username, r.password)
	}
	resp, err := client.Do(req)
	switch {
	case j.verdict != nil:
		return answer{}, j.verdict
	case err != nil:
		return answer{}, w.why(ctx, err)
	}
	defer resp.Body.Close()
	// What follows a good status may break off: the server has taken it all the same.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{resp.StatusCode, body}, nil
}

// A judgement is what became of the requests of one delivery.
type judgement struct {
	asked   int   // requests
	verdict error // the first failure
}

// client returns a client for one delivery, and its judgement. Only good answers come
// through. Once a request has failed, those that follow fail without being sent, since
// libraries try again by themselves, and some forget that they failed.
func (w *wire) client(ctx context.Context) (*http.Client, *judgement, error) {
	secure, err := w.tls()
	if err != nil {
		return nil, nil, err
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: w.dialer(), TLSClientConfig: secure, ForceAttemptHTTP2: true,
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxAnswerHeader,
	}
	j := &judgement{}
	client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		j.asked++
		if j.verdict != nil {
			return nil, j.verdict
		}
		// The end of the delivery is the end of the request, whatever context a
		// library gave it.
		resp, err := transport.RoundTrip(req.WithContext(ctx))
		switch {
		case err != nil:
			j.verdict = w.why(ctx, err)
			return nil, j.verdict
		case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		case resp.StatusCode/100 != 2:
			j.verdict = refusal(resp, time.Now())
			resp.Body.Close()
			return nil, j.verdict
		}
		resp.Body = capped{io.LimitReader(resp.Body, maxAnswer), resp.Body}
		return resp, nil
	})}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := sameServer(req, via); err != nil {
			j.verdict = err
		}
		return j.verdict
	}
	return client, j, nil
}

// roundTrip is a function as an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// capped is a body that ends early.
type capped struct {
	io.Reader
	io.Closer
}

// tls returns what to trust.
func (w *wire) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.channel.CAFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(w.channel.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	if c.RootCAs, err = x509.SystemCertPool(); err != nil {
		c.RootCAs = x509.NewCertPool()
	}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca_file: there is no certificate in %s", w.channel.CAFile)
	}
	return c, nil
}

// sameServer lets a redirect lead to the same host, with the body, and nowhere else: a
// token in a header or a path is for that host alone.
func sameServer(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	switch {
	case len(via) > maxRedirects:
		return &failure{text: fmt.Sprintf("it redirects more than %d times", maxRedirects)}
	case req.Method != http.MethodPost:
		return &failure{text: fmt.Sprintf("it redirects to %s://%s in a way that drops the message (not 307 or 308): set the url to where it is", req.URL.Scheme, req.URL.Host)}
	case req.URL.Host != first.Host && (req.URL.Hostname() != first.Hostname() || first.Scheme != "http" || req.URL.Scheme != "https"):
		return &failure{text: fmt.Sprintf("it redirects to another host, %s, which is not followed: set the url to it if it is meant", req.URL.Host)}
	case first.Scheme == "https" && req.URL.Scheme != "https":
		return &failure{text: "it redirects from https to http, which anyone on the way could read"}
	}
	return nil
}

// why says in few words why there is no answer.
func (w *wire) why(ctx context.Context, err error) error {
	var own *failure
	var refused *deniedError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &refused):
		return refused
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", unit.Span(w.channel.Timeout))
	}
	return outage.Why(err)
}

// refusal turns an answer that is no good one into a failure.
func refusal(resp *http.Response, now time.Time) *failure {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, quotedAnswer)) // it is only told
	f := &failure{text: "it answered " + strings.TrimSpace(escape.Terminal([]byte(resp.Status)))}
	if said := strings.Join(strings.Fields(string(body)), " "); said != "" {
		f.text += ": " + escape.Terminal([]byte(said))
	}
	f.retryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		http.StatusUnprocessableEntity, http.StatusNotAcceptable:
		f.refused, f.own = true, true
	case http.StatusForbidden, http.StatusNotFound:
		f.own = true // as where a bot was put out of a chat
	}
	return f
}

// retryAfter reads the header of that name (RFC 9110, 10.2.3): seconds, or a date; 0
// for anything else, and for what is past.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(n, uint64(mostRetryAfter/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) {
		return mostRetryAfter
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), mostRetryAfter)
}

// checkHeader checks the name of a header that is set by hand.
func checkHeader(name string) error {
	const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if name == "" || strings.Trim(name, token) != "" {
		return &SettingError{"headers", fmt.Sprintf("%s is no name of a header", quote(name))}
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Content-Type",
		"X-Weir-Signature", "X-Weir-Timestamp", "Idempotency-Key":
		return &SettingError{"headers", fmt.Sprintf("%s is set by weir itself", name)}
	}
	return nil
}

// headerValue checks the value of a header, which may come out of a file or the
// environment.
func headerValue(name, value string) error {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7F {
			return fmt.Errorf("the value of the header %s has a control character or a line end in it", name)
		}
	}
	return nil
}

package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"weir/internal/outage"
	"weir/internal/unit"
)

const (
	// maxPage is how long a page may be, in bytes, unpacked. That of a large
	// Prometheus exporter has some MB.
	maxPage = 8 << 20
	// maxHeader bounds the header of an answer.
	maxHeader = 256 << 10
	// maxRedirects bounds what one scrape follows.
	maxRedirects = 5
)

// ParseURL reads the address of a page. A user and a password in it are sent as
// basic authentication.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil && !strings.Contains(s, "://"), err == nil && u.Scheme != "http" && u.Scheme != "https" && u.Opaque != "", err == nil && u.Scheme == "" && s != "":
		return nil, fmt.Errorf("%q does not begin with http:// or https://: write it as http://%s", s, strings.TrimLeft(s, "/"))
	case err != nil:
		// url.Error would repeat the whole, password and all.
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, fmt.Errorf("it is no URL: %w: write it as http://127.0.0.1:8080/stats", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is neither http nor https: write it as http://127.0.0.1:8080/stats", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it names no host: write it as http://127.0.0.1:8080/stats")
	}
	u.Fragment = ""
	return u, nil
}

// A scraper asks one page again and again. It belongs to one goroutine.
type scraper struct {
	url     *url.URL
	agent   string
	timeout time.Duration
	client  *http.Client
	last    *url.URL // where redirects have led to, nil for none
}

func newScraper(o *Options) *scraper {
	s := &scraper{url: o.URL, agent: o.Agent, timeout: o.Timeout}
	s.client = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: o.Dial, ForceAttemptHTTP2: true,
			MaxResponseHeaderBytes: maxHeader, MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Hour,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("it redirects more than %d times, the last time to %s", maxRedirects, req.URL.Redacted())
			}
			if via[0].URL.Scheme == "https" && req.URL.Scheme == "http" {
				return fmt.Errorf("it redirects from https to %s, which anyone on the way could read and change", req.URL.Redacted())
			}
			return nil
		},
	}
	return s
}

// close ends the connections that wait for the next scrape.
func (s *scraper) close() { s.client.CloseIdleConnections() }

// scrape asks for the page. The error is a sentence about the server, or the cause
// of ctx.
func (s *scraper) scrape(ctx context.Context) (page, error) {
	limited, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	p, err := s.get(limited)
	switch {
	case ctx.Err() != nil:
		return page{}, context.Cause(ctx)
	case err != nil && limited.Err() != nil:
		return page{}, fmt.Errorf("no whole answer within %s", unit.Span(s.timeout))
	}
	return p, err
}

func (s *scraper) get(ctx context.Context) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url.String(), nil)
	if err != nil {
		return page{}, err
	}
	// Text first: a page that has both kinds need not be JSON.
	req.Header.Set("Accept", "text/plain;version=0.0.4, text/plain;q=0.9, application/json;q=0.8, */*;q=0.1")
	req.Header.Set("User-Agent", s.agent)
	resp, err := s.client.Do(req)
	if err != nil {
		return page{}, reason(err)
	}
	defer resp.Body.Close()
	s.last = nil
	if at := resp.Request.URL; at.String() != s.url.String() {
		s.last = at
	}
	if resp.StatusCode != http.StatusOK {
		return page{}, fmt.Errorf("it answered %s, not 200", strings.TrimSpace(resp.Status))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	switch {
	case len(body) > maxPage:
		return page{}, fmt.Errorf("the answer is longer than %d MiB, so it is no page of statistics", maxPage>>20)
	case err != nil:
		return page{}, fmt.Errorf("the answer broke off after %s: %w", unit.Bytes(int64(len(body))), reason(err))
	}
	sized := resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0 || resp.Uncompressed || resp.ProtoMajor >= 2
	return page{kind: strings.ToLower(resp.Header.Get("Content-Type")), body: body, sized: sized}, nil
}

// reason says in few words why there is no answer.
func reason(err error) error {
	switch text := err.Error(); { // which net/http has as text alone
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME"):
		return errors.New("what it answers is no HTTP: is that the right port?")
	case strings.Contains(text, "headers exceeded"):
		return fmt.Errorf("the header of its answer is longer than %d KiB", maxHeader>>10)
	}
	return outage.Why(err)
}

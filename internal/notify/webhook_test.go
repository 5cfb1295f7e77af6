package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// hook is a channel of kind webhook to a URL.
func hook(at string, change func(*Channel)) Channel {
	return opsChannel("hook", func(c *Channel) {
		c.URL = Literal(at)
		c.Timeout = 5 * time.Second
		if change != nil {
			change(c)
		}
	})
}

// sendTo delivers a group of messages to a channel, now.
func sendTo(t *testing.T, c Channel, o Options, messages ...Message) error {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), c.Timeout)
	defer cancel()
	return deliver(ctx, newSender(&c, &o), &group{c.Name, messages})
}

func TestAWebhookGetsTheMessagesSignedWithTheirID(t *testing.T) {
	t.Setenv("WEIR_TEST_TOKEN", "from the environment")
	var got http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		got.Set("X-User", fmt.Sprint(r.BasicAuth()))
		got.Set("X-Method", r.Method+" "+r.URL.String())
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	c := hook(server.URL+"/in?x=1", func(c *Channel) {
		c.Key = Literal("signing key")
		c.Headers = map[string]Secret{"X-Team": Literal("web"), "Authorization-2": Literal("Bearer ${WEIR_TEST_TOKEN}")}
		c.Username, c.Password = "weir", Literal("pass")
	})
	a := firing("/a")
	if err := sendTo(t, c, Options{Agent: "weir/test"}, a); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Method": "POST /in?x=1", "X-Team": "web", "Authorization-2": "Bearer from the environment", "User-Agent": "weir/test",
		"Content-Type": "application/json", "Idempotency-Key": `"` + a.ID + `"`, "X-User": "weirpasstrue",
		"X-Weir-Signature": "sha256=" + sign("signing key", got.Get("X-Weir-Timestamp"), body),
	} {
		if got.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), want)
		}
	}
	var d struct {
		Version           int
		ID, Channel, Host string
		Firing, Recovered int
		Messages          []Message
	}
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != 1 || d.ID != a.ID || d.Channel != "hook" || d.Host != "web1" || d.Firing != 1 || len(d.Messages) != 1 || d.Messages[0].Text != a.Text {
		t.Errorf("got %s", body)
	}
}

// The value was computed by another implementation: Python's hmac.
func TestASignatureIsTheHMACOfTimeDotBody(t *testing.T) {
	const want = "6b247e19615a35cb4425b2089b27541e70958f34d19ce6afc8245411b01ecc04"
	if got := sign("Jefe", "1773151500", []byte(`{"version":1}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatAReceiverAnswersDecides(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the other host was asked")
	}))
	defer elsewhere.Close()
	moved := 0
	status := func(code int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if header != "" {
				w.Header().Set(header, value)
			}
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string // part of the error, "" for delivered
		wait   time.Duration
		refuse bool
	}{
		"garbage with 200":  {status(200, "", "", "\x00<html>not yours"), "", 0, false},
		"no content":        {status(204, "", "", ""), "", 0, false},
		"500":               {status(500, "", "", "stack trace\n  at x"), "it answered 500 Internal Server Error: stack trace at x", 0, false},
		"steers a terminal": {status(500, "", "", "\x1b[2J\u202e"), `\x1B[2J\u{202E}`, 0, false},
		"429 with seconds":  {status(429, "Retry-After", "120", ""), "it answered 429 Too Many Requests", 2 * time.Minute, false},
		"503 for a year":    {status(503, "Retry-After", "31536000", ""), "it answered 503", time.Hour, false},
		"400":               {status(400, "", "", "no such field"), "it answered 400 Bad Request: no such field", 0, true},
		"404":               {status(404, "", "", ""), "it answered 404 Not Found", 0, false},
		"304":               {status(304, "", "", ""), "it answered 304", 0, false},
		"redirect that drops": {
			status(302, "Location", "/other", ""), "in a way that drops the message", 0, false,
		},
		"redirect elsewhere": {status(307, "Location", elsewhere.URL, ""), "it redirects to another host, 127.0.0.1:", 0, false},
		"redirect for ever":  {status(307, "Location", "/again", ""), "it redirects more than 3 times", 0, false},
		"redirect at home": {func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); r.URL.Path != "/moved" {
				http.Redirect(w, r, "/moved", http.StatusPermanentRedirect)
			} else if strings.Contains(string(body), `"version":1`) {
				moved++
			}
		}, "", 0, false},
		"reset": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}, "the server ", 0, false},
		"a header without end": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 200))
		}, "header", 0, false},
		"no HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			defer conn.Close()
			_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH_9.2\r\n")
		}, "malformed HTTP", 0, false},
		"a body without end": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		}, "", 0, false},
		"a body that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "short")
		}, "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			err := sendTo(t, hook(server.URL, nil), Options{}, firing("/a"))
			wantError(t, err, c.want)
			var f *failure
			if errors.As(err, &f); c.wait > 0 && (f == nil || f.retryAfter != c.wait) {
				t.Errorf("got %+v, want to wait %s", f, c.wait)
			}
			if c.refuse != (f != nil && f.refused) {
				t.Errorf("got %+v, want refused = %t", f, c.refuse)
			}
		})
	}
	if moved != 1 {
		t.Errorf("the message came %d times where the redirect led, want once, whole", moved)
	}
}

// wantError looks for a part of an error; "" wants none.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("got %v, want it delivered", err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, " 7 ": 7 * time.Second, "3600": time.Hour, "99999999999999999999999": time.Hour,
		"Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0, "Sun Mar  1 12:01:00 2026": time.Minute,
		"Tue, 01 Mar 2033 12:00:00 GMT": time.Hour, "1.5": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestAReceiverThatIsNotThereIsSaidInWords(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	for at, want := range map[string]string{
		closed.URL:                      "connection refused: no server listens there",
		"http://nowhere.invalid/":       "nowhere.invalid",
		"http://169.254.169.254/latest": "the address 169.254.169.254 is link-local",
	} {
		if err := sendTo(t, hook(at, nil), Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", at, err, want)
		}
	}
}

func TestAServerWithoutTLSIsSaidInWords(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	err := sendTo(t, hook(strings.Replace(server.URL, "http:", "https:", 1), nil), Options{}, firing("/a"))
	wantError(t, err, "it does not speak TLS: try http:// instead of https://")
}

func TestACertificateIsTrustedByItsFile(t *testing.T) {
	file, certificate := authority(t, "127.0.0.1")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = tlsServer(certificate)
	server.Config.ErrorLog = discard()
	server.StartTLS()
	defer server.Close()
	if err := sendTo(t, hook(server.URL, nil), Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), "its certificate is not trusted") {
		t.Errorf("without its authority: got %v", err)
	}
	if err := sendTo(t, hook(server.URL, func(c *Channel) { c.CAFile = file }), Options{}, firing("/a")); err != nil {
		t.Errorf("with its authority: %v", err)
	}
	if err := sendTo(t, hook(server.URL, func(c *Channel) { c.CAFile = "webhook_test.go" }), Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), "there is no certificate in") {
		t.Errorf("with another file: got %v", err)
	}
}

// wires connects an http.Server in memory, so that HTTP is spoken in fake time.
type wires struct {
	conns  chan net.Conn
	closed chan struct{}
}

func newWires() *wires { return &wires{make(chan net.Conn), make(chan struct{})} }

func (w *wires) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wires) Close() error {
	close(w.closed)
	return nil
}

func (w *wires) Addr() net.Addr { return &net.TCPAddr{} }

func (w *wires) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case w.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestTheDayOfAReceiver is a timeline: a server that hangs, resets, asks to wait, and is
// well at last, over real HTTP in fake time.
func TestTheDayOfAReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked []string
		w := newWires()
		server := &http.Server{ErrorLog: discard(), Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			at := time.Since(began())
			var d document
			_ = json.NewDecoder(r.Body).Decode(&d)
			mu.Lock()
			asked = append(asked, fmt.Sprintf("%s %d %s", at.Round(time.Second), len(d.Messages), d.ID))
			mu.Unlock()
			switch {
			case at < time.Minute:
				<-r.Context().Done()
			case at < 10*time.Minute:
				rw.Header().Set("Retry-After", "600")
				rw.WriteHeader(http.StatusTooManyRequests)
			}
		})}
		go func() { _ = server.Serve(w) }()
		s := &stage{t: t, box: NewMemory(100)}
		s.start(Options{dial: w.dial}, []Channel{hook("http://receiver.example/", func(c *Channel) { c.Timeout = 40 * time.Second })}, nil)
		a, b := firing("/a"), recovered("/a")
		s.say(a)
		s.pass(2 * time.Minute)
		if got := s.only(); !strings.Contains(got.LastError, "429") || got.FailingSince.IsZero() {
			t.Errorf("status: got %+v, want 429", got)
		}
		s.say(b)
		s.pass(time.Hour)
		s.end()
		server.Close()
		mu.Lock()
		defer mu.Unlock()
		g := group{messages: []Message{a, b}}
		want := []string{"10s 1 " + a.ID, "51s 1 " + a.ID, "1m32s 1 " + a.ID, "11m32s 2 " + g.id()}
		for i := range want {
			if i >= len(asked) || strings.SplitN(asked[i], " ", 2)[1] != strings.SplitN(want[i], " ", 2)[1] {
				t.Fatalf("asked %q, want about %q", asked, want)
			}
		}
		if got := s.only(); got.Delivered != 2 || !got.FailingSince.IsZero() || len(asked) != len(want) {
			t.Errorf("status: got %+v, asked %q, want both delivered, once", got, asked)
		}
	})
}

func TestAHeaderCannotBeInjected(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Evil") != "" {
			t.Errorf("got %v", r.Header)
		}
	}))
	defer server.Close()
	t.Setenv("WEIR_TEST_EVIL", "x\r\nX-Evil: 1")
	c := hook(server.URL, func(c *Channel) { c.Headers = map[string]Secret{"X-Team": Literal("${WEIR_TEST_EVIL}")} })
	if err := sendTo(t, c, Options{}, firing("/a")); err == nil || !strings.Contains(err.Error(), "the value of the header X-Team has a control character") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"X-Evil\r\nX: 1", "", "X Y", "Host", "content-length", "X-Weir-Signature", "Übel"} {
		c := hook(server.URL, func(c *Channel) { c.Headers = map[string]Secret{name: Literal("1")} })
		if err := c.Check(); err == nil {
			t.Errorf("a header may be called %q", name)
		}
	}
	m := firing("/a\r\nX-Evil: 1\u202e\xff")
	m.ID = MessageID(m.Rule, m.Key, m.Began, m.State)
	if err := sendTo(t, hook(server.URL, nil), Options{}, m); err != nil {
		t.Errorf("a key with a line end: %v", err)
	}
}

// Libraries try again by themselves, or go on with the next part of a message.
func TestNothingIsSentAfterTheFirstFailureOfADelivery(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusInternalServerError)
	}))
	defer server.Close()
	c := hook(server.URL, nil)
	w := wire{&c, &Options{}}
	client, j, err := w.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		resp, err := client.Get(server.URL)
		if err == nil {
			resp.Body.Close()
			t.Error("a 500 came through")
		}
	}
	if asked != 1 || j.verdict == nil {
		t.Errorf("asked %d times, verdict %v; want once, and a failure", asked, j.verdict)
	}
}

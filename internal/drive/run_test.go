package drive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"weir/internal/pace"
	"weir/internal/timesite"
	"weir/internal/unit"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // net/http tells of servers that speak unasked
	goleak.VerifyTestMain(m)
}

// engines runs a test with the loop, where there is one, and with net/http.
func engines(t *testing.T, test func(t *testing.T, o Options)) {
	for name, portable := range map[string]bool{"loop": false, "net-http": true} {
		t.Run(name, func(t *testing.T) {
			test(t, Options{Connections: 16, Timeout: 20 * time.Second, Agent: "weir-trafficgen/test", Portable: portable})
		})
	}
}

// request makes one of a URL.
func request(t testing.TB, method, u string) Request {
	t.Helper()
	site, target, err := ParseURL(u)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Method: method, Site: site, Target: target}
}

// count is a plan of n requests, rate a second, drawn evenly from those of o.
func planOf(o *Options, n int64, rate int) Plan {
	weights := make([]float64, len(o.Requests))
	for i := range weights {
		weights[i] = 1
	}
	return &Paced{Pacer: pace.New(pace.Constant{Rate: unit.PerSecond(rate) * unit.One}), Mix: NewMix(weights, 1), Count: n}
}

// site serves a time server.
func site(t testing.TB, o timesite.Options) (*timesite.Site, string) {
	t.Helper()
	l, err := timesite.Listen("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, done := timesite.New(o), make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, func(string) {}) }()
	t.Cleanup(func() { cancel(); <-done })
	return s, "http://" + l.Addr().String()
}

// A raw server does with each connection what it is told.
func raw(t testing.TB, serve func(n int64, conn net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var n atomic.Int64
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				serve(n.Add(1), conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return "http://" + l.Addr().String()
}

// take reads a request without a body from a connection; false at its end.
func take(in *bufio.Reader) bool {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if strings.TrimSpace(line) == "" {
			return true
		}
	}
}

// answers is a raw server that answers every request with the same bytes, and then stays, or
// closes.
func answers(t testing.TB, text string, stay bool) string {
	return raw(t, func(_ int64, conn net.Conn) {
		for in := bufio.NewReader(conn); take(in); {
			if _, err := io.WriteString(conn, text); err != nil || !stay {
				return
			}
		}
	})
}

// play runs to the end and holds the report against what must always be true of one.
func play(t *testing.T, o Options) (*Report, error) {
	t.Helper()
	r, err := Run(t.Context(), o)
	if r == nil {
		return nil, err
	}
	answered, failed := int64(0), int64(0)
	for _, n := range r.Status {
		answered += n
	}
	for _, n := range r.Errors {
		failed += n
	}
	if r.Answered != answered || r.Failed != failed || r.Due != r.Answered+r.Failed || r.Sent+r.Errors["unsent"]+r.Errors["dropped"] != r.Due || r.Lag.Count != r.Sent {
		t.Errorf("the report contradicts itself: %s", r.Text())
	}
	if r.Connections.Most > o.Connections {
		t.Errorf("%d connections at once, of %d allowed", r.Connections.Most, o.Connections)
	}
	return r, err
}

func TestEveryRequestIsSentOnceAndAnsweredAsTheServerSays(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s, at := site(t, timesite.Options{})
		o.Requests = []Request{request(t, "GET", at), request(t, "GET", at+"/fail"), request(t, "HEAD", at+"/"), request(t, "GET", at+"/nothing?q=1"), request(t, "POST", at+"/stats")}
		o.Requests[4].Body = []byte("x=1")
		o.Plan = planOf(&o, 2000, 4000)
		r, err := play(t, o)
		if err != nil {
			t.Fatal(err)
		}
		c := s.Counts()
		if r.Due != 2000 || r.Answered != 2000 || r.Status["200"] != c.OK || r.Status["404"] != c.NotFound || r.Status["500"] != c.Failed || r.Status["405"] != c.NotAllowed || c.OK+c.NotFound+c.Failed+c.NotAllowed != 2000 {
			t.Errorf("the server counted %+v, and the report has:\n%s", c, r.Text())
		}
		if c.OK == 0 || c.NotFound == 0 || c.Failed == 0 || c.NotAllowed == 0 {
			t.Errorf("not all requests were drawn: %+v", c)
		}
		if r.Latency.Count != 2000 || r.Service.Count != 2000 || r.AskedRate < 3999.9 || r.AskedRate > 4000.1 || r.Seconds != 0.5 {
			t.Errorf("got %+v", r)
		}
	})
}

func TestWhatIsSentIsWhatWasAskedFor(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		var mu sync.Mutex
		var got []string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			user, password, _ := r.BasicAuth()
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s %s %s|%s|%s|%v|%d|%s|%s:%s|%t", r.Method, r.RequestURI, r.Host, r.UserAgent(), r.Header.Get("X-A"), r.Header["X-B"], r.ContentLength, body, user, password, r.Close))
		}))
		defer server.Close()
		u, _ := url.Parse(server.URL)
		u.User = url.UserPassword("me", "secret")
		first := request(t, "GET", u.String()+"/a%20b?q=%2F&r")
		second := request(t, "PUT", server.URL+"/up")
		second.Header = []Field{{"X-A", "1"}, {"x-b", "2"}, {"X-B", "3"}, {"host", "example.com"}, {"User-Agent", "me"}, {"Authorization", "Basic YTpi"}}
		second.Body = []byte("hello")
		for _, r := range []Request{first, second} {
			o.Requests = []Request{r}
			o.Plan = planOf(&o, 1, 1000)
			o.Fresh = r.Method == "PUT"
			if _, err := play(t, o); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{
			"GET /a%20b?q=%2F&r " + u.Host + "|weir-trafficgen/test||[]|0||me:secret|false",
			"PUT /up example.com|me|1|[2 3]|5|hello|a:b|true",
		}
		mu.Lock()
		defer mu.Unlock()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
	})
}

func TestAServerThatMisbehavesIsCountedAndNeverBelieved(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	engines(t, func(t *testing.T, o Options) {
		o.MaxBody = 100_000
		for _, c := range []struct {
			name   string
			at     string
			errors []string // all requests end in one of them; none: all are answered
		}{
			{"it garbles", answers(t, "SSH-2.0-OpenSSH\r\n\r\n", false), []string{"malformed"}},
			{"it closes at once", raw(t, func(int64, net.Conn) {}), []string{"closed", "reset"}},
			{"it closes without an answer", answers(t, "", false), []string{"closed", "reset"}},
			{"it breaks off in the header", answers(t, "HTTP/1.1 200 OK\r\nConte", false), []string{"broken", "malformed"}},
			{"it breaks off in the body", answers(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", false), []string{"broken"}},
			{"it breaks off in a chunk", answers(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello", false), []string{"broken"}},
			{"it never answers", answers(t, "", true), []string{"timeout", "unsent"}},
			{"it answers half", answers(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello", true), []string{"timeout", "unsent"}},
			{"it resets in mid body", raw(t, func(_ int64, conn net.Conn) {
				take(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
				_ = conn.(*net.TCPConn).SetLinger(0)
			}), []string{"reset", "broken"}},
			{"its body has no end", raw(t, func(_ int64, conn net.Conn) {
				take(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
				for b := bytes.Repeat([]byte("x"), 10_000); ; {
					if _, err := conn.Write(b); err != nil {
						return
					}
				}
			}), []string{"long_body"}},
			{"its header has no end", raw(t, func(_ int64, conn net.Conn) {
				take(bufio.NewReader(conn))
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
				for b := bytes.Repeat([]byte("A: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n"), 100); ; {
					if _, err := conn.Write(b); err != nil {
						return
					}
				}
			}), []string{"long_header"}},
			{"it redirects for ever", answers(t, "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", true), nil},
			{"it closes behind each answer", answers(t, ok, false), nil},
			{"it says more than it was asked", answers(t, ok+ok+"junk", true), nil},
			{"it tells it goes on", answers(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"+ok, true), nil},
			{"its body ends with the connection", answers(t, "HTTP/1.0 200 OK\r\n\r\nhello", false), nil},
		} {
			o.Requests = []Request{request(t, "GET", c.at)}
			o.Plan = planOf(&o, 40, 1000)
			o.Timeout = 20 * time.Second
			if slices.Contains(c.errors, "timeout") {
				o.Timeout = 200 * time.Millisecond
			}
			r, err := play(t, o)
			if r == nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			bad := int64(0)
			for _, key := range c.errors {
				bad += r.Errors[key]
			}
			var out *UnreachableError
			if bad != r.Failed || (c.errors == nil) != (r.Answered == 40) || errors.As(err, &out) != (c.errors != nil) {
				t.Errorf("%s: %v\n%s", c.name, err, r.Text())
			}
		}
	})
}

func TestARequestWhoseConnectionWasClosedMeanwhileIsSentAgain(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		// Every connection answers once; at the second request it is closed, as a server does
		// whose patience ended just then.
		var posts atomic.Int64
		at := raw(t, func(_ int64, conn net.Conn) {
			in := bufio.NewReader(conn)
			if take(in) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				_, _ = in.Peek(1)
				posts.Add(1)
			}
		})
		o.Connections = 1
		for method, want := range map[string]int64{"GET": 20, "HEAD": 20} {
			o.Requests = []Request{request(t, method, at)}
			o.Plan = planOf(&o, 20, 10_000)
			if r, err := play(t, o); err != nil || r.Answered != want {
				t.Errorf("%s: %v, %s", method, err, r.Text())
			}
		}
		// It is not known whether it was carried out.
		o.Requests = []Request{request(t, "POST", at)}
		o.Plan = planOf(&o, 20, 10_000)
		if r, err := play(t, o); err != nil || r.Answered != 10 || r.Errors["closed"]+r.Errors["reset"] != 10 {
			t.Errorf("POST: %v, %s", err, r.Text())
		}
	})
}

// A gate is a server that answers nobody until it is opened.
type gate struct {
	open     chan struct{}
	waiting  atomic.Int64
	most     atomic.Int64
	answered atomic.Int64
	enough   func(waiting int64) bool
	once     sync.Once
}

func (g *gate) ServeHTTP(http.ResponseWriter, *http.Request) {
	n := g.waiting.Add(1)
	for most := g.most.Load(); n > most && !g.most.CompareAndSwap(most, n); {
		most = g.most.Load()
	}
	if g.enough(n) {
		g.once.Do(func() { close(g.open) })
	}
	<-g.open
	g.waiting.Add(-1)
	g.answered.Add(1)
}

func TestWhileAServerStandsStillConnectionsStayBoundedAndNoRequestIsLost(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		g := &gate{open: make(chan struct{})}
		o.Connections = 8
		// The server begins to answer when all connections are taken and the whole schedule, of
		// 50 ms, is long over.
		g.enough = func(n int64) bool {
			if n == 8 {
				time.AfterFunc(200*time.Millisecond, func() { g.once.Do(func() { close(g.open) }) })
			}
			return false
		}
		server := httptest.NewServer(g)
		defer server.Close()
		o.Requests = []Request{request(t, "GET", server.URL)}
		o.Plan = planOf(&o, 500, 10_000)
		r, err := play(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Answered != 500 || g.answered.Load() != 500 || g.most.Load() != 8 || r.Connections.Most != 8 || r.Late == 0 || r.Waited == 0 || !strings.Contains(r.Text(), "all connections were taken") {
			t.Errorf("the server answered %d, %d at once at most: %s", g.answered.Load(), g.most.Load(), r.Text())
		}
		// All were due in the first 50 ms and answered after 200: the median knows, though
		// almost all of them were answered at once when they were sent.
		if r.Latency.P50 < 100 || r.Latency.Count != 500 {
			t.Errorf("latencies hide the stall: %s", r.Text())
		}
	})
}

func TestWhatIsDueWhileAllConnectionsAreTakenMayBeDroppedOrEndTheRun(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		o.Connections = 4
		for _, c := range []struct {
			overload Overload
			check    func(r *Report) bool
			says     string
			calls    int // of Next, at the last of which it begins to answer
		}{
			{Drop, func(r *Report) bool {
				return r.Due == 50 && r.Sent == 4 && r.Answered == 4 && r.Errors["dropped"] == 46 && !r.Stopped && r.Kept() < 0.5
			}, "overloaded: 46 requests were dropped", 51},
			{Stop, func(r *Report) bool {
				return r.Overloaded && r.Stopped && r.Sent == 4 && r.Answered == 4 && r.Errors["unsent"] == r.Due-4 && r.Due >= 5
			}, "overloaded: stopped at the first request", 6},
		} {
			g := &gate{open: make(chan struct{}), enough: func(int64) bool { return false }}
			server := httptest.NewServer(g)
			o.Requests = []Request{request(t, "GET", server.URL)}
			o.Overload = c.overload
			o.Plan = &called{Plan: planOf(&o, 50, 5000), left: c.calls, then: func() { g.once.Do(func() { close(g.open) }) }}
			r, err := play(t, o)
			if err != nil || !c.check(r) || !strings.Contains(r.Text(), c.says) {
				t.Errorf("%v: %v, %s", c.overload, err, r.Text())
			}
			g.once.Do(func() { close(g.open) })
			server.Close()
		}
	})
}

// called is a Plan that does something when it is asked for the last of so many times.
type called struct {
	Plan
	left int
	then func()
}

func (c *called) Next() (time.Duration, int, bool) {
	if c.left--; c.left == 0 {
		c.then()
	}
	return c.Plan.Next()
}

func TestARunThatIsStoppedTellsWhatCameOfIt(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		g := &gate{open: make(chan struct{}), enough: func(int64) bool { return false }}
		ctx, cancel := context.WithCancel(t.Context())
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/last" {
				g.once.Do(func() { close(g.open) })
				cancel()
			}
		}))
		defer server.Close()
		o.Requests = []Request{request(t, "GET", server.URL), request(t, "GET", server.URL+"/last")}
		o.Plan = &script{dues: []time.Duration{0, 1, 2, time.Hour}, requests: []int{0, 0, 1, 0}}
		r, err := Run(ctx, o)
		if err != nil || r.Due != 3 || r.Sent != 3 || !r.Stopped || r.Seconds > 3000 {
			t.Errorf("%v, %s", err, r.Text())
		}
	})
}

// A script is a plan of single requests.
type script struct {
	dues     []time.Duration
	requests []int
	at       int
}

func (s *script) Next() (time.Duration, int, bool) {
	if s.at == len(s.dues) {
		return 0, 0, false
	}
	s.at++
	return s.dues[s.at-1], s.requests[s.at-1], true
}

func TestSeveralServersShareTheConnections(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		_, a := site(t, timesite.Options{})
		_, b := site(t, timesite.Options{})
		_, c := site(t, timesite.Options{})
		o.Connections = 2
		o.Requests = []Request{request(t, "GET", a), request(t, "GET", b), request(t, "GET", c)}
		o.Plan = planOf(&o, 300, 20_000)
		if r, err := play(t, o); err != nil || r.Answered != 300 {
			t.Errorf("%v, %s", err, r.Text())
		}
	})
}

func TestATargetThatCannotBeReachedIsToldAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	for u, want := range map[string]string{
		"http://" + free:                   "connection refused: no server listens there",
		"http://no.such.host.invalid/":     "no host called no.such.host.invalid",
		answersTLS(t, "HTTP/1.1 400 \r\n"): "it does not speak TLS: try http://",
	} {
		o := Options{Connections: 1, Timeout: 5 * time.Second, Requests: []Request{request(t, "GET", u)}}
		o.Plan = planOf(&o, 1, 1)
		r, err := Run(t.Context(), o)
		var out *UnreachableError
		if r != nil || !errors.As(err, &out) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v", u, r, err)
		}
	}
}

func answersTLS(t *testing.T, text string) string {
	return strings.Replace(raw(t, func(_ int64, conn net.Conn) {
		_, _ = bufio.NewReader(conn).Peek(1)
		_, _ = io.WriteString(conn, text)
	}), "http:", "https:", 1)
}

func TestAServerIsWaitedForThatIsNotThereYet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	o := Options{Connections: 1, Wait: time.Minute, Requests: []Request{request(t, "GET", "http://"+at)}}
	o.Plan = planOf(&o, 1, 1)
	begun := make(chan *httptest.Server, 1)
	go func() {
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		s.Listener.Close()
		if s.Listener, err = net.Listen("tcp", at); err == nil {
			s.Start()
		}
		begun <- s
	}()
	r, runErr := Run(t.Context(), o)
	s := <-begun
	if err != nil {
		t.Skip("somebody else has taken the port")
	}
	defer s.Close()
	if runErr != nil || r.Status["404"] != 1 {
		t.Errorf("%v, %v", r, runErr)
	}
}

func TestTLSAndHTTP2(t *testing.T) {
	for _, c := range []struct{ tls, two bool }{{true, false}, {true, true}, {false, true}} {
		var seen sync.Map
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen.Store(r.Proto, true) }))
		s.EnableHTTP2 = true
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetHTTP1(true)
		s.Config.Protocols.SetHTTP2(true)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		if c.tls {
			s.StartTLS()
		} else {
			s.Start()
		}
		o := Options{Connections: 4, HTTP2: c.two, Requests: []Request{request(t, "GET", s.URL)}}
		if c.tls {
			o.Plan = planOf(&o, 1, 1)
			if r, err := Run(t.Context(), o); r != nil || err == nil || !strings.Contains(err.Error(), "its certificate is not trusted") {
				t.Errorf("%+v: got %v, %v", c, r, err)
			}
			o.TLS = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			o.TLS.NextProtos = nil
		}
		o.Plan = planOf(&o, 200, 2000)
		r, err := play(t, o)
		want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[c.two]
		if _, ok := seen.Load(want); err != nil || r.Answered != 200 || !ok {
			t.Errorf("%+v: %v, %s", c, err, r.Text())
		}
		s.Close()
	}
}

func TestALargeBodyIsSentWholeAndAnEarlyAnswerIsAnAnswer(t *testing.T) {
	const size = 8 << 20 // more than sockets hold
	engines(t, func(t *testing.T, o Options) {
		var got atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/early" {
				w.Header().Set("Connection", "close")
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			n, _ := io.Copy(io.Discard, r.Body)
			got.Add(n)
		}))
		defer server.Close()
		o.Connections = 2
		o.Requests = []Request{request(t, "POST", server.URL+"/all")}
		o.Requests[0].Body = make([]byte, size)
		o.Plan = planOf(&o, 6, 1000)
		r, err := play(t, o)
		if err != nil || r.Status["200"] != 6 || got.Load() != 6*size || r.BytesOut < 6*size {
			t.Errorf("%v: the server has read %d bytes: %s", err, got.Load(), r.Text())
		}
		o.Requests[0].Target = "/early"
		o.Plan = planOf(&o, 6, 1000)
		r, _ = play(t, o)
		// Whoever closes with bytes unread resets the connection, and the answer may be lost with it.
		if lost := r.Errors["reset"] + r.Errors["closed"] + r.Errors["broken"] + r.Errors["other"]; r.Status["413"]+lost != 6 {
			t.Errorf("early answers: %s", r.Text())
		}
	})
}

func TestAServerIsReachedOverIPv6AndByItsName(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		for _, at := range []string{"[::1]:0", "localhost:0"} {
			l, err := net.Listen("tcp", at)
			if err != nil {
				t.Logf("no %s here: %v", at, err)
				continue
			}
			server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.NotFoundHandler()}}
			server.Start()
			_, number, _ := net.SplitHostPort(l.Addr().String())
			o.Requests = []Request{request(t, "GET", "http://"+strings.TrimSuffix(at, "0")+number)}
			o.Plan = planOf(&o, 5, 1000)
			if r, err := play(t, o); err != nil || r.Status["404"] != 5 {
				t.Errorf("%s: %v, %v", at, r, err)
			}
			if !Loopback(t.Context(), o.Requests) {
				t.Errorf("%s is taken for another machine", at)
			}
			server.Close()
		}
		if Loopback(t.Context(), []Request{request(t, "GET", "http://192.0.2.1/")}) || Loopback(t.Context(), []Request{request(t, "GET", "http://no.such.host.invalid/")}) {
			t.Error("another machine is taken for this one")
		}
	})
}

package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"weir/internal/timesite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A notebook takes what is told.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) tell(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, text)
}

func (n *notebook) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// options returns those of a collector of 10 s that writes to path.
func options(t testing.TB, page, path string, n *notebook) Options {
	t.Helper()
	u, err := ParseURL(page)
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		URL: u, Interval: 10 * time.Second, Timeout: 9 * time.Second, Metrics: Counts(), Path: path, Agent: "weir-collector/test", Tell: n.tell,
	}
}

// A memory is a listener without a network, for tests in fake time.
type memory struct {
	conns chan net.Conn
	done  chan bool
	once  sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.done) }); return nil }
func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case m.conns <- there:
		return here, nil
	case <-m.done:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inMemory runs a server in the bubble of a test.
func inMemory(t testing.TB, site http.Handler) *memory {
	m := &memory{conns: make(chan net.Conn), done: make(chan bool)}
	server := &http.Server{Handler: site}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(m) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return m
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAnHourHasARecordEveryTenSecondsToTheSecond has a server that takes up to 8.9 s
// for an answer, and a start in the middle of a second: drift is 0.
func TestAnHourHasARecordEveryTenSecondsToTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := rand.New(rand.NewPCG(1, 2)), 0
		m := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			<-time.After(time.Duration(r.Int64N(int64(8900 * time.Millisecond))))
			fmt.Fprintf(w, "200s: %d\n404s: %d\n500s: %d\n", asked, 2*asked, 3*asked)
		}))
		<-time.After(300 * time.Millisecond)
		from := time.Now().Unix() + 1
		n, path := &notebook{}, filepath.Join(t.TempDir(), "stats.tsv")
		o := options(t, "http://site/stats", path, n)
		o.Dial, o.Duration = m.dial, time.Hour
		totals, err := Run(t.Context(), o)
		if err != nil || totals != (Totals{Records: 361}) || n.String() != "" {
			t.Fatalf("got %+v, %v, told %q", totals, err, n)
		}
		var want strings.Builder
		for i := range int64(361) {
			fmt.Fprintf(&want, "%d\t%d\t%d\t%d\n", from+10*i, i+1, 2*(i+1), 3*(i+1))
		}
		if got := read(t, path); got != want.String() {
			t.Errorf("got %s\nwant %s", got, want.String())
		}
		if took := time.Since(time.Unix(from, 0)); took < time.Hour || took > time.Hour+9*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestATroubleIsAGapToldOnceAndMovesNothing has a server that hangs, fails, comes back.
func TestATroubleIsAGapToldOnceAndMovesNothing(t *testing.T) {
	for _, extended := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			m := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch asked++; asked {
				case 3, 4:
					<-r.Context().Done() // hangs
				case 5:
					w.WriteHeader(503)
				case 6:
					<-time.After(250 * time.Millisecond)
					fallthrough
				default:
					fmt.Fprintf(w, "200s: %d\n404s: 0\n500s: 0\n", asked)
				}
			}))
			n, path := &notebook{}, filepath.Join(t.TempDir(), "stats.tsv")
			o := options(t, "http://user:secret@site/stats", path, n)
			o.Dial, o.Duration, o.Extended = m.dial, time.Minute, extended
			totals, err := Run(t.Context(), o)
			if err != nil || totals != (Totals{Records: 4, Failed: 3}) {
				t.Fatalf("got %+v, %v", totals, err)
			}
			want := "946684800\t1\t0\t0\n946684810\t2\t0\t0\n946684850\t6\t0\t0\n946684860\t7\t0\t0\n"
			if extended {
				want = "unix_ms\t200s\t404s\t500s\telapsed_ms\tok\n946684800000\t1\t0\t0\t0.000\t1\n946684810000\t2\t0\t0\t0.000\t1\n" +
					"946684820000\t\t\t\t9000.000\t0\n946684830000\t\t\t\t9000.000\t0\n946684840000\t\t\t\t0.000\t0\n" +
					"946684850000\t6\t0\t0\t250.000\t1\n946684860000\t7\t0\t0\t0.000\t1\n"
			}
			if got := read(t, path); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			local := func(sec int64) string { return time.Unix(sec, 0).Format(time.RFC3339) }
			told := "no record at " + local(946684820) + ": http://user:xxxxx@site/stats: no whole answer within 9s\n" +
				"no record at " + local(946684840) + ": http://user:xxxxx@site/stats: it answered 503 Service Unavailable, not 200\n" +
				"records again since " + local(946684850) + ", after 3 ticks without one"
			if n.String() != told {
				t.Errorf("told\n%s\nwant\n%s", n, told)
			}
		})
	}
}

// TestASeriesGoesOnWhereItStopped stops a collector in the middle of a scrape, waits,
// and starts another one on its file.
func TestASeriesGoesOnWhereItStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site, hang := timesite.New(timesite.Options{}), atomic.Bool{}
		m := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hang.Load() {
				<-r.Context().Done()
				return
			}
			site.ServeHTTP(w, r)
		}))
		n, path := &notebook{}, filepath.Join(t.TempDir(), "stats.tsv")
		o := options(t, "http://site/stats", path, n)
		o.Dial = m.dial
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(25*time.Second, func() { hang.Store(true) })
		time.AfterFunc(33*time.Second, cancel)
		if totals, err := Run(ctx, o); err != nil || totals != (Totals{Records: 3}) {
			t.Fatalf("got %+v, %v", totals, err)
		}
		hang.Store(false)
		<-time.After(14500 * time.Millisecond) // 47.5 s
		o.Duration = 10 * time.Second
		if totals, err := Run(t.Context(), o); err != nil || totals != (Totals{Records: 2}) {
			t.Fatalf("got %+v, %v", totals, err)
		}
		want := "946684800\t1\t0\t0\n946684810\t2\t0\t0\n946684820\t3\t0\t0\n946684850\t4\t0\t0\n946684860\t5\t0\t0\n"
		if got := read(t, path); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if want := path + ": goes on after 30s without a record"; n.String() != want {
			t.Errorf("told %q, want %q", n, want)
		}
		// Once more in the same second, at once: each has a second of its own.
		o.Once = true
		for range 2 {
			if _, err := Run(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		if got := read(t, path); got != want+"946684861\t6\t0\t0\n946684862\t7\t0\t0\n" {
			t.Errorf("got %q", got)
		}
	})
}

// TestAClockThatIsSetIsFollowed steps the clock on the wall by hours, either way, and
// by less than an interval.
func TestAClockThatIsSetIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := inMemory(t, timesite.New(timesite.Options{}))
		var out bytes.Buffer
		n := &notebook{}
		o := options(t, "http://site/stats", "", n)
		o.Dial, o.Out = m.dial, &out
		var step atomic.Int64
		for at, by := range map[time.Duration]time.Duration{12: -3, 31: -3600, 44: 7200} {
			time.AfterFunc(at*time.Second, func() { step.Add(int64(by * time.Second)) })
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(55*time.Second, cancel)
		totals, err := runBy(ctx, o, func() time.Time { return time.Now().Round(0).Add(time.Duration(step.Load())) })
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for line := range strings.Lines(out.String()) {
			at, _, _ := strings.Cut(line, "\t")
			sec, _ := strconv.ParseInt(at, 10, 64)
			got = append(got, sec-946684800)
		}
		if want := []int64{0, 10, 20, -3570, -3560, 3645, 3650}; !slices.Equal(got, want) || totals != (Totals{Records: 7, Missed: 719}) {
			t.Errorf("got records at %v, %+v, want %v", got, totals, want)
		}
		local := func(sec int64) string { return time.Unix(946684800+sec, 0).Format(time.RFC3339) }
		want := "the clock was set back by 1h: records go on from " + local(-3570) + "\n" +
			"719 ticks missed until " + local(3645) + ": the machine slept or was too busy, or its clock was set forward\n" +
			"records again since " + local(3645) + ", after 719 ticks without one"
		if n.String() != want {
			t.Errorf("told\n%s\nwant\n%s", n, want)
		}
	})
}

// TestAMachineThatSleepsThroughTheEndMissesNoMoreThanTheRunHas sets the clock forward.
func TestAMachineThatSleepsThroughTheEndMissesNoMoreThanTheRunHas(t *testing.T) {
	for _, at := range []time.Duration{12 * time.Second, 8 * time.Second} { // while it waits
		synctest.Test(t, func(t *testing.T) {
			m := inMemory(t, timesite.New(timesite.Options{}))
			var out bytes.Buffer
			o := options(t, "http://site/stats", "", &notebook{})
			o.Dial, o.Out, o.Duration = m.dial, &out, time.Minute
			var step atomic.Int64
			time.AfterFunc(at, func() { step.Store(int64(time.Hour)) })
			totals, err := runBy(t.Context(), o, func() time.Time { return time.Now().Round(0).Add(time.Duration(step.Load())) })
			if err != nil || totals.Records+totals.Missed != 7 || totals.Records != 1+int64(at/(10*time.Second)) || strings.Count(out.String(), "\n") != int(totals.Records) {
				t.Errorf("got %+v, %v, want the 7 ticks of a minute", totals, err)
			}
		})
	}
}

// TestTicksLieOnTheGridWhateverDelaysThem plays random delays.
func TestTicksLieOnTheGridWhateverDelaysThem(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		s := schedule{time.Duration(1+r.Int64N(100)) * 100 * time.Millisecond}
		now := time.Unix(1_773_151_500, r.Int64N(1e9))
		var last time.Time
		if r.IntN(2) == 0 {
			last = now.Add(-time.Duration(r.Int64N(int64(time.Hour)))).Truncate(time.Second)
		}
		tick := s.first(now, last)
		if wait := tick.Sub(now); wait < 0 || wait > max(s.interval, time.Second) || !last.IsZero() && (tick.Sub(last)%s.interval != 0 || !tick.After(last)) || last.IsZero() && tick != tick.Truncate(min(s.interval, time.Second)) {
			t.Fatalf("every %v: the first tick got %v, for now %v and the last record at %v", s.interval, tick, now, last)
		}
		first, missed, n := tick, int64(0), int64(0)
		for range 50 {
			late := time.Duration(r.Int64N(int64(2 * s.interval)))
			now := tick.Add(late)
			next, skipped := s.next(tick, now)
			overdue := now.Sub(next)
			if !next.After(tick) || overdue > s.interval/2 || next.Sub(now) > s.interval {
				t.Fatalf("every %v: after %v got %v at %v", s.interval, tick, next, now)
			}
			missed, n, tick = missed+skipped, n+1, next
		}
		if tick.Sub(first) != time.Duration(n+missed)*s.interval {
			t.Fatalf("every %v: %d ticks and %d missed ones took %v", s.interval, n, missed, tick.Sub(first))
		}
	}
}

// serve runs a site on a port of this machine, and returns its URL.
func serve(t testing.TB, site http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: site}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return "http://" + l.Addr().String()
}

// once scrapes once into a file that has a record already.
func once(t testing.TB, page string, metrics []Metric) (got, told string, err error) {
	t.Helper()
	n, path := &notebook{}, filepath.Join(t.TempDir(), "stats.tsv")
	o := options(t, page, path, n)
	o.Once, o.Timeout = true, time.Minute
	if metrics != nil {
		o.Metrics, o.Named = metrics, true
	}
	_, err = Run(context.Background(), o)
	return read(t, path), n.String(), err
}

func TestPagesOfEveryKindAreRead(t *testing.T) {
	site := timesite.New(timesite.Options{})
	at := serve(t, site)
	for _, path := range []string{"/", "/fail", "/nothing", "/nothing"} {
		resp, err := http.Get(at + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	defer http.DefaultClient.CloseIdleConnections()
	for _, c := range []struct {
		path    string
		metrics []string
		want    string // behind the time
	}{
		{"/stats", nil, "\t2\t2\t1\n"},
		{"/stats.json", nil, "\t3\t2\t1\n"},
		{"/stats.json", []string{"499s", "200s"}, "\t0\t4\n"},
		{"/stats", []string{"500s"}, "\t1\n"},
		{"/metrics", []string{`timeserver_responses_total{code="404"}`, "timeserver_responses_total"}, "\t2\t9\n"},
	} {
		var metrics []Metric
		for _, text := range c.metrics {
			m, err := ParseMetric(text)
			if err != nil {
				t.Fatal(err)
			}
			metrics = append(metrics, m)
		}
		got, told, err := once(t, at+c.path, metrics)
		if metrics != nil {
			var ok bool
			if got, ok = strings.CutPrefix(got, "unix\t"+strings.Join(c.metrics, "\t")+"\n"); !ok {
				t.Errorf("%s: got no header in %q", c.path, got)
			}
		}
		sec, _, _ := strings.Cut(got, "\t")
		if !strings.HasSuffix(got, c.want) || len(sec) != 10 || strings.Count(got, "\n") != 1 || told != "" || err != nil {
			t.Errorf("%s: got %q, %v, told %q, want ...%q", c.path, got, err, told, c.want)
		}
	}
}

// say answers each connection with bytes as they are, once a request has come, and
// then ends it: orderly, or by a reset.
func say(t *testing.T, answer string, reset bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				if _, err := conn.Read(make([]byte, 4096)); err != nil {
					return
				}
				times := 1
				if strings.HasSuffix(answer, "...") {
					times = 1 << 30
				}
				for range times {
					if _, err := io.WriteString(conn, strings.TrimSuffix(answer, "...")); err != nil {
						return
					}
				}
				if reset {
					_ = conn.(*net.TCPConn).SetLinger(0)
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return "http://" + l.Addr().String() + "/stats"
}

const good = "200s: 1\n404s: 2\n500s: 3\n"

// TestNoBadAnswerMakesALine: each is told in a sentence, and nothing is written.
func TestNoBadAnswerMakesALine(t *testing.T) {
	head := func(kind, body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(body), body)
	}
	text := func(body string) string { return head("text/plain", body) }
	for _, c := range []struct {
		answer string
		reset  bool
		want   string
	}{
		{"", false, "the server closed the connection"},
		{"", true, "the server reset the connection"},
		{"hello\r\n\r\n", false, "what it answers is no HTTP: is that the right port?"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + good, false, "the answer broke off after 24 B: the server closed the connection"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + good, true, "the answer broke off after"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n" + good + "\r\n", false, "the answer broke off after 24 B"},
		{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n200s: 1\n404s: 2\n500s: 3", false, "500s stands in the last line, which has no end"},
		{"HTTP/1.1 200 OK\r\n\r\n200s: 1\n...", false, "the answer is longer than 8 MiB"},
		{"HTTP/1.1 200 OK\r\nX-A: b\r\n...", false, "what it answers is no HTTP"},
		{"HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("b", maxHeader) + "\r\n\r\n", false, "the header of its answer is longer than 256 KiB"},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 24\r\n\r\n" + good, false, "it answered 404 Not Found, not 200"},
		{"HTTP/1.1 206 Partial Content\r\nContent-Length: 24\r\n\r\n" + good, false, "it answered 206"},
		{"HTTP/1.1 302 Found\r\nLocation: /stats\r\nContent-Length: 0\r\n\r\n", false, "it redirects more than 5 times, the last time to http://127.0.0.1"},
		{"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false, "it answered 302 Found, not 200"},
		{"HTTP/1.1 302 Found\r\nLocation: ftp://x/y\r\nContent-Length: 0\r\n\r\n", false, `unsupported protocol scheme "ftp"`},
		{text(""), false, "200s is not on the page (it is empty)"},
		{text("<!DOCTYPE html>\n<title>Log in</title>"), false, `200s is not on the page (it begins "<!DOCTYPE html>\n<title>Log in</title>")`},
		{text("200s: 1\n404s: 2\n"), false, "500s is not on the page"},
		{text(good + "200s: 1\n"), false, "200s stands on the page twice"},
		{text("200s: NaN\n404s: 2\n500s: 3\n"), false, `200s is "NaN" on the page, which is no number`},
		{text("200s: inf\n404s: 2\n500s: 3\n"), false, "no number"},
		{text("200s: 1\n404s: many\n500s: 3\n"), false, `404s is "many" on the page, which is no number`},
		{text("200s: 1\n404s:\n500s: 3\n"), false, `404s is "" on the page, which is no number`},
		{text("200s: 1\n404s: -2\n500s: 3\n"), false, "no count: it is negative"},
		{text("200s: 1\n404s: 1.5\n500s: 3\n"), false, "no count: a count is whole"},
		{text("200s: 1\n404s: 1,234\n500s: 3\n"), false, "no number"},
		{text("200s: 0x10\n404s: 1\n500s: 3\n"), false, "no number"},
		{text("200s: 1e999\n404s: 1\n500s: 3\n"), false, "too large"},
		{text("200s: 1 2\n404s: 1\n500s: 3\n"), false, "no number"},
		{head("application/json", `{"200s":1,"404s":2`), false, "the page is no JSON: unexpected EOF"},
		{head("application/json", `{"200s":1,"404s":2,"500s":3}{`), false, "the page is no JSON: something stands behind its end"},
		{head("application/json", `{"200s":1,"404s":2,"500s":"3"}`), false, `500s is "3" on the page, which is no number`},
		{head("application/json", `{"200s":1,"404s":2,"500s":null}`), false, `500s is null on the page`},
		{head("application/json", `{"200s":1,"404s":2}`), false, "500s is not on the page"},
		{head("text/plain", `[1,2,3]`), false, "200s is not on the page"},
		{head("application/json", strings.Repeat("[", 20000)), false, "the page is no JSON"},
	} {
		got, told, err := once(t, say(t, c.answer, c.reset), nil)
		var nothing *NothingError
		if got != "" || !errors.As(err, &nothing) || !strings.Contains(nothing.Text, c.want) || strings.Contains(told, "no record") {
			t.Errorf("%.60q: got %q, told %q, error %v, want %q", c.answer, got, told, err, c.want)
		}
	}
	// Where nobody listens, and where nobody is.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	for at, want := range map[string]string{
		"http://" + free + "/stats":   "connection refused: no server listens there",
		"http://no.such.host.invalid": "no.such.host.invalid",
	} {
		if got, _, err := once(t, at, nil); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v, want an error with %q", at, got, err, want)
		}
	}
	plain := serve(t, timesite.New(timesite.Options{}))
	if _, _, err := once(t, strings.Replace(plain, "http:", "https:", 1), nil); err == nil || !strings.Contains(err.Error(), "it does not speak TLS: try http://") {
		t.Errorf("got %v of a server without TLS", err)
	}
}

// TestAnswersWithoutALengthAreTakenWhereTheyAreWhole: such are those of simple
// servers of the exercise.
func TestAnswersWithoutALengthAreTakenWhereTheyAreWhole(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.0 200 OK\r\n\r\n" + good,
		"HTTP/1.0 200 OK\r\n\r\n" + good + "uptime",
		"HTTP/1.0 200 OK\r\n\r\n" + strings.ReplaceAll(good, "\n", "\r\n"),
		"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"200s\":1,\"404s\":2.0,\"500s\":3e0}",
		"HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n\ufeff200s:1\n404s :02\n500s: 3",
	} {
		answer = strings.Replace(answer, "Length: 25", "Length: "+strconv.Itoa(len("\ufeff200s:1\n404s :02\n500s: 3")), 1)
		got, told, err := once(t, say(t, answer, false), nil)
		if !strings.HasSuffix(got, "\t1\t2\t3\n") || told != "" || err != nil {
			t.Errorf("%q: got %q, %v, told %q", answer, got, err, told)
		}
	}
}

func TestRedirectsAreFollowedAndTold(t *testing.T) {
	var at string
	at = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, at+"/new", http.StatusMovedPermanently)
			return
		}
		io.WriteString(w, good)
	}))
	got, told, err := once(t, at+"/old", nil)
	if want := at + "/old redirects to " + at + "/new: name that to save a request each time"; !strings.HasSuffix(got, "\t1\t2\t3\n") || told != want || err != nil {
		t.Errorf("got %q, %v, told %q, want %q", got, err, told, want)
	}
}

func TestTheServerIsToldWhoAsksAndWhatIsLiked(t *testing.T) {
	var header http.Header
	var user, password string
	at := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		user, password, _ = r.BasicAuth()
		io.WriteString(w, good)
	}))
	if _, _, err := once(t, strings.Replace(at, "//", "//jo:se%20cret@", 1), nil); err != nil {
		t.Fatal(err)
	}
	if header.Get("User-Agent") != "weir-collector/test" || !strings.HasPrefix(header.Get("Accept"), "text/plain") || user != "jo" || password != "se cret" {
		t.Errorf("got %v from %s:%s", header, user, password)
	}
}

func TestURLsAreReadAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"http://127.0.0.1:8080/stats": "http://127.0.0.1:8080/stats", "https://x/#top": "https://x/", "http://[::1]:80/a?b=c": "http://[::1]:80/a?b=c",
	} {
		if u, err := ParseURL(text); err != nil || u.String() != want {
			t.Errorf("%s: got %v, %v, want %s", text, u, err, want)
		}
	}
	for text, want := range map[string]string{
		"localhost:8080/stats": "write it as http://localhost:8080/stats", "127.0.0.1:8080/stats": "write it as http://127.0.0.1:8080/stats",
		"//x/stats": "write it as http://x/stats", "ftp://x/y": "neither http nor https", "http:///stats": "names no host", "": "write it as http", "http://x:99x/": "it is no URL",
		"http://a b/": "it is no URL",
	} {
		if u, err := ParseURL(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %q", text, u, err, want)
		}
	}
	if _, err := ParseURL("http://jo:secret@x:99x/"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, which tells the password", err)
	}
}

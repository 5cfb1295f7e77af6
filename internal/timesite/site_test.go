package timesite

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"weir/internal/accesslog"
	"weir/internal/export"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A running site, at url until stop is called, which returns what Serve does.
type running struct {
	*Site
	url  string
	at   string
	stop func() error
}

// serve runs a site on a free port of this machine.
func serve(t testing.TB, o Options) running {
	t.Helper()
	l, err := Listen("127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s, done := New(o), make(chan error, 1)
	go func() { done <- s.Serve(ctx, l, func(string) {}) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return running{s, "http://" + l.Addr().String(), l.Addr().String(), stop}
}

// client returns a client with connections of its own.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// get sends a request and returns the answer with its body.
func get(t testing.TB, c *http.Client, method, url, accept string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestEveryPageAnswersAsToldAndStatisticsCountThemselves(t *testing.T) {
	s, c := serve(t, Options{Zone: time.FixedZone("", 5*3600)}), client(t)
	for _, x := range []struct {
		method, path, accept string
		status               int
		kind, body           string
	}{
		{"GET", "/stats", "", 200, plain, "200s: 1\n404s: 0\n500s: 0\n"},
		{"GET", "/", "", 200, plain, `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+05:00` + "\n"},
		{"GET", "/?q=1", "", 200, plain, `.*\+05:00` + "\n"},
		{"HEAD", "/", "", 200, plain, ""},
		{"GET", "/fail", "", 500, plain, "failed, as asked\n"},
		{"GET", "/nothing", "", 404, plain, "not found\n"},
		{"POST", "/nothing", "", 404, plain, "not found\n"},
		{"GET", "//", "", 404, plain, "not found\n"},
		{"GET", "/stats/", "", 404, plain, "not found\n"},
		{"POST", "/", "", 405, plain, "only GET and HEAD are answered here\n"},
		{"DELETE", "/stats", "", 405, plain, ".*\n"},
		{"BREW", "/fail", "", 405, plain, ".*\n"},
		{"GET", "/stats", "*/*", 200, plain, "200s: 5\n404s: 4\n500s: 1\n"},
		{"GET", "/stats", "application/json", 200, "application/json", `{"200s":6,"404s":4,"500s":1,"405s":3,"499s":0}` + "\n"},
		{"GET", "/stats.json", "", 200, "application/json", `{"200s":7,"404s":4,"500s":1,"405s":3,"499s":0}` + "\n"},
		{"GET", "/metrics", "", 200, "text/plain; version=0.0.4; charset=utf-8", `(?s)# HELP .*timeserver_responses_total{code="200"} 8` + "\n.*" + `{code="404"} 4` + "\n.*" + `{code="405"} 3` + "\n.*" + `{code="500"} 1` + "\n.*"},
		{"HEAD", "/stats", "", 200, plain, ""},
		{"GET", "/stats", "", 200, plain, "200s: 10\n404s: 4\n500s: 1\n"},
	} {
		resp, body := get(t, c, x.method, s.url+x.path, x.accept)
		if resp.StatusCode != x.status || resp.Header.Get("Content-Type") != x.kind || !regexp.MustCompile("^"+x.body+"$").MatchString(body) {
			t.Errorf("%s %s (%s): got %d, %s, %q, want %d, %s, %q", x.method, x.path, x.accept, resp.StatusCode, resp.Header.Get("Content-Type"), body, x.status, x.kind, x.body)
		}
		if resp.Header.Get("Cache-Control") != "no-store" || resp.ContentLength < 0 {
			t.Errorf("%s %s: got the header %v", x.method, x.path, resp.Header)
		}
		if allow := resp.Header.Get("Allow"); (allow == "GET, HEAD") != (x.status == 405) {
			t.Errorf("%s %s: got Allow %q", x.method, x.path, allow)
		}
	}
	if got, want := s.Counts(), (Counts{OK: 10, NotFound: 4, Failed: 1, NotAllowed: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheTimeOfDayIsThatOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{})
		for range 3 {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			if got, want := w.Body.String(), time.Now().UTC().Format(time.RFC3339)+"\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			<-time.After(1700 * time.Millisecond)
		}
	})
}

func TestJSONIsForWhoLikesItAsMuchAsText(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/plain": false, "application/json": true, "application/json, */*": true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": false,
		"application/json, text/plain, */*":                               true,
		"application/json;q=0.5, text/plain":                              false,
		"application/json;q=0.5, */*":                                     false,
		"application/json;q=0.5, */*;q=0.1":                               true,
		"application/json;q=0.5, */*, text/plain;q=0.2":                   true,
		"application/json; charset=utf-8; Q=0.4, text/*;q=0.5":            false,
		"application/json;q=0":                                            false,
		"application/json;q=x":                                            false,
		" APPLICATION/JSON ;q=1":                                          true,
		",,;":                                                             false,
	} {
		if got := prefersJSON([]string{accept}); got != want {
			t.Errorf("Accept: %s: got %t, want %t", accept, got, want)
		}
	}
}

// TestTheCountersAndTheLogAreWhatManyClientsSaw lets clients ask for all there is,
// some over connections that are kept and some over new ones, failures strewn in.
func TestTheCountersAndTheLogAreWhatManyClientsSaw(t *testing.T) {
	const clients, each = 32, 150
	var lines bytes.Buffer
	notation, _ := export.Lookup("combined-time")
	l := NewLog(&lines, notation.New(time.UTC), func(text string) { t.Error(text) })
	s := serve(t, Options{Log: l, FailRate: 0.2, Latency: Latency{Mean: 50 * time.Microsecond, Spread: 50 * time.Microsecond}})
	seen := make([]map[int]int64, clients)
	var all sync.WaitGroup
	for i := range clients {
		seen[i] = map[int]int64{}
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			c := &http.Client{Transport: &http.Transport{DisableKeepAlives: i%8 == 0}}
			defer c.CloseIdleConnections()
			own := map[int]int64{}
			for range each {
				path := []string{"/", "/", "/", "/fail", "/x", "/stats", "/metrics"}[r.IntN(7)]
				method := []string{"GET", "GET", "GET", "HEAD", "PUT"}[r.IntN(5)]
				resp, body := get(t, c, method, s.url+path, "")
				own[resp.StatusCode]++
				if path != "/stats" || method != "GET" {
					continue
				}
				// What this client has received is counted, this answer included.
				for at, code := range []int{200, 404, 500} {
					if n := fields(t, body)[at]; n < own[code] {
						t.Errorf("the statistics say %d for %d, where one client alone has received %d", n, code, own[code])
					}
				}
			}
			seen[i] = own
		})
	}
	all.Wait()
	want := map[int]int64{}
	for _, own := range seen {
		for code, n := range own {
			want[code] += n
		}
	}
	got := s.Counts()
	if got.OK != want[200] || got.NotFound != want[404] || got.Failed != want[500] || got.NotAllowed != want[405] || got.Gone != 0 {
		t.Errorf("got %+v, clients saw %v", got, want)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	logged, format := map[int]int64{}, parser(t, "combined-time")
	for line := range bytes.Lines(lines.Bytes()) {
		var r accesslog.Record
		if out := format.Parse(accesslog.TrimEnd(line), &r); out.Kind != accesslog.Hit || r.Malformed || r.Latency < 0 || string(r.Client) != "127.0.0.1" {
			t.Fatalf("got %+v, %+v for %s", out, r, line)
		}
		logged[r.Status]++
	}
	for code, n := range want {
		if logged[code] != n {
			t.Errorf("the log has %d of %d, clients saw %d", logged[code], code, n)
		}
	}
	if want[200] == 0 || want[404] == 0 || want[500] == 0 || want[405] == 0 || len(logged) != len(want) {
		t.Errorf("got the statuses %v in the log, %v at the clients", logged, want)
	}
}

func parser(t *testing.T, name string) accesslog.Parser {
	t.Helper()
	f, ok := accesslog.Lookup(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	return f.New()
}

// fields returns the numbers of a page of statistics.
func fields(t testing.TB, page string) []int64 {
	t.Helper()
	var all []int64
	for _, m := range regexp.MustCompile(`(?m)^\d+s: (\d+)$`).FindAllStringSubmatch(page, -1) {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	if len(all) != 3 {
		t.Fatalf("got the statistics %q", page)
	}
	return all
}

func TestAnAnswerTakesAsLongAsAskedAndStatisticsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drawn := []float64{}
		s := New(Options{
			Latency: Latency{Mean: 20 * time.Millisecond, Spread: 5 * time.Millisecond}, SlowRate: 0.1, SlowBy: time.Second, FailRate: 0.5,
			Draw: func() float64 { x := drawn[0]; drawn = drawn[1:]; return x },
		})
		for _, c := range []struct {
			path   string
			drawn  []float64 // latency, slow, failure
			status int
			took   time.Duration
		}{
			{"/", []float64{0, 0.1, 0.5}, 200, 15 * time.Millisecond},
			{"/", []float64{0.5, 0.9, 0.9}, 200, 20 * time.Millisecond},
			{"/", []float64{0.75, 0.9, 0.49}, 500, 22500 * time.Microsecond},
			{"/", []float64{0.5, 0.09, 0.9}, 200, 1020 * time.Millisecond},
			{"/x", []float64{0.5, 0, 0}, 500, 1020 * time.Millisecond},
			{"/fail", []float64{0.5, 0.5, 0.9}, 500, 20 * time.Millisecond},
			{"/stats", nil, 200, 0},
			{"/stats.json", nil, 200, 0},
			{"/metrics", nil, 200, 0},
		} {
			drawn = c.drawn
			begun, w := time.Now(), httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest("GET", c.path, nil))
			if took := time.Since(begun); w.Code != c.status || took != c.took || len(drawn) != 0 {
				t.Errorf("%s with %v: got %d after %v, want %d after %v", c.path, c.drawn, w.Code, took, c.status, c.took)
			}
		}
	})
}

func TestTheShareOfFailuresIsAsAsked(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := New(Options{FailRate: 0.05, Draw: r.Float64})
	for range 20_000 {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	// Six standard deviations of 20,000 draws are 185.
	if c := s.Counts(); c.Failed < 815 || c.Failed > 1185 || c.OK+c.Failed != 20_000 {
		t.Errorf("got %+v, want about 1000 failures of 20000", c)
	}
}

func TestLatenciesAreReadAsTyped(t *testing.T) {
	ms := time.Millisecond
	for text, want := range map[string]Latency{
		"20ms": {20 * ms, 0}, "20ms±5ms": {20 * ms, 5 * ms}, "20ms+-5ms": {20 * ms, 5 * ms}, " 1s ± 1s ": {1000 * ms, 1000 * ms}, "0": {}, "2": {2000 * ms, 0},
	} {
		if got, err := ParseLatency(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for text, why := range map[string]string{
		"": "it is empty", "x": "such as 20ms+-5ms", "20ms±": "it is empty", "20ms±30ms": "no less", "20ms±x": "number is missing",
		"11m": "at most 10m", "-5ms": "negative", "5ms+-5ms+-5ms": "20ms+-5ms", "±5ms": "empty",
	} {
		if why == "no less" {
			why = "spread is greater"
		}
		if got, err := ParseLatency(text); err == nil || !strings.Contains(err.Error(), why) || got != (Latency{}) {
			t.Errorf("%s: got %v, %v, want an error with %q", text, got, err, why)
		}
	}
}

// A wire is a log that says when it was written to.
type wire chan string

func (w wire) Write(b []byte) (int, error) { w <- string(b); return len(b), nil }

func TestAClientThatLeavesIsLoggedAndCountedApart(t *testing.T) {
	lines := make(wire, 1)
	notation, _ := export.Lookup("combined-time")
	s := serve(t, Options{Latency: Latency{Mean: MaxLatency}, Log: NewLog(lines, notation.New(time.UTC), func(string) {})})
	conn := dial(t, s.at, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
	conn.Close()
	if line := <-lines; !strings.Contains(line, `"GET /slow HTTP/1.1" 499 - "-" "-" `) {
		t.Errorf("got the line %s", line)
	}
	if got := s.Counts(); got != (Counts{Gone: 1}) {
		t.Errorf("got %+v", got)
	}
}

func dial(t *testing.T, at, request string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestWhatIsUnderWayIsFinishedAtTheEndAndNothingMoreIsTaken(t *testing.T) {
	under, release := make(chan bool), make(chan bool)
	s := serve(t, Options{FailRate: 0.5, Draw: func() float64 {
		under <- true
		<-release
		return 0.9
	}})
	answered := make(chan int)
	go func() {
		c := &http.Client{Transport: &http.Transport{}}
		defer c.CloseIdleConnections()
		resp, err := c.Get(s.url)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-under
	ended := make(chan error)
	go func() { ended <- s.stop() }()
	for { // until nobody listens any more
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.at)
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case err := <-ended:
		t.Fatalf("it ended with %v while a request was under way", err)
	default:
	}
	close(release)
	if got := <-answered; got != 200 {
		t.Errorf("got status %d of the request under way, want 200", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsInTheWayOfListeningIsSaid(t *testing.T) {
	s := serve(t, Options{})
	_, port, _ := net.SplitHostPort(s.at)
	n, _ := strconv.ParseUint(port, 10, 16)
	for _, c := range []struct {
		host string
		port uint16
		want string
	}{
		{"127.0.0.1", uint16(n), "cannot listen on 127.0.0.1:" + port + ": another process does already"},
		{"203.0.113.1", 0, "this machine does not have that address"},
		{"no.such.host.invalid", 0, "is no address of this machine"},
	} {
		l, err := Listen(c.host, c.port)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.host, err, c.want)
		}
	}
}

// strange are requests as no browser sends them; each is answered, and one line.
func strange() []string {
	return []string{
		"GET / HTTP/1.0\r\n\r\n",
		"GET / HTTP/1.0\r\nUser-Agent: a\"b\\c \x80\xff\r\nReferer: \" 200 1\r\n\r\n",
		"GET http://other.example/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /%0a%0d\" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"GET /../../etc/passwd?a=b#c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
		"GET-IT / HTTP/1.0\r\nUser-Agent: =cmd()\r\n\r\n",
	}
}

func TestEveryNotationOfTheLogIsReadBackWhateverClientsSend(t *testing.T) {
	for _, notation := range export.Notations() {
		if notation.Name == "tsv" {
			continue // weir reads none, so the command does not offer it
		}
		var lines bytes.Buffer
		lines.WriteString(notation.Header)
		s := serve(t, Options{Log: NewLog(&lines, notation.New(time.UTC), func(text string) { t.Error(text) })})
		var want []int
		for range 20 { // enough to be recognised by
			for _, request := range strange() {
				resp, err := http.ReadResponse(bufio.NewReader(dial(t, s.at, request)), nil)
				if err != nil {
					t.Fatalf("%q: %v", request, err)
				}
				if resp.StatusCode == 400 {
					continue // net/http has not taken it for a request
				}
				want = append(want, resp.StatusCode)
			}
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		// The lines of requests in a row may be written in another order, since the
		// next one does not wait for more than the answer.
		var got []int
		auto := new(accesslog.Auto)
		for line := range bytes.Lines(lines.Bytes()) {
			var r accesslog.Record
			switch out := auto.Parse(accesslog.TrimEnd(line), &r); out.Kind {
			case accesslog.Hit:
				got = append(got, r.Status)
			case accesslog.Directive:
			default:
				t.Fatalf("%s: got %+v for %s", notation.Name, out, line)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || len(got) < 150 {
			t.Errorf("%s: got %d lines with %v, want %d with %v", notation.Name, len(got), got, len(want), want)
		}
	}
}

// A disk takes so many bytes, and then none.
type disk struct {
	bytes.Buffer
	free int
}

func (d *disk) Write(b []byte) (int, error) {
	n, _ := d.Buffer.Write(b[:min(len(b), d.free)])
	d.free -= n
	if n < len(b) {
		return n, errors.New("cannot write --access-log: no space left")
	}
	return n, nil
}

func TestAFullDiskIsToldOnceCountedAndSpoilsNoOtherLine(t *testing.T) {
	notation, _ := export.Lookup("combined")
	d := &disk{free: 250}
	var told []string
	l := NewLog(d, notation.New(time.UTC), func(text string) { told = append(told, text) })
	s := New(Options{Log: l})
	ask := func(n int) {
		for range n {
			s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}
	}
	ask(10)
	written := bytes.Count(d.Bytes(), []byte("\n"))
	if written < 2 || bytes.HasSuffix(d.Bytes(), []byte("\n")) {
		t.Fatalf("the disk holds %q: want whole lines, and a part of one", d.String())
	}
	if int(l.Lost()) != 10-written || len(told) != 1 || told[0] != "cannot write --access-log: no space left; requests are answered all the same, their lines are lost" {
		t.Errorf("got %d lost, told %q", l.Lost(), told)
	}
	d.free = 1 << 20
	ask(5)
	if want := fmt.Sprintf("the access log can be written again; %d lines lost so far", 10-written); len(told) != 2 || told[1] != want {
		t.Errorf("told %q, want %q", told[1:], want)
	}
	whole, format := 0, parser(t, "combined")
	for line := range bytes.Lines(d.Bytes()) {
		var r accesslog.Record
		if format.Parse(accesslog.TrimEnd(line), &r).Kind == accesslog.Hit {
			whole++
		}
	}
	if c := s.Counts(); whole != written+5 || c.OK != 15 {
		t.Errorf("got %d whole lines of %q and %+v, want %d and 15", whole, d.String(), c, written+5)
	}
}

// TestTheKeysOfStatisticsAreInTheManual: docs/json.md names each of them.
func TestTheKeysOfStatisticsAreInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]int64
	if err := json.Unmarshal(Counts{}.json(), &object); err != nil || len(object) != 5 {
		t.Fatalf("got %v, %v", object, err)
	}
	for key := range object {
		if !strings.Contains(string(manual), "`"+key+"`") {
			t.Errorf("docs/json.md does not tell of the key %s of statistics", key)
		}
	}
}

func BenchmarkAnAnswerOverLoopback(b *testing.B) {
	notation, _ := export.Lookup("combined-time")
	s, c := serve(b, Options{Log: NewLog(io.Discard, notation.New(time.UTC), func(string) {})}), client(b)
	for b.Loop() {
		get(b, c, "GET", s.url, "")
	}
}

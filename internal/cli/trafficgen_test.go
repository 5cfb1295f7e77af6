package cli

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/internal/drive"
	"weir/internal/pace"
	"weir/internal/unit"
)

func TestTheLineOfARunTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		p    drive.Progress
		want string
	}{
		{drive.Progress{Elapsed: 61_100 * time.Millisecond, Sent: 500, Asked: -1, P50: 210 * time.Microsecond, P99: 3 * time.Millisecond, UnderWay: 1, Connections: 2}, "1m1s  500/s  p50 0.21 ms  p99 3.0 ms  under way 1 on 2"},
		{drive.Progress{Elapsed: time.Second, P50: -1, P99: -1, Asked: 12}, "1s  0/s of 12  p50 -  p99 -  under way 0 on 0"},
		{
			drive.Progress{Elapsed: 100 * time.Hour, Sent: 123_456, Asked: 123_456, P50: 1900 * time.Millisecond, P99: 9900 * time.Millisecond, UnderWay: 60_000, Connections: 60_000, Failed: 12_000, Bad: 345, Behind: 2 * time.Second},
			"4d4h  123,456/s of 123,456  p50 1.9 s  p99 9.9 s  errors 12.3k  under way 60.0k on 60.0k  behind by 2.0 s",
		},
	} {
		if got := liveLine(c.p); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

func TestThePeakOfAShapeIsFoundBeforeAnythingIsSent(t *testing.T) {
	for _, c := range []struct {
		pattern string
		length  time.Duration
		want    unit.PerSecond
	}{
		{"constant", 0, 100 * unit.One},
		{"burst:every=60s,len=5s,x=20", 0, 2000 * unit.One},
		{"burst:every=60s,len=5s,x=20", 30 * time.Second, 100 * unit.One}, // the burst is at the end of its minute
		{"steps:10s@5,10s@700,10s@9", 0, 700 * unit.One},
		{"steps:10s@5,10s@700,10s@9", 10 * time.Second, 5 * unit.One},
	} {
		p, err := pace.Parse(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		shape, err := p.Shape(pace.Reference{Rate: 100 * unit.One})
		if err != nil {
			t.Fatal(err)
		}
		if got := peak(shape, c.length); got != c.want {
			t.Errorf("%s for %v: got %v, want %v", c.pattern, c.length, got, c.want)
		}
	}
}

func TestALogIsReplayedOnItsSiteAlone(t *testing.T) {
	for target, want := range map[string]string{
		"/a?b": "/a?b", "http://example.com/x/y": "/x/y", "https://example.com": "/", "*": "", "example.com:443": "", "": "", "//evil/x": "//evil/x",
	} {
		if got := string(onSite([]byte(target))); got != want {
			t.Errorf("%s: got %q, want %q", target, got, want)
		}
	}
	site, _, err := drive.ParseURL("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	r := &replayed{site: site, methods: []string{"GET"}, known: map[string]int32{}}
	for _, c := range [][2]string{{"GET", "/a"}, {"GET", "/a"}, {"", "/a"}, {"POST", "/a"}, {"GET", "*"}, {"GET", "/b c"}, {"GET", "http://other/b"}} {
		if err := r.add(drive.Entry{}, []byte(c[0]), []byte(c[1])); err != nil {
			t.Fatal(err)
		}
	}
	var sent []string
	for _, e := range r.entries {
		sent = append(sent, r.requests[e.Request].String())
	}
	if got := strings.Join(sent, ", "); got != "GET http://127.0.0.1:1/a, GET http://127.0.0.1:1/a, GET http://127.0.0.1:1/a, GET http://127.0.0.1:1/b" || r.odd != 2 || r.others != 1 || len(r.requests) != 2 {
		t.Errorf("got %s; %d odd, %d of other methods, %d different", got, r.odd, r.others, len(r.requests))
	}
}

// carriedOut runs a command, and returns its exit code and what it wrote.
func carriedOut(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	file := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	s := streams{in: os.Stdin, out: file("out"), err: file("err")}
	code = run(t.Context(), args, s)
	read := func(f *os.File) string {
		b, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return code, read(s.out), read(s.err)
}

func TestTLSIsSpokenAsTheFlagsSay(t *testing.T) {
	var seen sync.Map
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen.Store(r.Proto, true) }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags []string
		code  int
		says  string
		proto string
	}{
		{nil, 3, "its certificate is not trusted: ", ""},
		{[]string{"--insecure"}, 0, "status    200: 20", "HTTP/1.1"},
		{[]string{"--cacert", authority}, 0, "status    200: 20", "HTTP/1.1"},
		{[]string{"--cacert", authority, "--http2"}, 0, "net/http, HTTP/2", "HTTP/2.0"},
		{[]string{"--insecure", "--no-keep-alive"}, 0, "; 20 opened", "HTTP/1.1"},
	} {
		seen.Clear()
		code, out, errs := carriedOut(t, append([]string{"trafficgen", "--url", s.URL, "--rps", "500", "--requests", "20", "--kept", "0"}, c.flags...)...)
		_, spoken := seen.Load(c.proto)
		if code != c.code || !strings.Contains(out+errs, c.says) || spoken != (c.proto != "") {
			t.Errorf("%v: got the exit code %d, %s spoken: %t\n%s%s", c.flags, code, c.proto, spoken, out, errs)
		}
	}
}

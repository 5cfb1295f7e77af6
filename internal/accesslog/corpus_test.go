package accesslog

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Real logs, which are not part of this repository, and what other programs
// read from them.

// corpus returns the lines of a file of the shared data, or skips.
func corpus(t testing.TB, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", name))
	if err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	var lines [][]byte
	for line := range bytes.Lines(text) {
		lines = append(lines, TrimEnd(line))
	}
	return lines
}

func TestRealLogsAreReadToTheLastLine(t *testing.T) {
	for _, c := range []struct {
		file, format  string
		lines, hits   int
		firstBad      int
		reason        Reason
		column        int
		foundByDetect bool
	}{
		// Line 2,050 lacks the closing quote of its agent.
		{file: "combined/apache_blog.log", format: "combined", lines: 2101, hits: 2100, firstBad: 2050, reason: ReasonQuote, foundByDetect: true},
		{file: "combined/nginx_shop.log", format: "combined", lines: 1000, hits: 1000, foundByDetect: true},
		// Line 2 has neither ident nor user.
		{file: "combined/bad_lines.log", format: "combined", lines: 3, hits: 2, firstBad: 2, reason: ReasonField, column: 17, foundByDetect: true},
		// An XML document behind an application's log line.
		{file: "combined/invalid_utf8.log", format: "combined", lines: 6, hits: 0, firstBad: 1, reason: ReasonCut},
	} {
		t.Run(c.file, func(t *testing.T) {
			lines := corpus(t, c.file)
			d := Detect(lines)
			if d.Found != c.foundByDetect || d.Found && d.Format.Name != c.format {
				t.Errorf("Detect: got %q, found %v", d.Format.Name, d.Found)
			}
			p := parserOf(t, c.format)
			hits, firstBad := 0, 0
			var bad Outcome
			for i, line := range lines {
				var r Record
				switch out := p.Parse(line, &r); out.Kind {
				case Hit:
					hits++
					checkViews(t, p, line, &r)
				case Rejected:
					if firstBad == 0 {
						firstBad, bad = i+1, out
					}
				default:
					t.Errorf("line %d: got %+v", i+1, out)
				}
			}
			if len(lines) != c.lines || hits != c.hits || firstBad != c.firstBad || bad.Reason != c.reason || c.column > 0 && bad.Column != c.column {
				t.Errorf("got %d hits of %d lines, first rejected %d: %+v\nwant %d of %d, %d: %q at %d",
					hits, len(lines), firstBad, bad, c.hits, c.lines, c.firstBad, c.reason, c.column)
			}
		})
	}
}

func TestTotalsEqualThoseOfAnotherTool(t *testing.T) {
	for _, c := range []struct{ file, format, status string }{
		{"totals/apache-combined", "combined", "request_status"},
		{"totals/apache-common", "combined-us-size", "status_code"},
	} {
		lines := corpus(t, c.file+".log")
		d := Detect(lines)
		if d.Format.Name != c.format || d.Confidence != 1 {
			t.Fatalf("%s: got %q with confidence %v, want %q with 1", c.file, d.Format.Name, d.Confidence, c.format)
		}
		got := map[string]int64{}
		p := d.Format.New()
		for _, line := range lines {
			var r Record
			if out := p.Parse(line, &r); out.Kind != Hit {
				t.Fatalf("%s: %q: got %+v", c.file, line, out)
			}
			key := fmt.Sprintf("{request_method=%s,http_version=%s,%s=%d}", r.Method, r.Protocol, c.status, r.Status)
			got["apache_http_requests_total "+key]++
			if r.Bytes > 0 {
				got["apache_http_bytes_total "+key] += r.Bytes
			}
			if r.Latency >= 0 && r.Bytes > 0 {
				got["apache_http_response_time "+string(r.Client)+string(r.Target)] += int64(r.Latency / time.Microsecond)
			}
		}
		want := map[string]int64{}
		uri := regexp.MustCompile(`remote_host=([^,]*),.*request_uri=([^,]*),`)
		for _, line := range corpus(t, c.file+".golden") {
			f := strings.Fields(string(line))
			n, err := strconv.ParseInt(f[3], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case f[0] == "counter":
				want[f[1]+" "+f[2]] = n
			case f[1] == "apache_http_response_time":
				m := uri.FindStringSubmatch(f[2])
				want[f[1]+" "+m[1]+m[2]] = n
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %v\nwant %v", c.file, got, want)
		}
	}
}

// TestFieldsEqualThoseOfAnotherTool compares with the assertions of a security
// agent, which names the fields after the server.
func TestFieldsEqualThoseOfAnotherTool(t *testing.T) {
	assertion := regexp.MustCompile(`^results\["s01-parse"\]\["[^"]*"\]\[(\d+)\]\.Evt\.Parsed\["(\w+)"\] == (".*")$`)
	for _, c := range []struct {
		folder, log string
		lines       int // that are access-log lines; the rest are error logs
		fields      int // compared of each, at least
	}{
		{"apache2-logs", "apache2-logs.log", 7, 6},
		{"apache2-malformed", "apache2-logs.log", 11, 6},
		{"nginx_http-logs", "nginx_http-logs.log", 8, 6},
		{"nginx-http-malformed", "nginx_http-logs.log", 12, 6},
		{"caddy-logs", "caddy-logs.log", 10, 5},
		{"envoy-logs", "envoy.log", 10, 6}, // behind a prefix: text, and JSON
	} {
		t.Run(c.folder, func(t *testing.T) {
			lines := corpus(t, "fields/"+c.folder+"/"+c.log)
			records := make([]*Record, len(lines))
			hits := 0
			for i, line := range lines {
				var r Record
				// The lines of a file are of several formats.
				if new(Auto).Parse(line, &r).Kind == Hit {
					records[i] = &r
					hits++
				}
			}
			if hits != c.lines {
				t.Errorf("got %d hits, want %d", hits, c.lines)
			}
			compared := 0
			for _, line := range corpus(t, "fields/"+c.folder+"/parser.assert") {
				m := assertion.FindSubmatch(line)
				if m == nil {
					continue
				}
				i, _ := strconv.Atoi(string(m[1]))
				want, err := strconv.Unquote(string(m[3]))
				if err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				if i >= len(records) || records[i] == nil {
					continue
				}
				got, known := fieldCalled(string(m[2]), records[i])
				if !known {
					continue
				}
				if string(m[2]) == "remote_addr" && bytes.Contains(lines[i], []byte(`"downstream_remote_address"`)) {
					// The other tool takes the address of the connection here, and
					// the first of X-Forwarded-For from Envoy's text; we take that
					// from both.
					want = string(forwardedClient(records[i].Forwarded, ""))
				}
				compared++
				if strings.TrimSuffix(want, "-") == "" {
					want = "" // nothing and "-" are the same here
				}
				if got != want {
					t.Errorf("line %d, %s: got %q, want %q", i+1, m[2], got, want)
				}
			}
			if compared < c.fields*c.lines {
				t.Errorf("only %d fields were compared", compared)
			}
			t.Logf("%d fields of %d lines compared", compared, hits)
		})
	}
}

// fieldCalled is the field of r that the other tool has under a name.
func fieldCalled(name string, r *Record) (value string, known bool) {
	switch name {
	case "remote_addr", "clientip", "remote_ip":
		return string(r.Client), true
	case "remote_user", "auth":
		return string(r.User), true
	case "verb":
		return string(r.Method), true
	case "request":
		if r.Malformed {
			return string(r.Request), true
		}
		return string(r.Target), true
	case "rawrequest":
		return string(r.Request), true
	case "http_version", "httpversion":
		return strings.TrimPrefix(string(r.Protocol), "HTTP/"), true
	case "status", "response":
		return strconv.Itoa(r.Status), true
	case "body_bytes_sent", "bytes":
		return strconv.FormatInt(r.Bytes, 10), true
	case "http_referer", "referrer":
		return string(r.Referrer), true
	case "http_user_agent":
		return string(r.Agent), true
	case "target_fqdn":
		host, _, _ := strings.Cut(string(r.Host), ":")
		return host, true
	case "time_local", "timestamp":
		return "", false // compared with the standard library's reading elsewhere
	}
	return "", false
}

func BenchmarkRealCombined(b *testing.B) {
	lines := corpus(b, "combined/apache_blog.log")
	p := parserOf(b, "combined")
	var r Record
	total := 0
	for _, line := range lines {
		total += len(line) + 1
	}
	b.SetBytes(int64(total / len(lines)))
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		p.Parse(lines[i], &r)
		if i++; i == len(lines) {
			i = 0
		}
	}
}

package accesslog

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAClientWithAPort(t *testing.T) {
	for _, c := range []struct{ token, client string }{
		{"192.0.2.1:51000", "192.0.2.1"},
		{"2001:db8::7:51000", "2001:db8::7"},
		{"[2001:db8::7]:51000", "2001:db8::7"},
		{"::ffff:192.0.2.1:51000", "::ffff:192.0.2.1"},
		{"unix:1", "unix"},
		{"-", ""},
	} {
		for _, name := range []string{"haproxy", "aws-alb", "aws-elb"} {
			p, line := primed(t, mustLookup(t, name))
			r := mustHit(t, p, strings.Replace(string(line), "203.0.113.7:51000", c.token, 1))
			if string(r.Client) != c.client {
				t.Errorf("%s, %s: got client %q, want %q", name, c.token, r.Client, c.client)
			}
		}
	}
	for _, token := range []string{"a b", `"a":1`, "[]:1", "[::1:1", ":1", "a[b]:1"} {
		if client, ok := withPort([]byte(token)); ok {
			t.Errorf("%q: got client %q, want none", token, client)
		}
	}
}

func TestHAProxyLogsOfManyKinds(t *testing.T) {
	const front = `203.0.113.7:51000 [10/Oct/2000:20:55:36.042] www~ web/<NOSRV> `
	const rest = ` - - ---- 1/1/0/0/+3 0/0 `
	cut := front + "0/0/1/41/42 200 2326" + rest + `"GET /` + strings.Repeat("x", 1000)
	for _, c := range []struct {
		name, line, target, host string
		status                   int
		bytes                    int64
		latency                  time.Duration
	}{
		{"bad request", front + "-1/-1/-1/-1/3 400 187" + rest + `"<BADREQ>"`, "", "", 400, 187, 3 * time.Millisecond},
		{"no answer", front + "0/0/-1/-1/-1 -1 0" + rest + `"GET /a HTTP/1.1"`, "/a", "", 0, 0, NoLatency},
		{"logged as it began", front + "0/0/1/41/+42 200 +326" + rest + `"GET /a HTTP/1.1"`, "/a", "", 200, 326, 42 * time.Millisecond},
		{"captures", front + "0/0/1/41/42 200 26" + rest + `{www.example.org|Mozilla/5.0 (X11)} {text/html|} "GET /a HTTP/1.1"`, "/a", "", 200, 26, 42 * time.Millisecond},
		{"HTTP/2", front + "0/0/1/41/42 200 26" + rest + `"GET https://www.example.org/a HTTP/2.0"`, "/a", "www.example.org", 200, 26, 42 * time.Millisecond},
		{"httpslog", front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1" 0/0/0/0/0 www.example.org/TLSv1.3/TLS_AES_256_GCM_SHA384`, "/a", "www.example.org", 200, 26, 42 * time.Millisecond},
		{"httpslog without a name", front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1" 0/0/0/0/0 -/TLSv1.3/TLS_AES_256_GCM_SHA384`, "/a", "", 200, 26, 42 * time.Millisecond},
		{"syslog", "Oct 10 20:55:36 lb haproxy[123]: " + front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1"`, "/a", "", 200, 26, 42 * time.Millisecond},
		{"RFC 5424", "<134>1 2000-10-10T20:55:36Z lb haproxy 123 - - " + front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1"`, "/a", "", 200, 26, 42 * time.Millisecond},
		{"cut by syslog", cut, strings.TrimPrefix(cut[strings.Index(cut, `"`):], `"GET `), "", 200, 2326, 42 * time.Millisecond},
	} {
		r := mustHit(t, newHAProxy(), c.line)
		if string(r.Client) != "203.0.113.7" || r.Sec != 971211336 || r.Nanos != 42_000_000 || string(r.Target) != c.target || string(r.Host) != c.host ||
			r.Status != c.status || r.Bytes != c.bytes || r.Latency != c.latency || r.Malformed != (c.target == "") {
			t.Errorf("%s: got %s", c.name, show(r))
		}
	}
	if r := mustHit(t, newHAProxy(), strings.Replace(front, "20:55:36.042", "13:55:36 -0700", 1)+"0/0/1/41/42 200 26"+rest+`"GET / HTTP/1.1"`); r.Sec != 971211336 {
		t.Errorf("a time with its zone: got second %d", r.Sec)
	}
	for _, line := range []string{
		front[:strings.Index(front, "www~")] + "www/1: SSL handshake failure",
		front + "0/0/42 200 26 - - ---- 1/1/0/0/0 0/0", // TCP
		front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1`,
		front + "0/0/1/41/42 200 26" + rest + `"GET /a HTTP/1.1" more`,
		"203.0.113.7 - " + front + "0/0/1/41/42 200 26" + rest + `"GET / HTTP/1.1"`,
	} {
		var r Record
		if out := newHAProxy().Parse([]byte(line), &r); out.Kind != Rejected {
			t.Errorf("%q: got %+v, want rejected", line, out)
		}
	}
}

func TestSquidLogsOfManyKinds(t *testing.T) {
	for _, c := range []struct{ line, method, target, host string }{
		{"971211336.042     42 203.0.113.7 TCP_TUNNEL/200 2326 CONNECT www.example.org:443 - HIER_DIRECT/192.0.2.80 -", "CONNECT", "www.example.org:443", "www.example.org:443"},
		{"971211336.042 123456 203.0.113.7 TCP_MISS/200 2326 POST http://www.example.org - HIER_DIRECT/192.0.2.80 text/html", "POST", "http://www.example.org", "www.example.org"},
		{"971211336.042      0 203.0.113.7 TCP_MISS/200 2326 GET http://www.example.org?a - HIER_NONE/- - [Host: a] [HTTP/1.1 200]", "GET", "http://www.example.org?a", "www.example.org"},
		{"971211336.042      0 203.0.113.7 NONE_NONE/400 2326 - error:invalid-request - HIER_NONE/- text/html", "", "", ""},
		{"971211336.042      0 203.0.113.7 NONE/000 2326 NONE error:transaction-end-before-headers - HIER_NONE/- -", "", "", ""},
	} {
		r := mustHit(t, newSquid(), c.line)
		if string(r.Method) != c.method || string(r.Target) != c.target || string(r.Host) != c.host || r.Malformed != (c.target == "") || r.Bytes != 2326 {
			t.Errorf("%s: got %s", c.line, show(r))
		}
	}
	var r Record
	if out := newSquid().Parse([]byte("971211336 42 203.0.113.7 TCP_MISS/200 2326 GET http://a/ - HIER_NONE/- -"), &r); out.Reason != ReasonTime || out.Column != 1 {
		t.Errorf("a time without milliseconds: got %+v", out)
	}
}

func TestIngressListsOfUpstreamsAreReadOver(t *testing.T) {
	p, line := primed(t, mustLookup(t, "ingress-nginx"))
	text := strings.Replace(string(line), "192.0.2.80:80 2300 0.041 200", "192.0.2.80:80, 192.0.2.81:80 0, 2300 0.001, 0.041 502, 200", 1)
	if r := mustHit(t, p, text); r.Latency != 42*time.Millisecond {
		t.Errorf("got %s", show(r))
	}
	if r := mustHit(t, p, strings.Replace(string(line), " []", "", 1)); r.Latency != 42*time.Millisecond {
		t.Errorf("without an alternative: got %s", show(r))
	}
	var r Record
	cut := text[:strings.Index(text, " 200 4bf")]
	if out := p.Parse([]byte(cut), &r); out.Reason != ReasonCut {
		t.Errorf("%q: got %+v, want cut", cut, out)
	}
}

func TestConnectionsWithoutARequestAreMalformed(t *testing.T) {
	for name, requests := range map[string][]string{
		"envoy":   {"- - -", "- - HTTP/1.1"},
		"istio":   {"- - -"},
		"aws-alb": {"- http://www.example.org:80- -", "- http://www.example.org:80/ HTTP/1.1"},
		"aws-elb": {"- - - "},
	} {
		for _, request := range requests {
			p, line := primed(t, mustLookup(t, name))
			r := mustHit(t, p, strings.Replace(string(line), familyOf(name).request, request, 1))
			if !r.Malformed || r.Method != nil || r.Target != nil || r.Status != 200 {
				t.Errorf("%s, %q: got %s", name, request, show(r))
			}
		}
	}
	p, line := primed(t, mustLookup(t, "aws-s3"))
	if r := mustHit(t, p, strings.Replace(string(line), `"`+plainRequest+`" 200`, `- -`, 1)); !r.Malformed || r.Status != 0 {
		t.Errorf("aws-s3: got %s", show(r))
	}
}

func TestALatencyThatABalancerDidNotMeasureIsNone(t *testing.T) {
	for _, name := range []string{"aws-alb", "aws-elb"} {
		for _, c := range []struct {
			times string
			want  time.Duration
		}{
			{"0.001 0.040 0.001", 42 * time.Millisecond},
			{"0.000073 0.001048 0.000057", 1178 * time.Microsecond},
			{"0.001 -1 0.001", NoLatency},
			{"-1 -1 -1", NoLatency},
			{"0.0 0.0 0.0", 0},
		} {
			p, line := primed(t, mustLookup(t, name))
			if r := mustHit(t, p, strings.Replace(string(line), "0.001 0.040 0.001", c.times, 1)); r.Latency != c.want {
				t.Errorf("%s, %s: got %v, want %v", name, c.times, r.Latency, c.want)
			}
		}
	}
}

func TestEnvoyTakesTheFirstAddressOfTheList(t *testing.T) {
	p, line := primed(t, mustLookup(t, "istio"))
	for list, want := range map[string]string{
		"203.0.113.7, 192.0.2.1": "203.0.113.7", "[2001:db8::7]:443, 192.0.2.1": "2001:db8::7",
		"-": "192.0.2.7", "<script>": "192.0.2.7", "": "192.0.2.7",
	} {
		if r := mustHit(t, p, strings.Replace(string(line), "203.0.113.7", list, 1)); string(r.Client) != want {
			t.Errorf("%q: got client %q, want %q", list, r.Client, want)
		}
	}
}

// TestNoFormatReadsTheLinesOfAnother tries each Example, and prefixes of it,
// with each format. Rows of the Common Log family tolerate more fields at the
// end, and the two W3C rows know the same headers.
func TestNoFormatReadsTheLinesOfAnother(t *testing.T) {
	clf := func(name string) bool {
		return strings.Contains(name, "com") || name == "traefik" || name == "ingress-nginx"
	}
	for _, f := range Formats() {
		_, line := primed(t, f)
		for _, other := range Formats() {
			if other.Name == f.Name || clf(f.Name) && clf(other.Name) {
				continue
			}
			var r Record
			for n := range len(line) + 1 {
				if out := other.New().Parse(line[:n], &r); out.Kind != Rejected {
					t.Errorf("%s reads %q of %s as %+v", other.Name, line[:n], f.Name, out)
					break
				}
			}
		}
	}
}

// TestFieldsOfProxiesEqualThoseOfAnotherTool compares with the assertions of a
// security agent. In front of each line of Envoy stands what a container
// runtime writes.
func TestFieldsOfProxiesEqualThoseOfAnotherTool(t *testing.T) {
	assertion := regexp.MustCompile(`^results\["s01-parse"\]\["[^"]*"\]\[(\d+)\]\.Evt\.Parsed\["(\w+)"\] == (".*")$`)
	for _, c := range []struct {
		folder, log, format string
		lines               int
	}{
		{folder: "haproxy-logs", log: "haproxy-logs.log", format: "haproxy", lines: 2},
		{folder: "traefik_clf", log: "traefik_clf.log", format: "traefik", lines: 7},
		{folder: "aws-cloudfront-logs", log: "aws-cloudfront-logs.log", format: "cloudfront", lines: 2},
		{folder: "envoy-logs", log: "envoy.log", format: "envoy", lines: 4},
	} {
		t.Run(c.folder, func(t *testing.T) {
			lines := corpus(t, "fields/"+c.folder+"/"+c.log)
			records := make([]*Record, len(lines))
			hits := 0
			for i, line := range lines {
				if c.format == "envoy" {
					_, line, _ = bytes.Cut(line, []byte(" stdout F "))
				}
				var r Record
				a := new(Auto)
				if a.Parse(line, &r).Kind == Hit && a.format.Name == c.format {
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
				got, known := proxyField(c.format, string(m[2]), records[i])
				if !known {
					continue
				}
				compared++
				if strings.TrimSuffix(want, "-") == "" {
					want = map[string]string{"status": "0", "body_bytes_sent": "0"}[string(m[2])]
				}
				if got != want {
					t.Errorf("line %d, %s: got %q, want %q", i+1, m[2], got, want)
				}
			}
			if compared < 7*c.lines {
				t.Errorf("only %d fields were compared", compared)
			}
			t.Logf("%d fields of %d lines compared", compared, hits)
		})
	}
}

// proxyField is the field of r that the other tool has under a name, in the
// words of a server.
func proxyField(format, name string, r *Record) (value string, known bool) {
	switch name {
	case "client_ip", "c_ip":
		return string(r.Client), true
	case "http_verb", "cs_method":
		return string(r.Method), true
	case "http_request":
		return string(r.Target), true
	case "http_status_code", "sc_status":
		return strconv.Itoa(r.Status), true
	case "bytes_read", "sc_bytes", "bytes_sent":
		return strconv.FormatInt(r.Bytes, 10), true
	case "time_duration", "request_duration_in_ms", "duration":
		return strconv.FormatInt(r.Latency.Milliseconds(), 10), true
	case "cs_uri_stem":
		return string(r.Path()), true
	case "cs_uri_query":
		_, query, _ := strings.Cut(string(r.Target), "?")
		return query, true
	case "cs_user_agent":
		return string(r.Agent), true
	case "cs_referer":
		return string(r.Referrer), true
	case "x_host_header":
		return string(r.Host), true
	case "cs_protocol_version":
		return string(r.Protocol), true
	case "time_taken":
		return strconv.FormatFloat(r.Latency.Seconds(), 'f', 3, 64), true
	case "accept_date":
		return time.Unix(r.Sec, int64(r.Nanos)).UTC().Format("02/Jan/2006:15:04:05.000"), true
	case "time":
		at := time.Unix(r.Sec, int64(r.Nanos)).UTC()
		if format == "cloudfront" {
			return at.Format(time.TimeOnly), true
		}
		return at.Format("2006-01-02T15:04:05.000Z"), true
	}
	return fieldCalled(name, r)
}

package accesslog

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// tellAll is what a record says, in a line; times are told as Unix seconds.
func tellAll(r *Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d.%09d %d %d", r.Sec, r.Nanos, r.Status, r.Bytes)
	if r.Latency != NoLatency {
		fmt.Fprintf(&b, " %v", r.Latency)
	}
	for _, f := range []struct {
		name  string
		value []byte
	}{
		{"client", r.Client},
		{"user", r.User},
		{"host", r.Host},
		{"request", r.Request},
		{"method", r.Method},
		{"target", r.Target},
		{"protocol", r.Protocol},
		{"referrer", r.Referrer},
		{"agent", r.Agent},
	} {
		if f.value != nil {
			fmt.Fprintf(&b, " %s=%s", f.name, f.value)
		}
	}
	if r.Malformed {
		b.WriteString(" malformed")
	}
	return b.String()
}

func TestTheKeysOfManyWritersAreKnown(t *testing.T) {
	for _, c := range []struct{ writer, line, want string }{
		{
			"nginx",
			`{"msec":"1549573860.250","time_local":"10/Oct/2000:13:55:36 -0700","remote_addr":"192.0.2.1","remote_user":"","request_method":"POST","request_uri":"/a?b=c","uri":"/a","args":"b=c","server_protocol":"HTTP/2.0","status":"404","body_bytes_sent":"7","bytes_sent":"207","request_time":"0.012","upstream_response_time":"0.010, 0.001","http_referer":"-","http_user_agent":"x","host":"h.example","server_name":"_"}`,
			"1549573860.250000000 404 7 12ms client=192.0.2.1 host=h.example method=POST target=/a?b=c protocol=HTTP/2.0 agent=x",
		},
		{
			"nginx, parts only",
			`{"time_iso8601":"2019-02-07T21:11:00+00:00","uri":"/a","args":"b=c","status":200}`,
			"1549573860.000000000 200 0 target=/a?b=c",
		},
		{
			"nginx, whole request and its parts",
			`{"time_iso8601":"2019-02-07T21:11:00+00:00","uri":"/index.html","args":"b=c","request":"GET /?b=c HTTP/1.1","request_method":"GET","status":200}`,
			"1549573860.000000000 200 0 request=GET /?b=c HTTP/1.1 method=GET target=/?b=c protocol=HTTP/1.1",
		},
		{
			"Caddy",
			`{"level":"info","ts":1549573860.25,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.0.0.9","remote_port":"5140","client_ip":"192.0.2.1","proto":"HTTP/2.0","method":"GET","host":"h.example","uri":"/a","headers":{"User-Agent":["x","y"],"Accept":[],"Referer":["http://r"]},"tls":{"resumed":false,"version":772}},"bytes_read":0,"user_id":"Bob","duration":0.0015,"size":18630,"status":200,"resp_headers":{"Server":["Caddy"],"Location":[["deep"]]}}`,
			"1549573860.250000000 200 18630 1.5ms client=192.0.2.1 user=Bob host=h.example method=GET target=/a protocol=HTTP/2.0 referrer=http://r agent=x",
		},
		{
			"Caddy, old, with text for times",
			`{"ts":"2019/02/07 21:11:00","request":{"remote_addr":"192.0.2.1:5140","proto":"HTTP/1.1","method":"GET","uri":"/a"},"duration":"1.5ms","size":3,"status":0}`,
			"1549573860.000000000 0 3 1.5ms client=192.0.2.1 method=GET target=/a protocol=HTTP/1.1",
		},
		{
			"Traefik",
			`{"ClientAddr":"192.0.2.1:5140","ClientHost":"192.0.2.1","ClientUsername":"-","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":81934,"RequestHost":"h.example","RequestMethod":"GET","RequestPath":"/a?b","RequestProtocol":"HTTP/1.1","StartUTC":"2019-02-07T21:11:00.25Z","level":"info","msg":"","request_User-Agent":"x","request_Referer":"http://r","time":"2019-02-07T21:11:09Z"}`,
			"1549573860.250000000 404 19 81.934µs client=192.0.2.1 host=h.example method=GET target=/a?b protocol=HTTP/1.1 referrer=http://r agent=x",
		},
		{
			"Envoy",
			`{":authority":"h.example","bytes_sent":12,"downstream_remote_address":"[2001:db8::1]:5140","duration":11,"method":"GET","path":"/b","protocol":"HTTP/2","response_code":200,"start_time":"2019-02-07T21:11:00.250Z","user-agent":"x","x-envoy-origin-path":"/a","upstream_host":null}`,
			"1549573860.250000000 200 12 11ms client=2001:db8::1 host=h.example method=GET target=/a protocol=HTTP/2 agent=x",
		},
		{
			"Google load balancer",
			`{"httpRequest":{"requestMethod":"GET","requestUrl":"https://h.example/a","requestSize":"90","status":200,"responseSize":"360","userAgent":"x","remoteIp":"192.0.2.1","serverIp":"10.0.0.2","latency":"0.005192s","referer":"http://r","protocol":"HTTP/2"},"insertId":"1","timestamp":"2019-02-07T21:11:00.25Z","severity":"INFO"}`,
			"1549573860.250000000 200 360 5.192ms client=192.0.2.1 method=GET target=https://h.example/a protocol=HTTP/2 referrer=http://r agent=x",
		},
		{
			"Cloudflare",
			`{"ClientIP":"192.0.2.1","ClientRequestHost":"h.example","ClientRequestMethod":"GET","ClientRequestURI":"/a","ClientRequestProtocol":"HTTP/3","ClientRequestUserAgent":"x","ClientRequestReferer":"","EdgeEndTimestamp":1549573861000000000,"EdgeStartTimestamp":1549573860250000000,"EdgeResponseBytes":9,"EdgeResponseStatus":200,"EdgeTimeToFirstByteMs":15}`,
			"1549573860.250000000 200 9 15ms client=192.0.2.1 host=h.example method=GET target=/a protocol=HTTP/3 agent=x",
		},
		{
			"Elastic Common Schema",
			`{"@timestamp":"2019-02-07T21:11:00.25Z","agent":{"name":"beat"},"source":{"ip":"192.0.2.1","port":5},"http":{"request":{"method":"GET"},"response":{"status_code":200,"body":{"bytes":9}},"version":"1.1"},"url":{"path":"/a","query":"b=c","domain":"h.example"},"user_agent":{"original":"x"},"event":{"duration":5000}}`,
			"1549573860.250000000 200 9 5µs client=192.0.2.1 host=h.example method=GET target=/a?b=c protocol=HTTP/1.1 agent=x",
		},
		{
			"Elastic Common Schema, flat",
			`{"@timestamp":1549573860250,"source.ip":"192.0.2.1","http.request.method":"GET","http.response.status_code":200,"url.path":"/a","user_agent.original":"x"}`,
			"1549573860.250000000 200 0 client=192.0.2.1 method=GET target=/a agent=x",
		},
		{
			"pino-http",
			`{"level":30,"time":1549573860250,"req":{"id":1,"method":"GET","url":"/a","headers":{"host":"h.example","user-agent":"x"},"remoteAddress":"::1","remotePort":5},"res":{"statusCode":200,"headers":{}},"responseTime":5,"msg":"request completed"}`,
			"1549573860.250000000 200 0 5ms client=::1 host=h.example method=GET target=/a agent=x",
		},
		{
			"echo",
			`{"time":"2019-02-07T21:11:00.25Z","id":"","remote_ip":"192.0.2.1","host":"h.example","method":"GET","uri":"/a","user_agent":"x","status":200,"error":"","latency":268700,"latency_human":"268.7µs","bytes_in":0,"bytes_out":9}`,
			"1549573860.250000000 200 9 268.7µs client=192.0.2.1 host=h.example method=GET target=/a agent=x",
		},
		{
			"an application",
			` { "ts" : 1549573860 , "path" : "/a" , "status_code" : 201 , "elapsed_ms" : 1.5 , "ip" : "192.0.2.1" , "ua" : "x" , "took":7 } `,
			"1549573860.000000000 201 0 1.5ms client=192.0.2.1 target=/a agent=x",
		},
	} {
		p := newJSON()
		for range 4 { // guessed, learned, remembered
			r := mustHit(t, p, c.line)
			if got := tellAll(&r); got != c.want {
				t.Fatalf("%s:\ngot  %s\nwant %s", c.writer, got, c.want)
			}
		}
		if d := Detect([][]byte{[]byte(c.line)}); d.Format.Name != "json" || d.Prefix != "" {
			t.Errorf("%s: detected as %q behind %q", c.writer, d.Format.Name, d.Prefix)
		}
	}
}

// TestNumbersOfOtherLanguagesAreRead: a length that nobody knew, and languages in
// which all numbers are floats, cost no hit.
func TestNumbersOfOtherLanguagesAreRead(t *testing.T) {
	for _, c := range []struct {
		text   string
		status int
		bytes  int64
	}{
		{`"status":404.0,"bytes":17.0`, 404, 17},
		{`"status":404,"bytes":-1`, 404, 0},
		{`"status":"404","bytes":"-1"`, 404, 0},
		{`"status":404,"bytes":1.7e1`, 404, 17},
	} {
		r := mustHit(t, newJSON(), `{"time":7,"path":"/a",`+c.text+"}")
		if r.Status != c.status || r.Bytes != c.bytes {
			t.Errorf("%s: got %d and %d, want %d and %d", c.text, r.Status, r.Bytes, c.status, c.bytes)
		}
	}
	for text, want := range map[string]Reason{`"status":404.5`: ReasonStatus, `"status":-1`: ReasonStatus, `"status":1,"bytes":1`: ReasonStatus, `"status":404,"bytes":1.5`: ReasonBytes} {
		if outs, _ := feed(newJSON(), `{"time":7,"path":"/a",`+text+"}"); outs[0].Reason != want {
			t.Errorf("%s: got %+v, want %q", text, outs[0], want)
		}
	}
}

const jsonEnd = `,"time":7,"path":"/a","status":200}`

func TestTheUnitOfARequestTimeIsToldOrThereIsNone(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration
	}{
		{`"duration":5`, NoLatency}, // who knows of what
		{`"duration":"5"`, NoLatency},
		{`"duration":"5ms"`, 5 * time.Millisecond},
		{`"duration":"1m2.5s"`, 62500 * time.Millisecond},
		{`"duration":"1h0m0s"`, time.Hour},
		{`"latency":"3\u00b5s"`, 3 * time.Microsecond},
		{`"latency":"3us"`, 3 * time.Microsecond},
		{`"duration":5,"bytes_read":0`, 5 * time.Second},
		{`"duration":2.701e-06,"resp_headers":{}`, 2701 * time.Nanosecond},
		{`"duration":5,"response_flags":"-"`, 5 * time.Millisecond},
		{`"duration":5,"DownstreamContentSize":1`, 5},
		{`"duration":5,"response_flags":"-","bytes_read":0`, NoLatency},
		{`"duration":"x","bytes_read":0`, NoLatency},
		{`"duration":"5 ms"`, NoLatency},
		{`"duration":"5m5"`, NoLatency},
		{`"took":"s"`, NoLatency},
		{`"duration_ms":5`, 5 * time.Millisecond},
		{`"durationMs":5`, 5 * time.Millisecond},
		{`"latency_us":5`, 5 * time.Microsecond},
		{`"elapsed_ns":5`, 5},
		{`"request-time":"0.25"`, 250 * time.Millisecond},
		{`"request_time":-1`, NoLatency},
		{`"request_time":null`, NoLatency},
		{`"request_time":true`, NoLatency},
		{`"request_time":{"a":1}`, NoLatency},
		{`"took_seconds":1e-3`, time.Millisecond},
	} {
		r := mustHit(t, newJSON(), "{"+c.text+jsonEnd)
		if r.Latency != c.want {
			t.Errorf("%s: got %v, want %v", c.text, r.Latency, c.want)
		}
	}
	for _, text := range []string{`"request_time":"x"`, `"duration_ms":"5 ms"`, `"duration_ms":"ms"`, `"request_time":"5m5"`, `"latency_ms":"9999999999h"`, `"latency_s":-2`, `"latency_s":1e300`} {
		at := strings.IndexByte(text, 58) + 1
		if text[at] == '"' {
			at++
		}
		outs, _ := feed(newJSON(), "{"+text+jsonEnd)
		if outs[0].Reason != ReasonLatency || outs[0].Column != at+2 {
			t.Errorf("%s: got %+v, want %q at %d", text, outs[0], ReasonLatency, at+2)
		}
	}
}

func TestEscapesOfJSONAreUndone(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`plain`, "plain"},
		{`a\"b\\c\/d`, `a"b\c/d`},
		{`\b\f\n\r\t`, "\b\f\n\r\t"},
		{`\u0041\u00e9\u20AC`, "Aé€"},
		{`\ud83d\ude00!`, "😀!"},
		{`\ud83d`, "\ufffd"},
		{`\ud83dx`, "\ufffdx"},
		{`\ude00\ud83d`, "\ufffd\ufffd"},
		{`\ud83d\u0041`, "\ufffdA"},
		{`\x22\\x22`, `\x22\x22`}, // of nginx, not of JSON
		{"\xff\xfe", "\xff\xfe"},
		{`12345678\\`, `12345678\`},
		{`1234567\"`, `1234567"`},
	} {
		line := []byte(`{"path":"/` + c.text + `","agent":"` + c.text + `","referer":"` + c.text + `","time":7,"status":200,"query_string":"q"}`)
		p := newJSON()
		var r Record
		if out := p.Parse(line, &r); out.Kind != Hit || string(r.Agent) != c.want || string(r.Referrer) != c.want || string(r.Target) != "/"+c.want+"?q" {
			t.Errorf("%s: got %+v %s, want %q", c.text, out, show(r), c.want)
		}
		checkViews(t, p, line, &r)
		if n := testing.AllocsPerRun(100, func() { p.Parse(line, &r) }); n != 0 {
			t.Errorf("%s: got %v allocations, want none", c.text, n)
		}
	}
}

func TestInvalidJSONIsRejectedWhereItIsWrong(t *testing.T) {
	deep := strings.Repeat("[", 70) + strings.Repeat("]", 70)
	for _, c := range []struct {
		line   string
		column int
		reason Reason
	}{
		{`x`, 1, ReasonSyntax},
		{`[]`, 1, ReasonSyntax},
		{`  `, 3, ReasonCut},
		{`{`, 2, ReasonCut},
		{`{,}`, 2, ReasonSyntax},
		{`{"a"}`, 5, ReasonSyntax},
		{`{"a":}`, 6, ReasonSyntax},
		{`{"a":1,}`, 8, ReasonSyntax},
		{`{"a":1 "b":2}`, 8, ReasonSyntax},
		{`{"a":1]`, 7, ReasonSyntax},
		{`{"a":[1}`, 8, ReasonSyntax},
		{`{"a":[1,]}`, 9, ReasonSyntax},
		{`{"a":[,1]}`, 7, ReasonSyntax},
		{`{a:1}`, 2, ReasonSyntax},
		{`{"a":01}`, 7, ReasonSyntax},
		{`{"a":1.}`, 8, ReasonSyntax},
		{`{"a":-}`, 7, ReasonSyntax},
		{`{"a":1e}`, 8, ReasonSyntax},
		{`{"a":+1}`, 6, ReasonSyntax},
		{`{"a":2x0}`, 7, ReasonSyntax},
		{`{"a":trux}`, 9, ReasonSyntax},
		{`{"a":nul`, 9, ReasonCut},
		{`{"a":'b'}`, 6, ReasonSyntax},
		{`{"a":"b\q"}`, 8, ReasonSyntax},
		{`{"a":"b\u12g4"}`, 8, ReasonSyntax},
		{`{"a":"b\x2"}`, 8, ReasonSyntax},
		{"{\"a\":\"b\tc\"}", 8, ReasonSyntax},
		{"{\"a\":\"b\x00c\"}", 8, ReasonBinary},
		{`{"a":"b`, 8, ReasonCut},
		{`{"a":"b\`, 8, ReasonSyntax},
		{`{"a":1}}`, 8, ReasonExtra},
		{`{"a":1},`, 8, ReasonExtra},
		{`{"a":1} {"a":2}`, 9, ReasonExtra},
		{`{"a":` + deep + `}`, 68, ReasonNested},
		{`{"a":1}`, 8, ReasonNoRequest},
		{`{"request":"GET / HTTP/1.1"}`, 29, ReasonNoTime},
		{`{"request":"GET / HTTP/1.1","time":"-"}`, 40, ReasonNoTime},
		{`{"request":"GET / HTTP/1.1","time":7}`, 38, ReasonNoStatus},
		{`{"method":"GET","time":7,"status":200}`, 39, ReasonNoRequest},
		{`{"request":"GET / HTTP/1.1","time":"yesterday","status":200}`, 37, ReasonTime},
		{`{"logger":"http.log.error","time":7,"uri":"/","status":502}`, 12, ReasonLogger},
		{`{"logger":"http.handlers.reverse_proxy","ts":7,"msg":"selected upstream"}`, 12, ReasonLogger},
	} {
		outs, _ := feed(newJSON(), c.line)
		if out := outs[0]; out.Kind != Rejected || out.Reason != c.reason || out.Column != c.column {
			t.Errorf("%.60s: got %+v, want %q at %d", c.line, out, c.reason, c.column)
		}
	}
	mustHit(t, newJSON(), `{"a":`+deep[8:132]+jsonEnd)
}

func TestOfTwoKeysForOneThingTheBetterOneCountsAndOfEqualsTheLast(t *testing.T) {
	for _, c := range []struct{ text, client string }{
		{`"remote_addr":"192.0.2.1","client_ip":"192.0.2.2"`, "192.0.2.1"},
		{`"client_ip":"192.0.2.2","remote_addr":"192.0.2.1"`, "192.0.2.1"},
		{`"remote_addr":"192.0.2.1","remote_addr":"192.0.2.2"`, "192.0.2.2"},
		{`"remote_addr":"192.0.2.1","remote_addr":"-"`, "192.0.2.1"}, // says nothing
		{`"remote_addr":"-","client_ip":"192.0.2.2"`, "192.0.2.2"},
		{`"client_ip":["192.0.2.3","192.0.2.4"]`, "192.0.2.3"},
		{`"client_ip":[["192.0.2.3"],"192.0.2.4"]`, "192.0.2.3"},
		{`"client_ip":[{"a":1},"192.0.2.4"]`, ""},
		{`"x":{"client_ip":"192.0.2.1"}`, ""},
		{`"client\u005fip":"192.0.2.1"`, ""}, // keys with escapes are passed over
		{`"CLIENT-IP":"192.0.2.1"`, "192.0.2.1"},
	} {
		if r := mustHit(t, newJSON(), "{"+c.text+jsonEnd); string(r.Client) != c.client {
			t.Errorf("%s: got client %q, want %q", c.text, r.Client, c.client)
		}
	}
}

// TestWhatALineMeansDoesNotDependOnTheKeysOfOthers shuffles, drops and adds
// keys, which is what the memory of keys must not be misled by.
func TestWhatALineMeansDoesNotDependOnTheKeysOfOthers(t *testing.T) {
	members := []string{
		`"time":1549573860`, `"status":200`, `"path":"/a"`, `"remote_addr":"192.0.2.1"`, `"bytes":7`, `"agent":"x"`,
		`"referer":"r"`, `"host":"h"`, `"method":"GET"`, `"user":"u"`, `"request_time":0.5`, `"extra":{"path":"/b","status":[404]}`,
		`"request":{"method":"PUT","headers":{"User-Agent":["y"],"X":["status"]},"uri":"/c"}`, `"stat":1`, `"statuses": 2`,
		`"status" : 201`, `"pat":"/d"`, `"request":"POST /e HTTP/1.1"`,
	}
	r := rand.New(rand.NewPCG(5, 8))
	p := newJSON()
	ltsv := newLTSV()
	hits, remembered := 0, 0
	for range 20000 {
		if r.IntN(20) == 0 {
			r.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
		}
		var some, labels []string
		for _, m := range members {
			if r.IntN(12) > 0 {
				some = append(some, m)
				if !strings.Contains(m, "{") && !strings.Contains(m, " ") {
					labels = append(labels, strings.ReplaceAll(m, `"`, ""))
				}
			}
		}
		for _, c := range []struct {
			old, fresh Parser
			line       string
		}{
			{p, newJSON(), "{" + strings.Join(some, ",") + "}"},
			{ltsv, newLTSV(), strings.Join(labels, "\t")},
		} {
			var got, want Record
			a, b := c.old.Parse([]byte(c.line), &got), c.fresh.Parse([]byte(c.line), &want)
			if a != b || a.Kind == Hit && !reflect.DeepEqual(got.Clone(), want.Clone()) {
				t.Fatalf("%s:\ngot  %+v %s\nwant %+v %s", c.line, a, show(got), b, show(want))
			}
			if a.Kind == Hit {
				hits++
			}
		}
		remembered += p.(*jsonParser).memory.known
	}
	if hits < 10000 || remembered < 50000 {
		t.Errorf("%d hits, %d keys remembered: the test sees too little", hits, remembered)
	}
}

func TestMappedKeysComeFirst(t *testing.T) {
	f, err := CompileJSON([]string{"status=http.code", "path=rest-of.it[0]", "latency_ms=took", "client=who", "client=ip", "time=when"})
	if err != nil {
		t.Fatal(err)
	}
	line := `{"when":7,"time":8,"http":{"code":404},"status":"fine","REST_OF":{"it":["/a"]},"path":"/b","took":1.5,"ip":"192.0.2.2","who":"192.0.2.1"}`
	if r := mustHit(t, f.New(), line); tellAll(&r) != "7.000000000 404 0 1.5ms client=192.0.2.1 target=/a" {
		t.Errorf("got %s", tellAll(&r))
	}
	if r := mustHit(t, f.New(), `{"when":7,"path":"/b","ip":"192.0.2.2"}`); tellAll(&r) != "7.000000000 0 0 client=192.0.2.2 target=/b" {
		t.Errorf("without some: got %s", tellAll(&r))
	}
	for _, c := range []struct{ mapping, want string }{
		{"status", "is not FIELD=KEY"},
		{"code=http.code", `no field "code": map one of agent, bytes, client`},
		{"status=", "empty part"},
		{"status=http..code", "empty part"},
		{"status=" + strings.Repeat("x", 65), "longer than 64"},
	} {
		if _, err := CompileJSON([]string{c.mapping}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.mapping, err, c.want)
		}
	}
	if _, err := CompileJSON(make([]string, 101)); err == nil {
		t.Error("101 mappings were taken")
	}
	if f, _ := Lookup("json"); strings.Contains(f.Title, "mapped") {
		t.Error("the table of formats was changed")
	}
}

func FuzzJSON(f *testing.F) { fuzzFormat(f, "json") }

func FuzzLTSV(f *testing.F) { fuzzFormat(f, "ltsv") }

// FuzzAcceptedJSONIsValid holds the scanner against encoding/json: what it
// reads to the end is valid, and what it calls invalid is not.
func FuzzAcceptedJSONIsValid(f *testing.F) {
	for _, s := range []string{
		exampleJSON, `{"a":[1,{"b":[]},-0.5e+7,true,null,"\u0041\\"]}`, `{"a":"\x41"}`, `{"a":1,}`, `{"a":{"b":{}}}}`, `{"":0}`, "{\"\":\"\x1f\"}", ` { } `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		p := newJSON()
		for range 3 {
			var r Record
			out := p.Parse(line, &r)
			invalid := out.Reason == ReasonSyntax || out.Reason == ReasonCut || out.Reason == ReasonExtra || out.Reason == ReasonEmpty || out.Reason == ReasonBinary
			if out.Reason == ReasonNested || strings.Contains(string(line), `\x`) || markLen(line) > 0 {
				return
			}
			object := strings.HasPrefix(strings.TrimLeft(string(line), " \t\r\n"), "{")
			if valid := json.Valid(line) && object; valid == invalid {
				t.Fatalf("%q: got %+v, encoding/json says valid = %v", line, out, valid)
			}
		}
	})
}

func BenchmarkJSON(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"caddy", `{"level":"info","ts":1693840791.7564995,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"172.17.0.1","remote_port":"44790","client_ip":"127.0.0.1","proto":"HTTP/1.0","method":"GET","host":"127.0.0.1:8080","uri":"/","headers":{"X-Forwarded-Port":["80"],"User-Agent":["curl/7.74.0"],"Accept":["*/*"],"Connection":["close"]}},"bytes_read":0,"user_id":"","duration":0.000002701,"size":0,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["text/html"]}}`},
		{"escapes", `{"time_iso8601":"2000-10-10T13:55:36-07:00","remote_addr":"203.0.113.7","request":"GET \/pages\/create?id=\"7\" HTTP\/1.1","status":200,"body_bytes_sent":2326,"http_referer":"http:\/\/www.example.org\/start","http_user_agent":"Mozilla\/5.0 (X11; Linux x86_64)"}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := newJSON()
			line := []byte(c.line)
			var r Record
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if p.Parse(line, &r).Kind != Hit {
					b.Fatal("not a hit")
				}
			}
		})
	}
}

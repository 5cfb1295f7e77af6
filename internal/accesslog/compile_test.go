package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// handWritten are strings that say what a format of the table says.
func handWritten() []struct{ format, spec string } {
	const nginx = `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent`
	const apache = `%h %l %u %t "%r" %>s %b`
	const nginxTail, apacheTail = ` "$http_referer" "$http_user_agent"`, ` "%{Referer}i" "%{User-Agent}i"`
	return []struct{ format, spec string }{
		{"common", nginx},
		{"common", apache},
		{"combined", nginx + nginxTail},
		{"combined", apache + apacheTail},
		{"combined", `LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combinedio`},
		{"combined", `%h %^ %e [%d:%t %^] "%r" %s %b "%R" "%u"`},
		{"combined-time", nginx + nginxTail + ` $request_time`},
		{"combined-us", apache + apacheTail + ` %D`},
		{"combined-us-size", apache + ` %D` + apacheTail},
		{"vhost-common", `%v:%p ` + apache},
		{"vhost-common", `%V ` + apache},
		{"vhost-combined", `$host:$server_port ` + nginx + nginxTail},
		{"vhost-combined", `%v:%^ %h %^ %e [%d:%t %^] "%r" %s %b "%R" "%u"`},
		{"vhost-combined-time", "log_format main '$http_host " + nginx + "'\n  '" + nginxTail + "' \" $request_time\";"},
		{"vhost-combined-us", `%v:%p ` + apache + apacheTail + ` %D`},
	}
}

// suite are the formats that the conformance suite runs.
func suite() []Format {
	all := Formats()
	for i, c := range handWritten() {
		f, err := Compile(c.spec)
		if err != nil {
			panic(err) // a test without its formats must not pass
		}
		hand, _ := Lookup(c.format)
		f.Name, f.Example = fmt.Sprintf("%s/string-%d", c.format, i), hand.Example
		all = append(all, f)
	}
	return all
}

func compiled(t testing.TB, spec string) Parser {
	t.Helper()
	f, err := Compile(spec)
	if err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return f.New()
}

// mangle makes a line that is hostile, or only strange.
func mangle(r *rand.Rand, line string) string {
	words := []string{" ", "\"", "\\", "\\\"", "[", "]", " [", " [10/", "-", " - ", "", "\x00", "200", "1", "::1", "GET", "HTTP/1.1", ",", "\t", "99999999999999999999", " [10/Oct/2000:13:55:36 -0700] ", "é", "?"}
	for range 1 + r.IntN(3) {
		at, n := r.IntN(len(line)+1), 0
		if r.IntN(2) == 0 {
			n = r.IntN(min(12, len(line)-at+1))
		}
		line = line[:at] + words[r.IntN(len(words))] + line[at+n:]
		if line == "" {
			line = " "
		}
	}
	return line
}

// TestACompiledStringReadsWhatTheHandWrittenParserReads: where both read a line
// the records are equal. Only one of them reads it in these cases alone: the
// string says what the parser of the table must guess (whether there is a
// virtual host), and says more than that asks for (the ident of nginx, a user,
// nothing between the user agent and the request time). Of two times in a line
// none is the right one.
func TestACompiledStringReadsWhatTheHandWrittenParserReads(t *testing.T) {
	for n, c := range handWritten() {
		t.Run(fmt.Sprint(c.format, n), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(n), 5))
			f, _ := Lookup(c.format)
			p, hand := compiled(t, c.spec), f.New()
			hits, rejected := 0, 0
			for range 30000 {
				line := []byte(mangle(r, f.Example))
				var a, b Record
				got, want := p.Parse(line, &a), hand.Parse(line, &b)
				switch {
				case got.Kind == Hit && want.Kind == Hit:
					hits++
					if !reflect.DeepEqual(a, b) {
						t.Fatalf("%q\ngot  %s\nwant %s", line, show(a), show(b))
					}
				case got.Kind == Hit:
					guessed := want.Reason == ReasonField && want.Column <= timeAt(line) || timesIn(line) > 1
					skipped := strings.Contains(c.spec, "%^]") && (want.Column-1 <= bytes.IndexByte(line, '"') || want.Reason == ReasonQuote || want.Reason == ReasonTime)
					if !guessed && !skipped && want.Reason != ReasonLatency && want.Reason != ReasonBinary {
						t.Fatalf("%q: got a hit, %s\nthe table has %+v", line, show(a), want)
					}
				case want.Kind == Hit:
					behind := got.Reason == ReasonExtra || got.Reason == ReasonLatency || got.Reason == ReasonBinary || got.Column > bytes.LastIndexByte(line, '"')+1
					if !behind && frontAsIn(c.spec, line) {
						t.Fatalf("%q: got %+v, the table has %s", line, got, show(b))
					}
				default:
					rejected++
					if got.Column < 1 || got.Column > len(line)+1 {
						t.Fatalf("%q: got %+v", line, got)
					}
				}
			}
			if hits < 1000 || rejected < 1000 {
				t.Errorf("%d hits and %d rejected lines: the test sees too few of one kind", hits, rejected)
			}
		})
	}
}

func timesIn(line []byte) int {
	n := 0
	for at := timeAt(line); at >= 0; at = timeAt(line) {
		n, line = n+1, line[at:]
	}
	return n
}

// frontAsIn says whether what stands before the time of line has all the words
// that a string asks for.
func frontAsIn(spec string, line []byte) bool {
	want, at := 3, timeAt(line)
	hosted := strings.Contains(spec, "%v") || strings.Contains(spec, "%V") || strings.Contains(spec, "host")
	if hosted {
		want++
	}
	words := bytes.SplitN(line[:at-1], []byte(" "), want)
	return len(words) == want && (!strings.Contains(spec, "$") || string(words[want-2]) == "-")
}

func TestStringsAreReadFieldByField(t *testing.T) {
	for _, c := range []struct{ spec, line, want string }{
		{ // nginx, JSON
			`log_format j escape=json '{"t":"$time_iso8601","ip":"$remote_addr","m":"$request_method","u":"$request_uri","s":$status,"b":$body_bytes_sent,' '"ua":"$http_user_agent","rt":$request_time,"h":"$host"}';`,
			`{"t":"2000-10-10T20:55:36+00:00","ip":"::1","m":"PUT","u":"/a","s":404,"b":7,"ua":"x \"y\"","rt":0.5,"h":"h"}`,
			`971211336 ::1 PUT /a 404 7 h x \"y\" 500ms`,
		},
		{`${remote_addr}|$msec|$uri$is_args$args|$status`, `192.0.2.1|971211336.250|/a?b=c|200`, "971211336.25 192.0.2.1 /a?b=c 200"},
		{`$remote_addr $msec $uri $args`, `192.0.2.1 971211336.250 /a b=c`, "971211336.25 192.0.2.1 /a?b=c"},
		{`$remote_addr $msec $uri $args`, `192.0.2.1 971211336.250 /a -`, "971211336.25 192.0.2.1 /a"},
		{`$remote_addr [$time_local] $request $status`, `192.0.2.1 [10/Oct/2000:13:55:36 -0700] GET /a b HTTP/1.1 200`, "971211336 192.0.2.1 GET /a b HTTP/1.1 200"},
		{`$time_iso8601 $request_uri $http_user_agent $request_time`, `2000-10-10T20:55:36Z /a a b c 0.25`, "971211336 /a a b c 250ms"},
		{`$time_iso8601 $scheme://$host$request_uri`, `2000-10-10T20:55:36Z https://h:8/a`, "971211336 /a h:8"},
		{`$time_iso8601 "$request" $upstream_addr $upstream_response_time $upstream_status`, `2000-10-10T20:55:36Z "GET /a HTTP/1.1" 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 0.1, - : 0.2 502, 504 : 200`, "971211336 GET /a HTTP/1.1 300ms"},
		{`$time_iso8601 "$request" "$upstream_response_time" "$request_time"`, `2000-10-10T20:55:36Z "GET /a HTTP/1.1" "9" "0.5"`, "971211336 GET /a HTTP/1.1 500ms"},
		{`"$http_x_forwarded_for" [$time_local] "$request"`, `"unknown, 192.0.2.9:77, 10.0.0.1" [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1"`, "971211336 192.0.2.9 GET /a HTTP/1.1"},
		{`"$http_x_forwarded_for" [$time_local] "$request"`, `"<script>" [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1"`, "971211336 GET /a HTTP/1.1"},
		{`$remote_addr:$remote_port [$time_local] "$request"`, `2001:db8::7:5140 [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1"`, "971211336 2001:db8::7 GET /a HTTP/1.1"},
		{`[$time_local] "$request_method $request_uri $server_protocol" $my_own "$http_x_id"`, `[10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" x ""`, "971211336 GET /a HTTP/1.1"},
		{`escape=none '$time_iso8601 "$request" "$http_referer"'`, `2000-10-10T20:55:36Z "GET /a\" "r"`, `971211336 GET /a\ r`},
		{`$bytes_sent $body_bytes_sent $time_local "$request"`, `900 7 10/Oct/2000:13:55:36 -0700 "GET /a HTTP/1.1"`, "971211336 GET /a HTTP/1.1 7"},

		{`%{%Y-%m-%d %T}t.%{msec_frac}t %{%z}t %a %m %U%q %H %>s %{us}T`, `2000-10-10 13:55:36.250 -0700 192.0.2.1 GET /a?b HTTP/1.1 200 9`, "971211336.25 192.0.2.1 GET /a?b HTTP/1.1 200 9µs"},
		{`%{sec}t.%{usec_frac}t %U %q`, `971211336.250000 /a ?b=c`, "971211336.25 /a?b=c"},
		{`%{sec}t.%{usec_frac}t %U %q`, `971211336.250000 /a `, "971211336.25 /a"},
		{`%{msec}t %U`, `971211336250 /a b`, "971211336.25 /a b"},
		{`%{usec}t\t%U\t%{ms}T`, "971211336250000\t/a\t3", "971211336.25 /a 3ms"},
		{`[%{%d/%b/%Y:%I:%M:%S %p}t] %U 100%%`, `[10/Oct/2000:08:55:36 PM] /a 100%`, "971211336 /a"},
		{`[%{begin:%B %e, %y %R}t] %U`, `[October  9, 00 20:55] /a`, "971124900 /a"},
		{`%{%j %Y %T}t %U`, `284 2000 20:55:36 /a`, "971211336 /a"},
		{`%a %{c}a %t "%!200,304{Referer}i" %r`, `192.0.2.1 10.0.0.1 [10/Oct/2000:13:55:36 -0700] "-" GET /a HTTP/1.1`, "971211336 192.0.2.1 GET /a HTTP/1.1"},
		{`%t %U %T %D %s %>s`, `[10/Oct/2000:13:55:36 -0700] /a 0 1500 301 200`, "971211336 /a 200 1.5ms"},
		{`%t %U "%{X-Forwarded-For}i" %{SSL_PROTOCOL}x %{VARNAME}^ti %X`, `[10/Oct/2000:13:55:36 -0700] /a "192.0.2.3" TLSv1.3 - +`, "971211336 192.0.2.3 /a"},

		{`%d %t %h %m %U %q %s %L`, `2000-10-10 20:55:36 192.0.2.1 GET /a b=c 200 12`, "971211336 192.0.2.1 GET /a?b=c 200 12ms"},
		{`%dT%t.%^ %h %U more`, `2000-10-10T20:55:36.250Z 192.0.2.1 /a more and more`, "971211336.25 192.0.2.1 /a"},
		{`%x %~%h %U`, `971211336.25    192.0.2.1 /a`, "971211336.25 192.0.2.1 /a"},
		{`%x - ~h{, } %U %n`, `2000-10-10T13:55:36-07:00 - unknown, 192.0.2.1, 10.0.0.1 /a 5`, "971211336 192.0.2.1 /a 5ns"},
		{`%x %U %T`, `10/Oct/2000:13:55:36 -0700 /a -1`, "971211336 /a"},
	} {
		r := mustHit(t, compiled(t, c.spec), c.line)
		got := fmt.Sprint(r.Sec)
		if r.Nanos != 0 {
			got = strings.TrimRight(fmt.Sprintf("%d.%09d", r.Sec, r.Nanos), "0")
		}
		for _, v := range [][]byte{r.Client, r.Method, r.Target, r.Protocol} {
			if v != nil {
				got += " " + string(v)
			}
		}
		if r.Status != 0 {
			got += fmt.Sprint(" ", r.Status)
		}
		if r.Bytes != 0 {
			got += fmt.Sprint(" ", r.Bytes)
		}
		for _, v := range [][]byte{r.Host, r.Referrer, r.Agent} {
			if v != nil {
				got += " " + string(v)
			}
		}
		if r.Latency != NoLatency {
			got += " " + r.Latency.String()
		}
		if got != c.want {
			t.Errorf("%s\n%s\ngot  %s\nwant %s", c.spec, c.line, got, c.want)
		}
	}
}

func TestRejectedLinesOfAStringHaveReasonAndColumn(t *testing.T) {
	const spec = `$remote_addr [$time_local] "$request" $status|$request_time`
	for _, c := range []struct {
		line   string
		reason Reason
		at     int
	}{
		{`192.0.2.1 {10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200|0.1`, ReasonField, 11},
		{`192.0.2.1 [10/Oct/2000:13:65:36 -0700] "GET / HTTP/1.1" 200|0.1`, ReasonTime, 27},
		{`192.0.2.1 [31/Feb/2000:13:55:36 -0700] "GET / HTTP/1.1" 200|0.1`, ReasonTime, 12},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700) "GET / HTTP/1.1" 200|0.1`, ReasonTime, 38},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] GET / HTTP/1.1 200|0.1`, ReasonQuote, 40},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1 200|0.1`, ReasonQuote, 40},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET /" HTTP/1.1" 200|0.1`, ReasonStatus, 48},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET /"x HTTP/1.1" 200|0.1`, ReasonQuote, 47},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 2x0|0.1`, ReasonStatus, 57},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200|x`, ReasonLatency, 61},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200|0.1 more`, ReasonExtra, 64},
		{`192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200`, ReasonCut, 60},
		{`192.0.2.1 [10/Oct/2000:13`, ReasonCut, 26},
		{`192,0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200|0.1`, ReasonField, 1},
	} {
		var r Record
		if out := compiled(t, spec).Parse([]byte(c.line), &r); out.Kind != Rejected || out.Reason != c.reason || out.Column != c.at {
			t.Errorf("%s: got %+v, want %q at %d", c.line, out, c.reason, c.at)
		}
	}
}

func TestWhatIsWrongWithAStringIsSaidWithItsColumn(t *testing.T) {
	for _, c := range []struct{ spec, want string }{
		{``, "the format is empty"},
		{`hello`, "the format has no field: nginx writes $status"},
		{`  $remote_addr$status [$time_local] "$request"`, "column 15: between $remote_addr and $status stands nothing"},
		{`$time_locl "$request"`, "column 1: the format has no time: it needs $time_local, $time_iso8601 or $msec; is $time_locl to be $time_local?"},
		{`[$time_local] "$requst" $status`, "column 16: the format has no request: it needs $request, or $request_uri or $uri; is $requst to be $request?"},
		{`$remote_addr [$time_local] $status`, "the format has no request: it needs"},
		{`${time_local "$request"`, "column 1: ${ must be followed by"},
		{`log_format main;`, "log_format must be followed by a name and a format"},
		{`log_format main escape=yaml '$request'`, "column 17: nginx has escape=default"},
		{`%h %l %u "%r" %>s`, "the format has no time: it needs %t"},
		{`%h %t %>s`, "the format has no request: it needs %r or %U"},
		{`%h %t "%r" %Q`, "column 12: Apache has no %Q; is it to be %q?"},
		{`%h %t "%r" %Z`, "column 12: Apache has no %Z; most formats are made of"},
		{`%h %t "%r" %`, "column 12: a % without a letter"},
		{`%h %t "%r" %{Referer`, "column 12: a { is not closed"},
		{`%h %t "%r" %i`, "column 12: %i needs the name"},
		{`%h %{%Y-%Q}t "%r"`, "column 9: %{%Y-%Q}t: %Q is no part of a time"},
		{`%h %{%H:%M}t "%r"`, "the format has a time without its day, month and year"},
		{`%h %{%F}t "%r"`, "the format has a date without a time of day"},
		{`%h %{%d/%b}t %U %{%Y %T}t`, "column 4: day, month and year must stand together"},
		{`%h %t "%r" %{fortnights}T`, "column 12: %{fortnights}T: Apache has the units"},
		{`LogFormat combined`, "LogFormat must be followed by a format"},
		{`LogFormat "%h %t \"%r\" %Q" x`, "column 25: Apache has no %Q"},
		{`%h %d:%t "%r" %S`, "column 15: GoAccess has no %S; is it to be %s?"},
		{`%h %d:%t "%r" %>s`, "column 15: GoAccess has no %>; Apache has"},
		{`%d %h "%r" `, "the format has a date without a time of day"},
		{`%x ~h{ %U`, "column 4: ~h must be followed by"},
	} {
		_, err := Compile(c.spec)
		var e *SpecError
		if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.spec, err, c.want)
		}
	}
	for _, c := range []struct{ log, date, time, want string }{
		{`%h %d:%t "%r"`, "%d/%Q", "", "date format, column 4: %Q is no part of a time"},
		{`%h %d:%t "%r"`, "", "hh", "time format, column 1: it has no part of a time"},
		{`%h %d "%r"`, "%d/%b", "", "the format has a time without its day, month and year"},
		{`{"a": "%h"}`, "", "", "this is a JSON format"},
		{`NOSUCH`, "", "", `"NOSUCH" is neither a format of GoAccess`},
	} {
		_, err := CompileGoAccess(c.log, c.date, c.time)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s, %s, %s: got %v, want %s", c.log, c.date, c.time, err, c.want)
		}
	}
}

func TestGoAccessNamesAreReadByOurFormatsOrCompiled(t *testing.T) {
	for _, name := range PredefinedNames() {
		f, err := CompileGoAccess(name, "", "")
		if err != nil {
			if _, ok := Lookup("json"); ok || name != "CADDY" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		primed(t, f)
		d, _ := predefinedNamed(name)
		if _, ours := Lookup(d.ours); ours {
			if f.Name != d.ours {
				t.Errorf("%s: got the format %s, want %s", name, f.Name, d.ours)
			}
		}
		if d.log == "" {
			continue
		}
		// The string itself must be readable too: with another date format it is
		// what counts.
		p, err := planGoAccess(d.log, d.date, d.time)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f, err = p.format(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r := mustHit(t, f.New(), f.Example); r.Sec != 971211336 && r.Sec != 971186136 || string(r.Client) != "203.0.113.7" {
			t.Errorf("%s: %s: got %s", name, f.Example, show(r))
		}
	}
	if p := compiled(t, `%d %t %h %U`); p.Parse([]byte("#Version: 1.0"), new(Record)).Kind != Directive {
		t.Error("a line that begins with # is no directive for GoAccess's formats")
	}
}

func TestATimeFormatReadsWhatTheStandardLibraryWrites(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for _, c := range []struct{ strftime, layout string }{
		{"%d/%b/%Y:%H:%M:%S %z", "02/Jan/2006:15:04:05 -0700"},
		{"%Y-%m-%dT%H:%M:%S%z", "2006-01-02T15:04:05-0700"},
		{"%F %T", "2006-01-02 15:04:05"},
		{"%e %B %y, %I:%M:%S%p", "_2 January 06, 03:04:05PM"},
		{"%a, %d %h %Y %T %Z", "Mon, 02 Jan 2006 15:04:05 UTC"},
		{"%Y%j %R:%S", "2006002 15:04:05"},
		{"%D %r", "01/02/06 03:04:05 PM"},
	} {
		parts, _, wrong := strftime(c.strftime, false)
		if wrong != "" {
			t.Fatalf("%s: %s", c.strftime, wrong)
		}
		reader := newTimeReader(parts)
		var s stamp
		for range 2000 {
			at := time.Unix(r.Int64N(3_000_000_000), 0).UTC()
			if strings.Contains(c.layout, "-0700") {
				at = at.In(time.FixedZone("", (r.IntN(26)-12)*1800))
			}
			text := at.Format(c.layout)
			for range 2 {
				sec, _, next, ok := reader.read([]byte("x"+text+"y"), 1, &s)
				if !ok || sec != at.Unix() || next != len(text)+1 {
					t.Fatalf("%s: %s: got %d, end %d, %v; want %d", c.strftime, text, sec, next, ok, at.Unix())
				}
			}
		}
	}
}

func TestServerConfigsAreReadForTheirFormats(t *testing.T) {
	got := ReadNginxConfig(`# log_format no '$no';
http {
  include mime.types; include /etc/nginx/conf.d/*.conf;
  log_format main '$remote_addr [$time_local] ' # a comment
                  '"$request; {" $status';
  log_format bare $remote_addr\ [$time_local]\ "$request";
  access_log /var/log/a.log main buffer=32k;
  server { access_log off; access_log /var/log/b.log; access_log /c buffer=1k; location / { access_log /d main; } }
}`)
	if len(got.Formats) != 2 || got.Formats[0].Name != "main" || got.Formats[0].Line != 4 ||
		!reflect.DeepEqual(got.Used, []string{"main", "combined"}) ||
		!reflect.DeepEqual(got.Includes, []string{"mime.types", "/etc/nginx/conf.d/*.conf"}) {
		t.Errorf("nginx: got %+v", got)
	}
	mustHit(t, compiled(t, got.Formats[0].Spec), `192.0.2.1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1; {" 200`)
	got = ReadApacheConfig(`ServerRoot "/etc/apache2"
# LogFormat "%h" no
logformat "%h %l %u %t \"%r\" \
%>s %b" common
LogFormat "%v %h" vhost
<VirtualHost *:80>
  CustomLog ${APACHE_LOG_DIR}/a.log common env=!x
  CustomLog "logs/b.log" "%h %t %U"
</VirtualHost>
IncludeOptional sites-enabled/*.conf
`)
	if len(got.Formats) != 3 || got.Formats[0].Name != "common" || got.Formats[2].Name != "" || got.Formats[2].Line != 8 ||
		got.Root != "/etc/apache2" || !reflect.DeepEqual(got.Used, []string{"common"}) || !reflect.DeepEqual(got.Includes, []string{"sites-enabled/*.conf"}) {
		t.Errorf("Apache: got %+v", got)
	}
	mustHit(t, compiled(t, got.Formats[0].Spec), exampleCommon)
	mustHit(t, compiled(t, got.Formats[2].Spec), `192.0.2.1 [10/Oct/2000:13:55:36 -0700] /`)
}

func TestAForkOfACompiledParserSharesNoMemory(t *testing.T) {
	p := compiled(t, `$msec $uri $args`)
	var a, b Record
	f := fork(p)
	p.Parse([]byte("971211336.000 /a b=1"), &a)
	f.Parse([]byte("971211336.000 /c d=2"), &b)
	if string(a.Target) != "/a?b=1" || string(b.Target) != "/c?d=2" {
		t.Errorf("got %q and %q", a.Target, b.Target)
	}
}

func FuzzCompile(f *testing.F) {
	line := exampleHost + exampleCommon + exampleTail + ` 0.042`
	for _, c := range handWritten() {
		f.Add(c.spec, line)
	}
	for _, d := range predefinedFormats() {
		f.Add(d.log, line)
	}
	f.Add(`%{%Y-%j %I %p}t%{msec_frac}t %U%q ~h{, } %~`, "2000-284 01 PM000 /a?b")
	f.Add(`$uri $args $msec $upstream_response_time $http_user_agent $status`, "/a b 9.5 0.1, 0.2 : 0.3 a b 200")
	f.Add(`LogFormat "%h \`, "")
	f.Add("0$0\xec\xb8\"", "0")
	f.Fuzz(func(t *testing.T, spec, line string) {
		ReadNginxConfig(spec)
		ReadApacheConfig(spec)
		for _, format := range strings.Fields(spec) {
			CompileGoAccess("%d:%t %x %U", format, line)
		}
		format, err := Compile(spec)
		if err != nil {
			var e *SpecError
			if !errors.As(err, &e) || e.Column < 0 || e.In == "" && e.Column > len(spec)+1 {
				t.Errorf("%q: got %v, want an error with a column within it", spec, err)
			}
			return
		}
		checkLine(t, format.New(), []byte(line))
		checkLine(t, format.New(), []byte(format.Example))
	})
}

func BenchmarkCompiledShapes(b *testing.B) {
	for _, c := range []struct{ name, spec string }{
		{"nginx-json", `{"t":"$time_iso8601","ip":"$remote_addr","m":"$request_method","u":"$request_uri","s":$status,"b":$body_bytes_sent,"ua":"$http_user_agent","rt":$request_time}`},
		{"millis", `$remote_addr $msec "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time`},
		{"goaccess", `%h %^ %e [%d:%t %^] "%r" %s %b "%R" "%u"`},
		{"tabs", `%{%F %T}t.%{msec_frac}t\t%a\t%m\t%U\t%q\t%H\t%>s\t%b\t%D`},
	} {
		f, err := Compile(c.spec)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			p, line := f.New(), []byte(f.Example)
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

// TestRealLogsAreReadByAStringAsByTheTable compares each record.
func TestRealLogsAreReadByAStringAsByTheTable(t *testing.T) {
	for _, name := range []string{"combined/apache_blog.log", "combined/nginx_shop.log"} {
		hand := parserOf(t, "combined")
		hand.(*clfParser).readLists() // as a name in the string makes the others do
		for _, spec := range []string{
			`%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`,
			`$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"`,
		} {
			if name == "combined/nginx_shop.log" {
				// Its lines end in one field more.
				spec += map[bool]string{true: ` "%{X-Forwarded-For}i"`, false: ` "$http_x_forwarded_for"`}[spec[0] == '%']
			}
			p := compiled(t, spec)
			for i, line := range corpus(t, name) {
				var a, b Record
				got, want := p.Parse(line, &a), hand.Parse(line, &b)
				if got.Kind != want.Kind || got.Kind == Hit && !reflect.DeepEqual(a, b) {
					t.Fatalf("%s:%d: got %+v %s\nwant %+v %s", name, i+1, got, show(a), want, show(b))
				}
			}
		}
	}
}

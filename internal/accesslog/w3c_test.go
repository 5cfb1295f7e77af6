package accesslog

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// readAll is what a Parser makes of each line of a text, in a word.
func readAll(t testing.TB, p Parser, text string) []string {
	t.Helper()
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		var r Record
		switch o := p.Parse([]byte(line), &r); o.Kind {
		case Directive:
			out = append(out, "directive")
		case Rejected:
			out = append(out, fmt.Sprintf("%s at %d", o.Reason, o.Column))
		default:
			out = append(out, fmt.Sprintf("%s %s %s %d %v", time.Unix(r.Sec, int64(r.Nanos)).UTC().Format("2006-01-02T15:04:05.999"), r.Client, r.Target, r.Status, r.Latency))
		}
	}
	return out
}

func checkAll(t *testing.T, p Parser, text string, want ...string) {
	t.Helper()
	got := readAll(t, p, text)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("line %d of\n%s\ngot  %q\nwant %q", i+1, text, got, want)
			return
		}
	}
}

func TestFieldsMayComeBackChangedInMidFile(t *testing.T) {
	checkAll(t, newW3C(), `#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2000-10-10 20:55:36
#Fields: date time c-ip cs-method cs-uri-stem sc-status time-taken
2000-10-10 20:55:36 203.0.113.7 GET /a 200 42
#Fields: time-taken sc-status cs-uri-stem cs-method c-ip time date
43 404 /b GET 203.0.113.8 20:55:37 2000-10-10
2000-10-10 20:55:36 203.0.113.7 GET /a 200 42
#Fields:
44 200 /c GET 203.0.113.8 20:55:38 2000-10-10`,
		"directive", "directive", "directive", "directive",
		"2000-10-10T20:55:36 203.0.113.7 /a 200 42ms",
		"directive",
		"2000-10-10T20:55:37 203.0.113.8 /b 404 43ms",
		"request time is no number at 1",
		"field not as expected at 1",
		"2000-10-10T20:55:38 203.0.113.8 /c 200 44ms")
}

func TestRowsBeforeAnyFieldsAreReadIfTheyHaveTheDefaultOnes(t *testing.T) {
	checkAll(t, newW3C(), `2000-10-10 20:55:36 192.0.2.80 GET /a id=7 80 - 203.0.113.7 Mozilla/5.0+(X11) - 200 0 0 42
2000-10-10 20:55:36 192.0.2.80 GET /a id=7 80 - 203.0.113.7 Mozilla/5.0+(X11) - 200 0 0
2000-10-10 20:55:36 192.0.2.80 GET /a id=7 80 - 203.0.113.7 Mozilla/5.0+(X11) - 20x 0 0 42
203.0.113.7 GET /a`,
		"2000-10-10T20:55:36 203.0.113.7 /a?id=7 200 42ms",
		"line ends too early at 88",
		"status is no number of three digits at 81",
		"no header seen before the first row at 1")
}

func TestTimesWithoutADateTakeTheDayOfTheDirective(t *testing.T) {
	checkAll(t, newW3C(), `#Fields: time c-ip cs-uri-stem sc-status
23:59:58 203.0.113.7 /a 200
#Date: 2000-10-10 23:59:57
23:59:58 203.0.113.7 /a 200
00:00:01 203.0.113.7 /b 200
24:00:01 203.0.113.7 /b 200`,
		"directive",
		"columns are missing in the header at 1",
		"directive",
		"2000-10-10T23:59:58 203.0.113.7 /a 200 -1ns",
		"2000-10-11T00:00:01 203.0.113.7 /b 200 -1ns",
		"time not readable at 1")
}

func TestLocalTimesTakeTheOffsetOfTheDirective(t *testing.T) {
	rows := "#Fields: date-local time-local c-ip cs-uri-stem sc-status\n2000-10-10 13:55:36.5 203.0.113.7 /a 200"
	checkAll(t, newW3C(), rows, "directive", "2000-10-10T13:55:36.5 203.0.113.7 /a 200 -1ns")
	checkAll(t, newW3C(), "#GMT-Offset: -0700\n"+rows, "directive", "directive", "2000-10-10T20:55:36.5 203.0.113.7 /a 200 -1ns")
	checkAll(t, newW3C(), "#GMT-Offset: -0700\n"+strings.ReplaceAll(rows, "-local", ""),
		"directive", "directive", "2000-10-10T13:55:36.5 203.0.113.7 /a 200 -1ns")
}

func TestTheUnitOfTimeTakenIsThatOfTheServer(t *testing.T) {
	for _, c := range []struct{ software, value, want string }{
		{"Microsoft Internet Information Services 10.0", "42", "42ms"},
		{"Apache Tomcat/10.1", "0.042", "42ms"},
		{"Apache Tomcat/10.1", "2", "2s"},
		{"SGOS 6.7", "42", "42ms"},
		{"unknown", "0.042", "42ms"},
		{"Oracle9iAS Web Cache/2.0", "42", "-1ns"},
	} {
		got := readAll(t, newW3C(), "#Software: "+c.software+"\n#Fields: date time c-ip cs-uri sc-status time-taken\n2000-10-10 20:55:36 203.0.113.7 /a 200 "+c.value)
		if !strings.HasSuffix(got[2], " 200 "+c.want) {
			t.Errorf("%s, time-taken %s: got %q, want %s", c.software, c.value, got[2], c.want)
		}
	}
	got := readAll(t, newW3C(), "#Fields: date time x-edge-location c-ip cs-uri-stem sc-status time-taken\n2000-10-10\t20:55:36\tFRA\t203.0.113.7\t/a\t200\t2")
	if !strings.HasSuffix(got[1], " 200 2s") {
		t.Errorf("CloudFront, time-taken 2: got %q, want 2s", got[1])
	}
}

func TestQuotesAreThoseOfTheServer(t *testing.T) {
	fields := "#Fields: date time c-ip cs-uri-stem cs-uri-query sc-status cs(User-Agent)\n"
	const row = "2000-10-10 20:55:36 203.0.113.7 /a "
	p := newW3C()
	readAll(t, p, fields)
	if r := mustHit(t, p, row+`"b=""c d""" "200" "Mozilla/5.0 (X11; a+b)"`); string(r.Target) != `/a?b="c d"` || string(r.Agent) != "Mozilla/5.0 (X11; a+b)" {
		t.Errorf("a server that quotes: got %s", show(r))
	}
	var r Record
	if out := p.Parse([]byte(row+`"b 200 -`), &r); out.Reason != ReasonQuote || out.Column != len(row)+1 {
		t.Errorf("an open quote: got %+v", out)
	}
	p = newW3C()
	readAll(t, p, "#Software: Microsoft Internet Information Services 10.0\n"+fields)
	if r := mustHit(t, p, row+`"><b" 200 "Mozilla/5.0+(X11)`); string(r.Target) != `/a?"><b"` || string(r.Agent) != `"Mozilla/5.0 (X11)` {
		t.Errorf("a server that never quotes: got %s", show(r))
	}
}

func TestAgentsAreReadAsTheClientSentThem(t *testing.T) {
	p := newCloudFront()
	_, line := primed(t, mustLookup(t, "cloudfront"))
	for _, c := range []struct{ written, want string }{
		{"curl/8.0", "curl/8.0"},
		{"Mozilla/5.0%20(a%2Bb+c)", "Mozilla/5.0 (a+b+c)"},
		{"Mozilla/5.0%2520(X11)", "Mozilla/5.0 (X11)"},
		{"100%25", "100%"},
		{"a%0Ab%250Ac%zz%", "a%0Ab%0Ac%zz%"},
	} {
		r := mustHit(t, p, strings.Replace(string(line), "Mozilla/5.0%20(X11;%20Linux%20x86_64)", c.written, 1))
		if string(r.Agent) != c.want {
			t.Errorf("%s: got %q, want %q", c.written, r.Agent, c.want)
		}
	}
}

func TestHostAndPathOfAWholeAddressAreTakenApart(t *testing.T) {
	for _, c := range []struct{ uri, query, host, target string }{
		{"/a", "-", "", "/a"},
		{"/a?b", "c", "", "/a?b"},
		{"/a", "?c", "", "/a?c"},
		{"www.example.org/a/b", "c=d", "www.example.org", "/a/b?c=d"},
		{"http://www.example.org/a", "-", "", "http://www.example.org/a"},
	} {
		p := newW3C()
		readAll(t, p, "#Fields: date time cs-uri cs-uri-query")
		r := mustHit(t, p, "2000-10-10 20:55:36 "+c.uri+" "+c.query)
		if string(r.Host) != c.host || string(r.Target) != c.target {
			t.Errorf("%s %s: got host %q, target %q; want %q, %q", c.uri, c.query, r.Host, r.Target, c.host, c.target)
		}
	}
}

func TestOlderCloudFrontRowsAreRead(t *testing.T) {
	_, line := primed(t, mustLookup(t, "cloudfront"))
	columns := strings.Split(string(line), "\t")
	for n := range len(columns) + 1 {
		var r Record
		out := newCloudFront().Parse([]byte(strings.Join(columns[:n], "\t")), &r)
		if want := n == 24 || n == 26 || n == 33; (out.Kind == Hit) != want {
			t.Errorf("%d columns: got %+v", n, out)
		}
	}
}

func TestAHeaderThatLacksTheTimeIsSaidSo(t *testing.T) {
	d := Detect(sample("#Version: 1.0\n#Fields: c-ip cs-method\n203.0.113.7 GET"))
	if got := d.Complaint(); got != "its header has no column for the time (date and time) and none for the request (cs-uri-stem or cs-uri)" {
		t.Errorf("got %q", got)
	}
}

// TestDirectivesThatManyFormatsHaveDecideNothing reads logs of which no head
// was seen before.
func TestDirectivesThatManyFormatsHaveDecideNothing(t *testing.T) {
	edge := "#Version: 1.0\n#Fields: date time x-edge-location c-ip cs-uri-stem sc-status time-taken\n2000-10-10\t20:55:36\tFRA\t203.0.113.7\t/a\t200\t2"
	iis := "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time c-ip cs-uri-stem sc-status time-taken\n2000-10-10 20:55:36 203.0.113.7 /a 200 2000"
	for want, text := range map[string]string{"cloudfront": edge, "w3c": iis} {
		a := new(Auto)
		got := readAll(t, a, text)
		f, _ := a.Format()
		if f.Name != want || got[len(got)-1] != "2000-10-10T20:55:36 203.0.113.7 /a 200 2s" {
			t.Errorf("%s: got %q, %q", want, f.Name, got)
		}
		if d := Detect(sample(text)); d.Format.Name != want || d.Confidence != 1 {
			t.Errorf("%s: Detect found %q, confidence %v", want, d.Format.Name, d.Confidence)
		}
		// A log that was of another format so far learns them before it
		// gives way.
		a = new(Auto)
		readAll(t, a, exampleCommon+exampleTail)
		lines := strings.Split(text, "\n")
		readAll(t, a, text+strings.Repeat("\n"+lines[len(lines)-1], patience+1))
		if f, _ := a.Format(); f.Name != want && f.Name != "w3c" {
			t.Errorf("after Combined: got %q, want %q", f.Name, want)
		}
	}
}

func TestRealW3CLogsAreReadToTheLastLine(t *testing.T) {
	for _, c := range []struct {
		file                       string
		hits, directives, rejected int
		last                       string
	}{
		{"w3c_0.log", 1, 4, 0, "2002-05-02T17:42:15 172.22.255.255 /images/picture.jpg 200 -1ns"},
		{"w3c_1.log", 1, 6, 0, "2001-10-31T00:00:18 64.103.37.2 /admin/images/oc_bottomleft.gif 200 -1ns"},
		// FTP: the commands are no tokens, and so malformed requests.
		{"w3c_2.log", 14, 8, 0, "2000-10-10T16:48:05 1.1.1.1  226 -1ns"},
		// Empty lines between the directives.
		{"w3c_3.log", 3, 4, 3, "2012-08-15T17:00:00.675 173.5.0.0 /hello/world/6,681965 404 359ms"},
		// A web application firewall, with addresses that have no scheme.
		{"w3c_4.log", 2, 4, 0, "2017-06-26T18:21:17 125.125.125.125 /rss/news 0 -1ns"},
		// A row with more fields than are named.
		{"w3c_5.log", 0, 1, 1, "more fields than the format has at 53"},
		{"w3c_6.log", 1, 4, 0, "2015-01-13T00:32:17 157.55.39.146 /robots.txt 404 283ms"},
		{"w3c_big.log", 210, 44, 0, ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			lines := corpus(t, "w3c/"+c.file)
			p := newW3C()
			hits, directives, rejected := 0, 0, 0
			last := ""
			for _, line := range lines {
				var r Record
				switch out := p.Parse(line, &r); out.Kind {
				case Hit:
					hits++
					checkViews(t, p, line, &r)
				case Directive:
					directives++
				default:
					rejected++
				}
				last = readAll(t, p, string(line))[0]
			}
			if hits != c.hits || directives != c.directives || rejected != c.rejected || c.last != "" && last != c.last {
				t.Errorf("got %d hits, %d directives, %d rejected, last %q\nwant %d, %d, %d, %q", hits, directives, rejected, last, c.hits, c.directives, c.rejected, c.last)
			}
			if d := Detect(lines); d.Found && d.Format.Name != "w3c" {
				t.Errorf("Detect found %q", d.Format.Name)
			}
		})
	}
}

func mustLookup(t testing.TB, name string) Format {
	t.Helper()
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("no format %q", name)
	}
	return f
}

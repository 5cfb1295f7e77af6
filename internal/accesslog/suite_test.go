package accesslog

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// The conformance suite: every row of Formats runs all of it, and so do compiled
// strings that say the same.

// exampleRecord is what the Example of a format means.
func exampleRecord(format string) Record {
	r := Record{
		Sec: 971211336, Status: 200, Bytes: 2326, Latency: NoLatency,
		Client: []byte("203.0.113.7"), User: []byte("frank"),
		Request: []byte("GET /pages/create?id=7 HTTP/1.1"), Method: []byte("GET"),
		Target: []byte("/pages/create?id=7"), Protocol: []byte("HTTP/1.1"),
	}
	if strings.Contains(format, "combined") {
		r.Referrer = []byte("http://www.example.org/start")
		r.Agent = []byte("Mozilla/5.0 (X11; Linux x86_64)")
	}
	if strings.HasPrefix(format, "vhost-") {
		r.Host = []byte("www.example.org:443")
	}
	if format == "json" || format == "ltsv" {
		r.Referrer = []byte("http://www.example.org/start")
		r.Agent = []byte("Mozilla/5.0 (X11; Linux x86_64)")
		r.Host = []byte("www.example.org")
		r.Latency = 42 * time.Millisecond
	}
	if strings.Contains(format, "-time") || strings.Contains(format, "-us") {
		r.Latency = 42 * time.Millisecond
	}
	familyOf(format).expect(&r)
	return r
}

// spelled is text as a quoted field of a format has it.
func spelled(format, text string) string {
	if format != "json" {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\x01", `\u0001`, "\x02", `\u0002`).Replace(text)
}

// primed returns a Parser that has seen the header lines of the Example, and
// the line itself.
func primed(t testing.TB, f Format) (Parser, []byte) {
	t.Helper()
	lines := strings.Split(f.Example, "\n")
	p := f.New()
	var r Record
	for _, header := range lines[:len(lines)-1] {
		if out := p.Parse([]byte(header), &r); out.Kind != Directive {
			t.Fatalf("%s: header %q: got %+v, want a directive", f.Name, header, out)
		}
	}
	return p, []byte(lines[len(lines)-1])
}

// show prints a Record so that a difference can be read.
func show(r Record) string {
	return fmt.Sprintf("sec=%d nanos=%d status=%d bytes=%d latency=%v client=%q user=%q host=%q request=%q method=%q target=%q protocol=%q referrer=%q agent=%q forwarded=%q malformed=%v",
		r.Sec, r.Nanos, r.Status, r.Bytes, r.Latency, r.Client, r.User, r.Host, r.Request,
		r.Method, r.Target, r.Protocol, r.Referrer, r.Agent, r.Forwarded, r.Malformed)
}

func mustHit(t testing.TB, p Parser, line string) Record {
	t.Helper()
	var r Record
	if out := p.Parse([]byte(line), &r); out.Kind != Hit {
		t.Fatalf("%.200q: got %+v, want a hit", line, out)
	}
	return r
}

func views(r *Record) map[string][]byte {
	return map[string][]byte{
		"Client": r.Client, "User": r.User, "Host": r.Host, "Request": r.Request,
		"Method": r.Method, "Target": r.Target, "Protocol": r.Protocol,
		"Referrer": r.Referrer, "Agent": r.Agent, "Forwarded": r.Forwarded,
	}
}

// checkViews fails if a view of r lies neither in line nor in the scratch of p.
func checkViews(t testing.TB, p Parser, line []byte, r *Record) {
	t.Helper()
	a, ok := p.(*Auto)
	if ok {
		p = a.parser
	}
	within := func(v, in []byte) bool {
		if cap(in) == 0 {
			return false
		}
		from, to := uintptr(unsafe.Pointer(unsafe.SliceData(in))), uintptr(len(in))
		at := uintptr(unsafe.Pointer(unsafe.SliceData(v)))
		return at >= from && at+uintptr(len(v)) <= from+to
	}
	for name, v := range views(r) {
		if v == nil || within(v, line) {
			continue
		}
		if within(v, scratchOf(p)) || a != nil && within(v, a.lead.scratch) {
			continue
		}
		if w, ok := p.(*w3cParser); ok && within(v, w.scratch) {
			continue
		}
		if c, ok := p.(*specParser); ok && within(v, c.scratch) {
			continue
		}
		t.Errorf("%s = %q lies outside the line %q", name, v, line)
	}
}

// scratchOf is where p puts text that is no view of a line.
func scratchOf(p Parser) []byte {
	switch p := p.(type) {
	case *csvParser:
		return p.scratch
	case *jsonParser:
		return p.fields.scratch
	case *ltsvParser:
		return p.fields.scratch
	}
	return nil
}

func TestTheExampleOfEachFormatIsReadInFull(t *testing.T) {
	for _, f := range suite() {
		t.Run(f.Name, func(t *testing.T) {
			p, line := primed(t, f)
			got, want := mustHit(t, p, string(line)), exampleRecord(f.Name)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s\nwant %s", show(got), show(want))
			}
			if f.Title == "" || f.Name != strings.ToLower(f.Name) {
				t.Errorf("row %q has title %q; want a title, and a name in lower case", f.Name, f.Title)
			}
		})
	}
}

func TestEveryFormatReadsTheSameRequests(t *testing.T) {
	for _, c := range []struct {
		name, request, method, target, protocol string
		malformed                               bool
	}{
		{"no protocol", `GET /old`, "GET", "/old", "", false},
		{"QUERY", `QUERY /find HTTP/2.0`, "QUERY", "/find", "HTTP/2.0", false},
		{"PROPFIND", `PROPFIND /dav/ HTTP/1.1`, "PROPFIND", "/dav/", "HTTP/1.1", false},
		{"NETSPARKER", `NETSPARKER / HTTP/1.1`, "NETSPARKER", "/", "HTTP/1.1", false},
		{"VERSION-CONTROL", `VERSION-CONTROL /x HTTP/1.1`, "VERSION-CONTROL", "/x", "HTTP/1.1", false},
		{"lower case", `get /x HTTP/1.0`, "get", "/x", "HTTP/1.0", false},
		{"spaces in the target", `GET /a b c HTTP/1.1`, "GET", "/a b c", "HTTP/1.1", false},
		{"two spaces", `GET  /a  HTTP/1.1`, "GET", "/a", "HTTP/1.1", false},
		{"spaces without protocol", `GET /a b`, "GET", "/a b", "", false},
		{"absolute", `GET http://my.site.com/pages/create HTTP/1.1`, "GET", "http://my.site.com/pages/create", "HTTP/1.1", false},
		{"absolute without protocol", `GET http://my.site.com/`, "GET", "http://my.site.com/", "", false},
		{"authority", `CONNECT h.example:443 HTTP/1.1`, "CONNECT", "h.example:443", "HTTP/1.1", false},
		{"asterisk", `OPTIONS * HTTP/1.0`, "OPTIONS", "*", "HTTP/1.0", false},
		{"HTTP in the target", `GET /HTTP/ HTTP/1.1`, "GET", "/HTTP/", "HTTP/1.1", false},
		{"short protocol", `PRI * HTTP/2`, "PRI", "*", "HTTP/2", false},
		{"comma", `GET /a,b HTTP/1.1`, "GET", "/a,b", "HTTP/1.1", false},
		{"TLS hello", `\x16\x03\x01\x02`, "", "", "", true},
		{"TLS hello with a space", `\x16\x03\x01\x01 \x02`, "", "", "", true},
		{"raw bytes", "\xff\xfe\x01 \x02", "", "", "", true},
		{"one word", `HELP`, "", "", "", true},
		{"two words", `t3 12.2.1`, "", "", "", true},
		{"no target", `GET HTTP/1.1`, "", "", "", true},
		{"no target, two spaces", `GET  HTTP/1.1`, "", "", "", true},
		{"method only", `GET `, "", "", "", true},
		{"leading space", ` GET / HTTP/1.1`, "", "", "", true},
	} {
		for _, f := range suite() {
			t.Run(f.Name+"/"+c.name, func(t *testing.T) {
				p, line := primed(t, f)
				original := familyOf(f.Name).request
				if original == "" || familyOf(f.Name).absolute && strings.HasPrefix(c.name, "absolute") {
					t.Skip("this format takes the request apart in its own way")
				}
				r := mustHit(t, p, strings.Replace(string(line), original, spelled(f.Name, c.request), 1))
				request := c.request
				if f.Name == "csv" {
					request = string(r.Request) // spaces at the ends of a field are not compared here
				}
				if string(r.Request) != request || string(r.Method) != c.method || string(r.Target) != c.target ||
					string(r.Protocol) != c.protocol || r.Malformed != c.malformed {
					t.Errorf("got %s\nwant request %q: %q %q %q malformed %v", show(r), request, c.method, c.target, c.protocol, c.malformed)
				}
				if string(r.Client) != "203.0.113.7" || r.Sec != 971211336 || r.Status != 200 || r.Bytes != 2326 {
					t.Errorf("the rest of the line was lost: got %s", show(r))
				}
			})
		}
	}
}

func TestEveryFormatCallsAnEmptyRequestMalformed(t *testing.T) {
	for _, f := range suite() {
		for _, request := range []string{"", "-"} {
			original := familyOf(f.Name).request
			if original == "" {
				continue
			}
			p, line := primed(t, f)
			r := mustHit(t, p, strings.Replace(string(line), original, request, 1))
			if !r.Malformed || r.Request != nil || r.Method != nil || r.Target != nil {
				t.Errorf("%s, request %q: got %s, want malformed and nothing else", f.Name, request, show(r))
			}
		}
	}
}

func TestEveryFormatReadsEveryKindOfClient(t *testing.T) {
	for _, c := range []struct{ token, client string }{
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8::7", "2001:db8::7"},
		{"[2001:db8::7]", "2001:db8::7"},
		{"[2001:db8::7]:5140", "2001:db8::7"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"::1", "::1"},
		{"fe80::1%eth0", "fe80::1%eth0"},
		{"192.0.2.1:51000", "192.0.2.1"},
		{"dsl-7.example.net", "dsl-7.example.net"},
		{"unix:", "unix:"},
		{"-", ""},
	} {
		for _, f := range suite() {
			t.Run(f.Name+"/"+c.token, func(t *testing.T) {
				p, line := primed(t, f)
				if familyOf(f.Name).port {
					t.Skip("a port follows every client; see TestAClientWithAPort")
				}
				text := strings.Replace(string(line), "203.0.113.7", c.token, 1)
				if strings.HasPrefix(f.Name, "vhost-") {
					// A user in front of these would make some of them read
					// as an ident; see TestVirtualHostsAreToldFromUsers.
					text = strings.Replace(text, "frank", "-", 1)
				}
				want := c.client
				if want == "" {
					want = familyOf(f.Name).fallback
				}
				if r := mustHit(t, p, text); string(r.Client) != want {
					t.Errorf("got client %q, want %q", r.Client, want)
				}
			})
		}
	}
}

func TestADashIsNothing(t *testing.T) {
	for _, f := range suite() {
		p, line := primed(t, f)
		s := strings.NewReplacer("200 2326", "- -", "200,2326", "-,-", "frank", "-",
			"http://www.example.org/start", "-", "Mozilla/5.0 (X11; Linux x86_64)", "-",
			" 0.042", " -", " 42000", " -",
			`"status":200`, `"status":"-"`, `sent":2326`, `sent":"-"`, `time":0.042`, `time":null`,
			"status:200", "status:-", "size:2326", "size:-", "reqtime:0.042", "reqtime:-").Replace(string(line))
		if pairs := familyOf(f.Name).dashes; pairs != nil {
			s = strings.NewReplacer(pairs...).Replace(string(line))
		}
		r := mustHit(t, p, s)
		if r.Status != 0 || r.Bytes != 0 || r.User != nil || r.Referrer != nil || r.Agent != nil || r.Latency != NoLatency {
			t.Errorf("%s: got %s, want no status, bytes, user, referrer, agent, latency", f.Name, show(r))
		}
	}
}

func TestALineEndIsTrimmedBeforeParsing(t *testing.T) {
	for _, f := range suite() {
		for _, end := range []string{"", "\n", "\r\n", "\r"} {
			p, line := primed(t, f)
			got := mustHit(t, p, string(TrimEnd([]byte(string(line)+end))))
			if want := exampleRecord(f.Name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s with %q: got %s, want %s", f.Name, end, show(got), show(want))
			}
		}
	}
	if got := TrimEnd([]byte("a\rb\r\r\n")); string(got) != "a\rb\r" {
		t.Errorf("TrimEnd: got %q, want only the last carriage return gone", got)
	}
}

func TestAByteOrderMarkIsSkipped(t *testing.T) {
	for _, f := range suite() {
		lines := strings.Split(f.Example, "\n")
		lines[0] = byteOrderMark + lines[0]
		p := f.New()
		var r Record
		var out Outcome
		for _, line := range lines {
			out = p.Parse([]byte(line), &r)
		}
		if want := exampleRecord(f.Name); out.Kind != Hit || !reflect.DeepEqual(r, want) {
			t.Errorf("%s: got %+v %s, want %s", f.Name, out, show(r), show(want))
		}
	}
}

// TestEveryPrefixIsAHitOrRejected cuts lines as a full disk does. Each prefix
// has no spare capacity, so reading on would panic.
func TestEveryPrefixIsAHitOrRejected(t *testing.T) {
	for _, f := range suite() {
		_, line := primed(t, f)
		hits := 0
		for n := range len(line) {
			p, _ := primed(t, f)
			cut := bytes.Clone(line[:n])[:n:n]
			var r Record
			out := p.Parse(cut, &r)
			switch out.Kind {
			case Hit:
				hits++
				checkViews(t, p, cut, &r)
			case Rejected:
				if out.Reason == "" || out.Column < 1 || out.Column > n+1 {
					t.Errorf("%s cut at %d: got %+v, want a reason and a column within the line", f.Name, n, out)
				}
			default:
				t.Errorf("%s cut at %d: got %+v", f.Name, n, out)
			}
		}
		// Only a cut within a number that ends the line, or before the extras,
		// can be overlooked; and where labels may be missing, behind those that
		// may not.
		if hits > 6+familyOf(f.Name).optional && f.Name != "ltsv" {
			t.Errorf("%s: %d of %d prefixes are hits, want at most 6", f.Name, hits, len(line))
		}
	}
}

func TestAHugeLineIsReadOrRejected(t *testing.T) {
	const size = 1 << 20
	for _, f := range suite() {
		p, line := primed(t, f)
		s := strings.Replace(string(line), "/pages/", "/"+strings.Repeat("x", size)+"/", 1)
		if r := mustHit(t, p, s); len(r.Target) < size || r.Bytes != 2326 {
			t.Errorf("%s: got a target of %d bytes, size %d; want more than %d, 2326", f.Name, len(r.Target), r.Bytes, size)
		}
		for _, filler := range []string{"x", " ", `"`, `\"`, "[", " [", ",", `"",`, "\x00", "1"} {
			var r Record
			text := strings.Repeat(filler, size/len(filler))
			if out := p.Parse([]byte(text), &r); out.Kind != Rejected {
				t.Errorf("%s: 1 MiB of %q: got %+v, want rejected", f.Name, filler, out)
			}
		}
	}
}

func TestAReadTimeIsNotKeptForAnotherTime(t *testing.T) {
	for _, f := range suite() {
		p, line := primed(t, f)
		later := strings.NewReplacer("13:55:36", "13:55:37", "20:55:36", "20:55:37", "971211336", "971211337").Replace(string(line))
		broken := strings.NewReplacer("13:55:36", "13:65:36", "20:55:36", "20:65:36", "971211336", "x").Replace(string(line))
		for i, s := range []string{string(line), string(line), later, string(line)} {
			want := int64(971211336)
			if s == later {
				want++
			}
			if r := mustHit(t, p, s); r.Sec != want {
				t.Errorf("%s, line %d: got second %d, want %d", f.Name, i, r.Sec, want)
			}
			var r Record
			if out := p.Parse([]byte(broken), &r); out.Reason != ReasonTime {
				t.Errorf("%s: %q: got %+v, want %q", f.Name, broken, out, ReasonTime)
			}
		}
	}
}

func TestBadFieldsAreNamedWithTheirColumn(t *testing.T) {
	for _, c := range []struct {
		from, to string
		reason   Reason
	}{
		{"200", "2000", ReasonStatus},
		{"200", "20", ReasonStatus},
		{"200", "2x0", ReasonStatus},
		{"2326", "23x6", ReasonBytes},
		{"2326", "-2", ReasonBytes},
		{"2326", "9223372036854775808", ReasonBytes},
		{"2326", "99999999999999999999999", ReasonBytes},
	} {
		for _, f := range suite() {
			p, line := primed(t, f)
			i := strings.LastIndex(string(line), c.from)
			if c.from == "200" {
				before := familyOf(f.Name).beforeStatus
				i = strings.Index(string(line), before) + len(before)
			}
			to := c.to
			if label := map[string]string{"json": `status":`, "ltsv": "status:"}[f.Name]; label != "" && c.from == "200" {
				i = strings.Index(string(line), label) + len(label)
			}
			if f.Name == "json" {
				to = `"` + to + `"`
			}
			s := string(line[:i]) + to + string(line[i+len(c.from):])
			if f.Name == "json" {
				i++
			}
			var r Record
			if out := p.Parse([]byte(s), &r); out.Reason != c.reason || out.Column != i+1 {
				t.Errorf("%s: %s for %s: got %+v, want %q at %d", f.Name, c.to, c.from, out, c.reason, i+1)
			}
		}
	}
	for _, f := range suite() {
		p, line := primed(t, f)
		r := mustHit(t, p, strings.Replace(string(line), "2326", "4503599627370496", 1))
		if r.Bytes != maxSize {
			t.Errorf("%s: got %d bytes, want the largest size that is believed", f.Name, r.Bytes)
		}
	}
}

func TestEmptyAndBinaryLinesAreCalledSo(t *testing.T) {
	for _, f := range suite() {
		p, line := primed(t, f)
		var r Record
		if out := p.Parse(nil, &r); out.Reason != ReasonEmpty || out.Column != 1 {
			t.Errorf("%s: got %+v, want %q", f.Name, out, ReasonEmpty)
		}
		zeros := append(make([]byte, 100), line...)
		if out := p.Parse(zeros, &r); out.Reason != ReasonBinary || out.Column != 1 {
			t.Errorf("%s: zeros before the line: got %+v, want %q at 1", f.Name, out, ReasonBinary)
		}
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	for _, f := range suite() {
		p, line := primed(t, f)
		a := new(Auto)
		for l := range bytes.Lines([]byte(f.Example)) {
			a.Parse(TrimEnd(l), new(Record))
		}
		bad := line[:len(line)/2]
		other := bytes.Replace(line, []byte("13:55:36"), []byte("13:55:37"), 1)
		quotes := bytes.Replace(line, []byte("?id=7"), []byte(`?""`), 1)
		var r Record
		p.Parse(quotes, &r)
		a.Parse(quotes, &r)
		for name, p := range map[string]Parser{f.Name: p, "auto of " + f.Name: a} {
			if n := testing.AllocsPerRun(200, func() {
				p.Parse(line, &r)
				p.Parse(other, &r)
				p.Parse(bad, &r)
				p.Parse(quotes, &r)
			}); n != 0 {
				t.Errorf("%s: got %v allocations for four lines, want none", name, n)
			}
		}
	}
}

func TestLookupAndNamesFollowTheTable(t *testing.T) {
	names := Names()
	seen := map[string]bool{}
	for i, f := range Formats() {
		got, ok := Lookup(f.Name)
		if !ok || got.Title != f.Title || names[i] != f.Name || seen[f.Name] {
			t.Errorf("row %d, %q: got %q %v in Lookup, %q in Names, seen before %v", i, f.Name, got.Title, ok, names[i], seen[f.Name])
		}
		seen[f.Name] = true
	}
	if f, ok := Lookup("no such format"); ok || f.New != nil {
		t.Errorf("got %+v for an unknown name, want nothing", f)
	}
	Formats()[0].Name = "changed"
	if Names()[0] == "changed" {
		t.Error("the table can be changed through Formats")
	}
}

func BenchmarkParse(b *testing.B) {
	for _, f := range suite() {
		b.Run(f.Name, func(b *testing.B) {
			p, line := primed(b, f)
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

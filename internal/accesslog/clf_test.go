package accesslog

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	stampText = `[10/Oct/2000:13:55:36 -0700]`
	tailText  = `"GET / HTTP/1.1" 200 5`
)

// formatsThatRead names the formats of the family that read a line.
func formatsThatRead(line string) (names []string) {
	for _, f := range Formats() {
		var r Record
		if f.New().Parse([]byte(line), &r).Kind == Hit {
			names = append(names, f.Name)
		}
	}
	return names
}

func parserOf(t testing.TB, name string) Parser {
	t.Helper()
	f, ok := Lookup(name)
	if !ok {
		t.Fatalf("no format %q", name)
	}
	return f.New()
}

func TestVirtualHostsAreToldFromUsers(t *testing.T) {
	for _, c := range []struct{ front, format, host, client, user string }{
		{"192.0.2.7 - -", "common", "", "192.0.2.7", ""},
		{"192.0.2.7 - frank", "common", "", "192.0.2.7", "frank"},
		{"192.0.2.7 - mary ann lee", "common", "", "192.0.2.7", "mary ann lee"},
		{"192.0.2.7 - a [b", "common", "", "192.0.2.7", "a [b"},
		{"192.0.2.7 bob mary ann", "common", "", "192.0.2.7", "mary ann"},
		{`192.0.2.7 - ""`, "common", "", "192.0.2.7", ""},
		{"192.0.2.7 - ", "common", "", "192.0.2.7", ""},
		{"192.0.2.7 -", "common", "", "192.0.2.7", ""},
		{"192.0.2.7 - - x", "common", "", "192.0.2.7", "- x"},
		{"a.example.net - frank", "common", "", "a.example.net", "frank"},
		{"- - -", "common", "", "", ""},
		{"[2001:db8::7] - -", "common", "", "2001:db8::7", ""},
		{"www.example.org 192.0.2.7 - -", "vhost-common", "www.example.org", "192.0.2.7", ""},
		{"www.example.org 192.0.2.7 - mary ann", "vhost-common", "www.example.org", "192.0.2.7", "mary ann"},
		{"www.example.org:80 192.0.2.7 bob frank", "vhost-common", "www.example.org:80", "192.0.2.7", "frank"},
		{"www.example.org 2001:db8::7 - -", "vhost-common", "www.example.org", "2001:db8::7", ""},
		{"www.example.org [2001:db8::7] - -", "vhost-common", "www.example.org", "2001:db8::7", ""},
		{"www.example.org:443 gateway - -", "vhost-common", "www.example.org:443", "gateway", ""},
		{"shop gateway - frank", "vhost-common", "shop", "gateway", "frank"},
		{"www.example.org a.example.net bob frank", "vhost-common", "www.example.org", "a.example.net", "frank"},
		{"www.example.org - - -", "vhost-common", "www.example.org", "", ""},
		{"192.0.2.1 192.0.2.7 - -", "vhost-common", "192.0.2.1", "192.0.2.7", ""},
		{"- 192.0.2.7 - -", "vhost-common", "", "192.0.2.7", ""},
	} {
		line := c.front + " " + stampText + " " + tailText
		if got := fmt.Sprint(formatsThatRead(line)); got != "["+c.format+"]" {
			t.Errorf("%q: read by %s, want %s alone", c.front, got, c.format)
			continue
		}
		r := mustHit(t, parserOf(t, c.format), line)
		if string(r.Host) != c.host || string(r.Client) != c.client || string(r.User) != c.user {
			t.Errorf("%q: got host %q client %q user %q, want %q %q %q", c.front, r.Host, r.Client, r.User, c.host, c.client, c.user)
		}
	}
}

func TestAFrontThatNamesNoClientIsRejected(t *testing.T) {
	for _, front := range []string{"", "192.0.2.7", `"192.0.2.7" - -`, "192,0 - -", "[::1 - -", "[] - -", "\x1b[2J - -", " - -", "a/b - -"} {
		line := front + " " + stampText + " " + tailText
		if got := formatsThatRead(line); got != nil {
			t.Errorf("%q: read by %v, want none", front, got)
		}
	}
}

func TestTimesAreReadAsTheStandardLibraryReadsThem(t *testing.T) {
	p := parserOf(t, "common")
	for _, zone := range []string{"+0000", "-0700", "+0330", "+1400", "-1200", "+0545", "-0000"} {
		for day := time.Date(1896, 1, 1, 23, 59, 59, 0, time.UTC); day.Year() < 2297; day = day.AddDate(0, 0, 17) {
			text := day.Format("02/Jan/2006:15:04:05 ") + zone
			want, err := time.Parse("02/Jan/2006:15:04:05 -0700", text)
			if err != nil {
				t.Fatal(err)
			}
			if r := mustHit(t, p, "h - - ["+text+"] "+tailText); r.Sec != want.Unix() {
				t.Fatalf("%s: got %d, want %d", text, r.Sec, want.Unix())
			}
		}
	}
	for day := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2301; day = day.AddDate(0, 0, 1) {
		y, m, d := day.Date()
		if got := daysSinceEpoch(y, int(m), d) * 86400; got != day.Unix() {
			t.Fatalf("%v: got %d, want %d", day, got, day.Unix())
		}
	}
	if r := mustHit(t, p, "h - - [31/Dec/2016:23:59:60 +0000] "+tailText); r.Sec != 1483228800 {
		t.Errorf("leap second: got %d, want 1483228800", r.Sec)
	}
}

func TestTimesThatDoNotExistAreRejectedAtTheirPart(t *testing.T) {
	p := parserOf(t, "common")
	for _, c := range []struct {
		text string
		at   int // within the brackets
	}{
		{"00/Oct/2000:13:55:36 -0700", 0},
		{"32/Oct/2000:13:55:36 -0700", 0},
		{"31/Sep/2000:13:55:36 -0700", 0},
		{"29/Feb/1900:13:55:36 -0700", 0},
		{"29/Feb/2001:13:55:36 -0700", 0},
		{"1x/Oct/2000:13:55:36 -0700", 0},
		{"10/oct/2000:13:55:36 -0700", 3},
		{"10/Okt/2000:13:55:36 -0700", 3},
		{"10/ctN/2000:13:55:36 -0700", 3},
		{"10/Oct/20x0:13:55:36 -0700", 7},
		{"10/Oct/2000:24:55:36 -0700", 12},
		{"10/Oct/2000:13:60:36 -0700", 15},
		{"10/Oct/2000:13:55:61 -0700", 18},
		{"10/Oct/2000:13:55:36 *0700", 21},
		{"10/Oct/2000:13:55:36 -1500", 21},
		{"10/Oct/2000:13:55:36 -0760", 21},
		{"10/Oct/2000 13:55:36 -0700", 11},
		{"10-Oct-2000:13:55:36 -0700", 2},
		{"10/Oct/2000:13:55:36.123 -0700", 20},
		{"10/Oct/2000:13:55:36 -0700)", 26},
	} {
		line := "h - - [" + c.text + "] " + tailText
		var r Record
		out := p.Parse([]byte(line), &r)
		if want := len("h - - [") + c.at + 1; out.Reason != ReasonTime || out.Column != want {
			t.Errorf("%s: got %+v, want %q at %d", c.text, out, ReasonTime, want)
		}
	}
	for _, day := range []string{"29/Feb/2000", "29/Feb/2024", "31/Jan/2001"} {
		mustHit(t, p, "h - - ["+day+":00:00:00 +0000] "+tailText)
	}
}

func TestEscapesStayAndDoNotCloseAField(t *testing.T) {
	for _, f := range Formats() {
		if !strings.Contains(f.Name, "combined") {
			continue
		}
		for _, text := range []string{`a\"b`, `a\\`, `\\\"x`, `\x22\x5C\xAD`, `\"`, `a\" 200 5 \"b`} {
			p, line := primed(t, f)
			s := strings.NewReplacer("/pages/create?id=7", "/"+text, "http://www.example.org/start", text,
				"Mozilla/5.0 (X11; Linux x86_64)", text).Replace(string(line))
			r := mustHit(t, p, s)
			if string(r.Target) != "/"+text || string(r.Referrer) != text || string(r.Agent) != text {
				t.Errorf("%s: got %s, want %q everywhere", f.Name, show(r), text)
			}
		}
	}
}

func TestQuotesMustBalance(t *testing.T) {
	front := `192.0.2.7 - - ` + stampText + ` `
	for _, c := range []struct {
		format, rest string
		reason       Reason
		at           int // within rest
	}{
		{"common", `GET / HTTP/1.1 200 5`, ReasonQuote, 0},
		{"common", `"GET / HTTP/1.1 200 5`, ReasonQuote, 0},
		{"common", `"GET /"x" HTTP/1.1" 200 5`, ReasonQuote, 7},
		{"common", `"GET / HTTP/1.1"200 5`, ReasonQuote, 16},
		{"common", tailText + ` "-"`, ReasonExtra, 22},
		{"common", tailText + ` `, ReasonExtra, 22},
		{"combined", tailText + ` "-" "cut`, ReasonQuote, 27},
		{"combined", tailText + ` "-" "a\"`, ReasonQuote, 27},
		{"combined", tailText + ` "-" "a" "b`, ReasonQuote, 31},
		{"combined", tailText + ` "-" "a" x="b`, ReasonQuote, 33},
		{"combined", tailText + ` "-" - "b"`, ReasonQuote, 27},
		{"combined", tailText, ReasonCut, 22},
		{"combined", tailText + ` "-"`, ReasonCut, 26},
		{"combined-time", tailText + ` "-" "a"`, ReasonCut, 30},
		{"combined-time", tailText + ` "-" "a" 12`, ReasonLatency, 31},
		{"combined-time", tailText + ` "-" "a" "-"`, ReasonLatency, 31},
		{"combined-time", tailText + ` "-" "a" 0.1 x`, ReasonLatency, 35},
		{"combined-time", tailText + ` "-" "a" -0.1`, ReasonLatency, 31},
		{"combined-time", tailText + ` "-" "a" 1.`, ReasonLatency, 31},
		{"combined-us", tailText + ` "-" "a" 0.1`, ReasonLatency, 31},
		{"combined-us", tailText + ` "-" "a" 9223372036854775807`, ReasonLatency, 31},
		{"combined-us-size", tailText + ` "-" "a"`, ReasonLatency, 23},
	} {
		var r Record
		out := parserOf(t, c.format).Parse([]byte(front+c.rest), &r)
		if want := len(front) + c.at + 1; out.Kind != Rejected || out.Reason != c.reason || out.Column != want {
			t.Errorf("%s %s: got %+v, want %q at %d", c.format, c.rest, out, c.reason, want)
		}
	}
}

func TestExtraFieldsMayStandBehindTheAgent(t *testing.T) {
	front := `192.0.2.7 - - ` + stampText + ` ` + tailText + ` "-" "agent"`
	for _, c := range []struct {
		format, rest string
		latency      time.Duration
	}{
		{"combined", ` "198.51.100.1, 192.0.2.9"`, NoLatency},
		{"combined", ` "-"`, NoLatency},
		{"combined", ` rt=0.1 uct="0.2 0.3" "a\"b"`, NoLatency},
		{"combined", ` `, NoLatency},
		{"combined-time", ` "198.51.100.1" 0.000`, 0},
		{"combined-time", ` - "x y" 1.234567891234`, 1234567891},
		{"combined-time", ` "0.250"`, 250 * time.Millisecond},
		{"combined-time", ` -`, NoLatency},
		{"combined-us", ` "-" 17`, 17 * time.Microsecond},
		{"combined-us", ` 0`, 0},
	} {
		r := mustHit(t, parserOf(t, c.format), front+c.rest)
		if string(r.Agent) != "agent" || r.Latency != c.latency {
			t.Errorf("%s%s: got agent %q latency %v, want agent, %v", c.format, c.rest, r.Agent, r.Latency, c.latency)
		}
	}
}

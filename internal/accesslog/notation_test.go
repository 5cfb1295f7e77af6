package accesslog

import (
	"strings"
	"testing"
)

func TestTheNotationOfALineIsPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "",
		"{":                                      "",
		"{}":                                     "json",
		`{"a`:                                    "json",
		"\ufeff{\"a\":1":                         "json",
		"{a} [x] y":                              "",
		"time:1\tstatus:2":                       "ltsv",
		"time:1":                                 "",
		"time:1\tstatus":                         "",
		"2026-03-10 14:05:00 192.0.2.80 GET /":   "w3c",
		"2026-03-10\t14:05:00\tGET\t2001:db8::7": "w3c",
		"2026-03-10 14:05:00 ERROR it is full":   "",
		"2026-03-10 14:05:99 192.0.2.80 GET /":   "",
		"2026-03-10 14:05:00":                    "",
		"203.0.113.7,-,-,1773151500,GET /,200":   "csv",
		`"2026-03-10T14:05:00Z","GET /",200,17`:  "csv",
		"one, two, three, four":                  "",
		"1773151500,2":                           "",
		"a,b,c,[10/Mar/2026:14:05:00 +0000]":     "",
		`203.0.113.7 - - [10/Mar/2026:14:05:00 +0000] "GET / HTTP/1.1" 2OO 5`: "",
	} {
		if got := NotationOf([]byte(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	// No example is taken for another's.
	for _, f := range suite() {
		lines := strings.Split(f.Example, "\n")
		if got := NotationOf([]byte(lines[len(lines)-1])); got != "" && got != f.Name && (got != "w3c" || f.Name != "cloudfront") {
			t.Errorf("%s: got %q", f.Name, got)
		}
	}
}

// TestColumnsBehindAPrefixAreThoseOfTheWholeLine: behind every prefix.
func TestColumnsBehindAPrefixAreThoseOfTheWholeLine(t *testing.T) {
	for text, want := range map[string]string{
		"x y":                             "",
		"Mar 10 12:00:00 host nginx: x y": "syslog",
		"<190>1 2026-03-10T12:00:00Z host nginx 123 - - x y":              "RFC 5424 syslog",
		"2026-03-10T12:00:00.000000000Z stdout F x y":                     "container runtime",
		"2026-03-10T12:00:00.000000000Z stdout P x y":                     "container runtime",
		`{"log":"x y\n","stream":"stdout","time":"2026-03-10T12:00:00Z"}`: "Docker json-file",
		"web-1  | x y":                       "docker compose",
		"[pod/web-5d4/nginx] x y":            "kubectl",
		"2026-03-10T12:00:00.000000000Z x y": "time stamp",
	} {
		body, prefix, column := Peel([]byte(text))
		if string(body) != "x y" || prefix != want || column(3) != strings.Index(text, "y")+1 {
			t.Errorf("%q: got %q behind %q, its third column %d", text, body, prefix, column(3))
		}
	}
}

// TestAComplaintIsAboutTheNotationThatIsPlain: what formats of another notation
// come to in such lines says nothing.
func TestAComplaintIsAboutTheNotationThatIsPlain(t *testing.T) {
	line := `{"time":"yesterday","status":200,"request":"GET / HTTP/1.1"}`
	for _, lead := range []string{"", "web-1  | "} {
		got := Detect(sample(lead + line + "\n" + lead + line + "\noops")).Complaint()
		at := len(lead) + strings.Index(line, "yesterday") + 1
		if !strings.HasSuffix(got, ": time not readable, for json)") || strings.Count(got, "column") != 1 {
			t.Errorf("got %q", got)
		}
		var a Auto
		var r Record
		if out := a.Parse([]byte(lead+line), &r); out.Reason != ReasonNoFormat || out.Column != at {
			t.Errorf("%q: got %+v, want column %d", lead, out, at)
		}
	}
	docker := `{"log":"203.0.113.7 - - [10/Mar/2026:14:05:00 +0000] \"GET / HTTP/1.1\" 2OO 5\n","stream":"stdout","time":"2026-03-10T12:00:00Z"}`
	var a Auto
	var r Record
	if out := a.Parse([]byte(docker), &r); out.Column != strings.Index(docker, "2OO")+1 {
		t.Errorf("got %+v, want the place in the line that Docker wrapped", out)
	}
}

// TestNoClientSwallowsAPrefix: rows without a header, in which a client may be
// any text, are not read with what a container runtime puts in front of them.
func TestNoClientSwallowsAPrefix(t *testing.T) {
	row := `"203.0.113.7","-","frank",971211336,"GET / HTTP/1.1",200,2326`
	lead := "2026-03-10T12:00:00.000000000Z stdout F "
	// More lines can be read as they are than behind the prefix.
	d := Detect(sample(strings.Repeat(lead+row+"\n", 3) + row))
	if !d.Found || d.Prefix != "container runtime" {
		t.Errorf("got prefix %q, found %v", d.Prefix, d.Found)
	}
	outs, _ := feed(newCSV(), lead+row)
	if outs[0].Kind != Rejected {
		t.Errorf("got %+v, want a rejected line", outs[0])
	}
}

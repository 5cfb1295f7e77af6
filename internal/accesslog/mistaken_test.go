package accesslog

import (
	"strings"
	"testing"
	"time"
)

// TestTheLastNumberOfALineIsNotTakenForALatencyLightly has lines of Combined
// with what servers write behind the user agent.
func TestTheLastNumberOfALineIsNotTakenForALatencyLightly(t *testing.T) {
	for end, want := range map[string]string{
		` 512 3000`:       "combined", // Apache's combinedio
		` "2.31"`:         "combined", // nginx's $gzip_ratio
		` 3`:              "combined", // %T
		` 42000 512 3000`: "combined", // %D %I %O
		` 443`:            "combined", // %p
		` 0.042`:          "combined-time",
		` 512 0.042`:      "combined-time",
		` "xff" 0.042`:    "combined-time",
		` 42000`:          "combined-us",
	} {
		line := []byte(exampleCommon + exampleTail + end)
		var r Record
		undecided, primed := new(Auto), new(Auto)
		primed.Prime([][]byte{line, line, line})
		for how, a := range map[string]*Auto{"undecided": undecided, "primed": primed} {
			if out := a.Parse(line, &r); out.Kind != Hit {
				t.Errorf("%s, %s: got %+v", end, how, out)
			}
			if f, _ := a.Format(); f.Name != want {
				t.Errorf("%s, %s: taken for %s, want %s", end, how, f.Name, want)
			}
		}
	}
}

func TestUnitsOfJSONAreNotGuessed(t *testing.T) {
	for line, want := range map[string]time.Duration{
		`{"time":"2026-03-10T12:00:00Z","request":"GET / HTTP/1.1","status":200,"responsetime":0.005}`:                                                NoLatency,
		`{"time":1773144000000,"req":{"method":"GET","url":"/"},"res":{"statusCode":200},"responseTime":3}`:                                           3 * time.Millisecond,
		`{"start_time":"2026-03-10T12:00:00Z","method":"GET","path":"/","status":200,"duration":1.5}`:                                                 NoLatency,
		`{"start_time":"2026-03-10T12:00:00Z","method":"GET","path":"/","response_code":200,"response_flags":"-","duration":15}`:                      15 * time.Millisecond,
		`{"ts":1773144000.5,"request":{"method":"GET","uri":"/","proto":"HTTP/2.0"},"status":200,"duration":0.0015,"resp_headers":{},"bytes_read":0}`: 1500 * time.Microsecond,
	} {
		var r Record
		if out := parserOf(t, "json").Parse([]byte(line), &r); out.Kind != Hit || r.Latency != want {
			t.Errorf("%s: got %+v and the latency %v, want %v", line, out, r.Latency, want)
		}
	}
}

func TestTheClientIsTheAddressWhereALineHasBoth(t *testing.T) {
	for line, want := range map[string]string{
		"time:2026-03-10T12:00:00Z\tremote_addr:192.0.2.7\thost:www.example.org\treq:GET / HTTP/1.1\tstatus:200": "192.0.2.7",
		"time:2026-03-10T12:00:00Z\thost:192.0.2.7\treq:GET / HTTP/1.1\tstatus:200":                              "192.0.2.7",
	} {
		if r := mustHit(t, parserOf(t, "ltsv"), line); string(r.Client) != want {
			t.Errorf("%s: got the client %q, want %q", line, r.Client, want)
		}
	}
	r := mustHit(t, parserOf(t, "json"), `{"time":"2026-03-10T12:00:00Z","clientip":"203.0.113.9, 198.51.100.8","request":"GET / HTTP/1.1","status":200}`)
	if string(r.Client) != "203.0.113.9" {
		t.Errorf("of a list: got the client %q, want its first address", r.Client)
	}
}

// TestTextOfAFormatMayBeInAnyEncoding: UTF-8, and bytes that are none.
func TestTextOfAFormatMayBeInAnyEncoding(t *testing.T) {
	for _, between := range []string{" – ", " é ", " 日本 ", " \xe9\xb8 "} {
		line := "203.0.113.7" + between + `[10/Mar/2026:14:05:00 +0000] "GET /a HTTP/1.1" 200`
		for _, spec := range []string{`$remote_addr` + between + `[$time_local] "$request" $status`, `%h` + between + `%t "%r" %>s`, `%h` + between + `[%d:%t %^] "%r" %s`} {
			f, err := Compile(spec)
			if err != nil {
				t.Errorf("%q: got %v", spec, err)
				continue
			}
			if r := mustHit(t, f.New(), line); string(r.Target) != "/a" || string(r.Client) != "203.0.113.7" {
				t.Errorf("%q: got %q of %q", spec, r.Target, r.Client)
			}
		}
	}
}

func TestAnUnclosedQuoteInAFormatIsAnError(t *testing.T) {
	for _, spec := range []string{
		`$remote_addr [$time_local] "$request`, `%h %t "%r" %>s "%{User-Agent}i`, `%h [%d:%t %^] "%r`,
	} {
		if _, err := Compile(spec); err == nil || !strings.Contains(err.Error(), "this quote is not closed") {
			t.Errorf("%s: got %v, want that a quote is not closed", spec, err)
		}
	}
}

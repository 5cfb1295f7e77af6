package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// A carrying says which fields a format has besides client, time, method,
// target, status and bytes.
type carrying struct {
	user, referrer, agent, bare bool          // bare: no protocol
	host, hostOnly              bool          // hostOnly: without the port
	latency                     time.Duration // to which it is rounded; 0 = none
	fraction                    bool          // milliseconds of the time
	plus                        bool          // a plus in an agent reads as a space
}

func carries(format string) carrying {
	c := carrying{user: true}
	if strings.Contains(format, "combined") || format == "traefik" || format == "ingress-nginx" {
		c.referrer, c.agent = true, true
	}
	c.host = strings.HasPrefix(format, "vhost-")
	switch {
	case strings.HasSuffix(format, "-time") || format == "traefik" || format == "ingress-nginx":
		c.latency = time.Millisecond
	case strings.Contains(format, "-us"):
		c.latency = time.Microsecond
	}
	full := carrying{user: true, referrer: true, agent: true, host: true, latency: time.Millisecond}
	switch format {
	case "json", "ltsv":
		return full
	case "json-caddy":
		full.latency, full.fraction = 1, true
		return full
	case "json-traefik":
		full.latency, full.fraction = 1, true
		return full
	case "w3c":
		full.plus = true
		return full
	case "cloudfront":
		full.user, full.host, full.hostOnly = false, false, true
		return full
	case "aws-s3":
		return full
	case "haproxy":
		return carrying{latency: time.Millisecond, fraction: true}
	case "envoy", "istio", "json-envoy", "aws-alb", "aws-elb":
		return carrying{agent: true, host: true, latency: time.Millisecond, fraction: true}
	case "squid":
		return carrying{user: true, bare: true, hostOnly: true, latency: time.Millisecond, fraction: true}
	}
	return c
}

// parserOf returns a parser of what a format writes. Of JSON weir has one.
func parserOf(t testing.TB, name string) accesslog.Parser {
	t.Helper()
	if strings.HasPrefix(name, "json-") {
		name = "json"
	}
	format, ok := accesslog.Lookup(name)
	if !ok {
		t.Fatalf("package accesslog has no format named %q", name)
	}
	return format.New()
}

// options returns those of a site whose requests a format can write.
func options(f *Format, o SiteOptions) SiteOptions {
	o.AbsoluteTargets = f.Absolute() || o.AbsoluteTargets && !f.Relative()
	return o
}

// What is written must be what is read, field by field, in every format.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine writes and reads every format")
	}
	zone := time.FixedZone("", 5*3600+1800)
	for _, absolute := range []bool{false, true} {
		for _, name := range FormatNames() {
			t.Run(fmt.Sprintf("%s/%v", name, absolute), func(t *testing.T) {
				f, err := NewFormat(name, zone)
				if err != nil {
					t.Fatal(err)
				}
				p := parserOf(t, name)
				s := newTestSite(t, options(f, SiteOptions{
					Seed: 10, Clients: 500, Sections: 20, AbsoluteTargets: absolute, Bots: 0.05, Scanners: 0.05, Sessions: absolute,
				}))
				var rec accesslog.Record
				for header := range strings.Lines(string(f.AppendHeader(nil))) {
					if got := p.Parse(accesslog.TrimEnd([]byte(header)), &rec); got.Kind != accesslog.Directive {
						t.Fatalf("the header %q got %+v, want a directive", header, got)
					}
				}
				var l Line
				garbage := 0
				for i := range 1500 {
					l.At = time.Unix(1_773_151_500+int64(i/7), int64(i%7)*123_456_789)
					s.Next(&l)
					text := f.AppendLine(nil, &l)
					if got := p.Parse(accesslog.TrimEnd(text), &rec); got.Kind != accesslog.Hit {
						t.Fatalf("got %+v for %s", got, text)
					}
					if l.Garbage != "" {
						garbage++
					}
					compareRecord(t, name, &l, &rec)
					if t.Failed() {
						t.Fatalf("the line was %s", text)
					}
				}
				if garbage == 0 {
					t.Error("there was no garbage to write")
				}
			})
		}
	}
}

// compareRecord fails for each field of rec that is not what l says.
func compareRecord(t *testing.T, format string, l *Line, rec *accesslog.Record) {
	t.Helper()
	c := carries(format)
	target := l.Target
	if l.Query != "" {
		target += "?" + l.Query
	}
	type field struct{ name, got, want string }
	fields := []field{{"client", string(rec.Client), l.Client}}
	if l.Garbage == "" {
		fields = append(fields, field{"method", string(rec.Method), l.Method}, field{"target", string(rec.Target), target})
		if !c.bare {
			fields = append(fields, field{"protocol", string(rec.Protocol), l.Protocol})
		}
	}
	if c.user {
		fields = append(fields, field{"user", string(rec.User), l.User})
	}
	if c.referrer {
		fields = append(fields, field{"referrer", string(rec.Referrer), l.Referrer})
	}
	if c.agent && c.plus {
		fields = append(fields, field{"agent", string(rec.Agent), strings.ReplaceAll(l.Agent, "+", " ")})
	} else if c.agent {
		fields = append(fields, field{"agent", string(rec.Agent), l.Agent})
	}
	if (c.host || c.hostOnly) && (l.Garbage == "" || !strings.HasPrefix(format, "aws-") && format != "squid") {
		want := l.Host
		if c.hostOnly {
			want = withoutPort(want)
		}
		fields = append(fields, field{"host", string(rec.Host), want})
	}
	for _, f := range fields {
		if f.want == "-" {
			f.want = ""
		}
		if f.got != f.want {
			t.Errorf("%s: %s got %q, want %q", format, f.name, f.got, f.want)
		}
	}
	if rec.Malformed != (l.Garbage != "") || rec.Sec != l.At.Unix() || rec.Status != l.Status || rec.Bytes != max(l.Bytes, 0) {
		t.Errorf("%s: got malformed %v, second %d, status %d, bytes %d, want %v, %d, %d, %d",
			format, rec.Malformed, rec.Sec, rec.Status, rec.Bytes, l.Garbage != "", l.At.Unix(), l.Status, max(l.Bytes, 0))
	}
	nanos := int32(0)
	if c.fraction {
		nanos = int32(l.At.Nanosecond() / 1_000_000 * 1_000_000)
	}
	if rec.Nanos != nanos {
		t.Errorf("%s: fraction got %d, want %d", format, rec.Nanos, nanos)
	}
	latency := accesslog.NoLatency
	switch {
	case c.latency == time.Microsecond:
		latency = l.Latency.Truncate(c.latency)
	case c.latency > 0:
		latency = l.Latency.Round(c.latency)
	}
	if rec.Latency != latency {
		t.Errorf("%s: latency got %v, want %v", format, rec.Latency, latency)
	}
}

// A log written in any format is recognised as that format.
func TestWhatIsWrittenIsRecognised(t *testing.T) {
	for _, name := range FormatNames() {
		f, err := NewFormat(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := newTestSite(t, options(f, SiteOptions{Seed: 11, Clients: 500}))
		var lines [][]byte
		for header := range strings.Lines(string(f.AppendHeader(nil))) {
			lines = append(lines, accesslog.TrimEnd([]byte(header)))
		}
		l := Line{At: time.Unix(1_773_151_500, 0)}
		for range 500 {
			s.Next(&l)
			lines = append(lines, accesslog.TrimEnd(f.AppendLine(nil, &l)))
		}
		want, _, _ := strings.Cut(name, "-")
		if want != "json" {
			want = name
		}
		if got := accesslog.Detect(lines); got.Format.Name != want {
			t.Errorf("a log in %s was recognised as %q", name, got.Format.Name)
		}
	}
}

// Every format that weir reads can be written.
func TestEveryFormatThatIsReadIsWritten(t *testing.T) {
	for _, name := range accesslog.Names() {
		if _, err := NewFormat(name, nil); err != nil {
			t.Error(err)
		}
	}
}

package simulate

import (
	"testing"
	"time"

	"weir/internal/accesslog"
)

// What is written must be what is read, field by field, in every format.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	for _, absolute := range []bool{false, true} {
		for _, name := range FormatNames() {
			f, err := NewFormat(name, zone)
			if err != nil {
				t.Fatal(err)
			}
			format, ok := accesslog.Lookup(name)
			if !ok {
				t.Fatalf("package accesslog has no format named %q", name)
			}
			p := format.New()
			s := newTestSite(t, SiteOptions{Seed: 10, Clients: 2000, Sections: 20, AbsoluteTargets: absolute})
			var rec accesslog.Record
			if header := f.AppendHeader(nil); len(header) > 0 {
				if got := p.Parse(accesslog.TrimEnd(header), &rec); got.Kind != accesslog.Directive {
					t.Fatalf("%s: the header got %+v, want a directive", name, got)
				}
			}
			var l Line
			for i := range 5000 {
				s.Next(&l)
				l.At = time.Unix(1_773_151_500+int64(i/7), 0)
				text := f.AppendLine(nil, &l)
				if got := p.Parse(accesslog.TrimEnd(text), &rec); got.Kind != accesslog.Hit {
					t.Fatalf("%s got %+v for %s", name, got, text)
				}
				compareRecord(t, name, &l, &rec)
				if t.Failed() {
					t.Fatalf("the line was %s", text)
				}
			}
		}
	}
}

// compareRecord fails for each field of rec that is not what l says.
func compareRecord(t *testing.T, format string, l *Line, rec *accesslog.Record) {
	t.Helper()
	target := l.Target
	if l.Query != "" {
		target += "?" + l.Query
	}
	fields := []struct{ name, got, want string }{
		{"client", string(rec.Client), l.Client},
		{"user", string(rec.User), l.User},
		{"method", string(rec.Method), l.Method},
		{"target", string(rec.Target), target},
		{"protocol", string(rec.Protocol), l.Protocol},
	}
	if format != "common" && format != "csv" {
		fields = append(fields, []struct{ name, got, want string }{
			{"referrer", string(rec.Referrer), l.Referrer}, {"agent", string(rec.Agent), l.Agent},
		}...)
	}
	if format == "vhost-combined" {
		fields = append(fields, struct{ name, got, want string }{"host", string(rec.Host), l.Host})
	}
	for _, f := range fields {
		if f.want == "-" {
			f.want = ""
		}
		if f.got != f.want {
			t.Errorf("%s: %s got %q, want %q", format, f.name, f.got, f.want)
		}
	}
	if rec.Malformed || rec.Sec != l.At.Unix() || rec.Status != l.Status || rec.Bytes != max(l.Bytes, 0) {
		t.Errorf("%s: got malformed %v, second %d, status %d, bytes %d, want false, %d, %d, %d",
			format, rec.Malformed, rec.Sec, rec.Status, rec.Bytes, l.At.Unix(), l.Status, max(l.Bytes, 0))
	}
	latency := accesslog.NoLatency
	if format == "combined-time" {
		latency = l.Latency.Round(time.Millisecond)
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
		s := newTestSite(t, SiteOptions{Seed: 11, Clients: 500})
		var lines [][]byte
		if header := f.AppendHeader(nil); len(header) > 0 {
			lines = append(lines, accesslog.TrimEnd(header))
		}
		l := Line{At: time.Unix(1_773_151_500, 0)}
		for range 500 {
			s.Next(&l)
			lines = append(lines, accesslog.TrimEnd(f.AppendLine(nil, &l)))
		}
		if got := accesslog.Detect(lines); got.Format.Name != name {
			t.Errorf("a log in %s was recognised as %q", name, got.Format.Name)
		}
	}
}

package accesslog

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// fuzzFormat checks what holds for any line in any format: no panic, views
// within bounds, the same result twice, sane figures in a hit.
func fuzzFormat(f *testing.F, name string) {
	format, ok := Lookup(name)
	if !ok {
		f.Fatalf("no format %q", name)
	}
	seeds(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		p, _ := primed(t, format)
		checkLine(t, p, line)
		checkLine(t, format.New(), line) // without a header
		behind := NewForced(format)
		behind.Behind(hops(t, "x-forwarded-for", "all"))
		checkLine(t, behind, line)
	})
}

func seeds(f *testing.F) {
	for _, format := range Formats() {
		for line := range strings.SplitSeq(format.Example, "\n") {
			f.Add([]byte(line))
		}
	}
	f.Add([]byte(`192.0.2.7 - a "b [10/Oct/2000:13:55:36 -0700] "GET /\"a HTTP/1.1" - - "\\" "a" x="y" -`))
	f.Add([]byte("1,2,\"\"\"\",3\x00"))
	for _, l := range listings() {
		f.Add([]byte(l.lines[strings.LastIndexByte(l.lines, '\n')+1:]))
	}
}

func checkLine(t *testing.T, p Parser, line []byte) {
	line = bytes.Clone(line)[:len(line):len(line)]
	original := bytes.Clone(line)
	var r Record
	first := p.Parse(line, &r)
	switch first.Kind {
	case Hit:
		checkViews(t, p, line, &r)
		if r.Status < 0 || r.Status > 999 || r.Bytes < 0 || r.Nanos < 0 || r.Nanos > 999_999_999 || r.Latency < NoLatency {
			t.Errorf("%q: got %s, want figures in range", line, show(r))
		}
		if r.Malformed != (r.Target == nil) {
			t.Errorf("%q: got %s, want a target unless malformed", line, show(r))
		}
		// Year 0 with the widest zone, and the last nanosecond of an int64.
		if r.Sec < -62167305600-86400 || r.Sec > 253402300800+86400 {
			t.Errorf("%q: got second %d, want a time in the years 0 to 9999", line, r.Sec)
		}
	case Rejected:
		if first.Reason == "" || first.Column < 1 || first.Column > len(line)+1 {
			t.Errorf("%q: got %+v, want a reason and a column within the line", line, first)
		}
	}
	kept := r.Clone()
	var again Record
	if second := p.Parse(line, &again); second != first || first.Kind == Hit && !reflect.DeepEqual(again.Clone(), kept) {
		t.Errorf("%q: got %+v, the second time %+v\n%s\n%s", line, first, second, show(kept), show(again))
	}
	if !bytes.Equal(line, original) {
		t.Errorf("the line was changed from %q to %q", original, line)
	}
}

func FuzzCommon(f *testing.F)            { fuzzFormat(f, "common") }
func FuzzCombined(f *testing.F)          { fuzzFormat(f, "combined") }
func FuzzCombinedTime(f *testing.F)      { fuzzFormat(f, "combined-time") }
func FuzzCombinedUS(f *testing.F)        { fuzzFormat(f, "combined-us") }
func FuzzCombinedUSSize(f *testing.F)    { fuzzFormat(f, "combined-us-size") }
func FuzzVhostCommon(f *testing.F)       { fuzzFormat(f, "vhost-common") }
func FuzzVhostCombined(f *testing.F)     { fuzzFormat(f, "vhost-combined") }
func FuzzVhostCombinedTime(f *testing.F) { fuzzFormat(f, "vhost-combined-time") }
func FuzzVhostCombinedUS(f *testing.F)   { fuzzFormat(f, "vhost-combined-us") }
func FuzzCSV(f *testing.F)               { fuzzFormat(f, "csv") }
func FuzzTraefik(f *testing.F)           { fuzzFormat(f, "traefik") }
func FuzzIngressNginx(f *testing.F)      { fuzzFormat(f, "ingress-nginx") }
func FuzzHAProxy(f *testing.F)           { fuzzFormat(f, "haproxy") }
func FuzzEnvoy(f *testing.F)             { fuzzFormat(f, "envoy") }
func FuzzIstio(f *testing.F)             { fuzzFormat(f, "istio") }
func FuzzSquid(f *testing.F)             { fuzzFormat(f, "squid") }
func FuzzAWSALB(f *testing.F)            { fuzzFormat(f, "aws-alb") }
func FuzzAWSELB(f *testing.F)            { fuzzFormat(f, "aws-elb") }
func FuzzAWSS3(f *testing.F)             { fuzzFormat(f, "aws-s3") }
func FuzzCloudFront(f *testing.F)        { fuzzFormat(f, "cloudfront") }
func FuzzW3C(f *testing.F)               { fuzzFormat(f, "w3c") }

func FuzzAuto(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, line []byte) {
		checkLine(t, new(Auto), line)
		hosted, plain := false, false
		for _, name := range formatsThatRead(string(line)) {
			hosted = hosted || strings.HasPrefix(name, "vhost-")
			plain = plain || strings.HasPrefix(name, "com")
		}
		if hosted && plain {
			t.Errorf("%q is read with and without a virtual host: %v", line, formatsThatRead(string(line)))
		}
	})
}

func FuzzDetect(f *testing.F) {
	for _, format := range Formats() {
		f.Add([]byte(format.Example))
	}
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := bytes.Split(text, []byte("\n"))
		d := Detect(lines)
		if d.Confidence < 0 || d.Confidence > 1 || d.Found != (d.Format.New != nil) || d.Found && d.Confidence < enough {
			t.Errorf("got found %v, format %q, confidence %v", d.Found, d.Format.Name, d.Confidence)
		}
		a := new(Auto)
		a.Prime(lines)
		if format, ok := a.Format(); d.Found && (!ok || format.Name != d.Format.Name) {
			t.Errorf("Prime took %q %v, Detect found %q", format.Name, ok, d.Format.Name)
		}
	})
}

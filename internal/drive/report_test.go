package drive

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/sketch"
)

// made is a report of a run with given figures.
func made(t *testing.T, begun time.Time, latencies ...time.Duration) *Report {
	t.Helper()
	o := &Options{Connections: 4, Agent: "weir-trafficgen/9", Requests: []Request{request(t, "GET", "http://127.0.0.1:1/")}, Plan: &script{}}
	tl := &tally{}
	for i, d := range latencies {
		due := time.Duration(i) * 100 * time.Millisecond
		tl.plan(due)
		tl.send(due, due+time.Millisecond)
		tl.answer(due, due+time.Millisecond, due+d, 200, 5)
	}
	tl.settle()
	tl.opened, tl.most = 2, 2
	r := newReport(o, "test")
	r.fill(o, &outcome{tally: tl, begun: begun, length: time.Duration(len(latencies)-1) * 100 * time.Millisecond, ended: time.Second})
	return r
}

func TestAReportIsTheSameWhenItIsReadAgain(t *testing.T) {
	r := made(t, time.Unix(1000, 0), 10*time.Millisecond, 20*time.Millisecond, 3*time.Second)
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseReport(b)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := again.JSON(); err != nil || string(c) != string(b) || again.Text() != r.Text() || string(again.HGRM()) != string(r.HGRM()) {
		t.Errorf("%v\n%s\n%s", err, b, c)
	}
	for text, want := range map[string]string{
		"x": "it is no report of weir trafficgen", "{}": "write one with -o report.json", `{"kind":"weir trafficgen"}`: "damaged",
		strings.Replace(string(b), `"histogram": "A`, `"histogram": "B`, 1): "histogram",
		strings.Replace(string(b), `"seconds": `, `"seconds": -`, 1):        "its length",
	} {
		if r, err := ParseReport([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, %v, want an error with %q", text, r, err, want)
		}
	}
}

func TestSeveralReportsAreOneAsIfOneGeneratorHadSentAll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var whole sketch.Histogram
	var parts []*Report
	sum := int64(0)
	for i := range 5 {
		var latencies []time.Duration
		for range 50 + r.IntN(50) {
			d := time.Millisecond + time.Duration(r.IntN(1e9))
			latencies = append(latencies, d)
			whole.Add(int64(d))
		}
		sum += int64(len(latencies))
		p := made(t, time.Unix(1000, 0), latencies...)
		p.Seconds, p.Took = 10, 10
		p.rate()
		if i == 4 { // begun later
			p.Begun = p.Begun.Add(10 * time.Second)
		}
		parts = append(parts, p)
	}
	m := Merge(parts)
	if m.Due != sum || m.Sent != sum || m.Answered != sum || m.Status["200"] != sum || m.Runs != 5 || m.Seconds != 20 || m.AskedRate != float64(sum)/20 || m.Connections.Allowed != 20 {
		t.Errorf("got %s", m.Text())
	}
	if !m.Latency.h.Equal(&whole) || m.Latency.P99 != millis(whole.Quantile(0.99)) {
		t.Errorf("the percentiles are not those of all requests: %v, want %v", m.Latency.P99, millis(whole.Quantile(0.99)))
	}
	slices.Reverse(parts)
	a, _ := m.JSON()
	if b, _ := Merge(parts).JSON(); string(a) != string(b) {
		t.Errorf("the order matters:\n%s\n%s", a, b)
	}
	one, _ := Merge(parts[:1]).JSON()
	if b, _ := parts[0].JSON(); len(one) != len(b) {
		t.Errorf("one report alone got\n%s, want\n%s", one, b)
	}
}

// TestPercentilesAreWrittenAsHdrHistogramDoes reads them as its plotter does: four columns, the
// last of them missing in the last line, values and counts that never fall, comments behind.
func TestPercentilesAreWrittenAsHdrHistogramDoes(t *testing.T) {
	var latencies []time.Duration
	for i := range 10_000 {
		latencies = append(latencies, time.Duration(i+1)*time.Microsecond*100)
	}
	text := string(made(t, time.Unix(0, 0), latencies...).HGRM())
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if lines[0] != "       Value     Percentile TotalCount 1/(1-Percentile)" || lines[1] != "" {
		t.Errorf("got the head %q", lines[:2])
	}
	rows, last, lastTotal := 0, -1.0, 0
	for _, line := range lines[2:] {
		if strings.HasPrefix(line, "#[") {
			continue
		}
		rows++
		var value, percentile float64
		var total int
		if _, err := fmt.Sscan(line, &value, &percentile, &total); err != nil || value < last || total < lastTotal {
			t.Fatalf("%q: %v", line, err)
		}
		// Values are 0.1, 0.2 ... 1000 ms, so the share of each is known.
		if share := value / 1000; share < percentile*0.99-0.0002 || share > percentile*1.01+0.011 {
			t.Errorf("%q: a value of rank %.4f", line, share)
		}
		last, lastTotal = value, total
	}
	if rows < 30 || last != 1000 || lastTotal != 10_000 {
		t.Errorf("%d rows, the last %v, %v:\n%s", rows, last, lastTotal, text)
	}
	for _, want := range []string{"#[Mean    =      500.050, StdDeviation   =", "#[Max     =     1000.000, Total count    =        10000]", "#[Buckets ="} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if got := string(made(t, time.Unix(0, 0)).HGRM()); !strings.Contains(got, "Total count    =            0]") {
		t.Errorf("of nothing got\n%s", got)
	}
}

func TestExpectationsHoldOrSayWhatThereIsInstead(t *testing.T) {
	r := made(t, time.Unix(0, 0), 10*time.Millisecond, 10*time.Millisecond, 10*time.Millisecond, time.Second)
	r.Due, r.Failed, r.Late, r.SentRate = 10, 2, 1, 495.5
	r.Status = map[string]int64{"200": 4, "404": 1, "500": 1, "503": 2}
	for text, want := range map[string]string{
		"p50<10.1ms": "", "p50<9ms": "expected p50<9ms, got 10 ms", "max<=1s": "", "max<1s": "expected max<1s, got 1.0 s", "p99.9>500ms": "",
		"mean<200ms": "expected mean<200ms, got 258 ms", "service-p50<9.5ms": "", "lag-max<=1ms": "", "latency-p90>1": "expected latency-p90>1, got 1.0 s",
		"errors<=50%": "", "errors<50%": "expected errors<50%, got 50.0%", "errors<5": "expected errors<5, got 5", "failed<3": "", "late<1": "expected late<1, got 1",
		"5xx<=30%": "", "404<1": "expected 404<1, got 1", "2xx>=40%": "", "301<1": "", "rate>495": "", "rate >= 496": "expected rate >= 496, got 495.5",
	} {
		e, err := ParseExpectation(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := e.Check(r); got != want || e.String() != text {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	nothing := made(t, time.Unix(0, 0))
	for _, text := range []string{"p99<1h", "lag-p50<1h", "errors<1%"} {
		e, _ := ParseExpectation(text)
		if got := e.Check(nothing); got != "expected "+text+", got -" {
			t.Errorf("%s of no request: got %q", text, got)
		}
	}
	for text, want := range map[string]string{
		"": "no < or >", "p99": "no < or >", "<5": "no < or >", "p0<1s": `by the name "p0"`, "p101<1s": "p101", "px<1": "px", "p99<x": "number is missing", "speed<1": `by the name "speed"`,
		"errors<x": `"x" is no number`, "errors<101%": "no more than 100%", "errors<-1": "is no number", "errors<NaN": "is no number", "rate>5%": "is no number", "0xx<1": "0xx", "4x<1": "4x", "service-errors<1": "service-errors",
	} {
		if _, err := ParseExpectation(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "p99<50ms") {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestTargetsAreReadAsTyped(t *testing.T) {
	site, _, _ := ParseURL("http://127.0.0.1:8080")
	targets := &Targets{Site: site, Header: []Field{{"X-All", "1"}, {"Accept", "all"}}, File: func(name string) ([]byte, error) {
		if name == "missing" {
			return nil, os.ErrNotExist
		}
		return []byte("file " + name), nil
	}}
	got, err := targets.Parse("# a mix\r\n80 GET /\r\n\n0.5 POST /form?x=1\n  Accept: text/plain\n\t= a body\n/bare\nPUT https://example.com/a%20b\n @ body file\n2 /two\n")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, w := range got {
		lines = append(lines, fmt.Sprintf("%v %s %v %q", w.Weight, &w.Request, w.Header, w.Body))
	}
	want := []string{
		`80 GET http://127.0.0.1:8080/ [{X-All 1} {Accept all}] ""`,
		`0.5 POST http://127.0.0.1:8080/form?x=1 [{Accept text/plain} {X-All 1}] "a body"`,
		`1 GET http://127.0.0.1:8080/bare [{X-All 1} {Accept all}] ""`,
		`1 PUT https://example.com/a%20b [{X-All 1} {Accept all}] "file body file"`,
		`2 GET http://127.0.0.1:8080/two [{X-All 1} {Accept all}] ""`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	for text, want := range map[string]string{
		"": "no request in it", "# x\n": "no request in it", " Accept: x\n": "line 1: it begins with a blank", "0 GET /": "line 1: the weight 0", "-1 GET /": "weight -1", "5": "write it as WEIGHT METHOD TARGET",
		"/\n1 G(T /": "line 2: \"G(T\" is no method", "CONNECT /": "opens tunnels", "GET ftp://x/": "neither http nor https", "GET /a b": "write it as", "/\n x y": "is no line of a header",
		"/\n Connection: close": "set by weir", "/\n = a\n = b": "line 3: the request has a body already", "/\n @missing": "file does not exist", "/\n A: b\x01": "control character", "NaN /": "weight NaN",
	} {
		if _, err := targets.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
	targets.Site = nil
	if _, err := targets.Parse("GET /"); err == nil || !strings.Contains(err.Error(), "--url") {
		t.Errorf("without a site: %v", err)
	}
}

func TestURLsAreReadAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"http://h": "http://h /", "https://u:p@h:1/a?b#c": "https://u:p@h:1 /a?b", "http://[::1]:80/x": "http://[::1]:80 /x",
	} {
		if site, target, err := ParseURL(text); err != nil || site.String()+" "+target != want {
			t.Errorf("%s: got %v %s, %v", text, site, target, err)
		}
	}
	for text, want := range map[string]string{
		"127.0.0.1:8080": "write it as http://127.0.0.1:8080", "h/x": "http://h/x", "ftp://h": "neither", "http://": "names no host", "": "", "http://u:secret@h:x/": "it is no URL",
	} {
		if _, _, err := ParseURL(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

// TestTheManualTellsOfEachKeyOfAReport looks for each key in docs/json.md.
func TestTheManualTellsOfEachKeyOfAReport(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, ok := strings.Cut(string(manual), "\n# Reports of the load generator\n")
	if !ok {
		t.Fatal("docs/json.md has lost its chapter on the load generator")
	}
	chapter, _, _ = strings.Cut(chapter, "\n# ")
	for _, v := range []any{Report{}, Course{}, Connections{}, Distribution{}} {
		for i := range reflect.TypeOf(v).NumField() {
			key, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
			if key != "" && !strings.Contains(chapter, "`"+key+"`") {
				t.Errorf("docs/json.md does not tell of the key %s of %T", key, v)
			}
		}
	}
	for f := range faults {
		if key := f.told().key; f != noFault && !strings.Contains(chapter, "`"+key+"`") {
			t.Errorf("docs/json.md does not tell of the error %s", key)
		}
	}
	var any map[string]any
	b, _ := made(t, time.Unix(0, 0), time.Second).JSON()
	if err := json.Unmarshal(b, &any); err != nil || any["kind"] != kindOfReport {
		t.Errorf("%v: %s", err, b)
	}
}

// FuzzTargets: a mix that is taken can be sent, and says nothing that would begin another line of a
// request.
func FuzzTargets(f *testing.F) {
	f.Add("80 GET /\n1 POST http://h/x\n A: b\n = body\n")
	f.Add("/\n\tHost: x\n @file")
	f.Fuzz(func(t *testing.T, text string) {
		site, _, _ := ParseURL("http://127.0.0.1:8080")
		all, err := (&Targets{Site: site, File: func(string) ([]byte, error) { return []byte("x"), nil }}).Parse(text)
		if err != nil {
			if len(all) > 0 {
				t.Errorf("%q: an error, and %d requests", text, len(all))
			}
			return
		}
		for _, w := range all {
			o := &Options{}
			rest := string(appendRest(nil, &w.Request, o))
			head, _, ok := strings.Cut(rest, "\r\n\r\n")
			lines := 2 + len(w.Header) // the version and Host
			for _, h := range w.Header {
				if strings.EqualFold(h.Name, "host") {
					lines--
				}
			}
			if sized(&w.Request) {
				lines++
			}
			if w.Site.User != nil {
				lines++
			}
			for _, h := range w.Header {
				if strings.EqualFold(h.Name, "authorization") && w.Site.User != nil {
					lines--
				}
			}
			if got := strings.Count(head, "\n") + 1; !ok || got > lines || strings.ContainsAny(w.Method+w.Target, " \r\n") || w.Weight <= 0 {
				t.Errorf("%q: a head of %d lines, want %d: %q %q", text, got, lines, w.Request.String(), rest)
			}
		}
	})
}

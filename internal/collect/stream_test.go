package collect

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// streamOf returns a Stream of counters by these names, one look every 10 s.
func streamOf(t *testing.T, names ...string) *Stream {
	t.Helper()
	o := Options{URL: &url.URL{Scheme: "http", User: url.UserPassword("me", "secret"), Host: "a.example", Path: "/stats"}, Interval: 10 * time.Second}
	for _, n := range names {
		m, err := ParseMetric(n)
		if err != nil {
			t.Fatal(err)
		}
		o.Metrics = append(o.Metrics, m)
	}
	s, err := o.Stream()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// at hands the Stream a record of so many seconds after the begin of the test.
func at(s *Stream, second int64, values ...string) {
	s.Record(time.Unix(1_773_151_500+second, 999_000_000), values)
}

// lines returns what the Stream gives until its end: of each second and status how many.
func lines(t *testing.T, s *Stream) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(all(t, s)) {
		if !strings.Contains(line, timeOnly) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// timeOnly stands in lines that are TimeOnly.
const timeOnly = " * 000 "

// all is lines with those that are TimeOnly.
func all(t *testing.T, s *Stream) string {
	t.Helper()
	s.End()
	text, err := io.ReadAll(s)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	last, n := "", 0
	flush := func() {
		if n > 0 {
			fmt.Fprintf(&out, "%s x%d\n", last, n)
		}
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "17731515")
		if line != last {
			flush()
			last, n = line, 0
		}
		n++
	}
	flush()
	return out.String()
}

func TestWhatCountersGrowByBecomesRequestsInTheOrderOfTime(t *testing.T) {
	s := streamOf(t, "200s", "404s", "503s")
	at(s, 0, "1000", "7", "0") // what was before is nobody's
	at(s, 4, "1004", "7", "2")
	at(s, 14, "1004", "7", "2") // nothing
	at(s, 16, "1005", "9", "2")
	want := "00 * 000 x1\n" + "00 / 200 x1\n" + "01 / 200 x1\n01 / 503 x1\n" + "02 / 200 x1\n" + "03 / 200 x1\n03 / 503 x1\n" + "04 * 000 x1\n" +
		"14 * 000 x1\n" + "14 / 404 x1\n" + "15 / 200 x1\n15 / 404 x1\n" + "16 * 000 x1\n"
	if got := all(t, s); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], "requests are counted from 2026-03-10T") || s.Lost() != 0 {
		t.Errorf("got %q, %d lost", n, s.Lost())
	}
	if s.Name() != "http://a.example/stats" {
		t.Errorf("name: got %q, want the address without the password", s.Name())
	}
}

// unread stands for lines that a test leaves in the Stream.
const unread = "unread"

func TestWhatCannotBePlacedIsLostAndTold(t *testing.T) {
	for _, c := range []struct {
		name   string
		record func(s *Stream)
		lines  string
		lost   int64
		told   string // in one of the notices
	}{
		{"a reset", func(s *Stream) { at(s, 1, "3") }, "00 / 200 x3\n", 0, "the 200s began anew at 0: counted are the 3 since then"},
		{"two counters anew", func(s *Stream) { at(s, 1, "0") }, "", 0, "the 200s began anew at 0: counted are the 0 since then"},
		{"one look failed", func(s *Stream) { at(s, 20, "101") }, "10 / 200 x1\n", 0, "requests are counted from"},
		{"two looks failed", func(s *Stream) { at(s, 30, "142"); at(s, 31, "143") }, "30 / 200 x1\n", 42, "nothing is known of the 30s before 2026-03-10T"},
		{"the clock went back", func(s *Stream) { at(s, -50, "105"); at(s, -49, "106") }, "50 / 200 x1\n", 5, "the clock was set back: the 5 requests by which the counters grew are not counted"},
		{"the same second", func(s *Stream) { at(s, 0, "101") }, "", 1, "the 1 request by which"},
		{"the most", func(s *Stream) { at(s, 1, "10000100") }, unread, 0, "requests are counted from"},
		{"too much", func(s *Stream) { at(s, 10, "10000101"); at(s, 11, "10000102") }, "10 / 200 x1\n", 10_000_001, "more than 10,000,000 requests in 10s are not believed"},
		{"no counter at all", func(s *Stream) { at(s, 10, "9223372036854775807") }, "", 1 << 53, "not believed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := streamOf(t, "200s")
			at(s, 0, "100")
			c.record(s)
			notices := strings.Join(s.Notices(), "\n")
			got := unread
			if c.lines != unread { // which are 160 MiB
				got = lines(t, s)
			}
			if c.name == "the clock went back" {
				got = strings.Replace(got, "1773151450", "50", 1)
			}
			if got != c.lines || s.Lost() != c.lost || !strings.Contains(notices, c.told) {
				t.Errorf("got %q, lost %d, told %q; want %q, lost %d, told %q", got, s.Lost(), notices, c.lines, c.lost, c.told)
			}
		})
	}
}

// TestASlowReaderDelaysNobodyAndTakesNoMemory: what it does not read in time is lost.
func TestASlowReaderDelaysNobodyAndTakesNoMemory(t *testing.T) {
	s := streamOf(t, "200s")
	for i := range int64(500) {
		at(s, i, fmt.Sprint(10*i))
	}
	const kept = mostWaiting - 1 // the first record has only its time
	if got := strings.Count(lines(t, s), "x10\n"); got != kept {
		t.Errorf("got %d records, want the %d that were kept", got, kept)
	}
	if want := int64(10 * (499 - kept)); s.Lost() != want {
		t.Errorf("lost: got %d, want %d", s.Lost(), want)
	}
	if n := s.Notices(); len(n) != mostTold+1 || !strings.Contains(n[mostTold], "more messages of this kind were left out") {
		t.Errorf("got %d notices, the last %q", len(n), n[len(n)-1])
	}
}

func TestLinesComeWholeHoweverTheyAreRead(t *testing.T) {
	read := func(by func(io.Reader) io.Reader) string {
		s := streamOf(t, "200s", "404s")
		at(s, 0, "0", "0")
		at(s, 10, "1234", "77")
		s.End()
		text, err := io.ReadAll(by(s))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	all := read(func(r io.Reader) io.Reader { return r })
	if n := strings.Count(all, "\n"); n != 1313 {
		t.Errorf("got %d lines, want 1,311 requests and 2 times", n)
	}
	if single := read(iotest.OneByteReader); single != all {
		t.Error("byte by byte it gives something else")
	}
	if _, after, _ := bytes.Cut([]byte(all), []byte("\n")); !bytes.HasPrefix(after, []byte("1773151500 / 200\n")) {
		t.Errorf("got %.40q behind the first line", after)
	}
}

// TestCloseLetsTheReaderGo, who waits, or has a lot to read.
func TestCloseLetsTheReaderGo(t *testing.T) {
	s := streamOf(t, "200s")
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, s)
		done <- err
	}()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("got %v, want the end", err)
	}
}

func TestOnlyCountersOfStatusesAreRequests(t *testing.T) {
	for _, name := range []string{"up", "20s", "2000s", "099s", "600s", "200", "+20s", "uptimes", `hits{code="2xx"}`, `hits{code="99"}`, `hits{method="200"}`, `hits{code="600"}`, "workers.200s"} {
		m, err := ParseMetric(name)
		if err != nil {
			t.Fatal(err)
		}
		o := Options{URL: &url.URL{}, Metrics: append(Counts(), m), Interval: time.Second}
		if _, err := o.Stream(); err == nil || !strings.Contains(err.Error(), "is no counter of a status, such as 200s, 405s or hits") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s := streamOf(t, `hits{method="GET",code="200"}`, `http_requests_total{status="503"}`)
	at(s, 0, "1", "1")
	at(s, 1, "2", "3")
	if got, want := lines(t, s), "00 / 200 x1\n00 / 503 x2\n"; got != want {
		t.Errorf("labels: got %q, want %q", got, want)
	}
	m, err := ParseMetric("405s")
	if err != nil {
		t.Fatal(err)
	}
	given := []Metric{m}
	o := Options{URL: &url.URL{}, Metrics: given, Interval: time.Second}
	if _, err := o.Stream(); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Metrics[0].number("1.5"); err == nil {
		t.Error("half a request was taken for a count")
	}
	if _, err := given[0].number("1.5"); err != nil {
		t.Errorf("the caller's own metrics were changed: %v", err)
	}
}

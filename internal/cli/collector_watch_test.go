package cli

import (
	"bufio"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/collect"
	"weir/internal/gauge"
	"weir/internal/unit"
)

// A look is a record of a counter: when it came, and what it said.
type look struct {
	after time.Duration
	hits  int64
}

// watched plays looks at a page every second, and returns what was told of the traffic, with
// when: "9.6s High traffic ...". The clock ticks ten times a second until the end.
func watched(t *testing.T, looks []look, end time.Duration) []string {
	t.Helper()
	metric, err := collect.ParseMetric("200s")
	if err != nil {
		t.Fatal(err)
	}
	o := collect.Options{URL: &url.URL{Scheme: "http", Host: "a.example"}, Interval: time.Second, Timeout: 900 * time.Millisecond, Metrics: []collect.Metric{metric}}
	stream, err := o.Stream()
	if err != nil {
		t.Fatal(err)
	}
	format, err := accesslog.Compile(collect.StreamFormat)
	if err != nil {
		t.Fatal(err)
	}
	g := gauge.New(gauge.Options{Interval: 10, Hold: holdOf(stream, &o), Rules: []alert.Rule{alert.HighTrafficRule(20*unit.One, 2*time.Second)}})
	source, parser := g.AddSource(stream.Name(), false), accesslog.NewForced(format)
	begin := time.Unix(1_773_151_500, 0)
	var told []string
	lines := bufio.NewScanner(stream)
	// A record is a stretch of lines that ends in one of time only.
	read := func(now time.Time) {
		g.Caught(source, false, now)
		g.Wrote(source, now, now)
		for lines.Scan() {
			var r accesslog.Record
			if out := parser.Parse(lines.Bytes(), &r); out.Kind != accesslog.Hit {
				t.Fatalf("%q is no request: %s", lines.Text(), out.Reason)
			}
			if collect.TimeOnly(&r) {
				g.Pass(source, &r)
				break
			}
			g.Record(source, &r)
		}
		g.Caught(source, true, now)
	}
	for at := time.Duration(0); at <= end; at += 100 * time.Millisecond {
		now := begin.Add(at)
		for len(looks) > 0 && looks[0].after <= at {
			stream.Record(begin.Add(looks[0].after), []string{strconv.FormatInt(looks[0].hits, 10)})
			looks = looks[1:]
			read(now)
		}
		g.Tick(now)
		for _, out := range g.Take() {
			if e := out.Event; e != nil {
				what := "recovered"
				if e.Begins() {
					what = "alert"
				}
				told = append(told, fmt.Sprintf("%.1fs %s at %ds", at.Seconds(), what, e.At-begin.Unix()))
			}
		}
	}
	if stream.Lost() > 0 {
		told = append(told, fmt.Sprintf("%d lost", stream.Lost()))
	}
	return told
}

// steady are looks every second of so many, at a counter that grows by rate until the end.
func steady(seconds, rate int64) []look {
	var all []look
	for s := range seconds + 1 {
		all = append(all, look{time.Duration(s) * time.Second, s * rate})
	}
	return all
}

func TestAQuietPageEndsAnAlertWithItsNextRecord(t *testing.T) {
	looks := steady(5, 100)
	for s := 6; s <= 10; s++ {
		looks = append(looks, look{time.Duration(s) * time.Second, 500})
	}
	want := []string{"1.0s alert at 1s", "7.0s recovered at 7s"}
	if got := watched(t, looks, 10*time.Second); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestARecordThatIsLateNeitherEndsAnAlertNorBeginsOne: what is not known is not nothing. What
// grew meanwhile came at the rate that it came at.
func TestARecordThatIsLateNeitherEndsAnAlertNorBeginsOne(t *testing.T) {
	for late := 500 * time.Millisecond; late <= 9500*time.Millisecond; late += 500 * time.Millisecond {
		for _, rate := range []int64{100, 15} {
			var looks []look
			for s := range 41 {
				at := time.Duration(s) * time.Second
				if s == 20 {
					at += late
				}
				if n := len(looks); n > 0 && at <= looks[n-1].after {
					continue // no look before the answer to the one before
				}
				looks = append(looks, look{at, int64(at.Seconds() * float64(rate))})
			}
			want := []string{"1.0s alert at 1s"}
			if rate < 20 {
				want = nil
			}
			if got := watched(t, looks, 40*time.Second); !slices.Equal(got, want) {
				t.Errorf("late by %s at %d/s: got %q, want %q", late, rate, got, want)
			}
		}
	}
}

// TestRecordsThatCeaseLetTimePassInTheEnd, or no alert would end, and none of silence begin.
func TestRecordsThatCeaseLetTimePassInTheEnd(t *testing.T) {
	got := watched(t, steady(5, 100), 60*time.Second)
	want := []string{"1.0s alert at 1s", "18.9s recovered at 7s"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

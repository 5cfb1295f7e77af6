package view

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// count adds n records like r to t.
func count(t *traffic.Tally, n int, r accesslog.Record, section string) {
	for range n {
		t.Add(&r, []byte(section))
	}
}

func request(client, target string, status int) accesslog.Record {
	return accesslog.Record{
		Client: []byte(client), Method: []byte("GET"), Target: []byte(target), Status: status,
		Bytes: 100, Latency: accesslog.NoLatency,
	}
}

// mixed is a tally with something in every figure.
func mixed() *traffic.Tally {
	var t traffic.Tally
	count(&t, 60, request("10.0.0.1", "/a/x", 200), "/a")
	count(&t, 30, request("10.0.0.2", "/b/y", 503), "/b")
	slow := request("10.0.0.3", "/b/z?q", 404)
	slow.Latency = 250 * time.Millisecond
	count(&t, 10, slow, "/b")
	count(&t, 2, accesslog.Record{Client: []byte("10.0.0.4"), Status: 400, Malformed: true, Latency: accesslog.NoLatency}, traffic.MalformedSection)
	return &t
}

func TestReadTellsTheFiguresOfTheTally(t *testing.T) {
	s := Read(mixed(), Tops{Sections: 2, Clients: 3, Paths: 10})
	if s.Hits != 102 || s.Bytes != 10_000 || s.Malformed != 2 || s.Visitors != 4 || s.VisitorsEstimated {
		t.Errorf("got %d hits, %d bytes, %d malformed, %d visitors (estimated: %v); want 102, 10000, 2, 4", s.Hits, s.Bytes, s.Malformed, s.Visitors, s.VisitorsEstimated)
	}
	if want := [6]int64{2: 60, 4: 12, 5: 30}; s.Classes != want {
		t.Errorf("got classes %v, want %v", s.Classes, want)
	}
	if got, want := fmt.Sprint(s.Statuses), "[{200 60} {400 2} {404 10} {503 30}]"; got != want {
		t.Errorf("got statuses %s, want %s", got, want)
	}
	if s.Count(503) != 30 || s.Count(500) != 0 {
		t.Errorf("got %d of 503 and %d of 500, want 30 and 0", s.Count(503), s.Count(500))
	}
	if tb := s.Sections; len(tb.Rows) != 2 || tb.Rows[0].Key != "/a" || tb.Rows[1].Key != "/b" || tb.Keys != 3 || tb.Rest != 2 || tb.Bound != 0 {
		t.Errorf("got sections %+v, want /a and /b of 3, 2 hits of others", tb)
	}
	if r := s.Sections.Rows[1]; r.Hits != 40 || r.Bytes != 4000 || r.Errors != 30 || r.Latency == nil || r.Latency.Count != 10 {
		t.Errorf("got %+v of /b, want 40 hits, 4000 bytes, 30 errors and 10 latencies", r)
	}
	if r := s.Sections.Rows[0]; r.Visitors != 1 || r.Latency != nil {
		t.Errorf("got latency %+v of /a, which has none", r.Latency)
	}
	if len(s.Clients.Rows) != 3 || len(s.Paths.Rows) != 3 || s.Paths.Rows[2].Key != "/b/z" || len(s.Methods.Rows) != 1 {
		t.Errorf("got clients %v, paths %v, methods %v", s.Clients, s.Paths, s.Methods)
	}
}

func TestReadOfNothingIsNothing(t *testing.T) {
	s := Read(new(traffic.Tally), Tops{Sections: 5, Clients: 5, Paths: 5})
	if s.Hits != 0 || s.Latency != nil || len(s.Statuses)+len(s.Sections.Rows)+len(s.Clients.Rows)+len(s.Paths.Rows)+len(s.Methods.Rows) != 0 {
		t.Errorf("got %+v, want nothing", s)
	}
}

func TestCapsThatWereReachedAreTold(t *testing.T) {
	var tally traffic.Tally
	most := traffic.BySection.MaxRows()
	for i := range most + 1 {
		tally.Add(&accesslog.Record{Client: fmt.Append(nil, i), Latency: accesslog.NoLatency}, fmt.Append(nil, "/", i))
	}
	tally.Add(&accesslog.Record{Latency: time.Second}, []byte("/late"))
	s := Read(&tally, Tops{Sections: most})
	if tb := s.Sections; tb.Bound != 1 || tb.Rest != int64(most) || len(tb.Rows) != 2 || tb.Rows[0].Missed != 1 || !s.VisitorsEstimated {
		t.Errorf("got %+v, visitors estimated: %v", tb, s.VisitorsEstimated)
	}
}

func TestTablesOfReportsAreThereWhenAskedFor(t *testing.T) {
	tally := mixed()
	if s := Read(tally, Tops{}); len(s.NotFound.Rows)+len(s.ServerErrors.Rows)+len(s.Agents.Rows)+len(s.Protocols.Rows) != 0 {
		t.Errorf("got %+v, which nobody asked for", s)
	}
	s := Read(tally, Tops{Others: 3})
	if len(s.NotFound.Rows) != 1 || s.NotFound.Rows[0].Key != "/b/z" || s.NotFound.Rows[0].Hits != 10 || s.NotFound.Rest != 0 {
		t.Errorf("got the 404 paths %+v, want /b/z with 10 hits", s.NotFound)
	}
	if len(s.ServerErrors.Rows) != 1 || s.ServerErrors.Rows[0].Key != "/b/y" || s.ServerErrors.Rows[0].Hits != 30 {
		t.Errorf("got the 5xx paths %+v, want /b/y with 30 hits", s.ServerErrors)
	}
	if l := s.NotFound.Rows[0].Latency; l == nil || !l.Coarse || l.Mean != 250*time.Millisecond || l.P90 < 125*time.Millisecond || l.P90 > 500*time.Millisecond {
		t.Errorf("got the latency %+v, want a coarse one of about 250 ms", l)
	}
}

func TestReadLatency(t *testing.T) {
	var h sketch.Histogram
	if got := ReadLatency(&h); got != nil {
		t.Errorf("of no value: got %+v, want nil", got)
	}
	for ms := range int64(1000) {
		h.Add((ms + 1) * 1000)
	}
	got := ReadLatency(&h)
	if got.Count != 1000 || got.Mean != 500*time.Millisecond+500*time.Microsecond || got.Max != time.Second {
		t.Errorf("got %+v, want 1000 values with the mean 500.5ms and the maximum 1s", got)
	}
	for name, q := range map[string]struct{ got, want time.Duration }{
		"p50": {got.P50, 500 * time.Millisecond}, "p90": {got.P90, 900 * time.Millisecond}, "p99": {got.P99, 990 * time.Millisecond},
	} {
		if off := (q.got - q.want).Abs(); off*1000 > 8*q.want {
			t.Errorf("%s: got %v, want %v with no more than 0.8 %% off", name, q.got, q.want)
		}
	}
}

// TestAViewOwnsWhatItHolds changes the tally in every way there is and looks
// at the view again.
func TestAViewOwnsWhatItHolds(t *testing.T) {
	tally := mixed()
	iv := Interval{From: 0, To: 10, Stats: Read(tally, Tops{Sections: 9, Clients: 9, Paths: 9})}
	iv.Notes = StandOut(&iv, tally)
	before, err := json.Marshal(iv)
	if err != nil {
		t.Fatal(err)
	}
	tally.Merge(mixed())
	count(tally, 500, request("10.0.0.9", "/c", 500), "/a")
	slow := request("10.0.0.3", "/b/z", 200)
	slow.Latency = time.Hour
	count(tally, 500, slow, "/b")
	tally.Reset()
	count(tally, 77, slow, "/other")
	after, err := json.Marshal(iv)
	if err != nil {
		t.Fatal(err)
	}
	if string(after) != string(before) {
		t.Errorf("the view changed with the tally:\nbefore %s\nafter  %s", before, after)
	}
}

func TestAnIntervalKnowsItsLength(t *testing.T) {
	if got := (&Interval{From: 100, To: 107}).Seconds(); got != 7 {
		t.Errorf("got %d seconds, want 7", got)
	}
}

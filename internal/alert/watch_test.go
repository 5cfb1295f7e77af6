package alert

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are there on every machine

	"weir/internal/unit"
)

// of is what was measured of a rule of hits.
func of(r *Rule, hits int64) Sample { return Sample{Num: hits, Den: r.Window, Hits: hits} }

// happened is an event of a rule of hits.
func happened(r Rule, s State, at, hits, after int64) Event {
	e := Event{Rule: r, State: s, At: at, Sample: of(&r, hits), After: after, Began: at}
	if s == Quiet {
		e.Was, e.Began = Firing, at-after
	}
	return e
}

func TestAWatchFiresAboveRecoversBelowAndStaysAtTheThreshold(t *testing.T) {
	const window, at = 120, 1200 // hits in the window at 10 per second
	for _, c := range []struct {
		name   string
		state  State
		hits   int64
		want   State
		events int
	}{
		{"quiet and below", Quiet, at - 1, Quiet, 0},
		{"quiet and at the threshold", Quiet, at, Quiet, 0},
		{"quiet and above", Quiet, at + 1, Firing, 1},
		{"firing and above", Firing, at + 1, Firing, 0},
		{"firing and at the threshold", Firing, at, Firing, 0},
		{"firing and below", Firing, at - 1, Quiet, 1},
		{"quiet without hits", Quiet, 0, Quiet, 0},
		{"firing without hits", Firing, 0, Quiet, 1},
		{"quiet and more than could be", Quiet, 1 << 62, Firing, 1},
	} {
		w := Watch{Rule: HighTrafficRule(10*unit.One, 2*time.Minute), State: c.state, Since: 1000}
		e, ok := w.Step(5000, of(&w.Rule, c.hits))
		if w.State != c.want || ok != (c.events == 1) {
			t.Errorf("%s: got %v, event %v; want %v, %d events", c.name, w.State, ok, c.want, c.events)
		}
		if !ok {
			if w.Since != 1000 || e != (Event{}) {
				t.Errorf("%s: no event, but since %d and %+v", c.name, w.Since, e)
			}
			continue
		}
		want := happened(w.Rule, c.want, 5000, c.hits, 0)
		if c.want == Quiet {
			want = happened(w.Rule, c.want, 5000, c.hits, 4000)
		}
		if e != want || w.Since != 5000 {
			t.Errorf("%s: got %+v since %d, want %+v since 5000", c.name, e, w.Since, want)
		}
	}
}

func TestTheThresholdIsExactAtFractions(t *testing.T) {
	for _, c := range []struct {
		threshold       unit.PerSecond
		window          time.Duration
		quiet, fires    int64
		recoversFromThe int64 // most hits that recover
	}{
		{250_000, 2 * time.Minute, 30, 31, 29},
		{1, time.Second, 0, 1, 0},                       // a millionth per second
		{3_333_333, 3 * time.Second, 9, 10, 9},          // 9.999999 hits: no equality
		{10_500_000, time.Second, 10, 11, 10},           // 10.5
		{10_000_000, 500 * time.Millisecond, 10, 11, 9}, // a window is a second at least
	} {
		w := Watch{Rule: HighTrafficRule(c.threshold, c.window)}
		if _, ok := w.Step(1, of(&w.Rule, c.quiet)); ok {
			t.Errorf("%v over %v: %d hits fired", c.threshold, c.window, c.quiet)
		}
		if _, ok := w.Step(2, of(&w.Rule, c.fires)); !ok {
			t.Errorf("%v over %v: %d hits did not fire", c.threshold, c.window, c.fires)
		}
		if _, ok := w.Step(3, of(&w.Rule, c.recoversFromThe)); !ok {
			t.Errorf("%v over %v: %d hits did not recover", c.threshold, c.window, c.recoversFromThe)
		}
	}
}

func TestEventsAlternateWhateverTheHits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	w := Watch{Rule: HighTrafficRule(10*unit.One, 10*time.Second)}
	last, n := Quiet, 0
	for at := range int64(200_000) {
		e, ok := w.Step(at+1, of(&w.Rule, 95+r.Int64N(11)))
		if !ok {
			continue
		}
		n++
		if e.State == last {
			t.Fatalf("at %d: got %v twice in a row", e.At, e.State)
		}
		if above := e.Hits > 100; above != (e.State == Firing) || e.Hits == 100 {
			t.Fatalf("at %d: %v with %d hits", e.At, e.State, e.Hits)
		}
		last = e.State
	}
	if n < 1000 {
		t.Fatalf("got %d events: the hits are too tame", n)
	}
}

func TestTheMessageIsTheOneThatWasPromised(t *testing.T) {
	rule := HighTrafficRule(10*unit.One, 2*time.Minute)
	total := rule
	total.Total = true
	berlin := time.FixedZone("", 3600)
	for _, c := range []struct {
		event Event
		loc   *time.Location
		want  string
	}{
		{
			happened(rule, Firing, 1549573957, 1206, 0),
			time.UTC,
			"High traffic generated an alert - hits = 10.05, triggered at 2019-02-07T21:12:37Z",
		},
		{
			happened(rule, Quiet, 1549574044, 1198, 87),
			time.UTC,
			"High traffic alert recovered - hits = 9.98, recovered at 2019-02-07T21:14:04Z",
		},
		{
			happened(rule, Firing, 1549573957, 1206, 0),
			berlin,
			"High traffic generated an alert - hits = 10.05, triggered at 2019-02-07T22:12:37+01:00",
		},
		{
			happened(rule, Quiet, 1549574044, 1198, 87),
			time.FixedZone("", -(3*3600 + 1800)),
			"High traffic alert recovered - hits = 9.98, recovered at 2019-02-07T17:44:04-03:30",
		},
		{
			happened(total, Firing, 1549573957, 1206, 0),
			time.UTC,
			"High traffic generated an alert - hits = 1206, triggered at 2019-02-07T21:12:37Z",
		},
		{
			happened(total, Quiet, 1549574044, 0, 87),
			time.FixedZone("", 5*3600+2700),
			"High traffic alert recovered - hits = 0, recovered at 2019-02-08T02:59:04+05:45",
		},
		// One hit above and below the threshold must not read as the threshold.
		{
			happened(rule, Firing, 0, 1201, 0),
			time.UTC,
			"High traffic generated an alert - hits = 10.01, triggered at 1970-01-01T00:00:00Z",
		},
		{
			happened(rule, Quiet, 0, 1199, 0),
			time.UTC,
			"High traffic alert recovered - hits = 9.99, recovered at 1970-01-01T00:00:00Z",
		},
		{
			happened(rule, Quiet, 0, 0, 0),
			time.UTC,
			"High traffic alert recovered - hits = 0.00, recovered at 1970-01-01T00:00:00Z",
		},
	} {
		if got := c.event.Message(c.loc); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if c.loc == time.UTC && c.event.String() != c.want {
			t.Errorf("String: got %s, want %s", &c.event, c.want)
		}
	}
}

func TestTheMessageFollowsSummerTime(t *testing.T) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	rule := HighTrafficRule(10*unit.One, 2*time.Minute)
	change := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC).Unix()
	for at, want := range map[int64]string{
		change - 1: "High traffic generated an alert - hits = 11.00, triggered at 2026-03-29T01:59:59+01:00",
		change:     "High traffic generated an alert - hits = 11.00, triggered at 2026-03-29T03:00:00+02:00",
	} {
		if got := message(happened(rule, Firing, at, 1320, 0), loc); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func message(e Event, loc *time.Location) string { return e.Message(loc) }

func TestAStateHasAName(t *testing.T) {
	if Quiet.String() != "quiet" || Firing.String() != "firing" || Pending.String() != "pending" {
		t.Errorf("got %v, %v and %v, want quiet, firing and pending", Quiet, Firing, Pending)
	}
}

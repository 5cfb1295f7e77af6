package gauge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/unit"
	"weir/internal/view"
)

const base = int64(1_700_000_000) // a multiple of ten

// options of the Gauges of these tests: intervals of 10 s, 2 s of lateness.
func options() Options {
	return Options{
		Interval: 10, Lateness: 2 * time.Second, SectionExpiration: 30,
		Tops:  view.Tops{Sections: 5, Clients: 5, Paths: 5},
		Rules: []alert.Rule{alert.HighTrafficRule(10*unit.One, 2*time.Minute)},
	}
}

// single is a Gauge of one source that was written and read at now.
func single(o Options, now int64) *Gauge {
	g := New(o)
	g.AddSource("log", false)
	g.Wrote(0, time.Unix(now, 0), time.Unix(now, 0))
	return g
}

func record(sec int64, target string) *accesslog.Record {
	return &accesslog.Record{
		Sec: sec, Status: 200, Bytes: 10, Latency: accesslog.NoLatency,
		Client: []byte("10.0.0.1"), Method: []byte("GET"), Target: []byte(target),
	}
}

// told lists outputs as text: an interval as from+seconds=hits, a gap as
// from..to, seconds counted from base.
func told(out []Output) (lines []string) {
	for _, o := range out {
		switch {
		case o.Interval != nil:
			iv := o.Interval
			line := fmt.Sprintf("%d+%d=%d", iv.From-base, iv.Seconds(), iv.Hits)
			if iv.Partial {
				line += " partial"
			}
			if iv.Late+iv.Future > 0 {
				line += fmt.Sprintf(" late %d future %d", iv.Late, iv.Future)
			}
			lines = append(lines, line)
		case o.Quiet != nil:
			lines = append(lines, fmt.Sprintf("%d..%d", o.Quiet.From-base, o.Quiet.To-base))
		case o.Event != nil:
			lines = append(lines, fmt.Sprintf("%v %d", o.Event.State, o.Event.At-base))
		case o.Notice != nil:
			lines = append(lines, o.Notice.Text)
		}
	}
	return lines
}

func wantTold(t *testing.T, got []Output, want ...string) {
	t.Helper()
	if lines := told(got); !slices.Equal(lines, want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
}

// TestIntervalsAreAlignedAndTellEveryHitOnce: random traffic within the
// lateness, gaps of up to hours. Intervals and quiet stretches follow one
// another without a hole, and each interval has the hits of its seconds.
func TestIntervalsAreAlignedAndTellEveryHitOnce(t *testing.T) {
	quiet := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 21))
		g := single(options(), base+1_000_000)
		want := map[int64]int64{}
		now, first, last := base+r.Int64N(100), int64(1)<<60, int64(0)
		for range 1 + r.IntN(500) {
			sec := now - r.Int64N(3)
			g.Record(0, record(sec, "/"))
			want[sec/10*10]++
			first, last = min(first, sec), max(last, sec)
			if now += r.Int64N(3); r.IntN(50) == 0 {
				now += []int64{20, 60, 70, 80, 600, 7200}[r.IntN(6)]
			}
		}
		g.End()
		at, hits := first/10*10, int64(0)
		for _, o := range g.Take() {
			switch {
			case o.Quiet != nil:
				if o.Quiet.From != at || (o.Quiet.To-at)%10 != 0 || o.Quiet.To-at <= 10*maxEmpty {
					t.Fatalf("seed %d: quiet from %d to %d, want it from %d in whole intervals", seed, o.Quiet.From, o.Quiet.To, at)
				}
				at = o.Quiet.To
				quiet++
			case o.Interval != nil:
				iv := o.Interval
				if iv.From != at || iv.Hits != want[at] || iv.Seconds() != 10 && !iv.Partial {
					t.Fatalf("seed %d: interval from %d of %d s has %d hits, partial %v; want it from %d with %d hits", seed, iv.From, iv.Seconds(), iv.Hits, iv.Partial, at, want[at])
				}
				hits += iv.Hits
				at = iv.To
			}
		}
		if c := g.Closing(); at != last+1 || hits != c.Hits {
			t.Fatalf("seed %d: told up to %d with %d hits; want %d with %d", seed, at, hits, last+1, c.Hits)
		}
	}
	if quiet < 100 {
		t.Fatalf("the traffic is too tame: %d quiet stretches", quiet)
	}
}

func TestSixEmptyIntervalsAreToldOneByOneAndSevenAsAGap(t *testing.T) {
	for empty, want := range map[int64][]string{
		6: {"0+10=1", "10+10=0", "20+10=0", "30+10=0", "40+10=0", "50+10=0", "60+10=0", "70+6=1 partial"},
		7: {"0+10=1", "10..80", "80+6=1 partial"},
	} {
		g := single(options(), base+1000)
		g.Record(0, record(base+5, "/"))
		g.Record(0, record(base+10*(empty+1)+5, "/"))
		g.End()
		wantTold(t, g.Take(), want...)
	}
}

func TestAYearOfSilenceIsOneGap(t *testing.T) {
	const year = 365 * 24 * 3600
	g := single(options(), base+2*year)
	g.Record(0, record(base, "/"))
	g.Record(0, record(base+year+5, "/"))
	g.End()
	out := g.Take()
	wantTold(t, out, "0+10=1", fmt.Sprintf("10..%d", year), fmt.Sprintf("%d+6=1 partial", year))
	if out[2].Interval.Before != nil {
		t.Error("the interval behind the gap is compared with the one before it")
	}
}

func TestAnIntervalIsToldWhenItsLastSecondIsClosed(t *testing.T) {
	g := single(options(), base+1000)
	g.Record(0, record(base, "/"))
	g.Record(0, record(base+11, "/"))
	wantTold(t, g.Take())
	g.Record(0, record(base+9, "/"))
	g.Record(0, record(base+12, "/"))
	wantTold(t, g.Take(), "0+10=2")
}

func TestTheLastIntervalIsToldAsFarAsItGoes(t *testing.T) {
	ends := map[string]func(*Gauge){"the end of input": (*Gauge).End, "a stop": (*Gauge).Stop}
	for name, end := range ends {
		for last, want := range map[int64][]string{
			0: {"0+1=1 partial"},
			8: {"0+9=1 partial"},
			9: {"0+10=1"},
		} {
			g := single(options(), base+1000)
			g.Record(0, record(base+last, "/"))
			end(g)
			t.Run(name, func(t *testing.T) { wantTold(t, g.Take(), want...) })
		}
	}
}

func TestAStopCausesNoAlert(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*Gauge)
		want []string
	}{
		"stop": {(*Gauge).Stop, []string{"0+1=1201 partial"}},
		"end":  {(*Gauge).End, []string{"firing 1", "0+1=1201 partial"}},
	} {
		g := single(options(), base+1000)
		for range 1201 {
			g.Record(0, record(base, "/"))
		}
		c.end(g)
		t.Run(name, func(t *testing.T) { wantTold(t, g.Take(), c.want...) })
	}
}

func TestLateAndFutureRecordsAreToldWithTheIntervalInTheMaking(t *testing.T) {
	g := single(options(), base+100)
	g.Record(0, record(base, "/"))
	g.Record(0, record(base+12, "/"))
	g.Record(0, record(base+3, "/"))    // of an interval already told: totals only
	g.Record(0, record(base+9000, "/")) // counts by arrival
	g.Record(0, record(base+22, "/"))
	g.Record(0, record(base+18, "/")) // late once more
	g.End()
	wantTold(t, g.Take(), "0+10=1", "10+10=2 late 1 future 1", "20+3=1 partial late 1 future 0")
	c := g.Closing()
	if c.Hits != 6 || c.Late != 2 || c.Future != 1 || c.LateBy != 9 {
		t.Errorf("got %d hits, %d late by up to %d s, %d future; want 6, 2 by 9, 1", c.Hits, c.Late, c.LateBy, c.Future)
	}
}

func TestASectionStaysInTheListForItsExpiration(t *testing.T) {
	g := single(options(), base+1000)
	g.Record(0, record(base, "/slow/x"))
	g.Record(0, record(base+1, "/quick"))
	for i := range int64(7) {
		g.Record(0, record(base+10+i*10, "/quick"))
	}
	g.End()
	var lists []string
	for _, o := range g.Take() {
		if iv := o.Interval; iv != nil {
			list := ""
			for _, s := range iv.Sections.Rows {
				list += fmt.Sprintf(" %s=%d", s.Key, s.Hits)
			}
			lists = append(lists, list)
		}
	}
	want := []string{
		" /quick=1 /slow=1", " /quick=1 /slow=0", " /quick=1 /slow=0",
		" /quick=1", " /quick=1", " /quick=1", " /quick=1", " /quick=1",
	}
	if !slices.Equal(lists, want) {
		t.Errorf("got  %q\nwant %q", lists, want)
	}
}

func TestQuietSectionsTakeNoPlaceOfBusyOnes(t *testing.T) {
	o := options()
	o.Tops.Sections = 2
	g := single(o, base+1000)
	for k, s := range []string{"/a", "/b", "/c"} {
		g.Record(0, record(base+int64(k), s))
	}
	g.Record(0, record(base+10, "/d"))
	g.Record(0, record(base+20, "/d"))
	g.End()
	iv := g.Take()[1].Interval
	if len(iv.Sections.Rows) != 2 || iv.Sections.Rows[0].Key != "/d" || iv.Sections.Rows[1].Key != "/a" {
		t.Errorf("got %v, want /d with its hit and then /a", iv.Sections)
	}
}

func TestAnIntervalIsComparedWithTheWholeOneBefore(t *testing.T) {
	g := single(options(), base+1000)
	for i := range int64(35) {
		g.Record(0, record(base+5+i, "/"))
	}
	g.End()
	var before []int64
	for _, o := range g.Take() {
		if iv := o.Interval; iv != nil {
			before = append(before, -1)
			if iv.Before != nil {
				before[len(before)-1] = iv.Before.Hits
			}
		}
	}
	// The first interval began before the log did, so it compares with nothing.
	if want := []int64{-1, -1, 10, 10}; !slices.Equal(before, want) {
		t.Errorf("got %v, want %v", before, want)
	}
}

func TestTheWindowIsToldWithEachInterval(t *testing.T) {
	g := single(options(), base+1000)
	for i := range int64(200) {
		for range 11 {
			g.Record(0, record(base+i, "/"))
		}
	}
	g.End()
	var got []string
	for _, o := range g.Take() {
		if iv := o.Interval; iv != nil && iv.From%50 == 0 {
			w := iv.Window[0]
			got = append(got, fmt.Sprintf("%d: %d in %d s, %v", iv.To-base, w.Hits, w.Of, w.State))
		}
	}
	want := []string{
		"10: 110 in 10 s, quiet", "60: 660 in 60 s, quiet",
		"110: 1210 in 110 s, firing", "160: 1320 in 120 s, firing",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRejectedLinesAreToldByReason(t *testing.T) {
	g := single(options(), base+1000)
	g.Record(0, record(base, "/"))
	g.Reject(0, accesslog.ReasonQuote, 2)
	g.Reject(0, accesslog.ReasonEmpty, 3)
	for _, sec := range []int64{-1, -1 << 63, accesslog.MaxSec + 1, 1<<63 - 1} {
		if g.Record(0, record(sec, "/")) {
			t.Errorf("a record of second %d was counted", sec)
		}
	}
	g.Record(0, record(base+12, "/"))
	g.Reject(0, accesslog.ReasonCut, 1)
	g.End()
	var got []string
	for _, o := range g.Take() {
		got = append(got, fmt.Sprint(o.Interval.Rejected))
	}
	got = append(got, fmt.Sprint(g.Closing().Rejected))
	want := []string{
		"{9 [{time not readable 4} {empty line 3} {quote not opened or closed 2}]}",
		"{1 [{line ends too early 1}]}",
		"{10 [{time not readable 4} {empty line 3} {quote not opened or closed 2} {line ends too early 1}]}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestALineOfLongAgoBringsNoSilenceWithIt: dated 1970, it counts in the totals
// and is told as late, at the beginning of a log as later.
func TestALineOfLongAgoBringsNoSilenceWithIt(t *testing.T) {
	g := single(options(), base+100)
	g.Record(0, record(base+3, "/"))
	g.Record(0, record(0, "/"))
	g.Record(0, record(base+4, "/"))
	g.End()
	wantTold(t, g.Take(), "0+5=2 partial late 1 future 0")
	if c := g.Closing(); c.Hits != 3 || c.Late != 1 {
		t.Errorf("got %d hits, %d late; want 3, 1", c.Hits, c.Late)
	}
}

// TestTheListOfSectionsSurvivesAClockThatWasSet: a section seen shortly before
// the step is seen shortly before, not an hour ahead or ago.
func TestTheListOfSectionsSurvivesAClockThatWasSet(t *testing.T) {
	o := options()
	o.SectionExpiration = 120
	for _, step := range []int64{-3600, 3600} {
		g := New(o)
		g.AddSource("log", false)
		at := func(wall int64, second int64, target string) {
			now := time.Unix(wall, 0)
			g.Wrote(0, now, now)
			for range 10 {
				g.Record(0, record(second, target))
			}
			g.Caught(0, true, now)
			g.Tick(now)
		}
		for s := range int64(20) {
			at(base+s, base+s, "/early")
		}
		for s := int64(20); s < 60; s++ {
			at(base+s, base+s+step, "/later")
		}
		listed, epochs := 0, 0
		for _, out := range g.Take() {
			if out.Notice != nil {
				epochs++
			}
			if iv := out.Interval; iv != nil && epochs > 0 && iv.From > base+20+step {
				for _, r := range iv.Sections.Rows {
					if r.Key == "/early" && r.Hits == 0 {
						listed++
					}
				}
			}
		}
		if epochs != 1 || listed == 0 {
			t.Errorf("step %d: got %d notices, and the earlier section in %d intervals after it; want one notice and some", step, epochs, listed)
		}
	}
}

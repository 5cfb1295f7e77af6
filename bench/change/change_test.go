package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"slices"
	"strings"
	"testing"

	"weir/bench/program"
	"weir/internal/change"
)

// TestChangesAreFoundAsOftenAsPromised is the benchmark in short: two sites of a
// kind, samples a minute apart, seeds 1 and 2. Bounds are wider than the goals,
// which are for the mean of many seeds (go run ./bench/change).
func TestChangesAreFoundAsOftenAsPromised(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, c := range []struct {
		name  string
		make  func(r source) []*trace
		found float64 // per cent at least
		wrong float64 // a series-week at most
		all   string  // a kind of which each is found
		none  []string
	}{
		{"traffic", func(r source) []*trace { return []*trace{r.traffic("60", 60), r.traffic("6000", 6000)} }, 82, 0.4, "drop to 0", nil},
		{"errors", func(r source) []*trace { return []*trace{r.errors("60", 60), r.errors("6000", 6000)} }, 88, 0.2, "", nil},
		{"latency", func(r source) []*trace {
			return []*trace{r.latency("60", 60, change.P90Latency), r.latency("6000", 6000, change.MeanLatency)}
		}, 82, 0.3, "", nil},
		{"cold", func(r source) []*trace { return []*trace{r.cold(0), r.cold(1), r.cold(2), r.cold(3)} }, 100, 2, "drop to 0 at 30m0s", nil},
		{"benign", func(r source) []*trace { return []*trace{r.benign("600", 600, true), r.benign("6000", 6000, false)} }, 0, 1, "", []string{"blip", "clock change"}},
		{"tiny", func(r source) []*trace {
			return []*trace{r.tiny("1", 1, change.Traffic, true), r.tiny("3", 3, change.Traffic, true), r.sampled("0.5", 0.5)}
		}, 0, 1, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := newTally()
			for seed := range uint64(2) {
				for _, tr := range c.make(newSource(seed+1, 60)) {
					y.play(tr, 0)
				}
			}
			t.Logf("found %.1f %% of %d, %.2f false alarms a series-week", y.share(), y.all(), y.rate())
			if got := y.share(); c.found > 0 && !(got >= c.found) {
				t.Errorf("found %.1f %%, want %v %%", got, c.found)
			}
			if got := y.rate(); got > c.wrong {
				t.Errorf("%.2f false alarms a series-week, want %v at most", got, c.wrong)
			}
			if c.all != "" && y.share(c.all) != 100 {
				t.Errorf("found %.1f %% of %s, want all", y.share(c.all), c.all)
			}
			for _, kind := range c.none {
				if y.share(kind) > 10 {
					t.Errorf("told %.1f %% of %s, want 10 %% at most", y.share(kind), kind)
				}
			}
		})
	}
}

// TestFaultsAreCountedOnceAndAlertsWhereTheyBelong plays a trace of two minutes'
// outage, and of nothing wrong behind it, by hand.
func TestFaultsAreCountedOnceAndAlertsWhereTheyBelong(t *testing.T) {
	tr := &trace{kind: change.Traffic, step: 60, begin: monday(), from: 100}
	for i := range 1000 {
		n := int64(600 + i%7)
		if i >= 200 && i < 230 || i >= 700 && i < 730 {
			n = 0
		}
		tr.samples = append(tr.samples, change.Sample{Requests: n})
	}
	tr.faults = []fault{{"outage", 200, 230}, {"nothing", 400, 430}}
	y := newTally()
	y.play(tr, 0)
	if y.share("outage") != 100 || y.share("nothing") != 0 || y.alerts != 1 || y.wrong != 1 || y.points != 1000 {
		t.Errorf("got %+v", y)
	}
	if want := float64(900-2*120) / minutesOfWeek; y.weeks < want*0.999 || y.weeks > want*1.001 {
		t.Errorf("%v weeks without faults, want %v", y.weeks, want)
	}
	if d := y.delay("outage", 0.5); d != 1 || y.within("outage", 3) != 100 {
		t.Errorf("told after %v minutes, want 1", d)
	}
}

func TestTheSameSeedIsTheSameSite(t *testing.T) {
	one, two, other := newSource(5, 10).cold(3), newSource(5, 10).cold(3), newSource(6, 10).cold(3)
	if !slices.Equal(one.samples, two.samples) {
		t.Error("the same seed has made two sites")
	}
	if slices.Equal(one.samples, other.samples) {
		t.Error("two seeds have made one site")
	}
}

func TestAReportSaysWhichGoalsWereMissed(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-sets", "cold", "-seeds", "1", "-step", "60s", "-check"}, &out, io.Discard); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"cold: the first three days", "found ", "false alarms", "goal reached: at least 100 % of drop to 0 at 30m0s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%swant %q in it", out.String(), want)
		}
	}
	if err := run([]string{"-sets", "errors", "-seeds", "1", "-step", "60s", "-check", "-threshold", "12"}, io.Discard, io.Discard); err == nil {
		t.Error("goals were missed, and it is no failure")
	}
}

func TestACommandLineThatCannotBeCarriedOutIsToldWhy(t *testing.T) {
	for _, args := range [][]string{
		{"-sets", "nothing"},
		{"-seeds", "0"},
		{"-step", "30s"},
		{"-threshold", "-1"},
		{"-nonsense"},
		{"more"},
	} {
		if _, err := parse(args, io.Discard); !errors.As(err, new(program.UsageError)) {
			t.Errorf("%q: got %v, want wrong usage", args, err)
		}
	}
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v", err)
	}
}

package gauge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/unit"
)

// said lists the events that a person is told of.
func said(out []Output) (all []string) {
	for _, o := range out {
		if e := o.Event; e != nil && e.Told() {
			text := fmt.Sprint(e.Rule.Name, " ", e.Key, " ", e.Name(), " ", e.At-base)
			if e.Ended != "" {
				text += ": " + e.Ended
			}
			all = append(all, text)
		}
	}
	return all
}

func wantSaid(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAKeyThatMakesRoomEndsItsAlertWithThatReason: of 256 keys the one whose last request is
// longest ago is watched no longer when another comes.
func TestAKeyThatMakesRoomEndsItsAlertWithThatReason(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{{Name: "busy", By: alert.Host, Window: 600, Threshold: 100_000}}
	g := single(o, base+10_000)
	give := func(sec int64, host string) {
		r := record(sec, "/")
		r.Host = []byte(host)
		g.Record(0, r)
	}
	for range 100 {
		give(base, "first")
	}
	for i := range int64(300) {
		give(base+10+i, fmt.Sprint("host", i))
	}
	wantSaid(t, said(g.Take()), "busy first firing 1", "busy first recovered 264: others had requests since, and there is room for no more")
}

// TestATrafficThatWobblesAtTheThresholdAlertsOnce: with a recovery of its own, or that has to
// last; without, once for each time that it crosses (A4).
func TestATrafficThatWobblesAtTheThresholdAlertsOnce(t *testing.T) {
	o := options()
	plain := alert.HighTrafficRule(10*unit.One, 10*time.Second)
	apart, slow := plain, plain
	plain.Name, apart.Name, slow.Name = "plain", "apart", "slow"
	apart.Recovery, slow.KeepFiring = 9_000_000, 60
	o.Rules = []alert.Rule{plain, apart, slow}
	g := single(o, base+10_000)
	for sec := base; sec < base+3600; sec++ {
		for range 9 + 2*((sec-base)/20%2) {
			g.Record(0, record(sec, "/"))
		}
	}
	g.Tick(time.Unix(base+20_000, 0))
	count := map[string]int{}
	for _, text := range said(g.Take()) {
		count[strings.Fields(text)[0]]++
	}
	if count["plain"] != 179 || count["apart"] != 1 || count["slow"] != 1 {
		t.Errorf("got %v, want 90 alerts and 89 recoveries, and one alert of each other rule", count)
	}
}

// TestNoDataEndsNoAlertOfErrors: a share of nothing is unknown; that there is nothing is told by
// a rule of its own (A9).
func TestNoDataEndsNoAlertOfErrors(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{
		{Name: "errors", Metric: alert.Share, Of: "5xx", Threshold: 50_000, Window: 120, Min: 50},
		{Name: "slow", Metric: alert.P90, Threshold: 1_000_000, Window: 120, Min: 50},
		{Name: "budget", Test: alert.Burns, Metric: alert.Share, Of: "5xx", Budget: 10_000},
		{Name: "silence", Test: alert.Absent, Window: 120, Min: 50},
	}
	g := New(o)
	g.AddSource("log", false)
	give := func(from, to int64, status int, latency time.Duration) {
		for sec := from; sec < to; sec++ {
			at := time.Unix(sec, 0)
			g.Wrote(0, at, at)
			for range 2 {
				r := record(sec, "/")
				r.Status, r.Latency = status, latency
				g.Record(0, r)
			}
			g.Caught(0, true, at)
		}
	}
	give(base, base+600, 500, 2*time.Second)
	g.Take()
	g.Tick(time.Unix(base+4200, 0))
	wantSaid(t, said(g.Take()), "silence  firing 720")
	g.Tick(time.Unix(base+100_000, 0))
	wantSaid(t, said(g.Take()))
	give(base+100_000, base+100_300, 200, time.Millisecond)
	got := said(g.Take())
	if len(got) != 4 || !strings.Contains(strings.Join(got, " "), "errors  recovered") {
		t.Errorf("when it is back got %q, want the end of all four", got)
	}
}

// TestLateLinesRaiseNoAlertOfWhatIsNotThere: what is late counts, but a window is known no earlier
// for it (A8).
func TestLateLinesRaiseNoAlertOfWhatIsNotThere(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{
		{Name: "few", Test: alert.Below, Threshold: 5_000_000, Window: 600},
		{Name: "few of", Test: alert.Below, By: alert.Host, Threshold: 5_000_000, Window: 600},
	}
	g := single(o, base+10_000)
	for sec := base; sec < base+500; sec++ {
		r := record(sec, "/")
		if r.Host = []byte("a"); sec == base+100 {
			r.Sec -= 5000
		}
		g.Record(0, r)
	}
	wantSaid(t, said(g.Take()))
}

// TestALogOfRejectedLinesAloneIsNotSilent: that they are no requests is told, that the log is silent
// is not. Time goes on although no line has one.
func TestALogOfRejectedLinesAloneIsNotSilent(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{
		{Name: "silent", Test: alert.Silent, By: alert.Source, Window: 60},
		{Name: "rejected", Metric: alert.Rejected, Threshold: 500_000, Window: 60, Min: 10},
		{Name: "again", Metric: alert.Rejected, By: alert.Source, Threshold: 500_000, Window: 60, Min: 10},
	}
	g := New(o)
	g.AddSource("log", false)
	at := time.Unix(base, 0)
	g.Wrote(0, at, at)
	g.Record(0, record(base, "/"))
	g.Caught(0, true, at)
	for sec := base + 1; sec < base+200; sec++ {
		at := time.Unix(sec, 0)
		if sec%2 == 0 && sec < base+100 {
			g.Wrote(0, at, at)
			g.Reject(0, accesslog.ReasonQuote, 1)
			g.Caught(0, true, at)
		}
		g.Tick(at)
	}
	wantSaid(t, said(g.Take()), "rejected  firing 16", "again log firing 16", "silent log firing 156")
}

// TestWhatASilenceBringsToLightIsTold: where fast requests leave the window first, its slow ones
// are more than a tenth, and nobody has to make a request for that to be seen.
func TestWhatASilenceBringsToLightIsTold(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{{Name: "slow", Metric: alert.P90, Threshold: 1_000_000, Window: 60}}
	o.Interval = 3600 // what a display asks for would wake the rules
	g := single(o, base+10_000)
	give := func(sec int64, latency time.Duration, n int) {
		for range n {
			r := record(sec, "/")
			r.Latency = latency
			g.Record(0, r)
		}
	}
	give(base, 0, 20)
	give(base+50, 2*time.Second, 2)
	give(base+5000, 0, 1)
	wantSaid(t, said(g.Take()), "slow  firing 70")
}

// TestRejectedLinesOfASilenceAreNotPassedOver: no request is counted near them.
func TestRejectedLinesOfASilenceAreNotPassedOver(t *testing.T) {
	o := options()
	o.Rules = []alert.Rule{{Name: "rejected", Metric: alert.Rejected, Threshold: 500_000, Window: 10}}
	o.Interval = 3600 // what a display asks for would wake the rules
	g := single(o, base+10_000)
	g.Record(0, record(base, "/"))
	g.Pass(0, record(base+1000, "/"))
	g.Reject(0, accesslog.ReasonQuote, 20)
	g.Pass(0, record(base+5000, "/"))
	wantSaid(t, said(g.Take()), "rejected  firing 1001")
}

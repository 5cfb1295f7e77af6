package report

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/scan"
	"weir/internal/unit"
	"weir/internal/view"
)

// write makes a log with a request in each of the seconds, in their order.
func write(t *testing.T, seconds []int64) string {
	t.Helper()
	var b []byte
	for _, sec := range seconds {
		b = time.Unix(sec, 0).UTC().AppendFormat(append(b, `192.0.2.1 - - [`...), "02/Jan/2006:15:04:05 -0700")
		b = append(b, "] \"GET /a/b HTTP/1.1\" 200 100\n"...)
	}
	name := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func read(t *testing.T, rules []alert.Rule, names ...string) *Report {
	t.Helper()
	var logs []scan.Log
	for _, name := range names {
		logs = append(logs, scan.Log{Name: name})
	}
	found, err := scan.Run(t.Context(), logs, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return Read(found, Options{Rules: rules, Tops: view.Tops{Sections: 10, Clients: 10, Paths: 10, Others: 10}})
}

// recount finds peaks and alerts by looking at every second of all hits.
func recount(seconds []int64, rules []alert.Rule) (peak1, peak10 Peak, events []alert.Event) {
	from, to := slices.Min(seconds), slices.Max(seconds)
	sums := make([]int64, to-from+2) // hits before from+i
	for _, sec := range seconds {
		sums[sec-from+1]++
	}
	for i := 1; i < len(sums); i++ {
		sums[i] += sums[i-1]
	}
	before := func(sec int64) int64 { return sums[max(0, min(sec-from, int64(len(sums)-1)))] }
	for sec := from; sec <= to; sec++ {
		if n := before(sec+1) - before(sec); n > peak1.Hits {
			peak1 = Peak{sec, n}
		}
		if n := before(sec+1) - before(sec-9); n > peak10.Hits {
			peak10 = Peak{max(sec-9, from), n}
		}
	}
	since := make([]int64, len(rules)) // second of the alert, 0 without one
	for at := from + 1; at <= to+1; at++ {
		for i, r := range rules {
			hits := before(at) - before(at-r.Window)
			side := hits*int64(unit.One) - int64(r.Threshold)*r.Window
			switch {
			case since[i] == 0 && side > 0:
				since[i] = at
				events = append(events, alert.Event{Rule: r, State: alert.Firing, At: at, Began: at, Sample: alert.Sample{Num: hits, Den: r.Window, Hits: hits}})
			case since[i] != 0 && side < 0:
				events = append(events, alert.Event{Rule: r, State: alert.Quiet, Was: alert.Firing, At: at, Began: since[i], Sample: alert.Sample{Num: hits, Den: r.Window, Hits: hits}, After: at - since[i]})
				since[i] = 0
			}
		}
	}
	return peak1, peak10, events
}

// traffics are the seconds of requests, by what is special about them.
func traffics() map[string][]int64 {
	r := rand.New(rand.NewPCG(7, 8))
	burst := func(s []int64, at, length int64, perSecond int) []int64 {
		for i := range length {
			for range perSecond {
				s = append(s, at+i)
			}
		}
		return s
	}
	var wild []int64
	for at := int64(midnight + 1234); len(wild) < 20_000; at += 1 + r.Int64N(300)*r.Int64N(2) {
		wild = burst(wild, at, 1, r.IntN(8))
		if r.IntN(200) == 0 {
			wild = burst(wild, at, 1+r.Int64N(200), 1+r.IntN(5))
		}
	}
	var minutes []int64
	for i := range int64(26 * 60) {
		minutes = append(minutes, midnight+60*i+30)
	}
	end := minutes[len(minutes)-1]
	return map[string][]int64{
		"wild": wild, "one hit": {midnight}, "one second": burst(nil, midnight, 1, 500),
		"over the hour":          burst(nil, midnight+3590, 20, 3),
		"over a gap of hours":    burst(burst(nil, midnight+3500, 100, 5), midnight+5*3600, 100, 5),
		"a day, then nothing":    burst(slices.Clone(minutes), end, 30, 20),
		"a day, then a long gap": burst(burst(slices.Clone(minutes), end, 30, 20), end+3*86_400, 10, 30),
		"firing at the end":      burst(slices.Clone(minutes), end, 300, 20),
	}
}

func TestAlertsAndPeaksAreThoseOfARecount(t *testing.T) {
	short, long := alert.HighTrafficRule(2*unit.One, time.Minute), alert.HighTrafficRule(unit.One/10, 12*time.Hour)
	usual := alert.HighTrafficRule(unit.One, 2*time.Minute)
	short.Name, long.Name = "short", "long"
	rules := []alert.Rule{short, usual, long}
	total := 0
	for name, seconds := range traffics() {
		peak1, peak10, events := recount(seconds, rules)
		slices.Sort(seconds)
		got := read(t, rules, write(t, seconds))
		total += len(events)
		if got.Peak1 != peak1 || got.Peak10 != peak10 {
			t.Errorf("%s: got the peaks %v and %v, want %v and %v", name, got.Peak1, got.Peak10, peak1, peak10)
		}
		if !slices.Equal(got.Alerts, events) {
			t.Errorf("%s:\ngot  %v\nwant %v", name, got.Alerts, events)
		}
		firing := map[string]int64{}
		for _, e := range events {
			if delete(firing, e.Rule.Name); e.State == alert.Firing {
				firing[e.Rule.Name] = e.At
			}
		}
		if len(got.Open) != len(firing) {
			t.Errorf("%s: got %d open alerts, want %v", name, len(got.Open), firing)
		}
		for _, w := range got.Open {
			if firing[w.Rule.Name] != w.Since {
				t.Errorf("%s: %s is open since %d, want %v", name, w.Rule.Name, w.Since, firing)
			}
		}
	}
	if total < 20 {
		t.Errorf("got %d events in all: the traffic is too tame", total)
	}
}

func TestAReportIsTheSameWhateverTheOrderOfTheLines(t *testing.T) {
	rules := []alert.Rule{alert.HighTrafficRule(unit.One, time.Minute)}
	seconds := traffics()["wild"]
	slices.Sort(seconds)
	want := read(t, rules, write(t, seconds))
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(seconds), func(i, j int) { seconds[i], seconds[j] = seconds[j], seconds[i] })
	got := read(t, rules, write(t, seconds[:5000]), write(t, seconds[5000:]))
	if !slices.Equal(got.Alerts, want.Alerts) || got.Peak1 != want.Peak1 || got.Peak10 != want.Peak10 || !slices.Equal(got.Hours, want.Hours) {
		t.Errorf("got %d alerts, peaks %v %v, %d hours; want %d, %v %v, %d", len(got.Alerts), got.Peak1, got.Peak10, len(got.Hours),
			len(want.Alerts), want.Peak1, want.Peak10, len(want.Hours))
	}
	if want.Late != 0 || got.Late == 0 {
		t.Errorf("got %d late lines in order and %d in disorder, want none and some", want.Late, got.Late)
	}
}

func TestReadTellsWhatWasFound(t *testing.T) {
	good := write(t, []int64{midnight, midnight + 1, midnight + 1, midnight + 4000})
	bad := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(bad, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rule := alert.HighTrafficRule(unit.One, time.Minute)
	r := read(t, []alert.Rule{rule}, good, bad, filepath.Join(t.TempDir(), "gone.log"))
	if !r.Seen || r.From != midnight || r.To != midnight+4000 || r.Hits != 4 || r.Bytes != 400 || r.Lines != 6 || r.Rejected.Total != 2 {
		t.Errorf("got %+v, want 4 hits of 6 lines", r)
	}
	if len(r.Hours) != 2 || r.Hours[0].Hits != 3 || r.Hours[1].Hits != 1 {
		t.Errorf("got the hours %v, want 3 hits and 1", r.Hours)
	}
	if len(r.Sources) != 3 || len(r.Failures) != 1 || len(r.Notices) != 1 || !slices.Equal(r.Rules, []alert.Rule{rule}) {
		t.Errorf("got %d sources, failures %q, notices %q, rules %v; want 3, one, one and the rule", len(r.Sources), r.Failures, r.Notices, r.Rules)
	}
}

func TestReadOfNothingIsNotSeen(t *testing.T) {
	found, err := scan.Run(t.Context(), nil, scan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := Read(found, Options{Rules: []alert.Rule{highTraffic()}})
	if r.Seen || r.Hits != 0 || len(r.Hours)+len(r.Alerts)+len(r.Open)+len(r.Notes) != 0 {
		t.Errorf("got %+v, want nothing", r)
	}
	if page := text(t, r, Text{}); page == "" {
		t.Error("got no page")
	}
}

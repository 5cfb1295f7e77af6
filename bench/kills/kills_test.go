package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"weir/bench/program"
	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/history"
	"weir/internal/traffic"
	"weir/internal/unit"
)

const noon = int64(1795262400)

// keep makes the history of a log as a weir would, with so many hits in each of ten
// seconds, and alerts of these numbers of hits.
func keep(t *testing.T, home, log string, hits [10]int64, alerts ...int64) {
	t.Helper()
	db, err := history.Open(history.Home(home).Path(history.Of([]string{log}, "")), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tally traffic.Tally
	var batch traffic.Batch
	seconds := make([]traffic.Second, 10)
	for i, n := range hits {
		for range n {
			batch.Add(&accesslog.Record{Sec: noon + int64(i), Client: []byte("192.0.2.1"), Target: []byte("/"), Status: 200})
		}
		seconds[i] = traffic.Second{Hits: n, Classes: [6]int64{2: n}}
	}
	tally.Fold(&batch)
	row := history.Seal(history.NewSealer(), &tally, noon, noon+10)
	row.Seconds = seconds
	c := history.Commit{Sealed: []history.Stretch{row}}
	for _, n := range alerts {
		c.Events = append(c.Events, history.Event{Event: alert.Event{
			Rule: alert.HighTrafficRule(10*unit.One, 120e9), State: alert.Firing, At: noon + n, Sample: alert.Sample{Num: n, Den: 120, Hits: n},
		}})
	}
	if err := db.Commit(&c); err != nil {
		t.Fatal(err)
	}
}

// TestWhatAHistoryHasTooManyOrTooFewIsAFault, in each of the two, and so is an alert
// that is another, missing, or announced twice.
func TestWhatAHistoryHasTooManyOrTooFewIsAFault(t *testing.T) {
	written := [10]int64{5, 5, 0, 5, 5, 5, 5, 5, 5, 5}
	const message = "High traffic generated an alert - hits = 10.01, triggered at 2026-11-21T12:20:01Z\n"
	for name, c := range map[string]struct {
		killed, calm [10]int64
		alerts       []int64 // of the one that was killed
		out          string
		want         []string // beginnings of the faults
	}{
		"sound":          {written, written, []int64{1201}, message, nil},
		"lost":           {[10]int64{5, 2, 0, 5, 5, 5, 5, 5, 5, 5}, written, []int64{1201}, message, []string{"3 lines lost, 0 doubled"}},
		"doubled":        {[10]int64{5, 5, 0, 5, 5, 5, 5, 5, 5, 9}, written, []int64{1201}, message, []string{"0 lines lost, 4 doubled"}},
		"moved":          {[10]int64{5, 4, 1, 5, 5, 5, 5, 5, 5, 5}, written, []int64{1201}, message, []string{"1 lines lost, 1 doubled"}},
		"calm is off":    {written, [10]int64{5, 5, 0, 5, 5, 5, 5, 5, 5, 4}, []int64{1201}, message, []string{"the history of the undisturbed one is off by 1"}},
		"another alert":  {written, written, []int64{1202}, message, []string{"undisturbed \"High traffic"}},
		"no alert":       {written, written, nil, "", []string{"undisturbed \"High traffic"}},
		"one too many":   {written, written, []int64{1201, 1300}, message, []string{"undisturbed \"none\", killed \"High traffic"}},
		"announced more": {written, written, []int64{1201}, message + "  " + message + message, []string{"announced 2 times: High traffic"}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			dir := t.TempDir()
			log := filepath.Join(dir, "access.log")
			keep(t, filepath.Join(dir, "killed"), log, c.killed, c.alerts...)
			keep(t, filepath.Join(dir, "calm"), log, c.calm, 1201)
			if err := os.WriteFile(filepath.Join(dir, "killed.out"), []byte(c.out), 0o600); err != nil {
				t.Fatal(err)
			}
			lines := map[int64]int64{}
			for i, n := range written {
				lines[noon+int64(i)] = n
			}
			r := &report{options: &options{}}
			if err := r.compare(dir, log, lines); err != nil {
				t.Fatal(err)
			}
			got := r.faults()
			if len(got) != len(c.want) || !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got the faults %q, want %q", got, c.want)
			}
		})
	}
}

// TestARunWithoutAnAlertShowsNothingOfThem, so it is no pass.
func TestARunWithoutAnAlertShowsNothingOfThem(t *testing.T) {
	if bad := (&report{}).faults(); len(bad) != 1 || !strings.HasPrefix(bad[0], "no alert came up") {
		t.Errorf("got %q", bad)
	}
}

// TestTheWriterKnowsItsLinesThroughEveryRotation: all it wrote stands in some file,
// whole, once, in its second.
func TestTheWriterKnowsItsLinesThroughEveryRotation(t *testing.T) {
	dir := t.TempDir()
	w, err := newWriter(filepath.Join(dir, "access.log"), 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.file.Close() }()
	for range 7 {
		for _, do := range []func() error{func() error { return w.write(30) }, w.rotate} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	seen, total := map[string]bool{}, int64(0)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if seen[line] || !strings.HasSuffix(line, "537.36\"\n") {
				t.Errorf("%s: %q is there twice, or not whole", name, line)
			}
			seen[line] = true
		}
	}
	for _, n := range w.seconds {
		total += n
	}
	if total != 7*30 || len(seen) != 7*30 || w.lines != 7*30 {
		t.Errorf("%d lines are in files, %d in seconds, %d told; want 210", len(seen), total, w.lines)
	}
}

func TestACommandLineThatCannotBeCarriedOutIsToldAsThat(t *testing.T) {
	for _, args := range []string{"", "-- weir {log}", "-kills 0 -- weir --state {state} {log}", "-life 1ms -- weir --state {state} {log}", "-rate x"} {
		if _, err := parse(strings.Fields(args), io.Discard); !errors.As(err, new(program.UsageError)) {
			t.Errorf("%q: got %v", args, err)
		}
	}
	if o, err := parse(strings.Fields("-kills 3 -- weir --state {state} {log}"), io.Discard); err != nil || o.kills != 3 || fmt.Sprint(o.command) != "[weir --state {state} {log}]" {
		t.Errorf("got %+v, %v", o, err)
	}
}

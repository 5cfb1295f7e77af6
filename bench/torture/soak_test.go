package main

import (
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestTheSlopeIsThatOfTheLine(t *testing.T) {
	resident := func(s sample) int64 { return s.resident }
	for _, c := range []struct {
		name string
		kib  []int64 // every 10 minutes
		want float64
	}{
		{"none", nil, 0},
		{"one", []int64{5000}, 0},
		{"flat", []int64{5000, 5000, 5000, 5000}, 0},
		{"a line", []int64{5000, 5100, 5200, 5300}, 600},
		{"down", []int64{5300, 5200, 5100, 5000}, -600},
		{"saw", []int64{5000, 5100, 5000, 5100, 5000, 5100, 5000}, 0},
	} {
		var s samples
		for i, kib := range c.kib {
			s = append(s, sample{at: time.Duration(i) * 10 * time.Minute, resident: kib})
		}
		if got := s.slope(resident); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: got %v KiB an hour, want %v", c.name, got, c.want)
		}
	}
}

func TestTheReportOfASoakLeavesTheWarmUpOut(t *testing.T) {
	s := samples{{at: 0, resident: 1000, threads: 3, descriptors: 5}}
	for i := 1; i <= 20; i++ {
		s = append(s, sample{time.Duration(i) * time.Minute, 8000 + int64(i), 3000, 9, 12})
	}
	want := "samples     21, the first tenth of the time left out of what follows\n" +
		"memory      8002 to 8020 KiB, slope +60.0 KiB an hour\n" +
		"of its own  3000 to 3000 KiB, slope +0.0 KiB an hour\n" +
		"descriptors 12 to 12, slope +0.0 an hour\n" +
		"threads     9 to 9, slope +0.0 an hour\n"
	if got := s.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := (samples{}).String(); got != "" {
		t.Errorf("without samples: got %q", got)
	}
}

func TestASampleIsThatOfTheProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("samples are taken from /proc")
	}
	f, err := os.Open(os.DevNull)
	must(t, err)
	before, ok := sampleOf(os.Getpid(), time.Minute)
	if !ok || before.at != time.Minute || before.resident < 1000 || before.own < 100 || before.own >= before.resident || before.threads < 2 || before.descriptors < 4 {
		t.Fatalf("got %+v, %t", before, ok)
	}
	must(t, f.Close())
	if after, _ := sampleOf(os.Getpid(), 0); after.descriptors != before.descriptors-1 {
		t.Errorf("with one descriptor less: got %d, had %d", after.descriptors, before.descriptors)
	}
	if _, ok := sampleOf(-1, 0); ok {
		t.Error("there is a sample of no process")
	}
}

func TestTheTableIsMarkdown(t *testing.T) {
	rows := []candidate{{name: "tail", args: []string{"sh"}}}
	got := markdown(t.Context(), rows, columns()[:2], [][]string{{"0", "lost 7"}})
	want := "| follower | version | rename slow | nocreate slow |\n|---|---|---|---|\n| tail |  | 0 | lost 7 |\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for _, c := range candidates() {
		if line := strings.Join(c.args, " ") + c.config; !strings.Contains(line, "{log}") || c.state != strings.Contains(line, "{state}") {
			t.Errorf("%s: has a state: %t, and its command is %s", c.name, c.state, line)
		}
	}
	for _, c := range columns() {
		if _, err := named(c.scripts); err != nil {
			t.Errorf("column %s: %v", c.name, err)
		}
	}
}

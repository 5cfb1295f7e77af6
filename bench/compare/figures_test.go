package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// took is a row with one sample for each number of CPU milliseconds; the wall
// time is as long.
func took(key string, ms ...int) row {
	r := row{tool: tool{key: key, path: "x", version: "1"}}
	for _, n := range ms {
		d := time.Duration(n) * time.Millisecond
		r.samples = append(r.samples, sample{cpu: d, wall: d, peak: 10 * mib})
	}
	return r
}

// states are the verdicts in the order of the gates.
func states(list []verdict) []state {
	var s []state
	for _, v := range list {
		s = append(s, v.state)
	}
	return s
}

func TestGatesOfSpeedAreReachedUpToTheLimitAndNotBeyond(t *testing.T) {
	const lines = 1_000_000
	for name, c := range map[string]struct {
		size int64
		rows []row
		want []state // per line, against wc, against GoAccess
	}{
		"all just reached":          {gib, []row{took("wc", 38), took("weir-1", 449), took("goaccess", 11_250)}, []state{reached, reached, reached}},
		"all beyond":                {gib, []row{took("wc", 37), took("weir-1", 451), took("goaccess", 11_250)}, []state{notReached, notReached, notReached}},
		"a small log":               {100 * mib, []row{took("wc", 37), took("weir-1", 444), took("goaccess", 8880)}, []state{reached, reached, reached}},
		"a small log beyond":        {100 * mib, []row{took("wc", 37), took("weir-1", 445), took("goaccess", 8880)}, []state{reached, notReached, notReached}},
		"the best GoAccess counts":  {gib, []row{took("wc", 40), took("weir-1", 400), took("goaccess", 20_000), took("goaccess", 9999)}, []state{reached, reached, notReached}},
		"the median counts":         {gib, []row{took("wc", 40), took("weir-1", 9000, 400, 1), took("goaccess", 10_000)}, []state{reached, reached, reached}},
		"nothing to compare with":   {gib, []row{took("weir-1", 400)}, []state{reached, notMeasured, notMeasured}},
		"weir failed":               {gib, []row{took("wc", 40), took("goaccess", 10_000)}, []state{notMeasured, notMeasured, notMeasured}},
		"GoAccess is not installed": {gib, []row{took("wc", 40), took("weir-1", 400), {tool: tool{key: "goaccess"}}}, []state{reached, reached, notMeasured}},
	} {
		tb := table{file: logFile{name: "x.log", bytes: c.size, lines: lines}, rows: c.rows}
		if got := states(tb.speed()); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q: %+v", name, got, c.want, tb.speed())
		}
	}
}

func TestAFailedProgramHasNoFigures(t *testing.T) {
	failed := took("weir-1", 400)
	failed.failed = true
	tb := table{file: logFile{lines: 1}, rows: []row{failed}}
	if _, ok := tb.find("weir-1"); ok {
		t.Error("its samples are taken")
	}
}

func TestGatesOfTwoWorkersTakeCPUAndWallApart(t *testing.T) {
	with := func(cpu, wall int) row {
		return row{tool: tool{key: "weir-2"}, samples: []sample{{cpu: time.Duration(cpu) * time.Millisecond, wall: time.Duration(wall) * time.Millisecond}}}
	}
	for name, c := range map[string]struct {
		two  row
		cpus int
		want []state
	}{
		"just reached":     {with(804, 399), 2, []state{reached, reached}},
		"too dear":         {with(806, 399), 2, []state{notReached, reached}},
		"too slow":         {with(804, 401), 2, []state{reached, notReached}},
		"one core only":    {with(700, 700), 1, []state{reached, notMeasured}},
		"without a figure": {row{tool: tool{key: "weir-2"}}, 2, []state{notMeasured, notMeasured}},
	} {
		tb := table{file: logFile{name: "x.log", lines: 1}, rows: []row{took("weir-1", 700), c.two}}
		if got := states(tb.twoWorkers(c.cpus)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestGatesOfMemoryTakeTheWorstRunOfAllLogs(t *testing.T) {
	for name, c := range map[string]struct {
		variants []string
		low, top float64 // MiB
		want     []state
	}{
		"at the limits":    {manyClients(), 56, 64, []state{reached, reached}},
		"one run too high": {manyClients(), 60, 64.1, []state{notReached, reached}},
		"too far apart":    {manyClients(), 20, 28.1, []state{reached, notReached}},
		"not told":         {manyClients(), 0, 0, []state{notMeasured, notMeasured}},
		"a log is missing": {manyClients()[1:], 20, 20, []state{notMeasured, notMeasured}},
	} {
		b := &bench{}
		for _, v := range c.variants {
			tb := table{file: logFile{name: v + ".log", variant: v, lines: 1}}
			for _, workers := range []int{1, 2, 8} {
				r := took(weirKey(workers), 1, 1, 1)
				for i := range r.samples {
					r.samples[i].peak = int64(c.low * mib)
				}
				tb.rows = append(tb.rows, r)
			}
			b.tables = append(b.tables, tb)
		}
		last := b.tables[len(b.tables)-1]
		last.rows[2].samples[1].peak = int64(c.top * mib)
		if got := states(b.memory()); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q: %+v", name, got, c.want, b.memory())
		}
		last.rows[0].failed = true
		if got := states(b.memory()); !slices.Equal(got, []state{notMeasured, notMeasured}) {
			t.Errorf("%s, and a run failed: got %q", name, got)
		}
	}
}

func TestTheGateOfDecompressionIsAShareOfItsWallTime(t *testing.T) {
	for ms, want := range map[int]state{100: reached, 125: reached, 126: notReached} {
		tb := table{file: logFile{name: "x.log.gz", lines: 1}, rows: []row{took("weir", ms), took("gzip", 200), took("unpack", 100)}}
		if got := tb.decompression(); got.state != want {
			t.Errorf("%d ms: got %+v, want %s", ms, got, want)
		}
	}
	tb := table{file: logFile{name: "x.log.gz", lines: 1}, rows: []row{took("unpack", 100)}}
	if got := tb.decompression(); got.state != notMeasured {
		t.Errorf("got %+v", got)
	}
}

func TestTheMedianHasHalfTheRunsOnEachSide(t *testing.T) {
	for _, c := range []struct {
		ms   []int
		want spread
	}{
		{[]int{3000}, spread{3, 3, 3}},
		{[]int{3000, 1000}, spread{2, 1, 3}},
		{[]int{9000, 1000, 2000}, spread{2, 1, 9}},
		{[]int{4000, 1000, 2000, 9000}, spread{3, 1, 9}},
	} {
		if got := took("x", c.ms...).over(cpuSeconds); got != c.want {
			t.Errorf("%v: got %+v, want %+v", c.ms, got, c.want)
		}
	}
}

func TestAFigureIsShownWithItsExtremes(t *testing.T) {
	for want, s := range map[string]spread{
		"1.50 (1.25 to 2.00)": {1.5, 1.25, 2},
		"3.00":                {3, 3, 3},
	} {
		if got := show(s, 2); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAPeakThatTheParentHidesIsOnlyABound(t *testing.T) {
	r := took("wc", 1, 1)
	if got := r.peakCell(); got != "10.0" {
		t.Errorf("got %q", got)
	}
	r.samples[1].hidden = true
	if got := r.peakCell(); got != "<= 10.0" {
		t.Errorf("got %q", got)
	}
	for i := range r.samples {
		r.samples[i].peak = 0
	}
	if got := r.peakCell(); got != "" {
		t.Errorf("got %q where none is known", got)
	}
}

func TestTheVersionIsFoundInWhatProgramsSay(t *testing.T) {
	for text, want := range map[string]string{
		"GoAccess - 1.7.\nFor more details":           "1.7",
		"wc (GNU coreutils) 9.1\nCopyright":           "9.1",
		"mtail version 3.0.0~rc50 git revision x":     "3.0.0~rc50",
		"mawk 1.3.4 20200120\n":                       "1.3.4",
		"lnav 0.11.1\n":                               "0.11.1",
		"tool v2.0 (x)":                               "2.0",
		"weir 0.1.0 commit abc (modified) go1.26.0\n": "0.1.0 commit abc (modified) go1.26.0",
		"no number at all":                            "no number at all",
		"":                                            "",
	} {
		if got := versionIn(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := versionIn(strings.Repeat("x", 100)); len(got) != 60 {
		t.Errorf("got %d characters", len(got))
	}
}

func TestTheHitsOfOtherProgramsAreAddedUp(t *testing.T) {
	for name, c := range map[string]struct {
		hits func([]byte) (int64, error)
		text string
		want int64 // -1 for an error
	}{
		"lnav":           {lnavHits, "sc_status,hits\n200,16\n404,4\n", 20},
		"lnav, no rows":  {lnavHits, "sc_status,hits\n", 0},
		"lnav, nothing":  {lnavHits, "", -1},
		"lnav, a word":   {lnavHits, "sc_status,hits\n200,many\n", -1},
		"lnav, no CSV":   {lnavHits, "a\"b\n", -1},
		"mtail":          {mtailHits, `{"hits":[{"LabelValues":[{"Labels":["/a","200"],"Value":{"Value":3,"Time":1}},{"Value":{"Value":4}}]}],"other":[]}`, 7},
		"mtail, no JSON": {mtailHits, "mtail", -1},
		"mawk":           {mawkHits, "section 9 /a\nstatus 5 200\nstatus 4 404\nbytes 1e+09\n", 9},
		"mawk, a word":   {mawkHits, "status many 200\n", -1},
		"wc":             {firstNumber, "12 x.log\n", 12},
		"goaccess, none": {goaccessHits, `{"general":{}}`, -1},
	} {
		got, err := c.hits([]byte(c.text))
		if err != nil {
			got = -1
		}
		if got != c.want {
			t.Errorf("%s: got %d, %v, want %d", name, got, err, c.want)
		}
	}
}

func TestTheMachineIsReadFromWhatLinuxWrites(t *testing.T) {
	const text = "processor\t: 0\nmodel name\t: A CPU: fast\nprocessor\t: 1\nmodel name\t: B\n"
	if got := procField(text, "model name"); got != "A CPU: fast" {
		t.Errorf("got %q", got)
	}
	if got := procField(text, "none"); got != "" {
		t.Errorf("got %q", got)
	}
	for s, want := range map[string]int64{"24 kB": 24 << 10, "": 0, "x kB": 0} {
		if got := kibibytes(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
}

func TestOnlyTheLogWithLatencyNeedsAFormatOfItsOwn(t *testing.T) {
	for _, v := range variants() {
		format := goaccessFormat(logFile{variant: v})
		if named := len(format) == 1 && format[0] == "--log-format=COMBINED"; named == (v == "rt1g") {
			t.Errorf("%s: %q", v, format)
		}
	}
}

package report

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are there on every machine

	"weir/internal/traffic"
)

func hourOf(at, hits int64) traffic.Hour {
	return traffic.Hour{From: at, Second: traffic.Second{Hits: hits, Classes: [6]int64{5: hits / 3}}}
}

func TestBarsHoldAllHitsAndFitInAnyZone(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var zones []*time.Location
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Pacific/Apia", "America/New_York"} {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, z)
	}
	for i := range 2000 {
		var hours []traffic.Hour
		at, hits, errors := r.Int64N(500_000)*3600, int64(0), int64(0)
		for range 1 + r.IntN(200) {
			hours = append(hours, hourOf(at, 1+r.Int64N(1000)))
			hits, errors = hits+hours[len(hours)-1].Hits, errors+hours[len(hours)-1].Classes[5]
			at += 3600 * (1 + r.Int64N(1<<r.IntN(14)))
		}
		p := &page{Report: &Report{}, zone: zones[i%len(zones)]}
		most := 50 + r.IntN(60)
		step, bars := p.bars(hours, most)
		for _, b := range bars {
			hits, errors = hits-b.hits, errors-b.errors
		}
		if hits != 0 || errors != 0 || len(bars) > most {
			t.Fatalf("%s: %d bars of a %s, %d hits and %d errors missing; want %d bars at most and none missing", p.zone, len(bars), step.name, hits, errors, most)
		}
		if last := bars[len(bars)-1]; bars[0].hits == 0 || last.hits == 0 {
			t.Fatalf("%s: the first bar of a %s has %d hits and the last %d, want some", p.zone, step.name, bars[0].hits, last.hits)
		}
	}
}

func TestDaysBeginAtMidnightAcrossAClockChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 2, 1, 0, 0, 0, 0, berlin)
	var hours []traffic.Hour
	for i := range int64(100 * 24) {
		hours = append(hours, hourOf(start.Unix()+3600*i, 1))
	}
	p := &page{Report: &Report{}, zone: berlin}
	step, bars := p.bars(hours, 101)
	if step.name != "day" {
		t.Fatalf("got bars of a %s, want days", step.name)
	}
	for i, b := range bars[:len(bars)-1] {
		want := int64(24)
		if i == 56 { // March 29
			want = 23
		}
		if b.hits != want {
			t.Errorf("day %d has %d hours, want %d", i, b.hits, want)
		}
	}
}

func TestWeeksBeginOnMonday(t *testing.T) {
	p := &page{Report: &Report{}, zone: time.UTC}
	for _, s := range steps() {
		if s.seconds%weekSeconds != 0 {
			continue
		}
		if day := time.Unix(p.barStart(p.barAt(midnight, &s), &s), 0).UTC(); day.Weekday() != time.Monday || day.Hour() != 0 {
			t.Errorf("a bar of a %s begins on %s, want a Monday at midnight", s.name, day)
		}
	}
}

func TestAFigureThatIsNotZeroIsSeen(t *testing.T) {
	for _, c := range []struct {
		n, most int64
		want    int
	}{{0, 10, 0}, {1, 1 << 62, 1}, {1 << 62, 1 << 62, 32}, {5, 10, 16}, {1, 0, 0}, {20, 10, 32}} {
		if got := height(c.n, c.most, 32); got != c.want {
			t.Errorf("height(%d of %d) got %d, want %d", c.n, c.most, got, c.want)
		}
	}
}

func TestOnlyFewHitsThatAreFarAwayAreLeftOut(t *testing.T) {
	week := days(midnight, 7*24, 5000)
	year := int64(365 * daySeconds)
	with := func(extra ...traffic.Hour) []traffic.Hour {
		all := append(slices.Clone(week), extra...)
		slices.SortFunc(all, func(a, b traffic.Hour) int { return int(a.From - b.From) })
		return all
	}
	for _, c := range []struct {
		name          string
		hours         []traffic.Hour
		before, after int64
	}{
		{"nothing", nil, 0, 0},
		{"one hour", week[:1], 0, 0},
		{"a week", week, 0, 0},
		{"a stray before", with(hourOf(0, 3)), 3, 0},
		{"strays on both sides", with(hourOf(0, 3), hourOf(midnight+50*year, 4)), 3, 4},
		{"strays in a row", with(hourOf(0, 3), hourOf(midnight-50*daySeconds, 2)), 5, 0},
		{"as many as count", with(hourOf(0, 1000)), 0, 0},
		{"near ones", with(hourOf(midnight-5*3600, 1), hourOf(midnight+8*daySeconds, 1)), 0, 0},
		{"near ones and a stray", with(hourOf(midnight-5*3600, 1), hourOf(midnight+year, 1)), 0, 1},
		{"two of equal weight", []traffic.Hour{hourOf(0, 5), hourOf(midnight, 5)}, 0, 0},
	} {
		got := coreOf(c.hours)
		kept := int64(0)
		for _, h := range got.hours {
			kept += h.Hits
		}
		all := int64(0)
		for _, h := range c.hours {
			all += h.Hits
		}
		if got.before != c.before || got.after != c.after || kept+got.before+got.after != all {
			t.Errorf("%s: got %d before, %d after, %d kept of %d; want %d and %d", c.name, got.before, got.after, kept, all, c.before, c.after)
		}
	}
}

func TestLabelsOfTheAxisStandAtTheirMarks(t *testing.T) {
	page := text(t, scenes()["three-days"], Text{})
	lines := strings.Split(page, "\n")
	at := slices.IndexFunc(lines, func(s string) bool { return strings.HasPrefix(s, "  +--") })
	if at < 0 {
		t.Fatalf("the page has no axis:\n%s", page)
	}
	axis, labels, marks := lines[at], lines[at+1], 0
	for i := range axis {
		if axis[i] != '+' {
			continue
		}
		if marks++; i >= len(labels) || labels[i] == ' ' || labels[i-1] != ' ' {
			t.Errorf("no label begins at the mark at cell %d:\n%s\n%s", i, axis, labels)
		}
	}
	if marks != len(strings.Fields(strings.ReplaceAll(labels, "Mar ", ""))) {
		t.Errorf("got %d marks, want one for each label:\n%s\n%s", marks, axis, labels)
	}
}

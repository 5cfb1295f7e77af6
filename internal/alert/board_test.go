package alert

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/traffic"
	"weir/internal/unit"
)

const start = int64(1_700_000_000)

// stepped is what a Board must tell: every rule, stepped through every second.
func stepped(rules []Rule, s *traffic.Seconds, from, to int64) (events []Event) {
	watches := make([]Watch, len(rules))
	for i, r := range rules {
		watches[i].Rule = r
	}
	for at := from; at <= to; at++ {
		for i := range watches {
			hits := s.Sum(at-rules[i].Window, at).Hits
			if e, ok := watches[i].Step(at, of(&rules[i], hits)); ok {
				events = append(events, e)
			}
		}
	}
	return events
}

// someRules draws one to four rules of windows from a second to ten minutes.
func someRules(r *rand.Rand) []Rule {
	var rules []Rule
	for range 1 + r.IntN(4) {
		window := []time.Duration{1, 2, 10, 60, 120, 600}[r.IntN(6)] * time.Second
		rules = append(rules, HighTrafficRule(unit.PerSecond(1+r.Int64N(3_000_000)), window))
	}
	return rules
}

// TestAdvanceTellsWhatSteppingEverySecondTells: random traffic with gaps of up
// to hours, several rules at once, Advance called at random times.
func TestAdvanceTellsWhatSteppingEverySecondTells(t *testing.T) {
	events := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		rules := someRules(r)
		var s traffic.Seconds
		now := start
		for range 1 + r.IntN(40) {
			for range 1 + r.IntN(20) {
				s.Add(now, traffic.Second{Hits: 1 + r.Int64N(10)})
				now += r.Int64N(3)
			}
			now += []int64{0, 1, 5, 60, 119, 120, 121, 700, 1500}[r.IntN(9)]
		}
		want := stepped(rules, &s, start, now+700)
		b := NewBoard(rules...)
		var got []Event
		for at := start - 10; at < now+700; at += r.Int64N(400) {
			got = append(got, b.Advance(at, Only{&s})...)
		}
		got = append(got, b.Advance(now+700, Only{&s})...)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, %d rules:\ngot  %v\nwant %v", seed, len(rules), got, want)
		}
		if kept, dropped := b.History(); !slices.Equal(kept, want) || dropped != 0 {
			t.Fatalf("seed %d: the history holds %d events, %d dropped; want %d and none", seed, len(kept), dropped, len(want))
		}
		events += len(want)
	}
	if events < 2000 {
		t.Fatalf("got %d events: the traffic is too tame", events)
	}
}

// TestSilenceIsNotWalkedThrough advances over gaps of thousands of millions of
// years: walked second by second, the test would not return.
func TestSilenceIsNotWalkedThrough(t *testing.T) {
	const aeon = int64(1) << 57
	var s traffic.Seconds
	b := NewBoard(HighTrafficRule(unit.One, time.Minute), HighTrafficRule(2*unit.One, time.Hour))
	var at []int64
	for i := range int64(3) {
		s.Add(start+i*aeon, traffic.Second{Hits: 61})
		for _, e := range b.Advance(start+(i+1)*aeon, Only{&s}) {
			at = append(at, e.At-i*aeon-start)
		}
	}
	if want := []int64{1, 61, 1, 61, 1, 61}; !slices.Equal(at, want) {
		t.Errorf("got events at %v seconds after each hit, want %v", at, want)
	}
}

func TestABoardWaitsForTheFirstHit(t *testing.T) {
	var s traffic.Seconds
	b := NewBoard(HighTrafficRule(unit.One, time.Second))
	if got := b.Advance(start+100, Only{&s}); len(got) != 0 {
		t.Errorf("without a hit: got %v", got)
	}
	s.Add(start+200, traffic.Second{Hits: 2})
	if got := b.Advance(start+200, Only{&s}); len(got) != 0 {
		t.Errorf("before the second of the first hit is over: got %v", got)
	}
	got := b.Advance(start+201, Only{&s})
	if len(got) != 1 || got[0].At != start+201 || got[0].State != Firing {
		t.Errorf("got %v, want an alert at %d", got, start+201)
	}
	if got := b.Advance(start+201, Only{&s}); len(got) != 0 {
		t.Errorf("advanced to the same second again: got %v", got)
	}
	if got := b.Advance(start, Only{&s}); len(got) != 0 {
		t.Errorf("advanced to the past: got %v", got)
	}
}

func TestRulesAreStrangersToOneAnother(t *testing.T) {
	var s traffic.Seconds
	short, long := HighTrafficRule(10*unit.One, 10*time.Second), HighTrafficRule(10*unit.One, 2*time.Minute)
	short.Name = "short"
	b := NewBoard(short, long)
	for i := range int64(60) {
		s.Add(start+i, traffic.Second{Hits: 30})
	}
	got := b.Advance(start+1000, Only{&s})
	want := []Event{
		happened(short, Firing, start+4, 120, 0),
		happened(long, Firing, start+41, 1230, 0),
		happened(short, Quiet, start+67, 90, 63),
		happened(long, Quiet, start+141, 1170, 100),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for _, w := range b.Watches() {
		if w.State != Quiet {
			t.Errorf("rule %q is %v at the end, want quiet", w.Rule.Name, w.State)
		}
	}
}

func TestABoardRemembersTheNewestEvents(t *testing.T) {
	const more = 501
	var s traffic.Seconds
	b := NewBoard(HighTrafficRule(unit.One/2, time.Second))
	var all, first, kept []Event
	for i := range int64(MaxHistory + more) {
		// A hit in every other second: an event each second.
		if i%2 == 0 {
			s.Add(start+i, traffic.Second{Hits: 1})
		}
		got := b.Advance(start+i+1, Only{&s})
		if i == 0 {
			first, kept = got, slices.Clone(got)
		}
		all = append(all, got...)
	}
	history, dropped := b.History()
	if len(all) != MaxHistory+more || dropped != more || !slices.Equal(history, all[more:]) {
		t.Errorf("of %d events %d are remembered and %d dropped; want the newest %d", len(all), len(history), dropped, MaxHistory)
	}
	if !slices.Equal(first, kept) {
		t.Error("events handed out long ago have changed")
	}
}

func TestShiftCarriesTheStateOver(t *testing.T) {
	const delta = -3600
	var s traffic.Seconds
	b := NewBoard(HighTrafficRule(10*unit.One, 2*time.Minute))
	for i := range int64(100) {
		s.Add(start+i, traffic.Second{Hits: 20})
	}
	first := b.Advance(start+100, Only{&s})
	s.Shift(delta)
	b.Shift(delta)
	if w := b.Watches()[0]; w.State != Firing || w.Since != start+61+delta {
		t.Errorf("got %v since start%+d, want firing since start%+d", w.State, w.Since-start, 61+delta)
	}
	second := b.Advance(start+delta+1000, Only{&s})
	want := happened(b.Watches()[0].Rule, Quiet, start+delta+161, 1180, 100)
	if len(first) != 1 || len(second) != 1 || second[0] != want {
		t.Errorf("got %v, then %v; want an alert, then %v", first, second, want)
	}
	if h, _ := b.History(); h[0].At != start+61 {
		t.Errorf("the announced alert moved to start%+d", h[0].At-start)
	}
}

func TestAdvanceAllocatesNothingWithoutEvents(t *testing.T) {
	var s traffic.Seconds
	b := NewBoard(HighTrafficRule(10*unit.One, 2*time.Minute), HighTrafficRule(20*unit.One, time.Minute))
	for i := range int64(5000) {
		s.Add(start+i, traffic.Second{Hits: 5})
	}
	at := start
	if n := testing.AllocsPerRun(2000, func() { at++; b.Advance(at, Only{&s}) }); n != 0 {
		t.Errorf("got %v allocations per second, want 0", n)
	}
}

// BenchmarkAdvance is the cost of one closed second under one rule of two
// minutes.
func BenchmarkAdvance(b *testing.B) {
	var s traffic.Seconds
	board := NewBoard(HighTrafficRule(10*unit.One, 2*time.Minute))
	for i := range int64(traffic.Day) {
		s.Add(start+i, traffic.Second{Hits: 5})
	}
	at := start
	b.ReportAllocs()
	for b.Loop() {
		if at++; at == start+traffic.Day {
			at = start + 1
			board.Shift(1 - traffic.Day)
		}
		board.Advance(at, Only{&s})
	}
}

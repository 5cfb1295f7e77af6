package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/change"
	"weir/internal/traffic"
)

// seconds are Figures of hits alone, that know since when there was anything.
type fromStart struct{ Only }

func (f fromStart) Measure(_ int, _ string, l Look) Sample {
	hits := f.Seconds.Sum(l.At-l.Lag-l.Span, l.At-l.Lag).Hits
	return Sample{Num: hits, Den: l.Span, Hits: hits, Whole: l.At-l.Lag-l.Span >= start}
}

func (f fromStart) Step(_ int, _ string, t int64) change.Sample {
	return change.Sample{Requests: f.Seconds.Sum(t-StepSeconds, t).Hits}
}

func texts(events []Event) (all []string) {
	for i := range events {
		e := &events[i]
		all = append(all, fmt.Sprint(e.Rule.Name, " ", e.Name(), " ", e.At-start, " ", e.Muted))
	}
	return all
}

// TestTwoRulesDoNotTellOfOneSilence: what another rule has told is kept, and told to nobody;
// through a restart, and until the other one has nothing to tell any more.
func TestTwoRulesDoNotTellOfOneSilence(t *testing.T) {
	rules := []Rule{
		{Name: "absent", Test: Absent, Window: 300, Min: 10},
		{Name: "change", Test: Changes},
	}
	const back = start + 3600 + 40*3600
	var first []string
	for _, every := range []int64{1, 7, 600, 1 << 40} {
		var s traffic.Seconds
		b := NewBoard(rules...)
		var got []string
		var learned []byte
		for _, part := range [][2]int64{{start, start + 3600}, {back, back + 900}} {
			for at := b.at; at < part[0]-1 && b.started; {
				at = min(at+every, part[0]-1)
				got = append(got, texts(b.Advance(at, fromStart{Only{&s}}))...)
			}
			for sec := part[0]; sec < part[1]; sec++ {
				s.Add(sec, traffic.Second{Hits: 2})
			}
			for at := part[0]; at < part[1]; {
				at = min(at+every, part[1])
				got = append(got, texts(b.Advance(at, fromStart{Only{&s}}))...)
				if data, fresh := b.Checkpoint(nil); fresh {
					learned = data
				}
				var forgot, err error
				if b, forgot, err = RestoreBoard(b.AppendBinary(nil), learned, rules...); err != nil || forgot != nil {
					t.Fatal(err, forgot)
				}
			}
		}
		// After a day nothing is what is usual: the other rule, which waits for traffic, is
		// told then, and so is its end.
		if first == nil {
			first = got
		}
		want := []string{"change firing 3660 ", "absent firing 3900 told by change", "change recovered ", "absent firing ", fmt.Sprint("absent recovered ", back+1-start, " "), "change firing "}
		if len(got) != len(want) || !slices.Equal(got, first) || !slices.EqualFunc(got, want, strings.HasPrefix) {
			t.Errorf("advanced by %d: got %q, want %q", every, got, want)
		}
	}
}

// TestAMutedAlertIsToldWhenTheScheduleEnds: at the minute it does, whether there are requests
// or not, and however far the Board is advanced at once.
func TestAMutedAlertIsToldWhenTheScheduleEnds(t *testing.T) {
	mute := Mute{Start: start + 100, End: start + 7230}
	rules := []Rule{{Name: "absent", Test: Absent, Window: 60, Min: 10, Policy: &Policy{Mutes: []Mute{mute}}}}
	var s traffic.Seconds
	for sec := start; sec < start+120; sec++ {
		s.Add(sec, traffic.Second{Hits: 2})
	}
	s.Add(start+9000, traffic.Second{Hits: 1})
	for _, every := range []int64{1, 13, 1 << 40} {
		b := NewBoard(rules...)
		var got []string
		for at := start; at < start+9100; {
			at = min(at+every, start+9100)
			got = append(got, texts(b.Advance(at, fromStart{Only{&s}}))...)
			b, _, _ = RestoreBoard(b.AppendBinary(nil), nil, rules...)
		}
		want := []string{"absent firing 180 by its schedule", "absent firing 7230 ", "absent recovered 9001 "}
		if !slices.Equal(got, want) {
			t.Errorf("advanced by %d: got %q, want %q", every, got, want)
		}
	}
}

// TestARuleThatAsksForLongerWaitsForIt: reloaded, an alert is pending again; one whose rule is
// no more, or looks at something else, ends with that reason.
func TestARuleThatAsksForLongerWaitsForIt(t *testing.T) {
	var s traffic.Seconds
	for sec := start; sec < start+1000; sec++ {
		s.Add(sec, traffic.Second{Hits: 9})
	}
	rule := func(name string) Rule { return Rule{Name: name, Threshold: 1_000_000, Window: 10} }
	b := NewBoard(rule("same"), rule("longer"), rule("gone"), rule("other"))
	if n := len(b.Advance(start+100, Only{&s})); n != 4 {
		t.Fatalf("%d alerts, want 4", n)
	}
	longer, other := rule("longer"), rule("other")
	longer.For, other.Test = 200, Below
	got := texts(b.Reload(rule("same"), longer, other))
	want := []string{"longer pending 100 ", "gone recovered 100 ", "other recovered 100 "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := texts(b.Advance(start+500, Only{&s})), []string{"longer firing 202 "}; !slices.Equal(got, want) {
		t.Errorf("then got %q, want %q", got, want)
	}
}

// TestAYearOfSilenceIsPassedOver, whatever the rules and their states: some seconds are
// walked, not thirty million.
func TestAYearOfSilenceIsPassedOver(t *testing.T) {
	const year = 365 * 86400
	for _, test := range []Test{Above, Below, Absent, Burns, Changes} {
		for _, minimum := range []int64{0, 5} {
			for _, earlier := range []int64{0, 600} {
				r := Rule{Name: "a", Test: test, Window: 60, Threshold: 1_000_000, Min: minimum, Budget: 1000}
				if test <= Below {
					r.Earlier = earlier
				}
				if test == Burns {
					r.Metric, r.Of = Share, "5xx"
				}
				var s traffic.Seconds
				for sec := start; sec < start+2000; sec++ {
					s.Add(sec, traffic.Second{Hits: 3})
				}
				f := &counted{fromStart: fromStart{Only{&s}}}
				b := NewBoard(r)
				b.Advance(start+2000, f)
				f.asked = 0
				b.Advance(start+year, f)
				if f.asked > 400_000 {
					t.Errorf("%v, min %d, compared %d s before: %d windows were asked for", test, minimum, earlier, f.asked)
				}
			}
		}
	}
}

type counted struct {
	fromStart
	asked int
}

func (f *counted) Measure(rule int, key string, l Look) Sample {
	f.asked++
	return f.fromStart.Measure(rule, key, l)
}

func TestMutesEndAtTheMinute(t *testing.T) {
	r := Rule{Policy: &Policy{Mutes: []Mute{{From: 22 * 60, To: 6 * 60, Zone: time.UTC}}}}
	at := time.Date(2023, 11, 14, 23, 17, 5, 0, time.UTC).Unix()
	if got, want := r.unmuted(at), time.Date(2023, 11, 15, 6, 0, 0, 0, time.UTC).Unix(); got != want {
		t.Errorf("unmuted at %d, want %d", got, want)
	}
}

func TestARuleWithAScheduleIsToldInItsStretchesAlone(t *testing.T) {
	r := Rule{Policy: &Policy{
		Schedule: []Mute{{Days: [7]bool{time.Monday: true, time.Tuesday: true}, From: 8 * 60, To: 18 * 60, Zone: time.UTC}},
		Mutes:    []Mute{{From: 12 * 60, To: 13 * 60, Zone: time.UTC}},
	}}
	monday := time.Date(2023, 11, 13, 0, 0, 0, 0, time.UTC)
	for at, want := range map[time.Duration]bool{
		8*time.Hour - time.Second: true, 8 * time.Hour: false, 12 * time.Hour: true, 13 * time.Hour: false, 18 * time.Hour: true,
		32 * time.Hour: false, 56 * time.Hour: true, -13 * time.Hour: true,
	} {
		if got := r.Muted(monday.Add(at).Unix()); got != want {
			t.Errorf("%s: muted %t, want %t", monday.Add(at), got, want)
		}
	}
	if got, want := r.unmuted(monday.Add(19*time.Hour+5*time.Second).Unix()), monday.Add(32*time.Hour).Unix(); got != want {
		t.Errorf("unmuted at %d, want %d", got, want)
	}
	r.Policy.Schedule = []Mute{{Start: monday.Unix() + 95, End: monday.Unix() + 200}}
	if got, want := r.unmuted(monday.Unix()+61), monday.Unix()+95; got != want {
		t.Errorf("unmuted at %d, want %d", got, want)
	}
}

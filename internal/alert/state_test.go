package alert

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"weir/internal/traffic"
)

// TestABoardGoesOnWhereItStood steps two Boards through the same traffic, one
// of which is stored and restored at random.
func TestABoardGoesOnWhereItStood(t *testing.T) {
	events := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 61))
		rules := []Rule{
			{Name: "a", Threshold: Level(1 + r.Int64N(3_000_000)), Window: 1 + r.Int64N(30)},
			{Name: "c", Threshold: Level(1 + r.Int64N(3_000_000)), Window: 31},
			{Name: "b", Threshold: 1_000_000, Window: 5, Total: true},
		}
		one, two := NewBoard(rules...), NewBoard(rules...)
		var s traffic.Seconds
		at := int64(1000)
		for range 300 {
			if at += r.Int64N(4); r.IntN(20) == 0 {
				at += 200
			}
			s.Add(at, traffic.Second{Hits: r.Int64N(9)})
			state := two.AppendBinary(nil)
			if !bytes.Equal(state, one.AppendBinary(nil)) {
				t.Fatalf("seed %d: equal Boards have different states", seed)
			}
			if r.IntN(3) == 0 {
				var err error
				if two, _, err = RestoreBoard(state, nil, rules...); err != nil {
					t.Fatal(err)
				}
			}
			want, got := one.Advance(at, Only{&s}), two.Advance(at, Only{&s})
			if !slices.Equal(want, got) {
				t.Fatalf("seed %d, second %d: got %v, want %v", seed, at, got, want)
			}
			events += len(want)
		}
	}
	if events < 1000 {
		t.Fatalf("the traffic is too tame: %d events", events)
	}
}

// TestAnAlertGoesOnUnderAChangedRule whatever its threshold or window, and ends when its
// rule is no more.
func TestAnAlertGoesOnUnderAChangedRule(t *testing.T) {
	b := NewBoard(Rule{Name: "a", Window: 10}, Rule{Name: "b", Window: 20}, Rule{Name: "gone", Window: 10})
	b.started, b.at = true, 500
	for i, w := range b.watches {
		w.State, w.Since, w.held = Firing, int64(100+i), int64(100+i)
	}
	back, forgot, err := RestoreBoard(b.AppendBinary(nil), nil,
		Rule{Name: "b", Window: 99}, Rule{Name: "a", Window: 10, Threshold: 7}, Rule{Name: "new", Window: 10})
	if err != nil || forgot != nil {
		t.Fatal(err, forgot)
	}
	want := []int64{101, 100, 0}
	for i, w := range back.Watches() {
		if w.Since != want[i] || (w.State == Firing) != (want[i] > 0) {
			t.Errorf("rule %d is %v since %d, want since %d", i, w.State, w.Since, want[i])
		}
	}
	if back.Watches()[1].Rule.Threshold != 7 {
		t.Error("the threshold is the stored one, not the one asked for")
	}
	got := back.Owed()
	if len(got) != 1 || got[0].Rule.Name != "gone" || got[0].State != Quiet || got[0].Ended == "" || !got[0].Told() {
		t.Errorf("got %v, want the end of the alert whose rule is gone", got)
	}
}

func FuzzRestoreBoard(f *testing.F) {
	b := NewBoard(Rule{Name: "a", Window: 10}, Rule{Name: "b", Window: 20})
	f.Add(b.AppendBinary(nil))
	b.started, b.at, b.watches[0].State, b.watches[0].Since = true, 1000, Firing, 900
	f.Add(b.AppendBinary(nil))
	f.Fuzz(func(t *testing.T, state []byte) {
		b, _, err := RestoreBoard(state, nil, Rule{Name: "a", Window: 10}, Rule{Name: "b", Window: 20})
		if err != nil {
			return
		}
		b.Owed() // no part of the state
		again, _, err := RestoreBoard(b.AppendBinary(nil), nil, Rule{Name: "a", Window: 10}, Rule{Name: "b", Window: 20})
		if err != nil || !slices.EqualFunc(again.watches, b.watches, func(a, b *Watch) bool { return reflect.DeepEqual(a, b) }) || again.at != b.at || again.started != b.started {
			t.Fatalf("restored twice it is another (%v)", err)
		}
		var s traffic.Seconds
		s.Add(1000, traffic.Second{Hits: 9})
		b.Advance(2000, Only{&s})
	})
}

// FuzzRestoreAnyBoard: with rules of all kinds, keys, and what was learned.
func FuzzRestoreAnyBoard(f *testing.F) {
	rules := []Rule{
		{Name: "a", Window: 10},
		{Name: "hosts", By: Host, Window: 10, For: 5, Where: "x"},
		{Name: "gone", Test: Gone, By: Source, Window: 60},
		{Name: "change", Test: Changes, By: Section},
		{Name: "latency", Test: Changes, Metric: P90, By: Section},
	}
	b := NewBoard(rules...)
	b.started, b.at = true, 100_000
	b.meet(1, []string{"h1", "h2"})
	b.meet(3, []string{"/a", "/b"})
	learned, _ := b.Checkpoint(nil)
	b.note(b.of(3)[0], step{t: 100_010})
	b.note(b.of(3)[0], step{t: 100_020, idle: true})
	b.note(b.of(4)[0], step{t: 100_020})
	b.of(1)[0].State, b.of(1)[0].known = Firing, true
	f.Add(b.AppendBinary(nil), learned)
	f.Add(NewBoard(rules...).AppendBinary(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, state, learned []byte) {
		if len(state)+len(learned) > 1<<17 {
			return
		}
		b, _, err := RestoreBoard(state, learned, rules...)
		if err != nil {
			return
		}
		b.Owed()
		learned, fresh := b.Checkpoint(nil)
		again := b.AppendBinary(nil)
		if !fresh {
			return // the one before is still good, but not ours to give
		}
		back, forgot, err := RestoreBoard(again, learned, rules...)
		if err != nil || forgot != nil || !bytes.Equal(back.AppendBinary(nil), again) {
			t.Fatalf("restored twice it is another (%v, %v)", err, forgot)
		}
	})
}

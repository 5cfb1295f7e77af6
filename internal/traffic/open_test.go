package traffic

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestATallyThatWasStoredCountsOnAsItWould: far more keys than it has rows, so
// that the order of its rows decides what a merge keeps.
func TestATallyThatWasStoredCountsOnAsItWould(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 31))
		one, two := new(Tally), new(Tally)
		part := 1 + r.IntN(2000)
		one.Limit(part)
		two.Limit(part)
		var all, back Tally
		all.Limit(part)
		back.Limit(part)
		for range 20 {
			hits := randomHits(r, r.IntN(300), 1+r.IntN(400))
			one.addAll(hits)
			two.addAll(hits)
			state := two.AppendOpen(nil)
			if !bytes.Equal(state, one.AppendOpen(nil)) {
				t.Fatalf("seed %d: the states differ", seed)
			}
			var err error
			if two, err = DecodeOpen(state); err != nil {
				t.Fatal(err)
			}
			all.Merge(one)
			back.Merge(two)
			if !bytes.Equal(all.AppendOpen(nil), back.AppendOpen(nil)) {
				t.Fatalf("seed %d: merged, the one that was stored is another", seed)
			}
		}
	}
}

func TestTheExactPartOfATallyIsReplaced(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	var from, to Tally
	from.addAll(randomHits(r, 300, 20))
	to.addAll(randomHits(r, 200, 20))
	rows := fmt.Sprint(to.Top(BySection, 100))
	exact := from.AppendExact(nil)
	if err := to.SetExact(exact); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(to.AppendExact(nil), exact) || to.Second != from.Second || to.Statuses != from.Statuses || !to.Latency.Equal(&from.Latency) {
		t.Error("the figures are not those that were set")
	}
	if fmt.Sprint(to.Top(BySection, 100)) != rows {
		t.Error("the rows have changed")
	}
	for n := range len(exact) {
		var t2 Tally
		if t2.SetExact(exact[:n]) == nil {
			t.Fatalf("cut to %d of %d bytes it was read", n, len(exact))
		}
	}
	if to.SetExact(append(exact, 0)) == nil {
		t.Error("something behind the end was passed over")
	}
}

// TestSecondsBeyondTheDayAreGoneWheneverTheyAreRead: whether their page is still
// in memory does not show.
func TestSecondsBeyondTheDayAreGoneWheneverTheyAreRead(t *testing.T) {
	var s Seconds
	one := Second{Hits: 1}
	for sec := range int64(120) {
		s.Add(1000+sec, one)
	}
	s.Add(1000+Day+59, one)
	if got := s.Sum(0, 2000).Hits; got != 60 {
		t.Errorf("got %d hits of the first two minutes, want the 60 of the Day", got)
	}
	if s.At(1059) != (Second{}) || s.At(1060) != one {
		t.Error("second 1059 is not gone, or 1060 is")
	}
	if sec, ok := s.Next(0); !ok || sec != 1060 {
		t.Errorf("the first second with hits is %d, want 1060", sec)
	}
	n, last := 0, int64(0)
	for sec, of := range s.From(1090) {
		if of != one || sec <= last || sec < 1090 {
			t.Errorf("got second %d with %v after %d", sec, of, last)
		}
		n, last = n+1, sec
	}
	if n != 31 || last != 1000+Day+59 {
		t.Errorf("got %d seconds up to %d, want 31 up to %d", n, last, 1000+Day+59)
	}
	for range s.From(0) {
		break
	}
	if sec, ok := s.Newest(); !ok || sec != last {
		t.Errorf("the newest is %d, want %d", sec, last)
	}
	if _, ok := new(Seconds).Newest(); ok {
		t.Error("there is a newest of none")
	}
}

// FuzzDecodeOpen reads any bytes as the state of a Tally: what is accepted is
// written as the same state again.
func FuzzDecodeOpen(f *testing.F) {
	for seed := range uint64(4) {
		var tally Tally
		tally.Limit(int(seed) * 300)
		tally.addAll(randomHits(rand.New(rand.NewPCG(seed, 2)), int(seed)*40, 30))
		f.Add(tally.AppendOpen(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tally, err := DecodeOpen(b)
		if err != nil {
			return
		}
		state := tally.AppendOpen(nil)
		again, err := DecodeOpen(state)
		if err != nil || !bytes.Equal(again.AppendOpen(nil), state) {
			t.Fatalf("written back it is another (%v)", err)
		}
	})
}

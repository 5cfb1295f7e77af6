package monitor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTheLaneFurthestBehindComesFirst(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		var q queue
		var want []queued
		for i := range rnd.IntN(40) {
			e := queued{&lane{index: i}, rnd.Int64N(10)}
			want = append(want, e)
		}
		for _, i := range rnd.Perm(len(want)) {
			q.push(want[i].lane, want[i].time)
		}
		slices.SortStableFunc(want, func(a, b queued) int { return int(a.time - b.time) })
		for _, e := range want {
			if got := q.first(); got != e.time {
				t.Fatalf("first: got %d, want %d", got, e.time)
			}
			if got := q.pop(); got != e.lane {
				t.Fatalf("got lane %d, want %d at %d", got.index, e.lane.index, e.time)
			}
		}
		if q.first() != forever {
			t.Error("an empty queue holds somebody back")
		}
	}
}

package simulate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestLinesLeaveACalendarInTheOrderOfTheirWriting, ties in that of their drawing, as out of a
// list that is sorted: at any rate, whatever is looked at in between.
func TestLinesLeaveACalendarInTheOrderOfTheirWriting(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		most := time.Duration(r.Int64N(int64([]time.Duration{1, 900, time.Millisecond, time.Second, time.Hour}[seed%5]))) + 1
		gap := most/time.Duration(1+r.IntN(500)) + 1
		c := newCalendar(most)
		var want []held
		due := time.Duration(0)
		for seq := int64(0); seq < 3000 || len(want) > 0; {
			if first := c.first(); (first == nil) != (len(want) == 0) || first != nil && (first.at != want[0].at || first.seq != want[0].seq) {
				t.Fatalf("seed %d: got %v first of %d, want %v", seed, first, c.n, want)
			}
			if len(want) > 0 && (want[0].at <= due || seq >= 3000) {
				if got := c.pop(); got.at != want[0].at || got.seq != want[0].seq {
					t.Fatalf("seed %d: got %v, want %v", seed, got, want[0])
				}
				want = want[1:]
				continue
			}
			h := held{at: due + time.Duration(r.Int64N(int64(most)+1)), seq: seq}
			if r.IntN(8) == 0 && len(want) > 0 {
				h.at = max(due, want[len(want)/2].at) // a tie
			}
			c.push(h)
			at, _ := slices.BinarySearchFunc(want, h, func(a, b held) int { return a.order(&b) })
			want = slices.Insert(want, at, h)
			seq++
			if r.IntN(50) == 0 {
				due += time.Duration(r.Int64N(int64(most)*3 + 1)) // a lull
			}
			due += time.Duration(r.Int64N(int64(gap)))
		}
	}
}

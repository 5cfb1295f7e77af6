package rates_test

import (
	"slices"
	"testing"
	"testing/quick"

	"weir/internal/rates"
)

func TestGrowthTakesNothingAwayAtAReset(t *testing.T) {
	for _, c := range []struct{ before, after, want float64 }{
		{0, 5, 5}, {5, 5, 0}, {5, 9, 4}, {5, 0, 0}, {1000, 7, 7},
	} {
		if got := rates.Growth(c.before, c.after); got != c.want {
			t.Errorf("from %v to %v: got %v, want %v", c.before, c.after, got, c.want)
		}
	}
}

func TestEventsAreSpreadOverTheStretch(t *testing.T) {
	for _, c := range []struct {
		n    int64
		want []int64
	}{
		{0, []int64{0, 0, 0}},
		{1, []int64{0, 1, 0}},
		{2, []int64{1, 0, 1}},
		{3, []int64{1, 1, 1}},
		{4, []int64{1, 2, 1}},
		{300, []int64{100, 100, 100}},
		{7, []int64{7}},
		{1, []int64{0, 0, 0, 0, 0, 1, 0, 0, 0, 0}},
		{5, []int64{0, 1, 0, 1, 0, 1, 0, 1, 0, 1}},
	} {
		var got []int64
		for i := range c.want {
			got = append(got, rates.Share(c.n, int64(i), int64(len(c.want))))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d in %d parts: got %v, want %v", c.n, len(c.want), got, c.want)
		}
	}
}

// TestNoEventIsLostAndNoPartPreferred: all shares are n together, and none is further
// than one from another.
func TestNoEventIsLostAndNoPartPreferred(t *testing.T) {
	holds := func(events uint32, over uint16) bool {
		n, parts := int64(events%10_000_001), int64(over%2000)+1
		sum, least, most := int64(0), n, int64(0)
		for i := range parts {
			one := rates.Share(n, i, parts)
			sum, least, most = sum+one, min(least, one), max(most, one)
		}
		return sum == n && least >= 0 && most-least <= 1
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

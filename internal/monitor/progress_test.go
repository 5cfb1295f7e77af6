package monitor

import (
	"testing"
	"time"
)

// TestProgressIsToldAfterTwoSecondsThenEachTen, and never of what takes less.
func TestProgressIsToldAfterTwoSecondsThenEachTen(t *testing.T) {
	began := time.Unix(1_773_151_500, 0)
	var r reading
	for _, c := range []struct {
		after time.Duration
		left  int64
		want  string
	}{
		{0, 1000e6, ""},
		{1900 * time.Millisecond, 900e6, ""},
		{2 * time.Second, 800e6, "reading the past: 20 %, at T, 800 MB left, about 8s"},
		{11 * time.Second, 500e6, ""},
		{12 * time.Second, 400e6, "reading the past: 60 %, at T, 400 MB left, about 8s"},
		{22 * time.Second, 2000e6, "reading the past: 0 %, at T, 2.0 GB left"}, // more was written than read
		{32 * time.Second, 0, "reading the past: 100 %, at T, 0 B left, about 0s"},
	} {
		if got := r.step(began.Add(c.after), c.left, "T"); got != c.want {
			t.Errorf("after %v: got %q, want %q", c.after, got, c.want)
		}
	}
	var none reading
	for _, after := range []time.Duration{0, time.Minute} {
		if got := none.step(began.Add(after), 0, "T"); got != "" {
			t.Errorf("with nothing to read: got %q", got)
		}
	}
}

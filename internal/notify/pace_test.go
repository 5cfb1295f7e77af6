package notify

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestPausesDoubleWithTheirUpperHalfLeftToChance(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for failures := 1; failures < 100; failures++ {
		whole := mostBackoff
		if failures < 10 {
			whole = min(mostBackoff, time.Second<<(failures-1))
		}
		seen := map[time.Duration]bool{}
		for range 50 {
			d := backoff(failures, random)
			if d < whole/2 || d > whole {
				t.Fatalf("%d failures: got %s, want %s to %s", failures, d, whole/2, whole)
			}
			seen[d] = true
		}
		if len(seen) < 40 {
			t.Errorf("%d failures: only %d different pauses of 50", failures, len(seen))
		}
	}
	a, b := rand.New(rand.NewPCG(7, 0)), rand.New(rand.NewPCG(7, 0))
	if backoff(5, a) != backoff(5, b) {
		t.Error("the same seed gives other pauses")
	}
}

func TestAnAllowanceIsASixthAtOnceAndThenSoManyAnHour(t *testing.T) {
	for _, perHour := range []int{1, 5, 12, 60, 1000} {
		a := allowance{perHour: perHour}
		now, taken, atOnce := began(), 0, 0
		for now.Before(began().Add(10 * time.Hour)) {
			wait := a.wait(now)
			if wait == 0 {
				a.take(now)
				taken++
				if now.Equal(began()) {
					atOnce++
				}
				continue
			}
			now = now.Add(wait)
		}
		if burst := max(perHour/6, 1); atOnce != burst || taken < 10*perHour || taken > 10*perHour+burst+1 {
			t.Errorf("%d an hour: %d at once, %d in 10 h", perHour, atOnce, taken)
		}
	}
	free := allowance{}
	if free.take(began()); free.wait(began()) != 0 {
		t.Error("without a limit it waits")
	}
}

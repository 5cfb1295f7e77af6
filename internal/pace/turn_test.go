package pace

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"weir/internal/unit"
)

// anyShape returns one of many kinds, with few requests a second.
func anyShape(r *rand.Rand) Shape {
	rate := func() unit.PerSecond { return unit.PerSecond(r.Int64N(40 * int64(unit.One))) }
	span := func() time.Duration { return time.Duration(1 + r.Int64N(int64(5*time.Second))) }
	var s Shape
	switch r.IntN(6) {
	case 0:
		s = Constant{Rate: rate()}
	case 1:
		s = Constant{} // silence
	case 2:
		s = Steps{{span(), rate()}, {span(), 0}, {span(), rate()}}
	case 3:
		s = Sine{Rate: 20 * unit.One, Amplitude: rate(), Period: span()}
	case 4:
		s = Later{Constant{Rate: rate(), For: span()}, span()}
	default:
		s = Cycles{High: rate(), Low: rate(), On: Spell{Mean: span()}, Off: Spell{Mean: span()}}
	}
	if r.IntN(2) == 0 {
		s = Jitter{Shape: s, Amount: 0.5, Every: span(), Seed: r.Uint64()}
	}
	return s
}

// exact is the integral of s from 0 to until, in the unit of the integral.
func exact(s Shape, until time.Duration) *big.Int {
	sum := new(big.Int)
	for at := time.Duration(0); at < until; {
		rate, end, ok := s.At(at)
		if !ok {
			break
		}
		end = min(end, until)
		sum.Add(sum, new(big.Int).Mul(big.NewInt(int64(rate)), big.NewInt(int64(end-at))))
		at = end
	}
	return sum
}

// TestATurnMakesNeitherABurstNorAHole plays schedules as a load generator does: it waits for
// the next request, and turns at any moment between two of them.
func TestATurnMakesNeitherABurstNorAHole(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		first := anyShape(r)
		s := New(first)
		all := Turns{{0, first}}
		var dues []time.Duration
		now := time.Duration(0)
		for n := int64(0); n < 120; n++ {
			due, ok := s.Due(n)
			for turns := 0; turns < 3 && r.IntN(8) == 0; turns++ {
				reach := 3 * time.Second
				if ok {
					reach = due - now
				}
				now += time.Duration(r.Int64N(int64(reach) + 1))
				to := anyShape(r)
				if now == all[len(all)-1].From {
					all = all[:len(all)-1]
				}
				all = append(all, TurnTo{now, to})
				s.Turn(now, to)
				if due, ok = s.Due(n); ok && due < now {
					t.Fatalf("seed %d: request %d is due at %v, before the turn at %v at which it was not", seed, n, due, now)
				}
			}
			if !ok {
				break
			}
			dues, now = append(dues, due), due
		}
		fresh := New(all)
		for n, due := range dues {
			if want, ok := fresh.Due(int64(n)); !ok || due != want {
				t.Fatalf("seed %d: request %d of %d is due at %v, want %v, %t", seed, n, len(dues), due, want, ok)
			}
			// A request is due in the nanosecond in which the integral passes its number.
			passed := new(big.Int).Mul(big.NewInt(int64(n)), new(big.Int).SetUint64(request))
			if exact(all, due).Cmp(passed) > 0 || exact(all, due+1).Cmp(passed) < 0 {
				t.Fatalf("seed %d: request %d is due at %v, where the integral is not %d", seed, n, due, n)
			}
			if again, _ := s.Due(int64(n)); again != due {
				t.Fatalf("seed %d: asked again, request %d is due at %v, not %v", seed, n, again, due)
			}
		}
	}
}

func TestDrawnArrivalsTurnAsTheirIntegralDoes(t *testing.T) {
	for _, a := range []Arrivals{Poisson, Uniform} {
		p := NewArrivals(Constant{Rate: 100 * unit.One}, a, 7)
		same := NewArrivals(Turns{{0, Constant{Rate: 100 * unit.One}}, {time.Second, Constant{Rate: 300 * unit.One}}}, a, 7)
		turned := false
		for n := range int64(500) {
			due, _ := p.Due(n)
			if due >= time.Second && !turned {
				turned = true
				p.Turn(time.Second, Constant{Rate: 300 * unit.One})
				due, _ = p.Due(n)
			}
			if want, _ := same.Due(n); due != want {
				t.Fatalf("%v: request %d is due at %v, want %v", a, n, due, want)
			}
		}
	}
}

package pace

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weir/internal/unit"
)

// perSecondCounts asks for every request of the schedule that is due before
// the given number of seconds, and counts them by second.
func perSecondCounts(t *testing.T, p Pacer, seconds int) []int {
	t.Helper()
	counts := make([]int, seconds)
	last := time.Duration(-1)
	for n := int64(0); ; n++ {
		due, ok := p.Due(n)
		if !ok || due >= time.Duration(seconds)*time.Second {
			return counts
		}
		if due < last {
			t.Fatalf("request %d is due at %v, before its predecessor at %v", n, due, last)
		}
		last = due
		counts[due/time.Second]++
	}
}

func TestEachSecondOfAConstantRateHasExactlyThatMany(t *testing.T) {
	for _, rate := range []int{1, 3, 7, 9, 18, 999, 10_007} {
		counts := perSecondCounts(t, New(Constant{Rate: unit.PerSecond(rate) * unit.One}), 20)
		for sec, got := range counts {
			if got != rate {
				t.Errorf("second %d at %d/s got %d requests", sec, rate, got)
			}
		}
	}
}

func TestStepsChangeTheRateOnTheSecond(t *testing.T) {
	steps, err := ParseSteps("60s@9,60s@18,150s@0,90@2,2m@0.5")
	if err != nil {
		t.Fatal(err)
	}
	s := New(steps)
	counts := perSecondCounts(t, s, 500)
	for sec, got := range counts {
		want := 0
		switch {
		case sec < 60:
			want = 9
		case sec < 120:
			want = 18
		case sec >= 270 && sec < 360:
			want = 2
		case sec >= 360 && sec < 480 && sec%2 == 0:
			want = 1
		}
		if got != want {
			t.Errorf("second %d got %d requests, want %d", sec, got, want)
		}
	}
	total := int64(60*9 + 60*18 + 90*2 + 60)
	if due, ok := s.Due(total - 1); !ok || due != 478*time.Second {
		t.Errorf("the last request got %v, %v, want 478s", due, ok)
	}
	if due, ok := s.Due(total); ok {
		t.Errorf("the request after the last got %v, want the end", due)
	}
	if due, ok := s.Due(60*9 + 60*18); !ok || due != 270*time.Second {
		t.Errorf("the first request after the silence got %v, %v, want 270s", due, ok)
	}
}

// integral is the brute force: the sum over every millisecond of a shape whose
// pieces begin on milliseconds.
func integral(s Shape, until time.Duration) *big.Rat {
	sum := new(big.Rat)
	for t := time.Duration(0); t < until; t += time.Millisecond {
		rate, _, ok := s.At(t)
		if !ok {
			break
		}
		sum.Add(sum, big.NewRat(int64(min(until-t, time.Millisecond))*int64(rate), int64(request)))
	}
	return sum
}

func TestARequestIsDueWhereTheIntegralPassesIt(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for round := range 20 {
		var steps Steps
		for range 1 + r.IntN(5) {
			step := Step{For: time.Duration(1+r.IntN(700)) * time.Millisecond, Rate: unit.PerSecond(r.Uint64N(90_000_000))}
			if r.IntN(4) == 0 {
				step.Rate = 0
			}
			steps = append(steps, step)
		}
		var shape Shape = steps
		if round%2 == 1 {
			shape = Jitter{Shape: steps, Amount: 0.7, Every: 50 * time.Millisecond, Seed: uint64(round)}
		}
		s := New(shape)
		for n := int64(0); ; n++ {
			due, ok := s.Due(n)
			if !ok {
				if total := integral(shape, time.Hour); total.Cmp(big.NewRat(n, 1)) > 0 {
					t.Fatalf("%v ended before request %d of %s", steps, n, total.FloatString(6))
				}
				break
			}
			// The integral has not passed n at due, and has a nanosecond later.
			want := big.NewRat(n, 1)
			if integral(shape, due).Cmp(want) > 0 || integral(shape, due+1).Cmp(want) <= 0 {
				t.Fatalf("%v: request %d got due at %v, where the integral is %s", steps, n, due, integral(shape, due).FloatString(9))
			}
		}
	}
}

func TestJitterStaysInItsBandAndKeepsTheMean(t *testing.T) {
	for _, c := range []struct {
		rate   float64
		amount float64
	}{{500, 0.5}, {20, 0.25}, {1000, 1}, {10, 0}} {
		rate := unit.PerSecond(c.rate * float64(unit.One))
		counts := perSecondCounts(t, New(Jitter{Shape: Constant{Rate: rate}, Amount: c.amount, Seed: 7}), 3600)
		sum, low, high := 0, math.MaxInt, 0
		for sec, got := range counts {
			sum, low, high = sum+got, min(low, got), max(high, got)
			if f := float64(got); f < c.rate*(1-c.amount)-1 || f > c.rate*(1+c.amount)+1 {
				t.Errorf("second %d of %v/s with jitter %v got %d", sec, c.rate, c.amount, got)
			}
		}
		// Six standard errors of the mean of 3,600 uniform draws.
		mean, slack := float64(sum)/3600, 6*c.rate*c.amount/math.Sqrt(3)/60+0.01
		if math.Abs(mean-c.rate) > slack {
			t.Errorf("mean of %v/s with jitter %v got %.2f, want within %.2f", c.rate, c.amount, mean, slack)
		}
		if c.amount > 0 && (float64(low) > c.rate*(1-0.95*c.amount)+1 || float64(high) < c.rate*(1+0.95*c.amount)-1) {
			t.Errorf("%v/s with jitter %v got %d to %d: the band is not filled", c.rate, c.amount, low, high)
		}
	}
}

func TestTheMeanOfAllDrawsIsTheRateItself(t *testing.T) {
	j := Jitter{Shape: Constant{Rate: 3}, Amount: 1, Every: 1}
	seen := map[unit.PerSecond]int{}
	for k := range time.Duration(70_000) {
		rate, _, _ := j.At(k)
		seen[rate]++
	}
	for rate := range unit.PerSecond(7) {
		if n := seen[rate]; n < 9_500 || n > 10_500 {
			t.Errorf("rate %d of 0..6 was drawn %d times in 70000, want about 10000", rate, n)
		}
	}
	if len(seen) != 7 {
		t.Errorf("got %d different rates, want the 7 of 0..6", len(seen))
	}
}

func TestTheSameSeedGivesTheSameSchedule(t *testing.T) {
	shape := Jitter{Shape: Constant{Rate: 50 * unit.One}, Amount: 0.5, Seed: 1}
	a, b := New(shape), New(shape)
	other := New(Jitter{Shape: shape.Shape, Amount: 0.5, Seed: 2})
	differs := false
	for n := int64(2000); n >= 0; n -= 7 { // backwards: every question rewinds
		x, _ := a.Due(n)
		y, _ := New(shape).Due(n)
		z, _ := other.Due(n)
		if x != y {
			t.Fatalf("request %d got %v backwards and %v at once", n, x, y)
		}
		differs = differs || x != z
	}
	for n := range int64(2000) {
		x, _ := a.Due(n)
		if y, _ := b.Due(n); x != y {
			t.Fatalf("request %d got %v and %v from one seed", n, x, y)
		}
	}
	if !differs {
		t.Error("two seeds gave one schedule")
	}
}

func TestExtremesEndOrAnswer(t *testing.T) {
	for _, c := range []struct {
		name  string
		shape Shape
		n     int64
		want  time.Duration
		ok    bool
	}{
		{"silence for ever", Constant{}, 0, 0, false},
		{"jittered silence", Jitter{Shape: Constant{}, Amount: 0.5}, 0, 0, false},
		{"no steps", Steps{}, 0, 0, false},
		{"one a day", Constant{Rate: 12}, 1, 83333333333333, true}, // 12 millionths: every 83,333.3 s
		{"the slowest rate", Constant{Rate: 1}, 9000, 9_000_000_000 * time.Second, true},
		{"beyond the end of time", Constant{Rate: 1}, 10_000, 0, false},
		{"the largest rate", Constant{Rate: unit.MaxPerSecond}, math.MaxInt64 - 1, math.MaxInt64 - 1, true},
		{"the largest rate, no more time", Constant{Rate: unit.MaxPerSecond}, math.MaxInt64, 0, false},
		{"more than the largest rate", Constant{Rate: math.MaxInt64}, 5_000_000_000, 5 * time.Second, true},
		{"a negative number", Constant{Rate: unit.One}, -5, 0, true},
		{"a negative rate", Constant{Rate: -unit.One}, 0, 0, false},
		{"exactly at the end", Constant{Rate: unit.One, For: 5 * time.Second}, 5, 0, false},
		{"just before the end", Constant{Rate: unit.One, For: 5*time.Second + 1}, 5, 5 * time.Second, true},
	} {
		if got, ok := New(c.shape).Due(c.n); got != c.want || ok != c.ok {
			t.Errorf("%s: Due(%d) got %v, %v, want %v, %v", c.name, c.n, got, ok, c.want, c.ok)
		}
	}
}

func TestRefusedStepsSayWhatIsAccepted(t *testing.T) {
	for s, why := range map[string]string{
		"": "no @", "60s": "no @", "60s@9,": "step 2", "x@9": "duration", "60s@x": "rate", "0s@9": "no time",
		"60s@-1": "rate", "200y@1,200y@1": "292 years", "60s@9@9": "rate",
	} {
		if _, err := ParseSteps(s); err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "60s@9,2m@18.5") {
			t.Errorf("ParseSteps(%q) got error %v, want one with %q that names the form", s, err, why)
		}
	}
	if s, err := ParseSteps(" 60s@9 , 1m30s@0.25,10@0"); err != nil || s.String() != "1m0s@9,1m30s@0.25,10s@0" {
		t.Errorf("ParseSteps got %v, %v", s, err)
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add(uint64(9_000_000), int64(60e9), uint64(18_000_000), int64(60e9), uint64(1), 0.5)
	f.Fuzz(func(t *testing.T, r1 uint64, d1 int64, r2 uint64, d2 int64, seed uint64, amount float64) {
		steps := Steps{
			{For: time.Duration(uint64(d1) % 1e12), Rate: unit.PerSecond(r1 % uint64(unit.MaxPerSecond))},
			{For: time.Duration(uint64(d2) % 1e12), Rate: unit.PerSecond(r2 % uint64(unit.MaxPerSecond))},
		}
		s := New(Jitter{Shape: steps, Amount: amount, Seed: seed})
		last := time.Duration(-1)
		for n := int64(0); n < 1<<40; n = n*3 + 1 {
			due, ok := s.Due(n)
			if !ok {
				return
			}
			if due < last || due >= steps[0].For+steps[1].For {
				t.Fatalf("%v: request %d got %v after %v", steps, n, due, last)
			}
			last = due
		}
	})
}

func BenchmarkDue(b *testing.B) {
	s := New(Jitter{Shape: Constant{Rate: 10_000 * unit.One}, Amount: 0.5, Seed: 1})
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		s.Due(n)
	}
}

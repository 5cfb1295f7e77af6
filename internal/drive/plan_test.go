package drive

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

// all returns what a plan says.
func all(p Plan) (dues []time.Duration, requests []int) {
	for {
		due, request, ok := p.Next()
		if !ok {
			return dues, requests
		}
		dues, requests = append(dues, due), append(requests, request)
	}
}

func TestAPlanEndsWithItsTimeOrItsNumberWhicheverIsFirst(t *testing.T) {
	for _, c := range []struct {
		length time.Duration
		count  int64
		want   int
		timed  bool // it knows its length
	}{{2 * time.Second, 0, 20, true}, {2 * time.Second, 5, 5, false}, {0, 5, 5, false}, {1500 * time.Millisecond, 100, 15, true}} {
		paced := &Paced{Pacer: pace.New(pace.Constant{Rate: 10 * unit.One}), Mix: NewMix([]float64{1}, 1), For: c.length, Count: c.count}
		dues, _ := all(paced)
		limited := &Limited{Plan: &Paced{Pacer: pace.New(pace.Constant{Rate: 10 * unit.One}), Mix: NewMix(nil, 1)}, For: c.length, Count: c.count}
		again, _ := all(limited)
		length, timed := paced.span()
		length2, timed2 := limited.span()
		if len(dues) != c.want || !slices.Equal(dues, again) || timed != c.timed || timed2 != c.timed || length != c.length || length2 != c.length {
			t.Errorf("%v, %d: got %d and %d requests, length %v %t %t", c.length, c.count, len(dues), len(again), length, timed, timed2)
		}
	}
}

func TestAMixDrawsByWeightAndBySeed(t *testing.T) {
	weights := []float64{80, 15, 5}
	got := [3]int{}
	m, same, other := NewMix(weights, 7), NewMix(weights, 7), NewMix(weights, 8)
	differs := false
	for range 100_000 {
		k := m.draw()
		got[k]++
		if k != same.draw() {
			t.Fatal("one seed drew two mixes")
		}
		differs = differs || k != other.draw()
	}
	// Six standard deviations of 100,000 draws are below 760.
	for i, want := range []int{80_000, 15_000, 5_000} {
		if got[i] < want-760 || got[i] > want+760 {
			t.Errorf("request %d was drawn %d times, want about %d", i, got[i], want)
		}
	}
	if !differs {
		t.Error("two seeds drew one mix")
	}
}

func TestAReplayKeepsTheTimesOfTheLog(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		entries []Entry
		speed   float64
		longest time.Duration
		dues    []time.Duration
		order   []int
		pauses  int
		busiest int
	}{
		{
			"whole seconds are spread evenly",
			[]Entry{{10, 0, 0}, {10, 0, 1}, {10, 0, 2}, {10, 0, 3}, {12, 0, 4}, {12, 0, 5}},
			1, 0,
			[]time.Duration{0, 250 * ms, 500 * ms, 750 * ms, 2000 * ms, 2500 * ms},
			[]int{0, 1, 2, 3, 4, 5},
			0, 4,
		},
		{"fractions stay", []Entry{{10, 500e6, 0}, {10, 500e6, 1}, {11, 0, 2}}, 1, 0, []time.Duration{0, 0, 500 * ms}, []int{0, 1, 2}, 0, 3},
		{"ten times as fast", []Entry{{10, 0, 0}, {30, 0, 1}}, 10, 0, []time.Duration{0, 2000 * ms}, []int{0, 1}, 0, 1},
		{"half as fast", []Entry{{10, 0, 0}, {11, 0, 1}}, 0.5, 0, []time.Duration{0, 2000 * ms}, []int{0, 1}, 0, 1},
		{"lines out of order make no pause", []Entry{{10, 0, 0}, {13, 0, 1}, {11, 0, 2}, {12, 0, 3}}, 1, 0, []time.Duration{0, 1000 * ms, 2000 * ms, 3000 * ms}, []int{0, 2, 3, 1}, 0, 1},
		{"pauses are cut", []Entry{{10, 0, 0}, {1010, 0, 1}, {1012, 0, 2}, {2000, 0, 3}}, 2, 5 * time.Second, []time.Duration{0, 2500 * ms, 3500 * ms, 6000 * ms}, []int{0, 1, 2, 3}, 2, 1},
		{"one request", []Entry{{10, 7, 3}}, 1, 0, []time.Duration{0}, []int{3}, 0, 1},
		{"none", nil, 1, 0, nil, nil, 0, 0},
		{"longer than time", []Entry{{-1 << 61, 0, 0}, {1 << 61, 0, 1}}, 1, 0, []time.Duration{0, (1<<63 - 1) / time.Second * time.Second}, []int{0, 1}, 0, 1},
	} {
		r := NewReplay(c.entries, c.speed, c.longest)
		busiest := r.Busiest()
		dues, order := all(r)
		if c.name == "longer than time" && len(dues) == 2 {
			if dues[1] < dues[0] {
				t.Errorf("%s: got %v", c.name, dues)
			}
			continue
		}
		if !slices.Equal(dues, c.dues) || !slices.Equal(order, c.order) || r.Pauses != c.pauses || busiest != c.busiest {
			t.Errorf("%s: got %v, %v, %d pauses, %d in a second", c.name, dues, order, r.Pauses, busiest)
		}
	}
}

func TestAReplayOfAnyLogIsInOrderAndComplete(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		entries := make([]Entry, r.IntN(200))
		for i := range entries {
			entries[i] = Entry{Sec: 1000 + r.Int64N(50), Request: int32(i)}
			if seed%2 == 0 {
				entries[i].Nanos = int32(r.IntN(1e9))
			}
		}
		dues, order := all(NewReplay(entries, 0.5+3*r.Float64(), time.Duration(r.IntN(3))*time.Second))
		slices.Sort(order)
		for i, k := range order {
			if k != i {
				t.Fatalf("seed %d: request %d is missing", seed, i)
			}
		}
		if !slices.IsSorted(dues) || len(order) != len(entries) {
			t.Fatalf("seed %d: %d of %d, %v", seed, len(order), len(entries), dues)
		}
	}
}

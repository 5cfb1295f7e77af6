package traffic

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plainSeconds is the same thing said plainly: a map that forgets what it is told to.
type plainSeconds struct {
	at     map[int64]Second
	seen   bool
	newest int64
	gone   int64 // seconds before it are refused; the smallest number for none
}

func (p *plainSeconds) kept(sec int64) bool {
	return !p.seen || sec > p.newest-Day && sec >= p.gone
}

func (p *plainSeconds) forget(sec int64) {
	p.gone = max(p.gone, FloorDiv(sec, 60)*60)
	for at := range p.at {
		if at < p.gone {
			delete(p.at, at)
		}
	}
}

func (p *plainSeconds) add(sec int64, n Second) {
	if !p.seen {
		p.newest, p.seen = sec, true
	}
	s := p.at[sec]
	s.Add(n)
	p.at[sec], p.newest = s, max(p.newest, sec)
}

func (p *plainSeconds) shift(delta int64) {
	moved := make(map[int64]Second, len(p.at))
	for sec, n := range p.at {
		moved[sec+delta] = n
	}
	p.at, p.newest = moved, p.newest+delta
	if p.gone != math.MinInt64 {
		p.gone = FloorDiv(p.gone+delta, 60) * 60
	}
}

func (p *plainSeconds) sum(from, to int64) (sum Second) {
	for sec, n := range p.at {
		if sec >= from && sec < to {
			sum.Add(n)
		}
	}
	return sum
}

func (p *plainSeconds) next(from int64) (sec int64, ok bool) {
	for s, n := range p.at {
		if s >= from && n.Hits > 0 && (!ok || s < sec) {
			sec, ok = s, true
		}
	}
	return sec, ok
}

// jumps are the gaps a log can have, in seconds.
var jumps = []int64{0, 0, 0, 1, 1, 2, 59, 60, 61, 3600, 6 * 3600, Day - 1, Day, Day + 1, 2 * Day, 40 * Day, 365 * Day}

// TestSecondsAnswerAsAPlainMapWithinTheLastDay plays random counts, some of
// them taken back, in and out of order, over gaps of hours, days and years,
// before and after 1970, while the time line is moved.
func TestSecondsAnswerAsAPlainMapWithinTheLastDay(t *testing.T) {
	refused, moved, forgot := 0, 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		var s Seconds
		p := &plainSeconds{at: map[int64]Second{}, gone: math.MinInt64}
		now := r.Int64N(200*365*Day) - 100*365*Day
		for range 150 {
			now += jumps[r.IntN(len(jumps))]
			sec := now
			if r.IntN(3) == 0 {
				sec -= jumps[r.IntN(len(jumps))] + r.Int64N(120)
			}
			n := Second{Hits: 1 + r.Int64N(5), Bytes: r.Int64N(1000)}
			n.Classes[r.IntN(6)] = n.Hits
			want := p.kept(sec)
			if got := s.Add(sec, n); got != want {
				t.Fatalf("seed %d: Add(%d) with %d the newest: got %v, want %v", seed, sec, p.newest, got, want)
			}
			if !want {
				refused++
			} else if p.add(sec, n); r.IntN(5) == 0 {
				part := Second{Hits: 1}
				s.Sub(sec, part)
				was := p.at[sec]
				was.Sub(part)
				p.at[sec] = was
			}
			if seed%2 == 0 && r.IntN(20) == 0 {
				from := now - r.Int64N(2*Day)
				s.Forget(from)
				p.forget(from)
				forgot++
			}
			if r.IntN(40) == 0 {
				forth, back := jumps[r.IntN(len(jumps))], jumps[r.IntN(len(jumps))]
				delta := forth - back + r.Int64N(100)
				s.Shift(delta)
				p.shift(delta)
				now += delta
				moved++
			}
			compareSeconds(t, seed, r, &s, p)
		}
	}
	if refused < 100 || moved < 100 || forgot < 100 {
		t.Fatalf("the traces are too tame: %d counts refused, %d moves, %d times forgotten", refused, moved, forgot)
	}
}

func compareSeconds(t *testing.T, seed uint64, r *rand.Rand, s *Seconds, p *plainSeconds) {
	t.Helper()
	oldest := p.newest - Day + 1
	from := oldest + r.Int64N(Day)
	if r.IntN(2) == 0 {
		from = max(oldest, p.newest-r.Int64N(200))
	}
	to := from + r.Int64N(p.newest-from+200)
	if got, want := s.At(from), p.at[from]; got != want {
		t.Fatalf("seed %d: At(%d): got %+v, want %+v", seed, from, got, want)
	}
	if got, want := s.Sum(from, to), p.sum(from, to); got != want {
		t.Fatalf("seed %d: Sum(%d, %d): got %+v, want %+v", seed, from, to, got, want)
	}
	if got, want := s.Sum(oldest, p.newest+1), p.sum(oldest, p.newest+1); got != want {
		t.Fatalf("seed %d: the whole Day: got %+v, want %+v", seed, got, want)
	}
	got, ok := s.Next(from)
	want, there := p.next(from)
	if got != want || ok != there {
		t.Fatalf("seed %d: Next(%d): got %d %v, want %d %v", seed, from, got, ok, want, there)
	}
}

func TestASecondADayBehindIsNotKept(t *testing.T) {
	const newest = 1_700_000_030 // in the middle of a minute, so its page is half too old
	var s Seconds
	s.Add(newest, Second{Hits: 1})
	if !s.Add(newest-Day+1, Second{Hits: 1}) {
		t.Error("a second less than a Day behind was refused")
	}
	// The minute was just used; it must not let its older seconds in.
	if s.Add(newest-Day, Second{Hits: 1}) {
		t.Error("a second a Day behind was kept")
	}
	s.Sub(newest-Day, Second{Hits: 1})
	if got := s.At(newest - Day); got.Hits < 0 {
		t.Errorf("taking back what was not kept: got %d hits, want none", got.Hits)
	}
}

func TestSecondsHoldADayOfPagesAtMost(t *testing.T) {
	var s Seconds
	for sec := int64(0); sec < 5*Day; sec += 30 {
		s.Add(sec, Second{Hits: 1})
	}
	if n := len(s.pages) + len(s.free); n > Day/pageSeconds+2 {
		t.Errorf("after five days: got %d pages, want at most %d", n, Day/pageSeconds+2)
	}
}

func TestNextOfTheBeginningOfTime(t *testing.T) {
	var s Seconds
	if _, ok := s.Next(-1 << 63); ok {
		t.Error("empty Seconds found a hit")
	}
	s.Add(-5, Second{Hits: 1})
	if sec, ok := s.Next(-1 << 63); !ok || sec != -5 {
		t.Errorf("got %d %v, want -5 true", sec, ok)
	}
	if _, ok := s.Next(-4); ok {
		t.Error("found a hit behind the last")
	}
}

func TestAClassIsTheFirstDigit(t *testing.T) {
	for status, want := range map[int]int{0: 0, 99: 0, 100: 1, 204: 2, 399: 3, 499: 4, 599: 5, 600: 0, -200: 0, 1 << 40: 0} {
		if got := Class(status); got != want {
			t.Errorf("status %d: got class %d, want %d", status, got, want)
		}
	}
}

func TestSecondsAllocateNothingInAMinuteKnown(t *testing.T) {
	var s Seconds
	sec, n := int64(1_700_000_000), Second{Hits: 1, Bytes: 10}
	s.Add(sec, n)
	if got := testing.AllocsPerRun(1000, func() { s.Add(sec, n) }); got != 0 {
		t.Errorf("Add: got %v allocations, want 0", got)
	}
	if got := testing.AllocsPerRun(1000, func() { s.Sum(sec-120, sec) }); got != 0 {
		t.Errorf("Sum: got %v allocations, want 0", got)
	}
}

// BenchmarkSecondsAdd counts a log of 100 records a second, in order.
func BenchmarkSecondsAdd(b *testing.B) {
	var s Seconds
	n := Second{Hits: 1, Bytes: 500}
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		s.Add(1_700_000_000+i/100, n)
		i++
	}
}

// BenchmarkSecondsSum is what a rule of two minutes costs for each closed
// second.
func BenchmarkSecondsSum(b *testing.B) {
	var s Seconds
	for i := range int64(300) {
		s.Add(1_700_000_000+i, Second{Hits: 1})
	}
	b.ReportAllocs()
	i := int64(0)
	for b.Loop() {
		from := 1_700_000_100 + i%pageSeconds // one in so many is whole pages
		s.Sum(from, from+120)
		i++
	}
}

package rates

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// point is what collect returns.
func collect(walk func(int64, func(int64, float64)), window int64) []Point {
	var all []Point
	walk(window, func(at int64, v float64) { all = append(all, Point{at, v}) })
	return all
}

// oracle is the rate at t, by the definition: millisecond by millisecond.
func oracle(s *Series, window, t int64) float64 {
	grew, known, inside := 0.0, int64(0), false
	before := -1
	for i := range s.At {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		if before >= 0 && (s.Gap == 0 || s.At[i]-s.At[before] <= s.Gap) {
			d := s.Values[i] - s.Values[before]
			if d < 0 {
				d = s.Values[i]
			}
			for ms := s.At[before] + 1; ms <= s.At[i]; ms++ {
				if ms == t {
					inside = true
				}
				if ms > t-window && ms <= t {
					grew += d / float64(s.At[i]-s.At[before])
					known++
				}
			}
		}
		before = i
	}
	if !inside || float64(known) < 0.9*float64(window) {
		return math.NaN()
	}
	return grew / float64(known) * 1000
}

// random returns a counter with holes, gaps, resets and uneven looks.
func random(r *rand.Rand) *Series {
	s := &Series{Name: "n", Gap: 25}
	at, value := int64(r.IntN(1000)), float64(r.IntN(1000))
	for range 2 + r.IntN(40) {
		s.At = append(s.At, at)
		s.Values = append(s.Values, value)
		switch r.IntN(12) {
		case 0:
			at += int64(26 + r.IntN(100)) // a gap
		case 1:
			value = float64(r.IntN(5)) // a reset
			at += 10
		case 2:
			s.Values[len(s.Values)-1] = math.NaN() // a hole
			at += 10
		case 3, 4:
			at += int64(1 + r.IntN(24))
		default:
			at += 10
		}
		value += float64(r.IntN(50))
	}
	return s
}

func same(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-6*max(1, math.Abs(a))
}

func TestRatesAreThoseOfTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := 0
	for round := range 3000 {
		s, window := random(r), int64(5+r.IntN(60))
		points := collect(s.Rates, window)
		for i, p := range points {
			if want := oracle(s, window, p.At); !same(p.Value, want) {
				t.Fatalf("round %d, window %d, at %d: got %v, want %v\n%v\n%v", round, window, p.At, p.Value, want, s.At, s.Values)
			}
			if p.Value < 0 {
				t.Fatalf("round %d: a rate below 0: %v", round, p)
			}
			if i > 0 && p.At <= points[i-1].At {
				t.Fatalf("round %d: the points are not in the order of time: %v", round, points)
			}
			if !math.IsNaN(p.Value) {
				values++
			}
		}
		for _, at := range s.At { // each look has its point
			if !slices.ContainsFunc(points, func(p Point) bool { return p.At == at }) {
				t.Fatalf("round %d: no point at the look %d", round, at)
			}
		}
	}
	if values < 10_000 {
		t.Errorf("only %d values were compared", values)
	}
}

// Where the whole window is known the rate is straight between two points, so the line
// through them is the rate at every time, and its peaks are those of the rate.
func TestBetweenTheirPointsRatesAreStraight(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	compared := 0
	for range 300 {
		s, window := random(r), int64(5+r.IntN(40))
		for i := range s.Values {
			if math.IsNaN(s.Values[i]) {
				s.Values[i] = 7
			}
		}
		s.Gap = 0
		points := collect(s.Rates, window)
		for i := 1; i < len(points); i++ {
			a, b := points[i-1], points[i]
			if math.IsNaN(a.Value) || math.IsNaN(b.Value) || a.At-window < s.At[0] {
				continue
			}
			for at := a.At + 1; at < b.At; at++ {
				want := a.Value + (b.Value-a.Value)*float64(at-a.At)/float64(b.At-a.At)
				if got := oracle(s, window, at); !same(got, want) {
					t.Fatalf("at %d of %v to %v: got %v, want %v", at, a, b, got, want)
				}
				compared++
			}
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d values were compared", compared)
	}
}

func TestWithoutResetsAndGapsThePlainRuleSaysTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	s := &Series{Gap: 25_000}
	value := 0.0
	for i := range int64(500) {
		s.At, s.Values = append(s.At, i*10_000), append(s.Values, value)
		value += float64(r.IntN(1000))
	}
	for _, window := range []int64{10_000, 60_000, 600_000} {
		ours, strict := collect(s.Rates, window), collect(s.Strict, window)
		if len(ours) != len(strict) {
			t.Fatalf("%d and %d points", len(ours), len(strict))
		}
		given := 0
		for i := range ours {
			if ours[i].At != strict[i].At {
				t.Fatalf("window %d, point %d: at %d and %d", window, i, ours[i].At, strict[i].At)
			}
			if !math.IsNaN(strict[i].Value) {
				given++
			} else if ours[i].At >= window {
				t.Fatalf("window %d: the plain rule has no value at %d", window, ours[i].At)
			}
			if !same(ours[i].Value, strict[i].Value) && ours[i].At >= window {
				t.Fatalf("window %d, at %d: %v, by the plain rule %v", window, ours[i].At, ours[i].Value, strict[i].Value)
			}
		}
		if want := 500 - int(window/10_000); given != want {
			t.Errorf("window %d: the plain rule gives %d values, want %d", window, given, want)
		}
	}
}

// course is the series of the study: looks every 10 s, 10 then 40 a second, a reset, a gap.
func course() *Series {
	s := &Series{Name: "200s"}
	value := 0.0
	for t := int64(0); t <= 900; t += 10 {
		if t == 600 {
			value = 0
		}
		if t < 310 || t > 410 {
			s.At, s.Values = append(s.At, t*1000), append(s.Values, value)
		}
		if t < 200 {
			value += 100
		} else {
			value += 400
		}
	}
	s.Gap = UsualGap(s.At)
	return s
}

func TestTheFirstMinuteAGapAndAResetAreTold(t *testing.T) {
	s := course()
	if s.Gap != 25_000 {
		t.Errorf("gap: got %d", s.Gap)
	}
	values := map[int64]float64{}
	for _, p := range collect(s.Rates, 60_000) {
		values[p.At/1000] = p.Value
	}
	for at, want := range map[int64]float64{
		0: math.NaN(), 50: math.NaN(), 60: 10, 200: 10, 210: 15, 220: 20, 260: 40, 300: 40,
		420: math.NaN(), 470: math.NaN(), 480: 40, 590: 40, 610: 33.333333, 650: 33.333333, 660: 40, 900: 40,
	} {
		if got, ok := values[at]; !ok || math.Abs(got-want) > 1e-5 && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("at %d s: got %v, want %v", at, got, want)
		}
	}
	if got := fmt.Sprint(s.Resets(), s.Gaps()); got != "[{600000 200s}] [{300000 420000}]" {
		t.Errorf("resets and gaps: got %s", got)
	}
	least := 0.0
	for _, p := range collect(s.Strict, 60_000) {
		least = min(least, p.Value)
		if p.At > 310_000 && p.At < 480_000 && !math.IsNaN(p.Value) {
			t.Errorf("the plain rule has %v at %d, behind the gap", p.Value, p.At)
		}
	}
	if least > -90 {
		t.Errorf("the plain rule falls to %v after a reset", least)
	}
}

func TestALineKeepsEveryPeakAndStaysSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		s, window, columns := random(r), int64(5+r.IntN(30)), 1+r.IntN(30)
		from, to := s.At[0], s.At[len(s.At)-1]
		line := s.Line(Cut{Window: window, From: from, To: to, Columns: columns})
		column := func(at int64) int64 {
			return int64(float64(at-from) / float64(max(1, to-from)) * float64(columns))
		}
		type ends struct{ lo, hi float64 }
		extent := func(points []Point) map[int64]ends {
			m := map[int64]ends{}
			for _, p := range points {
				if !math.IsNaN(p.Value) {
					e, ok := m[column(p.At)]
					if !ok {
						e = ends{p.Value, p.Value}
					}
					m[column(p.At)] = ends{min(e.lo, p.Value), max(e.hi, p.Value)}
				}
			}
			return m
		}
		all := collect(s.Rates, window)
		want, got := extent(all), extent(line.Points)
		if len(want) != len(got) {
			t.Fatalf("%d columns, want %d", len(got), len(want))
		}
		most := math.NaN()
		for c, e := range want {
			if got[c] != e {
				t.Fatalf("column %d: got %v, want %v", c, got[c], e)
			}
			if !(e.hi <= most) {
				most = e.hi
			}
		}
		if len(line.Points) > 5*(columns+1) {
			t.Fatalf("%d points for %d columns", len(line.Points), columns)
		}
		if !same(line.Max, most) {
			t.Fatalf("the largest is %v, want %v", line.Max, most)
		}
		for i := 1; i < len(line.Points); i++ {
			if line.Points[i].At < line.Points[i-1].At {
				t.Fatalf("the points go back: %v", line.Points)
			}
		}
	}
}

func TestNoLineLeadsAcrossAGap(t *testing.T) {
	s := course()
	line := s.Line(Cut{Window: 60_000, From: 0, To: 900_000, Columns: 1000})
	for i := 1; i < len(line.Points); i++ {
		a, b := line.Points[i-1], line.Points[i]
		if !math.IsNaN(a.Value) && !math.IsNaN(b.Value) && a.At <= 300_000 && b.At >= 420_000 {
			t.Errorf("a line from %v to %v", a, b)
		}
	}
}

// What all rates without overlap have counted is what the counter grew.
func TestTheAreaBelowTheLineIsWhatTheCounterGrew(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 200 {
		s := &Series{}
		value, want := 0.0, 0.0
		for i := range int64(100) {
			s.At, s.Values = append(s.At, i*10), append(s.Values, value)
			d := float64(r.IntN(100))
			value += d
			if r.IntN(10) == 0 {
				value = d
			}
			if i < 99 {
				want += d
			}
		}
		area := 0.0
		for _, p := range collect(s.Rates, 10) {
			if !math.IsNaN(p.Value) {
				area += p.Value * 10 / 1000
			}
		}
		// A reset to more than before cannot be told from growth.
		grown, known := s.Grown(0, 990)
		if !same(area, grown) || grown > want || known != 990 {
			t.Fatalf("area %v, grown %v of %v, known %v", area, grown, want, known)
		}
	}
}

func TestASumGrowsAsItsPartsDo(t *testing.T) {
	at := []int64{0, 10, 20, 30}
	sum := Sum("all", []Series{
		{At: at, Values: []float64{1, 2, 1, 4}},
		{At: at, Values: []float64{5, math.NaN(), 7, 9}},
	})
	if got := fmt.Sprint(sum.Values); got != "[0 NaN 2 7]" {
		t.Errorf("got %s", got)
	}
	if empty := Sum("none", nil); len(empty.At) != 0 {
		t.Errorf("got %v", empty)
	}
}

func TestAboveBeginsAndEndsWhereTheLineCrosses(t *testing.T) {
	s := course()
	got := fmt.Sprint(s.Above(60_000, 30))
	// 10 to 40 over 60 s from 200 s on: 30 at 240; the gap ends it; open at the end.
	if want := "[{240000 300000} {480000 0}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := s.Above(60_000, 40); len(got) != 0 {
		t.Errorf("at the threshold: got %v", got)
	}
	if got := fmt.Sprint(s.Above(60_000, 35)); got != "[{250000 300000} {480000 597500} {652500 0}]" {
		t.Errorf("around the reset: got %s", got)
	}
}

func BenchmarkLineOfAMillionLooks(b *testing.B) {
	s := &Series{Gap: 25_000}
	for i := range int64(1_000_000) {
		s.At, s.Values = append(s.At, i*10_000), append(s.Values, float64(i*i%977)+float64(i)*500)
	}
	for b.Loop() {
		s.Line(Cut{Window: 60_000, From: 0, To: 10_000_000_000, Columns: 2400})
	}
}

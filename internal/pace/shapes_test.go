package pace

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/unit"
)

// checkPieces fails unless s keeps the promise of a Shape at random offsets.
func checkPieces(t *testing.T, name string, s Shape, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		at := time.Duration(r.Uint64() >> (1 + r.IntN(63)))
		rate, until, ok := s.At(at)
		if !ok {
			continue
		}
		if until <= at || rate < 0 || rate > unit.MaxPerSecond {
			t.Fatalf("%s at %d got %v until %d", name, at, rate, until)
		}
		for _, again := range []time.Duration{until - 1, at + (until-at)/2} {
			if x, end, ok := s.At(again); x != rate || end != until || !ok {
				t.Fatalf("%s got %v until %d at %d, and %v until %d, %v at %d, in the same piece", name, rate, until, at, x, end, ok, again)
			}
		}
	}
	// The pieces from the start on follow one another.
	at := time.Duration(0)
	for range 200 {
		_, until, ok := s.At(at)
		if !ok {
			break
		}
		if until <= at {
			t.Fatalf("%s at %d got a piece until %d", name, at, until)
		}
		if until == Forever {
			break
		}
		at = until
	}
}

func TestEveryShapeIsConstantInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	rate := func() unit.PerSecond { return unit.PerSecond(r.Uint64() >> (14 + r.IntN(50))) }
	span := func() time.Duration { return 1 + time.Duration(r.Uint64()>>(2+r.IntN(61))) }
	spell := func() Spell {
		m := span() % (10 * 365 * 24 * time.Hour)
		return Spell{Mean: m, Spread: time.Duration(r.Int64N(int64(m) + 1))}
	}
	for seed := range uint64(150) {
		for name, s := range map[string]Shape{
			"ramp":    Ramp{From: rate(), To: rate(), Over: span(), Hold: span()},
			"sine":    Sine{Rate: rate(), Amplitude: rate(), Period: span()},
			"diurnal": Diurnal{Rate: rate(), Least: r.Int64N(whole), Weekend: r.Int64N(whole), Day: 24 + span()%longest, Peak: span() % (25 * time.Hour), From: span() % (24 * time.Hour)},
			"cycles":  Cycles{High: rate(), Low: rate(), On: spell(), Off: spell(), OffFirst: seed%2 == 0, Seed: seed},
			"square":  Cycles{High: rate(), Low: rate(), On: Spell{Mean: span() / 4}, Off: Spell{Mean: span() / 4}},
			"markov":  Markov{Low: rate(), High: rate(), Rise: 300_000 + r.Int64N(700_000), Fall: 300_000 + r.Int64N(700_000), Every: span(), Seed: seed},
			"limit":   Limit{Shape: Sine{Rate: rate(), Amplitude: rate(), Period: span()}, For: span()},
			"zero":    Diurnal{},
		} {
			checkPieces(t, name, s, seed)
		}
	}
}

// mass is the integral of s from 0 to until, in requests.
func mass(s Shape, until time.Duration) float64 {
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
	f, _ := new(big.Rat).SetFrac(sum, new(big.Int).SetUint64(request)).Float64()
	return f
}

func near(t *testing.T, what string, got, want, slack float64) {
	t.Helper()
	if math.Abs(got-want) > slack {
		t.Errorf("%s: got %.6f, want %.6f within %v", what, got, want, slack)
	}
}

func TestARampHasTheRequestsUnderItsLine(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		over     time.Duration
	}{{0, 5000, 5 * time.Minute}, {5000, 0, 5 * time.Minute}, {0, 0.001, 10 * time.Minute}, {3, 7, 17*time.Second + 1234567}, {1e6, 2, 20 * time.Minute}} {
		s := Ramp{From: unit.PerSecond(c.from * 1e6), To: unit.PerSecond(c.to * 1e6), Over: c.over}
		for _, part := range []float64{0.01, 0.1, 0.25, 0.5, 0.9, 1} {
			until := time.Duration(part * float64(c.over))
			x := until.Seconds()
			want := c.from*x + (c.to-c.from)*x*x/2/c.over.Seconds()
			// 12.5 µs² of the slope within a stair, and a few roundings.
			slack := math.Abs(c.to-c.from)/c.over.Seconds()*12.5e-6 + 1e-6*max(1, c.from, c.to)
			near(t, "requests of a ramp", mass(s, until), want, slack)
		}
		if rate, until, ok := s.At(c.over); ok || until != c.over {
			t.Errorf("a ramp without hold got %v until %v, %v after its end", rate, until, ok)
		}
		s.Hold = Forever
		if rate, until, ok := s.At(c.over); !ok || until != Forever || rate != s.To {
			t.Errorf("a ramp that holds got %v until %v, %v", rate, until, ok)
		}
	}
	// Request n of a ramp from nothing is due at the square root of 2n*over/to.
	p := New(Ramp{To: 100 * unit.One, Over: 10 * time.Second})
	for n := int64(1); n < 500; n++ {
		due, ok := p.Due(n)
		if want := math.Sqrt(2 * float64(n) * 10 / 100); !ok || math.Abs(due.Seconds()-want) > 0.0005 {
			t.Fatalf("request %d got %v, %v, want %.6f s", n, due, ok, want)
		}
	}
	if _, ok := p.Due(500); ok {
		t.Error("request 500 of 500 got a time")
	}
}

func TestASineHasItsMeanInEachPeriod(t *testing.T) {
	for _, period := range []time.Duration{time.Second, 2 * time.Minute, 7*time.Second + 77, 20 * time.Minute} {
		s := Sine{Rate: 100 * unit.One, Amplitude: 60 * unit.One, Period: period}
		near(t, "a period", mass(s, period), 100*period.Seconds(), 1e-4)
		near(t, "three periods", mass(s, 3*period), 300*period.Seconds(), 3e-4)
		w := period.Seconds() / 2 / math.Pi
		for _, part := range []float64{0.1, 0.25, 0.5, 0.75, 0.8} {
			x := part * period.Seconds()
			near(t, "a part of a period", mass(s, time.Duration(part*float64(period))), 100*x+60*w*(1-math.Cos(x/w)), 60/w*12.5e-6+1e-3)
		}
	}
	if rate, _, _ := (Sine{Rate: unit.One, Amplitude: 5 * unit.One, Period: time.Minute}).At(45 * time.Second); rate < 0 || rate > 100 {
		t.Errorf("a sine that swings too far got %v at its lowest", rate)
	}
}

func TestADayHasItsPeakItsTroughAndItsWeekend(t *testing.T) {
	d := Diurnal{Rate: 100 * unit.One, Least: 100_000, Weekend: 500_000, Day: 24 * time.Hour, Peak: 9*time.Hour + 30*time.Minute, From: 8 * time.Hour}
	at := func(day int, clock time.Duration) float64 {
		rate, _, ok := d.At(time.Duration(day)*24*time.Hour + clock - d.From)
		if !ok {
			t.Fatal("a day has ended")
		}
		return float64(rate) / 1e6
	}
	// Dawn is 16 h before the peak, as 04:00 is before 20:00.
	dawn := 9*time.Hour + 30*time.Minute - 16*time.Hour + 24*time.Hour
	for day := range 5 {
		near(t, "the peak of a weekday", at(day, d.Peak), 100, 0.01)
		near(t, "dawn of a weekday", at(day, dawn), 10, 0.01)
	}
	near(t, "the peak of Saturday", at(5, d.Peak), 50, 0.01)
	near(t, "the peak of Sunday", at(6, d.Peak), 50, 0.01)
	near(t, "the peak of the next Monday", at(7, d.Peak), 100, 0.01)
	near(t, "half an hour before the peak", at(1, d.Peak-30*time.Minute), 98.2, 0.01)

	// A compressed day has the same curve.
	quick := d
	quick.Day = 10 * time.Minute
	for x := range 24 * 8 {
		clock := time.Duration(x) * time.Hour
		slow, _, _ := d.At(clock)
		fast, _, _ := quick.At(clock / 144)
		near(t, "a day in ten minutes", float64(fast), float64(slow), 0.002*float64(d.Rate))
	}
	sum := int64(0)
	for _, share := range daily() {
		sum += share
	}
	near(t, "a day of the zero weekend", mass(Diurnal{Rate: unit.One, Day: 24 * time.Minute}, 24*time.Minute), float64(sum)*0.06, 0.01)
}

func TestRandomLengthsFillTheirBandAndKeepTheMean(t *testing.T) {
	c := Cycles{High: 10 * unit.One, Low: unit.One, On: Spell{30 * time.Second, 10 * time.Second}, Off: Spell{90 * time.Second, 30 * time.Second}, Seed: 5}
	var on, off []time.Duration
	at := time.Duration(0)
	for range 1600 {
		for _, half := range []struct {
			rate  unit.PerSecond
			to    *[]time.Duration
			spell Spell
		}{{c.High, &on, c.On}, {c.Low, &off, c.Off}} {
			rate, until, _ := c.At(at)
			length := until - at
			if rate != half.rate || length < half.spell.Mean-half.spell.Spread || length > half.spell.Mean+half.spell.Spread {
				t.Fatalf("at %v got %v for %v, want %v", at, rate, length, half.rate)
			}
			*half.to = append(*half.to, length)
			at = until
		}
		if n := len(on); n%group == 0 && at != time.Duration(n)*2*time.Minute {
			t.Fatalf("after %d cycles it is %v, want %v", n, at, time.Duration(n)*2*time.Minute)
		}
	}
	for _, lengths := range []struct {
		of    []time.Duration
		spell Spell
	}{{on, c.On}, {off, c.Off}} {
		slices.Sort(lengths.of)
		for i, length := range lengths.of { // Kolmogorov and Smirnov: 1.63/sqrt(1600) at 1 %
			share := float64(length-lengths.spell.Mean+lengths.spell.Spread) / float64(2*lengths.spell.Spread)
			if math.Abs(share-float64(i)/1600) > 1.63/40 {
				t.Fatalf("length %v stands at %.3f of the band and at %d of 1600", length, share, i)
			}
		}
	}
	c.OffFirst = true
	if rate, _, _ := c.At(0); rate != c.Low {
		t.Errorf("off first got %v", rate)
	}
}

func TestMarkovGoesAsItsChancesSay(t *testing.T) {
	for _, c := range []struct{ rise, fall int64 }{{50_000, 200_000}, {4_000, 9_000}, {900_000, 800_000}, {whole, whole}, {1, whole}, {400_000, 600_000}} {
		m := Markov{Low: 1, High: 2, Rise: c.rise, Fall: c.fall, Seed: 3}
		state, ups, lows, downs, highs := unit.PerSecond(1), 0.0, 0.0, 0.0, 0.0
		const n = 20_000
		for k := range n {
			rate, until, ok := m.At(time.Duration(k)*time.Second + 1)
			if !ok || until != time.Duration(k+1)*time.Second {
				t.Fatalf("interval %d got %v until %v, %v", k, rate, until, ok)
			}
			if k == 0 && rate != 1 {
				t.Fatal("it does not begin low")
			}
			if k > 0 && state == 1 {
				lows++
				ups += float64(rate - 1)
			} else if k > 0 {
				highs++
				downs += float64(2 - rate)
			}
			state = rate
		}
		check := func(what string, hits, of float64, chance int64) {
			p := float64(chance) / whole
			if of > 0 {
				near(t, what, hits/of, p, 5*math.Sqrt(p*(1-p)/of)+1e-9)
			}
		}
		check("chance to rise", ups, lows, c.rise)
		check("chance to fall", downs, highs, c.fall)
	}
}

func TestATraceGivesTheRatesOfItsRows(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"0 10\n5 20\n7 0\n", "5s@10,2s@20,2s@0"},
		{"time,rate\n1773151500,10.5\n1773151510,0.00\n", "10s@10.5,10s@0"},
		{"# by hand\n\n2026-03-01T12:00:00Z\t7\textra\n2026-03-01T12:01:00Z\t9.1234567890\t\n", "1m0s@7,1m0s@9.123456"},
		{"30s@9\n60s@18\n", "30s@9,1m0s@18"},
		{"\"0\";\"12\"\r\n\"0.5\";\"13\"\r\n", "500ms@12,500ms@13"},
		{"5 10", "1s@10"},
	} {
		tr, err := ParseTrace([]byte(c.text))
		if err != nil || Steps(tr.steps).String() != c.want {
			t.Errorf("ParseTrace(%q) got %v, %v, want %s", c.text, Steps(tr.steps), err, c.want)
			continue
		}
		steps, _ := ParseSteps(c.want)
		for at := time.Duration(0); at < tr.Length()+time.Second; at += 100 * time.Millisecond {
			x, xe, xo := tr.At(at)
			y, ye, yo := steps.At(at)
			if x != y || xe != ye || xo != yo {
				t.Errorf("%s at %v got %v until %v, %v, want %v until %v, %v", c.want, at, x, xe, xo, y, ye, yo)
			}
		}
	}
	tr, _ := ParseTrace([]byte("0 10\n5 20\n7 0\n"))
	tr.Loop, tr.Speed, tr.Times = true, 2*whole, 3*whole
	for at, want := range map[time.Duration]int64{0: 30, 2400: 30, 2600: 60, 3400: 60, 3600: 0, 4400: 0, 4600: 30, 7200: 60} {
		if rate, _, ok := tr.At(at * time.Millisecond); !ok || rate != unit.PerSecond(want)*unit.One {
			t.Errorf("a quick trace in a loop at %v ms got %v, %v, want %d", int64(at), rate, ok, want)
		}
	}
	checkPieces(t, "trace", tr, 1)
	for text, why := range map[string]string{"0 0\n1 0\n": "silent for ever", "0 5\n0.001 7\n": "10ms at least"} {
		p, err := Parse("trace:a,loop")
		if err != nil {
			t.Fatal(err)
		}
		tr, err := ParseTrace([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Shape(Reference{Rate: unit.One, Trace: tr}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("a loop of %q got error %v, want %q", text, err, why)
		}
	}
	for text, why := range map[string]string{
		"": "it has no row", "# nothing\n": "it has no row", "0 10\n0 11\n": "line 2: its time is not after", "0 10\nx 11\n": `line 2: "x" is no time`,
		"0\n": `"0" is no time with a rate`, "0 10\n1 x\n": `line 2: rate "x"`, "0 10\n5s@3\n": "line 2: ", "5s@3\n0 10\n": "line 2: ",
		"0 -1\n": `rate "-1"`, "9999-01-01T00:00:00Z 5": "outside the years", "100y@1\n100y@1\n100y@1\n": "line 3: the trace is longer than 292 years",
		"time\nrate\n": `line 2: "rate" is no time with a rate`,
	} {
		if _, err := ParseTrace([]byte(text)); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseTrace(%q) got error %v, want one with %q", text, err, why)
		}
	}
}

// TestAnAlertTestGivesOneAlertAndOneRecovery counts with the definition: the
// average of the window above the threshold, then below.
func TestAnAlertTestGivesOneAlertAndOneRecovery(t *testing.T) {
	for _, c := range []struct {
		pattern   string
		threshold float64
		window    int
	}{{"alert-test", 10, 120}, {"alert-test:threshold=250,window=30s", 250, 30}, {"alert-test:threshold=2,window=10m", 2, 600}} {
		var shape Shape = mustShape(t, c.pattern, Reference{})
		for _, jitter := range []float64{0, 0.3} {
			counts := perSecondCounts(t, New(Jitter{Shape: shape, Amount: jitter, Seed: 4}), c.window*13/4)
			fired, recovered, alert, sum := 0, 0, false, 0
			for sec := range counts {
				sum += counts[sec]
				if sec >= c.window {
					sum -= counts[sec-c.window]
				}
				switch average := float64(sum) / float64(c.window); {
				case !alert && average > c.threshold:
					fired, alert = fired+1, true
				case alert && average < c.threshold:
					recovered, alert = recovered+1, false
				}
			}
			if fired != 1 || recovered != 1 {
				t.Errorf("%s with jitter %v got %d alerts and %d recoveries, want one each", c.pattern, jitter, fired, recovered)
			}
		}
	}
}

func TestPoissonGapsAreExponentialAndUniformOnesUniform(t *testing.T) {
	const n = 20_000
	for a, distribution := range map[Arrivals]func(x float64) float64{
		Poisson: func(x float64) float64 { return 1 - math.Exp(-x) },
		Uniform: func(x float64) float64 { return x / 2 },
	} {
		p := NewArrivals(Constant{Rate: 2000 * unit.One}, a, 9)
		gaps, last := make([]float64, n), time.Duration(0)
		for i := range gaps {
			due, ok := p.Due(int64(i))
			if !ok {
				t.Fatal("it has ended")
			}
			gaps[i] = (due - last).Seconds() * 2000
			last = due
		}
		slices.Sort(gaps)
		for i, gap := range gaps {
			if math.Abs(distribution(gap)-float64(i)/n) > 1.63/math.Sqrt(n)+1e-5 {
				t.Fatalf("%v: a gap of %.4f stands at %d of %d, not at %.4f", a, gap, i, n, distribution(gap))
			}
		}
		near(t, a.String()+": the mean", last.Seconds()*2000/n, 1, 0.03)
	}
}

// TestRandomArrivalsFollowTheRate counts a ramp: the Poisson process of a rate
// that changes has as many requests as the rate's integral, give or take.
func TestRandomArrivalsFollowTheRate(t *testing.T) {
	shape := Ramp{From: 0, To: 400 * unit.One, Over: 20 * time.Second}
	for _, a := range []Arrivals{Poisson, Uniform} {
		sums := make([]float64, 20)
		const rounds = 40
		for seed := range uint64(rounds) {
			for sec, n := range perSecondCounts(t, NewArrivals(shape, a, seed), 20) {
				sums[sec] += float64(n)
			}
		}
		for sec, sum := range sums {
			want := (float64(sec) + 0.5) * 20
			near(t, a.String(), sum/rounds, want, 5*math.Sqrt(want/rounds)+1)
		}
	}
}

func TestRandomArrivalsAreTheSameWhereverOneLooksFirst(t *testing.T) {
	for _, a := range []Arrivals{Even, Poisson, Uniform} {
		shape := Sine{Rate: 50 * unit.One, Amplitude: 50 * unit.One, Period: 3 * time.Second}
		p, back := NewArrivals(shape, a, 1), NewArrivals(shape, a, 1)
		other := NewArrivals(shape, a, 2)
		dues := make([]time.Duration, 500)
		differs := a == Even
		for n := range dues {
			dues[n], _ = p.Due(int64(n))
			again, _ := p.Due(int64(n))
			x, _ := other.Due(int64(n))
			differs = differs || x != dues[n]
			if again != dues[n] || n > 0 && dues[n] < dues[n-1] {
				t.Fatalf("%v: request %d got %v, then %v, after %v", a, n, dues[n], again, dues[max(n-1, 0)])
			}
		}
		for n := len(dues) - 1; n >= 0; n -= 17 {
			if due, _ := back.Due(int64(n)); due != dues[n] {
				t.Fatalf("%v: request %d got %v backwards, %v forwards", a, n, due, dues[n])
			}
		}
		if !differs {
			t.Errorf("%v: two seeds gave one schedule", a)
		}
	}
}

func TestArrivalsAreReadByName(t *testing.T) {
	for _, a := range []Arrivals{Even, Poisson, Uniform} {
		if got, err := ParseArrivals(a.String()); err != nil || got != a {
			t.Errorf("ParseArrivals(%q) got %v, %v", a, got, err)
		}
	}
	for text, why := range map[string]string{"": "even, poisson or uniform", "Poison": "did you mean poisson?", "exponential": "no arrivals are named"} {
		if _, err := ParseArrivals(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseArrivals(%q) got error %v, want one with %q", text, err, why)
		}
	}
}

func BenchmarkDuePoissonSine(b *testing.B) {
	s := NewArrivals(Sine{Rate: 10_000 * unit.One, Amplitude: 5000 * unit.One, Period: time.Minute}, Poisson, 1)
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		s.Due(n)
	}
}

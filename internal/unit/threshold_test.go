package unit

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestRatesAreReadAsTyped(t *testing.T) {
	for s, want := range map[string]PerSecond{
		"10": 10 * One, "10.5": 10_500_000, "0.25": 250_000, ".5": 500_000, "10.": 10 * One, "10/s": 10 * One,
		"600/m": 10 * One, "600/min": 10 * One, "3600/h": One, "100/m": 1_666_667, "0.000001": 1,
		"1.50000000": 1_500_000, "1000000000": MaxPerSecond, "3600000000000/h": MaxPerSecond, "0010": 10 * One, " 10 ": 10 * One,
	} {
		if got, err := ParsePerSecond(s); err != nil || got != want {
			t.Errorf("ParsePerSecond(%q) got %d, %v, want %d", s, got, err, want)
		}
	}
}

func TestARefusedRateSaysWhatIsAccepted(t *testing.T) {
	for s, why := range map[string]string{
		"": "no number", "0": "not above zero", "0.0": "not above zero", "-1": "no number", "2026-03-10": "no number",
		"10/Oct/2000": "Oct/2000", "ten": "no number", "1e3": "no number", "1,5": "no number", "NaN": "no number",
		"0.0000001": "six decimals", "0.00001/h": "not above zero", "1000000000.000001": "too large", "99999999999999999999": "too large",
		"1/": "unit of time", "1/d": "unit of time", ".": "no number",
	} {
		_, err := ParsePerSecond(s)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "600/m") {
			t.Errorf("ParsePerSecond(%q) got error %v, want one with %q that names the forms", s, err, why)
		}
	}
}

func TestARateReadsBackAsWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 20_000 {
		p := 1 + PerSecond(r.Uint64()>>(14+r.IntN(50)))%MaxPerSecond
		if got, err := ParsePerSecond(p.String()); err != nil || got != p {
			t.Fatalf("ParsePerSecond(%q) got %d, %v, want %d", p.String(), got, err, p)
		}
	}
	for p, want := range map[PerSecond]string{0: "0", 10 * One: "10", 10_500_000: "10.5", -250_000: "-0.25", 1: "0.000001"} {
		if got := p.String(); got != want {
			t.Errorf("PerSecond(%d) got %q, want %q", int64(p), got, want)
		}
	}
}

func TestAThresholdIsComparedWithoutRounding(t *testing.T) {
	for _, c := range []struct {
		p             PerSecond
		hits, seconds int64
		want          int
	}{
		{10 * One, 1199, 120, -1},
		{10 * One, 1200, 120, 0},
		{10 * One, 1201, 120, 1},
		{10_500_000, 1260, 120, 0},
		{1, 1, 1_000_000, 0},
		{1, 0, 1, -1},
		{10 * One, math.MaxInt64, 1, 1},
		{MaxPerSecond, math.MaxInt64, math.MaxInt64, -1},
		{One, math.MaxInt64, math.MaxInt64, 0},
		{One, math.MaxInt64 - 1, math.MaxInt64, -1},
		{10 * One, 5, 0, -1},
		{10 * One, 5, -1, -1},
		{0, 0, 1, 0},
		{0, -1, 1, -1},
		{-One, 0, 1, 1},
		{-One, -2, 1, -1},
		{-One, -1, 1, 0},
	} {
		if got := c.p.Compare(c.hits, c.seconds); got != c.want {
			t.Errorf("%s.Compare(%d, %d) got %d, want %d", c.p, c.hits, c.seconds, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	for range 50_000 {
		hits, seconds, p := int64(r.Uint64())>>r.IntN(64), 1+int64(r.Uint64()>>2>>r.IntN(61)), int64(r.Uint64())>>r.IntN(64)
		left := new(big.Rat).SetFrac(big.NewInt(hits), big.NewInt(seconds))
		want := left.Cmp(big.NewRat(p, int64(One)))
		if got := PerSecond(p).Compare(hits, seconds); got != want {
			t.Fatalf("PerSecond(%d).Compare(%d, %d) got %d, want %d", p, hits, seconds, got, want)
		}
	}
}

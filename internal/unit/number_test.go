package unit

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for _, c := range []struct {
		n                   int64
		count, short, bytes string
	}{
		{0, "0", "0", "0 B"},
		{7, "7", "7", "7 B"},
		{999, "999", "999", "999 B"},
		{1000, "1,000", "1.0k", "1.0 kB"},
		{1234, "1,234", "1.2k", "1.2 kB"},
		{1250, "1,250", "1.3k", "1.3 kB"},
		{12_345, "12,345", "12.3k", "12.3 kB"},
		{99_949, "99,949", "99.9k", "99.9 kB"},
		{99_950, "99,950", "100k", "100 kB"},
		{999_499, "999,499", "999k", "999 kB"},
		{999_500, "999,500", "1.0M", "1.0 MB"},
		{1_234_567, "1,234,567", "1.2M", "1.2 MB"},
		{214_000_000, "214,000,000", "214M", "214 MB"},
		{38_400_000_000, "38,400,000,000", "38.4G", "38.4 GB"},
		{math.MaxInt64, "9,223,372,036,854,775,807", "9.2E", "9.2 EB"},
		{-1234, "-1,234", "-1.2k", "-1.2 kB"},
		{math.MinInt64, "-9,223,372,036,854,775,808", "-9.2E", "-9.2 EB"},
	} {
		for _, f := range []struct{ name, got, want string }{
			{"Count", Count(c.n), c.count}, {"Short", Short(c.n), c.short}, {"Bytes", Bytes(c.n), c.bytes},
		} {
			if f.got != f.want {
				t.Errorf("%s(%d) got %q, want %q", f.name, c.n, f.got, f.want)
			}
		}
	}
}

func TestCountLosesNoDigit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		n := int64(r.Uint64()) >> r.IntN(64)
		if got := strings.ReplaceAll(Count(n), ",", ""); got != strconv.FormatInt(n, 10) {
			t.Fatalf("Count(%d) got %q", n, Count(n))
		}
		if got := Short(n); len(strings.TrimPrefix(got, "-")) > 5 {
			t.Fatalf("Short(%d) got %q, want at most five characters", n, got)
		}
	}
}

func TestAnAverageIsRoundedHalfUpByHand(t *testing.T) {
	for _, c := range []struct {
		hits, seconds int64
		want          string
	}{
		{0, 120, "0.00"},
		{1206, 120, "10.05"},
		{1197, 120, "9.98"},
		{1200, 120, "10.00"},
		{1, 200, "0.01"},
		{1, 201, "0.00"},
		{201, 200, "1.01"},
		{199, 200, "1.00"},
		{1999, 2000, "1.00"},
		{math.MaxInt64, 1, "9223372036854775807.00"},
		{math.MaxInt64, math.MaxInt64, "1.00"},
		{-3, 2, "-1.50"},
		{-1, 1000, "0.00"},
		{5, 0, "-"},
		{5, -1, "-"},
	} {
		if got := Average(c.hits, c.seconds); got != c.want {
			t.Errorf("Average(%d, %d) got %q, want %q", c.hits, c.seconds, got, c.want)
		}
	}
	for hits, want := range map[int64]string{4468: "446.8", 0: "0.0", -5: "-0.5", 9_999: "999.9", 10_000: "1,000.0", 14_893: "1,489.3", -1_234_567_890: "-123,456,789.0", 99_999_999: "9,999,999.9"} {
		if got := Rate(hits, 10); got != want {
			t.Errorf("Rate(%d, 10): got %q, want %q", hits, got, want)
		}
	}
	if got := Rate(4468, 0); got != None {
		t.Errorf("Rate(4468, 0): got %q, want %q", got, None)
	}
}

func TestAnAverageAgreesWithExactFractions(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		hits, seconds := int64(r.Uint64()>>(1+r.IntN(63))), int64(r.Uint64()>>(1+r.IntN(63)))
		if seconds == 0 {
			continue
		}
		// floor(hits*100/seconds + 1/2), in rationals
		v := new(big.Rat).SetFrac(big.NewInt(hits), big.NewInt(seconds))
		v.Add(v.Mul(v, big.NewRat(100, 1)), big.NewRat(1, 2))
		n := new(big.Int).Div(v.Num(), v.Denom())
		q, m := new(big.Int).DivMod(n, big.NewInt(100), new(big.Int))
		want := q.String() + "." + padded(m.Uint64(), 2)
		if got := Average(hits, seconds); got != want {
			t.Fatalf("Average(%d, %d) got %s, want %s", hits, seconds, got, want)
		}
	}
}

func TestAShareIsNeverRoundedToNothingOrAll(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{0, 0, "-"},
		{1, 0, "-"},
		{1, -1, "-"},
		{-1, 5, "-"},
		{0, 5, "0.0%"},
		{5, 5, "100%"},
		{34, 1000, "3.4%"},
		{1, 3, "33.3%"},
		{2, 3, "66.7%"},
		{1, 2000, "0.1%"},
		{1, 2001, "<0.1%"},
		{1, math.MaxInt64, "<0.1%"},
		{1999, 2000, ">99.9%"},
		{9994, 10000, "99.9%"},
		{31, 10, "310.0%"},
		{math.MaxInt64, 1, ">999999%"},
		{math.MaxInt64 - 1, math.MaxInt64, ">99.9%"},
	} {
		if got := Percent(c.part, c.whole); got != c.want {
			t.Errorf("Percent(%d, %d) got %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

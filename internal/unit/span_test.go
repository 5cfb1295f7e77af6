package unit

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestLatenciesAreWrittenForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-1: "-", math.MinInt64: "-", 0: "0 ms", 1: "<0.01 ms", 5 * time.Microsecond: "0.01 ms",
		850 * time.Microsecond: "0.85 ms", 994_999: "0.99 ms", 995 * time.Microsecond: "1.0 ms", 4200 * time.Microsecond: "4.2 ms",
		9949 * time.Microsecond: "9.9 ms", 9950 * time.Microsecond: "10 ms", 13 * time.Millisecond: "13 ms",
		388 * time.Millisecond: "388 ms", 999_499 * time.Microsecond: "999 ms", 999_500 * time.Microsecond: "1.0 s",
		2100 * time.Millisecond: "2.1 s", 99_949 * time.Millisecond: "99.9 s", 100 * time.Second: "1m40s",
		math.MaxInt64: "292 years",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d ns) got %q, want %q", d, got, want)
		}
	}
}

func TestSpansAreWrittenForPeople(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 1: "<1ms", 250 * time.Millisecond: "250ms", 45*time.Second + 999*time.Millisecond: "45s",
		2 * time.Minute: "2m", 140 * time.Second: "2m20s", 3*time.Hour + 12*time.Minute + 59*time.Second: "3h12m",
		day: "1d", 5*day + 4*time.Hour: "5d4h", 40 * day: "40 days", 2*year - 1: "729 days", 11*year + 300*day: "11 years",
		-140 * time.Second: "-2m20s", math.MinInt64: "-292 years", math.MaxInt64: "292 years",
	} {
		if got := Span(d); got != want {
			t.Errorf("Span(%d ns) got %q, want %q", d, got, want)
		}
	}
}

func TestSpansAreReadAsTyped(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "2m": 2 * time.Minute, "90": 90 * time.Second, "0": 0, "0.5": 500 * time.Millisecond,
		"1h30m": 90 * time.Minute, "1.5s": 1500 * time.Millisecond, ".5s": 500 * time.Millisecond, "250ms": 250 * time.Millisecond,
		"7d": 7 * day, "2w": 14 * day, "1y": year, "1d12h": 36 * time.Hour, " 5m ": 5 * time.Minute, "3µs": 3 * time.Microsecond,
		"0.000000001s": 1, "0.0000000019s": 1, "9223372036854775807ns": math.MaxInt64, "292y": 292 * year,
	} {
		if got, err := ParseSpan(s); err != nil || got != want {
			t.Errorf("ParseSpan(%q) got %v, %v, want %v", s, got, err, want)
		}
	}
}

func TestARefusedSpanSaysWhatIsAccepted(t *testing.T) {
	for s, why := range map[string]string{
		"": "empty", "-5s": "negative", "abc": "number is missing", "5x": `"x"`, "1h30": "unit is missing",
		"9223372036854775808ns": "longer than 292", "293y": "longer than 292", "292y292y": "longer than 292", "99999999999999999999": "longer",
		"1..5s": "unit is missing", "s": "missing", "5 s": `" s"`, ".": "missing", "NaN": "missing", "1e9s": `"e"`,
	} {
		_, err := ParseSpan(s)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "30s, 2m") {
			t.Errorf("ParseSpan(%q) got error %v, want one with %q that names the forms", s, err, why)
		}
	}
}

func TestWhatGoReadsAsADurationParseSpanReadsAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 20_000 {
		d := time.Duration(r.Uint64() >> (1 + r.IntN(63)))
		if got, err := ParseSpan(d.String()); err != nil || got != d {
			t.Fatalf("ParseSpan(%q) got %v, %v, want %v", d.String(), got, err, d)
		}
	}
}

func FuzzParseSpan(f *testing.F) {
	for _, s := range []string{"1h30m", "0.5", "7d", "1.99999999999999999999y", "-1s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseSpan(s)
		if err == nil && got < 0 {
			t.Fatalf("ParseSpan(%q) got %v, want nothing negative", s, got)
		}
		if want, err2 := time.ParseDuration(s); err2 == nil && want > 0 && s[0] != '+' && (err != nil || max(got-want, want-got) > 10) {
			t.Fatalf("ParseSpan(%q) got %v, %v, want %v as package time reads it", s, got, err, want)
		}
	})
}

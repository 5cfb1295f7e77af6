package unit

import "testing"

func TestSizesAreReadInPowersOf1000And1024(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "17": 17, "500MB": 500_000_000, "1.5 GB": 1_500_000_000, "1GiB": 1 << 30, "2k": 2000, "64KiB": 65536, "1t": 1e12, "3b": 3,
	} {
		if got, err := ParseBytes(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "1XB", "1e30", "nan", "inf", "1 2", "9999999TB", "0x10"} {
		if got, err := ParseBytes(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

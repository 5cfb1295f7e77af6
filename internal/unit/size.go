package unit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseBytes reads a size: a number, with kB, MB, GB, TB (powers of 1,000), KiB,
// MiB, GiB, TiB (powers of 1,024) or their first letters, which are the first
// kind, behind it. It is never negative.
func ParseBytes(s string) (int64, error) {
	text := strings.TrimSpace(s)
	end := len(text)
	for end > 0 && (text[end-1] < '0' || text[end-1] > '9') {
		end--
	}
	number, err := strconv.ParseFloat(text[:end], 64)
	name := strings.ToLower(strings.TrimSpace(text[end:]))
	size, ok := map[string]float64{
		"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}[name]
	switch {
	case err != nil || math.IsNaN(number) || number < 0:
		return 0, fmt.Errorf("size %q: write it as 500MB, 2GB or 1GiB", s)
	case !ok:
		return 0, fmt.Errorf("size %q: no unit is named %q: write it as 500MB, 2GB or 1GiB", s, name)
	case number*size >= math.MaxInt64:
		return 0, errors.New("size " + strconv.Quote(s) + ": it is larger than any disk")
	}
	return int64(number * size), nil
}

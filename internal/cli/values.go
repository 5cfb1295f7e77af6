package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/unit"
)

// value is a flag of any type that is read by a function.
type value[T any] struct {
	to    *T
	parse func(string) (T, error)
	kind  string
	text  string // as given, or the default
}

// String implements pflag.Value.
func (v *value[T]) String() string { return v.text }

// Type implements pflag.Value: what help shows in place of the value.
func (v *value[T]) Type() string { return v.kind }

// Set implements pflag.Value.
func (v *value[T]) Set(s string) error {
	got, err := v.parse(s)
	if err != nil {
		return err
	}
	*v.to, v.text = got, s
	return nil
}

// newValue returns a flag value with its default, which must be readable.
func newValue[T any](to *T, kind, initial string, parse func(string) (T, error)) pflag.Value {
	v := &value[T]{to: to, parse: parse, kind: kind, text: initial}
	if initial != "" {
		*to, _ = parse(initial)
	}
	return v
}

// parseSeconds reads a span of whole seconds from least to most.
func parseSeconds(least, most time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := unit.ParseSpan(s)
		switch {
		case err != nil:
			return 0, err
		case d%time.Second != 0 || d < least || d > most:
			return 0, fmt.Errorf("must be whole seconds from %s to %s, such as 10s, 2m or 90", unit.Span(least), unit.Span(most))
		}
		return d, nil
	}
}

// parseThreshold reads hits per second. A time is a common mistake: another
// tool of this kind has -t for the clock.
func parseThreshold(s string) (unit.PerSecond, error) {
	p, err := unit.ParsePerSecond(s)
	if err == nil {
		return p, nil
	}
	if strings.ContainsAny(strings.TrimPrefix(s, "-"), "-:") {
		if _, terr := unit.ParseTime(s, time.Unix(0, 0), time.UTC); terr == nil {
			return 0, fmt.Errorf("this is a time; the threshold is a number of hits per second, such as 10 or 2.5 (the time at which the event clock starts is given with --clock %q)", s)
		}
	}
	return 0, err
}

// flagError makes a usage error of what is wrong with a flag. Where the flag is
// a plain number or switch, the error of strconv would not say what is accepted.
func flagError(_ *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	if !errors.As(err, &invalid) || !errors.As(err, &number) {
		return usageError{err}
	}
	want := "a whole number"
	switch number.Func {
	case "ParseBool":
		want = "true or false, or left away"
	case "ParseFloat":
		want = "a number such as 0.25"
	case "ParseUint":
		want = "a whole number, not negative"
	}
	if errors.Is(err, strconv.ErrRange) {
		want += ", and not as large"
	}
	return usageError{fmt.Errorf("invalid argument %q for --%s: must be %s", invalid.GetValue(), invalid.GetFlag().Name, want)}
}

// oneOf reads one of some words.
func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		for _, w := range words {
			if s == w {
				return s, nil
			}
		}
		return "", fmt.Errorf("must be %s", strings.Join(words, ", "))
	}
}

// parseShare reads a share of all, such as 0.05 or 5%.
func parseShare(s string) (float64, error) {
	text, percent := strings.CutSuffix(s, "%")
	share, err := strconv.ParseFloat(text, 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share >= 0 && share <= 1) { // NaN is neither
		return 0, errors.New("must be a share from 0 to 1, such as 0.05 or 5%")
	}
	return share, nil
}

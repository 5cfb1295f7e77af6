package pace

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// A Trace is a shape of many rates one after the other, as they were once
// measured. Make one with ParseTrace; the zero value has ended.
type Trace struct {
	steps []Step
	ends  []time.Duration // where each step ends, before Speed

	Loop  bool  // begins again where it ends
	Times int64 // each rate so many times, in millionths; 0 = once
	Speed int64 // runs so many times as fast, in millionths; 0 = once. Rates stay
}

// Length returns how long the trace is, at Speed, once.
func (s Trace) Length() time.Duration {
	if len(s.ends) == 0 {
		return 0
	}
	return s.quick(s.ends[len(s.ends)-1])
}

// quick returns an offset of the trace as it comes at Speed.
func (s Trace) quick(d time.Duration) time.Duration {
	if s.Speed <= 0 || s.Speed == whole {
		return d
	}
	hi, lo := bits.Mul64(uint64(d), whole)
	if hi >= uint64(s.Speed) {
		return Forever
	}
	q, _ := bits.Div64(hi, lo, uint64(s.Speed))
	return time.Duration(min(q, uint64(Forever)))
}

// At implements Shape.
func (s Trace) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	length := s.Length()
	start := time.Duration(0)
	if s.Loop && length > 0 {
		start = t - t%length
	}
	if t-start >= length {
		return 0, length, false
	}
	i, _ := slices.BinarySearchFunc(s.ends, t-start, func(end, at time.Duration) int {
		if s.quick(end) <= at {
			return -1
		}
		return 1
	})
	rate := s.steps[i].Rate
	if s.Times > 0 {
		rate = portion(rate, s.Times)
	}
	return clamp(rate), later(start, s.quick(s.ends[i])), true
}

const (
	traceForm = "write rows of a time and a rate, such as 2026-03-01T12:00:00Z 35.5 or 0 35.5 (seconds), or rows such as 30s@35.5"
	// maxTrace is how many rows a trace may have: a month of seconds.
	maxTrace = 3_000_000
)

// ParseTrace reads a trace. Each row has a time (seconds from any beginning,
// Unix seconds or RFC 3339) and the rate from then on, up to the time of the next
// row; the last holds as long as the one before it. Between the two stand
// spaces, tabs, commas or semicolons; more columns are ignored. Rows may also
// be steps as ParseSteps reads them. Empty rows, those that begin with #, and
// one with names at the head are passed over. A rate may be 0.
func ParseTrace(text []byte) (Trace, error) {
	var s Trace
	var last time.Duration // time of the row before
	open, rows := false, 0 // whether a rate waits for the end of its time
	var rate unit.PerSecond
	number := 0
	for line := range bytes.Lines(text) {
		number++
		row := strings.TrimSpace(string(line))
		if row == "" || row[0] == '#' {
			continue
		}
		if rows++; rows > maxTrace {
			return Trace{}, fmt.Errorf("line %d: a trace has %d rows at most", number, maxTrace)
		}
		at, r, step, err := parseRow(row)
		switch {
		case err != nil && rows == 1 && strings.Trim(row[:1], "0123456789") != "":
			continue // names of the columns
		case err != nil:
			return Trace{}, fmt.Errorf("line %d: %w: %s", number, err, traceForm)
		case step && open:
			return Trace{}, fmt.Errorf("line %d: %q is a step, and rows before it have times: %s", number, row, traceForm)
		case !step && !open && len(s.steps) > 0:
			return Trace{}, fmt.Errorf("line %d: %q has a time, and rows before it are steps: %s", number, row, traceForm)
		case open && at <= last:
			return Trace{}, fmt.Errorf("line %d: its time is not after that of the row before", number)
		case step:
			err = s.add(Step{For: at, Rate: r})
		case open:
			err = s.add(Step{For: at - last, Rate: rate})
		}
		if err != nil {
			return Trace{}, fmt.Errorf("line %d: %w", number, err)
		}
		open, last, rate = !step, at, r
	}
	if open {
		held := time.Second
		if n := len(s.steps); n > 0 {
			held = s.steps[n-1].For
		}
		if err := s.add(Step{For: held, Rate: rate}); err != nil {
			return Trace{}, err
		}
	}
	if len(s.steps) == 0 {
		return Trace{}, errors.New("it has no row: " + traceForm)
	}
	return s, nil
}

// add appends a step.
func (s *Trace) add(step Step) error {
	end := time.Duration(0)
	if n := len(s.ends); n > 0 {
		end = s.ends[n-1]
	}
	if step.For > Forever-1-end {
		return errors.New("the trace is longer than 292 years up to here")
	}
	s.steps, s.ends = append(s.steps, step), append(s.ends, end+step.For)
	return nil
}

// parseRow reads one row: a time with its rate, or a step with its length.
func parseRow(row string) (at time.Duration, rate unit.PerSecond, step bool, err error) {
	fields := strings.FieldsFunc(row, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' })
	if strings.Contains(row, "@") {
		s, err := parseStep(strings.Trim(row, " ,;"))
		return s.For, s.Rate, true, err
	}
	if len(fields) < 2 {
		return 0, 0, false, fmt.Errorf("%q is no time with a rate", row)
	}
	if at, err = parseTraceTime(strings.Trim(fields[0], `"`)); err != nil {
		return 0, 0, false, err
	}
	rate, err = parseRate(strings.Trim(fields[1], `"`))
	return at, rate, false, err
}

// parseTraceTime reads seconds or a time of RFC 3339, from 1970 on.
func parseTraceTime(s string) (time.Duration, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		if t.Year() < 1970 || t.Year() > 2200 {
			return 0, fmt.Errorf("time %q lies outside the years 1970 to 2200", s)
		}
		return time.Duration(t.UnixNano()), nil
	}
	if strings.Trim(s, "0123456789.") != "" {
		return 0, fmt.Errorf("%q is no time", s)
	}
	return unit.ParseSpan(s)
}

// parseRate reads a rate that may be 0, however it is written: 0.00 is what
// programs write, and more than six decimals.
func parseRate(s string) (unit.PerSecond, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && f == 0 {
		return 0, nil
	}
	if digits, part, ok := strings.Cut(s, "."); ok && len(part) > 6 && strings.Trim(part, "0123456789") == "" {
		if s = digits + "." + part[:6]; strings.Trim(s, "0.") == "" {
			return 0, nil
		}
	}
	return unit.ParsePerSecond(s)
}

package pace

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"weir/internal/unit"
)

// Forever is the offset at which a shape without an end ends.
const Forever time.Duration = math.MaxInt64

// A Shape is a rate over time that is constant in pieces.
//
// At returns the rate at offset t (not negative) and the offset until which it
// holds, which lies after t; false when the shape has ended by then. A Shape
// is a pure function: any offset may be asked at any time.
type Shape interface {
	At(t time.Duration) (rate unit.PerSecond, until time.Duration, ok bool)
}

// A Constant is one rate, from the start until For; with a For of 0 it never
// ends. A Rate of 0 is silence.
type Constant struct {
	Rate unit.PerSecond
	For  time.Duration
}

// At implements Shape.
func (c Constant) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	end := c.For
	if end <= 0 {
		end = Forever
	}
	return max(c.Rate, 0), end, t < end
}

// A Limit ends the shape within after For, unless that ends before.
type Limit struct {
	Shape Shape
	For   time.Duration
}

// At implements Shape.
func (l Limit) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	if t >= l.For {
		return 0, 0, false
	}
	rate, until, ok := l.Shape.At(t)
	return rate, min(until, l.For), ok
}

// A Step is one rate for a stretch of time.
type Step struct {
	For  time.Duration
	Rate unit.PerSecond // 0 = silence
}

// Steps is a shape that goes through rates one after the other, then ends.
type Steps []Step

// At implements Shape.
func (s Steps) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	end := time.Duration(0)
	for _, step := range s {
		end += max(step.For, 0)
		if t < end {
			return max(step.Rate, 0), end, true
		}
	}
	return 0, end, false
}

const stepsForm = "write steps as DURATION@RATE with commas between them, such as 60s@9,2m@18.5,30s@0"

// ParseSteps reads steps written as 60s@9,60s@18: a stretch of time as
// unit.ParseSpan reads it, then the rate as unit.ParsePerSecond does, or 0 for
// silence. A bare number of seconds is a stretch too.
func ParseSteps(s string) (Steps, error) {
	var steps Steps
	total := time.Duration(0)
	for i, part := range strings.Split(s, ",") {
		step, err := parseStep(strings.TrimSpace(part))
		if err == nil && step.For > Forever-1-total {
			err = errors.New("the steps are longer than 292 years together")
		}
		if err != nil {
			return nil, fmt.Errorf("step %d of %q: %w (%s)", i+1, s, err, stepsForm)
		}
		total += step.For
		steps = append(steps, step)
	}
	return steps, nil
}

func parseStep(s string) (Step, error) {
	span, rate, ok := strings.Cut(s, "@")
	if !ok {
		return Step{}, fmt.Errorf("%q has no @", s)
	}
	d, err := unit.ParseSpan(span)
	if err != nil {
		return Step{}, err
	}
	if d == 0 {
		return Step{}, errors.New("it lasts no time")
	}
	if strings.TrimSpace(rate) == "0" {
		return Step{For: d}, nil
	}
	r, err := unit.ParsePerSecond(rate)
	return Step{For: d, Rate: r}, err
}

// String writes the steps as ParseSteps reads them.
func (s Steps) String() string {
	var b strings.Builder
	for i, step := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%s@%s", step.For, step.Rate)
	}
	return b.String()
}

// Endless reports whether a shape never ends. One of silence from some moment
// on does not end, either.
func Endless(s Shape) bool {
	_, _, ok := s.At(Forever - 1)
	return ok
}

// A Surge is the shape within, with so many times its rate for a while.
type Surge struct {
	Shape Shape
	From  time.Duration // when it begins
	For   time.Duration // how long it is; 0 = until the end
	Every time.Duration // again after so long, and so on; 0 = once
	Times int64         // in millionths; 0 = silence
}

// At implements Shape.
func (s Surge) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	rate, until, ok := s.Shape.At(t)
	if !ok || t < s.From {
		return rate, min(until, s.From), ok
	}
	start := s.From // of the time that t lies in
	if s.Every > 0 {
		start += (t - s.From) / s.Every * s.Every
		until = min(until, later(start, s.Every))
	}
	if s.For > 0 {
		end := later(start, s.For)
		if t >= end {
			return rate, until, true
		}
		until = min(until, end)
	}
	return clamp(portion(rate, s.Times)), until, true
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/monitor"
	"weir/internal/pace"
	"weir/internal/unit"
)

// pacing holds the flags that say when each request is due: one language for
// all commands that make traffic.
type pacing struct {
	rate     unit.PerSecond
	patterns []pace.Pattern // one, unless the command turns from one to another
	steps    pace.Steps
	arrivals pace.Arrivals
	jitter   float64
	every    time.Duration
	duration time.Duration
}

// flags adds the flags; rate is the name of the one of the rate.
func (p *pacing) flags(f *pflag.FlagSet, rate string) {
	f.Var(newValue(&p.rate, "RATE", "10", unit.ParsePerSecond), rate, "requests per second")
	f.Var(&patternList{to: &p.patterns}, "pattern", "how the rate goes over time, such as sine:period=2m,amp=60%: "+strings.Join(pace.Names(), ", ")+" (docs/patterns.md)")
	f.Var(newValue(&p.steps, "STEPS", "", pace.ParseSteps), "steps", "rates one after the other: 60s@9,60s@18 is --pattern steps:60s@9,60s@18")
	f.Var(newValue(&p.arrivals, "WHICH", "even", pace.ParseArrivals), "arrivals", "how requests lie within the rate: even, poisson, uniform")
	f.Float64Var(&p.jitter, "jitter", 0, "`SHARE`, 0 to 1, by which the rate is drawn higher or lower anew every interval")
	f.Var(newValue(&p.every, "SPAN", "1s", unit.ParseSpan), "jitter-interval", "interval of the jitter")
	f.Var(newValue(&p.duration, "SPAN", "", unit.ParseSpan), "duration", "end after this time")
}

// A patternList is a flag that may be given several times.
type patternList struct {
	to   *[]pace.Pattern
	text []string
}

// String implements pflag.Value.
func (l *patternList) String() string {
	if len(l.text) == 0 {
		return "constant"
	}
	return strings.Join(l.text, " ")
}

// Type implements pflag.Value: what help shows in place of the value.
func (*patternList) Type() string { return "PATTERN" }

// Set implements pflag.Value.
func (l *patternList) Set(s string) error {
	p, err := pace.Parse(s)
	if err != nil {
		return err
	}
	*l.to, l.text = append(*l.to, p), append(l.text, s)
	return nil
}

// shape returns the rate over time that the flags ask for, where there is one pattern.
func (p *pacing) shape(f *pflag.FlagSet, seed uint64) (pace.Shape, error) {
	if len(p.patterns) > 1 {
		return nil, usageError{errors.New("--pattern is given more than once: there is one here")}
	}
	shapes, err := p.shapes(f, seed)
	if err != nil {
		return nil, err
	}
	shape := shapes[0]
	if p.duration > 0 {
		shape = pace.Limit{Shape: shape, For: p.duration}
	}
	return p.jittered(shape, seed), nil
}

// jittered is a shape with the jitter that is asked for.
func (p *pacing) jittered(shape pace.Shape, seed uint64) pace.Shape {
	if p.jitter > 0 {
		return pace.Jitter{Shape: shape, Amount: p.jitter, Every: p.every, Seed: seed}
	}
	return shape
}

// shapes returns a rate over time for each pattern, one at least, without end and jitter. The
// file of a trace is read here.
func (p *pacing) shapes(f *pflag.FlagSet, seed uint64) ([]pace.Shape, error) {
	switch {
	case !(p.jitter >= 0 && p.jitter <= 1): // NaN is neither
		return nil, usageError{fmt.Errorf("invalid argument for --jitter: must be from 0 to 1, got %v", p.jitter)}
	case f.Changed("jitter-interval") && p.every < time.Millisecond:
		return nil, usageError{errors.New("invalid argument for --jitter-interval: must be a millisecond at least")}
	case p.steps != nil && f.Changed("pattern"):
		return nil, usageError{errors.New("--steps and --pattern both say how the rate goes: give one of them")}
	case p.steps != nil:
		return []pace.Shape{p.steps}, nil
	case len(p.patterns) == 0:
		return []pace.Shape{pace.Constant{Rate: p.rate}}, nil
	}
	var shapes []pace.Shape
	for _, pattern := range p.patterns {
		reference := pace.Reference{Rate: p.rate, Seed: seed}
		if name := pattern.File(); name != "" {
			text, err := os.ReadFile(name)
			if err == nil {
				reference.Trace, err = pace.ParseTrace(text)
			}
			if err != nil {
				return nil, &monitor.InputError{Text: fmt.Sprintf("cannot read the trace %s: %v", name, err)}
			}
		}
		shape, err := pattern.Shape(reference)
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --pattern: %w", err)}
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

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
	pattern  pace.Pattern
	steps    pace.Steps
	arrivals pace.Arrivals
	jitter   float64
	every    time.Duration
	duration time.Duration
}

// flags adds the flags; rate is the name of the one of the rate.
func (p *pacing) flags(f *pflag.FlagSet, rate string) {
	f.Var(newValue(&p.rate, "RATE", "10", unit.ParsePerSecond), rate, "requests per second")
	f.Var(newValue(&p.pattern, "PATTERN", "constant", pace.Parse), "pattern", "how the rate goes over time, such as sine:period=2m,amp=60%: "+strings.Join(pace.Names(), ", ")+" (docs/patterns.md)")
	f.Var(newValue(&p.steps, "STEPS", "", pace.ParseSteps), "steps", "rates one after the other: 60s@9,60s@18 is --pattern steps:60s@9,60s@18")
	f.Var(newValue(&p.arrivals, "WHICH", "even", pace.ParseArrivals), "arrivals", "how requests lie within the rate: even, poisson, uniform")
	f.Float64Var(&p.jitter, "jitter", 0, "`SHARE`, 0 to 1, by which the rate is drawn higher or lower anew every interval")
	f.Var(newValue(&p.every, "SPAN", "1s", unit.ParseSpan), "jitter-interval", "interval of the jitter")
	f.Var(newValue(&p.duration, "SPAN", "", unit.ParseSpan), "duration", "end after this time")
}

// shape returns the rate over time that the flags ask for. The file of a trace is
// read here.
func (p *pacing) shape(f *pflag.FlagSet, seed uint64) (pace.Shape, error) {
	switch {
	case !(p.jitter >= 0 && p.jitter <= 1): // NaN is neither
		return nil, usageError{fmt.Errorf("invalid argument for --jitter: must be from 0 to 1, got %v", p.jitter)}
	case f.Changed("jitter-interval") && p.every < time.Millisecond:
		return nil, usageError{errors.New("invalid argument for --jitter-interval: must be a millisecond at least")}
	case p.steps != nil && f.Changed("pattern"):
		return nil, usageError{errors.New("--steps and --pattern both say how the rate goes: give one of them")}
	}
	reference := pace.Reference{Rate: p.rate, Seed: seed}
	if name := p.pattern.File(); name != "" && p.steps == nil {
		text, err := os.ReadFile(name)
		if err == nil {
			reference.Trace, err = pace.ParseTrace(text)
		}
		if err != nil {
			return nil, &monitor.InputError{Text: fmt.Sprintf("cannot read the trace %s: %v", name, err)}
		}
	}
	var shape pace.Shape = p.steps
	if p.steps == nil {
		var err error
		if shape, err = p.pattern.Shape(reference); err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --pattern: %w", err)}
		}
	}
	if p.duration > 0 {
		shape = pace.Limit{Shape: shape, For: p.duration}
	}
	if p.jitter > 0 {
		shape = pace.Jitter{Shape: shape, Amount: p.jitter, Every: p.every, Seed: seed}
	}
	return shape, nil
}

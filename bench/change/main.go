// Command change tells how many sudden changes weir finds, how soon, how often it is wrong.
//
// It makes sites up, puts faults into three of their six weeks, steps the
// detector of internal/change through them, and counts. Another seed is another
// set of sites; figures are the mean over the seeds, with the least and the most:
//
//	go run ./bench/change
//	go run ./bench/change -sets traffic,errors -seeds 3 -first 500 -step 60s
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // the clock change of the benign sites is that of Berlin

	"weir/bench/program"
)

// options are the command line.
type options struct {
	sets      []string
	first     uint64
	seeds     int
	step      time.Duration
	threshold float64
	check     bool
}

func main() { os.Exit(program.Exit("change", run(os.Args[1:], os.Stdout, os.Stderr))) }

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var names []string
	for _, s := range sets() {
		names = append(names, s.name)
	}
	fs := flag.NewFlagSet("change", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "usage: change [flags]\n\n")
		fs.PrintDefaults()
	}
	chosen := fs.String("sets", strings.Join(names, ","), "parts of the benchmark")
	// Seeds 1 to 16 are those that the detector was tuned with.
	fs.Uint64Var(&o.first, "first", 401, "the first seed")
	fs.IntVar(&o.seeds, "seeds", 10, "how many seeds")
	fs.DurationVar(&o.step, "step", 10*time.Second, "time between samples, 10s or 60s")
	fs.Float64Var(&o.threshold, "threshold", 0, "surprise from which on a change is told; 0 is that of the kind")
	fs.BoolVar(&o.check, "check", false, "fail where a goal is missed")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, program.Usage(err)
	}
	o.sets = strings.Split(*chosen, ",")
	for _, name := range o.sets {
		if !slices.Contains(names, name) {
			return o, program.Usage(fmt.Errorf("there is no set %q: take some of %s", name, strings.Join(names, ", ")))
		}
	}
	switch {
	case fs.NArg() > 0:
		return o, program.Usage(fmt.Errorf("%q: only flags are read", fs.Arg(0)))
	case o.seeds < 1:
		return o, program.Usage(errors.New("-seeds is 1 or more"))
	case o.step != 10*time.Second && o.step != time.Minute:
		return o, program.Usage(errors.New("-step is 10s or 60s"))
	case !(o.threshold >= 0 && o.threshold <= 12):
		return o, program.Usage(errors.New("-threshold is 0 to 12"))
	}
	return o, nil
}

func run(args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	missed := 0
	for _, s := range sets() {
		if !slices.Contains(o.sets, s.name) {
			continue
		}
		var tallies []*tally
		for i := range o.seeds {
			tallies = append(tallies, s.run(o.first+uint64(i), o))
		}
		missed += report(stdout, s, tallies)
	}
	if o.check && missed > 0 {
		return fmt.Errorf("%d goals were missed", missed)
	}
	return nil
}

// run plays the traces of a seed.
func (s set) run(seed uint64, o options) *tally {
	y := newTally()
	s.make(newSource(seed, int64(o.step/time.Second)), func(t *trace) { y.play(t, o.threshold) })
	return y
}

// spread writes the mean of a figure over seeds, with the least and the most.
func spread(tallies []*tally, figure func(*tally) float64, format string) (text string, mean float64) {
	var all []float64
	for _, y := range tallies {
		if v := figure(y); !math.IsNaN(v) {
			all = append(all, v)
			mean += v
		}
	}
	if len(all) == 0 {
		return "-", math.NaN()
	}
	mean /= float64(len(all))
	return fmt.Sprintf(format+" ("+format+" to "+format+")", mean, slices.Min(all), slices.Max(all)), mean
}

// report writes what the seeds of a set gave, and returns how many goals were
// missed.
func report(out io.Writer, s set, tallies []*tally) (missed int) {
	all := newTally()
	for _, y := range tallies {
		all.merge(y)
	}
	fmt.Fprintf(out, "%s: %s, %d seeds\n", s.name, s.about, len(tallies))
	if len(all.kinds) > 0 && s.name != "benign" {
		text, _ := spread(tallies, func(y *tally) float64 { return y.share() }, "%.1f")
		fmt.Fprintf(out, "  found           %s %% of %d faults, %.2f alerts for each found\n", text, all.all(), float64(all.alerts)/float64(max(1, all.hits())))
	}
	text, _ := spread(tallies, (*tally).rate, "%.3f")
	fmt.Fprintf(out, "  false alarms    %s a series-week, %d in %.0f\n", text, all.wrong, all.weeks)
	for _, k := range all.kinds {
		text, _ := spread(tallies, func(y *tally) float64 { return y.share(k) }, "%.1f")
		fmt.Fprintf(out, "  %-15s %s %% of %d; after %.1f minutes, nine of ten within %.1f; %.1f %% within 3\n",
			k, text, all.faults[k], all.delay(k, 0.5), all.delay(k, 0.9), all.within(k, 3))
	}
	for _, g := range s.goals {
		_, v := spread(tallies, g.figure, "%f")
		word := "reached"
		if !g.holds(v) {
			word = "MISSED"
			missed++
		}
		fmt.Fprintf(out, "  goal %s: %s: %.3f\n", word, g.text, v)
	}
	fmt.Fprintf(out, "  cost            %.0f ns a sample of %v\n\n", float64(all.took.Nanoseconds())/float64(all.points), all.points)
	return missed
}

// A goal is a figure that is to be reached, by the mean over the seeds.
type goal struct {
	text   string
	figure func(*tally) float64
	least  float64 // NaN for none
	most   float64
}

// holds allows for what a mean of fractions is off by.
func (g goal) holds(v float64) bool { return !(v < g.least-1e-9) && !(v > g.most+1e-9) }

func atLeast(least float64, kinds ...string) goal {
	what := strings.Join(kinds, ", ")
	if what == "" {
		what = "all faults"
	}
	return goal{
		text: fmt.Sprintf("at least %g %% of %s", least, what), least: least, most: math.NaN(),
		figure: func(y *tally) float64 { return y.share(kinds...) },
	}
}

func atMost(most float64, kind string) goal {
	return goal{
		text: fmt.Sprintf("at most %g %% of %s", most, kind), least: math.NaN(), most: most,
		figure: func(y *tally) float64 { return y.share(kind) },
	}
}

func falseAlarms(most float64) goal {
	return goal{text: fmt.Sprintf("at most %g false alarms a series-week", most), least: math.NaN(), most: most, figure: (*tally).rate}
}

// Command traffic measures load generators as a server sees them.
//
//	traffic ──starts──> a server, which notes when each request arrives
//	        ──starts──> weir trafficgen, hey, wrk ..., one after the other
//	        <──reads── the arrivals; processor time and memory of the generator
//
// The server is a process of its own, so that it can be stopped for 2 s in the middle of a
// run. Figures are those of the least disturbed run; the worst stands beside them, since it
// tells what a generator does when the processor is taken by others.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	weir        string
	rates       []int
	length      time.Duration
	runs        int
	connections int
	only        string
	more        tools
	output      string
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-serve" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "traffic:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "traffic:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	rates := "500,2000,5000,10000"
	f := flag.NewFlagSet("traffic", flag.ContinueOnError)
	f.StringVar(&o.weir, "weir", "", "`FILE` of weir; without it, it is built")
	f.StringVar(&rates, "rates", rates, "requests per second, with commas between them")
	f.DurationVar(&o.length, "for", 8*time.Second, "length of a run")
	f.IntVar(&o.runs, "runs", 3, "runs of each")
	f.IntVar(&o.connections, "connections", 64, "connections of each generator")
	f.StringVar(&o.only, "only", "", "the parts to measure: rates, stall, most; all without it")
	f.Var(&o.more, "tool", "another generator: `NAME=COMMAND` of sh, with {url}, {rate}, {seconds}, {connections} in it; may be repeated")
	f.StringVar(&o.output, "o", "", "`FILE` to write the tables to; standard output without it")
	if err := f.Parse(args); err != nil {
		return err
	}
	for text := range strings.SplitSeq(rates, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			return fmt.Errorf("-rates: %q is no rate", text)
		}
		o.rates = append(o.rates, n)
	}
	if o.length < 2*time.Second || o.runs < 1 {
		return errors.New("-for must be 2s at least, -runs 1")
	}
	if o.weir == "" {
		dir, err := os.MkdirTemp("", "weir-traffic-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.weir = filepath.Join(dir, "weir")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", o.weir, "weir/cmd/weir").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	out := os.Stdout
	if o.output != "" {
		file, err := os.Create(o.output)
		if err != nil {
			return err
		}
		defer file.Close()
		out = file
	}
	return o.measure(ctx, out)
}

// measure writes the tables.
func (o *options) measure(ctx context.Context, out *os.File) error {
	restore := raisePriority()
	defer restore()
	all := known()
	all = append(all, o.more...)
	var here []tool
	for _, t := range all {
		if t.program == "" || found(t.program) {
			here = append(here, t)
		} else {
			fmt.Fprintf(out, "- %s is not installed\n", t.name)
		}
	}
	fmt.Fprintf(out, "- %s, load average %s at the start, %d runs of %s\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), loadAverage(), o.runs, o.length)
	part := func(name string) bool { return o.only == "" || slices.Contains(strings.Split(o.only, ","), name) }
	if part("rates") {
		if err := o.measureRates(ctx, out, here); err != nil {
			return err
		}
	}
	if part("stall") {
		if err := o.measureStall(ctx, out, here); err != nil {
			return err
		}
	}
	if part("most") {
		if err := o.measureMost(ctx, out, here); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "Load average at the end: %s\n", loadAverage())
	return nil
}

func (o *options) measureRates(ctx context.Context, out *os.File, all []tool) error {
	fmt.Fprintf(out, "| generator | asked/s | arrived/s | each second | CV of gaps | deviation p50 / p99 / max, ms | worst run: arrived/s, p99 ms | CPU ms per 1,000 | peak MiB, of it its own | connections |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, rate := range o.rates {
		for _, t := range all {
			if !t.paced {
				continue
			}
			var runs []figures
			for range o.runs {
				f, err := o.play(ctx, t, rate, nil)
				if err != nil {
					return err
				}
				runs = append(runs, f)
			}
			best, worst := extremes(runs)
			fmt.Fprintf(out, "| %s | %d | %.1f | %d to %d | %.2f | %s / %s / %s | %.1f, %s | %.0f | %.1f, %.1f | %d |\n", t.name, rate, best.rate, best.least, best.most, best.cv,
				ms(best.p50), ms(best.p99), ms(best.max), worst.rate, ms(worst.p99), best.cpu, best.peak, best.own, best.connections)
		}
	}
	fmt.Fprintln(out)
	return nil
}

// stalled is how long the server is stopped in the middle of a run.
const stalled = 2 * time.Second

func (o *options) measureStall(ctx context.Context, out *os.File, all []tool) error {
	const rate = 1000
	fmt.Fprintf(out, "The server stops for %s in the middle of 10 s at %d requests a second: 10,000 are due, one in five sees up to 2 s.\n\n| generator | arrived | p50 | p99, as it tells | connections |\n|---|---|---|---|---|\n", stalled, rate)
	long := *o
	long.length = 10 * time.Second
	for _, t := range all {
		if !t.paced || t.quantiles == nil {
			continue
		}
		f, err := long.play(ctx, t, rate, func(s *server) error { return s.stall(ctx, 4*time.Second, stalled) })
		if err != nil {
			return err
		}
		p50, p99 := t.quantiles(f.output)
		fmt.Fprintf(out, "| %s | %d | %s | %s | %d |\n", t.name, f.arrived, p50, p99, f.connections)
	}
	fmt.Fprintln(out)
	return nil
}

func (o *options) measureMost(ctx context.Context, out *os.File, all []tool) error {
	fmt.Fprintf(out, "As many as each can, with the server on the same processors:\n\n| generator | arrived/s | CPU ms per 1,000 | peak MiB, of it its own | connections opened |\n|---|---|---|---|---|\n")
	for _, t := range all {
		if t.most == "" {
			continue
		}
		var best figures
		for range o.runs {
			f, err := o.play(ctx, t, 0, nil)
			if err != nil {
				return err
			}
			if f.rate > best.rate {
				best = f
			}
		}
		fmt.Fprintf(out, "| %s | %.0f | %.1f | %.1f, %.1f | %d |\n", t.name, best.rate, best.cpu, best.peak, best.own, best.opened)
	}
	fmt.Fprintln(out)
	return nil
}

// play runs one generator against a new server, which during may disturb. Rate 0 is as many as
// it can.
func (o *options) play(ctx context.Context, t tool, rate int, during func(*server) error) (figures, error) {
	s, err := start(ctx)
	if err != nil {
		return figures{}, err
	}
	defer s.end()
	command := t.command
	if rate == 0 {
		command = t.most
	}
	disturbed := make(chan error, 1)
	go func() {
		if during == nil {
			disturbed <- nil
			return
		}
		disturbed <- during(s)
	}()
	used, err := carryOut(ctx, fill(command, map[string]string{
		"weir": o.weir, "url": s.url, "rate": strconv.Itoa(rate), "seconds": strconv.Itoa(int(o.length / time.Second)), "connections": strconv.Itoa(o.connections),
		"share": strconv.FormatFloat(float64(rate)/50, 'g', -1, 64),
	}))
	if err := errors.Join(err, <-disturbed); err != nil {
		return figures{}, fmt.Errorf("%s: %w\n%s", t.name, err, used.output)
	}
	seen, err := s.read()
	if err != nil {
		return figures{}, err
	}
	if len(seen.arrivals) < 10 {
		return figures{}, fmt.Errorf("%s: %d requests arrived: %s", t.name, len(seen.arrivals), used.output)
	}
	f := figuresOf(seen.arrivals, rate)
	f.connections, f.opened, f.output = seen.most, seen.opened, used.output
	f.cpu = 1e3 * used.cpu.Seconds() / float64(len(seen.arrivals)) * 1e3
	f.peak, f.own = float64(used.peak.resident)/(1<<20), float64(used.peak.own)/(1<<20)
	return f, nil
}

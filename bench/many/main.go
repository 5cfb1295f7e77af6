// Command many tells what it costs to follow thousands of logs.
//
// It makes the logs, starts a follower of them and takes from /proc what it uses,
// first while nobody writes, then with some lines a second spread over all:
//
//	go run ./bench/many -echo -- weir tail --no-state {logs}
//	go run ./bench/many -files 10000 -rate 2.8 -- weir --plain {logs}
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"weir/bench/program"
)

// options are the command line.
type options struct {
	files, dirs int
	lines       int     // in each file at first
	rate        float64 // lines a second over all files
	settle      time.Duration
	span        time.Duration // of one measurement
	echo        bool          // the follower prints the lines
	probes      int           // lines whose way is timed
	pause       time.Duration // between two of them
	most        float64       // per cent of a core; more is a failure
	dir         string
	command     []string
}

func main() { os.Exit(program.Run("many", run)) }

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("many", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "usage: many [flags] -- COMMAND [ARGUMENT...]\n\n"+
			"COMMAND follows the logs, which stand for the argument {logs}.\n\n")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.files, "files", 10_000, "logs to make")
	fs.IntVar(&o.dirs, "dirs", 20, "folders they lie in")
	fs.IntVar(&o.lines, "lines", 20, "lines in each of them at first")
	fs.Float64Var(&o.rate, "rate", 2.8, "lines a second over all logs, in the second part")
	fs.DurationVar(&o.settle, "settle", 130*time.Second, "time before each measurement")
	fs.DurationVar(&o.span, "span", time.Minute, "time of each measurement")
	fs.BoolVar(&o.echo, "echo", false, "the command prints the lines it reads: time its start and the way of single lines")
	fs.IntVar(&o.probes, "probes", 200, "lines that are timed, with -echo")
	fs.DurationVar(&o.pause, "pause", 50*time.Millisecond, "time between two of them")
	fs.Float64Var(&o.most, "most", 0, "fail above so many per cent of a core; 0 is any")
	fs.StringVar(&o.dir, "dir", "", "where to make the logs; without it, the folder for temporary files")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, program.Usage(err)
	}
	o.command = fs.Args()
	switch {
	case !slices.Contains(o.command, "{logs}"):
		return o, program.Usage(errors.New("put a command behind --, with {logs} as one of its arguments, such as -- weir tail {logs}"))
	case o.files < 1 || o.dirs < 1 || o.dirs > o.files || o.lines < 1 || o.probes < 1:
		return o, program.Usage(errors.New("-files, -dirs, -lines and -probes are 1 or more, and no folder is empty"))
	case o.rate < 0 || o.rate > 100_000 || o.span <= 0 || o.settle < 0 || o.pause < 0:
		return o, program.Usage(errors.New("-rate is 0 to 100,000 lines a second, -span longer than nothing, -settle and -pause not shorter"))
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "many")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	paths, err := makeLogs(dir, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d logs of %d lines in %d folders: %s\n", o.files, o.lines, o.dirs, strings.Join(o.command, " "))
	f, err := start(o.command, paths)
	if err != nil {
		return err
	}
	worst, err := measure(ctx, o, f, stdout)
	if ended := f.end(); err == nil {
		err = ended
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w; the command said: %s", err, f.said())
	case o.most > 0 && worst > o.most:
		return fmt.Errorf("%.2f %% of a core, and %v is the most that is allowed", worst, o.most)
	}
	return nil
}

// measure tells what f costs, and returns the most of it in per cent of a core.
func measure(ctx context.Context, o options, f *follower, out io.Writer) (worst float64, err error) {
	w := newWriter(f.paths)
	if o.echo {
		took, err := f.time(ctx, w, len(f.paths)-1)
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(out, "start      %v until a line written into the last log was printed\n", took.Round(time.Millisecond))
	}
	for _, rate := range []float64{0, o.rate} {
		if rate == 0 && worst > 0 {
			break
		}
		if err := w.write(ctx, rate, o.settle); err != nil {
			return worst, err
		}
		before, err := usageOf(f.pid())
		if err != nil {
			return worst, err
		}
		if err := w.write(ctx, rate, o.span); err != nil {
			return worst, err
		}
		after, err := usageOf(f.pid())
		if err != nil {
			return worst, err
		}
		load := after.load(before)
		worst = max(worst, load)
		fmt.Fprintf(out, "%-10s %.2f %% of a core over %v (%v user, %v system), %d KiB resident, %d at most, %d descriptors\n",
			label(rate), load, after.at.Sub(before.at).Round(time.Second), after.user-before.user, after.system-before.system,
			after.resident, after.peak, after.descriptors)
	}
	if !o.echo {
		return worst, nil
	}
	all := make([]time.Duration, 0, o.probes)
	for range o.probes {
		took, err := f.time(ctx, w, w.any())
		if err != nil {
			return worst, err
		}
		all = append(all, took)
		if err := wait(ctx, o.pause); err != nil {
			return worst, err
		}
	}
	slices.Sort(all)
	fmt.Fprintf(out, "line       %v from written to printed, 99 of 100 within %v, all within %v (%d lines)\n",
		all[len(all)/2].Round(time.Microsecond), all[len(all)*99/100].Round(time.Microsecond),
		all[len(all)-1].Round(time.Microsecond), len(all))
	return worst, nil
}

// label names a part of the run.
func label(rate float64) string {
	if rate == 0 {
		return "idle"
	}
	return fmt.Sprintf("%.4g/s", rate)
}

// Command kills ends a weir that keeps a history by kill -9, again, again, again.
//
// An undisturbed weir follows the same log. In the end both histories must have
// every line of the writer, in its second, and the same alerts; and each alert
// must have been announced at most once.
//
//	go run ./bench/kills -kills 25 -rotations 3 -- ./weir --state {state} {log}
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"weir/bench/program"
)

// options are the command line.
type options struct {
	kills     int
	rate      int // lines a second, on average
	rotations int
	life      time.Duration // the longest between two kills
	seed      uint64
	dir       string
	keep      bool
	command   []string
}

func main() { os.Exit(program.Run("kills", run)) }

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("kills", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, "usage: kills [flags] -- COMMAND [ARGUMENT...]\n\n"+
			"COMMAND follows the log {log} and keeps its history in a folder of {state}.\n\n")
		fs.PrintDefaults()
	}
	fs.IntVar(&o.kills, "kills", 25, "how often it is killed")
	fs.IntVar(&o.rate, "rate", 20_000, "lines a second, on average")
	fs.IntVar(&o.rotations, "rotations", 3, "rotations, spread over the time")
	fs.DurationVar(&o.life, "life", 1500*time.Millisecond, "the longest time between two kills")
	fs.Uint64Var(&o.seed, "seed", 1, "seed of everything random")
	fs.StringVar(&o.dir, "dir", "", "where to make the log; without it, the folder for temporary files")
	fs.BoolVar(&o.keep, "keep", false, "keep the log and the histories")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, program.Usage(err)
	}
	o.command = fs.Args()
	switch {
	case !slices.Contains(o.command, "{log}") || !slices.Contains(o.command, "{state}"):
		return o, program.Usage(errors.New("put a command behind --, with {log} and {state} among its arguments, such as -- ./weir --state {state} {log}"))
	case o.kills < 1 || o.rate < 100 || o.rotations < 0 || o.life < 20*time.Millisecond:
		return o, program.Usage(errors.New("-kills is 1 or more, -rate 100 or more, -life 20ms or more, -rotations not negative"))
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "kills")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(stdout, "in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	r, err := play(ctx, &o, dir)
	if err != nil {
		return err
	}
	r.write(stdout)
	if bad := r.faults(); len(bad) > 0 {
		return fmt.Errorf("%d faults, the first: %s", len(bad), bad[0])
	}
	return nil
}

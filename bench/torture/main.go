// Command torture rotates a log in every way there is under a follower.
//
// It writes numbered lines at a rate, renames, truncates, deletes, compresses or
// replaces the log meanwhile, by scripts or by the real logrotate, then tells by
// number which lines the follower has lost, printed twice or broken. Any
// command can be tortured that prints the lines of a log:
//
//	go run ./bench/torture -lines 500000 -rotations 60 -rate 20000 -- tail -n +1 -F {log}
//	go run ./bench/torture -resume -- weir tail --state {state}/position {log}
//	go run ./bench/torture -table
//	go run ./bench/torture -soak 1h -rate 40000 -- weir tail --no-state {log}
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"weir/bench/program"
)

// options are the command line.
type options struct {
	lines     int64
	rotations int
	rate      int // lines a second
	seed      uint64
	scripts   []script
	graces    []time.Duration
	halves    float64
	resume    bool
	quiet     time.Duration
	dir       string // where the folder of the run is made
	keep      bool   // do not delete it
	verbose   bool   // tell each script that was run
	soak      time.Duration
	every     time.Duration // between two samples of a soak
	table     bool
	follow    []candidate // more rows of the table
	only      []string    // rows of the table; nil for all
	columns   []string    // likewise
	command   []string
}

// errFailed is the failure whose details are in the report.
var errFailed = errors.New("lines were lost, doubled or broken: see the report")

func main() { os.Exit(program.Run("torture", run)) }

func parse(args []string, stderr io.Writer) (options, error) {
	o := options{graces: []time.Duration{0, time.Millisecond, 5 * time.Millisecond, 50 * time.Millisecond}}
	names := []string{"all"}
	fs := flag.NewFlagSet("torture", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() { usage(fs, stderr) }
	fs.Int64Var(&o.lines, "lines", 500_000, "lines to write at least")
	fs.IntVar(&o.rotations, "rotations", 60, "rotations at least, spread over the lines")
	fs.IntVar(&o.rate, "rate", 20_000, "lines a second")
	fs.Uint64Var(&o.seed, "seed", 0, "of what is left to chance; 0 takes one, and tells it")
	fs.Func("scripts", "what to do, separated by commas (all)", func(s string) error {
		names = strings.Split(s, ",")
		return nil
	})
	fs.Func("grace", "how long the writer stays on a file that was renamed, one of these by chance (0s,1ms,5ms,50ms)", func(s string) error {
		o.graces = nil
		for _, one := range strings.Split(s, ",") {
			d, err := time.ParseDuration(one)
			if err != nil || d < 0 {
				return errors.New("take durations such as 50ms, separated by commas")
			}
			o.graces = append(o.graces, d)
		}
		return nil
	})
	fs.Float64Var(&o.halves, "halves", 0.02, "share of the writes that end in half a line")
	fs.BoolVar(&o.resume, "resume", false, "the follower keeps its position in {state}: end it, kill it, start it again as well")
	fs.DurationVar(&o.quiet, "quiet", 5*time.Second, "when lines are missing at the end, how long to wait for another one")
	fs.StringVar(&o.dir, "dir", "", "where to make the log; without it, the folder for temporary files")
	fs.BoolVar(&o.keep, "keep", false, "keep the log and all that was rotated")
	fs.BoolVar(&o.verbose, "verbose", false, "tell each script, with the lines that were written meanwhile")
	fs.DurationVar(&o.soak, "soak", 0, "write for so long, and watch the memory of the follower; -lines does not count")
	fs.DurationVar(&o.every, "every", 10*time.Second, "time between two samples of a soak")
	fs.BoolVar(&o.table, "table", false, "torture every follower that is installed, and print a table in Markdown")
	fs.Func("follower", "another row of the table, as NAME=COMMAND for sh, with {log}; may be repeated", func(s string) error {
		name, line, ok := strings.Cut(s, "=")
		if !ok || name == "" || !strings.Contains(line, "{log}") {
			return errors.New("take NAME=COMMAND, with {log} in the command")
		}
		o.follow = append(o.follow, candidate{name: name, args: []string{"sh", "-c", "exec " + line}, state: strings.Contains(line, "{state}")})
		return nil
	})
	fs.Func("only", "rows of the table whose names contain one of these, separated by commas", func(s string) error {
		o.only = strings.Split(s, ",")
		return nil
	})
	fs.Func("columns", "columns of the table whose names contain one of these, separated by commas", func(s string) error {
		o.columns = strings.Split(s, ",")
		return nil
	})
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, program.Usage(err)
	}
	o.command = fs.Args()
	if o.seed == 0 {
		o.seed = rand.Uint64N(1_000_000) + 1
	}
	var err error
	if o.scripts, err = named(names); err == nil {
		err = o.check(!slices.Contains(names, "all"))
	}
	if err != nil {
		return o, program.Usage(err)
	}
	return o, nil
}

func usage(fs *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, "usage: torture [flags] -- COMMAND [ARGUMENT...]\n"+
		"       torture -table [flags]\n\n"+
		"COMMAND prints the lines of the log {log}, from its beginning, to its standard output.\n\n")
	fs.PrintDefaults()
	fmt.Fprintln(w, "\nscripts:")
	for _, s := range scripts() {
		note := ""
		if s.resume {
			note = " (with -resume)"
		}
		fmt.Fprintf(w, "  %-24s %s%s\n", s.name, s.what, note)
	}
}

// check sees that the numbers are within reason. asked tells that the scripts
// were asked for by name.
func (o *options) check(asked bool) error {
	switch {
	case o.table && len(o.command) > 0:
		return errors.New("-table has commands of its own: name another one with -follower")
	case !o.table && len(o.command) == 0:
		return errors.New("there is nothing to torture: put a command behind --, such as -- tail -n +1 -F {log}")
	case !o.table && !strings.Contains(strings.Join(o.command, " "), "{log}"):
		return errors.New("the command has no {log}, which stands for the log: it would follow something else")
	case o.lines < 1 || o.lines >= 1e12:
		return fmt.Errorf("-lines %d: take 1 to 10^12", o.lines)
	case o.rate < 1 || o.rate > 10_000_000:
		return fmt.Errorf("-rate %d: take 1 to 10,000,000 lines a second", o.rate)
	case o.rotations < 0:
		return fmt.Errorf("-rotations %d: take 0 or more", o.rotations)
	case o.halves < 0 || o.halves > 1:
		return fmt.Errorf("-halves %v: take 0 to 1", o.halves)
	case o.quiet <= 0 || o.soak < 0 || o.every <= 0:
		return errors.New("-quiet and -every must be longer than nothing, and -soak not shorter")
	case o.soak > 0 && o.resume:
		return errors.New("-soak watches the memory of one process: leave -resume out, by which it is started again")
	}
	if o.soak > 0 {
		o.lines = due(o.soak, o.rate)
	}
	if o.resume {
		return nil
	}
	for _, s := range o.scripts {
		if s.resume && asked {
			return fmt.Errorf("the script %s ends the follower and starts it again: say with -resume that it goes on where it was", s.name)
		}
	}
	o.scripts = slices.DeleteFunc(o.scripts, func(s script) bool { return s.resume })
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := o.leaveOutMissing(stderr); err != nil {
		return err
	}
	if o.table {
		return table(ctx, o, stdout, stderr)
	}
	fmt.Fprintf(stderr, "seed %d: %d lines at %d a second, %d rotations\n", o.seed, o.lines, o.rate, o.rotations)
	dir, err := os.MkdirTemp(o.dir, "torture")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(stderr, "the log is", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	s, err := newScene(dir, o)
	if err != nil {
		return err
	}
	if s.follower, err = inFolder(o.command, s); err != nil {
		return err
	}
	s.prune = !o.keep
	r, err := s.torture(ctx, o, stderr)
	if r != nil {
		fmt.Fprint(stdout, r)
	}
	switch {
	case err != nil:
		return err
	case !r.clean():
		return errFailed
	}
	return nil
}

// leaveOutMissing drops the scripts whose program is not installed, aloud. On
// the machine that checks, none may be missing.
func (o *options) leaveOutMissing(stderr io.Writer) error {
	if logrotatePath() != "" {
		return nil
	}
	if os.Getenv("CI") != "" {
		return errors.New("logrotate is not installed (Debian: logrotate), and with CI set nothing is left out")
	}
	fmt.Fprintln(stderr, "logrotate is not installed: THE SCRIPTS THAT NEED IT ARE LEFT OUT")
	o.scripts = slices.DeleteFunc(o.scripts, func(s script) bool { return s.tool != "" })
	return nil
}

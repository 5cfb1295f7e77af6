// Command compare measures weir against other programs on the same logs.
//
// It takes processor time, wall time, peak memory of each program, run in
// turns on logs in the page cache, checks that all count the same hits, then
// says which of the gates for speed or memory are reached. The report is
// Markdown.
//
//	go run ./bench/compare -o bench/RESULTS.md c100m c1g
//	go run ./bench/compare -weir ./weir -without goaccess,lnav,mtail c100m
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"weir/bench/program"
)

// options are the command line.
type options struct {
	weir     string   // the binary; "" builds it
	goaccess []string // binaries beside the one on PATH
	without  []string // kinds of tools to leave out
	runs     int
	full     bool // as many runs of slow tools on large logs as of others
	dir      string
	out      string
	variants []string
}

// errDisagree is the failure whose details have been told already.
var errDisagree = errors.New("not all programs ran and counted the same: see above; these figures compare nothing")

func main() { os.Exit(program.Run("compare", run)) }

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "usage: compare [flags] [%s ...]\n", strings.Join(variants(), " "))
		fs.PrintDefaults()
	}
	fs.StringVar(&o.weir, "weir", "", "the weir to measure; without it, one is built")
	fs.Func("goaccess", "another GoAccess to measure, beside the one on PATH; may be repeated", func(s string) error {
		o.goaccess = append(o.goaccess, s)
		return nil
	})
	fs.Func("without", "tools to leave out, separated by commas: "+strings.Join(optional(), ","), func(s string) error {
		o.without = append(o.without, strings.Split(s, ",")...)
		return nil
	})
	fs.IntVar(&o.runs, "runs", 5, "runs of each program")
	fs.BoolVar(&o.full, "full", false, "all runs of slow programs on logs of 1 GiB too, not one")
	fs.StringVar(&o.dir, "dir", "", "where the logs are, or are made; without it, weir-bench in the user's cache")
	fs.StringVar(&o.out, "o", "-", "the report; - is the standard output")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, program.Usage(err)
	}
	if o.runs < 1 {
		return o, program.Usage(fmt.Errorf("-runs %d: take 1 or more", o.runs))
	}
	if o.variants = fs.Args(); len(o.variants) == 0 {
		o.variants = []string{"c100m", "c1g"}
	}
	for _, w := range o.without {
		if !slices.Contains(optional(), w) {
			return o, program.Usage(fmt.Errorf("-without %s: take some of %s", w, strings.Join(optional(), ",")))
		}
	}
	for _, v := range o.variants {
		if !slices.Contains(variants(), v) {
			return o, program.Usage(fmt.Errorf("there is no log named %q: take some of %s", v, strings.Join(variants(), ", ")))
		}
	}
	var err error
	if o.dir == "" {
		if o.dir, err = os.UserCacheDir(); err != nil {
			return o, program.Usage(fmt.Errorf("name a folder for the logs with -dir: %w", err))
		}
		o.dir = filepath.Join(o.dir, "weir-bench")
	}
	o.dir, err = filepath.Abs(o.dir)
	return o, err
}

// optional are the tools that can be left out: all but weir, and wc, which it
// is measured by.
func optional() []string { return []string{"cat", "goaccess", "lnav", "mtail", "mawk", "gzip"} }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "compare")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	tools, err := allTools(ctx, o, scratch)
	if err != nil {
		return err
	}
	restore := raisePriority()
	defer restore()
	b := &bench{options: o, scratch: scratch, stderr: stderr, machine: thisMachine()}
	for _, v := range o.variants {
		if err := b.measure(ctx, v, tools); err != nil {
			return err
		}
	}
	b.machine.loadAtEnd = loadAverage()
	if err := write(o.out, stdout, b.markdown()); err != nil {
		return err
	}
	for _, p := range b.problems {
		fmt.Fprintln(stderr, "DISAGREEMENT:", p)
	}
	if len(b.problems) > 0 {
		return errDisagree
	}
	return nil
}

// apart begins the part of a report that others have written: figures that are
// measured by other programs. It stays when the report is written anew.
const apart = "<!-- From here on: measured apart. compare -o leaves it as it is. -->"

func write(name string, stdout io.Writer, text string) error {
	if name == "-" {
		_, err := io.WriteString(stdout, text)
		return err
	}
	before, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if i := strings.Index(string(before), apart); i >= 0 {
		text += "\n" + string(before[i:])
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// binary returns the absolute path of a program, since it is run from another
// folder.
func binary(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return "", err
	}
	return filepath.Abs(path)
}

// build compiles a package of this module to a file.
func build(ctx context.Context, pkg, to string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", to, pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s, which works from inside the source tree: %w\n%s", pkg, err, out)
	}
	return nil
}

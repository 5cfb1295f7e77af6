package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/pace"
	"weir/internal/simulate"
	"weir/internal/unit"
)

// loggen holds the flags of the log simulator.
type loggen struct {
	outputs   []string
	files     []string // of --file, another name of --output
	format    string
	pacing    pacing
	count     int64
	disorder  time.Duration
	seed      uint64
	site      simulate.SiteOptions
	capacity  unit.PerSecond
	incidents incidentList
	malformed float64
	late      lateness
	rotation  rotation
	truth     string
	zone      *time.Location
	unpaced   bool
	start     string
}

// lateness is how many lines are written late, and how late.
type lateness struct {
	share float64
	by    time.Duration
}

// parseLate reads 1% or 1%:30s.
func parseLate(s string) (lateness, error) {
	share, by, given := strings.Cut(s, ":")
	l := lateness{by: 10 * time.Second}
	var err error
	if l.share, err = parseShare(share); err == nil && given {
		l.by, err = unit.ParseSpan(by)
	}
	if err == nil && l.by < time.Millisecond {
		err = errors.New("a late line is a millisecond late at least")
	}
	if err != nil {
		return lateness{}, fmt.Errorf("%w; the whole is such as 1%%:30s", err)
	}
	return l, nil
}

// rotation is when and how files are rotated.
type rotation struct {
	every time.Duration
	limit int64
	how   simulate.How
	keep  int
}

// parseRotate reads a time or a size.
func parseRotate(s string) (rotation, error) {
	if d, err := unit.ParseSpan(s); err == nil {
		if d < 10*time.Millisecond {
			return rotation{}, errors.New("must be 10ms at least")
		}
		return rotation{every: d}, nil
	}
	n, err := unit.ParseBytes(s)
	switch {
	case err != nil:
		return rotation{}, fmt.Errorf("must be a time such as 10s, or a size such as 100MB")
	case n < 1000:
		return rotation{}, errors.New("must be 1kB at least")
	}
	return rotation{limit: n}, nil
}

func parseHow(s string) (simulate.How, error) {
	var names []string
	for _, h := range simulate.Hows() {
		names = append(names, string(h))
	}
	name, err := oneOf(names...)(s)
	return simulate.How(name), err
}

// incidentList is the flag of the incidents, which may be given several times.
type incidentList []simulate.Incident

// String implements pflag.Value.
func (l *incidentList) String() string { return "" }

// Type implements pflag.Value.
func (l *incidentList) Type() string { return "INCIDENT" }

// Set implements pflag.Value.
func (l *incidentList) Set(s string) error {
	in, err := simulate.ParseIncident(s)
	if err != nil {
		return err
	}
	*l = append(*l, in)
	return nil
}

func newLoggen(s streams) *cobra.Command {
	g := &loggen{}
	cmd := &cobra.Command{
		Use:   "loggen [flags]",
		Short: "Write a realistic access log at a rate (the log simulator)",
		Long: `loggen writes an access log as a busy site would: few sections and clients make most of
the requests, a client keeps its agent, statuses, sizes and times belong to the path.
The same seed gives the same requests.`,
		Example: `  weir loggen --rate 100 -o access.log
  weir loggen --rate 50 --pattern diurnal:day=10m --sessions --bots 5% --scanners 1% -o access.log
  weir loggen --incident 'at=60s for=2m errors=5% latency=x3' --rotate 10MB --how gzip -o access.log
  weir loggen --steps 60s@9,60s@18,150s@3,90s@28,120s@2 --disorder 2s --format csv -o log.csv
  weir loggen --unpaced --rate 50 --count 100000 --seed 1 --truth truth.json -o access.log`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVarP(&g.outputs, "output", "o", nil, "`FILE` to append to (default: standard output); several times: each line goes to one of them; also --file")
	f.StringArrayVar(&g.files, "file", nil, "")
	f.Lookup("file").Hidden = true
	f.Var(newValue(&g.format, "NAME", "combined", parseFormatToWrite), "format", strings.Join(simulate.FormatNames(), ", "))
	g.pacing.flags(f, "rate")
	f.Lookup("rate").Usage += "; also --per_second"
	f.Int64Var(&g.count, "count", 0, "end after `N` lines")
	f.Var(newValue(&g.disorder, "SPAN", "", unit.ParseSpan), "disorder", "write each line up to this long after its time stamp, so lines are out of order")
	f.Var(newValue(&g.late, "SHARE[:SPAN]", "", parseLate), "late", "write this share of lines up to so much later (10s): 1%:30s")
	f.Var(newValue(&g.malformed, "SHARE", "", parseShare), "malformed", "write lines that are no requests in place of this share: 0.1%")
	f.Uint64Var(&g.seed, "seed", 0, "`SEED` of everything random (default: another one each time, told on standard error)")
	f.StringVar(&g.site.Host, "host", "", "host `NAME` of the site")
	f.IntVar(&g.site.Sections, "sections", 16, "`N` sections on the site")
	f.IntVar(&g.site.Clients, "clients", 20_000, "`N` clients")
	f.BoolVar(&g.site.AbsoluteTargets, "absolute", false, "write targets with their host, as a proxy does: http://HOST/path")
	f.BoolVar(&g.site.Sessions, "sessions", false, "people come for visits: a page with what is on it, then the next; else each request is for itself")
	f.Var(newValue(&g.site.Bots, "SHARE", "", parseShare), "bots", "share of requests by crawlers, besides the bots among the clients")
	f.Var(newValue(&g.site.Scanners, "SHARE", "", parseShare), "scanners", "share of requests by scanners, which look for holes")
	f.Var(newValue(&g.capacity, "RATE", "", unit.ParsePerSecond), "capacity", "answers are slower the nearer the rate comes to this, and 503 beyond")
	f.Var(&g.incidents, "incident", "what happens: 'at=60s for=2m errors=5%'; several times for several (docs/loggen.md)")
	f.Var(newValue(&g.rotation, "WHEN", "", parseRotate), "rotate", "rotate the files every so often or before they are so large: 10s, 100MB")
	f.Var(newValue(&g.rotation.how, "HOW", "rename", parseHow), "how", "rename, nocreate, copytruncate, delete or gzip")
	f.IntVar(&g.rotation.keep, "keep", 0, "`N` rotated files of each to keep (default: all)")
	f.StringVar(&g.truth, "truth", "", "write what any monitor must count in the log to this `FILE`, as JSON (docs/json.md)")
	f.Var(newValue(&g.zone, "ZONE", "local", config.Zone), "timezone", "of the time stamps, where the format has one: local, UTC, +02:00, Europe/Berlin")
	f.BoolVar(&g.unpaced, "unpaced", false, "write as fast as possible, with the time stamps it would have had")
	f.StringVar(&g.start, "start", "", "`TIME` of the first line, with --unpaced (default: now)")
	return cmd
}

// parseFormatToWrite reads the name of a format that can be written.
func parseFormatToWrite(s string) (string, error) {
	if !slices.Contains(simulate.FormatNames(), s) {
		hint := ""
		if near := nearest(s, simulate.FormatNames()); near != "" {
			hint = fmt.Sprintf(" (did you mean %s?)", near)
		}
		return "", fmt.Errorf("no format to write is named %q%s: must be %s", s, hint, strings.Join(simulate.FormatNames(), ", "))
	}
	return s, nil
}

func (g *loggen) run(cmd *cobra.Command, s streams) error {
	g.outputs = append(g.outputs, g.files...)
	if len(g.outputs) == 0 {
		g.outputs = []string{"-"}
	}
	log, start, err := g.log(cmd, s)
	if err != nil {
		return err
	}
	truth, err := openTruth(g.truth)
	if err != nil {
		return err
	}
	err = g.write(cmd.Context(), log, start, s.out)
	if g.truth == "" {
		return err
	}
	return truth.close(log.Truth, err)
}

// write writes the log to its outputs. Ctrl-C is the usual end.
func (g *loggen) write(ctx context.Context, log *simulate.Log, start time.Time, out io.Writer) (err error) {
	to, end, err := g.open(out, log)
	if err == nil {
		if g.unpaced {
			_, err = log.Fill(ctx, start, to...)
		} else {
			_, err = log.Run(ctx, to...)
		}
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			err = nil
		}
	}
	if err = errors.Join(err, end()); err != nil {
		return fmt.Errorf("cannot write the log: %w", err)
	}
	return nil
}

// open opens the outputs. Their end must be called, also after an error.
func (g *loggen) open(out io.Writer, log *simulate.Log) (to []io.Writer, end func() error, err error) {
	var files []*simulate.File
	end = func() error {
		var err error
		for _, f := range files {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	for _, name := range g.outputs {
		if name == "-" || name == "" {
			to = append(to, out)
			continue
		}
		log.NoHeader = true // each file has its own
		f, err := simulate.OpenFile(name, simulate.FileOptions{
			Header: string(log.Format.AppendHeader(nil)), Limit: g.rotation.limit, How: g.rotation.how, Keep: g.rotation.keep,
		})
		if err != nil {
			return nil, end, err
		}
		files = append(files, f)
		to = append(to, f)
	}
	return to, end, nil
}

// check finds what contradicts.
func (g *loggen) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	names := map[string]bool{}
	for _, name := range g.outputs {
		if names[filepath.Clean(name)] {
			return usageError{fmt.Errorf("--output %s is given twice: two writers would mix their lines", name)}
		}
		names[filepath.Clean(name)] = true
	}
	switch rotated := g.rotation.every > 0 || g.rotation.limit > 0; {
	case g.count < 0:
		return usageError{errors.New("invalid argument for --count: must not be negative")}
	case g.site.Sections == 0 || g.site.Clients == 0:
		return usageError{errors.New("--sections and --clients must be at least 1")}
	case g.start != "" && !g.unpaced:
		return usageError{errors.New("--start goes with --unpaced: a live log carries the time at which it is written")}
	case g.site.Bots+g.site.Scanners > 1:
		return usageError{errors.New("--bots and --scanners are shares of all requests: together they must be at most 1")}
	case names["-"] && len(g.outputs) > 1:
		return usageError{errors.New("standard output is one output: name only files with --output to have several")}
	case names["-"] && rotated:
		return usageError{errors.New("--rotate is for files: name one with --output FILE")}
	case !rotated && given("how"):
		return usageError{errors.New("--how says how files are rotated: say when with --rotate 10s or --rotate 100MB")}
	case !rotated && given("keep"):
		return usageError{errors.New("--keep is for rotated files: say when they are with --rotate 10s or --rotate 100MB")}
	case given("keep") && g.rotation.keep < 1:
		return usageError{errors.New("invalid argument for --keep: must be 1 at least; without it all are kept")}
	case given("truth") && g.truth == "":
		return usageError{errors.New("invalid argument for --truth: the name of the file is empty")}
	case g.truth != "" && names[filepath.Clean(g.truth)]:
		return usageError{fmt.Errorf("--truth %s would be written over the log: name another file", g.truth)}
	}
	return nil
}

// log makes the simulator out of the flags.
func (g *loggen) log(cmd *cobra.Command, s streams) (*simulate.Log, time.Time, error) {
	start := time.Now()
	if err := g.check(cmd); err != nil {
		return nil, start, err
	}
	if g.start != "" {
		var err error
		if start, err = unit.ParseTime(g.start, start, g.zone); err != nil {
			return nil, start, usageError{fmt.Errorf("invalid argument for --start: %w", err)}
		}
	}
	given := cmd.Flags().Changed("seed")
	if !given {
		g.seed = rand.Uint64() >> 32
	}
	shape, err := g.pacing.shape(cmd.Flags(), g.seed)
	if err != nil {
		return nil, start, err
	}
	if g.unpaced && g.count == 0 && pace.Endless(shape) {
		return nil, start, usageError{errors.New("--unpaced without an end would fill the disk: give --count, --duration or a pattern that ends")}
	}
	format, err := simulate.NewFormat(g.format, g.zone)
	if err != nil {
		return nil, start, usageError{err}
	}
	if g.site.AbsoluteTargets && format.Relative() {
		return nil, start, usageError{fmt.Errorf("--absolute: %s has the host in a field of its own", g.format)}
	}
	g.site.AbsoluteTargets = g.site.AbsoluteTargets || format.Absolute()
	g.site.Seed = g.seed
	site, err := simulate.NewSite(g.site)
	if err != nil {
		return nil, start, usageError{err}
	}
	log := &simulate.Log{
		Site: site, Format: format, Pacer: pace.NewArrivals(simulate.Shape(shape, g.incidents), g.pacing.arrivals, g.seed),
		Disorder: g.disorder, Seed: g.seed, Count: g.count, Incidents: g.incidents, Capacity: g.capacity,
		Malformed: g.malformed, Late: g.late.share, LateBy: g.late.by, Every: g.rotation.every,
	}
	if g.truth != "" {
		log.Truth = simulate.NewTruth(site, g.seed, g.format, g.outputs)
	}
	if !given {
		fmt.Fprintf(s.err, "weir: --seed %d\n", g.seed)
	}
	return log, start, nil
}

// A truthFile is where the truth is written when the log is.
type truthFile struct {
	name string
	file *os.File
	made bool // was not there before
}

// openTruth opens the file of --truth. A name that cannot be written is told of
// before the log is made.
func openTruth(name string) (truthFile, error) {
	if name == "" {
		return truthFile{}, nil
	}
	_, err := os.Lstat(name)
	t := truthFile{name: name, made: errors.Is(err, os.ErrNotExist)}
	if t.file, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return t, fmt.Errorf("cannot write --truth: %w", err)
	}
	return t, nil
}

// close writes the truth, unless the log could not be written: then there is
// none, and what the file held stays.
func (t truthFile) close(truth *simulate.Truth, failed error) error {
	if failed != nil {
		err := errors.Join(failed, t.file.Close())
		if t.made {
			err = errors.Join(err, os.Remove(t.name))
		}
		return err
	}
	info, err := t.file.Stat()
	if err == nil && info.Mode().IsRegular() { // a device or a pipe has no length
		err = t.file.Truncate(0)
	}
	if err == nil {
		_, err = truth.WriteTo(t.file)
	}
	if err = errors.Join(err, t.file.Close()); err != nil {
		return fmt.Errorf("cannot write --truth: %w", err)
	}
	return nil
}

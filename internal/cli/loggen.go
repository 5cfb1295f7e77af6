package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/pace"
	"weir/internal/simulate"
	"weir/internal/unit"
)

// loggen holds the flags of the log simulator.
type loggen struct {
	output   string
	format   string
	pacing   pacing
	count    int64
	disorder time.Duration
	seed     uint64
	site     simulate.SiteOptions
	zone     *time.Location
	unpaced  bool
	start    string
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
  weir loggen --steps 60s@9,60s@18,150s@3,90s@28,120s@2 --disorder 2s --format csv -o log.csv
  weir loggen --unpaced --rate 50 --count 100000 --seed 1 -o access.log`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&g.output, "output", "o", "", "`FILE` to append to (default: standard output); also --file")
	f.StringVar(&g.output, "file", "", "")
	f.Lookup("file").Hidden = true
	f.Var(newValue(&g.format, "NAME", "combined", oneOf(simulate.FormatNames()...)), "format", strings.Join(simulate.FormatNames(), ", "))
	g.pacing.flags(f, "rate")
	f.Lookup("rate").Usage += "; also --per_second"
	f.Int64Var(&g.count, "count", 0, "end after `N` lines")
	f.Var(newValue(&g.disorder, "SPAN", "", unit.ParseSpan), "disorder", "write each line up to this long after its time stamp, so lines are out of order")
	f.Uint64Var(&g.seed, "seed", 0, "`SEED` of everything random (default: another one each time, told on standard error)")
	f.StringVar(&g.site.Host, "host", "", "host `NAME` of the site")
	f.IntVar(&g.site.Sections, "sections", 16, "`N` sections on the site")
	f.IntVar(&g.site.Clients, "clients", 20_000, "`N` clients")
	f.BoolVar(&g.site.AbsoluteTargets, "absolute", false, "write targets with their host, as a proxy does: http://HOST/path")
	f.Var(newValue(&g.zone, "ZONE", "local", parseZone), "timezone", "of the time stamps: local, UTC, +02:00, Europe/Berlin")
	f.BoolVar(&g.unpaced, "unpaced", false, "write as fast as possible, with the time stamps it would have had")
	f.StringVar(&g.start, "start", "", "`TIME` of the first line, with --unpaced (default: now)")
	return cmd
}

func (g *loggen) run(cmd *cobra.Command, s streams) error {
	log, start, err := g.log(cmd, s)
	if err != nil {
		return err
	}
	var w io.Writer = s.out
	if g.output != "" && g.output != "-" {
		file, err := os.OpenFile(g.output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
		if err != nil {
			return fmt.Errorf("cannot write the log: %w", err)
		}
		defer file.Close()
		if st, err := file.Stat(); err == nil && st.Size() > 0 {
			log.NoHeader = true
		}
		w = file
	}
	ctx := cmd.Context()
	if g.unpaced {
		_, err = log.Fill(ctx, w, start)
	} else {
		_, err = log.Run(ctx, w)
	}
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil // Ctrl-C is the usual end
	}
	if err != nil {
		return fmt.Errorf("cannot write the log: %w", err)
	}
	return nil
}

// log makes the simulator out of the flags.
func (g *loggen) log(cmd *cobra.Command, s streams) (*simulate.Log, time.Time, error) {
	start := time.Now()
	bad := func(flag, text string) error {
		return usageError{fmt.Errorf("invalid argument for --%s: %s", flag, text)}
	}
	if g.count < 0 {
		return nil, start, bad("count", "must not be negative")
	}
	if g.site.Sections == 0 || g.site.Clients == 0 {
		return nil, start, usageError{errors.New("--sections and --clients must be at least 1")}
	}
	if g.start != "" {
		if !g.unpaced {
			return nil, start, usageError{errors.New("--start goes with --unpaced: a live log carries the time at which it is written")}
		}
		var err error
		if start, err = unit.ParseTime(g.start, start, g.zone); err != nil {
			return nil, start, bad("start", err.Error())
		}
	}
	if !cmd.Flags().Changed("seed") {
		g.seed = rand.Uint64() >> 32
		defer fmt.Fprintf(s.err, "weir: --seed %d\n", g.seed)
	}
	shape, err := g.pacing.shape(cmd.Flags(), g.seed)
	if err != nil {
		return nil, start, err
	}
	if g.unpaced && g.count == 0 && pace.Endless(shape) {
		return nil, start, usageError{errors.New("--unpaced without an end would fill the disk: give --count, --duration or a pattern that ends")}
	}
	g.site.Seed = g.seed
	site, err := simulate.NewSite(g.site)
	if err != nil {
		return nil, start, usageError{err}
	}
	format, err := simulate.NewFormat(g.format, g.zone)
	if err != nil {
		return nil, start, usageError{err}
	}
	return &simulate.Log{
		Site: site, Format: format, Pacer: pace.NewArrivals(shape, g.pacing.arrivals, g.seed), Disorder: g.disorder, Seed: g.seed, Count: g.count,
	}, start, nil
}

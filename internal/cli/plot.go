package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/monitor"
	"weir/internal/plot"
	"weir/internal/term"
	"weir/internal/unit"
)

// plotting holds the flags of the plot command.
type plotting struct {
	output  string
	kind    plot.Kind
	watch   bool
	look    lookFlags
	history bool
	state   string
	since   spanFlags
	series  []string
	deltas  []time.Duration
	strict  bool
	gap     time.Duration
	skipBad bool

	threshold unit.PerSecond
	window    time.Duration
	zone      *time.Location
	filter    filterFlags
	format    formatFlags

	told []string // the notices of the picture drawn last
}

// lookFlags say how the picture looks.
type lookFlags struct {
	title string
	size  size
	theme string
	scale string
	stack bool
	color string
}

// A size is a width and a height in pixels; 0 is as fits.
type size struct{ width, height int }

const plotHelp = `weir plot draws how fast counters grow: requests per second, averaged over a minute or as
--delta_t says. FILE may be what weir collector writes (a time and counters, parted by tabs), an
access log, compressed or not, a directory of them, or "-". With --history it draws
what weir has kept of the logs.

Counters that were reset, gaps and uneven intervals are drawn as what they are: no rate is below
0, no line leads across a gap, and the first minute has none.

The ending of the output's name says what it is: .png, .svg, .pdf, .jpg or .gif. Without -o
the graph is shown on the terminal.`

func newPlot(s streams) *cobra.Command {
	o := &plotting{}
	cmd := &cobra.Command{
		Use:   "plot [flags] FILE...",
		Short: "Draw the rates of counters, of logs or of the past",
		Long:  plotHelp,
		Example: `  weir plot stats.tsv -o rates.png
  weir plot stats.tsv --delta_t 10s,1m,10m -o rates.svg --watch
  weir plot --history --since 7d access.log -o week.png`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.output, "FILE", "", parseOutput), "output", "o", "the picture to write, as a whole or not at all; - is standard output, with --type")
	f.Var(newValue(&o.kind, "KIND", "", plot.ParseKind), "type", "png, svg, pdf, jpg or gif, whatever the name of the output ends in")
	f.Var(newValue(&o.deltas, "SPANS", "1m", parseDeltas), "delta-t", "over which rates are averaged; several are drawn in one another: 10s,1m,10m; also --delta_t")
	f.BoolVar(&o.look.stack, "stack", false, "a panel for each span of --delta_t, one below the other")
	f.Var(newValue(&o.series, "NAMES", "", parseNames), "series", "which counters, as the header names them: 404s,500s; of logs hits, 1xx ... 5xx (default: all of a table; hits,4xx,5xx)")
	o.since.add(f, "from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z", "until this `TIME`")
	f.BoolVar(&o.strict, "strict", false, "the plain rule (value now - value before) / time, which a reset takes below 0")
	f.Var(newValue(&o.gap, "SPAN", "", unit.ParseSpan), "gap", "lines of a table further apart have a gap between them (default: 2.5 times the usual distance)")
	f.BoolVar(&o.skipBad, "skip-bad", false, "leave out lines of a table that cannot be read, and say how many")
	f.VarP(newValue(&o.threshold, "HITS", "", parseThreshold), "threshold", "t", "draw a line at so many per second, and mark when all counters together were above it")
	f.VarP(newValue(&o.window, "SPAN", "2m", parseSeconds(time.Second, 12*time.Hour)), "window", "w", "over which the average is taken that --threshold is about")
	f.StringVar(&o.look.title, "title", "", "the `TEXT` above (default: the name of what is drawn)")
	f.Var(newValue(&o.look.size, "WIDTHxHEIGHT", "", parsePixels), "size", "of the picture in pixels (default: 1200x480; more with --stack)")
	f.Var(newValue(&o.look.theme, "NAME", "light", oneOf("light", "dark")), "theme", "light or dark")
	f.Var(newValue(&o.look.scale, "KIND", "linear", oneOf("linear", "log")), "scale", "of the rates: linear, or log, on which there is no 0")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown and given: local, UTC, +02:00, Europe/Berlin")
	f.Var(newValue(&o.look.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "of the graph on the terminal: auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	f.BoolVar(&o.watch, "watch", false, "draw it anew whenever there is more, until Ctrl-C")
	f.BoolVar(&o.history, "history", false, "draw what weir has kept of the logs that are named, or of the ones it wrote last")
	f.Var(newValue(&o.state, "DIR", "", parseStateDir), "state", "with --history: the folder of the histories, or the history.db of one (docs/history.md)")
	o.filter.addQueries(f)
	o.format.add(f)
	return cmd
}

func parseOutput(s string) (string, error) {
	if s == "" {
		return "", errors.New("the name of the file is empty")
	}
	return s, nil
}

// parseDeltas reads spans, and returns them rising.
func parseDeltas(s string) ([]time.Duration, error) {
	const most = 6
	var all []time.Duration
	for word := range strings.SplitSeq(s, ",") {
		d, err := unit.ParseSpan(word)
		switch {
		case err != nil:
			return nil, err
		case d < time.Second:
			return nil, fmt.Errorf("must be a second at least, got %q", word)
		case d > 366*24*time.Hour:
			return nil, fmt.Errorf("must be a year at most, got %q", word)
		case slices.Contains(all, d):
			return nil, fmt.Errorf("has %s twice", unit.Span(d))
		}
		all = append(all, d)
	}
	if len(all) > most {
		return nil, fmt.Errorf("has %d spans, and at most %d can be told apart", len(all), most)
	}
	slices.Sort(all)
	return all, nil
}

func parseNames(s string) ([]string, error) {
	names := strings.Split(s, ",")
	for i, n := range names {
		names[i] = strings.TrimSpace(n)
		if names[i] == "" || slices.Contains(names[:i], names[i]) {
			return nil, errors.New("must be different names parted by commas, such as 404s,500s")
		}
	}
	return names, nil
}

func parsePixels(s string) (size, error) {
	wide, high, ok := strings.Cut(s, "x")
	w, err1 := strconv.Atoi(wide)
	h, err2 := strconv.Atoi(high)
	if !ok || err1 != nil || err2 != nil || min(w, h) < plot.Smallest || max(w, h) > plot.Largest {
		return size{}, fmt.Errorf("must be a width and a height in pixels, from %d to %d, such as 1200x480", plot.Smallest, plot.Largest)
	}
	return size{w, h}, nil
}

// check finds what is wrong with the flags before anything is read.
func (o *plotting) check(args []string, s streams) error {
	bad := func(text string, a ...any) error { return usageError{fmt.Errorf(text, a...)} }
	_, terminal := term.Color("never", s.out, os.Getenv)
	switch {
	case len(args) == 0 && !o.history:
		return bad("weir plot needs a file: a table of counters such as stats.tsv, an access log, - for standard input, or --history")
	case !o.history && o.state != "":
		return bad("--state says where a --history is: give that, too")
	case o.history && (len(o.format.given)+len(o.format.mapping) > 0 || o.format.log+o.format.date+o.format.time != ""):
		return bad("--format is about logs that are read, and --history reads none")
	case o.history && (o.strict || o.skipBad || o.gap != 0):
		return bad("--strict, --skip-bad and --gap are about tables of counters, and --history reads none")
	case o.watch && slices.Contains(args, "-"):
		return bad("--watch reads what it draws again, which standard input cannot give: name a file")
	case o.watch && o.output == "" && !terminal:
		return bad("--watch without -o draws on a terminal, and standard output is none: name a picture with -o")
	case o.output == "" && o.kind != "":
		return bad("--type says what the output is: name it with -o")
	case o.output == "-" && o.kind == "":
		return bad("standard output has no ending that says what to draw: give --type, such as --type png")
	case o.output == "-" && o.watch:
		return bad("--watch replaces the picture, which on standard output it cannot: name a file with -o")
	case o.output == "-" && terminal:
		return bad("a picture is no text for a terminal: write it to a file, or leave -o out for a graph of text")
	}
	if o.output != "" && o.kind == "" {
		var err error
		if o.kind, err = plot.KindOf(o.output); err != nil {
			return bad("invalid argument for --output: %w", err)
		}
	}
	if _, err := o.filter.compile(time.Now(), o.zone, 1); err != nil {
		return err
	}
	if _, err := o.filter.hops(false); err != nil {
		return err
	}
	_, err := o.format.choose(args)
	return err
}

func (o *plotting) run(ctx context.Context, args []string, s streams) error {
	if err := o.check(args, s); err != nil {
		return err
	}
	if o.watch {
		return o.follow(ctx, args, s)
	}
	return o.once(ctx, args, s)
}

// once reads and draws. What could be read of damaged logs is drawn, and the error says
// what could not.
func (o *plotting) once(ctx context.Context, args []string, s streams) error {
	now := time.Now()
	d, err := o.read(ctx, args, s, now)
	if err != nil {
		return err
	}
	for _, n := range d.notices {
		if !slices.Contains(o.told, n) { // with --watch it was, when it was drawn before
			tell(s.err, n)
		}
	}
	o.told = d.notices
	if err := o.draw(d, s, now); err != nil {
		return err
	}
	if d.failure != "" {
		return &monitor.InputError{Text: d.failure}
	}
	return nil
}

// draw writes the picture, or the text where none was asked for.
func (o *plotting) draw(d *drawn, s streams, now time.Time) error {
	if o.output == "" {
		cells, lines := term.Size(s.out)
		if cells == 0 {
			cells, lines = 80, 24
		}
		color, _ := term.Color(o.look.color, s.out, os.Getenv)
		c, err := o.chart(d, plot.PreviewColumns(cells))
		if err != nil {
			return err
		}
		name := os.Getenv("TERM")
		_, err = s.out.WriteString(plot.Preview(c, plot.Screen{
			Cells: cells, Lines: lines, Color: color, Log: o.look.scale == "log",
			Blocks: name == "linux" || name == "dumb",
		}))
		return err
	}
	look := o.options()
	c, err := o.chart(d, plot.Columns(look.Width))
	if err != nil {
		return err
	}
	picture, err := plot.Encode(o.kind, c, look)
	if err != nil {
		return fmt.Errorf("cannot draw %s: %w", o.output, err)
	}
	if o.output == "-" {
		_, err = s.out.Write(picture)
		return err
	}
	return plot.Replace(o.output, picture, now)
}

func (o *plotting) options() plot.Options {
	look := plot.Options{
		Width: o.look.size.width, Height: o.look.size.height,
		Dark: o.look.theme == "dark", Log: o.look.scale == "log", Stack: o.look.stack && len(o.deltas) > 1,
	}
	if look.Width == 0 {
		const wide, high, panel = 1200, 480, 260
		look.Width, look.Height = wide, high
		if look.Stack {
			look.Height = high - panel + panel*len(o.deltas)
		}
	}
	return look
}

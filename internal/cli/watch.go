package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/alert"
	"weir/internal/config"
	"weir/internal/feed"
	"weir/internal/gauge"
	"weir/internal/monitor"
	"weir/internal/notify"
	"weir/internal/term"
	"weir/internal/unit"
	"weir/internal/view"
)

// watch holds the flags of the main command. It is one struct because each field
// is a flag, or a group of flags that other commands have too.
type watch struct {
	files      []string
	inputs     inputFlags
	format     formatFlags
	filter     filterFlags
	threshold  unit.PerSecond
	value      string
	window     time.Duration
	interval   time.Duration
	expiration time.Duration
	lateness   time.Duration
	depth      int
	zone       *time.Location
	since      string
	clock      string
	fromEnd    bool
	json       bool
	color      string
	output     string
	rejects    string
	top        int
	poll       bool
	places     placeFlags
	memory     memoryFlags
	config     configFlag
	simulate   config.Simulate
	rules      []alert.Rule // of the configuration, and of flags
	ruled      ruleFlags
	loaded     *config.Config  // nil without a file
	own        map[string]bool // flags that were given
	channels   []notify.Channel
	high       *config.Rule // high traffic, as the configuration and flags of rules have it; nil without
}

const watchHelp = `weir reads the access logs that web servers are writing and says, every 10 seconds,
what happens on the site: hits, rate, status classes, bytes, visitors, latency and the
sections with the most hits. When the traffic of the past 2 minutes exceeds the threshold
on average it says so, and again when it recovers.

What a log holds is read first, oldest first, then the log is followed through rotation
until Ctrl-C. "-" is standard input, which ends. The format is recognised.

A directory, or a pattern in quotes, stands for the logs that are there and for those that
come later, which are found within a second or so. Of a directory the files named like a
log are taken, unless what they hold is no access log, as in error.log. Rotated and
compressed files are none of their own, nor is what weir writes itself.`

func newWatch(s streams) *cobra.Command {
	w := &watch{}
	cmd := &cobra.Command{
		Use:   "weir [flags] [FILE|DIRECTORY|-]...",
		Short: "Follow access logs: sections, statistics, high-traffic alerts",
		Long:  watchHelp,
		Example: `  weir /var/log/nginx/access.log
  weir -t 50 -w 5m access.log other.log
  weir /var/log/nginx
  zcat access.log.2.gz | weir --json -
  weir --syslog udp://127.0.0.1:5514`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			paths := append(args, w.files...)
			c, err := w.config.load(s, time.Now(), len(w.places.files) > 0)
			if err != nil {
				return err
			}
			w.loaded = c
			if c == nil {
				c = config.Default()
			}
			if c, err = w.ruled.over(c, configOptions(time.Now(), len(w.places.files) > 0)); err != nil {
				return err
			}
			if w.loaded == nil {
				w.obey(c, given(cmd.Flags()))
			} else if paths, err = w.adopt(cmd.Flags(), c, paths); err != nil {
				return err
			}
			if len(paths) == 0 && !w.inputs.given() {
				var err error
				if paths, err = offer(s); err != nil || len(paths) == 0 {
					return err
				}
			}
			if err := mistaken(cmd, args); err != nil {
				return err
			}
			return w.run(cmd, paths, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	w.config.add(f)
	w.ruled.add(f)
	f.StringArrayVarP(&w.files, "file", "f", nil, "log `FILE` to follow, as an argument is, or a directory or a pattern; may be repeated")
	w.inputs.add(f)
	w.filter.add(f)
	w.format.add(f)
	w.places.add(f)
	threshold := newValue(&w.threshold, "HITS", "10", parseThreshold)
	f.VarP(threshold, "threshold", "t", "alert above so many hits per second on average; also -a, --alert")
	f.VarPF(threshold, "a", "a", "").Hidden = true
	f.VarP(newValue(&w.window, "SPAN", "2m", parseSeconds(time.Second, 12*time.Hour)), "window", "w", "over which the average is taken; also --log_window")
	f.Var(newValue(&w.value, "KIND", "average", oneOf("average", "total")), "alert-value", "what alerts print as hits: average (per second) or total (of the window)")
	f.VarP(newValue(&w.interval, "SPAN", "10s", parseSeconds(time.Second, 24*time.Hour)), "interval", "i", "time between summaries; also --log_interval, --section_refresh")
	f.Var(newValue(&w.lateness, "SPAN", "2s", parseSeconds(0, time.Hour)), "lateness", "how long a second waits for lines out of order")
	f.IntVar(&w.top, "top", 5, "`N` sections in a summary")
	f.IntVar(&w.depth, "section-depth", 1, "`N` path segments make a section")
	f.Var(newValue(&w.expiration, "SPAN", "2m", parseSeconds(0, 24*time.Hour)), "section-expiration", "a section without hits that long leaves the list")
	f.Var(newValue(&w.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown, and of the days and hours of rules: local, UTC, +02:00, Europe/Berlin")
	f.StringVar(&w.since, "since", "", "begin with the records of this `TIME`: 2h, 14:30, 2026-03-10T14:00:00Z (default: the last 2 days of the log)")
	f.BoolVar(&w.fromEnd, "from-end", false, "pass over what the logs hold, begin with what is written now")
	f.StringVar(&w.clock, "clock", "", "let the event clock start at this `TIME` and go on in real time, to look at a still file; also --test_window_end")
	f.BoolVar(&w.json, "json", false, "one JSON object a line for each interval, event and the summary (docs/json.md)")
	f.Var(newValue(&w.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	f.StringVar(&w.output, "output", "", "write the same to this `FILE` too; it is reopened on SIGHUP")
	f.StringVar(&w.rejects, "rejects", "", "write the lines that are no requests to this `FILE`, each with its place and the reason")
	w.memory.add(f)
	f.BoolVar(&w.poll, "poll", false, "look at the files 4 times a second instead of asking the system for events")
	return cmd
}

// mistaken answers a first argument that is no file and resembles a command.
func mistaken(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || strings.ContainsAny(args[0], "./\\") {
		return nil
	}
	if _, err := os.Lstat(args[0]); err == nil {
		return nil
	}
	if near := nearest(args[0], cmd.SuggestionsFor(args[0])); near != "" {
		return usageError{fmt.Errorf("%q is neither a file nor a command; did you mean %q? (a log of that name that is yet to come is given as ./%s)",
			args[0], "weir "+near, args[0])}
	}
	return nil
}

func (w *watch) run(cmd *cobra.Command, paths []string, s streams) error {
	o, err := w.options(paths, s, time.Now())
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	reload, err := w.reloads(time.Now())
	if err != nil {
		return err
	}
	defer reload.close()
	if reload != nil {
		o.Reload = reload.look
	}
	o.Channels = w.channels
	if _, terminal := term.Color(w.color, s.out, os.Getenv); terminal {
		o.Bell = s.out
	}
	if w.output == "" && reload == nil {
		// A terminal that is closed ends weir as Ctrl-C does.
		var stop context.CancelFunc
		ctx, stop = untilHangup(ctx)
		defer stop()
	}
	if w.output != "" {
		file, err := openOutput(w.output)
		if err != nil {
			return err
		}
		defer file.Close()
		o.Copy = w.sink(file, false)
	}
	if w.rejects != "" {
		rejects, err := openRejects(w.rejects, nil)
		if err != nil {
			return err
		}
		defer rejects.Close()
		o.Rejects = w.filter.rejects(rejects)
	}
	places, err := w.places.follow(time.Now())
	if err != nil {
		return err
	}
	defer places.close()
	if len(places) > 0 {
		o.Gauge.Place, o.Look = namesIn(places), places.look
	}
	from := feed.Start{Since: o.Since, FromEnd: o.FromEnd}
	if from.Since.IsZero() {
		from.Since = time.Now().Add(-monitor.Backlog)
	}
	in, err := w.inputs.open(from)
	if err != nil {
		return err
	}
	defer in.close()
	o.Inputs = in
	written, err := simulated(ctx, w.simulate, w.zone, s)
	if err != nil {
		return err
	}
	defer written.end()
	r := w.remember(&o, paths)
	defer r.close()
	allowWhileRunning(ctx, len(o.Paths), o.History != nil)
	m, err := monitor.New(o)
	if bad := (*monitor.HistoryError)(nil); errors.As(err, &bad) {
		o.History, o.Notices = nil, []string{without(bad.Err)}
		m, err = monitor.New(o)
	}
	if err != nil {
		return err
	}
	return m.Run(ctx)
}

// remember opens the history of what is followed. With --clock an old log is seen
// as if it were new, which is not what happened.
func (w *watch) remember(o *monitor.Options, words []string) remembered {
	if w.clock != "" {
		return remembered{}
	}
	streams := w.inputs.names()
	once := len(streams) == 0 && !slices.ContainsFunc(words, func(word string) bool { return word != "-" })
	r := w.memory.open(words, streams, &w.filter, once)
	o.History, o.Subject = r.db, r.subject
	if r.notice != "" {
		o.Notices = []string{r.notice}
	}
	return r
}

// options turns the flags into what a Monitor takes. Everything wrong with
// them is found here.
func (w *watch) options(paths []string, s streams, now time.Time) (monitor.Options, error) {
	if err := w.memory.check(); err != nil {
		return monitor.Options{}, err
	}
	bad := func(flag string, err error) error {
		return usageError{fmt.Errorf("invalid argument for --%s: %w", flag, err)}
	}
	rule := alert.HighTrafficRule(w.threshold, w.window)
	rule.Total = w.value == "total"
	o := monitor.Options{
		Stdin: s.in, Zone: w.zone, FromEnd: w.fromEnd, Poll: w.poll,
		Gauge: gauge.Options{
			Interval: int64(w.interval / time.Second), Lateness: w.lateness,
			SectionDepth: w.depth, SectionExpiration: int64(w.expiration / time.Second),
			Tops: view.Tops{Sections: w.top, Clients: 3, Paths: 3, Bots: 5, Places: 5},
		},
	}
	if w.top < 1 || w.top > 1000 {
		return o, bad("top", fmt.Errorf("must be from 1 to 1000, got %d", w.top))
	}
	if w.depth < 1 || w.depth > 20 {
		return o, bad("section-depth", fmt.Errorf("must be from 1 to 20, got %d", w.depth))
	}
	names := w.inputs.names()
	formats, err := w.format.choose(slices.Concat(paths, names))
	if err != nil {
		return o, err
	}
	o.Format = formats.all
	w.filter.places = &w.places
	where, err := w.filter.compile(now, w.zone, w.depth)
	if err != nil {
		return o, err
	}
	if where != nil {
		o.Where = where()
	}
	o.Gauge.Rules = withHighTraffic(w.rules, rule)
	o.Suggest = w.unchosen()
	o.Own = w.owns
	if o.Gauge.Filter, err = w.filter.ofRules(o.Gauge.Rules, now, w.zone, w.depth); err != nil {
		return o, err
	}
	if o.Hops, err = w.filter.hops(false); err != nil {
		return o, err
	}
	if w.clock != "" {
		if o.Clock, err = unit.ParseTime(w.clock, now, w.zone); err != nil {
			return o, bad("clock", err)
		}
		now = o.Clock
	}
	if w.since != "" {
		if w.fromEnd {
			return o, usageError{fmt.Errorf("--since and --from-end contradict one another: give one of them")}
		}
		if o.Since, err = unit.ParseTime(w.since, now, w.zone); err != nil {
			return o, bad("since", err)
		}
		if o.Since.After(now) {
			return o, bad("since", fmt.Errorf("%s is later than now, %s: nothing would be read",
				o.Since.In(w.zone).Format(time.DateTime), now.In(w.zone).Format(time.DateTime)))
		}
	}
	l, err := follow(paths, s, formats.picks(), written{"output", w.output}, written{"rejects", w.rejects})
	if err != nil {
		return o, err
	}
	o.Paths, o.Patterns, o.Choice = l.paths, l.patterns, l.choice
	if _, err = formats.of(slices.Concat(o.Paths, o.Patterns, names)); err != nil {
		return o, err
	}
	o.FormatOf = formats.one
	color, terminal := term.Color(w.color, s.out, os.Getenv)
	if terminal && !w.json && o.Since.IsZero() {
		o.Brief = 10 * time.Minute
	}
	o.Screen = w.sink(s.out, color)
	return o, nil
}

func (w *watch) sink(to io.Writer, color bool) monitor.Sink {
	if w.json {
		return &term.JSON{W: to, Zone: w.zone}
	}
	return &term.Plain{W: to, Zone: w.zone, Color: color}
}

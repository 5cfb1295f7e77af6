package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/backtest"
	"weir/internal/config"
	"weir/internal/export"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/unit"
)

// backtesting holds the flags of the backtest command.
type backtesting struct {
	config   configFlag
	ruled    ruleFlags
	kind     string
	json     bool
	since    string
	until    string
	filter   filterFlags
	format   formatFlags
	depth    int
	lateness time.Duration
	zone     *time.Location
	last     int
	color    string
}

const backtestHelp = `weir backtest plays rules over logs of the past, as fast as the machine allows, and tells
what would have fired, how often in a week, for how long, and what other thresholds would
have done, so that one can be chosen.

FILE may be a log, also one compressed with gzip, zstd, bzip2 or xz, or rotated; a directory,
whose access logs are read; or a pattern in quotes. All of them are read in the order of
time, whatever the order of their names. "-" is standard input. Without FILE they are those of
the configuration. The rules are those of --config, or those that stand by default.`

func newBacktest(s streams) *cobra.Command {
	o := &backtesting{}
	cmd := &cobra.Command{
		Use:   "backtest [flags] FILE|DIRECTORY|-...",
		Short: "Try rules on old logs: what would have fired, and at which threshold",
		Long:  backtestHelp,
		Example: `  weir backtest access.log access.log.*.gz
  weir backtest -c weir.toml /var/log/nginx
  weir backtest --rule errors:above=2% --since 7d -o json access.log`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args, s, time.Now()) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.config.add(f)
	o.ruled.addRules(f)
	f.VarP(newValue(&o.kind, "KIND", "text", oneOf("text", "json")), "output-format", "o", "text or json (docs/json.md)")
	f.BoolVar(&o.json, "json", false, "the same as -o json")
	f.StringVar(&o.since, "since", "", "only the records from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z")
	f.StringVar(&o.until, "until", "", "only the records before this `TIME`")
	f.VarP(newValue(&o.last, "N", "20", parseLast), "lines", "n", "only the last N alerts, or all; of text alone")
	o.filter.add(f)
	o.format.add(f)
	f.IntVar(&o.depth, "section-depth", 1, "`N` path segments make a section")
	f.Var(newValue(&o.lateness, "SPAN", "2s", parseSeconds(0, time.Hour)), "lateness", "how long a second waits for lines out of order")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown, and of the days and hours of rules: local, UTC, +02:00, Europe/Berlin")
	f.Var(newValue(&o.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	return cmd
}

func (o *backtesting) run(cmd *cobra.Command, args []string, s streams, now time.Time) error {
	c, err := o.settings(cmd.Flags(), &args, s, now)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return usageError{errors.New("weir backtest needs a log: name a file, a directory, or - for standard input")}
	}
	options, pass, err := o.options(c, now)
	if err != nil {
		return err
	}
	logs, notices, err := o.format.find(args)
	if err != nil {
		return err
	}
	pass.Stdin = s.in
	done := showProgress(s.err, logs, &pass)
	started := time.Now()
	m := newMerge(logs, pass, backtest.New(options))
	err = m.read(cmd.Context())
	done()
	switch {
	case err != nil && cmd.Context().Err() != nil:
		return fmt.Errorf("stopped before the logs were read: %w", err)
	case err != nil:
		return err
	}
	found := m.run.End()
	found.Notices = append(slices.Concat(notices, m.notices), found.Notices...)
	t := tested{Result: found, logs: len(logs), spent: time.Since(started), zone: o.zone, last: o.last}
	for _, f := range m.failures {
		t.failures = append(t.failures, f.Error())
	}
	if !found.Seen && len(m.failures) == len(logs) {
		return m.verdict(found)
	}
	if o.kind == "json" {
		err = t.json(s.out)
	} else {
		err = t.text(s.out, o.color)
	}
	if err != nil {
		return err
	}
	return m.verdict(found)
}

// settings reads the configuration, and takes out of it what no flag says.
func (o *backtesting) settings(f *pflag.FlagSet, args *[]string, s streams, now time.Time) (*config.Config, error) {
	c, err := o.config.load(s, now, false)
	if err != nil {
		return nil, err
	}
	if o.json {
		o.kind = "json"
	}
	if c == nil {
		return o.ruled.over(config.Default(), configOptions(now, false))
	}
	if c, err = o.ruled.over(c, configOptions(now, false)); err != nil {
		return nil, err
	}
	own := given(f)
	for _, flag := range c.Flags() {
		if own[flag.Name] || f.Lookup(flag.Name) == nil || flag.Name == "log-format" || flag.Name == "since" || flag.Name == "json" {
			continue
		}
		for _, v := range flag.Values {
			if err := f.Set(flag.Name, v); err != nil {
				return nil, usageError{fmt.Errorf("--%s of the configuration: %w", flag.Name, err)}
			}
		}
	}
	if len(*args) == 0 {
		*args = slices.Clone(c.Inputs.Logs)
		for _, source := range c.Inputs.Sources {
			*args = append(*args, source.Path)
		}
	}
	o.format.adopt(f, c, *args)
	return c, nil
}

// options turns the flags into those of a run and of a pass. Everything wrong with them
// is found here.
func (o *backtesting) options(c *config.Config, now time.Time) (backtest.Options, scan.Options, error) {
	p := scan.Options{Writer: func() export.Writer { return backtest.Writer{} }}
	run := backtest.Options{Rules: c.In(o.zone).Watched(), SectionDepth: o.depth, Lateness: o.lateness, Zone: o.zone, Now: now}
	if o.depth < 1 || o.depth > 20 {
		return run, p, usageError{fmt.Errorf("invalid argument for --section-depth: must be from 1 to 20, got %d", o.depth)}
	}
	if len(run.Rules) == 0 {
		return run, p, usageError{errors.New("no rule is on: there is nothing to try")}
	}
	var err error
	if p.Where, err = o.filter.compile(now, o.zone, o.depth); err != nil {
		return run, p, err
	}
	if run.Filter, err = o.filter.ofRules(run.Rules, now, o.zone, o.depth); err != nil {
		return run, p, err
	}
	if p.Hops, err = o.filter.hops(false); err != nil {
		return run, p, err
	}
	p.From, p.To, err = stretch(o.since, o.until, now, o.zone)
	return run, p, err
}

// A merge gives the records of many logs to a run in the order of time.
//
//	log 1 ──scan──► blocks ──╮
//	log 2 ──scan──► blocks ──┼──► the record that is furthest behind ──► run
//	log 3   not yet: it begins later
//
// A log is opened when time comes to its first record, so of rotated files one or two are
// open at once. Each block is sent to the one goroutine that decides, none of its lines.
type merge struct {
	pass     scan.Options
	run      *backtest.Run
	waiting  []*past // in the order of their first records
	open     []*past
	sources  map[string]int // of the run, by the name of the log
	failures []scan.Failure
	notices  []string
	outside  int64
	rejected string // what is wrong with a line, and where
}

// A past is a log being read.
type past struct {
	scan.Log
	first  int64 // its first record; the smallest number where that is not known
	source int
	name   string
	blocks chan []byte
	used   chan []byte
	result *scan.Result // once blocks is closed
	err    error
	block  backtest.Block
	text   []byte // of block
	next   int64
}

const (
	// early is how long before its first record a log is opened, in seconds: lines of
	// it may be out of order.
	early = 300
	// mostOpen are logs that are open at the same time, each with some blocks in memory.
	mostOpen = 64
)

func newMerge(logs []scan.Log, pass scan.Options, run *backtest.Run) *merge {
	m := &merge{pass: pass, run: run, sources: map[string]int{}}
	for _, l := range logs {
		p := &past{Log: l, first: math.MinInt64, name: unrotated(l.Name)}
		if sec, ok := scan.First(l); ok {
			p.first = sec
		}
		m.waiting = append(m.waiting, p)
	}
	slices.SortStableFunc(m.waiting, func(a, b *past) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	return m
}

// unrotated is the name that a log had before it was rotated and compressed: without .gz and the
// like, a number, a date.
func unrotated(name string) string {
	dir, base := filepath.Split(name)
	for _, packed := range []string{".gz", ".zst", ".bz2", ".xz"} {
		base = strings.TrimSuffix(base, packed)
	}
	bare := strings.TrimRight(base, "0123456789-_:T")
	end := base[len(bare):]
	digits := len(end) - strings.Count(end, "-") - strings.Count(end, "_") - strings.Count(end, ":") - strings.Count(end, "T")
	short := strings.HasSuffix(bare, ".") && digits > 0 && digits <= 3 && digits == len(end)
	dated := digits >= 8 && (strings.HasSuffix(bare, ".") || strings.HasPrefix(end, "-"))
	if bare = strings.TrimSuffix(bare, "."); bare == "" || !short && !dated {
		return dir + base
	}
	return dir + bare
}

// read gives all records to the run.
func (m *merge) read(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		for _, p := range m.open {
			for range p.blocks { // until its scan has ended
			}
		}
	}()
	for len(m.waiting) > 0 || len(m.open) > 0 {
		if len(m.open) == 0 {
			if err := m.begin(ctx); err != nil {
				return err
			}
			continue
		}
		behind := slices.MinFunc(m.open, func(a, b *past) int {
			switch {
			case a.next < b.next:
				return -1
			case a.next > b.next:
				return 1
			}
			return 0
		})
		limit := int64(math.MaxInt64)
		if len(m.waiting) > 0 {
			if m.waiting[0].first < behind.next+early {
				if err := m.begin(ctx); err != nil {
					return err
				}
				continue
			}
			limit = m.waiting[0].first - early
		}
		for _, p := range m.open {
			if p != behind {
				limit = min(limit, p.next)
			}
		}
		m.run.Play(behind.source, &behind.block, limit)
		if err := m.fill(behind); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// begin opens the log that waits and begins first.
func (m *merge) begin(ctx context.Context) error {
	p := m.waiting[0]
	m.waiting = m.waiting[1:]
	if len(m.open) >= mostOpen {
		return usageError{fmt.Errorf("more than %d logs have lines of the same time, the last %s: give fewer of them at once", mostOpen, p.Name)}
	}
	source, known := m.sources[p.name]
	if !known {
		source = m.run.AddSource(p.name)
		m.sources[p.name] = source
	}
	p.source, p.next = source, p.first
	p.blocks, p.used = make(chan []byte, 1), make(chan []byte, 2)
	m.open = append(m.open, p)
	go func() {
		defer close(p.blocks)
		o := m.pass
		o.Records = blockSink{ctx.Done(), p}
		if p.result, p.err = scan.Run(ctx, []scan.Log{p.Log}, o); p.err != nil && ctx.Err() != nil {
			p.err = nil // who stopped it says why
		}
	}()
	return m.fill(p)
}

// A blockSink sends what a scan has written to the merge.
type blockSink struct {
	stop <-chan struct{}
	*past
}

// Write implements io.Writer.
func (b blockSink) Write(text []byte) (int, error) {
	var buf []byte
	select {
	case buf = <-b.used:
	default:
	}
	select {
	case b.blocks <- append(buf[:0], text...):
		return len(text), nil
	case <-b.stop:
		return 0, context.Canceled
	}
}

// fill makes next the time of the next record of a log, which ends where there is none.
func (m *merge) fill(p *past) error {
	for {
		if sec, ok := p.block.Next(m.run, p.source); ok {
			p.next = sec
			return nil
		}
		if err := p.block.Err(); err != nil {
			return err
		}
		select {
		case p.used <- p.text:
		default:
		}
		var more bool
		if p.text, more = <-p.blocks; !more {
			return m.close(p)
		}
		p.block.Fill(p.text)
		m.run.Caught(p.source, false)
	}
}

// close takes what there is to tell of a log that was read.
func (m *merge) close(p *past) error {
	m.open = slices.DeleteFunc(m.open, func(o *past) bool { return o == p })
	if !slices.ContainsFunc(m.open, func(o *past) bool { return o.source == p.source }) {
		m.run.Caught(p.source, true)
	}
	if p.err != nil || p.result == nil {
		return p.err
	}
	m.failures = append(m.failures, p.result.Failures...)
	m.notices = append(m.notices, p.result.Notices...)
	for _, s := range p.result.Sources {
		m.outside += s.Older
		if s.LastReject != nil && m.rejected == "" {
			m.rejected = s.LastReject.Position(s.Name) + ": " + s.LastReject.Reason
		}
	}
	return nil
}

// verdict is what the exit code says of logs that were read.
func (m *merge) verdict(r *backtest.Result) error {
	switch {
	case len(m.failures) == 1:
		return &monitor.InputError{Text: m.failures[0].Error()}
	case len(m.failures) > 1:
		return &monitor.InputError{Text: fmt.Sprintf("%d logs could not be read, or not to their end, the first: %v", len(m.failures), m.failures[0])}
	case !r.Seen && m.outside == 0 && r.Rejected > 0:
		return &monitor.InputError{Text: "no line of what was read is a request: " + m.rejected}
	}
	return nil
}

// perWeek is how often something that happened n times would in a week; "" where the
// logs are too short to tell.
func perWeek(n, seconds int64) string {
	if seconds < leastTelling {
		return "-"
	}
	return unit.Rate(n*week, seconds)
}

const (
	week         = 7 * 86400
	leastTelling = 86400 // seconds of log that tell something of a week
)

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/accesslog"
	"weir/internal/collect"
	"weir/internal/config"
	"weir/internal/monitor"
	"weir/internal/tail"
	"weir/internal/term"
	"weir/internal/view"
)

// collectorWatch are the flags of a collector that watches what it collects, as weir
// watches logs.
type collectorWatch struct {
	on bool
	watch
}

// add adds the flags, which are those of weir. What that has further is as it is there by
// default.
func (o *collectorWatch) add(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "watch", false, "count what the counters of statuses grow by as requests: intervals and alerts as weir shows them, and a history of the page")
	w := &o.watch
	w.value, w.top, w.depth = "average", 5, 1
	w.expiration = 2 * time.Minute
	f.VarP(newValue(&w.threshold, "HITS", "10", parseThreshold), "threshold", "t", "with --watch: alert above so many requests per second on average")
	f.VarP(newValue(&w.window, "SPAN", "2m", parseSeconds(time.Second, 12*time.Hour)), "window", "w", "with --watch: over which the average is taken")
	w.filter.addWhere(f)
	f.BoolVar(&w.json, "json", false, "with --watch: one JSON object a line for each interval, event and the summary (docs/json.md)")
	f.Var(newValue(&w.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "with --watch: auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	w.config.add(f)
	w.ruled.add(f)
	w.memory.add(f)
}

// check finds flags that contradict.
func (o *collectorWatch) check(c *collector, given func(flag string) bool) error {
	if !o.on {
		for _, name := range []string{"threshold", "window", "where", "ignore", "json", "color", "config", "rule", "notify", "state", "no-state", "state-max", "state-keep"} {
			if given(name) {
				return usageError{fmt.Errorf("--%s says how to watch what is collected: give --watch, too", name)}
			}
		}
		return nil
	}
	switch {
	case c.once:
		return usageError{errors.New("--once is a single record, and --watch counts what grew since the one before: leave one of them out")}
	case c.output == "" || c.output == "-":
		return usageError{errors.New("--watch shows what happens on standard output: name a file for the records with --output stats.tsv")}
	case c.interval%time.Second != 0 || c.interval > 12*time.Hour:
		return usageError{errors.New("invalid argument for --interval: with --watch it must be whole seconds, 12 hours at most, since requests are counted by the second")}
	}
	return nil
}

// obeyed takes out of a configuration what is said of rules, channels and the history.
func (o *collectorWatch) obeyed(f *pflag.FlagSet, s streams) error {
	now := time.Now()
	c, err := o.config.load(s, now, false)
	if err != nil {
		return err
	}
	if o.loaded = c; c == nil {
		c = config.Default()
	}
	if c, err = o.ruled.over(c, configOptions(now, false)); err != nil {
		return err
	}
	own := given(f)
	own["state"] = own["state"] || own["no-state"] // which contradict one another
	own["no-state"] = own["state"]
	for _, flag := range c.Flags() {
		if own[flag.Name] || !slices.Contains([]string{"state", "no-state", "state-max", "state-keep"}, flag.Name) {
			continue
		}
		for _, v := range flag.Values {
			if err := f.Set(flag.Name, v); err != nil {
				return usageError{fmt.Errorf("--%s of the configuration: %w", flag.Name, err)}
			}
		}
	}
	o.obey(c, own)
	return nil
}

// run collects, and watches what is collected.
func (o *collectorWatch) run(cmd *cobra.Command, c collect.Options, s streams) (collect.Totals, error) {
	stream, err := c.Stream()
	if err != nil {
		return collect.Totals{}, usageError{fmt.Errorf("invalid argument for --metric: %w; leave it or --watch out", err)}
	}
	if err := o.obeyed(cmd.Flags(), s); err != nil {
		return collect.Totals{}, err
	}
	m, r, err := o.monitor(&c, stream, s)
	defer r.close()
	if err != nil {
		return collect.Totals{}, err
	}
	// What was collected is counted to its end, whatever ends the collecting; who no longer
	// reads the output ends it.
	collecting, stop := context.WithCancel(cmd.Context())
	defer stop()
	allowWhileRunning(collecting, 1, r.db != nil)
	c.Record = func(sent time.Time, values []string) {
		stream.Record(sent, values)
		if readerGone(s.out) { // the next line may never come
			stop()
		}
	}
	watched := make(chan error, 1)
	go func() {
		defer stop()
		watched <- m.Run(context.WithoutCancel(collecting))
	}()
	totals, err := collect.Run(collecting, c)
	stream.End()
	return totals, errors.Join(err, <-watched)
}

// monitor puts together what watches the stream. Whoever calls it closes what is remembered,
// also on an error.
func (o *collectorWatch) monitor(c *collect.Options, stream *collect.Stream, s streams) (*monitor.Monitor, remembered, error) {
	interval := c.Interval
	o.interval = max(interval, 10*time.Second)
	m, err := o.options(nil, s, time.Now())
	if err != nil {
		return nil, remembered{}, err
	}
	format, err := accesslog.Compile(collect.StreamFormat)
	if err != nil {
		return nil, remembered{}, err
	}
	format.Name = "counters"
	m.Format, m.Inputs, m.TimeOnly = &format, []tail.Input{{Name: stream.Name(), Feed: stream}}, collect.TimeOnly
	// Requests come in the order of time, so no second waits for others, and each record says
	// how far it has come. Where records cease, time stands until none could come whose
	// requests are counted: what is not known is not taken for nothing.
	m.Gauge.Lateness, m.Gauge.Hold = 0, holdOf(stream, c)
	m.Gauge.Tops = view.Tops{Sections: 5} // counters know neither clients nor paths
	m.Channels = o.channels
	if _, terminal := term.Color(o.color, s.out, os.Getenv); terminal {
		m.Bell = s.out
	}
	reload, err := o.reloads(time.Now())
	if err != nil {
		return nil, remembered{}, err
	}
	if reload != nil {
		m.Reload = reload.look
	}
	r := o.memory.open(nil, []string{stream.Name()}, &o.filter, false)
	m.History, m.Subject = r.db, r.subject
	if r.notice != "" {
		m.Notices = []string{r.notice}
	}
	made, err := monitor.New(m)
	if bad := (*monitor.HistoryError)(nil); errors.As(err, &bad) {
		m.History, m.Notices = nil, []string{without(bad.Err)}
		made, err = monitor.New(m)
	}
	return made, r, err
}

// holdOf is how long the event clock stands where records cease: as long as one may come whose
// requests are counted, and be answered, and be read.
func holdOf(s *collect.Stream, c *collect.Options) time.Duration {
	return s.Patience() + c.Timeout + time.Second
}

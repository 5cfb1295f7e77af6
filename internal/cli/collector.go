package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/collect"
	"weir/internal/config"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// collector holds the flags of the collector.
type collector struct {
	url      *url.URL
	output   string
	interval time.Duration
	timeout  time.Duration
	duration time.Duration
	metrics  []string
	once     bool
	extended bool
	zone     *time.Location
	watch    collectorWatch
}

const collectorHelp = `weir collector asks a page of counters every so often, and appends a line for each answer:
Unix time, 200s, 404s, 500s, with tabs between them. The page has lines such as "200s: 5",
or is JSON, or is in the format of Prometheus; --metric names other columns.

It looks at times that do not drift, and at the same ones when it goes on with a file that
has records. A server that is away, hangs or answers nonsense makes a gap, which is told;
never a line that is not true. It runs until Ctrl-C, or for --duration.

With --watch what the counters grow by is watched as weir watches logs, with alerts and a
history of the page.`

func newCollector(s streams) *cobra.Command {
	o := &collector{}
	cmd := &cobra.Command{
		Use:   "collector --url URL [flags]",
		Short: "Ask a page of counters every so often and write down what it says",
		Long:  collectorHelp,
		Example: `  weir collector --url http://127.0.0.1:8080/stats --interval 10s -o stats.tsv
  weir collector --url http://127.0.0.1:9100/metrics --metric node_load1 --metric 'node_cpu_seconds_total{mode="idle"}'
  weir collector --url http://127.0.0.1:8080/stats --once
  weir collector --watch -t 50 --url http://127.0.0.1:8080/stats -o stats.tsv`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.url, "URL", "", collect.ParseURL), "url", "u", "of the page")
	f.StringVarP(&o.output, "output", "o", "", "`FILE` to append to (default: standard output)")
	f.VarP(newValue(&o.interval, "SPAN", "10s", unit.ParseSpan), "interval", "i", "between records")
	f.Var(newValue(&o.timeout, "SPAN", "", unit.ParseSpan), "timeout", "give up on an answer after this time (default: nine tenths of the interval, 10s at most)")
	f.Var(newValue(&o.duration, "SPAN", "", unit.ParseSpan), "duration", "end with the record that is so long after the first")
	f.BoolVar(&o.once, "once", false, "one record, now")
	f.StringArrayVar(&o.metrics, "metric", nil, "a column by `NAME` instead of 200s, 404s, 500s, and a line of names at the head; may be repeated")
	f.BoolVar(&o.extended, "extended", false, "a line of names, milliseconds, elapsed time, and lines for scrapes that failed")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown, which those of records are not: local, UTC, +02:00, Europe/Berlin")
	o.watch.add(f)
	return cmd
}

// check finds what contradicts, and puts in what was left out.
func (o *collector) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	least := time.Second
	if o.extended {
		least = 100 * time.Millisecond
	}
	if !given("timeout") {
		o.timeout = min(o.interval*9/10, 10*time.Second)
		if o.once {
			o.timeout = 10 * time.Second
		}
	}
	switch {
	case o.url == nil:
		return usageError{errors.New("weir collector needs a page: name it with --url http://127.0.0.1:8080/stats")}
	case given("output") && o.output == "":
		return usageError{errors.New("invalid argument for --output: the name of the file is empty")}
	case o.once && (given("interval") || given("duration")):
		return usageError{errors.New("--once is a single record: leave --interval and --duration out")}
	case o.interval < least || !o.extended && o.interval%time.Second != 0:
		return usageError{fmt.Errorf("invalid argument for --interval: must be whole seconds, such as 10s, since records carry the second; with --extended from 100ms on")}
	case o.interval%time.Millisecond != 0:
		return usageError{errors.New("invalid argument for --interval: must be whole milliseconds")}
	case o.timeout <= 0:
		return usageError{errors.New("invalid argument for --timeout: must be above 0")}
	case !o.once && o.timeout > o.interval:
		return usageError{fmt.Errorf("invalid argument for --timeout: must be at most the interval, %s, or it would keep the next record", unit.Span(o.interval))}
	case given("duration") && o.duration < o.interval:
		return usageError{fmt.Errorf("invalid argument for --duration: must be at least the interval, %s; for a single record give --once", unit.Span(o.interval))}
	}
	return o.watch.check(o, given)
}

// columns reads the names of --metric.
func (o *collector) columns() ([]collect.Metric, error) {
	if len(o.metrics) == 0 {
		return collect.Counts(), nil
	}
	var all []collect.Metric
	seen := map[string]bool{}
	for _, text := range o.metrics {
		m, err := collect.ParseMetric(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --metric: %w", err)}
		}
		if seen[m.String()] {
			return nil, usageError{fmt.Errorf("invalid argument for --metric: %q is given twice", m)}
		}
		seen[m.String()] = true
		all = append(all, m)
	}
	return all, nil
}

func (o *collector) run(cmd *cobra.Command, s streams) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	columns, err := o.columns()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	options := collect.Options{
		URL: o.url, Interval: o.interval, Timeout: o.timeout, Duration: o.duration, Once: o.once,
		Metrics: columns, Named: len(o.metrics) > 0, Extended: o.extended,
		Agent: "weir-collector/" + release, Zone: o.zone, Tell: func(text string) { tell(s.err, text) },
	}
	if o.output != "" && o.output != "-" {
		options.Path = o.output
		// Who rotates the file may say so; it is looked at before each record anyway.
		hangups := make(chan os.Signal, 1)
		notifyHangup(hangups)
	} else {
		options.Out = s.out
		var stop context.CancelFunc
		ctx, stop = untilHangup(ctx)
		defer stop()
	}
	var totals collect.Totals
	if o.watch.on {
		o.watch.zone = o.zone
		totals, err = o.watch.run(cmd, options, s)
	} else {
		totals, err = collect.Run(ctx, options)
	}
	if begun := totals != (collect.Totals{}); !o.once && (begun || err == nil) {
		tell(s.err, collected(totals))
	}
	var nothing *collect.NothingError
	var refused *collect.RefusedError
	if errors.As(err, &nothing) || errors.As(err, &refused) {
		return &monitor.InputError{Text: err.Error()}
	}
	return err
}

// collected tells what became of a run.
func collected(t collect.Totals) string {
	text := unit.Count(t.Records) + " " + unit.Plural(t.Records, "record")
	if none := t.Failed + t.Missed; none > 0 {
		text += fmt.Sprintf(", %s %s without one", unit.Count(none), unit.Plural(none, "tick"))
	}
	return text
}

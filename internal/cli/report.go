package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/alert"
	"weir/internal/config"
	"weir/internal/monitor"
	"weir/internal/report"
	"weir/internal/scan"
	"weir/internal/term"
	"weir/internal/unit"
	"weir/internal/view"
)

// reporting holds the flags of the report command.
type reporting struct {
	kind      string
	json      bool
	format    formatFlags
	filter    filterFlags
	threshold unit.PerSecond
	value     string
	window    time.Duration
	depth     int
	zone      *time.Location
	since     string
	until     string
	color     string
	top       int
	workers   int
	check     bool
	rejects   string
	places    placeFlags
}

const reportHelp = `weir report reads logs from their beginning to their end, as fast as the processors
allow, and tells what is in them: what was asked for, when and by whom, how fast it was
answered, what stands out, and which high-traffic alerts there would have been.

FILE may be a log, also one compressed with gzip, zstd, bzip2 or xz; a directory, whose
access logs are read; or a pattern in quotes. "-" is standard input. The formats are
recognised, each by itself.`

func newReport(s streams) *cobra.Command {
	o := &reporting{}
	cmd := &cobra.Command{
		Use:   "report [flags] FILE|DIRECTORY|-...",
		Short: "Read whole logs, compressed ones too, and tell what is in them",
		Long:  reportHelp,
		Example: `  weir report access.log
  weir report --since 7d /var/log/nginx
  weir report -o json access.log access.log.*.gz`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("weir report needs a log: name a file, a directory, or - for standard input")}
			}
			return o.run(cmd.Context(), args, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.kind, "KIND", "text", oneOf("text", "json", "csv")), "output-format", "o", "text, json (docs/json.md) or csv")
	f.BoolVar(&o.json, "json", false, "the same as -o json")
	f.StringVar(&o.since, "since", "", "only the records from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z")
	f.StringVar(&o.until, "until", "", "only the records before this `TIME`")
	o.filter.add(f)
	o.format.add(f)
	o.places.add(f)
	f.IntVar(&o.top, "top", 10, "`N` rows in each table")
	f.IntVar(&o.depth, "section-depth", 1, "`N` path segments make a section")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times shown: local, UTC, +02:00, Europe/Berlin")
	f.VarP(newValue(&o.threshold, "HITS", "10", parseThreshold), "threshold", "t", "alerts of the past: above so many hits per second on average")
	f.VarP(newValue(&o.window, "SPAN", "2m", parseSeconds(time.Second, 12*time.Hour)), "window", "w", "over which the average is taken")
	f.Var(newValue(&o.value, "KIND", "average", oneOf("average", "total")), "alert-value", "what alerts print as hits: average (per second) or total (of the window)")
	f.BoolVar(&o.check, "check", false, "end with exit code 4 if there was an alert")
	f.StringVar(&o.rejects, "rejects", "", "write the lines that are no requests to this `FILE`, each with its place and the reason")
	f.Var(newValue(&o.color, "WHEN", "auto", oneOf("auto", "always", "never")), "color", "auto, always or never; NO_COLOR and TERM=dumb are obeyed by auto")
	f.IntVar(&o.workers, "workers", 0, "`N` processors to use, all by default; the result is the same")
	return cmd
}

func (o *reporting) run(ctx context.Context, args []string, s streams) error {
	options, err := o.options(time.Now())
	if err != nil {
		return err
	}
	logs, notices, err := o.format.find(args)
	if err != nil {
		return err
	}
	places, err := o.places.open()
	if err != nil {
		return err
	}
	defer places.close()
	options.Stdin = s.in
	rejects, err := openRejects(o.rejects, logs)
	if err != nil {
		return err
	}
	if rejects != nil {
		defer rejects.Close()
		options.Rejects = o.filter.rejects(rejects)
	}
	done := showProgress(s.err, logs, &options)
	found, err := scan.Run(ctx, logs, options)
	done()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped before the logs were read: %w", err)
	case err != nil:
		return err
	}
	rule := alert.HighTrafficRule(o.threshold, o.window)
	rule.Total = o.value == "total"
	found.Notices = append(notices, found.Notices...)
	if len(found.Failures) == len(logs) && found.Tally.Hits == 0 && len(found.Rejected) == 0 {
		return o.verdict(new(report.Report), found) // a page of nothing helps nobody
	}
	r := report.Read(found, report.Options{
		Rules: []alert.Rule{rule}, Place: places.place(),
		Tops: view.Tops{Sections: o.top, Clients: o.top, Paths: o.top, Others: o.top},
	})
	damage := places.damage()
	r.Failures = append(r.Failures, damage...)
	if err := o.write(r, s.out); err != nil {
		return err
	}
	if err := o.verdict(r, found); err != nil || len(damage) == 0 {
		return err
	}
	return &monitor.InputError{Text: damage[0]}
}

// options turns the flags into those of a pass. Everything wrong with them is
// found here.
func (o *reporting) options(now time.Time) (scan.Options, error) {
	bad := func(flag string, err error) error {
		return usageError{fmt.Errorf("invalid argument for --%s: %w", flag, err)}
	}
	p := scan.Options{Workers: o.workers, SectionDepth: o.depth}
	if o.json {
		if o.kind == "csv" {
			return p, usageError{errors.New("--json and -o csv contradict one another: give one of them")}
		}
		o.kind = "json"
	}
	if o.top < 1 || o.top > 1000 {
		return p, bad("top", fmt.Errorf("must be from 1 to 1000, got %d", o.top))
	}
	if o.depth < 1 || o.depth > 20 {
		return p, bad("section-depth", fmt.Errorf("must be from 1 to 20, got %d", o.depth))
	}
	if err := checkWorkers(o.workers); err != nil {
		return p, err
	}
	var err error
	o.filter.places = &o.places
	if p.Where, err = o.filter.compile(now, o.zone, o.depth); err != nil {
		return p, err
	}
	if p.Hops, err = o.filter.hops(false); err != nil {
		return p, err
	}
	p.From, p.To, err = stretch(o.since, o.until, now, o.zone)
	return p, err
}

func (o *reporting) write(r *report.Report, out *os.File) error {
	switch o.kind {
	case "json":
		return (&report.JSON{W: out, Zone: o.zone}).Write(r)
	case "csv":
		return (&report.CSV{W: out, Zone: o.zone}).Write(r)
	}
	color, _ := term.Color(o.color, out, os.Getenv)
	return (&report.Text{W: out, Zone: o.zone, Color: color}).Write(r)
}

// verdict is what the exit code says of a report that was written.
func (o *reporting) verdict(r *report.Report, found *scan.Result) error {
	switch {
	case len(found.Failures) == 1:
		return &monitor.InputError{Text: found.Failures[0].Error()}
	case len(found.Failures) > 1:
		return &monitor.InputError{Text: fmt.Sprintf("%d logs could not be read, or not to their end, the first: %v", len(found.Failures), found.Failures[0])}
	case !r.Seen && r.Outside == 0 && r.Rejected.Total > 0:
		why := strings.Join(r.Notices, "; ")
		for _, s := range r.Sources {
			if why == "" && s.LastReject != nil {
				why = s.LastReject.Position(s.Name) + ": " + s.LastReject.Reason
			}
		}
		return &monitor.InputError{Text: "no line of what was read is a request: " + why}
	case o.check && len(r.Alerts) > 0:
		return checkError{"there were alerts, the first: " + r.Alerts[0].Message(o.zone)}
	}
	return nil
}

// showProgress shows how far the pass is, where w is a terminal and the logs
// take longer than a moment. It is ended by calling done.
func showProgress(w *os.File, logs []scan.Log, o *scan.Options) (done func()) {
	if _, terminal := term.Color("never", w, os.Getenv); !terminal {
		return func() {}
	}
	total := int64(0)
	for _, l := range logs {
		if info, err := os.Stat(l.Name); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
	}
	o.Done = new(atomic.Int64)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		started, shown := time.Now(), false
		for {
			select {
			case <-stop:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case now := <-tick.C:
				if spent := now.Sub(started); spent >= 500*time.Millisecond {
					shown = true
					fmt.Fprintf(w, "\r\x1b[K%s", progress(o.Done.Load(), total, spent))
				}
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// progress says how much of total was read and how long the rest may take.
func progress(read, total int64, spent time.Duration) string {
	speed := unit.Bytes(int64(float64(read)/spent.Seconds())) + "/s"
	if total == 0 || read == 0 {
		return fmt.Sprintf("reading: %s, %s", unit.Bytes(read), speed)
	}
	left := time.Duration(float64(spent) * float64(max(0, total-read)) / float64(read)).Round(time.Second)
	return fmt.Sprintf("reading: %s of %s, %s, %s left", unit.Percent(min(read, total), total), unit.Bytes(total), speed, unit.Span(left))
}

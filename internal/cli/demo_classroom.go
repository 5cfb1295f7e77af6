package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"weir/internal/collect"
	"weir/internal/drive"
	"weir/internal/export"
	"weir/internal/monitor"
	"weir/internal/pace"
	"weir/internal/plot"
	"weir/internal/timesite"
	"weir/internal/unit"
)

// A classroom is the exercise that weir's traffic tools are for, carried out at once: a time
// server with counters, a traffic generator, a collector of the counters, a graph of their
// rates (docs/classroom.md).
type classroom struct {
	length time.Duration
	keep   string // the folder for what is written; "" for one that is removed
	check  bool
	rate   unit.PerSecond
	seed   uint64
}

// The traffic of the classroom: as many requests as the exercise asks for, more and less by
// turns, each second drawn anew, some of them in vain.
const (
	classRate   = 500 * unit.One
	classJitter = 0.2
	classSwing  = "sine:period=%s,amp=50%%"
	classMix    = "90 GET /\n4 GET /fail\n6 GET /nothing\n"
)

// leastClass is the shortest classroom: a collector that looks every second needs some.
const leastClass = 5 * time.Second

// interval is that of the collector: 10 s in an hour, down to a second in three minutes.
func (c *classroom) interval() time.Duration {
	return min(max((c.length/180).Truncate(time.Second), time.Second), 10*time.Second)
}

// window is what rates are averaged over: a minute, or a sixth of a short classroom.
func (c *classroom) window() time.Duration {
	return min(max((c.length/6).Truncate(time.Second), 2*time.Second), time.Minute)
}

func (c *classroom) run(ctx context.Context, s streams) error {
	dir := c.keep
	if dir == "" {
		made, remove, err := scratch("weir-classroom-")
		if err != nil {
			return fmt.Errorf("cannot make a place for the counters: %w", err)
		}
		defer remove()
		dir = made
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of --keep: %w", err)
	}
	stats := filepath.Join(dir, "stats.tsv")
	if _, err := os.Lstat(stats); err == nil {
		return usageError{fmt.Errorf("%s is there already: name another folder with --keep", stats)}
	}
	site, address, done, err := serveClass(ctx, filepath.Join(dir, "access.log"), func(text string) { tell(s.err, text) })
	if err != nil {
		return err
	}
	if !c.check {
		fmt.Fprintf(s.out, "A time server at %s/, %s requests a second sent to it for %s, its counters collected every %s.\n\n", address, c.rate, unit.Span(c.length), unit.Span(c.interval()))
	}
	report, totals, err := c.play(ctx, s, address, stats)
	counted := site.Counts()
	if err = errors.Join(err, done()); err != nil {
		return err
	}
	if c.keep != "" {
		document, err := report.JSON()
		if err = errors.Join(err, plot.Replace(filepath.Join(dir, "report.json"), document, time.Now())); err != nil {
			return err
		}
	}
	if c.check {
		return verdictOfClass(s.out, report, totals, counted)
	}
	fmt.Fprint(s.out, report.Text())
	fmt.Fprintf(s.out, "\nThe server has answered %s 200s, %s 404s, %s 500s; the generator has seen %s, %s, %s, the collector %s 200s.\n\n",
		unit.Count(counted.OK), unit.Count(counted.NotFound), unit.Count(counted.Failed),
		unit.Count(report.Status["200"]), unit.Count(report.Status["404"]), unit.Count(report.Status["500"]), unit.Count(totals.Records))
	return c.draw(ctx, s, dir)
}

// serveClass starts the time server; done ends it.
func serveClass(ctx context.Context, log string, tellAll func(string)) (site *timesite.Site, address string, done func() error, err error) {
	l, err := timesite.Listen("127.0.0.1", 0)
	if err != nil {
		return nil, "", nil, &monitor.InputError{Text: err.Error()}
	}
	notation, _ := export.Lookup("combined-time")
	out, err := openRotated("keep", log, notation.Header)
	if err != nil {
		l.Close()
		return nil, "", nil, err
	}
	site = timesite.New(timesite.Options{Zone: time.Local, Log: timesite.NewLog(out, notation.New(time.Local), tellAll)})
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- site.Serve(serving, l, tellAll) }()
	return site, "http://" + l.Addr().String(), func() error {
		end()
		return errors.Join(<-served, out.Close())
	}, nil
}

// play sends the traffic and collects the counters, until both have ended.
func (c *classroom) play(ctx context.Context, s streams, address, stats string) (*drive.Report, collect.Totals, error) {
	targets, err := url.Parse(address)
	if err != nil {
		return nil, collect.Totals{}, err
	}
	mix, err := (&drive.Targets{Site: targets}).Parse(classMix)
	if err != nil {
		return nil, collect.Totals{}, err
	}
	pattern, err := pace.Parse(fmt.Sprintf(classSwing, (c.length / 3).Round(time.Millisecond)))
	if err != nil {
		return nil, collect.Totals{}, err
	}
	shape, err := pattern.Shape(pace.Reference{Rate: c.rate, Seed: c.seed})
	if err != nil {
		return nil, collect.Totals{}, err
	}
	options := drive.Options{Connections: 64, Agent: "weir-trafficgen/" + release}
	var weights []float64
	for _, w := range mix {
		options.Requests = append(options.Requests, w.Request)
		weights = append(weights, w.Weight)
	}
	options.Plan = &drive.Paced{Pacer: pace.New(pace.Jitter{Shape: shape, Amount: classJitter, Seed: c.seed}), Mix: drive.NewMix(weights, c.seed), For: c.length}

	// The collector looks once before the traffic, and once behind it.
	page := *targets
	page.Path = "/stats"
	collecting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	type collected struct {
		totals collect.Totals
		err    error
	}
	records := make(chan collected, 1)
	go func() {
		t, err := collect.Run(collecting, collect.Options{
			URL: &page, Interval: c.interval(), Timeout: c.interval() * 9 / 10, Metrics: collect.Counts(), Path: stats,
			Agent: "weir-collector/" + release, Tell: func(text string) { tell(s.err, text) },
		})
		records <- collected{t, err}
	}()
	done := showLine(&options, s.err)
	report, err := drive.Run(ctx, options)
	done()
	wait := time.NewTimer(c.interval() + time.Second)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	stop()
	got := <-records
	if report == nil && err == nil {
		err = errors.New("it was ended before anything was sent")
	}
	return report, got.totals, errors.Join(err, got.err)
}

// draw shows the rates, or writes the picture where it is kept.
func (c *classroom) draw(ctx context.Context, s streams, dir string) error {
	p := &plotting{deltas: []time.Duration{c.window()}, zone: time.Local, window: 2 * time.Minute, look: lookFlags{theme: "light", scale: "linear", color: "auto", title: "the classroom"}}
	stats := []string{filepath.Join(dir, "stats.tsv")}
	err := p.run(ctx, stats, s)
	if c.keep == "" || err != nil {
		return err
	}
	p.output = filepath.Join(dir, "rates.png")
	if err := p.run(ctx, stats, s); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s holds stats.tsv, rates.png, access.log and report.json.\n", dir)
	return nil
}

// verdictOfClass compares what the server has counted with what its clients have seen: every
// answer, none of them twice.
func verdictOfClass(out io.Writer, r *drive.Report, t collect.Totals, c timesite.Counts) error {
	wrong := ""
	switch {
	case r.Stopped:
		return errors.New("the check was broken off")
	case r.Failed > 0 || r.Answered != r.Due:
		wrong = fmt.Sprintf("%d of %d requests had no answer", r.Failed, r.Due)
	case c.OK != r.Status["200"]+t.Records || c.NotFound != r.Status["404"] || c.Failed != r.Status["500"]:
		wrong = fmt.Sprintf("the server counted %+v, the generator %v, the collector %d", c, r.Status, t.Records)
	case t.Records < 3 || t.Failed > 0:
		wrong = fmt.Sprintf("%d records were collected, %d scrapes failed", t.Records, t.Failed)
	}
	if wrong != "" {
		fmt.Fprintf(out, "FAIL demo classroom: %s\n", wrong)
		return checkError{"the demo did not show what it must"}
	}
	_, err := fmt.Fprintf(out, "PASS demo classroom: %d requests, %d records\n", r.Due, t.Records)
	return err
}

// valid finds what is wrong with the flags.
func (c *classroom) valid(given func(string) bool) error {
	switch {
	case c.length < leastClass || c.length > 24*time.Hour:
		return usageError{fmt.Errorf("invalid argument for --duration: must be from %s to a day", unit.Span(leastClass))}
	case given("keep") && c.keep == "":
		return usageError{errors.New("invalid argument for --keep: the name of the folder is empty")}
	}
	return nil
}

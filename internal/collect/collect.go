// Package collect writes down what a page of counters says, tick by tick.
//
//	tick ──> GET ──> page ──> numbers ──> one line, appended whole
//	          └── any trouble ──> a gap, told; never a line that is not true
//
// Ticks lie on an absolute schedule by the clock on the wall: a scrape that takes
// long, or fails, moves none of those after it. A line carries the time at which its
// scrape was sent.
package collect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"weir/internal/unit"
)

// Options says what to collect. URL, Interval, Timeout, Metrics, Agent and Tell must
// be there, and Path or Out.
type Options struct {
	URL      *url.URL
	Interval time.Duration  // between ticks
	Timeout  time.Duration  // of a scrape as a whole, at most Interval
	Duration time.Duration  // from the first tick to the last; 0 for no end
	Once     bool           // one scrape, at once
	Metrics  []Metric       // the columns
	Named    bool           // begin with a line of their names
	Extended bool           // names, milliseconds, elapsed time, lines for failed scrapes
	Path     string         // the file to append to
	Out      io.Writer      // where Path is empty; its writes are whole lines
	Agent    string         // what the server is told asks
	Zone     *time.Location // of times in messages; nil is the local one
	Tell     func(string)   // takes messages for people
	// Record, when not nil, is handed each record once it is written: when its scrape
	// was sent, and the values of Metrics.
	Record func(sent time.Time, values []string)
	// Dial opens connections; nil means those of the system.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// NothingError says that no scrape of a run brought a record.
type NothingError struct{ Text string }

// Error returns the sentence.
func (e *NothingError) Error() string { return e.Text }

// Totals is what became of the ticks of a run.
type Totals struct {
	Records int64 // lines with numbers
	Failed  int64 // scrapes without any
	Missed  int64 // ticks at which nothing was asked
}

// A collector is one run.
type collector struct {
	Options
	now     func() time.Time // on the wall
	scraper *scraper
	series  *series
	totals  Totals

	streak int64  // ticks without a record since the last one
	told   string // what was said of them last
	led    string // where redirects were told to lead
}

// Run collects until ctx ends, which is no error, or the duration is over. The error
// is a *RefusedError for a file that holds something else, a *NothingError where
// no scrape brought a record; any other is of the writing.
func Run(ctx context.Context, o Options) (Totals, error) {
	return runBy(ctx, o, func() time.Time { return time.Now().Round(0) })
}

func (o *Options) zone() *time.Location {
	if o.Zone == nil {
		return time.Local
	}
	return o.Zone
}

// runBy is Run by a clock, whose times have no monotonic part.
func runBy(ctx context.Context, o Options, now func() time.Time) (Totals, error) {
	c := &collector{Options: o, now: now, scraper: newScraper(&o)}
	defer c.scraper.close()
	l := layout{metrics: o.Metrics, named: o.Named, extended: o.Extended}
	c.series = &series{layout: l, tell: o.Tell, out: o.Out}
	if o.Path != "" {
		var err error
		if c.series, err = openSeries(o.Path, l, o.Tell); err != nil {
			return Totals{}, err
		}
	}
	err := c.run(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = nil
	}
	err = errors.Join(err, c.series.close())
	if err == nil && c.totals.Records == 0 && c.totals.Failed > 0 {
		err = &NothingError{fmt.Sprintf("nothing could be collected: %s: %s", c.URL.Redacted(), c.told)}
	}
	return c.totals, err
}

func (c *collector) run(ctx context.Context) error {
	s, last := schedule{c.Interval}, c.series.last
	tick := s.first(c.now(), last)
	if c.Once {
		tick = soonest(c.now(), last)
	}
	c.tellOfLast(last, tick)
	for first := tick; c.Duration == 0 || tick.Sub(first) <= c.Duration; {
		back, err := c.waitUntil(ctx, tick)
		if err != nil {
			return err
		}
		if back {
			now := c.now()
			c.Tell(fmt.Sprintf("the clock was set back by %s: records go on from %s", unit.Span(tick.Sub(now).Round(time.Second)), c.stamp(now)))
			again := s.begin(now)
			first, tick = first.Add(again.Sub(tick)), again
			continue
		}
		sent := c.now()
		if at, missed := s.next(tick.Add(-c.Interval), sent); missed > 0 && !c.Once {
			c.miss(missed, tick.Sub(first))
			tick = at
			continue
		}
		if err := c.tick(ctx, sent); err != nil || c.Once {
			return err
		}
		next, missed := s.next(tick, c.now())
		c.miss(missed, tick.Sub(first)+c.Interval)
		tick = next
	}
	return nil
}

// nap is the longest that is waited before another look at the clock, which may have
// been set, or have gone on while the machine slept.
const nap = 5 * time.Second

// waitUntil returns at the tick by the clock on the wall; back is true where that was
// set back so far that it would be waited for more than two intervals.
func (c *collector) waitUntil(ctx context.Context, tick time.Time) (back bool, err error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		left := tick.Sub(c.now())
		if left <= 0 || left > max(2*c.Interval, 2*time.Second) {
			return left > 0, context.Cause(ctx)
		}
		timer.Reset(min(left, nap))
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// tick asks once, and writes down what came of it. The error is of the writing, or the
// cause of ctx.
func (c *collector) tick(ctx context.Context, sent time.Time) error {
	begun := time.Now()
	p, err := c.scraper.scrape(ctx)
	took := time.Since(begun)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var values []string
	if err == nil {
		values, err = p.values(c.Metrics)
	}
	c.tellOfRedirect()
	if err != nil {
		c.fail(sent, err)
		if !c.Extended {
			return nil
		}
		return c.series.append(c.series.row(sent, nil, took))
	}
	if err := c.series.append(c.series.row(sent, values, took)); err != nil {
		return err
	}
	c.totals.Records++
	if c.Record != nil {
		c.Record(sent, values)
	}
	if c.streak > 0 {
		c.Tell(fmt.Sprintf("records again since %s, after %s without one", c.stamp(sent), ticks(c.streak)))
	}
	c.streak, c.told = 0, ""
	return nil
}

// fail counts a scrape without a record, and tells why unless that was told of the
// one before.
func (c *collector) fail(sent time.Time, err error) {
	c.totals.Failed++
	c.streak++
	if text := err.Error(); text != c.told {
		c.told = text
		if !c.Once { // it is the error of the run
			c.Tell(fmt.Sprintf("no record at %s: %s: %s", c.stamp(sent), c.URL.Redacted(), text))
		}
	}
}

// miss counts ticks at which nothing was asked, the first of them so long after the
// begin; those behind the end of the run are none.
func (c *collector) miss(n int64, since time.Duration) {
	if c.Duration > 0 {
		n = min(n, int64((c.Duration-since)/c.Interval)+1)
	}
	if n <= 0 || c.Duration > 0 && since > c.Duration {
		return
	}
	c.totals.Missed += n
	c.streak += n
	c.Tell(fmt.Sprintf("%s missed until %s: the machine slept or was too busy, or its clock was set forward", ticks(n), c.stamp(c.now())))
}

// tellOfLast tells what a series that goes on has no records of.
func (c *collector) tellOfLast(last, tick time.Time) {
	switch gap := tick.Sub(last); {
	case last.IsZero():
	case gap <= 0:
		c.Tell(fmt.Sprintf("%s: its last record, of %s, is in the future: a clock was set back; records go on from %s", c.Path, c.stamp(last), c.stamp(tick)))
	case gap > c.Interval && !c.Once:
		c.Tell(fmt.Sprintf("%s: goes on after %s without a record", c.Path, unit.Span(gap)))
	}
}

// tellOfRedirect tells where redirects lead to, when that is new.
func (c *collector) tellOfRedirect() {
	led := ""
	if c.scraper.last != nil {
		led = c.scraper.last.Redacted()
	}
	if led != "" && led != c.led {
		c.Tell(fmt.Sprintf("%s redirects to %s: name that to save a request each time", c.URL.Redacted(), led))
	}
	c.led = led
}

// stamp writes a time for people.
func (o *Options) stamp(t time.Time) string { return t.In(o.zone()).Format(time.RFC3339) }

func ticks(n int64) string { return unit.Count(n) + " " + unit.Plural(n, "tick") }

package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/archive"
	"weir/internal/export"
	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/plot"
	"weir/internal/rates"
	"weir/internal/scan"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// drawn is what was read, before it is known in what size it is drawn.
type drawn struct {
	title    string
	series   []rates.Series
	total    rates.Series // all of them together, which --threshold is about
	gaps     []rates.Span
	alerts   []rates.Span
	ready    bool  // the alerts are known; else they are those of total
	from, to int64 // milliseconds; what was asked for, 0 for all
	notices  []string
	failure  string // of what was not read to its end
}

// read brings in what the arguments name.
func (o *plotting) read(ctx context.Context, args []string, s streams, now time.Time) (*drawn, error) {
	from, to, err := stretch(o.since.from, o.since.to, now, o.zone)
	if err != nil {
		return nil, err
	}
	d := &drawn{title: titleOf(args), from: from * 1000, to: to * 1000}
	if o.history {
		err = o.readHistory(d, args, s, now)
	} else {
		err = o.readFiles(ctx, d, args, s, now)
	}
	if err != nil {
		return nil, err
	}
	if o.look.title != "" {
		d.title = o.look.title
	}
	if d.series, err = o.pick(d.series); err != nil {
		return nil, err
	}
	if d.total.At == nil && o.threshold > 0 {
		d.total = rates.Sum("all", d.series)
	}
	return d, nil
}

func titleOf(args []string) string {
	var names []string
	for _, a := range args {
		if a == "-" {
			a = "standard input"
		}
		names = append(names, filepath.Base(a))
	}
	return strings.Join(names, ", ")
}

// pick takes the series of --series, in that order.
func (o *plotting) pick(all []rates.Series) ([]rates.Series, error) {
	if o.series == nil {
		return all, nil
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	var out []rates.Series
	for _, want := range o.series {
		i := slices.Index(names, want)
		if i < 0 {
			return nil, usageError{fmt.Errorf("invalid argument for --series: no counter is called %q: there are %s", want, strings.Join(names, ", "))}
		}
		out = append(out, all[i])
	}
	return out, nil
}

// readFiles reads tables, each by itself, and all logs together.
func (o *plotting) readFiles(ctx context.Context, d *drawn, args []string, s streams, now time.Time) error {
	var logs []string
	var tables []*rates.Table
	var names []string
	stdin := io.Reader(s.in)
	for _, name := range args {
		table, isLog, rest, err := o.readTable(name, stdin)
		if rest != nil {
			stdin = rest
		}
		switch {
		case err != nil:
			return err
		case isLog:
			logs = append(logs, name)
		default:
			tables, names = append(tables, table), append(names, name)
			d.notices = append(d.notices, table.Notices...)
		}
	}
	switch {
	case len(logs) > 0 && len(tables) > 0:
		return usageError{fmt.Errorf("%s is a table of counters and %s is a log: draw each by itself", names[0], logs[0])}
	case len(logs) > 0 && (o.strict || o.skipBad || o.gap != 0):
		return usageError{fmt.Errorf("--strict, --skip-bad and --gap are about tables of counters, and %s is a log", logs[0])}
	case len(logs) > 0:
		return o.readLogs(ctx, d, logs, stdin, now)
	case len(o.filter.where)+len(o.filter.ignore)+len(o.format.given) > 0:
		return usageError{fmt.Errorf("--where, --ignore and --format are about logs, and %s is a table of counters", names[0])}
	}
	for i, t := range tables {
		for _, one := range t.Series {
			if o.gap != 0 {
				one.Gap = o.gap.Milliseconds()
			}
			if len(tables) > 1 {
				one.Name = filepath.Base(names[i]) + " " + one.Name
			}
			d.series = append(d.series, one)
		}
	}
	if len(tables) == 1 {
		d.gaps = oneOfAll(d.series).Gaps()
	} else {
		d.total, d.ready = rates.Series{At: []int64{}}, true // counters of several times have no sum
		if o.threshold > 0 {
			d.notices = append(d.notices, "of several tables no sum is made: it is not marked when it was above --threshold")
		}
	}
	return nil
}

// oneOfAll is a counter that is known where any of the others is.
func oneOfAll(all []rates.Series) *rates.Series {
	one := rates.Series{At: all[0].At, Gap: all[0].Gap, Values: slices.Clone(all[0].Values)}
	for _, s := range all[1:] {
		for i, v := range s.Values {
			if v == v { // not NaN
				one.Values[i] = v
			}
		}
	}
	return &one
}

// headSize is how much of a file is looked at to see what it is.
const headSize = 64 << 10

// readTable reads a file of counters; one that is a log is left alone. What was read of
// standard input for that comes back in rest.
func (o *plotting) readTable(name string, stdin io.Reader) (table *rates.Table, isLog bool, rest io.Reader, err error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			if matches, _ := filepath.Glob(name); len(matches) > 0 {
				return nil, true, nil, nil // a pattern: logs
			}
			return nil, false, nil, &monitor.InputError{Text: "cannot read " + strings.TrimPrefix(err.Error(), "open ")}
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, true, nil, nil
		} else if err == nil {
			allow(int(info.Size()>>13), false) // what is held of a table is some bytes for each of its lines
		}
		in = f
	}
	head := bufio.NewReaderSize(in, headSize)
	first, _ := head.Peek(archive.HeadSize) // an error comes again below
	text := io.Reader(head)
	if kind := archive.Sniff(first); kind != archive.Plain {
		if text, err = archive.Open(head, kind); err != nil {
			return nil, false, nil, &monitor.InputError{Text: name + ": " + err.Error()}
		}
	}
	lines := bufio.NewReaderSize(archive.NewText(text), headSize)
	beginning, err := lines.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, nil, &monitor.InputError{Text: name + ": " + err.Error()}
	}
	if !rates.Looks(beginning) && !strings.HasSuffix(name, ".tsv") && len(beginning) > 0 {
		return nil, true, lines, nil
	}
	table, err = o.readLines(name, lines)
	return table, false, lines, err
}

func (o *plotting) readLines(name string, lines *bufio.Reader) (*rates.Table, error) {
	if name == "-" {
		name = "standard input"
	}
	r := rates.Reader{Name: name, Lenient: o.skipBad}
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, &monitor.InputError{Text: fmt.Sprintf("%s: a line of more than %d KiB: this is no table of counters", name, headSize>>10)}
		case err != nil && !errors.Is(err, io.EOF):
			return nil, &monitor.InputError{Text: name + ": " + err.Error()}
		}
		take := r.Line
		if err != nil {
			take = r.Torn
		}
		if len(line) > 0 {
			if wrong := take(bytes.TrimSuffix(line, []byte("\n"))); wrong != nil {
				return nil, &monitor.InputError{Text: wrong.Error() + "; --skip-bad leaves such lines out"}
			}
		}
		if err != nil {
			table, err := r.Table()
			if err != nil {
				return nil, &monitor.InputError{Text: err.Error()}
			}
			return table, nil
		}
	}
}

// classes is how many kinds of hits are counted of a log: all, and 1xx to 5xx.
const classes = 6

// A tallied is the hits of a stretch of time.
type tallied [classes]int64

// perSecond counts the hits of a log by time. When there are too many seconds they
// become stretches of ten, then of minutes, hours, days.
type perSecond struct {
	step int64
	hits map[int64]*tallied // by its first second
}

// mostStretches keeps a count of days by the second within some 60 MB.
const mostStretches = 500_000

// recordSize is what a hit takes on its way: its second, its class.
const recordSize = 9

// hitWriter writes records down as their second and their class.
type hitWriter struct{}

// Append implements export.Writer.
func (hitWriter) Append(dst []byte, r *accesslog.Record, _ string) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Sec))
	class := r.Status / 100
	if class < 1 || class >= classes {
		class = 0
	}
	return append(dst, byte(class))
}

// Write implements io.Writer for the records of hitWriter.
func (p *perSecond) Write(b []byte) (int, error) {
	for i := 0; i+recordSize <= len(b); i += recordSize {
		sec := int64(binary.LittleEndian.Uint64(b[i:]))
		h := p.at(traffic.FloorDiv(sec, p.step) * p.step)
		h[0]++
		if class := b[i+8]; class > 0 {
			h[class]++
		}
	}
	return len(b), nil
}

func (p *perSecond) at(sec int64) *tallied {
	h := p.hits[sec]
	if h == nil {
		if len(p.hits) >= mostStretches {
			p.widen()
			return p.at(traffic.FloorDiv(sec, p.step) * p.step)
		}
		h = new(tallied)
		p.hits[sec] = h
	}
	return h
}

func (p *perSecond) widen() {
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	for _, wider := range []int64{10, minute, 10 * minute, hour, day, 365 * day} {
		if wider > p.step {
			p.step = wider
			break
		}
	}
	all := p.hits
	p.hits = map[int64]*tallied{}
	for sec, h := range all {
		sec = traffic.FloorDiv(sec, p.step) * p.step
		if p.hits[sec] == nil {
			p.hits[sec] = new(tallied)
		}
		for i, n := range h {
			p.hits[sec][i] += n
		}
	}
}

// readLogs counts the hits of logs.
func (o *plotting) readLogs(ctx context.Context, d *drawn, names []string, stdin io.Reader, now time.Time) error {
	count := &perSecond{step: 1, hits: map[int64]*tallied{}}
	options := scan.Options{Stdin: stdin, Records: count, Writer: func() export.Writer { return hitWriter{} }}
	var err error
	if options.Where, err = o.filter.compile(now, o.zone, 1); err != nil {
		return err
	}
	if options.Hops, err = o.filter.hops(false); err != nil {
		return err
	}
	if d.from != 0 {
		options.From = d.from/1000 - int64(o.longest()/time.Second)
	}
	options.To = d.to / 1000
	logs, notices, err := o.format.find(names)
	if err != nil {
		return err
	}
	var all extents
	options.Where = all.watch(options.Where)
	found, err := scan.Run(ctx, logs, options)
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped before the logs were read: %w", err)
	case err != nil:
		return err
	}
	d.notices = slices.Concat(notices, found.Notices)
	for _, src := range found.Sources {
		if src.Rejected > 0 && src.LastReject != nil {
			d.notices = append(d.notices, rejectedText(&src, ""))
		}
	}
	if len(found.Failures) > 0 {
		d.failure = found.Failures[0].Error()
	}
	if len(count.hits) == 0 {
		if d.failure == "" {
			d.failure = fmt.Sprintf("nothing to draw: %s has no request%s", titleOf(names), o.inTime())
		}
		return &monitor.InputError{Text: d.failure}
	}
	if count.step > 1 {
		d.notices = append(d.notices, fmt.Sprintf("the log has requests in more than %s seconds: drawn in steps of %s", unit.Count(mostStretches), unit.Span(time.Duration(count.step)*time.Second)))
	}
	starts := make([]int64, 0, len(count.hits))
	for sec := range count.hits {
		starts = append(starts, sec)
	}
	slices.Sort(starts)
	first, last := all.ends(starts[0], starts[len(starts)-1])
	g := newGrowing(first)
	for _, sec := range starts {
		g.add(sec, sec+count.step, count.hits[sec])
	}
	g.look(last + 1)
	g.into(d, o.series)
	if o.threshold > 0 && count.step == 1 {
		d.alerts, d.ready = o.play(starts, count.hits), true
	}
	return nil
}

// extents are the times of all records that filters have seen, those that they do not pick
// too: a log is known where it has requests, whichever are drawn.
type extents struct {
	mu  sync.Mutex
	all []*extent
}

// An extent is what the filter of one goroutine has seen.
type extent struct{ first, last int64 }

// watch returns a maker of the filters of where that note the time of each record.
func (e *extents) watch(where func() func(*accesslog.Record) bool) func() func(*accesslog.Record) bool {
	if where == nil {
		return nil
	}
	return func() func(*accesslog.Record) bool {
		pick, seen := where(), &extent{math.MaxInt64, math.MinInt64}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.all = append(e.all, seen)
		return func(r *accesslog.Record) bool {
			seen.first, seen.last = min(seen.first, r.Sec), max(seen.last, r.Sec)
			return pick(r)
		}
	}
}

// ends returns the first and the last time of all, those given among them.
func (e *extents) ends(first, last int64) (int64, int64) {
	for _, one := range e.all {
		first, last = min(first, one.first), max(last, one.last)
	}
	return first, last
}

// inTime says that only a part of the time was asked for.
func (o *plotting) inTime() string {
	if o.since.from+o.since.to != "" {
		return " in the time of --since and --until"
	}
	return ""
}

// longest is the longest window that is looked at.
func (o *plotting) longest() time.Duration { return max(o.window, o.deltas[len(o.deltas)-1]) }

// play finds the alerts that weir report finds.
func (o *plotting) play(starts []int64, hits map[int64]*tallied) []rates.Span {
	board := alert.NewBoard(alert.HighTrafficRule(o.threshold, o.window))
	var seconds traffic.Seconds // the last day
	for _, sec := range starts {
		board.Advance(sec, alert.Only{Seconds: &seconds})
		seconds.Add(sec, traffic.Second{Hits: hits[sec][0]})
	}
	board.Advance(starts[len(starts)-1]+1, alert.Only{Seconds: &seconds})
	events, _ := board.History()
	return alertSpans(events)
}

// alertSpans puts alerts and their recoveries together.
func alertSpans(events []alert.Event) []rates.Span {
	var all []rates.Span
	for _, e := range events {
		switch n := len(all); {
		case e.Begins():
			all = append(all, rates.Span{From: e.At * 1000})
		case e.State == alert.Quiet && n > 0 && all[n-1].To == 0:
			all[n-1].To = e.At * 1000
		}
	}
	return all
}

// growing makes counters of hits: what they had become at the ends of stretches.
type growing struct {
	at     []int64
	sum    [classes]float64
	values [classes][]float64
}

func newGrowing(from int64) *growing {
	g := &growing{}
	g.look(from)
	return g
}

// look notes the counters at a time.
func (g *growing) look(sec int64) {
	if n := len(g.at); n > 0 && g.at[n-1] >= sec*1000 {
		return
	}
	g.at = append(g.at, sec*1000)
	for i := range g.values {
		g.values[i] = append(g.values[i], g.sum[i])
	}
}

// add counts the hits of a stretch; between two of them there were none.
func (g *growing) add(from, to int64, h *tallied) {
	g.look(from)
	for i, n := range h {
		g.sum[i] += float64(n)
	}
	g.look(to)
}

// into hands the counters over: those that are named, else hits and the errors there are.
func (g *growing) into(d *drawn, names []string) {
	for i := range g.values {
		name := "hits"
		if i > 0 {
			name = fmt.Sprintf("%dxx", i)
		}
		s := rates.Series{Name: name, At: g.at, Values: g.values[i]}
		switch {
		case i == 0:
			d.total = s
		case names == nil && (i < 4 || g.sum[i] == 0):
			continue
		}
		d.series = append(d.series, s)
	}
}

// readHistory reads what weir has kept.
func (o *plotting) readHistory(d *drawn, words []string, s streams, now time.Time) error {
	store := storeFlags{state: o.state, where: o.filter.where, ignore: o.filter.ignore}
	db, err := store.open(words, s)
	if err != nil {
		return err
	}
	defer db.Close()
	p, err := newBygone(db)
	if err != nil {
		return err
	}
	d.title = p.of
	if err := notLater("since", o.since.from, d.from/1000, now, p.to, o.zone); err != nil {
		return err
	}
	from, to, err := p.span(d.from/1000, d.to/1000, now, o.zone, s)
	if err != nil {
		return err
	}
	end := min(to, p.to)
	begin := max(from-int64(o.longest()/time.Second), p.from)
	if begin >= end {
		return &monitor.InputError{Text: fmt.Sprintf("nothing to draw: the history of %s has nothing%s", p.of, o.inTime())}
	}
	// Steps as fine as a picture can show, but no finer than can be seen in a window.
	const most = 20_000
	step := stepFor(end-begin, most, 0)
	all, err := p.stretches(begin, end, step)
	if err != nil {
		return err
	}
	g := newGrowing(begin)
	widest := int64(0)
	for i := range all {
		one := &all[i]
		h := tallied{one.Hits}
		copy(h[1:], one.Classes[1:])
		g.add(max(one.From, g.at[len(g.at)-1]/1000), one.To, &h)
		widest = max(widest, one.To-one.From)
	}
	g.look(end)
	g.into(d, o.series)
	d.from, d.to = max(from, p.from)*1000, end*1000
	if shortest := int64(o.deltas[0] / time.Second); widest > shortest {
		d.notices = append(d.notices, fmt.Sprintf("of that time figures are drawn by %s: within one nothing is known of its course", unit.Span(time.Duration(widest)*time.Second)))
	}
	events, err := db.Events(history.Filter{From: begin, To: end})
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	var only []alert.Event
	for _, e := range events {
		if e.Rule.Name == alert.HighTraffic {
			only = append(only, e.Event)
		}
	}
	slices.SortStableFunc(only, func(a, b alert.Event) int { return cmp.Compare(a.At, b.At) })
	d.alerts, d.ready = alertSpans(only), true
	return nil
}

// chart puts together what is drawn, with as many points as columns can show.
func (o *plotting) chart(d *drawn, columns int) (*plot.Chart, error) {
	c := &plot.Chart{
		Title: d.title, Windows: o.deltas, Main: max(0, slices.Index(o.deltas, time.Minute)),
		From: d.from, To: d.to, Zone: o.zone,
		Threshold: float64(o.threshold) / float64(unit.One),
	}
	first, last := int64(1)<<62, int64(0)
	for _, s := range d.series {
		first, last = min(first, s.At[0]), max(last, s.At[len(s.At)-1])
	}
	if c.From = max(c.From, first); c.To == 0 || c.To > last {
		c.To = last
	}
	if c.From >= c.To {
		return nil, &monitor.InputError{Text: fmt.Sprintf("nothing to draw: %s has nothing%s", d.title, o.inTime())}
	}
	for i := range d.series {
		s := &d.series[i]
		one := plot.Series{Name: s.Name}
		for _, window := range o.deltas {
			one.Lines = append(one.Lines, s.Line(rates.Cut{
				Window: window.Milliseconds(), From: c.From, To: c.To, Columns: columns, Strict: o.strict,
			}))
		}
		c.Series = append(c.Series, one)
		c.Resets = append(c.Resets, s.Resets()...)
	}
	slices.SortStableFunc(c.Resets, func(a, b rates.Mark) int { return cmp.Compare(a.At, b.At) })
	c.Resets = slices.DeleteFunc(c.Resets, func(m rates.Mark) bool { return m.At < c.From || m.At > c.To })
	outside := func(s rates.Span) bool { return s.To != 0 && s.To <= c.From || s.From >= c.To }
	c.Gaps = slices.DeleteFunc(slices.Clone(d.gaps), outside)
	alerts := d.alerts
	if !d.ready && c.Threshold > 0 {
		alerts = d.total.Above(o.window.Milliseconds(), c.Threshold)
	}
	c.Alerts = slices.DeleteFunc(slices.Clone(alerts), outside)
	return c, nil
}

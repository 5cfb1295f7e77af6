package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/report"
	"weir/internal/term"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// lookingBack holds the flags of the history command.
type lookingBack struct {
	store   storeFlags
	page    pageFlags
	since   spanFlags
	step    time.Duration // 0 is as fits the range
	by      string
	top     int
	compare string
	places  placeFlags
}

const historyHelp = `weir history shows what was counted in the past: hits, errors, latency in steps of time, with
alerts and marks between them, or by section, path, client and so on. It reads what weir
keeps while it follows a log, also while that goes on.

LOG... are the words that weir was given: the same words lead to the same history. Without
any it is the one last written.`

func newHistory(s streams) *cobra.Command {
	o := &lookingBack{}
	cmd := &cobra.Command{
		Use:   "history [flags] [LOG...]",
		Short: "Show what was counted in the past",
		Long:  historyHelp,
		Example: `  weir history
  weir history --since 7d --by path access.log
  weir history --since today --compare week`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args, s, time.Now()) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.since.add(f, "from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z; a day by default", "until before this `TIME`; now by default")
	f.Var(newValue(&o.step, "SPAN", "", parseStep), "step", "of a line: 10s, 1m, 10m, 1h, 1d or another multiple of 10s; by default as fits the time shown")
	f.Var(newValue(&o.by, "WHAT", "", oneOf(report.Dimensions()...)), "by", "a table of all of it by "+strings.Join(report.Dimensions(), ", "))
	f.IntVar(&o.top, "top", 10, "`N` rows in the table")
	f.StringVar(&o.compare, "compare", "", "beside the same time earlier: yesterday, week or a `SPAN` such as 2d")
	o.places.add(f)
	o.page.add(f)
	o.store.add(f)
	o.store.completes(cmd)
	return cmd
}

// parseStep reads the length of a step. Rows of the store are ten seconds wide.
func parseStep(s string) (time.Duration, error) {
	d, err := unit.ParseSpan(s)
	const finest, most = 10 * time.Second, 366 * 24 * time.Hour
	switch {
	case err != nil:
		return 0, err
	case d < finest || d > most || d%finest != 0:
		return 0, errors.New("must be a multiple of 10s, such as 10s, 1m, 10m, 1h or 1d: that is what is kept")
	}
	return d, nil
}

// parseShift reads how long before something is compared, in seconds.
func parseShift(s string) (int64, error) {
	const day = 24 * 60 * 60
	switch s {
	case "":
		return 0, nil
	case "yesterday":
		return day, nil
	case "week":
		return 7 * day, nil
	}
	d, err := unit.ParseSpan(s)
	if err != nil || d < 10*time.Second || d%(10*time.Second) != 0 {
		return 0, usageError{fmt.Errorf("invalid argument %q for --compare: give yesterday, week, or how long before as a multiple of 10s, such as 2d or 4w", s)}
	}
	return int64(d / time.Second), nil
}

func (o *lookingBack) run(words []string, s streams, now time.Time) error {
	if o.top < 1 || o.top > 1000 {
		return usageError{fmt.Errorf("invalid argument for --top: must be from 1 to 1000, got %d", o.top)}
	}
	shift, err := parseShift(o.compare)
	if err != nil {
		return err
	}
	from, to, err := stretch(o.since.from, o.since.to, now, o.page.zone)
	if err != nil {
		return err
	}
	if slices.Contains([]string{"country", "city", "network"}, o.by) && len(o.places.files) == 0 {
		return usageError{fmt.Errorf("--by %s needs to know where clients are: name a database with --geoip FILE", o.by)}
	}
	places, err := o.places.open()
	if err != nil {
		return err
	}
	defer places.close()
	db, err := o.store.open(words, s)
	if err != nil {
		return err
	}
	defer db.Close()
	p, err := newBygone(db)
	if err != nil {
		return err
	}
	p.place = places.place()
	if err := notLater("since", o.since.from, from, now, p.to, o.page.zone); err != nil {
		return err
	}
	if from, to, err = p.span(from, to, now, o.page.zone, s); err != nil {
		return err
	}
	if o.by != "" {
		return o.rank(p, from, to, shift, s.out)
	}
	return o.course(p, from, to, shift, s.out)
}

// bygone is an open history with what is known about it.
type bygone struct {
	db       *history.DB
	of       string
	from, to int64 // what it tells of
	sealer   *traffic.Sealer
	tally    *traffic.Tally
	place    func([]byte) (country, city, network string)
}

func newBygone(db *history.DB) (*bygone, error) {
	from, to, ok, err := db.Bounds()
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	p := &bygone{db: db, of: nameOfOpen(db), from: from, to: to, sealer: traffic.NewSealer(), tally: new(traffic.Tally)}
	if !ok {
		return nil, &monitor.InputError{Text: fmt.Sprintf("nothing was counted yet in the history of %s: ten seconds of its log must have passed", p.of)}
	}
	return p, nil
}

// span completes what was asked for: a day by default, up to now; of a history that
// ended earlier its last one, and then says so. The parameters are as many because both
// ends and the clock with its zone belong to it.
func (p *bygone) span(from, to int64, now time.Time, zone *time.Location, s streams) (int64, int64, error) {
	const day = 24 * 60 * 60
	given := from != 0 || to != 0
	if to == 0 {
		to = max(now.Unix(), p.to)
	}
	if from == 0 {
		from = to - day
	}
	if !given && p.to <= from {
		from, to = p.to-day, p.to
		tell(s.err, fmt.Sprintf("nothing was counted in the day before now: this is the last one there is, until %s", time.Unix(to, 0).In(zone).Format(time.RFC3339)))
	}
	if from >= to {
		return 0, 0, usageError{errors.New("the time asked for has no length: give an earlier --since or a later --until")}
	}
	return from, to, nil
}

// stepLadder are the lengths of a line that are tried, in seconds: those of the store, and
// plain parts of an hour and a day between them.
func stepLadder() []int64 {
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	return []int64{10, 30, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour, day, 7 * day, 28 * day, 364 * day}
}

// stepFor returns the shortest step of which there are at most so many, that the shift
// of a comparison is a multiple of.
func stepFor(seconds, most, shift int64) int64 {
	best := int64(10)
	for _, step := range stepLadder() {
		if shift%step != 0 {
			continue
		}
		best = step
		if (seconds+step-1)/step <= most {
			break
		}
	}
	return best
}

// mostSteps bounds what one command shows.
const mostSteps = 200_000

func (o *lookingBack) course(p *bygone, from, to, shift int64, out *os.File) error {
	cells, lines := term.Size(out)
	known := max(10, min(to, p.to)-max(from, p.from))
	step := int64(o.step / time.Second)
	if step == 0 {
		step = stepFor(known, int64(max(24, lines-4)), shift)
	}
	switch {
	case shift%step != 0:
		return usageError{fmt.Errorf("--compare %s is no multiple of --step %s: lines would not lie beside one another", o.compare, unit.Span(o.step))}
	case known/step > mostSteps:
		return usageError{fmt.Errorf("that are %s steps, and at most %s can be shown: give a longer --step, or less time", unit.Count(known/step), unit.Count(mostSteps))}
	}
	c, err := p.course(from, to, step, p.from, p.to)
	if err != nil {
		return err
	}
	if shift > 0 {
		if c, err = p.compare(c, shift, o.step == 0); err != nil {
			return err
		}
	}
	if err := p.events(c); err != nil {
		return err
	}
	switch o.page.kind {
	case "json":
		return (&report.JSON{W: out, Zone: o.page.zone}).WriteCourse(c)
	case "csv":
		return (&report.CSV{W: out, Zone: o.page.zone}).WriteCourse(c)
	}
	step = c.Step
	c.FineStep = stepFor(known+2*step, int64(report.GraphCells(cells)), 0)
	if c.Fine, err = p.stretches(max(c.From, p.from), min(c.To, p.to), c.FineStep); err != nil {
		return err
	}
	if step%c.FineStep != 0 {
		// Else the quantiles are drawn of the steps themselves.
		if err := p.refine(c.Fine); err != nil {
			return err
		}
	}
	color, _ := term.Color(o.page.color, out, os.Getenv)
	return (&report.Text{W: out, Zone: o.page.zone, Color: color, Width: cells}).WriteCourse(c)
}

// course reads the figures of [from, to) in steps, and what is between begin and end as
// a whole. It has one parameter more than usual, because what is compared ends earlier.
func (p *bygone) course(from, to, step, begin, end int64) (*report.Course, error) {
	from, to = traffic.FloorDiv(from, step)*step, -traffic.FloorDiv(-to, step)*step
	c := &report.Course{Of: p.of, From: from, To: to, Step: step, KnownFrom: p.from, KnownTo: p.to}
	unread, err := p.db.Unread(from, to)
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	for _, g := range unread {
		c.Unread = append(c.Unread, report.Gap(g))
	}
	if c.Stretches, err = p.stretches(from, to, step); err != nil {
		return nil, err
	}
	if err := p.refine(c.Stretches); err != nil {
		return nil, err
	}
	p.tally.Reset()
	f, _, err := p.db.Tally(p.tally, p.sealer, max(from, begin), min(to, end))
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	c.Stats, c.Rejected, c.Late = p.stats(10), f.Rejected, f.Late
	return c, nil
}

// compare reads what lies so long before c, as far as c is known: of a day that is not
// over only so much. Where that time is no longer kept in such steps, and they may be
// wider, both are read in those that are kept.
func (p *bygone) compare(c *report.Course, shift int64, wider bool) (*report.Course, error) {
	begin, end := p.from-shift, p.to-shift
	earlier, err := p.course(c.From-shift, c.To-shift, c.Step, begin, end)
	if err != nil {
		return nil, err
	}
	widest := c.Step
	for i := range earlier.Stretches {
		s := &earlier.Stretches[i]
		for _, step := range stepLadder() {
			if step <= s.To-s.From && shift%step == 0 {
				widest = max(widest, step)
			}
		}
	}
	if wider && widest > c.Step {
		from, to := c.From, c.To
		if c, err = p.course(from, to, widest, p.from, p.to); err != nil {
			return nil, err
		}
		if earlier, err = p.course(c.From-shift, c.To-shift, widest, begin, end); err != nil {
			return nil, err
		}
	}
	c.Shift, c.Earlier = shift, earlier
	return c, nil
}

// stats reads what a person is shown off the tally.
func (p *bygone) stats(top int) view.Stats {
	s := view.Read(p.tally, view.Tops{Sections: top, Clients: top, Paths: top, Others: top})
	if p.place != nil {
		s.PlacesOf(p.tally, top, p.place)
	}
	return s
}

// stretches reads the points of a graph.
func (p *bygone) stretches(from, to, step int64) ([]report.Stretch, error) {
	points, err := p.db.Series(from, to, step)
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	all := make([]report.Stretch, 0, len(points))
	for i := range points {
		pt := &points[i]
		if pt.Start >= p.to {
			break // sealed since the bounds were read
		}
		// The first and the last may be less than a step.
		all = append(all, report.Stretch{
			From: min(max(pt.Start, p.from), pt.Start+pt.Step), To: max(min(pt.Start+pt.Step, p.to), pt.Start),
			Second: pt.Second, Malformed: pt.Malformed, Rejected: pt.Rejected, Late: pt.Late, Visitors: pt.Visitors,
			Latency: latencyOf(&pt.Latency), Bounds: !pt.Whole(),
		})
	}
	return all, nil
}

func latencyOf(l *traffic.LatencyFigures) *view.Latency {
	if l.Count == 0 {
		return nil
	}
	us := func(v int64) time.Duration { return time.Duration(v) * time.Microsecond }
	return &view.Latency{Count: l.Count, Mean: us(l.Sum / l.Count), P50: us(l.P50), P90: us(l.P90), P99: us(l.P99), Max: us(l.Max)}
}

// mostRefined is of how many rows of the store the true quantiles and visitors are looked
// up, where the rows themselves give but bounds: 840 of a small site took 0.1 s.
const mostRefined = 2000

// refine reads the frames of steps that are made of several rows.
func (p *bygone) refine(all []report.Stretch) error {
	n := int64(0)
	for i := range all {
		s := &all[i]
		if !s.Bounds {
			continue
		}
		if n > mostRefined {
			return nil
		}
		p.tally.Reset()
		f, cover, err := p.db.Tally(p.tally, p.sealer, s.From, s.To)
		if err != nil {
			return &monitor.InputError{Text: err.Error()}
		}
		for _, rows := range cover.Rows {
			n += rows
		}
		// What was committed meanwhile belongs to another moment.
		if f.Hits == s.Hits && cover.To-cover.From <= s.To-s.From {
			s.Visitors, s.Latency, s.Bounds = f.Visitors, latencyOf(&f.Latency), false
		}
	}
	return nil
}

// events reads alerts and marks.
func (p *bygone) events(c *report.Course) error {
	events, err := p.db.Events(history.Filter{From: c.From, To: c.To})
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	c.Alerts = alertsOf(events)
	slices.SortStableFunc(c.Alerts, func(a, b report.Alert) int { return cmp.Compare(a.At, b.At) })
	marks, err := p.db.Marks(c.From, c.To)
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	for _, m := range marks {
		c.Marks = append(c.Marks, report.Mark{At: m.At, Text: m.Text})
	}
	return nil
}

func alertsOf(events []history.Event) []report.Alert {
	var all []report.Alert
	for _, e := range events {
		all = append(all, report.Alert{Event: e.Event, ID: e.ID, Replayed: e.Replayed})
	}
	return all
}

// rank writes the table of --by. It has more parameters than two ends of time and a shift
// would need, because they come from different flags.
func (o *lookingBack) rank(p *bygone, from, to, shift int64, out *os.File) error {
	r, err := o.ranking(p, from, to, o.top)
	if err != nil {
		return err
	}
	if shift > 0 {
		begin, end := max(r.From, p.from), min(r.To, p.to) // of a day that is not over only so much
		if r.Earlier, err = o.ranking(p, begin-shift, end-shift, 10*traffic.FrameRows); err != nil {
			return err
		}
	}
	switch o.page.kind {
	case "json":
		return (&report.JSON{W: out, Zone: o.page.zone}).WriteRanking(r)
	case "csv":
		return (&report.CSV{W: out, Zone: o.page.zone}).WriteRanking(r)
	}
	cells, _ := term.Size(out)
	color, _ := term.Color(o.page.color, out, os.Getenv)
	return (&report.Text{W: out, Zone: o.page.zone, Color: color, Width: cells}).WriteRanking(r)
}

func (o *lookingBack) ranking(p *bygone, from, to int64, top int) (*report.Ranking, error) {
	p.tally.Reset()
	_, cover, err := p.db.Tally(p.tally, p.sealer, from, to)
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	s := p.stats(top)
	r := report.Rank(&s, o.by, top)
	r.Of, r.From, r.To = p.of, cover.From, cover.To
	if cover.From >= cover.To { // nothing is kept of that time
		r.From, r.To = from, to
	}
	return r, nil
}

// Package backtest finds out what rules would have done with logs of the past.
//
//	logs ──scan──► Writer ──blocks──► Run ──► gauge.Gauge ──Event──► Result
//	                                   └──measurements──► ladder ──► Result
//
// The gauge is the one of a weir that follows logs, so what fired here would have been
// told there. Beside it, each rule with a threshold is played with a whole ladder of other
// thresholds, in the same pass, so that a person can choose one.
package backtest

import (
	"slices"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
)

// Options say what to play.
type Options struct {
	Rules []alert.Rule
	// Filter is that of meter.Options, for the filters of Rules.
	Filter       func(text string) func(*accesslog.Record) bool
	Lateness     time.Duration
	SectionDepth int
	Zone         *time.Location // of times in notices; nil is UTC
	// Now is when the logs are read: no record is believed that is later.
	Now time.Time
}

// An Alert is one that would have fired, or a change of state of one.
type Alert struct {
	Begin alert.Event
	End   *alert.Event // nil where it is open at the end
}

// Seconds is how long the alert was firing; until is the end of the logs.
func (a *Alert) Seconds(until int64) int64 {
	if a.End != nil {
		until = a.End.At
	}
	return max(0, until-a.Begin.At)
}

// A Tried is a rule with what it would have done.
type Tried struct {
	Rule   alert.Rule
	Alerts int64 // that somebody would have been told of
	Muted  int64 // that nobody would have been
	Firing int64 // seconds, of both
	Steps  []Step
	// Value is what the rule measured; nil where it has no threshold.
	Value *Value
}

// A Result is what rules would have done. It is not changed once made.
type Result struct {
	Seen         bool // there was a request; else all is empty
	From, To     int64
	Hits         int64
	Rejected     int64
	Late, Future int64
	LateBy       int64   // seconds of lateness that would have been enough
	Rules        []Tried // in the order of the rules
	Alerts       []Alert // the first MaxAlerts, oldest first
	Omitted      int64   // alerts that are counted, and not in Alerts
	Notices      []string
}

// MaxAlerts is how many alerts a Result has.
const MaxAlerts = 10_000

// Seconds is how long the logs are.
func (r *Result) Seconds() int64 {
	if !r.Seen {
		return 0
	}
	return r.To - r.From + 1
}

// A Run plays rules. Make one with New. It belongs to one goroutine.
type Run struct {
	o       Options
	g       *gauge.Gauge
	names   []string
	ladders []*ladder // by rule; nil where it has no threshold
	result  Result
	open    map[[2]string]int // of result.Alerts, or -1, by rule and key
	last    int64             // the time line has come to
}

// interval is that in which a gauge that follows shows what there is, and remembers what
// alerts are made of.
const interval = 10

// New returns a Run that has played nothing.
func New(o Options) *Run {
	r := &Run{o: o, open: map[[2]string]int{}}
	for i := range o.Rules {
		r.result.Rules = append(r.result.Rules, Tried{Rule: o.Rules[i]})
		var l *ladder
		if hasThreshold(&o.Rules[i]) {
			l = newLadder(&o.Rules[i])
		}
		r.ladders = append(r.ladders, l)
	}
	options := gauge.Options{
		Interval: interval, Lateness: o.Lateness, Rules: o.Rules, Filter: o.Filter, SectionDepth: o.SectionDepth, Zone: o.Zone,
		Observer: r.observe, Unseen: true,
	}
	options.Tops.Sections, options.Tops.Clients = 5, 5
	r.g = gauge.New(options)
	return r
}

// hasThreshold tells whether another threshold can be tried.
func hasThreshold(r *alert.Rule) bool {
	return (r.Test == alert.Above || r.Test == alert.Below) && r.Threshold > 0
}

func (r *Run) observe(rule int, key string, at int64, s alert.Sample) bool {
	r.last = at
	if l := r.ladders[rule]; l != nil {
		return l.step(key, at, s)
	}
	return false
}

// AddSource makes a log known and returns its number. Lines of it wait.
func (r *Run) AddSource(name string) int {
	r.names = append(r.names, name)
	return r.g.AddSource(name, true)
}

// Caught tells whether a log has been read to its end.
func (r *Run) Caught(source int, atEnd bool) {
	if !atEnd {
		r.g.Wrote(source, r.o.Now, r.o.Now)
	}
	r.g.Caught(source, atEnd, r.o.Now)
	r.take()
}

// A Block is a stretch of what a Writer wrote. The zero value is empty.
type Block struct {
	text   []byte
	record accesslog.Record
	ready  bool // record is the next one
	err    error
}

// Fill makes b a block of text, which it keeps until it is read.
func (b *Block) Fill(text []byte) { *b = Block{text: text} }

// Next returns the second of the next record; ok is false at the end of the block.
// Lines that are no requests go with the record before them.
func (b *Block) Next(run *Run, source int) (sec int64, ok bool) {
	for !b.ready && len(b.text) > 0 && b.err == nil {
		b.text, b.ready, b.err = next(b.text, &b.record)
		if !b.ready && b.err == nil {
			run.g.Reject(source, accesslog.ReasonField, 1)
			run.result.Rejected++
		}
	}
	return b.record.Sec, b.ready
}

// Err is what is wrong with the block.
func (b *Block) Err() error { return b.err }

// Play plays the records of a block up to the second limit, and the rest of it later.
func (r *Run) Play(source int, b *Block, limit int64) {
	for {
		sec, ok := b.Next(r, source)
		if !ok || sec > limit {
			break
		}
		b.ready = false
		if !r.g.Record(source, &b.record) {
			r.result.Rejected++
			continue
		}
		res := &r.result
		if !res.Seen {
			res.Seen, res.From, res.To = true, sec, sec
		}
		res.From, res.To = min(res.From, sec), max(res.To, sec)
		res.Hits++
	}
	r.take()
}

// take keeps the alerts that have come up.
func (r *Run) take() {
	for _, o := range r.g.Take() {
		switch {
		case o.Event != nil:
			r.event(o.Event)
		case o.Notice != nil && len(r.result.Notices) < mostNotices:
			r.result.Notices = append(r.result.Notices, o.Notice.Text)
		}
	}
}

// mostNotices are told; a log whose clock jumps all day has thousands.
const mostNotices = 100

func (r *Run) event(e *alert.Event) {
	i := slices.IndexFunc(r.result.Rules, func(t Tried) bool { return t.Rule.Name == e.Rule.Name })
	if i < 0 {
		return
	}
	t, name := &r.result.Rules[i], [2]string{e.Rule.Name, e.Key}
	at, isOpen := r.open[name]
	switch {
	case e.Begins():
		if e.Muted == "" {
			t.Alerts++
		} else {
			t.Muted++
		}
		r.open[name] = -1
		if len(r.result.Alerts) < MaxAlerts {
			r.open[name] = len(r.result.Alerts)
			r.result.Alerts = append(r.result.Alerts, Alert{Begin: *e})
		} else {
			r.result.Omitted++
		}
	case e.State == alert.Firing && isOpen && e.Was == alert.Firing && !e.Acknowledged && e.Muted == "":
		// Its mute is over: somebody is told after all.
		t.Alerts, t.Muted = t.Alerts+1, t.Muted-1
		if at >= 0 {
			r.result.Alerts[at].Begin.Muted = ""
		}
	case e.Was == alert.Firing && isOpen:
		t.Firing += max(0, e.At-e.Began)
		if at >= 0 {
			r.result.Alerts[at].End = e
		}
		delete(r.open, name)
	}
}

// End ends all logs and returns what there is to tell. r is not used any more.
func (r *Run) End() *Result {
	r.g.End()
	r.take()
	res := &r.result
	s := r.g.Snapshot()
	res.Late, res.Future, res.LateBy = s.Late, s.Future, s.LateBy
	end := res.To + 1
	for _, w := range s.Windows {
		if w.State != alert.Firing {
			continue
		}
		i := slices.IndexFunc(res.Rules, func(t Tried) bool { return t.Rule.Name == w.Rule.Name })
		res.Rules[i].Firing += max(0, end-w.Since)
	}
	for i, l := range r.ladders {
		if l != nil {
			res.Rules[i].Steps, res.Rules[i].Value = l.end(end)
		}
	}
	return res
}

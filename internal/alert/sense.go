package alert

import (
	"cmp"
	"slices"

	"weir/internal/change"
	"weir/internal/traffic"
)

// A step is one that a series took: a sample, or time that passed without one.
type step struct {
	t      int64
	idle   bool
	sample change.Sample
}

// series returns one that has seen nothing.
func (r *Rule) series(key string) *change.Series { return change.New(r.senses(key)) }

// senses are the options of the series of a rule that Changes. Sections are many: what is told
// of one has to be so much rarer that all of them together tell no more than chance does
// of a site. Without it a site of ten sections had ten times the false alarms.
//
// The step is that of StepSeconds for all of them; of latency a Series is given the last one of each
// minute, with the figures of all of it.
func (r *Rule) senses(key string) change.Options {
	kind := r.kind()
	o := change.Options{Kind: kind, Threshold: r.Surprise}
	switch {
	case key == "":
	case o.Threshold == 0:
		o.Threshold = change.Threshold(kind, change.Normal, sectionSeries)
	default:
		o.Threshold += change.Threshold(kind, change.Normal, sectionSeries) - change.Threshold(kind, change.Normal, 1)
	}
	if r.Policy != nil {
		o.Calendar = r.Policy.Calendar
	}
	return o
}

// sectionSeries are the series of sections that there are at most: of the four rules by default,
// those of the hour and of those before it.
const sectionSeries = 4 * 20

// kind is how the figures of the metric are judged: as counts, as a share, as a
// time.
func (r *Rule) kind() change.Kind {
	switch {
	case r.Metric == Share || r.Metric == Rejected:
		return change.Errors
	case r.Metric == Mean:
		return change.MeanLatency
	case r.Metric.Timed():
		return change.P90Latency
	}
	return change.Traffic
}

// outage is how many seconds of silence a series of counts is told of: after a
// day of it, nothing at all is what is usual.
const outage = 26 * 3600

// sense gives the series of w what happened in the last step. Of a step without
// requests shares and latencies know nothing, so that it is no step of theirs:
// whether a silence is walked through or passed over makes no difference.
func (b *Board) sense(rule int, w *Watch, f Figures) (Event, bool) {
	s := step{t: b.at, sample: f.Step(rule, w.Key, b.at)}
	counts := w.Rule.kind() == change.Traffic
	switch {
	case s.sample.Requests > 0 || s.sample.Timed > 0:
		w.heard = b.at
	case !counts || w.heard == 0 || b.at > w.heard+outage:
		return Event{}, false
	}
	b.note(w, s)
	d, ok := w.series.Step(s.t, s.sample)
	if !ok {
		return Event{}, false
	}
	return w.change(d)
}

// idle lets the series of counts pass over a silence up to the second to.
func (b *Board) idle(to int64) {
	to = traffic.FloorDiv(to, StepSeconds) * StepSeconds
	type decision struct {
		w *Watch
		d change.Decision
	}
	var all []decision
	for _, w := range b.watches {
		end := min(to, w.heard+outage)
		if w.series == nil || w.heard == 0 || w.Rule.kind() != change.Traffic || w.series.At() >= end {
			continue
		}
		b.note(w, step{t: end, idle: true})
		for _, d := range w.series.Idle(end) {
			all = append(all, decision{w, d})
		}
	}
	slices.SortStableFunc(all, func(a, b decision) int { return cmp.Compare(a.d.At, b.d.At) })
	for _, o := range all {
		if e, ok := o.w.change(o.d); ok {
			b.emit(o.w, e)
		}
	}
}

// Look returns what the series of a watch that Changes thinks now; ok is false
// of other watches.
func (w *Watch) Look() (d change.Decision, ok bool) {
	if w.series == nil {
		return change.Decision{}, false
	}
	return w.series.Look(), true
}

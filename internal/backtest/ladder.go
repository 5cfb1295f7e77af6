package backtest

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"weir/internal/alert"
)

// A Step is what a rule would have done with another threshold.
type Step struct {
	Threshold alert.Level
	Own       bool  // it is the one of the rule
	Alerts    int64 // of all keys, muted or not
	Firing    int64 // seconds, of all keys
}

// A Value is what a rule measured, over time; with keys, of all of them.
type Value struct {
	Seconds            int64 // in which there was something to measure
	P50, P90, P99, Max alert.Level
	Min                alert.Level
}

// A ladder plays a rule with many thresholds at once.
//
//	level 8 ─ quiet ──────────────────────
//	level 6 ─ quiet ───────╮ above ╭──────    only what lies between two values
//	level 5 ─ quiet ──╮ above ─────╰──────    in a row can have changed
//	level 4 ─ firing ─────────────────────
//
// A step costs the search of a value among a hundred levels and a look at those that it has
// passed, so the ladder of a rule is no more work than the rule.
type ladder struct {
	rule   *alert.Rule
	levels []alert.Level // ascending
	ends   []alert.Level // the recovery of each
	own    int           // of levels, the rule's
	alerts []int64       // by level
	firing []int64
	keys   map[string]*rungs
	time   []int64 // seconds in which the value was between two levels: below levels[i], and not below the one before
	most   alert.Level
	least  alert.Level
	total  int64
}

// rungs is where a key stands on the ladder.
type rungs struct {
	at       int64 // the last step
	sample   alert.Sample
	place    int // how many levels the value is at or above
	over     int // see ladder.bounds
	under    int
	eligible bool
	timing   int // levels that wait for something
	level    []rung
}

// A rung is a level's state, as that of an alert.Watch.
type rung struct {
	state alert.State
	since int64
	over  int64 // since when what ends the alert holds, 0 while it does not
}

// mantissas are steps that people choose thresholds from: a tenth of a decade each,
// as far as round numbers go.
func mantissas() []int64 { return []int64{10, 12, 15, 20, 25, 30, 40, 50, 60, 80} }

// span returns the smallest and the largest threshold that is worth trying for a rule.
func span(r *alert.Rule) (from, to alert.Level) {
	const one = 1_000_000
	switch {
	case r.Earlier > 0:
		return one / 100, 1000 * one
	case r.Metric == alert.Bytes:
		return one, 100_000_000_000 * one
	case r.Metric == alert.Visitors:
		return one, 100_000_000 * one
	case r.Metric == alert.Share || r.Metric == alert.Rejected:
		return one / 10_000, one
	case r.Metric.Timed():
		return one / 1000, 1000 * one
	}
	return one / 1000, 1_000_000 * one
}

func newLadder(r *alert.Rule) *ladder {
	l := &ladder{rule: r, keys: map[string]*rungs{}, least: math.MaxInt64}
	from, to := span(r)
	for decade := int64(1); decade <= int64(to); decade *= 10 {
		for _, m := range mantissas() {
			if v := alert.Level(m * decade / 10); v >= from && v <= to && decade >= 10 {
				l.levels = append(l.levels, v)
			}
		}
		if decade > math.MaxInt64/1000 {
			break
		}
	}
	i, found := slices.BinarySearch(l.levels, r.Threshold)
	if !found {
		l.levels = slices.Insert(l.levels, i, r.Threshold)
	}
	l.own = i
	for _, v := range l.levels {
		l.ends = append(l.ends, cmp.Or(r.RecoveryAt(v), v))
	}
	l.ends[l.own] = r.Recovery
	if r.Recovery == 0 {
		l.ends[l.own] = r.Threshold
	}
	n := len(l.levels)
	l.alerts, l.firing, l.time = make([]int64, n), make([]int64, n), make([]int64, n+1)
	return l
}

// bounds tells for which levels the condition of an alert holds, and for which what
// ends it does. Above: for those before over, and from under on. Below: from over on,
// and before under.
func (l *ladder) bounds(s alert.Sample) (over, under int) {
	n := len(l.levels)
	if l.rule.Test == alert.Below {
		if s.Den <= 0 {
			return n, 0
		}
		return sort.Search(n, func(i int) bool { return l.levels[i].Compare(s.Num, s.Den) < 0 }),
			sort.Search(n, func(i int) bool { return l.ends[i].Compare(s.Num, s.Den) <= 0 })
	}
	if s.Den <= 0 {
		return 0, n
	}
	return sort.Search(n, func(i int) bool { return l.levels[i].Compare(s.Num, s.Den) <= 0 }),
		sort.Search(n, func(i int) bool { return l.ends[i].Compare(s.Num, s.Den) < 0 })
}

// step takes what was measured for a key in the window that ends at t, and reports
// whether something may change before the next request.
func (l *ladder) step(key string, t int64, s alert.Sample) (busy bool) {
	k := l.keys[key]
	if k == nil {
		if len(l.keys) >= 4*alert.MaxKeys {
			l.forget(t)
		}
		k = &rungs{at: t - l.rule.Cadence(), level: make([]rung, len(l.levels))}
		k.over, k.under = l.bounds(alert.Sample{})
		l.keys[key] = k
	}
	below := l.rule.Test == alert.Below
	l.pass(k, t)
	over, under := l.bounds(s)
	eligible := l.rule.Enough(s) && (s.Whole || !below && l.rule.Earlier == 0)
	from, to := min(over, k.over, under, k.under), max(over, k.over, under, k.under)
	if eligible != k.eligible || k.timing > 0 || over == under && over != k.over {
		from, to = 0, len(l.levels)
	}
	k.sample, k.over, k.under, k.eligible = s, over, under, eligible
	if s.Den > 0 {
		k.place = sort.Search(len(l.levels), func(i int) bool { return l.levels[i].Compare(s.Num, s.Den) < 0 })
		value := alert.Level(min(float64(s.Num)/float64(s.Den)*1e6, math.MaxInt64/2))
		l.most, l.least = max(l.most, value), min(l.least, value)
	}
	for i := from; i < min(to+1, len(l.levels)); i++ {
		isOver, isUnder := i < over, i >= under
		if below {
			isOver, isUnder = i >= over, i < under
		}
		l.decide(k, i, t, isOver && eligible && s.Den > 0, isUnder && s.Den > 0)
	}
	still := s.Den <= 0 || s.Num <= 0 && (!below || s.Whole || s.Hits < l.rule.Min)
	return k.timing > 0 || !still
}

// pass counts the time in which the value was what it was.
func (l *ladder) pass(k *rungs, t int64) {
	if d := t - k.at; d > 0 && k.sample.Den > 0 {
		l.time[k.place] += d
		l.total += d
	}
	k.at = t
}

// decide is alert.Watch.Step, which a test holds it to.
func (l *ladder) decide(k *rungs, i int, t int64, over, under bool) {
	r := &k.level[i]
	was := r.waits()
	switch r.state {
	case alert.Quiet:
		switch {
		case !over:
		case l.rule.For == 0:
			*r = rung{state: alert.Firing, since: t}
			l.alerts[i]++
		default:
			*r = rung{state: alert.Pending, since: t}
		}
	case alert.Pending:
		switch {
		case !over:
			*r = rung{since: t}
		case t-r.since >= l.rule.For:
			*r = rung{state: alert.Firing, since: t}
			l.alerts[i]++
		}
	case alert.Firing:
		if !under {
			r.over = 0
			break
		}
		if r.over == 0 {
			r.over = t
		}
		if t-r.over >= l.rule.KeepFiring {
			l.firing[i] += max(0, t-r.since)
			*r = rung{since: t}
		}
	}
	k.timing += r.waits() - was
}

// waits is 1 for a level that may change without another value.
func (r *rung) waits() int {
	if r.state == alert.Pending || r.over != 0 {
		return 1
	}
	return 0
}

// forget ends the alerts of keys that are no longer measured.
func (l *ladder) forget(t int64) {
	for key, k := range l.keys {
		if k.at < t-l.rule.Cadence() {
			l.close(k, k.at)
			delete(l.keys, key)
		}
	}
}

func (l *ladder) close(k *rungs, t int64) {
	for i := range k.level {
		if k.level[i].state == alert.Firing {
			l.firing[i] += max(0, t-k.level[i].since)
		}
	}
}

// end returns the part of the ladder that a person chooses from, and what was measured.
func (l *ladder) end(t int64) ([]Step, *Value) {
	for _, k := range l.keys {
		if t > k.at {
			l.pass(k, t)
		}
		l.close(k, max(t, k.at))
	}
	v := &Value{Seconds: l.total}
	if l.total == 0 {
		return nil, v
	}
	v.P50, v.P90, v.P99 = l.quantile(0.5), l.quantile(0.9), l.quantile(0.99)
	v.Max, v.Min = l.most, l.least
	var steps []Step
	for _, i := range l.chosen() {
		steps = append(steps, Step{Threshold: l.levels[i], Own: i == l.own, Alerts: l.alerts[i], Firing: l.firing[i]})
	}
	return steps, v
}

// quantile returns the smallest level that the value was below for at least so much of
// the time, the largest value where that is less.
func (l *ladder) quantile(q float64) alert.Level {
	sum, want := int64(0), int64(math.Ceil(q*float64(l.total)))
	for i, n := range l.time[:len(l.levels)] {
		if sum += n; sum >= want {
			return min(l.levels[i], max(l.most, 0))
		}
	}
	return l.most
}

// mostSteps are rows of a table that is still read.
const mostSteps = 12

// chosen returns the levels worth telling, ascending: from those that nine tenths of the time
// stay on the right side of, to the first that would never have fired; and the rule's own.
func (l *ladder) chosen() []int {
	at := func(v alert.Level) int {
		i, _ := slices.BinarySearch(l.levels, v)
		return min(i, len(l.levels)-1)
	}
	from, to := at(l.quantile(0.9)), at(l.most)
	if l.levels[to] < l.most && to < len(l.levels)-1 {
		to++
	}
	if l.rule.Test == alert.Below {
		from, to = max(0, at(l.least)-1), at(l.quantile(0.1))
	}
	const fewest = 6
	for to-from+1 < fewest && from > 0 {
		from--
	}
	var out []int
	n := to - from
	for k := 0; k <= min(n, mostSteps-1); k++ {
		out = append(out, from+k*n/max(1, min(n, mostSteps-1)))
	}
	if i, found := slices.BinarySearch(out, l.own); !found {
		out = slices.Insert(out, i, l.own)
	}
	return out
}

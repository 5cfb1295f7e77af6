package alert

import (
	"math"

	"weir/internal/change"
	"weir/internal/traffic"
)

// A Sample is what was measured in a window: Num/Den in the unit of the
// metric. Den is 0 where there was nothing to measure.
type Sample struct {
	Num, Den int64
	Hits     int64 // requests looked at
	// Whole: the time before the window is known, so that it says something that
	// there is little in it.
	Whole bool
	// Known is how many seconds of the window are known; 0 where nobody asks, which only
	// rules do that are Burns.
	Known int64

	now int64 // with Earlier: of Hits those of the window itself
}

// recent is how many requests are in the window itself.
func (r *Rule) recent(s *Sample) int64 {
	switch {
	case r.Test == Absent:
		return s.Num
	case r.Earlier > 0:
		return s.now
	}
	return s.Hits
}

// Figures are what rules are decided on: all records of closed seconds, counted
// by what each rule asks for. Rules are named by their number on the Board.
type Figures interface {
	// Measure returns what the rule measured for key in the window l. Of equal Span
	// and Lag it is asked in the order of At.
	Measure(rule int, key string, l Look) Sample
	// Step returns what happened in the step of StepSeconds that ends at t; latencies are
	// those of the Cadence of the rule.
	Step(rule int, key string, t int64) change.Sample
	// Keys returns the keys that there are at t, in their order; without By it is
	// not asked. Valid until the next record.
	Keys(rule int, t int64) []string
	// Next returns the first second at or after from in which something was
	// counted, or after which something else is known: that a log is gone, or what the
	// requests of a window are that was not Whole. ok is false where there is none.
	Next(from int64) (sec int64, ok bool)
}

// A Look is the window [At-Lag-Span, At-Lag), in seconds.
type Look struct{ At, Span, Lag int64 }

// Looks are the windows that the rule asks for, with an At of 0. Of Absent those of the twelve
// windows before are none: they are asked for one by one, and seldom.
func (r *Rule) Looks() []Look {
	switch r.Test {
	case Burns:
		var all []Look
		for _, p := range Pairs() {
			all = append(all, Look{0, p.Long, 0}, Look{0, p.Short, 0})
		}
		return all
	case Absent:
		return []Look{{0, r.Window, 0}, {0, 13 * r.Window, 0}}
	case Changes:
		return nil
	}
	if r.Earlier > 0 {
		return []Look{{0, r.Window, 0}, {0, r.Window, r.Earlier}}
	}
	return []Look{{0, r.Window, 0}}
}

// against makes the value of s a multiple of that of an earlier window.
func (s Sample) against(earlier Sample) Sample {
	whole, hits := earlier.Whole, max(s.Hits, earlier.Hits)
	if s.Den <= 0 || earlier.Den <= 0 || earlier.Num <= 0 {
		return Sample{Hits: hits, Whole: whole, now: s.Hits}
	}
	if s.Den == earlier.Den {
		return Sample{Num: s.Num, Den: earlier.Num, Hits: hits, Whole: whole, now: s.Hits}
	}
	ratio := float64(s.Num) / float64(s.Den) * float64(earlier.Den) / float64(earlier.Num)
	return Sample{Num: int64(math.Round(min(ratio*1e6, 1e18))), Den: 1e6, Hits: hits, Whole: whole, now: s.Hits}
}

// burn is how many times as fast as it may the budget burns, 0 where no Pair
// says that it is too fast. Where the short window of one has no request, the long
// one is not known to be over: nothing is measured then.
//
// A Pair is about the part of the budget that is gone (2 % in its hour, 10 % in its three
// days), so of a window that is known in part the rest counts as good: an outage in the first
// minutes is told, and no three days are claimed of an hour.
func (r *Rule) burn(measure func(span int64) Sample) Sample {
	var worst Sample
	if r.Budget <= 0 {
		return worst // no share of requests can be held against nothing
	}
	unknown, known := false, false
	for _, p := range Pairs() {
		long, short := measure(p.Long), measure(p.Short)
		worst.Hits = max(worst.Hits, long.Hits)
		if k := max(1, long.Known); k < p.Long {
			long.Num, long.Den = long.Num*k, long.Den*p.Long
		}
		limit := Level(min(int64(r.Budget)*int64(p.Factor)/1e6, 1e6))
		switch {
		case long.Den <= 0:
		case limit.Compare(long.Num, long.Den) <= 0:
			known = true
		case short.Den <= 0:
			unknown = true
		case limit.Compare(short.Num, short.Den) <= 0:
			known = true
		case worst.Num == 0:
			times := float64(long.Num) / float64(long.Den) / r.Budget.Float()
			worst.Num, worst.Den = int64(math.Round(times*1000)), 1000
		}
	}
	if worst.Num == 0 && known && !unknown {
		worst.Den = 1
	}
	return worst
}

// judge tells whether the condition of the rule holds, and whether what ends it
// does. Neither keeps the state as it is.
func (r *Rule) judge(s Sample) (over, under bool) {
	switch r.Test {
	case Absent, Silent, Gone:
		// Of these Num is what came, Hits what came before.
		return s.Num == 0 && s.Whole && s.Hits >= r.Min, s.Num > 0
	case Burns:
		return s.Num > 0 && s.Hits >= r.Min, s.Num == 0 && s.Den > 0
	}
	if s.Den <= 0 {
		return false, false
	}
	end := r.Recovery
	if end == 0 {
		end = r.Threshold
	}
	side, back := r.Threshold.Compare(s.Num, s.Den), end.Compare(s.Num, s.Den)
	if r.Test == Below {
		return side < 0 && s.Whole && r.Enough(s), back > 0
	}
	return side > 0 && r.Enough(s) && (s.Whole || r.Earlier == 0), back < 0
}

// Enough reports whether there is as much in the window as an alert of Above or Below needs.
func (r *Rule) Enough(s Sample) bool { return s.Hits >= r.Min && s.Num >= r.MinOf }

// An Only is the Figures of rules that ask for hits alone, of the whole site:
// what each second had is all they need.
type Only struct{ Seconds *traffic.Seconds }

// Measure implements Figures.
func (o Only) Measure(_ int, _ string, l Look) Sample {
	hits := o.Seconds.Sum(l.At-l.Lag-l.Span, l.At-l.Lag).Hits
	return Sample{Num: hits, Den: l.Span, Hits: hits}
}

// Step implements Figures; nobody asks.
func (Only) Step(int, string, int64) change.Sample { return change.Sample{} }

// Keys implements Figures; nobody asks.
func (Only) Keys(int, int64) []string { return nil }

// Next implements Figures.
func (o Only) Next(from int64) (sec int64, ok bool) { return o.Seconds.Next(from) }

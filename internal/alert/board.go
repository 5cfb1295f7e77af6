package alert

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"weir/internal/change"
	"weir/internal/traffic"
)

// MaxHistory is the number of events the Board remembers, the newest ones.
const MaxHistory = 10_000

// A Board owns the Watches of all rules and the events they caused. Make one
// with NewBoard. It belongs to one goroutine.
type Board struct {
	rules   []Rule
	watches []*Watch // in the order of the rules, then of keys
	from    []int    // the first of each rule in watches
	pace    []pace   // of each rule
	at      int64    // the last second stepped to
	heard   int64    // the last second before at in which something was counted, as far as was looked
	started bool
	owed    []Event // of RestoreBoard
	history []Event
	dropped int
	mark    checkpoint
	observe Observer
	hushes  []Hush // what somebody has said
}

// A pace is Rule.Cadence, and how far back the rule looks once its windows are rounded.
type pace struct{ cadence, reach int64 }

// paceOf returns the pace of a rule. The end of a window, its length and its lag are rounded
// to whole slots each: by Rule.Reach alone, a window of a second that is one of ten was taken
// for empty while the requests were still in it, and what came of its being empty was late.
func paceOf(r *Rule) pace {
	return pace{r.Cadence(), r.Reach() + 3*(r.Slot(r.Reach())-1)}
}

// An Observer is told of each measurement that a rule is decided on. key is that of
// the Watch, at the second, as in Look. It reports whether it has to see the next second even
// if nothing can change for the rules before the next request.
type Observer func(rule int, key string, at int64, s Sample) (busy bool)

// Observe makes o the Observer of what comes; nil is none. It changes no decision.
func (b *Board) Observe(o Observer) { b.observe = o }

// NewBoard returns a Board on which every rule is quiet.
func NewBoard(rules ...Rule) *Board {
	b := &Board{rules: slices.Clone(rules), from: make([]int, len(rules)), pace: make([]pace, len(rules))}
	for i := range b.rules {
		r := &b.rules[i]
		b.from[i] = len(b.watches)
		b.pace[i] = paceOf(r)
		if r.By == Site || r.Test == Changes {
			b.watches = append(b.watches, b.watch(i, ""))
		}
	}
	return b
}

func (b *Board) watch(rule int, key string) *Watch {
	w := &Watch{Rule: b.rules[rule], Key: key}
	w.hushed = b.hushed(w)
	if w.Rule.Test == Changes {
		w.series = w.Rule.series(w.Key)
	}
	return w
}

// Rules returns the rules, by the numbers that Figures are asked with. They are
// not to be changed.
func (b *Board) Rules() []Rule { return b.rules }

// Advance steps every rule through the closed seconds up to and including to,
// in the order of time, and returns the events they caused. The figures come
// from f, which must have all records of closed seconds that came in time.
//
// A stretch without requests is not walked: nothing can change before the next
// one once every watch is calm, and the walk goes on there. A year of silence
// costs as much as the longest window at most.
func (b *Board) Advance(to int64, f Figures) []Event {
	old := len(b.history)
	if !b.started {
		first, ok := f.Next(math.MinInt64)
		if !ok || first >= to {
			return nil
		}
		b.started, b.at, b.heard = true, first, first-1
	}
	for began := b.at; b.at < to; {
		b.at++
		b.step(f)
		wake := b.wake(f, began)
		if wake <= b.at+1 {
			continue
		}
		next, ok := f.Next(b.at)
		if !ok || next >= to {
			next = to
		}
		next = min(next, wake-1)
		b.idle(next)
		b.at = max(b.at, next)
	}
	b.hear(f)
	events := b.history[old:]
	b.trim()
	return events
}

// Owed returns the events that RestoreBoard has caused: they are to be told before
// others, once, since they are no part of the state.
func (b *Board) Owed() []Event {
	events := b.owed
	b.owed = nil
	b.history = append(b.history, events...)
	return events
}

// step steps all watches to b.at.
func (b *Board) step(f Figures) {
	for i := range b.rules {
		if c := b.pace[i].cadence; c > 1 && b.at%c != 0 {
			continue
		}
		if b.rules[i].By != Site {
			b.meet(i, f.Keys(i, b.at))
		}
		for _, w := range b.of(i) {
			var e Event
			var ok bool
			if w.series != nil {
				e, ok = b.sense(i, w, f)
			} else {
				s := b.measure(i, w, f)
				if b.observe != nil {
					w.observed = b.observe(i, w.Key, b.at, s)
				}
				e, ok = w.Step(b.at, s)
			}
			switch {
			case ok:
				b.emit(w, e)
			case w.muted != "" && w.State == Firing && w.over == 0 && w.silent(b.at) == "" && w.alone(b.at, b.told(w) != nil):
				b.history = append(b.history, w.unmute(b.at))
			}
		}
	}
}

// wake returns the next second that a rule has to be stepped to, even if no
// request comes before it. What came late up to began, where this walk begins, is
// known to the rules that were decided since.
func (b *Board) wake(f Figures, began int64) int64 {
	wake := int64(math.MaxInt64)
	for i := range b.rules {
		wake = min(wake, b.wakeOf(i, f, began))
		if wake <= b.at+1 {
			break
		}
	}
	return wake
}

func (b *Board) wakeOf(rule int, f Figures, began int64) int64 {
	p := b.pace[rule]
	last := traffic.FloorDiv(b.at, p.cadence) * p.cadence
	next := last + p.cadence
	if last <= began {
		return next
	}
	if last < b.at {
		if sec, ok := f.Next(last); ok && sec < b.at {
			return next // it is in no window yet
		}
	}
	wake := int64(math.MaxInt64)
	for _, w := range b.of(rule) {
		if w.observed || !w.calm(false) && !(b.hear(f) < b.at-p.reach-p.cadence && w.calm(true)) {
			return next
		}
		if w.muted == "" || w.State != Firing {
			continue
		}
		by := b.told(w)
		switch {
		case w.silent(b.at) != "":
			wake = min(wake, w.heardAgain(b.at))
		case by == nil || by.series != nil:
			return next // the other alert may end in silence
		}
	}
	return wake
}

// hear returns the last second before b.at in which something was counted.
func (b *Board) hear(f Figures) int64 {
	for {
		sec, ok := f.Next(b.heard + 1)
		if !ok || sec >= b.at {
			return b.heard
		}
		b.heard = sec
	}
}

// of returns the watches of a rule.
func (b *Board) of(rule int) []*Watch {
	if rule+1 < len(b.from) {
		return b.watches[b.from[rule]:b.from[rule+1]]
	}
	return b.watches[b.from[rule]:]
}

// meet makes the watches of a rule those of keys, which are in order. One whose
// key is no more ends, with that reason.
func (b *Board) meet(rule int, keys []string) {
	old := b.of(rule)
	same := len(old) == len(keys)
	fixed := b.rules[rule].Test == Changes // the site itself, which is no key
	if fixed {
		same = len(old) == len(keys)+1
	}
	for i := 0; same && i < len(keys); i++ {
		same = old[i+len(old)-len(keys)].Key == keys[i]
	}
	if same {
		return
	}
	var now []*Watch
	if fixed {
		now, old = append(now, old[0]), old[1:]
	}
	for len(old)+len(keys) > 0 {
		order := 0
		switch {
		case len(keys) == 0:
			order = -1
		case len(old) == 0:
			order = 1
		default:
			order = cmp.Compare(old[0].Key, keys[0])
		}
		switch {
		case order < 0:
			if e, ok := old[0].end(b.at, b.rules[rule].forgotten()); ok {
				b.emit(old[0], e)
			}
			old = old[1:]
		case order > 0:
			now, keys = append(now, b.watch(rule, keys[0])), keys[1:]
		default:
			now, old, keys = append(now, old[0]), old[1:], keys[1:]
		}
	}
	before := len(b.of(rule))
	b.watches = slices.Concat(b.watches[:b.from[rule]], now, b.watches[b.from[rule]+before:])
	for i := rule + 1; i < len(b.from); i++ {
		b.from[i] += len(now) - before
	}
}

// forgotten is why the alert of a key ends that is no longer watched.
func (r *Rule) forgotten() string {
	if r.Test == Changes {
		return "it is no longer one of the sections with most requests"
	}
	return "others had requests since, and there is room for no more"
}

// measure asks for what the condition of w is about.
func (b *Board) measure(rule int, w *Watch, f Figures) Sample {
	r := &w.Rule
	switch {
	case r.Test == Burns:
		return r.burn(func(span int64) Sample { return f.Measure(rule, w.Key, Look{b.at, span, 0}) })
	case r.Test == Absent:
		now := f.Measure(rule, w.Key, Look{b.at, r.Window, 0})
		if w.State == Quiet && now.Hits > 0 {
			// What came before is only asked for where nothing comes: it is thirteen times as long.
			return Sample{Num: now.Hits, Den: r.Window, Whole: now.Whole}
		}
		all := f.Measure(rule, w.Key, Look{b.at, 13 * r.Window, 0})
		s := Sample{Num: now.Hits, Den: r.Window, Hits: all.Hits - now.Hits, Whole: now.Whole}
		if s.Num == 0 && s.Whole && r.Min > 0 && s.Hits >= r.Min && w.State != Firing {
			s.Whole = !b.lumpy(rule, w.Key, f) && !(w.Key == "" && r.Where == "" && b.rests(r.Window))
		}
		return s
	case r.Earlier > 0:
		now := f.Measure(rule, w.Key, Look{b.at, r.Window, 0})
		return now.against(f.Measure(rule, w.Key, Look{b.at, r.Window, r.Earlier}))
	}
	return f.Measure(rule, w.Key, Look{b.at, r.Window, 0})
}

// lumpy reports whether windows without a request are nothing new: more than a quarter of the
// twelve before, as far as they are known, had none. A program that comes every ten minutes
// is no outage in between, nor is the end of a crawler's visit.
func (b *Board) lumpy(rule int, key string, f Figures) bool {
	known, empty := 0, 0
	for k := int64(1); k <= 12; k++ {
		window := b.rules[rule].Window
		switch s := f.Measure(rule, key, Look{b.at, window, k * window}); {
		case s.Hits > 0:
			known++
		case s.Whole:
			known, empty = known+1, empty+1
		}
	}
	return 4*empty > known
}

// rests reports whether sudden change has learned that the site rests at this time: that a shop
// closes at ten was told of by no-traffic, some evenings, once sudden change knew better.
func (b *Board) rests(window int64) bool {
	for _, o := range b.watches {
		if r := &o.Rule; r.Test == Changes && r.Metric == Hits && r.Where == "" && o.Key == "" && o.State != Firing {
			return o.series.Rests(window)
		}
	}
	return false
}

// emit keeps an event of w, unless another rule has told the same.
func (b *Board) emit(w *Watch, e Event) {
	if e.Begins() && e.Muted == "" {
		if by := b.told(w); by != nil {
			w.muted = Instead + by.Rule.Name
			e.Muted = w.muted
		}
	}
	b.history = append(b.history, e)
}

// told returns the watch that has already told all that w has to say.
func (b *Board) told(w *Watch) *Watch {
	for _, o := range b.watches {
		if o != w && o.State == Firing && o.muted == "" && o.covers(w) {
			return o
		}
	}
	return nil
}

// covers reports whether an alert of o says what one of w would: that there is no traffic
// at all, so that there is less of it, also in a section; that a section has the trouble of
// the whole site; that requests take longer on average where nine of ten do.
func (o *Watch) covers(w *Watch) bool {
	a, b := &o.Rule, &w.Rule
	if o.silence() && (w.silence() || w.fell()) {
		return true
	}
	if a.Test != Changes || b.Test != Changes || a.Where != b.Where || o.up != w.up {
		return false
	}
	whole := o.Key == "" || o.Key == w.Key
	return a.Name == b.Name && o.Key == "" && w.Key != "" || whole && a.Metric == P90 && b.Metric == Mean
}

// silence reports whether an alert of w says that there is no traffic at all.
func (w *Watch) silence() bool {
	r := &w.Rule
	return w.Key == "" && r.Where == "" && (r.Test == Absent || w.none && r.Test == Changes && r.Metric == Hits)
}

// fell reports whether an alert of w says that there are fewer requests than usual, of the site
// or of a section.
func (w *Watch) fell() bool {
	r := &w.Rule
	return r.Test == Changes && r.Metric == Hits && r.Where == "" && w.State == Firing && !w.up
}

func (b *Board) trim() {
	if n := len(b.history) - MaxHistory; n > MaxHistory/10 {
		// A new array: the caller still holds a view into the old one. In
		// bunches, or each event would copy all others.
		b.history = append([]Event(nil), b.history[n:]...)
		b.dropped += n
	}
}

// Reload makes the rules others at the last second stepped to. A rule of the
// same name goes on with the state of its alerts; those of a rule that is no
// more end with that reason.
func (b *Board) Reload(rules ...Rule) []Event {
	old := b.watches
	now := NewBoard(rules...)
	now.at, now.heard, now.started, now.history, now.dropped = b.at, b.heard, b.started, b.history, b.dropped
	now.mark, now.observe, now.hushes = b.mark, b.observe, b.hushes
	now.mark.stale = true
	events := now.take(old, b.at)
	*b = *now
	b.quieten()
	b.history = append(b.history, events...)
	b.trim()
	return events
}

// take gives the watches of b the states of old ones, and returns what that
// ends. Rules are matched by name: a rule whose threshold or window was changed
// stays as it is until its own value says otherwise. So an alert that is open is
// not announced twice, and never hangs open for want of its recovery.
func (b *Board) take(old []*Watch, t int64) []Event {
	var events []Event
	for _, w := range old {
		i := slices.IndexFunc(b.rules, func(r Rule) bool { return r.Name == w.Rule.Name && r.sameKind(&w.Rule) })
		if i < 0 {
			if e, ok := w.end(t, "the rule is no more, or another"); ok {
				events = append(events, e)
			}
			continue
		}
		k := sort.Search(len(b.of(i)), func(k int) bool { return b.of(i)[k].Key >= w.Key })
		at := b.from[i] + k
		if k == len(b.of(i)) || b.watches[at].Key != w.Key {
			b.watches = slices.Insert(b.watches, at, b.watch(i, w.Key))
			for j := i + 1; j < len(b.from); j++ {
				b.from[j]++
			}
		}
		into := b.watches[at]
		r := into.Rule
		*into = *w
		if w.series != nil {
			// It has learned what is usual, whatever is to be told of it.
			if s, err := change.Restore(w.series.AppendBinary(nil), r.senses(w.Key)); err == nil {
				into.series = s
			}
		}
		if e, ok := into.adopt(r, t); ok {
			events = append(events, e)
		}
	}
	return events
}

// sameKind reports whether an alert of r may go on as one of o.
func (r *Rule) sameKind(o *Rule) bool {
	return r.Test == o.Test && r.By == o.By && r.Metric == o.Metric
}

// Acknowledge notes that somebody knows of the alerts of a rule; of that of
// key alone, unless all is set. It returns an event for each that is open and not
// known yet.
func (b *Board) Acknowledge(rule, key string, all bool, t int64) []Event {
	old := len(b.history)
	for _, w := range b.watches {
		if w.Rule.Name == rule && (all || w.Key == key) && w.State == Firing && w.Acknowledged == 0 {
			w.Acknowledged = t
			b.history = append(b.history, Event{
				Rule: w.Rule, Key: w.Key, State: Firing, Was: Firing, At: t, Sample: w.Last,
				Began: w.Since, After: t - w.Since, Acknowledged: true,
			})
		}
	}
	events := b.history[old:]
	b.trim()
	return events
}

// Shift moves the Board by delta seconds: the time line was set. Events of the
// past keep the time they were announced with.
func (b *Board) Shift(delta int64) {
	b.at, b.heard = b.at+delta, b.heard+delta
	for i := range b.hushes {
		b.hushes[i].Until += delta
	}
	b.quieten()
	for _, w := range b.watches {
		for _, sec := range []*int64{&w.Since, &w.held, &w.over, &w.heard, &w.bare, &w.Acknowledged} {
			if *sec != 0 {
				*sec += delta
			}
		}
		if w.series != nil {
			w.series.Shift(delta)
		}
	}
	b.mark.stale = true
}

// Watches returns the rules with their states, in the order of the rules, then of
// keys. The slice is valid until the next Advance, and not to be changed.
func (b *Board) Watches() []*Watch { return b.watches }

// History returns the events of the past, oldest first, and how many older
// ones are no longer remembered. The slice is not changed by what comes.
func (b *Board) History() (events []Event, dropped int) {
	beyond := max(0, len(b.history)-MaxHistory)
	return slices.Clip(b.history[beyond:]), b.dropped + beyond
}

package gauge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// A life is what happens to a Gauge: its options, then calls in order. It can
// be played any number of times.
type life struct {
	o       Options
	sources int
	calls   []func(*Gauge)
	ends    bool // with End, else with Stop
	// widths, when not nil, are those that the next run asks for: with widen by
	// Widen, of a Gauge that was restored without any.
	widths func() []Width
	widen  bool
}

// randomLife is that of one to four servers with disorder, late and future
// records, clocks that are set, requests that are passed over, rejected lines,
// silences, and alerts that fire and recover. Each dimension has no more than
// so many keys.
func randomLife(r *rand.Rand, s *traffic.Sealer, length, keys int) life {
	l := life{o: options(), sources: 1 + r.IntN(4), ends: r.IntN(3) > 0}
	o := &l.o
	o.Sealer = s
	o.Interval = []int64{10, 10, 5, 7, 20, 60, 1, 13}[r.IntN(8)]
	o.Lateness = time.Duration(r.IntN(4)) * time.Second
	o.Wall = r.IntN(10) == 0
	o.Rules = []alert.Rule{
		alert.HighTrafficRule(unit.PerSecond(1+r.Int64N(4_000_000)), time.Minute),
		alert.HighTrafficRule(unit.PerSecond(1+r.Int64N(4_000_000)), 5*time.Second),
		long(unit.PerSecond(1+r.Int64N(1_000_000)), time.Hour),
	}
	o.Rules[1].Name = "short"
	o.Widths = randomWidths(r)
	do := func(call func(*Gauge)) { l.calls = append(l.calls, call) }
	now, offset := base+r.Int64N(100), make([]int64, l.sources)
	wild := r.IntN(3) == 0
	// Of a source of its own: the lives stay what they are.
	more := rand.New(rand.NewPCG(uint64(now), uint64(length)))
	for n := range more.IntN(5) {
		o.Rules = append(o.Rules, anyRule(more, fmt.Sprint("any", n)))
	}
	o.Filter = filterOf
	for len(l.calls) < length {
		i := r.IntN(l.sources)
		if wild && r.IntN(3) == 0 {
			offset[i] = []int64{0, -5, 40, -3600, 3600, -86_400, -400 * 86_400, 1 << 32}[r.IntN(8)]
		}
		rate, late := 1+r.IntN(15), 1+r.Int64N([]int64{3, 6, 40}[r.IntN(3)])
		for range r.IntN(min(250, length)) {
			at := time.Unix(now, r.Int64N(1e9))
			sec := now + offset[i] - r.Int64N(late)
			switch r.IntN(150) {
			case 0:
				sec = []int64{-1, 0, 1, accesslog.MaxSec, r.Int64N(accesslog.MaxSec)}[r.IntN(5)]
			case 1:
				sec -= r.Int64N(9000)
			case 2:
				do(func(g *Gauge) { g.Reject(0, accesslog.ReasonQuote, 2) })
			case 3:
				gone := more.IntN(2) == 0
				do(func(g *Gauge) { g.Gone(i, gone) })
			}
			rec := record(sec, fmt.Sprintf("/s%d/p", r.IntN(keys)))
			rec.Status, rec.Agent = []int{200, 404, 500, 0}[r.IntN(4)], []byte("curl/8")
			rec.Client, rec.Host = fmt.Append(nil, "10.0.0.", r.IntN(keys)), fmt.Append(nil, "host", more.IntN(3))
			if r.IntN(2) == 0 {
				rec.Latency = time.Duration(r.Int64N(int64(time.Minute)))
			}
			pass, caught := r.IntN(12) == 0, r.IntN(10) > 0
			do(func(g *Gauge) { g.Wrote(i, at, at) })
			do(func(g *Gauge) {
				if pass {
					g.Pass(i, rec)
				} else {
					g.Record(i, rec)
				}
			})
			do(func(g *Gauge) { g.Caught(i, caught, at) })
			if r.IntN(rate) == 0 {
				now++
				tick := time.Unix(now, 0)
				do(func(g *Gauge) { g.Tick(tick) })
			}
		}
		now += []int64{0, 3, 11, 75, 400, 86_400}[r.IntN(6)]
		tick := time.Unix(now, 0)
		do(func(g *Gauge) { g.Tick(tick) })
	}
	return l
}

// randomWidths has its borders where a life begins, which has just come past
// them or does so soon.
func randomWidths(r *rand.Rand) []Width {
	var list []Width
	before := base - 100 + r.Int64N(500)
	for _, seconds := range [][]int64{{}, {}, {60}, {3600, 60}, {3600}, {300, 100, 20}, {86_400, 600}}[r.IntN(7)] {
		list = append(list, Width{Before: before + r.Int64N(2*seconds), Seconds: seconds})
		before += seconds + r.Int64N(1000)
	}
	return list
}

// store is what a store would keep: all that was Sealed.
type store struct {
	sealed []*Sealed
	sealer *traffic.Sealer
	to     int64 // the end of what is no amendment
}

func (s *store) past() Past {
	return Past{
		Seconds: func(epoch, from int64, yield func(int64, traffic.Second)) error {
			for _, f := range s.sealed {
				for i, n := range f.Seconds {
					if sec := f.Frame.From + int64(i); f.Epoch == epoch && sec >= from {
						yield(sec, n)
					}
				}
			}
			return nil
		},
	}
}

func (s *store) take(out []Output) {
	for _, o := range out {
		if o.Sealed != nil {
			s.sealed = append(s.sealed, o.Sealed)
		}
	}
}

// check holds what was Sealed against what package history takes in one Commit:
// stretches in the order of time, then amendments of what is sealed.
func (s *store) check(t *testing.T, out []Output, g *Gauge) {
	t.Helper()
	for _, o := range out {
		if f := o.Sealed; f != nil && !f.Amends {
			if f.Frame.From < s.to || f.Frame.From%(f.Frame.To-f.Frame.From) != 0 {
				t.Fatalf("[%d, %d) is sealed behind %d", f.Frame.From, f.Frame.To, s.to)
			}
			s.to = f.Frame.To
		}
	}
	if until, ok := g.SealedTo(); ok {
		if until < s.to || until%SealSeconds != 0 {
			t.Fatalf("all is sealed up to %d, which is behind %d", until, s.to)
		}
		s.to = until
	}
	for _, o := range out {
		if f := o.Sealed; f != nil && f.Amends && (f.Frame.To-f.Frame.From != SealSeconds || f.Frame.To > s.to) {
			t.Fatalf("[%d, %d) amends what is sealed up to %d", f.Frame.From, f.Frame.To, s.to)
		}
	}
}

// outcome is all that a life came to.
type outcome struct {
	outputs []string // Sealed included, byte for byte
	plain   []string // others
	events  []alert.Event
	store   store
	state   []byte
	closing view.Closing
	runs    counts
	cuts    int
	epochs  int
}

// counts are the figures of any number of runs.
type counts struct {
	Hits, Bytes, Malformed, Late, Future, Rejected, Timed int64
	Classes                                               [6]int64
	Statuses                                              [1000]int64
	From, To, LateBy                                      int64
	Alerts                                                []alert.Event
}

func (n *counts) add(c *view.Closing) {
	n.Hits, n.Bytes, n.Malformed = n.Hits+c.Hits, n.Bytes+c.Bytes, n.Malformed+c.Malformed
	n.Late, n.Future, n.Rejected = n.Late+c.Late, n.Future+c.Future, n.Rejected+c.Rejected.Total
	if c.Latency != nil {
		n.Timed += c.Latency.Count
	}
	for i, hits := range c.Classes {
		n.Classes[i] += hits
	}
	for _, s := range c.Statuses {
		n.Statuses[s.Code] += s.Hits
	}
	n.LateBy = max(n.LateBy, c.LateBy)
	n.Alerts = append(n.Alerts, c.Alerts...)
}

// end is the end of a run.
func (c *outcome) end(t *testing.T, g *Gauge) {
	t.Helper()
	out := g.Take()
	c.store.check(t, out, g)
	c.add(t, out)
	c.closing = g.Closing()
	c.runs.add(&c.closing)
}

func (c *outcome) add(t *testing.T, out []Output) {
	t.Helper()
	c.store.take(out)
	for _, o := range out {
		if s := o.Sealed; s != nil {
			c.outputs = append(c.outputs, fmt.Sprintf("%d %v %x %v %d %d %v", s.Epoch, s.Amends, s.Frame.AppendBinary(nil), s.Seconds, s.Late, s.Future, s.Rejected))
			continue
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		c.outputs, c.plain = append(c.outputs, string(text)), append(c.plain, string(text))
		switch {
		case o.Event != nil:
			c.events = append(c.events, *o.Event)
		case o.Notice != nil && strings.Contains(o.Notice.Text, "a new epoch begins"):
			c.epochs++
		}
	}
}

// play plays l. Before each call that cut picks the process is killed: what was
// stored the moment before is all that is left.
func (l *life) play(t *testing.T, cut func(call int) bool) outcome {
	t.Helper()
	c := outcome{store: store{sealer: l.o.Sealer}}
	g := New(l.o)
	for i := range l.sources {
		g.AddSource(fmt.Sprint("log", i%3), i%2 == 1)
	}
	for n, call := range l.calls {
		if cut(n) {
			c.cuts++
			c.end(t, g)
			if o := l.o; l.widths == nil {
				g = reborn(t, g, o, c.store.past())
			} else if asked := l.widths(); l.widen {
				g = again(t, g, o, c.store.past())
				g.Widen(asked)
			} else {
				o.Widths = asked
				g = again(t, g, o, c.store.past())
			}
		}
		call(g)
	}
	if l.ends {
		g.End()
	} else {
		g.Stop()
	}
	c.end(t, g)
	if l.o.Sealer != nil {
		var err error
		if c.state, err = g.AppendBinary(nil); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := g.Close(), c.closing; !reflect.DeepEqual(got, want) {
		t.Fatalf("Close and Closing differ: got\n%+v\nwant\n%+v", got, want)
	}
	return c
}

// again stores the state of g and restores it.
func again(t *testing.T, g *Gauge, o Options, p Past) *Gauge {
	t.Helper()
	state, err := g.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Restore(o, state, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range g.names {
		back.AddSource(name, true)
	}
	return back
}

// reborn is again, and holds the state of the one against that of the other.
func reborn(t *testing.T, g *Gauge, o Options, p Past) *Gauge {
	t.Helper()
	back := again(t, g, o, p)
	state, again := g.appendState(nil), back.appendState(nil)
	if !bytes.Equal(state, again) {
		at := 0
		for at < min(len(state), len(again)) && state[at] == again[at] {
			at++
		}
		t.Fatalf("the state restored has other bytes, %d instead of %d, from byte %d on\n%x\n%x", len(again), len(state), at,
			state[max(0, at-60):min(len(state), at+60)], again[max(0, at-60):min(len(again), at+60)])
	}
	return back
}

// long is a second rule of hits, with a name of its own.
func long(threshold unit.PerSecond, window time.Duration) alert.Rule {
	r := alert.HighTrafficRule(threshold, window)
	r.Name = "long"
	return r
}

// fewKeys is what any open tally counts one by one, however many there are.
const fewKeys = 16

func never(int) bool { return false }

// exact are the figures of a summary that do not come from tables.
func exact(c *view.Closing) string {
	return fmt.Sprint(c.Seen, c.From, c.To, c.Hits, c.Bytes, c.Malformed, c.Classes, c.Statuses, c.Late, c.Future, c.LateBy, c.Rejected, c.Windows, c.Latency)
}

func firstOther(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			at := 0
			for at < min(len(got[i]), len(want[i])) && got[i][at] == want[i][at] {
				at++
			}
			around := func(s string) string { return s[max(0, at-200):min(len(s), at+100)] }
			return fmt.Sprintf("output %d of %d\n got  %s\n want %s", i, len(want), around(got[i]), around(want[i]))
		}
	}
	return fmt.Sprintf("%d outputs, want %d", len(got), len(want))
}

// same holds what came of a life with cuts against the undisturbed one.
func same(t *testing.T, what string, got, want *outcome) {
	t.Helper()
	if !slices.Equal(got.outputs, want.outputs) {
		t.Fatalf("%s: %s", what, firstOther(got.outputs, want.outputs))
	}
	if g, w := fmt.Sprint(got.runs), fmt.Sprint(want.runs); g != w {
		t.Fatalf("%s: the summaries of all runs have %s", what, firstOther([]string{g}, []string{w}))
	}
	if g, w := fmt.Sprint(got.closing.Closed, got.closing.Windows), fmt.Sprint(want.closing.Closed, want.closing.Windows); g != w {
		t.Fatalf("%s: the windows differ\n got  %s\n want %s", what, g, w)
	}
	if !bytes.Equal(got.state, want.state) {
		t.Fatalf("%s: the last states differ", what)
	}
}

// TestAKillAnywhereChangesNothing is the promise of the memory: a Gauge that
// is stored and restored at any points tells what an undisturbed one does.
func TestAKillAnywhereChangesNothing(t *testing.T) {
	s := traffic.NewSealer()
	cuts, epochs, events, amends, wide := 0, 0, 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 51))
		l := randomLife(r, s, 200+r.IntN(4000), 10+r.IntN(90))
		want := l.play(t, never)
		often := 1 + r.IntN(400)
		got := l.play(t, func(int) bool { return r.IntN(often) == 0 })
		same(t, fmt.Sprintf("seed %d, interval %d", seed, l.o.Interval), &got, &want)
		cuts, epochs, events = cuts+got.cuts, epochs+got.epochs, events+len(got.events)
		for _, f := range want.store.sealed {
			if f.Amends {
				amends++
			}
			if f.Frame.To-f.Frame.From > SealSeconds {
				wide++
			}
		}
	}
	t.Logf("%d cuts, %d epochs, %d events, %d amendments, %d wide stretches", cuts, epochs, events, amends, wide)
	if cuts < 1000 || epochs < 5 || events < 500 || amends < 500 || wide < 50 {
		t.Fatalf("the lives are too tame: %d cuts, %d epochs, %d events, %d amendments, %d wide stretches", cuts, epochs, events, amends, wide)
	}
}

func TestAKillAfterEveryCallChangesNothing(t *testing.T) {
	s := traffic.NewSealer()
	for seed := range uint64(12) {
		l := randomLife(rand.New(rand.NewPCG(seed, 52)), s, 300, 40)
		want := l.play(t, never)
		got := l.play(t, func(int) bool { return true })
		same(t, fmt.Sprintf("seed %d, interval %d", seed, l.o.Interval), &got, &want)
	}
}

// TestOtherWidthsChangeNothingElse: each run asks for other widths. What a person
// is shown is the same as without any, each hit is in the store once, and what
// is sealed can be stored.
func TestOtherWidthsChangeNothingElse(t *testing.T) {
	s := traffic.NewSealer()
	cuts, adopted, wide := 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 56))
		l := randomLife(r, s, 200+r.IntN(4000), fewKeys)
		l.o.Widths, l.ends, l.widen = nil, true, seed%3 == 0
		want := l.play(t, never)
		at, ahead := int64(math.MinInt64), int64(0)
		l.widths = func() []Width {
			// What is ahead when it is asked for is in the middle of what comes.
			n := r.IntN(len(want.store.sealed) + 1)
			for _, f := range want.store.sealed[:n] {
				ahead = f.Frame.To
			}
			if ahead > at {
				at = ahead
				adopted++
			}
			return []Width{{ahead + 3000, []int64{3600, 300, 60}[r.IntN(3)]}, {ahead + r.Int64N(7000), 20}}
		}
		often := 1 + r.IntN(400)
		got := l.play(t, func(int) bool { return r.IntN(often) == 0 })
		what := fmt.Sprintf("seed %d, interval %d", seed, l.o.Interval)
		if !slices.Equal(got.plain, want.plain) {
			t.Fatalf("%s: %s", what, firstOther(got.plain, want.plain))
		}
		if g, w := fmt.Sprint(got.runs), fmt.Sprint(want.runs); g != w {
			t.Fatalf("%s: the summaries of all runs have %s", what, firstOther([]string{g}, []string{w}))
		}
		if g, w := got.store.total(t), want.store.total(t); g.Second != w.Second || g.Statuses != w.Statuses || !g.Latency.Equal(&w.Latency) {
			t.Fatalf("%s: the store has %v, want %v", what, g.Second, w.Second)
		}
		cuts += got.cuts
		for _, f := range got.store.sealed {
			if f.Frame.To-f.Frame.From > SealSeconds {
				wide++
			}
		}
	}
	t.Logf("%d cuts, %d borders, %d wide stretches", cuts, adopted, wide)
	if cuts < 1000 || adopted < 60 || wide < 150 {
		t.Fatalf("the lives are too tame: %d cuts, %d borders, %d wide stretches", cuts, adopted, wide)
	}
}

// total is all that was sealed.
func (s *store) total(t *testing.T) *traffic.Tally {
	t.Helper()
	all := new(traffic.Tally)
	for _, f := range s.sealed {
		if err := s.sealer.Open(f.Frame, all); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestAPastIsSealedInTheWidthsAskedFor: hours, then minutes, then ten seconds, and
// what comes late for each is told to the ten seconds.
func TestAPastIsSealedInTheWidthsAskedFor(t *testing.T) {
	o := options()
	o.Sealer = traffic.NewSealer()
	hour := floor(base, 3600)
	o.Widths = []Width{{hour + 2*3600 + 99, 3600}, {hour + 3*3600, 45}, {hour + 3*3600 + 119, 60}}
	g := single(o, hour+1_000_000)
	for sec := int64(60); sec < 3*3600+90; sec += 10 {
		g.Record(0, record(hour+sec, "/"))
	}
	late := []int64{3000, 3*3600 + 5}
	for _, sec := range late {
		g.Record(0, record(hour+sec, "/"))
	}
	g.Tick(time.Unix(hour+1_000_000, 0))
	g.End()
	var got []string
	for _, o := range g.Take() {
		if s := o.Sealed; s != nil {
			text := fmt.Sprintf("%d+%d", s.Frame.From-hour, s.Frame.To-s.Frame.From)
			if s.Amends {
				text += " late"
			}
			if s.Seconds != nil {
				text += " seconds"
			}
			got = append(got, text)
		}
	}
	if len(got) < 60 || strings.Join(got[:2], ",") != "0+3600,3600+3600" || got[2] != "7200+60" || got[61] != "10740+60" {
		t.Fatalf("got %q, want two hours, then minutes", got)
	}
	want := []string{"10800+60", "10860+10 seconds", "3000+10 late", "10800+10 late", "10870+10 seconds", "10880+10 seconds"}
	if !slices.Equal(got[62:], want) {
		t.Errorf("behind them got %q, want %q", got[62:], want)
	}
	if to, ok := g.SealedTo(); !ok || to != hour+3*3600+90 {
		t.Errorf("all is sealed up to %d, want %d", to-hour, 3*3600+90)
	}
}

// TestWhatIsSealedIsAllThatWasCounted: the store, with what is still open, has
// each hit once, and what a second has in the frames of an epoch it has as a
// sum of its own figures.
func TestWhatIsSealedIsAllThatWasCounted(t *testing.T) {
	s := traffic.NewSealer()
	for seed := range uint64(100) {
		l := randomLife(rand.New(rand.NewPCG(seed, 53)), s, 2000, 40)
		l.ends = true
		c := l.play(t, never)
		var all traffic.Tally
		var seconds traffic.Second
		late, future, rejected := int64(0), int64(0), int64(0)
		for _, f := range c.store.sealed {
			var one traffic.Tally
			if err := s.Open(f.Frame, &one); err != nil {
				t.Fatal(err)
			}
			var sum traffic.Second
			for _, n := range f.Seconds {
				sum.Add(n)
			}
			if f.Seconds == nil && len(l.o.Widths) > 0 {
				sum = one.Second
			}
			if sum != one.Second || sum.Hits == 0 || f.Seconds != nil && len(f.Seconds) != SealSeconds {
				t.Fatalf("seed %d: the seconds of %d have %v, its frame %v", seed, f.Frame.From, sum, one.Second)
			}
			all.Merge(&one)
			seconds.Add(sum)
			late, future = late+f.Late, future+f.Future
			for _, n := range f.Rejected {
				rejected += n
			}
		}
		if all.Hits != c.closing.Hits || all.Bytes != c.closing.Bytes || all.Classes != c.closing.Classes || seconds != all.Second {
			t.Fatalf("seed %d: the store has %v, the summary %d hits, %d bytes", seed, all.Second, c.closing.Hits, c.closing.Bytes)
		}
		for _, st := range c.closing.Statuses {
			if all.Statuses[st.Code] != st.Hits {
				t.Fatalf("seed %d: the store has %d answers %d, want %d", seed, all.Statuses[st.Code], st.Code, st.Hits)
			}
		}
		if n, _ := all.Visitors(); n != c.closing.Visitors {
			t.Fatalf("seed %d: the store has %d visitors, want %d", seed, n, c.closing.Visitors)
		}
		if late > c.closing.Late || future > c.closing.Future || rejected > c.closing.Rejected.Total {
			t.Fatalf("seed %d: the store has %d late, %d future, %d rejected; more than there were", seed, late, future, rejected)
		}
	}
}

// TestSealingChangesNothingElse: whatever the interval, what is shown with a
// Sealer is what is shown without.
func TestSealingChangesNothingElse(t *testing.T) {
	s := traffic.NewSealer()
	for seed := range uint64(100) {
		l := randomLife(rand.New(rand.NewPCG(seed, 54)), s, 2000, fewKeys)
		with := l.play(t, never)
		l.o.Sealer = nil
		without := l.play(t, never)
		if len(without.store.sealed) > 0 || !slices.Equal(with.plain, without.plain) {
			t.Fatalf("seed %d, interval %d: %s", seed, l.o.Interval, firstOther(with.plain, without.plain))
		}
		a, b := fmt.Sprintf("%+v", with.closing), fmt.Sprintf("%+v", without.closing)
		if exact(&with.closing) != exact(&without.closing) {
			t.Fatalf("seed %d: got %s, want %s", seed, a, b)
		}
	}
}

// TestASummaryTellsOfItsRunAlone: restored in the middle of whatever is open, it
// has the counts, tables and visitors of what was counted since, and no others.
func TestASummaryTellsOfItsRunAlone(t *testing.T) {
	s := traffic.NewSealer()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 55))
		o := options()
		o.Sealer, o.Interval = s, []int64{10, 60, 7, 3600}[r.IntN(4)]
		o.Widths = randomWidths(r)
		st := store{sealer: s}
		g := single(o, base+100_000)
		first := int64(r.IntN(3000))
		give := func(g *Gauge, from, to int64, who string) {
			for i := from; i < to; i++ {
				rec := record(base+i/7-3*(i%2), fmt.Sprintf("/%s%d/x", who, i%40))
				rec.Client = fmt.Append(nil, who, i%100)
				if i%50 == 49 {
					rec.Sec -= 100 + i%2000 // late, for a stretch sealed or still open
				}
				g.Record(0, rec)
			}
		}
		give(g, 0, first, "old")
		st.take(g.Take())
		back := reborn(t, g, o, st.past())
		if c := back.Closing(); c.Seen || c.Hits != 0 || len(c.Sections.Rows)+len(c.Clients.Rows) > 0 || c.Visitors != 0 || c.Late != 0 {
			t.Fatalf("seed %d: before anything is counted it tells %+v", seed, c)
		}
		alone := New(o)
		alone.AddSource("log", false)
		alone.Wrote(0, time.Unix(base+100_000, 0), time.Unix(base+100_000, 0))
		for _, end := range []int64{r.Int64N(100), 500, 3000} {
			give(back, first, first+end, "new")
			give(alone, first, first+end, "new")
			got, want := back.Closing(), alone.Closing()
			want.Snapshot = got.Snapshot // the clock of the other one begins here
			if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
				t.Fatalf("seed %d, interval %d, after %d: got\n%s\nwant\n%s", seed, o.Interval, end, g, w)
			}
			if r.IntN(2) == 0 {
				back.Take()
			}
		}
		if back.Closing().From < base+first/7-3000 || back.Closing().Hits == 0 {
			t.Fatalf("seed %d: %+v", seed, back.Closing().Snapshot)
		}
	}
}

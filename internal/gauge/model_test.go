package gauge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/clock"
	"weir/internal/traffic"
)

// A deed is one thing in the trace of a model: a request, a line that is none, a
// file that goes or comes back, or, with source -1, the passing of time.
type deed struct {
	source   int
	now      int64 // the wall's clock
	sec      int64 // of a request
	what     byte  // 'r' a request, 'x' a line that is none, 'g' gone, 'b' back, 't' time
	host     string
	section  string
	client   string
	method   string
	status   int
	bytes    int64
	micros   int64 // -1: no latency
	counted  int64 // the second it counts in
	rejected bool
}

// A reckoning says in the plainest way what rules must tell: it keeps all that has
// arrived in one list, sorted by second, and counts every window of every rule and key
// anew at every second. It knows nothing of rings, sketches, meters, skips, calm.
// Only which seconds are closed it has from a clock.Clock.
type reckoning struct {
	rules   []alert.Rule
	clock   *clock.Clock
	arrived []*deed // by second
	gone    map[string][][2]int64
	known   bool // first is one
	first   int64
	begun   bool
	at      int64
	watches []map[string]*watched // by rule
	told    []tale
	strange bool // the clock did something that a model of rules is not about
}

type watched struct {
	state       alert.State
	since, over int64
	first       int64
}

// A tale is an event.
type tale struct {
	rule, key  string
	was, state alert.State
	at, hits   int64
	value      float64 // NaN where nothing was measured
	loose      float64 // how far it may be off
}

func (a tale) same(b tale) bool {
	loose := max(a.loose, b.loose)
	return a.rule == b.rule && a.key == b.key && a.was == b.was && a.state == b.state && a.at == b.at && a.hits == b.hits &&
		(math.IsNaN(a.value) && math.IsNaN(b.value) || math.Abs(a.value-b.value) <= loose*math.Abs(b.value)+1e-6)
}

func (m *reckoning) do(d *deed) {
	at := time.Unix(d.now, 0)
	switch d.what {
	case 't':
		m.clock.Tick(at)
		m.settle()
		return
	case 'g', 'b':
		if now, ok := m.clock.Now(); ok {
			m.absence(fmt.Sprint("log", d.source), now, d.what == 'g')
		}
		return
	}
	m.clock.Wrote(d.source, at, at)
	closed, any := m.clock.Closed()
	if d.what == 'x' {
		m.clock.Undated(d.source)
		sec, ok := m.clock.Source(d.source)
		d.counted, d.rejected = max(sec, closed), true
		if !ok {
			d.rejected = false
		}
	} else {
		rd := m.clock.See(d.source, d.sec)
		m.strange = m.strange || rd.Epoch != nil || rd.Restart || rd.Verdict == clock.Future
		m.settle()
		closed, any = m.clock.Closed()
		d.counted = rd.Second
	}
	if d.what == 'r' || d.rejected {
		// What is late counts, but nothing is known the longer for it.
		late := any && d.counted < closed
		since := d.counted
		if late {
			since = closed
		}
		if d.what == 'r' && (!m.known || !late && since < m.first) {
			m.known, m.first = true, since
		}
		i, _ := slices.BinarySearchFunc(m.arrived, d.counted+1, func(d *deed, sec int64) int { return int(d.counted - sec) })
		m.arrived = slices.Insert(m.arrived, i, d)
		for k := range m.rules {
			r := &m.rules[k]
			key, ok := keyOf(r, d)
			if w := m.watches[k][key]; ok && r.Test != alert.Gone && (w == nil || !late && since < w.first) {
				if w == nil {
					w = &watched{}
					m.watches[k][key] = w
				}
				w.first = since
			}
		}
	}
	m.clock.Caught(d.source, true, at)
}

// keyOf returns the key that a deed has for a rule; ok is false where the rule does
// not look at it.
func keyOf(r *alert.Rule, d *deed) (key string, ok bool) {
	if d.rejected && r.Test != alert.Silent && r.Metric != alert.Rejected || !d.rejected && !picks(r.Where, d) {
		return "", false
	}
	switch r.By {
	case alert.Section:
		return d.section, !d.rejected
	case alert.Host:
		return d.host, !d.rejected && d.host != ""
	case alert.Source:
		return fmt.Sprint("log", d.source), true
	}
	return "", true
}

func (m *reckoning) absence(name string, now int64, gone bool) {
	all := m.gone[name]
	n := len(all)
	switch open := n > 0 && all[n-1][1] == math.MaxInt64; {
	case gone && !open:
		m.gone[name] = append(all, [2]int64{now, math.MaxInt64})
		for k := range m.rules {
			if m.rules[k].Test == alert.Gone && m.watches[k][name] == nil {
				m.watches[k][name] = &watched{}
			}
		}
	case !gone && open:
		all[n-1][1] = now
	}
}

func (m *reckoning) settle() {
	closed, ok := m.clock.Closed()
	if !ok || len(m.arrived) == 0 {
		return
	}
	if !m.begun {
		first := m.arrived[0].counted
		if first >= closed {
			return
		}
		m.begun, m.at = true, first
	}
	for m.at < closed {
		m.at++
		for k := range m.rules {
			r := &m.rules[k]
			if m.at%r.Cadence() != 0 {
				continue
			}
			keys := make([]string, 0, 8)
			for key := range m.watches[k] {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			for _, key := range keys {
				m.decide(r, key, m.watches[k][key])
			}
		}
	}
}

// measured is what a window had.
type measured struct {
	num, den float64 // den is 0 where nothing was measured
	hits     int64
	whole    bool
	known    float64 // seconds of the window
}

// look counts the window of span seconds that ended lag seconds ago.
func (m *reckoning) look(r *alert.Rule, key string, w *watched, span, lag int64) (s measured) {
	slot := r.Slot(span)
	up := func(n int64) int64 { return (n + slot - 1) / slot * slot }
	to := m.at/slot*slot - up(lag)
	from := to - up(span)
	first := w.first
	if r.By == alert.Site {
		first = m.first
	}
	s.whole, s.known = first <= from, max(1, float64(min(to-from, to-first)))
	i, _ := slices.BinarySearchFunc(m.arrived, from, func(d *deed, sec int64) int { return int(d.counted - sec) })
	var part, bytes int64
	var micros []int64
	clients := map[string]bool{}
	for ; i < len(m.arrived) && m.arrived[i].counted < to; i++ {
		d := m.arrived[i]
		if k, ok := keyOf(r, d); !ok || k != key {
			continue
		}
		s.hits++
		if r.Metric == alert.Rejected && d.rejected || r.Metric == alert.Share && picks(r.Of, d) {
			part++
		}
		bytes += d.bytes
		if r.Metric == alert.Visitors {
			clients[d.client] = true
		}
		if d.micros >= 0 && !d.rejected && r.Metric.Timed() {
			micros = append(micros, d.micros)
		}
	}
	s.num, s.den = float64(s.hits), float64(to-from)
	switch {
	case r.Metric == alert.Bytes:
		s.num = float64(bytes)
	case r.Metric == alert.Visitors:
		s.num, s.den = float64(len(clients)), 1
	case r.Metric == alert.Share || r.Metric == alert.Rejected:
		s.num, s.den = float64(part), float64(s.hits)
	case r.Metric.Timed():
		slices.Sort(micros)
		n := len(micros)
		s.hits, s.num, s.den = int64(n), 0, 1e6
		if n == 0 {
			s.den = 0
			break
		}
		if r.Metric == alert.Mean {
			sum := int64(0)
			for _, v := range micros {
				sum += v
			}
			s.num = float64(sum / int64(n))
			break
		}
		s.num = float64(micros[int(math.Ceil(r.Metric.Quantile()*float64(n)))-1])
	}
	return s
}

// decide steps a rule for a key.
func (m *reckoning) decide(r *alert.Rule, key string, w *watched) {
	var s measured
	over, under := false, false
	switch r.Test {
	case alert.Gone:
		s = measured{num: 1, den: 1, hits: 1}
		for _, a := range m.gone[key] {
			if a[0] <= m.at-r.Window && m.at <= a[1] {
				s.num = 0
			}
		}
		over, under = s.num == 0 && r.Min <= 1, s.num > 0
	case alert.Silent:
		s = m.look(r, key, w, r.Window, 0)
		over, under = s.hits == 0 && s.whole && r.Min == 0, s.hits > 0
	case alert.Absent:
		s = m.look(r, key, w, r.Window, 0)
		before := m.look(r, key, w, 13*r.Window, 0).hits - s.hits
		over, under = s.hits == 0 && s.whole && before >= r.Min, s.hits > 0
		if over && r.Min > 0 {
			known, empty := 0, 0
			for k := range int64(12) {
				if e := m.look(r, key, w, r.Window, (k+1)*r.Window); e.whole || e.hits > 0 {
					known++
					if e.hits == 0 {
						empty++
					}
				}
			}
			over = 4*empty <= known
		}
		s.num, s.hits, s.den = float64(s.hits), before, float64(r.Window)
	case alert.Burns:
		over, under, s = m.burns(r, key, w)
	default:
		s = m.look(r, key, w, r.Window, 0)
		loose := r.Earlier == 0 || s.whole
		if r.Earlier > 0 {
			e := m.look(r, key, w, r.Window, r.Earlier)
			loose = e.whole
			s.hits, s.whole = max(s.hits, e.hits), e.whole
			if s.den == 0 || e.den == 0 || e.num == 0 {
				s.num, s.den = 0, 0
			} else {
				s.num, s.den = s.num/s.den/(e.num/e.den), 1
			}
		}
		if s.den == 0 {
			break
		}
		end := r.Recovery
		if end == 0 {
			end = r.Threshold
		}
		if r.Test == alert.Above {
			over = beyond(s, r.Threshold) > 0 && s.hits >= r.Min && s.num >= float64(r.MinOf) && loose
			under = beyond(s, end) < 0
		} else {
			over = beyond(s, r.Threshold) < 0 && s.hits >= r.Min && s.whole
			under = beyond(s, end) > 0
		}
	}
	m.step(r, key, w, s, over, under)
}

// step is what becomes of a rule. It has as many parameters as there are, because a
// struct for them would only be read here.
func (m *reckoning) step(r *alert.Rule, key string, w *watched, s measured, over, under bool) {
	become := func(state alert.State) {
		value := math.NaN()
		if s.den != 0 {
			value = s.num / s.den
		}
		loose := 1e-9
		switch {
		case r.Metric.Quantile() > 0:
			loose = 0.017
		case r.Test == alert.Burns:
			loose = 0.002 // both round to a thousandth
		}
		m.told = append(m.told, tale{r.Name, key, w.state, state, m.at, s.hits, value, loose})
		w.state, w.since, w.over = state, m.at, 0
	}
	switch w.state {
	case alert.Quiet:
		switch {
		case over && r.For == 0:
			become(alert.Firing)
		case over:
			become(alert.Pending)
		}
	case alert.Pending:
		switch {
		case !over:
			become(alert.Quiet)
		case m.at >= w.since+r.For:
			become(alert.Firing)
		}
	case alert.Firing:
		switch {
		case !under:
			w.over = 0
		case w.over == 0:
			w.over = m.at
			fallthrough
		default:
			if m.at >= w.over+r.KeepFiring {
				become(alert.Quiet)
			}
		}
	}
}

// beyond is the sign of value minus level, of values of few digits.
func beyond(s measured, l alert.Level) int {
	switch d := s.num*1e6 - float64(l)*s.den; {
	case math.Abs(d) <= 1e-7*math.Abs(float64(l)*s.den):
		return 0
	case d < 0:
		return -1
	}
	return 1
}

// burns is the multi-window burn rate of the Site Reliability Workbook.
func (m *reckoning) burns(r *alert.Rule, key string, w *watched) (over, under bool, worst measured) {
	unknown := false
	for _, p := range []struct {
		long, short int64
		factor      float64
	}{{3600, 300, 14.4}, {21600, 1800, 6}, {259200, 21600, 1}} {
		long, short := m.look(r, key, w, p.long, 0), m.look(r, key, w, p.short, 0)
		worst.hits = max(worst.hits, long.hits)
		long.num *= min(1, long.known/float64(p.long)) // before that nothing failed
		limit := min(1, r.Budget.Float()*p.factor)
		exceeds := func(s measured) bool { return s.num/s.den > limit+1e-9 }
		switch {
		case long.den == 0:
		case !exceeds(long):
			under = true
		case short.den == 0:
			unknown = true
		case !exceeds(short):
			under = true
		case !over:
			over = true
			worst.num, worst.den = math.Round(1000*long.num/long.den/r.Budget.Float()), 1000
		}
	}
	if !over && under && !unknown {
		worst.den = 1
	}
	return over && worst.hits >= r.Min, under && !over && !unknown, worst
}

// tales are the events among outputs.
func tales(out []Output) (all []tale) {
	for _, o := range out {
		e := o.Event
		if e == nil || e.State == e.Was {
			continue // of mutes the model knows nothing
		}
		value := math.NaN()
		if e.Den != 0 {
			value = float64(e.Num) / float64(e.Den)
		}
		all = append(all, tale{e.Rule.Name, e.Key, e.Was, e.State, e.At, e.Hits, value, 1e-9})
	}
	return all
}

// lived plays a trace to a Gauge that is killed before each deed that cut picks.
func lived(t testing.TB, o Options, trace []*deed, sources int, cut func() bool) (all []tale) {
	st := store{sealer: o.Sealer}
	var learned []byte
	g := New(o)
	for i := range sources {
		g.AddSource(fmt.Sprint("log", i), false)
	}
	take := func() {
		out := g.Take()
		st.take(out)
		all = append(all, tales(out)...)
	}
	for _, d := range trace {
		if cut() {
			take()
			if data, fresh := g.Checkpoint(nil); fresh {
				learned = data
			}
			state, err := g.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			past := st.past()
			past.Learned = learned
			if g, err = Restore(o, state, past); err != nil {
				t.Fatal(err)
			}
			for i := range sources {
				g.AddSource(fmt.Sprint("log", i), false)
			}
		}
		d.give(g)
	}
	g.End()
	take()
	return all
}

// compare plays the trace of a seed to the model and to Gauges.
func compareModel(t testing.TB, s *traffic.Sealer, seed uint64, all *modelTally) {
	r := rand.New(rand.NewPCG(seed, 71))
	sources, lateness := 1+r.IntN(3), r.Int64N(4)
	late := r.Int64N(lateness + 1)
	if r.IntN(3) == 0 {
		late = lateness + one[int64](r, 1, 5, 20, 200)
	}
	o := options()
	o.Sealer, o.Filter, o.Lateness = s, filterOf, time.Duration(lateness)*time.Second
	// A wide one leaves all that is passed over to the rules.
	o.Interval = one[int64](rand.New(rand.NewPCG(seed, 72)), 10, 60, 3600, 86_400)
	o.Rules = nil
	for i := range 1 + r.IntN(5) {
		o.Rules = append(o.Rules, anyRule(r, fmt.Sprint("rule", i)))
	}
	trace := anyTrace(r, sources, late)
	plain := late <= lateness && r.IntN(3) == 0
	if plain {
		// All have a time of their own, that does not depend on when somebody looks.
		trace = slices.DeleteFunc(trace, func(d *deed) bool { return strings.IndexByte("xgb", d.what) >= 0 })
		trace = append(trace, &deed{source: -1, what: 't', now: trace[len(trace)-1].now + r.Int64N(2000)})
	}
	m := &reckoning{rules: o.Rules, clock: clock.New(o.Lateness, false), gone: map[string][][2]int64{}}
	for range sources {
		m.clock.Add(false)
	}
	for i := range o.Rules {
		m.watches = append(m.watches, map[string]*watched{})
		if o.Rules[i].By == alert.Site {
			m.watches[i][""] = &watched{first: math.MaxInt64}
		}
	}
	for _, d := range trace {
		m.do(d)
	}
	m.clock.End()
	m.settle()
	all.traces.Add(1)
	if m.strange {
		all.strange.Add(1)
		return
	}
	all.events.Add(int64(len(m.told)))
	for _, e := range m.told {
		for i := range o.Rules {
			if o.Rules[i].Name == e.rule {
				all.tests[o.Rules[i].Test].Add(1)
			}
		}
	}
	check := func(way string, got []tale) {
		for i := range max(len(got), len(m.told)) {
			if i < len(got) && i < len(m.told) && got[i].same(m.told[i]) {
				continue
			}
			t.Fatalf("WEIR_MODEL_FIRST=%d WEIR_MODEL_TRACES=1: %s, event %d\n%s", seed, way, i, explain(o.Rules, trace, got, m.told, i))
		}
	}
	check("at one go", lived(t, o, trace, sources, func() bool { return false }))
	often := max(1+r.IntN(60), len(trace)/10)
	check("with kills", lived(t, o, trace, sources, func() bool {
		if r.IntN(often) > 0 {
			return false
		}
		all.kills.Add(1)
		return true
	}))
	if plain {
		all.looks.Add(1)
		check("looked at other times", lived(t, o, ticked(r, trace), sources, func() bool { return false }))
	}
}

func explain(rules []alert.Rule, trace []*deed, got, want []tale, i int) string {
	var b strings.Builder
	for _, l := range []struct {
		name string
		all  []tale
	}{{"got ", got}, {"want", want}} {
		for k := max(0, i-3); k < min(len(l.all), i+3); k++ {
			fmt.Fprintf(&b, "%s %d: %+v\n", l.name, k, l.all[k])
		}
	}
	name, at := "", int64(0)
	if i < len(want) {
		name, at = want[i].rule, want[i].at
	} else if i < len(got) {
		name, at = got[i].rule, got[i].at
	}
	for _, r := range rules {
		if r.Name == name || i < len(got) && r.Name == got[i].rule {
			fmt.Fprintf(&b, "%+v\n", r)
		}
	}
	for k, d := range trace {
		if k < 3 || d.what != 't' && d.now > at-400 && d.now < at+40 {
			fmt.Fprintf(&b, "%c now %d sec %d counted %d log%d %s %s %s %d %d\n", d.what, d.now, d.sec, d.counted, d.source, d.host, d.section, d.method, d.status, d.micros)
		}
	}
	return b.String()
}

type modelTally struct {
	traces, events, kills, strange, looks atomic.Int64
	tests                                 [alert.Changes]atomic.Int64
}

// TestAnyRuleTellsWhatTheModelTells plays random rules over random traces, killed
// and restored here and there. WEIR_MODEL_TRACES is how many are played,
// WEIR_MODEL_FIRST the seed of the first.
func TestAnyRuleTellsWhatTheModelTells(t *testing.T) {
	traces, first := fromEnv("WEIR_MODEL_TRACES", 300), fromEnv("WEIR_MODEL_FIRST", 0)
	const chunk = 250
	var all modelTally
	var failed atomic.Bool
	for _, seed := range []uint64{8040777} { // which once told something else
		compareModel(t, traffic.NewSealer(), seed, new(modelTally))
	}
	t.Run("seeds", func(t *testing.T) {
		for from := first; from < first+traces; from += chunk {
			t.Run(strconv.Itoa(from), func(t *testing.T) {
				t.Parallel()
				defer func() {
					if t.Failed() {
						failed.Store(true)
					}
				}()
				s := traffic.NewSealer()
				for seed := from; seed < min(from+chunk, first+traces) && !failed.Load(); seed++ {
					compareModel(t, s, uint64(seed), &all)
				}
			})
		}
	})
	if failed.Load() {
		return
	}
	t.Logf("%d traces, %d events, %d kills, %d looked at at other times, %d left out as a clock was set",
		all.traces.Load(), all.events.Load(), all.kills.Load(), all.looks.Load(), all.strange.Load())
	if traces < chunk {
		return
	}
	if all.events.Load() < int64(traces) || all.kills.Load() < int64(traces) || all.looks.Load() < int64(traces)/20 || all.strange.Load() > int64(traces)/20 {
		t.Error("the traces are too tame")
	}
	for test := range all.tests {
		if all.tests[test].Load() == 0 {
			t.Errorf("no rule of kind %d has told anything", test)
		}
	}
}

func fromEnv(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return usual
}

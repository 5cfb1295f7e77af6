package gauge

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/change"
	"weir/internal/sketch"
	"weir/internal/traffic"
	"weir/internal/view"
)

// changeRules are those of sudden change that stand by default.
func changeRules() []alert.Rule {
	rules := []alert.Rule{
		{Name: "traffic-change", Metric: alert.Hits},
		{Name: "error-change", Metric: alert.Share, Of: "5xx"},
		{Name: "latency-change", Metric: alert.P90},
		{Name: "mean-latency-change", Metric: alert.Mean},
	}
	for i := range rules {
		rules[i].Test, rules[i].By = alert.Changes, alert.Section
	}
	return rules
}

// A request is one of the traffic of a site.
type request struct {
	sec     int64
	section string
	status  int
	micros  int64
}

// site draws hours of the traffic of a site with some sections: steady, but for faults
// of some minutes, and silences of up to days.
func site(r *rand.Rand, hours int) (all []request) {
	sec := base/3600*3600 + r.Int64N(3600)
	type part struct {
		name    string
		rate    float64
		faulty  int64 // until then
		fault   int
		latency float64
	}
	var parts []part
	for i := range 2 + r.IntN(3) {
		parts = append(parts, part{name: fmt.Sprint("/s", i), rate: 0.05 + r.Float64()*0.6, latency: 5000 * (1 + 20*r.Float64())})
	}
	for end := sec + int64(hours)*3600; sec < end; sec++ {
		if r.IntN(9000) == 0 {
			pause := one[int64](r, 90, 400, 4000, 30_000, 200_000)
			sec, end = sec+pause, end+pause
		}
		for i := range parts {
			p := &parts[i]
			if r.IntN(7000) == 0 {
				p.faulty, p.fault = sec+one[int64](r, 60, 300, 900, 9000), r.IntN(4)
			}
			rate, status, micros := p.rate, 200, p.latency*(0.5+r.ExpFloat64())
			bad := 0.01
			if sec < p.faulty {
				switch p.fault {
				case 0:
					rate = 0
				case 1:
					rate *= 6
				case 2:
					bad = 0.6
				case 3:
					micros *= 8
				}
			}
			for ; rate > 0 && r.Float64() < rate; rate-- {
				if r.Float64() < bad {
					status = 500
				}
				all = append(all, request{sec, p.name, status, int64(micros)})
			}
		}
	}
	return all
}

func (q *request) give(g *Gauge) {
	g.Record(0, &accesslog.Record{
		Sec: q.sec, Status: q.status, Bytes: 10, Latency: time.Duration(q.micros) * time.Microsecond,
		Client: []byte("10.0.0.1"), Method: []byte("GET"), Target: []byte(q.section + "/p"),
	})
}

// watching is a Gauge with the rules of sudden change.
func watching(s *traffic.Sealer, lateness time.Duration) Options {
	o := options()
	o.Sealer, o.Lateness, o.Rules, o.Interval = s, lateness, changeRules(), 60
	return o
}

// saying is what an event of sudden change says.
func saying(e *alert.Event) string {
	value := 0.0
	if e.Change != nil {
		value = e.Change.Value
	}
	return fmt.Sprintf("%s %s %v %d %.9g %s", e.Rule.Name, e.Key, e.State, e.At-base, value, e.Ended)
}

// a member is a section from one second to another.
type member struct {
	key      string
	from, to int64
}

// membersOf says which sections are watched, from the definition: those ten of an hour that
// had most requests in the hour before, 120 at least, for a day from then on, twenty at
// most; as soon as an hour is known well enough, if there is any request from then on.
func membersOf(all []request, settled, lateness int64) (list []member) {
	counts := map[int64]map[string]int64{}
	newest := map[string]int64{}
	open := map[string]int{}
	chosen := int64(0)
	for _, q := range all {
		h := q.sec / 3600
		if counts[h] == nil {
			counts[h] = map[string]int64{}
		}
		if now := (q.sec - settled) / 3600; now > chosen {
			chosen = now
			begin := now*3600 + settled
			var top []string
			for key, n := range counts[now-1] {
				if n >= 120 {
					top = append(top, key)
				}
			}
			slices.SortFunc(top, func(a, b string) int {
				return cmp.Or(cmp.Compare(counts[now-1][b], counts[now-1][a]), strings.Compare(a, b))
			})
			for _, key := range top[:min(10, len(top))] {
				newest[key] = now
				if _, ok := open[key]; !ok {
					open[key] = len(list)
					list = append(list, member{key: key, from: begin})
				}
			}
			for key, i := range open {
				if newest[key] < now-24 {
					// Behind a silence all before the first request has been decided.
					list[i].to = max(begin, (q.sec-lateness)/10*10)
					delete(open, key)
				}
			}
		}
		counts[h][q.section]++
	}
	return list
}

// byHand is what the series of package change tell of a site, fed step by step.
func byHand(all []request, settled, lateness int64) []string {
	type told struct {
		at   int64
		rule int
		key  string
		text string
	}
	var events []told
	end := all[len(all)-1].sec + 1
	keys := append([]member{{}}, membersOf(all, settled, lateness)...)
	for i, r := range changeRules() {
		for _, m := range keys {
			kind := []change.Kind{change.Traffic, change.Errors, change.P90Latency, change.MeanLatency}[i]
			o := change.Options{Kind: kind}
			if m.key != "" {
				o.Threshold = change.Threshold(kind, change.Normal, 80) // ten of four rules, and those before them
			}
			s := change.New(o)
			step := int64(10)
			if kind >= change.MeanLatency {
				step = alert.TimedSeconds
			}
			firing, heard, n := false, int64(0), 0
			var last *change.Decision
			to := end
			if m.to > 0 {
				to = min(to, m.to)
			}
			for t := max(m.from, all[0].sec)/step*step + step; t <= to; t += step {
				for n < len(all) && all[n].sec < t-step {
					n++
				}
				var q change.Sample
				var micros []int64
				for ; n < len(all) && all[n].sec < t; n++ {
					if m.key != "" && all[n].section != m.key {
						continue
					}
					q.Requests++
					if all[n].status >= 500 {
						q.Failed++
					}
					micros = append(micros, all[n].micros)
				}
				if q.Requests > 0 {
					heard = t
				} else if kind != change.Traffic || heard == 0 || t > heard+26*3600 {
					continue
				}
				q.Timed, q.Mean, q.P90 = latencies(micros)
				d, ok := s.Step(t, q)
				if !ok || d.Event == change.Returned || (d.Event == change.Alert) == firing {
					continue
				}
				firing, last = !firing, &d
				e := alert.Event{Rule: r, Key: m.key, At: d.At, Change: last}
				if firing {
					e.State = alert.Firing
				}
				events = append(events, told{d.At, i, m.key, saying(&e)})
			}
			if firing && to < end {
				ended := to/step*step + step
				e := alert.Event{Rule: r, Key: m.key, At: ended, Ended: "it is no longer one of the sections with most requests"}
				events = append(events, told{ended, i, m.key, saying(&e)})
			}
		}
	}
	slices.SortFunc(events, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rule, b.rule), strings.Compare(a.key, b.key))
	})
	var texts []string
	for _, e := range events {
		texts = append(texts, e.text)
	}
	return texts
}

// latencies sums up those of a step, in microseconds.
func latencies(micros []int64) (timed int64, mean, p90 time.Duration) {
	var h sketch.Histogram
	for _, n := range micros {
		h.Add(n)
	}
	return h.Count(), time.Duration(h.Mean()) * time.Microsecond, time.Duration(h.Quantile(0.9)) * time.Microsecond
}

// watchedSite plays a site to a Gauge; before each request that cut picks it is killed.
func watchedSite(t testing.TB, o Options, all []request, cut func(i int) (kill, store bool)) (texts []string, g *Gauge) {
	t.Helper()
	st := store{sealer: o.Sealer}
	var learned []byte
	g = single(o, all[len(all)-1].sec)
	take := func() {
		out := g.Take()
		st.take(out)
		for _, o := range out {
			// That one which was muted is told after all is no word of its series.
			if e := o.Event; e != nil && !(e.State == alert.Firing && e.Was == alert.Firing) {
				texts = append(texts, saying(e))
			}
			if o.Notice != nil {
				t.Fatal(o.Notice.Text)
			}
		}
	}
	for i := range all {
		if kill, keep := cut(i); keep {
			take()
			if data, fresh := g.Checkpoint(nil); fresh {
				learned = data
			}
			state, err := g.AppendBinary(nil)
			if err != nil {
				t.Fatal(err)
			}
			if kill {
				past := st.past()
				past.Learned = learned
				if g, err = Restore(o, state, past); err != nil {
					t.Fatal(err)
				}
				g.AddSource("log", false)
				if again, err := g.AppendBinary(nil); err != nil || !bytes.Equal(again, state) {
					t.Fatalf("restored, the state has other bytes: %d, not %d: %v %+v", len(again), len(state), err, g.Take())
				}
			}
		}
		all[i].give(g)
	}
	g.End()
	take()
	return texts, g
}

func neverCut(int) (kill, store bool) { return false, false }

// TestSuddenChangesAreThoseOfTheirSeries: a Gauge tells of the site and of its sections
// what series tell that are fed by hand, whatever it passes over.
func TestSuddenChangesAreThoseOfTheirSeries(t *testing.T) {
	s := traffic.NewSealer()
	events, ended := 0, 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 81))
		all := site(r, 4+r.IntN(24))
		want := byHand(all, 310, 2)
		got, _ := watchedSite(t, watching(s, 2*time.Second), all, neverCut)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s", seed, firstOther(got, want))
		}
		events += len(want)
		for _, text := range want {
			if strings.Contains(text, "no longer") {
				ended++
			}
		}
	}
	t.Logf("%d events, %d ended with their section", events, ended)
	if events < 100 || ended == 0 {
		t.Error("the sites are too tame")
	}
}

// TestKillsChangeNothingOfWhatWasLearned: at any point, with checkpoints that are
// stored with the state; to the last byte.
func TestKillsChangeNothingOfWhatWasLearned(t *testing.T) {
	s := traffic.NewSealer()
	kills, events := 0, 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 82))
		all := site(r, 4+r.IntN(10))
		often := 1 + r.IntN(1+len(all)/40)
		stored := make([]bool, len(all))
		for i := range stored {
			stored[i] = r.IntN(often) == 0
		}
		want, undisturbed := watchedSite(t, watching(s, 2*time.Second), all, func(i int) (kill, store bool) { return false, stored[i] })
		got, g := watchedSite(t, watching(s, 2*time.Second), all, func(i int) (kill, store bool) {
			if stored[i] {
				kills++
			}
			return stored[i], stored[i]
		})
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s", seed, firstOther(got, want))
		}
		if a, b := g.appendState(nil), undisturbed.appendState(nil); !bytes.Equal(a, b) {
			t.Fatalf("seed %d: the last states differ", seed)
		}
		a, _ := g.Checkpoint(nil)
		b, _ := undisturbed.Checkpoint(nil)
		if !bytes.Equal(a, b) {
			t.Fatalf("seed %d: what was learned differs", seed)
		}
		events += len(want)
	}
	t.Logf("%d kills, %d events", kills, events)
	if kills < 100 || events < 40 {
		t.Error("the sites are too tame")
	}
}

// TestWhatIsOutOfOrderWithinTheLatenessChangesNoChange: which sections are watched, and
// what is told of them, is that of the records in order.
func TestWhatIsOutOfOrderWithinTheLatenessChangesNoChange(t *testing.T) {
	s := traffic.NewSealer()
	events := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 83))
		lateness := one[int64](r, 2, 9, 40, 150)
		o := watching(s, time.Duration(lateness)*time.Second)
		all := site(r, 4+r.IntN(6))
		type arrival struct {
			at int64
			request
		}
		var list []arrival
		for _, q := range all {
			list = append(list, arrival{q.sec + r.Int64N(lateness+1), q})
		}
		slices.SortStableFunc(list, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
		mixed := make([]request, len(list))
		for i := range list {
			mixed[i] = list[i].request
		}
		want, _ := watchedSite(t, o, all, neverCut)
		got, _ := watchedSite(t, o, mixed, neverCut)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, lateness %d: %s", seed, lateness, firstOther(got, want))
		}
		events += len(want)
	}
	if events < 30 {
		t.Errorf("the sites are too tame: %d events", events)
	}
}

// TestWhatWasLearnedAndIsLostIsTold: without the checkpoint that belongs to the state it is said
// that what is usual is learned anew, and alerts end with that reason.
func TestWhatWasLearnedAndIsLostIsTold(t *testing.T) {
	o := watching(traffic.NewSealer(), 2*time.Second)
	for name, spoil := range map[string]func(learned []byte) []byte{
		"lost":    func([]byte) []byte { return nil },
		"damaged": func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
	} {
		g := single(o, base+8*3600)
		sec, hits := base, 0
		give := func(seconds, every int64, g *Gauge) {
			for end := sec + seconds; sec < end; sec += every {
				q := request{sec, "/s", 200, 1000}
				q.give(g)
				hits++
			}
		}
		give(7200, 2, g)
		give(3*3600, 600, g) // next to nothing
		out := g.Take()
		if n := len(firing(g)); n == 0 {
			t.Fatalf("of a drop to nothing nothing is told: %v", out)
		}
		learned, fresh := g.Checkpoint(nil)
		state, err := g.AppendBinary(nil)
		if err != nil || !fresh {
			t.Fatal(err, fresh)
		}
		past := Past{Learned: spoil(learned), Seconds: func(int64, int64, func(int64, traffic.Second)) error { return nil }}
		back, err := Restore(o, state, past)
		if err != nil {
			t.Fatal(err)
		}
		back.AddSource("log", false)
		ended, said := 0, ""
		for _, o := range back.Take() {
			switch {
			case o.Event != nil && o.Event.Ended == "what was usual is no longer known":
				ended++
			case o.Notice != nil:
				said = o.Notice.Text
			}
		}
		if ended == 0 || len(firing(back)) > 0 || !strings.Contains(said, "learned anew") {
			t.Errorf("%s: %d alerts ended, %d are open, it is said: %q", name, ended, len(firing(back)), said)
		}
	}
}

func firing(g *Gauge) []view.Window {
	s := g.Snapshot()
	return s.Firing()
}

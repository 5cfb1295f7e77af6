package gauge

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/pack"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// remembered is the state of a small Gauge with something of everything in it.
func remembered(t testing.TB, o Options) (*Gauge, []byte) {
	t.Helper()
	g := New(o)
	for _, name := range []string{"a.log", "b.log"} {
		i := g.AddSource(name, false)
		g.Wrote(i, time.Unix(base+500, 0), time.Unix(base+500, 7))
	}
	for i := range int64(400) {
		g.Record(int(i%2), record(base+i/10, fmt.Sprintf("/s%d", i%3)))
	}
	g.Record(0, record(base+2, "/late"))
	g.Record(0, record(base+9000, "/future"))
	g.Reject(0, accesslog.ReasonEmpty, 3)
	g.Pass(1, record(base+39, "/"))
	g.Take()
	state, err := g.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return g, state
}

func remembering() Options {
	o := options()
	o.Sealer = traffic.NewSealer()
	o.Rules = []alert.Rule{alert.HighTrafficRule(3*unit.One, time.Minute)}
	return o
}

var update = flag.Bool("update", false, "rewrite the state of the newest version")

// TestStoredStatesOfEveryVersionAreRead: a state that was stored once is read by
// every weir that says it can.
func TestStoredStatesOfEveryVersionAreRead(t *testing.T) {
	const golden = "testdata/state-2-alerts-3.hex" // version 2, with that of the alerts
	_, state := remembered(t, remembering())
	if *update {
		if err := os.WriteFile(golden, fmt.Appendf(nil, "%x\n", state), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"testdata/state-1.hex", "testdata/state-2.hex", golden} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		old, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if path == golden && !bytes.Equal(state, old) {
			t.Errorf("the state has %d other bytes: a new form needs a new version, and a reader of the one before", len(state))
		}
		g, err := Restore(remembering(), old, Past{})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if s := g.Snapshot(); s.Seen || len(s.Firing()) != 1 || s.Firing()[0].Hits != 71 || s.Firing()[0].Since != base+19 {
			t.Errorf("%s: got %+v, want a run that has begun, and a rule that fires", path, s)
		}
		g.End()
		wantTold(t, g.Take(), "30+7=101 partial late 1 future 1")
	}
}

func TestAStateThatCannotBeReadSaysWhy(t *testing.T) {
	o := remembering()
	g, state := remembered(t, o)
	for n := range len(state) {
		if _, err := Restore(o, state[:n], Past{}); err == nil {
			t.Fatalf("cut to %d of %d bytes it was read", n, len(state))
		}
		damaged := slices.Clone(state)
		damaged[n] ^= 0x10
		if _, err := Restore(o, damaged, Past{}); err == nil {
			t.Fatalf("with byte %d damaged it was read", n)
		}
	}
	newer := slices.Clone(state)
	newer[0] = 3
	without := o
	without.Sealer = nil
	failing := Past{Seconds: func(int64, int64, func(int64, traffic.Second)) error { return os.ErrClosed }}
	for want, read := range map[string]func() error{
		"the stored state has version 3, this weir reads version 2: it was written by another weir": func() error { _, err := Restore(o, newer, Past{}); return err },
		"the stored state is damaged: its checksum is another":                                      func() error { _, err := Restore(o, state[:40], Past{}); return err },
		"a measurement without a sealer cannot go on from a stored state":                           func() error { _, err := Restore(without, state, Past{}); return err },
		"a measurement without a sealer has no state to store":                                      func() error { _, err := New(without).AppendBinary(nil); return err },
		"the seconds before the stored state: file already closed":                                  func() error { _, err := Restore(o, state, failing); return err },
		"1 outputs were not taken before the state was asked for: they would be lost": func() error {
			g.Notice("wait")
			_, err := g.AppendBinary(nil)
			return err
		},
	} {
		if err := read(); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestSourcesAreFoundAgainByName: in another order, one gone, one new.
func TestSourcesAreFoundAgainByName(t *testing.T) {
	o := remembering()
	g := New(o)
	for i, name := range []string{"a", "b", "c", "a"} {
		g.AddSource(name, false)
		at := time.Unix(base+500, 0)
		g.Wrote(i, at, at)
		g.Record(i, record(base+100+int64(i), "/"))
	}
	g.Take()
	state, err := g.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Restore(o, state, Past{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name string
		sec  int64
	}{{"c", 102}, {"new", 0}, {"a", 100}, {"a", 103}, {"a", 0}} {
		if n := back.AddSource(want.name, false); n != i {
			t.Errorf("%s has the number %d, want %d", want.name, n, i)
		}
		if sec, ok := back.SourceTime(i); ok != (want.sec > 0) || ok && sec != base+want.sec {
			t.Errorf("%s has come to %d, %v; want %d", want.name, sec-base, ok, want.sec)
		}
	}
	// b, which was at 101, holds nobody back any more.
	for _, i := range []int{0, 2, 3} {
		back.Record(i, record(base+200, "/"))
	}
	if closed, _ := back.clock.Closed(); closed != base+198 {
		t.Errorf("closed up to %d, want 198", closed-base)
	}
	if c := back.Closing(); c.Hits != 3 {
		t.Errorf("got %d hits, want the 3 of this run", c.Hits)
	}
}

// TestSourcesThatDoNotComeBackAreForgotten: with the first state that is stored,
// so that none stays for ever, and nothing waits for it.
func TestSourcesThatDoNotComeBackAreForgotten(t *testing.T) {
	o := remembering()
	g := New(o)
	at := time.Unix(base+500, 0)
	const sources = 10_000
	for i := range sources {
		g.AddSource(fmt.Sprint("/var/log/site-", i), false)
		g.Wrote(i, at, at)
	}
	g.Record(0, record(base, "/"))
	g.Take()
	state, err := g.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, back := range []int{sources, 1} {
		r, err := Restore(o, state, Past{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range back {
			r.AddSource(fmt.Sprint("/var/log/site-", i), false)
		}
		again, err := r.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		if back == sources && !bytes.Equal(again, state) {
			t.Errorf("with all of them the state has %d bytes, not those %d that it had", len(again), len(state))
		}
		if back == 1 && (len(again) > 1000 || r.frames.saved != nil) {
			t.Errorf("with one of them the state has %d bytes", len(again))
		}
		if r.AddSource("/var/log/site-7", false); back == 1 {
			if _, ok := r.SourceTime(1); ok {
				t.Error("what was forgotten has come back")
			}
		}
	}
}

// TestOtherOptionsLoseNothing: with another interval or depth of sections all
// hits are in the store and in the summary, each once.
func TestOtherOptionsLoseNothing(t *testing.T) {
	for _, was := range []int64{5, 7, 10, 20, 60} {
		for _, is := range []int64{5, 7, 10, 20, 60} {
			for _, depth := range []int{0, 1, 2} {
				o := remembering()
				o.Interval = was
				st := store{sealer: o.Sealer}
				g := single(o, base+1000)
				for i := range int64(1000) {
					g.Record(0, record(base+i/10-3*(i%2), "/a/b/c"))
				}
				st.take(g.Take())
				state, err := g.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				o.Interval, o.SectionDepth, o.Lateness = is, depth, 5*time.Second
				back, err := Restore(o, state, st.past())
				if err != nil {
					t.Fatal(err)
				}
				back.AddSource("log", false)
				for i := range int64(1000) {
					back.Record(0, record(base+100+i/10-3*(i%2), "/a/b/c"))
				}
				back.End()
				st.take(back.Take())
				c, hits := back.Closing(), int64(0)
				for _, s := range st.sealed {
					for _, n := range s.Seconds {
						hits += n.Hits
					}
				}
				sections := int64(0)
				for _, r := range c.Sections.Rows {
					sections += r.Hits
				}
				if c.Hits != 1000 || hits != 2000 || sections > 1000 || c.Sections.Rest < 0 {
					t.Errorf("from %d to %d s, depth %d: %d hits in the summary, %d in the store, %d in sections; want 1000 and 2000", was, is, depth, c.Hits, hits, sections)
				}
			}
		}
	}
}

// TestAChangedRuleIsNotAnnouncedTwice: an alert is open when weir is started
// with another threshold or window. There are 10 hits a second up to second 52
// and 1 from then on, so 568 - 9t in the 10 s before t, 1068 - 9t in the minute.
func TestAChangedRuleIsNotAnnouncedTwice(t *testing.T) {
	for _, c := range []struct {
		threshold unit.PerSecond
		window    time.Duration
		want      []string
	}{
		{3 * unit.One, time.Minute, []string{"quiet 99"}},
		{4 * unit.One, time.Minute, []string{"quiet 93"}},
		{2 * unit.One, time.Minute, []string{"quiet 106"}},
		{100 * unit.One, time.Minute, []string{"quiet 50"}},
		{3 * unit.One, 10 * time.Second, []string{"quiet 60"}},
	} {
		o := remembering()
		st := store{sealer: o.Sealer}
		g := single(o, base+1000)
		for i := range int64(520) {
			g.Record(0, record(base+i/10, "/"))
		}
		st.take(g.Take())
		state, err := g.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		o.Rules = []alert.Rule{alert.HighTrafficRule(c.threshold, c.window)}
		back, err := Restore(o, state, st.past())
		if err != nil {
			t.Fatal(err)
		}
		back.AddSource("log", false)
		for sec := int64(52); sec < 200; sec++ {
			back.Record(0, record(base+sec, "/"))
		}
		back.End()
		var got []string
		for _, o := range back.Take() {
			if e := o.Event; e != nil {
				got = append(got, fmt.Sprintf("%v %d", e.State, e.At-base))
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v over %v: got %q, want %q", c.threshold, c.window, got, c.want)
		}
	}
}

// TestAStopWithAMemoryChangesNothing: what was shown in part is shown whole
// when it goes on.
func TestAStopWithAMemoryChangesNothing(t *testing.T) {
	g, _ := remembered(t, remembering())
	for _, i := range []int{0, 1} {
		g.Record(i, record(base+45, "/"))
	}
	wantTold(t, g.Take(), "30+10=101 late 1 future 1")
	before, err := g.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	g.Stop()
	wantTold(t, g.Take(), "40+6=2 partial")
	if after, err := g.AppendBinary(nil); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the state is another after a stop (%v)", err)
	}
	for _, i := range []int{0, 1} {
		g.Record(i, record(base+52, "/"))
	}
	wantTold(t, g.Take(), "40+10=2")
}

// FuzzRestore reads any bytes, their checksum made right, as a state. What is
// accepted counts on.
func FuzzRestore(f *testing.F) {
	o := remembering()
	_, state := remembered(f, o)
	f.Add(state[:len(state)-4])
	for _, interval := range []int64{7, 60} {
		o.Interval = interval
		_, state = remembered(f, o)
		f.Add(state[:len(state)-4])
	}
	o.Widths = []Width{{base + 3600, 600}, {base + 7200, 20}}
	_, state = remembered(f, o)
	f.Add(state[:len(state)-4])
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Restore(o, pack.AppendSum(slices.Clone(b), 0), Past{})
		if err != nil {
			return
		}
		g.AddSource("a.log", false)
		g.Wrote(0, time.Unix(base+600, 0), time.Unix(base+600, 0))
		for i := range int64(40) {
			g.Record(0, record(base+i, "/x"))
		}
		g.Tick(time.Unix(base+700, 0))
		g.Take()
		state, err := g.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		// Numbers of a hostile state may have run over, and are then refused.
		if back, err := Restore(o, state, Past{}); err == nil {
			back.Closing()
		}
		g.End()
		g.Closing()
	})
}

// BenchmarkState is the cost of a commit's state while 1,000 requests a second
// of 20,000 clients are followed: right after a stretch was sealed, which leaves
// the two seconds that wait for late lines, and right before one is.
func BenchmarkState(b *testing.B) {
	for _, interval := range []int64{10, 60, 7} {
		for name, last := range map[string]int64{"sealed": 122, "open": 131} {
			b.Run(fmt.Sprintf("%d/%s", interval, name), func(b *testing.B) {
				o := remembering()
				o.Interval = interval
				g := single(o, base+1000)
				follow(g, 1, last*1000)
				g.Take()
				var state []byte
				b.ReportAllocs()
				for b.Loop() {
					state, _ = g.AppendBinary(state[:0])
				}
				b.ReportMetric(float64(len(state)), "B/state")
			})
		}
	}
}

// follow gives g the records from to to of a site with 1,000 requests a second,
// 20,000 clients with 500 agents, 2,000 paths in 20 sections.
func follow(g *Gauge, from, to int64) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := from; i <= to; i++ {
		// Squared, so that some are far more frequent than others.
		page, client := int64(2000*squared(r)), int64(20_000*squared(r))
		rec := record(base+i/1000, fmt.Sprintf("/section%d/page%d.html", page%20, page))
		rec.Client = fmt.Append(nil, "203.0.", client/250, ".", client%250)
		rec.Agent = fmt.Append(nil, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/", client%500, " Safari/537.36")
		rec.Bytes, rec.Latency = 200+r.Int64N(100_000), time.Duration(r.ExpFloat64()*float64(50*time.Millisecond))
		if r.IntN(20) == 0 {
			rec.Status = []int{301, 304, 404, 500}[r.IntN(4)]
		}
		g.Record(0, rec)
	}
}

func squared(r *rand.Rand) float64 {
	x := r.Float64()
	return x * x
}

// BenchmarkGaugeRecordSealed is BenchmarkGaugeRecord with a memory.
func BenchmarkGaugeRecordSealed(b *testing.B) {
	for _, interval := range []int64{10, 60, 7} {
		b.Run(fmt.Sprint(interval), func(b *testing.B) {
			o := remembering()
			o.Interval = interval
			records := benchmarkRecords()
			g := single(o, base+1<<33)
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				r := &records[n%1000]
				r.Sec = base + n/1000
				g.Record(0, r)
				if n++; n%10_000 == 0 {
					g.Take()
				}
			}
		})
	}
}

// BenchmarkPast is what a record of a past costs, at 10 a second: sealed each ten
// seconds, each minute, each hour.
func BenchmarkPast(b *testing.B) {
	for _, width := range []int64{10, 60, 3600} {
		for _, interval := range []int64{10, 3600} {
			b.Run(fmt.Sprintf("width %d, interval %d", width, interval), func(b *testing.B) {
				o := remembering()
				o.Interval, o.Widths = interval, []Width{{base + 1<<32, width}}
				records := benchmarkRecords()
				g := single(o, base+1<<33)
				n := int64(0)
				for b.Loop() {
					r := &records[n%1000]
					r.Sec = base + n/10
					g.Record(0, r)
					if n++; n%10_000 == 0 {
						g.Take()
					}
				}
			})
		}
	}
}

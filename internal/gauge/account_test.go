package gauge

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// account is what a test knows of a Gauge from what it gave it.
type account struct {
	*Gauge
	accepted, refused int64
	statuses          map[int]int64
}

func (a *account) record(i int, sec int64, status int) {
	r := record(sec, fmt.Sprintf("/s%d/x", sec%7))
	r.Status = status
	if a.Record(i, r) {
		a.accepted++
		a.statuses[status]++
	} else {
		a.refused++
	}
}

// wildLife gives a Gauge the records of one to four servers whose clocks are
// set back and forth, with garbage times, silences, and a stop or an end.
func wildLife(r *rand.Rand) *account {
	o := options()
	o.Interval, o.Lateness = 1+r.Int64N(20), time.Duration(r.IntN(5))*time.Second
	o.Wall = r.IntN(8) == 0
	o.Rules = []alert.Rule{
		alert.HighTrafficRule(unit.PerSecond(1+r.Int64N(5_000_000)), time.Minute),
		long(unit.PerSecond(1+r.Int64N(5_000_000)), 5*time.Second),
	}
	o.Rules[1].Name = "short"
	a := &account{Gauge: New(o), statuses: map[int]int64{}}
	sources, now := 1+r.IntN(4), base
	offset := make([]int64, sources)
	for range sources {
		a.AddSource("log", r.IntN(4) == 0)
	}
	for range 5 + r.IntN(15) {
		i := r.IntN(sources)
		if r.IntN(3) == 0 {
			offset[i] = []int64{0, -5, 40, -3600, 3600, -86_400, 86_400, -400 * 86_400, 1 << 32}[r.IntN(9)]
		}
		rate := 1 + r.IntN(15)
		for range r.IntN(250) {
			at := time.Unix(now, 0)
			a.Wrote(i, at, at)
			sec := now + offset[i] - r.Int64N(4)
			if r.IntN(100) == 0 {
				sec = []int64{-1, 0, 1, accesslog.MaxSec, accesslog.MaxSec + 1, r.Int64(), r.Int64N(accesslog.MaxSec)}[r.IntN(7)]
			}
			a.record(i, sec, []int{200, 404, 500, 0}[r.IntN(4)])
			a.Caught(i, r.IntN(10) > 0, at)
			if r.IntN(rate) == 0 {
				now++
				a.Tick(time.Unix(now, 0))
			}
		}
		now += []int64{0, 3, 11, 400, 86_400}[r.IntN(5)]
		a.Tick(time.Unix(now, 0))
	}
	if r.IntN(3) > 0 {
		a.End()
	} else {
		a.Stop()
	}
	return a
}

// TestNothingIsLostOrTwiceWhateverTheClocksDo is law 2 for the Gauge: the
// summary has every record that was accepted and every line that was not,
// intervals do not overlap, events alternate.
func TestNothingIsLostOrTwiceWhateverTheClocksDo(t *testing.T) {
	epochs, events := 0, 0
	for seed := range uint64(2000) {
		a := wildLife(rand.New(rand.NewPCG(seed, 31)))
		c := a.Closing()
		if c.Hits != a.accepted || c.Rejected.Total != a.refused || c.Bytes != 10*a.accepted {
			t.Fatalf("seed %d: got %d hits, %d bytes, %d rejected; want %d, %d, %d", seed, c.Hits, c.Bytes, c.Rejected.Total, a.accepted, 10*a.accepted, a.refused)
		}
		for status, n := range a.statuses {
			if c.Count(status) != n {
				t.Fatalf("seed %d: got %d answers %d, want %d", seed, c.Count(status), status, n)
			}
		}
		shown, late, future, rejected, before := int64(0), int64(0), int64(0), int64(0), int64(-1<<62)
		state := map[string]alert.State{}
		for _, o := range a.Take() {
			switch {
			case o.Notice != nil:
				if strings.Contains(o.Notice.Text, "a new epoch begins") {
					before = -1 << 62
					epochs++
				}
			case o.Event != nil:
				if state[o.Event.Rule.Name] == o.Event.State {
					t.Fatalf("seed %d: rule %q is %v twice in a row", seed, o.Event.Rule.Name, o.Event.State)
				}
				state[o.Event.Rule.Name] = o.Event.State
				events++
			case o.Quiet != nil:
				if o.Quiet.From < before || o.Quiet.To <= o.Quiet.From {
					t.Fatalf("seed %d: a gap from %d to %d after %d", seed, o.Quiet.From, o.Quiet.To, before)
				}
				before = o.Quiet.To
			default:
				iv := o.Interval
				if iv.From < before || iv.To <= iv.From {
					t.Fatalf("seed %d: an interval from %d to %d after %d", seed, iv.From, iv.To, before)
				}
				before = iv.To
				shown, late, future, rejected = shown+iv.Hits, late+iv.Late, future+iv.Future, rejected+iv.Rejected.Total
			}
		}
		if shown > c.Hits || late > c.Late || future > c.Future || rejected > c.Rejected.Total {
			t.Fatalf("seed %d: intervals tell %d hits, %d late, %d future, %d rejected; the summary %d, %d, %d, %d",
				seed, shown, late, future, rejected, c.Hits, c.Late, c.Future, c.Rejected.Total)
		}
		for _, w := range a.board.Watches() {
			if w.State != state[w.Rule.Name] {
				t.Fatalf("seed %d: rule %q is %v, the last event said %v", seed, w.Rule.Name, w.State, state[w.Rule.Name])
			}
		}
	}
	if epochs < 500 || events < 5000 {
		t.Fatalf("the lives are too tame: %d epochs, %d events", epochs, events)
	}
	t.Logf("%d epochs, %d events", epochs, events)
}

// TestTheBordersOfBlocksDoNotShow gives the same records of two sources, read
// at one time, in blocks cut at random places.
func TestTheBordersOfBlocksDoNotShow(t *testing.T) {
	for seed := range uint64(200) {
		outputs := make([]string, 3)
		for cut := range outputs {
			r, cuts := rand.New(rand.NewPCG(seed, 41)), rand.New(rand.NewPCG(seed, uint64(cut)))
			now := time.Unix(base+100_000, 0)
			g := New(options())
			for range 2 {
				g.AddSource("log", true)
				g.Wrote(len(g.names)-1, now, now)
			}
			sec := base
			for range 1500 {
				i := r.IntN(2)
				if cut > 0 && cuts.IntN(1+20*cut) == 0 {
					g.Caught(i, false, now)
					g.Wrote(i, now, now)
				}
				g.Record(i, record(sec-r.Int64N(6), "/"))
				if r.IntN(20) == 0 {
					sec += r.Int64N(8)
				}
			}
			g.End()
			text, err := json.Marshal(g.Take())
			if err != nil {
				t.Fatal(err)
			}
			outputs[cut] = string(text)
		}
		if outputs[1] != outputs[0] || outputs[2] != outputs[0] {
			t.Fatalf("seed %d: the outputs depend on where blocks end", seed)
		}
	}
}

// TestOutputsStayAsTheyWere: what was taken is not changed by what comes.
func TestOutputsStayAsTheyWere(t *testing.T) {
	g := single(options(), base+100_000)
	feed := func(from int64) {
		for i := range int64(2000) {
			g.Record(0, record(from+i/10, fmt.Sprintf("/s%d", i%20)))
		}
	}
	feed(base)
	out := g.Take()
	before, _ := json.Marshal(out)
	feed(base + 200)
	g.Record(0, record(base+9000, "/"))
	g.End()
	if after, _ := json.Marshal(out); string(after) != string(before) || len(out) < 15 {
		t.Errorf("%d outputs changed after they were taken", len(out))
	}
	if len(g.Take()) == 0 || g.Take() != nil {
		t.Error("Take leaves something behind")
	}
}

// heapLimit is law 3 for the Gauge. The figure seen is 17 MiB.
const heapLimit = 64 << 20

// TestAMillionDistinctKeysStayWithinTheLimit: no client, path, section or
// agent comes twice.
func TestAMillionDistinctKeysStayWithinTheLimit(t *testing.T) {
	eachWay(t, distinctKeys)
}

// eachWay runs a test with the usual options and with a memory, merging
// stretches into intervals, and counting both, in a past too.
func eachWay(t *testing.T, test func(*testing.T, Options)) {
	t.Helper()
	test(t, options())
	for _, interval := range []int64{60, 7} {
		o := options()
		o.Interval, o.Sealer = interval, traffic.NewSealer()
		t.Run(fmt.Sprintf("sealed, interval of %d s", interval), func(t *testing.T) { test(t, o) })
	}
	o := options()
	o.Sealer, o.Widths = traffic.NewSealer(), []Width{{base + 1<<32, 3600}}
	t.Run("sealed by the hour", func(t *testing.T) { test(t, o) })
}

func distinctKeys(t *testing.T, o Options) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	const records = 1_000_000
	before, most := heap(), int64(0)
	g := single(o, base+records)
	r := record(0, "")
	for i := range int64(records) {
		r.Sec = base + i/2000
		r.Client = fmt.Appendf(r.Client[:0], "2001:db8::%x", i)
		r.Agent = fmt.Appendf(r.Agent[:0], "agent/%d", i)
		r.Target = fmt.Appendf(r.Target[:0], "/section-%d/page-%d?q=%d", i, i, i)
		r.Latency = time.Duration(i) * time.Microsecond
		g.Record(0, r)
		if i%50_000 == 0 {
			g.Take()
			most = max(most, heap()-before)
		}
	}
	most = max(most, heap()-before)
	c := g.Closing()
	if c.Hits != records || c.Sections.Bound == 0 || !c.VisitorsEstimated {
		t.Errorf("got %d hits, sections bound %v, visitors estimated %v", c.Hits, c.Sections.Bound, c.VisitorsEstimated)
	}
	t.Logf("heap at most %.1f MiB", float64(most)/(1<<20))
	if most > heapLimit {
		t.Errorf("got %d bytes of heap, want no more than %d", most, heapLimit)
	}
}

// TestSourcesFarApartAndLongKeysStayWithinTheLimit: one server's clock is 290 s
// behind, so 30 intervals are open at the same time, and no key of 600 bytes
// comes twice.
func TestSourcesFarApartAndLongKeysStayWithinTheLimit(t *testing.T) {
	eachWay(t, farApart)
}

func farApart(t *testing.T, o Options) {
	g := New(o)
	now := time.Unix(base+1000, 0)
	for range 2 {
		g.AddSource("log", true)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, most, open := int64(m.HeapAlloc), int64(0), 0
	long := strings.Repeat("x", 600)
	r := record(0, "")
	for i := range int64(400_000) {
		source, sec := int(i%2), base+i/1000
		r.Sec = sec - 290*(i%2)
		r.Client = fmt.Appendf(r.Client[:0], "%d%s", i, long)
		r.Agent = fmt.Appendf(r.Agent[:0], "agent/%d", i)
		r.Target = fmt.Appendf(r.Target[:0], "/%d%s/%d", i, long, i)
		r.Latency = time.Duration(i) * time.Microsecond
		g.Wrote(source, now, now)
		g.Record(source, r)
		open = max(open, len(g.open), len(g.frames.open))
		if i%20_000 == 0 {
			g.Take()
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, int64(m.HeapAlloc)-before)
		}
	}
	t.Logf("heap at most %.1f MiB with %d intervals open", float64(most)/(1<<20), open)
	if most > heapLimit || open < 29 {
		t.Errorf("got %d bytes of heap with %d intervals open, want no more than %d with some 30", most, open, heapLimit)
	}
}

// TestTheOrderOfMemoryDoesNotShow: far more keys than are counted one by one,
// in intervals that are all still open.
func TestTheOrderOfMemoryDoesNotShow(t *testing.T) {
	var first string
	for range 5 {
		g := New(options())
		g.AddSource("log", true)
		for i := range int64(27_000) {
			g.Record(0, record(base+i%90, fmt.Sprintf("/section-%d", i)))
		}
		c := g.Closing()
		if got := fmt.Sprint(c.Sections); first == "" {
			first = got
		} else if got != first {
			t.Fatalf("the same records gave %s and %s", got, first)
		}
	}
}

func TestARecordAllocatesNothingOnceItsKeysAreKnown(t *testing.T) {
	g := single(options(), base+100_000)
	g.Record(0, record(base+500, "/"))
	r := record(base+501, "/a/b?c")
	r.Latency = time.Millisecond
	if n := testing.AllocsPerRun(10_000, func() { g.Record(0, r) }); n != 0 {
		t.Errorf("got %v allocations per record, want 0", n)
	}
	late := record(base, "/a/b?c")
	for range 200 {
		g.Record(0, late)
	}
	if n := testing.AllocsPerRun(10_000, func() { g.Record(0, late) }); n != 0 {
		t.Errorf("late: got %v allocations per record, want 0", n)
	}
}

// BenchmarkGaugeRecord is the cost of a record in order, 1,000 a second, over
// 500 paths of ten sections from 200 clients; intervals included.
func BenchmarkGaugeRecord(b *testing.B) {
	records := benchmarkRecords()
	g := single(options(), base+1<<33)
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		r := &records[n%1000]
		r.Sec = base + n/1000
		g.Record(0, r)
		if n++; n%100_000 == 0 {
			g.Take()
		}
	}
}

func benchmarkRecords() []accesslog.Record {
	records := make([]accesslog.Record, 1000)
	for i := range records {
		records[i] = *record(0, fmt.Sprintf("/s%d/p%d", i%10, i%500))
		records[i].Client = fmt.Append(nil, "10.0.0.", i%200)
		records[i].Agent = []byte("Mozilla/5.0 (X11; Linux x86_64)")
		records[i].Latency = time.Duration(i) * time.Millisecond
	}
	return records
}

// BenchmarkGaugeRecordOfOneInterval leaves the making of intervals out.
func BenchmarkGaugeRecordOfOneInterval(b *testing.B) {
	g := single(options(), base+1000)
	r := record(base, "/s/p")
	r.Agent, r.Latency = []byte("Mozilla/5.0 (X11; Linux x86_64)"), time.Millisecond
	b.ReportAllocs()
	for b.Loop() {
		g.Record(0, r)
	}
}

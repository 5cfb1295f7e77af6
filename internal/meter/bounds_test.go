package meter

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/traffic"
)

// TestARingIsAMapOfSlots: adding, taking sums, jumping ahead by any distance, shifting,
// beside a map of the same slots.
func TestARingIsAMapOfSlots(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		width := []int64{1, 10, 600}[r.IntN(3)]
		windows := []window{{span: 1 + r.Int64N(5)}, {span: 1 + r.Int64N(20), lag: r.Int64N(9)}}
		slots := 32 + r.Int64N(20)
		ring, exact := newRing(width, slots, windows), map[int64]cell{}
		head, at := start/width, start/width
		for range 300 {
			switch r.IntN(12) {
			case 0:
				head += r.Int64N(70) // beyond what is held
			case 1:
				head += r.Int64N(3)
			case 2:
				if delta := (r.Int64N(2_000_000) - 1_000_000) * width; r.IntN(5) == 0 {
					ring.shift(delta)
					moved := map[int64]cell{}
					for s, c := range exact {
						moved[s+delta/width] = c
					}
					exact, head, at = moved, head+delta/width, at+delta/width
				}
			case 3, 4:
				at = max(at, head-r.Int64N(4))
			default:
				s := head - r.Int64N(6)
				c := cell{hits: 1, part: uint32(r.IntN(2)), bytes: r.Int64N(100)}
				ring.add(s*width+r.Int64N(width), c)
				head = max(head, s)
				o := exact[s]
				exact[s] = cell{hits: o.hits + 1, part: o.part + c.part, bytes: o.bytes + c.bytes}
			}
			newest := int64(math.MinInt64)
			for s := range exact {
				newest = max(newest, s)
			}
			for i, w := range windows {
				var want total
				end := at - w.lag
				for s, c := range exact {
					if s >= end-w.span && s < end && s > newest-slots {
						want.add(c)
					}
				}
				if got := ring.sum(i, at*width+r.Int64N(width)); got != want {
					t.Fatalf("seed %d: window %+v at %d has %+v, want %+v", seed, w, at, got, want)
				}
			}
		}
	}
}

// TestTheKeyLeastLatelySeenMakesRoom, of 256, if it was not seen for a minute; else the new one stays
// outside, and that is said once. Beside a plain list.
func TestTheKeyLeastLatelySeenMakesRoom(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		b := New(Options{Rules: []alert.Rule{{Name: "hosts", By: alert.Host, Window: 10, Threshold: 1}}}, new(traffic.Seconds))
		last := map[string]int64{}
		sec, outside := start, 0
		for range 5000 {
			sec += r.Int64N(2 + int64(seed%2))
			key, at := fmt.Sprint("h", r.IntN(100+r.IntN(500))), sec-r.Int64N(5)
			if _, ok := last[key]; !ok && len(last) == alert.MaxKeys {
				oldest := ""
				for k := range last {
					if oldest == "" || cmp.Or(cmp.Compare(last[k], last[oldest]), strings.Compare(k, oldest)) < 0 {
						oldest = k
					}
				}
				if at-last[oldest] < 60 {
					outside++
					b.Record("log", at, &accesslog.Record{Host: []byte(key)})
					continue
				}
				delete(last, oldest)
			}
			last[key] = max(last[key], at)
			b.Record("log", at, &accesslog.Record{Host: []byte(key)})
		}
		var want []string
		for k := range last {
			want = append(want, k)
		}
		slices.Sort(want)
		if got := b.Keys(0, sec); !slices.Equal(got, want) {
			t.Fatalf("seed %d: got %v, want %v", seed, got, want)
		}
		if got := b.Crowded(); (len(got) == 1) != (outside > 0) || len(b.Crowded()) > 0 {
			t.Errorf("seed %d: %d stayed outside, and it was said of %q", seed, outside, got)
		}
	}
}

// TestNoSizeOverflows: a log may claim any number of bytes, and any second.
func TestNoSizeOverflows(t *testing.T) {
	rules := []alert.Rule{
		{Name: "bytes", Metric: alert.Bytes, Where: "all", Window: 7200, Threshold: 1},
		{Name: "p99", Metric: alert.P99, Window: 300, Threshold: 1},
		{Name: "change", Test: alert.Changes, Metric: alert.Bytes, By: alert.Section},
	}
	b := New(Options{Rules: rules, Filter: func(string) func(*accesslog.Record) bool {
		return func(*accesslog.Record) bool { return true }
	}}, new(traffic.Seconds))
	last := int64(0)
	for _, sec := range []int64{0, -1, start, 1, accesslog.MaxSec, start + 1, -accesslog.MaxSec, accesslog.MaxSec - 1, start + 7000} {
		for range 3 {
			b.Record("log", sec, &accesslog.Record{Bytes: math.MaxInt64, Latency: math.MaxInt64, Target: []byte("/a")})
			b.Record("log", sec, &accesslog.Record{Bytes: math.MinInt64, Latency: -1, Target: []byte("/a")})
		}
		if s := b.Measure(0, "", alert.Look{At: sec + 600, Span: 7200}); s.Num < 0 || s.Hits < 0 {
			t.Errorf("at %d: %+v", sec, s)
		}
		if s := b.Measure(1, "", alert.Look{At: (sec/10 + 1) * 10, Span: 300}); s.Num < 0 || s.Den < 0 {
			t.Errorf("at %d: %+v", sec, s)
		}
		if c := b.Step(2, "", (sec/10+1)*10); c.Requests < 0 {
			t.Errorf("at %d: %+v", sec, c)
		}
		last = sec
	}
	b.Shift(-last, "log")
	b.Shift(accesslog.MaxSec, "log")
}

// BenchmarkManyHosts is each record of a host of its own, which makes room each time.
func BenchmarkManyHosts(b *testing.B) {
	rules := append(standing(), alert.Rule{Name: "hosts", By: alert.Host, Window: 120, Threshold: 100_000_000})
	f := newFeeder(rules, 9, 10_000)
	var host []byte
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r := &f.all[(f.n+1)%len(f.all)]
		host = fmt.Appendf(host[:0], "%d.example.org", n)
		r.Host = host
		f.record()
	}
}

// FuzzRestore: whatever a state holds, reading it neither panics nor takes more memory than
// a Bank may.
func FuzzRestore(f *testing.F) {
	rules := append(standing(), alert.Rule{Name: "hosts", By: alert.Host, Metric: alert.Visitors, Window: 60, Threshold: 1},
		alert.Rule{Name: "gone", Test: alert.Gone, By: alert.Source, Window: 60},
		alert.Rule{Name: "rejected", Metric: alert.Rejected, Window: 60, Threshold: 1})
	full := newFeeder(rules, 9, 10)
	full.hours(2)
	full.bank.Close(full.sec - 2)
	full.bank.Gone("log", full.sec, true)
	full.bank.Reject("log", full.sec, 3)
	full.bank.Note("log", full.sec-500, 1)
	full.bank.Record("log", full.sec-500, &full.all[0])
	state := full.bank.AppendBinary(nil)
	f.Add(state)
	f.Add(New(Options{Rules: rules}, new(traffic.Seconds)).AppendBinary(nil))
	back := New(Options{Rules: rules, Lateness: 2}, new(traffic.Seconds))
	if err := back.Restore(state); err != nil {
		f.Fatal(err)
	}
	back.Close(full.sec - 2)
	if again := back.AppendBinary(nil); string(again) != string(state) {
		f.Fatalf("restored, a state of %d bytes has %d others", len(state), len(again))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		if len(state) > 1<<18 {
			return
		}
		b := New(Options{Rules: rules, Lateness: 2}, new(traffic.Seconds))
		if b.Restore(state) != nil {
			return
		}
		for i := range rules {
			for _, key := range append(slices.Clone(b.Keys(i, start)), "") {
				for _, l := range rules[i].Looks() {
					l.At = start
					b.Measure(i, key, l)
				}
				if rules[i].Test == alert.Changes {
					b.Step(i, key, start)
				}
			}
		}
		b.Next(start)
		b.Record("log", start, &full.all[1])
		b.Shift(61, "log")
		b.AppendBinary(nil)
	})
}

// asked counts what a Board asks for.
type asked struct {
	*Bank
	n int
}

func (a *asked) Measure(rule int, key string, l alert.Look) alert.Sample {
	a.n++
	return a.Bank.Measure(rule, key, l)
}

// TestALineOf1970IsNoLongWay: where it is the first that counts, nobody walks from there to
// today, and that there was nothing meanwhile is not told.
func TestALineOf1970IsNoLongWay(t *testing.T) {
	rules := []alert.Rule{{Name: "few", Test: alert.Below, Threshold: 1, Window: 60}, {Name: "few hosts", Test: alert.Below, By: alert.Host, Threshold: 1, Window: 60}}
	var s traffic.Seconds
	f := &asked{Bank: New(Options{Rules: rules}, &s)}
	b := alert.NewBoard(rules...)
	f.Close(start)
	s.Add(0, traffic.Second{Hits: 1})
	f.Record("log", 0, &accesslog.Record{Host: []byte("a")})
	if events := b.Advance(start+50, f); len(events) > 0 || f.n > 10_000 {
		t.Errorf("%d windows were asked for, and told is %v", f.n, events)
	}
	if events := b.Advance(start+5000, f); len(events) != 2 || events[0].At != start+60 {
		t.Errorf("a minute later %v, want that both rules fire", events)
	}
}

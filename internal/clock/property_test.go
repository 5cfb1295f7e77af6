package clock

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// call is one call of a Clock.
type call struct {
	verb   byte
	source int
	sec    int64
	wrote  int64 // seconds before now
	now    int64
}

// law plays calls and holds what is true of any of them: within an epoch the
// mark never goes back, an on-time record is not before it, a late one is, and
// an epoch moves it by its shift or further.
func law(t *testing.T, calls []call, lateness int64, wall bool) (epochs int) {
	t.Helper()
	c := New(time.Duration(lateness)*time.Second, wall)
	c.Add(false)
	c.Add(true)
	mark, known := c.Closed()
	for n, k := range calls {
		var rd Reading
		i := k.source % len(c.sources)
		now, wrote := time.Unix(k.now, 0), time.Unix(k.now-k.wrote, 0)
		before, had := c.Closed()
		switch k.verb % 6 {
		case 0:
			c.Tick(now)
		case 1:
			c.Wrote(i, wrote, now)
		case 2:
			c.Caught(i, k.sec%2 == 0, wrote)
		case 3:
			if len(c.sources) < 5 {
				c.Add(k.sec%2 == 0)
			}
		default:
			rd = c.See(i, k.sec)
			if late := had && k.sec < before; rd.Verdict == OnTime && late || rd.Verdict == Late && !late {
				t.Fatalf("call %d: second %d with the mark at %d (%v) has verdict %d", n, k.sec, before, had, rd.Verdict)
			}
			if rd.Verdict != Future && rd.Second != k.sec {
				t.Fatalf("call %d: a record of second %d with verdict %d counts in second %d", n, k.sec, rd.Verdict, rd.Second)
			}
		}
		if e := rd.Epoch; e != nil {
			epochs++
			if e.Alone && e.Shift != 0 || !e.Alone && e.Shift != e.To-e.From || e.Source != i {
				t.Fatalf("call %d: epoch %+v of source %d", n, *e, i)
			}
			mark += e.Shift
		}
		now2, ok := c.Closed()
		if known && !ok || known && now2 < mark {
			t.Fatalf("call %d (%+v): the mark went back from %d to %d", n, k, mark, now2)
		}
		mark, known = now2, ok
	}
	return epochs
}

// randomCalls is a made-up life of two to five sources, with clocks set back
// and forth, garbage times, silences and a wall's clock that may be set, too.
func randomCalls(r *rand.Rand) []call {
	now := start
	offset := [5]int64{}
	calls := make([]call, 0, 1500)
	for range 20 {
		if r.IntN(3) == 0 {
			offset[r.IntN(5)] = []int64{0, -5, -3600, 3600, -86_400, 40, 1 << 33}[r.IntN(7)]
		}
		source, rate := r.IntN(5), 1+r.IntN(15)
		for range r.IntN(200) {
			k := call{verb: byte(r.IntN(6)), source: source, now: now, wrote: r.Int64N(3)}
			if r.IntN(3) > 0 {
				k.verb = 4
			}
			k.sec = now + offset[source] - r.Int64N(4)
			if r.IntN(200) == 0 {
				k.sec = r.Int64N(1 << 37)
			}
			calls = append(calls, k)
			if r.IntN(rate) == 0 {
				now++
			}
		}
		now += []int64{0, 5, 11, 300, 86_400, -30}[r.IntN(6)]
	}
	return calls
}

func TestTheMarkNeverGoesBackWithinAnEpoch(t *testing.T) {
	epochs := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 11))
		epochs += law(t, randomCalls(r), r.Int64N(5), r.IntN(4) == 0)
	}
	if epochs < 300 {
		t.Fatalf("the lives are too tame: %d epochs", epochs)
	}
	t.Logf("%d epochs", epochs)
}

// TestExtremeSecondsDoNotPanic: event times outside what a log can hold are
// kept away by the caller; should one come through, nothing breaks down.
func TestExtremeSecondsDoNotPanic(t *testing.T) {
	extremes := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, start, math.MaxInt64 - 1, math.MaxInt64}
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 12))
		c := New(time.Duration(r.Int64()), r.IntN(2) == 0)
		c.Add(false)
		c.Add(r.IntN(2) == 0)
		for range 300 {
			i, at := r.IntN(2), time.Unix(extremes[r.IntN(len(extremes))], 0)
			switch r.IntN(6) {
			case 0:
				c.Wrote(i, at, time.Unix(start, 0))
			case 1:
				c.Tick(at)
			case 2:
				c.Caught(i, true, at)
			default:
				c.See(i, extremes[r.IntN(len(extremes))])
			}
			c.Now()
			c.Source(i)
		}
		c.End()
	}
}

func TestAClockAllocatesNothingPerRecord(t *testing.T) {
	c := New(2*time.Second, false)
	c.Add(false)
	at := time.Unix(start, 0)
	sec := start
	if n := testing.AllocsPerRun(1000, func() {
		sec++
		c.Wrote(0, at, at)
		c.See(0, sec)
		c.See(0, start-9)
		c.Caught(0, true, at)
		c.Tick(at)
	}); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

// FuzzClock reads bytes as calls, 12 of them a call.
func FuzzClock(f *testing.F) {
	encode := func(calls []call) []byte {
		var b []byte
		for _, k := range calls {
			b = append(b, k.verb, byte(k.source), byte(k.wrote), byte(k.now-start))
			b = binary.LittleEndian.AppendUint64(b, uint64(k.sec-start))
		}
		return b
	}
	f.Add([]byte{}, int64(2), false)
	f.Add(encode(randomCalls(rand.New(rand.NewPCG(1, 1)))[:200]), int64(0), true)
	f.Add(encode(randomCalls(rand.New(rand.NewPCG(2, 1)))[:200]), int64(2), false)
	f.Fuzz(func(t *testing.T, data []byte, lateness int64, wall bool) {
		var calls []call
		now := start
		for ; len(data) >= 12; data = data[12:] {
			now += int64(int8(data[3]))
			// As the caller does: times of the years 1970 to 9999 only.
			sec := start + int64(binary.LittleEndian.Uint64(data[4:]))
			sec = min(max(0, sec), 253402300799)
			calls = append(calls, call{data[0], int(data[1]), sec, int64(int8(data[2])), now})
		}
		law(t, calls, min(max(0, lateness), 86_400), wall)
	})
}

// BenchmarkSee is the cost of a record in order, 100 a second.
func BenchmarkSee(b *testing.B) {
	c := New(2*time.Second, false)
	c.Add(false)
	at := time.Unix(start+1<<40, 0)
	c.Wrote(0, at, at)
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		c.See(0, start+n/100)
		n++
	}
}

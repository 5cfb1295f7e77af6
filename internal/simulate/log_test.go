package simulate

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

// A write is one Write: when it came, relative to the start, and its lines'
// stamps in seconds since the start.
type write struct {
	at     time.Duration
	stamps []int64
}

// A witness takes a CSV log and remembers its Writes. With a block set, the
// first Write takes that long.
type witness struct {
	t      *testing.T
	start  time.Time
	block  time.Duration
	writes []write
}

func (w *witness) Write(p []byte) (int, error) {
	if !bytes.HasSuffix(p, []byte("\n")) {
		w.t.Errorf("a Write of %d bytes ends in half a line", len(p))
	}
	entry := write{at: time.Since(w.start)}
	for line := range strings.Lines(string(p)) {
		fields := strings.Split(line, ",")
		if fields[3] == `"date"` {
			continue
		}
		sec, err := strconv.ParseInt(fields[3], 10, 64)
		if err != nil {
			w.t.Errorf("line %q: %v", line, err)
		}
		entry.stamps = append(entry.stamps, sec-w.start.Unix())
	}
	w.writes = append(w.writes, entry)
	if w.block > 0 {
		<-time.After(w.block)
		w.block = 0
	}
	return len(p), nil
}

// stamps returns the stamps of all lines in the order of writing.
func (w *witness) stamps() []int64 {
	var all []int64
	for _, entry := range w.writes {
		all = append(all, entry.stamps...)
	}
	return all
}

func newTestLog(t *testing.T, steps string) *Log {
	t.Helper()
	shape, err := pace.ParseSteps(steps)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFormat("csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Log{Site: newTestSite(t, SiteOptions{Seed: 8, Clients: 100}), Format: f, Pacer: pace.New(shape)}
}

func TestALiveLogHasExactlyTheAskedLinesEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &witness{t: t, start: time.Now()}
		n, err := newTestLog(t, "60s@9,60s@18").Run(t.Context(), w)
		if err != nil || n != 60*9+60*18 {
			t.Fatalf("Run got %d, %v, want 1620 lines", n, err)
		}
		stamped, written := make([]int, 120), make([]int, 120)
		for _, entry := range w.writes {
			for _, sec := range entry.stamps {
				stamped[sec]++
				written[entry.at/time.Second]++
			}
		}
		for sec := range 120 {
			want := 9
			if sec >= 60 {
				want = 18
			}
			if stamped[sec] != want || written[sec] != want {
				t.Errorf("second %d got %d lines stamped and %d written, want %d", sec, stamped[sec], written[sec], want)
			}
		}
	})
}

func TestAfterAStallAllDueLinesComeInOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &witness{t: t, start: time.Now(), block: 5 * time.Second}
		n, err := newTestLog(t, "10s@10").Run(t.Context(), w)
		if err != nil || n != 100 {
			t.Fatalf("Run got %d, %v, want 100 lines", n, err)
		}
		// Request 0 went out with the header; 1 to 50 fell due in the stall.
		if got := w.writes[1]; got.at != 5*time.Second || len(got.stamps) != 50 {
			t.Errorf("the Write after the stall got %d lines at %v, want 50 at 5s", len(got.stamps), got.at)
		}
		if !slices.IsSorted(w.stamps()) {
			t.Error("stamps are not in order")
		}
	})
}

func TestAHighRateIsGatheredByTheMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &witness{t: t, start: time.Now()}
		n, err := newTestLog(t, "1s@50000").Run(t.Context(), w)
		if err != nil || n != 50_000 {
			t.Fatalf("Run got %d, %v, want 50000 lines", n, err)
		}
		if len(w.writes) < 900 || len(w.writes) > 1002 {
			t.Errorf("got %d Writes in a second, want about 1000", len(w.writes))
		}
	})
}

func TestDisorderStaysWithinItsBoundAndLosesNothing(t *testing.T) {
	const bound = 2 * time.Second
	synctest.Test(t, func(t *testing.T) {
		w := &witness{t: t, start: time.Now()}
		l := newTestLog(t, "30s@20,30s@3")
		l.Disorder = bound
		n, err := l.Run(t.Context(), w)
		if err != nil || n != 690 {
			t.Fatalf("Run got %d, %v, want 690 lines", n, err)
		}
		checkDisorder(t, w.stamps(), bound)
		counts := make([]int, 60)
		for _, entry := range w.writes {
			for _, sec := range entry.stamps {
				counts[sec]++
				if late := entry.at - time.Duration(sec)*time.Second; late < 0 || late > bound+time.Second+minWait {
					t.Errorf("a line of second %d was written at %v", sec, entry.at)
				}
			}
		}
		for sec, got := range counts {
			if want := []int{20, 3}[sec/30]; got != want {
				t.Errorf("second %d got %d lines, want %d", sec, got, want)
			}
		}
	})
}

// checkDisorder fails unless lines are out of order, by no more than bound.
func checkDisorder(t *testing.T, stamps []int64, bound time.Duration) {
	t.Helper()
	newest, worst := int64(0), int64(0)
	for _, sec := range stamps {
		newest = max(newest, sec)
		worst = max(worst, newest-sec)
	}
	if worst == 0 || worst > int64(bound/time.Second) {
		t.Errorf("lines are out of order by up to %d s, want 1 to %v", worst, bound)
	}
}

func TestACancelledLogWritesWhatItHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7300*time.Millisecond)
		defer cancel()
		w := &witness{t: t, start: time.Now()}
		l := newTestLog(t, "60s@5")
		l.Disorder = 10 * time.Second
		n, err := l.Run(ctx, w)
		if !errors.Is(err, context.DeadlineExceeded) || n != 37 {
			t.Fatalf("Run got %d, %v, want the 37 lines due in 7.3 s", n, err)
		}
		if got := time.Since(w.start); got != 7300*time.Millisecond {
			t.Errorf("Run ended after %v, want at once", got)
		}
		stamps := w.stamps()
		slices.Sort(stamps)
		for i, sec := range stamps {
			if sec != int64(i/5) {
				t.Fatalf("line %d got second %d, want %d", i, sec, i/5)
			}
		}
	})
}

type brokenWriter struct{ room int }

var errFull = errors.New("no space left on device")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAFailedWriteEndsTheLogWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := newTestLog(t, "60s@10").Run(t.Context(), &brokenWriter{room: 1000})
		if !errors.Is(err, errFull) || n == 0 || n >= 600 {
			t.Errorf("Run got %d, %v, want a few lines and the reason", n, err)
		}
	})
	n, err := newTestLog(t, "600s@100").Fill(t.Context(), time.Unix(0, 0), &brokenWriter{room: 200_000})
	if !errors.Is(err, errFull) || n == 0 {
		t.Errorf("Fill got %d, %v, want some lines and the reason", n, err)
	}
}

func TestFillWritesWhatRunWould(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, disorder := range []time.Duration{0, 3 * time.Second} {
			const steps = "20s@11,10s@0,20s@50"
			var live, fast bytes.Buffer
			start := time.Now()
			l := newTestLog(t, steps)
			l.Disorder = disorder
			if _, err := l.Run(t.Context(), &live); err != nil {
				t.Fatal(err)
			}
			l = newTestLog(t, steps)
			l.Disorder = disorder
			n, err := l.Fill(t.Context(), start, &fast)
			if err != nil || n != 1220 {
				t.Fatalf("Fill got %d, %v, want 1220 lines", n, err)
			}
			if !bytes.Equal(live.Bytes(), fast.Bytes()) {
				t.Errorf("with disorder %v the two logs differ", disorder)
			}
		}
	})
}

func TestFillStopsAtItsCountOrContext(t *testing.T) {
	w := &witness{t: t, start: time.Unix(1_773_151_500, 0)}
	l := newTestLog(t, "100000s@1000")
	l.Disorder = 5 * time.Second
	l.Count = 20_000
	n, err := l.Fill(t.Context(), w.start, w)
	if err != nil || n != 20_000 || len(w.stamps()) != 20_000 {
		t.Fatalf("Fill got %d, %v, want 20000 lines", n, err)
	}
	checkDisorder(t, w.stamps(), 5*time.Second)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w = &witness{t: t, start: w.start}
	n, err = newTestLog(t, "100000s@1000").Fill(ctx, w.start, w)
	if !errors.Is(err, context.Canceled) || n != int64(len(w.stamps())) || n > 5000 {
		t.Errorf("a cancelled Fill got %d, %v, want the lines of one Write", n, err)
	}
}

func TestALineOnItsWayCostsNoAllocation(t *testing.T) {
	for _, disorder := range []time.Duration{0, time.Second, 2 * time.Second} {
		l := newTestLog(t, "1y@1000")
		l.Disorder = disorder
		if disorder > time.Second { // with all that there is
			in, err := ParseIncident("errors=5% latency=x2 client=10% section=/api for=1s every=2s")
			if err != nil {
				t.Fatal(err)
			}
			l.Site = newTestSite(t, SiteOptions{Seed: 8, Clients: 100, Sessions: true, Bots: 0.1, Scanners: 0.1})
			l.Incidents, l.Malformed, l.Late, l.LateBy, l.Capacity = []Incident{in}, 0.1, 0.01, time.Second, 1100*unit.One
			l.Truth = NewTruth(l.Site, 8, "csv", []string{"-"})
		}
		sink := &brokenWriter{room: 1 << 40}
		q := l.newQueue(time.Unix(0, 0), fillWrite, []io.Writer{sink})
		now := time.Duration(0)
		step := func() {
			now += 100 * time.Millisecond
			q.fill(now)
			if err := q.flush(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3000 { // until buffers, heap and visits have grown to their size
			step()
		}
		if n := testing.AllocsPerRun(200, step); n > 0 {
			t.Errorf("with disorder %v got %v allocations per 100 lines, want 0", disorder, n)
		}
		if q.held.n > 2200 {
			t.Errorf("got %d lines held back, want no more than fall due within %v", q.held.n, disorder)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	for _, name := range []string{"combined", "combined-time", "common", "csv", "json", "ltsv", "w3c", "haproxy"} {
		b.Run(name, func(b *testing.B) { benchmarkFill(b, name, SiteOptions{Seed: 9}, func(*Log) {}) })
	}
	for name, change := range map[string]func(*Log){
		"disorder": func(l *Log) { l.Disorder = time.Second },
		"truth":    func(l *Log) { l.Truth = NewTruth(l.Site, 9, "combined", []string{"-"}) },
		"poisson": func(l *Log) {
			l.Pacer = pace.NewArrivals(pace.Sine{Rate: 5000 * unit.One, Amplitude: 1000 * unit.One, Period: time.Minute}, pace.Poisson, 9)
		},
	} {
		b.Run("combined/"+name, func(b *testing.B) { benchmarkFill(b, "combined", SiteOptions{Seed: 9}, change) })
	}
	b.Run("combined/visits", func(b *testing.B) {
		benchmarkFill(b, "combined", SiteOptions{Seed: 9, Sessions: true, Bots: 0.05, Scanners: 0.02}, func(*Log) {})
	})
}

// benchmarkFill writes b.N lines.
func benchmarkFill(b *testing.B, format string, site SiteOptions, change func(*Log)) {
	f, err := NewFormat(format, nil)
	if err != nil {
		b.Fatal(err)
	}
	l := &Log{Site: newTestSite(b, site), Format: f, Pacer: pace.New(pace.Constant{Rate: 5000 * unit.One}), Count: int64(b.N)}
	change(l)
	sink := &brokenWriter{room: 1 << 60}
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := l.Fill(b.Context(), time.Unix(1_773_151_500, 0), sink); err != nil {
		b.Fatal(err)
	}
	b.SetBytes((1<<60 - int64(sink.room)) / int64(b.N))
}

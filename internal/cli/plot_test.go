package cli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/plot"
	"weir/internal/rates"
	"weir/internal/unit"
)

// record is what a log tells of a request, as far as a graph asks.
func record(sec int64, status int) *accesslog.Record {
	return &accesslog.Record{Sec: sec, Status: status}
}

func TestMoreSecondsThanAreKeptBecomeWiderSteps(t *testing.T) {
	p := &perSecond{step: 1, hits: map[int64]*tallied{}}
	const all, errors = mostStretches + 100_000, 5
	var buf []byte
	for i := range int64(all) {
		status := 200
		if i%errors == 0 {
			status = 503
		}
		buf = hitWriter{}.Append(buf[:0], record(1773151500+i, status), "")
		if n, err := p.Write(buf); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
	}
	if p.step != 10 || len(p.hits) != all/10 {
		t.Errorf("step %d, %d stretches; want 10 and %d", p.step, len(p.hits), all/10)
	}
	var sum tallied
	for _, h := range p.hits {
		for i, n := range h {
			sum[i] += n
		}
	}
	if want := (tallied{0: all, 2: all - all/errors, 5: all / errors}); sum != want {
		t.Errorf("got %v, want %v", sum, want)
	}
}

// The counters made of a log say what a count of its lines says, second by second.
func TestTheRateOfALogIsThatOfItsSeconds(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 50 {
		hits := map[int64]*tallied{}
		var starts []int64
		sec := int64(1000)
		for range 100 {
			hits[sec] = &tallied{0: int64(1 + r.IntN(9))}
			starts = append(starts, sec)
			sec += int64(1 + r.IntN(3)*r.IntN(20))
		}
		g := newGrowing(starts[0])
		for _, s := range starts {
			g.add(s, s+1, hits[s])
		}
		var d drawn
		g.into(&d, nil)
		const window = 60
		d.total.Rates(window*1000, func(at int64, v float64) {
			if at%1000 != 0 || math.IsNaN(v) {
				return
			}
			n, known := int64(0), min(int64(window), at/1000-starts[0])
			for s := at/1000 - window; s < at/1000; s++ {
				if h := hits[s]; h != nil {
					n += h[0]
				}
			}
			if want := float64(n) / float64(known); math.Abs(v-want) > 1e-9 {
				t.Fatalf("at %d: got %v, want %v", at/1000, v, want)
			}
		})
		if grown, _ := d.total.Grown(0, math.MaxInt64/2); grown != float64(sumOf(hits)) {
			t.Fatalf("grown by %v, and there are %d hits", grown, sumOf(hits))
		}
	}
}

func sumOf(hits map[int64]*tallied) (n int64) {
	for _, h := range hits {
		n += h[0]
	}
	return n
}

// A table in UTF-16, as PowerShell writes it, is read as any other.
func TestATableInUTF16IsDrawn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "stats.tsv")
	text := []byte{0xff, 0xfe}
	for _, c := range "1773151500\t1\r\n1773151560\t61\r\n" {
		text = append(text, byte(c), 0)
	}
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	out, messages, code := runLog(t, "plot", name, "--timezone", "UTC")
	if code != 0 || !strings.Contains(out, "last 1/s  mean 1/s  max 1/s") {
		t.Errorf("exit code %d, %q\n%s", code, messages, out)
	}
}

func BenchmarkPlotOfAMillionLines(b *testing.B) {
	name := filepath.Join(b.TempDir(), "stats.tsv")
	var text strings.Builder
	for i := range int64(1_000_000) {
		fmt.Fprintf(&text, "%d\t%d\t%d\t%d\n", 1773151500+10*i, 500*i, 12*i+i%7, i/9)
	}
	if err := os.WriteFile(name, []byte(text.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	o := &plotting{deltas: []time.Duration{time.Minute}, zone: time.UTC, window: 2 * time.Minute, output: filepath.Join(b.TempDir(), "rates.png"), kind: plot.PNG}
	for b.Loop() {
		if err := o.once(b.Context(), []string{name}, streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSeveralWindowsAreInOrderAndTheMinuteIsTheOneOfTheFigures(t *testing.T) {
	all, err := parseDeltas("10m,10s,1m")
	if err != nil || len(all) != 3 || all[0] != 10*time.Second || all[2] != 10*time.Minute {
		t.Fatalf("got %v, %v", all, err)
	}
	o := &plotting{deltas: all, zone: time.UTC, threshold: unit.One}
	s := rates.Series{Name: "a", At: []int64{0, 60_000, 120_000}, Values: []float64{0, 60, 240}}
	c, err := o.chart(&drawn{series: []rates.Series{s}, total: s}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if c.Main != 1 || c.Series[0].Lines[c.Main].Max != 3 {
		t.Errorf("got window %d with %v at most", c.Main, c.Series[0].Lines[c.Main].Max)
	}
}

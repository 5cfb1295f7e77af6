package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bench/program"
	"weir/internal/accesslog"
)

// made returns the log of o, cut into lines without their ends.
func made(tb testing.TB, o options) []string {
	tb.Helper()
	var buf bytes.Buffer
	s, err := write(&buf, o)
	if err != nil {
		tb.Fatal(err)
	}
	if s.bytes != int64(buf.Len()) || s.bytes < o.size || s.bytes > o.size+1024 {
		tb.Fatalf("%d bytes written, %d told, %d asked for", buf.Len(), s.bytes, o.size)
	}
	lines := strings.Split(strings.TrimSuffix(buf.String(), "\n"), "\n")
	if int64(len(lines)) != s.lines {
		tb.Fatalf("%d lines written, %d told", len(lines), s.lines)
	}
	return lines
}

func TestTheSameSeedGivesTheSameBytesAndAnotherSeedOthers(t *testing.T) {
	o := options{size: 1 << 20, clients: 1000, seed: 7, latency: true}
	var a, b, other bytes.Buffer
	for buf, seed := range map[*bytes.Buffer]uint64{&a: 7, &b: 7, &other: 8} {
		o.seed = seed
		if _, err := write(buf, o); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two logs of one seed differ")
	}
	if bytes.Equal(a.Bytes(), other.Bytes()) {
		t.Error("two logs of different seeds are equal")
	}
}

// expectedDistinct is how many different things n picks find on the average.
func expectedDistinct(weights []float64, n int) float64 {
	var sum, distinct float64
	for _, w := range weights {
		sum += w
	}
	for _, w := range weights {
		distinct += -math.Expm1(float64(n) * math.Log1p(-w/sum))
	}
	return distinct
}

func TestTheDistinctClientsAreThoseOfTheVariant(t *testing.T) {
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			o := v.options
			o.size, o.seed = 8<<20, 1
			lines := made(t, o)
			clients, pairs := map[string]bool{}, map[string]bool{}
			for _, line := range lines {
				client, rest, _ := strings.Cut(line, " ")
				clients[client] = true
				parts := strings.Split(rest, `"`)
				pairs[client+parts[5]] = true
			}
			weights := zipf(o.clients, 1.05, 100)
			if o.uniform {
				weights = equal(o.clients)
			}
			if want := expectedDistinct(weights, len(lines)); math.Abs(float64(len(clients))-want) > 0.03*want {
				t.Errorf("%d clients in %d lines, want %.0f, 3 %% more or less", len(clients), len(lines), want)
			}
			if len(pairs) > 3*len(clients) {
				t.Errorf("%d pairs of client and agent, %d clients: want 3 agents each at most", len(pairs), len(clients))
			}
		})
	}
}

func TestEveryClientHasItsOwnAddress(t *testing.T) {
	const n = 300_000
	seen := make(map[string]bool, n)
	for c := range n {
		seen[string(appendAddress(nil, c))] = true
	}
	if len(seen) != n {
		t.Errorf("%d addresses of %d clients", len(seen), n)
	}
	for a := range seen {
		if strings.HasPrefix(a, "0.") || a >= "224." && a < "3" && a[3] == '.' {
			t.Fatalf("%s is no address of a client", a)
		}
	}
}

// stampOf is the time of a line.
func stampOf(tb testing.TB, line string) time.Time {
	tb.Helper()
	_, rest, _ := strings.Cut(line, "[")
	stamp, _, _ := strings.Cut(rest, "]")
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
	if err != nil {
		tb.Fatal(err)
	}
	return at
}

func TestTimeNeverGoesBackAndFillsOneDay(t *testing.T) {
	midnight := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	for _, size := range []int64{1, 3 << 10, 4 << 20, 16 << 20} {
		last := midnight
		hours := map[int]int{}
		for _, line := range made(t, options{size: size, clients: 100, seed: 3}) {
			at := stampOf(t, line)
			if at.Before(last) {
				t.Fatalf("size %d: %s after %s", size, at, last)
			}
			last = at
			hours[at.Hour()]++
		}
		if !last.Before(midnight.AddDate(0, 0, 1)) {
			t.Errorf("size %d: the last line is of %s, beyond the day", size, last)
		}
		if size < 4<<20 {
			continue
		}
		if last.Hour() < 22 {
			t.Errorf("size %d: the last line is of %s, long before the day ends", size, last)
		}
		if ratio := float64(hours[13]) / float64(hours[1]); ratio < 3 || ratio > 5 {
			t.Errorf("size %d: %.1f times as many by day as by night, want 4", size, ratio)
		}
	}
}

func TestEveryLineIsOneThatWeirCounts(t *testing.T) {
	for name, latency := range map[string]bool{"combined": false, "combined-time": true} {
		f, ok := accesslog.Lookup(name)
		if !ok {
			t.Fatalf("there is no format named %s", name)
		}
		p := f.New()
		var r accesslog.Record
		for _, line := range made(t, options{size: 2 << 20, clients: 1000, seed: 5, latency: latency}) {
			if got := p.Parse([]byte(line), &r); got.Kind != accesslog.Hit {
				t.Fatalf("%s: %v\n%s", name, got, line)
			}
		}
	}
}

func TestMethodsAndStatusesComeAsOftenAsTheTableSays(t *testing.T) {
	lines := made(t, options{size: 16 << 20, clients: 1000, seed: 9})
	seen := map[string]float64{}
	for _, line := range lines {
		parts := strings.Split(line, `"`)
		method, _, _ := strings.Cut(parts[1], " ")
		seen[method]++
		seen[strings.Fields(parts[2])[0]]++
	}
	for _, e := range append(methods(), statuses()...) {
		p := e.weight / 1000
		want := p * float64(len(lines))
		if deviation := math.Sqrt(want * (1 - p)); math.Abs(seen[e.text]-want) > 5*deviation {
			t.Errorf("%s: %.0f times, want %.0f, more or less %.0f", e.text, seen[e.text], want, 5*deviation)
		}
	}
	for _, table := range [][]weighted{methods(), statuses()} {
		var sum float64
		for _, w := range weightsOf(table) {
			sum += w
		}
		if sum != 1000 {
			t.Errorf("the shares of %v add up to %v thousandths", table, sum)
		}
	}
}

func TestAChoiceKeepsItsWeights(t *testing.T) {
	for _, weights := range [][]float64{{1}, {1, 1}, {0, 1, 3}, zipf(50, 1.08, 8), {1e-9, 1, 1e9}} {
		c := newChoice(weights)
		// The weight of a thing is the share of the columns that is its own.
		got := make([]float64, len(weights))
		for i, col := range c.columns {
			own := float64(col.keep) / (1 << 64)
			got[i] += own
			got[col.alias] += 1 - own
		}
		var sum float64
		for _, w := range weights {
			sum += w
		}
		for i, w := range weights {
			if want := w / sum * float64(len(weights)); math.Abs(got[i]-want) > 1e-9*(1+want) {
				t.Errorf("%v: thing %d has %v of the columns, want %v", weights, i, got[i], want)
			}
		}
		r := rand.New(rand.NewPCG(1, 1))
		for range 1000 {
			if i := c.pick(r.Uint64()); weights[i] == 0 {
				t.Errorf("%v: picked %d, which has no weight", weights, i)
			}
		}
	}
}

func TestLatencyHasThreeDecimals(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0.000", 0.0409: "0.040", 1.5: "1.500", 12.3456: "12.345"} {
		if got := string(appendLatency(nil, seconds)); got != want {
			t.Errorf("%v: got %s, want %s", seconds, got, want)
		}
	}
}

func TestFlagsGoBeforeTheVariant(t *testing.T) {
	for line, want := range map[string]options{
		"":                           {size: 100 << 20, clients: 200_000, seed: 1},
		"-variant ip10k":             {size: 1 << 30, clients: 10_000, uniform: true, seed: 1},
		"-variant rt1g -size 4KiB":   {size: 4096, clients: 200_000, latency: true, seed: 1},
		"-variant ip2m -clients 5":   {size: 1 << 30, clients: 5, uniform: true, seed: 1},
		"-size 77 -uniform -seed 4":  {size: 77, clients: 200_000, uniform: true, seed: 4},
		"-variant c1g -uniform=true": {size: 1 << 30, clients: 200_000, uniform: true, seed: 1},
	} {
		got, out, err := parse(strings.Fields(line), io.Discard)
		if err != nil || got != want || out != "-" {
			t.Errorf("%q: got %+v, %q, %v, want %+v", line, got, out, err, want)
		}
	}
}

func TestAWrongCommandLineIsRefused(t *testing.T) {
	for _, line := range []string{
		"-size 0", "-size -1", "-size 1GB", "-size 9000000000GiB", "-size x", "-clients 0", "-clients 2000000000",
		"-variant c2g", "-nothing", "file",
	} {
		if err := run(strings.Fields(line), io.Discard, io.Discard); !errors.As(err, new(program.UsageError)) {
			t.Errorf("%q: got %v, want an error of usage", line, err)
		}
	}
	if err := run([]string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v", err)
	}
}

func TestAFileHoldsWhatTheOutputWouldHave(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.log")
	var out bytes.Buffer
	for _, to := range []string{name, "-"} {
		if err := run([]string{"-size", "100KiB", "-o", to}, &out, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, out.Bytes()) {
		t.Error("the file differs from the output")
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAFullDiskIsTold(t *testing.T) {
	for _, size := range []string{"1KiB", "3MiB"} {
		if err := run([]string{"-size", size}, full{}, io.Discard); err == nil {
			t.Errorf("-size %s: no error", size)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	o := options{size: 32 << 20, clients: 200_000, seed: 1}
	b.SetBytes(o.size)
	for b.Loop() {
		if _, err := write(io.Discard, o); err != nil {
			b.Fatal(err)
		}
	}
}

package scan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// write makes a file in a new directory.
func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run reads logs and fails the test where that cannot be.
func run(t testing.TB, o Options, names ...string) *Result {
	t.Helper()
	var logs []Log
	for _, n := range names {
		logs = append(logs, Log{Name: n})
	}
	r, err := Run(t.Context(), logs, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// print is all that a Result tells, in bytes that are equal for equal ones.
func print(r *Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%x\n", r.Tally.AppendBinary(nil))
	r.Timeline.Hours(func(h traffic.Hour, seconds []uint32) bool {
		fmt.Fprintln(&b, h, seconds)
		return true
	})
	fmt.Fprintln(&b, r.Timeline.Late)
	for _, why := range slices.Sorted(maps.Keys(r.Rejected)) {
		fmt.Fprintln(&b, why, r.Rejected[why])
	}
	for _, s := range r.Sources {
		fmt.Fprint(&b, s.Name, s.Format, s.Lines, s.Hits, s.Rejected, s.Older)
		if s.LastReject != nil {
			fmt.Fprint(&b, *s.LastReject)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b, r.Failures, r.Notices)
	return b.String()
}

var stamp = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)

// line is a line of a log in the Combined format with a request time.
func line(r *rand.Rand, sec, clients int) string {
	k := r.IntN(clients)
	return fmt.Sprintf(`10.%d.%d.%d - - [%s] "GET /s%d/p%d?x=%d HTTP/1.1" %d %d "https://site%d.example/" "agent %d" 0.%03d`+"\n",
		k>>16, k>>8&255, k&255, stamp.Add(time.Duration(sec)*time.Second).Format("02/Jan/2006:15:04:05 -0700"), k%30, k%5000, r.IntN(9),
		[]int{200, 200, 304, 404, 500, 503}[r.IntN(6)], r.IntN(100_000), k%13, k%7, r.IntN(1000))
}

// wild is a log in which everything happens that changes what later lines mean:
// runs of rejected lines, other formats, headers of CSV, that come again,
// changed, lines that are too long, broken or not in the order of time.
func wild(r *rand.Rand, lines int) []byte {
	var b []byte
	csv := false
	for i := 0; i < lines; i++ {
		switch x := r.IntN(400); {
		case x < 2:
			for range r.IntN(250) {
				b = append(b, "this is no request\n"...)
			}
		case x < 4:
			csv = !csv
			if csv {
				b = append(b, [...]string{
					"remotehost,rfc931,authuser,date,request,status,bytes\n",
					"date,remotehost,request,status,bytes\n",
				}[r.IntN(2)]...)
			}
		case x < 5:
			b = append(b, bytes.Repeat([]byte("x"), maxLine+r.IntN(3)-1)...)
			b = append(b, '\n')
		case x < 8:
			b = append(b, "\n"...)
		case x < 12:
			l := line(r, i/20, 50)
			b = append(b, l[:r.IntN(len(l))]...)
			b = append(b, '\n')
		case csv && x < 200:
			b = fmt.Appendf(b, "10.0.0.%d,-,-,%d,\"GET /\"\"quoted\"\"/%d HTTP/1.0\",200,12\n", r.IntN(250), stamp.Unix()+int64(i/20), r.IntN(5))
		case csv:
			b = fmt.Appendf(b, "%d,10.0.0.%d,\"GET /csv/%d HTTP/1.0\",200,12\n", stamp.Unix()+int64(i/20), r.IntN(250), r.IntN(5))
		case x < 40:
			b = append(b, strings.TrimSuffix(line(r, i/20, 50), "\n")+"\r\n"...)
		default:
			b = append(b, line(r, max(0, i/20-r.IntN(6)), 300)...)
		}
	}
	if r.IntN(2) == 0 && len(b) > 0 {
		b = b[:len(b)-1]
	}
	return b
}

// contained is a log as a container runtime writes it: some lines in pieces, of
// two streams, some of which never come.
func contained(r *rand.Rand, log []byte) []byte {
	docker := r.IntN(2) == 0
	var b []byte
	put := func(stream, text string, last bool) {
		if !docker {
			b = fmt.Appendf(b, "2026-03-10T00:00:00.5Z %s %c %s\n", stream, map[bool]byte{true: 'F', false: 'P'}[last], text)
			return
		}
		if last {
			text += "\n"
		}
		text = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\x00", `\u0000`).Replace(text)
		b = fmt.Appendf(b, `{"log":"%s","stream":"%s","time":"2026-03-10T00:00:00.5Z"}`+"\n", text, stream)
	}
	for l := range strings.Lines(string(log)) {
		l = strings.TrimSuffix(l, "\n")
		for r.IntN(6) == 0 || len(l) > 900_000 {
			n := r.IntN(min(len(l), 300_000) + 1)
			if r.IntN(20) > 0 {
				put("stdout", l[:n], false)
			}
			l = l[n:]
			switch r.IntN(40) {
			case 0:
				put("stderr", "Traceback", false)
			case 1:
				put("stderr", " of an error", true)
			case 2:
				b = append(b, "neither\n"...)
			}
		}
		if r.IntN(60) > 0 {
			put("stdout", l, true)
		}
	}
	return b
}

// oracle reads a log line by line with one parser and counts into one Tally,
// record by record: law 8.
func oracle(data []byte) (*traffic.Tally, map[accesslog.Reason]int64, int64) {
	var tally traffic.Tally
	rejected := map[accesslog.Reason]int64{}
	hits := int64(0)
	parser := new(accesslog.Auto)
	head := data[:min(len(data), blockSize)]
	parser.Prime(accesslog.HeadLines(head[:bytes.LastIndexByte(head, '\n')+1], true), Elsewhere(bytes.NewReader(data), int64(len(data)))...)
	var sections traffic.Sections
	for _, l := range bytes.SplitAfter(data, []byte("\n")) {
		if len(l) == 0 {
			continue
		}
		l = accesslog.TrimEnd(l)
		if len(l) > maxLine {
			rejected[accesslog.ReasonTooLong]++
			continue
		}
		var r accesslog.Record
		out := parser.Parse(l, &r)
		if out.Unfinished > 0 {
			rejected[accesslog.ReasonPartial] += int64(out.Unfinished)
		}
		switch out.Kind {
		case accesslog.Hit:
			hits++
			tally.Add(&r, sections.Of(r.Method, r.Target, r.Malformed))
		case accesslog.Rejected:
			rejected[out.Reason]++
		}
	}
	if n := parser.End(); n > 0 {
		rejected[accesslog.ReasonPartial] += int64(n)
	}
	return &tally, rejected, hits
}

// TestAnyNumberOfWorkersGivesTheOraclesAnswer is laws 6 and 8.
func TestAnyNumberOfWorkersGivesTheOraclesAnswer(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 77))
		data := wild(r, 4000)
		if seed%3 == 2 {
			data = contained(r, data)
		}
		path := write(t, "log", data)
		tally, rejected, hits := oracle(data)
		want := ""
		for _, workers := range []int{1, 2, 3, 8} {
			got := run(t, Options{Workers: workers, blockSize: 700 << (seed % 4)}, path)
			// The first block is what the format is recognised from.
			if seed%2 == 0 && workers == 1 {
				got = run(t, Options{Workers: workers}, path)
				if !bytes.Equal(got.Tally.AppendBinary(nil), tally.AppendBinary(nil)) || !maps.Equal(got.Rejected, rejected) || got.Tally.Hits != hits {
					t.Errorf("seed %d: got %d hits, rejected %v; the oracle has %d, %v", seed, got.Tally.Hits, got.Rejected, hits, rejected)
				}
				got = run(t, Options{Workers: workers, blockSize: 700 << (seed % 4)}, path)
			}
			if p := print(got); want == "" {
				want = p
			} else if p != want {
				t.Errorf("seed %d: with %d workers the result differs", seed, workers)
			}
			if s := got.Sources[0]; s.Lines != s.Hits+s.Rejected {
				t.Errorf("seed %d: %d lines, and %d hits with %d rejected", seed, s.Lines, s.Hits, s.Rejected)
			}
		}
	}
}

func TestLinesInPiecesAreJoinedWhereverBlocksEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var data []byte
	for i := range 300 {
		l := strings.Replace(line(r, i, 100), "/p", "/"+strings.Repeat("p", 40_000*max(0, r.IntN(8)-6)), 1)
		for l = strings.TrimSuffix(l, "\n"); len(l) > 16<<10; l = l[16<<10:] {
			data = fmt.Appendf(data, "2026-03-10T00:00:00.5Z stdout P %s\n", l[:16<<10])
		}
		data = fmt.Appendf(data, "2026-03-10T00:00:00.5Z stdout F %s\n", l)
	}
	data = append(data, "2026-03-10T00:00:00.5Z stdout P half"...)
	path := write(t, "log", data)
	for _, workers := range []int{1, 3} {
		for _, size := range []int{300, 5000, 20_000, 0} {
			got := run(t, Options{Workers: workers, blockSize: size}, path)
			if s := got.Sources[0]; s.Hits != 300 || s.Lines != 301 || got.Rejected[accesslog.ReasonPartial] != 1 || s.LastReject.Offset != int64(len(data)) {
				t.Errorf("%d workers, blocks of %d: got %+v, last %+v, rejected %v; want 300 hits of 301 lines", workers, size, s, s.LastReject, got.Rejected)
			}
		}
	}
}

// TestClientsBehindProxiesAreCountedOnAnyNumberOfWorkers: what was found in
// blocks that were parsed twice counts once.
func TestClientsBehindProxiesAreCountedOnAnyNumberOfWorkers(t *testing.T) {
	hops, err := accesslog.NewHops("x-forwarded-for", nil)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4) {
		data := wild(rand.New(rand.NewPCG(seed, 11)), 4000)
		for from, to := range map[string]string{
			`"agent 1" `: `"agent 1" "198.51.100.7, 203.0.113.7, 10.0.0.2" `,
			`"agent 2" `: `"agent 2" "garbage, 10.0.0.2" `,
			`"agent 3" `: `"agent 3" "-" `,
		} {
			data = bytes.ReplaceAll(data, []byte(from), []byte(to))
		}
		if seed%2 == 1 {
			data = contained(rand.New(rand.NewPCG(seed, 12)), data)
		}
		path := write(t, "log", data)
		parser := new(accesslog.Auto)
		parser.Behind(hops)
		head := data[:min(len(data), blockSize)]
		parser.Prime(accesslog.HeadLines(head[:bytes.LastIndexByte(head, '\n')+1], true), Elsewhere(bytes.NewReader(data), int64(len(data)))...)
		found, also := int64(0), 0
		for l := range bytes.Lines(data) {
			if l = accesslog.TrimEnd(l); len(l) > maxLine {
				continue
			}
			var r accesslog.Record
			if parser.Parse(l, &r).Kind == accesslog.Hit && string(r.Client) == "203.0.113.7" {
				found++
			}
			also = max(also, len(parser.Also()))
		}
		told := parser.HopCounts().Told(path, hops)
		if c := parser.HopCounts(); c.Missing == 0 || c.Broken == 0 || found == 0 || seed%2 == 0 && also == 0 {
			t.Fatalf("seed %d: %+v, %d found, %d formats mixed in: this shows nothing", seed, c, found, also)
		}
		if got := run(t, Options{Workers: 2, Hops: hops}, path); !slices.Contains(got.Notices, told) {
			t.Errorf("seed %d: got %q, want %q", seed, got.Notices, told)
		}
		want := ""
		for _, workers := range []int{1, 2, 8} {
			got := run(t, Options{Workers: workers, blockSize: 700, Hops: hops}, path)
			if p := print(got) + fmt.Sprint(got.Notices); want == "" {
				want = p
			} else if p != want {
				t.Errorf("seed %d: with %d workers the result differs", seed, workers)
			}
		}
	}
}

func TestTheResultIsTheSameAboveAndBelowTheCaps(t *testing.T) {
	if testing.Short() {
		t.Skip("many lines; without -short it runs")
	}
	for _, clients := range []int{500, 1 << 20} {
		r := rand.New(rand.NewPCG(1, 1))
		var data []byte
		for i := range 120_000 {
			data = append(data, line(r, i/100, clients)...)
		}
		path := write(t, "log", data)
		want := ""
		for _, workers := range []int{1, 2, 3, 8} {
			got := run(t, Options{Workers: workers}, path)
			if p := print(got); want == "" {
				want = p
			} else if p != want {
				t.Errorf("%d clients: with %d workers the result differs", clients, workers)
			}
			if _, exact := got.Tally.Keys(traffic.ByClient); exact != (clients == 500) {
				t.Errorf("%d clients: exact %v", clients, exact)
			}
		}
		tally, _, _ := oracle(data)
		if want[:strings.Index(want, "\n")] != fmt.Sprintf("%x", tally.AppendBinary(nil)) {
			t.Errorf("%d clients: the result is not that of the oracle", clients)
		}
	}
}

func TestBordersOfBlocksDoNotShow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	var data []byte
	for i := range 3000 {
		data = append(data, line(r, i/10, 100)...)
		if i%700 == 0 {
			data = append(data, "no request\n"...)
		}
	}
	path := write(t, "log", data)
	want := print(run(t, Options{}, path))
	for _, size := range []int{300, 301, 1000, 4096, 65536, 1 << 20} {
		if got := print(run(t, Options{blockSize: size}, path)); got != want {
			t.Errorf("in blocks of %d bytes the result differs", size)
		}
	}
}

func TestManyLogsAreCountedTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	var names []string
	hits := int64(0)
	for i := range 5 {
		var data []byte
		for k := range 400 * i {
			data = append(data, line(r, k/10, 100)...)
			hits++
		}
		names = append(names, write(t, fmt.Sprintf("log%d", i), data))
	}
	for _, workers := range []int{1, 4} {
		got := run(t, Options{Workers: workers, blockSize: 5000}, names...)
		if got.Tally.Hits != hits || len(got.Failures) > 0 {
			t.Errorf("got %d hits, failures %v; want %d, none", got.Tally.Hits, got.Failures, hits)
		}
		for i, s := range got.Sources {
			if s.Hits != int64(400*i) || s.Name != names[i] || i > 0 && s.Format != "combined-time" {
				t.Errorf("got %+v of log %d", s, i)
			}
		}
		if got.Timeline.Late != 0 {
			t.Errorf("got %d late; logs that begin anew are not late", got.Timeline.Late)
		}
	}
}

// zeros never ends. It tells when it is read.
type zeros struct{ read chan struct{} }

func (z zeros) Read(p []byte) (int, error) {
	select {
	case z.read <- struct{}{}:
	default:
	}
	return len(p), nil
}

func TestRunEndsWhenItIsToldTo(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	read := make(chan struct{}, 1)
	for name, in := range map[string]io.Reader{
		"a line without end":              zeros{read},
		"a pipe into which nobody writes": io.MultiReader(io.LimitReader(zeros{read}, 1), r),
	} {
		for _, workers := range []int{1, 3} {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-read; cancel() }()
			if _, err := Run(ctx, []Log{{Name: "-"}}, Options{Workers: workers, Stdin: in}); err == nil {
				t.Errorf("%s: a pass that was stopped says nothing", name)
			}
			in = io.MultiReader(io.LimitReader(zeros{read}, 1), r)
		}
	}
}

func TestPositionsOfRejectedLines(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 5))
	var data []byte
	at := int64(0)
	for i := range 500 {
		if i == 400 {
			at = int64(len(data))
			data = append(data, "broken\n"...)
		}
		data = append(data, line(r, i, 100)...)
	}
	got := run(t, Options{Workers: 3, blockSize: 900}, write(t, "log", data))
	last := got.Sources[0].LastReject
	if last == nil || last.Line != 401 || last.Offset != at || last.Column != 7 {
		t.Errorf("got %+v, want line 401 at offset %d, column 7", last, at)
	}
}

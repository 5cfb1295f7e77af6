package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/export"
)

func jsonLines() export.Writer {
	n, _ := export.Lookup("json")
	return n.New(time.UTC)
}

// TestRecordsComeInTheOrderOfTheLogOnAnyNumberOfWorkers holds what a pass
// writes against a parser that reads line by line.
func TestRecordsComeInTheOrderOfTheLogOnAnyNumberOfWorkers(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 11))
		data := wild(r, 3000)
		if seed%2 == 1 {
			data = contained(r, data)
		}
		path := write(t, "log", data)
		var want, wantRejects []byte
		parser, writer := new(accesslog.Auto), jsonLines()
		parser.Prime(accesslog.HeadLines(data[:bytes.LastIndexByte(data[:min(len(data), blockSize)], '\n')+1], true), Elsewhere(bytes.NewReader(data), int64(len(data)))...)
		number, joined := 0, 0
		unfinished := func(n int) {
			for range n {
				wantRejects = fmt.Appendf(wantRejects, "%s:%d:1: %s\t\n", path, number, accesslog.ReasonPartial)
			}
		}
		for l := range bytes.Lines(data) {
			number++
			l = accesslog.TrimEnd(l)
			var rec accesslog.Record
			out := accesslog.Outcome{Kind: accesslog.Rejected, Reason: accesslog.ReasonTooLong, Column: maxLine + 1}
			if len(l) <= maxLine {
				out = parser.Parse(l, &rec)
			} else {
				l = nil
			}
			unfinished(int(out.Unfinished))
			if whole, ok := parser.Joined(); ok && out.Kind == accesslog.Rejected && l != nil {
				l = whole
				joined++
			}
			switch out.Kind {
			case accesslog.Hit:
				want = writer.Append(want, &rec, path)
			case accesslog.Rejected:
				wantRejects = fmt.Appendf(wantRejects, "%s:%d:%d: %s\t%s\n", path, number, out.Column, out.Reason, l)
			}
		}
		number++
		unfinished(parser.End())
		if seed%2 == 1 && joined < 10 {
			t.Fatalf("seed %d: %d rejected lines in pieces show nothing", seed, joined)
		}
		for _, workers := range []int{1, 2, 3, 8} {
			var got, rejects bytes.Buffer
			result := run(t, Options{Workers: workers, Records: &got, Writer: jsonLines, Rejects: &rejects}, path)
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("seed %d, %d workers: the records differ", seed, workers)
			}
			if !bytes.Equal(rejects.Bytes(), wantRejects) {
				t.Errorf("seed %d, %d workers: the rejected lines differ", seed, workers)
			}
			if hits := int64(bytes.Count(want, []byte("\n"))); result.Sources[0].Hits != hits || result.Tally.Hits != 0 {
				t.Errorf("seed %d: got %d hits, %d of them counted; want %d, none counted", seed, result.Sources[0].Hits, result.Tally.Hits, hits)
			}
		}
	}
}

func TestSmallBlocksWriteTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var data []byte
	for i := range 5000 {
		data = append(data, line(r, i/10, 100)...)
		if i%50 == 0 {
			data = append(data, "no request\n"...)
		}
	}
	one, two := write(t, "a", data), write(t, "b", data[:len(data)/2])
	want := ""
	for _, size := range []int{64 << 10, 300, 1000, 5000} {
		for _, workers := range []int{1, 4} {
			var got, rejects bytes.Buffer
			run(t, Options{Workers: workers, blockSize: size, Records: &got, Writer: jsonLines, Rejects: &rejects}, one, two)
			text := got.String() + rejects.String()
			if want == "" {
				want = text
			}
			if text != want {
				t.Errorf("blocks of %d bytes, %d workers: other lines", size, workers)
			}
		}
	}
}

func TestRejectsAreKeptBesideAReport(t *testing.T) {
	data := append(combined(2000), "oops\n"...)
	var rejects bytes.Buffer
	path := write(t, "log", append(data, combined(10)...))
	r := run(t, Options{Rejects: &rejects, From: stamp.Unix() + 100}, path)
	if got, want := rejects.String(), path+":2001:5: line ends too early\toops\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if r.Tally.Hits != 1000 {
		t.Errorf("got %d hits, want 1000", r.Tally.Hits)
	}
}

func TestTheRestOfABrokenLogIsARejectWithItsText(t *testing.T) {
	packed := pack(t, "gz", combined(5000))
	var rejects, records bytes.Buffer
	run(t, Options{Rejects: &rejects, Records: &records, Writer: jsonLines}, write(t, "log.gz", packed[:len(packed)/2]))
	got := rejects.String()
	if !strings.Contains(got, ": line ends too early\t10.") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q, want the half of a line", got)
	}
}

// full fails after some bytes.
type full struct{ left int }

var errFull = errors.New("no space left on device")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAWriterThatFailsEndsThePass(t *testing.T) {
	path := write(t, "log", bytes.Repeat(append(combined(1000), "oops\n"...), 20))
	for _, workers := range []int{1, 4} {
		for _, o := range []Options{
			{Records: &full{left: 100_000}, Writer: jsonLines},
			{Records: &bytes.Buffer{}, Writer: jsonLines, Rejects: &full{left: 1000}},
			{Rejects: &full{}},
		} {
			o.Workers = workers
			if _, err := Run(context.Background(), []Log{{Name: path}}, o); !errors.Is(err, errFull) {
				t.Errorf("%d workers: got %v, want %v", workers, err, errFull)
			}
		}
	}
}

func BenchmarkRecordsToJSON(b *testing.B) {
	path := write(b, "log", combined(200_000))
	for b.Loop() {
		var out counting
		run(b, Options{Workers: 1, Records: &out, Writer: jsonLines}, path)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200_000, "ns/line")
}

type counting struct{ n int64 }

func (c *counting) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	return len(b), nil
}

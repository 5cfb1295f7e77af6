package bench

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/scan"
	"weir/internal/traffic"
)

// The layers of the way from a file to a Tally, each with all those before it.
// The difference of two lines is what one layer costs.

const block = 128 << 10

// logFile is combinedLog as a file.
func logFile(tb testing.TB) (path string, log []byte, lines int64) {
	tb.Helper()
	log, lines = combinedLog(tb, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	path = filepath.Join(tb.TempDir(), "access.log")
	if err := os.WriteFile(path, log, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path, log, lines
}

// count is the least one can do with a log: read it in blocks, count the line
// feeds.
func count(tb testing.TB, path string, buf []byte) (lines int64) {
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	for {
		n, err := f.Read(buf)
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if err != nil {
			return lines
		}
	}
}

// blocks cuts log into blocks of whole lines.
func blocks(log []byte, yield func([]byte) bool) {
	for len(log) > 0 {
		end := min(block, len(log))
		end = bytes.LastIndexByte(log[:end], '\n') + 1
		if !yield(log[:end]) {
			return
		}
		log = log[end:]
	}
}

// parse reads the lines of a block and, with b, puts them into its columns.
func parse(data []byte, p accesslog.Parser, r *accesslog.Record, b *traffic.Batch) (hits int64) {
	if b != nil {
		b.Reset(data)
	}
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n') + 1
		if p.Parse(accesslog.TrimEnd(data[:end]), r).Kind == accesslog.Hit {
			hits++
			if b != nil {
				b.Add(r)
			}
		}
		data = data[end:]
	}
	return hits
}

func combined(tb testing.TB) accesslog.Parser {
	tb.Helper()
	format, ok := accesslog.Lookup("combined")
	if !ok {
		tb.Fatal("there is no format named combined")
	}
	return format.New()
}

func perLine(b *testing.B, size int, lines int64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(lines), "ns/line")
	b.SetBytes(int64(size))
	b.ReportAllocs()
}

// BenchmarkLayer1Count reads and counts lines: the reference of all others.
func BenchmarkLayer1Count(b *testing.B) {
	path, log, lines := logFile(b)
	buf := make([]byte, block)
	for b.Loop() {
		if got := count(b, path, buf); got != lines {
			b.Fatalf("got %d lines, want %d", got, lines)
		}
	}
	perLine(b, len(log), lines)
}

// BenchmarkLayer2Parse makes records.
func BenchmarkLayer2Parse(b *testing.B) {
	_, log, lines := logFile(b)
	p := combined(b)
	var r accesslog.Record
	for b.Loop() {
		for data := range func(yield func([]byte) bool) { blocks(log, yield) } {
			parse(data, p, &r, nil)
		}
	}
	perLine(b, len(log), lines)
}

// BenchmarkLayer3Columns hashes keys and puts records into columns.
func BenchmarkLayer3Columns(b *testing.B) {
	_, log, lines := logFile(b)
	p := combined(b)
	var r accesslog.Record
	var batch traffic.Batch
	for b.Loop() {
		for data := range func(yield func([]byte) bool) { blocks(log, yield) } {
			parse(data, p, &r, &batch)
		}
	}
	perLine(b, len(log), lines)
}

// BenchmarkLayer4Fold counts the columns into one Tally.
func BenchmarkLayer4Fold(b *testing.B) {
	_, log, lines := logFile(b)
	p := combined(b)
	var r accesslog.Record
	var batch traffic.Batch
	var tally traffic.Tally
	for b.Loop() {
		tally.Reset()
		for data := range func(yield func([]byte) bool) { blocks(log, yield) } {
			parse(data, p, &r, &batch)
			tally.Fold(&batch)
		}
	}
	perLine(b, len(log), lines)
}

// BenchmarkLayer5Pass is all of it: a pass of a file, on so many workers.
func BenchmarkLayer5Pass(b *testing.B) {
	path, log, lines := logFile(b)
	for _, workers := range []int{1, 2, 4} {
		b.Run(strconv.Itoa(workers), func(b *testing.B) {
			for b.Loop() {
				pass(b, path, workers, lines)
			}
			perLine(b, len(log), lines)
		})
	}
}

func pass(tb testing.TB, path string, workers int, lines int64) {
	r, err := scan.Run(context.Background(), []scan.Log{{Name: path}}, scan.Options{Workers: workers})
	if err != nil || r.Tally.Hits != lines {
		tb.Fatalf("got %v, %v; want %d hits", r, err, lines)
	}
}

// TestFromBlocksToTallyNothingIsAllocated is law 7: once the keys of a log are
// known, no line costs memory.
func TestFromBlocksToTallyNothingIsAllocated(t *testing.T) {
	_, log, _ := logFile(t)
	p := combined(t)
	var r accesslog.Record
	var batch traffic.Batch
	var tally traffic.Tally
	var timeline traffic.Timeline
	all := func() {
		for data := range func(yield func([]byte) bool) { blocks(log, yield) } {
			parse(data, p, &r, &batch)
			tally.Fold(&batch)
			timeline.Fold(&batch, 0)
		}
	}
	all()
	if n := testing.AllocsPerRun(3, all); n > 0 {
		t.Errorf("got %v allocations in %d bytes of log, want 0", n, len(log))
	}
}

// TestAPassAllocatesBlocksNotLines allows for the tables and blocks of a pass.
func TestAPassAllocatesBlocksNotLines(t *testing.T) {
	path, _, lines := logFile(t)
	if n := testing.AllocsPerRun(2, func() { pass(t, path, 1, lines) }); n > float64(lines)/10 {
		t.Errorf("got %v allocations for %d lines, want less than one for 10 lines", n, lines)
	}
}

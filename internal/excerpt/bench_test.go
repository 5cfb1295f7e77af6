package excerpt

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/scan"
)

// BenchmarkMinute takes a minute out of the middle of a day in 256 MiB. One of a
// gigabyte needs two steps of bisection more.
func BenchmarkMinute(b *testing.B) {
	const size, day = 256 << 20, 86400
	path := filepath.Join(b.TempDir(), "access.log")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w, written := bufio.NewWriter(f), 0
	for i := 0; written < size; i++ {
		n, _ := w.WriteString(access(start+int64(written)*day/size, i).text)
		written += n
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	f.Close()
	o := Options{From: start + day/2, To: start + day/2 + 60, Now: time.Unix(start, 0)}
	lines := func(o Options) (n int) {
		if _, err := Run(context.Background(), []Log{{Name: path}}, o, func(Line) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
		return n
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if lines(o) < 100 {
				b.Fatal("the minute was not found")
			}
		}
	})
	b.Run("recognise", func(b *testing.B) {
		for b.Loop() {
			openLog(0, Log{Name: path}, &o).close()
		}
	})
	b.Run("bisect", func(b *testing.B) {
		f, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		head := make([]byte, headBytes)
		n, _ := f.ReadAt(head, 0)
		parser := new(accesslog.Auto)
		parser.Prime(accesslog.HeadLines(head[:n], true))
		for b.Loop() {
			if from, to := scan.Part(f, size, scan.Bounds{From: o.From, To: o.To}, scan.Look(parser)); from == 0 || to == size {
				b.Fatal("nothing is passed over")
			}
		}
	})
}

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheScheduleIsAbsolute(t *testing.T) {
	for _, c := range []struct {
		elapsed time.Duration
		rate    int
		want    int64
	}{
		{0, 100_000, 0},
		{time.Millisecond, 100_000, 100},
		{time.Millisecond, 3, 0},
		{time.Second, 3, 3},
		{1500 * time.Millisecond, 3, 4},
		{time.Hour, 40_000, 144_000_000},
		{100 * 24 * time.Hour, 10_000_000, 86_400_000_000_000},
	} {
		if got := due(c.elapsed, c.rate); got != c.want {
			t.Errorf("after %v at %d a second: got %d lines, want %d", c.elapsed, c.rate, got, c.want)
		}
	}
}

func newTestWriter(t *testing.T, halves float64) *writer {
	t.Helper()
	w, err := newWriter(filepath.Join(t.TempDir(), logName), 1, halves)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// numbers returns those of the whole lines of a file, and how many lines are
// none.
func numbers(t *testing.T, name string) (list []int64, broken int) {
	t.Helper()
	text, err := contents(name)
	if err != nil {
		t.Fatal(err)
	}
	var p proof
	for line := range bytes.Lines(text) {
		n, ok := p.number(bytes.Trim(line, "\x00\n"))
		if !ok || !bytes.HasSuffix(line, []byte("\n")) {
			broken++
			continue
		}
		list = append(list, n)
	}
	return list, broken
}

// upTo is the numbers from a to b.
func upTo(a, b int64) []int64 {
	var list []int64
	for n := a; n <= b; n++ {
		list = append(list, n)
	}
	return list
}

func TestTheWriterKeepsItsScheduleThroughHalvesAndHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestWriter(t, 0.5)
		done := make(chan error)
		go func() { done <- w.run(t.Context(), 5000, func(next int64) bool { return next > 10_000 }) }()
		for range 40 {
			if err := wait(t.Context(), 10*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if err := w.reopen(); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if took := 400*time.Millisecond + time.Since(start); took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("10,000 lines at 5,000 a second took %v, want 2 s", took)
		}
		got, broken := numbers(t, w.path)
		if broken > 0 || !slices.Equal(got, upTo(1, w.position()-1)) {
			t.Errorf("the file has %d lines, %d broken; want 1 to %d in order", len(got), broken, w.position()-1)
		}
		if len(w.splits) < 100 {
			t.Errorf("%d lines were written in two parts, want 100 at least", len(w.splits))
		}
		for _, s := range w.splitIn(1, w.position()) {
			if n, ok := new(proof).number([]byte(s.head + s.rest)); !ok || n != s.number || s.head == "" {
				t.Fatalf("the parts of line %d are %q, %q", s.number, s.head, s.rest)
			}
		}
	})
}

func TestTheWriterEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestWriter(t, 0.5)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.run(ctx, 1000, func(int64) bool { return false }); err != nil {
			t.Fatal(err)
		}
		if got, broken := numbers(t, w.path); broken > 0 || len(got) < 900 {
			t.Errorf("got %d lines, %d of them broken; want 1000 whole ones", len(got), broken)
		}
	})
}

func TestHalfALineIsFinishedInTheFileItWasBegunIn(t *testing.T) {
	w := newTestWriter(t, 1)
	must(t, second(w.burst(10)))
	must(t, os.Rename(w.path, w.path+".1"))
	must(t, w.reopen())
	must(t, second(w.burst(5)))
	must(t, w.whole())
	if got, broken := numbers(t, w.path+".1"); broken > 0 || !slices.Equal(got, upTo(1, 10)) {
		t.Errorf("the old file has %v and %d broken lines, want 1 to 10", got, broken)
	}
	if got, broken := numbers(t, w.path); broken > 0 || !slices.Equal(got, upTo(11, 15)) {
		t.Errorf("the new file has %v and %d broken lines, want 11 to 15", got, broken)
	}
	if w.begin() != 11 {
		t.Errorf("the open file begins with %d, want 11", w.begin())
	}
}

func TestAWriterWithItsOwnOffsetLeavesAHole(t *testing.T) {
	w := newTestWriter(t, 0)
	must(t, second(w.burst(10)))
	must(t, w.reopenAbsolute(true))
	must(t, second(w.burst(10)))
	before, err := os.Stat(w.path)
	must(t, err)
	must(t, os.Truncate(w.path, 0))
	must(t, second(w.burst(3)))
	text, err := os.ReadFile(w.path)
	must(t, err)
	if got := leading(text); int64(got) != before.Size() {
		t.Errorf("got %d zero bytes, want the %d that were in the file", got, before.Size())
	}
	if got, broken := numbers(t, w.path); broken > 0 || !slices.Equal(got, upTo(21, 23)) {
		t.Errorf("got %v and %d broken lines, want 21 to 23", got, broken)
	}
}

func TestTheWriterKnowsHowFarItWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTestWriter(t, 0)
		start := time.Now()
		must(t, w.run(t.Context(), 1000, func(next int64) bool { return next > 3000 }))
		if got := w.by(start.Add(time.Second)); got < 1000 || got > 1150 {
			t.Errorf("after a second: got %d, want 1000 to 1150", got)
		}
		if got := w.by(start.Add(time.Hour)); got != w.position() {
			t.Errorf("after the end: got %d, want %d", got, w.position())
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func second(_ time.Duration, err error) error { return err }

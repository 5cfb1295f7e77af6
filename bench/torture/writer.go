package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

const (
	turn        = time.Millisecond // between two looks at the schedule
	mostInBurst = 256              // lines written without letting a rotation come between
	mostAtOnce  = 64               // lines in one write
	keptSplits  = 4096             // lines written in two parts that are remembered
)

// due is how many lines a schedule of rate lines a second wants after elapsed.
// It is absolute: what was late is made up for.
func due(elapsed time.Duration, rate int) int64 {
	seconds := int64(elapsed / time.Second)
	rest := int64(elapsed % time.Second)
	return seconds*int64(rate) + rest*int64(rate)/int64(time.Second)
}

// A split is a line that was written in two parts.
type split struct {
	number     int64
	head, rest string // without the newline
	bare       bool   // of the rest only the newline is left
}

// A moment is how far the writer was at a time.
type moment struct {
	at   time.Time
	next int64
}

// A writer is the server: it appends numbered lines to a file, and goes on
// writing to the same descriptor until it is told to reopen the path. All its
// methods may be called from any goroutine.
type writer struct {
	path   string
	halves float64          // share of bursts that end in half a line
	tee    func(b []byte)   // also gets every byte written, in order; for tests
	now    func() time.Time // stamps lines

	mu       sync.Mutex
	rand     *rand.Rand
	file     *os.File
	absolute bool  // not opened with O_APPEND: writes at its own offset
	first    int64 // the first line of the open file
	alone    int64 // the first line that stood in no other file when it was written to this one
	next     int64 // the number of the next line, from 1
	rest     []byte
	restOf   int64
	splits   []split  // a ring
	splitAt  int      // where the next one goes
	history  []moment // in steps of 100 ms at least
	second   int64    // of stamp
	stamp    []byte
	buf      []byte
}

// newWriter opens the path, creating it.
func newWriter(path string, seed uint64, halves float64) (*writer, error) {
	w := &writer{path: path, halves: halves, now: time.Now, rand: rand.New(rand.NewPCG(seed, 1)), next: 1, second: -1}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w, w.open()
}

// open opens the path; the lock is held.
func (w *writer) open() error {
	flags := os.O_CREATE | os.O_WRONLY
	if !w.absolute {
		flags |= os.O_APPEND
	}
	f, err := os.OpenFile(w.path, flags, 0o644)
	if err != nil {
		return fmt.Errorf("the writer cannot open its log: %w", err)
	}
	if _, err := f.Seek(0, 2); err != nil {
		return fmt.Errorf("the writer cannot find the end of its log: %w", err)
	}
	if w.file != nil {
		w.file.Close()
	}
	w.file, w.first, w.alone = f, w.next, w.next
	return nil
}

// run writes at rate until enough says so, or until ctx is done.
func (w *writer) run(ctx context.Context, rate int, enough func(next int64) bool) error {
	tick := time.NewTicker(turn)
	defer tick.Stop()
	start, from := time.Now(), w.position()
	for {
		for {
			behind := from + due(time.Since(start), rate) - w.position()
			if behind <= 0 {
				break
			}
			pause, err := w.burst(int(min(behind, mostInBurst)))
			if err != nil {
				return err
			}
			if pause > 0 {
				if wait(ctx, pause) != nil {
					break
				}
				if err := w.whole(); err != nil {
					return err
				}
			}
		}
		if ctx.Err() != nil || enough(w.position()) {
			return w.whole()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// wait lets d pass, or returns the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// burst writes up to n lines: one in a write, as an unbuffered server does, or
// many. When the last one is left half, it says how long it shall stay so.
func (w *writer) burst(n int) (pause time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.finish(); err != nil {
		return 0, err
	}
	w.clock()
	half := w.rand.Float64() < w.halves
	atOnce := 1
	if w.rand.IntN(2) == 0 {
		atOnce = 1 + w.rand.IntN(mostAtOnce)
	}
	for n > 0 {
		w.buf = w.buf[:0]
		last := 0
		for range min(n, atOnce) {
			last = len(w.buf)
			w.buf = appendLine(w.buf, w.next, w.stamp)
			w.next++
			n--
		}
		out := w.buf
		if half && n == 0 {
			at := last + 1 + w.rand.IntN(len(out)-last-1)
			w.rest, w.restOf = append(w.rest[:0], out[at:]...), w.next-1
			w.remember(split{w.restOf, string(out[last:at]), string(bytes.TrimSuffix(out[at:], []byte("\n"))), false})
			out = out[:at]
			pause = time.Duration(w.rand.Int64N(int64(3 * time.Millisecond)))
			if w.rand.IntN(20) == 0 {
				pause *= 10
			}
		}
		if err := w.put(out); err != nil {
			return 0, err
		}
	}
	return pause, nil
}

// clock keeps the stamp and the history; the lock is held.
func (w *writer) clock() {
	now := w.now()
	if s := now.Unix(); s != w.second {
		w.second, w.stamp = s, stampOf(now)
	}
	if n := len(w.history); n == 0 || now.Sub(w.history[n-1].at) >= 100*time.Millisecond {
		w.history = append(w.history, moment{now, w.next})
	}
}

func (w *writer) remember(s split) {
	if len(w.splits) < keptSplits {
		w.splits = append(w.splits, s)
		return
	}
	w.splits[w.splitAt] = s
	w.splitAt = (w.splitAt + 1) % keptSplits
}

func (w *writer) put(b []byte) error {
	if _, err := w.file.Write(b); err != nil {
		return fmt.Errorf("the writer cannot write: %w", err)
	}
	if w.tee != nil {
		w.tee(b)
	}
	return nil
}

// finish writes the rest of a half line; the lock is held.
func (w *writer) finish() error {
	if len(w.rest) == 0 {
		return nil
	}
	rest := w.rest
	w.rest = w.rest[:0]
	return w.put(rest)
}

// whole writes the rest of a half line.
func (w *writer) whole() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.finish()
}

// reopen closes the log and opens what has its path now, creating it. A line
// that is half written is finished in the old file, as a server does that
// flushes before it closes.
func (w *writer) reopen() error { return w.held(func() error { return w.open() }) }

// reopenAbsolute is reopen without O_APPEND: the offset is the writer's own from
// now on, wherever the end of the file may be.
func (w *writer) reopenAbsolute(absolute bool) error {
	return w.held(func() error {
		w.absolute = absolute
		return w.open()
	})
}

// held runs f between two whole lines, while nothing is written. f may call
// open, and append lines with more.
func (w *writer) held(f func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.finish(); err != nil {
		return err
	}
	return f()
}

// more makes n further lines, for a file that is not written by the writer
// itself. It is called under held.
func (w *writer) more(n int) []byte {
	w.clock()
	var b []byte
	for range n {
		b = appendLine(b, w.next, w.stamp)
		w.next++
	}
	if w.tee != nil {
		w.tee(b)
	}
	return b
}

// position is the number of the next line.
func (w *writer) position() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.next
}

// begin is the number of the first line of the open file.
func (w *writer) begin() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// emptied notes that the open file begins with line first now.
func (w *writer) emptied(first int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first, w.alone = first, first
}

// by returns a number such that no line of it or above was written by t, but
// for the 100 ms that the history is coarse.
func (w *writer) by(t time.Time) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.history {
		if m.at.After(t) {
			return m.next
		}
	}
	return w.next
}

// splitIn returns the lines of [from, to) that were written in two parts, as far
// as they are remembered.
func (w *writer) splitIn(from, to int64) []split {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in []split
	for _, s := range w.splits {
		if s.number >= from && s.number < to {
			in = append(in, s)
		}
	}
	return in
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file.Close()
}

package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// A writer is the web server: it writes lines of now, so many a second, and knows
// how many it wrote in each second.
type writer struct {
	path string
	rate int

	mu      sync.Mutex
	file    *os.File
	seconds map[int64]int64 // lines by their second
	lines   int64
	turns   int
	buf     []byte
}

// beat is how often it writes.
const beat = 5 * time.Millisecond

// phase is how long it writes at one rate: half more and half less in turn, so
// that alerts come and go.
const phase = 12 * time.Second

func newWriter(path string, rate int) (*writer, error) {
	w := &writer{path: path, rate: rate, seconds: map[int64]int64{}}
	return w, w.open()
}

func (w *writer) open() (err error) {
	w.file, err = os.OpenFile(w.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return err
}

// run writes until stop is closed.
func (w *writer) run(stop <-chan struct{}) error {
	start, owed := time.Now(), 0.0
	last := start
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
		now := time.Now()
		rate := float64(w.rate) * 1.5
		if now.Sub(start)/phase%2 == 1 {
			rate = float64(w.rate) * 0.5
		}
		// After a long pause of the machine what was missed is let go: thousands of
		// lines of one moment would be none of this rate.
		owed += min(now.Sub(last).Seconds(), 0.1) * rate
		last = now
		n := int(owed)
		owed -= float64(n)
		if err := w.write(n); err != nil {
			return err
		}
	}
}

// write writes n lines of now. The last one comes in two halves.
func (w *writer) write(n int) error {
	if n == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	stamp := now.Format("02/Jan/2006:15:04:05 -0700")
	w.buf = w.buf[:0]
	for range n {
		w.lines++
		status := 200
		if w.lines%50 == 0 {
			status = 503
		}
		w.buf = fmt.Appendf(w.buf, "192.0.2.%d - - [%s] \"GET /s%d/%d HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"\n",
			w.lines%250, stamp, w.lines%9, w.lines, status, w.lines%5000)
	}
	half := len(w.buf) - 40
	for _, part := range [][]byte{w.buf[:half], w.buf[half:]} {
		if _, err := w.file.Write(part); err != nil {
			return err
		}
	}
	w.seconds[now.Unix()] += int64(n)
	return nil
}

// rotate does what a rotation does, each time in another way.
func (w *writer) rotate() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns++
	for i := 9; i > 0; i-- {
		from := fmt.Sprintf("%s.%d", w.path, i)
		if i == 9 {
			_ = os.Remove(from) // there may be none yet
			continue
		}
		_ = os.Rename(from, fmt.Sprintf("%s.%d", w.path, i+1)) // likewise
	}
	if w.turns%3 == 0 { // copied and truncated, while nobody writes
		text, err := os.ReadFile(w.path)
		if err == nil {
			err = os.WriteFile(w.path+".1", text, 0o644)
		}
		if err == nil {
			err = os.Truncate(w.path, 0)
		}
		return err
	}
	if err := os.Rename(w.path, w.path+".1"); err != nil {
		return err
	}
	old := w.file
	if err := w.open(); err != nil {
		return err
	}
	return old.Close()
}

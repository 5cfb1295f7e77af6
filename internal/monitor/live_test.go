package monitor

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/gauge"
	"weir/internal/view"
)

// live is a play by the real clock, with the events of the system.
func live(t *testing.T) *play { return &play{T: t, dir: t.TempDir(), screen: newRecorder()} }

// until waits until what was shown satisfies ok.
func (p *play) until(what string, ok func(r *recorder) bool) {
	p.Helper()
	deadline := time.After(20 * time.Second)
	for {
		p.screen.mu.Lock()
		changed := p.screen.changed
		p.screen.mu.Unlock()
		if ok(p.screen) {
			return
		}
		select {
		case <-changed:
		case err := <-p.done:
			p.Fatalf("ended with %v before %s", err, what)
		case <-deadline:
			p.Fatalf("no %s within 20 s; noticed:\n%s", what, p.screen.notices())
		}
	}
}

// TestEventsOfTheSystemWakeIt: intervals of a second, a rotation, and a file
// that comes later, while the system tells of them.
func TestEventsOfTheSystemWakeIt(t *testing.T) {
	p := live(t)
	o := p.options("access.log", "late.log")
	o.Poll, o.Gauge.Interval, o.Gauge.Lateness = false, 1, time.Second
	p.start(o)
	p.hits("access.log", 7)
	p.until("interval with 7 hits", func(r *recorder) bool { return total(r) == 7 })
	p.must(os.Rename(p.path("access.log"), p.path("access.log.1")))
	p.hits("access.log.1", 2)
	p.hits("access.log", 3)
	p.hits("late.log", 5)
	p.until("intervals with all 17 hits", func(r *recorder) bool { return total(r) == 17 })
	p.stop()
	p.counted()
}

func total(r *recorder) int64 {
	n := int64(0)
	for _, iv := range r.intervals() {
		n += iv.Hits
	}
	return n
}

// TestThePaceOfThePipeIsItsOwn: what comes through a pipe is shown while it is
// still open, and its end ends the run.
func TestThePaceOfThePipeIsItsOwn(t *testing.T) {
	p := live(t)
	r, w := io.Pipe()
	o := p.options()
	o.Paths, o.Stdin, o.Gauge.Interval = []string{"-"}, r, 1
	p.start(o)
	from := time.Now().Add(-time.Hour)
	for s := range 5 {
		if _, err := io.WriteString(w, line(from.Add(time.Duration(s)*time.Second), "/api/x")); err != nil {
			t.Fatal(err)
		}
		p.wrote++
	}
	p.until("interval before the end of the pipe", func(r *recorder) bool { return total(r) >= 2 })
	p.must(w.Close())
	p.must(<-p.done)
	p.counted()
}

// broken is a Sink that can no longer be written to.
type broken struct{ err error }

func (b broken) Show(gauge.Output) error   { return b.err }
func (b broken) Close(*view.Closing) error { return b.err }

func TestTheErrorOfAScreenEndsTheRun(t *testing.T) {
	want := errors.New("no space left")
	for name, o := range map[string]Options{
		"screen": {Screen: broken{want}}, "copy": {Screen: newRecorder(), Copy: broken{want}},
	} {
		o.Paths, o.Stdin, o.Zone = []string{"-"}, strings.NewReader(line(time.Unix(1_773_151_500, 0), "/")), time.UTC
		m, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := m.Run(ctx); err != want {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		cancel()
	}
}

// TestTheSameLinesGiveTheSameOutput reads one log in pieces of many sizes.
func TestTheSameLinesGiveTheSameOutput(t *testing.T) {
	var b strings.Builder
	at := time.Unix(1_773_151_500, 0).UTC()
	for i := range 3000 {
		b.WriteString(line(at.Add(time.Duration(i/20-i%3)*time.Second), "/s/"+string(rune('a'+i%5))))
	}
	show := func(piece int) []*view.Interval {
		rec := newRecorder()
		p := play{T: t, screen: rec}
		o := p.options()
		o.Paths, o.Stdin = []string{"-"}, pieces{strings.NewReader(b.String()), piece}
		m, err := New(o)
		p.must(err)
		p.must(m.Run(t.Context()))
		return rec.intervals()
	}
	want := show(1 << 20)
	if len(want) < 15 {
		t.Fatalf("got %d intervals, want those of 150 s", len(want))
	}
	for _, piece := range []int{997, 4096, 100_000} {
		got := show(piece)
		if len(got) != len(want) {
			t.Fatalf("in pieces of %d bytes: got %d intervals, want %d", piece, len(got), len(want))
		}
		for i := range got {
			if got[i].Hits != want[i].Hits || got[i].From != want[i].From || got[i].Late != want[i].Late {
				t.Errorf("in pieces of %d bytes: interval %d is %+v, want %+v", piece, i, got[i], want[i])
			}
		}
	}
}

// pieces reads at most n bytes at once.
type pieces struct {
	r io.Reader
	n int
}

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), p.n)]) }

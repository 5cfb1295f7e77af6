package monitor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/unit"
	"weir/internal/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A play follows real files in fake time: what a test does between pauses
// takes no time, and a pause of an hour none of ours.
type play struct {
	*testing.T
	dir    string
	screen *recorder
	cancel context.CancelFunc
	done   chan error
	wrote  int // lines
}

// inBubble runs f in fake time; nothing may be left running at its end.
func inBubble(t *testing.T, f func(p *play)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&play{T: t, dir: t.TempDir(), screen: newRecorder()})
	})
}

// options are those of the command line, for the files named.
func (p *play) options(names ...string) Options {
	o := Options{
		Poll: true, Zone: time.UTC, Screen: p.screen,
		Gauge: gauge.Options{
			Interval: 10, Lateness: 2 * time.Second, SectionExpiration: 120,
			Rules: []alert.Rule{alert.HighTrafficRule(10*unit.One, 2*time.Minute)},
			Tops:  view.Tops{Sections: 5, Clients: 3, Paths: 3},
		},
	}
	for _, name := range names {
		o.Paths = append(o.Paths, p.path(name))
	}
	return o
}

func (p *play) path(name string) string { return filepath.Join(p.dir, name) }

// start runs a Monitor until stop.
func (p *play) start(o Options) {
	p.Helper()
	m, err := New(o)
	p.must(err)
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(p.Context())
	p.done = make(chan error, 1)
	go func() { p.done <- m.Run(ctx) }()
}

// stop does what Ctrl-C does and waits for the end.
func (p *play) stop() {
	p.Helper()
	p.cancel()
	p.must(<-p.done)
}

func (p *play) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// pause lets time pass, and everything that is due happen.
func (p *play) pause(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// line is a request stamped at.
func line(at time.Time, target string) string {
	return fmt.Sprintf("192.0.2.7 - - [%s] \"GET %s HTTP/1.1\" 200 100\n", at.Format("02/Jan/2006:15:04:05 -0700"), target)
}

// append adds text to a file, which it makes, as of now.
func (p *play) append(name, text string) {
	p.Helper()
	f, err := os.OpenFile(p.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	p.must(err)
	_, err = f.WriteString(text)
	p.must(err)
	p.must(f.Close())
	p.touch(name)
}

// touch gives a file the modification time that it has in the bubble.
func (p *play) touch(name string) {
	p.Helper()
	p.must(os.Chtimes(p.path(name), time.Now(), time.Now()))
}

// hits appends n requests of this moment.
func (p *play) hits(name string, n int) {
	p.Helper()
	p.append(name, strings.Repeat(line(time.Now(), "/api/x"), n))
	p.wrote += n
}

// traffic writes so many requests a second for so long.
func (p *play) traffic(name string, perSecond int, d time.Duration) {
	p.Helper()
	for range d / time.Second {
		p.hits(name, perSecond)
		p.pause(time.Second)
	}
}

// counted fails unless every line written was counted once: in the summary,
// and in the intervals.
func (p *play) counted() {
	p.Helper()
	s := p.screen
	if s.closing == nil {
		p.Fatal("no summary was shown")
	}
	shown := int64(0)
	for _, iv := range s.intervals() {
		shown += iv.Hits
	}
	if s.closing.Hits != int64(p.wrote) || shown != int64(p.wrote) || s.closing.Late != 0 {
		p.Errorf("%d lines were written; got %d in the summary, %d in intervals, %d late", p.wrote, s.closing.Hits, shown, s.closing.Late)
	}
}

// A recorder is a Sink that keeps what it is shown, with the time of showing.
type recorder struct {
	mu      sync.Mutex
	shown   []output
	changed chan struct{} // closed and replaced at each Show
	closing *view.Closing
}

type output struct {
	gauge.Output
	at time.Time
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

// Show implements Sink.
func (r *recorder) Show(o gauge.Output) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, output{o, time.Now()})
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

// Close implements Sink.
func (r *recorder) Close(c *view.Closing) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = c
	return nil
}

func (r *recorder) outputs() []output {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown[:len(r.shown):len(r.shown)]
}

func (r *recorder) intervals() []*view.Interval {
	var out []*view.Interval
	for _, o := range r.outputs() {
		if o.Interval != nil {
			out = append(out, o.Interval)
		}
	}
	return out
}

// events are what was announced, with the time at which it was.
func (r *recorder) events() []output {
	var out []output
	for _, o := range r.outputs() {
		if o.Event != nil {
			out = append(out, o)
		}
	}
	return out
}

// notices is all that was noticed, a line each.
func (r *recorder) notices() string {
	var b strings.Builder
	for _, o := range r.outputs() {
		if o.Notice != nil {
			b.WriteString(o.Notice.Text + "\n")
		}
	}
	return b.String()
}

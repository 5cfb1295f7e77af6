// Package relay writes the raw lines of live logs.
//
//	tail.Source ──Batch──► text ──one Write──► Out
//	     │ Position, once the Write is done
//	     ▼
//	    safe ──once a second, and at the end──► Store
package relay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"sync"
	"time"

	"weir/internal/tail"
)

const (
	// drainFor is how long what was logged before the end was asked for may take
	// to be written.
	drainFor = 4 * time.Second
	// giveUpAfter is when it ends though nobody takes what it writes.
	giveUpAfter = 5 * time.Second
	saveEvery   = time.Second
)

// A Store keeps where reading stopped, for a later process. Save may fail now
// and work later.
type Store interface {
	Positions() map[string]tail.Position
	Save(map[string]tail.Position) error
}

// A Start is where reading of a log begins of which the Store knows nothing.
// The zero value is behind its last whole line.
type Start struct {
	Last int64 // so many whole lines before its end
	From int64 // instead: at the line of this number, from 1
}

// Options says what to read and where to write it.
type Options struct {
	Paths []string // "-" is standard input
	// Patterns are patterns and directories, for files that come later.
	Patterns []string
	Choice   tail.Choice // which of the files that match are taken
	Stdin    io.Reader
	Inputs   []tail.Input // belong to New from its call on, see tail.Input
	Poll     bool
	Start    Start
	Once     bool // end at the end of the logs instead of following them

	Out  io.Writer // gets one Write for each block of lines
	Form Form
	// Gone, when not nil, reports that nobody will ever read what is written.
	Gone func() bool
	Tell func(string) // a sentence for the person who watches; not yet escaped
	// Store may be nil. The names in it are absolute paths.
	Store Store
}

// A Relay is one run. Make one with New, call Run once.
type Relay struct {
	o        Options
	follower *tail.Follower
	lanes    []*lane
	buf      []byte

	saved   time.Time // when the Store last tried
	dirty   bool      // lines were written since
	failing bool      // the Store could not, and that was told

	mu    sync.Mutex
	safe  map[string]tail.Position // all before it was written; guarded by mu
	ended bool                     // nothing is saved any more; guarded by mu
}

// A lane is one source.
type lane struct {
	source  *tail.Source
	key     string // of its position
	label   label
	lines   int64
	bytes   int64
	tooLong int
	drained bool // it had nothing more, since the end was asked for
}

// New opens the logs. Nothing is written yet.
func New(o Options) (*Relay, error) {
	r := &Relay{o: o, safe: map[string]tail.Position{}}
	known := map[string]tail.Position{}
	if o.Store != nil {
		stored := o.Store.Positions()
		maps.Copy(known, stored) // for what comes later
		for _, p := range o.Paths {
			if at, ok := stored[absolute(p)]; ok && p != "-" {
				known[p] = at
			}
		}
	}
	later := o.Patterns
	if o.Once {
		later = nil
	}
	// A log that cannot be opened yet is begun at its end when it can be: its
	// lines are no news by then. One that does not exist yet is read whole.
	follower, err := tail.Open(tail.Options{
		Paths: o.Paths, Patterns: later, Choice: o.Choice, Stdin: o.Stdin, Inputs: o.Inputs, Poll: o.Poll,
		FromEnd: o.Start.From == 0, Resume: known,
	})
	if err != nil {
		return nil, err
	}
	r.follower = follower
	for _, src := range follower.Sources() {
		if _, ok := known[src.State().Name]; !ok {
			o.Start.apply(src)
		}
		r.add(src)
	}
	return r, nil
}

// add makes a lane for a source.
func (r *Relay) add(src *tail.Source) {
	name := src.State().Name
	l := &lane{source: src, key: absolute(name)}
	if name == "-" {
		name = "standard input"
	}
	many := len(r.follower.Sources()) > 1 || len(r.o.Patterns) > 0
	l.label = newLabel(name, r.o.Form.Prefix == Always || r.o.Form.Prefix == Auto && many)
	r.lanes = append(r.lanes, l)
}

func (s Start) apply(src *tail.Source) {
	switch {
	case s.From > 1:
		src.SeekLine(s.From)
	case s.From == 0 && s.Last > 0:
		src.SeekLast(s.Last)
	}
}

// absolute is the name of a log in the Store, whatever folder weir runs in.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// Run writes lines until ctx is done, all streams have ended or writing fails,
// which is its error. When ctx is done, what was logged before is written first,
// if that takes no more than some seconds. Nothing is saved of lines for which
// the Write did not succeed.
func (r *Relay) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- r.run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	limit := time.NewTimer(giveUpAfter)
	defer limit.Stop()
	select {
	case err := <-done:
		return err
	case <-limit.C:
	}
	// The write that nobody takes is left to the end of the process.
	r.o.Tell(fmt.Sprintf("the rest could not be written within %v: ended without it", giveUpAfter))
	return r.finalSave()
}

func (r *Relay) run(ctx context.Context) error {
	defer r.follower.Close()
	err := r.keepPositions()
	if err == nil {
		err = r.loop(ctx)
	}
	if err == nil && r.o.Once && r.o.Store == nil {
		err = r.finish()
	}
	if err != nil {
		// Of two failures the first is the one to end with: after a broken pipe
		// it makes no noise.
		if worse := r.finalSave(); worse != nil {
			r.o.Tell(worse.Error())
		}
		return err
	}
	for _, l := range r.lanes {
		r.written(l)
	}
	if r.o.Form.JSON {
		err = r.summaries()
	} else {
		r.closing()
	}
	if worse := r.finalSave(); err == nil {
		err = worse
	}
	return err
}

// keepPositions saves where reading begins: of a process that is killed before
// it first saves, the next would not know.
func (r *Relay) keepPositions() error {
	for _, l := range r.lanes {
		r.written(l)
	}
	r.save()
	return nil
}

func (r *Relay) loop(ctx context.Context) error {
	sweep := time.NewTimer(0)
	defer sweep.Stop()
	var deadline time.Time
	for {
		stopping := ctx.Err() != nil
		if stopping && deadline.IsZero() {
			deadline = time.Now().Add(drainFor)
			for _, l := range r.lanes {
				l.drained = false
			}
			r.follower.Hurry()
		}
		worked, err := r.round(stopping)
		if err != nil {
			return err
		}
		if r.dirty && time.Since(r.saved) >= saveEvery {
			for _, l := range r.lanes {
				r.written(l)
			}
			r.save()
		}
		switch {
		case stopping && !worked:
			return nil
		case stopping && time.Now().After(deadline):
			r.o.Tell(fmt.Sprintf("ended with %d bytes of the logs not read: it would have taken more than %v", r.unread(), drainFor))
			return nil
		case worked:
			continue
		case r.over(), r.o.Gone != nil && r.o.Gone():
			return nil
		case stopping:
			return nil
		}
		pause := r.follower.Sweep()
		if r.dirty {
			pause = min(pause, max(0, saveEvery-time.Since(r.saved)))
		}
		sweep.Reset(pause)
		select {
		case <-ctx.Done():
		case <-r.follower.Wake():
		case <-sweep.C:
		}
	}
}

// round writes one block of each source. It reports whether there was one. With
// stopping a source that has had nothing is not asked again: what comes after is
// none of this run.
func (r *Relay) round(stopping bool) (worked bool, err error) {
	for _, src := range r.follower.Look(time.Now()) {
		r.add(src)
	}
	now := time.Now()
	for _, l := range r.lanes {
		if stopping && l.drained {
			continue
		}
		b := l.source.Next(now)
		l.drained = b == nil
		if b == nil {
			continue
		}
		worked = true
		err := r.block(l, b)
		b.Release()
		if err != nil {
			return true, err
		}
		now = time.Now() // writing may take any time; asking ten thousand idle logs does not
	}
	for _, n := range r.follower.Notices() {
		r.o.Tell(n.Text)
	}
	return worked, nil
}

// block writes the lines of b.
func (r *Relay) block(l *lane, b *tail.Batch) error {
	text := b.Data
	if !r.o.Form.asTheyAre(l.label) {
		r.buf = r.o.Form.appendBlock(r.buf[:0], l.label, b)
		text = r.buf
	}
	if len(text) > 0 {
		if _, err := r.o.Out.Write(text); err != nil {
			return fmt.Errorf("cannot write to standard output: %w", err)
		}
	}
	l.bytes += int64(len(b.Data))
	if r.o.Form.JSON {
		l.lines += int64(bytes.Count(b.Data, []byte{'\n'}))
	}
	if b.TooLong > 0 && l.tooLong == 0 {
		r.o.Tell(fmt.Sprintf("%s: a line of more than 1 MiB was left out, behind byte %d; further ones are counted", l.label.name, b.Offset+b.Taken(b.Data)))
	}
	l.tooLong += b.TooLong
	r.written(l)
	r.dirty = true
	return nil
}

// written notes that all that was read of l is written. It is only then that its
// position may be saved.
func (r *Relay) written(l *lane) {
	st := l.source.State()
	if r.o.Store == nil || st.Kind != tail.File {
		return
	}
	at := l.source.Position()
	if len(at.Files) == 0 && st.Denied {
		return // nothing is known of it, while that of a missing one says that all of it is new
	}
	for _, marks := range [...][]tail.Mark{at.Files, at.Read} {
		for i := range marks {
			marks[i].Path = absolute(marks[i].Path) // the next process may run elsewhere
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.safe[l.key] = at
}

// save stores the positions, and tells once if it cannot.
func (r *Relay) save() {
	r.saved, r.dirty = time.Now(), false
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Store == nil || r.ended {
		return
	}
	err := r.o.Store.Save(maps.Clone(r.safe))
	switch {
	case err != nil && !r.failing:
		r.o.Tell(fmt.Sprintf("%v; going on, and trying again every second: what is written until that works will come again after a restart", err))
	case err == nil && r.failing:
		r.o.Tell("the state is written again")
	}
	r.failing = err != nil
	r.dirty = r.dirty || r.failing
}

// finalSave is the last one. What it cannot save is told, as it will come again.
func (r *Relay) finalSave() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.o.Store == nil || r.ended {
		return nil
	}
	r.ended = true
	if err := r.o.Store.Save(r.safe); err != nil {
		return fmt.Errorf("%w; what was written since it was last saved will come again after a restart", err)
	}
	return nil
}

// over reports whether there will be nothing more to write.
func (r *Relay) over() bool {
	if len(r.o.Patterns) > 0 && !r.o.Once {
		return false
	}
	for _, l := range r.lanes {
		st := l.source.State()
		pipe := st.Kind != tail.File
		if pipe && !st.Ended || !pipe && !r.o.Once {
			return false
		}
	}
	return true
}

// finish writes the lines at the ends of the logs that have no newline.
func (r *Relay) finish() error {
	for _, l := range r.lanes {
		for b := l.source.Finish(time.Now()); b != nil; b = l.source.Finish(time.Now()) {
			err := r.block(l, b)
			b.Release()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Relay) unread() int64 {
	n := int64(0)
	for _, l := range r.lanes {
		p := l.source.Position()
		n += p.Unread()
	}
	return n
}

// closing tells what was left out, where it is more than was told at the time.
func (r *Relay) closing() {
	for _, l := range r.lanes {
		if l.tooLong > 1 {
			r.o.Tell(fmt.Sprintf("%s: %d lines of more than 1 MiB were left out", l.label.name, l.tooLong))
		}
	}
}

// Failed returns why a stream could be read no further, nil if none failed.
func (r *Relay) Failed() error {
	for _, l := range r.lanes {
		if st := l.source.State(); st.Kind == tail.Stream && st.Ended && st.Failed != nil {
			return fmt.Errorf("%s: %w", st.Name, st.Failed)
		}
	}
	return nil
}

// age is the time since t in whole milliseconds, as seconds.
func age(t, now time.Time) float64 {
	return math.Max(0, float64(now.Sub(t).Milliseconds())/1000)
}

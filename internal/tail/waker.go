package tail

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A waker tells that something happened in the directories of the paths it
// watches. It is a hint and nothing more: events are merged, may be lost when
// the system's queue overflows, and do not exist for network file systems.
//
// Directories are watched, not files: one watch sees the file written, renamed
// and created again, and there is no moment between two watches to fall into.
type waker struct {
	events *fsnotify.Watcher
	wake   func()
	done   chan struct{}
	gone   chan struct{}        // closed when the goroutine has ended
	led    map[*Source][]string // what links led to, by the paths that are links, newest last; the owner's

	mu    sync.Mutex
	names map[string]names // by directory, guarded by mu
	hints []*Source        // touched since they were taken, guarded by mu
	asked bool             // somebody takes them, guarded by mu
}

// names are the base names of interest in a directory, with the sources they are
// of. Where a pattern is searched for, which may be any name, one is "*".
type names map[string][]*Source

// newWaker starts a goroutine that calls wake until close.
func newWaker(wake func()) (*waker, error) {
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &waker{
		events: events, wake: wake, names: map[string]names{}, led: map[*Source][]string{},
		done: make(chan struct{}), gone: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// mostLed is how many of the files that a link led to lately are watched: the
// writers of old ones have let go. A path that is a link to another file each day,
// perhaps in a directory of its own, would come to be watched under all these names.
const mostLed = 8

// watch adds path, and what it leads to if it is a link. It may be called again
// for the same path, after a link was changed or a directory made anew. A
// directory that is missing or closed to us is no error; the sweep is there.
func (w *waker) watch(path string, s *Source) error {
	err := w.add(path, s)
	target, e := filepath.EvalSymlinks(path)
	if e != nil || filepath.Clean(path) == target {
		return err
	}
	err = errors.Join(err, w.add(target, s))
	led := slices.DeleteFunc(w.led[s], func(old string) bool { return old == target })
	if led = append(led, target); len(led) > mostLed {
		w.drop(led[0], s)
		led = slices.Delete(led, 0, 1)
	}
	w.led[s] = led
	return err
}

// drop undoes an add.
func (w *waker) drop(path string, s *Source) {
	dir, base := filepath.Split(path)
	dir = filepath.Clean(dir)
	if w.unname(dir, base, s) {
		// That it is not watched any more, since it was deleted, is no error.
		_ = w.events.Remove(dir)
	}
}

// unname reports whether nothing in dir is of interest any more.
func (w *waker) unname(dir, base string, s *Source) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	here := w.names[dir]
	if all := slices.DeleteFunc(here[base], func(o *Source) bool { return o == s }); len(all) > 0 {
		here[base] = all
	} else {
		delete(here, base)
	}
	if len(here) > 0 {
		return false
	}
	delete(w.names, dir)
	return true
}

func (w *waker) add(path string, s *Source) error {
	dir, base := filepath.Split(filepath.Clean(path))
	dir = filepath.Clean(dir)
	w.mu.Lock()
	if w.names[dir] == nil {
		w.names[dir] = names{}
	}
	if all := w.names[dir][base]; !slices.Contains(all, s) {
		w.names[dir][base] = append(all, s)
	}
	w.mu.Unlock()

	err := w.events.Add(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// concerns reports whether the file at path is one of ours or, by its name, one
// that was ours before it was rotated: access.log.1, access.log-20261121. The
// sources it may matter to are touched.
func (w *waker) concerns(path string) bool {
	dir, base := filepath.Split(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	here := w.names[filepath.Clean(dir)]
	_, ours := here["*"]
	for end := len(base); end > 0; end = strings.LastIndexAny(base[:end], ".-_") {
		for _, s := range here[base[:end]] {
			if s != nil {
				w.touch(s)
				ours = true
			}
		}
	}
	return ours
}

// touch tells that something happened to s. mu is held.
func (w *waker) touch(s *Source) {
	if !s.touched.Swap(true) && w.asked {
		w.hints = append(w.hints, s)
	}
}

// take appends the hints to list, and forgets them.
func (w *waker) take(list []*Source) []*Source {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = true
	list = append(list, w.hints...)
	clear(w.hints)
	w.hints = w.hints[:0]
	return list
}

// touchAll is for events that were lost.
func (w *waker) touchAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, here := range w.names {
		for _, all := range here {
			for _, s := range all {
				if s != nil {
					w.touch(s)
				}
			}
		}
	}
}

// run waits for events, wakes the owner, then waits out a gap in which the
// system merges the events of a busy writer.
func (w *waker) run() {
	defer close(w.gone)
	var g gap
	for {
		began := time.Now()
		if !w.await() {
			return
		}
		w.wake()
		g = g.next(time.Since(began))
		if !g.wait(w.done) {
			return
		}
	}
}

// await returns at an event that concerns us, with false when w was closed.
func (w *waker) await() bool {
	for {
		select {
		case <-w.done:
			return false
		case e, ok := <-w.events.Events:
			if !ok {
				return false
			}
			if w.concerns(e.Name) {
				return true
			}
		case _, ok := <-w.events.Errors:
			// An overflow above all: events were lost, so look.
			w.touchAll()
			return ok
		}
	}
}

// close ends the goroutine and waits for it.
func (w *waker) close() {
	close(w.done)
	w.events.Close()
	<-w.gone
}

// A gap is how long a source of wakes rests after each. It is zero as long as
// they come less than about a hundred times a second, so that a quiet log is
// shown at once, and grows to 10 ms where they come faster: at 10,000 lines a
// second one wake for each line costs four times the processor time.
type gap time.Duration

const (
	firstGap = gap(time.Millisecond)
	mostGap  = gap(10 * time.Millisecond)
	calm     = 10 * time.Millisecond // a wait this long ends the rush
)

// next is the gap after one that was followed by waiting for the next event.
// Only the wait counts, not the gap itself: otherwise a gap of 10 ms would look
// like a rate of a hundred a second, and swing.
func (g gap) next(waited time.Duration) gap {
	switch {
	case waited >= calm:
		return 0
	case time.Duration(g)+waited >= calm:
		return g
	}
	return min(max(2*g, firstGap), mostGap)
}

// wait rests; false when done was closed.
func (g gap) wait(done <-chan struct{}) bool {
	if g <= 0 {
		select {
		case <-done:
			return false
		default:
			return true
		}
	}
	t := time.NewTimer(time.Duration(g))
	defer t.Stop()
	select {
	case <-done:
		return false
	case <-t.C:
		return true
	}
}

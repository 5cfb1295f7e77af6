// Package feed brings in lines that stand in no file.
//
// A Feed is an endless stream of lines, whoever sends them:
//
//	Syslog   datagrams, connections ──┐
//	Command  standard output of sh  ──┼──► queue ──Read──► tail.Source
//	Journal  journalctl, decoded    ──┘  (bounded)
//
// What it promises:
//
//   - A line comes whole: lines of several connections are never mixed, and one
//     message of syslog or of the journal is one line whatever bytes it holds.
//   - Memory is bounded. When the queue is full, nobody reads from connections
//     and commands, so their senders wait. Datagrams cannot wait: what the
//     system throws away is counted, where it tells.
//   - What ends is begun again: a command, journalctl. Each time that is told.
//   - Close leaves nothing behind: no process, no socket file, no goroutine.
//
// What it does not do: it takes nothing off the lines. The head of a syslog
// message is left in front of it, where package accesslog finds it as it does
// in files.
package feed

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxMessage is the longest message, in bytes. A datagram cannot be longer;
	// 256 connections of hostile senders hold 16 MiB.
	maxMessage = 64 << 10
	queueBytes = 4 << 20

	tellEvery   = 10 * time.Second // the window of what is told
	mostNotices = 64               // kept for an owner who does not ask
)

// A Feed is one running input. Read belongs to one goroutine; the other methods
// may be called from any.
type Feed struct {
	name    string
	lines   *queue
	notices notices      // what happens to the feed
	said    notices      // what a command says on standard error
	lost    atomic.Int64 // messages
	told    struct {
		mu   sync.Mutex
		lost int64     // messages told of, guarded by mu
		at   time.Time // when, guarded by mu
		why  string    // what to do against it, guarded by mu
	}

	once sync.Once
	stop func() // ends what the feed has started, and waits for it
}

func newFeed(name string) *Feed {
	return &Feed{
		name: name, lines: newQueue(queueBytes),
		notices: notices{most: mostNotices}, said: notices{most: 10},
	}
}

// Name is what was given to make the feed.
func (f *Feed) Name() string { return f.name }

// Read gives the lines that have come, waiting for the first of them. The error
// is io.EOF after Close, or says why there will be no more.
func (f *Feed) Read(p []byte) (int, error) { return f.lines.read(p) }

// Close ends the feed and waits until nothing of it is left: a command is given
// two seconds to end. Closing again does nothing.
func (f *Feed) Close() error {
	f.once.Do(func() {
		f.lines.close()
		f.stop()
	})
	return nil
}

// Lost is how many messages were lost, as far as that is known.
func (f *Feed) Lost() int64 { return f.lost.Load() }

// Notices returns what happened since the last call, a sentence each. They hold
// what others sent: escape them before they are shown.
func (f *Feed) Notices() []string {
	now := time.Now()
	out := append(f.said.take(now, f.lines.over()), f.notices.take(now, true)...)
	if text := f.losses(now); text != "" {
		out = append(out, text)
	}
	return out
}

func (f *Feed) tell(format string, args ...any) {
	f.notices.add(time.Now(), fmt.Sprintf(format, args...))
}

// losses tells how many messages were lost, at once and then every 10 s.
func (f *Feed) losses(now time.Time) string {
	t := &f.told
	t.mu.Lock()
	defer t.mu.Unlock()
	n := f.lost.Load() - t.lost
	if n == 0 || !t.at.IsZero() && now.Sub(t.at) < tellEvery {
		return ""
	}
	t.lost, t.at = t.lost+n, now
	if n == 1 {
		return "1 message was lost" + t.why
	}
	return fmt.Sprintf("%d messages were lost%s", n, t.why)
}

// lose counts n messages as lost; why says where, and what to do.
func (f *Feed) lose(n int64, why string) {
	f.told.mu.Lock()
	f.told.why = why
	f.told.mu.Unlock()
	f.lost.Add(n)
}

// notices are sentences that wait to be asked for, at most most of them in 10 s.
type notices struct {
	most int

	mu    sync.Mutex
	texts []string  // guarded by mu
	began time.Time // of the window, guarded by mu
	n     int       // told in it, guarded by mu
	left  int       // out since then, guarded by mu
}

func (n *notices) add(now time.Time, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.turn(now)
	if n.n++; n.n > n.most {
		n.left++
		return
	}
	n.texts = append(n.texts, text)
}

// turn begins a new window when it is time to.
func (n *notices) turn(now time.Time) {
	if now.Sub(n.began) < tellEvery {
		return
	}
	n.flush()
	n.began, n.n = now, 0
}

// flush tells how many were left out.
func (n *notices) flush() {
	if n.left > 0 {
		n.texts = append(n.texts, fmt.Sprintf("%d more messages of this kind were left out", n.left))
		n.left = 0
	}
}

// take returns what there is; at the end also what would wait for its window.
func (n *notices) take(now time.Time, end bool) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.turn(now); end {
		n.flush()
	}
	out := n.texts
	n.texts = nil
	return out
}

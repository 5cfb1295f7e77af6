package notify

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"weir/internal/unit"
)

const (
	// idle is how long to wait for the next look where nobody wakes.
	idle = time.Minute
	// outboxPause is how long to wait with the next look where the outbox failed.
	outboxPause = 5 * time.Second
	// mostGrouped bounds the messages of one delivery.
	mostGrouped = 100
	// mostTold is how many messages that are given up together are told by name.
	mostTold = 5
	// hangs is how long a delivery may go on after its time is over, until it is left
	// to itself.
	hangs = 2 * time.Second
)

// errHangs stands for a delivery that does not end when it is told to.
var errHangs = errors.New("a delivery does not end, although its time is over: the disk, or the system, hangs")

// A lane is one channel at work. All but what mu guards belongs to the goroutine of run.
type lane struct {
	channel   Channel
	options   *Options
	out       sender
	wake      chan struct{}
	random    *rand.Rand
	allowance allowance

	began    time.Time
	blocked  time.Time           // nothing is tried before: see left
	failures int                 // in a row
	single   int                 // so many deliveries are of one story, since a group was refused
	tried    map[int64]time.Time // when rows were last
	repeats  repeats
	stuck    *attempt // a delivery that hangs
	muttered string   // what was told of the outbox last

	mu     sync.Mutex
	open   []Message
	status Status
}

// An attempt is a delivery on a goroutine of its own.
type attempt struct {
	ids  []int64
	done chan error
}

func (l *lane) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lane) setOpen(alerts []Message) {
	var mine []Message
	for i := range alerts {
		if alerts[i].State == Firing && l.channel.takes(&alerts[i]) {
			mine = append(mine, alerts[i])
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = mine
}

func (l *lane) firing() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open // replaced, never changed
}

func (l *lane) state() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

func (l *lane) note(change func(*Status)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.status)
}

func (l *lane) tell(format string, args ...any) {
	if l.options.Tell != nil {
		l.options.Tell("notify " + l.channel.Name + ": " + fmt.Sprintf(format, args...))
	}
}

// run delivers until ctx ends, then what can be within Drain.
func (l *lane) run(ctx context.Context) {
	l.began, l.tried = time.Now(), map[int64]time.Time{}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			l.drain(ctx)
			return
		case <-l.wake:
		case <-timer.C:
		}
		timer.Reset(l.step(ctx, false))
	}
}

// drain delivers what waits at the end.
func (l *lane) drain(ctx context.Context) {
	if l.options.Drain <= 0 || l.stuck != nil {
		return
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Drain)
	defer cancel()
	for limited.Err() == nil && l.step(limited, true) == 0 {
	}
}

// step makes one delivery at most, and returns how long to wait for the next one. With
// hurry it does not wait for others to be grouped, nor repeat anything.
func (l *lane) step(ctx context.Context, hurry bool) time.Duration {
	now := time.Now()
	rows, err := l.options.Outbox.Rows(l.channel.Name, mostRows)
	if err != nil {
		l.mutter("the outbox cannot be read, trying again: %v", err)
		return outboxPause
	}
	if l.stuck != nil {
		if !l.loosened() {
			l.note(func(s *Status) { s.Waiting = len(rows) })
			return idle
		}
		return 0 // what was taken is in rows still
	}
	p := planned(rows, &aim{
		policy: &l.channel.Policy, now: now, since: l.began, tried: l.tried, single: l.single > 0, hurry: hurry, most: mostGrouped,
	})
	if err := l.clear(&p); err != nil {
		l.mutter("the outbox cannot be written, trying again: %v", err)
		return outboxPause
	}
	if left := left(l.blocked, now); left > 0 {
		return left
	}
	g, again := group{l.channel.Name, messagesOf(p.send)}, false
	if len(p.send) == 0 && !hurry {
		var next time.Time
		g.messages, next = l.repeats.due(now, &l.channel, l.firing(), rows)
		again = len(g.messages) > 0
		if p.next.IsZero() || !next.IsZero() && next.Before(p.next) {
			p.next = next
		}
	}
	if len(g.messages) == 0 {
		if p.next.IsZero() {
			return idle
		}
		return min(idle, max(p.next.Sub(now), time.Millisecond))
	}
	if wait := l.allowance.wait(now); wait > 0 {
		return wait
	}
	l.allowance.take(now)
	l.note(func(s *Status) { s.Paid = l.allowance.paid.Round(0) })
	grace := l.options.Drain
	if hurry {
		grace = 0 // ctx ends with it
	}
	err = l.attempt(ctx, &g, p.send, grace)
	return l.settle(ctx, err, &g, p.send, again)
}

// clear takes out of the outbox what is not to be delivered, and says so.
func (l *lane) clear(p *plan) error {
	l.note(func(s *Status) { s.Waiting = p.waiting })
	ids := append(idsOf(p.expired), idsOf(p.brief)...)
	for _, r := range p.broken {
		ids = append(ids, r.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := l.options.Outbox.Done(ids); err != nil {
		return err
	}
	for _, id := range ids {
		delete(l.tried, id)
	}
	lost := messagesOf(p.expired)
	l.note(func(s *Status) {
		s.Waiting -= len(ids)
		s.GivenUp += int64(len(lost) + len(p.broken))
		s.Skipped += int64(len(messagesOf(p.brief)))
	})
	for i := range lost {
		if i == mostTold {
			l.tell("given up, too: %s more", unit.Count(int64(len(lost)-i)))
			break
		}
		l.tell("given up after %s, and told to nobody: %s; the last error: %s", unit.Span(l.channel.GiveUp), lost[i].line(), l.state().LastError)
	}
	for i := range p.broken {
		_, err := parse(&p.broken[i])
		l.tell("%v: it is dropped", err)
	}
	return nil
}

// mutter tells of a trouble with the outbox, once.
func (l *lane) mutter(format string, err error) {
	if l.muttered != err.Error() {
		l.muttered = err.Error()
		l.tell(format, err)
	}
}

// attempt delivers a group within the time of the channel. What does not end then is
// left to itself, and nothing else is tried until it does.
//
// What is under way when ctx ends may come to its own end within grace.
func (l *lane) attempt(ctx context.Context, g *group, stories []story, grace time.Duration) error {
	ids := idsOf(stories)
	for _, id := range ids {
		l.tried[id] = time.Now()
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.channel.Timeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	defer stop()
	a := &attempt{ids, make(chan error, 1)}
	out, own := l.out, group{g.channel, g.messages}
	go func() { a.done <- deliver(limited, out, &own) }()
	select {
	case err := <-a.done:
		return err
	case <-limited.Done():
	}
	late := time.NewTimer(hangs)
	defer late.Stop()
	select {
	case err := <-a.done:
		return err
	case <-late.C:
		l.stuck = a
		return errHangs
	}
}

// loosened tells whether the delivery that hung has come to its end, and takes note of
// what came of it.
func (l *lane) loosened() bool {
	select {
	case err := <-l.stuck.done:
		if err == nil {
			err = l.options.Outbox.Done(l.stuck.ids)
		}
		if err != nil {
			l.mutter("the delivery that hung has failed: %v", err)
		}
		l.stuck = nil
		return true
	default:
		return false
	}
}

// settle takes note of what came of a delivery, and returns how long to wait for the
// next.
func (l *lane) settle(ctx context.Context, err error, g *group, stories []story, again bool) time.Duration {
	now := time.Now()
	ids := idsOf(stories)
	if err == nil {
		l.delivered(now, g, again)
		if len(ids) == 0 {
			return 0
		}
		if err := l.options.Outbox.Done(ids); err != nil {
			// It will be sent once more, which its ID tells the receiver.
			l.mutter("what was delivered cannot be taken out of the outbox, and will be again: %v", err)
			return outboxPause
		}
		for _, id := range ids {
			delete(l.tried, id)
		}
		l.muttered = ""
		l.note(func(s *Status) { s.Waiting -= len(ids) })
		return 0
	}
	if ctx.Err() != nil && !errors.Is(err, errHangs) {
		return idle // it was the end that broke it off
	}
	return l.failed(now, err, stories)
}

func (l *lane) delivered(now time.Time, g *group, again bool) {
	before := l.state()
	l.failures, l.blocked = 0, time.Time{}
	l.single = max(l.single-1, 0)
	l.repeats.told(now, &l.channel, g.messages, again)
	l.note(func(s *Status) {
		s.Delivered += int64(len(g.messages))
		s.Last, s.FailingSince, s.Next = now.Round(0), time.Time{}, time.Time{}
	})
	if !before.FailingSince.IsZero() {
		l.tell("delivers again, after %s without", unit.Span(max(now.Sub(before.FailingSince), 0).Round(time.Second)))
	}
}

// failed decides when to try again, and says that it failed where that is new.
func (l *lane) failed(now time.Time, err error, stories []story) time.Duration {
	l.failures++
	var f *failure
	wait := backoff(l.failures, l.random)
	refused := false
	if errors.As(err, &f) {
		wait = max(wait, min(f.retryAfter, mostRetryAfter))
		refused = f.refused
	}
	until := now.Add(wait)
	l.blocked = until
	switch {
	case refused && len(stories) > 1:
		// One of them may be what the receiver cannot take: the others are not to
		// wait for it.
		l.single = len(stories)
	case refused && len(stories) == 1:
		l.single = max(l.single-1, 0)
		until = now.Add(max(wait, deferral(now.Sub(stories[0].queued))))
	}
	text := err.Error()
	before := l.state()
	l.note(func(s *Status) {
		// On the wall: it is shown.
		s.LastError, s.Next = text, l.blocked.Round(0)
		if s.FailingSince.IsZero() {
			s.FailingSince = now.Round(0)
		}
	})
	if before.FailingSince.IsZero() || before.LastError != text {
		l.tell("not delivered, trying again for %s: %s", unit.Span(l.channel.GiveUp), text)
	}
	if ids := idsOf(stories); len(ids) > 0 {
		if err := l.options.Outbox.Defer(ids, until, text); err != nil {
			l.mutter("the outbox cannot be written: %v", err)
		}
	}
	return wait
}

// hostname is the name of this machine, "" where it has none.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

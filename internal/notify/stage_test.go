package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// noon is when the fake time of synctest begins, so tests count from it.
func began() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// alertOf is a message of an alert that began so long after the beginning.
func alertOf(key string, at time.Duration, state State) Message {
	b := began().Add(at)
	m := Message{
		Rule: "high-traffic", Key: key, State: state, Severity: "critical", At: b, Began: b, Value: "10.05",
		Text: "traffic of " + key + " is high", Summary: []string{"top client 192.0.2.1"}, Host: "web1",
	}
	if state == Recovered {
		m.Text, m.Ended = "traffic of "+key+" is as it was", b.Add(time.Second)
	}
	m.ID = MessageID(m.Rule, key, b, state)
	return m
}

func firing(key string) Message    { return alertOf(key, 0, Firing) }
func recovered(key string) Message { return alertOf(key, 0, Recovered) }

// A stage is a Dispatcher in fake time, with senders that do as they are told.
type stage struct {
	t   *testing.T
	box Outbox
	d   *Dispatcher
	end context.CancelFunc
	mu  sync.Mutex
	// sent are the deliveries, "12s ops: firing /a, recovered /a"; those that failed end
	// in their error.
	sent []string
	told []string
}

// An actor decides what becomes of a delivery.
type actor func(ctx context.Context, g *group) error

type acting struct {
	s *stage
	a actor
}

func (p *acting) send(ctx context.Context, g *group) error {
	at := time.Since(began()).Round(100 * time.Millisecond)
	err := p.a(ctx, g)
	var parts []string
	for _, m := range g.messages {
		part := string(m.State) + " " + m.Key
		if m.Repeat > 0 {
			part += fmt.Sprintf(" again %d", m.Repeat)
		}
		parts = append(parts, part)
	}
	line := fmt.Sprintf("%s %s: %s", at, g.channel, strings.Join(parts, ", "))
	if err != nil {
		line += ": " + err.Error()
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.sent = append(p.s.sent, line)
	return err
}

// fine takes everything.
func fine(context.Context, *group) error { return nil }

// opsChannel is a webhook with what holds by default.
func opsChannel(name string, change func(*Channel)) Channel {
	c, _ := Default(Webhook)
	c.Name, c.URL = name, Literal("http://127.0.0.1/")
	if change != nil {
		change(&c)
	}
	return c
}

// newStage begins a Dispatcher with an actor for each channel.
func newStage(t *testing.T, box Outbox, channels []Channel, actors ...actor) *stage {
	t.Helper()
	s := &stage{t: t, box: box}
	s.start(Options{}, channels, actors)
	return s
}

func (s *stage) start(o Options, channels []Channel, actors []actor) {
	s.t.Helper()
	o.Outbox, o.Seed = s.box, 7
	o.Tell = func(text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, text)
	}
	d, err := New(channels, o)
	if err != nil {
		s.t.Fatal(err)
	}
	for i, a := range actors {
		d.lanes[i].out = &acting{s, a}
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		d.Run(ctx)
		close(done)
	}()
	s.d, s.end = d, func() {
		cancel()
		<-done
	}
}

// say puts messages into the outbox, as a commit would, and wakes the channels.
func (s *stage) say(messages ...Message) {
	for _, m := range messages {
		s.box.(interface{ Put(rows ...Row) []Row }).Put(s.d.Rows(m, time.Now())...)
	}
	s.d.Wake()
}

// pass lets time go by.
func (s *stage) pass(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

// want compares the deliveries so far, and forgets them.
func (s *stage) want(lines ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.sent, lines) {
		s.t.Errorf("delivered:\n  %s\nwant:\n  %s", strings.Join(s.sent, "\n  "), strings.Join(lines, "\n  "))
	}
	s.sent = nil
}

// wantTold looks for a text in what was told.
func (s *stage) wantTold(part string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.told, func(told string) bool { return strings.Contains(told, part) }) {
		s.t.Errorf("told %q, want %q among it", s.told, part)
	}
}

// times returns when a channel was tried, in whole seconds since the beginning.
func (s *stage) times() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []time.Duration
	for _, line := range s.sent {
		at, _, _ := strings.Cut(line, " ")
		d, err := time.ParseDuration(at)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// only returns the status of the single channel.
func (s *stage) only() Status { return s.d.Status()[0] }

var errDown = errors.New("down")

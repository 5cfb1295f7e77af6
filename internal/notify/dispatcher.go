package notify

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"
)

// Options are what a Dispatcher works with, besides its channels.
type Options struct {
	Outbox Outbox
	// Tell takes messages for people, without secrets. It is called by the goroutines of
	// the channels.
	Tell func(string)
	// Bell is the terminal that bells ring on; nil where there is none, so that channels
	// of that kind fail.
	Bell io.Writer
	// Agent is what servers are told asks.
	Agent string
	// Seed is that of the chance in waiting.
	Seed uint64
	// Paid has the Status.Paid of an earlier process by channel, so that nobody is told more an
	// hour because weir was started again. nil is none.
	Paid map[string]time.Time
	// Drain is how long the end of Run may take, to deliver what waits.
	Drain time.Duration

	// dial opens connections, in tests; nil means those of the system.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Status says how a channel is doing.
type Status struct {
	Name      string
	Kind      Kind
	Delivered int64 // messages, since the start of the process
	Waiting   int   // messages in the outbox, as of the last look; 1000 stands for more, too
	GivenUp   int64 // messages that were tried for as long as give_up says, or could not be read
	Skipped   int64 // messages that skip_brief left out
	// FailingSince is when the first delivery failed of those that have failed in a row;
	// zero while it works.
	FailingSince time.Time
	LastError    string    // of the last delivery that failed, "" for none; without secrets
	Last         time.Time // when something was delivered last
	Next         time.Time // when it is tried again; zero while it works
	// Paid is until when deliveries count that were made, for MaxPerHour; zero where there is no
	// limit, or were none. It is what the next process has to know: Options.Paid.
	Paid time.Time
}

// A Dispatcher brings messages to channels. Its methods are safe for concurrent use;
// Run is called once.
type Dispatcher struct {
	options Options
	lanes   []*lane
}

// New returns a Dispatcher for the channels that are enabled. The error is the first
// that Check finds, with the name of its channel.
func New(channels []Channel, o Options) (*Dispatcher, error) {
	d := &Dispatcher{options: o}
	for i := range channels {
		c := channels[i]
		if err := c.Check(); err != nil {
			return nil, fmt.Errorf("notify %s: %w", c.Name, err)
		}
		if slices.ContainsFunc(d.lanes, func(l *lane) bool { return l.channel.Name == c.Name }) {
			return nil, fmt.Errorf("notify %s: there are two channels of that name", c.Name)
		}
		if !c.Enabled {
			continue
		}
		l := &lane{
			channel: c, options: &d.options, out: newSender(&c, &d.options), wake: make(chan struct{}, 1),
			random: rand.New(rand.NewPCG(o.Seed, uint64(i))), allowance: allowance{perHour: c.MaxPerHour, paid: o.Paid[c.Name]},
			status: Status{Name: c.Name, Kind: c.Kind},
		}
		if c.MaxPerHour > 0 {
			l.allowance.owed(time.Now()) // bounded now, or starts in a row would each begin at too much
			l.status.Paid = l.allowance.paid.Round(0)
		}
		d.lanes = append(d.lanes, l)
	}
	return d, nil
}

// Rows returns what is to be put into the outbox for a message at a time: a row for each
// channel that takes it. After they are in, Wake.
func (d *Dispatcher) Rows(m Message, now time.Time) []Row {
	var rows []Row
	for _, l := range d.lanes {
		if l.channel.takes(&m) {
			rows = append(rows, seal(l.channel.Name, &m, now, now.Add(l.channel.GroupWait)))
		}
	}
	return rows
}

// Wake makes the channels look into the outbox now. Without it they look once a minute.
func (d *Dispatcher) Wake() {
	for _, l := range d.lanes {
		l.rouse()
	}
}

// Open says which alerts are firing now, by their messages of firing: all of them, each
// time. What channels repeat comes of it, and what an Alertmanager is told to keep. It
// is to be called before the rows of a recovery can be seen in the outbox.
func (d *Dispatcher) Open(alerts []Message) {
	for _, l := range d.lanes {
		l.setOpen(alerts)
		if l.channel.Repeat > 0 {
			l.rouse()
		}
	}
}

// Status returns how each channel is doing, in the order in which they were given.
func (d *Dispatcher) Status() []Status {
	all := make([]Status, 0, len(d.lanes))
	for _, l := range d.lanes {
		all = append(all, l.state())
	}
	return all
}

// Run delivers until ctx ends, and as long after that as Drain says, so that what is
// under way, or waits to be grouped, still goes. What is left stays in the outbox.
func (d *Dispatcher) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, l := range d.lanes {
		all.Go(func() { l.run(ctx) })
	}
	all.Wait()
}

// Test delivers one message to a channel, now, past any outbox. The error is why that
// failed, in a sentence without secrets.
func Test(ctx context.Context, c Channel, o Options) error {
	if err := c.Check(); err != nil {
		return fmt.Errorf("notify %s: %w", c.Name, err)
	}
	now := time.Now().Truncate(time.Second)
	m := Message{
		Rule: "test", State: Firing, Severity: "info", At: now, Began: now, Ended: now.Add(time.Minute),
		Text: "This is a test of the channel " + c.Name + ": messages of weir arrive here", Host: hostname(),
	}
	m.ID = MessageID(m.Rule, m.Key, m.Began, m.State)
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- deliver(limited, newSender(&c, &o), &group{c.Name, []Message{m}}) }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("notify %s: %w", c.Name, err)
		}
		return nil
	case <-time.After(c.Timeout + hangs):
		return fmt.Errorf("notify %s: %w", c.Name, errHangs)
	}
}

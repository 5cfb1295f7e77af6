package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/history"
	"weir/internal/notify"
	"weir/internal/view"
)

// A teller brings alerts to people who do not look at the screen.
//
//	Event ──► Message ──► rows ──► commit ──► outbox ──► Dispatcher ──► channels
//
// The rows of an event are in the commit of the event, so each is told at least
// once, and its ID is the same each time. Alerts of the past are not told, but for
// those that are still open when all of it was read.
type teller struct {
	dispatcher *notify.Dispatcher
	outbox     *outbox
	zone       *time.Location
	host       string
	open       map[string]notify.Message // that were told and are not over, by rule and key
	changed    bool                      // open is another than was committed
	words      chan string               // of the channels
	stop       func()
}

// mostWords are notices of channels that wait to be shown; more are dropped.
const mostWords = 64

// newTeller makes the teller of the channels; nil where there are none. The alerts that an
// earlier process told are in state.
func newTeller(o *Options, db *history.DB, state []byte) (*teller, error) {
	if len(o.Channels) == 0 {
		return nil, nil
	}
	t := &teller{
		outbox: &outbox{db: db, memory: notify.NewMemory(mostUnsent)}, zone: o.Zone, open: map[string]notify.Message{},
		words: make(chan string, mostWords),
	}
	t.host, _ = os.Hostname() // "" where nobody knows
	if len(state) > 0 {
		if err := json.Unmarshal(state, &t.open); err != nil {
			return nil, fmt.Errorf("which alerts were told cannot be read: %w", err)
		}
	}
	return t, t.dispatch(o)
}

// dispatch makes the dispatcher for the channels.
func (t *teller) dispatch(o *Options) (err error) {
	words := t.words
	t.dispatcher, err = notify.New(o.Channels, notify.Options{
		Outbox: t.outbox, Bell: o.Bell, Agent: "weir", Seed: uint64(time.Now().UnixNano()), Drain: drainNotices,
		Tell: func(text string) {
			select {
			case words <- text:
			default:
			}
		},
	})
	return err
}

const (
	// mostUnsent are messages for one channel that wait without a history.
	mostUnsent = 1000
	// drainNotices is how long the end of weir waits for channels.
	drainNotices = 2 * time.Second
	// stateTold is the name of the state that has the open alerts that were told.
	stateTold = "told"
)

// start lets the channels work until finish.
func (t *teller) start() {
	t.dispatcher.Open(t.firing())
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { t.dispatcher.Run(ctx) })
	t.stop = func() {
		cancel()
		all.Wait()
	}
}

// firing returns the open alerts in the order of their names.
func (t *teller) firing() []notify.Message {
	var all []notify.Message
	for _, m := range t.open {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b notify.Message) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// rows returns what is to be put into the outbox for an event.
func (t *teller) rows(e *alert.Event, late bool, now time.Time) []notify.Row {
	if !e.Told() || e.Muted != "" {
		return nil
	}
	m, name := t.message(e, late), e.Rule.Name+"\x00"+e.Key
	if m.State == notify.Firing {
		t.open[name] = m
	} else {
		delete(t.open, name)
	}
	t.changed = true
	t.dispatcher.Open(t.firing())
	return t.dispatcher.Rows(m, now)
}

// message is what is told of an event.
func (t *teller) message(e *alert.Event, late bool) notify.Message {
	m := notify.Message{
		Rule: e.Rule.Name, Key: e.Key, State: notify.Firing, Severity: e.Rule.Severity.String(),
		At: time.Unix(e.At, 0).In(t.zone), Began: time.Unix(e.Began, 0).In(t.zone), Value: e.Value(),
		Text: string(escape.Terminal([]byte(e.Message(t.zone)))), Late: late, Host: t.host,
	}
	if e.Rule.Policy != nil {
		m.Labels = e.Rule.Policy.Labels
	}
	if cause := e.Cause.Text(); cause != "" {
		m.Summary = []string{string(escape.Terminal([]byte(cause)))}
	}
	if e.State != alert.Firing {
		m.State, m.Ended = notify.Recovered, m.At
	}
	m.ID = notify.MessageID(m.Rule, m.Key, m.Began, m.State)
	return m
}

// missed returns the rows for alerts that are open now and were told to nobody, since
// they were found in the past.
func (t *teller) missed(windows []view.Window, now time.Time) []notify.Row {
	var rows []notify.Row
	for i := range windows {
		w := &windows[i]
		if w.State != alert.Firing || w.Muted || w.Acknowledged {
			continue
		}
		if _, told := t.open[w.Rule.Name+"\x00"+w.Key]; told {
			continue
		}
		e := alert.Event{Rule: w.Rule, Key: w.Key, State: alert.Firing, At: w.Since, Began: w.Since, Sample: w.Sample}
		if w.Change != nil {
			e.Change = w.Change
		}
		rows = append(rows, t.rows(&e, true, now)...)
	}
	return rows
}

// hear returns what the channels told since.
func (t *teller) hear() (words []string) {
	for {
		select {
		case text := <-t.words:
			words = append(words, text)
		default:
			return words
		}
	}
}

// channels returns how the channels are doing.
func (t *teller) channels() []view.Channel {
	var all []view.Channel
	for _, s := range t.dispatcher.Status() {
		all = append(all, view.Channel{
			Name: s.Name, Kind: string(s.Kind), Delivered: s.Delivered, Waiting: s.Waiting, GivenUp: s.GivenUp,
			FailingSince: s.FailingSince, LastError: s.LastError,
		})
	}
	return all
}

// An outbox is where messages wait: in the history, in memory without one, or while it
// cannot be written, since a full disk is no reason to keep an alert back. What memory
// has delivered is not delivered again when the history has it.
type outbox struct {
	db     *history.DB // nil: none
	memory *notify.Memory

	mu   sync.Mutex
	lent map[string]bool // keys with targets that went by memory while the history could not be written
}

// put takes rows that no commit has.
func (o *outbox) put(rows []notify.Row, lent bool) {
	if lent {
		o.mu.Lock()
		for _, r := range rows {
			if o.lent == nil {
				o.lent = map[string]bool{}
			}
			o.lent[r.Target+"\x00"+r.Key] = true
		}
		o.mu.Unlock()
	}
	o.memory.Put(rows...)
}

// Rows implements notify.Outbox. Rows of memory have negative numbers.
func (o *outbox) Rows(target string, limit int) ([]notify.Row, error) {
	rows, err := o.memory.Rows(target, limit)
	for i := range rows {
		rows[i].ID = -rows[i].ID
	}
	if err != nil || o.db == nil {
		return rows, err
	}
	kept, err := o.db.OutboxOf(target, limit)
	if err != nil {
		if len(rows) > 0 {
			return rows, nil
		}
		return nil, err
	}
	var gone []int64
	for _, k := range kept {
		o.mu.Lock()
		lent := o.lent[target+"\x00"+k.Key]
		o.mu.Unlock()
		if lent {
			gone = append(gone, k.ID)
			continue
		}
		rows = append(rows, notify.Row{ID: k.ID, Target: k.Target, Key: k.Key, Body: k.Body, Due: time.Unix(k.Due, 0)})
	}
	if len(gone) > 0 {
		if err := o.db.Deliver(gone); err != nil {
			return nil, err
		}
	}
	return rows[:min(len(rows), limit)], nil
}

// parted splits numbers by where their rows are.
func parted(ids []int64) (memory, kept []int64) {
	for _, id := range ids {
		if id < 0 {
			memory = append(memory, -id)
		} else {
			kept = append(kept, id)
		}
	}
	return memory, kept
}

// Done implements notify.Outbox.
func (o *outbox) Done(ids []int64) error {
	memory, kept := parted(ids)
	if err := o.memory.Done(memory); err != nil || len(kept) == 0 {
		return err
	}
	return o.db.Deliver(kept)
}

// Defer implements notify.Outbox.
func (o *outbox) Defer(ids []int64, until time.Time, why string) error {
	memory, kept := parted(ids)
	if err := o.memory.Defer(memory, until, why); err != nil || len(kept) == 0 {
		return err
	}
	return o.db.Defer(kept, until.Unix())
}

// messagesOf are rows as the history has them.
func messagesOf(rows []notify.Row) []history.Message {
	var all []history.Message
	for _, r := range rows {
		all = append(all, history.Message{Target: r.Target, Key: r.Key, Body: r.Body, Due: r.Due.Unix()})
	}
	return all
}

// tell puts the messages about events where they wait. In a history they are part of
// the commit of the events.
func (m *Monitor) tell(events []*alert.Event) {
	if m.teller == nil {
		return
	}
	for _, e := range events {
		if !m.replays(e.At) {
			m.send(m.teller.rows(e, !m.live, time.Now()))
		}
	}
}

func (m *Monitor) send(rows []notify.Row) {
	if len(rows) == 0 {
		return
	}
	if k := m.memory; k != nil && !k.outage.over {
		k.next.Outbox = append(k.next.Outbox, messagesOf(rows)...)
		if k.failed != nil || k.outage.told != "" { // it may take long until it can be written
			m.teller.outbox.put(rows, true)
			m.teller.dispatcher.Wake()
		}
		return
	}
	m.teller.outbox.put(rows, false)
	m.teller.dispatcher.Wake()
}

// tellMissed tells of alerts that were found in the past, and are still open.
func (m *Monitor) tellMissed() {
	if m.teller != nil {
		m.send(m.teller.missed(m.gauge.Snapshot().Windows, time.Now()))
	}
}

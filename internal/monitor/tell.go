package monitor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
//
// There is one without channels, too: it knows what a channel that comes later is to be
// told of, and that what ended meanwhile is over.
type teller struct {
	dispatcher *notify.Dispatcher
	channels   []notify.Channel
	outbox     *outbox
	zone       *time.Location
	host       string
	reported                   // as it is to be committed
	changed    bool            // reported is another than was committed
	fresh      map[string]bool // channels that came since what is owed began
	owed       map[string]bool // open alerts, by rule and key, that those were not told of
	strays     *strays
	words      chan string // of the channels
	cancel     func()
	done       chan struct{} // closed when the channels work no more; nil before start
}

// reported is what was told, as the history has it.
type reported struct {
	// Open are the alerts that were told and are not over, by rule and key.
	Open map[string]notify.Message `json:"open"`
	// Heard are the names of the channels that were told of one of Open, or will be, by its key
	// there: the end is theirs to know, too, even if they are gone for a while.
	Heard map[string][]string `json:"heard,omitempty"`
	// Channels are the names of those that know of all that is open.
	Channels []string `json:"channels"`
	// Paid is until when what channels delivered counts for the most of an hour, by their names.
	Paid map[string]time.Time `json:"paid,omitempty"`
}

// mostWords are notices of channels that wait to be shown; more are dropped.
const mostWords = 64

// newTeller makes the teller of the channels. What an earlier process told is in state.
func newTeller(o *Options, db *history.DB, state []byte) (*teller, error) {
	t := &teller{
		channels: o.Channels, zone: o.Zone, reported: reported{Open: map[string]notify.Message{}}, strays: &strays{told: map[string]bool{}}, words: make(chan string, mostWords),
	}
	t.outbox = &outbox{db: db, memory: notify.NewMemory(mostUnsent), tell: t.say}
	t.host, _ = os.Hostname() // "" where nobody knows
	if len(state) > 0 {
		if err := json.Unmarshal(state, &t.reported); err != nil {
			return nil, fmt.Errorf("which alerts were told cannot be read: %w", err)
		}
	}
	return t, t.dispatch(o)
}

// redirected returns the teller that goes on for t with the channels of o. Nothing is told by
// it before start.
func (t *teller) redirected(o *Options) (*teller, error) {
	t.pay()
	next := &teller{
		channels: o.Channels, outbox: t.outbox, zone: t.zone, host: t.host, reported: t.reported, changed: t.changed, strays: t.strays, words: t.words,
	}
	return next, next.dispatch(o)
}

// dispatch makes the dispatcher for the channels, and finds out what they do not know.
func (t *teller) dispatch(o *Options) (err error) {
	t.fresh, t.owed = map[string]bool{}, map[string]bool{}
	for name := range t.names() {
		t.fresh[name] = !slices.Contains(t.Channels, name)
	}
	for name := range t.Open {
		t.owed[name] = true
	}
	maps.DeleteFunc(t.Paid, func(_ string, until time.Time) bool { return until.Before(time.Now()) })
	t.dispatcher, err = notify.New(t.channels, notify.Options{
		Outbox: t.outbox, Bell: o.Bell, Agent: "weir", Seed: uint64(time.Now().UnixNano()), Paid: t.Paid, Drain: drainNotices, Tell: t.say,
	})
	return err
}

// say takes a notice; it may be called by any goroutine.
func (t *teller) say(text string) {
	select {
	case t.words <- text:
	default:
	}
}

// names are those of the channels that are on.
func (t *teller) names() map[string]bool {
	names := map[string]bool{}
	for i := range t.channels {
		if t.channels[i].Enabled {
			names[t.channels[i].Name] = true
		}
	}
	return names
}

const (
	// mostUnsent are messages for one channel that wait without a history.
	mostUnsent = 1000
	// drainNotices is how long the end of weir waits for channels.
	drainNotices = 2 * time.Second
	// stateTold is the name of the state that has what was told.
	stateTold = "told"
)

// start lets the channels work until stop; after those of before, which are at their end,
// nil for none: both would take the same rows.
func (t *teller) start(before *teller) {
	t.dispatcher.Open(t.firing())
	ctx, cancel := context.WithCancel(context.Background())
	t.cancel, t.done = cancel, make(chan struct{})
	go func() {
		defer close(t.done)
		if before != nil {
			<-before.done
		}
		t.dispatcher.Run(ctx)
	}()
}

// stop ends the work of the channels, and waits for it.
func (t *teller) stop() {
	if t.done != nil {
		t.cancel()
		<-t.done
	}
}

// firing returns the open alerts in the order of their names.
func (t *teller) firing() []notify.Message {
	var all []notify.Message
	for _, m := range t.Open {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b notify.Message) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// rows returns what is to be put into the outbox for an event. replayed says that it is one
// of the past: then it is told if it ends an alert that was told.
func (t *teller) rows(e *alert.Event, late, replayed bool, now time.Time) []notify.Row {
	name := e.Rule.Name + "\x00" + e.Key
	before, open := t.Open[name]
	if e.Acknowledged || e.Hushed != 0 {
		t.calm(e)
	}
	if !e.Told() || e.Muted != "" {
		return nil
	}
	m := t.message(e, late)
	switch {
	case m.State == notify.Firing && replayed, m.State == notify.Recovered && !open:
		return nil // who was told of an alert is told of its end
	case m.State == notify.Firing:
		t.Open[name] = m
		delete(t.Heard, name)
	default:
		// Where a clock was set meanwhile, it began at another second than was told; where the
		// rule was changed, an Alertmanager would know the end of another alert.
		m.Began, m.Severity, m.Labels = before.Began, before.Severity, before.Labels
		m.ID = notify.MessageID(m.Rule, m.Key, m.Began, m.State)
		delete(t.Open, name)
	}
	t.changed = true
	t.dispatcher.Open(t.firing())
	rows := t.dispatcher.Rows(m, now)
	if m.State == notify.Firing {
		t.heard(name, rows)
	} else {
		rows = t.ending(name, &m, rows, now)
	}
	delete(t.owed, name)
	return rows
}

// heard remembers for whom rows of an open alert are.
func (t *teller) heard(name string, rows []notify.Row) {
	if t.Heard == nil {
		t.Heard = map[string][]string{}
	}
	all := append([]string{}, t.Heard[name]...) // where it is nobody, that is known, too
	for i := range rows {
		all = append(all, rows[i].Target)
	}
	t.Heard[name] = all
}

// ending returns the rows of the end of an alert: of those for whoever takes it now, the ones of
// channels that heard of its begin, and one for each other that did. What a channel takes, and how
// severe a rule is, may have been changed meanwhile. For channels that are gone they wait for
// their return like all that they have not taken.
func (t *teller) ending(name string, m *notify.Message, takes []notify.Row, now time.Time) []notify.Row {
	heard, known := t.Heard[name]
	delete(t.Heard, name)
	var rows []notify.Row
	for _, r := range takes {
		switch fresh := t.owed[name] && t.fresh[r.Target]; {
		case fresh:
		case !known, slices.Contains(heard, r.Target), t.repeats(r.Target):
			rows = append(rows, r)
		}
	}
	for _, target := range heard {
		silent := slices.ContainsFunc(t.channels, func(c notify.Channel) bool { return c.Enabled && c.Name == target && !c.Resolved })
		if !silent && !slices.ContainsFunc(rows, func(r notify.Row) bool { return r.Target == target }) {
			rows = append(rows, notify.RowFor(target, m, now))
		}
	}
	return rows
}

// repeats tells whether a channel tells again of what is open, so that it may have heard of an
// alert without a row.
func (t *teller) repeats(name string) bool {
	return slices.ContainsFunc(t.channels, func(c notify.Channel) bool { return c.Name == name && c.Repeat > 0 })
}

// calm keeps channels from telling again what somebody knows of, or has muted.
func (t *teller) calm(e *alert.Event) {
	for name, m := range t.Open {
		if m.Rule != e.Rule.Name || e.Key != "" && m.Key != e.Key {
			continue
		}
		if e.Acknowledged {
			if m.Key != e.Key {
				continue // there is an event for each
			}
			m.Known = true
		} else {
			m.Quiet = time.Unix(e.Hushed, 0).In(t.zone)
		}
		t.Open[name], t.changed = m, true
	}
	t.dispatcher.Open(t.firing())
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
// they were found in the past, or not to the channels that are new.
func (t *teller) missed(windows []view.Window, now time.Time) []notify.Row {
	var rows []notify.Row
	for i := range windows {
		w := &windows[i]
		if w.State != alert.Firing || w.Muted || w.Acknowledged {
			continue
		}
		name := w.Rule.Name + "\x00" + w.Key
		if m, told := t.Open[name]; told {
			if t.owed[name] {
				m.Late = true
				news := slices.DeleteFunc(t.dispatcher.Rows(m, now), func(r notify.Row) bool { return !t.fresh[r.Target] })
				t.heard(name, news)
				t.changed = t.changed || len(news) > 0
				rows = append(rows, news...)
			}
			continue
		}
		e := alert.Event{Rule: w.Rule, Key: w.Key, State: alert.Firing, At: w.Since, Began: w.Since, Sample: w.Sample}
		if w.Change != nil {
			e.Change = w.Change
		}
		rows = append(rows, t.rows(&e, true, false, now)...)
	}
	if names := slices.Sorted(maps.Keys(t.names())); !slices.Equal(names, t.Channels) {
		t.Channels, t.changed = names, true
	}
	clear(t.fresh)
	clear(t.owed)
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

// pay notes what channels have delivered that counts for the most of an hour.
func (t *teller) pay() {
	for _, s := range t.dispatcher.Status() {
		if !s.Paid.Equal(t.Paid[s.Name]) {
			if t.Paid == nil {
				t.Paid = map[string]time.Time{}
			}
			t.Paid[s.Name], t.changed = s.Paid, true
		}
	}
}

// doing returns how the channels are doing.
func (t *teller) doing() []view.Channel {
	var all []view.Channel
	for _, s := range t.dispatcher.Status() {
		all = append(all, view.Channel{
			Name: s.Name, Kind: string(s.Kind), Delivered: s.Delivered, Waiting: s.Waiting, GivenUp: s.GivenUp,
			FailingSince: s.FailingSince, LastError: s.LastError,
		})
	}
	return all
}

// noted is an interval with the channels that fail. It is a copy where there is one, since an
// interval is not changed once made.
func (t *teller) noted(iv *view.Interval) *view.Interval {
	failing := slices.DeleteFunc(t.doing(), func(c view.Channel) bool { return c.FailingSince.IsZero() })
	if len(failing) == 0 {
		return iv
	}
	with := *iv
	with.Failing = failing
	return &with
}

// An outbox is where messages wait: in the history, in memory without one, or while it
// cannot be written, since a full disk is no reason to keep an alert back. What memory
// has delivered is not delivered again when the history has it.
type outbox struct {
	db     *history.DB // nil: none
	memory *notify.Memory
	tell   func(text string)

	mu sync.Mutex
	// lent are rows, by target and key, that go by memory while the history cannot be written,
	// which has them later, or not at all if weir ends before.
	lent map[string]bool
}

// put takes rows that no commit has.
func (o *outbox) put(rows []notify.Row) {
	dropped := o.memory.Put(rows...)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range dropped {
		name := r.Target + "\x00" + r.Key
		if o.lent[name] {
			delete(o.lent, name) // the history has it yet to come
			continue
		}
		o.tell(fmt.Sprintf("notify %s: %d messages wait, and there is no room for more without a history: told to nobody: %s", r.Target, mostUnsent, r.Line()))
	}
}

// lend takes rows that are in a commit which may take long until it can be written.
func (o *outbox) lend(rows []history.Message) {
	for i := range rows {
		r := rowOf(&rows[i])
		name := r.Target + "\x00" + r.Key
		o.mu.Lock()
		twice := o.lent[name]
		if o.lent == nil {
			o.lent = map[string]bool{}
		}
		o.lent[name] = true
		o.mu.Unlock()
		if !twice {
			o.put([]notify.Row{r})
		}
	}
}

// returned tells whether a row that the history has was lent, and is delivered. As long as
// memory has it, it is delivered from there: the one in the history is for the next process.
func (o *outbox) returned(target, key string) (lent, delivered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.lent[target+"\x00"+key] {
		return false, false
	}
	return true, !o.memory.Has(target, key)
}

// targets returns for whom something waits.
func (o *outbox) targets() ([]history.Waiting, error) {
	if o.db != nil {
		return o.db.Targets()
	}
	var all []history.Waiting
	for target, n := range o.memory.Targets() {
		all = append(all, history.Waiting{Target: target, Messages: int64(n)})
	}
	return all, nil
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
	var keys []string
	for i := range kept {
		k := &kept[i]
		switch lent, delivered := o.returned(target, k.Key); {
		case delivered:
			gone, keys = append(gone, k.ID), append(keys, k.Key)
		case !lent:
			rows = append(rows, rowOf(k))
		}
	}
	if len(gone) > 0 {
		if err := o.db.Deliver(gone); err != nil {
			return nil, err
		}
		o.mu.Lock()
		for _, key := range keys {
			delete(o.lent, target+"\x00"+key)
		}
		o.mu.Unlock()
	}
	return rows[:min(len(rows), limit)], nil
}

func rowOf(m *history.Message) notify.Row {
	return notify.Row{ID: m.ID, Target: m.Target, Key: m.Key, Body: m.Body, Due: time.Unix(m.Due, 0)}
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
	for _, e := range events {
		m.send(m.teller.rows(e, !m.live, m.replays(e.At), time.Now()))
	}
}

func (m *Monitor) send(rows []notify.Row) {
	if len(rows) == 0 {
		return
	}
	if k := m.memory; k != nil && !k.outage.over {
		messages := messagesOf(rows)
		k.next.Outbox = append(k.next.Outbox, messages...)
		if k.failed != nil || k.outage.told != "" {
			m.teller.outbox.lend(messages)
			m.teller.dispatcher.Wake()
		}
		return
	}
	m.teller.outbox.put(rows)
	m.teller.dispatcher.Wake()
}

// lend lets the channels have what is in commits that cannot be written at the moment.
func (m *Monitor) lend() {
	k := m.memory
	for _, c := range []*pending{k.failed, k.next} {
		if c != nil && len(c.Outbox) > 0 {
			m.teller.outbox.lend(c.Outbox)
			m.teller.dispatcher.Wake()
		}
	}
}

// tellMissed tells of alerts that were found in the past, and are still open.
func (m *Monitor) tellMissed() {
	m.send(m.teller.missed(m.gauge.Snapshot().Windows, time.Now()))
}

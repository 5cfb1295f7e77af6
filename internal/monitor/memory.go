package monitor

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/internal/gauge"
	"weir/internal/history"
	"weir/internal/tail"
	"weir/internal/traffic"
	"weir/internal/view"
)

// A memory keeps what a Monitor knows in a history. All that follows from the
// lines up to some place in each log is one commit: what was sealed, what was
// announced, the state of the gauge, and those places.
//
//	gauge ──Output──► memory ──Commit──► history.DB
//	                     └──Output──► Sink, when it is committed
//
// So whenever the process ends, the next one goes on from the last commit: it
// reads the same lines again, and nothing is lost, counted or announced twice.
// The log is the journal. It is one struct, because a commit is made of all of it.
type memory struct {
	db      *history.DB
	subject history.Subject
	resumed bool // there was something to go on from
	lived   bool // the history knows that all that was there at its start was counted
	named   bool // the history knows what it is of
	advised bool // the history knows, or will with the commit in hand, that a threshold was suggested

	learned []byte // until restore

	next   *pending // in the making
	failed *pending // to be given again, unchanged, before next
	spare  *pending
	size   int            // bytes of the frames of next
	until  int64          // all before it is sealed, as far as is committed
	held   []gauge.Output // not shown before they are committed
	tried  time.Time      // the last commit
	lost   lostFigures
	outage outage
	since  int64  // from then on nothing was read; 0 where an earlier process was gone on from
	said   string // what else is wrong, likewise

	stop   chan struct{} // ends prune; nil once it was
	pruned sync.WaitGroup
	news   chan string // from prune
}

// pending is a commit with the memory of its state of the gauge.
type pending struct {
	history.Commit
	state []byte
}

// blank reports whether there is nothing in p but that weir ran, and waited for logs
// that did not come, or have no line.
func (p *pending) blank(lanes []*lane) bool {
	return len(p.Sealed)+len(p.Amended)+len(p.Events)+len(p.Marks) == 0 && !slices.ContainsFunc(lanes, func(l *lane) bool {
		st := l.source.State()
		return st.Offset > 0 || st.Rotations+st.Truncations > 0
	})
}

// outage is why nothing can be written.
type outage struct {
	told  string // as it was told
	tries int    // one after the other, that had no hope
	over  bool   // nothing is written any more
}

// lostFigures are those of stretches that were given up.
type lostFigures struct {
	stretches int
	from, to  int64
}

const (
	// A commit is made as soon as there is nothing more to read, else, while much
	// is read, after that many stretches or so long.
	commitStretches = 64
	commitAfter     = 200 * time.Millisecond
	// streamsEvery is how often what came through streams, which cannot be read
	// again, is committed; without a stretch being sealed.
	streamsEvery = time.Second
	// idleEvery is how often it is committed that nothing happened.
	idleEvery = time.Minute
	// retryEvery is how often a commit that failed is tried again.
	retryEvery = 5 * time.Second
	// mostTries is how often a commit is tried again that has failed for a reason
	// which no room on a disk takes away.
	mostTries = 3
	// mostWaiting are the bytes of frames that wait for a history that cannot be
	// written: several hours of a busy site.
	mostWaiting = 16 << 20
	// pruneEvery is how often old rows are dropped.
	pruneEvery = 5 * time.Minute
	// newsFor is how old an event may be that a Monitor which goes on from a
	// history finds while it catches up, and still is news.
	newsFor = 10 * time.Minute
)

// The names of states: that of the gauge, and the one that is there once all that
// the logs held when the history began is counted.
const (
	stateGauge = "gauge"
	stateLive  = "live"
	// what was learned of the traffic: large, and not new with each commit
	stateLearned = "learned"
)

// A HistoryError says that the history cannot be gone on from. Without it a
// Monitor can run.
type HistoryError struct{ Err error }

// Error returns the sentence.
func (e *HistoryError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *HistoryError) Unwrap() error { return e.Err }

// recall opens the memory, and reads what to go on from: the state of the gauge,
// nil where there is none, and of each log by its name.
func recall(db *history.DB, subject history.Subject) (m *memory, state []byte, lanes map[string]laneState, err error) {
	m = &memory{
		db: db, subject: subject, next: new(pending), spare: new(pending),
		stop: make(chan struct{}), news: make(chan string, 1),
	}
	if m.until, _, _, err = db.Sealed(); err != nil {
		return nil, nil, nil, err
	}
	if m.learned, _, err = db.State(stateLearned); err != nil {
		return nil, nil, nil, err
	}
	if state, m.resumed, err = db.State(stateGauge); err != nil || !m.resumed {
		return m, nil, nil, err
	}
	m.named = true
	if _, m.lived, err = db.State(stateLive); err != nil {
		return nil, nil, nil, err
	}
	stored, err := db.Positions()
	if err != nil {
		return nil, nil, nil, err
	}
	lanes = make(map[string]laneState, len(stored))
	for name, data := range stored {
		s, err := parseLaneState(data)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("where the reading of %s stopped cannot be read: %w", name, err)
		}
		lanes[name] = s
	}
	return m, state, lanes, nil
}

// greeting tells where the history is, and from when on it is written; in 80 cells,
// where the folder is the usual one.
func (m *memory) greeting(zone *time.Location) string {
	if !m.resumed {
		home, _ := os.UserHomeDir() // without one all of the path is told
		return fmt.Sprintf("history in %s; --no-state keeps none", fromHome(filepath.Dir(m.db.Path()), home))
	}
	if m.until <= 0 { // nothing was sealed yet
		return "the history goes on; --no-state begins anew"
	}
	return fmt.Sprintf("the history goes on from %s; --no-state begins anew", time.Unix(m.until, 0).In(zone).Format(time.DateTime))
}

// fromHome writes a path below the home of the user as shells do.
func fromHome(path, home string) string {
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok && home != "" {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}

// restore returns the gauge that goes on from state.
func (m *memory) restore(o gauge.Options, state []byte) (*gauge.Gauge, error) {
	g, err := gauge.Restore(o, state, gauge.Past{
		Seconds: func(epoch, from int64, yield func(sec int64, n traffic.Second)) error {
			return m.db.Seconds(epoch, from, forever, yield)
		},
		Learned: m.learned,
	})
	m.learned = nil
	if err != nil {
		return nil, fmt.Errorf("the history %s: %w", m.db.Path(), err)
	}
	return g, nil
}

// keep takes what has come up, commits it if it is time for that, and returns what
// may be shown. idle says that there is nothing more to read at the moment.
func (m *Monitor) keep(outs []gauge.Output, idle bool) []gauge.Output {
	k, now := m.memory, time.Now()
	if k.outage.over {
		return outs
	}
	due := k.add(outs, m)
	since := now.Sub(k.tried)
	if !due && len(k.held) == 0 {
		due = since >= idleEvery || since >= streamsEvery && m.streamed
	}
	k.held = append(k.held, outs...)
	k.hear()
	switch {
	case k.failed != nil && since < retryEvery:
	case k.failed == nil && !due && len(k.next.Sealed)+len(k.next.Amended)+len(k.next.Events)+len(k.next.Outbox) == 0:
	case !idle && since < commitAfter && len(k.next.Sealed) < commitStretches:
		return nil
	default:
		m.commit(now)
	}
	outs, k.held = k.held, nil
	return outs
}

// add puts what is to be kept into the commit in the making. It reports whether
// there was something that is not to wait.
func (k *memory) add(outs []gauge.Output, m *Monitor) bool {
	due := false
	for i := range outs {
		switch o := &outs[i]; {
		case o.Sealed != nil:
			k.seal(o.Sealed)
			due = true
		case o.Event != nil:
			k.next.Events = append(k.next.Events, history.Event{Event: *o.Event, Replayed: m.replays(o.Event.At)})
			due = true
		}
	}
	if k.size > mostWaiting {
		k.giveUp()
	}
	return due
}

// seal adds a stretch: as a new one, or to one that was sealed before, be it for
// late records or because a clock was set back.
func (k *memory) seal(s *gauge.Sealed) {
	row := stretchOf(s)
	k.size += row.Frame.Size()
	if s.Amends {
		k.next.Amended = append(k.next.Amended, row)
	} else {
		k.next.Sealed = append(k.next.Sealed, row)
	}
}

func stretchOf(s *gauge.Sealed) history.Stretch {
	f := history.Figures{Figures: s.Figures, Late: s.Late}
	for _, n := range s.Rejected {
		f.Rejected += n
	}
	return history.Stretch{Epoch: s.Epoch, Frame: s.Frame, Figures: f, Seconds: s.Seconds}
}

// commit writes what has come up, the state of the gauge, and where each log is
// read. Nothing but it may be in the gauge: what it told was taken.
func (m *Monitor) commit(now time.Time) {
	k := m.memory
	k.tried = now
	if k.failed != nil {
		if err := k.db.Commit(&k.failed.Commit); err != nil {
			m.fails(err)
			// They only save a search, and thousands of logs have one each minute.
			for _, l := range m.lanes {
				l.spans.ready = nil
			}
			return
		}
		k.spare, k.failed = k.failed, nil
		m.teller.dispatcher.Wake()
		k.done(k.spare)
	}
	if err := m.fill(k.next); err != nil {
		m.fails(err)
		return
	}
	k.size = 0
	c := k.next
	if !k.named && c.blank(m.lanes) {
		return // a mistyped name is not to leave a history
	}
	if err := k.db.Commit(&c.Commit); err != nil {
		k.failed, k.next, k.spare = c, k.spare, nil
		m.fails(err)
		return
	}
	m.streamed, k.lived = false, k.lived || m.live
	sent := len(c.Outbox) > 0
	k.done(c)
	if sent {
		m.teller.dispatcher.Wake()
	}
	k.works()
}

// paid keeps what channels have delivered after the last commit, when all has ended. That it cannot be
// written is told to nobody: then a channel may deliver one message more than it is to, in an hour.
func (m *Monitor) paid() {
	k := m.memory
	if m.teller.pay(); k == nil || k.outage.over || k.failed != nil || !k.named || !m.teller.changed {
		return
	}
	if told, err := json.Marshal(&m.teller.reported); err == nil {
		_ = k.db.Commit(&history.Commit{States: map[string][]byte{stateTold: told}})
	}
}

// done forgets what is committed, and takes the marks that are in it out of the
// inbox.
func (k *memory) done(c *pending) {
	if err := k.db.Taken(c.Marks); err != nil {
		k.complain(err.Error())
	}
	c.Reset()
}

// complain tells something once.
func (k *memory) complain(text string) {
	if text != k.said {
		k.said = text
		k.tell(text)
	}
}

// fill adds the states of this moment to c.
func (m *Monitor) fill(c *pending) error {
	k := m.memory
	var err error
	learned, fresh := m.gauge.Checkpoint(nil)
	if c.state, err = m.gauge.AppendBinary(c.state[:0]); err != nil {
		return err
	}
	if c.States == nil {
		c.States, c.Positions = map[string][]byte{}, map[string][]byte{}
	}
	c.States[stateGauge] = c.state
	if fresh {
		c.States[stateLearned] = learned
	}
	m.teller.pay()
	if t := m.teller; t.changed {
		if c.States[stateTold], err = json.Marshal(&t.reported); err != nil {
			return err
		}
		t.changed = false
	}
	if !k.named {
		name, data := k.subject.State()
		c.States[name] = data
	}
	if m.live && !k.lived {
		c.States[stateLive] = []byte{1}
	}
	if m.advised && !k.advised {
		c.States[stateAdvised], k.advised = []byte{1}, true
	}
	if to, ok := m.gauge.SealedTo(); ok {
		c.Until, k.until = to, to
	}
	m.noteUnread(&c.Commit)
	marks, err := k.db.Waiting()
	if err != nil {
		k.complain(err.Error())
	}
	c.Marks = append(c.Marks, marks...)
	for _, l := range m.lanes {
		if l.moved() {
			c.Positions[absolute(l.account.Name)] = l.store()
		}
		c.Spans = l.spans.take(c.Spans)
	}
	return nil
}

// joins finds out whether this process goes on reading where the one before it
// stopped: then all that was logged meanwhile is read, and where there is nothing
// there was no request. One log that was found again is enough, since those that are
// gone may have been read to their ends; one that lost its place is not.
func (m *Monitor) joins() {
	k, on := m.memory, false
	if !k.resumed || k.until <= 0 {
		return
	}
	for _, l := range m.lanes {
		st := l.source.State()
		if st.Kind != tail.File || st.Unfound {
			on = false
			break
		}
		on = on || l.resumed
	}
	if !on {
		k.since = k.until
	}
}

// noteUnread adds the time in which nobody read, once it is known how far it goes: up
// to the start of this process, or to the first record where that is older.
func (m *Monitor) noteUnread(c *history.Commit) {
	k := m.memory
	if k.since == 0 {
		return
	}
	const width = gauge.SealSeconds
	to := m.started.Unix() / width * width
	run := m.gauge.Snapshot()
	if !run.Seen && c.Until < to {
		return
	}
	if run.Seen {
		to = min(to, traffic.FloorDiv(run.From, width)*width)
	}
	if k.since < to {
		c.Unread = append(c.Unread, history.Gap{From: k.since, To: to})
	}
	k.since = 0
}

// fails tells, once, that the history cannot be written, and gives it up where that
// will not change.
func (m *Monitor) fails(err error) {
	k := m.memory
	m.lend()
	if !history.Permanent(err) {
		k.outage.tries = 0
	} else if k.outage.tries++; k.outage.tries >= mostTries {
		m.resign(err)
		return
	}
	if text := err.Error(); text != k.outage.told {
		k.outage.told = text
		k.tell(fmt.Sprintf("%s; the watching goes on, the writing is tried again every %v", text, retryEvery))
	}
}

// resign ends the writing, not the watching. The history stays what it was with the
// last commit, and says where each log was read up to: to set aside what cannot be
// committed, and write what follows, would lose that for good.
func (m *Monitor) resign(err error) {
	k := m.memory
	k.tell(fmt.Sprintf("%v; it was tried %d times, and nothing more is kept: the watching goes on, "+
		"and what was logged since is read by the next weir that can write a history", err, k.outage.tries))
	k.close()
	k.outage.over, k.next, k.spare, k.failed, k.size = true, new(pending), nil, nil, 0
	for _, l := range m.lanes {
		l.spans.kept, l.spans.ready = false, nil
	}
}

// works tells that it can be written again, and what it lacks.
func (k *memory) works() {
	k.named, k.outage.tries = true, 0
	if k.outage.told != "" {
		k.tell("the history is written again")
		k.outage.told = ""
	}
	if l := &k.lost; l.stretches > 0 {
		k.tell(fmt.Sprintf("the history lacks %d stretches of 10 s between %s and %s, for which there was no room while it could not be written",
			l.stretches, stampUTC(l.from), stampUTC(l.to)))
		*l = lostFigures{}
	}
}

// giveUp drops the older half of what waits for the history: memory is bounded.
func (k *memory) giveUp() {
	drop := func(rows []history.Stretch, n int) []history.Stretch {
		for i := range rows[:n] {
			f := &rows[i].Frame
			if k.lost.stretches == 0 {
				k.lost.from, k.lost.to = f.From, f.To
			}
			k.lost.stretches++
			k.lost.from, k.lost.to = min(k.lost.from, f.From), max(k.lost.to, f.To)
			k.size -= f.Size()
		}
		left := copy(rows, rows[n:])
		clear(rows[left:])
		return rows[:left]
	}
	k.next.Sealed = drop(k.next.Sealed, (len(k.next.Sealed)+1)/2)
	k.next.Amended = drop(k.next.Amended, (len(k.next.Amended)+1)/2)
}

func (k *memory) tell(text string) {
	k.held = append(k.held, gauge.Output{Notice: &view.Notice{Text: text}})
}

// tend drops old rows from time to time, until close.
func (k *memory) tend() {
	stop := k.stop
	k.pruned.Go(func() {
		every := time.NewTicker(pruneEvery)
		defer every.Stop()
		for {
			select {
			case <-stop:
				return
			case <-every.C:
			}
			// The age of a row is that in the log: an old log that is looked at today
			// keeps its last days.
			until, _, ok, err := k.db.Sealed()
			if err == nil && ok {
				_, err = k.db.Prune(min(until, time.Now().Unix()))
			}
			if err != nil {
				select {
				case k.news <- "the history cannot be tidied up: " + err.Error():
				default: // the one before was not told yet
				}
			}
		}
	})
}

// hear takes what prune tells.
func (k *memory) hear() {
	select {
	case text := <-k.news:
		k.complain(text)
	default:
	}
}

// close ends the tending.
func (k *memory) close() {
	if k.stop != nil {
		close(k.stop)
		k.pruned.Wait()
		k.stop = nil
	}
}

// replays reports whether an event of second at is one of the past: recorded, but
// told to nobody who is not looking. A history whose first process was killed
// while it read the past has nothing but that.
func (m *Monitor) replays(at int64) bool {
	if m.live {
		return false
	}
	return m.memory == nil || !m.memory.lived || m.started.Unix()-at > int64(newsFor/time.Second)
}

// absolute is the name of a log in the history, whatever folder weir runs in.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

func stampUTC(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.RFC3339) }

// positionsOf returns for tail where reading of the logs stopped.
func positionsOf(lanes map[string]laneState, paths []string) map[string]tail.Position {
	known := make(map[string]tail.Position, len(lanes))
	for name, s := range lanes {
		if s.file() {
			known[name] = s.Position // of what comes later, too
		}
	}
	for _, p := range paths {
		if s, ok := lanes[absolute(p)]; ok && s.file() {
			known[p] = s.Position
		}
	}
	return known
}

package notify

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A Row is one message that waits for one channel.
type Row struct {
	ID     int64  // given by the outbox, rising
	Target string // the name of the channel
	Key    string // the ID of the Message
	Body   []byte // the message, as Dispatcher.Rows wrote it; not to be changed
	Due    time.Time
}

// An Outbox keeps rows until they are delivered. It is called by the goroutines of all
// channels at once. What it is told is to outlive the process, where the caller wants
// that; a call that fails is made again.
type Outbox interface {
	// Rows returns what waits for a target, the oldest first, due or not, at most so
	// many. The whole is asked for since a recovery is not to overtake its alert.
	Rows(target string, limit int) ([]Row, error)
	// Done takes rows out: delivered, or given up and told. Rows that are gone are no
	// error.
	Done(ids []int64) error
	// Defer sets when rows are due again, and notes why, in a sentence without secrets.
	Defer(ids []int64, until time.Time, why string) error
}

// mostRows bounds what is looked at of one channel at a time.
const mostRows = 1000

// An envelope is the body of a Row.
type envelope struct {
	Queued  time.Time `json:"queued"`
	Message Message   `json:"message"`
}

// seal writes the row of a message.
func seal(target string, m *Message, queued, due time.Time) Row {
	body, err := json.Marshal(envelope{queued.UTC(), *m})
	if err != nil {
		// Only a year beyond 9999 has no form in JSON: such a time is left out.
		plain := *m
		plain.At, plain.Began, plain.Ended = queued.UTC(), queued.UTC(), time.Time{}
		body, _ = json.Marshal(envelope{queued.UTC(), plain})
	}
	return Row{Target: target, Key: m.ID, Body: body, Due: due}
}

// RowFor returns the row of a message for a channel that is not there at the moment; it may be
// told as soon as it comes back.
func RowFor(target string, m *Message, now time.Time) Row { return seal(target, m, now, now) }

// AbandonedAfter is how long rows are kept for a channel that is no more: as long as a message
// is tried by default.
const AbandonedAfter = usualGiveUp

// Abandoned returns those of rows that have waited for longer than AbandonedAfter, or hold no
// message.
func Abandoned(rows []Row, now time.Time) []Row {
	var over []Row
	for i := range rows {
		if e, err := parse(&rows[i]); err != nil || now.Sub(e.Queued) >= AbandonedAfter {
			over = append(over, rows[i])
		}
	}
	return over
}

// Line is the message of the row in one line, as people are told it.
func (r *Row) Line() string {
	e, err := parse(r)
	if err != nil {
		return err.Error()
	}
	return e.Message.line()
}

func parse(r *Row) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return envelope{}, fmt.Errorf("row %d of the outbox holds no message: %w", r.ID, err)
	}
	if e.Message.ID == "" {
		return envelope{}, fmt.Errorf("row %d of the outbox holds a message without an id", r.ID)
	}
	return e, nil
}

// Memory is an Outbox for where nothing is remembered: it is lost with the process. The
// zero value is not usable; NewMemory makes one. It is safe for concurrent use.
type Memory struct {
	mu   sync.Mutex
	most int
	last int64
	rows []Row
}

// NewMemory returns an Outbox that keeps so many rows for each target.
func NewMemory(most int) *Memory { return &Memory{most: most} }

// Put adds rows. One whose target has one of the same Key already is passed over. Beyond
// what is kept for a target its oldest row goes, and is returned.
func (b *Memory) Put(rows ...Row) (dropped []Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range rows {
		oldest, waiting, twice := -1, 0, false
		for i := range b.rows {
			if b.rows[i].Target != r.Target {
				continue
			}
			waiting++
			twice = twice || b.rows[i].Key == r.Key
			if oldest < 0 {
				oldest = i
			}
		}
		if twice {
			continue
		}
		if waiting >= b.most && oldest >= 0 {
			dropped = append(dropped, b.rows[oldest])
			b.rows = slices.Delete(b.rows, oldest, oldest+1)
		}
		b.last++
		r.ID = b.last
		b.rows = append(b.rows, r)
	}
	return dropped
}

// Has reports whether a row of that Key waits for a target.
func (b *Memory) Has(target, key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.rows, func(r Row) bool { return r.Target == target && r.Key == key })
}

// Targets returns how many rows wait for whom.
func (b *Memory) Targets() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[string]int{}
	for i := range b.rows {
		all[b.rows[i].Target]++
	}
	return all
}

// Rows implements Outbox.
func (b *Memory) Rows(target string, limit int) ([]Row, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []Row
	for _, r := range b.rows {
		if r.Target == target && len(found) < limit {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b Row) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// Done implements Outbox.
func (b *Memory) Done(ids []int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = slices.DeleteFunc(b.rows, func(r Row) bool { return slices.Contains(ids, r.ID) })
	return nil
}

// Defer implements Outbox; the reason is in the Status of the channel.
func (b *Memory) Defer(ids []int64, until time.Time, _ string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.rows {
		if slices.Contains(ids, b.rows[i].ID) {
			b.rows[i].Due = until
		}
	}
	return nil
}

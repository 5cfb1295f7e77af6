package history

import (
	"context"
	"fmt"
	"hash/crc32"
	"math"

	"weir/internal/alert"
)

// A Commit is what is written together, whole or not at all. The zero value is
// empty. It belongs to its owner, who may fill it again after a Commit without an
// error (Reset); the DB keeps nothing of it.
type Commit struct {
	// Sealed are newly sealed stretches in the order of time, none before what
	// was sealed already. Usually they are ten seconds wide. Wider ones are those
	// of a past whose finer levels nobody keeps: then there is nothing finer
	// before their end. What a new epoch has of a time that was sealed is Amended.
	Sealed []Stretch
	// Until says that all before it is sealed, with or without hits; 0 says
	// nothing. The end of the last of Sealed says it too.
	Until int64
	// Amended are figures that came late for stretches sealed before, of ten
	// seconds each, whatever level that time is kept at by now.
	Amended   []Stretch
	Events    []Event
	States    map[string][]byte // to be kept under these names; others stay
	Positions map[string][]byte // of sources by their names; others stay
	Spans     []Span
	Marks     []Mark
	Outbox    []Message
	Delivered []int64 // numbers of Messages that are done with
	Unread    []Gap   // none of which begins where another one does

	attempt int64 // the number it has, once it failed
}

// Reset empties c and keeps its memory.
func (c *Commit) Reset() {
	clear(c.States)
	clear(c.Positions)
	*c = Commit{
		Sealed: c.Sealed[:0], Amended: c.Amended[:0], Events: c.Events[:0], States: c.States, Positions: c.Positions,
		Spans: c.Spans[:0], Marks: c.Marks[:0], Outbox: c.Outbox[:0], Delivered: c.Delivered[:0], Unread: c.Unread[:0],
	}
}

// An Event is a change of state of a rule.
type Event struct {
	ID int64 // given by the store, rising; ignored in a Commit
	alert.Event
	Replayed bool // found in a log of the past: recorded, told to nobody
}

// A Mark is a note on the time line.
type Mark struct {
	ID   int64 // given by the store, rising; ignored in a Commit
	At   int64 // Unix seconds
	Text string
	// Key, where it is not "", tells marks apart: of two with the same one is
	// kept. It is given by AddMark.
	Key string
}

// A Span says where the records of a stretch of time stand.
type Span struct {
	Source string // its name
	File   string // which file it was, however the owner tells them apart
	// FromTime and ToTime are the smallest event time among the records, and one
	// more than the largest, in Unix seconds.
	FromTime, ToTime     int64
	FromOffset, ToOffset int64 // bytes, of the text
}

// A Message waits for being told to somebody.
type Message struct {
	ID     int64  // given by the store, rising, never given again; ignored in a Commit
	Target string // to whom
	Key    string // the same for the same message, so that a receiver can drop repeats
	Body   []byte
	Due    int64 // Unix seconds, not before
}

// openSpan is the last Span of a source, in its row.
type openSpan struct {
	Span
	minute, id int64
}

// Commit writes c. With an error nothing of it was written, as far as is known;
// ErrFull says that there was no room. Then give the same c again, unchanged,
// before any other Commit: should it have been written all the same, that is
// found out, and it is not written twice.
//
// A Commit that cannot be (stretches of no level, or sealed twice) is an error
// that says so, and another may follow. Permanent tells which errors stay.
func (db *DB) Commit(c *Commit) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	w := db.w
	if w == nil {
		return ErrReadOnly
	}
	if db.failed != nil && db.failed != c {
		return ErrOrder
	}
	if c.attempt != 0 {
		// Whatever is wrong with the connection shows here, and what the failed
		// attempt left in memory is forgotten.
		if err := w.load(); err != nil {
			return told(db.path, "write to", err)
		}
		if w.head.commits >= c.attempt {
			c.attempt, db.failed = 0, nil
			return nil
		}
	}
	if err := c.check(w.head.sealed); err != nil {
		c.attempt, db.failed = 0, nil
		return errCommit{err}
	}
	number := w.head.commits + 1
	err := w.transact(func() error { return w.put(c) })
	if err != nil {
		c.attempt, db.failed = number, c
		return told(db.path, "write to", err)
	}
	c.attempt, db.failed = 0, nil
	return nil
}

// check finds what must not be counted.
func (c *Commit) check(sealed int64) error {
	for i := range c.Sealed {
		f := &c.Sealed[i].Frame
		l, ok := levelOf(f.To - f.From)
		if !ok || l.align(f.From) != f.From {
			return fmt.Errorf("history: the stretch [%d, %d) is that of no row", f.From, f.To)
		}
		if f.From < sealed {
			return fmt.Errorf("history: the stretch [%d, %d) is sealed already, up to %d", f.From, f.To, sealed)
		}
		if err := c.Sealed[i].checkSeconds(); err != nil {
			return err
		}
		sealed = f.To
	}
	for i := range c.Marks {
		if err := c.Marks[i].Check(); err != nil {
			return fmt.Errorf("history: %w", err)
		}
	}
	for _, g := range c.Unread {
		if g.From >= g.To || TenSeconds.align(g.From) != g.From || TenSeconds.align(g.To) != g.To {
			return fmt.Errorf("history: nothing can be unread in [%d, %d)", g.From, g.To)
		}
	}
	if TenSeconds.align(c.Until) != c.Until {
		return fmt.Errorf("history: no stretch ends at %d", c.Until)
	}
	for i := range c.Amended {
		f := &c.Amended[i].Frame
		if f.To-f.From != TenSeconds.Step() || TenSeconds.align(f.From) != f.From {
			return fmt.Errorf("history: what comes late comes for ten seconds, not for [%d, %d)", f.From, f.To)
		}
		if f.To > max(sealed, c.Until) {
			return fmt.Errorf("history: the stretch [%d, %d) is not sealed yet, so nothing can come late for it", f.From, f.To)
		}
		if err := c.Amended[i].checkSeconds(); err != nil {
			return err
		}
	}
	return nil
}

// transact runs put in a transaction. After an error the writer is what it was.
func (w *writer) transact(put func() error) error {
	ctx := context.Background()
	if _, err := w.begin.ExecContext(ctx); err != nil {
		return err
	}
	head, next := w.head, w.next
	err := put()
	if err == nil {
		_, err = w.commit.ExecContext(ctx)
	}
	if err != nil {
		// After some failures SQLite has rolled back by itself.
		_, _ = w.rollback.ExecContext(ctx)
		w.head, w.next = head, next
		clear(w.spans)
	}
	return err
}

func (w *writer) put(c *Commit) error {
	for i := range c.Sealed {
		if err := w.putSealed(&c.Sealed[i]); err != nil {
			return err
		}
	}
	if c.Until > w.head.sealed {
		w.head.sealed = c.Until
	}
	if err := w.build(); err != nil {
		return err
	}
	for i := range c.Amended {
		if err := w.amend(&c.Amended[i]); err != nil {
			return err
		}
	}
	if err := w.putNamed(kindState, c.States); err != nil {
		return err
	}
	if err := w.putNamed(kindPosition, c.Positions); err != nil {
		return err
	}
	for i := range c.Spans {
		if err := w.addSpan(&c.Spans[i], w.head.commits<<16+int64(i)); err != nil {
			return err
		}
	}
	if err := w.putUnread(c.Unread); err != nil {
		return err
	}
	if err := w.putRest(c); err != nil {
		return err
	}
	w.head.commits++
	return w.writeHead()
}

func (w *writer) writeHead() error {
	values := make([]any, 0, 20)
	for _, n := range w.head.numbers() {
		values = append(values, *n)
	}
	_, err := w.putHead.ExecContext(context.Background(), values...)
	return err
}

// putNamed writes states, or positions.
func (w *writer) putNamed(kind string, named map[string][]byte) error {
	for name, data := range named {
		if data == nil {
			data = []byte{} // nil would be NULL
		}
		if _, err := w.putState.ExecContext(context.Background(), kind, name, data, sumOf(kind, name, data)); err != nil {
			return err
		}
	}
	return nil
}

// sumOf is what tells that a state or a position is what was written: a bit that
// changed in an offset is not noticed otherwise.
func sumOf(kind, name string, data []byte) int64 {
	table := crc32.MakeTable(crc32.Castagnoli)
	return int64(crc32.Update(crc32.Checksum([]byte(kind+" "+name+" "), table), table, data))
}

// putRest writes what few commits have.
func (w *writer) putRest(c *Commit) error {
	ctx := context.Background()
	for i := range c.Events {
		e := &c.Events[i]
		cause, err := detailOf(&e.Event)
		if err != nil {
			return err
		}
		if _, err := w.putEvent.ExecContext(ctx, e.At, e.Rule.Name, e.State == alert.Firing, e.Hits, e.After,
			int64(e.Rule.Threshold), e.Rule.Window, e.Rule.Total, e.Replayed, cause); err != nil {
			return err
		}
	}
	for _, m := range c.Marks {
		key := any(m.Key)
		if m.Key == "" {
			key = nil
		}
		if _, err := w.putMark.ExecContext(ctx, m.At, m.Text, key); err != nil {
			return err
		}
	}
	for _, m := range c.Outbox {
		body := m.Body
		if body == nil {
			body = []byte{}
		}
		if _, err := w.putOutbox.ExecContext(ctx, m.Target, m.Key, body, m.Due); err != nil {
			return err
		}
	}
	for _, id := range c.Delivered {
		if _, err := w.delOutbox.ExecContext(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// addSpan writes a Span, or makes the last one of its source longer if the two
// follow one another and their newest records are of the same minute: raw lines are
// found to the minute then, in a sixth of the rows.
func (w *writer) addSpan(s *Span, id int64) error {
	minute := Minute.align(max(s.FromTime, s.ToTime-1))
	row, ok := w.spans[s.Source]
	if ok && row.minute == minute && row.File == s.File && row.ToOffset == s.FromOffset {
		row.FromTime, row.ToTime, row.ToOffset = min(row.FromTime, s.FromTime), max(row.ToTime, s.ToTime), s.ToOffset
	} else {
		row = openSpan{*s, minute, id}
	}
	w.spans[s.Source] = row
	_, err := w.putSpan.ExecContext(context.Background(), row.minute, row.id, row.Source, row.File, row.FromTime, row.ToTime, row.FromOffset, row.ToOffset)
	return err
}

// insert writes a row of a level, with its frame unless it is of a time of which
// there are figures alone. An amendment is a part of its own, of the number that its
// frame has, or would have.
func (w *writer) insert(l Level, start int64, amendment bool, s *Stretch) error {
	ctx := context.Background()
	id := w.next
	w.next++
	part := int64(0)
	if amendment {
		part = id
	}
	if start < w.head.bare[l] {
		id = 0
	} else {
		w.buf = s.Frame.AppendBinary(w.buf[:0])
		if _, err := w.putFrame.ExecContext(ctx, id, w.buf); err != nil {
			return err
		}
	}
	f, t := &s.Figures, &s.Latency
	_, err := w.putPoint.ExecContext(ctx, int64(l), start, part, f.Hits, f.Bytes,
		f.Classes[0], f.Classes[1], f.Classes[2], f.Classes[3], f.Classes[4], f.Classes[5],
		f.Malformed, f.Rejected, f.Late, f.Visitors, t.Count, t.Sum, t.P50, t.P90, t.P99, t.Max, id)
	return err
}

// figureColumns are those of Figures, in the order of scan.
const figureColumns = "start, part, hits, bytes, other, s1xx, s2xx, s3xx, s4xx, s5xx, malformed, rejected, late, visitors, timed, time_sum, p50, p90, p99, time_max"

// row is one of table point.
type row struct {
	start, part int64
	Figures
}

// A number is read without the reflection that database/sql uses for an int64: it
// took a third of the time of a graph.
type number int64

// Scan implements sql.Scanner.
func (n *number) Scan(value any) error {
	v, ok := value.(int64)
	if !ok {
		return fmt.Errorf("%v is no number", value)
	}
	*n = number(v)
	return nil
}

// into are the places that figureColumns are read into.
func (r *row) into(more ...any) []any {
	f, t := &r.Figures, &r.Latency
	numbers := [...]*int64{
		&r.start, &r.part, &f.Hits, &f.Bytes, &f.Classes[0], &f.Classes[1], &f.Classes[2], &f.Classes[3], &f.Classes[4], &f.Classes[5],
		&f.Malformed, &f.Rejected, &f.Late, &f.Visitors, &t.Count, &t.Sum, &t.P50, &t.P90, &t.P99, &t.Max,
	}
	places := make([]any, 0, len(numbers)+len(more))
	for _, n := range numbers {
		places = append(places, (*number)(n))
	}
	return append(places, more...)
}

// least is the smallest of the figures: none is below 0.
func (f *Figures) least() int64 {
	n := int64(math.MaxInt64)
	for _, v := range [...]int64{
		f.Hits, f.Bytes, f.Classes[0], f.Classes[1], f.Classes[2], f.Classes[3], f.Classes[4], f.Classes[5], f.Malformed,
		f.Rejected, f.Late, f.Visitors, f.Latency.Count, f.Latency.Sum, f.Latency.P50, f.Latency.P90, f.Latency.P99, f.Latency.Max,
	} {
		n = min(n, v)
	}
	return n
}

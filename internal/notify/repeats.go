package notify

import (
	"time"
)

// Repeats knows what was told again last. Repeats stand in no outbox: one that fails is
// made good by the next.
type repeats struct {
	slots map[string]int64 // by alert: the last repeat that was told
	ended map[string]bool  // alerts whose recovery was delivered, and that are open still
	sent  time.Time        // when an Alertmanager was told last
}

// slot is which repeat of an alert is the last at a time: they lie on a grid from its
// beginning, so that a restart neither doubles nor shifts them.
func slot(m *Message, now time.Time, every time.Duration) int64 {
	return max(int64(now.Sub(m.Began)/every), 0)
}

// due returns what to tell again now, of the alerts that fire and of which nothing waits
// in rows; next is when to ask again, zero for never.
func (r *repeats) due(now time.Time, c *Channel, open []Message, rows []Row) (again []Message, next time.Time) {
	if c.Repeat <= 0 {
		return nil, time.Time{}
	}
	if r.slots == nil {
		r.slots, r.ended = map[string]int64{}, map[string]bool{}
	}
	r.forget(open)
	waits := map[string]bool{}
	for i := range rows {
		if e, err := parse(&rows[i]); err == nil {
			waits[e.Message.alert()] = true
		}
	}
	// An Alertmanager is told of all at once, and at once after a start.
	whole := c.Kind == Alertmanager
	if whole && !r.sent.IsZero() {
		if wait := left(r.sent.Add(c.Repeat), now); wait > 0 {
			return nil, now.Add(wait)
		}
	}
	for i := range open {
		m := &open[i]
		name := m.alert()
		n := slot(m, now, c.Repeat)
		last, known := r.slots[name]
		if !known || n < last { // or the clock was set back
			r.slots[name], last = n, n
		}
		switch {
		case r.ended[name] || waits[name] || !whole && (m.Known || now.Before(m.Quiet)):
			continue
		case whole:
			again = append(again, *m)
		case n > last:
			again = append(again, m.again(n))
		}
		if at := m.Began.Add(time.Duration(n+1) * c.Repeat); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return again, next
}

// told takes note of what was delivered, as repeats or out of the outbox. What went to
// an Alertmanager for the first time moves the time of the others not: many new alerts
// would let the old ones end.
func (r *repeats) told(now time.Time, c *Channel, messages []Message, again bool) {
	if r.slots == nil {
		return // nothing is repeated
	}
	if again {
		r.sent = now
	}
	for i := range messages {
		m := &messages[i]
		if m.State == Recovered {
			r.ended[m.alert()] = true
			continue
		}
		r.slots[m.alert()] = slot(m, now, c.Repeat)
	}
}

// forget drops what is known of alerts that are open no more.
func (r *repeats) forget(open []Message) {
	still := map[string]bool{}
	for i := range open {
		still[open[i].alert()] = true
	}
	for name := range r.slots {
		if !still[name] {
			delete(r.slots, name)
		}
	}
	for name := range r.ended {
		if !still[name] {
			delete(r.ended, name)
		}
	}
}

package monitor

import (
	"fmt"
	"time"

	"weir/internal/notify"
	"weir/internal/unit"
)

// lookForStrays is how often messages are looked for whose channel is no more.
const lookForStrays = time.Hour

// strays are messages that wait for channels which are not set, or not on, any more. They are
// told of once, and kept for as long as give_up is by default: a channel that was taken out by
// mistake, or is only left out for a look, comes back to them. Then they are dropped, by name.
type strays struct {
	looked time.Time // zero: look at once
	told   map[string]bool
}

// tidy looks after strays from time to time.
func (t *teller) tidy(now time.Time) {
	s := t.strays
	if !s.looked.IsZero() && now.Sub(s.looked) < lookForStrays {
		return
	}
	s.looked = now
	waiting, err := t.outbox.targets()
	names := t.names()
	for _, w := range waiting {
		if err == nil && !names[w.Target] {
			err = t.stray(w.Target, w.Messages, now)
		}
	}
	if err != nil {
		t.say("notify: messages for channels that are no more cannot be looked after: " + err.Error())
	}
}

// stray deals with the messages for a channel that is no more.
func (t *teller) stray(target string, waiting int64, now time.Time) error {
	rows, err := t.outbox.Rows(target, mostUnsent)
	if err != nil {
		return err
	}
	over := notify.Abandoned(rows, now)
	var ids []int64
	for i := range over {
		ids = append(ids, over[i].ID)
	}
	if len(ids) > 0 {
		if err := t.outbox.Done(ids); err != nil {
			return err
		}
	}
	name, kept := "notify "+target, unit.Span(notify.AbandonedAfter)
	const mostTold = 5
	for i := range over {
		if i == mostTold {
			t.say(fmt.Sprintf("%s: given up, too: %s more", name, unit.Count(int64(len(over)-i))))
			break
		}
		t.say(fmt.Sprintf("%s: given up after %s, as there is no such channel any more, and told to nobody: %s", name, kept, over[i].Line()))
	}
	if left := waiting - int64(len(over)); left > 0 && !t.strays.told[target] {
		t.strays.told[target] = true
		t.say(fmt.Sprintf("%s: there is no such channel any more, and for it %s %s: what is older than %s is dropped, unless it comes back",
			name, unit.Count(left), map[bool]string{true: "message waits", false: "messages wait"}[left == 1], kept))
	}
	return nil
}

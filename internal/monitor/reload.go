package monitor

import (
	"fmt"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/notify"
)

// A Reload is what a running Monitor is to take over from a changed configuration.
type Reload struct {
	Rules    []alert.Rule
	Filter   func(text string) func(*accesslog.Record) bool // as in gauge.Options
	Channels []notify.Channel
	Notices  []string // what else there is to tell
	Keep     bool     // nothing but Notices: the rules and channels stay as they are
}

// reload takes over what has changed. Alerts that are open go on under a rule of the
// same name; messages that wait go to a channel of the same name.
func (m *Monitor) reload(now time.Time) {
	if m.o.Reload == nil || now.Sub(m.reloaded) < time.Second {
		return
	}
	m.reloaded = now
	r := m.o.Reload(now)
	if r == nil {
		return
	}
	for _, text := range r.Notices {
		m.gauge.Notice(text)
	}
	if r.Keep {
		return
	}
	m.o.Gauge.Rules, m.o.Gauge.Filter = r.Rules, r.Filter
	m.lacking = lacking{}
	if err := m.gauge.Reload(r.Rules, r.Filter); err != nil {
		m.gauge.Notice("what was counted for the rules is lost: " + err.Error())
	}
	if err := m.redirect(r.Channels); err != nil {
		m.gauge.Notice(fmt.Sprintf("%v; the channels stay as they were", err))
	}
}

// redirect makes the channels others. What waits for them stays where it is.
func (m *Monitor) redirect(channels []notify.Channel) error {
	o := m.o
	o.Channels = channels
	next, err := newTeller(&o, o.History, nil)
	if err != nil {
		return err
	}
	if old := m.teller; old != nil {
		old.stop()
		for _, text := range old.hear() {
			m.gauge.Notice(text)
		}
		if next != nil {
			next.outbox, next.open = old.outbox, old.open
			if err := next.dispatch(&o); err != nil {
				return err
			}
		}
	}
	m.o.Channels, m.teller = channels, next
	if next != nil {
		next.start()
	}
	return nil
}

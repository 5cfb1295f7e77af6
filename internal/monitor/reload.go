package monitor

import (
	"fmt"
	"slices"
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

// redirect makes the channels others. What waits for them stays where it is; those that are
// new are told of what is open.
func (m *Monitor) redirect(channels []notify.Channel) error {
	if slices.EqualFunc(channels, m.o.Channels, func(a, b notify.Channel) bool { return a.Equal(&b) }) {
		return nil // they go on with what they are at
	}
	o := m.o
	o.Channels = channels
	old := m.teller
	next, err := old.redirected(&o)
	if err != nil {
		return err
	}
	m.o.Channels, m.teller = channels, next
	// Whoever hangs there is not waited for: the counting goes on.
	old.cancel()
	next.start(old)
	if m.live {
		m.tellMissed()
	}
	next.strays.looked = time.Time{}
	return nil
}

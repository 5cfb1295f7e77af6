package monitor

import (
	"strings"
	"time"

	"weir/internal/history"
)

// acknowledged begins the text of a mark by which somebody says that they know of an
// alert:
//
//	acknowledged: RULE
//	acknowledged: RULE of KEY
const acknowledged = "acknowledged: "

// Acknowledgement is the mark that says, to the weir that watches, that somebody knows of
// the alerts of a rule, of that of key alone unless it is "".
func Acknowledgement(rule, key string, at time.Time) history.Mark {
	text := acknowledged + rule
	if key != "" {
		text += " of " + key
	}
	return history.Mark{At: at.Unix(), Text: text}
}

// obey looks once a second for marks that are meant for this process. They go into the
// history as all marks do, with the commit that has what comes of them.
func (m *Monitor) obey(now time.Time) {
	k := m.memory
	if k == nil || now.Sub(m.obeyed) < time.Second {
		return
	}
	m.obeyed = now
	marks, err := k.db.Waiting()
	if err != nil {
		k.complain(err.Error())
	}
	for _, mark := range marks {
		text, ok := strings.CutPrefix(mark.Text, acknowledged)
		if !ok {
			continue
		}
		rule, key, one := strings.Cut(text, " of ")
		m.gauge.Acknowledge(rule, key, !one)
	}
}

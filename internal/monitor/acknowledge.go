package monitor

import (
	"strings"
	"time"

	"weir/internal/alert"
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

// What begins the texts of the marks by which somebody mutes a rule, and hears it again:
//
//	muted for SPAN: RULE
//	muted for SPAN: RULE of KEY
//	unmuted: RULE of KEY
const (
	muted   = "muted for "
	unmuted = "unmuted: "
)

// Mute is the mark that asks the weir that watches to tell nobody of the alerts of a rule for a
// while, of those of key alone unless it is ""; to tell of them again where the span is 0.
func Mute(rule, key string, span time.Duration, at time.Time) history.Mark {
	text := unmuted + rule
	if span > 0 {
		text = muted + span.String() + ": " + rule
	}
	if key != "" {
		text += " of " + key
	}
	return history.Mark{At: at.Unix(), Text: text}
}

// mute does what a mark made by Mute asks for. What is left of the span counts: a mark may have
// waited until somebody watches.
func (m *Monitor) mute(mark *history.Mark, now time.Time) {
	text, found := strings.CutPrefix(mark.Text, unmuted)
	span, err := time.Duration(0), error(nil)
	if !found {
		if text, found = strings.CutPrefix(mark.Text, muted); !found {
			return
		}
		var length string
		length, text, found = strings.Cut(text, ": ")
		if span, err = time.ParseDuration(length); err != nil || !found {
			return // a note of somebody's own that happens to begin so
		}
		if span -= now.Sub(time.Unix(mark.At, 0)); span <= 0 {
			return
		}
	}
	rule, key, one := strings.Cut(text, " of ")
	if !m.gauge.Mute(alert.Hush{Rule: rule, Key: key, All: !one}, int64(span/time.Second), now.Unix()) {
		m.gauge.Notice("nothing was there to do for \"" + mark.Text + "\": no rule that is on has that name, or it was not muted")
	}
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
			m.mute(&mark, now)
			continue
		}
		rule, key, one := strings.Cut(text, " of ")
		m.gauge.Acknowledge(rule, key, !one)
	}
}

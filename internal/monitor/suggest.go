package monitor

import (
	"slices"
	"time"

	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/unit"
)

const (
	// suggestAfter is how long a log is followed before a threshold is suggested.
	suggestAfter = time.Hour
	// stateAdvised is the name of the state that is there once one was.
	stateAdvised = "advised"
	// usualThreshold and usualWindow are those of high traffic by default.
	usualThreshold = alert.Level(10 * unit.One)
	usualWindow    = int64(120)
)

// suggest tells, once in the life of a history, which threshold of high traffic suits the
// traffic, where nobody has chosen one.
func (m *Monitor) suggest(now time.Time) {
	if !m.o.Suggest || m.advised || !m.live || now.Before(m.advise) || m.wall() {
		return
	}
	i := slices.IndexFunc(m.o.Gauge.Rules, func(r alert.Rule) bool {
		return r.Name == alert.HighTraffic && r.Threshold == usualThreshold && r.Window == usualWindow
	})
	if i < 0 { // a reload has chosen one, or switched it off
		m.advised = true
		return
	}
	rule := &m.o.Gauge.Rules[i]
	hits, ok := m.gauge.Busiest(rule.Window, int64(suggestAfter/time.Second))
	if !ok {
		m.advise = now.Add(time.Minute) // the log is younger, or silent
		return
	}
	m.advised = true
	m.gauge.Notice(gauge.Suggest(rule, hits))
}

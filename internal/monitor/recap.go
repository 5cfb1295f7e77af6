package monitor

import (
	"fmt"
	"time"

	"weir/internal/gauge"
	"weir/internal/history"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// mostRecalled is how many past alerts are shown to whoever comes back; the others
// are counted.
const mostRecalled = 20

// recap shows whoever looks at a terminal what the history holds of the time just
// before it is gone on from: the alerts of the last two days, and what was shown
// interval by interval had the log been read anew, in one. Elsewhere it would be
// told twice.
func (m *Monitor) recap() error {
	if m.memory == nil || !m.memory.resumed || m.o.Brief == 0 {
		return nil
	}
	outs, err := m.recall()
	if err != nil {
		outs = []gauge.Output{{Notice: &view.Notice{Text: "what was before cannot be shown: " + err.Error()}}}
	}
	for _, o := range outs {
		if err := m.o.Screen.Show(o); err != nil {
			return err
		}
	}
	return nil
}

func (m *Monitor) recall() ([]gauge.Output, error) {
	db, to := m.memory.db, m.memory.until
	from := to - int64(m.o.Brief/time.Second)
	events, err := db.Events(history.Filter{From: to - int64(Backlog/time.Second)})
	if err != nil {
		return nil, err
	}
	outs := []gauge.Output{{Notice: &view.Notice{Text: m.memory.greeting(m.o.Zone)}}}
	if more := len(events) - mostRecalled; more > 0 {
		outs = append(outs, gauge.Output{Notice: &view.Notice{
			Text: fmt.Sprintf("%d older alerts of the last 2 days are left out: weir alerts lists them", more),
		}})
		events = events[more:]
	}
	for i := range events {
		outs = append(outs, gauge.Output{Event: &events[i].Event})
	}
	var t traffic.Tally
	figures, cover, err := db.Tally(&t, history.NewSealer(), from, to)
	if err != nil || figures.Hits+figures.Rejected == 0 {
		return outs, err
	}
	iv := &view.Interval{From: max(from, cover.From), To: to, Stats: view.Read(&t, m.o.Gauge.Tops), Late: figures.Late}
	iv.Rejected.Total = figures.Rejected
	if m.o.Gauge.Place != nil {
		iv.PlacesOf(&t, m.o.Gauge.Tops.Places, m.o.Gauge.Place)
	}
	text := fmt.Sprintf("the %s before that, out of the history:", unit.Span(time.Duration(iv.Seconds())*time.Second))
	return append(outs, gauge.Output{Notice: &view.Notice{Text: text}}, gauge.Output{Interval: iv}), nil
}

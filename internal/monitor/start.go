package monitor

import (
	"fmt"
	"os"
	"time"

	"weir/internal/accesslog"
	"weir/internal/clock"
	"weir/internal/gauge"
	"weir/internal/tail"
	"weir/internal/unit"
	"weir/internal/view"
)

// lastBytes of a file are enough to find its newest record.
const lastBytes = 64 << 10

// seekMargin, in seconds, is how much out of order a log may be at the place
// where reading starts.
const seekMargin = 120

// findStart decides from where sources that were just opened are read: from
// Since, or from the last two days of the newest log.
func (m *Monitor) findStart(lanes []*lane) {
	atStart := len(lanes) == len(m.lanes)
	for _, l := range lanes {
		m.newest = max(m.newest, l.newest(m.now()))
	}
	since := m.o.Since.Unix()
	if m.o.Since.IsZero() {
		since = m.newest - int64(Backlog/time.Second)
	}
	if atStart && m.o.Brief > 0 && m.newest > 0 {
		m.showFrom = m.newest - int64(m.o.Brief/time.Second)
	}
	if m.memory != nil {
		if atStart && m.newest > 0 {
			var widths []gauge.Width
			for _, w := range m.memory.db.Widths(m.newest) {
				widths = append(widths, gauge.Width(w))
			}
			m.gauge.Widen(widths)
		}
		defer func() {
			for _, l := range lanes {
				if !l.resumed {
					l.reached()
				}
			}
		}()
	}
	if m.o.FromEnd || m.newest == 0 && m.o.Since.IsZero() {
		return
	}
	for _, l := range lanes {
		if !l.resumed && l.startAt(since) && m.o.Since.IsZero() {
			m.gauge.Notice(fmt.Sprintf("%s: read from %s on, the last 2 days of the log; --since TIME reads more",
				l.account.Name, m.stamp(since)))
		}
	}
}

// past says how far back the rotated files of a log are looked for when its history
// begins: those that were written since then. What of it is too old is found out by
// the times of the records.
func (m *Monitor) past() func(path string) time.Time {
	if m.memory == nil {
		return nil
	}
	return func(path string) time.Time {
		if !m.o.Since.IsZero() {
			return m.o.Since
		}
		written := m.started
		if info, err := os.Stat(path); err == nil {
			written = info.ModTime()
		}
		return written.Add(-Backlog)
	}
}

// newest is the newest event time at the end of the file, 0 where none is
// found. A line from the future does not count: it would hide all others.
func (l *lane) newest(now time.Time) int64 {
	if _, ok := l.parser.Format(); !ok {
		return 0
	}
	p := l.parser.Fork()
	newest := int64(0)
	believed := clock.Believed(l.source.State().Written, now)
	for _, line := range accesslog.HeadLines(l.source.Last(lastBytes), false) {
		var r accesslog.Record
		if p.Parse(line, &r).Kind == accesslog.Hit && r.Sec <= believed {
			newest = max(newest, r.Sec)
		}
	}
	return newest
}

// startAt makes reading begin at the first record of second since. It reports
// whether older ones are passed over.
func (l *lane) startAt(since int64) bool {
	l.skip, l.back = since, true
	if _, ok := l.parser.Format(); !ok {
		return false
	}
	return Seek(l.source, l.parser, since)
}

// Seek makes reading of a source begin at the first record of second since, or a
// little before it, found by bisection. The parser, which is not changed, knows
// the head of the source. It reports whether older records are passed over.
func Seek(source *tail.Source, parser *accesslog.Auto, since int64) bool {
	p := parser.Fork()
	if lines := accesslog.HeadLines(source.Head(headBytes), true); len(lines) > 0 {
		var r accesslog.Record
		for _, line := range lines {
			if p.Parse(line, &r).Kind == accesslog.Hit {
				if r.Sec >= since {
					return false // all of it is wanted
				}
				break
			}
		}
	}
	source.SeekFirst(func(line []byte) (ok, told bool) {
		var r accesslog.Record
		hit := p.Parse(accesslog.TrimEnd(line), &r).Kind == accesslog.Hit
		return hit && r.Sec >= since-seekMargin, hit
	})
	return true
}

// replayed tells the Screen what it was not shown interval by interval.
func (m *Monitor) replayed() error {
	text := fmt.Sprintf("replayed what was logged from %s to %s, %s hits; --since TIME shows the intervals since then",
		m.stamp(m.held.From), m.stamp(m.held.To), unit.Count(m.held.hits))
	m.held.From, m.held.hits = 0, 0
	return m.o.Screen.Show(gauge.Output{Notice: &view.Notice{Text: text}})
}

func (m *Monitor) stamp(sec int64) string {
	return time.Unix(sec, 0).In(m.o.Zone).Format(time.DateTime)
}

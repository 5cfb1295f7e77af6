package monitor

import (
	"fmt"
	"math"
	"time"

	"weir/internal/gauge"
	"weir/internal/tail"
	"weir/internal/unit"
	"weir/internal/view"
)

// reading is how far what was logged before is read.
type reading struct {
	began time.Time
	all   int64 // bytes, when it began
	next  time.Time
}

const (
	progressAfter = 2 * time.Second // nothing is told of what takes less
	progressEvery = 10 * time.Second
)

// step returns what to tell at now, when left bytes are still to be read and the
// logs have come to second at; "" where there is nothing to tell yet.
func (r *reading) step(now time.Time, left int64, at string) string {
	if r.began.IsZero() {
		r.began, r.all, r.next = now, left, now.Add(progressAfter)
	}
	if now.Before(r.next) {
		return ""
	}
	r.next = now.Add(progressEvery)
	r.all = max(r.all, left) // more was written meanwhile
	if r.all == 0 {
		return ""
	}
	done := float64(r.all-left) / float64(r.all)
	text := fmt.Sprintf("reading the past: %.0f %%, at %s, %s left", math.Floor(100*done), at, unit.Bytes(left))
	if took := now.Sub(r.began); done > 0.02 {
		text += ", about " + unit.Span(time.Duration(float64(took)/done*(1-done)).Round(time.Second))
	}
	return text
}

// progress tells the Screen how far what was logged before is read, until all is.
func (m *Monitor) progress() error {
	if m.live || m.reading.next.After(time.Now()) {
		return nil
	}
	left, at := int64(0), int64(math.MaxInt64)
	for _, l := range m.lanes {
		st := l.source.State()
		if st.Kind != tail.File {
			continue
		}
		left += st.Behind + max(0, st.Size-st.Offset)
		if sec, ok := m.gauge.SourceTime(l.index); ok && (st.Behind > 0 || st.Size > st.Offset) {
			at = min(at, sec)
		}
	}
	stamp := "the beginning"
	if at != math.MaxInt64 {
		stamp = m.stamp(at)
	}
	text := m.reading.step(time.Now(), left, stamp)
	if text == "" {
		return nil
	}
	return m.o.Screen.Show(gauge.Output{Notice: &view.Notice{Text: text}})
}

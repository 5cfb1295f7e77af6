package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/backtest"
	"weir/internal/escape"
	"weir/internal/term"
	"weir/internal/unit"
)

// tested is a backtest to be written down.
type tested struct {
	*backtest.Result
	logs     int
	failures []string
	spent    time.Duration
	zone     *time.Location
	last     int // alerts of the text; -1 is all
}

// The escapes of the text.
const (
	redText   = "\x1b[31m"
	boldText  = "\x1b[1m"
	dimText   = "\x1b[2m"
	plainText = "\x1b[0m"
)

// A sheet is a text in the making. What stands in it passes the gate.
type sheet struct {
	strings.Builder
	color bool
}

func (s *sheet) line(color, text string) {
	clean := escape.Terminal([]byte(text))
	if s.color && color != "" {
		clean = color + clean + plainText
	}
	s.WriteString(clean + "\n")
}

func spanOf(seconds int64) string { return unit.Span(time.Duration(seconds) * time.Second) }

// text writes the page for people.
func (t *tested) text(out *os.File, when string) error {
	s := &sheet{}
	s.color, _ = term.Color(when, out, os.Getenv)
	t.head(s)
	if t.Seen {
		t.summary(s)
		t.alerts(s)
		for i := range t.Rules {
			t.thresholds(s, &t.Rules[i])
		}
	}
	for i, n := range append(t.failures, t.Notices...) {
		if i == 0 {
			s.line("", "")
		}
		color := ""
		if i < len(t.failures) {
			color = redText
		}
		s.line(color, n)
	}
	_, err := io.WriteString(out, s.String())
	return err
}

func (t *tested) head(s *sheet) {
	s.line(boldText, "backtest "+strings.Repeat("-", 71))
	text := fmt.Sprintf("  %d %s, %s %s", t.logs, unit.Plural(int64(t.logs), "log"), unit.Count(t.Hits), unit.Plural(t.Hits, "request"))
	for _, n := range []struct {
		n    int64
		what string
	}{{t.Rejected, "rejected"}, {t.Late, "late"}, {t.Future, "from the future"}} {
		if n.n > 0 {
			text += ", " + unit.Count(n.n) + " " + n.what
		}
	}
	s.line("", text)
	if !t.Seen {
		s.line("", "  no request: nothing could fire")
		return
	}
	s.line("", fmt.Sprintf("  %s to %s: the logs span %s", t.time(t.From), t.time(t.To), weeks(t.Seconds())))
	if t.Seconds() < leastTelling {
		s.line(dimText, "  that is too short to say how often something happens in a week")
	}
	if t.Late*20 > t.Hits {
		s.line("", "  many lines are out of order; --lateness "+spanOf(t.LateBy)+" would count all of them in time")
	}
}

// weeks writes a span, with weeks where there are some.
func weeks(seconds int64) string {
	n, rest := seconds/week, seconds%week
	if n == 0 {
		return spanOf(seconds)
	}
	text := fmt.Sprintf("%d %s", n, unit.Plural(n, "week"))
	if rest >= 3600 {
		text += " " + spanOf(rest/3600*3600)
	}
	return text
}

func (t *tested) time(sec int64) string {
	return time.Unix(sec, 0).In(t.zone).Format("2006-01-02 15:04:05 -0700")
}

// share is the part of the logs that some seconds are.
func (t *tested) share(seconds int64) string {
	if seconds == 0 {
		return "-"
	}
	return spanOf(seconds) + " (" + unit.Percent(min(seconds, t.Seconds()), t.Seconds()) + ")"
}

func (t *tested) summary(s *sheet) {
	s.line("", "")
	s.line(boldText, fmt.Sprintf("%-28s %8s %9s %8s  %s", "rule", "alerts", "per week", "muted", "time firing"))
	for i := range t.Rules {
		r := &t.Rules[i]
		color := ""
		if r.Alerts == 0 {
			color = dimText
		}
		muted := "-"
		if r.Muted > 0 {
			muted = unit.Count(r.Muted)
		}
		s.line(color, fmt.Sprintf("%-28s %8s %9s %8s  %s", r.Rule.Name, unit.Count(r.Alerts), perWeek(r.Alerts, t.Seconds()), muted, t.share(r.Firing)))
	}
}

func (t *tested) alerts(s *sheet) {
	s.line("", "")
	total := int64(len(t.Alerts)) + t.Omitted
	if total == 0 {
		s.line(boldText, "no alert")
		return
	}
	list := t.Alerts
	if t.last >= 0 && len(list) > t.last {
		list = list[len(list)-t.last:]
	}
	title := unit.Count(total) + " " + unit.Plural(total, "alert")
	if int64(len(list)) < total {
		title += fmt.Sprintf(", of which %d are listed (-n all lists %s)", len(list), unit.Count(int64(len(t.Alerts))))
	}
	s.line(boldText, title)
	for i := range list {
		a := &list[i]
		length := "for " + spanOf(a.Seconds(t.To+1))
		if a.End == nil {
			length = "open at the end, after " + spanOf(a.Seconds(t.To+1))
		}
		name := a.Begin.Rule.Name
		if a.Begin.Key != "" {
			name += " of " + a.Begin.Key
		}
		if a.Begin.Muted != "" {
			length += " (muted: " + a.Begin.Muted + ")"
		}
		s.line("", time.Unix(a.Begin.At, 0).In(t.zone).Format(time.DateTime)+"  "+name+"  "+length)
		s.line(redText, "  "+a.Begin.Message(t.zone))
		if cause := a.Begin.Cause.Text(); cause != "" {
			s.line(dimText, "  "+cause)
		}
	}
}

// thresholds writes what other thresholds of a rule would have done.
func (t *tested) thresholds(s *sheet, r *backtest.Tried) {
	if r.Value == nil {
		return
	}
	level := func(l alert.Level) string {
		rule := r.Rule
		rule.Threshold = l
		return rule.Limit()
	}
	s.line("", "")
	side := "above"
	if r.Rule.Test == alert.Below {
		side = "below"
	}
	s.line(boldText, r.Rule.Name+": what another threshold would have done")
	if r.Value.Seconds == 0 {
		s.line("", "  there was nothing to measure")
		return
	}
	v := r.Value
	s.line(dimText, fmt.Sprintf("  over %s it was %s or less half of the time, %s nine tenths, %s 99 %%; from %s to %s",
		spanOf(r.Rule.Window), level(v.P50), level(v.P90), level(v.P99), level(rounded(v.Min)), level(rounded(v.Max))))
	s.line("", fmt.Sprintf("  %14s %8s %9s  %s", side, "alerts", "per week", "time firing"))
	for _, step := range r.Steps {
		mark, color := "", ""
		if step.Own {
			mark, color = "  <- the rule", boldText
		}
		s.line(color, fmt.Sprintf("  %14s %8s %9s  %s%s", level(step.Threshold), unit.Count(step.Alerts), perWeek(step.Alerts, t.Seconds()), t.share(step.Firing), mark))
	}
}

// rounded is a measured value with three digits.
func rounded(l alert.Level) alert.Level {
	f, _ := strconv.ParseFloat(strconv.FormatFloat(float64(l), 'g', 3, 64), 64)
	return alert.Level(f)
}

// The JSON of a backtest, told in docs/json.md.
type (
	testedJSON struct {
		From     string          `json:"from,omitempty"`
		To       string          `json:"to,omitempty"`
		Seconds  int64           `json:"seconds"`
		Logs     int             `json:"logs"`
		Hits     int64           `json:"hits"`
		Rejected int64           `json:"rejected"`
		Late     int64           `json:"late"`
		Future   int64           `json:"future"`
		Rules    []triedJSON     `json:"rules"`
		Alerts   []testAlertJSON `json:"alerts"`
		Omitted  int64           `json:"omitted,omitempty"`
		Failures []string        `json:"failures,omitempty"`
		Notices  []string        `json:"notices,omitempty"`
	}
	triedJSON struct {
		Rule       string          `json:"rule"`
		Metric     string          `json:"metric"`
		Alerts     int64           `json:"alerts"`
		Muted      int64           `json:"muted"`
		PerWeek    *float64        `json:"per_week,omitempty"`
		Firing     int64           `json:"firing_seconds"`
		Value      *valueJSON      `json:"measured,omitempty"`
		Thresholds []thresholdJSON `json:"thresholds,omitempty"`
	}
	valueJSON struct {
		Seconds int64   `json:"seconds"`
		Min     float64 `json:"min"`
		P50     float64 `json:"p50"`
		P90     float64 `json:"p90"`
		P99     float64 `json:"p99"`
		Max     float64 `json:"max"`
	}
	thresholdJSON struct {
		Threshold float64  `json:"threshold"`
		Own       bool     `json:"own,omitempty"`
		Alerts    int64    `json:"alerts"`
		PerWeek   *float64 `json:"per_week,omitempty"`
		Firing    int64    `json:"firing_seconds"`
	}
	testAlertJSON struct {
		Rule    string `json:"rule"`
		Key     string `json:"key,omitempty"`
		At      string `json:"at"`
		Until   string `json:"until,omitempty"`
		Seconds int64  `json:"seconds"`
		Value   string `json:"value"`
		Message string `json:"message"`
		Cause   string `json:"cause,omitempty"`
		Muted   string `json:"muted,omitempty"`
	}
)

// json writes one object.
func (t *tested) json(out io.Writer) error {
	stamp := func(sec int64) string { return time.Unix(sec, 0).In(t.zone).Format(time.RFC3339) }
	often := func(n int64) *float64 {
		if t.Seconds() < leastTelling {
			return nil
		}
		f := float64(n) * week / float64(t.Seconds())
		return &f
	}
	o := testedJSON{
		Seconds: t.Seconds(), Logs: t.logs, Hits: t.Hits, Rejected: t.Rejected, Late: t.Late, Future: t.Future,
		Rules: []triedJSON{}, Alerts: []testAlertJSON{}, Omitted: t.Omitted, Failures: t.failures, Notices: t.Notices,
	}
	if t.Seen {
		o.From, o.To = stamp(t.From), stamp(t.To)
	}
	for i := range t.Rules {
		r := &t.Rules[i]
		j := triedJSON{Rule: r.Rule.Name, Metric: r.Rule.Metric.String(), Alerts: r.Alerts, Muted: r.Muted, PerWeek: often(r.Alerts), Firing: r.Firing}
		if v := r.Value; v != nil && v.Seconds > 0 {
			j.Value = &valueJSON{v.Seconds, v.Min.Float(), v.P50.Float(), v.P90.Float(), v.P99.Float(), v.Max.Float()}
		}
		for _, s := range r.Steps {
			j.Thresholds = append(j.Thresholds, thresholdJSON{s.Threshold.Float(), s.Own, s.Alerts, often(s.Alerts), s.Firing})
		}
		o.Rules = append(o.Rules, j)
	}
	for i := range t.Alerts {
		a := &t.Alerts[i]
		j := testAlertJSON{
			Rule: a.Begin.Rule.Name, Key: a.Begin.Key, At: stamp(a.Begin.At), Seconds: a.Seconds(t.To + 1), Value: a.Begin.Value(),
			Message: a.Begin.Message(t.zone), Cause: a.Begin.Cause.Text(), Muted: a.Begin.Muted,
		}
		if a.End != nil {
			j.Until = stamp(a.End.At)
		}
		o.Alerts = append(o.Alerts, j)
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(&o)
}

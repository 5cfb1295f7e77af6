package report

import (
	"encoding/json"
	"fmt"

	"weir/internal/alert"
	"weir/internal/escape"
)

// The objects, in the order of their keys.

// jsonCourse is one struct because what a history tells of a stretch is one object.
type jsonCourse struct {
	History   escape.JSON      `json:"history"`
	From      string           `json:"from"`
	To        string           `json:"to"`
	Step      int64            `json:"step_seconds"`
	KnownFrom string           `json:"known_from,omitempty"`
	KnownTo   string           `json:"known_to,omitempty"`
	Hits      int64            `json:"hits"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Estimated bool             `json:"visitors_estimated,omitempty"`
	Malformed int64            `json:"malformed"`
	Rejected  int64            `json:"rejected_lines"`
	Late      int64            `json:"late"`
	Classes   map[string]int64 `json:"classes"`
	Latency   *jsonLatency     `json:"latency,omitempty"`
	Steps     []jsonStretch    `json:"steps"`
	Gaps      []jsonGap        `json:"gaps"`
	Alerts    []jsonEvent      `json:"alerts"`
	Marks     []jsonMark       `json:"marks"`
	Earlier   *jsonCourse      `json:"earlier,omitempty"`
	Change    *float64         `json:"change_percent,omitempty"`
}

type jsonStretch struct {
	From      string           `json:"from"`
	To        string           `json:"to"`
	Hits      int64            `json:"hits"`
	Rate      float64          `json:"rate"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Malformed int64            `json:"malformed"`
	Rejected  int64            `json:"rejected_lines"`
	Late      int64            `json:"late"`
	Classes   map[string]int64 `json:"classes"`
	Latency   *jsonLatency     `json:"latency,omitempty"`
	Bounds    bool             `json:"approximate,omitempty"`
	Before    *int64           `json:"hits_before,omitempty"`
	Change    *float64         `json:"change_percent,omitempty"`
}

type jsonGap struct {
	From string `json:"from"`
	To   string `json:"to"`
	Why  string `json:"why"`
}

type jsonMark struct {
	At   string      `json:"at"`
	Text escape.JSON `json:"text"`
}

// jsonEvent has the keys of an alert of followed logs, and two more.
type jsonEvent struct {
	Type      string      `json:"type"`
	ID        int64       `json:"id"`
	Rule      escape.JSON `json:"rule"`
	State     string      `json:"state"`
	At        string      `json:"at"`
	Value     string      `json:"value"`
	Hits      int64       `json:"hits"`
	Window    int64       `json:"window_seconds"`
	Threshold float64     `json:"threshold"`
	Duration  int64       `json:"duration_seconds,omitempty"`
	Replayed  bool        `json:"replayed,omitempty"`
	Message   escape.JSON `json:"message"`

	Key      escape.JSON `json:"key,omitempty"`
	Metric   string      `json:"metric,omitempty"`
	Severity string      `json:"severity,omitempty"`
	Muted    escape.JSON `json:"muted,omitempty"`
	Cause    escape.JSON `json:"cause,omitempty"`
}

type jsonRanking struct {
	History escape.JSON  `json:"history"`
	From    string       `json:"from"`
	To      string       `json:"to"`
	By      string       `json:"by"`
	Hits    int64        `json:"hits"`
	Rows    []jsonRanked `json:"rows"`
	Keys    int          `json:"keys"`
	Bound   int64        `json:"bound,omitempty"`
	Earlier *jsonRanking `json:"earlier,omitempty"`
}

type jsonRanked struct {
	jsonRow
	Before *int64   `json:"hits_before,omitempty"`
	Change *float64 `json:"change_percent,omitempty"`
}

// WriteCourse writes c as one object. The error is that of the writer.
func (j *JSON) WriteCourse(c *Course) error { return j.indented(j.course(c)) }

// WriteRanking writes r as one object. The error is that of the writer.
func (j *JSON) WriteRanking(r *Ranking) error { return j.indented(j.ranking(r)) }

// WriteAlerts writes an object for each alert, a line each. The error is that of the
// writer.
func (j *JSON) WriteAlerts(alerts []Alert) error {
	var out []byte
	for i := range alerts {
		b, err := json.Marshal(j.event(&alerts[i]))
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err) // no value we make can cause it
		}
		out = append(append(out, b...), '\n')
	}
	_, err := j.W.Write(out)
	return err
}

func (j *JSON) indented(o any) error {
	b, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err) // no value we make can cause it
	}
	_, err = j.W.Write(append(b, '\n'))
	return err
}

func (j *JSON) course(c *Course) *jsonCourse {
	o := &jsonCourse{
		History: escape.JSON(c.Of), From: j.time(c.From), To: j.time(c.To), Step: c.Step,
		Hits: c.Hits, Bytes: c.Bytes, Visitors: c.Visitors, Estimated: c.VisitorsEstimated, Malformed: c.Malformed, Rejected: c.Rejected, Late: c.Late,
		Classes: classes(&c.Stats), Latency: milliseconds(c.Latency),
		Steps: []jsonStretch{}, Gaps: []jsonGap{}, Alerts: []jsonEvent{}, Marks: []jsonMark{},
	}
	if c.KnownFrom < c.KnownTo {
		o.KnownFrom, o.KnownTo = j.time(c.KnownFrom), j.time(c.KnownTo)
	}
	for i := range c.Stretches {
		s := &c.Stretches[i]
		step := jsonStretch{
			From: j.time(s.From), To: j.time(s.To), Hits: s.Hits, Rate: ratio(s.Hits, s.To-s.From), Bytes: s.Bytes, Visitors: s.Visitors,
			Malformed: s.Malformed, Rejected: s.Rejected, Late: s.Late, Classes: byClass(&s.Classes), Latency: milliseconds(s.Latency), Bounds: s.Bounds,
		}
		if e := c.before(s); e != nil {
			step.Before, step.Change = &e.Hits, ratioOf(s.Hits, e.Hits)
		}
		o.Steps = append(o.Steps, step)
	}
	for _, g := range c.gaps() {
		o.Gaps = append(o.Gaps, jsonGap{j.time(g.from), j.time(g.to), g.why})
	}
	for i := range c.Alerts {
		o.Alerts = append(o.Alerts, j.event(&c.Alerts[i]))
	}
	for _, m := range c.Marks {
		o.Marks = append(o.Marks, jsonMark{j.time(m.At), escape.JSON(m.Text)})
	}
	if c.Earlier != nil {
		o.Earlier, o.Change = j.course(c.Earlier), ratioOf(c.Hits, c.Earlier.Hits)
	}
	return o
}

func (j *JSON) event(e *Alert) jsonEvent {
	o := jsonEvent{
		Type: "alert", ID: e.ID, Rule: escape.JSON(e.Rule.Name), State: e.Name(), At: j.time(e.At), Value: e.Value(), Hits: e.Hits,
		Window: e.Rule.Window, Threshold: float64(e.Rule.Threshold) / 1e6, Duration: duration(e), Replayed: e.Replayed,
		Message: escape.JSON(e.Message(zone(j.Zone))),
		Key:     escape.JSON(e.Key), Severity: e.Rule.Severity.String(), Muted: escape.JSON(e.Muted), Cause: escape.JSON(e.Cause.Text()),
	}
	if e.Rule.Name != alert.HighTraffic {
		o.Metric = e.Rule.Metric.String()
	}
	return o
}

// duration is how long a rule was firing, in its recovery.
func duration(e *Alert) int64 {
	if e.State == alert.Firing {
		return 0
	}
	return e.After
}

func (j *JSON) ranking(r *Ranking) *jsonRanking {
	o := &jsonRanking{
		History: escape.JSON(r.Of), From: j.time(r.From), To: j.time(r.To), By: r.By, Hits: r.Hits,
		Rows: []jsonRanked{}, Keys: r.Table.Keys, Bound: r.Table.Bound,
	}
	for i, w := range rows(r.Table.Rows, kindOf(r.By) == ofSections) {
		ranked := jsonRanked{jsonRow: w}
		if r.Earlier != nil {
			if e := r.before(r.Table.Rows[i].Key); e != nil {
				ranked.Before, ranked.Change = &e.Hits, ratioOf(w.Hits, e.Hits)
			} else if r.Earlier.Table.Bound == 0 {
				ranked.Before = new(int64)
			}
		}
		o.Rows = append(o.Rows, ranked)
	}
	if r.Earlier != nil {
		o.Earlier = j.ranking(r.Earlier)
		// It may have many more, in which those of r were looked up.
		o.Earlier.Rows = o.Earlier.Rows[:min(len(o.Earlier.Rows), len(o.Rows))]
	}
	return o
}

package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"weir/internal/alert"
	"weir/internal/change"
)

// detail is what is kept of an event beside the columns it is searched by: one JSON
// object, because each field is a figure of its own that alert.Event has.
type detail struct {
	Key          string            `json:"key,omitempty"`
	State        alert.State       `json:"state"`
	Was          alert.State       `json:"was"`
	Num          int64             `json:"num"`
	Den          int64             `json:"den"`
	Whole        bool              `json:"whole,omitempty"`
	Began        int64             `json:"began"`
	Muted        string            `json:"muted,omitempty"`
	Acknowledged bool              `json:"acknowledged,omitempty"`
	Hushed       int64             `json:"hushed,omitempty"`
	Ended        string            `json:"ended,omitempty"`
	Metric       string            `json:"metric"`
	Test         alert.Test        `json:"test,omitempty"`
	By           alert.By          `json:"by,omitempty"`
	Where        string            `json:"where,omitempty"`
	Of           string            `json:"of,omitempty"`
	Recovery     alert.Level       `json:"recovery,omitempty"`
	Earlier      int64             `json:"earlier,omitempty"`
	For          int64             `json:"for,omitempty"`
	KeepFiring   int64             `json:"keep_firing,omitempty"`
	Min          int64             `json:"min,omitempty"`
	MinOf        int64             `json:"min_of,omitempty"`
	Budget       alert.Level       `json:"budget,omitempty"`
	Severity     alert.Severity    `json:"severity,omitempty"`
	Message      string            `json:"message,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Change       *change.Decision  `json:"change,omitempty"`
	Cause        *alert.Cause      `json:"cause,omitempty"`
}

// detailOf returns the details of e.
func detailOf(e *alert.Event) ([]byte, error) {
	r := &e.Rule
	d := detail{
		Key: e.Key, State: e.State, Was: e.Was, Num: e.Num, Den: e.Den, Whole: e.Whole, Began: e.Began, Muted: e.Muted,
		Acknowledged: e.Acknowledged, Hushed: e.Hushed, Ended: e.Ended, Metric: r.Metric.String(), Test: r.Test, By: r.By, Where: r.Where, Of: r.Of,
		Recovery: r.Recovery, Earlier: r.Earlier, For: r.For, KeepFiring: r.KeepFiring, Min: r.Min, MinOf: r.MinOf, Budget: r.Budget,
		Severity: r.Severity, Cause: e.Cause,
	}
	if r.Policy != nil {
		d.Message, d.Labels = r.Policy.Message, r.Policy.Labels
	}
	if e.Change != nil {
		c := *e.Change
		if math.IsInf(c.Change, 0) { // JSON has no such number; detailed knows it again
			c.Change = 0
		}
		d.Change = &c
	}
	return json.Marshal(&d)
}

// detailed fills in what detailOf returned. Without it, as weir wrote events before
// there were rules beside high traffic, e is made what it must have been.
func detailed(e *alert.Event, data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		e.Was, e.Began = alert.Quiet, e.At
		if e.State == alert.Quiet {
			e.Was, e.Began = alert.Firing, e.At-e.After
		}
		e.Sample = alert.Sample{Num: e.Hits, Den: e.Rule.Window, Hits: e.Hits}
		return nil
	}
	var d detail
	if err := json.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("the details of an alert cannot be read: %w", err)
	}
	m, ok := alert.MetricNamed(d.Metric)
	if !ok || d.State > alert.Pending || d.Was > alert.Pending || d.Test > alert.Changes || d.By > alert.Source {
		return errors.New("the details of an alert have what no weir writes")
	}
	e.Key, e.State, e.Was, e.Began, e.Muted, e.Acknowledged, e.Hushed, e.Ended = d.Key, d.State, d.Was, d.Began, d.Muted, d.Acknowledged, d.Hushed, d.Ended
	e.Num, e.Den, e.Whole = d.Num, d.Den, d.Whole
	r := &e.Rule
	r.Metric, r.Test, r.By, r.Where, r.Of = m, d.Test, d.By, d.Where, d.Of
	r.Recovery, r.Earlier, r.For, r.KeepFiring, r.Min, r.MinOf, r.Budget, r.Severity = d.Recovery, d.Earlier, d.For, d.KeepFiring, d.Min, d.MinOf, d.Budget, d.Severity
	if d.Message != "" || len(d.Labels) > 0 {
		r.Policy = &alert.Policy{Message: d.Message, Labels: d.Labels}
	}
	if e.Cause = d.Cause; d.Change != nil {
		e.Change = d.Change
		if e.Change.Expected == 0 && e.Change.Value > 0 && e.Change.Change == 0 {
			e.Change.Change = math.Inf(1)
		}
	}
	return nil
}

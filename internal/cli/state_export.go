package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"weir/internal/escape"
	"weir/internal/history"
)

// The lines of weir state export, told in docs/history.md.

type exportedHead struct {
	Type    string        `json:"type"`
	Of      escape.JSON   `json:"history"`
	Where   escape.JSON   `json:"where,omitempty"`
	Logs    []escape.JSON `json:"logs"`
	Sealed  string        `json:"sealed,omitempty"`
	Commits int64         `json:"commits"`
	Refused int64         `json:"refused_hits"`
	Shed    int64         `json:"shed_rows"`
}

// exportedRow is one struct because a row has all these figures.
type exportedRow struct {
	Type      string           `json:"type"`
	Step      int64            `json:"step_seconds"`
	From      string           `json:"from"`
	Amends    bool             `json:"amends,omitempty"`
	Hits      int64            `json:"hits"`
	Bytes     int64            `json:"bytes"`
	Classes   map[string]int64 `json:"classes"`
	Malformed int64            `json:"malformed"`
	Rejected  int64            `json:"rejected_lines"`
	Late      int64            `json:"late"`
	Visitors  int64            `json:"visitors"`
	Latency   *exportedLatency `json:"latency_us,omitempty"`
	Frame     []byte           `json:"frame,omitempty"`
}

type exportedLatency struct {
	Count int64 `json:"count"`
	Sum   int64 `json:"sum"`
	P50   int64 `json:"p50"`
	P90   int64 `json:"p90"`
	P99   int64 `json:"p99"`
	Max   int64 `json:"max"`
}

type exportedEvent struct {
	Type      string      `json:"type"`
	ID        int64       `json:"id"`
	At        string      `json:"at"`
	Rule      escape.JSON `json:"rule"`
	State     string      `json:"state"`
	Hits      int64       `json:"hits"`
	After     int64       `json:"duration_seconds,omitempty"`
	Threshold string      `json:"threshold"`
	Window    int64       `json:"window_seconds"`
	Total     bool        `json:"total,omitempty"`
	Replayed  bool        `json:"replayed,omitempty"`
	Key       escape.JSON `json:"key,omitempty"`
	Cause     escape.JSON `json:"cause,omitempty"`
	Message   escape.JSON `json:"message"`
}

type exportedMark struct {
	Type string      `json:"type"`
	ID   int64       `json:"id"`
	At   string      `json:"at"`
	Text escape.JSON `json:"text"`
}

type exportedSpan struct {
	Type   string      `json:"type"`
	Source escape.JSON `json:"source"`
	File   escape.JSON `json:"file"`
	From   string      `json:"from"`
	To     string      `json:"to"`
	Begin  int64       `json:"from_offset"`
	End    int64       `json:"to_offset"`
}

// exportedBlob is a position in a log, or the state of a part of weir.
type exportedBlob struct {
	Type string      `json:"type"`
	Name escape.JSON `json:"name"`
	Data []byte      `json:"data"`
}

// exportedMessage is one that waits for being told to somebody.
type exportedMessage struct {
	Type   string      `json:"type"`
	ID     int64       `json:"id"`
	Target escape.JSON `json:"target"`
	Key    escape.JSON `json:"key"`
	Due    string      `json:"due"`
	Body   []byte      `json:"body"`
}

// writeExport writes all that db holds. What is of one kind is of one moment.
func writeExport(ctx context.Context, db *history.DB, w io.Writer, frames bool) error {
	out := bufio.NewWriterSize(w, 64<<10)
	e := exporter{db: db, ctx: func() error { return context.Cause(ctx) }, json: json.NewEncoder(out), frames: frames}
	e.json.SetEscapeHTML(false)
	for _, part := range []func() error{e.head, e.rows, e.events, e.marks, e.spans, e.messages, e.blobs} {
		if err := part(); err != nil {
			return err
		}
	}
	return out.Flush()
}

type exporter struct {
	db     *history.DB
	ctx    func() error // whether to stop
	json   *json.Encoder
	frames bool
}

func (e *exporter) head() error {
	subject, err := e.db.Subject()
	if err != nil {
		return err
	}
	st, err := e.db.Stats()
	if err != nil {
		return err
	}
	h := exportedHead{Type: "history", Of: escape.JSON(nameOfOpen(e.db)), Where: escape.JSON(subject.Where), Logs: []escape.JSON{}, Commits: st.Commits, Refused: st.Refused, Shed: st.Shed}
	for _, l := range subject.Logs {
		h.Logs = append(h.Logs, escape.JSON(l))
	}
	if _, to, ok, err := e.db.Bounds(); err == nil && ok {
		h.Sealed = utc(to)
	}
	return e.json.Encode(h)
}

func utc(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.RFC3339) }

func (e *exporter) rows() error {
	return e.db.Rows(func(r *history.StoredRow) error {
		if err := e.ctx(); err != nil {
			return err
		}
		o := exportedRow{
			Type: "row", Step: r.Level.Step(), From: utc(r.From), Amends: r.Amends, Hits: r.Hits, Bytes: r.Bytes, Malformed: r.Malformed,
			Rejected: r.Rejected, Late: r.Late, Visitors: r.Visitors, Classes: map[string]int64{},
		}
		for class, name := range []string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} {
			if n := r.Classes[class]; n > 0 {
				o.Classes[name] = n
			}
		}
		if l := r.Latency; l.Count > 0 {
			o.Latency = &exportedLatency{l.Count, l.Sum, l.P50, l.P90, l.P99, l.Max}
		}
		if e.frames {
			o.Frame = r.Frame
		}
		return e.json.Encode(o)
	})
}

func (e *exporter) events() error {
	events, err := e.db.Events(history.Filter{})
	if err != nil {
		return err
	}
	for _, v := range events {
		o := exportedEvent{
			Type: "alert", ID: v.ID, At: utc(v.At), Rule: escape.JSON(v.Rule.Name), State: v.Name(), Hits: v.Hits, After: v.Event.After,
			Threshold: v.Rule.Threshold.String(), Window: v.Rule.Window, Total: v.Rule.Total, Replayed: v.Replayed, Key: escape.JSON(v.Key), Cause: escape.JSON(v.Cause.Text()), Message: escape.JSON(v.String()),
		}
		if err := e.json.Encode(o); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) marks() error {
	marks, err := e.db.Marks(math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, m := range marks {
		if err := e.json.Encode(exportedMark{"mark", m.ID, utc(m.At), escape.JSON(m.Text)}); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) spans() error {
	// Two whole numbers of minutes, far from all logs.
	spans, err := e.db.Spans("", -1<<40, 1<<40)
	if err != nil {
		return err
	}
	for _, s := range spans {
		if err := e.ctx(); err != nil {
			return err
		}
		if err := e.json.Encode(exportedSpan{"span", escape.JSON(s.Source), escape.JSON(s.File), utc(s.FromTime), utc(s.ToTime), s.FromOffset, s.ToOffset}); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) messages() error {
	waiting, err := e.db.Outbox(math.MaxInt64, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, m := range waiting {
		if err := e.json.Encode(exportedMessage{"message", m.ID, escape.JSON(m.Target), escape.JSON(m.Key), utc(m.Due), m.Body}); err != nil {
			return err
		}
	}
	return nil
}

// blobs writes positions and states as they are stored.
func (e *exporter) blobs() error {
	for _, b := range []struct {
		kind string
		read func() (map[string][]byte, error)
	}{{"position", e.db.Positions}, {"state", e.db.States}} {
		found, err := b.read()
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if err := e.json.Encode(exportedBlob{b.kind, escape.JSON(name), found[name]}); err != nil {
				return err
			}
		}
	}
	return nil
}

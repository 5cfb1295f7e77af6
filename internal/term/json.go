package term

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"weir/internal/alert"
	"weir/internal/change"
	"weir/internal/escape"
	"weir/internal/gauge"
	"weir/internal/view"
)

// JSON writes one object a line for every interval, event, notice and the
// summary. Its keys are documented in docs/json.md and stay. It belongs to one
// goroutine.
type JSON struct {
	W    io.Writer
	Zone *time.Location // of all times
}

// Show writes one output. The error is that of the writer.
func (j *JSON) Show(o gauge.Output) error {
	switch {
	case o.Event != nil:
		return j.write(j.event(o.Event))
	case o.Interval != nil:
		return j.write(j.interval(o.Interval))
	case o.Quiet != nil:
		return j.write(struct {
			Type string `json:"type"`
			From string `json:"from"`
			To   string `json:"to"`
		}{"quiet", j.time(o.Quiet.From), j.time(o.Quiet.To)})
	case o.Notice != nil:
		at := ""
		if o.Notice.At != 0 {
			at = j.time(o.Notice.At)
		}
		return j.write(struct {
			Type string      `json:"type"`
			At   string      `json:"at,omitempty"`
			Text escape.JSON `json:"text"`
		}{"notice", at, escape.JSON(o.Notice.Text)})
	}
	return nil
}

// Close writes the summary of the run. The error is that of the writer.
func (j *JSON) Close(c *view.Closing) error { return j.write(j.summary(c)) }

func (j *JSON) write(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err) // no value we make can cause it
	}
	_, err = j.W.Write(append(b, '\n'))
	return err
}

func (j *JSON) time(sec int64) string { return time.Unix(sec, 0).In(j.Zone).Format(time.RFC3339) }

// The objects, in the order of their keys.

type jsonStats struct {
	Hits      int64            `json:"hits"`
	Rate      float64          `json:"rate"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Estimated bool             `json:"visitors_estimated,omitempty"`
	Malformed int64            `json:"malformed"`
	Classes   map[string]int64 `json:"classes"`
	Status    map[string]int64 `json:"status"`
	Methods   map[string]int64 `json:"methods"`
	Latency   *jsonLatency     `json:"latency,omitempty"`
	Sections  []jsonRow        `json:"sections"`
	Clients   []jsonRow        `json:"clients"`
	Paths     []jsonRow        `json:"paths"`
	BotHits   int64            `json:"bot_hits"`
	Bots      []jsonRow        `json:"bots"`
	Countries []jsonRow        `json:"countries"`
	Cities    []jsonRow        `json:"cities"`
	Networks  []jsonRow        `json:"networks"`
	Bounds    map[string]int64 `json:"bounds,omitempty"`
}

type jsonLatency struct {
	Count int64   `json:"count"`
	Mean  float64 `json:"mean_ms"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	// Max is nil where only a coarse latency is known.
	Max    *float64 `json:"max_ms,omitempty"`
	Coarse bool     `json:"coarse,omitempty"`
}

type jsonRow struct {
	Key     escape.JSON  `json:"key"`
	Hits    int64        `json:"hits"`
	Bytes   int64        `json:"bytes"`
	Missed  int64        `json:"missed,omitempty"`
	Errors  int64        `json:"errors"`
	Latency *jsonLatency `json:"latency,omitempty"`
}

type jsonRejected struct {
	Total   int64            `json:"total"`
	Reasons map[string]int64 `json:"reasons"`
}

type jsonWindow struct {
	Rule      escape.JSON `json:"rule"`
	State     string      `json:"state"`
	Since     string      `json:"since,omitempty"`
	Seconds   int64       `json:"seconds"`
	Hits      int64       `json:"hits"`
	Average   float64     `json:"average"`
	Threshold float64     `json:"threshold"`

	Key          escape.JSON   `json:"key,omitempty"`
	Expected     *jsonExpected `json:"expected,omitempty"`
	Acknowledged bool          `json:"acknowledged,omitempty"`
	Muted        bool          `json:"muted,omitempty"`
}

type jsonExpected struct {
	Value    float64 `json:"value"`
	Expected float64 `json:"expected"`
	Low      float64 `json:"low"`
	High     float64 `json:"high"`
	Seconds  int64   `json:"seconds"`
	Surprise float64 `json:"surprise"`
	Basis    string  `json:"basis"`
}

type jsonEvent struct {
	Type      string      `json:"type,omitempty"`
	Rule      escape.JSON `json:"rule"`
	State     string      `json:"state"`
	At        string      `json:"at"`
	Value     string      `json:"value"`
	Hits      int64       `json:"hits"`
	Window    int64       `json:"window_seconds"`
	Threshold float64     `json:"threshold"`
	Duration  int64       `json:"duration_seconds,omitempty"`
	Message   escape.JSON `json:"message"`

	Key      escape.JSON   `json:"key,omitempty"`
	Metric   string        `json:"metric,omitempty"`
	Severity string        `json:"severity,omitempty"`
	Muted    escape.JSON   `json:"muted,omitempty"`
	Cause    escape.JSON   `json:"cause,omitempty"`
	Expected *jsonExpected `json:"expected,omitempty"`
}

type jsonInterval struct {
	Type    string `json:"type"`
	From    string `json:"from"`
	To      string `json:"to"`
	Partial bool   `json:"partial,omitempty"`
	jsonStats
	Late     int64         `json:"late"`
	Future   int64         `json:"future"`
	Rejected jsonRejected  `json:"rejected"`
	Windows  []jsonWindow  `json:"windows"`
	Notes    []escape.JSON `json:"notes"`
}

type jsonChannel struct {
	Name      escape.JSON `json:"name"`
	Kind      string      `json:"kind"`
	Delivered int64       `json:"delivered"`
	Waiting   int         `json:"waiting"`
	GivenUp   int64       `json:"given_up"`
	Failing   string      `json:"failing_since,omitempty"`
	Error     escape.JSON `json:"last_error,omitempty"`
}

type jsonSource struct {
	Name     escape.JSON `json:"name"`
	Format   string      `json:"format,omitempty"`
	Lines    int64       `json:"lines"`
	Hits     int64       `json:"hits"`
	Rejected int64       `json:"rejected"`
	Older    int64       `json:"older,omitempty"`
	Filtered int64       `json:"filtered,omitempty"`

	jsonReach
	Dropped int64 `json:"lost_messages,omitempty"`

	Last escape.JSON `json:"last_rejected,omitempty"`
	Why  string      `json:"last_reason,omitempty"`
}

type jsonReach struct {
	Offset       int64   `json:"offset"`
	Size         int64   `json:"size"`
	Lag          int64   `json:"lag_bytes"`
	LagSeconds   float64 `json:"lag_seconds"`
	Rotations    int     `json:"rotations"`
	Truncations  int     `json:"truncations"`
	Recovered    int64   `json:"recovered_bytes"`
	PossibleLoss int64   `json:"possible_loss_bytes"`
	Zeros        int64   `json:"zero_bytes"`
	TooLong      int     `json:"too_long"`
	Undecodable  int64   `json:"undecodable,omitempty"`
}

type jsonSummary struct {
	Type  string `json:"type"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
	Lines int64  `json:"lines"`
	jsonStats
	Late     int64         `json:"late"`
	LateBy   int64         `json:"late_by_seconds"`
	Future   int64         `json:"future"`
	Rejected jsonRejected  `json:"rejected"`
	Alerts   []jsonEvent   `json:"alerts"`
	Dropped  int           `json:"alerts_dropped,omitempty"`
	Open     []jsonWindow  `json:"open"`
	Sources  []jsonSource  `json:"sources"`
	Channels []jsonChannel `json:"channels,omitempty"`
}

func (j *JSON) interval(iv *view.Interval) jsonInterval {
	o := jsonInterval{
		Type: "interval", From: j.time(iv.From), To: j.time(iv.To), Partial: iv.Partial,
		jsonStats: stats(&iv.Stats, iv.Seconds()), Late: iv.Late, Future: iv.Future,
		Rejected: rejected(iv.Rejected), Windows: j.windows(iv.Window), Notes: []escape.JSON{},
	}
	for _, n := range iv.Notes {
		o.Notes = append(o.Notes, escape.JSON(n))
	}
	return o
}

func (j *JSON) summary(c *view.Closing) jsonSummary {
	o := jsonSummary{
		Type: "summary", jsonStats: stats(&c.Stats, c.To+1-c.From), Late: c.Late, LateBy: c.LateBy, Future: c.Future,
		Rejected: rejected(c.Rejected), Alerts: []jsonEvent{}, Dropped: c.Dropped,
		Open: j.windows(c.Firing()), Sources: []jsonSource{},
	}
	if c.Seen {
		o.From, o.To = j.time(c.From), j.time(c.To+1)
	}
	for _, e := range c.Alerts {
		je := j.event(&e)
		je.Type = ""
		o.Alerts = append(o.Alerts, je)
	}
	for _, s := range c.Sources {
		o.Lines += s.Lines
		js := jsonSource{
			Name: escape.JSON(s.Name), Format: s.Format, Lines: s.Lines, Hits: s.Hits, Rejected: s.Rejected, Older: s.Older, Filtered: s.Filtered,
			jsonReach: reach(s.Reach), Dropped: s.Dropped,
		}
		if s.LastReject != nil {
			js.Last, js.Why = escape.JSON(s.LastReject.Position(s.Name)), s.LastReject.Reason
		}
		o.Sources = append(o.Sources, js)
	}
	for _, ch := range c.Channels {
		jc := jsonChannel{Name: escape.JSON(ch.Name), Kind: ch.Kind, Delivered: ch.Delivered, Waiting: ch.Waiting, GivenUp: ch.GivenUp, Error: escape.JSON(ch.LastError)}
		if !ch.FailingSince.IsZero() {
			jc.Failing = j.time(ch.FailingSince.Unix())
		}
		o.Channels = append(o.Channels, jc)
	}
	return o
}

func reach(r view.Reach) jsonReach {
	return jsonReach{
		Offset: r.Offset, Size: r.Size, Lag: r.Lag, LagSeconds: float64(r.LagTime.Milliseconds()) / 1000,
		Rotations: r.Rotations, Truncations: r.Truncations, Recovered: r.Recovered,
		PossibleLoss: r.PossibleLoss, Zeros: r.Zeros, TooLong: r.TooLong, Undecodable: r.Undecodable,
	}
}

func (j *JSON) event(e *alert.Event) jsonEvent {
	o := jsonEvent{
		Type: "alert", Rule: escape.JSON(e.Rule.Name), Key: escape.JSON(e.Key), State: e.Name(), At: j.time(e.At), Value: e.Value(), Hits: e.Hits,
		Window: e.Rule.Window, Threshold: perSecond(e.Rule), Message: escape.JSON(e.Message(j.Zone)),
		Severity: e.Rule.Severity.String(), Muted: escape.JSON(e.Muted), Cause: escape.JSON(e.Cause.Text()),
	}
	if e.Was == alert.Firing {
		o.Duration = e.After
	}
	if e.Rule.Name != alert.HighTraffic {
		o.Metric = e.Rule.Metric.String()
	}
	o.Expected = expected(e.Change)
	return o
}

// expected is what a sudden change is one from; nil where nobody knows.
func expected(d *change.Decision) *jsonExpected {
	if d == nil || d.Basis.Pattern == change.Unknown {
		return nil
	}
	return &jsonExpected{
		Value: round6(d.Value), Expected: round6(d.Expected), Low: round6(d.Low), High: round6(d.High), Seconds: d.Span,
		Surprise: round6(d.Surprise), Basis: d.Basis.Name(),
	}
}

// round6 keeps six decimals.
func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

func (j *JSON) windows(in []view.Window) []jsonWindow {
	out := []jsonWindow{}
	for i := range in {
		w := &in[i]
		if w.Rule.Name != alert.HighTraffic && w.State == alert.Quiet && (w.Change == nil || w.Change.Basis.Pattern == change.Unknown) {
			continue // there may be thousands of them
		}
		o := jsonWindow{
			Rule: escape.JSON(w.Rule.Name), State: w.State.String(), Seconds: w.Rule.Window, Hits: w.Hits,
			Threshold: perSecond(w.Rule), Expected: expected(w.Change), Acknowledged: w.Acknowledged, Muted: w.Muted,
		}
		if w.Key != "" {
			o.Key = escape.JSON(w.Key)
		}
		switch {
		case w.Rule.Metric == alert.Hits:
			o.Average = ratio(w.Num, w.Den)
		case w.Den > 0:
			o.Average = round6(float64(w.Num) / float64(w.Den))
		}
		if w.State != alert.Quiet {
			o.Since = j.time(w.Since)
		}
		out = append(out, o)
	}
	return out
}

func perSecond(r alert.Rule) float64 { return float64(r.Threshold) / 1e6 }

func stats(s *view.Stats, seconds int64) jsonStats {
	o := jsonStats{
		Hits: s.Hits, Rate: ratio(s.Hits, seconds), Bytes: s.Bytes,
		Visitors: s.Visitors, Estimated: s.VisitorsEstimated, Malformed: s.Malformed,
		Classes: map[string]int64{}, Status: map[string]int64{}, Methods: map[string]int64{},
		Latency: latency(s.Latency), Sections: rows(s.Sections.Rows), Clients: rows(s.Clients.Rows), Paths: rows(s.Paths.Rows),
		BotHits: s.BotHits, Bots: rows(s.Bots.Rows),
		Countries: rows(s.Countries.Rows), Cities: rows(s.Cities.Rows), Networks: rows(s.Networks.Rows),
	}
	for name, t := range map[string]view.Table{
		"sections": s.Sections, "clients": s.Clients, "paths": s.Paths, "bots": s.Bots,
		"countries": s.Countries, "cities": s.Cities, "networks": s.Networks,
	} {
		if t.Bound > 0 {
			if o.Bounds == nil {
				o.Bounds = map[string]int64{}
			}
			o.Bounds[name] = t.Bound
		}
	}
	for class, n := range s.Classes {
		switch {
		case class > 0:
			o.Classes[strconv.Itoa(class)+"xx"] = n
		case n > 0:
			o.Classes["other"] = n
		}
	}
	for _, st := range s.Statuses {
		o.Status[strconv.Itoa(st.Code)] = st.Hits
	}
	for _, m := range s.Methods.Rows {
		o.Methods[escape.Terminal([]byte(view.Name(m.Key)))] += m.Hits
	}
	return o
}

func rejected(r view.Rejected) jsonRejected {
	o := jsonRejected{Total: r.Total, Reasons: map[string]int64{}}
	for _, why := range r.Reasons {
		o.Reasons[why.Text] = why.Lines
	}
	return o
}

func rows(in []view.Row) []jsonRow {
	out := []jsonRow{}
	for _, r := range in {
		out = append(out, jsonRow{Key: escape.JSON(view.Name(r.Key)), Hits: r.Hits, Missed: r.Missed, Bytes: r.Bytes, Errors: r.Errors, Latency: latency(r.Latency)})
	}
	return out
}

func latency(l *view.Latency) *jsonLatency {
	if l == nil {
		return nil
	}
	ms := func(d time.Duration) float64 { return float64(d/time.Microsecond) / 1000 }
	o := &jsonLatency{Count: l.Count, Mean: ms(l.Mean), P50: ms(l.P50), P90: ms(l.P90), P99: ms(l.P99), Coarse: l.Coarse}
	if !l.Coarse {
		most := ms(l.Max)
		o.Max = &most
	}
	return o
}

// ratio is hits per second to the thousandth, 0 where there is no time.
func ratio(hits, seconds int64) float64 {
	if seconds <= 0 {
		return 0
	}
	return float64(hits*1000/seconds) / 1000
}

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/view"
)

// JSON writes a Report as one object for a program. Its keys are documented in
// docs/json.md and stay. It belongs to one goroutine.
type JSON struct {
	W    io.Writer
	Zone *time.Location // of all times; nil is UTC
}

// Write writes r in one piece, indented by two spaces. The error is that of the
// writer.
func (j *JSON) Write(r *Report) error {
	b, err := json.MarshalIndent(j.object(r), "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err) // no value we make can cause it
	}
	_, err = j.W.Write(append(b, '\n'))
	return err
}

// The objects, in the order of their keys.

// jsonReport is one struct because a report is one object.
type jsonReport struct {
	From      string           `json:"from,omitempty"`
	To        string           `json:"to,omitempty"`
	Lines     int64            `json:"lines"`
	Hits      int64            `json:"hits"`
	Rejected  jsonRejected     `json:"rejected"`
	Late      int64            `json:"late"`
	Outside   int64            `json:"outside,omitempty"`
	Malformed int64            `json:"malformed"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Estimated bool             `json:"visitors_estimated,omitempty"`
	Rate      jsonRate         `json:"rate"`
	Status    map[string]int64 `json:"status"`
	Classes   map[string]int64 `json:"classes"`
	Methods   map[string]int64 `json:"methods"`
	Latency   *jsonLatency     `json:"latency,omitempty"`

	Sections     []jsonRow        `json:"sections"`
	Paths        []jsonRow        `json:"paths"`
	Clients      []jsonRow        `json:"clients"`
	Countries    []jsonRow        `json:"countries"`
	Cities       []jsonRow        `json:"cities"`
	Networks     []jsonRow        `json:"networks"`
	Agents       []jsonRow        `json:"agents"`
	Browsers     []jsonRow        `json:"browsers"`
	Systems      []jsonRow        `json:"systems"`
	Bots         []jsonRow        `json:"bots"`
	BotKinds     []jsonRow        `json:"bot_kinds"`
	BotHits      int64            `json:"bot_hits"`
	Referrers    []jsonRow        `json:"referrers"`
	Hosts        []jsonRow        `json:"hosts"`
	Users        []jsonRow        `json:"users"`
	Protocols    []jsonRow        `json:"protocols"`
	NotFound     []jsonRow        `json:"not_found"`
	ServerErrors []jsonRow        `json:"server_errors"`
	Bounds       map[string]int64 `json:"bounds,omitempty"`

	Hours      []jsonHour    `json:"hours"`
	Gone       int64         `json:"hits_before_hours,omitempty"`
	Notes      []escape.JSON `json:"notes"`
	Alerts     []jsonAlert   `json:"alerts"`
	Dropped    int           `json:"alerts_dropped,omitempty"`
	AlertsFrom string        `json:"alerts_from,omitempty"`
	Open       []jsonWindow  `json:"open"`
	Sources    []jsonSource  `json:"sources"`
	Notices    []escape.JSON `json:"notices"`
	Failures   []escape.JSON `json:"failures"`
}

type jsonRejected struct {
	Total   int64            `json:"total"`
	Reasons map[string]int64 `json:"reasons"`
}

// jsonRate holds hits per second.
type jsonRate struct {
	Mean   float64 `json:"mean"`
	Peak1  float64 `json:"peak_1s"`
	Peak10 float64 `json:"peak_10s"`
}

type jsonLatency struct {
	Count  int64    `json:"count"`
	Mean   float64  `json:"mean_ms"`
	P50    float64  `json:"p50_ms"`
	P90    float64  `json:"p90_ms"`
	P99    float64  `json:"p99_ms"`
	Max    *float64 `json:"max_ms,omitempty"`
	Coarse bool     `json:"coarse,omitempty"`
}

type jsonRow struct {
	Key       escape.JSON  `json:"key"`
	Hits      int64        `json:"hits"`
	Missed    int64        `json:"missed,omitempty"`
	Bytes     int64        `json:"bytes"`
	Errors    int64        `json:"errors"`
	Visitors  *int64       `json:"visitors,omitempty"`
	Estimated bool         `json:"visitors_estimated,omitempty"`
	Latency   *jsonLatency `json:"latency,omitempty"`
}

type jsonHour struct {
	From   string `json:"from"`
	Hits   int64  `json:"hits"`
	Bytes  int64  `json:"bytes"`
	Errors int64  `json:"errors"`
}

type jsonAlert struct {
	Rule    escape.JSON `json:"rule"`
	State   string      `json:"state"`
	At      string      `json:"at"`
	Value   string      `json:"value"`
	Hits    int64       `json:"hits"`
	Message escape.JSON `json:"message"`
}

type jsonWindow struct {
	Rule      escape.JSON `json:"rule"`
	State     string      `json:"state"`
	Since     string      `json:"since"`
	Seconds   int64       `json:"seconds"`
	Hits      int64       `json:"hits"`
	Average   float64     `json:"average"`
	Threshold float64     `json:"threshold"`
}

type jsonSource struct {
	Name     escape.JSON `json:"name"`
	Format   string      `json:"format,omitempty"`
	Lines    int64       `json:"lines"`
	Hits     int64       `json:"hits"`
	Rejected int64       `json:"rejected"`
	Last     escape.JSON `json:"last_rejected,omitempty"`
	Why      escape.JSON `json:"last_reason,omitempty"`
}

func (j *JSON) object(r *Report) *jsonReport {
	o := &jsonReport{
		Lines: r.Lines, Hits: r.Hits, Rejected: jsonRejected{Total: r.Rejected.Total, Reasons: map[string]int64{}},
		Late: r.Late, Outside: r.Outside, Malformed: r.Malformed, Bytes: r.Bytes, Visitors: r.Visitors, Estimated: r.VisitorsEstimated,
		Status: map[string]int64{}, Classes: classes(&r.Stats), Methods: map[string]int64{}, Latency: milliseconds(r.Latency),
		Notes: texts(r.Notes), Dropped: r.Dropped, Notices: texts(r.Notices), Failures: texts(r.Failures),
	}
	if r.Seen {
		o.From, o.To = j.time(r.From), j.time(min(r.To+1, accesslog.MaxSec))
		o.Rate = jsonRate{Mean: ratio(r.Hits, r.seconds()), Peak1: float64(r.Peak1.Hits), Peak10: ratio(r.Peak10.Hits, 10)}
	}
	if r.AlertsFrom != 0 {
		o.AlertsFrom = j.time(r.AlertsFrom)
	}
	for _, why := range r.Rejected.Reasons {
		o.Rejected.Reasons[escape.Terminal([]byte(why.Text))] += why.Lines
	}
	for _, s := range r.Statuses {
		o.Status[strconv.Itoa(s.Code)] = s.Hits
	}
	for _, m := range r.Methods.Rows {
		o.Methods[escape.Terminal([]byte(view.Name(m.Key)))] += m.Hits
	}
	o.tables(&r.Stats)
	o.BotHits = r.BotHits
	j.lists(r, o)
	return o
}

// tables fills in the rows of every table, and where there may be more.
func (o *jsonReport) tables(s *view.Stats) {
	for _, t := range []struct {
		name  string
		table *view.Table
		rows  *[]jsonRow
	}{
		{"sections", &s.Sections, &o.Sections},
		{"paths", &s.Paths, &o.Paths},
		{"clients", &s.Clients, &o.Clients},
		{"countries", &s.Countries, &o.Countries},
		{"cities", &s.Cities, &o.Cities},
		{"networks", &s.Networks, &o.Networks},
		{"agents", &s.Agents, &o.Agents},
		{"browsers", &s.Browsers, &o.Browsers},
		{"systems", &s.Systems, &o.Systems},
		{"bots", &s.Bots, &o.Bots},
		{"bot_kinds", &s.BotKinds, &o.BotKinds},
		{"referrers", &s.Referrers, &o.Referrers},
		{"hosts", &s.Hosts, &o.Hosts},
		{"users", &s.Users, &o.Users},
		{"methods", &s.Methods, nil},
		{"protocols", &s.Protocols, &o.Protocols},
		{"not_found", &s.NotFound, &o.NotFound},
		{"server_errors", &s.ServerErrors, &o.ServerErrors},
	} {
		if t.rows != nil {
			*t.rows = rows(t.table.Rows, t.table == &s.Sections)
		}
		if t.table.Bound > 0 {
			if o.Bounds == nil {
				o.Bounds = map[string]int64{}
			}
			o.Bounds[t.name] = t.table.Bound
		}
	}
}

// lists fills in what happened at which time, and in which log.
func (j *JSON) lists(r *Report, o *jsonReport) {
	o.Hours, o.Alerts, o.Open, o.Sources = []jsonHour{}, []jsonAlert{}, []jsonWindow{}, []jsonSource{}
	for _, h := range r.Hours {
		o.Gone = r.GoneHits
		o.Hours = append(o.Hours, jsonHour{j.time(h.From), h.Hits, h.Bytes, h.Classes[5]})
	}
	for _, e := range r.Alerts {
		o.Alerts = append(o.Alerts, jsonAlert{
			Rule: escape.JSON(e.Rule.Name), State: state(e.State), At: j.time(e.At), Value: e.Value(), Hits: e.Hits,
			Message: escape.JSON(e.Message(zone(j.Zone))),
		})
	}
	for _, w := range r.Open {
		o.Open = append(o.Open, jsonWindow{
			Rule: escape.JSON(w.Rule.Name), State: w.State.String(), Since: j.time(w.Since), Seconds: w.Rule.Window, Hits: w.Hits,
			Average: ratio(w.Hits, w.Rule.Window), Threshold: float64(w.Rule.Threshold) / 1e6,
		})
	}
	for _, s := range r.Sources {
		js := jsonSource{Name: escape.JSON(s.Name), Format: s.Format, Lines: s.Lines, Hits: s.Hits, Rejected: s.Rejected}
		if s.LastReject != nil {
			js.Last, js.Why = escape.JSON(s.LastReject.Position(s.Name)), escape.JSON(s.LastReject.Reason)
		}
		o.Sources = append(o.Sources, js)
	}
}

func (j *JSON) time(sec int64) string {
	return time.Unix(sec, 0).In(zone(j.Zone)).Format(time.RFC3339)
}

func rows(in []view.Row, sections bool) []jsonRow {
	out := []jsonRow{}
	for _, r := range in {
		row := jsonRow{
			Key: escape.JSON(view.Name(r.Key)), Hits: r.Hits, Missed: r.Missed, Bytes: r.Bytes, Errors: r.Errors,
			Latency: milliseconds(r.Latency),
		}
		if sections && r.Visitors >= 0 {
			row.Visitors, row.Estimated = &r.Visitors, r.VisitorsEstimated
		}
		out = append(out, row)
	}
	return out
}

func milliseconds(l *view.Latency) *jsonLatency {
	if l == nil {
		return nil
	}
	o := &jsonLatency{Count: l.Count, Mean: ms(l.Mean), P50: ms(l.P50), P90: ms(l.P90), P99: ms(l.P99), Coarse: l.Coarse}
	if !l.Coarse {
		longest := ms(l.Max)
		o.Max = &longest
	}
	return o
}

// ms is d in milliseconds, to the thousandth.
func ms(d time.Duration) float64 { return float64(d/time.Microsecond) / 1000 }

// classes are hits by status class, as 2xx.
func classes(s *view.Stats) map[string]int64 { return byClass(&s.Classes) }

func byClass(all *[6]int64) map[string]int64 {
	out := map[string]int64{}
	for class, n := range all {
		switch {
		case class > 0:
			out[strconv.Itoa(class)+"xx"] = n
		case n > 0:
			out["other"] = n
		}
	}
	return out
}

func texts(in []string) []escape.JSON {
	out := make([]escape.JSON, 0, len(in))
	for _, s := range in {
		out = append(out, escape.JSON(s))
	}
	return out
}

// ratio is hits per second to the thousandth, 0 where there is no time.
func ratio(hits, seconds int64) float64 {
	if seconds <= 0 {
		return 0
	}
	return math.Round(float64(hits)/float64(seconds)*1e6) / 1e6
}

// state is what a program reads of a change of state.
func state(s alert.State) string {
	if s == alert.Firing {
		return "firing"
	}
	return "recovered"
}

func zone(z *time.Location) *time.Location {
	if z == nil {
		return time.UTC
	}
	return z
}

// seconds is the length of the time that the report tells of.
func (r *Report) seconds() int64 { return r.To + 1 - r.From }

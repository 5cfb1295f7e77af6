package report

import (
	"bytes"
	"encoding/csv"
	"strconv"

	"weir/internal/view"
)

// WriteCourse writes a row for each step of c. The error is that of the writer.
func (c *CSV) WriteCourse(course *Course) error {
	table := [][]string{{
		"from", "to", "hits", "bytes", "visitors", "1xx", "2xx", "3xx", "4xx", "5xx", "other", "malformed", "rejected_lines", "late",
		"mean_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms", "approximate", "hits_before", "change_percent",
	}}
	for i := range course.Stretches {
		s := &course.Stretches[i]
		row := []string{c.time(s.From), c.time(s.To), number(s.Hits), number(s.Bytes), number(s.Visitors)}
		for _, class := range []int{1, 2, 3, 4, 5, 0} {
			row = append(row, number(s.Classes[class]))
		}
		row = append(row, number(s.Malformed), number(s.Rejected), number(s.Late))
		row = append(row, times(s.Latency)...)
		row = append(row, strconv.FormatBool(s.Bounds))
		var was *int64
		if e := course.before(s); e != nil {
			was = &e.Hits
		}
		table = append(table, append(row, changes(s.Hits, was)...))
	}
	return c.write(table)
}

// times are the cells of a latency: mean, quantiles, maximum.
func times(l *view.Latency) []string {
	if l == nil {
		return make([]string, 5)
	}
	var out []string
	for _, v := range []float64{ms(l.Mean), ms(l.P50), ms(l.P90), ms(l.P99), ms(l.Max)} {
		out = append(out, strconv.FormatFloat(v, 'f', -1, 64))
	}
	if l.Coarse {
		out[4] = ""
	}
	return out
}

// changes are the cells of what n is compared with; empty where that is not known.
func changes(n int64, was *int64) []string {
	out := make([]string, 2)
	if was != nil {
		out[0] = number(*was)
		if p := ratioOf(n, *was); p != nil {
			out[1] = strconv.FormatFloat(*p, 'f', 1, 64)
		}
	}
	return out
}

// WriteRanking writes a row for each row of r. The error is that of the writer.
func (c *CSV) WriteRanking(r *Ranking) error {
	table := [][]string{{"by", "key", "hits", "missed", "bytes", "errors", "visitors", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "max_ms", "hits_before", "change_percent"}}
	for i := range r.Table.Rows {
		w := &r.Table.Rows[i]
		row := []string{r.By, cell(view.Name(w.Key)), number(w.Hits), number(w.Missed), number(w.Bytes), number(w.Errors), ""}
		if kindOf(r.By) == ofCounts {
			row[4], row[5] = "", ""
		}
		if kindOf(r.By) == ofSections && w.Visitors >= 0 {
			row[6] = number(w.Visitors)
		}
		row = append(row, times(w.Latency)...)
		var was *int64
		if r.Earlier != nil {
			if e := r.before(w.Key); e != nil {
				was = &e.Hits
			} else if r.Earlier.Table.Bound == 0 {
				was = new(int64)
			}
		}
		table = append(table, append(row, changes(w.Hits, was)...))
	}
	return c.write(table)
}

// WriteAlerts writes a row for each alert, below a header unless more is true: then they
// follow others. The error is that of the writer.
func (c *CSV) WriteAlerts(alerts []Alert, more bool) error {
	var table [][]string
	if !more {
		table = append(table, []string{"id", "at", "rule", "state", "value", "hits", "window_seconds", "threshold", "duration_seconds", "replayed", "message"})
	}
	for i := range alerts {
		e := &alerts[i]
		long := ""
		if n := duration(e); n > 0 {
			long = number(n)
		}
		table = append(table, []string{
			number(e.ID), c.time(e.At), cell(e.Rule.Name), state(e.State), e.Value(), number(e.Hits), number(e.Rule.Window), e.Rule.Threshold.String(),
			long, strconv.FormatBool(e.Replayed), cell(e.Message(zone(c.Zone))),
		})
	}
	return c.write(table)
}

// write writes rows in one piece.
func (c *CSV) write(table [][]string) error {
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(table); err != nil {
		return err
	}
	_, err := c.W.Write(out.Bytes())
	return err
}

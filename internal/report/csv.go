package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"time"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/view"
)

// CSV writes a Report as one flat table (RFC 4180, but lines end in a line
// feed) for a spreadsheet. A row is one figure of the whole, one hour or one
// row of a table; a cell is empty where nothing is known. It belongs to one
// goroutine.
type CSV struct {
	W    io.Writer
	Zone *time.Location // of all times; nil is UTC
}

// The cells of a row.
const (
	cellTable = iota
	cellKey
	cellHits
	cellMissed
	cellBytes
	cellErrors
	cellVisitors
	cellMean
	cellP50
	cellP90
	cellP99
	cells
)

type record [cells]string

// Write writes r in one piece. The error is that of the writer.
func (c *CSV) Write(r *Report) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	header := record{"table", "key", "hits", "missed", "bytes", "errors", "visitors", "mean_ms", "p50_ms", "p90_ms", "p99_ms"}
	for _, row := range slices.Concat([]record{header, total(r)}, c.hours(r), answers(&r.Stats), tables(&r.Stats), c.events(r)) {
		if err := w.Write(row[:]); err != nil {
			return err
		}
	}
	w.Flush()
	_, err := c.W.Write(out.Bytes())
	return err
}

// counted is a row of hits only.
func counted(table, key string, hits int64) record {
	return record{cellTable: table, cellKey: cell(key), cellHits: number(hits)}
}

func total(r *Report) record {
	row := counted("total", "", r.Hits)
	row[cellBytes], row[cellErrors], row[cellVisitors] = number(r.Bytes), number(r.Classes[5]), number(r.Visitors)
	row.time(r.Latency)
	return row
}

func (c *CSV) hours(r *Report) []record {
	var out []record
	for _, h := range r.Hours {
		row := counted("hour", c.time(h.From), h.Hits)
		row[cellBytes], row[cellErrors] = number(h.Bytes), number(h.Classes[5])
		out = append(out, row)
	}
	return out
}

func answers(s *view.Stats) []record {
	var out []record
	for _, st := range s.Statuses {
		out = append(out, counted("status", strconv.Itoa(st.Code), st.Hits))
	}
	for class, n := range s.Classes {
		switch {
		case n == 0:
		case class == 0:
			out = append(out, counted("class", "other", n))
		default:
			out = append(out, counted("class", strconv.Itoa(class)+"xx", n))
		}
	}
	return out
}

func tables(s *view.Stats) []record {
	var out []record
	for _, t := range []struct {
		name string
		rows []view.Row
	}{
		{"method", s.Methods.Rows},
		{"protocol", s.Protocols.Rows},
		{"section", s.Sections.Rows},
		{"path", s.Paths.Rows},
		{"client", s.Clients.Rows},
		{"country", s.Countries.Rows},
		{"city", s.Cities.Rows},
		{"network", s.Networks.Rows},
		{"agent", s.Agents.Rows},
		{"browser", s.Browsers.Rows},
		{"system", s.Systems.Rows},
		{"bot", s.Bots.Rows},
		{"bot_kind", s.BotKinds.Rows},
		{"referrer", s.Referrers.Rows},
		{"host", s.Hosts.Rows},
		{"user", s.Users.Rows},
		{"not_found", s.NotFound.Rows},
		{"server_error", s.ServerErrors.Rows},
	} {
		for i, r := range t.rows {
			row := counted(t.name, r.Key, r.Hits)
			if t.name == "method" && i == len(t.rows)-1 && s.Methods.Rest > 0 {
				out = append(out, row) // the sum of all others, of which only the hits are known
				break
			}
			row[cellMissed], row[cellBytes], row[cellErrors] = number(r.Missed), number(r.Bytes), number(r.Errors)
			if t.name == "section" && r.Visitors >= 0 {
				row[cellVisitors] = number(r.Visitors)
			}
			row.time(r.Latency)
			out = append(out, row)
		}
	}
	return out
}

func (c *CSV) events(r *Report) []record {
	var out []record
	for _, why := range r.Rejected.Reasons {
		out = append(out, counted("rejected", why.Text, why.Lines))
	}
	for _, e := range r.Alerts {
		table := "recovery"
		if e.State == alert.Firing {
			table = "alert"
		}
		out = append(out, counted(table, c.time(e.At), e.Hits))
	}
	return out
}

// time fills in the milliseconds of l.
func (row *record) time(l *view.Latency) {
	if l == nil {
		return
	}
	for at, d := range map[int]time.Duration{cellMean: l.Mean, cellP50: l.P50, cellP90: l.P90, cellP99: l.P99} {
		row[at] = strconv.FormatFloat(ms(d), 'f', -1, 64)
	}
}

func (c *CSV) time(sec int64) string {
	return time.Unix(sec, 0).In(zone(c.Zone)).Format(time.RFC3339)
}

// cell makes a string of a log safe for a terminal first, for a spreadsheet
// then: what the first gate writes starts no formula of its own.
func cell(s string) string { return escape.CSV(escape.Terminal([]byte(s))) }

func number(n int64) string { return strconv.FormatInt(n, 10) }

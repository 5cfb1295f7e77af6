package export

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/escape"
)

// columns are the columns of a table. They stay in this order; new ones come
// behind.
const columns = "time client user method path query protocol status bytes referrer agent host latency_ms malformed request source forwarded"

func header(comma byte) string {
	return strings.ReplaceAll(columns, " ", string(comma)) + "\n"
}

// tableWriter writes a row for each record (RFC 4180, but lines end in a line
// feed; with tabs instead of commas there is nothing to be quoted). What could
// steer a terminal, tabs and line feeds included, is made visible, and no
// string of the log is a formula to a spreadsheet.
type tableWriter struct {
	comma  byte
	moment moment
	cell   []byte // scratch
	source string
	end    []byte
}

func newTable(comma byte) func(*time.Location) Writer {
	return func(zone *time.Location) Writer {
		return &tableWriter{comma: comma, moment: moment{zone: zone, layout: time.RFC3339}}
	}
}

// Append implements Writer.
func (w *tableWriter) Append(dst []byte, r *accesslog.Record, source string) []byte {
	comma := w.comma
	dst = w.moment.rfc3339(dst, r.Sec, r.Nanos)
	dst = w.text(append(dst, comma), r.Client)
	dst = w.text(append(dst, comma), r.User)
	var path, query, request []byte
	if r.Malformed {
		request = r.Request
	} else {
		path, query = pathAndQuery(r)
	}
	dst = w.text(append(dst, comma), r.Method)
	dst = w.text(append(dst, comma), path)
	dst = w.text(append(dst, comma), query)
	dst = w.text(append(dst, comma), r.Protocol)
	dst = append(dst, comma)
	if r.Status != 0 {
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
	}
	dst = strconv.AppendInt(append(dst, comma), r.Bytes, 10)
	dst = w.text(append(dst, comma), r.Referrer)
	dst = w.text(append(dst, comma), r.Agent)
	dst = w.text(append(dst, comma), r.Host)
	dst = append(dst, comma)
	if r.Latency >= 0 {
		dst = appendMillis(dst, r.Latency)
	}
	dst = append(dst, comma)
	if r.Malformed {
		dst = append(dst, "true"...)
	}
	dst = w.text(append(dst, comma), request)
	if w.end == nil || w.source != source {
		w.source = source
		w.end = append(w.text([]byte{comma}, []byte(source)), comma)
	}
	return append(w.text(append(dst, w.end...), r.Forwarded), '\n')
}

// text appends a string of the log as a cell.
func (w *tableWriter) text(dst, s []byte) []byte {
	if len(s) == 0 {
		return dst
	}
	cell := escape.AppendTerminal(w.cell[:0], s)
	w.cell = cell
	quoted := w.comma == ',' && bytes.ContainsAny(cell, `",`)
	if quoted {
		dst = append(dst, '"')
	}
	if escape.Formula(cell) {
		dst = append(dst, '\'')
	}
	for quoted {
		i := bytes.IndexByte(cell, '"')
		if i < 0 {
			return append(append(dst, cell...), '"')
		}
		dst = append(append(dst, cell[:i]...), `""`...)
		cell = cell[i+1:]
	}
	return append(dst, cell...)
}

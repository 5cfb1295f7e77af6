package export

import (
	"strconv"
	"time"

	"weir/internal/accesslog"
	"weir/internal/escape"
)

// jsonWriter writes one JSON object a line (NDJSON). Its keys are documented in
// docs/json.md and stay.
type jsonWriter struct {
	moment moment
	// The object ends in the source, which is the same for a whole log.
	source string
	end    []byte
}

func newJSON(zone *time.Location) Writer {
	return &jsonWriter{moment: moment{zone: zone, layout: time.RFC3339}}
}

// Append implements Writer.
func (w *jsonWriter) Append(dst []byte, r *accesslog.Record, source string) []byte {
	dst = append(dst, `{"time":"`...)
	dst = w.moment.rfc3339(dst, r.Sec, r.Nanos)
	dst = append(dst, '"')
	dst = member(dst, `,"client":`, r.Client)
	dst = member(dst, `,"user":`, r.User)
	if !r.Malformed {
		dst = member(dst, `,"method":`, r.Method)
		path, query := pathAndQuery(r)
		dst = member(dst, `,"path":`, path)
		dst = member(dst, `,"query":`, query)
		dst = member(dst, `,"protocol":`, r.Protocol)
	}
	if r.Status != 0 {
		dst = append(dst, `,"status":`...)
		dst = strconv.AppendInt(dst, int64(r.Status), 10)
	}
	dst = append(dst, `,"bytes":`...)
	dst = strconv.AppendInt(dst, r.Bytes, 10)
	dst = member(dst, `,"referrer":`, r.Referrer)
	dst = member(dst, `,"agent":`, r.Agent)
	dst = member(dst, `,"host":`, r.Host)
	dst = member(dst, `,"forwarded":`, r.Forwarded)
	if r.Latency >= 0 {
		dst = append(dst, `,"latency_ms":`...)
		dst = appendMillis(dst, r.Latency)
	}
	if r.Malformed {
		dst = append(dst, `,"malformed":true`...)
		dst = member(dst, `,"request":`, r.Request)
	}
	if w.end == nil || w.source != source {
		w.source = source
		w.end = append(escape.AppendJSON([]byte(`,"source":`), []byte(source)), "}\n"...)
	}
	return append(dst, w.end...)
}

// member appends a member of an object, unless the line does not carry it.
func member(dst []byte, key string, value []byte) []byte {
	if len(value) == 0 {
		return dst
	}
	return escape.AppendJSON(append(dst, key...), value)
}

package drive

import (
	"slices"
	"strconv"
	"time"
)

// quantiles are those that reports show, by name.
func quantiles() []struct {
	name string
	q    float64
} {
	return []struct {
		name string
		q    float64
	}{{"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}
}

// CSV returns the report as one table of three columns: table, key, value. The tables are total,
// status, error, latency_ms, service_ms, lag_ms (by percentile), and due and sent, which have a
// row for each second, by its time.
func (r *Report) CSV() []byte {
	b := []byte("table,key,value\n")
	row := func(table, key, value string) {
		b = append(append(append(append(b, table+","...), key+","...), value...), '\n')
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	for _, t := range []struct {
		key string
		n   int64
	}{{"due", r.Due}, {"sent", r.Sent}, {"answered", r.Answered}, {"failed", r.Failed}, {"late", r.Late}, {"bytes_in", r.BytesIn}, {"bytes_out", r.BytesOut}, {"connections", int64(r.Connections.Most)}} {
		row("total", t.key, strconv.FormatInt(t.n, 10))
	}
	row("total", "seconds", number(r.Seconds))
	row("total", "asked_rate", number(r.AskedRate))
	row("total", "sent_rate", number(r.SentRate))
	for _, t := range []struct {
		name string
		of   map[string]int64
	}{{"status", r.Status}, {"error", r.Errors}} {
		for _, key := range sorted(t.of) {
			row(t.name, key, strconv.FormatInt(t.of[key], 10))
		}
	}
	for _, t := range []struct {
		name string
		d    *Distribution
	}{{"latency_ms", &r.Latency}, {"service_ms", &r.Service}, {"lag_ms", &r.Lag}} {
		if t.d.Count == 0 {
			continue
		}
		row(t.name, "mean", number(t.d.Mean))
		for _, q := range quantiles() {
			row(t.name, q.name, number(millis(int64(t.d.Quantile(q.q)))))
		}
		row(t.name, "max", number(t.d.Max))
	}
	if r.Course == nil {
		return b
	}
	for _, t := range []struct {
		name string
		all  []int32
	}{{"due", r.Course.Due}, {"sent", r.Course.Sent}} {
		for k, n := range t.all {
			row(t.name, r.Begun.Add(time.Duration(k)*time.Second).Format("2006-01-02T15:04:05.000Z"), strconv.Itoa(int(n)))
		}
	}
	return b
}

func sorted(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

package drive

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Board shows the figures of a run that goes on by HTTP: /metrics for Prometheus, /stats as
// text or, for who asks for it by Accept, and at /stats.json, as JSON. They are those of the last
// full second. The zero value is ready; a Board may be used by several goroutines at once.
type Board struct {
	mu   sync.Mutex
	last Progress
}

// Show takes the figures of a second.
func (b *Board) Show(p Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = p
}

// ServeHTTP implements http.Handler.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	p := b.last
	b.mu.Unlock()
	kind, page := "text/plain; charset=utf-8", []byte(nil)
	switch r.URL.Path {
	case "/metrics":
		kind, page = "text/plain; version=0.0.4; charset=utf-8", p.prometheus()
	case "/stats":
		page = p.text()
		w.Header().Set("Vary", "Accept")
		if strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "application/json") {
			kind, page = "application/json", p.json()
		}
	case "/stats.json":
		kind, page = "application/json", p.json()
	default:
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(page) // who has left needs none
}

// Serve answers on l until stop is called, which closes it.
func (b *Board) Serve(l net.Listener) (stop func()) {
	s := &http.Server{
		Handler: b, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
		<-done
	}
}

// A figure is a number with its name.
type figure struct {
	name  string
	value int64
}

// figures are those of /stats: answers by status, among them always those of 200, 404 and 500, as
// other pages of counters have them, and the rest.
func (p *Progress) figures() []figure {
	status := map[string]int64{"200": 0, "404": 0, "500": 0}
	maps.Copy(status, p.Status)
	var all []figure
	for _, key := range sorted(status) {
		all = append(all, figure{key + "s", status[key]})
	}
	return append(all, figure{"due", p.Due}, figure{"sent", p.Total}, figure{"answered", p.Answered}, figure{"failed", p.Failed}, figure{"late", p.Late},
		figure{"bytes_in", p.BytesIn}, figure{"bytes_out", p.BytesOut}, figure{"under_way", int64(p.UnderWay)}, figure{"connections", int64(p.Connections)})
}

// text writes a line for each figure, as collectors of such pages read them.
func (p *Progress) text() []byte {
	var b []byte
	for _, f := range p.figures() {
		b = fmt.Appendf(b, "%s: %d\n", f.name, f.value)
	}
	return b
}

func (p *Progress) json() []byte {
	all := map[string]int64{}
	for _, f := range p.figures() {
		all[f.name] = f.value
	}
	b, _ := json.Marshal(all) // numbers can be written
	return append(b, '\n')
}

// prometheus writes the figures in the text format of Prometheus, version 0.0.4.
func (p *Progress) prometheus() []byte {
	var b []byte
	head := func(name, kind, says string) {
		b = fmt.Appendf(b, "# HELP trafficgen_%s %s\n# TYPE trafficgen_%s %s\n", name, says, name, kind)
	}
	one := func(name, kind, says string, value float64) {
		head(name, kind, says)
		b = fmt.Appendf(b, "trafficgen_%s %s\n", name, strconv.FormatFloat(value, 'g', -1, 64))
	}
	one("due_total", "counter", "Requests that were due, as far as they were sent or given up.", float64(p.Due))
	one("sent_total", "counter", "Requests that were sent.", float64(p.Total))
	head("responses_total", "counter", "Answers, by status code.")
	for _, key := range sorted(p.Status) {
		b = fmt.Appendf(b, "trafficgen_responses_total{code=%q} %d\n", key, p.Status[key])
	}
	head("errors_total", "counter", "Requests without an answer, by reason.")
	for _, key := range slices.Sorted(maps.Keys(p.Errors)) {
		b = fmt.Appendf(b, "trafficgen_errors_total{reason=%q} %d\n", key, p.Errors[key])
	}
	one("late_total", "counter", "Requests that were sent more than 10 ms late.", float64(p.Late))
	one("received_bytes_total", "counter", "Bytes received.", float64(p.BytesIn))
	one("sent_bytes_total", "counter", "Bytes sent.", float64(p.BytesOut))
	if p.Asked >= 0 {
		one("asked_rate", "gauge", "Requests that were asked for in the last second.", float64(p.Asked))
	}
	one("sent_rate", "gauge", "Requests that were sent in the last second.", float64(p.Sent))
	one("in_flight", "gauge", "Requests that wait for their answer.", float64(p.UnderWay))
	one("connections", "gauge", "Open connections.", float64(p.Connections))
	one("behind_seconds", "gauge", "How long the oldest request that waits for a connection has been due.", p.Behind.Seconds())
	for _, q := range []struct {
		name, says string
		p50, p99   time.Duration
	}{
		{"latency_seconds", "From when a request was due to the end of its answer, in the last second.", p.P50, p.P99},
		{"lag_seconds", "How late requests were sent, in the last second.", -1, p.Lag},
	} {
		head(q.name, "gauge", q.says)
		for _, at := range []struct {
			quantile string
			v        time.Duration
		}{{"0.5", q.p50}, {"0.99", q.p99}} {
			if at.v >= 0 {
				b = fmt.Appendf(b, "trafficgen_%s{quantile=%q} %s\n", q.name, at.quantile, strconv.FormatFloat(at.v.Seconds(), 'g', -1, 64))
			}
		}
	}
	return b
}

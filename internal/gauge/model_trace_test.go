package gauge

import (
	"fmt"
	"math/rand/v2"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
)

// picks are the filters of the model.
func picks(text string, d *deed) bool {
	switch text {
	case "":
		return true
	case "get":
		return d.method == "GET"
	case "post":
		return d.method == "POST"
	case "slow":
		return d.micros > 5000
	case "503":
		return d.status == 503
	case "5xx", "4xx", "2xx":
		return d.status/100 == int(text[0]-'0')
	}
	panic(text)
}

func filterOf(text string) func(*accesslog.Record) bool {
	return func(r *accesslog.Record) bool {
		d := deed{method: string(r.Method), status: r.Status, micros: -1}
		if r.Latency >= 0 {
			d.micros = int64(r.Latency / time.Microsecond)
		}
		return picks(text, &d)
	}
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// anyRule draws a rule that somebody could write.
func anyRule(r *rand.Rand, name string) alert.Rule {
	a := alert.Rule{Name: name, By: one(r, alert.Site, alert.Site, alert.Section, alert.Host, alert.Source)}
	a.Window = one[int64](r, 1, 2, 5, 10, 12, 30, 60, 60, 120, 120, 300, 605, 1200, 1205, 3600, 7201, 86400, 90000)
	a.For, a.KeepFiring = one[int64](r, 0, 0, 0, 1, 10, 25, 60, 600), one[int64](r, 0, 0, 0, 1, 10, 25, 60, 600)
	a.Min = one[int64](r, 0, 0, 1, 2, 5, 20)
	a.Where = one(r, "", "", "get", "post", "slow")
	switch r.IntN(12) {
	case 0:
		a.Test = alert.Absent
		return a
	case 1:
		a.Test, a.By, a.Where = alert.Silent, one(r, alert.Site, alert.Source), ""
		a.Min = 0
		return a
	case 2:
		a.Test, a.By, a.Where = alert.Gone, alert.Source, ""
		return a
	case 3:
		a.Test, a.Metric, a.Of = alert.Burns, alert.Share, one(r, "5xx", "4xx", "503", "slow")
		a.Window, a.Budget = 0, one[alert.Level](r, 1000, 10_000, 50_000, 70_000, 300_000)
		return a
	}
	a.Test = one(r, alert.Above, alert.Above, alert.Below)
	a.Metric = alert.Metric(r.IntN(int(alert.Metrics)))
	if r.IntN(4) == 0 {
		a.Earlier = one(r, a.Window, a.Window, 2*a.Window, a.Window+7, 60+a.Window, 3600+a.Window, 86400)
		a.Earlier = max(a.Earlier, a.Window)
	}
	a.Threshold = []alert.Level{
		alert.Hits: alert.Level(1+r.Int64N(30)) * 100_000, alert.Bytes: one[alert.Level](r, 50_000_000, 1_000_000_000, 200_000_000),
		alert.Visitors: one[alert.Level](r, 1_000_000, 2_000_000, 3_500_000), alert.Share: one[alert.Level](r, 0, 50_000, 250_000, 500_000),
		alert.Rejected: one[alert.Level](r, 10_000, 250_000, 500_000), alert.Mean: one[alert.Level](r, 1000, 3000, 16_000),
		alert.P50: 1500, alert.P90: 6000, alert.P95: 12_000, alert.P99: 24_000,
	}[a.Metric] * []alert.Level{1, 1, 1, 2, 4}[r.IntN(5)]
	if a.Metric == alert.Share {
		a.Of = one(r, "5xx", "4xx", "503", "slow", "post")
	}
	if a.Test == alert.Above && a.Earlier == 0 && (a.Metric == alert.Share || a.Metric == alert.Rejected) {
		a.MinOf = one[int64](r, 0, 0, 1, 3)
	}
	if a.Metric == alert.Rejected {
		a.Where, a.By = "", one(r, alert.Site, alert.Source)
	}
	if a.Earlier > 0 {
		a.Threshold = one[alert.Level](r, 375_000, 750_000, 1_500_000, 3_000_000)
	}
	if (a.Metric.Timed() || a.Metric == alert.Visitors) && a.Reach() > 86400 {
		a.Window, a.Earlier = min(a.Window, 3600), min(a.Earlier, 80_000)
	}
	if r.IntN(3) == 0 {
		a.Recovery = a.Threshold / 2
		if a.Test == alert.Below {
			a.Recovery = a.Threshold * 2
		}
	}
	return a
}

// anyTrace draws bursts, lulls and silences of up to a day, rarely of some. Requests are
// stamped up to late seconds before they are written.
func anyTrace(r *rand.Rand, sources int, late int64) []*deed {
	now := int64(1_700_000_000) + r.Int64N(100_000)
	var all []*deed
	hosts, sections := 1+r.IntN(4), 1+r.IntN(5)
	for range 3 + r.IntN(14) {
		source, method := r.IntN(sources), one(r, "GET", "GET", "POST", "")
		bad := one(r, 0, 0, 10, 50, 100)
		slow := r.Int64N(6)
		for range 1 + r.IntN(1+r.IntN(50)) {
			d := &deed{source: source, now: now, sec: now - r.Int64N(late+1), what: 'r', method: method, status: 200, micros: -1}
			if method == "" {
				d.method = one(r, "GET", "POST")
			}
			if r.IntN(100) < bad {
				d.status = one(r, 500, 503, 404)
			}
			if r.IntN(5) > 0 {
				d.micros = 1000 << r.Int64N(1+slow)
				if r.IntN(10) == 0 {
					d.micros = 0
				}
			}
			d.host, d.section = fmt.Sprint("h", r.IntN(hosts)), fmt.Sprint("/s", r.IntN(sections))
			if d.host == "h3" {
				d.host = ""
			}
			d.client, d.bytes = fmt.Sprint("10.0.0.", r.IntN(6)), 100*r.Int64N(20)
			if r.IntN(12) == 0 {
				d.what, d.client, d.bytes, d.micros = 'x', "", 0, -1
			}
			all = append(all, d)
			if r.IntN(4) == 0 {
				now++
			}
		}
		if r.IntN(4) == 0 {
			all = append(all, &deed{source: -1, now: now, what: 't'}, &deed{source: source, now: now, what: one[byte](r, 'g', 'g', 'b')})
		}
		pause := one[int64](r, 0, 1, 1, 2, 3, 9, 10, 11, 30, 61, 150, 700)
		switch r.IntN(120) {
		case 0:
			pause = 3000 + r.Int64N(8000)
		case 1:
			pause = one[int64](r, 3600, 23_000, 80_000)
		case 2:
			if r.IntN(40) == 0 {
				pause = 280_000
			}
		}
		ticks := r.IntN(3)
		rare := int(1 + pause/100)
		for i := range pause {
			now++
			if ticks == 2 && r.IntN(rare) == 0 || ticks == 1 && r.IntN(3*rare) == 0 || i == pause-1 && r.IntN(2) == 0 {
				all = append(all, &deed{source: -1, now: now, what: 't'})
			}
		}
	}
	return all
}

// give does to a Gauge what the model was told.
func (d *deed) give(g *Gauge) {
	at := time.Unix(d.now, 0)
	switch d.what {
	case 't':
		g.Tick(at)
		return
	case 'g', 'b':
		g.Gone(d.source, d.what == 'g')
		return
	}
	g.Wrote(d.source, at, at)
	if d.what == 'x' {
		g.Reject(d.source, accesslog.ReasonQuote, 1)
	} else {
		rec := accesslog.Record{
			Sec: d.sec, Status: d.status, Bytes: d.bytes, Latency: accesslog.NoLatency, Method: []byte(d.method),
			Client: []byte(d.client), Target: []byte(d.section + "/p"), Host: []byte(d.host),
		}
		if d.micros >= 0 {
			rec.Latency = time.Duration(d.micros) * time.Microsecond
		}
		g.Record(d.source, &rec)
	}
	g.Caught(d.source, true, at)
}

// ticked returns the trace with time passing in other steps.
func ticked(r *rand.Rand, trace []*deed) (all []*deed) {
	most := one[int64](r, 3, 30, 1_000_000)
	for i, d := range trace {
		for last := trace[max(0, i-1)].now; d.now > last && len(all) > 0; {
			if last += 1 + r.Int64N(most); last < d.now {
				all = append(all, &deed{source: -1, what: 't', now: last})
			}
		}
		if d.what == 'r' || i == len(trace)-1 {
			all = append(all, d)
		}
	}
	return all
}

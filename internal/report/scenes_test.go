package report

import (
	"fmt"
	"math"
	"time"

	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

const midnight = 1_773_100_800 // 2026-03-10T00:00:00Z

func highTraffic() alert.Rule { return alert.HighTrafficRule(10*unit.One, 2*time.Minute) }

// timed is a latency whose quantiles stand in a plain ratio.
func timed(p50 time.Duration, coarse bool) *view.Latency {
	l := &view.Latency{Count: 9, Mean: 2 * p50, P50: p50, P90: 4 * p50, P99: 30 * p50, Max: 160 * p50, Coarse: coarse}
	if coarse {
		l.Max = 0
	}
	return l
}

// row is a row of a table, its figures a plain share of its hits.
func row(key string, hits int64, p50 time.Duration) view.Row {
	r := view.Row{Key: key, Hits: hits, Bytes: hits * 11_700, Errors: hits / 300, Visitors: -1}
	if p50 > 0 {
		r.Latency = timed(p50, true)
	}
	return r
}

func section(key string, hits int64, p50 time.Duration) view.Row {
	r := row(key, hits, p50)
	r.Visitors, r.VisitorsEstimated = hits/7, hits > 100_000
	if p50 > 0 {
		r.Latency = timed(p50, false)
	}
	return r
}

func tableOf(keys int, rest int64, rows ...view.Row) view.Table {
	return view.Table{Rows: rows, Keys: keys, Rest: rest}
}

// days makes hours that rise and fall with the day.
func days(from int64, hours int, most float64) []traffic.Hour {
	var out []traffic.Hour
	for i := range hours {
		hits := int64(most * (0.55 - 0.45*math.Cos(2*math.Pi*float64(i-3)/24)))
		h := traffic.Hour{From: from + int64(i)*traffic.HourSeconds, Second: traffic.Second{Hits: hits, Bytes: hits * 11_700}}
		if i%24 == 13 || i%24 == 14 {
			h.Classes[5] = hits / 50
		}
		h.Classes[2] = hits - h.Classes[5]
		out = append(out, h)
	}
	return out
}

// rich is a report of a day with something of everything.
func rich() *Report {
	const m = time.Millisecond
	return &Report{
		Seen: true, From: midnight, To: midnight + 86_399,
		Stats: view.Stats{
			Hits: 1_234_567, Bytes: 14_444_000_000, Malformed: 7,
			Classes: [6]int64{2: 1_100_000, 3: 90_000, 4: 40_000, 5: 4567},
			Statuses: []view.Status{
				{Code: 200, Hits: 1_100_000},
				{Code: 304, Hits: 90_000},
				{Code: 404, Hits: 38_000},
				{Code: 429, Hits: 2000},
				{Code: 500, Hits: 4000},
				{Code: 503, Hits: 567},
			},
			Visitors: 190_412, VisitorsEstimated: true,
			Latency:      &view.Latency{Count: 1_234_567, Mean: 48 * m, P50: 31 * m, P90: 112 * m, P99: 704 * m, Max: 12_400 * m},
			Sections:     tableOf(42, 34_567, section("/api", 600_000, 15*m), section("/pages", 400_000, 9*m), section("/images", 190_000, 300*time.Microsecond), section("/report", 10_000, 1200*m)),
			Paths:        tableOf(8123, 684_567, row("/api/v1/users", 300_000, 15*m), row("/pages/create", 200_000, 9*m), row("/images/products/2026/spring/a-very-long-name-of-a-picture.webp", 50_000, 250*time.Microsecond)),
			Clients:      tableOf(5120, 1_154_567, row("192.0.2.1", 40_000, 13*m), row("2001:db8:85a3::8a2e:370:7334", 40_000, 14*m)),
			Countries:    tableOf(61, 134_567, row("Germany", 900_000, 13*m), row("(unknown)", 200_000, 14*m)),
			Cities:       tableOf(903, 734_567, row("Paris, France", 500_000, 13*m)),
			Networks:     tableOf(410, 834_567, row("AS64496 A network whose name is longer than its cells", 400_000, 13*m)),
			Methods:      tableOf(3, 0, row("GET", 1_200_000, 0), row("POST", 34_000, 0), row("HEAD", 560, 0)),
			NotFound:     tableOf(900, 33_000, row("/favicon.ico", 4000, m), row("/wp-login.php", 1000, m)),
			ServerErrors: tableOf(2, 0, row("/api/v1/users", 4000, 900*m), row("/report", 567, 9000*m)),
			BotHits:      23_456,
			Bots:         tableOf(12, 3_456, row("Googlebot", 15_000, 3*m), row("GPTBot", 5_000, m)),
			BotKinds:     tableOf(4, 1_456, row("search", 16_000, 3*m), row("ai", 6_000, m)),
			Browsers:     tableOf(9, 11_111, row("Chrome", 800_000, 12*m), row("Firefox", 400_000, 12*m)),
			Systems:      tableOf(7, 11_111, row("Windows 10/11", 700_000, 12*m), row("Android", 500_000, 12*m)),
			Agents:       tableOf(310, 434_567, row("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", 800_000, 12*m)),
			Referrers:    tableOf(77, 934_567, row("example.com", 200_000, 0), row("search.example.org", 100_000, 0)),
			Hosts:        tableOf(2, 0, row("www.example.com", 1_200_000, 20*m), row("example.com", 34_567, 20*m)),
			Users:        tableOf(1, 1_234_000, row("alice", 567, 20*m)),
			Protocols:    tableOf(2, 0, row("HTTP/2.0", 1_000_000, 0), row("HTTP/1.1", 234_560, 0)),
		},
		Lines: 1_234_600, Outside: 20, Late: 13,
		Rejected: view.Rejected{Total: 13, Reasons: []view.Reason{{Text: "time not readable", Lines: 10}, {Text: "empty line", Lines: 3}}},
		Peak1:    Peak{At: midnight + 50_707, Hits: 412}, Peak10: Peak{At: midnight + 50_701, Hits: 3120},
		Hours: days(midnight, 24, 93_000),
		Rules: []alert.Rule{highTraffic()},
		Alerts: []alert.Event{
			{Rule: highTraffic(), State: alert.Firing, At: midnight + 30_000, Sample: alert.Sample{Num: 1206, Den: 120, Hits: 1206}},
			{Rule: highTraffic(), State: alert.Quiet, Was: alert.Firing, At: midnight + 30_087, Sample: alert.Sample{Num: 1198, Den: 120, Hits: 1198}, After: 87},
			{Rule: highTraffic(), State: alert.Firing, At: midnight + 80_000, Sample: alert.Sample{Num: 1301, Den: 120, Hits: 1301}},
		},
		Open:  []view.Window{{Rule: highTraffic(), State: alert.Firing, Since: midnight + 80_000, Sample: alert.Sample{Num: 1320, Den: 120, Hits: 1320}, Of: 120}},
		Notes: []string{"5xx: 4,567 of 1,234,567 hits (0.4%), 2,000 of them in /api", "7 of the requests are no HTTP"},
		Sources: []view.Source{
			{Name: "/var/log/nginx/access.log", Format: "combined-time", Lines: 1_234_500, Hits: 1_234_467, Rejected: 13, LastReject: &view.Reject{Line: 981_123, Column: 7, Reason: "time not readable"}},
			{Name: "/var/log/nginx/access.log.1.gz", Format: "combined", Lines: 100, Hits: 100},
			{Name: "/var/log/nginx/error.log"},
		},
		Notices:  []string{"/var/log/nginx/access.log: the format is combined-time from about line 900 on"},
		Failures: []string{"cannot read /var/log/nginx/access.log.2.gz: permission denied"},
	}
}

// short is half an hour without latency, in which nothing happened.
func short() *Report {
	return &Report{
		Seen: true, From: midnight + 43_200, To: midnight + 43_200 + 1799,
		Stats: view.Stats{
			Hits: 1800, Bytes: 2_100_000, Visitors: 3, Classes: [6]int64{2: 1800}, Statuses: []view.Status{{Code: 200, Hits: 1800}},
			Sections: tableOf(1, 0, section("/", 1800, 0)), Paths: tableOf(1, 0, row("/", 1800, 0)), Clients: tableOf(1, 0, row("::1", 1800, 0)),
			Methods: tableOf(1, 0, row("GET", 1800, 0)),
		},
		Lines: 1800, Peak1: Peak{At: midnight + 43_200, Hits: 1}, Peak10: Peak{At: midnight + 43_200, Hits: 10},
		Hours:   []traffic.Hour{{From: midnight + 43_200, Second: traffic.Second{Hits: 1800, Bytes: 2_100_000, Classes: [6]int64{2: 1800}}}},
		Rules:   []alert.Rule{highTraffic()},
		Sources: []view.Source{{Name: "access.log", Format: "common", Lines: 1800, Hits: 1800}},
	}
}

// span is short over hours of its own.
func span(hours []traffic.Hour) *Report {
	r := short()
	r.Hours, r.From = hours, hours[0].From
	r.To = hours[len(hours)-1].From + traffic.HourSeconds - 1
	r.Hits = 0
	for _, h := range hours {
		r.Hits += h.Hits
	}
	r.Classes, r.Statuses[0].Hits, r.Lines = [6]int64{2: r.Hits}, r.Hits, r.Hits
	for _, t := range []*view.Table{&r.Sections, &r.Paths, &r.Clients, &r.Methods} {
		t.Rows[0].Hits = r.Hits
	}
	return r
}

// bounded has had more keys than it could count, and more of everything.
func bounded() *Report {
	r := rich()
	for _, t := range []*view.Table{&r.Sections, &r.Paths, &r.Clients, &r.Agents, &r.Users} {
		t.Bound, t.Keys = 37, 32_768
		t.Rows[len(t.Rows)-1].Missed = 30
	}
	r.Countries.Bound = 37
	r.Methods.Rest = 400
	for i := range 20 {
		r.Methods.Rows = append(r.Methods.Rows, row(fmt.Sprint("M", i), 20, 0))
	}
	r.Methods.Rows = append(r.Methods.Rows, view.Row{Key: "(others)", Hits: 400, Visitors: -1})
	r.Latency.Count = 1_000_000
	r.Alerts = nil
	for i := range int64(125) {
		e := alert.Event{Rule: highTraffic(), State: alert.Firing, At: midnight + 200*i, Sample: alert.Sample{Num: 1206, Den: 120, Hits: 1206}}
		if i%2 == 1 {
			e.State, e.Was, e.Num, e.Hits, e.After = alert.Quiet, alert.Firing, 1199, 1199, 200
		}
		r.Alerts = append(r.Alerts, e)
	}
	r.Dropped, r.AlertsFrom, r.GoneHits = 1000, midnight, 12
	for i := range 30 {
		r.Sources = append(r.Sources, view.Source{Name: fmt.Sprintf("access.log.%d.gz", i+2), Format: "combined", Lines: 1000, Rejected: 1, LastReject: &view.Reject{Offset: 900, Column: 1, Reason: "empty line"}})
	}
	return r
}

// strays are two records years away from a busy week.
func strays() *Report {
	hours := append([]traffic.Hour{{From: 0, Second: traffic.Second{Hits: 2}}}, days(midnight, 7*24, 5000)...)
	return span(append(hours, traffic.Hour{From: 4_102_441_200, Second: traffic.Second{Hits: 1}}))
}

func nothing() *Report {
	return &Report{
		Lines: 3, Rejected: view.Rejected{Total: 3, Reasons: []view.Reason{{Text: "no known format", Lines: 3}}},
		Rules:   []alert.Rule{highTraffic()},
		Sources: []view.Source{{Name: "notes.txt", Lines: 3, Rejected: 3, LastReject: &view.Reject{Line: 3, Column: 1, Reason: "no known format"}}},
		Notices: []string{"notes.txt: no line is a request in a format that weir knows (line 1 column 1: field not as expected, for combined, common)"},
	}
}

// scenes are reports by the name of their golden files.
func scenes() map[string]*Report {
	outside := nothing()
	outside.Rejected, outside.Notices, outside.Outside = view.Rejected{}, nil, 3
	outside.Sources = []view.Source{{Name: "access.log", Format: "combined", Lines: 3, Older: 3}}
	quiet := span(days(midnight, 3*24, 800))
	quiet.Alerts, quiet.Notes = nil, nil
	return map[string]*Report{
		"rich": rich(), "short": short(), "two-hours": span(days(midnight+32_400, 2, 9000)), "three-days": quiet,
		"month": span(days(midnight-9*86_400, 31*24, 90_000)), "years": span(days(midnight-700*86_400, 3*365*24, 4000)),
		"bounded": bounded(), "strays": strays(), "nothing": nothing(), "outside": outside, "empty": {Sources: []view.Source{{Name: "access.log"}}},
		"hostile": hostile("/\x1b[2J\u202e日本\n=1"),
	}
}

// hostile puts s wherever a string of a log, or the name of one, can stand.
func hostile(s string) *Report {
	r := rich()
	for _, t := range []*view.Table{
		&r.Sections, &r.Paths, &r.Clients, &r.Methods, &r.NotFound, &r.ServerErrors, &r.Agents, &r.Browsers, &r.Systems, &r.Bots, &r.BotKinds, &r.Referrers, &r.Hosts, &r.Users, &r.Protocols,
	} {
		t.Rows[0].Key = s
		t.Rows = append(t.Rows, view.Row{Key: s + s, Hits: 1, Visitors: -1})
	}
	r.Notes = []string{s, "client " + s + " makes 41.2% of the hits"}
	r.Sources[0].Name, r.Sources[1].Name = s, s+s
	r.Notices, r.Failures = []string{s + ": the format is combined"}, []string{"cannot read " + s}
	r.Rules[0].Name, r.Alerts[0].Rule.Name, r.Open[0].Rule.Name = s, s, s
	return r
}

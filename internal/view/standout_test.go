package view

import (
	"slices"
	"strings"
	"testing"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// part is some hits of one kind.
type part struct {
	n       int
	client  string
	section string
	status  int
}

// spread is n answers 200, each of another client.
func spread(n int) []part {
	var parts []part
	for i := range n {
		parts = append(parts, part{1, strings.Repeat("c", i+1), "/home", 200})
	}
	return parts
}

// One table, because the cases are read against one another.
func TestWhatStandsOut(t *testing.T) {
	for _, c := range []struct {
		name    string
		parts   []part
		before  int64 // hits of the interval before; -1 = there is none
		partial bool
		want    []string
	}{
		{"nothing at all", nil, -1, false, nil},
		{"an even crowd", spread(100), 100, false, nil},

		{
			"5xx at one per cent", append(spread(99), part{1, "x", "/pay", 500}), -1, false,
			[]string{"5xx: 1 of 100 hits (1.0%), 1 of them in /pay"},
		},
		{"5xx below one per cent", append(spread(100), part{1, "x", "/pay", 500}), -1, false, nil},
		{
			"one error in a small interval",
			[]part{{1, "x", "/pay", 503}},
			-1, false,
			[]string{"5xx: 1 of 1 hits (100%), 1 of them in /pay"},
		},
		{
			"the section with the most errors", append(spread(90), part{3, "x", "/a", 500}, part{7, "y", "/b", 502}), -1, false,
			[]string{"5xx: 10 of 100 hits (10.0%), 7 of them in /b"},
		},

		{
			"404 at ten per cent", append(spread(90), part{6, "bot", "/x", 404}, part{4, "man", "/x", 404}), -1, false,
			[]string{"404: 10 of 100 hits (10.0%), 6 of them to bot"},
		},
		{"404 below ten per cent", append(spread(91), part{9, "bot", "/x", 404}), -1, false, nil},
		{"404 in a small interval", []part{{49, "bot", "/x", 404}}, -1, false, nil},

		{
			"a client with thirty per cent", append(spread(70), part{30, "bot", "/x", 200}), -1, false,
			[]string{"client bot makes 30.0% of the hits"},
		},
		{"a client with less", append(spread(71), part{29, "bot", "/x", 200}), -1, false, nil},
		{"the only client of a small interval", []part{{49, "bot", "/x", 200}}, -1, false, nil},
		{
			"a log without clients",
			[]part{{50, "", "/x", 200}},
			-1, false, nil,
		},

		{"twice the hits", spread(100), 50, false, []string{"hits went up from 50 to 100"}},
		{"not quite twice the hits", spread(99), 50, false, nil},
		{"up, but few", spread(49), 10, false, nil},
		{"up from nothing", spread(100), 0, false, nil},
		{"half the hits", spread(50), 100, false, []string{"hits went down from 100 to 50"}},
		{"not quite half", spread(51), 100, false, nil},
		{"all gone", nil, 50, false, []string{"hits went down from 50 to 0"}},
		{"down, but from few", spread(2), 49, false, nil},
		{"half the hits in half an interval", spread(50), 100, true, nil},
		{"twice the hits already", spread(100), 50, true, nil},

		{
			"what is no HTTP", append(spread(99), part{3, "scan", "", 400}), -1, false,
			[]string{"3 of the requests are no HTTP"},
		},
		{
			"everything at once", append(spread(10), part{100, "bot", "/a", 500}, part{100, "bot", "/b", 404}, part{2, "scan", "", 400}), 10, false,
			[]string{
				"5xx: 100 of 212 hits (47.2%), 100 of them in /a",
				"404: 100 of 212 hits (47.2%), 100 of them to bot",
				"client bot makes 94.3% of the hits",
				"hits went up from 10 to 212",
				"2 of the requests are no HTTP",
			},
		},
	} {
		var tally traffic.Tally
		for _, p := range c.parts {
			r := request(p.client, p.section+"/x", p.status)
			if p.section == "" {
				r = accesslog.Record{Client: []byte(p.client), Status: p.status, Malformed: true, Latency: accesslog.NoLatency}
				p.section = traffic.MalformedSection
			}
			count(&tally, p.n, r, p.section)
		}
		iv := Interval{From: 0, To: 10, Partial: c.partial, Stats: Read(&tally, Tops{})}
		if c.before >= 0 {
			iv.Before = &Stats{Hits: c.before}
		}
		if got := StandOut(&iv, &tally); !slices.Equal(got, c.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

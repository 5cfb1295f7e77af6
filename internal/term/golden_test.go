package term

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/gauge"
	"weir/internal/unit"
	"weir/internal/view"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const at = 1_773_151_500 // 2026-03-10T14:05:00Z

func highTraffic() alert.Rule { return alert.HighTrafficRule(10*unit.One, 2*time.Minute) }

// ms is a latency whose quantiles stand in a plain ratio.
func ms(p50 int) *view.Latency {
	d := time.Duration(p50) * time.Millisecond
	return &view.Latency{Count: 9, Mean: 2 * d, P50: d, P90: 4 * d, P99: 30 * d, Max: 160 * d}
}

// rowsOf is a table of rows that are all there are.
func rowsOf(rows ...view.Row) view.Table { return view.Table{Rows: rows, Keys: len(rows)} }

// busy is an ordinary interval of ten seconds.
func busy() *view.Interval {
	return &view.Interval{
		From: at, To: at + 10,
		Stats: view.Stats{
			Hits: 4468, Bytes: 52_100_000, Visitors: 1904,
			Classes:  [6]int64{2: 4291, 3: 90, 4: 67, 5: 20},
			Statuses: []view.Status{{Code: 200, Hits: 4291}, {Code: 304, Hits: 90}, {Code: 404, Hits: 67}, {Code: 500, Hits: 12}, {Code: 503, Hits: 8}},
			Latency:  ms(13),
			Sections: rowsOf(
				view.Row{Key: "/api", Hits: 1842, Bytes: 12_000_000, Errors: 17, Latency: ms(15)},
				view.Row{Key: "/pages", Hits: 1200, Bytes: 30_000_000, Latency: ms(9)},
				view.Row{Key: "(connect)", Hits: 1, Errors: 1, Latency: ms(700)},
			),
			Clients: rowsOf(view.Row{Key: "192.0.2.1", Hits: 40, Bytes: 1000}),
			Paths:   rowsOf(view.Row{Key: "/api/v1/users", Hits: 400, Bytes: 2_000_000, Errors: 3}),
			Methods: rowsOf(view.Row{Key: "GET", Hits: 4000}, view.Row{Key: "POST", Hits: 468}),
		},
		Window: []view.Window{{Rule: highTraffic(), Sample: alert.Sample{Num: 960, Den: 120, Hits: 960}, Of: 120}},
	}
}

// scenes are all things that can be shown, by the name of their golden file.
func scenes() map[string]gauge.Output {
	interval := func(change func(*view.Interval)) gauge.Output {
		iv := busy()
		change(iv)
		return gauge.Output{Interval: iv}
	}
	fired := alert.Event{Rule: highTraffic(), State: alert.Firing, At: at + 7, Sample: alert.Sample{Num: 1206, Den: 120, Hits: 1206}}
	recovered := alert.Event{Rule: highTraffic(), State: alert.Quiet, Was: alert.Firing, At: at + 147, Sample: alert.Sample{Num: 1199, Den: 120, Hits: 1199}, After: 140}
	return map[string]gauge.Output{
		"ordinary": interval(func(*view.Interval) {}),
		"one-hit":  interval(oneHit),
		"no-hits":  interval(noHits),
		"untimed":  interval(untimed),
		"standout": interval(standout),
		"huge":     interval(huge),
		"keys":     interval(keys),
		"failing":  interval(failing),
		"visits":   interval(visits),
		"places":   interval(places),
		"networks": interval(func(iv *view.Interval) {
			places(iv)
			iv.Countries, iv.Cities = view.Table{}, view.Table{}
		}),
		"statusless": interval(func(iv *view.Interval) {
			iv.Classes, iv.Statuses = [6]int64{0: 4, 1: 2, 2: 4462}, []view.Status{{Code: 0, Hits: 4}, {Code: 101, Hits: 2}, {Code: 200, Hits: 4462}}
		}),
		"firing": interval(func(iv *view.Interval) {
			iv.Window = []view.Window{{Rule: highTraffic(), State: alert.Firing, Since: at - 130, Sample: alert.Sample{Num: 61488, Den: 120, Hits: 61488}, Of: 120}}
		}),
		"start-up": interval(func(iv *view.Interval) {
			iv.Window = []view.Window{{Rule: highTraffic(), Sample: alert.Sample{Num: 96, Den: 120, Hits: 96}, Of: 10}}
		}),
		"partial":  interval(func(iv *view.Interval) { iv.To, iv.Partial = at+3, true }),
		"quiet":    {Quiet: &view.Quiet{From: at, To: at + 9000}},
		"notice":   {Notice: &view.Notice{At: at, Text: "access.log: format combined\x1b[2J\u202e"}},
		"alert":    {Event: &fired},
		"recovery": {Event: &recovered},
	}
}

// failing has an alert that is muted, one that is not, and a channel that fails.
func failing(iv *view.Interval) {
	errors := alert.Rule{Name: "errors", Metric: alert.Share, Test: alert.Above, Threshold: 50_000, Window: 120, Severity: alert.Critical}
	w := view.Window{Rule: errors, State: alert.Firing, Since: at - 30, Sample: alert.Sample{Num: 54, Den: 960, Hits: 960}, Of: 120}
	muted := w
	muted.Key, muted.Muted = "/api\x1b[2J", true
	iv.Window = append(iv.Window, w, muted)
	iv.Failing = []view.Channel{{
		Name: "ops", Kind: "webhook", Delivered: 7, Waiting: 1204, GivenUp: 1, FailingSince: time.Unix(at-3600, 0),
		LastError: "it answered 503 Service Unavailable: come back later \x1b[31m, when all of this is over and somebody has looked after it",
	}}
}

func oneHit(iv *view.Interval) {
	iv.Stats = view.Stats{
		Hits: 1, Bytes: 1, Visitors: 1, Classes: [6]int64{2: 1}, Statuses: []view.Status{{Code: 200, Hits: 1}},
		Sections: rowsOf(view.Row{Key: "/", Hits: 1, Bytes: 1}), Methods: rowsOf(view.Row{Key: "GET", Hits: 1}),
	}
	iv.To = at + 1
}

func noHits(iv *view.Interval) {
	iv.Stats = view.Stats{Sections: rowsOf(view.Row{Key: "/api"})}
	iv.Window[0].Num, iv.Window[0].Hits = 0, 0
}

func untimed(iv *view.Interval) {
	iv.Latency = nil
	for i := range iv.Sections.Rows {
		iv.Sections.Rows[i].Latency = nil
	}
}

func visits(iv *view.Interval) {
	iv.BotHits = 368
	iv.Bots = rowsOf(view.Row{Key: "okhttp", Hits: 240, Missed: 3}, view.Row{Key: "(other bot)", Hits: 100, Errors: 1, Latency: &view.Latency{P90: time.Second, Coarse: true}}, view.Row{Key: "Googlebot", Hits: 28})
	iv.Bots.Bound = 3
}

// places are names out of a database that somebody else made.
func places(iv *view.Interval) {
	visits(iv)
	iv.Countries = rowsOf(view.Row{Key: "Germany", Hits: 2204, Missed: 1}, view.Row{Key: "\x1b[31mCôte d’Ivoire\n", Hits: 1200}, view.Row{Key: "日本", Hits: 900},
		view.Row{Key: view.Unknown, Hits: 150}, view.Row{Key: strings.Repeat("long ", 9), Hits: 10}, view.Row{Key: "Chile", Hits: 4})
	iv.Cities = rowsOf(view.Row{Key: "Berlin, Germany", Hits: 2000}, view.Row{Key: view.Unknown, Hits: 2468})
	iv.Networks = rowsOf(view.Row{Key: "AS64496 Example AG", Hits: 3000}, view.Row{Key: view.Unknown, Hits: 1468})
	iv.Countries.Bound = 1
}

func standout(iv *view.Interval) {
	iv.VisitorsEstimated, iv.Malformed, iv.Late, iv.Future = true, 7, 1, 1234
	iv.Notes = []string{"5xx: 20 of 4,468 hits (0.4%), 17 of them in /api\x1b[31m", "client 192.0.2.1 makes 41.2% of the hits"}
	iv.Rejected = view.Rejected{Total: 1004, Reasons: []view.Reason{{Text: "time not readable", Lines: 1003}, {Text: "empty line", Lines: 1}}}
	iv.Sections.Rows = append(iv.Sections.Rows, view.Row{Key: "/quiet"}, view.Row{Key: "/late", Hits: 9, Missed: 2, Latency: &view.Latency{P90: time.Second, Coarse: true}})
	iv.Sections.Bound = 2
}

func huge(iv *view.Interval) {
	const most = 1<<63 - 1
	iv.Hits, iv.Bytes, iv.Visitors = most, most, most
	iv.Classes, iv.Statuses = [6]int64{2: most - 1, 5: 1}, []view.Status{{Code: 200, Hits: most - 1}, {Code: 500, Hits: 1}}
	iv.Latency = &view.Latency{Count: most, Mean: time.Hour, P50: 90 * time.Second, P90: 26 * time.Hour, P99: 50 * 24 * time.Hour, Max: most}
	iv.Sections.Rows = []view.Row{
		{Key: "/all", Hits: most, Bytes: most, Errors: 1, Latency: &view.Latency{P90: most}},
		{Key: strings.Repeat("/long", 40), Hits: 123_456_789, Bytes: 999_999, Errors: 123_456_788, Latency: &view.Latency{P90: 99_940 * time.Millisecond}},
		{Key: "/ten-million", Hits: 10_000_000, Bytes: 1},
	}
	iv.Window[0].Num, iv.Window[0].Hits = most, most
}

func keys(iv *view.Interval) {
	iv.Sections.Rows = nil
	for _, key := range []string{
		"", " ", "/日本語のページ", "/日本語のページへようこそ、ここはとても長い名前です", "/\x1b[31mred\x1b[0m", "/a\nb\rc\td", "/\xff\xfe\x9b2J", "/\u202egnp.exe",
		"/e\u0301te\u0301", "\u0301", "/👩‍👩‍👧", "/" + strings.Repeat("x", 33), "/" + strings.Repeat("x", 34), strings.Repeat("\x00", 100), "/a\\x1b",
	} {
		iv.Sections.Rows = append(iv.Sections.Rows, view.Row{Key: key, Hits: 1})
	}
}

// endings are summaries by the name of their golden file.
func endings() map[string]*view.Closing {
	full := func(events ...alert.Event) *view.Closing {
		iv := busy()
		return &view.Closing{Stats: iv.Stats, Snapshot: view.Snapshot{
			Seen: true,
			From: at, To: at + 599, Alerts: events,
			Sources: []view.Source{{Name: "access.log", Format: "combined-time", Lines: 4468, Hits: 4468}},
			Windows: []view.Window{{Rule: highTraffic(), State: alert.Quiet, Sample: alert.Sample{Num: 7, Den: 120, Hits: 7}, Of: 120}},
		}}
	}
	fired := alert.Event{Rule: highTraffic(), State: alert.Firing, At: at + 7, Sample: alert.Sample{Num: 1206, Den: 120, Hits: 1206}}
	recovered := alert.Event{Rule: highTraffic(), State: alert.Quiet, Was: alert.Firing, At: at + 147, Sample: alert.Sample{Num: 1199, Den: 120, Hits: 1199}, After: 140}
	many := full()
	for i := range int64(125) {
		e := fired
		if i%2 == 1 {
			e = recovered
		}
		e.At = at + 200*i
		many.Alerts = append(many.Alerts, e)
	}
	many.Dropped = 1000
	many.Windows = []view.Window{{Rule: highTraffic(), State: alert.Firing, Since: at + 200*124, Sample: alert.Sample{Num: 1300, Den: 120, Hits: 1300}, Of: 120}}

	trouble := full(fired, recovered)
	trouble.Late, trouble.LateBy, trouble.Future, trouble.Malformed = 12, 7, 1, 3
	trouble.VisitorsEstimated, trouble.Sections.Bound = true, 1
	trouble.Methods.Rows = append(trouble.Methods.Rows, view.Row{Key: "GE\x1bT", Hits: 2}, view.Row{Key: "", Hits: 1}, view.Row{Key: "NETSPARKER-WITH-A-VERY-LONG-METHOD", Hits: 1})
	trouble.Rejected = view.Rejected{Total: 5, Reasons: []view.Reason{{Text: "line ends too early", Lines: 5}}}
	trouble.Sources = []view.Source{
		{Name: "/var/log/a\x1b[2J.log", Format: "combined", Lines: 4471, Hits: 4466, Rejected: 5, LastReject: &view.Reject{Line: 81, Column: 7, Reason: "line ends too early"}},
		{Name: "standard input", Lines: 3, Rejected: 3, LastReject: &view.Reject{Offset: 900, Column: 1, Reason: "no known format"}},
		{Name: "/var/log/b.log"},
		{Name: "/var/log/c.log", Format: "combined", Lines: 5, Hits: 5, Reach: view.Reach{
			Offset: 900, Size: 2900, Lag: 2000, LagTime: 3210 * time.Millisecond, Rotations: 2, Truncations: 1,
			Recovered: 1400, PossibleLoss: 120, Zeros: 4096, TooLong: 1, Undecodable: 3,
		}},
		{Name: "udp://127.0.0.1:5514", Format: "combined", Lines: 1200, Hits: 1200, Dropped: 1017},
	}
	placed := full()
	iv := busy()
	places(iv)
	placed.Stats = iv.Stats
	return map[string]*view.Closing{
		"summary-places": placed,
		"summary":        full(), "summary-alerts": full(fired, recovered), "summary-many": many, "summary-trouble": trouble,
		"summary-empty": {Snapshot: view.Snapshot{Sources: []view.Source{{Name: "access.log"}}}},
	}
}

// compare holds got against a golden file, or with -update rewrites it. Escape
// characters stand as ^[ in the file, so that it can be looked at.
func compare(t *testing.T, name, got string) {
	t.Helper()
	got = strings.ReplaceAll(got, "\x1b", "^[")
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// writes remembers each Write on its own.
type writes []string

func (w *writes) Write(b []byte) (int, error) {
	*w = append(*w, string(b))
	return len(b), nil
}

func TestEachBlockLooksAsItDid(t *testing.T) {
	for name, o := range scenes() {
		t.Run(name, func(t *testing.T) {
			var plain, color, objects bytes.Buffer
			for _, s := range []interface{ Show(gauge.Output) error }{
				&Plain{W: &plain, Zone: time.UTC}, &Plain{W: &color, Zone: time.UTC, Color: true}, &JSON{W: &objects, Zone: time.UTC},
			} {
				if err := s.Show(o); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, name+".txt", plain.String())
			compare(t, name+".color", color.String())
			compare(t, name+".json", objects.String())
			if got := strip(color.String()); got != plain.String() {
				t.Errorf("without its colours the block is\n%s\nwant\n%s", got, plain.String())
			}
		})
	}
}

func TestEachSummaryLooksAsItDid(t *testing.T) {
	for name, c := range endings() {
		t.Run(name, func(t *testing.T) {
			var plain, color, objects bytes.Buffer
			for _, s := range []interface{ Close(*view.Closing) error }{
				&Plain{W: &plain, Zone: time.UTC}, &Plain{W: &color, Zone: time.UTC, Color: true}, &JSON{W: &objects, Zone: time.UTC},
			} {
				if err := s.Close(c); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, name+".txt", plain.String())
			compare(t, name+".color", color.String())
			compare(t, name+".json", objects.String())
			if got := strip(color.String()); got != plain.String() {
				t.Errorf("without its colours the summary is\n%s\nwant\n%s", got, plain.String())
			}
		})
	}
}

// TestTimesAreInTheZoneAskedFor shows one alert in a zone half an hour off.
func TestTimesAreInTheZoneAskedFor(t *testing.T) {
	var out bytes.Buffer
	p := &Plain{W: &out, Zone: time.FixedZone("", 5*3600+1800)}
	if err := p.Show(scenes()["alert"]); err != nil {
		t.Fatal(err)
	}
	want := "High traffic generated an alert - hits = 10.05, triggered at 2026-03-10T19:35:07+05:30\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// strip takes our own colours out.
func strip(s string) string {
	return strings.NewReplacer(red, "", green, "", dim, "", bold, "", plain, "").Replace(s)
}

func TestEachShowIsOneWrite(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out, objects writes
		p, j := &Plain{W: &out, Zone: time.UTC, Color: color}, &JSON{W: &objects, Zone: time.UTC}
		n := 0
		for name, o := range scenes() {
			for _, s := range []interface{ Show(gauge.Output) error }{p, j} {
				if err := s.Show(o); err != nil {
					t.Fatal(err)
				}
			}
			if n++; len(out) != n || len(objects) != n {
				t.Fatalf("%s: got %d and %d writes in all, want %d of each", name, len(out), len(objects), n)
			}
		}
		for name, c := range endings() {
			for _, s := range []interface{ Close(*view.Closing) error }{p, j} {
				if err := s.Close(c); err != nil {
					t.Fatal(err)
				}
			}
			if n++; len(out) != n || len(objects) != n {
				t.Fatalf("%s: got %d and %d writes in all, want %d of each", name, len(out), len(objects), n)
			}
		}
		for _, w := range append(out, objects...) {
			if !strings.HasSuffix(w, "\n") {
				t.Errorf("%q does not end its line", w)
			}
		}
	}
}

// full is a writer without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestTheErrorOfTheWriterComesBack(t *testing.T) {
	for _, s := range []interface {
		Show(gauge.Output) error
		Close(*view.Closing) error
	}{&Plain{W: full{}, Zone: time.UTC}, &JSON{W: full{}, Zone: time.UTC}} {
		if err := s.Show(gauge.Output{Interval: busy()}); err != os.ErrClosed {
			t.Errorf("%T.Show: got %v, want %v", s, err, os.ErrClosed)
		}
		if err := s.Close(&view.Closing{}); err != os.ErrClosed {
			t.Errorf("%T.Close: got %v, want %v", s, err, os.ErrClosed)
		}
	}
}

package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// evil are strings that a request can carry.
func evil() []string {
	return []string{
		"", "/plain", "\x1b[31m", "\x1b]0;title\a", "\x9b2J", "\u009b2J", "\u202eabc\u2066", "a\nb", "a\r\nb", "a\u2028b\u2029", "\u0085", "\x00", "\x7f\b\b",
		"\xff\xfe", "e\u0301", strings.Repeat("\u0301", 9), "a \u0301 \u0301b", "日本語", strings.Repeat("漢", 90), "👩‍👩‍👧", "❤\ufe0f", "\ufeff", "\u200b\u200d", "\U000e0041", "\U0010ffff",
		"\ufffd", "</script>", `"\'`, `\u001b`, "=1+1", "+1", "-1", "@x", "＝1", "\t=1", `,";`, strings.Repeat("x y ", 90), strings.Repeat("x", 900),
	}
}

// arbitrary makes text out of evil pieces and noise.
func arbitrary(r *rand.Rand) string {
	var b strings.Builder
	pieces := evil()
	for range r.IntN(5) {
		if r.IntN(3) == 0 {
			b.WriteByte(byte(r.IntN(256)))
			continue
		}
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// checkText fails unless nothing but line feeds, and with colour our own
// sequences, can steer a terminal, and no line is too long.
func checkText(t *testing.T, r *Report, page Text) {
	t.Helper()
	width := max(page.Width, leastWidth)
	if page.Width == 0 {
		width = usualWidth
	}
	out := text(t, r, page)
	if !utf8.ValidString(out) {
		t.Fatalf("the page is no UTF-8: %q", out)
	}
	if page.Color {
		out = strip(out)
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if safe := escape.Terminal([]byte(line)); safe != line {
			t.Fatalf("%q gets out, want nothing that is not %q", line, safe)
		}
		if n := escape.Width([]byte(line)); n > width && !strings.HasPrefix(line, "High traffic") && !strings.HasPrefix(line, "Traffic ") {
			t.Fatalf("%q has %d cells, want %d at most", line, n, width)
		}
		if strings.TrimRight(line, " ") != line {
			t.Fatalf("%q ends in a space", line)
		}
	}
}

// checkJSON fails unless the object parses, steers nothing, and says what it
// was given.
func checkJSON(t *testing.T, r *Report, s string) {
	t.Helper()
	var out bytes.Buffer
	if err := (&JSON{W: &out}).Write(r); err != nil {
		t.Fatal(err)
	}
	checkLines(t, out.String())
	var back struct {
		Sections []struct{ Key string }
		Notes    []string
	}
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if utf8.ValidString(s) && (back.Sections[0].Key != view.Name(s) || back.Notes[0] != s) {
		t.Fatalf("got key %q and note %q back, want %q", back.Sections[0].Key, back.Notes[0], s)
	}
}

// checkCSV fails unless the table parses, steers nothing, and no cell starts a
// formula.
func checkCSV(t *testing.T, r *Report) {
	t.Helper()
	var out bytes.Buffer
	if err := (&CSV{W: &out}).Write(r); err != nil {
		t.Fatal(err)
	}
	checkLines(t, out.String())
	in := csv.NewReader(&out)
	for lines := 0; ; lines++ {
		row, err := in.Read()
		if err == io.EOF && lines > 1 {
			return
		}
		if err != nil || len(row) != int(cells) {
			t.Fatalf("got %q, %v, want %d cells", row, err, cells)
		}
		for _, c := range row {
			if escape.CSV(c) != c {
				t.Fatalf("%q starts a formula in %q", c, row)
			}
		}
	}
}

func checkLines(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if safe := escape.Terminal([]byte(line)); safe != line {
			t.Fatalf("%q gets out, want nothing that is not %q", line, safe)
		}
	}
}

func TestNoStringOfALogSteersAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		s := arbitrary(r)
		if i < len(evil()) {
			s = evil()[i]
		}
		report := hostile(s)
		checkText(t, report, Text{Color: i%2 == 0, Width: 60 + i%40})
		checkJSON(t, report, s)
		checkCSV(t, report)
	}
}

func FuzzNoStringSteersAnything(f *testing.F) {
	for i, s := range evil() {
		f.Add(s, 50+i)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		r := hostile(s)
		checkText(t, r, Text{Width: width % 300})
		checkText(t, r, Text{Width: width % 300, Color: true})
		checkJSON(t, r, s)
		checkCSV(t, r)
	})
}

// random is a report of figures of all sizes.
func random(r *rand.Rand) *Report {
	figure := func() int64 { return r.Int64() >> r.IntN(63) }
	latency := func() *view.Latency {
		if r.IntN(3) == 0 {
			return nil
		}
		d := func() time.Duration { return time.Duration(figure()) }
		return &view.Latency{Count: figure(), Mean: d(), P50: d(), P90: d(), P99: d(), Max: d(), Coarse: r.IntN(2) == 0}
	}
	table := func() view.Table {
		t := view.Table{Keys: int(figure()), Rest: figure() * r.Int64N(2), Bound: figure() * r.Int64N(2)}
		for range r.IntN(4) {
			row := view.Row{Key: arbitrary(r), Hits: figure(), Missed: figure() * r.Int64N(2), Bytes: figure(), Visitors: figure() - 1, VisitorsEstimated: r.IntN(2) == 0, Latency: latency()}
			row.Errors = row.Hits >> r.IntN(63)
			t.Rows = append(t.Rows, row)
		}
		return t
	}
	o := &Report{Seen: r.IntN(10) > 0, Lines: figure(), Outside: figure(), Late: figure(), Notes: []string{arbitrary(r)}, Notices: []string{arbitrary(r)}, Failures: []string{arbitrary(r)}}
	o.From = r.Int64N(253402300799)
	o.To = o.From + r.Int64N(1<<(1+r.IntN(37)))
	for at := o.From / 3600 * 3600; at <= o.To && len(o.Hours) < 2000; at += 3600 * (1 + r.Int64N(1<<r.IntN(12))) {
		o.Hours = append(o.Hours, traffic.Hour{From: at, Second: traffic.Second{Hits: r.Int64N(1 << (1 + r.IntN(40))), Classes: [6]int64{5: r.Int64N(2)}}})
	}
	o.Stats = view.Stats{
		Hits: figure(), Bytes: figure(), Malformed: figure(), Classes: [6]int64{figure(), figure(), figure(), figure(), figure(), figure()},
		Visitors: figure(), Latency: latency(), Sections: table(), Paths: table(), Clients: table(), Methods: table(), NotFound: table(), ServerErrors: table(),
		Agents: table(), Referrers: table(), Hosts: table(), Users: table(), Protocols: table(), Countries: table(), Cities: table(), Networks: table(),
		Statuses: []view.Status{{Code: 404, Hits: figure()}},
	}
	o.Peak1, o.Peak10 = Peak{o.From, figure()}, Peak{o.From, figure()}
	o.Rejected = view.Rejected{Total: figure(), Reasons: []view.Reason{{Text: "empty line", Lines: figure()}}}
	rule := alert.HighTrafficRule(unit.PerSecond(figure()), time.Duration(figure()))
	rule.Name = arbitrary(r)
	o.Rules = []alert.Rule{rule}
	for range r.IntN(4) {
		o.Alerts = append(o.Alerts, alert.Event{Rule: rule, State: alert.State(r.IntN(2)), At: o.From, Sample: alert.Sample{Num: figure(), Den: 120, Hits: figure()}})
		o.Open = append(o.Open, view.Window{Rule: rule, State: alert.Firing, Since: o.From, Sample: alert.Sample{Num: figure(), Den: 120, Hits: figure()}})
		o.Sources = append(o.Sources, view.Source{Name: arbitrary(r), Lines: figure(), LastReject: &view.Reject{Line: figure(), Offset: figure(), Column: r.IntN(99), Reason: "empty line"}})
	}
	o.Dropped, o.AlertsFrom, o.GoneHits = int(figure())*r.IntN(2), o.From*r.Int64N(2), figure()*r.Int64N(2)
	return o
}

func TestNoLineIsTooLongWhateverTheFigures(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	zones := []*time.Location{time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -12*3600)}
	for i := range 3000 {
		width := r.IntN(200)
		if i%3 == 0 {
			width = 0
		}
		checkText(t, random(r), Text{Width: width, Zone: zones[i%len(zones)]})
	}
}

// TestRowsOfATableEndInOneColumn compares each row with its header.
func TestRowsOfATableEndInOneColumn(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for i := range 3000 {
		p := &page{Report: &Report{}, width: leastWidth + r.IntN(100)}
		tb := random(r).Sections
		tb.Rest, tb.Bound = 0, 0
		p.table("sections", tb, kind(i%6), 1+r.Int64())
		for line := range strings.Lines(strings.TrimPrefix(string(p.buf), "\n")) {
			if n := escape.Width([]byte(strings.TrimSuffix(line, "\n"))); n != p.width {
				t.Fatalf("%d cells, want %d in each line:\n%s", n, p.width, p.buf)
			}
		}
	}
}

package term

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/gauge"
	"weir/internal/view"
)

// evil are strings that a request can carry.
func evil() []string {
	return []string{
		"", "/plain", "\x1b[31m", "\x1b]0;title\a", "\x9b2J", "\u009b2J", "\u202eabc\u2066", "a\nb", "a\r\nb", "a\u2028b\u2029", "\u0085", "\x00", "\x7f\b\b",
		"\xff\xfe", "e\u0301", strings.Repeat("\u0301", 9), "日本語", "👩‍👩‍👧", "\ufeff", "\u200b\u200d", "\U000e0041", "\U0010ffff", "\ufffd", "</script>", `"\'`, `\u001b`,
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

// place puts s wherever a string of a log or a file name can stand.
func place(s string) (gauge.Output, gauge.Output, *view.Closing) {
	row := func(l *view.Latency) view.Table {
		return rowsOf(view.Row{Key: s, Hits: 3, Bytes: 9, Errors: 1, Latency: l}, view.Row{Key: "/" + s + s, Hits: 1})
	}
	stats := view.Stats{
		Hits: 4, Classes: [6]int64{2: 4}, Latency: ms(1), Sections: row(ms(2)), Clients: row(nil), Paths: row(ms(3)), Methods: row(nil),
		BotHits: 1, Bots: row(nil), Countries: row(nil), Cities: row(nil), Networks: row(nil),
	}
	iv := &view.Interval{From: at, To: at + 10, Stats: stats, Notes: []string{s, "client " + s + " makes it"}, Window: []view.Window{{Rule: highTraffic()}}}
	c := &view.Closing{Stats: stats, Snapshot: view.Snapshot{Seen: true, From: at, To: at + 9, Sources: []view.Source{{
		Name: s, Format: "combined", Lines: 4, Hits: 3, Rejected: 1, LastReject: &view.Reject{Line: 1, Column: 1, Reason: "empty line"},
	}}, Alerts: []alert.Event{{Rule: highTraffic(), State: alert.Firing, At: at, Sample: alert.Sample{Num: 1300, Den: 120, Hits: 1300}}}}}
	return gauge.Output{Interval: iv}, gauge.Output{Notice: &view.Notice{Text: s + " is missing"}}, c
}

// TestWhatStandsOutFits: a section may be as long as it likes.
func TestWhatStandsOutFits(t *testing.T) {
	for _, key := range append(evil(), "/"+strings.Repeat("p", 500), "/"+strings.Repeat("日", 100), strings.Repeat("word ", 50)) {
		var out bytes.Buffer
		iv := &view.Interval{From: at, To: at + 10, Notes: []string{"5xx: 3 of 10 hits (30.0%), 2 of them in " + key, "client " + key + " makes 41.2% of the hits"}}
		if err := (&Plain{W: &out, Zone: time.UTC}).Show(gauge.Output{Interval: iv}); err != nil {
			t.Fatal(err)
		}
		fits(t, out.String())
		if !strings.Contains(out.String(), "makes 41.2%") && !strings.Contains(out.String(), "makes\n") {
			t.Errorf("%q: got %s", key, out.String())
		}
	}
}

// checkPlain fails unless nothing but line feeds, and with colour our own
// sequences, can steer a terminal.
func checkPlain(t *testing.T, s string, color bool) {
	t.Helper()
	interval, notice, closing := place(s)
	var out bytes.Buffer
	p := &Plain{W: &out, Zone: time.UTC, Color: color}
	for _, err := range []error{p.Show(interval), p.Show(notice), p.Close(closing)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !utf8.Valid(out.Bytes()) {
		t.Fatalf("%q: the output is no UTF-8: %q", s, out.String())
	}
	text := out.String()
	if color {
		text = strip(text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if safe := escape.Terminal([]byte(line)); safe != line {
			t.Fatalf("%q: %q gets out, want nothing that is not %q", s, line, safe)
		}
	}
}

// checkJSON fails unless every object parses, steers nothing, and says what it
// was given.
func checkJSON(t *testing.T, s string) {
	t.Helper()
	interval, notice, closing := place(s)
	var out writes
	j := &JSON{W: &out, Zone: time.UTC}
	for _, err := range []error{j.Show(interval), j.Show(notice), j.Close(closing)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range out {
		line = strings.TrimSuffix(line, "\n")
		if safe := escape.Terminal([]byte(line)); safe != line {
			t.Fatalf("%q: %q gets out", s, line)
		}
		if !json.Valid([]byte(line)) {
			t.Fatalf("%q: no JSON: %q", s, line)
		}
	}
	var back struct {
		Sections []struct{ Key string }
		Notes    []string
	}
	if err := json.Unmarshal([]byte(out[0]), &back); err != nil {
		t.Fatal(err)
	}
	if utf8.ValidString(s) && (back.Sections[0].Key != view.Name(s) || back.Notes[0] != s) {
		t.Fatalf("got key %q and note %q back, want %q", back.Sections[0].Key, back.Notes[0], s)
	}
}

func TestNoStringOfALogSteersTheScreen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := 5000
	if testing.Short() {
		n = 1000
	}
	for i := range n {
		s := arbitrary(r)
		if i < len(evil()) {
			s = evil()[i]
		}
		checkPlain(t, s, i%2 == 0)
		checkJSON(t, s)
	}
}

func FuzzNoStringSteersTheScreen(f *testing.F) {
	for _, s := range evil() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkPlain(t, s, false)
		checkPlain(t, s, true)
		checkJSON(t, s)
	})
}

// TestRowsOfATableEndInOneColumn draws figures of all sizes.
func TestRowsOfATableEndInOneColumn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 5000 {
		var rows []view.Row
		for range 1 + r.IntN(4) {
			row := view.Row{Key: arbitrary(r), Hits: r.Int64() >> r.IntN(63), Bytes: r.Int64() >> r.IntN(63)}
			row.Errors = row.Hits >> r.IntN(63)
			if r.IntN(2) == 0 {
				row.Latency = &view.Latency{P90: time.Duration(r.Int64() >> r.IntN(63))}
			}
			rows = append(rows, row)
		}
		var out bytes.Buffer
		p := &Plain{W: &out, Color: false}
		p.table("section", rowsOf(rows...), 1+r.Int64N(100))
		if err := p.flush(); err != nil {
			t.Fatal(err)
		}
		want := 0
		for line := range strings.Lines(out.String()) {
			got := escape.Width([]byte(strings.TrimSuffix(line, "\n")))
			if want == 0 {
				want = got
			}
			if got != want || got > width {
				t.Fatalf("%d cells, want %d as in the header and at most %d:\n%s", got, want, width, out.String())
			}
		}
	}
}

func BenchmarkInterval(b *testing.B) {
	o := gauge.Output{Interval: busy()}
	for name, s := range map[string]interface{ Show(gauge.Output) error }{
		"plain": &Plain{W: &bytes.Buffer{}, Zone: time.UTC}, "json": &JSON{W: &bytes.Buffer{}, Zone: time.UTC},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				switch s := s.(type) {
				case *Plain:
					s.W.(*bytes.Buffer).Reset()
				case *JSON:
					s.W.(*bytes.Buffer).Reset()
				}
				if err := s.Show(o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

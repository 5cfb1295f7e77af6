package config

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"

	"weir/internal/alert"
	"weir/internal/notify"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// now is the time of all tests.
func now() time.Time { return time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC) }

func parsed(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("weir.toml", text, Options{Now: now()})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return c
}

func rule(t *testing.T, c *Config, name string) Rule {
	t.Helper()
	i := slices.IndexFunc(c.Rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		t.Fatalf("no rule %q", name)
	}
	return c.Rules[i]
}

// TestABadFileIsToldWithThePlaceOfEachError reads the files of testdata/bad and
// compares what is said with the golden file beside them.
func TestABadFileIsToldWithThePlaceOfEachError(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v, want 10 at least", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse("weir.toml", string(text), Options{Now: now()})
			if err == nil {
				t.Fatalf("it was accepted: %+v", c)
			}
			got := err.Error() + "\n"
			golden := strings.TrimSuffix(file, ".toml") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got != string(want) {
				t.Errorf("got\n%swant\n%s(%v)", got, want, err)
			}
		})
	}
}

// TestShownAndReadAgainItIsTheSame is about all files of the tests, and the defaults.
func TestShownAndReadAgainItIsTheSame(t *testing.T) {
	for name, text := range goodFiles(t) {
		c := parsed(t, text)
		again, err := Parse("shown", c.Show(), Options{Now: now()})
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, c.Show())
			continue
		}
		if !same(c, again) {
			t.Errorf("%s: got %+v\nwant %+v\nof\n%s", name, again, c, c.Show())
		}
		if c.Show() != again.Show() {
			t.Errorf("%s: shown twice it differs", name)
		}
	}
}

// same compares all but the secrets of channels, which are not shown.
func same(a, b *Config) bool {
	x, y := *a, *b
	x.Channels, y.Channels = nil, nil
	return reflect.DeepEqual(x, y) && len(a.Channels) == len(b.Channels)
}

// goodFiles are all files that are to be accepted.
func goodFiles(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{"nothing": "", "the rules by default": standingText()}
	files, err := filepath.Glob("testdata/good/*.toml")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files, %v, want 3 at least", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[file] = string(text)
	}
	return out
}

func TestTheRulesByDefaultAreAllThere(t *testing.T) {
	var on, off []string
	for _, r := range Default().Rules {
		if r.Enabled {
			on = append(on, r.Name)
		} else {
			off = append(off, r.Name)
		}
	}
	want := []string{"high-traffic", "errors", "latency", "no-traffic", "traffic-change", "error-change", "latency-change", "mean-latency-change"}
	if !slices.Equal(on, want) || !slices.Equal(off, []string{"any-5xx", "errors-vanished"}) {
		t.Errorf("got %q, off %q", on, off)
	}
	if got, want := Default().Watched()[0], alert.HighTrafficRule(10_000_000, 2*time.Minute); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestARuleByDefaultIsAdjustedByItsName(t *testing.T) {
	c := parsed(t, `
[[rule]]
name = "latency"
above = "800ms"
recovery = "600ms"

[[rule]]
name = "errors"
enabled = "off"

[[rule]]
name = "no-traffic"
below = "1/s"
metric = "traffic"
min = 0
`)
	got := rule(t, c, "latency")
	if got.Threshold != 800_000 || got.Recovery != 600_000 || got.Metric != alert.P90 || got.Window != 300 || got.Min != 100 {
		t.Errorf("latency: got %+v", got)
	}
	if rule(t, c, "errors").Enabled {
		t.Error("errors is enabled still")
	}
	for text, want := range map[string]alert.Level{`above = "2%"`: 16_000, `above = "10%"`: 80_000, `over = "5m"`: 40_000, "above = \"2%\"\nrecovery = \"2%\"": 20_000, `below = "2%"`: 0, `above = "5/s"`: 0, "above = 3\nratio_to = \"1h\"": 0} {
		if got := rule(t, parsed(t, "[[rule]]\nname = \"errors\"\n"+text+"\n"), "errors").Recovery; got != want {
			t.Errorf("errors with %s: recovery %d, want %d", text, got, want)
		}
	}
	if got := rule(t, c, "no-traffic"); got.Test != alert.Below || got.Threshold != 1_000_000 || got.Window != 120 || got.Severity != alert.Critical {
		t.Errorf("no-traffic: got %+v", got)
	}
	if got := rule(t, parsed(t, "[[rule]]\nname = \"errors\"\nchange = true\n"), "errors"); got.Test != alert.Changes || got.Min != 0 || got.Threshold != 0 || got.Of != "5xx" {
		t.Errorf("errors as a change: got %+v", got)
	}
	if len(c.Rules) != len(Default().Rules) || len(c.Watched()) != len(Default().Watched())-1 {
		t.Errorf("got %d rules, %d watched", len(c.Rules), len(c.Watched()))
	}
}

func TestAShareOfAClassIsTheSameInAllItsNames(t *testing.T) {
	want := rule(t, parsed(t, "[[rule]]\nname = \"x\"\nmetric = \"errors\"\nabove = \"5%\"\n"), "x")
	for _, text := range []string{`metric = "5xx"`, `metric = "share of 5xx"`, `metric = "share of errors"`, "metric = \"share\"\nof = \"5xx\"", "metric = \"share of 5xx\"\nof = \"5xx\""} {
		if got := rule(t, parsed(t, "[[rule]]\nname = \"x\"\nabove = \"5%\"\n"+text+"\n"), "x"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

func TestAnEmptyFilterLeavesTheRateOfARule(t *testing.T) {
	c := parsed(t, "[[rule]]\nname = \"x\"\nmetric = \"rate of 5XX\"\nwhere = \"\"\nabove = \"5/s\"\n")
	if got := rule(t, c, "x").Where; got != "status = 5xx" {
		t.Errorf("it looks at requests where %q", got)
	}
}

func TestThresholdsMeanWhatTheirMetricSays(t *testing.T) {
	for text, want := range map[string]alert.Rule{
		`metric = "traffic"
above = 10.5`: {Metric: alert.Hits, Threshold: 10_500_000},
		`metric = "hits"
above = "600/m"`: {Metric: alert.Hits, Threshold: 10_000_000},
		`metric = "bytes"
above = "1.5MB/s"`: {Metric: alert.Bytes, Threshold: 1_500_000_000_000},
		`metric = "bandwidth"
below = "30B/m"`: {Metric: alert.Bytes, Test: alert.Below, Threshold: 500_000},
		`metric = "visitors"
above = 500`: {Metric: alert.Visitors, Threshold: 500_000_000},
		`metric = "errors"
above = "2.5%"`: {Metric: alert.Share, Of: "5xx", Threshold: 25_000, Min: 10},
		`metric = "4xx"
above = 0.05`: {Metric: alert.Share, Of: "4xx", Threshold: 50_000, Min: 10},
		`metric = "503"
above = "0.5/s"`: {Metric: alert.Hits, Where: "status = 503", Threshold: 500_000},
		`metric = "errors"
where = "path startswith /api"
above = "6/m"`: {Metric: alert.Hits, Where: "(path startswith /api) and (status = 5xx)", Threshold: 100_000},
		`metric = "rate of path = /login"
above = "5/s"`: {Metric: alert.Hits, Where: "path = /login", Threshold: 5_000_000},
		`metric = "share of bot"
where = "host = a"
above = "50%"`: {Metric: alert.Share, Of: "bot", Where: "host = a", Threshold: 500_000, Min: 10},
		`metric = "latency"
above = "250ms"`: {Metric: alert.P90, Threshold: 250_000, Min: 10},
		`metric = "mean"
above = "1.5s"
by = "section"`: {Metric: alert.Mean, By: alert.Section, Threshold: 1_500_000, Min: 10},
		`metric = "traffic"
ratio_to = "1h"
above = "3x"`: {Metric: alert.Hits, Earlier: 3600, Threshold: 3_000_000, Min: 10},
		`metric = "rejected"
above = "1%"`: {Metric: alert.Rejected, Threshold: 10_000},
		`slo = "99.9%"`: {Metric: alert.Share, Of: "5xx", Test: alert.Burns, Budget: 1000, Window: 3600, Min: 10},
		`absent = "log"
over = "5m"`: {Test: alert.Silent, By: alert.Source, Window: 300},
		`metric = "errors"
change = true
sensitivity = "low"`: {Metric: alert.Share, Of: "5xx", Test: alert.Changes, Surprise: 5, Window: 10},
	} {
		if want.Window == 0 {
			want.Window = 120
		}
		want.Name = "x"
		if got := rule(t, parsed(t, "[[rule]]\nname = \"x\"\n"+text), "x"); got.Rule != want {
			t.Errorf("%s\n got  %+v\n want %+v", text, got.Rule, want)
		}
	}
}

func TestWhatIsSetIsWhatFlagsGet(t *testing.T) {
	c := parsed(t, `
log_interval = 60
where = ["status >= 500", "not bot"]
state = { dir = "/var/lib/weir", keep = ["1d", "forever"] }
from-end = true
timezone = "UTC"
`)
	want := []Flag{
		{"where", []string{"status >= 500", "not bot"}},
		{"interval", []string{"1m"}},
		{"timezone", []string{"UTC"}},
		{"from-end", []string{"true"}},
		{"state", []string{"/var/lib/weir"}},
		{"state-keep", []string{"1d,forever"}},
	}
	if got := c.Flags(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Default().Flags(); got != nil {
		t.Errorf("nothing is set, got %q", got)
	}
}

func TestATakeHomeFileIsUnderstood(t *testing.T) {
	c := parsed(t, "log_file = \"/tmp/access.log\"\ndisplay_interval = \"5s\"\nalert_threshold = 20\nalert_window = 60\n")
	if r := rule(t, c, alert.HighTraffic); r.Threshold != 20_000_000 || r.Window != 60 {
		t.Errorf("got %+v", r)
	}
	if !slices.Equal(c.Inputs.Logs, []string{"/tmp/access.log"}) || c.Display.Interval != 5*time.Second {
		t.Errorf("got %+v %+v", c.Inputs, c.Display)
	}
}

func TestMutesAreStretchesOfTheWeekOrTheCalendar(t *testing.T) {
	c := parsed(t, `
timezone = "Europe/Berlin"
[[rule]]
name = "x"
metric = "errors"
above = "5%"
mute = ["Sat,Sun", "22:00-06:00", "Mon-Fri 12:00-13:00", "2026-12-24/2026-12-27", "2026-11-02 08:00/2026-11-02 09:30"]
`)
	var x alert.Rule
	for _, r := range c.Watched() {
		if r.Name == "x" {
			x = r
		}
	}
	for at, want := range map[string]bool{
		"2026-03-14T12:00:00+01:00": true,  // a Saturday
		"2026-03-16T11:59:59+01:00": false, // a Monday
		"2026-03-16T12:00:00+01:00": true,
		"2026-03-16T13:00:00+01:00": false,
		"2026-03-16T21:59:59+01:00": false,
		"2026-03-16T22:00:00+01:00": true,
		"2026-03-17T05:59:59+01:00": true,
		"2026-03-17T06:00:00+01:00": false,
		"2026-07-14T06:00:00+02:00": false,
		"2026-12-24T10:00:00+01:00": true,
		"2026-12-27T10:00:00+01:00": true, // a Sunday
		"2026-11-02T09:29:59+01:00": true,
		"2026-11-02T09:30:00+01:00": false,
	} {
		sec, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Muted(sec.Unix()); got != want {
			t.Errorf("%s: muted %t, want %t", at, got, want)
		}
	}
	for _, text := range []string{"Fri-Mon", "sunday", "00:00-24:00 ", "Mon 18:00-24:00"} {
		if _, err := parseMute(text, time.UTC); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAReloadIsValidAndStillOrNone(t *testing.T) {
	const first = "interval = \"10s\"\n"
	w := NewWatch("weir.toml", first, parsed(t, first), Options{Now: now()})
	look := func(text string, asked, want bool) Reload {
		t.Helper()
		r, ok := w.Look(text, asked)
		if ok != want {
			t.Fatalf("%q: got %+v, %t, want %t", text, r, ok, want)
		}
		return r
	}
	look(first, false, false)
	changed := "interval = \"20s\"\nthreshold = 50\n[[rule]]\nname = \"x\"\nmetric = \"errors\"\nabove = \"1%\"\n[calendar]\nholidays = [2026-12-25]\n"
	look(changed[:len(changed)/2], false, false) // an editor writes
	look(changed, false, false)
	r := look(changed, false, true)
	if r.Err != nil || !slices.Equal(r.Restart, []string{"interval"}) ||
		!slices.Equal(r.Live, []string{"calendar.holidays", "rule high-traffic", "rule x"}) {
		t.Errorf("got %+v, %v", r.Difference, r.Err)
	}
	look(changed, false, false)
	look("intervall = 1", false, false)
	if r := look("intervall = 1", false, true); r.Err == nil || r.Config != nil {
		t.Errorf("got %+v, want an error", r)
	}
	look("intervall = 1", false, false) // told once
	if r := look(changed, true, true); r.Err != nil || len(r.Live)+len(r.Restart) != 0 {
		t.Errorf("got %+v, want no difference to what holds", r)
	}
	if r := look(first, true, true); !slices.Contains(r.Live, "rule x") {
		t.Errorf("got %+v, want that the rule is gone", r)
	}
}

// TestWhatIsTOMLIsWhatTheLibraryAccepts holds the tree against the library's own decoder.
func TestWhatIsTOMLIsWhatTheLibraryAccepts(t *testing.T) {
	for _, text := range []string{
		"a = 1\na = 2", "[a]\n[a]", "[a]\nb=1\n[a.b]", "a.b = 1\n[a]", "a.b = 1\na.c = 2", "[a.b]\n[a]", "[a.b]\n[a]\n[a.b]",
		"[[a]]\n[a]", "[a]\n[[a]]", "a = [1]\n[[a]]", "a = {b = 1}\n[a.c]", "a = {b = 1, b = 2}", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "a = {b.c = 1, b.d = 2}",
		"[a]\nb.c = 1\n[a.b]", "[a]\nb.c = 1\n[a.b.d]", "[a.b.c]\n[a]\nb.d = 1", "a = 1\na.b = 2", "[[a.b]]\n[a]", "[a]\n[[a.b]]\n[[a.b]]", "a = [{b = 1}]\n[a.c]",
	} {
		agrees(t, text)
	}
}

// agrees fails where the tree accepts what the library does not, or the reverse.
func agrees(t *testing.T, text string) {
	t.Helper()
	var into map[string]any
	want := toml.Unmarshal([]byte(text), &into)
	r := &reader{}
	r.tree(text)
	got := append(r.errs, r.lines...)
	if (want == nil) != (len(got) == 0) && !strings.Contains(text, "\ufeff") {
		t.Errorf("%q: got %v, the library says %v", text, got, want)
	}
}

func TestEveryFieldOfAMessageIsAccepted(t *testing.T) {
	text := strings.Join(alert.Fields(), "} {")
	c := parsed(t, "[[rule]]\nname = \"x\"\nmetric = \"traffic\"\nabove = 1\nmessage = \"{"+text+"}\"\n")
	if got := rule(t, c, "x").Message; got != "{"+text+"}" {
		t.Errorf("got %q", got)
	}
}

func TestMoreThanTenErrorsAreCounted(t *testing.T) {
	_, err := Parse("weir.toml", strings.Repeat("", 1)+manyKeys(14), Options{})
	if err == nil || strings.Count(err.Error(), "\n") != 10 || !strings.HasSuffix(err.Error(), "weir.toml: and 4 more") {
		t.Errorf("got %v", err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("key" + string(rune('a'+i)) + " = 1\n")
	}
	return b.String()
}

// FuzzParse: no panic; what is accepted is the same when it is shown and read again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.toml", "testdata/bad/*.toml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Add(standingText())
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 {
			return
		}
		c, err := Parse("weir.toml", text, Options{Now: now()})
		if err != nil {
			return
		}
		agrees(t, text)
		again, err := Parse("shown", c.Show(), Options{Now: now()})
		if err != nil {
			t.Fatalf("%v\nof %q\nshown\n%s", err, text, c.Show())
		}
		if again.Show() != c.Show() || !same(c, again) {
			t.Fatalf("%q is shown as\n%s\nand then as\n%s", text, c.Show(), again.Show())
		}
		c.Watched()
		c.Flags()
	})
}

// TestNoSecretIsSaidOrShown looks for a word that stands in every secret of a file.
func TestNoSecretIsSaidOrShown(t *testing.T) {
	const canary = "canary"
	text := `
[[notify]]
name = "hook"
kind = "webhook"
url = "https://user:canary@example.org/canary"
secret = "canary"
headers = { Authorization = "Bearer canary" }

[[notify]]
name = "mail"
kind = "email"
server = "mail.example.org"
from = "weir@example.org"
to = "ops@example.org"
username = "weir"
password = "canary"

[[notify]]
name = "chat"
kind = "chat"
url = "ntfy://:canary@ntfy.example.org/canary"
`
	c := parsed(t, text)
	if shown := c.Show(); strings.Contains(shown, canary) || strings.Count(shown, notify.Redacted) < 4 {
		t.Errorf("shown:\n%s", shown)
	}
	again := parsed(t, c.Show())
	if again.Show() != c.Show() {
		t.Error("shown twice it differs")
	}
	changed := parsed(t, strings.Replace(text, "Bearer canary", "Bearer other", 1))
	if d := Compare(c, changed); !slices.Equal(d.Live, []string{"notify hook"}) || d.Restart != nil {
		t.Errorf("another secret: got %+v", d)
	}
	for _, file := range []string{"testdata/bad/notify", "testdata/bad/notify-secret"} {
		text, err := os.ReadFile(file + ".toml")
		golden, err2 := os.ReadFile(file + ".golden")
		if err != nil || err2 != nil || !strings.Contains(string(text), canary) || strings.Contains(string(golden), canary) {
			t.Errorf("%v, %v\n%s", err, err2, golden)
		}
	}
}

// TestAPlaceInsideATextIsThatOfItsCharacter writes a text in each way TOML has, with a
// mark in it, and looks whether the place of the mark is where it stands in the file.
func TestAPlaceInsideATextIsThatOfItsCharacter(t *testing.T) {
	for _, literal := range []string{
		`"ab§c"`, `'ab§c'`, `"a\tb\u00fc§"`, `"\U0001F600§ x"`, `"ü§"`, `"\"\\§"`, "'''\nab\nc§'''", "'''ab§'''", "\"\"\"\na\\\n   b§\"\"\"",
		"\"\"\"\\\n  §\"\"\"", "\"\"\"a\r\nb§\"\"\"", `"§"`, `""" "" §"""`,
	} {
		text := "# ü\nkey = " + literal + "\n"
		r := &reader{}
		root := r.tree(text)
		if len(r.errs)+len(r.lines) > 0 {
			t.Errorf("%q: %v %v", text, r.errs, r.lines)
			continue
		}
		v := root.find("key").value
		before, _, _ := strings.Cut(v.text, "§")
		got := v.inside(utf8.RuneCountInString(before) + 1)
		whole, _, _ := strings.Cut(text, "§")
		want := place{1 + strings.Count(whole, "\n"), 1 + utf8.RuneCountInString(whole[strings.LastIndexByte(whole, '\n')+1:])}
		if got != want {
			t.Errorf("%s: got %v, want %v", literal, got, want)
		}
	}
}

// TestThresholdsAreWrittenAsTheyAreRead is about values of all sizes in all metrics.
func TestThresholdsAreWrittenAsTheyAreRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		l := alert.Level(1 + r.Int64N(int64(1)<<(1+r.IntN(49))))
		for m := range alert.Metrics {
			for _, ratio := range []bool{false, true} {
				l := l
				if m == alert.Visitors && !ratio {
					l = l/one*one + one
				}
				if (m == alert.Share || m == alert.Rejected) && !ratio {
					l %= one
				}
				text := levelText(l, m, ratio)
				if got, err := parseLevel(text, false, m, ratio); err != nil || got != l {
					t.Fatalf("%s, ratio %t: %d is written %q and read as %d, %v", m, ratio, l, text, got, err)
				}
			}
		}
	}
}

// TestAHostileFileIsReadInTime: nested, long, of many keys.
func TestAHostileFileIsReadInTime(t *testing.T) {
	var keys strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&keys, "k%d = 1\n", i)
	}
	for name, text := range map[string]string{
		"lists": "a = " + strings.Repeat("[", 200_000), "tables": "a = " + strings.Repeat("{b=", 100_000), "dots": "a" + strings.Repeat(".a", 300_000) + " = 1",
		"keys": keys.String(), "headers": strings.Repeat("[[rule]]\n", 60_000), "large": strings.Repeat("#", MaxSize+1),
		"not text": "a = \"\xff\"", "nothing": "\x00", "marks": "\ufeff\ufeff",
	} {
		begun := time.Now()
		_, err := Parse("weir.toml", text, Options{Now: now()})
		if err == nil || strings.Count(err.Error(), "\n") > MaxErrors {
			t.Errorf("%s: got %.200v, want at most %d errors", name, err, MaxErrors)
		}
		t.Logf("%s: %v: %.120v", name, time.Since(begun), err)
	}
}

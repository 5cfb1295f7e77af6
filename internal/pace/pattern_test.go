package pace

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"weir/internal/unit"
)

var update = flag.Bool("update", false, "rewrite the graphs and tables of docs/patterns.md")

// mustShape returns the shape of a pattern at 100 requests a second.
func mustShape(t testing.TB, text string, b Reference) Shape {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if b.Rate == 0 {
		b.Rate = 100 * unit.One
	}
	s, err := p.Shape(b)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAPatternIsWrittenAsItIsRead(t *testing.T) {
	for text, want := range map[string]string{
		"constant":                                              "constant",
		" sine ":                                                "sine",
		"sine:":                                                 "sine",
		"constant:":                                             "constant",
		"sine:amp=25.5%,period=90":                              "sine:period=1m30s,amp=25.5%",
		"sine: period = 1h , amp = 0.5":                         "sine:period=1h,amp=50%",
		"ramp:to=5000,over=5m,from=0,hold=2m":                   "ramp:from=0,to=5000,over=5m,hold=2m",
		"ramp:from=250%,to=0.5":                                 "ramp:from=250%,to=0.5",
		"ramp:from=600/m":                                       "ramp:from=10",
		"diurnal:day=10m,peak=9:30,weekend=60%":                 "diurnal:day=10m,peak=09:30,weekend=60%",
		"diurnal:from=8":                                        "diurnal:from=08:00",
		"square:low=50,duty=30%":                                "square:duty=30%,low=50",
		"intermittent:on=30s±10s,off=90s+-30s":                  "intermittent:on=30s+-10s,off=1m30s+-30s",
		"burst:every=60s+-20s,len=250ms,x=10x":                  "burst:every=1m+-20s,len=250ms,x=10",
		"steps:60s@9, 60s@18,150s@0":                            "steps:1m0s@9,1m0s@18,2m30s@0",
		"steps:steps=60s@9":                                     "steps:1m0s@9",
		"markov:low=100,high=2000,p=0.05,q=0.2":                 "markov:low=100,high=2000,p=5%,q=20%",
		"trace:rates.tsv":                                       "trace:rates.tsv",
		"trace:x=10,file=a b.tsv,loop":                          "trace:a b.tsv,x=10,loop=yes",
		"trace:rates.tsv,speed=0.5,loop=no":                     "trace:rates.tsv,speed=0.5,loop=no",
		"alert-test:threshold=10,window=1m":                     "alert-test:threshold=10,window=1m",
		"square:duty=33.3333%,high=12.345678,low=0.000001%":     "",
		"square:duty=33.3333%,high=12.345678,low=0.0001%":       "square:duty=33.3333%,high=12.345678,low=0.0001%",
		"intermittent:on=0.1s+-100ms,off=1h30m,high=1000000000": "intermittent:on=100ms+-100ms,off=1h30m,high=1000000000",
	} {
		p, err := Parse(text)
		if want == "" {
			if err == nil {
				t.Errorf("Parse(%q) got %s, want an error", text, p)
			}
			continue
		}
		if err != nil || p.String() != want {
			t.Errorf("Parse(%q) got %s, %v, want %s", text, p, err, want)
			continue
		}
		if again, err := Parse(want); err != nil || again.String() != want {
			t.Errorf("Parse(%q) got %s, %v, want the same", want, again, err)
		}
	}
	if got := (Pattern{}).String(); got != "constant" {
		t.Errorf("the zero pattern got %q", got)
	}
}

func TestARefusedPatternSaysWhereAndWhatIsNear(t *testing.T) {
	for text, why := range map[string]string{
		"":                             `column 1: no pattern is named "": there are constant, ramp, sine,`,
		"sin":                          `column 1: no pattern is named "sin" (did you mean sine?)`,
		"  Brust:x=2":                  `column 3: no pattern is named "Brust" (did you mean burst?)`,
		"constant:rate=5":              `column 10: constant has no key "rate" (constant takes no keys)`,
		"sine:perod=2m":                `column 6: sine has no key "perod": did you mean period? (sine takes period, amp)`,
		"sine:period=2m,amplitude=3":   `column 16: sine has no key "amplitude" (sine takes`,
		"sine:period=2m, ampl=3":       `column 17: sine has no key "ampl": did you mean amp?`,
		"sine:period=2m,":              `column 15: nothing follows the comma: sine takes`,
		"sine:period=2m,,amp=5%":       `column 16: a key is missing`,
		"sine:period":                  `column 6: period has no value: write period=2m`,
		"sine:amp=":                    `column 6: amp: the value is empty: write it as 10%`,
		"sine:amp=120%":                `column 6: amp: 120% is too large: at most 100%`,
		"sine:amp=x":                   `column 6: amp: "x" is no number`,
		"sine:amp=1%,amp=2%":           `column 13: amp is given twice`,
		"sine:period=0s":               `column 6: the period of a sine must be 10ms at least`,
		"sine:period=200y":             `none longer than ten years`,
		"ramp:to=-5":                   `column 6: to: rate "-5"`,
		"ramp:over=soon":               `column 6: over: duration "soon"`,
		"diurnal:peak=25:00":           `column 9: peak: "25:00" is no time of day: write it as 20:00`,
		"diurnal:day=1ms":              `column 9: a day must take a second at least`,
		"diurnal:weekend=0":            `a weekend must have some of the traffic`,
		"square:period=0s":             `column 8: one time on and off must be 10ms at least`,
		"square:high=0":                `column 8: it would be silent for ever`,
		"square:duty=0":                `column 8: it would be silent for ever`,
		"markov:low=0,high=0":          `column 8: it would be silent for ever`,
		"intermittent:on=10s+-20s":     `column 14: on: the spread of "10s+-20s" is more than the length`,
		"intermittent:on=0,off=0":      `column 14: one time on and off must be`,
		"burst:len=2m,every=1m":        `column 7: a burst must be shorter`,
		"burst:every=10s+-6s,len=5s":   `column 7: the spread of every leaves no time`,
		"burst:x=y":                    `column 7: x: "y" is no number`,
		"steps":                        `column 6: steps needs steps,`,
		"steps:60s":                    `column 7: steps: step 1 of "60s": "60s" has no @`,
		"steps:60s@9,5@x":              `step 2 of`,
		"markov:p=0":                   `column 8: p and q must be more than nothing`,
		"markov:every=1us":             `every must be 10ms at least`,
		"trace":                        `column 6: trace needs file, a file of rows`,
		"trace:a.tsv,lop":              `column 13: trace has no key "lop": did you mean loop?`,
		"trace:a.tsv,loop=maybe":       `"maybe" is neither yes nor no`,
		"trace:a.tsv,x=0":              `x and speed must be more than nothing`,
		"alert-test:window=1s":         `the window must be 4 seconds at least`,
		"alert-test:threshold=10:20":   `threshold: rate "10:20"`,
		"alert-test:thresold=10":       `did you mean threshold?`,
		"square:duty=0.12345678":       `more than 6 decimals`,
		"markov:p=2":                   `p: 2 is too large: at most 1`,
		"square:low=99999999999%":      `is too large`,
		"burst:x=99999999999999999999": `is too large`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("Parse(%q) got error %v\nwant one with %s", text, err, why)
		}
	}
}

func TestEveryDefaultIsAValueOfItsKind(t *testing.T) {
	for _, p := range plans() {
		for _, k := range p.keys {
			if k.initial == "" {
				continue
			}
			if d, err := k.kind.parse(k.initial); err != nil || d.String(k.kind) != k.initial {
				t.Errorf("%s, %s: the default %q got %v, %v", p.name, k.name, k.initial, d, err)
			}
		}
	}
}

func TestSharesAreOfTheRateThatIsGiven(t *testing.T) {
	for _, c := range []struct {
		text string
		at   time.Duration
		want unit.PerSecond
	}{
		{"constant", 5 * time.Second, 40 * unit.One},
		{"ramp:from=50%,to=200%,over=1s", time.Minute, 80 * unit.One},
		{"ramp:from=50%,to=7,over=1s", time.Minute, 7 * unit.One},
		{"square:high=150%,low=10%", 0, 60 * unit.One},
		{"square:high=150%,low=10%", 90 * time.Second, 4 * unit.One},
		{"intermittent:low=3,on=1s,off=1s", 1500 * time.Millisecond, 3 * unit.One},
		{"burst:every=10s,len=1s,x=2.5", 9500 * time.Millisecond, 100 * unit.One},
		{"burst:every=10s,len=1s,x=2.5", 8500 * time.Millisecond, 40 * unit.One},
		{"markov:low=25%,p=0.0001%", 0, 10 * unit.One},
		{"square:high=1000000%", 0, 400_000 * unit.One},
	} {
		if rate, _, ok := mustShape(t, c.text, Reference{Rate: 40 * unit.One}).At(c.at); rate != c.want || !ok {
			t.Errorf("%s at %v got %v, %v, want %v", c.text, c.at, rate, ok, c.want)
		}
	}
	s := mustShape(t, "burst:x=1000000", Reference{Rate: unit.MaxPerSecond})
	if rate, _, _ := s.At(58 * time.Second); rate != unit.MaxPerSecond {
		t.Errorf("beyond the largest rate got %v", rate)
	}
}

func FuzzParse(f *testing.F) {
	for _, p := range plans() {
		text := p.name + ":"
		for _, k := range p.keys {
			text += k.name + "=" + k.kind.form() + ","
		}
		f.Add(strings.TrimSuffix(text, ","), uint64(1))
	}
	f.Add("intermittent:on=30s±10s", uint64(7))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, p, again, err)
		}
		s, err := p.Shape(Reference{Rate: unit.PerSecond(seed % uint64(unit.MaxPerSecond)), Seed: seed})
		if err != nil {
			if seed%uint64(unit.MaxPerSecond) >= uint64(unit.One) {
				t.Fatal(err)
			}
			return // a share of nearly nothing
		}
		checkPieces(t, text, s, seed)
		last, pacer := time.Duration(-1), NewArrivals(Limit{Shape: s, For: 5 * time.Second}, Arrivals(seed%3), seed)
		for n := range int64(300) {
			due, ok := pacer.Due(n)
			if !ok {
				break
			}
			if due < last || due >= 5*time.Second {
				t.Fatalf("%q: request %d got %v after %v", text, n, due, last)
			}
			last = due
		}
	})
}

// TestTheManualTellsEveryPattern holds docs/patterns.md against the table: the
// keys with their defaults, and a graph of every pattern shown.
func TestTheManualTellsEveryPattern(t *testing.T) {
	const name = "../../docs/patterns.md"
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, p := range plans() {
		_, part, ok := strings.Cut(text, "\n## "+p.name+"\n")
		if !ok {
			t.Errorf("docs/patterns.md has no heading ## %s", p.name)
			continue
		}
		part, _, _ = strings.Cut(part, "\n## ")
		want := "\n`" + p.name + "` " + p.says + ".\n"
		if len(p.keys) > 0 {
			want += "\n| key | means | without it |\n|---|---|---|\n"
		}
		for _, k := range p.keys {
			initial := "`" + k.initial + "`"
			if k.initial == "" {
				initial = ""
			}
			want += fmt.Sprintf("| `%s` | %s | %s |\n", k.name, k.says, initial)
		}
		if head, _, _ := strings.Cut(part, "\n    "); strings.TrimSpace(head) != strings.TrimSpace(want) {
			text = strings.Replace(text, "\n## "+p.name+"\n"+head, "\n## "+p.name+"\n"+want, 1)
		}
	}
	// A graph is an indented block that begins with the pattern, and over what.
	graph := regexp.MustCompile(`(?m)^    ([a-z-]+(?::\S+)?) over (\S+), rate 100\n(?:    .*\n)*`)
	shown := 0
	text = graph.ReplaceAllStringFunc(text, func(block string) string {
		m := graph.FindStringSubmatch(block)
		shown++
		over, err := unit.ParseSpan(m[2])
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("    %s over %s, rate 100\n%s", m[1], m[2], sketch(t, m[1], over))
	})
	if shown < len(plans()) {
		t.Errorf("docs/patterns.md shows %d graphs, want one of each pattern", shown)
	}
	if text == string(raw) {
		return
	}
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/patterns.md is not what the table and the shapes say; go test ./internal/pace -update rewrites it")
}

// sketch draws the requests of a pattern as a text graph of 60 columns.
func sketch(t *testing.T, pattern string, over time.Duration) string {
	t.Helper()
	const columns, rows = 60, 4
	var b Reference
	if strings.HasPrefix(pattern, "trace") {
		trace, err := ParseTrace([]byte("0 40\n60 70\n120 180\n180 120\n240 20\n"))
		if err != nil {
			t.Fatal(err)
		}
		b.Trace = trace
	}
	b.Seed = 3
	pacer := New(Limit{Shape: mustShape(t, pattern, b), For: over})
	var counts [columns]int64
	most := int64(0)
	for n := int64(0); ; n++ {
		due, ok := pacer.Due(n)
		if !ok {
			break
		}
		c := due * columns / over
		counts[c]++
		most = max(most, counts[c])
	}
	var out strings.Builder
	for row := rows - 1; row >= 0; row-- {
		line := "    "
		for _, n := range counts {
			eighths := (n*rows*8+most-1)/most - int64(row)*8
			line += string([]rune(" ▁▂▃▄▅▆▇█")[min(max(eighths, 0), 8)])
		}
		if row == rows-1 {
			line += fmt.Sprintf(" %s/s", unit.Rate(most*columns*1000, over.Milliseconds()))
		}
		out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	axis := strings.Repeat("+"+strings.Repeat("-", columns/4-1), 4)
	out.WriteString("    " + axis + "\n")
	return out.String()
}

package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/pace"
	"weir/internal/traffic"
	"weir/internal/unit"
)

func TestAnIncidentIsReadWithEveryKey(t *testing.T) {
	for text, want := range map[string]Incident{
		"at=60s for=2m errors=5%": {At: time.Minute, For: 2 * time.Minute, Errors: 0.05, Traffic: -1},
		"errors=0.5 status=503 section=/api": {
			Errors: 0.5, Status: 503, Section: "/api", Traffic: -1,
		},
		"latency=x3 at=5":                        {At: 5 * time.Second, Slower: 3, Traffic: -1},
		"latency=+200ms":                         {Delay: 200 * time.Millisecond, Traffic: -1},
		"outage for=10s":                         {For: 10 * time.Second},
		"traffic=x5 for=1m every=10m":            {For: time.Minute, Every: 10 * time.Minute, Traffic: 5_000_000},
		"traffic=20%":                            {Traffic: 200_000},
		"client=30%  bot=10%":                    {Client: 0.3, Bot: 0.1, Traffic: -1},
		" at=1h\tlatency=250% for=1m errors=1% ": {At: time.Hour, For: time.Minute, Slower: 2.5, Errors: 0.01, Traffic: -1},
	} {
		want.Text = strings.Join(strings.Fields(text), " ")
		got, err := ParseIncident(text)
		if err != nil || got != want {
			t.Errorf("ParseIncident(%q) got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestARefusedIncidentSaysWhere(t *testing.T) {
	for text, why := range map[string]string{
		"":                         "it is empty: write it as",
		"at=60s":                   "nothing happens in it",
		"at=60s errros=5%":         `column 8: errros: there is no such key: did you mean errors?`,
		"weather=rain":             `column 1: weather: there is no such key: write it as`,
		"errors=5":                 `"5" is no share above 0`,
		"errors=0":                 `is no share above 0`,
		"errors=NaN":               `is no share above 0`,
		"errors=5% errors=6%":      `column 11: errors: it is given twice`,
		"errors=5% status=200":     `"200" is no status of an error`,
		"latency=x3 status=500":    `status is that of errors`,
		"latency=fast":             `"fast" is no number of times, such as x3`,
		"latency=+2h":              `longer than an hour`,
		"outage traffic=x2":        `take one of the two away`,
		"outage=yes":               `it has no value`,
		"errors=5% for=0s":         `it must be more than no time`,
		"outage every=2ns for=1ns": `for must be 10ms at least`,
		"errors=5% every=5m":       `every needs for`,
		"outage for=5m every=5m":   `it is not over before it comes again`,
		"errors=5% section=api":    `"api" is no path such as /api`,
		"errors=5% at=soon":        `column 11: at: duration "soon"`,
		"traffic=x99999999999999":  `is no number of times`,
	} {
		if _, err := ParseIncident(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseIncident(%q) got error %v, want one with %q", text, err, why)
		}
	}
}

func FuzzParseIncident(f *testing.F) {
	f.Add("at=60s for=2m errors=5% latency=x3 section=/api every=10m status=503 client=30% bot=20% traffic=x5")
	f.Add("outage latency=+200ms")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := ParseIncident(text)
		if err != nil {
			return
		}
		again, err := ParseIncident(in.Text)
		if err != nil || again != in && !math.IsNaN(in.Slower) {
			t.Fatalf("%q is read as %+v, its text %q as %+v, %v", text, in, in.Text, again, err)
		}
		pace.New(pace.Limit{Shape: Shape(pace.Constant{Rate: unit.One}, []Incident{in}), For: time.Minute}).Due(1000)
	})
}

// collect draws the lines of a log without writing it.
func collect(t *testing.T, l *Log, n int) []Line {
	t.Helper()
	var lines []Line
	q := l.newQueue(time.Unix(1_773_151_500, 0), 1<<30, nil)
	q.outs = []output{{format: l.Format}}
	for range n {
		q.draw()
		lines = append(lines, q.line)
		q.outs[0].text = q.outs[0].text[:0]
	}
	return lines
}

func TestAnIncidentDoesWhatItSaysAndNothingElse(t *testing.T) {
	incident := func(text string) []Incident {
		in, err := ParseIncident(text)
		if err != nil {
			t.Fatal(err)
		}
		return []Incident{in}
	}
	log := func(incidents []Incident) *Log {
		l := newTestLog(t, "1000s@20")
		l.Incidents = incidents
		return l
	}
	plain := collect(t, log(nil), 12_000)
	within := func(l *Line) bool {
		s := l.At.Unix() - 1_773_151_500
		return s >= 100 && s < 400
	}
	share := func(what string, got, of int, want float64) {
		if x := float64(got) / float64(of); math.Abs(x-want) > 0.03 {
			t.Errorf("%s: got %.3f, want %.3f", what, x, want)
		}
	}
	for text, check := range map[string]func(was, is *Line) (changed bool){
		"at=100s for=5m errors=20%": func(was, is *Line) bool {
			return is.Status >= 500 && (was.Status != is.Status || was.Bytes != is.Bytes)
		},
		"at=100s for=5m errors=100% status=503 section=/api": func(was, is *Line) bool {
			if is.Status == 503 != strings.HasPrefix(is.Target, "/api") && was.Status != 503 {
				t.Fatalf("%s got %d", is.Target, is.Status)
			}
			return strings.HasPrefix(is.Target, "/api")
		},
		"at=100s for=5m latency=x3": func(was, is *Line) bool { return is.Latency == 3*was.Latency },
		"at=100s for=5m latency=+1s": func(was, is *Line) bool {
			return is.Latency == was.Latency+time.Second
		},
		"at=100s for=5m client=30%": func(was, is *Line) bool { return is.Client == "203.0.113.1" },
		"at=100s for=5m bot=30%": func(was, is *Line) bool {
			return strings.Contains(is.Agent, "NovaBot/1.0") && is.Method == "GET"
		},
	} {
		changed, all := 0, 0
		for i, is := range collect(t, log(incident(text)), 12_000) {
			was := plain[i]
			if within(&is) {
				all++
				if check(&was, &is) {
					changed++
				}
			} else if is != was {
				t.Fatalf("%s: line %d got %+v outside of the incident, want %+v", text, i, is, was)
			}
			if is.Target != was.Target || is.At != was.At {
				t.Fatalf("%s: line %d is another request", text, i)
			}
		}
		want := map[string]float64{"errors=20%": 0.2, "section=/api": 1 / 3.3807, "latency=x3": 1, "latency=+1s": 1, "client=30%": 0.3, "bot=30%": 0.3}
		for part, x := range want {
			if strings.HasSuffix(text, part) {
				share(text, changed, all, x)
			}
		}
	}
}

func TestAnswersAreSlowerNearTheCapacityAndRefusedBeyondIt(t *testing.T) {
	log := func(capacity unit.PerSecond) *Log {
		l := newTestLog(t, "10s@10,10s@50,10s@90,10s@400")
		l.Capacity = capacity
		return l
	}
	plain, busy := collect(t, log(0), 5000), collect(t, log(100*unit.One), 5000)
	var slower [40]float64
	refused, beyond := 0, 0
	for i := range busy {
		sec := busy[i].At.Unix() - 1_773_151_500
		if plain[i].Latency > time.Millisecond {
			slower[sec] = float64(busy[i].Latency) / float64(plain[i].Latency)
		}
		if sec > 30 {
			beyond++
			if busy[i].Status == 503 && busy[i].Bytes == 197 {
				refused++
			}
		} else if busy[i].Status != plain[i].Status {
			t.Fatalf("second %d: a request was refused below the capacity", sec)
		}
	}
	for sec, want := range map[int]float64{5: 1 / 0.9, 15: 2, 25: 10, 35: 20} {
		if math.Abs(slower[sec]-want) > 0.01*want {
			t.Errorf("second %d: answers take %.3f times as long, want %.3f", sec, slower[sec], want)
		}
	}
	// Of 400 a second 100 are answered; HEADs are refused without a body.
	if x := float64(refused) / float64(beyond); x < 0.70 || x > 0.80 {
		t.Errorf("%.3f of the requests were refused, want three quarters", x)
	}
}

// A damaged line is none in its own format, nor in any that a monitor would
// guess.
func TestADamagedLineIsNoRequestInAnyFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine writes and reads every format")
	}
	for _, name := range FormatNames() {
		f, err := NewFormat(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		l := newTestLog(t, "100s@50")
		l.Format, l.Malformed = f, 0.1
		l.Site = newTestSite(t, options(f, SiteOptions{Seed: 3, Clients: 300, Scanners: 0.05}))
		l.Truth = NewTruth(l.Site, 3, name, []string{"-"})
		var out bytes.Buffer
		if n, err := l.Fill(t.Context(), time.Unix(1_773_151_500, 0), &out); n != 5000 || err != nil {
			t.Fatal(n, err)
		}
		own, auto := parserOf(t, name), new(accesslog.Auto)
		for who, parse := range map[string]accesslog.Parser{"its own parser": own, "a parser that guesses": auto} {
			rejected, hits := int64(0), int64(0)
			var rec accesslog.Record
			for line := range bytes.Lines(out.Bytes()) {
				switch got := parse.Parse(accesslog.TrimEnd(line), &rec); got.Kind {
				case accesslog.Hit:
					hits++
				case accesslog.Rejected:
					rejected++
				}
			}
			if rejected != l.Truth.rejected || hits != l.Truth.hits || rejected < 400 || rejected > 600 {
				t.Errorf("%s: %s got %d hits and rejected %d lines, want %d and %d", name, who, hits, rejected, l.Truth.hits, l.Truth.rejected)
			}
		}
	}
}

func TestLateLinesAreAsManyAndAsLateAsAsked(t *testing.T) {
	l := newTestLog(t, "1000s@20")
	l.Late, l.LateBy = 0.02, 30*time.Second
	l.Truth = NewTruth(l.Site, 8, "csv", []string{"-"})
	w := &witness{t: t, start: time.Unix(1_773_151_500, 0)}
	if n, err := l.Fill(t.Context(), w.start, w); n != 20_000 || err != nil {
		t.Fatal(n, err)
	}
	newest, late := int64(0), int64(0)
	counts := map[int64]int{}
	for _, sec := range w.stamps() {
		newest = max(newest, sec)
		counts[sec]++
		behind := newest - sec
		if behind > 30 {
			t.Fatalf("a line is %d s late", behind)
		}
		// The last lines have nobody who overtakes them.
		if behind >= 14 {
			late++
		} else if behind > 0 && newest < 999 {
			t.Fatalf("a line is %d s late, want 15 at least", behind)
		}
	}
	for sec := range int64(1000) {
		if counts[sec] != 20 {
			t.Fatalf("second %d got %d lines", sec, counts[sec])
		}
	}
	if late < 300 || late > 500 || l.Truth.late < late || l.Truth.late > late+20 {
		t.Errorf("got %d late lines, %d in the truth, want about 400", late, l.Truth.late)
	}
}

// truthOf counts a log with the parsers and sections of weir.
func truthOf(t *testing.T, name string, text []byte) truthJSON {
	t.Helper()
	p := parserOf(t, name)
	j := truthJSON{Status: map[string]int64{}, Methods: map[string]int64{}}
	var rec accesslog.Record
	var cut traffic.Sections
	sections, visitors := map[string]*sectionJSON{}, map[string]bool{}
	first, last := int64(math.MaxInt64), int64(0)
	for line := range bytes.Lines(text) {
		switch got := p.Parse(accesslog.TrimEnd(line), &rec); got.Kind {
		case accesslog.Directive:
			continue
		case accesslog.Rejected:
			j.Lines++
			j.Rejected++
			continue
		}
		j.Lines++
		j.Hits++
		j.Bytes += rec.Bytes
		j.Status[strconv.Itoa(rec.Status)]++
		if rec.Malformed {
			j.Malformed++
		} else {
			j.Methods[string(rec.Method)]++
		}
		key := string(cut.Of(rec.Method, rec.Target, rec.Malformed))
		if sections[key] == nil {
			sections[key] = &sectionJSON{Key: key}
		}
		s := sections[key]
		s.Hits++
		s.Bytes += rec.Bytes
		if rec.Status >= 500 {
			s.Errors++
		}
		visitors[string(rec.Client)] = true
		first, last = min(first, rec.Sec), max(last, rec.Sec)
	}
	for _, s := range sections {
		j.Sections = append(j.Sections, *s)
	}
	j.Visitors = int64(len(visitors))
	at := func(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.RFC3339) }
	j.From, j.To = at(first), at(last+1)
	return j
}

// The truth is what reading the log gives, in every format, with all that may
// happen.
func TestTheTruthIsWhatReadingTheLogGives(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine writes and reads every format")
	}
	incidents := []Incident{}
	for _, text := range []string{"at=30s for=20s errors=30%", "at=40s for=30s client=20% bot=10%", "at=60s for=10s outage", "at=90s for=5s traffic=x3 latency=x4"} {
		in, err := ParseIncident(text)
		if err != nil {
			t.Fatal(err)
		}
		incidents = append(incidents, in)
	}
	for i, name := range FormatNames() {
		t.Run(name, func(t *testing.T) {
			f, err := NewFormat(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			site := newTestSite(t, options(f, SiteOptions{
				Seed: uint64(i), Clients: 700, Sections: 1 + 3*i, Sessions: i%2 == 0, Bots: 0.1, Scanners: 0.1, AbsoluteTargets: i%3 == 0,
			}))
			l := &Log{
				Site: site, Format: f, Pacer: pace.New(Shape(pace.Constant{Rate: 50 * unit.One, For: 2 * time.Minute}, incidents)), Seed: uint64(i),
				Incidents: incidents, Malformed: 0.02, Late: 0.01, LateBy: 5 * time.Second, Capacity: 100 * unit.One, Truth: NewTruth(site, uint64(i), name, []string{"-"}),
			}
			if i%4 == 0 {
				l.Disorder = 2 * time.Second
			}
			var out, raw bytes.Buffer
			if _, err := l.Fill(t.Context(), time.Unix(1_773_151_500, 250_000_000), &out); err != nil {
				t.Fatal(err)
			}
			if _, err := l.Truth.WriteTo(&raw); err != nil {
				t.Fatal(err)
			}
			var got truthJSON
			if err := json.Unmarshal(raw.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			want := truthOf(t, name, out.Bytes())
			sum := int64(0)
			for _, n := range got.Seconds.Hits {
				sum += n
			}
			if sum != want.Hits || got.Seconds.From != want.From || got.Seconds.Step != 1 || len(got.Seconds.Hits) != 121 {
				t.Errorf("seconds got %d hits in %d figures from %s", sum, len(got.Seconds.Hits), got.Seconds.From)
			}
			if len(got.Incidents) != 4 || got.Incidents[0].Hits < 1000 || got.Incidents[0].Changed < 200 || got.Incidents[2].Hits != 0 ||
				got.Incidents[2].Times[0] != (stretch{"2026-03-10T14:06:00.25Z", "2026-03-10T14:06:10.25Z"}) {
				t.Errorf("incidents got %+v", got.Incidents)
			}
			if len(got.Files) != 1 || got.Files[0].Lines != want.Lines || got.Late.Lines == 0 || got.Truth != 1 || got.Seed != uint64(i) || got.Format != name {
				t.Errorf("got %+v", got)
			}
			bySection := func(all []sectionJSON) string {
				m := map[string]sectionJSON{}
				for _, s := range all {
					m[s.Key] = s
				}
				return fmt.Sprint(m)
			}
			if bySection(got.Sections) != bySection(want.Sections) {
				t.Errorf("sections got  %s\nwant %s", bySection(got.Sections), bySection(want.Sections))
			}
			got.Sections, want.Sections = nil, nil
			want.Truth, want.Seed, want.Format, want.Seconds, want.Late, want.Incidents, want.Files = got.Truth, got.Seed, got.Format, got.Seconds, got.Late, got.Incidents, got.Files
			if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
		})
	}
}

func TestSecondsBecomeCoarserAndKeepTheirSum(t *testing.T) {
	var p perSecond
	const from = 1_773_151_507
	sum := int64(0)
	byTen := map[int64]int64{}
	for sec := int64(0); sec < 3*mostSeconds; sec += 3 {
		p.add(from + sec)
		sum++
		byTen[(from+sec)/10]++
	}
	if p.step != 10 || len(p.hits) > mostSeconds {
		t.Fatalf("got %d figures of %d s", len(p.hits), p.step)
	}
	for i, n := range p.hits {
		sum -= n
		if want := byTen[p.from/10+int64(i)]; n != want {
			t.Fatalf("ten seconds from %d got %d, want %d", p.from+int64(i)*10, n, want)
		}
	}
	if sum != 0 {
		t.Errorf("%d hits were lost", sum)
	}
	for range 4 {
		p.coarsen()
	}
	if p.step != 36000 {
		t.Errorf("after 1, 10, 60, 600, 3600 s come steps of %d s", p.step)
	}
}

// docs/json.md says what each key of the truth is.
func TestTheManualTellsEveryKeyOfTheTruth(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "\n# The truth")
	if !ok {
		t.Fatal("docs/json.md has lost its heading of the truth")
	}
	l := newTestLog(t, "2s@2")
	in, _ := ParseIncident("errors=100%")
	l.Incidents = []Incident{in}
	l.Truth = NewTruth(l.Site, 1, "csv", []string{"-"})
	var out, raw bytes.Buffer
	if _, err := l.Fill(context.Background(), time.Unix(1_773_151_500, 0), &out); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Truth.WriteTo(&raw); err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, piece := range strings.Split(raw.String(), `":`) {
		key := piece[strings.LastIndexByte(piece, '"')+1:]
		if key == "" || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz_") != "" {
			continue // a status, a method
		}
		keys++
		if !strings.Contains(part, "`"+key+"`") {
			t.Errorf("docs/json.md does not say what %s is", key)
		}
	}
	if keys < 20 {
		t.Errorf("only %d keys were found", keys)
	}
}

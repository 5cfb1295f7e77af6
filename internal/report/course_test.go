package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/traffic"
	"weir/internal/view"
)

// course is a day in hours: a night hour without a request, a burst at noon, the last two
// hours not counted yet.
func course() *Course {
	c := &Course{Of: "/var/log/nginx/access.log", From: midnight, To: midnight + daySeconds, Step: hourSeconds, KnownFrom: midnight - 5*daySeconds, KnownTo: midnight + 22*hourSeconds}
	for i, h := range days(midnight, 22, 9000) {
		if i == 3 {
			continue
		}
		s := Stretch{From: h.From, To: h.From + hourSeconds, Second: h.Second, Visitors: h.Hits / 3, Latency: timed(time.Duration(10+i)*time.Millisecond, false)}
		if i == 12 {
			s.Hits *= 4
			s.Classes[2] = s.Hits - s.Classes[5]
			s.Late, s.Rejected = 40, 3
		}
		c.Stretches = append(c.Stretches, s)
		c.Hits += s.Hits
		c.Bytes += s.Bytes
		for class, n := range s.Classes {
			c.Classes[class] += n
		}
		c.Late, c.Rejected = c.Late+s.Late, c.Rejected+s.Rejected
	}
	c.Visitors, c.VisitorsEstimated, c.Latency = 30_000, true, timed(20*time.Millisecond, false)
	fired := alert.Event{Rule: highTraffic(), State: alert.Firing, At: midnight + 12*hourSeconds + 95, Sample: alert.Sample{Num: 1212, Den: 120, Hits: 1212}}
	recovered := alert.Event{Rule: highTraffic(), State: alert.Quiet, Was: alert.Firing, At: midnight + 12*hourSeconds + 1800, Sample: alert.Sample{Num: 1188, Den: 120, Hits: 1188}, After: 1705}
	c.Alerts = []Alert{{Event: fired, ID: 7, Replayed: true}, {Event: recovered, ID: 8}}
	c.Marks = []Mark{{At: midnight + 11*hourSeconds, Text: "deploy 1.4.2"}}
	return c
}

// compared is course beside the day before, of which the first hours are gone.
func compared() *Course {
	c, e := course(), course()
	e.Alerts, e.Marks, e.From, e.To = nil, nil, e.From-daySeconds, e.To-daySeconds
	e.Stretches = e.Stretches[2:]
	for i := range e.Stretches {
		s := &e.Stretches[i]
		s.From, s.To, s.Hits = s.From-daySeconds, s.To-daySeconds, s.Hits*10/(9+int64(i%3))
	}
	c.Shift, c.Earlier = daySeconds, e
	return c
}

// mixed is a course of which the first hours are kept as one, with graphs of finer steps.
func mixed() *Course {
	c := course()
	c.Stretches[0].To = c.Stretches[2].To
	c.Stretches[0].Hits *= 3
	c.Stretches = slices.Delete(c.Stretches, 1, 3)
	c.Stretches[0].Bounds = true
	for _, s := range c.Stretches {
		for at := s.From; at < s.To; at += 1800 {
			f := s
			f.From, f.To, f.Hits = at, at+1800, s.Hits*1800/(s.To-s.From)
			c.Fine = append(c.Fine, f)
		}
	}
	c.FineStep = 1800
	return c
}

func courses() map[string]*Course {
	quiet := &Course{Of: "-", From: midnight, To: midnight + hourSeconds, Step: 600, KnownFrom: midnight + 5*hourSeconds, KnownTo: midnight + 6*hourSeconds}
	untimed := course()
	untimed.Latency, untimed.Marks = nil, []Mark{{At: midnight + 5, Text: "\x1b[2J\u202e日本"}}
	untimed.Of = "\x1b]0;x\a=1"
	for i := range untimed.Stretches {
		untimed.Stretches[i].Latency = nil
	}
	return map[string]*Course{"course": course(), "compared": compared(), "mixed": mixed(), "quiet": quiet, "untimed": untimed}
}

func ranking() *Ranking {
	s := rich().Stats
	r := Rank(&s, "path", 3)
	r.Of, r.From, r.To = "/var/log/nginx/access.log", midnight, midnight+daySeconds
	return r
}

func rankedBefore() *Ranking {
	r, e := ranking(), ranking()
	e.From, e.To = e.From-daySeconds, e.To-daySeconds
	e.Table.Rows = slices.Clone(e.Table.Rows[1:])
	e.Table.Rows[0].Hits *= 2
	r.Earlier = e
	return r
}

func TestEachCourseLooksAsItDid(t *testing.T) {
	write := func(name string, each func(page *Text) error) {
		for _, width := range []int{80, 160} {
			var plain, colored bytes.Buffer
			if err := each(&Text{W: &plain, Width: width}); err != nil {
				t.Fatal(err)
			}
			if err := each(&Text{W: &colored, Width: width, Color: true}); err != nil {
				t.Fatal(err)
			}
			compare(t, "past-"+name+map[int]string{80: "", 160: "-160"}[width]+".txt", plain.String())
			if got := strip(colored.String()); got != plain.String() {
				t.Errorf("%s: without its colours the page is\n%s\nwant\n%s", name, got, plain.String())
			}
			for line := range strings.Lines(plain.String()) {
				if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width && !strings.HasPrefix(line, "High traffic") {
					t.Errorf("%s: a line of %d cells on a page of %d: %s", name, n, width, line)
				}
			}
		}
	}
	for name, c := range courses() {
		write(name, func(page *Text) error { return page.WriteCourse(c) })
		var object, table bytes.Buffer
		if err := (&JSON{W: &object}).WriteCourse(c); err != nil {
			t.Fatal(err)
		}
		if err := (&CSV{W: &table}).WriteCourse(c); err != nil {
			t.Fatal(err)
		}
		compare(t, "past-"+name+".json", object.String())
		compare(t, "past-"+name+".csv", table.String())
	}
	for name, r := range map[string]*Ranking{"ranking": ranking(), "ranked": rankedBefore()} {
		write(name, func(page *Text) error { return page.WriteRanking(r) })
		var object, table bytes.Buffer
		if err := (&JSON{W: &object}).WriteRanking(r); err != nil {
			t.Fatal(err)
		}
		if err := (&CSV{W: &table}).WriteRanking(r); err != nil {
			t.Fatal(err)
		}
		compare(t, "past-"+name+".json", object.String())
		compare(t, "past-"+name+".csv", table.String())
	}
}

// TestAnAlertIsItsMessage: byte for byte that of alert.Event, in the zone asked for, with
// nothing before it.
func TestAnAlertIsItsMessage(t *testing.T) {
	zone := time.FixedZone("", 5400)
	alerts := course().Alerts
	var out bytes.Buffer
	if err := (&Text{W: &out, Zone: zone}).WriteAlerts(alerts); err != nil {
		t.Fatal(err)
	}
	want := alerts[0].Message(zone) + " (replayed)\n" + alerts[1].Message(zone) + "\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	if err := (&Text{W: &out}).WriteAlerts(alerts[1:]); err != nil || out.String() != alerts[1].String()+"\n" {
		t.Errorf("got %q, %v, want what Event.String gives", out.String(), err)
	}
}

func TestAlertsThatFollowOthersHaveNoHeader(t *testing.T) {
	var out bytes.Buffer
	c := &CSV{W: &out}
	alerts := course().Alerts
	if err := c.WriteAlerts(alerts[:1], false); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteAlerts(alerts[1:], true); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0] != "id" || rows[1][3] != "firing" || rows[2][8] != "1705" {
		t.Errorf("got %q, %v, want a header and two alerts", rows, err)
	}
}

// TestTimeWithoutAFigureIsNotZero: the reasons why there is none.
func TestTimeWithoutAFigureIsNotZero(t *testing.T) {
	second := func(n int64) Stretch {
		return Stretch{From: n, To: n + 10, Second: traffic.Second{Hits: 1}}
	}
	c := &Course{From: 0, To: 100, Step: 10, KnownFrom: 20, KnownTo: 80, Stretches: []Stretch{second(20), second(50)}}
	want := []gap{{0, 20, beforeAll}, {30, 50, noRequest}, {60, 80, noRequest}, {80, 100, notYet}}
	if got := c.gaps(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	// Where something was counted all the same that is shown.
	c.Unread = []Gap{{From: -100, To: 35, Unknown: true}, {From: 40, To: 70}, {From: 75, To: 1000}}
	want = []gap{
		{0, 20, beforeAll},
		{30, 35, noCount},
		{35, 40, noRequest},
		{40, 50, notRead},
		{60, 70, notRead},
		{70, 75, noRequest},
		{75, 80, notRead},
		{80, 100, notYet},
	}
	if got := c.gaps(); !slices.Equal(got, want) {
		t.Errorf("with gaps: got %v, want %v", got, want)
	}
	c.Unread = nil
	c.KnownFrom, c.KnownTo, c.Stretches = 0, 0, nil
	if got, want := c.gaps(), []gap{{0, 100, notYet}}; !slices.Equal(got, want) {
		t.Errorf("got %v of what is not known at all, want %v", got, want)
	}
	var covered int64
	for _, g := range mixed().gaps() {
		covered += g.to - g.from
	}
	for _, s := range mixed().Stretches {
		covered += s.To - s.From
	}
	if covered != daySeconds {
		t.Errorf("got %d seconds in steps and gaps together, want each of a day once", covered)
	}
}

func TestTheHourThatComesTwiceIsTold(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC).Unix() // 02:00 there
	c := &Course{From: from, To: from + 2*hourSeconds, Step: hourSeconds, KnownFrom: from, KnownTo: from + 2*hourSeconds}
	for i := range int64(2) {
		c.Stretches = append(c.Stretches, Stretch{From: from + i*hourSeconds, To: from + (i+1)*hourSeconds, Second: traffic.Second{Hits: 7}})
		c.Marks = append(c.Marks, Mark{At: from + i*hourSeconds + 60, Text: "deploy"})
	}
	var b bytes.Buffer
	if err := (&Text{W: &b, Zone: berlin}).WriteCourse(c); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\n  02:00 +0200 ", "\n  02:00 +0100 ", "# 02:01:00 +0200 deploy", "# 02:01:00 +0100 deploy"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("got no %q in\n%s", want, b.String())
		}
	}
}

func TestChangesAreThoseOfTheFigures(t *testing.T) {
	for _, c := range []struct {
		n, was int64
		want   string
	}{{110, 100, "+10.0%"}, {90, 100, "-10.0%"}, {100, 100, "+0.0%"}, {5, 0, "new"}, {0, 0, "-"}, {0, 7, "-100%"}} {
		if got := change(c.n, c.was); got != c.want {
			t.Errorf("%d after %d: got %s, want %s", c.n, c.was, got, c.want)
		}
	}
	if p := ratioOf(1383, 1371); p == nil || *p != 0.9 {
		t.Errorf("got %v, want 0.9", p)
	}
	if p := ratioOf(3, 0); p != nil {
		t.Errorf("got %v, want nothing where there was nothing", *p)
	}
}

func TestEveryDimensionHasATable(t *testing.T) {
	s := rich().Stats
	for _, by := range Dimensions() {
		r := Rank(&s, by, 2)
		if len(r.Table.Rows) == 0 || len(r.Table.Rows) > 2 || r.Hits == 0 {
			t.Errorf("%s: got %d rows of %d hits, want 1 or 2", by, len(r.Table.Rows), r.Hits)
		}
		all := Rank(&s, by, 1000)
		sum := func(r *Ranking) (n int64) {
			for _, w := range r.Table.Rows {
				n += w.Hits
			}
			return n + r.Table.Rest
		}
		if sum(r) != sum(all) {
			t.Errorf("%s: got %d hits of 2 rows and the rest, want %d", by, sum(r), sum(all))
		}
	}
	if r := Rank(&view.Stats{}, "path", 5); len(r.Table.Rows) != 0 {
		t.Errorf("got %d rows of nothing", len(r.Table.Rows))
	}
}

// TestTheKeysOfThePastAreInTheManual: each key that is written stands in docs/json.md,
// in the section of its command.
func TestTheKeysOfThePastAreInTheManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n# The past\n")
	if !ok {
		t.Fatal("docs/json.md has lost its heading \"The past\"")
	}
	section, _, _ = strings.Cut(section, "\n# ")
	keys := map[string]bool{}
	var out bytes.Buffer
	j := &JSON{W: &out}
	bounded := rankedBefore()
	bounded.Table.Bound = 5
	for _, write := range []func() error{
		func() error { return j.WriteCourse(compared()) },
		func() error { return j.WriteCourse(mixed()) },
		func() error { return j.WriteRanking(bounded) },
		func() error { return j.WriteAlerts(course().Alerts[:1]) },
		func() error { return j.WriteAlerts(course().Alerts[1:]) },
	} {
		out.Reset()
		if err := write(); err != nil {
			t.Fatal(err)
		}
		var o map[string]any
		if err := json.Unmarshal(out.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		keysOf("", o, keys)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		last := key[strings.LastIndexByte(key, '.')+1:]
		if strings.HasSuffix(last, "xx") || last == "other" || strings.Contains(key, "latency.") || last == "<key>" {
			continue // told of intervals
		}
		if !strings.Contains(section, "`"+last+"`") {
			t.Errorf("docs/json.md does not tell of the key %s of the past", key)
		}
	}
}

// TestNoStringOfAHistorySteersAnything: names of logs, texts of marks, rules, keys.
func TestNoStringOfAHistorySteersAnything(t *testing.T) {
	for _, s := range evil() {
		c, r := compared(), rankedBefore()
		c.Of, c.Earlier.Of, c.Marks[0].Text, c.Alerts[0].Rule.Name = s, s, s, s
		r.Of, r.Table.Rows[0].Key, r.Table.Rows[1].Key = s, s, s+s
		var text, object, table bytes.Buffer
		page, j, sheet := &Text{W: &text, Width: 60}, &JSON{W: &object}, &CSV{W: &table}
		for _, write := range []func() error{
			func() error { return page.WriteCourse(c) },
			func() error { return page.WriteRanking(r) },
			func() error { return page.WriteAlerts(c.Alerts) },
			func() error { return j.WriteCourse(c) },
			func() error { return j.WriteRanking(r) },
			func() error { return j.WriteAlerts(c.Alerts) },
			func() error { return sheet.WriteCourse(c) },
			func() error { return sheet.WriteRanking(r) },
			func() error { return sheet.WriteAlerts(c.Alerts, true) },
		} {
			if err := write(); err != nil {
				t.Fatal(err)
			}
		}
		for _, out := range []*bytes.Buffer{&text, &object, &table} {
			checkLines(t, out.String())
		}
		rows := csv.NewReader(&table)
		rows.FieldsPerRecord = -1
		all, err := rows.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all {
			for i, cell := range row {
				if i == len(row)-1 { // a change in percent is our own
					continue
				}
				if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
					t.Errorf("%q: the cell %q is a formula", s, cell)
				}
			}
		}
	}
}

func TestOfManyAlertsAPageHasTheNewest(t *testing.T) {
	c := course()
	for i := range 250 {
		e := c.Alerts[0]
		e.At = midnight + int64(i)*60
		c.Alerts = append(c.Alerts, e)
	}
	c.Alerts = c.Alerts[2:]
	var out bytes.Buffer
	if err := (&Text{W: &out}).WriteCourse(c); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "High traffic generated"); got != maxMessages || !strings.Contains(out.String(), "  (150 older messages: weir alerts lists them)\n") {
		t.Errorf("got %d messages, want %d, and that there are 150 older ones:\n%s", got, maxMessages, out.String())
	}
}

package monitor

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/gauge"
)

// logged makes a log of so many lines, perSecond of them a second until now,
// each up to disorder seconds late, and returns it with the stamps in its order.
func logged(r *rand.Rand, now time.Time, lines, perSecond, disorder int) (text string, stamps []int64) {
	var b strings.Builder
	from := now.Unix() - int64(lines/perSecond)
	for i := range lines {
		sec := from + int64(i/perSecond) - int64(r.IntN(disorder+1))
		stamps = append(stamps, sec)
		b.WriteString(line(time.Unix(sec, 0).UTC(), fmt.Sprintf("/s%d/x", i%7)))
	}
	return b.String(), stamps
}

func TestSinceByBisectionIsSinceByFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, disorder := range []int{0, 2, 60} {
		inBubble(t, func(p *play) {
			now := time.Now()
			text, stamps := logged(r, now, 20_000, 5, disorder) // 1.6 MB, 4000 s
			p.append("access.log", text)
			for _, back := range []int64{0, 1, 17, 600, 1801, 3999, 4000, 9000} {
				since := now.Unix() - back
				want := int64(0)
				for _, s := range stamps {
					if s >= since {
						want++
					}
				}
				p.screen = newRecorder()
				o := p.options("access.log")
				o.Since = time.Unix(since, 0)
				p.start(o)
				p.pause(time.Second)
				p.stop()
				c := p.screen.closing
				if c.Hits != want {
					p.Errorf("disorder %d s, since %d s ago: got %d hits, want %d", disorder, back, c.Hits, want)
				}
				if src := c.Sources[0]; src.Lines != src.Hits+src.Older || src.Rejected != 0 {
					p.Errorf("disorder %d s, since %d s ago: the account %+v does not add up", disorder, back, src)
				}
				if want < 18_000 && c.Sources[0].Lines > want+1000 {
					p.Errorf("disorder %d s, since %d s ago: got %d lines read for %d wanted: no bisection", disorder, back, c.Sources[0].Lines, want)
				}
			}
		})
	}
}

func TestTheLastTwoDaysAreReadBack(t *testing.T) {
	inBubble(t, func(p *play) {
		now := time.Now()
		var b strings.Builder
		for hour := 96; hour >= 0; hour-- {
			b.WriteString(strings.Repeat(line(now.Add(-time.Duration(hour)*time.Hour), "/"), 100))
		}
		p.append("access.log", b.String())
		p.start(p.options("access.log"))
		p.pause(time.Second)
		p.stop()
		if got := p.screen.closing.Hits; got != 4900 {
			p.Errorf("got %d hits, want the 4900 of the 48 hours up to the newest record", got)
		}
		if n := p.screen.notices(); !strings.Contains(n, "the last 2 days of the log") {
			p.Errorf("got the notices %q, want one that says what was passed over", n)
		}
	})
}

func TestFromEndPassesOverWhatIsThere(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", strings.Repeat(line(time.Now(), "/old"), 1000))
		o := p.options("access.log", "late.log")
		o.FromEnd = true
		p.start(o)
		p.pause(time.Second)
		p.traffic("access.log", 3, 5*time.Second)
		p.traffic("late.log", 3, 5*time.Second) // new, so all of it counts
		p.stop()
		p.counted()
	})
}

func TestRejectsBehindABisectionKeepTheirLineNumbers(t *testing.T) {
	inBubble(t, func(p *play) {
		now := time.Now()
		text, _ := logged(rand.New(rand.NewPCG(7, 8)), now, 10_000, 5, 0)
		p.append("access.log", text+"no request\n")
		o := p.options("access.log")
		o.Since = now.Add(-time.Minute)
		p.start(o)
		p.pause(time.Second)
		p.stop()
		if r := p.screen.closing.Sources[0].LastReject; r == nil || r.Line != 10_001 {
			p.Errorf("got the reject %+v, want line 10001", r)
		}
	})
}

// TestTwoFilesAreReadOldestFirst writes records by turns, for so long into one
// file and then into the other, with blocks of many sizes.
func TestTwoFilesAreReadOldestFirst(t *testing.T) {
	for _, turn := range []int{1, 7, 900} {
		inBubble(t, func(p *play) {
			now := time.Now()
			names := []string{"a.log", "b.log", "c.log"}
			texts := make([]strings.Builder, len(names))
			per := map[int64]int64{}
			const seconds = 3600
			for s := range seconds {
				at := now.Add(time.Duration(s-seconds) * time.Second)
				n := 1 + s%7
				texts[s/turn%len(names)].WriteString(strings.Repeat(line(at, "/api/x"), n))
				per[at.Unix()/10*10] += int64(n)
				p.wrote += n
			}
			for i, name := range names {
				p.append(name, texts[i].String())
			}
			p.start(p.options(names...))
			p.pause(13 * time.Second)
			p.stop()
			p.counted()
			for _, iv := range p.screen.intervals() {
				if iv.Hits != per[iv.From] {
					p.Errorf("turns of %d s: the interval at %d has %d hits, want %d", turn, iv.From, iv.Hits, per[iv.From])
				}
			}
		})
	}
}

// TestBriefHidesOldIntervalsButNoAlert: the Screen gets the last ten minutes,
// the Copy everything.
func TestBriefHidesOldIntervalsButNoAlert(t *testing.T) {
	inBubble(t, func(p *play) {
		now := time.Now()
		var b strings.Builder
		for s := range 3600 {
			n := 1
			if s >= 600 && s < 700 {
				n = 50 // one alert, long ago
			}
			b.WriteString(strings.Repeat(line(now.Add(time.Duration(s-3600)*time.Second), "/"), n))
			p.wrote += n
		}
		p.append("access.log", b.String())
		everything := newRecorder()
		o := p.options("access.log")
		o.Brief, o.Copy = 10*time.Minute, everything
		p.start(o)
		p.pause(15 * time.Second)
		p.stop()
		hidden := p.screen
		p.screen = everything
		p.counted()
		if got, want := len(hidden.intervals()), 61; got < want-1 || got > want+1 {
			p.Errorf("got %d intervals on the screen, want %d", got, want)
		}
		if got := hidden.intervals()[0]; got.To <= now.Unix()-601 {
			p.Errorf("the first interval shown ends %d s ago, want no more than 601", now.Unix()-got.To)
		}
		if got := len(everything.intervals()); got < 360 {
			p.Errorf("got %d intervals in the copy, want all 360", got)
		}
		for name, r := range map[string]*recorder{"screen": hidden, "copy": everything} {
			if got := len(r.events()); got != 2 {
				p.Errorf("%s: got %d messages, want the alert and its recovery", name, got)
			}
		}
		if n := hidden.notices(); strings.Count(n, "replayed what was logged from") != 1 {
			p.Errorf("got the notices %q on the screen, want one of what was replayed", n)
		}
		if n := everything.notices(); strings.Contains(n, "replayed") {
			p.Errorf("got the notices %q in the copy, which was shown everything", n)
		}
	})
}

// TestTheClockStartsWhereItIsTold looks at a still file as of a moment in it.
func TestTheClockStartsWhereItIsTold(t *testing.T) {
	inBubble(t, func(p *play) {
		past := time.Date(1999, 5, 9, 16, 0, 0, 0, time.UTC)
		p.append("access.log", strings.Repeat(line(past, "/burst"), 1258))
		p.wrote = 1258
		o := p.options("access.log")
		o.Clock = past.Add(3 * time.Second)
		p.start(o)
		p.pause(time.Second)
		if n := len(p.screen.events()); n != 1 {
			p.Fatalf("got %d messages after a second, want the alert", n)
		}
		p.pause(129 * time.Second)
		p.stop()
		p.counted()
		events := p.screen.events()
		if len(events) != 2 || events[1].Event.At != past.Unix()+121 {
			p.Errorf("got %v, want a recovery when the burst has left the window", events)
		}
	})
}

func TestInputThatCannotBeFollowedIsRefused(t *testing.T) {
	dir := t.TempDir()
	gz := dir + "/old.log.gz"
	if err := os.WriteFile(gz, []byte("\x1f\x8b\x08\x00rest"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "directory", gz: "weir report " + gz} {
		_, err := New(Options{Paths: []string{path}, Poll: true, Zone: time.UTC, Screen: newRecorder()})
		if e, ok := err.(*InputError); !ok || !strings.Contains(e.Text, want) {
			t.Errorf("%s: got %T %v, want an InputError with %q", path, err, err, want)
		}
	}
}

// TestAnEndWithoutARequestIsAnError: but a log without a line is none.
func TestAnEndWithoutARequestIsAnError(t *testing.T) {
	good := line(time.Unix(1_773_151_500, 0).UTC(), "/")
	common, _ := accesslog.Lookup("common")
	for _, c := range []struct {
		name, text string
		format     *accesslog.Format
		want       string
	}{
		{name: "nothing", text: ""},
		{name: "a request", text: good},
		{name: "one request among much else", text: "x\ny\n" + good},
		{name: "no log", text: "hello\nworld\n", want: "standard input: no line is a request"},
		{name: "wrong format", text: "hello\nworld\n", format: &common, want: "common"},
		{name: "zero bytes", text: "\x00\x01\x02\n\x00\n", want: "standard input: not a text file"},
		{name: "no column", text: "\"remotehost\",\"date\"\n\"a\",1\n", want: "its header has no column for"},
	} {
		rec := newRecorder()
		m, err := New(Options{Paths: []string{"-"}, Stdin: strings.NewReader(c.text), Format: c.format, Zone: time.UTC, Screen: rec, Gauge: gauge.Options{Interval: 10}})
		if err != nil {
			t.Fatal(err)
		}
		err = m.Run(t.Context())
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: got %v, want no error", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
		if rec.closing == nil {
			t.Errorf("%s: no summary was shown", c.name)
		}
	}
}

// TestALineFromTheFutureHidesNothing: one line of garbage at the end of a log
// must not look like its newest time.
func TestALineFromTheFutureHidesNothing(t *testing.T) {
	inBubble(t, func(p *play) {
		now := time.Now()
		var b strings.Builder
		for s := range 600 {
			b.WriteString(line(now.Add(time.Duration(s-600)*time.Second), "/"))
		}
		b.WriteString(line(now.AddDate(70, 0, 0), "/"))
		p.append("access.log", b.String())
		p.wrote = 601
		o := p.options("access.log")
		o.Brief = 10 * time.Minute
		p.start(o)
		p.pause(15 * time.Second)
		p.stop()
		p.counted()
		if got := len(p.screen.intervals()); got < 60 {
			p.Errorf("got %d intervals on the screen, want all 60", got)
		}
	})
}

// TestAScreenGoesOnWhenTheClockIsSetBack: what is new is shown, even if its
// time is older than what was hidden.
func TestAScreenGoesOnWhenTheClockIsSetBack(t *testing.T) {
	inBubble(t, func(p *play) {
		now := time.Now()
		var b strings.Builder
		for s := range 1800 {
			b.WriteString(line(now.Add(time.Duration(s-1800)*time.Second), "/"))
		}
		p.append("access.log", b.String())
		p.wrote = 1800
		o := p.options("access.log")
		o.Brief = 10 * time.Minute
		p.start(o)
		for range 60 {
			p.append("access.log", strings.Repeat(line(time.Now().Add(-time.Hour), "/"), 20))
			p.wrote += 20
			p.pause(time.Second)
		}
		shown := 0
		for _, iv := range p.screen.intervals() {
			if iv.From < now.Add(-50*time.Minute).Unix() {
				shown++
			}
		}
		p.stop()
		if got := p.screen.closing.Hits; got != int64(p.wrote) {
			p.Errorf("got %d hits in the summary, want %d", got, p.wrote)
		}
		if shown < 3 {
			p.Errorf("got %d intervals of the new epoch on the screen within a minute, want 3 at least; notices: %q", shown, p.screen.notices())
		}
	})
}

// TestWithAClockTheRestOfTheLogIsYetToHappen: a still file goes on in real time
// from the moment given.
func TestWithAClockTheRestOfTheLogIsYetToHappen(t *testing.T) {
	inBubble(t, func(p *play) {
		begin := time.Date(1999, 1, 1, 12, 0, 0, 0, time.UTC)
		var b strings.Builder
		for s := range 3600 {
			b.WriteString(line(begin.Add(time.Duration(s)*time.Second), "/"))
		}
		p.append("access.log", b.String())
		o := p.options("access.log")
		o.Clock = begin.Add(10 * time.Minute)
		p.start(o)
		p.pause(30500 * time.Millisecond)
		p.stop()
		c := p.screen.closing
		if c.Hits != 631 || c.Future != 0 || c.Late != 0 {
			p.Errorf("10 minutes into the log and 30 s later: got %d hits, %d from the future, %d late; want 631, 0, 0", c.Hits, c.Future, c.Late)
		}
		if n := p.screen.notices(); strings.Contains(n, "was set") {
			p.Errorf("got the notices %q, want none of a clock that was set", n)
		}
	})
}

// TestWithAClockTimeGoesOnInAGapOfTheLog: nothing waits for the next line.
func TestWithAClockTimeGoesOnInAGapOfTheLog(t *testing.T) {
	inBubble(t, func(p *play) {
		begin := time.Date(1999, 1, 1, 12, 0, 0, 0, time.UTC)
		p.append("access.log", strings.Repeat(line(begin, "/"), 1258)+line(begin.Add(time.Hour), "/"))
		o := p.options("access.log")
		o.Clock = begin.Add(3 * time.Second)
		p.start(o)
		p.pause(125 * time.Second)
		p.stop()
		if got := len(p.screen.events()); got != 2 {
			p.Errorf("got %d messages, want the alert and its recovery while the next line is an hour away", got)
		}
		if n := p.screen.notices(); strings.Count(n, "waits for the clock to get there") != 1 {
			p.Errorf("got the notices %q, want one that says that the log waits", n)
		}
	})
}

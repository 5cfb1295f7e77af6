package monitor

import (
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/view"
)

func TestRenameAndCreateLosesNothingAndCountsNothingTwice(t *testing.T) {
	inBubble(t, func(p *play) {
		p.traffic("access.log", 3, 5*time.Second)
		p.start(p.options("access.log"))
		for i := range 4 {
			p.traffic("access.log", 5, 7*time.Second)
			p.must(os.Rename(p.path("access.log"), p.path("access.log."+string(rune('1'+i)))))
			// A server goes on in the renamed file until it is told.
			p.append("access.log."+string(rune('1'+i)), line(time.Now(), "/old"))
			p.wrote++
			p.traffic("access.log", 2, 3*time.Second)
		}
		p.stop()
		p.counted()
		if got := p.screen.closing.Sources[0]; got.Lines != int64(p.wrote) || got.Rejected != 0 {
			p.Errorf("got the account %+v, want %d lines, none rejected", got, p.wrote)
		}
	})
}

func TestTruncationLosesNothingThatCouldBeRead(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		for range 3 {
			p.traffic("access.log", 5, 7*time.Second)
			p.must(os.Truncate(p.path("access.log"), 0))
			p.touch("access.log")
		}
		p.traffic("access.log", 1, 5*time.Second)
		p.stop()
		p.counted()
	})
}

func TestAFileThatComesLaterIsFollowedFromItsFirstLine(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("a.log", "b.log"))
		p.pause(30 * time.Second)
		if n := p.screen.notices(); strings.Count(n, "b.log") != 1 || strings.Count(n, "a.log") != 1 {
			p.Errorf("got the notices %q, want one for each missing file", n)
		}
		p.traffic("b.log", 4, 30*time.Second)
		p.traffic("a.log", 4, 30*time.Second)
		p.stop()
		p.counted()
		for _, s := range p.screen.closing.Sources {
			if s.Hits != 120 || s.Format != "common" {
				p.Errorf("got the account %+v, want 120 hits in the format common", s)
			}
		}
	})
}

func TestHalfALineWaitsForItsNewline(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		whole := line(time.Now(), "/api/x")
		p.append("access.log", whole+whole[:40])
		p.pause(15 * time.Second)
		p.append("access.log", whole[40:])
		p.wrote = 2
		p.pause(time.Second)
		p.stop()
		if c := p.screen.closing; c.Hits != 2 || c.Rejected.Total != 0 {
			p.Errorf("got %d hits, %d rejected; want 2, 0", c.Hits, c.Rejected.Total)
		}
	})
}

func TestIntervalsGoOnInSilence(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		p.traffic("access.log", 1, 5*time.Second)
		p.pause(100 * time.Second)
		p.stop()
		ivs := p.screen.intervals()
		if len(ivs) != 10 {
			p.Fatalf("got %d intervals, want the 10 whole ones of 105 s, and none of the last 5 s without a hit", len(ivs))
		}
		for i, o := range p.screen.outputs() {
			if o.Interval == nil || o.Interval.Partial {
				continue
			}
			end := time.Unix(o.Interval.To, 0)
			if late := o.at.Sub(end); late < 2*time.Second || late > 3100*time.Millisecond {
				p.Errorf("output %d: the interval to %v is shown %v later, want 2 s to 3.1 s", i, end.UTC(), late)
			}
		}
		for i := 1; i < len(ivs); i++ {
			if ivs[i].From != ivs[i-1].To {
				p.Errorf("interval %d begins at %d, want %d, where the one before ends", i, ivs[i].From, ivs[i-1].To)
			}
		}
	})
}

// TestAnAlertIsShownInTime: for the window that ends at T no later than T, the
// lateness and a little more than the second in which T lies.
func TestAnAlertIsShownInTime(t *testing.T) {
	for _, lateness := range []time.Duration{0, 2 * time.Second, 5 * time.Second} {
		inBubble(t, func(p *play) {
			o := p.options("access.log")
			o.Gauge.Lateness = lateness
			p.start(o)
			for range 3 {
				p.traffic("access.log", 40, 60*time.Second)
				p.traffic("access.log", 1, 200*time.Second) // recovers while lines come
				p.traffic("access.log", 40, 60*time.Second)
				p.pause(400 * time.Second) // recovers in silence
			}
			p.stop()
			p.counted()
			events := p.screen.events()
			if len(events) != 12 {
				p.Fatalf("lateness %v: got %d messages, want 6 alerts and 6 recoveries", lateness, len(events))
			}
			for i, e := range events {
				if want := []alert.State{alert.Firing, alert.Quiet}[i%2]; e.Event.State != want {
					p.Errorf("lateness %v: message %d is %q, want them by turns", lateness, i, e.Event)
				}
				if late := e.at.Sub(time.Unix(e.Event.At, 0)); late < lateness || late > lateness+1100*time.Millisecond {
					p.Errorf("lateness %v: %q is shown %v after its second, want at most 1.1 s more than the lateness", lateness, e.Event, late)
				}
			}
		})
	}
}

// TestARecoveryNeedsNoTraffic: with the last request the log falls silent.
func TestARecoveryNeedsNoTraffic(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		p.hits("access.log", 1258)
		p.pause(130 * time.Second)
		p.stop()
		p.counted()
		events := p.screen.events()
		if len(events) != 2 || events[1].Event.After != 120 || events[1].Event.Hits != 0 {
			p.Fatalf("got %v, want an alert and 120 s later its recovery", events)
		}
	})
}

func TestStopShowsThePartialIntervalThenTheSummary(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		p.traffic("access.log", 2, 14*time.Second)
		p.stop()
		p.counted()
		ivs := p.screen.intervals()
		last := ivs[len(ivs)-1]
		if len(ivs) != 2 || !last.Partial || last.Seconds() != 5 || last.Hits != 8 || ivs[0].Partial {
			p.Errorf("got %d intervals, the last %+v; want a whole one, then 8 hits up to the end of this second as a partial one", len(ivs), last)
		}
	})
}

func TestASourceIsStoppedBeforeItsFirstLine(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		p.pause(time.Minute)
		p.stop()
		if c := p.screen.closing; c == nil || c.Hits != 0 || len(p.screen.intervals()) != 0 {
			p.Errorf("got the summary %+v and %d intervals, want an empty summary alone", c, len(p.screen.intervals()))
		}
	})
}

// TestAFormatIsFoundOnceItsLinesCome: what stands there at first is none.
func TestAFormatIsFoundOnceItsLinesCome(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", strings.Repeat("starting up ...\n", 20))
		p.start(p.options("access.log"))
		p.pause(3 * time.Second)
		if n := p.screen.notices(); !strings.Contains(n, "in a format that weir knows") || !strings.Contains(n, "(line 1 column ") {
			p.Errorf("got the notices %q, want the columns at which each format fails", n)
		}
		p.traffic("access.log", 2, 12*time.Second)
		p.stop()
		p.counted()
		s := p.screen.closing.Sources[0]
		if s.Rejected != 20 || s.Format != "common" || s.Lines != 44 {
			p.Errorf("got the account %+v, want 20 lines rejected, 24 hits in the format common", s)
		}
		if n := p.screen.notices(); !strings.Contains(n, "access.log:21:1: the format is common from here on") {
			p.Errorf("got the notices %q, want the line from which the format is common", n)
		}
	})
}

func TestARejectedLineIsNamedByItsNumber(t *testing.T) {
	inBubble(t, func(p *play) {
		good := line(time.Now(), "/api/x")
		bad := strings.Replace(good, " 200 ", " abc ", 1)
		p.append("access.log", strings.Repeat(good, 80)+bad+strings.Repeat(good, 10))
		p.start(p.options("access.log"))
		p.pause(time.Second)
		p.append("access.log", good+bad)
		p.pause(time.Second)
		r := p.screen.outputs()
		p.stop()
		want := p.path("access.log") + ":81:" // the first is told where it stands
		if n := p.screen.notices(); !strings.Contains(n, want) || strings.Count(n, "rejected") != 1 {
			p.Errorf("got the notices %q, want one with %s", n, want)
		}
		col := int64(strings.Index(bad, "abc") + 1)
		last := p.screen.closing.Sources[0].LastReject
		if last == nil || last.Line != 93 || int64(last.Column) != col {
			p.Errorf("got the last reject %+v, want line 93 column %d (after %d outputs)", last, col, len(r))
		}
		if got := p.screen.closing.Rejected; got.Total != 2 || len(got.Reasons) != 1 || got.Reasons[0].Text != "status is no number of three digits" {
			p.Errorf("got the reasons %+v, want 2 for the status", got)
		}
	})
}

func TestALineWithoutEndIsRejectedAndPassedOver(t *testing.T) {
	inBubble(t, func(p *play) {
		p.start(p.options("access.log"))
		p.hits("access.log", 5)
		p.pause(time.Second)
		for range 3 {
			p.append("access.log", strings.Repeat("x", 1<<20))
			p.pause(time.Second)
		}
		p.append("access.log", "\n")
		p.hits("access.log", 5)
		p.pause(time.Second)
		p.stop()
		p.counted()
		if c := p.screen.closing; c.Rejected.Total != 1 || c.Rejected.Reasons[0].Text != "line longer than the limit" {
			p.Errorf("got %+v, want one line rejected as too long", c.Rejected)
		}
		if r := p.screen.closing.Sources[0].LastReject; r == nil || r.Line != 6 || r.Column != maxLine+1 {
			p.Errorf("got it rejected at %+v, want line 6, column %d", r, maxLine+1)
		}
	})
}

func TestTheSummarySaysHowFarALogWasReadAndWhatBecameOfIt(t *testing.T) {
	inBubble(t, func(p *play) {
		whole := line(time.Now(), "/api/x")
		p.append("access.log", whole)
		p.start(p.options("access.log"))
		p.pause(time.Second)
		// A copy that was made before the last line was read is found.
		text, err := os.ReadFile(p.path("access.log"))
		p.must(err)
		p.must(os.WriteFile(p.path("access.log.1"), []byte(string(text)+whole), 0o644))
		p.must(os.Truncate(p.path("access.log"), 0))
		other := line(time.Now(), "/pages")
		p.append("access.log", other+whole[:40])
		p.pause(15 * time.Second)
		p.stop()
		got := p.screen.closing.Sources[0].Reach
		got.LagTime = got.LagTime.Truncate(time.Second)
		n := int64(len(other))
		want := view.Reach{Offset: n, Size: n + 40, Lag: 40, LagTime: got.LagTime, Truncations: 1, Recovered: int64(len(whole))}
		if got != want {
			p.Errorf("got %+v, want %+v", got, want)
		}
	})
}

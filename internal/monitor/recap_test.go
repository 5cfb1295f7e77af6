package monitor

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestWhoComesBackToATerminalIsShownWhatWasBefore: the alerts of two days and the last
// ten minutes in one, which a file that gets the same is not told twice.
func TestWhoComesBackToATerminalIsShownWhatWasBefore(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.remembering("state", "access.log")
		p.hits("access.log", 1)
		p.start(o)
		p.traffic("access.log", 30, 5*time.Minute)
		p.pause(5 * time.Minute) // the alert recovers
		p.traffic("access.log", 2, 3*time.Minute)
		p.pause(time.Minute)
		p.stop()
		p.must(o.History.Close())
		if n := len(p.screen.events()); n != 2 {
			p.Fatalf("%d messages, want an alert and its recovery", n)
		}

		back := &play{T: p.T, dir: p.dir, screen: newRecorder()}
		file := newRecorder()
		o = back.remembering("state", "access.log")
		o.Brief, o.Copy = 10*time.Minute, file
		back.start(o)
		back.pause(time.Second)
		back.stop()
		p.must(o.History.Close())
		if got, want := back.screen.announced(), p.screen.announced(); len(got) != 2 || !reflect.DeepEqual(got, want[:2]) {
			p.Errorf("recalled %v, want %v", got, want)
		}
		shown := back.screen.intervals()
		if len(shown) == 0 || shown[0].Seconds() != 600 || shown[0].Hits < 360 || len(shown[0].Sections.Rows) != 1 {
			p.Fatalf("got %d intervals, want one of the ten minutes before with at least 360 hits first: %+v", len(shown), shown)
		}
		if n := back.screen.notices(); !strings.HasPrefix(n, "the history goes on from ") || !strings.Contains(n, "the 10m before that, out of the history:") {
			p.Errorf("got the notices %q", n)
		}
		if len(file.events()) > 0 || strings.Contains(file.notices(), "out of the history") {
			p.Errorf("the copy was told again: %v, %q", file.announced(), file.notices())
		}
	})
}

// TestWhatWasLoggedUpToTheEndIsCounted, also in one of many logs that have been idle
// for so long that each is looked at but now and then.
func TestWhatWasLoggedUpToTheEndIsCounted(t *testing.T) {
	inBubble(t, func(p *play) {
		var logs []string
		for i := range 200 {
			logs = append(logs, fmt.Sprintf("%d.log", i))
			p.hits(logs[i], 1)
		}
		p.start(p.options(logs...))
		p.pause(10 * time.Minute)
		for _, name := range logs {
			p.hits(name, 1) // no time passes until it ends
		}
		p.stop()
		p.counted()
	})
}

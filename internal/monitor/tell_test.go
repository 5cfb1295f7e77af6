package monitor

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"weir/internal/history"
	"weir/internal/notify"
)

// toFile is a channel that writes an object a line.
func (p *play) toFile(name string) notify.Channel {
	p.Helper()
	c, err := notify.Default(notify.Log)
	p.must(err)
	c.Name, c.File, c.JSON = name, p.path(name+".log"), true
	return c
}

// delivered returns the messages that a channel of toFile has written: state and
// number of the alert, in their order.
func (p *play) delivered(name string) (all []string) {
	p.Helper()
	text, err := os.ReadFile(p.path(name + ".log"))
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		var m struct {
			ID, State, Rule string
			Late            bool
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			p.Fatalf("%q: %v", line, err)
		}
		all = append(all, fmt.Sprintf("%s %s late=%v", m.Rule, m.State, m.Late))
	}
	return all
}

// busy writes so many requests a second for so long.
func (p *play) busy(d time.Duration, perSecond int) {
	for range int(d / time.Second) {
		p.append("access.log", strings.Repeat(line(time.Now(), "/api"), perSecond))
		p.pause(time.Second)
	}
}

func (p *play) wantDelivered(name string, want ...string) {
	p.Helper()
	if got := p.delivered(name); fmt.Sprint(got) != fmt.Sprint(want) {
		p.Errorf("%s got %q, want %q", name, got, want)
	}
}

func TestAnAlertAndItsEndReachEachChannelOnce(t *testing.T) {
	for _, kept := range []bool{false, true} {
		inBubble(t, func(p *play) {
			p.append("access.log", line(time.Now(), "/"))
			o := p.options("access.log")
			if kept {
				o = p.remembering("state", "access.log")
			}
			o.Channels = []notify.Channel{p.toFile("one"), p.toFile("two")}
			p.start(o)
			p.busy(time.Minute, 40)
			p.busy(4*time.Minute, 1)
			p.stop()
			if kept {
				p.must(o.History.Close())
			}
			for _, name := range []string{"one", "two"} {
				p.wantDelivered(name, "high-traffic firing late=false", "high-traffic recovered late=false")
			}
		})
	}
}

// TestWhatIsFoundInThePastIsNotTold but for what is still wrong when it has been read.
func TestWhatIsFoundInThePastIsNotTold(t *testing.T) {
	inBubble(t, func(p *play) {
		past := time.Now().Add(-2 * time.Hour)
		for i := range 3000 { // an alert, and its end
			p.append("access.log", line(past.Add(time.Duration(i)*20*time.Millisecond), "/"))
		}
		for i := range 3000 { // and one that is open
			p.append("access.log", line(time.Now().Add(time.Duration(i-3000)*20*time.Millisecond), "/"))
		}
		o := p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.start(o)
		p.pause(10 * time.Second)
		p.wantDelivered("one", "high-traffic firing late=true")
		// Killed and started again, it is not told once more; its end is, once.
		p.killed(&o, "state", "after")
		o = p.remembering("after", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.start(o)
		p.pause(5 * time.Minute)
		p.stop()
		p.must(o.History.Close())
		p.wantDelivered("one", "high-traffic firing late=true", "high-traffic recovered late=false")
	})
}

// TestWhatHappensWhileNobodyWatchesIsToldOnceAndMarkedLate is promise A6.
func TestWhatHappensWhileNobodyWatchesIsToldOnceAndMarkedLate(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.start(o)
		p.busy(time.Minute, 1)
		p.stop()
		p.must(o.History.Close())
		p.busy(time.Minute, 40) // nobody watches
		o = p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.start(o)
		p.busy(4*time.Minute, 1)
		p.stop()
		p.must(o.History.Close())
		p.wantDelivered("one", "high-traffic firing late=true", "high-traffic recovered late=false")
	})
}

// TestAChannelThatFailsIsShownAndTriedAgain: a kill in between loses nothing.
func TestAChannelThatFailsIsShownAndTriedAgain(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		broken := p.toFile("one")
		broken.File = p.path("nowhere/one.log")
		o := p.remembering("state", "access.log")
		o.Channels = []notify.Channel{broken}
		p.start(o)
		p.busy(time.Minute, 40)
		p.killed(&o, "state", "after")
		if c := p.screen.closing; len(c.Channels) != 1 || c.Channels[0].FailingSince.IsZero() || c.Channels[0].LastError == "" {
			p.Errorf("got channels %+v, want one that fails, and why", c.Channels)
		}
		intervals := p.screen.intervals()
		if f := intervals[len(intervals)-2].Failing; len(f) != 1 || f[0].Name != "one" || f[0].Waiting != 1 {
			p.Errorf("an interval shows %+v as failing, want the channel with a message that waits", f)
		}
		o = p.remembering("after", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		p.start(o)
		p.busy(4*time.Minute, 1)
		intervals = p.screen.intervals()
		if f := intervals[len(intervals)-1].Failing; len(f) > 0 {
			p.Errorf("an interval shows %+v as failing when it works again", f)
		}
		p.pause(time.Hour)
		p.stop()
		p.must(o.History.Close())
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=false")
	})
}

// TestAnAlertThatSomebodyKnowsOfIsKeptAsThat, shown, and not told again as missed.
func TestAnAlertThatSomebodyKnowsOfIsKeptAsThat(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.remembering("state", "access.log")
		p.start(o)
		p.busy(time.Minute, 40)
		p.must(history.LeaveMark(p.path("state/history.db"), Acknowledgement("high-traffic", "", time.Now())))
		p.busy(10*time.Second, 40)
		windows := p.screen.intervals()
		if w := windows[len(windows)-1].Window[0]; !w.Acknowledged {
			t.Error("the open alert is not shown as known")
		}
		p.stop()
		p.must(o.History.Close())
		var names []string
		for _, e := range p.read("state").Events {
			names = append(names, e.Name())
		}
		if got := strings.Join(names, " "); got != "firing acknowledged" {
			t.Errorf("the history has %s", got)
		}
		db, err := history.OpenReadOnly(p.path("state/history.db"))
		p.must(err)
		defer db.Close()
		if marks, err := db.Marks(0, 1<<40); err != nil || len(marks) != 1 || marks[0].Text != "acknowledged: high-traffic" {
			t.Errorf("the time line has %v (%v)", marks, err)
		}
	})
}

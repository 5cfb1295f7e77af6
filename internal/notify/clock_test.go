package notify

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// aimAt is what a plan depends on with what holds by default, where nothing was tried.
func aimAt(now time.Time, tried map[int64]time.Time) *aim {
	c := opsChannel("ops", nil)
	return &aim{policy: &c.Policy, now: now, since: began(), tried: tried, most: mostGrouped}
}

func rowDue(id int64, key string, queued, due time.Time) Row {
	m := firing(key)
	r := seal("ops", &m, queued, due)
	r.ID = id
	return r
}

// TestNothingIsGivenUpThatWasNotTriedAfterItsTime: not where the machine slept, weir did not run,
// or the clock was set ahead.
func TestNothingIsGivenUpThatWasNotTriedAfterItsTime(t *testing.T) {
	late := began().Add(1000 * time.Hour)
	rows := []Row{rowDue(1, "/a", began(), began())}
	for name, c := range map[string]struct {
		tried map[int64]time.Time
		gone  bool
	}{
		"never":         {nil, false},
		"before":        {map[int64]time.Time{1: began().Add(time.Hour)}, false},
		"another":       {map[int64]time.Time{2: late}, false},
		"after it over": {map[int64]time.Time{1: late.Add(-time.Second)}, true},
	} {
		p := planned(rows, aimAt(late, c.tried))
		if gone := len(p.expired) == 1; gone != c.gone || len(p.send) == 1 == c.gone {
			t.Errorf("tried %s: given up %v, to be sent %v, want given up %v", name, len(p.expired), len(p.send), c.gone)
		}
	}
}

// TestAClockThatIsSetBackKeepsNoMessageBack: it would be due when the clock is there again.
func TestAClockThatIsSetBackKeepsNoMessageBack(t *testing.T) {
	now := began().Add(-24 * time.Hour)
	p := planned([]Row{rowDue(1, "/a", began(), began().Add(5*time.Minute))}, aimAt(now, nil))
	if len(p.send) != 1 {
		t.Errorf("got %+v, want it to be sent at once", p)
	}
	p = planned([]Row{rowDue(1, "/a", began(), began().Add(mostRetryAfter))}, aimAt(began(), nil))
	if len(p.send) != 0 || !p.next.Equal(began().Add(mostRetryAfter)) {
		t.Errorf("got %+v, want what a server asked for to be kept", p)
	}
}

func TestARepeatGoesOnUnderAClockThatIsSetBack(t *testing.T) {
	c := opsChannel("ops", func(c *Channel) { c.Repeat = time.Hour })
	var r repeats
	open := []Message{firing("/a")}
	at := func(d time.Duration) int {
		again, _ := r.due(began().Add(d), &c, open, nil)
		r.told(began().Add(d), &c, again, true)
		return len(again)
	}
	at(0)
	for _, step := range []struct {
		at   time.Duration
		want int
	}{{10 * time.Hour, 1}, {10*time.Hour + time.Minute, 0}, {2 * time.Hour, 0}, {3 * time.Hour, 1}} {
		if got := at(step.at); got != step.want {
			t.Errorf("at %s: %d repeats, want %d", step.at, got, step.want)
		}
	}
}

// TestWhatWeirLeftForAWeekIsTriedOnceMoreBeforeItIsGivenUp, and delivered where the channel works.
func TestWhatWeirLeftForAWeekIsTriedOnceMoreBeforeItIsGivenUp(t *testing.T) {
	for name, works := range map[string]bool{"works": true, "is down": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				box, c := NewMemory(100), []Channel{opsChannel("ops", nil)}
				s := newStage(t, box, c, func(context.Context, *group) error { return errDown })
				s.say(firing("/a"))
				s.pass(11 * time.Second)
				s.end()
				s.pass(7 * 24 * time.Hour)
				s.sent = nil
				next := fine
				if !works {
					next = func(context.Context, *group) error { return errDown }
				}
				s.start(Options{}, c, []actor{next})
				defer s.end()
				s.pass(time.Minute)
				if works {
					s.want("168h0m11s ops: firing /a")
					return
				}
				s.want("168h0m11s ops: firing /a: down")
				s.wantTold("given up after 3d, and told to nobody: firing [critical] high-traffic /a")
			})
		})
	}
}

// TestWhatSomebodyKnowsOfIsNotToldAgain, but to an Alertmanager, which would take it for over.
func TestWhatSomebodyKnowsOfIsNotToldAgain(t *testing.T) {
	known := firing("/a")
	known.Known = true
	for kind, want := range map[Kind]int{Webhook: 0, Chat: 0, Alertmanager: 1} {
		c := opsChannel("ops", func(c *Channel) { c.Kind, c.Repeat = kind, time.Hour })
		var r repeats
		r.due(began(), &c, []Message{known}, nil)
		if again, _ := r.due(began().Add(2*time.Hour), &c, []Message{known}, nil); len(again) != want {
			t.Errorf("%s: told %d times again, want %d", kind, len(again), want)
		}
	}
}

package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAlertsThatStartTogetherMakeOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", nil)}, fine)
		defer s.end()
		s.say(firing("/a"))
		s.pass(4 * time.Second)
		s.say(firing("/b"))
		s.pass(time.Minute)
		s.say(firing("/c"))
		s.pass(time.Minute)
		s.want("10s ops: firing /a, firing /b", "1m14s ops: firing /c")
		if got := s.only(); got.Delivered != 3 || got.Waiting != 0 || !got.FailingSince.IsZero() {
			t.Errorf("status: got %+v, want 3 delivered, none waiting", got)
		}
	})
}

func TestWithoutGroupWaitAMessageGoesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.GroupWait = 0 })}, fine)
		defer s.end()
		s.say(firing("/a"))
		synctest.Wait()
		s.want("0s ops: firing /a")
	})
}

func TestAChannelTakesItsSeveritiesAndRulesAndRecoveriesOnlyWhereItWants(t *testing.T) {
	quiet := firing("/quiet")
	quiet.Severity = "info"
	other := firing("/other")
	other.Rule = "errors"
	for name, c := range map[string]struct {
		change func(*Channel)
		want   int
	}{
		"all":        {nil, 4},
		"severities": {func(c *Channel) { c.Severities = []string{"info"} }, 1},
		"rules":      {func(c *Channel) { c.Rules = []string{"errors", "latency"} }, 1},
		"no resolve": {func(c *Channel) { c.Resolved = false }, 3},
		"disabled":   {func(c *Channel) { c.Enabled = false }, 0},
	} {
		d, err := New([]Channel{opsChannel("ops", c.change)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, m := range []Message{firing("/a"), recovered("/a"), quiet, other} {
			got += len(d.Rows(m, began()))
		}
		if got != c.want {
			t.Errorf("%s: got %d rows, want %d", name, got, c.want)
		}
	}
}

func TestWhatFailsIsTriedAgainWithGrowingPausesUntilItIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", nil)}, func(context.Context, *group) error {
			if time.Since(began()) < 10*time.Hour {
				return errDown
			}
			return nil
		})
		defer s.end()
		s.say(firing("/a"))
		s.pass(9 * time.Hour)
		if got := s.only(); !got.FailingSince.Equal(began().Add(10*time.Second)) || got.LastError != "down" || got.Waiting != 1 || got.Next.IsZero() {
			t.Errorf("status: got %+v, want failing since the first try, 1 waiting", got)
		}
		s.say(recovered("/a"))
		s.pass(2 * time.Hour)
		at := s.times()
		for i := 2; i < len(at); i++ {
			if pause := at[i] - at[i-1]; pause > mostBackoff+time.Second {
				t.Errorf("pause %d: got %s, want %s at most", i, pause, mostBackoff)
			}
		}
		if first := at[1] - at[0]; first < 400*time.Millisecond || first > time.Second {
			t.Errorf("first pause: got %s, want half a second to a second", first)
		}
		if n := len(at); n < 120 || n > 250 {
			t.Errorf("%d tries in 10 h, want one each 2.5 to 5 min", n)
		}
		last := s.sent[len(s.sent)-1]
		if !strings.HasSuffix(last, "ops: firing /a, recovered /a") {
			t.Errorf("at last: got %q, want the alert with its recovery", last)
		}
		s.wantTold("not delivered, trying again for 3d: down")
		s.wantTold("delivers again, after 10h")
		if got := s.only(); !got.FailingSince.IsZero() || !got.Next.IsZero() || got.Delivered != 2 {
			t.Errorf("status: got %+v, want it to work again", got)
		}
	})
}

func TestAServerThatSaysWhenIsNotAskedBefore(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{90 * time.Second: 90 * time.Second, 30 * 24 * time.Hour: time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", nil)}, func(context.Context, *group) error {
				if tries++; tries == 1 {
					return &failure{text: "429", retryAfter: asked}
				}
				return nil
			})
			defer s.end()
			s.say(firing("/a"))
			s.pass(30 * time.Second)
			s.say(firing("/b")) // what comes meanwhile is no reason to ask earlier
			s.pass(2 * time.Hour)
			s.want("10s ops: firing /a: 429", fmt.Sprintf("%s ops: firing /a, firing /b", 10*time.Second+want))
		})
	}
}

func TestAChannelThatHangsIsInNobodysWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		hang := func(context.Context, *group) error { // not even the end of its time ends it
			<-let
			return nil
		}
		s := newStage(t, NewMemory(100), []Channel{opsChannel("stuck", nil), opsChannel("fine", nil)}, hang, fine)
		defer s.end()
		s.say(firing("/a"))
		s.pass(time.Hour)
		s.say(firing("/b"))
		s.pass(time.Hour)
		s.want("10s fine: firing /a", "1h0m10s fine: firing /b")
		if got := s.only(); got.LastError != errHangs.Error() || got.FailingSince.IsZero() || got.Waiting != 2 {
			t.Errorf("status: got %+v, want it to hang with 2 waiting", got)
		}
		close(let)
		s.pass(time.Hour)
		// It was taken after all, so it is not sent twice.
		s.want("10s stuck: firing /a", "2h1m0s stuck: firing /b")
	})
}

func TestADeliveryEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(ctx context.Context, _ *group) error {
			<-ctx.Done()
			return errors.New("no answer")
		}
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", nil)}, slow)
		defer s.end()
		s.say(firing("/a"))
		s.pass(20 * time.Second)
		if got := s.only(); !got.FailingSince.Equal(began().Add(20 * time.Second)) {
			t.Errorf("failing since %s, want the end of the 10 s", got.FailingSince)
		}
	})
}

func TestAMessageIsGivenUpAfterItsTimeAndThatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := func(context.Context, *group) error { return errDown }
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.GiveUp = 24 * time.Hour })}, down)
		defer s.end()
		s.say(firing("/a"))
		s.pass(24*time.Hour - time.Second)
		if got := s.only(); got.GivenUp != 0 || got.Waiting != 1 {
			t.Errorf("before a day is over: got %+v, want it to wait", got)
		}
		s.pass(10 * time.Minute)
		if got := s.only(); got.GivenUp != 1 || got.Waiting != 0 {
			t.Errorf("after a day: got %+v, want it given up", got)
		}
		s.wantTold("given up after 1d, and told to nobody: firing [critical] high-traffic /a: traffic of /a is high; the last error: down")
	})
}

func TestAnAlertThatWasOverBeforeAnybodyWasToldIsToldWholeOrNotAtAll(t *testing.T) {
	for skip, want := range map[bool][]string{false: {"10s ops: firing /a, recovered /a"}, true: nil} {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.SkipBrief = skip })}, fine)
			defer s.end()
			s.say(firing("/a"))
			s.pass(5 * time.Second)
			s.say(recovered("/a"))
			s.pass(time.Minute)
			s.want(want...)
			if got := s.only(); skip && got.Skipped != 2 {
				t.Errorf("skipped %d, want both counted", got.Skipped)
			}
		})
	}
}

// What was tried may have arrived although no answer came: then its recovery is owed.
func TestAnAlertThatMayHaveBeenToldIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.SkipBrief = true })}, func(context.Context, *group) error {
			if tries++; tries == 1 {
				return &failure{text: "reset", retryAfter: time.Minute}
			}
			return nil
		})
		defer s.end()
		s.say(firing("/a"))
		s.pass(30 * time.Second)
		s.say(recovered("/a"))
		s.pass(time.Hour)
		s.want("10s ops: firing /a: reset", "1m10s ops: firing /a, recovered /a")
	})
}

func TestWhatAnEarlierProcessLeftIsDeliveredAndNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := NewMemory(100)
		c := []Channel{opsChannel("ops", func(c *Channel) { c.SkipBrief = true })}
		s := newStage(t, box, c, func(context.Context, *group) error { return errDown })
		s.say(firing("/a"))
		s.pass(11 * time.Second)
		s.end()
		s.sent = nil
		s.pass(time.Hour)
		s.say(recovered("/a")) // nobody looks yet
		s.pass(time.Minute)
		s.start(Options{}, c, []actor{fine})
		defer s.end()
		s.pass(time.Minute)
		s.want("1h1m11s ops: firing /a, recovered /a")
	})
}

func TestTheEndDeliversWhatWaitsToBeGrouped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, box: NewMemory(100)}
		s.start(Options{Drain: 5 * time.Second}, []Channel{opsChannel("ops", nil)}, []actor{fine})
		s.say(firing("/a"))
		s.pass(time.Second)
		s.end()
		s.want("1s ops: firing /a")
	})
}

func TestTheEndWaitsForNoServerLongerThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, box: NewMemory(100)}
		s.start(Options{Drain: 5 * time.Second}, []Channel{opsChannel("ops", nil)}, []actor{func(ctx context.Context, _ *group) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		s.say(firing("/a"))
		s.pass(11 * time.Second)
		s.end()
		if took := time.Since(began()) - 11*time.Second; took > 10*time.Second+hangs {
			t.Errorf("the end took %s", took)
		}
		if rows, _ := s.box.Rows("ops", 10); len(rows) != 1 {
			t.Errorf("%d rows left, want the message to stay", len(rows))
		}
	})
}

func TestMoreThanAnHourAllowsIsGroupedAndNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(1000), []Channel{opsChannel("ops", func(c *Channel) { c.MaxPerHour = 12 })}, fine)
		defer s.end()
		for i := range 240 {
			s.say(firing(fmt.Sprint("/", i)))
			s.pass(15 * time.Second)
		}
		s.pass(10 * time.Minute)
		if got := s.only(); got.Delivered != 240 {
			t.Errorf("delivered %d, want all 240", got.Delivered)
		}
		// Two at once, then twelve an hour, for an hour and ten minutes.
		if n := len(s.times()); n < 12 || n > 16 {
			t.Errorf("%d deliveries in 70 min, want 12 an hour and 2 at once", n)
		}
	})
}

// TestWhoStartsAgainAndAgainIsAllowedNoMoreAnHour: what was delivered before counts, also where
// the clock has been set back by a day since.
func TestWhoStartsAgainAndAgainIsAllowedNoMoreAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		channels := []Channel{opsChannel("ops", func(c *Channel) { c.MaxPerHour = 12 })}
		s := newStage(t, NewMemory(1000), channels, fine)
		for i := range 60 {
			s.say(firing(fmt.Sprint("/", i)))
			s.pass(time.Minute)
			paid := s.only().Paid
			s.end()
			if i == 30 {
				paid = paid.Add(24 * time.Hour)
			}
			s.start(Options{Paid: map[string]time.Time{"ops": paid}}, channels, []actor{fine})
		}
		s.pass(15 * time.Minute)
		s.end()
		if rows, _ := s.box.Rows("ops", 100); len(rows) > 0 {
			t.Errorf("%d messages wait still", len(rows))
		}
		if n := len(s.times()); n < 13 || n > 18 {
			t.Errorf("%d deliveries in 75 min, want 12 an hour and 2 at once", n)
		}
	})
}

// TestAFloodOfAlertsIsFewMessages: promise A12.
func TestAFloodOfAlertsIsFewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(1000), []Channel{opsChannel("ops", nil)}, fine)
		defer s.end()
		for i := range 256 {
			s.say(firing(fmt.Sprint("/", i)))
		}
		s.pass(5 * time.Second)
		for i := range 256 {
			s.say(recovered(fmt.Sprint("/", i)))
		}
		s.pass(time.Hour)
		// 512 messages, a hundred in each; none told without its end.
		if got := s.only(); len(s.times()) != 6 || got.Delivered != 512 {
			t.Errorf("%d messages of %d in all, want 6 of 512", len(s.times()), got.Delivered)
		}
	})
}

func TestAMessageThatIsRefusedStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.MaxPerHour = 0 })}, func(_ context.Context, g *group) error {
			for _, m := range g.messages {
				if m.Key == "/poison" {
					return &failure{text: "400", refused: true}
				}
			}
			return nil
		})
		defer s.end()
		s.say(firing("/a"), firing("/poison"), firing("/b"))
		s.pass(30 * time.Second)
		if got := s.only(); got.Delivered != 2 || got.Waiting != 1 {
			t.Errorf("got %+v, want the other two delivered", got)
		}
		s.say(firing("/c"), recovered("/poison"))
		s.pass(time.Hour)
		if got := s.only(); got.Delivered != 3 || got.Waiting != 2 {
			t.Errorf("got %+v, want all but the alert that is refused", got)
		}
		if n := len(s.times()); n > 30 {
			t.Errorf("%d deliveries in an hour: what is refused is tried ever more rarely", n)
		}
		s.pass(80 * time.Hour)
		if got := s.only(); got.GivenUp != 2 {
			t.Errorf("given up %d, want both", got.GivenUp)
		}
	})
}

func TestAnAlertThatFiresOnIsToldAgainOnAGridThatRestartsDoNotMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := []Channel{opsChannel("ops", func(c *Channel) { c.Repeat, c.GroupWait = time.Hour, 0 })}
		s := newStage(t, NewMemory(100), c, fine)
		a := firing("/a")
		s.d.Open([]Message{a})
		s.say(a)
		s.pass(150 * time.Minute)
		s.want("0s ops: firing /a", "1h0m0s ops: firing /a again 1", "2h0m0s ops: firing /a again 2")
		s.end()
		s.start(Options{}, c, []actor{fine})
		defer s.end()
		s.d.Open([]Message{a})
		s.pass(40 * time.Minute)
		s.want("3h0m0s ops: firing /a again 3")
		s.d.Open(nil)
		s.say(recovered("/a"))
		s.pass(5 * time.Hour)
		s.want("3h10m0s ops: recovered /a")
	})
}

func TestARepeatThatFailsIsMadeGoodAndItsIDIsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ids := map[string]int{}
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", func(c *Channel) { c.Repeat, c.GroupWait = time.Hour, 0 })}, func(_ context.Context, g *group) error {
			if at := time.Since(began()); at > 30*time.Minute && at < 90*time.Minute {
				return errDown
			}
			ids[g.messages[0].ID]++
			return nil
		})
		defer s.end()
		a := firing("/a")
		s.d.Open([]Message{a})
		s.say(a)
		s.pass(150 * time.Minute)
		if len(ids) != 3 || ids[a.ID] != 1 || ids[a.ID+"/1"] != 1 || ids[a.ID+"/2"] != 1 {
			t.Errorf("ids: got %v, want the message and two repeats, once each", ids)
		}
	})
}

func TestAnAlertmanagerIsToldWhatFiresEveryMinuteAndNothingAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := Default(Alertmanager)
		c.Name, c.URL = "am", Literal("http://127.0.0.1:9093")
		s := newStage(t, NewMemory(100), []Channel{c}, fine)
		defer s.end()
		a, b := firing("/a"), firing("/b")
		s.d.Open([]Message{a})
		s.say(a)
		s.pass(90 * time.Second)
		s.d.Open([]Message{a, b})
		s.say(b)
		s.pass(time.Minute)
		// The recovery is in the outbox before anybody has said that it is over.
		s.say(recovered("/a"))
		s.pass(time.Minute)
		s.d.Open([]Message{b})
		s.pass(time.Minute)
		s.want("0s am: firing /a", "0s am: firing /a", "1m0s am: firing /a", "1m30s am: firing /b", "2m0s am: firing /a, firing /b",
			"2m30s am: recovered /a", "3m0s am: firing /b", "4m0s am: firing /b")
	})
}

func TestNewAlertsDoNotKeepAnAlertmanagerFromTheOldOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := Default(Alertmanager)
		c.Name, c.URL = "am", Literal("http://127.0.0.1:9093")
		last, longest := began(), time.Duration(0)
		s := newStage(t, NewMemory(1000), []Channel{c}, func(_ context.Context, g *group) error {
			for _, m := range g.messages {
				if m.Key == "/old" {
					longest, last = max(longest, time.Since(last)), time.Now()
				}
			}
			return nil
		})
		defer s.end()
		open := []Message{firing("/old")}
		for i := range 60 {
			m := firing(fmt.Sprint("/", i))
			open = append(open, m)
			s.d.Open(open)
			s.say(m)
			s.pass(20 * time.Second)
		}
		if longest > time.Minute+time.Second {
			t.Errorf("the old alert was not sent for %s, and ends after 4m", longest)
		}
	})
}

// A brittle outbox fails where it is told to.
type brittle struct {
	*Memory
	mu         sync.Mutex
	rows, done error
}

func (b *brittle) fail(rows, done error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows, b.done = rows, done
}

func (b *brittle) failing() (rows, done error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rows, b.done
}

func (b *brittle) Rows(target string, limit int) ([]Row, error) {
	if err, _ := b.failing(); err != nil {
		return nil, err
	}
	return b.Memory.Rows(target, limit)
}

func (b *brittle) Done(ids []int64) error {
	if _, err := b.failing(); err != nil {
		return err
	}
	return b.Memory.Done(ids)
}

func TestAnOutboxThatFailsLosesNothingAndIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := &brittle{Memory: NewMemory(100)}
		box.fail(errors.New("disk I/O error"), nil)
		s := newStage(t, box, []Channel{opsChannel("ops", nil)}, fine)
		defer s.end()
		s.say(firing("/a"))
		s.pass(time.Minute)
		s.want()
		s.wantTold("the outbox cannot be read, trying again: disk I/O error")
		box.fail(nil, errors.New("full"))
		s.pass(time.Second * 12)
		box.fail(nil, nil)
		s.pass(time.Minute)
		if n := len(s.times()); n < 2 || n > 4 {
			t.Errorf("%d deliveries, want it again while it cannot be taken out", n)
		}
		s.wantTold("what was delivered cannot be taken out of the outbox, and will be again: full")
		if len(s.told) != 2 {
			t.Errorf("told %q, want each trouble once", s.told)
		}
	})
}

func TestARowThatHoldsNoMessageIsCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		box := NewMemory(100)
		box.Put(Row{Target: "ops", Key: "x", Body: []byte("{"), Due: began()}, Row{Target: "ops", Key: "y", Body: []byte("{}"), Due: began()})
		s := newStage(t, box, []Channel{opsChannel("ops", nil)}, fine)
		defer s.end()
		s.say(firing("/a"))
		s.pass(time.Minute)
		s.want("10s ops: firing /a")
		s.wantTold("row 1 of the outbox holds no message")
		s.wantTold("row 2 of the outbox holds a message without an id")
		if got := s.only(); got.GivenUp != 2 {
			t.Errorf("given up %d, want 2", got.GivenUp)
		}
	})
}

func TestADeliveryThatPanicsIsAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, NewMemory(100), []Channel{opsChannel("ops", nil)}, func(context.Context, *group) error { panic("nil map") })
		defer s.end()
		s.say(firing("/a"))
		s.pass(11 * time.Second)
		if got := s.only().LastError; got != "the delivery broke: nil map" {
			t.Errorf("got %q", got)
		}
	})
}

func TestMemoryKeepsTheNewestAndReturnsWhatHadToGo(t *testing.T) {
	box := NewMemory(3)
	dropped := ""
	for i := range 5 {
		for _, r := range box.Put(Row{Target: "ops", Key: fmt.Sprint(i)}, Row{Target: "chat", Key: "same"}) {
			dropped += r.Target + r.Key + " "
		}
	}
	rows, _ := box.Rows("ops", 10)
	if len(rows) != 3 || rows[0].Key != "2" || dropped != "ops0 ops1 " {
		t.Errorf("got %v, dropped %q, want the last 3, the two before dropped", rows, dropped)
	}
	if box.Has("ops", "1") || !box.Has("ops", "2") || box.Has("chat", "2") {
		t.Error("it does not know what waits")
	}
	if rows, _ := box.Rows("chat", 10); len(rows) != 1 {
		t.Errorf("%d rows of one key, want 1", len(rows))
	}
}

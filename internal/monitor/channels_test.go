package monitor

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/alert"
	"weir/internal/history"
	"weir/internal/notify"
)

// life starts a weir with a history in a folder and with channels of toFile.
func (p *play) life(folder string, channels ...string) Options {
	p.Helper()
	o := p.remembering(folder, "access.log")
	for _, name := range channels {
		o.Channels = append(o.Channels, p.toFile(name))
	}
	p.start(o)
	return o
}

// ends ends one.
func (p *play) ends(o *Options) {
	p.Helper()
	p.stop()
	p.must(o.History.Close())
}

// TestTheEndOfAnAlertIsToldHoweverLongNobodyWatched: with its own time, marked late. What
// began and ended meanwhile is an alert of the past.
func TestTheEndOfAnAlertIsToldHoweverLongNobodyWatched(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.life("state", "one")
		p.busy(time.Minute, 40)
		p.ends(&o)
		p.busy(4*time.Minute, 1) // recovers
		p.busy(time.Minute, 40)  // again, and recovers
		p.busy(4*time.Minute, 1)
		p.pause(3 * time.Hour)
		o = p.life("state", "one")
		p.pause(time.Minute)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=true")
	})
}

// TestAnAlertThatEndsWhileThereIsNoChannelIsOver for one that comes back, and it is told of that: an
// Alertmanager would be told for ever that it fires.
func TestAnAlertThatEndsWhileThereIsNoChannelIsOver(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.life("state", "one")
		p.busy(time.Minute, 40)
		p.ends(&o)
		o = p.life("state")
		p.busy(4*time.Minute, 1)
		p.ends(&o)
		o = p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		o.Channels[0].Repeat = time.Minute
		p.start(o)
		p.pause(time.Hour)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=false")
	})
}

// TestTheMostOfAnHourHoldsThroughRestarts and reloads: six an hour are one in ten minutes.
func TestTheMostOfAnHourHoldsThroughRestarts(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		begin := func() (o Options) {
			o = p.remembering("state", "access.log")
			o.Channels = []notify.Channel{p.toFile("one")}
			o.Channels[0].MaxPerHour = 6
			p.start(o)
			return o
		}
		o := begin()
		p.busy(time.Minute, 40)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false")
		o = begin()
		p.busy(4*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false")
		o = begin()
		p.busy(4*time.Minute, 1)
		p.wantDelivered("one", "high-traffic firing late=false")
		p.busy(2*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=false")
	})
}

// TestWhatIsDeliveredAtTheEndCountsForTheMostOfAnHour: messages that wait for others go when weir ends.
func TestWhatIsDeliveredAtTheEndCountsForTheMostOfAnHour(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		begin := func() (o Options) {
			o = p.remembering("state", "access.log")
			o.Channels = []notify.Channel{p.toFile("one")}
			o.Channels[0].MaxPerHour, o.Channels[0].GroupWait = 6, time.Minute
			p.start(o)
			return o
		}
		o := begin()
		p.busy(40*time.Second, 40)
		p.wantDelivered("one")
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false")
		o = begin()
		p.busy(6*time.Minute, 1)
		p.wantDelivered("one", "high-traffic firing late=false")
		p.busy(5*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("one", "high-traffic firing late=false", "high-traffic recovered late=false")
	})
}

// TestAChannelThatIsNewIsToldOfWhatIsOpen, once, and of its end; the others not again.
func TestAChannelThatIsNewIsToldOfWhatIsOpen(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.life("state", "old")
		p.busy(time.Minute, 40)
		p.ends(&o)
		for range 2 { // the second time it is new no more
			o = p.life("state", "old", "new")
			p.busy(10*time.Second, 40)
			p.ends(&o)
		}
		p.wantDelivered("new", "high-traffic firing late=true")
		o = p.life("state", "new", "old", "newest")
		p.busy(4*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("old", "high-traffic firing late=false", "high-traffic recovered late=false")
		p.wantDelivered("new", "high-traffic firing late=true", "high-traffic recovered late=false")
		p.wantDelivered("newest", "high-traffic firing late=true", "high-traffic recovered late=false")
		o = p.life("state", "latest")
		p.pause(time.Minute)
		p.ends(&o)
		p.wantDelivered("latest")
	})
}

// TestAChannelThatIsNewIsNotToldOfTheEndOfWhatItNeverHeardOf.
func TestAChannelThatIsNewIsNotToldOfTheEndOfWhatItNeverHeardOf(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.life("state", "old")
		p.busy(time.Minute, 40)
		p.ends(&o)
		p.busy(4*time.Minute, 1)
		o = p.life("state", "old", "new")
		p.pause(time.Minute)
		p.ends(&o)
		p.wantDelivered("old", "high-traffic firing late=false", "high-traffic recovered late=true")
		p.wantDelivered("new")
	})
}

// TestAReloadTellsNewChannelsOfWhatIsOpen, where there was none before, too. A rule that is
// taken out while it fires ends for all that were told.
func TestAReloadTellsNewChannelsOfWhatIsOpen(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.options("access.log")
		var next *Reload
		o.Reload = func(time.Time) *Reload {
			r := next
			next = nil
			return r
		}
		p.start(o)
		p.busy(time.Minute, 40)
		for _, names := range [][]string{{"one"}, {"two", "one"}, {"two"}, nil, {"two"}} {
			next = &Reload{Rules: o.Gauge.Rules}
			for _, name := range names {
				next.Channels = append(next.Channels, p.toFile(name))
			}
			p.busy(30*time.Second, 40)
		}
		next = &Reload{Rules: []alert.Rule{}, Channels: []notify.Channel{p.toFile("two")}}
		p.busy(30*time.Second, 40)
		p.stop()
		p.wantDelivered("one", "high-traffic firing late=true")
		// When it was away it may have missed something: it is told again.
		p.wantDelivered("two", "high-traffic firing late=true", "high-traffic firing late=true", "high-traffic recovered late=false")
	})
}

// TestAReloadWaitsForNoChannelThatHangs.
func TestAReloadWaitsForNoChannelThatHangs(t *testing.T) {
	inBubble(t, func(p *play) {
		o := p.options("access.log")
		m := &Monitor{o: o}
		var err error
		m.teller, err = newTeller(&m.o, nil, nil)
		p.must(err)
		hangs := make(chan struct{})
		m.teller.cancel, m.teller.done = func() {}, hangs
		began := time.Now()
		p.must(m.redirect([]notify.Channel{p.toFile("one")}))
		if took := time.Since(began); took > 0 {
			p.Errorf("it took %s", took)
		}
		close(hangs)
		m.teller.stop()
	})
}

// TestWhatAFullDiskKeepsFromTheHistoryIsDeliveredOnceAndOutlivesAKill.
func TestWhatAFullDiskKeepsFromTheHistoryIsDeliveredOnceAndOutlivesAKill(t *testing.T) {
	m := history.Message{Target: "ops", Key: "a", Body: []byte("{}")}
	db, err := history.Open(t.TempDir()+"/history.db", history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	o := &outbox{db: db, memory: notify.NewMemory(10)}
	o.lend([]history.Message{m})
	o.lend([]history.Message{m}) // the next try of the same commit
	rows := func(o *outbox) (ids []int64) {
		t.Helper()
		all, err := o.Rows("ops", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		return ids
	}
	if got := fmt.Sprint(rows(o)); got != "[-1]" {
		t.Fatalf("while the history cannot be written: rows %s, want the one of memory", got)
	}
	if err := db.Commit(&history.Commit{Outbox: []history.Message{m}}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rows(o)); got != "[-1]" {
		t.Errorf("when the history has it, too: rows %s, want the one of memory alone", got)
	}
	next := &outbox{db: db, memory: notify.NewMemory(10)} // after a kill
	if got := fmt.Sprint(rows(next)); got != "[1]" {
		t.Errorf("for the next process: rows %s, want that of the history", got)
	}
	if err := o.Done([]int64{-1}); err != nil {
		t.Fatal(err)
	}
	if got := rows(o); len(got) != 0 || len(o.lent) != 0 {
		t.Errorf("when it is delivered: rows %v, %v lent, want none", got, o.lent)
	}
	if got := rows(next); len(got) != 0 {
		t.Errorf("when it is delivered: the history has the rows %v", got)
	}
}

// TestWhatMemoryHasNoRoomForIsTold, but not where the history will have it.
func TestWhatMemoryHasNoRoomForIsTold(t *testing.T) {
	var said []string
	o := &outbox{memory: notify.NewMemory(1), tell: func(text string) { said = append(said, text) }}
	o.lend([]history.Message{{Target: "ops", Key: "a"}})
	o.put([]notify.Row{{Target: "ops", Key: "b", Body: []byte(`{"message":{"id":"b","rule":"errors","state":"firing","message":"much"}}`)}})
	if len(said) != 0 || len(o.lent) != 0 {
		t.Errorf("said %q, lent %v: a row that the history will have is not lost", said, o.lent)
	}
	o.put([]notify.Row{{Target: "ops", Key: "c"}})
	if want := "notify ops: 1000 messages wait, and there is no room for more without a history: told to nobody: firing errors: much"; len(said) != 1 || said[0] != want {
		t.Errorf("said %q, want %q", said, want)
	}
}

// TestWhateverFailsAndHoweverOftenItIsKilledEachAlertIsInTheHistoryOnceAndDelivered, whole:
// promise A5. The channel fails for stretches, and at times there is none.
func TestWhateverFailsAndHoweverOftenItIsKilledEachAlertIsInTheHistoryOnceAndDelivered(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			inBubble(t, func(p *play) { p.mistreat(rand.New(rand.NewPCG(seed, 77))) })
		})
	}
}

func (p *play) mistreat(r *rand.Rand) {
	p.append("access.log", line(time.Now(), "/"))
	folder := func(n int) string { return fmt.Sprint("life", n) }
	life := 0
	start := func() Options {
		o := p.remembering(folder(life), "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		if r.IntN(3) == 0 {
			o.Channels[0].File = p.path("nowhere/one.log")
		}
		o.Channels[0].GroupWait = []time.Duration{0, 10 * time.Second}[r.IntN(2)]
		p.start(o)
		return o
	}
	o := start()
	for range 15 {
		p.busy(time.Duration(20+r.IntN(200))*time.Second, []int{1, 1, 40}[r.IntN(3)])
		p.killed(&o, folder(life), folder(life+1))
		life++
		p.busy(time.Duration(r.IntN(200))*time.Second, []int{1, 40}[r.IntN(2)])
		o = start()
	}
	p.ends(&o)
	o = p.life(folder(life), "one")
	p.busy(5*time.Minute, 1)
	p.pause(time.Hour)
	p.ends(&o)
	begun, over := map[string]int{}, map[string]int{}
	for _, e := range p.read(folder(life)).Events {
		id := notify.MessageID(e.Rule.Name, e.Key, time.Unix(e.Began, 0), "")
		if e.State == alert.Firing {
			begun[id]++
		} else {
			over[id]++
		}
	}
	text, err := os.ReadFile(p.path("one.log"))
	p.must(err)
	firing, recovered := map[string]int{}, map[string]int{}
	for l := range strings.Lines(string(text)) {
		var m notify.Message
		p.must(json.Unmarshal([]byte(l), &m))
		id := notify.MessageID(m.Rule, m.Key, m.Began, "")
		switch {
		case m.State == notify.Firing:
			firing[id]++
		case firing[id] == 0:
			p.Errorf("the end of %s was told before it", id)
			fallthrough
		default:
			recovered[id]++
		}
	}
	for id, n := range begun {
		if n != 1 || over[id] != 1 || firing[id] == 0 || recovered[id] == 0 {
			p.Errorf("%s: %d begins and %d ends in the history, %d and %d told; want one each, and both told", id, n, over[id], firing[id], recovered[id])
		}
	}
	if len(begun) < 3 || len(firing) != len(begun) || len(recovered) != len(begun) {
		p.Errorf("%d alerts in the history, %d and %d ends told", len(begun), len(firing), len(recovered))
	}
}

// TestWhatWaitsForAChannelThatIsNoMoreIsToldOfKeptForDaysAndDroppedByName; it goes if the
// channel comes back.
func TestWhatWaitsForAChannelThatIsNoMoreIsToldOfKeptForDaysAndDroppedByName(t *testing.T) {
	for name, days := range map[string]int{"comes back": 2, "stays away": 4} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *play) {
				p.append("access.log", line(time.Now(), "/"))
				o := p.remembering("state", "access.log")
				o.Channels = []notify.Channel{p.toFile("ops")}
				o.Channels[0].File = p.path("nowhere/ops.log")
				p.start(o)
				p.busy(time.Minute, 40)
				p.busy(4*time.Minute, 1)
				p.ends(&o)
				o = p.life("state", "other")
				p.pause(time.Minute)
				if got, want := p.screen.notices(), "notify ops: there is no such channel any more, and for it 2 messages wait: what is older than 3d is dropped, unless it comes back\n"; !strings.Contains(got, want) {
					p.Errorf("told %q, want %q among it", got, want)
				}
				p.ends(&o)
				p.pause(time.Duration(days) * 24 * time.Hour)
				o = p.life("state", "other")
				p.pause(time.Minute)
				dropped := strings.Count(p.screen.notices(), "notify ops: given up after 3d, as there is no such channel any more, and told to nobody: ")
				waiting, err := o.History.Targets()
				p.must(err)
				p.ends(&o)
				o = p.life("state", "ops")
				p.pause(time.Minute)
				p.ends(&o)
				if days < 3 {
					p.wantDelivered("ops", "high-traffic firing late=false", "high-traffic recovered late=false")
					return
				}
				if p.wantDelivered("ops"); dropped != 2 || len(waiting) != 0 {
					p.Errorf("%d were told to be dropped, %v wait; want 2, and nothing", dropped, waiting)
				}
			})
		})
	}
}

// TestAnAlertThatSomebodyKnowsOfIsNotToldAgain, after a restart neither; its end is.
func TestAnAlertThatSomebodyKnowsOfIsNotToldAgain(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		again := func() Options {
			o := p.remembering("state", "access.log")
			o.Channels = []notify.Channel{p.toFile("one")}
			o.Channels[0].Repeat = time.Minute
			p.start(o)
			return o
		}
		o := again()
		p.busy(150*time.Second, 40)
		told := p.delivered("one")
		if len(told) < 2 {
			p.Fatalf("told %q: it is not told again at all", told)
		}
		p.must(history.LeaveMark(p.path("state/history.db"), Acknowledgement("high-traffic", "", time.Now())))
		p.busy(5*time.Minute, 40)
		p.ends(&o)
		o = again()
		p.busy(5*time.Minute, 40)
		p.wantDelivered("one", told...)
		p.busy(4*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("one", append(told, "high-traffic recovered late=false")...)
	})
}

// TestAnAlertThatSomebodyMutesIsNotToldAgainUntilThen.
func TestAnAlertThatSomebodyMutesIsNotToldAgainUntilThen(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.remembering("state", "access.log")
		o.Channels = []notify.Channel{p.toFile("one")}
		o.Channels[0].Repeat = time.Minute
		p.start(o)
		p.busy(90*time.Second, 40)
		told := p.delivered("one")
		p.must(history.LeaveMark(p.path("state/history.db"), Mute("high-traffic", "", 5*time.Minute, time.Now())))
		p.busy(4*time.Minute, 40)
		p.wantDelivered("one", told...)
		p.busy(3*time.Minute, 40)
		if more := p.delivered("one"); len(more) < len(told)+1 {
			p.Errorf("told %q: it is not told again when it is muted no longer", more)
		}
		p.ends(&o)
	})
}

// TestTheEndOfAnAlertGoesToThoseWhoWereToldOfIt, whatever was changed meanwhile in the rule, or in
// what a channel takes; and to nobody else.
func TestTheEndOfAnAlertGoesToThoseWhoWereToldOfIt(t *testing.T) {
	begin, end := "high-traffic firing late=false", "high-traffic recovered late=false"
	critical, info := []string{"critical"}, []string{"info"}
	for name, c := range map[string]struct {
		takes, then []string // severities
		severity    alert.Severity
		want        []string
	}{
		"nothing":                       {takes: critical, then: critical, severity: alert.Critical, want: []string{begin, end}},
		"the rule is less severe":       {takes: critical, then: critical, severity: alert.Info, want: []string{begin, end}},
		"the rule is severe enough":     {takes: info, then: info, severity: alert.Info},
		"the channel takes others":      {takes: critical, then: info, severity: alert.Critical, want: []string{begin, end}},
		"the channel takes it, too":     {takes: info, then: nil, severity: alert.Critical},
		"the rule and the channel":      {takes: critical, then: info, severity: alert.Info, want: []string{begin, end}},
		"the rule, and it takes others": {takes: info, then: critical, severity: alert.Info},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(p *play) {
				p.append("access.log", line(time.Now(), "/"))
				o := p.options("access.log")
				o.Gauge.Rules[0].Severity = alert.Critical
				var next *Reload
				o.Reload = func(time.Time) *Reload {
					r := next
					next = nil
					return r
				}
				o.Channels = []notify.Channel{p.toFile("one")}
				o.Channels[0].Severities = c.takes
				p.start(o)
				p.busy(time.Minute, 40)
				rules := slices.Clone(o.Gauge.Rules)
				rules[0].Severity = c.severity
				next = &Reload{Rules: rules, Channels: []notify.Channel{p.toFile("one")}}
				next.Channels[0].Severities = c.then
				p.busy(10*time.Second, 40)
				p.busy(4*time.Minute, 1)
				p.stop()
				if got := p.delivered("one"); !slices.Equal(got, c.want) {
					p.Errorf("got %q, want %q", got, c.want)
				}
			})
		})
	}
}

// TestAChannelThatIsNewIsNotToldOfTheEndOfWhatSomebodyKnows: it was not told of the begin.
func TestAChannelThatIsNewIsNotToldOfTheEndOfWhatSomebodyKnows(t *testing.T) {
	inBubble(t, func(p *play) {
		p.append("access.log", line(time.Now(), "/"))
		o := p.life("state", "old")
		p.busy(time.Minute, 40)
		p.must(history.LeaveMark(p.path("state/history.db"), Acknowledgement("high-traffic", "", time.Now())))
		p.busy(30*time.Second, 40)
		p.ends(&o)
		o = p.life("state", "old", "new")
		p.busy(30*time.Second, 40)
		p.busy(4*time.Minute, 1)
		p.ends(&o)
		p.wantDelivered("old", "high-traffic firing late=false", "high-traffic recovered late=false")
		p.wantDelivered("new")
	})
}

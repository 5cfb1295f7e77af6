package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// TestWhateverHappensEveryMessageArrivesAndNoRecoveryBeforeItsAlert plays random alerts
// against a server that fails, refuses, asks to wait and takes long at random, through
// restarts, and then is well for a day.
func TestWhateverHappensEveryMessageArrivesAndNoRecoveryBeforeItsAlert(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { playRandom(t, rand.New(rand.NewPCG(seed, 3))) })
		})
	}
}

func playRandom(t *testing.T, random *rand.Rand) {
	taken := map[string]int{}
	well := make(chan struct{})
	server := func(ctx context.Context, g *group) error {
		// Random decisions are made in the one goroutine of the channel.
		fate := random.IntN(8)
		select {
		case <-well:
			fate = 7
		default:
		}
		switch fate {
		case 0, 1, 2:
			return errDown
		case 3:
			return &failure{text: "429", retryAfter: time.Duration(random.IntN(300)) * time.Second}
		case 4:
			return &failure{text: "400", refused: true}
		case 5:
			<-ctx.Done()
			return ctx.Err()
		case 6: // it has taken them, and nobody knows
			for _, m := range g.messages {
				arrives(t, taken, m)
			}
			return errDown
		}
		for _, m := range g.messages {
			arrives(t, taken, m)
		}
		return nil
	}
	c := []Channel{opsChannel("ops", func(c *Channel) {
		c.GroupWait = []time.Duration{0, 10 * time.Second, time.Minute}[random.IntN(3)]
		c.MaxPerHour = []int{0, 60}[random.IntN(2)]
	})}
	plan := rand.New(rand.NewPCG(random.Uint64(), 4))
	s := newStage(t, NewMemory(1000), c, server)
	var said []Message
	open := map[string]Message{}
	for i := range 60 {
		key := fmt.Sprint("/", plan.IntN(8))
		if m, ok := open[key]; ok {
			delete(open, key)
			m.State, m.ID = Recovered, MessageID(m.Rule, m.Key, m.Began, Recovered)
			s.say(m)
			said = append(said, m)
		} else {
			m := alertOf(key, time.Since(began())+time.Duration(i), Firing)
			open[key] = m
			s.say(m)
			said = append(said, m)
		}
		s.pass(time.Duration(plan.IntN(240)) * time.Second)
		if plan.IntN(12) == 0 {
			s.end()
			s.start(Options{Drain: time.Duration(plan.IntN(2)) * time.Second}, c, []actor{server})
		}
	}
	close(well)
	s.pass(24 * time.Hour)
	s.end()
	for _, m := range said {
		if taken[m.ID] == 0 {
			t.Errorf("%s was not delivered", m.ID)
		}
	}
	if rows, _ := s.box.Rows("ops", 10); len(rows) != 0 {
		t.Errorf("%d rows left in the outbox", len(rows))
	}
}

// arrives counts messages, in the order in which they come.
func arrives(t *testing.T, taken map[string]int, m Message) {
	taken[m.ID]++
	if alert := MessageID(m.Rule, m.Key, m.Began, Firing); m.State == Recovered && taken[alert] == 0 {
		t.Errorf("%s arrived before its alert", m.ID)
	}
}

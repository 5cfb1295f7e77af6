package clock

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// reborn stores the state of c and restores it.
func reborn(t *testing.T, c *Clock) *Clock {
	t.Helper()
	state := c.AppendBinary(nil)
	back, saved, err := Restore(time.Duration(c.lateness)*time.Second, c.wall, state)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range saved {
		back.AddSaved(s)
	}
	if again := back.AppendBinary(nil); !bytes.Equal(state, again) {
		t.Fatalf("the state restored has other bytes\n%x\n%x", state, again)
	}
	return back
}

// TestAClockGoesOnWhereItStood plays the same calls on two Clocks, one of which
// is stored and restored at random: every answer is the same.
func TestAClockGoesOnWhereItStood(t *testing.T) {
	epochs := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 62))
		calls := randomCalls(r)
		lateness, wall := time.Duration(r.IntN(5))*time.Second, r.IntN(4) == 0
		one, two := New(lateness, wall), New(lateness, wall)
		for range 3 {
			one.Add(true)
			two.Add(true)
		}
		often := 1 + r.IntN(20)
		for n, k := range calls {
			if r.IntN(often) == 0 {
				two = reborn(t, two)
			}
			a, b := one.answer(k), two.answer(k)
			if (a.Epoch == nil) != (b.Epoch == nil) || a.Epoch != nil && *a.Epoch != *b.Epoch {
				t.Fatalf("seed %d, call %d: got the epoch %+v, want %+v", seed, n, b.Epoch, a.Epoch)
			}
			if a.Epoch != nil {
				epochs++
			}
			a.Epoch, b.Epoch = nil, nil
			x, known := one.Closed()
			y, also := two.Closed()
			if a != b || x != y || known != also {
				t.Fatalf("seed %d, call %d: got %+v and the mark %d, want %+v and %d", seed, n, b, y, a, x)
			}
		}
	}
	if epochs < 30 {
		t.Fatalf("the lives are too tame: %d epochs", epochs)
	}
}

// answer plays one call.
func (c *Clock) answer(k call) Reading {
	i := k.source % len(c.sources)
	now, wrote := time.Unix(k.now, k.sec&0xffff), time.Unix(k.now-k.wrote, 0)
	switch k.verb % 6 {
	case 0:
		c.Tick(now)
	case 1:
		c.Wrote(i, wrote, now)
	case 2:
		c.Caught(i, k.sec%2 == 0, wrote)
	default:
		return c.See(i, k.sec)
	}
	return Reading{}
}

func TestAnotherLatenessHoldsFromTheRestoreOn(t *testing.T) {
	c := New(2*time.Second, false)
	c.Add(false)
	c.See(0, start)
	back, saved, err := Restore(10*time.Second, false, c.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	back.AddSaved(saved[0])
	for _, want := range []struct{ sec, closed int64 }{{start + 5, start - 2}, {start + 9, start - 1}, {start + 20, start + 10}} {
		back.See(0, want.sec)
		if closed, _ := back.Closed(); closed != want.closed {
			t.Errorf("at %d closed up to %d, want %d", want.sec-start, closed-start, want.closed-start)
		}
	}
}

func FuzzRestore(f *testing.F) {
	for seed := range uint64(4) {
		c := New(time.Second, false)
		c.Add(false)
		c.Add(true)
		f.Add(c.AppendBinary(nil))
		for _, k := range randomCalls(rand.New(rand.NewPCG(seed, 63))) {
			c.answer(k)
		}
		f.Add(c.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		c, saved, err := Restore(2*time.Second, false, state)
		if err != nil {
			return
		}
		for _, s := range saved {
			c.AddSaved(s)
		}
		if again := c.AppendBinary(nil); !bytes.Equal(again, state) {
			t.Fatalf("what was accepted is written as %x, not %x", again, state)
		}
		c.Add(false)
		for i := range int64(200) {
			c.See(int(i)%len(c.sources), start+i)
			c.Tick(time.Unix(start+i, 0))
		}
		c.End()
	})
}

package drive

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"weir/internal/pace"
	"weir/internal/timesite"
	"weir/internal/unit"
)

// steady is a Plan of one rate that can be changed.
func steady(rate int, length time.Duration) *Paced {
	shape := pace.Constant{Rate: unit.PerSecond(rate) * unit.One}
	return &Paced{Pacer: pace.New(shape), Mix: NewMix([]float64{1, 2, 3}, 5), For: length, Patterns: []pace.Shape{shape, pace.Constant{Rate: 7 * unit.One}}}
}

// A driver follows a Plan without sending anything.
type driver struct {
	plan    Turning
	due     time.Duration
	request int
	more    bool
}

func (d *driver) next() { d.due, d.request, d.more = d.plan.Next() }

// turn makes a change, as the engines do.
func (d *driver) turn(at time.Duration, s Setting) {
	back := d.due > at && d.request != Nobody
	d.plan.Turn(at, s, back)
	if back || d.request == Nobody {
		d.next()
	}
}

// until counts what is due before a time.
func (d *driver) until(at time.Duration) (n int) {
	for d.more && d.due < at {
		if d.request != Nobody {
			n++
		}
		d.next()
	}
	return n
}

func TestEachChangeOfTheRateHoldsFromItsMomentOn(t *testing.T) {
	d := &driver{plan: steady(1000, 20*time.Second)}
	d.next()
	for i, c := range []struct {
		to   Setting
		want int // in the second behind the change
	}{
		{Setting{}, 1000},
		{Setting{Faster: 1}, 1100},
		{Setting{Faster: 2}, 1210},
		{Setting{Faster: 1}, 1100},
		{Setting{Faster: -1}, 909},
		{Setting{Paused: true}, 0},
		{Setting{Paused: true, Faster: 1}, 0},
		{Setting{Faster: 1}, 1100},
		{Setting{Pattern: 1}, 7},
		{Setting{Pattern: 99}, 7},
		{Setting{Faster: 9999}, 97017},
		{Setting{}, 1000},
	} {
		at := time.Duration(i) * time.Second
		d.turn(at, c.to)
		if n := d.until(at + time.Second); n < c.want-1 || n > c.want+1 {
			t.Errorf("second %d, %+v: got %d requests, want %d", i, c.to, n, c.want)
		}
	}
}

func TestAPauseIsNoEndAndNoPauseOutlastsTheRun(t *testing.T) {
	d := &driver{plan: steady(10, 10*time.Second)}
	d.next()
	d.until(time.Second)
	d.turn(time.Second-1, Setting{Paused: true})
	if d.due != 10*time.Second || d.request != Nobody || !d.more {
		t.Fatalf("while it is paused got %+v, want nobody up to the end", d)
	}
	if d.next(); d.more {
		t.Fatalf("at the end got %+v", d)
	}
	if length, ok := d.plan.(bounded).span(); !ok || length != 10*time.Second {
		t.Errorf("the length is %v, %t", length, ok)
	}
	endless := &driver{plan: steady(10, 0)}
	endless.next()
	endless.turn(0, Setting{Paused: true})
	for range 3 {
		if endless.next(); endless.due != pace.Forever || endless.request != Nobody || !endless.more {
			t.Fatalf("got %+v, want nobody, for ever", endless)
		}
	}
	endless.turn(time.Hour, Setting{})
	if n := endless.until(time.Hour + time.Second + 1); n != 10 { // the whole gap is still to come
		t.Errorf("got %d in the second behind the pause, want 10", n)
	}
}

// TestChangesLoseNoRequestAndDrawNoneTwice compares with a run without changes: the same requests,
// in the same order, at other times.
func TestChangesLoseNoRequestAndDrawNoneTwice(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		plain := steady(100, 0)
		plans := map[string]Turning{"paced": steady(100, 0)}
		var entries []Entry
		for i := range int32(5000) {
			entries = append(entries, Entry{Sec: int64(i / 100), Nanos: (i % 100) * 1e7, Request: i})
		}
		plans["replay"] = &Limited{Plan: NewReplay(entries, 1, 0), Count: 5000}
		for name, p := range plans {
			d := &driver{plan: p}
			d.next()
			last := time.Duration(-1)
			for n := range 1000 {
				_, want, _ := plain.Next()
				if name == "replay" {
					want = n
				}
				for r.IntN(20) == 0 || d.request == Nobody {
					at := max(last, 0) + time.Duration(r.Int64N(int64(20*time.Millisecond)))
					if at < d.due {
						last = at
						d.turn(at, Setting{Faster: r.IntN(20) - 10, Paused: r.IntN(4) == 0})
					}
				}
				if d.request != want || d.due < last || !d.more {
					t.Fatalf("seed %d, %s, request %d: got %+v behind %v, want number %d", seed, name, n, d, last, want)
				}
				last = d.due
				d.next()
			}
			if name == "replay" {
				plain = steady(100, 0)
			}
		}
	}
}

func TestAReplayGoesOnFasterWhereItWas(t *testing.T) {
	var entries []Entry
	for i := range int32(100) {
		entries = append(entries, Entry{Sec: int64(i), Request: i})
	}
	d := &driver{plan: NewReplay(entries, 1, 0)}
	d.next()
	d.until(10*time.Second + 1)
	d.turn(10*time.Second+500*time.Millisecond, Setting{Faster: 1})
	if want := 10*time.Second + 500*time.Millisecond + time.Duration(math.Round(5e8/1.1)); d.request != 11 || d.due < want-1 || d.due > want+1 {
		t.Errorf("got request %d at %v, want 11 at %v", d.request, d.due, want)
	}
	d.turn(10*time.Second+600*time.Millisecond, Setting{Paused: true})
	d.turn(20*time.Second+600*time.Millisecond, Setting{})
	if want := 20*time.Second + 600*time.Millisecond + 390*time.Millisecond; d.request != 11 || d.due < want-2 || d.due > want+2 {
		t.Errorf("behind the pause got request %d at %v, want 11 at %v", d.request, d.due, want)
	}
}

func TestWhatWasChangedByHandIsCounted(t *testing.T) {
	var h hand
	h.turn(time.Second, Setting{Paused: true})
	h.turn(2*time.Second, Setting{Paused: true, Faster: 1})
	h.turn(4*time.Second, Setting{Faster: 1})
	h.turn(5*time.Second, Setting{Faster: 1})
	h.turn(6*time.Second, Setting{Faster: 1, Jitter: 0.5})
	h.turn(7*time.Second, Setting{Faster: 1, Jitter: 0.5, Paused: true})
	if h.changed != 2 || h.pauses(10*time.Second) != 6*time.Second {
		t.Errorf("got %d changes, paused for %v", h.changed, h.pauses(10*time.Second))
	}
}

// TestARunIsChangedWhileItGoesOn plays both engines: it is paused, goes on faster, and sends all
// there is.
func TestARunIsChangedWhileItGoesOn(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s, at := site(t, timesite.Options{})
		o.Requests = []Request{request(t, "GET", at)}
		p := steady(200, 0)
		p.Mix, p.Count = NewMix(nil, 1), 150
		o.Plan = p
		changes := make(chan Setting)
		o.Changes = changes
		go func() {
			for s.Counts().OK < 20 {
				<-time.After(time.Millisecond)
			}
			changes <- Setting{Paused: true}
			changes <- Setting{Paused: true, Faster: 10}
			changes <- Setting{Faster: 10}
			close(changes)
		}()
		r, err := play(t, o)
		if err != nil || r.Answered != 150 || r.Changed != 1 {
			t.Fatalf("got %v, %d changes, %s", err, r.Changed, r.Text())
		}
	})
}

func TestARunThatIsPausedCanBeStopped(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s, at := site(t, timesite.Options{})
		o.Requests = []Request{request(t, "GET", at)}
		p := steady(500, 0)
		p.Mix = NewMix(nil, 1)
		o.Plan = p
		changes := make(chan Setting)
		o.Changes = changes
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			for s.Counts().OK < 5 {
				<-time.After(time.Millisecond)
			}
			changes <- Setting{Paused: true}
			stop()
		}()
		r, err := Run(ctx, o)
		if err != nil || !r.Stopped || r.Answered+r.Failed != r.Due {
			t.Fatalf("got %v, %s", err, r.Text())
		}
	})
}

// TestTheProgressTellsWhatIsAskedFor asks as the engines do, in the middle of a second.
func TestTheProgressTellsWhatIsAskedFor(t *testing.T) {
	p := steady(500, 0)
	tl := &tally{}
	if g := tl.tick(time.Second, p); g.Asked != 500 {
		t.Errorf("got %d asked for, want 500", g.Asked)
	}
	p.Turn(time.Second, Setting{Faster: 1}, false)
	if g := tl.tick(2*time.Second, p); g.Asked != 550 {
		t.Errorf("got %d asked for, want 550", g.Asked)
	}
	if g := tl.tick(2*time.Second, NewReplay(nil, 1, 0)); g.Asked != -1 {
		t.Errorf("of a replay got %d, want -1", g.Asked)
	}
}

// BenchmarkNext is what a thread pays for a request that another one sends.
func BenchmarkNext(b *testing.B) {
	p := steady(10_000, 0)
	p.Jitter.Amount = 0.5
	p.Pacer = pace.New(p.shaped(Setting{Jitter: 0.5}))
	for b.Loop() {
		if _, _, ok := p.Next(); !ok {
			b.Fatal("it has ended")
		}
	}
}

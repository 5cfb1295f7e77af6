package drive

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"weir/internal/timesite"
)

func TestSharesAreThePlanWhateverIsChanged(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 8))
		n := 1 + r.IntN(5)
		type item struct {
			due     time.Duration
			request int
		}
		whole := &driver{plan: steady(100, 30*time.Second)}
		whole.next()
		var shares []*driver
		for i := range n {
			d := &driver{plan: &share{plan: steady(100, 30*time.Second), mine: int64(i), of: int64(n)}}
			d.next()
			shares = append(shares, d)
		}
		take := func(d *driver, until time.Duration) (all []item) {
			for d.more && d.due <= until {
				if d.request != Nobody {
					all = append(all, item{d.due, d.request})
				}
				d.next()
			}
			return all
		}
		for at := time.Duration(0); at < 40*time.Second; at += time.Duration(r.Int64N(int64(5 * time.Second))) {
			want := take(whole, at)
			var got []item
			for _, d := range shares {
				got = append(got, take(d, at)...)
			}
			slices.SortStableFunc(got, func(a, b item) int { return int(a.due - b.due) })
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d shares, up to %v: got %v, want %v", seed, n, at, got, want)
			}
			to := Setting{Faster: r.IntN(10) - 5, Paused: r.IntN(3) == 0}
			for _, d := range append([]*driver{whole}, shares...) {
				if d.more {
					d.turn(at, to)
				}
			}
		}
		if length, ok := shares[0].plan.(bounded).span(); !ok || length != 30*time.Second {
			t.Errorf("the length is %v, %t", length, ok)
		}
	}
}

// threads are options for so many loops.
func threads(t *testing.T, n int) (Options, *timesite.Site) {
	s, at := site(t, timesite.Options{})
	o := Options{Connections: 5, Requests: []Request{request(t, "GET", at), request(t, "GET", at+"/fail"), request(t, "GET", at+"/no")}, Timeout: 20 * time.Second}
	o.Plan = planOf(&o, 2001, 5000)
	for range n - 1 {
		o.Twins = append(o.Twins, planOf(&o, 2001, 5000))
	}
	return o, s
}

func TestSeveralThreadsSendWhatOneWould(t *testing.T) {
	var status map[string]int64
	for _, n := range []int{1, 2, 3, 5, 9} {
		o, s := threads(t, n)
		r, err := play(t, o)
		if err != nil {
			t.Fatal(err)
		}
		c := s.Counts()
		if r.Due != 2001 || r.Answered != 2001 || c.OK != r.Status["200"] || c.Failed != r.Status["500"] || c.NotFound != r.Status["404"] || r.Connections.Allowed != 5 || r.Latency.Count != 2001 {
			t.Errorf("%d threads: the server counted %+v, and the report is %s", n, c, r.Text())
		}
		if status == nil {
			status = r.Status
		}
		for k, want := range status {
			if r.Status[k] != want {
				t.Errorf("%d threads: %d answers of %s, with one %d", n, r.Status[k], k, want)
			}
		}
		if r.Seconds < 0.4 || r.Seconds > 0.41 {
			t.Errorf("%d threads: the schedule is %v s long, want 0.4", n, r.Seconds)
		}
	}
}

func TestSeveralThreadsAreStoppedAndChangedTogether(t *testing.T) {
	o, s := threads(t, 3)
	endless := func() Plan { p := steady(500, 0); p.Mix = NewMix(nil, 1); return p }
	o.Plan, o.Twins = endless(), []Plan{endless(), endless()}
	changes := make(chan Setting)
	o.Changes = changes
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for s.Counts().OK < 20 {
			<-time.After(time.Millisecond)
		}
		changes <- Setting{Faster: 3}
		changes <- Setting{Paused: true}
		stop()
	}()
	r, err := Run(ctx, o)
	if err != nil || !r.Stopped || r.Changed == 0 || r.Answered+r.Failed != r.Due {
		t.Fatalf("got %v, %d changes, %s", err, r.Changed, r.Text())
	}
}

func TestFiguresOfSeveralThreadsAreAddedUp(t *testing.T) {
	lanes := []lane{
		{Progress: Progress{Sent: 10, Asked: 30, Total: 100, Due: 120, Failed: 1, Status: map[string]int64{"200": 99}, Connections: 3, UnderWay: 1, Behind: time.Second, Classes: [6]int64{2: 99}}},
		{Progress: Progress{Sent: 20, Asked: 30, Total: 200, Due: 210, Status: map[string]int64{"200": 190, "500": 10}, Errors: map[string]int64{"reset": 1}, Connections: 4, Classes: [6]int64{2: 190, 5: 10}}},
		{Progress: Progress{Sent: 99, Asked: 99, Total: 5, Due: 5, Connections: 9}, ended: true},
	}
	lanes[0].recent.Latency.Add(int64(time.Millisecond))
	lanes[1].recent.Latency.Add(int64(3 * time.Millisecond))
	p := together(lanes, 7*time.Second)
	if p.Elapsed != 7*time.Second || p.Sent != 30 || p.Asked != 30 || p.Total != 305 || p.Due != 335 || p.Failed != 1 || p.Connections != 7 || p.Behind != time.Second || p.Status["200"] != 289 || p.Errors["reset"] != 1 || p.Classes[5] != 10 {
		t.Errorf("got %+v", p)
	}
	if p.P99 < 2900*time.Microsecond || p.P50 > 1100*time.Microsecond || p.Lag != -1 {
		t.Errorf("got %v, %v, %v", p.P50, p.P99, p.Lag)
	}
}

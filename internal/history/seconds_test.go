package history

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"weir/internal/traffic"
)

// secondsOf collects what Seconds yields, and complains where that is not in order.
func secondsOf(t *testing.T, db *DB, epoch, from, to int64) map[int64]traffic.Second {
	t.Helper()
	got, last := map[int64]traffic.Second{}, int64(math.MinInt64)
	if err := db.Seconds(epoch, from, to, func(sec int64, n traffic.Second) {
		if sec <= last {
			t.Errorf("second %d comes after %d", sec, last)
		}
		got[sec], last = n, sec
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func sameSeconds(t *testing.T, what string, got, want map[int64]traffic.Second) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d seconds, want %d", what, len(got), len(want))
	}
	for sec, n := range want {
		if got[sec] != n {
			t.Errorf("%s: second %d has %+v, want %+v", what, sec, got[sec], n)
		}
	}
}

// TestTheSecondsOfTheLastDayAreGivenBack has lines that are late by up to two days.
func TestTheSecondsOfTheLastDayAreGivenBack(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	log := randomLog(r, 2000)
	db := fresh(t, Options{Keep: forever()})
	k := start(t, db, log)
	for k.at < len(log) {
		k.read(log)
		if k.at%100 == 0 {
			k.commit(t)
		}
	}
	k.finish(t)
	want, day := map[int64]traffic.Second{}, map[int64]traffic.Second{}
	from := log[500].sec
	for i := range log {
		sec := log[i].sec
		s := want[sec]
		s.Add(log[i].second())
		if sec >= from {
			want[sec] = s
		}
		if sec >= TenSeconds.align(k.newest)-traffic.Day {
			day[sec] = s
		}
	}
	sameSeconds(t, "before", secondsOf(t, db, 0, from, 2*noon), want)
	p, err := db.Prune(noon)
	if err != nil || p.Seconds == 0 {
		t.Errorf("pruning did %+v (%v)", p, err)
	}
	sameSeconds(t, "after", secondsOf(t, db, 0, math.MinInt64, math.MaxInt64), day)
	if p, err = db.Prune(noon); p != (Pruned{}) || err != nil {
		t.Errorf("pruning twice did %+v (%v)", p, err)
	}
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
}

// TestSecondsOfTwoEpochsAreKeptApart sets the clock back by a minute: the new epoch
// counts in stretches that the old one has sealed.
func TestSecondsOfTwoEpochsAreKeptApart(t *testing.T) {
	db := fresh(t, Options{})
	s := traffic.NewSealer()
	of := func(epoch, at int64, hits int) Stretch {
		st := tenSeconds(s, at, hits)
		st.Seconds, st.Epoch = make([]traffic.Second, 10), epoch
		for i := range hits {
			st.Seconds[i%10].Add((&hit{status: 200, bytes: 100}).second())
		}
		return st
	}
	commit(t, db, &Commit{Sealed: []Stretch{of(3, noon, 20), of(3, noon+10, 30), of(3, noon+60, 40)}})
	if err := db.Commit(&Commit{Sealed: []Stretch{of(4, noon, 5)}}); err == nil {
		t.Error("a stretch of a time that was sealed was taken as a new one")
	}
	commit(t, db, &Commit{Amended: []Stretch{of(4, noon, 50), of(3, noon+10, 7)}, Sealed: []Stretch{of(4, noon+70, 60)}})
	commit(t, db, &Commit{Amended: []Stretch{of(4, noon, 10)}})
	for _, c := range []struct {
		epoch, from, to int64
		want            string
	}{
		{3, noon, noon + 100, "20 37 40"},
		{4, noon, noon + 100, "60 60"},
		{4, noon + 5, noon + 75, "30 30"},
		{3, noon + 19, noon + 61, "3 4"},
		{5, noon, noon + 100, ""},
	} {
		got, at := "", int64(0)
		hits := int64(0)
		give := func() {
			if hits > 0 {
				got += fmt.Sprint(hits, " ")
			}
			hits = 0
		}
		if err := db.Seconds(c.epoch, c.from, c.to, func(sec int64, n traffic.Second) {
			if TenSeconds.align(sec) != at {
				give()
				at = TenSeconds.align(sec)
			}
			hits += n.Hits
		}); err != nil {
			t.Fatal(err)
		}
		if give(); got != c.want && got != c.want+" " {
			t.Errorf("epoch %d from %d until %d: got %s, want %s", c.epoch, c.from-noon, c.to-noon, got, c.want)
		}
	}
	if problems, err := db.Check(); err != nil || len(problems) > 0 {
		t.Errorf("%v %s", err, problems)
	}
	points, err := db.Series(noon, noon+100, 100)
	if err != nil || len(points) != 1 || points[0].Hits != 20+30+40+50+7+60+10 {
		t.Errorf("got %+v (%v), want the hits of both epochs", points, err)
	}
	// The old epoch is asked for by nobody any more.
	if p, err := db.Prune(noon + 100); err != nil || p.Seconds != 3 {
		t.Errorf("pruned %+v (%v), want the three rows of the old epoch", p, err)
	}
	if len(secondsOf(t, db, 3, 0, 2*noon)) != 0 || len(secondsOf(t, db, 4, 0, 2*noon)) != 20 {
		t.Error("not those of the newest epoch were kept")
	}
}

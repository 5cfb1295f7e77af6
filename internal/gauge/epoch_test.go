package gauge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
)

// twins are rules in pairs: one that the exact seconds decide, and one whose filter takes
// all requests, so that meters do.
func twins(r *rand.Rand) (rules []alert.Rule) {
	for i, window := range []int64{1, 10, 60, 300} {
		a := alert.Rule{Name: fmt.Sprint("rule", i), Threshold: alert.Level(1 + r.Int64N(3_000_000)), Window: window}
		a.Metric = one(r, alert.Hits, alert.Hits, alert.Bytes, alert.Share)
		if a.Test = one(r, alert.Above, alert.Below, alert.Absent); a.Test == alert.Absent {
			a.Metric = alert.Hits
		}
		if a.Metric == alert.Share {
			a.Of, a.Threshold = "5xx", 300_000
		}
		b := a
		b.Name, b.Where = "m"+a.Name, "all"
		rules = append(rules, a, b)
	}
	return rules
}

func takesAll(text string) func(*accesslog.Record) bool {
	if text == "all" {
		return func(*accesslog.Record) bool { return true }
	}
	return filterOf(text)
}

// TestMetersAndExactSecondsAgreeThroughClocksThatAreSet: by odd numbers of seconds, while
// alerts are open, and with kills in between.
func TestMetersAndExactSecondsAgreeThroughClocksThatAreSet(t *testing.T) {
	epochs, events, kills := 0, 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 57))
		o := remembering()
		o.Rules, o.Filter = twins(r), takesAll
		g := single(o, base)
		st := store{sealer: o.Sealer}
		var told [2][]string
		take := func() {
			out := g.Take()
			st.take(out)
			for _, o := range out {
				switch {
				case o.Notice != nil && strings.Contains(o.Notice.Text, "a new epoch begins"):
					epochs++
				case o.Event != nil:
					e, which := o.Event, 0
					if e.Rule.Where != "" {
						which = 1
					}
					told[which] = append(told[which], fmt.Sprint(strings.TrimPrefix(e.Rule.Name, "m"), e.Was, e.State, e.At-base, e.Num, e.Den, e.Hits))
				}
			}
		}
		now, offset, rate := base, int64(0), 1+r.IntN(6)
		for range 400 + r.IntN(2000) {
			switch r.IntN(300) {
			case 0:
				if now > base+300 {
					offset += one[int64](r, 1, -1) * one[int64](r, 13, 61, 367, 3607, 20_001)
				}
			case 1:
				now += one[int64](r, 30, 100, 700)
			case 2:
				rate = 1 + r.IntN(12)
			case 3, 4, 5:
				kills++
				take()
				g = again(t, g, o, st.past())
			}
			at := time.Unix(now, 0)
			g.Wrote(0, at, at)
			rec := record(now+offset-r.Int64N(3), "/a/b")
			if r.IntN(40) == 0 {
				rec.Sec -= r.Int64N(100)
			}
			rec.Status = one(r, 200, 200, 500)
			g.Record(0, rec)
			g.Caught(0, true, at)
			if r.IntN(rate) == 0 {
				now++
				g.Tick(time.Unix(now, 0))
			}
		}
		g.End()
		take()
		if !slices.Equal(told[1], told[0]) {
			t.Fatalf("seed %d: %s", seed, firstOther(told[1], told[0]))
		}
		events += len(told[0])
	}
	t.Logf("%d epochs, %d events, %d kills", epochs, events, kills)
	if epochs < 60 || events < 1000 || kills < 200 {
		t.Error("the lives are too tame")
	}
}

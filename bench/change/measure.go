package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"weir/internal/change"
)

// after is how many minutes behind a fault an alert is neither right nor wrong.
const after = 90

// A tally is what a detector made of the traces of a set.
type tally struct {
	kinds  []string // of faults, in the order of their coming
	faults map[string]int
	found  map[string]int
	delays map[string][]float64 // minutes from the beginning of a fault to its alert
	alerts int                  // within faults, or up to 90 minutes behind
	wrong  int                  // alerts elsewhere
	by     map[string]int       // wrong ones, by trace
	weeks  float64              // outside of faults
	points int
	took   time.Duration
}

func newTally() *tally {
	return &tally{faults: map[string]int{}, found: map[string]int{}, delays: map[string][]float64{}, by: map[string]int{}}
}

// play steps a Series through a trace and counts what it says.
func (y *tally) play(t *trace, threshold float64) {
	s := change.New(change.Options{
		Kind: t.kind, Step: time.Duration(t.step) * time.Second, Threshold: threshold,
		Calendar: change.NewCalendar(t.zone, nil, nil),
	})
	per := int(60 / t.step)
	minutes := len(t.samples) / per
	near := make([]bool, minutes)
	for _, f := range t.faults {
		for i := f.from; i < min(f.to+after, minutes); i++ {
			near[i] = true
		}
		if y.faults[f.kind]++; y.faults[f.kind] == 1 {
			y.kinds = append(y.kinds, f.kind)
		}
	}
	start, next, found := time.Now(), 0, false
	for i, sample := range t.samples {
		at := t.begin + int64(i+1)*t.step
		d, told := s.Step(at, sample)
		minute := i / per
		if minute < t.from {
			continue
		}
		for next < len(t.faults) && minute >= t.faults[next].to {
			next, found = next+1, false
		}
		alert := told && d.Event == change.Alert
		if _, firing := s.Firing(); firing && !found && next < len(t.faults) && minute >= t.faults[next].from {
			f := t.faults[next]
			found = true
			y.found[f.kind]++
			y.delays[f.kind] = append(y.delays[f.kind], float64(i+1-f.from*per)/float64(per))
		}
		switch {
		case alert && near[minute]:
			y.alerts++
		case alert:
			if os.Getenv("DBG") != "" {
				fmt.Printf("%s %s surprise %.1f span %d %.4g of %.4g change %.2f count %.0f of %.0f band %.3g %.3g basis %+v today %.2f\n", t.name, time.Unix(at, 0).UTC().Format("Mon 15:04"), d.Surprise, d.Span, d.Value, d.Expected, d.Change, d.Count, d.Of, d.Low, d.High, d.Basis.Pattern, d.Basis.Today)
			}
			y.wrong++
			y.by[t.name]++
		}
		if !near[minute] {
			y.weeks += 1 / float64(per*minutesOfWeek)
		}
	}
	y.took += time.Since(start)
	y.points += len(t.samples)
}

// share is how many faults of the kinds were found, in per cent; of all without
// a kind.
func (y *tally) share(kinds ...string) float64 {
	if len(kinds) == 0 {
		kinds = y.kinds
	}
	found, all := 0, 0
	for _, k := range kinds {
		found += y.found[k]
		all += y.faults[k]
	}
	if all == 0 {
		return math.NaN()
	}
	return 100 * float64(found) / float64(all)
}

// rate is how many alerts a series has in a week without faults.
func (y *tally) rate() float64 { return float64(y.wrong) / y.weeks }

// delay is a quantile of the minutes until faults of a kind were told.
func (y *tally) delay(kind string, q float64) float64 {
	d := slices.Sorted(slices.Values(y.delays[kind]))
	if len(d) == 0 {
		return math.NaN()
	}
	return d[int(q*float64(len(d)-1))]
}

// within is the share of the faults of a kind told in so many minutes, in per cent.
func (y *tally) within(kind string, minutes float64) float64 {
	n := 0
	for _, d := range y.delays[kind] {
		if d <= minutes {
			n++
		}
	}
	return 100 * float64(n) / float64(y.faults[kind])
}

// A set is a part of the benchmark.
type set struct {
	name  string
	about string
	make  func(r source, yield func(*trace))
}

func sets() []set {
	return []set{
		{"traffic", "requests of 8 sites, 6 to 6000 a minute", func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.traffic(name, mean)) })
		}},
		{"errors", "failed requests of 6 sites, 60 to 6000 a minute", func(r source, yield func(*trace)) {
			r.sites([]float64{60, 600, 6000}, 2, func(name string, mean float64) { yield(r.errors(name, mean)) })
		}},
		{"p90", "90th percentile of latency of 8 sites, 6 to 6000 a minute", func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.latency(name, mean, change.P90Latency)) })
		}},
		{"mean", "mean latency of the same", func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60, 600, 6000}, 2, func(name string, mean float64) { yield(r.latency(name, mean, change.MeanLatency)) })
		}},
		{"cold", "the first three days of 30 sites, 60 to 6000 a minute", func(r source, yield func(*trace)) {
			for k := range 30 {
				yield(r.cold(k))
			}
		}},
		{"benign", "deploys, a holiday, a change of the clock, 12 sites", func(r source, yield func(*trace)) {
			r.sites([]float64{60, 600, 6000}, 4, func(name string, mean float64) { yield(r.benign(name, mean, r.IntN(2) == 0)) })
		}},
		{"bunched", "4 sites whose requests come ten at a time, no faults", func(r source, yield func(*trace)) {
			r.sites([]float64{6, 60}, 2, func(name string, mean float64) { yield(r.bunched(name, mean)) })
		}},
	}
}

// sites calls yield so often for each size of a site.
func (r source) sites(means []float64, times int, yield func(name string, mean float64)) {
	for _, mean := range means {
		for range times {
			yield(fmt.Sprintf("%g/min", mean), mean)
		}
	}
}

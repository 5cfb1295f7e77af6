package main

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// figures are what a run was like, seen from the server.
type figures struct {
	arrived     int
	rate        float64 // per second
	least, most int     // in whole seconds
	cv          float64 // standard deviation of the gaps by their mean
	// How far arrivals were from an even schedule of that rate, which lies so that the median
	// of the distances is 0.
	p50, p99, max time.Duration

	cpu         float64 // ms of processor time per 1,000 requests
	peak, own   float64 // MiB of resident memory; of it that of the process alone
	connections int     // at once
	opened      int
	output      string
}

// warmUp is left out of deviations and gaps: connections are opened in it.
const warmUp = 500 * time.Millisecond

// figuresOf computes the figures of arrivals, nanoseconds in ascending order, two at least. With
// a rate of 0 there is no schedule.
func figuresOf(arrivals []int64, rate int) figures {
	f := figures{arrived: len(arrivals)}
	first, last := arrivals[0], arrivals[len(arrivals)-1]
	f.rate = float64(len(arrivals)-1) / (float64(last-first) / 1e9)
	seconds := make([]int, (last-first)/1e9+1)
	for _, a := range arrivals {
		seconds[(a-first)/1e9]++
	}
	if whole := seconds[:len(seconds)-1]; len(whole) > 0 {
		f.least, f.most = slices.Min(whole), slices.Max(whole)
	}
	from, _ := slices.BinarySearch(arrivals, first+int64(warmUp))
	settled := arrivals[from:]
	if len(settled) < 3 || rate == 0 {
		return f
	}
	f.cv = variation(settled)
	off := make([]float64, len(settled))
	for i, a := range settled {
		off[i] = float64(a-settled[0]) - float64(i)*1e9/float64(rate)
	}
	sorted := slices.Sorted(slices.Values(off))
	middle := sorted[len(sorted)/2]
	for i := range off {
		off[i] = math.Abs(off[i] - middle)
	}
	slices.Sort(off)
	at := func(q float64) time.Duration { return time.Duration(off[int(q*float64(len(off)-1))]) }
	f.p50, f.p99, f.max = at(0.5), at(0.99), at(1)
	return f
}

// variation is the standard deviation of the gaps by their mean.
func variation(arrivals []int64) float64 {
	n := float64(len(arrivals) - 1)
	mean := float64(arrivals[len(arrivals)-1]-arrivals[0]) / n
	squares := 0.0
	for i := range len(arrivals) - 1 {
		d := float64(arrivals[i+1]-arrivals[i]) - mean
		squares += d * d
	}
	return math.Sqrt(squares/n) / mean
}

// extremes returns the runs with the least and the greatest deviation.
func extremes(runs []figures) (best, worst figures) {
	by := func(a, b figures) int { return int(a.p99 - b.p99) }
	return slices.MinFunc(runs, by), slices.MaxFunc(runs, by)
}

// ms writes a time in milliseconds.
func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.0f", d.Seconds()*1e3)
}

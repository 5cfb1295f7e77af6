package report

import (
	"sort"

	"weir/internal/traffic"
)

const (
	// strayShare: fewer hits than one in so many may be called strays.
	strayShare = 1000
	// strayHours is how near an hour may always be without being left out.
	strayHours = 12
)

// A core is the hours that are worth to be drawn. A few records dated years
// away, by a clock that was wrong or a test, would leave no room for the rest.
type core struct {
	hours         []traffic.Hour
	before, after int64 // hits that are not in hours
}

// coreOf leaves out the hours that hold fewer than one in strayShare hits
// together, where what is left takes less than half of the time then. Those
// that are near what is left belong to it.
func coreOf(hours []traffic.Hour) core {
	all := core{hours: hours}
	n := len(hours)
	if n == 0 {
		return all
	}
	sums := make([]int64, n+1) // of the hits of the hours before
	for i, h := range hours {
		sums[i+1] = sums[i] + h.Hits
	}
	span := func(i, j int) int64 { return hours[j].From - hours[i].From + traffic.HourSeconds }
	first, last := 0, n-1
	for i := 0; i < n && sums[i] < (sums[n]+strayShare-1)/strayShare; i++ {
		// The smallest j that leaves few enough out.
		j := i + sort.Search(n-i-1, func(k int) bool {
			return sums[i]+sums[n]-sums[i+k+1] < (sums[n]+strayShare-1)/strayShare
		})
		if span(i, j) < span(first, last) {
			first, last = i, j
		}
	}
	if 2*span(first, last) >= span(0, n-1) {
		return all
	}
	near := max(span(first, last)/2, strayHours*traffic.HourSeconds)
	from, to := hours[first].From-near, hours[last].From+near
	for first > 0 && hours[first-1].From >= from {
		first--
	}
	for last < n-1 && hours[last+1].From <= to {
		last++
	}
	return core{hours: hours[first : last+1], before: sums[first], after: sums[n] - sums[last+1]}
}

package history

import (
	"math"

	"weir/internal/traffic"
)

// Figures are what graphs show of a stretch of time.
type Figures struct {
	traffic.Figures
	Rejected int64 // lines that were no requests
	Late     int64 // hits that came when their second was closed
}

// FiguresOf reads figures off a Tally. Rejected and Late are not in it.
func FiguresOf(t *traffic.Tally) Figures { return Figures{Figures: t.Figures()} }

// join adds the figures of another part of a stretch. Of two parts the numbers
// are the sums; quantiles are the larger one, which that of the whole is not
// above, and visitors the larger one, which that of the whole is not below.
func (f *Figures) join(o *Figures) {
	f.Second.Add(o.Second)
	f.Malformed = sum(f.Malformed, o.Malformed)
	f.Rejected = sum(f.Rejected, o.Rejected)
	f.Late = sum(f.Late, o.Late)
	f.Visitors = max(f.Visitors, o.Visitors)
	l, m := &f.Latency, &o.Latency
	l.Count, l.Sum = sum(l.Count, m.Count), sum(l.Sum, m.Sum)
	l.P50, l.P90, l.P99, l.Max = max(l.P50, m.P50), max(l.P90, m.P90), max(l.P99, m.P99), max(l.Max, m.Max)
}

// sum stops at the largest number: a log may claim any sizes.
func sum(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// A Stretch is what was counted in the time of a row of some Level, or what came
// late for one.
type Stretch struct {
	Frame traffic.Frame // From and To are the ends of the row
	Figures
	// Seconds are the exact figures of each second of a stretch of ten; nil where
	// they are not known. They are what alerts go on with after a restart.
	Seconds []traffic.Second
	// Epoch is that of Seconds: how many times the time line was set anew before.
	// Stretches of two epochs may have the same time; their figures and frames
	// are counted together, their Seconds apart.
	Epoch int64
}

// NewSealer returns the Sealer for what is given to a DB: its frames have as many
// rows of each dimension as those that are built of them. Fewer at ten seconds were
// tried: with 25 the hits of the ten busiest clients of an hour, at ten requests a
// second, are a third too low, with 100 less than one in a hundred; and what takes
// room is not the rows but the visitors of sections.
func NewSealer() *traffic.Sealer { return traffic.NewSealer() }

// Seal makes a Stretch of what t counted from from until before to, Rejected,
// Late and Seconds apart. s is that of the caller.
func Seal(s *traffic.Sealer, t *traffic.Tally, from, to int64) Stretch {
	return Stretch{Frame: s.Seal(t, from, to), Figures: FiguresOf(t)}
}

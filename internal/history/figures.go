package history

import (
	"encoding/binary"
	"errors"
	"math"

	"weir/internal/traffic"
)

// Figures are what graphs show of a stretch of time.
type Figures struct {
	traffic.Second       // hits, bytes, classes
	Malformed      int64 // hits whose request field was no HTTP
	Rejected       int64 // lines that were no requests
	Late           int64 // hits that came when their second was closed
	Visitors       int64 // distinct pairs of client and agent, an estimate beyond 1,024
	Latency        Latency
}

// Latency sums up the latencies of a stretch, in microseconds. Quantiles are at
// most 0.8 % off, Count, Sum and Max are exact.
type Latency struct {
	Count, Sum, P50, P90, P99, Max int64
}

// FiguresOf reads figures off a Tally. Rejected and Late are not in it.
func FiguresOf(t *traffic.Tally) Figures {
	f := t.Figures()
	return Figures{Second: f.Second, Malformed: f.Malformed, Visitors: f.Visitors, Latency: Latency(f.Latency)}
}

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
}

// Seal makes a Stretch of what t counted from from until before to, Rejected,
// Late and Seconds apart. s is that of the caller.
func Seal(s *traffic.Sealer, t *traffic.Tally, from, to int64) Stretch {
	return Stretch{Frame: s.Seal(t, from, to), Figures: FiguresOf(t)}
}

// appendSeconds appends the stored form of seconds to b: of each its hits, and
// where it has any, bytes and classes, as varints.
func appendSeconds(b []byte, seconds []traffic.Second) []byte {
	for i := range seconds {
		s := &seconds[i]
		b = binary.AppendUvarint(b, uint64(s.Hits))
		if s.Hits == 0 {
			continue
		}
		b = binary.AppendUvarint(b, uint64(s.Bytes))
		for _, n := range s.Classes {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	return b
}

// parseSeconds reads what appendSeconds wrote, and adds it to the seconds.
func parseSeconds(b []byte, into *[10]traffic.Second) error {
	ok := true
	number := func() int64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > math.MaxInt64 {
			ok, b = false, nil
			return 0
		}
		b = b[n:]
		return int64(v)
	}
	var read [10]traffic.Second
	for i := range read {
		s := &read[i]
		if s.Hits = number(); s.Hits == 0 {
			continue
		}
		s.Bytes = number()
		for c := range s.Classes {
			s.Classes[c] = number()
		}
	}
	if !ok || len(b) > 0 {
		return errors.New("its seconds cannot be read")
	}
	for i := range read {
		into[i].Add(read[i])
	}
	return nil
}

package change

import "math"

// A profile is the usual course of a day or of a week, in bins of local time.
type profile struct {
	width  int       // minutes of a bin
	keep   float64   // of a bin's value at each visit, once it has had many
	least  float64   // weight without which a visit does not count
	values []float32 // what a minute has per weight
	visits []uint8   // how often a bin was seen, 255 at most
	bin    int       // the one being filled, -1 for none
	sum    mean      // what is in it so far
}

func newProfile(minutes, width int, keep, least float64) profile {
	bins := minutes / width
	return profile{
		width: width, keep: keep, least: least * float64(width), bin: -1,
		values: make([]float32, bins), visits: make([]uint8, bins),
	}
}

// at returns what is usual in a minute, between the middles of two bins, and
// how often it was seen; 0 visits say that nothing is known.
func (p *profile) at(minute int) (value float64, visits uint8) {
	bins := len(p.values)
	off := (2*minute + 1 + 2*p.width*bins - p.width) % (2 * p.width * bins)
	i := off / (2 * p.width)
	j := (i + 1) % bins
	f := float64(off%(2*p.width)) / float64(2*p.width)
	visits = min(p.visits[i], p.visits[j])
	return float64(p.values[i])*(1-f) + float64(p.values[j])*f, visits
}

// around returns the least and the most of the two bins that at lies between: a step is steeper than
// bins are. With edges, where the bins before, of and after a minute differ by more than twice, it is the
// least and the most of these. Bins that were never seen say nothing; without one known is false.
func (p *profile) around(minute int, edges bool) (low, high float64, known bool) {
	bins := len(p.values)
	i := (2*minute + 1 + 4*p.width*bins - p.width) % (2 * p.width * bins) / (2 * p.width)
	low, high = math.Inf(1), math.Inf(-1)
	p.widen(&low, &high, i)
	p.widen(&low, &high, i+1)
	if known = low <= high; !known || !edges {
		return low, high, known
	}
	least, most := low, high
	at := (minute + p.width*bins) / p.width
	for b := at - 1; b <= at+1; b++ {
		p.widen(&least, &most, b)
	}
	if most+1 > 2*(least+1) {
		return least, most, true
	}
	return low, high, true
}

// widen takes the value of a bin, if there is one.
func (p *profile) widen(low, high *float64, bin int) {
	if bin %= len(p.values); p.visits[bin] > 0 {
		v := float64(p.values[bin])
		*low, *high = min(*low, v), max(*high, v)
	}
}

// fresh tells whether the bin of a minute was never seen.
func (p *profile) fresh(minute int) bool { return p.visits[minute/p.width] == 0 }

// add takes what was seen in a minute. A bin is learned when another begins.
func (p *profile) add(minute int, x, n float64) {
	if bin := minute / p.width; bin != p.bin {
		p.seal()
		p.bin = bin
	}
	p.sum.x += x
	p.sum.n += n
}

// pass takes a minute of an alert in which x was seen, and m expected. It is learned where nothing is
// known yet, and where the course has x rather than m: another baseline was wrong. Else it is not, so
// that what is wrong does not become usual. To learn m instead made nine o'clock in the evening of a
// shop that closes at ten: it was told of each night.
func (p *profile) pass(minute int, x, m, n float64) {
	usual, visits := p.at(minute)
	if p.fresh(minute) || visits > 0 && math.Abs(x-usual*n) <= math.Abs(x-m)/2 {
		p.add(minute, x, n)
	}
}

// seal learns the bin being filled.
func (p *profile) seal() {
	if p.bin >= 0 && p.sum.n > 0 && p.sum.n >= p.least {
		v, visits := float64(p.values[p.bin]), float64(p.visits[p.bin])
		// The first visits count alike, or the first day would weigh for weeks.
		a := max(1-p.keep, 1/(visits+1))
		p.values[p.bin] = float32(v + a*(p.sum.x/p.sum.n-v))
		p.visits[p.bin] = min(254, p.visits[p.bin]) + 1
	}
	p.bin, p.sum = -1, mean{}
}

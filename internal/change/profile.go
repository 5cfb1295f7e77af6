package change

import "math"

// A profile is the usual course of a day or of a week, in bins of local time.
type profile struct {
	width  int       // minutes of a bin
	keep   float64   // of a bin's value at each visit, once it has had many
	least  float64   // weight without which a visit does not count
	values []float32 // what a minute has per weight
	visits []uint8   // how often a bin was seen, often at most; or unsure
	sum    mean      // what is in the bin being filled
	bin    int32     // that bin, -1 for none
	wary   bool      // that there is nothing in an alert is unsure, the first time
	doubt  bool      // some of sum is unsure
}

const (
	often = 254
	// unsure stands for the one visit of a bin in an alert, until that is known to have been no incident:
	// see baseline.trust. To take it for a visit made one hour of outage in the first week what is usual
	// at that hour of the week, and the outages of the weeks after it were told to nobody.
	unsure = 255
)

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
	visits = min(p.seen(i), p.seen(j))
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
	if bin %= len(p.values); p.seen(bin) > 0 {
		v := float64(p.values[bin])
		*low, *high = min(*low, v), max(*high, v)
	}
}

// seen is how often a bin was seen, in visits that are sure.
func (p *profile) seen(bin int) uint8 {
	if v := p.visits[bin]; v != unsure {
		return v
	}
	return 0
}

// add takes what was seen in a minute. A bin is learned when another begins.
func (p *profile) add(minute int, x, n float64) {
	if bin := int32(minute / p.width); bin != p.bin {
		p.seal()
		p.bin = bin
	}
	p.sum.x += x
	p.sum.n += n
}

// pass takes a minute of an alert in which w.x was seen, and w.m expected. It is learned where nothing is
// known yet, and where the course has x rather than m: another baseline was wrong. Else it is not, so
// that what is wrong does not become usual. To learn m instead made nine o'clock in the evening of a
// shop that closes at ten: it was told of each night. open says that the alert did not end with the minute.
func (p *profile) pass(minute int, w sums, open bool) {
	usual, visits := p.at(minute)
	bin := minute / p.width
	if p.visits[bin] == unsure {
		usual, visits = float64(p.values[bin]), 1
	}
	if p.visits[bin] == 0 || visits > 0 && math.Abs(w.x-usual*w.n) <= math.Abs(w.x-w.m)/2 {
		p.add(minute, w.x, w.n)
		p.doubt = p.doubt || p.wary && open && w.x <= loss*w.m
	}
}

// trust makes the visit of the bin of a minute sure, if it is not.
func (p *profile) trust(minute int) {
	bin := minute / p.width
	if p.visits[bin] == unsure {
		p.visits[bin] = 1
	}
	p.doubt = p.doubt && bin != int(p.bin)
}

// seal learns the bin being filled.
func (p *profile) seal() {
	if p.bin >= 0 && p.sum.n > 0 && p.sum.n >= p.least {
		v, visits := float64(p.values[p.bin]), p.seen(int(p.bin))
		if p.doubt && p.visits[p.bin] == unsure {
			visits = 1 // twice is no incident
		}
		// The first visits count alike, or the first day would weigh for weeks.
		a := max(1-p.keep, 1/(float64(visits)+1))
		p.values[p.bin] = float32(v + a*(p.sum.x/p.sum.n-v))
		if p.visits[p.bin] = min(often, visits+1); p.doubt && visits == 0 {
			p.visits[p.bin] = unsure
		}
	}
	p.bin, p.sum, p.doubt = -1, mean{}, false
}

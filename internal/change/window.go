package change

import (
	"math"
	"math/bits"
)

// A past is the last hour, minute by minute, on which the windows lie. Single
// precision is a ten millionth, and 2 KiB less.
type past struct {
	x, m, n [hour]float32
	head    int    // where the next minute goes
	known   uint64 // bit i: of the minute i before the last one anything was seen
}

// add takes a minute. A minute in which no step was seen is not known.
func (p *past) add(s sums, known bool) {
	p.x[p.head], p.m[p.head], p.n[p.head] = float32(s.x), float32(s.m), float32(s.n)
	p.head = (p.head + 1) % hour
	p.known <<= 1
	if known {
		p.known |= 1
	}
	p.known &= 1<<hour - 1
}

// skip passes over minutes of which nothing is known.
func (p *past) skip(minutes int64) {
	for range min(minutes, hour) {
		p.add(sums{}, false)
	}
}

// clear forgets all but the last minutes.
func (p *past) clear(last int) {
	for i := last; i < hour; i++ {
		at := (p.head - 1 - i + 2*hour) % hour
		p.x[at], p.m[at], p.n[at] = 0, 0, 0
	}
	p.known &= 1<<last - 1
}

// sum adds up the last minutes.
func (p *past) sum(last int) (s sums) {
	for i := range last {
		at := (p.head - 1 - i + 2*hour) % hour
		s.add(float64(p.x[at]), float64(p.m[at]), float64(p.n[at]))
	}
	return s
}

// covered tells whether most of the last minutes are known.
func (p *past) covered(last int) bool {
	return 4*bits.OnesCount64(p.known&(1<<last-1)) >= 3*last
}

// A reading is what a window says.
type reading struct {
	sums
	span     int64   // seconds
	spread   float64 // of counts; the standard deviation of the logarithm of latency
	bunch    float64 // how many counts come together; of counts only
	z        float64
	change   float64 // ln(value/expected)
	surprise float64 // set by judge only
	whole    bool    // the window is covered
	matters  bool    // the change is large enough, in a direction that is told
}

// measure works out z and change.
func (r *reading) measure(l *law) {
	if l.latency {
		if r.n > 0 {
			r.change = (r.x - r.m) / r.n
			r.z = r.change / r.spread
		}
		return
	}
	score := countScore
	if l.rare {
		score = rareScore
	}
	r.z = score(r.x/r.bunch, max(r.m, 1e-3)/r.bunch, r.spread)
	if l.alike && r.z < 0 {
		b := r.clumps()
		r.z = max(r.z, score(r.x/b, r.m/b, l.least))
	}
	r.change = math.Log((r.x + 0.5) / (r.m + 0.5))
}

// at is the count whose score is z.
func (r *reading) at(l *law, z float64) float64 {
	count := countAt
	if l.rare {
		count = rareAt
	}
	x := r.bunch * count(z, max(r.m, 1e-3)/r.bunch, r.spread)
	if l.alike && z < 0 {
		b := r.clumps()
		x = min(x, b*count(z, r.m/b, l.least))
	}
	return x
}

// clumps is how many counts come together if all of the variance is of bunches. A rate that wanders
// is hardly ever nothing, a site of a visit a minute with ten requests in two minutes often is: it was
// told of each week. Where counts are large both say the same.
func (r *reading) clumps() float64 { return r.bunch + r.spread*r.m }

// judge is measure, with the surprise.
func (r *reading) judge(l *law) {
	r.measure(l)
	r.surprise = surprise(r.z)
}

// readings returns what the windows say that end with the last minute.
func (s *Series) readings() (rs [windows]reading) {
	var w sums
	last := 0
	for i, length := range lengths() {
		for ; last < length; last++ {
			at := (s.past.head - 1 - last + 2*hour) % hour
			w.add(float64(s.past.x[at]), float64(s.past.m[at]), float64(s.past.n[at]))
		}
		r := &rs[i]
		r.sums, r.span = w, int64(60*length)
		s.noise.describe(r, i, &s.law)
		if r.whole = s.past.covered(length); !r.whole {
			continue
		}
		r.measure(&s.law)
		r.matters = s.noise.seen >= 2*length && s.law.matters(r, i) && (i == 0 || !r.over(&rs[i-1], &s.law))
	}
	return rs
}

// over tells whether a change has ended: the next shorter window shows less than
// half of it, and that by more than chance. A deploy of two minutes was seen in the
// window of five for three more minutes, which told 13 % of them.
func (r *reading) over(short *reading, l *law) bool {
	if !short.whole || short.n == 0 {
		return false
	}
	deviation := short.spread
	if !l.latency {
		deviation = math.Sqrt(short.bunch/max(short.m, 1) + short.spread)
	}
	left := short.change
	if r.change < 0 {
		left = -left
	}
	return 0.7*math.Abs(r.change)-left > deviation
}

// matters tells whether a change is one that people are told, if it is no
// chance.
func (l *law) matters(r *reading, window int) bool {
	if math.Abs(r.change) < l.effect[window] || r.z == 0 {
		return false
	}
	switch {
	case l.latency:
		return r.z > 0
	case r.z > 0:
		return r.x >= l.up || l.wanted > 0 && r.m >= l.wanted
	}
	return r.m >= max(l.down, l.wanted)
}

// A noise is how much windows differ from what is expected when all is well.
type noise struct {
	// Of counts: discounted means of (X-M)^2 - M and of M^2. Their ratio is how
	// much the variance is beyond that of a Poisson count. A mean of ratios found
	// 69 % where this finds 79.
	excess, square [windows]float64
	// Of latency: the variance of the logarithm beyond each/n, of n requests.
	own  [windows]float32
	each float64
	seen int // minutes with anything in them, MaxInt32 at most

	steps   bunch
	minutes bunch
	fives   bunch // of five minutes
	fresh   mean  // what the steps of the open minute say
}

// A bunch is how much the variance of counts is above their mean, measured between each and
// the one before it, so that what goes on for longer is not taken for bunches.
type bunch struct {
	mean          // discounted (x-m)^2 and m
	off   float32 // x-m of the last one
	heard bool    // whether there was one
}

func newNoise() (n noise) {
	for i := range n.own {
		n.own[i] = 0.02
	}
	n.each = 0.5
	for _, b := range []*bunch{&n.steps, &n.minutes, &n.fives} {
		b.mean = mean{x: 20, n: 20}
	}
	return n
}

// together is how many counts come at once where a minute has so many: the variance of
// a step, or of a minute, is so many times its mean. A visitor asks for a page with all
// that is on it, a crawler for a hundred pages, and a site of few visitors is not one of as
// many requests that know nothing of one another. What the spread of minutes explains is
// no bunch of theirs: to count it twice lost 2 of 100 falls by 30 %. The same of five minutes, in
// which there is all of a visit that takes one or two.
func (n *noise) together(minute float64, l *law) float64 {
	return max(1, n.steps.x/n.steps.n, n.minutes.x/n.minutes.n-n.spread(0, l)*minute, n.fives.x/n.fives.n-n.spread(1, l)*5*minute)
}

// next takes how far off the next step, or minute, was, and returns what that says; weight is
// what there would have been without bunches.
func (b *bunch) next(x, m, weight float64, young bool) (said mean) {
	off := x - m
	if b.heard && m > 0 {
		apart := off - float64(b.off)
		// One incident does not make bunches of a site that is known, thirty do. A limit of
		// 16 times what was to be expected, alone, kept a site of a visitor an hour from ever
		// showing them: forty false alarms a week, and not 0.1.
		now, most := max(1, b.x/b.n), 0.25
		if young {
			most = 4
		}
		said = mean{x: min(apart*apart/2, max(16*now*m+1, most*now*b.n)), n: weight}
	}
	b.off, b.heard = float32(off), true
	return said
}

// deafen makes n forget the last step and minute: those to come do not follow them.
func (n *noise) deafen() { n.steps.heard, n.minutes.heard, n.fives.heard = false, false, false }

// settle takes what a minute and its steps said, if it is to be learned.
func (n *noise) settle(fade float64, minute mean, learned bool) {
	if learned {
		n.steps.add(fade, n.fresh.x, n.fresh.n)
		n.minutes.add(fade, minute.x, minute.n)
	}
	n.fresh = mean{}
}

// spread is that of counts in a window.
func (n *noise) spread(window int, l *law) float64 {
	v := 0.02
	if n.square[window] > 0 {
		v = n.excess[window] / n.square[window]
	}
	least := l.least
	if n.seen < 120 {
		least = max(least, 0.02) // two hours do not show how much is usual
	}
	// Past incidents widen the spread: without a limit they hide new ones (70 % of
	// errors found, not 91).
	return max(least, min(v, l.most))
}

// describe says how much a window differs when all is well.
func (n *noise) describe(r *reading, window int, l *law) {
	if l.latency {
		r.spread, r.bunch = math.Sqrt(float64(n.own[window])+n.each/max(r.n, 1)), 1
		return
	}
	r.spread, r.bunch = n.spread(window, l), n.together(60*r.m/float64(max(1, r.span)), l)
}

// learn takes what windows were off by. Nothing weighs more than what lies
// three deviations off, or the past would be known by its worst minute.
func (n *noise) learn(rs *[windows]reading, l *law) {
	a := max(1/l.memory, 1/float64(n.seen))
	for i := range rs {
		r := &rs[i]
		if !r.whole {
			continue
		}
		if l.latency {
			n.learnLatency(i, r, a)
			continue
		}
		off := (r.x - r.m) * (r.x - r.m)
		square := r.m * r.m
		poisson := r.bunch * r.m
		off = min(off, 9*(poisson+r.spread*square)+1)
		if n.square[i] == 0 {
			n.excess[i], n.square[i] = 0, square
			continue
		}
		n.excess[i] += a * (off - poisson - n.excess[i])
		n.square[i] += a * (square - n.square[i])
	}
}

// plausible returns what of a minute is learned: no more than lies within three
// deviations. Else the minutes before an alert were the new level: three of those
// in which a tenth of all requests fails are as much as 300 good ones.
func (s *Series) plausible(r *reading) float64 {
	if s.noise.seen < 2*silent || !s.f.sure || math.Abs(r.z) <= 3 {
		return r.x
	}
	if s.law.latency {
		off := 3 * r.spread * r.n
		return max(r.m-off, min(r.m+off, r.x))
	}
	return max(r.at(&s.law, -3), min(r.at(&s.law, 3), r.x))
}

func (n *noise) learnLatency(i int, r *reading, a float64) {
	weight := max(r.n, 1)
	off := r.change * r.change
	if i == 0 {
		n.each += a * (min(off*weight, 9*(n.each+float64(n.own[0])*weight)+1e-6) - n.each)
	}
	own := float64(n.own[i])
	off = min(off, 9*(own+n.each/weight)) - 0.8*n.each/weight
	n.own[i] = float32(max(0.0004, own+a*(off-own)))
}

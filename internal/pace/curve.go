package pace

import (
	"math"
	"math/bits"
	"time"

	"weir/internal/unit"
)

// A curve is cut into stairs of this length, each as high as the curve is on
// average over it; a curve longer than maxStairs of them has longer stairs.
//
// Pieces with a slope were tried in thought: request n of a ramp is due at a
// square root, of a sine at no closed form at all, and a Schedule would have to
// know each. Where stairs begin the integral is that of the curve, to a few
// millionths of a request; in between it is off by the slope times 12.5 µs²,
// which is 0.004 requests where the rate grows by 300/s each second.
const (
	stair     = 10 * time.Millisecond
	maxStairs = 1 << 22
)

// stairsOf returns into how many stairs a curve of that length is cut.
func stairsOf(d time.Duration) int64 {
	return min(int64((d-1)/stair)+1, maxStairs)
}

// foot returns where stair k of n begins in a curve of length d, in
// nanoseconds. Past the end it goes on with the same stairs.
func foot(k, n int64, d time.Duration) uint64 {
	hi, lo := bits.Mul64(uint64(k), uint64(d))
	if hi >= uint64(n) {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, uint64(n))
	return q
}

// border is foot as an offset, Forever where there is no later time.
func border(k, n int64, d time.Duration) time.Duration {
	return time.Duration(min(foot(k, n, d), uint64(Forever)))
}

// stairAt returns the stair that offset t lies in: the k with
// border(k) <= t < border(k+1).
func stairAt(t uint64, n int64, d time.Duration) int64 {
	hi, lo := bits.Mul64(t+1, uint64(n))
	lo, borrow := bits.Sub64(lo, 1, 0)
	q, _ := bits.Div64(hi-borrow, lo, uint64(d))
	return int64(q)
}

// A Ramp goes from one rate to another in a straight line, then stays there
// for Hold, then ends.
type Ramp struct {
	From, To unit.PerSecond
	Over     time.Duration // 0 = at once
	Hold     time.Duration // Forever = without end; 0 = it ends where the line does
}

// At implements Shape.
func (r Ramp) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	if t < r.Over {
		rate, until := slope(r.From, r.To, r.Over, t)
		return rate, until, true
	}
	end := Forever
	if r.Hold < Forever-max(r.Over, 0) {
		end = max(r.Over, 0) + max(r.Hold, 0)
	}
	return max(r.To, 0), end, t < end
}

// slope returns the stair at offset t of a line from one rate to another.
func slope(from, to unit.PerSecond, over, t time.Duration) (unit.PerSecond, time.Duration) {
	from, to = clamp(from), clamp(to)
	n := stairsOf(over)
	k := stairAt(uint64(t), n, over)
	if from <= to {
		return from + risen(to-from, k, n), border(k+1, n, over)
	}
	return from - risen(from-to, k, n), border(k+1, n, over)
}

// risen returns how high stair k of n lies on a line that rises by so much.
// It is the difference of two integrals, each cut to whole millionths, so that
// what is cut never adds up:
//
//	integral(k) = rise*k² / 2n
func risen(rise unit.PerSecond, k, n int64) unit.PerSecond {
	integral := func(k int64) uint64 {
		hi, lo := bits.Mul64(uint64(rise), uint64(k)*uint64(k)) // k² < 2^45
		q, _ := bits.Div64(hi%uint64(2*n), lo, uint64(2*n))     // modulo 2^64, as the difference is
		return q
	}
	return unit.PerSecond(integral(k+1) - integral(k))
}

func clamp(r unit.PerSecond) unit.PerSecond { return min(max(r, 0), unit.MaxPerSecond) }

// A Sine swings around a rate. It begins at Rate, upwards, and never ends. Each
// whole period has exactly as many requests as Rate alone would have.
type Sine struct {
	Rate      unit.PerSecond
	Amplitude unit.PerSecond // at most Rate counts
	Period    time.Duration  // above 0
}

// At implements Shape.
func (s Sine) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	if s.Period <= 0 {
		return 0, 0, false
	}
	rate := clamp(s.Rate)
	amplitude := min(clamp(s.Amplitude), rate)
	start := t - t%s.Period
	n := stairsOf(s.Period)
	k := stairAt(uint64(t%s.Period), n, s.Period)
	until := Forever
	if end := border(k+1, n, s.Period); end < Forever-start {
		until = start + end
	}
	// The second half is the first turned over, so that what is rounded in one
	// is made good in the other.
	sign := unit.PerSecond(1)
	half := k
	if 2*k+1 > n {
		sign, half = -1, n-1-k
	} else if 2*k+1 == n {
		sign = 0
	}
	angle := math.Pi / float64(n)
	mean := math.Sin(angle*float64(2*half+1)) * (math.Sin(angle) / angle) // of the curve over the stair
	return rate + sign*unit.PerSecond(math.Round(float64(amplitude)*mean)), until, true
}

// A Diurnal is the traffic of a site over the day: least before dawn, a plateau
// from mid-morning, most in the evening; the curve is drawn through 24 points,
// straight from one to the next. It never ends.
type Diurnal struct {
	Rate    unit.PerSecond // at the peak
	Least   int64          // what is left at the lowest point, in millionths of Rate
	Weekend int64          // of the sixth and seventh day of each week, in millionths of what other days have; 0 = all
	Day     time.Duration  // how long a day takes, 24 ns at least; 0 = 24 hours
	Peak    time.Duration  // time of the day, of 24 hours, at which there is most; 0 = 20:00, midnight is 24 hours
	From    time.Duration  // time of the day, of 24 hours, at offset 0
}

// whole is a share of all.
const whole = 1_000_000

// busiest is the hour in which daily has most.
const busiest = 20

// daily returns how busy a site is at each full hour, in thousandths, 0 being
// the quietest hour and 1000 the busiest.
func daily() [24]int64 {
	return [24]int64{
		420, 260, 130, 50, 0, 40, 150, 330, 520, 680, 770, 810,
		800, 790, 800, 810, 820, 840, 890, 960, 1000, 950, 800, 610,
	}
}

// At implements Shape.
func (d Diurnal) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	day := d.Day
	if day == 0 {
		day = 24 * time.Hour
	}
	if day < 24 || day > Forever/4 { // a quarter, so that no sum below wraps around
		return 0, 0, false
	}
	// q is the offset on a line of curves, of which the first begins before
	// offset 0; hour j of that line is hour j%24 of curve j/24.
	const clock = 24 * time.Hour
	shift := d.shift()
	ahead := foot(int64(d.From%clock+clock-shift), int64(clock), day)
	q := uint64(t) + ahead
	j := stairAt(q, 24, day)
	begin, end := foot(j, 24, day), foot(j+1, 24, day)
	rate, until := slope(d.knot(j, shift), d.knot(j+1, shift), time.Duration(end-begin), time.Duration(q-begin))
	if left := begin + uint64(until) - q; left < uint64(Forever-t) {
		return rate, t + time.Duration(left), true
	}
	return rate, Forever, true
}

// shift is how much later than in daily each hour comes, on a clock of 24
// hours.
func (d Diurnal) shift() time.Duration {
	const clock = 24 * time.Hour
	if d.Peak == 0 {
		return 0
	}
	return (d.Peak%clock + clock - busiest*time.Hour) % clock
}

// knot returns the rate at the full hour j.
func (d Diurnal) knot(j int64, shift time.Duration) unit.PerSecond {
	least := min(max(d.Least, 0), whole)
	share := least + (whole-least)*daily()[j%24]/1000
	// Curve 0 begins on the day before the first one, from its midnight on or
	// later; the first day is a Monday.
	const clock = 24 * time.Hour
	weekday := ((j*int64(time.Hour) + int64(shift)) / int64(clock)) % 7
	if d.Weekend > 0 && (weekday == 6 || weekday == 0) {
		share = share * min(d.Weekend, whole) / whole
	}
	return portion(d.Rate, share)
}

// portion returns a share of a rate, in millionths.
func portion(r unit.PerSecond, share int64) unit.PerSecond {
	hi, lo := bits.Mul64(uint64(clamp(r)), uint64(max(share, 0)))
	if hi >= whole {
		return unit.MaxPerSecond
	}
	q, _ := bits.Div64(hi, lo, whole)
	return unit.PerSecond(min(q, uint64(unit.MaxPerSecond)))
}

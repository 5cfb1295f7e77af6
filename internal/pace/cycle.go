package pace

import (
	"math/bits"
	"time"

	"weir/internal/unit"
)

// A Spell is a stretch of time of random length: each from Mean-Spread to
// Mean+Spread is as likely as any other. Spread is at most Mean.
type Spell struct{ Mean, Spread time.Duration }

// Cycles is a shape of two rates in turn: High for an On, Low for an Off, and
// so on without end. With constant spells it is a square wave.
//
// Lengths are drawn for groups of sixteen cycles: eight and their eight
// opposites, in random order. So each length is drawn uniformly, each group
// is exactly sixteen mean cycles long, and where a cycle begins is known without
// the cycles before it. Drawing each length alone was rejected: At would have
// to go through all lengths from the start.
type Cycles struct {
	High, Low unit.PerSecond
	On, Off   Spell
	OffFirst  bool // begins with Low
	Seed      uint64
}

// group is how many cycles are drawn together; a power of two.
const group = 16

// At implements Shape.
func (c Cycles) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	first, second := c.On, c.Off
	rates := [2]unit.PerSecond{clamp(c.High), clamp(c.Low)}
	if c.OffFirst {
		first, second = second, first
		rates[0], rates[1] = rates[1], rates[0]
	}
	first, second = first.sane(), second.sane()
	mean := first.Mean + second.Mean
	if mean <= 0 || mean > Forever/group {
		return 0, 0, false
	}
	if first.Spread == 0 && second.Spread == 0 { // the same, without drawing
		start := t - t%mean
		if t-start < first.Mean {
			return rates[0], later(start, first.Mean), true
		}
		return rates[1], later(start, mean), true
	}
	number := t / (group * mean)
	start := number * (group * mean)
	seed := mix(c.Seed + uint64(number)*golden)
	firsts, seconds := first.draw(seed), second.draw(mix(seed))
	for k := range group {
		for half, length := range [2]time.Duration{firsts[k], seconds[k]} {
			if t-start < length {
				return rates[half], later(start, length), true
			}
			start += length
		}
	}
	return 0, 0, false // the lengths of a group are those of its cycles together
}

// sane is s with lengths that can be.
func (s Spell) sane() Spell {
	s.Mean = max(s.Mean, 0)
	s.Spread = min(max(s.Spread, 0), s.Mean)
	return s
}

// draw returns the lengths of a group.
func (s Spell) draw(seed uint64) [group]time.Duration {
	var lengths [group]time.Duration
	next := func(below uint64) uint64 {
		seed += golden
		x, _ := bits.Mul64(mix(seed), below)
		return x
	}
	for k := 0; k < group; k += 2 {
		deviation := time.Duration(next(2*uint64(s.Spread)+1)) - s.Spread
		lengths[k], lengths[k+1] = s.Mean+deviation, s.Mean-deviation
	}
	for k := group - 1; k > 0; k-- {
		other := next(uint64(k) + 1)
		lengths[k], lengths[other] = lengths[other], lengths[k]
	}
	return lengths
}

// later returns start+length, or Forever where there is no such time.
func later(start, length time.Duration) time.Duration {
	if length > Forever-start {
		return Forever
	}
	return start + length
}

// A Markov is a shape of two rates between which chance decides once every
// interval: the traffic of bursty sources, as telephone engineers model it (the
// modulated process of A. T. Andersen, B. F. Nielsen and others; with Poisson
// arrivals it is the MMPP). It begins in Low and never ends.
type Markov struct {
	Low, High unit.PerSecond
	Rise      int64         // chance to go from Low to High, in millionths, 1 to 1,000,000
	Fall      int64         // chance to go from High to Low
	Every     time.Duration // 0 = one second
	Seed      uint64
}

// At implements Shape.
func (m Markov) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	every := m.Every
	if every <= 0 {
		every = time.Second
	}
	k := t / every
	until := later(k*every, every)
	if m.high(int64(k)) {
		return clamp(m.High), until, true
	}
	return clamp(m.Low), until, true
}

// high tells the state in interval k. One draw decides for both states what
// comes next, so some draws lead to one state from either:
//
//	0          rise              1-fall          1
//	|-- high ---|------- as it was ------|-- low --|
//
// (where rise and fall are more than 1 together, what lies between changes the
// state). Going back to the last such draw is enough, which is 1/(rise+fall)
// intervals on average, however long the time before.
func (m Markov) high(k int64) bool {
	rise, fall := min(max(m.Rise, 0), whole), min(max(m.Fall, 0), whole)
	turned := false
	for ; k > 0; k-- {
		x, _ := bits.Mul64(mix(m.Seed+uint64(k)*golden), whole)
		draw := int64(x)
		up, down := draw < rise, draw >= whole-fall
		switch {
		case up && !down:
			return !turned
		case down && !up:
			return turned
		case up && down:
			turned = !turned
		}
	}
	return turned
}

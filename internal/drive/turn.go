package drive

import (
	"math"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

// A Setting is what may be changed while a run goes on.
type Setting struct {
	Faster  int     // steps of 10 % above the rate that was asked for; below it where negative
	Jitter  float64 // share, 0 to 1
	Pattern int     // its number among those of the Plan
	Paused  bool    // nothing is due
}

// The steps that a rate may be changed by: from a hundredth of it to a hundred times.
const (
	Slowest = -48
	Fastest = 48
)

// Times is how many times the rate that was asked for a Setting wants. A step up and one down
// again lead to the same rate.
func (s Setting) Times() float64 {
	return math.Pow(1.1, float64(min(max(s.Faster, Slowest), Fastest)))
}

// A Turning Plan can be changed while it is followed. One that is not goes its way.
type Turning interface {
	Plan
	// Turn makes s hold from an offset on. With back the request that Next returned last, which
	// was not due by then, is given back: Next returns it once more, at its new time.
	Turn(at time.Duration, s Setting, back bool)
}

// Nobody stands for a request where nothing is due for now: Next is to be asked again at that
// time, or behind a Turn.
const Nobody = -1

// Turn implements Turning, where p has Patterns.
func (p *Paced) Turn(at time.Duration, s Setting, back bool) {
	pacer, ok := p.Pacer.(pace.Turning)
	if !ok || len(p.Patterns) == 0 {
		return
	}
	s.Pattern = min(max(s.Pattern, 0), len(p.Patterns)-1)
	if s.Pattern != p.pattern {
		p.pattern, p.since = s.Pattern, at
	}
	shape := p.shaped(s)
	p.turns = append(p.followed(), pace.TurnTo{From: at, Shape: shape})
	pacer.Turn(at, shape)
	p.paused = s.Paused
	p.ending.turn(back)
	p.held = p.held || back
}

// shaped is the rate over time that a Setting asks for. A pattern begins when it is turned to.
func (p *Paced) shaped(s Setting) pace.Shape {
	if s.Paused {
		return pace.Constant{}
	}
	var shape pace.Shape = pace.Later{Shape: p.Patterns[p.pattern], From: p.since}
	if s.Faster != 0 {
		shape = pace.Surge{Shape: shape, Times: int64(math.Round(s.Times() * 1e6))}
	}
	if s.Jitter > 0 {
		j := p.Jitter
		j.Shape, j.Amount = shape, s.Jitter
		shape = j
	}
	return shape
}

// followed are the shapes that were followed so far.
func (p *Paced) followed() pace.Turns {
	if len(p.turns) == 0 {
		p.turns = pace.Turns{{Shape: p.shaped(Setting{Jitter: p.Jitter.Amount})}}
	}
	return p.turns
}

// asked is how many requests the Plan has between two offsets, but for its end; false where that
// is not known.
func (p *Paced) asked(from, to time.Duration) (int64, bool) {
	if len(p.Patterns) == 0 {
		return 0, false
	}
	sum, turns := 0.0, p.followed()
	for from < to {
		rate, until, ok := turns.At(from)
		if !ok {
			break
		}
		until = min(until, to)
		sum += float64(rate) * float64(until-from)
		from = until
	}
	return int64(math.Round(sum / (float64(unit.One) * float64(time.Second)))), true
}

// Turn implements Turning: a replay has a speed, which a Setting changes, and no jitter.
func (r *Replay) Turn(at time.Duration, s Setting, back bool) {
	if r.times == 0 {
		r.times = 1
	}
	r.logged = r.inLog(at)
	r.turned = at
	r.times, r.paused = s.Times(), s.Paused
	if back {
		r.next--
	}
}

// inLog is how far into the log an offset of the run is.
func (r *Replay) inLog(at time.Duration) time.Duration {
	if r.paused {
		return r.logged
	}
	return r.logged + time.Duration(float64(at-r.turned)*r.times)
}

// inRun is when something of the log is due.
func (r *Replay) inRun(logged time.Duration) time.Duration {
	if r.times == 0 {
		return logged // never turned
	}
	far := float64(logged-r.logged) / r.times
	if far >= float64(pace.Forever-r.turned) {
		return pace.Forever
	}
	return r.turned + time.Duration(far)
}

// Turn implements Turning, where the Plan within does.
func (l *Limited) Turn(at time.Duration, s Setting, back bool) {
	p, ok := l.Plan.(Turning)
	if !ok {
		return
	}
	p.Turn(at, s, back)
	l.ending.turn(back)
}

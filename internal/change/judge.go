package change

import "math"

// judge looks at the readings of a minute that was closed.
func (s *Series) judge(rs *[windows]reading) (Decision, bool) {
	if s.state.firing {
		return s.wait(rs)
	}
	best := -1
	for i := range rs {
		r := &rs[i]
		if r.matters && s.rare(r.z) && (best < 0 || math.Abs(r.z) > math.Abs(rs[best].z)) {
			best = i
		}
	}
	if best < 0 || s.usual(&rs[best], best) {
		s.state.above = 0
		return Decision{}, false
	}
	if s.state.above++; s.state.above < hold {
		return Decision{}, false
	}
	r := rs[best]
	r.surprise = surprise(r.z)
	return s.fire(r), true
}

// rare tells whether a score is beyond the threshold.
func (s *Series) rare(z float64) bool { return z >= s.critical || -z >= s.below }

// usual tells whether what a window shows is what the usual course of the week has, or of the day:
// the tournament may have followed the last hour, which knows nothing of shops that open at eight.
func (s *Series) usual(r *reading, window int) bool {
	of := reading{sums: r.sums, span: r.span}
	if r.span < 60*hold {
		of.sums, of.span, window = s.past.sum(hold), 60*hold, 1
	}
	c, known := s.base.course(&s.f, int(of.span/60))
	if !known || of.n == 0 {
		return false
	}
	near := min(0.4, math.Abs(r.change)/2)
	if s.law.latency {
		return max(c.low-of.x/of.n, of.x/of.n-c.high) < near
	}
	of.m = c.low * of.n
	if r.change > 0 {
		of.m = c.high * of.n
	}
	s.noise.describe(&of, window, &s.law)
	of.measure(&s.law)
	off := of.change
	if r.change < 0 {
		off, of.z = -off, -of.z
	}
	return off < near || of.z < chance && !s.law.rare
}

// fire begins an alert, or finds that the former normal is back.
func (s *Series) fire(r reading) Decision {
	if d, ok := s.back(r); ok {
		return d
	}
	s.state.firing, s.state.since, s.state.span, s.state.change = true, s.at, r.span, r.change
	s.state.above, s.state.below, s.state.frozen = 0, 0, 0
	return s.decision(Alert, r)
}

// back tells whether what would be an alert is the end of what was taken for
// the new normal: the last minutes are what was normal before it.
func (s *Series) back(r reading) (Decision, bool) {
	if s.state.moved == 0 || s.at-s.state.when > memory || (r.change > 0) == (s.state.moved > 0) {
		return Decision{}, false
	}
	now, by := reading{sums: s.past.sum(hold), span: 60 * hold}, -s.state.moved
	// Held against what was normal, and not against what it is a multiple of: of nothing there is none.
	now.m = s.moved(now.sums, by)
	s.noise.describe(&now, 1, &s.law)
	now.measure(&s.law)
	if math.Abs(now.change) > 0.3 {
		return Decision{}, false
	}
	s.state = state{}
	s.move(by, now.n)
	now.judge(&s.law)
	return s.decision(Returned, now), true
}

// move makes e^by of what is expected now, and forgets what was compared with
// what was expected before. n is the weight of what it was seen in.
func (s *Series) move(by, n float64) {
	s.base.settle(&s.f, by, n)
	s.past.clear(0)
	s.slots, s.none = [MaxSteps]sums{}, void{}
	s.noise.deafen()
}

// moved is what is expected where what was expected before has moved by so much.
func (s *Series) moved(w sums, by float64) float64 {
	if s.law.latency {
		return w.m + by*w.n
	}
	return w.m * math.Exp(by)
}

// wait looks whether an alert is over, or has become the new normal.
func (s *Series) wait(rs *[windows]reading) (Decision, bool) {
	st := &s.state
	st.frozen++
	if st.frozen == youth {
		s.base.stale(&s.f)
	}
	i := 1
	if st.span > 300 {
		i = 2 // what five minutes did not show does not end in them
	}
	r := rs[i]
	// Half-way back, or chance would end what needed a quarter of an hour to be seen.
	near := math.Abs(r.change) < math.Abs(st.change)/2 || (r.change > 0) != (st.change > 0)
	if s.o.Kind == Traffic && st.change < 0 && r.x == 0 {
		near = false // nothing at all is no recovery, however little was to be expected of it
	}
	quiet := !(r.matters && s.rare(r.z))
	if r.whole && near && quiet {
		if st.below++; st.below >= calm {
			r.judge(&s.law)
			d := s.decision(Recovered, r)
			s.trust(false)
			st.firing, st.above, st.below = false, 0, 0
			// The minutes of the alert would tell it once more, through the longer windows.
			s.past.clear(calm)
			return d, true
		}
		return Decision{}, false
	}
	st.below = 0
	if st.frozen < freeze {
		return Decision{}, false
	}
	return s.accept(rs)
}

// trust makes sure what was learned of an alert that was too long for an incident, or in which less has stayed.
func (s *Series) trust(less bool) {
	if less || s.state.frozen >= closing {
		s.base.trust(s.o.Calendar, s.state.since, s.at)
	}
}

// standing is a figure that windows share as long as nothing changes: by how much they are off what was
// expected or, bare, what there is, where next to nothing was. A site that came back after days was never
// steady, for a quarter of an hour is three times as many times nothing as five minutes.
func (r *reading) standing(bare bool) float64 {
	if bare {
		return math.Log((r.x + 0.5) / max(r.n, 1))
	}
	return r.change
}

// scarce are the counts below which an expectation is next to nothing, least is the smallest rate.
const (
	scarce = 5
	least  = 1e-6
)

// accept takes what is there for the new normal: the level of a quarter of an
// hour, or of an hour where that says little. Nothing at all is an outage, and
// stays one for a day.
func (s *Series) accept(rs *[windows]reading) (Decision, bool) {
	r := rs[2]
	if !r.whole || !s.law.latency && r.m < 30 {
		r = rs[3]
	}
	// What is still on its way is no normal.
	bare, by := s.law.alike && rs[1].m < scarce, r.change
	now := r.standing(bare)
	steady := math.Abs(now-rs[1].standing(bare)) < 0.3 && (!rs[3].whole || math.Abs(now-rs[3].standing(bare)) < 0.3)
	if s.o.Kind == Traffic && r.x <= loss*r.m {
		steady = s.state.frozen >= outage && rs[1].x <= loss*rs[1].m
	}
	if !r.whole || !steady {
		return Decision{}, false
	}
	if s.law.alike && r.m < scarce && r.x > 0 {
		by = math.Log(r.x / r.n / max(s.f.rate, least))
	}
	r.judge(&s.law)
	d := s.decision(NewNormal, r)
	s.trust(by < 0)
	s.move(by, r.n)
	s.state = state{moved: by, when: s.at}
	return d, true
}

package query

import (
	"math"

	"weir/internal/accesslog"
)

type (
	conjunction []predicate
	disjunction []predicate
	negation    struct{ of predicate }
	malformed   struct{}
	present     struct{ id fieldID }
)

func (p conjunction) match(m *Matcher, r *accesslog.Record) bool {
	for _, part := range p {
		if !part.match(m, r) {
			return false
		}
	}
	return true
}

func (p disjunction) match(m *Matcher, r *accesslog.Record) bool {
	for _, part := range p {
		if part.match(m, r) {
			return true
		}
	}
	return false
}

func (p negation) match(m *Matcher, r *accesslog.Record) bool { return !p.of.match(m, r) }

func (malformed) match(_ *Matcher, r *accesslog.Record) bool { return r.Malformed }

func (p present) match(m *Matcher, r *accesslog.Record) bool { return len(m.text(p.id, r)) > 0 }

// textIs holds when the line carries the field and the test holds.
type textIs struct {
	id   fieldID
	test test
}

func (p *textIs) match(m *Matcher, r *accesslog.Record) bool {
	b := m.text(p.id, r)
	return len(b) > 0 && p.test.holds(b)
}

// statusBetween is between for the field that is asked for most.
type statusBetween struct{ low, high int }

func (p *statusBetween) match(_ *Matcher, r *accesslog.Record) bool {
	return p.low <= r.Status && r.Status <= p.high
}

// between holds for a number from low to high, both included. Where the field
// is missing its number is below every low.
type between struct {
	id        fieldID
	low, high int64
}

func (p *between) match(m *Matcher, r *accesslog.Record) bool {
	n := m.number(p.id, r)
	return p.low <= n && n <= p.high
}

// inNumbers holds for a number in one of several stretches, sorted and apart.
type inNumbers struct {
	id          fieldID
	lows, highs []int64
}

func (p *inNumbers) match(m *Matcher, r *accesslog.Record) bool {
	n := m.number(p.id, r)
	low, high := 0, len(p.highs)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if p.highs[middle] < n {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(p.lows) && p.lows[low] <= n
}

const lastNano = 999_999_999

// A moment is Unix seconds with a fraction.
type moment struct {
	sec   int64
	nanos int32
}

func (t moment) before(u moment) bool {
	return t.sec < u.sec || t.sec == u.sec && t.nanos < u.nanos
}

// previous and next are a nanosecond away; parsed times are far from the ends
// of the number.
func (t moment) previous() moment {
	if t.nanos == 0 {
		return moment{t.sec - 1, lastNano}
	}
	return moment{t.sec, t.nanos - 1}
}

func (t moment) next() moment {
	if t.nanos == lastNano {
		return moment{t.sec + 1, 0}
	}
	return moment{t.sec, t.nanos + 1}
}

// inTime holds for a time between from and to, both included.
type inTime struct{ from, to moment }

func (p *inTime) match(_ *Matcher, r *accesslog.Record) bool {
	t := moment{r.Sec, r.Nanos}
	return !t.before(p.from) && !p.to.before(t)
}

// clientIn holds for a client of the networks, or one that names holds for.
type clientIn struct {
	networks *networks
	names    test // nil without names
}

func (p *clientIn) match(_ *Matcher, r *accesslog.Record) bool {
	if len(r.Client) == 0 {
		return false
	}
	if a, ok := parseAddress(r.Client); ok {
		return p.networks.has(a)
	}
	return p.names != nil && p.names.holds(r.Client)
}

// number returns a field that is a number; where it is missing, 0 or less for
// status and class, and less than 0 for latency.
func (m *Matcher) number(id fieldID, r *accesslog.Record) int64 {
	switch id {
	case statusField:
		return int64(r.Status)
	case classField:
		return int64(r.Status / 100)
	case bytesField:
		return max(0, r.Bytes)
	case latencyField:
		return int64(r.Latency)
	case hourField:
		return m.secondOfDay(r.Sec) / 3600
	case weekdayField:
		return m.weekday(r.Sec)
	}
	return math.MinInt64
}

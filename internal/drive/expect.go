package drive

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// An Expectation is what must hold of a Report: p99<50ms.
type Expectation struct {
	text     string
	measure  string
	relation string // <, <=, > or >=
	limit    float64
	share    bool // of what was due: errors<1%
	quantile float64
	of       func(*Report) *Distribution // of a time; nil for a number
}

const expectForm = "write it as p99<50ms, max<1s, service-p95<10ms, lag-p99<1ms, errors<1%, failed<10, 5xx<0.1%, 404<5% or rate>495"

// String returns the expectation as it was given.
func (e *Expectation) String() string { return e.text }

// ParseExpectation reads one.
func ParseExpectation(s string) (Expectation, error) {
	e, err := parseExpectation(strings.TrimSpace(s))
	if err != nil {
		return Expectation{}, fmt.Errorf("%q: %w: %s", s, err, expectForm)
	}
	return e, nil
}

func parseExpectation(s string) (Expectation, error) {
	e := Expectation{text: s}
	at := strings.IndexAny(s, "<>")
	if at <= 0 {
		return e, errors.New("there is no < or > in it")
	}
	e.measure, e.relation = strings.TrimSpace(s[:at]), s[at:at+1]
	limit := s[at+1:]
	if strings.HasPrefix(limit, "=") {
		e.relation, limit = e.relation+"=", limit[1:]
	}
	limit = strings.TrimSpace(limit)
	if e.time(e.measure) {
		d, err := unit.ParseSpan(limit)
		e.limit = float64(d)
		return e, err
	}
	if !number(e.measure) {
		return e, fmt.Errorf("nothing is measured by the name %q", e.measure)
	}
	if e.measure != "rate" {
		limit, e.share = strings.CutSuffix(limit, "%")
	}
	var err error
	if e.limit, err = strconv.ParseFloat(limit, 64); err != nil || !(e.limit >= 0 && e.limit < 1e18) {
		return e, fmt.Errorf("%q is no number", limit)
	}
	if e.share && e.limit > 100 {
		return e, errors.New("there is no more than 100%")
	}
	e.limit /= map[bool]float64{true: 100, false: 1}[e.share]
	return e, nil
}

// time reads the name of a time: p99, p99.9, max, mean, with service- or lag- in front.
func (e *Expectation) time(name string) bool {
	of := func(r *Report) *Distribution { return &r.Latency }
	if rest, ok := strings.CutPrefix(name, "service-"); ok {
		name, of = rest, func(r *Report) *Distribution { return &r.Service }
	} else if rest, ok := strings.CutPrefix(name, "lag-"); ok {
		name, of = rest, func(r *Report) *Distribution { return &r.Lag }
	} else if rest, ok := strings.CutPrefix(name, "latency-"); ok {
		name = rest
	}
	switch {
	case name == "max":
		e.quantile = 1
	case name == "mean":
		e.quantile = -1
	case strings.HasPrefix(name, "p"):
		q, err := strconv.ParseFloat(name[1:], 64)
		if err != nil || !(q > 0 && q <= 100) {
			return false
		}
		e.quantile = q / 100
	default:
		return false
	}
	e.of = of
	return true
}

// number tells whether something is counted by that name.
func number(name string) bool {
	switch name {
	case "errors", "failed", "rate", "late":
		return true
	}
	if len(name) != 3 || name[0] < '1' || name[0] > '9' {
		return false
	}
	_, err := strconv.Atoi(name)
	return err == nil || name[1:] == "xx"
}

// Check returns what a report has instead; "" where the expectation holds. No answer at all is
// no fast answer.
func (e *Expectation) Check(r *Report) string {
	got, shown := e.value(r)
	if shown != unit.None {
		switch e.relation {
		case "<":
			if got < e.limit {
				return ""
			}
		case "<=":
			if got <= e.limit {
				return ""
			}
		case ">":
			if got > e.limit {
				return ""
			}
		case ">=":
			if got >= e.limit {
				return ""
			}
		}
	}
	return fmt.Sprintf("expected %s, got %s", e.text, shown)
}

// value returns what is measured, and how it is written.
func (e *Expectation) value(r *Report) (float64, string) {
	if e.of != nil {
		d := e.of(r)
		v := d.Quantile(e.quantile)
		if e.quantile < 0 && v >= 0 {
			v = time.Duration(d.h.Mean())
		}
		return float64(v), unit.Duration(v)
	}
	n := int64(0)
	switch e.measure {
	case "rate":
		return r.SentRate, perSecond(r.SentRate)
	case "errors":
		n = r.Bad()
	case "failed":
		n = r.Failed
	case "late":
		n = r.Late
	default:
		for status, k := range r.Status {
			if status == e.measure || e.measure[1:] == "xx" && status[0] == e.measure[0] {
				n += k
			}
		}
	}
	if e.share {
		if r.Due == 0 {
			return 0, unit.None
		}
		return float64(n) / float64(r.Due), unit.Percent(n, r.Due)
	}
	return float64(n), unit.Count(n)
}

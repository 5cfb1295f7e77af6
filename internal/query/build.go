package query

import (
	"math"
	"slices"
	"strings"

	"weir/internal/accesslog"
)

// A predicate is a node of the tree that is walked for each record.
type predicate interface {
	match(m *Matcher, r *accesslog.Record) bool
}

// What a predicate costs, roughly in nanoseconds.
const (
	numberCost  = 3
	textCost    = 6
	derivedCost = 30
	patternCost = 300
)

// build makes the predicate of an expression and tells its cost. The parts of
// "and" and "or" have no effects, so the cheap ones go first.
func build(e expr) (predicate, int) {
	switch e := e.(type) {
	case allOf:
		parts, cost := buildParts(e)
		return conjunction(parts), cost
	case anyOf:
		parts, cost := buildParts(e)
		return disjunction(parts), cost
	case not:
		p, cost := build(e.of)
		return negation{p}, cost
	}
	return buildCondition(e.(condition)) // there is nothing else
}

func buildParts(parts []expr) ([]predicate, int) {
	type part struct {
		predicate
		cost int
	}
	var built []part
	total := 0
	for _, e := range parts {
		p, cost := build(e)
		built = append(built, part{p, cost})
		total += cost
	}
	slices.SortStableFunc(built, func(a, b part) int { return a.cost - b.cost })
	var out []predicate
	for _, p := range built {
		out = append(out, p.predicate)
	}
	return out, total
}

func buildCondition(c condition) (predicate, int) {
	id := c.field.id
	switch c.field.Kind {
	case Flag:
		return malformed{}, numberCost
	case Moment:
		return buildMoment(c), numberCost
	case Text, Name, Address:
		return buildText(c)
	}
	if c.op == opExists {
		return &between{id, leastNumber(id), math.MaxInt64}, numberCost
	}
	if len(c.values) > 1 {
		return buildNumbers(c), numberCost + len(c.values)/8
	}
	low, high := bounds(c.op, c.values[0].low, c.values[0].high, leastNumber(id))
	if id == statusField {
		return &statusBetween{int(low), int(high)}, numberCost
	}
	return &between{id, low, high}, numberCost
}

// leastNumber is the smallest value of a field that is not missing.
func leastNumber(id fieldID) int64 {
	if id == statusField || id == classField {
		return 1
	}
	return 0
}

// bounds returns the stretch in which op holds against the stretch low to high.
func bounds(op operator, low, high, least int64) (int64, int64) {
	switch op {
	case opLess:
		return least, low - 1
	case opAtMost:
		return least, high
	case opMore:
		if high == math.MaxInt64 {
			return 1, 0
		}
		return high + 1, math.MaxInt64
	case opAtLeast:
		return low, math.MaxInt64
	}
	return low, high
}

// buildNumbers joins a list into stretches that are sorted and apart.
func buildNumbers(c condition) predicate {
	values := slices.Clone(c.values)
	slices.SortFunc(values, func(a, b value) int { return int(min(max(a.low-b.low, -1), 1)) })
	p := &inNumbers{id: c.field.id}
	for _, v := range values {
		if n := len(p.highs); n > 0 && v.low <= p.highs[n-1] {
			p.highs[n-1] = max(p.highs[n-1], v.high)
			continue
		}
		p.lows, p.highs = append(p.lows, v.low), append(p.highs, v.high)
	}
	return p
}

func buildMoment(c condition) predicate {
	v := c.values[0]
	p := &inTime{moment{math.MinInt64, 0}, moment{math.MaxInt64, lastNano}}
	switch c.op {
	case opLess:
		p.to = v.from.previous()
	case opAtMost:
		p.to = v.to
	case opMore:
		p.from = v.to.next()
	case opAtLeast:
		p.from = v.from
	default:
		p.from, p.to = v.from, v.to
	}
	return p
}

func buildText(c condition) (predicate, int) {
	if c.field.id == countryField && c.op != opExists {
		code := c
		code.field.id = codeField
		name, cost := buildTextOf(c)
		short, _ := buildTextOf(code)
		return disjunction{name, short}, cost + textCost
	}
	return buildTextOf(c)
}

func buildTextOf(c condition) (predicate, int) {
	cost := textCost
	if c.field.classify || c.field.locate || c.field.id == sectionField || c.field.id == siteField {
		cost = derivedCost
	}
	switch {
	case c.op == opExists:
		return present{c.field.id}, cost
	case c.field.id == clientField && (c.op == opEqual || c.op == opIn):
		return buildClient(c), cost + 10
	case c.op == opIn:
		var texts []string
		for _, v := range c.values {
			if c.field.classify {
				v.text = strings.ToLower(v.text)
			}
			texts = append(texts, v.text)
		}
		return &textIs{c.field.id, membership(texts)}, cost + min(len(texts), 10)
	case c.op == opMatches || c.op == opMatchesFold:
		if _, slow := c.values[0].test.(*pattern); slow {
			cost += patternCost
		}
		return &textIs{c.field.id, c.values[0].test}, cost + textCost
	}
	return &textIs{c.field.id, c.values[0].test}, cost
}

func buildClient(c condition) predicate {
	var sets []*networks
	var names []string
	for _, v := range c.values {
		if v.networks == nil {
			names = append(names, v.text)
			continue
		}
		sets = append(sets, v.networks)
	}
	switch {
	case len(sets) == 0:
		return &textIs{clientField, membership(names)}
	case len(names) == 0:
		return &clientIn{networks: union(sets)}
	}
	return &clientIn{networks: union(sets), names: membership(names)}
}

package query

import "math"

// A verdict is what is known of an expression where one field alone is.
type verdict uint8

const (
	open verdict = iota
	holds
	fails
)

func (v verdict) negated() verdict { return [...]verdict{open, fails, holds}[v] }

func sure(yes bool) verdict {
	if yes {
		return holds
	}
	return fails
}

// Never reports whether no record can match, whatever its other fields are, since there is no
// value of one of them with which the rest could hold: "status = 200 and status = 404". It is not
// asked of fields that are made of others, and no contradiction between several fields is found: a Query
// of which it is false may match nothing.
func (q *Query) Never() bool {
	seen := map[fieldID]bool{}
	for _, c := range conditions(q.tree, nil) {
		id := c.field.id
		if id == classField {
			id = statusField // the one is made of the other
		}
		if seen[id] || c.field.classify || c.field.locate {
			continue
		}
		seen[id] = true
		switch c.field.Kind {
		case Status, Class, Size, Duration, Hour, Weekday:
			if neverNumber(q.tree, id) {
				return true
			}
		case Text:
			if neverText(q.tree, id) {
				return true
			}
		}
	}
	return false
}

// conditions appends those of an expression.
func conditions(e expr, to []condition) []condition {
	switch e := e.(type) {
	case allOf:
		for _, part := range e {
			to = conditions(part, to)
		}
	case anyOf:
		for _, part := range e {
			to = conditions(part, to)
		}
	case not:
		return conditions(e.of, to)
	case condition:
		return append(to, e)
	}
	return to
}

// judge is Kleene's logic of three values (S. C. Kleene, On notation for ordinal numbers, 1938)
// over an expression, with what is known of its conditions.
func judge(e expr, known func(condition) verdict) verdict {
	all := func(parts []expr, decides verdict) verdict {
		v := decides.negated()
		for _, part := range parts {
			switch judge(part, known) {
			case decides:
				return decides
			case open:
				v = open
			}
		}
		return v
	}
	switch e := e.(type) {
	case allOf:
		return all(e, fails)
	case anyOf:
		return all(e, holds)
	case not:
		return judge(e.of, known).negated()
	}
	return known(e.(condition)) // there is nothing else
}

// neverNumber looks at the ends of all stretches that a number is compared with, and beside
// them: between two of these nothing changes.
func neverNumber(e expr, id fieldID) bool {
	least := leastNumber(id)
	of := func(c condition) bool { return c.field.id == id || id == statusField && c.field.id == classField }
	try := []int64{least - 1, least, 999}
	for _, c := range conditions(e, nil) {
		if !of(c) {
			continue
		}
		for _, v := range c.values {
			low, high := v.low, v.high
			if c.field.id == classField {
				low, high = 100*low, min(high, 9)*100+99
			}
			try = append(try, low, high, max(low, math.MinInt64+1)-1, min(high, math.MaxInt64-1)+1)
		}
	}
	for _, n := range try {
		if n < least-1 || id == statusField && n > 999 || id == hourField && n > 23 || id == weekdayField && n > 6 {
			continue
		}
		v := judge(e, func(c condition) verdict {
			if !of(c) {
				return open
			}
			n, least := n, least
			if c.field.id == classField {
				n /= 100
			}
			if c.op == opExists {
				return sure(n >= least)
			}
			for _, v := range c.values {
				if low, high := bounds(c.op, v.low, v.high, least); low <= n && n <= high {
					return holds
				}
			}
			return fails
		})
		if v != fails {
			return false
		}
	}
	return true
}

// neverText looks at all texts that a field is to be equal to, and at any other.
func neverText(e expr, id fieldID) bool {
	try := []string{""}
	for _, c := range conditions(e, nil) {
		if c.field.id == id && (c.op == opEqual || c.op == opIn) {
			for _, v := range c.values {
				try = append(try, v.text)
			}
		}
	}
	on := func(text string, other bool) bool {
		return judge(e, func(c condition) verdict {
			switch {
			case c.field.id != id:
				return open
			case c.op == opExists:
				return sure(other || text != "")
			case c.op == opEqual || c.op == opIn:
				for _, v := range c.values {
					if !other && v.text == text {
						return holds
					}
				}
				return fails
			case other:
				return open
			}
			return sure(text != "" && c.values[0].test.holds([]byte(text)))
		}) == fails
	}
	for _, text := range try {
		if !on(text, false) {
			return false
		}
	}
	return on("", true)
}

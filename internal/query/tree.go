package query

import "strings"

// An expr is a part of an expression: allOf, anyOf, not or condition.
type expr interface{}

type (
	allOf []expr
	anyOf []expr
	not   struct{ of expr }
)

// A condition compares a field with values. Negative operators are not around
// their positive twins.
type condition struct {
	field  column
	op     operator
	values []value // one, more for opIn, none for opExists
}

// negate removes a double negation.
func negate(e expr) expr {
	if n, ok := e.(not); ok {
		return n.of
	}
	return not{e}
}

// join joins with "and" or "or"; parts that are joined so already become its own.
func join[T interface {
	~[]expr
	expr
}](parts []expr) expr {
	var out T
	for _, e := range parts {
		if inner, ok := e.(T); ok {
			out = append(out, inner...)
		} else {
			out = append(out, e)
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return out
}

// How tightly expressions bind: what binds less than its surroundings needs
// parentheses.
const (
	bindsOr = iota
	bindsAnd
	bindsNot
)

func canonical(e expr) string {
	var b strings.Builder
	write(&b, e, bindsOr)
	return b.String()
}

func write(b *strings.Builder, e expr, outside int) {
	switch e := e.(type) {
	case anyOf:
		writeParts(b, e, " or ", bindsOr, outside)
	case allOf:
		writeParts(b, e, " and ", bindsAnd, outside)
	case not:
		if c, ok := e.of.(condition); ok {
			writeCondition(b, c, true)
			return
		}
		b.WriteString("not ")
		write(b, e.of, bindsNot)
	case condition:
		writeCondition(b, e, false)
	}
}

func writeParts(b *strings.Builder, parts []expr, word string, binds, outside int) {
	if binds < outside {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	for i, e := range parts {
		if i > 0 {
			b.WriteString(word)
		}
		write(b, e, binds+1)
	}
}

// writeCondition writes a condition or its negation.
func writeCondition(b *strings.Builder, c condition, negated bool) {
	how := c.op.spelling()
	if negated && how.negative == "" {
		b.WriteString("not ")
	}
	b.WriteString(c.field.Name)
	if c.op == opExists {
		if !standsAlone(c.field.Kind) {
			b.WriteString(" exists")
		}
		return
	}
	b.WriteByte(' ')
	if negated && how.negative != "" {
		b.WriteString(how.negative)
	} else {
		b.WriteString(how.names[0])
	}
	b.WriteByte(' ')
	if c.op != opIn || len(c.values) == 1 {
		b.WriteString(quote(c.values[0].text))
		return
	}
	b.WriteByte('(')
	for i, v := range c.values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(v.text))
	}
	b.WriteByte(')')
}

// standsAlone tells whether a field of this kind is a condition by itself.
func standsAlone(k Kind) bool { return k == Flag || k == Name }

// quote writes a value as it can be read: bare where that is plain.
func quote(s string) string {
	plain := s != "" && !joins(s)
	for i := 0; i < len(s) && plain; i++ {
		c := s[i]
		plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_./:-*%@+", c) >= 0
	}
	switch {
	case plain:
		return s
	case strings.Contains(s, `"`) && !strings.Contains(s, "'"):
		return "'" + s + "'"
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// joins tells whether a word joins conditions, and so is no bare value.
func joins(word string) bool {
	return strings.EqualFold(word, "and") || strings.EqualFold(word, "or") || strings.EqualFold(word, "not")
}

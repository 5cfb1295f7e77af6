package query

import "strings"

// An operator compares a field with values.
type operator uint8

const (
	opEqual operator = iota
	opLess
	opAtMost
	opMore
	opAtLeast
	opIn
	opMatches
	opMatchesFold
	opContains
	opStarts
	opEnds
	opLike
	opExists
)

// A spelling is how an operator is written: the canonical name first. negative
// is its negation in one piece, "" where "not" stands before the condition.
type spelling struct {
	op       operator
	names    []string
	negative string
}

// spellings returns the table of operators.
func spellings() []spelling {
	return []spelling{
		{opEqual, []string{"=", "=="}, "!="},
		{opLess, []string{"<"}, ""},
		{opAtMost, []string{"<="}, ""},
		{opMore, []string{">"}, ""},
		{opAtLeast, []string{">="}, ""},
		{opIn, []string{"in"}, "not in"},
		{opMatches, []string{"~", "=~"}, "!~"},
		{opMatchesFold, []string{"~*", "=~*"}, "!~*"},
		{opContains, []string{"contains", "*="}, ""},
		{opStarts, []string{"startswith", "^="}, ""},
		{opEnds, []string{"endswith", "$="}, ""},
		{opLike, []string{"like"}, ""},
		{opExists, []string{"exists"}, ""},
	}
}

// spelling returns the row of op; the table is in the order of the constants.
func (op operator) spelling() spelling { return spellings()[op] }

// symbols returns the operators made of signs, longer ones before those that
// they begin with.
func symbols() []string {
	return []string{"=~*", "!~*", "=~", "==", "!=", "!~", "<=", ">=", "~*", "^=", "$=", "*=", "=", "<", ">", "~"}
}

// named returns the operator of a name; negative tells that it is the negation.
func named(name string) (op operator, negative, ok bool) {
	name = strings.ToLower(name)
	for _, s := range spellings() {
		if s.negative == name {
			return s.op, true, true
		}
		for _, n := range s.names {
			if n == name {
				return s.op, false, true
			}
		}
	}
	return 0, false, false
}

// takes tells whether fields of kind k can be compared with op.
func (k Kind) takes(op operator) bool {
	switch op {
	case opEqual, opExists:
		return true
	case opIn:
		return k != Moment && k != Flag
	case opLess, opAtMost, opMore, opAtLeast:
		return k == Status || k == Class || k == Size || k == Duration || k == Moment || k == Hour
	}
	return k == Text || k == Address || k == Name
}

// taken lists the operators that fields of kind k take, for messages.
func (k Kind) taken() string {
	switch k {
	case Text, Address, Name:
		return "= != in ~ ~* contains startswith endswith like exists"
	case Moment:
		return "= != < <= > >="
	case Weekday:
		return "= != in"
	case Flag:
		return "= !="
	}
	return "= != < <= > >= in"
}

package query

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A parser reads an expression by recursive descent:
//
//	or        = and { ("or" | "||") and }
//	and       = not { ("and" | "&&") not }
//	not       = { "not" | "!" } ( "(" or ")" | condition )
//	condition = field [ operator value | ["not"] "in" list | ["not"] "exists" ]
//
// What a word may hold depends on what is expected, so it takes the text as it
// goes and has no tokens.
type parser struct {
	text    string
	at      int  // byte offset
	depth   int  // of open parentheses
	budget  int  // size of regular expressions so far
	places  bool // a field was named that asks where clients are
	options Options
	lists   bool // forwarded is asked for
}

func (p *parser) parse() (expr, error) {
	if len(p.text) > maxText {
		return nil, p.fail(0, "the expression is longer than 64 KiB: shorten it")
	}
	if p.skip(); p.at == len(p.text) {
		return nil, p.fail(0, "the expression is empty: write a condition such as status >= 500")
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.skip()
	switch {
	case p.at == len(p.text):
		return e, nil
	case p.text[p.at] == ')':
		return nil, p.fail(p.at, "this ) has no ( before it")
	case p.text[p.at] == ',':
		return nil, p.fail(p.at, "a comma stands only in a list: write status in (404, 5xx)")
	}
	return nil, p.fail(p.at, `"and" or "or" is missing before %s: join conditions with them, and quote text that has spaces or parentheses`, shown(p.glance()))
}

func (p *parser) or() (expr, error) {
	return p.chain(p.and, "or", "||", join[anyOf])
}

func (p *parser) and() (expr, error) {
	return p.chain(p.not, "and", "&&", join[allOf])
}

// chain reads operands joined by a word or a sign.
func (p *parser) chain(operand func() (expr, error), word, sign string, join func([]expr) expr) (expr, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	parts := []expr{first}
	for p.keyword(word) || p.sign(sign) {
		e, err := operand()
		if err != nil {
			return nil, err
		}
		parts = append(parts, e)
	}
	return join(parts), nil
}

func (p *parser) not() (expr, error) {
	odd := false
	for p.keyword("not") || p.bang() {
		odd = !odd
	}
	e, err := p.operand()
	if err == nil && odd {
		e = negate(e)
	}
	return e, err
}

// bang takes a "!" that begins no operator.
func (p *parser) bang() bool {
	p.skip()
	rest := p.text[p.at:]
	return !strings.HasPrefix(rest, "!=") && !strings.HasPrefix(rest, "!~") && p.sign("!")
}

func (p *parser) operand() (expr, error) {
	p.skip()
	open := p.at
	if !p.sign("(") {
		return p.condition()
	}
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(open, "parentheses are nested more than %d deep: write the expression flatter", maxDepth)
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skip(); !p.sign(")") {
		if p.at < len(p.text) {
			return nil, p.fail(p.at, `"and", "or" or ) is missing before %s: join conditions with them, and quote text that has spaces or parentheses`, shown(p.glance()))
		}
		return nil, p.fail(open, "this ( is not closed: add a )")
	}
	p.depth--
	return e, nil
}

// condition reads a field with what it is compared with.
func (p *parser) condition() (expr, error) {
	p.skip()
	at := p.at
	name := p.name()
	switch {
	case name == "" && at == len(p.text):
		return nil, p.fail(at, "a condition is missing at the end: write a field, an operator and a value")
	case name == "" && p.startsOperator():
		return nil, p.fail(at, "a field is missing before %s: write one such as status or path", shown(p.glance()))
	case name == "":
		return nil, p.fail(at, "a condition is expected here, not %s: it begins with a field such as status or path", shown(p.glance()))
	case joins(name):
		return nil, p.fail(at, "a condition is missing before %s", shown(name))
	}
	field, ok := lookup(name)
	if !ok {
		return nil, p.unknown(at, name)
	}
	if field.classify && p.options.Agent == nil {
		return nil, p.fail(at, "%s is not known here, because user agents are not classified: compare agent", field.Name)
	}
	p.lists = p.lists || field.id == forwardedField
	if field.locate && p.options.Place == nil {
		return nil, p.fail(at, "%s is not known here, because no database says where clients are: give one with --geoip to weir or weir report", field.Name)
	}
	p.places = p.places || field.locate
	return p.comparison(field, at)
}

// unknown names the nearest field, or all.
func (p *parser) unknown(at int, name string) *Error {
	if near := nearest(name); near != "" {
		err := p.fail(at, "no field is named %s: did you mean %s?", shown(name), near)
		err.Near = near
		return err
	}
	var names []string
	for _, f := range Fields() {
		names = append(names, f.Name)
	}
	return p.fail(at, "no field is named %s: the fields are %s", shown(name), strings.Join(names, ", "))
}

// comparison reads what follows a field, which begins at fieldAt.
func (p *parser) comparison(field column, fieldAt int) (expr, error) {
	p.skip()
	opAt := p.at
	op, negative, err := p.operator(field)
	switch {
	case err != nil:
		return nil, err
	case op == opExists:
		e, err := p.exists(field, fieldAt)
		if err == nil && negative {
			e = negate(e)
		}
		return e, err
	case !field.Kind.takes(op) && field.Kind == Flag:
		return nil, p.fail(opAt, "%s is yes or no: write %s or not %s", field.Name, field.Name, field.Name)
	case !field.Kind.takes(op):
		return nil, p.fail(opAt, "%s cannot be compared with %s: it takes %s", field.Name, op.spelling().names[0], field.Kind.taken())
	}
	words, err := p.operands(op)
	if err != nil {
		return nil, err
	}
	e, err := p.compare(field, op, words)
	if err == nil && negative {
		e = negate(e)
	}
	return e, err
}

// exists asks whether a line carries the field.
func (p *parser) exists(field column, at int) (expr, error) {
	if field.always && field.Kind != Flag {
		return nil, p.fail(at, "every request has %s: compare it with a value", field.Name)
	}
	return condition{field: field, op: opExists}, nil
}

// operator reads an operator. A field that is a condition by itself needs none.
func (p *parser) operator(field column) (op operator, negative bool, err error) {
	rest := p.text[p.at:]
	for _, s := range symbols() {
		if strings.HasPrefix(rest, s) {
			p.at += len(s)
			op, negative, _ = named(s)
			return op, negative, nil
		}
	}
	at := p.at
	word := strings.ToLower(p.name())
	if word == "not" {
		negative = true
		p.skip()
		word = strings.ToLower(p.name())
	}
	if op, _, ok := named(word); ok && word != "" {
		return op, negative, nil
	}
	p.at = at
	missing := rest == "" || rest[0] == ')' || rest[0] == ',' || strings.HasPrefix(rest, "&&") || strings.HasPrefix(rest, "||") || word == "and" || word == "or"
	switch {
	case missing && !negative && standsAlone(field.Kind):
		return opExists, false, nil
	case missing:
		return 0, false, p.fail(at, "an operator is missing after %s: it takes %s", field.Name, field.Kind.taken())
	}
	if word == "" || negative {
		word = p.glance()
	}
	if _, ok := lookup(word); ok && standsAlone(field.Kind) {
		return 0, false, p.fail(at, `"and" or "or" is missing before %s: join conditions with them`, shown(word))
	}
	return 0, false, p.fail(at, "%s is no operator: %s takes %s", shown(word), field.Name, field.Kind.taken())
}

// name takes a word of letters, digits, "_" and "-" that begins with a letter;
// "" where none begins.
func (p *parser) name() string {
	start := p.at
	for i, r := range p.text[start:] {
		if !unicode.IsLetter(r) && (i == 0 || r != '_' && r != '-' && !unicode.IsDigit(r)) {
			break
		}
		p.at += utf8.RuneLen(r)
	}
	return p.text[start:p.at]
}

// keyword takes a word, in any case, that is not the head of a longer one.
func (p *parser) keyword(word string) bool {
	p.skip()
	at := p.at
	if strings.EqualFold(p.name(), word) {
		return true
	}
	p.at = at
	return false
}

// sign takes s.
func (p *parser) sign(s string) bool {
	p.skip()
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// skip takes space.
func (p *parser) skip() {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	p.at = len(p.text) - len(rest)
}

func (p *parser) startsOperator() bool {
	return p.at < len(p.text) && strings.IndexByte("=!<>~^$*", p.text[p.at]) >= 0
}

// glance returns what stands next, up to a space, for messages.
func (p *parser) glance() string {
	rest := p.text[p.at:]
	if i := strings.IndexFunc(rest, unicode.IsSpace); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

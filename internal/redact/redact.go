// Package redact takes what may not be kept out of records.
//
//	--redact PATTERN ──> Compile ──> Rules, immutable and shared
//	                                   └──> Redactor, one for each goroutine ──> Record, AppendLine
//
// All rules look at the text as the log has it, and what they find is put
// together before it is replaced: their order does not matter, and none of them
// meets the mark that another one left.
package redact

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"weir/internal/accesslog"
	"weir/internal/query"
	"weir/internal/unit"
)

// Mark stands where something was taken out.
const Mark = "[redacted]"

// maxRules is how many patterns there may be. Each costs time with every line.
const maxRules = 100

// Rules say what is taken out. They never change and may be shared by
// goroutines. They are made by Compile.
type Rules struct{ rules []maker }

// A maker makes a rule for one goroutine.
type maker func() rule

// A rule appends the spans of a text that are to go.
type rule func(spans []query.Span, b []byte, in field) []query.Span

// A field is what a text is.
type field uint8

const (
	word field = iota // a user, an agent, a host
	url               // a target or a referrer
	line              // a whole line, or a request that is no HTTP
)

// Compile reads patterns: regular expressions (RE2), and the names of Shortcuts
// behind a +, which no expression can begin with. bad is the number of the one
// that the error is about, from 0; where a regular expression is wrong the error
// is a *query.Error, with the column.
func Compile(patterns []string) (rules *Rules, bad int, err error) {
	if len(patterns) > maxRules {
		return nil, maxRules, fmt.Errorf("there are more than %d patterns: put some together with |", maxRules)
	}
	rules = &Rules{}
	spent := 0
	for i, text := range patterns {
		r, err := compile(text, &spent)
		if err != nil {
			return nil, i, err
		}
		rules.rules = append(rules.rules, r)
	}
	return rules, 0, nil
}

func compile(text string, spent *int) (maker, error) {
	if text == "" {
		return nil, errors.New("the pattern is empty: write a regular expression, or " + names())
	}
	name, short := strings.CutPrefix(text, "+")
	for _, s := range Shortcuts() {
		switch {
		case s.Name != name:
		case short:
			return func() rule { return s.find }, nil
		default:
			// Who forgets the + would believe that addresses are gone.
			return nil, fmt.Errorf("%q is just this word: write +%s for %s, or (%s) for the word", text, name, s.About, name)
		}
	}
	if short {
		return nil, fmt.Errorf("no shortcut is called %q%s: give one of %s, or begin a regular expression otherwise", text, nearest(name), names())
	}
	p, err := query.NewPattern(text, spent)
	if err != nil {
		return nil, err
	}
	return func() rule {
		f := p.Finder()
		return func(spans []query.Span, b []byte, _ field) []query.Span { return f.AppendSpans(spans, b) }
	}, nil
}

// names are those of the shortcuts, as a person writes them.
func names() string {
	var all []string
	for _, s := range Shortcuts() {
		all = append(all, "+"+s.Name)
	}
	return strings.Join(all, ", ")
}

// nearest suggests a shortcut; "" where none is near.
func nearest(name string) string {
	for _, s := range Shortcuts() {
		if unit.Distance(strings.ToLower(name), s.Name) <= 2 {
			return " (+" + s.Name + "?)"
		}
	}
	return ""
}

// Redactor returns a Redactor for one goroutine.
func (r *Rules) Redactor() *Redactor {
	d := &Redactor{}
	for _, m := range r.rules {
		d.rules = append(d.rules, m())
	}
	return d
}

// A Redactor takes out what Rules say, with the buffers that needs. It belongs
// to one goroutine, and comes from Rules.Redactor.
type Redactor struct {
	rules []rule
	spans []query.Span
	out   []byte
}

// Record puts Mark in place of what the rules find in the target, referrer,
// user, agent, host and list of addresses of r, and in the request where that is no HTTP; then
// r.Request of another is nil, as it is in logs that split it. Clients are left
// alone: accesslog.AppendAnonymous is for them. What r was given is valid until
// the next call. It allocates nothing once its memory has grown.
func (d *Redactor) Record(r *accesslog.Record) {
	d.out = d.out[:0]
	if target, found := d.text(r.Target, url); found {
		r.Target = target
		if !r.Malformed {
			r.Request = nil
		}
	}
	if r.Malformed || len(r.Target) == 0 {
		r.Request, _ = d.text(r.Request, line)
	}
	r.Referrer, _ = d.text(r.Referrer, url)
	r.User, _ = d.text(r.User, word)
	r.Agent, _ = d.text(r.Agent, word)
	r.Host, _ = d.text(r.Host, word)
	r.Forwarded, _ = d.text(r.Forwarded, word) // anybody may have sent anything in it
}

// AppendLine appends a line of a log, of which nobody knows where its fields
// are, with Mark in place of what the rules find in it.
func (d *Redactor) AppendLine(dst, text []byte) []byte {
	d.find(text, line)
	return d.replace(dst, text)
}

// text returns b without what is found, as a part of d.out; b itself where
// nothing is.
func (d *Redactor) text(b []byte, in field) (redacted []byte, found bool) {
	if d.find(b, in); len(d.spans) == 0 {
		return b, false
	}
	// Where out moves to a larger place, the fields before stay in the old one.
	from := len(d.out)
	d.out = d.replace(d.out, b)
	return d.out[from:len(d.out):len(d.out)], true
}

// find makes d.spans what is to go out of b, in the order of the text.
func (d *Redactor) find(b []byte, in field) {
	d.spans = d.spans[:0]
	if len(b) == 0 {
		return
	}
	for _, find := range d.rules {
		d.spans = find(d.spans, b, in)
	}
	if len(d.spans) > 1 {
		slices.SortFunc(d.spans, func(a, b query.Span) int { return cmp.Compare(a.From, b.From) })
	}
}

// replace appends b with one Mark for all spans that overlap or touch, so that
// it does not tell how many there were.
func (d *Redactor) replace(dst, b []byte) []byte {
	at := 0
	for i := 0; i < len(d.spans); {
		to := d.spans[i].To
		dst = append(append(dst, b[at:d.spans[i].From]...), Mark...)
		for i++; i < len(d.spans) && d.spans[i].From <= to; i++ {
			to = max(to, d.spans[i].To)
		}
		at = to
	}
	return append(dst, b[at:]...)
}

// isAny tells whether c is one of the characters.
func isAny(c byte, of string) bool { return strings.IndexByte(of, c) >= 0 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }

// isBase64 tells whether c is a digit of base64url.
func isBase64(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' }

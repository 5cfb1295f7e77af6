package accesslog

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/unit"
)

// A SpecError says what is wrong with a format string.
type SpecError struct {
	In     string // "date format" or "time format"; "" for the format itself
	Column int    // 1-based byte position; 0 where the whole of it is meant
	Text   string // a sentence without a period
}

// Error returns the sentence, with its place in front.
func (e *SpecError) Error() string {
	place := e.In
	if e.Column > 0 {
		place = strings.TrimPrefix(fmt.Sprintf("%s, column %d", place, e.Column), ", ")
	}
	if place == "" {
		return e.Text
	}
	return place + ": " + e.Text
}

// maxSpec bounds a format string in bytes; the longest in use have some 4,000.
const maxSpec = 64 << 10

// maxPieces bounds the fields and the texts between them.
const maxPieces = 1000

// Compile makes a Format of a string that a server's configuration has for its
// log: of nginx's log_format, of Apache's LogFormat, or of GoAccess. Which one
// it is shows: $ marks a variable of nginx, %d and %x a date of GoAccess. A
// whole directive will do, as it stands in the file. The error is a *SpecError.
func Compile(spec string) (Format, error) {
	text := strings.TrimSpace(spec)
	shift := strings.Index(spec, text)
	var p plan
	var err error
	switch {
	case len(spec) > maxSpec:
		return Format{}, &SpecError{Text: fmt.Sprintf("the format has %d bytes, and %d at most are read", len(spec), maxSpec)}
	case text == "":
		return Format{}, &SpecError{Text: "the format is empty"}
	case firstWord(text) == "log_format", firstWord(text) == "LogFormat", firstWord(text) == "CustomLog":
		p, err = planDirective(text)
	case hasVariable(text):
		p, err = planNginx(text)
	case isGoAccess(text):
		p, err = planGoAccess(text, "", "")
	case strings.Contains(text, "%"):
		p, err = planApache(text)
	default:
		return Format{}, &SpecError{Text: "the format has no field: nginx writes $status, Apache %>s, GoAccess %s"}
	}
	var f Format
	if err == nil {
		f, err = p.format()
	}
	if e, ok := err.(*SpecError); ok && e.Column > 0 && e.In == "" {
		e.Column += shift
	}
	if err != nil {
		return Format{}, err
	}
	return f.marked(text), nil
}

// CompileGoAccess makes a Format of what GoAccess takes as --log-format,
// --date-format and --time-format, the names of its predefined formats included.
// An empty date or time format is guessed from the lines: 10/Oct/2000 or
// 2000-10-10, and hh:mm:ss. The error is a *SpecError.
func CompileGoAccess(log, date, time string) (Format, error) {
	if len(log)+len(date)+len(time) > maxSpec {
		return Format{}, &SpecError{Text: fmt.Sprintf("the format has more than %d bytes", maxSpec)}
	}
	date, time = predefinedDate(date), predefinedTime(time)
	if named, ok := predefinedNamed(log); ok {
		return named.format(date, time)
	}
	switch {
	case strings.HasPrefix(strings.TrimSpace(log), "{"):
		return Format{}, &SpecError{Text: "this is a JSON format; logs of JSON objects are recognised without one"}
	case !strings.Contains(log, "%"):
		return Format{}, &SpecError{Text: fmt.Sprintf("%q is neither a format of GoAccess, whose fields begin with %%, nor one of its names: %s",
			log, strings.Join(PredefinedNames(), ", "))}
	}
	p, err := planGoAccess(log, date, time)
	if err != nil {
		return Format{}, err
	}
	f, err := p.format()
	if err != nil {
		return Format{}, err
	}
	return f.marked(log, date, time), nil
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	word, _, _ = strings.Cut(word, "\t")
	word, _, _ = strings.Cut(word, "\n")
	return word
}

// hasVariable says whether text has a variable of nginx.
func hasVariable(text string) bool {
	for i := range len(text) - 1 {
		if c := text[i+1]; text[i] == '$' && (c == '{' || isNameByte(c)) {
			return true
		}
	}
	return false
}

// isGoAccess says whether text has a field that GoAccess needs and Apache does
// not have.
func isGoAccess(text string) bool {
	for from := strings.IndexByte(text, '{'); from >= 0; from = strings.IndexByte(text, '{') {
		length := strings.IndexByte(text[from:], '}')
		if length < 0 {
			break
		}
		if from > 0 && text[from-1] == 'h' {
			return strings.Contains(text, "~h{")
		}
		text = text[:from] + "\x00" + text[from+length+1:] // Apache's %{%d}t
	}
	return strings.Contains(text, "%d") || strings.Contains(text, "%x") || strings.Contains(text, "%^ ") || strings.Contains(text, "%~")
}

// A plan is a format string that was read, before it is a parser.
type plan struct {
	maker  string // nginx, Apache or GoAccess
	name   string // of the format in the configuration; may be empty
	pieces []piece
	raw    bool   // quotes inside fields are not escaped (nginx escape=none)
	tail   bool   // what follows the last field is passed over
	asked  string // header that the list of addresses is to be of; "" for the best
}

// format checks the plan and makes the Format.
func (p plan) format() (Format, error) {
	if p.pieces = joined(p.pieces); len(p.pieces) > maxPieces {
		return Format{}, &SpecError{Text: fmt.Sprintf("the format has more than %d fields", maxPieces/2)}
	}
	if err := p.quotes(); err != nil {
		return Format{}, err
	}
	c, fields, err := p.compile()
	if err != nil {
		return Format{}, err
	}
	name := strings.ToLower(p.maker)
	if p.name != "" && !strings.ContainsFunc(p.name, func(r rune) bool { return r >= 0x80 || !isNameByte(byte(r)) && r != '-' && r != '.' }) {
		name += ":" + p.name
	}
	return Format{
		Name:    name,
		Title:   p.maker + " format of your own: " + fields,
		Example: p.example(c),
		New:     func() Parser { return newSpecParser(c) },
	}, nil
}

// quotes is an error where a quote is opened and not closed: such a format reads
// lines, and what it reads out of them is wrong.
func (p plan) quotes() error {
	last, odd := 0, false
	for i := range p.pieces {
		x := &p.pieces[i]
		if n := strings.Count(x.text, `"`); x.isLiteral() && n > 0 {
			last = x.at + strings.LastIndexByte(x.text, '"') + 1
			odd = odd != (n%2 == 1)
		}
	}
	if odd {
		return &SpecError{Column: last, Text: "this quote is not closed"}
	}
	return nil
}

// example is a line in the format. Where spaces in a field would spoil it, it
// has none.
func (p plan) example(c *program) string {
	line := p.line(" ")
	var r Record
	if newSpecParser(c).Parse([]byte(line), &r).Kind != Hit {
		return p.line("+")
	}
	return line
}

func (p plan) line(space string) string {
	zoned := slices.ContainsFunc(p.pieces, func(x piece) bool { return x.column == columnZone || bitsOf(x.time)&timeZone != 0 })
	var b strings.Builder
	for _, x := range p.pieces {
		switch {
		case x.time != nil:
			writeTime(&b, x.time, zoned)
		case x.column == columnZone:
			b.WriteString("-0700")
		case x.column == columnAgent:
			b.WriteString(strings.ReplaceAll(x.text, " ", space))
		default:
			b.WriteString(x.text)
		}
	}
	return b.String()
}

// nearest is the word of a list that is at most two changes of a byte away from
// name, and fewer than half of its bytes.
func nearest(name string, words []string) string {
	best, found := 3, ""
	for _, w := range words {
		if d := unit.Distance(name, w); d < best && 2*d < len(name) {
			best, found = d, w
		}
	}
	return found
}

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z'
}

package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A place is a line and a column, both from 1, the column in characters.
type place struct{ line, column int }

// A sort is what a value is.
type sort uint8

const (
	isText sort = iota
	isWhole
	isDecimal
	isBool
	isDate // or a time, or both
	isList
	isTable
)

// A value is one of the file.
type value struct {
	sort  sort
	text  string // of texts what they mean, of the rest as it is written
	raw   string // of texts as they are written
	items []*value
	table *table
	at    place
	// headed: a list of tables that headers [[...]] made.
	headed bool
}

// what says what the value is.
func (v *value) what() string {
	switch v.sort {
	case isText:
		return "the text " + shown(v.text)
	case isWhole, isDecimal:
		return "the number " + v.text
	case isBool:
		return v.text
	case isDate:
		return "the date or time " + v.text
	case isList:
		return "a list"
	}
	return "a table"
}

// An entry is a key with its value.
type entry struct {
	name  string
	at    place
	value *value
}

// How a table came to be decides what may be added to it.
type making uint8

const (
	byHeader  making = iota // [a]
	byPassing               // the a of [a.b]
	byDots                  // the a of a.b = 1
	inBraces                // a = {}
)

// A table holds entries in the order of the file.
type table struct {
	made    making
	at      place
	entries []*entry
	byName  map[string]*entry
}

// find returns the entry of a name, nil where there is none.
func (t *table) find(name string) *entry { return t.byName[name] }

func (t *table) add(name string, at place, v *value) {
	if t.byName == nil {
		t.byName = map[string]*entry{}
	}
	e := &entry{name: name, at: at, value: v}
	t.entries, t.byName[name] = append(t.entries, e), e
}

// A builder makes the tree of one text.
type builder struct {
	r      *reader
	parser unstable.Parser
	text   []byte
	root   *table
	now    *table // that key-values go into
	// lines holds where each line begins.
	lines []int
	last  struct { // place that was asked for: the next one is behind it, mostly
		offset int
		place
	}
}

// tree reads the text as TOML. What is wrong is told to r; the rest is returned.
// After a line that is no TOML it goes on with the next one, where that can be.
func (r *reader) tree(text string) *table {
	text = strings.TrimPrefix(text, "\ufeff")
	if len(text) > MaxSize {
		r.fail(place{1, 1}, "the file has %d bytes, more than the %d that are read", len(text), MaxSize)
		return &table{}
	}
	if !utf8.ValidString(text) {
		r.fail(encodingPlace(text), "the file is not in UTF-8: save it as that")
		r.partial = true
		return &table{}
	}
	b := &builder{r: r, text: []byte(text)}
	b.lines = append(b.lines, 0)
	for i := range b.text {
		if b.text[i] == '\n' {
			b.lines = append(b.lines, i+1)
		}
	}
	for {
		before := len(r.errs)
		at, message := b.build()
		if message == "" {
			return b.root
		}
		r.partial = true
		where := b.place(at)
		line, plain := b.blank(where)
		r.lines = append(r.lines, Error{Line: where.line, Column: where.column, Text: message + unquoted(line)})
		if !plain || strings.Contains(message, "array") || len(r.lines) > MaxErrors {
			return b.root
		}
		r.errs = r.errs[:before] // those of the tree are found again
	}
}

// encodingPlace returns where the first byte stands that is no UTF-8.
func encodingPlace(text string) place {
	at := place{1, 1}
	for i, c := range text {
		if c == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return at
			}
		}
		if at.column++; c == '\n' {
			at = place{at.line + 1, 1}
		}
	}
	return at
}

// blank puts spaces over a line, so that the rest can be read. plain is false
// where the line may not stand for itself.
func (b *builder) blank(p place) (line string, plain bool) {
	begin, end := b.lines[p.line-1], len(b.text)
	if p.line < len(b.lines) {
		end = b.lines[p.line] - 1
	}
	line = string(b.text[begin:end])
	_, rest, _ := strings.Cut(line, "=")
	if strings.TrimSpace(line) == "" || strings.ContainsAny(rest, "[{") || strings.Contains(line, `"""`) || strings.Contains(line, "'''") ||
		strings.HasPrefix(strings.TrimSpace(line), "[") {
		return line, false
	}
	for i := begin; i < end; i++ {
		b.text[i] = ' '
	}
	b.last.place = place{}
	return line, true
}

// unquoted is what to do about a line whose text has no quotes.
func unquoted(line string) string {
	name, rest, ok := strings.Cut(line, "=")
	rest = strings.TrimSpace(rest)
	if rest, _, _ = strings.Cut(rest, " #"); !ok || rest == "" || strings.ContainsAny(rest, `"'\`) || len(rest) > 60 || mayBeSecret(name) {
		return ""
	}
	return fmt.Sprintf("; texts stand in quotes: %s = %q", strings.TrimSpace(name), strings.TrimSpace(rest))
}

// mayBeSecret tells whether the value of a key is not to be repeated.
func mayBeSecret(name string) bool {
	return slices.ContainsFunc([]string{"url", "secret", "password", "token", "header", "key", "authorization"}, func(part string) bool {
		return strings.Contains(strings.ToLower(name), part)
	})
}

// place returns where an offset is.
func (b *builder) place(offset int) place {
	offset = min(offset, len(b.text))
	line, found := slices.BinarySearch(b.lines, offset)
	if !found {
		line--
	}
	from, at := b.lines[line], place{line + 1, 1}
	if l := b.last; l.line == at.line && l.offset <= offset {
		from, at = l.offset, l.place // in a long line counting from its begin takes minutes
	}
	at.column += utf8.RuneCount(b.text[from:offset])
	b.last.offset, b.last.place = offset, at
	return at
}

// build makes the tree. message is what is wrong at an offset; then the tree is
// that of what stands before.
func (b *builder) build() (at int, message string) {
	b.root = &table{}
	b.now = b.root
	b.parser.Reset(b.text)
	for b.parser.NextExpression() {
		n := b.parser.Expression()
		switch n.Kind {
		case unstable.KeyValue:
			b.assign(b.now, n)
		case unstable.Table, unstable.ArrayTable:
			b.header(n)
		}
	}
	err := b.parser.Error()
	if err == nil {
		return 0, ""
	}
	var wrong *unstable.ParserError
	if !errors.As(err, &wrong) {
		return 0, "this is no TOML: " + err.Error()
	}
	at = cap(b.text) - cap(wrong.Highlight)
	if at < 0 || at > len(b.text) {
		at = 0
	}
	if strings.HasPrefix(wrong.Message, "expected keyword") {
		wrong.Message = "a value is a text in quotes, a number, true or false, a date, a list or a table"
	}
	return at, "this is no TOML: " + wrong.Message
}

// A part is one name of a dotted key.
type part struct {
	name string
	at   place
}

func (b *builder) parts(it unstable.Iterator) []part {
	var parts []part
	for it.Next() {
		n := it.Node()
		parts = append(parts, part{string(n.Data), b.place(int(n.Raw.Offset))})
	}
	return parts
}

// header enters the table of a header. Below a wrong one keys go nowhere.
func (b *builder) header(n *unstable.Node) {
	parts := b.parts(n.Key())
	many := n.Kind == unstable.ArrayTable
	b.now = &table{}
	t := b.root
	for _, p := range parts[:len(parts)-1] {
		e := t.find(p.name)
		switch {
		case e == nil:
			next := &table{made: byPassing, at: p.at}
			t.add(p.name, p.at, &value{sort: isTable, table: next, at: p.at})
			t = next
		case e.value.sort == isTable && e.value.table.made != inBraces:
			t = e.value.table
		case e.value.headed:
			t = e.value.items[len(e.value.items)-1].table
		default:
			b.r.fail(p.at, "%s is %s already, at line %d: it cannot have tables", p.name, e.value.what(), e.at.line)
			return
		}
	}
	last := parts[len(parts)-1]
	e := t.find(last.name)
	made := &table{at: last.at}
	v := &value{sort: isTable, table: made, at: last.at}
	switch {
	case e == nil && many:
		t.add(last.name, last.at, &value{sort: isList, items: []*value{v}, at: last.at, headed: true})
	case e == nil:
		t.add(last.name, last.at, v)
	case many && e.value.headed:
		e.value.items = append(e.value.items, v)
	case many:
		b.r.fail(last.at, "[[%s]] is one of several, and line %d has one %s that is not: write [[%s]] for each", last.name, e.at.line, last.name, last.name)
		return
	case e.value.headed:
		b.r.fail(last.at, "[%s] stands for one, and line %d begins a list of them: write [[%s]]", last.name, e.at.line, last.name)
		return
	case e.value.sort == isTable && e.value.table.made == byPassing:
		made = e.value.table
		made.made, made.at = byHeader, last.at
	default:
		b.r.fail(last.at, "%s is given twice, first at line %d", last.name, e.at.line)
		return
	}
	b.now = made
}

// assign puts a key with its value into t.
func (b *builder) assign(t *table, n *unstable.Node) {
	parts := b.parts(n.Key())
	for _, p := range parts[:len(parts)-1] {
		e := t.find(p.name)
		switch {
		case e == nil:
			next := &table{made: byDots, at: p.at}
			t.add(p.name, p.at, &value{sort: isTable, table: next, at: p.at})
			t = next
		case e.value.sort == isTable && e.value.table.made == byDots:
			t = e.value.table
		default:
			b.r.fail(p.at, "%s is given twice, first at line %d", p.name, e.at.line)
			return
		}
	}
	last := parts[len(parts)-1]
	v := b.value(n.Value(), last.at)
	if e := t.find(last.name); e != nil {
		b.r.fail(last.at, "%s is given twice, first at line %d", last.name, e.at.line)
		return
	}
	t.add(last.name, last.at, v)
}

// value makes a value. Lists and tables have no place of their own: that is of
// the key, or of what stands around them.
func (b *builder) value(n *unstable.Node, near place) *value {
	v := &value{text: string(n.Data), at: near}
	if n.Raw.Length > 0 {
		v.raw, v.at = string(b.parser.Raw(n.Raw)), b.place(int(n.Raw.Offset))
	}
	switch n.Kind {
	case unstable.String:
		v.sort = isText
	case unstable.Bool:
		v.sort = isBool
	case unstable.Integer:
		v.sort = isWhole
	case unstable.Float:
		v.sort = isDecimal
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		v.sort = isDate
	case unstable.Array:
		v.sort = isList
		for it := n.Children(); it.Next(); {
			v.items = append(v.items, b.value(it.Node(), v.at))
		}
	case unstable.InlineTable:
		v.sort, v.table = isTable, &table{made: inBraces, at: v.at}
		for it := n.Children(); it.Next(); {
			b.assign(v.table, it.Node())
		}
	}
	return v
}

// inside returns the place of a character of a text, counted from 1: escapes are
// as long as they are written.
func (v *value) inside(column int) place {
	raw, at := v.raw, v.at
	step := func(n int) {
		for _, c := range raw[:n] {
			if at.column++; c == '\n' {
				at = place{at.line + 1, 1}
			}
		}
		raw = raw[n:]
	}
	if raw == "" {
		return at
	}
	quote := raw[:1]
	opening := 1
	if strings.HasPrefix(raw, strings.Repeat(quote, 3)) {
		opening = 3
		for _, end := range []string{"\n", "\r\n"} {
			if strings.HasPrefix(raw[3:], end) {
				opening += len(end)
			}
		}
	}
	step(min(opening, len(raw)))
	for left := column - 1; len(raw) > 1; {
		n, told := written(raw, quote == `"`)
		if left == 0 && told > 0 {
			break
		}
		step(n)
		left -= told
	}
	return at
}

// written returns how many bytes the next character of a text takes as it is
// written, and how many characters it is: 0 or 1.
func written(raw string, escapes bool) (n, characters int) {
	if !escapes || raw[0] != '\\' || len(raw) < 2 {
		_, n = utf8.DecodeRuneInString(raw)
		return n, 1
	}
	switch raw[1] {
	case 'u':
		return min(6, len(raw)), 1
	case 'U':
		return min(10, len(raw)), 1
	case 'x':
		return min(4, len(raw)), 1
	case ' ', '\t', '\r', '\n': // the end of the line, and what begins the next
		return 1 + len(raw[1:]) - len(strings.TrimLeft(raw[1:], " \t\r\n")), 0
	}
	return 2, 1
}

package accesslog

import (
	"fmt"
	"strings"
)

// A piece is a part of a format string: literal text, or a field.
type piece struct {
	at   int    // 0-based position in the format string
	name string // as it is written there, "$status"; "" for literal text
	text string // the literal text, or what an example has for the field
	field
}

// A field is what a name in a format string stands for.
type field struct {
	column column
	rank   int        // of two fields for one column that with the higher counts, of equals the first
	first  byte       // what the field begins with, where that is known
	free   bool       // it may hold spaces
	list   bool       // its parts are set apart by ", " and " : " (nginx's upstreams)
	port   bool       // a port behind it is no part of it
	spaces bool       // it is a run of spaces, or nothing
	set    string     // it is a list of addresses, set apart by these bytes
	hop    bool       // it is the address of the connection, whatever else is called the client
	header string     // the name that it can be asked for by, as headerName has it; "" for none
	time   []timePart // not nil for a time
}

// Columns that no header names.
const (
	columnQuestion column = 96 + iota // the ? if there is a query
	columnPort                        // of the host or client before it
	columnUpstream                    // seconds, one for each server that was asked
	columnZone                        // a time zone, or anything else
	columnFraction                    // the digits behind the point of a second, and a zone
)

// group is the column that c is another way to tell.
func (c column) group() column {
	switch c {
	case columnMillis, columnMicros, columnNanos, columnUpstream:
		return columnSeconds
	}
	return c
}

func literalPiece(at int, text string) piece { return piece{at: at, text: text} }

func (x *piece) isLiteral() bool { return x.name == "" }

// joined puts literal texts that follow one another together.
func joined(pieces []piece) []piece {
	var out []piece
	for _, x := range pieces {
		if n := len(out); x.isLiteral() && n > 0 && out[n-1].isLiteral() {
			out[n-1].text += x.text
			continue
		}
		if !x.isLiteral() || x.text != "" {
			out = append(out, x)
		}
	}
	return out
}

// collapse makes one field of several that are better read as one: a host and
// its port, a path and its query, the three parts of a request line, a date and
// a time of day.
func collapse(in []piece) []piece {
	in = joined(in)
	for _, merge := range []func(piece, []piece) (piece, int){mergePort, mergeTarget, mergeTime, mergeRequest} {
		var out []piece
		for i := 0; i < len(in); {
			x := in[i]
			i++
			for n := -1; n != 0; i += n {
				x, n = merge(x, in[i:]) // again, because it may take up more
			}
			out = append(out, x)
		}
		in = out
	}
	return in
}

// mergePort takes up HOST:PORT and CLIENT:PORT. What GoAccess skips there is a
// port, too.
func mergePort(x piece, next []piece) (piece, int) {
	if len(next) < 2 || next[0].text != ":" || !next[0].isLiteral() || x.port {
		return x, 0
	}
	port := next[1]
	if port.column != columnPort && port.name != "%^" || port.isLiteral() {
		return x, 0
	}
	switch x.column {
	case columnClient:
		x.text += ":51000"
	case columnHost:
		x.text += ":443"
	default:
		return x, 0
	}
	x.port = true
	x.name += ":" + port.name
	return x, 2
}

func mergeTarget(x piece, next []piece) (piece, int) {
	if len(next) == 0 || x.column != columnTarget {
		return x, 0
	}
	switch {
	case next[0].column == columnQuery:
		x.text += next[0].text
		return x, 1
	case len(next) > 1 && next[1].column == columnQuery && (next[0].column == columnQuestion || next[0].isLiteral() && next[0].text == "?"):
		x.text += "?" + strings.TrimPrefix(next[1].text, "?")
		return x, 2
	}
	return x, 0
}

// mergeTime takes up a time that is written as several fields, as long as no
// part of it comes twice.
func mergeTime(x piece, next []piece) (piece, int) {
	if x.time == nil || len(next) == 0 {
		return x, 0
	}
	between, other, n := "", next[0], 1
	if other.isLiteral() && len(next) > 1 {
		between, other, n = other.text, next[1], 2
	}
	last := x.time[len(x.time)-1].kind
	if between == "." && last == timeEpoch && (other.name == "%^" || bitsOf(other.time)&timeHasFraction != 0) {
		return x, n // it reads its fraction itself
	}
	have, more := bitsOf(x.time), bitsOf(other.time)
	if more == 0 || have&more != 0 || have&timeHasClock == 0 && more&(timeWhole|timeHasMinute|timeHasSecond) == 0 {
		return x, 0
	}
	parts := append([]timePart(nil), x.time...)
	for i := range len(between) {
		parts = append(parts, timePart{timeLiteral, between[i]})
	}
	x.time = append(parts, other.time...)
	x.name += between + other.name
	return x, n
}

// mergeRequest takes up METHOD TARGET PROTOCOL, unless a space ends it: then
// its end could not be found where the target holds spaces.
func mergeRequest(x piece, next []piece) (piece, int) {
	if len(next) < 4 || x.column != columnMethod || next[1].column != columnTarget || next[3].column != columnProtocol ||
		next[0].text != " " || next[2].text != " " || len(next) > 4 && (!next[4].isLiteral() || next[4].text[0] == ' ') {
		return x, 0
	}
	for _, p := range next[:4] {
		x.name += p.name
		x.text += p.text
	}
	x.field = field{column: columnRequest, free: true}
	return x, 4
}

// compile turns the plan into a program, and tells in words which fields it
// reads.
func (p *plan) compile() (*program, string, error) {
	p.pieces = collapse(p.pieces)
	p.listAsked()
	if err := p.checkGaps(); err != nil {
		return nil, "", err
	}
	if p.maker == "GoAccess" {
		p.markZones()
	}
	used := p.choose()
	c := &program{tail: p.tail, hash: p.maker == "GoAccess", plan: p}
	pieces := p.pieces
	if len(pieces) > 0 && pieces[0].isLiteral() {
		c.before = pieces[0].text
		pieces = pieces[1:]
	}
	quotes := strings.Count(c.before, `"`)
	at := len(p.pieces) - len(pieces)
	for i := 0; i < len(pieces); i++ {
		x := pieces[i]
		s := step{column: x.column, free: x.free, port: x.port && x.column == columnClient, set: x.set}
		if !used[at+i] {
			s.column = columnIgnored
		}
		var next *piece
		if i+1 < len(pieces) && pieces[i+1].isLiteral() {
			s.after = pieces[i+1].text
			i++
		}
		if i+1 < len(pieces) {
			next = &pieces[i+1]
		}
		p.bound(&s, x, next, quotes%2 == 1)
		if x.time != nil {
			s.time = len(c.times)
			t := newTimeReader(x.time)
			t.idle = s.column == columnIgnored
			c.times = append(c.times, t)
		} else if s.extent == extentBeforeTime {
			s.time = len(c.times) // the one that comes next
		}
		quotes += strings.Count(s.after, `"`)
		c.steps = append(c.steps, s)
	}
	p.countFromRight(c)
	has := map[column]bool{}
	for i, u := range used {
		if u {
			has[p.pieces[i].column.group()] = true
		}
	}
	c.parts = !has[columnRequest]
	p.list(c, used)
	return c, told(has), p.missing(has)
}

// listAsked makes the field that is asked for the list of addresses. The pieces
// are p's own, fresh from collapse.
func (p *plan) listAsked() {
	for i := range p.pieces {
		x := &p.pieces[i]
		if p.asked != "" && x.header == p.asked && (x.column == columnIgnored || x.column == columnClient) {
			x.column = columnForwarded
		}
	}
}

// list tells c of the list of addresses, where one is used.
func (p *plan) list(c *program, used []bool) {
	client := -1
	for i, x := range p.pieces {
		if used[i] && x.column == columnClient {
			client = x.rank
		}
	}
	for i, x := range p.pieces {
		if used[i] && x.column == columnForwarded {
			c.listed, c.set, c.overrule = true, x.set, x.rank > client && client >= 0
		}
	}
}

// bound decides how the end of field x is found.
func (p *plan) bound(s *step, x piece, next *piece, quoted bool) {
	end := s.after == ""
	switch {
	case x.time != nil:
		s.extent = extentTime
	case x.spaces:
		s.extent = extentSpaces
	case x.set != "":
		s.extent = extentForwarded
	case end && next != nil:
		s.extent, s.stop = extentToken, next.first
		s.loose = true
	case end && (x.free || x.list):
		s.extent = extentRest
	case end:
		s.extent, s.stop = extentToken, ' '
	case quoted && s.after[0] == '"' && p.raw:
		s.extent, s.stop, s.loose = extentByte, '"', true
	case quoted && s.after[0] == '"':
		s.extent, s.stop = extentQuoted, '"'
	case x.free && next != nil && next.time != nil:
		s.extent = extentBeforeTime
	case x.column == columnRequest && s.after[0] == ' ':
		s.extent = extentRequest
	case x.list && s.after[0] == ' ':
		s.extent = extentList
	case x.free && len(s.after) == 1:
		s.extent, s.stop = extentByte, s.after[0]
	case x.free:
		s.extent = extentText
	default:
		s.extent, s.stop = extentToken, s.after[0]
		s.loose = quoted || s.stop != ' '
	}
}

// countFromRight finds the fields that hold spaces and end with one, and so
// are bounded from the right end of the line: all fields behind them must be
// without spaces. GoAccess takes the first space, as its users expect.
func (p *plan) countFromRight(c *program) {
	if p.tail {
		return
	}
	n := 0
	for i := len(c.steps) - 1; i >= 0; i-- {
		s := &c.steps[i]
		n += strings.Count(s.after, " ")
		switch {
		case s.extent == extentToken:
		case s.free && s.column != columnIgnored && s.column != columnUser && strings.HasPrefix(s.after, " ") &&
			(s.extent == extentByte || s.extent == extentText || s.extent == extentRequest):
			s.right = n
			return
		default:
			return
		}
	}
}

// checkGaps fails where one field follows another and nobody could tell where
// the first ends.
func (p *plan) checkGaps() error {
	for i := 1; i < len(p.pieces); i++ {
		a, b := p.pieces[i-1], p.pieces[i]
		if a.isLiteral() || b.isLiteral() || a.time != nil || a.spaces || a.set != "" || b.first != 0 {
			continue
		}
		return &SpecError{Column: b.at + 1, Text: fmt.Sprintf("between %s and %s stands nothing, so nobody can tell where the first ends: put a space or another byte there", a.name, b.name)}
	}
	return nil
}

// markZones finds what GoAccess's formats skip behind a time: the zone, or the
// fraction of the second.
func (p *plan) markZones() {
	for i := 0; i+2 < len(p.pieces); i++ {
		t, between, x := p.pieces[i], p.pieces[i+1], &p.pieces[i+2]
		if t.time == nil || bitsOf(t.time)&(timeZone|timeHasFraction) != 0 || bitsOf(t.time)&timeHasClock == 0 || x.name != "%^" || !between.isLiteral() {
			continue
		}
		switch between.text {
		case " ":
			x.column = columnZone
		case ".":
			x.column, x.text = columnFraction, "000000"
		}
	}
}

// choose says which pieces fill the record: of several for one column the best.
func (p *plan) choose() []bool {
	used := make([]bool, len(p.pieces))
	best := map[column]int{}
	for i, x := range p.pieces {
		if x.isLiteral() || x.column == columnIgnored || x.column == columnTime {
			continue
		}
		g := x.column.group()
		if g == columnForwarded && p.asked != "" && x.header != "" && x.header != p.asked {
			continue
		}
		if b, ok := best[g]; !ok || x.rank > p.pieces[b].rank || p.asked != "" && x.hop && !p.pieces[b].hop {
			best[g] = i
		}
	}
	_, whole := best[columnRequest]
	for g, i := range best {
		switch g {
		case columnMethod, columnTarget, columnProtocol, columnQuery:
			used[i] = !whole
		case columnPort, columnQuestion:
		default:
			used[i] = true
		}
	}
	p.chooseTime(used)
	return used
}

// chooseTime takes the time that tells most, or all those that together make
// one.
func (p *plan) chooseTime(used []bool) {
	best, whole := 0, -1
	for i, x := range p.pieces {
		bits := bitsOf(x.time)
		if bits&timeWhole == timeWhole && (whole < 0 || x.rank > p.pieces[whole].rank || x.rank == p.pieces[whole].rank && bits > best) {
			best, whole = bits, i
		}
	}
	seen := 0
	for i, x := range p.pieces {
		bits := bitsOf(x.time)
		if bits == 0 || whole >= 0 && i != whole || seen&bits != 0 {
			continue
		}
		used[i] = true
		seen |= bits
	}
}

// told says in words which fields are read, and which of those that matter
// are not.
func told(has map[column]bool) string {
	has[columnRequest] = has[columnRequest] || has[columnTarget]
	has[columnClient] = has[columnClient] || has[columnForwarded]
	var with, without []string
	for _, c := range []struct {
		column column
		name   string
		asked  bool // its lack is told
	}{
		{columnHost, "host", false},
		{columnClient, "client", true},
		{columnUser, "user", false},
		{columnTime, "time", false},
		{columnRequest, "request", false},
		{columnStatus, "status", true},
		{columnBytes, "size", true},
		{columnReferrer, "referrer", false},
		{columnAgent, "user agent", false},
		{columnSeconds, "latency", true},
	} {
		switch {
		case has[c.column]:
			with = append(with, c.name)
		case c.asked:
			without = append(without, c.name)
		}
	}
	text := strings.Join(with, ", ")
	if len(without) > 0 {
		text += "; no " + strings.Join(without, ", no ")
	}
	return text
}

// missing is the error of a format that lacks what every record needs.
func (p *plan) missing(has map[column]bool) error {
	bits := 0
	for _, x := range p.pieces {
		bits |= bitsOf(x.time)
	}
	if bits&timeWhole == timeWhole {
		if err := p.scattered(); err != nil {
			return err
		}
	}
	switch time, request := p.needs(); {
	case bits == 0:
		return p.lack("no time", time, columnTime)
	case bits&timeHasDate != timeHasDate:
		return p.lack("a time without its day, month and year", time, columnTime)
	case bits&timeWhole != timeWhole:
		return p.lack("a date without a time of day", time, columnTime)
	case !has[columnRequest]:
		return p.lack("no request", request, columnRequest)
	}
	return nil
}

// scattered is the error of a date whose year, month and day stand in
// different places.
func (p *plan) scattered() error {
	for _, x := range p.pieces {
		if b := bitsOf(x.time) & timeHasDate; b != 0 && b != timeHasDate {
			return &SpecError{Column: x.at + 1, Text: "day, month and year must stand together, with nothing but fixed text between them"}
		}
	}
	return nil
}

func (p *plan) needs() (time, request string) {
	switch p.maker {
	case "nginx":
		return "$time_local, $time_iso8601 or $msec", "$request, or $request_uri or $uri"
	case "Apache":
		return "%t", "%r or %U"
	}
	return "%d and %t, or %x", "%r or %U"
}

func (p *plan) lack(what, want string, c column) error {
	text := fmt.Sprintf("the format has %s: it needs %s", what, want)
	if p.maker == "nginx" {
		var names []string
		for _, v := range nginxVariables() {
			if v.column == c || v.time != "" && c == columnTime {
				names = append(names, v.name)
			}
		}
		for _, x := range p.pieces {
			if near := nearest(strings.TrimPrefix(x.name, "$"), names); near != "" {
				return &SpecError{Column: x.at + 1, Text: fmt.Sprintf("%s; is %s to be $%s?", text, x.name, near)}
			}
		}
	}
	return &SpecError{Text: text}
}

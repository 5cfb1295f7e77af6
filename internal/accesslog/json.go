package accesslog

// A jsonParser reads lines that are each an object of JSON (RFC 8259). What a
// key is for is guessed from a table; a value in an inner object has a path:
//
//	{"ts":1549573860.25,"request":{"method":"GET","uri":"/"},"status":200}
//	                       request.method
//
// The line is read once, from left to right. All of it must be valid, what is
// passed over too, or a line that was cut would be a hit.
type jsonParser struct {
	keys   *keyTree
	need   need
	memory keyMemory
	fields gathering
	list   list
	mapped []mappedKey // those of keys that a person has mapped; never changed
}

// maxDepth is how deep objects and arrays may be nested. Access logs have four
// levels.
const maxDepth = 64

// ignored is the node below which no key is known.
const ignored = -1

const exampleJSON = `{"time_iso8601":"2000-10-10T13:55:36-07:00","remote_addr":"203.0.113.7","remote_user":"frank",` +
	`"request":"GET /pages/create?id=7 HTTP/1.1","status":200,"body_bytes_sent":2326,"request_time":0.042,` +
	`"http_referer":"http://www.example.org/start","http_user_agent":"Mozilla/5.0 (X11; Linux x86_64)","host":"www.example.org"}`

func newJSON() Parser { return &jsonParser{keys: jsonKeys, need: needStatus} }

func (p *jsonParser) fork() Parser {
	f := &jsonParser{keys: p.keys, mapped: p.mapped, need: p.need}
	f.fields.asked = p.fields.asked
	return f
}

// ask implements asker.
func (p *jsonParser) ask(header string) {
	p.keys = mappedTree(p.mapped)
	p.keys.listOnly(header)
	p.fields.asked = true
}

// Parse implements Parser.
func (p *jsonParser) Parse(line []byte, r *Record) Outcome {
	mark := markLen(line)
	if len(line) == mark {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	p.fields.reset()
	p.memory.begin()
	p.list.depth = 0
	at, why := p.object(line, mark)
	if why == "" {
		if at = skipSpace(line, at); at < len(line) {
			why = ReasonExtra
		}
	}
	if why == "" {
		at, why = p.fields.store(line, r, p.need)
	}
	if why != "" {
		return rejected(line, why, at)
	}
	return Outcome{Kind: Hit}
}

// list is an array of addresses: a header that was sent several times, as Caddy
// logs it. All of it counts, as if it had been sent once.
type list struct {
	depth int // of nest; 0 outside of one
	from  int // where its first value begins
	more  bool
	to    target
}

// nest is where in nested objects and arrays a line is read.
type nest struct {
	depth  int             // 1 in the outermost object
	node   int16           // of the tree of keys, or ignored
	arrays uint64          // bit d: at depth d is an array
	outer  [maxDepth]int16 // the node at each depth outside
}

func (n *nest) inArray() bool { return n.arrays>>n.depth&1 != 0 }

// enter goes one level down, to the keys below node.
func (n *nest) enter(array bool, node int16) bool {
	if n.depth == maxDepth-1 {
		return false
	}
	n.outer[n.depth] = n.node
	n.depth++
	n.node = node
	n.arrays &^= 1 << n.depth
	if array {
		n.arrays |= 1 << n.depth
	}
	return true
}

func (n *nest) leave() {
	n.depth--
	n.node = n.outer[n.depth]
}

// object reads the object that the line is, and returns the position behind it;
// with a Reason, of what is wrong.
func (p *jsonParser) object(line []byte, at int) (int, Reason) {
	at = skipSpace(line, at)
	if at == len(line) {
		return at, ReasonCut
	}
	if line[at] != '{' {
		return at, ReasonSyntax
	}
	var n nest
	n.enter(false, 0)
	at, why := p.open(line, at+1, target{}, &n)
	for why == "" && n.depth > 0 {
		at = skipSpace(line, at)
		if at == len(line) {
			return at, ReasonCut
		}
		closing := byte('}')
		if n.inArray() {
			closing = ']'
		}
		switch line[at] {
		case ',':
			if n.inArray() {
				at, why = p.element(line, skipSpace(line, at+1), &n)
			} else {
				at, why = p.member(line, skipSpace(line, at+1), &n)
			}
		case closing:
			if closing == ']' && n.depth == p.list.depth {
				p.endList(line, at)
			}
			n.leave()
			at++
		default:
			return at, ReasonSyntax
		}
	}
	return at, why
}

// array reads the first element of the array that was entered.
func (p *jsonParser) array(line []byte, at int, t target, n *nest) (int, Reason) {
	if t.part == partForwarded && t.rank > 0 {
		p.list = list{depth: n.depth, from: at, to: t}
	}
	return p.open(line, at, t, n)
}

// element reads an element of an array that is not its first.
func (p *jsonParser) element(line []byte, at int, n *nest) (int, Reason) {
	p.list.more = p.list.more || n.depth == p.list.depth
	return p.value(line, at, target{}, n)
}

// endList notes the list that ends at line[at] as it stands there, where it has
// more than the one value that was noted already. Who reads it passes over the
// quotes.
func (p *jsonParser) endList(line []byte, at int) {
	if p.list.more {
		p.fields.put(p.list.to, line, p.list.from, at, false)
	}
	p.list.depth = 0
}

// open reads the first member of the object or array that was entered, or goes
// out of it where it is empty. The first element of an array is for t, as the
// array is.
func (p *jsonParser) open(line []byte, at int, t target, n *nest) (int, Reason) {
	at = skipSpace(line, at)
	switch {
	case at == len(line):
		return at, ReasonCut
	case n.inArray() && line[at] == ']', !n.inArray() && line[at] == '}':
		n.leave()
		return at + 1, ""
	case n.inArray():
		return p.value(line, at, t, n)
	}
	return p.member(line, at, n)
}

// member reads a key and its value.
func (p *jsonParser) member(line []byte, at int, n *nest) (int, Reason) {
	if n.node != ignored {
		if t, length := p.memory.match(line[at:], n.node); length > 0 {
			return p.value(line, at+length, t, n)
		}
	}
	if at == len(line) {
		return at, ReasonCut
	}
	if line[at] != '"' {
		return at, ReasonSyntax
	}
	end, escaped, why := stringEnd(line, at+1)
	if why != "" {
		return end, why
	}
	next := skipSpace(line, end+1)
	if next == len(line) {
		return next, ReasonCut
	}
	if line[next] != ':' {
		return next, ReasonSyntax
	}
	next++
	var t target
	if n.node != ignored {
		if !escaped {
			t = p.keys.find(n.node, line[at+1:end])
		}
		p.memory.keep(line[at:next], n.node, t)
	}
	return p.value(line, next, t, n)
}

// value reads a value for t. Of an object or an array it reads as far as the
// end of the first value in it that is none.
func (p *jsonParser) value(line []byte, at int, t target, n *nest) (int, Reason) {
	p.fields.writer |= t.writer
	at = skipSpace(line, at)
	if at == len(line) {
		return at, ReasonCut
	}
	switch line[at] {
	case '"':
		end, escaped, why := stringEnd(line, at+1)
		if why != "" {
			return end, why
		}
		if t.rank > 0 {
			p.fields.put(t, line, at+1, end, escaped)
		}
		return end + 1, ""
	case '{', '[':
		array := line[at] == '['
		node := t.below
		if node == 0 || array {
			node = ignored
		}
		if !n.enter(array, node) {
			return at, ReasonNested
		}
		if array {
			return p.array(line, at+1, t, n)
		}
		return p.open(line, at+1, t, n)
	}
	end, why := literalEnd(line, at)
	if why != "" || t.rank == 0 {
		return end, why
	}
	if c := line[at]; c == '-' || isDigit(c) {
		p.fields.put(t, line, at, end, false)
	} else {
		p.fields.put(t, line, at, at, false)
	}
	return end, ""
}

package query

import (
	"hash/maphash"
	"time"

	"weir/internal/accesslog"
)

// Limits of an expression. A person stays far below; an expression may come
// from a web page.
const (
	maxText  = 64 << 10 // bytes, also of the canonical text
	maxDepth = 1000     // parentheses within parentheses
)

// A Query is a compiled expression. It never changes and may be shared by
// goroutines; each takes a Matcher of its own. The zero value is not usable:
// Queries come from Compile.
type Query struct {
	text    string
	tree    expr
	root    predicate
	options Options
	lists   bool // it asks for forwarded
	places  bool // it asks where clients are
}

// Options are what an expression means beside its text. The zero value knows
// no relative times (they are of the year 1), has the zone UTC, sections of one
// segment and no classification of user agents.
type Options struct {
	Now          time.Time      // what "-2h" and "14:30" relate to; its fraction of a second is cut
	Zone         *time.Location // of times without one, of hour and of weekday; nil is UTC
	SectionDepth int            // as Depth of traffic.Sections

	// Agent classifies a user agent. It must be safe for concurrent use, depend
	// on the bytes alone and not keep them. With nil the fields that need it are
	// errors of Compile.
	Agent func(agent []byte) Agent

	// Place makes, for each Matcher, a function that knows where a client is. It
	// is asked about a client again only where many others came between, and must
	// not keep the bytes. With nil the fields that need it are errors of Compile.
	Place func() func(client []byte) Place
}

// A Place is where a client is. An empty text is unknown.
type Place struct {
	Country string // name in English
	Code    string // of the country, ISO 3166: DE
	City    string
	ASN     string // AS3320
}

// An Agent is what a user agent tells about the visitor. An empty text is
// unknown, an empty Bot no bot.
type Agent struct {
	Browser, System, Device, Bot string
}

// Compile reads an expression. The error is an *Error.
func Compile(text string, o Options) (*Query, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	o.Now = o.Now.Truncate(time.Second)
	p := &parser{text: text, options: o}
	e, err := p.parse()
	if err != nil {
		return nil, err
	}
	q := &Query{text: canonical(e), options: o, lists: p.lists, places: p.places}
	if len(q.text) > maxText {
		return nil, p.fail(0, "the expression is longer than 64 KiB when written out in full: shorten it")
	}
	q.tree = e
	q.root, _ = build(e)
	return q, nil
}

// String returns the canonical text: one spelling for each field and operator,
// no parentheses that are not needed, relative times made absolute. With the
// same Options it compiles to a Query that matches the same records and has the
// same canonical text.
func (q *Query) String() string { return q.text }

// ReadsForwarded reports whether the Query asks for the field forwarded, which
// some formats are not searched for unless they are told to (accesslog.ReadLists).
func (q *Query) ReadsForwarded() bool { return q.lists }

// Matcher returns a new Matcher for one goroutine.
func (q *Query) Matcher() *Matcher {
	m := &Matcher{root: q.root, seed: maphash.MakeSeed(), zone: q.options.Zone, classify: q.options.Agent}
	if q.places {
		m.locate = q.options.Place()
	}
	m.sections.Depth = q.options.SectionDepth
	m.sections.Of(nil, nil, true) // makes its buffer now, not at the first line
	return m
}

// Match tells whether the Query holds for r. It allocates nothing, except that
// a buffer may grow with the longest section or user agent seen; r is not kept.
func (m *Matcher) Match(r *accesslog.Record) bool { return m.root.match(m, r) }

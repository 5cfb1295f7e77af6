package accesslog

// patience is the number of rejected lines in a row after which an Auto tries
// the other formats again. A burst of broken lines is shorter; a log whose
// format was changed loses no more than these to the change, each counted.
const patience = 100

// An Auto is the Parser of a log whose format may be unknown. The zero value
// is undecided: it takes the first format, in the order of Formats, that reads
// a line. Having one, it stays with it until 100 lines in a row were rejected;
// then every further line is tried with all formats, until one reads it. A
// forced Auto keeps its format whatever comes.
//
// It belongs to one log and one goroutine, as every Parser.
type Auto struct {
	format   Format
	parser   Parser   // of format; nil while undecided
	others   []Parser // one for each of formats, kept so that they know headers
	forced   bool
	rejected int // in a row
	changes  int
	turns    int // changes of the format and headers learned
	// Of a fork:
	from    int  // turns of the one it was forked from
	leading int  // lines rejected before the first that was not
	moved   bool // there was one that was not
}

// NewForced returns an Auto that reads f whatever comes.
func NewForced(f Format) *Auto {
	return &Auto{format: f, parser: f.New(), forced: true}
}

// Prime looks at lines from the head of the log, without their line ends, that
// Parse may see again or not at all: it finds the format, unless one was
// forced, and learns the header. Nothing is counted. It may be called again
// for the next file of the same log.
func (a *Auto) Prime(head [][]byte) Detection {
	d := Detect(head)
	if d.Found && !a.forced && (a.parser == nil || a.format.Name != d.Format.Name) {
		a.become(d.Format, d.Format.New())
	}
	a.turns++
	var r Record
	for _, line := range head[:min(len(head), maxSample)] {
		switch {
		case a.parser != nil:
			a.parser.Parse(line, &r)
		default:
			a.learn(line)
		}
	}
	return d
}

// Parse implements Parser. A line that no format reads is Rejected with
// ReasonNoFormat, and the furthest column that any of them reached.
func (a *Auto) Parse(line []byte, r *Record) Outcome {
	if a.parser == nil {
		return a.decide(line, r)
	}
	out := a.parser.Parse(line, r)
	if out.Kind != Rejected {
		a.rejected, a.moved = 0, true
		if out.Kind == Directive {
			a.turns++
		}
		return out
	}
	if a.forced || out.Reason == ReasonEmpty {
		return out
	}
	a.rejected++
	if !a.moved {
		a.leading++
	}
	if a.rejected <= patience {
		a.learn(line)
		return out
	}
	if again := a.decide(line, r); again.Kind != Rejected {
		return again
	}
	return out
}

// Format returns the format in use; false while there is none.
func (a *Auto) Format() (Format, bool) { return a.format, a.parser != nil }

// Changes counts how often the format in use gave way to another. An owner
// that compares it with the figure before can tell a person.
func (a *Auto) Changes() int { return a.changes }

// Missing says in words what the header of the log has no column for; it is
// empty where no header is needed, or it has them all.
func (a *Auto) Missing() []string {
	if m, ok := a.parser.(missing); ok {
		return m.Missing()
	}
	return nil
}

func (a *Auto) become(f Format, p Parser) {
	if a.parser != nil && a.format.Name != f.Name {
		a.changes++
	}
	a.format, a.parser, a.rejected, a.moved = f, p, 0, true
	a.turns++
}

// decide tries line with every format and takes the first that reads it.
func (a *Auto) decide(line []byte, r *Record) Outcome {
	a.prepare()
	furthest := Outcome{Kind: Rejected, Reason: ReasonNoFormat}
	directive := false
	for i, f := range formats {
		p := a.others[i]
		out := p.Parse(line, r)
		if out.Reason == ReasonEmpty {
			return out
		}
		if out.Kind == Rejected {
			furthest.Column = max(furthest.Column, out.Column)
			continue
		}
		if u, ok := p.(interface{ undecided() bool }); ok && out.Kind == Directive && u.undecided() {
			// "#Version: 1.0" begins logs of several formats.
			directive = true
			continue
		}
		if out.Kind == Hit && !shows(p, r) {
			// A "-" at the end may be anything; see Detect. The format
			// without the request time stands further down the table.
			continue
		}
		a.become(f, p)
		return out
	}
	if directive {
		a.turns++
		return Outcome{Kind: Directive}
	}
	return furthest
}

// learn shows line to the parsers not in use that have headers.
func (a *Auto) learn(line []byte) {
	a.prepare()
	for _, p := range a.others {
		if h, ok := p.(interface{ LearnHeader(line []byte) bool }); ok && p != a.parser && h.LearnHeader(line) {
			a.turns++
		}
	}
}

func (a *Auto) prepare() {
	if a.others != nil {
		return
	}
	a.others = make([]Parser, len(formats))
	for i, f := range formats {
		a.others[i] = f.New()
	}
}

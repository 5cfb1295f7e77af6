package accesslog

import "slices"

// patience is the number of rejected lines in a row after which an Auto tries
// the other formats again. A burst of broken lines is shorter; a log whose
// format was changed loses no more than these to the change, each counted.
const patience = 100

// An Auto is the Parser of a log whose format may be unknown. The zero value
// is undecided: it takes the first format, in the order of Formats, that reads
// a line. Having one, it stays with it until 100 lines in a row were rejected;
// then every further line is tried with all formats, until one reads it. A line
// that it rejects is tried with up to 3 others, where they were seen to read
// many such lines. A forced Auto keeps its format whatever comes.
//
// A prefix that stands before each line (syslog, a container runtime) is found
// in the same way and taken off, also when the format is forced; columns count
// from the beginning of the whole line.
//
// It belongs to one log and one goroutine, as every Parser.
type Auto struct {
	format   Format
	parser   Parser   // of format; nil while undecided
	lead     peeler   // of the prefix
	settled  bool     // the prefix is known
	trial    peeler   // for decide; never prefixNone once used
	others   []Parser // one for each of formats, kept so that they know headers
	mix      mixture
	forced   bool
	rejected int // in a row
	changes  int
	turns    int   // changes of the format and headers learned
	hops     *Hops // nil: clients are taken as they are
	counts   HopCounts
	nearest  []byte // hop of the last record, a view of its line
	way      Way    // that its client was found
	// Of a fork:
	from    int  // turns of the one it was forked from
	leading int  // lines rejected before the first that was not
	moved   bool // there was one that was not
}

// NewForced returns an Auto that reads f whatever comes.
func NewForced(f Format) *Auto {
	return &Auto{format: f, parser: f.New(), forced: true}
}

// Behind makes Parse look for the client of a record behind the proxies that h
// trusts; nil makes it take clients as they are, which is the default. It is
// called before the first Prime and Parse.
func (a *Auto) Behind(h *Hops) {
	a.hops = h
	if a.parser != nil {
		a.askFor(a.parser)
	}
}

// HopCounts returns how the clients of the records so far were found. All are 0
// without Behind and with ReadLists.
func (a *Auto) HopCounts() HopCounts { return a.counts }

// Nearest returns what the last record had as its client before that was looked
// for, nil where its line has no address of the connection, and how the client
// was found. It is valid as long as that record is.
func (a *Auto) Nearest() (hop []byte, way Way) { return a.nearest, a.way }

// askFor prepares a Parser for what the hops are read out of.
func (a *Auto) askFor(p Parser) Parser {
	if a.hops == nil {
		return p
	}
	if q, ok := p.(interface{ readLists() }); ok {
		q.readLists()
	}
	if q, ok := p.(asker); ok && a.hops.header != "" {
		q.ask(a.hops.header)
	}
	return p
}

// Prime looks at lines from the head of the log, without their line ends, that
// Parse may see again or not at all: it finds the format, unless one was
// forced, and learns the header. Where the head is in no format, elsewhere,
// lines from other places of the log, may be: a crash, a header of another
// program or an hour of error messages at the beginning must not hide what all
// the rest is. Nothing is counted. It may be called again for the next file of
// the same log.
func (a *Auto) Prime(head [][]byte, elsewhere ...[]byte) Detection {
	d := Detect(head)
	if !d.Found && d.Compressed == "" && len(elsewhere) > 0 {
		if other := Detect(elsewhere); other.Found {
			d = other
		}
	}
	head = head[:min(len(head), maxSample)]
	switch {
	case a.forced:
		a.primePrefix(head)
	case d.Found && (a.parser == nil || a.format.Name != d.Format.Name):
		a.become(d.Format, a.askFor(d.Format.New()), d.carrier)
	case d.Found:
		a.lead.kind = d.carrier
	}
	a.turns++
	if !a.forced && a.parser != nil {
		a.blend(head, elsewhere)
	}
	lead := a.lead.fresh() // the lines are none of those that Parse joins
	var r Record
	for _, line := range head {
		switch {
		case a.parser != nil:
			lead.parse(a.parser, line, &r)
			for _, i := range a.mix.also {
				lead.parse(a.others[i], line, &r)
			}
		default:
			a.learn(line)
		}
	}
	return d
}

// Parse implements Parser. A line that no format reads is Rejected with
// ReasonNoFormat, and the furthest column that any of them reached, or the one
// whose notation it plainly is in. Lines that
// a container runtime cut are joined.
func (a *Auto) Parse(line []byte, r *Record) Outcome {
	out := a.parse(line, r)
	if a.hops != nil && out.Kind == Hit && a.hops.header != "" {
		a.resolve(r)
	}
	if a.lead.lost+a.trial.lost > 0 {
		out.Unfinished = uint8(a.lead.tell() + a.trial.tell()) // two streams each, at most
	}
	return out
}

// Joined returns the line that pieces were joined to, where Parse was given the
// last of them just now; ok says that it was. The line is nil if it was too long
// to be kept, and valid until the next Parse.
func (a *Auto) Joined() (line []byte, ok bool) {
	if a.lead.joined() {
		return a.lead.bare.text, true
	}
	if l := &a.trial; l.bare.last != nil && (a.parser == nil || a.rejected > patience) {
		return l.bare.text, true
	}
	return nil, false
}

// End says that the log has ended, and returns the number of its lines, in
// pieces, whose rest never came; see Outcome.Unfinished. Parse may go on.
func (a *Auto) End() int {
	a.lead.end()
	a.trial.end()
	return a.lead.tell() + a.trial.tell()
}

func (a *Auto) parse(line []byte, r *Record) Outcome {
	if a.parser == nil {
		return a.decide(line, r)
	}
	if !a.settled {
		a.settle(line, r)
	}
	out := a.lead.parse(a.parser, line, r)
	if out.Kind == Piece {
		return out
	}
	if out.Kind != Rejected {
		a.rejected, a.moved = 0, true
		if out.Kind == Directive {
			a.turns++
		}
		return out
	}
	a.trial.bare.last = nil // of a line before this one
	if a.forced || out.Reason == ReasonEmpty {
		return out
	}
	if len(a.mix.also) > 0 {
		if other := a.besides(line, r); other.Kind != Rejected {
			a.rejected, a.moved = 0, true
			if other.Kind == Directive {
				a.turns++
			}
			return other
		}
	}
	a.rejected++
	if !a.moved {
		a.leading++
	}
	if a.rejected <= patience {
		a.learn(line)
		a.miss(line, r)
		return out
	}
	if again := a.decide(line, r); again.Kind != Rejected {
		return again
	}
	return out
}

// blend finds the formats that lines of the log are in besides that in force.
func (a *Auto) blend(head, elsewhere [][]byte) {
	also, _ := mixtureOf(a.format, slices.Concat(head, elsewhere), a.lead.kind)
	for _, i := range also {
		if len(a.mix.also) < maxAlso && !slices.Contains(a.mix.also, i) {
			a.join(i)
		}
	}
}

// Format returns the format in use; false while there is none.
func (a *Auto) Format() (Format, bool) { return a.format, a.parser != nil }

// Prefix names what stands before each line of the log and is taken off; "" for
// nothing.
func (a *Auto) Prefix() string { return a.lead.kind.String() }

// Changes counts how often the format in use gave way to another, or another
// was found besides it; see Also. An owner that compares it with the figure
// before can tell a person.
func (a *Auto) Changes() int { return a.changes }

// Missing says in words what the header of the log has no column for; it is
// empty where no header is needed, or it has them all.
func (a *Auto) Missing() []string {
	if m, ok := a.parser.(missing); ok {
		return m.Missing()
	}
	return nil
}

func (a *Auto) become(f Format, p Parser, before prefix) {
	if a.parser != nil && a.format.Name != f.Name {
		a.changes++
	}
	a.format, a.parser, a.rejected, a.moved = f, p, 0, true
	if before != a.lead.kind {
		a.lead.end()
	}
	a.trial.bare.last = nil
	a.mix.without(f.Name)
	a.mix.close()
	a.lead.kind, a.settled = before, true
	// Behind a prefix that was on trial, lines may have begun.
	if a.trial.kind == before && a.trial.open > a.lead.open {
		a.lead.streams, a.trial.streams = a.trial.streams, a.lead.streams
	}
	a.trial.end()
	a.turns++
}

// primePrefix finds the prefix of a log whose format is forced.
func (a *Auto) primePrefix(head [][]byte) {
	bare, p := try(a.format, head, prefixNone).Hits, prefixIn(head)
	behind := 0
	if p != prefixNone {
		behind = try(a.format, head, p).Hits
	}
	switch {
	case behind > 0 && behind >= bare:
		a.lead.kind, a.settled = p, true
	case bare > 0:
		a.lead.kind, a.settled = prefixNone, true
	}
}

// settle takes the prefix of line for that of the log, if the forced format
// reads what is behind it, or none, if it reads the whole.
func (a *Auto) settle(line []byte, r *Record) {
	for _, p := range [...]prefix{prefixOf(line), prefixNone} {
		a.lead.kind = p
		if out := a.lead.parse(a.parser, line, r); out.Kind != Rejected {
			if out.Kind == Piece {
				a.lead.forget() // it is parsed once more
			}
			a.settled = true
			a.turns++
			return
		}
	}
}

// decide tries line with every format and takes the first that reads it, behind
// its prefix if it has one.
func (a *Auto) decide(line []byte, r *Record) Outcome {
	furthest, behind := 0, 0 // behind: the column, where the prefix is beyond doubt
	a.trial.bare.last = nil  // of a line before this one
	if p := prefixOf(line); p != prefixNone {
		trial := &a.trial
		if a.parser != nil && p == a.lead.kind {
			trial = &a.lead // which has taken line, and joined it if it must
		} else {
			if p != trial.kind {
				trial.end()
			}
			trial.kind = p
			trial.take(line)
		}
		out := a.choose(trial, line, r)
		if out.Kind != Rejected {
			return out
		}
		furthest = out.Column
		if a.parser == nil && (p == prefixDocker || NotationOf(trial.bare.text) != "") {
			behind = furthest
		}
	}
	out := a.choose(&peeler{}, line, r)
	switch {
	case out.Kind == Rejected && behind > 0:
		out.Column = behind
	case out.Kind == Rejected:
		out.Column = max(out.Column, furthest)
	}
	return out
}

// choose tries line, as trial has taken it, with every format.
func (a *Auto) choose(trial *peeler, line []byte, r *Record) Outcome {
	a.prepare()
	if trial.kind != prefixNone && trial.bare.told {
		return trial.bare.out
	}
	furthest := Outcome{Kind: Rejected, Reason: ReasonNoFormat}
	directive := false
	text := line
	if trial.kind != prefixNone {
		text = trial.bare.text
	}
	var few []int
	notation := ""
	if len(text) > longLine {
		few, furthest.Column = a.shortlist(text)
	} else if a.parser == nil {
		notation = NotationOf(text)
	}
	for i, f := range formats {
		p := a.others[i]
		if len(text) > longLine && !slices.Contains(few, i) {
			continue
		}
		out := trial.again(p, line, r)
		if out.Reason == ReasonEmpty {
			return out
		}
		if out.Kind == Rejected {
			if notation == "" || notation == f.Name {
				furthest.Column = max(furthest.Column, out.Column)
			}
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
		a.become(f, p, trial.kind)
		return out
	}
	if directive {
		a.turns++
		return Outcome{Kind: Directive}
	}
	furthest.Column = trial.place(line, furthest.Column)
	return furthest
}

// learn shows line to the parsers not in use that have headers.
func (a *Auto) learn(line []byte) {
	if len(line) > longLine {
		return
	}
	a.prepare()
	if body, _, why := a.lead.peel(line); why == "" {
		line = body
	}
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
		a.others[i] = a.askFor(f.New())
	}
}

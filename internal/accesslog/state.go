package accesslog

import (
	"encoding/binary"
	"errors"
	"slices"

	"weir/internal/pack"
)

// stateVersion is that of the binary form of an Auto:
//
//	version  flags  prefix
//	pieces: of the prefix, of the one on trial (0, or its number and they)
//	  flags  [lines given up]  for each stream that waits  other lines since  [text]
//	header asked for, empty for none  [hop counts]
//	changes of the format  lines rejected in a row
//	format, where there is one: name  mark  [what its header said]
//	what the other formats' headers said: how many, then of each  name  header
//	formats besides: how many, then their names
//	lines that none read  when to look  lines of the window
//	votes of the window: how many, then of each  name  votes
//	checksum
//
// Numbers are varints. Formats are told by their names and stand in the order of
// the table, so equal states have equal bytes. The numbers of prefixes, columns
// and fields are part of the form: who moves one counts the version up; a test
// of the bytes says so.
const stateVersion = 1

// The flags of an Auto.
const (
	flagForced  = 1 << iota
	flagSettled // the prefix of a forced one is known
	flagDecided // there is a format
	flagShared  // its Parser, which keeps a header, is that of others
	knownFlags  = 1<<iota - 1
)

// A keeper is a Parser that keeps what a header said. What the other Parsers of
// this package know of the lines before (the second of a time, the order of
// keys) only saves work: without it they read the same; a test looks at each
// field of each of them.
type keeper interface {
	Parser
	// keeps reports whether there was a header.
	keeps() bool
	appendHeader(b []byte) []byte
	// readHeader takes over what appendHeader has written. The Parser is new,
	// and was asked for what it was asked for when it wrote.
	readHeader(r *pack.Reader)
}

// AppendBinary appends the state of a to b: all that decides what it will make
// of the lines to come. It is called between two calls of Parse, and not of a
// fork. Equal states have equal bytes.
//
// It has some 30 bytes for most logs, and one more for each column of a header,
// of which there are 4 times 1,024 at most. Pieces of lines that wait come on top:
// those of two streams, and of two more while another prefix is on trial, of at
// most 1 MiB each.
//
// Not in it are the Hops, but for the header that they ask for; what Joined and
// Nearest tell of the last line; and what a Parser from elsewhere knows.
func (a *Auto) AppendBinary(b []byte) []byte {
	from := len(b)
	own, _ := a.parser.(keeper)
	shared := own != nil && a.isOther(own)
	b = append(b, stateVersion, flagsOf(a.forced, a.forced && a.settled, a.parser != nil, shared), byte(a.lead.kind))
	b = a.lead.streams.appendBinary(b)
	if a.trial.open+a.trial.lost == 0 {
		b = append(b, byte(prefixNone))
	} else {
		b = a.trial.streams.appendBinary(append(b, byte(a.trial.kind)))
	}
	b = pack.AppendBytes(b, a.hops.asked())
	if a.hops.asked() != "" {
		for _, n := range [...]int64{a.counts.Records, a.counts.Missing, a.counts.Stranger, a.counts.Broken} {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = appendCounts(b, a.changes, min(a.rejected, patience+1))
	if a.parser != nil {
		b = pack.AppendBytes(b, a.format.Name)
		b = binary.AppendUvarint(b, a.format.mark)
		if own != nil && !shared {
			b = own.appendHeader(b)
		}
	}
	b = a.appendOthers(b)
	b = a.mix.appendBinary(b)
	return pack.AppendSum(b, from)
}

// isOther reports whether p is one of others.
func (a *Auto) isOther(p Parser) bool {
	for _, other := range a.others {
		if other == p {
			return true
		}
	}
	return false
}

// appendOthers appends what the headers of the formats not in use said.
func (a *Auto) appendOthers(b []byte) []byte {
	n := 0
	for _, p := range a.others {
		if k, ok := p.(keeper); ok && k.keeps() {
			n++
		}
	}
	b = appendCounts(b, n)
	for i, p := range a.others {
		if k, ok := p.(keeper); ok && k.keeps() {
			b = k.appendHeader(pack.AppendBytes(b, formats[i].Name))
		}
	}
	return b
}

func (m *mixture) appendBinary(b []byte) []byte {
	b = appendCounts(b, len(m.also))
	for _, i := range m.also {
		b = pack.AppendBytes(b, formats[i].Name)
	}
	b = appendCounts(b, m.missed, m.due, m.tried)
	n := 0
	for _, votes := range m.votes {
		if votes > 0 {
			n++
		}
	}
	b = appendCounts(b, n)
	for i, votes := range m.votes {
		if votes > 0 {
			b = appendCounts(pack.AppendBytes(b, formats[i].Name), votes)
		}
	}
	return b
}

// The flags of streams.
const (
	flagOpen  = 1 << iota // of the first; of the second the next bit
	_                     //
	flagLong              // likewise
	_                     //
	flagLost              // lines were given up that nobody was told of
	pieceBits = 1<<iota - 1
)

func (s *streams) appendBinary(b []byte) []byte {
	b = append(b, flagsOf(s.of[0].open, s.of[1].open, s.of[0].long, s.of[1].long, s.lost > 0))
	if s.lost > 0 {
		b = appendCounts(b, s.lost)
	}
	for i := range s.of {
		t := &s.of[i]
		if !t.open {
			continue
		}
		if b = appendCounts(b, t.waited); !t.long {
			b = pack.AppendBytes(b, t.text)
		}
	}
	return b
}

// maxLost is the number of lines that can be given up without being told of:
// those of two prefixes, when Prime finds a third.
const maxLost = 4

func (s *streams) readBinary(r *pack.Reader) {
	const part = "pieces of lines"
	f := r.Byte(part)
	if f > pieceBits {
		r.Damaged(part)
	}
	if f&flagLost != 0 {
		if s.lost = int(r.Uint(part, maxLost)); s.lost == 0 {
			r.Damaged(part)
		}
	}
	for i := range s.of {
		t := &s.of[i]
		t.open, t.long = f>>i&flagOpen != 0, f>>i&flagLong != 0
		switch {
		case t.open:
			s.open++
			if t.waited = int(r.Uint(part, maxWaited)); t.long {
				break
			}
			text := r.Bytes(part)
			if len(text) > maxJoined {
				r.Damaged(part)
				return
			}
			t.text = slices.Clone(text)
		case t.long:
			r.Damaged(part)
		}
	}
}

// flagsOf is a byte with a bit for each of set, from the lowest.
func flagsOf(set ...bool) (f byte) {
	for i, is := range set {
		if is {
			f |= 1 << i
		}
	}
	return f
}

func appendCounts(b []byte, counts ...int) []byte {
	for _, n := range counts {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// asked is the header that Parsers are asked for, "" for none.
func (h *Hops) asked() string {
	if h == nil {
		return ""
	}
	return h.header
}

// RestoreAuto returns the Auto whose state AppendBinary wrote to b, for the
// format and the Hops that are asked for now: forced is nil where the format is
// to be found, h where clients are taken as they are. Behind is not called any
// more. It goes on as that one would have, given the same lines.
//
// With same false another format, or another header, was asked for when the
// state was written, or it was in a format that this weir does not know. Then a
// is a new Auto of what is asked for now, to be primed from the head of the log;
// of the old one it knows no more than how many lines in pieces it cannot join
// any more, and tells of them as Unfinished. What h trusts holds from here on,
// and may be other networks than before.
//
// A state that is damaged, or of another version, is an error.
func RestoreAuto(b []byte, forced *Format, h *Hops) (a *Auto, same bool, err error) {
	body, ok := pack.CutSum(b)
	if !ok {
		if len(b) == 0 || b[0] == stateVersion {
			return nil, false, errors.New("the stored state of the parser is damaged: its checksum is another")
		}
		body = b[:1] // to be told of its version
	}
	r := pack.NewReader("the stored state of the parser", body)
	r.Version(stateVersion)
	flags := r.Byte("flags")
	if flags > knownFlags {
		r.Damaged("flags")
	}
	a = begin(forced, h)
	a.readPieces(r)
	waiting := a.lead.open + a.lead.lost + a.trial.open + a.trial.lost
	if same = a.readFormat(r, flags) && a.readOthers(r) && a.readMixture(r); r.Err() == nil && !same {
		a = begin(forced, h)
		a.lead.lost = waiting
		return a, false, nil
	}
	if err := r.End(); err != nil {
		return nil, false, err
	}
	return a, true, nil
}

// begin returns an Auto that has seen no line.
func begin(forced *Format, h *Hops) *Auto {
	a := new(Auto)
	if forced != nil {
		a = NewForced(*forced)
	}
	if h != nil {
		a.Behind(h)
	}
	return a
}

func (a *Auto) readPieces(r *pack.Reader) {
	const part = "prefix"
	a.lead.kind = readPrefix(r)
	a.lead.readBinary(r)
	if a.trial.kind = readPrefix(r); a.trial.kind == prefixNone {
		return
	}
	if a.trial.readBinary(r); a.trial.open+a.trial.lost == 0 {
		r.Damaged(part)
	}
}

func readPrefix(r *pack.Reader) prefix {
	p := prefix(r.Byte("prefix"))
	if p >= prefixCount {
		r.Damaged("prefix")
		return prefixNone
	}
	return p
}

// readFormat reads as far as the header of the format in use, and reports
// whether it is what a was begun with.
func (a *Auto) readFormat(r *pack.Reader, flags byte) (same bool) {
	asked := r.Bytes("header asked for")
	if len(asked) > 0 {
		c := &a.counts
		for _, n := range [...]*int64{&c.Records, &c.Missing, &c.Stranger, &c.Broken} {
			*n = r.Number("clients")
		}
	}
	a.changes = int(r.Number("changes"))
	a.rejected = int(r.Uint("rejected lines", patience+1))
	forced, decided, shared := flags&flagForced != 0, flags&flagDecided != 0, flags&flagShared != 0
	if string(asked) != a.hops.asked() || forced != a.forced {
		return false
	}
	a.settled = flags&flagSettled != 0
	if forced && !decided || a.settled && !forced || shared && (forced || !decided) {
		r.Damaged("flags")
		return false
	}
	if !decided {
		return true
	}
	name, mark := r.Bytes("format"), r.Uint("format", ^uint64(0))
	if forced {
		if string(name) != a.format.Name || mark != a.format.mark {
			return false
		}
	} else {
		row := rowOf(name)
		if row < 0 || mark != 0 {
			return false
		}
		a.format, a.settled = formats[row], true
		if shared {
			a.prepare()
			a.parser = a.others[row]
		} else {
			a.parser = a.askFor(a.format.New())
		}
	}
	k, ok := a.parser.(keeper)
	switch {
	case ok && !shared:
		k.readHeader(r)
	case !ok && shared:
		r.Damaged("flags")
	}
	return true
}

// rowOf is the row of the format of that name, -1 if there is none.
func rowOf(name []byte) int {
	return slices.IndexFunc(formats, func(f Format) bool { return f.Name == string(name) })
}

// readOthers reads what the headers of the other formats said, and reports
// whether all are known.
func (a *Auto) readOthers(r *pack.Reader) (known bool) {
	const part = "headers"
	last := -1
	for n := r.Count(part, 2); n > 0 && r.Err() == nil; n-- {
		row := rowOf(r.Bytes(part))
		if row < 0 {
			return false
		}
		a.prepare()
		k, ok := a.others[row].(keeper)
		if !ok || row <= last {
			r.Damaged(part)
			return false
		}
		last = row
		if k.readHeader(r); !k.keeps() {
			r.Damaged(part)
		}
	}
	return true
}

// readMixture reads what is known of the formats besides, and reports whether
// all are known.
func (a *Auto) readMixture(r *pack.Reader) (known bool) {
	const part = "mixture"
	m := &a.mix
	for n := r.Uint(part, maxAlso); n > 0 && r.Err() == nil; n-- {
		row := rowOf(r.Bytes(part))
		if row < 0 {
			return false
		}
		if slices.Contains(m.also, row) || a.forced || a.parser == nil || formats[row].Name == a.format.Name {
			r.Damaged(part)
			return false
		}
		a.prepare()
		m.also = append(m.also, row)
	}
	m.missed, m.due = int(r.Number(part)), int(r.Number(part))
	m.tried = int(r.Uint(part, patience))
	last := -1
	for n := r.Count(part, 2); n > 0 && r.Err() == nil; n-- {
		row := rowOf(r.Bytes(part))
		if row < 0 {
			return false
		}
		votes := int(r.Uint(part, uint64(m.tried)))
		if row <= last || votes == 0 {
			r.Damaged(part)
			return false
		}
		if m.votes == nil {
			m.votes = make([]int, len(formats))
		}
		m.votes[row], last = votes, row
	}
	return true
}

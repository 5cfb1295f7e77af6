package accesslog

import "bytes"

// Container runtimes cut long lines into pieces, and those of standard output
// and standard error stand in one file, mixed:
//
//	2026-03-10T12:00:00.0Z stdout P 203.0.113.7 - - [10/Mar
//	2026-03-10T12:00:00.0Z stderr F worker 7 is slow
//	2026-03-10T12:00:00.0Z stdout F /2026:12:00:00 +0000] "GET ...
//
// Docker's json-file driver has no mark: a piece is a log that does not end in
// a line feed. The pieces of one stream are joined again.

const (
	// maxJoined is the longest line that pieces are joined to, in bytes; it is
	// that of lines in one piece.
	maxJoined = 1 << 20
	// maxWaited is the number of other lines after which the rest of a line is
	// not waited for any more. Another stream writes far fewer between two
	// pieces of one.
	maxWaited = 1000
	// keptJoined is the room, in bytes, that is kept for the next line in pieces.
	keptJoined = 256 << 10
)

// A stream is one of those a container writes, and the pieces of its line that
// have come. The zero value has none.
type stream struct {
	text   []byte
	open   bool // there are pieces, and the last is yet to come
	long   bool // they are longer than maxJoined, and not kept
	waited int  // other lines since the last piece
}

// streams are those of one log: standard output, standard error.
type streams struct {
	of   [2]stream
	open int // how many are
	// lost counts lines whose rest never came, until take tells of them.
	lost int
}

// add keeps a piece, which is copied.
func (s *streams) add(i int, piece []byte) {
	t := &s.of[i]
	if !t.open {
		t.open = true
		s.open++
		if t.text = t.text[:0]; cap(t.text) > keptJoined {
			t.text = nil
		}
	}
	t.waited = 0
	if t.long = t.long || len(t.text)+len(piece) > maxJoined; t.long {
		t.text = nil
		return
	}
	t.text = append(t.text, piece...)
}

// finish adds the last piece. The line is valid until the next add.
func (s *streams) finish(i int, piece []byte) (line []byte, long bool) {
	s.add(i, piece)
	t := &s.of[i]
	line, long = t.text, t.long
	t.open, t.long = false, false
	s.open--
	return line, long
}

// wait notes a line that is none of what the others wait for; -1 is no stream.
func (s *streams) wait(but int) {
	for i := range s.of {
		t := &s.of[i]
		if i == but || !t.open {
			continue
		}
		if t.waited++; t.waited > maxWaited {
			s.drop(i)
			s.lost++
		}
	}
}

// end gives up all that is open.
func (s *streams) end() {
	for i := range s.of {
		if s.of[i].open {
			s.drop(i)
			s.lost++
		}
	}
}

// forget drops all that is open, without counting it.
func (s *streams) forget() {
	for i := range s.of {
		s.drop(i)
	}
	s.lost = 0
}

func (s *streams) drop(i int) {
	if t := &s.of[i]; t.open {
		t.open, t.long, t.waited = false, false, 0
		s.open--
	}
}

// tell returns how many lines were given up since the last call.
func (s *streams) tell() int {
	n := s.lost
	s.lost = 0
	return n
}

// follow takes over what is open in f, which loses it. Nothing is open in s.
func (s *streams) follow(f *streams) {
	if f.open > 0 {
		*s, *f = *f, streams{}
	}
}

// A bare line is one without its prefix.
type bare struct {
	text []byte
	at   int    // where it begins in the whole line
	last []byte // of a joined one, the last piece; else nil
	// out is what the line is where no Parser need be asked; then told.
	out  Outcome
	told bool
}

// joined reports whether the line that was taken last was put together from
// pieces. Of a log that has lost its prefix that is none of its lines any more.
func (l *peeler) joined() bool { return l.kind != prefixNone && l.bare.last != nil }

// take takes the prefix off line, into l.bare. A piece is kept.
func (l *peeler) take(line []byte) {
	body, at, why := l.peel(line)
	l.keep(line, body, at, why)
}

// keep does what take promises with what peel has returned.
func (l *peeler) keep(line, body []byte, at int, why Reason) {
	l.bare = bare{text: body, at: at}
	switch {
	case why == ReasonPartial:
		i := l.streamOf(line, at)
		l.wait(i)
		l.add(i, body)
		l.bare.told, l.bare.out = true, Outcome{Kind: Piece}
		return
	case l.open > 0:
		i := -1
		if why == "" {
			i = l.streamOf(line, at)
		}
		if i < 0 || !l.of[i].open {
			l.wait(-1)
			break
		}
		l.wait(i)
		text, long := l.finish(i, body)
		if l.bare.text, l.bare.last = text, body; long {
			l.bare.told, l.bare.out = true, Outcome{Kind: Rejected, Reason: ReasonTooLong, Column: maxJoined + 1}
		}
		return
	}
	if why != "" {
		if len(line) == 0 {
			why = ReasonEmpty
		}
		l.bare.told, l.bare.out = true, rejected(line, why, at)
	}
}

// read gives the line that was taken last to p. The column of a rejected one is
// that in what p was given, unless b.told; see place.
//
// A last piece that is a request by itself, where the whole is none, belongs to
// no pieces: the rest of theirs never came, as when a container is killed.
func (l *peeler) read(p Parser, line []byte, r *Record) Outcome {
	b := &l.bare
	if b.told {
		return b.out
	}
	if b.last != nil {
		out := dated(b.text, r, p.Parse(b.text, r))
		if out.Kind == Rejected && len(b.last) > 0 {
			if alone := dated(b.last, r, p.Parse(b.last, r)); alone.Kind != Rejected {
				l.lost++
				b.last = nil
				return alone
			}
		}
		return out
	}
	return dated(b.text, r, p.Parse(b.text, r))
}

// place makes the column of a rejected line, as read returns it, one of the
// whole line.
func (l *peeler) place(line []byte, column int) int {
	if b := &l.bare; l.kind != prefixNone && !b.told && b.last == nil {
		return l.column(line, b.at, column)
	}
	return column
}

// streamOf is the number of the stream that line is of; what it says begins at
// line[at].
func (l *peeler) streamOf(line []byte, at int) int {
	const mark = "stderr F "
	switch {
	case l.kind == prefixCRI && at >= len(mark) && string(line[at-len(mark):at-len(" F ")]) == "stderr":
		return 1
	case l.kind == prefixDocker:
		if end, _, why := stringEnd(line, at); why == "" && bytes.Contains(line[end:], []byte(`"stream":"stderr"`)) {
			return 1
		}
	}
	return 0
}

package monitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"

	"weir/internal/accesslog"
	"weir/internal/history"
	"weir/internal/tail"
)

// laneState is where a log is read, as it is kept in the history.
type laneState struct {
	Version int `json:"version"`
	// Position is of tail: a place at or before the next line that is to be counted.
	Position tail.Position `json:"position,omitzero"`
	// Counted are lines behind Position that were counted.
	Counted []counted `json:"counted,omitempty"`
	// Since, where Back is set, is the second before which records are passed over.
	Since int64 `json:"since,omitempty"`
	Back  bool  `json:"back,omitempty"`
	// Parser is its state, Primed that it has seen the head of the log.
	Parser []byte `json:"parser,omitempty"`
	Primed bool   `json:"primed,omitempty"`
	// Stream says that there is no Position: the lines came once.
	Stream bool `json:"stream,omitempty"`
}

// counted are the lines of a block that were counted before the rest of it was.
// They come again, in the same file or in a copy of it, perhaps behind what was
// written into older files since then, so neither its number nor their bytes alone
// would tell: the block begins with the same lines.
type counted struct {
	Bytes int64     `json:"bytes"` // of text
	Begin beginning `json:"begin"` // what they begin with
	// Begun: they have come in part, the rest is what comes next; in the file of this
	// number, if that is known.
	Begun bool `json:"begun,omitempty"`
	inode uint64
}

// beginning tells what some lines begin with.
type beginning struct {
	Bytes int    `json:"bytes"`
	Sum   uint32 `json:"sum"`   // CRC-32C
	First uint32 `json:"first"` // that of the first line, where so many bytes do not come at once
}

// mostBegin is more than the header of a log, which is that of the next one, too.
const mostBegin = 512

func beginningOf(lines []byte) beginning {
	table := crc32.MakeTable(crc32.Castagnoli)
	first := lines[:bytes.IndexByte(lines, '\n')+1]
	lines = lines[:min(len(lines), mostBegin)]
	return beginning{len(lines), crc32.Checksum(lines, table), crc32.Checksum(first, table)}
}

// of reports whether lines begin so, as far as they go.
func (b beginning) of(lines []byte) bool {
	got := beginningOf(lines[:min(len(lines), max(b.Bytes, bytes.IndexByte(lines, '\n')+1))])
	return got.First == b.First && (len(lines) < b.Bytes || got.Sum == b.Sum)
}

// laneVersion is that of laneState.
const laneVersion = 1

func parseLaneState(data []byte) (laneState, error) {
	var s laneState
	if err := json.Unmarshal(data, &s); err != nil {
		return s, err
	}
	switch {
	case s.Version > laneVersion:
		return s, fmt.Errorf("it is of version %d, written by a newer weir than this", s.Version)
	case s.Version < 1 || slices.ContainsFunc(s.Counted, counted.damaged):
		return s, errors.New("it is damaged")
	}
	return s, nil
}

func (s *laneState) file() bool { return !s.Stream }

// place is how far a lane was counted, for the history.
type place struct {
	kept  bool // there is a history
	at    tail.Position
	bytes int64 // of the block in hand that are counted
	// skip are lines to come that were counted by an earlier process.
	skip    []counted
	changed bool
	// What became of the files when it was last stored.
	rotations, truncations int
}

// moved reports whether the place is another than the one that was last stored.
func (l *lane) moved() bool {
	if st := l.source.State(); st.Rotations != l.place.rotations || st.Truncations != l.place.truncations {
		l.place.rotations, l.place.truncations = st.Rotations, st.Truncations
		l.place.changed = true
		if l.batch == nil {
			l.reached()
		}
	}
	return l.place.changed
}

// reached notes that all that the source gave is counted.
func (l *lane) reached() {
	if !l.place.kept || l.source.State().Kind != tail.File {
		return
	}
	l.source.PositionInto(&l.place.at)
	at := &l.place.at
	for _, marks := range [...][]tail.Mark{at.Files, at.Read} {
		for i := range marks {
			marks[i].Path = absolute(marks[i].Path) // the next process may run elsewhere
		}
	}
	l.place.bytes, l.place.changed = 0, true
}

// pass leaves out what an earlier process has counted, from the front of the
// block in hand. Other lines may come before it, of a rotated file that somebody
// still wrote to; or it does not come, since the log was deleted meanwhile.
func (l *lane) pass() {
	left := l.place.skip[:0]
	for _, c := range l.place.skip {
		next := c.Begun && len(left) == 0 && (c.inode == 0 || c.inode == l.batch.Inode)
		if next || !c.Begun && c.Begin.of(l.rest) {
			n := min(c.Bytes, int64(len(l.rest)))
			c.Bytes, c.Begun, c.inode = c.Bytes-n, true, l.batch.Inode
			if l.line > 0 {
				l.line += int64(bytes.Count(l.rest[:n], []byte{'\n'}))
			}
			l.advance(int(n))
		}
		if c.Bytes > 0 {
			left = append(left, c)
		}
	}
	l.place.skip = left
}

// damaged reports whether c is what no weir writes.
func (c counted) damaged() bool {
	return c.Bytes < 0 || c.Begin.Bytes < 0 || c.Begin.Bytes > mostBegin
}

// advance goes on by so many bytes of the block in hand.
func (l *lane) advance(n int) {
	l.offset += l.batch.Taken(l.rest[:n])
	l.rest = l.rest[n:]
	l.place.bytes += int64(n)
	l.place.changed = true
}

// store returns the place as it is kept.
func (l *lane) store() []byte {
	l.place.changed = false
	s := laneState{Version: laneVersion, Parser: l.parser.AppendBinary(nil), Primed: l.primed}
	if s.Stream = l.source.State().Kind != tail.File; !s.Stream {
		s.Position, s.Since, s.Back = l.place.at, l.skip, l.back
		if b := l.batch; b != nil && l.place.bytes > 0 {
			s.Counted = append(s.Counted, counted{Bytes: l.place.bytes, Begin: beginningOf(b.Data[:len(b.Data)-len(l.rest)])})
		}
		s.Counted = append(s.Counted, l.place.skip...)
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // of numbers and strings: cannot be
	}
	return data
}

// resume goes on where an earlier process stopped, with what its parser knew. With
// another format or header asked for, the parser begins anew at the head of the
// log. So it does if what it knew cannot be read, which the error tells.
func (l *lane) resume(s *laneState, o *Options) error {
	parser, same, err := accesslog.RestoreAuto(s.Parser, o.formatOf(l.source), o.Hops)
	if err != nil {
		err = fmt.Errorf("what was known of the format of %s cannot be read: %w; it is found anew", l.account.Name, err)
		parser, same = o.parserOf(l.source), false
		parser.Behind(o.Hops)
	}
	l.parser = parser
	if _, known := parser.Format(); same && known {
		l.primed = s.Primed
		l.changes = parser.Changes()
	}
	if !s.Stream {
		l.resumed = true
		l.skip, l.back = s.Since, s.Back
		l.place.at, l.place.skip = s.Position, s.Counted
	}
	return err
}

// mostSpans of a log wait for the next commit. They only save a search.
const mostSpans = 1000

// spans tells where the records of each minute stand in the files of a log, for
// whoever looks for the lines of some time.
type spans struct {
	kept   bool
	open   history.Span // FromTime 0 and ToTime 0 where there is none
	ready  []history.Span
	minute int64
}

// note counts a record of second sec, whose line stands from from to to in file.
func (s *spans) note(sec, from, to int64) {
	if !s.kept {
		return
	}
	if minute := sec / 60; minute > s.minute || s.open.ToTime == 0 {
		s.close()
		s.minute = minute
		s.open.FromTime, s.open.ToTime, s.open.FromOffset = sec, sec+1, from
	}
	s.open.FromTime, s.open.ToTime = min(s.open.FromTime, sec), max(s.open.ToTime, sec+1)
	s.open.ToOffset = to
}

// in says which file, of what log, the lines to come stand in.
func (s *spans) in(source string, device, inode uint64) {
	file := ""
	if inode != 0 {
		file = strconv.FormatUint(device, 10) + ":" + strconv.FormatUint(inode, 10)
	}
	if s.open.File != file || s.open.Source != source {
		s.close()
		s.open.Source, s.open.File = source, file
	}
}

func (s *spans) close() {
	if s.open.ToTime != 0 && len(s.ready) < mostSpans {
		s.ready = append(s.ready, s.open)
	}
	s.open = history.Span{Source: s.open.Source, File: s.open.File}
}

// take moves what there is to list.
func (s *spans) take(list []history.Span) []history.Span {
	s.close()
	list = append(list, s.ready...)
	s.ready = s.ready[:0]
	return list
}

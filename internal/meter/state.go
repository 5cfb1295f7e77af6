package meter

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"weir/internal/alert"
	"weir/internal/pack"
)

// stateVersion is that of the binary form of a Bank:
//
//	version  begun  first  news  newest second decided: 0, or 1 and the second
//	logs that are or were gone: how many, then of each  name  how many times, then  since  0, or 1 and when it was back
//	lines that are no requests: as the slots of a key
//	meters: how many, then  where  of  rejected  lines
//	        groups: how many, then  by  top  length  keys ...
//	records of runs: by log, how many, then of each  what was counted of it, and where
const stateVersion = 1

// AppendBinary appends the state of b to to. Equal states have equal bytes.
func (b *Bank) AppendBinary(to []byte) []byte {
	b.feed(math.MaxInt64)
	to = binary.AppendVarint(binary.AppendVarint(append(to, stateVersion, oneIf(b.begun)), b.first), b.news)
	if b.decided == unknown {
		to = append(to, 0)
	} else {
		to = binary.AppendVarint(append(to, 1), b.decided)
	}
	to = binary.AppendUvarint(to, uint64(len(b.logs)))
	for _, name := range slices.Sorted(maps.Keys(b.logs)) {
		to = binary.AppendUvarint(pack.AppendBytes(to, name), uint64(len(b.logs[name])))
		for _, a := range b.logs[name] {
			to = binary.AppendVarint(to, a.since)
			if a.back == still {
				to = append(to, 0)
			} else {
				to = binary.AppendVarint(append(to, 1), a.back)
			}
		}
	}
	to = binary.AppendUvarint(to, uint64(len(b.lines.cells)))
	to = b.lines.appendBinary(to, b.decided-b.ahead())
	to = binary.AppendUvarint(to, uint64(len(b.meters)))
	var group []byte
	for _, m := range b.meters {
		to = pack.AppendBytes(pack.AppendBytes(to, m.where), m.of)
		to = append(to, oneIf(m.rejected), oneIf(m.lines))
		to = binary.AppendUvarint(to, uint64(len(m.groups)))
		for _, g := range m.groups {
			group = g.appendBinary(group[:0], b.decided)
			to = pack.AppendBytes(to, group)
		}
	}
	return b.appendRuns(to)
}

// Restore makes b, of which nothing was asked yet, go on where the Bank stood whose
// state AppendBinary wrote to state. What was counted for other filters or
// keys is forgotten; what is asked for anew begins empty. After an error b is not to be used.
func (b *Bank) Restore(state []byte) error {
	const part = "meters"
	r := pack.NewReader("the state of the meters", state)
	r.Version(stateVersion)
	b.begun, b.first, b.news = r.Bool("beginning"), r.Second("beginning"), r.Second("beginning")
	if r.Bool("beginning") {
		b.decided = r.Second("beginning")
	}
	for n := r.Count("logs", 2); n > 0 && r.Err() == nil; n-- {
		name := string(r.Bytes("logs"))
		var list []away
		for k := r.Count("logs", 2); k > 0 && r.Err() == nil; k-- {
			a := away{since: r.Second("logs"), back: still}
			if r.Bool("logs") {
				a.back = r.Second("logs")
			}
			list = append(list, a)
		}
		if b.logs[name] = list; len(list) == 0 || len(list) > mostAway || len(b.logs) > alert.MaxKeys {
			r.Damaged("logs")
		}
	}
	lines := &b.lines
	if !b.odd {
		lines = &ring{width: 1, cells: make([]cell, 1)}
	}
	if slots := r.Number("lines"); slots > mostSlots {
		r.Damaged("lines")
	} else {
		lines.read(r, slots)
	}
	same, i := true, 0
	for n := r.Count(part, 5); n > 0 && r.Err() == nil; n-- {
		where, of := string(r.Bytes(part)), string(r.Bytes(part))
		rejected, lines := r.Bool(part), r.Bool(part)
		var into *meter
		for _, m := range b.meters {
			if m.where == where && m.of == of && m.rejected == rejected && m.lines == lines {
				into = m
			}
		}
		groups := r.Count(part, 1)
		same = same && i < len(b.meters) && into == b.meters[i] && groups == len(into.groups)
		i++
		for k := groups; k > 0 && r.Err() == nil; k-- {
			if err := b.restore(into, r.Bytes(part)); err != nil {
				return err
			}
		}
	}
	b.readRuns(r, same && i == len(b.meters))
	return r.End()
}

// restore reads a group; a nil meter, and one without such a group, reads it to see
// that it is whole.
func (b *Bank) restore(m *meter, state []byte) error {
	r := pack.NewReader("the state of the meters", state)
	by, top := alert.By(r.Byte("group")), r.Bool("group")
	into := b.newGroup(by, top)
	if m != nil {
		for _, g := range m.groups {
			if g.by == by && g.top == top {
				into = g
			}
		}
	}
	into.read(r)
	return r.End()
}

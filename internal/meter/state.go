package meter

import (
	"encoding/binary"
	"maps"
	"slices"

	"weir/internal/alert"
	"weir/internal/pack"
)

// stateVersion is that of the binary form of a Bank:
//
//	version  begun  first
//	logs that are gone: how many, then  name  since
//	meters: how many, then  where  of  rejected  lines
//	        groups: how many, then  by  top  length  keys ...
const stateVersion = 1

// AppendBinary appends the state of b to to. Equal states have equal bytes.
func (b *Bank) AppendBinary(to []byte) []byte {
	to = binary.AppendVarint(append(to, stateVersion, oneIf(b.begun)), b.first)
	gone := slices.DeleteFunc(slices.Sorted(maps.Keys(b.gone)), func(name string) bool { return b.gone[name] == here })
	to = binary.AppendUvarint(to, uint64(len(gone)))
	for _, name := range gone {
		to = binary.AppendVarint(pack.AppendBytes(to, name), b.gone[name])
	}
	to = binary.AppendUvarint(to, uint64(len(b.meters)))
	var group []byte
	for _, m := range b.meters {
		to = pack.AppendBytes(pack.AppendBytes(to, m.where), m.of)
		to = append(to, oneIf(m.rejected), oneIf(m.lines))
		to = binary.AppendUvarint(to, uint64(len(m.groups)))
		for _, g := range m.groups {
			group = g.appendBinary(group[:0])
			to = pack.AppendBytes(to, group)
		}
	}
	return to
}

// Restore makes b, of which nothing was asked yet, go on where the Bank stood whose
// state AppendBinary wrote to state. What was counted for other filters or
// keys is forgotten; what is asked for anew begins empty. After an error b is not to be used.
func (b *Bank) Restore(state []byte) error {
	const part = "meters"
	r := pack.NewReader("the state of the meters", state)
	r.Version(stateVersion)
	b.begun, b.first = r.Bool("beginning"), r.Second("beginning")
	for n := r.Count("logs", 2); n > 0 && r.Err() == nil; n-- {
		name := string(r.Bytes("logs"))
		b.gone[name] = r.Second("logs")
	}
	for n := r.Count(part, 5); n > 0 && r.Err() == nil; n-- {
		where, of := string(r.Bytes(part)), string(r.Bytes(part))
		rejected, lines := r.Bool(part), r.Bool(part)
		var into *meter
		for _, m := range b.meters {
			if m.where == where && m.of == of && m.rejected == rejected && m.lines == lines {
				into = m
			}
		}
		for k := r.Count(part, 1); k > 0 && r.Err() == nil; k-- {
			if err := into.restore(r.Bytes(part)); err != nil {
				return err
			}
		}
	}
	return r.End()
}

// restore reads a group; a nil meter, and one without such a group, reads it to see
// that it is whole.
func (m *meter) restore(state []byte) error {
	r := pack.NewReader("the state of the meters", state)
	by, top := alert.By(r.Byte("group")), r.Bool("group")
	into := newGroup(by, top)
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

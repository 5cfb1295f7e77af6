package geo

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"slices"
)

// A network is a row of a database that a test writes.
type network struct {
	prefix string
	fields map[string]any
}

// database writes a database of the MaxMind DB file format 2.0, with records of
// 24 bits: the tree of addresses, 16 bytes of nothing, the data, the
// description. The same rows give the same bytes.
func database(version int, rows ...network) []byte {
	var data []byte
	nodes := make([][2]int, 1) // 0 is nothing, above is a node, below a row
	var offsets []int
	for i, row := range rows {
		offsets = append(offsets, len(data))
		data = appendValue(data, row.fields)
		nodes = insert(nodes, version, netip.MustParsePrefix(row.prefix), -1-i)
	}
	var out []byte
	for _, node := range nodes {
		for _, to := range node {
			switch {
			case to == 0:
				to = len(nodes)
			case to < 0:
				to = len(nodes) + 16 + offsets[-1-to]
			}
			out = append(out, byte(to>>16), byte(to>>8), byte(to))
		}
	}
	out = append(append(out, make([]byte, 16)...), data...)
	return appendValue(append(out, marker...), map[string]any{
		"binary_format_major_version": uint16(2),
		"binary_format_minor_version": uint16(0),
		"build_epoch":                 uint64(1_773_100_800),
		"database_type":               "Test",
		"description":                 map[string]any{"en": "made by a test"},
		"ip_version":                  uint16(version),
		"languages":                   []any{"en"},
		"node_count":                  uint32(len(nodes)),
		"record_size":                 uint16(24),
	})
}

// insert makes the way of a prefix through the tree end in to.
func insert(nodes [][2]int, version int, p netip.Prefix, to int) [][2]int {
	addr, bits := p.Addr().AsSlice(), p.Bits()
	if version == 6 && p.Addr().Is4() {
		addr, bits = append(make([]byte, 12), addr...), bits+96
	}
	at := 0
	for i := range bits {
		bit := addr[i/8] >> (7 - i%8) & 1
		if i == bits-1 {
			nodes[at][bit] = to
			break
		}
		if nodes[at][bit] == 0 {
			nodes[at][bit] = len(nodes)
			nodes = append(nodes, [2]int{})
		}
		at = nodes[at][bit]
	}
	return nodes
}

// The types of values.
const (
	typeString = 2
	typeUint16 = 5
	typeUint32 = 6
	typeMap    = 7
	typeUint64 = 9
	typeArray  = 11
)

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return append(appendControl(b, typeString, len(v)), v...)
	case uint16:
		return append(appendControl(b, typeUint16, 2), byte(v>>8), byte(v))
	case uint32:
		return binary.BigEndian.AppendUint32(appendControl(b, typeUint32, 4), v)
	case uint64:
		return binary.BigEndian.AppendUint64(appendControl(b, typeUint64, 8), v)
	case []any:
		b = appendControl(b, typeArray, len(v))
		for _, x := range v {
			b = appendValue(b, x)
		}
	case map[string]any:
		b = appendControl(b, typeMap, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			b = appendValue(appendValue(b, k), v[k])
		}
	}
	return b
}

// appendControl writes the type and the size, of 284 at most, of a value.
func appendControl(b []byte, kind, size int) []byte {
	short := min(size, 29)
	if kind > 7 {
		b = append(b, byte(short), byte(kind-7))
	} else {
		b = append(b, byte(kind<<5|short))
	}
	if size >= 29 {
		b = append(b, byte(size-29))
	}
	return b
}

package tail

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"

	"weir/internal/charset"
)

// A Position is where reading of a source stopped: what a later process needs
// to go on at the exact line, whatever was done to the files meanwhile. It is
// plain data, made to be stored; the zero value is the position of a source of
// which nothing was ever read.
type Position struct {
	// Files that had something to give, oldest first. The last of them stood at
	// the path of the source if Live, else it had been replaced.
	Files []Mark `json:"files"`
	Live  bool   `json:"live"`
	// Read has files that were read to their end, in case the path leads to one
	// of them again.
	Read []Mark `json:"read,omitempty"`
}

// begun reports whether there is a place to go on from: else nothing was ever read,
// and no file of the past had been there.
func (p *Position) begun() bool { return len(p.Files) > 0 }

// A Mark is a place in a file, and what the file is known by wherever it is: a
// renamed file by its inode, a copy, compressed or not, by its content.
type Mark struct {
	Path    string    `json:"path"` // where the file was, links followed
	Device  uint64    `json:"device"`
	Inode   uint64    `json:"inode"`         // 0 where the system has none
	Born    time.Time `json:"born,omitzero"` // when the file was made, zero where that is not known
	Offset  int64     `json:"offset"`
	Line    int64     `json:"line,omitempty"` // number of the line at Offset, from 1; 0 unknown
	Size    int64     `json:"size"`           // of the file, or its text, as far as seen
	Written time.Time `json:"written"`        // modification time when the file was last seen at its path
	// Prefix has the sums of its first 16, 32, 64 ... 512 bytes, as far as they
	// were read. They are compared where a copy may be shorter than the file was.
	Prefix []Sum `json:"prefix,omitempty"`
	// Anchor is the sum of the last Anchored bytes before Offset.
	Anchor   Sum `json:"anchor"`
	Anchored int `json:"anchored"`
	// Carry is the first part of the line at Offset, which stood in a file that
	// was truncated.
	Carry []byte `json:"carry,omitempty"`
	Blind bool   `json:"blind,omitempty"` // Offset is inside a line that is passed over
	Joins bool   `json:"joins,omitempty"` // what follows the file goes on with its last line
	Past  bool   `json:"past,omitempty"`  // of the past that Options.Past asked for; what follows may go on so
	Quiet bool   `json:"quiet,omitempty"` // nobody writes to the file any more
	// Encoding is how the text at Offset and Carry are written down.
	Encoding charset.Encoding `json:"encoding,omitempty"`
}

// A Sum stands for some bytes of a log, and cannot be read back to them: the
// first 64 bits of their SHA-256.
type Sum uint64

// noSum is sumOf nothing: a Position has it of each file that is still to be read.
const noSum Sum = 0xe3b0c44298fc1c14

func sumOf(b []byte) Sum {
	if len(b) == 0 {
		return noSum
	}
	h := sha256.Sum256(b)
	return Sum(binary.BigEndian.Uint64(h[:]))
}

// MarshalText writes 16 hexadecimal digits.
func (s Sum) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, binary.BigEndian.AppendUint64(nil, uint64(s))), nil
}

// UnmarshalText reads what MarshalText writes.
func (s *Sum) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != 8 {
		return fmt.Errorf("%q is no sum of 16 hexadecimal digits", text)
	}
	*s = Sum(binary.BigEndian.Uint64(b))
	return nil
}

const (
	prefixSize  = 512 // bytes of its start that a file is known by
	firstPrefix = 16
)

// prefixSums are the sums of the first 16, 32, 64 ... bytes of b.
func prefixSums(b []byte) []Sum {
	var sums []Sum
	for n := firstPrefix; n <= len(b) && n <= prefixSize; n *= 2 {
		sums = append(sums, sumOf(b[:n]))
	}
	return sums
}

// sums keeps the sums of the first bytes of a file, which are asked for far more
// often than they change.
type sums struct {
	head []byte
	list []Sum // never changed, so that marks may share it
}

// of is prefixSums of head, which is not changed from then on.
func (s *sums) of(head []byte) []Sum {
	if !bytes.Equal(s.head, head) {
		s.head, s.list = head, prefixSums(head)
	}
	return s.list
}

// begins reports whether head, the first bytes of a file (all of them, if it is
// shorter than prefixSize), is how the file of m began. A file of which too
// little is known begins like none.
func (m *Mark) begins(head []byte) bool { return m.beginsAs(prefixSums(head)) }

// beginsAs is begins for a head of which the sums are known.
func (m *Mark) beginsAs(sums []Sum) bool {
	n := min(len(sums), len(m.Prefix))
	return n > 0 && slices.Equal(sums[:n], m.Prefix[:n])
}

// sound reports whether m can be a place in a file, and is none that was damaged
// where it was stored.
func (m *Mark) sound() bool {
	return m.Offset >= 0 && m.Size >= 0 && m.Line >= 0 && 0 <= m.Anchored && m.Anchored <= wideAnchor && int64(m.Anchored) <= m.Offset
}

// same reports whether info is of the file of m, by its number: another file may
// have been given it since.
func (m *Mark) same(info os.FileInfo) bool {
	dev, ino := identify(info)
	return ino != 0 && dev == m.Device && ino == m.Inode
}

// of reports whether m and n are of one file with one content.
func (m *Mark) of(n *Mark) bool {
	return m.Inode != 0 && m.Device == n.Device && m.Inode == n.Inode && m.Born.Equal(n.Born) && slices.Equal(m.Prefix, n.Prefix)
}

// mark tells where f is.
func (f *file) mark(m *Mark) {
	switch {
	case f.f == nil:
		*m = f.rest.mark
		return
	case len(f.prefix) < prefixSize:
		// A file of which little was read is known by what it holds.
		if head, base := f.start(); (len(f.prefix) == 0 || base == f.base) && bytes.HasPrefix(head, f.prefix) {
			f.stand(m, head)
			return
		}
	}
	f.place(m)
}

// start is head, which of a file that nobody writes to any more is kept.
func (f *file) start() (b []byte, base int64) {
	if f.quiet && f.offset == 0 && len(f.sums.head) == prefixSize {
		return f.sums.head, f.base
	}
	return f.head()
}

// place is mark from what is known without a look at the file, which may have
// changed.
func (f *file) place(m *Mark) {
	prefix := f.prefix
	// A first character may begin with a zero, which base counts to the hole.
	begins := f.base+int64(len(prefix)) == f.offset || len(prefix) == 0 && f.offset < f.base
	if len(prefix) < prefixSize && begins && !f.skipping() {
		half := f.half
		if len(prefix) == 0 {
			half = bytes.TrimLeft(half, "\x00")
		}
		prefix = append(slices.Clip(prefix), half...)
	}
	f.stand(m, prefix)
}

// stand makes m the place where f is, of a file that begins with prefix.
func (f *file) stand(m *Mark, prefix []byte) {
	*m = Mark{
		Path: f.path, Offset: f.pos, Line: f.line, Size: f.size, Written: f.stood,
		Prefix: f.sums.of(prefix), Anchor: sumOf(f.anchor[:f.anchors]), Anchored: f.anchors,
		Carry: slices.Clone(f.carry), Blind: f.skipping(), Past: f.past, Quiet: f.quiet, Encoding: f.e,
	}
	m.Device, m.Inode = identify(f.info)
	m.Born = f.born
}

// isOf reports whether f is the very file of m, whose number may have been given
// to another since.
func (f *file) isOf(m *Mark) bool {
	return m.same(f.info) && (m.Born.IsZero() || f.born.IsZero() || m.Born.Equal(f.born))
}

// resume goes on at m, if what stands before it in f is still that.
func (f *file) resume(m *Mark) bool {
	head, base := f.head()
	f.at(m, base)
	f.turn()
	if len(m.Prefix) > 0 && !m.begins(head) || f.moveTo(m.Offset, m.Blind) != nil ||
		f.anchors != m.Anchored || sumOf(f.anchor[:f.anchors]) != m.Anchor {
		f.rewind()
		return false
	}
	f.line, f.carry, f.stood = m.Line, slices.Clone(m.Carry), m.Written
	return true
}

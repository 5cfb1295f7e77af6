package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// An xzBlock is what is known of the block that is being read.
type xzBlock struct {
	header   int   // bytes of its header
	data     int64 // bytes of LZMA2 read so far
	text     int64 // bytes of text read so far
	wantData int64 // what the header says of both, -1 for nothing
	wantText int64
	check    xzCheck
}

func (b *xzBlock) add(text []byte) {
	b.text += int64(len(text))
	if b.check.sum != nil {
		b.check.sum.Write(text) // a hash returns no error
	}
}

// parseXZBlock reads a block header and says how large a dictionary the block
// needs.
func parseXZBlock(head []byte) (b xzBlock, dictionary uint64, err error) {
	body, sum := head[:len(head)-4], head[len(head)-4:]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(sum) {
		return b, 0, damaged("bad checksum of a block header")
	}
	bad := damaged("bad block header")
	b = xzBlock{header: len(head), wantData: -1, wantText: -1}
	flags, rest := body[1], body[2:]
	number := func() (uint64, bool) {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v > 1<<63-1 {
			return 0, false
		}
		rest = rest[n:]
		return v, true
	}
	if flags&0x3c != 0 {
		return b, 0, bad
	}
	for _, field := range []struct {
		there bool
		want  *int64
	}{{flags&0x40 != 0, &b.wantData}, {flags&0x80 != 0, &b.wantText}} {
		if !field.there {
			continue
		}
		v, ok := number()
		if !ok {
			return b, 0, bad
		}
		*field.want = int64(v)
	}
	filter, ok := number()
	if !ok {
		return b, 0, bad
	}
	const lzma2 = 0x21
	if filter != lzma2 || flags&3 != 0 {
		return b, 0, unsupported("uses a filter that is for programs, not for text", xzCommand)
	}
	if len(rest) < 2 || rest[0] != 1 || !allZero(rest[2:]) {
		return b, 0, bad
	}
	size, err := lzma.DecodeDictCap(rest[1])
	if err != nil {
		return b, 0, bad
	}
	return b, uint64(size), nil
}

// An xzChunk gives one LZMA2 chunk after another to the decoder: each its
// header, then its data.
type xzChunk struct {
	src    *bufio.Reader
	head   [6]byte
	unread []byte // of head
	data   int    // bytes of data not read yet
	text   int    // bytes of text not decoded yet
	first  bool   // of the block
	err    error  // of src
}

// next reads the header of the next chunk. size is what the chunk takes in
// the file; text is 0 behind the last one.
func (c *xzChunk) next() (size int, err error) {
	control, err := c.src.ReadByte()
	if err != nil {
		return 0, noEOF(err)
	}
	// The decoder has gone through other blocks, so it would take a block that
	// goes on with their dictionary.
	if c.first && control != 0 && control != 1 && control < 0xe0 {
		return 1, damaged("a block does not begin with a new dictionary")
	}
	c.first = false
	n := 3
	switch {
	case control == 0:
		return 1, nil
	case control >= 0xc0:
		n = 6
	case control >= 0x80:
		n = 5
	case control > 2:
		return 1, damaged("bad chunk")
	}
	c.head[0] = control
	if _, err := io.ReadFull(c.src, c.head[1:n]); err != nil {
		return 1, noEOF(err)
	}
	c.unread = c.head[:n]
	c.text = int(binary.BigEndian.Uint16(c.head[1:])) + 1
	c.data = c.text
	if control >= 0x80 {
		c.text += int(control&0x1f) << 16
		c.data = int(binary.BigEndian.Uint16(c.head[3:])) + 1
	}
	return n + c.data, nil
}

// Read gives the decoder what belongs to this chunk.
func (c *xzChunk) Read(p []byte) (int, error) {
	if len(c.unread) > 0 {
		n := copy(p, c.unread)
		c.unread = c.unread[n:]
		return n, nil
	}
	if c.data == 0 {
		return 0, io.EOF
	}
	n, err := c.src.Read(p[:min(len(p), c.data)])
	c.data -= n
	if err != nil {
		c.err = noEOF(err)
	}
	return n, err
}

// An xzCheck is the checksum over the text of a block. sum is nil where there
// is none, or none that is known, which then is not looked at.
type xzCheck struct {
	sum hash.Hash
}

func newXZCheck(id byte) xzCheck {
	switch id {
	case 1:
		return xzCheck{crc32.NewIEEE()}
	case 4:
		return xzCheck{crc64.New(crc64.MakeTable(crc64.ECMA))}
	case 10:
		return xzCheck{sha256.New()}
	}
	return xzCheck{}
}

// matches compares with the bytes in the file. CRCs stand there with the last
// byte first.
func (c xzCheck) matches(stored []byte) bool {
	switch sum := c.sum.(type) {
	case nil:
		return true
	case hash.Hash32:
		return binary.LittleEndian.Uint32(stored) == sum.Sum32()
	case hash.Hash64:
		return binary.LittleEndian.Uint64(stored) == sum.Sum64()
	}
	return bytes.Equal(stored, c.sum.Sum(nil))
}

// xzCheckSize is how many bytes the checksum with this number takes, known or
// not (section 2.1.1.2).
func xzCheckSize(id byte) int { return [6]int{0, 4, 8, 16, 32, 64}[(id+2)/3] }

func allZero(p []byte) bool { return len(bytes.TrimLeft(p, "\x00")) == 0 }

package archive

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// xzCommand unpacks what needs a larger dictionary than a Reader takes.
const xzCommand = "xz -dc"

// An xzReader reads the streams of an .xz file (The .xz File Format, version
// 1.2.1, by Collin and Tukaani) as one stream.
//
// The container is read here and only LZMA2 left to the library, because that
// takes as much memory for a dictionary as the file asks for, takes it anew
// for every block, and remembers every block until the end.
type xzReader struct {
	src   *bufio.Reader
	limit uint64

	inStream bool
	inBlock  bool
	later    bool // the first stream has begun
	check    byte // identifies the checksum of this stream's blocks
	block    xzBlock
	index    xzIndex // of the blocks read in this stream

	chunk   xzChunk
	lzma    *lzma.Reader2 // reads from chunk; one for all blocks, as long as its dictionary is large enough
	lzmaCap uint64
}

// Read gives text of one chunk at most.
func (x *xzReader) Read(p []byte) (int, error) {
	for {
		var err error
		switch {
		case !x.inStream:
			err = x.beginStream()
		case !x.inBlock:
			err = x.beginBlock()
		case x.chunk.text == 0:
			err = x.nextChunk()
		default:
			return x.decode(p)
		}
		if err != nil {
			return 0, err
		}
	}
}

// decode gives text of the chunk it is in.
func (x *xzReader) decode(p []byte) (int, error) {
	if x.lzma == nil {
		var err error
		x.lzma, err = lzma.Reader2Config{DictCap: int(x.lzmaCap)}.NewReader2(&x.chunk)
		if err != nil {
			return 0, err
		}
	}
	// Asked for no more than the chunk holds, it does not look for the next
	// chunk, whose header has to be seen here first.
	n, err := x.lzma.Read(p[:min(len(p), x.chunk.text)])
	x.chunk.text -= n
	x.block.add(p[:n])
	switch {
	case x.chunk.err != nil:
		return n, x.chunk.err
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return n, damaged("its LZMA data ends too soon")
	case err != nil:
		return n, damaged(err.Error())
	case x.chunk.text == 0 && x.chunk.data > 0:
		return n, damaged("there is more LZMA data than its text needs")
	}
	return n, nil
}

// beginStream reads a stream header; io.EOF if there is no further stream.
func (x *xzReader) beginStream() error {
	if x.later {
		if err := skipZeros(x.src); err != nil {
			return err
		}
	}
	switch ok, err := beginsWith(x.src, xzMagic); {
	case err != nil:
		return noEOF(err)
	case !ok && x.later:
		return trailing(XZ)
	case !ok:
		return foreign(XZ)
	}
	var head [12]byte
	if _, err := io.ReadFull(x.src, head[:]); err != nil {
		return noEOF(err)
	}
	if crc32.ChecksumIEEE(head[6:8]) != binary.LittleEndian.Uint32(head[8:]) || head[6] != 0 || head[7] > 15 {
		return damaged("bad stream header")
	}
	x.later, x.inStream, x.check, x.index = true, true, head[7], xzIndex{}
	return nil
}

// beginBlock reads a block header, or the index that follows the last block.
func (x *xzReader) beginBlock() error {
	size, err := x.src.ReadByte()
	if err != nil {
		return noEOF(err)
	}
	if size == 0 {
		return x.endStream()
	}
	head := make([]byte, (int(size)+1)*4)
	head[0] = size
	if _, err := io.ReadFull(x.src, head[1:]); err != nil {
		return noEOF(err)
	}
	var dictionary uint64
	x.block, dictionary, err = parseXZBlock(head)
	if err != nil {
		return err
	}
	if dictionary > x.limit {
		return windowFault("dictionary", dictionary, x.limit, xzCommand)
	}
	if dictionary > x.lzmaCap {
		x.lzma, x.lzmaCap = nil, dictionary
	}
	x.block.check = newXZCheck(x.check)
	x.chunk = xzChunk{src: x.src, first: true}
	x.inBlock = true
	return nil
}

// nextChunk goes to the next chunk of the block, or behind the block.
func (x *xzReader) nextChunk() error {
	size, err := x.chunk.next()
	x.block.data += int64(size)
	if err != nil || x.chunk.text > 0 {
		return err
	}
	return x.endBlock()
}

// endBlock reads the padding and checksum of a block.
func (x *xzReader) endBlock() error {
	b := &x.block
	if b.wantData >= 0 && b.wantData != b.data || b.wantText >= 0 && b.wantText != b.text {
		return damaged("a block is not as long as it says")
	}
	size := xzCheckSize(x.check)
	tail := make([]byte, int(-b.data&3)+size)
	if _, err := io.ReadFull(x.src, tail); err != nil {
		return noEOF(err)
	}
	padding, sum := tail[:len(tail)-size], tail[len(tail)-size:]
	if !allZero(padding) {
		return damaged("bad padding of a block")
	}
	if !b.check.matches(sum) {
		return damaged("bad checksum of a block")
	}
	x.index.add(uint64(b.header)+uint64(b.data)+uint64(size), uint64(b.text))
	x.inBlock = false
	return nil
}

// endStream reads the index behind its first byte, then the footer.
func (x *xzReader) endStream() error {
	r := &xzIndexBytes{src: x.src, size: 1, crc: crc32.ChecksumIEEE([]byte{0})}
	count, err := binary.ReadUvarint(r)
	if err != nil {
		return x.varintError(err)
	}
	// The blocks were counted, so a number made up is not gone through.
	if count != x.index.blocks {
		return damaged("its index is for another number of blocks")
	}
	var index xzIndex
	for range count {
		size, err := binary.ReadUvarint(r)
		if err != nil {
			return x.varintError(err)
		}
		text, err := binary.ReadUvarint(r)
		if err != nil {
			return x.varintError(err)
		}
		index.add(size, text)
	}
	for r.size%4 != 0 {
		if b, err := r.ReadByte(); err != nil {
			return noEOF(err)
		} else if b != 0 {
			return damaged("bad padding of its index")
		}
	}
	var tail [16]byte // checksum of the index, footer
	if _, err := io.ReadFull(x.src, tail[:]); err != nil {
		return noEOF(err)
	}
	indexSize := (int64(binary.LittleEndian.Uint32(tail[8:])) + 1) * 4
	switch {
	case binary.LittleEndian.Uint32(tail[:]) != r.crc || index != x.index:
		return damaged("its index does not fit its blocks")
	case crc32.ChecksumIEEE(tail[8:14]) != binary.LittleEndian.Uint32(tail[4:]),
		string(tail[14:]) != "YZ", tail[12] != 0, tail[13] != x.check, indexSize != r.size+4:
		return damaged("bad stream footer")
	}
	x.inStream = false
	return nil
}

// varintError tells a number that is too long from one that is cut short.
func (x *xzReader) varintError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return io.ErrUnexpectedEOF
	}
	return damaged("bad number in its index")
}

// An xzIndex stands for a list of blocks in a few bytes, however long it is.
type xzIndex struct {
	blocks uint64
	hash   uint64
}

func (x *xzIndex) add(size, text uint64) {
	var record [16]byte
	binary.LittleEndian.PutUint64(record[:], size)
	binary.LittleEndian.PutUint64(record[8:], text)
	x.blocks++
	x.hash = crc64.Update(x.hash, crc64.MakeTable(crc64.ECMA), record[:])
}

// xzIndexBytes counts and sums up the bytes of an index.
type xzIndexBytes struct {
	src  *bufio.Reader
	size int64
	crc  uint32
}

// ReadByte reads a byte of the index.
func (r *xzIndexBytes) ReadByte() (byte, error) {
	b, err := r.src.ReadByte()
	if err == nil {
		r.size++
		r.crc = crc32.Update(r.crc, crc32.IEEETable, []byte{b})
	}
	return b, err
}

package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdCommand unpacks what needs a larger window than a Reader takes.
const zstdCommand = "zstd -dc --long=31"

// A zstdReader reads the frames of a zstd file (RFC 8878) as one stream.
type zstdReader struct {
	frames  zstdFrames
	decoder *zstd.Decoder
	err     error
}

func newZstdReader(src *bufio.Reader, window uint64) (*zstdReader, error) {
	z := &zstdReader{frames: zstdFrames{src: src, limit: window}}
	var err error
	z.decoder, err = zstd.NewReader(&z.frames, zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	return z, err
}

// Read gives text of one block at most.
func (z *zstdReader) Read(p []byte) (int, error) {
	if z.err == nil {
		n, err := z.decoder.Read(p)
		switch {
		case z.frames.err != nil && err != nil:
			z.err = z.frames.err
		case errors.Is(err, zstd.ErrUnknownDictionary):
			z.err = unsupported("was compressed with a dictionary", "zstd -dc -D DICTIONARY")
		case errors.Is(err, io.ErrUnexpectedEOF):
			// The file goes on, or frames would know.
			z.err = damaged("a block ends before its own data does")
		case err != nil && err != io.EOF:
			z.err = err
		default:
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
	// The decoder keeps the block back whose checksum failed. It has been
	// decoded, so it is delivered: the next Read gives it.
	n, _ := z.decoder.Read(p)
	if n > 0 {
		return n, nil
	}
	return 0, z.err
}

// zstdFrames passes a zstd file on to its decoder and follows where in it a
// frame or a block begins. So what a frame asks for is known before the
// decoder takes it, and what is cut short is not mistaken for damage.
type zstdFrames struct {
	src   *bufio.Reader
	limit uint64
	left  int64 // bytes to pass on before the next header
	err   error // what is wrong, as the decoder may say less

	later    bool // the first frame has begun
	inside   bool // of a frame: a block comes next
	checksum bool // the frame ends in one
}

// Read passes on what belongs to one header or block at most.
func (f *zstdFrames) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	if f.left == 0 {
		begin := f.frame
		if f.inside {
			begin = f.block
		}
		if err := begin(); err != nil {
			if err != io.EOF {
				f.err = err
			}
			return 0, err
		}
	}
	n, err := f.src.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	if err != nil {
		f.err = noEOF(err)
		return n, f.err
	}
	return n, nil
}

// frame looks at the header of a frame (RFC 8878, section 3.1.1.1); io.EOF if
// there is no further one.
func (f *zstdFrames) frame() error {
	first, err := f.src.Peek(1)
	if len(first) == 0 && f.later {
		return err
	}
	if len(first) == 0 {
		return noEOF(err)
	}
	head, err := f.src.Peek(4)
	magic := zstdMagic
	skippable := first[0]&0xf0 == 0x50
	if skippable {
		magic = string(first) + skipMagic
	}
	switch {
	case string(head) != magic[:len(head)] && f.later:
		return trailing(Zstd)
	case string(head) != magic[:len(head)]:
		return foreign(Zstd)
	case err != nil:
		return noEOF(err)
	}
	f.later = true
	if skippable {
		if head, err = f.src.Peek(8); err != nil {
			return noEOF(err)
		}
		f.left = 8 + int64(binary.LittleEndian.Uint32(head[4:]))
		return nil
	}
	if head, err = f.src.Peek(5); err != nil {
		return noEOF(err)
	}
	if head, err = f.src.Peek(zstdHeaderSize(head[4])); err != nil {
		return noEOF(err)
	}
	if need := zstdWindow(head); need > f.limit {
		return windowFault("window", need, f.limit, zstdCommand)
	}
	f.left, f.inside, f.checksum = int64(len(head)), true, head[4]&0x04 != 0
	return nil
}

// block looks at the header of a block (section 3.1.1.2).
func (f *zstdFrames) block() error {
	head, err := f.src.Peek(3)
	if err != nil {
		return noEOF(err)
	}
	bits := uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16
	f.left = 3 + int64(bits>>3)
	if kind := bits >> 1 & 3; kind == 1 {
		f.left = 3 + 1 // one byte, repeated
	}
	if last := bits&1 != 0; last {
		f.inside = false
		if f.checksum {
			f.left += 4
		}
	}
	return nil
}

// zstdHeaderSize is the size of a frame header with this descriptor byte.
func zstdHeaderSize(descriptor byte) int {
	size := 5 + [4]int{0, 1, 2, 4}[descriptor&3] + zstdLengthSize(descriptor)
	if descriptor&0x20 == 0 {
		size++
	}
	return size
}

// zstdLengthSize is the size of the field that says how long the text is.
func zstdLengthSize(descriptor byte) int {
	if descriptor>>6 == 0 {
		return int(descriptor >> 5 & 1)
	}
	return 1 << (descriptor >> 6)
}

// zstdWindow is the memory that a frame with this header needs. A frame
// without a window descriptor is decoded whole.
func zstdWindow(head []byte) uint64 {
	if head[4]&0x20 == 0 {
		exponent, mantissa := head[5]>>3, uint64(head[5]&7)
		size := uint64(1) << (10 + exponent)
		return size + size/8*mantissa
	}
	var length [8]byte
	n := zstdLengthSize(head[4])
	copy(length[:], head[len(head)-n:])
	size := binary.LittleEndian.Uint64(length[:])
	if n == 2 {
		size += 256
	}
	return size
}

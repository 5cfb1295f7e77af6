package traffic

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// FrameRows is the number of rows a Frame keeps of each dimension.
const FrameRows = 100

// A Frame is a sealed Tally: what was counted from From until before To. Of
// each dimension it has the FrameRows rows with the most hits and, as the bound
// of the table, the most hits that a dropped one can have. It is immutable and
// may be used by many goroutines.
type Frame struct {
	From, To int64 // Unix seconds
	packed   []byte
}

// The stored form of a Frame:
//
//	"weirF" version  from  to      varints
//	the encoded Tally, compressed  zstd
const (
	frameMagic   = "weirF"
	frameVersion = 1
	// maxFrame bounds what a stored Frame may expand to. The largest that Seal
	// makes are below 3 MiB.
	maxFrame = 16 << 20
)

// AppendBinary appends the stored form of f to b.
func (f Frame) AppendBinary(b []byte) []byte {
	b = append(b, frameMagic...)
	b = append(b, frameVersion)
	b = binary.AppendVarint(b, f.From)
	b = binary.AppendVarint(b, f.To)
	return append(b, f.packed...)
}

// Size is how many bytes f takes, without From and To.
func (f Frame) Size() int { return len(f.packed) }

// ParseFrame reads the stored form of a Frame. It keeps b. What the Frame holds
// is looked at by Open.
func ParseFrame(b []byte) (Frame, error) {
	if len(b) < len(frameMagic)+1 || string(b[:len(frameMagic)]) != frameMagic {
		return Frame{}, errors.New("this is no frame")
	}
	if v := b[len(frameMagic)]; v != frameVersion {
		return Frame{}, fmt.Errorf("the frame has version %d, this weir reads version %d: it was written by another weir", v, frameVersion)
	}
	b = b[len(frameMagic)+1:]
	from, n := binary.Varint(b)
	if n <= 0 {
		return Frame{}, errDamaged("its beginning")
	}
	b = b[n:]
	to, n := binary.Varint(b)
	if n <= 0 || to < from {
		return Frame{}, errDamaged("its end")
	}
	return Frame{From: from, To: to, packed: b[n:]}, nil
}

func errDamaged(what string) error {
	return fmt.Errorf("the frame is damaged: %s cannot be read", what)
}

// A Sealer makes Frames of Tallies, and Tallies of Frames. Make one with
// NewSealer. It belongs to one goroutine.
type Sealer struct {
	pack   *zstd.Encoder
	unpack *zstd.Decoder
	buf    []byte
	seen   hashes
}

// NewSealer returns a Sealer, which takes about 2 MiB once it was used.
func NewSealer() *Sealer {
	// Sketches of visitors repeat nothing, so the fastest level alone would leave
	// them as they are: a frame of ten minutes took 108 KB, and takes 74.
	pack, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithAllLitEntropyCompression(true),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(256<<10))
	if err != nil {
		panic(err) // only settings that do not exist could be wrong
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxFrame))
	if err != nil {
		panic(err)
	}
	return &Sealer{pack: pack, unpack: unpack}
}

// Seal returns what t counted from from until before to as a Frame.
func (s *Sealer) Seal(t *Tally, from, to int64) Frame {
	s.buf = t.appendBinary(s.buf[:0], FrameRows)
	return Frame{From: from, To: to, packed: s.pack.EncodeAll(s.buf, nil)}
}

// Open merges what f holds into t. With an error t holds a part of it, and is of use
// after Reset.
func (s *Sealer) Open(f Frame, t *Tally) error {
	b, err := s.unpack.DecodeAll(f.packed, s.buf[:0])
	if err != nil {
		return fmt.Errorf("the frame is damaged: %w", err)
	}
	s.buf = b
	return t.mergeBinary(b, &s.seen)
}

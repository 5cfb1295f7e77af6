package tail

import (
	"time"

	"weir/internal/charset"
)

// A Batch is a block of whole lines read from one source.
//
// Data is owned by the Batch and valid until Release. Order is data: batches
// of one source carry rising Seq, and (Source, Seq) orders everything read.
//
// Data may be empty: then the batch says only that lines were cut out
// (TooLong), or, with TooLong 0, that another stretch of an endless line was
// passed over. In all cases there may be more: ask Next again.
type Batch struct {
	Source  int       // index of the source, in Follower.Sources
	Seq     uint64    // 1 for the first batch of the source
	Offset  int64     // of Data[0] in its file; in the stream for pipes
	Line    int64     // number of the first line, from 1; 0 where unknown: reading began far inside a large file
	Read    time.Time // when it was read
	Written time.Time // when its file was last written, Read for pipes
	Data    []byte    // whole lines, each with its '\n'; UTF-8 if they were UTF-16, else the bytes they were
	TooLong int       // lines beyond the limit that were cut out after Data

	// Device and Inode are the file that Offset is in: 0 for pipes, where the system
	// has no such numbers, and in a compressed file, since those of the file that it
	// was made of are not known.
	Device, Inode uint64

	Encoding    charset.Encoding // of the lines where they were read
	Undecodable int              // what was no character of it, each U+FFFD in Data

	free func(*Batch)
}

// Taken is how many bytes of its file or stream text takes, a part of Data that
// begins and ends with whole characters. With it the offset of each line follows
// from that of the first.
func (b *Batch) Taken(text []byte) int64 { return b.Encoding.Size(text) }

// Release gives the memory of b back; b and every view into its Data are
// invalid from then on. It may be called from any goroutine, once.
func (b *Batch) Release() {
	if b.free != nil {
		b.free(b)
	}
}

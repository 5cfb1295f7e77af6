// Package archive opens compressed logs as streams of plain bytes, within limits.
//
//	source ──► count ──► 64 KiB buffer ──► decoder ──► Reader.Read
//	             │                            │
//	         Consumed                 limits of memory, of expansion
//
// What it promises:
//
//   - Everything that could be decompressed before a break is delivered, then
//     one *Error says what is wrong, how much text came before it, near which
//     byte of the file.
//   - Members, frames or streams one after another are one stream, as they are
//     for gzip, zstd, bzip2 and xz themselves.
//   - A file says how much memory its decoder needs. Beyond 64 MiB it is
//     refused before that memory is taken.
//   - A stream that expands without end is refused after its first GiB.
//   - No goroutine is started: the work is done in the goroutine that reads.
//
// What comes out is as fine as the format. A damaged gzip stream loses nothing
// before the damage, a zstd stream the rest of its block (128 KiB), a bzip2
// stream its block (900 kB). An xz stream loses the rest of its LZMA2 chunk (2
// MiB of text at most) because the decoder hands out whole chunks.
//
// Text does for UTF-16 what Reader does for what is compressed.
package archive

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
)

// A Kind is a way a log is compressed, named like the program that does it.
// The zero value is Plain.
type Kind string

// The kinds that Open reads.
const (
	Plain Kind = ""      // not compressed
	Gzip  Kind = "gzip"  // RFC 1952
	Zstd  Kind = "zstd"  // RFC 8878
	Bzip2 Kind = "bzip2" // bzip2 1.0, without the randomised blocks of 0.9
	XZ    Kind = "xz"    // the .xz file format 1.2, with the filter LZMA2 alone
)

// HeadSize is how many bytes from its start Sniff needs to know every Kind.
const HeadSize = 10

// Magic bytes that more than one place looks for.
const (
	gzipMagic  = "\x1f\x8b\x08"
	zstdMagic  = "\x28\xb5\x2f\xfd"
	skipMagic  = "\x2a\x4d\x18" // after a byte 50 to 5f
	xzMagic    = "\xfd7zXZ\x00"
	bzip2Block = "\x31\x41\x59\x26\x53\x59"
	bzip2End   = "\x17\x72\x45\x38\x50\x90"
)

// Sniff tells from the first bytes of a file how it is compressed. It looks at
// nothing but magic bytes that no log in text begins with; what it does not
// know, or what is too short to tell, is Plain. HeadSize bytes are enough.
func Sniff(head []byte) Kind {
	has := func(at int, magic string) bool {
		return len(head) >= at+len(magic) && string(head[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, gzipMagic):
		return Gzip
	case has(0, zstdMagic), has(1, skipMagic) && head[0]&0xf0 == 0x50:
		return Zstd
	case has(0, xzMagic):
		return XZ
	case has(0, "BZh") && (has(4, bzip2Block) || has(4, bzip2End)) && head[3] >= '1' && head[3] <= '9':
		return Bzip2
	}
	return Plain
}

// bufferSize is how much is read from the source at once.
const bufferSize = 64 << 10

// A Reader gives the text of one compressed stream. Make it with Open; the
// zero value cannot be used. It belongs to one goroutine, Consumed apart.
type Reader struct {
	kind    Kind
	limits  limits
	source  source
	buffer  *bufio.Reader // nil for Plain
	decoder io.Reader
	free    func()
	plain   int64 // bytes of text given so far
	err     error // given by Read from now on
}

// Open returns a Reader of the text in r, which is compressed as kind says. It
// fails for a kind that is unknown and reads nothing yet, so whatever is wrong
// with the stream is told by Read. r stays the caller's to close, after the
// Reader; its read position is then somewhere behind the last byte decoded.
func Open(r io.Reader, kind Kind) (*Reader, error) {
	return open(r, kind, standardLimits())
}

func open(r io.Reader, kind Kind, l limits) (*Reader, error) {
	a := &Reader{kind: kind, limits: l, source: source{r: r}, free: func() {}}
	if kind == Plain {
		a.decoder = &a.source
		return a, nil
	}
	a.buffer = bufio.NewReaderSize(&a.source, bufferSize)
	switch kind {
	case Gzip:
		a.decoder = &gzipReader{src: a.buffer}
	case Zstd:
		z, err := newZstdReader(a.buffer, l.window)
		if err != nil {
			return nil, err
		}
		a.decoder, a.free = z, z.decoder.Close
	case Bzip2:
		a.decoder = bzip2.NewReader(a.buffer)
	case XZ:
		a.decoder = &xzReader{src: a.buffer, limit: l.window}
	default:
		return nil, fmt.Errorf("%q is no compression that can be read: it is one of gzip, zstd, bzip2, xz", string(kind))
	}
	return a, nil
}

// Read fills p with text. It returns io.EOF where the stream ends as it
// should. Whatever else stops it is an *Error; all text before has then been
// given, and every further Read returns the same error.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.decoder.Read(p)
	r.plain += int64(n)
	switch {
	case err == io.EOF:
		r.err = io.EOF
	case err != nil:
		r.err = r.explain(err)
	case r.plain >= r.limits.text && r.plain/r.limits.ratio > r.offset():
		r.err = r.explain(bombFault(r.limits.ratio))
	}
	if n > 0 {
		return n, nil
	}
	return 0, r.err
}

// Consumed is how many compressed bytes were taken from the source so far, up
// to 64 KiB more than was decoded. It may be called from any goroutine at any
// time.
func (r *Reader) Consumed() int64 { return r.source.taken.Load() }

// Close frees the decoder, not the source. A Read after it fails; a second
// Close does nothing. The error is always nil.
func (r *Reader) Close() error {
	if r.decoder == nil {
		return nil
	}
	r.free()
	r.decoder, r.buffer, r.source.r, r.free = nil, nil, nil, nil
	r.err = fs.ErrClosed
	return nil
}

// offset is the position in the file up to which the decoder has read.
func (r *Reader) offset() int64 {
	if r.buffer == nil {
		return r.Consumed()
	}
	return r.Consumed() - int64(r.buffer.Buffered())
}

// explain turns what a decoder said into an Error.
func (r *Reader) explain(err error) error {
	e := &Error{Kind: r.kind, Plain: r.plain, Offset: r.offset(), Err: err}
	var told *fault
	switch {
	case r.source.err != nil:
		e.Err = r.source.err
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Offset = r.Consumed() // a few bytes too few for a header may be left in the buffer
	case errors.As(err, &told):
	case err == bzip2.StructuralError("bad magic value in continuation file"):
		e.Err = trailing(r.kind)
		e.Offset -= 2 // it had to read two bytes to know
	default:
		e.Err = damaged(err.Error())
	}
	return e
}

// A source counts what is read from r.
type source struct {
	r     io.Reader
	taken atomic.Int64
	err   error // that r gave, other than io.EOF
}

// Read reads from the source that was given to Open.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.taken.Add(int64(n))
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// beginsWith tells whether the next bytes of src are magic, or as much of it
// as there is before the end; io.EOF if nothing is.
func beginsWith(src *bufio.Reader, magic string) (bool, error) {
	head, err := src.Peek(len(magic))
	if len(head) == 0 || err != nil && err != io.EOF {
		return false, err
	}
	return string(head) == magic[:len(head)], nil
}

// skipZeros passes over zero bytes.
func skipZeros(src *bufio.Reader) error {
	for {
		b, err := src.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return src.UnreadByte()
		}
	}
}

// noEOF is for places where the stream must go on.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

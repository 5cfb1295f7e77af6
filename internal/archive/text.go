package archive

import (
	"io"

	"weir/internal/charset"
)

// noProgress is how many empty reads in a row mean that a stream is stuck.
const noProgress = 100

// A Text reads text that may be UTF-16, as its mark says, as UTF-8. All else
// is passed on as it is, byte for byte. Make one with NewText. It belongs to
// one goroutine.
type Text struct {
	r       io.Reader
	decoder charset.Decoder
	sniffed bool
	err     error  // of r
	raw     []byte // room for what is to be decoded
	rest    []byte // to be given before r is read again
	text    []byte // rest is a part of it
}

// NewText returns a Text of r.
func NewText(r io.Reader) *Text { return &Text{r: r} }

// Encoding is that of the text, once some of it was read.
func (t *Text) Encoding() charset.Encoding { return t.decoder.Encoding }

// Invalid counts what was no UTF-16; see charset.Decoder.
func (t *Text) Invalid() int64 { return t.decoder.Invalid }

// Read implements io.Reader.
func (t *Text) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !t.sniffed {
		t.sniff()
	}
	for {
		if len(t.rest) > 0 {
			n := copy(p, t.rest)
			t.rest = t.rest[n:]
			return n, nil
		}
		if t.err != nil {
			return 0, t.err
		}
		if t.decoder.Encoding == charset.UTF8 {
			return t.r.Read(p)
		}
		if t.raw == nil {
			t.raw = make([]byte, 32<<10)
		}
		n, err := t.r.Read(t.raw)
		t.text = t.decoder.Append(t.text[:0], t.raw[:n])
		if t.err = err; err != nil {
			t.text = t.decoder.Finish(t.text)
		}
		if t.rest = t.text; n == 0 && err == nil {
			return 0, nil // the caller decides how often
		}
	}
}

// sniff reads the mark, and no more than it must: behind a first byte that no
// mark begins with a pipe may be silent for long.
func (t *Text) sniff() {
	t.sniffed = true
	head := make([]byte, 0, charset.HeadSize)
	for empty := 0; len(head) < charset.HeadSize && t.err == nil && (len(head) == 0 || head[0] >= 0xfe); {
		n, err := t.r.Read(head[len(head):cap(head)])
		head, t.err = head[:len(head)+n], err
		if empty++; n > 0 {
			empty = 0
		}
		if empty == noProgress {
			t.err = io.ErrNoProgress
		}
	}
	var mark int
	t.decoder.Encoding, mark = charset.Sniff(head)
	if t.rest = head[mark:]; t.decoder.Encoding != charset.UTF8 {
		t.text = t.decoder.Append(t.text[:0], t.rest)
		if t.err != nil {
			t.text = t.decoder.Finish(t.text)
		}
		t.rest = t.text
	}
}

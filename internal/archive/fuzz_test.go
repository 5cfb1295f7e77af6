package archive

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzOpen reads anything as any kind: never a panic, never more text than the
// limits let through, and an end that is io.EOF or an *Error.
func FuzzOpen(f *testing.F) {
	kinds := []Kind{Plain, Gzip, Zstd, Bzip2, XZ}
	for i, kind := range kinds[1:] {
		for _, s := range samples() {
			if s.kind == kind {
				f.Add(uint8(i+1), s.data)
				f.Add(uint8(i+1), s.data[:len(s.data)/2])
				f.Add(uint8(i+1), append(bytes.Clone(s.data), s.data...))
			}
		}
	}
	f.Add(uint8(0), []byte(firstText))
	f.Add(uint8(2), []byte(zstdFrame(0, "\x88", "text\n")))
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		small := limits{window: 1 << 18, text: 1 << 18, ratio: 20}
		k := kinds[int(kind)%len(kinds)]
		r, err := open(bytes.NewReader(data), k, small)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		const piece = 4096
		most := max(small.text, small.ratio*int64(len(data))) + piece
		text, p := int64(0), make([]byte, piece)
		for err == nil {
			var n int
			n, err = r.Read(p)
			if text += int64(n); text > most {
				t.Fatalf("%s: %d bytes of text from %d", k, text, len(data))
			}
		}
		var told *Error
		if err != io.EOF && !errors.As(err, &told) {
			t.Fatalf("%s: %v is no *Error", k, err)
		}
		if told != nil && (told.Plain != text || told.Offset < 0 || told.Offset > int64(len(data))) {
			t.Fatalf("%s: %d bytes of text from %d: %#v", k, text, len(data), told)
		}
		if r.Consumed() > int64(len(data)) {
			t.Fatalf("%s: consumed %d bytes of %d", k, r.Consumed(), len(data))
		}
	})
}

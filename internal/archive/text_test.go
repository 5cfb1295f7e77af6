package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"weir/internal/charset"
)

// inUTF16 is text in UTF-16, behind its mark.
func inUTF16(text string, order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

// texts are what must come back.
func texts() []string {
	return []string{
		"", "x", "a line\r\nanother\r\n", "ä€\u0a0a\u0d0a\n", "😀 pair\n", "zero \x00 byte\n", "\ufeffmark in the middle\n",
		strings.Repeat("203.0.113.7 - - é😀\r\n", 5000),
	}
}

func TestTextComesBackHoweverItIsRead(t *testing.T) {
	for _, text := range texts() {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			raw := inUTF16(text, order)
			for name, in := range map[string]io.Reader{
				"whole": bytes.NewReader(raw), "byte by byte": iotest.OneByteReader(bytes.NewReader(raw)), "halves": iotest.HalfReader(bytes.NewReader(raw)),
				"an end with the text": iotest.DataErrReader(bytes.NewReader(raw)),
			} {
				r := NewText(in)
				got, err := io.ReadAll(r)
				if string(got) != text || err != nil || r.Invalid() != 0 || r.Encoding() == charset.UTF8 {
					t.Errorf("%.20q, %s, %v: got %.40q, %v, %d invalid", text, name, order, got, err, r.Invalid())
				}
			}
		}
	}
}

func TestAllElseIsPassedOn(t *testing.T) {
	for _, text := range append(texts()[:7], "\xff", "\xfe", "\xfex", "\xff\xfe\x00\x00", "\xef\xbb\xbfx", "\xff\xfd") {
		for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			r := NewText(in)
			if got, err := io.ReadAll(r); string(got) != text || err != nil || r.Encoding() != charset.UTF8 {
				t.Errorf("%q: got %q, %v", text, got, err)
			}
		}
	}
}

func TestWhatIsNoTextIsReplacedAndCounted(t *testing.T) {
	for _, c := range []struct {
		raw, want string
		invalid   int64
	}{
		{"a\x00\x00\xd8b\x00", "a\ufffdb", 1},
		{"\x00\xdca\x00", "\ufffda", 1},
		{"\x00\xd8\x00\xd8\x00\xdc", "\ufffd\U00010000", 1},
		{"a\x00\x00\xd8", "a\ufffd", 1},
		{"a\x00b", "a\ufffd", 1},
		{"\x00\xd8b", "\ufffd\ufffd", 2},
		{"\x00\xd8\n\x00", "\ufffd\n", 1},
	} {
		for name, in := range map[string]io.Reader{"whole": strings.NewReader("\xff\xfe" + c.raw), "byte by byte": iotest.OneByteReader(strings.NewReader("\xff\xfe" + c.raw))} {
			r := NewText(in)
			if got, err := io.ReadAll(r); string(got) != c.want || err != nil || r.Invalid() != c.invalid {
				t.Errorf("%q, %s: got %q, %v, %d invalid; want %q, %d", c.raw, name, got, err, r.Invalid(), c.want, c.invalid)
			}
		}
	}
}

func TestWhatCameBeforeAnErrorIsGiven(t *testing.T) {
	broken := errors.New("broken")
	for _, cut := range []int{0, 1, 2, 3, 8, 9} {
		raw := inUTF16("a line", binary.LittleEndian)[:cut]
		got, err := io.ReadAll(NewText(io.MultiReader(bytes.NewReader(raw), iotest.ErrReader(broken))))
		if want := "a line"[:max(0, cut-2)/2]; !errors.Is(err, broken) || cut > 1 && !strings.HasPrefix(string(got), want) {
			t.Errorf("cut at %d: got %q, %v; want %q and the error", cut, got, err, want)
		}
	}
}

// TestAReaderDoesNotWaitForMoreThanItNeeds: a pipe may be silent behind a line.
func TestAReaderDoesNotWaitForMoreThanItNeeds(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	go out.Write([]byte("x"))
	var p [10]byte
	if n, err := NewText(in).Read(p[:]); n != 1 || err != nil {
		t.Errorf("got %d bytes, %v; want the one that is there", n, err)
	}
}

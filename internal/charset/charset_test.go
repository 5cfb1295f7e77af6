package charset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
)

// encode is text in UTF-16, behind its mark.
func encode(text string, order binary.AppendByteOrder) []byte {
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
			raw := encode(text, order)
			for name, in := range map[string]io.Reader{
				"whole": bytes.NewReader(raw), "byte by byte": iotest.OneByteReader(bytes.NewReader(raw)), "halves": iotest.HalfReader(bytes.NewReader(raw)),
				"an end with the text": iotest.DataErrReader(bytes.NewReader(raw)),
			} {
				r := NewReader(in)
				got, err := io.ReadAll(r)
				if string(got) != text || err != nil || r.Invalid() != 0 || r.Encoding() == UTF8 {
					t.Errorf("%.20q, %s, %v: got %.40q, %v, %d invalid", text, name, order, got, err, r.Invalid())
				}
			}
		}
	}
}

func TestAllElseIsPassedOn(t *testing.T) {
	for _, text := range append(texts()[:7], "\xff", "\xfe", "\xfex", "\xff\xfe\x00\x00", "\xef\xbb\xbfx", "\xff\xfd") {
		for _, in := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
			r := NewReader(in)
			if got, err := io.ReadAll(r); string(got) != text || err != nil || r.Encoding() != UTF8 {
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
			r := NewReader(in)
			if got, err := io.ReadAll(r); string(got) != c.want || err != nil || r.Invalid() != c.invalid {
				t.Errorf("%q, %s: got %q, %v, %d invalid; want %q, %d", c.raw, name, got, err, r.Invalid(), c.want, c.invalid)
			}
		}
	}
}

func TestWhatCameBeforeAnErrorIsGiven(t *testing.T) {
	broken := errors.New("broken")
	for _, cut := range []int{0, 1, 2, 3, 8, 9} {
		raw := encode("a line", binary.LittleEndian)[:cut]
		got, err := io.ReadAll(NewReader(io.MultiReader(bytes.NewReader(raw), iotest.ErrReader(broken))))
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
	if n, err := NewReader(in).Read(p[:]); n != 1 || err != nil {
		t.Errorf("got %d bytes, %v; want the one that is there", n, err)
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add([]byte("a\x00\x00\xd8\x00\xdc\n\x00"), 3, false)
	f.Fuzz(func(t *testing.T, raw []byte, cut int, big bool) {
		e := UTF16LE
		if big {
			e = UTF16BE
		}
		whole, parts := Decoder{Encoding: e}, Decoder{Encoding: e}
		want := whole.Finish(whole.Append(nil, raw))
		cut = min(max(0, cut), len(raw))
		got := parts.Finish(parts.Append(parts.Append(nil, raw[:cut]), raw[cut:]))
		if !bytes.Equal(got, want) || whole.Invalid != parts.Invalid {
			t.Errorf("%q cut at %d: got %q, %d invalid; whole %q, %d", raw, cut, got, parts.Invalid, want, whole.Invalid)
		}
		var units []uint16
		for i := 0; i+1 < len(raw); i += 2 {
			u := uint16(raw[i]) | uint16(raw[i+1])<<8
			if big {
				u = u>>8 | u<<8
			}
			units = append(units, u)
		}
		text := string(utf16.Decode(units))
		if len(raw)%2 == 1 {
			text += "\ufffd"
		}
		if string(want) != text {
			t.Errorf("%q: got %q, the standard library has %q", raw, want, text)
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	raw := encode(strings.Repeat("203.0.113.7 - frank [10/Oct/2000:13:55:36 -0700] \"GET /pages/create?id=7 HTTP/1.1\" 200 2326\r\n", 300), binary.LittleEndian)
	d := Decoder{Encoding: UTF16LE}
	var dst []byte
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		dst = d.Append(dst[:0], raw)
	}
}

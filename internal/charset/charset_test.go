package charset

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
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

func TestTextIsRecognisedByItsMarkOrItsZeros(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	bare := func(text string, order binary.AppendByteOrder) string { return string(encode(text, order)[2:]) }
	const line = "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /\u00e9\u4e2d HTTP/1.1\" 200 5\n"
	for sample, want := range map[string]Encoding{
		"":                       UTF8,
		line:                     UTF8,
		bare(line, le):           UTF16LE,
		bare(line, be):           UTF16BE,
		string(encode(line, le)): UTF16LE,
		string(encode(line, be)): UTF16BE,
		bare("#\n", le):          UTF16LE,
		bare("#\n", be):          UTF16BE,
		bare("#\n", le)[:3]:      UTF16LE,
		bare("#\n", be)[:3]:      UTF16BE,
		"\xff\xfe\n":             UTF16LE,
		bare("\n", le):           UTF8, // too little
		"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\n":             UTF8,    // bytes of any kind
		"\xff\xfe\x00\x001\x00\x00\x00":                          UTF8,    // UTF-32
		"\xff\xfe" + strings.Repeat("\x00", 98) + bare(line, le): UTF16LE, // a hole behind the mark
		"1\x00\x00\x002\x00\x00\x00\n\x00\x00\x00":               UTF8,    // UTF-32
		"GET /\x00/a\n":                                   UTF8,
		line + strings.Repeat("\x00", 900):                UTF8, // space that is reserved
		bare(line, le) + strings.Repeat("\x00", 900):      UTF16LE,
		bare(line, be) + strings.Repeat("\x00", 900):      UTF16BE,
		bare(line+strings.Repeat("\u4e2d", 400)+"\n", le): UTF16LE,
	} {
		if got := Recognise([]byte(sample)); got != want {
			t.Errorf("%.60q: got %v, want %v", sample, got, want)
		}
	}
}

func TestNamesOfEncodingsComeBack(t *testing.T) {
	for _, e := range []Encoding{UTF8, UTF16LE, UTF16BE} {
		text, err := e.MarshalText()
		var back Encoding
		if err != nil || back.UnmarshalText(text) != nil || back != e {
			t.Errorf("%v: got %v back from %q, error %v", e, back, text, err)
		}
	}
	var e Encoding
	if err := e.UnmarshalText([]byte("latin1")); err == nil {
		t.Error("latin1: got no error")
	}
}

func TestTheSizeOfDecodedTextIsThatOfItsSource(t *testing.T) {
	for _, text := range []string{"", "a\r\n", "\u00e9\u4e2d\ufffd\uffff", "\U0001f600\U0010ffff!"} {
		raw := encode(text, binary.BigEndian)[2:]
		if got := UTF16BE.Size([]byte(text)); got != int64(len(raw)) {
			t.Errorf("%q: got %d, want %d", text, got, len(raw))
		}
		if got := UTF8.Size([]byte(text)); got != int64(len(text)) {
			t.Errorf("%q in UTF-8: got %d, want %d", text, got, len(text))
		}
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

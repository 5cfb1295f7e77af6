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

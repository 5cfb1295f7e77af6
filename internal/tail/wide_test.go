package tail

import (
	"encoding/binary"
	"unicode/utf16"

	"weir/internal/charset"
)

// spell writes text down in e.
func spell(text string, e charset.Encoding) (raw []byte) {
	var order binary.AppendByteOrder = binary.LittleEndian
	switch e {
	case charset.UTF8:
		return []byte(text)
	case charset.UTF16BE:
		order = binary.BigEndian
	}
	for _, u := range utf16.Encode([]rune(text)) {
		raw = order.AppendUint16(raw, u)
	}
	return raw
}

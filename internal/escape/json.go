package escape

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON is a string that may come from a log and stands in JSON. It keeps every
// rune, but whatever could steer a terminal is written as \uNNNN, since JSON is
// looked at with cat, too. Bytes that are no UTF-8 have no form in JSON: they
// become the four characters \xNN.
type JSON string

// MarshalJSON implements json.Marshaler. It returns no error.
func (t JSON) MarshalJSON() ([]byte, error) {
	b := []byte{'"'}
	for s := string(t); len(s) > 0; {
		r, n := utf8.DecodeRuneInString(s)
		one := s[:n]
		s = s[n:]
		switch {
		case r == utf8.RuneError && n == 1:
			b = append(b, `\\`...)
			b = append(b, Terminal([]byte(one))[1:]...)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case Terminal([]byte(one)) == one:
			b = append(b, one...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			b = fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return append(b, '"'), nil
}

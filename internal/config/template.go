package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"weir/internal/alert"
)

// template checks the fields of a message.
func template(_ *reader, v *value) error {
	text := v.text
	at := func(offset int, format string, args ...any) error {
		return &inner{utf8.RuneCountInString(text[:offset]) + 1, fmt.Errorf(format, args...)}
	}
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("the text is empty: leave it out for the usual message")
	}
	for begin := strings.IndexByte(text, '{'); begin >= 0; {
		length := strings.IndexByte(text[begin:], '}')
		if length < 0 {
			return at(begin, "a { has no } behind it: fields are written as {value}")
		}
		if name := text[begin+1 : begin+length]; !slices.Contains(alert.Fields(), name) {
			near := nearest(strings.TrimSpace(strings.ToLower(name)), alert.Fields())
			if near == "" {
				near = ": give " + listed(alert.Fields())
			}
			return at(begin, "messages have no field %s%s", shown(name), near)
		}
		next := strings.IndexByte(text[begin+length:], '{')
		if next < 0 {
			return nil
		}
		begin += length + next
	}
	return nil
}

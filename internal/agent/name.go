package agent

import (
	"bytes"
	"strings"
)

// The longest name of a bot that is taken from its agent.
const maxName = 32

// ownName returns the name that a bot without a rule gives itself, nil where it
// has none that is short and plain:
//
//	Mozilla/5.0 (compatible; ExampleBot/1.0)            ExampleBot
//	Barkeeper/0.9 (+http://bar.example/)                Barkeeper
//	Mozilla/5.0 (compatible; Keeper/2; me@bar.example)  Keeper
//
// It is the first word that ends like a bot's name and is no part of a link,
// else the first word behind "compatible;", else the first word of all.
func ownName(agent []byte) []byte {
	for rest := agent; len(rest) > 0; {
		var word []byte
		word, rest = nextName(rest)
		low := strings.ToLower(string(word[:min(len(word), maxName+1)]))
		for _, end := range []string{"bot", "crawler", "spider"} {
			if len(low) > len(end) && strings.HasSuffix(low, end) && plain(word) {
				return word
			}
		}
	}
	first, _ := nextName(agent)
	if strings.EqualFold(string(first), "mozilla") {
		_, behind, ok := bytes.Cut(agent, []byte("compatible;"))
		if !ok {
			return nil
		}
		first, _ = nextName(behind)
	}
	if !plain(first) {
		return nil
	}
	return first
}

// nextName returns the next word of letters, digits, '-', '_', '.' that follows
// the beginning of text, a space, a bracket, a comma or a semicolon, and what is
// left of text behind all that is written in one with it.
func nextName(text []byte) (word, rest []byte) {
	text = bytes.TrimLeft(text, " (),;[]")
	end := bytes.IndexAny(text, " (),;[]")
	if end < 0 {
		end = len(text)
	}
	word, rest = text[:end], text[end:]
	if i := bytes.IndexByte(word, '/'); i >= 0 {
		word = word[:i]
	}
	return word, rest
}

// plain tells whether a name may be shown as it is.
func plain(name []byte) bool {
	letters := 0
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			letters++
		case '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return letters >= 2 && len(name) <= maxName
}

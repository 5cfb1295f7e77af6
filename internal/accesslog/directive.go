package accesslog

import (
	"slices"
	"strings"
)

// A char is a byte of a configuration after its escapes were undone, and where
// it stood.
type char struct {
	c  byte
	at int
}

func plainText(text []char) string {
	b := make([]byte, len(text))
	for i, t := range text {
		b[i] = t.c
	}
	return string(b)
}

// unescaped undoes the escapes of text, which stands at position at: \" \' \\
// \t \n and \r, and a line end behind a backslash. Other backslashes stay.
func unescaped(text string, at int) []char {
	out := make([]char, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		start := i
		if c == '\\' && i+1 < len(text) {
			i++
			switch text[i] {
			case '"', '\'', '\\':
				c = text[i]
			case 't':
				c = '\t'
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case '\n':
				continue // Apache: the line goes on
			default:
				i--
			}
		}
		out = append(out, char{c, at + start})
	}
	return out
}

// A word is a word of a configuration file.
type word struct {
	at    int
	chars []char
	end   bool // it is no word: a directive ends here
}

func (w word) plain() string { return plainText(w.chars) }

// syntax is how a configuration file sets words and directives apart.
type syntax uint8

const (
	nginxSyntax  syntax = iota // ; { and } end a directive
	apacheSyntax               // a line does, without a backslash at its end
)

// splitWords takes a configuration apart. Nothing is an error: what is not
// closed reaches to the end.
func splitWords(text string, s syntax) []word {
	var words []word
	end := func(at int) { words = append(words, word{at: at, end: true}) }
	fresh := true // at the beginning of a directive
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n' && s == apacheSyntax:
			end(i)
			fresh = true
			i++
			continue
		case c == '\\' && s == apacheSyntax && strings.HasPrefix(text[i+1:], "\n"):
			i += 2
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case c == '#' && (fresh || s == nginxSyntax):
			for i < len(text) && text[i] != '\n' {
				i++
			}
			continue
		case s == nginxSyntax && (c == ';' || c == '{' || c == '}'):
			end(i)
			fresh = true
			i++
			continue
		case c == '"' || c == '\'':
			stop := closing(text, i)
			words = append(words, word{at: i, chars: unescaped(text[i+1:stop], i+1)})
			i = min(stop+1, len(text))
		default:
			start := i
			for i < len(text) && !strings.ContainsRune(" \t\r\n", rune(text[i])) && (s == apacheSyntax || text[i] != ';' && text[i] != '{' || text[i] == '{' && i > start && text[i-1] == '$') {
				if text[i] == '\\' {
					if s == apacheSyntax && strings.HasPrefix(text[i+1:], "\n") {
						break
					}
					i++
				}
				i++
			}
			i = min(i, len(text))
			words = append(words, word{at: start, chars: unescaped(text[start:i], start)})
		}
		fresh = false
	}
	return words
}

// closing is the position of the quote that closes the one at text[i], or the
// end.
func closing(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		switch text[j] {
		case '\\':
			j++
		case text[i]:
			return j
		}
	}
	return len(text)
}

// planDirective reads a whole log_format, LogFormat or CustomLog directive.
func planDirective(text string) (plan, error) {
	if firstWord(text) == "log_format" {
		words := splitWords(text, nginxSyntax)
		if len(words) < 3 || words[1].end || words[2].end {
			return plan{}, &SpecError{Text: "log_format must be followed by a name and a format in quotes"}
		}
		return planNginxWords(words[1].plain(), words[2:])
	}
	words := splitWords(text, apacheSyntax)
	format, name := 1, 2
	if firstWord(text) == "CustomLog" {
		format, name = 2, 3
	}
	if len(words) <= format || words[format].end || !strings.Contains(words[format].plain(), "%") {
		return plan{}, &SpecError{Text: firstWord(text) + " must be followed by a format in quotes"}
	}
	called := ""
	if len(words) > name && !words[name].end {
		called = words[name].plain()
	}
	return planApacheText(called, words[format].chars)
}

// A ServerConfig is what a configuration file of a web server says about its
// access logs.
type ServerConfig struct {
	Formats  []Definition // in the order of the file
	Used     []string     // the names of formats that logs are written in, each once
	Includes []string     // patterns of files to read too, as they stand there
	Root     string       // Apache's ServerRoot; "" where it is not said
}

// A Definition is a format that a configuration file defines.
type Definition struct {
	Name string // "" for one that stands with its log (Apache's CustomLog)
	Spec string // the directive, as Compile takes it
	Line int    // 1-based, in its file
}

// ReadNginxConfig finds the log_format, access_log and include directives of a
// configuration file of nginx.
func ReadNginxConfig(text string) ServerConfig {
	var c ServerConfig
	directives(text, nginxSyntax, func(words []word, spec string, line int) {
		switch words[0].plain() {
		case "log_format":
			if len(words) > 2 {
				c.Formats = append(c.Formats, Definition{words[1].plain(), spec, line})
			}
		case "access_log":
			switch {
			case len(words) < 2 || words[1].plain() == "off":
			case len(words) == 2 || strings.Contains(words[2].plain(), "="):
				c.use("combined") // what nginx writes when it is not told
			default:
				c.use(words[2].plain())
			}
		case "include":
			if len(words) > 1 {
				c.Includes = append(c.Includes, words[1].plain())
			}
		}
	})
	return c
}

// ReadApacheConfig finds the LogFormat, CustomLog, Include and ServerRoot
// directives of a configuration file of Apache.
func ReadApacheConfig(text string) ServerConfig {
	var c ServerConfig
	directives(text, apacheSyntax, func(words []word, spec string, line int) {
		switch strings.ToLower(words[0].plain()) {
		case "logformat":
			if len(words) > 2 {
				c.Formats = append(c.Formats, Definition{words[2].plain(), "LogFormat" + spec[len("LogFormat"):], line})
			}
		case "customlog":
			switch {
			case len(words) < 3:
			case strings.Contains(words[2].plain(), "%"):
				c.Formats = append(c.Formats, Definition{"", "CustomLog" + spec[len("CustomLog"):], line})
			default:
				c.use(words[2].plain())
			}
		case "include", "includeoptional":
			if len(words) > 1 {
				c.Includes = append(c.Includes, words[1].plain())
			}
		case "serverroot":
			if len(words) > 1 {
				c.Root = words[1].plain()
			}
		}
	})
	return c
}

func (c *ServerConfig) use(name string) {
	if !slices.Contains(c.Used, name) {
		c.Used = append(c.Used, name)
	}
}

// directives calls yield for each directive of text, with its words and the
// text it was read from.
func directives(text string, s syntax, yield func(words []word, spec string, line int)) {
	words := append(splitWords(text, s), word{at: len(text), end: true})
	line, counted := 1, 0
	for from := 0; from < len(words); {
		to := from
		for !words[to].end {
			to++
		}
		if to > from {
			at := words[from].at
			line += strings.Count(text[counted:at], "\n")
			counted = at
			yield(words[from:to], text[at:words[to].at], line)
		}
		from = to + 1
	}
}

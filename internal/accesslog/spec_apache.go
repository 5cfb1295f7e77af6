package accesslog

import (
	"fmt"
	"slices"
	"strings"
)

// An apacheDirective is a letter of Apache's LogFormat that needs no argument
// (mod_log_config, mod_logio).
type apacheDirective struct {
	letter byte
	text   string // in an example
	field
}

func apacheDirectives() []apacheDirective {
	return []apacheDirective{
		{'a', "203.0.113.7", field{column: columnClient, rank: 9}},
		{'h', "203.0.113.7", field{column: columnClient, rank: 8}},
		{'A', "192.0.2.1", field{}},
		{'b', "2326", field{column: columnBytes, rank: 3}},
		{'B', "2326", field{column: columnBytes, rank: 3}},
		{'O', "2326", field{column: columnBytes, rank: 2}},
		{'S', "2326", field{column: columnBytes, rank: 1}},
		{'I', "500", field{}},
		{'D', "42000", field{column: columnMicros, rank: 2}},
		{'T', "0", field{column: columnSeconds, rank: 0}},
		{'f', "/var/www/index.html", field{free: true}},
		{'H', "HTTP/1.1", field{column: columnProtocol}},
		{'k', "0", field{}},
		{'l', "-", field{free: true}},
		{'L', "-", field{}},
		{'m', "GET", field{column: columnMethod}},
		{'p', "443", field{column: columnPort}},
		{'P', "1234", field{}},
		{'q', "?id=7", field{column: columnQuery, first: '?', free: true}},
		{'r', "GET /pages/create?id=7 HTTP/1.1", field{column: columnRequest, free: true}},
		{'R', "-", field{}},
		{'s', "200", field{column: columnStatus}},
		{'u', "frank", field{column: columnUser, free: true}},
		{'U', "/pages/create", field{column: columnTarget, first: '/', free: true}},
		{'v', "www.example.org", field{column: columnHost, rank: 2}},
		{'V', "www.example.org", field{column: columnHost, rank: 2}},
		{'X', "+", field{}},
	}
}

// planApache reads the format of a LogFormat: what stands between its quotes,
// with \" for a quote or not.
func planApache(text string) (plan, error) {
	return planApacheText("", unescaped(text, 0))
}

func planApacheText(name string, text []char) (plan, error) {
	p := plan{maker: "Apache", name: name}
	for i := 0; i < len(text); {
		if text[i].c != '%' {
			p.pieces = append(p.pieces, literalPiece(text[i].at, plainText(text[i:i+1])))
			i++
			continue
		}
		d, next, err := readApache(text, i)
		if err != nil {
			return plan{}, err
		}
		i = next
		pieces, err := d.pieces()
		if err != nil {
			return plan{}, err
		}
		p.pieces = append(p.pieces, pieces...)
	}
	return p, nil
}

// apacheItem is %200,304!<>{argument}letter.
type apacheItem struct {
	at       int
	name     string
	letter   byte
	final    bool // %>s
	given    bool // there is an argument
	argument string
	trailer  bool // %^ti and its like
}

func readApache(text []char, i int) (d apacheItem, next int, err error) {
	d.at = text[i].at
	start := i
	wrong := func(format string, args ...any) (apacheItem, int, error) {
		return d, 0, &SpecError{Column: d.at + 1, Text: fmt.Sprintf(format, args...)}
	}
	for i++; i < len(text); i++ {
		switch c := text[i].c; {
		case c == '>':
			d.final = true
		case c == '<' || c == '!' || c == ',' || isDigit(c):
		case c == '{':
			end := i + 1
			for end < len(text) && text[end].c != '}' {
				end++
			}
			if end == len(text) {
				return wrong("a { is not closed by a }")
			}
			d.given, d.argument = true, plainText(text[i+1:end])
			i = end
		case c == '^':
			d.trailer = true
			if i += 2; i >= len(text) {
				return wrong("%%^ must be followed by two letters, as in %%{VARNAME}^ti")
			}
			d.name = plainText(text[start : i+1])
			return d, i + 1, nil
		default:
			d.letter = c
			d.name = plainText(text[start : i+1])
			return d, i + 1, nil
		}
	}
	return wrong("a %% without a letter ends the format; %%%% stands for a percent sign")
}

func (d apacheItem) pieces() ([]piece, error) {
	one := func(f field, text string) ([]piece, error) {
		return []piece{{at: d.at, name: d.name, text: text, field: f}}, nil
	}
	switch {
	case d.trailer:
		return one(field{free: true}, "-")
	case d.letter == '%':
		return []piece{literalPiece(d.at, "%")}, nil
	case d.letter == 't':
		return d.time()
	case d.letter == 'i' && d.given:
		return one(apacheHeader(d.argument))
	case strings.IndexByte("Ceinox", d.letter) >= 0 && d.given, d.letter == 'P' && d.given:
		return one(field{free: true}, "-")
	case strings.IndexByte("Ceinox", d.letter) >= 0:
		return nil, &SpecError{Column: d.at + 1, Text: fmt.Sprintf("%s needs the name of what it is to show, as in %%{Name}%c", d.name, d.letter)}
	}
	for _, a := range apacheDirectives() {
		if a.letter != d.letter {
			continue
		}
		f, text := a.field, a.text
		switch {
		case d.letter == 's' && d.final:
			f.rank = 1
		case d.letter == 'a' && d.argument == "c":
			f.rank, f.hop = 1, true // the peer, perhaps a proxy
		case d.letter == 'T' && d.given:
			switch d.argument {
			case "ms":
				f, text = field{column: columnMillis, rank: 1}, "42"
			case "us":
				f, text = field{column: columnMicros, rank: 2}, "42000"
			case "s":
			default:
				return nil, &SpecError{Column: d.at + 1, Text: fmt.Sprintf("%s: Apache has the units s, ms and us here", d.name)}
			}
		}
		return one(f, text)
	}
	text := fmt.Sprintf("Apache has no %s", d.name)
	if other := d.letter ^ 0x20; isApacheLetter(other) {
		text += fmt.Sprintf("; is it to be %%%c?", other)
	} else if d.letter == 'd' || d.letter == 'x' {
		text += "; GoAccess has, and its formats are given with --log-format"
	} else {
		text += "; most formats are made of %h %l %u %t %r %>s %b %D %v and %{Name}i"
	}
	return nil, &SpecError{Column: d.at + 1, Text: text}
}

func isApacheLetter(c byte) bool {
	for _, a := range apacheDirectives() {
		if a.letter == c {
			return true
		}
	}
	return c == 't'
}

// apacheHeader is a header of the request.
func apacheHeader(name string) (field, string) {
	header := headerName(name)
	switch strings.ToLower(name) {
	case "referer":
		return field{column: columnReferrer, free: true}, "http://www.example.org/start"
	case "user-agent":
		return field{column: columnAgent, free: true}, "Mozilla/5.0 (X11; Linux x86_64)"
	case "host":
		return field{column: columnHost, rank: 1}, "www.example.org"
	}
	if slices.Contains(knownHeaders(), header) {
		rank := 0
		if header == forwardedFor {
			rank = 1
		}
		return field{column: columnForwarded, rank: rank, list: true, header: header}, "203.0.113.7"
	}
	return field{free: true, header: header}, "-"
}

// time reads %t and %{...}t.
func (d apacheItem) time() ([]piece, error) {
	format := strings.TrimPrefix(strings.TrimPrefix(d.argument, "begin:"), "end:")
	x := piece{at: d.at, name: d.name, field: field{column: columnTime}}
	switch format {
	case "":
		x.time, _, _ = strftime(commonTime, true)
		return []piece{literalPiece(d.at, "["), x, literalPiece(d.at, "]")}, nil
	case "sec":
		x.time = []timePart{{kind: timeEpoch}}
	case "msec":
		x.time = []timePart{{kind: timeEpochMilli}}
	case "usec":
		x.time = []timePart{{kind: timeEpochMicro}}
	case "msec_frac":
		x.time = []timePart{{kind: timeMilli}}
	case "usec_frac":
		x.time = []timePart{{kind: timeMicro}}
	default:
		parts, at, wrong := strftime(format, true)
		if wrong == "" && bitsOf(parts) == 0 {
			at, wrong = 0, "it tells no time"
		}
		if wrong != "" {
			return nil, &SpecError{Column: d.at + strings.Index(d.name, format) + at + 1, Text: fmt.Sprintf("%s: %s", d.name, wrong)}
		}
		x.time = parts
	}
	return []piece{x}, nil
}

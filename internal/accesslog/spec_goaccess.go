package accesslog

import (
	"fmt"
	"strings"
)

// A goaccessSpecifier is a letter of GoAccess's log-format.
type goaccessSpecifier struct {
	letter byte
	text   string // in an example
	field
}

func goaccessSpecifiers() []goaccessSpecifier {
	return []goaccessSpecifier{
		{'v', "www.example.org", field{column: columnHost, free: true}},
		{'e', "frank", field{column: columnUser, free: true}},
		{'C', "HIT", field{free: true}},
		{'h', "203.0.113.7", field{column: columnClient, rank: 1}},
		{'r', "GET /pages/create?id=7 HTTP/1.1", field{column: columnRequest, free: true}},
		{'m', "GET", field{column: columnMethod}},
		{'U', "/pages/create", field{column: columnTarget, free: true}},
		{'q', "id=7", field{column: columnQuery, free: true}},
		{'H', "HTTP/1.1", field{column: columnProtocol}},
		{'s', "200", field{column: columnStatus}},
		{'b', "2326", field{column: columnBytes}},
		{'R', "http://www.example.org/start", field{column: columnReferrer, free: true}},
		{'u', "Mozilla/5.0 (X11; Linux x86_64)", field{column: columnAgent, free: true}},
		{'K', "TLSv1.3", field{free: true}},
		{'k', "TLS_AES_256_GCM_SHA384", field{free: true}},
		{'M', "text/html", field{free: true}},
		{'D', "42000", field{column: columnMicros}},
		{'T', "0.042", field{column: columnSeconds}},
		{'L', "42", field{column: columnMillis}},
		{'n', "42000000", field{column: columnNanos}},
		{'^', "-", field{free: true}},
		{'~', " ", field{spaces: true}},
	}
}

// planGoAccess reads a log-format of GoAccess with its date-format and
// time-format, which may be empty.
func planGoAccess(log, date, time string) (plan, error) {
	p := plan{maker: "GoAccess", tail: true}
	text := unescaped(log, 0)
	for i := 0; i < len(text); {
		at := text[i].at
		switch {
		case text[i].c == '~' && i+2 < len(text) && text[i+1].c == 'h' && text[i+2].c == '{':
			end := i + 3
			for end < len(text) && text[end].c != '}' {
				end++
			}
			if end == len(text) || end == i+3 {
				return plan{}, &SpecError{Column: at + 1, Text: "~h must be followed by what sets the addresses apart, as in ~h{, }"}
			}
			p.pieces = append(p.pieces, piece{at: at, name: "~h", text: "203.0.113.7", field: field{column: columnForwarded, rank: 2, set: plainText(text[i+3 : end])}})
			i = end + 1
			continue
		case text[i].c != '%':
			p.pieces = append(p.pieces, literalPiece(at, plainText(text[i:i+1])))
			i++
			continue
		case i+1 == len(text):
			return plan{}, &SpecError{Column: at + 1, Text: "a % without a letter ends the format"}
		}
		letter := text[i+1].c
		i += 2
		if letter == '%' {
			p.pieces = append(p.pieces, literalPiece(at, "%"))
			continue
		}
		x, err := goaccessPiece(at, letter, date, time)
		if err != nil {
			return plan{}, err
		}
		p.pieces = append(p.pieces, x)
	}
	return p, nil
}

func goaccessPiece(at int, letter byte, date, time string) (piece, error) {
	x := piece{at: at, name: "%" + string(letter), field: field{column: columnTime}}
	read := func(what, format string) (piece, error) {
		parts, pos, wrong := strftime(format, false)
		if wrong == "" && bitsOf(parts) == 0 {
			wrong = "it has no part of a time, such as %Y or %H"
		}
		if wrong != "" {
			return x, &SpecError{In: what, Column: pos + 1, Text: wrong}
		}
		x.time = parts
		return x, nil
	}
	switch letter {
	case 'd':
		if date == "" {
			x.time = []timePart{{kind: timeDate}}
			return x, nil
		}
		return read("date format", date)
	case 't':
		if time == "" {
			time = "%H:%M:%S"
		}
		return read("time format", time)
	case 'x':
		switch {
		case date == "" && time == "":
			x.time = []timePart{{kind: timeAny}}
			return x, nil
		case time == "" || time == date:
			return read("date format", date)
		case date == "":
			return read("time format", time)
		}
		// Both formats describe the one field, as they do where it is the
		// date and time in the order in which they are given.
		return read("date format", date+" "+time)
	}
	for _, s := range goaccessSpecifiers() {
		if s.letter == letter {
			x.field, x.text = s.field, s.text
			return x, nil
		}
	}
	text := fmt.Sprintf("GoAccess has no %s", x.name)
	switch {
	case letter == '>' || letter == '{' || letter == 'l' || letter == 'i' || letter == 'o' || letter == 'I' || letter == 'O':
		text += "; Apache has, and its formats are given with --format"
	case isGoAccessLetter(letter ^ 0x20):
		text += fmt.Sprintf("; is it to be %%%c?", letter^0x20)
	}
	return x, &SpecError{Column: at + 1, Text: text}
}

func isGoAccessLetter(c byte) bool {
	for _, s := range goaccessSpecifiers() {
		if s.letter == c {
			return true
		}
	}
	return c == 'd' || c == 't' || c == 'x'
}

// A predefined is a format that GoAccess has a name for. It is read as the
// format of ours, where there is one, since that reads more out of its lines.
type predefined struct {
	name string
	ours string // the name of our format for it; may be one that is not there
	log  string // otherwise this; "" where a string cannot say it
	date string
	time string
}

func predefinedFormats() []predefined {
	const combined = `%h %^[%d:%t %^] "%r" %s %b "%R" "%u"`
	const common = `%h %^[%d:%t %^] "%r" %s %b`
	const apache, iso, clock = "%d/%b/%Y", "%Y-%m-%d", "%H:%M:%S"
	return []predefined{
		{"COMBINED", "combined", combined, apache, clock},
		{"VCOMBINED", "vhost-combined", `%v:%^ ` + combined, apache, clock},
		{"COMMON", "common", common, apache, clock},
		{"VCOMMON", "vhost-common", `%v:%^ ` + common, apache, clock},
		{"W3C", "w3c", `%d %t %^ %m %U %q %^ %^ %h %u %R %s %^ %^ %L`, iso, clock},
		{"SQUID", "squid", `%x.%^ %~%L %h %^/%s %b %m %U %^`, "%s", "%s"},
		{"CLOUDFRONT", "cloudfront", `%d\t%t\t%^\t%b\t%h\t%m\t%v\t%U\t%s\t%R\t%u\t%q\t%^\t%C\t%^\t%^\t%^\t%^\t%T`, iso, clock},
		{"CLOUDSTORAGE", "", `"%x","%h",%^,%^,"%m","%U","%s",%^,"%b","%D",%^,"%R","%u"`, "%f", "%f"},
		{"AWSELB", "aws-elb", `%^ %dT%t.%^ %^ %h:%^ %^ %^ %T %^ %s %^ %^ %b "%r" "%u" %k %K %^ "%^" "%v"`, iso, clock},
		{"AWSALB", "aws-alb", `%^ %dT%t.%^ %v %h:%^ %^ %^ %T %^ %s %^ %^ %b "%r" "%u" %k %K`, iso, clock},
		{"AWSS3", "aws-s3", `%^ %v [%d:%t %^] %h %^"%r" %s %^ %b %^ %L %^ "%R" "%u"`, apache, clock},
		{"CADDY", "json", "", "", ""},
		{"TRAEFIKCLF", "traefik", `%h - %e [%d:%t %^] "%r" %s %b "%R" "%u" %^ "%v" "%U" %Lms`, apache, clock},
	}
}

// PredefinedNames returns the names that GoAccess has for formats.
func PredefinedNames() []string {
	var names []string
	for _, p := range predefinedFormats() {
		names = append(names, p.name)
	}
	return names
}

func predefinedNamed(name string) (predefined, bool) {
	for _, p := range predefinedFormats() {
		if strings.EqualFold(p.name, name) {
			return p, true
		}
	}
	return predefined{}, false
}

// predefinedDate is the date format that a name stands for, or date itself.
func predefinedDate(date string) string {
	if p, ok := predefinedNamed(date); ok {
		return p.date
	}
	return date
}

func predefinedTime(time string) string {
	if p, ok := predefinedNamed(time); ok {
		return p.time
	}
	return time
}

func (d predefined) format(date, time string) (Format, error) {
	if date == "" {
		date = d.date
	}
	if time == "" {
		time = d.time
	}
	if f, ok := Lookup(d.ours); ok && date == d.date && time == d.time {
		return f, nil
	}
	if d.log == "" {
		return Format{}, &SpecError{Text: fmt.Sprintf("weir has no format for %s yet", d.name)}
	}
	p, err := planGoAccess(d.log, date, time)
	if err != nil {
		return Format{}, err
	}
	p.name = strings.ToLower(d.name)
	f, err := p.format()
	if err != nil {
		return Format{}, err
	}
	return f.marked(d.log, date, time), nil
}

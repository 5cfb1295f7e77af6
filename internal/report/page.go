package report

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"weir/internal/escape"
)

// page is a Report on its way to the writer.
type page struct {
	*Report
	zone  *time.Location
	color bool
	width int // cells of the longest line
	buf   []byte
}

// The colours are those of the 16 of the terminal, so that its theme rules.
const (
	red   = "\x1b[1;31m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

const (
	indent     = "  "
	labelCells = 10
)

// paint appends s in a color.
func (p *page) paint(color, s string) {
	if p.color && color != "" && s != "" {
		p.buf = append(p.buf, color...)
		p.buf = append(p.buf, s...)
		p.buf = append(p.buf, plain...)
		return
	}
	p.buf = append(p.buf, s...)
}

func (p *page) add(s string) { p.buf = append(p.buf, s...) }

func (p *page) end() { p.buf = append(p.buf, '\n') }

// title begins a part of the page, with an empty line above it.
func (p *page) title(text string) {
	p.end()
	p.paint(bold, text)
	p.end()
}

// flow writes a label and the items that belong to it, on as many lines as
// they need. The items are clean; one that is longer than a line is cut.
func (p *page) flow(label string, items ...string) {
	p.add(indent)
	p.paint(dim, pad(label, labelCells))
	used := len(indent) + labelCells
	for i, item := range items {
		cut, n := escape.AppendCut(nil, []byte(item), p.width-len(indent)-labelCells)
		switch {
		case i == 0:
		case used+len(indent)+n > p.width:
			p.end()
			p.add(indent + pad("", labelCells))
			used = len(indent) + labelCells
		default:
			p.add(indent)
			used += len(indent)
		}
		p.add(string(cut))
		used += n
	}
	p.end()
}

// sentence writes a sentence, which may hold strings of a log, on as many lines
// as it needs; a very long one is cut. mark stands before it. Where that is
// blank, lines that go on are set off by more of it.
func (p *page) sentence(color, mark, text string) {
	cells := p.width - escape.Width([]byte(mark))
	hang := 0
	if strings.TrimSpace(mark) == "" {
		hang = len(indent)
	}
	safe, _ := escape.AppendCut(nil, []byte(text), 4*cells)
	for i, line := range wrap(string(safe), cells, hang) {
		if i > 0 {
			line = strings.Repeat(" ", p.width-cells+hang) + line
		} else {
			line = mark + line
		}
		p.paint(color, strings.TrimRight(line, " "))
		p.end()
	}
}

// left appends s, which may come from a log, in exactly so many cells.
func (p *page) left(s string, cells int) {
	var used int
	p.buf, used = escape.AppendCut(p.buf, []byte(s), cells)
	p.add(pad("", cells-used))
}

// wrap breaks clean text at spaces into lines of so many cells, those after the
// first with hang cells fewer, and a word that is longer wherever the line ends.
func wrap(text string, cells, hang int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.SplitSeq(text, " ") {
		n := escape.Width([]byte(word))
		if line != "" && used+1+n <= cells {
			line, used = line+" "+word, used+1+n
			continue
		}
		if line != "" {
			lines = append(lines, line)
			cells, hang = cells-hang, 0
		}
		for n > cells {
			at := fitting(word, cells)
			lines = append(lines, word[:at])
			cells, hang = cells-hang, 0
			word = word[at:]
			n = escape.Width([]byte(word))
		}
		line, used = word, n
	}
	return append(lines, line)
}

// fitting returns how many bytes of clean text fit into so many cells, at least
// two of which there are. A rune and its marks are not parted.
func fitting(text string, cells int) int {
	end := 0
	for at := 0; at < len(text); {
		next := at
		for first := true; next < len(text); first = false {
			r, size := utf8.DecodeRuneInString(text[next:])
			if !first && !unicode.In(r, unicode.Mn, unicode.Me) {
				break
			}
			next += size
		}
		n := escape.Width([]byte(text[at:next]))
		if end > 0 && n > cells {
			return end
		}
		cells -= n
		at, end = next, next
	}
	return end
}

// pad fills our own ASCII text up with spaces.
func pad(s string, cells int) string {
	return s + strings.Repeat(" ", max(0, cells-len(s)))
}

// moment is a time of the report, without its date where all of it is one day.
func (p *page) moment(sec int64) string {
	if p.date(p.From) == p.date(p.To) {
		return time.Unix(sec, 0).In(p.zone).Format(time.TimeOnly)
	}
	return p.full(sec)
}

func (p *page) full(sec int64) string {
	return time.Unix(sec, 0).In(p.zone).Format(time.DateTime)
}

func (p *page) date(sec int64) string {
	return time.Unix(sec, 0).In(p.zone).Format(time.DateOnly)
}

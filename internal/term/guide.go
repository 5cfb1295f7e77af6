package term

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/diagnosis"
	"weir/internal/escape"
	"weir/internal/unit"
)

// A Guide tells a person what weir makes of lines and logs, in plain text of 80
// columns. Every string passes the gate of escape. It belongs to one goroutine.
type Guide struct {
	W    io.Writer
	Zone *time.Location // of all times; nil is UTC

	buf strings.Builder
}

const (
	guideCells = 80
	nameCells  = 11 // of a field, with the space behind it
	indent     = "  "
)

// Formats lists formats. Examples are cut to cells; with 0 they are whole. The
// error is that of the writer.
func (g *Guide) Formats(formats []accesslog.Format, cells int) error {
	column := 0
	for _, f := range formats {
		column = max(column, len(f.Name)+2)
	}
	titles := guideCells - column
	if cells > 0 {
		titles = cells - column
	}
	for _, f := range formats {
		label := f.Name
		for _, line := range wrap(f.Title, titles) {
			g.line(fmt.Sprintf("%-*s", column, label), line)
			label = ""
		}
		for line := range strings.SplitSeq(f.Example, "\n") {
			if cells == 0 {
				g.line(strings.Repeat(" ", column), escape.Terminal([]byte(line)))
				continue
			}
			cut, _ := escape.AppendCut(nil, []byte(line), titles)
			g.line(strings.Repeat(" ", column), string(cut))
		}
	}
	g.line("")
	g.paragraph("", fmt.Sprintf("%d formats, the most specific first. A log's own is recognised (weir explain FILE tells how); --format NAME forces one.", len(formats)))
	return g.flush()
}

// Line tells about one line. The error is that of the writer.
func (g *Guide) Line(l *diagnosis.Line) error {
	switch {
	case l.Header:
		g.paragraph("", "a header of the format "+l.Format.Name+": it names the columns of the lines below it")
	case l.Found:
		g.line("format   ", l.Format.Name)
		g.paragraph("         ", l.Format.Title)
		if l.Prefix != "" {
			g.line("prefix   ", l.Prefix+", which is taken off")
		}
		if len(l.Also) > 0 {
			g.paragraph("         ", "as "+strings.Join(l.Also, ", ")+" it could be read, too; the first of weir formats wins")
		}
		g.line("")
		g.example(l)
		for _, n := range l.Notes {
			g.line("")
			g.paragraph("! ", n)
		}
	case l.Nature.Text != "":
		g.paragraph("", "no format reads this line")
		if len(bytes.TrimSpace(l.Text)) > 0 {
			g.line("")
			g.caret(l.Text, l.Nature.Column)
		}
		g.line("")
		g.paragraph(indent, l.Nature.Text)
	default:
		g.paragraph("", "no format reads this line")
		for i := range l.Near {
			f := &l.Near[i]
			g.line("")
			g.paragraph(indent, fmt.Sprintf("%s: column %d: %s", names(f.Formats), f.Outcome.Column, f.Outcome.Reason))
			g.caret(f.Text, f.Outcome.Column)
			g.hint(f.Hint)
		}
		if l.Fewer > 0 {
			g.line("")
			g.paragraph("", fmt.Sprintf("%d other %s cannot read it either", l.Fewer, unit.Plural(int64(l.Fewer), "format")))
		}
	}
	return g.flush()
}

// Log tells about a log. The error is that of the writer.
func (g *Guide) Log(l *diagnosis.Log) error {
	g.verdict(l)
	g.runnersUp(l)
	if l.Example != nil {
		g.line("")
		g.line(fmt.Sprintf("line %d, field by field", l.Example.Number))
		g.line("")
		g.example(l.Example)
	}
	for i := range l.Gaps {
		g.gap(&l.Gaps[i])
	}
	for _, d := range l.Doubts {
		g.line("")
		g.paragraph("! ", d)
	}
	g.rejects(l)
	return g.flush()
}

func (g *Guide) verdict(l *diagnosis.Log) {
	g.line(cut(l.Name, guideCells))
	switch {
	case l.Lines == 0:
		g.line("  empty: nothing to be recognised")
		return
	case l.Forced && !l.Found:
		g.paragraph(indent, "format "+l.Format.Name+", as given: it reads no line")
	case l.Found && l.Forced:
		g.paragraph(indent, "format "+l.Format.Name+", as given")
	case l.Found && l.Detection.Found:
		g.paragraph(indent, fmt.Sprintf("format %s: it reads %s of a sample of %s %s", l.Format.Name,
			unit.Percent(int64(l.Detection.Confidence*1e6+0.5), 1e6), unit.Count(int64(l.Sample)), unit.Plural(int64(l.Sample), "line")))
	case l.Found:
		g.paragraph(indent, fmt.Sprintf("no format reads half of the %s %s looked at; some are %s", unit.Count(int64(l.Sample)), unit.Plural(int64(l.Sample), "line"), l.Format.Name))
	case len(l.Detection.Missing) > 0:
		g.paragraph(indent, "no format: "+l.Detection.Complaint()+" (docs/formats.md lists the names)")
	case l.Detection.Compressed != "":
		g.paragraph(indent, "compressed with "+l.Detection.Compressed+", which weir cannot unpack: unpack it into a pipe")
	default:
		g.paragraph(indent, fmt.Sprintf("no format reads half of the %s %s looked at", unit.Count(int64(l.Sample)), unit.Plural(int64(l.Sample), "line")))
	}
	if l.Found {
		g.paragraph(indent, l.Format.Title)
	}
	if l.Found && l.Prefix != "" {
		g.paragraph(indent, "behind a prefix ("+l.Prefix+"), which is taken off")
	}
	read := fmt.Sprintf("%s %s read: %s %s", unit.Count(l.Lines), unit.Plural(l.Lines, "line"), unit.Count(l.Hits), unit.Plural(l.Hits, "request"))
	if l.Pieces > 0 {
		read += fmt.Sprintf(", %s %s of lines", unit.Count(l.Pieces), unit.Plural(l.Pieces, "piece"))
	}
	if l.Directives > 0 {
		read += fmt.Sprintf(", %s %s", unit.Count(l.Directives), unit.Plural(l.Directives, "header"))
	}
	read += fmt.Sprintf(", %s rejected", unit.Count(l.Rejected))
	if l.More {
		read += "; the log goes on, weir report reads all of it"
	}
	g.paragraph(indent, read)
}

func (g *Guide) runnersUp(l *diagnosis.Log) {
	if len(l.RunnersUp) == 0 || l.Lines == 0 {
		return
	}
	g.line("")
	if l.Found || l.Forced {
		g.line("other formats, of the sample")
	} else {
		g.line("the formats that came furthest")
	}
	for _, u := range l.RunnersUp {
		text := names(u.Formats) + ": "
		switch {
		case u.Hits == 0 && u.Line == 0:
			text += "a header, and no row"
		case u.Hits == 0:
			text += fmt.Sprintf("no line; line %d column %d: %s", u.Line, u.Outcome.Column, u.Outcome.Reason)
		case u.Line == 0:
			text += fmt.Sprintf("all %s", unit.Count(int64(u.Hits)))
			if l.Found && !l.Forced {
				text += ", but less in them"
			}
		default:
			text += fmt.Sprintf("%s %s; line %d column %d: %s", unit.Count(int64(u.Hits)), unit.Plural(int64(u.Hits), "line"), u.Line, u.Outcome.Column, u.Outcome.Reason)
		}
		g.paragraph(indent, text)
	}
	if l.Rest > 0 {
		g.line(indent, fmt.Sprintf("%d more came less far", l.Rest))
	}
}

// example shows a line and what its fields mean.
func (g *Guide) example(l *diagnosis.Line) {
	g.line(indent, cut(string(l.Text), guideCells-len(indent)))
	g.line("")
	const least = 25 // cells of a value, so that the meanings are in line
	room := guideCells - len(indent) - nameCells
	for _, f := range l.Fields {
		value := f.Value
		if f.IsTime {
			value = g.moment(f.Sec, f.Nanos)
		}
		shown, used := escape.AppendCut(nil, []byte(value), room)
		if used == 0 {
			shown, used = []byte("-"), 1
		}
		label := fmt.Sprintf("%s%-*s", indent, nameCells, f.Name)
		column := max(least, used) + 2
		if column+escape.Width([]byte(f.Meaning)) <= room || f.Meaning == "" {
			g.line(strings.TrimRight(label+string(shown)+strings.Repeat(" ", column-used)+escape.Terminal([]byte(f.Meaning)), " "))
			continue
		}
		g.line(label, string(shown))
		g.paragraph(indent+strings.Repeat(" ", nameCells+2), f.Meaning)
	}
}

// moment writes a time with the fraction it has.
func (g *Guide) moment(sec int64, nanos int32) string {
	zone := g.Zone
	if zone == nil {
		zone = time.UTC
	}
	return time.Unix(sec, int64(nanos)).In(zone).Format("2006-01-02 15:04:05.999999999 -0700")
}

func (g *Guide) gap(gap *diagnosis.Gap) {
	g.line("")
	g.paragraph("", fmt.Sprintf("not in this log: %s (%s)", gap.Name, gap.Why))
	for _, f := range gap.Fixes {
		label := f.Server
		for _, line := range f.Lines {
			g.line(fmt.Sprintf("%s%-8s ", indent, label), line)
			label = ""
		}
	}
}

func (g *Guide) rejects(l *diagnosis.Log) {
	if len(l.Rejects) == 0 {
		return
	}
	g.line("")
	title := fmt.Sprintf("rejected: %s of %s lines", unit.Count(l.Rejected), unit.Count(l.Lines))
	if l.Rejected > int64(len(l.Rejects)) {
		title += fmt.Sprintf("; %d of them", len(l.Rejects))
	}
	g.line(title)
	told := map[string]bool{}
	for i := range l.Rejects {
		f := &l.Rejects[i]
		g.line("")
		g.paragraph(indent, fmt.Sprintf("%s:%d:%d: %s", l.Name, f.Number, f.Outcome.Column, f.Outcome.Reason))
		if len(bytes.TrimSpace(f.Text)) > 0 {
			g.caret(f.Text, f.Outcome.Column)
		}
		switch {
		case f.Hint != "" && told[f.Hint]:
			g.line("    as above")
		default:
			g.hint(f.Hint)
		}
		told[f.Hint] = true
	}
}

func (g *Guide) hint(text string) {
	if text != "" {
		g.paragraph("    ", text)
	}
}

// caret shows the part of a line around a column, with a caret below it; with
// column 0 its head.
func (g *Guide) caret(line []byte, column int) {
	const room = guideCells - 4
	if column == 0 {
		g.line("    ", cut(string(line), room))
		return
	}
	at := min(max(0, column-1), len(line))
	from := 0
	for escape.Width(line[:min(len(line), 1000)]) >= room && escape.Width(line[from:at]) > room*2/3 {
		from += max(1, (at-from)/8)
	}
	for from > 0 && from < len(line) && line[from]&0xc0 == 0x80 && from < at {
		from++
	}
	before := ""
	if from > 0 {
		before = "…"
	}
	head := before + escape.Terminal(line[from:at])
	used := escape.Width([]byte(head))
	tail, _ := escape.AppendCut(nil, line[at:], room-used)
	g.line("    ", head+string(tail))
	g.line("    ", strings.Repeat(" ", used)+"^")
}

// names lists formats, so many that they fit.
func names(formats []string) string {
	const most = 4
	if len(formats) <= most+1 {
		return strings.Join(formats, ", ")
	}
	return fmt.Sprintf("%s and %d others", strings.Join(formats[:most], ", "), len(formats)-most)
}

// cut passes a string through the gate, and cuts it.
func cut(s string, cells int) string {
	out, _ := escape.AppendCut(nil, []byte(s), cells)
	return string(out)
}

// paragraph writes text that may hold strings of a log in lines that fit; the
// first begins with first, all others with as many spaces.
func (g *Guide) paragraph(first, text string) {
	for _, line := range wrap(escape.Terminal([]byte(text)), guideCells-len(first)) {
		g.line(first, line)
		first = strings.Repeat(" ", len(first))
	}
}

// wrap breaks clean text at its spaces. A word that is too long is cut.
func wrap(text string, cells int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = cut(word, cells)
		case escape.Width([]byte(line))+1+escape.Width([]byte(word)) <= cells:
			line += " " + word
		default:
			lines = append(lines, line)
			line = cut(word, cells)
		}
	}
	return append(lines, line)
}

func (g *Guide) line(pieces ...string) {
	for _, p := range pieces {
		g.buf.WriteString(p)
	}
	g.buf.WriteByte('\n')
}

// flush writes what was said in one piece.
func (g *Guide) flush() error {
	text := g.buf.String()
	g.buf.Reset()
	_, err := io.WriteString(g.W, text)
	return err
}

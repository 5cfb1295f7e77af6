package diagnosis

import (
	"bytes"
	"slices"

	"weir/internal/accesslog"
)

// A Line is what becomes of one line.
type Line struct {
	Text   []byte
	Number int // in its log, from 1; 0 for a line alone
	// Found says that a format reads it: then Format, Fields and Also tell how.
	Found  bool
	Format accesslog.Format
	Fields []Field
	Also   []string // other formats that read it, too
	Prefix string   // what stands before it and was taken off, as accesslog.Auto has it; "" for nothing
	// Header says that the line is one about the log itself, such as the names
	// of columns.
	Header bool
	Notes  []string // where Found: what does not look right, in sentences
	// Where not Found, either Nature or Near tells why.
	Nature Hint
	Near   []Failure // the formats that came furthest
	Fewer  int       // formats not in Near
}

// A Hint says what is wrong and what to do.
type Hint struct {
	Text   string
	Column int // 1-based byte of the line that it is about; 0 for none
}

// A Failure is a line that some formats rejected for the same reason.
type Failure struct {
	Formats []string
	Text    []byte
	Number  int // of the line in its log, from 1; 0 for a line alone
	Outcome accesslog.Outcome
	Hint    string // what to do; may be empty
}

// A Guess is what is known of a log before it is looked at. The zero value is
// nothing.
type Guess struct {
	Format *accesslog.Format // not nil: no other is tried
	Hops   *accesslog.Hops   // find clients behind proxies; may be nil
}

func (g *Guess) parser() *accesslog.Auto {
	p := new(accesslog.Auto)
	if g.Format != nil {
		p = accesslog.NewForced(*g.Format)
	}
	p.Behind(g.Hops)
	return p
}

// headerOf is the name of the header that clients are looked for in; "" for none.
func headerOf(h *accesslog.Hops) string {
	if h == nil {
		return ""
	}
	return h.Name()
}

// OfLine finds out about one line, without its line end.
func OfLine(text []byte, guess Guess) Line {
	l := Line{Text: text}
	formats := accesslog.Formats()
	if guess.Format != nil {
		formats = []accesslog.Format{*guess.Format}
	}
	var r accesslog.Record
	auto := guess.parser()
	switch out := auto.Parse(text, &r); out.Kind {
	case accesslog.Piece:
		l.Nature = Hint{Text: "a piece of a line that a container runtime cut: with the pieces after it, in their log, weir joins it"}
		return l
	case accesslog.Directive:
		l.Header, l.Found = true, true
		l.Format, _ = auto.Format()
		return l
	case accesslog.Hit:
		l.Found = true
		l.Format, _ = auto.Format()
		l.Fields = withHop(Fields(&r, l.Format.Name), guess.Hops, auto)
		body := text
		if l.Prefix = auto.Prefix(); l.Prefix != "" {
			body, _, _ = accesslog.Peel(text)
		}
		l.Notes = notes(body, &r)
		for _, f := range formats {
			if f.Name != l.Format.Name && f.New().Parse(body, &r).Kind == accesslog.Hit {
				l.Also = append(l.Also, f.Name)
			}
		}
		return l
	}
	l.Near, l.Fewer, l.Nature = why(text, formats)
	return l
}

// why finds out why no format reads a line. Columns are those of the whole line,
// and what is said is about what stands behind its prefix.
func why(text []byte, formats []accesslog.Format) (near []Failure, fewer int, no Hint) {
	body, _, column := accesslog.Peel(text)
	if no = nature(body, column); no.Text != "" {
		return nil, 0, no
	}
	near, fewer = fail(body, formats)
	for i := range near {
		near[i].Text = text
		near[i].Outcome.Column = column(near[i].Outcome.Column)
	}
	return near, fewer, Hint{}
}

// fail tries formats, and keeps those that came near: nearly as far as the one
// that came furthest, or the one whose notation the line plainly is in. In a line
// of another notation those of labels and keys fail at its end, whatever it is.
func fail(text []byte, formats []accesslog.Format) (near []Failure, fewer int) {
	var all []Failure
	furthest := 0
	notation := accesslog.NotationOf(text)
	for _, f := range formats {
		var r accesslog.Record
		out := f.New().Parse(text, &r)
		if out.Kind != accesslog.Rejected {
			continue
		}
		if len(formats) > 1 && f.Name != notation && (notation != "" || f.Name == "json" || f.Name == "ltsv") {
			fewer++
			continue
		}
		furthest = max(furthest, out.Column)
		i := slices.IndexFunc(all, func(o Failure) bool { return o.Outcome == out })
		if i < 0 {
			i = len(all)
			all = append(all, Failure{Text: text, Outcome: out})
		}
		all[i].Formats = append(all[i].Formats, f.Name)
	}
	slices.SortStableFunc(all, func(a, b Failure) int { return b.Outcome.Column - a.Outcome.Column })
	const most = 3
	for _, f := range all {
		if len(near) == most || 10*f.Outcome.Column < 9*furthest {
			fewer += len(f.Formats)
			continue
		}
		f.Hint = Advice(f.Text, f.Outcome, f.Formats[0])
		near = append(near, f)
	}
	return near, fewer
}

// hint is what is to be said of a rejected line.
func hint(text []byte, out accesslog.Outcome, format string) string {
	if text == nil {
		return Advice(text, out, format) // too long, or never complete
	}
	body, _, column := accesslog.Peel(text)
	if h := nature(body, column); h.Text != "" {
		return h.Text
	}
	var r accesslog.Record
	if other := new(accesslog.Auto); other.Parse(text, &r).Kind == accesslog.Hit {
		if f, ok := other.Format(); ok && f.Name != format {
			return "this line is in the format " + f.Name
		}
	}
	if out.Reason == accesslog.ReasonNoFormat {
		if near, _ := fail(body, accesslog.Formats()); len(near) > 0 {
			return near[0].Hint
		}
	}
	return Advice(text, out, format)
}

// notes tells of a line that is read what does not look right.
func notes(line []byte, r *accesslog.Record) []string {
	var out []string
	if bytes.HasSuffix(r.Host, []byte(",")) {
		out = append(out, "the virtual host looks like the first of several addresses (X-Forwarded-For): log $remote_addr with the "+
			"realip module of nginx, or %a with mod_remoteip of Apache")
	}
	if last := line[bytes.LastIndexByte(line, ' ')+1:]; r.Latency < 0 && r.Agent != nil && len(last) > 0 && last[0] >= '0' && last[0] <= '9' {
		if h := latencyAdvice(string(last), "combined-time"); h != "" {
			out = append(out, "the last field is not read: "+h)
		}
	}
	return out
}

// word is the bytes of line from at up to the next space.
func word(line []byte, at int) []byte {
	if at < 0 || at >= len(line) {
		return nil
	}
	w, _, _ := bytes.Cut(line[at:], []byte(" "))
	return w
}

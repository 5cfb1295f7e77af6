package monitor

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode"

	"weir/internal/accesslog"
	"weir/internal/gauge"
	"weir/internal/scan"
	"weir/internal/tail"
	"weir/internal/view"
)

const (
	headBytes = 256 << 10 // of a file, for its format
	maxLine   = 1 << 20   // bytes; a longer line is rejected
	// farAhead, in seconds, is how far a line may be ahead of --clock and be
	// waited for; one still further ahead is from the future.
	farAhead = 24 * 60 * 60
	forever  = int64(math.MaxInt64)
)

// lane is one source on its way to the gauge: its parser, the block in hand,
// and the account of what became of its lines. It is one struct because a line
// goes through all of it, and there are thousands of lanes to be kept in one place
// of memory each.
type lane struct {
	index   int
	source  *tail.Source
	parser  *accesslog.Auto
	primed  bool
	found   accesslog.Detection
	changes int
	skip    int64 // records before this second are passed over
	resumed bool  // goes on where an earlier process stopped
	back    bool  // until one well behind it has come, or the end of the file
	last    view.Reject

	batch  *tail.Batch
	rest   []byte // of batch.Data
	line   int64  // number of the next line, 0 where unknown
	offset int64  // of rest
	text   []byte // the line that was parsed
	kept   struct {
		wanted  bool
		rejects []byte // lines to be written down
	}
	wait     wait
	alone    bool // told that clients are not found behind proxies
	record   accesslog.Record
	where    func(*accesslog.Record) bool
	timeOnly func(*accesslog.Record) bool
	account  view.Source
	place    place
	spans    spans
	absent   struct{ gone, noted bool } // its file is not there; the gauge knows whether it is
}

// wait is for a line that was not due.
type wait struct {
	sec  int64 // of the line
	told bool  // that the source waits
	// parsed says that out is what the line is. It is not parsed again: it may be
	// the last piece of one whose others are gone by then.
	parsed bool
	out    accesslog.Outcome
}

// mayHold reports whether the source has lines waiting that may be older than
// those of others. Nobody knows what a pipe will say: it holds nobody.
func (l *lane) mayHold() bool {
	st := l.source.State()
	return st.Kind == tail.File && st.Size > 0
}

// prime looks at the head of the log for its format. Without bytes it is left
// to the first block.
func (l *lane) prime(head []byte, g *gauge.Gauge) error {
	lines := accesslog.HeadLines(head, len(head) == headBytes)
	if len(lines) == 0 {
		return nil
	}
	l.primed = true
	l.found = l.parser.Prime(lines, accesslog.HeadLines(l.source.Last(lastBytes), false)...)
	if l.found.Compressed != "" {
		return &InputError{l.complaint()}
	}
	l.describe(g)
	return nil
}

// instead is what to do with what is compressed.
func (l *lane) instead() string {
	name := l.account.Name
	if l.source.State().Kind == tail.Stdin {
		name = "-"
	}
	if strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/._-+,:@%=", r)
	}) {
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	if tool := map[string]string{"lz4": "lz4cat", "zip": "unzip -p"}[l.found.Compressed]; tool != "" {
		return fmt.Sprintf("unpack it into a pipe, as in %q", tool+" "+name+" | weir report -")
	}
	return fmt.Sprintf("read it with %q", "weir report "+name)
}

// describe tells which format the log has, or why none.
func (l *lane) describe(g *gauge.Gauge) {
	if f, ok := l.parser.Format(); ok {
		l.account.Format = f.Name
		if missing := l.parser.Missing(); len(missing) > 0 {
			g.Notice(l.complaint())
			return
		}
		text := fmt.Sprintf("%s: format %s", l.account.Name, f.Name)
		if before := l.parser.Prefix(); before != "" {
			text += " behind a prefix (" + before + ")"
		}
		if also := l.parser.Also(); len(also) > 0 {
			text += ", mixed with " + strings.Join(also, " and ")
		}
		l.changes = l.parser.Changes()
		g.Notice(text)
		return
	}
	if l.onlyHeader() {
		return // the first row will tell
	}
	g.Notice(l.complaint() + "; its lines count as rejected until one is understood")
}

// onlyHeader reports whether all there is so far was a header in some format.
func (l *lane) onlyHeader() bool {
	for _, a := range l.found.Attempts {
		if a.Hits == 0 && a.Line == 0 {
			return len(l.parser.Missing()) == 0
		}
	}
	return false
}

// complaint says why the log cannot be read, with the column at which each
// format failed.
func (l *lane) complaint() string {
	f, ok := l.parser.Format()
	if missing := l.parser.Missing(); ok && len(missing) > 0 {
		return l.account.Name + ": " + accesslog.Detection{Missing: missing}.Complaint()
	}
	if ok && len(l.found.Missing) == 0 {
		if r := l.account.LastReject; r != nil {
			return fmt.Sprintf("%s: no line is in the format %s (the last at column %d: %s)", l.account.Name, f.Name, r.Column, r.Reason)
		}
	}
	if c := l.found.Compressed; c != "" {
		return fmt.Sprintf("%s is compressed (%s), and what is compressed is not written to any more: %s", l.account.Name, c, l.instead())
	}
	return l.account.Name + ": " + l.found.Complaint()
}

// fetch sees to it that a block is in hand, and reports whether one is.
func (l *lane) fetch(now time.Time, wall bool, g *gauge.Gauge) bool {
	if l.batch != nil {
		return true
	}
	b := l.source.Next(now)
	for b != nil && len(b.Data) == 0 {
		l.line, l.offset = b.Line, b.Offset
		l.tooLong(b.TooLong, g)
		b.Release()
		l.reached()
		b = l.source.Next(now)
	}
	if b == nil {
		st := l.source.State()
		if st.Written.IsZero() || wall {
			st.Written = now
		}
		if st.Kind == tail.File {
			l.back = false // what comes now is news, whatever its time
			if gone := st.Missing || st.Denied; gone != l.absent.gone || !l.absent.noted {
				l.absent.gone, l.absent.noted = gone, g.Gone(l.index, gone)
			}
		}
		g.Caught(l.index, true, st.Written)
		return false
	}
	if wall {
		b.Written = now
	}
	l.take(b, g)
	return true
}

func (l *lane) take(b *tail.Batch, g *gauge.Gauge) {
	l.batch, l.rest, l.line, l.offset = b, b.Data, b.Line, b.Offset
	if !l.primed {
		// A format error of a stream is told, not returned: more may come.
		if err := l.prime(b.Data[:min(len(b.Data), headBytes)], g); err != nil {
			g.Notice(err.Error())
		}
		l.primed = true
	}
	if l.spans.kept {
		l.spans.in(absolute(l.account.Name), b.Device, b.Inode)
	}
	if len(l.place.skip) > 0 {
		l.pass()
	}
	g.Caught(l.index, false, b.Written)
	g.Wrote(l.index, b.Written, b.Read)
}

// time is how far the source has come; a source that has told nothing yet is
// the furthest behind.
func (l *lane) time(g *gauge.Gauge) int64 {
	if t, ok := g.SourceTime(l.index); ok {
		return t
	}
	return math.MinInt64
}

// fold counts the lines in hand until the block is used up, the source has
// passed limit, or a line is not due yet, which l.wait.sec then tells.
func (l *lane) fold(g *gauge.Gauge, limit, due int64) {
	for len(l.rest) > 0 {
		end := bytes.IndexByte(l.rest, '\n') + 1
		if end == 0 {
			end = len(l.rest)
		}
		l.text = accesslog.TrimEnd(l.rest[:end])
		out := l.wait.out
		if !l.wait.parsed {
			out = l.parser.Parse(l.text, &l.record)
		}
		l.wait.parsed = false
		if out.Kind == accesslog.Hit && l.record.Sec > due && l.record.Sec-due < farAhead {
			l.wait.sec, l.wait.out, l.wait.parsed = l.record.Sec, out, true
			return
		}
		l.count(out, g)
		from := l.offset
		l.advance(end)
		if out.Kind == accesslog.Hit {
			l.spans.note(l.record.Sec, from, l.offset)
		}
		if l.line > 0 {
			l.line++
		}
		if limit != forever && l.time(g) > limit && len(l.rest) > 0 {
			return
		}
	}
	l.tooLong(l.batch.TooLong, g)
	l.batch.Release()
	l.batch = nil
	l.reached()
}

// count counts the line that was parsed into l.record.
func (l *lane) count(out accesslog.Outcome, g *gauge.Gauge) {
	if out.Kind == accesslog.Hit && l.back && l.record.Sec >= l.skip+seekMargin {
		l.back = false
	}
	l.unfinished(int(out.Unfinished), g)
	switch {
	case out.Kind == accesslog.Directive, out.Kind == accesslog.Piece:
		return
	case out.Kind == accesslog.Rejected:
		l.whole()
		l.reject(out, g)
	case l.timeOnly != nil && l.timeOnly(&l.record):
		g.Pass(l.index, &l.record)
		return
	case l.back && l.record.Sec < l.skip:
		l.account.Lines++
		l.account.Older++
	case l.where != nil && !l.where(&l.record):
		l.account.Lines++
		l.account.Filtered++
		g.Pass(l.index, &l.record)
	case !g.Record(l.index, &l.record):
		l.whole()
		l.reject(accesslog.Outcome{Reason: accesslog.ReasonTime, Column: 1}, nil)
	default:
		l.account.Lines++
		l.account.Hits++
	}
	if n := l.parser.Changes(); n != l.changes || l.account.Format == "" && l.account.Hits == 1 {
		l.changes = n
		f, ok := l.parser.Format()
		at := view.Reject{Line: l.line, Offset: l.offset, Column: 1}
		if ok && f.Name != l.account.Format {
			l.account.Format = f.Name
			g.Notice(fmt.Sprintf("%s: the format is %s from here on", at.Position(l.account.Name), f.Name))
		} else if also := l.parser.Also(); len(also) > 0 {
			g.Notice(fmt.Sprintf("%s: lines in the format %s, mixed in, are read from here on", at.Position(l.account.Name), also[len(also)-1]))
		}
	}
}

// whole makes l.text the line that pieces were joined to, where it is the last of
// them: the columns are of that, and half a line may hide what --redact looks for.
func (l *lane) whole() {
	if text, ok := l.parser.Joined(); ok {
		l.text = text
	}
}

// reject keeps account of a line that is no request. The first is told at once,
// the others are counted. With g nil it was counted there already.
func (l *lane) reject(out accesslog.Outcome, g *gauge.Gauge) {
	first := l.account.Rejected == 0
	l.account.Lines++
	l.account.Rejected++
	l.last = view.Reject{Line: l.line, Offset: l.offset, Column: out.Column, Reason: string(out.Reason)}
	l.account.LastReject = &l.last
	if l.kept.wanted {
		l.kept.rejects = scan.AppendReject(l.kept.rejects, l.account.Name, l.last, l.text)
	}
	if g == nil {
		return
	}
	g.Reject(l.index, out.Reason, 1)
	if first && out.Reason != accesslog.ReasonNoFormat && out.Reason != accesslog.ReasonColumns {
		g.Notice(fmt.Sprintf("%s: line rejected: %s; further ones are counted", l.account.LastReject.Position(l.account.Name), out.Reason))
	}
}

// unfinished rejects lines whose last pieces never came. What is told of them is
// the place at which they were given up.
func (l *lane) unfinished(n int, g *gauge.Gauge) {
	if n == 0 {
		return
	}
	text := l.text
	l.text = nil // nobody has them
	for range n {
		l.reject(accesslog.Outcome{Reason: accesslog.ReasonPartial, Column: 1}, g)
	}
	l.text = text
}

// tooLong rejects lines that the follower passed over, the first of them at
// l.line and l.offset.
func (l *lane) tooLong(lines int, g *gauge.Gauge) {
	l.text = nil // nobody has it
	for range lines {
		l.reject(accesslog.Outcome{Reason: accesslog.ReasonTooLong, Column: maxLine + 1}, g)
	}
}

// enoughHops is the number of records after which a log that never had a list of
// addresses is taken for one that has none.
const enoughHops = 100

// miss tells, once, that clients cannot be found behind proxies.
func (l *lane) miss(h *accesslog.Hops, g *gauge.Gauge) {
	c := l.parser.HopCounts()
	if l.alone || c.Records < enoughHops || !c.Vain() {
		return
	}
	l.alone = true
	g.Notice(c.Told(l.account.Name, h))
}

// writeRejects writes the rejected lines of a block down.
func (l *lane) writeRejects(to io.Writer) error {
	if len(l.kept.rejects) == 0 {
		return nil
	}
	_, err := to.Write(l.kept.rejects)
	l.kept.rejects = l.kept.rejects[:0]
	return err
}

// reach is how far the source was folded. What is in hand is not.
func (l *lane) reach(now time.Time) view.Reach {
	st, at := l.source.State(), l.source.Position()
	inHand := int64(0)
	if l.batch != nil {
		inHand = l.batch.Taken(l.rest)
	}
	r := view.Reach{
		Offset: max(0, st.Offset-inHand), Size: st.Size, Lag: at.Unread() + inHand,
		Rotations: st.Rotations, Truncations: st.Truncations, Recovered: st.Recovered,
		PossibleLoss: st.PossibleLoss, Zeros: st.Zeros, TooLong: st.TooLong, Undecodable: st.Undecodable,
	}
	if r.Lag > 0 && !st.Written.IsZero() {
		r.LagTime = max(0, now.Sub(st.Written))
	}
	return r
}

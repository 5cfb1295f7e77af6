package diagnosis

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/unit"
)

const (
	maxRejects = 5    // that are kept
	maxHits    = 1000 // that an example is chosen from, all of them
	someHits   = 100  // one in so many of the others
	maxOthers  = 4    // groups of runners-up
)

// A Log is what becomes of a log. Make it with NewLog, give it the lines with
// Add, and call Close; then it can be read. It has many fields because they are
// the page that a person reads.
type Log struct {
	Name      string
	Detection accesslog.Detection
	Sample    int  // lines that the format was found from
	Forced    bool // the format was given, not found

	// Found says that there is a format; it is Format.
	Found     bool
	Format    accesslog.Format
	Prefix    string   // what stands before its lines and is taken off, as accesslog.Auto has it; "" for nothing
	Also      []string // the other formats of a log that mixes several
	Changes   int      // of the format, within the log
	RunnersUp []RunnerUp
	Rest      int // formats that are no runners-up

	Lines, Hits, Rejected, Directives int64
	Pieces                            int64 // lines that are parts of others
	// More says that the log goes on behind the last line given.
	More    bool
	Example *Line // a line that a format reads, nil without one
	Rejects []Failure
	Gaps    []Gap
	Doubts  []string // what does not look right, in sentences

	parser reader
	seen   seen
}

// A reader is the parser of a log with what it looks for clients with.
type reader struct {
	*accesslog.Auto
	hops *accesslog.Hops // may be nil
}

// seen is what a Log keeps of the lines it was given.
type seen struct {
	best    int             // fields of the Example
	has     map[string]bool // fields that a line had
	first   []Failure       // the first rejected lines
	reasons map[accesslog.Reason]bool
	each    []Failure // the first rejected line of each of these reasons
	times   []time.Duration
	inner   int // hits whose client the Internet does not reach
}

// A RunnerUp is what formats that were not chosen got of the sample.
type RunnerUp struct {
	Formats []string
	Hits    int
	Line    int // the first that was rejected; 0 for none
	Outcome accesslog.Outcome
}

// NewLog begins with the head of a log, up to 1,000 lines without their line
// ends, from which the format is found unless one is given; where that is in
// none, from lines elsewhere in it. The head is to be given to Add like all other
// lines, which those elsewhere are among.
func NewLog(name string, head [][]byte, guess Guess, elsewhere ...[]byte) *Log {
	l := &Log{Name: name, Forced: guess.Format != nil, parser: reader{guess.parser(), guess.Hops}, seen: seen{has: map[string]bool{}, reasons: map[accesslog.Reason]bool{}}}
	l.Detection = l.parser.Prime(head, elsewhere...)
	l.Sample = l.Detection.Lines
	return l
}

// Add looks at the next line. The line is not kept.
func (l *Log) Add(line []byte) {
	l.Lines++
	var r accesslog.Record
	out := l.parser.Parse(line, &r)
	l.unfinished(int(out.Unfinished))
	switch out.Kind {
	case accesslog.Piece:
		l.Pieces++
	case accesslog.Directive:
		l.Directives++
	case accesslog.Rejected:
		l.reject(line, out)
	default:
		l.Hits++
		if l.Hits <= maxHits || l.Hits%someHits == 0 {
			l.hit(line, &r)
		}
	}
}

// unfinished counts lines whose last pieces never came.
func (l *Log) unfinished(n int) {
	for range n {
		l.Pieces-- // one of theirs stands for the line
		l.reject(nil, accesslog.Outcome{Kind: accesslog.Rejected, Reason: accesslog.ReasonPartial, Column: 1})
	}
}

// AddTooLong counts a line that is longer than any log has.
func (l *Log) AddTooLong() {
	l.Lines++
	l.reject(nil, accesslog.Outcome{Kind: accesslog.Rejected, Reason: accesslog.ReasonTooLong, Column: 1})
}

// hit chooses the line that tells most as the example.
func (l *Log) hit(line []byte, r *accesslog.Record) {
	format, _ := l.parser.Format()
	fields := withHop(Fields(r, format.Name), l.parser.hops, l.parser.Auto)
	for _, f := range fields {
		l.seen.has[f.Name] = true
	}
	if r.Latency >= 0 {
		l.seen.times = append(l.seen.times, r.Latency)
	}
	if a, err := netip.ParseAddr(string(r.Client)); err == nil && (a.IsPrivate() || a.IsLoopback()) {
		l.seen.inner++
	}
	n := len(fields)
	if r.Malformed {
		n -= 3
	}
	if l.Example == nil || n > l.seen.best {
		l.seen.best = n
		body := line
		if l.parser.Prefix() != "" {
			body, _, _ = accesslog.Peel(line)
		}
		l.Example = &Line{Text: bytes.Clone(line), Number: int(l.Lines), Found: true, Format: format, Fields: fields, Notes: notes(body, r)}
	}
}

func (l *Log) reject(line []byte, out accesslog.Outcome) {
	l.Rejected++
	fresh := !l.seen.reasons[out.Reason] && len(l.seen.each) < maxRejects
	if !fresh && len(l.seen.first) == maxRejects {
		return
	}
	f := Failure{Text: bytes.Clone(line), Number: int(l.Lines), Outcome: out}
	if fresh {
		l.seen.reasons[out.Reason] = true
		l.seen.each = append(l.seen.each, f)
	} else {
		l.seen.first = append(l.seen.first, f)
	}
}

// Close ends the log; more says that it goes on behind the last line given.
func (l *Log) Close(more bool) {
	l.More = more
	l.unfinished(l.parser.End())
	l.Format, l.Found = l.parser.Format()
	l.Found = l.Found && l.Hits > 0
	l.Prefix = l.parser.Prefix()
	l.Also = l.parser.Also()
	l.Changes = max(0, l.parser.Changes()-len(l.Also))
	l.runnersUp()
	l.Rejects = append(l.seen.each, l.seen.first...)
	l.Rejects = l.Rejects[:min(len(l.Rejects), maxRejects)]
	slices.SortFunc(l.Rejects, func(a, b Failure) int { return cmp.Compare(a.Number, b.Number) })
	for i := range l.Rejects {
		r := &l.Rejects[i]
		r.Hint = hint(r.Text, r.Outcome, l.Format.Name)
	}
	// Two that are alike are enough to see it.
	type kind struct {
		reason accesslog.Reason
		hint   string
	}
	seen := map[kind]int{}
	l.Rejects = slices.DeleteFunc(l.Rejects, func(f Failure) bool {
		k := kind{f.Outcome.Reason, f.Hint}
		seen[k]++
		return seen[k] > 2
	})
	if l.Found {
		l.Gaps = gaps(l.seen.has, l.Format.Name, headerOf(l.parser.hops))
		l.doubt()
	}
}

// runnersUp groups the formats that were not chosen by what they got.
func (l *Log) runnersUp() {
	for _, a := range l.Detection.Attempts {
		if a.Format == l.Format.Name {
			continue
		}
		i := slices.IndexFunc(l.RunnersUp, func(u RunnerUp) bool {
			return u.Hits == a.Hits && u.Line == a.Line && u.Outcome == a.Outcome
		})
		if i < 0 {
			i = len(l.RunnersUp)
			l.RunnersUp = append(l.RunnersUp, RunnerUp{Hits: a.Hits, Line: a.Line, Outcome: a.Outcome})
		}
		l.RunnersUp[i].Formats = append(l.RunnersUp[i].Formats, a.Format)
	}
	slices.SortStableFunc(l.RunnersUp, func(a, b RunnerUp) int {
		return cmp.Or(b.Hits-a.Hits, l.plain(b)-l.plain(a), b.Outcome.Column-a.Outcome.Column)
	})
	if len(l.RunnersUp) > maxOthers {
		for _, u := range l.RunnersUp[maxOthers:] {
			l.Rest += len(u.Formats)
		}
		l.RunnersUp = l.RunnersUp[:maxOthers]
	}
}

// plain is 1 for the format whose notation the lines plainly are in, else 0.
func (l *Log) plain(u RunnerUp) int {
	if l.Detection.Notation != "" && slices.Contains(u.Formats, l.Detection.Notation) {
		return 1
	}
	return 0
}

// doubt looks for figures that are read, and hardly mean what they seem to.
func (l *Log) doubt() {
	if len(l.Also) > 0 {
		l.Doubts = append(l.Doubts, fmt.Sprintf("the log mixes formats: lines that are not in %s are in %s; all are counted, but a log that "+
			"each server or site has for itself tells more", l.Format.Name, strings.Join(l.Also, " or ")))
	}
	if l.Changes > 0 {
		l.Doubts = append(l.Doubts, fmt.Sprintf("the format changes %d %s within the log, to %s at last", l.Changes, unit.Plural(int64(l.Changes), "time"), l.Format.Name))
	}
	if told := l.parser.HopCounts().Told("this log", l.parser.hops); told != "" && l.seen.has["forwarded"] {
		l.Doubts = append(l.Doubts, told)
	}
	if headerOf(l.parser.hops) == "" && l.seen.has["forwarded"] && 2*int64(l.seen.inner) > min(l.Hits, maxHits) {
		l.Doubts = append(l.Doubts, "most clients have private addresses, so they are proxies, and lines carry what those have logged of the client: "+
			"--client-from x-forwarded-for takes it from there (docs/proxies.md)")
	}
	if l.Example != nil {
		l.Doubts = append(l.Doubts, l.Example.Notes...)
	}
	times := slices.Sorted(slices.Values(l.seen.times))
	if len(times) < 10 {
		return
	}
	median, longest := times[len(times)/2], times[len(times)-1]
	switch _, measure := latencyPlace(l.Format.Name); {
	case measure == "":
	case longest > 0 && longest < 10*time.Millisecond && median < time.Millisecond && measure == "microseconds":
		l.Doubts = append(l.Doubts, fmt.Sprintf("half of the request times are below %s, and none above %s: are they milliseconds, "+
			"as Apache's %%{ms}T writes them? weir reads them as microseconds (%%D)", unit.Duration(median), unit.Duration(longest)))
	case median > 60*time.Second && measure == "seconds":
		l.Doubts = append(l.Doubts, fmt.Sprintf("half of the request times are above %s: are they milliseconds? weir reads them as seconds",
			unit.Duration(median)))
	}
}

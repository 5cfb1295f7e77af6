// Package incident plays alert scripts: traffic over time goes in, the messages a person would read come out.
//
// A script is a text of one command a line, then a line of dashes, then what
// is expected. Time is made up: two hours pass in a millisecond, and the same
// script always gives the same messages.
//
//	# Two quiet minutes, a spike of one minute, quiet again.
//	rule >10 over 2m
//	2m at 5/s
//	1m at 40/s
//	5m at 5/s
//	----
//	High traffic generated an alert - hits = 10.21, triggered at ...
//
// The commands before traffic begins:
//
//	rule >RATE over SPAN     high traffic alone, its threshold and window (>10 over 2m)
//	rules ... end            a block of TOML, a line each: the rules of a weir.toml
//	lateness SPAN            how long a second waits for its records (2s)
//	start TIME               when the script begins (2026-03-01T12:00:00Z)
//	sources NAME...          the logs there are (log)
//	causes                   what alerts are made of is expected, too
//
// The commands that let time pass:
//
//	SPAN at KIND and KIND... requests, evenly spread, of each KIND
//	SPAN quiet               nothing is written
//	counts N N N ...         the requests of each of the coming seconds
//	counts late SPAN N N ... the same, out of order
//	burst N                  N requests within one second
//	gap SPAN                 time jumps: a machine that slept, a log with a hole
//
// A KIND is RATE/s, followed by any of
//
//	path PATH (/s{1..300} by turns), method NAME, host NAME, status CODE, bytes SIZE
//	latency SPAN             how long each takes; 10ms..2s is evenly from one to the other
//	fail SHARE               so many of them end in 500
//	clients N                they come from N clients by turns (1)
//	garbage                  the lines are no requests
//	late SPAN                written out of order by up to SPAN
//
// and those that take no time:
//
//	line OFFSET [xN]         N requests stamped OFFSET (-5s, +2h) from now
//	garbage N                N lines that are no requests
//	clock OFFSET             the clock that stamps the requests is set
//	stuck                    the clock that stamps the requests stands still
//	gone, back               the file of the log is not there, is there again
//	stop, kill               weir ends, in order or as by kill -9; logs are written on
//	restart                  weir goes on from what it has stored
//	reload                   the rules are read again; a block rules ... end, others
//	ack RULE [KEY]           somebody knows of the open alerts of a rule
//	mute RULE [KEY] SPAN     its alerts are told to nobody for so long
//	unmute RULE [KEY]        they are told again
//	end                      the input ends
//
// Traffic commands, line, garbage, clock, stuck, gone and back take
// "from NAME,NAME..." at their end to mean these sources, each of them; without it
// the first is meant.
package incident

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/unit"
)

// A Script is a parsed text. Make one with Parse.
type Script struct {
	Title    string   // the first comment
	Expected []string // the lines behind the dashes
	Line     int      // of the text, at which Expected begins, from 1
	rules    Rules
	lateness time.Duration
	start    time.Time
	sources  []string
	steps    []step
	stored   bool // weir ends, and goes on
	causes   bool
}

// Rules are what alerts come from.
type Rules struct {
	List []alert.Rule
	// Filter is that of meter.Options, for the filters of List; nil where it has none.
	Filter func(text string) func(*accesslog.Record) bool
}

// Options are what a script means beside its text. The zero value is usable.
type Options struct {
	// Rules are those of scripts that have none of their own; without a List it is
	// high traffic alone, above 10/s over 2m.
	Rules Rules
	// Read reads the TOML of a block of rules. The lines of text are those of the
	// script, so that errors have its places. With nil blocks are an error.
	Read func(name, text string) (Rules, error)
}

// step is one command that acts.
type step struct {
	verb   string
	span   time.Duration
	late   time.Duration
	kinds  []kind
	counts []int64 // of each second
	from   []int   // sources, each of which does it
	args   []string
	rules  Rules // of reload
}

const dashes = "----"

// divides tells whether a line is that of dashes, of which three are enough.
func divides(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= 3 && strings.Trim(line, "-") == ""
}

// mostRequests is how many a script may have: more than a minute of playing.
const mostRequests = 100_000_000

// A parsing is a script in the making.
type parsing struct {
	*Script
	o     Options
	name  string
	block int // the line at which a block of rules began, from 1; 0 outside
	toml  strings.Builder
}

// Parse reads a script; name stands for it in errors, which tell line and
// column.
func Parse(name, text string) (*Script, error) { return Options{}.Parse(name, text) }

// Parse reads a script; name stands for it in errors, which tell line and
// column.
func (o Options) Parse(name, text string) (*Script, error) {
	if o.Rules.List == nil {
		o.Rules.List = []alert.Rule{alert.HighTrafficRule(10_000_000, 2*time.Minute)}
	}
	s := &parsing{o: o, name: name, Script: &Script{
		rules:    o.Rules,
		lateness: 2 * time.Second,
		start:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		sources:  []string{"log"},
	}}
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n"), "\n")
	for n, line := range lines {
		if divides(line) {
			if s.block > 0 {
				return nil, fmt.Errorf("%s:%d:1: the block of rules has no end: a line with the word end", name, s.block)
			}
			if err := s.bounded(); err != nil {
				return nil, fmt.Errorf("%s:%d:1: %w", name, n+1, err)
			}
			s.expect(lines, n+1)
			return s.Script, nil
		}
		if s.block > 0 {
			if err := s.inBlock(line); err != nil {
				return nil, err
			}
			continue
		}
		if c, ok := strings.CutPrefix(line, "#"); ok && s.Title == "" {
			s.Title = strings.TrimSpace(c)
		}
		command, _, _ := strings.Cut(line, "#")
		words := strings.Fields(command)
		if len(words) == 0 {
			continue
		}
		if words[0] == "rules" && len(words) == 1 {
			if o.Read == nil {
				return nil, fmt.Errorf("%s:%d:%d: a block of rules is not read here", name, n+1, strings.Index(line, "rules")+1)
			}
			s.block = n + 1
			s.toml.Reset()
			s.toml.WriteString(strings.Repeat("\n", s.block))
			continue
		}
		if bad, err := s.command(words); err != nil {
			return nil, fmt.Errorf("%s:%d:%d: %w", name, n+1, strings.Index(line, bad)+1, err)
		}
	}
	return nil, fmt.Errorf("%s:%d:1: the line of dashes (%s) is missing: what stands behind it is what is expected", name, len(lines), dashes)
}

// bounded refuses what would be played for hours.
func (s *Script) bounded() error {
	all := 0.0
	for i := range s.steps {
		st := &s.steps[i]
		if st.verb == "at" || st.verb == "quiet" {
			all += st.span.Seconds() // a second costs something, too
		}
		for k := range st.kinds {
			if st.verb == "at" {
				all += st.span.Seconds() * float64(st.kinds[k].micros) / 1e6 * float64(len(st.from))
			}
		}
	}
	if all > mostRequests {
		return fmt.Errorf("the script has %.3g requests and seconds: %.0g at most, or it would be played for hours", all, float64(mostRequests))
	}
	return nil
}

// expect takes the lines from number n on, of which the blank ones at both ends are none.
func (s *Script) expect(lines []string, n int) {
	first := n
	for n < len(lines) && strings.TrimSpace(lines[n]) == "" {
		n++
	}
	if n == len(lines) {
		n = first // nothing is expected: where it would stand
	}
	s.Line = n + 1
	rest := strings.TrimRight(strings.Join(lines[n:], "\n"), " \t\n")
	if rest = strings.TrimLeft(rest, " \t"); rest != "" {
		s.Expected = strings.Split(rest, "\n")
	}
}

// inBlock takes a line of a block of rules. Before traffic they are those of the
// script, behind it those of a reload.
func (s *parsing) inBlock(line string) error {
	if strings.TrimSpace(line) != "end" {
		s.toml.WriteString(line + "\n")
		return nil
	}
	s.block = 0
	rules, err := s.o.Read(s.name, s.toml.String())
	switch {
	case err != nil:
		return err
	case len(s.steps) > 0:
		s.steps = append(s.steps, step{verb: "reload", rules: rules})
	default:
		s.rules = rules
	}
	return nil
}

// command reads one line. When it fails, bad is the word at fault.
func (s *parsing) command(words []string) (bad string, err error) {
	verb := words[0]
	switch verb {
	case "rule", "lateness", "start", "sources", "causes":
		if len(s.steps) > 0 {
			return verb, fmt.Errorf("%q comes before the traffic", verb)
		}
		return s.setting(verb, words[1:])
	}
	st := step{verb: verb, from: []int{0}, kinds: []kind{plain()}}
	if n := len(words) - 2; n >= 1 && words[n] == "from" {
		st.from = nil
		for name := range strings.SplitSeq(words[n+1], ",") {
			i := slices.Index(s.sources, name)
			if i < 0 {
				return words[n+1], fmt.Errorf("%q is none of the sources: %s", name, strings.Join(s.sources, ", "))
			}
			st.from = append(st.from, i)
		}
		words = words[:n]
	}
	if bad, err = st.read(verb, words); err != nil {
		return bad, err
	}
	switch verb {
	case "reload":
		st.rules = s.rules
	case "stop", "kill", "restart":
		s.stored = true
	}
	s.steps = append(s.steps, st)
	return "", nil
}

// read reads a command that acts.
func (st *step) read(verb string, words []string) (bad string, err error) {
	args := words[1:]
	switch verb {
	case "burst", "garbage":
		st.counts, bad, err = counts(args)
		if err == nil && len(st.counts) != 1 {
			return verb, fmt.Errorf("want %q", verb+" N")
		}
	case "counts":
		if len(args) > 1 && args[0] == "late" {
			if st.late, bad, err = span(args[1]); err != nil {
				return bad, err
			}
			args = args[2:]
		}
		st.counts, bad, err = counts(args)
	case "gap", "clock":
		if len(args) != 1 {
			return verb, fmt.Errorf("want %q", verb+" SPAN")
		}
		st.span, bad, err = span(args[0])
	case "line":
		bad, err = st.line(args)
	case "mute":
		if len(args) < 2 || len(args) > 3 {
			return verb, errors.New(`want "mute RULE SPAN" or "mute RULE KEY SPAN"`)
		}
		st.args = args[:len(args)-1]
		st.span, bad, err = span(args[len(args)-1])
	case "ack", "unmute":
		if len(args) < 1 || len(args) > 2 {
			return verb, fmt.Errorf("want %q or %q", verb+" RULE", verb+" RULE KEY")
		}
		st.args = args
	case "stuck", "end", "gone", "back", "stop", "kill", "restart", "reload":
		if len(args) > 0 {
			return args[0], fmt.Errorf("%q stands alone", verb)
		}
	default:
		bad, err = st.traffic(words)
	}
	return bad, err
}

func (s *parsing) setting(verb string, args []string) (bad string, err error) {
	switch {
	case verb == "sources" && len(args) > 0:
		s.sources = args
		return "", nil
	case verb == "causes" && len(args) == 0:
		s.causes = true
		return "", nil
	case verb == "rule" && len(args) == 3 && args[0][0] == '>' && args[1] == "over":
		rate, err := unit.ParsePerSecond(args[0][1:])
		if err != nil {
			return args[0], err
		}
		window, bad, err := span(args[2])
		if err == nil && window < time.Second {
			err = fmt.Errorf("a window of %q is too short: want a second or more, as in 2m", bad)
		}
		s.rules = Rules{List: []alert.Rule{alert.HighTrafficRule(rate, window)}}
		return bad, err
	case verb == "lateness" && len(args) == 1:
		s.lateness, bad, err = span(args[0])
		if err == nil && s.lateness < 0 {
			err = fmt.Errorf("a lateness of %q is none: want 0s or more", bad)
		}
		return bad, err
	case verb == "start" && len(args) == 1:
		if s.start, err = time.Parse(time.RFC3339, args[0]); err != nil {
			err = fmt.Errorf(`%q is no time: want "start 2026-03-01T12:00:00Z"`, args[0])
		}
		return args[0], err
	}
	want := map[string]string{
		"rule": "rule >10 over 2m", "lateness": "lateness 2s", "start": "start 2026-03-01T12:00:00Z", "sources": "sources NAME...", "causes": "causes",
	}
	return verb, fmt.Errorf("want %q", want[verb])
}

// traffic reads "SPAN at KIND and KIND..." and "SPAN quiet".
func (st *step) traffic(words []string) (bad string, err error) {
	if st.span, _, err = span(words[0]); err != nil || st.span <= 0 {
		return words[0], fmt.Errorf("%q is no command: a span (2m), rule, rules, lateness, start, sources, causes, counts, burst, gap, line, garbage, clock, stuck, gone, back, stop, kill, restart, reload, ack, mute, unmute or end", words[0])
	}
	if len(words) == 2 && words[1] == "quiet" {
		st.verb = "quiet"
		return "", nil
	}
	if len(words) < 3 || words[1] != "at" {
		return words[0], errors.New(`want "2m at 5/s", "2m at 5/s and 1/s path /cart status 502" or "2m quiet"`)
	}
	st.verb, st.kinds = "at", nil
	for rest := words[2:]; ; {
		n := slices.Index(rest, "and")
		if n < 0 {
			n = len(rest)
		}
		k, bad, err := readKind(rest[:n])
		if err != nil {
			if bad == "" {
				bad = words[0]
			}
			return bad, err
		}
		st.kinds = append(st.kinds, k)
		if n == len(rest) {
			return "", nil
		}
		rest = rest[n+1:]
	}
}

// line reads "OFFSET [xN]".
func (st *step) line(args []string) (bad string, err error) {
	st.counts = []int64{1}
	switch {
	case len(args) == 2 && strings.HasPrefix(args[1], "x"):
		if st.counts, bad, err = counts([]string{args[1][1:]}); err != nil {
			return bad, err
		}
		fallthrough
	case len(args) == 1:
		st.span, bad, err = span(args[0])
		return bad, err
	}
	return "line", fmt.Errorf("want %q", "line -5s x10")
}

// span reads a span of time with an optional sign.
func span(word string) (d time.Duration, bad string, err error) {
	body := strings.TrimPrefix(word, "+")
	sign := time.Duration(1)
	if b, ok := strings.CutPrefix(word, "-"); ok {
		body, sign = b, -1
	}
	d, err = unit.ParseSpan(body)
	return sign * d, word, err
}

func counts(words []string) (out []int64, bad string, err error) {
	for _, w := range words {
		var n int64
		if _, err := fmt.Sscanf(w, "%d", &n); err != nil || n < 0 || n > 1_000_000 || fmt.Sprint(n) != w {
			return nil, w, fmt.Errorf("%q is no number of requests (0 to 1000000)", w)
		}
		out = append(out, n)
	}
	return out, "", nil
}

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
//	rule >RATE over SPAN     the threshold and its window (>10 over 2m)
//	lateness SPAN            how long a second waits for its records (2s)
//	start TIME               when the script begins (2026-03-01T12:00:00Z)
//	sources NAME...          the logs there are (log)
//
// The commands that let time pass:
//
//	SPAN at RATE/s           requests, evenly spread
//	SPAN at RATE/s late SPAN the same, written out of order by up to SPAN
//	SPAN quiet               nothing is written
//	counts N N N ...         the requests of each of the coming seconds
//	counts late SPAN N N ... the same, out of order
//	burst N                  N requests within one second
//	gap SPAN                 time jumps: a machine that slept, a log with a hole
//
// and those that take no time:
//
//	line OFFSET [xN]         N requests stamped OFFSET (-5s, +2h) from now
//	clock OFFSET             the clock that stamps the requests is set
//	stuck                    the clock that stamps the requests stands still
//	end                      the input ends
//
// Traffic commands, line, clock and stuck take "from NAME,NAME..." at their end
// to mean these sources, each of them; without it the first is meant.
package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/unit"
)

// A Script is a parsed text. Make one with Parse.
type Script struct {
	Title    string   // the first comment
	Expected []string // the lines behind the dashes
	rule     alert.Rule
	lateness time.Duration
	start    time.Time
	sources  []string
	steps    []step
}

// step is one command that acts.
type step struct {
	verb   string
	span   time.Duration
	late   time.Duration
	micros int64   // requests per second, in millionths
	counts []int64 // of each second
	from   []int   // sources, each of which does it
}

const dashes = "----"

// Parse reads a script; name stands for it in errors, which tell line and
// column.
func Parse(name, text string) (*Script, error) {
	s := &Script{
		rule:     alert.HighTrafficRule(10_000_000, 2*time.Minute),
		lateness: 2 * time.Second,
		start:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		sources:  []string{"log"},
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for n, line := range lines {
		if strings.TrimSpace(line) == dashes {
			s.Expected = strings.Split(strings.TrimSpace(strings.Join(lines[n+1:], "\n")), "\n")
			if s.Expected[0] == "" {
				s.Expected = nil
			}
			return s, nil
		}
		if c, ok := strings.CutPrefix(line, "#"); ok && s.Title == "" {
			s.Title = strings.TrimSpace(c)
		}
		command, _, _ := strings.Cut(line, "#")
		words := strings.Fields(command)
		if len(words) == 0 {
			continue
		}
		if bad, err := s.command(words); err != nil {
			return nil, fmt.Errorf("%s:%d:%d: %w", name, n+1, strings.Index(line, bad)+1, err)
		}
	}
	return nil, fmt.Errorf("%s:%d:1: the line of dashes (%s) is missing: what stands behind it is what is expected", name, len(lines), dashes)
}

// command reads one line. When it fails, bad is the word at fault.
func (s *Script) command(words []string) (bad string, err error) {
	verb := words[0]
	switch verb {
	case "rule", "lateness", "start", "sources":
		if len(s.steps) > 0 {
			return verb, fmt.Errorf("%q comes before the traffic", verb)
		}
		return s.setting(verb, words[1:])
	}
	st := step{verb: verb, from: []int{0}}
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
	args := words[1:]
	switch verb {
	case "burst":
		st.counts, bad, err = counts(args)
		if err == nil && len(st.counts) != 1 {
			return verb, fmt.Errorf(`want "burst N"`)
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
	case "stuck", "end":
		if len(args) > 0 {
			return args[0], fmt.Errorf("%q stands alone", verb)
		}
	default:
		bad, err = st.traffic(words)
	}
	if err != nil {
		return bad, err
	}
	s.steps = append(s.steps, st)
	return "", nil
}

func (s *Script) setting(verb string, args []string) (bad string, err error) {
	switch {
	case verb == "sources" && len(args) > 0:
		s.sources = args
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
		s.rule = alert.HighTrafficRule(rate, window)
		return bad, err
	case verb == "lateness" && len(args) == 1:
		s.lateness, bad, err = span(args[0])
		if err == nil && s.lateness < 0 {
			err = fmt.Errorf("a lateness of %q is none: want 0s or more", bad)
		}
		return bad, err
	case verb == "start" && len(args) == 1:
		s.start, err = time.Parse(time.RFC3339, args[0])
		return args[0], err
	}
	want := map[string]string{"rule": "rule >10 over 2m", "lateness": "lateness 2s", "start": "start 2026-03-01T12:00:00Z", "sources": "sources NAME..."}
	return verb, fmt.Errorf("want %q", want[verb])
}

// traffic reads "SPAN at RATE/s [late SPAN]" and "SPAN quiet".
func (st *step) traffic(words []string) (bad string, err error) {
	if st.span, _, err = span(words[0]); err != nil || st.span <= 0 {
		return words[0], fmt.Errorf("%q is no command: a span (2m), rule, lateness, start, sources, counts, burst, gap, line, clock, stuck or end", words[0])
	}
	switch {
	case len(words) == 2 && words[1] == "quiet":
		st.verb = "quiet"
		return "", nil
	case len(words) == 5 && words[3] == "late":
		if st.late, bad, err = span(words[4]); err != nil {
			return bad, err
		}
		fallthrough
	case len(words) == 3 && words[1] == "at":
		rate, err := unit.ParsePerSecond(words[2])
		if err != nil {
			return words[2], err
		}
		st.verb, st.micros = "at", int64(rate)
		return "", nil
	}
	return words[0], fmt.Errorf("want %q, %q or %q", "2m at 5/s", "2m at 5/s late 2s", "2m quiet")
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

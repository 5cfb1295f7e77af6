package main

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// A stretch is the lines [from, to).
type stretch struct{ from, to int64 }

// An event is a run of a script, and the lines that were written meanwhile.
type event struct {
	script string
	lines  stretch
}

// A ledger is what a run has done to the log: which lines were in bytes that a
// rotation destroyed before anybody had to have read them, and when which
// script ran. Its zero value is ready; it may be used from any goroutine.
type ledger struct {
	mu     sync.Mutex
	gone   []stretch // destroyed; sorted, apart from one another
	excuse []stretch // those of them that the follower had not come to by then; likewise
	torn   [][]split // lines of gone that were written in two parts, of each rotation
	events []event
}

// destroy notes that lines were destroyed, when the follower had printed no line
// above most: what it had left out up to there is lost, not destroyed. torn are
// the lines among them of which a part may have survived.
func (l *ledger) destroy(lines stretch, most int64, torn []split) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(torn) > 0 {
		l.torn = append(l.torn, torn)
	}
	l.gone = join(l.gone, lines)
	l.excuse = join(l.excuse, stretch{max(lines.from, most+1), lines.to})
}

// join adds one to a list that is sorted, each apart from the next.
func join(list []stretch, one stretch) []stretch {
	if one.from >= one.to {
		return list
	}
	list = append(list, one)
	slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	joined := list[:1]
	for _, s := range list[1:] {
		last := &joined[len(joined)-1]
		if s.from <= last.to {
			last.to = max(last.to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// destroyed returns a copy of what was destroyed, in order.
func (l *ledger) destroyed() []stretch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.gone)
}

// excused returns a copy of those lines that need not be printed, in order.
func (l *ledger) excused() []stretch {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.excuse)
}

// tornParts is how many parts of lines text is that a rotation has torn: one, the
// first or the second part alone, or two, the first of one line and the second of
// another. The rest of both was destroyed then, and nobody can tell that they do
// not belong together. 0 is anything else.
func (l *ledger) tornParts(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, torn := range l.torn {
		for _, s := range torn {
			if text == "" {
				if s.bare {
					return 1
				}
				continue
			}
			if text == s.head || text == s.rest || len(text) >= numberWidth && strings.HasPrefix(s.head, text) {
				return 1
			}
			rest, ok := strings.CutPrefix(text, s.head)
			if ok && s.head != "" && rest != "" && slices.ContainsFunc(torn, func(o split) bool { return o.rest == rest }) {
				return 2
			}
		}
	}
	return 0
}

// note records a run of a script.
func (l *ledger) note(e event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

// during returns the script that ran when line n was written, or else the one
// nearest to it; "" when none ever ran.
func (l *ledger) during(n int64) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events) == 0 {
		return ""
	}
	// Scripts run one after the other: only two can be near.
	i, _ := slices.BinarySearchFunc(l.events, n, func(e event, n int64) int { return cmp.Compare(e.lines.from, n+1) })
	switch {
	case i == 0:
		return l.events[0].script
	case i == len(l.events) || n-l.events[i-1].lines.to < l.events[i].lines.from-n:
		return l.events[i-1].script
	}
	return l.events[i].script
}

// count is how many scripts have run.
func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.events)
}

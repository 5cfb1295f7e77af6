package accesslog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Complaint says in words why a sample cannot be read: what its header lacks,
// that it is no text, or at which line and column the formats that came furthest
// failed. It has no name of a file in front. It makes sense where not Found.
func (d Detection) Complaint() string {
	if len(d.Missing) > 0 {
		return "its header has no column for " + strings.Join(d.Missing, " and none for ")
	}
	if d.Binary {
		return "not a text file"
	}
	text := "no line is a request in a format that weir knows"
	best := Attempt{}
	for _, a := range d.Attempts {
		if a.Hits > best.Hits {
			best = a
		}
	}
	if best.Hits > 0 {
		text = fmt.Sprintf("fewer than half of the lines are requests in one format, %d at most, in %s", best.Hits, best.Format)
	}
	if failures := d.failures(); len(failures) > 0 {
		text += " (" + strings.Join(failures, "; ") + ")"
	}
	return text
}

// What failures names at most: more would bury what helps.
const (
	maxPlaces = 2
	maxNames  = 4
)

// failures says where the formats failed that came furthest, those that failed
// alike together; of lines whose notation is plain, where its format did.
func (d Detection) failures() []string {
	type place struct {
		line, column int
		reason       Reason
	}
	names := map[place][]string{}
	var order []place
	for _, a := range d.Attempts {
		p := place{a.Line, a.Outcome.Column, a.Outcome.Reason}
		if a.Line == 0 || d.Notation != "" && a.Format != d.Notation {
			continue
		}
		if names[p] == nil {
			order = append(order, p)
		}
		names[p] = append(names[p], a.Format)
	}
	slices.SortStableFunc(order, func(a, b place) int { return cmp.Compare(b.column, a.column) })
	var out []string
	for _, p := range order[:min(len(order), maxPlaces)] {
		list := names[p]
		text := strings.Join(list[:min(len(list), maxNames)], ", ")
		if more := len(list) - maxNames; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		out = append(out, fmt.Sprintf("line %d column %d: %s, for %s", p.line, p.column, p.reason, text))
	}
	return out
}

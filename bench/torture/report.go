package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

const mostExamples = 8

// A report is what a run has shown. Fields that count are lines.
type report struct {
	seed      uint64
	rate      int
	took      time.Duration
	how       string // it ended
	written   int64
	rotations int
	kinds     int

	lost, doubled, broken, late int64
	destroyed, unread           int64
	halves                      struct{ torn, mixed int64 }
	repeated, cut, zeros        int64

	examples []string
	samples  samples
	said     string
}

// clean tells whether nothing was lost, doubled or broken but by the rotations
// themselves.
func (r *report) clean() bool { return r.lost == 0 && r.doubled == 0 && r.broken == 0 }

// fill takes the counts out of a scene in which nothing moves any more.
func (r *report) fill(s *scene) {
	c := s.checker
	gone := s.ledger.destroyed()
	next := s.writer.position()
	lost, unread := c.missing(next, s.ledger.excused())
	r.written, r.rotations = next-1, s.rotations
	r.lost, r.unread, r.destroyed = count(lost), count(unread), count(gone)
	kinds := map[string]bool{}
	for _, e := range s.ledger.events {
		kinds[e.script] = true
	}
	r.kinds = len(kinds)

	c.mu.Lock()
	defer c.mu.Unlock()
	r.doubled, r.late, r.zeros, r.repeated, r.cut = c.doubledN, c.late, c.zeros, c.repeated, c.cut
	var broken []string
	for _, text := range c.broken {
		switch s.ledger.tornParts(text) {
		case 0:
			broken = append(broken, text)
		case 1:
			r.halves.torn++
		case 2:
			r.halves.mixed++
		}
	}
	r.broken = c.brokenN - r.halves.torn - r.halves.mixed

	r.give("lost", lost, func(i int) string { return s.ledger.during(lost[i].from) })
	var doubled []stretch
	for _, d := range c.doubled {
		doubled = append(doubled, d.stretch)
	}
	r.give("doubled", doubled, func(i int) string { return s.ledger.during(c.doubled[i].most) })
	for _, text := range broken[:min(len(broken), mostExamples)] {
		r.examples = append(r.examples, fmt.Sprintf("broken: %.160q", text))
	}
}

// give adds the first of what went wrong, each with the script that ran then,
// and how much it was for every script.
func (r *report) give(what string, list []stretch, script func(i int) string) {
	by := map[string]int64{}
	for i, one := range list {
		name := script(i)
		by[name] += one.to - one.from
		if i < mostExamples {
			r.examples = append(r.examples, fmt.Sprintf("%s: %d lines from %d, %s", what, one.to-one.from, one.from, name))
		}
	}
	if len(list) > mostExamples {
		var sums []string
		for _, name := range slices.Sorted(maps.Keys(by)) {
			sums = append(sums, fmt.Sprintf("%s %d", name, by[name]))
		}
		r.examples = append(r.examples, what+" by script: "+strings.Join(sums, ", "))
	}
}

// String is the report for a person.
func (r *report) String() string {
	var b strings.Builder
	rate := float64(r.written) / r.took.Seconds()
	fmt.Fprintf(&b, "seed        %d\n", r.seed)
	fmt.Fprintf(&b, "lines       %d in %.1f s, %.0f a second\n", r.written, r.took.Seconds(), rate)
	if rate < 0.95*float64(r.rate) {
		fmt.Fprintf(&b, "            THE WRITER DID NOT KEEP the rate of %d\n", r.rate)
	}
	fmt.Fprintf(&b, "rotations   %d by %d scripts\n", r.rotations, r.kinds)
	fmt.Fprintf(&b, "lost        %d\ndoubled     %d\nbroken      %d\n", r.lost, r.doubled, r.broken)
	fmt.Fprintf(&b, "late        %d (behind a later line; no fault where two files are written at once)\n", r.late)
	fmt.Fprintf(&b, "destroyed   %d by the rotations themselves, %d of them never printed; %d parts of lines cut by a truncation\n",
		r.destroyed, r.unread, r.halves.torn)
	if r.halves.mixed > 0 {
		fmt.Fprintf(&b, "mixed       %d times the parts of two such lines as one: no reader can tell\n", r.halves.mixed)
	}
	if r.repeated > 0 || r.cut > 0 {
		fmt.Fprintf(&b, "killed      %d lines printed again after a kill, %d cut off by one\n", r.repeated, r.cut)
	}
	if r.zeros > 0 {
		fmt.Fprintf(&b, "zero bytes  %d in front of lines\n", r.zeros)
	}
	fmt.Fprintf(&b, "end         %s\n", r.how)
	b.WriteString(r.samples.String())
	for _, e := range r.examples {
		fmt.Fprintf(&b, "  %s\n", e)
	}
	if r.said != "" {
		fmt.Fprintf(&b, "the follower said at last:\n%s\n", r.said)
	}
	return b.String()
}

// cell is the report in a table.
func (r *report) cell() string {
	var parts []string
	for _, p := range []struct {
		what string
		n    int64
	}{{"lost", r.lost}, {"doubled", r.doubled}, {"broken", r.broken}, {"repeated after a kill", r.repeated}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", p.what, p.n))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "0")
	}
	if r.unread > 0 {
		parts = append(parts, fmt.Sprintf("(destroyed %d)", r.unread))
	}
	return strings.Join(parts, ", ")
}

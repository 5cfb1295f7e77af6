package accesslog

import (
	"math"
	"slices"
)

// Several programs may write one log, or one program may write requests of two
// kinds, each in its own format, line by line. So a line that the format in
// force rejects is given to those that were seen to read a fair share of what it
// rejects: of a sample, when the log is begun, or of the rejected lines of a
// window since.
//
//	rejected   1 ... 16 | 17 ... 48 | 49 ... 192 | 193 ... 224 | ...
//	                      window 1                  window 2
//
// A window is open until one of its lines comes behind a line that was read: else
// the log has changed its format, which is another thing.
//
// A single line that another format happens to read is none of it: a Combined
// line that was cut behind its size looks like a Common one.

const (
	// maxAlso is the number of formats that a log may have besides the one in
	// force.
	maxAlso = 3
	// leastShare is the part of a sample that a format must read of the lines
	// left over, and leastLines their number.
	leastShare = 20 // one in so many
	leastLines = 2
	// firstWindow is the number of rejected lines before the first window, and
	// window the number of those in one. A format must read one in leastVotes.
	// Between two windows there are ever more, so that rubbish stays cheap.
	firstWindow = 16
	window      = 32
	leastVotes  = 4
	furtherOff  = 4
)

// A mixture is what an Auto knows of the other formats of its log. The zero
// value knows none.
type mixture struct {
	also   []int // rows of formats; never changed in place, forks share it
	missed int   // rejected lines
	due    int   // of missed, before the next window; 0 is firstWindow
	tried  int   // lines in this window
	votes  []int // of them that each format reads
}

// Also returns the names of the formats that lines of the log are in besides
// that of Format; nil for most logs.
func (a *Auto) Also() []string {
	var names []string
	for _, i := range a.mix.also {
		names = append(names, formats[i].Name)
	}
	return names
}

// besides tries line, which lead has had and the format in force rejects, with
// the other formats of the log.
func (a *Auto) besides(line []byte, r *Record) Outcome {
	for _, i := range a.mix.also {
		if out := a.lead.again(a.others[i], line, r); out.Kind != Rejected {
			return out
		}
	}
	return Outcome{Kind: Rejected}
}

// miss notes line, which no format of the log reads, and at times looks whether
// there is another that reads many of them.
func (a *Auto) miss(line []byte, r *Record) {
	m := &a.mix
	m.missed++
	if len(m.also) == maxAlso || m.missed <= m.nextWindow() || a.lead.joined() || len(line) > longLine {
		return // nothing is tried on joined lines: it might take them apart
	}
	if m.votes == nil {
		m.votes = make([]int, len(formats))
	}
	a.prepare()
	for i, p := range a.others {
		if formats[i].Name == a.format.Name || slices.Contains(m.also, i) {
			continue
		}
		if a.lead.again(p, line, r).Kind == Hit && shows(p, r) {
			m.votes[i]++
		}
	}
	// With no other line in between it may be that the log has changed its format.
	if m.tried++; m.tried < window || a.rejected >= m.tried {
		return
	}
	best := 0
	for i, n := range m.votes {
		if n > m.votes[best] {
			best = i
		}
	}
	enough := leastVotes*m.votes[best] >= m.tried
	m.due = furtherOff * m.missed
	m.close()
	if enough {
		m.missed, m.due = 0, 0
		a.join(best)
	}
}

// close ends the window, if one is open.
func (m *mixture) close() {
	m.tried = 0
	clear(m.votes)
}

func (m *mixture) nextWindow() int {
	if m.due == 0 {
		return firstWindow
	}
	return m.due
}

// join makes a row of formats one of those that lines of the log are in.
func (a *Auto) join(i int) {
	a.prepare()
	a.mix.also = append(slices.Clip(a.mix.also), i)
	a.changes++
	a.turns++
}

// fork is what a fork knows: the formats, but not how many lines were rejected
// before, so it never opens a window.
func (m *mixture) fork() mixture { return mixture{also: m.also, due: math.MaxInt} }

// follows reports whether f, of a fork, has done what m would have: whether it
// has come to no window.
func (m *mixture) follows(f *mixture) bool {
	return f.missed == 0 || len(m.also) == maxAlso || m.missed+f.missed <= m.nextWindow()
}

// follow takes over what f, of a fork, has seen.
func (m *mixture) follow(f *mixture) {
	m.also = f.also
	m.missed += f.missed
}

// without leaves out the format that is in force from now on.
func (m *mixture) without(name string) {
	if slices.ContainsFunc(m.also, func(i int) bool { return formats[i].Name == name }) {
		m.also = slices.DeleteFunc(slices.Clone(m.also), func(i int) bool { return formats[i].Name == name })
	}
}

// mixtureOf finds the formats that read a fair share of what main rejects of
// lines, all behind the prefix before, and how many lines they and main read.
func mixtureOf(main Format, lines [][]byte, before prefix) (also []int, hits int) {
	rest, hits := left(main, lines, before)
	for len(also) < maxAlso {
		best, most := -1, max(leastLines, len(lines)/leastShare)-1
		if len(rest) <= most {
			break
		}
		for i, f := range formats {
			if t := try(f, rest, before); t.Hits > most && t.telling {
				best, most = i, t.Hits
			}
		}
		if best < 0 {
			break
		}
		also = append(also, best)
		rest, _ = left(formats[best], rest, before)
		hits += most
	}
	return also, hits
}

// left is the lines that f rejects, and the number of those it reads.
func left(f Format, lines [][]byte, before prefix) (rest [][]byte, hits int) {
	p, lead := f.New(), peeler{kind: before}
	var r Record
	for _, line := range lines {
		switch out := lead.parse(p, line, &r); {
		case out.Kind == Hit:
			hits++
		case out.Kind == Rejected && len(line) > 0:
			rest = append(rest, line)
		}
	}
	return rest, hits
}

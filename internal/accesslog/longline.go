package accesslog

import "bytes"

// What a line of a MiB costs is decided by who wrote it, and some are written to
// cost much: `\"` over and over keeps the dozen formats that share a quoted
// request busy for 25 ms. So of a long line all formats are shown the two ends
// only, and few the whole.

const (
	// longLine is the length, in bytes, from which on not all formats are tried
	// on all of a line.
	longLine = 32 << 10
	// shortEnd is how much of each end they are shown. What makes a line long is
	// one field within it, nearly always.
	shortEnd = 2 << 10
	// maxWhole is the number of formats that are tried on the whole.
	maxWhole = 2
)

// shortlist returns the rows of formats that a long line is worth to be tried
// with: the first that read its two ends put together, then those that come
// furthest. The column is the furthest of all.
func (a *Auto) shortlist(line []byte) (rows []int, column int) {
	ends := append(bytes.Clone(line[:shortEnd]), line[len(line)-shortEnd:]...)
	var r Record
	furthest, at := -1, 0
	for i, p := range a.others {
		// A fork, since two ends of a header are none.
		switch out := fork(p).Parse(ends, &r); {
		case out.Kind != Rejected:
			if len(rows) < maxWhole {
				rows = append(rows, i)
			}
		case out.Column > at:
			furthest, at = i, out.Column
		}
	}
	if len(rows) < maxWhole && furthest >= 0 {
		rows = append(rows, furthest)
	}
	if at > shortEnd {
		at += len(line) - len(ends)
	}
	return rows, at
}

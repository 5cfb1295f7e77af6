package diagnosis

import (
	"bytes"
	"fmt"

	"weir/internal/accesslog"
)

// A naming is how a notation tells what its values are for.
type naming struct {
	name   string // of what names a value
	ends   string // bytes at which a value ends
	remedy string // what to do where another names it, with the field for %s; may be empty
	// What to do about rows that do not fit their header, and how another value
	// comes to stand in the place of one; may be empty.
	fewer, more, headless, lacking, shifted string
}

// namings has those of formats whose values have names.
func namings() map[string]naming {
	w3c := naming{
		name: "field", ends: " \t",
		fewer:    "the row has fewer values than #Fields has names: it is cut off, or written under another #Fields",
		more:     "the row has more values than #Fields has names: it is written under another #Fields, or has a space within a value, which IIS writes as +",
		headless: "a row needs the line #Fields above it, which names its values: give the log from its beginning",
		shifted:  "; a value in front of it may have a space, which IIS writes as +",
		lacking:  "#Fields names none for the time or for the request: docs/formats.md lists what weir reads",
	}
	return map[string]naming{
		"json": {name: "key", ends: `",}]`, remedy: "; where another key has it, --map %s=KEY"},
		"ltsv": {name: "label", ends: "\t", fewer: "fields are separated by tabs, and each is a label, a colon, a value"},
		"csv": {
			name: "column", ends: `",`,
			fewer:   "the row has fewer values than the header has columns: it is cut off, or written under another header",
			more:    "the row has more values than the header has columns: a value with a comma must stand in quotes",
			shifted: "; a value in front of it may have a comma, and must stand in quotes then",
		},
		"w3c": w3c, "cloudfront": w3c,
	}
}

// advice is what to do about a line of the notation that is wrong at line[at];
// "" where that is no matter of names.
func (n naming) advice(line []byte, at int, why accesslog.Reason) string {
	value := line[at:]
	if i := bytes.IndexAny(value, n.ends); i >= 0 {
		value = value[:i]
	}
	const most = 40
	value = value[:min(len(value), most)]
	switch why {
	case accesslog.ReasonTime:
		return fmt.Sprintf("%q is no time that weir reads: write 2026-03-10T14:05:00Z, 10/Mar/2026:14:05:00 +0000, or Unix time in seconds, milliseconds, microseconds or nanoseconds", value) + n.instead("time")
	case accesslog.ReasonStatus:
		return fmt.Sprintf("%q is no status of three digits", value) + n.shifted + n.instead("status")
	case accesslog.ReasonBytes:
		return fmt.Sprintf("%q is no number of bytes: whole, without sign and unit", value) + n.shifted + n.instead("bytes")
	case accesslog.ReasonLatency:
		return fmt.Sprintf("%q is no request time: a number without sign, in the unit that the %s stands for", value, n.name) + n.instead("latency_ms")
	case accesslog.ReasonNoTime:
		return fmt.Sprintf("no %s that weir knows has the time", n.name) + n.instead("time")
	case accesslog.ReasonNoRequest:
		return fmt.Sprintf("no %s that weir knows has the request or its path: a message of the program, and no request", n.name) + n.instead("path")
	case accesslog.ReasonNoStatus:
		return fmt.Sprintf("no %s that weir knows has the status: a message of the program, and no request", n.name) + n.instead("status")
	case accesslog.ReasonCut:
		return n.fewer
	case accesslog.ReasonExtra:
		return n.more
	case accesslog.ReasonNoHeader:
		return n.headless
	case accesslog.ReasonColumns:
		return n.lacking
	}
	return ""
}

// instead tells how to name another value for a field.
func (n naming) instead(field string) string {
	if n.remedy == "" {
		return ""
	}
	return fmt.Sprintf(n.remedy, field)
}

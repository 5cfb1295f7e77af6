package accesslog

import "bytes"

// maxSample is the number of lines that Detect reads at most.
const maxSample = 1000

// enough is the share of a sample that a format must read to be found. Half is
// low on purpose: a log that begins with a crash's remains, or that has error
// messages mixed in, must still be read, its rejected lines counted and shown.
// Below half another format, or none, is the likelier truth, and saying so
// with the first rejected line is more use than counting a minority.
const enough = 0.5

// A Detection is what Detect found out about a sample.
type Detection struct {
	Format     Format    // the best format, when Found
	Found      bool      // at least one hit, and half of the lines that are no directives, by few formats together
	Confidence float64   // hits of the best format / its lines that are no directives, 0 to 1
	Lines      int       // that were looked at
	Attempts   []Attempt // one for each format, in the order of Formats

	// Prefix names what stands before each line and is no part of the format:
	// "syslog", "container runtime"; "" for nothing.
	Prefix  string
	carrier prefix
	// Missing says in words what the header of the sample has no column for,
	// when a header is what stands between the lines and being read.
	Missing []string
	// Notation is the format whose notation most of the lines are in, though it
	// does not read them, where not Found; "" for none. See NotationOf.
	Notation string
	// Compressed names the compression whose magic number begins the sample:
	// "gzip", "zstd", "bzip2", "xz", "lz4" or "zip"; "" for none.
	Compressed string
	// Binary says that the sample is no text: compressed, or not read by any
	// format while it holds zero bytes.
	Binary bool
}

// An Attempt is how one format did on a sample.
type Attempt struct {
	Format  string  // its name
	Hits    int     // lines it read
	Line    int     // 1-based number, within the sample, of the first line it rejected; 0 = none
	Outcome Outcome // of that line
}

// missing is a Parser whose header may lack the columns it needs.
type missing interface {
	Missing() []string
}

// Detect finds the format of a log from some of its lines, without their line
// ends, best with the head of the file first; it reads at most 1,000. The best
// format has the most hits. Of equals the first in the order of Formats wins,
// but a format with a request time only if at least one line shows one: a "-"
// at the end of each line says nothing. Where at least half of the lines have
// the same prefix, as syslog writes one, what is behind it is read, unless more
// lines are hits as they are. The lines are not kept.
func Detect(lines [][]byte) Detection {
	lines = lines[:min(len(lines), maxSample)]
	d := Detection{Lines: len(lines)}
	if len(lines) > 0 {
		d.Compressed = compression(lines[0])
	}
	if d.Compressed != "" {
		d.Binary = true
		return d
	}
	p := prefixIn(lines)
	best := d.attempt(lines, p)
	if p != prefixNone {
		bare := Detection{Lines: len(lines)}
		if n := bare.attempt(lines, prefixNone); n > best {
			d, best = bare, n
		}
	}
	d.Found = best > 0 && d.Confidence >= enough
	if best > 0 && !d.Found {
		_, hits := mixtureOf(d.Format, lines, d.carrier)
		d.Found = hits > best && float64(hits) >= enough*float64(len(lines))
	}
	if !d.Found {
		d.Notation = notationIn(lines, d.carrier)
		d.Format, d.Prefix, d.carrier = Format{}, "", prefixNone
		for _, line := range lines {
			d.Binary = d.Binary || bytes.IndexByte(line, 0) >= 0
		}
	}
	return d
}

// attempt tries all formats on what is behind the prefix p of the lines, and
// returns how many of them the best read.
func (d *Detection) attempt(lines [][]byte, p prefix) int {
	d.Prefix, d.carrier = p.String(), p
	best := 0
	for _, f := range formats {
		t := try(f, lines, p)
		d.Attempts = append(d.Attempts, t.Attempt)
		if t.Hits > best && t.telling {
			best = t.Hits
			d.Format = f
			d.Confidence = float64(t.Hits) / float64(len(lines)-t.directives)
		}
		if t.Hits == 0 && len(t.missing) > 0 {
			d.Missing = t.missing
		}
	}
	return best
}

// A trial is an Attempt with what only Detect needs.
type trial struct {
	Attempt
	directives int  // and pieces of lines
	telling    bool // the hits show what sets the format apart
	missing    []string
}

func try(f Format, lines [][]byte, before prefix) trial {
	t := trial{Attempt: Attempt{Format: f.Name}}
	p, lead := f.New(), peeler{kind: before}
	var r Record
	for i, line := range lines {
		switch out := lead.parse(p, line, &r); out.Kind {
		case Hit:
			t.Hits++
			t.telling = t.telling || shows(p, &r)
		case Directive, Piece:
			t.directives++
		case Rejected:
			if t.Line == 0 {
				t.Line, t.Outcome = i+1, out
			}
		}
	}
	if m, ok := p.(missing); ok {
		t.missing = m.Missing()
	}
	return t
}

// shows says whether a hit shows what sets the format of p apart: where a last
// field is the request time, the request time.
func shows(p Parser, r *Record) bool {
	clf, ok := p.(*clfParser)
	return !ok || !clf.lastIsLatency() || clf.sure
}

// compression names the format whose magic number b begins with: RFC 1952
// (gzip), RFC 8878 (zstd), the .xz and .lz4 frame specifications, bzip2's
// header with the first block's, and PKWARE's APPNOTE (zip).
func compression(b []byte) string {
	for _, m := range [...]struct{ magic, name string }{
		{"\x1f\x8b", "gzip"},
		{"\x28\xb5\x2f\xfd", "zstd"},
		{"\xfd7zXZ\x00", "xz"},
		{"\x04\x22\x4d\x18", "lz4"},
		{"PK\x03\x04", "zip"},
	} {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return m.name
		}
	}
	if len(b) >= 4 && string(b[:3]) == "BZh" && '1' <= b[3] && b[3] <= '9' {
		return "bzip2"
	}
	return ""
}

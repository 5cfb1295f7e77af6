package simulate

import (
	"encoding/json"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Truth counts what a Log writes: what any monitor that reads the log must
// count. It is filled by one Log and belongs to its goroutine; make one with
// NewTruth. Its memory is bounded by the site, not by the log.
type Truth struct {
	Seed   uint64
	Format string   // name of the format
	Files  []string // names of the outputs, in their order; "-" = standard output

	site     *Site
	start    time.Time
	first    int64         // second of the first request
	end      time.Duration // when the last one came
	hits     int64
	rejected int64
	garbage  int64
	bytes    int64
	late     int64
	latest   time.Duration
	statuses [1000]int64
	methods  []methodCount
	sections []sectionCount // by their number; the last one is noSection
	seen     []uint64       // a bit for each client
	seconds  perSecond
	lines    []int64 // of each output
	scene    *scene
}

type methodCount struct {
	name string
	hits int64
}

type sectionCount struct{ hits, bytes, errors int64 }

// NewTruth returns a Truth of a log of this site. Format and Files are only
// told.
func NewTruth(s *Site, seed uint64, format string, files []string) *Truth {
	return &Truth{Seed: seed, Format: format, Files: files, site: s, sections: make([]sectionCount, len(s.sections)+1)}
}

// begin takes what is known when the log begins.
func (t *Truth) begin(start time.Time, outputs int, c *scene) {
	t.start, t.scene = start, c
	t.seen = make([]uint64, t.site.who/64+1)
	t.lines = make([]int64, outputs)
}

// reject counts a line that is no request.
func (t *Truth) reject(output int) {
	t.rejected++
	t.lines[output]++
}

// hit counts a request that comes so long after the start.
func (t *Truth) hit(l *Line, at time.Duration, output int) {
	if t.hits == 0 {
		t.first = l.At.Unix()
	}
	t.hits++
	t.lines[output]++
	t.end = at
	size := max(l.Bytes, 0)
	t.bytes += size
	t.statuses[l.Status]++
	at32 := l.section
	if at32 == noSection {
		t.garbage++
		at32 = int32(len(t.sections) - 1)
	} else {
		t.method(l.Method)
	}
	s := &t.sections[at32]
	s.hits++
	s.bytes += size
	if l.Status >= 500 {
		s.errors++
	}
	t.seen[l.who/64] |= 1 << (l.who % 64)
	t.seconds.add(l.At.Unix())
}

// delay counts a line that is written late.
func (t *Truth) delay(by time.Duration) {
	t.late++
	t.latest = max(t.latest, by)
}

func (t *Truth) method(name string) {
	for i := range t.methods {
		if t.methods[i].name == name {
			t.methods[i].hits++
			return
		}
	}
	t.methods = append(t.methods, methodCount{name, 1})
}

// perSecond is hits per second, or per so many seconds when there would be too
// many. Seconds come in order.
type perSecond struct {
	from int64 // Unix second, a multiple of step
	step int64
	hits []int64
}

// mostSeconds is how many figures it holds: three days of seconds.
const mostSeconds = 1 << 18

func (p *perSecond) add(sec int64) {
	if p.step == 0 {
		p.from, p.step = sec, 1
	}
	i := (sec - p.from) / p.step
	for i >= mostSeconds {
		p.coarsen()
		i = (sec - p.from) / p.step
	}
	for int64(len(p.hits)) <= i {
		p.hits = append(p.hits, 0)
	}
	p.hits[i]++
}

// coarsen makes steps ten times as long, or six times where that is a minute.
func (p *perSecond) coarsen() {
	factor := int64(10)
	if p.step == 10 || p.step == 600 {
		factor = 6
	}
	step := p.step * factor
	from := p.from - p.from%step
	merged := make([]int64, 0, len(p.hits)/int(factor)+2)
	for i, n := range p.hits {
		at := (p.from + int64(i)*p.step - from) / step
		for int64(len(merged)) <= at {
			merged = append(merged, 0)
		}
		merged[at] += n
	}
	p.from, p.step, p.hits = from, step, merged
}

// The JSON of a Truth. Its keys are told in docs/json.md.
type truthJSON struct {
	Truth     int              `json:"truth"` // version of this form
	Seed      uint64           `json:"seed"`
	Format    string           `json:"format"`
	From      string           `json:"from,omitempty"`
	To        string           `json:"to,omitempty"`
	Lines     int64            `json:"lines"`
	Hits      int64            `json:"hits"`
	Rejected  int64            `json:"rejected"`
	Malformed int64            `json:"malformed"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Status    map[string]int64 `json:"status"`
	Methods   map[string]int64 `json:"methods"`
	Sections  []sectionJSON    `json:"sections"`
	Seconds   secondsJSON      `json:"seconds"`
	Late      lateJSON         `json:"late"`
	Incidents []incidentJSON   `json:"incidents"`
	Files     []fileJSON       `json:"files"`
}

type sectionJSON struct {
	Key    string `json:"key"`
	Hits   int64  `json:"hits"`
	Bytes  int64  `json:"bytes"`
	Errors int64  `json:"errors"`
}

type secondsJSON struct {
	From string  `json:"from,omitempty"`
	Step int64   `json:"step_seconds"`
	Hits []int64 `json:"hits"`
}

type lateJSON struct {
	Lines int64   `json:"lines"`
	Most  float64 `json:"most_seconds"`
}

type incidentJSON struct {
	Incident string    `json:"incident"`
	Times    []stretch `json:"times"`
	Hits     int64     `json:"hits"`
	Changed  int64     `json:"changed"`
}

type fileJSON struct {
	Name  string `json:"name"`
	Lines int64  `json:"lines"`
}

// WriteTo writes the truth as one object of JSON. It implements io.WriterTo.
func (t *Truth) WriteTo(w io.Writer) (int64, error) {
	at := func(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.RFC3339) }
	j := truthJSON{
		Truth: 1, Seed: t.Seed, Format: t.Format, Lines: t.hits + t.rejected, Hits: t.hits, Rejected: t.rejected, Malformed: t.garbage, Bytes: t.bytes,
		Status: map[string]int64{}, Methods: map[string]int64{}, Sections: []sectionJSON{}, Incidents: []incidentJSON{}, Files: []fileJSON{},
		Seconds: secondsJSON{Step: max(t.seconds.step, 1), Hits: t.seconds.hits},
		Late:    lateJSON{Lines: t.late, Most: t.latest.Seconds()},
	}
	if t.seconds.hits == nil {
		j.Seconds.Hits = []int64{}
	}
	if t.hits > 0 {
		j.From, j.To, j.Seconds.From = at(t.first), at(t.start.Add(t.end).Unix()+1), at(t.seconds.from)
	}
	for status, n := range t.statuses {
		if n > 0 {
			j.Status[strconv.Itoa(status)] = n
		}
	}
	for _, m := range t.methods {
		j.Methods[m.name] = m.hits
	}
	for i, s := range t.sections {
		if s.hits == 0 {
			continue
		}
		key := "(malformed)"
		if i < len(t.site.sections) {
			key = t.site.sections[i]
		}
		j.Sections = append(j.Sections, sectionJSON{key, s.hits, s.bytes, s.errors})
	}
	slices.SortFunc(j.Sections, func(a, b sectionJSON) int {
		if a.Hits != b.Hits {
			return int(b.Hits - a.Hits)
		}
		return strings.Compare(a.Key, b.Key)
	})
	for _, word := range t.seen {
		j.Visitors += int64(bits.OnesCount64(word))
	}
	if t.scene != nil {
		for i := range t.scene.incidents {
			in := &t.scene.incidents[i]
			j.Incidents = append(j.Incidents, incidentJSON{in.Text, in.stretches(t.start, t.end), t.scene.hits[i], t.scene.changed[i]})
		}
	}
	for i, name := range t.Files {
		j.Files = append(j.Files, fileJSON{name, t.lines[i]})
	}
	text, err := json.Marshal(j)
	if err != nil {
		return 0, fmt.Errorf("writing the truth: %w", err)
	}
	n, err := w.Write(append(text, '\n'))
	return int64(n), err
}

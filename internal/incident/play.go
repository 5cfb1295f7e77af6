package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/gauge"
)

// Play plays the script from its start and returns the lines that a person
// would read, times in UTC, and at last how the requests were counted.
func (s *Script) Play() []string {
	p := &player{
		g: gauge.New(gauge.Options{
			Interval: 10, Lateness: s.lateness, Rules: []alert.Rule{s.rule},
		}),
		now:     s.start,
		servers: make([]server, len(s.sources)),
	}
	for _, name := range s.sources {
		p.g.AddSource(name, false)
	}
	for _, st := range s.steps {
		p.play(st)
	}
	p.take()
	return append(p.out, p.account())
}

// player is the fake world: the wall's clock, the servers' clocks, and lines
// on their way to the log.
type player struct {
	g       *gauge.Gauge
	now     time.Time
	servers []server
	way     []line // written but not yet in the log, in the order of arrival
	seq     int
	out     []string
}

type server struct {
	offset time.Duration // of its clock against the wall's
	stuck  time.Time     // the time it stands at; zero while it runs
	carry  int64         // millionths of a request still to come
}

type line struct {
	source  int
	stamp   int64
	arrival time.Time
	seq     int
}

func (p *player) play(st step) {
	switch st.verb {
	case "at":
		for range int(st.span / time.Second) {
			for _, i := range st.from {
				sv := &p.servers[i]
				sv.carry += st.micros
				p.write(i, sv.carry/1_000_000, st.late)
				sv.carry %= 1_000_000
			}
			p.second()
		}
	case "quiet":
		for range int(st.span / time.Second) {
			p.second()
		}
	case "counts", "burst":
		for _, n := range st.counts {
			for _, i := range st.from {
				p.write(i, n, st.late)
			}
			p.second()
		}
	case "gap":
		p.now = p.now.Add(st.span)
	case "end":
		p.now = p.now.Add(time.Hour)
		p.deliver()
		p.g.End()
	default:
		for _, i := range st.from {
			p.atOnce(st, i)
		}
		p.deliver()
	}
}

// atOnce does what takes no time, to source i.
func (p *player) atOnce(st step, i int) {
	sv := &p.servers[i]
	switch st.verb {
	case "line":
		for range st.counts[0] {
			p.way = append(p.way, line{i, p.now.Add(st.span).Unix(), p.now, p.seq})
			p.seq++
		}
	case "clock":
		sv.offset += st.span
	case "stuck":
		sv.stuck = p.now.Add(sv.offset)
	}
}

// write stamps n requests with the time of server i. Out of order, they arrive
// by turns at once and up to late later.
func (p *player) write(i int, n int64, late time.Duration) {
	sv := p.servers[i]
	stamp := p.now.Add(sv.offset)
	if !sv.stuck.IsZero() {
		stamp = sv.stuck
	}
	for k := range n {
		delay := time.Duration(k%int64(late/time.Second+1)) * time.Second
		p.way = append(p.way, line{i, stamp.Unix(), p.now.Add(delay), p.seq})
		p.seq++
	}
}

// second delivers what has arrived and lets a second pass.
func (p *player) second() {
	p.deliver()
	p.now = p.now.Add(time.Second)
	p.g.Tick(p.now)
	p.take()
}

func (p *player) deliver() {
	slices.SortFunc(p.way, func(a, b line) int {
		return cmp.Or(a.arrival.Compare(b.arrival), cmp.Compare(a.seq, b.seq))
	})
	n := 0
	for ; n < len(p.way) && !p.way[n].arrival.After(p.now); n++ {
		l := p.way[n]
		if n == 0 || p.way[n-1].source != l.source || p.way[n-1].arrival != l.arrival {
			p.g.Wrote(l.source, l.arrival, l.arrival)
		}
		r := accesslog.Record{Sec: l.stamp, Status: 200, Method: []byte("GET"), Target: []byte("/"), Latency: accesslog.NoLatency}
		p.g.Record(l.source, &r)
		if n+1 == len(p.way) || p.way[n+1].source != l.source || p.way[n+1].arrival != l.arrival {
			p.g.Caught(l.source, true, l.arrival)
		}
	}
	p.way = append(p.way[:0], p.way[n:]...)
	p.take()
}

func (p *player) take() {
	for _, o := range p.g.Take() {
		switch {
		case o.Event != nil:
			p.out = append(p.out, o.Event.String())
		case o.Notice != nil:
			p.out = append(p.out, "note: "+o.Notice.Text)
		}
	}
}

func (p *player) account() string {
	c := p.g.Closing()
	parts := []string{fmt.Sprintf("counted %d hits", c.Hits)}
	for _, f := range []struct {
		name string
		n    int64
	}{{"late", c.Late}, {"future", c.Future}} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.name))
		}
	}
	return strings.Join(parts, ", ")
}

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
	"weir/internal/traffic"
)

// Play plays the script from its start and returns the lines that a person
// would read, times in UTC, and at last how the requests were counted.
func (s *Script) Play() []string { return s.Watch(nil) }

// Watch is Play, and calls show with each output of the gauge, as a screen is.
func (s *Script) Watch(show func(gauge.Output)) []string {
	p := &player{s: s, show: show, rules: s.rules, now: s.start, servers: make([]server, len(s.sources))}
	p.begin(nil)
	for _, st := range s.steps {
		p.play(st)
	}
	if p.g != nil {
		p.take()
	}
	return append(p.out, p.account())
}

// player is the fake world: the wall's clock, the servers' clocks, lines
// on their way to the log, and what a weir has stored.
type player struct {
	s       *Script
	show    func(gauge.Output) // nil where nobody looks
	g       *gauge.Gauge       // nil while weir does not run
	rules   Rules
	now     time.Time
	servers []server
	way     []line // written but not yet read, in the order of arrival
	seq     int
	out     []string
	store   store
}

type server struct {
	offset time.Duration // of its clock against the wall's
	stuck  time.Time     // the time it stands at; zero while it runs
	flows  []flow        // by kind
	gone   bool
}

type line struct {
	source  int
	stamp   int64
	arrival time.Time
	seq     int
	request
}

func (p *player) play(st step) {
	switch st.verb {
	case "at":
		for range int(st.span / time.Second) {
			for _, i := range st.from {
				for k := range st.kinds {
					f := p.servers[i].flow(k)
					f.carry += st.kinds[k].micros
					n := f.carry / 1_000_000
					f.carry %= 1_000_000
					p.write(i, n, st.kinds[k].late, &st.kinds[k], f)
				}
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
				p.write(i, n, st.late, &st.kinds[0], p.servers[i].flow(0))
			}
			p.second()
		}
	case "gap":
		p.now = p.now.Add(st.span)
	case "end":
		p.now = p.now.Add(time.Hour)
		if p.deliver(); p.g != nil {
			p.g.End()
		}
	case "stop", "kill", "restart", "reload", "ack", "mute", "unmute":
		p.operate(st)
	default:
		for _, i := range st.from {
			p.atOnce(st, i)
		}
		p.deliver()
	}
}

// flow returns how far the server is with its n-th kind.
func (sv *server) flow(n int) *flow {
	for len(sv.flows) <= n {
		sv.flows = append(sv.flows, flow{})
	}
	return &sv.flows[n]
}

// operate does what a person does with weir.
func (p *player) operate(st step) {
	p.deliver()
	switch {
	case st.verb == "restart":
		p.end(true)
		p.begin(p.store.state)
	case st.verb == "stop" || st.verb == "kill":
		p.end(st.verb == "stop")
	case p.g == nil:
		// Nobody is there; what is read when it starts again is the new rules.
		if st.verb == "reload" {
			p.rules = st.rules
		}
	case st.verb == "reload":
		p.rules = st.rules
		p.reload()
	case st.verb == "ack":
		if !p.g.Acknowledge(st.args[0], strings.Join(st.args[1:], ""), len(st.args) == 1) {
			p.g.Notice("no alert of " + strings.Join(st.args, " of ") + " is open")
		}
		p.take()
	case st.verb == "mute" || st.verb == "unmute":
		p.mute(&st)
	}
}

func (p *player) reload() {
	if err := p.g.Reload(p.rules.List, p.rules.Filter); err != nil {
		p.g.Notice(err.Error())
	}
	p.take()
}

// mute tells nobody of the alerts of a rule for a while, or everybody again.
func (p *player) mute(st *step) {
	h := alert.Hush{Rule: st.args[0], Key: strings.Join(st.args[1:], ""), All: len(st.args) == 1}
	if !p.g.Mute(h, int64(st.span/time.Second), p.now.Unix()) {
		p.g.Notice("nothing of " + strings.Join(st.args, " of ") + " is there to " + st.verb)
	}
	p.take()
}

// atOnce does what takes no time, to source i.
func (p *player) atOnce(st step, i int) {
	sv := &p.servers[i]
	switch st.verb {
	case "line":
		for range st.counts[0] {
			p.put(line{source: i, stamp: p.now.Add(st.span).Unix(), arrival: p.now, request: st.kinds[0].next(sv.flow(0))})
		}
	case "garbage":
		k := plain()
		k.garbage = true
		for range st.counts[0] {
			p.put(line{source: i, arrival: p.now, request: request{kind: &k}})
		}
	case "clock":
		sv.offset += st.span
	case "stuck":
		sv.stuck = p.now.Add(sv.offset)
	case "gone", "back":
		sv.gone = st.verb == "gone"
	}
}

func (p *player) put(l line) {
	l.seq = p.seq
	p.seq++
	p.way = append(p.way, l)
}

// write stamps n requests with the time of server i. Out of order, they arrive
// by turns at once and up to late later.
func (p *player) write(i int, n int64, late time.Duration, k *kind, f *flow) {
	sv := p.servers[i]
	stamp := p.now.Add(sv.offset)
	if !sv.stuck.IsZero() {
		stamp = sv.stuck
	}
	for j := range n {
		delay := time.Duration(j%int64(late/time.Second+1)) * time.Second
		p.put(line{source: i, stamp: stamp.Unix(), arrival: p.now.Add(delay), request: k.next(f)})
	}
}

// second delivers what has arrived and lets a second pass.
func (p *player) second() {
	p.deliver()
	p.now = p.now.Add(time.Second)
	if p.g == nil {
		return
	}
	for i := range p.servers {
		p.g.Gone(i, p.servers[i].gone)
	}
	p.g.Tick(p.now)
	p.take()
}

// deliver reads what has arrived.
func (p *player) deliver() {
	if p.g == nil {
		return
	}
	slices.SortFunc(p.way, func(a, b line) int {
		return cmp.Or(a.arrival.Compare(b.arrival), cmp.Compare(a.seq, b.seq))
	})
	n := 0
	for ; n < len(p.way) && !p.way[n].arrival.After(p.now); n++ {
		l := p.way[n]
		if n == 0 || p.way[n-1].source != l.source || p.way[n-1].arrival != l.arrival {
			p.g.Wrote(l.source, l.arrival, l.arrival)
		}
		if l.garbage {
			p.g.Reject(l.source, accesslog.ReasonField, 1)
		} else {
			r := l.record(l.stamp)
			p.g.Record(l.source, &r)
			p.store.hits++
		}
		if n+1 == len(p.way) || p.way[n+1].source != l.source || p.way[n+1].arrival != l.arrival {
			p.g.Caught(l.source, true, l.arrival)
		}
	}
	if p.s.stored {
		p.store.journal = append(p.store.journal, p.way[:n]...)
	}
	p.way = append(p.way[:0], p.way[n:]...)
	p.take()
}

// take shows what has come up; where it is stored, when it is.
func (p *player) take() {
	outs := p.g.Take()
	if p.s.stored && len(outs) > 0 {
		p.commit(outs)
	}
	for _, o := range outs {
		if p.show != nil {
			p.show(o)
		}
		switch {
		case o.Event != nil:
			p.tell(o.Event)
		case o.Notice != nil:
			p.out = append(p.out, "note: "+o.Notice.Text)
		}
	}
}

// tell writes an event as a person reads it.
func (p *player) tell(e *alert.Event) {
	text := e.String()
	switch {
	case e.State == alert.Pending:
		text = "pending: " + text
	case e.Was == alert.Pending && e.State == alert.Quiet:
		text = "no longer pending: " + text
	}
	if e.Muted != "" {
		text += " (muted: " + e.Muted + ")"
	}
	p.out = append(p.out, text)
	if cause := e.Cause.Text(); p.s.causes && cause != "" && e.State == alert.Firing && !e.Acknowledged && e.Hushed == 0 {
		p.out = append(p.out, "  "+cause)
	}
}

func (p *player) account() string {
	if p.g != nil {
		p.store.counted(p.g.Snapshot())
	}
	c := &p.store
	parts := []string{fmt.Sprintf("counted %d hits", c.hits)}
	for _, f := range []struct {
		name string
		n    int64
	}{{"late", c.late}, {"future", c.future}, {"rejected", c.rejected}} {
		if f.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", f.n, f.name))
		}
	}
	return strings.Join(parts, ", ")
}

// options are those of the weir that is played.
func (p *player) options() gauge.Options {
	o := gauge.Options{Interval: 10, Lateness: p.s.lateness, Rules: p.rules.List, Filter: p.rules.Filter}
	o.Tops.Sections, o.Tops.Clients, o.Tops.Paths, o.SectionExpiration = 5, 3, 3, 120
	if p.s.stored {
		o.Sealer = traffic.NewSealer()
	}
	return o
}

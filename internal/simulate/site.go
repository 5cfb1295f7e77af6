package simulate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// SiteOptions say what a site is like. The zero value is a site of sixteen
// sections with 20,000 clients.
type SiteOptions struct {
	Seed     uint64
	Sections int // how many; 0 = 16, and beyond 16 they are named /section-17 and so on
	Clients  int // how many different addresses; 0 = 20,000
	// Host is the virtual host and the host of the site's own referrers, with
	// a port if it is not 80; "" = www.example.org.
	Host string
	// AbsoluteTargets writes targets as a proxy sees them: http://HOST/path.
	AbsoluteTargets bool
	// Sessions lets people come for a visit: a page with what is on it, a look at
	// it, the next page, which the one before refers to. Else each request is drawn
	// for itself.
	Sessions bool
	// Bots and Scanners are the shares of all requests by programs that visit the
	// whole site, and by programs that look for holes in it. Both are from 0 to 1,
	// and so is their sum. Some of the clients are bots without that.
	Bots, Scanners float64
}

// A Site draws requests. All its strings are made beforehand, so that a draw
// allocates nothing. Make one with NewSite; it belongs to one goroutine.
type Site struct {
	rand      *rand.Rand
	host      string // with its port
	prefix    string // of targets
	sections  []string
	visits    *visits    // nil = requests are drawn one by one
	strangers *strangers // nil = none
	who       int32      // how many clients have a number
	clients   []client
	byClient  wheel
	paths     []path
	byPath    wheel
	styles    []style
	queries   []string
	referrers []string
}

// A path is one address of the site.
type path struct {
	target  string
	style   int
	bytes   float64 // median of a full reply
	latency float64 // median, milliseconds
	section int32
}

// A style is a manner made ready to draw from.
type style struct {
	manner
	byMethod wheel
	byStatus wheel
}

const pathsPerSection = 48

// NewSite makes a site. It refuses a host that could not stand in a log, and
// more sections or clients than a test could want.
func NewSite(o SiteOptions) (*Site, error) {
	sections, clients, host := o.Sections, o.Clients, o.Host
	if sections == 0 {
		sections = len(sectionPlans())
	}
	if clients == 0 {
		clients = 20_000
	}
	if host == "" {
		host = "www.example.org"
	}
	switch {
	case sections < 1 || sections > 100_000:
		return nil, fmt.Errorf("%d sections: a simulated site has 1 to 100000", sections)
	case clients < 1 || clients > 20_000_000:
		return nil, fmt.Errorf("%d clients: a simulated site has 1 to 20000000", clients)
	case strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"\/?#@,`, r) }):
		return nil, fmt.Errorf("host %q: write a name such as www.example.org or www.example.org:8080", host)
	}
	if !(o.Bots >= 0 && o.Scanners >= 0 && o.Bots+o.Scanners <= 1) {
		return nil, fmt.Errorf("bots %v, scanners %v: shares of all requests are from 0 to 1 together", o.Bots, o.Scanners)
	}
	s := &Site{rand: rand.New(rand.NewPCG(o.Seed, 0x73697465)), host: host}
	if !strings.Contains(host, ":") {
		s.host += ":80"
	}
	for _, m := range manners() {
		s.styles = append(s.styles, newStyle(m))
	}
	if o.AbsoluteTargets {
		s.prefix = "http://" + host
	}
	s.addPaths(sections)
	s.addQueries()
	s.addReferrers(host)
	s.clients = newClients(s.rand, clients)
	s.who = int32(clients)
	s.byClient = newWheel(zipf(clients, 0.9))
	if o.Bots+o.Scanners > 0 {
		s.strangers = newStrangers(s, o)
	}
	if o.Sessions {
		s.visits = newVisits(s, o)
	}
	return s, nil
}

func newStyle(m manner) style {
	weights := func(cs []choice) []float64 {
		var w []float64
		for _, c := range cs {
			w = append(w, c.weight)
		}
		return w
	}
	return style{manner: m, byMethod: newWheel(weights(m.methods)), byStatus: newWheel(weights(m.statuses))}
}

// addPaths makes the paths of all sections. A path weighs what its section
// does, times its rank within.
func (s *Site) addPaths(sections int) {
	plans := sectionPlans()
	vocabulary := words()
	bySection, within := zipf(sections, 1), zipf(pathsPerSection, 1.1)
	sum := 0.0
	for _, w := range within {
		sum += w
	}
	var weights []float64
	for i := range sections {
		plan := sectionPlan{fmt.Sprintf("/section-%d", i+1), mannerPage}
		if i < len(plans) {
			plan = plans[i]
		}
		m := s.styles[plan.manner].manner
		for rank := range pathsPerSection {
			target := s.prefix + plan.name
			if rank > 0 {
				target += "/" + vocabulary[s.rand.IntN(len(vocabulary))] + "-" + vocabulary[s.rand.IntN(len(vocabulary))]
				if rank%3 == 0 {
					target += fmt.Sprintf("/%d", rank)
				}
				target += m.leaf
			}
			s.paths = append(s.paths, path{
				target: target, style: plan.manner, section: s.section(target),
				bytes:   logNormal(s.rand, m.bytes.median, m.bytes.sigma/2),
				latency: logNormal(s.rand, m.latency.median, m.latency.sigma/2),
			})
			weights = append(weights, bySection[i]*within[rank]/sum)
		}
	}
	s.byPath = newWheel(weights)
}

// addQueries makes the queries.
func (s *Site) addQueries() {
	vocabulary := words()
	for i := range 1024 {
		q := "q=" + vocabulary[s.rand.IntN(len(vocabulary))]
		if i%3 == 0 {
			q += "+" + vocabulary[s.rand.IntN(len(vocabulary))]
		}
		if i%2 == 0 {
			q += fmt.Sprintf("&page=%d", 1+s.rand.IntN(20))
		}
		s.queries = append(s.queries, q)
	}
}

// addReferrers makes the referrers: a quarter from elsewhere, the rest from
// the site itself.
func (s *Site) addReferrers(host string) {
	elsewhere := elsewhere()
	for i := range 256 {
		if i%4 == 0 {
			s.referrers = append(s.referrers, elsewhere[i/4%len(elsewhere)])
			continue
		}
		p := s.paths[s.byPath.draw(s.rand)]
		s.referrers = append(s.referrers, "http://"+host+strings.TrimPrefix(p.target, s.prefix))
	}
}

// elsewhere returns the pages of others from which people come.
func elsewhere() []string {
	return []string{"https://www.google.com/", "https://duckduckgo.com/", "https://news.example.net/front", "https://forum.example.com/t/4711"}
}

// section returns the number of the section of a target: what stands before
// the second slash of the path. It is not taken from package traffic, so that a
// Truth and what it is compared with are not wrong together.
func (s *Site) section(target string) int32 {
	path := strings.TrimPrefix(target, s.prefix)
	if end := strings.IndexByte(path[1:], '/'); end >= 0 {
		path = path[:end+1]
	}
	name := s.prefix + path
	i := slices.Index(s.sections, name)
	if i < 0 {
		i = len(s.sections)
		s.sections = append(s.sections, name)
	}
	return int32(i)
}

// newcomer returns the number of another client.
func (s *Site) newcomer() int32 {
	s.who++
	return s.who - 1
}

// Sections returns the sections of the site, sorted, as their targets begin.
func (s *Site) Sections() []string {
	var names []string
	for i := 0; i < len(s.paths); i += pathsPerSection {
		names = append(names, s.paths[i].target)
	}
	slices.Sort(names)
	return names
}

// Next draws the request that comes at l.At into l. When a request comes is the
// business of a Log.
func (s *Site) Next(l *Line) {
	l.Host, l.Garbage = s.host, ""
	switch {
	case s.strangers != nil && s.strangers.next(s, l):
	case s.visits != nil:
		s.visits.next(s, l)
	default:
		s.draw(l)
	}
}

// draw draws a request for itself.
func (s *Site) draw(l *Line) {
	r := s.rand
	who := s.byClient.draw(r)
	c := &s.clients[who]
	p := &s.paths[s.byPath.draw(r)]
	st := &s.styles[p.style]

	l.Client, l.User, l.Agent, l.Protocol, l.who = c.addr, c.user, c.agent, c.protocol, int32(who)
	l.Target, l.section = p.target, p.section
	l.Method, l.Query, l.Referrer = "GET", "", "-"
	if !c.bot {
		l.Method = st.methods[st.byMethod.draw(r)].value
		if x := r.Uint32(); x&3 != 0 {
			l.Referrer = s.referrers[x>>24]
		}
	}
	if st.query > 0 && r.Float64() < st.query {
		l.Query = s.queries[r.IntN(len(s.queries))]
	}
	l.Status = st.statuses[st.byStatus.draw(r)].status
	if l.Status == 200 && l.Method == "GET" && !c.bot && r.Float64() < st.revisit {
		l.Status = 304
	}
	s.reply(l, p, st, r)
}

// reply draws the size and the latency of the reply to l.
func (s *Site) reply(l *Line, p *path, st *style, r *rand.Rand) {
	size, slow := p.bytes, p.latency
	switch {
	case l.Status == 304:
		slow /= 4
	case l.Status >= 500: // a server in trouble answers late
		size, slow = 600, slow*6
	case l.Status >= 300:
		size = 420
	}
	l.Bytes = NoBytes
	if l.Status != 304 && l.Status != 204 && l.Method != "HEAD" {
		l.Bytes = int64(logNormal(r, size, st.bytes.sigma/2))
	}
	l.Latency = time.Duration(logNormal(r, slow, st.latency.sigma) * float64(time.Millisecond))
}

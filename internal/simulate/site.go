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
}

// A Site draws requests. All its strings are made beforehand, so that a draw
// allocates nothing. Make one with NewSite; it belongs to one goroutine.
type Site struct {
	rand      *rand.Rand
	host      string // with its port
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
	s := &Site{rand: rand.New(rand.NewPCG(o.Seed, 0x73697465)), host: host}
	if !strings.Contains(host, ":") {
		s.host += ":80"
	}
	for _, m := range manners() {
		s.styles = append(s.styles, newStyle(m))
	}
	prefix := ""
	if o.AbsoluteTargets {
		prefix = "http://" + host
	}
	s.addPaths(sections, prefix)
	s.addQueries()
	s.addReferrers(host, prefix)
	s.clients = newClients(s.rand, clients)
	s.byClient = newWheel(zipf(clients, 0.9))
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
func (s *Site) addPaths(sections int, prefix string) {
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
			target := prefix + plan.name
			if rank > 0 {
				target += "/" + vocabulary[s.rand.IntN(len(vocabulary))] + "-" + vocabulary[s.rand.IntN(len(vocabulary))]
				if rank%3 == 0 {
					target += fmt.Sprintf("/%d", rank)
				}
				target += m.leaf
			}
			s.paths = append(s.paths, path{
				target: target, style: plan.manner,
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
func (s *Site) addReferrers(host, prefix string) {
	elsewhere := []string{"https://www.google.com/", "https://duckduckgo.com/", "https://news.example.net/front", "https://forum.example.com/t/4711"}
	for i := range 256 {
		if i%4 == 0 {
			s.referrers = append(s.referrers, elsewhere[i/4%len(elsewhere)])
			continue
		}
		p := s.paths[s.byPath.draw(s.rand)]
		s.referrers = append(s.referrers, "http://"+host+strings.TrimPrefix(p.target, prefix))
	}
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

// Next draws the next request into l. It leaves l.At alone: when a request
// comes is the business of a Log.
func (s *Site) Next(l *Line) {
	r := s.rand
	c := &s.clients[s.byClient.draw(r)]
	p := &s.paths[s.byPath.draw(r)]
	st := &s.styles[p.style]

	l.Client, l.User, l.Agent, l.Protocol = c.addr, c.user, c.agent, c.protocol
	l.Host, l.Target = s.host, p.target
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
	s.reply(l, p, st)
}

// reply draws the size and the latency of the reply to l.
func (s *Site) reply(l *Line, p *path, st *style) {
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
		l.Bytes = int64(logNormal(s.rand, size, st.bytes.sigma/2))
	}
	l.Latency = time.Duration(logNormal(s.rand, slow, st.latency.sigma) * float64(time.Millisecond))
}

package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// How many different ones a site has.
const (
	paths     = 50_000
	agents    = 3_000
	referrers = 5_000
	words     = 4_000
	users     = 300
)

// maxClients leaves room in the addresses from 1.0.0.0 up to 223.255.255.255.
const maxClients = 1 << 30

// site is what requests are made of. It does not change once made.
type site struct {
	words     []string
	paths     []string
	agents    []string
	referrers []string

	client   choice
	path     choice
	referrer choice
	agent    choice
	method   choice
	answer   choice
	salt     uint64 // ties a client to its agents
}

func newSite(o options, r *rand.Rand) *site {
	s := &site{salt: r.Uint64()}
	for range words {
		s.words = append(s.words, newWord(r))
	}
	s.addPaths(r)
	s.addAgents(r)
	s.addReferrers(r)
	if o.uniform {
		s.client = newChoice(equal(o.clients))
	} else {
		s.client = newChoice(zipf(o.clients, 1.05, 100))
	}
	s.path = newChoice(zipf(paths, 1.08, 8))
	s.agent = newChoice(zipf(agents, 1.1, 20))
	s.referrer = newChoice(zipf(referrers, 1.1, 10))
	s.method = newChoice(weightsOf(methods()))
	s.answer = newChoice(weightsOf(statuses()))
	return s
}

// weighted is a text with how often it comes, in thousandths.
type weighted struct {
	text   string
	weight float64
}

func weightsOf(list []weighted) []float64 {
	var w []float64
	for _, e := range list {
		w = append(w, e.weight)
	}
	return w
}

func methods() []weighted {
	return []weighted{{"GET", 860}, {"POST", 100}, {"HEAD", 20}, {"PUT", 10}, {"OPTIONS", 10}}
}

func statuses() []weighted {
	return []weighted{
		{"200", 820},
		{"206", 5},
		{"204", 5},
		{"301", 30},
		{"302", 20},
		{"304", 50},
		{"400", 4},
		{"401", 4},
		{"403", 8},
		{"404", 40},
		{"429", 3},
		{"500", 6},
		{"502", 3},
		{"503", 2},
	}
}

// sections are in the order of their number of paths.
func sections() []string {
	return []string{
		"shop", "api", "assets", "images", "articles", "profile", "catalog", "basket", "find", "console",
		"guide", "press", "charts", "media", "fonts", "support", "signin", "rss", "topics", "past",
		"cdn", "v3", "v4", "query", "status", "session", "billing", "trips", "clips", "files",
	}
}

// newWord is 3 to 11 letters of consonants and vowels in turn.
func newWord(r *rand.Rand) string {
	const consonants, vowels = "tnshrdlcmwfgypbvk", "eaoiu"
	b := make([]byte, 3+r.IntN(9))
	for i := range b {
		if i%2 == 0 {
			b[i] = consonants[r.IntN(len(consonants))]
		} else {
			b[i] = vowels[r.IntN(len(vowels))]
		}
	}
	return string(b)
}

func (s *site) word(r *rand.Rand) string { return s.words[r.IntN(len(s.words))] }

// addPaths makes paths of 2 to 4 parts; a few sections have most of them. The
// one asked for most is the front page.
func (s *site) addPaths(r *rand.Rand) {
	first := sections()
	endings := []string{"", "", "", ".html", ".css", ".js", ".json", ".png", ".jpg", ".svg", ".woff2"}
	s.paths = append(s.paths, "/")
	for i := 1; i < paths; i++ {
		p := "/" + first[min(len(first)-1, int(max(r.NormFloat64(), -r.NormFloat64(), 0)*6))] + "/" + s.word(r)
		switch part := i % 10; {
		case part == 0:
		case part < 5:
			p += "/" + s.word(r) + endings[r.IntN(len(endings))]
		default:
			p += "/" + s.word(r) + "/" + strconv.Itoa(i) + endings[r.IntN(len(endings))]
		}
		s.paths = append(s.paths, p)
	}
}

// addAgents makes a fifth each of iPhones and Androids, 5 % bots, some curl;
// the rest sit at a desk.
func (s *site) addAgents(r *rand.Rand) {
	for i := range agents {
		chrome := fmt.Sprintf("Chrome/%d.0.%d.%d", 100+r.IntN(50), 4500+r.IntN(3000), r.IntN(220))
		var a string
		switch {
		case i%20 == 7:
			a = fmt.Sprintf("Mozilla/5.0 (compatible; %sbot/%d.%d; +https://%s.example/bot)", s.word(r), 1+r.IntN(4), r.IntN(10), s.word(r))
		case i%50 == 3:
			a = fmt.Sprintf("curl/8.%d.%d", r.IntN(20), r.IntN(3))
		case i%5 == 0:
			ios := 13 + r.IntN(6)
			a = fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS %d_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Mobile/15E%d Safari/604.1",
				ios, r.IntN(8), ios, r.IntN(5), 148+r.IntN(80))
		case i%5 == 1:
			a = fmt.Sprintf("Mozilla/5.0 (Linux; Android %d; SM-A%d) AppleWebKit/537.36 (KHTML, like Gecko) %s Mobile Safari/537.36",
				9+r.IntN(8), 100+r.IntN(800), chrome)
		case i%5 == 2:
			firefox := 90 + r.IntN(50)
			a = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.%d", firefox, firefox, r.IntN(4))
		default:
			a = fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) %s Safari/537.36", chrome)
		}
		s.agents = append(s.agents, a)
	}
}

// addReferrers makes a third one search engine, a third pages of the site, a
// third other sites.
func (s *site) addReferrers(r *rand.Rand) {
	for i := range referrers {
		switch i % 3 {
		case 0:
			s.referrers = append(s.referrers, "https://search.example/")
		case 1:
			s.referrers = append(s.referrers, "https://www.site.example"+s.paths[r.IntN(paths)])
		default:
			s.referrers = append(s.referrers, "https://"+s.word(r)+".example/"+s.word(r))
		}
	}
}

// agentOf returns one of the 3 agents of a client, the first for 85 %, the
// second for 12 %, the third for 3 % of its requests. Were agents drawn for
// each request, every line would be a new visitor, which no real log shows.
func (s *site) agentOf(client int, r *rand.Rand) string {
	which := uint64(0)
	if k := r.IntN(100); k >= 97 {
		which = 2
	} else if k >= 85 {
		which = 1
	}
	return s.agents[s.agent.pick(scramble(s.salt+uint64(client)*3+which))]
}

// appendAddress appends the IPv4 address of a client. Every client has its
// own, from 1.0.0.0 up to 223.255.255.255.
func appendAddress(b []byte, client int) []byte {
	// A walk along the cycles of a bijection, from one address to the next one
	// that may be used, is a bijection of the addresses that may be used.
	x := mix(1<<24 + uint32(client))
	for x>>24 < 1 || x>>24 > 223 {
		x = mix(x)
	}
	for shift := 24; shift > 0; shift -= 8 {
		b = strconv.AppendUint(b, uint64(x>>shift&0xff), 10)
		b = append(b, '.')
	}
	return strconv.AppendUint(b, uint64(x&0xff), 10)
}

// mix is a bijection on 32 bits: multiplications by odd numbers and shifts.
func mix(x uint32) uint32 {
	x += 0x9e3779b9
	x ^= x >> 16
	x *= 0x7feb352d
	x ^= x >> 15
	x *= 0x846ca68b
	return x ^ x>>16
}

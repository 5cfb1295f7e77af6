package simulate

import (
	"math/rand/v2"
	"time"
)

const (
	// maxVisits bounds the visits under way, and so the memory. When there are as
	// many, whoever would be next is early.
	maxVisits = 1 << 16
	// patience is how long after its time a visit sends its next request. Traffic
	// that falls below what those under way would send makes some give up.
	patience = 20 * time.Second
)

// Visits are people on the site. Each comes to a page, loads what is on it, looks
// at it, goes to the next:
//
//	/blog  style.css app.js photo.jpg  /api/x     /products  photo2.jpg     ...
//	|------ within two seconds ------| | reading |
//
// When a request is due is said by others. So the next one is sent by whoever has
// waited longest, and if nobody has, by somebody new. The number of visits under
// way follows the rate, and reading takes as long at any rate.
type visits struct {
	rand  *rand.Rand
	heap  []visit
	pages choices
	parts choices // what pages are made of
	calls choices
	home  []string // the address of each path, as a referrer has it
	from  []string // pages of others, from which people come
	known []uint64 // a bit for each client that has been here
}

// A visit is one person's.
type visit struct {
	at     int64 // when it sends the next request, Unix nanoseconds
	client int32
	page   int32 // the path it looks at
	last   int32 // the path before; negative = comes from elsewhere
	pages  uint8 // pages still to come
	parts  uint8 // parts of this page still to load
	calls  uint8
	again  bool // it has been here before, so that much is in its cache
}

// Choices are the paths of some manners, each as likely as among all.
type choices struct {
	wheel wheel
	path  []int32
}

func newVisits(s *Site, o SiteOptions) *visits {
	v := &visits{rand: rand.New(rand.NewPCG(o.Seed, 0x766973697473)), from: elsewhere(), known: make([]uint64, len(s.clients)/64+1)}
	weights := map[int][]float64{}
	numbers := map[int][]int32{}
	for i := range s.paths {
		kind := s.paths[i].style
		if kind == mannerForm || kind == mannerSearch {
			kind = mannerPage
		}
		numbers[kind] = append(numbers[kind], int32(i))
		// The weight of a path among all is that of its section times its rank, as
		// addPaths has it.
		weights[kind] = append(weights[kind], 1/(float64(i/pathsPerSection+1)*float64(i%pathsPerSection+1)))
		v.home = append(v.home, "http://"+withoutDefaultPort(s.host)+s.paths[i].target[len(s.prefix):])
	}
	choose := func(kind int) choices {
		if len(numbers[kind]) == 0 { // a small site may have no assets
			kind = mannerPage
		}
		if len(numbers[kind]) == 0 {
			kind = mannerAPI
		}
		return choices{wheel: newWheel(weights[kind]), path: numbers[kind]}
	}
	v.pages, v.parts, v.calls = choose(mannerPage), choose(mannerAsset), choose(mannerAPI)
	return v
}

func (c *choices) draw(r *rand.Rand) int32 { return c.path[c.wheel.draw(r)] }

// next draws the request that comes at l.At.
func (v *visits) next(s *Site, l *Line) {
	now := l.At.UnixNano()
	for len(v.heap) > 0 && v.heap[0].at < now-int64(patience) {
		v.pop()
	}
	if len(v.heap) > 0 && (v.heap[0].at <= now || len(v.heap) >= maxVisits) {
		v.goOn(s, l, now)
		return
	}
	who := int32(s.byClient.draw(v.rand))
	n := visit{client: who, page: v.pages.draw(v.rand), last: -1}
	n.again = v.known[who/64]>>(who%64)&1 != 0
	v.known[who/64] |= 1 << (who % 64)
	for n.pages < 60 && v.rand.IntN(4) > 0 { // three more on average, and sometimes many
		n.pages++
	}
	if s.clients[who].bot {
		n.pages = 0
	}
	v.open(s, l, &n, now)
	if n.at > now {
		v.push(n)
	}
}

// goOn sends the next request of the visit on top of the heap.
func (v *visits) goOn(s *Site, l *Line, now int64) {
	n := v.heap[0]
	switch {
	case n.parts > 0:
		n.parts--
		// A page is always made of the same parts.
		part := v.parts.path[int(mixPart(n.page, n.parts))%len(v.parts.path)]
		v.load(s, l, &n, part)
		n.at = now + int64(20+v.rand.IntN(180))*int64(time.Millisecond)
	case n.calls > 0:
		n.calls--
		v.load(s, l, &n, v.calls.draw(v.rand))
		n.at = now + int64(100+v.rand.IntN(900))*int64(time.Millisecond)
	default:
		n.pages--
		n.last, n.page = n.page, v.pages.draw(v.rand)
		v.open(s, l, &n, now)
	}
	if n.parts == 0 && n.calls == 0 {
		if n.pages == 0 {
			v.pop()
			return
		}
		n.at = now + int64(logNormal(v.rand, 9, 1)*float64(time.Second)) // reading
	}
	v.heap[0] = n
	v.sink()
}

// open sends the request for the page of n and says what is on it.
func (v *visits) open(s *Site, l *Line, n *visit, now int64) {
	v.load(s, l, n, n.page)
	st := &s.styles[s.paths[n.page].style]
	l.Method = st.methods[st.byMethod.draw(v.rand)].value
	if n.last >= 0 {
		l.Referrer = v.home[n.last]
	} else if x := v.rand.IntN(3 * len(v.from)); x < len(v.from) {
		l.Referrer = v.from[x]
	} else {
		l.Referrer = "-"
	}
	if s.clients[n.client].bot {
		l.Method, l.Referrer = "GET", "-"
	}
	v.answer(s, l, &s.paths[n.page], false)
	n.parts, n.calls = 0, 0
	if l.Status < 300 && !s.clients[n.client].bot {
		n.parts = uint8(2 + mixPart(n.page, 255)%9)
		if n.again {
			n.parts /= 3
		}
		n.calls = uint8(v.rand.IntN(3))
	}
	n.at = now
	if n.parts+n.calls > 0 {
		n.at = now + int64(30+v.rand.IntN(200))*int64(time.Millisecond)
	} else if n.pages > 0 {
		n.at = now + int64(logNormal(v.rand, 9, 1)*float64(time.Second))
	}
}

// load makes l the request of n for a path, referred to by its page.
func (v *visits) load(s *Site, l *Line, n *visit, path int32) {
	c, p := &s.clients[n.client], &s.paths[path]
	l.Client, l.User, l.Agent, l.Protocol, l.who = c.addr, c.user, c.agent, c.protocol, n.client
	l.Target, l.section = p.target, p.section
	l.Method, l.Query, l.Referrer = "GET", "", v.home[n.page]
	if path != n.page {
		if p.style == mannerAPI {
			st := &s.styles[p.style]
			l.Method = st.methods[st.byMethod.draw(v.rand)].value
		}
		v.answer(s, l, p, n.again)
	}
}

// answer draws what is answered. Who has been here before has most of what does
// not change.
func (v *visits) answer(s *Site, l *Line, p *path, again bool) {
	st := &s.styles[p.style]
	if st.query > 0 && v.rand.Float64() < st.query {
		l.Query = s.queries[v.rand.IntN(len(s.queries))]
	}
	l.Status = st.statuses[st.byStatus.draw(v.rand)].status
	revisit := st.revisit
	if again && p.style == mannerAsset {
		revisit = 0.8
	}
	if l.Status == 200 && l.Method == "GET" && v.rand.Float64() < revisit {
		l.Status = 304
	}
	s.reply(l, p, st, v.rand)
}

// mixPart is a number that belongs to a page and the number of its part.
func mixPart(page int32, part uint8) uint32 {
	x := uint32(page)*0x9E3779B9 + uint32(part)*0x85EBCA6B
	x ^= x >> 16
	x *= 0x7FEB352D
	return x ^ x>>15
}

func withoutDefaultPort(host string) string {
	if bare := withoutPort(host); bare+":80" == host {
		return bare
	}
	return host
}

// pop takes the visit on top out of the heap.
func (v *visits) pop() {
	last := len(v.heap) - 1
	v.heap[0] = v.heap[last]
	v.heap = v.heap[:last]
	v.sink()
}

// push adds a visit to the heap.
func (v *visits) push(n visit) {
	v.heap = append(v.heap, n)
	for i := len(v.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if v.heap[i].at >= v.heap[parent].at {
			return
		}
		v.heap[i], v.heap[parent] = v.heap[parent], v.heap[i]
		i = parent
	}
}

// sink puts the visit on top where it belongs.
func (v *visits) sink() {
	h := v.heap
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1].at < h[child].at {
			child++
		}
		if h[i].at <= h[child].at {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

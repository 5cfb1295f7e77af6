package meter

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"weir/internal/alert"
	"weir/internal/clock"
	"weir/internal/pack"
	"weir/internal/traffic"
)

const (
	// topSections is how many sections sudden changes are looked for in, of those
	// that had most requests in the hour before.
	topSections = 10
	// mostMembers is how many there are at most, those of the hours before counted.
	mostMembers = 20
	// memberHours is how many hours a section stays that is no longer one of them:
	// what was learned of it is not lost for a night.
	memberHours = 24
	// leastHits in an hour make a section one of them.
	leastHits = 120
	// mostRanked is how many sections are counted by the hour; beyond it those
	// with fewest requests are dropped.
	mostRanked = 512
	hour       = 3600
)

// A group is what is counted for the keys of one kind.
type group struct {
	by    alert.By
	top   bool // the keys are the sections with most requests
	spec  spec
	keys  map[string]*series
	list  []string // the keys in order, where listed
	fresh bool     // list is that of keys
	full  bool     // a key had to stay outside, and that is to be said
	said  bool     // that it was
	order []*series
	spare []*series

	// Of top sections. settled is how many seconds after its end an hour is taken for
	// counted: that, and that members begin and end then by the time of records, makes
	// the members no matter of the order in which records come.
	settled int64
	rank    map[string]*rank
	hour    int64 // that of the first number of each rank; the second is of the hour after it
	asked   []string
}

// A rank is how many requests a section had in two hours, and what is counted of it.
type rank struct {
	hits   [2]int64
	series *series // nil for none
}

// find returns the series of a key, nil for one that has none.
func (g *group) find(key []byte, h *hit, closed int64) *series {
	if g.top {
		return g.ranked(key, h.sec)
	}
	if s := g.keys[string(key)]; s != nil {
		return s
	}
	if !g.room(h.sec) {
		return nil
	}
	return g.enter(string(key), h, closed)
}

// named is find without making bytes of a text.
func (g *group) named(key string, h *hit, closed int64) *series {
	if g.top {
		return g.ranked([]byte(key), h.sec)
	}
	if s := g.keys[key]; s != nil {
		return s
	}
	if !g.room(h.sec) {
		return nil
	}
	return g.enter(key, h, closed)
}

// enter makes the series of a key for which there is room.
func (g *group) enter(key string, h *hit, closed int64) *series {
	s := g.admit(key, max(h.sec, closed))
	s.last = h.sec
	g.push(s)
	return s
}

// room makes room for a new key at second sec. It reports whether there is any.
func (g *group) room(sec int64) bool { return len(g.keys) < alert.MaxKeys || g.evict(sec) }

func (g *group) admit(key string, sec int64) *series {
	var s *series
	if n := len(g.spare); n > 0 {
		s, g.spare = g.spare[n-1], g.spare[:n-1]
		s.reset(key, sec)
	} else {
		s = g.spec.make(key, sec)
	}
	g.keys[key], g.fresh = s, false
	return s
}

func (g *group) drop(s *series) {
	delete(g.keys, s.key)
	g.fresh = false
	g.spare = append(g.spare, s)
}

// keptSeconds is how long a key keeps its place after a request, whoever comes. Without that 257
// sections with a request a second each pushed one another out all the time: windows were never
// whole, and 160 of them had no alert when all failed.
const keptSeconds = 60

// evict drops the key whose last request is longest ago; of several the first one. It reports
// whether there was one that has no claim to its place at second sec.
//
// order is a heap by what each of them had when it was looked at last: so a request
// costs nothing here, and an eviction a few steps where each new key took 10 us to
// look at all of them.
func (g *group) evict(sec int64) bool {
	for {
		s := g.order[0]
		if s.seen == s.last {
			if sec-s.last < keptSeconds {
				return false
			}
			n := len(g.order) - 1
			g.order[0] = g.order[n]
			g.order = g.order[:n]
			g.sink()
			g.drop(s)
			return true
		}
		s.seen = s.last
		g.sink()
	}
}

func (s *series) before(o *series) bool {
	return s.seen < o.seen || s.seen == o.seen && s.key < o.key
}

// sink moves the first of the heap to where it belongs.
func (g *group) sink() {
	for i := 0; ; {
		least := i
		for k := 2*i + 1; k < min(2*i+3, len(g.order)); k++ {
			if g.order[k].before(g.order[least]) {
				least = k
			}
		}
		if least == i {
			return
		}
		g.order[i], g.order[least] = g.order[least], g.order[i]
		i = least
	}
}

// push puts s into the heap.
func (g *group) push(s *series) {
	s.seen = s.last
	g.order = append(g.order, s)
	for i := len(g.order) - 1; i > 0; {
		up := (i - 1) / 2
		if !g.order[i].before(g.order[up]) {
			return
		}
		g.order[i], g.order[up] = g.order[up], g.order[i]
		i = up
	}
}

// sorted returns the keys in order.
func (g *group) sorted() []string {
	if !g.fresh {
		g.list = g.list[:0]
		for key := range g.keys {
			g.list = append(g.list, key)
		}
		slices.Sort(g.list)
		g.fresh = true
	}
	return g.list
}

// at returns the keys that are looked at second t, in order.
func (g *group) at(t int64) []string {
	list := g.sorted()
	if !g.top {
		return list
	}
	g.asked = g.asked[:0]
	for _, key := range list {
		if s := g.keys[key]; s.first < t && (s.until == 0 || t <= s.until) {
			g.asked = append(g.asked, key)
		}
	}
	return g.asked
}

// ranked counts a request of a section by the hour, and returns its series if it
// is a member.
func (g *group) ranked(key []byte, sec int64) *series {
	if now := traffic.FloorDiv(sec-g.settled, hour); now > g.hour {
		g.choose(now)
	}
	n := g.rank[string(key)]
	if n == nil {
		if len(g.rank) >= mostRanked {
			g.thin()
		}
		n = &rank{series: g.keys[string(key)]}
		g.rank[string(key)] = n
	}
	// In the first minutes of an hour g.hour is still the one before.
	switch in := sec - g.hour*hour; {
	case in >= 0 && in < hour:
		n.hits[0]++
	case in >= hour && in < 2*hour:
		n.hits[1]++
	}
	if s := n.series; s != nil && sec >= s.first && (s.until == 0 || sec < s.until) {
		return s
	}
	return nil
}

// choose makes the members those of the hour before now, with those of the day
// before.
func (g *group) choose(now int64) {
	type entry struct {
		key  string
		hits int64
	}
	var all []entry
	for key, n := range g.rank {
		switch now - g.hour {
		case 1:
			all = append(all, entry{key, n.hits[0]})
			n.hits = [2]int64{n.hits[1], 0}
		case 2:
			all = append(all, entry{key, n.hits[1]})
			n.hits = [2]int64{}
		default:
			n.hits = [2]int64{}
		}
		if n.hits == ([2]int64{}) {
			delete(g.rank, key)
		}
	}
	g.hour = now
	begin := now*hour + g.settled
	for _, key := range slices.Clone(g.sorted()) {
		if s := g.keys[key]; s.until != 0 {
			g.drop(s)
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.hits, a.hits), strings.Compare(a.key, b.key)) })
	for _, e := range all[:min(len(all), topSections)] {
		if e.hits < leastHits {
			break
		}
		s := g.keys[e.key]
		if s == nil {
			s = g.admit(e.key, begin)
		}
		s.members = now
	}
	old := slices.SortedFunc(maps.Values(g.keys), func(a, b *series) int {
		return cmp.Or(cmp.Compare(a.members, b.members), strings.Compare(a.key, b.key))
	})
	for i, s := range old {
		if s.members < now-memberHours || len(old)-i > mostMembers {
			s.until = begin
		}
	}
	for key, n := range g.rank {
		n.series = g.keys[key]
	}
}

// thin drops the half of the sections with fewer requests.
func (g *group) thin() {
	all := make([]string, 0, len(g.rank))
	for key := range g.rank {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(g.rank[a].hits[0]+g.rank[a].hits[1], g.rank[b].hits[0]+g.rank[b].hits[1]), strings.Compare(a, b))
	})
	for _, key := range all[:len(all)/2] {
		delete(g.rank, key)
	}
}

func (g *group) shift(delta int64) {
	for _, s := range g.keys {
		s.shift(delta)
		s.seen += delta
	}
	if hours := traffic.FloorDiv(delta, hour); g.top {
		g.hour += hours
		for _, s := range g.keys {
			s.members += hours
		}
	}
}

// appendBinary appends what may be looked at from second at on.
func (g *group) appendBinary(b []byte, at int64) []byte {
	b = binary.AppendUvarint(append(b, byte(g.by), oneIf(g.top)), uint64(len(g.keys)))
	for _, key := range g.sorted() {
		b = g.keys[key].appendBinary(b, &g.spec, at)
	}
	b = binary.AppendVarint(b, g.hour)
	b = binary.AppendUvarint(b, uint64(len(g.rank)))
	for _, key := range slices.Sorted(maps.Keys(g.rank)) {
		n := g.rank[key]
		b = binary.AppendVarint(binary.AppendVarint(pack.AppendBytes(b, key), n.hits[0]), n.hits[1])
	}
	return b
}

func (g *group) read(p *pack.Reader) {
	const part = "keys"
	for n := p.Count(part, 6); n > 0 && p.Err() == nil; n-- {
		s := g.spec.read(p)
		if g.keys[s.key] != nil || len(g.keys) >= alert.MaxKeys {
			p.Damaged(part)
			return
		}
		g.keys[s.key] = s
		if !g.top {
			g.push(s)
		}
	}
	g.hour = p.Second(part)
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		key := string(p.Bytes(part))
		g.rank[key] = &rank{hits: [2]int64{p.Int(part), p.Int(part)}, series: g.keys[key]}
	}
	if len(g.rank) > mostRanked {
		p.Damaged(part)
	}
}

// forget drops all keys.
func (g *group) forget() {
	clear(g.keys)
	clear(g.rank)
	g.order, g.fresh = nil, false
}

// keep drops the keys that are not known.
func (g *group) keep(known map[string]bool) {
	g.order = nil
	for _, key := range slices.Clone(g.sorted()) {
		if s := g.keys[key]; known[key] {
			g.push(s)
		} else {
			g.drop(s)
		}
	}
}

func (b *Bank) newGroup(by alert.By, top bool) *group {
	g := &group{by: by, top: top, keys: map[string]*series{}, rank: map[string]*rank{}}
	g.spec.ahead = b.ahead()
	// Those of several logs may be that far apart.
	g.settled = ceil(b.ahead()-aheadSeconds+clock.MaxSpread, alert.StepSeconds)
	return g
}

func oneIf(is bool) byte {
	if is {
		return 1
	}
	return 0
}

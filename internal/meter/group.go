package meter

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"weir/internal/alert"
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
	// settled is how many seconds after its end an hour is taken for counted. It
	// makes the sections of an hour no matter of the order of records.
	settled = 60
)

// A group is what is counted for the keys of one kind.
type group struct {
	by   alert.By
	top  bool // the keys are the sections with most requests
	spec spec
	keys map[string]*series
	list []string // the keys, in order
	rank map[string]*[2]int64
	hour int64 // that of the first number of each rank; the second is of the hour after it
}

// find returns the series of a key, nil for one that has none.
func (g *group) find(key []byte, sec int64) *series {
	if g.top {
		return g.ranked(key, sec)
	}
	if s := g.keys[string(key)]; s != nil {
		return s
	}
	if len(g.keys) >= alert.MaxKeys {
		g.evict()
	}
	return g.admit(string(key), sec)
}

func (g *group) admit(key string, sec int64) *series {
	s := g.spec.make(key, sec)
	g.keys[key] = s
	i, _ := slices.BinarySearch(g.list, key)
	// A new slice: the Board may hold the old one.
	g.list = slices.Concat(g.list[:i], []string{key}, g.list[i:])
	return s
}

// evict drops the key whose last request is longest ago.
func (g *group) evict() {
	var oldest *series
	for _, key := range g.list {
		if s := g.keys[key]; oldest == nil || s.last < oldest.last {
			oldest = s
		}
	}
	g.drop(oldest.key)
}

func (g *group) drop(key string) {
	delete(g.keys, key)
	i, _ := slices.BinarySearch(g.list, key)
	g.list = slices.Concat(g.list[:i], g.list[i+1:])
}

// ranked counts a request of a section by the hour, and returns its series if it
// is a member.
func (g *group) ranked(key []byte, sec int64) *series {
	hour := traffic.FloorDiv(sec, 3600)
	if now := traffic.FloorDiv(sec-settled, 3600); now > g.hour {
		g.choose(now)
	}
	n := g.rank[string(key)]
	if n == nil {
		if len(g.rank) >= mostRanked {
			g.thin()
		}
		n = new([2]int64)
		g.rank[string(key)] = n
	}
	// In the first minute of an hour g.hour is still the one before.
	switch hour - g.hour {
	case 0:
		n[0]++
	case 1:
		n[1]++
	}
	return g.keys[string(key)]
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
			all = append(all, entry{key, n[0]})
			n[0], n[1] = n[1], 0
		case 2:
			all = append(all, entry{key, n[1]})
			n[0], n[1] = 0, 0
		default:
			n[0], n[1] = 0, 0
		}
		if *n == ([2]int64{}) {
			delete(g.rank, key)
		}
	}
	g.hour = now
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.hits, a.hits), strings.Compare(a.key, b.key)) })
	for _, e := range all[:min(len(all), topSections)] {
		if e.hits < leastHits {
			break
		}
		s := g.keys[e.key]
		if s == nil {
			s = g.admit(e.key, now*3600+settled)
		}
		s.members = now
	}
	old := slices.SortedFunc(slices.Values(g.list), func(a, b string) int {
		return cmp.Or(cmp.Compare(g.keys[a].members, g.keys[b].members), strings.Compare(a, b))
	})
	for i, key := range old {
		if g.keys[key].members < now-memberHours || len(old)-i > mostMembers {
			g.drop(key)
		}
	}
}

// thin drops the half of the sections with fewer requests.
func (g *group) thin() {
	all := make([]string, 0, len(g.rank))
	for key := range g.rank {
		all = append(all, key)
	}
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(g.rank[a][0]+g.rank[a][1], g.rank[b][0]+g.rank[b][1]), strings.Compare(a, b))
	})
	for _, key := range all[:len(all)/2] {
		delete(g.rank, key)
	}
}

func (g *group) shift(delta int64) {
	for _, s := range g.keys {
		s.shift(delta)
	}
	if hours := traffic.FloorDiv(delta, 3600); g.top {
		g.hour += hours
		for _, s := range g.keys {
			s.members += hours
		}
	}
}

func (g *group) appendBinary(b []byte) []byte {
	b = binary.AppendUvarint(append(b, byte(g.by), oneIf(g.top)), uint64(len(g.list)))
	for _, key := range g.list {
		b = g.keys[key].appendBinary(b)
	}
	b = binary.AppendVarint(b, g.hour)
	b = binary.AppendUvarint(b, uint64(len(g.rank)))
	ranked := make([]string, 0, len(g.rank))
	for key := range g.rank {
		ranked = append(ranked, key)
	}
	slices.Sort(ranked)
	for _, key := range ranked {
		n := g.rank[key]
		b = binary.AppendVarint(binary.AppendVarint(pack.AppendBytes(b, key), n[0]), n[1])
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
		g.list = append(g.list, s.key)
	}
	slices.Sort(g.list)
	g.hour = p.Second(part)
	for n := p.Count(part, 3); n > 0 && p.Err() == nil; n-- {
		key := string(p.Bytes(part))
		g.rank[key] = &[2]int64{p.Int(part), p.Int(part)}
	}
	if len(g.rank) > mostRanked {
		p.Damaged(part)
	}
}

func newGroup(by alert.By, top bool) *group {
	return &group{by: by, top: top, keys: map[string]*series{}, rank: map[string]*[2]int64{}}
}

func oneIf(is bool) byte {
	if is {
		return 1
	}
	return 0
}

package agent

import (
	"bytes"
	"hash/maphash"
)

const (
	// maxAgents is how many agents a Cache remembers.
	maxAgents = 8192
	// maxNames is how many names of bots without a rule a Cache keeps.
	maxNames = 512
	// cacheHeads is twice maxAgents: most chains then have one link.
	cacheHeads = 2 * maxAgents
)

// A Cache classifies each distinct agent once, as long as no more than 8,192 of
// them are in use. It holds at most about 10 MiB, 2 MiB with usual agents.
//
// When it is full, the agent that came first goes, and one that was asked for
// again since it was last passed over stays for another round (the CLOCK of
// Fernando Corbató, 1969). That depends on the order of agents alone, not on
// the seed of the hash.
//
// Other than Classify, a Cache names bots that have no rule as they name
// themselves, where that is a plain word of at most 32 bytes. It keeps the first
// 512 such names; every bot after these is OtherBot.
//
// The zero value is ready and empty. A Cache belongs to one goroutine.
type Cache struct {
	seed    maphash.Seed
	heads   []uint16 // by hash: 1 + index in entries; 0 = none
	entries []entry
	hand    int // the entry that goes next, once there are maxAgents
	names   map[string]string
}

type entry struct {
	hash  uint64
	key   []byte
	agent Agent
	next  uint16 // 1 + index of the next entry of the same head
	used  bool   // since the hand passed
}

// Classify is the function Classify with a memory. It allocates nothing for an
// agent that is remembered, and keeps no reference to agent.
func (c *Cache) Classify(agent []byte) Agent {
	agent = agent[:min(len(agent), looked)]
	if c.heads == nil {
		c.seed = maphash.MakeSeed()
		c.heads = make([]uint16, cacheHeads)
	}
	hash := maphash.Bytes(c.seed, agent)
	for i := c.heads[hash%cacheHeads]; i != 0; {
		e := &c.entries[i-1]
		if e.hash == hash && bytes.Equal(e.key, agent) {
			e.used = true
			return e.agent
		}
		i = e.next
	}
	return c.insert(hash, agent)
}

// insert classifies an agent that is not there, and remembers it.
func (c *Cache) insert(hash uint64, agent []byte) Agent {
	a := Classify(agent)
	if a.Bot == OtherBot {
		a.Bot = c.name(ownName(agent))
	}
	i := len(c.entries)
	if i < maxAgents {
		c.entries = append(c.entries, entry{})
	} else {
		i = c.evict()
	}
	e, head := &c.entries[i], &c.heads[hash%cacheHeads]
	*e = entry{hash: hash, key: append(e.key[:0], agent...), agent: a, next: *head}
	*head = uint16(i + 1)
	return a
}

// evict takes the entry that goes next out of its chain and returns its index.
func (c *Cache) evict() int {
	for c.entries[c.hand].used {
		c.entries[c.hand].used = false
		c.hand = (c.hand + 1) % maxAgents
	}
	i := c.hand
	c.hand = (c.hand + 1) % maxAgents
	link := &c.heads[c.entries[i].hash%cacheHeads]
	for *link != uint16(i+1) {
		link = &c.entries[*link-1].next
	}
	*link = c.entries[i].next
	return i
}

// name returns the kept copy of a name, OtherBot where there is no name or no
// room for it.
func (c *Cache) name(own []byte) string {
	if len(own) == 0 {
		return OtherBot
	}
	if kept, ok := c.names[string(own)]; ok {
		return kept
	}
	if len(c.names) >= maxNames {
		return OtherBot
	}
	if c.names == nil {
		c.names = map[string]string{}
	}
	kept := string(own)
	c.names[kept] = kept
	return kept
}

package traffic

import (
	"bytes"
	"hash/maphash"
	"time"

	"weir/internal/accesslog"
	"weir/internal/sketch"
)

// maxKey bounds the length of a key in bytes: an attacker chooses targets, not
// our memory. A longer key is cut, and the hash of the whole put behind it.
const maxKey = 512

// A Batch holds the records of a block as columns: what the tables of a Tally
// need of them, their keys hashed, in the order of the log. Folding goes over
// one column at a time, so that the processor waits for the memory of many
// rows at once instead of one after the other.
//
//	hits      sec bytes micros status visitor   one for every record
//	sections  hash where at                      at: index in hits
//	paths     hash where at                      only of records that have one
//	...
//
// Keys lie in the text of the block, if Reset was given it, and are copied
// otherwise; there are no pointers in the columns. The zero value is ready and
// empty. A Batch is written by one goroutine; while it is not written any
// number may fold it.
type Batch struct {
	// Sections cuts targets to sections.
	Sections Sections

	text    []byte // that keys may lie in; not changed
	kept    []byte // keys that do not
	hits    []hit
	columns [columns][]key
	agents  []agentHash
	runs    [columns]run
}

// The columns of keys in a Batch.
const (
	sectionColumn = iota
	pathColumn
	clientColumn
	userColumn
	hostColumn
	agentColumn
	referrerColumn
	methodColumn
	protocolColumn
	columns
)

// hit is what a Tally needs of a record besides its keys.
type hit struct {
	sec       int64
	bytes     int64
	micros    int64 // of latency; negative where there is none
	visitor   uint64
	status    uint16 // 0 to 999; 0 = none
	malformed bool
}

// key is a value of a dimension in the record hits[at].
type key struct {
	hash uint64 // of the process, see keySeed
	from int32  // where it begins in text; in kept, at ^from, where negative
	len  int32
	at   int32
}

// run is the last key of a column in which most are like the one before.
type run struct {
	bytes [16]byte
	len   int
	key   key
}

// keySeed is one for the process, so that Tallies merge without hashing again.
// It never changes and nothing that is shown or stored depends on it: whoever
// does not know it cannot choose keys that fall onto each other.
var keySeed = maphash.MakeSeed()

// agentHash remembers the sketch.Hash of an agent by its hash of the process:
// a few thousand agents make up the traffic of a site.
type agentHash struct{ of, hash uint64 }

const agentHashes = 1 << 10

// Len returns the number of records.
func (b *Batch) Len() int { return len(b.hits) }

// Reset empties b and keeps its memory. text, which may be nil, is what the
// lines of the records to come lie in; it must stay as it is until the next
// Reset.
func (b *Batch) Reset(text []byte) {
	b.text = text
	b.kept = b.kept[:0]
	b.hits = b.hits[:0]
	for i := range b.columns {
		b.columns[i] = b.columns[i][:0]
		b.runs[i].len = -1
	}
}

// Add appends the record r. Nothing of it is kept but what lies in the text
// that Reset was given.
func (b *Batch) Add(r *accesslog.Record) {
	path := r.Path()
	b.add(r, path, b.Sections.of(r.Method, path, r.Malformed))
}

func (b *Batch) add(r *accesslog.Record, path, section []byte) {
	at := int32(len(b.hits))
	b.push(sectionColumn, section, at)
	b.push(clientColumn, r.Client, at)
	agent := uint64(0)
	if len(r.Agent) > 0 {
		agent = b.agent(b.push(agentColumn, r.Agent, at), r.Agent)
	}
	if !r.Malformed {
		b.push(pathColumn, path, at)
	}
	if len(r.Method) > 0 {
		b.pushRun(methodColumn, r.Method, at)
	}
	if len(r.Protocol) > 0 {
		b.pushRun(protocolColumn, r.Protocol, at)
	}
	if len(r.User) > 0 {
		b.push(userColumn, r.User, at)
	}
	if len(r.Host) > 0 {
		b.pushRun(hostColumn, r.Host, at)
	}
	if len(r.Referrer) > 0 {
		b.push(referrerColumn, Site(r.Referrer), at)
	}
	h := hit{
		sec: r.Sec, bytes: r.Bytes, micros: -1, malformed: r.Malformed,
		visitor: sketch.Combine(sketch.Hash(r.Client), agent),
	}
	if r.Latency >= 0 {
		h.micros = int64(r.Latency / time.Microsecond)
	}
	if r.Status > 0 && r.Status < 1000 {
		h.status = uint16(r.Status)
	}
	b.hits = append(b.hits, h)
}

// push appends a key to a column and returns its hash.
func (b *Batch) push(column int, text []byte, at int32) uint64 {
	k := key{at: at}
	if len(text) > maxKey {
		k.from = ^int32(b.cut(text))
		text = b.kept[^k.from:]
	} else {
		k.from = b.where(text)
	}
	k.hash, k.len = maphash.Bytes(keySeed, text), int32(len(text))
	b.columns[column] = append(b.columns[column], k)
	return k.hash
}

// pushRun is push for a column in which most keys are like the one before.
func (b *Batch) pushRun(column int, text []byte, at int32) {
	last := &b.runs[column]
	if last.len == len(text) && string(last.bytes[:last.len]) == string(text) {
		last.key.at = at
		b.columns[column] = append(b.columns[column], last.key)
		return
	}
	b.push(column, text, at)
	last.len = -1
	if len(text) <= len(last.bytes) {
		last.len = copy(last.bytes[:], text)
		last.key = b.columns[column][len(b.columns[column])-1]
	}
}

// where returns the place of a key, for key.from.
func (b *Batch) where(view []byte) int32 {
	// A view that lies in text has the room behind it that text has: so its
	// place follows from the capacities, and is then looked at.
	from := cap(b.text) - cap(view)
	if len(view) > 0 && from >= 0 && from+len(view) <= len(b.text) && &b.text[from] == &view[0] {
		return int32(from)
	}
	b.kept = append(b.kept, view...)
	return ^int32(len(b.kept) - len(view))
}

// bytes returns a key, valid until b is written to.
func (b *Batch) bytes(k *key) []byte {
	if k.from >= 0 {
		return b.text[k.from : k.from+k.len]
	}
	return b.kept[^k.from : ^k.from+k.len]
}

// cut shortens a key to maxKey bytes, so that different keys stay different:
// its beginning, "~", and 16 hexadecimal digits that depend on all of it. It
// returns where that begins in kept.
func (b *Batch) cut(text []byte) int {
	const digits = "0123456789abcdef"
	from := len(b.kept)
	b.kept = append(append(b.kept, text[:maxKey-17]...), '~')
	hash := sketch.Hash(text)
	for i := 15; i >= 0; i-- {
		b.kept = append(b.kept, digits[hash>>(4*i)&15])
	}
	return from
}

// agent returns the sketch.Hash of an agent by its other hash.
func (b *Batch) agent(hash uint64, text []byte) uint64 {
	if b.agents == nil {
		b.agents = make([]agentHash, agentHashes)
	}
	known := &b.agents[hash%agentHashes]
	if known.of != hash {
		*known = agentHash{of: hash, hash: sketch.Hash(text)}
	}
	return known.hash
}

// Site returns the host of a referrer, with its port where it has one: a view
// into it. Where there is no scheme the referrer stays as it is.
func Site(referrer []byte) []byte {
	i := bytes.IndexByte(referrer, ':')
	if i < 0 || i+3 > len(referrer) || referrer[i+1] != '/' || referrer[i+2] != '/' {
		return referrer
	}
	site := referrer[i+3:]
	if j := bytes.IndexByte(site, '/'); j >= 0 {
		site = site[:j]
	}
	// It is short by now. IndexAny for both took 11 ns.
	if j := bytes.IndexByte(site, '?'); j >= 0 {
		site = site[:j]
	}
	if j := bytes.IndexByte(site, '#'); j >= 0 {
		site = site[:j]
	}
	if len(site) == 0 {
		return referrer
	}
	return site
}

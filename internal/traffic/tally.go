package traffic

import (
	"hash/maphash"
	"time"

	"weir/internal/accesslog"
	"weir/internal/sketch"
)

// A Dimension is a way to break the hits of a Tally down into rows.
type Dimension uint8

// The dimensions of a Tally.
const (
	BySection Dimension = iota
	ByClient
	ByPath
	ByMethod
	dimensions
)

const (
	// MaxRows is the number of keys a dimension counts one by one. The hits of
	// further keys are counted in one row of others, so memory stays bounded
	// and no hit is dropped.
	MaxRows = 10_000
	// MaxKeyBytes bounds the memory of the keys of a dimension in the same way.
	MaxKeyBytes = 1 << 20
	// MaxVisitors is the number of distinct visitors counted; beyond it the
	// figure is a lower bound.
	MaxVisitors = 100_000
	// MaxLatencyRows is the number of sections with a latency histogram of
	// their own.
	MaxLatencyRows = 256
	// maxKey bounds the length of a key in bytes. A longer one is cut: an
	// attacker chooses targets, not our memory.
	maxKey = 512
)

// A Tally counts everything that is told about an open stretch of time.
//
// Any split of the records into Tallies that are then merged, in any order,
// counts the same as one Tally, as long as no dimension has more than MaxRows
// keys; the latency of single sections, as long as there are no more than
// MaxLatencyRows of them. The zero value is ready and empty. A Tally belongs to one goroutine
// and keeps no view into the records it was given.
type Tally struct {
	Second                     // hits, bytes, status classes
	Malformed int64            // hits whose request field was no HTTP
	Statuses  [1000]int64      // by status code; 0 = none
	Latency   sketch.Histogram // microseconds

	tables   [dimensions]table
	visitors map[uint64]struct{}
	share    int // of the memory: 1/share, 0 is 1
}

// A Row is what a Tally knows of one key.
type Row struct {
	Key      string
	Hits     int64
	Bytes    int64
	Errors   int64             // 5xx
	NotFound int64             // 404
	Latency  *sketch.Histogram // microseconds; nil where not kept; read only
}

// table is the rows of one dimension.
type table struct {
	index  map[string]int32
	rows   []Row
	others Row
	bytes  int // of all keys
	share  int // of the memory: 1/share, 0 is 1
}

// Share makes t count fewer keys and visitors one by one, as one of n Tallies
// that are open at the same time: two have all there is, and the n-th has 1/n. So the memory
// of any number of them grows like a harmonic sum, not with the number.
func (t *Tally) Share(n int) {
	if n < 2 {
		n = 1
	}
	t.share = n
	for d := range t.tables {
		t.tables[d].share = n
	}
}

// Add counts the record r, whose section is section.
func (t *Tally) Add(r *accesslog.Record, section []byte) {
	t.Second.Add(Second{Hits: 1, Bytes: r.Bytes})
	t.Second.Classes[Class(r.Status)]++
	status := r.Status
	if status < 0 || status >= len(t.Statuses) {
		status = 0
	}
	t.Statuses[status]++
	if r.Malformed {
		t.Malformed++
	}
	micros := int64(-1)
	if r.Latency >= 0 {
		micros = int64(r.Latency / time.Microsecond)
		t.Latency.Add(micros)
	}
	t.tables[BySection].add(section, r, micros)
	t.tables[ByClient].add(r.Client, r, -1)
	if !r.Malformed {
		t.tables[ByPath].add(r.Path(), r, -1)
		t.tables[ByMethod].add(r.Method, r, -1)
	}
	t.addVisitor(r)
}

// addVisitor counts the pair of client and agent. Only its hash is kept: two
// of 100,000 pairs collide with a chance of about one in four billion.
func (t *Tally) addVisitor(r *accesslog.Record) {
	if t.visitors == nil {
		t.visitors = map[uint64]struct{}{}
	}
	var h maphash.Hash
	h.SetSeed(visitorSeed)
	h.Write(r.Client)
	h.WriteByte(0)
	h.Write(r.Agent)
	t.see(h.Sum64())
}

func (t *Tally) see(visitor uint64) {
	if len(t.visitors) < MaxVisitors/max(1, t.share) {
		t.visitors[visitor] = struct{}{}
	}
}

// visitorSeed is one for the process, so that Tallies merge. It never changes
// and is never shown.
var visitorSeed = maphash.MakeSeed()

// Visitors returns the number of distinct pairs of client and agent. exact is
// false when there were more than could be counted.
func (t *Tally) Visitors() (n int64, exact bool) {
	return int64(len(t.visitors)), len(t.visitors) < MaxVisitors/max(1, t.share)
}

// Keys returns the number of rows of a dimension. exact is false when there
// were more keys than rows.
func (t *Tally) Keys(d Dimension) (n int, exact bool) {
	return len(t.tables[d].rows), t.tables[d].others.Hits == 0
}

// Merge adds all that o counted; o is not changed.
func (t *Tally) Merge(o *Tally) {
	t.Second.Add(o.Second)
	t.Malformed += o.Malformed
	for i, n := range o.Statuses {
		t.Statuses[i] += n
	}
	t.Latency.Merge(&o.Latency)
	for d := range t.tables {
		t.tables[d].merge(&o.tables[d])
	}
	if t.visitors == nil {
		t.visitors = make(map[uint64]struct{}, len(o.visitors))
	}
	for v := range o.visitors {
		t.see(v)
	}
}

// Reset empties t and keeps its memory.
func (t *Tally) Reset() {
	tables, visitors, latency := t.tables, t.visitors, t.Latency
	for d := range tables {
		tables[d].reset()
	}
	clear(visitors)
	latency.Reset()
	*t = Tally{tables: tables, visitors: visitors, Latency: latency}
}

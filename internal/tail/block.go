package tail

import (
	"sync"

	"weir/internal/charset"
)

// spareBlocks bounds the memory that lies idle: 8 blocks of 256 KiB.
const spareBlocks = 8

// A block is the memory of one Batch. The buffer has room for the anchor in
// front of the data when read from a file, and for a missing last newline.
//
//	buf  [ anchor 0..256 ][ lines ... \n ][ half a line ]
//	                       └─ batch.Data ┘
type block struct {
	batch Batch
	buf   []byte
	end   int64        // offset behind the batch, in a stream
	large bool         // holds the longest line allowed, not only a block
	free  func(*Batch) // made once, so that handing out a block allocates nothing
}

// from says that b, which may be nil, was read from p.
func (b *block) from(p past) *block {
	if b != nil {
		b.batch.Device, b.batch.Inode = p.number()
	}
	return b
}

// blocks is the free list of a Follower. It is safe for concurrent use, since
// batches are released wherever their last reader is.
//
// A sync.Pool was not taken because it forgets at every collection: the memory
// in use then follows the collector's rhythm instead of the number of batches
// in flight.
type blocks struct {
	block  int // bytes of data in a usual block
	line   int // bytes of the longest line, without its newline
	anchor int // bytes of an anchor

	text *blocks // of the batches: these, or those that what is read here is decoded into
	wide *blocks // for reading UTF-16
	// scarce makes room for a file after an error of opening it, see
	// Follower.scarce; nil where there is no Follower.
	scarce func(error) bool

	mu    sync.Mutex
	small []*block // guarded by mu
	large *block   // guarded by mu; one is enough, long lines are rare
	made  int      // blocks ever allocated, guarded by mu
}

// newBlocks makes the blocks of a Follower, and those of what is to be decoded:
// there a line of ASCII takes twice the bytes, with the mark before it; and any
// text must fit, decoded, into a block half as large again.
func newBlocks(block, line int) *blocks {
	p := &blocks{block: block, line: line, anchor: anchorSize}
	p.text = p
	p.wide = &blocks{block: max(2, block/3*2), line: 2*line + 3, anchor: wideAnchor, text: p}
	p.wide.wide = p.wide
	return p
}

// of are the blocks to read text in e with.
func (p *blocks) of(e charset.Encoding) *blocks {
	if e == charset.UTF8 {
		return p.text
	}
	return p.wide
}

// room is how many bytes of data fit into a block of this kind.
func (p *blocks) room(large bool) int {
	if large {
		return p.line + 1 // with its newline
	}
	return p.block
}

// get returns a block that belongs to the caller until put or Batch.Release.
func (p *blocks) get(large bool) *block {
	b := p.spare(large)
	if b == nil {
		// One byte more than an anchor and the data, for the newline that the
		// last line of a finished file may lack.
		b = &block{buf: make([]byte, p.anchor+p.room(large)+1), large: large}
		b.free = func(*Batch) { p.put(b) }
	}
	b.batch = Batch{free: b.free}
	return b
}

func (p *blocks) spare(large bool) *block {
	p.mu.Lock()
	defer p.mu.Unlock()
	if large && p.large != nil {
		b := p.large
		p.large = nil
		return b
	}
	if n := len(p.small); !large && n > 0 {
		b := p.small[n-1]
		p.small = p.small[:n-1]
		return b
	}
	p.made++
	return nil
}

// put takes a block back. A second Release of the same Batch is harmless until
// the block is handed out again.
func (p *blocks) put(b *block) {
	b.batch = Batch{}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case b.large:
		p.large = b
	case len(p.small) < spareBlocks:
		p.small = append(p.small, b)
	}
}

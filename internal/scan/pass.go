package scan

import (
	"context"
	"sync"
	"sync/atomic"

	"weir/internal/accesslog"
	"weir/internal/traffic"
)

// spareBlocks is how many blocks there are besides one for each worker.
const spareBlocks = 4

// maxWorking bounds the blocks in memory: more workers than this wait for those
// that fold.
const maxWorking = 12

// A pass is one reading of logs. What has to be done next is decided under its
// lock, which is held for moments only; the work is done outside.
//
//	      read    parse    accept        fold, a queue each
//	log ─> [ ] ──> [ ] ──> in order ──> paths    ──┐
//	one at a time  any                  clients  ──┼─> free
//	                                    ...      ──┘
//	      live: [ oldest ............ newest ]
//
// It has many fields because one lock guards them all.
type pass struct {
	o       Options
	sources []*source

	mu      sync.Mutex
	changed *sync.Cond // something can be done that could not before
	// ended: a worker has ended. Waiting for that at changed woke the caller
	// for every piece of work, and took a quarter more time.
	ended    *sync.Cond
	reading  bool
	slow     bool     // the source is compressed
	at       int      // source that is being read
	live     []*block // in the order of the logs, guarded by mu, as all below
	free     []*block
	made     int
	accepted int // of live: that many may be folded
	busy     bool
	queues   []queue
	stopped  error
	failure  error       // of writing down what was read
	halt     atomic.Bool // reading is to end
	working  int         // goroutines

	tally    traffic.Tally
	timeline traffic.Timeline
	rejected map[accesslog.Reason]int64
}

// A queue is what one shard does with every block, in the order of the logs,
// and how far it has come.
type queue struct {
	fold func(*block) error
	next int // of live
	busy bool
}

func newPass(logs []Log, o Options) *pass {
	p := &pass{o: o, rejected: map[accesslog.Reason]int64{}}
	p.changed, p.ended = sync.NewCond(&p.mu), sync.NewCond(&p.mu)
	for i, l := range logs {
		s := newSource(i, l)
		s.parser.Behind(o.Hops)
		s.stream.halt = &p.halt
		p.sources = append(p.sources, s)
	}
	if o.Records != nil {
		p.queues = append(p.queues, queue{fold: o.writeRecords})
	} else {
		for i := range traffic.Shards {
			p.queues = append(p.queues, queue{fold: func(b *block) error {
				p.tally.FoldShard(&b.batch, traffic.Shard(i))
				return nil
			}})
		}
		p.queues = append(p.queues, queue{fold: func(b *block) error {
			p.timeline.Fold(&b.batch, b.source.index)
			if b.found.passed {
				p.timeline.Note(b.found.first)
				p.timeline.Note(b.found.newest)
			}
			return nil
		}})
	}
	if o.Rejects != nil {
		p.queues = append(p.queues, queue{fold: o.writeRejects})
	}
	return p
}

// run works with all workers until everything is counted or ctx is done. Then
// it does not wait for a read that may never return, as that of a terminal:
// such a worker ends when its read does, and has nothing to change any more.
func (p *pass) run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stopped = context.Cause(ctx)
		p.halt.Store(true)
		p.changed.Broadcast()
		p.ended.Broadcast()
	})
	defer stop()
	p.working = p.o.Workers
	for range p.o.Workers {
		go p.work()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.working > 0 && !(p.stopped != nil && p.working == 1 && p.reading) {
		p.ended.Wait()
	}
	if !p.reading {
		for _, s := range p.sources {
			s.close()
		}
	}
	switch {
	case p.failure != nil:
		return p.failure
	case p.finished():
		return nil // it was told to stop after the last line
	}
	return p.stopped
}

// finished reports whether all there is was counted.
func (p *pass) finished() bool { return p.at == len(p.sources) && len(p.live) == 0 && !p.reading }

// work does what there is to do until there is nothing more.
func (p *pass) work() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.stopped == nil {
		if p.step() {
			continue
		}
		if p.finished() {
			break
		}
		p.changed.Wait()
	}
	p.working--
	p.changed.Broadcast()
	p.ended.Broadcast()
}

// step does one piece of work, the one closest to the end first, so that few
// blocks are in memory. It is called with the lock, gives it up during the
// work, and reports whether there was any.
func (p *pass) step() bool {
	// Unpacking takes longer than all the rest together, and only one worker
	// can do it: it must never wait. With it last, a gzip log was read at 69 %
	// of the speed of its unpacking, on two processors.
	if p.slow && p.o.Workers > 1 && p.canRead() {
		p.read()
		return true
	}
	if q := p.ripest(); q >= 0 {
		p.fold(q)
		return true
	}
	if !p.busy && p.accepted < len(p.live) && p.live[p.accepted].stage == isParsed {
		p.accept(p.live[p.accepted])
		return true
	}
	for _, b := range p.live[p.accepted:] {
		if b.stage == isRead && !b.source.alone {
			p.parse(b)
			return true
		}
	}
	if p.canRead() {
		p.read()
		return true
	}
	return false
}

// canRead reports whether the next block can be read.
func (p *pass) canRead() bool {
	return !p.reading && p.at < len(p.sources) && (len(p.free) > 0 || p.made < min(p.o.Workers, maxWorking)+spareBlocks)
}

// unlocked does work without the lock.
func (p *pass) unlocked(work func()) {
	p.mu.Unlock()
	work()
	p.mu.Lock()
	p.changed.Broadcast()
}

// read reads the next block.
func (p *pass) read() {
	p.reading = true
	b := p.newBlock()
	s := p.sources[p.at]
	more := false
	p.unlocked(func() { more = s.read(&b.lines, &p.o) })
	p.reading, p.slow = false, s.unpack != nil
	if !more {
		p.free = append(p.free, b)
		p.at++
		return
	}
	b.source, b.stage = s, isRead
	p.live = append(p.live, b)
}

func (p *pass) newBlock() *block {
	if n := len(p.free); n > 0 {
		b := p.free[n-1]
		p.free = p.free[:n-1]
		return b
	}
	p.made++
	b := &block{batch: traffic.Batch{Sections: traffic.Sections{Depth: p.o.SectionDepth}}}
	if p.o.Where != nil {
		b.where = p.o.Where()
	}
	if p.o.Records != nil {
		b.writer = p.o.Writer()
	}
	return b
}

// parse parses a block, on the assumption that its log goes on as before.
func (p *pass) parse(b *block) {
	b.stage = isTaken
	b.fork = b.source.fork()
	p.unlocked(func() { b.parse(b.fork, &p.o) })
	b.stage = isParsed
}

// accept makes a block, the first that is not yet accepted, part of the result,
// and parses it again if its log did not go on as before.
func (p *pass) accept(b *block) {
	s := b.source
	if s.parser.Follow(b.fork) {
		s.forks = append(s.forks, b.fork)
	} else {
		p.busy, s.alone = true, true
		p.unlocked(func() { b.parse(s.parser, &p.o) })
		p.busy, s.alone = false, false
	}
	b.fork, b.before = nil, s.lines
	s.account(b, p.rejected)
	p.accepted++
	p.changed.Broadcast()
}

// ripest returns the shard that is furthest behind of those that can go on, -1
// if none can.
func (p *pass) ripest() int {
	best := -1
	for i := range p.queues {
		q := &p.queues[i]
		if !q.busy && q.next < p.accepted && (best < 0 || q.next < p.queues[best].next) {
			best = i
		}
	}
	return best
}

// fold counts the next block in one shard, or writes it down.
func (p *pass) fold(shard int) {
	q := &p.queues[shard]
	b := p.live[q.next]
	q.busy = true
	var err error
	p.unlocked(func() { err = q.fold(b) })
	if err != nil && p.failure == nil {
		p.failure, p.stopped = err, err
	}
	q.busy = false
	q.next++
	if b.folded++; b.folded == len(p.queues) {
		p.release()
	}
}

// release takes the blocks back that all shards have folded.
func (p *pass) release() {
	for len(p.live) > 0 && p.live[0].folded == len(p.queues) {
		b := p.live[0]
		b.folded = 0
		p.free = append(p.free, b)
		p.live = append(p.live[:0], p.live[1:]...)
		p.accepted--
		for i := range p.queues {
			p.queues[i].next--
		}
	}
}

func (p *pass) result() *Result {
	r := &Result{Tally: &p.tally, Timeline: &p.timeline, Rejected: p.rejected}
	for _, s := range p.sources {
		r.Sources = append(r.Sources, s.total)
		r.Notices = append(append(r.Notices, s.notices...), s.encoding()...)
		if told := s.parser.HopCounts().Told(s.total.Name, p.o.Hops); told != "" {
			r.Notices = append(r.Notices, told)
		}
		if s.err != nil {
			r.Failures = append(r.Failures, Failure{Name: s.total.Name, Err: s.err})
		}
	}
	return r
}

package tail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// smallRead is what one read of a pipe gives when its writer is slow: well
// below the 64 KiB a pipe holds on Linux.
const smallRead = 16 << 10

// A stream is a pipe: bytes that cannot be read again. One goroutine reads, cuts
// at line ends and hands blocks over; when the owner does not take them it
// stops, and the pipe is the buffer.
//
//	pipe ──Read──► pump ──ready (1 deep)──► next, the owner
//
// A named pipe has no end: the bytes of the next writer follow those of the
// last one, so half a line that a writer left is joined to what comes next.
type stream struct {
	r    io.Reader
	pool *blocks
	wake func()

	ready chan *block   // closed by the pump at the end
	done  chan struct{} // closed by close
	gone  chan struct{} // closed when the pump has ended
	err   error         // why the stream ended, if not by its end; read after ready is closed

	// The owner's side.
	pending *block // taken from ready by peek
	offset  int64  // of the first byte not delivered
	line    int64  // of the first line not delivered
	ended   bool
}

func newStream(f *Follower, r io.Reader) *stream {
	st := &stream{
		r: r, pool: f.pool, wake: f.wake, line: 1,
		ready: make(chan *block, 1), done: make(chan struct{}), gone: make(chan struct{}),
	}
	go func() {
		defer close(st.gone)
		p := pump{st: st, pool: f.pool, blk: f.pool.get(false)}
		st.err = p.run()
		close(st.ready)
		st.wake()
	}()
	return st
}

// next returns what the pump has ready, nil if that is nothing.
func (st *stream) next() *block {
	blk := st.take()
	st.pending = nil
	if blk == nil {
		return nil
	}
	b := &blk.batch
	b.Line = st.line
	lines := bytes.Count(b.Data, newline)
	st.line += int64(lines + b.TooLong)
	st.offset = blk.end
	return blk
}

func (st *stream) take() *block {
	if st.pending != nil || st.ended {
		return st.pending
	}
	select {
	case blk, ok := <-st.ready:
		st.pending, st.ended = blk, !ok
	default:
	}
	return st.pending
}

func (st *stream) peek(n int) []byte {
	blk := st.take()
	if blk == nil {
		return nil
	}
	return bytes.Clone(blk.batch.Data[:min(n, len(blk.batch.Data))])
}

// close ends the pump, and waits for it where its read can be broken off.
func (st *stream) close() {
	close(st.done)
	if _, ok := st.r.(Feed); ok {
		<-st.gone // it was closed, so its Read returns
	}
	if d, ok := st.r.(interface{ SetReadDeadline(time.Time) error }); ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
		<-st.gone
	}
	if f, ok := st.r.(*os.File); ok && f != os.Stdin {
		f.Close()
	}
}

// A pump is the reading side of a stream, the state of its goroutine.
type pump struct {
	st   *stream
	pool *blocks // blk is one of
	coding
	blk  *block
	fill int   // bytes of blk.buf in use
	off  int64 // of blk.buf[0] in the stream
	long int64 // offset of the line being skipped
	skip bool  // inside a line beyond the limit
	gap  gap
}

// run reads until the end, which is nil, an error or close.
func (p *pump) run() error {
	defer func() { p.pool.put(p.blk) }()
	for idle := 0; ; {
		began := time.Now()
		into := p.blk.buf[p.fill:p.pool.room(p.blk.large)]
		n, err := p.st.r.Read(into)
		p.fill += n
		if n > 0 && !p.cut(n) {
			return nil
		}
		if idle++; n > 0 {
			idle = 0
		}
		switch {
		case errors.Is(err, io.EOF):
			p.last()
			return nil
		case err == nil && idle >= 100:
			err = io.ErrNoProgress
		}
		if err != nil {
			select {
			case <-p.st.done: // our own deadline
				return nil
			default:
			}
			p.last()
			return err
		}
		if n == len(into) || n >= smallRead {
			p.gap = 0 // the writer is fast: a rest would only hold it up
			continue
		}
		// A slow writer's lines gather in the pipe meanwhile, so that ten
		// thousand single lines a second are not ten thousand blocks.
		p.gap = p.gap.next(time.Since(began))
		if !p.gap.wait(p.st.done) {
			return nil
		}
	}
}

// cut hands over the lines that the last n bytes made whole; false when the
// stream was closed.
func (p *pump) cut(n int) bool {
	if !p.known {
		p.recognise(p.fill == p.pool.room(true))
	}
	if p.skip {
		end := p.lineEnd(p.blk.buf[:p.fill])
		if end == 0 {
			p.pass()
			return true
		}
		if n = p.fill - end; !p.passed(p.long, p.off+int64(end)) {
			return false
		}
		copy(p.blk.buf, p.blk.buf[end:p.fill])
		p.off, p.fill, p.skip = p.off+int64(end), n, false
	}
	if p.wide() {
		if end := p.wideEnd(n); end > 0 {
			return p.handOverWide(end)
		}
	} else if i := bytes.LastIndexByte(p.blk.buf[p.fill-n:p.fill], '\n'); i >= 0 {
		return p.handOver(p.fill - n + i + 1)
	}
	switch {
	case p.fill < p.pool.room(p.blk.large):
	case p.fill > p.pool.line:
		p.long, p.skip = p.off, true
		p.pass()
	default:
		p.move(0, true)
	}
	return true
}

// handOver sends the first end bytes as a batch and keeps the rest.
func (p *pump) handOver(end int) bool {
	out := p.move(end, p.fill-end >= p.pool.room(false))
	out.batch.Offset, out.batch.Data = p.off, out.buf[:end]
	p.off += int64(end)
	out.end = p.off
	return p.send(out)
}

// move goes on in a new block, with the bytes behind from, and returns the old.
func (p *pump) move(from int, large bool) *block {
	old, next := p.blk, p.pool.get(large)
	p.fill = copy(next.buf, old.buf[from:p.fill])
	p.blk = next
	if from == 0 {
		p.pool.put(old)
	}
	return old
}

// passed tells that the line in [from, to) was too long.
func (p *pump) passed(from, to int64) bool {
	b := p.st.pool.get(false)
	b.batch.Offset, b.batch.Data, b.batch.TooLong = from, b.buf[:0], 1
	b.end = to
	return p.send(b)
}

// last hands over the line that the end of the stream left without a newline.
func (p *pump) last() {
	if !p.known && p.fill > 0 {
		p.recognise(true)
	}
	switch {
	case p.skip:
		p.passed(p.long, p.off)
	case p.wide():
		p.lastWide()
	case p.fill > 0:
		p.blk.buf[p.fill] = '\n' // the block has room to spare
		p.fill++
		p.handOver(p.fill)
	}
}

func (p *pump) send(b *block) bool {
	select {
	case p.st.ready <- b:
		p.st.wake()
		return true
	case <-p.st.done:
		p.st.pool.put(b)
		return false
	}
}

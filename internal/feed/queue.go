package feed

import (
	"io"
	"sync"
)

// A queue holds whole lines between those who bring them and the one who reads
// them, in bounded memory. It is safe for concurrent use.
//
// It is not a channel of lines: a send for each line costs ten times what a
// copy does, and the reader takes as many bytes as it has room for.
type queue struct {
	limit int // bytes; a single put may be longer

	mu      sync.Mutex
	filled  sync.Cond // there is something to read, or the end
	drained sync.Cond // there is room, or the end
	buf     []byte    // guarded by mu
	from    int       // of the first byte not read, guarded by mu
	ended   bool      // nothing more is put, guarded by mu
	err     error     // why, if not because it was closed; guarded by mu
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.filled.L, q.drained.L = &q.mu, &q.mu
	return q
}

// put appends a copy of b, waiting for room; false when the queue was closed.
func (q *queue) put(b []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended && len(q.buf) > q.from && len(q.buf)-q.from+len(b) > q.limit {
		q.drained.Wait()
	}
	if q.ended {
		return false
	}
	if q.from > 0 && len(q.buf)+len(b) > cap(q.buf) {
		q.buf = q.buf[:copy(q.buf, q.buf[q.from:])]
		q.from = 0
	}
	q.buf = append(q.buf, b...)
	q.filled.Signal()
	return true
}

// read takes what there is, as much as fits into p, waiting for the first byte.
func (q *queue) read(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.ended && len(q.buf) == q.from {
		q.filled.Wait()
	}
	if len(q.buf) == q.from {
		if q.err != nil {
			return 0, q.err
		}
		return 0, io.EOF
	}
	n := copy(p, q.buf[q.from:])
	if q.from += n; q.from == len(q.buf) {
		q.buf, q.from = q.buf[:0], 0
	}
	q.drained.Broadcast()
	return n, nil
}

// end tells the reader that there is no more behind what was put, and why.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.ended {
		q.ended, q.err = true, err
	}
	q.filled.Broadcast()
	q.drained.Broadcast()
}

// close lets reader and writers go.
func (q *queue) close() { q.end(nil) }

// over reports whether nothing more is put.
func (q *queue) over() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

package monitor

// A queue holds lanes with lines in hand, the one furthest behind first; of those
// that have come equally far the first one. It is a binary heap.
type queue []queued

type queued struct {
	lane *lane
	time int64 // how far it has come
}

func (q queue) before(i, j int) bool {
	if q[i].time != q[j].time {
		return q[i].time < q[j].time
	}
	return q[i].lane.index < q[j].lane.index
}

// first is how far the first lane has come, forever where there is none.
func (q queue) first() int64 {
	if len(q) == 0 {
		return forever
	}
	return q[0].time
}

func (q *queue) push(l *lane, time int64) {
	*q = append(*q, queued{l, time})
	h := *q
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.before(i, up) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// pop takes the first lane out. There must be one.
func (q *queue) pop() *lane {
	h := *q
	l, last := h[0].lane, len(h)-1
	h[0] = h[last]
	h[last] = queued{}
	h = h[:last]
	*q = h
	for i := 0; ; {
		down := 2*i + 1
		if down >= last {
			return l
		}
		if down+1 < last && h.before(down+1, down) {
			down++
		}
		if !h.before(down, i) {
			return l
		}
		h[i], h[down] = h[down], h[i]
		i = down
	}
}

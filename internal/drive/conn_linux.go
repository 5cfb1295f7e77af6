package drive

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A phase is what a connection is about.
type phase uint8

const (
	vacant     phase = iota // there is none
	connecting              // not there yet, with a request that waits for it
	writing                 // a part of a request is out
	reading                 // its answer is awaited
	idle                    // it waits for a request
)

// A conn is a slot for a connection.
type conn struct {
	fd      int
	life    int32 // counts the connections of the slot: events of an earlier one are stale
	peer    int32
	phase   phase
	watched uint32 // the events that epoll waits for
	uses    int    // requests on this connection

	// The request under way.
	due, sent time.Duration
	request   int
	number    int64
	again     bool // it was sent before, on a connection that was closed
	out       []byte
	off       int
	answer    answer
	// In the order in which they were put to use: neighbours.
	older, newer int32
}

// send gives a request to a connection: one that is free, a new one, or a new one in place of
// one to another server. It is false where all are taken.
func (l *loop) send(request int, due time.Duration) bool {
	w := &l.wires[request]
	p := &l.peers[w.peer]
	slot := int32(-1)
	switch {
	case len(p.idle) > 0:
		// The one used last: then the fewest are used, and the others may be closed by
		// servers that want to.
		slot = p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
	case len(l.vacant) > 0:
		slot = l.take()
	default:
		if slot = l.evict(); slot < 0 {
			return false
		}
		slot = l.take()
	}
	now := l.now()
	l.tally.send(due, now)
	l.ended = now
	c := &l.conns[slot]
	c.due, c.sent, c.request, c.again, c.number = due, now, request, false, l.cursor.number
	l.begin(slot)
	return true
}

// take returns a slot without a connection.
func (l *loop) take() int32 {
	slot := l.vacant[len(l.vacant)-1]
	l.vacant = l.vacant[:len(l.vacant)-1]
	return slot
}

// evict closes a free connection, -1 where there is none.
func (l *loop) evict() int32 {
	for i := range l.peers {
		if idle := l.peers[i].idle; len(idle) > 0 {
			slot := idle[0]
			l.drop(slot)
			return slot
		}
	}
	return -1
}

// begin puts a slot to use for the request that is in it.
func (l *loop) begin(slot int32) {
	c := &l.conns[slot]
	w := &l.wires[c.request]
	if w.form != nil {
		c.out = w.form.append(c.out[:0], stamp{c.number, l.o.Seed})
	} else {
		c.out = append(append(c.out[:0], w.line...), w.rest...)
	}
	c.off = 0
	c.answer.limit = l.o.MaxBody
	c.answer.reset(w.noBody)
	l.enlist(slot)
	if c.fd < 0 {
		if err := l.connect(slot); err != nil {
			l.lose(slot, opening(err))
			return
		}
	}
	c.uses++
	l.write(slot)
}

// enlist puts a slot at the end of those in use.
func (l *loop) enlist(slot int32) {
	c := &l.conns[slot]
	c.older, c.newer = l.newest, -1
	if l.newest >= 0 {
		l.conns[l.newest].newer = slot
	} else {
		l.oldest = slot
	}
	l.newest = slot
	l.busy++
}

// delist takes a slot out of those in use.
func (l *loop) delist(slot int32) {
	c := &l.conns[slot]
	if c.older >= 0 {
		l.conns[c.older].newer = c.newer
	} else {
		l.oldest = c.newer
	}
	if c.newer >= 0 {
		l.conns[c.newer].older = c.older
	} else {
		l.newest = c.older
	}
	l.busy--
}

// connect opens the connection of a slot, without waiting for it.
func (l *loop) connect(slot int32) error {
	c := &l.conns[slot]
	c.peer = l.wires[c.request].peer
	p := &l.peers[c.peer]
	fd, err := unix.Socket(p.inet, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.fd, c.uses, c.watched, c.phase = fd, 0, 0, connecting
	c.life++
	l.open++
	l.most = max(l.most, l.open)
	l.opened++
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err := unix.Connect(fd, p.addr); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	return nil
}

// watch says which events of a connection matter.
func (l *loop) watch(slot int32, events uint32) {
	c := &l.conns[slot]
	if c.watched == events {
		return
	}
	op := unix.EPOLL_CTL_MOD
	if c.watched == 0 {
		op = unix.EPOLL_CTL_ADD
	}
	c.watched = events
	if err := unix.EpollCtl(l.poll, op, c.fd, &unix.EpollEvent{Events: events, Fd: slot, Pad: c.life}); err != nil {
		l.lose(slot, other) // out of kernel memory
	}
}

// write sends what is left of a request. A connection that is not there yet takes nothing,
// which is no error; over loopback it is there at once.
func (l *loop) write(slot int32) {
	c := &l.conns[slot]
	for c.off < len(c.out) {
		n, err := unix.Write(c.fd, c.out[c.off:])
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			if c.phase != connecting || c.off > 0 {
				c.phase = writing
			}
			l.watch(slot, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP)
			return
		case err != nil:
			l.falter(slot, err)
			return
		}
		c.off += n
		l.out += int64(n)
	}
	c.phase = reading
	l.watch(slot, unix.EPOLLIN|unix.EPOLLRDHUP)
}

// happen handles an event of a connection.
func (l *loop) happen(e unix.EpollEvent) {
	c := &l.conns[e.Fd]
	if c.fd < 0 || c.life != e.Pad {
		return // closed by an event before this one
	}
	if c.phase == connecting {
		code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = unix.Errno(code)
		}
		if err != nil {
			l.falter(e.Fd, err)
			return
		}
		if e.Events&unix.EPOLLOUT == 0 {
			return
		}
		c.phase = writing
	}
	life := c.life
	if e.Events&^uint32(unix.EPOLLOUT) != 0 {
		l.read(e.Fd)
	}
	if c.life == life && c.fd >= 0 && c.phase == writing && e.Events&unix.EPOLLOUT != 0 {
		l.write(e.Fd)
	}
}

// read takes what has come. One read for each event: a body without an end keeps nobody
// else waiting, and what is left is told of again.
func (l *loop) read(slot int32) {
	c := &l.conns[slot]
	n, err := unix.Read(c.fd, l.buf)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return
	case c.phase == idle:
		// A server that closes what it is not asked on is within its rights; one that
		// speaks unasked is not.
		if n > 0 {
			l.in += int64(n)
			l.surplus++
		}
		l.drop(slot)
		return
	case err != nil:
		l.falter(slot, err)
		return
	case n == 0:
		l.finishAtEnd(slot)
		return
	}
	l.in += int64(n)
	used, f := c.answer.feed(l.buf[:n])
	switch {
	case f != noFault:
		l.lose(slot, f)
	case c.answer.at == whole:
		l.complete(slot, used < n)
	}
}

// finishAtEnd is for a connection that the server has closed.
func (l *loop) finishAtEnd(slot int32) {
	c := &l.conns[slot]
	switch f := c.answer.end(); {
	case f == noFault:
		l.complete(slot, false)
	case f == closed:
		l.falter(slot, nil)
	default:
		l.lose(slot, f)
	}
}

// complete counts an answer, and frees its connection or closes it.
func (l *loop) complete(slot int32, over bool) {
	c := &l.conns[slot]
	l.tally.answer(c.due, c.sent, l.now(), c.answer.status, c.answer.body)
	l.delist(slot)
	if over {
		l.surplus++
	}
	// An answer before the whole of its request is an answer; what is left of the request
	// would be taken for the next one.
	if over || !c.answer.keep || l.o.Fresh || c.off < len(c.out) {
		c.phase = vacant
		l.drop(slot)
		return
	}
	c.phase = idle
	p := &l.peers[c.peer]
	p.idle = append(p.idle, slot)
}

// falter is for a connection that broke; nil is its end. Where it was in use before and no part
// of the answer had come, the server has closed it while the request was on its way: then that
// is sent again, once, as browsers do.
func (l *loop) falter(slot int32, err error) {
	c := &l.conns[slot]
	f := during(err, c.answer.begun())
	if c.phase == connecting {
		f = opening(err)
	}
	if (f == closed || f == reset) && c.uses > 1 && !c.again && !c.answer.begun() && l.wires[c.request].twice && !l.stopped {
		l.delist(slot)
		c.phase = vacant
		l.drop(slot)
		l.retried++
		l.take() // the slot that was just let go of
		c.again = true
		l.begin(slot)
		return
	}
	l.lose(slot, f)
}

// lose counts a request without an answer, and closes its connection.
func (l *loop) lose(slot int32, f fault) {
	c := &l.conns[slot]
	l.fail(c.due, c.sent, l.now(), f)
	l.delist(slot)
	c.phase = vacant
	l.drop(slot)
}

// drop closes the connection of a slot that is not in use.
func (l *loop) drop(slot int32) {
	c := &l.conns[slot]
	if c.phase == idle {
		p := &l.peers[c.peer]
		if i := slices.Index(p.idle, slot); i >= 0 {
			p.idle = slices.Delete(p.idle, i, i+1)
		}
		c.phase = vacant
	}
	if c.fd >= 0 {
		_ = unix.Close(c.fd) // which takes it out of epoll
		c.fd = -1
		l.open--
	}
	l.vacant = append(l.vacant, slot)
}

package drive

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"weir/internal/pace"
)

// A loop is one goroutine that sends, and sleeps in the system: non-blocking sockets, their
// events, and a clock that is met to some microseconds. It belongs to the goroutine of
// run. Where a request or a connection is meant by its number, -1 is none.
//
// Because all of this is one state that each event changes, it is one struct; what belongs
// to a connection is in conn.
type loop struct {
	o  *Options
	at map[string]string // addresses of sites
	tally

	poll    int // epoll(7)
	signal  int // eventfd(2) that says that the run is to be stopped
	begun   time.Time
	buf     []byte
	events  []unix.EpollEvent
	peers   []peer
	wires   []wire // by request
	conns   []conn // by slot
	vacant  []int32
	open    int   // connections
	oldest  int32 // of the connections in use, by the time they were put to use
	newest  int32
	busy    int // how many they are
	cursor  cursor
	ending  atomic.Bool   // set by somebody else, who then wakes the loop by signal
	changes chan change   // the same
	waits   []unix.PollFd // for poll
	step    int64         // from one request of this loop to the next
	several bool          // there are other loops
	thread  int           // of the system
	yielded time.Duration // when it last let others run
	stopped bool
	full    bool          // it was stopped since all connections were taken
	halt    time.Duration // when nothing is waited for any more; 0 for not yet
	ended   time.Duration // when the last request was sent
	freed   time.Duration // up to when all connections were taken, the last time
}

// A peer is a server: where it is, and the connections to it that are free, the one
// that was used last at the end.
type peer struct {
	addr unix.Sockaddr
	inet int // family
	idle []int32
}

// A wire is a request as it is sent: the line up to the target, and all that stands
// behind it, which many requests may share.
type wire struct {
	peer          int32
	line          []byte
	rest          []byte
	form          *form // instead of both, where it has marks
	twice, noBody bool  // it may be sent again; its answer has no body
}

// A cursor is at the first request of the Plan that has not been sent.
type cursor struct {
	due     time.Duration
	request int // may be Nobody
	more    bool
	waits   bool  // it was due while all connections were taken
	number  int64 // in the whole Plan
}

// A change is a Setting from a time on.
type change struct {
	at time.Duration
	to Setting
}

// now is the time since the start.
func (l *loop) now() time.Duration { return time.Since(l.begun) }

// run follows the Plan to its end, or until it is told to stop; tell takes the figures of each
// second, with its times where there are several loops. Where the loop stops since all
// connections are taken it calls full.
func (l *loop) run(tell func(Progress, Times), full func()) outcome {
	l.advance()
	l.yield(0)
	defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // the usual one, for whoever has the thread then
	for tick := time.Second; ; {
		now := l.now()
		if now >= l.yielded+turnLength {
			l.yield(now)
		}
		l.sendDue(now)
		l.expire()
		if l.full && full != nil {
			full()
			full = nil
		}
		if now >= tick {
			l.report(now, tell)
			tick = now.Truncate(time.Second) + time.Second
		}
		if !l.cursor.more && l.busy == 0 || l.halt > 0 && now >= l.halt {
			break
		}
		l.await(min(tick, l.next()))
	}
	return l.finish()
}

// turnLength is how often the loop yields: the scheduler of Go takes the processor from a goroutine that
// has had it for 10 ms, in the middle of a system call, and its watchdog then looks every 20
// microseconds for the next one. That cost a fifth of the processor time of batches at 10,000 a
// second. The thread is not locked, since a yield is two switches of threads then.
const turnLength = 5 * time.Millisecond

// yield lets other goroutines run, and makes sure of the thread that the loop then is on.
func (l *loop) yield(now time.Duration) {
	runtime.Gosched()
	if thread := unix.Gettid(); thread != l.thread {
		l.thread = thread
		// Timers of a thread may be late by its slack, 50 microseconds unless said otherwise.
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	}
	l.yielded = now
}

// heed does what the signal is about.
func (l *loop) heed() {
	var eight [8]byte
	_, _ = unix.Read(l.signal, eight[:])
	for {
		select {
		case c := <-l.changes:
			l.turn(c)
			continue
		default:
		}
		break
	}
	if l.ending.Load() {
		l.stop()
	}
}

// turn makes a change.
func (l *loop) turn(by change) {
	p, ok := l.o.Plan.(Turning)
	c := &l.cursor
	if !ok || !turns(l.o.Plan) || !c.more || l.stopped {
		return
	}
	l.hand.turn(by.at, by.to)
	back := c.due > by.at && c.request != Nobody
	p.Turn(by.at, by.to, back)
	if back {
		c.number -= l.step
	}
	if back || c.request == Nobody {
		l.advance()
	}
}

// prepare makes everything that the run needs before its first request is due.
func (l *loop) prepare() error {
	l.oldest, l.newest = -1, -1
	l.hand.setting = l.o.Setting
	l.buf = make([]byte, 64<<10)
	l.events = make([]unix.EpollEvent, 256)
	l.conns = make([]conn, l.o.Connections)
	for i := range l.conns {
		l.conns[i].fd = -1
		l.vacant = append(l.vacant, int32(len(l.conns)-1-i))
	}
	if err := l.address(); err != nil {
		return err
	}
	var err error
	if l.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("cannot wait for connections: %w", os.NewSyscallError("epoll_create1", err))
	}
	if l.signal, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(l.poll)
		return fmt.Errorf("cannot wait for connections: %w", os.NewSyscallError("eventfd", err))
	}
	l.waits = []unix.PollFd{{Fd: int32(l.poll), Events: unix.POLLIN}}
	return unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, l.signal, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: -1})
}

// address makes the peers, and the bytes of the requests.
func (l *loop) address() error {
	peers := map[string]int32{}
	rests := map[restKey][]byte{}
	for i := range l.o.Requests {
		r := &l.o.Requests[i]
		site := r.Site.Scheme + "://" + r.Site.Host
		p, ok := peers[site]
		if !ok {
			at, err := netip.ParseAddrPort(l.at[site])
			if err != nil {
				return fmt.Errorf("%s: %w", site, err)
			}
			p = int32(len(l.peers))
			peers[site] = p
			l.peers = append(l.peers, newPeer(at))
		}
		if r.Templated() {
			f := &form{head: appendHeader([]byte(r.Method+" "+r.Target), r, l.o), body: r.Body, sized: sized(r)}
			l.wires = append(l.wires, wire{peer: p, form: f, twice: r.safe(), noBody: r.Method == "HEAD"})
			continue
		}
		key := restKeyOf(r)
		if rests[key] == nil {
			rests[key] = appendRest(nil, r, l.o)
		}
		l.wires = append(l.wires, wire{p, []byte(r.Method + " " + r.Target), rests[key], nil, r.safe(), r.Method == "HEAD"})
	}
	return nil
}

func newPeer(at netip.AddrPort) peer {
	addr := at.Addr()
	if addr.Unmap().Is4() {
		return peer{addr: &unix.SockaddrInet4{Port: int(at.Port()), Addr: addr.Unmap().As4()}, inet: unix.AF_INET}
	}
	to := &unix.SockaddrInet6{Port: int(at.Port()), Addr: addr.As16()}
	if zone := addr.Zone(); zone != "" {
		if i, err := net.InterfaceByName(zone); err == nil {
			to.ZoneId = uint32(i.Index)
		}
	}
	return peer{addr: to, inet: unix.AF_INET6}
}

func (l *loop) close() {
	for i := range l.conns {
		if l.conns[i].fd >= 0 {
			l.drop(int32(i))
		}
	}
	_ = unix.Close(l.signal)
	_ = unix.Close(l.poll)
}

// advance moves the cursor to the next request of the Plan.
func (l *loop) advance() {
	c := &l.cursor
	c.due, c.request, c.more = l.o.Plan.Next()
	c.waits = false
	if c.request != Nobody {
		c.number += l.step
	}
}

// sendDue sends what is due, as far as there are connections. It sends no more than so many
// in a row: answers are waiting, and a server that refuses takes no connection up.
func (l *loop) sendDue(now time.Duration) {
	const row = 256
	for n := 0; n < row && l.cursor.more && l.when(l.cursor.due) <= now && !l.stopped; n++ {
		if l.cursor.request == Nobody {
			l.advance()
			continue
		}
		if !l.send(l.cursor.request, l.cursor.due) {
			if l.overloaded() {
				continue
			}
			l.cursor.waits = true
			return
		}
		if l.cursor.waits {
			l.freed = l.ended
		}
		if l.cursor.due < l.freed {
			l.waited++
		}
		l.plan(l.cursor.due)
		l.advance()
		now = l.now()
	}
}

// overloaded does with the request at the cursor, for which there is no connection, what the
// options want; false where it is to wait. Answers that have come already free theirs first.
func (l *loop) overloaded() bool {
	switch {
	case l.o.Overload == Queue:
		return false
	case l.look() && !l.blocked():
	case l.o.Overload == Drop:
		l.skip(l.now(), dropped)
	default:
		l.full = true
		l.stop()
	}
	return true
}

// blocked tells whether the request at the cursor could not be sent now.
func (l *loop) blocked() bool {
	return l.open == len(l.conns) && l.busy == l.open
}

// when is when a request that is due is to be sent: at the end of its batch, even where something
// else happens before, since what is sent one by one costs a third more. To sleep a little behind the
// first answer, so that one wake-up reads several, was tried, and won nothing.
func (l *loop) when(due time.Duration) time.Duration {
	if b := l.o.Batch; b > 0 && due < pace.Forever-b {
		return (due + b - 1) / b * b
	}
	return due
}

// next is when something is to be done, if nothing happens before.
func (l *loop) next() time.Duration {
	at := time.Duration(1<<63 - 1)
	if l.cursor.more && !l.stopped && (!l.blocked() || l.o.Overload != Queue) {
		at = l.when(l.cursor.due)
	}
	if l.oldest >= 0 {
		at = min(at, l.conns[l.oldest].sent+l.o.Timeout)
	}
	if l.halt > 0 {
		at = min(at, l.halt)
	}
	return at
}

// await handles what happens until a time, and returns soon after something has.
func (l *loop) await(until time.Duration) {
	// At high rates something has happened already: then this is the only call.
	if l.busy > 0 && l.look() {
		return
	}
	left := until - l.now()
	ahead := spin
	if l.o.Batch > 0 {
		ahead = 0
	}
	if left <= ahead {
		if l.busy == 0 {
			l.look()
		}
		return
	}
	// Ppoll sleeps to the nanosecond, epoll_wait to the millisecond; a timerfd would be a call
	// more for each request.
	ts := unix.NsecToTimespec(int64(left - ahead))
	if n, err := unix.Ppoll(l.waits, &ts, nil); n > 0 && err == nil {
		l.look()
	}
}

// look handles what has happened; false for nothing.
func (l *loop) look() bool {
	n, err := unix.EpollWait(l.poll, l.events, 0)
	if err != nil {
		return false // interrupted by a signal
	}
	for _, e := range l.events[:max(n, 0)] {
		if e.Fd < 0 {
			l.heed()
			continue
		}
		l.happen(e)
	}
	return n > 0
}

// stop ends the sending, and soon the waiting.
func (l *loop) stop() {
	if l.stopped {
		return
	}
	l.stopped = true
	now := l.now()
	l.halt = now + grace
	// What was due up to now counts as due; the rest was never asked for.
	c := &l.cursor
	for c.more && c.due <= now {
		l.skip(now, unsent)
	}
	c.more, l.last = false, now
}

// expire gives up requests that have taken too long, and those that have been due for as
// long.
func (l *loop) expire() {
	for l.oldest >= 0 {
		slot := l.oldest
		c := &l.conns[slot]
		now := l.now()
		if now < c.sent+l.o.Timeout {
			break
		}
		f := timeout
		if c.phase == connecting {
			f = unopened
		}
		l.lose(slot, f)
	}
	for now := l.now(); l.cursor.more && l.cursor.request != Nobody && l.blocked() && now-l.cursor.due > l.o.Timeout; {
		l.skip(now, unsent)
	}
}

// skip gives up the request at the cursor, for which no connection was free. So a run
// against a server that stands still ends soon after its schedule.
func (l *loop) skip(now time.Duration, f fault) {
	if l.cursor.request != Nobody {
		l.plan(l.cursor.due)
		l.fail(l.cursor.due, l.cursor.due, now, f)
	}
	l.advance()
}

// report tells the figures of the last second.
func (l *loop) report(now time.Duration, tell func(Progress, Times)) {
	var recent Times
	if l.several {
		recent.merge(&l.recent)
	}
	p := l.tick(now, l.o.Plan)
	p.UnderWay, p.Connections = l.busy, l.open
	if l.cursor.more && l.cursor.due < now && l.cursor.request != Nobody {
		p.Behind = now - l.cursor.due
	}
	tell(p, recent)
}

func (l *loop) finish() outcome {
	for l.oldest >= 0 {
		l.lose(l.oldest, abandoned)
	}
	l.settle()
	return outcome{tally: &l.tally, begun: l.begun, length: l.last, ended: l.ended, stopped: l.stopped, full: l.full}
}

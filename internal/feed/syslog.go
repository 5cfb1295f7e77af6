package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// maxConnections bounds the memory of connections, with maxMessage.
	maxConnections = 256
	// receiveBuffer is what the system is asked to keep of datagrams, in bytes.
	// It may give less: net.core.rmem_max on Linux.
	receiveBuffer = 8 << 20
	// readBytes is what one read of a connection takes.
	readBytes = 16 << 10
)

// inUse and notHere are what systems say of addresses. On Windows they never
// compare equal; the text of the system is shown there.
const (
	inUse   = syscall.EADDRINUSE
	notHere = syscall.EADDRNOTAVAIL
	nobody  = syscall.ECONNREFUSED
)

// Syslog listens on an address and returns the messages that are sent there,
// a line each with its head, RFC 3164 or RFC 5424, as it came.
//
// A datagram is one message, whatever it holds. Connections may count octets
// or end messages by line feeds, each as it likes, idle as long as they like;
// the half message at the end of a connection is a line.
//
// A socket file that nobody listens on any more is replaced; the error is for
// any other file, and for what the system does not allow.
func Syslog(a Address) (*Feed, error) {
	f := newFeed(a.text)
	s := &socket{feed: f, address: a, done: make(chan struct{}), connections: map[net.Conn]bool{}}
	if a.file() {
		if err := s.makeRoom(); err != nil {
			return nil, err
		}
	}
	if err := s.listen(); err != nil {
		return nil, bindError(a, err)
	}
	f.stop = s.close
	return f, nil
}

// A socket is the listening side of one address.
type socket struct {
	feed    *Feed
	address Address
	file    os.FileInfo // of the socket file, nil for ports
	done    chan struct{}
	running sync.WaitGroup
	closer  func() error // of what listens
	long    atomic.Bool  // a message was

	mu          sync.Mutex
	connections map[net.Conn]bool // guarded by mu
	refused     bool              // that connections were refused was told; guarded by mu
}

// makeRoom removes a socket file that was left behind.
func (s *socket) makeRoom() error {
	a := s.address
	info, err := os.Lstat(a.at)
	if err != nil {
		return nil // nothing there, or what listening will tell
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("cannot listen on %s: there is a file of that name which is no socket: choose another path", a)
	}
	conn, err := net.Dial(a.network, a.at)
	switch {
	case err == nil:
		conn.Close()
		return bindError(a, inUse)
	case !errors.Is(err, nobody):
		// Of the other kind of socket, for one: somebody has it open.
		return fmt.Errorf("cannot listen on %s: there is a socket of that name that something else may be listening on (%w): remove it, or choose another path", a, err)
	}
	if err := os.Remove(a.at); err != nil {
		return bindError(a, err)
	}
	return nil
}

// listen binds the address and starts to take what comes.
func (s *socket) listen() error {
	a := s.address
	switch a.network {
	case "udp":
		pc, err := net.ListenPacket("udp", a.at)
		if err != nil {
			return err
		}
		conn := pc.(*net.UDPConn) // which ListenPacket makes of "udp"
		s.closer = conn.Close
		s.bound(conn.LocalAddr())
		d := &datagrams{socket: s, size: bufferFor(conn), drops: countDrops(conn)}
		d.read = func(b, oob []byte) (int, int, error) {
			n, oobn, _, _, err := conn.ReadMsgUDPAddrPort(b, oob)
			return n, oobn, err
		}
		s.running.Go(d.run)
	case "unixgram":
		conn, err := net.ListenUnixgram(a.network, &net.UnixAddr{Name: a.at, Net: a.network})
		if err != nil {
			return err
		}
		if err := s.own(); err != nil {
			conn.Close()
			return err
		}
		s.closer = conn.Close
		// Its senders are told when the buffer is full, so nothing is dropped here.
		d := &datagrams{socket: s, size: bufferFor(conn)}
		d.read = func(b, _ []byte) (int, int, error) {
			n, err := conn.Read(b)
			return n, 0, err
		}
		s.running.Go(d.run)
	default:
		l, err := net.Listen(a.network, a.at)
		if err != nil {
			return err
		}
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false) // close removes the file, if it is still ours
			if err := s.own(); err != nil {
				l.Close()
				return err
			}
		} else {
			s.bound(l.Addr())
		}
		s.closer = l.Close
		s.running.Go(func() { s.accept(l) })
	}
	return nil
}

// bound tells where it listens, which for port 0 nobody knows yet.
func (s *socket) bound(at net.Addr) {
	s.feed.tell("listening on %s", at)
	if open(at) {
		s.feed.tell("any machine that reaches this one may send lines; %s://127.0.0.1 takes those of this machine only", at.Network())
	}
}

// own gives the socket file its mode and remembers which file it is.
func (s *socket) own() error {
	info, err := os.Lstat(s.address.at)
	if err == nil {
		s.file = info
		err = os.Chmod(s.address.at, s.address.mode)
	}
	if err == nil {
		s.feed.tell("listening on %s", s.address.at)
	}
	return err
}

// close ends all connections and removes the socket file, unless another
// process has put its own there.
func (s *socket) close() {
	close(s.done)
	if s.file != nil {
		if info, err := os.Lstat(s.address.at); err == nil && os.SameFile(info, s.file) {
			_ = os.Remove(s.address.at) // if it stays, the next start removes it
		}
	}
	_ = s.closer() // nothing is written to it, so nothing can be lost
	s.mu.Lock()
	for conn := range s.connections {
		conn.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *socket) closing() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// rest waits a little; false when the socket was closed.
func (s *socket) rest(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.done:
		return false
	case <-t.C:
		return true
	}
}

// troubled is how long to rest after errors in a row: from 5 ms to a second.
func troubled(before time.Duration) time.Duration {
	return min(max(2*before, 5*time.Millisecond), time.Second)
}

// bufferFor asks for a large receive buffer and returns how large it is, 0
// where the system does not say.
func bufferFor(conn interface {
	syscall.Conn
	SetReadBuffer(bytes int) error
},
) int {
	_ = conn.SetReadBuffer(receiveBuffer) // with less, the losses are told
	return bufferSize(conn)
}

// datagrams are the messages of one socket.
type datagrams struct {
	socket *socket
	read   func(b, oob []byte) (n, oobn int, err error)
	size   int  // of the system's buffer, in bytes; 0: not known
	drops  bool // the system tells how many it dropped
	last   uint32
}

func (d *datagrams) run() {
	f := d.socket.feed
	b, oob := make([]byte, maxMessage+1), make([]byte, 64)
	var line []byte
	pause := time.Duration(0)
	for {
		n, oobn, err := d.read(b, oob)
		if d.socket.closing() {
			return
		}
		if err != nil {
			if pause == 0 {
				f.tell("%v; trying again", err)
			}
			if pause = troubled(pause); !d.socket.rest(pause) {
				return
			}
			continue
		}
		pause = 0
		if d.drops {
			d.dropped(oob[:oobn])
		}
		if n > maxMessage {
			d.socket.cut()
		}
		if line = appendLine(line[:0], b[:n]); len(line) > 0 && !f.lines.put(line) {
			return
		}
	}
}

// cut tells once that a message was too long.
func (s *socket) cut() {
	if s.long.CompareAndSwap(false, true) {
		s.feed.tell("a message was longer than %d bytes; such ones are cut there", maxMessage)
	}
}

// dropped counts what the system says it threw away.
func (d *datagrams) dropped(oob []byte) {
	total, ok := dropsIn(oob)
	if !ok || total == d.last {
		return
	}
	n := total - d.last // as the counter does, it goes round
	d.last = total
	why := ": the system dropped them, its buffer being full"
	if d.size > 0 {
		why = fmt.Sprintf(": the system dropped them, its buffer of %d kB being full; raise net.core.rmem_max (sysctl), or send over tcp://", d.size/1000)
	}
	d.socket.feed.lose(int64(n), why)
}

// accept takes connections until the socket is closed.
func (s *socket) accept(l net.Listener) {
	pause := time.Duration(0)
	for {
		conn, err := l.Accept()
		if s.closing() {
			if err == nil {
				conn.Close()
			}
			return
		}
		if err != nil {
			if pause == 0 {
				s.feed.tell("%v; trying again", err)
			}
			if pause = troubled(pause); !s.rest(pause) {
				return
			}
			continue
		}
		pause = 0
		if !s.admit(conn) {
			conn.Close()
			continue
		}
		s.running.Go(func() { s.serve(conn) })
	}
}

// admit keeps a connection, unless there are too many.
func (s *socket) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.connections) < maxConnections {
		s.connections[conn] = true
		s.refused = false
		return !s.closing()
	}
	if !s.refused {
		s.refused = true
		s.feed.tell("%d connections are open; further ones are closed at once until one of these ends", maxConnections)
	}
	return false
}

// serve takes the lines of one connection.
func (s *socket) serve(conn net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.connections, conn)
		s.mu.Unlock()
		conn.Close()
	}()
	var f framing
	in := make([]byte, readBytes)
	var lines []byte
	for {
		n, err := conn.Read(in)
		lines = f.cut(lines[:0], in[:n])
		if err != nil {
			lines = f.last(lines)
		}
		if f.cuts > 0 {
			s.cut()
		}
		if len(lines) > 0 && !s.feed.lines.put(lines) || err != nil {
			return
		}
	}
}

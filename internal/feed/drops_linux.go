package feed

import (
	"encoding/binary"
	"net"
	"syscall"
)

// countDrops asks that datagrams come with the number of those that were
// dropped before them: SO_RXQ_OVFL, socket(7). false where that is refused.
func countDrops(conn *net.UDPConn) bool {
	ok := false
	onSocket(conn, func(fd int) {
		ok = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RXQ_OVFL, 1) == nil
	})
	return ok
}

// bufferSize is that of the receive buffer. The system says the double, which
// counts its own bookkeeping.
func bufferSize(conn syscall.Conn) int {
	n := 0
	onSocket(conn, func(fd int) {
		if got, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF); err == nil {
			n = got / 2
		}
	})
	return n
}

func onSocket(conn syscall.Conn, do func(fd int)) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { do(int(fd)) }) // closed: then there is nothing to ask
}

// dropsIn reads the number out of a control message. No other was asked for, so
// it is the first; syscall.ParseSocketControlMessage would allocate for each
// datagram once something was dropped.
func dropsIn(oob []byte) (total uint32, ok bool) {
	at := syscall.CmsgLen(0)
	if len(oob) < at+4 {
		return 0, false
	}
	kind := oob[syscall.SizeofCmsghdr-4:]
	if binary.NativeEndian.Uint32(kind) != syscall.SO_RXQ_OVFL {
		return 0, false
	}
	return binary.NativeEndian.Uint32(oob[at:]), true
}

package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// An Address is where syslog messages are sent to. Make one with ParseAddress.
type Address struct {
	text    string
	network string      // of package net
	at      string      // host:port, or a path
	mode    fs.FileMode // of a socket file
}

// socketMode lets every user of the machine write, as a server that drops its
// rights has to. Whoever may send to a port of 127.0.0.1 is no smaller circle.
const socketMode = 0o666

// ParseAddress reads udp://HOST:PORT, tcp://HOST:PORT, unix:///PATH (datagrams)
// or unix-stream:///PATH. Behind a path may stand ?mode=0660, the mode of the
// socket file. Port 0 is any that is free.
func ParseAddress(text string) (Address, error) {
	a := Address{text: text, mode: socketMode}
	scheme, rest, ok := strings.Cut(text, "://")
	network, known := map[string]string{"udp": "udp", "tcp": "tcp", "unix": "unixgram", "unix-stream": "unix"}[scheme]
	if !ok || !known {
		return a, fmt.Errorf("%q does not begin with udp://, tcp://, unix:// or unix-stream://: write it as udp://127.0.0.1:5514 or unix:///run/weir.sock", text)
	}
	a.network, a.at = network, rest
	if scheme == "udp" || scheme == "tcp" {
		host, port, err := net.SplitHostPort(rest)
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n > 65535 {
			return a, fmt.Errorf("%q has no port from 0 to 65535: write it as %s://127.0.0.1:5514", text, scheme)
		}
		if strings.ContainsAny(host, "/?@ ") {
			return a, fmt.Errorf("%q: %q is no host: write it as %s://127.0.0.1:5514", text, host, scheme)
		}
		return a, nil
	}
	path, mode, given := strings.Cut(rest, "?mode=")
	a.at = path
	if !strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") {
		return a, fmt.Errorf("%q has no absolute path of a socket file: write it as %s:///run/weir.sock", text, scheme)
	}
	if given {
		m, err := strconv.ParseUint(mode, 8, 9)
		if err != nil || m == 0 {
			return a, fmt.Errorf("%q: %q is no mode of a file: write it as in %s?mode=0660", text, mode, text[:len(text)-len("?mode=")-len(mode)])
		}
		a.mode = fs.FileMode(m)
	}
	return a, nil
}

// String returns what was given.
func (a Address) String() string { return a.text }

func (a Address) file() bool { return strings.HasPrefix(a.network, "unix") }

// open reports whether others than this machine may send to what is bound.
func open(bound net.Addr) bool {
	at, err := netip.ParseAddrPort(bound.String())
	return err == nil && !at.Addr().Unmap().IsLoopback()
}

// bindError says what is in the way of listening.
func bindError(a Address, err error) error {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return fmt.Errorf("cannot listen on %s: %s is no address of this machine: 127.0.0.1 takes what it sends itself, 0.0.0.0 what anyone sends", a, dns.Name)
	case errors.Is(err, inUse):
		return fmt.Errorf("cannot listen on %s: another process does already (\"ss -lnp\" tells which): stop it, or choose another port", a)
	case errors.Is(err, fs.ErrPermission) && a.file():
		return fmt.Errorf("cannot listen on %s: permission denied: choose a directory that the user weir runs as may write to", a)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("cannot listen on %s: permission denied: ports below 1024 are for root: choose another, such as 5514", a)
	case errors.Is(err, notHere):
		return fmt.Errorf("cannot listen on %s: this machine does not have that address: 127.0.0.1 takes what it sends itself, 0.0.0.0 what anyone sends", a)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("cannot listen on %s: its directory does not exist: create it, or choose another", a)
	case a.file() && len(a.at) > longestPath:
		return fmt.Errorf("cannot listen on %s: the path has %d bytes, and sockets may have %d: choose a shorter one", a, len(a.at), longestPath)
	}
	return fmt.Errorf("cannot listen on %s: %w", a, err)
}

// longestPath is how long, in bytes, the path of a socket may be everywhere:
// Linux takes 107, the BSDs 103.
const longestPath = 103

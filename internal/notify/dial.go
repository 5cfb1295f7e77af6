package notify

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// metadata are addresses, besides those that are link-local, at which clouds tell a
// machine its own secrets: Amazon (IPv6), Alibaba, Oracle.
func metadata() []netip.Addr {
	return []netip.Addr{
		netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"),
	}
}

// denied says why no channel may speak to an address, "" where it may.
func denied(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		b := a.As16()
		// An IPv4 address behind NAT64 (RFC 6052, 64:ff9b::/96) is that address.
		if netip.MustParsePrefix("64:ff9b::/96").Contains(a) {
			a = netip.AddrFrom4([4]byte(b[12:]))
		}
	}
	if a.IsLinkLocalUnicast() {
		return "is link-local"
	}
	for _, m := range metadata() {
		if a == m {
			return "belongs to the metadata of clouds"
		}
	}
	return ""
}

// deniedError says that an address is not spoken to.
type deniedError struct{ address, why string }

// Error returns the sentence.
func (e *deniedError) Error() string {
	return fmt.Sprintf("the address %s %s, where clouds tell machines their secrets: set allow_link_local = true if it is meant", e.address, e.why)
}

// dialer returns how a channel opens connections. Addresses are looked at when the
// system connects, so that no name, and no second answer of a name server, leads around.
func (w *wire) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	if w.options.dial != nil {
		return w.options.dial
	}
	d := &net.Dialer{Timeout: w.channel.Timeout, KeepAlive: -1 * time.Second}
	if !w.channel.AllowLinkLocal {
		d.Control = refuseDenied
	}
	return d.DialContext
}

func refuseDenied(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: %w", address, err)
	}
	if why := denied(at.Addr()); why != "" {
		return &deniedError{at.Addr().String(), why}
	}
	return nil
}

package query

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/accesslog"
)

// An address is an IPv4 or IPv6 address as a number. IPv4 addresses written as
// IPv6 (::ffff:10.0.0.1) are IPv4.
type address struct {
	high, low uint64
	six       bool
}

func (a address) compare(b address) int {
	switch {
	case a.six != b.six:
		if b.six {
			return -1
		}
		return 1
	case a.high != b.high:
		if a.high < b.high {
			return -1
		}
		return 1
	case a.low < b.low:
		return -1
	case a.low > b.low:
		return 1
	}
	return 0
}

// networks is a set of addresses: stretches, sorted and apart. single tells
// that it is one address.
type networks struct {
	stretches []stretch
	single    bool
}

type stretch struct{ first, last address }

// has searches by halves: blocklists have thousands of networks.
func (n *networks) has(a address) bool {
	low, high := 0, len(n.stretches)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if n.stretches[middle].last.compare(a) < 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(n.stretches) && n.stretches[low].first.compare(a) <= 0
}

// union sorts and joins what overlaps.
func union(sets []*networks) *networks {
	var all []stretch
	for _, n := range sets {
		all = append(all, n.stretches...)
	}
	slices.SortFunc(all, func(a, b stretch) int { return a.first.compare(b.first) })
	var out []stretch
	for _, s := range all {
		if n := len(out); n > 0 && s.first.compare(out[n-1].last) <= 0 {
			if out[n-1].last.compare(s.last) < 0 {
				out[n-1].last = s.last
			}
			continue
		}
		out = append(out, s)
	}
	return &networks{stretches: out}
}

// addressValue reads an address, a network or a host name.
func addressValue(s string) (value, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return value{}, complaint(s, "network", "one such as 10.0.0.0/8 or 2001:db8::/32")
		}
		return networkValue(p), nil
	}
	a, err := netip.ParseAddr(s)
	if err == nil && a.Zone() != "" {
		return value{}, errors.New(shown(s) + " has a zone, which is not compared: write the address without %" + a.Zone()[:min(len(a.Zone()), 20)])
	}
	if err == nil {
		v := networkValue(netip.PrefixFrom(a, a.BitLen()))
		v.text, v.networks.single = a.String(), true
		return v, nil
	}
	if strings.Trim(s, "0123456789.") == "" || strings.Contains(s, ":") {
		return value{}, complaint(s, "address", "one such as 10.0.0.1 or 2001:db8::1, or a network such as 10.0.0.0/8")
	}
	return value{text: s, test: equal(s)}, nil
}

func networkValue(p netip.Prefix) value {
	p = p.Masked()
	v := value{text: p.String()}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	first := numeric(p.Addr())
	last := first
	if host := p.Addr().BitLen() - p.Bits(); host >= 64 {
		last.low = ^uint64(0)
		last.high |= ^(^uint64(0) << (host - 64))
	} else {
		last.low |= ^(^uint64(0) << host)
	}
	v.networks = &networks{stretches: []stretch{{first, last}}}
	return v
}

// numeric returns the number of an address. It keeps what Masked left: an IPv4
// address within IPv6 stays there when its network is wider than it.
func numeric(a netip.Addr) address {
	if a.Is4() {
		b := a.As4()
		return address{low: uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := a.As16()
	return address{high: binary.BigEndian.Uint64(b[:8]), low: binary.BigEndian.Uint64(b[8:]), six: a.Is6()}
}

// parseAddress reads an address from bytes. A zone is cut.
func parseAddress(b []byte) (address, bool) {
	a, ok := accesslog.ParseAddr(b)
	if !ok {
		return address{}, false
	}
	return numeric(a), true
}

package query

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
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
	b := a.As16()
	out := address{six: a.Is6()}
	for i := range 8 {
		out.high = out.high<<8 | uint64(b[i])
		out.low = out.low<<8 | uint64(b[8+i])
	}
	if !out.six {
		out.high, out.low = 0, out.low&0xffffffff
	}
	return out
}

// parseAddress reads an address as netip.ParseAddr does, from bytes and without
// the error that would have to be allocated for each host name. A zone is cut.
func parseAddress(b []byte) (address, bool) {
	for i, c := range b {
		switch c {
		case '.':
			n, ok := parseFour(b)
			return address{low: uint64(n)}, ok
		case ':':
			return parseSix(b)
		}
		if i == 4 {
			break
		}
	}
	return address{}, false
}

// parseFour reads four decimal numbers without leading zeros.
func parseFour(b []byte) (uint32, bool) {
	var all, n uint32
	dots, digits := 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			if digits > 0 && n == 0 {
				return 0, false
			}
			n = n*10 + uint32(c-'0')
			if digits++; n > 255 {
				return 0, false
			}
		case c == '.' && digits > 0 && dots < 3:
			all, n, digits = all<<8|n, 0, 0
			dots++
		default:
			return 0, false
		}
	}
	return all<<8 | n, dots == 3 && digits > 0
}

// parseSix reads the text forms of RFC 4291 section 2.2.
func parseSix(b []byte) (address, bool) {
	if i := slices.Index(b, '%'); i >= 0 && i+1 < len(b) {
		b = b[:i]
	}
	var groups [8]uint16
	n, gap := 0, -1
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		if n == 8 {
			return address{}, false
		}
		v, digits := hexadecimal(b)
		switch {
		case digits == 0 || digits > 4:
			return address{}, false
		case digits < len(b) && b[digits] == '.':
			four, ok := parseFour(b)
			if !ok || n > 6 {
				return address{}, false
			}
			groups[n], groups[n+1] = uint16(four>>16), uint16(four)
			n, b = n+2, nil
			continue
		}
		groups[n] = v
		n, b = n+1, b[digits:]
		switch {
		case len(b) == 0:
		case b[0] != ':' || len(b) == 1:
			return address{}, false
		case b[1] == ':' && gap >= 0:
			return address{}, false
		case b[1] == ':':
			gap, b = n, b[2:]
		default:
			b = b[1:]
		}
	}
	if (n == 8) == (gap >= 0) {
		return address{}, false
	}
	return joinGroups(groups, n, gap), true
}

// hexadecimal reads up to five digits at the head of b.
func hexadecimal(b []byte) (v uint16, digits int) {
	for digits < len(b) && digits < 5 {
		c := b[digits]
		switch {
		case c >= '0' && c <= '9':
			v = v<<4 | uint16(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | uint16(c|0x20-'a'+10)
		default:
			return v, digits
		}
		digits++
	}
	return v, digits
}

// joinGroups puts zeros into the gap of n groups.
func joinGroups(groups [8]uint16, n, gap int) address {
	a := address{six: true}
	zeros := 8 - n
	for i := range 8 {
		var g uint16
		switch {
		case gap < 0 || i < gap:
			g = groups[i]
		case i >= gap+zeros:
			g = groups[i-zeros]
		}
		if i < 4 {
			a.high = a.high<<16 | uint64(g)
		} else {
			a.low = a.low<<16 | uint64(g)
		}
	}
	if a.high == 0 && a.low>>32 == 0xffff {
		return address{low: a.low & 0xffffffff}
	}
	return a
}

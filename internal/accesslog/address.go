package accesslog

import (
	"bytes"
	"net/netip"
)

// ParseAddr reads an address as netip.ParseAddr does, from bytes and without an
// error that would have to be allocated for each host name. A zone is passed
// over; an IPv4 address within IPv6 is one of IPv4.
func ParseAddr(b []byte) (netip.Addr, bool) {
	for i, c := range b {
		switch {
		case c == '.':
			four, ok := parseFour(b)
			return netip.AddrFrom4(four), ok
		case c == ':':
			return parseSix(b)
		case i == 4:
			return netip.Addr{}, false
		}
	}
	return netip.Addr{}, false
}

// parseFour reads four decimal numbers without leading zeros.
func parseFour(b []byte) (four [4]byte, ok bool) {
	n, digits, dots := 0, 0, 0
	for _, c := range b {
		switch {
		case isDigit(c):
			if digits > 0 && n == 0 {
				return four, false
			}
			n = 10*n + int(c-'0')
			if digits++; n > 255 {
				return four, false
			}
		case c == '.' && digits > 0 && dots < 3:
			four[dots] = byte(n)
			n, digits = 0, 0
			dots++
		default:
			return four, false
		}
	}
	four[3] = byte(n)
	return four, dots == 3 && digits > 0
}

// parseSix reads the text forms of RFC 4291, section 2.2.
func parseSix(b []byte) (netip.Addr, bool) {
	if i := bytes.IndexByte(b, '%'); i >= 0 && i+1 < len(b) {
		b = b[:i]
	}
	var all [16]byte
	n, gap := 0, -1 // bytes read; where the :: stands among them
	if bytes.HasPrefix(b, []byte("::")) {
		gap, b = 0, b[2:]
	}
	for len(b) > 0 {
		value, digits := hexGroup(b)
		if digits == 0 || digits > 4 || n == 16 {
			return netip.Addr{}, false
		}
		if digits < len(b) && b[digits] == '.' {
			four, ok := parseFour(b)
			if !ok || n > 12 {
				return netip.Addr{}, false
			}
			n, b = n+copy(all[n:], four[:]), nil
			break
		}
		all[n], all[n+1] = byte(value>>8), byte(value)
		n, b = n+2, b[digits:]
		switch {
		case len(b) == 0:
		case b[0] != ':' || len(b) == 1, len(b) > 1 && b[1] == ':' && gap >= 0:
			return netip.Addr{}, false
		case b[1] == ':':
			gap, b = n, b[2:]
		default:
			b = b[1:]
		}
	}
	switch {
	case (n == 16) == (gap >= 0):
		return netip.Addr{}, false
	case gap >= 0:
		copy(all[16-(n-gap):], all[gap:n])
		clear(all[gap : 16-(n-gap)])
	}
	return netip.AddrFrom16(all).Unmap(), true
}

// hexGroup reads up to five digits at the head of b.
func hexGroup(b []byte) (value, digits int) {
	for digits < len(b) && digits < 5 {
		c := b[digits]
		switch {
		case isDigit(c):
			value = value<<4 | int(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			value = value<<4 | int(c|0x20-'a'+10)
		default:
			return value, digits
		}
		digits++
	}
	return value, digits
}

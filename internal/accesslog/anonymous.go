package accesslog

import (
	"bytes"
	"net/netip"
)

// AnonymousLevels is the number of levels of AppendAnonymous, from 1.
const AnonymousLevels = 3

// AppendAnonymous appends client to dst without what tells a person apart. Of
// an address the last bits are zero, as GoAccess has it:
//
//	level   IPv4                    IPv6
//	1       8 bits   192.0.2.0      64 bits   2001:db8:1:2::
//	2       16 bits  192.0.0.0      80 bits   2001:db8:1::
//	3       24 bits  192.0.0.0      96 bits   2001:db8::
//
// Of a host name its last two labels are left. A level below 1 is 1, above 3
// is 3.
func AppendAnonymous(dst, client []byte, level int) []byte {
	level = min(max(level, 1), AnonymousLevels)
	if len(client) == 0 {
		return dst
	}
	if end := firstNumbers(client, 4-level); end > 0 {
		// Most clients, without the text that ParseAddr wants.
		dst = append(dst, client[:end]...)
		for range level {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	addr, ok := parseGroups(client)
	if !ok && bytes.IndexByte(client, ':') >= 0 {
		var err error
		addr, err = netip.ParseAddr(string(client))
		ok = err == nil
	}
	switch {
	case ok:
	case bytes.ContainsAny(client, ", \t"):
		return append(dst, '-') // a list, or nothing that names a host
	default:
		return appendDomain(dst, client)
	}
	addr = addr.WithZone("").Unmap()
	keep := 32 - 8*level
	if addr.Is6() {
		keep = 128 - 48 - 16*level
	}
	prefix, err := addr.Prefix(keep)
	if err != nil {
		return append(dst, '-') // no length of ours is wrong
	}
	return prefix.Addr().AppendTo(dst)
}

// firstNumbers returns where the first n numbers of an IPv4 address end, 0 if it
// is none.
func firstNumbers(client []byte, n int) (end int) {
	dots := 0
	for i, c := range client {
		switch {
		case c == '.':
			if dots++; dots == n {
				end = i
			}
		case !isDigit(c):
			return 0
		}
	}
	if dots != 3 {
		return 0
	}
	return end
}

// parseGroups reads an IPv6 address of nothing but groups and colons, as nearly
// all are. ParseAddr wants a string, which would be one allocation a line.
func parseGroups(b []byte) (netip.Addr, bool) {
	var a [16]byte
	n, gap := 0, -1 // bytes read, and where :: stands among them
	i := 0
	if len(b) >= 2 && b[0] == ':' && b[1] == ':' {
		gap, i = 0, 2
	}
	for i < len(b) {
		group, from := 0, i
		for i < len(b) && i-from < 4 && hexValue(b[i]) >= 0 {
			group = group<<4 | hexValue(b[i])
			i++
		}
		if i == from || n == len(a) {
			return netip.Addr{}, false
		}
		a[n], a[n+1] = byte(group>>8), byte(group)
		n += 2
		if i == len(b) {
			break
		}
		if b[i] != ':' || i+1 == len(b) {
			return netip.Addr{}, false
		}
		if i++; b[i] == ':' {
			if gap >= 0 {
				return netip.Addr{}, false
			}
			gap = n
			i++
		}
	}
	if gap < 0 && n < len(a) || gap >= 0 && n == len(a) {
		return netip.Addr{}, false
	}
	if gap >= 0 {
		tail := len(a) - (n - gap)
		copy(a[tail:], a[gap:n])
		clear(a[gap:tail])
	}
	return netip.AddrFrom16(a), true
}

// hexValue is the value of a hexadecimal digit, -1 of any other byte.
func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// appendDomain appends the last two labels of a host name, behind a "*." for
// what is left away.
func appendDomain(dst, name []byte) []byte {
	dot := bytes.LastIndexByte(name, '.')
	if dot > 0 {
		dot = bytes.LastIndexByte(name[:dot], '.')
	}
	if dot < 0 {
		return append(dst, name...)
	}
	return append(append(dst, '*'), name[dot:]...)
}

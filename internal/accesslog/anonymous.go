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
	addr, err := netip.ParseAddr(string(client))
	switch {
	case err == nil:
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

package accesslog

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"weir/internal/unit"
)

// Hops knows which of the addresses that a request came through is the client:
//
//	client ──> proxy ──> proxy ──> server
//	           X-Forwarded-For: client, proxy       the list, in a header
//	                               │
//	                     Record.Client               the nearest hop
//
// Anybody can send such a header, so an address counts only as far as whoever
// wrote it down is trusted. The rule is that of nginx's real_ip_recursive on
// (ngx_http_realip_module): from the nearest hop on, and then from the right
// end of the list, the first address that is not trusted is the client.
//
// One without a header takes all clients as they are; see ReadLists.
//
// A Hops is immutable and may be used by many goroutines at once; nil stands
// for a log whose clients are taken as they are.
type Hops struct {
	name    string // as it was given
	header  string // as headerName has it
	trusted []addressRange
	all     bool // names and local sockets, too
	local   bool // a local socket
}

// addressRange is all addresses from first to last. Those of IPv4 and IPv6 are
// apart, since netip orders the ones before the others.
type addressRange struct{ first, last netip.Addr }

// longestHeader is the length of the name of a header at most.
const longestHeader = 40

// NewHops returns the Hops that read the list out of a header or field, such as
// "x-forwarded-for", and trust networks: CIDR, single addresses, "unix:" for a
// local socket, "private" for what is not reached from the Internet (loopback,
// RFC 1918, unique local, link-local, RFC 6598's 100.64.0.0/10, a local socket),
// or "all". Without any it is "private". The error says what is wrong with which.
func NewHops(header string, trusted []string) (*Hops, error) {
	h := &Hops{name: header, header: headerName(header)}
	if h.header == "" || len(h.header) > longestHeader || strings.Trim(h.header, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return nil, &HeaderError{fmt.Sprintf("%q is not the name of a header or field, such as x-forwarded-for, forwarded or cf-connecting-ip", header)}
	}
	if len(trusted) == 0 {
		trusted = []string{"private"}
	}
	for _, t := range trusted {
		if err := h.trust(strings.TrimSpace(t)); err != nil {
			return nil, err
		}
	}
	h.join()
	return h, nil
}

// ReadLists returns the Hops with which every list that a log may carry is read
// into Record.Forwarded, and clients stay as they are. Without it the lines of
// the Combined family, in which nothing names the field, are not searched for
// one: that took 25 ns a line.
func ReadLists() *Hops { return new(Hops) }

// A HeaderError says that a name is not one of a header; the other errors of
// NewHops are about what is trusted.
type HeaderError struct{ Text string }

// Error returns the sentence.
func (e *HeaderError) Error() string { return e.Text }

// Name returns the name of the header as it was given.
func (h *Hops) Name() string { return h.name }

// privateNetworks are the networks that are not reached from the Internet:
// RFC 1122, 1918, 3927 and 6598; RFC 4291, 4193.
func privateNetworks() []string {
	return []string{
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
		"::1/128", "fc00::/7", "fe80::/10",
	}
}

func (h *Hops) trust(text string) error {
	switch strings.ToLower(text) {
	case "private":
		h.local = true
		for _, n := range privateNetworks() {
			h.add(netip.MustParsePrefix(n))
		}
		return nil
	case "all":
		h.all, h.local = true, true
		return nil
	case "unix:", "unix":
		h.local = true
		return nil
	case "":
		return errors.New("an empty network: write one such as 10.0.0.0/8")
	}
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("%q is no network: write one such as 10.0.0.0/8 or 2001:db8::/32, or private, or all", text)
		}
		h.add(p)
		return nil
	}
	a, err := netip.ParseAddr(text)
	switch {
	case err == nil && a.Zone() != "":
		return fmt.Errorf("%q has a zone, which is not compared: write the address without it", text)
	case err != nil:
		return fmt.Errorf("%q is neither an address nor a network: write one such as 10.0.0.0/8, or private, or all", text)
	}
	h.add(netip.PrefixFrom(a, a.BitLen()))
	return nil
}

// add trusts a network. One of IPv4 within IPv6 is of IPv4.
func (h *Hops) add(p netip.Prefix) {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	p = p.Masked()
	last := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(last); i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	end, _ := netip.AddrFromSlice(last) // of 4 or 16 bytes
	h.trusted = append(h.trusted, addressRange{p.Addr(), end})
}

// join sorts the networks and puts those together that overlap.
func (h *Hops) join() {
	slices.SortFunc(h.trusted, func(a, b addressRange) int { return a.first.Compare(b.first) })
	var out []addressRange
	for _, r := range h.trusted {
		if n := len(out); n > 0 && r.first.Compare(out[n-1].last) <= 0 {
			if out[n-1].last.Less(r.last) {
				out[n-1].last = r.last
			}
			continue
		}
		out = append(out, r)
	}
	h.trusted = out
}

// Trusts reports whether a hop is trusted: an address in any of its forms, a
// host name (only where all are), or "unix:".
func (h *Hops) Trusts(hop []byte) bool {
	if a, ok := ParseAddr(hop); ok {
		return h.trusts(a)
	}
	return h.all || h.local && string(hop) == "unix:"
}

// trusts searches by halves: the networks of a large proxy are hundreds.
func (h *Hops) trusts(a netip.Addr) bool {
	if h.all {
		return true
	}
	low, high := 0, len(h.trusted)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if h.trusted[middle].last.Less(a) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low < len(h.trusted) && h.trusted[low].first.Compare(a) <= 0
}

// Way says how a client was found.
type Way uint8

const (
	// WayAlone is that of a line without a list: the hop is the client.
	WayAlone Way = iota
	// WayStranger is that of a hop that is not trusted: it is the client, and
	// what it sent as a list is not believed.
	WayStranger
	// WayListed is that of a client out of the list.
	WayListed
	// WayBroken is that of a list with something else than an address where the
	// next one was to be found: the last hop before that is the client.
	WayBroken
)

// Client returns the client of a request that came from hop with a list of
// addresses, and how it was found. hop is nil where the log does not have the
// address of the connection; whoever wrote the line is then taken for the one
// who wrote the right end of the list. The client is a view of hop or of list,
// without brackets, port and quotes; nil where nobody can tell.
func (h *Hops) Client(hop, list []byte) (client []byte, way Way) {
	switch {
	case len(list) == 0:
		return hop, WayAlone
	case hop != nil && !h.Trusts(hop):
		return hop, WayStranger
	}
	client = hop
	for end := len(list); end >= 0; {
		start := bytes.LastIndexByte(list[:end], ',') + 1
		host := hostOf(list[start:end])
		a, ok := ParseAddr(host)
		if !ok {
			return client, WayBroken
		}
		client = host
		if !h.trusts(a) {
			break
		}
		end = start - 1
	}
	return client, WayListed
}

// HopCounts are how many records had their clients found in which way.
type HopCounts struct {
	Records  int64 // all
	Missing  int64 // without a list
	Stranger int64 // with a list of a hop that is not trusted
	Broken   int64 // with a list in which something was no address
}

// resolve puts the client into r, and counts it.
func (a *Auto) resolve(r *Record) {
	c := &a.counts
	client, way := a.hops.Client(r.Client, r.Forwarded)
	a.nearest, a.way, r.Client = r.Client, way, client
	c.Records++
	switch way {
	case WayAlone:
		c.Missing++
	case WayStranger:
		c.Stranger++
	case WayBroken:
		c.Broken++
	}
}

// Vain reports whether no client was looked for in a list: the log has none, or
// none of a trusted hop.
func (c HopCounts) Vain() bool { return c.Missing+c.Stranger == c.Records }

// Told says in words what became of the clients of the log name; "" where each
// was found behind its proxies, or h looks for none.
func (c HopCounts) Told(name string, h *Hops) string {
	listed := c.Records - c.Missing
	switch {
	case h == nil || c.Records == 0 || c.Missing+c.Stranger+c.Broken == 0:
		return ""
	case listed == 0:
		return fmt.Sprintf("%s: no request carries %s, so its clients stay as they are logged: \"weir explain --client-from %s FILE\" tells which line of the server's configuration adds it",
			name, h.name, h.name)
	case c.Stranger == listed:
		return fmt.Sprintf("%s: no request with %s came from a trusted proxy, so its clients stay as they are logged: name the addresses of your proxies with --trust", name, h.name)
	}
	var parts []string
	for _, p := range []struct {
		n    int64
		text string
	}{
		{c.Missing, "had no " + h.name},
		{c.Stranger, "came from an address that is not trusted"},
		{c.Broken, "had something else than an address in it"},
	} {
		if p.n > 0 {
			parts = append(parts, unit.Count(p.n)+" "+p.text)
		}
	}
	return fmt.Sprintf("%s: of %s %s %s", name, unit.Count(c.Records), unit.Plural(c.Records, "request"), strings.Join(parts, ", "))
}

func (c *HopCounts) add(o HopCounts) {
	c.Records += o.Records
	c.Missing += o.Missing
	c.Stranger += o.Stranger
	c.Broken += o.Broken
}

// hostOf returns the address in an element of a list, without port, brackets
// and what may stand around it. What has an equals sign is an element of
// RFC 7239, whose address is that of its "for".
func hostOf(b []byte) []byte {
	b = trimList(b)
	if bytes.IndexByte(b, '=') >= 0 {
		b = trimList(forOf(b))
	}
	return cutAddressPort(b)
}

// forOf returns the value of "for" in for=192.0.2.60;proto=http;by=203.0.113.43
func forOf(b []byte) []byte {
	for len(b) > 0 {
		var pair []byte
		pair, b, _ = bytes.Cut(b, []byte(";"))
		pair = bytes.TrimLeft(pair, " \t+")
		if len(pair) > 4 && pair[3] == '=' && bytes.EqualFold(pair[:3], []byte("for")) {
			return pair[4:]
		}
	}
	return nil
}

// cutAddressPort takes brackets and a port off an address.
func cutAddressPort(b []byte) []byte {
	if len(b) > 0 && b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 || end+1 < len(b) && (b[end+1] != ':' || !allDigits(b[end+2:])) {
			return nil
		}
		return b[1:end]
	}
	if i := bytes.IndexByte(b, ':'); i > 0 && bytes.IndexByte(b[i+1:], ':') < 0 {
		if !allDigits(b[i+1:]) {
			return nil
		}
		return b[:i] // one colon: no IPv6 address
	}
	return b
}

// trimList takes spaces and quotes off both ends, also as servers write them:
// \x22 (nginx), \" (Apache), %20 (CloudFront, which wrote %2520 for years), +
// (IIS).
func trimList(b []byte) []byte {
	for len(b) > 0 {
		n := 0
		switch b[0] {
		case ' ', '\t', '"', '+':
			n = 1
		case '\\', '%':
			n = escapeAt(b)
		}
		if n == 0 {
			break
		}
		b = b[n:]
	}
	for len(b) > 0 {
		n := 0
		switch b[len(b)-1] {
		case '"':
			if n = 1; len(b) > 1 && b[len(b)-2] == '\\' {
				n = 2
			}
		case ' ', '\t', '+':
			n = 1
		case '0', '2':
			// A search backwards for a % in an address took 40 ns an element.
			for length := 3; length <= min(5, len(b)); length++ {
				if c := b[len(b)-length]; (c == '%' || c == '\\') && escapeAt(b[len(b)-length:]) == length {
					n = length
				}
			}
		}
		if n == 0 {
			break
		}
		b = b[:len(b)-n]
	}
	return b
}

// escapeAt is the length of the escape of a space or a quote that b begins with;
// 0 if it is none.
func escapeAt(b []byte) int {
	for _, e := range [...]string{`\"`, `\x22`, `\x20`, "%20", "%22", "%2520", "%2522"} {
		if len(b) >= len(e) && string(b[:len(e)]) == e {
			return len(e)
		}
	}
	return 0
}

// isForwarded says whether text, whose meaning nobody has named, is a list of
// addresses: what stands last in it, where a proxy writes, is one.
func isForwarded(text []byte) bool {
	if len(text) < 2 {
		return false // the "-" of most lines
	}
	_, ok := ParseAddr(hostOf(text[bytes.LastIndexByte(text, ',')+1:]))
	return ok
}

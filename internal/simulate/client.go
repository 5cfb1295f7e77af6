package simulate

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// A client is one who sends requests. It keeps its agent and its protocol.
type client struct {
	addr     string
	user     string
	agent    string
	protocol string
	bot      bool
}

// newClients draws n clients with different addresses.
func newClients(r *rand.Rand, n int) []client {
	browsers := browserAgents(r)
	browserWheel := newWheel(zipf(len(browsers), 1.1))
	bots := botAgents()
	names := users()
	seen := make(map[netip.Addr]bool, n)
	clients := make([]client, n)
	for i := range clients {
		addr := drawAddr(r)
		for seen[addr] {
			addr = drawAddr(r)
		}
		seen[addr] = true
		c := client{addr: addr.String(), user: "-", protocol: "HTTP/1.1"}
		if r.IntN(100) < 3 {
			c.bot = true
			c.agent = bots[r.IntN(len(bots))]
		} else {
			c.agent = browsers[browserWheel.draw(r)]
			switch p := r.IntN(100); {
			case p < 55:
				c.protocol = "HTTP/2.0"
			case p < 57:
				c.protocol = "HTTP/1.0"
			}
			if r.IntN(50) == 0 {
				c.user = names[r.IntN(len(names))]
			}
		}
		clients[i] = c
	}
	return clients
}

// drawAddr draws a public address, one in eight of version 6.
func drawAddr(r *rand.Rand) netip.Addr {
	if r.IntN(8) == 0 {
		a := [16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8}
		for i := 4; i < 16; i++ {
			// Half of the addresses have a short interface part, as servers do.
			if i < 8 || a[4]&1 == 0 || i >= 14 {
				a[i] = byte(r.Uint32())
			}
		}
		return netip.AddrFrom16(a)
	}
	for {
		x := r.Uint32()
		a := netip.AddrFrom4([4]byte{byte(x >> 24), byte(x >> 16), byte(x >> 8), byte(x)})
		// 0/8, shared 100.64/10 and the reserved upper end are nobody's address.
		shared := byte(x>>24) == 100 && byte(x>>16)&0xC0 == 64
		if a.IsGlobalUnicast() && !a.IsPrivate() && !shared && !isDocumented(a) && byte(x>>24) != 0 && byte(x>>24) < 224 {
			return a
		}
	}
}

// isDocumented reports whether an address of version 4 is one of those that RFC
// 5737 keeps for documentation, which here are those of programs.
func isDocumented(a netip.Addr) bool {
	b := a.As4()
	return b[0] == 192 && b[1] == 0 && b[2] == 2 || b[0] == 198 && b[1] == 51 && b[2] == 100 || b[0] == 203 && b[1] == 0 && b[2] == 113
}

// browserAgents writes agents of phones, desktops and a few programs, the most
// common first.
func browserAgents(r *rand.Rand) []string {
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
	var agents []string
	for i := range 240 {
		major := 118 + r.IntN(30)
		switch i % 8 {
		case 0, 4:
			agents = append(agents, fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64) %s Chrome/%d.0.0.0 Safari/537.36", webkit, major))
		case 1, 5:
			ios := 15 + r.IntN(4)
			agents = append(agents, fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS %d_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/%d.%d Mobile/15E148 Safari/604.1", ios, r.IntN(7), ios, r.IntN(6)))
		case 2, 6:
			agents = append(agents, fmt.Sprintf("Mozilla/5.0 (Linux; Android %d; Pixel %d) %s Chrome/%d.0.%d.%d Mobile Safari/537.36", 11+r.IntN(5), 5+r.IntN(5), webkit, major, 5000+r.IntN(2000), r.IntN(200)))
		case 3:
			agents = append(agents, fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", major, major))
		default:
			agents = append(agents, fmt.Sprintf("okhttp/4.%d.%d", r.IntN(13), r.IntN(3)))
		}
	}
	return agents
}

// botAgents returns agents of programs that say so.
func botAgents() []string {
	return []string{
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
		"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
		"Mozilla/5.0 (compatible; ExampleCrawler/1.4; +https://crawler.example/about)",
		"curl/8.11.0",
		"python-requests/2.32.3",
	}
}

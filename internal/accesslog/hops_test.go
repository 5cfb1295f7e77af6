package accesslog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
)

func hops(t testing.TB, header string, trusted ...string) *Hops {
	t.Helper()
	h, err := NewHops(header, trusted)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestTheClientIsTheFirstHopThatIsNotTrusted(t *testing.T) {
	private, all := hops(t, "x-forwarded-for"), hops(t, "x-forwarded-for", "all")
	narrow := hops(t, "x-forwarded-for", "10.0.0.1", "2001:db8:1::/48", "::ffff:192.0.2.0/120")
	for _, c := range []struct {
		hops       *Hops
		hop, list  string
		want       string
		way        Way
		whatItIsOf string
	}{
		{private, "10.0.0.1", "203.0.113.7", "203.0.113.7", WayListed, "one proxy"},
		{private, "10.0.0.1", "", "10.0.0.1", WayAlone, "no list"},
		{private, "198.51.100.1", "", "198.51.100.1", WayAlone, "no list of a stranger"},
		{private, "198.51.100.1", "203.0.113.7", "198.51.100.1", WayStranger, "a stranger may forge the header"},
		{private, "10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7", WayListed, "what the client sent is not believed"},
		{private, "10.0.0.1", "203.0.113.7, 10.0.0.2,192.168.1.1", "203.0.113.7", WayListed, "several proxies"},
		{private, "127.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9", WayListed, "all are trusted: the leftmost"},
		{private, "127.0.0.1", "unknown, 10.0.0.8", "10.0.0.8", WayBroken, "the walk ends at what is no address"},
		{private, "127.0.0.1", "-", "127.0.0.1", WayBroken, ""},
		{private, "127.0.0.1", "203.0.113.7, garbage", "127.0.0.1", WayBroken, ""},
		{private, "127.0.0.1", "203.0.113.7,", "127.0.0.1", WayBroken, "an empty element"},
		{private, "127.0.0.1", ", 203.0.113.7", "203.0.113.7", WayListed, "an empty element nobody comes to"},
		{private, "127.0.0.1", ", 10.0.0.1", "10.0.0.1", WayBroken, ""},
		{private, "127.0.0.1", "203.0.113.7:51000", "203.0.113.7", WayListed, "a port (Azure)"},
		{private, "127.0.0.1", "[2001:db8::7]:51000", "2001:db8::7", WayListed, ""},
		{private, "127.0.0.1", "[2001:db8::7]", "2001:db8::7", WayListed, ""},
		{private, "127.0.0.1", "2001:db8::7", "2001:db8::7", WayListed, ""},
		{private, "127.0.0.1", "[2001:db8::7", "127.0.0.1", WayBroken, ""},
		{private, "127.0.0.1", "[2001:db8::7]x", "127.0.0.1", WayBroken, ""},
		{private, "127.0.0.1", "203.0.113.7:http", "127.0.0.1", WayBroken, ""},
		{private, "::ffff:10.0.0.1", "203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7", WayListed, "IPv4 within IPv6"},
		{private, "fe80::1%eth0", "203.0.113.7", "203.0.113.7", WayListed, "a zone"},
		{private, "unix:", "203.0.113.7", "203.0.113.7", WayListed, "a local socket"},
		{narrow, "unix:", "203.0.113.7", "unix:", WayStranger, ""},
		{private, "100.64.0.1", "203.0.113.7", "203.0.113.7", WayListed, "RFC 6598"},
		{private, "100.128.0.1", "203.0.113.7", "100.128.0.1", WayStranger, ""},
		{private, "172.31.255.255", "fd12::1, 169.254.1.1", "fd12::1", WayListed, ""},
		{private, "172.32.0.0", "203.0.113.7", "172.32.0.0", WayStranger, ""},
		{private, "proxy.example.org", "203.0.113.7", "proxy.example.org", WayStranger, "a name can be anybody's"},
		{all, "proxy.example.org", "203.0.113.7", "203.0.113.7", WayListed, ""},
		{all, "8.8.8.8", "203.0.113.7, 1.1.1.1", "203.0.113.7", WayListed, ""},
		{private, "", "203.0.113.7, 10.0.0.1", "203.0.113.7", WayListed, "the log has no hop of its own"},
		{private, "", "203.0.113.7, 198.51.100.1", "198.51.100.1", WayListed, ""},
		{private, "", "garbage", "", WayBroken, ""},
		{private, "", "", "", WayAlone, ""},
		{narrow, "10.0.0.1", "203.0.113.7, 10.0.0.2", "10.0.0.2", WayListed, ""},
		{narrow, "192.0.2.200", "203.0.113.7, 2001:DB8:1:2::3", "203.0.113.7", WayListed, ""},
		{narrow, "192.0.3.0", "203.0.113.7", "192.0.3.0", WayStranger, ""},
		{private, "10.0.0.1", "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60", WayListed, "RFC 7239"},
		{private, "10.0.0.1", `For="[2001:db8:cafe::17]:4711"`, "2001:db8:cafe::17", WayListed, ""},
		{private, "10.0.0.1", `for=192.0.2.43, for="[2001:db8:cafe::17]", proto=https;For=10.0.0.3`, "2001:db8:cafe::17", WayListed, ""},
		{private, "10.0.0.1", `for=\x22[2001:db8:cafe::17]:4711\x22`, "2001:db8:cafe::17", WayListed, "as nginx escapes it"},
		{private, "10.0.0.1", `for=\"[2001:db8:cafe::17]:4711\"`, "2001:db8:cafe::17", WayListed, "as Apache escapes it"},
		{private, "10.0.0.1", "for=192.0.2.43, for=_hidden", "10.0.0.1", WayBroken, "obfuscated"},
		{private, "10.0.0.1", "for=192.0.2.43, for=unknown, for=10.0.0.2", "10.0.0.2", WayBroken, ""},
		{private, "10.0.0.1", `for="_gazonk"`, "10.0.0.1", WayBroken, ""},
		{private, "10.0.0.1", "proto=https;by=10.0.0.1", "10.0.0.1", WayBroken, "nobody is named"},
		{private, "10.0.0.1", "203.0.113.7,%2010.0.0.2", "203.0.113.7", WayListed, "as CloudFront writes spaces"},
		{private, "10.0.0.1", "203.0.113.7,+10.0.0.2", "203.0.113.7", WayListed, "as IIS writes spaces"},
		{private, "10.0.0.1", `"1.1.1.1","203.0.113.7, 10.0.0.2"`, "203.0.113.7", WayListed, "an array of JSON"},
	} {
		var hop, list []byte
		if c.hop != "" {
			hop = []byte(c.hop)
		}
		if c.list != "" {
			list = []byte(c.list)
		}
		if got, way := c.hops.Client(hop, list); string(got) != c.want || way != c.way || (got == nil) != (c.want == "") {
			t.Errorf("%s, %q, %q: got %q (%d), want %q (%d)", c.whatItIsOf, c.hop, c.list, got, way, c.want, c.way)
		}
	}
}

// reference is the rule again, with lists and maps, for lists of plain elements.
func reference(trusts func(netip.Addr) bool, hop string, list []string) string {
	a, err := netip.ParseAddr(hop)
	if err != nil || !trusts(a.Unmap()) {
		return hop
	}
	chain := []string{hop}
	for i := len(list) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			break
		}
		chain = append(chain, a.String())
		if !trusts(a.Unmap()) {
			break
		}
	}
	return chain[len(chain)-1]
}

func TestTheWalkIsThatOfTheReference(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 9))
	for range 50_000 {
		var prefixes []netip.Prefix
		var trusted []string
		for range 1 + r.IntN(4) {
			a := randomAddr(r)
			p := netip.PrefixFrom(a, r.IntN(a.BitLen()+1))
			if p.Addr().Is4In6() && p.Bits() < 96 {
				continue // of IPv6, as which no address of IPv4 is compared
			}
			trusted = append(trusted, p.String())
			if a.Is4In6() {
				p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
			}
			prefixes = append(prefixes, p.Masked())
		}
		if len(trusted) == 0 {
			continue
		}
		trusts := func(a netip.Addr) bool {
			for _, p := range prefixes {
				if p.Contains(a) {
					return true
				}
			}
			return false
		}
		var list []string
		for range 1 + r.IntN(5) {
			if r.IntN(12) == 0 {
				list = append(list, []string{"unknown", "", "1.2.3", "::1::", "300.1.1.1", "01.2.3.4"}[r.IntN(6)])
				continue
			}
			list = append(list, strings.Repeat(" ", r.IntN(2))+randomAddr(r).String())
		}
		text := strings.Join(list, ",")
		if text == "" {
			continue
		}
		hop := randomAddr(r).String()
		got, _ := hops(t, "x", trusted...).Client([]byte(hop), []byte(text))
		if want := reference(trusts, hop, list); string(got) != want {
			t.Fatalf("%s, %q, trusting %v: got %s, want %s", hop, text, trusted, got, want)
		}
	}
}

// randomAddr returns addresses that are often near one another.
func randomAddr(r *rand.Rand) netip.Addr {
	b := byte(r.IntN(4) * 85)
	four := [4]byte{10, 0, b, byte(r.IntN(256))}
	switch r.IntN(4) {
	case 0:
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, b, 15: byte(r.IntN(256))})
	case 1:
		return netip.AddrFrom16(netip.AddrFrom4(four).As16())
	case 2:
		return netip.AddrFrom4([4]byte{byte(r.IntN(256)), b, 0, byte(r.IntN(256))})
	}
	return netip.AddrFrom4(four)
}

func TestAnAddressIsWhatNetipSaysItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	pieces := []string{"1", "255", "256", "0", "00", ".", "..", ":", "::", "a", "ffff", "12345", "%", "%z", "10.0.0.1", "g", "-"}
	for range 200_000 {
		var text string
		for range 1 + r.IntN(9) {
			text += pieces[r.IntN(len(pieces))]
		}
		if r.IntN(2) == 0 {
			text = randomAddr(r).String()
		}
		got, ok := ParseAddr([]byte(text))
		want, err := netip.ParseAddr(text)
		if ok != (err == nil) || ok && got != want.WithZone("").Unmap() {
			t.Fatalf("%q: got %v %v, want %v %v", text, got, ok, want, err)
		}
	}
}

func TestWhatCannotBeTrustedIsToldWhy(t *testing.T) {
	for _, c := range []struct{ header, trusted, want string }{
		{"x-forwarded-for", "10.0.0.0/33", "is no network"},
		{"x-forwarded-for", "10.0.0.300", "neither an address nor a network"},
		{"x-forwarded-for", "proxy.example.org", "neither an address nor a network"},
		{"x-forwarded-for", "", "an empty network"},
		{"x-forwarded-for", "fe80::1%eth0", "has a zone"},
		{"", "private", "is not the name of a header"},
		{"x forwarded for", "private", "is not the name of a header"},
		{strings.Repeat("x", 41), "private", "is not the name of a header"},
	} {
		_, err := NewHops(c.header, []string{c.trusted})
		var header *HeaderError
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &header) != (c.want == "is not the name of a header") {
			t.Errorf("%q, %q: got %v, want %q", c.header, c.trusted, err, c.want)
		}
	}
}

func FuzzHops(f *testing.F) {
	f.Add([]byte("10.0.0.1"), []byte("203.0.113.7, [::1]:80"))
	f.Add([]byte("unix:"), []byte(`for="[2001:db8::1]:80";by=x,for=\x22_a\x22`))
	f.Add([]byte(""), []byte(`%2520,+, \"`))
	private, all := hops(f, "x-forwarded-for"), hops(f, "x-forwarded-for", "all")
	f.Fuzz(func(t *testing.T, hop, list []byte) {
		for _, h := range []*Hops{private, all} {
			got, way := h.Client(hop, list)
			if string(got) == string(hop) {
				continue
			}
			if _, ok := ParseAddr(got); !ok || !strings.Contains(string(list), string(got)) {
				t.Errorf("%q, %q: got %q, which is no address of the list", hop, list, got)
			}
			if way == WayStranger || way == WayAlone {
				t.Errorf("%q, %q: got %q by way %d", hop, list, got, way)
			}
		}
	})
}

// listed is a way in which a log may carry the list.
type listed struct {
	format, header string // of Formats, or a string; the header that is asked for
	lines          string // headers, then the line
	client         string // without Hops
	list           string // of the header
	behind         string // the client with it
}

const (
	aTime   = "[10/Oct/2000:13:55:36 -0700]"
	aFront  = "10.0.0.1 - - " + aTime + ` "GET /a HTTP/1.1" 200 17`
	aChain  = "1.1.1.1, 203.0.113.7, 10.0.0.2"
	aTail   = ` "-" "curl/8"`
	isoPart = `"time":"2000-10-10T20:55:36Z","method":"GET","path":"/a","status":200`
)

func listings() []listed {
	xff := func(format, lines, client string) listed {
		return listed{format, "X-Forwarded-For", lines, client, aChain, "203.0.113.7"}
	}
	nginx := `$remote_addr [$time_local] "$request" $status "$http_x_forwarded_for"`
	named := func(header, lines string) listed {
		return listed{`$remote_addr [$time_local] "$request" $status "$http_x_real_ip" "$http_true_client_ip" "$http_my_ip"`, header, lines, "10.0.0.1", "203.0.113.7", "203.0.113.7"}
	}
	three := func(a, b, c string) string {
		return "10.0.0.1 " + aTime + ` "GET /a HTTP/1.1" 200 "` + a + `" "` + b + `" "` + c + `"`
	}
	caddy := func(array string) string {
		return `{"logger":"http.log.access","ts":971211336.5,"request":{"remote_ip":"10.0.0.1","method":"GET","uri":"/a","headers":{"X-Forwarded-For":` + array + `}},"status":200,"duration":0.1}`
	}
	return []listed{
		xff("combined", aFront+aTail+` "`+aChain+`"`, "10.0.0.1"),
		xff("combined", aFront+aTail+` "`+aChain+`" "10.0.0.9:80"`, "10.0.0.1"),
		xff("combined", aFront+aTail+` "10.0.0.9:80" "`+aChain+`" x`, "10.0.0.1"),
		xff("combined", aFront+aTail+` "-" "10.0.0.9:80, 10.0.0.8:80" "`+aChain+`"`, "10.0.0.1"),
		xff("combined", aFront+aTail+` 512 a="b c" "`+aChain+`"`, "10.0.0.1"),
		xff("combined-time", aFront+aTail+` "`+aChain+`" 0.042`, "10.0.0.1"),
		xff("combined-time", aFront+aTail+` 0.042 "`+aChain+`"`, "10.0.0.1"),
		xff("combined-us", aFront+aTail+` "`+aChain+`" 42000`, "10.0.0.1"),
		xff("combined-us-size", aFront+" 42000"+aTail+` "`+aChain+`"`, "10.0.0.1"),
		xff("vhost-combined", "www.example.org:80 "+aFront+aTail+` "`+aChain+`"`, "10.0.0.1"),
		xff("vhost-combined-time", "www.example.org:80 "+aFront+aTail+` "`+aChain+`" 0.042`, "10.0.0.1"),
		{"combined", "forwarded", aFront + aTail + ` "for=203.0.113.7;proto=http"`, "10.0.0.1", "for=203.0.113.7;proto=http", "203.0.113.7"},
		xff("ingress-nginx", "10.0.0.1 - ["+aChain+"] - - "+aTime+` "GET /a HTTP/1.1" 200 17`+aTail+` 512 0.042 [default-web-80] 192.0.2.80:80 2300 0.041 200 4bf92f35`, "10.0.0.1"),
		xff("combined", "10.0.0.1 - ["+aChain+"] - - "+aTime+` "GET /a HTTP/1.1" 200 17`+aTail+` 512 0.042 [default-web-80] 192.0.2.80:80 2300 0.041 200`, "10.0.0.1"),
		xff("haproxy", `10.0.0.1:51000 [10/Oct/2000:20:55:36.042] www web/app1 0/0/1/41/42 200 2326 - - ---- 1/1/0/0/0 0/0 {www.example.org|`+aChain+`|curl} "GET /a HTTP/1.1"`, "10.0.0.1"),
		xff("envoy", exampleEnvoy+` 0 2326 42 41 "`+aChain+`" "curl/8" "x" "www.example.org" "192.0.2.80:8080"`, "1.1.1.1"),
		xff("istio", exampleEnvoy+` via_upstream - "-" 0 2326 42 41 "`+aChain+`" "curl/8" "x" "www.example.org" "192.0.2.80:8080" inbound|8080|| 127.0.0.6:40000 192.0.2.80:8080 10.0.0.1:51000 outbound_.80_._.web default`, "1.1.1.1"),
		xff("json", `{"response_flags":"-","downstream_remote_address":"10.0.0.1:51000","x_forwarded_for":"`+aChain+`","start_time":"2000-10-10T20:55:36Z","method":"GET","path":"/a","response_code":200}`, "1.1.1.1"),
		xff("json", `{"remote_addr":"10.0.0.1","http_x_forwarded_for":"`+aChain+`",`+isoPart+`}`, "10.0.0.1"),
		xff("json", `{"xff":"`+aChain+`",`+isoPart+`}`, "1.1.1.1"),
		xff("json", `{"ClientHost":"10.0.0.1","request_X-Forwarded-For":"`+aChain+`",`+isoPart+`}`, "10.0.0.1"),
		xff("json", `{"client_ip":"`+aChain+`",`+isoPart+`}`, "1.1.1.1"),
		xff("json", caddy(`["`+aChain+`"]`), "10.0.0.1"),
		{"json", "x-forwarded-for", caddy(`[ "1.1.1.1", "203.0.113.7", "10.0.0.2" ]`), "10.0.0.1", ` "1.1.1.1", "203.0.113.7", "10.0.0.2" `, "203.0.113.7"},
		{"json", "cf-connecting-ip", `{"remote_addr":"10.0.0.1","http_cf_connecting_ip":"203.0.113.7","x_forwarded_for":"1.1.1.1",` + isoPart + `}`, "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"json", "my-ip", `{"remote_addr":"10.0.0.1","headers":{"my-ip":"203.0.113.7"},"x_forwarded_for":"1.1.1.1",` + isoPart + `}`, "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		xff("ltsv", "time:"+aTime+"\thost:10.0.0.1\txff:"+aChain+"\treq:GET /a HTTP/1.1\tstatus:200", "10.0.0.1"),
		xff("ltsv", "time:"+aTime+"\tremote_addr:10.0.0.1\tforwardedfor:"+aChain+"\treq:GET /a HTTP/1.1\tstatus:200", "10.0.0.1"),
		{"ltsv", "true-client-ip", "time:" + aTime + "\thost:10.0.0.1\txff:1.1.1.1\ttrue_client_ip:203.0.113.7\treq:GET /a HTTP/1.1", "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		xff("csv", "date,ip,X-Forwarded-For,request,status\n971211336,10.0.0.1,\""+aChain+"\",GET /a HTTP/1.1,200", "10.0.0.1"),
		{"csv", "my-ip", "date,ip,xff,my ip,request,status\n971211336,10.0.0.1,1.1.1.1,203.0.113.7,GET /a HTTP/1.1,200", "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"w3c", "x-forwarded-for", "#Fields: date time c-ip cs(X-Forwarded-For) cs-uri-stem sc-status\n2000-10-10 20:55:36 10.0.0.1 1.1.1.1,+203.0.113.7,+10.0.0.2 /a 200", "10.0.0.1", "1.1.1.1,+203.0.113.7,+10.0.0.2", "203.0.113.7"},
		{"w3c", "X-Original-IP", "#Fields: date time c-ip cs(X-Original-IP) X-Forwarded-For cs-uri-stem sc-status\n2000-10-10 20:55:36 10.0.0.1 203.0.113.7 1.1.1.1 /a 200", "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		{"cloudfront", "x-forwarded-for", strings.Replace(strings.Replace(Formats()[18].Example, "0.042\t-", "0.042\t203.0.113.7", 1), "203.0.113.7", "10.0.0.1", 1), "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		xff(nginx, "10.0.0.1 "+aTime+` "GET /a HTTP/1.1" 200 "`+aChain+`"`, "10.0.0.1"),
		xff(`$http_x_forwarded_for [$time_local] "$request" $status`, aChain+" "+aTime+` "GET /a HTTP/1.1" 200`, "1.1.1.1"),
		xff(`$remote_addr $realip_remote_addr [$time_local] "$request" "$http_x_forwarded_for"`, "198.51.100.5 10.0.0.1 "+aTime+` "GET /a HTTP/1.1" "`+aChain+`"`, "198.51.100.5"),
		named("x-real-ip", three("203.0.113.7", "1.1.1.1", "1.1.1.2")),
		named("True_Client_IP", three("1.1.1.2", "203.0.113.7", "1.1.1.1")),
		named("$http_my_ip", three("1.1.1.2", "1.1.1.1", "203.0.113.7")),
		xff(`%h %t "%r" %>s "%{X-Forwarded-For}i"`, "10.0.0.1 "+aTime+` "GET /a HTTP/1.1" 200 "`+aChain+`"`, "10.0.0.1"),
		xff(`%a %{c}a %t "%r" %>s "%{X-Forwarded-For}i"`, "198.51.100.5 10.0.0.1 "+aTime+` "GET /a HTTP/1.1" 200 "`+aChain+`"`, "198.51.100.5"),
		{`%h %t "%r" %>s "%{X-Forwarded-For}i" "%{My-IP}i"`, "my-ip", "10.0.0.1 " + aTime + ` "GET /a HTTP/1.1" 200 "1.1.1.1" "203.0.113.7"`, "10.0.0.1", "203.0.113.7", "203.0.113.7"},
		xff(`%h ~h{, } [%x] "%r" %s`, "10.0.0.1 "+aChain+" "+aTime+` "GET /a HTTP/1.1" 200`, "1.1.1.1"),
	}
}

// of returns the format of a case.
func (l *listed) of(t testing.TB) Format {
	f, ok := Lookup(l.format)
	if !ok {
		var err error
		if f, err = Compile(l.format); err != nil {
			t.Fatalf("%s: %v", l.format, err)
		}
	}
	return f
}

func TestEveryFormatThatCanCarryAListDoes(t *testing.T) {
	for _, l := range listings() {
		t.Run(l.format+"/"+l.header, func(t *testing.T) {
			lines := strings.Split(l.lines, "\n")
			plain, behind, other := NewForced(l.of(t)), NewForced(l.of(t)), NewForced(l.of(t))
			behind.Behind(hops(t, l.header))
			other.Behind(hops(t, "x-nobody-has-this"))
			_, r := feed(plain, lines...)
			if string(r.Client) != l.client {
				t.Errorf("without: got client %q, want %q", r.Client, l.client)
			}
			outs, r := feed(behind, lines...)
			if out := outs[len(outs)-1]; out.Kind != Hit || string(r.Client) != l.behind || string(r.Forwarded) != l.list {
				t.Errorf("behind: got %+v, client %q, list %q, want %q and %q", out, r.Client, r.Forwarded, l.behind, l.list)
			}
			if c := behind.HopCounts(); c != (HopCounts{Records: 1}) {
				t.Errorf("behind: got %+v, want 1 record", c)
			}
			fork := behind.Fork()
			if _, r := feed(fork, lines[len(lines)-1]); string(r.Client) != l.behind {
				t.Errorf("fork: got %q, want %q", r.Client, l.behind)
			}
			if !behind.Follow(fork) || behind.HopCounts().Records != 2 {
				t.Errorf("after a fork: got %+v, want 2 records", behind.HopCounts())
			}
			if !strings.HasPrefix(l.format, "combined") && !strings.HasPrefix(l.format, "vhost") && !strings.Contains(l.format, "~h") &&
				l.format != "haproxy" && l.format != "ingress-nginx" && !strings.Contains(l.lines, `"client_ip"`) {
				if _, r := feed(other, lines...); r.Forwarded != nil || other.HopCounts().Missing != 1 {
					t.Errorf("another header: got %q, %+v, want nothing", r.Forwarded, other.HopCounts())
				}
			}
		})
	}
}

func TestWhatMayBeMadeUpIsNoList(t *testing.T) {
	for _, c := range []struct{ format, line string }{
		{"haproxy", `10.0.0.1:51000 [10/Oct/2000:20:55:36.042] www web/app1 0/0/1/41/42 200 2326 - - ---- 1/1/0/0/0 0/0 {1.1.1.1|` + aChain + `} "GET /a HTTP/1.1"`},
		{"combined", aFront + aTail + ` "-" "10.0.0.9:80"`},
		{"combined", aFront + aTail + ` "-" "10.0.0.9:80, 10.0.0.8:80"`},
		{"combined", aFront + aTail + ` "0.042" "1.2"`},
		{"combined", aFront + ` "-" "203.0.113.7" "-"`},
	} {
		f, _ := Lookup(c.format)
		a := NewForced(f)
		a.Behind(hops(t, "x-forwarded-for"))
		if outs, r := feed(a, c.line); outs[0].Kind != Hit || r.Forwarded != nil || string(r.Client) != "10.0.0.1" {
			t.Errorf("%s: got %+v, client %q, list %q, want none", c.line, outs[0], r.Client, r.Forwarded)
		}
	}
}

func TestAMappedKeyIsTheListWhateverTheHeader(t *testing.T) {
	f, err := CompileJSON([]string{"forwarded=via.addresses"})
	if err != nil {
		t.Fatal(err)
	}
	a := NewForced(f)
	a.Behind(hops(t, "x-forwarded-for"))
	_, r := feed(a, `{"remote_addr":"10.0.0.1","x_forwarded_for":"1.1.1.1","via":{"addresses":["203.0.113.7"]},`+isoPart+`}`)
	if string(r.Client) != "203.0.113.7" {
		t.Errorf("got %q", r.Client)
	}
}

// TestAForgedListHidesNobody: behind a trusted proxy, whatever the client itself
// has sent in front of what the proxy adds.
func TestAForgedListHidesNobody(t *testing.T) {
	for _, forged := range []string{"", "1.1.1.1", "10.0.0.1", `for="`, `\x22`, "unknown", "a b c", ",,,", `\"`, "[", "1.1.1.1:80"} {
		list := strings.TrimPrefix(forged+", 203.0.113.7", ", ")
		for _, line := range []string{
			aFront + aTail + ` "` + list + `"`,
			aFront + aTail + ` "` + list + `" "10.0.0.9:80"`,
			`{"remote_addr":"10.0.0.1","x_forwarded_for":"` + strings.ReplaceAll(strings.ReplaceAll(list, `\`, `\\`), `"`, `\"`) + `",` + isoPart + `}`,
		} {
			if line[0] == '1' && strings.Contains(forged, `="`) {
				continue // a server escapes the quote
			}
			a := new(Auto)
			a.Behind(hops(t, "x-forwarded-for"))
			if outs, r := feed(a, line); outs[0].Kind != Hit || string(r.Client) != "203.0.113.7" {
				t.Errorf("%s: got %+v %q", line, outs[0], r.Client)
			}
		}
	}
}

func TestLookingForTheClientAllocatesNothing(t *testing.T) {
	for _, l := range listings() {
		lines := strings.Split(l.lines, "\n")
		a := NewForced(l.of(t))
		a.Behind(hops(t, l.header))
		feed(a, lines...)
		line := []byte(lines[len(lines)-1])
		var r Record
		if n := testing.AllocsPerRun(100, func() { a.Parse(line, &r) }); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", l.format, n)
		}
	}
}

func BenchmarkHops(b *testing.B) {
	for _, c := range []struct{ name, tail string }{
		{"none", ""},
		{"dash", ` "-"`},
		{"one", ` "203.0.113.7"`},
		{"chain", ` "203.0.113.7, 10.0.0.2, 10.0.0.3"`},
	} {
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/behind=%v", c.name, with), func(b *testing.B) {
				f, _ := Lookup("combined")
				a := NewForced(f)
				if with {
					a.Behind(hops(b, "x-forwarded-for"))
				}
				line := []byte(`10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /pages/create?id=7 HTTP/1.1" 200 2326` + exampleTail + c.tail)
				var r Record
				b.SetBytes(int64(len(line)))
				b.ReportAllocs()
				for b.Loop() {
					if a.Parse(line, &r).Kind != Hit {
						b.Fatal("not a hit")
					}
				}
			})
		}
	}
}

package accesslog

import "time"

// A family is how the Example of a format differs from that of Common, for the
// tests of the suite that change parts of it.
type family struct {
	expect       func(r *Record) // changes what the Example means
	request      string          // the request field; empty if the format has none
	absolute     bool            // every target is absolute and taken apart
	beforeStatus string          // what stands before the status
	port         bool            // a port follows the client
	fallback     string          // the client where the first mention of it is "-"
	dashes       []string        // pairs for a Replacer that puts "-" for all that may be missing
	optional     int             // bytes at the end without which the line is still whole
}

const (
	plainRequest = "GET /pages/create?id=7 HTTP/1.1"
	fullRequest  = "GET https://www.example.org:443/pages/create?id=7 HTTP/1.1"
)

func familyOf(format string) family {
	start := func(r *Record, nanos int32) { r.Nanos, r.Latency = nanos, 42*time.Millisecond }
	lengthened := func(r *Record) {
		start(r, 0)
		r.Referrer, r.Agent = []byte("http://www.example.org/start"), []byte("Mozilla/5.0 (X11; Linux x86_64)")
	}
	lengthenedDashes := []string{
		"200 2326", "- -", "200 - 2326 4096 42 41", "- - - - - -", "frank", "-", "http://www.example.org/start", "-",
		"Mozilla/5.0 (X11; Linux x86_64)", "-", " 0.042", " -", " 42ms", " -",
	}
	proxied := func(r *Record) {
		start(r, 42_000_000)
		r.User, r.Host, r.Agent = nil, []byte("www.example.org"), []byte("Mozilla/5.0 (X11; Linux x86_64)")
		r.Forwarded = []byte("203.0.113.7")
	}
	proxiedDashes := []string{`HTTP/1.1" 200`, `HTTP/1.1" -`, "2326 42 41", "- - -", "Mozilla/5.0 (X11; Linux x86_64)", "-"}
	balanced := func(r *Record) {
		proxied(r)
		r.Request, r.Host, r.Forwarded = []byte(fullRequest), []byte("www.example.org:443"), nil
	}
	balancedDashes := []string{"0.001 0.040 0.001 200 200 512 2326", "0.001 -1 0.001 - - 512 -", "Mozilla/5.0 (X11; Linux x86_64)", "-"}
	extended := func(r *Record) {
		lengthened(r)
		r.Request = nil
	}

	switch format {
	case "traefik":
		return family{expect: lengthened, request: plainRequest, beforeStatus: `HTTP/1.1" `, dashes: lengthenedDashes}
	case "ingress-nginx":
		return family{expect: lengthened, request: plainRequest, beforeStatus: `HTTP/1.1" `, dashes: lengthenedDashes, optional: 32}
	case "aws-s3":
		return family{expect: func(r *Record) {
			lengthened(r)
			r.Host = []byte("www.example.org")
		}, request: plainRequest, beforeStatus: `HTTP/1.1" `, dashes: lengthenedDashes, optional: 85}
	case "haproxy":
		return family{expect: func(r *Record) {
			start(r, 42_000_000)
			r.User = nil
		}, request: plainRequest, beforeStatus: "0/0/1/41/42 ", port: true, dashes: []string{"/42 200 2326", "/-1 -1 -"}}
	case "squid":
		return family{expect: func(r *Record) {
			start(r, 42_000_000)
			r.Request, r.Protocol = nil, nil
			r.Target, r.Host = []byte("http://www.example.org/pages/create?id=7"), []byte("www.example.org")
		}, beforeStatus: "TCP_MISS/", dashes: []string{" 42 ", " - ", "200 2326", "- -", "frank", "-"}, optional: 4}
	case "envoy":
		return family{expect: proxied, request: plainRequest, beforeStatus: `HTTP/1.1" `, dashes: proxiedDashes}
	case "istio":
		return family{expect: proxied, request: plainRequest, beforeStatus: `HTTP/1.1" `, dashes: proxiedDashes, fallback: "192.0.2.7"}
	case "aws-alb":
		return family{expect: balanced, request: fullRequest, absolute: true, beforeStatus: "0.001 0.040 0.001 ", port: true, dashes: balancedDashes, optional: 120}
	case "aws-elb":
		return family{expect: balanced, request: fullRequest, absolute: true, beforeStatus: "0.001 0.040 0.001 ", port: true, dashes: balancedDashes}
	case "w3c":
		return family{expect: extended, beforeStatus: "/start ", dashes: []string{
			"200 0 0 2326 512 42", "- 0 0 - 512 -", "frank", "-", "http://www.example.org/start", "-", "Mozilla/5.0+(X11;+Linux+x86_64)", "-",
		}}
	case "cloudfront":
		return family{expect: func(r *Record) {
			extended(r)
			r.User, r.Host = nil, []byte("www.example.org")
		}, beforeStatus: "/pages/create\t", dashes: []string{
			"2326", "-", "/pages/create\t200", "/pages/create\t-", "0.042", "-",
			"http://www.example.org/start", "-", "Mozilla/5.0%20(X11;%20Linux%20x86_64)", "-",
		}, optional: 9}
	case "csv":
		return family{expect: func(*Record) {}, request: plainRequest, beforeStatus: `HTTP/1.1",`}
	}
	return family{expect: func(*Record) {}, request: plainRequest, beforeStatus: `HTTP/1.1" `}
}

package accesslog

import (
	"hash/fnv"
	"slices"
)

// A Format is a way of writing access logs that this package can read. It is
// immutable.
type Format struct {
	Name    string        // what --format takes
	Title   string        // one line for people: the fields, the servers that write them
	Example string        // a line of it, after its header lines where it has any, separated by \n
	New     func() Parser // a new Parser for one log
	mark    uint64        // of the text that it was compiled of; 0 for a row of the table
}

// marked returns f with the mark of what it was compiled of, by which a stored
// state knows it again. A sum will do: a text that was made to have the sum of
// another leads nobody but its writer astray.
func (f Format) marked(texts ...string) Format {
	sum := fnv.New64a()
	for _, text := range texts {
		sum.Write([]byte(text + "\x00"))
	}
	f.mark = max(1, sum.Sum64())
	return f
}

// Formats returns the table of all formats, the most specific first: where two
// read the same lines, the one that reads more out of them comes earlier. The
// slice is the caller's own.
func Formats() []Format { return slices.Clone(formats) }

// Lookup returns the format of that name.
func Lookup(name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Names returns the names of all formats in the order of Formats.
func Names() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name
	}
	return names
}

const (
	exampleCommon = `203.0.113.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /pages/create?id=7 HTTP/1.1" 200 2326`
	exampleTail   = ` "http://www.example.org/start" "Mozilla/5.0 (X11; Linux x86_64)"`
	exampleHost   = `www.example.org:443 `

	exampleEnvoy    = `[2000-10-10T20:55:36.042Z] "GET /pages/create?id=7 HTTP/1.1" 200 -`
	exampleBalancer = `2000-10-10T20:55:36.042000Z app/web/0123456789abcdef 203.0.113.7:51000 192.0.2.80:80 0.001 0.040 0.001 200 200 512 2326 "GET https://www.example.org:443/pages/create?id=7 HTTP/1.1" "Mozilla/5.0 (X11; Linux x86_64)" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2`
)

// formats is never changed. A new format is a row here, a file of its own, and
// its expected record in the conformance suite.
var formats = []Format{
	{
		Name:    "traefik",
		Title:   "Traefik's common format: Combined with count, router, server, milliseconds",
		Example: exampleCommon + exampleTail + ` 7 "web@docker" "http://192.0.2.80:80" 42ms`,
		New:     newTraefik,
	},
	{
		Name:    "ingress-nginx",
		Title:   "Combined as ingress-nginx lengthens it: request time in seconds, service, upstream",
		Example: exampleCommon + exampleTail + ` 512 0.042 [default-web-80] [] 192.0.2.80:80 2300 0.041 200 4bf92f3577b34da6a3ce929d0e0e4736`,
		New:     newIngress,
	},
	{
		Name:    "combined-time",
		Title:   "Combined with a request time in seconds at the end (nginx $request_time)",
		Example: exampleCommon + exampleTail + ` 0.042`,
		New:     newCLF(layout{combined: true, latency: latencySeconds}),
	},
	{
		Name:    "combined-us",
		Title:   "Combined with a request time in microseconds at the end (Apache %D)",
		Example: exampleCommon + exampleTail + ` 42000`,
		New:     newCLF(layout{combined: true, latency: latencyMicros}),
	},
	{
		Name:    "combined-us-size",
		Title:   "Combined with a request time in microseconds after the size (Apache %b %D)",
		Example: exampleCommon + ` 42000` + exampleTail,
		New:     newCLF(layout{combined: true, latency: latencyMicrosSize}),
	},
	{
		Name:    "combined",
		Title:   "Combined Log Format (Apache and nginx as they are installed)",
		Example: exampleCommon + exampleTail,
		New:     newCLF(layout{combined: true}),
	},
	{
		Name:    "common",
		Title:   "Common Log Format (Apache, and many servers after it)",
		Example: exampleCommon,
		New:     newCLF(layout{}),
	},
	{
		Name:    "vhost-combined-time",
		Title:   "Combined with the virtual host in front and seconds at the end (nginx $request_time)",
		Example: exampleHost + exampleCommon + exampleTail + ` 0.042`,
		New:     newCLF(layout{host: true, combined: true, latency: latencySeconds}),
	},
	{
		Name:    "vhost-combined-us",
		Title:   "Combined with the virtual host in front and microseconds at the end (Apache %D)",
		Example: exampleHost + exampleCommon + exampleTail + ` 42000`,
		New:     newCLF(layout{host: true, combined: true, latency: latencyMicros}),
	},
	{
		Name:    "vhost-combined",
		Title:   "Combined with the virtual host in front (Apache vhost_combined)",
		Example: exampleHost + exampleCommon + exampleTail,
		New:     newCLF(layout{host: true, combined: true}),
	},
	{
		Name:    "vhost-common",
		Title:   "Common with the virtual host in front (Apache %v or %v:%p)",
		Example: exampleHost + exampleCommon,
		New:     newCLF(layout{host: true}),
	},
	{
		Name:    "haproxy",
		Title:   "HAProxy's HTTP log (option httplog, option httpslog), behind a syslog prefix too",
		Example: `203.0.113.7:51000 [10/Oct/2000:20:55:36.042] www web/app1 0/0/1/41/42 200 2326 - - ---- 1/1/0/0/0 0/0 "GET /pages/create?id=7 HTTP/1.1"`,
		New:     newHAProxy,
	},
	{
		Name:    "envoy",
		Title:   "Envoy's default format",
		Example: exampleEnvoy + ` 0 2326 42 41 "203.0.113.7" "Mozilla/5.0 (X11; Linux x86_64)" "1b4e28ba-2fa1-11d2-883f-0016d3cca427" "www.example.org" "192.0.2.80:8080"`,
		New:     newEnvoy,
	},
	{
		Name:  "istio",
		Title: "Istio's default format for Envoy",
		Example: exampleEnvoy + ` via_upstream - "-" 0 2326 42 41 "203.0.113.7" "Mozilla/5.0 (X11; Linux x86_64)" "1b4e28ba-2fa1-11d2-883f-0016d3cca427" "www.example.org" "192.0.2.80:8080"` +
			` inbound|8080|| 127.0.0.6:40000 192.0.2.80:8080 192.0.2.7:51000 outbound_.80_._.web.shop.svc.cluster.local default`,
		New: newIstio,
	},
	{
		Name:    "squid",
		Title:   "Squid's native access.log",
		Example: `971211336.042     42 203.0.113.7 TCP_MISS/200 2326 GET http://www.example.org/pages/create?id=7 frank HIER_DIRECT/192.0.2.80 text/html`,
		New:     newSquid,
	},
	{
		Name:  "aws-alb",
		Title: "Access log of an Amazon Application Load Balancer",
		Example: `https ` + exampleBalancer +
			` arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef "Root=1-39e3b0a8-0123456789abcdef01234567" "www.example.org" "-" 0 2000-10-10T20:55:36.000000Z "forward" "-" "-" "192.0.2.80:80" "200" "-" "-"`,
		New: newALB,
	},
	{
		Name:    "aws-elb",
		Title:   "Access log of an Amazon Classic Load Balancer",
		Example: exampleBalancer,
		New:     newELB,
	},
	{
		Name:  "aws-s3",
		Title: "Server access log of an Amazon S3 bucket",
		Example: `0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef www-example-org [10/Oct/2000:20:55:36 +0000] 203.0.113.7 frank 0123456789ABCDEF REST.GET.OBJECT pages/create "GET /pages/create?id=7 HTTP/1.1" 200 - 2326 4096 42 41` +
			exampleTail + ` - aG9zdCBpZA== SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader www.example.org TLSv1.2 - -`,
		New: newS3,
	},
	{
		Name:  "cloudfront",
		Title: "Standard log of Amazon CloudFront, W3C extended with tabs",
		Example: "2000-10-10\t20:55:36\tFRA56-P1\t2326\t203.0.113.7\tGET\td111111abcdef8.cloudfront.net\t/pages/create\t200\thttp://www.example.org/start\tMozilla/5.0%20(X11;%20Linux%20x86_64)\tid=7" +
			"\t-\tHit\tcmVxdWVzdCBpZA==\twww.example.org\thttps\t512\t0.042\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tHit\tHTTP/1.1\t-\t-\t51000\t0.041\tHit\ttext/html\t2300\t-\t-",
		New: newCloudFront,
	},
	{
		Name:  "w3c",
		Title: "W3C extended log, whose #Fields name what a row has (IIS and others)",
		Example: "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n" +
			"2000-10-10 20:55:36 192.0.2.80 GET /pages/create id=7 443 frank 203.0.113.7 HTTP/1.1 Mozilla/5.0+(X11;+Linux+x86_64) http://www.example.org/start 200 0 0 2326 512 42",
		New: newW3C,
	},
	{
		Name:  "csv",
		Title: "Comma-separated values with a header that names the columns (exports of many tools)",
		Example: `"remotehost","rfc931","authuser","date","request","status","bytes"` + "\n" +
			`"203.0.113.7","-","frank",971211336,"GET /pages/create?id=7 HTTP/1.1",200,2326`,
		New: newCSV,
	},
	{
		Name:    "json",
		Title:   "JSON, one object a line (nginx, Caddy, Traefik, Envoy, load balancers, applications)",
		Example: exampleJSON,
		New:     newJSON,
	},
	{
		Name:    "ltsv",
		Title:   "Labeled tab-separated values, in any order (ltsv.org)",
		Example: exampleLTSV,
		New:     newLTSV,
	},
}

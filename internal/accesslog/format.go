package accesslog

import "slices"

// A Format is a way of writing access logs that this package can read. It is
// immutable.
type Format struct {
	Name    string        // what --format takes
	Title   string        // one line for people: the fields, the servers that write them
	Example string        // a line of it, after its header lines where it has any, separated by \n
	New     func() Parser // a new Parser for one log
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
)

// formats is never changed. A new format is a row here, a file of its own, and
// its expected record in the conformance suite.
var formats = []Format{
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

package diagnosis

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"weir/internal/accesslog"
	"weir/internal/traffic"
	"weir/internal/unit"
)

// A Field is one thing that a line tells.
type Field struct {
	Name    string
	Value   string // as the log has it, or a figure for people
	Meaning string // in words; may be empty
	// Sec is the event time, where the field is one; then Value is empty, and
	// who shows it chooses the zone. Nanos is its fraction.
	IsTime bool
	Sec    int64
	Nanos  int32
}

// Fields takes a record apart. What the line does not carry is left out.
func Fields(r *accesslog.Record, format string) []Field {
	fields := []Field{{Name: "time", IsTime: true, Sec: r.Sec, Nanos: r.Nanos, Meaning: fmt.Sprintf("Unix time %d", r.Sec)}}
	add := func(name string, value []byte, meaning string) {
		if value != nil {
			fields = append(fields, Field{Name: name, Value: string(value), Meaning: meaning})
		}
	}
	figure := func(name, value, meaning string) {
		fields = append(fields, Field{Name: name, Value: value, Meaning: meaning})
	}
	add("client", r.Client, clientMeaning(r.Client))
	add("forwarded", r.Forwarded, "what proxies have logged of the client")
	add("user", r.User, "name of who is logged in")
	add("host", r.Host, "virtual host")
	if r.Malformed {
		request := r.Request
		if request == nil {
			request = []byte{}
		}
		add("request", request, "malformed: "+requestMeaning(request)+"; still counted as a hit")
	} else {
		path := r.Path()
		add("method", r.Method, methodMeaning(string(r.Method)))
		add("path", path, "section "+string((&traffic.Sections{}).Of(r.Method, r.Target, false)))
		if rest := r.Target[len(path):]; len(rest) > 1 {
			add("query", rest[1:], "not part of the path or the section")
		}
		add("protocol", r.Protocol, "")
	}
	if r.Status != 0 {
		figure("status", fmt.Sprint(r.Status), statusMeaning(r.Status))
	}
	figure("bytes", unit.Count(r.Bytes), bytesMeaning(r.Bytes))
	add("referrer", r.Referrer, "the page it came from")
	add("agent", r.Agent, "program of the client")
	if r.Latency >= 0 {
		figure("latency", strconv.FormatFloat(float64(r.Latency)/1e6, 'f', -1, 64)+" ms", latencyMeaning(format))
	}
	return fields
}

// withHop tells, in the fields of the record that p read last, how its client was
// found behind the proxies of h.
func withHop(fields []Field, h *accesslog.Hops, p *accesslog.Auto) []Field {
	if headerOf(h) == "" {
		return fields
	}
	hop, way := p.Nearest()
	i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == "client" })
	if i >= 0 {
		how := map[accesslog.Way]string{
			accesslog.WayAlone:    "the address of the connection: the line has no " + h.Name(),
			accesslog.WayStranger: "the address of the connection, which is not trusted: what it sent as " + h.Name() + " may be made up",
			accesslog.WayListed:   "out of " + h.Name() + ": the first from its right end that is not trusted",
			accesslog.WayBroken:   "the last trusted hop: what is next in " + h.Name() + " is no address",
		}[way]
		fields[i].Meaning = how
	}
	if hop == nil {
		return fields
	}
	trusted := "not trusted; --trust names proxies that are"
	if h.Trusts(hop) {
		trusted = "address of the connection, a trusted proxy"
	}
	return slices.Insert(fields, i+1, Field{Name: "hop", Value: string(hop), Meaning: trusted})
}

func bytesMeaning(n int64) string {
	if n < 1000 {
		return "sent to the client"
	}
	return "sent to the client: " + unit.Bytes(n)
}

// latencyPlace says where a format has its request time, and in which unit; ""
// where it has none. A unit is "" where the line itself tells it.
func latencyPlace(format string) (place, unit string) {
	switch {
	case strings.HasSuffix(format, "combined-time"):
		return "last field", "seconds"
	case strings.HasSuffix(format, "combined-us"):
		return "last field", "microseconds"
	}
	switch format {
	case "combined-us-size":
		return "after the size", "microseconds"
	case "traefik":
		return "last field", "milliseconds"
	case "ingress-nginx":
		return "second field after the agent", "seconds"
	case "haproxy":
		return "last of the five timers", "milliseconds"
	case "envoy", "istio":
		return "DURATION, after the sizes", "milliseconds"
	case "squid":
		return "second field", "milliseconds"
	case "aws-alb", "aws-elb":
		return "the sum of three fields", "seconds"
	case "aws-s3":
		return "the total time", "milliseconds"
	case "cloudfront":
		return "time-taken", "seconds"
	case "w3c":
		return "time-taken: seconds if it has a point, else milliseconds", ""
	case "csv":
		return "unit by the name of its column", ""
	case "json":
		return "unit by its key, its value or who wrote it", ""
	case "ltsv":
		return "reqtime or apptime in seconds, or reqtime_microsec", ""
	}
	return "", ""
}

// latencyMeaning is what a request time says, and where it stands.
func latencyMeaning(format string) string {
	place, unit := latencyPlace(format)
	switch {
	case place == "":
		return "time to answer"
	case unit != "":
		place += ", " + unit
	}
	return "time to answer (" + place + ")"
}

func clientMeaning(client []byte) string {
	a, err := netip.ParseAddr(string(client))
	switch {
	case string(client) == "unix:":
		return "a local socket"
	case err != nil:
		return "a host name: the server looks names up"
	case a.IsLoopback():
		return "this machine itself: a proxy or a check?"
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return "private network: a proxy in front?"
	case a.Is4():
		return "IPv4 address"
	}
	return "IPv6 address"
}

func methodMeaning(method string) string {
	switch method {
	case "GET":
		return "asks for something"
	case "HEAD":
		return "asks for the headers only"
	case "POST", "PUT", "PATCH":
		return "sends something"
	case "DELETE":
		return "removes something"
	case "OPTIONS":
		return "asks what is allowed"
	case "CONNECT":
		return "asks a proxy for a tunnel"
	}
	return "an uncommon method"
}

// statusMeaning is what RFC 9110 calls a status, or the server that made it up.
func statusMeaning(status int) string {
	switch status {
	case 200:
		return "OK"
	case 204:
		return "done, nothing to send"
	case 206:
		return "a part of it"
	case 301, 308:
		return "moved for good"
	case 302, 303, 307:
		return "look elsewhere"
	case 304:
		return "not changed since the client fetched it"
	case 400:
		return "bad request"
	case 401:
		return "not logged in"
	case 403:
		return "forbidden"
	case 404:
		return "not found"
	case 405:
		return "method not allowed"
	case 408:
		return "the client was too slow to ask"
	case 413:
		return "more was sent than is allowed"
	case 429:
		return "too many requests"
	case 444:
		return "closed without an answer (nginx)"
	case 460:
		return "the client gave up early (AWS)"
	case 499:
		return "the client gave up early (nginx)"
	case 500:
		return "the application failed"
	case 502:
		return "no valid answer from behind a proxy"
	case 503:
		return "overloaded or down"
	case 504:
		return "what is behind a proxy was too slow"
	}
	classes := [...]string{"", "information", "success", "redirection", "an error of the client", "an error of the server"}
	if c := status / 100; c >= 1 && c < len(classes) {
		return classes[c]
	}
	return "no status of HTTP"
}

// requestMeaning says what was sent instead of an HTTP request. Servers write
// bytes that are no text as \xHH.
func requestMeaning(request []byte) string {
	has := func(raw, written string) bool {
		return bytes.HasPrefix(request, []byte(raw)) || bytes.HasPrefix(bytes.ToUpper(request), []byte(strings.ToUpper(written)))
	}
	switch {
	case len(request) == 0:
		return "the client sent nothing"
	case has("\x16\x03", `\x16\x03`):
		return "a TLS hello, HTTPS to a port that speaks HTTP"
	case has("\x80", `\x80`):
		return "an old SSL hello, a scanner"
	case has("\x03\x00\x00", `\x03\x00\x00`):
		return "Remote Desktop (RDP), a scanner"
	case has("SSH-", "SSH-"):
		return "an SSH client"
	case has("PRI * HTTP/2", "PRI * HTTP/2"):
		return "HTTP/2 to a server that speaks HTTP/1"
	case has("\x00", `\x00`):
		return "binary, a scanner"
	case !bytes.Contains(request, []byte(" ")):
		return "one word"
	}
	return "no HTTP request"
}

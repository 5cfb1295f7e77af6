package accesslog

import (
	"bytes"
	"strings"
)

// A keyTree finds what a key is for: each node has the keys of one object, in
// lower case and with underscores for hyphens. It is never changed once made.
type keyTree struct {
	nodes []map[string]target
}

// A keyRow of a table gives names to a column, best first: of two in a line
// the one that stands earlier counts. Names separated by a space are as good
// as each other.
type keyRow struct {
	column column
	names  []string
}

// A writerRow has the keys that only one program writes.
type writerRow struct {
	writer writer
	names  string
}

// jsonRows has the keys of nginx (as people name its variables), Caddy,
// Traefik, Envoy, Google's load balancers, Cloudflare's Logpush, the Elastic
// Common Schema, pino-http and echo, then what others use.
func jsonRows() []keyRow {
	rows := []keyRow{
		{columnTime, []string{
			"msec edgestarttimestamp startutc", "time_iso8601 time_local start_time startlocal",
			"ts time timestamp datetime date epoch", "@timestamp edgeendtimestamp",
		}},
		{columnClient, []string{
			"request.client_ip clienthost", "request.remote_ip remote_addr remote_ip httprequest.remoteip source.ip req.remoteaddress",
			"client_ip clientip client.ip downstream_remote_address request.remote_addr clientaddr",
			"source.address client.address remote_host remotehost client_addr client ip c_ip",
		}},
		{columnUser, []string{"remote_user clientusername user_id user.name auth_user authuser username", "user"}},
		{columnRequest, []string{"request request_line"}},
		{columnMethod, []string{
			"request.method requestmethod httprequest.requestmethod http.request.method clientrequestmethod req.method",
			"request_method method http_method verb",
		}},
		{columnTarget, []string{
			"x_envoy_origin_path url.original", "request.uri requestpath httprequest.requesturl clientrequesturi req.url request_uri",
			"url.path uri url", "path request_path target",
		}},
		{columnQuery, []string{"url.query query_string args"}},
		{columnProtocol, []string{"request.proto requestprotocol httprequest.protocol clientrequestprotocol server_protocol", "protocol proto"}},
		{columnVersion, []string{"http.version http_version"}},
		{columnStatus, []string{
			"downstreamstatus httprequest.status http.response.status_code edgeresponsestatus res.statuscode response_code",
			"status_code statuscode http_status", "status",
		}},
		{columnBytes, []string{
			"downstreamcontentsize httprequest.responsesize http.response.body.bytes edgeresponsebytes body_bytes_sent",
			"http.response.bytes bytes_sent bytes_out response_size", "bytes size",
		}},
		{columnReferrer, []string{
			"request.headers.referer request_referer httprequest.referer clientrequestreferer http.request.referrer req.headers.referer",
			"http_referer http_referrer referer referrer",
		}},
		{columnAgent, []string{
			"request.headers.user_agent request_user_agent httprequest.useragent clientrequestuseragent user_agent.original req.headers.user_agent",
			"http_user_agent user_agent useragent", "agent ua",
		}},
		{columnHost, []string{
			"request.host requesthost :authority clientrequesthost url.domain req.headers.host",
			"http_host authority vhost virtual_host", "host", "server_name",
		}},
		{columnLogger, []string{"logger"}},
		{columnSeconds, []string{"request_time"}},
		{columnMillis, []string{"edgetimetofirstbytems"}},
		{columnNanos, []string{"event.duration"}},
		{columnDuration, []string{"httprequest.latency latency_human", "latency duration elapsed response_time responsetime took time_taken request_duration"}},
	}
	return append(append(rows, forwardedRow(knownHeaders())), unitRows()...)
}

// forwardedRow has the keys of headers, best first.
func forwardedRow(headers []string) keyRow {
	row := keyRow{column: columnForwarded}
	for _, h := range headers {
		row.names = append(row.names, strings.Join(headerKeys(h), " "))
	}
	return row
}

// listOnly makes the tree one in which header, and no other, is the list of
// addresses; what a person has mapped to it stays.
func (t *keyTree) listOnly(header string) {
	for _, node := range t.nodes {
		for key, to := range node {
			if to.rank > 0 && to.column == columnForwarded && to.rank <= bestRank {
				node[key] = target{below: to.below, writer: to.writer}
			}
		}
	}
	for _, key := range headerKeys(header) {
		t.change(key, func(to *target) {
			if to.rank <= bestRank {
				to.column, to.part, to.rank = columnForwarded, partForwarded, bestRank
			}
		})
	}
}

// unitRows has the names of latencies that end in their unit: duration_ms.
func unitRows() []keyRow {
	var rows []keyRow
	for _, unit := range []struct {
		column column
		ends   []string
	}{
		{columnSeconds, []string{"_s", "_sec", "_seconds"}},
		{columnMillis, []string{"_ms", "ms", "_msec", "_millis", "_milliseconds"}},
		{columnMicros, []string{"_us", "us", "_usec", "_micros", "_microseconds"}},
		{columnNanos, []string{"_ns", "ns", "_nsec", "_nanos", "_nanoseconds"}},
	} {
		var names []string
		for _, stem := range []string{
			"latency", "duration", "elapsed", "request_time", "response_time", "responsetime", "took", "time_taken", "request_duration",
		} {
			for _, end := range unit.ends {
				names = append(names, stem+end)
			}
		}
		rows = append(rows, keyRow{unit.column, []string{strings.Join(names, " ")}})
	}
	return rows
}

func jsonWriters() []writerRow {
	return []writerRow{
		{writerCaddy, "resp_headers bytes_read"},
		{writerTraefik, "downstreamstatus downstreamcontentsize requestprotocol"},
		{writerPino, "res.statuscode req.url req.method"},
		{writerEnvoy, "response_flags upstream_cluster upstream_host downstream_remote_address"},
	}
}

// bestRank is that of the first names of a row; keys that a person has mapped
// stand above.
const bestRank = 100

// jsonKeys is the tree of jsonRows.
var jsonKeys = newKeyTree(jsonRows(), jsonWriters())

func newKeyTree(rows []keyRow, writers []writerRow) *keyTree {
	t := &keyTree{nodes: []map[string]target{{}}}
	for _, row := range rows {
		for i, names := range row.names {
			for _, name := range strings.Fields(names) {
				t.add(name, row.column, uint8(bestRank-i))
			}
		}
	}
	for _, row := range writers {
		for _, name := range strings.Fields(row.names) {
			t.change(name, func(to *target) { to.writer = row.writer })
		}
	}
	return t
}

// name is a key as the tree has it.
func name(key string) string {
	return strings.ReplaceAll(strings.ToLower(key), "-", "_")
}

// add makes the path of keys name mean a column.
func (t *keyTree) add(name string, c column, rank uint8) {
	t.change(name, func(to *target) { to.column, to.part, to.rank = c, partOf(c), rank })
}

// change changes the target of a path, whose keys have dots between them.
func (t *keyTree) change(path string, by func(*target)) {
	node := 0
	for {
		first, rest, deeper := strings.Cut(path, ".")
		to := t.nodes[node][first]
		if !deeper {
			by(&to)
		} else if to.below == 0 {
			t.nodes = append(t.nodes, map[string]target{})
			to.below = int16(len(t.nodes) - 1)
		}
		t.nodes[node][first] = to
		if !deeper {
			return
		}
		node, path = int(to.below), rest
	}
}

// longestKey is the length up to which a key can be in a tree.
const longestKey = 64

// find returns what the key text below a node is for. A key with dots in it is
// also a path: "http.request.method" is what "http":{"request":{"method" is.
func (t *keyTree) find(node int16, text []byte) target {
	var plain [longestKey]byte
	if len(text) > longestKey {
		return target{}
	}
	for i, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == '-':
			c = '_'
		}
		plain[i] = c
	}
	rest := plain[:len(text)]
	to, ok := t.nodes[node][string(rest)]
	for !ok {
		dot := bytes.IndexByte(rest, '.')
		if dot < 0 {
			return target{}
		}
		to = t.nodes[node][string(rest[:dot])]
		if to.below == 0 {
			return target{}
		}
		node, rest = to.below, rest[dot+1:]
		to, ok = t.nodes[node][string(rest)]
	}
	return to
}

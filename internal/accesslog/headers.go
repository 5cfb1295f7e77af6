package accesslog

import "strings"

// Proxies tell the servers behind them who asked, in a header of the request,
// which the servers log under names of their own:
//
//	X-Forwarded-For   nginx   $http_x_forwarded_for
//	                  Apache  %{X-Forwarded-For}i
//	                  JSON    "x_forwarded_for", "request":{"headers":{"X-Forwarded-For":
//	                  W3C     cs(X-Forwarded-For)
//
// headerName is what all of these names are the same under.

const forwardedFor = "x_forwarded_for"

// knownHeaders are the headers that are read without being asked for, best
// first.
func knownHeaders() []string {
	return []string{forwardedFor, "forwarded", "x_real_ip", "cf_connecting_ip", "true_client_ip", "fastly_client_ip"}
}

// headerPrefixes is what may stand in front of the name of a header.
func headerPrefixes() []string {
	return []string{"http_", "request.headers.", "http.request.headers.", "req.headers.", "request_headers.", "headers.", "request_", "req_"}
}

// headerName returns a name in lower case, with underscores, without what marks
// it as that of a header, and the usual one of several for the same.
func headerName(text string) string {
	text = name(strings.TrimPrefix(strings.TrimSpace(text), "$"))
	if inner, ok := strings.CutPrefix(text, "cs("); ok {
		text = strings.TrimSuffix(inner, ")")
	}
	for _, p := range headerPrefixes() {
		text = strings.TrimPrefix(text, p)
	}
	switch text {
	case "xff", "forwardedfor", "forwarded_for", "proxy_add_x_forwarded_for", "xforwardedfor":
		return forwardedFor
	}
	return text
}

// headerKeys returns the keys that a header is found under in lines of JSON and
// labels, as a keyTree has them.
func headerKeys(header string) []string {
	keys := []string{header}
	for _, p := range headerPrefixes() {
		keys = append(keys, p+header)
	}
	if header == forwardedFor {
		keys = append(keys, "xff", "forwardedfor", "forwarded_for", "proxy_add_x_forwarded_for", "network.forwarded_ip")
	}
	return keys
}

// An asker is a Parser of a format that may have a list of addresses. Asked for
// a header, as headerName has it, it reads that one and no other into Forwarded,
// and Client is the address of the connection alone, nil where there is none in
// the line. Not asked it reads the best there is, and where nothing else tells
// the client takes the first address of the list. It is asked before its first
// line.
type asker interface{ ask(header string) }

// claim takes the client from a list where nothing else tells it. Anybody may
// have sent what is in there; it is the best guess without Hops.
func (r *Record) claim() {
	if r.Client == nil && r.Forwarded != nil {
		r.Client = forwardedClient(r.Forwarded, "")
	}
}

package drive

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// A restKey tells requests apart whose bytes behind the target differ: those of a replay
// share them, and there may be a million.
type restKey struct {
	site   *url.URL
	header *Field // the first of them
	fields int
	body   *byte
	length int
	sized  bool // it has a length even without a body
}

func restKeyOf(r *Request) restKey {
	k := restKey{site: r.Site, fields: len(r.Header), length: len(r.Body), sized: sized(r)}
	if k.fields > 0 {
		k.header = &r.Header[0]
	}
	if k.length > 0 {
		k.body = &r.Body[0]
	}
	return k
}

// sized tells whether a request says how long its body is, even if it has none.
func sized(r *Request) bool {
	return len(r.Body) > 0 || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH"
}

// appendRest appends what stands behind the target.
func appendRest(b []byte, r *Request, o *Options) []byte {
	b = appendHeader(b, r, o)
	if sized(r) {
		b = strconv.AppendInt(append(b, "Content-Length: "...), int64(len(r.Body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	return append(b, r.Body...)
}

// appendHeader appends that without the length, the empty line and the body.
func appendHeader(b []byte, r *Request, o *Options) []byte {
	host, agent, auth := r.Site.Host, o.Agent, ""
	if u := r.Site.User; u != nil {
		password, _ := u.Password()
		auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
	}
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "host":
			host = f.Value
		case "user-agent":
			agent = f.Value
		case "authorization":
			auth = f.Value
		}
	}
	line := func(name, value string) {
		b = append(append(append(append(b, name...), ": "...), value...), "\r\n"...)
	}
	b = append(b, " HTTP/1.1\r\n"...)
	line("Host", host)
	if agent != "" {
		line("User-Agent", agent)
	}
	if auth != "" {
		line("Authorization", auth)
	}
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "host", "user-agent", "authorization":
		default:
			line(f.Name, f.Value)
		}
	}
	if o.Fresh {
		line("Connection", "close")
	}
	return b
}

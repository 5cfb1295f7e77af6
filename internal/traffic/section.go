package traffic

import (
	"bytes"

	"weir/internal/accesslog"
)

// The two sections of requests that have no path.
const (
	ConnectSection   = "(connect)"
	MalformedSection = "(malformed)"
)

// Sections cuts request targets to the section of the site they belong to:
// what stands before the second "/" of the path.
//
//	/pages/create                    /pages
//	http://my.site.com/pages/create  http://my.site.com/pages
//	/            /                   /a/             /a
//	//x/y        /x                  http://h/       http://h/
//	*, host:port, CONNECT            (connect)
//	no leading slash, no HTTP        (malformed)
//
// The query and the fragment are cut first; case is kept. The zero value takes
// one segment; Depth takes more. Sections belongs to one goroutine.
type Sections struct {
	Depth int // segments to keep; 0 and 1 are the same
	buf   []byte
}

// Of returns the section of a request. malformed tells that the request was no
// HTTP. The result is a view into target or into memory of s, valid until the
// next call.
func (s *Sections) Of(method, target []byte, malformed bool) []byte {
	return s.of(method, (&accesslog.Record{Target: target}).Path(), malformed || len(target) == 0)
}

// of is Of for a target without its query and fragment.
func (s *Sections) of(method, target []byte, malformed bool) []byte {
	switch {
	case malformed:
		return s.named(MalformedSection)
	case string(method) == "CONNECT" || string(target) == "*":
		return s.named(ConnectSection)
	}
	origin, path := splitOrigin(target)
	if origin == nil && (len(path) == 0 || path[0] != '/') {
		if isAuthority(path) {
			return s.named(ConnectSection)
		}
		return s.named(MalformedSection)
	}
	return s.cut(target, origin, path)
}

// named puts the name of a section without a path into s.buf.
func (s *Sections) named(name string) []byte {
	s.buf = append(s.buf[:0], name...)
	return s.buf
}

// splitOrigin parts scheme://authority from what follows. origin is nil where
// there is none.
func splitOrigin(target []byte) (origin, path []byte) {
	if len(target) == 0 || target[0] == '/' {
		return nil, target
	}
	i := bytes.Index(target, []byte("://"))
	if i <= 0 || !isScheme(target[:i]) {
		return nil, target
	}
	rest := target[i+3:]
	j := bytes.IndexByte(rest, '/')
	if j < 0 {
		j = len(rest)
	}
	if j == 0 {
		return nil, target // a scheme without a host names nothing
	}
	return target[:i+3+j], rest[j:]
}

// isScheme follows RFC 3986 section 3.1.
func isScheme(b []byte) bool {
	for i, c := range b {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return len(b) > 0
}

// isAuthority recognises host:port, the target form of CONNECT (RFC 9112
// section 3.2.3), which proxies' scanners send with other methods too.
func isAuthority(b []byte) bool {
	i := bytes.LastIndexByte(b, ':')
	if i <= 0 || i == len(b)-1 || len(b)-i > 6 {
		return false
	}
	for _, c := range b[i+1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return !bytes.ContainsAny(b[:i], "/ \\@")
}

// cut keeps the first segments of path. The common case, one segment without
// doubled slashes, is a view; everything else is put together in s.buf.
func (s *Sections) cut(target, origin, path []byte) []byte {
	if s.Depth <= 1 && len(path) > 1 && path[1] != '/' {
		end := bytes.IndexByte(path[1:], '/')
		if end < 0 {
			return target
		}
		return target[:len(origin)+1+end]
	}
	out := append(s.buf[:0], origin...)
	start := len(out)
	for n := 0; n < max(1, s.Depth); n++ {
		path = bytes.TrimLeft(path, "/")
		if len(path) == 0 {
			break
		}
		end := bytes.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		out = append(out, '/')
		out = append(out, path[:end]...)
		path = path[end:]
	}
	if len(out) == start {
		out = append(out, '/')
	}
	s.buf = out
	return out
}

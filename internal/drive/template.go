package drive

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// What may stand in the target, the header and the body of a request, in another form each time:
// the number of the request in its run, from 1 on, and 16 hexadecimal digits by chance, the same
// within a request.
const (
	seqMark  = "{seq}"
	randMark = "{rand}"
)

// Templated tells whether r has a {seq} or {rand} in its target, header or body.
func (r *Request) Templated() bool {
	has := func(s string) bool { return strings.Contains(s, seqMark) || strings.Contains(s, randMark) }
	return !r.Literal && (has(r.Target) || has(string(r.Body)) || slices.ContainsFunc(r.Header, func(f Field) bool { return has(f.Value) }))
}

// A stamp is what stands for the marks of one request.
type stamp struct {
	number int64 // in the run, from 0 on
	seed   uint64
}

// append appends text with what stands for its marks.
func (s stamp) append(b, text []byte) []byte {
	for {
		open := bytes.IndexByte(text, '{')
		if open < 0 {
			return append(b, text...)
		}
		b, text = append(b, text[:open]...), text[open:]
		switch {
		case bytes.HasPrefix(text, []byte(seqMark)):
			b, text = strconv.AppendInt(b, s.number+1, 10), text[len(seqMark):]
		case bytes.HasPrefix(text, []byte(randMark)):
			const digits = "0123456789abcdef"
			x := rand.NewPCG(s.seed, uint64(s.number)).Uint64()
			for shift := 60; shift >= 0; shift -= 4 {
				b = append(b, digits[x>>shift&15])
			}
			text = text[len(randMark):]
		default:
			b, text = append(b, '{'), text[1:]
		}
	}
}

// filled is r with what stands for its marks.
func (s stamp) filled(r *Request) *Request {
	out := *r
	out.Target = string(s.append(nil, []byte(r.Target)))
	out.Header = slices.Clone(r.Header)
	for i := range out.Header {
		out.Header[i].Value = string(s.append(nil, []byte(out.Header[i].Value)))
	}
	if len(r.Body) > 0 {
		out.Body = s.append(nil, r.Body)
	}
	return &out
}

// A form is a request with marks, in the parts that it is sent in.
type form struct {
	head  []byte // the whole, up to its length
	body  []byte
	sized bool // it says how long its body is
}

// append appends the whole of the request.
func (f *form) append(b []byte, s stamp) []byte {
	b = s.append(b, f.head)
	if f.sized {
		// The length stands before the body: that is written, measured, and moved.
		from := len(b)
		b = s.append(b, f.body)
		body := len(b) - from
		b = append(append(b, "Content-Length: "...), strconv.Itoa(body)...)
		b = append(b, "\r\n\r\n"...)
		rotate(b[from:], body)
		return b
	}
	return append(b, "\r\n"...)
}

// rotate moves what stands behind the first n bytes in front of them.
func rotate(b []byte, n int) {
	slices.Reverse(b[:n])
	slices.Reverse(b[n:])
	slices.Reverse(b)
}

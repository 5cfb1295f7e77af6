package drive

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// read feeds an answer in pieces of a size.
func read(text string, piece int, noBody bool, limit int64) (a *answer, used int, f fault) {
	a = &answer{limit: limit}
	a.reset(noBody)
	for used < len(text) && a.at != whole && f == noFault {
		n, g := a.feed([]byte(text[used:min(used+piece, len(text))]))
		used, f = used+n, g
	}
	return a, used, f
}

func TestAnAnswerIsTheSameInWhateverPiecesItComes(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for _, c := range []struct {
		name, text string
		noBody     bool
		limit      int64
		status     int
		body       int64
		keep       bool
		over       int // bytes behind the answer
		fault      fault
		open       bool // its end has not come
	}{
		{name: "a length", text: head + "Content-Length: 5\r\n\r\nhello", status: 200, body: 5, keep: true},
		{name: "line feeds alone", text: "HTTP/1.1 404 Not Found\nContent-Length:5\n\nhello", status: 404, body: 5, keep: true},
		{name: "a length of nothing", text: head + "content-LENGTH: \t 0 \r\n\r\n", status: 200, keep: true},
		{name: "no reason behind the status", text: "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", status: 200, keep: true},
		{name: "another request's bytes behind it", text: head + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n", status: 200, body: 5, keep: true, over: 17},
		{name: "chunks", text: head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", status: 200, body: 15, keep: true},
		{name: "chunks and a trailer", text: head + "Transfer-Encoding: gzip, Chunked\r\n\r\n1 \r\nx\r\n000\r\nA: b\r\nC: d\r\n\r\n", status: 200, body: 1, keep: true},
		{name: "chunks with a length, too", text: head + "Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", status: 200, body: 1},
		{name: "the end of the connection", text: head + "\r\nhello", status: 200, body: 5, open: true},
		{name: "a coding that is not chunks", text: head + "Transfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nhello", status: 200, body: 5, open: true},
		{name: "closed behind it", text: head + "Connection: upgrade, Close\r\nContent-Length: 1\r\n\r\nx", status: 200, body: 1},
		{name: "HTTP/1.0", text: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", status: 200, body: 1},
		{name: "HTTP/1.0 that stays", text: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", status: 200, body: 1, keep: true},
		{name: "HTTP/1.0 with chunks", text: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx", status: 200, body: 1},
		{name: "the head alone", text: head + "Content-Length: 5\r\n\r\n", noBody: true, status: 200, keep: true},
		{name: "304", text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304, keep: true},
		{name: "204", text: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, keep: true},
		{name: "interim answers", text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\nx", status: 500, body: 1, keep: true},
		{name: "a status nobody knows", text: "HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n", status: 999, keep: true},
		{name: "the same length twice", text: head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", status: 200, body: 1, keep: true},
		{name: "a header without its end", text: head + "A: b", status: 200, open: true},

		{name: "no HTTP", text: "SSH-2.0-OpenSSH_9.2\r\n", fault: malformed},
		{name: "HTTP/2", text: "HTTP/2 200\r\n\r\n", fault: malformed},
		{name: "two lengths", text: head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", fault: malformed},
		{name: "a length below nothing", text: head + "Content-Length: -1\r\n\r\nx", fault: malformed},
		{name: "a length that is none", text: head + "Content-Length: 5, 5\r\n\r\nhello", fault: malformed},
		{name: "a length beyond all", text: head + "Content-Length: 9999999999999999999\r\n\r\nx", fault: malformed},
		{name: "a field without a colon", text: head + "hello\r\n\r\n", fault: malformed},
		{name: "a field without a name", text: head + ": x\r\n\r\n", fault: malformed},
		{name: "a blank before the colon", text: head + "Content-Length : 1\r\n\r\nx", fault: malformed},
		{name: "a field that goes on", text: head + "Transfer-Encoding:\r\n chunked\r\n\r\n", fault: malformed},
		{name: "a status of two digits", text: "HTTP/1.1 20 OK\r\n\r\n", fault: malformed},
		{name: "a status of four digits", text: "HTTP/1.1 2000 OK\r\n\r\n", fault: malformed},
		{name: "an upgrade", text: "HTTP/1.1 101 Switching Protocols\r\n\r\n", fault: malformed},
		{name: "a chunk without a size", text: head + "Transfer-Encoding: chunked\r\n\r\n\r\n", fault: malformed},
		{name: "a chunk of letters", text: head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", fault: malformed},
		{name: "a chunk below nothing", text: head + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", fault: malformed},
		{name: "a chunk beyond all", text: head + "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", fault: malformed},
		{name: "a chunk that is longer than it said", text: head + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n", fault: malformed},
		{name: "a size line without its end", text: head + "Transfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", maxSizeLine), fault: malformed},
		{name: "a header without an end", text: head + strings.Repeat("A: "+strings.Repeat("x", 1000)+"\r\n", 300), fault: longHead},
		{name: "a line without an end", text: head + "A: " + strings.Repeat("x", maxHead), fault: longHead},
		{name: "interim answers without an end", text: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20_000), fault: longHead},
		{name: "a trailer without an end", text: head + "Transfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("A: b\r\n", 60_000), fault: longHead},
		{name: "many chunks", text: head + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\nx\r\n", 100_000) + "0\r\n\r\n", status: 200, body: 100_000, keep: true},
		{name: "a length above the limit", text: head + "Content-Length: 11\r\n\r\n", limit: 10, fault: longBody},
		{name: "chunks above the limit", text: head + "Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n6\r\nhello!\r\n", limit: 10, fault: longBody},
		{name: "a body without an end", text: head + "\r\n" + strings.Repeat("x", 11), limit: 10, fault: longBody},
	} {
		for _, piece := range []int{1, 2, 7, 1 << 20} {
			a, used, f := read(c.text, piece, c.noBody, c.limit)
			if f != c.fault || (a.at == whole) != (c.fault == noFault && !c.open) {
				t.Errorf("%s, in pieces of %d: got the fault %q at part %d, want %q", c.name, piece, f.told().key, a.at, c.fault.told().key)
				continue
			}
			if f == noFault && (a.status != c.status || a.body != c.body || a.keep != c.keep && !c.open || len(c.text)-used != c.over && piece > 100) {
				t.Errorf("%s, in pieces of %d: got status %d, body %d, keep %t, %d bytes over", c.name, piece, a.status, a.body, a.keep, len(c.text)-used)
			}
		}
	}
}

func TestTheEndOfAConnectionIsAnEndOrAFault(t *testing.T) {
	for text, want := range map[string]fault{
		"":                                 closed,
		"H":                                broken,
		"HTTP/1.1 200 OK\r\n":              broken,
		"HTTP/1.1 100 Continue\r\n\r\n":    broken,
		"HTTP/1.1 200 OK\r\n\r\n":          noFault,
		"HTTP/1.1 200 OK\r\n\r\nsomething": noFault,
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell":               broken,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell": broken,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n":     broken,
	} {
		a, _, f := read(text, 3, false, 0)
		if f != noFault {
			t.Fatalf("%q: %s", text, f.told().key)
		}
		if got := a.end(); got != want || (a.at == whole) != (want == noFault) {
			t.Errorf("%q: got %q, want %q", text, got.told().key, want.told().key)
		}
	}
}

func TestReadingAnAnswerAllocatesNothing(t *testing.T) {
	text := []byte("HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
	a := &answer{}
	if n := testing.AllocsPerRun(100, func() {
		a.reset(false)
		for rest := text; len(rest) > 0; {
			n, _ := a.feed(rest[:min(7, len(rest))])
			rest = rest[n:]
		}
		if a.at != whole {
			t.Error("not whole")
		}
	}); n != 0 {
		t.Errorf("got %v allocations an answer", n)
	}
}

// FuzzAnswer holds an answer against net/http: what both take has the same status and the
// same body, in whatever pieces it comes.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nhello", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n", "HTTP/1.1 304 x\r\n\r\nrest",
	} {
		f.Add(text, uint8(3), false)
	}
	f.Fuzz(func(t *testing.T, text string, piece uint8, noBody bool) {
		a, used, got := read(text, int(piece)+1, noBody, 0)
		b, once, again := read(text, len(text)+1, noBody, 0)
		if got != again || got == noFault && (used != once || a.status != b.status || a.body != b.body || a.keep != b.keep || a.at != b.at) {
			t.Fatalf("%q: in pieces of %d: %s, %d bytes used, %+v; at once: %s, %d, %+v", text, piece+1, got.told().key, used, a, again.told().key, once, b)
		}
		if got != noFault || a.end() != noFault {
			return
		}
		method := http.MethodGet
		if noBody {
			method = http.MethodHead
		}
		in := bufio.NewReader(strings.NewReader(text))
		for {
			resp, err := http.ReadResponse(in, &http.Request{Method: method})
			if err != nil {
				return
			}
			if resp.StatusCode < 200 {
				continue
			}
			var body bytes.Buffer
			if _, err := io.Copy(&body, resp.Body); err == nil && (resp.StatusCode != a.status || int64(body.Len()) != a.body) {
				t.Errorf("%q: got status %d, a body of %d bytes, net/http has %d, %d", text, a.status, a.body, resp.StatusCode, body.Len())
			}
			return
		}
	})
}

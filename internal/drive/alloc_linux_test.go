package drive

import (
	"net"
	"runtime"
	"testing"
)

// TestSendingARequestAllocatesNothing compares a run with one of ten times as many requests,
// against a server that does not allocate either.
func TestSendingARequestAllocatesNothing(t *testing.T) {
	reply := []byte("HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\nhello")
	at := raw(t, func(_ int64, conn net.Conn) {
		b := make([]byte, 4096)
		for {
			if _, err := conn.Read(b); err != nil { // a request is small: one read, one request
				return
			}
			if _, err := conn.Write(reply); err != nil {
				return
			}
		}
	})
	mallocs := func(n int64) int64 {
		o := Options{Connections: 4, Requests: []Request{request(t, "GET", at), request(t, "GET", at+"/other?x=1")}}
		o.Plan = planOf(&o, n, 50_000)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := Run(t.Context(), o)
		runtime.ReadMemStats(&after)
		if err != nil || r.Answered != n {
			t.Fatalf("%v: %v", err, r)
		}
		return int64(after.Mallocs - before.Mallocs)
	}
	mallocs(100) // what is made only once
	few, many := mallocs(1000), mallocs(11_000)
	if each := float64(many-few) / 10_000; each > 0.05 {
		t.Errorf("a request takes %.3f allocations, want none", each)
	}
}

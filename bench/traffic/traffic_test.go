package main

import (
	"io"
	"math"
	"net/http"
	"testing"
	"time"
)

func TestFiguresAreThoseOfTheArrivals(t *testing.T) {
	even := func(n int, rate float64, late func(i int) time.Duration) []int64 {
		var all []int64
		for i := range n {
			all = append(all, 5e9+int64(float64(i)*1e9/rate)+int64(late(i)))
		}
		return all
	}
	f := figuresOf(even(5001, 1000, func(int) time.Duration { return 0 }), 1000)
	if f.arrived != 5001 || f.rate != 1000 || f.least != 1000 || f.most != 1000 || f.cv != 0 || f.p50 != 0 || f.max != 0 {
		t.Errorf("of an even schedule got %+v", f)
	}
	// Every fourth arrives 0.4 ms late: gaps are 1, 1, 1.4, 0.6 ms.
	f = figuresOf(even(5001, 1000, func(i int) time.Duration { return time.Duration(i%4/3) * 400 * time.Microsecond }), 1000)
	if math.Abs(f.cv-math.Sqrt(0.08)) > 0.001 || f.p50 != 0 || f.p99 != 400*time.Microsecond || f.max != 400*time.Microsecond {
		t.Errorf("got %+v", f)
	}
	// Pairs: half of the gaps are nothing, the others twice the mean.
	f = figuresOf(even(5001, 1000, func(i int) time.Duration { return time.Duration(1-i%2) * time.Millisecond }), 1000)
	if math.Abs(f.cv-1) > 0.01 {
		t.Errorf("of pairs got a variation of %v, want 1", f.cv)
	}
	if best, worst := extremes([]figures{{p99: 3}, {p99: 1}, {p99: 2}}); best.p99 != 1 || worst.p99 != 3 {
		t.Errorf("got %v, %v", best.p99, worst.p99)
	}
}

func TestTheServerNotesEveryArrival(t *testing.T) {
	in, end := io.Pipe()
	told, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(in, out); out.Close() }()
	at := make([]byte, 64)
	n, err := told.Read(at)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &http.Transport{}}
	for range 20 {
		resp, err := c.Get("http://" + string(at[:n-1]))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	c.CloseIdleConnections()
	end.Close()
	b, err := io.ReadAll(told)
	if err != nil || len(b) != 8*22 || b[0] != 1 || b[8] != 1 {
		t.Errorf("got %d bytes, want one connection and 20 arrivals, %v", len(b), err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestQuantilesAreFoundInWhatToolsTell(t *testing.T) {
	for name, out := range map[string]string{
		"weir, exact": `{"latency": {
    "count": 1, "p50_ms": 0.2, "p99_ms": 1900.1 }}`,
		"hey": "Latency distribution:\n  50% in 0.0016 secs\n  99% in 0.0210 secs\n",
	} {
		for _, k := range known() {
			if k.name != name {
				continue
			}
			want := map[string]string{"weir, exact": "0.20 ms 1900 ms", "hey": "0.0016 secs 0.0210 secs"}[name]
			if a, b := k.quantiles(out); a+" "+b != want {
				t.Errorf("%s: got %s %s", name, a, b)
			}
		}
	}
}

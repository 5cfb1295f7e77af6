package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

func stamped(n int64) []byte {
	return appendLine(nil, n, stampOf(time.Date(2026, 11, 21, 9, 50, 33, 0, time.UTC)))
}

func TestALineIsReadBackByItsNumber(t *testing.T) {
	var p proof
	lengths := map[int]int{}
	for n := int64(1); n < 20_000; n++ {
		line := stamped(n)
		lengths[len(line)]++
		if len(line) > lineRoom {
			t.Fatalf("line %d has %d bytes, want %d at most", n, len(line), lineRoom)
		}
		if got, ok := p.number(bytes.TrimSuffix(line, []byte("\n"))); !ok || got != n {
			t.Fatalf("line %d: got %d, %t", n, got, ok)
		}
	}
	if len(lengths) < 200 {
		t.Errorf("20,000 lines have %d different lengths, want 200 at least", len(lengths))
	}
}

func TestALineIsOneOfAnAccessLog(t *testing.T) {
	format, _ := accesslog.Lookup("combined")
	p := format.New()
	var r accesslog.Record
	for n := int64(1); n < 2000; n++ {
		if got := p.Parse(accesslog.TrimEnd(stamped(n)), &r); got.Kind != accesslog.Hit {
			t.Fatalf("line %d: got %v, want a hit:\n%s", n, got, stamped(n))
		}
	}
}

func TestALineOfWhichAByteIsWrongIsNoLine(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var p proof
	for n := int64(1); n < 3000; n++ {
		line := bytes.TrimSuffix(stamped(n), []byte("\n"))
		next := bytes.TrimSuffix(stamped(n+1), []byte("\n"))
		at := 1 + r.IntN(len(line)-1)
		stamp := bytes.IndexByte(line, '[') + 1
		for what, text := range map[string][]byte{
			"cut at its end":       line[:at],
			"cut at its beginning": line[at:],
			"joined with the next": append(bytes.Clone(line[:at]), next[min(at, len(next)):]...),
			"with one more byte":   append(bytes.Clone(line), 'x'),
		} {
			if got, ok := p.number(text); ok && !bytes.Equal(text, next) && !bytes.Equal(text, line) {
				t.Fatalf("line %d, %s at %d, was read as %d", n, what, at, got)
			}
		}
		if at >= stamp && at < stamp+len(stampLayout) {
			continue // the time is anyone's
		}
		changed := bytes.Clone(line)
		changed[at] ^= 1
		if got, ok := p.number(changed); ok {
			t.Fatalf("line %d with another byte at %d was read as %d:\n%s", n, at, got, changed)
		}
	}
	for _, text := range []string{"", "x", strings.Repeat("a", 100), ` - - [`} {
		if _, ok := p.number([]byte(text)); ok {
			t.Errorf("%q is read as a line", text)
		}
	}
}

func TestReadingBackAllocatesNothing(t *testing.T) {
	line := bytes.TrimSuffix(stamped(12), []byte("\n"))
	var p proof
	if n := testing.AllocsPerRun(100, func() { p.number(line) }); n > 0 {
		t.Errorf("got %v allocations a line, want 0", n)
	}
}

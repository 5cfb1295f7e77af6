package feed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// cutWhole gives text to a framing in pieces of n bytes and returns the lines.
func cutWhole(text string, n int) (string, framing) {
	var f framing
	var out []byte
	for b := []byte(text); len(b) > 0; {
		n := min(n, len(b))
		out = f.cut(out, b[:n])
		b = b[n:]
	}
	return string(f.last(out)), f
}

func counted(msg string) string { return fmt.Sprintf("%d %s", len(msg), msg) }

func TestMessagesOfAConnectionAreCutAsTheirSenderMeansThem(t *testing.T) {
	const a, b = "<190>Nov 21 10:00:00 host nginx: a", "<134>1 2026-11-21T10:00:00Z - haproxy 1 - - b"
	long := strings.Repeat("x", maxMessage)
	for name, c := range map[string]struct {
		text, want string
		cuts       int
	}{
		"line feeds":                   {a + "\n" + b + "\n", a + "\n" + b + "\n", 0},
		"carriage returns too":         {a + "\r\n" + b + "\r\n", a + "\n" + b + "\n", 0},
		"zero bytes too":               {a + "\x00\n" + b + "\n", a + "\n" + b + "\n", 0},
		"octets":                       {counted(a) + counted(b), a + "\n" + b + "\n", 0},
		"octets, then a line feed":     {counted(a) + "\n" + counted(b) + "\n", a + "\n" + b + "\n", 0},
		"octets, line feed counted":    {counted(a+"\n") + counted(b+"\n"), a + "\n" + b + "\n", 0},
		"mixed":                        {counted(a) + b + "\n" + counted(a) + a + "\n", a + "\n" + b + "\n" + a + "\n" + a + "\n", 0},
		"a line feed inside":           {counted("<1>a\nb") + counted(a), "<1>a#012b\n" + a + "\n", 0},
		"half a line at the end":       {a + "\n" + b[:9], a + "\n" + b[:9] + "\n", 0},
		"half a counted one":           {counted(a) + counted(b)[:20], a + "\n" + b[:17] + "\n", 0},
		"half a count":                 {counted(a) + "12", a + "\n12\n", 0},
		"raw lines":                    {"192.0.2.1 - - x\n12 x\n2026-11-21 x\n1700000000.123 5 x\n", "192.0.2.1 - - x\n12 x\n2026-11-21 x\n1700000000.123 5 x\n", 0},
		"empty lines":                  {"\n\n" + a + "\n\n\r\n\x00" + b + "\n", a + "\n" + b + "\n", 0},
		"nothing":                      {"", "", 0},
		"zero is no count":             {"0 <1>a\n", "0 <1>a\n", 0},
		"a count of ten digits":        {"1000000000 <1>a\n", "1000000000 <1>a\n", 0},
		"the longest":                  {long + "\n" + a + "\n", long + "\n" + a + "\n", 0},
		"longer":                       {long + "yz\n" + a + "\n", long + "\n" + a + "\n", 1},
		"much longer":                  {long + long + long + "\n" + a + "\n", long + "\n" + a + "\n", 1},
		"longer, at the end":           {a + "\n" + long + "yz", a + "\n" + long + "\n", 1},
		"the longest counted":          {counted("<1>"+long[3:]) + a + "\n", "<1>" + long[3:] + "\n" + a + "\n", 0},
		"longer, counted":              {counted("<1>"+long) + counted(a), "<1>" + long[3:] + "\n" + a + "\n", 1},
		"much longer, counted":         {counted("<1>"+long+"\n"+long) + b + "\n", "<1>" + long[3:] + "\n" + b + "\n", 1},
		"a count that is not the end":  {"999999999 <1>" + long + long, "<1>" + long[3:] + "\n", 1},
		"a tab stays for who needs it": {"<1>a\tb\n", "<1>a\tb\n", 0},
	} {
		for _, n := range []int{1, 2, 3, 7, 100, 4096, 16384, 1 << 20} {
			if n < 100 && len(c.text) > maxMessage {
				continue // slow, and like 100
			}
			if got, f := cutWhole(c.text, n); got != c.want || f.cuts != c.cuts {
				t.Errorf("%s, read by %d: got %.200q of %d bytes and %d cuts, want %.200q of %d and %d", name, n, got, len(got), f.cuts, c.want, len(c.want), c.cuts)
			}
		}
	}
}

func FuzzFraming(f *testing.F) {
	f.Add([]byte("5 <1>ab<1>c\n9 <"), uint64(1))
	f.Add([]byte("12345678 <1>ab\n\x00\r\n3 <1>"), uint64(2))
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		whole, _ := cutWhole(string(text), max(1, len(text)))
		r := rand.New(rand.NewPCG(seed, 1))
		var in framing
		var out []byte
		for b := text; len(b) > 0; {
			n := 1 + r.IntN(len(b))
			out = in.cut(out, b[:n])
			b = b[n:]
		}
		out = in.last(out)
		if string(out) != whole {
			t.Fatalf("in pieces: got %q, want %q", out, whole)
		}
		if len(out) > 0 && out[len(out)-1] != '\n' {
			t.Fatalf("the last line has no end: %q", out)
		}
		for line := range bytes.Lines(out) {
			if len(line) < 2 || len(line) > 4*maxMessage+1 {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
	})
}

func TestTheMemoryOfAConnectionIsBounded(t *testing.T) {
	for _, begin := range []string{"", "999999999 <1>"} {
		var f framing
		f.cut(nil, []byte(begin))
		for range 1000 {
			f.cut(nil, bytes.Repeat([]byte("x"), readBytes))
		}
		if got := cap(f.rest); got > 3*maxMessage {
			t.Errorf("%q and 16 MB without an end: got %d bytes held, want at most %d", begin, got, 3*maxMessage)
		}
	}
}

func TestCuttingMessagesAllocatesNothing(t *testing.T) {
	var f framing
	in := []byte(strings.Repeat("<190>Nov 21 10:00:00 host nginx: a\n"+counted("<1>b\nc"), 100) + "<190>half")
	out := f.cut(nil, in)
	if n := testing.AllocsPerRun(100, func() { out = f.cut(out[:0], in) }); n != 0 {
		t.Errorf("got %v allocations for 200 messages, want none", n)
	}
}

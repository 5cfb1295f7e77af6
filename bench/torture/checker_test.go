package main

import (
	"bytes"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// text is lines by number; -1 is a line that nobody wrote.
func text(list ...int64) string {
	var b strings.Builder
	for _, n := range list {
		if n < 0 {
			b.WriteString("nobody wrote this\n")
		} else {
			b.Write(stamped(n))
		}
	}
	return b.String()
}

// wrote is a checker of a log of so many lines.
func wrote(lines int64) *checker { return newChecker(func() int64 { return lines + 1 }) }

func alive() bool { return false }

func TestStreamsAreCountedByNumber(t *testing.T) {
	half := text(3)[:40]
	for _, c := range []struct {
		name, stream                string
		lost                        []stretch
		doubled, broken, late, zero int64
	}{
		{"all in order", text(1, 2, 3, 4, 5), nil, 0, 0, 0, 0},
		{"nothing", "", []stretch{{1, 6}}, 0, 0, 0, 0},
		{"lost", text(1, 4), []stretch{{2, 4}, {5, 6}}, 0, 0, 0, 0},
		{"late is no fault", text(3, 1, 2, 5, 4), nil, 0, 0, 3, 0},
		{"doubled", text(1, 2, 2, 2, 3, 4, 5), nil, 2, 0, 0, 0},
		{"a whole file again", text(1, 2, 3, 1, 2, 3, 4, 5), nil, 3, 0, 0, 0},
		{"nobody's line", text(1, -1, 2, 3, 4, 5), nil, 0, 1, 0, 0},
		{"a line not yet written", text(1, 2, 3, 4, 5, 6), nil, 0, 1, 0, 0},
		{"half and half are two", half + "\n" + text(3)[40:], []stretch{{1, 6}}, 0, 2, 0, 0},
		{"half a line before a whole one", text(1, 2) + half + text(3, 4, 5), []stretch{{3, 4}}, 0, 1, 0, 0},
		{"an empty line", text(1, 2) + "\n" + text(3, 4, 5), nil, 0, 1, 0, 0},
		{"a hole", text(1, 2) + "\x00\x00\x00" + text(3, 4, 5), nil, 0, 0, 0, 3},
		{"a hole larger than the buffer", text(1, 2) + strings.Repeat("\x00", 3*readRoom+5) + text(3, 4, 5), nil, 0, 0, 0, 3*readRoom + 5},
		{"garbage larger than the buffer", text(1, 2) + strings.Repeat("x", readRoom) + "\n" + text(3, 4, 5), nil, 0, 2, 0, 0},
		{"no newline at the end", strings.TrimSuffix(text(1, 2, 3, 4, 5), "\n"), nil, 0, 0, 0, 0},
		{"half a line at the end", text(1, 2, 4, 5) + half, []stretch{{3, 4}}, 0, 1, 0, 0},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"whole": strings.NewReader(c.stream), "in half reads": iotest.HalfReader(strings.NewReader(c.stream)),
				"with the end in the last read": iotest.DataErrReader(strings.NewReader(c.stream)),
			} {
				check := wrote(5)
				must(t, check.read(r, alive))
				lost, _ := check.missing(6, nil)
				if !slices.Equal(lost, c.lost) {
					t.Errorf("%s: lost: got %v, want %v", how, lost, c.lost)
				}
				if check.doubledN != c.doubled || check.brokenN != c.broken || check.late != c.late || check.zeros != c.zero {
					t.Errorf("%s: got doubled %d, broken %d, late %d, zeros %d; want %d, %d, %d, %d", how,
						check.doubledN, check.brokenN, check.late, check.zeros, c.doubled, c.broken, c.late, c.zero)
				}
			}
		})
	}
}

func TestWhatWasDestroyedIsNotLost(t *testing.T) {
	check := wrote(300)
	must(t, check.read(strings.NewReader(text(upTo(1, 99)...)+text(upTo(150, 300)...)+text(120)), alive))
	lost, unread := check.missing(301, []stretch{{110, 130}, {140, 160}})
	if want := []stretch{{100, 110}, {130, 140}}; !slices.Equal(lost, want) {
		t.Errorf("lost: got %v, want %v", lost, want)
	}
	if want := []stretch{{110, 120}, {121, 130}, {140, 150}}; !slices.Equal(unread, want) {
		t.Errorf("destroyed and unread: got %v, want %v", unread, want)
	}
}

func TestAKillAllowsEachLineOnceMore(t *testing.T) {
	check := wrote(10)
	must(t, check.read(strings.NewReader(text(1, 2, 3, 4)+text(5)[:30]), func() bool { return true }))
	check.killed()
	must(t, check.read(strings.NewReader(text(3, 4, 5, 6, 4, 6)), alive))
	if check.repeated != 2 || check.doubledN != 2 || check.cut != 1 || check.brokenN != 0 {
		t.Errorf("got repeated %d, doubled %d, cut %d, broken %d; want 2, 2, 1, 0",
			check.repeated, check.doubledN, check.cut, check.brokenN)
	}
	check.killed()
	must(t, check.read(strings.NewReader(text(4)), alive))
	if check.repeated != 3 {
		t.Errorf("after the second kill: got repeated %d, want 3", check.repeated)
	}
}

// TestTheCheckerAgreesWithAMap compares counts of random streams with those of
// the plainest way to take them.
func TestTheCheckerAgreesWithAMap(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 50 {
		lines := int64(1 + r.IntN(500))
		seen := map[int64]int64{}
		var list []int64
		var broken int64
		for range r.IntN(1000) {
			if r.IntN(10) == 0 {
				list = append(list, -1)
				broken++
				continue
			}
			n := 1 + r.Int64N(lines)
			list = append(list, n)
			seen[n]++
		}
		var doubled int64
		for _, k := range seen {
			doubled += k - 1
		}
		check := wrote(lines)
		must(t, check.read(iotest.HalfReader(strings.NewReader(text(list...))), alive))
		lost, _ := check.missing(lines+1, nil)
		if count(lost) != lines-int64(len(seen)) || check.doubledN != doubled || check.brokenN != broken {
			t.Fatalf("of %d lines got lost %d, doubled %d, broken %d; want %d, %d, %d", lines,
				count(lost), check.doubledN, check.brokenN, lines-int64(len(seen)), doubled, broken)
		}
	}
}

func TestTenMillionLinesTakeABitEach(t *testing.T) {
	var b bitmap
	for n := int64(1); n <= 10_000_000; n += 3 {
		b.add(n)
	}
	if got := 8 * cap(b.words); got > 4<<20 {
		t.Errorf("got %d bytes, want 4 MiB at most", got)
	}
	if !b.has(1) || b.has(2) || !b.has(9_999_999+1) || b.has(10_000_003) {
		t.Error("the bitmap has not what was put in")
	}
}

func TestCountingALineAllocatesNothing(t *testing.T) {
	check := wrote(2000)
	stream := []byte(text(upTo(1, 1000)...))
	check.seen.add(2000)
	buf := make([]byte, len(stream)+1)
	if n := testing.AllocsPerRun(20, func() { check.take(buf, copy(buf, stream)) }); n > 5 {
		t.Errorf("got %v allocations for 1000 lines, want 5 at most", n)
	}
	if !bytes.Equal(stream, buf[:len(stream)]) {
		t.Error("the checker has changed what it read")
	}
}

func TestTheLedgerJoinsWhatWasDestroyed(t *testing.T) {
	var l ledger
	l.destroy(stretch{50, 60}, 0, nil)
	l.destroy(stretch{10, 20}, 0, []split{{number: 12, head: "the first part of a line", rest: "and the rest"}})
	l.destroy(stretch{15, 30}, 0, []split{{head: "10.0.0.1 - - ["}, {rest: "] 200 5"}})
	l.destroy(stretch{30, 31}, 0, nil)
	l.destroy(stretch{70, 70}, 0, nil)
	l.destroy(stretch{80, 75}, 0, nil)
	if want := []stretch{{10, 31}, {50, 60}}; !slices.Equal(l.destroyed(), want) {
		t.Errorf("got %v, want %v", l.destroyed(), want)
	}
	l.destroy(stretch{100, 200}, 150, nil)
	l.destroy(stretch{300, 400}, 500, nil)
	if want := []stretch{{10, 31}, {50, 60}, {100, 200}, {300, 400}}; !slices.Equal(l.destroyed(), want) {
		t.Errorf("destroyed: got %v, want %v", l.destroyed(), want)
	}
	if want := []stretch{{10, 31}, {50, 60}, {151, 200}}; !slices.Equal(l.excused(), want) {
		t.Errorf("excused: got %v, want %v", l.excused(), want)
	}
	if got := l.tornParts(""); got != 0 {
		t.Errorf("an empty line: got %d parts of torn lines, want 0", got)
	}
	l.destroy(stretch{500, 510}, 0, []split{{bare: true}})
	for text, want := range map[string]int{
		"the first part of a line": 1, "and the rest": 1, "the first part": 1, "the": 0, "rest": 0, "": 1,
		"10.0.0.1 - - [] 200 5": 2, "10.0.0.1 - - []": 0, "the first part of a line] 200 5": 0, "10.0.0.1 - - [and the rest": 0,
	} {
		if got := l.tornParts(text); got != want {
			t.Errorf("%q: got %d parts of torn lines, want %d", text, got, want)
		}
	}
}

func TestTheLedgerKnowsWhichScriptRan(t *testing.T) {
	var l ledger
	if got := l.during(5); got != "" {
		t.Errorf("without scripts: got %q", got)
	}
	l.note(event{"rename", stretch{100, 200}})
	l.note(event{"delete", stretch{300, 300}})
	for n, want := range map[int64]string{1: "rename", 150: "rename", 240: "rename", 260: "delete", 300: "delete", 900: "delete"} {
		if got := l.during(n); got != want {
			t.Errorf("line %d: got %q, want %q", n, got, want)
		}
	}
}

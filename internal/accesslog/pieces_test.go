package accesslog

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// A cutting is a way in which runtimes write a piece of a line; last is the last.
type cutting func(stream, text string, last bool) string

func cuttings() map[string]cutting {
	return map[string]cutting{
		"container runtime": func(stream, text string, last bool) string {
			mark := map[bool]string{true: "F", false: "P"}[last]
			return "2026-03-10T12:00:00.000000000Z " + stream + " " + mark + " " + text
		},
		"Docker json-file": func(stream, text string, last bool) string {
			if last {
				text += "\n"
			}
			b, _ := json.Marshal(map[string]string{"log": text, "stream": stream, "time": "2026-03-10T12:00:00.000000000Z"})
			return string(b)
		},
	}
}

// cutUp is the lines that a runtime makes of one, in so many pieces.
func cutUp(cut cutting, stream, line string, pieces int) (lines []string) {
	size := len(line)/pieces + 1
	for len(line) > size {
		lines = append(lines, cut(stream, line[:size], false))
		line = line[size:]
	}
	return append(lines, cut(stream, line, true))
}

// outline is outcomes in short: h hit, d directive, r rejected, p piece, and
// the number of those given up where there are any.
func outline(outs []Outcome) (text string) {
	for _, o := range outs {
		text += string("hdrp"[o.Kind])
		if o.Unfinished > 0 {
			text += fmt.Sprint(o.Unfinished)
		}
	}
	return text
}

func TestPiecesAreJoinedToTheLineTheyWere(t *testing.T) {
	f, _ := Lookup("combined")
	example := strings.Replace(f.Example, "/pages", `/\"pages`, 1)
	want := mustHit(t, f.New(), example)
	for name, cut := range cuttings() {
		whole := cut("stdout", example, true)
		primed := new(Auto)
		primed.Prime(sample(whole))
		forced, piecesFirst := NewForced(f), new(Auto)
		for how, a := range map[string]*Auto{"undecided": piecesFirst, "primed": primed, "forced": forced} {
			for pieces := 1; pieces < 40; pieces++ {
				outs, r := feed(a, cutUp(cut, "stdout", example, pieces)...)
				if got := outline(outs); got != strings.Repeat("p", len(outs)-1)+"h" || show(r) != show(want) {
					t.Fatalf("%s, %s, %d pieces: got %s %s", name, how, pieces, got, show(r))
				}
			}
			if n := a.End(); n != 0 {
				t.Errorf("%s, %s: %d lines were given up, want none", name, how, n)
			}
		}
	}
}

func TestStreamsAreJoinedEachForItself(t *testing.T) {
	f, _ := Lookup("combined")
	for name, cut := range cuttings() {
		out := cutUp(cut, "stdout", f.Example, 4)
		other := cutUp(cut, "stderr", strings.Replace(f.Example, "203.0.113.7", "203.0.113.8", 1), 4)
		a := new(Auto)
		outs, r := feed(a, out[0], other[0], cut("stdout", "", true)[:0], other[1], out[1], out[2], other[2], out[3])
		if got := outline(outs); got != "pprpppph" || string(r.Client) != "203.0.113.7" {
			t.Errorf("%s: got %s, %s", name, got, show(r))
		}
		if outs, r = feed(a, f.Example, cut("stdout", f.Example, true), other[3]); outline(outs) != "rhh" || string(r.Client) != "203.0.113.8" {
			t.Errorf("%s: got %s, %s", name, outline(outs), show(r))
		}
	}
}

func TestARestThatNeverComesIsCounted(t *testing.T) {
	f, _ := Lookup("combined")
	for name, cut := range cuttings() {
		whole := cut("stdout", f.Example, true)
		for what, c := range map[string]struct {
			lines []string
			want  string
			end   int
		}{
			"at the end":        {[]string{whole, cut("stdout", "x", false), cut("stderr", "x", false)}, "hpp", 2},
			"a line instead":    {[]string{whole, cut("stdout", f.Example[:60], false), whole, whole}, "hph1h", 0},
			"rubbish":           {[]string{whole, cut("stdout", "x", false), cut("stdout", "y", true), whole}, "hprh", 0},
			"the other stream":  {append([]string{whole, cut("stderr", "x", false)}, repeat(whole, maxWaited+2)...), "hp" + strings.Repeat("h", maxWaited+1) + "1h", 0},
			"the prefix is off": {append([]string{whole, cut("stderr", "x", false)}, repeat(f.Example, patience+1)...), "hp" + strings.Repeat("r", patience) + "h1", 0},
		} {
			a := new(Auto)
			outs, _ := feed(a, c.lines...)
			if got := outline(outs); got != c.want || a.End() != c.end {
				t.Errorf("%s, %s: got %s, want %s and %d at the end", name, what, got, c.want, c.end)
			}
		}
	}
}

func repeat(line string, n int) []string {
	return strings.Split(strings.Repeat(line+"\n", n-1)+line, "\n")
}

func TestPiecesOfMoreThanALineMayHaveAreTooLong(t *testing.T) {
	f, _ := Lookup("combined")
	piece := strings.Repeat("x", 16<<10)
	for name, cut := range cuttings() {
		for _, n := range []int{64, 65, 300} {
			a := new(Auto)
			whole := cut("stdout", f.Example, true)
			feed(a, whole)
			for range n {
				if outs, _ := feed(a, cut("stdout", piece, false)); outline(outs) != "p" {
					t.Fatalf("%s: got %+v of a piece", name, outs)
				}
				if have := cap(a.lead.of[0].text); have > 2*maxJoined {
					t.Fatalf("%s: %d bytes are held", name, have)
				}
			}
			want := Outcome{Kind: Rejected, Reason: ReasonTooLong, Column: maxJoined + 1}
			if n == 64 {
				want = Outcome{Kind: Rejected, Reason: ReasonCut, Column: maxJoined + 1}
			}
			if outs, _ := feed(a, cut("stdout", "", true), whole); outs[0] != want || outs[1].Kind != Hit {
				t.Errorf("%s, %d pieces: got %+v, want %+v and a hit", name, n, outs, want)
			}
			if have := cap(a.lead.of[0].text); n > 64 && have > keptJoined {
				t.Errorf("%s: %d bytes are kept after it", name, have)
			}
		}
	}
}

// TestFollowJoinsPiecesAsReadingLineByLine has pieces of two streams across the
// borders of blocks.
func TestFollowJoinsPiecesAsReadingLineByLine(t *testing.T) {
	joined := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		cut := cuttings()[[]string{"container runtime", "Docker json-file"}[seed%2]]
		var all []string
		var waiting [2][]string
		for range 400 + r.IntN(1200) {
			i := min(1, r.IntN(5)/4)
			if len(waiting[i]) == 0 {
				line := fmt.Sprintf("10.0.%d.%d%s", r.IntN(9), r.IntN(9), strings.TrimPrefix(exampleCommon, "203.0.113.7"))
				if r.IntN(3) == 0 {
					line = "rubbish"
				}
				waiting[i] = cutUp(cut, []string{"stdout", "stderr"}[i], line, 1+max(0, r.IntN(30)-25))
			}
			if r.IntN(40) > 0 { // some are lost
				all = append(all, waiting[i][0])
			}
			waiting[i] = waiting[i][1:]
			if r.IntN(200) == 0 {
				all = append(all, repeat("rubbish", 1+r.IntN(130))...)
			}
			if r.IntN(300) == 0 {
				all = append(all, repeat(exampleCommon, 1+r.IntN(130))...)
			}
			if r.IntN(300) == 0 {
				all = append(all, repeat(cut("stdout", exampleCommon+exampleTail, true), 1+r.IntN(1200))...)
			}
		}
		tell := func(p *Auto, lines []string) (told []string) {
			for _, l := range lines {
				var rec Record
				out := p.Parse([]byte(l), &rec)
				told = append(told, fmt.Sprint(out.Kind, out.Reason, out.Unfinished, string(rec.Client)))
			}
			return told
		}
		one := new(Auto)
		want := fmt.Sprint(tell(one, all), one.End())
		joined += strings.Count(want, "3 ")

		lead, got := new(Auto), []string{}
		size := 1 + r.IntN(60)
		var window [][]string
		var forks []*Auto
		var told [][]string
		for at := 0; at < len(all) || len(window) > 0; {
			if at < len(all) && len(window) < 3 {
				lines := all[at:min(at+size, len(all))]
				at += len(lines)
				f := lead.Fork()
				window, forks, told = append(window, lines), append(forks, f), append(told, tell(f, lines))
				continue
			}
			if !lead.Follow(forks[0]) {
				told[0] = tell(lead, window[0])
			}
			got = append(got, told[0]...)
			window, forks, told = window[1:], forks[1:], told[1:]
		}
		if fmt.Sprint(got, lead.End()) != want {
			t.Fatalf("seed %d, blocks of %d: the result differs", seed, size)
		}
	}
	if joined < 1000 {
		t.Errorf("%d pieces: the test sees too few", joined)
	}
}

// TestTheJoinedLineIsThatOfTheLastLineAlone: it is told for a last piece and for
// no line after it, whether the format is known, unknown or forced.
func TestTheJoinedLineIsThatOfTheLastLineAlone(t *testing.T) {
	f, _ := Lookup("combined")
	const broken = `203.0.113.7 - - [10/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 2x0 \" 5`
	for name, cut := range cuttings() {
		for how, a := range map[string]*Auto{"undecided": new(Auto), "known": new(Auto), "forced": NewForced(f)} {
			if how == "known" {
				feed(a, cut("stdout", f.Example, true))
			}
			tell := func(lines ...string) (kind Kind, joined string, ok bool) {
				outs, _ := feed(a, lines...)
				b, ok := a.Joined()
				return outs[len(outs)-1].Kind, string(b), ok
			}
			nexts := []string{broken, "", cut("stdout", broken, true), cut("stdout", f.Example, true)}
			for i, text := range []string{broken, broken, broken, f.Example, f.Example, f.Example, f.Example, broken} {
				want := Hit
				if text == broken {
					want = Rejected
				}
				pieces := cutUp(cut, "stdout", text, 5)
				if _, b, ok := tell(pieces[:4]...); ok {
					t.Errorf("%s, %s: got %q before the last piece", name, how, b)
				}
				if kind, b, ok := tell(pieces[4]); !ok && kind == Rejected || ok && b != text || kind != want {
					t.Errorf("%s, %s: got %v, %q, %v; want %q", name, how, kind, b, ok, text)
				}
				next := nexts[i%len(nexts)]
				if _, b, ok := tell(next); ok {
					t.Errorf("%s, %s: got %q of %q", name, how, b, next)
				}
			}
			feed(a, slices.Repeat([]string{cut("stdout", strings.Repeat("x", 16<<10), false)}, 65)...)
			if kind, b, ok := tell(cut("stdout", "x", true)); kind != Rejected || !ok || b != "" {
				t.Errorf("%s, %s: got %d bytes, %v of a line that is too long", name, how, len(b), ok)
			}
			feed(a, cut("stdout", f.Example[:60], false))
			if kind, b, ok := tell(cut("stdout", f.Example, true)); kind != Hit || ok {
				t.Errorf("%s, %s: got %q of a request that stands alone", name, how, b)
			}
		}
	}
}

func TestALineJoinedBehindAPrefixOnTrialIsTold(t *testing.T) {
	f, _ := Lookup("combined")
	const broken = `203.0.113.7 - - [10/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 2x0 5`
	for name, cut := range cuttings() {
		a := new(Auto)
		feed(a, f.Example)
		feed(a, repeat("rubbish", patience)...)
		for _, next := range []string{"", "rubbish", f.Example} {
			outs, _ := feed(a, cutUp(cut, "stdout", broken, 3)...)
			if b, ok := a.Joined(); outline(outs) != "ppr" || !ok || string(b) != broken {
				t.Errorf("%s: got %s, %q, %v; want %q", name, outline(outs), b, ok, broken)
			}
			feed(a, next)
			if b, ok := a.Joined(); ok {
				t.Errorf("%s: got %q of %q", name, b, next)
			}
		}
	}
}

func TestJoiningPiecesAllocatesNothing(t *testing.T) {
	f, _ := Lookup("combined")
	for name, cut := range cuttings() {
		a := new(Auto)
		feed(a, cut("stdout", f.Example, true))
		var lines [][]byte
		for _, l := range cutUp(cut, "stdout", f.Example, 5) {
			lines = append(lines, []byte(l))
		}
		var r Record
		parse := func() {
			for _, l := range lines {
				a.Parse(l, &r)
			}
		}
		parse()
		if n := testing.AllocsPerRun(100, parse); n != 0 {
			t.Errorf("%s: got %v allocations, want none", name, n)
		}
	}
}

// TestFollowTakesOverThePrefixOnTrial: a piece behind a prefix that is not that
// of the log stands at the end of a block, and the rest in the next.
func TestFollowTakesOverThePrefixOnTrial(t *testing.T) {
	f, _ := Lookup("combined")
	for name, cut := range cuttings() {
		a := new(Auto)
		feed(a, f.Example)
		for range 3 { // a window that finds nothing, so that the next is far away
			feed(a, append(repeat("rubbish", patience), f.Example)...)
		}
		fork := a.Fork()
		feed(fork, repeat("rubbish", patience)...)
		pieces := cutUp(cut, "stdout", f.Example, 3)
		feed(fork, pieces[:2]...)
		if !a.Follow(fork) {
			t.Fatalf("%s: the block is refused: the test does not see what it is about", name)
		}
		if outs, _ := feed(a, pieces[2]); outline(outs) != "h" {
			t.Errorf("%s: got %+v of the last piece, want a hit", name, outs)
		}
	}
}

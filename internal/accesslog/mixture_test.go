package accesslog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mixed is lines of several formats in a random order, in the given shares of a
// hundred.
func mixed(r *rand.Rand, n int, shares map[string]int) (lines []string) {
	kinds := make([]string, 0, 100)
	names := make([]string, 0, len(shares))
	for kind := range shares {
		names = append(names, kind)
	}
	slices.Sort(names)
	for _, kind := range names {
		kinds = append(kinds, slices.Repeat([]string{kind}, shares[kind])...)
	}
	for range n {
		kind := kinds[r.IntN(len(kinds))]
		if f, ok := Lookup(kind); ok {
			kind = f.Example
		}
		lines = append(lines, kind)
	}
	return lines
}

func TestLinesOfMixedFormatsAreAllRead(t *testing.T) {
	for _, shares := range []map[string]int{
		{"combined": 50, "common": 50},
		{"combined": 90, "common": 10},
		{"combined": 10, "json": 90},
		{"vhost-combined": 50, "combined": 40, "common": 10},
		{"combined-time": 30, "json": 30, "haproxy": 20, "common": 20},
		{"combined": 30, "common": 30, "rubbish": 40},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		lines := mixed(r, 2000, shares)
		rubbish := strings.Count(strings.Join(lines, "\n"), "rubbish")
		primed := new(Auto)
		if d := primed.Prime(sample(strings.Join(lines, "\n"))); !d.Found {
			t.Errorf("%v: not found: %s", shares, d.Complaint())
		}
		for how, c := range map[string]struct {
			a    *Auto
			lost int
		}{
			"primed":      {primed, 0},
			"begun empty": {new(Auto), maxAlso * (firstWindow + window) * 2 * furtherOff},
		} {
			outs, _ := feed(c.a, lines...)
			rejected := strings.Count(outline(outs), "r") - rubbish
			if rejected < 0 || rejected > c.lost {
				t.Errorf("%v, %s: %d lines of known formats were rejected, want %d at most", shares, how, rejected, c.lost)
			}
			if rest := strings.Count(outline(outs[len(outs)-200:]), "r") - strings.Count(strings.Join(lines[len(lines)-200:], "\n"), "rubbish"); rest != 0 {
				t.Errorf("%v, %s: of the last 200 lines %d are rejected that need not", shares, how, rest)
			}
			if len(c.a.Also())+1 < len(shares)-min(1, rubbish) || c.a.Changes() != len(c.a.Also()) {
				t.Errorf("%v, %s: got %q besides, %d changes", shares, how, c.a.Also(), c.a.Changes())
			}
		}
	}
}

func TestFewLinesOfTwoFormatsAreEnough(t *testing.T) {
	common, combined := plainLine(t, "common"), plainLine(t, "combined")
	a := new(Auto)
	lines := []string{combined, common, combined, common}
	a.Prime(sample(strings.Join(lines, "\n")))
	if outs, _ := feed(a, lines...); outline(outs) != "hhhh" {
		t.Errorf("got %s", outline(outs))
	}
}

// TestABrokenLineIsNotReadInAnotherFormat: cut behind its size, a Combined line
// looks like a Common one.
func TestABrokenLineIsNotReadInAnotherFormat(t *testing.T) {
	combined := plainLine(t, "combined")
	cut := plainLine(t, "common")
	lines := append(slices.Repeat([]string{combined}, 100), cut)
	for _, more := range []int{0, 50, 5000} {
		a := new(Auto)
		a.Prime(sample(strings.Join(lines, "\n")))
		// Lines are cut anywhere, and nearly never just there.
		r := rand.New(rand.NewPCG(1, uint64(more)))
		for range more {
			feed(a, combined, combined[:r.IntN(len(combined)-1)])
		}
		if outs, _ := feed(a, combined, cut, cut, combined); outline(outs) != "hrrh" || len(a.Also()) > 0 {
			t.Errorf("after %d broken lines: got %s, with %q besides", more, outline(outs), a.Also())
		}
	}
}

// TestAFormatBesidesIsFoundAfterAPrefixIsGone: the last line behind the prefix
// was joined of pieces, which must not be taken for the lines behind it.
func TestAFormatBesidesIsFoundAfterAPrefixIsGone(t *testing.T) {
	cut := cuttings()["container runtime"]
	combined, common := plainLine(t, "combined"), plainLine(t, "common")
	a := new(Auto)
	feed(a, cut("stdout", combined, true))
	feed(a, cutUp(cut, "stdout", combined, 2)...)
	a.Prime(sample(combined))
	feed(a, slices.Repeat([]string{combined, common}, 100)...)
	if also := a.Also(); !slices.Equal(also, []string{"common"}) {
		t.Errorf("got %q besides, want common", also)
	}
}

func TestAForcedFormatIsNotMixed(t *testing.T) {
	f, _ := Lookup("combined")
	lines := mixed(rand.New(rand.NewPCG(3, 3)), 1000, map[string]int{"combined": 50, "common": 50})
	a := NewForced(f)
	a.Prime(sample(strings.Join(lines, "\n")))
	outs, _ := feed(a, lines...)
	if got := strings.Count(outline(outs), "r"); got != strings.Count(strings.Join(lines, "\n")+"\n", "2326\n") || a.Also() != nil {
		t.Errorf("%d rejected, %q besides", got, a.Also())
	}
}

// TestFollowOfMixedFormatsIsReadingLineByLine reads logs whose mixture changes,
// in blocks of any size.
func TestFollowOfMixedFormatsIsReadingLineByLine(t *testing.T) {
	found := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 8))
		var all []string
		for range 1 + r.IntN(4) {
			all = append(all, mixed(r, r.IntN(900), []map[string]int{
				{"combined": 60, "common": 40},
				{"combined": 90, "rubbish": 10},
				{"common": 50, "json": 20, "rubbish": 30},
				{"haproxy": 3, "combined": 97},
				{"ltsv": 100},
			}[r.IntN(5)])...)
		}
		tell := func(p *Auto, lines []string) (told []string) {
			for _, l := range lines {
				var rec Record
				out := p.Parse([]byte(l), &rec)
				told = append(told, fmt.Sprint(out.Kind, out.Reason, out.Column, string(rec.Agent), rec.Latency))
			}
			return told
		}
		one, lead := new(Auto), new(Auto)
		if seed%2 == 0 {
			head := sample(strings.Join(all[:len(all)/3], "\n"))
			one.Prime(head)
			lead.Prime(head)
		}
		want := tell(one, all)
		found += len(one.Also())
		size := 1 + r.IntN(90)
		var blocks [][]string
		for b := range slices.Chunk(all, size) {
			blocks = append(blocks, b)
		}
		ahead := 1 + r.IntN(4)
		forks, told := make([]*Auto, len(blocks)), make([][]string, len(blocks))
		var got []string
		made := 0
		for i, b := range blocks {
			for ; made < min(i+ahead, len(blocks)); made++ {
				forks[made] = lead.Fork()
				told[made] = tell(forks[made], blocks[made])
			}
			if !lead.Follow(forks[i]) {
				told[i] = tell(lead, b)
			}
			got = append(got, told[i]...)
		}
		if !slices.Equal(got, want) || !slices.Equal(lead.Also(), one.Also()) || lead.Changes() != one.Changes() {
			t.Fatalf("seed %d, blocks of %d: the result differs: %q, want %q", seed, size, lead.Also(), one.Also())
		}
	}
	if found < 30 {
		t.Errorf("%d formats were found besides: the test sees too few", found)
	}
}

// BenchmarkMixture reads a log line by line: all in one format, in two, and one
// that is half rubbish.
func BenchmarkMixture(b *testing.B) {
	for name, shares := range map[string]map[string]int{
		"one": {"combined": 100}, "two": {"combined": 50, "common": 50},
		"half rubbish": {"combined": 50, "this is no request at all": 50},
		"all rubbish":  {"this is no request at all": 100},
	} {
		b.Run(name, func(b *testing.B) {
			text := mixed(rand.New(rand.NewPCG(1, 1)), 1000, shares)
			a, r := new(Auto), Record{}
			a.Prime(sample(strings.Join(text, "\n")))
			lines := sample(strings.Join(text, "\n"))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				a.Parse(lines[i%len(lines)], &r)
			}
		})
	}
}

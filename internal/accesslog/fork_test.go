package accesslog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestAForkOfEveryFormatReadsOnAsTheOriginal(t *testing.T) {
	for _, f := range Formats() {
		lines := strings.Split(f.Example, "\n")
		a := NewForced(f)
		for _, l := range lines {
			var r Record
			a.Parse([]byte(l), &r)
		}
		fork := a.Fork()
		a.Parse([]byte("date,request"), new(Record)) // a header of which the fork must not know
		var r Record
		if out := fork.Parse([]byte(lines[len(lines)-1]), &r); out.Kind != Hit || string(r.Client) != "203.0.113.7" {
			t.Errorf("%s: a fork reads its example as %+v, %q", f.Name, out, r.Client)
		}
	}
}

// TestFollowIsReadingLineByLine reads random lines once with one Auto, and once
// in blocks with forks that are made before their turn.
func TestFollowIsReadingLineByLine(t *testing.T) {
	accepted, refused := 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 12))
		var all []string
		kind := 0
		for range 1 + r.IntN(600) {
			if r.IntN(30) == 0 {
				kind = r.IntN(9)
			}
			all = append(all, [...]string{
				exampleCommon + exampleTail,
				"rubbish",
				exampleCommon,
				`10.0.0.9,-,-,971211336,"GET /x HTTP/1.0",200,7`,
				"date,remotehost,request,status,bytes",
				`971211337,10.0.0.8,"GET /y HTTP/1.0",200,7`,
				"#Version: 1.0",
				"#Fields: date time c-ip cs-uri-stem sc-status",
				"2000-10-10 20:55:36 10.0.0.7 /z 200",
			}[(kind+r.IntN(8)/7)%9])
		}
		var want []string
		one := new(Auto)
		for _, l := range all {
			var rec Record
			out := one.Parse([]byte(l), &rec)
			want = append(want, fmt.Sprint(out.Kind, out.Reason, string(rec.Client)))
		}

		lead := new(Auto)
		size := 1 + r.IntN(120)
		var got []string
		type block struct {
			lines []string
			fork  *Auto
			told  []string
		}
		var window []block
		parse := func(p *Auto, lines []string) (told []string) {
			for _, l := range lines {
				var rec Record
				out := p.Parse([]byte(l), &rec)
				told = append(told, fmt.Sprint(out.Kind, out.Reason, string(rec.Client)))
			}
			return told
		}
		accept := func(b block) {
			if lead.Follow(b.fork) {
				accepted++
				got = append(got, b.told...)
				return
			}
			refused++
			got = append(got, parse(lead, b.lines)...)
		}
		var spare []*Auto
		for at := 0; at < len(all); at += size {
			b := block{lines: all[at:min(at+size, len(all))]}
			if n := len(spare); n > 0 && lead.Forked(spare[n-1]) {
				b.fork = spare[n-1]
			} else {
				b.fork = lead.Fork()
			}
			spare = spare[:0]
			b.told = parse(b.fork, b.lines)
			window = append(window, b)
			if len(window) > r.IntN(4) {
				accept(window[0])
				spare = append(spare, window[0].fork)
				window = window[1:]
			}
		}
		for _, b := range window {
			accept(b)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("seed %d, blocks of %d: line %d, %q: got %s, want %s", seed, size, i+1, all[i], got[i], want[i])
				}
			}
		}
	}
	if accepted < 500 || refused < 500 {
		t.Errorf("%d blocks were accepted and %d refused: the test sees too few of one kind", accepted, refused)
	}
}

// foreign is a Parser as others may write it, around one of ours.
type foreign struct{ Parser }

func TestAParserFromElsewhereIsItsOwnCopy(t *testing.T) {
	combined, _ := Lookup("combined")
	p := &foreign{combined.New()}
	a := NewForced(Format{Name: "foreign", New: func() Parser { return p }})
	const line = `192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "a"`
	var r Record
	if out := a.Fork().Parse([]byte(line), &r); out.Kind != Hit || string(r.Target) != "/" {
		t.Errorf("got %v, %q", out, r.Target)
	}
}

package agent

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// decides returns the rule that decides a part of an agent, by trying all of
// them in their order: the meaning of Rules, without an index.
func decides(agent []byte, part Part) *Rule {
	low := bytes.ToLower(asciiOnly(agent[:min(len(agent), looked)]))
	rules := known.rules
	for i := range rules {
		if r := &rules[i]; r.Part == part && holds(low, r.Pattern) {
			return r
		}
	}
	return nil
}

// asciiOnly replaces what bytes.ToLower would take for letters.
func asciiOnly(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if c >= 0x80 {
			b[i] = 0
		}
	}
	return b
}

func wordByte(b []byte, i int) bool {
	return i >= 0 && i < len(b) && (b[i] >= 'a' && b[i] <= 'z' || b[i] >= '0' && b[i] <= '9')
}

func holds(low []byte, pattern string) bool {
	switch pattern {
	case "+http":
		return bytes.Contains(low, []byte(pattern))
	case "*@*":
		for i, c := range low {
			if c == '@' && wordByte(low, i-1) && wordByte(low, i+1) {
				return true
			}
		}
		return false
	}
	text, atStart := strings.CutPrefix(pattern, "^")
	text, ending := strings.CutPrefix(text, "*")
	text, open := strings.CutSuffix(text, "*")
	for i := range low {
		if !bytes.HasPrefix(low[i:], []byte(text)) || atStart && i > 0 {
			continue
		}
		end := i + len(text)
		begins := ending || !wordByte(low, i-1)
		ends := open || !wordByte(low, end-1) || !wordByte(low, end)
		if begins && ends {
			return true
		}
	}
	return false
}

func TestEveryRuleDecidesItsOwnExample(t *testing.T) {
	rules := known.rules
	for i := range rules {
		r := &rules[i]
		got := decides([]byte(r.Example), r.Part)
		if got != r {
			t.Errorf("%s %q: its example is decided by %+v\n%s", r.Part, r.Pattern, got, r.Example)
			continue
		}
		a := Classify([]byte(r.Example))
		shown := map[Part]string{Bots: a.Bot, Browsers: a.Browser, Systems: a.System, Devices: a.Device}[r.Part]
		if shown != r.Name || r.Part == Bots && a.Kind != r.Kind {
			t.Errorf("%s %q: got %+v\n%s", r.Part, r.Pattern, a, r.Example)
		}
	}
}

func TestPatternsAreOfTheFormThatTheIndexReads(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		id := fmt.Sprint(r.Part, " ", r.Pattern)
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
		if r.Pattern != strings.ToLower(r.Pattern) {
			t.Errorf("%s has capitals, so it never matches", id)
		}
		text := strings.TrimSuffix(strings.TrimPrefix(r.Pattern, "^"), "*")
		if strings.ContainsAny(r.Pattern[:1], "*+") {
			continue // tested by their examples
		}
		if len(text) < keyBytes || !wordByte([]byte(text), 0) {
			t.Errorf("%s needs %d bytes or more, and a letter or digit to begin with", id, keyBytes)
		}
		if (r.Part == Bots) != (r.Kind != None) && r.Name != "" {
			t.Errorf("%s: a bot has a kind, others have none: got %q", id, r.Kind)
		}
		if r.Part > Devices || r.Part.String() == "unknown" || r.Kind.String() == "unknown" {
			t.Errorf("%s: part %d and kind %d have no name", id, r.Part, r.Kind)
		}
	}
}

func TestRulesAreACopy(t *testing.T) {
	Rules()[0].Name = "changed"
	if got := Rules()[0].Name; got != "Googlebot-Image" {
		t.Errorf("got %q: a caller has changed the rules of all", got)
	}
}

// The work at one place of an agent is bounded by the longest chain, and no
// place is visited twice: so the time is linear in the length.
func TestNoPlaceInAnAgentHasManyCandidates(t *testing.T) {
	longest, of := 0, ""
	for _, head := range known.heads {
		n := 0
		for at := head; at != 0; at = known.patterns[at-1].next {
			n++
			if n > longest {
				longest, of = n, known.patterns[at-1].text
			}
		}
	}
	if longest > 24 {
		t.Errorf("the chain of %q has %d rules: more than 24 candidates at one place", of, longest)
	}
}

func TestTheAgentsOfTheExamplesAreThoseOfTheGoldenFile(t *testing.T) {
	var b strings.Builder
	for _, r := range Rules() {
		a := Classify([]byte(r.Example))
		fmt.Fprintf(&b, "%s\n\t%s\n", r.Example, written(a))
	}
	const golden = "testdata/examples.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(b.String(), "\n"); b.String() != string(want) {
		for i, line := range strings.Split(string(want), "\n") {
			if i >= len(got) || got[i] != line {
				t.Fatalf("%s:%d: run the test with -update and read the difference\nwant %s\n got %s", golden, i+1, line, append(got, make([]string, i+1)...)[i])
			}
		}
		t.Fatalf("%s has fewer lines than there are: run the test with -update", golden)
	}
}

// written is an agent in one line: "Firefox 121 | Ubuntu | desktop", or
// "Googlebot 2 | search".
func written(a Agent) string {
	number := ""
	if a.Version > 0 {
		number = fmt.Sprint(" ", a.Version)
	}
	if a.Bot != "" {
		return fmt.Sprintf("%s%s | %s", a.Bot, number, a.Kind)
	}
	return fmt.Sprintf("%s%s | %s | %s", a.Browser, number, a.System, a.Device)
}

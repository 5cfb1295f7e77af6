package agent

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// checkAgent holds Classify to the rules as a reader of the table applies them.
func checkAgent(t *testing.T, text []byte) {
	t.Helper()
	before := bytes.Clone(text)
	got := Classify(text)
	var want Agent
	if r := decides(text, Bots); r != nil && r.Name != "" {
		want = Agent{Bot: r.Name, Kind: r.Kind, Device: "bot"}
	} else {
		for part, into := range map[Part]*string{Browsers: &want.Browser, Systems: &want.System, Devices: &want.Device} {
			if r := decides(text, part); r != nil {
				*into = r.Name
			}
		}
	}
	if want.Version = got.Version; got != want {
		t.Errorf("got %+v, want %+v\n%q", got, want, text)
	}
	if got.Version < 0 || got.Version > 99999 || got.Version > 0 && got.Browser == "" && got.Bot == "" {
		t.Errorf("version %d of %+v\n%q", got.Version, got, text)
	}
	if again := Classify(text); again != got {
		t.Errorf("got %+v, then %+v\n%q", got, again, text)
	}
	if !bytes.Equal(before, text) {
		t.Errorf("the agent was changed from %q to %q", before, text)
	}
}

func TestTheIndexFindsWhatTheRulesSay(t *testing.T) {
	eachVisitor(t, func(_, agent string) { checkAgent(t, []byte(agent)) })
	r := rand.New(rand.NewPCG(1, 2))
	joints := []string{" ", "/", "; ", "", "x", "(", "+", "@", "1", "-", "\xff"}
	for range 20_000 {
		var text []byte
		for range 1 + r.IntN(6) {
			p := known.rules[r.IntN(len(known.rules))].Pattern
			text = append(text, bytes.Trim([]byte(p), "^*")...)
			if len(text) > 0 && r.IntN(8) == 0 {
				text = text[:r.IntN(len(text))]
			}
			text = append(text, joints[r.IntN(len(joints))]...)
		}
		checkAgent(t, text)
	}
}

func FuzzClassify(f *testing.F) {
	for _, r := range Rules() {
		f.Add([]byte(r.Example))
	}
	f.Add(bytes.Repeat([]byte("bot"), looked))
	f.Add(bytes.Repeat([]byte("+http@"), looked))
	f.Add(append(bytes.Repeat([]byte("-"), looked-1), "googlebot"...))
	f.Add([]byte("\xff\xfebot\x00/\xff"))
	f.Fuzz(func(t *testing.T, text []byte) { checkAgent(t, text) })
}

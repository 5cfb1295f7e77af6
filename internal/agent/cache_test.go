package agent

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestACacheSaysWhatClassifySays(t *testing.T) {
	var c Cache
	for range 2 {
		eachVisitor(t, func(_, agent string) {
			want, got := Classify([]byte(agent)), c.Classify([]byte(agent))
			if want.Bot == OtherBot {
				want.Bot, got.Bot = "", "" // named by another test
			}
			if got != want {
				t.Errorf("got %+v, want %+v\n%s", got, want, agent)
			}
		})
	}
}

func TestACacheNamesBotsAsTheyNameThemselves(t *testing.T) {
	var c Cache
	for agent, want := range map[string]string{
		"ExampleBot/1.0": "ExampleBot",
		"Mozilla/5.0 (compatible; FriendlyBot/3.1; +http://example.com/bot.html)": "FriendlyBot",
		"tiny-crawler": "tiny-crawler",
		"Mozilla/5.0 (compatible; Garden Spider)":                               "Garden",
		"research/1.2 (+https://lab.example/why)":                               "research",
		"Mozilla/5.0 (compatible; Keeper/2.0; me@lab.example)":                  "Keeper",
		"Mozilla/5.0 (X11; Linux x86_64) Chrome/99.0 (+http://lab.example/bot)": OtherBot,
		"me@lab.example":                     OtherBot,
		"Bot":                                "Bot",
		"<script>Bot":                        OtherBot,
		"a\x1bBot":                           OtherBot,
		"(((":                                "",
		"12345bot":                           "12345bot",
		"1 (+http://lab.example/)":           OtherBot,
		"a234567890123456789012345678bot":    "a234567890123456789012345678bot",
		"a2345678901234567890123456789-zbot": OtherBot,
	} {
		if got := c.Classify([]byte(agent)); got.Bot != want {
			t.Errorf("%q: got %q, want %q", agent, got.Bot, want)
		}
	}
}

func TestACacheKeepsABoundedNumberOfNames(t *testing.T) {
	var c Cache
	for i := range 2 * maxNames {
		want := fmt.Sprintf("no%d-bot", i)
		agent := []byte(want + "/1.0")
		if i >= maxNames {
			want = OtherBot
		}
		if got := c.Classify(agent); got.Bot != want || got.Kind != Other {
			t.Fatalf("bot %d: got %+v, want %q", i, got, want)
		}
	}
	if len(c.names) != maxNames {
		t.Errorf("%d names, want %d", len(c.names), maxNames)
	}
	if got := c.Classify([]byte("no7-bot/2.0")).Bot; got != "no7-bot" {
		t.Errorf("got %q: a name that is kept is used again", got)
	}
}

func TestACacheIsBounded(t *testing.T) {
	var c Cache
	for i := range 3 * maxAgents {
		c.Classify(fmt.Appendf(nil, "curl/%d", i))
	}
	if len(c.entries) != maxAgents {
		t.Errorf("%d entries, want %d", len(c.entries), maxAgents)
	}
	linked := 0
	for _, i := range c.heads {
		for ; i != 0; i = c.entries[i-1].next {
			linked++
		}
	}
	if linked != maxAgents {
		t.Errorf("%d entries are found by their hash, want %d", linked, maxAgents)
	}
}

// kept are the agents that a cache remembers after a walk of many draws from a
// few hundred common agents and very many rare ones.
func kept(seed uint64) []string {
	var c Cache
	r := rand.New(rand.NewPCG(seed, 1))
	for range 8 * maxAgents {
		n := r.IntN(500)
		if r.IntN(2) == 0 {
			n = r.IntN(1 << 20)
		}
		c.Classify(fmt.Appendf(nil, "curl/%d", n))
	}
	keys := make([]string, len(c.entries))
	for i, e := range c.entries {
		keys[i] = string(e.key)
	}
	return keys
}

func TestWhatACacheForgetsDependsOnTheAgentsAlone(t *testing.T) {
	for seed := range uint64(3) {
		a, b := kept(seed), kept(seed) // with hashes of other seeds
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("seed %d: entry %d is %q, and %q in another cache", seed, i, a[i], b[i])
			}
		}
	}
}

func TestACacheKeepsWhatIsUsed(t *testing.T) {
	var c Cache
	often := []byte("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0")
	c.Classify(often)
	for i := range 5 * maxAgents {
		c.Classify(fmt.Appendf(nil, "curl/%d", i))
		if i%(maxAgents/2) == 0 {
			c.Classify(often)
		}
	}
	for _, e := range c.entries {
		if string(e.key) == string(often) {
			return
		}
	}
	t.Error("an agent that was used all the time is gone")
}

func TestACacheKeepsNoReferenceToWhatItIsGiven(t *testing.T) {
	var c Cache
	agent := []byte("ExampleBot/1.0")
	first := c.Classify(agent)
	copy(agent, "XXXXXXXXXXXXXX")
	if got := c.Classify([]byte("ExampleBot/1.0")); got != first || got.Bot != "ExampleBot" {
		t.Errorf("got %+v, want %+v", got, first)
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	var c Cache
	eachVisitor(t, func(_, agent string) {
		text := []byte(agent)
		c.Classify(text)
		if n := testing.AllocsPerRun(10, func() { c.Classify(text) }); n > 0 {
			t.Errorf("%g allocations for %s", n, agent)
		}
	})
}

package agent

import (
	"slices"
	"strings"
)

// A Rule gives a name to agents that hold a pattern. Of all rules of one Part
// that match an agent the first one counts, wherever in the agent it matches.
//
// A Pattern is in lower case and matches letters in either case. It begins
// where a word begins and ends where one ends; a word is made of ASCII letters
// and digits. Two signs change that:
//
//	^java/      only at the beginning of the agent
//	pingdom*    the word may go on
//
// The last rules of Bots are of a form of their own: "*bot" is a word that ends
// so, "+http" a link to who runs it, "*@*" an e-mail address.
type Rule struct {
	Part    Part
	Pattern string
	Name    string // "" = stays unknown, and no later rule is asked
	Kind    Kind   // of a bot
	After   string // what the version stands behind, where not behind Pattern
	Version int    // the version, where Pattern tells it; -1 = what follows is none
	Example string // an agent that the rule decides
}

// A Part is what a rule decides about an agent.
type Part uint8

// The parts of an agent. When a rule of Bots gives it a name, the other parts
// are not asked.
const (
	Bots Part = iota
	Browsers
	Systems
	Devices
	parts = 4 // how many there are
)

// String is the part as the heading of its rules: "bots".
func (p Part) String() string {
	switch p {
	case Bots:
		return "bots"
	case Browsers:
		return "browsers"
	case Systems:
		return "systems"
	case Devices:
		return "devices"
	}
	return "unknown"
}

// Rules returns all rules in the order of their application. The slice is the
// caller's.
func Rules() []Rule { return slices.Clone(known.rules) }

// allRules puts the rules together. Bots that name themselves go before the
// libraries they are made with, and these before what only looks like a bot.
func allRules() []Rule {
	return slices.Concat(
		searchRules(), assistantRules(), trainingRules(), seoRules(),
		monitorRules(), feedRules(), previewRules(), archiveRules(),
		scannerRules(), otherRules(), toolRules(), libraryRules(), namelessRules(),
		appRules(), browserRules(), systemRules(), deviceRules(),
	)
}

// line is a rule of a table in which Part and Kind are those of all.
type line struct{ pattern, name, example string }

func lines(part Part, kind Kind, table []line) []Rule {
	rules := make([]Rule, len(table))
	for i, l := range table {
		rules[i] = Rule{Part: part, Pattern: l.pattern, Name: l.name, Kind: kind, Example: l.example}
	}
	return rules
}

// known is the index of all rules. It is a variable because Go has no constant
// tables; nothing changes it.
var known = newIndex(allRules())

const (
	keyBytes = 3            // what patterns are found by: their first bytes
	padding  = keyBytes - 1 // so that the last byte of an agent has a key
	headBits = 11
)

// An index finds the rules that may match at one place of an agent by the first
// three bytes there.
//
//	heads     hash of "goo" -> 1   hash of "bin" -> 9 ...
//	patterns  googlebot-image -> googlebot-video -> ...
//
// The length of the longest chain bounds the work at one place.
type index struct {
	rules    []Rule
	patterns []pattern // as rules
	heads    [1 << headBits]int16
	word     [256]bool // ASCII letters in lower case, digits
	bot      int16     // the rules of words that end so
	crawler  int16
	spider   int16
	link     int16
	mail     int16
}

// pattern is Rule.Pattern made ready.
type pattern struct {
	text    string
	part    Part
	atStart bool
	open    bool  // what follows does not matter
	next    int16 // 1 + the next rule whose pattern has the same hash; 0 = none
}

func newIndex(rules []Rule) *index {
	x := &index{rules: rules, patterns: make([]pattern, len(rules))}
	for c := range x.word {
		x.word[c] = 'a' <= c && c <= 'z' || '0' <= c && c <= '9'
	}
	// From the last to the first, so that a chain has the order of the rules.
	for i, r := range slices.Backward(rules) {
		switch at := int16(i); r.Pattern {
		case "*bot":
			x.bot = at
		case "*crawler":
			x.crawler = at
		case "*spider":
			x.spider = at
		case "+http":
			x.link = at
		case "*@*":
			x.mail = at
		default:
			p := pattern{part: r.Part}
			p.text, p.atStart = strings.CutPrefix(r.Pattern, "^")
			p.text, p.open = strings.CutSuffix(p.text, "*")
			p.open = p.open || !x.word[p.text[len(p.text)-1]]
			head := &x.heads[key(p.text[0], p.text[1], p.text[2])]
			p.next, *head = *head, at+1
			x.patterns[i] = p
		}
	}
	return x
}

// key is the hash of three bytes, by multiplication with the golden ratio.
func key(a, b, c byte) uint32 {
	return (uint32(a) | uint32(b)<<8 | uint32(c)<<16) * 0x9e3779b1 >> (32 - headBits)
}

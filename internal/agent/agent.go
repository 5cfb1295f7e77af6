// Package agent says who is visiting, as far as the user-agent string tells.
package agent

// An Agent is what a user-agent string says about its sender. Anyone may send
// any string: an Agent is a claim, not a proof. "" and 0 stand for unknown; the
// zero value is an agent of which nothing is known, such as the empty one.
//
// A bot has a Bot, a Kind, perhaps a Version and the Device "bot". It has no
// Browser and no System, since those it names are a disguise for web sites.
//
// All strings are constants of the rules: an Agent holds no reference to the
// bytes it was read from, and may be copied freely.
type Agent struct {
	Browser string // "Firefox"; for a web view the app that shows it: "Instagram"
	Version int    // major version of Browser, or of Bot; 1 to 99,999
	System  string // "Windows 7", "macOS", "Android"
	Device  string // "desktop", "phone", "tablet", "tv", "console", "watch", "bot"
	Bot     string // "Googlebot"; OtherBot for one without a rule
	Kind    Kind   // of Bot
}

// OtherBot is the name of bots that say they are one, and have no rule.
const OtherBot = "(other bot)"

// A Kind is what a bot is there for. The zero value is None.
type Kind uint8

// The kinds of bots.
const (
	None      Kind = iota // a person, or unknown
	Search                // gathers for a search engine
	AI                    // gathers to train models
	Assistant             // a model that fetches for a person who asks it
	Monitor               // looks whether the site is up
	Feed                  // reads feeds for subscribers
	Scanner               // looks for weak spots, or measures the network
	Library               // a program: its library, tool or load generator
	Preview               // shows what a link leads to
	Archive               // keeps copies for later times
	SEO                   // gathers links for advertisers
	Other                 // another purpose, or an unknown one
)

// String is the kind in lower case, as shown in a table: "search", "ai"; "" for
// None, "unknown" for a number that is no Kind.
func (k Kind) String() string {
	switch k {
	case None:
		return ""
	case Search:
		return "search"
	case AI:
		return "ai"
	case Assistant:
		return "assistant"
	case Monitor:
		return "monitor"
	case Feed:
		return "feed"
	case Scanner:
		return "scanner"
	case Library:
		return "library"
	case Preview:
		return "preview"
	case Archive:
		return "archive"
	case SEO:
		return "seo"
	case Other:
		return "other"
	}
	return "unknown"
}

// looked is how many bytes of an agent are looked at.
const looked = 1024

// Classify reads one user-agent string by the Rules. It looks at no more than
// the first 1,024 bytes, takes time in proportion to them, allocates nothing,
// keeps no reference to agent, and may be called from any goroutine. It is meant
// to be called once for each distinct agent, not for each hit.
func Classify(agent []byte) Agent {
	agent = agent[:min(len(agent), looked)]
	var buffer [looked + padding]byte
	low := buffer[:len(agent)]
	for i, c := range agent {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	found := known.match(low)
	if r, end := known.rule(&found, Bots); r != nil && r.Name != "" {
		return Agent{Bot: r.Name, Kind: r.Kind, Version: version(r, low, end), Device: "bot"}
	}
	var a Agent
	if r, end := known.rule(&found, Browsers); r != nil {
		a.Browser, a.Version = r.Name, version(r, low, end)
	}
	if r, _ := known.rule(&found, Systems); r != nil {
		a.System = r.Name
	}
	if r, _ := known.rule(&found, Devices); r != nil {
		a.Device = r.Name
	}
	return a
}

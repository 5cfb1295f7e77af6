package pace

import (
	"fmt"
	"strings"

	"weir/internal/unit"
)

// A Pattern is a rate over time in words: NAME, or NAME:key=value,key=value.
//
//	constant   sine:period=2m,amp=60%   intermittent:on=30s+-10s,off=90s
//
// What is a share (60%) is one of a rate that is given elsewhere, so that one
// pattern serves any rate. The zero value is constant. A Pattern is immutable.
type Pattern struct {
	plan  *plan // nil = constant
	given map[string]string
}

// A Reference is what a Pattern is applied to.
type Reference struct {
	Rate  unit.PerSecond // 100 %
	Seed  uint64         // of what the pattern leaves to chance
	Trace Trace          // what stands in Pattern.File
}

// A plan is a row of the table of patterns.
type plan struct {
	name string
	says string // what it does, in a sentence without its subject
	// bare is the key that a first value without a name belongs to. Steps are
	// written with commas, so they take all that follows.
	bare  string
	keys  []key
	shape func(v values, ref Reference) (Shape, error)
}

// A key is something that can be said of a pattern.
type key struct {
	name    string
	kind    kind
	initial string // the value without it; "" = it must be given, or is none
	needed  bool
	says    string
}

// Parse reads a pattern. Its errors name the column, the first being 1.
func Parse(s string) (Pattern, error) {
	text := strings.TrimSpace(s)
	ahead := strings.Index(s, text)
	name, rest, _ := strings.Cut(text, ":")
	fail := func(at int, format string, args ...any) (Pattern, error) {
		return Pattern{}, fmt.Errorf("pattern %q, column %d: %w", s, ahead+at+1, fmt.Errorf(format, args...))
	}
	p := Pattern{given: map[string]string{}}
	if p.plan = planOf(strings.TrimSpace(name)); p.plan == nil {
		hint := ""
		if near := nearest(strings.ToLower(name), Names()); near != "" {
			hint = fmt.Sprintf(" (did you mean %s?)", near)
		}
		return fail(0, "no pattern is named %q%s: there are %s", name, hint, strings.Join(Names(), ", "))
	}
	at := len(name) + 1
	for first := true; rest != ""; first = false {
		item, more, comma := strings.Cut(rest, ",")
		if bare := p.plan.key(p.plan.bare); first && bare != nil && bare.kind == kindSteps {
			item, more, comma = rest, "", false
		}
		if why := p.take(item, first); why != nil {
			return fail(at+len(item)-len(strings.TrimLeft(item, " ")), "%w", why)
		}
		at += len(item) + 1
		if rest = more; comma && strings.TrimSpace(more) == "" {
			return fail(at-1, "nothing follows the comma: %s", p.plan.takes())
		}
	}
	for _, k := range p.plan.keys {
		if _, ok := p.given[k.name]; k.needed && !ok {
			return fail(len(name), "%s needs %s, %s: %s", p.plan.name, k.name, k.says, p.plan.takes())
		}
	}
	if _, err := p.Shape(Reference{Rate: unit.One}); err != nil {
		return fail(len(name)+1, "%w", err)
	}
	return p, nil
}

// take reads one key with its value into p.
func (p Pattern) take(item string, first bool) error {
	name, text, named := strings.Cut(strings.TrimSpace(item), "=")
	name, text = strings.TrimSpace(name), strings.TrimSpace(text)
	k := p.plan.key(name)
	switch {
	case name == "" && !named:
		return fmt.Errorf("a key is missing: %s", p.plan.takes())
	case !named && k != nil && k.kind == kindSwitch:
		text = "yes"
	case !named && first && p.plan.bare != "":
		k, text = p.plan.key(p.plan.bare), name
	case !named && k != nil:
		return fmt.Errorf("%s has no value: write %s=%s", name, name, k.kind.form())
	case k == nil:
		hint := ""
		if near := nearest(strings.ToLower(name), p.plan.names()); near != "" {
			hint = fmt.Sprintf(": did you mean %s?", near)
		}
		return fmt.Errorf("%s has no key %q%s (%s)", p.plan.name, name, hint, p.plan.takes())
	}
	if _, twice := p.given[k.name]; twice {
		return fmt.Errorf("%s is given twice", k.name)
	}
	v, err := k.kind.parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	p.given[k.name] = v.String(k.kind)
	return nil
}

// String writes p as Parse reads it, its keys in the order of the manual.
func (p Pattern) String() string {
	if p.plan == nil {
		return "constant"
	}
	var items []string
	for _, k := range p.plan.keys {
		text, ok := p.given[k.name]
		switch {
		case ok && k.name == p.plan.bare:
			items = append(items, text)
		case ok:
			items = append(items, k.name+"="+text)
		}
	}
	if len(items) == 0 {
		return p.plan.name
	}
	return p.plan.name + ":" + strings.Join(items, ",")
}

// File returns the name of the file that the pattern is read from, "" for most.
// Whoever has the pattern reads it, with ParseTrace.
func (p Pattern) File() string { return p.given["file"] }

// Shape returns the pattern as a rate over time. A share of the base that would
// be more than any rate is the largest rate. With a base of one request a
// second or more it does not fail.
func (p Pattern) Shape(ref Reference) (Shape, error) {
	if p.plan == nil {
		return Constant{Rate: ref.Rate}, nil
	}
	ref.Seed = mix(ref.Seed ^ 0x7061747465726e) // else jitter and pattern would draw the same
	return p.plan.shape(values{plan: p.plan, given: p.given, rate: ref.Rate}, ref)
}

// Names returns the names of all patterns, the simplest first.
func Names() []string {
	var names []string
	for _, p := range plans() {
		names = append(names, p.name)
	}
	return names
}

func planOf(name string) *plan {
	for _, p := range plans() {
		if p.name == name {
			return &p
		}
	}
	return nil
}

func (p *plan) key(name string) *key {
	for i := range p.keys {
		if p.keys[i].name == name {
			return &p.keys[i]
		}
	}
	return nil
}

func (p *plan) names() []string {
	var names []string
	for _, k := range p.keys {
		names = append(names, k.name)
	}
	return names
}

// takes says which keys a pattern has.
func (p *plan) takes() string {
	if len(p.keys) == 0 {
		return p.name + " takes no keys"
	}
	return fmt.Sprintf("%s takes %s", p.name, strings.Join(p.names(), ", "))
}

// nearest returns the word that name was most likely meant to be, "" when none
// is near.
func nearest(name string, words []string) string {
	best, found := 3, ""
	for _, w := range words {
		if d := unit.Distance(name, w); d < best && d < len(w) {
			best, found = d, w
		}
	}
	return found
}

package config

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"weir/internal/notify"
)

// readChannel reads a [[notify]]. What its keys are, and mean, is known to package notify.
func readChannel(r *reader, v *value, c *Config) {
	found := given{}
	fine := true
	for _, e := range v.table.entries {
		name := strings.ReplaceAll(e.name, "-", "_")
		switch first := found[name]; {
		case !slices.Contains(notify.Keys(), name):
			r.fail(e.at, "[[notify]] has no key %s%s", shown(e.name), nearest(name, notify.Keys()))
			fine = false
		case first != nil:
			r.fail(e.at, "%s is the same as %s, which line %d gives", e.name, first.name, first.at.line)
			fine = false
		default:
			found[name] = e
		}
	}
	kind := found["kind"]
	if kind == nil {
		if fine {
			r.missing(v.at, `[[notify]] has no kind: kind = %s`, oneOfKinds())
		}
		return
	}
	if kind.value.sort != isText {
		r.key = kind.name
		r.wrong(kind.value, oneOfKinds())
		return
	}
	ch, err := notify.Default(notify.Kind(kind.value.text))
	if err != nil {
		r.setting(err, found, kind.at)
		return
	}
	for _, name := range notify.Keys() { // in their order, since what is wrong with one may depend on another
		if e := found[name]; e != nil {
			if err := ch.Set(name, e.value.plain()); err != nil {
				r.setting(err, found, v.at)
				fine = false
			}
		}
	}
	if !fine {
		return
	}
	if err := ch.Check(); err != nil && !r.partial {
		r.setting(err, found, v.at)
		return
	}
	for _, s := range ch.Severities {
		if severities := []string{"info", "warning", "critical"}; !slices.Contains(severities, s) {
			r.fail(found.value("severity", v.at), "severity: there is no %s%s: give some of %s", shown(s), nearest(s, severities), listed(severities))
			return
		}
	}
	if slices.ContainsFunc(c.Channels, func(o notify.Channel) bool { return o.Name == ch.Name }) {
		r.fail(found.value("name", v.at), "two channels are called %s: each needs a name of its own", shown(ch.Name))
		return
	}
	r.named = append(r.named, naming{found.value("rules", v.at), ch.Rules})
	c.Channels = append(c.Channels, ch)
}

// A naming is a place where rules are named.
type naming struct {
	at    place
	rules []string
}

// namings checks that the rules which channels name are there.
func (r *reader) namings(c *Config) {
	var names []string
	for i := range c.Rules {
		names = append(names, c.Rules[i].Name)
	}
	for _, n := range r.named {
		for _, rule := range n.rules {
			if !slices.Contains(names, rule) {
				r.missing(n.at, "rules: no rule is called %s%s", shown(rule), nearest(rule, names))
			}
		}
	}
}

func oneOfKinds() string {
	var names []string
	for _, k := range notify.Kinds() {
		names = append(names, strconv.Quote(string(k)))
	}
	return listed(names)
}

// setting tells what package notify says is wrong, at the key it names.
func (r *reader) setting(err error, found given, otherwise place) {
	var wrong *notify.SettingError
	if !errors.As(err, &wrong) {
		r.fail(otherwise, "%v", err)
		return
	}
	r.fail(found.value(wrong.Key, otherwise), "%v", wrong)
}

// value is where the value of a key stands.
func (g given) value(name string, otherwise place) place {
	if e := g[name]; e != nil {
		return e.value.at
	}
	return otherwise
}

// plain returns the value as a TOML parser yields it. Dates are their text.
func (v *value) plain() any {
	switch v.sort {
	case isBool:
		return v.text == "true"
	case isWhole:
		if n, err := strconv.ParseInt(strings.ReplaceAll(v.text, "_", ""), 0, 64); err == nil {
			return n
		}
	case isDecimal:
		if n, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64); err == nil {
			return n
		}
	case isList:
		all := []any{}
		for _, item := range v.items {
			all = append(all, item.plain())
		}
		return all
	case isTable:
		all := map[string]any{}
		for _, e := range v.table.entries {
			all[e.name] = e.value.plain()
		}
		return all
	}
	return v.text
}

func showChannel(b *strings.Builder, c *notify.Channel) {
	for _, s := range c.Settings() {
		line(b, s.Key, s.TOML, s.Default)
	}
}

// sameSecrets reports whether two channels that are shown alike are alike.
func sameSecrets(a, b *notify.Channel) bool {
	return a.URL.Equal(b.URL) && a.Key.Equal(b.Key) && a.Password.Equal(b.Password) &&
		maps.EqualFunc(a.Headers, b.Headers, notify.Secret.Equal)
}

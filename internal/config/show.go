package config

import (
	"fmt"
	"slices"
	"strings"

	"weir/internal/alert"
)

// Show writes all that holds as a weir.toml: what is as by default is marked, what
// is not set is told in a comment, secrets are redacted. Read again it is the same
// Config, but for the secrets.
func (c *Config) Show() string {
	d := Default()
	var b strings.Builder
	showKeys(&b, generalKeys(), c, d)
	b.WriteString("\n[state]\n")
	showKeys(&b, stateKeys(), &c.State, &d.State)
	b.WriteString("\n[simulate]\n")
	showKeys(&b, simulateKeys(), &c.Simulate, &d.Simulate)
	b.WriteString("\n[calendar]\n")
	showKeys(&b, calendarKeys(), &c.Calendar, &d.Calendar)
	for i := range c.Formats {
		f := &c.Formats[i]
		fmt.Fprintf(&b, "\n[formats.%s]\n", quote(f.Name))
		showKeys(&b, formatKeys(), f, nil)
	}
	for i := range c.Inputs.Sources {
		b.WriteString("\n[[source]]\n")
		showKeys(&b, sourceKeys(), &c.Inputs.Sources[i], nil)
	}
	standing := defaults()
	for i := range c.Rules {
		b.WriteString("\n[[rule]]\n")
		k := slices.IndexFunc(standing, func(s Rule) bool { return s.Name == c.Rules[i].Name })
		if k < 0 {
			showRule(&b, &draft{Rule: c.Rules[i]}, nil)
			continue
		}
		showRule(&b, &draft{Rule: c.Rules[i]}, &draft{Rule: standing[k]})
	}
	for i := range c.Channels {
		b.WriteString("\n[[notify]]\n")
		showChannel(&b, &c.Channels[i])
	}
	return b.String()
}

// line writes a key with its value.
func line(b *strings.Builder, name, value string, usual bool) {
	text := name + " = " + value
	if usual {
		text = fmt.Sprintf("%-44s # default", text)
	}
	b.WriteString(text + "\n")
}

// showKeys writes the keys of a table. Those that are not set are told in a comment.
func showKeys[T any](b *strings.Builder, keys []key[T], from, usual *T) {
	for _, k := range keys {
		if k.write == nil {
			continue
		}
		value := k.write(from)
		if value == `""` || value == "[]" {
			fmt.Fprintf(b, "# %s: %s\n", k.name, k.about)
			continue
		}
		line(b, k.name, value, usual != nil && value == k.write(usual))
	}
}

// showRule writes what a rule says, and all that it is by default.
func showRule(b *strings.Builder, d, base *draft) {
	always := []string{"name", "enabled", "metric", "over", "min", "severity"}
	zero := &draft{Rule: Rule{Rule: alert.Rule{}, Enabled: true}}
	for _, k := range ruleKeys() {
		value := k.write(d)
		absence := d.Test == alert.Absent || d.Test == alert.Silent || d.Test == alert.Gone
		switch {
		case value == "", value == `""`, k.name == "metric" && absence: // metric takes of and where away
			continue
		case !slices.Contains(always, k.name) && value == k.write(zero) && (base == nil || value == k.write(base)):
			continue
		}
		line(b, k.name, value, base != nil && k.name != "name" && value == k.write(base))
	}
}

// A Known is a key that may stand in the file.
type Known struct {
	Table   string // "" for the top, "[[rule]]" and the like
	Name    string
	Aliases []string
	About   string
	Default string // as TOML; "" where nothing is set
	Flag    string // of weir, without hyphens; "" for none
	Live    bool   // a reload takes it; what else changes needs a restart
}

// Keys returns all keys but those of [[notify]], in the order in which they are shown.
func Keys() []Known {
	d := Default()
	return slices.Concat(
		known("", generalKeys(), d), known("[state]", stateKeys(), &d.State), known("[simulate]", simulateKeys(), &d.Simulate),
		known("[calendar]", calendarKeys(), &d.Calendar), known("[formats.NAME]", formatKeys(), nil),
		known("[[source]]", sourceKeys(), nil), known("[[rule]]", ruleKeys(), nil),
	)
}

// known tells of the keys of a table. usual is nil for those of which there may be many.
func known[T any](table string, keys []key[T], usual *T) []Known {
	var out []Known
	for _, k := range keys {
		one := Known{Table: table, Name: k.name, Aliases: k.aliases, About: k.about, Flag: k.flag, Live: k.live || table == "[[rule]]"}
		if usual != nil && k.write != nil {
			if value := k.write(usual); value != `""` && value != "[]" {
				one.Default = value
			}
		}
		out = append(out, one)
	}
	return out
}

// A Flag is a flag of weir with what the file says of it. Several values are those of
// a flag that may be repeated.
type Flag struct {
	Name   string
	Values []string
}

// Flags returns the flags whose values are not those by default. Logs, sources,
// rules and channels are none.
func (c *Config) Flags() []Flag {
	d := Default()
	flags := flagsOf(generalKeys(), c, d)
	for _, f := range flagsOf(stateKeys(), &c.State, &d.State) {
		if f.Name == "state-keep" {
			f.Values = []string{strings.Join(f.Values, ",")}
		}
		flags = append(flags, f)
	}
	if !c.State.Enabled {
		flags = append(flags, Flag{"no-state", []string{"true"}})
	}
	return flags
}

func flagsOf[T any](keys []key[T], from, usual *T) []Flag {
	var flags []Flag
	for _, k := range keys {
		if k.flag != "" && k.write(from) != k.write(usual) {
			flags = append(flags, Flag{k.flag, k.give(from)})
		}
	}
	return flags
}

package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// A reader collects what is wrong while a file is read.
type reader struct {
	o        Options
	standing []Rule
	errs     []Error
	lines    []Error // of lines that are no TOML
	places   bool    // expressions may ask where clients are
	high     high
	rules    map[string]given // of the file, by name
	named    []naming         // of rules, by channels
	counted  string           // the requests that where and ignore at the top leave
	partial  bool             // something could not be read: nothing is said to be missing
	key      string           // that is being read, as the file has it
}

func (r *reader) fail(at place, format string, args ...any) {
	r.errs = append(r.errs, Error{Line: max(1, at.line), Column: max(1, at.column), Text: fmt.Sprintf(format, args...)})
}

// wrong says what the value of the key must be.
func (r *reader) wrong(v *value, want string) {
	r.fail(v.at, "%s must be %s, not %s", r.key, want, v.what())
}

// A key is a row of a table: what may stand in one kind of TOML table, and go
// into a T.
type key[T any] struct {
	name    string
	aliases []string
	about   string // what it is, for weir config show and docs/config.md
	flag    string // of weir, "" where there is none
	live    bool   // a reload takes it
	read    func(r *reader, v *value, to *T)
	// write returns the value as TOML. It is nil for tables, which are shown apart.
	write func(from *T) string
	// give returns the values for the flag.
	give func(from *T) []string
}

func (k key[T]) also(aliases ...string) key[T] { k.aliases = aliases; return k }
func (k key[T]) as(flag string) key[T]         { k.flag = flag; return k }
func (k key[T]) lively() key[T]                { k.live = true; return k }

// given says where keys of a table stand, by their proper name.
type given map[string]*entry

func (g given) at(name string, otherwise place) place {
	if e := g[name]; e != nil {
		return e.at
	}
	return otherwise
}

// readTable reads t by a table of keys, in the order of the keys. where is how
// messages call the table.
func readTable[T any](r *reader, t *table, keys []key[T], to *T, where string) given {
	found := given{}
	var names []string
	for i := range keys {
		names = append(names, keys[i].name)
	}
	for _, e := range t.entries {
		name := strings.ReplaceAll(e.name, "-", "_")
		i := slices.IndexFunc(keys, func(k key[T]) bool { return k.name == name || slices.Contains(k.aliases, name) })
		if i < 0 {
			r.unknown(e, where, names)
			continue
		}
		if first := found[keys[i].name]; first != nil {
			r.fail(e.at, "%s is the same as %s, which line %d gives", e.name, first.name, first.at.line)
			continue
		}
		found[keys[i].name] = e
	}
	for i := range keys {
		if e := found[keys[i].name]; e != nil {
			r.key = e.name
			keys[i].read(r, e.value, to)
		}
	}
	return found
}

// atTop is where keys stand that are in no table.
const atTop = ""

func (r *reader) unknown(e *entry, where string, names []string) {
	if why := elsewhere(e.name, where); why != "" {
		r.fail(e.at, "%s", why)
		return
	}
	kind := "key"
	if e.value.sort == isTable || e.value.headed {
		kind = "table"
	}
	near := ""
	if len(r.errs) < 10*MaxErrors { // told are the first ten
		near = nearest(strings.ReplaceAll(e.name, "-", "_"), names)
	}
	if near == "" && len(names) < 12 {
		near = ": give " + listed(names)
	}
	if where == atTop {
		r.fail(e.at, "there is no %s %s%s", kind, shown(e.name), near)
		return
	}
	r.fail(e.at, "%s has no %s %s%s", where, kind, shown(e.name), near)
}

// elsewhere says more of names that people look for; "" of others.
func elsewhere(name, where string) string {
	if where != atTop {
		return ""
	}
	switch strings.ToLower(strings.ReplaceAll(name, "-", "_")) {
	case "web", "http", "api":
		return fmt.Sprintf("weir has no web page yet, so there is nothing that [%s] could set: take it out", name)
	case "rules", "alert_rules":
		return "rules are [[rule]], one for each"
	case "sources", "inputs":
		return "sources are [[source]], one for each; logs = [...] where nothing more is to be said of them"
	case "notifications", "notifiers", "channels", "notify_channels":
		return "notifications are [[notify]], one for each channel"
	case "clock":
		return "the time of an old log is no setting: weir --clock TIME"
	}
	return ""
}

// A codec is how values of a Go type are read and written.
type codec[V any] struct {
	want string // what a value must be
	read func(r *reader, v *value) (V, bool)
	toml func(V) string
	flag func(V) []string // nil: what toml writes
}

// keyOf makes a row of a codec and the field it goes into.
func keyOf[T, V any](name, about string, c codec[V], at func(*T) *V) key[T] {
	return key[T]{
		name: name, about: about,
		read: func(r *reader, v *value, to *T) {
			if got, ok := c.read(r, v); ok {
				*at(to) = got
			}
		},
		write: func(from *T) string { return c.toml(*at(from)) },
		give: func(from *T) []string {
			if c.flag == nil {
				return []string{c.toml(*at(from))}
			}
			return c.flag(*at(from))
		},
	}
}

// quote writes a text as TOML.
func quote(s string) string {
	if !strings.ContainsAny(s, "'") && strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, isControl) {
		return "'" + s + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case isControl(c):
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String() + `"`
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f || 0x80 <= c && c < 0xa0 }

func itself(s string) []string { return []string{s} }

// text is any text for which check, where there is one, finds nothing wrong.
func text(want string, check func(r *reader, v *value) error) codec[string] {
	return codec[string]{
		want: want, toml: quote, flag: itself,
		read: func(r *reader, v *value) (string, bool) {
			if v.sort != isText {
				r.wrong(v, want)
				return "", false
			}
			if check != nil {
				if err := check(r, v); err != nil {
					r.fail(placeOf(v, err), "%s: %v", r.key, err)
					return "", false
				}
			}
			return v.text, true
		},
	}
}

// texts is a list of different ones; one alone may stand without brackets.
func texts(one codec[string]) codec[[]string] {
	c := several(one)
	read := c.read
	c.read = func(r *reader, v *value) ([]string, bool) {
		all, fine := read(r, v)
		for i, s := range all {
			if fine && slices.Contains(all[:i], s) {
				r.fail(v.items[i].at, "%s has %s twice", r.key, shown(s))
				return all, false
			}
		}
		return all, fine
	}
	return c
}

// several is texts that may be equal.
func several(one codec[string]) codec[[]string] {
	want := "a list, each of its items " + one.want
	return codec[[]string]{
		want: want,
		toml: func(all []string) string {
			quoted := make([]string, len(all))
			for i := range all {
				quoted[i] = quote(all[i])
			}
			return "[" + strings.Join(quoted, ", ") + "]"
		},
		flag: func(all []string) []string { return all },
		read: func(r *reader, v *value) ([]string, bool) {
			items := v.items
			switch v.sort {
			case isText:
				items = []*value{v}
			case isList:
			default:
				r.wrong(v, want)
				return nil, false
			}
			var all []string
			fine := true
			for _, item := range items {
				s, ok := one.read(r, item)
				fine = fine && ok
				all = append(all, s)
			}
			return all, fine
		},
	}
}

// yes is true or false, or "on" and "off".
func yes() codec[bool] {
	const want = "true or false"
	return codec[bool]{
		want: want, toml: strconv.FormatBool,
		read: func(r *reader, v *value) (bool, bool) {
			switch {
			case v.sort == isBool:
				return v.text == "true", true
			case v.sort == isText && (v.text == "on" || v.text == "yes"):
				return true, true
			case v.sort == isText && (v.text == "off" || v.text == "no"):
				return false, true
			}
			r.wrong(v, want)
			return false, false
		},
	}
}

// whole is a whole number from least to most.
func whole(least, most int64) codec[int] {
	want := fmt.Sprintf("a whole number from %d to %d", least, most)
	return codec[int]{
		want: want, toml: strconv.Itoa,
		read: func(r *reader, v *value) (int, bool) {
			n, err := strconv.ParseInt(strings.ReplaceAll(v.text, "_", ""), 0, 64)
			if v.sort != isWhole || err != nil || n < least || n > most {
				r.wrong(v, want)
				return 0, false
			}
			return int(n), true
		},
	}
}

// span is a number of whole seconds from least to most, as "2m" or 120.
func span(least, most time.Duration) codec[time.Duration] {
	want := fmt.Sprintf("a span of whole seconds from %s to %s, such as \"10s\" or \"2m\"", unit.Span(least), unit.Span(most))
	return codec[time.Duration]{
		want: want,
		toml: func(d time.Duration) string { return quote(seconds(int64(d / time.Second))) },
		flag: func(d time.Duration) []string { return itself(seconds(int64(d / time.Second))) },
		read: func(r *reader, v *value) (time.Duration, bool) {
			if v.sort != isText && v.sort != isWhole {
				r.wrong(v, want)
				return 0, false
			}
			d, err := unit.ParseSpan(v.text)
			switch {
			case err != nil:
				r.fail(v.at, "%s: %v", r.key, err)
				return 0, false
			case d%time.Second != 0 || d < least || d > most:
				r.wrong(v, want)
				return 0, false
			}
			return d, true
		},
	}
}

// seconds writes a span exactly.
func seconds(n int64) string {
	var b strings.Builder
	for _, u := range []struct {
		size int64
		name string
	}{{86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if n >= u.size {
			fmt.Fprintf(&b, "%d%s", n/u.size, u.name)
			n %= u.size
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// inSeconds turns a codec of spans into one of seconds.
func inSeconds(c codec[time.Duration]) codec[int64] {
	return codec[int64]{
		want: c.want,
		toml: func(n int64) string { return c.toml(time.Duration(n) * time.Second) },
		read: func(r *reader, v *value) (int64, bool) {
			d, ok := c.read(r, v)
			return int64(d / time.Second), ok
		},
	}
}

// word is one of some.
func word(words ...string) codec[string] {
	return text(listed(words), func(_ *reader, v *value) error {
		if slices.Contains(words, v.text) {
			return nil
		}
		return fmt.Errorf("must be %s, not %s%s", listed(words), shown(v.text), nearest(v.text, words))
	})
}

// rate is a number of requests a second, as 10, 2.5 or "600/m".
func rate() codec[unit.PerSecond] {
	const want = "a rate, such as 10, 2.5 or \"600/m\""
	return codec[unit.PerSecond]{
		want: want,
		toml: func(p unit.PerSecond) string { return quote(p.String() + "/s") },
		flag: func(p unit.PerSecond) []string { return itself(p.String()) },
		read: func(r *reader, v *value) (unit.PerSecond, bool) {
			if v.sort != isText && v.sort != isWhole && v.sort != isDecimal {
				r.wrong(v, want)
				return 0, false
			}
			p, err := unit.ParsePerSecond(strings.ReplaceAll(v.text, "_", ""))
			if err != nil {
				r.fail(v.at, "%s: %v", r.key, err)
			}
			return p, err == nil
		},
	}
}

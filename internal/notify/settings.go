package notify

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// A row of the table of keys: what a [[notify]] table may hold.
type key struct {
	name  string
	kinds []Kind // that have it; none means all
	set   func(*Channel, any) error
	// show is its value as TOML, secrets redacted; "" where it is not set.
	show func(*Channel) string
}

func keys() []key {
	web := []Kind{Webhook, Alertmanager}
	addressed := []Kind{Webhook, Chat, Alertmanager}
	remote := []Kind{Webhook, Alertmanager, Email}
	mail := []Kind{Email}
	return []key{
		text("name", nil, func(c *Channel) *string { return &c.Name }),
		{"kind", nil, func(*Channel, any) error { return nil }, func(c *Channel) string { return strconv.Quote(string(c.Kind)) }},
		flag("enabled", nil, func(c *Channel) *bool { return &c.Enabled }),
		list("severity", nil, func(c *Channel) *[]string { return &c.Severities }),
		list("rules", nil, func(c *Channel) *[]string { return &c.Rules }),
		flag("resolved", nil, func(c *Channel) *bool { return &c.Resolved }),
		flag("skip_brief", nil, func(c *Channel) *bool { return &c.SkipBrief }),
		span("group_wait", nil, func(c *Channel) *time.Duration { return &c.GroupWait }),
		span("repeat", nil, func(c *Channel) *time.Duration { return &c.Repeat }),
		{"max_per_hour", nil, setMaxPerHour, func(c *Channel) string { return strconv.Itoa(c.MaxPerHour) }},
		span("give_up", nil, func(c *Channel) *time.Duration { return &c.GiveUp }),
		span("timeout", nil, func(c *Channel) *time.Duration { return &c.Timeout }),
		text("file", []Kind{Log}, func(c *Channel) *string { return &c.File }),
		{"format", []Kind{Log}, setFormat, func(c *Channel) string { return map[bool]string{false: `"text"`, true: `"json"`}[c.JSON] }},
		list("command", []Kind{Command}, func(c *Channel) *[]string { return &c.Command }),
		secret("url", addressed, func(c *Channel) *Secret { return &c.URL }),
		secretFile("url_file", addressed, func(c *Channel) *Secret { return &c.URL }),
		secret("secret", []Kind{Webhook}, func(c *Channel) *Secret { return &c.Key }),
		secretFile("secret_file", []Kind{Webhook}, func(c *Channel) *Secret { return &c.Key }),
		{"headers", web, setHeaders, showHeaders},
		text("server", mail, func(c *Channel) *string { return &c.Mail.Server }),
		text("tls", mail, func(c *Channel) *string { return &c.Mail.TLS }),
		text("username", remote, func(c *Channel) *string { return &c.Username }),
		secret("password", remote, func(c *Channel) *Secret { return &c.Password }),
		secretFile("password_file", remote, func(c *Channel) *Secret { return &c.Password }),
		text("from", mail, func(c *Channel) *string { return &c.Mail.From }),
		list("to", mail, func(c *Channel) *[]string { return &c.Mail.To }),
		text("ca_file", remote, func(c *Channel) *string { return &c.CAFile }),
		flag("allow_link_local", remote, func(c *Channel) *bool { return &c.AllowLinkLocal }),
	}
}

// Keys returns the keys that a [[notify]] table may have, those of all kinds.
func Keys() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}

// Set sets one key to a value as a TOML parser yields it: a string, int64, float64,
// bool, []any or map[string]any. The error is a *SettingError. The kind is set by
// Default; to set it here does nothing.
func (c *Channel) Set(name string, value any) error {
	i := slices.IndexFunc(keys(), func(k key) bool { return k.name == name })
	if i < 0 {
		return &SettingError{name, "there is no such key" + nearest(name, Keys())}
	}
	k := keys()[i]
	if len(k.kinds) > 0 && !slices.Contains(k.kinds, c.Kind) {
		return &SettingError{name, fmt.Sprintf("a channel of kind %s has no such key", c.Kind)}
	}
	if err := k.set(c, value); err != nil {
		return &SettingError{name, err.Error()}
	}
	return nil
}

// A Setting is one key of a channel with its value.
type Setting struct {
	Key     string
	TOML    string // its value as TOML writes it, secrets redacted
	Default bool   // it would be the same if it were not set
}

// Settings returns the keys that the channel has, set or by default, in the order of
// Keys.
func (c *Channel) Settings() []Setting {
	plain, _ := Default(c.Kind) // an unknown kind has no defaults
	var all []Setting
	for _, k := range keys() {
		if len(k.kinds) > 0 && !slices.Contains(k.kinds, c.Kind) {
			continue
		}
		if v := k.show(c); v != "" {
			all = append(all, Setting{k.name, v, v == k.show(&plain) && k.name != "kind"})
		}
	}
	return all
}

func text(name string, kinds []Kind, field func(*Channel) *string) key {
	return key{name, kinds, func(c *Channel, value any) error {
		s, ok := value.(string)
		if !ok {
			return fmt.Errorf("it is a text in quotes, not %s", said(value))
		}
		*field(c) = s
		return nil
	}, func(c *Channel) string {
		if *field(c) == "" {
			return ""
		}
		return quote(*field(c))
	}}
}

func flag(name string, kinds []Kind, field func(*Channel) *bool) key {
	return key{name, kinds, func(c *Channel, value any) error {
		b, ok := value.(bool)
		if !ok {
			return fmt.Errorf("it is true or false, not %s", said(value))
		}
		*field(c) = b
		return nil
	}, func(c *Channel) string { return strconv.FormatBool(*field(c)) }}
}

func span(name string, kinds []Kind, field func(*Channel) *time.Duration) key {
	return key{name, kinds, func(c *Channel, value any) error {
		s, ok := value.(string)
		switch v := value.(type) {
		case int64:
			s, ok = strconv.FormatInt(v, 10), true
		case float64:
			s, ok = strconv.FormatFloat(v, 'f', -1, 64), true
		}
		if !ok {
			return fmt.Errorf(`it is a stretch of time such as "30s", not %s`, said(value))
		}
		d, err := unit.ParseSpan(s)
		if err != nil {
			return err
		}
		*field(c) = d
		return nil
	}, func(c *Channel) string { return strconv.Quote(field(c).String()) }}
}

func list(name string, kinds []Kind, field func(*Channel) *[]string) key {
	return key{name, kinds, func(c *Channel, value any) error {
		var all []string
		switch v := value.(type) {
		case string:
			all = []string{v}
		case []any:
			for _, one := range v {
				s, ok := one.(string)
				if !ok {
					return fmt.Errorf("it is a list of texts, and has %s in it", said(one))
				}
				all = append(all, s)
			}
		default:
			return fmt.Errorf(`it is a list of texts such as ["a", "b"], not %s`, said(value))
		}
		*field(c) = all
		return nil
	}, func(c *Channel) string {
		if len(*field(c)) == 0 {
			return ""
		}
		var b strings.Builder
		for i, s := range *field(c) {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quote(s))
		}
		return "[" + b.String() + "]"
	}}
}

func secret(name string, kinds []Kind, field func(*Channel) *Secret) key {
	return key{name, kinds, func(c *Channel, value any) error {
		s, ok := value.(string)
		switch {
		case !ok:
			return fmt.Errorf("it is a text in quotes, not what stands there") // which may be the secret
		case s == "":
			return fmt.Errorf("it is empty")
		case field(c).file != "":
			return fmt.Errorf("%s_file is set, too: leave one of them out", name)
		}
		*field(c) = Literal(s)
		return nil
	}, func(c *Channel) string {
		if field(c).text == nil {
			return ""
		}
		return quote(field(c).String())
	}}
}

func secretFile(name string, kinds []Kind, field func(*Channel) *Secret) key {
	return key{name, kinds, func(c *Channel, value any) error {
		s, ok := value.(string)
		switch {
		case !ok || s == "":
			return fmt.Errorf("it is the path of a file, in quotes")
		case field(c).text != nil:
			return fmt.Errorf("%s is set, too: leave one of them out", strings.TrimSuffix(name, "_file"))
		}
		*field(c) = FromFile(s)
		return nil
	}, func(c *Channel) string {
		if field(c).file == "" {
			return ""
		}
		return quote(field(c).file)
	}}
}

func setMaxPerHour(c *Channel, value any) error {
	n, ok := value.(int64)
	if !ok || n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("it is a number of deliveries, or 0 for no limit, not %s", said(value))
	}
	c.MaxPerHour = int(n)
	return nil
}

func setFormat(c *Channel, value any) error {
	switch value {
	case "text":
		c.JSON = false
	case "json":
		c.JSON = true
	default:
		return fmt.Errorf(`it is "text" or "json", not %s`, said(value))
	}
	return nil
}

func setHeaders(c *Channel, value any) error {
	table, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf(`it is a table such as { "X-Team" = "web" }, not %s`, said(value))
	}
	c.Headers = map[string]Secret{}
	for name, v := range table {
		s, ok := v.(string)
		if !ok {
			return fmt.Errorf("the value of %s is to be a text in quotes", quote(name))
		}
		c.Headers[name] = Literal(s)
	}
	return nil
}

func showHeaders(c *Channel) string {
	var parts []string
	for _, name := range sortedHeaders(c.Headers) {
		parts = append(parts, quote(name)+" = "+quote(c.Headers[name].String()))
	}
	if len(parts) == 0 {
		return ""
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

func sortedHeaders(h map[string]Secret) []string { return slices.Sorted(maps.Keys(h)) }

// said is a value of a TOML file in a message about it.
func said(value any) string {
	switch v := value.(type) {
	case string:
		return strconv.Quote(v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprint(value)
}

// quote writes a TOML basic string (TOML 1.0, "String"): as Go does, but for what Go
// escapes in ways that TOML does not have.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r >= 0x7F && !strconv.IsPrint(r):
			fmt.Fprintf(&b, "\\U%08X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

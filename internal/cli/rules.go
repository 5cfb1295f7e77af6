package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/alert"
	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/monitor"
)

// A ruleFlags are what flags say of rules and of who is told: what a weir.toml says, too.
type ruleFlags struct {
	rules    []string
	channels []string
}

func (o *ruleFlags) add(f *pflag.FlagSet) {
	o.addRules(f)
	o.addChannels(f)
}

func (o *ruleFlags) addRules(f *pflag.FlagSet) {
	f.StringArrayVar(&o.rules, "rule", nil, "adjust or add a `RULE`: errors:above=2%, latency:off, cart:metric=latency,where='path ~ \"^/cart\"',above=1s; none switches off all but high-traffic (docs/alerts.md); may be repeated")
}

func (o *ruleFlags) addChannels(f *pflag.FlagSet) {
	f.StringArrayVar(&o.channels, "notify", nil, "tell of alerts through a `CHANNEL`: bell, file:PATH, exec:COMMAND, an http(s) address, alertmanager:ADDRESS, mailto:ADDRESS, or a chat as slack://... (docs/notifications.md); may be repeated")
}

// over returns c with what the flags say.
func (o *ruleFlags) over(c *config.Config, options config.Options) (*config.Config, error) {
	for _, text := range o.rules {
		toml, err := ruleTOML(text, c)
		if err == nil {
			c, err = o.with(c, toml, options)
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --rule: %q: %w", text, err)}
		}
	}
	for i, text := range o.channels {
		toml, err := channelTOML(text, i)
		if err == nil {
			c, err = o.with(c, toml, options)
		}
		if err != nil {
			// The text may hold a secret.
			return nil, usageError{fmt.Errorf("invalid argument for --notify, number %d: %w", i+1, err)}
		}
	}
	return c, nil
}

// with reads a text that flags were made into. Of what is wrong only the sentence is told: the place is
// one in a text that nobody has seen.
func (o *ruleFlags) with(c *config.Config, toml string, options config.Options) (*config.Config, error) {
	c, err := c.With("", toml, options)
	if bad := (*config.Invalid)(nil); errors.As(err, &bad) {
		return nil, errors.New(bad.Errors[0].Text)
	}
	return c, err
}

// ruleTOML writes NAME:KEY=VALUE,... as a table of a configuration.
func ruleTOML(text string, c *config.Config) (string, error) {
	if text == "none" {
		var b strings.Builder
		for i := range c.Rules {
			if c.Rules[i].Name != alert.HighTraffic {
				fmt.Fprintf(&b, "[[rule]]\nname = %s\nenabled = false\n", quoted(c.Rules[i].Name))
			}
		}
		return b.String(), nil
	}
	name, rest, ok := strings.Cut(text, ":")
	if !ok || name == "" {
		return "", errors.New("write NAME:KEY=VALUE,..., NAME:on or NAME:off, such as errors:above=2%")
	}
	b := "[[rule]]\nname = " + quoted(name) + "\n"
	switch rest {
	case "off":
		return b + "enabled = false\n", nil
	case "on":
		return b + "enabled = true\n", nil
	}
	known := slices.IndexFunc(c.Rules, func(r config.Rule) bool { return r.Name == name })
	about := func(key string) bool { return strings.Contains(rest, key) }
	if known < 0 && !slices.ContainsFunc([]string{"metric", "absent", "slo"}, about) {
		return "", unknownRule(name, c)
	}
	if known >= 0 && !strings.Contains(rest, "=") {
		switch c.Rules[known].Test {
		case alert.Above:
			rest = "above=" + rest
		case alert.Below:
			rest = "below=" + rest
		}
	}
	for _, pair := range splitPairs(rest) {
		key, v, ok := strings.Cut(pair, "=")
		if !ok {
			return "", fmt.Errorf("%q is no KEY=VALUE", pair)
		}
		key, v = strings.TrimSpace(key), strings.TrimSpace(v)
		if key == "mute" {
			v = "[" + quoted(unwrapped(v)) + "]"
		} else {
			v = bare(v)
		}
		b += quoted(key) + " = " + v + "\n"
	}
	return b, nil
}

// unknownRule says that a flag adjusts a rule that there is not.
func unknownRule(name string, c *config.Config) error {
	var names []string
	for i := range c.Rules {
		names = append(names, c.Rules[i].Name)
	}
	near := ""
	if n := nearest(name, names); n != "" {
		near = fmt.Sprintf("; did you mean %q?", n)
	}
	return fmt.Errorf("there is no rule %s%s There are %s; a new one says what it looks at: %s:metric=errors,above=2%%",
		strconv.Quote(name), cmp.Or(near, "."), strings.Join(names, ", "), name)
}

// splitPairs cuts at commas that stand in no quotes and no parentheses.
func splitPairs(s string) []string {
	var parts []string
	from, depth, quote := 0, 0, byte(0)
	for i := range len(s) {
		switch ch := s[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case ch == '(':
			depth++
		case ch == ')':
			depth--
		case ch == ',' && depth <= 0:
			parts, from = append(parts, s[from:i]), i+1
		}
	}
	return append(parts, s[from:])
}

// bare writes a value as TOML: numbers and truths as they are, all else quoted.
func bare(v string) string {
	if _, err := strconv.ParseInt(v, 10, 64); err == nil || v == "true" || v == "false" {
		return v
	}
	return quoted(unwrapped(v))
}

// unwrapped takes single quotes off, which a shell may have left.
func unwrapped(v string) string {
	if len(v) > 1 && v[0] == '\'' && v[len(v)-1] == '\'' {
		return v[1 : len(v)-1]
	}
	return v
}

// quoted writes a text as TOML.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04x", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// unchosen tells whether nobody has said anything of high traffic.
func (w *watch) unchosen() bool {
	usual := config.Default().Rules
	i := slices.IndexFunc(usual, func(r config.Rule) bool { return r.Name == alert.HighTraffic })
	h := w.high
	return !w.own["threshold"] && !w.own["window"] && h != nil &&
		h.Rule == usual[i].Rule && h.Enabled && h.Message == "" && len(h.Labels)+len(h.Mute)+len(h.Schedule) == 0
}

// owns tells whether the rule of a name is none of those that stand by default, as they stand.
func (w *watch) owns(name string) bool {
	usual := config.Default().Watched()
	i := slices.IndexFunc(usual, func(r alert.Rule) bool { return r.Name == name })
	k := slices.IndexFunc(w.rules, func(r alert.Rule) bool { return r.Name == name })
	if i < 0 || k < 0 {
		return true
	}
	a, b := usual[i], w.rules[k]
	a.Policy, b.Policy = nil, nil
	return a != b
}

// A reloading looks after the configuration of a running weir.
type reloading struct {
	w       *watch
	name    string
	watch   *config.Watch
	options config.Options
	hangups chan os.Signal
}

// reloads returns what looks after the configuration that was read; nil where there is none
// that could change.
func (w *watch) reloads(now time.Time) (*reloading, error) {
	name := w.config.name()
	if name == "" || name == "-" || w.loaded == nil {
		return nil, nil
	}
	text, err := configText(name, streams{})
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	r := &reloading{w: w, name: name, options: configOptions(now, len(w.places.files) > 0), hangups: make(chan os.Signal, 1)}
	r.watch = config.NewWatch(name, text, w.loaded, r.options)
	notifyHangup(r.hangups)
	return r, nil
}

func (r *reloading) close() {
	if r != nil {
		signal.Stop(r.hangups)
	}
}

// look reads the file again, and returns what a running Monitor is to take over.
func (r *reloading) look(now time.Time) *monitor.Reload {
	asked := false
	select {
	case <-r.hangups:
		asked = true
	default:
	}
	text, err := configText(r.name, streams{})
	if err != nil {
		if asked {
			return &monitor.Reload{Keep: true, Notices: []string{err.Error() + "; what held before holds on"}}
		}
		return nil // between two versions of it
	}
	got, ok := r.watch.Look(text, asked)
	if !ok {
		return nil
	}
	if got.Err != nil {
		return &monitor.Reload{Keep: true, Notices: []string{r.name + " was changed and is wrong; what held before holds on: " + strings.ReplaceAll(got.Err.Error(), "\n", "; ")}}
	}
	out, err := r.w.takeOver(got, r.options, now)
	if err != nil {
		return &monitor.Reload{Keep: true, Notices: []string{r.name + " was changed and cannot be taken over; what held before holds on: " + without(err)}}
	}
	return out
}

// takeOver makes of a changed configuration what a Monitor takes over.
func (w *watch) takeOver(got config.Reload, options config.Options, now time.Time) (*monitor.Reload, error) {
	c, err := w.ruled.over(got.Config, options)
	if err != nil {
		return nil, err
	}
	high := alert.HighTrafficRule(w.threshold, w.window)
	if i := slices.IndexFunc(c.Rules, func(r config.Rule) bool { return r.Name == alert.HighTraffic }); i >= 0 {
		if !w.own["threshold"] {
			high.Threshold = c.Rules[i].Threshold
		}
		if !w.own["window"] {
			high.Window = c.Rules[i].Window
		}
	}
	high.Total = w.value == "total"
	rules := withHighTraffic(c.In(w.zone).Watched(), high)
	filter, err := w.filter.ofRules(rules, now, w.zone, w.depth)
	if err != nil {
		return nil, err
	}
	text := "the configuration was read again: nothing has changed"
	if len(got.Live) > 0 {
		text = "the configuration was read again: " + strings.Join(got.Live, ", ")
	}
	notices := []string{text}
	if len(got.Restart) > 0 {
		notices = append(notices, "changed, but only from the next start on: "+strings.Join(got.Restart, ", "))
	}
	for i := range notices {
		notices[i] = string(escape.Terminal([]byte(notices[i])))
	}
	return &monitor.Reload{Rules: rules, Filter: filter, Channels: c.Channels, Notices: notices}, nil
}

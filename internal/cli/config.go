package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/alert"
	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// configVariable names the configuration where no flag does.
const configVariable = "WEIR_CONFIG"

// usualConfig is what a configuration is called. It is not read for lying there: what a
// command does is not to depend on the folder in which it is typed.
const usualConfig = "weir.toml"

// A configError tells that a configuration is wrong; what is wrong with it was said.
type configError struct{ text string }

// Error returns the sentence.
func (e configError) Error() string { return e.text }

// A configFlag names the configuration.
type configFlag struct{ path string }

func (o *configFlag) add(f *pflag.FlagSet) {
	f.StringVarP(&o.path, "config", "c", "", "take settings, rules and more out of `FILE`, a weir.toml (docs/config.md; default: $WEIR_CONFIG); flags beside it go before it")
}

// name is that of the file, "" without one.
func (o *configFlag) name() string {
	if o.path != "" {
		return o.path
	}
	return os.Getenv(configVariable)
}

// load reads the configuration that the flag or the environment names; nil without one.
func (o *configFlag) load(s streams, now time.Time, places bool) (*config.Config, error) {
	name := o.name()
	if name == "" {
		if isFile(usualConfig) {
			tell(s.err, usualConfig+" lies here and is not read: weir -c "+usualConfig+" reads it, as does "+configVariable+"="+usualConfig)
		}
		return nil, nil
	}
	return readConfig(name, s, now, places)
}

// readConfig reads a configuration. What is wrong with it goes to s.err.
func readConfig(name string, s streams, now time.Time, places bool) (*config.Config, error) {
	text, err := configText(name, s)
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	if name == "-" {
		name = "standard input"
	}
	c, err := config.Parse(name, text, configOptions(now, places))
	var invalid *config.Invalid
	if !errors.As(err, &invalid) {
		return c, err
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(s.err, string(escape.Terminal([]byte(strings.TrimSuffix(line, "\n")))))
	}
	n := len(invalid.Errors) + invalid.More
	return nil, configError{fmt.Sprintf("%s has %d %s", name, n, unit.Plural(int64(n), "mistake"))}
}

func configOptions(now time.Time, places bool) config.Options {
	return config.Options{Now: now, Places: places, Format: func(text, date, clock string) error {
		_, err := (&formatFlags{date: date, time: clock}).resolve(text)
		return err
	}}
}

// configText reads a file, "-" being standard input. A file that is too large is cut
// behind what config.Parse would refuse.
func configText(name string, s streams) (string, error) {
	from := s.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("cannot read the configuration: %w", err)
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, config.MaxSize+16))
	if err != nil {
		return "", fmt.Errorf("cannot read the configuration: %w", err)
	}
	return string(text), nil
}

func newConfig(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check a weir.toml, show what holds",
		Long: `weir config looks at configurations; docs/config.md tells what may stand in one. Without
FILE it takes that of $WEIR_CONFIG. "-" is standard input.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "check [FILE]",
		Short: "Say what is wrong with a weir.toml, each with its line and column",
		Example: `  weir config check
  weir config check /etc/weir.toml`,
		Args: atMostOneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			name, err := configNamed(args)
			if err != nil {
				return err
			}
			c, err := readConfig(name, s, time.Now(), false)
			if err != nil {
				return err
			}
			if name == "-" {
				name = "standard input"
			}
			_, err = fmt.Fprintf(s.out, "%s is fine: %s\n", escape.Terminal([]byte(name)), inShort(c))
			return err
		},
	}, &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show all settings as a weir.toml: those by default marked, secrets redacted",
		Example: `  weir config show
  weir config show weir.toml`,
		Args: atMostOneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			c := config.Default()
			if name := append(args, os.Getenv(configVariable))[0]; name != "" {
				var err error
				if c, err = readConfig(name, s, time.Now(), false); err != nil {
					return err
				}
			}
			_, err := io.WriteString(s.out, c.Show())
			return err
		},
	})
	return cmd
}

func atMostOneFile(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Errorf("%q takes one file, got %q, too", cmd.CommandPath(), args[1])}
	}
	return nil
}

// configNamed returns which file is to be checked. A weir.toml that lies here may be: the
// command is about nothing else, and says which it took.
func configNamed(args []string) (string, error) {
	switch {
	case len(args) == 1:
		return args[0], nil
	case os.Getenv(configVariable) != "":
		return os.Getenv(configVariable), nil
	case isFile(usualConfig):
		return usualConfig, nil
	}
	return "", usageError{fmt.Errorf("there is no %s here: name the file that is to be checked", usualConfig)}
}

// inShort says what a configuration holds.
func inShort(c *config.Config) string {
	count := func(n int, what string) string { return fmt.Sprintf("%d %s", n, unit.Plural(int64(n), what)) }
	text := count(len(c.Inputs.Logs)+len(c.Inputs.Sources)+len(c.Inputs.Syslog)+len(c.Inputs.Exec)+len(c.Inputs.Journal), "log") + ", "
	if c.Simulate.Enabled {
		text += "a simulated one, "
	}
	text += count(len(c.Watched()), "rule") + " on"
	if off := len(c.Rules) - len(c.Watched()); off > 0 {
		text += fmt.Sprintf(", %d off", off)
	}
	return text + ", " + count(len(c.Channels), "channel")
}

// adopt takes out of a configuration what no flag says, and returns the logs that are
// to be followed. Where flags or arguments name any, or other inputs, those are all.
func (w *watch) adopt(f *pflag.FlagSet, c *config.Config, words []string) ([]string, error) {
	own := given(f)
	for a, b := range map[string]string{"state": "no-state", "since": "from-end", "trust": "client-from"} { // which contradict one another
		own[a], own[b] = own[a] || own[b], own[b] || own[a]
	}
	named := len(words) > 0 || w.inputs.given()
	for _, input := range []string{"syslog", "exec", "journal"} {
		own[input] = own[input] || named
	}
	for _, flag := range c.Flags() {
		if own[flag.Name] || flag.Name == "format" {
			continue
		}
		for _, v := range flag.Values {
			if err := f.Set(flag.Name, v); err != nil {
				return nil, usageError{fmt.Errorf("--%s of the configuration: %w", flag.Name, err)}
			}
		}
	}
	w.obey(c, own)
	if !named {
		words = slices.Clone(c.Inputs.Logs)
		for _, source := range c.Inputs.Sources {
			words = append(words, source.Path)
		}
		if c.Simulate.Enabled && len(words) == 0 && !w.inputs.given() {
			words = []string{c.Simulate.File}
		}
	}
	w.simulate = c.Simulate
	w.format.adopt(f, c, slices.Concat(words, w.inputs.names()))
	return words, nil
}

// obey takes the rules and channels of a configuration. own are the flags that were given.
func (w *watch) obey(c *config.Config, own map[string]bool) {
	w.own, w.channels = own, c.Channels
	w.rules = append([]alert.Rule{}, c.In(w.zone).Watched()...)
	high := slices.IndexFunc(c.Rules, func(r config.Rule) bool { return r.Name == alert.HighTraffic })
	if high < 0 {
		return
	}
	rule := &c.Rules[high]
	w.high = rule
	if !own["threshold"] {
		w.threshold = unit.PerSecond(rule.Threshold)
	}
	if !own["window"] {
		w.window = time.Duration(rule.Window) * time.Second
	}
	if !rule.Enabled && (own["threshold"] || own["window"]) { // who gives a threshold wants to be told
		w.rules = append(w.rules, rule.Rule)
	}
}

// given are the names of the flags that were given.
func given(f *pflag.FlagSet) map[string]bool {
	own := map[string]bool{}
	f.Visit(func(flag *pflag.Flag) { own[flag.Name] = true })
	own["threshold"] = own["threshold"] || own["a"]
	return own
}

// withHighTraffic puts what flags say of high traffic into the rules, where it is one of
// them, and is about what they say something of.
func withHighTraffic(rules []alert.Rule, flags alert.Rule) []alert.Rule {
	out := slices.Clone(rules)
	for i := range out {
		r := &out[i]
		if r.Name != alert.HighTraffic || r.Test != alert.Above || r.Metric != alert.Hits || r.Earlier != 0 {
			continue
		}
		r.Recovery = r.RecoveryAt(flags.Threshold)
		r.Threshold, r.Window, r.Total = flags.Threshold, flags.Window, flags.Total
	}
	return out
}

// adopt takes the formats of a configuration: those of single logs, and that of all
// where no flag gives one.
func (o *formatFlags) adopt(f *pflag.FlagSet, c *config.Config, words []string) {
	if f.Changed("log-format") {
		return
	}
	o.named = c.Find
	own := o.given
	o.given = nil
	all := c.Inputs.Format
	for _, g := range own {
		if _, _, one := cutLog(g, words); !one {
			all = ""
		}
	}
	if all != "" {
		o.given = append(o.given, all)
	}
	for _, source := range c.Inputs.Sources {
		if source.Format != "" && slices.Contains(words, source.Path) {
			o.given = append(o.given, source.Path+"="+source.Format)
		}
	}
	o.given = append(o.given, own...)
}

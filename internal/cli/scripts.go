package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/incident"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// maxScript is how many bytes an alert script may have: no person writes more.
const maxScript = 4 << 20

// scripts holds the flags of the test command.
type scripts struct {
	config configFlag
	ruled  ruleFlags
	update bool
	quiet  bool
}

const scriptsHelp = `weir test plays alert scripts: texts that say what traffic there is, and which messages
must come of it (docs/scripts.md). Time is made up, so a day takes moments, and the same
script gives the same messages on every machine, in UTC.

The rules are those of --config, or those that stand by default; a script may have its own.`

func newTest(s streams) *cobra.Command {
	o := &scripts{}
	cmd := &cobra.Command{
		Use:   "test [flags] FILE|-...",
		Short: "Play alert scripts: which messages come of which traffic",
		Long:  scriptsHelp,
		Example: `  weir test shop.alert
  weir test -c weir.toml alerts/*.alert
  weir test --update shop.alert`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("weir test needs an alert script: name a file, or - for standard input")}
			}
			return o.run(cmd.Context(), args, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.config.add(f)
	o.ruled.addRules(f)
	f.BoolVar(&o.update, "update", false, "write what was played into the scripts, as what is expected from now on")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing of scripts that pass")
	return cmd
}

func (o *scripts) run(ctx context.Context, args []string, s streams) error {
	now := time.Now()
	c, err := o.config.load(s, now, false)
	if err != nil {
		return err
	}
	if c == nil {
		c = config.Default()
	}
	if c, err = o.ruled.over(c, configOptions(now, false)); err != nil {
		return err
	}
	options := incident.Options{Read: readRules}
	if options.Rules, err = scriptRules(c); err != nil {
		return err
	}
	failed, first := 0, ""
	for _, name := range args {
		ok, err := o.play(ctx, name, options, s)
		if err != nil {
			return err
		}
		if !ok {
			if failed++; first == "" {
				first = name
			}
		}
	}
	switch {
	case failed == 1:
		return checkError{first + " does not play as it expects"}
	case failed > 1:
		return checkError{fmt.Sprintf("%d of %d scripts do not play as they expect, the first: %s", failed, len(args), first)}
	}
	return nil
}

// play plays one script, and tells how it went.
func (o *scripts) play(ctx context.Context, name string, options incident.Options, s streams) (ok bool, err error) {
	text, err := scriptText(name, s.in)
	if err != nil {
		return false, &monitor.InputError{Text: err.Error()}
	}
	called := name
	if name == "-" {
		called = "standard input"
	}
	script, err := options.Parse(called, text)
	if err != nil {
		return false, usageError{err}
	}
	played := make(chan []string, 1)
	go func() { played <- script.Play() }()
	var got []string
	select {
	case got = <-played:
	case <-ctx.Done(): // the playing ends with the process
		return false, fmt.Errorf("stopped before %s was played: %w", called, context.Cause(ctx))
	}
	wrong := script.Check(called, got)
	title := ""
	if script.Title != "" {
		title = ": " + script.Title
	}
	switch {
	case wrong == "":
		if !o.quiet {
			_, err = fmt.Fprintf(s.out, "ok    %s\n", escape.Terminal([]byte(called+title)))
		}
		return true, err
	case o.update && name != "-":
		if err := os.WriteFile(name, []byte(incident.Rewrite(text, got)), 0o644); err != nil {
			return false, fmt.Errorf("the script cannot be rewritten: %w", err)
		}
		_, err = fmt.Fprintf(s.out, "wrote %s: %d %s expected now\n", escape.Terminal([]byte(called)), len(got), unit.Plural(int64(len(got)), "line"))
		return true, err
	case o.update:
		_, err = io.WriteString(s.out, cleanLines(incident.Rewrite(text, got)))
		return true, err
	}
	_, err = fmt.Fprintf(s.out, "FAIL  %s\n%s", escape.Terminal([]byte(called+title)), cleanLines(wrong))
	return false, err
}

// cleanLines passes each line of a text through the gate.
func cleanLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(escape.Terminal([]byte(strings.TrimSuffix(line, "\n"))))
		b.WriteByte('\n')
	}
	return b.String()
}

func scriptText(name string, in io.Reader) (string, error) {
	from := in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", fmt.Errorf("cannot read the alert script: %w", err)
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxScript+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot read the alert script: %w", err)
	case len(text) > maxScript:
		return "", fmt.Errorf("%s is no alert script: it is larger than %s", name, unit.Bytes(maxScript))
	case bytes.IndexByte(text, 0) >= 0:
		return "", fmt.Errorf("%s is no alert script: it has bytes that are no text", name)
	}
	return string(text), nil
}

// readRules reads the block of rules of a script.
func readRules(name, text string) (incident.Rules, error) {
	c, err := config.Parse(name, text, configOptions(time.Unix(0, 0), false))
	if err != nil {
		return incident.Rules{}, err
	}
	return scriptRules(c)
}

// scriptRules makes rules that a script can be played with. What goes by the machine's
// own time goes by UTC, or a script would pass in one place and fail in another.
func scriptRules(c *config.Config) (incident.Rules, error) {
	if c.Display.Timezone == "local" {
		c = c.In(time.UTC)
	}
	list := c.Watched()
	if len(list) == 0 {
		return incident.Rules{}, usageError{errors.New("no rule is on: there is nothing that a script could be played with")}
	}
	var f filterFlags
	filter, err := f.ofRules(list, time.Unix(0, 0), c.Display.Zone, c.Display.SectionDepth)
	return incident.Rules{List: list, Filter: filter}, err
}

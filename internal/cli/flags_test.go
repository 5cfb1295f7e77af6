package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/config"
)

// takesAnything are the flags whose value is a name: any text will do.
func takesAnything() map[string]bool {
	return map[string]bool{"file": true, "output": true, "help": true, "host": true}
}

// TestEveryFlagIsTriedWithABadValue holds the script badflags against the flags
// there are, so that a new one gets its line.
func TestEveryFlagIsTriedWithABadValue(t *testing.T) {
	script, err := os.ReadFile("testdata/script/badflags.txtar")
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	tried := func(command string, cmd *cobra.Command) {
		n := 0
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			n++
			if f.Hidden || takesAnything()[f.Name] {
				return
			}
			if !strings.Contains(string(script), command+" --"+f.Name+" ") && !strings.Contains(string(script), command+" --"+f.Name+"=") {
				t.Errorf("testdata/script/badflags.txtar gives %q no bad value for --%s", command, f.Name)
			}
		})
		if n == 0 {
			t.Errorf("%s: got no flag", command)
		}
	}
	tried("weir", root)
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "loggen", "timeserver", "trafficgen", "collector", "demo", "history", "alerts", "state", "mark":
			tried("weir "+cmd.Name(), cmd)
			for _, sub := range cmd.Commands() {
				tried(sub.CommandPath(), sub)
			}
		}
	}
}

// TestAliasesLeadToFlags: an alias of a flag that is gone would be an unknown
// flag under another name.
func TestAliasesLeadToFlags(t *testing.T) {
	root := newRoot(streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	for alias, to := range aliases() {
		found := root.Flags().Lookup(alias)
		for _, cmd := range root.Commands() {
			if f := cmd.Flags().Lookup(alias); f != nil {
				found = f
			}
		}
		if found == nil || found.Name != to {
			t.Errorf("--%s: got %v, want --%s", alias, found, to)
		}
	}
}

// TestEveryFlagOfWeirMayStandInTheConfiguration: what can be typed can be kept.
func TestEveryFlagOfWeirMayStandInTheConfiguration(t *testing.T) {
	otherwise := map[string]string{
		"file": "logs", "threshold": "threshold", "a": "threshold", "window": "window", "no-state": "enabled of [state]",
		"rule": "[[rule]]", "notify": "[[notify]]",
		"log-format": "[formats.NAME]", "date-format": "[formats.NAME]", "time-format": "[formats.NAME]",
		"clock": "never: it is about one run", "config": "never", "help": "never",
	}
	keys := map[string]string{}
	for _, k := range config.Keys() {
		keys[k.Flag] = k.Name
	}
	root := newRoot(streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
	root.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if keys[f.Name] == "" && otherwise[f.Name] == "" {
			t.Errorf("no key of weir.toml is for --%s: add it to the table of keys in internal/config", f.Name)
		}
		delete(keys, f.Name)
	})
	delete(keys, "")
	for name, key := range keys {
		t.Errorf("the key %s of weir.toml is for --%s, which there is not", key, name)
	}
}
